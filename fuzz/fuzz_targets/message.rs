//! The message JSON of a plugin: no bytes break the decoder, and a message it accepts stays itself on the wire. It knows no
//! platform.
#![no_main]

use botkube_api::message::Message;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|json: &[u8]| {
    match Message::from_json(json) {
        Ok(message) => {
            let written = message.to_json();
            assert_eq!(Message::from_json(&written).as_ref(), Ok(&message));
            let mut named = message;
            named.replace_bot_name("@Bot", Some("cluster"));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
