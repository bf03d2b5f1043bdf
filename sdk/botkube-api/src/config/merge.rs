//! Lays documents over defaults, one level of keys at a time (contract-plugins §5.3, rules 2, 3 and 8).
//! Must not know which type the result is decoded into.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{ConfigError, kind, yaml};

/// Lays YAML documents over `defaults`, later ones over earlier ones, and gives the map that results.
///
/// Maps merge key by key; everything else replaces what was there: lists whole, and `null` even a whole map. A key of
/// the defaults that documents spell in another case only takes their spelling, so that [`decode`](super::decode) finds
/// what the document says. An empty document and `null` change nothing.
///
/// # Errors
/// When documents are not YAML or not a map; all of them are told. When `defaults` are neither a map nor null.
pub fn merge(defaults: Option<Value>, documents: &[impl AsRef<[u8]>]) -> Result<Value, ConfigError> {
    let defaults = match defaults {
        Some(Value::Object(map)) => map,
        None | Some(Value::Null) => Map::new(),
        Some(other) => return Err(ConfigError::Defaults { problem: format!("they are {}", kind(&other)) }),
    };
    let mut layers = Vec::with_capacity(documents.len());
    let mut broken = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        match yaml::parse(index + 1, document.as_ref()) {
            Ok(map) => layers.push(map),
            Err(error) => broken.push(error),
        }
    }
    if broken.is_empty() { Ok(Value::Object(level(defaults, layers))) } else { Err(ConfigError::Documents(broken)) }
}

/// What one key has in the defaults and in the documents that have it, in order.
#[derive(Default)]
struct Stack {
    default: Option<Value>,
    layers: Vec<Value>,
}

fn level(defaults: Map<String, Value>, mut layers: Vec<Map<String, Value>>) -> Map<String, Value> {
    if layers.is_empty() {
        return defaults;
    }
    if defaults.is_empty() && layers.len() == 1 {
        return layers.remove(0);
    }
    let respelled = respelled(&defaults, &layers);
    let mut keys: BTreeMap<String, Stack> = BTreeMap::new();
    for (key, value) in defaults {
        let key = respelled.get(&key).cloned().unwrap_or(key);
        keys.insert(key, Stack { default: Some(value), layers: Vec::new() });
    }
    for (key, value) in layers.into_iter().flatten() {
        keys.entry(key).or_default().layers.push(value);
    }
    keys.into_iter().map(|(key, stack)| (key, stack.settle())).collect()
}

/// The keys of the defaults that documents spell in another case only, each with a document's spelling.
fn respelled(defaults: &Map<String, Value>, layers: &[Map<String, Value>]) -> BTreeMap<String, String> {
    let unknown = layers.iter().flat_map(Map::keys).filter(|key| !defaults.contains_key(*key));
    let meant = unknown.filter_map(|key| Some((defaults.keys().find(|name| name.eq_ignore_ascii_case(key))?, key)));
    meant
        .filter(|(name, _)| !layers.iter().any(|layer| layer.contains_key(*name)))
        .map(|(name, key)| (name.clone(), key.clone()))
        .collect()
}

impl Stack {
    /// The last value that is no map hides all before it; the maps behind it merge.
    fn settle(mut self) -> Value {
        let hiding = self.layers.iter().rposition(|layer| !layer.is_object());
        let maps: Vec<_> = self.layers.drain(hiding.map_or(0, |at| at + 1)..).filter_map(into_map).collect();
        if maps.is_empty() {
            return self.layers.pop().or(self.default).unwrap_or_default();
        }
        let below = self.default.filter(|_| hiding.is_none()).and_then(into_map);
        Value::Object(level(below.unwrap_or_default(), maps))
    }
}

fn into_map(value: Value) -> Option<Map<String, Value>> {
    match value {
        Value::Object(map) => Some(map),
        _ => None,
    }
}
