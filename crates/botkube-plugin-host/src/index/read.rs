//! From a YAML tree to the entries of an index, and to what is wrong with the others (contract-plugins §6.6).
//! Must not know: which entry anybody wants, or what its addresses mean.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{
    Dependency, Download, Entry, Index, IndexError, Platform, PluginKind, Problem,
    tree::{Node, Value},
    version::Version,
};

/// One entry while it is read.
struct Reader<'a> {
    node: &'a Node,
    number: usize,
    /// How many problems it has.
    found: usize,
    problems: &'a mut Vec<Problem>,
}

/// What is wrong with a map, whatever its keys mean.
enum Fault<'a> {
    /// A key and its second value.
    Twice(&'a str, &'a Node),
    /// The map and how many keys it has.
    TooMany(&'a Node, usize),
}

/// So many problems tell enough.
const MAX_PROBLEMS: usize = 200;

/// So many keys has no map that is meant, not even one of dependencies.
const MAX_KEYS: usize = 1_000;

pub(super) fn index(root: &Node) -> Result<Index, IndexError> {
    let entries = match (&root.value, root.get("entries").map(|node| &node.value)) {
        (Value::Map(_), Some(Value::List(entries))) => entries.as_slice(),
        (Value::Map(_), Some(Value::Null)) => &[],
        (Value::Map(_), Some(other)) => {
            return Err(IndexError::NoEntries { found: format!("{other} under `entries`") });
        }
        (Value::Map(_), None) => return Err(IndexError::NoEntries { found: "a map of other keys".into() }),
        (other, _) => return Err(IndexError::NoEntries { found: other.to_string() }),
    };
    let mut index = Index::default();
    let again = match &root.value {
        Value::Map(keys) => keys.iter().filter(|(key, _)| key == "entries").nth(1),
        _ => None,
    };
    if let Some((_, node)) = again {
        index.problems.push(Problem {
            entry: None,
            name: None,
            line: node.line,
            what: "the key `entries` stands twice, and the first one counts".into(),
            help: "put all entries into one list".into(),
        });
    }
    let mut seen: HashMap<(PluginKind, String, String), usize> = HashMap::new();
    for (at, node) in entries.iter().enumerate() {
        let mut reader = Reader { node, number: at + 1, found: 0, problems: &mut index.problems };
        let Some(entry) = reader.entry() else { continue };
        let key = (entry.kind, entry.name.clone(), entry.version.clone());
        if let Some(first) = seen.get(&key) {
            reader.problem(
                node,
                format!(
                    "the {} `{}` has the version `{}` in entry {first} already, and that one counts",
                    entry.kind, entry.name, entry.version
                ),
                "remove one of the two, or give it another version",
            );
            continue;
        }
        seen.insert(key, at + 1);
        index.entries.push(entry);
    }
    Ok(index)
}

impl<'a> Reader<'a> {
    /// `None` when the entry cannot be used; why is among the problems.
    fn entry(&mut self) -> Option<Entry> {
        let node = self.node;
        if !matches!(node.value, Value::Map(_)) {
            self.problem(
                node,
                format!("it is {}, and an entry is a map", node.value),
                "write `name:`, `type:` and so on",
            );
            return None;
        }
        match fault(node) {
            Some(Fault::Twice(key, value)) => {
                let what =
                    format!("the key `{}` stands twice in one map, so the entry is left out", key.escape_debug());
                self.problem(value, what, "remove one of the two");
            }
            Some(Fault::TooMany(map, keys)) => {
                let what = format!("a map has {keys} keys, so the entry is left out");
                self.problem(map, what, &format!("write at most {MAX_KEYS}"));
                return None;
            }
            None => {}
        }
        let kind = self.required("type").and_then(|(node, text)| {
            let kind = [PluginKind::Executor, PluginKind::Source].into_iter().find(|kind| kind.as_str() == text);
            if kind.is_none() {
                let what = format!("`type` is {}, so the entry is left out", node.value);
                self.problem(node, what, "write `executor` or `source`");
            }
            kind
        });
        let name = self.file_name("name");
        let version = self.file_name("version");
        let description = self.optional("description");
        let documentation_url = self.optional("documentationUrl");
        let recommended = self.optional("recommended").is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let minimum_agent_version = self.minimum_agent_version();
        if self.found > 0 {
            return None;
        }
        let downloads = self.downloads();
        if downloads.is_empty() {
            if self.found == 0 {
                let what = "it has no `urls`, so the entry is left out";
                self.problem(node, what.into(), "list where the plugin is, for each platform");
            }
            return None;
        }
        Some(Entry {
            kind: kind?,
            name: name?,
            version: version?,
            description: description.unwrap_or_default().into(),
            documentation_url: documentation_url.map(Into::into),
            recommended,
            minimum_agent_version,
            downloads,
            line: node.line,
        })
    }

    /// What can be used of `urls`; of two for one platform the last counts, as upstream has it.
    fn downloads(&mut self) -> Vec<Download> {
        let list = match self.node.get("urls") {
            Some(Node { value: Value::List(list), .. }) => list.as_slice(),
            None | Some(Node { value: Value::Null, .. }) => &[],
            Some(other) => {
                self.problem(
                    other,
                    format!("`urls` is {}, so the entry is left out", other.value),
                    "make it a list of maps",
                );
                &[]
            }
        };
        let mut downloads: Vec<Download> = Vec::new();
        let mut places: HashMap<Platform, usize> = HashMap::new();
        for node in list {
            let Some(download) = self.download(node) else { continue };
            if let Some(known) = places.get(&download.platform) {
                let what = format!("`urls` has {} twice, and the last one counts", download.platform);
                self.problem(node, what, "remove one of the two");
                downloads[*known] = download;
            } else {
                places.insert(download.platform.clone(), downloads.len());
                downloads.push(download);
            }
        }
        downloads
    }

    fn download(&mut self, node: &'a Node) -> Option<Download> {
        let text = |node: Option<&Node>| match node.map(|node| &node.value) {
            Some(Value::Text(text)) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
            _ => None,
        };
        let platform = node.get("platform");
        let part = |key: &str| text(platform.and_then(|platform| platform.get(key)));
        let platform = match (part("os"), part("architecture")) {
            (Some(os), Some(architecture)) => Platform { os, architecture },
            _ => {
                let what = "a url says no `platform.os` or no `platform.architecture`, and is left out";
                self.problem(node, what.into(), "write both, such as `linux` and `amd64`");
                return None;
            }
        };
        let Some(url) = text(node.get("url")) else {
            let what = format!("there is no `url` for {platform}, so the plugin is not there for it");
            self.problem(node, what, "write where the plugin is");
            return None;
        };
        let checksum = self.checksum(node, &format!("for {platform}"))?;
        let mut dependencies = BTreeMap::new();
        let listed = match node.get("dependencies").map(|node| (node, &node.value)) {
            None | Some((_, Value::Null)) => &[],
            Some((_, Value::Map(listed))) => listed.as_slice(),
            Some((node, other)) => {
                let what = format!("`dependencies` for {platform} is {other}, so the plugin is not there for it");
                self.problem(node, what, "make it a map from a program's name to its `url`");
                return None;
            }
        };
        for (name, value) in listed {
            let Some(url) = text(value.get("url")) else {
                let what = format!(
                    "the dependency `{}` has no `url` for {platform}, so the plugin is not there for it",
                    name.escape_debug()
                );
                self.problem(value, what, "write where the program is");
                return None;
            };
            if !is_file_name(name) {
                let what = format!(
                    "the dependency `{}` cannot be the name of a file, so the plugin is not there for {platform}",
                    name.escape_debug()
                );
                self.problem(value, what, "use letters, digits, dots and dashes");
                return None;
            }
            let checksum = self.checksum(value, &format!("of the dependency `{name}` for {platform}"))?;
            dependencies.insert(name.clone(), Dependency { url, checksum });
        }
        Some(Download { platform, url, checksum, dependencies })
    }

    /// The inner `None`: there is none. The outer one: it cannot be read, and without it the file would be run unchecked.
    fn checksum(&mut self, node: &Node, whose: &str) -> Option<Option<String>> {
        match node.get("checksum") {
            None | Some(Node { value: Value::Null, .. }) => Some(None),
            Some(Node { value: Value::Text(checksum), .. }) => {
                Some(Some(checksum.trim().to_owned()).filter(|checksum| !checksum.is_empty()))
            }
            Some(other) => {
                let what = format!("`checksum` {whose} is {}, so the plugin is not there for it", other.value);
                self.problem(other, what, "write the SHA-256 of the file, as 64 hexadecimal digits");
                None
            }
        }
    }

    fn minimum_agent_version(&mut self) -> Option<String> {
        let node = self.node.get("minimumAgentVersion")?;
        match &node.value {
            Value::Null => None,
            Value::Text(text) if Version::parse(text.trim()).is_some() => Some(text.trim().to_owned()),
            other => {
                let what = format!("`minimumAgentVersion` is {other}, which is no version, so the entry is left out");
                self.problem(node, what, "write one such as `1.2.0`");
                None
            }
        }
    }

    /// A text that has to be there.
    fn required(&mut self, key: &str) -> Option<(&'a Node, &'a str)> {
        let node = self.node.get(key);
        match node.map(|node| (node, &node.value)) {
            Some((node, Value::Text(text))) if !text.trim().is_empty() => Some((node, text.trim())),
            found => {
                let found = found.map_or("missing".into(), |(_, value)| match value {
                    Value::Text(_) | Value::Null => "empty".into(),
                    other => other.to_string(),
                });
                self.problem(
                    node.unwrap_or(self.node),
                    format!("`{key}` is {found}, so the entry is left out"),
                    "write it",
                );
                None
            }
        }
    }

    /// A required text that becomes a part of a file's name.
    fn file_name(&mut self, key: &str) -> Option<String> {
        let (node, text) = self.required(key)?;
        if is_file_name(text) {
            return Some(text.into());
        }
        let what =
            format!("`{key}` is {}, which cannot be in the name of a file, so the entry is left out", node.value);
        self.problem(node, what, "use letters, digits, dots and dashes");
        None
    }

    fn optional(&self, key: &str) -> Option<&'a str> {
        match self.node.get(key).map(|node| &node.value) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    fn problem(&mut self, at: &Node, what: String, help: &str) {
        self.found += 1;
        if self.problems.len() >= MAX_PROBLEMS {
            return;
        }
        let name = self.optional("name").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
        self.problems.push(Problem { entry: Some(self.number), name, line: at.line, what, help: help.into() });
    }
}

/// The first map in here that cannot be meant so.
fn fault(node: &Node) -> Option<Fault<'_>> {
    match &node.value {
        Value::Map(entries) if entries.len() > MAX_KEYS => Some(Fault::TooMany(node, entries.len())),
        Value::Map(entries) => {
            let mut seen = HashSet::new();
            let again = entries.iter().find(|(key, _)| !seen.insert(key.as_str()));
            let here = again.map(|(key, value)| Fault::Twice(key, value));
            here.or_else(|| entries.iter().find_map(|(_, value)| fault(value)))
        }
        Value::List(items) => items.iter().find_map(fault),
        Value::Null | Value::Text(_) => None,
    }
}

/// Stricter than upstream: names, versions and dependencies become names of files in the plugin store.
fn is_file_name(text: &str) -> bool {
    !matches!(text, "" | "." | "..")
        && text.len() <= 128
        && !text.contains(|c: char| matches!(c, '/' | '\\') || c.is_whitespace() || c.is_control())
}
