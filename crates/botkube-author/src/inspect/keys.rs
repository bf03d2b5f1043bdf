//! The keys of a configuration, one by one, from its JSON schema. It must not know how they are shown.

use serde::Serialize;
use serde_json::{Map, Value};

/// One key.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Key {
    /// Where it stands: `a.b`, of lists `a[]`, of maps with any keys `a.*`.
    pub path: String,
    /// What it may be, such as `string` or `integer or null`; empty for anything.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is when it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The only values it may have.
    #[serde(rename = "enum", skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
    /// Whether it must be there.
    pub required: bool,
    /// What it means; may be empty.
    pub description: String,
}

/// A schema may refer to itself.
const DEEPEST: usize = 8;

/// A list of keys nobody reads.
const MOST: usize = 500;

pub(super) fn of(schema: &Value) -> Vec<Key> {
    let mut keys = Vec::new();
    within(schema, schema, "", 0, &mut keys);
    keys
}

/// The keys of a map, or of a list's items.
fn within(root: &Value, schema: &Value, path: &str, depth: usize, keys: &mut Vec<Key>) {
    if depth > DEEPEST || keys.len() >= MOST {
        return;
    }
    for part in parts(root, schema) {
        let required: Vec<&str> =
            part.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
        let properties = part.get("properties").and_then(Value::as_object);
        for (name, property) in properties.into_iter().flatten() {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            if keys.iter().any(|key| key.path == path) || keys.len() >= MOST {
                continue;
            }
            keys.push(key(root, property, path.clone(), required.contains(&name.as_str())));
            within(root, property, &path, depth + 1, keys);
        }
        if let Some(items) = part.get("items").filter(|items| items.is_object()) {
            within(root, items, &format!("{path}[]"), depth + 1, keys);
        }
        if let Some(any) = part.get("additionalProperties").filter(|any| any.is_object()) {
            let path = if path.is_empty() { "*".into() } else { format!("{path}.*") };
            within(root, any, &path, depth + 1, keys);
        }
    }
}

fn key(root: &Value, schema: &Value, path: String, required: bool) -> Key {
    let parts = parts(root, schema);
    let first = |name: &str| parts.iter().find_map(|part| part.get(name)).cloned();
    let text = |name: &str| first(name).and_then(|text| text.as_str().map(str::trim).map(ToOwned::to_owned));
    let mut kinds: Vec<String> = Vec::new();
    let mut values = Vec::new();
    for part in &parts {
        let named = match part.get("type") {
            Some(Value::String(kind)) => vec![kind.clone()],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).map(ToOwned::to_owned).collect(),
            _ => Vec::new(),
        };
        for kind in named {
            let kind = if kind == "array" { list_of(root, part) } else { kind };
            if !kinds.contains(&kind) {
                kinds.push(kind);
            }
        }
        values.extend(part.get("enum").and_then(Value::as_array).into_iter().flatten().cloned());
        values.extend(part.get("const").cloned());
    }
    Key {
        path,
        kind: kinds.join(" or "),
        default: first("default"),
        values,
        required,
        description: text("description").or_else(|| text("title")).unwrap_or_default(),
    }
}

fn list_of(root: &Value, list: &Map<String, Value>) -> String {
    let items = list.get("items").map(|items| parts(root, items)).unwrap_or_default();
    match items.iter().find_map(|part| part.get("type")).and_then(Value::as_str) {
        Some(kind) => format!("list of {kind}"),
        None => "list".into(),
    }
}

/// All that a schema says in one place: itself, what it refers to in the same file, and its alternatives.
fn parts<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Map<String, Value>> {
    let mut parts: Vec<&Map<String, Value>> = Vec::new();
    let mut open = vec![schema];
    while let Some(schema) = open.pop() {
        let Some(map) = schema.as_object() else { continue };
        if parts.iter().any(|part| std::ptr::eq::<Map<String, Value>>(*part, map)) || parts.len() >= MOST {
            continue;
        }
        parts.push(map);
        for alternatives in ["oneOf", "anyOf", "allOf"] {
            let all = map.get(alternatives).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            open.extend(all.iter().rev());
        }
        let place = map.get("$ref").and_then(Value::as_str).and_then(|place| place.strip_prefix('#'));
        open.extend(place.and_then(|place| root.pointer(place)));
    }
    parts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(schema: Value, expected: &[(&str, &str, bool)]) {
        let keys = of(&schema);
        let found: Vec<_> = keys.iter().map(|key| (key.path.as_str(), key.kind.as_str(), key.required)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn every_key_is_listed_with_its_path() {
        check(
            json!({ "required": ["a"], "properties": {
                "a": { "type": "object", "properties": { "b": { "type": "integer" } } },
                "l": { "type": "array", "items": { "type": "object", "properties": { "x": { "type": "string" } } } },
                "m": { "type": "object", "additionalProperties": { "properties": { "y": {} } } },
                "s": { "type": "array", "items": { "type": "string" } },
            } }),
            &[
                ("a", "object", true),
                ("a.b", "integer", false),
                ("l", "list of object", false),
                ("l[].x", "string", false),
                ("m", "object", false),
                ("m.*.y", "", false),
                ("s", "list of string", false),
            ],
        );
    }

    #[test]
    fn what_is_said_elsewhere_in_the_schema_counts() {
        let schema = json!({
            "properties": { "o": { "anyOf": [{ "$ref": "#/$defs/O" }, { "type": "null" }], "default": 1 } },
            "$defs": { "O": { "type": "string", "enum": ["x", "y"], "description": " Which. " } },
        });
        let key = Key {
            path: "o".into(),
            kind: "string or null".into(),
            default: Some(json!(1)),
            values: vec![json!("x"), json!("y")],
            required: false,
            description: "Which.".into(),
        };
        assert_eq!(of(&schema), [key]);
    }

    #[test]
    fn a_schema_that_refers_to_itself_has_an_end() {
        let keys = of(&json!({ "properties": { "a": { "$ref": "#" } } }));
        assert_eq!(keys.len(), DEEPEST + 1);
        assert_eq!(of(&json!({ "$ref": "#" })), []);
    }
}
