//! What becomes of plugins that die, freeze, cannot be started or cannot be had, with real processes; and what a plugin is
//! given. It knows the agent's plugin host from outside, and `botkube run`.

mod terms;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use botkube_config::model::{AtThreshold, PluginEnv, PluginKey, Plugins as Settings, RestartPolicy};
use botkube_core::{
    port::{PluginCall, PluginError, PluginState, PluginStatus, Plugins},
    route::PluginRef,
};
use botkube_plugin_host::{
    catalogue::{Catalogue, Fetched, Fetcher},
    host::Host,
};
use conformance::{eventually, is_alive};
use go_plugin::host::Direct;
use tokio::task::JoinHandle;

use crate::support::{Machine, contains};

/// A host of plugins on a machine of its own. It must be stopped on the runtime it was made on.
struct Kept {
    machine: Machine,
    catalogue: Catalogue,
    host: Arc<Host>,
}

impl Kept {
    /// Knows the misbehaving executor as `mine`, and a plugin `bad` that is not there; both are kept running.
    fn started(settings: Settings) -> Self {
        let kept = Self::lazy(settings);
        kept.host.start(["bad", "mine"].map(named));
        kept
    }

    /// The same before anything is started.
    fn lazy(settings: Settings) -> Self {
        let machine = Machine::new();
        let mine = PathBuf::from(machine.misbehaving("none"));
        let given = BTreeMap::from([("mine".to_owned(), mine), ("bad".to_owned(), "/nowhere/bad".into())]);
        let catalogue = Catalogue { given, ..Catalogue::default() };
        let host = Host::new(catalogue.clone(), Arc::new(Direct), settings).unwrap();
        Self { machine, catalogue, host: Arc::new(host) }
    }

    fn reconfigure(&self, settings: Settings) {
        self.host.reconfigure(self.catalogue.clone(), settings).unwrap();
    }

    fn state(&self, name: &str) -> PluginState {
        self.host.state(&named(name))
    }

    /// Asks the plugin that the command begins with.
    async fn ask(&self, command: &str) -> Result<String, PluginError> {
        ask(&self.host, command).await
    }

    fn asking(&self, command: impl Into<String>) -> JoinHandle<Result<String, PluginError>> {
        let (host, command) = (self.host.clone(), command.into());
        tokio::spawn(async move { ask(&host, &command).await })
    }

    /// Which process answers.
    async fn id(&self) -> u32 {
        self.ask("mine id").await.unwrap().parse().unwrap()
    }

    /// A call that never ends, once it has begun.
    fn hanging(&self) -> JoinHandle<Result<String, PluginError>> {
        let file = self.machine.path("pid");
        let call = self.asking(format!("mine hang {}", file.display()));
        eventually("the call has begun", || file.exists());
        call
    }
}

fn named(name: &str) -> PluginRef {
    PluginRef::Named(name.to_owned())
}

async fn ask(host: &Host, command: &str) -> Result<String, PluginError> {
    let name = command.split(' ').next().unwrap_or_default();
    let answer = host.execute(&named(name), PluginCall::new(command), &mut Vec::new()).await?;
    Ok(answer.first().map(|message| message.base_body.code_block.clone()).unwrap_or_default())
}

fn kill(signal: &str, process: u32) {
    let sent = Command::new("kill").args([format!("-{signal}"), process.to_string()]).status();
    assert!(sent.unwrap().success());
}

fn policy(at_threshold: AtThreshold, threshold: u32) -> Settings {
    Settings { restart_policy: RestartPolicy { at_threshold, threshold }, ..Settings::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_is_killed_runs_again_without_a_command() {
    let kept = Kept::started(Settings::default());
    let first = kept.id().await;
    kill("KILL", first);
    eventually("it was started again", || {
        let state = kept.state("mine");
        state.status == PluginStatus::Running && state.restarts == 1 && state.last_restart.is_some()
    });
    assert_ne!(kept.id().await, first);
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_command_after_a_death_is_answered_by_the_new_process() {
    let kept = Kept::started(Settings::default());
    let first = kept.id().await;
    let died = kept.ask("mine exit 7").await.unwrap_err();
    contains(&died.to_string(), &["exit code 7"]);
    assert_ne!(kept.id().await, first);
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_loop_pauses_and_then_deactivates_the_plugin_with_the_reason() {
    let kept = Kept::started(policy(AtThreshold::DeactivatePlugin, 2));
    for _ in 0..2 {
        kept.ask("mine exit 7").await.unwrap_err();
    }
    let refused = kept.ask("mine id").await.unwrap_err().to_string();
    contains(&refused, &["the plugin `mine` ended: exit code 7", "started again in 1 s"]);
    assert_eq!(kept.state("mine").status, PluginStatus::BackingOff);

    eventually("the pause is over", || kept.state("mine").status == PluginStatus::Running);
    kept.ask("mine exit 7").await.unwrap_err();
    let refused = kept.ask("mine id").await.unwrap_err().to_string();
    contains(&refused, &["exit code 7", "started again 2 times", "plugins.restartPolicy.threshold", "deactivated"]);
    contains(&refused, &["`restart executor mine` starts it again"]);
    let state = kept.state("mine");
    assert_eq!((state.status, state.restarts, state.threshold), (PluginStatus::Deactivated, 2, 2));
    kept.host.restart(&named("mine"));
    kept.id().await;
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_fails_too_often_ends_the_agent_where_the_policy_says_so() {
    let kept = Kept::started(policy(AtThreshold::RestartAgent, 0));
    contains(&kept.host.gave_up().await, &["/nowhere/bad", "no such file"]);
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_plugin_is_a_state_with_a_reason_and_the_others_run() {
    let kept = Kept::started(Settings::default());
    kept.id().await;
    eventually("the bad one failed", || kept.state("bad").status == PluginStatus::BackingOff);
    contains(&kept.state("bad").reason.unwrap(), &["`bad`", "/nowhere/bad", "no such file"]);
    contains(&kept.ask("bad hello").await.unwrap_err().to_string(), &["/nowhere/bad", "no such file"]);
    kept.host.stop().await;
}

/// As short as a configuration may have it.
fn attentive() -> Settings {
    Settings { health_check_interval: Duration::from_secs(1), ..Settings::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_plugin_is_replaced_without_a_command() {
    let kept = Kept::started(attentive());
    let frozen = kept.id().await;
    kill("STOP", frozen);
    eventually("it was replaced", || kept.state("mine").restarts == 1 && !is_alive(frozen));
    assert_ne!(kept.id().await, frozen);
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_to_a_plugin_that_froze_ends_with_the_reason_and_not_with_the_calls_deadline() {
    let kept = Kept::started(attentive());
    let began = Instant::now();
    let call = kept.hanging();
    let frozen = fs::read_to_string(kept.machine.path("pid")).unwrap().parse().unwrap();
    kill("STOP", frozen);
    let answer = call.await.unwrap().unwrap_err().to_string();
    contains(&answer, &["ended while it worked on this command", "no answer to a health check", "was killed"]);
    // Two intervals and the deadline of a check, which is no longer than an interval; and as much again for a busy machine.
    assert!(began.elapsed() < 6 * attentive().health_check_interval, "{:?}", began.elapsed());
    kept.host.stop().await;
}

/// A plugin that starts another process and freezes with it, and both of their numbers.
async fn frozen_with_a_child(settings: Settings) -> (Kept, [u32; 2]) {
    let kept = Kept::lazy(settings.clone());
    let file = kept.machine.path("child");
    let program = kept.catalogue.given["mine"].display();
    let script =
        format!("#!/bin/sh\nsleep 1000 &\necho $! > {0}.new; mv {0}.new {0}\nexec {program}\n", file.display());
    let given = BTreeMap::from([("mine".to_owned(), kept.machine.script("with-child", script).into())]);
    kept.host.reconfigure(Catalogue { given, ..Catalogue::default() }, settings).unwrap();
    let process = kept.id().await;
    let child = fs::read_to_string(file).unwrap().trim().parse().unwrap();
    kill("STOP", child);
    kill("STOP", process);
    (kept, [process, child])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_plugin_is_killed_with_what_it_had_started() {
    let (kept, processes) = frozen_with_a_child(attentive()).await;
    eventually("both are gone", || !processes.iter().any(|process| is_alive(*process)));
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_for_a_frozen_plugin_no_longer_than_its_grace() {
    let (kept, processes) = frozen_with_a_child(Settings::default()).await;
    let began = Instant::now();
    kept.host.stop().await;
    assert!(!processes.iter().any(|process| is_alive(*process)));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_works_on_a_long_call_is_left_alone() {
    let kept = Kept::started(attentive());
    let process = kept.id().await;
    let call = kept.hanging();
    // Three checks would do away with it, were it not well.
    let three_checks = Instant::now() + 3 * attentive().health_check_interval;
    eventually("three checks are over", || Instant::now() > three_checks);
    assert_eq!((kept.id().await, call.is_finished(), kept.state("mine").restarts), (process, false, 0));
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_calls_than_may_run_and_wait_are_answered_with_busy_and_the_others_in_their_turn() {
    let kept = Kept::started(Settings { max_concurrent_calls: 1, ..Settings::default() });
    let hanging = kept.hanging();
    let mut waiting: Vec<_> = (0..5).map(|_| kept.asking("mine id")).collect();
    eventually("one was sent away", || waiting.iter().any(JoinHandle::is_finished));
    let place = waiting.iter().position(JoinHandle::is_finished).unwrap();
    let busy = PluginError::Busy { plugin: "mine".into(), running: 1, waiting: 4, is_channel: true };
    assert_eq!(waiting.remove(place).await.unwrap(), Err(busy));
    assert!(!waiting.iter().any(JoinHandle::is_finished), "nobody overtakes");

    hanging.abort();
    for call in waiting {
        call.await.unwrap().unwrap();
    }
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_help_takes_a_place_among_the_calls() {
    let kept = Kept::started(Settings { max_concurrent_calls: 1, ..Settings::default() });
    let hanging = kept.hanging();
    let host = kept.host.clone();
    let help = tokio::spawn(async move { host.help(&named("mine")).await.map(|_| String::new()) });
    let mut calls: Vec<_> = (0..4).map(|_| kept.asking("mine id")).chain([help]).collect();
    eventually("one was sent away", || calls.iter().any(JoinHandle::is_finished));
    let place = calls.iter().position(JoinHandle::is_finished).unwrap();
    let outcome = calls.remove(place).await.unwrap();
    assert!(matches!(outcome, Err(PluginError::Busy { .. })), "{outcome:?}");
    hanging.abort();
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_stop_no_process_is_left_and_no_command_is_taken() {
    let kept = Kept::started(Settings::default());
    let process = kept.id().await;
    kept.host.stop().await;
    assert!(!is_alive(process));
    contains(&kept.ask("mine id").await.unwrap_err().to_string(), &["the agent is stopping"]);
}

/// A repository that is away until it is asked the second time.
#[derive(Debug)]
struct Away {
    program: PathBuf,
    asked: AtomicU32,
}

#[async_trait]
impl Fetcher for Away {
    async fn fetch(&self, _: &PluginKey) -> Result<Fetched, String> {
        match self.asked.fetch_add(1, Ordering::Relaxed) {
            0 => Err("the repository `corp` is away".into()),
            _ => {
                Ok(Fetched { program: self.program.clone(), dependencies: None, version: "1.0.0".into(), sha256: None })
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_cannot_be_had_is_tried_again_by_a_later_command_but_not_by_the_next() {
    let machine = Machine::new();
    let away = Arc::new(Away { program: machine.misbehaving("none").into(), asked: AtomicU32::new(0) });
    let repositories = BTreeSet::from(["corp".to_owned()]);
    let catalogue = Catalogue { repositories, fetcher: Some(away.clone()), ..Catalogue::default() };
    let host = Host::new(catalogue, Arc::new(Direct), Settings::default()).unwrap();
    let plugin = PluginRef::Key("corp/mine".parse().unwrap());
    for _ in 0..2 {
        let refused = host.execute(&plugin, PluginCall::new("mine id"), &mut Vec::new()).await.unwrap_err();
        assert_eq!(refused, PluginError::Unknown("the repository `corp` is away".into()));
    }
    assert_eq!((away.asked.load(Ordering::Relaxed), host.state(&plugin).status), (1, PluginStatus::Unavailable));

    let began = Instant::now();
    while host.execute(&plugin, PluginCall::new("mine id"), &mut Vec::new()).await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(20), "it is never tried again");
        tokio::task::yield_now().await;
    }
    assert_eq!(away.asked.load(Ordering::Relaxed), 2);
    host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_of_plugins_env_arrive_and_none_that_were_not_asked_for() {
    let machine = Machine::new();
    let dump = machine.path("env");
    let script = machine.script("mine", format!("#!/bin/sh\nenv > {}\n", dump.display()));
    let variables = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned().into())]);
    let env = vec![
        PluginEnv { plugin: None, variables: variables("REGION", "eu") },
        PluginEnv { plugin: Some("corp/mine".into()), variables: variables("TOKEN", "s3cret") },
        PluginEnv { plugin: Some("corp/other".into()), variables: variables("OTHERS", "s3cret") },
    ];
    let given = BTreeMap::from([("mine".to_owned(), script.into())]);
    let settings = Settings { env, ..Settings::default() };
    let host = Host::new(Catalogue { given, ..Catalogue::default() }, Arc::new(Direct), settings).unwrap();
    host.execute(&PluginRef::Key("corp/mine".parse().unwrap()), PluginCall::new("mine"), &mut Vec::new())
        .await
        .unwrap_err();
    host.stop().await;

    let dump = fs::read_to_string(dump).unwrap();
    let seen: BTreeSet<&str> = dump.lines().collect();
    assert!(seen.contains("REGION=eu") && seen.contains("TOKEN=s3cret"), "{seen:?}");
    // Cargo gives a test many variables that are not among what plugins are given.
    assert!(!dump.contains("CARGO") && !dump.contains("OTHERS"), "{seen:?}");
}

#[test]
fn a_run_starts_what_is_bound_before_any_command_and_again_when_it_is_killed() {
    let machine = Machine::new();
    let plugin = format!("mine={}", machine.misbehaving("none"));
    let config = machine.file("c.yaml", "communications: {main: {console: {}}}");
    let mut agent = machine.botkube(["run", "--config", &config, "--plugin", &plugin]);
    let mut agent = agent.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut log = BufReader::new(agent.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut running = || {
        let line = log.find(|line| line.contains("a plugin is running")).unwrap();
        line.split("pid=").nth(1).unwrap().split(' ').next().unwrap().parse::<u32>().unwrap()
    };
    let first = running();
    kill("KILL", first);
    let second = running();
    assert_ne!(first, second);

    let mut input = agent.stdin.take().unwrap();
    input.write_all(b"mine id\n").unwrap();
    let mut answer = String::new();
    BufReader::new(agent.stdout.take().unwrap()).read_line(&mut answer).unwrap();
    assert_eq!(answer, format!("{second}\n"));
    kill("TERM", agent.id());
    assert_eq!(agent.wait().unwrap().code(), Some(0));
    machine.is_tidy();
}

#[test]
fn what_a_killed_agent_left_goes_with_the_next_one_and_what_a_live_one_uses_stays() {
    let machine = Machine::new();
    let plugin = format!("mine={}", machine.misbehaving("none"));
    let config = machine.file("c.yaml", "communications: {main: {console: {}}}");
    let start = || {
        let mut agent = machine.botkube(["run", "--config", &config, "--plugin", &plugin]);
        let mut agent = agent.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(agent.stderr.take().unwrap()).lines().map(Result::unwrap);
        assert!(log.any(|line| line.contains("a plugin is running")));
        (agent, log)
    };
    let dirs = || -> BTreeSet<PathBuf> {
        let entries = fs::read_dir(machine.path("tmp")).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|dir| dir.join("lock").exists()).collect()
    };
    let (mut killed, _log) = start();
    let left = dirs();
    kill("KILL", killed.id());
    killed.wait().unwrap();
    assert_eq!(dirs(), left);

    let (mut second, _log) = start();
    let live = dirs();
    assert_eq!((left.len(), live.len(), live.is_disjoint(&left)), (1, 1, true), "{left:?} {live:?}");
    let (mut third, _log) = start();
    assert!(dirs().is_superset(&live));
    for agent in [&mut second, &mut third] {
        kill("TERM", agent.id());
        agent.wait().unwrap();
    }
    assert!(dirs().is_empty());
}

#[test]
fn a_run_says_which_variables_plugins_are_not_given_and_never_what_they_hold() {
    let machine = Machine::new();
    let config = machine.file("c.yaml", "communications: {main: {console: {}}}");
    let mut agent = machine.botkube(["run", "--config", &config]);
    agent.env("AWS_SECRET_ACCESS_KEY", "s3cret").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut agent = agent.spawn().unwrap();
    let mut log = BufReader::new(agent.stderr.take().unwrap()).lines().map(Result::unwrap);
    let line = log.find(|line| line.contains("not given")).unwrap();
    assert!(line.contains("AWS_SECRET_ACCESS_KEY") && !line.contains("s3cret") && !line.contains("PATH"), "{line}");
    kill("TERM", agent.id());
    agent.wait().unwrap();
}

#[test]
fn a_run_logs_in_json_where_the_configuration_says_so() {
    let machine = Machine::new();
    let config = machine.file(
        "c.yaml",
        "plugins: {restartPolicy: {type: RestartAgent, threshold: 0}}
settings: {log: {formatter: json, level: warn}}
communications: {main: {console: {}}}",
    );
    let outcome = machine.run(["run", "--config", &config, "--plugin", "mine=/nowhere/mine"]);
    let lines: Vec<serde_json::Value> =
        outcome.stderr.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(!lines.is_empty() && lines.iter().all(|line| line["level"] != "INFO"), "{outcome:?}");
}

#[test]
fn a_run_whose_plugin_fails_too_often_ends_with_1_where_the_policy_says_so() {
    let machine = Machine::new();
    let config = machine.file(
        "c.yaml",
        "plugins: {restartPolicy: {type: RestartAgent, threshold: 0}}
communications: {main: {console: {}}}",
    );
    let outcome = machine.run(["run", "--config", &config, "--plugin", "mine=/nowhere/mine"]);
    assert_eq!(outcome.code, 1, "{outcome:?}");
    contains(&outcome.stderr, &["plugins.restartPolicy", "/nowhere/mine", "no such file"]);
    machine.is_tidy();
}
