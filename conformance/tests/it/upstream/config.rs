//! A configuration of files and variables. It must not know how either side reads one.

use std::collections::BTreeMap;

use proptest::{collection::vec, prelude::*, sample::select};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Rule, Verdict, check_random, check_vectors, ours, upstream};

const RULES: &[Rule] = &[OLDER, DEFAULTS, ADDED, NULLS, OTHER_CASE, RIGHTS, "D-17", "D-23", "D-51", "D-54", "D-55"];

/// Older spellings.
const OLDER: Rule = "D-20";

/// `null` over a map removes it; here the map stays.
const NULLS: Rule = "D-50";
/// Of a key in two letter cases upstream takes one at random; here the later one counts.
const OTHER_CASE: Rule = "D-52";
/// The same groups in another order are other rights.
const RIGHTS: Rule = "D-53";

/// What is an error here only, by how it is said.
const STRICTER: &[(&str, Rule)] = &[
    ("no subject of type", "D-17"),
    ("needs a text, found the boolean", "D-23"),
    ("holds one YAML document", "D-23"),
    ("there is no key", "D-51"),
    ("is enabled and needs", "D-54"),
    ("no channel can have the name", "D-55"),
];

/// What nobody writes has the values of upstream's program; here those of its chart.
const DEFAULTS: Rule = "D-48";
const CHART: &[(&str, &str)] = &[
    ("configWatcher.enabled", "true"),
    ("configWatcher.inCluster.informerResyncPeriod", "600 s"),
    ("plugins.healthCheckInterval", "10 s"),
    ("plugins.incomingWebhook.enabled", "true"),
    ("plugins.incomingWebhook.port", "2115"),
    ("plugins.restartPolicy.threshold", "10"),
    ("plugins.restartPolicy.type", "DeactivatePlugin"),
    ("settings.clusterName", "not-configured"),
    ("settings.log.formatter", "text"),
    ("settings.log.level", "info"),
    ("settings.persistentConfig.runtime.configMap.name", "botkube-runtime-config"),
    ("settings.persistentConfig.runtime.configMap.namespace", "botkube"),
    ("settings.persistentConfig.runtime.fileName", "_runtime_state.yaml"),
    ("settings.persistentConfig.startup.configMap.name", "botkube-startup-config"),
    ("settings.persistentConfig.startup.configMap.namespace", "botkube"),
    ("settings.persistentConfig.startup.fileName", "_startup_state.yaml"),
    ("settings.upgradeNotifier", "true"),
];

/// Keys that upstream does not have.
const ADDED: Rule = "D-49";
const OWN: &[&str] =
    &["plugins.callTimeout", "plugins.indexMaxAge", "plugins.maxAnswerSize", "plugins.maxConcurrentCalls"];

/// What is shown of a secret, whatever it is.
const MASK: &str = "*** REDACTED ***";

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Case {
    /// In the order in which they are merged; text, so that every spelling can be tried.
    files: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
}

impl Case {
    /// The case without nulls, and with every key in the spelling of its first file; and why.
    fn put_right(&self) -> (Self, Vec<Rule>) {
        let mut rules = Vec::new();
        let mut known = json!({});
        let mut put_right = |file: &String| match serde_saphyr::from_str::<Value>(file) {
            Ok(mut value) => {
                settle(&mut value, &mut known, &mut rules);
                value.to_string()
            }
            Err(_) => file.clone(),
        };
        let files = self.files.iter().map(&mut put_right).collect();
        (Self { files, environment: self.environment.clone() }, rules)
    }

    fn has_plugin_without_repository(&self) -> bool {
        let files = self.files.iter().filter_map(|file| serde_saphyr::from_str::<Value>(file).ok());
        files.flat_map(|file| ["executors", "sources"].map(|kind| file[kind].clone())).any(|groups| {
            let groups = groups.as_object().into_iter().flatten().filter_map(|(_, group)| group.as_object());
            groups.flat_map(|group| group.keys()).any(|key| key != "displayName" && !key.contains('/'))
        })
    }
}

/// Takes nulls out of a file and gives its keys the spelling they have in `known`, which holds the files before it.
fn settle(value: &mut Value, known: &mut Value, rules: &mut Vec<Rule>) {
    let Value::Object(map) = value else { return };
    if !known.is_object() {
        *known = json!({});
    }
    for (key, mut child) in std::mem::take(map) {
        let first = known
            .as_object()
            .into_iter()
            .flatten()
            .map(|(first, _)| first)
            .find(|first| first.eq_ignore_ascii_case(&key) && **first != key);
        let key = first.cloned().inspect(|_| rules.push(OTHER_CASE)).unwrap_or(key);
        if child.is_null() {
            rules.push(NULLS);
            continue;
        }
        settle(&mut child, &mut known[&key], rules);
        map.insert(key, child);
    }
}

fn compare(case: &Case) -> Verdict {
    let ours = ours::config(&case.files, &case.environment).map(|ours| leaves(&ours));
    let ask = |case: &Case| upstream("config", case).map(|theirs| leaves(&theirs));
    let theirs = ask(case);
    let (asked, mut rules) = case.put_right();
    match (&ours, &theirs) {
        (Err(_), Err(_)) => return Ok(vec![]),
        (Ok(ours), Ok(theirs)) if !rules.contains(&OTHER_CASE) => {
            if let Ok(rules) = even(ours, theirs) {
                return Ok(rules);
            }
        }
        (Err(ours), Ok(_)) => return stricter(ours),
        (Ok(_), Err(_)) if case.has_plugin_without_repository() => return Ok(vec![OLDER]),
        (Ok(_), Err(theirs)) if theirs.contains("different RBAC") => return Ok(vec![RIGHTS]),
        _ => {}
    }
    match (ours, if rules.is_empty() { theirs } else { ask(&asked) }) {
        (Ok(ours), Ok(theirs)) => {
            rules.extend(even(&ours, &theirs)?);
            Ok(rules)
        }
        (ours, theirs) => Err(format!("  ours   {:?}\n  theirs {:?}", ours.err(), theirs.err())),
    }
}

/// The rules by which each of our errors is none of upstream's.
fn stricter(ours: &str) -> Verdict {
    let errors = ours.lines().filter_map(|line| line.strip_prefix("error: "));
    let rule = |error: &str| STRICTER.iter().find(|(said, _)| error.contains(said)).map(|(_, rule)| *rule);
    errors.map(|error| rule(error).ok_or_else(|| format!("  ours only: {error}"))).collect()
}

/// The rules by which two configurations are the same.
fn even(ours: &BTreeMap<String, String>, theirs: &BTreeMap<String, String>) -> Verdict {
    let mut rules = Vec::new();
    let mut different = Vec::new();
    for path in ours.keys().chain(theirs.keys().filter(|path| !ours.contains_key(*path))) {
        let (ours, theirs) = (ours.get(path), theirs.get(path));
        let masked = ours.is_some_and(|ours| ours == MASK) && theirs.is_some();
        if ours == theirs || masked {
            continue;
        }
        let is_chart = CHART.iter().any(|(key, value)| key == path && ours.is_some_and(|ours| ours == value));
        let is_own = theirs.is_none() && (OWN.contains(&path.as_str()) || path.ends_with(".hostFlags"));
        match () {
            () if is_chart => rules.push(DEFAULTS),
            () if is_own => rules.push(ADDED),
            () => different.push(format!("  {path}: ours {ours:?}, theirs {theirs:?}")),
        }
    }
    if different.is_empty() { Ok(rules) } else { Err(different.join("\n")) }
}

/// Every value with the path of its key. Values are texts, for a port is the same as a number and as a text; what says
/// nothing (empty, zero, false) is left out.
fn leaves(value: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    collect(String::new(), value, &mut found);
    found
}

fn collect(path: String, value: &Value, found: &mut BTreeMap<String, String>) {
    let child = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    let mut leaf = |text: String| {
        if !["", "0", "0s", "false"].contains(&text.as_str()) {
            found.insert(path.clone(), seconds(&text).map_or(text, |seconds| format!("{seconds} s")));
        }
    };
    match value {
        Value::Null => {}
        Value::String(text) => leaf(text.clone()),
        Value::Bool(_) | Value::Number(_) => leaf(value.to_string()),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| collect(child(&at.to_string()), item, found));
        }
        Value::Object(map) => map.iter().for_each(|(key, value)| collect(child(key), value, found)),
    }
}

/// How many seconds a text like `1h30m` is.
fn seconds(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut total = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let unit = match rest.as_bytes()[digits] {
            b'h' => 3600,
            b'm' => 60,
            b's' => 1,
            _ => return None,
        };
        total += rest[..digits].parse::<u64>().ok()? * unit;
        rest = &rest[digits + 1..];
    }
    Some(total)
}

#[test]
fn vectors_become_the_same_configuration() {
    check_vectors("config", RULES, compare);
}

#[test]
fn random_files_and_variables_become_the_same_configuration() {
    let key = || {
        prop_oneof![
            value("/settings/clusterName", json!(["dev", 5, "a,b"])),
            value("/settings/metricsPort", json!(["9000", 9001])),
            value("/settings/kubeconfig", json!(["/k"])),
            value("/settings/upgradeNotifier", json!([true, "true", 1])),
            value("/settings/log/disableColors", json!([true, false, "true", "0"])),
            value("/settings/log/level", json!(["debug", "info"])),
            value("/plugins/cacheDir", json!(["/cache"])),
            value("/plugins/healthCheckInterval", json!(["30s", "1m", "1h0m5s"])),
            value("/plugins/restartPolicy/threshold", json!([3, "4", "many"])),
            value("/plugins/repositories/r/url", json!(["https://r/index.yaml"])),
            value("/aliases/k/command", json!(["help", "list executors"])),
            value("/aliases/k/displayName", json!(["K", 1])),
            value("/executors/x/displayName", json!(["X"])),
            value("/executors/x/r~1p/enabled", json!([true, false, "true"])),
            value(
                "/executors/x/r~1p/config",
                json!([{ "a": 1 }, { "a": [1, 2], "b": "t" }, { "c": { "d": true } }, "text", [1]])
            ),
            value("/executors/y/r~1p/enabled", json!([true])),
            value("/executors/y/s~1p@v1/enabled", json!([true, false])),
            value("/communications/g/socketSlack/channels/a/name", json!(["ops", "#ops"])),
            value(
                "/communications/g/socketSlack/channels/a/bindings/executors",
                json!([["x"], ["y"], ["x", "y"], "x", "x,y"])
            ),
            value("/communications/g/socketSlack/channels/a/notification/disabled", json!([true, "true"])),
        ]
    };
    let file = vec(key(), 0..6).prop_map(|keys| {
        let mut file = json!({});
        for (path, value) in keys {
            insert(&mut file, path, value);
        }
        file.to_string()
    });
    let variable = prop_oneof![
        Just(("BOTKUBE_SETTINGS_CLUSTER__NAME", "from-variable")),
        Just(("BOTKUBE_SETTINGS_METRICS__PORT", "9")),
        Just(("BOTKUBE_PLUGINS_REPOSITORIES_R_URL", "https://variable")),
        Just(("BOTKUBE_PLUGINS_RESTART__POLICY_THRESHOLD", "7")),
        Just(("BOTKUBE_SETTINGS_LOG_DISABLE__COLORS", "true")),
    ];
    let cases = (vec(file, 1..4), vec(variable, 0..3)).prop_map(|(mut files, variables)| {
        files.insert(0, json!({ "communications": { "g": {} } }).to_string());
        let environment = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Case { files, environment }
    });
    check_random(cases, compare);
}

/// A key by its path, with one of these values.
fn value(path: &'static str, values: Value) -> impl Strategy<Value = (&'static str, Value)> {
    select(values.as_array().cloned().unwrap_or_default()).prop_map(move |value| (path, value))
}

fn insert(into: &mut Value, path: &str, value: Value) {
    let mut place = into;
    for key in path.split('/').skip(1) {
        place = &mut place[key.replace("~1", "/")];
    }
    *place = value;
}
