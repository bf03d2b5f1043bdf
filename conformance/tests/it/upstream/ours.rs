//! Our side: each question put to the crate that answers it. It must not know what upstream answers.

use std::{collections::BTreeMap, fs, path::Path};

use botkube_agent::credentials::Impersonating;
use botkube_api::config::{self, Duration};
use botkube_config::{
    Loaded, Options,
    finding::Origin,
    model::{self, Alias},
};
use botkube_core::{
    command::Command,
    conversation::{Actor, Conversation},
    port::Credentials,
    route::Executors,
};
use botkube_plugin_host::index::{Index, PluginKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::kubeconfig;

/// A text as people see it: without what platforms make of it, and with its alias expanded.
pub(super) fn expanded(text: &str, aliases: &BTreeMap<String, String>) -> Result<String, String> {
    let origin = Origin::Default;
    let alias = |(name, command): (&String, &String)| Alias {
        name: name.clone(),
        command: command.clone(),
        display_name: None,
        origin: origin.clone(),
    };
    let aliases: Vec<Alias> = aliases.iter().map(alias).collect();
    Command::parse(text, &aliases, |_| true).map(|command| command.shown).map_err(|error| error.to_string())
}

/// A command without the agent's flags, and what they say.
pub(super) fn flags(text: &str) -> Result<Value, String> {
    let command = Command::parse(text, &[], |_| true).map_err(|error| error.to_string())?;
    Ok(json!({
        "text": command.text,
        "words": command.words,
        "filter": command.flags.filter.unwrap_or_default(),
        "cluster": command.flags.cluster_name.unwrap_or_default(),
        "header": command.flags.header.unwrap_or_default(),
    }))
}

/// The version of the entry that a plugin's name and version mean in an index.
pub(super) fn chosen(text: &str, kind: &str, name: &str, version: Option<&str>) -> Result<String, String> {
    let index = Index::parse(text).map_err(|error| error.to_string())?;
    let kind = if kind == "source" { PluginKind::Source } else { PluginKind::Executor };
    index.choose(kind, name, version).map(|entry| entry.version.clone()).map_err(|error| error.to_string())
}

/// The effective configuration of these files, in this order, and these variables.
pub(super) fn config(files: &[String], environment: &BTreeMap<String, String>) -> Result<Value, String> {
    let dir = tempfile::tempdir().unwrap();
    load(dir.path(), files, environment).map(|loaded| loaded.shown_as_json())
}

/// The kubeconfig of a plugin; empty where it gets none.
pub(super) fn kubeconfig(case: &kubeconfig::Case) -> Result<String, String> {
    let dir = tempfile::tempdir().unwrap();
    let own = dir.path().join("kubeconfig");
    fs::write(&own, case.own.to_string()).unwrap();
    for (name, text) in &case.files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    let bound = json!({
        "communications": { "c": {} },
        "executors": { "g": { "r/p": { "enabled": true, "context": case.context } } },
    });
    let config = load(dir.path(), &[bound.to_string()], &BTreeMap::new())?.config;
    let conversation =
        Conversation { display_name: case.channel.clone(), executors: vec!["g".into()], ..Conversation::default() };
    let route = Executors::new(&config, Vec::new()).bound_in(&conversation).route("p").unwrap();
    let credentials = Impersonating::new(&model::Settings {
        cluster_name: case.cluster.clone(),
        kubeconfig: Some(own),
        ..model::Settings::default()
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let made = runtime.block_on(credentials.for_call(&Actor::default(), &conversation, &route));
    made.map(|made| String::from_utf8(made.0).unwrap()).map_err(|error| error.to_string())
}

/// Writes these files and reads them as a configuration, with these variables.
fn load(dir: &Path, files: &[String], environment: &BTreeMap<String, String>) -> Result<Loaded, String> {
    let paths: Vec<_> = (0..files.len()).map(|number| dir.join(format!("{number}.yaml"))).collect();
    for (path, text) in paths.iter().zip(files) {
        fs::write(path, text).unwrap();
    }
    let loaded = botkube_config::load(&paths, environment.clone(), Options { to_run: true, ..Options::default() });
    loaded.map_err(|rejected| rejected.to_string())
}

/// The configurations of one plugin, merged over the defaults that the Go program has too, or over nothing.
pub(super) fn merged(defaults: bool, configs: &[String]) -> Result<Value, String> {
    let defaults = if defaults { json!(Settings::with_defaults()) } else { json!({}) };
    let merged = config::merge(Some(defaults), configs).map_err(|error| error.to_string())?;
    let settings: Settings = config::decode(merged).map_err(|error| error.to_string())?;
    let mut value = json!(settings);
    value["d"] = json!(settings.d.as_nanos() as u64);
    Ok(value)
}

/// The twin of the Go programs' `settings.Settings`.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Settings {
    a: String,
    l: Vec<String>,
    n: Nested,
    m: BTreeMap<String, String>,
    d: Duration,
    b: bool,
    i: i64,
    f: f64,
    deep: Deep,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Nested {
    value: String,
    key: String,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Deep {
    list: Vec<Item>,
    on: bool,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Item {
    name: String,
    count: i64,
}

impl Settings {
    fn with_defaults() -> Self {
        Self {
            a: "da".into(),
            l: vec!["x".into(), "y".into(), "z".into()],
            n: Nested { value: "dv".into(), key: "dk".into() },
            m: BTreeMap::from([("k1".into(), "v1".into())]),
            d: Duration(std::time::Duration::from_secs(60)),
            b: true,
            i: 3,
            f: 1.5,
            deep: Deep { list: vec![Item { name: "x".into(), count: 1 }], on: true },
        }
    }
}
