//! Bound configurations as a plugin gets them: no documents break the merge, empty ones change nothing, and what was merged
//! either fits the author's struct or is refused in words. Documents are separated by a zero byte.
#![no_main]

use std::collections::BTreeMap;

use botkube_api::config::{self, Duration};
use libfuzzer_sys::fuzz_target;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(default)]
struct Settings {
    a: String,
    l: Vec<String>,
    n: Nested,
    m: BTreeMap<String, String>,
    d: Duration,
    b: bool,
    i: i64,
    o: Option<Nested>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(default)]
struct Nested {
    value: String,
    key: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            a: "da".into(),
            l: ["x", "y", "z"].map(Into::into).into(),
            n: Nested { value: "dv".into(), key: "dk".into() },
            m: BTreeMap::from([("k1".into(), "v1".into())]),
            d: Duration(std::time::Duration::from_secs(60)),
            b: true,
            i: 3,
            o: None,
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let documents: Vec<&[u8]> = data.split(|byte| *byte == 0).collect();
    let mut spaced: Vec<&[u8]> = vec![b""];
    documents.iter().for_each(|document| spaced.extend([*document, b"null"]));
    let merged = config::merge(None, &documents);
    match (&merged, config::merge(None, &spaced)) {
        (Ok(merged), Ok(spaced)) => assert_eq!(*merged, spaced),
        (Err(error), Err(_)) => assert!(!error.to_string().is_empty()),
        (merged, spaced) => panic!("{merged:?} without empty documents, {spaced:?} with them"),
    }
    match config::load::<Settings>(&documents) {
        Ok(settings) => {
            // Over no defaults: over some, an empty map leaves what is there.
            let again = serde_json::to_vec(&settings).unwrap_or_default();
            let again = config::merge(None, &[again]).and_then(config::decode::<Settings>);
            assert_eq!(again.ok(), Some(settings));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
