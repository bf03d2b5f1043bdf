//! YAML as a tree in which every value knows its line, numbers keep their text, and a key that stands twice is kept twice.
//! Must not know: what an index holds.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Error, MessageFormatter, Spanned};

use super::IndexError;

/// A value and the line it begins in.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) value: Value,
    pub(crate) line: u32,
}

#[derive(Debug)]
pub(crate) enum Value {
    Null,
    /// Booleans and numbers too, as they are written: a version `1.10` is not `1.1`.
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// What the parser hands over.
enum Raw {
    Null,
    /// Its text is taken from the source.
    Plain,
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(String, Spanned<Raw>)>),
}

/// An index of a thousand entries has some fifty thousand values.
const MAX_VALUES: usize = 300_000;

pub(crate) fn parse(text: &str) -> Result<Node, IndexError> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_nodes: MAX_VALUES, max_events: 2 * MAX_VALUES },
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::PassThrough,
        strict_booleans: true,
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map(|raw| node(text, raw)).map_err(|error| broken(&error))
}

impl Node {
    /// The first value of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|(known, _)| known == key).map(|(_, node)| node),
            _ => None,
        }
    }
}

/// What a message calls the value.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("nothing"),
            Self::Text(text) => {
                let shown: String = text.chars().take(40).collect();
                let more = if shown.len() < text.len() { "…" } else { "" };
                write!(f, "the text `{}{more}`", shown.escape_debug())
            }
            Self::List(_) => f.write_str("a list"),
            Self::Map(_) => f.write_str("a map"),
        }
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyNode;

        impl<'de> Visitor<'de> for AnyNode {
            type Value = Raw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a YAML value")
            }

            fn visit_unit<E>(self) -> Result<Raw, E> {
                Ok(Raw::Null)
            }

            fn visit_none<E>(self) -> Result<Raw, E> {
                Ok(Raw::Null)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Raw, E> {
                Ok(Raw::Plain)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Raw, E> {
                Ok(Raw::Plain)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Raw, E> {
                Ok(Raw::Plain)
            }

            fn visit_i128<E>(self, _: i128) -> Result<Raw, E> {
                Ok(Raw::Plain)
            }

            fn visit_u128<E>(self, _: u128) -> Result<Raw, E> {
                Ok(Raw::Plain)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Raw, E> {
                Ok(Raw::Plain)
            }

            fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
                Ok(Raw::Text(value.into()))
            }

            fn visit_string<E>(self, value: String) -> Result<Raw, E> {
                Ok(Raw::Text(value))
            }

            fn visit_bytes<E: de::Error>(self, _: &[u8]) -> Result<Raw, E> {
                Ok(Raw::Plain)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = access.next_element()? {
                    items.push(item);
                }
                Ok(Raw::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = access.next_entry()? {
                    entries.push(entry);
                }
                Ok(Raw::Map(entries))
            }
        }

        deserializer.deserialize_any(AnyNode)
    }
}

fn node(text: &str, raw: Spanned<Raw>) -> Node {
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Plain => {
            let span = raw.defined.span();
            let start = span.byte_offset().and_then(|start| usize::try_from(start).ok()).unwrap_or(text.len());
            let len = span.byte_len().and_then(|len| usize::try_from(len).ok()).unwrap_or(0);
            Value::Text(text.get(start..start.saturating_add(len)).unwrap_or_default().trim().into())
        }
        Raw::Text(text) => Value::Text(text),
        Raw::List(items) => Value::List(items.into_iter().map(|item| node(text, item)).collect()),
        Raw::Map(entries) => Value::Map(entries.into_iter().map(|(key, value)| (key, node(text, value))).collect()),
    };
    Node { value, line: u32::try_from(raw.defined.line()).unwrap_or(u32::MAX).max(1) }
}

fn broken(error: &Error) -> IndexError {
    let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX).max(1);
    let (line, column) = error.location().map_or((1, 1), |at| (number(at.line()), number(at.column())));
    let error = match error.without_snippet() {
        Error::AliasError { error, .. } => error,
        other => other,
    };
    let message = match error {
        Error::Budget { .. } | Error::AliasReplayLimitExceeded { .. } => {
            "it is too large, or its anchors unfold to too much".into()
        }
        other => serde_saphyr::UserMessageFormatter.format_message(other).into_owned(),
    };
    IndexError::Yaml { line, column, message }
}
