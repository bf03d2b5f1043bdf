//! Turns among the calls of one plugin, fair between conversations: each has a lane, the next turn goes to the lane that has
//! waited longest since its last one, and within a lane to whoever came first. It knows no plugin and no process.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

/// How many calls of one lane may wait for each that may run.
const WAITING: u32 = 4;
/// How many lanes may wait as long as they may.
const FULL_LANES: u32 = 16;

/// See the module.
pub(crate) struct Queue {
    inner: Mutex<Inner>,
}

/// How many calls may be under way at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bounds {
    /// Of all lanes; at least one is.
    pub(crate) running: u32,
    /// Of one lane; 0: as many as of all.
    pub(crate) of_lane: u32,
}

/// How many calls there are right now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    /// How many have a turn.
    pub(crate) running: u32,
    /// How many wait for one.
    pub(crate) waiting: u32,
    /// How many were sent away until now.
    pub(crate) turned_away: u64,
}

/// Too many wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full {
    /// How many run, and how many wait: of the lane if it is that which is full, else of all.
    pub(crate) running: u32,
    pub(crate) waiting: u32,
    /// It is the lane, and others still may come.
    pub(crate) is_lane: bool,
}

/// The right to one call, until it is dropped.
pub(crate) struct Turn {
    queue: Arc<Queue>,
    lane: String,
}

struct Inner {
    bounds: Bounds,
    load: Load,
    /// Those with calls, under way or waiting.
    lanes: HashMap<String, Lane>,
    /// Those with waiting calls: which of them had no turn for the longest time comes first.
    ring: VecDeque<String>,
    /// Numbers whoever waits.
    newest: u64,
}

#[derive(Default)]
struct Lane {
    running: u32,
    waiting: VecDeque<Waiter>,
}

struct Waiter {
    number: u64,
    turn: oneshot::Sender<Turn>,
}

/// Somebody in the queue, who leaves it when dropped.
struct Place<'a> {
    queue: &'a Queue,
    lane: &'a str,
    number: u64,
}

impl Queue {
    pub(crate) fn new(bounds: Bounds) -> Self {
        let (load, lanes, ring) = (Load::default(), HashMap::new(), VecDeque::new());
        Self { inner: Mutex::new(Inner { bounds, load, lanes, ring, newest: 0 }) }
    }

    /// Has other bounds hold from now on. Whoever has a turn or waits keeps it, also where that is more than there may be.
    pub(crate) fn bound(self: &Arc<Self>, bounds: Bounds) {
        let mut inner = self.inner();
        inner.bounds = bounds;
        self.hand_out(inner);
    }

    pub(crate) fn load(&self) -> Load {
        self.inner().load
    }

    /// Waits for a turn; who stops waiting leaves the queue.
    ///
    /// # Errors
    ///
    /// At once, when too many wait already.
    pub(crate) async fn turn(self: &Arc<Self>, lane: &str) -> Result<Turn, Full> {
        let (mut turn, number) = self.join(lane)?;
        let _place = Place { queue: self, lane, number };
        Ok((&mut turn).await.expect("whoever waits is not forgotten"))
    }

    fn join(self: &Arc<Self>, lane: &str) -> Result<(oneshot::Receiver<Turn>, u64), Full> {
        let mut inner = self.inner();
        if let Some(full) = inner.full(lane) {
            inner.load.turned_away += 1;
            return Err(full);
        }
        let (turn, receiver) = oneshot::channel();
        inner.newest += 1;
        inner.load.waiting += 1;
        let number = inner.newest;
        let is_first = {
            let waiting = &mut inner.lanes.entry(lane.to_owned()).or_default().waiting;
            waiting.push_back(Waiter { number, turn });
            waiting.len() == 1
        };
        if is_first {
            inner.ring.push_back(lane.to_owned());
        }
        self.hand_out(inner);
        Ok((receiver, number))
    }

    /// Gives turns to whoever may have one.
    fn hand_out(self: &Arc<Self>, mut inner: MutexGuard<'_, Inner>) {
        let mut turns = Vec::new();
        while let Some((lane, waiter)) = inner.next() {
            turns.push((Turn { queue: self.clone(), lane }, waiter.turn));
        }
        drop(inner);
        for (turn, waiter) in turns {
            // Who went away in this moment passes it on: it is dropped here.
            let _ = waiter.send(turn);
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Bounds {
    fn running(self) -> u32 {
        self.running.max(1)
    }

    fn of_lane(self) -> u32 {
        if self.of_lane == 0 { self.running() } else { self.of_lane }
    }

    /// How many calls may wait in one lane.
    fn waiting_in_lane(self) -> u32 {
        self.running().saturating_mul(WAITING)
    }
}

impl Inner {
    /// Why one more cannot wait in this lane, if it would have to.
    fn full(&self, lane: &str) -> Option<Full> {
        let (mine, bounds) = (self.lanes.get(lane), self.bounds);
        let (running, waiting) = mine.map_or((0, 0), |lane| (lane.running, lane.waiting.len()));
        let waiting = u32::try_from(waiting).unwrap_or(u32::MAX);
        if waiting == 0 && self.load.running < bounds.running() && running < bounds.of_lane() {
            return None;
        }
        if waiting >= bounds.waiting_in_lane() {
            return Some(Full { running, waiting, is_lane: true });
        }
        let Load { running, waiting, .. } = self.load;
        let all = bounds.waiting_in_lane().saturating_mul(FULL_LANES);
        (waiting >= all).then_some(Full { running, waiting, is_lane: false })
    }

    /// Who gets the next turn, if there is one.
    fn next(&mut self) -> Option<(String, Waiter)> {
        if self.load.running >= self.bounds.running() {
            return None;
        }
        let of_lane = self.bounds.of_lane();
        let place = self.ring.iter().position(|lane| self.lanes[lane].running < of_lane)?;
        let name = self.ring.remove(place)?;
        let lane = self.lanes.get_mut(&name)?;
        let waiter = lane.waiting.pop_front()?;
        lane.running += 1;
        self.load.running += 1;
        self.load.waiting -= 1;
        if !lane.waiting.is_empty() {
            self.ring.push_back(name.clone());
        }
        Some((name, waiter))
    }

    /// Forgets a lane without calls.
    fn tidy(&mut self, name: &str) {
        let Some(lane) = self.lanes.get(name) else { return };
        if lane.waiting.is_empty() {
            self.ring.retain(|waiting| waiting != name);
            if lane.running == 0 {
                self.lanes.remove(name);
            }
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut inner = self.queue.inner();
        inner.load.running -= 1;
        if let Some(lane) = inner.lanes.get_mut(&self.lane) {
            lane.running -= 1;
        }
        inner.tidy(&self.lane);
        self.queue.hand_out(inner);
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut inner = self.queue.inner();
        let inner = &mut *inner;
        let Some(lane) = inner.lanes.get_mut(self.lane) else { return };
        if let Some(place) = lane.waiting.iter().position(|waiter| waiter.number == self.number) {
            lane.waiting.remove(place);
            inner.load.waiting -= 1;
            inner.tidy(self.lane);
        }
    }
}

#[cfg(test)]
mod tests;
