//! Writes a session while people talk. It judges nothing that is said.

use std::{
    collections::HashSet,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    task::{JoinHandle, JoinSet},
    time,
};

use super::{MaskError, Session, mask::Masks, tape::Tape};
use crate::rooms::{Change, Refused, Rooms, Watch};

/// How long nothing happens before the file is written.
const PAUSE: Duration = Duration::from_millis(200);

/// Listens to all channels. What was said before it started is not in the session.
pub struct Recorder {
    tape: Arc<Mutex<Tape>>,
    file: Option<PathBuf>,
    tasks: Vec<JoinHandle<()>>,
}

impl Recorder {
    /// Begins to listen, and to write into `file`, if there is one, whenever everything that was said is answered. Must be
    /// called on a runtime.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn start(rooms: &Arc<Rooms>, file: Option<PathBuf>) -> io::Result<Self> {
        if let Some(file) = &file {
            // Now, and not when everything was said.
            Session::default().write(file)?;
        }
        let tape = Arc::new(Mutex::new(Tape::default()));
        let changed = Arc::new(Notify::new());
        let mut listeners = Listeners {
            rooms: rooms.clone(),
            tape: tape.clone(),
            changed: changed.clone(),
            heard: HashSet::new(),
            tasks: JoinSet::new(),
        };
        // Before anybody can say anything.
        listeners.listen();
        let mut tasks = vec![tokio::spawn(listeners.follow())];
        if let Some(file) = file.clone() {
            tasks.push(tokio::spawn(keep(tape.clone(), changed, file)));
        }
        Ok(Self { tape, file, tasks })
    }

    /// Comes back when all that was said has been answered, and heard.
    pub async fn settled(&self) {
        while !locked(&self.tape).is_answered() {
            time::sleep(PAUSE / 10).await;
        }
        // An answer may go on for a moment behind its command's end.
        time::sleep(PAUSE).await;
    }

    /// Writes the file once more, and gives the session.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn finish(self) -> io::Result<Session> {
        let session = self.so_far().unwrap_or_default();
        match &self.file {
            Some(file) => session.write(file).map(|()| session),
            None => Ok(session),
        }
    }

    fn so_far(&self) -> Result<Session, MaskError> {
        Ok(locked(&self.tape).session(&Masks::new(&[])?))
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Listens to all channels there are, also to those that come later.
struct Listeners {
    rooms: Arc<Rooms>,
    tape: Arc<Mutex<Tape>>,
    changed: Arc<Notify>,
    heard: HashSet<String>,
    tasks: JoinSet<()>,
}

impl Listeners {
    async fn follow(mut self) {
        let mut arranged = self.rooms.arranged();
        loop {
            self.listen();
            // It cannot fail while the rooms are held here.
            let _ = arranged.changed().await;
        }
    }

    fn listen(&mut self) {
        let channels: HashSet<String> = self.rooms.channels().into_iter().map(|channel| channel.alias).collect();
        self.heard.retain(|alias| channels.contains(alias));
        for alias in channels {
            if let Ok((before, watch)) = self.rooms.overhear(&alias)
                && self.heard.insert(alias.clone())
            {
                let after = before.last().map(|entry| entry.id.clone());
                let (rooms, tape, changed) = (self.rooms.clone(), self.tape.clone(), self.changed.clone());
                self.tasks.spawn(Listener { rooms, alias, after, tape, changed }.listen(watch));
            }
        }
    }
}

/// Listens to one channel.
struct Listener {
    rooms: Arc<Rooms>,
    alias: String,
    /// The last entry that does not count.
    after: Option<String>,
    tape: Arc<Mutex<Tape>>,
    changed: Arc<Notify>,
}

impl Listener {
    async fn listen(self, mut watch: Watch) {
        while let Some(change) = watch.next().await {
            match change {
                Change::Entry(entry) | Change::Grown { entry, .. } | Change::Form(entry) if self.counts(&entry.id) => {
                    locked(&self.tape).take(&self.alias, entry);
                }
                Change::Missed => match self.rooms.overhear(&self.alias) {
                    Ok((entries, again)) => {
                        watch = again;
                        let mut tape = locked(&self.tape);
                        let new = entries.into_iter().filter(|entry| self.counts(&entry.id));
                        new.for_each(|entry| tape.take(&self.alias, entry));
                    }
                    Err(Refused::NoChannel { .. }) => return,
                    Err(_) => {}
                },
                _ => continue,
            }
            self.changed.notify_one();
        }
    }

    fn counts(&self, id: &str) -> bool {
        let number = |id: &str| id.parse::<u64>().unwrap_or_default();
        self.after.as_ref().is_none_or(|after| number(id) > number(after))
    }
}

/// Writes the file after each step.
async fn keep(tape: Arc<Mutex<Tape>>, changed: Arc<Notify>, file: PathBuf) {
    let Ok(masks) = Masks::new(&[]) else { return };
    let mut told = false;
    loop {
        changed.notified().await;
        while time::timeout(PAUSE, changed.notified()).await.is_ok() {}
        let session = {
            let tape = locked(&tape);
            if !tape.is_answered() {
                continue;
            }
            tape.session(&masks)
        };
        if let Err(error) = session.write(&file)
            && !std::mem::replace(&mut told, true)
        {
            tracing::warn!(file = %file.display(), "the session cannot be written: {error}");
        }
    }
}

fn locked(tape: &Mutex<Tape>) -> MutexGuard<'_, Tape> {
    tape.lock().unwrap_or_else(PoisonError::into_inner)
}
