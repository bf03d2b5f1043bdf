//! The plugin's socket, from its name to its removal; it knows nothing of what is served on it.

use std::{
    env, io,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rustix::process::{Pid, getppid};
use tokio::{net::UnixListener, task::JoinSet, time};
use tokio_util::sync::CancellationToken;

use super::{connection, router::Router};
use crate::handshake::{Address, env as names};

/// The longest path a socket may have: what `sockaddr_un` holds, less its final zero.
const LONGEST_PATH: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// How often a plugin to which nobody is connected looks whether its host is gone.
const ORPHAN_CHECK: Duration = Duration::from_millis(200);

/// A bound socket; its file goes when this does.
pub(super) struct Listener {
    listener: UnixListener,
    path: PathBuf,
    /// Who was our parent before the handshake was printed: printing it to a host that was gone by then fails.
    parent: Option<Pid>,
}

/// Why a plugin cannot listen.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListenError {
    #[error(
        "the socket's path would be {length} bytes long and may be {LONGEST_PATH}: {path}; set {} or TMPDIR to a shorter \
         directory",
        names::UNIX_SOCKET_DIR
    )]
    PathTooLong { path: PathBuf, length: usize },
    #[error(
        "cannot listen on {path}; set {} or TMPDIR to a directory this process may write to",
        names::UNIX_SOCKET_DIR
    )]
    Bind {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

impl Listener {
    /// Binds a socket with a fresh name in `PLUGIN_UNIX_SOCKET_DIR` or else in the directory for temporary files.
    pub(super) fn bind() -> Result<Self, ListenError> {
        let dir = env::var_os(names::UNIX_SOCKET_DIR).filter(|dir| !dir.is_empty());
        Self::bind_in(&dir.map_or_else(env::temp_dir, PathBuf::from))
    }

    fn bind_in(dir: &Path) -> Result<Self, ListenError> {
        // The process id keeps living plugins apart; the loop passes over what a dead one with the same id left behind.
        let mut last = 0;
        loop {
            let path = dir.join(format!("plugin{}{last:03}", std::process::id()));
            let length = path.as_os_str().as_bytes().len();
            if length > LONGEST_PATH {
                return Err(ListenError::PathTooLong { path, length });
            }
            match UnixListener::bind(&path) {
                Ok(listener) => return Ok(Self { listener, path, parent: getppid() }),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && last < 999 => last += 1,
                Err(source) => return Err(ListenError::Bind { path, source }),
            }
        }
    }

    pub(super) fn address(&self) -> Address {
        Address::Unix(self.path.clone())
    }

    /// Accepts until `shutdown`, then lets running calls end within `drain`, calls `drained`, and lets the connections end.
    /// A parent that is the host is not outlived.
    pub(super) async fn serve(
        self,
        router: Arc<Router>,
        tls: connection::Tls,
        has_host: bool,
        shutdown: &CancellationToken,
        drain: Duration,
        drained: impl FnOnce(),
    ) {
        let calls = router.calls();
        let closing = CancellationToken::new();
        let mut connections = JoinSet::new();
        let mut orphan_check = time::interval(ORPHAN_CHECK);
        orphan_check.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        connections.spawn(connection::serve(stream, router.clone(), tls.clone(), closing.clone()));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "cannot accept a connection");
                        time::sleep(Duration::from_millis(10)).await;
                    }
                },
                Some(_) = connections.join_next() => {}
                // A host that was killed cannot say Shutdown: its connection breaks and its children get another parent.
                _ = orphan_check.tick(), if has_host && connections.is_empty() => {
                    if getppid() != self.parent {
                        tracing::debug!("the host is gone");
                        break;
                    }
                }
            }
        }
        let deadline = time::Instant::now() + drain;
        let _ = time::timeout_at(deadline, calls.none()).await;
        drained();
        closing.cancel();
        let _ = time::timeout_at(deadline.max(time::Instant::now() + drain / 5), async {
            while connections.join_next().await.is_some() {}
        })
        .await;
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_socket_file_goes_with_the_listener() {
        let dir = tempfile::tempdir().unwrap();
        let listener = Listener::bind_in(dir.path()).unwrap();
        let path = listener.path.clone();
        assert!(path.exists());
        drop(listener);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_file_left_behind_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let first = Listener::bind_in(dir.path()).unwrap();
        let second = Listener::bind_in(dir.path()).unwrap();
        assert_ne!(first.path, second.path);
    }

    #[tokio::test]
    async fn a_path_too_long_for_a_socket_is_said_with_the_way_out() {
        let dir = Path::new("/tmp").join("x".repeat(120));
        let error = Listener::bind_in(&dir).err().unwrap().to_string();
        assert!(error.contains("may be 107") && error.contains("PLUGIN_UNIX_SOCKET_DIR"), "{error}");
    }

    #[tokio::test]
    async fn a_directory_that_does_not_exist_is_said() {
        let error = Listener::bind_in(Path::new("/nowhere")).err().unwrap().to_string();
        assert!(error.contains("/nowhere/plugin"), "{error}");
    }
}
