//! Closed sets of texts that stay open: a text this version does not know is kept and written back.
//! Knows none of the sets.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, EnumAccess, Error, VariantAccess, Visitor};

/// Declares an enum over texts. The first variant stands for the empty text.
macro_rules! choice {
    (
        $(#[$about:meta])* $name:ident {
            $(#[$empty_about:meta])* $empty:ident,
            $($(#[$variant_about:meta])* $variant:ident = $text:literal,)*
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[$empty_about])*
            #[default]
            $empty,
            $($(#[$variant_about])* $variant,)*
            /// A text this version does not know, kept as it came. Made by `from`, which never puts a known one here.
            Unknown(String),
        }

        impl $name {
            /// The text in JSON.
            pub fn as_str(&self) -> &str {
                match self {
                    Self::$empty => "",
                    $(Self::$variant => $text,)*
                    Self::Unknown(text) => text,
                }
            }

            #[allow(dead_code, reason = "some of the sets are written even when empty")]
            pub(crate) fn is_empty(&self) -> bool {
                self.as_str().is_empty()
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    "" => Self::$empty,
                    $($text => Self::$variant,)*
                    unknown => Self::Unknown(unknown.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::message::choice::read(deserializer, stringify!($name), &["", $($text,)*])
            }
        }
    };
}

pub(crate) use choice;

/// Reads a text as a `T` without keeping the text. The known texts are told to whoever reads, who may insist on them.
pub(crate) fn read<'de, T: for<'a> From<&'a str>, D: Deserializer<'de>>(
    deserializer: D,
    name: &'static str,
    known: &'static [&'static str],
) -> Result<T, D::Error> {
    deserializer.deserialize_enum(name, known, Text(PhantomData))
}

struct Text<T>(PhantomData<T>);

impl<'de, T: for<'a> From<&'a str>> Visitor<'de> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::from(text))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<T, A::Error> {
        let (text, rest) = access.variant::<String>()?;
        rest.unit_variant()?;
        Ok(T::from(&text))
    }
}
