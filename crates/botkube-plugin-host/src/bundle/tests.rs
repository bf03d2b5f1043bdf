//! What is no bundle, and what is said of it.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use tempfile::NamedTempFile;

use super::*;

/// A packed tar with these files.
fn packed(files: &[(&str, &[u8])]) -> NamedTempFile {
    let file = NamedTempFile::with_suffix(".tar.gz").unwrap();
    let mut tar = tar::Builder::new(GzEncoder::new(file.reopen().unwrap(), Compression::fast()));
    for (path, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, path, *content).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap();
    file
}

fn manifest(path: &str, content: &[u8]) -> Vec<u8> {
    let mut hashing = Hashing { inner: content, context: Context::new(&SHA256), read: 0 };
    io::copy(&mut hashing, &mut io::sink()).unwrap();
    let content = Content { size: hashing.read, sha256: hex(hashing.context) };
    serde_json::to_vec(&Manifest { format: FORMAT, files: BTreeMap::from([(path.to_owned(), content)]) }).unwrap()
}

#[track_caller]
fn check_refused(file: &NamedTempFile, said: &str) {
    let error = read_index(file.path(), "corp").unwrap_err().to_string();
    assert!(error.contains(said), "{error}");
    assert!(error.contains("botkube plugin bundle"), "{error}");
}

#[test]
fn its_name_tells_a_bundle_from_an_index() {
    for (name, expected) in
        [("/x/b.tar.gz", true), ("b.TGZ", true), ("index.yaml", false), ("b.gz", false), ("/", false)]
    {
        assert_eq!(is_bundle(Path::new(name)), expected, "{name}");
    }
}

#[test]
fn an_index_comes_out_as_it_went_in() {
    let manifest = manifest("corp/index.yaml", b"entries: []");
    let bundle = packed(&[(MANIFEST, &manifest), ("corp/index.yaml", b"entries: []")]);
    assert_eq!(read_index(bundle.path(), "corp").unwrap(), b"entries: []");
}

#[test]
fn other_files_are_no_bundles() {
    check_refused(&packed(&[("a", b"b")]), "does not begin with `botkube-bundle.json`");
    let mut page = NamedTempFile::with_suffix(".tar.gz").unwrap();
    page.write_all(b"<html><body>nothing is here</body></html>").unwrap();
    check_refused(&page, "it is no bundle");
    let newer = br#"{"botkubeBundle": 2, "files": {}}"#;
    let error = read_index(packed(&[(MANIFEST, newer)]).path(), "corp").unwrap_err().to_string();
    assert!(error.contains("use an agent of its version"), "{error}");
}

#[test]
fn what_the_manifest_does_not_say_is_noticed() {
    let manifest = manifest("corp/index.yaml", b"entries: []");
    check_refused(
        &packed(&[(MANIFEST, &manifest), ("corp/index.yaml", b"entries: {}")]),
        "is not what its manifest says",
    );
    check_refused(&packed(&[(MANIFEST, &manifest), ("corp/index.yaml", b"more")]), "another size");
    check_refused(&packed(&[(MANIFEST, &manifest), ("other", b"")]), "of which its manifest knows nothing");
    check_refused(&packed(&[(MANIFEST, &manifest)]), "`corp/index.yaml` is missing");
}

#[test]
fn a_repository_it_does_not_have_is_said_with_those_it_has() {
    let manifest = manifest("other/index.yaml", b"entries: []");
    check_refused(&packed(&[(MANIFEST, &manifest), ("other/index.yaml", b"entries: []")]), "`corp`; it has `other`");
}
