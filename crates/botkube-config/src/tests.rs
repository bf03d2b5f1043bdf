//! Loading as a whole: files, their order, and what is said about files that cannot be used.
//! Must not know: single keys; `decode/tests.rs` has those.

use std::path::PathBuf;

use super::*;

mod layers;
mod upstream;

/// What `load` says about files of these names and contents: the findings, or else the cluster's name and bindings.
fn loaded(files: &[(&str, &[u8])]) -> String {
    with(files, &[], Options::default())
}

/// The same with variables, under these options.
fn with(files: &[(&str, &[u8])], variables: &[(&str, &str)], options: Options) -> String {
    let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    let folder = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = files.iter().map(|(name, _)| folder.path().join(name)).collect();
    for (path, (_, content)) in paths.iter().zip(files) {
        std::fs::write(path, content).unwrap();
    }
    let said = match load(&paths, variables, options) {
        Ok(Loaded { config, findings, .. }) => {
            let said: Vec<_> = findings.iter().map(|finding| format!("\n{finding}")).collect();
            format!("cluster {}{}", config.settings.cluster_name, said.concat())
        }
        Err(rejected) => rejected.to_string(),
    };
    said.replace(&format!("{}/", folder.path().display()), "")
}

macro_rules! check {
    ($files:expr, @$expected:literal) => {
        insta::assert_snapshot!(loaded(&$files), @$expected)
    };
}

#[test]
fn no_files_are_an_empty_configuration() {
    check!([], @"cluster not-configured");
}

#[test]
fn a_later_file_wins() {
    check!([("a.yaml", b"settings: {clusterName: one}"), ("b.yaml", b"settings: {clusterName: two}")], @"cluster two");
}

#[test]
fn an_empty_file_changes_nothing() {
    check!([("a.yaml", b"settings: {clusterName: one}"), ("b.yaml", b"# nothing yet\n")], @"cluster one");
}

#[test]
fn broken_yaml_is_shown_with_its_place() {
    check!([("a.yaml", b"settings:\n  clusterName: [one\naliases: {}\n")], @"
    error: this is not valid YAML: illegal placement of ':' indicator
     --> a.yaml:3:8
      |
    3 | aliases: {}
      |        ^
      = help: look at indentation, quotes, brackets and colons of this line and of the one above
    ");
}

#[test]
fn a_tab_is_called_a_tab() {
    check!([("a.yaml", b"settings:\n\tclusterName: one\n")], @"
    error: the line is indented with a tab
     --> a.yaml:2:2
      |
    2 |  clusterName: one
      |  ^
      = help: YAML is indented with blanks; replace the tab by blanks
    ");
}

#[test]
fn a_key_written_twice_is_shown() {
    check!([("a.yaml", b"settings:\n  clusterName: one\n  clusterName: two\n")], @"
    error: the key `clusterName` stands twice in the same map
     --> a.yaml:3:3
      |
    3 |   clusterName: two
      |   ^
      = help: remove one of the two, or put what they hold under one key
    ");
}

#[test]
fn several_documents_in_one_file_are_refused() {
    check!([("a.yaml", b"settings: {}\n---\naliases: {}\n")], @"
    error: a configuration file holds one YAML document, this one holds several
     --> a.yaml:3:1
      |
    3 | aliases: {}
      | ^
      = help: put each document into a file of its own; files are merged in the order they are named
    ");
}

#[test]
fn anchors_that_unfold_without_end_are_refused() {
    let mut bomb = String::from("a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9, 0]\n");
    for (inner, outer) in ('a'..'f').zip('b'..='f') {
        bomb.push_str(&format!("{outer}: &{outer} [{}]\n", vec![format!("*{inner}"); 10].join(", ")));
    }
    check!([("a.yaml", bomb.as_bytes())], @"
    error: the file is too large, or its anchors unfold to too much
     --> a.yaml:5:36
      |
    5 | e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
      |                                    ^
      = help: configurations have thousands of values, not hundreds of thousands; write less, or repeat less
    ");
}

#[test]
fn a_file_that_holds_no_map_is_refused() {
    check!([("a.yaml", b"- settings\n")], @"
    error: a configuration file holds a map of keys, found a list
     --> a.yaml:1:1
      |
    1 | - settings
      | ^
      = help: start with a key such as `communications:` or `executors:` at the beginning of a line
    ");
}

#[test]
fn a_file_that_is_not_text_is_shown_up_to_the_bad_byte() {
    check!([("a.yaml", b"settings:\n  clusterName: o\xffe\n")], @"
    error: the file is not UTF-8 text
     --> a.yaml:2:17
      |
    2 |   clusterName: o�e
      |                 ^
      = help: save the file as UTF-8
    ");
}

#[test]
fn all_broken_files_are_told_at_once() {
    check!([("a.yaml", b"a: ["), ("b.yaml", b"b: {")], @"
    error: this is not valid YAML: unclosed bracket '['
     --> a.yaml:1:4
      |
    1 | a: [
      |    ^
      = help: look at indentation, quotes, brackets and colons of this line and of the one above

    error: this is not valid YAML: unclosed bracket '{'
     --> b.yaml:1:4
      |
    1 | b: {
      |    ^
      = help: look at indentation, quotes, brackets and colons of this line and of the one above
    ");
}

#[test]
fn tokens_stay_out_of_pictures() {
    check!([("a.yaml", b"communications: {g: {socketSlack: {enabled: maybe, botToken: s3cret}}}")], @"
    error: `communications.g.socketSlack.enabled` needs a boolean, found the text `maybe`
     --> a.yaml:1:45
      |
    1 | communications: {g: {socketSlack: {enabled: maybe, botToken: ******}}}
      |                                             ^
      = key: communications.g.socketSlack.enabled
      = help: write `true` or `false`
    ");
}

#[test]
fn a_missing_file_is_named() {
    let Err(rejected) = load(&[PathBuf::from("/does/not/exist.yaml")], [], Options::default()) else {
        panic!("nothing there to load")
    };
    insta::assert_snapshot!(rejected, @"
    error: cannot read the configuration file /does/not/exist.yaml: No such file or directory (os error 2)
      = help: name a file that exists and that this user may read
    ");
}

#[test]
fn what_is_no_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let rejected = load(&[folder.path().to_owned()], [], Options::default()).unwrap_err();
    assert!(
        rejected
            .to_string()
            .starts_with(&format!("error: cannot read the configuration file {}: ", folder.path().display()))
    );
}

#[test]
fn a_finding_as_json_has_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.yaml");
    std::fs::write(&path, "settings:\n  kubeconfig: [a]\n").unwrap();
    let rejected = load(std::slice::from_ref(&path), [], Options::default()).unwrap_err();
    let json = serde_json::to_string(&rejected.findings).unwrap().replace(&path.display().to_string(), "a.yaml");
    insta::assert_snapshot!(json, @r#"[{"severity":"error","path":"settings.kubeconfig","file":"a.yaml","line":2,"column":15,"variable":null,"message":"`settings.kubeconfig` needs a text, found a list","help":"write a single value after the colon"}]"#);
}

#[test]
fn files_that_start_with_an_underscore_go_last() {
    #[track_caller]
    fn check(value: &str, expected: &[&str]) {
        assert_eq!(paths_from_env(value), expected.iter().map(PathBuf::from).collect::<Vec<_>>());
    }
    check("/c/_b.yaml,/c/a.yaml,/_c/d.yaml,/c/__a.yaml", &["/c/a.yaml", "/_c/d.yaml", "/c/_b.yaml", "/c/__a.yaml"]);
    check(" a.yaml , b.yaml,", &["a.yaml", "b.yaml"]);
    check("", &[]);
}

#[test]
fn what_was_meant_for_a_secret_is_not_shown() {
    for text in [
        "communications: {g: {socketSlack: {botTokn: hunter2hunter2}}}",
        "tokn: hunter2hunter2",
        "plugins: {env: {'*': DB_PASSWORD=hunter2hunter2}}",
        "communications: {g: {mattermost: 'token: hunter2hunter2'}}",
    ] {
        assert!(
            !loaded(&[("a.yaml", text.as_bytes())]).contains("hunter2hunter2"),
            "{}",
            loaded(&[("a.yaml", text.as_bytes())])
        );
    }
}

#[test]
fn helm_values_are_called_what_they_are() {
    let said = loaded(&[("values.yaml", b"image: {tag: v1}\nrbac: {create: true}\nextraEnv: []\n")]);
    assert!(said.contains("Helm values") && said.contains("values.yaml:1:1"), "{said}");
    assert_eq!(said.matches("error:").count(), 1, "{said}");
}
