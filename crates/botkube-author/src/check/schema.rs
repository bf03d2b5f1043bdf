//! Whether a JSON schema is one, in its own draft and without a network. It is the only file that knows the validator.

use jsonschema::{draft4, draft6, draft7, draft201909, draft202012};
use serde_json::Value;

/// The drafts, by what their addresses have in them.
const DRAFTS: &[(&str, &str)] = &[
    ("draft-04/schema", "draft-04"),
    ("draft-06/schema", "draft-06"),
    ("draft-07/schema", "draft-07"),
    ("draft/2019-09/schema", "2019-09"),
    ("draft/2020-12/schema", "2020-12"),
];

/// What upstream's tools take a schema for that names no draft.
const DEFAULT: &str = "draft-07";

/// The draft of a schema that is one.
///
/// # Errors
/// What is wrong with it, and where.
pub(super) fn draft_of(text: &str) -> Result<&'static str, String> {
    let schema: Value = serde_json::from_str(text).map_err(|error| format!("it is no JSON: {error}"))?;
    let draft = match &schema["$schema"] {
        Value::Null => DEFAULT,
        Value::String(url) => {
            let known = DRAFTS.iter().find(|(part, _)| url.trim_end_matches('#').ends_with(part));
            known.map(|(_, draft)| *draft).ok_or_else(|| format!("`$schema` names no draft that is known: {url}"))?
        }
        other => return Err(format!("`$schema` is no address: {other}")),
    };
    let (checked, built) = match draft {
        "draft-04" => (draft4::meta::validate(&schema), draft4::new(&schema)),
        "draft-06" => (draft6::meta::validate(&schema), draft6::new(&schema)),
        "2019-09" => (draft201909::meta::validate(&schema), draft201909::new(&schema)),
        "2020-12" => (draft202012::meta::validate(&schema), draft202012::new(&schema)),
        _ => (draft7::meta::validate(&schema), draft7::new(&schema)),
    };
    checked.map_err(|error| format!("at `{}`: {error}", error.instance_path()))?;
    // Such as a reference to nothing, or to a page.
    built.map_err(|error| error.to_string())?;
    Ok(draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn wrong(schema: &str, because: &str) {
        let reason = draft_of(schema).unwrap_err();
        assert!(reason.contains(because), "{reason}");
    }

    #[test]
    fn a_schema_is_read_in_its_own_draft() {
        let exclusive = r#""properties": {"a": {"type": "number", "minimum": 0, "exclusiveMinimum": true}}"#;
        let draft4 = format!(r#"{{"$schema": "http://json-schema.org/draft-04/schema#", {exclusive}}}"#);
        assert_eq!(draft_of(&draft4), Ok("draft-04"));
        wrong(&format!("{{{exclusive}}}"), "/properties/a/exclusiveMinimum");
        let newest = r#"{"$schema": "https://json-schema.org/draft/2020-12/schema", "prefixItems": [true]}"#;
        assert_eq!(draft_of(newest), Ok("2020-12"));
    }

    #[test]
    fn a_schema_without_a_draft_is_of_draft_7() {
        assert_eq!(draft_of(r#"{"type": "object"}"#), Ok("draft-07"));
        assert_eq!(draft_of("true"), Ok("draft-07"));
    }

    #[test]
    fn what_is_no_schema_is_said_with_its_place() {
        wrong("{", "no JSON");
        wrong(r#"{"type": "objekt"}"#, "/type");
        wrong(r#"{"$schema": "https://example.org/mine"}"#, "https://example.org/mine");
        wrong(r#"{"$schema": 7}"#, "no address");
    }

    #[test]
    fn nothing_is_fetched_for_a_reference() {
        wrong(r#"{"$ref": "https://example.org/schema.json"}"#, "https://example.org/schema.json");
        wrong(r##"{"$ref": "#/definitions/nothing"}"##, "nothing");
    }
}
