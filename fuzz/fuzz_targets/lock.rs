//! A lock: no text breaks the reader, and one that is accepted is written as the same lock. It knows no files and no network.
#![no_main]

use botkube_plugin_host::lock::Lock;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| match Lock::parse(text) {
    Ok(lock) => assert_eq!(Lock::parse(&lock.to_yaml()), Ok(lock)),
    Err(error) => assert!(error.line > 0 && !error.what.is_empty()),
});
