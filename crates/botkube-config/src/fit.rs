//! Fits a merged tree to the declaration: forgiving conversions, unknown keys, secrets, defaults.
//! Must not know: single keys, or which combinations of values make sense.
//!
//! What does not fit is reported and taken out, so that a person hears everything at once and what is left can be
//! decoded. The weak typing is upstream's (contract-host §1.2).

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;

use crate::mask;
use crate::nearest::nearest;
use crate::report::{Findings, dotted};
use crate::schema::value::{FROM_ENV, FROM_FILE};
use crate::shape::{self, Field, List, Map, Shape};
use crate::source::{Place, SourceId, Sources};
use crate::tree::{Entry, Node, Value};
use crate::units;

/// Keys of the configuration that hold secrets.
const SECRETS: [&str; 6] = ["token", "botToken", "appToken", "password", "integrationKey", "headers"];

/// The largest file a secret may be in, in bytes.
const LARGEST_SECRET: u64 = 1 << 20;

/// What fitting needs besides the tree.
pub(crate) struct Fit<'a> {
    pub(crate) sources: &'a mut Sources,
    pub(crate) environment: &'a BTreeMap<String, String>,
    pub(crate) findings: &'a mut Findings,
    /// Whether unknown keys are only mentioned.
    pub(crate) lenient: bool,
}

impl Fit<'_> {
    /// Makes `root` what can be decoded.
    pub(crate) fn root(&mut self, root: &mut Node) {
        self.map(root, shape::root(), &mut Vec::new());
    }

    fn map(&mut self, node: &mut Node, map: &Map, path: &mut Vec<String>) {
        let Value::Map(entries) = &mut node.value else { return };
        let names: Vec<String> = entries.iter().map(|entry| entry.key.clone()).collect();
        entries.retain_mut(|entry| {
            path.push(entry.key.clone());
            let known = map.known.iter().find(|field| field.name == entry.key);
            let stays = match (known, &map.rest) {
                (Some(field), _) => self.value(&mut entry.node, &field.shape, path),
                (None, Some(rest)) => {
                    // A name is there for its own sake, also when nothing is said of it.
                    if matches!((rest, &entry.node.value), (Shape::Map(_), Value::Null)) {
                        entry.node.value = Value::Map(Vec::new());
                    }
                    self.value(&mut entry.node, rest, path)
                }
                (None, None) => {
                    self.unknown(entry, map, &names, path);
                    false
                }
            };
            let shape = known.map(|field| &field.shape).or(map.rest.as_ref());
            if matches!(shape, Some(Shape::Secret)) && source(entry.node.place) != source(entry.place) {
                entry.place = entry.node.place;
            }
            path.pop();
            stays
        });
        for field in &map.known {
            if !names.contains(&field.name) || !entries.iter().any(|entry| entry.key == field.name) {
                self.fill(entries, field, path);
            }
        }
    }

    /// Adds what holds where nobody wrote anything.
    fn fill(&mut self, entries: &mut Vec<Entry>, field: &Field, path: &mut Vec<String>) {
        let value = match (&field.shape, &field.default) {
            (Shape::Map(map), _) if !map.optional => {
                let mut below = Node::unwritten(Value::Map(Vec::new()));
                path.push(field.name.clone());
                self.map(&mut below, map, path);
                path.pop();
                Some(below.value).filter(|value| !matches!(value, Value::Map(entries) if entries.is_empty()))
            }
            (_, Some(serde_json::Value::Bool(default))) => Some(Value::Bool(*default)),
            (_, Some(serde_json::Value::Number(default))) => Some(Value::Number(default.clone())),
            (_, Some(serde_json::Value::String(default))) if !default.is_empty() => Some(Value::Text(default.clone())),
            _ => None,
        };
        if let Some(value) = value {
            entries.push(Entry { key: field.name.clone(), place: None, node: Node::unwritten(value) });
        }
    }

    /// Converts a value in place; whether it can stay.
    fn value(&mut self, node: &mut Node, shape: &Shape, path: &mut Vec<String>) -> bool {
        if matches!(node.value, Value::Null) {
            if matches!(shape, Shape::Map(map) if map.presence) {
                node.value = Value::Map(Vec::new());
            } else {
                return matches!(shape, Shape::Any);
            }
        }
        match shape {
            Shape::Any => {
                self.hide_below(node);
                true
            }
            Shape::Secret => self.secret(node, path),
            Shape::Map(map) => {
                if !matches!(node.value, Value::Map(_)) {
                    let help = "write its keys below it, each on a line of its own, indented";
                    return self.mismatch(node, path, "a map of keys", help);
                }
                self.map(node, map, path);
                true
            }
            Shape::List(list) => self.list(node, list, path),
            _ => match scalar(&node.value, shape) {
                Ok(Some(value)) => {
                    node.value = value;
                    true
                }
                Ok(None) => false,
                Err((expected, help)) => self.mismatch(node, path, &expected, &help),
            },
        }
    }

    /// Anything but a list is a list of one; the commas of a text may separate.
    fn list(&mut self, node: &mut Node, list: &List, path: &mut Vec<String>) -> bool {
        let place = node.place;
        let split = |text: &str| -> Vec<Node> {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            items.map(|item| Node { value: Value::Text(item.into()), place }).collect()
        };
        let mut items = match std::mem::replace(&mut node.value, Value::Null) {
            Value::List(items) => items,
            Value::Text(text) if list.commas && matches!(list.item, Shape::Text) => split(&text),
            other => {
                let wrong = matches!(other, Value::Map(_)) && !matches!(list.item, Shape::Map(_));
                node.value = other;
                if wrong {
                    let help = "write each on a line of its own behind a dash, or all as `[a, b]`";
                    return self.mismatch(node, path, &format!("a list of {}s", list.item.name()), help);
                }
                vec![Node { value: std::mem::replace(&mut node.value, Value::Null), place }]
            }
        };
        let single = items.len() == 1 && items[0].place == place;
        let mut index = 0;
        items.retain_mut(|item| {
            path.push(if single { String::new() } else { format!("[{index}]") });
            let stays = self.value(item, &list.item, path);
            path.pop();
            index += 1;
            stays
        });
        node.value = Value::List(items);
        true
    }

    /// A text, or where it is to be found.
    fn secret(&mut self, node: &mut Node, path: &[String]) -> bool {
        let text = match &node.value {
            Value::Text(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Map(entries) => {
                let last = last_written(entries);
                // A map that is only added to is still where its first layer wrote it.
                let place = last.first().and_then(|entry| entry.place);
                if source(place) != source(node.place) {
                    node.place = place.or(node.place);
                }
                let Some(text) = self.elsewhere(node.place, &last, path) else { return false };
                text
            }
            _ => {
                let help = format!("write it in quotes, or as `{{{FROM_FILE}: PATH}}` or `{{{FROM_ENV}: NAME}}`");
                return self.mismatch(node, path, "a text", &help);
            }
        };
        self.sources.hide(&text);
        node.value = Value::Text(text);
        true
    }

    fn elsewhere(&mut self, at: Option<Place>, entries: &[&Entry], path: &[String]) -> Option<String> {
        let [Entry { key, node: Node { value: Value::Text(name), place }, .. }] = entries else {
            let help = format!("write one of them: `{{{FROM_FILE}: PATH}}` or `{{{FROM_ENV}: NAME}}`");
            let message = format!("`{}` needs a text, or the one place where it is found", dotted(path));
            self.findings.error(path, at, message, help);
            return None;
        };
        let read = match key.as_str() {
            FROM_ENV => self.environment.get(name).cloned().ok_or_else(|| {
                (format!("the variable `{name}` is not set"), "set it for the agent, or write another name".to_owned())
            }),
            FROM_FILE => {
                let folder = place.and_then(|place| self.sources.folder(place.source));
                let file = folder.map_or_else(|| name.into(), |folder| folder.join(name));
                read_secret(&file).map_err(|error| {
                    let help =
                        "name a file that exists and that this user may read; a relative path starts at this file";
                    (format!("cannot read the secret in {}: {error}", file.display()), help.to_owned())
                })
            }
            other => {
                let help = match nearest(other, [FROM_FILE, FROM_ENV]) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("a secret is a text, or `{{{FROM_FILE}: PATH}}` or `{{{FROM_ENV}: NAME}}`"),
                };
                Err((format!("there is no key `{other}` under `{}`", dotted(path)), help))
            }
        };
        read.map_err(|(message, help)| self.findings.error(path, *place, message, help)).ok()
    }

    /// Remembers what a plugin's configuration likely hides.
    fn hide_below(&mut self, node: &Node) {
        match &node.value {
            Value::Map(entries) => {
                for entry in entries {
                    if mask::is_secret_entry(entry, entries) {
                        self.hide_all(&entry.node)
                    } else {
                        self.hide_below(&entry.node)
                    }
                }
            }
            Value::List(items) => items.iter().for_each(|item| self.hide_below(item)),
            Value::Text(text) if mask::is_private_key(text) => self.sources.hide(text),
            _ => {}
        }
    }

    fn hide_all(&mut self, node: &Node) {
        match &node.value {
            Value::Text(text) => self.sources.hide(text),
            Value::Map(entries) => entries.iter().for_each(|entry| self.hide_all(&entry.node)),
            Value::List(items) => items.iter().for_each(|item| self.hide_all(item)),
            _ => {}
        }
    }

    fn unknown(&mut self, entry: &Entry, map: &Map, names: &[String], path: &[String]) {
        // What may have been meant for a secret is one.
        match nearest(&entry.key, SECRETS) {
            Some(_) => self.hide_all(&entry.node),
            None => self.hide_below(&Node { value: Value::Map(vec![entry.clone()]), place: None }),
        }
        let above = dotted(&path[..path.len() - 1]);
        if let Some(field) = map.field(&entry.key).filter(|field| names.contains(&field.name)) {
            let message = format!("`{}` is ignored, since `{}` stands beside it", entry.key, field.name);
            self.findings.warning(path, entry.place, message, "remove one of the two");
            return;
        }
        let place = if above.is_empty() { "at the top level".into() } else { format!("under `{above}`") };
        let message = format!("there is no key `{}` {place}", entry.key);
        let help = if let Some(meant) = nearest(&entry.key, map.known.iter().map(|field| field.name.as_str())) {
            format!("did you mean `{meant}`?")
        } else if map.field("config").is_some() && map.field("context").is_some() {
            "settings of a plugin stand below its `config`".into()
        } else if let Some(home) = homes(&entry.key).first() {
            format!("there is `{home}`; move it there if that is meant")
        } else {
            let known: Vec<_> = map.known.iter().map(|field| format!("`{}`", field.name)).collect();
            format!("there are {}", known.join(", "))
        };
        match self.lenient {
            true => self.findings.warning(path, entry.place, format!("{message}; it is ignored"), help),
            false => self.findings.error(path, entry.place, message, help),
        }
    }

    fn mismatch(&mut self, node: &Node, path: &[String], expected: &str, help: &str) -> bool {
        let found = match &node.value {
            // A key and a value without the map around them: the value may be a secret.
            Value::Text(text) if expected.starts_with("a map") && text.contains([':', '=']) => {
                self.sources.hide(text);
                "a text".to_owned()
            }
            Value::Text(text) => {
                let text = self.sources.harmless(text);
                let shown: String = text.chars().take(40).collect();
                let more = if shown.len() < text.len() { "…" } else { "" };
                format!("the text `{}{more}`", shown.escape_debug())
            }
            other => other.to_string(),
        };
        self.findings.error(path, node.place, format!("`{}` needs {expected}, found {found}", dotted(path)), help);
        false
    }
}

/// What the last layer of all says that wrote one of `entries`: where a secret is found is said as a whole, so that a later
/// layer replaces what an earlier one says under another key.
fn last_written(entries: &[Entry]) -> Vec<&Entry> {
    let last = entries.iter().map(|entry| source(entry.place)).max().flatten();
    entries.iter().filter(|entry| source(entry.place) == last).collect()
}

fn source(place: Option<Place>) -> Option<SourceId> {
    place.map(|place| place.source)
}

/// A single value as `shape` has it; `None` for a text that says nothing, or else what is expected and how it is written.
fn scalar(value: &Value, shape: &Shape) -> Result<Option<Value>, (String, String)> {
    let wrong = |expected: &str, help: &str| Err((expected.to_owned(), help.to_owned()));
    if matches!(value, Value::Text(text) if text.is_empty()) && !matches!(shape, Shape::Text | Shape::Bool) {
        return Ok(None);
    }
    match (shape, value) {
        (Shape::Text, Value::Text(text)) => Ok(Some(Value::Text(text.clone()))),
        (Shape::Text, Value::Number(number)) => Ok(Some(Value::Text(number.to_string()))),
        (Shape::Text, Value::Bool(_)) => wrong("a text", "put quotes around it"),
        (Shape::Bool, Value::Bool(value)) => Ok(Some(Value::Bool(*value))),
        (Shape::Bool, Value::Number(number)) => Ok(Some(Value::Bool(number.as_f64() != Some(0.0)))),
        (Shape::Bool, Value::Text(text)) => match text.as_str() {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(Some(Value::Bool(true))),
            "" | "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(Some(Value::Bool(false))),
            _ => wrong("a boolean", "write `true` or `false`"),
        },
        (Shape::Bool, _) => wrong("a boolean", "write `true` or `false`"),
        (Shape::Whole(least, most), value) => {
            let number = match value {
                Value::Number(number) => number.as_u64(),
                Value::Text(text) => text.trim().parse().ok(),
                _ => None,
            };
            match number.filter(|number| (*least..=*most).contains(number)) {
                Some(number) => Ok(Some(Value::Number(number.into()))),
                None => wrong(&format!("a whole number from {least} to {most}"), "write it in digits"),
            }
        }
        (Shape::Span(positive), value) => {
            let text = if let Value::Text(text) = value { text.as_str() } else { "" };
            match units::duration(text.trim()).filter(|span| !positive || !span.is_zero()) {
                Some(span) => Ok(Some(Value::Text(units::go_duration(span)))),
                None => {
                    let expected = if *positive { "a duration above zero" } else { "a duration" };
                    wrong(expected, "write a number and a unit, such as `30s`, `5m` or `1h30m`")
                }
            }
        }
        (Shape::Size, value) => {
            let size = match value {
                Value::Number(number) => number.as_u64(),
                Value::Text(text) => units::bytes(text),
                _ => None,
            };
            match size.filter(|size| *size > 0) {
                Some(size) => Ok(Some(Value::Text(units::binary_size(size)))),
                None => wrong(
                    "a size above zero",
                    "write a whole number of bytes, or one with a unit, such as `64Mi` or `10MB`",
                ),
            }
        }
        (Shape::Choice(choices), value) => {
            let text = if let Value::Text(text) = value { text.as_str() } else { "" };
            if let Some(choice) = choices.iter().find(|choice| choice.eq_ignore_ascii_case(text)) {
                return Ok(Some(Value::Text(choice.clone())));
            }
            let quoted: Vec<_> = choices.iter().map(|choice| format!("`{choice}`")).collect();
            let help = nearest(text, choices.iter().map(String::as_str));
            let help = help.map_or_else(|| "write one of them".into(), |meant| format!("did you mean `{meant}`?"));
            wrong(&format!("one of {}", quoted.join(", ")), &help)
        }
        (Shape::Text, _) => wrong("a text", "write a single value after the colon"),
        (Shape::Any | Shape::Secret | Shape::List(_) | Shape::Map(_), value) => Ok(Some(value.clone())),
    }
}

/// The whole paths of the known keys of this name, wherever they are.
fn homes(name: &str) -> Vec<String> {
    fn look(map: &Map, path: &str, name: &str, found: &mut Vec<String>) {
        let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        for field in &map.known {
            let here = below(&field.name);
            if field.name.eq_ignore_ascii_case(name) {
                found.push(here.clone());
            }
            let inner = match &field.shape {
                Shape::List(list) => list.item.as_map(),
                shape => shape.as_map(),
            };
            if let Some(map) = inner {
                look(map, &here, name, found);
            }
        }
        if let Some(rest) = map.rest.as_ref().and_then(Shape::as_map) {
            look(rest, &below(&map.each.to_uppercase()), name, found);
        }
    }
    let mut found = Vec::new();
    look(shape::root(), "", name, &mut found);
    found.sort_by_key(|path| path.matches('.').count());
    found
}

/// The text in a file, without the newline at its end.
fn read_secret(path: &std::path::Path) -> std::io::Result<String> {
    // Opening a pipe would wait for whoever writes to it.
    if !fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is not a file"));
    }
    let mut text = String::new();
    if File::open(path)?.take(LARGEST_SECRET + 1).read_to_string(&mut text)? as u64 > LARGEST_SECRET {
        return Err(std::io::Error::other("it is larger than 1 MiB"));
    }
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

#[cfg(test)]
mod tests;
