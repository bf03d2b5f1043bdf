//! A plugin repository on this machine: each plugin in one of two versions, of which the second is the first and a few bytes
//! more; it can be cut off. It knows nothing of whoever fetches.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time,
};

/// How long a request may take to come.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many bytes one may have.
const LONGEST_REQUEST: usize = 16 << 10;

/// What is offered, and whether anybody is served.
pub(crate) struct Repository {
    address: SocketAddr,
    program: Vec<u8>,
    /// Each plugin, and which of its versions there is.
    offered: Mutex<Vec<(&'static str, bool)>>,
    is_cut: AtomicBool,
}

impl Repository {
    /// One that offers this program under all of these names.
    pub(crate) async fn serve(program: &Path, names: &[&'static str]) -> Result<Arc<Self>> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no port for the repository")?;
        let repository = Arc::new(Self {
            address: listener.local_addr()?,
            program: std::fs::read(program).with_context(|| program.display().to_string())?,
            offered: Mutex::new(names.iter().map(|name| (*name, false)).collect()),
            is_cut: AtomicBool::default(),
        });
        let served = repository.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Cut off, it hangs up on everybody.
                if !served.is_cut.load(Ordering::Relaxed) {
                    let served = served.clone();
                    tokio::spawn(async move {
                        let _ = time::timeout(PATIENCE, served.answer(stream)).await;
                    });
                }
            }
        });
        Ok(repository)
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/plugins-index.yaml", self.address)
    }

    /// Offers the other version of a plugin from now on.
    pub(crate) fn publish_other(&self, name: &str) {
        let mut offered = self.offered.lock().unwrap_or_else(PoisonError::into_inner);
        offered.iter_mut().filter(|(offered, _)| *offered == name).for_each(|(_, second)| *second = !*second);
    }

    pub(crate) fn cut(&self, is_cut: bool) {
        self.is_cut.store(is_cut, Ordering::Relaxed);
    }

    async fn answer(&self, mut stream: TcpStream) -> Option<()> {
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") && request.len() < LONGEST_REQUEST {
            request.push(stream.read_u8().await.ok()?);
        }
        let path = String::from_utf8_lossy(&request).split(' ').nth(1)?.to_owned();
        let (status, body) = match path.as_str() {
            "/plugins-index.yaml" => ("200 OK", self.index().into_bytes()),
            "/v1.0.0" => ("200 OK", self.program.clone()),
            "/v1.0.1" => ("200 OK", [&self.program[..], b"again"].concat()),
            _ => ("404 Not Found", Vec::new()),
        };
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).await.ok()?;
        stream.write_all(&body).await.ok()
    }

    fn index(&self) -> String {
        let (os, architecture) = (go_os(), if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" });
        let offered = self.offered.lock().unwrap_or_else(PoisonError::into_inner);
        let entries = offered.iter().map(|(name, second)| {
            let version = if *second { "v1.0.1" } else { "v1.0.0" };
            format!(
                "- {{name: {name}, type: executor, description: x, version: {version}, urls: [{{url: \
                 'http://{}/{version}', platform: {{os: {os}, architecture: {architecture}}}}}]}}\n",
                self.address
            )
        });
        "entries:\n".to_owned() + &entries.collect::<String>()
    }
}

fn go_os() -> &'static str {
    if cfg!(target_os = "macos") { "darwin" } else { "linux" }
}
