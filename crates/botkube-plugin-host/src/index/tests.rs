//! What becomes of an index, good and bad, and which of its entries is meant.
//! Must not know: how indexes are fetched.

use super::*;

const ENTRY: &str = "entries:
  - name: kubectl
    type: executor
    description: Runs kubectl.
    documentationUrl: https://docs.example.com
    version: v1.14.0
    recommended: true
    urls:
      - url: https://example.com/executor_kubectl_linux_amd64.tar.gz
        checksum: 0a
        platform: { os: linux, architecture: amd64 }
        dependencies:
          kubectl: { url: https://example.com/kubectl }
    jsonSchema: { value: '{}', refURL: https://example.com/schema }
";

/// Entries of the executor `e`, one for each version.
fn versions(versions: &[&str]) -> Index {
    let entries: String = versions
        .iter()
        .map(|version| {
            format!("- {{name: e, type: executor, version: {version}, urls: [{{url: u, platform: {{os: o, architecture: a}}}}]}}\n")
        })
        .collect();
    let index = Index::parse(&format!("entries:\n{entries}")).unwrap();
    assert_eq!(index.problems, []);
    index
}

/// What becomes of `ENTRY` with a part of it replaced: how many entries are left, and the problems.
#[track_caller]
fn check(part: &str, replacement: &str, left: usize, problems: &[&str]) {
    assert!(ENTRY.contains(part), "{part}");
    let index = Index::parse(&ENTRY.replacen(part, replacement, 1)).unwrap();
    let said: Vec<String> = index.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        (index.entries.len(), said.as_slice()),
        (left, problems.iter().map(ToString::to_string).collect::<Vec<_>>().as_slice())
    );
}

#[track_caller]
fn check_choice(there: &[&str], asked: Option<&str>, expected: Result<&str, &str>) {
    let index = versions(there);
    match (index.choose(PluginKind::Executor, "e", asked), expected) {
        (Ok(entry), Ok(expected)) => assert_eq!(entry.version, expected),
        (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
        (found, expected) => panic!("{found:?} and not {expected:?}"),
    }
}

#[track_caller]
fn check_refused(text: &str, expected: &str) {
    let error = Index::parse(text).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn an_entry_is_read_whole() {
    let index = Index::parse(ENTRY).unwrap();
    let platform = |os: &str, architecture: &str| Platform { os: os.into(), architecture: architecture.into() };
    let expected = Entry {
        kind: PluginKind::Executor,
        name: "kubectl".into(),
        version: "v1.14.0".into(),
        description: "Runs kubectl.".into(),
        documentation_url: Some("https://docs.example.com".into()),
        recommended: true,
        minimum_agent_version: None,
        downloads: vec![Download {
            platform: platform("linux", "amd64"),
            url: "https://example.com/executor_kubectl_linux_amd64.tar.gz".into(),
            checksum: Some("0a".into()),
            dependencies: BTreeMap::from([(
                "kubectl".into(),
                Dependency { url: "https://example.com/kubectl".into(), checksum: None },
            )]),
        }],
        line: 2,
    };
    assert_eq!(index, Index { entries: vec![expected], problems: vec![] });
    assert!(index.entries[0].download(&platform("linux", "amd64")).is_some());
    assert!(index.entries[0].download(&platform("linux", "arm64")).is_none());
}

#[test]
fn an_empty_list_is_an_index() {
    for text in ["entries: []", "entries:", "\u{feff}entries: []"] {
        assert_eq!(Index::parse(text), Ok(Index::default()), "{text}");
    }
}

#[test]
fn a_version_that_looks_like_a_number_keeps_its_text() {
    for (written, expected) in [("1.10", "1.10"), ("0x10", "0x10"), ("'1.0'", "1.0"), ("1e3", "1e3"), ("true", "true")]
    {
        assert_eq!(versions(&[written]).entries[0].version, expected);
    }
    let anchored = ENTRY.replace("Runs kubectl.", "&v 1.10").replace("v1.14.0", "*v");
    assert_eq!(Index::parse(&anchored).unwrap().entries[0].version, "1.10");
}

#[test]
fn what_an_entry_needs_and_has_not_costs_that_entry_only() {
    let two = format!(
        "{ENTRY}{}",
        &ENTRY["entries:\n".len()..].replace("kubectl", "helm").replace("type: executor", "type: exe")
    );
    let index = Index::parse(&two).unwrap();
    assert_eq!(index.entries.len(), 1);
    assert_eq!(
        index.problems[0].to_string(),
        "line 16, entry 2 (`helm`): `type` is the text `exe`, so the entry is left out; write `executor` or `source`"
    );
    check("name: kubectl", "nam: e", 0, &["line 2, entry 1: `name` is missing, so the entry is left out; write it"]);
    let empty = "line 6, entry 1 (`kubectl`): `version` is empty, so the entry is left out; write it";
    check("v1.14.0", "''", 0, &[empty]);
    check("v1.14.0", "", 0, &[empty]);
    check(
        "- name: kubectl",
        "- text\n  - name: kubectl",
        1,
        &["line 2, entry 1: it is the text `text`, and an entry is a map; write `name:`, `type:` and so on"],
    );
}

#[test]
fn a_name_that_leads_elsewhere_costs_its_entry() {
    check(
        "v1.14.0",
        "../../evil",
        0,
        &[
            "line 6, entry 1 (`kubectl`): `version` is the text `../../evil`, which cannot be in the name of a file, so the entry is \
         left out; use letters, digits, dots and dashes",
        ],
    );
    check(
        "kubectl: {",
        "a/b: {",
        0,
        &[
            "line 13, entry 1 (`kubectl`): the dependency `a/b` cannot be the name of a file, so the plugin is not there for \
         linux/amd64; use letters, digits, dots and dashes",
        ],
    );
}

#[test]
fn what_is_wrong_for_one_platform_leaves_the_others() {
    let arm = "urls:
      - url: https://example.com/arm
        platform: { os: linux, architecture: arm64 }";
    let index =
        Index::parse(&ENTRY.replace("urls:", arm).replace("url: https://example.com/executor", "uri: x")).unwrap();
    assert_eq!(index.entries[0].downloads.len(), 1);
    assert_eq!(
        index.problems[0].to_string(),
        "line 11, entry 1 (`kubectl`): there is no `url` for linux/amd64, so the plugin is not there for it; write where the \
         plugin is"
    );
    check(
        "{ url: https://example.com/kubectl }",
        "{}",
        0,
        &[
            "line 13, entry 1 (`kubectl`): the dependency `kubectl` has no `url` for linux/amd64, so the plugin is not there for it; \
         write where the program is",
        ],
    );
    check(
        "os: linux, ",
        "",
        0,
        &[
            "line 9, entry 1 (`kubectl`): a url says no `platform.os` or no `platform.architecture`, and is left out; write both, such \
         as `linux` and `amd64`",
        ],
    );
}

#[test]
fn of_two_addresses_for_one_platform_the_last_counts() {
    let twice = "urls:
      - url: https://example.com/first
        platform: { os: linux, architecture: amd64 }";
    let index = Index::parse(&ENTRY.replace("urls:", twice)).unwrap();
    assert_eq!(index.entries[0].downloads.len(), 1);
    assert!(index.entries[0].downloads[0].url.ends_with(".tar.gz"));
    assert!(index.problems[0].to_string().contains("`urls` has linux/amd64 twice"), "{}", index.problems[0]);
}

#[test]
fn of_two_entries_of_one_version_the_first_counts() {
    let second = ENTRY["entries:\n".len()..].replace("Runs", "Twice");
    let index = Index::parse(&format!("{ENTRY}{second}")).unwrap();
    assert_eq!((index.entries.len(), index.entries[0].description.as_str()), (1, "Runs kubectl."));
    assert_eq!(
        index.problems[0].to_string(),
        "line 15, entry 2 (`kubectl`): the executor `kubectl` has the version `v1.14.0` in entry 1 already, and that one counts; \
         remove one of the two, or give it another version"
    );
}

#[test]
fn a_key_that_stands_twice_costs_its_entry() {
    check(
        "type: executor",
        "type: executor\n    type: source",
        0,
        &[
            "line 4, entry 1 (`kubectl`): the key `type` stands twice in one map, so the entry is left out; remove one of the two",
        ],
    );
    check(
        "checksum: 0a",
        "checksum: 0a\n        checksum: 0b",
        0,
        &[
            "line 11, entry 1 (`kubectl`): the key `checksum` stands twice in one map, so the entry is left out; remove one of the two",
        ],
    );
}

/// What becomes of an index of one entry with this under a key of its own, and of a good entry after it.
#[track_caller]
fn check_large(extra: &str, problem: &str) {
    let entry = &ENTRY["entries:\n".len()..];
    let index = Index::parse(&format!("{ENTRY}    extra: {{{extra}}}\n{}", entry.replace("kubectl", "helm"))).unwrap();
    assert_eq!(index.entries.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["helm"]);
    assert_eq!(index.problems.iter().map(ToString::to_string).collect::<Vec<_>>(), [problem]);
}

#[test]
fn an_entry_with_a_map_of_very_many_keys_is_left_out() {
    let keys = |count: u32| (0..count).map(|key| format!("key{key}: 1, ")).collect::<String>();
    check_large(
        &keys(140_000),
        "line 15, entry 1 (`kubectl`): a map has 140000 keys, so the entry is left out; write at most 1000",
    );
    check("jsonSchema: {", &format!("jsonSchema: {{ {}", keys(998)), 1, &[]);
}

#[test]
fn an_entry_of_very_many_platforms_is_read() {
    let urls: String = (0..30_000)
        .map(|system| format!("      - {{ url: u, platform: {{ os: o{system}, architecture: a }} }}\n"))
        .collect();
    let index = Index::parse(&ENTRY.replace("urls:\n", &format!("urls:\n{urls}"))).unwrap();
    assert_eq!((index.entries[0].downloads.len(), index.problems), (30_001, vec![]));
}

#[test]
fn what_is_no_index_is_said() {
    check_refused("\n <!DOCTYPE html><html></html>", "it is an HTML page");
    check_refused("<HTML>", "it is an HTML page");
    check_refused("404: Not Found", "it has a map of other keys where an index has the list `entries:`");
    check_refused("Not Found", "it has the text `Not Found`");
    check_refused("", "it has nothing");
    check_refused("entries: {}", "it has a map under `entries`");
    check_refused("entries:\n  - name: [\n", "line 2, column 11: it is no valid YAML");
    check_refused(&"#".repeat(17 << 20), "it has 17825792 bytes, and an index has at most 16777216");
    let bomb = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\n\
                e: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f]\nentries: [*g,*g,*g,*g]";
    check_refused(bomb, "anchors unfold to too much");
}

#[test]
fn without_a_version_the_highest_release_is_meant() {
    check_choice(&["v1.0.0", "0.9", "v1.10.0", "v1.9.0"], None, Ok("v1.10.0"));
    check_choice(&["v1.0.0", "dev", "v2.0.0", "v2.1.0-rc.1"], None, Ok("v2.0.0"));
    check_choice(&["dev", "v2.1.0-rc.1", "v2.1.0-rc.2"], None, Ok("v2.1.0-rc.2"));
    check_choice(&["main", "dev"], None, Ok("main"));
    check_choice(&["v1.0", "1.0.0"], None, Ok("v1.0"));
}

#[test]
fn a_version_is_meant_with_or_without_its_v() {
    check_choice(&["v2", "v1.0.0"], Some("1.0.0"), Ok("v1.0.0"));
    check_choice(&["v2", "1.0.0"], Some("v1.0.0"), Ok("1.0.0"));
    check_choice(&["v1.0.0", "1.0.0"], Some("1.0.0"), Ok("1.0.0"));
    check_choice(&["v2", "dev"], Some("dev"), Ok("dev"));
    check_choice(&["v2", "v2-rc.1"], Some("2-rc.1"), Ok("v2-rc.1"));
}

#[test]
fn the_first_numbers_of_a_version_mean_the_highest_of_them() {
    let there = ["v1.14.0", "v1.9.5", "v1.9.6", "v1.9.7-rc.1", "v10.0.0"];
    check_choice(&there, Some("v1"), Ok("v1.14.0"));
    check_choice(&there, Some("1.9"), Ok("v1.9.6"));
    check_choice(&["v1.9.7-rc.1"], Some("1.9"), Ok("v1.9.7-rc.1"));
}

#[test]
fn a_version_that_is_not_there_is_answered_with_those_that_are() {
    let there = ["v1.14.0", "v1.9.5", "dev"];
    let known = "there is `v1.14.0`, `v1.9.5`, `dev`; nearest to it is `";
    for (asked, nearest) in
        [("v1.10", "v1.9.5"), ("v3", "v1.14.0"), ("0.1", "v1.9.5"), ("deb", "dev"), ("latest", "v1.14.0")]
    {
        check_choice(&there, Some(asked), Err(&format!("{known}{nearest}`")));
    }
    check_choice(&there, Some("1.14.0-rc.1"), Err("there is no version `1.14.0-rc.1` of the executor `e`"));
}

#[test]
fn a_plugin_that_is_not_there_is_answered_with_what_was_perhaps_meant() {
    let index = versions(&["1"]);
    let said = |kind, name| index.choose(kind, name, None).unwrap_err().to_string();
    assert!(said(PluginKind::Source, "e").ends_with("there is an executor of that name: bind it under `executors`"));
    assert!(said(PluginKind::Executor, "E").ends_with("is `e` meant?"));
    assert!(said(PluginKind::Executor, "kubectl").ends_with("it has `e`"));
    let wrong = Index::parse("entries: [{name: helm, type: executor}]").unwrap();
    let said = wrong.choose(PluginKind::Executor, "helm", None).unwrap_err().to_string();
    assert!(
        said.contains("of that name, but wrong in the index: line 1, entry 1 (`helm`): `version` is missing"),
        "{said}"
    );
}

#[test]
fn a_dependency_may_have_a_checksum() {
    let index = Index::parse(
        &ENTRY.replace("https://example.com/kubectl }", "https://example.com/kubectl, checksum: ' 0b ' }"),
    );
    assert_eq!(index.unwrap().entries[0].downloads[0].dependencies["kubectl"].checksum.as_deref(), Some("0b"));
    check(
        "https://example.com/kubectl }",
        "https://example.com/kubectl, checksum: [] }",
        0,
        &[
            "line 13, entry 1 (`kubectl`): `checksum` of the dependency `kubectl` for linux/amd64 is a list, so the plugin is not there \
           for it; write the SHA-256 of the file, as 64 hexadecimal digits",
        ],
    );
}

/// What an agent of version 1.2.0 takes of versions and the agents they want.
#[track_caller]
fn check_agent(there: &[(&str, &str)], asked: Option<&str>, expected: Result<&str, &str>) {
    let mut index = versions(&there.iter().map(|(version, _)| *version).collect::<Vec<_>>());
    for (entry, (_, minimum)) in index.entries.iter_mut().zip(there) {
        entry.minimum_agent_version = Some((*minimum).into());
    }
    match (choose::choose(&index, PluginKind::Executor, "e", asked, "1.2.0"), expected) {
        (Ok(entry), Ok(expected)) => assert_eq!(entry.version, expected),
        (Err(error), Err(expected)) => assert_eq!(error.to_string(), expected),
        (found, expected) => panic!("{found:?} and not {expected:?}"),
    }
}

#[test]
fn what_wants_a_newer_agent_is_not_chosen() {
    let there = [("1.0.0", "1.2"), ("1.1.0", "v1.3.0"), ("2.0.0", "2.0.0")];
    check_agent(&there, None, Ok("1.0.0"));
    check_agent(&there, Some("v1"), Ok("1.0.0"));
    let said = "the executor `e` 2.0.0 wants an agent of version 2.0.0 or newer, and this is 1.2.0; update the agent";
    check_agent(&there, Some("2"), Err(&format!("{said}, or ask for its version `1.0.0`")));
    check_agent(&there[2..], None, Err(said));
    let mut index = versions(&["1.0.0", "2.0.0"]);
    assert_eq!(choose::held_back(&index, &index.entries[0], "1.2.0"), None);
    index.entries[1].minimum_agent_version = Some("1.3.0".into());
    let held_back = choose::held_back(&index, &index.entries[0], "1.2.0");
    assert_eq!(held_back.map(|entry| entry.version.as_str()), Some("2.0.0"));
    assert_eq!(choose::held_back(&index, &index.entries[0], "0.0.0"), None);
}

#[test]
fn a_wanted_agent_that_is_no_version_costs_the_entry() {
    check(
        "version: v1.14.0",
        "version: v1.14.0\n    minimumAgentVersion: new",
        0,
        &[
            "line 7, entry 1 (`kubectl`): `minimumAgentVersion` is the text `new`, which is no version, so the entry is left out; \
           write one such as `1.2.0`",
        ],
    );
}
