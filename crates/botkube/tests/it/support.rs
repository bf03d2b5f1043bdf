//! A machine of its own for every test: a home, a directory for temporary files, and nothing else in the environment. It
//! knows no single test.

use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::PathBuf,
    process::Command,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

/// Longer than any command here may take, so that one that hangs is a failure and not a wait.
const PATIENCE: Duration = Duration::from_secs(60);

/// A fresh machine; it goes with all that is on it.
pub(crate) struct Machine {
    dir: TempDir,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Machine {
    pub(crate) fn new() -> Self {
        // Not wherever TMPDIR leads: the path of a plugin's socket must be short.
        let dir = tempfile::Builder::new().prefix("bk-").tempdir_in("/tmp").unwrap();
        fs::create_dir(dir.path().join("tmp")).unwrap();
        Self { dir }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Nothing is left where this machine's programs put temporary files.
    #[track_caller]
    pub(crate) fn is_tidy(&self) {
        let left: Vec<_> = fs::read_dir(self.path("tmp")).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(left.is_empty(), "{left:?}");
    }

    /// A file, for example a configuration; its path is returned.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), content).unwrap();
        self.path(name).display().to_string()
    }

    /// An executable file.
    pub(crate) fn script(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.file(name, content);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    /// The misbehaving executor under the name `executor_<fault>`, which asks for that fault.
    pub(crate) fn misbehaving(&self, fault: &str) -> String {
        let path = self.path(&format!("executor_{fault}"));
        symlink(conformance::program("executor-misbehaving"), &path).unwrap();
        path.display().to_string()
    }

    /// `botkube` with these arguments, on this machine.
    pub(crate) fn botkube(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_botkube"));
        command.args(args).env_clear().current_dir(self.dir.path());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.dir.path()).env("TMPDIR", self.path("tmp")).env("USER", "ada");
        // Several agents run at a time.
        command.env("BOTKUBE_SETTINGS_HEALTH__PORT", "0").env("BOTKUBE_SETTINGS_METRICS__PORT", "0");
        command
    }

    pub(crate) fn run(&self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Outcome {
        finish(self.botkube(args), "")
    }

    /// `botkube exec -o json` with these arguments, which end with `--` and words.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        self.run(["exec", "-o", "json"].iter().chain(args)).json()
    }
}

/// Runs to the end with this on standard input.
pub(crate) fn finish(command: Command, input: impl Into<Vec<u8>>) -> Outcome {
    let output = assert_cmd::Command::from(command).timeout(PATIENCE).write_stdin(input).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("what a person reads is UTF-8");
    Outcome {
        code: output.status.code().expect("it ends by itself"),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

impl Outcome {
    /// The one object on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

/// The status of an answer and its text, which must contain all of `said`.
#[track_caller]
pub(crate) fn check(answer: &Value, status: &str, said: &[&str]) {
    assert_eq!(answer["status"], status, "{answer}");
    contains(answer["text"].as_str().unwrap(), said);
}

#[track_caller]
pub(crate) fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}
