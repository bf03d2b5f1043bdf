//! The author's loop from the command line: plugins whose sources change, break and are mended while somebody talks to them.
//! What builds them is a command that copies, since compilers are none of its business.

use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    process::{Child, ChildStdin, Command, Stdio},
    rc::Rc,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use conformance::{eventually, program};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::support::{Machine, contains};

/// On however busy a machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// For the first build of all that a plugin is made of.
const COMPILED: Duration = Duration::from_secs(600);
const LOOK: Duration = Duration::from_millis(5);

/// "Compiles" `source`: a script that says on its first line what is wrong with it, or becomes the plugin.
const BUILD: &str = "if grep -q BROKEN source; then echo 'error: source:1 is broken' >&2; exit 1; fi; \
                     cp source executor_echo && chmod +x executor_echo";

/// Somebody who talks to plugins and is told what becomes of them; here the plugin `echo` in the folder `mine`.
pub(crate) struct Author {
    machine: Rc<Machine>,
    child: Child,
    input: Option<ChildStdin>,
    answers: Arc<Mutex<String>>,
    notices: Arc<Mutex<String>>,
    patience: Duration,
}

impl Author {
    /// With a first good build that answers.
    fn new() -> Self {
        let author = Self::with(&["--build", BUILD], ECHO);
        eventually("the first build", || author.notices().contains("built echo"));
        author
    }

    fn with(args: &[&str], source: fn() -> String) -> Self {
        let machine = Machine::new();
        fs::create_dir(machine.path("mine")).unwrap();
        fs::write(machine.path("mine/source"), source()).unwrap();
        fs::create_dir(machine.path("other")).unwrap();
        fs::write(machine.path("other/source"), source()).unwrap();
        fs::write(machine.path("other/name"), "other").unwrap();
        let command = machine.botkube(["dev", "mine"].iter().chain(args));
        let mut author = Self::of(&Rc::new(machine), command);
        author.patience = PATIENCE;
        author
    }

    /// Who runs this, and waits for compilers.
    pub(crate) fn of(machine: &Rc<Machine>, mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let answers = heard(child.stdout.take().unwrap());
        let notices = heard(child.stderr.take().unwrap());
        Self { machine: machine.clone(), input: child.stdin.take(), child, answers, notices, patience: COMPILED }
    }

    fn notices(&self) -> String {
        self.notices.lock().unwrap().clone()
    }

    /// Saves the source.
    fn saves(&self, source: &str) {
        fs::write(self.machine.path("mine/source"), source).unwrap();
    }

    /// Waits until this is said beside the chat.
    #[track_caller]
    pub(crate) fn is_told(&self, parts: &[&str]) {
        self.is_told_times(1, parts);
    }

    /// Waits until each of these was said as often.
    #[track_caller]
    pub(crate) fn is_told_times(&self, times: usize, parts: &[&str]) {
        let is_told = || parts.iter().all(|part| self.notices().matches(part).count() >= times);
        let began = Instant::now();
        while !is_told() {
            assert!(began.elapsed() < self.patience, "{parts:?} is not told {times} times in {}", self.notices());
            thread::sleep(LOOK);
        }
    }

    /// What is answered to a line.
    #[track_caller]
    pub(crate) fn says(&mut self, line: &str) -> String {
        let before = self.answers.lock().unwrap().len();
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
        let answer = || self.answers.lock().unwrap()[before..].to_owned();
        eventually("an answer", || answer().ends_with('\n'));
        answer()
    }

    /// Leaves; nothing stays behind.
    #[track_caller]
    pub(crate) fn leaves(mut self) {
        drop(self.input.take());
        let ended = self.child.wait().unwrap();
        assert!(ended.success(), "{ended}: {}", self.notices());
        self.machine.is_tidy();
    }
}

impl Drop for Author {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What is read there, as far as it has come.
pub(crate) fn heard(mut from: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let text = Arc::new(Mutex::new(String::new()));
    let kept = text.clone();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(read @ 1..) = from.read(&mut buffer) {
            kept.lock().unwrap().push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
    });
    text
}

/// The echo plugin.
const ECHO: fn() -> String = || format!("#!/bin/sh\nexec {}\n", program("executor-echo").display());

/// Another plugin of that name, which answers `ok`.
fn other() -> String {
    format!("#!/bin/sh\nexec {}\n", program("executor-misbehaving").display())
}

#[test]
fn what_is_saved_answers_the_next_command() {
    let mut author = Author::new();
    assert_eq!(author.says("echo hello"), "echo hello\n");
    author.saves(&other());
    author.is_told(&["`echo` is new", "ms more"]);
    assert_eq!(author.says("echo hello"), "ok\n");
    author.leaves();
}

#[test]
fn what_does_not_build_is_said_in_the_tools_words_and_the_version_before_goes_on() {
    let mut author = Author::new();
    author.saves("BROKEN");
    author.is_told(&["It does not build", "ended with exit status: 1", "error: source:1 is broken", "goes on"]);
    assert_eq!(author.says("echo hello"), "echo hello\n");
    author.saves(&other());
    author.is_told(&["`echo` is new"]);
    assert_eq!(author.says("echo hello"), "ok\n");
    author.leaves();
}

#[test]
fn a_build_that_dies_at_once_takes_nobodys_place() {
    let mut author = Author::new();
    assert_eq!(author.says("echo hello"), "echo hello\n");
    author.saves("#!/bin/sh\necho 'no such table' >&2; exit 7\n");
    author.is_told(&["did not start", "exit code 7", "no such table", "What was there before goes on"]);
    assert_eq!(author.says("echo hello"), "echo hello\n");
    author.leaves();
}

#[test]
fn a_plugin_that_ends_is_told_of_and_the_next_command_is_answered() {
    let mut author = Author::with(&["--build", BUILD], other);
    author.is_told(&["built echo"]);
    contains(&author.says("echo exit 3"), &["exit code 3"]);
    author.is_told(&["`echo` ended: exit code 3"]);
    assert_eq!(author.says("echo hello"), "ok\n");
    author.leaves();
}

#[test]
fn a_command_that_runs_while_its_plugin_is_replaced_ends_in_the_process_it_began_in() {
    let mut author = Author::with(&["--build", BUILD], other);
    author.is_told(&["built echo"]);
    let before = author.says("echo id");
    let file = author.machine.path("runs").display().to_string();
    writeln!(author.input.as_mut().unwrap(), "echo stream 3 every 300").unwrap();
    eventually("the first line", || {
        author.answers.lock().unwrap().contains("line 1") || author.answers.lock().unwrap().lines().count() > 1
    });
    author.saves(&format!("{}# again\n", other()));
    author.is_told(&["`echo` is new"]);
    eventually("the last line", || author.answers.lock().unwrap().lines().count() >= 4);
    assert_ne!(author.says("echo id"), before, "{file}");
    author.leaves();
}

#[test]
fn the_configuration_counts_as_soon_as_it_is_saved_and_a_broken_one_changes_nothing() {
    let mut author = Author::new();
    let settings = author.machine.path("mine/botkube.yaml");
    let with = |config: &str| format!("executors:\n  mine:\n    dev/echo: {{enabled: true, {config}}}\n");
    fs::write(&settings, with("config: {formatOptions: [bold]}")).unwrap();
    author.is_told(&["botkube.yaml counts from now on"]);
    assert_eq!(author.says("echo hello"), "*echo hello*\n");
    fs::write(&settings, with("confg: {}")).unwrap();
    author.is_told(&["botkube.yaml cannot be used", "botkube.yaml:3:", "did you mean `config`?"]);
    assert_eq!(author.says("echo hello"), "*echo hello*\n");
    author.leaves();
}

#[test]
fn a_channel_of_the_configuration_binds_the_plugin_also_where_no_group_names_it() {
    let machine = Machine::new();
    fs::create_dir(machine.path("mine")).unwrap();
    fs::write(machine.path("mine/source"), ECHO()).unwrap();
    let channels = "communications: {g: {console: {channels: {ops: {name: ops, bindings: {executors: []}}}}}}\n";
    fs::write(machine.path("mine/botkube.yaml"), channels).unwrap();
    let outcome = crate::support::finish(machine.botkube(["dev", "mine", "--build", BUILD]), "echo hello\n");
    assert_eq!((outcome.code, outcome.stdout.as_str()), (0, "echo hello\n"), "{outcome:?}");
}

#[test]
fn a_plugin_that_somebody_else_starts_is_waited_for_and_answers() {
    let mut author = Author::with(&["--build", BUILD, "--attach"], ECHO);
    author.is_told(&["`echo` is waited for", "PLUGIN_UNIX_SOCKET_DIR="]);
    let notices = author.notices();
    let line = notices.lines().find(|line| line.starts_with("env ")).unwrap();
    let mut plugin = Command::new("sh").args(["-c", &format!("exec {line} >/dev/null 2>&1")]).spawn().unwrap();
    assert_eq!(author.says("echo hello"), "echo hello\n");
    author.leaves();
    eventually("its end", || plugin.try_wait().unwrap().is_some());
}

#[test]
fn who_talks_goes_on_in_another_channel_when_a_saved_configuration_has_not_the_one_before() {
    let mut author = Author::new();
    assert_eq!(author.says("echo hello"), "echo hello\n");
    let settings = "executors: {mine: {dev/echo: {enabled: true}}}\ncommunications: {g: {console: {channels: {ops: {name: ops, \
                    bindings: {executors: [mine]}}}}}}\n";
    fs::write(author.machine.path("mine/botkube.yaml"), settings).unwrap();
    author.is_told(&["botkube.yaml counts from now on"]);
    assert_eq!(author.says("echo hello"), "echo hello\n");
    author.leaves();
}

#[test]
fn a_script_whose_first_build_fails_is_not_kept_waiting() {
    let machine = Machine::new();
    fs::create_dir(machine.path("mine")).unwrap();
    fs::write(machine.path("mine/source"), "BROKEN").unwrap();
    refused(&machine, &["mine", "--build", BUILD], &["error: source:1 is broken", "it does not build"]);
    machine.is_tidy();
}

/// What `botkube dev` with these arguments says before it ends with 2.
/// Ends it with a signal; nothing stays behind.
#[track_caller]
fn ends_at(mut author: Author, signal: Signal, code: i32) {
    kill_process(Pid::from_child(&author.child), signal).unwrap();
    let ended = author.child.wait().unwrap();
    assert_eq!(ended.code(), Some(code), "{signal:?}: {}", author.notices());
    author.machine.is_tidy();
}

#[test]
fn a_signal_ends_it_and_leaves_nothing_behind() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut author = Author::new();
        assert_eq!(author.says("echo hi"), "echo hi\n");
        ends_at(author, signal, 0);
    }
}

#[test]
fn a_signal_during_the_first_build_ends_the_tool_too() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let author = Author::with(&["--build", "echo $$; sleep 1000"], ECHO);
        let tool = || {
            let lines = author.notices();
            lines.lines().find_map(|line| Pid::from_raw(line.parse().ok()?))
        };
        eventually("the tool runs", || tool().is_some());
        let tool = tool().unwrap();
        ends_at(author, signal, 2);
        eventually("the tool is gone", || test_kill_process(tool).is_err());
    }
}

#[test]
fn a_build_that_writes_beside_the_sources_comes_to_its_end() {
    let slow = "cp source copy && sleep 0.2 && cp copy executor_echo && chmod +x executor_echo";
    let mut author = Author::with(&["--build", slow], ECHO);
    author.is_told(&["built echo"]);
    author.saves(&other());
    author.is_told(&["`echo` is new"]);
    assert_eq!(author.says("echo hi"), "ok\n");
    author.leaves();
}

#[test]
fn a_plugin_that_is_no_more_is_said_to_be_gone() {
    let names = "rm -f executor_*; for name in $(cat names || echo one two); do cp source executor_$name; echo \"#$name\" >> \
                 executor_$name; chmod +x executor_$name; done";
    let mut author = Author::with(&["--build", names], ECHO);
    author.is_told(&["built one, two"]);
    fs::write(author.machine.path("mine/names"), "one").unwrap();
    author.is_told(&["no plugin `two` any more"]);
    author.is_told(&["every plugin is bound"]);
    let answer = author.says("two hi");
    assert!(answer.contains("I don't know the command `two`"), "{answer}");
    author.leaves();
}

#[test]
fn a_plugin_that_takes_the_name_of_another_folders_is_refused_and_both_go_on() {
    let named = "name=$(cat name || echo echo); cp source executor_$name && chmod +x executor_$name";
    let mut author = Author::with(&["other", "--build", named], ECHO);
    author.is_told(&["built other"]);
    fs::remove_file(author.machine.path("other/executor_other")).unwrap();
    fs::write(author.machine.path("other/name"), "echo").unwrap();
    author.is_told(&["has a plugin `echo` now, and so has", "give one of them another name"]);
    assert_eq!(author.says("other hi"), "other hi\n");
    author.leaves();
}

#[test]
fn a_pipe_goes_on_in_another_channel_when_its_own_is_gone() {
    let mut author = Author::new();
    let file = author.machine.path("mine/botkube.yaml");
    let config = "communications: {g: {console: {channels: {ops: {name: ops, bindings: {executors: [e]}}}}}}\n\
                  executors: {e: {dev/echo: {enabled: true}}}\n";
    fs::write(&file, config).unwrap();
    author.is_told(&["in botkube.yaml counts"]);
    assert_eq!(author.says("echo hi"), "echo hi\n");
    fs::remove_file(&file).unwrap();
    author.is_told(&["Without a botkube.yaml"]);
    assert_eq!(author.says("echo hi"), "echo hi\n");
    author.leaves();
}

#[track_caller]
fn refused(machine: &Machine, args: &[&str], said: &[&str]) {
    let outcome = machine.run(["dev"].iter().chain(args));
    assert_eq!(outcome.code, 2, "{outcome:?}");
    contains(&outcome.stderr, said);
}

#[test]
fn what_cannot_be_developed_is_refused_with_what_to_do() {
    let machine = Machine::new();
    for folder in ["empty", "one", "two", "settled"] {
        fs::create_dir(machine.path(folder)).unwrap();
    }
    refused(&machine, &["nowhere"], &["nowhere", "cannot be opened"]);
    refused(&machine, &["empty"], &["there is no plugin in it", "botkube plugin new"]);
    for folder in ["one", "two"] {
        let path = machine.path(&format!("{folder}/executor_echo"));
        fs::write(&path, ECHO()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    refused(&machine, &["one", "one/../one", "--build", "true"], &["the same folder"]);
    refused(&machine, &["one", "two", "--build", "true"], &["two folders have a plugin `echo`"]);
    refused(&machine, &["one", "--build", "true", "--record", "s.yaml"], &["--record", "terminal", "--port"]);
    fs::write(machine.path("settled/botkube.yaml"), "executors: 7").unwrap();
    refused(&machine, &["settled", "--build", "true"], &["botkube.yaml:1:12"]);
}
