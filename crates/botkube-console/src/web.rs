//! The console in a browser: serves a page to this machine alone, and speaks with it over a WebSocket. It knows channels, and
//! neither plugins nor Kubernetes.
//!
//! Reading order: `guard` who may speak to it at all · `sessions` how a link becomes a session · `assets` the page · `wire`
//! what is said · `outbox` what a slow browser is told · `socket` one window · `still` a page that stands alone.

mod assets;
mod guard;
mod outbox;
mod sessions;
mod socket;
mod still;
mod wire;

use std::{
    collections::VecDeque,
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Path, Query, Request, State, WebSocketUpgrade},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::get,
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use serde::Deserialize;
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time,
};
use tokio_util::{io::ReaderStream, sync::CancellationToken, task::TaskTracker};

use self::{assets::Asset, sessions::Sessions, socket::Window};
use crate::{
    completion::Completer,
    entry::File,
    rooms::{Person, Rooms},
};

pub use still::still;

/// How many windows can be open.
pub const WINDOWS: usize = 64;
/// How many connections there can be besides.
const CONNECTIONS: usize = 128;
/// How long a request's head may take to come.
const HEAD: Duration = Duration::from_secs(10);
/// How long windows may take to close when the agent ends.
const STOP: Duration = Duration::from_secs(3);
/// The pause after a connection could not be taken.
const PAUSE: Duration = Duration::from_millis(100);
/// How many keys of cancellations are remembered.
const CANCELLED: usize = 1000;

/// The console in a browser, as it is served.
pub struct Web {
    address: SocketAddr,
    hall: Arc<Hall>,
    serving: tokio::task::JoinHandle<()>,
}

/// Makes links to the console as long as it is served.
#[derive(Clone)]
pub struct Links {
    address: SocketAddr,
    hall: Weak<Hall>,
}

/// What all connections share.
struct Hall {
    rooms: Arc<Rooms>,
    sessions: Sessions,
    port: u16,
    cookie: String,
    cluster: String,
    /// Names this run of the agent.
    agent: String,
    page: Asset,
    script: Asset,
    style: Asset,
    completer: Arc<Completer>,
    windows: Arc<Semaphore>,
    /// The keys of cancellations that were made.
    cancelled: Mutex<VecDeque<String>>,
    stop: CancellationToken,
    tasks: TaskTracker,
}

#[derive(Deserialize)]
struct Asked {
    key: Option<String>,
}

impl Web {
    /// Serves the rooms on 127.0.0.1 until `stop`, and completes what is typed there; port 0 is any that is free.
    ///
    /// # Errors
    ///
    /// When the port cannot be used; the text names it.
    pub async fn start(
        rooms: Arc<Rooms>,
        completer: Arc<Completer>,
        port: u16,
        cluster: &str,
        stop: CancellationToken,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| {
            io::Error::new(error.kind(), format!("the console cannot be served on 127.0.0.1:{port}: {error}"))
        })?;
        let address = listener.local_addr()?;
        let hall = Arc::new(Hall::new(rooms, completer, address.port(), cluster, stop));
        let serving = tokio::spawn(serve(listener, hall.clone()));
        Ok(Self { address, hall, serving })
    }

    /// Where it is served.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What makes links.
    #[must_use]
    pub fn links(&self) -> Links {
        Links { address: self.address, hall: Arc::downgrade(&self.hall) }
    }

    /// A new link, as [`Links::link`] has it.
    #[must_use]
    pub fn link(&self) -> String {
        link(self.address, &self.hall)
    }

    /// Returns when nothing is served any more, some moments after the stop at most.
    pub async fn stopped(self) {
        let _ = self.serving.await;
    }
}

impl Links {
    /// A new link, which works once and for ten minutes; `None` when nothing is served any more.
    #[must_use]
    pub fn link(&self) -> Option<String> {
        self.hall.upgrade().map(|hall| link(self.address, &hall))
    }
}

fn link(address: SocketAddr, hall: &Hall) -> String {
    format!("http://{address}/?key={}", hall.sessions.key())
}

impl Hall {
    fn new(rooms: Arc<Rooms>, completer: Arc<Completer>, port: u16, cluster: &str, stop: CancellationToken) -> Self {
        Self {
            sessions: Sessions::new(rooms.store().clone()),
            rooms,
            port,
            cookie: format!("botkube-{port}"),
            cluster: cluster.to_owned(),
            agent: sessions::secret(),
            page: Asset::new("text/html; charset=utf-8", assets::PAGE),
            script: Asset::new("text/javascript; charset=utf-8", assets::SCRIPT),
            style: Asset::new("text/css; charset=utf-8", assets::STYLE),
            completer,
            windows: Arc::new(Semaphore::new(WINDOWS)),
            cancelled: Mutex::default(),
            stop,
            tasks: TaskTracker::new(),
        }
    }

    /// The session of a request.
    fn session(&self, headers: &HeaderMap) -> Option<(String, watch::Receiver<Person>)> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
        let mut ours = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|cookie| {
            let (name, value) = cookie.trim().split_once('=')?;
            (name == self.cookie).then_some(value)
        });
        ours.find_map(|secret| self.sessions.find(secret))
    }

    fn was_cancelled(&self, key: &str) -> bool {
        self.cancelled.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|other| other == key)
    }

    fn note_cancelled(&self, key: String) {
        let mut cancelled = self.cancelled.lock().unwrap_or_else(PoisonError::into_inner);
        if cancelled.len() >= CANCELLED {
            cancelled.pop_front();
        }
        cancelled.push_back(key);
    }
}

async fn serve(listener: TcpListener, hall: Arc<Hall>) {
    let service = TowerToHyperService::new(router(hall.clone()));
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!("a connection to the console cannot be taken: {error}");
                    time::sleep(PAUSE).await;
                    continue;
                }
            },
            () = hall.stop.cancelled() => break,
        };
        let Ok(permit) = connections.clone().try_acquire_owned() else {
            hall.tasks.spawn(turn_away(stream));
            continue;
        };
        let (service, stop) = (service.clone(), hall.stop.clone());
        hall.tasks.spawn(async move {
            let _permit = permit;
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(HEAD);
            let connection = http.serve_connection(TokioIo::new(stream), service).with_upgrades();
            tokio::pin!(connection);
            tokio::select! {
                // What a browser does wrong here it is told, or it is gone.
                _ = &mut connection => {}
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    let _ = time::timeout(STOP, connection).await;
                }
            }
        });
    }
    drop(listener);
    hall.tasks.close();
    let _ = time::timeout(STOP, hall.tasks.wait()).await;
}

/// Says that there are too many connections, without reading anything.
async fn turn_away(mut stream: TcpStream) {
    const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n\
        The console has too many connections. Close some windows and try again.\n";
    let _ = time::timeout(PAUSE, stream.write_all(BUSY)).await;
}

fn router(hall: Arc<Hall>) -> Router {
    Router::new()
        .route("/", get(page))
        .route(
            "/app.js",
            get(|State(hall): State<Arc<Hall>>, asked: HeaderMap| async move { hall.script.answer(&asked, true) }),
        )
        .route(
            "/app.css",
            get(|State(hall): State<Arc<Hall>>, asked: HeaderMap| async move { hall.style.answer(&asked, true) }),
        )
        .route("/files/{name}", get(file))
        .route("/ws", get(socket))
        .fallback(|| async { (StatusCode::NOT_FOUND, "There is nothing here.\n") })
        .layer(middleware::from_fn_with_state(hall.clone(), guarded))
        .with_state(hall)
}

/// Answers only who may speak to the server, and protects each answer.
async fn guarded(State(hall): State<Arc<Hall>>, request: Request, next: Next) -> Result<Response, Infallible> {
    let is_socket = request.uri().path() == "/ws";
    let mut answer = match guard::refusal(request.headers(), hall.port, is_socket) {
        Some(why) => refused(&why),
        None => next.run(request).await,
    };
    guard::protect(answer.headers_mut());
    Ok(answer)
}

/// The page, for who has a session; a key makes one.
async fn page(
    State(hall): State<Arc<Hall>>,
    method: Method,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let is_known = hall.session(&headers).is_some();
    let Some(key) = asked.key else {
        if !is_known {
            return no_session(&headers, "This browser has no session with the console.");
        }
        let mut answer = hall.page.answer(&headers, false);
        answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(guard::PAGE_POLICY));
        return answer;
    };
    // Whoever only looks whether a link leads somewhere leaves it to the person.
    if method != Method::GET {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")]).into_response();
    }
    let is_redeemed = hall.sessions.redeem(&key);
    if !is_known && !is_redeemed {
        return no_session(&headers, "This link was used before, or is older than ten minutes.");
    }
    let mut answer = StatusCode::SEE_OTHER.into_response();
    answer.headers_mut().insert(header::LOCATION, HeaderValue::from_static("/"));
    if !is_known {
        let (name, secret, age) = (&hall.cookie, hall.sessions.open(), sessions::UNUSED.as_secs());
        let cookie = format!("{name}={secret}; HttpOnly; SameSite=Strict; Path=/; Max-Age={age}");
        answer.headers_mut().insert(header::SET_COOKIE, cookie.parse().expect("letters, digits and `-_=;` are fine"));
    }
    answer
}

/// Says how to come to a session.
fn no_session(asked: &HeaderMap, why: &str) -> Response {
    const HOW: &str = "Open the link that the agent prints when it starts: it works once, for ten minutes.";
    let is_page = asked.get(header::ACCEPT).is_some_and(|kinds| kinds.as_bytes().starts_with(b"text/html"));
    if !is_page {
        return (StatusCode::FORBIDDEN, format!("{why} {HOW}\n")).into_response();
    }
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\"><title>Botkube</title><h1>Botkube</h1>\
         <p>{why}</p><p>{HOW}</p></html>\n"
    );
    (StatusCode::FORBIDDEN, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response()
}

fn refused(why: &str) -> Response {
    (StatusCode::FORBIDDEN, format!("Refused: {why}.\n")).into_response()
}

/// A file, for who sees the entry it belongs to.
async fn file(State(hall): State<Arc<Hall>>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some((_, person)) = hall.session(&headers) else {
        return no_session(&headers, "This browser has no session with the console.");
    };
    let person = person.borrow().id.clone();
    let Some((file, path)) = hall.rooms.file(&person, &name) else {
        return (StatusCode::NOT_FOUND, "This file is not there any more.\n").into_response();
    };
    match attachment(&file, path).await {
        Ok(answer) => answer,
        Err(error) => {
            tracing::error!("a file of the console cannot be read: {error}");
            (StatusCode::INTERNAL_SERVER_ERROR, "This file cannot be read: see the agent's log.\n").into_response()
        }
    }
}

async fn attachment(file: &File, path: PathBuf) -> io::Result<Response> {
    let content = tokio::fs::File::open(path).await?;
    let size = content.metadata().await?.len();
    let mut answer = Response::new(Body::from_stream(ReaderStream::new(content)));
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_LENGTH, size.into());
    headers.insert(header::CONTENT_DISPOSITION, disposition(&file.name));
    Ok(answer)
}

/// To be kept under this name, whatever is in it (RFC 6266).
fn disposition(name: &str) -> HeaderValue {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let plain: String = name.chars().take(100).map(|c| if is_plain(c) { c } else { '_' }).collect();
    let mut exact = String::new();
    for byte in name.chars().take(100).collect::<String>().bytes() {
        match char::from(byte) {
            c if is_plain(c) => exact.push(c),
            _ => exact.push_str(&format!("%{byte:02X}")),
        }
    }
    let text = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{exact}");
    text.parse().expect("letters, digits and `-_.%` are fine")
}

/// A window of the page.
async fn socket(State(hall): State<Arc<Hall>>, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    let Some((session, person)) = hall.session(&headers) else {
        return no_session(&headers, "This browser has no session with the console.");
    };
    let upgrade = upgrade.max_message_size(socket::READ).max_frame_size(socket::READ);
    let permit = hall.windows.clone().try_acquire_owned();
    let tasks = hall.tasks.clone();
    upgrade.on_upgrade(async move |mut stream| {
        let Ok(_permit) = permit else {
            let full = format!("{WINDOWS} windows are open, and no more can be; close some");
            let _ = time::timeout(STOP, stream.send(socket::close(socket::code::LATER, &full))).await;
            return;
        };
        let window = Window::new(hall, session, person);
        // Counted among what is waited for when the agent ends.
        let _ = tasks.spawn(window.serve(stream)).await;
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_kept_under_its_name_whatever_is_in_it() {
        let disposition = |name| disposition(name).to_str().unwrap().to_owned();
        assert_eq!(disposition("a b.txt"), "attachment; filename=\"a_b.txt\"; filename*=UTF-8''a%20b.txt");
        let bad = disposition("../\"\r\nx: y\u{202e}ä");
        assert!(bad.chars().all(|c| c.is_ascii_graphic() || c == ' '), "{bad}");
        assert!(bad.starts_with("attachment; filename=\".._\"") || bad.contains("filename=\".._"), "{bad}");
    }
}
