//! From names of variables to keys.
//! Must not know: single keys, or what their values mean.
//!
//! Upstream's rule (contract-host §1.3): `_` goes one key down, `__` begins the next word of a name such as `clusterName`.
//! Here a name is compared with the keys and names there are, in whatever letter case, and with `_` for whatever a
//! variable cannot hold, so that `botkube/helm` is reached by `BOTKUBE_HELM`.

use std::collections::{BTreeMap, BTreeSet};

use crate::nearest::nearest;
use crate::report::{Findings, dotted};
use crate::schema::value::{FROM_ENV, FROM_FILE};
use crate::shape::{self, Map, Shape};
use crate::source::Sources;
use crate::tree::{Entry, KeptMap, Node, Value};

/// What the variables that belong to the configuration begin with.
const PREFIX: &str = "BOTKUBE_";

/// Lays what the variables say over `root`.
pub(crate) fn overlay(
    root: &mut Node,
    variables: &BTreeMap<String, String>,
    sources: &mut Sources,
    findings: &mut Findings,
    kept: &mut Vec<KeptMap>,
) {
    let mut mentioned = BTreeSet::new();
    secrets(root, &mut mentioned);
    for (name, value) in variables {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        if name == crate::CONFIG_PATHS_VARIABLE || is_service_link(rest, value) || mentioned.contains(name) {
            continue;
        }
        let place = sources.add_variable(name);
        match resolve(rest, root) {
            Resolved::One(path) => {
                let leaf = Node { value: Value::Text(value.clone()), place: Some(place) };
                let wrap = |node, key: &String| Node {
                    value: Value::Map(vec![Entry { key: key.clone(), place: Some(place), node }]),
                    place: Some(place),
                };
                root.overlay(path.iter().rev().fold(leaf, wrap), kept);
            }
            Resolved::Several(paths) => {
                let paths: Vec<_> = paths.iter().map(|path| format!("`{}`", dotted(path))).collect();
                let message = format!("the variable `{name}` could mean {}; it is ignored", paths.join(" or "));
                findings.warning(&[""; 0], Some(place), message, "write the value in a file instead");
            }
            Resolved::None => {
                let known = names(root);
                let help = match nearest(name, known.iter().map(String::as_str)) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "`_` goes one key down, `__` begins a new word: `BOTKUBE_SETTINGS_CLUSTER__NAME`".into(),
                };
                let message = format!("the variable `{name}` names no key of the configuration; it is ignored");
                findings.difference(80, &[""; 0], Some(place), message, help);
            }
        }
    }
}

/// The variables in which secrets are said to be; those are no keys.
fn secrets(node: &Node, found: &mut BTreeSet<String>) {
    for entry in node.entries() {
        match &entry.node.value {
            Value::Text(name) if entry.key == FROM_ENV => {
                found.insert(name.clone());
            }
            Value::Map(_) => secrets(&entry.node, found),
            _ => {}
        }
    }
}

enum Resolved {
    None,
    One(Vec<String>),
    Several(Vec<Vec<String>>),
}

fn resolve(name: &str, root: &Node) -> Resolved {
    let mut found = Vec::new();
    search(name, Some(root), shape::root(), &mut Vec::new(), &mut found);
    // What is there wins over what would be new.
    let least_new = found.iter().map(|(new, _)| *new).min().unwrap_or_default();
    let mut paths: Vec<_> = found.into_iter().filter(|(new, _)| *new == least_new).map(|(_, path)| path).collect();
    paths.dedup();
    match paths.len() {
        0 => Resolved::None,
        1 => Resolved::One(paths.remove(0)),
        _ => Resolved::Several(paths),
    }
}

/// Every path that `name` may mean below `map`, each with the number of names in it that are not there yet.
fn search(name: &str, node: Option<&Node>, map: &Map, path: &mut Vec<String>, found: &mut Vec<(usize, Vec<String>)>) {
    for field in &map.known {
        for rest in matching(name, &field.name) {
            let below = node.and_then(|node| node.get(&field.name)).map(|entry| &entry.node);
            path.push(field.name.clone());
            step(rest, below, &field.shape, 0, path, found);
            path.pop();
        }
    }
    let Some(shape) = &map.rest else { return };
    let mut there = false;
    for entry in node.map(Node::entries).unwrap_or_default() {
        if map.known.iter().any(|field| field.name == entry.key) {
            continue;
        }
        for rest in matching(name, &entry.key) {
            there = true;
            path.push(entry.key.clone());
            step(rest, Some(&entry.node), shape, 0, path, found);
            path.pop();
        }
    }
    // A plugin's key has a slash, which no variable can say.
    if !there && !map.plugins {
        let (first, rest) = first_key(name);
        path.push(title_cased(first));
        step(rest, None, shape, 1, path, found);
        path.pop();
    }
}

fn step(
    rest: Option<&str>,
    node: Option<&Node>,
    shape: &Shape,
    new: usize,
    path: &mut Vec<String>,
    found: &mut Vec<(usize, Vec<String>)>,
) {
    let from = found.len();
    match (rest, shape) {
        (None, _) => found.push((0, path.clone())),
        (Some(rest), Shape::Map(map)) => search(rest, node, map, path, found),
        (Some(rest), Shape::Secret) => {
            for key in [FROM_FILE, FROM_ENV] {
                if matching(rest, key).contains(&None) {
                    found.push((0, [path.as_slice(), &[key.to_owned()]].concat()));
                }
            }
        }
        (Some(rest), Shape::Any) => {
            let mut inner = path.clone();
            let (mut rest, mut node) = (Some(rest), node);
            while let Some(name) = rest {
                let known = node.map(Node::entries).unwrap_or_default();
                let fit = known.iter().find_map(|entry| Some((entry, *matching(name, &entry.key).first()?)));
                match fit {
                    Some((entry, after)) => {
                        inner.push(entry.key.clone());
                        (node, rest) = (Some(&entry.node), after);
                    }
                    None => {
                        let (first, after) = first_key(name);
                        inner.push(title_cased(first));
                        (node, rest) = (None, after);
                    }
                }
            }
            found.push((0, inner));
        }
        _ => {}
    }
    found[from..].iter_mut().for_each(|(count, _)| *count += new);
}

/// What is left of `name` behind `key`, in each way in which it may begin with it; `None` when nothing is.
fn matching<'n>(name: &'n str, key: &str) -> Vec<Option<&'n str>> {
    let mut ways = Vec::new();
    let mut try_way = |end: usize| {
        let rest = &name[end..];
        let way = match rest.strip_prefix('_') {
            None if rest.is_empty() => Some(None),
            Some(after) if !after.is_empty() && !after.starts_with('_') => Some(Some(after)),
            _ => None,
        };
        if let Some(way) = way.filter(|way| !ways.contains(way)) {
            ways.push(way);
        }
    };
    // As the words of a name, `__` between them or not.
    let (first, _) = first_key(name);
    if first.replace("__", "").eq_ignore_ascii_case(key) {
        try_way(first.len());
    }
    // With `_` for everything that is no letter and no digit.
    if name.len() >= key.len() && name.is_char_boundary(key.len()) {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
        if name[..key.len()].chars().map(plain).eq(key.chars().map(plain)) {
            try_way(key.len());
        }
    }
    ways
}

/// `name` up to the first `_` that is not one of two, and what follows it.
fn first_key(name: &str) -> (&str, Option<&str>) {
    let mut at = 0;
    while let Some(found) = name[at..].find('_') {
        let here = at + found;
        if name[here + 1..].starts_with('_') {
            at = here + 2;
        } else {
            return (&name[..here], Some(&name[here + 1..]));
        }
    }
    (name, None)
}

/// As upstream: the first word in small letters, every further one with a capital.
fn title_cased(name: &str) -> String {
    let mut text = String::new();
    for (index, word) in name.to_lowercase().split("__").enumerate() {
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if index > 0 => text.extend(first.to_uppercase()),
            Some(first) => text.push(first),
            None => {}
        }
        text.push_str(letters.as_str());
    }
    text
}

/// Whether Kubernetes made the variable for a Service whose name begins with `botkube`.
fn is_service_link(rest: &str, value: &str) -> bool {
    let of_service = |suffix: &str| {
        rest == suffix
            || rest.starts_with(&format!("{suffix}_"))
            || rest.contains(&format!("_{suffix}_"))
            || rest.ends_with(&format!("_{suffix}"))
    };
    let address = ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme));
    rest == "PORT"
        || rest.starts_with("PORT_")
        || of_service("SERVICE_HOST")
        || of_service("SERVICE_PORT")
        || ["_TCP", "_UDP", "_SCTP"]
            .iter()
            .any(|protocol| rest.contains(&format!("{protocol}_")) || rest.ends_with(protocol))
        || (rest.ends_with("_PORT") && address)
}

/// The variables of every key that is known or there.
fn names(root: &Node) -> Vec<String> {
    fn collect(node: Option<&Node>, map: &Map, name: &str, found: &mut Vec<String>) {
        for field in &map.known {
            let name = format!("{name}{}", spelled(&field.name));
            match &field.shape {
                Shape::Map(map) => {
                    let below = node.and_then(|node| node.get(&field.name)).map(|entry| &entry.node);
                    collect(below, map, &format!("{name}_"), found);
                }
                _ => found.push(name),
            }
        }
        if let Some(Shape::Map(rest)) = &map.rest {
            for entry in node.map(Node::entries).unwrap_or_default() {
                let alias: String = entry
                    .key
                    .chars()
                    .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
                    .collect();
                collect(Some(&entry.node), rest, &format!("{name}{alias}_"), found);
            }
        }
    }
    let mut found = Vec::new();
    collect(Some(root), shape::root(), PREFIX, &mut found);
    found
}

/// How a key is written in a variable: `clusterName` as `CLUSTER__NAME`.
pub(crate) fn spelled(key: &str) -> String {
    let mut text = String::new();
    for letter in key.chars() {
        if letter.is_ascii_uppercase() {
            text.push_str("__");
        }
        text.push(letter.to_ascii_uppercase());
    }
    text
}

#[cfg(test)]
mod tests;
