//! A bundle, given unpacked: no bytes break the reader, and whatever is wrong is said. It knows no index.
#![no_main]

use botkube_plugin_host::bundle;
use flate2::{Compression, read::GzEncoder};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(error) = bundle::check(GzEncoder::new(bytes, Compression::none())) {
        assert!(!error.to_string().is_empty());
    }
});
