//! Pages over HTTP on a port of every interface: few of them, for probes and scrapers. It does not know what they say.

use std::{
    convert::Infallible,
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{self, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// How many connections there can be; who comes then is told to come again.
const CONNECTIONS: usize = 64;
/// How long a request's head may take to come.
const HEAD: Duration = Duration::from_secs(10);
/// How long a connection may take in all.
const DEADLINE: Duration = Duration::from_secs(30);
/// How long what is under way may take to end when nothing is served any more.
const STOP: Duration = Duration::from_secs(1);
/// The pause after a connection could not be taken.
const PAUSE: Duration = Duration::from_millis(100);

/// A page as it is sent.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

/// Finds pages.
pub(crate) trait Pages: Send + Sync + 'static {
    /// The page at a path for who takes formats such as these; `None` where there is none.
    fn page(&self, path: &str, accept: &str) -> Option<Page>;

    /// Where pages are, in words.
    fn places(&self) -> &'static str;
}

impl Page {
    /// A few words.
    pub(crate) fn text(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, kind: "text/plain; charset=utf-8", text: text.into() }
    }
}

/// Takes a port of every interface, in both versions of IP where there are both; 0 is any.
pub(crate) async fn listen(port: u16) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = match TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).await {
        Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await?
        }
        listener => listener?,
    };
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Serves pages until `stop`.
pub(crate) async fn serve(listener: TcpListener, pages: Arc<impl Pages>, stop: CancellationToken) {
    let (connections, tasks) = (Arc::new(Semaphore::new(CONNECTIONS)), TaskTracker::new());
    let serving = async {
        loop {
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!("a connection cannot be taken: {error}");
                    time::sleep(PAUSE).await;
                    continue;
                }
            };
            match connections.clone().try_acquire_owned() {
                Ok(permit) => {
                    let (pages, stop) = (pages.clone(), stop.clone());
                    tasks.spawn(async move {
                        let _permit = permit;
                        let _ = time::timeout(DEADLINE, connection(stream, pages, stop)).await;
                    });
                }
                Err(_) => drop(tasks.spawn(turn_away(stream))),
            }
        }
    };
    stop.run_until_cancelled(serving).await;
    drop(listener);
    tasks.close();
    let _ = time::timeout(STOP, tasks.wait()).await;
}

async fn connection(stream: TcpStream, pages: Arc<impl Pages>, stop: CancellationToken) {
    let mut http = http1::Builder::new();
    // Probes and scrapes are rare, and nobody is to hold a place between them.
    http.keep_alive(false).timer(TokioTimer::new()).header_read_timeout(HEAD);
    let service = service_fn(move |request| {
        let response = answer(&request, &*pages);
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    tokio::select! {
        // What a client does wrong here it is told, or it is gone.
        _ = &mut connection => {}
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

fn answer(request: &Request<Incoming>, pages: &impl Pages) -> Response<Full<Bytes>> {
    let accepts = request.headers().get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let accept = accepts.collect::<Vec<_>>().join(",");
    let Some(page) = pages.page(request.uri().path(), &accept) else {
        return response(Page::text(StatusCode::NOT_FOUND, format!("Here is only {}.\n", pages.places())));
    };
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return response(page);
    }
    let mut refusal = response(Page::text(StatusCode::METHOD_NOT_ALLOWED, "This page can only be read.\n"));
    refusal.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    refusal
}

fn response(page: Page) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(page.text));
    *response.status_mut() = page.status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(page.kind));
    response
}

/// Says that there are too many connections, without reading anything.
async fn turn_away(mut stream: TcpStream) {
    const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n\
        There are too many connections; try again in some seconds.\n";
    let _ = time::timeout(PAUSE, stream.write_all(BUSY)).await;
}
