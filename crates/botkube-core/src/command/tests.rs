//! From a text to a command: what people see, what a plugin gets, and what the agent keeps for itself.

use botkube_config::finding::Origin;
use proptest::prelude::*;

use super::*;

fn alias(name: &str, command: &str) -> Alias {
    let origin = Origin::Default;
    Alias { name: name.into(), command: command.into(), display_name: None, origin }
}

fn parse(text: &str) -> Result<Command, CommandError> {
    let aliases = [alias("k", "kubectl"), alias("k g", "kubectl get"), alias("hi", "echo hello"), alias("echo", "hi")];
    // Helm has flags of these names itself.
    Command::parse(text, &aliases, |name| name != "helm")
}

/// What a plugin gets.
#[track_caller]
fn check(text: &str, expected: &str, words: &[&str]) {
    let command = parse(text).unwrap();
    assert_eq!((command.text.as_str(), command.words), (expected, words.iter().map(ToString::to_string).collect()));
}

/// What is left of the text, and what the agent was told by `--filter` and `--cluster-name`.
#[track_caller]
fn check_flags(text: &str, expected: &str, filter: Option<&str>, cluster: Option<&str>) {
    let command = parse(text).unwrap();
    let flags = (command.flags.filter.as_deref(), command.flags.cluster_name.as_deref());
    assert_eq!((command.text.as_str(), flags), (expected, (filter, cluster)), "{text:?}");
}

#[test]
fn inner_spacing_and_quotes_reach_the_plugin_as_typed() {
    check("  say  'a  b'  c ", "say  'a  b'  c", &["say", "a  b", "c"]);
}

#[test]
fn a_mention_is_optional_and_ignores_case() {
    check("@Botkube say hi", "say hi", &["say", "hi"]);
    check("@botkube", "", &[]);
    check("@botkubes say", "@botkubes say", &["@botkubes", "say"]);
}

#[test]
fn the_longest_alias_is_expanded_and_only_as_whole_words() {
    check("k g po", "kubectl get po", &["kubectl", "get", "po"]);
    check("k get po", "kubectl get po", &["kubectl", "get", "po"]);
    check("kx", "kx", &["kx"]);
}

#[test]
fn an_alias_of_an_alias_is_expanded_once_so_that_no_loop_can_be() {
    check("hi", "echo hello", &["echo", "hello"]);
    check("echo", "hi", &["hi"]);
}

#[test]
fn people_see_the_expanded_text_with_flags() {
    assert_eq!(parse("@botkube k g po --filter=x").unwrap().shown, "kubectl get po --filter=x");
}

#[test]
fn what_a_phone_or_slack_made_of_the_text_is_undone() {
    check("say “a b” what’s", "say \"a b\" what's", &["say", "a b", "what's"]);
    check("get <https://A.b:1/?q=1>", "get https://A.b:1/?q=1", &["get", "https://A.b:1/?q=1"]);
}

#[test]
fn parentheses_are_text() {
    check("ai why (really) ?", "ai why (really) ?", &["ai", "why", "(really)", "?"]);
}

#[test]
fn a_flag_may_be_written_in_each_of_upstreams_ways() {
    check_flags("get po -A --filter=\"a b\" --cluster-name=c1", "get po -A", Some("a b"), Some("c1"));
    check_flags("get po --cluster-name c1 -n default", "get po -n default", None, Some("c1"));
    check_flags("get po --filter 'a b'  -A", "get po  -A", Some("a b"), None);
    check_flags("help --cluster-name=", "help", None, Some(""));
    check_flags("get --filter=\"\" po", "get po", Some(""), None);
}

#[test]
fn a_flag_may_stand_before_the_command() {
    check_flags("--cluster-name=c1 --filter x get po", "get po", Some("x"), Some("c1"));
    check_flags("--filter x \n \u{c}get po", "\u{c}get po", Some("x"), None);
    check_flags("--filter x helm list --filter y", "helm list --filter y", Some("x"), None);
}

#[test]
fn a_flag_behind_a_separator_or_a_parenthesis_is_one_all_the_same() {
    check_flags("get po | grep x --filter=y", "get po | grep x", Some("y"), None);
    check_flags("ai (why) & so --filter y; x", "ai (why) & so; x", Some("y"), None);
    check_flags("what's wrong --filter it's", "what's wrong", Some("it's"), None);
}

#[test]
fn what_is_in_quotes_is_no_flag() {
    for text in ["say '--filter=x'", "say \"--all-clusters\"", "say \\--filter=x", "say x--filter=x"] {
        check_flags(text, text, None, None);
    }
}

#[test]
fn equal_text_elsewhere_stays_when_a_flag_is_cut() {
    check_flags("say '--filter x' \" --filter x\" --filter x", "say '--filter x' \" --filter x\"", Some("x"), None);
}

#[test]
fn all_clusters_is_cut_out_and_means_nothing_here() {
    for flag in ["--all-clusters", "--all-clusters=true", "--all-clusters=false"] {
        check_flags(&format!("get po {flag} -A"), "get po -A", None, None);
    }
}

#[test]
fn behind_two_dashes_nothing_is_the_agents() {
    let text = "exec pod -- run --filter x --bk-cluster-name=c";
    check_flags(text, text, None, None);
    assert!(parse(text).unwrap().flags_ended);
}

#[test]
fn an_executor_can_have_the_bare_flags_and_the_others_stay_the_agents() {
    check_flags(
        "helm list --filter=x --all-clusters --bk-filter=y --bk-cluster-name c",
        "helm list --filter=x --all-clusters",
        Some("y"),
        Some("c"),
    );
}

#[test]
fn help_is_asked_for_by_two_words() {
    assert!(parse("get help --filter x").unwrap().is_help());
    assert!(!parse("get help po").unwrap().is_help() && !parse("get").unwrap().is_help());
}

#[test]
fn a_text_that_is_too_long_is_refused_with_size_and_limit() {
    let error = parse(&"x".repeat(1 << 20)).unwrap_err();
    assert_eq!(error, CommandError::TooLong { size: 1 << 20 });
    let said = error.to_string();
    assert!(said.contains("1048576 bytes") && said.contains("262144"), "{said}");
    assert!(parse(&"x".repeat(LONGEST)).is_ok());
}

#[test]
fn errors_show_the_place() {
    let texts = [
        "say ä \"b",
        "say 'b",
        "get po --filter",
        "get po --filter | grep x",
        "get po --filter x --bk-filter=y",
        "get po --cluster-name --filter=x",
        "get po --filter=-x",
        "get po --all-clusters=yes",
        "first line\nsecond \"line\nthird line",
        "say 世界 \"x",
        &format!("say {} \"{}", "x".repeat(100), "y".repeat(100)),
    ];
    let errors: Vec<String> = texts.iter().map(|text| parse(text).unwrap_err().to_string()).collect();
    insta::assert_snapshot!(errors.join("\n\n---\n"));
}

#[test]
fn a_place_counts_lines_and_characters() {
    let Err(CommandError::Malformed { place, .. }) = parse("ä\nb ö \"x") else { panic!("the quote is open") };
    assert_eq!((place.line, place.column), (2, 5));
}

/// A word that is nothing of the agent's, as it may be written.
fn word() -> impl Strategy<Value = String> {
    "[a-zé]{1,4}|'[a-z |]{0,5}'|\"[a-z ;]{0,5}\"|-[a-z]|\\(|`|\\||\\\\ é"
}

fn flag() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["--filter=x", "--filter 'x y'", "--filter=\"\""])
}

proptest! {
    #[test]
    fn a_flag_that_is_cut_out_leaves_everything_else_byte_for_byte(
        words in prop::collection::vec(word(), 1..8),
        blank in prop::sample::select(vec![" ", "  ", "\n", "\t "]),
        flag in flag(),
        other in prop::option::of(Just("--bk-cluster-name=c --all-clusters")),
        place in any::<prop::sample::Index>(),
    ) {
        let text = format!("x{blank}{}", words.join(blank));
        prop_assume!(Command::parse(&text, &[], |_| true).is_ok());
        let at = place.index(words.len() + 1);
        let mut with = words.clone();
        with.insert(at, [Some(flag), other].into_iter().flatten().collect::<Vec<_>>().join(" "));
        // The flag brings one blank of its own.
        let begin: String = std::iter::once("x").chain(with[..at].iter().map(String::as_str)).collect::<Vec<_>>().join(blank);
        let end: String = with[at + 1..].iter().map(|word| format!("{blank}{word}")).collect();
        // A lone backtick begins a span as soon as another one follows.
        prop_assume!(words.iter().filter(|word| *word == "`").count() < 2);
        let command = Command::parse(&format!("{begin} {}{end}", with[at]), &[], |_| true).unwrap();
        prop_assert_eq!(&command.text, &text);
        prop_assert!(command.flags.filter.is_some());
    }

    #[test]
    fn every_text_has_an_outcome(text: String) {
        let _ = parse(&text).map_err(|error| error.to_string());
    }

    #[test]
    fn every_text_of_what_means_something_has_an_outcome(text in "(--filter|--bk-cmd-header|=|'|\"|\\\\| |<https://|>|x|\\||é|“|--){0,12}") {
        if let Ok(command) = parse(&text) {
            prop_assert!(command.text.len() <= command.shown.len());
            prop_assert!(command.flags != Flags::default() || command.text == command.shown);
        } else {
            prop_assert!(!parse(&text).unwrap_err().to_string().is_empty());
        }
    }
}
