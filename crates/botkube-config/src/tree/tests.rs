//! What trees know about places, and how they merge.
//! Must not know: the keys of a configuration.

use std::path::Path;

use super::*;

/// The leaves of the merged documents, each as `key@file:line:column = value@file:line:column`.
fn leaves(documents: &[&str]) -> Vec<String> {
    let mut sources = Sources::default();
    let mut root = Node::empty();
    for (number, document) in documents.iter().enumerate() {
        let source = sources.add(Path::new(&number.to_string()), (*document).into());
        root.overlay(parse(&sources, source).unwrap(), &mut Vec::new());
    }
    let mut found = Vec::new();
    collect(&sources, "", &root, &mut found);
    found
}

fn collect(sources: &Sources, path: &str, node: &Node, found: &mut Vec<String>) {
    match &node.value {
        Value::Map(entries) if !entries.is_empty() => {
            for entry in entries {
                collect(
                    sources,
                    &format!("{path}/{}@{}", entry.key, sources.origin(entry.place.unwrap())),
                    &entry.node,
                    found,
                );
            }
        }
        Value::List(items) => items.iter().for_each(|item| collect(sources, &format!("{path}/-"), item, found)),
        value => found.push(format!("{path} = {}@{}", value.to_json(), sources.origin(node.place.unwrap()))),
    }
}

#[track_caller]
fn check(documents: &[&str], expected: &[&str]) {
    assert_eq!(leaves(documents), expected);
}

#[test]
fn every_key_and_every_value_has_its_place() {
    check(
        &["a:\n  b: 1\n  c: [x, \"2\"]\n"],
        &["/a@0:1:1/b@0:2:3 = 1@0:2:6", "/a@0:1:1/c@0:3:3/- = \"x\"@0:3:7", "/a@0:1:1/c@0:3:3/- = \"2\"@0:3:10"],
    );
}

#[test]
fn what_comes_through_an_anchor_points_at_the_anchor() {
    check(
        &["a: &x {b: 1}\nc: *x\nd: {<<: *x}\n"],
        &["/a@0:1:1/b@0:1:8 = 1@0:1:11", "/c@0:2:1/b@0:1:8 = 1@0:1:11", "/d@0:3:1/b@0:1:8 = 1@0:1:11"],
    );
}

#[test]
fn maps_merge_key_by_key() {
    check(
        &["a: {b: 1, c: 1}", "a: {c: 2, d: 2}"],
        &["/a@0:1:1/b@0:1:5 = 1@0:1:8", "/a@0:1:1/c@1:1:5 = 2@1:1:8", "/a@0:1:1/d@1:1:11 = 2@1:1:14"],
    );
}

#[test]
fn lists_replace() {
    check(&["a: [1, 2]", "a: [3]"], &["/a@1:1:1/- = 3@1:1:5"]);
}

#[test]
fn null_replaces_a_value() {
    check(&["a: 1", "a: null"], &["/a@1:1:1 = null@1:1:4"]);
    check(&["a: [1]", "a: null"], &["/a@1:1:1 = null@1:1:4"]);
}

#[test]
fn null_leaves_a_map_as_it_is_and_is_noted_where_the_map_held_something() {
    check(&["a: {b: 1}", "a: null"], &["/a@0:1:1/b@0:1:5 = 1@0:1:8"]);
    let mut sources = Sources::default();
    let mut parsed = |text: &str| {
        let source = sources.add(Path::new("f"), text.into());
        parse(&sources, source).unwrap()
    };
    let (mut root, mut kept) = (parsed("a: {b: {c: 1}, d: {}}"), Vec::new());
    root.overlay(parsed("a: {b: null, d: null}"), &mut kept);
    assert_eq!(kept.iter().map(|map| map.path.join(".")).collect::<Vec<_>>(), ["a.b"]);
}

#[test]
fn a_map_replaces_a_scalar() {
    check(&["a: 1", "a: {b: 2}"], &["/a@1:1:1/b@1:1:5 = 2@1:1:8"]);
}

#[test]
fn keys_that_differ_in_case_stay_apart() {
    check(&["a: 1", "A: 2"], &["/a@0:1:1 = 1@0:1:4", "/A@1:1:1 = 2@1:1:4"]);
}

#[test]
fn dots_and_slashes_in_a_key_do_not_split_it() {
    check(&["botkube/echo@v1.2: {x: 1}"], &["/botkube/echo@v1.2@0:1:1/x@0:1:21 = 1@0:1:24"]);
}

#[test]
fn values_have_the_types_that_upstream_reads() {
    #[track_caller]
    fn check(yaml: &str, json: &str) {
        let mut sources = Sources::default();
        let source = sources.add(Path::new("f"), format!("v: {yaml}"));
        let Value::Map(entries) = parse(&sources, source).unwrap().value else { panic!("a map was written") };
        assert_eq!(entries[0].node.value.to_json().to_string(), json, "{yaml}");
    }
    check("true", "true");
    check("yes", r#""yes""#);
    check("\"5\"", r#""5""#);
    check("-5", "-5");
    check("0644", "420");
    check("1.5", "1.5");
    check(".inf", r#"".inf""#);
    check("~", "null");
    check("", "null");
    check("''", r#""""#);
    check("123456789012345678", "123456789012345678");
}
