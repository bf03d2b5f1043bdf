//! What stands for each value of a configuration, so that two can be compared once their secrets are forgotten.
//! Must not know: what a key means.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::shape::{self, Map, Shape};
use crate::tree::{Node, Value};

/// What stands for the value at the end of each path; equal for equal values of one process.
pub(crate) type Seals = BTreeMap<Vec<String>, u64>;

/// The seals of a whole configuration, before its secrets are masked.
pub(crate) fn seals(root: &Node) -> Seals {
    let mut seals = Seals::new();
    map(root, shape::root(), &mut Vec::new(), &mut seals);
    seals
}

fn map(node: &Node, declared: &Map, path: &mut Vec<String>, seals: &mut Seals) {
    for entry in node.entries() {
        let known = declared.known.iter().find(|field| field.name == entry.key).map(|field| &field.shape);
        let Some(shape) = known.or(declared.rest.as_ref()) else { continue };
        path.push(entry.key.clone());
        match (shape, &entry.node.value) {
            (Shape::Map(declared), Value::Map(_)) => map(&entry.node, declared, path, seals),
            (Shape::Any, Value::Null) => {}
            (Shape::Any, value) => drop(seals.insert(path.clone(), seal(value))),
            (_, value) if is_nothing(value) => {}
            (_, value) => drop(seals.insert(path.clone(), seal(value))),
        }
        path.pop();
    }
}

/// Whether writing the value is as good as writing nothing.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Text(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        _ => false,
    }
}

fn seal(value: &Value) -> u64 {
    let mut json = value.to_json();
    // Plugins are given their configuration with sorted keys.
    json.sort_all_objects();
    let mut hash = DefaultHasher::new();
    json.to_string().hash(&mut hash);
    hash.finish()
}
