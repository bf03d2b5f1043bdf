//! Plugins that somebody else starts, in a terminal or a debugger: what they have to be given, how their socket is found, and
//! when they count as ended. It makes no process and ends none.

use std::{
    ffi::OsString,
    fmt, fs, io,
    os::unix::fs::FileTypeExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::{net::UnixStream, time};

use super::{Connection, Exit, Output, connection};
use crate::handshake::{Cookie, env as names};

/// How often it is looked for a socket.
const LOOK: Duration = Duration::from_millis(100);
/// How long a socket's owner may take to say that it is well, until another socket gets its turn.
const ANSWER: Duration = Duration::from_secs(2);

/// A plugin that somebody else starts.
#[derive(Clone)]
#[non_exhaustive]
pub struct Attach {
    /// The directory in which its socket appears; nobody else's may be in it.
    pub dir: PathBuf,
    /// How long it may take to leave once asked to: 2 s by default. Then it is left alone.
    pub grace: Duration,
    /// Gets what its code prints, which travels over the connection. It is called from the task that reads, so it must not
    /// block. What it logs goes to its own standard error.
    pub output: Arc<dyn Fn(Output) + Send + Sync>,
}

impl Attach {
    /// Waits for a plugin's socket in this directory, and logs what the plugin prints with `tracing`.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        let output = Arc::new(|output: Output| tracing::debug!(origin = ?output.origin, "{}", output.entry));
        Self { dir: dir.into(), grace: Duration::from_secs(2), output }
    }

    /// The protocol's variables that a plugin has to be started with to be found in this directory, both with this crate
    /// and with go-plugin from 1.4 on.
    #[must_use]
    pub fn variables(&self, cookie: &Cookie, versions: &[u32]) -> Vec<(&'static str, OsString)> {
        let versions: Vec<String> = versions.iter().map(u32::to_string).collect();
        let dir = || self.dir.clone().into_os_string();
        vec![
            (cookie.key, cookie.value.into()),
            (names::PROTOCOL_VERSIONS, versions.join(",").into()),
            // Older plugins know only the second one.
            (names::UNIX_SOCKET_DIR, dir()),
            ("TMPDIR", dir()),
        ]
    }

    /// Waits for a socket whose owner is well, however long that takes.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read.
    pub(super) async fn find(&self) -> io::Result<Connection> {
        let mut looks = time::interval(LOOK);
        looks.set_missed_tick_behavior(time::MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            for socket in sockets(&self.dir)? {
                if let Some(connection) = answering(&socket).await {
                    return Ok(connection);
                }
            }
        }
    }
}

impl fmt::Debug for Attach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attach").field("dir", &self.dir).field("grace", &self.grace).finish_non_exhaustive()
    }
}

/// A plugin that somebody else started. Dropping it closes the connection.
#[derive(Debug)]
pub(super) struct Attached {
    pub(super) connection: Connection,
}

impl Attached {
    /// Waits until the connection is closed, by whomever.
    pub(super) async fn exited(&self) -> Exit {
        self.connection.closed().await;
        Exit { status: None, killed: false, attached: true, left_socket: false, output: Vec::new() }
    }

    /// Leaves it to itself.
    pub(super) async fn let_go(&self) -> Exit {
        self.connection.close();
        self.exited().await
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.connection.close();
    }
}

/// The sockets in a directory, the newest first: of two, the other one is what an earlier plugin left behind.
fn sockets(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found: Vec<(SystemTime, PathBuf)> = Vec::new();
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        // It may be gone by now.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.file_type().is_socket() {
            found.push((metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH), entry.path()));
        }
    }
    found.sort_unstable_by(|one, other| other.cmp(one));
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

async fn answering(socket: &Path) -> Option<Connection> {
    let asked = async {
        let stream = UnixStream::connect(socket).await.ok()?;
        let connection = Connection::open(stream).await.ok()?;
        connection::check_health(connection.clone()).await.ok()?;
        Some(connection)
    };
    time::timeout(ANSWER, asked).await.ok().flatten()
}
