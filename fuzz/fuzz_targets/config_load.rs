//! A whole configuration of files and variables: no text breaks the loader, whatever is wrong is said, and what is accepted
//! can be shown. Files are separated by a zero byte, and the last of them holds variables. Files that the configuration
//! names are not read here.
#![no_main]

use std::path::PathBuf;

use botkube_config::{Options, load_texts};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if text.to_lowercase().contains("fromfile") {
        return;
    }
    let mut files: Vec<(PathBuf, String)> =
        text.split('\0').enumerate().map(|(number, text)| (format!("{number}.yaml").into(), text.to_owned())).collect();
    let variables: Vec<(String, String)> = files
        .pop()
        .into_iter()
        .flat_map(|(_, text)| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter_map(|line| line.split_once('=').map(|(name, value)| (format!("BOTKUBE_{name}"), value.to_owned())))
        .collect();
    for options in [Options::default(), Options { lenient: true, helm_values: true, ..Options::default() }] {
        match load_texts(&files, variables.clone(), options) {
            Ok(loaded) => {
                loaded.findings.iter().for_each(|finding| assert!(!finding.to_string().is_empty()));
                let shown = loaded.shown();
                assert!(!loaded.shown_with_origins().is_empty() || shown.is_empty());
                loaded.unserved();
            }
            Err(rejected) => assert!(!rejected.findings.is_empty() && !rejected.to_string().is_empty()),
        }
    }
});
