//! The console as a chat platform: channels that keep what was said in them, and tell whoever watches. It knows neither
//! terminal nor browser; both are faces of it.

mod change;
mod kept;

use std::{
    collections::HashSet,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, Weak},
    time::SystemTime,
};

use async_trait::async_trait;
use botkube_api::message::{Message, OptionGroup, OptionItem};
use botkube_core::{
    answer::Status,
    chat::{Accepted, Chat, Said},
    command::LONGEST,
    control::{self, Control, ControlId, Pressed},
    conversation::{Actor, Certainty, Conversation, Incoming, Origin},
    platform::{Anchor, Attachment, Audience, Capabilities, Platform, PlatformError, Post, Posted},
    running::CommandId,
};
use indexmap::IndexMap;
use tokio::sync::{broadcast, watch};

pub use self::change::{Change, Watch};
pub use crate::entry::Used;

use self::kept::Kept;
use crate::{
    entry::{By, Doing, Entry, File, State, since_1970},
    preview,
    store::Store,
};

/// How many entries of a channel are kept; the oldest go first.
pub const KEPT: usize = 1000;
/// How many changes may wait for whoever watches; who is slower has to look again.
const WAITING: usize = 512;
/// The longest name of a person, in characters.
pub const LONGEST_NAME: usize = 80;
/// How many channels that are gone are kept for when they come back; of those that went first everything is forgotten.
const LEFT: usize = 64;
/// How long after something was said the agent may have ended without a trace of an answer, in milliseconds; a command that
/// ran for longer has one, and what has none was not to be answered.
const UNANSWERED: u64 = 5000;

/// The channels of the console.
pub struct Rooms {
    capabilities: Capabilities,
    /// In the order of the configuration.
    rooms: RwLock<IndexMap<String, Arc<Room>>>,
    /// Those that are gone, the latest last. What ran there still ends there. Locked after the others.
    left: Mutex<IndexMap<String, Arc<Room>>>,
    /// Tells that the channels are others now.
    arranged: watch::Sender<()>,
    store: Arc<dyn Store>,
    chat: OnceLock<Weak<Chat>>,
}

/// A person at the console, as they say who they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Given by the console.
    pub id: String,
    /// The name people know.
    pub name: String,
}

/// Why something was not done; the text says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such channel.
    #[error("there is no channel {wanted:?}; there are: {channels}")]
    NoChannel {
        /// What was asked for.
        wanted: String,
        /// Those there are.
        channels: String,
    },
    /// Nothing was said.
    #[error("nothing was said")]
    Empty,
    /// It is too long.
    #[error("it has {0} bytes and may have {LONGEST}; nothing of it was run")]
    TooLong(usize),
    /// The command does not run here.
    #[error("the command {0} does not run here; it may have ended already")]
    NotRunning(CommandId),
    /// The agent is not there yet, or not any more.
    #[error("the agent is not ready; try again in a moment")]
    NotReady,
    /// No such message is there for this person.
    #[error("the message is not there any more; nothing was run")]
    NoMessage,
    /// The control was not used as it can be.
    #[error("{0}; nothing was run")]
    Control(String),
}

struct Room {
    alias: String,
    conversation: Mutex<Conversation>,
    state: Mutex<Kept>,
    changes: Mutex<broadcast::Sender<Change>>,
}

impl Rooms {
    /// Channels with what the store has kept of them. Commands that ran when the agent ended have ended with it.
    #[must_use]
    pub fn new(channels: Vec<Conversation>, store: Arc<dyn Store>) -> Arc<Self> {
        let (rooms, left, arranged, chat) = <_>::default();
        let rooms = Self { capabilities: preview::capabilities(), rooms, left, arranged, store, chat };
        rooms.arrange(channels);
        Arc::new(rooms)
    }

    /// Has these channels from now on, and tells whoever watches. One that was there keeps what was said in it; one that is
    /// gone is watched no longer, and comes back with what was said in it.
    pub fn arrange(&self, channels: Vec<Conversation>) {
        let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        let (mut left, mut now) = (self.left(), IndexMap::new());
        left.extend(std::mem::take(&mut *rooms));
        for conversation in channels {
            let alias = conversation.alias.clone();
            let room = now.get(&alias).cloned().or_else(|| left.shift_remove(&alias)).unwrap_or_else(|| {
                let room = Room::new(conversation.clone(), self.store.load(&alias));
                self.end_what_ran(&room);
                Arc::new(room)
            });
            *room.place() = conversation;
            now.insert(alias, room);
        }
        *rooms = now;
        // Nobody watches what is gone.
        left.values().for_each(|room| *room.changes() = broadcast::Sender::new(WAITING));
        while left.len() > LEFT {
            // Were it kept on disk, what is said when it comes back would be mixed with that.
            if let Some((alias, room)) = left.shift_remove_index(0) {
                room.kept().entries.iter().for_each(|entry| self.store.forget(&alias, entry));
            }
        }
        drop((rooms, left));
        self.arranged.send_replace(());
    }

    /// Changes when the channels have been arranged anew.
    #[must_use]
    pub fn arranged(&self) -> watch::Receiver<()> {
        self.arranged.subscribe()
    }

    /// Says who answers here, as long as somebody holds on to it. Only the first counts.
    pub fn answered_by(&self, chat: &Arc<Chat>) {
        let _ = self.chat.set(Arc::downgrade(chat));
    }

    /// The channels, in the order of the configuration.
    #[must_use]
    pub fn channels(&self) -> Vec<Conversation> {
        self.all().iter().map(|room| room.conversation()).collect()
    }

    /// What a person sees of a channel that is newer than `after`, and whatever happens from now on. Of another history
    /// than this channel's nothing counts as seen.
    ///
    /// # Errors
    ///
    /// When there is no such channel.
    pub fn watch(&self, alias: &str, person: &str, after: u64) -> Result<(Vec<Arc<Entry>>, Watch), Refused> {
        let room = self.room(alias)?;
        // Under the lock, so that nothing is missed in between and nothing told twice.
        let kept = room.kept();
        let changes = room.changes().subscribe();
        let is_new = |entry: &Entry| entry.revision > after || !kept.knows(after);
        let entries = kept.entries.iter().filter(|entry| is_new(entry) && entry.is_for(person));
        Ok((entries.cloned().collect(), Watch { person: Some(person.to_owned()), changes }))
    }

    /// All there is of a channel, and whatever happens from now on, whoever may see it: for those who keep a record on behalf
    /// of the person whose agent it is.
    ///
    /// # Errors
    ///
    /// When there is no such channel.
    pub fn overhear(&self, alias: &str) -> Result<(Vec<Arc<Entry>>, Watch), Refused> {
        let room = self.room(alias)?;
        let kept = room.kept();
        Ok((kept.entries.iter().cloned().collect(), Watch { person: None, changes: room.changes().subscribe() }))
    }

    /// Whether a revision is of this channel's history; otherwise whoever has seen it has seen another.
    ///
    /// # Errors
    ///
    /// When there is no such channel.
    pub fn knows(&self, alias: &str, revision: u64) -> Result<bool, Refused> {
        Ok(self.room(alias)?.kept().knows(revision))
    }

    /// The revision of the latest change in a channel.
    ///
    /// # Errors
    ///
    /// When there is no such channel.
    pub fn revision(&self, alias: &str) -> Result<u64, Refused> {
        Ok(self.room(alias)?.kept().revision)
    }

    /// Says something in a channel. The same key is answered once, whether or not the agent was started again in between.
    ///
    /// # Errors
    ///
    /// Why nothing was run.
    pub fn say(&self, alias: &str, person: &Person, key: &str, text: &str) -> Result<Accepted, Refused> {
        let conversation = self.room(alias)?.conversation();
        let incoming = Incoming::typed(text, person.actor(), conversation);
        self.submit(alias, person, key, incoming, None)
    }

    /// Uses a control of an entry, while the entry's controls hold what was `entered`. As for [`Rooms::say`].
    ///
    /// # Errors
    ///
    /// Why nothing was run.
    pub fn press(&self, alias: &str, person: &Person, key: &str, used: &Used) -> Result<Accepted, Refused> {
        let room = self.room(alias)?;
        // What was done may have changed the message since.
        if room.kept().keys.contains_key(&own_key(person, key)) {
            return Ok(Accepted::Before);
        }
        let message = self.message(&room, person, &used.entry)?;
        let Pressed { text, origin, controls } = control::press(&message, &used.control, &used.values, &used.entered)
            .map_err(|error| Refused::Control(error.to_string()))?;
        let (actor, conversation) = (person.actor(), room.conversation());
        let incoming = Incoming { text, actor, conversation, origin, controls };
        self.submit(alias, person, key, incoming, Some(used))
    }

    /// The options of a select of an entry whose names or values contain what was typed, in either letter case. Upstream asks
    /// no plugin for them either.
    ///
    /// # Errors
    ///
    /// When there is no such select.
    pub fn options(
        &self,
        alias: &str,
        person: &Person,
        entry: &str,
        control: &ControlId,
        typed: &str,
    ) -> Result<Vec<OptionGroup>, Refused> {
        let message = self.message(&*self.room(alias)?, person, entry)?;
        let controls = control::controls(&message);
        let found = controls.iter().find(|(id, _)| id == control);
        let Some((_, Control::Select(select))) = found else {
            return Err(Refused::Control(format!("the message has no select `{control}`")));
        };
        let typed = typed.to_lowercase();
        let fits =
            |option: &OptionItem| [&option.name, &option.value].iter().any(|it| it.to_lowercase().contains(&typed));
        let mut groups = select.option_groups.clone();
        groups.iter_mut().for_each(|group| group.options.retain(fits));
        groups.retain(|group| !group.options.is_empty());
        Ok(groups)
    }

    /// Cancels a command of a channel.
    ///
    /// # Errors
    ///
    /// When it does not run there.
    pub fn cancel(&self, alias: &str, person: &Person, command: CommandId) -> Result<(), Refused> {
        let room = self.room(alias)?;
        let chat = self.chat()?;
        let is_cancelled = chat.cancel(command, &person.actor(), &room.conversation());
        is_cancelled.then_some(()).ok_or(Refused::NotRunning(command))
    }

    /// Who answers here.
    ///
    /// # Errors
    ///
    /// When nobody does yet, or any more.
    pub fn chat(&self) -> Result<Arc<Chat>, Refused> {
        self.chat.get().and_then(Weak::upgrade).ok_or(Refused::NotReady)
    }

    /// A file of an entry that this person sees, by the name the store gave it, and where it is.
    #[must_use]
    pub fn file(&self, person: &str, name: &str) -> Option<(File, PathBuf)> {
        let named = |entry: &Arc<Entry>| {
            let file = entry.file.clone().filter(|file| file.stored_as() == name && entry.is_for(person));
            Some((file?, self.store.file(name)?))
        };
        self.all().iter().find_map(|room| room.kept().entries.iter().find_map(named))
    }

    /// Where entries and files are kept.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Shows what a person says and has it answered.
    fn submit(
        &self,
        alias: &str,
        person: &Person,
        key: &str,
        incoming: Incoming,
        used: Option<&Used>,
    ) -> Result<Accepted, Refused> {
        let room = self.room(alias)?;
        let chat = self.chat()?;
        if incoming.text.trim().is_empty() {
            return Err(Refused::Empty);
        }
        if incoming.text.len() > LONGEST {
            return Err(Refused::TooLong(incoming.text.len()));
        }
        let key = own_key(person, key);
        let id = {
            let mut kept = room.kept();
            if kept.keys.contains_key(&key) {
                return Ok(Accepted::Before);
            }
            let entry = kept.new_entry(By { id: person.id.clone(), name: person.name.clone(), bot: false }, &key);
            let (text, how) = (Some(incoming.text.clone()), Some(incoming.origin));
            let entry = Entry { text, how, used: used.cloned(), ..entry };
            let id = entry.id.clone();
            self.put(&room, &mut kept, entry);
            id
        };
        // An agent that is killed now knows afterwards that this was said, and does not run it again.
        self.store.settle();
        let anchor = Anchor { id, original: used.map(|used| Posted(used.entry.clone())), expires: None };
        let accepted = chat.say(Said { incoming, key: key.clone(), anchor: Some(anchor.clone()) });
        if accepted == Accepted::Full {
            let full =
                "Too many commands wait in this channel; this one was not run. Say it again when some have ended.";
            self.note(&room, &mut room.kept(), &key, &anchor.id, full);
        }
        Ok(accepted)
    }

    /// Says below an entry, in the agent's name, why it has no other answer.
    fn note(&self, room: &Room, kept: &mut Kept, key: &str, answers: &str, text: &str) {
        let entry = kept.new_entry(By::agent(), &format!("{key}/note"));
        let (message, answers) = (Some(Message::text(text)), Some(answers.to_owned()));
        self.put(room, kept, Entry { message, answers, ..entry });
    }

    /// A message that this person sees.
    fn message(&self, room: &Room, person: &Person, entry: &str) -> Result<Message, Refused> {
        let kept = room.kept();
        let entry = kept.entries.iter().rfind(|other| other.id == entry && other.is_for(&person.id));
        entry.and_then(|entry| entry.message.clone()).ok_or(Refused::NoMessage)
    }

    fn all(&self) -> Vec<Arc<Room>> {
        self.rooms.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn room(&self, alias: &str) -> Result<Arc<Room>, Refused> {
        let rooms = self.rooms.read().unwrap_or_else(PoisonError::into_inner);
        rooms.get(alias).cloned().ok_or_else(|| Refused::NoChannel {
            wanted: alias.chars().take(LONGEST_NAME).collect(),
            channels: rooms.keys().map(String::as_str).collect::<Vec<_>>().join(", "),
        })
    }

    /// Where what is answered goes: its channel may be gone by now.
    fn answered_in(&self, alias: &str) -> Result<Arc<Room>, Refused> {
        self.room(alias).or_else(|refused| self.left().get(alias).cloned().ok_or(refused))
    }

    fn left(&self) -> MutexGuard<'_, IndexMap<String, Arc<Room>>> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps an entry that is new or has changed, and tells whoever watches.
    fn put(&self, room: &Room, kept: &mut Kept, mut entry: Entry) {
        kept.revision += 1;
        entry.revision = kept.revision;
        let entry = Arc::new(entry);
        let place = kept.entries.iter().rposition(|other| other.id == entry.id);
        let change = match place {
            Some(place) => {
                let before = std::mem::replace(&mut kept.entries[place], entry.clone());
                match entry.growth(&before) {
                    Some(text) => Change::Grown {
                        id: entry.id.clone(),
                        revision: entry.revision,
                        text: text.to_owned(),
                        entry: entry.clone(),
                    },
                    None => Change::Entry(entry.clone()),
                }
            }
            None => {
                kept.keys.insert(entry.key.clone(), entry.id.clone());
                kept.entries.push_back(entry.clone());
                Change::Entry(entry.clone())
            }
        };
        self.store.keep(&room.alias, &entry);
        while kept.entries.len() > KEPT {
            if let Some(oldest) = kept.entries.pop_front() {
                kept.keys.remove(&oldest.key);
                self.store.forget(&room.alias, &oldest);
            }
        }
        // Nobody need watch.
        let _ = room.changes().send(change);
    }

    /// An answer of the agent's; the one that was given before under this key, if there is one.
    fn answer(
        &self,
        alias: &str,
        key: &str,
        anchor: Option<&Anchor>,
        make: impl FnOnce(Entry) -> Entry,
    ) -> Result<Posted, PlatformError> {
        let room = self.answered_in(alias).map_err(|error| PlatformError::Refused(error.to_string()))?;
        let mut kept = room.kept();
        if let Some(id) = kept.keys.get(key) {
            return Ok(Posted(id.clone()));
        }
        let entry = kept.new_entry(By::agent(), key);
        let answers = anchor.map(|anchor| anchor.id.clone());
        let entry = make(Entry { answers, ..entry });
        let posted = Posted(entry.id.clone());
        self.put(&room, &mut kept, entry);
        Ok(posted)
    }

    /// What ran when the agent ended ended with it.
    fn end_what_ran(&self, room: &Room) {
        let mut kept = room.kept();
        let running: Vec<_> = kept.entries.iter().filter(|entry| entry.is_running()).cloned().collect();
        for entry in running {
            let mut entry = (*entry).clone();
            if let Some(Doing { since, state, .. }) = &mut entry.live {
                let took_ms = since_1970(SystemTime::now()).saturating_sub(*since);
                *state = State::Ended { status: Status::Cancelled, took_ms };
            }
            let (answers, only_for) = (entry.answers.clone(), entry.only_for.clone());
            let note = kept.new_entry(By::agent(), &format!("{}/note", entry.key));
            self.put(room, &mut kept, entry);
            let text = "The agent ended while it worked on this. Some of it may have been done; it is not run again.";
            let message = Some(Message::text(text));
            self.put(room, &mut kept, Entry { message, answers, only_for, ..note });
        }
        let newest = kept.entries.iter().map(|entry| entry.at).max().unwrap_or_default();
        // The answer to a control may have been shown in the place of its message.
        let is_typed = |entry: &&Arc<Entry>| {
            let is_late = entry.at.saturating_add(UNANSWERED) >= newest;
            is_late && entry.text.is_some() && entry.how == Some(Origin::Typed)
        };
        let answered: HashSet<&str> = kept.entries.iter().filter_map(|entry| entry.answers.as_deref()).collect();
        let typed = kept.entries.iter().filter(is_typed).filter(|entry| !answered.contains(entry.id.as_str()));
        let lost: Vec<_> = typed.cloned().collect();
        for entry in lost {
            let text = "The agent ended before it answered this. It may have run: look before you say it again.";
            self.note(room, &mut kept, &entry.key, &entry.id, text);
        }
    }
}

#[async_trait]
impl Platform for Rooms {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn post(&self, conversation: &Conversation, post: &Post) -> Result<Posted, PlatformError> {
        self.answer(&conversation.alias, &post.key, post.anchor.as_ref(), |entry| shown(entry, post))
    }

    async fn edit(&self, conversation: &Conversation, posted: &Posted, post: &Post) -> Result<(), PlatformError> {
        let room = self.answered_in(&conversation.alias).map_err(|_| PlatformError::Gone)?;
        let mut kept = room.kept();
        let entry = kept.entries.iter().rfind(|entry| entry.id == posted.0).ok_or(PlatformError::Gone)?;
        let entry = shown((**entry).clone(), post);
        self.put(&room, &mut kept, entry);
        Ok(())
    }

    async fn attach(&self, conversation: &Conversation, attachment: &Attachment) -> Result<Posted, PlatformError> {
        let room = self.answered_in(&conversation.alias).map_err(|error| PlatformError::Refused(error.to_string()))?;
        if let Some(id) = room.kept().keys.get(&attachment.key) {
            return Ok(Posted(id.clone()));
        }
        let (store, to_keep) = (self.store.clone(), attachment.clone());
        let kept = tokio::task::spawn_blocking(move || store.keep_file(&to_keep)).await;
        let name = kept
            .map_err(std::io::Error::other)
            .flatten()
            .map_err(|error| PlatformError::Failed(format!("{} cannot be kept: {error}", attachment.name)))?;
        let file = File { name: attachment.name.clone(), size: attachment.size, url: format!("/files/{name}") };
        let only_for = person(&attachment.audience);
        self.answer(&conversation.alias, &attachment.key, attachment.anchor.as_ref(), |entry| Entry {
            file: Some(file),
            only_for,
            ..entry
        })
    }

    async fn open_form(&self, conversation: &Conversation, anchor: &Anchor, form: &Post) -> Result<(), PlatformError> {
        let room = self.room(&conversation.alias).map_err(|_| PlatformError::Gone)?;
        let asked = room.kept().entries.iter().rfind(|entry| entry.id == anchor.id).map(|entry| entry.by.id.clone());
        // It stays as a message of the person who asked, for when the form is closed.
        let only_for = asked.ok_or(PlatformError::Gone)?;
        let form = Post { audience: Audience::Person(only_for), ..form.clone() };
        let posted = self.post(conversation, &form).await?;
        let entry = room.kept().entries.iter().rfind(|entry| entry.id == posted.0).cloned();
        let _ = room.changes().send(Change::Form(entry.ok_or(PlatformError::Gone)?));
        Ok(())
    }
}

impl Person {
    fn actor(&self) -> Actor {
        let (id, display_name) = (self.id.clone(), self.name.chars().take(LONGEST_NAME).collect());
        Actor { id, display_name, mention: String::new(), certainty: Certainty::SelfDeclared }
    }
}

impl Room {
    fn new(conversation: Conversation, entries: Vec<Entry>) -> Self {
        let (alias, state) = (conversation.alias.clone(), Mutex::new(Kept::new(entries)));
        Self {
            alias,
            conversation: Mutex::new(conversation),
            state,
            changes: Mutex::new(broadcast::Sender::new(WAITING)),
        }
    }

    fn place(&self) -> MutexGuard<'_, Conversation> {
        self.conversation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn conversation(&self) -> Conversation {
        self.place().clone()
    }

    /// Held for a moment, also while what is kept is locked.
    fn changes(&self) -> MutexGuard<'_, broadcast::Sender<Change>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An entry that shows a post.
fn shown(entry: Entry, post: &Post) -> Entry {
    Entry {
        header: post.header.clone(),
        message: Some(post.message.clone()),
        live: post.live.as_ref().map(Doing::from),
        only_for: person(&post.audience),
        ..entry
    }
}

/// A key of a person's own, so that nobody's key is another's.
fn own_key(person: &Person, key: &str) -> String {
    format!("{}/{key}", person.id)
}

fn person(audience: &Audience) -> Option<String> {
    match audience {
        Audience::Everyone => None,
        Audience::Person(id) => Some(id.clone()),
    }
}

#[cfg(test)]
mod tests;
