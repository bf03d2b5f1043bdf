//! Locks, bundles and lists of plugins from the command line, with a repository on this machine and a real plugin.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Stdio,
};

use botkube_plugin_host::index::Platform;
use conformance::eventually;
use serde_json::Value;

use crate::support::{Machine, Outcome, check, contains, finish};

/// A machine with a repository `corp` that has the plugin `mine`, and a configuration that binds it.
struct World {
    machine: Machine,
    config: String,
}

impl World {
    fn new() -> Self {
        let machine = Machine::new();
        fs::create_dir(machine.path("repository")).unwrap();
        fs::copy(conformance::program("executor-misbehaving"), machine.path("repository/mine")).unwrap();
        machine.file("repository/elsewhere", "#!/bin/sh\n");
        let world = Self { config: String::new(), machine };
        world.publish(&["1.0.0"]);
        let config = world.configure("corp/mine", "repository/index.yaml", "");
        Self { config, ..world }
    }

    fn publish(&self, versions: &[&str]) {
        let Platform { os, architecture } = Platform::current();
        let entry = |version: &&str| {
            format!(
                "- name: mine\n  type: executor\n  version: {version}\n  urls:\n  - platform: {{os: {os}, architecture: \
                 {architecture}}}\n    url: mine\n  - platform: {{os: plan9, architecture: mips}}\n    url: elsewhere\n"
            )
        };
        self.machine
            .file("repository/index.yaml", format!("entries:\n{}", versions.iter().map(entry).collect::<String>()));
    }

    fn configure(&self, key: &str, repository: &str, plugins: &str) -> String {
        let (cache, repository) = (self.machine.path("cache"), self.machine.path(repository));
        self.machine.file(
            "botkube.yaml",
            format!(
                "plugins: {{cacheDir: {}, indexMaxAge: 0s, repositories: {{corp: {{url: {}}}}}{plugins}}}\nexecutors: {{tools: \
                 {{{key}: {{enabled: true}}}}}}\ncommunications: {{main: {{console: {{channels: {{here: {{bindings: \
                 {{executors: [tools]}}}}}}}}}}}}\n",
                cache.display(),
                repository.display(),
            ),
        )
    }

    fn require_lock(&self) {
        self.configure("corp/mine", "repository/index.yaml", ", requireLock: true");
    }

    fn run(&self, verb: &[&str]) -> Outcome {
        self.machine.run(verb.iter().chain(&["--config", &self.config]))
    }

    /// The command succeeds with this on standard output.
    #[track_caller]
    fn says(&self, verb: &[&str], said: &[&str]) {
        let outcome = self.run(verb);
        assert_eq!(outcome.code, 0, "{outcome:?}");
        contains(&outcome.stdout, said);
    }

    /// The command is refused with this code and all of this on standard error.
    #[track_caller]
    fn refuses(&self, verb: &[&str], code: i32, said: &[&str]) {
        let outcome = self.run(verb);
        assert_eq!(outcome.code, code, "{outcome:?}");
        contains(&outcome.stderr, said);
    }

    fn ask(&self) -> Value {
        self.machine.json(&["--config", &self.config, "--", "mine hello"])
    }

    /// What is in the cache of the plugin.
    fn cached(&self) -> PathBuf {
        self.machine.path("cache/corp/executor_1.0.0_mine")
    }

    /// Writes into the cache.
    fn tamper(&self) {
        overwrite(&self.cached());
    }
}

fn overwrite(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    fs::write(path, "#!/bin/sh\ntouch \"$HOME/it-ran\"\n").unwrap();
}

#[test]
fn a_lock_is_written_beside_the_configuration_and_says_what_changed() {
    let world = World::new();
    let lock = world.machine.path("botkube.lock");
    world.says(&["lock"], &["botkube.lock: 1 plugin\n", "added  corp/mine  executor  1.0.0"]);
    let first = fs::read_to_string(&lock).unwrap();
    contains(&first, &["`botkube lock` writes this", "plan9/mips:", "version: \"1.0.0\""]);
    world.says(&["lock"], &["has not changed: 1 plugin"]);
    world.publish(&["1.0.0", "1.1.0"]);
    world.says(&["lock"], &["has not changed"]);
    world.says(&["lock", "--update"], &["updated  corp/mine  executor  1.0.0 → 1.1.0"]);
    world.publish(&["1.0.0"]);
    let outcome = world.run(&["lock", "-o", "json", "--update", "corp/mine"]);
    assert_eq!(
        (&outcome.json()["changes"][0]["change"], &outcome.json()["changes"][0]["to"]),
        (&"updated".into(), &"1.0.0".into())
    );
    assert_eq!(fs::read_to_string(&lock).unwrap(), first);
    world.machine.is_tidy();
}

#[test]
fn a_lock_can_be_for_one_platform() {
    let world = World::new();
    world.says(&["lock", "--platform", "plan9/mips"], &["added"]);
    let here = Platform::current().to_string();
    assert!(!fs::read_to_string(world.machine.path("botkube.lock")).unwrap().contains(&here));
    let said = ["nothing is started", "for plan9/mips and not for", &format!("`botkube lock --platform {here}`")];
    world.refuses(&["run", "--locked"], 2, &said);
    world.says(&["lock", "--platform", &here], &["updated  corp/mine"]);
    world.refuses(&["lock", "--platform", "amd64"], 2, &["`amd64` is no platform", "linux/amd64"]);
}

#[test]
fn what_cannot_be_locked_is_said_with_the_nearest() {
    let world = World::new();
    world.refuses(&["lock", "--update", "corp/mien"], 2, &["no plugin `corp/mien`", "is `corp/mine` meant?"]);
    world.configure("corp/mien", "repository/index.yaml", "");
    world.refuses(&["lock"], 1, &["no executor `mien`", "is `mine` meant?"]);
    world.configure("corp/mine@1.0.1", "repository/index.yaml", "");
    world.refuses(&["lock"], 1, &["no version `1.0.1`", "nearest to it is `1.0.0`"]);
    assert!(!world.machine.path("botkube.lock").exists());
}

#[test]
fn without_a_lock_that_fits_nothing_is_run() {
    let world = World::new();
    world.refuses(&["run", "--locked"], 2, &["there is no lock `", "botkube.lock`; `botkube lock`"]);
    world.says(&["lock"], &["added"]);
    world.configure("corp/mine@1.0.0", "repository/index.yaml", "");
    world.refuses(
        &["run", "--locked"],
        2,
        &["`corp/mine@1.0.0`: it is not in botkube.lock, which is older than the configuration"],
    );
    fs::write(world.machine.path("botkube.lock"), "version: 1\nplugins: 3\n").unwrap();
    world.refuses(&["run", "--locked"], 2, &["botkube.lock`, line 2: `plugins` is", "botkube lock --update"]);
}

#[test]
fn what_is_locked_answers_and_an_unasked_lock_changes_nothing() {
    let world = World::new();
    world.says(&["lock"], &["added"]);
    check(&world.ask(), "succeeded", &["ok"]);
    world.require_lock();
    check(&world.ask(), "succeeded", &["ok"]);
    assert!(world.cached().exists());
}

#[test]
fn a_file_written_into_the_cache_is_fetched_again_with_a_warning() {
    let world = World::new();
    check(&world.ask(), "succeeded", &["ok"]);
    world.tamper();
    let outcome = world.machine.run(["exec", "-o", "json", "--config", &world.config, "--", "mine hello"]);
    check(&outcome.json(), "succeeded", &["ok"]);
    contains(&outcome.stderr, &["the file changed since it was checked", "executor_1.0.0_mine"]);
    assert!(!world.machine.path("it-ran").exists());
}

#[test]
fn a_file_whose_times_lie_is_noticed_when_it_is_to_be_run() {
    let world = World::new();
    check(&world.ask(), "succeeded", &["ok"]);
    world.tamper();
    // As if nobody had touched it: the record says its times are those of the file that was checked.
    let record = world.machine.path("cache/corp/executor_1.0.0_mine.checked");
    let mut text: Value = serde_json::from_slice(&fs::read(&record).unwrap()).unwrap();
    let now = fs::metadata(world.cached()).unwrap();
    text["files"][""]["stamp"] = serde_json::json!({
        "size": now.size(),
        "inode": now.ino(),
        "modified": [now.mtime(), now.mtime_nsec()],
        "changed": [now.ctime(), now.ctime_nsec()],
    });
    fs::write(&record, text.to_string()).unwrap();
    let outcome = world.machine.run(["exec", "-o", "json", "--config", &world.config, "--", "mine hello"]);
    check(&outcome.json(), "succeeded", &["ok"]);
    contains(&outcome.stderr, &["the plugin's file changed since it was checked; it was not run", "is fetched anew"]);
    assert!(!world.machine.path("it-ran").exists());
}

#[test]
fn a_changed_file_that_cannot_be_fetched_is_refused() {
    let world = World::new();
    check(&world.ask(), "succeeded", &["ok"]);
    world.tamper();
    fs::remove_file(world.machine.path("repository/mine")).unwrap();
    check(&world.ask(), "refused", &["changed since it was checked, so it is not run", "plugins.cacheDir"]);
    assert!(!world.machine.path("it-ran").exists());
}

#[test]
fn a_replaced_plugin_is_refused_where_a_lock_is_required() {
    let world = World::new();
    world.says(&["lock"], &["added"]);
    world.require_lock();
    check(&world.ask(), "succeeded", &["ok"]);
    // Both the repository and what was fetched from it.
    overwrite(&world.machine.path("repository/mine"));
    world.tamper();
    check(&world.ask(), "refused", &["`corp/mine`", "it was replaced", "`botkube lock --update corp/mine`"]);
    assert!(!world.machine.path("it-ran").exists());
    world.says(&["lock", "--update", "corp/mine"], &["updated", "(other files for"]);
}

#[test]
fn tools_that_run_one_plugin_keep_to_a_required_lock_too() {
    for verb in [["plugin", "inspect", "corp/mine"], ["plugin", "test", "corp/mine"]] {
        let world = World::new();
        world.require_lock();
        world.refuses(&verb, 2, &["there is no lock `"]);
        world.says(&["lock"], &["added"]);
        overwrite(&world.machine.path("repository/mine"));
        world.refuses(&verb, 2, &["it was replaced", "`botkube lock --update corp/mine`"]);
        assert!(!world.machine.path("it-ran").exists());
        assert!(!world.cached().exists());
    }
}

#[test]
fn a_repository_that_is_no_file_is_refused_and_not_waited_for() {
    let world = World::new();
    let made = std::process::Command::new("mkfifo").arg(world.machine.path("pipe")).status().unwrap();
    assert!(made.success());
    for place in ["pipe", "repository"] {
        world.configure("corp/mine", place, "");
        world.refuses(&["lock"], 1, &["it is no file; name the index or the bundle itself"]);
    }
}

#[test]
fn a_run_that_is_locked_starts_what_is_locked_and_nothing_else() {
    let world = World::new();
    world.says(&["lock"], &["added"]);
    world.publish(&["2.0.0"]);
    let errors = world.machine.path("errors");
    let mut run = world.machine.botkube(["run", "--locked", "--config", &world.config]);
    let log = fs::File::create(&errors).unwrap();
    let mut run = run.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap();
    eventually("the refusal is in the log", || {
        fs::read_to_string(&errors).unwrap().contains("its version 1.0.0, which its repository does not have any more")
    });
    rustix::process::kill_process(rustix::process::Pid::from_child(&run), rustix::process::Signal::TERM).unwrap();
    run.wait().unwrap();
}

#[test]
fn a_bundle_serves_an_agent_without_a_network() {
    let world = World::new();
    let bundle = world.machine.path("plugins.tar.gz");
    let said = format!("corp: {{url: {:?}}}", bundle.display().to_string());
    world.says(&["plugin", "bundle", &bundle.display().to_string()], &["corp/mine  executor  1.0.0", &said]);
    fs::remove_dir_all(world.machine.path("repository")).unwrap();
    world.configure("corp/mine", "plugins.tar.gz", "");
    check(&world.ask(), "succeeded", &["ok"]);
    world.machine.is_tidy();
}

#[test]
fn a_bundle_cut_short_is_refused_with_its_name() {
    let world = World::new();
    let bundle = world.machine.path("plugins.tar.gz");
    world.says(&["plugin", "bundle", &bundle.display().to_string()], &["corp/mine"]);
    let whole = fs::read(&bundle).unwrap();
    fs::write(&bundle, &whole[..whole.len() - 10]).unwrap();
    world.configure("corp/mine", "plugins.tar.gz", "");
    check(&world.ask(), "refused", &["plugins.tar.gz", "cut short or damaged", "botkube plugin bundle"]);
}

#[test]
fn a_bundle_that_cannot_be_made_is_said() {
    let world = World::new();
    world.refuses(&["plugin", "bundle", "plugins.zip"], 2, &["ends with .tar.gz or .tgz", "plugins.zip"]);
    world.refuses(
        &["plugin", "bundle", "--platform", "linux/s390x", "b.tar.gz"],
        1,
        &["is not there for linux/s390x", "plan9/mips"],
    );
    world.refuses(&["plugin", "bundle", "nowhere/b.tar.gz"], 1, &["nowhere/b.tar.gz", "cannot be written"]);
    assert!(!world.machine.path("b.tar.gz").exists());
}

#[test]
fn a_list_tells_what_is_meant_here_locked_and_newest() {
    let world = World::new();
    world.says(
        &["plugin", "list"],
        &["KEY        KIND      VERSION  CACHED  LOCKED  NEWEST\ncorp/mine  executor  1.0.0    -       -       1.0.0"],
    );
    world.says(&["plugin", "list", "--outdated"], &["every plugin is at its newest version"]);
    check(&world.ask(), "succeeded", &["ok"]);
    world.says(&["lock"], &["added"]);
    world.publish(&["1.0.0", "1.1.0"]);
    world.says(&["plugin", "list", "--outdated"], &["corp/mine  executor  1.1.0    1.0.0   1.0.0   1.1.0"]);
    let list = world.run(&["plugin", "list", "-o", "json"]).json();
    assert_eq!((&list[0]["key"], &list[0]["locked"]), (&"corp/mine".into(), &"1.0.0".into()));
    world.configure("corp/mien", "repository/index.yaml", "");
    world.refuses(&["plugin", "list"], 1, &["is `mine` meant?"]);
    world.machine.file("botkube.yaml", "communications: {main: {console: {}}}\n");
    world.says(&["plugin", "list"], &["the configuration has no plugin of a repository"]);
}

#[test]
fn these_verbs_need_a_configuration() {
    let machine = Machine::new();
    for verb in [&["lock"][..], &["plugin", "list"], &["plugin", "bundle", "b.tar.gz"]] {
        let outcome = finish(machine.botkube(verb), "");
        assert_eq!(outcome.code, 2, "{outcome:?}");
        contains(&outcome.stderr, &["no configuration: give one with --config FILE"]);
    }
}
