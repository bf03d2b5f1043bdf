//! From a lock's text to the lock, or to the first line that is wrong.
//! Must not know: what becomes of a lock.

use std::collections::BTreeMap;

use botkube_config::{model::PluginKey, nearest::nearest};

use super::{Lock, LockedFile, LockedFiles, LockedPlugin, ParseError};
use crate::index::{
    Platform, PluginKind,
    tree::{self, Node, Value},
};

/// The only form there is.
pub(super) const VERSION: &str = "1";

/// What to do about most mistakes.
const AGAIN: &str = "make it anew with `botkube lock --update`";

pub(super) fn lock(text: &str) -> Result<Lock, ParseError> {
    let root = tree::parse(text).map_err(|error| match error {
        crate::index::IndexError::Yaml { line, message, .. } => wrong(line, format!("it is no valid YAML: {message}")),
        other => wrong(1, other.to_string()),
    })?;
    let top = map(&root, "a lock", &["version", "plugins"])?;
    let version = value(&top, &root, "version")?;
    if string(version, "version")? != VERSION {
        let what = format!("`version` is {}, and this agent reads {VERSION}", version.value);
        return Err(ParseError {
            help: "use an agent of the version that wrote it".into(),
            ..wrong(version.line, what)
        });
    }
    let plugins = value(&top, &root, "plugins")?;
    let items = match &plugins.value {
        Value::List(items) => items.as_slice(),
        Value::Null => &[],
        other => return Err(wrong(plugins.line, format!("`plugins` is {other} and no list"))),
    };
    let mut lock = Lock::default();
    for item in items {
        let (key, plugin) = entry(item)?;
        if lock.plugins.contains_key(&key) {
            return Err(wrong(item.line, format!("the {} `{}` is locked twice", key.1, key.0)));
        }
        lock.plugins.insert(key, plugin);
    }
    Ok(lock)
}

fn entry(item: &Node) -> Result<((String, PluginKind), LockedPlugin), ParseError> {
    let fields = map(item, "a plugin", &["key", "kind", "repository", "version", "platforms"])?;
    let text = |name: &str| value(&fields, item, name).and_then(|node| string(node, name));
    let key = value(&fields, item, "key")?;
    let text_of_key = string(key, "key")?;
    let parsed: PluginKey =
        text_of_key.parse().map_err(|error| wrong(key.line, format!("`{text_of_key}` is no plugin's key: {error}")))?;
    let kind = value(&fields, item, "kind")?;
    let kind = match string(kind, "kind")?.as_str() {
        "executor" => PluginKind::Executor,
        "source" => PluginKind::Source,
        other => return Err(wrong(kind.line, format!("`kind` is `{other}`, and there are `executor` and `source`"))),
    };
    let platforms = value(&fields, item, "platforms")?;
    let mut found = BTreeMap::new();
    for (name, node) in entries(platforms, "platforms")? {
        let platform: Platform = name.parse().map_err(|why| wrong(node.line, why))?;
        found.insert(platform, files(node)?);
    }
    if found.is_empty() {
        return Err(wrong(platforms.line, format!("`{parsed}` is locked for no platform")));
    }
    let plugin = LockedPlugin { repository: text("repository")?, version: text("version")?, platforms: found };
    Ok(((parsed.to_string(), kind), plugin))
}

fn files(node: &Node) -> Result<LockedFiles, ParseError> {
    let fields = map(node, "a platform", &["url", "sha256", "program", "dependencies"])?;
    let mut dependencies = BTreeMap::new();
    if let Some((_, node)) = fields.iter().find(|(key, _)| *key == "dependencies") {
        for (name, node) in entries(node, "dependencies")? {
            if name.is_empty() {
                return Err(wrong(node.line, "a dependency has no name".into()));
            }
            let fields = map(node, "a dependency", &["url", "sha256", "program"])?;
            dependencies.insert(name.to_owned(), file(&fields, node)?);
        }
    }
    Ok(LockedFiles { program: file(&fields, node)?, dependencies })
}

fn file(fields: &[(&str, &Node)], node: &Node) -> Result<LockedFile, ParseError> {
    let digest = |name: &str| {
        let node = value(fields, node, name)?;
        let digits = string(node, name)?;
        let is_digest = digits.len() == 64 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if is_digest {
            Ok(digits)
        } else {
            Err(wrong(node.line, format!("`{name}` is not the 64 digits of a SHA-256")))
        }
    };
    let url = string(value(fields, node, "url")?, "url")?;
    Ok(LockedFile { url, sha256: digest("sha256")?, program: digest("program")? })
}

/// A map without unknown keys and without one that stands twice.
fn map<'a>(node: &'a Node, what: &str, known: &[&str]) -> Result<Vec<(&'a str, &'a Node)>, ParseError> {
    let fields = entries(node, what)?;
    for (key, node) in &fields {
        if !known.contains(key) {
            let meant = nearest(key, known.iter().copied()).map(|meant| format!("; is `{meant}` meant?"));
            let what = format!("{what} has no `{}`{}", key.escape_debug(), meant.unwrap_or_default());
            return Err(wrong(node.line, what));
        }
    }
    Ok(fields)
}

fn entries<'a>(node: &'a Node, what: &str) -> Result<Vec<(&'a str, &'a Node)>, ParseError> {
    let Value::Map(entries) = &node.value else {
        return Err(wrong(node.line, format!("{what} is {} and no map", node.value)));
    };
    let mut fields: Vec<(&str, &Node)> = Vec::new();
    for (key, node) in entries {
        if fields.iter().any(|(known, _)| known == key) {
            return Err(wrong(node.line, format!("`{}` stands twice", key.escape_debug())));
        }
        fields.push((key, node));
    }
    Ok(fields)
}

fn value<'a>(fields: &[(&str, &'a Node)], parent: &Node, key: &str) -> Result<&'a Node, ParseError> {
    let found = fields.iter().find(|(known, _)| *known == key).map(|(_, node)| *node);
    found.ok_or_else(|| wrong(parent.line, format!("`{key}` is missing")))
}

fn string(node: &Node, key: &str) -> Result<String, ParseError> {
    match &node.value {
        Value::Text(text) if !text.is_empty() => Ok(text.clone()),
        other => Err(wrong(node.line, format!("`{key}` is {other} and no text"))),
    }
}

fn wrong(line: u32, what: String) -> ParseError {
    ParseError { line, what, help: AGAIN.into() }
}
