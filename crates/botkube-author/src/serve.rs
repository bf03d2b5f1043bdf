//! A plugin repository on this machine: an index that is always as its folder, and the files themselves, perhaps only for those
//! who know a secret. It must not know how an index is made, or who asks.

use std::{
    convert::Infallible,
    fmt, fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use aws_lc_rs::{
    constant_time,
    digest::{Digest, SHA256, digest},
};
use axum::{
    Router,
    body::{Body, HttpBody},
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::TcpListener,
    sync::{Mutex, Semaphore},
    time,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_http::services::ServeFile;

use crate::publish::{self, Options, Published};

/// Where the index is.
pub const INDEX: &str = "/plugins-index.yaml";

/// How a folder is served.
#[derive(Clone)]
pub struct Settings {
    /// The folder of built plugins.
    pub dir: PathBuf,
    /// The port; 0 is any.
    pub port: u16,
    /// What requests have to come with; nothing by default.
    pub locks: Vec<Lock>,
    /// How the index is made; its base of addresses is this server.
    pub options: Options,
    /// Gets a line for every request, and what goes wrong.
    pub log: Arc<dyn Fn(&str) + Send + Sync>,
}

/// A header that every request has to have. It is known here by its digest alone.
#[derive(Clone)]
pub struct Lock {
    name: HeaderName,
    value: Digest,
    is_basic: bool,
}

/// A folder that is served.
pub struct Server {
    address: SocketAddr,
    listener: TcpListener,
    repository: Arc<Repository>,
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The folder is not there.
    #[error("cannot read the folder `{}`: {error}; name the folder of built plugins", .dir.display())]
    Folder {
        /// The folder.
        dir: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The port is in use.
    #[error(
        "port {0} of this machine is taken; stop what uses it, or choose another with --port (0 is any that is free)"
    )]
    Taken(u16),
    /// The port cannot be used.
    #[error("cannot listen on 127.0.0.1:{port}: {error}")]
    Listen {
        /// The port.
        port: u16,
        /// What the system says.
        error: io::Error,
    },
    /// It is no header.
    #[error("`{0}` is no header; write it as 'NAME: VALUE'")]
    Header(String),
    /// It is no name with a password.
    #[error("a user is written as NAME:PASSWORD, with a name")]
    User,
}

/// What all requests share.
struct Repository {
    settings: Settings,
    /// Made one at a time.
    index: Mutex<Option<Made>>,
}

/// An index, and the folder it was made for.
struct Made {
    folder: Folder,
    yaml: String,
    etag: HeaderValue,
}

/// What tells whether a folder changed: the names, sizes and times of its files.
type Folder = Vec<(PathBuf, u64, Option<SystemTime>)>;

/// How many connections there can be.
const CONNECTIONS: usize = 64;
/// How long a request's head may take to come.
const HEAD: Duration = Duration::from_secs(10);
/// How long a connection may last, however slowly somebody reads.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// How long what is under way may take when the server stops.
const STOP: Duration = Duration::from_secs(3);
/// The pause after a connection could not be taken.
const PAUSE: Duration = Duration::from_millis(100);

impl Lock {
    /// Requests need this header, given as `NAME: VALUE`.
    ///
    /// # Errors
    /// When it is none.
    pub fn header(text: &str) -> Result<Self, ServeError> {
        // Without a colon it may be the secret alone, which is not shown.
        let (name, value) = text.split_once(':').ok_or_else(|| ServeError::Header("…".into()))?;
        let wrong = || ServeError::Header(name.to_owned());
        let value = HeaderValue::from_str(value.trim()).map_err(|_| wrong())?;
        let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| wrong())?;
        Ok(Self { name, value: digest(&SHA256, value.as_bytes()), is_basic: false })
    }

    /// Requests need this name and password, given as `NAME:PASSWORD`.
    ///
    /// # Errors
    /// When it is none.
    pub fn user(text: &str) -> Result<Self, ServeError> {
        if text.split_once(':').is_none_or(|(name, _)| name.is_empty()) {
            return Err(ServeError::User);
        }
        let value = format!("Basic {}", BASE64.encode(text));
        Ok(Self { name: header::AUTHORIZATION, value: digest(&SHA256, value.as_bytes()), is_basic: true })
    }

    /// Whether a request has it. Digests are compared, and in a time that tells nothing.
    fn opens(&self, headers: &HeaderMap) -> bool {
        let matches = |value: &HeaderValue| {
            let given = digest(&SHA256, value.as_bytes());
            constant_time::verify_slices_are_equal(given.as_ref(), self.value.as_ref()).is_ok()
        };
        headers.get_all(&self.name).iter().any(matches)
    }
}

impl Server {
    /// Takes the port, on this machine's loopback alone.
    ///
    /// # Errors
    /// When the folder or the port cannot be used.
    pub async fn bind(mut settings: Settings) -> Result<Self, ServeError> {
        let folder = |error| ServeError::Folder { dir: settings.dir.clone(), error };
        fs::read_dir(&settings.dir).map_err(folder)?;
        let port = settings.port;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => ServeError::Taken(port),
            _ => ServeError::Listen { port, error },
        })?;
        let address = listener.local_addr().map_err(|error| ServeError::Listen { port, error })?;
        settings.options.url_base = format!("http://{address}/static");
        Ok(Self { address, listener, repository: Arc::new(Repository { settings, index: Mutex::default() }) })
    }

    /// The index's address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{INDEX}", self.address)
    }

    /// Serves until `stop`; what is under way then has a moment to end.
    pub async fn run(self, stop: CancellationToken) {
        let service = TowerToHyperService::new(router(self.repository.clone()));
        let connections = Arc::new(Semaphore::new(CONNECTIONS));
        let tasks = TaskTracker::new();
        loop {
            // Those who come when all are taken wait to be let in.
            let accepted = async {
                let permit = connections.clone().acquire_owned().await;
                (permit, self.listener.accept().await)
            };
            let (permit, accepted) = tokio::select! {
                accepted = accepted => accepted,
                () = stop.cancelled() => break,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    (self.repository.settings.log)(&format!("a connection cannot be taken: {error}"));
                    time::sleep(PAUSE).await;
                    continue;
                }
            };
            let (service, stop) = (service.clone(), stop.clone());
            tasks.spawn(async move {
                let _permit = permit;
                let mut http = http1::Builder::new();
                http.timer(TokioTimer::new()).header_read_timeout(HEAD);
                let connection = http.serve_connection(TokioIo::new(stream), service);
                tokio::pin!(connection);
                tokio::select! {
                    // What the other side does wrong here it is told, or it is gone.
                    _ = time::timeout(LONGEST, &mut connection) => {}
                    () = stop.cancelled() => {
                        connection.as_mut().graceful_shutdown();
                        let _ = time::timeout(STOP, connection).await;
                    }
                }
            });
        }
        tasks.close();
        let _ = time::timeout(STOP, tasks.wait()).await;
    }
}

fn router(repository: Arc<Repository>) -> Router {
    let nothing = || async {
        (StatusCode::NOT_FOUND, format!("There is nothing here; the index is {INDEX}, files are in /static/.\n"))
    };
    Router::new()
        .route("/", get(index))
        .route(INDEX, get(index))
        // Where upstream's own server has it.
        .route("/botkube.yaml", get(index))
        .route("/static/{file}", get(file))
        .fallback(nothing)
        .layer(middleware::from_fn_with_state(repository.clone(), guarded))
        .with_state(repository)
}

/// Lets in who has the secret, and writes down what was asked; never a header or a query, which may hold one.
async fn guarded(
    State(repository): State<Arc<Repository>>,
    request: Request,
    next: Next,
) -> Result<Response, Infallible> {
    let began = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let missing = repository.settings.locks.iter().find(|lock| !lock.opens(request.headers()));
    let answer = match missing {
        Some(lock) => refused(lock),
        None => next.run(request).await,
    };
    let bytes = if method == Method::HEAD { Some(0) } else { answer.body().size_hint().exact() };
    let bytes = bytes.map_or("-".into(), |bytes| bytes.to_string());
    let (status, time) = (answer.status().as_u16(), began.elapsed().as_millis());
    (repository.settings.log)(&format!("{method} {path} {status} {bytes} bytes {time} ms"));
    Ok(answer)
}

fn refused(lock: &Lock) -> Response {
    let why = format!("This repository is private: send the right `{}` header.\n", lock.name);
    let mut answer = (StatusCode::UNAUTHORIZED, why).into_response();
    // RFC 9110 wants a challenge with every 401.
    let challenge = if lock.is_basic { "Basic realm=\"plugins\"" } else { "Header realm=\"plugins\"" };
    answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    answer
}

/// The index as the folder is now.
async fn index(State(repository): State<Arc<Repository>>, headers: HeaderMap) -> Response {
    let (yaml, etag) = match repository.index().await {
        Ok(made) => made,
        Err(why) => {
            (repository.settings.log)(&why);
            return (StatusCode::INTERNAL_SERVER_ERROR, format!("{why}\n")).into_response();
        }
    };
    let is_same = |tag: &str| tag == "*" || tag.trim_start_matches("W/").as_bytes() == etag.as_bytes();
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
    let is_known = known.flat_map(|tags| tags.split(',')).any(|tag| is_same(tag.trim()));
    let mut answer = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => ([(header::CONTENT_TYPE, "application/yaml")], yaml).into_response(),
    };
    answer.headers_mut().insert(header::ETAG, etag);
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer
}

/// A file that lies in the folder, found among the names there are: no path leads anywhere else.
async fn file(
    State(repository): State<Arc<Repository>>,
    axum::extract::Path(name): axum::extract::Path<String>,
    mut request: Request,
) -> Response {
    let path = folder(&repository.settings.dir).ok().and_then(|files| {
        files.into_iter().map(|(path, ..)| path).find(|path| path.file_name().is_some_and(|known| *known == *name))
    });
    let Some(path) = path else {
        return (StatusCode::NOT_FOUND, "There is no such file in the folder that is served.\n").into_response();
    };
    // The part of another state of the file would be of no use; without it, all of the file comes.
    if request.headers().contains_key(header::IF_RANGE) {
        request.headers_mut().remove(header::RANGE);
    }
    let mut files = ServeFile::new(path);
    files.try_call(request).await.map_or_else(
        |error| (StatusCode::INTERNAL_SERVER_ERROR, format!("The file cannot be read: {error}\n")).into_response(),
        |answer| answer.map(Body::new),
    )
}

impl Repository {
    /// The index and its tag; made anew only when the folder changed, since it takes running plugins.
    async fn index(&self) -> Result<(String, HeaderValue), String> {
        let mut kept = self.index.lock().await;
        let Settings { dir, options, log, .. } = &self.settings;
        let folder = folder(dir).map_err(|error| format!("cannot read the folder `{}`: {error}", dir.display()))?;
        if let Some(made) = kept.as_ref().filter(|made| made.folder == folder) {
            return Ok((made.yaml.clone(), made.etag.clone()));
        }
        // A folder that cannot be published is looked at again each time: what is wrong may lie outside of it.
        *kept = None;
        let Published { yaml, warnings, .. } =
            publish::index(dir, options, &|_| {}).await.map_err(|error| error.to_string())?;
        for warning in warnings {
            log(&format!("warning: {warning}"));
        }
        let hex: String = digest(&SHA256, yaml.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        let etag: HeaderValue = format!("\"{hex}\"").parse().expect("digits are fine in a header");
        *kept = Some(Made { folder, yaml: yaml.clone(), etag: etag.clone() });
        Ok((yaml, etag))
    }
}

/// The regular files in a folder.
fn folder(dir: &Path) -> io::Result<Folder> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        // A file may have gone meanwhile.
        if let Ok(found) = fs::metadata(&path)
            && found.is_file()
        {
            files.push((path, found.len(), found.modified().ok()));
        }
    }
    files.sort();
    Ok(files)
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lock").field("name", &self.name).finish_non_exhaustive()
    }
}
