//! From a lock to its text, which is the same for the same lock.
//! Must not know: where a lock comes from.

use std::fmt::Write as _;

use super::{Lock, LockedFile};

/// What the file says of itself.
const HEADER: &str = "\
# The plugins of the configuration beside this file: their versions, and the SHA-256 of every file as it is published
# (`sha256`) and of the program in it (`program`). `botkube lock` writes this; keep it with the configuration.
";

pub(super) fn lock(lock: &Lock) -> String {
    let mut text = format!("{HEADER}version: {}\n", super::read::VERSION);
    text.push_str(if lock.plugins.is_empty() { "plugins: []\n" } else { "plugins:\n" });
    let mut line = |depth: usize, key: &str, value: &str| {
        let value = if value.is_empty() { String::new() } else { format!(" {}", scalar(value)) };
        let start = if key.starts_with("- ") { key.to_owned() } else { scalar(key) };
        writeln!(text, "{:1$}{start}:{value}", "", 2 * depth).expect("a text takes what is written");
    };
    for ((key, kind), plugin) in &lock.plugins {
        line(1, "- key", key);
        line(2, "kind", kind.as_str());
        line(2, "repository", &plugin.repository);
        line(2, "version", &plugin.version);
        line(2, "platforms", "");
        for (platform, files) in &plugin.platforms {
            line(3, &platform.to_string(), "");
            values(&files.program).for_each(|(key, value)| line(4, key, value));
            if !files.dependencies.is_empty() {
                line(4, "dependencies", "");
            }
            for (name, dependency) in &files.dependencies {
                line(5, name, "");
                values(dependency).for_each(|(key, value)| line(6, key, value));
            }
        }
    }
    text
}

fn values(file: &LockedFile) -> impl Iterator<Item = (&'static str, &String)> {
    [("url", &file.url), ("sha256", &file.sha256), ("program", &file.program)].into_iter()
}

/// A text as YAML takes it for a text: as it is where nothing else can be meant, else in quotes.
fn scalar(text: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '@' | ':' | '+');
    let is_word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(harmless)
        && !text.ends_with(':')
        && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(&text.to_ascii_lowercase().as_str());
    // A digest may look like a number.
    if is_word { text.to_owned() } else { quoted(text) }
}

/// In quotes, with what YAML or an editor may take amiss written as its number.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        ' '..='~' => c.to_string(),
        c if c.is_alphanumeric() => c.to_string(),
        c if u32::from(c) <= 0xffff => format!("\\u{:04x}", u32::from(c)),
        c => format!("\\U{:08x}", u32::from(c)),
    });
    format!("\"{}\"", escaped.collect::<String>())
}
