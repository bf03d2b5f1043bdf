//! A typed line: no text breaks the reader, and what it makes of one it makes of its own result again. It knows no plugin.
#![no_main]

use botkube_core::command::{Command, CommandError, Flags};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // A first word of even length leaves bare flags to the executor.
    let parse = |text: &str| Command::parse(text, &[], |name| name.len() % 2 == 1);
    let command = match parse(text) {
        Ok(command) => command,
        Err(error) => {
            if let CommandError::Malformed { place, .. } = &error {
                assert!(place.line >= 1 && place.column >= 1);
            }
            return assert!(!error.to_string().is_empty());
        }
    };
    assert!(command.text.len() <= command.shown.len());
    // Links and mentions may stand in one another, and what is no blank between words is one at the ends of a text.
    if command.text.contains(['<', '@']) || command.text != command.text.trim() {
        return;
    }
    let again = parse(&command.text).expect("what was read can be read");
    assert_eq!(again.words, command.words);
    assert_eq!(again.flags, Flags::default());
    assert_eq!(again.text, command.text);
});
