//! The index of a folder, and why there is none.

use botkube_author::publish::{Options, PublishError};
use botkube_plugin_host::index::{Index, Platform};
use serde_json::{Value, json};

use crate::support::{BASE, Folder, archive, good, here, program};

/// A program that runs everywhere and is no plugin.
const SCRIPT: &[u8] = b"#!/bin/sh\necho no plugin\nexit 3\n";

/// The addresses of all entries, with their platforms, in the order of the index.
fn addresses(yaml: &str) -> Vec<String> {
    let index = Index::parse(yaml).unwrap();
    let downloads = index.entries.iter().flat_map(|entry| &entry.downloads);
    downloads.map(|download| download.url.strip_prefix(BASE).unwrap().to_owned()).collect()
}

async fn check_refused(folder: &Folder, expected: &[&str]) {
    let error = folder.index().await.unwrap_err();
    assert!(matches!(error, PublishError::Faults { .. } | PublishError::Refused(_)), "{error:?}");
    let error = error.to_string();
    for part in expected {
        assert!(error.contains(part), "{part:?} is not in {error}");
    }
}

async fn check_metadata_refused(kind: &str, key: &str, value: Value, expected: &[&str]) {
    let mut said = good();
    said[key] = value;
    check_refused(&Folder::with(kind, &said), expected).await;
}

async fn check_base_refused(base: &str, expected: &str) {
    let refused = Folder::with("executor", &good()).index_with(&Options::new(base)).await.unwrap_err();
    assert!(matches!(refused, PublishError::UrlBase { .. }), "{refused:?}");
    assert!(refused.to_string().contains(expected), "{refused}");
}

#[tokio::test]
async fn entries_and_platforms_are_in_order_whatever_the_folder_says() {
    let folder = Folder::with("source", &good());
    for name in [format!("executor_z_{}", here()), format!("executor_b_{}", here())] {
        folder.add(&name, &program(&good()));
    }
    folder.add("executor_b_windows_amd64", SCRIPT);
    folder.add("executor_b_aix_ppc64", SCRIPT);
    folder.add("README.md", b"what else there is");
    let published = folder.index().await.unwrap();
    let expected = [
        "/executor_b_aix_ppc64".into(),
        format!("/executor_b_{}", here()),
        "/executor_b_windows_amd64".into(),
        format!("/executor_z_{}", here()),
        format!("/source_said_{}", here()),
    ];
    assert_eq!(addresses(&published.yaml), expected);
    assert_eq!(folder.index().await.unwrap(), published);
}

#[tokio::test]
async fn every_file_has_its_checksum() {
    let folder = Folder::with("executor", &good());
    let entry = Index::parse(&folder.index().await.unwrap().yaml).unwrap().entries.remove(0);
    let file = folder.path().join(format!("executor_said_{}", here()));
    assert_eq!(entry.downloads[0].checksum, botkube_plugin_host::store::sha256_of(&file).ok());
}

#[tokio::test]
async fn of_a_platform_with_both_the_archive_is_published_unless_programs_are_asked_for() {
    let folder = Folder::with("executor", &good());
    let (program_name, archive_name) =
        (format!("executor_said_{}", here()), format!("executor_said_{}.tar.gz", here()));
    folder.add(&archive_name, &archive(&program_name, &program(&good())));
    folder.add("executor_said_aix_ppc64", SCRIPT);
    let (script, program_address, archive_address) =
        ("/executor_said_aix_ppc64".to_owned(), format!("/{program_name}"), format!("/{archive_name}"));
    for (use_archive, expected) in [
        (None, vec![&script, &archive_address]),
        (Some(true), vec![&archive_address]),
        (Some(false), vec![&script, &program_address]),
    ] {
        let published = folder.index_with(&Options { use_archive, ..Options::new(BASE) }).await.unwrap();
        assert_eq!(addresses(&published.yaml).iter().collect::<Vec<_>>(), expected);
        assert_eq!(published.warnings.len(), usize::from(use_archive == Some(true)), "{:?}", published.warnings);
    }
}

#[tokio::test]
async fn a_plugin_that_is_there_as_an_archive_only_says_what_it_is() {
    let folder = Folder::new();
    folder.add(&format!("executor_said_{}.tar.gz", here()), &archive("said", &program(&good())));
    assert_eq!(folder.index().await.unwrap().plugins[0].version, "1.0.0");
    let only_programs = Options { use_archive: Some(false), ..Options::new(BASE) };
    let refused = folder.index_with(&only_programs).await.unwrap_err().to_string();
    assert!(refused.contains("it has no program, only archives"), "{refused}");
}

#[tokio::test]
async fn a_program_that_lost_its_mode_on_the_way_is_published_all_the_same() {
    let folder = Folder::new();
    std::fs::write(folder.path().join(format!("executor_said_{}", here())), program(&good())).unwrap();
    assert_eq!(folder.index().await.unwrap().plugins.len(), 1);
}

#[tokio::test]
async fn what_a_plugin_says_is_in_its_entry() {
    let folder = Folder::with(
        "executor",
        &json!({
            "version": "1.10", "description": "Says: \"what\" # it is\nand more", "schema": "{\n  \"type\": \"object\"\n}\n",
            "dependencies": { "d": { Platform::current().to_string(): "https://example.org/d.tar.gz//bin" } },
        }),
    );
    let options = Options { minimum_agent_version: Some("1.2".into()), ..Options::new(format!("{BASE}//")) };
    let published = folder.index_with(&options).await.unwrap();
    let entry = Index::parse(&published.yaml).unwrap().entries.remove(0);
    assert_eq!(entry.version, "1.10");
    assert_eq!(entry.description, "Says: \"what\" # it is\nand more");
    assert_eq!(entry.minimum_agent_version.as_deref(), Some("1.2"));
    assert_eq!(entry.downloads[0].dependencies["d"].url, "https://example.org/d.tar.gz//bin");
    assert_eq!(addresses(&published.yaml), [format!("/executor_said_{}", here())]);
}

#[tokio::test]
async fn only_plugins_that_fit_the_filter_are_published() {
    let folder = Folder::with("executor", &good());
    folder.add(&format!("executor_dead_{}", here()), SCRIPT);
    let name_filter = |text: &str| Some(regex::Regex::new(text).unwrap());
    let published = folder.index_with(&Options { name_filter: name_filter("^sa"), ..Options::new(BASE) }).await;
    assert_eq!(published.unwrap().plugins.len(), 1);
    let none = folder.index_with(&Options { name_filter: name_filter("^x"), ..Options::new(BASE) }).await;
    assert!(none.unwrap_err().to_string().contains("has a name that fits `^x`"));
}

#[tokio::test]
async fn files_with_wrong_names_are_named_with_a_better_one() {
    let folder = Folder::with("executor", &good());
    folder.add("executor_two_words_linux_amd64", SCRIPT);
    check_refused(&folder, &["executor_two_words_linux_amd64: ", "executor_two-words_linux_amd64"]).await;
}

#[tokio::test]
async fn two_archives_for_one_platform_are_one_too_many() {
    let folder = Folder::with("executor", &good());
    folder.add("executor_x_aix_ppc64.tar.gz", b"");
    folder.add("executor_x_aix_ppc64.zip", b"");
    let expected = "executor_x_aix_ppc64.zip: executor_x_aix_ppc64.tar.gz is the same plugin for aix/ppc64";
    check_refused(&folder, &[expected]).await;
}

#[tokio::test]
async fn a_plugin_for_other_machines_alone_is_said_with_what_there_is() {
    let folder = Folder::new();
    folder.add("executor_x_aix_ppc64", SCRIPT);
    check_refused(&folder, &["the executor `x` has no file for this machine", "there is aix/ppc64"]).await;
}

#[tokio::test]
async fn a_folder_without_a_plugin_is_said_with_what_is_in_it() {
    let folder = Folder::new();
    folder.add("notes.txt", b"");
    let empty = folder.index().await.unwrap_err();
    assert!(matches!(&empty, PublishError::Empty { .. }), "{empty:?}");
    assert!(empty.to_string().ends_with("it holds `notes.txt`"), "{empty}");
}

#[tokio::test]
async fn a_plugin_that_dies_is_named_with_what_it_printed() {
    let folder = Folder::new();
    let file = format!("executor_x_{}", here());
    folder.add(&file, b"#!/bin/sh\necho the disk is full >&2\nexit 3\n");
    check_refused(&folder, &[&format!("{file}: it did not start"), "the disk is full"]).await;
    check_metadata_refused("executor", "dies", json!(true), &["`Metadata`", "it has no idea what it is"]).await;
}

#[tokio::test]
async fn a_program_for_another_machine_than_its_name_says_is_found() {
    let folder = Folder::with("executor", &good());
    folder.add("executor_said_linux_s390x", &program(&good()));
    check_refused(&folder, &["executor_said_linux_s390x: it is a program for", "and its name says linux/s390x"]).await;
    folder.add("executor_said_linux_s390x", b"hello");
    check_refused(&folder, &["executor_said_linux_s390x: it is a text"]).await;
}

#[tokio::test]
async fn an_archive_that_no_agent_unpacks_is_refused() {
    let folder = Folder::with("executor", &good());
    folder.add("executor_said_aix_ppc64.tar.gz", b"cut off");
    check_refused(&folder, &["executor_said_aix_ppc64.tar.gz: it is cut off or damaged"]).await;
    folder.add("executor_said_aix_ppc64.tar.gz", &archive("README", b"hello"));
    check_refused(&folder, &["executor_said_aix_ppc64.tar.gz: it holds no file"]).await;
}

#[tokio::test]
async fn metadata_that_lacks_something_is_refused() {
    check_metadata_refused("executor", "version", json!(""), &["the version is empty"]).await;
    check_metadata_refused("executor", "description", json!(""), &["the description is empty"]).await;
    check_metadata_refused("executor", "version", json!("1/2"), &["`version` is"]).await;
}

#[tokio::test]
async fn schemas_are_checked_without_a_network() {
    let broken = json!(r#"{"type": "text"}"#);
    check_metadata_refused(
        "executor",
        "schema",
        broken.clone(),
        &["the JSON schema of its configuration is wrong: at /type"],
    )
    .await;
    check_metadata_refused(
        "source",
        "payload",
        broken,
        &["the JSON schema of its webhook's payload is wrong: at /type"],
    )
    .await;
    let mut said = good();
    said["ref_url"] = json!("https://example.org/schema.json");
    let published = Folder::with("executor", &said).index().await.unwrap();
    assert!(published.warnings[0].contains("is at https://example.org/schema.json and was not looked at"));
    assert!(published.yaml.contains("refURL: https://example.org/schema.json"), "{}", published.yaml);
}

#[tokio::test]
async fn dependencies_that_no_agent_fetches_are_refused_and_missing_ones_are_said() {
    let dependencies = json!({ "d": { "linux/amd64": "git::https://example.org/d" } });
    check_metadata_refused(
        "executor",
        "dependencies",
        dependencies,
        &["its dependency `d` for linux/amd64", "`git::`"],
    )
    .await;
    let mut said = good();
    said["dependencies"] = json!({ "d": { "aix/ppc64": "https://example.org/d" } });
    let published = Folder::with("executor", &said).index().await.unwrap();
    assert!(published.warnings[0].contains("it has no address of its dependency `d`"), "{:?}", published.warnings);
}

#[tokio::test]
async fn an_address_that_no_file_can_stand_behind_is_refused() {
    check_base_refused("", "it is empty").await;
    check_base_refused("example.org/v1", "does not begin with https://").await;
    check_base_refused("https://example.org?token=1", "it has a `?`").await;
    check_base_refused("https://example.org/a//b", "`//`").await;
}

#[tokio::test]
async fn an_agent_that_is_no_version_is_refused() {
    let options = Options { minimum_agent_version: Some("new".into()), ..Options::new(BASE) };
    let refused = Folder::with("executor", &good()).index_with(&options).await.unwrap_err();
    assert_eq!(refused, PublishError::MinimumAgent("new".into()));
}

#[test]
fn the_example_for_those_who_host_a_repository_is_an_index_without_problems() {
    let page = include_str!("../../../../docs/plugin-repository.md");
    let example = page.split("```yaml\n").find(|text| text.starts_with("entries:")).unwrap();
    let index = Index::parse(example.split("```").next().unwrap()).unwrap();
    assert_eq!((index.entries.len(), index.problems.as_slice()), (1, &[][..]));
}

#[tokio::test]
async fn credentials_in_the_base_are_warned_of() {
    let folder = Folder::with("executor", &good());
    let published = folder.index_with(&Options::new("https://user:secret@example.org/v1")).await.unwrap();
    assert!(published.warnings.iter().any(|said| said.contains("everybody can read")), "{:?}", published.warnings);
    let refused = folder.index_with(&Options::new("ftp://user:secret@example.org")).await.unwrap_err();
    assert!(!refused.to_string().contains("secret"), "{refused}");
}
