//! What the JSON of messages is, byte for byte, and what is accepted as one (contract-plugins §3, A.2).
//! Must not know how the JSON is written or read.

use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::*;

fn check(message: &Message, json: &str) {
    assert_eq!(String::from_utf8(message.to_json()).unwrap(), json);
    assert_eq!(Message::from_json(json.as_bytes()).as_ref(), Ok(message), "{json}");
}

fn check_button(button: Button, json: &str) {
    assert_eq!(String::from_utf8(go_json::to_vec(&button).unwrap()).unwrap(), json);
}

fn check_read(json: impl AsRef<[u8]>, expected: &Message) {
    let json = json.as_ref();
    assert_eq!(Message::from_json(json).as_ref(), Ok(expected), "{}", String::from_utf8_lossy(json));
}

fn check_error(json: &str, expected: &str) {
    assert_eq!(Message::from_json(json.as_bytes()).unwrap_err().to_string(), expected, "{json}");
}

#[test]
fn what_is_never_left_out_is_written() {
    check(&Message::new(), r#"{"baseBody":{},"timestamp":"0001-01-01T00:00:00Z"}"#);
    check(
        &Message::new().section(Section::new()),
        r#"{"baseBody":{},"timestamp":"0001-01-01T00:00:00Z","sections":[{"style":{},"body":{},"multiSelect":{"description":{}},"selects":{}}]}"#,
    );
    check(
        &Message::code("a<b>&c").with_filter(),
        r#"{"type":"baseBodyWithFilter","baseBody":{"codeBlock":"a\u003cb\u003e\u0026c"},"timestamp":"0001-01-01T00:00:00Z"}"#,
    );
    check(&Message::text("x"), r#"{"baseBody":{"plaintext":"x"},"timestamp":"0001-01-01T00:00:00Z"}"#);
}

#[test]
fn texts_are_escaped_as_go_escapes_them() {
    check(
        &Message::text("\u{2028}\u{2029}\u{2027}\u{8}\u{c}\n\r\t\u{1}\u{7f}\"\\/é😀"),
        "{\"baseBody\":{\"plaintext\":\"\\u2028\\u2029\u{2027}\\b\\f\\n\\r\\t\\u0001\u{7f}\\\"\\\\/é😀\"},\"timestamp\":\"0001-01-01T00:00:00Z\"}",
    );
}

#[test]
fn the_full_example_keeps_every_field() {
    let example: serde_json::Value = serde_json::from_str(include_str!("full.json")).unwrap();
    let message = Message::from_json(include_bytes!("full.json")).unwrap();
    let written: serde_json::Value = serde_json::from_slice(&message.to_json()).unwrap();
    assert_eq!(written, example);
}

#[test]
fn the_builders_make_the_full_example() {
    let pods = Button {
        description: "{{BotName}} kubectl get pods".into(),
        ..Button::command("Get pods", "kubectl get pods").showing("").primary()
    };
    let section = Section::new()
        .without_divider()
        .header("Pods")
        .description("What is running now")
        .body_code("web")
        .body_text("One pod found")
        .button(pods)
        .button(Button::link("Docs", "https://example.org/docs").danger())
        .multi_select(
            MultiSelect::new("Sources", "edit SourceBindings")
                .description_code("pick some")
                .description_text("Sources of this channel")
                .options([("K8s errors", "k8s-err"), ("K8s all", "k8s-all")])
                .initial([("K8s all", "k8s-all")]),
        )
        .select_id("picker-1")
        .select(
            Select::new("Resource", "kubectl @builder --resource-name")
                .external()
                .group("Pods", ["web"])
                .initial("web"),
        )
        .input(LabelInput::new("Say", "echo say ").placeholder("anything").on_character())
        .field("Namespace", "default")
        .bullets("Warnings", ["no limits set", "image tag latest"])
        .context("_generated just now_");
    let mut message = Message::code("NAME  READY\nweb   1/1")
        .of_type(MessageType::Thread)
        .at("2024-11-05T10:00:00.12+01:00".parse::<Timestamp>().unwrap())
        .section(section)
        .input(
            LabelInput::new("Filter output", "kubectl get pods --filter=")
                .placeholder("String pattern to filter by")
                .on_enter(),
        )
        .only_visible_for_you()
        .replace_original()
        .to_user("U024BE7LH")
        .in_thread("1730800800.000100");
    message.base_body.plaintext = "Two ways to say it".into();
    check_read(include_bytes!("full.json"), &message);
}

#[test]
fn buttons_are_those_of_gos_helpers() {
    check_button(
        Button::command("n", "c").showing("c"),
        r#"{"description":"{{BotName}} c","descriptionStyle":"code","name":"n","command":"{{BotName}} c"}"#,
    );
    check_button(
        Button::command("n", "c").showing("d"),
        r#"{"description":"{{BotName}} d","descriptionStyle":"code","name":"n","command":"{{BotName}} c"}"#,
    );
    check_button(
        Button::command("n", "c").bold("d"),
        r#"{"description":"d","descriptionStyle":"bold","name":"n","command":"{{BotName}} c"}"#,
    );
    check_button(
        Button::command("n", "c").italic("d").danger(),
        r#"{"description":"d","descriptionStyle":"italic","name":"n","command":"{{BotName}} c","style":"danger"}"#,
    );
    check_button(Button::command("n", "c"), r#"{"descriptionStyle":"","name":"n","command":"{{BotName}} c"}"#);
    check_button(
        Button::link("n", "u").about("c"),
        r#"{"description":"{{BotName}} c","descriptionStyle":"","name":"n","url":"u"}"#,
    );
    check_button(Button::link("n", "u").primary(), r#"{"descriptionStyle":"","name":"n","url":"u","style":"primary"}"#);
    check_button(
        Button::link("n", "u").bold("d"),
        r#"{"description":"d","descriptionStyle":"bold","name":"n","url":"u"}"#,
    );
    check_button(
        Button::link("n", "u").text("d"),
        r#"{"description":"d","descriptionStyle":"text","name":"n","url":"u"}"#,
    );
}

#[test]
fn an_event_has_three_capitalised_keys_and_go_numbers() {
    let zero =
        r#"{"Message":{"baseBody":{},"timestamp":"0001-01-01T00:00:00Z"},"RawObject":null,"AnalyticsLabels":null}"#;
    assert_eq!(String::from_utf8(Event::default().to_json()).unwrap(), zero);
    let event = Event::new(Message::text("hi"))
        .with_raw_object(serde_json::json!({"A": [1.0, 1e21, 2.5e-7, -0.001, 1e20], "TYPE": null, "type": "<"}))
        .unwrap()
        .with_analytics_label("kind", 1);
    let json = String::from_utf8(event.to_json()).unwrap();
    let raw = r#""RawObject":{"A":[1,1e+21,2.5e-7,-0.001,100000000000000000000],"TYPE":null,"type":"\u003c"},"AnalyticsLabels":{"kind":1}}"#;
    assert!(json.ends_with(raw), "{json}");
    let raw = br#"{"message":{"BASEBODY":{"plaintext":"hi"}},"RAWOBJECT":{"TYPE":null,"type":1},"unknown":[]}"#;
    let read = Event::from_json(raw).unwrap();
    assert_eq!(read.message, Message::text("hi"));
    assert_eq!(read.raw_object, serde_json::json!({"TYPE": null, "type": 1}));
}

#[test]
fn keys_match_in_any_case_and_unknown_ones_are_skipped() {
    let form = Message::new().of_type(MessageType::Form);
    check_read(r#"{"TYPE":"form","sections":null,"baseBody":null,"timestamp":null,"unknown":1}"#, &form);
    check_read(r#"{"Type":"form","x":{"type":"skipMessage"},"y":[[]]}"#, &form);
    check_read(r#"{"sections":[{"Base":{"header":"x"}}]}"#, &Message::new().section(Section::new()));
}

#[test]
fn null_is_the_zero_value_everywhere() {
    check_read("null", &Message::new());
    check_read(
        r#"{"type":null,"onlyVisibleForYou":null,"userHandle":null,"plaintextInputs":null,"sections":[null,{"buttons":[null],"style":null,"bulletLists":[{"items":[null,"x"]}],"selects":{"items":[{"initialOption":null,"type":null}]}}]}"#,
        &Message::new().section(Section::new()).section(
            Section { buttons: vec![Button::default()], ..Section::default() }
                .bullets("", ["", "x"])
                .select(Select::default()),
        ),
    );
}

#[test]
fn the_last_of_two_equal_keys_wins() {
    check_read(r#"{"type":"form","type":"skipMessage"}"#, &Message::skip());
    check_read(r#"{"type":"form","TYPE":"skipMessage"}"#, &Message::skip());
    check_read(r#"{"TYPE":"form","type":"skipMessage"}"#, &Message::skip());
    check_read(
        r#"{"sections":[{"header":"a","header":"b","Unknown":1}],"unknown":1}"#,
        &Message::new().section(Section::new().header("b")),
    );
}

#[test]
fn broken_text_becomes_replacement_characters() {
    let broken = b"{\"baseBody\":{\"plaintext\":\"a\xff\xe2\x80b\"}}";
    check_read(broken, &Message::text("a\u{FFFD}\u{FFFD}\u{FFFD}b"));
    check_read(
        r#"{"baseBody":{"plaintext":"\ud800x\udc00 \ud83d\ude00 \\ud800"}}"#,
        &Message::text("\u{FFFD}x\u{FFFD} 😀 \\ud800"),
    );
}

#[test]
fn unknown_values_are_kept() {
    let message = Message::from_json(br#"{"type":"hologram"}"#).unwrap();
    assert_eq!(message.kind, MessageType::Unknown("hologram".into()));
    check(&message, r#"{"type":"hologram","baseBody":{},"timestamp":"0001-01-01T00:00:00Z"}"#);
}

#[test]
fn an_error_says_where_and_what() {
    check_error(
        "{\"sections\":[{},\n{\"header\":5}]}",
        "cannot read the JSON at sections[1].header (line 2, column 11): invalid type: integer `5`, expected a string",
    );
    check_error(
        r#"{"onlyVisibleForYou":"yes"}"#,
        "cannot read the JSON at onlyVisibleForYou (line 1, column 26): invalid type: string \"yes\", expected a boolean",
    );
    check_error(
        r#"{"baseBody":["x"]}"#,
        "cannot read the JSON at baseBody (line 1, column 13): invalid type: sequence, expected an object",
    );
    check_error("", "cannot read the JSON at line 1, column 0: EOF while parsing a value");
    check_error("[]", "cannot read the JSON at line 1, column 2: invalid type: sequence, expected an object");
    check_error("{} x", "cannot read the JSON at line 1, column 4: trailing characters");
    check_error(
        r#"{"baseBody":{"plaintext":"x}}"#,
        "cannot read the JSON at baseBody.plaintext (line 1, column 29): EOF while parsing a string",
    );
    let twice = Message::from_json(br#"{"type":"a","type":"b","sections":[{"body":1}]}"#).unwrap_err();
    assert_eq!(twice.path, "sections[0].body");
}

#[track_caller]
fn check_strict(json: &str, expected: &str) {
    assert_eq!(Message::from_json_strict(json.as_bytes()).unwrap_err().to_string(), expected, "{json}");
}

#[test]
fn who_reads_strictly_reads_every_field_that_is_right() {
    let full = include_bytes!("full.json");
    assert_eq!(Message::from_json_strict(full), Message::from_json(full));
    let nulls = br#"{"sections":null,"type":null,"timestamp":null}"#;
    assert_eq!(Message::from_json_strict(nulls), Ok(Message::new()));
}

#[test]
fn an_unknown_key_is_told_with_the_nearest_where_it_begins() {
    check_strict(
        "{\n  \"sections\": [\n    {\"heder\": \"a\"}\n  ]\n}",
        "cannot read the JSON at sections[0] (line 3, column 6): there is no key `heder` here; did you mean `header`?",
    );
    check_strict(
        r#"{"baseBody":{"Plaintext":"a"}}"#,
        "cannot read the JSON at baseBody (line 1, column 14): there is no key `Plaintext` here; did you mean `plaintext`?",
    );
    check_strict(
        "{\"a\\\"b\"\n : 1}",
        "cannot read the JSON at line 1, column 2: there is no key `a\"b` here; there is `type`, `baseBody`, `timestamp`, \
         `sections`, `plaintextInputs`, `onlyVisibleForYou`, `replaceOriginal`, `userHandle`, `parentActivityId`",
    );
}

#[test]
fn an_unknown_choice_is_told_with_the_nearest_where_it_begins() {
    check_strict(
        r#"{"type": "modal"}"#,
        "cannot read the JSON at type (line 1, column 10): there is no value `modal` here; there is \
         `basicCardWithButtonsInSeparateMessage`, `baseBodyWithFilter`, `nonInteractiveEventSingleSection`, `form`, \
         `threadMessage`, `skipMessage`",
    );
    check_strict(
        r#"{"sections":[{"buttons":[{"style":"primry"}]}]}"#,
        "cannot read the JSON at sections[0].buttons[0].style (line 1, column 35): there is no value `primry` here; did you \
         mean `primary`?",
    );
}

#[test]
fn who_reads_strictly_is_told_of_wrong_types_and_keys_given_twice() {
    check_strict(
        r#"{"sections":{}}"#,
        "cannot read the JSON at sections (line 1, column 14): invalid type: map, expected a sequence",
    );
    check_strict(
        "{\"type\":\"\",\n\"type\":\"form\"}",
        "cannot read the JSON at line 2, column 6: duplicate field `type`",
    );
    let error = Message::from_json_strict(b"{\"userHandle\":\"\xff\"}").unwrap_err();
    assert_eq!(error.path, "userHandle");
}

#[test]
fn a_choice_is_read_by_every_deserializer() {
    let button: Button = serde_json::from_str(r#"{"style":"primary","descriptionStyle":"wavy"}"#).unwrap();
    assert_eq!((button.style, button.description_style), (ButtonStyle::Primary, DescriptionStyle::from("wavy")));
}

#[test]
fn only_what_is_shown_makes_a_message_non_empty() {
    assert!(Message::new().is_empty());
    assert!(Message::skip().only_visible_for_you().to_user("x").is_empty());
    assert!(!Message::text("x").is_empty());
    assert!(!Message::new().at(SystemTime::UNIX_EPOCH).is_empty());
    assert!(!Message::new().section(Section::new()).is_empty());
    assert!(!Message::new().input(LabelInput::default()).is_empty());
}

#[test]
fn times_are_read_and_written_as_in_go() {
    let check = |text: &str, written: &str| {
        assert_eq!(text.parse::<Timestamp>().map(|time| time.to_string()), Ok(written.to_owned()));
    };
    check("2024-11-05T10:00:00.120000000+01:00", "2024-11-05T10:00:00.12+01:00");
    check("2024-02-29T23:59:59.9999999999-11:30", "2024-02-29T23:59:59.999999999-11:30");
    check("2024-01-01T00:00:00+00:00", "2024-01-01T00:00:00Z");
    check("0000-01-01T00:00:00+05:00", "0000-01-01T00:00:00+05:00");
    check("9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59-23:59");
    check("1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.5Z");
}

#[test]
fn other_texts_are_no_times() {
    let texts = [
        "",
        "2024-01-01 00:00:00",
        "2024-01-01",
        "2024-01-01T00:00:00",
        "2024-1-01T00:00:00Z",
        "2023-02-29T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:00:60Z",
        "2024-01-01T0:00:00Z",
        "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00,5Z",
        "2024-01-01t00:00:00z",
        "2024-01-01T00:00:00+24:00",
        "2024-01-01T00:00:00+0100",
        "2024-00-01T00:00:00Z",
        "+024-01-01T00:00:00Z",
        "2024-01-01T00:00:00Zé",
        "20é4-01-01T00:00:00Z",
    ];
    for text in texts {
        assert!(text.parse::<Timestamp>().is_err(), "{text:?}");
    }
    check_error(
        r#"{"timestamp":""}"#,
        "cannot read the JSON at timestamp (line 1, column 15): \"\" is not a time; write it like 2024-11-05T10:00:00.12+01:00 or 2024-11-05T09:00:00Z (RFC 3339)",
    );
}

#[test]
fn the_zero_time_is_none_at_any_offset() {
    assert!("0001-01-01T01:00:00+01:00".parse::<Timestamp>().unwrap().is_zero());
    assert_eq!(Timestamp::default().to_system_time(), None);
    assert_eq!(
        Timestamp::from(SystemTime::UNIX_EPOCH - Duration::from_millis(500)).to_string(),
        "1969-12-31T23:59:59.5Z"
    );
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), any::<String>(), Just("{{BotName}} <a>".to_owned())]
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0i64..=9998, 1i64..=12, 1i64..=28, 0u32..24, 0u32..1_000_000_000, -1439i64..=1439).prop_map(
        |(year, month, day, hour, fraction, offset)| {
            let sign = if offset < 0 { '-' } else { '+' };
            let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
            let text =
                format!("{year:04}-{month:02}-{day:02}T{hour:02}:07:59.{fraction:09}{sign}{hours:02}:{minutes:02}");
            text.parse().unwrap()
        },
    )
}

prop_compose! {
    fn option()(name in text(), value in text()) -> OptionItem {
        OptionItem::new(name, value)
    }
}

prop_compose! {
    fn input()(command in text(), text in text(), placeholder in text(), action in text()) -> LabelInput {
        LabelInput { command, text, placeholder, dispatched_action: action.as_str().into() }
    }
}

prop_compose! {
    fn section()(
        texts in prop::collection::vec(text(), 16),
        options in prop::collection::vec(option(), 0..3),
        initial in prop::option::of(option()),
        inputs in prop::collection::vec(input(), 0..3),
        kinds in prop::collection::vec(prop_oneof!["", "none", "static", "bold", "primary", ".*"], 4),
    ) -> Section {
        let text = |index: usize| texts[index].clone();
        let mut section = Section::new().header(text(0)).description(text(1)).body_code(text(2)).body_text(text(3))
            .button(Button {
                description: text(4), description_style: kinds[0].as_str().into(), name: text(5), command: text(6),
                url: text(7), style: kinds[1].as_str().into(),
            })
            .multi_select(MultiSelect::new(text(8), text(9)).options(options.clone()).description_code(text(10)))
            .select(Select {
                kind: kinds[2].as_str().into(), initial_option: initial,
                ..Select::default().group(text(11), options)
            })
            .select_id(text(12)).field(text(13), text(14)).bullets(text(15), texts.clone()).context(text(15));
        section.style.divider = kinds[3].as_str().into();
        section.plaintext_inputs = inputs;
        section
    }
}

prop_compose! {
    fn message()(
        kind in prop_oneof!["", "form", "threadMessage", ".*"],
        (code, plain, user, thread) in (text(), text(), text(), text()),
        timestamp in time(),
        sections in prop::collection::vec(section(), 0..3),
        plaintext_inputs in prop::collection::vec(input(), 0..2),
        only_visible_for_you: bool,
        replace_original: bool,
    ) -> Message {
        Message {
            kind: kind.as_str().into(), base_body: Body { code_block: code, plaintext: plain }, timestamp, sections,
            plaintext_inputs, only_visible_for_you, replace_original, user_handle: user, parent_activity_id: thread,
        }
    }
}

/// The same object with every known key in capitals and a key that nobody knows.
fn shout(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Array(items) => items.into_iter().map(shout).collect(),
        serde_json::Value::Object(map) => {
            let entries = map.into_iter().map(|(key, value)| (key.to_uppercase(), shout(value)));
            entries.chain([("unknown key".to_owned(), 1.into())]).collect()
        }
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_message_survives_being_written_and_read(message in message()) {
        let json = message.to_json();
        prop_assert_eq!(Message::from_json(&json), Ok(message.clone()));
        let shouted = shout(serde_json::from_slice(&json).unwrap()).to_string();
        prop_assert_eq!(Message::from_json(shouted.as_bytes()), Ok(message));
    }

    #[test]
    fn every_text_of_bytes_has_an_outcome(bytes: Vec<u8>) {
        let _ = Message::from_json(&bytes);
    }

    #[test]
    fn a_time_survives_the_way_to_the_system_and_back(seconds in -60_000_000_000i64..200_000_000_000, nanos in 0u32..1_000_000_000) {
        let whole = Duration::from_secs(seconds.unsigned_abs());
        let base = if seconds < 0 { SystemTime::UNIX_EPOCH - whole } else { SystemTime::UNIX_EPOCH + whole };
        let time = base + Duration::from_nanos(nanos.into());
        let stamp = Timestamp::from(time);
        prop_assert_eq!(stamp.to_system_time(), Some(time));
        prop_assert_eq!(stamp.to_string().parse(), Ok(stamp));
    }
}
