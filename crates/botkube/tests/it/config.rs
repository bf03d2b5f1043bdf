//! `botkube config`: configurations looked at, and `--lenient`.

use serde_json::{Value, json};

use crate::support::{Machine, Outcome, check, contains, finish};

const GOOD: &str = "
executors: {tools: {botkube/echo: {enabled: true}}}
communications: {main: {console: {}, mattermost: {enabled: true, url: u, team: t, token: s3cret, channels: {c: {name: x}}}}}
";

const WRONG: &str = "settings: {clustrName: x}\ncommunications: {main: {console: {}}}\n";

#[track_caller]
fn config(machine: &Machine, args: &[&str], code: i32) -> Outcome {
    let outcome = machine.run(["config"].iter().chain(args));
    assert_eq!(outcome.code, code, "{outcome:?}");
    outcome
}

#[test]
fn a_usable_configuration_is_said_to_be_with_what_runs_and_what_does_not_yet() {
    let machine = Machine::new();
    let outcome = config(&machine, &["validate", &machine.file("c.yaml", GOOD)], 0);
    contains(&outcome.stdout, &["NOT YET SERVED BY THIS VERSION\n\n  mattermost in main\n"]);
    contains(&outcome.stdout, &["RUNS NOW\n\n  console in main\n  botkube/echo in executors.tools\n"]);
    assert_eq!(outcome.stdout.lines().last(), Some("usable: 0 errors, 0 warnings"));
}

#[test]
fn a_wrong_configuration_is_shown_where_it_is_wrong() {
    let machine = Machine::new();
    let outcome = config(&machine, &["validate", "--config", &machine.file("c.yaml", WRONG)], 2);
    contains(&outcome.stdout, &["WRONG\n", "c.yaml:1:12", "^", "did you mean `clusterName`?"]);
    assert_eq!(outcome.stdout.lines().last(), Some("cannot be used: 1 error, 0 warnings"));
}

#[test]
fn findings_are_an_array_for_programs() {
    let machine = Machine::new();
    let file = machine.file("c.yaml", WRONG);
    let outcome = config(&machine, &["validate", "-o", "json", &file], 2);
    assert_eq!(
        outcome.json(),
        json!([{
            "severity": "error", "path": "settings.clustrName", "file": file, "line": 1, "column": 12, "variable": null,
            "message": "there is no key `clustrName` under `settings`", "help": "did you mean `clusterName`?",
        }])
    );
    assert_eq!(config(&machine, &["validate", "-o", "json", &machine.file("c.yaml", GOOD)], 0).json(), json!([]));
}

#[test]
fn a_file_that_is_not_there_is_a_finding() {
    let machine = Machine::new();
    let findings = config(&machine, &["validate", "-o", "json", "nowhere.yaml"], 2).json();
    assert_eq!((&findings[0]["file"], &findings[0]["line"]), (&Value::Null, &Value::Null));
    contains(findings[0]["message"].as_str().unwrap(), &["nowhere.yaml"]);
}

#[test]
fn lenient_takes_unknown_keys_for_warnings() {
    let machine = Machine::new();
    let file = machine.file("c.yaml", WRONG);
    config(&machine, &["validate", "--lenient", &file], 0);
    let outcome = machine.run(["exec", "--lenient", "--config", &file, "--", "ping"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    contains(&outcome.stderr, &["warning: there is no key `clustrName`"]);
    let mut run = machine.botkube(["run", "--config", &file]);
    run.stdin(std::process::Stdio::null());
    assert_eq!(finish(run, "").code, 2);
}

#[test]
fn several_files_are_named_either_way_and_those_with_an_underscore_are_last() {
    let machine = Machine::new();
    let last = machine.file("_last.yaml", "settings: {clusterName: last}");
    let first = machine.file("first.yaml", "settings: {clusterName: first}");
    for args in [vec!["show", &last, &first], vec!["show", "-c", &format!("{last},{first}")]] {
        contains(&config(&machine, &args, 0).stdout, &["  clusterName: last\n"]);
    }
    let mut command = machine.botkube(["config", "show"]);
    command.env("BOTKUBE_CONFIG_PATHS", format!("{last},{first}"));
    contains(&finish(command, "").stdout, &["  clusterName: last\n"]);
}

#[test]
fn variables_count_wherever_a_configuration_is_read() {
    let machine = Machine::new();
    let file = machine.file("c.yaml", "communications: {main: {console: {channels: {here: {}}}}}");
    let set = |args: &[&str]| {
        let mut command = machine.botkube(args);
        command.env("BOTKUBE_SETTINGS_CLUSTER__NAME", "blue").env("BOTKUBE_SETINGS_LOG_LEVEL", "x");
        command.env("BOTKUBE_SERVICE_HOST", "10.0.0.1");
        finish(command, "")
    };
    let shown = set(&["config", "show", "--origins", &file]);
    contains(&shown.stdout, &["  clusterName: blue # the variable BOTKUBE_SETTINGS_CLUSTER__NAME\n"]);
    contains(&shown.stderr, &["`BOTKUBE_SETINGS_LOG_LEVEL`", "did you mean `BOTKUBE_SETTINGS_LOG_LEVEL`?"]);
    assert!(!shown.stderr.contains("SERVICE_HOST"), "{}", shown.stderr);
    let answer = set(&["exec", "-o", "json", "--config", &file, "--", "ping"]).json();
    check(&answer, "succeeded", &["pong"]);
    contains(&answer.to_string(), &["blue"]);
}

#[test]
fn what_is_shown_as_json_is_the_configuration_without_secrets() {
    let machine = Machine::new();
    let file = machine.file("c.yaml", GOOD);
    let shown = config(&machine, &["show", "-o", "json", &file], 0);
    assert_eq!(shown.json()["communications"]["main"]["mattermost"]["token"], "*** REDACTED ***");
    let origins = config(&machine, &["show", "-o", "json", "--origins", &file], 0).json();
    assert!(origins["origins"].as_array().unwrap().iter().any(|key| key["origin"] == format!("{file}:2:1")));
}

#[test]
fn the_schema_is_for_editors() {
    let schema = config(&Machine::new(), &["schema"], 0).json();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["properties"]["settings"]["properties"]["healthPort"]["default"], 2114);
    assert_eq!(schema["additionalProperties"], false);
}

#[test]
fn without_files_there_is_nothing_to_look_at() {
    contains(&config(&Machine::new(), &["validate"], 2).stderr, &["no configuration", "botkube config validate"]);
}

#[test]
fn what_a_reload_would_do_is_said_before_it_does() {
    let machine = Machine::new();
    let with = |name: &str, rest: &str| {
        let config = format!(
            "executors: {{tools: {{botkube/echo: {{enabled: true}}}}}}\ncommunications: {{main: {{console: {{}}}}}}\n{rest}"
        );
        machine.file(name, config)
    };
    let (old, new) =
        (with("old.yaml", ""), with("new.yaml", "aliases: {e: {command: echo}}\nsettings: {log: {level: debug}}\n"));
    let outcome = config(&machine, &["diff", &new, "--against", &old], 0);
    let said = "`aliases.e` is new\n`settings.log.level`: \"info\" → \"debug\" (takes effect after a restart)\n";
    assert_eq!(outcome.stdout, said);
    let changes = config(&machine, &["diff", "-o", "json", &new, "--against", &old], 0).json();
    let first = json!({"kind": "aliasChanged", "path": "aliases.e", "effect": "atOnce", "text": "`aliases.e` is new"});
    assert_eq!(changes[0], first);
    assert_eq!(config(&machine, &["diff", &old, "--against", &old], 0).stdout, "nothing would change\n");
    assert_eq!(config(&machine, &["diff", "-o", "json", &old, "--against", &old], 0).json(), json!([]));
}

#[test]
fn between_files_that_cannot_be_used_there_is_no_difference_but_what_is_wrong() {
    let machine = Machine::new();
    let (good, wrong) = (machine.file("good.yaml", GOOD), machine.file("wrong.yaml", WRONG));
    let outcome = config(&machine, &["diff", &good, "--against", &wrong], 2);
    contains(&outcome.stdout, &["wrong.yaml:1:12", "did you mean `clusterName`?", "cannot be used: 1 error"]);
    let findings = config(&machine, &["diff", "-o", "json", &wrong, "--against", &good], 2).json();
    assert_eq!(findings[0]["line"], 1);
}
