//! Plugins that are replaced while they work, and plugins that somebody else starts, with real processes. It knows the
//! agent's plugin host from outside.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsStr,
    fs,
    ops::ControlFlow,
    os::unix::{ffi::OsStrExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use botkube_config::model::{PluginKey, Plugins as Settings};
use botkube_core::{
    port::{Piece, Pieces, PluginCall, PluginError, PluginStatus, Plugins},
    route::PluginRef,
};
use botkube_plugin_host::{
    catalogue::{Attached, Catalogue, Fetched, Fetcher},
    environment,
    event::PluginEvent,
    host::Host,
};
use conformance::{eventually, is_alive};
use go_plugin::host::Direct;
use tokio::task::JoinHandle;

use crate::support::{Machine, contains};

/// By when a plugin has been replaced, on however busy a machine.
const SOON: Duration = Duration::from_secs(20);

/// Gives the newest build of whichever plugin.
#[derive(Debug, Default)]
struct Builds {
    newest: Mutex<Option<PathBuf>>,
}

#[async_trait]
impl Fetcher for Builds {
    async fn fetch(&self, _: &PluginKey) -> Result<Fetched, String> {
        let program = self.newest.lock().unwrap().clone().ok_or("there is no good build yet")?;
        Ok(Fetched { program, dependencies: None, version: "dev".into(), sha256: None })
    }
}

/// A host with a plugin whose builds come and go. It must be stopped on the runtime it was made on.
struct Workshop {
    machine: Machine,
    builds: Arc<Builds>,
    host: Arc<Host>,
    events: Arc<Mutex<Vec<PluginEvent>>>,
}

impl Workshop {
    fn new() -> Self {
        let builds = Arc::new(Builds::default());
        let fetchers = BTreeMap::from([("dev".to_owned(), builds.clone() as Arc<dyn Fetcher>)]);
        let events = Arc::new(Mutex::new(Vec::new()));
        let told = events.clone();
        let observer = Arc::new(move |event| told.lock().unwrap().push(event));
        let catalogue = Catalogue { fetchers, ..Catalogue::default() };
        let host = Host::observed(catalogue, Arc::new(Direct), Settings::default(), observer).unwrap();
        Self { machine: Machine::new(), builds, host: Arc::new(host), events }
    }

    /// With a good build that serves.
    async fn open() -> Self {
        let workshop = Self::new();
        workshop.built("first");
        workshop.host.start([mine()]);
        workshop.id().await;
        workshop
    }

    /// A build that is good unless its name is a fault's.
    fn built(&self, name: &str) {
        *self.builds.newest.lock().unwrap() = Some(self.machine.misbehaving(name).into());
    }

    fn replace(&self) {
        self.host.replace(&mine());
    }

    /// Replaces the plugin and waits until another process answers.
    async fn replaced(&self) -> u32 {
        let before = self.id().await;
        self.replace();
        let began = Instant::now();
        loop {
            let now = self.id().await;
            if now != before {
                return now;
            }
            assert!(began.elapsed() < SOON, "it is never replaced: {:?}", self.told());
        }
    }

    async fn ask(&self, command: &str) -> Result<String, PluginError> {
        ask(&self.host, command, &mut Vec::new()).await
    }

    /// Which process answers.
    async fn id(&self) -> u32 {
        self.ask("mine id").await.unwrap().parse().unwrap()
    }

    fn told(&self) -> Vec<PluginEvent> {
        self.events.lock().unwrap().clone()
    }

    /// What became of the last build, once that is known.
    fn outcome(&self, known: usize) -> PluginEvent {
        eventually("the outcome is told", || self.told().len() > known);
        self.told()[known].clone()
    }

    /// Stops it, and makes sure that these and what they had are gone.
    async fn close(self, processes: &[(u32, PathBuf)]) {
        self.host.stop().await;
        for (process, dir) in processes {
            assert!(!is_alive(*process), "{process} is still there");
            assert!(!dir.exists(), "{} is still there", dir.display());
        }
    }
}

/// Says when the first piece came, and keeps all.
#[derive(Clone, Default)]
struct Said {
    began: Arc<AtomicBool>,
    text: Arc<Mutex<String>>,
}

#[async_trait]
impl Pieces for Said {
    async fn take(&mut self, piece: Piece) -> ControlFlow<()> {
        if let Piece::Text(text) = piece {
            self.text.lock().unwrap().push_str(&text);
        }
        self.began.store(true, Ordering::Relaxed);
        ControlFlow::Continue(())
    }
}

fn mine() -> PluginRef {
    PluginRef::Key("dev/mine".parse().unwrap())
}

async fn ask(host: &Host, command: &str, pieces: &mut dyn Pieces) -> Result<String, PluginError> {
    let answer = host.execute(&mine(), PluginCall::new(command), pieces).await?;
    Ok(answer.first().map(|message| message.base_body.code_block.clone()).unwrap_or_default())
}

/// A process and the directory it was given.
fn with_dir(process: u32) -> (u32, PathBuf) {
    let environment = fs::read(format!("/proc/{process}/environ")).unwrap();
    let dir = environment.split(|b| *b == 0).find_map(|variable| variable.strip_prefix(b"TMPDIR="));
    (process, PathBuf::from(OsStr::from_bytes(dir.unwrap())))
}

#[tokio::test(flavor = "multi_thread")]
async fn of_commands_under_load_none_fails_while_the_plugin_is_replaced_ten_times() {
    let workshop = Workshop::open().await;
    let (over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let load: Vec<JoinHandle<BTreeSet<String>>> = (0..8)
        .map(|_| {
            let (host, over, answered) = (workshop.host.clone(), over.clone(), answered.clone());
            tokio::spawn(async move {
                let mut processes = BTreeSet::new();
                while !over.load(Ordering::Relaxed) || answered.load(Ordering::Relaxed) < 200 {
                    processes.insert(ask(&host, "mine id", &mut Vec::new()).await.unwrap());
                    ask(&host, "mine stream 3 every 1", &mut Vec::new()).await.unwrap();
                    answered.fetch_add(2, Ordering::Relaxed);
                }
                processes
            })
        })
        .collect();
    let mut processes = vec![with_dir(workshop.id().await)];
    for build in 0..10 {
        workshop.built(&format!("build-{build}"));
        processes.push(with_dir(workshop.replaced().await));
    }
    over.store(true, Ordering::Relaxed);
    for worker in load {
        worker.await.expect("no command failed");
    }
    assert!(answered.load(Ordering::Relaxed) >= 200);
    assert_eq!(processes.iter().collect::<BTreeSet<_>>().len(), 11);
    assert_eq!(workshop.host.state(&mine()).restarts, 0);
    workshop.close(&processes).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_command_ends_in_the_old_process_while_the_new_one_answers_others() {
    let workshop = Workshop::open().await;
    let old = with_dir(workshop.id().await);
    let said = Said::default();
    let (host, mut pieces) = (workshop.host.clone(), said.clone());
    let long = tokio::spawn(async move { ask(&host, "mine stream 40 every 100", &mut pieces).await });
    eventually("the command has begun", || said.began.load(Ordering::Relaxed));

    let new = with_dir(workshop.replaced().await);
    assert!(!long.is_finished() && is_alive(old.0));
    long.await.unwrap().unwrap();
    assert!(said.text.lock().unwrap().ends_with("40 of 40\n"));
    eventually("the old process has left", || !is_alive(old.0) && !old.1.exists());
    assert_eq!(workshop.id().await, new.0);
    workshop.close(&[old, new]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_process_that_works_on_is_ended_by_a_stop() {
    let workshop = Workshop::open().await;
    let old = with_dir(workshop.id().await);
    let file = workshop.machine.path("pid");
    let (host, command) = (workshop.host.clone(), format!("mine hang {}", file.display()));
    let hanging = tokio::spawn(async move { ask(&host, &command, &mut Vec::new()).await });
    eventually("the command has begun", || file.exists());
    let new = with_dir(workshop.replaced().await);
    assert!(is_alive(old.0));
    workshop.host.stop().await;
    assert!(hanging.await.unwrap().is_err());
    workshop.close(&[old, new]).await;
}

/// A build that does not come to serve leaves the one before in its place.
async fn check_kept(build: &str, said: &[&str]) {
    let workshop = Workshop::open().await;
    let old = with_dir(workshop.id().await);
    let known = workshop.told().len();
    workshop.built(build);
    workshop.replace();
    let PluginEvent::NotStarted { plugin, reason, kept: true, .. } = workshop.outcome(known) else {
        panic!("{:?}", workshop.told())
    };
    assert_eq!(plugin, mine());
    contains(&reason, said);
    assert_eq!((workshop.id().await, workshop.host.state(&mine()).status), (old.0, PluginStatus::Running));
    workshop.close(&[old]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_build_that_dies_at_once_leaves_the_old_process_answering() {
    check_kept("dies-before-handshake", &["`mine` did not start", "ended before it printed its handshake"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_build_that_does_not_start_the_old_one_is_started_again_when_it_dies() {
    let workshop = Workshop::open().await;
    let known = workshop.told().len();
    workshop.built("dies-before-handshake");
    workshop.replace();
    workshop.outcome(known);
    workshop.ask("mine exit 7").await.unwrap_err();
    workshop.id().await;
    let PluginEvent::Ended { how, .. } = workshop.outcome(known + 1) else { panic!("{:?}", workshop.told()) };
    assert_eq!(how, "exit code 7");
    let PluginEvent::Started { replaced: false, program: Some(program), .. } = workshop.outcome(known + 2) else {
        panic!("{:?}", workshop.told())
    };
    assert_eq!(program, workshop.machine.path("executor_first"));
    workshop.close(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_build_ends_the_pause_of_one_that_did_not_start() {
    let workshop = Workshop::new();
    workshop.built("dies-before-handshake");
    workshop.host.start([mine()]);
    let PluginEvent::NotStarted { kept: false, .. } = workshop.outcome(0) else { panic!("{:?}", workshop.told()) };
    workshop.built("fixed");
    workshop.replace();
    eventually("it runs", || workshop.host.state(&mine()).status == PluginStatus::Running);
    let state = workshop.host.state(&mine());
    assert_eq!((state.status, state.restarts), (PluginStatus::Running, 0));
    workshop.close(&[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_builds_in_quick_succession_the_last_one_serves_and_nothing_is_left_of_the_others() {
    let workshop = Workshop::open().await;
    let old = with_dir(workshop.id().await);
    // It never comes to serve, and its start takes half a minute.
    workshop.built("says-nothing");
    workshop.replace();
    let children = || children_of_this_process_called("executor_says-nothing");
    eventually("the second build is starting", || !children().is_empty());
    let second = with_dir(children()[0]);
    workshop.built("third");
    let third = with_dir(workshop.replaced().await);
    workshop.close(&[old, second, third]).await;
}

fn children_of_this_process_called(name: &str) -> Vec<u32> {
    let me = std::process::id().to_string();
    let is_it = |process: &u32| {
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let parent = stat.rsplit(')').next().and_then(|rest| rest.split(' ').nth(2)).map(str::to_owned);
        let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
        parent.as_ref() == Some(&me) && String::from_utf8_lossy(&line).contains(name)
    };
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    processes.filter(is_it).collect()
}

/// A host that waits for the plugin `mine` to be started by hand.
struct Debugger {
    machine: Machine,
    dir: environment::RuntimeDir,
    host: Arc<Host>,
    waits: Arc<AtomicUsize>,
}

impl Debugger {
    fn new() -> Self {
        let dir = environment::runtime_dir().unwrap();
        let waits = Arc::new(AtomicUsize::new(0));
        let counted = waits.clone();
        let waiting = Arc::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        let attached = BTreeMap::from([("mine".to_owned(), Attached { dir: dir.path().to_owned(), waiting })]);
        let settings = Settings { health_check_interval: Duration::from_secs(1), ..Settings::default() };
        let catalogue = Catalogue { attached, ..Catalogue::default() };
        let host = Arc::new(Host::new(catalogue, Arc::new(Direct), settings).unwrap());
        host.start([mine()]);
        Self { machine: Machine::new(), dir, host, waits }
    }

    fn waits(&self, times: usize) {
        eventually("the plugin is waited for", || self.waits.load(Ordering::Relaxed) == times);
    }

    /// Types the line into a shell whose output nobody reads.
    fn by_hand(&self, program: &Path) -> Child {
        let line = environment::line_by_hand(self.dir.path(), program);
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", &format!("exec {line}")]).process_group(0);
        shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    async fn id(&self) -> u32 {
        ask(&self.host, "mine id", &mut Vec::new()).await.unwrap().parse().unwrap()
    }
}

fn signal(signal: &str, process: u32) {
    let sent = Command::new("kill").args([format!("-{signal}"), process.to_string()]).status();
    assert!(sent.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_started_by_hand_answers_and_is_waited_for_again_when_it_ended() {
    let debugger = Debugger::new();
    let program = PathBuf::from(debugger.machine.misbehaving("none"));
    for turn in 1..=3 {
        debugger.waits(turn);
        let mut child = debugger.by_hand(&program);
        assert_eq!(debugger.id().await, child.id());
        signal(if turn == 1 { "TERM" } else { "KILL" }, child.id());
        child.wait().unwrap();
    }
    debugger.waits(4);
    assert_eq!(debugger.host.state(&mine()).restarts, 0);
    debugger.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_started_by_hand_may_stand_still_as_long_as_it_likes_and_leaves_with_the_host() {
    let debugger = Debugger::new();
    let mut child = debugger.by_hand(Path::new(&debugger.machine.misbehaving("none")));
    debugger.id().await;
    signal("STOP", child.id());
    let host = debugger.host.clone();
    let asked = tokio::spawn(async move { ask(&host, "mine id", &mut Vec::new()).await });
    // Three missed health checks would do away with any other, and so would a command given up.
    let three_checks = Instant::now() + Duration::from_secs(3);
    eventually("three checks are over", || Instant::now() > three_checks);
    asked.abort();
    let _ = asked.await;
    signal("CONT", child.id());
    assert_eq!(debugger.id().await, child.id());
    debugger.waits(1);
    debugger.host.stop().await;
    eventually("it has left", || child.try_wait().unwrap().is_some());
}
