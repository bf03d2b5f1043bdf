//! Reads one YAML document into an untyped map, resolving plain scalars as Go's yaml.v3 does.
//! Must not know what the keys mean.

use serde_json::{Map, Value};
use serde_saphyr::UserMessageFormatter;
use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};

use super::{DocumentError, kind};

/// Reads the document with this number. An empty document and `null` are an empty map.
pub(super) fn parse(index: usize, text: &[u8]) -> Result<Map<String, Value>, DocumentError> {
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::Error,
        strict_booleans: true,
        legacy_octal_numbers: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    };
    match serde_saphyr::from_slice_with_options::<Value>(text, options) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(other) => {
            let problem = format!("expected keys and values (key: value), found {}", kind(&other));
            Err(DocumentError { index, position: None, problem })
        }
        Err(error) => Err(unreadable(index, &error)),
    }
}

fn unreadable(index: usize, error: &serde_saphyr::Error) -> DocumentError {
    let location = error.location().filter(|location| location.line() > 0);
    let position = location.map(|location| (location.line() as usize, location.column() as usize));
    let text = error.render_with_formatter(&UserMessageFormatter);
    let problem = match position {
        Some((line, column)) => text.replacen(&format!(" at line {line}, column {column}"), "", 1),
        None => text,
    };
    DocumentError { index, position, problem }
}
