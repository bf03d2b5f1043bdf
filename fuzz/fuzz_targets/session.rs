//! A recorded session: no text breaks the reader, and one that is accepted is written as the same session, which differs from
//! itself in nothing; nor does any text that is said and answered. It knows no console.
#![no_main]

use botkube_console::session::{Session, Shown, Step};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match Session::parse(text) {
        Ok(session) => is_written(&session),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let said = || Some(text.to_owned());
    let answers = vec![
        Shown { text: said(), ..Shown::default() },
        Shown { code: said(), filter: true, ..Shown::default() },
        Shown { message: Some(serde_json::json!({ text: text })), ..Shown::default() },
    ];
    let step = Step { channel: text.to_owned(), said: said(), answers, ..Step::default() };
    is_written(&Session { masks: Vec::new(), steps: vec![step] });
});

fn is_written(session: &Session) {
    let written = session.to_yaml();
    let again = Session::parse(&written).unwrap_or_else(|error| panic!("{error} in\n{written}"));
    assert_eq!(again, *session, "{written}");
    assert_eq!(session.differences(&again).map_err(|error| error.to_string()), Ok(Vec::new()));
}
