//! A line of a plugin's standard error: whatever it is, it becomes an entry, and nothing of a line that is no entry is lost.
//! It knows no process.
#![no_main]

use go_plugin::hclog::Entry;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &str| {
    let entry = Entry::parse(line);
    let _ = entry.begins_crash_report();
    if !line.starts_with('{') {
        assert_eq!(entry.message, line);
    }
});
