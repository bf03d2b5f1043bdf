//! An index as it is written: upstream's keys in upstream's order (`contract-plugins §8.5`). It must not know where any of it
//! comes from.

use std::collections::BTreeMap;

use botkube_api::metadata;
use serde::{Deserialize, Serialize};

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Document {
    pub(super) entries: Vec<Entry>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    pub(super) name: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) description: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) documentation_url: String,
    pub(super) version: String,
    /// Not upstream's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) minimum_agent_version: Option<String>,
    pub(super) urls: Vec<Url>,
    pub(super) json_schema: Schema,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) external_request: Option<ExternalRequest>,
    pub(super) recommended: bool,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Url {
    pub(super) url: String,
    pub(super) checksum: String,
    pub(super) platform: Platform,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) dependencies: BTreeMap<String, Dependency>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Platform {
    pub(super) os: String,
    pub(super) architecture: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Dependency {
    pub(super) url: String,
    /// Not upstream's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) checksum: Option<String>,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Schema {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) value: String,
    #[serde(default, rename = "refURL", skip_serializing_if = "String::is_empty")]
    pub(super) ref_url: String,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct ExternalRequest {
    pub(super) payload: Payload,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Payload {
    pub(super) json_schema: Schema,
}

impl Document {
    /// The text; read again, it is the same document.
    pub(super) fn to_yaml(&self) -> Result<String, String> {
        let options = serde_saphyr::ser_options! { indent_step: 2, compact_list_indent: false };
        let text = serde_saphyr::to_string_with_options(self, options).map_err(|error| error.to_string())?;
        let again: Self = serde_saphyr::from_str(&text).map_err(|error| error.to_string())?;
        if again == *self { Ok(text) } else { Err("it does not read as it was written".into()) }
    }
}

impl From<&metadata::JsonSchema> for Schema {
    fn from(schema: &metadata::JsonSchema) -> Self {
        Self { value: schema.value.clone(), ref_url: schema.ref_url.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str) {
        let entry = Entry {
            name: "echo".into(),
            kind: "executor".into(),
            description: text.into(),
            documentation_url: String::new(),
            version: text.into(),
            minimum_agent_version: None,
            urls: vec![],
            json_schema: Schema { value: text.into(), ref_url: String::new() },
            external_request: None,
            recommended: false,
        };
        let yaml = Document { entries: vec![entry] }.to_yaml();
        assert!(yaml.is_ok(), "{text:?}: {yaml:?}");
    }

    #[test]
    fn every_text_reads_as_it_was_written() {
        let long = format!("{} end", "a word ".repeat(40));
        for text in [
            "1.10",
            "true",
            "no",
            "~",
            "",
            " a",
            "a ",
            "a: b # c",
            "{\n  \"a\": 1\n}\n",
            "\n\n",
            "- a",
            "'",
            "\"",
            "ü\u{1f600}",
            "\t",
            &long,
        ] {
            check(text);
        }
    }

    #[test]
    fn an_index_without_entries_is_written_as_upstream_does() {
        assert_eq!(Document::default().to_yaml().unwrap(), "entries: []\n");
    }
}
