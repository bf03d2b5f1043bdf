//! What is seen of an agent that runs: health, readiness, metrics, its status and its log. It knows no inside of it but what it
//! shows.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, ChildStdout, Stdio},
    thread,
    time::Duration,
};

use conformance::eventually;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{Machine, Outcome, contains};

/// `botkube run` that is told what to do by lines.
struct Agent {
    machine: Machine,
    agent: Child,
    answers: BufReader<ChildStdout>,
    log: PathBuf,
}

/// A console, and a log for programs.
const CONFIG: &str = "settings: {clusterName: dev, log: {formatter: json, level: debug}}\n\
    communications: {here: {console: {}}}\n";

impl Agent {
    /// With the misbehaving executor as `mine`.
    fn runs() -> Self {
        Self::on(Machine::new())
    }

    fn on(machine: Machine) -> Self {
        let config = machine.file("config.yaml", CONFIG);
        let log = machine.path("log");
        let plugin = format!("mine={}", machine.misbehaving("none"));
        let mut agent = machine.botkube(["run", "--config", &config, "--plugin", &plugin]);
        agent.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(fs::File::create(&log).unwrap());
        let mut agent = agent.spawn().unwrap();
        let answers = BufReader::new(agent.stdout.take().unwrap());
        let agent = Self { machine, agent, answers, log };
        eventually("the agent is ready", || agent.status()["agent"]["stage"] == "ready");
        agent
    }

    fn writes(&mut self, line: &str) {
        writeln!(self.agent.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// The first line of the answer to a line.
    fn says(&mut self, line: &str) -> String {
        self.writes(line);
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        answer
    }

    /// Has it begin a command that never ends.
    fn hangs(&mut self) {
        let file = self.machine.path("pid");
        self.writes(&format!("mine hang {}", file.display()));
        eventually("the call has begun", || file.exists());
    }

    fn asked(&self, args: &[&str]) -> Outcome {
        self.machine.run([&["status"], args].concat())
    }

    /// What it tells for programs; `null` where it tells nothing.
    fn status(&self) -> Value {
        serde_json::from_str(&self.asked(&["--output", "json"]).stdout).unwrap_or_default()
    }

    /// The answer to a request, head and body.
    #[track_caller]
    fn http(&self, address: &str, head: &str) -> String {
        let address = self.status()["agent"][address].as_str().unwrap().to_owned();
        let port: u16 = address.rsplit(':').next().unwrap().parse().unwrap();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "{head} HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// The lines of its log with this message.
    fn logged(&self, message: &str) -> Vec<Value> {
        let log = fs::read_to_string(&self.log).unwrap();
        let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        lines.filter(|line| line["message"] == message).collect()
    }

    fn told(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.agent), signal).unwrap();
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.agent.kill();
        let _ = self.agent.wait();
    }
}

#[test]
fn health_is_told_as_upstream_tells_it() {
    let answer = Agent::runs().http("healthAddress", "GET /healthz");
    let expected =
        r#"{"botkube":{"status":"Healthy"},"platforms":{"here-console":{"status":"Healthy","restarts":"0/0"}}}"#;
    contains(&answer, &["HTTP/1.1 200 OK\r\n", "content-type: application/json\r\n"]);
    assert!(answer.ends_with(&format!("\r\n\r\n{expected}")), "{answer}");
}

#[test]
fn an_agent_that_takes_commands_is_ready() {
    let answer = Agent::runs().http("healthAddress", "GET /readyz");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\nready\n"), "{answer}");
}

#[test]
fn an_agent_that_drains_is_healthy_and_not_ready() {
    let mut agent = Agent::runs();
    agent.hangs();
    agent.told(Signal::TERM);
    eventually("the agent drains", || agent.status()["agent"]["stage"] == "draining");
    contains(&agent.http("healthAddress", "GET /readyz"), &["HTTP/1.1 503 ", "\r\n\r\ndraining\n"]);
    contains(&agent.http("healthAddress", "GET /healthz"), &["HTTP/1.1 200 ", "\"Healthy\""]);
}

#[test]
fn a_page_is_only_read() {
    let agent = Agent::runs();
    let head = agent.http("healthAddress", "HEAD /healthz");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    contains(&agent.http("healthAddress", "POST /healthz"), &["HTTP/1.1 405 ", "allow: GET, HEAD\r\n"]);
    contains(&agent.http("metricsAddress", "GET /healthz"), &["HTTP/1.1 404 ", "Here is only /metrics."]);
}

#[test]
fn metrics_count_what_was_answered() {
    let mut agent = Agent::runs();
    assert_eq!(agent.says("mine anything"), "ok\n");
    let lines = [
        "content-type: text/plain; version=0.0.4; charset=utf-8\r\n",
        "\nbotkube_ready 1\n",
        "\nbotkube_commands_total{plugin=\"mine\",status=\"succeeded\"} 1\n",
        "\nbotkube_command_duration_seconds_count{plugin=\"mine\"} 1\n",
        "\nbotkube_plugin_state{plugin=\"mine\",state=\"running\"} 1\n",
    ];
    contains(&agent.http("metricsAddress", "GET /metrics"), &lines);
}

#[test]
fn who_reads_open_metrics_gets_them() {
    let agent = Agent::runs();
    let answer =
        agent.http("metricsAddress", "GET /metrics HTTP/1.1\r\naccept: application/openmetrics-text\r\nx-rest:");
    contains(&answer, &["content-type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n", "\n# EOF\n"]);
}

#[test]
fn a_status_has_plugins_commands_and_no_word_of_what_was_typed() {
    let mut agent = Agent::runs();
    agent.hangs();
    let status = agent.status();
    assert_eq!(status["schema"], 1);
    assert_eq!((&status["agent"]["cluster"], &status["agent"]["pid"]), (&"dev".into(), &agent.agent.id().into()));
    assert_eq!(status["agent"]["files"][0].as_str(), agent.machine.path("config.yaml").to_str());
    let plugin = &status["plugins"][0];
    assert_eq!(
        (&plugin["plugin"], &plugin["state"], &plugin["running"]),
        (&"mine".into(), &"running".into(), &1.into())
    );
    let command = &status["commands"][0];
    assert_eq!((&command["name"], &command["actor"]), (&"mine".into(), &"ada".into()));
    assert!(!status.to_string().contains("hang"), "{status}");
}

#[test]
fn a_status_has_that_a_plugin_ended_and_nothing_that_it_printed() {
    let mut agent = Agent::runs();
    agent.says("mine print confidential");
    agent.writes("mine exit 7");
    let log = |agent: &Agent| agent.status()["log"].to_string();
    eventually("the end is in the status", || log(&agent).contains("a plugin ended"));
    eventually("what it printed last is in the log", || fs::read_to_string(&agent.log).unwrap().contains("last lines"));
    assert!(!log(&agent).contains("confidential"), "{}", log(&agent));
}

#[test]
fn people_read_the_status_as_tables() {
    let mut agent = Agent::runs();
    agent.says("mine anything");
    let outcome = agent.asked(&[]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    contains(&outcome.stdout, &["Botkube ", " on dev: ready, up ", "PLUGIN", "mine", "running"]);
    assert!(!outcome.stdout.contains('\u{1b}'), "{outcome:?}");
}

#[test]
fn a_reload_is_seen_in_the_status() {
    let agent = Agent::runs();
    agent.machine.file("config.yaml", "communications: {here: {consol: {}}}\n");
    eventually("the reload is refused", || agent.status()["reloads"][0]["outcome"] == "refused");
    contains(agent.status()["reloads"][0]["error"].as_str().unwrap(), &["consol"]);
}

#[test]
fn without_an_agent_it_is_said_where_one_was_looked_for() {
    let machine = Machine::new();
    let outcome = machine.run(["status"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""), "{outcome:?}");
    let place = machine.path(".local/state/botkube/run").display().to_string();
    contains(&outcome.stderr, &["no agent runs here", &place, "botkube run", "--socket"]);
}

#[test]
fn of_several_agents_one_must_be_chosen() {
    let one = Agent::runs();
    let other = Agent::on_same(&one);
    let outcome = one.asked(&[]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""), "{outcome:?}");
    contains(&outcome.stderr, &["2 agents run here", "\n  --socket ", "(dev, ready)"]);
    let socket = one.machine.path(&format!(".local/state/botkube/run/{}.sock", other.id())).display().to_string();
    let chosen = one.asked(&["--socket", &socket, "-o", "json"]).json();
    assert_eq!(chosen["agent"]["pid"], other.id());
    let mut other = other;
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn an_agent_that_was_killed_is_not_found_and_its_socket_goes() {
    let mut agent = Agent::runs();
    agent.told(Signal::KILL);
    agent.agent.wait().unwrap();
    assert_eq!(agent.asked(&[]).code, 1);
    assert_eq!(fs::read_dir(agent.machine.path(".local/state/botkube/run")).unwrap().count(), 0);
}

#[test]
fn an_agent_that_ends_leaves_no_socket() {
    let mut agent = Agent::runs();
    agent.told(Signal::TERM);
    assert!(agent.agent.wait().unwrap().success());
    assert_eq!(fs::read_dir(agent.machine.path(".local/state/botkube/run")).unwrap().count(), 0);
}

#[test]
fn a_port_that_is_taken_ends_the_agent_with_the_key_to_change() {
    let (machine, taken) = (Machine::new(), TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap());
    let port = taken.local_addr().unwrap().port();
    let mut agent = machine.botkube(["run", "--config", &machine.file("config.yaml", CONFIG)]);
    agent.env("BOTKUBE_SETTINGS_HEALTH__PORT", port.to_string());
    let outcome = crate::support::finish(agent, "");
    assert_eq!(outcome.code, 2, "{outcome:?}");
    let said = format!("settings.healthPort: the port {port} cannot be used");
    contains(&outcome.stderr, &[&said, "BOTKUBE_SETTINGS_HEALTH__PORT"]);
}

#[test]
fn a_line_that_is_logged_on_a_commands_way_has_its_id() {
    let mut agent = Agent::runs();
    agent.says("mine anything");
    eventually("the command's line is there", || !agent.logged("command").is_empty());
    let (ends, asked) = (agent.logged("command"), agent.logged("asking the plugin"));
    assert_eq!((ends.len(), &ends[0]["id"], &ends[0]["verb"]), (1, &"c1".into(), &"mine".into()));
    assert_eq!(asked[0]["span"], serde_json::json!({"id": "c1", "name": "command"}));
}

#[test]
fn probes_are_answered_beside_who_only_connects() {
    let agent = Agent::runs();
    let address = agent.status()["agent"]["healthAddress"].as_str().unwrap().to_owned();
    let port: u16 = address.rsplit(':').next().unwrap().parse().unwrap();
    let idle: Vec<_> = (0..50).map(|_| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap()).collect();
    contains(&agent.http("healthAddress", "GET /readyz"), &["HTTP/1.1 200 "]);
    drop(idle);
    let crowd: Vec<_> = (0..200).map(|_| TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap()).collect();
    let answered = thread::spawn(move || {
        let mut last = crowd.into_iter().next_back().unwrap();
        let mut answer = String::new();
        last.read_to_string(&mut answer).unwrap();
        answer
    });
    contains(&answered.join().unwrap(), &["HTTP/1.1 503 ", "too many connections"]);
}

impl Agent {
    /// Another one on the same machine.
    fn on_same(one: &Self) -> Child {
        let config = one.machine.path("config.yaml").display().to_string();
        let mut other = one.machine.botkube(["run", "--config", &config]);
        other.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let other = other.spawn().unwrap();
        let sockets = one.machine.path(".local/state/botkube/run");
        eventually("the other has a socket", || fs::read_dir(&sockets).unwrap().count() == 2);
        other
    }
}
