//! What differs each time a session is played, and what stands in its place. It knows no channel.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Shown;

/// Texts that are masked in a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mask {
    /// A regular expression.
    pub pattern: String,
    /// What stands in the place of what fits, such as `<pod>`.
    #[serde(rename = "as")]
    pub name: String,
}

/// A mask cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the mask {pattern:?} is no regular expression: {reason}")]
pub struct MaskError {
    /// The mask.
    pub pattern: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What is always masked, in this order.
static ALWAYS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let known = PATTERNS.iter();
    known.map(|(pattern, name)| (Regex::new(pattern).expect("it is a regular expression"), *name)).collect()
});

const PATTERNS: &[(&str, &str)] = &[
    // 2024-11-05T10:00:00.12+01:00, 2024-11-05 10:00:00 UTC, Tue Nov  5 10:00:00, 10:00:00
    (r"\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?( ?(Z|UTC|GMT|[+-]\d{2}:?\d{2}))?", "<time>"),
    (
        r"\b((Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(\d{1,2} )?(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d{1,2},? (\d{4},? )?\d{2}:\d{2}(:\d{2})?( \d{4})?",
        "<time>",
    ),
    (r"\b\d{4}-\d{2}-\d{2}\b", "<time>"),
    (r"\b\d{1,2}:\d{2}:\d{2}([.,]\d+)?\b", "<time>"),
    (r"\b[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b", "<id>"),
    (r"\b(?i:pid)([ =:]+)\d+\b", "pid${1}<id>"),
    // Sixteen hexadecimal digits or more are no word and no number for people.
    (r"\b[0-9a-f]{16,}\b", "<id>"),
    (r#"(/private)?(/var)?/tmp/[^\s"'`:,;)\]}>]*"#, "<path>"),
    (r#"/var/folders/[^\s"'`:,;)\]}>]*"#, "<path>"),
    (r"\b(\d+d)?(\d+h)?(\d+m)?\d+(\.\d+)?(ns|µs|us|ms|s)\b", "<duration>"),
    (r"\b(\d+d)?(\d+h\d+m|\d+d\d+h)\b", "<duration>"),
    (r"\b\d+(\.\d+)? (milliseconds?|seconds?|minutes?|hours?|days?)\b", "<duration>"),
];

/// A session's own masks, to be put on before those there always are.
pub(super) struct Masks(Vec<(Regex, String)>);

impl Masks {
    pub(super) fn new(own: &[Mask]) -> Result<Self, MaskError> {
        let all = own.iter().map(|Mask { pattern, name }| match Regex::new(pattern) {
            Ok(pattern) => Ok((pattern, name.replace('$', "$$"))),
            Err(error) => Err(MaskError { pattern: pattern.clone(), reason: error.to_string() }),
        });
        all.collect::<Result<_, _>>().map(Self)
    }

    /// Masks all texts of an answer.
    pub(super) fn cover(&self, shown: &mut Shown) {
        for text in [&mut shown.text, &mut shown.code, &mut shown.file].into_iter().flatten() {
            *text = self.text(text);
        }
        if let Some(message) = &mut shown.message {
            self.value(message);
        }
    }

    fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(all) => all.iter_mut().for_each(|value| self.value(value)),
            Value::Object(all) => all.values_mut().for_each(|value| self.value(value)),
            _ => {}
        }
    }

    fn text(&self, text: &str) -> String {
        let own = self.0.iter().map(|(pattern, name)| (pattern, name.as_str()));
        let always = ALWAYS.iter().map(|(pattern, name)| (pattern, *name));
        own.chain(always).fold(text.to_owned(), |text, (pattern, name)| pattern.replace_all(&text, name).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, masked: &str) {
        let masks = Masks::new(&[]).unwrap();
        assert_eq!(masks.text(text), masked);
        assert_eq!(masks.text(masked), masked, "twice is the same");
    }

    #[test]
    fn times_are_masked() {
        check("at 2024-11-05T10:00:00.12+01:00.", "at <time>.");
        check("2024-11-05 10:00:00 UTC|2024-11-05", "<time>|<time>");
        check("Tue Nov  5 10:00:00 2024", "<time>");
        check("up since 9:05:07", "up since <time>");
    }

    #[test]
    fn durations_are_masked() {
        check(
            "took 12ms, 1.5s, 1h2m3s and 3 seconds; age 5d12h",
            "took <duration>, <duration>, <duration> and <duration>; age <duration>",
        );
    }

    #[test]
    fn ids_and_paths_are_masked() {
        check("pid 4242, PID: 7", "pid <id>, pid: <id>");
        check("7f0c6a52-1b7e-4c1b-9d5e-0123456789ab and 0123456789abcdef01", "<id> and <id>");
        check("cannot open /tmp/bk-1a2B/x.yaml: no", "cannot open <path>: no");
        check("\"/private/var/folders/x/y\"", "\"/private<path>\"");
    }

    #[test]
    fn what_is_the_same_each_time_stays() {
        for text in ["3 pods", "v1.2.3", "10.0.0.1:8080", "deadbeef", "/etc/hosts", "20 items", "s3 bucket", "x86_64"] {
            check(text, text);
        }
    }

    #[test]
    fn a_session_has_masks_of_its_own() {
        let masks = Masks::new(&[Mask { pattern: "web-[a-z0-9]{5}".into(), name: "<pod $1>".into() }]).unwrap();
        assert_eq!(masks.text("web-x7f3a runs"), "<pod $1> runs");
        let error = Masks::new(&[Mask { pattern: "(".into(), name: String::new() }]).err().unwrap();
        assert!(error.to_string().starts_with("the mask \"(\" is no regular expression"), "{error}");
    }
}
