//! What a used control stands for, and what plugins are told of all of them.

use botkube_api::message::Section;

use super::*;

fn gallery() -> Message {
    let verbs = Select::new("Verb", "kubectl @builder --verbs").group("Verbs", ["get", "describe"]).initial("get");
    let names = Select::new("Name", "kubectl @builder --resource-name").external().group("", [("Web", "web")]);
    let sources = MultiSelect::new("Sources", "edit SourceBindings")
        .options([("Errors", "k8s-err"), ("All", "k8s-all")])
        .initial([("All", "k8s-all")]);
    let filter = LabelInput::new("Filter", "kubectl get pods --filter=").on_enter();
    Message::text("all")
        .section(Section::new().header("no controls"))
        .section(
            Section::new()
                .button(Button::command("Again", "kubectl get pods"))
                .button(Button::link("Docs", "https://example.org"))
                .multi_select(sources)
                .select_id("picker")
                .select(verbs)
                .select(names)
                .input(LabelInput::new("Say", "echo say ")),
        )
        .input(filter)
}

fn id(text: &str) -> ControlId {
    text.parse().unwrap()
}

fn values(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

fn pressed(control: &str, with: &[&str]) -> Result<Pressed, PressError> {
    press(&gallery(), &id(control), &values(with), &Entered::default())
}

#[track_caller]
fn check(control: &str, with: &[&str], text: &str, origin: Origin) {
    let pressed = pressed(control, with).unwrap();
    assert_eq!((pressed.text.as_str(), pressed.origin), (text, origin));
}

#[track_caller]
fn refused(control: &str, with: &[&str], error: &str) {
    assert_eq!(pressed(control, with).unwrap_err().to_string(), error);
}

fn state(entered: &[(&str, &[&str])]) -> SlackState {
    let entered = Entered(entered.iter().map(|(control, with)| (id(control), values(with))).collect());
    press(&gallery(), &id("b1.0"), &[], &entered).unwrap().controls
}

#[test]
fn controls_are_numbered_as_they_are_read() {
    let gallery = gallery();
    let controls = controls(&gallery);
    let ids: Vec<_> = controls.iter().map(|(id, _)| id.to_string()).collect();
    assert_eq!(ids, ["b1.0", "b1.1", "m1.0", "s1.0", "s1.1", "i1.0", "im.0"]);
    let names: Vec<_> = controls.iter().map(|(_, control)| control.name()).collect();
    assert_eq!(names, ["Again", "Docs", "Sources", "Verb", "Name", "Say", "Filter"]);
    assert!(controls.is_sorted_by_key(|(id, _)| *id));
}

#[test]
fn a_multi_select_without_options_is_not_there() {
    let message = Message::new().section(Section::new().multi_select(MultiSelect::new("None", "edit")));
    assert_eq!(controls(&message), []);
}

#[test]
fn an_id_survives_being_written_and_read_and_nothing_else_is_one() {
    for text in ["b0.1", "s12.0", "m3.0", "im.2"] {
        assert_eq!(id(text).to_string(), text);
        assert_eq!(serde_json::from_value::<ControlId>(text.into()).unwrap(), id(text));
    }
    for text in ["", "b", "b0", "0.1", "x0.1", "b00.1", "b+1.0", "b0.-1", "b0.1 ", "b99999999999999999999.0"] {
        let error = text.parse::<ControlId>().unwrap_err();
        assert_eq!(error.to_string(), format!("`{text}` names no control; ids are like `b0.1`"));
    }
}

#[test]
fn a_button_is_its_command() {
    check("b1.0", &[], "kubectl get pods", Origin::ButtonClick);
}

#[test]
fn a_select_puts_the_value_behind_its_command() {
    check("s1.0", &["describe"], "kubectl @builder --verbs describe", Origin::SelectValueChange);
}

#[test]
fn a_multi_select_puts_all_values_behind_its_command() {
    check("m1.0", &["k8s-all", "k8s-err"], "edit SourceBindings k8s-all,k8s-err", Origin::MultiSelectValueChange);
    check("m1.0", &[], "edit SourceBindings ", Origin::MultiSelectValueChange);
}

#[test]
fn an_input_puts_what_was_typed_trimmed_and_quoted_right_behind_its_command() {
    check("im.0", &["  a \"b\"\n"], r#"kubectl get pods --filter="a \"b\"""#, Origin::PlainTextInput);
    check("i1.0", &[""], r#"echo say """#, Origin::PlainTextInput);
}

#[test]
fn an_option_that_was_asked_for_while_typing_need_not_be_in_the_message() {
    check("s1.1", &["db"], "kubectl @builder --resource-name db", Origin::SelectValueChange);
}

#[test]
fn a_name_that_was_put_in_already_is_part_of_the_command_and_can_be_taken_away() {
    let mut message = gallery();
    message.replace_bot_name("@Bk", None);
    let pressed = press(&message, &id("b1.0"), &[], &Entered::default()).unwrap();
    assert_eq!(pressed.text, "@Bk kubectl get pods");
    let pressed = pressed.without_mention("@Bk");
    assert_eq!(pressed.text, "kubectl get pods");
    assert_eq!(pressed.controls.value(Some("picker"), "kubectl @builder --verbs"), Some("get"));
}

#[test]
fn what_cannot_be_used_says_why() {
    refused("b1.1", &[], "the button `Docs` stands for no command; it opens https://example.org");
    refused("b7.0", &[], "this message has no control `b7.0`; it may have changed since it was shown");
    refused("s0.0", &["get"], "this message has no control `s0.0`; it may have changed since it was shown");
    let message = Message::new().section(Section::new().button(Button { name: "Nop".into(), ..Button::default() }));
    let error = press(&message, &id("b0.0"), &[], &Entered::default()).unwrap_err();
    assert_eq!(error.to_string(), "`Nop` stands for no command; its author gave it none");
}

#[test]
fn what_a_control_cannot_hold_says_why() {
    refused("b1.0", &["x"], "the button `Again` takes no value");
    refused("s1.0", &["delete"], "`Verb` has no option `delete`");
    refused("s1.0", &[], "`Verb` takes one value, not 0");
    refused("s1.1", &["a", "b"], "`Name` takes one value, not 2");
    refused("m1.0", &["k8s-all", "x"], "`Sources` has no option `x`");
    refused("m1.0", &["k8s-all", "k8s-all"], "the option `k8s-all` of `Sources` is chosen twice");
    refused("im.0", &["a", "b"], "`Filter` takes one value, not 2");
}

#[test]
fn what_the_other_controls_are_said_to_hold_is_checked_too() {
    let said = |control: &str, with: &[&str]| {
        let entered = Entered([(id(control), values(with))].into());
        press(&gallery(), &id("b1.0"), &[], &entered).unwrap_err().to_string()
    };
    assert_eq!(said("s1.0", &["delete"]), "`Verb` has no option `delete`");
    assert_eq!(said("b1.0", &["x"]), "the button `Again` takes no value");
    assert!(said("s9.0", &["x"]).contains("no control `s9.0`"));
}

#[test]
fn plugins_see_the_ids_that_upstreams_renderer_gives_less_the_bots_name() {
    let state = state(&[]);
    let ids: Vec<_> =
        state.values.iter().flat_map(|(block, actions)| actions.keys().map(|id| (&**block, &**id))).collect();
    assert_eq!(
        ids,
        [
            ("echo say ", "echo say"),
            ("kubectl get pods --filter=", "kubectl get pods --filter="),
            ("m1.0", "edit SourceBindings"),
            ("picker", "kubectl @builder --resource-name"),
            ("picker", "kubectl @builder --verbs"),
        ]
    );
}

#[test]
fn drop_downs_of_a_section_are_one_block_even_without_an_id() {
    let section = Section::new().select(Select::new("A", "a")).select(Select::new("B", "b").external());
    let message = Message::new().section(section.button(Button::command("Go", "go")));
    let state = press(&message, &id("b0.0"), &[], &Entered::default()).unwrap().controls;
    assert_eq!(state.values["s0.0"].len(), 2);
}

#[test]
fn plugins_see_what_every_control_holds() {
    let state = state(&[("s1.1", &["db"]), ("im.0", &[" web "]), ("m1.0", &["k8s-err"]), ("s1.0", &[])]);
    let action = |block: &str, id: &str| &state.values[block][id];
    let name = action("picker", "kubectl @builder --resource-name");
    assert_eq!((name.kind.as_str(), name.value()), ("external_select", Some("db")));
    let verb = action("picker", "kubectl @builder --verbs");
    assert_eq!((verb.kind.as_str(), verb.value(), &verb.selected_option.text), ("static_select", None, &None));
    let filter = action("kubectl get pods --filter=", "kubectl get pods --filter=");
    assert_eq!((filter.kind.as_str(), filter.value()), ("plain_text_input", Some(" web ")));
    let sources = &action("m1.0", "edit SourceBindings").selected_options;
    assert_eq!(sources.len(), 1);
    assert_eq!(sources[0].text.as_ref().unwrap().text, "Errors");
}

#[test]
fn a_control_nobody_touched_holds_what_its_author_chose() {
    let state = state(&[]);
    assert_eq!(state.value(Some("picker"), "kubectl @builder --verbs"), Some("get"));
    assert_eq!(state.values["m1.0"]["edit SourceBindings"].selected_options[0].value, "k8s-all");
    assert_eq!(state.value(None, "echo say"), None);
}

#[test]
fn the_used_control_holds_what_it_was_used_with() {
    let entered = Entered([(id("s1.0"), values(&["get"]))].into());
    let pressed = press(&gallery(), &id("s1.0"), &values(&["describe"]), &entered).unwrap();
    assert_eq!(pressed.controls.value(Some("picker"), "kubectl @builder --verbs"), Some("describe"));
}
