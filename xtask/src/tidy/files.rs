//! What every file of the repository must and must not hold; it knows no crate.

use std::{fs, path::Path};

use anyhow::Result;

use super::Problems;
use crate::sh;

/// Lines above which a file has to say why it is long.
const LONG: usize = 600;

pub(super) fn check(root: &Path, problems: &mut Problems) -> Result<()> {
    for file in tracked(root)? {
        // What is no text has no rules.
        if let Ok(text) = fs::read_to_string(root.join(&file)) {
            problems.extend(of_file(&file, &text).into_iter().map(|problem| format!("{file}{problem}")));
        }
    }
    Ok(())
}

/// The files git knows or would add.
pub(super) fn tracked(root: &Path) -> Result<Vec<String>> {
    let out = sh::output(&mut sh::command(root, "git ls-files --cached --others --exclude-standard -z"))?;
    let names = out.split(|b| *b == 0).filter(|name| !name.is_empty()).map(|name| String::from_utf8_lossy(name).into());
    Ok(names.filter(|name: &String| root.join(name).is_file()).collect())
}

/// What is wrong with a file, with the line where there is one.
pub(super) fn of_file(name: &str, text: &str) -> Problems {
    let mut problems = Problems::new();
    let head: Vec<&str> = text.lines().take(10).collect();
    let generated = head.iter().any(|line| line.contains("@generated"));
    if generated || name.ends_with(".lock") || name.ends_with(".sum") || name.starts_with("fuzz/corpus/") {
        return problems;
    }
    if name.ends_with(".rs") {
        if !text.starts_with("//!") {
            problems.push(": begins with no `//!` that says what it holds".into());
        }
        if name.ends_with("mod.rs") {
            problems.push(": is named after its folder instead (`foo.rs` beside `foo/`)".into());
        }
        let lines = text.lines().count();
        if lines > LONG && !head.iter().any(|line| line.starts_with("//!") && line.to_lowercase().contains("long")) {
            problems.push(format!(": has {lines} lines; split it, or say in its header why it is long"));
        }
    }
    for (number, line) in text.lines().enumerate() {
        if let Some(problem) = of_line(line) {
            problems.push(format!(":{}: {problem}", number + 1));
        }
    }
    problems
}

fn of_line(line: &str) -> Option<&'static str> {
    // Written apart, so that this file has none of them.
    let left = [concat!("FIX", "ME"), concat!("to", "do!(")];
    if left.iter().any(|word| line.contains(word)) || word(line, concat!("XX", "X")) {
        return Some("is not finished");
    }
    let machine = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];
    if machine.iter().any(|path| line.contains(path)) {
        return Some("names a path of one machine");
    }
    if line.trim_start().starts_with("#[ignore") && !line.contains("D-") {
        return Some("ignores a test without the number of the difference (D-n) that it waits for");
    }
    None
}

/// Whether `word` stands in `line` as a word of its own.
fn word(line: &str, word: &str) -> bool {
    line.split(|c: char| !c.is_ascii_alphanumeric()).any(|other| other == word)
}
