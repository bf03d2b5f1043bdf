//! YAML as a tree in which every key and every value knows where it was written; several trees merged into one.
//! Must not know: which keys there are.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Error, Location, MessageFormatter, Spanned};

use crate::finding::{Finding, Severity};
use crate::source::{Place, SourceId, Sources};

/// A value and where it was written.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) value: Value,
    /// `None` for what nobody wrote.
    pub(crate) place: Option<Place>,
}

#[derive(Clone)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key with its value; keys keep the order in which they were first written.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    /// Where the key was written; `None` for what nobody wrote.
    pub(crate) place: Option<Place>,
    pub(crate) node: Node,
}

/// A `null` that was laid over a map and changes nothing.
pub(crate) struct KeptMap {
    pub(crate) path: Vec<String>,
    pub(crate) place: Option<Place>,
}

/// What the parser hands over: positions are still its own.
enum Raw {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

/// Parses one file, which holds one document: a map, or nothing at all.
pub(crate) fn parse(sources: &Sources, source: SourceId) -> Result<Node, Box<Finding>> {
    // As upstream's parser reads: `yes` is a text, `0644` is octal, `.inf` survives in a plugin's configuration.
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_nodes: 100_000 },
        strict_booleans: true,
        legacy_octal_numbers: true,
        non_finite_float_policy: serde_saphyr::NonFiniteFloatPolicy::AsString,
        with_snippet: false,
    };
    let raw: Spanned<Raw> = serde_saphyr::from_str_with_options(sources.text(source), options)
        .map_err(|error| Box::new(broken(sources, source, &error)))?;
    let root = node(source, raw);
    match root.value {
        Value::Map(_) => Ok(root),
        Value::Null => Ok(Node::empty()),
        ref other => Err(Box::new(finding(
            sources,
            root.place,
            format!("a configuration file holds a map of keys, found {other}"),
            "start with a key such as `communications:` or `executors:` at the beginning of a line",
        ))),
    }
}

impl Node {
    /// What a configuration of no files is.
    pub(crate) fn empty() -> Self {
        Self { value: Value::Map(Vec::new()), place: None }
    }

    /// What no one wrote.
    pub(crate) fn unwritten(value: Value) -> Self {
        Self { value, place: None }
    }

    /// Lays `upper` over this: maps merge key by key, anything else replaces (contract-host §1.2). A `null` leaves a map as
    /// it is, which is noted where the map held something.
    pub(crate) fn overlay(&mut self, upper: Self, kept: &mut Vec<KeptMap>) {
        self.lay(upper, &mut Vec::new(), kept);
    }

    fn lay(&mut self, upper: Self, path: &mut Vec<String>, kept: &mut Vec<KeptMap>) {
        match (&mut self.value, upper.value) {
            (Value::Map(entries), Value::Map(upper)) => {
                for entry in upper {
                    path.push(entry.key.clone());
                    entry.merge_into(entries, path, kept);
                    path.pop();
                }
            }
            (Value::Map(entries), Value::Null) => {
                if !entries.is_empty() {
                    kept.push(KeptMap { path: path.clone(), place: upper.place });
                }
            }
            (value, replacement) => {
                *value = replacement;
                self.place = upper.place;
            }
        }
    }

    /// Where the key at the end of `path` was written, and its value; items of a list are `[index]`.
    pub(crate) fn find(&self, path: &[impl AsRef<str>]) -> Option<(Option<Place>, &Self)> {
        path.iter().try_fold((self.place, self), |(_, node), key| match &node.value {
            Value::Map(entries) => {
                let entry = entries.iter().find(|entry| entry.key == key.as_ref())?;
                Some((entry.place, &entry.node))
            }
            Value::List(items) => {
                let index = key.as_ref().strip_prefix('[')?.strip_suffix(']')?.parse::<usize>().ok()?;
                items.get(index).map(|item| (item.place, item))
            }
            _ => None,
        })
    }

    /// The keys below, none if this is no map.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The same, to be changed.
    pub(crate) fn entries_mut(&mut self) -> &mut [Entry] {
        match &mut self.value {
            Value::Map(entries) => entries,
            _ => &mut [],
        }
    }

    /// The value of the key of this name, in whatever letter case; the exact spelling wins.
    pub(crate) fn get(&self, name: &str) -> Option<&Entry> {
        let entries = self.entries();
        let exact = entries.iter().find(|entry| entry.key == name);
        exact.or_else(|| entries.iter().find(|entry| entry.key.eq_ignore_ascii_case(name)))
    }
}

impl Entry {
    fn merge_into(self, entries: &mut Vec<Self>, path: &mut Vec<String>, kept: &mut Vec<KeptMap>) {
        match entries.iter_mut().find(|known| known.key == self.key) {
            Some(known) => {
                // A map that is only added to is still the one its first file wrote.
                if !matches!((&known.node.value, &self.node.value), (Value::Map(_), Value::Map(_) | Value::Null)) {
                    known.place = self.place;
                }
                known.node.lay(self.node, path, kept);
            }
            None => entries.push(self),
        }
    }
}

impl Value {
    /// The same without positions.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Number(value) => value.clone().into(),
            Self::Text(value) => value.clone().into(),
            Self::List(items) => items.iter().map(|item| item.value.to_json()).collect(),
            Self::Map(entries) => entries.iter().map(|entry| (entry.key.clone(), entry.node.value.to_json())).collect(),
        }
    }
}

/// What a message calls the value; a text, which may be a secret, is not in it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("nothing"),
            Self::Bool(value) => write!(f, "the boolean `{value}`"),
            Self::Number(value) => write!(f, "the number `{value}`"),
            Self::Text(_) => f.write_str("a text"),
            Self::List(_) => f.write_str("a list"),
            Self::Map(_) => f.write_str("a map"),
        }
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyNode;

        impl<'de> Visitor<'de> for AnyNode {
            type Value = Raw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a YAML value")
            }

            fn visit_unit<E>(self) -> Result<Raw, E> {
                Ok(Raw::Null)
            }

            fn visit_none<E>(self) -> Result<Raw, E> {
                Ok(Raw::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
                Ok(Raw::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
                Ok(Raw::Number(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
                Ok(Raw::Number(value.into()))
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Raw, E> {
                serde_json::Number::from_f64(value).map(Raw::Number).ok_or_else(|| E::custom("number out of range"))
            }

            fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
                Ok(Raw::Text(value.into()))
            }

            fn visit_string<E>(self, value: String) -> Result<Raw, E> {
                Ok(Raw::Text(value))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = access.next_element()? {
                    items.push(item);
                }
                Ok(Raw::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Raw, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = access.next_entry()? {
                    entries.push(entry);
                }
                Ok(Raw::Map(entries))
            }
        }

        deserializer.deserialize_any(AnyNode)
    }
}

fn node(source: SourceId, raw: Spanned<Raw>) -> Node {
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Bool(value) => Value::Bool(value),
        Raw::Number(value) => Value::Number(value),
        Raw::Text(value) => Value::Text(value),
        Raw::List(items) => Value::List(items.into_iter().map(|item| node(source, item)).collect()),
        Raw::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| Entry {
                    place: Some(place(source, key.defined)),
                    key: key.value,
                    node: node(source, value),
                })
                .collect(),
        ),
    };
    Node { value, place: Some(place(source, raw.defined)) }
}

/// For an alias the place of the anchor: that is where the text to mend stands.
fn place(source: SourceId, location: Location) -> Place {
    let number = |value: u64| u32::try_from(value).unwrap_or(u32::MAX).max(1);
    Place { source, line: number(location.line()), column: number(location.column()) }
}

fn broken(sources: &Sources, source: SourceId, error: &Error) -> Finding {
    let at = error.location().map(|location| place(source, location));
    let error = match error.without_snippet() {
        Error::AliasError { error, .. } => error,
        other => other,
    };
    let tab = at.and_then(|at| sources.excerpt(at)).is_some_and(|line| line.trim_start_matches(' ').starts_with('\t'));
    let (message, help) = match error {
        Error::MultipleDocuments { .. } => (
            "a configuration file holds one YAML document, this one holds several".into(),
            "put each document into a file of its own; files are merged in the order they are named",
        ),
        Error::DuplicateMappingKey { key: Some(key), .. } => (
            format!("the key `{key}` stands twice in the same map"),
            "remove one of the two, or put what they hold under one key",
        ),
        Error::Budget { .. } | Error::AliasReplayLimitExceeded { .. } => (
            "the file is too large, or its anchors unfold to too much".into(),
            "configurations have thousands of values, not hundreds of thousands; write less, or repeat less",
        ),
        _ if tab => {
            ("the line is indented with a tab".into(), "YAML is indented with blanks; replace the tab by blanks")
        }
        _ => (
            format!("this is not valid YAML: {}", serde_saphyr::UserMessageFormatter.format_message(error)),
            "look at indentation, quotes, brackets and colons of this line and of the one above",
        ),
    };
    finding(sources, at, message, help)
}

fn finding(sources: &Sources, at: Option<Place>, message: String, help: &str) -> Finding {
    Finding {
        severity: Severity::Error,
        path: String::new(),
        origin: at.map(|at| sources.origin(at)),
        message,
        help: Some(help.into()),
        excerpt: at.and_then(|at| sources.excerpt(at)),
        differs: None,
    }
}

#[cfg(test)]
mod tests;
