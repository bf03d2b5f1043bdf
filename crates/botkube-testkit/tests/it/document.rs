//! The document for people names exactly the checks there are.

use botkube_testkit::suite::NAMES;

#[test]
fn every_must_has_its_check_and_every_check_its_must() {
    let document = include_str!("../../../../docs/platform-spec.md");
    let rows = document.lines().filter(|line| line.starts_with("| P"));
    let named: Vec<_> = rows.clone().map(|row| row.trim_end_matches(" |").rsplit("| ").next().unwrap()).collect();
    let expected: Vec<_> = NAMES.iter().map(|name| format!("`{name}`")).collect();
    assert_eq!(named, expected);
    for (number, row) in rows.enumerate() {
        assert!(row.starts_with(&format!("| P{} | ", number + 1)) && row.contains(" MUST "), "{row}");
    }
}
