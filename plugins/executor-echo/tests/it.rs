//! The echo executor's behaviour, called in process.

use botkube_plugin::{Reply, testing::Plugin};
use executor_echo::Echo;

#[track_caller]
fn check(command: &str, configs: &[&str], expected: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime starts");
    let reply = runtime.block_on(Plugin::new(Echo).execute(command, configs));
    assert_eq!(reply.expect("echo answers"), Reply::code(expected));
}

#[test]
fn the_command_comes_back_as_it_was_typed() {
    check("echo  'hello  world'", &[], "echo  'hello  world'");
}

#[test]
fn it_is_formatted_as_configured() {
    check("echo hi", &["formatOptions: [bold, italic]"], "_*echo hi*_");
}

#[test]
fn a_later_binding_replaces_the_list_of_an_earlier_one() {
    check("echo hi", &["formatOptions: [italic]", "formatOptions: [bold]"], "*echo hi*");
}

#[test]
fn its_help_has_a_button_that_runs_the_example() {
    let help = Plugin::new(Echo).help();
    assert_eq!(help.sections[0].buttons[0].command, "{{BotName}} echo 'hello world'");
}

#[tokio::test]
async fn its_example_works() {
    Plugin::new(Echo).check_examples(&[]).await.unwrap();
}

#[tokio::test]
async fn a_configuration_it_does_not_understand_is_said_with_the_place() {
    let error = Plugin::new(Echo).execute("echo hi", &["formatOptions: [bold, underlined]"]).await.unwrap_err();
    assert!(error.to_string().contains("formatOptions") && error.to_string().contains("underlined"), "{error}");
}
