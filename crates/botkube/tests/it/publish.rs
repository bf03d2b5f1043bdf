//! A plugin from a folder to those who install it, by hand: `plugin index`, `plugin serve`, `plugin inspect`.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
};

use botkube_plugin_host::index::Platform;
use conformance::{eventually, program};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::support::{Machine, contains};

/// `executor_<name>_<os>_<architecture>` for this machine.
fn built(name: &str) -> String {
    let Platform { os, architecture } = Platform::current();
    format!("executor_{name}_{os}_{architecture}")
}

/// A machine with the echo executor in the folder `dist`.
fn machine() -> Machine {
    let machine = Machine::new();
    fs::create_dir(machine.path("dist")).unwrap();
    fs::copy(program("executor-echo"), machine.path("dist").join(built("echo"))).unwrap();
    machine
}

/// A server, its first line, and its end.
pub(crate) struct Serving {
    child: Child,
    pub(crate) url: String,
}

impl Serving {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim().to_owned() }
    }

    /// The exit code after this signal, and what it said meanwhile.
    pub(crate) fn stop(mut self, signal: Signal) -> (Option<i32>, String) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let code = self.child.wait().unwrap().code();
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        (code, said)
    }
}

#[test]
fn an_index_is_written_and_said() {
    let machine = machine();
    let outcome = machine.run(["plugin", "index", "dist", "--url-base", "https://example.org/v1"]);
    assert_eq!(outcome.code, 0, "{outcome:?}");
    contains(&outcome.stdout, &["plugins-index.yaml", "executor echo 1.0.0: "]);
    let yaml = fs::read_to_string(machine.path("plugins-index.yaml")).unwrap();
    contains(&yaml, &[&format!("https://example.org/v1/{}", built("echo"))]);
    machine.is_tidy();
}

#[test]
fn the_flags_of_upstreams_index_builder_do_the_same() {
    let machine = machine();
    let ours = machine.run(["plugin", "index", "dist", "--url-base", "https://example.org", "--output-path", "-"]);
    let mut theirs = machine.botkube([
        "plugin",
        "index",
        "-binaries-path",
        "dist",
        "-output-path=-",
        "-plugin-name-filter",
        "ech",
        "--use-archive=false",
    ]);
    theirs.env("PLUGIN_DOWNLOAD_URL_BASE_PATH", "https://example.org");
    let theirs = crate::support::finish(theirs, "");
    assert_eq!((theirs.code, theirs.stdout), (0, ours.stdout));
}

#[test]
fn an_index_that_cannot_be_made_leaves_the_one_before() {
    let machine = machine();
    machine.file("plugins-index.yaml", "entries: []\n");
    machine.script(&format!("dist/{}", built("dead")), "#!/bin/sh\necho oh no >&2\nexit 3\n");
    let outcome = machine.run(["plugin", "index", "dist", "--url-base", "https://example.org"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (1, ""));
    contains(&outcome.stderr, &[&built("dead"), "oh no"]);
    assert_eq!(fs::read_to_string(machine.path("plugins-index.yaml")).unwrap(), "entries: []\n");
    machine.is_tidy();
}

#[test]
fn what_cannot_be_published_at_all_is_the_callers_mistake() {
    let machine = machine();
    fs::create_dir(machine.path("empty")).unwrap();
    for (args, expected) in [
        (vec!["gone", "--url-base", "https://example.org"], "cannot read the folder `gone`"),
        (vec!["empty", "--url-base", "https://example.org"], "holds no plugin"),
        (vec!["dist", "--url-base", "example.org"], "does not begin with https://"),
        (vec!["dist", "--url-base", "https://example.org", "--plugin-name-filter", "("], "--plugin-name-filter"),
        (vec!["dist", "--url-base", "https://example.org", "--minimum-agent-version", "x"], "no version of an agent"),
        (vec!["dist"], "--url-base"),
    ] {
        let outcome = machine.run([&["plugin", "index"], args.as_slice()].concat());
        assert_eq!(outcome.code, 2, "{outcome:?}");
        contains(&outcome.stderr, &[expected]);
    }
}

#[test]
fn a_repository_is_served_until_a_signal_comes() {
    for signal in [Signal::TERM, Signal::INT] {
        let machine = machine();
        let serving = Serving::start(machine.botkube(["plugin", "serve", "dist"]));
        let inspected = machine.run([
            "plugin",
            "inspect",
            "-o",
            "json",
            &serving.url.replace("plugins-index.yaml", &format!("static/{}", built("echo"))),
        ]);
        assert_eq!(inspected.json()["plugin"]["version"], "1.0.0");
        let (code, said) = serving.stop(signal);
        assert_eq!(code, Some(0));
        contains(&said, &[&format!("GET /static/{} 200", built("echo"))]);
        machine.is_tidy();
    }
}

#[test]
fn a_port_that_is_taken_is_said_with_what_to_do() {
    let machine = machine();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let outcome = machine.run(["plugin", "serve", "dist", "--port", &port]);
    assert_eq!(outcome.code, 2);
    contains(&outcome.stderr, &[&format!("port {port} of this machine is taken"), "--port"]);
}

#[test]
fn a_plugin_of_a_private_repository_is_inspected_by_its_key() {
    let machine = machine();
    let serving = Serving::start(machine.botkube(["plugin", "serve", "dist", "--header", "X-Token: secret"]));
    let configuration = |token: &str| {
        format!(
            "communications: {{ c: {{ console: {{}} }} }}\nplugins:\n  cacheDir: {}\n  repositories:\n    corp:\n      url: \
             {}\n      headers: {{ X-Token: {token} }}\n",
            machine.path("cache").display(),
            serving.url
        )
    };
    let wrong = machine.file("wrong.yaml", configuration("guess"));
    let refused = machine.run(["plugin", "inspect", "--config", &wrong, "corp/echo"]);
    assert_eq!(refused.code, 2);
    contains(&refused.stderr, &["401"]);
    let right = machine.file("right.yaml", configuration("secret"));
    let found: Value = machine.run(["plugin", "inspect", "-o", "json", "--config", &right, "corp/echo"]).json();
    assert_eq!(found["index"]["checksum"], found["file"]["sha256"]);
    let gone = machine.run(["plugin", "inspect", "--config", &right, "corp/ecko"]);
    contains(&gone.stderr, &["is `echo` meant?"]);
    let (_, said) = serving.stop(Signal::TERM);
    assert!(!said.contains("secret"), "{said}");
}

#[test]
fn what_is_no_plugin_is_said_with_what_it_printed() {
    let machine = machine();
    let dead = machine.script("executor_dead", "#!/bin/sh\necho oh no >&2\nexit 3\n");
    let outcome = machine.run(["plugin", "inspect", &dead]);
    assert_eq!(outcome.code, 1);
    contains(&outcome.stdout, &["script, /bin/sh"]);
    contains(&outcome.stderr, &["it did not start", "oh no"]);
    for (target, expected) in [("nowhere", "there is no file `nowhere`"), ("corp/echo", "--config FILE")] {
        let outcome = machine.run(["plugin", "inspect", target]);
        assert_eq!(outcome.code, 2);
        contains(&outcome.stderr, &[expected]);
    }
    eventually("nothing is left", || fs::read_dir(machine.path("tmp")).unwrap().next().is_none());
}
