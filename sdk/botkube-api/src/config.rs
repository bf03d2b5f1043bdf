//! How the configurations of one plugin become one typed value (contract-plugins §5.3).
//! Must not know any plugin's keys, nor where the documents come from.
//!
//! Three steps: [`merge`] lays YAML documents over defaults, [`decode`] turns the result into a type as forgivingly as
//! Go does, and [`load`] does both with the type's own defaults.
//!
//! What is put right compared with the original: maps always merge and lists always replace, whatever their Go type
//! was; a key in another case than the default's is not ignored; a `null` is the zero value for every type.

mod decode;
mod duration;
mod merge;
mod yaml;

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use decode::decode;
pub use duration::{Duration, DurationError};
pub use merge::merge;

/// Why configurations do not become a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Documents that cannot be read, all of them.
    #[error("{}", Lines(.0))]
    Documents(Vec<DocumentError>),
    /// The defaults are no map of keys, which is the plugin's fault.
    #[error("the defaults of the configuration cannot be used: {problem}; they must be a struct or a map")]
    Defaults {
        /// What is wrong with them.
        problem: String,
    },
    /// A value does not fit its key.
    #[error("{}{problem}", At(.path))]
    Value {
        /// The path of the key, such as `log.level` or `rules[0].name`; empty for the whole configuration.
        path: String,
        /// What was expected there, and what was found.
        problem: String,
    },
}

/// A document that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("configuration {index}{}: {problem}", Position(.position))]
pub struct DocumentError {
    /// Which one, counted from 1 in binding order.
    pub index: usize,
    /// Line and column, both counted from 1, where they are known.
    pub position: Option<(usize, usize)>,
    /// What is wrong there.
    pub problem: String,
}

/// Merges documents over `T::default()` and decodes the result: the configuration of one call.
///
/// ```
/// use botkube_api::config;
///
/// #[derive(Default, serde::Serialize, serde::Deserialize)]
/// struct Config {
///     prefix: String,
///     tags: Vec<String>,
/// }
///
/// let config: Config = config::load(&["prefix: '> '", "tags: a,b"]).unwrap();
/// assert_eq!((config.prefix.as_str(), config.tags.len()), ("> ", 2));
/// ```
///
/// # Errors
/// When documents cannot be read (all of them are told), a value does not fit its key, or `T::default()` is no struct
/// or map.
pub fn load<T: Default + Serialize + DeserializeOwned>(documents: &[impl AsRef<[u8]>]) -> Result<T, ConfigError> {
    let defaults =
        serde_json::to_value(T::default()).map_err(|error| ConfigError::Defaults { problem: error.to_string() })?;
    decode(merge(Some(defaults), documents)?)
}

struct Lines<'a>(&'a [DocumentError]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&texts.join("; "))
    }
}

struct At<'a>(&'a str);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { f.write_str("the configuration: ") } else { write!(f, "configuration key {}: ", self.0) }
    }
}

struct Position<'a>(&'a Option<(usize, usize)>);

impl fmt::Display for Position<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |(line, column)| write!(f, ", line {line}, column {column}"))
    }
}

/// What kind of value it is, where the value itself would not help and may be a secret.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing (null)",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

#[cfg(test)]
mod tests;
