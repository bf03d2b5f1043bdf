//! A web server that answers as it is told, wrongly too. It knows nothing of plugins.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What the server says.
#[derive(Clone)]
pub(crate) enum Reply {
    Good(Vec<u8>),
    /// With this status and these headers, and nothing more.
    Bare(u16, Vec<(&'static str, String)>),
    /// Not modified, if asked so about this tag.
    Tagged(&'static str, Vec<u8>),
    /// All but the last byte.
    CutOff(Vec<u8>),
    /// Half of it, and then nothing for ever.
    Stalled(Vec<u8>),
}

/// What the server was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    /// With names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
}

pub(crate) struct Server {
    /// Without a slash at its end.
    pub(crate) url: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    /// Each reply once, the last for ever.
    replies: Mutex<BTreeMap<String, VecDeque<Reply>>>,
    asked: Mutex<Vec<Asked>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let task = tokio::spawn({
            let shared = Arc::clone(&shared);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(Arc::clone(&shared).answer(stream));
                }
            }
        });
        Self { url, shared, task }
    }

    /// From now on a path is answered so.
    pub(crate) fn set(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        self.shared.replies.lock().unwrap().insert(path.into(), replies.into_iter().collect());
    }

    /// Everything that was asked for at a path.
    pub(crate) fn asked(&self, path: &str) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().iter().filter(|asked| asked.path == path).cloned().collect()
    }

    /// No connection from now on.
    pub(crate) async fn stop(&mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Shared {
    async fn answer(self: Arc<Self>, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return;
            }
            if line.trim().is_empty() {
                break;
            }
            lines.push(line.trim().to_owned());
        }
        let path = lines[0].split(' ').nth(1).unwrap().to_owned();
        let headers = lines[1..].iter().filter_map(|line| line.split_once(": "));
        let headers: BTreeMap<String, String> =
            headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        self.asked.lock().unwrap().push(Asked { path: path.clone(), headers: headers.clone() });
        let reply = {
            let mut replies = self.replies.lock().unwrap();
            match replies.get_mut(&path) {
                Some(queue) if queue.len() > 1 => queue.pop_front(),
                Some(queue) => queue.front().cloned(),
                None => None,
            }
        };
        let head = |status: u16, length: usize, more: &str| {
            format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n{more}\r\n").into_bytes()
        };
        let whole = |body: &[u8], more: &str| [head(200, body.len(), more), body.to_vec()].concat();
        let mut stalls = false;
        let bytes = match reply.unwrap_or(Reply::Bare(404, Vec::new())) {
            Reply::Good(body) => whole(&body, ""),
            Reply::Bare(status, headers) => {
                head(status, 0, &headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect::<String>())
            }
            Reply::Tagged(tag, _) if headers.get("if-none-match").is_some_and(|asked| asked == tag) => head(304, 0, ""),
            Reply::Tagged(tag, body) => whole(&body, &format!("etag: {tag}\r\n")),
            Reply::CutOff(body) => [head(200, body.len(), ""), body[..body.len() - 1].to_vec()].concat(),
            Reply::Stalled(body) => {
                stalls = true;
                [head(200, body.len(), ""), body[..body.len() / 2].to_vec()].concat()
            }
        };
        let _ = stream.write_all(&bytes).await;
        if stalls {
            std::future::pending::<()>().await;
        }
        let _ = stream.shutdown().await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}
