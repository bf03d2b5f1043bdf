//! Aliases at the beginning of a command. It must not know what a command is.

use std::collections::BTreeMap;

use proptest::{collection::btree_map, prelude::*, sample::select};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Rule, Verdict, check_random, check_vectors, ours, same, upstream};

const RULES: &[Rule] = &["D-14"];

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Case {
    text: String,
    aliases: BTreeMap<String, String>,
}

fn compare(case: &Case) -> Verdict {
    let mut rules = Vec::new();
    let mut asked = case.clone();
    let fits = |alias: &String| case.text == *alias || case.text.starts_with(&format!("{alias} "));
    let fitting: Vec<_> = case.aliases.keys().filter(|alias| fits(alias)).collect();
    // Upstream takes whichever it meets first; so it is given the longest alone.
    if fitting.len() > 1 {
        let longest = fitting.into_iter().max_by_key(|alias| alias.len()).cloned();
        asked.aliases.retain(|alias, _| Some(alias) == longest.as_ref());
        rules.push("D-14");
    }
    let theirs = upstream("alias", &asked)?;
    same(ours::expanded(&case.text, &case.aliases).map(Value::from), Ok(theirs), rules)
}

#[test]
fn vectors_are_expanded_alike() {
    check_vectors("alias", RULES, compare);
}

#[test]
fn random_commands_are_expanded_alike() {
    // Few letters, so that prefixes of one another are frequent; no quotes, which are another matter.
    let text = "[kg]{1,2}([ \t\n]{1,2}[kg]{1,2}){0,3}";
    let aliases = btree_map("[kg]{1,2}( [kg]{1,2})?", select(vec!["kubectl", "kubectl get", "g", "k k"]), 0..5);
    let cases = (text, aliases).prop_map(|(text, aliases)| Case {
        text,
        aliases: aliases.into_iter().map(|(alias, command)| (alias, command.to_owned())).collect(),
    });
    check_random(cases, compare);
}
