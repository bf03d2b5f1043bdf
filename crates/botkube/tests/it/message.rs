//! `botkube message render`: a message looked at as a platform shows it.

use serde_json::Value;

use crate::support::{Machine, Outcome, contains};

const GOOD: &str = r#"{
  "baseBody": {"plaintext": "</script><script>alert(1)</script><!--"},
  "sections": [{"header": "Pods", "buttons": [{"name": "More", "command": "{{BotName}} pods all"}]}]
}"#;

#[track_caller]
fn render(message: &str, args: &[&str], code: i32) -> Outcome {
    let machine = Machine::new();
    let file = machine.file("message.json", message);
    let outcome = machine.run(["message", "render"].iter().chain(args).copied().chain([file.as_str()]));
    assert_eq!(outcome.code, code, "{outcome:?}");
    outcome
}

#[test]
fn without_more_it_is_what_a_browser_gets() {
    let entries: Value = serde_json::from_str(&render(GOOD, &["--platform", "console"], 0).stdout).unwrap();
    assert_eq!(entries[0]["message"]["sections"][0]["buttons"][0]["command"], "pods all");
    assert_eq!(entries[0]["by"]["bot"], true);
}

#[test]
fn as_text_it_says_what_to_type() {
    contains(&render(GOOD, &["--as", "text"], 0).stdout, &["Pods", "More", "pods all"]);
}

#[test]
fn as_html_it_needs_no_other_file_and_nothing_in_it_becomes_a_script() {
    let page = render(GOOD, &["--as", "html"], 0).stdout;
    contains(&page, &["http-equiv=\"Content-Security-Policy\"", "script-src 'sha256-", "style-src 'sha256-"]);
    assert!(!page.contains("src=\"/") && !page.contains("href=\"/"), "{page}");
    let data = page.split_once("id=\"still\">").unwrap().1.split_once("</script>").unwrap().0;
    assert!(!data.contains('<'), "{data}");
    let entries: Value = serde_json::from_str(data).unwrap();
    assert_eq!(entries[0]["message"]["baseBody"]["plaintext"], "</script><script>alert(1)</script><!--");
    // The data and the page's own script.
    assert_eq!((page.matches("<script").count(), page.matches("</script").count()), (2, 2));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let outcome = render("{\n  \"sections\": [{\"heder\": \"x\"}]\n}", &[], 2);
    contains(&outcome.stderr, &["message.json:2:17: `sections[0]`: ", "`heder`", "`header`"]);
    contains(&render("{\"sections\": 1}", &[], 2).stderr, &["message.json:1:", "`sections`"]);
    contains(&render("", &[], 2).stderr, &["message.json:1:"]);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let outcome = Machine::new().run(["message", "render", "missing.json"]);
    assert_eq!(outcome.code, 2);
    contains(&outcome.stderr, &["cannot read missing.json"]);
}
