//! People at the console, each with a browser's window and one command at a time, and the judge of what they are answered. It
//! must not know what is done to the agent meanwhile.

use std::{
    collections::{HashMap, VecDeque},
    fmt::Write as _,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail, ensure};
use fastrand::Rng;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message as Frame, client::IntoClientRequest, http::HeaderValue},
};

use crate::world::{CHANNELS, DEADLINE, PLUGINS};

/// How long after its deadline a command may have its end.
const SLACK: Duration = Duration::from_secs(1);
/// How long the agent may take to say that it heard: a disk that takes nothing is waited for 2 s.
const HEARD: Duration = Duration::from_secs(5);
/// How long an answer is watched for a second end.
const REMEMBERED: usize = 200;
/// Longer than any command may take.
const TOO_LONG: Duration = Duration::from_secs(60);

/// What must hold of every command, and what did not.
pub(crate) struct Judge {
    ledger: PathBuf,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    broken: Vec<String>,
    /// How many commands ended how.
    ends: HashMap<String, u64>,
    /// What each command that was to be written down came to.
    outcomes: HashMap<String, String>,
    slowest: Duration,
}

/// Somebody at the console.
pub(crate) struct Person {
    name: String,
    said: u64,
    window: WebSocketStream<TcpStream>,
    judge: Arc<Judge>,
    /// The last commands, newest last.
    commands: VecDeque<Command>,
}

/// What somebody said, and what became of it.
struct Command {
    key: String,
    channel: &'static str,
    text: String,
    accepted: Option<Instant>,
    rejected: Option<String>,
    /// The entry of what was said.
    entry: Option<String>,
    /// The entry with its end, how it ended, and when that was seen.
    end: Option<(String, String, Instant)>,
    /// All that the answers say.
    answer: String,
}

impl Judge {
    pub(crate) fn new(ledger: PathBuf) -> Arc<Self> {
        Arc::new(Self { ledger, seen: Mutex::default() })
    }

    /// Something that must hold does not.
    pub(crate) fn broken(&self, what: String) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.broken.push(what);
    }

    pub(crate) fn all_broken(&self) -> Vec<String> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).broken.clone()
    }

    /// One line on how commands ended.
    pub(crate) fn summary(&self) -> String {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut ends: Vec<_> = seen.ends.iter().collect();
        ends.sort_unstable();
        let total: u64 = seen.ends.values().sum();
        let mut line = format!("{total} commands");
        for (status, n) in ends {
            let _ = write!(line, ", {n} {status}");
        }
        line + &format!("; the slowest took {:.2} s", seen.slowest.as_secs_f64())
    }

    /// Compares what ran with what was said to have run.
    pub(crate) fn audit(&self) -> Result<()> {
        let text = std::fs::read_to_string(&self.ledger).context("the ledger")?;
        let mut ran: HashMap<&str, u32> = HashMap::new();
        text.lines().for_each(|line| *ran.entry(line).or_default() += 1);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let Seen { broken, outcomes, .. } = &mut *seen;
        for (id, times) in &ran {
            if *times > 1 {
                broken.push(format!("{id} was run {times} times"));
            }
        }
        for (id, status) in outcomes.iter() {
            let times = ran.get(id.as_str()).copied().unwrap_or_default();
            if status == "succeeded" && times == 0 {
                broken.push(format!("{id} is said to have succeeded and was never run"));
            }
            if matches!(status.as_str(), "rejected" | "refused") && times > 0 {
                broken.push(format!("{id} was {status}, and was run all the same"));
            }
        }
        Ok(())
    }

    fn ended(&self, command: &Command, status: &str, took: Duration) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen.ends.entry(status.to_owned()).or_default() += 1;
        seen.slowest = seen.slowest.max(took);
        if let Some(id) = command.id() {
            seen.outcomes.insert(id.to_owned(), status.to_owned());
            if status == "succeeded" && !command.answer.contains(id) {
                let what = format!("`{}` succeeded with another answer: {:?}", command.text, command.answer);
                seen.broken.push(what);
            }
        }
    }
}

impl Person {
    /// Somebody who comes with this link.
    pub(crate) async fn arrive(name: String, link: &str, judge: Arc<Judge>) -> Result<Self> {
        let (host, key) = link.strip_prefix("http://").and_then(|rest| rest.split_once('/')).context("not a link")?;
        let mut stream = TcpStream::connect(host).await.context("the console cannot be reached")?;
        let request = format!("GET /{key} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let cookie =
            answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).and_then(|c| c.split(';').next());
        let cookie =
            cookie.with_context(|| format!("the link makes no session: {}", answer.lines().next().unwrap_or("")))?;
        let mut request = format!("ws://{host}/ws").into_client_request()?;
        request.headers_mut().insert("origin", HeaderValue::from_str(&format!("http://{host}"))?);
        request.headers_mut().insert("cookie", HeaderValue::from_str(cookie)?);
        let (mut window, _) = client_async(request, TcpStream::connect(host).await?).await?;
        window.send(Frame::text(json!({"type": "hello", "seen": {}}).to_string())).await?;
        Ok(Self { name, said: 0, window, judge, commands: VecDeque::new() })
    }

    /// Says one thing after the other until `stop` is over.
    pub(crate) async fn talk(&mut self, mut rng: Rng, stop: Instant) -> Result<()> {
        while Instant::now() < stop {
            let (plugin, channel) = (rng.choice(PLUGINS).unwrap_or("one"), rng.choice(CHANNELS).unwrap_or("ops"));
            match rng.u32(..100) {
                0..75 => self.run(plugin, channel, rng.u64(..40)).await?,
                75..88 => self.run(plugin, channel, rng.u64(300..1500)).await?,
                88..94 => self.ask(channel, format!("{plugin} stream 10 every 20")).await?,
                94..99 => self.ask(channel, "list executors".into()).await?,
                // Beyond what a command may take.
                _ => self.run(plugin, channel, TOO_LONG.as_millis() as u64).await?,
            };
            let pause = Duration::from_millis(rng.u64(5..60));
            self.rest(pause).await?;
        }
        Ok(())
    }

    /// Has a plugin write down that it ran, and waits for the end of that. How it ended.
    pub(crate) async fn run(&mut self, plugin: &str, channel: &'static str, millis: u64) -> Result<String> {
        let (file, id) = (self.judge.ledger.display().to_string(), self.next_key());
        self.ask(channel, format!("{plugin} ledger {file} {id} {millis}")).await
    }

    /// Says something and waits for its end. How it ended.
    pub(crate) async fn ask(&mut self, channel: &'static str, text: String) -> Result<String> {
        self.said += 1;
        // So that no two people say the same.
        let key = self.key();
        let text = if text.contains(&key) || !PLUGINS.iter().any(|plugin| text.starts_with(plugin)) {
            text
        } else {
            format!("{text} {key}")
        };
        let frame = json!({"type": "say", "key": key, "channel": channel, "text": text});
        let began = Instant::now();
        let (accepted, rejected, entry, end, answer) = <_>::default();
        self.commands.push_back(Command { key, channel, text, accepted, rejected, entry, end, answer });
        if self.commands.len() > REMEMBERED {
            self.commands.pop_front();
        }
        self.window.send(Frame::text(frame.to_string())).await.context("a window closed")?;
        self.listen(began + HEARD, Command::is_heard).await?;
        let command = self.commands.back().context("it was just said")?;
        if let Some(reason) = &command.rejected {
            ensure!(!reason.is_empty(), "`{}` was not taken, without a reason", command.text);
            self.judge.ended(command, "rejected", began.elapsed());
            return Ok("rejected".into());
        }
        let Some(heard) = command.accepted else {
            self.judge.broken(format!("`{}` was neither taken nor refused within {HEARD:?}", command.text));
            return Ok("silence".into());
        };
        self.listen(heard + DEADLINE + SLACK, |command| command.end.is_some()).await?;
        let command = self.commands.back().context("it was just said")?;
        match &command.end {
            Some((_, status, at)) => {
                self.judge.ended(command, status, at.duration_since(heard));
                Ok(status.clone())
            }
            None => {
                let allowed = DEADLINE + SLACK;
                self.judge.broken(format!("`{}` in {} had no end within {allowed:?}", command.text, command.channel));
                Ok("silence".into())
            }
        }
    }

    /// Only reads what comes for so long.
    pub(crate) async fn rest(&mut self, length: Duration) -> Result<()> {
        self.listen(Instant::now() + length, |_| false).await
    }

    /// Reads what comes until then, or until the last command is as it is wanted.
    async fn listen(&mut self, until: Instant, is_done: impl Fn(&Command) -> bool) -> Result<()> {
        while !self.commands.back().is_some_and(&is_done) {
            let Ok(frame) = time::timeout_at(until.into(), self.window.next()).await else { return Ok(()) };
            match frame {
                Some(Ok(Frame::Text(text))) => self.note(&serde_json::from_str(text.as_str())?),
                Some(Ok(Frame::Ping(_) | Frame::Pong(_))) => {}
                other => bail!("the agent closed a window: {other:?}"),
            }
        }
        Ok(())
    }

    fn note(&mut self, frame: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match frame["type"].as_str() {
            Some(kind @ ("accepted" | "rejected")) => {
                let Some(command) = self.commands.iter_mut().rev().find(|c| c.key == frame["key"]) else { return };
                match kind {
                    "accepted" => command.accepted = Some(Instant::now()),
                    _ => command.rejected = Some(text(&frame["reason"])),
                }
            }
            Some("entries") => {
                for entry in frame["entries"].as_array().into_iter().flatten() {
                    let here = self.commands.iter_mut().rev().filter(|command| command.channel == frame["channel"]);
                    for command in here {
                        if command.note(entry, &self.judge) {
                            break;
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn key(&self) -> String {
        format!("{}-{}", self.name, self.said)
    }

    fn next_key(&self) -> String {
        format!("{}-{}", self.name, self.said + 1)
    }
}

impl Command {
    fn is_heard(&self) -> bool {
        self.accepted.is_some() || self.rejected.is_some()
    }

    /// What it was to be written down as.
    fn id(&self) -> Option<&str> {
        let mut words = self.text.split(' ');
        (words.nth(1)? == "ledger").then(|| words.nth(1))?
    }

    /// Whether an entry is about this command, which it is noted in then.
    fn note(&mut self, entry: &Value, judge: &Judge) -> bool {
        let Some(id) = entry["id"].as_str() else { return false };
        if self.entry.is_none() && entry["text"] == self.text && self.end.is_none() {
            self.entry = Some(id.to_owned());
            return true;
        }
        if self.entry.is_none() || entry["answers"].as_str() != self.entry.as_deref() {
            return false;
        }
        let said = &entry["message"]["baseBody"];
        for text in [&said["codeBlock"], &said["plaintext"]] {
            self.answer += text.as_str().unwrap_or_default();
        }
        let Some(status) = entry["live"]["state"]["ended"]["status"].as_str() else { return true };
        match &self.end {
            None => self.end = Some((id.to_owned(), status.to_owned(), Instant::now())),
            Some((at, how, _)) if at != id || how != status => {
                judge.broken(format!("`{}` has two ends: {how} in {at}, and {status} in {id}", self.text));
            }
            Some(_) => {}
        }
        true
    }
}

/// Whether a plugin answers in time; it is asked again and again until then.
pub(crate) async fn answers(person: &mut Person, plugin: &str, within: Duration) -> Result<Option<Duration>> {
    let began = Instant::now();
    while began.elapsed() < within {
        if person.run(plugin, CHANNELS[0], 0).await? == "succeeded" {
            return Ok(Some(began.elapsed()));
        }
        person.rest(Duration::from_millis(50)).await?;
    }
    Ok(None)
}
