//! Follows docs/writing-a-plugin.md as a stranger would: writes and edits its files, types its commands, talks to what they
//! start, and compares what is shown. It knows nothing of what the tutorial teaches.
//!
//! On the page, ```` ```lang path ```` is a file and ```` ```diff path ```` a change of one, ```` ```console ```` holds commands
//! and what they print, and ```` ```chat ```` is said to, and heard from, the last command that stays: `› ` is said, what
//! follows is the answer, what comes before is a notice, and `^D` leaves. A line `…` stands for any others, and one length of
//! time is as good as another. Port 3010 is another one here.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    env, fs,
    io::{Read, Write},
    net::TcpListener,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use conformance::root;

/// Commands that go on until somebody ends them.
const STAY: [&str; 3] = ["botkube dev", "botkube run", "botkube plugin serve"];

/// What a reader does to get the agent, which is here already.
const DONE: [&str; 2] = ["git clone", "cargo install"];

/// For the first build of all that a plugin is made of, on a machine with other things to do.
const PATIENCE: Duration = Duration::from_secs(600);

/// One thing the page asks for.
#[derive(Debug, PartialEq)]
enum Step {
    /// A file with this content.
    File(String, String),
    /// A change of a file.
    Change(String, String),
    /// A command and what is shown below it.
    Command(String, String),
    /// A notice that comes by itself.
    Notice(String),
    /// Something said, and its answer.
    Said(String, String),
    /// Leaving a chat.
    Leave,
}

/// A reader's terminals.
struct Reader {
    dir: PathBuf,
    home: tempfile::TempDir,
    programs: PathBuf,
    staying: Vec<Staying>,
}

/// A command that goes on.
struct Staying {
    command: String,
    child: Child,
    shown: Arc<Mutex<String>>,
    told: Arc<Mutex<String>>,
    /// How much of `shown` was answers already, and of `told` notices.
    read: usize,
    noticed: usize,
}

/// What the page asks for, in order.
fn steps(page: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let text = || block.join("\n") + "\n";
        match info.split_once(' ') {
            Some(("diff", path)) => steps.push(Step::Change(path.to_owned(), text())),
            Some((_, path)) => steps.push(Step::File(path.to_owned(), text())),
            None if info == "console" => steps.extend(commands(&block)),
            None if info == "chat" => steps.extend(chat(&block)),
            None => {}
        }
    }
    steps
}

fn commands(block: &[&str]) -> Vec<Step> {
    let mut commands: Vec<Step> = Vec::new();
    for line in block {
        match (line.strip_prefix("$ "), commands.last_mut()) {
            (Some(command), _) => commands.push(Step::Command(command.to_owned(), String::new())),
            (None, Some(Step::Command(_, output))) => *output += &format!("{line}\n"),
            _ => panic!("output without a command: {line}"),
        }
    }
    commands
}

fn chat(block: &[&str]) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for line in block {
        match (line.strip_prefix("› "), steps.last_mut()) {
            (Some(said), _) => steps.push(Step::Said(said.to_owned(), String::new())),
            (None, _) if *line == "^D" => steps.push(Step::Leave),
            (None, Some(Step::Said(_, answer))) => *answer += &format!("{line}\n"),
            (None, _) => steps.push(Step::Notice((*line).to_owned())),
        }
    }
    steps
}

/// The text with these changes: after each `@@` lines that are there, lines to remove, and lines to add.
fn changed(text: &str, diff: &str) -> String {
    diff.split("@@\n").fold(text.to_owned(), |text, hunk| {
        let side = |not: char| {
            let lines = hunk.lines().filter(|line| !line.starts_with(not));
            lines.map(|line| line.get(1..).unwrap_or_default().to_owned() + "\n").collect::<String>()
        };
        let (before, after) = (side('+'), side('-'));
        assert_eq!(text.matches(&before).count(), 1, "the file has not once\n{before}\n{text}");
        text.replace(&before, &after)
    })
}

/// The text with `#` for every number of seconds or milliseconds.
fn masked(text: &str) -> String {
    let is_number = |word: &str| word.starts_with(|c: char| c.is_ascii_digit()) && word.parse::<f64>().is_ok();
    let is_unit = |word: &str| ["s", "ms"].contains(&word.trim_end_matches(['.', ',']));
    let line = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let is_time = |at: usize| is_number(words[at]) && words.get(at + 1).is_some_and(|next| is_unit(next));
        let words = words.iter().enumerate().map(|(at, word)| if is_time(at) { "#" } else { word });
        words.collect::<Vec<_>>().join(" ")
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// Whether this is what the page shows; nothing shown means nothing compared.
fn is_as_shown(expected: &str, seen: &str) -> bool {
    fn lines_fit(expected: &[String], seen: &[String]) -> bool {
        match expected.split_first() {
            None => seen.is_empty(),
            Some((line, rest)) if line == "…" => (0..=seen.len()).any(|skipped| lines_fit(rest, &seen[skipped..])),
            Some((line, rest)) => seen.first() == Some(line) && lines_fit(rest, &seen[1..]),
        }
    }
    let lines = |text: &str| masked(text).lines().map(str::to_owned).collect::<Vec<_>>();
    expected.is_empty() || lines_fit(&lines(expected), &lines(seen))
}

impl Reader {
    fn new(programs: PathBuf) -> Self {
        let home = tempfile::Builder::new().prefix("bk-").tempdir_in("/tmp").unwrap();
        // In place of the clone and the installation.
        symlink(root(), home.path().join("botkube-rs")).unwrap();
        fs::create_dir_all(home.path().join("at/home")).unwrap();
        fs::create_dir(home.path().join("tmp")).unwrap();
        Self { dir: home.path().to_owned(), home, programs, staying: Vec::new() }
    }

    fn follow(&mut self, step: Step) {
        match step {
            Step::File(name, content) => {
                let file = self.dir.join(name);
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, content).unwrap();
            }
            Step::Change(name, diff) => {
                let file = self.dir.join(name);
                let text = fs::read_to_string(&file).unwrap();
                fs::write(file, changed(&text, &diff)).unwrap();
            }
            Step::Command(command, _) if DONE.iter().any(|done| command.starts_with(done)) => {}
            Step::Command(command, expected) => match command.strip_prefix("cd ") {
                Some(folder) => self.enter(folder),
                None if STAY.iter().any(|stays| command.starts_with(stays)) => self.start(&command, &expected),
                None => self.run(&command, &expected),
            },
            Step::Notice(notice) => self.staying.last_mut().expect("something runs").notice(&notice),
            Step::Said(line, answer) => self.staying.last_mut().expect("something runs").say(&line, &answer),
            Step::Leave => self.staying.pop().expect("something runs").leave(),
        }
    }

    fn enter(&mut self, folder: &str) {
        self.dir = self.dir.join(folder).canonicalize().unwrap();
        if self.dir.join("Cargo.toml").exists() {
            // What is built is kept, and shared with other tests, so that the SDK is built once.
            let kept = self.programs.parent().unwrap().join("scaffold");
            fs::create_dir_all(&kept).unwrap();
            symlink(kept, self.dir.join("target")).unwrap();
        }
    }

    fn shell(&self, command: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(&self.dir);
        shell.env("PATH", format!("{}:{}", self.programs.display(), env::var("PATH").unwrap()));
        shell.env("TMPDIR", self.home.path().join("tmp"));
        for place in ["XDG_STATE_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"] {
            shell.env(place, self.home.path().join("at/home"));
        }
        shell.env_remove("CARGO_TARGET_DIR").env_remove("BOTKUBE_CONFIG_PATHS");
        // The page says nothing of how fast a plugin is, and a compiler that optimizes takes minutes.
        shell.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0").env("CARGO_INCREMENTAL", "0");
        shell
    }

    fn run(&self, command: &str, expected: &str) {
        let output = self.shell(command).stdin(Stdio::null()).output().unwrap();
        let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "$ {command}\n{stdout}{stderr}");
        assert!(is_as_shown(expected, &stdout), "$ {command}\n{stdout}\nand not\n{expected}\n{stderr}");
    }

    fn start(&mut self, command: &str, expected: &str) {
        let mut shell = self.shell(&format!("exec {command}"));
        let mut child = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (shown, told) = (heard(child.stdout.take().unwrap()), heard(child.stderr.take().unwrap()));
        let mut staying = Staying { command: command.to_owned(), child, shown, told, read: 0, noticed: 0 };
        if !expected.is_empty() {
            staying.hears(expected);
        }
        self.staying.push(staying);
    }
}

impl Staying {
    fn shown(&self) -> String {
        self.shown.lock().unwrap().clone()
    }

    fn told(&self) -> String {
        self.told.lock().unwrap().clone()
    }

    #[track_caller]
    fn until(&mut self, what: &str, condition: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !condition(self) {
            let ended = self.child.try_wait().unwrap();
            assert!(
                began.elapsed() < PATIENCE && ended.is_none(),
                "$ {}\n{}\n{}\nand not\n{what}\n{ended:?}",
                self.command,
                self.shown(),
                self.told()
            );
            thread::park_timeout(Duration::from_millis(10));
        }
    }

    /// Waits for as many lines as are expected, and compares them.
    fn hears(&mut self, expected: &str) {
        let (from, length) = (self.read, expected.lines().count());
        self.until(expected, |staying| staying.shown()[from..].matches('\n').count() >= length);
        let seen = self.shown()[from..].to_owned();
        assert!(is_as_shown(expected, &seen), "$ {}\n{seen}\nand not\n{expected}\n{}", self.command, self.told());
        self.read += seen.len();
    }

    fn say(&mut self, line: &str, answer: &str) {
        writeln!(self.child.stdin.as_mut().expect("nobody left it"), "{line}").unwrap();
        self.hears(answer);
    }

    /// Waits for a notice that was not yet there.
    fn notice(&mut self, notice: &str) {
        let (from, expected) = (self.noticed, masked(notice));
        self.until(notice, |staying| masked(&staying.told()[from..]).contains(&expected));
        self.noticed = self.told().len();
    }

    fn leave(mut self) {
        drop(self.child.stdin.take());
        let ended = self.child.wait().unwrap();
        assert!(ended.success(), "$ {}\n{ended}: {}", self.command, self.told());
    }
}

impl Drop for Staying {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn heard(mut from: impl Read + Send + 'static) -> Arc<Mutex<String>> {
    let text = Arc::new(Mutex::new(String::new()));
    let kept = text.clone();
    thread::spawn(move || {
        let mut buffer = [0; 4096];
        let mut bytes = Vec::new();
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            bytes.extend_from_slice(&buffer[..length]);
            *kept.lock().unwrap() = String::from_utf8_lossy(&bytes).into_owned();
        }
    });
    text
}

/// The page, with a port that is free.
fn page() -> String {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let page = fs::read_to_string(root().join("docs/writing-a-plugin.md")).unwrap();
    page.replace("3010", &free.to_string())
}

fn built() -> PathBuf {
    let target: &Path = &env::current_exe().unwrap();
    let programs = target.ancestors().nth(2).unwrap().to_owned();
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--package", "botkube", "--target-dir"]).arg(programs.parent().unwrap());
    assert!(build.current_dir(root()).status().unwrap().success());
    programs
}

/// The page builds a release, which wants the target that programs without a C library are for.
mod foreign {
    use super::*;

    #[test]
    fn the_tutorial_works_as_printed() {
        let mut reader = Reader::new(built());
        let steps = steps(&page());
        let typed = steps.iter().filter(|step| matches!(step, Step::Command(..))).count();
        let said = steps.iter().filter(|step| matches!(step, Step::Said(..))).count();
        assert!(typed > 15 && said > 4, "the page has lost its commands");
        for step in steps {
            reader.follow(step);
        }
    }
}

#[test]
fn files_commands_and_chats_are_told_apart() {
    let page = "text\n```rust src/main.rs\nfn main() {}\n```\n```console\n$ a b\nout\n$ c\n```\n```yaml\nx: 1\n```\n\
                ```diff x\n+1\n```\n```chat\nit is new\n› hello\nyes\n^D\n```\n";
    let expected = [
        Step::File("src/main.rs".into(), "fn main() {}\n".into()),
        Step::Command("a b".into(), "out\n".into()),
        Step::Command("c".into(), String::new()),
        Step::Change("x".into(), "+1\n".into()),
        Step::Notice("it is new".into()),
        Step::Said("hello".into(), "yes\n".into()),
        Step::Leave,
    ];
    assert_eq!(steps(page), expected);
}

#[test]
fn a_change_is_made_where_its_lines_are() {
    assert_eq!(changed("a\nb\nc\nd\n", " a\n-b\n+x\n+y\n@@\n d\n+e\n"), "a\nx\ny\nc\nd\ne\n");
}

#[test]
fn only_lengths_of_time_and_lines_left_out_may_differ() {
    assert!(is_as_shown("", "anything"));
    assert!(is_as_shown("built in 1.3 s, 90 ms more.\n", "built in 12.0 s, 4 ms more.\n"));
    assert!(is_as_shown("…\nb\n…\n", "a\nb\nc\n"));
    assert!(!is_as_shown("built 3 of 4\n", "built 4 of 4\n"));
    assert!(!is_as_shown("a\n", "a\nb\n"));
}
