//! A platform's conversations: takes what people say without waiting, has it answered, and has the answers shown. It knows no
//! platform.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::mpsc, time};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    conversation::{Actor, Conversation, Incoming},
    delivery::{Job, Owner},
    dispatch::Dispatcher,
    platform::{Anchor, Platform},
    running::CommandId,
};

/// How many answers of a conversation may wait to be looked at; who comes then is told so.
const WAITING: usize = 100;
/// How many keys are remembered of what people said.
const KEYS: usize = 10_000;
/// How long the owner of a conversation stays when nothing is said there.
const IDLE: Duration = Duration::from_secs(60);
/// How long answers may take to be shown when the agent stops.
const STOP_DEADLINE: Duration = Duration::from_secs(5);

/// A platform's conversations.
pub struct Chat {
    dispatcher: Arc<Dispatcher>,
    platform: Arc<dyn Platform>,
    places: Mutex<Places>,
    owners: TaskTracker,
    stop: CancellationToken,
}

/// What somebody said, as the platform hands it over.
#[derive(Clone, Debug)]
pub struct Said {
    /// What, who, where and how.
    pub incoming: Incoming,
    /// Names it for ever: the platform's id of the message or of the use of a control. It is answered once, however often it
    /// comes.
    pub key: String,
    /// Where on the platform the answer belongs.
    pub anchor: Option<Anchor>,
}

/// What becomes of something that was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is being answered.
    Running(CommandId),
    /// It came before, and is not answered again.
    Before,
    /// Too many answers wait in this conversation; nothing of it was run.
    Full,
}

#[derive(Default)]
struct Places {
    owners: HashMap<Place, mpsc::Sender<Job>>,
    keys: HashSet<String>,
    /// The same keys, the oldest first.
    order: VecDeque<String>,
}

/// What makes two conversations the same: alias, id, name.
type Place = (String, String, String);

impl Chat {
    /// The conversations of a platform, which this dispatcher answers.
    #[must_use]
    pub fn new(dispatcher: Arc<Dispatcher>, platform: Arc<dyn Platform>) -> Arc<Self> {
        let (places, owners, stop) = <_>::default();
        Arc::new(Self { dispatcher, platform, places, owners, stop })
    }

    /// Who answers here.
    #[must_use]
    pub fn dispatcher(&self) -> &Arc<Dispatcher> {
        &self.dispatcher
    }

    /// Has it answered. Returns at once, so that a platform can acknowledge before anything runs. Must be called on a runtime.
    pub fn say(self: &Arc<Self>, said: Said) -> Accepted {
        let Said { incoming, key, anchor } = said;
        let mut places = self.places();
        if places.keys.contains(&key) {
            return Accepted::Before;
        }
        let (person, conversation) = (incoming.actor.id.clone(), incoming.conversation.clone());
        let place = place(&conversation);
        // One that is gone without leaving the list has panicked.
        places.owners.retain(|_, owner| !owner.is_closed());
        let owner = places.owners.entry(place).or_insert_with(|| self.owner(conversation));
        let Ok(room) = owner.try_reserve() else { return Accepted::Full };
        let answer = self.dispatcher.submit(incoming, self.stop.child_token());
        let id = answer.id;
        room.send(Job { answer, key: key.clone(), person, anchor });
        places.remember(key);
        Accepted::Running(id)
    }

    /// Cancels a command of this conversation; `false` when it does not run here.
    pub fn cancel(&self, id: CommandId, actor: &Actor, conversation: &Conversation) -> bool {
        self.dispatcher.cancel(id, actor, conversation)
    }

    /// Ends what runs, and returns when that is shown, or could not be in time.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.places().owners.clear();
        self.owners.close();
        if time::timeout(STOP_DEADLINE, self.owners.wait()).await.is_err() {
            tracing::warn!("the ends of some commands could not be shown within {STOP_DEADLINE:?}");
        }
    }

    /// Starts the owner of a conversation, which stays as long as there is something to show.
    fn owner(self: &Arc<Self>, conversation: Conversation) -> mpsc::Sender<Job> {
        let (sender, jobs) = mpsc::channel(WAITING);
        let (chat, place) = (Arc::downgrade(self), place(&conversation));
        let owner = Owner::new(self.platform.clone(), conversation, jobs);
        self.owners.spawn(owner.run(IDLE, move |jobs| {
            let Some(chat) = chat.upgrade() else { return true };
            // Under the lock under which jobs are sent: none can come in between.
            let mut places = chat.places();
            if !jobs.is_empty() {
                return false;
            }
            places.owners.remove(&place);
            true
        }));
        sender
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Places {
    fn remember(&mut self, key: String) {
        if self.order.len() >= KEYS
            && let Some(oldest) = self.order.pop_front()
        {
            self.keys.remove(&oldest);
        }
        self.order.push_back(key.clone());
        self.keys.insert(key);
    }
}

fn place(conversation: &Conversation) -> Place {
    (conversation.alias.clone(), conversation.id.clone(), conversation.display_name.clone())
}

#[cfg(test)]
mod tests;
