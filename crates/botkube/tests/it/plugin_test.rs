//! `botkube plugin test`: what it is given, what it prints, how it ends; and a session as a golden test. Which defect is found
//! by which check is tested where the checks are.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Machine, Outcome};

fn echo() -> String {
    conformance::program("executor-echo").display().to_string()
}

/// The outcome of one check in a report as JSON.
fn outcome(report: &Value, id: &str) -> String {
    let checks = report["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["id"] == id).unwrap_or_else(|| panic!("no check {id}: {report}"));
    check["outcome"].as_str().unwrap().to_owned()
}

impl Outcome {
    #[track_caller]
    fn ends(self, code: i32, said: &[&str]) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        let all = format!("{}{}", self.stdout, self.stderr);
        said.iter().for_each(|text| assert!(all.contains(text), "{text:?} is not in {all}"));
        self
    }
}

#[test]
fn a_good_plugin_passes_and_nothing_is_left() {
    let machine = Machine::new();
    let report = machine.run(["plugin", "test", &echo()]).ends(0, &["executor echo", "✓ examples", " passed"]);
    assert!(!report.stdout.contains(['✗', '!', '\u{1b}']), "{}", report.stdout);
    assert_eq!(report.stderr, "");
    machine.is_tidy();
}

#[test]
fn a_bad_plugin_fails_with_what_was_expected_what_was_seen_and_what_to_do() {
    let machine = Machine::new();
    let said = ["✗ metadata", "expected  a description", "seen      ", "to do     ", " 1 failed"];
    machine.run(["plugin", "test", &machine.misbehaving("none")]).ends(1, &said);
    machine.is_tidy();
}

#[test]
fn a_report_as_json_is_one_document() {
    let machine = Machine::new();
    let report = machine.run(["plugin", "test", "-o", "json", &machine.misbehaving("none")]).ends(1, &[]).json();
    assert_eq!(
        (&report["plugin"], &report["kind"], &report["passed"]),
        (&json!("none"), &json!("executor"), &json!(false))
    );
    assert_eq!((outcome(&report, "metadata"), outcome(&report, "health")), ("failed".into(), "passed".into()));
    let checks = report["checks"].as_array().unwrap();
    let finding = &checks.iter().find(|check| check["id"] == "metadata").unwrap()["findings"][0];
    for key in ["outcome", "expected", "seen", "help"] {
        assert!(finding[key].is_string(), "{finding}");
    }
}

#[test]
fn what_is_no_plugin_is_said() {
    let machine = Machine::new();
    machine.run(["plugin", "test", "nowhere"]).ends(2, &["there is no file or folder nowhere"]);
    machine.run(["plugin", "test", "repo/name"]).ends(2, &["if it is the key of a plugin", "--config FILE"]);
    fs::create_dir(machine.path("empty")).unwrap();
    machine.run(["plugin", "test", "empty"]).ends(2, &["empty"]);
    let text = machine.file("executor_text", "");
    machine.run(["plugin", "test", &text]).ends(1, &["✗ handshake", "not executable"]);
}

#[test]
fn a_plugin_is_called_with_the_configurations_of_its_bindings() {
    let machine = Machine::new();
    // The example of `echo` is an error with it, and so is every call.
    let config = machine.file(
        "c.yaml",
        r#"
executors:
  odd:
    botkube/echo:
      enabled: true
      config: {formatOptions: [blinking]}
communications:
  here:
    console:
      enabled: true
      channels:
        ops: {bindings: {executors: [odd]}}
"#,
    );
    let report = machine.run(["plugin", "test", "-o", "json", "--config", &config, &echo()]).ends(0, &[]).json();
    assert_eq!(outcome(&report, "examples"), "warning", "{report}");
    let alone = machine.run(["plugin", "test", "-o", "json", &echo()]).json();
    assert_eq!(outcome(&alone, "examples"), "passed");
}

#[test]
fn a_plugin_of_a_repository_is_fetched_by_its_key() {
    let machine = Machine::new();
    let config = machine.file(
        "c.yaml",
        format!(
            "plugins:\n  cacheDir: {}\n  repositories:\n    mine: {{url: \"file://{}\"}}\n",
            machine.path("cache").display(),
            machine.path("index.yaml").display()
        ),
    );
    let platform = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("macos", arch) => {
            format!("{{os: darwin, architecture: {}}}", arch.replace("aarch64", "arm64").replace("x86_64", "amd64"))
        }
        (os, arch) => {
            format!("{{os: {os}, architecture: {}}}", arch.replace("aarch64", "arm64").replace("x86_64", "amd64"))
        }
    };
    machine.file("index.yaml", format!(
        "entries:\n- name: echo\n  type: executor\n  version: v1.0.0\n  description: x\n  urls:\n  - url: file://{}\n    platform: {platform}\n",
        echo()
    ));
    let report = machine.run(["plugin", "test", "-o", "json", "--config", &config, "mine/echo"]);
    let report = report.ends(0, &[]).json();
    assert_eq!((&report["plugin"], outcome(&report, "examples").as_str()), (&json!("echo"), "passed"));
    machine.run(["plugin", "test", "--config", &config, "mine/nothing"]).ends(2, &["cannot get `mine/nothing`"]);
}

/// A session with one step and its answer.
fn session(said: &str, answer: &str) -> String {
    format!(
        "steps:\n- channel: ops\n  said: {said}\n  status: succeeded\n  answers:\n  - code: {answer}\n    filter: true\n"
    )
}

#[test]
fn a_session_that_is_answered_as_before_passes() {
    let machine = Machine::new();
    let file = machine.file("s.yaml", session("echo hello", "echo hello"));
    machine.run(["plugin", "test", "--replay", &file, &echo()]).ends(0, &["1 step, all answered as before"]);
    machine.is_tidy();
}

#[test]
fn a_session_without_a_configuration_is_played_as_the_authors_loop_runs_it() {
    let machine = Machine::new();
    let file = machine.file("s.yaml", session("help", "x"));
    machine.run(["plugin", "test", "--replay", &file, &echo()]).ends(1, &["echo help", "--cluster-name=dev"]);
}

#[test]
fn a_session_that_is_answered_otherwise_fails_and_says_where() {
    let machine = Machine::new();
    let file = machine.file("s.yaml", session("echo hello", "echo bye"));
    let said = ["step 1 · ops: echo hello", "- ", "echo bye", "+ ", "1 of 1 steps differ", "--update"];
    machine.run(["plugin", "test", "--replay", &file, &echo()]).ends(1, &said);
    let json = machine.run(["plugin", "test", "--replay", &file, "-o", "json", &echo()]).ends(1, &[]).json();
    assert_eq!((&json["passed"], &json["differences"][0]["step"]), (&json!(false), &json!(1)));
    assert!(fs::read_to_string(&file).unwrap().contains("bye"), "nobody asked for another file");
}

#[test]
fn a_session_is_written_anew_when_asked_for_with_its_masks() {
    let machine = Machine::new();
    let masks = "masks:\n- pattern: h.llo\n  as: <greeting>\n";
    let file = machine.file("s.yaml", format!("{masks}{}", session("echo hello", "echo bye")));
    machine.run(["plugin", "test", "--replay", &file, "--update", &echo()]).ends(0, &["was written anew"]);
    let written = fs::read_to_string(&file).unwrap();
    assert!(written.contains("echo <greeting>") && written.contains("h.llo") && !written.contains("bye"), "{written}");
    machine.run(["plugin", "test", "--replay", &file, &echo()]).ends(0, &["as before"]);
}

#[test]
fn a_session_that_cannot_be_used_is_said_with_its_file_and_place() {
    let machine = Machine::new();
    let file = machine.file("s.yaml", "steps:\n- channel: ops\n  sayd: x\n");
    machine.run(["plugin", "test", "--replay", &file, &echo()]).ends(2, &[&file, "is no session", "sayd"]);
    machine.run(["plugin", "test", "--replay", "nowhere.yaml", &echo()]).ends(2, &["cannot read nowhere.yaml"]);
    let pressed =
        "steps:\n- {channel: ops, said: ping}\n- {channel: ops, pressed: {step: 1, answer: 1, control: Push}}\n";
    let file = machine.file("p.yaml", pressed);
    machine.run(["plugin", "test", "--replay", &file, &echo()]).ends(1, &["step 2", "no control `Push`"]);
}
