//! docs/configuration.md and the schema for editors, both made from the declaration.
//! Must not know: single keys.

use std::fmt::Write as _;

use serde_json::Value as JsonValue;

use crate::shape::{self, Field, Map, Shape};

/// What stands above the tables.
const HEAD: &str = "\
# Configuration

Made from the declaration of all keys by `cargo xtask codegen`; do not edit.

Files are merged in the order in which they are named (`--config`, or `BOTKUBE_CONFIG_PATHS`), those whose name begins with
`_` last; maps merge key by key, everything else replaces. Variables are laid over them: `BOTKUBE_SETTINGS_CLUSTER__NAME` is
`settings.clusterName`, `_` goes one key down and `__` begins a new word; for anything in a name that a variable cannot hold,
write `_`. `botkube config show --origins` tells where every value comes from.

Keys marked **ours** are not upstream's. A *secret* is a text, or `{fromFile: PATH}` or `{fromEnv: NAME}`, and is never shown.
A *duration* is written as `30s`, `5m` or `1h30m`, a *size* as `1000`, `64Mi` or `10MB`. Texts, numbers and booleans may be
written for each other where their meaning is clear; a single text may stand for a list, its commas separate.
";

/// JSON Schema (2020-12) of a whole configuration, for editors.
pub fn json_schema() -> JsonValue {
    shape::schema().to_value()
}

/// The reference of all keys as Markdown.
pub fn markdown() -> String {
    let mut text = HEAD.to_owned();
    for section in &shape::root().known {
        let _ = write!(text, "\n## `{}`\n\n{}\n\n", section.name, section.about);
        text.push_str("| key | type | default | meaning |\n| --- | --- | --- | --- |\n");
        if let Shape::Map(map) = &section.shape {
            rows(map, &section.name, &mut text);
        }
    }
    text
}

fn rows(map: &Map, path: &str, text: &mut String) {
    for field in &map.known {
        row(field, &format!("{path}.{}", field.name), text);
    }
    match &map.rest {
        Some(Shape::Map(rest)) => rows(rest, &format!("{path}.<{}>", map.each), text),
        Some(rest) => {
            let _ = writeln!(text, "| `{path}.<{}>` | {} | – |  |", map.each, rest.name());
        }
        None => {}
    }
}

fn row(field: &Field, path: &str, text: &mut String) {
    let default = match &field.default {
        Some(JsonValue::String(default)) if !default.is_empty() => format!("`{default}`"),
        Some(default @ (JsonValue::Bool(_) | JsonValue::Number(_))) => format!("`{default}`"),
        _ => "–".into(),
    };
    let ours = if field.ours { "**ours.** " } else { "" };
    let _ =
        writeln!(text, "| `{path}` | {} | {default} | {ours}{} |", field.shape.name(), field.about.replace('|', "\\|"));
    match &field.shape {
        Shape::Map(map) => rows(map, path, text),
        Shape::List(list) => {
            if let Shape::Map(map) = &list.item {
                rows(map, &format!("{path}[]"), text);
            }
        }
        _ => {}
    }
}
