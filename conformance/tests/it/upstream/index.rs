//! Indexes of plugin repositories: their entries, and which of them a plugin's key means. It must not know how either side
//! reads one.

use std::collections::BTreeSet;

use proptest::{collection::vec, option, prelude::*, sample::select};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Rule, Verdict, check_random, check_vectors, ours, same, upstream};

const RULES: &[Rule] = &[BAD_ENTRY, STRICTER, PINNED, RANKED];

/// One bad entry rejects the index; here it is left out.
const BAD_ENTRY: Rule = "D-44";
/// Names, versions and platforms that cannot be part of a file's name or are missing pass; here the entry is left out.
const STRICTER: Rule = "D-45";
/// A version in a plugin's key only names the file.
const PINNED: Rule = "D-46";
/// A pre-release counts as the newest, and what is no version stays wherever sorting leaves it.
const RANKED: Rule = "D-47";

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Case {
    entries: Vec<Value>,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    version: Option<String>,
}

#[derive(Serialize)]
struct Question {
    text: String,
    #[serde(rename = "type")]
    kind: String,
    choose: String,
}

fn compare(case: &Case) -> Verdict {
    let text = json!({ "entries": case.entries }).to_string();
    let ours = ours::chosen(&text, &case.kind, &case.name, case.version.as_deref());
    let pin = case.version.iter().map(|version| format!("@{version}")).collect::<String>();
    let mut rules = Vec::new();
    let chosen = |entries: &[Value], key: String| -> Result<String, String> {
        let text = json!({ "entries": entries }).to_string();
        let theirs = upstream("index", &Question { text, kind: case.kind.clone(), choose: key })?;
        let number = theirs["entry"].as_u64().unwrap_or_default() as usize;
        Ok(text_of(&theirs["entries"][number]["version"]))
    };
    let theirs = chosen(&case.entries, format!("{}{pin}", case.name));
    if ours.is_err() && theirs.is_err() || ours.is_ok() && ours == theirs {
        return Ok(rules);
    }
    let good = good_entries(&case.entries, &mut rules);
    let mine = |entry: &Value| text_of(&entry["type"]) == case.kind && text_of(&entry["name"]) == case.name;
    let mut candidates: Vec<Value> = good.into_iter().filter(mine).collect();
    if let Some(asked) = &case.version {
        rules.push(PINNED);
        candidates = pinned(candidates, asked);
    }
    for better in [is_version, is_release] {
        let is_better = |entry: &Value| better(&text_of(&entry["version"]));
        if candidates.iter().any(is_better) && !candidates.iter().all(is_better) {
            rules.push(RANKED);
            candidates.retain(is_better);
        }
    }
    let theirs = chosen(&candidates, case.name.clone());
    if ours.is_err() && theirs.is_err() { Ok(rules) } else { same(ours, theirs, rules) }
}

/// The entries that upstream would take alone, and that we take, each once.
fn good_entries(entries: &[Value], rules: &mut Vec<Rule>) -> Vec<Value> {
    let mut seen = BTreeSet::new();
    let mut good = Vec::new();
    for entry in entries {
        let alone =
            Question { text: json!({ "entries": [entry] }).to_string(), kind: String::new(), choose: String::new() };
        let key = ["type", "name", "version"].map(|key| text_of(&entry[key]));
        if upstream("index", &alone).is_err() || seen.contains(&key) {
            rules.push(BAD_ENTRY);
        } else if key[1..].iter().any(|part| part.contains(['/', ' ']) || part.starts_with('.')) || !has_platform(entry)
        {
            rules.push(STRICTER);
        } else {
            seen.insert(key);
            good.push(entry.clone());
        }
    }
    good
}

/// Whether an address of the entry says what it is for.
fn has_platform(entry: &Value) -> bool {
    let says = |url: &Value| {
        ["os", "architecture"].iter().all(|key| url["platform"][key].as_str().is_some_and(|text| !text.is_empty()))
            && url["url"].as_str().is_some_and(|text| !text.is_empty())
    };
    entry["urls"].as_array().is_some_and(|urls| urls.iter().any(says))
}

/// The candidates that a version in a plugin's key means: this one, else those that begin with its numbers.
fn pinned(candidates: Vec<Value>, asked: &str) -> Vec<Value> {
    let bare = |text: &str| text.strip_prefix('v').unwrap_or(text).to_owned();
    let version = |entry: &Value| text_of(&entry["version"]);
    for fits in [&|text: &str| text == asked, &|text: &str| bare(text) == bare(asked), &|text: &str| {
        begins_with(&bare(text), &bare(asked))
    }] as [&dyn Fn(&str) -> bool; 3]
    {
        let fitting: Vec<Value> = candidates.iter().filter(|entry| fits(&version(entry))).cloned().collect();
        if !fitting.is_empty() {
            return fitting;
        }
    }
    Vec::new()
}

fn begins_with(version: &str, asked: &str) -> bool {
    let numbers = |text: &str| -> Option<Vec<u64>> { text.split('.').map(|part| part.parse().ok()).collect() };
    let release = version.split(['-', '+']).next().unwrap_or_default();
    let asked = asked.split('+').next().unwrap_or_default();
    numbers(asked).zip(numbers(release)).is_some_and(|(asked, version)| version.starts_with(&asked))
}

fn is_version(text: &str) -> bool {
    let bare = text.strip_prefix('v').unwrap_or(text);
    bare.split(['-', '+']).next().unwrap_or_default().split('.').all(|part| part.parse::<u64>().is_ok())
}

fn is_release(text: &str) -> bool {
    is_version(text) && !text.split('+').next().unwrap_or_default().contains('-')
}

/// A number is read as it is written.
fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| if value.is_null() { String::new() } else { value.to_string() }, ToOwned::to_owned)
}

#[test]
fn vectors_lead_to_the_same_entry() {
    check_vectors("index", RULES, compare);
}

#[test]
fn random_indexes_lead_to_the_same_entry() {
    let versions = || {
        select(vec![
            "v1.0.0",
            "1.0.0",
            "v1.2.0",
            "v1.10.0",
            "1.10",
            "2",
            "v2.0.0",
            "v2.0.0-rc.1",
            "v2.0.0-rc.2",
            "dev",
            "0.1.0",
            "1.2.0.1",
            "v1.2.0+b",
            "nightly",
        ])
    };
    let urls = select(vec![
        json!([{ "url": "https://x/y", "platform": { "os": "linux", "architecture": "amd64" } }]),
        json!([{ "url": "https://x/y", "platform": { "os": "linux", "architecture": "amd64" } }]),
        json!([{ "url": "https://x/y", "platform": { "os": "linux", "architecture": "amd64" }, "dependencies": { "d": { "url": "" } } }]),
        json!([]),
        json!([{ "url": "https://x/y" }]),
    ]);
    let kinds = || select(vec!["executor", "executor", "executor", "source"]);
    let names = || select(vec!["a", "a", "a", "b"]);
    let entry = (names(), kinds(), versions(), urls).prop_map(
        |(name, kind, version, urls)| json!({ "name": name, "type": kind, "version": version, "urls": urls }),
    );
    let pin = prop_oneof![versions(), select(vec!["v1", "1", "1.2", "v3", "2.0"])];
    let cases = (vec(entry, 0..6), kinds(), names(), option::of(pin)).prop_map(|(entries, kind, name, version)| Case {
        entries,
        kind: kind.to_owned(),
        name: name.to_owned(),
        version: version.map(ToOwned::to_owned),
    });
    check_random(cases, compare);
}
