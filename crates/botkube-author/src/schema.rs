//! Whether a JSON schema is one, judged by its own draft and without a network. It must not know what the schema describes.

use jsonschema::{Draft, ValidationError, error::ValidationErrorKind};
use serde_json::Value;

/// What is wrong with a schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// It is no JSON.
    #[error("line {line}, column {column}: it is no JSON: {message}")]
    Json {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// It says it follows rules that nobody here knows.
    #[error(
        "its `$schema` is {0:?}, and known are JSON Schema's drafts 4, 6, 7, 2019-09 and 2020-12; name one of these"
    )]
    Draft(String),
    /// It breaks the rules of its draft.
    #[error("{}", .0.join("; "))]
    Invalid(Vec<String>),
}

/// Drafts as people call them.
const DRAFTS: &[(Draft, &str)] = &[
    (Draft::Draft4, "draft-04"),
    (Draft::Draft6, "draft-06"),
    (Draft::Draft7, "draft-07"),
    (Draft::Draft201909, "2019-09"),
    (Draft::Draft202012, "2020-12"),
];

/// A schema that is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The draft whose rules it keeps, as people call it.
    pub draft: &'static str,
    /// What of it is elsewhere and was not looked at.
    pub warnings: Vec<String>,
}

/// So many problems tell enough.
const MAX_PROBLEMS: usize = 10;

/// Checks a schema. Without a `$schema` it is a draft-07, which is what upstream takes all of them for
/// (contract-plugins §8.6). What of it is elsewhere is not looked at.
///
/// # Errors
/// What is wrong, with the place in the schema.
pub fn check(text: &str) -> Result<Checked, SchemaError> {
    let schema: Value = serde_json::from_str(text).map_err(|error| SchemaError::Json {
        line: error.line(),
        column: error.column(),
        message: error.to_string().split(" at line ").next().unwrap_or_default().to_owned(),
    })?;
    let draft = match schema.get("$schema") {
        Some(Value::String(named)) => match Draft::Draft7.detect(&schema) {
            Draft::Unknown => return Err(SchemaError::Draft(named.clone())),
            draft => draft,
        },
        _ => Draft::Draft7,
    };
    let rules = match draft {
        Draft::Draft4 => jsonschema::draft4::meta::validator(),
        Draft::Draft6 => jsonschema::draft6::meta::validator(),
        Draft::Draft201909 => jsonschema::draft201909::meta::validator(),
        Draft::Draft202012 => jsonschema::draft202012::meta::validator(),
        _ => jsonschema::draft7::meta::validator(),
    };
    let problems: Vec<String> =
        rules.iter_errors(&schema).take(MAX_PROBLEMS).map(|error| problem(&error, draft)).collect();
    if !problems.is_empty() {
        return Err(SchemaError::Invalid(problems));
    }
    // What no meta-schema sees: references that lead nowhere, and regular expressions.
    match jsonschema::options().with_draft(draft).offline().build(&schema) {
        Ok(_) => Ok(Checked { draft: name(draft), warnings: Vec::new() }),
        Err(error) => match error.kind() {
            ValidationErrorKind::Referencing(jsonschema::ReferencingError::Unretrievable { uri, .. }) => {
                let warnings = vec![format!("it refers to {uri}, which was not looked at")];
                Ok(Checked { draft: name(draft), warnings })
            }
            _ => Err(SchemaError::Invalid(vec![problem(&error, draft)])),
        },
    }
}

fn problem(error: &ValidationError<'_>, draft: Draft) -> String {
    let place = error.instance_path().as_str();
    let place = if place.is_empty() { "as a whole".into() } else { format!("at {place}") };
    let said: String = error.to_string().chars().take(300).collect();
    format!("{place}: {said} (by {})", name(draft))
}

fn name(draft: Draft) -> &'static str {
    DRAFTS.iter().find(|(known, _)| *known == draft).map_or("draft-07", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_refused(text: &str, expected: &str) {
        let error = check(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }

    #[test]
    fn a_schema_is_judged_by_its_own_draft() {
        // In draft-04 it is a flag, later a number.
        let old = r#"{"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1, "exclusiveMinimum": true}"#;
        assert_eq!(check(old), Ok(Checked { draft: "draft-04", warnings: Vec::new() }));
        let undeclared = r#"{"minimum": 1, "exclusiveMinimum": true}"#;
        check_refused(undeclared, "at /exclusiveMinimum: true is not of type \"number\" (by draft-07)");
        let new = r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "prefixItems": {}}"#;
        check_refused(new, "at /prefixItems");
        assert_eq!(check(r#"{"prefixItems": {}}"#).unwrap().draft, "draft-07");
    }

    #[test]
    fn what_is_no_schema_is_said_with_its_place() {
        check_refused("{\n  \"type\": }", "line 2, column 11: it is no JSON: expected value");
        check_refused("", "it is no JSON");
        check_refused(r#"{"properties": {"a": {"type": "text"}}}"#, "at /properties/a/type");
        check_refused(r#"{"$schema": "https://example.org/mine"}"#, "https://example.org/mine");
        check_refused("[]", "as a whole");
    }

    #[test]
    fn what_only_using_it_would_show_is_found() {
        check_refused(r##"{"$ref": "#/definitions/gone"}"##, "gone");
        check_refused(r#"{"pattern": "("}"#, "(by draft-07)");
    }

    #[test]
    fn what_is_elsewhere_is_not_looked_at() {
        let warnings = check(r#"{"properties": {"a": {"$ref": "https://example.org/a.json"}}}"#).unwrap().warnings;
        assert_eq!(warnings, ["it refers to https://example.org/a.json, which was not looked at"]);
    }
}
