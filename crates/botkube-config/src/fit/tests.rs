//! Whatever is written, fitting leaves what can be decoded.
//! Must not know: single keys; it makes configurations from the declaration.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::shape::{self, Map, Shape};
use crate::{Options, load};

/// Numbers that stand for choices; when they are used up, nothing more is written.
struct Choices<'a>(std::slice::Iter<'a, u8>);

impl Choices<'_> {
    fn next(&mut self, below: usize) -> usize {
        self.0.next().map_or(0, |byte| usize::from(*byte) % below)
    }
}

const ODD: [&str; 16] = [
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "70000",
    "''",
    "text",
    "10s",
    "64Mi",
    "[]",
    "{}",
    "[a, [b]]",
    "{a: b}",
    "{fromEnv: NO}",
    "[{enabled: x}]",
];

/// A value that mostly has the shape that is asked for.
fn value(shape: &Shape, choices: &mut Choices<'_>, depth: usize) -> String {
    if choices.next(5) == 0 || depth > 9 {
        return ODD[choices.next(ODD.len())].into();
    }
    match shape {
        Shape::Map(inner) => map(inner, choices, depth + 1),
        Shape::List(list) => {
            let items: Vec<_> = (0..choices.next(3)).map(|_| value(&list.item, choices, depth + 1)).collect();
            format!("[{}]", items.join(", "))
        }
        Shape::Choice(all) => all[choices.next(all.len())].clone(),
        _ => ODD[choices.next(ODD.len())].into(),
    }
}

fn map(map: &Map, choices: &mut Choices<'_>, depth: usize) -> String {
    let mut entries = Vec::new();
    for field in &map.known {
        match choices.next(4) {
            0 | 1 => {}
            2 => entries.push(format!("{}: {}", field.name, value(&field.shape, choices, depth))),
            _ => entries.push(format!("{}: {}", field.name.to_uppercase(), value(&field.shape, choices, depth))),
        }
    }
    if let Some(rest) = &map.rest {
        let names: [&str; 6] = ["a", "kubectl", "botkube/echo", "botkube/echo@v1", "slack", "/"];
        let start = choices.next(names.len());
        for name in names.iter().skip(start).take(choices.next(3) + 1) {
            entries.push(format!("{name}: {}", value(rest, choices, depth)));
        }
    }
    format!("{{{}}}", entries.join(", "))
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 500,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(7),
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_left_can_always_be_decoded(bytes in prop::collection::vec(any::<u8>(), 0..400), lenient in any::<bool>()) {
        let text = map(shape::root(), &mut Choices(bytes.iter()), 0);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        std::fs::write(&file, &text).unwrap();
        // What it finds is told; that it comes back at all is the fact.
        if let Err(rejected) = load(&[file], [], Options { lenient, ..Options::default() }) {
            prop_assert!(!rejected.findings.is_empty());
        }
    }
}
