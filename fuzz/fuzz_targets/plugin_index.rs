//! The index of a plugin repository: no text breaks the reader, an entry it accepts is found by its own version, and whatever
//! is chosen is an entry. The first line is a version that somebody asks for. It knows no files and no network.
#![no_main]

use botkube_plugin_host::index::{Index, PluginKind};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (asked, text) = text.split_once('\n').unwrap_or(("", text));
    let index = match Index::parse(text) {
        Ok(index) => index,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    index.problems.iter().for_each(|problem| assert!(problem.to_string().starts_with("line ")));
    for entry in &index.entries {
        assert!(!entry.downloads.is_empty());
        assert!(!entry.name.contains('/') && !entry.version.contains('/'));
        assert_eq!(index.choose(entry.kind, &entry.name, Some(&entry.version)), Ok(entry));
        assert!(index.choose(entry.kind, &entry.name, None).is_ok());
        match index.choose(entry.kind, &entry.name, Some(asked)) {
            Ok(chosen) => assert_eq!((chosen.kind, &chosen.name), (entry.kind, &entry.name)),
            Err(error) => assert!(error.to_string().contains(&format!("`{asked}`"))),
        }
    }
    if let Err(error) = index.choose(PluginKind::Source, asked, None) {
        assert!(!error.to_string().is_empty());
    }
});
