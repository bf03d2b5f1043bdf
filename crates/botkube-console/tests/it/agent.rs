//! An agent with one plugin that does what it is told, served to browsers on a port of its own; and a browser's window.

use std::{
    collections::VecDeque,
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use botkube_api::message::{Button, LabelInput, Message, OptionGroup, OptionItem, Section, Select, Selects};
use botkube_config::model::Config;
use botkube_console::{
    completion::Completer,
    rooms::Rooms,
    store::{InMemory, Store},
    web::Web,
};
use botkube_core::{
    chat::Chat,
    conversation::{Actor, Conversation},
    dispatch::{Dispatcher, Snapshot},
    policy::AllowBound,
    port::{Credentials, CredentialsError, Kubeconfig, Piece, Pieces, PluginCall, PluginError, PluginState, Plugins},
    route::{Executors, PluginRef, Route},
};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, Message as Frame, client::IntoClientRequest},
};
use tokio_util::sync::CancellationToken;

/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(20);

/// The plugin `do`, which does what its command says, and counts.
#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) calls: AtomicUsize,
}

#[async_trait]
impl Plugins for Fake {
    async fn execute(
        &self,
        _: &PluginRef,
        call: PluginCall,
        pieces: &mut dyn Pieces,
    ) -> Result<Vec<Message>, PluginError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let words: Vec<&str> = call.command.split_whitespace().collect();
        let message = match words.get(1..).unwrap_or_default() {
            ["wait"] => std::future::pending().await,
            ["stream"] => {
                let _ = pieces.take(Piece::Text("line\n".into())).await;
                std::future::pending().await
            }
            ["flood", lines] => {
                for line in 0..lines.parse().unwrap() {
                    if let ControlFlow::Break(()) = pieces.take(Piece::Text(format!("line {line}\n"))).await {
                        break;
                    }
                }
                return Ok(Vec::new());
            }
            ["controls"] => controls(),
            ["replaced"] => Message { replace_original: true, ..Message::code("replaced") },
            ["secret"] => Message::code("for you").only_visible_for_you(),
            ["size"] => Message::code(call.command.len().to_string()),
            _ => Message::code(call.command),
        };
        Ok(vec![message])
    }

    async fn help(&self, _: &PluginRef) -> Result<Message, PluginError> {
        Ok(Message::code("help"))
    }

    fn all(&self) -> Vec<(PluginRef, PluginState)> {
        Vec::new()
    }

    fn restart(&self, _: &PluginRef) {}

    fn state(&self, _: &PluginRef) -> PluginState {
        PluginState::default()
    }
}

#[async_trait]
impl Credentials for Fake {
    async fn for_call(&self, _: &Actor, _: &Conversation, _: &Route) -> Result<Kubeconfig, CredentialsError> {
        Ok(Kubeconfig::default())
    }
}

/// A message with a button, a select and an input.
fn controls() -> Message {
    let command = |rest: &str| format!("{{{{BotName}}}} do {rest}");
    let options = ["web", "worker"].map(OptionItem::from).to_vec();
    let select = Select {
        name: "Which".into(),
        command: command("chosen"),
        option_groups: vec![OptionGroup { options, ..OptionGroup::default() }],
        ..Select::default()
    };
    let section = Section {
        buttons: vec![Button { name: "Press".into(), command: command("replaced"), ..Button::default() }],
        selects: Selects { items: vec![select], ..Selects::default() },
        plaintext_inputs: vec![LabelInput { text: "Name".into(), command: command("named "), ..LabelInput::default() }],
        ..Section::default()
    };
    Message { sections: vec![section], ..Message::default() }
}

/// A running agent.
pub(crate) struct Agent {
    pub(crate) web: Web,
    pub(crate) plugin: Arc<Fake>,
    chat: Arc<Chat>,
    stop: CancellationToken,
}

impl Agent {
    /// One that forgets everything with itself.
    pub(crate) async fn start() -> Self {
        Self::with(Arc::new(InMemory::default()), 0).await
    }

    pub(crate) async fn with(store: Arc<dyn Store>, port: u16) -> Self {
        let plugin = Arc::new(Fake::default());
        let config = Arc::new(Config::default());
        let executors = Executors::new(&config, vec!["do".into()]);
        let dispatcher =
            Dispatcher::new(Snapshot::new(config, executors, Arc::new(AllowBound), plugin.clone(), plugin.clone()));
        let channel = |alias: &str| Conversation { alias: alias.into(), interactive: true, ..Conversation::default() };
        let rooms = Rooms::new(vec![channel("ops"), channel("dev")], store);
        let dispatcher = Arc::new(dispatcher);
        let chat = Chat::new(dispatcher.clone(), rooms.clone());
        rooms.answered_by(&chat);
        let stop = CancellationToken::new();
        let web = Web::start(rooms, Completer::new(dispatcher), port, "demo", stop.clone()).await.unwrap();
        Self { web, plugin, chat, stop }
    }

    pub(crate) fn calls(&self) -> usize {
        self.plugin.calls.load(Ordering::SeqCst)
    }

    pub(crate) fn port(&self) -> u16 {
        self.web.address().port()
    }

    /// A browser with a session.
    pub(crate) async fn browser(&self) -> Browser {
        let link = self.web.link();
        let path = link.strip_prefix(&format!("http://{}", self.web.address())).unwrap();
        let answer = self.get(path, &[]).await;
        assert_eq!(answer.status, 303);
        let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
        Browser { port: self.port(), cookie }
    }

    /// A window of a new browser.
    pub(crate) async fn window(&self) -> Window {
        self.browser().await.window(json!({})).await
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        request(self.port(), "GET", path, headers).await
    }

    /// Ends the agent as a signal does.
    pub(crate) async fn end(self) {
        self.chat.stop().await;
        self.stop.cancel();
        time::timeout(DEADLINE, self.web.stopped()).await.unwrap();
    }

    /// Lets go of everything without an end, as far as one process can.
    pub(crate) fn vanish(self) {
        self.stop.cancel();
    }
}

/// An answer over HTTP.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Asks for a path; without a `host` among the headers, under the name the link has.
pub(crate) async fn request(port: u16, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let mut text = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "host") {
        text += &format!("host: 127.0.0.1:{port}\r\n");
    }
    headers.iter().for_each(|(name, value)| text += &format!("{name}: {value}\r\n"));
    stream.write_all(format!("{text}\r\n").as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    time::timeout(DEADLINE, stream.read_to_end(&mut bytes)).await.unwrap().unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.filter_map(|line| line.split_once(": ")).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    let body = bytes[end + 4..].to_vec();
    Answer { status, headers, body }
}

/// A browser with a session.
#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) port: u16,
    pub(crate) cookie: String,
}

impl Browser {
    pub(crate) async fn get(&self, path: &str) -> Answer {
        request(self.port, "GET", path, &[("cookie", &self.cookie)]).await
    }

    /// Opens a window that has seen this much of each channel.
    pub(crate) async fn window(&self, seen: Value) -> Window {
        let origin = format!("http://127.0.0.1:{}", self.port);
        let mut window = self.socket(&[("origin", &origin), ("cookie", &self.cookie)]).await.unwrap();
        window.send(json!({"type": "hello", "seen": seen})).await;
        window
    }

    pub(crate) async fn socket(&self, headers: &[(&str, &str)]) -> Result<Window, tungstenite::Error> {
        let mut request = format!("ws://127.0.0.1:{}/ws", self.port).into_client_request().unwrap();
        for (name, value) in headers {
            let name: tungstenite::http::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let (socket, _) = client_async(request, stream).await?;
        Ok(Window { socket, held: VecDeque::new() })
    }
}

/// A window of a browser.
pub(crate) struct Window {
    pub(crate) socket: WebSocketStream<TcpStream>,
    held: VecDeque<Value>,
}

impl Window {
    pub(crate) async fn send(&mut self, frame: Value) {
        self.socket.send(Frame::text(frame.to_string())).await.unwrap();
    }

    pub(crate) async fn say(&mut self, key: &str, text: &str) {
        self.send(json!({"type": "say", "key": key, "channel": "ops", "text": text})).await;
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> Value {
        match self.held.pop_front() {
            Some(frame) => frame,
            None => self.read().await,
        }
    }

    async fn read(&mut self) -> Value {
        loop {
            match time::timeout(DEADLINE, self.socket.next()).await.expect("something is said in time") {
                Some(Ok(Frame::Text(text))) => return serde_json::from_str(text.as_str()).unwrap(),
                Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => {}
                other => panic!("no frame but {other:?}"),
            }
        }
    }

    /// The next frame of this kind.
    pub(crate) async fn frame(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// What a keyed frame is answered; what else is said is kept for later.
    pub(crate) async fn answer(&mut self, key: &str) -> Result<(), String> {
        let mut at = 0;
        loop {
            if at == self.held.len() {
                let frame = self.read().await;
                self.held.push_back(frame);
            }
            if self.held[at]["key"] == key {
                let frame = self.held.remove(at).unwrap();
                return match frame["type"].as_str() {
                    Some("accepted") => Ok(()),
                    _ => Err(frame["reason"].as_str().unwrap().to_owned()),
                };
            }
            at += 1;
        }
    }

    /// The first entry like this, in any state it comes to have; what the same frame tells after it is still to be had.
    pub(crate) async fn entry(&mut self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let mut frame = self.next().await;
            let Some(entries) = frame["entries"].as_array_mut() else { continue };
            if let Some(at) = entries.iter().position(&is_wanted) {
                let rest = entries.split_off(at + 1);
                let found = entries.remove(at);
                frame["entries"] = rest.into();
                self.held.push_front(frame);
                return found;
            }
        }
    }

    /// The end of a command, by the text of its answer.
    pub(crate) async fn ended(&mut self, text: &str) -> Value {
        self.entry(|entry| {
            entry["message"]["baseBody"]["codeBlock"].as_str().is_some_and(|code| code.contains(text))
                && !entry["live"]["state"]["ended"].is_null()
        })
        .await
    }

    /// How the connection ends.
    pub(crate) async fn close(&mut self) -> (u16, String) {
        loop {
            match time::timeout(DEADLINE, self.socket.next()).await.expect("it closes in time") {
                Some(Ok(Frame::Close(Some(close)))) => return (close.code.into(), close.reason.to_string()),
                Some(Ok(_)) => {}
                other => panic!("no close but {other:?}"),
            }
        }
    }
}
