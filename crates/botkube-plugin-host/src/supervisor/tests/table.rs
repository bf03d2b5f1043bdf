//! The tables of docs/plugin-states.md, made by taking every step that can be taken from a plugin's beginning.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    env, fs,
};

use super::*;

/// Where the tables are, and what they stand between.
const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/plugin-states.md");
const BEGIN: &str =
    "<!-- made from the supervisor; to make it anew: UPDATE_DOCS=1 cargo test -p botkube-plugin-host table -->\n";
const END: &str = "<!-- until here -->\n";

/// What an event can come to, by the state it meets and the column it stands in.
type Cells = BTreeMap<(&'static str, usize), BTreeSet<String>>;

/// The columns of the tables; what happens to the candidate is in the last one.
const WISHES: &[&str] = &["a call", "keep", "replace", "adapt", "pardon", "time passes", "stop"];
const REPORTS: &[&str] = &[
    "fetched",
    "cannot be had",
    "started",
    "not started",
    "exited",
    "well",
    "missed a check",
    "call given up",
    "connection broke",
];
const CANDIDATE: &[&str] = &["fetched", "cannot be had", "started", "not started"];

/// The rows, in the order in which a plugin comes through them.
const ROWS: &[&str] = &[
    "absent",
    "fetching",
    "starting",
    "ready",
    "ready, candidate fetching",
    "ready, candidate starting",
    "ending",
    "ending, candidate fetching",
    "ending, candidate starting",
    "backing off",
    "unavailable",
    "deactivated",
    "stopping",
    "stopped",
];

fn row(state: &State) -> &'static str {
    let candidate = state.candidate.map(|candidate| candidate.progress);
    match (&state.phase, candidate) {
        (Phase::Absent, _) => "absent",
        (Phase::Fetching, _) => "fetching",
        (Phase::Starting, _) => "starting",
        (Phase::Ready(_), None) => "ready",
        (Phase::Ready(_), Some(Progress::Fetching)) => "ready, candidate fetching",
        (Phase::Ready(_), Some(Progress::Starting)) => "ready, candidate starting",
        (Phase::Draining { reason: None, .. }, _) => "stopping",
        (Phase::Draining { .. }, None) => "ending",
        (Phase::Draining { .. }, Some(Progress::Fetching)) => "ending, candidate fetching",
        (Phase::Draining { .. }, Some(Progress::Starting)) => "ending, candidate starting",
        (Phase::BackingOff { .. }, _) => "backing off",
        (Phase::Deactivated { .. }, _) => "deactivated",
        (Phase::Unavailable { .. }, _) => "unavailable",
        (Phase::Stopped, _) => "stopped",
    }
}

fn word(action: &Action) -> &'static str {
    match action {
        Action::Fetch(_) => "fetch",
        Action::Start(_) => "start",
        Action::StartFormer(_) => "start from the former files",
        Action::Ping(_) => "check",
        Action::Retire(_) => "retire the former",
        Action::Kill(_) => "kill",
        Action::Dismiss(_) => "let it leave",
        Action::CallOff(_) => "call off",
        Action::GiveUp(_) => "end the agent",
    }
}

/// What can happen, each with its column: wishes, then reports about the plugin's process, then about the candidate.
fn events(state: &State) -> Vec<(usize, Event)> {
    let why = || "because".to_owned();
    let unwell = |alone| Report::Unwell { reason: why(), alone };
    let exited = |killed| Report::Exited { how: why(), killed };
    let wishes = [Event::Wanted, Event::Keep, Event::Replace, Event::Adapt, Event::Pardon, Event::Tick, Event::Stop];
    let reports = [
        (0, Report::Fetched),
        (1, Report::CannotBeHad(why())),
        (2, Report::Started),
        (3, Report::NotStarted(why())),
        (4, exited(false)),
        (4, exited(true)),
        (5, Report::Well(Left::Unknown)),
        (5, Report::Well(Left::Nothing)),
        (5, Report::Well(Left::Calls(why()))),
        (6, unwell(true)),
        (6, unwell(false)),
        (7, Report::Suspect),
        (8, Report::Broken(why())),
    ];
    let mut all: Vec<_> = wishes.into_iter().enumerate().collect();
    for (column, report) in reports {
        if let Some(candidate) = state.candidate.filter(|_| column < CANDIDATE.len()) {
            let about = Event::Report(candidate.generation, report.clone());
            all.push((WISHES.len() + REPORTS.len() + column, about));
        }
        all.push((WISHES.len() + column, Event::Report(state.generation, report)));
    }
    all
}

/// What tells one state from another as far as steps go, but for how much time there is still.
fn kind(state: &State, now: Instant) -> String {
    let is_over = |at: Instant| at <= now;
    let phase = match &state.phase {
        Phase::Ready(ready) => {
            let lasted = now - ready.since;
            let check = ready.check.map(is_over);
            let ending = ready.ending.map(is_over);
            let (steady, recovered) = (lasted >= STEADY, lasted >= RECOVERED);
            format!("{check:?} {} {:?} {ending:?} {steady} {recovered}", ready.misses.min(2), ready.doubt)
        }
        Phase::Draining { served, .. } => format!("{} {}", now - *served >= STEADY, now - *served >= RECOVERED),
        Phase::BackingOff { until, .. } => is_over(*until).to_string(),
        Phase::Unavailable { until, again, .. } => format!("{} {}", is_over(*until), is_over(*again)),
        _ => String::new(),
    };
    let State { restarts, kept, wanted, failures, refusals, promoted, distrusted, .. } = state;
    let counts = (restarts, (*failures).min(3), (*refusals).min(1));
    format!("{} {phase} {counts:?} {kept} {wanted} {promoted} {distrusted}", row(state))
}

/// Takes every step from every kind of state that can be reached.
fn explore() -> Cells {
    let mut cells = Cells::new();
    for at_threshold in [AtThreshold::DeactivatePlugin, AtThreshold::RestartAgent] {
        let policy = policy(at_threshold, 2);
        let (mut seen, mut open) = (BTreeSet::new(), VecDeque::from([(State::default(), Instant::now())]));
        while let Some((state, now)) = open.pop_front() {
            if !seen.insert(kind(&state, now)) {
                continue;
            }
            for (column, event) in events(&state) {
                let (after, actions) = step(state.clone(), event, now, &policy);
                let is_same = row(&after) == row(&state);
                let begins = |action: &Action| matches!(action, Action::Fetch(_) | Action::StartFormer(_));
                let mut outcome = actions.iter().map(word).collect::<Vec<_>>().join(", ");
                if !is_same || actions.iter().any(begins) {
                    outcome += &format!("{}→ **{}**", if outcome.is_empty() { "" } else { " " }, row(&after));
                }
                cells.entry((row(&state), column)).or_default().insert(outcome);
                for pause in [Duration::ZERO, ENDING, RETRY, INTERVAL, STEADY, RECOVERED] {
                    open.push_back((after.clone(), now + pause));
                }
            }
        }
    }
    cells
}

/// Those rows of a table in which something can happen.
fn table(cells: &Cells, first: usize, columns: &[&str]) -> String {
    let mut table = format!("| | {} |\n|---|{}\n", columns.join(" | "), "---|".repeat(columns.len()));
    for row in ROWS {
        let cell = |column: usize| {
            let Some(outcomes) = cells.get(&(*row, first + column)) else { return String::new() };
            let done: Vec<_> = outcomes.iter().filter(|outcome| !outcome.is_empty()).map(String::as_str).collect();
            let may_be_nothing = outcomes.contains("") && !done.is_empty();
            done.join("; or ") + if may_be_nothing { "; or nothing" } else { "" }
        };
        let cells: Vec<_> = (0..columns.len()).map(cell).collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            table += &format!("| **{row}** | {} |\n", cells.join(" | "));
        }
    }
    table
}

#[test]
fn the_tables_in_the_docs_are_those_of_the_supervisor() {
    let cells = explore();
    let (wishes, reports) = (WISHES.len(), REPORTS.len());
    let made = [
        "What is asked of it:\n\n".to_owned(),
        table(&cells, 0, WISHES),
        "\nWhat happens to its process, or to the attempt at one:\n\n".to_owned(),
        table(&cells, wishes, REPORTS),
        "\nWhat happens to the candidate:\n\n".to_owned(),
        table(&cells, wishes + reports, CANDIDATE),
    ]
    .concat();
    let docs = fs::read_to_string(DOCS).unwrap();
    let (before, rest) = docs.split_once(BEGIN).expect("the tables begin with a comment");
    let (written, after) = rest.split_once(END).expect("the tables end with a comment");
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(DOCS, [before, BEGIN, &made, END, after].concat()).unwrap();
        return;
    }
    assert!(written == made, "{DOCS} is out of date: UPDATE_DOCS=1 cargo test -p botkube-plugin-host table\n{made}");
}

#[test]
fn every_row_of_the_tables_can_be_reached() {
    let reached: BTreeSet<_> = explore().into_keys().map(|(row, _)| row).collect();
    assert_eq!(reached, ROWS.iter().copied().collect());
}
