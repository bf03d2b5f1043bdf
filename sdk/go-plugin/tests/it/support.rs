//! What all tests share: the peers' paths, a started plugin with what it printed, waiting, and looking for processes.
//! Must not know what is tested.

mod interop {
    #![allow(unreachable_pub, clippy::all)]
    include!("../../examples/peer/interop.rs");
}

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    time::Duration,
};

use go_plugin::{
    handshake::Cookie,
    host::{Config, Connection, Direct, Exit, Launch, Origin, Output, Plugin, StartError},
};
use interop::{Request, peer_client::PeerClient};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};
use tonic::Status;

pub(crate) const COOKIE: Cookie = Cookie { key: "PEER_COOKIE", value: "peer-cookie-value" };
pub(crate) const VERSION: u32 = 7;

/// By when whatever is waited for has happened, on however busy a machine.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A plugin that runs, the directory its socket is in, and what it printed.
pub(crate) struct Running {
    pub(crate) plugin: Plugin,
    pub(crate) dir: TempDir,
    pub(crate) printed: Printed,
}

/// Everything a plugin printed and logged so far.
#[derive(Clone, Default)]
pub(crate) struct Printed(Arc<Mutex<Vec<Output>>>);

/// One of the crate's examples, which Cargo puts beside the directory of the tests.
pub(crate) fn example(name: &str) -> PathBuf {
    let tests = env::current_exe().unwrap();
    let path = tests.ancestors().nth(2).unwrap().join("examples").join(name);
    assert!(path.exists(), "{} is missing: run `cargo test -p go-plugin`, without --test", path.display());
    path
}

/// The plugin in Rust.
pub(crate) fn peer() -> PathBuf {
    example("peer")
}

/// A shell's script as a plugin. It is not written to a file: one that another thread's child process still has open for
/// writing cannot be executed.
pub(crate) fn script(text: &str) -> Launch {
    Launch::new("/bin/sh").arg("-c").arg(text)
}

/// A configuration with a fresh directory for the plugin's socket, which is the only variable set.
pub(crate) fn config(launch: Launch) -> (Config, TempDir, Printed) {
    let dir = tempfile::tempdir().unwrap();
    let printed = Printed::default();
    let mut config = Config::new(COOKIE, [VERSION], launch.env("TMPDIR", dir.path()));
    let seen = printed.clone();
    config.output = Arc::new(move |output| seen.0.lock().unwrap().push(output));
    (config, dir, printed)
}

/// Starts what must start, with changes to its configuration.
pub(crate) async fn start_with(launch: Launch, change: impl FnOnce(&mut Config)) -> Running {
    let (mut config, dir, printed) = config(launch);
    change(&mut config);
    let plugin = Plugin::start(config, &Direct).await.unwrap_or_else(|error| panic!("{error}\n{:#?}", error.output));
    Running { plugin, dir, printed }
}

/// Starts what must start.
pub(crate) async fn start(program: &Path) -> Running {
    start_with(Launch::new(program), |_| {}).await
}

/// Starts what must not start, and makes sure that nothing is left of it.
pub(crate) async fn refused(launch: Launch, change: impl FnOnce(&mut Config)) -> StartError {
    let (mut config, dir, _) = config(launch);
    change(&mut config);
    let error = Plugin::start(config, &Direct).await.expect_err("the plugin started");
    nothing_left(dir.path()).await;
    error
}

impl Running {
    pub(crate) async fn call(&self, words: &str) -> Result<Vec<u8>, Status> {
        call(self.plugin.connection(), words).await
    }

    /// Calls what answers with a process's number.
    pub(crate) async fn process(&self, words: &str) -> Pid {
        let answer = String::from_utf8(self.call(words).await.unwrap()).unwrap();
        Pid::from_raw(answer.parse().unwrap()).unwrap()
    }

    pub(crate) fn id(&self) -> Pid {
        Pid::from_raw(self.plugin.id().unwrap().cast_signed()).unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.id(), signal).unwrap();
    }

    /// Stops the process as a debugger does, and waits until every thread of it has stopped.
    pub(crate) async fn freeze(&self) {
        self.signal(Signal::STOP);
        let threads = format!("/proc/{}/task", self.id());
        let states = || fs::read_dir(&threads).into_iter().flatten().flatten().map(|thread| state(&thread.path()));
        until("every thread's stop", || states().all(|state| state == Some('T'))).await;
    }

    /// The sockets there are.
    pub(crate) fn sockets(&self) -> Vec<PathBuf> {
        sockets(self.dir.path())
    }

    /// Stops the plugin and makes sure that nothing is left of it.
    pub(crate) async fn end(self) -> Exit {
        let exit = self.plugin.stop().await;
        assert!(!lives(self.id()), "the process is still there");
        nothing_left(self.dir.path()).await;
        exit
    }
}

impl Printed {
    /// What came from one origin.
    pub(crate) fn lines(&self, origin: Origin) -> Vec<String> {
        self.all().iter().filter(|o| o.origin == origin).map(|o| o.text().to_owned()).collect()
    }

    pub(crate) fn all(&self) -> Vec<Output> {
        self.0.lock().unwrap().clone()
    }
}

pub(crate) async fn call(connection: Connection, words: &str) -> Result<Vec<u8>, Status> {
    let mut client =
        PeerClient::with_origin(connection, Connection::origin()).max_decoding_message_size(i32::MAX as usize);
    let answer = client.r#do(Request { value: words.to_owned() }).await?;
    Ok(answer.into_inner().value.into())
}

pub(crate) fn sockets(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Waits until `condition` holds, and fails when it does not soon.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + SOON;
    while !condition() {
        assert!(Instant::now() < deadline, "waited {SOON:?} in vain: {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

/// Waits until no process is left that was given this directory, and makes sure that no socket is in it.
pub(crate) async fn nothing_left(dir: &Path) {
    no_process_left(dir).await;
    assert_eq!(sockets(dir), [] as [PathBuf; 0]);
}

/// Waits until no process is left that was given this directory, as far as the system shows environments.
pub(crate) async fn no_process_left(dir: &Path) {
    let mark = format!("TMPDIR={}", dir.display());
    let marked = |environment: Vec<u8>| environment.split(|b| *b == 0).any(|variable| variable == mark.as_bytes());
    let processes = || fs::read_dir("/proc").into_iter().flatten().flatten().map(|process| process.path());
    until("the end of every process", || {
        !processes().any(|process| fs::read(process.join("environ")).is_ok_and(marked))
    })
    .await;
}

/// Whether a process runs or is stopped; one that only waits to be reaped does neither.
pub(crate) fn lives(process: Pid) -> bool {
    let reapable = state(&Path::new("/proc").join(process.to_string())) == Some('Z');
    test_kill_process(process).is_ok() && !reapable
}

/// The state of a process or thread, where the system shows it: `T` when stopped, `Z` when it waits to be reaped.
fn state(process: &Path) -> Option<char> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    stat.rsplit(')').next()?.trim_start().chars().next()
}
