//! Indexes as repositories publish them: one that we write, and one with the shapes of upstream's own, each read by upstream's
//! loader and by ours. It must not know how either reads one.

use std::{fs, path::Path};

use botkube_author::publish::{self, Options};
use botkube_plugin_host::index::{Index, Platform, PluginKind};
use conformance::{go_program, program, root};
use serde_json::{Value, json};

use super::upstream;

/// An entry as both sides have it: kind, name, version, and each platform with its address, checksum and dependencies.
type Row = (String, String, String, Vec<[String; 4]>);

fn theirs(entries: &Value) -> Vec<Row> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let url = |url: &Value| {
        let dependencies = url["dependencies"].as_object().into_iter().flatten();
        let dependencies: Vec<String> =
            dependencies.map(|(name, dependency)| format!("{name} {}", text(&dependency["url"]))).collect();
        let platform = format!("{}/{}", text(&url["platform"]["os"]), text(&url["platform"]["architecture"]));
        [platform, text(&url["url"]), text(&url["checksum"]), dependencies.join(", ")]
    };
    let row = |entry: &Value| {
        let urls = entry["urls"].as_array().unwrap().iter().map(url).collect();
        (text(&entry["type"]), text(&entry["name"]), text(&entry["version"]), urls)
    };
    entries.as_array().unwrap().iter().map(row).collect()
}

fn ours(index: &Index) -> Vec<Row> {
    let row = |entry: &botkube_plugin_host::index::Entry| {
        let urls = entry.downloads.iter().map(|download| {
            let dependencies = download.dependencies.iter();
            let dependencies: Vec<String> =
                dependencies.map(|(name, dependency)| format!("{name} {}", dependency.url)).collect();
            let checksum = download.checksum.clone().unwrap_or_default();
            [download.platform.to_string(), download.url.clone(), checksum, dependencies.join(", ")]
        });
        (entry.kind.to_string(), entry.name.clone(), entry.version.clone(), urls.collect())
    };
    index.entries.iter().map(row).collect()
}

/// What both sides read of an index, which has no problems for us.
#[track_caller]
fn check_read(text: &str) -> Index {
    let index = Index::parse(text).unwrap();
    assert_eq!(index.problems, []);
    let read = upstream("index", &json!({ "text": text })).unwrap();
    assert_eq!(ours(&index), theirs(&read["entries"]));
    index
}

/// Both sides take the same entry for a key.
#[track_caller]
fn check_choice(text: &str, kind: PluginKind, name: &str, version: &str) {
    let index = Index::parse(text).unwrap();
    assert_eq!(index.choose(kind, name, None).unwrap().version, version);
    let question = json!({ "text": text, "type": kind.as_str(), "choose": name });
    let read = upstream("index", &question).unwrap();
    let number = read["entry"].as_u64().unwrap() as usize;
    assert_eq!(read["entries"][number]["version"], version);
}

#[test]
fn an_index_we_write_is_read_by_upstreams_loader() {
    let dir = tempfile::tempdir().unwrap();
    let Platform { os, architecture } = Platform::current();
    let add = |name: &str, file: &Path| {
        fs::copy(file, dir.path().join(format!("executor_{name}_{os}_{architecture}"))).unwrap();
    };
    add("echo", &program("executor-echo"));
    add("probe", &go_program("executor"));
    let options =
        Options { minimum_agent_version: Some("0.1.0".into()), ..Options::new("https://example.org/plugins") };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let published = runtime.block_on(publish::index(dir.path(), &options, &|_| {})).unwrap();
    assert_eq!(check_read(&published.yaml).entries.len(), 2);
    for plugin in &published.plugins {
        check_choice(&published.yaml, plugin.kind, &plugin.name, &plugin.version);
    }
}

#[test]
fn the_keys_that_only_we_read_are_nothing_to_upstreams_loader() {
    let text = "entries:
  - name: a
    type: executor
    version: 1.0.0
    minimumAgentVersion: 0.0.1
    urls:
      - url: https://example.org/a
        platform: { os: linux, architecture: amd64 }
        dependencies:
          d: { url: https://example.org/d, checksum: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad }
";
    let index = check_read(text);
    assert_eq!(index.entries[0].minimum_agent_version.as_deref(), Some("0.0.1"));
    assert!(index.entries[0].downloads[0].dependencies["d"].checksum.is_some());
    check_choice(text, PluginKind::Executor, "a", "1.0.0");
}

#[test]
fn an_index_with_the_shapes_of_upstreams_own_leads_to_the_same_files() {
    let file = root().join("conformance/vectors/upstream/official-shapes.yaml");
    let text = fs::read_to_string(&file).unwrap();
    check_read(&text);
    check_choice(&text, PluginKind::Executor, "kubectl", "v1.14.0");
    check_choice(&text, PluginKind::Executor, "helm", "v1.14.0");
    check_choice(&text, PluginKind::Executor, "gh", "1.0.0");
    check_choice(&text, PluginKind::Source, "kubernetes", "v1.14.0");
}
