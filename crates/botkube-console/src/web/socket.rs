//! One window of a browser: reads what it says and tells it what happens. It knows neither pages nor how sessions come about.
//!
//! This task reads; one writes what is in the outbox; one for each channel puts there what happens, and one for each question
//! that a plugin may have to be asked for puts there its answer.

use std::{
    collections::{BTreeMap, HashSet},
    error::Error,
    sync::Arc,
    time::Duration,
};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{self, Instant},
};
use tokio_tungstenite::tungstenite;
use tokio_util::sync::CancellationToken;

use super::{
    Hall,
    outbox::{Outbox, Outgoing},
    wire::{Channel, FromBrowser, Misunderstood, PersonHere, ToBrowser},
};
use crate::{
    entry::Entry,
    rooms::{Change, Person, Refused, Used, Watch},
};

/// How many bytes of a message are read at all; between this and what a frame may have, it is answered.
pub(super) const READ: usize = 4 << 20;
/// How often a browser is asked whether it is there.
const PING: Duration = Duration::from_secs(20);
/// How long it may say nothing, not even that it is.
const SILENCE: Duration = Duration::from_secs(60);
/// How long one frame may take to be sent.
const SEND: Duration = Duration::from_secs(30);
/// How long both sides may take to part.
const PART: Duration = Duration::from_secs(2);

/// How many completions of a window may wait for plugins.
const COMPLETIONS: usize = 8;

/// Codes with which a connection ends (RFC 6455, section 7.4.1).
pub(super) mod code {
    pub(crate) const AWAY: u16 = 1001;
    pub(crate) const BROKEN: u16 = 1002;
    pub(crate) const UNREADABLE: u16 = 1007;
    pub(crate) const REFUSED: u16 = 1008;
    pub(crate) const TOO_BIG: u16 = 1009;
    pub(crate) const LATER: u16 = 1013;
}

/// One window of a browser.
pub(super) struct Window {
    hall: Arc<Hall>,
    session: String,
    person: watch::Receiver<Person>,
    outbox: Arc<Outbox>,
    channels: JoinSet<()>,
    followed: HashSet<String>,
    /// Whether the browser has said what it has seen.
    is_following: bool,
    /// Changes when there are other channels.
    arranged: watch::Receiver<()>,
    completions: JoinSet<()>,
}

impl Window {
    pub(super) fn new(hall: Arc<Hall>, session: String, person: watch::Receiver<Person>) -> Self {
        let (channels, completions) = (JoinSet::new(), JoinSet::new());
        let (outbox, followed, arranged) = (Arc::default(), HashSet::new(), hall.rooms.arranged());
        Self { hall, session, person, outbox, channels, followed, is_following: false, arranged, completions }
    }

    /// Serves the window until it is closed, or the agent ends.
    pub(super) async fn serve(mut self, socket: WebSocket) {
        let (sink, mut stream) = socket.split();
        let writer = tokio::spawn(write(sink, self.outbox.clone()));
        self.welcome();
        let is_writing = CancellationToken::new();
        let guard = is_writing.clone().drop_guard();
        let writer = tokio::spawn(async move {
            let _guard = guard;
            let _ = writer.await;
        });
        let is_cut = tokio::select! {
            is_cut = self.read(&mut stream) => is_cut,
            () = is_writing.cancelled() => false,
        };
        self.channels.abort_all();
        // The browser is heard out, or it would not hear why. Where nothing can be read any more it is given the time.
        let rest = async {
            match is_cut {
                true => time::sleep(PART).await,
                false => while let Some(Ok(_)) = stream.next().await {},
            }
        };
        let _ = time::timeout(PART, async { tokio::join!(rest, writer) }).await;
    }

    /// Reads until the connection is to end; whether that is in the middle of a frame.
    async fn read(&mut self, stream: &mut SplitStream<WebSocket>) -> bool {
        let stop = self.hall.stop.clone();
        let mut heard = Instant::now();
        loop {
            let message = tokio::select! {
                message = stream.next() => message,
                changed = self.person.changed() => {
                    if changed.is_err() {
                        self.outbox.close(code::REFUSED, "the session has ended; open a new link");
                        return false;
                    }
                    self.outbox.has_room().await;
                    self.welcome();
                    continue;
                }
                // It cannot fail: whoever serves the window holds on to the rooms.
                _ = self.arranged.changed() => {
                    self.outbox.has_room().await;
                    self.welcome();
                    if self.is_following {
                        self.follow(None);
                    }
                    continue;
                }
                () = time::sleep_until(heard + SILENCE) => {
                    self.outbox.close(code::AWAY, "nothing was heard");
                    return false;
                }
                () = stop.cancelled() => {
                    self.outbox.close(code::AWAY, "the agent ends");
                    return false;
                }
            };
            heard = Instant::now();
            match message {
                Some(Ok(Message::Text(text))) => {
                    self.outbox.has_room().await;
                    self.take(text.as_str()).await;
                }
                Some(Ok(Message::Binary(_))) => {
                    self.outbox.has_room().await;
                    self.problem("binary frames are not understood, and nothing was done; frames are JSON texts");
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_))) | None => {
                    self.outbox.close(code::AWAY, "");
                    return false;
                }
                Some(Err(error)) => {
                    let cut = cut(&error);
                    if let Some((code, reason)) = &cut {
                        self.problem(reason);
                        self.outbox.close(*code, reason);
                    }
                    return cut.is_some();
                }
            }
        }
    }

    async fn take(&mut self, text: &str) {
        let frame = match FromBrowser::parse(text) {
            Ok(frame) => frame,
            Err(Misunderstood { key: Some(key), reason }) => {
                return self.outbox.answer(&ToBrowser::Rejected { key: &key, reason: &reason });
            }
            Err(Misunderstood { key: None, reason }) => return self.problem(&reason),
        };
        let (rooms, person) = (self.hall.rooms.clone(), self.person.borrow().clone());
        match frame {
            FromBrowser::Hello { seen } => self.hello(&seen),
            FromBrowser::Name { name } => {
                if let Err(error) = self.hall.sessions.rename(&self.session, &name) {
                    self.problem(&error.to_string());
                }
            }
            FromBrowser::Say { key, channel, text } => {
                let said = key.clone();
                let outcome = off_thread(move || rooms.say(&channel, &person, &said, &text).map(drop)).await;
                self.answer(&key, outcome);
            }
            FromBrowser::Press { key, channel, entry, control, values, entered } => {
                let said = key.clone();
                let used = Used { entry, control, values, entered };
                let outcome = off_thread(move || rooms.press(&channel, &person, &said, &used).map(drop)).await;
                self.answer(&key, outcome);
            }
            FromBrowser::Cancel { key, channel, command, agent } => {
                let id = format!("{}/{key}", person.id);
                let outcome = if agent.is_some_and(|agent| agent != self.hall.agent) {
                    Err(Refused::NotRunning(command))
                } else if self.hall.was_cancelled(&id) {
                    Ok(())
                } else {
                    let outcome = rooms.cancel(&channel, &person, command);
                    if outcome.is_ok() {
                        self.hall.note_cancelled(id);
                    }
                    outcome
                };
                self.answer(&key, outcome);
            }
            FromBrowser::Complete { id, channel, text } => {
                self.complete(id, &channel, text);
            }
            FromBrowser::Options { id, channel, entry, control, query } => {
                let (groups, reason) = match rooms.options(&channel, &person, &entry, &control, &query) {
                    Ok(groups) => (groups, None),
                    Err(refused) => (Vec::new(), Some(refused.to_string())),
                };
                self.outbox.answer(&ToBrowser::Options { id, groups: &groups, reason });
            }
        }
    }

    /// Answers when the plugin has said what it can do, which may take a moment; with many questions at once, without.
    fn complete(&mut self, id: u64, channel: &str, text: String) {
        while self.completions.try_join_next().is_some() {}
        let channel = self.hall.rooms.channels().into_iter().find(|other| other.alias == channel);
        let Some(channel) = channel else {
            return self.outbox.answer(&ToBrowser::Completions { id, items: &[] });
        };
        let completer = self.hall.completer.clone();
        if self.completions.len() >= COMPLETIONS {
            let items = completer.known(&channel, &text);
            return self.outbox.answer(&ToBrowser::Completions { id, items: &items });
        }
        let outbox = self.outbox.clone();
        self.completions.spawn(async move {
            let items = completer.completions(&channel, &text).await;
            outbox.answer(&ToBrowser::Completions { id, items: &items });
        });
    }

    fn welcome(&mut self) {
        let person = self.person.borrow_and_update().clone();
        let channels = self.hall.rooms.channels();
        let channels = channels.iter().map(|channel| Channel {
            alias: &channel.alias,
            name: channel.called(),
            executors: &channel.executors,
            notifications: !channel.muted,
        });
        self.outbox.answer(&ToBrowser::Welcome {
            agent: &self.hall.agent,
            version: env!("CARGO_PKG_VERSION"),
            cluster: &self.hall.cluster,
            person: PersonHere { id: &person.id, name: &person.name },
            channels: channels.collect(),
        });
    }

    fn hello(&mut self, seen: &BTreeMap<String, u64>) {
        // Dropping the old ones ends them, and nothing of them is kept.
        self.channels = JoinSet::new();
        self.followed.clear();
        self.is_following = true;
        self.follow(Some(seen));
    }

    /// Follows channels from where they were seen last; without that, those that are new here, from their beginning.
    fn follow(&mut self, seen: Option<&BTreeMap<String, u64>>) {
        let (hall, person) = (self.hall.clone(), self.person.borrow().id.clone());
        let channels: Vec<String> = hall.rooms.channels().into_iter().map(|channel| channel.alias).collect();
        self.followed.retain(|channel| channels.contains(channel));
        for channel in &channels {
            if !self.followed.insert(channel.clone()) {
                continue;
            }
            let seen = seen.and_then(|seen| seen.get(channel)).copied().unwrap_or_default();
            let is_known = hall.rooms.knows(channel, seen).unwrap_or_default();
            let Ok((entries, watch)) = hall.rooms.watch(channel, &person, seen) else { continue };
            let seen = if is_known { seen } else { 0 };
            let latest = latest(&entries, seen);
            self.outbox.begin(channel, seen, !is_known, entries);
            let pump = Pump {
                hall: hall.clone(),
                outbox: self.outbox.clone(),
                channel: channel.clone(),
                person: person.clone(),
            };
            self.channels.spawn(pump.run(watch, latest));
        }
    }

    fn answer(&self, key: &str, outcome: Result<(), Refused>) {
        match outcome {
            Ok(()) => self.outbox.answer(&ToBrowser::Accepted { key }),
            Err(refused) => self.outbox.answer(&ToBrowser::Rejected { key, reason: &refused.to_string() }),
        }
    }

    fn problem(&self, reason: &str) {
        self.outbox.answer(&ToBrowser::Problem { reason });
    }
}

/// Puts what happens in a channel into a window's outbox.
struct Pump {
    hall: Arc<Hall>,
    outbox: Arc<Outbox>,
    channel: String,
    person: String,
}

impl Pump {
    async fn run(self, mut watch: Watch, mut latest: u64) {
        while let Some(change) = watch.next().await {
            match &change {
                Change::Entry(entry) | Change::Grown { entry, .. } => latest = latest.max(entry.revision),
                Change::Form(_) => {}
                Change::Missed => {
                    let Ok((entries, again)) = self.hall.rooms.watch(&self.channel, &self.person, latest) else {
                        return;
                    };
                    latest = self::latest(&entries, latest);
                    watch = again;
                    entries.into_iter().for_each(|entry| self.outbox.change(&self.channel, Change::Entry(entry)));
                    continue;
                }
            }
            self.outbox.change(&self.channel, change);
        }
    }
}

fn latest(entries: &[Arc<Entry>], before: u64) -> u64 {
    entries.iter().map(|entry| entry.revision).fold(before, u64::max)
}

/// Sends what is in the outbox until the connection ends.
async fn write(mut sink: SplitSink<WebSocket, Message>, outbox: Arc<Outbox>) {
    let mut ping = time::interval_at(Instant::now() + PING, PING);
    loop {
        let (message, is_last) = tokio::select! {
            outgoing = outbox.next() => match outgoing {
                Outgoing::Text(text) => (Message::Text(text.into()), false),
                Outgoing::Close(code, reason) => (close(code, &reason), true),
            },
            _ = ping.tick() => (Message::Ping(Default::default()), false),
        };
        // A browser that takes nothing is gone, whatever it says.
        if !matches!(time::timeout(SEND, sink.send(message)).await, Ok(Ok(()))) || is_last {
            return;
        }
    }
}

/// The frame that ends a connection; there is room for a short reason.
pub(super) fn close(code: u16, reason: &str) -> Message {
    const LONGEST: usize = 123;
    let end = (0..=reason.len().min(LONGEST)).rev().find(|end| reason.is_char_boundary(*end)).unwrap_or_default();
    Message::Close(Some(CloseFrame { code, reason: reason[..end].into() }))
}

/// With which code and why a connection ends that cannot be read any further; `None` when it is gone.
fn cut(error: &axum::Error) -> Option<(u16, String)> {
    let error = error.source()?.downcast_ref::<tungstenite::Error>()?;
    match error {
        tungstenite::Error::Capacity(_) => {
            Some((code::TOO_BIG, format!("a frame has more than {READ} bytes; nothing of it was done")))
        }
        tungstenite::Error::Utf8(_) => {
            Some((code::UNREADABLE, "a frame is not UTF-8; nothing of it was done".to_owned()))
        }
        tungstenite::Error::Protocol(_) => Some((code::BROKEN, "a frame is broken; nothing of it was done".to_owned())),
        _ => None,
    }
}

/// Does what may wait for a disk where nobody else waits for it.
async fn off_thread(work: impl FnOnce() -> Result<(), Refused> + Send + 'static) -> Result<(), Refused> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(Refused::NotReady))
}
