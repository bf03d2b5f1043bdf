//! The configurations of one plugin, merged and decoded. It must not know how.
//!
//! Documents are JSON here, which is YAML; how odd YAML is read is compared by the recorded vectors of `botkube-api`.

use std::collections::BTreeSet;

use proptest::{collection::vec, prelude::*, sample::select};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Rule, Verdict, check_random, check_vectors, ours, same, upstream};

const RULES: &[Rule] = &["D-24", "D-25", "D-26", "D-38"];

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Case {
    /// Whether the defaults of the Go programs' settings are given.
    defaults: bool,
    documents: Vec<Value>,
}

#[derive(Serialize)]
struct Question {
    defaults: bool,
    configs: Vec<String>,
}

fn compare(case: &Case) -> Verdict {
    let texts = |documents: &[Value]| documents.iter().map(ToString::to_string).collect::<Vec<_>>();
    let ours = ours::merged(case.defaults, &texts(&case.documents)).map(settled);
    let ask = |documents: &[Value]| {
        upstream("merge", &Question { defaults: case.defaults, configs: texts(documents) }).map(settled)
    };
    let theirs = ask(&case.documents);
    match (ours, theirs) {
        (Err(_), Err(_)) => Ok(vec![]),
        (Ok(ours), Ok(theirs)) if ours == theirs => Ok(vec![]),
        (Err(_), _) if case.documents.iter().any(no_length_or_number) => Ok(vec!["D-26"]),
        (Err(_), _) if case.documents.iter().any(|document| holds_nothing(&document["m"])) => Ok(vec!["D-38"]),
        (ours, theirs) => {
            let mut rules = Vec::new();
            let mut documents = case.documents.clone();
            if case.defaults && exact_case(documents.iter_mut().collect()) {
                rules.push("D-24");
            }
            if case.defaults && default_map_kept(&mut documents) {
                rules.push("D-25");
            }
            let theirs = if rules.is_empty() { theirs } else { ask(&documents) };
            match (ours, theirs) {
                (Err(_), Err(_)) => Ok(rules),
                (ours, theirs) => same(ours, theirs, rules),
            }
        }
    }
}

/// Whether it has a length of time that is negative or `true`, or a whole number beyond 64 bits.
fn no_length_or_number(document: &Value) -> bool {
    let length = [&document["d"], &document["D"]];
    let negative = |value: &Value| value.as_str().is_some_and(|text| text.starts_with('-')) || value.as_i64() < Some(0);
    length.into_iter().any(|value| value.is_boolean() || !value.is_null() && negative(value))
        || document["i"].as_f64().is_some_and(|number| number.abs() > i64::MAX as f64)
}

/// Whether it is a list with a null in it. Lists of maps become a map.
fn holds_nothing(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.contains(&Value::Null))
}

/// Writes keys the way the defaults have them, unless a document has it that way already; whether any was written otherwise.
fn exact_case(documents: Vec<&mut Value>) -> bool {
    let mut maps: Vec<&mut Map<String, Value>> = documents.into_iter().filter_map(Value::as_object_mut).collect();
    let keys: BTreeSet<String> = maps.iter().flat_map(|map| map.keys().cloned()).collect();
    let mut found = false;
    for key in &keys {
        let exact = key.to_lowercase();
        if exact != *key && !keys.contains(&exact) {
            found = true;
            for map in &mut maps {
                map.remove(key).map(|value| map.insert(exact.clone(), value));
            }
        }
        // The keys of `m` are the user's own.
        if exact != "m" {
            found |= exact_case(maps.iter_mut().filter_map(|map| map.get_mut(&exact)).collect());
        }
    }
    found
}

/// Writes what the defaults have in the map `m` into the first document with such a map; whether there is one.
fn default_map_kept(documents: &mut [Value]) -> bool {
    for document in documents {
        match document.get_mut("m") {
            Some(Value::Object(map)) => {
                map.entry("k1").or_insert_with(|| "v1".into());
                return true;
            }
            // What is no map replaces the default for both.
            Some(_) => return false,
            None => {}
        }
    }
    false
}

/// Without what only Go or only JSON tells apart: nil and empty, 1 and 1.0.
fn settled(mut value: Value) -> Value {
    for (key, empty) in [("/m", json!({})), ("/l", json!([])), ("/deep/list", json!([]))] {
        if let Some(child @ Value::Null) = value.pointer_mut(key) {
            *child = empty;
        }
    }
    value["f"] = json!(value["f"].as_f64());
    value
}

#[test]
fn vectors_become_the_same_value() {
    check_vectors("merge", RULES, compare);
}

#[test]
fn random_documents_become_the_same_value() {
    let cases = (any::<bool>(), vec(document(), 0..4));
    check_random(cases.prop_map(|(defaults, documents)| Case { defaults, documents }), compare);
}

fn document() -> impl Strategy<Value = Value> {
    let text = || select(vec!["", "q", "a,b", "12", "5s", "1m30s", "true", "false", "null", "ä"]).prop_map(Value::from);
    let scalar = || {
        prop_oneof![
            text(),
            text(),
            any::<bool>().prop_map(Value::from),
            (-3_i64..300).prop_map(Value::from),
            select(vec![0.5, 2.0, 2.7, -1.5]).prop_map(Value::from),
            Just(Value::Null),
        ]
    };
    let list = || vec(scalar(), 0..3).prop_map(Value::from);
    let map = |keys: &'static [&'static str]| {
        vec((select(keys), scalar()), 0..3).prop_map(|entries| Value::Object(map_of(entries)))
    };
    let item = || map(&["name", "count", "other"]);
    let deep = (vec(item(), 0..2), scalar()).prop_map(|(list, on)| json!({ "list": list, "on": on }));
    let value = prop_oneof![scalar(), list(), map(&["key", "value", "Key", "k1", "k2"]), deep];
    let keys = select(vec!["a", "l", "n", "m", "d", "b", "i", "f", "deep", "A", "unknown"]);
    vec((keys, value), 0..5).prop_map(|entries| Value::Object(map_of(entries)))
}

fn map_of(entries: Vec<(&str, Value)>) -> Map<String, Value> {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
