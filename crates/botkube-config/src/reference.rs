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

The last column says who added a key: upstream, or us. A *secret* is a text, or `{fromFile: PATH}` or `{fromEnv: NAME}`, and is never shown.
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
        let _ = write!(text, "\n## `{}`\n\n{}\n", section.name, section.about);
        let Shape::Map(map) = &section.shape else { continue };
        match platforms(map) {
            Some(inner) => {
                for field in &inner.known {
                    let heading = format!("{}.<{}>.{}", section.name, map.each, field.name);
                    let by = if field.ours { " Not upstream's." } else { "" };
                    let _ = write!(text, "\n### `{heading}`\n\n{}{by}\n", field.about);
                    if let Shape::Map(map) = &field.shape {
                        table(map, field.ours, &mut text);
                    }
                }
            }
            None => table(map, false, &mut text),
        }
    }
    text
}

/// A map whose entries hold nothing but sections is shown section by section.
fn platforms(map: &Map) -> Option<&Map> {
    let inner = map.rest.as_ref()?.as_map()?;
    let sections =
        inner.rest.is_none() && inner.known.iter().all(|field| field.shape.as_map().is_some_and(|map| map.optional));
    sections.then_some(inner)
}

fn table(map: &Map, ours: bool, text: &mut String) {
    text.push_str("\n| key | type | default | meaning | by |\n| --- | --- | --- | --- | --- |\n");
    rows(map, "", ours, text);
}

fn rows(map: &Map, path: &str, ours: bool, text: &mut String) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    for field in &map.known {
        row(field, &below(&field.name), ours || field.ours, text);
    }
    match &map.rest {
        Some(Shape::Map(rest)) => rows(rest, &below(&format!("<{}>", map.each)), ours, text),
        Some(rest) => {
            let _ =
                writeln!(text, "| `{}` | {} | – | | {} |", below(&format!("<{}>", map.each)), rest.name(), by(ours));
        }
        None => {}
    }
}

fn row(field: &Field, path: &str, ours: bool, text: &mut String) {
    let default = match &field.default {
        Some(JsonValue::String(default)) if !default.is_empty() => format!("`{default}`"),
        Some(default @ (JsonValue::Bool(_) | JsonValue::Number(_))) => format!("`{default}`"),
        _ => "–".into(),
    };
    let about = field.about.replace('|', "\\|");
    let _ = writeln!(text, "| `{path}` | {} | {default} | {about} | {} |", field.shape.name(), by(ours));
    match &field.shape {
        Shape::Map(map) => rows(map, path, ours, text),
        Shape::List(list) => {
            if let Shape::Map(map) = &list.item {
                rows(map, &format!("{path}[]"), ours, text);
            }
        }
        _ => {}
    }
}

fn by(ours: bool) -> &'static str {
    if ours { "us" } else { "upstream" }
}
