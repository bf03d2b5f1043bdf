//! The file and what counts as a difference.

use serde_json::json;

use super::*;

fn step(said: &str, answers: Vec<Shown>) -> Step {
    let status = Some(Status::Succeeded);
    Step { channel: "ops".into(), said: Some(said.into()), status, answers, ..Step::default() }
}

fn code(text: &str) -> Shown {
    Shown { code: Some(text.into()), ..Shown::default() }
}

fn session(steps: Vec<Step>) -> Session {
    Session { masks: Vec::new(), steps }
}

#[test]
fn a_file_is_read_as_it_was_written() {
    let message = json!({"sections": [{"header": "Pods", "buttons": [{"name": "Yes", "command": "x y"}]}]});
    let press = Press {
        step: 1,
        answer: 1,
        control: "Pods / Yes".into(),
        values: vec!["a: b".into()],
        entered: [("Name".to_owned(), vec![String::new()])].into(),
    };
    let session = Session {
        masks: vec![Mask { pattern: r"web-\w{5}".into(), name: "<pod>".into() }],
        steps: vec![
            step("echo 'a'\n", vec![Shown { message: Some(message), ..Shown::default() }, code("two\n  lines\n\n")]),
            Step { said: None, pressed: Some(press), ..step("", vec![code("- no list\t#")]) },
            step(
                "true",
                vec![Shown { text: Some("null".into()), only_for_you: true, replaces: true, ..Shown::default() }],
            ),
            step("", vec![Shown { file: Some("output.txt".into()), ..Shown::default() }]),
            step("", Vec::new()),
        ],
    };
    let yaml = session.to_yaml();
    assert_eq!(Session::parse(&yaml).unwrap(), session, "{yaml}");
    assert_eq!(Session::parse(&yaml).unwrap().to_yaml(), yaml);
}

#[test]
fn output_of_several_lines_is_a_block() {
    let yaml = session(vec![step("sys top", vec![code("PID  NAME\n  1  init\n")])]).to_yaml();
    assert!(yaml.contains("code: |\n") && yaml.contains("PID  NAME\n") && yaml.contains("said: sys top\n"), "{yaml}");
}

#[track_caller]
fn refused(text: &str, because: &str) {
    let error = Session::parse(text).unwrap_err().to_string();
    assert!(error.contains(because), "{error}");
}

#[test]
fn a_file_that_is_no_session_is_refused_with_its_place() {
    refused("steps: [{channel: ops, sayd: x}]", "sayd");
    refused("steps:\n  - channel: [", "line 2");
    refused("steps: [{channel: ops}]", "step 1 has both or neither");
    let pressed = "pressed: {step: 1, answer: 1, control: X}";
    refused(&format!("steps: [{{channel: ops, said: x, {pressed}}}]"), "step 1 has both or neither");
    refused(&format!("steps: [{{channel: ops, {pressed}}}]"), "step 1 uses a control of step 1");
    refused("masks: [{pattern: '(', as: x}]\nsteps: []", "no regular expression");
}

#[test]
fn what_is_answered_otherwise_is_shown_line_by_line() {
    let before = session(vec![step("one", vec![code("same")]), step("two", vec![code("a\nb\nc\n")])]);
    let after = session(vec![step("one", vec![code("same")]), step("two", vec![code("a\nB\nc\n")])]);
    let differences = before.differences(&after).unwrap();
    let [Difference { step: 2, what, diff }] = &differences[..] else { panic!("{differences:?}") };
    assert_eq!(what, "ops: two");
    let changed: Vec<_> = diff.lines().filter(|line| line.starts_with(['-', '+'])).map(str::trim_end).collect();
    assert_eq!(changed.iter().map(|line| line.replace(' ', "")).collect::<Vec<_>>(), ["-b", "+B"], "{diff}");
}

#[test]
fn a_step_that_is_missing_or_ends_otherwise_is_a_difference() {
    let before = session(vec![step("one", vec![code("same")])]);
    assert_eq!(before.differences(&session(Vec::new())).unwrap().len(), 1);
    let mut after = before.clone();
    after.steps[0].status = Some(Status::Failed);
    assert!(before.differences(&after).unwrap()[0].diff.contains("+ "), "{:?}", before.differences(&after));
}

#[test]
fn what_is_masked_is_no_difference() {
    let took = |time: &str| session(vec![step("one", vec![code(&format!("done in {time}"))])]);
    assert_eq!(took("12ms").differences(&took("3.5s")).unwrap(), []);
    assert_eq!(took("<duration>").differences(&took("3.5s")).unwrap(), []);
    let named = |pod: &str| session(vec![step("one", vec![code(pod)])]);
    let masks = vec![Mask { pattern: "web-[a-z0-9]{5}".into(), name: "<pod>".into() }];
    let before = Session { masks, ..named("web-x7f3a") };
    assert_eq!(before.differences(&named("web-00000")).unwrap(), []);
    assert_eq!(before.differences(&named("db-00000")).unwrap().len(), 1);
}

#[test]
fn of_a_step_that_was_cancelled_only_that_counts() {
    let cancelled = |code: Shown| Step { status: Some(Status::Cancelled), ..step("wait", vec![code]) };
    let (before, after) = (session(vec![cancelled(code("1"))]), session(vec![cancelled(code("2"))]));
    assert_eq!(before.differences(&after).unwrap(), []);
    assert_eq!(before.differences(&session(vec![step("wait", vec![code("1")])])).unwrap().len(), 1);
}
