//! The private socket of an agent: who may connect gets one document and nothing is taken from anybody. It does not know what
//! the document says.
//!
//! The socket's directory belongs to the agent's user and nobody else can enter; besides, whoever connects must be that user.
//! The file is called after the agent's process. An agent that was killed leaves it behind: a socket on which nobody listens
//! is removed by the next who looks.

use std::{
    env,
    ffi::OsStr,
    fs::{self, DirBuilder, Permissions},
    io::{self, Read},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, MetadataExt, PermissionsExt},
        net::UnixStream as Blocking,
    },
    path::{Path, PathBuf},
    process,
    sync::Arc,
    time::Duration,
};

use rustix::process::geteuid;
use tokio::{
    io::AsyncWriteExt,
    net::{UnixListener, UnixStream},
    sync::Semaphore,
    time,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How many may be answered at the same time; who comes then waits.
const ANSWERED: usize = 8;
/// How long one may take to read the document.
const DEADLINE: Duration = Duration::from_secs(5);
/// How long the document may be, in bytes, for who reads it.
const LONGEST: u64 = 16 << 20;
/// How long a path may be, in bytes, on every system.
const LONGEST_PATH: usize = 103;
/// The pause after a connection could not be taken.
const PAUSE: Duration = Duration::from_millis(100);
/// What a socket's name ends in.
const ENDING: &str = "sock";

/// An open socket; its file goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) path: PathBuf,
}

/// Why an agent could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Nobody is there.
    #[error("no agent answers at `{}`", path.display())]
    Connect {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It did not say all.
    #[error("the agent at `{}` did not tell its status", path.display())]
    Read {
        /// Where.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It said nothing.
    #[error("the agent at `{}` tells nothing to this user; ask as the user it runs as", path.display())]
    Silent {
        /// Where.
        path: PathBuf,
    },
}

/// Where agents of this user have their sockets, the best place first; `state` is where the user's state lies.
#[must_use]
pub fn places(state: &Path) -> Vec<PathBuf> {
    let runtime = env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let own = env::temp_dir().join(format!("botkube-{}", geteuid().as_raw()));
    runtime.map(|dir| dir.join("botkube")).into_iter().chain([state.join("run"), own]).collect()
}

/// Opens a socket in the first of these directories that can be used, and says why not where none can.
pub(crate) fn open(places: &[PathBuf]) -> Result<(UnixListener, Socket), String> {
    let mut reasons = Vec::new();
    for place in places {
        match open_in(place) {
            Ok(open) => return Ok(open),
            Err(error) => reasons.push(format!("{}: {error}", place.display())),
        }
    }
    Err(reasons.join("; "))
}

fn open_in(place: &Path) -> io::Result<(UnixListener, Socket)> {
    let path = place.join(process::id().to_string()).with_extension(ENDING);
    if path.as_os_str().as_bytes().len() > LONGEST_PATH {
        return Err(io::Error::other(format!("the socket's path would have more than {LONGEST_PATH} bytes")));
    }
    DirBuilder::new().recursive(true).mode(0o700).create(place)?;
    if !is_ours(place)? {
        return Err(io::Error::other("it is not a directory of this user's own"));
    }
    fs::set_permissions(place, Permissions::from_mode(0o700))?;
    sockets(place);
    if path.exists() {
        return Err(io::Error::other(format!("another agent with the process number {} listens there", process::id())));
    }
    // Nobody may find a socket on which nobody listens yet, and take it for one that was left.
    let new = path.with_extension("new");
    let _ = fs::remove_file(&new);
    let listener = UnixListener::bind(&new)?;
    fs::set_permissions(&new, Permissions::from_mode(0o600))?;
    fs::rename(&new, &path)?;
    Ok((listener, Socket { path }))
}

/// Whether this is a directory of this user's own, and no link to one.
fn is_ours(place: &Path) -> io::Result<bool> {
    let metadata = fs::symlink_metadata(place)?;
    Ok(metadata.is_dir() && metadata.uid() == geteuid().as_raw())
}

/// Writes the document for everybody of this user's who connects, until `stop`.
pub(crate) async fn serve(
    listener: UnixListener,
    document: impl Fn() -> String + Send + Sync + 'static,
    stop: CancellationToken,
) {
    let (document, answered, tasks) = (Arc::new(document), Arc::new(Semaphore::new(ANSWERED)), TaskTracker::new());
    let serving = async {
        loop {
            let permit = answered.clone().acquire_owned().await.expect("nobody closes it");
            match listener.accept().await {
                Ok((stream, _)) => {
                    let document = document.clone();
                    tasks.spawn(async move {
                        let _permit = permit;
                        // Who is gone before the end needs none.
                        let _ = time::timeout(DEADLINE, tell(stream, &*document)).await;
                    });
                }
                Err(error) => {
                    tracing::warn!("a connection to the status socket cannot be taken: {error}");
                    time::sleep(PAUSE).await;
                }
            }
        }
    };
    stop.run_until_cancelled(serving).await;
}

async fn tell(mut stream: UnixStream, document: &(impl Fn() -> String + Sync)) -> io::Result<()> {
    let who = stream.peer_cred()?.uid();
    if who != geteuid().as_raw() {
        tracing::warn!(user = who, "another user asked for the agent's status and was told nothing");
        return Ok(());
    }
    stream.write_all(document().as_bytes()).await?;
    stream.shutdown().await
}

/// The sockets of running agents in these directories, as long as they belong to this user.
#[must_use]
pub fn agents(places: &[PathBuf]) -> Vec<PathBuf> {
    let ours = places.iter().filter(|place| is_ours(place).unwrap_or(false));
    let mut found: Vec<PathBuf> = ours.flat_map(|place| sockets(place)).collect();
    found.sort();
    found
}

/// The sockets on which somebody listens; all others are removed.
fn sockets(place: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(place) else { return Vec::new() };
    let paths = entries.flatten().map(|entry| entry.path());
    let sockets = paths.filter(|path| path.extension() == Some(OsStr::new(ENDING)));
    sockets
        .filter(|path| match Blocking::connect(path) {
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                let _ = fs::remove_file(path);
                false
            }
            outcome => outcome.is_ok(),
        })
        .collect()
}

/// What an agent says on its socket.
///
/// # Errors
///
/// When nobody is there, or does not say all of it within some seconds.
pub fn ask(path: &Path) -> Result<String, AskError> {
    let connect = |source| AskError::Connect { path: path.to_owned(), source };
    let read = |source| AskError::Read { path: path.to_owned(), source };
    let stream = Blocking::connect(path).map_err(connect)?;
    stream.set_read_timeout(Some(DEADLINE)).map_err(connect)?;
    let mut document = String::new();
    stream.take(LONGEST).read_to_string(&mut document).map_err(read)?;
    if document.is_empty() { Err(AskError::Silent { path: path.to_owned() }) } else { Ok(document) }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // It is gone already where somebody tidied up.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests;
