//! Who may look at the channels: links that work once, and the sessions of browsers they become. It knows no page.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use aws_lc_rs::{digest, rand};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use tokio::{sync::watch, time::Instant};

use crate::{
    entry::since_1970,
    rooms::{LONGEST_NAME, Person},
    store::{Session, Store},
};

/// How long a link works.
const LINK: Duration = Duration::from_secs(10 * 60);
/// How many links work at a time; of more the oldest do not.
const LINKS: usize = 32;
/// How long a session lasts that is not used.
pub(super) const UNUSED: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How many sessions there are; of more those go that were not used for longest.
const MOST: usize = 100;

/// Links and sessions.
pub(super) struct Sessions {
    store: Arc<dyn Store>,
    state: Mutex<State>,
}

struct State {
    /// What keys of links come to, and how long they work.
    links: Vec<(String, Instant)>,
    sessions: BTreeMap<String, Open>,
}

struct Open {
    session: Session,
    /// Tells the person's windows who the person is.
    person: watch::Sender<Person>,
}

/// Why a name cannot be a person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NameError {
    #[error("the name is empty; say what people call you")]
    Empty,
    #[error("the name has {0} characters and may have {LONGEST_NAME}")]
    TooLong(usize),
    #[error("the name has a character that cannot be seen; write it without")]
    Invisible,
}

impl Sessions {
    /// The sessions that are kept.
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        let sessions = store.sessions().into_iter().map(|session| (session.id.clone(), Open::new(session))).collect();
        let sessions = Self { store, state: Mutex::new(State { links: Vec::new(), sessions }) };
        sessions.forget_old(&mut sessions.state());
        sessions
    }

    /// A key that becomes a session, once and soon.
    pub(super) fn key(&self) -> String {
        let key = secret();
        let mut state = self.state();
        let now = Instant::now();
        state.links.retain(|(_, until)| now < *until);
        if state.links.len() >= LINKS {
            state.links.remove(0);
        }
        state.links.push((id(&key), now + LINK));
        key
    }

    /// Whether the key is one that works; it does no longer.
    pub(super) fn redeem(&self, key: &str) -> bool {
        let (mut state, key) = (self.state(), id(key));
        let Some(place) = state.links.iter().position(|(link, _)| *link == key) else { return false };
        let (_, until) = state.links.remove(place);
        Instant::now() < until
    }

    /// A session for somebody new; the secret that leads to it.
    pub(super) fn open(&self) -> String {
        let secret = secret();
        let person = format!("p-{}", hex(&random::<8>()));
        let session = Session { id: id(&secret), person, name: String::new(), used: since_1970(SystemTime::now()) };
        let mut state = self.state();
        self.store.keep_session(&session);
        state.sessions.insert(session.id.clone(), Open::new(session));
        self.forget_old(&mut state);
        secret
    }

    /// The session a secret leads to, which is used by this.
    pub(super) fn find(&self, secret: &str) -> Option<(String, watch::Receiver<Person>)> {
        let id = id(secret);
        let mut state = self.state();
        self.forget_old(&mut state);
        let open = state.sessions.get_mut(&id)?;
        let now = since_1970(SystemTime::now());
        // Not with every request: it need not be known to the second.
        if now.saturating_sub(open.session.used) > 60_000 {
            open.session.used = now;
            self.store.keep_session(&open.session);
        }
        Some((id, open.person.subscribe()))
    }

    /// Calls the person of a session by this name.
    pub(super) fn rename(&self, id: &str, name: &str) -> Result<(), NameError> {
        let name = valid_name(name)?;
        let mut state = self.state();
        if let Some(open) = state.sessions.get_mut(id)
            && open.session.name != name
        {
            open.session.name = name.to_owned();
            self.store.keep_session(&open.session);
            open.person.send_modify(|person| name.clone_into(&mut person.name));
        }
        Ok(())
    }

    fn forget_old(&self, state: &mut State) {
        let unused_since = since_1970(SystemTime::now() - UNUSED);
        let mut by_use: Vec<(u64, String)> =
            state.sessions.values().map(|open| (open.session.used, open.session.id.clone())).collect();
        by_use.sort_unstable();
        let too_many = by_use.len().saturating_sub(MOST);
        let old = by_use.into_iter().enumerate().filter(|(place, (used, _))| *place < too_many || *used < unused_since);
        for (_, (_, id)) in old {
            state.sessions.remove(&id);
            self.store.forget_session(&id);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    fn new(session: Session) -> Self {
        let person = Person { id: session.person.clone(), name: session.name.clone() };
        Self { session, person: watch::Sender::new(person) }
    }
}

/// The name without blanks around it, if it can be a person's.
fn valid_name(name: &str) -> Result<&str, NameError> {
    let name = name.trim();
    let length = name.chars().count();
    // Those that turn the direction of what follows are not control characters to Unicode.
    let is_invisible = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    match length {
        0 => Err(NameError::Empty),
        _ if length > LONGEST_NAME => Err(NameError::TooLong(length)),
        _ if name.chars().any(is_invisible) => Err(NameError::Invisible),
        _ => Ok(name),
    }
}

/// A text nobody can guess.
pub(super) fn secret() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(random::<32>())
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the system has random numbers");
    bytes
}

/// What a secret comes to: whoever reads the store learns no secret from it.
fn id(secret: &str) -> String {
    hex(digest::digest(&digest::SHA256, secret.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use tokio::time;

    use super::*;
    use crate::store::InMemory;

    fn sessions() -> Sessions {
        Sessions::new(Arc::new(InMemory::default()))
    }

    #[tokio::test]
    async fn a_link_works_once() {
        let sessions = sessions();
        let key = sessions.key();
        assert!(!sessions.redeem("guessed"));
        assert!(sessions.redeem(&key));
        assert!(!sessions.redeem(&key));
    }

    #[tokio::test(start_paused = true)]
    async fn a_link_works_for_some_minutes() {
        let sessions = sessions();
        let key = sessions.key();
        time::advance(LINK).await;
        assert!(!sessions.redeem(&key));
    }

    #[tokio::test]
    async fn only_so_many_links_work_at_a_time() {
        let sessions = sessions();
        let first = sessions.key();
        let last = (0..LINKS).map(|_| sessions.key()).last().unwrap();
        assert!(!sessions.redeem(&first));
        assert!(sessions.redeem(&last));
    }

    #[tokio::test]
    async fn only_so_many_sessions_are_kept() {
        let sessions = sessions();
        let secrets: Vec<String> = (0..=MOST).map(|_| sessions.open()).collect();
        assert_eq!(secrets.iter().filter(|secret| sessions.find(secret).is_some()).count(), MOST);
    }

    #[tokio::test]
    async fn all_windows_of_a_person_learn_the_name() {
        let sessions = sessions();
        let secret = sessions.open();
        let (id, person) = sessions.find(&secret).unwrap();
        sessions.rename(&id, " Ada ").unwrap();
        assert_eq!(person.borrow().name, "Ada");
    }

    #[test]
    fn a_name_can_be_seen_and_is_not_endless() {
        assert_eq!(valid_name(" Ada Lovelace\n"), Ok("Ada Lovelace"));
        assert_eq!(valid_name("\t "), Err(NameError::Empty));
        assert_eq!(valid_name(&"ä".repeat(81)), Err(NameError::TooLong(81)));
        for name in ["A\u{1b}[31mda", "A\nda", "A\u{202e}da", "A\u{200b}da"] {
            assert_eq!(valid_name(name), Err(NameError::Invisible), "{name:?}");
        }
    }
}
