//! The commands that are under way, each with an id a person can type; it knows no plugin and runs nothing.

use std::{
    collections::BTreeMap,
    fmt,
    str::FromStr,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use tokio::{sync::Notify, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::conversation::{Actor, Conversation, Incoming};

/// How many commands may be under way; who comes then is told so.
pub const MOST: usize = 1000;

/// Names a command as long as the agent runs: `c1`, `c2`, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct CommandId(u64);

#[cfg(feature = "planted-bug")]
impl CommandId {
    /// Whether the bug of a test build meets it.
    pub(crate) fn is_unlucky(self) -> bool {
        self.0.is_multiple_of(3)
    }
}

/// The commands that are under way.
#[derive(Debug, Default)]
pub(crate) struct Running {
    last: AtomicU64,
    list: Mutex<List>,
    /// Wakes whoever waits for the last of them.
    emptied: Notify,
}

#[derive(Debug, Default)]
struct List {
    entries: BTreeMap<CommandId, Arc<Entry>>,
    /// The agent stops: no plugin is asked any more.
    is_closed: bool,
}

/// A command that is under way.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: CommandId,
    pub(crate) began: Instant,
    pub(crate) incoming: Arc<Incoming>,
    /// What people see of the command.
    pub(crate) shown: String,
    /// The first of its words.
    pub(crate) name: String,
    cancel: CancellationToken,
    cancelled_by: OnceLock<Canceller>,
}

/// Who ends a command before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Canceller {
    /// A person of this name.
    Person(String),
    /// The agent, which stops.
    Agent,
}

/// Why a command has no place in the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// It is full.
    Full,
    /// The agent stops.
    Closed,
}

/// The place of a command in the list; it goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    entry: Arc<Entry>,
    running: Arc<Running>,
}

/// What came of an attempt to cancel a command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cancelled {
    /// It ends now.
    Yes,
    /// It runs in another conversation, which is called this.
    Elsewhere(String),
    /// No such command runs.
    NotRunning,
}

impl Running {
    /// An id no other command has.
    pub(crate) fn next_id(&self) -> CommandId {
        CommandId(self.last.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Puts a command on the list, unless that is full or closed.
    pub(crate) fn enter(self: &Arc<Self>, entry: Entry) -> Result<Ticket, NoPlace> {
        let entry = Arc::new(entry);
        let mut list = self.lock();
        if list.is_closed {
            return Err(NoPlace::Closed);
        }
        if list.entries.len() >= MOST {
            return Err(NoPlace::Full);
        }
        list.entries.insert(entry.id, entry.clone());
        Ok(Ticket { entry, running: self.clone() })
    }

    /// What is on the list, the oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<Entry>> {
        self.lock().entries.values().cloned().collect()
    }

    /// Takes no more commands.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
    }

    /// Waits until nothing is on the list. One may wait at a time.
    pub(crate) async fn emptied(&self) {
        while !self.lock().entries.is_empty() {
            self.emptied.notified().await;
        }
    }

    /// Ends all of them, because the agent stops.
    pub(crate) fn cut(&self) {
        for entry in self.all() {
            let _ = entry.cancelled_by.set(Canceller::Agent);
            entry.cancel.cancel();
        }
    }

    /// Cancels a command of this conversation in the name of `actor`.
    pub(crate) fn cancel(&self, id: CommandId, actor: &Actor, conversation: &Conversation) -> Cancelled {
        let Some(entry) = self.lock().entries.get(&id).cloned() else { return Cancelled::NotRunning };
        if !entry.incoming.conversation.is_same(conversation) {
            return Cancelled::Elsewhere(entry.incoming.conversation.called().to_owned());
        }
        // The first who cancels is who did it.
        let _ = entry.cancelled_by.set(Canceller::Person(actor.called().to_owned()));
        entry.cancel.cancel();
        Cancelled::Yes
    }

    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    pub(crate) fn new(
        id: CommandId,
        began: Instant,
        incoming: Arc<Incoming>,
        (shown, name): (&str, &str),
        cancel: CancellationToken,
    ) -> Self {
        let (shown, name) = (shown.to_owned(), name.to_owned());
        Self { id, began, incoming, shown, name, cancel, cancelled_by: OnceLock::new() }
    }
}

impl Ticket {
    /// Who ended the command, where that is known.
    pub(crate) fn cancelled_by(&self) -> Option<&Canceller> {
        self.entry.cancelled_by.get()
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut list = self.running.lock();
        list.entries.remove(&self.entry.id);
        if list.entries.is_empty() {
            self.running.emptied.notify_one();
        }
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}", self.0)
    }
}

/// In either letter case, since phones begin a line with a capital.
impl FromStr for CommandId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        text.strip_prefix(['c', 'C']).and_then(|number| number.parse().ok()).map(Self).ok_or(())
    }
}

impl From<CommandId> for String {
    fn from(id: CommandId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for CommandId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map_err(|()| "a command's id is `c` and a number")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(running: &Arc<Running>, channel: &str) -> (Result<Ticket, NoPlace>, CommandId, CancellationToken) {
        let conversation = Conversation { display_name: channel.into(), ..Conversation::default() };
        let incoming = Arc::new(Incoming::typed("echo hi", Actor::default(), conversation));
        let (id, cancel) = (running.next_id(), CancellationToken::new());
        let entry = Entry::new(id, Instant::now(), incoming, ("echo hi", "echo"), cancel.clone());
        (running.enter(entry), id, cancel)
    }

    fn ada(running: &Running, id: CommandId, channel: &str) -> Cancelled {
        let conversation = Conversation { display_name: channel.into(), ..Conversation::default() };
        running.cancel(id, &Actor { display_name: "Ada".into(), ..Actor::default() }, &conversation)
    }

    #[tokio::test]
    async fn a_command_is_on_the_list_until_its_ticket_is_dropped() {
        let running = Arc::<Running>::default();
        let (ticket, id, _) = enter(&running, "ops");
        assert_eq!(running.all().iter().map(|entry| entry.id).collect::<Vec<_>>(), [id]);
        drop(ticket);
        assert!(running.all().is_empty());
    }

    #[tokio::test]
    async fn cancelling_is_remembered_with_who_did_it() {
        let running = Arc::<Running>::default();
        let (ticket, id, cancel) = enter(&running, "ops");
        assert_eq!(ada(&running, id, "ops"), Cancelled::Yes);
        assert!(cancel.is_cancelled());
        assert_eq!(ticket.unwrap().cancelled_by(), Some(&Canceller::Person("Ada".into())));
    }

    #[tokio::test]
    async fn a_command_cannot_be_cancelled_from_another_conversation() {
        let running = Arc::<Running>::default();
        let (_ticket, id, cancel) = enter(&running, "ops");
        assert_eq!(ada(&running, id, "dev"), Cancelled::Elsewhere("ops".into()));
        assert!(!cancel.is_cancelled());
    }

    #[tokio::test]
    async fn what_has_ended_cannot_be_cancelled() {
        let running = Arc::<Running>::default();
        let (ticket, id, _) = enter(&running, "ops");
        drop(ticket);
        assert_eq!(ada(&running, id, "ops"), Cancelled::NotRunning);
    }

    #[tokio::test]
    async fn the_list_is_bounded_and_has_room_again_when_a_command_ends() {
        let running = Arc::<Running>::default();
        let mut tickets: Vec<_> = (0..MOST).map(|_| enter(&running, "ops").0.unwrap()).collect();
        assert_eq!(enter(&running, "ops").0.unwrap_err(), NoPlace::Full);
        tickets.pop();
        assert!(enter(&running, "ops").0.is_ok());
    }

    #[tokio::test]
    async fn a_closed_list_takes_nobody_and_is_waited_for_until_it_is_empty() {
        let running = Arc::<Running>::default();
        let (ticket, _, cancel) = enter(&running, "ops");
        running.close();
        assert_eq!(enter(&running, "ops").0.unwrap_err(), NoPlace::Closed);
        running.cut();
        assert!(cancel.is_cancelled());
        assert_eq!(ticket.as_ref().unwrap().cancelled_by(), Some(&Canceller::Agent));
        let emptied = tokio::spawn({
            let running = running.clone();
            async move { running.emptied().await }
        });
        tokio::task::yield_now().await;
        assert!(!emptied.is_finished());
        drop(ticket);
        emptied.await.unwrap();
    }

    #[test]
    fn an_id_is_read_in_either_letter_case() {
        assert_eq!(("c7".parse(), "C7".parse()), (Ok(CommandId(7)), Ok(CommandId(7))));
        for text in ["7", "c", "c-1", "cx", ""] {
            assert_eq!(text.parse::<CommandId>(), Err(()), "{text:?}");
        }
    }
}
