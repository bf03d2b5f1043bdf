//! The sys executor's behaviour, called in process. The facts are those of the machine that runs the tests.

use std::{
    net::{Ipv4Addr, TcpListener, UdpSocket},
    process,
};

use botkube_plugin::{message::Message, testing::Plugin};
use executor_sys::Sys;

async fn typed(command: &str, configs: &[&str]) -> Result<Vec<Message>, String> {
    let reply = Plugin::new(Sys).execute(command, configs).await.map_err(|error| error.to_string())?;
    reply.collect().await.map_err(|error| error.to_string())
}

/// The one message that a command is answered with.
async fn answer(command: &str, configs: &[&str]) -> Message {
    let mut messages = typed(command, configs).await.expect("sys answers");
    assert_eq!(messages.len(), 1, "{messages:?}");
    messages.remove(0)
}

/// The rows of its table, each cut into words.
async fn rows(command: &str, configs: &[&str]) -> Vec<Vec<String>> {
    let text = answer(command, configs).await.base_body.code_block;
    // `sys top` says something about the machine before its table.
    let table = text.split("\n\n").last().unwrap_or_default();
    table.lines().skip(1).map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

#[track_caller]
fn assert_refused(outcome: Result<Vec<Message>, String>, expected: &str) {
    let error = outcome.expect_err("it is refused");
    assert!(error.contains(expected), "{error}");
}

#[tokio::test]
async fn every_example_works() {
    Plugin::new(Sys).check_examples(&[]).await.unwrap();
}

#[tokio::test]
async fn this_process_is_among_those_of_its_name() {
    let own = process::id().to_string();
    assert!(rows("sys top --name it-", &["rows: 1000"]).await.iter().any(|row| row[0] == own));
}

#[tokio::test]
async fn a_long_name_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let long = folder.path().join("a-program-with-a-long-name");
    std::fs::copy("/bin/sleep", &long).unwrap();
    let mut program = process::Command::new(long).arg("60").spawn().unwrap();
    let rows = rows("sys top --name program-with-a-long-name", &["rows: 1000"]).await;
    program.kill().unwrap();
    program.wait().unwrap();
    assert!(rows.iter().any(|row| row[0] == program.id().to_string()), "{rows:?}");
}

#[tokio::test]
async fn a_name_that_nothing_has_leaves_an_empty_table() {
    assert!(rows("sys top --name no/such/program", &[]).await.is_empty());
}

#[tokio::test]
async fn arguments_of_a_program_are_not_shown() {
    let mut program = process::Command::new("sleep").arg("60.0424").spawn().unwrap();
    let shown = answer("sys top --name sleep", &["rows: 1000"]).await.base_body.code_block;
    program.kill().unwrap();
    program.wait().unwrap();
    assert!(shown.contains(&program.id().to_string()) && !shown.contains("0424"), "{shown}");
}

#[tokio::test]
async fn the_order_is_the_one_asked_for_or_else_the_configured_one() {
    let first = |rows: Vec<Vec<String>>| rows[0][0].clone();
    let configs = ["order: pid\nrows: 3"];
    let by_pid = rows("sys top", &configs).await;
    assert!(by_pid.is_sorted_by_key(|row| row[0].parse::<u32>().unwrap()), "{by_pid:?}");
    assert_eq!(first(rows("sys top --by pid", &["order: name"]).await), first(by_pid));
}

#[tokio::test]
async fn as_many_processes_are_shown_as_configured() {
    assert_eq!(rows("sys top", &["rows: 2"]).await.len(), 2);
}

#[tokio::test]
async fn ports_are_shown_with_the_process_that_listens() {
    let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let rows = rows("sys ports", &[]).await;
    for (protocol, address) in [("tcp", tcp.local_addr().unwrap()), ("udp", udp.local_addr().unwrap())] {
        let expected = [&address.port().to_string(), protocol, "127.0.0.1", &process::id().to_string()];
        assert!(rows.iter().any(|row| row[..4] == expected), "{expected:?} in {rows:?}");
    }
}

#[tokio::test]
async fn a_connection_is_no_listening() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let connection = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let port = connection.local_addr().unwrap().port().to_string();
    assert!(rows("sys ports", &[]).await.iter().all(|row| row[0] != port));
}

#[tokio::test]
async fn every_answer_can_be_refreshed_in_its_place() {
    for command in ["sys top --by name --name it", "sys disk", "sys ports", "sys info"] {
        let message = answer(command, &[]).await;
        assert!(message.replace_original);
        let again = &message.sections[0].buttons[0];
        assert_eq!(
            (again.name.as_str(), again.command.replace('"', "")),
            ("Refresh", format!("{{{{BotName}}}} {command}"))
        );
    }
}

#[tokio::test]
async fn the_chosen_order_is_the_one_of_the_table() {
    let select = answer("sys top --by memory", &[]).await.sections[0].selects.items[0].clone();
    assert_eq!(select.initial_option.unwrap().value, "memory");
    assert_eq!(select.command, "{{BotName}} sys top --by");
}

#[tokio::test]
async fn watching_looks_as_often_as_asked() {
    let plugin = Plugin::new(Sys);
    let mut looks = plugin.stream("sys watch 1 --times 2", &[]);
    for _ in 0..2 {
        looks.next().await.unwrap().unwrap();
    }
    assert!(looks.next().await.is_none());
}

#[tokio::test]
async fn watching_is_one_message() {
    assert_eq!(rows("sys watch 1 --times 2", &["rows: 2"]).await.len(), 2);
}

#[tokio::test]
async fn nothing_at_all_is_answered_with_what_there_is() {
    let usage = answer("sys", &[]).await.base_body.code_block;
    assert!(["top", "watch", "disk", "ports", "info"].iter().all(|verb| usage.contains(verb)), "{usage}");
}

#[tokio::test]
async fn what_it_does_not_understand_is_answered_with_what_it_would() {
    assert_refused(typed("sys top --by size", &[]).await, "cpu, memory, name, pid");
    assert_refused(typed("sys watch 0", &[]).await, "1..=3600");
    assert_refused(typed("sys disk", &["order: size"]).await, "order");
}

#[test]
fn its_schema_describes_every_setting() {
    let schema = Plugin::new(Sys).schema();
    for setting in ["rows", "interval", "order"] {
        assert!(schema["properties"][setting]["description"].is_string(), "{schema}");
    }
}
