//! What configurations become, case by case (contract-plugins A.5), and the laws of merging.
//! Must not know how values are merged or decoded.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::json;

use super::*;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Sample {
    a: String,
    l: Vec<String>,
    n: Pair,
    m: BTreeMap<String, String>,
    d: Duration,
    b: bool,
    i: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Pair {
    value: String,
    key: String,
}

impl Default for Sample {
    fn default() -> Self {
        Self {
            a: "da".into(),
            l: vec!["x".into(), "y".into(), "z".into()],
            n: Pair { value: "dv".into(), key: "dk".into() },
            m: BTreeMap::from([("k1".into(), "v1".into())]),
            d: "1m".parse().unwrap(),
            b: true,
            i: 3,
        }
    }
}

/// Documents over the defaults change exactly what `change` changes.
fn check(documents: &[&str], change: impl FnOnce(&mut Sample)) {
    let mut expected = Sample::default();
    change(&mut expected);
    assert_eq!(load::<Sample>(documents), Ok(expected), "{documents:?}");
}

fn check_error(documents: &[&str], expected: &str) {
    assert_eq!(load::<Sample>(documents).unwrap_err().to_string(), expected, "{documents:?}");
}

fn check_as<T: DeserializeOwned + PartialEq + fmt::Debug>(value: Value, expected: T) {
    assert_eq!(decode::<T>(value.clone()), Ok(expected), "{value}");
}

#[test]
fn nothing_changes_nothing() {
    check(&[], |_| {});
    check(&["", "null", "# only a comment", "---\n", "{}"], |_| {});
}

#[test]
fn lists_replace_and_maps_merge() {
    check(&["l: [q]", "n: {key: nk}"], |sample| {
        sample.l = vec!["q".into()];
        sample.n.key = "nk".into();
    });
    check(&["l: []", "n: {}", "d: 5s"], |sample| {
        sample.l.clear();
        sample.d = "5s".parse().unwrap();
    });
    // Differs: a Go map among the defaults is replaced there.
    check(&["m: {k2: v2}"], |sample| drop(sample.m.insert("k2".into(), "v2".into())));
    check(&["m: {K1: v2}"], |sample| sample.m = BTreeMap::from([("K1".into(), "v2".into())]));
}

#[test]
fn null_is_the_zero_value() {
    check(&["{a: null, l: null, n: null, d: null, m: null, b: null, i: ~}"], |sample| {
        *sample = Sample {
            a: String::new(),
            l: Vec::new(),
            n: Pair::default(),
            m: BTreeMap::new(),
            d: Duration::default(),
            b: false,
            i: 0,
        };
    });
}

#[test]
fn what_is_no_map_hides_what_was_below() {
    check(&["n: scalar", "n: {key: k}"], |sample| sample.n = Pair { value: String::new(), key: "k".into() });
    check(&["n: null", "n: {}"], |sample| sample.n = Pair::default());
    check_error(&["n: scalar"], "configuration key n: expected a map (keys and values), found a text");
}

#[test]
fn values_become_what_is_asked_for() {
    check(&["{l: 'a,b', i: '12', b: 'false', d: 1000}"], |sample| {
        sample.l = vec!["a".into(), "b".into()];
        sample.i = 12;
        sample.b = false;
        sample.d = Duration(std::time::Duration::from_micros(1));
    });
    check(&["i: 2.7"], |sample| sample.i = 2);
    check(&["a: 5"], |sample| sample.a = "5".into());
    check(&["a: true"], |sample| sample.a = "1".into());
    check(&["l: one"], |sample| sample.l = vec!["one".into()]);
    check(&["l: ''"], |sample| sample.l.clear());
    check_error(&["a: [1]"], "configuration key a: expected a text, found a list");
    check_error(&["b: yes"], "configuration key b: expected true or false, found a text");
    check_error(&["l: [a, [b]]"], "configuration key l[1]: expected a text, found a list");
}

#[test]
fn a_key_in_another_case_means_the_default_unless_it_is_spelled_exactly() {
    // Differs: ignored in Go when there are defaults.
    check(&["A: up"], |sample| sample.a = "up".into());
    check(&["N: {KEY: k}"], |sample| sample.n.key = "k".into());
    check(&["a: x", "A: y"], |sample| sample.a = "x".into());
    check(&["A: y", "a: x"], |sample| sample.a = "x".into());
    assert_eq!(decode::<Sample>(merge(None, &["A: up"]).unwrap()).unwrap().a, "up");
    assert_eq!(decode::<Sample>(merge(None, &["{A: up, a: down}"]).unwrap()).unwrap().a, "down");
}

#[test]
fn unknown_keys_and_dots_have_no_meaning() {
    check(&["{unknown: 1, n.key: x, 1: y}"], |_| {});
}

#[test]
fn every_broken_document_is_told() {
    check_error(
        &["- a", "a: 1", "a: x\nb: [", "text", "{a: 1, a: 2}"],
        "configuration 1: expected keys and values (key: value), found a list; \
         configuration 3, line 2, column 4: unclosed bracket '['; \
         configuration 4: expected keys and values (key: value), found a text; \
         configuration 5, line 1, column 8: duplicate mapping key `a` is not allowed here",
    );
}

#[test]
fn defaults_must_be_keys_and_values() {
    let error = load::<Vec<String>>(&[""]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the defaults of the configuration cannot be used: they are a list; they must be a struct or a map"
    );
}

#[test]
fn plain_scalars_are_resolved_as_in_go() {
    let yaml = "{yes: yes, on: On, t: True, o: 0o17, oo: 017, x: 0x1f, u: 1_000, f: 1e3, n: ~, s: '5', inf: .inf, date: 2024-01-01}";
    let expected = json!({
        "yes": "yes", "on": "On", "t": true, "o": 15, "oo": 15, "x": 31, "u": 1000, "f": 1e3, "n": null, "s": "5",
        "inf": ".inf", "date": "2024-01-01",
    });
    assert_eq!(merge(None, &[yaml]), Ok(expected));
    assert_eq!(merge(None, &["{b: &b {x: 1, y: 2}, c: {<<: *b, y: 3}}"]).unwrap()["c"], json!({"x": 1, "y": 3}));
    assert_eq!(merge(None, &["{1: a, true: b, 1.5: c}"]), Ok(json!({"1": "a", "true": "b", "1.5": "c"})));
}

#[test]
fn each_type_takes_what_go_gives_it() {
    check_as(json!("0x1f"), 31u8);
    check_as(json!("-1_000"), -1000i32);
    check_as(json!("017"), 15u64);
    check_as(json!(""), 0i64);
    check_as(json!(true), 1u16);
    check_as(json!(-2.7), -2i8);
    check_as(json!("T"), true);
    check_as(json!(0), false);
    check_as(json!(""), false);
    check_as(json!("1e3"), 1000.0);
    check_as(json!("1_000.5"), 1000.5);
    check_as(json!(".inf"), f64::INFINITY);
    check_as(json!(null), 0.0);
    check_as(json!(1.0), "1".to_owned());
    check_as(json!(5), vec!["5".to_owned()]);
    check_as(json!("1,2"), vec![1, 2]);
    check_as(json!({"1": "x"}), BTreeMap::from([(1u8, "x".to_owned())]));
    check_as(json!([{"a": 1}, {"b": 2}]), BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]));
    check_as(json!({}), Vec::<Pair>::new());
    check_as(json!(null), None::<u8>);
    check_as(json!("3"), Some(3));
    check_as(json!(null), (0, String::new()));
    check_as(json!("1m"), std::time::Duration::from_secs(60));
    check_as(json!(5), std::time::Duration::from_nanos(5));
    check_as(json!({"secs": "2", "nanos": 0}), std::time::Duration::from_secs(2));
    check_as(json!({"a": ["1", true]}), json!({"a": ["1", true]}));
    assert!(decode::<u8>(json!(300)).is_err());
    assert!(decode::<u8>(json!(-1)).is_err());
    for text in ["1__0", "_1", "1_", "0x", "-", "0x1g", "+-1", "1.5"] {
        assert!(decode::<i32>(json!(text)).is_err(), "{text:?}");
    }
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Shape {
    Dot,
    Circle(f64),
    Box { width: u8 },
}

#[test]
fn enums_are_named_by_text_or_by_their_only_key() {
    check_as(json!("dot"), Shape::Dot);
    check_as(json!({"circle": "1.5"}), Shape::Circle(1.5));
    check_as(json!({"box": {"Width": "2"}}), Shape::Box { width: 2 });
    let error = decode::<Vec<Shape>>(json!(["dot", {"box": {"width": "wide"}}])).unwrap_err();
    let expected = "configuration key [1].box.width: expected a whole number, found a text";
    assert_eq!(error.to_string(), expected);
    let error = decode::<Shape>(json!(5)).unwrap_err();
    assert_eq!(error.to_string(), "the configuration: expected one of dot, circle, box, found a number");
}

#[derive(Debug, Default, PartialEq, Deserialize)]
struct Renamed {
    #[serde(alias = "former")]
    current: u8,
    other: String,
}

#[test]
fn a_null_struct_with_aliases_is_all_zero() {
    check_as(json!(null), Renamed::default());
    check_as(json!({"FORMER": 1, "other": null}), Renamed { current: 1, other: String::new() });
}

#[test]
fn lengths_of_time_are_written_as_in_go() {
    let check = |text: &str, written: &str| {
        assert_eq!(text.parse::<Duration>().map(|duration| duration.to_string()), Ok(written.to_owned()));
    };
    check("1m", "1m0s");
    check("90s", "1m30s");
    check("1h", "1h0m0s");
    check("1.5h", "1h30m0s");
    check("1500ms", "1.5s");
    check("+.5s", "500ms");
    check("1.5us", "1.5µs");
    check("1h2m3s4ms5µs6ns", "1h2m3.004005006s");
    check("0", "0s");
    check("2.s", "2s");
    for text in ["", "5", "s", "-5s", "1d", "1 s", "1..5s", ".s", "s1", "9223372037s", "1é"] {
        assert!(text.parse::<Duration>().is_err(), "{text:?}");
    }
    check_error(
        &["d: 5 minutes"],
        "configuration key d: \"5 minutes\" is not a length of time; write it like 1m30s, with the units h, m, s, ms, us, ns and no minus sign",
    );
    assert!(load::<Sample>(&["d: -1"]).is_err());
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z]{0,3}".prop_map(Value::from)
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-c]", inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}

fn map() -> impl Strategy<Value = Value> {
    prop::collection::btree_map("[a-c]", tree(), 0..4).prop_map(|map| map.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_document_alone_is_the_result(document in map()) {
        prop_assert_eq!(merge(None, &[document.to_string()]), Ok(document));
    }

    #[test]
    fn laying_a_document_over_itself_changes_nothing(document in map()) {
        let text = document.to_string();
        prop_assert_eq!(merge(Some(document.clone()), &[&text, &text]), Ok(document));
    }

    #[test]
    fn empty_documents_can_stand_anywhere(defaults in map(), document in map()) {
        let text = document.to_string();
        let alone = merge(Some(defaults.clone()), &[text.as_str()]);
        prop_assert_eq!(merge(Some(defaults), &["", text.as_str(), "{}", "null"]), alone);
    }

    #[test]
    fn one_after_the_other_is_the_same_as_all_at_once(defaults in map(), first in map(), second in map()) {
        let [first, second] = [first, second].map(|value| value.to_string());
        let stepwise = merge(Some(merge(Some(defaults.clone()), &[&first]).unwrap()), &[&second]);
        prop_assert_eq!(merge(Some(defaults), &[first, second]), stepwise);
    }

    #[test]
    fn a_length_of_time_survives_being_written_and_read(nanoseconds in 0..=i64::MAX as u64) {
        let duration = Duration(std::time::Duration::from_nanos(nanoseconds));
        prop_assert_eq!(duration.to_string().parse(), Ok(duration));
        prop_assert_eq!(decode(serde_json::to_value(duration).unwrap()), Ok(duration));
    }
}
