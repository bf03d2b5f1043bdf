//! Configurations that change under a running agent: what counts when, what a bad one does, and what becomes of plugins and
//! of commands that run. It knows `botkube run` with real files and real plugins.

use std::{
    fs,
    io::Write,
    os::unix::fs::symlink,
    process::{Child, ChildStdin, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use botkube_plugin_host::index::Platform;
use conformance::{eventually, is_alive, program};
use rustix::process::{Pid, Signal, kill_process};

use crate::{
    dev::heard,
    support::{Machine, contains},
};

/// On however busy a machine; in effect is what changed within 100 ms of the last write on one that is not.
const SLACK: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(2);

/// A configuration with the plugin `echo`, given this, and more sections.
fn echo(config: &str, more: &str) -> String {
    format!(
        "executors: {{tools: {{botkube/echo: {{enabled: true, config: {config}}}}}}}\ncommunications: {{main: {{console: \
         {{channels: {{here: {{bindings: {{executors: [tools]}}}}}}}}}}}}\n{more}\n"
    )
}

const PLAIN: &str = "{}";
const BOLD: &str = "{formatOptions: [bold]}";

/// An agent that runs, and somebody who talks to it.
struct Running {
    machine: Machine,
    child: Child,
    input: Option<ChildStdin>,
    answers: Arc<Mutex<String>>,
    log: Arc<Mutex<String>>,
}

impl Running {
    /// With this in `botkube.yaml`.
    fn with(config: &str) -> Self {
        let machine = Machine::new();
        machine.file("botkube.yaml", config);
        Self::on(machine, "botkube.yaml")
    }

    fn on(machine: Machine, files: &str) -> Self {
        let mut command = machine.botkube(["run", "--config", files]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let answers = heard(child.stdout.take().unwrap());
        let log = heard(child.stderr.take().unwrap());
        Self { machine, input: child.stdin.take(), child, answers, log }
    }

    /// Writes the configuration anew.
    fn saves(&self, config: &str) {
        self.machine.file("botkube.yaml", config);
    }

    /// The same, and waits until it counts.
    #[track_caller]
    fn counts(&self, config: &str) {
        let before = self.log().matches(COUNTS).count();
        self.saves(config);
        self.logs_times(before + 1, COUNTS);
    }

    fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    #[track_caller]
    fn logs(&self, parts: &[&str]) {
        parts.iter().for_each(|part| self.logs_times(1, part));
    }

    #[track_caller]
    fn logs_times(&self, times: usize, part: &str) {
        let began = Instant::now();
        while self.log().matches(part).count() < times {
            assert!(began.elapsed() < PATIENCE, "{part:?} is not logged {times} times in {}", self.log());
            thread::sleep(LOOK);
        }
    }

    /// What is answered to a line.
    #[track_caller]
    fn says(&mut self, line: &str) -> String {
        let before = self.answers.lock().unwrap().len();
        self.begins(line);
        let answer = || self.answers.lock().unwrap()[before..].to_owned();
        let began = Instant::now();
        while !answer().ends_with('\n') {
            assert!(began.elapsed() < PATIENCE, "no answer to {line:?}: {:?} {}", answer(), self.log());
            thread::sleep(LOOK);
        }
        answer()
    }

    fn begins(&mut self, line: &str) {
        writeln!(self.input.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Says it again and again until this is the answer.
    #[track_caller]
    fn says_until(&mut self, line: &str, wanted: &str) {
        let began = Instant::now();
        loop {
            let answer = self.says(line);
            if answer == wanted {
                return;
            }
            assert!(
                began.elapsed() < PATIENCE,
                "{line:?} is answered with {answer:?} and not {wanted:?}: {}",
                self.log()
            );
        }
    }

    fn hangs_up(&self) {
        kill_process(Pid::from_child(&self.child), Signal::HUP).unwrap();
    }

    /// Ends it; nothing stays behind.
    #[track_caller]
    fn ends(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let ended = self.child.wait().unwrap();
        assert!(ended.success(), "{ended}: {}", self.log());
        self.machine.is_tidy();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the log says once a configuration counts.
const COUNTS: &str = "the configuration counts from now on";

#[test]
fn what_a_group_gives_a_plugin_counts_soon_after_it_was_saved() {
    let mut agent = Running::with(&echo(PLAIN, ""));
    assert_eq!(agent.says("echo hello"), "echo hello\n");
    let mut times = Vec::new();
    for (config, answer) in [(BOLD, "*echo hello*\n"), (PLAIN, "echo hello\n")].repeat(5) {
        agent.saves(&echo(config, ""));
        let saved = Instant::now();
        agent.says_until("echo hello", answer);
        times.push(saved.elapsed());
    }
    times.sort();
    println!("in effect after a save: median {:?}, at most {:?}", times[times.len() / 2], times[times.len() - 1]);
    assert!(times[times.len() / 2] < SLACK, "{times:?}");
    agent.ends();
}

#[test]
fn each_of_several_files_counts_and_a_missing_one_only_until_it_is_there_again() {
    let machine = Machine::new();
    machine.file("one.yaml", echo(PLAIN, ""));
    machine.file("two.yaml", "aliases: {e: {command: echo one}}");
    let mut agent = Running::on(machine, "one.yaml,two.yaml");
    assert_eq!(agent.says("e"), "echo one\n");
    agent.machine.file("two.yaml", "aliases: {e: {command: echo two}}");
    agent.says_until("e", "echo two\n");
    agent.machine.file("one.yaml", echo(BOLD, ""));
    agent.says_until("e", "*echo two*\n");
    fs::rename(agent.machine.path("two.yaml"), agent.machine.path("aside")).unwrap();
    agent.logs(&["cannot be used", "two.yaml"]);
    assert_eq!(agent.says("e"), "*echo two*\n");
    agent.machine.file("aside", "aliases: {e: {command: echo three}}");
    fs::rename(agent.machine.path("aside"), agent.machine.path("two.yaml")).unwrap();
    agent.says_until("e", "*echo three*\n");
    agent.ends();
}

#[test]
fn a_config_map_that_is_swapped_as_kubernetes_does_counts() {
    let machine = Machine::new();
    let put = |machine: &Machine, version: &str, config: &str| {
        fs::create_dir(machine.path(version)).unwrap();
        machine.file(&format!("{version}/botkube.yaml"), echo(config, ""));
        symlink(version, machine.path("..data_tmp")).unwrap();
        fs::rename(machine.path("..data_tmp"), machine.path("..data")).unwrap();
    };
    put(&machine, "..2026_1", PLAIN);
    symlink("..data/botkube.yaml", machine.path("botkube.yaml")).unwrap();
    let mut agent = Running::on(machine, "botkube.yaml");
    assert_eq!(agent.says("echo hello"), "echo hello\n");
    let versions = [("..2026_2", BOLD, "*echo hello*\n"), ("..2026_3", PLAIN, "echo hello\n")];
    for (version, config, answer) in versions {
        let former = fs::read_link(agent.machine.path("..data")).unwrap();
        put(&agent.machine, version, config);
        fs::remove_dir_all(agent.machine.path(former.to_str().unwrap())).unwrap();
        agent.says_until("echo hello", answer);
    }
    agent.ends();
}

#[test]
fn a_hangup_has_the_files_read_also_where_they_are_not_watched() {
    let mut agent = Running::with(&echo(PLAIN, "configWatcher: {enabled: false}"));
    assert_eq!(agent.says("echo hello"), "echo hello\n");
    agent.saves(&echo(BOLD, "configWatcher: {enabled: false}"));
    agent.hangs_up();
    agent.logs(&[COUNTS]);
    assert_eq!(agent.says("echo hello"), "*echo hello*\n");
    agent.hangs_up();
    agent.logs_times(2, COUNTS);
    agent.logs(&["changes=0"]);
    agent.ends();
}

#[test]
fn a_bad_file_changes_nothing_and_is_told_with_its_lines_until_it_is_mended() {
    let told = "configWatcher: {reportChannel: here}";
    let config = |config: &str| echo(config, told).replace("console: {", "console: {web: {}, ");
    let mut agent = Running::with(&config(PLAIN));
    assert_eq!(agent.says("echo hello"), "echo hello\n");
    agent.saves(&config(BOLD).replace("bindings", "bindngs"));
    agent.logs(&["the changed configuration cannot be used", "botkube.yaml:2:", "did you mean `bindings`?"]);
    assert_eq!(agent.says("echo hello"), "echo hello\n");
    // What is shown in a channel is kept there as it is.
    let kept = agent.machine.path(".local/state/botkube/console/console.redb");
    let is_shown = |text: &str| {
        eventually(text, || {
            fs::read(&kept).is_ok_and(|kept| kept.windows(text.len()).any(|part| part == text.as_bytes()))
        });
    };
    is_shown("The changed configuration cannot be used. What was there before goes on.");
    is_shown("botkube.yaml:2:");
    agent.saves(&config(PLAIN));
    agent.logs(&["nothing changed"]);
    is_shown("The configuration can be used again. It is what it was.");
    agent.saves("executors: [");
    agent.logs(&["this is not valid YAML"]);
    agent.counts(&config(BOLD));
    is_shown("The configuration can be used again, and counts.");
    assert_eq!(agent.says("echo hello"), "*echo hello*\n");
    agent.ends();
}

#[test]
fn a_configuration_that_leaves_nothing_to_serve_is_refused() {
    let mut agent = Running::with(&echo(PLAIN, ""));
    assert_eq!(agent.says("echo hello"), "echo hello\n");
    agent.saves(&echo(BOLD, "").replace("console: {", "console: {enabled: false, "));
    agent.logs(&["cannot be used", "nothing to serve"]);
    assert_eq!(agent.says("echo hello"), "echo hello\n");
    agent.ends();
}

#[test]
fn aliases_and_bindings_count_as_they_are_saved() {
    let bound = |group: &str, alias: &str| {
        format!(
            "executors: {{plain: {{botkube/echo: {{enabled: true}}}}, loud: {{botkube/echo: {{enabled: true, config: \
             {BOLD}}}}}}}\ncommunications: {{main: {{console: {{channels: {{here: {{bindings: {{executors: \
             [{group}]}}}}}}}}}}}}\naliases: {{{alias}: {{command: echo hello}}}}\n"
        )
    };
    let mut agent = Running::with(&bound("plain", "e"));
    assert_eq!(agent.says("e"), "echo hello\n");
    agent.counts(&bound("loud", "e"));
    assert_eq!(agent.says("e"), "*echo hello*\n");
    agent.counts(&bound("loud", "ee"));
    assert_eq!(agent.says("ee"), "*echo hello*\n");
    contains(&agent.says("e"), &["`e`"]);
    agent.counts(&bound("plain", "ee"));
    assert_eq!(agent.says("ee"), "echo hello\n");
    agent.ends();
}

/// A repository `corp` on this machine that has `mine` in these versions; each answers `id` with its process, but for the last,
/// which ends as soon as it is started.
fn repository() -> Machine {
    let machine = Machine::new();
    fs::create_dir(machine.path("repository")).unwrap();
    for good in ["one", "two"] {
        fs::copy(program("executor-misbehaving"), machine.path(&format!("repository/{good}"))).unwrap();
    }
    machine.file("repository/dies", "#!/bin/sh\necho 'no such table' >&2\nexit 7\n");
    let Platform { os, architecture } = Platform::current();
    let entry = |(version, file): (&str, &str)| {
        format!(
            "- name: mine\n  type: executor\n  version: {version}\n  urls:\n  - platform: {{os: {os}, architecture: \
             {architecture}}}\n    url: {file}\n"
        )
    };
    let entries = [("1.0.0", "one"), ("2.0.0", "two"), ("3.0.0", "dies")].map(entry);
    machine.file("repository/index.yaml", format!("entries:\n{}", entries.concat()));
    machine
}

/// A configuration that binds `echo`, and more of `corp`.
fn corp(machine: &Machine, plugins: &str, more: &str) -> String {
    format!(
        "plugins: {{cacheDir: {}, repositories: {{corp: {{url: {}}}}}}}\nexecutors: {{tools: {{botkube/echo: {{enabled: \
         true}}{plugins}}}}}\ncommunications: {{main: {{console: {{channels: {{here: {{bindings: {{executors: \
         [tools]}}}}}}}}}}}}\n{more}\n",
        machine.path("cache").display(),
        machine.path("repository/index.yaml").display(),
    )
}

fn mine(version: &str) -> String {
    format!(", corp/mine@{version}: {{enabled: true}}")
}

fn running(plugins: &str) -> Running {
    let machine = repository();
    machine.file("botkube.yaml", corp(&machine, plugins, ""));
    Running::on(machine, "botkube.yaml")
}

#[track_caller]
fn id(agent: &mut Running) -> u32 {
    let answer = agent.says("mine id");
    answer.trim().parse().unwrap_or_else(|_| panic!("{answer}: {}", agent.log()))
}

/// The process that answers once it is another than this.
#[track_caller]
fn another(agent: &mut Running, former: u32) -> u32 {
    let began = Instant::now();
    loop {
        let now = id(agent);
        if now != former {
            return now;
        }
        assert!(began.elapsed() < PATIENCE, "{}", agent.log());
    }
}

#[test]
fn a_plugin_that_is_added_starts_and_one_that_is_removed_ends_and_others_are_left_alone() {
    let mut agent = running("");
    contains(&agent.says("mine id"), &["mine"]);
    agent.counts(&corp(&agent.machine, &mine("1.0.0"), ""));
    let first = id(&mut agent);
    agent.counts(&corp(&agent.machine, &mine("1.0.0"), "aliases: {e: {command: echo}}"));
    assert_eq!(id(&mut agent), first, "nothing about it changed");
    agent.counts(&corp(&agent.machine, "", ""));
    assert!(agent.says("mine id").trim().parse::<u32>().is_err());
    eventually("its process is gone", || !is_alive(first));
    assert_eq!(agent.says("echo hello"), "echo hello\n");
    agent.ends();
}

#[test]
fn another_version_takes_the_place_of_the_former_one_once_it_serves() {
    let mut agent = running(&mine("1.0.0"));
    let first = id(&mut agent);
    agent.saves(&corp(&agent.machine, &mine("2.0.0"), ""));
    let second = another(&mut agent, first);
    agent.logs(&["goes from version 1.0.0 to 2.0.0", "another version of a plugin answers"]);
    eventually("the former one is gone", || !is_alive(first));
    assert_eq!(id(&mut agent), second);
    agent.ends();
}

#[test]
fn a_version_that_dies_at_its_start_is_rolled_back_and_told_of() {
    let mut agent = running(&mine("1.0.0"));
    let first = id(&mut agent);
    agent.counts(&corp(&agent.machine, &mine("3.0.0"), ""));
    assert_eq!(id(&mut agent), first);
    agent.logs(&["`corp/mine@3.0.0` does not take the place of `corp/mine@1.0.0`, which goes on", "exit code 7"]);
    assert_eq!(id(&mut agent), first);
    // It may have been mended in the repository.
    agent.hangs_up();
    agent.logs_times(2, "does not take the place of");
    agent.counts(&corp(&agent.machine, &mine("1.0.0"), ""));
    assert_eq!(id(&mut agent), first);
    assert_eq!(agent.log().matches("another version is tried").count(), 2, "what answers anyway is not tried");
    agent.ends();
}

#[test]
fn another_environment_of_a_plugin_is_another_process_of_it_alone() {
    let with = |machine: &Machine, value: &str| {
        let env = format!("plugins: {{env: {{corp/mine: {{NAME: {value}}}}}, ");
        corp(machine, &mine("1.0.0"), "").replace("plugins: {", &env)
    };
    let mut agent = running(&mine("1.0.0"));
    let first = id(&mut agent);
    agent.counts(&with(&agent.machine, "one"));
    let second = another(&mut agent, first);
    agent.counts(&with(&agent.machine, "two"));
    another(&mut agent, second);
    agent.logs(&["`plugins.env.corp/mine.NAME` is another one"]);
    agent.ends();
}

#[test]
fn a_version_that_the_lock_has_not_is_refused_until_the_lock_has_it() {
    let machine = repository();
    let locked = |machine: &Machine, version: &str| {
        corp(machine, &mine(version), "").replace("plugins: {", "plugins: {requireLock: true, ")
    };
    machine.file("botkube.yaml", locked(&machine, "1.0.0"));
    assert_eq!(machine.run(["lock", "--config", "botkube.yaml"]).code, 0);
    let mut agent = Running::on(machine, "botkube.yaml");
    let first = id(&mut agent);
    agent.saves(&locked(&agent.machine, "2.0.0"));
    agent.logs(&["cannot be used", "does not fit the configuration"]);
    assert_eq!(id(&mut agent), first);
    assert_eq!(agent.machine.run(["lock", "--config", "botkube.yaml"]).code, 0);
    another(&mut agent, first);
    agent.ends();
}

#[test]
fn a_command_that_runs_ends_under_the_configuration_it_began_with() {
    let mut agent = running(&mine("1.0.0"));
    let first = id(&mut agent);
    let before = agent.answers.lock().unwrap().len();
    agent.begins("mine stream 20 every 50");
    let answer = |agent: &Running| agent.answers.lock().unwrap()[before..].to_owned();
    eventually("it has begun", || answer(&agent).lines().count() > 1);
    // Its repository goes with it.
    agent.counts(&corp(&agent.machine, "", "").replace("{corp: ", "{other: "));
    assert!(is_alive(first) && !answer(&agent).contains("20 of 20"), "{}", answer(&agent));
    eventually("it has ended", || answer(&agent).contains("20 of 20"));
    eventually("its process is gone", || !is_alive(first));
    assert!(!agent.log().contains("does not define"), "{}", agent.log());
    assert!(agent.says("mine id").trim().parse::<u32>().is_err());
    agent.ends();
}

#[test]
fn of_commands_under_load_none_fails_while_the_configuration_changes_twenty_times() {
    let mut agent = running(&mine("1.0.0"));
    id(&mut agent);
    let before = agent.answers.lock().unwrap().len();
    let (over, mut input) = (Arc::new(AtomicBool::new(false)), agent.input.take().unwrap());
    let is_over = over.clone();
    let asking = thread::spawn(move || {
        // As many as are answered: a pipe holds some and no more.
        let commands = (0..).take_while(|_| !is_over.load(Ordering::Relaxed));
        let asked = commands.map(|n| writeln!(input, "{} {n}", ["echo", "mine"][n % 2]).unwrap()).count();
        (input, asked)
    });
    for turn in 0..20 {
        let (version, alias) = (["2.0.0", "1.0.0"][turn % 2], format!("aliases: {{e{turn}: {{command: echo}}}}"));
        agent.counts(&corp(&agent.machine, &mine(version), &alias));
    }
    over.store(true, Ordering::Relaxed);
    let (input, asked) = asking.join().unwrap();
    agent.input = Some(input);
    let answers = || agent.answers.lock().unwrap()[before..].to_owned();
    let began = Instant::now();
    while answers().lines().count() < asked {
        assert!(began.elapsed() < 3 * PATIENCE, "{} of {asked}: {}", answers().lines().count(), agent.log());
        thread::sleep(LOOK);
    }
    for (n, answer) in answers().lines().enumerate() {
        let wanted = if n % 2 == 0 { format!("echo {n}") } else { "ok".to_owned() };
        assert_eq!(answer, wanted, "{}", agent.log());
    }
    agent.ends();
}
