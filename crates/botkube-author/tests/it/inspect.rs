//! What there is to say about one file.

use std::{path::Path, sync::Arc};

use botkube_author::inspect::{self, InspectError, Inspection, Target};
use botkube_plugin_host::index::{Platform, PluginKind};
use go_plugin::host::Direct;
use serde_json::json;

use crate::support::{Folder, archive, good, here, program};

async fn inspect(file: &Path) -> Result<Inspection, InspectError> {
    inspect::inspect(Target::file(file), Arc::new(Direct)).await
}

#[tokio::test]
async fn a_plugin_is_shown_with_its_file_its_protocol_and_its_keys() {
    let mut said = good();
    said["schema"] =
        json!(r#"{"required": ["a"], "properties": {"a": {"type": "string", "enum": ["x"], "description": "One."}}}"#);
    said["dependencies"] = json!({ "d": { "linux/amd64": "https://example.org/d" } });
    let folder = Folder::with("executor", &said);
    let found = inspect(&folder.path().join(format!("executor_said_{}", here()))).await.unwrap();
    let protocol = found.protocol.as_ref().unwrap();
    assert_eq!((protocol.version, protocol.network, protocol.live_answers), (3, "unix", false));
    assert_eq!(protocol.auto_mtls, Some(true));
    assert_eq!(found.file.binary.architecture.as_deref(), Some(&*Platform::current().architecture));
    let text = found.to_string();
    for part in [
        "executor said 1.0.0",
        "Says what it is.",
        "a    string  required",
        "one of \"x\"",
        "One.",
        "https://example.org/d",
    ] {
        assert!(text.contains(part), "{part:?} is not in {text}");
    }
    let json = json!(found);
    assert_eq!(json["plugin"]["configuration"]["keys"][0]["path"], "a");
    assert_eq!(json["file"]["sha256"].as_str().map(str::len), Some(64));
}

#[tokio::test]
async fn an_archive_is_unpacked() {
    let folder = Folder::new();
    let file = folder.add("anything.tar.gz", &archive("bin/said", &program(&good())));
    let found = inspect(&file).await.unwrap();
    assert_eq!(found.file.member.unwrap().path, "bin/said");
    assert_eq!(found.plugin.unwrap().version, "1.0.0");
}

#[tokio::test]
async fn a_source_is_known_by_its_name() {
    let folder = Folder::with("source", &good());
    let found = inspect(&folder.path().join(format!("source_said_{}", here()))).await.unwrap();
    assert_eq!(found.plugin.unwrap().kind, PluginKind::Source);
}

#[tokio::test]
async fn of_a_plugin_for_another_machine_everything_is_said_but_what_it_says_itself() {
    let mut foreign = program(&good());
    // The machine of an ELF file: s390x.
    foreign[18..20].copy_from_slice(&22u16.to_le_bytes());
    let folder = Folder::new();
    let found = inspect(&folder.add("executor_said_linux_s390x", &foreign)).await.unwrap();
    assert_eq!(found.file.binary.architecture.as_deref(), Some("s390x"));
    assert!(found.not_run.unwrap().contains("it is a program for s390x"));
    assert_eq!((found.plugin, found.failed), (None, None));
}

#[tokio::test]
async fn a_plugin_that_does_not_answer_is_shown_with_what_it_printed() {
    let folder = Folder::new();
    for (name, script, expected) in [
        ("dead", "echo no memory >&2; exit 3", "no memory"),
        ("by-hand", "echo This is a plugin, start it with botkube; exit 1", "This is a plugin"),
    ] {
        let file = folder.add(&format!("executor_{name}"), format!("#!/bin/sh\n{script}\n").as_bytes());
        let failed = inspect(&file).await.unwrap().failed.unwrap();
        assert!(failed.contains(expected), "{failed}");
    }
    let mut said = good();
    said["dies"] = json!(true);
    let folder = Folder::with("executor", &said);
    let failed = inspect(&folder.path().join(format!("executor_said_{}", here()))).await.unwrap().failed.unwrap();
    assert!(failed.contains("it has no idea what it is"), "{failed}");
}

#[tokio::test]
async fn what_is_no_program_is_said() {
    let folder = Folder::new();
    for (name, content, expected) in [
        ("executor_x", &b"hello"[..], "it is a text"),
        ("x.tar.gz", b"cut", "cut off"),
        ("x.tar.xz", b"", "packed as `tar.xz`"),
    ] {
        let error = inspect(&folder.add(name, content)).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(matches!(inspect(folder.path()).await, Err(InspectError::NoProgram { .. })));
    assert!(matches!(inspect(Path::new("/nowhere")).await, Err(InspectError::Unreadable { .. })));
}
