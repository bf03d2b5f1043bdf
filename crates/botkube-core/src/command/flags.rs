//! The agent's own flags in a command line (`contract-host §2.4`), found and cut out by their place; it knows no executor.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::line::{Line, Word, is_blank};

/// What the agent's flags say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flags {
    /// Only lines that contain this are shown; empty for all.
    pub filter: Option<String>,
    /// Only the agent of this cluster answers; empty for whoever hears it.
    pub cluster_name: Option<String>,
    /// What people see instead of the command.
    pub header: Option<String>,
    /// Whether the filter was given as `--bk-filter`, as the agent's own filter input does.
    pub own_filter: bool,
}

/// What is left of a line without flags.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) flags: Flags,
    /// The line without flags, otherwise byte for byte.
    pub(super) text: String,
    /// The words of the text before the first separator.
    pub(super) words: Vec<String>,
    /// Whether a `--` ends the agent's flags.
    pub(super) ended: bool,
}

/// What is wrong with a flag, and the byte where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) reason: String,
    pub(super) offset: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flag {
    Filter,
    ClusterName,
    Header,
    AllClusters,
}

/// Every spelling, and whether it may be an executor's own instead.
const SPELLINGS: [(&str, Flag, bool); 6] = [
    ("--filter", Flag::Filter, true),
    ("--cluster-name", Flag::ClusterName, true),
    ("--all-clusters", Flag::AllClusters, true),
    ("--bk-filter", Flag::Filter, false),
    ("--bk-cluster-name", Flag::ClusterName, false),
    ("--bk-cmd-header", Flag::Header, false),
];

/// Takes the agent's flags out of a line. `bare` says of the line's first word whether flags without `--bk-` behind it are
/// the agent's; before it they always are.
pub(super) fn split(text: &str, line: Line, bare: impl FnOnce(&str) -> bool) -> Result<Split, Wrong> {
    let mut split = Split { flags: Flags::default(), text: String::new(), words: Vec::new(), ended: false };
    let mut bare = Some(bare);
    let mut bare_is_ours = true;
    let mut cuts: Vec<Range<usize>> = Vec::new();
    let mut words = line.words.into_iter().enumerate().peekable();
    while let Some((place, word)) = words.next() {
        let written = &text[word.span.clone()];
        let flag = if split.ended { None } else { Found::of(written, bare_is_ours) };
        let Some(mut flag) = flag else {
            split.ended |= written == "--";
            if let Some(bare) = bare.take() {
                bare_is_ours = bare(&word.value);
            }
            if place < line.own {
                split.words.push(word.value);
            }
            continue;
        };
        let mut cut = word.span.clone();
        flag.value = flag.value.map(|_| word.value[flag.name.len() + 1..].to_owned());
        if flag.value.is_none() && flag.flag != Flag::AllClusters {
            let is_next = |next: &Word| text[cut.end..next.span.start].bytes().all(is_blank);
            let value = words.next_if(|(_, next)| is_next(next));
            flag.value = value.map(|(_, value)| {
                cut.end = value.span.end;
                value.value
            });
        }
        split.flags.set(flag, &word.span)?;
        cuts.push(cut);
    }
    split.text = without(text, &cuts);
    Ok(split)
}

/// A flag as it was found.
struct Found {
    name: &'static str,
    flag: Flag,
    value: Option<String>,
}

impl Found {
    /// The flag a word is, by how it is written: what is in quotes is no flag.
    fn of(written: &str, bare_is_ours: bool) -> Option<Self> {
        if !written.starts_with("--") {
            return None;
        }
        SPELLINGS.into_iter().filter(|(_, _, bare)| bare_is_ours || !bare).find_map(|(name, flag, _)| {
            match written.strip_prefix(name)?.chars().next() {
                None => Some(Self { name, flag, value: None }),
                Some('=') => Some(Self { name, flag, value: Some(String::new()) }),
                Some(_) => None,
            }
        })
    }
}

impl Flags {
    fn set(&mut self, found: Found, span: &Range<usize>) -> Result<(), Wrong> {
        let Found { name, flag, value } = found;
        let wrong = |reason: String| Err(Wrong { reason, offset: span.start });
        let place = match flag {
            Flag::Filter => &mut self.filter,
            Flag::ClusterName => &mut self.cluster_name,
            Flag::Header => &mut self.header,
            // Which agents hear a command is decided before it gets here.
            Flag::AllClusters => {
                return match value.as_deref() {
                    None | Some("true" | "false") => Ok(()),
                    Some(_) => wrong(format!("`{name}` takes no value but `true` or `false`")),
                };
            }
        };
        let Some(value) = value else { return wrong(format!("`{name}` has no value; write `{name}=VALUE`")) };
        if value.starts_with('-') {
            return wrong(format!(
                "the value of `{name}` begins with `-`, so it is taken for a flag; give another one"
            ));
        }
        if place.replace(value).is_some() {
            return wrong(format!("`{name}` is given for the second time; keep one"));
        }
        self.own_filter |= name == "--bk-filter";
        Ok(())
    }
}

/// The text without these bytes, and without one blank before each, or those behind it where it begins the text.
fn without(text: &str, cuts: &[Range<usize>]) -> String {
    let blank_at = |at: usize| text.as_bytes().get(at).copied().is_some_and(is_blank);
    let mut left = String::with_capacity(text.len());
    let mut from = 0;
    for cut in cuts {
        let begin = if cut.start > from && blank_at(cut.start - 1) { cut.start - 1 } else { cut.start };
        left.push_str(&text[from..begin]);
        from = cut.end;
        while left.is_empty() && blank_at(from) {
            from += 1;
        }
    }
    left.push_str(&text[from..]);
    left
}
