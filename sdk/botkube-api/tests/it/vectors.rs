//! Our outcomes against those of the original Go code, recorded by `conformance/go/cmd/vectors`.
//! Must not know how the vectors were chosen: where we differ on purpose, a rule says so, never a case's number.

use std::collections::BTreeMap;
use std::path::Path;

use botkube_api::config::{self, ConfigError, Duration};
use botkube_api::message::{Button, ButtonStyle, Message};
use botkube_api::words;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

fn read<T: DeserializeOwned>(kind: &str) -> Vec<T> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/vectors").join(format!("{kind}.json"));
    let text = std::fs::read(&file).unwrap_or_else(|error| {
        panic!(
            "{} cannot be read ({error}); generate it in conformance/go with: \
             go run ./cmd/vectors -kind {kind} > ../vectors/{kind}.json",
            file.display()
        )
    });
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{} is not a list of cases: {error}", file.display()))
}

/// Compares every case and tells all that differ.
fn check<T: DeserializeOwned>(kind: &str, compare: impl Fn(&T) -> Result<(), String>) {
    let cases: Vec<T> = read(kind);
    assert!(!cases.is_empty(), "there are no {kind} cases");
    let different: Vec<_> = cases.iter().filter_map(|case| compare(case).err()).collect();
    assert!(different.is_empty(), "{} of {}:\n{}", different.len(), cases.len(), different.join("\n"));
}

fn expect<T: PartialEq + std::fmt::Debug>(input: &str, ours: T, theirs: T) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("{input}\n  ours   {ours:?}\n  theirs {theirs:?}")) }
}

#[derive(Deserialize)]
struct MessageCase {
    json: String,
}

#[test]
fn messages_are_read_and_written_byte_for_byte() {
    check("message", |case: &MessageCase| {
        let message = Message::from_json(case.json.as_bytes()).map_err(|error| format!("{}: {error}", case.json))?;
        expect("", String::from_utf8_lossy(&message.to_json()).into_owned(), case.json.clone())
    });
}

#[derive(Deserialize)]
struct ButtonCase {
    helper: String,
    args: Vec<String>,
    json: String,
}

#[test]
fn every_button_helper_has_its_twin() {
    check("buttons", |case: &ButtonCase| {
        let arg = |index: usize| case.args[index].as_str();
        let (button, style) = match case.helper.as_str() {
            "ForCommandWithDescCmd" => (Button::command(arg(0), arg(1)).showing(arg(1)), 2),
            "ForCommand" => (Button::command(arg(0), arg(1)).showing(arg(2)), 3),
            "ForCommandWithBoldDesc" => (Button::command(arg(0), arg(2)).bold(arg(1)), 3),
            "ForCommandWithItalicDesc" => (Button::command(arg(0), arg(2)).italic(arg(1)), 3),
            "ForCommandWithoutDesc" => (Button::command(arg(0), arg(1)), 2),
            "DescriptionURL" => (Button::link(arg(0), arg(2)).about(arg(1)), 3),
            "ForURL" => (Button::link(arg(0), arg(1)), 2),
            "ForURLWithBoldDesc" => (Button::link(arg(0), arg(2)).bold(arg(1)), 3),
            "ForURLWithTextDesc" => (Button::link(arg(0), arg(2)).text(arg(1)), 3),
            other => return Err(format!("{other} has no twin")),
        };
        let style = case.args.get(style).map_or(ButtonStyle::Default, |style| style.as_str().into());
        let expected: Value = serde_json::from_str(&case.json).map_err(|error| error.to_string())?;
        expect(&case.helper, json!(Button { style, ..button }), expected)
    });
}

#[derive(Deserialize)]
struct WordsCase {
    input: String,
    words: Option<Vec<String>>,
}

#[test]
fn lines_split_into_the_same_words() {
    check("words", |case: &WordsCase| {
        expect(
            &format!("{:?}", case.input),
            words::split(&case.input).ok().map(words::Words::into_values),
            case.words.clone(),
        )
    });
}

#[derive(Deserialize)]
struct ConfigCase {
    defaults: bool,
    configs: Vec<String>,
    result: Option<Value>,
    error: Option<String>,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Sample {
    a: String,
    l: Vec<String>,
    n: Pair,
    m: BTreeMap<String, String>,
    d: Duration,
    b: bool,
    i: i64,
    f: f64,
    deep: Deep,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Pair {
    value: String,
    key: String,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Deep {
    list: Vec<Entry>,
    on: bool,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Entry {
    name: String,
    count: i64,
}

impl Sample {
    fn defaults() -> Self {
        Self {
            a: "da".into(),
            l: vec!["x".into(), "y".into(), "z".into()],
            n: Pair { value: "dv".into(), key: "dk".into() },
            m: BTreeMap::from([("k1".into(), "v1".into())]),
            d: Duration(std::time::Duration::from_secs(60)),
            b: true,
            i: 3,
            f: 1.5,
            deep: Deep { list: vec![Entry { name: "x".into(), count: 1 }], on: true },
        }
    }
}

#[test]
fn configurations_become_the_same_value() {
    check("config-merge", |case: &ConfigCase| {
        let theirs = case.result.clone().map(|value| settled("", value));
        let agrees = |configs: &[String]| {
            let ours = outcome(case, configs);
            ours.as_ref().ok() == theirs.as_ref() || differs_on_purpose(case, &ours)
        };
        if agrees(&case.configs) || agrees(&without_other_cases(case)) {
            return Ok(());
        }
        let ours = outcome(case, &case.configs);
        Err(format!("{} {:?}\n  ours   {ours:?}\n  theirs {theirs:?} {:?}", case.defaults, case.configs, case.error))
    });
}

fn outcome(case: &ConfigCase, configs: &[String]) -> Result<Value, ConfigError> {
    let mut defaults = if case.defaults { json!(Sample::defaults()) } else { json!({}) };
    // On purpose: a map of a document merges with a map among the defaults. Go replaces the one by the other.
    let has_map = |config: &String| config::merge(None, &[config]).is_ok_and(|map| map["m"].is_object());
    if configs.iter().any(has_map) {
        defaults["m"].take();
    }
    let sample: Sample = config::decode(config::merge(Some(defaults), configs)?)?;
    let mut value = json!(sample);
    value["d"] = json!(sample.d.as_nanos() as u64);
    Ok(settled("", value))
}

/// On purpose: a key in another case than the default's counts. Go ignores it, so here are the documents without.
fn without_other_cases(case: &ConfigCase) -> Vec<String> {
    // The keys of structs; those of the map are the user's own.
    let mut known = json!(Sample::defaults());
    known["m"].take();
    let strip = |config: &String| match config::merge(None, &[config]) {
        Ok(value) if case.defaults => without_other_case(value, &known).to_string(),
        _ => config.clone(),
    };
    case.configs.iter().map(strip).collect()
}

fn without_other_case(value: Value, defaults: &Value) -> Value {
    let (Value::Object(map), Value::Object(known)) = (&value, defaults) else { return value };
    let differs = |key: &str| !known.contains_key(key) && known.contains_key(&key.to_lowercase());
    let kept = map.iter().filter(|(key, _)| !differs(key));
    kept.map(|(key, value)| (key.clone(), without_other_case(value.clone(), known.get(key).unwrap_or(&Value::Null))))
        .collect()
}

/// What else differs on purpose, or because another library reads the YAML.
fn differs_on_purpose(case: &ConfigCase, ours: &Result<Value, ConfigError>) -> bool {
    let has = |text: &str| case.configs.iter().any(|config| config.contains(text));
    match ours {
        Err(ConfigError::Value { path, problem }) => {
            // Go wraps a whole number that does not fit around.
            let too_large = problem.contains("9223372036854775808");
            // Go takes true for a nanosecond, and lets lengths of time be negative.
            let no_length = problem.contains("found boolean") || problem.starts_with("\"-");
            too_large || path.eq_ignore_ascii_case("d") && no_length
        }
        Err(ConfigError::Documents(documents)) => documents.iter().all(|document| {
            // YAML 1.2 has no lone `-` inside brackets, and no key can be null here.
            document.problem.contains("plain scalar cannot start with '-'")
                || document.problem.contains("null is not allowed")
        }),
        Err(_) => false,
        Ok(_) => case.error.as_ref().is_some_and(|error| {
            // Go's reader refuses a `?` inside a plain text in brackets, and a null with a text.
            let refused = error.contains("yaml: ") && (has("?b=c") || has("!!null x"));
            // Go makes a date of a plain text that looks like one, and then refuses to make a text of it.
            refused || error.contains("time.Time")
        }),
    }
}

/// The value without what only Go or only JSON tells apart: nil and empty, 1 and 1.0.
fn settled(key: &str, value: Value) -> Value {
    match value {
        Value::Null if key == "m" => json!({}),
        Value::Null => json!([]),
        Value::Number(number) if key == "f" => json!(number.as_f64()),
        Value::Object(map) => map.into_iter().map(|(key, value)| (key.clone(), settled(&key, value))).collect(),
        other => other,
    }
}
