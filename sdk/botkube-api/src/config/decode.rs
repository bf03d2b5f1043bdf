//! Decodes an untyped value into a type as forgivingly as Go's configuration library (contract-plugins §5.3, rules
//! 4 to 6). Must not know YAML, and no type but the standard library's length of time.

use std::fmt;

use serde::de::value::{StrDeserializer, U64Deserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error as _, Expected, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};
use serde_json::{Map, Number, Value};

use super::{ConfigError, Duration, kind};
use crate::path::{Path, Step};

/// The fields serde asks for when it wants the standard library's length of time.
const STD_DURATION: (&str, &[&str]) = ("Duration", &["secs", "nanos"]);

/// Decodes a value into `T`.
///
/// Numbers, booleans and texts become each other where they can (`"12"` and 12, `"true"` and true, true and 1 or
/// `"1"`), a number's fraction is cut off for an integer, a single value becomes a list of one, a text for a list is
/// split at its commas, and a text such as `5s` or a number of nanoseconds becomes a length of time. `null` is the
/// zero value of whatever is asked for. Keys of structs match in any case, exact ones first.
///
/// A key that is missing, or that the struct does not know, is up to `T` (`#[serde(default)]`,
/// `#[serde(deny_unknown_fields)]`). What serde buffers (untagged and internally tagged enums, flattened structs) is
/// decoded without these conversions.
///
/// # Errors
/// When a value cannot be what its key asks for; the error names the key, what was expected and what was found.
pub fn decode<T: DeserializeOwned>(value: Value) -> Result<T, ConfigError> {
    T::deserialize(Weak(value))
        .map_err(|Problem { path, text }| ConfigError::Value { path: path.to_string(), problem: text })
}

/// A value that tries to be what it is asked for.
struct Weak(Value);

#[derive(Debug)]
struct Problem {
    path: Path,
    text: String,
}

struct Items {
    values: std::vec::IntoIter<Value>,
    index: usize,
}

struct Entries {
    entries: std::vec::IntoIter<(Key, Value)>,
    next: Option<(Step, Value)>,
}

/// How a key is handed to serde.
enum Key {
    /// By the name the struct has for it, and the name the document has.
    Field(&'static str, String),
    /// As the document has it.
    Text(String),
}

/// Every field of a struct, all of them null. Fields are named by number, which leaves out aliases.
struct Zeros {
    fields: std::ops::Range<u64>,
}

struct Variant {
    name: String,
    content: Value,
}

impl Problem {
    fn new(text: String) -> Self {
        Self { path: Path::default(), text }
    }

    fn expected(what: impl fmt::Display, found: &Value) -> Self {
        Self::new(format!("expected {what}, found {}", kind(found)))
    }

    fn expected_map(found: &Value) -> Self {
        Self::new(format!("expected a map (keys and values), found {}", kind(found)))
    }

    fn under(mut self, step: Step) -> Self {
        self.path.leave(step);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Problem {}

impl serde::de::Error for Problem {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self::new(text.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("expected {expected}, found {found}"))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("{found} does not fit, expected {expected}"))
    }
}

macro_rules! numbers {
    ($($method:ident => $convert:ident,)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
            self.$convert(visitor)
        }
    )*};
}

impl<'de> Deserializer<'de> for Weak {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(value),
            Value::Number(number) => visit_number(&number, visitor),
            Value::String(text) => visitor.visit_string(text),
            Value::Array(values) => visitor.visit_seq(Items::new(values)),
            Value::Object(map) => visitor.visit_map(Entries::of_map(map)),
        }
    }

    numbers! {
        deserialize_i8 => integer, deserialize_i16 => integer, deserialize_i32 => integer, deserialize_i64 => integer,
        deserialize_u8 => integer, deserialize_u16 => integer, deserialize_u32 => integer, deserialize_u64 => integer,
        deserialize_i128 => integer, deserialize_u128 => integer, deserialize_f32 => float, deserialize_f64 => float,
        deserialize_str => text, deserialize_string => text, deserialize_char => text, deserialize_identifier => text,
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let value = match &self.0 {
            Value::Null => Some(false),
            Value::Bool(value) => Some(*value),
            Value::Number(number) => number.as_f64().map(|value| value != 0.0),
            // The spellings of Go's ParseBool, and nothing at all.
            Value::String(text) => match text.as_str() {
                "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
                "" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
                _ => None,
            },
            _ => None,
        };
        visitor.visit_bool(value.ok_or_else(|| Problem::expected("true or false", &self.0))?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let values = match self.0 {
            Value::Array(values) => values,
            Value::Null => Vec::new(),
            Value::String(text) if text.is_empty() => Vec::new(),
            Value::String(text) => text.split(',').map(Value::from).collect(),
            Value::Object(map) if map.is_empty() => Vec::new(),
            single => vec![single],
        };
        visitor.visit_seq(Items::new(values))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Null => visitor.visit_seq(Items::new(vec![Value::Null; length])),
            _ => self.deserialize_seq(visitor),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        self.deserialize_tuple(length, visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Object(map) => visitor.visit_map(Entries::of_map(map)),
            Value::Null => visitor.visit_map(Entries::of_map(Map::new())),
            // Go lays the maps of a list over each other.
            Value::Array(values) if values.iter().all(Value::is_object) => {
                let maps = values.into_iter().filter_map(|value| match value {
                    Value::Object(map) => Some(map),
                    _ => None,
                });
                visitor.visit_map(Entries::of_map(maps.flatten().collect()))
            }
            other => Err(Problem::expected_map(&other)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Object(map) => visitor.visit_map(Entries::of_struct(map, fields)),
            value if (name, fields) == STD_DURATION => {
                let duration: Duration = serde::Deserialize::deserialize(Weak(value))?;
                let parts = vec![duration.as_secs().into(), duration.subsec_nanos().into()];
                visitor.visit_seq(Items::new(parts))
            }
            Value::Null => visitor.visit_map(Zeros { fields: 0..fields.len() as u64 }),
            other => Err(Problem::expected_map(&other)),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        let variant = match self.0 {
            Value::String(name) => Variant { name, content: Value::Null },
            Value::Object(map) if map.len() == 1 => {
                let (name, content) = map.into_iter().next().expect("the map has one entry");
                Variant { name, content }
            }
            other => return Err(Problem::expected(format_args!("one of {}", variants.join(", ")), &other)),
        };
        visitor.visit_enum(variant)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visitor.visit_unit()
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.text(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.text(visitor)
    }
}

impl Weak {
    fn text<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Null => visitor.visit_str(""),
            Value::String(text) => visitor.visit_string(text),
            Value::Bool(value) => visitor.visit_str(if value { "1" } else { "0" }),
            Value::Number(number) => visitor.visit_string(match number.as_f64() {
                Some(float) if number.is_f64() => float.to_string(),
                _ => number.to_string(),
            }),
            other => Err(Problem::expected("a text", &other)),
        }
    }

    fn integer<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let value = match &self.0 {
            Value::Null => Some(0),
            Value::Bool(value) => Some(i128::from(*value)),
            Value::Number(number) => match (number.as_i128(), number.as_f64()) {
                (Some(integer), _) => Some(integer),
                (None, float) => float.filter(|float| float.is_finite()).map(|float| float as i128),
            },
            Value::String(text) => parse_integer(text),
            _ => None,
        };
        let value = value.ok_or_else(|| Problem::expected("a whole number", &self.0))?;
        match (u64::try_from(value), i64::try_from(value)) {
            (Ok(value), _) => visitor.visit_u64(value),
            (_, Ok(value)) => visitor.visit_i64(value),
            _ => Err(Problem::expected("a whole number of at most 64 bits", &self.0)),
        }
    }

    fn float<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let value = match &self.0 {
            Value::Null => Some(0.0),
            Value::Bool(value) => Some(f64::from(u8::from(*value))),
            Value::Number(number) => number.as_f64(),
            Value::String(text) if text.is_empty() => Some(0.0),
            // YAML writes infinity and "not a number" with a dot in front.
            Value::String(text) => match text.strip_prefix('.').or_else(|| text.strip_prefix("-.")) {
                Some("inf") if text.starts_with('-') => Some(f64::NEG_INFINITY),
                Some("inf") => Some(f64::INFINITY),
                Some("nan") => Some(f64::NAN),
                _ => without_underscores(text, 10).and_then(|digits| digits.parse().ok()),
            },
            _ => None,
        };
        visitor.visit_f64(value.ok_or_else(|| Problem::expected("a number", &self.0))?)
    }
}

fn visit_number<'de, V: Visitor<'de>>(number: &Number, visitor: V) -> Result<V::Value, Problem> {
    match (number.as_u64(), number.as_i64(), number.as_f64()) {
        (Some(value), _, _) => visitor.visit_u64(value),
        (_, Some(value), _) => visitor.visit_i64(value),
        (_, _, Some(value)) => visitor.visit_f64(value),
        _ => Err(Problem::custom("expected a number of at most 64 bits")),
    }
}

/// A whole number as Go reads it with base 0: `0x1f`, `0o17`, `017`, `0b1`, `1_000`; nothing at all is 0.
fn parse_integer(text: &str) -> Option<i128> {
    if text.is_empty() {
        return Some(0);
    }
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.get(..2) {
        Some("0x") => (16, &lower[2..]),
        Some("0o") => (8, &lower[2..]),
        Some("0b") => (2, &lower[2..]),
        _ if lower.len() > 1 && lower.starts_with('0') => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    // Behind a prefix one underscore may come first; elsewhere each stands between two digits.
    let digits = if radix == 10 { digits } else { digits.strip_prefix('_').unwrap_or(digits) };
    let digits = without_underscores(digits, radix).filter(|digits| digits.chars().all(|c| c.is_digit(radix)))?;
    let value = i128::from_str_radix(&digits, radix).ok()?;
    Some(if negative { -value } else { value })
}

/// The text without its underscores, each of which must stand between two digits.
fn without_underscores(text: &str, radix: u32) -> Option<String> {
    let digit = |neighbour: Option<char>| neighbour.is_some_and(|c| c.is_digit(radix));
    let parts: Vec<_> = text.split('_').collect();
    let fits = parts.windows(2).all(|pair| digit(pair[0].chars().next_back()) && digit(pair[1].chars().next()));
    fits.then(|| parts.concat())
}

impl Items {
    fn new(values: Vec<Value>) -> Self {
        Self { values: values.into_iter(), index: 0 }
    }
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Problem;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Problem> {
        let Some(value) = self.values.next() else { return Ok(None) };
        let item = seed.deserialize(Weak(value)).map_err(|problem| problem.under(Step::Index(self.index)))?;
        self.index += 1;
        Ok(Some(item))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.values.len())
    }
}

impl Entries {
    fn new(entries: Vec<(Key, Value)>) -> Self {
        Self { entries: entries.into_iter(), next: None }
    }

    fn of_map(map: Map<String, Value>) -> Self {
        Self::new(map.into_iter().map(|(key, value)| (Key::Text(key), value)).collect())
    }

    /// Gives each field its exact key, or else the first that differs only by case.
    fn of_struct(map: Map<String, Value>, fields: &'static [&'static str]) -> Self {
        let mut taken: Vec<&str> = fields.iter().copied().filter(|field| map.contains_key(*field)).collect();
        let mut entries = Vec::with_capacity(map.len());
        for (key, value) in map {
            let exact = fields.iter().find(|field| **field == key);
            let similar = || fields.iter().find(|field| field.eq_ignore_ascii_case(&key) && !taken.contains(field));
            match exact.or_else(similar) {
                Some(field) => {
                    taken.push(field);
                    entries.push((Key::Field(field, key), value));
                }
                // A second spelling of a field that has its value is nobody's key.
                None if fields.iter().any(|field| field.eq_ignore_ascii_case(&key)) => {}
                None => entries.push((Key::Text(key), value)),
            }
        }
        Self::new(entries)
    }
}

impl<'de> MapAccess<'de> for Entries {
    type Error = Problem;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Problem> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        match key {
            Key::Field(field, key) => {
                self.next = Some((Step::Key(key), value));
                seed.deserialize(StrDeserializer::<Problem>::new(field)).map(Some)
            }
            Key::Text(key) => {
                self.next = Some((Step::Key(key.clone()), value));
                seed.deserialize(Weak(key.into())).map(Some)
            }
        }
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Problem> {
        let (step, value) = self.next.take().expect("serde asks for a value only after its key");
        seed.deserialize(Weak(value)).map_err(|problem| problem.under(step))
    }
}

impl<'de> MapAccess<'de> for Zeros {
    type Error = Problem;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Problem> {
        self.fields.next().map(|field| seed.deserialize(U64Deserializer::<Problem>::new(field))).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Problem> {
        seed.deserialize(Weak(Value::Null))
    }
}

impl<'de> EnumAccess<'de> for Variant {
    type Error = Problem;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Problem> {
        let value = seed.deserialize(IntoDeserializer::<Problem>::into_deserializer(self.name.as_str()))?;
        Ok((value, self))
    }
}

impl<'de> VariantAccess<'de> for Variant {
    type Error = Problem;

    fn unit_variant(self) -> Result<(), Problem> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Problem> {
        seed.deserialize(Weak(self.content)).map_err(|problem| problem.under(Step::Key(self.name)))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Problem> {
        Weak(self.content).deserialize_tuple(length, visitor).map_err(|problem| problem.under(Step::Key(self.name)))
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Problem> {
        let content = Weak(self.content).deserialize_struct("", fields, visitor);
        content.map_err(|problem| problem.under(Step::Key(self.name)))
    }
}
