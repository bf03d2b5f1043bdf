//! The frames between agent and browser, as JSON. It knows no socket.

use std::collections::BTreeMap;

use botkube_api::message::OptionGroup;
use botkube_core::{
    control::{ControlId, Entered},
    running::CommandId,
};
use serde::{Deserialize, Serialize};

use crate::entry::Entry;

/// How many bytes a frame may have.
pub(super) const LONGEST_FRAME: usize = 1 << 20;
/// How many characters a key may have.
const LONGEST_KEY: usize = 100;

/// What a browser says.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(super) enum FromBrowser {
    /// The highest revision it has of each channel.
    Hello {
        #[serde(default)]
        seen: BTreeMap<String, u64>,
    },
    Name {
        name: String,
    },
    Say {
        key: String,
        channel: String,
        text: String,
    },
    Press {
        key: String,
        channel: String,
        entry: String,
        control: ControlId,
        #[serde(default)]
        values: Vec<String>,
        #[serde(default)]
        entered: Entered,
    },
    Cancel {
        key: String,
        channel: String,
        command: CommandId,
        /// The agent's run the command is of; ids begin anew with each.
        #[serde(default)]
        agent: Option<String>,
    },
    Complete {
        id: u64,
        channel: String,
        text: String,
    },
    Options {
        id: u64,
        channel: String,
        entry: String,
        control: ControlId,
        #[serde(default)]
        query: String,
    },
}

/// What the agent says.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub(super) enum ToBrowser<'a> {
    Welcome {
        agent: &'a str,
        version: &'a str,
        cluster: &'a str,
        person: PersonHere<'a>,
        channels: Vec<Channel<'a>>,
    },
    Entries {
        channel: &'a str,
        reset: bool,
        entries: &'a [&'a Entry],
    },
    Grown {
        channel: &'a str,
        id: &'a str,
        revision: u64,
        text: &'a str,
    },
    Form {
        channel: &'a str,
        entry: &'a Entry,
    },
    Accepted {
        key: &'a str,
    },
    Rejected {
        key: &'a str,
        reason: &'a str,
    },
    Completions {
        id: u64,
        items: &'a [Completion],
    },
    Options {
        id: u64,
        groups: &'a [OptionGroup],
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    Problem {
        reason: &'a str,
    },
}

#[derive(Debug, Serialize)]
pub(super) struct PersonHere<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
}

#[derive(Debug, Serialize)]
pub(super) struct Channel<'a> {
    pub(super) alias: &'a str,
    pub(super) name: &'a str,
    pub(super) executors: &'a [String],
    pub(super) notifications: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Completion {
    pub(super) text: String,
    pub(super) about: String,
}

/// A frame that is not understood, and the key it has all the same.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misunderstood {
    pub(super) key: Option<String>,
    pub(super) reason: String,
}

impl FromBrowser {
    /// Reads a frame.
    pub(super) fn parse(text: &str) -> Result<Self, Misunderstood> {
        let misunderstood = |reason| {
            #[derive(Deserialize)]
            struct Keyed {
                key: String,
            }
            Misunderstood { key: serde_json::from_str::<Keyed>(text).ok().map(|keyed| keyed.key), reason }
        };
        if text.len() > LONGEST_FRAME {
            let reason = format!(
                "this has {} bytes and may have {LONGEST_FRAME}; nothing was done. Make it shorter",
                text.len()
            );
            return Err(misunderstood(reason));
        }
        let frame = serde_json::from_str::<Self>(text)
            .map_err(|error| misunderstood(format!("the frame is not understood, and nothing was done: {error}")))?;
        let is_key = |key: &str| {
            (1..=LONGEST_KEY).contains(&key.len())
                && key.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        };
        match &frame {
            Self::Say { key, .. } | Self::Press { key, .. } | Self::Cancel { key, .. } if !is_key(key) => {
                let reason =
                    format!("a key has 1 to {LONGEST_KEY} letters, digits, `-`, `_` and `.`; nothing was done");
                Err(misunderstood(reason))
            }
            _ => Ok(frame),
        }
    }
}

impl ToBrowser<'_> {
    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).expect("frames are texts, numbers and lists, under keys that are texts")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, key: Option<&str>, reason: &str) {
        let misunderstood = FromBrowser::parse(text).unwrap_err();
        assert_eq!(misunderstood.key.as_deref(), key, "{text}");
        assert!(misunderstood.reason.contains(reason), "{}", misunderstood.reason);
    }

    #[test]
    fn a_frame_that_is_not_understood_is_answered_with_why_and_under_its_key() {
        check("{", None, "line 1 column 1");
        check("[]", None, "not understood");
        check(r#"{"type":"shout","key":"a"}"#, Some("a"), "unknown variant `shout`");
        check(r#"{"type":"say","key":"a","channel":"ops"}"#, Some("a"), "missing field `text`");
        check(r#"{"type":"say","key":1,"channel":"ops","text":""}"#, None, "expected a string");
        check(
            r#"{"type":"press","key":"a","channel":"o","entry":"1","control":"x"}"#,
            Some("a"),
            "`x` names no control",
        );
        check(r#"{"type":"cancel","key":"a","channel":"o","command":"7"}"#, Some("a"), "7");
        check(&format!(r#"{{"type":"say","key":"a","text":"{}"}}"#, "x".repeat(LONGEST_FRAME)), Some("a"), "may have");
    }

    #[test]
    fn a_key_is_a_short_word() {
        for key in ["", "a b", "a/b", "ä", &"x".repeat(LONGEST_KEY + 1)] {
            check(&format!(r#"{{"type":"say","key":"{key}","channel":"ops","text":"x"}}"#), Some(key), "a key has");
        }
    }
}
