//! Which entry of an index a plugin key means.
//! Must not know: how the index was read.

use std::collections::BTreeSet;

use botkube_config::nearest::nearest;

use super::{Entry, Index, PluginKind, Problem, version::Version};

/// Why no entry is what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChooseError {
    /// No entry has that kind and name.
    #[error("there is no {kind} `{name}` in its index; {}", instead(.other_kind, *.kind, .nearest.as_deref(), .known, .problems))]
    Plugin {
        /// What was asked for.
        kind: PluginKind,
        /// What was asked for.
        name: String,
        /// Whether there is one of the other kind.
        other_kind: bool,
        /// What was perhaps meant.
        nearest: Option<String>,
        /// The names there are.
        known: Vec<String>,
        /// What is wrong with entries of that name.
        problems: Vec<Problem>,
    },
    /// No entry has that version.
    #[error(
        "there is no version `{version}` of the {kind} `{name}` in its index; there is {}; nearest to it is `{nearest}`: ask for that, \
         or leave the version out for the highest{}",
        list(.available), left_out(.problems)
    )]
    Version {
        /// What was asked for.
        kind: PluginKind,
        /// What was asked for.
        name: String,
        /// What was asked for.
        version: String,
        /// What there is, best first.
        available: Vec<String>,
        /// The one of them most like it.
        nearest: String,
        /// What is wrong with entries of that name.
        problems: Vec<Problem>,
    },
    /// Whatever was meant wants a newer agent.
    #[error(
        "the {kind} `{name}` {version} wants an agent of version {minimum} or newer, and this is {agent}; update the agent{}",
        fitting.as_ref().map(|version| format!(", or ask for its version `{version}`")).unwrap_or_default()
    )]
    Agent {
        /// What was asked for.
        kind: PluginKind,
        /// What was asked for.
        name: String,
        /// The version that was meant.
        version: String,
        /// The lowest agent that may run it.
        minimum: String,
        /// This agent.
        agent: String,
        /// The best version that this agent may run.
        fitting: Option<String>,
    },
}

/// The version of an agent that is none.
const UNRELEASED: &str = "0.0.0";

/// The most names an error lists.
const LISTED: usize = 20;

pub(super) fn choose<'a>(
    index: &'a Index,
    kind: PluginKind,
    name: &str,
    version: Option<&str>,
    agent: &str,
) -> Result<&'a Entry, ChooseError> {
    let of = |kind: PluginKind| index.entries.iter().filter(move |entry| entry.kind == kind && entry.name == name);
    let problems = || index.problems.iter().filter(|problem| problem.name.as_deref() == Some(name)).cloned().collect();
    let entries = ranked(index, kind, name);
    if entries.is_empty() {
        let other = if kind == PluginKind::Executor { PluginKind::Source } else { PluginKind::Executor };
        let names = index.entries.iter().filter(|entry| entry.kind == kind).map(|entry| entry.name.as_str());
        let known: BTreeSet<&str> = names.collect();
        return Err(ChooseError::Plugin {
            kind,
            name: name.into(),
            other_kind: of(other).next().is_some(),
            nearest: nearest(name, known.iter().copied()).map(Into::into),
            known: known.into_iter().map(Into::into).collect(),
            problems: problems(),
        });
    }
    let best = || entries.iter().copied().find(|entry| runs_on(entry, agent));
    let too_new = |entry: &Entry| ChooseError::Agent {
        kind,
        name: name.into(),
        version: entry.version.clone(),
        minimum: entry.minimum_agent_version.clone().unwrap_or_default(),
        agent: agent.into(),
        fitting: best().map(|entry| entry.version.clone()),
    };
    let Some(asked) = version else {
        return best().ok_or_else(|| too_new(entries[0]));
    };
    let bare = |version: &str| version.strip_prefix('v').unwrap_or(version).to_owned();
    let exact = entries.iter().find(|entry| entry.version == asked);
    let exact = exact.or_else(|| entries.iter().find(|entry| bare(&entry.version) == bare(asked)));
    let fitting = || {
        let asked = Version::parse(asked)?;
        let fits = |entry: &&&Entry| Version::parse(&entry.version).is_some_and(|version| asked.is_prefix_of(&version));
        let first = entries.iter().find(fits);
        entries.iter().filter(fits).find(|entry| runs_on(entry, agent)).or(first)
    };
    let found = exact.or_else(fitting).copied();
    if let Some(entry) = found.filter(|entry| !runs_on(entry, agent)) {
        return Err(too_new(entry));
    }
    found.ok_or_else(|| ChooseError::Version {
        kind,
        name: name.into(),
        version: asked.into(),
        available: entries.iter().map(|entry| entry.version.clone()).collect(),
        nearest: nearest_version(asked, &entries).into(),
        problems: problems(),
    })
}

pub(super) fn held_back<'a>(index: &'a Index, chosen: &Entry, agent: &str) -> Option<&'a Entry> {
    let best = *ranked(index, chosen.kind, &chosen.name).first()?;
    (rank(best) > rank(chosen) && !runs_on(best, agent)).then_some(best)
}

/// The versions of one plugin, the best first.
fn ranked<'a>(index: &'a Index, kind: PluginKind, name: &str) -> Vec<&'a Entry> {
    let mut entries: Vec<&Entry> =
        index.entries.iter().filter(|entry| entry.kind == kind && entry.name == name).collect();
    // The sort is stable: of equal versions the one the index has first counts.
    entries.sort_by(|one, two| rank(two).cmp(&rank(one)));
    entries
}

/// Whether an agent of this version may run it. One that was built without a version counts as the newest.
fn runs_on(entry: &Entry, agent: &str) -> bool {
    let minimum = entry.minimum_agent_version.as_deref().and_then(Version::parse);
    agent == UNRELEASED || minimum.zip(Version::parse(agent)).is_none_or(|(minimum, agent)| agent >= minimum)
}

/// Releases above pre-releases above what is no version; within these the higher version.
fn rank(entry: &Entry) -> (u8, Option<Version<'_>>) {
    match Version::parse(&entry.version) {
        Some(version) if version.is_release() => (2, Some(version)),
        Some(version) => (1, Some(version)),
        None => (0, None),
    }
}

/// One that is written nearly so, else the highest not above it, else the lowest; `entries` are never empty.
fn nearest_version<'a>(asked: &str, entries: &[&'a Entry]) -> &'a str {
    let texts = || entries.iter().map(|entry| entry.version.as_str());
    let Some(version) = Version::parse(asked) else {
        return nearest(asked, texts()).unwrap_or(&entries[0].version);
    };
    let not_above = |text: &&str| Version::parse(text).is_some_and(|known| known <= version);
    let lowest = || texts().rfind(|text| Version::parse(text).is_some());
    texts().find(not_above).or_else(lowest).unwrap_or(&entries[0].version)
}

fn instead(
    other_kind: &bool,
    kind: PluginKind,
    nearest: Option<&str>,
    known: &[String],
    problems: &[Problem],
) -> String {
    let said = match (other_kind, nearest) {
        (true, _) if kind == PluginKind::Executor => "there is a source of that name: bind it under `sources`".into(),
        (true, _) => "there is an executor of that name: bind it under `executors`".into(),
        (false, Some(nearest)) => format!("is `{nearest}` meant?"),
        (false, None) if known.is_empty() => format!("it has no {kind} at all"),
        (false, None) => format!("it has {}", list(known)),
    };
    said + &left_out(problems)
}

fn left_out(problems: &[Problem]) -> String {
    problems.iter().take(3).map(|problem| format!("; of that name, but wrong in the index: {problem}")).collect()
}

fn list(names: &[String]) -> String {
    let mut shown: Vec<String> = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect();
    if names.len() > LISTED {
        shown.push(format!("and {} more", names.len() - LISTED));
    }
    shown.join(", ")
}
