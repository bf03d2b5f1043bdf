//! The handshake line: no line breaks the parser, and what it accepts reads the same after it was written again. It knows no
//! process.
#![no_main]

use go_plugin::handshake::Line;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Line::parse(text, &[3, 7]) {
        // A field this short is taken for no certificate.
        Ok(line) if line.certificate.as_ref().is_some_and(|der| der.len() < 38) => {}
        Ok(line) => assert_eq!(Line::parse(&line.to_string(), &[line.version]).as_ref(), Ok(&line)),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
