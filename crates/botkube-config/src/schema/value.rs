//! Kinds of values that are written as texts: secrets, lengths of time, sizes.
//! Must not know: which key holds one.

use std::borrow::Cow;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::units;

/// The key below a secret that names the file holding it.
pub(crate) const FROM_FILE: &str = "fromFile";
/// The key below a secret that names the variable holding it.
pub(crate) const FROM_ENV: &str = "fromEnv";

/// A value nobody may see: a text, or `{fromFile: PATH}` or `{fromEnv: NAME}`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(pub(crate) SecretString);

/// A length of time as Go writes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span(pub(crate) Duration);

/// A number of bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size(pub(crate) u64);

impl JsonSchema for Secret {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "format": "secret",
            "anyOf": [
                {"type": "string"},
                {"type": "object", "properties": {FROM_FILE: {"type": "string"}}, "required": [FROM_FILE], "additionalProperties": false},
                {"type": "object", "properties": {FROM_ENV: {"type": "string"}}, "required": [FROM_ENV], "additionalProperties": false},
            ],
        })
    }
}

impl JsonSchema for Span {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "go-duration"})
    }
}

impl JsonSchema for Size {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "integer"], "format": "size"})
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        units::duration(&text).map(Self).ok_or_else(|| de::Error::custom("not a duration"))
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        units::bytes(&text).map(Self).ok_or_else(|| de::Error::custom("not a size"))
    }
}

/// For the defaults in the schema.
impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&units::go_duration(self.0))
    }
}

/// For the defaults in the schema.
impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&units::binary_size(self.0))
    }
}
