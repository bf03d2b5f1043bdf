//! A recorded session: no text breaks the reader, and one that is accepted is written as the same session, which differs from
//! itself in nothing. It knows no console.
#![no_main]

use botkube_console::session::Session;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| match Session::parse(text) {
    Ok(session) => {
        let written = session.to_yaml();
        let again = Session::parse(&written).unwrap_or_else(|error| panic!("{error} in\n{written}"));
        assert_eq!(again, session, "{written}");
        assert_eq!(session.differences(&again).map_err(|error| error.to_string()), Ok(Vec::new()));
    }
    Err(error) => assert!(!error.to_string().is_empty()),
});
