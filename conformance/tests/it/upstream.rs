//! One suite, two targets: what upstream's own packages make of an input, and what we make of it, on shared vectors and on
//! random inputs. It must not know how either comes to its result.
//!
//! Where the two differ, a *rule* says so: a condition on the input, or a change to what upstream is asked or answers, each
//! with its number in docs/compatibility.md. Whatever no rule explains is a failure, and so is a rule that no vector needs.
//!
//! One module for each kind of question; `ours` puts the same questions to our side.

mod alias;
mod config;
mod flags;
mod index;
mod kubeconfig;
mod merge;
mod ours;
mod published;

use std::{
    collections::BTreeSet,
    fmt::Debug,
    fs,
    process::Command,
    sync::{LazyLock, Mutex, PoisonError},
};

use conformance::{Lines, go_program, root};
use proptest::{
    strategy::Strategy,
    test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// The number of a stated difference.
type Rule = &'static str;

/// The rules that make a case come out even, or what differs beyond them.
type Verdict = Result<Vec<Rule>, String>;

/// What upstream answers, or its error.
fn upstream(kind: &str, question: &impl Serialize) -> Result<Value, String> {
    static UPSTREAM: LazyLock<Mutex<Lines>> =
        LazyLock::new(|| Mutex::new(Lines::start(&mut Command::new(go_program("upstream")))));
    let mut request = json!(question);
    request["kind"] = kind.into();
    // Another test's failure is no reason for this one to fail.
    let answer = UPSTREAM.lock().unwrap_or_else(PoisonError::into_inner).ask(&request.to_string());
    match (answer["error"].as_str(), answer["panic"].as_str()) {
        (None, None) => Ok(answer["result"].clone()),
        (Some(error), _) => Err(error.to_owned()),
        (_, Some(panic)) => Err(format!("panic: {panic}")),
    }
}

/// Compares every vector of a kind, tells all that differ, and that every rule is needed.
#[track_caller]
fn check_vectors<C: DeserializeOwned + Serialize>(kind: &str, rules: &[Rule], compare: impl Fn(&C) -> Verdict) {
    let file = root().join(format!("conformance/vectors/upstream/{kind}.json"));
    let text = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let cases: Vec<C> = serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut needed = BTreeSet::new();
    let mut different = Vec::new();
    for case in &cases {
        match compare(case) {
            Ok(rules) => needed.extend(rules),
            Err(difference) => different.push(format!("{}\n{difference}", json!(case))),
        }
    }
    assert!(different.is_empty(), "{} of {}:\n{}", different.len(), cases.len(), different.join("\n"));
    assert_eq!(needed, rules.iter().copied().collect(), "rules that vectors need, and rules that are stated");
}

/// Compares random cases, the same in every run, and shows the smallest that differs. There are 256 of them, or as many as
/// `PROPTEST_CASES` says.
#[track_caller]
fn check_random<S: Strategy>(cases: S, compare: impl Fn(&S::Value) -> Verdict)
where
    S::Value: Serialize + Debug,
{
    let config = Config { failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let tried = runner.run(&cases, |case| {
        let fail = |difference| TestCaseError::fail(format!("{}\n{difference}", json!(case)));
        compare(&case).map(drop).map_err(fail)
    });
    match tried {
        Ok(()) => {}
        Err(TestError::Fail(smallest, _)) => panic!("the smallest case that differs:\n{smallest}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

/// Even by these rules, or not.
fn same<T: PartialEq + Debug>(ours: T, theirs: T, rules: Vec<Rule>) -> Verdict {
    if ours == theirs { Ok(rules) } else { Err(format!("  ours   {ours:?}\n  theirs {theirs:?}\n  by     {rules:?}")) }
}
