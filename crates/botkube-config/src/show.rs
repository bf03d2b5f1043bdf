//! The effective configuration as people write it, without its secrets.
//! Must not know: who asks for it.

use std::fmt::Write as _;

use serde_json::Value as JsonValue;

use crate::legacy::scalar;
use crate::mask::{self, MASK};
use crate::shape::{self, Map, Shape};
use crate::source::{Place, Sources};
use crate::tree::{Entry, Node, Value};
use crate::{Loaded, Origins};

impl Loaded {
    /// The effective configuration as YAML with upstream's key names, defaults included; secrets are masked.
    pub fn shown(&self) -> String {
        self.origins.yaml(false)
    }

    /// The same with a comment on every line that says where it comes from.
    pub fn shown_with_origins(&self) -> String {
        self.origins.yaml(true)
    }

    /// The effective configuration as JSON; secrets are masked.
    pub fn shown_as_json(&self) -> JsonValue {
        self.origins.shown.value.to_json()
    }

    /// Every key with where it comes from, as JSON: `path` from the top, and `origin` as text.
    pub fn origins_as_json(&self) -> JsonValue {
        let mut found = Vec::new();
        self.origins.list(&self.origins.shown, &mut Vec::new(), &mut found);
        JsonValue::Array(found)
    }
}

impl Origins {
    fn yaml(&self, comments: bool) -> String {
        let mut text = String::new();
        self.write(&self.shown, 0, comments, &mut text);
        text
    }

    fn write(&self, node: &Node, indent: usize, comments: bool, text: &mut String) {
        match &node.value {
            Value::Map(entries) => {
                for Entry { key, place, node } in entries {
                    let _ = write!(text, "{:indent$}{}:", "", scalar(key));
                    let leaf = leaf(&node.value);
                    self.end_line(leaf.as_deref(), *place, comments, text);
                    if leaf.is_none() {
                        self.write(node, indent + 2, comments, text);
                    }
                }
            }
            Value::List(items) => {
                for item in items {
                    match leaf(&item.value) {
                        Some(leaf) => {
                            let _ = write!(text, "{:indent$}-", "");
                            self.end_line(Some(&leaf), item.place, comments, text);
                        }
                        None => {
                            let start = text.len() + indent;
                            self.write(item, indent + 2, comments, text);
                            text.replace_range(start..start + 2, "- ");
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn end_line(&self, leaf: Option<&str>, place: Option<Place>, comments: bool, text: &mut String) {
        if let Some(leaf) = leaf {
            let _ = write!(text, " {leaf}");
        }
        if comments {
            let _ = write!(text, " # {}", self.sources.written(place));
        }
        text.push('\n');
    }

    pub(crate) fn is_false(&self, path: &[&str]) -> bool {
        self.shown.find(path).is_some_and(|(_, node)| matches!(node.value, Value::Bool(false)))
    }

    fn list(&self, node: &Node, path: &mut Vec<String>, found: &mut Vec<JsonValue>) {
        for entry in node.entries() {
            path.push(entry.key.clone());
            found.push(serde_json::json!({"path": path, "origin": self.sources.written(entry.place).to_string()}));
            self.list(&entry.node, path, found);
            path.pop();
        }
    }
}

/// Hides every secret below `root`.
pub(crate) fn mask(root: &mut Node, sources: &Sources) {
    map(root, shape::root(), sources);
}

fn map(node: &mut Node, map: &Map, sources: &Sources) {
    for entry in node.entries_mut() {
        let known = map.known.iter().find(|field| field.name == entry.key).map(|field| &field.shape);
        if let Some(shape) = known.or(map.rest.as_ref()) {
            value(&mut entry.node, shape, sources);
        }
    }
}

fn value(node: &mut Node, shape: &Shape, sources: &Sources) {
    match shape {
        Shape::Map(shape) => map(node, shape, sources),
        Shape::List(list) => {
            if let Value::List(items) = &mut node.value {
                items.iter_mut().for_each(|item| value(item, &list.item, sources));
            }
        }
        Shape::Secret => hide(node),
        Shape::Any => guess(node, sources),
        Shape::Text => {
            if let Value::Text(text) = &mut node.value {
                *text = sources.harmless(text);
            }
        }
        Shape::Bool | Shape::Whole(..) | Shape::Span(_) | Shape::Size | Shape::Choice(_) => {}
    }
}

/// What a plugin is given is the plugin's own: keys that sound like secrets are taken for some.
fn guess(node: &mut Node, sources: &Sources) {
    match &mut node.value {
        Value::Map(entries) => {
            let secret: Vec<bool> = entries.iter().map(|entry| mask::is_secret_entry(entry, entries)).collect();
            for (entry, secret) in entries.iter_mut().zip(secret) {
                if secret { hide(&mut entry.node) } else { guess(&mut entry.node, sources) }
            }
        }
        Value::List(items) => items.iter_mut().for_each(|item| guess(item, sources)),
        Value::Text(text) if mask::is_private_key(text) => *text = MASK.into(),
        Value::Text(text) => *text = sources.harmless(text),
        _ => {}
    }
}

fn hide(node: &mut Node) {
    match &mut node.value {
        Value::Map(entries) => entries.iter_mut().for_each(|entry| hide(&mut entry.node)),
        Value::List(items) => items.iter_mut().for_each(hide),
        Value::Null => {}
        Value::Text(text) if text.is_empty() => {}
        value => *value = Value::Text(MASK.into()),
    }
}

/// A value that fits behind its key; `None`: it goes below.
fn leaf(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("null".into()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Text(text) => Some(scalar(text)),
        Value::List(items) if items.is_empty() => Some("[]".into()),
        Value::Map(entries) if entries.is_empty() => Some("{}".into()),
        Value::List(_) | Value::Map(_) => None,
    }
}

#[cfg(test)]
mod tests;
