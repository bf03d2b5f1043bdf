//! A terminal as a face of the rooms: what is typed is said in a channel, and what happens there scrolls by, above a prompt at
//! which one can type on while commands run. It knows no plugin.
//!
//! Reading order: [`Terminal`] what happens when · `slash` what is typed for the terminal itself · `controls` using a message's
//! controls · `draw` entries as lines · `ink` lines as text · `display` what stands above the prompt · `editor` the prompt ·
//! `pager` long texts.

mod controls;
mod display;
mod draw;
mod editor;
mod ink;
mod pager;
mod slash;

use std::{
    collections::{BTreeMap, HashSet},
    env,
    fs::File,
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Arc, Weak},
    time::{Duration, SystemTime},
};

use botkube_core::{chat::Accepted, control::Entered, running::CommandId};
use tokio::{
    runtime::Handle,
    signal::unix::{SignalKind, signal},
    time as tokio_time,
};
use tokio_util::sync::CancellationToken;

use self::{
    display::Display,
    draw::{Paper, View},
    editor::{Lines, Modes, Typed},
    ink::{BAD, BOLD, DIM, Line, PLAIN},
    pager::Long,
    slash::Slash,
};
pub(crate) use display::{over, up};
pub(crate) use editor::size;

use crate::{
    Ended,
    completion::Completer,
    entry::{Doing, Entry, State, since_1970},
    rooms::{Change, Person, Refused, Rooms, Watch},
};

/// How many entries of a channel are shown when one goes there for the first time.
const BEFORE: usize = 10;
/// How often it is looked whether the screen's size or a second has changed, while something runs.
const TICK: Duration = Duration::from_millis(250);
/// How long completion waits for a plugin's help; what comes later is there the next time.
const PATIENCE: Duration = Duration::from_millis(300);
/// How many messages' inputs are remembered.
const FILLED: usize = 50;
/// How many shown entries are remembered, to know whether one changed.
const SHOWN: usize = 200;
/// How many commands are remembered for Ctrl-C.
const MINE: usize = 1000;
/// How much of the log is shown: lines, and bytes that are read for them.
const LOG_LINES: usize = 20;
const LOG_BYTES: u64 = 32 << 10;

/// A person at a terminal.
pub struct Terminal {
    /// The channels.
    pub rooms: Arc<Rooms>,
    /// Who sits there.
    pub person: Person,
    /// The alias of the channel to begin in.
    pub channel: String,
    /// What is said first.
    pub greeting: String,
    /// Where lines are kept for the next time.
    pub history: Option<PathBuf>,
    /// Where the agent's log is.
    pub log: Option<PathBuf>,
    /// Completes what is typed.
    pub completer: Arc<Completer>,
}

/// A terminal that is talked at.
struct Face {
    rooms: Arc<Rooms>,
    person: Person,
    log: Option<PathBuf>,
    channel: String,
    watch: Watch,
    display: Arc<Display>,
    /// Whether somebody draws what the display holds.
    draws: bool,
    colours: bool,
    /// The latest change that was seen of each channel.
    seen: BTreeMap<String, u64>,
    /// What runs, by id.
    running: BTreeMap<u64, Arc<Entry>>,
    /// What was shown last, by id.
    shown: BTreeMap<u64, Arc<Entry>>,
    /// What was said by the entry that was shown last, or is answered by it.
    topic: Option<String>,
    /// The commands started here, the oldest first.
    mine: Vec<(String, CommandId)>,
    /// The keys of lines that stand on the screen as they were typed.
    typed: HashSet<String>,
    /// What the controls of messages hold, by entry, with the controls they had.
    filled: BTreeMap<u64, Entered>,
    /// The last output that was too long to be shown.
    long: Option<String>,
    /// A file that came with an answer.
    file: Option<PathBuf>,
    keys: Keys,
}

/// Makes keys nobody made before.
struct Keys {
    since: u128,
    last: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Goes {
    On,
    Away,
}

impl Terminal {
    /// Talks with the person until they leave or `stop`.
    ///
    /// Ctrl-C cancels what was started last and still runs; with nothing to cancel, twice in a row leaves, and so does Ctrl-D.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be used, or the channel is none.
    pub async fn run(self, stop: &CancellationToken) -> io::Result<Ended> {
        let Self { rooms, person, channel, greeting, history, log, completer } = self;
        let is_dumb = env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colours = !is_dumb && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let modes = Modes::keep();
        let mut interrupts = signal(SignalKind::interrupt())?;
        let mut continued = signal(SignalKind::from_raw(rustix::process::Signal::CONT.as_raw()))?;
        let (display, woken) = Display::new(colours);
        let display = Arc::new(display);
        let place = Arc::new(std::sync::Mutex::new(channel.clone()));
        let complete = complete(Arc::downgrade(&rooms), completer, place.clone(), Handle::current());
        let mut lines = Lines::start(display.clone(), woken, Box::new(complete), history)?;
        let revision = |alias: &str| rooms.revision(alias).unwrap_or_default();
        let channels = rooms.channels().into_iter();
        let seen: BTreeMap<_, _> = channels.map(|c| (c.alias.clone(), revision(&c.alias))).collect();
        let after = seen.get(&channel).copied().unwrap_or_default();
        let (missed, watch) = rooms.watch(&channel, &person.id, after).map_err(io::Error::other)?;
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
        let mut face = Face {
            rooms,
            person,
            log,
            channel,
            watch,
            display,
            draws: lines.draws,
            colours,
            seen,
            running: BTreeMap::new(),
            shown: BTreeMap::new(),
            topic: None,
            mine: Vec::new(),
            typed: HashSet::new(),
            filled: BTreeMap::new(),
            long: None,
            file: None,
            keys: Keys { since, last: 0 },
        };
        face.scroll(&greeting.lines().map(|line| Line::of(PLAIN, line)).collect::<Vec<_>>());
        missed.into_iter().for_each(|entry| face.take(entry));
        let mut was_interrupted = false;
        if !lines.ask(face.prompt()) {
            return Ok(Ended::Input);
        }
        let ended = loop {
            let tick = async {
                match face.running.is_empty() {
                    true => std::future::pending().await,
                    false => tokio_time::sleep(TICK).await,
                }
            };
            let (typed, is_asked) = tokio::select! {
                change = face.watch.next() => {
                    match change {
                        Some(change) => face.change(change),
                        None if face.move_on() => {}
                        None => break Ended::Told,
                    }
                    continue;
                }
                () = tick => {
                    face.stand();
                    continue;
                }
                _ = continued.recv() => {
                    face.display.displaced();
                    continue;
                }
                // Where no line is being edited, Ctrl-C comes as a signal; another may have been asked for already.
                _ = interrupts.recv() => (Some(Typed::Interrupt), true),
                typed = lines.next() => (typed, false),
                () = stop.cancelled() => break Ended::Told,
            };
            let again = matches!(typed, Some(Typed::Interrupt)) && was_interrupted;
            was_interrupted = false;
            match typed {
                Some(Typed::Line(line)) => {
                    if face.line(&line, &modes, stop).await == Goes::Away {
                        break Ended::Input;
                    }
                    // What was meant for a pager.
                    let _ = tokio_time::timeout(Duration::ZERO, interrupts.recv()).await;
                    face.channel.clone_into(&mut place.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
                }
                Some(Typed::Interrupt) if face.cancel() => {}
                Some(Typed::Interrupt) if !again => {
                    was_interrupted = true;
                    face.say_here(DIM, "Ctrl-C again, or Ctrl-D, leaves.");
                }
                Some(Typed::Failed(reason)) => face.say_here(BAD, &format!("This line cannot be taken: {reason}")),
                Some(Typed::Gone(reason)) => {
                    face.say_here(BAD, &format!("The terminal cannot be read: {reason}"));
                    break Ended::Input;
                }
                Some(Typed::Interrupt | Typed::End) | None => break Ended::Input,
            }
            if !is_asked && !lines.ask(face.prompt()) {
                break Ended::Input;
            }
        };
        modes.restore();
        Ok(if face.leave(ended).is_ok() { ended } else { Ended::Output })
    }
}

impl Face {
    fn prompt(&self) -> String {
        match self.rooms.channels().get(1) {
            Some(_) => format!("{} › ", self.channel),
            None => "› ".to_owned(),
        }
    }

    fn paper(&self) -> Paper {
        Paper { width: size().columns, colours: self.colours }
    }

    /// Has lines scroll by.
    fn scroll(&self, lines: &[Line]) {
        if self.draws {
            return self.display.scroll(lines);
        }
        let text: String = lines.iter().map(|line| line.paint(self.colours) + "\n").collect();
        let mut out = io::stdout().lock();
        // A terminal that is gone cannot be read either, which ends it.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Says something of the terminal's own, which nobody else sees.
    fn say_here(&mut self, style: anstyle::Style, text: &str) {
        self.topic = None;
        let lines: Vec<Line> =
            text.lines().flat_map(|line| Line::of(style, line).wrapped(size().columns, 14)).collect();
        self.scroll(&lines);
    }

    fn change(&mut self, change: Change) {
        match change {
            Change::Entry(entry) | Change::Grown { entry, .. } => self.take(entry),
            // It came as an entry, too, and is used where it stands.
            Change::Form(_) => {}
            Change::Missed => {
                let after = self.seen.get(&self.channel).copied().unwrap_or_default();
                if let Ok((missed, watch)) = self.rooms.watch(&self.channel, &self.person.id, after) {
                    self.watch = watch;
                    missed.into_iter().for_each(|entry| self.take(entry));
                }
            }
        }
        self.stand();
    }

    /// Shows an entry that is new, or has changed.
    fn take(&mut self, entry: Arc<Entry>) {
        let seen = self.seen.entry(self.channel.clone()).or_default();
        *seen = entry.revision.max(*seen);
        let Ok(id) = entry.id.parse::<u64>() else { return };
        if !entry.by.bot {
            if !self.typed.remove(&entry.key) {
                let lines = self.paper().said(&entry);
                self.scroll(&lines);
            }
            self.topic = Some(entry.id.clone());
            return;
        }
        if let Some(Doing { command, state: State::Ended { .. }, .. }) = &entry.live {
            self.mine.retain(|(_, mine)| mine != command);
        }
        if entry.is_running() {
            self.running.insert(id, entry);
            return;
        }
        self.running.remove(&id);
        let is_same = |shown: &Arc<Entry>| {
            (&shown.message, &shown.file, &shown.header) == (&entry.message, &entry.file, &entry.header)
                && (shown.live == entry.live || entry.live.is_none())
        };
        if self.shown.get(&id).is_some_and(is_same) {
            return;
        }
        self.show(id, entry);
    }

    /// Has an entry scroll by, which stays as it is.
    fn show(&mut self, id: u64, entry: Arc<Entry>) {
        let file = self.file_of(&entry);
        let header = entry.answers.is_none() || self.topic != entry.answers || self.shown.contains_key(&id);
        let view = View { header, file: file.as_deref() };
        let mut lines = self.paper().answer(&entry, view);
        let most = (2 * size().rows).max(50);
        if lines.len() > most {
            let whole: String = lines.iter().map(|line| line.paint(false) + "\n").collect();
            let more = lines.len() - most;
            lines.truncate(most);
            lines.push(Line::of(DIM, &format!("… {more} more lines: /more shows all of it")));
            (self.long, self.file) = (Some(whole), None);
        }
        if file.is_some() {
            self.file = file;
        }
        lines.extend(entry.live.as_ref().and_then(|doing| draw::state(doing, now())));
        self.scroll(&lines);
        self.topic.clone_from(&entry.answers);
        self.shown.insert(id, entry);
        if self.shown.len() > SHOWN {
            self.shown.pop_first();
        }
    }

    fn file_of(&self, entry: &Entry) -> Option<PathBuf> {
        let file = entry.file.as_ref()?;
        self.rooms.store().file(file.stored_as())
    }

    /// Has what runs stand above the prompt.
    fn stand(&mut self) {
        if !self.draws {
            return;
        }
        let size = size();
        let (paper, now) = (Paper { width: size.columns.saturating_sub(1), colours: self.colours }, now());
        let drawn = |entry: &Arc<Entry>| {
            let lines = paper.answer(entry, View { header: true, file: None });
            (lines, entry.live.as_ref().and_then(|doing| draw::state(doing, now)))
        };
        let running: Vec<_> = self.running.values().map(drawn).collect();
        // The prompt needs room, and so does what is typed there.
        self.display.stand(draw::block(&running, paper.width, size.rows.saturating_sub(3).max(1)));
    }

    /// Cancels what was started here last and still runs.
    fn cancel(&mut self) -> bool {
        while let Some((channel, command)) = self.mine.pop() {
            if self.rooms.cancel(&channel, &self.person, command).is_ok() {
                return true;
            }
        }
        false
    }

    /// Does what a line says.
    async fn line(&mut self, line: &str, modes: &Modes, stop: &CancellationToken) -> Goes {
        if line.trim().is_empty() {
            return Goes::On;
        }
        let Some(slash) = Slash::parse(line) else {
            let key = self.keys.next();
            self.typed.insert(format!("{}/{key}", self.person.id));
            let accepted = self.rooms.say(&self.channel, &self.person, &key, line);
            self.accepted(accepted);
            return Goes::On;
        };
        match slash {
            Slash::Help => self.say_here(PLAIN, slash::HELP),
            Slash::Unknown(text) => self.say_here(PLAIN, &text),
            Slash::Quit => return Goes::Away,
            Slash::Who => self.say_here(
                PLAIN,
                &format!("{}, at this terminal. Who looks on in a browser is not known here.", called(&self.person)),
            ),
            Slash::Channel(None) => self.channels(),
            Slash::Channel(Some(name)) => self.go(name),
            Slash::Logs => match self.log.clone() {
                None => self.say_here(PLAIN, "This agent writes no log file."),
                Some(path) => match last_lines(&path) {
                    Ok(text) => {
                        self.scroll(&ink::code(&text));
                        self.say_here(DIM, &format!("the end of {}", path.display()));
                    }
                    Err(error) => self.say_here(BAD, &format!("{} cannot be read: {error}", path.display())),
                },
            },
            Slash::More => self.more(modes, stop).await,
            Slash::Send => self.send(),
            Slash::Use { entry, number, text } => {
                if let Err(reason) = self.control(entry, number, text) {
                    self.say_here(BAD, &reason);
                }
            }
        }
        Goes::On
    }

    fn accepted(&mut self, accepted: Result<Accepted, Refused>) {
        match accepted {
            Ok(Accepted::Running(command)) => self.mine.push((self.channel.clone(), command)),
            Ok(Accepted::Before | Accepted::Full) => {}
            Err(reason) => self.say_here(BAD, &format!("Not done: {reason}.")),
        }
        // Some end without a word.
        if self.mine.len() > MINE {
            self.mine.remove(0);
        }
    }

    fn channels(&mut self) {
        let mut lines = Vec::new();
        for channel in self.rooms.channels() {
            let alias = &channel.alias;
            let is_here = *alias == self.channel;
            let is_new = !is_here
                && self.rooms.revision(alias).unwrap_or_default() > self.seen.get(alias).copied().unwrap_or_default();
            let mut line = Line::of(PLAIN, if is_new { "• " } else { "  " });
            line.push(if is_here { BOLD } else { PLAIN }, alias);
            if channel.called() != alias {
                line.push(DIM, &format!("  {}", channel.called()));
            }
            if is_here {
                line.push(DIM, "  here");
            }
            lines.push(line);
        }
        self.scroll(&lines);
    }

    /// Goes where one can still be; `false` when there is no channel any more.
    fn move_on(&mut self) -> bool {
        let Some(first) = self.rooms.channels().into_iter().next() else { return false };
        self.say_here(BAD, &format!("The channel `{}` is not there any more.", self.channel));
        self.go(&first.alias);
        self.channel == first.alias
    }

    /// Goes to another channel, and shows what is new there.
    fn go(&mut self, name: &str) {
        let is_it = |alias: &str, called: &str| alias == name || called.trim_start_matches('#') == name;
        let channels = self.rooms.channels();
        let found = channels.iter().find(|c| is_it(&c.alias, c.called())).map(|c| c.alias.clone());
        let Some(alias) = found else {
            let all: Vec<_> = channels.iter().map(|channel| channel.alias.as_str()).collect();
            let text = format!(
                "There is no channel `{}`; there are: {}.",
                name.chars().take(80).collect::<String>(),
                all.join(", ")
            );
            return self.say_here(BAD, &text);
        };
        let Ok((all, watch)) = self.rooms.watch(&alias, &self.person.id, 0) else { return };
        self.running.clear();
        let after = self.seen.get(&alias).copied().unwrap_or_default();
        let new = all.iter().filter(|entry| entry.revision > after).count();
        let skipped = all.len() - new.max(BEFORE).min(all.len());
        (self.channel, self.watch, self.topic) = (alias, watch, None);
        self.shown.clear();
        self.scroll(&[Line::of(DIM, &format!("── {} ──", self.channel))]);
        if skipped > 0 {
            self.scroll(&[Line::of(DIM, &format!("… {skipped} before these"))]);
        }
        all.into_iter().skip(skipped).for_each(|entry| self.take(entry));
        self.stand();
    }

    async fn more(&mut self, modes: &Modes, stop: &CancellationToken) {
        let long = match (&self.file, &self.long) {
            (Some(path), _) => File::open(path).map(Long::File),
            (None, Some(text)) => Ok(Long::Text(text.clone())),
            (None, None) => return self.say_here(PLAIN, "Nothing here was too long to be shown."),
        };
        let paged = match long {
            Ok(long) => pager::page(long, stop).await,
            Err(error) => Err(error),
        };
        modes.restore();
        if let Err(error) = paged {
            self.say_here(BAD, &format!("It cannot be shown: {error}"));
        }
    }

    /// Writes what nobody drew yet, and what still runs as it is.
    fn leave(mut self, ended: Ended) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if ended == Ended::Told {
            writeln!(out)?;
        }
        out.write_all(self.display.rest().as_bytes())?;
        for entry in std::mem::take(&mut self.running).into_values() {
            let mut lines = self.paper().answer(&entry, View { header: true, file: None });
            if let Some(Doing { command, .. }) = &entry.live {
                lines.push(Line::of(DIM, &format!("■ {command} still runs, and is cancelled now")));
            }
            for line in lines {
                writeln!(out, "{}", line.paint(self.colours))?;
            }
        }
        out.flush()
    }
}

impl Keys {
    fn next(&mut self) -> String {
        self.last += 1;
        format!("{:x}-{}", self.since, self.last)
    }
}

/// Completes lines in the channel one is in. The thread that asks may outlive the rooms.
fn complete(
    rooms: Weak<Rooms>,
    completer: Arc<Completer>,
    place: Arc<std::sync::Mutex<String>>,
    runtime: Handle,
) -> impl Fn(&str) -> Vec<String> + Send + Sync {
    move |typed| {
        let Some(rooms) = rooms.upgrade() else { return Vec::new() };
        if typed.starts_with('/') {
            let channels = rooms.channels().into_iter().map(|channel| format!("/channel {}", channel.alias));
            let mut words: Vec<String> =
                slash::words().chain(channels).filter(|word| word.starts_with(typed)).collect();
            words.sort();
            return words;
        }
        let alias = place.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let Some(conversation) = rooms.channels().into_iter().find(|channel| channel.alias == alias) else {
            return Vec::new();
        };
        let asked = runtime
            .block_on(async { tokio_time::timeout(PATIENCE, completer.completions(&conversation, typed)).await });
        let completions = asked.unwrap_or_else(|_| completer.known(&conversation, typed));
        completions.into_iter().map(|completion| completion.text).collect()
    }
}

fn called(person: &Person) -> &str {
    [&person.name, &person.id].into_iter().find(|name| !name.is_empty()).map_or("You", String::as_str)
}

fn now() -> u64 {
    since_1970(SystemTime::now())
}

/// The last lines of a file.
fn last_lines(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(LOG_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(LOG_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    Ok(lines[lines.len().saturating_sub(LOG_LINES)..].join("\n"))
}
