//! What a plugin says about itself to those who list plugins (contract-plugins §5.2).
//! Must not know how a plugin index is built or where plugins are fetched.

use std::collections::BTreeMap;
use std::fmt;

/// A plugin's description of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The version, without a prescribed form.
    pub version: String,
    /// What the plugin does, in a sentence.
    pub description: String,
    /// A page that tells more; may be empty.
    pub documentation_url: String,
    /// What the plugin's configuration looks like.
    pub json_schema: JsonSchema,
    /// Programs the plugin needs: name to platform (`linux/amd64`, as Go names them) to download URL.
    pub dependencies: BTreeMap<String, BTreeMap<String, String>>,
    /// Whether newcomers are advised to enable it.
    pub recommended: bool,
    /// What a webhook of a source is sent, where it takes one.
    pub external_request: Option<JsonSchema>,
}

/// A JSON schema, in place or elsewhere, never both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsonSchema {
    /// The schema as JSON text.
    pub value: String,
    /// Where the schema is.
    pub ref_url: String,
}

/// Everything that is wrong with a plugin's metadata, joined by `, ` when printed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", join(.problems))]
pub struct MetadataError {
    /// The problems, in the order of the fields.
    pub problems: Vec<MetadataProblem>,
}

/// One thing that is wrong with a plugin's metadata.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataProblem {
    /// There is no description.
    #[error("the description is empty; say in a sentence what the plugin does")]
    EmptyDescription,
    /// There is no version.
    #[error("the version is empty; give one such as 1.2.3")]
    EmptyVersion,
    /// The schema is both in place and elsewhere.
    #[error("the JSON schema has a value and a reference URL; give one of them")]
    TwoSchemas,
    /// A dependency without downloads.
    #[error("dependency {dependency:?} has no URL; give one for each platform it runs on")]
    NoUrls {
        /// The name of the program.
        dependency: String,
    },
    /// A download without an address.
    #[error("dependency {dependency:?} has an empty URL for {platform:?}; fill it in or remove the platform")]
    EmptyUrl {
        /// The name of the program.
        dependency: String,
        /// The platform, such as `linux/amd64`.
        platform: String,
    },
}

impl Metadata {
    /// Checks what the index builder insists on. The form of the version is not checked.
    ///
    /// # Errors
    /// With every problem found, when there is one.
    pub fn validate(&self) -> Result<(), MetadataError> {
        let mut problems = Vec::new();
        if self.description.is_empty() {
            problems.push(MetadataProblem::EmptyDescription);
        }
        if self.version.is_empty() {
            problems.push(MetadataProblem::EmptyVersion);
        }
        if !self.json_schema.value.is_empty() && !self.json_schema.ref_url.is_empty() {
            problems.push(MetadataProblem::TwoSchemas);
        }
        for (dependency, urls) in &self.dependencies {
            if urls.is_empty() {
                problems.push(MetadataProblem::NoUrls { dependency: dependency.clone() });
            }
            for (platform, _) in urls.iter().filter(|(_, url)| url.is_empty()) {
                let (dependency, platform) = (dependency.clone(), platform.clone());
                problems.push(MetadataProblem::EmptyUrl { dependency, platform });
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(MetadataError { problems }) }
    }
}

fn join(problems: &[impl fmt::Display]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_and_a_version_are_enough() {
        let metadata = Metadata { version: "x".into(), description: "y".into(), ..Metadata::default() };
        assert_eq!(metadata.validate(), Ok(()));
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let metadata = Metadata {
            json_schema: JsonSchema { value: "{}".into(), ref_url: "https://example.org".into() },
            dependencies: BTreeMap::from([
                ("gh".into(), BTreeMap::new()),
                ("helm".into(), BTreeMap::from([("linux/amd64".into(), String::new())])),
            ]),
            ..Metadata::default()
        };
        let problems = metadata.validate().unwrap_err().problems;
        let (gh, helm) = ("gh".to_owned(), "helm".to_owned());
        let expected = [
            MetadataProblem::EmptyDescription,
            MetadataProblem::EmptyVersion,
            MetadataProblem::TwoSchemas,
            MetadataProblem::NoUrls { dependency: gh },
            MetadataProblem::EmptyUrl { dependency: helm, platform: "linux/amd64".into() },
        ];
        assert_eq!(problems, expected);
    }
}
