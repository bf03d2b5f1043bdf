//! Compilers and the like as processes: what they print is passed on line by line, and they end with whoever waits for them.
//! It knows none of them.

use std::{
    io,
    process::{ExitStatus, Stdio},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    time,
};

/// The most bytes of one line; what is longer comes in pieces.
const LONGEST_LINE: usize = 1 << 20;

/// The most bytes of a tool's words that are kept for an error; its first words matter most.
const KEPT: usize = 1 << 20;

/// How long what a tool printed may still come after its end, should something it left behind hold its outputs open.
const LATE: Duration = Duration::from_secs(1);

/// Where what a tool prints on standard output goes.
pub(crate) type Line<'a> = &'a (dyn Fn(&str) + Send + Sync);

/// How a tool ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// What it said, at most [`KEPT`] bytes.
    pub(crate) words: String,
}

/// A process with all that it started, which dies with this.
struct Group(Option<Child>);

/// Runs a tool to its end. Its standard error is said; so is its standard output, unless somebody else `reads` it. It has no
/// input and no colours. Dropping the future kills it and its children.
///
/// # Errors
/// When there is no such program, or it cannot be run.
pub(crate) async fn run(command: Command, said: Line<'_>, reads: Option<Line<'_>>) -> io::Result<Ended> {
    let mut group = Group::start(command)?;
    let child = group.0.as_mut().expect("it is there until it ended");
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let words = Mutex::new(String::new());
    let say = |line: &str| {
        said(line);
        let mut words = words.lock().unwrap_or_else(PoisonError::into_inner);
        if words.len() + line.len() < KEPT {
            words.push_str(line);
            words.push('\n');
        }
    };
    let status = {
        let printed = async {
            tokio::join!(lines(out, reads.unwrap_or(&say)), lines(err, &say));
        };
        tokio::pin!(printed);
        tokio::select! {
            () = &mut printed => child.wait().await?,
            status = child.wait() => {
                let _ = time::timeout(LATE, printed).await;
                status?
            }
        }
    };
    group.0 = None;
    Ok(Ended { status, words: words.into_inner().unwrap_or_else(PoisonError::into_inner) })
}

async fn lines(from: Option<impl AsyncRead + Unpin>, each: Line<'_>) {
    let Some(mut from) = from else { return };
    let mut rest: Vec<u8> = Vec::new();
    let mut chunk = [0; 8 << 10];
    // An output that cannot be read is one that has ended.
    while let Ok(length @ 1..) = from.read(&mut chunk).await {
        let mut fresh = &chunk[..length];
        while let Some(end) = fresh.iter().position(|byte| *byte == b'\n') {
            rest.extend_from_slice(&fresh[..end]);
            say(&rest, each);
            rest.clear();
            fresh = &fresh[end + 1..];
        }
        rest.extend_from_slice(fresh);
        if rest.len() > LONGEST_LINE {
            say(&rest, each);
            rest.clear();
        }
    }
    if !rest.is_empty() {
        say(&rest, each);
    }
}

fn say(line: &[u8], each: Line<'_>) {
    each(String::from_utf8_lossy(line).trim_end_matches('\r'));
}

impl Group {
    fn start(mut command: Command) -> io::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        command.env("NO_COLOR", "1").env("CARGO_TERM_COLOR", "never").env("CARGO_TERM_PROGRESS_WHEN", "never");
        command.spawn().map(|child| Self(Some(child)))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // As long as nobody has waited for it, its number is nobody else's.
        let leader = self.0.as_ref().and_then(Child::id).and_then(|id| Pid::from_raw(id.try_into().ok()?));
        if let Some(leader) = leader {
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Mutex};

    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn what_a_tool_prints_comes_line_by_line_and_is_kept() {
        let said = Mutex::new(Vec::new());
        let script = "printf 'one\\r\\ntwo'; printf 'bad \\377\\n' >&2; exit 3";
        let ended = run(sh(script), &|line| said.lock().unwrap().push(line.to_owned()), None).await.unwrap();
        let mut said = said.into_inner().unwrap();
        said.sort();
        assert_eq!(said, ["bad \u{fffd}", "one", "two"]);
        assert_eq!((ended.status.code(), ended.words.len()), (Some(3), "one\ntwo\nbad \u{fffd}\n".len()));
    }

    #[tokio::test]
    async fn something_left_behind_is_not_waited_for() {
        let ended = time::timeout(Duration::from_secs(10), run(sh("sleep 30 & echo $!"), &|_| {}, None)).await;
        let words = ended.expect("it ended long ago").unwrap().words;
        let left = Pid::from_raw(words.trim().parse().unwrap()).unwrap();
        rustix::process::kill_process(left, Signal::KILL).unwrap();
    }

    #[tokio::test]
    async fn a_tool_dies_with_its_children_when_nobody_waits_any_more() {
        let dir = tempfile::tempdir().unwrap();
        let pid = dir.path().join("pid");
        let script = format!("sleep 300 & echo $! > {0}.new && mv {0}.new {0}; wait", pid.display());
        {
            let running = run(sh(&script), &|_| {}, None);
            tokio::pin!(running);
            while !pid.exists() {
                let _ = time::timeout(Duration::from_millis(10), &mut running).await;
            }
        }
        let child: u32 = fs::read_to_string(pid).unwrap().trim().parse().unwrap();
        // It may be a zombie that nobody has waited for.
        let gone = || fs::read_to_string(format!("/proc/{child}/stat")).map_or(true, |stat| stat.contains(") Z "));
        time::timeout(Duration::from_secs(10), async {
            while !gone() {
                time::sleep(Duration::from_millis(10)).await;
            }
        })
        .await
        .expect("it was killed");
    }
}
