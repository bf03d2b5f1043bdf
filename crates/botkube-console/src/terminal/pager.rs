//! Hands a long text to a program that pages it. It knows no channel.

use std::{
    env,
    fs::File,
    io::{self, Seek, Write},
    process::Stdio,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    process::{Child, Command},
    time,
};
use tokio_util::sync::CancellationToken;

/// How long a pager that is told to end may take to put the terminal right.
const GRACE: Duration = Duration::from_secs(1);

/// A text to page.
pub(super) enum Long {
    Text(String),
    File(File),
}

/// Pages a text with `$PAGER`, else `less`, else `more`, and returns when the person is done with it, or soon after `stop`.
///
/// # Errors
///
/// When there is no such program, or no room for the text.
pub(super) async fn page(long: Long, stop: &CancellationToken) -> io::Result<()> {
    let mut file = match long {
        Long::File(file) => file,
        Long::Text(text) => {
            let mut file = tempfile::tempfile()?;
            file.write_all(text.as_bytes())?;
            file
        }
    };
    file.rewind()?;
    let wanted = env::var("PAGER").ok().filter(|pager| !pager.trim().is_empty());
    let pager = wanted.as_deref().unwrap_or("$(command -v less || echo more)");
    // In the shell's place, so that it is the pager that is told to end; variables may be set before its name.
    let line = format!("exec env {pager}");
    let mut child = Command::new("sh").arg("-c").arg(&line).stdin(Stdio::from(file)).kill_on_drop(true).spawn()?;
    let status = tokio::select! {
        status = child.wait() => status?,
        () = stop.cancelled() => return end(child).await,
    };
    // 127: there is no such program.
    if status.code() == Some(127) {
        let name = wanted.as_deref().unwrap_or("less");
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("there is no program `{name}`; set PAGER")));
    }
    Ok(())
}

/// Ends a pager.
async fn end(mut child: Child) -> io::Result<()> {
    if let Some(pid) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
        // It may have ended by itself.
        let _ = kill_process(pid, Signal::TERM);
    }
    match time::timeout(GRACE, child.wait()).await {
        Ok(ended) => ended.map(drop),
        Err(_) => child.kill().await,
    }
}
