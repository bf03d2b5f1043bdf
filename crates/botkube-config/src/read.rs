//! Typed, forgiving reading of a tree, and the list of everything found wrong on the way.
//! Must not know: which keys there are, or what their values are for.
//!
//! A value that is wrong is reported and read as if it were not there: reading goes on, so that a person hears
//! everything at once. The weak typing is upstream's (contract-host §1.2).

use std::fmt::Display;

use crate::finding::{Finding, Origin, Severity};
use crate::source::{Place, Sources};
use crate::tree::{Entry, Node, Value};

/// Collects findings while a tree is read.
pub(crate) struct Reader<'s> {
    sources: &'s Sources,
    findings: Vec<(Option<Place>, Finding)>,
}

/// A value, and the way to it.
#[derive(Clone)]
pub(crate) struct Field<'t> {
    pub(crate) path: String,
    /// The last key on the way, empty for the root and for items of a list.
    pub(crate) key: &'t str,
    /// Where that key is written; for items of a list, the item.
    pub(crate) place: Option<Place>,
    node: &'t Node,
}

/// The keys below one value.
#[derive(Default)]
pub(crate) struct Map<'t> {
    path: String,
    entries: &'t [Entry],
}

impl<'s> Reader<'s> {
    pub(crate) fn new(sources: &'s Sources) -> Self {
        Self { sources, findings: Vec::new() }
    }

    /// Everything found, in the order in which it is written.
    pub(crate) fn into_findings(mut self) -> Vec<Finding> {
        self.findings.sort_by_key(|(place, _)| *place);
        self.findings.into_iter().map(|(_, finding)| finding).collect()
    }

    /// How much was found so far; tells whether a step found something.
    pub(crate) fn findings_count(&self) -> usize {
        self.findings.len()
    }

    /// Reports something about the value of `field`.
    pub(crate) fn error(&mut self, field: &Field<'_>, message: impl Into<String>, help: impl Into<String>) {
        self.push(Severity::Error, field, field.node.place.or(field.place), message.into(), help.into());
    }

    /// Reports something about the key of `field`.
    pub(crate) fn about_key(
        &mut self,
        severity: Severity,
        field: &Field<'_>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(severity, field, field.place, message.into(), help.into());
    }

    fn push(&mut self, severity: Severity, field: &Field<'_>, at: Option<Place>, message: String, help: String) {
        let finding = Finding {
            severity,
            path: field.path.clone(),
            origin: at.map(|at| self.sources.origin(at)),
            message,
            help: Some(help),
            excerpt: at.and_then(|at| self.sources.excerpt(at)),
        };
        self.findings.push((at, finding));
    }

    /// Where the key of `field` is written.
    pub(crate) fn origin(&self, field: &Field<'_>) -> Origin {
        self.sources.origin(field.place.expect("only a root without a file has no place, and nobody asks for that"))
    }
}

impl<'t> Field<'t> {
    pub(crate) fn root(node: &'t Node) -> Self {
        Self { path: String::new(), key: "", place: node.place, node }
    }

    pub(crate) fn value(&self) -> &'t Value {
        &self.node.value
    }

    /// The keys below; none if there is nothing.
    pub(crate) fn map(&self, reader: &mut Reader<'_>) -> Map<'t> {
        let entries = match self.value() {
            Value::Map(entries) => entries.as_slice(),
            Value::Null => &[],
            _ => {
                self.mismatch::<()>(
                    reader,
                    "a map of keys",
                    "write its keys below it, each on a line of its own, indented",
                );
                &[]
            }
        };
        Map { path: self.path.clone(), entries }
    }

    /// A text; numbers are taken as they are written.
    pub(crate) fn text(&self, reader: &mut Reader<'_>) -> Option<String> {
        match self.value() {
            Value::Text(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null => None,
            Value::Bool(_) => self.mismatch(reader, "a text", "put quotes around it"),
            _ => self.mismatch(reader, "a text", "write a single value after the colon"),
        }
    }

    /// A boolean, also as the texts and numbers that Go takes for one.
    pub(crate) fn boolean(&self, reader: &mut Reader<'_>) -> Option<bool> {
        match self.value() {
            Value::Bool(value) => Some(*value),
            Value::Number(number) => Some(number.as_f64() != Some(0.0)),
            Value::Null => None,
            Value::Text(text) => match text.as_str() {
                "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
                "" | "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
                _ => self.mismatch(reader, "a boolean", "write `true` or `false`"),
            },
            _ => self.mismatch(reader, "a boolean", "write `true` or `false`"),
        }
    }

    /// A list of texts, each with its own field. A single text stands for a list, its commas separate.
    pub(crate) fn texts(&self, reader: &mut Reader<'_>) -> Vec<(String, Field<'t>)> {
        match self.value() {
            Value::Text(text) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                items.map(|item| (item.to_owned(), self.clone())).collect()
            }
            Value::Map(_) => {
                self.mismatch::<()>(
                    reader,
                    "a list of texts",
                    "write each on a line of its own behind a dash, or all as `[a, b]`",
                );
                Vec::new()
            }
            _ => self.items().into_iter().filter_map(|item| item.text(reader).map(|text| (text, item))).collect(),
        }
    }

    /// What stands in a list; anything else is a list of one, nothing a list of none.
    pub(crate) fn items(&self) -> Vec<Field<'t>> {
        match self.value() {
            Value::Null => Vec::new(),
            Value::List(items) => items
                .iter()
                .enumerate()
                .map(|(index, node)| Field {
                    path: format!("{}[{index}]", self.path),
                    key: "",
                    place: node.place,
                    node,
                })
                .collect(),
            _ => vec![self.clone()],
        }
    }

    /// Whatever `parse` makes of the value; `expected` and `help` are for the one who wrote something else.
    pub(crate) fn parsed<T>(
        &self,
        reader: &mut Reader<'_>,
        expected: impl Display,
        help: &str,
        parse: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        parse(self.value()).or_else(|| self.mismatch(reader, expected, help))
    }

    fn mismatch<T>(&self, reader: &mut Reader<'_>, expected: impl Display, help: &str) -> Option<T> {
        let what = if self.path.is_empty() { "a configuration" } else { &self.path };
        reader.error(self, format!("`{what}` needs {expected}, found {}", self.value()), help);
        None
    }
}

impl<'t> Map<'t> {
    /// The value of `name`, unless it is `null`.
    pub(crate) fn get(&self, name: &str) -> Option<Field<'t>> {
        self.present(name).filter(|field| !matches!(field.value(), Value::Null))
    }

    /// The value of `name`, `null` or not. Case does not matter, but the exact spelling wins (contract-host §1.2).
    pub(crate) fn present(&self, name: &str) -> Option<Field<'t>> {
        let exact = self.entries.iter().find(|entry| entry.key == name);
        let entry = exact.or_else(|| self.entries.iter().find(|entry| entry.key.eq_ignore_ascii_case(name)))?;
        Some(self.field(entry))
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = Field<'t>> {
        self.entries.iter().map(|entry| self.field(entry))
    }

    fn field(&self, entry: &'t Entry) -> Field<'t> {
        let path = if self.path.is_empty() { entry.key.clone() } else { format!("{}.{}", self.path, entry.key) };
        Field { path, key: &entry.key, place: Some(entry.place), node: &entry.node }
    }
}
