//! Whose turn it is, and that no turn is lost, whoever comes and goes. Callers are polled by hand: nothing waits.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker},
};

use proptest::{collection::vec, prelude::*};

use super::*;

/// A caller who waits.
type Waiting = Pin<Box<dyn Future<Output = Result<Turn, Full>>>>;

/// A queue, whoever waits in it, and whoever has a turn; in the order in which they came and got it.
struct World {
    queue: Arc<Queue>,
    bounds: Bounds,
    waiting: Vec<(u64, &'static str, Waiting)>,
    turns: Vec<(u64, &'static str, Turn)>,
    /// How many turns other lanes had since this one could have had one.
    passed_over: BTreeMap<&'static str, BTreeMap<&'static str, u32>>,
    callers: u64,
}

impl World {
    fn new(running: u32, of_lane: u32) -> Self {
        let bounds = Bounds { running, of_lane };
        let queue = Arc::new(Queue::new(bounds));
        Self { queue, bounds, waiting: Vec::new(), turns: Vec::new(), passed_over: BTreeMap::new(), callers: 0 }
    }

    /// A caller of this lane; why he is sent away, if he is.
    fn comes(&mut self, lane: &'static str) -> Option<Full> {
        let queue = self.queue.clone();
        let mut caller: Waiting = Box::pin(async move { queue.turn(lane).await });
        self.callers += 1;
        match caller.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(Ok(turn)) => self.turns.push((self.callers, lane, turn)),
            Poll::Ready(Err(full)) => return Some(full),
            Poll::Pending => self.waiting.push((self.callers, lane, caller)),
        }
        None
    }

    fn come(&mut self, lanes: &[&'static str]) {
        for lane in lanes {
            assert_eq!(self.comes(lane), None);
        }
    }

    /// The call that began first of those there are is over; who got its turn?
    fn ends(&mut self) -> Option<&'static str> {
        self.turns.remove(0);
        let before = self.turns.len();
        self.look();
        self.turns.get(before).map(|(_, lane, _)| *lane)
    }

    /// Every caller sees whether it is his turn.
    fn look(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        for (number, lane, mut caller) in std::mem::take(&mut self.waiting) {
            match caller.as_mut().poll(&mut context) {
                Poll::Ready(Ok(turn)) => self.turns.push((number, lane, turn)),
                Poll::Ready(Err(full)) => panic!("who waited is sent away: {full:?}"),
                Poll::Pending => self.waiting.push((number, lane, caller)),
            }
        }
    }

    fn of_lane(&self, lane: &str) -> u32 {
        u32::try_from(self.turns.iter().filter(|(_, of, _)| *of == lane).count()).unwrap()
    }

    /// What must hold once everybody has looked, where so many had turns before.
    fn is_sound(&self, before: u32) {
        let running = u32::try_from(self.turns.len()).unwrap();
        let waiting = u32::try_from(self.waiting.len()).unwrap();
        let load = self.queue.load();
        assert_eq!((load.running, load.waiting), (running, waiting), "a turn or a place is lost");
        assert!(running <= self.bounds.running().max(before), "too many turns: {running}");
        let is_full = running >= self.bounds.running();
        for (_, lane, _) in &self.waiting {
            assert!(is_full || self.of_lane(lane) >= self.bounds.of_lane(), "`{lane}` waits and could have a turn");
        }
        let calls = self.queue.inner().lanes.len();
        let lanes: BTreeSet<_> =
            self.waiting.iter().map(|(_, lane, _)| lane).chain(self.turns.iter().map(|(_, lane, _)| lane)).collect();
        assert_eq!(calls, lanes.len(), "lanes without calls are kept");
    }

    /// No lane gets two turns while another one waits that may have one.
    fn is_fair(&mut self, new: &[&'static str]) {
        let may_have_one = |lane: &&&str| !new.contains(lane) && self.of_lane(lane) < self.bounds.of_lane();
        let waiting: BTreeSet<_> = self.waiting.iter().map(|(_, lane, _)| lane).filter(may_have_one).copied().collect();
        self.passed_over.retain(|lane, _| waiting.contains(lane));
        for lane in waiting {
            let passed = self.passed_over.entry(lane).or_default();
            for other in new {
                *passed.entry(other).or_default() += 1;
                assert!(passed[other] <= 1, "`{other}` has a second turn while `{lane}` waits");
            }
        }
    }
}

#[test]
fn a_call_has_its_turn_at_once_where_there_is_one() {
    let mut world = World::new(2, 0);
    world.come(&["a", "a", "a"]);
    assert_eq!((world.turns.len(), world.waiting.len()), (2, 1));
}

#[test]
fn within_a_lane_who_came_first_is_first() {
    let mut world = World::new(1, 0);
    world.come(&["a", "a", "a"]);
    world.ends();
    assert_eq!(world.turns[0].0, 2);
}

#[test]
fn one_who_comes_once_waits_for_one_call_of_those_who_flood() {
    let mut world = World::new(1, 0);
    world.come(&["flood", "flood", "flood", "flood", "quiet"]);
    assert_eq!([world.ends(), world.ends(), world.ends()], [Some("flood"), Some("quiet"), Some("flood")]);
}

#[test]
fn a_lane_with_all_it_may_have_leaves_turns_to_others() {
    let mut world = World::new(3, 1);
    world.come(&["a", "a", "a", "b"]);
    let lanes: Vec<_> = world.turns.iter().map(|(_, lane, _)| *lane).collect();
    assert_eq!(lanes, ["a", "b"]);
}

#[test]
fn a_lane_is_full_for_its_own_and_not_for_others() {
    let mut world = World::new(1, 0);
    world.come(&["a"; 5]);
    assert_eq!(world.comes("a"), Some(Full { running: 1, waiting: 4, is_lane: true }));
    assert_eq!((world.comes("b"), world.queue.load().turned_away), (None, 1));
}

#[test]
fn all_lanes_together_are_full_when_sixteen_of_them_would_be() {
    const LANES: [&str; 17] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q"];
    let mut world = World::new(1, 0);
    world.come(&["a"]);
    for lane in LANES.into_iter().take(16) {
        world.come(&[lane; 4]);
    }
    assert_eq!(world.comes("q"), Some(Full { running: 1, waiting: 64, is_lane: false }));
}

#[test]
fn who_goes_away_leaves_the_queue() {
    let mut world = World::new(1, 0);
    world.come(&["a", "b", "c"]);
    drop(world.waiting.remove(0));
    assert_eq!((world.queue.load().waiting, world.ends()), (1, Some("c")));
}

#[test]
fn a_turn_given_to_who_goes_away_before_he_sees_it_is_passed_on() {
    let mut world = World::new(1, 0);
    world.come(&["a", "b", "c"]);
    world.turns.clear();
    drop(world.waiting.remove(0));
    world.look();
    assert_eq!(world.turns[0].1, "c");
}

#[test]
fn higher_bounds_count_at_once() {
    let mut world = World::new(1, 1);
    world.come(&["a", "a", "a"]);
    world.queue.bound(Bounds { running: 3, of_lane: 2 });
    world.look();
    assert_eq!((world.turns.len(), world.waiting.len()), (2, 1));
}

#[test]
fn under_lower_bounds_whoever_runs_goes_on_and_nobody_is_sent_away() {
    let mut world = World::new(3, 0);
    world.come(&["a"; 5]);
    world.queue.bound(Bounds { running: 1, of_lane: 0 });
    assert_eq!([world.ends(), world.ends(), world.ends()], [None, None, Some("a")]);
}

/// Something that happens to a queue.
#[derive(Clone, Debug)]
enum Happens {
    Comes(&'static str),
    /// One who waits goes away, perhaps before he sees that it is his turn.
    Leaves(usize),
    Ends(usize),
    /// The same, and another one goes away before he sees that he has its turn.
    EndsAndLeaves(usize, usize),
    Bounds(u32, u32),
}

fn happens() -> impl Strategy<Value = Happens> {
    let lane = prop::sample::select(&["a", "b", "c"][..]);
    prop_oneof![
        12 => lane.prop_map(Happens::Comes),
        3 => any::<usize>().prop_map(Happens::Leaves),
        8 => any::<usize>().prop_map(Happens::Ends),
        3 => (any::<usize>(), any::<usize>()).prop_map(|(end, leave)| Happens::EndsAndLeaves(end, leave)),
        1 => (0_u32..5, 0_u32..4).prop_map(|(running, of_lane)| Happens::Bounds(running, of_lane)),
    ]
}

proptest! {
    #[test]
    fn no_turn_is_lost_or_given_twice_and_nobody_starves(
        running in 0_u32..5,
        of_lane in 0_u32..4,
        events in vec(happens(), 0..120),
    ) {
        let mut world = World::new(running, of_lane);
        for event in events {
            let before = world.turns.len();
            let known = world.callers;
            match event {
                Happens::Comes(lane) => {
                    world.comes(lane);
                }
                Happens::Leaves(which) if !world.waiting.is_empty() => {
                    drop(world.waiting.remove(which % world.waiting.len()));
                }
                Happens::Ends(which) if before > 0 => drop(world.turns.remove(which % before)),
                Happens::EndsAndLeaves(end, leave) if before > 0 && !world.waiting.is_empty() => {
                    drop(world.turns.remove(end % before));
                    // Whoever's turn it is does not know it yet.
                    drop(world.waiting.remove(leave % world.waiting.len()));
                    world.passed_over.clear();
                }
                Happens::Bounds(running, of_lane) => {
                    world.bounds = Bounds { running, of_lane };
                    world.queue.bound(world.bounds);
                    world.passed_over.clear();
                }
                _ => {}
            }
            let had: Vec<u64> = world.turns.iter().map(|(number, ..)| *number).filter(|number| *number <= known).collect();
            world.look();
            let new: Vec<_> = world.turns.iter().filter(|(number, ..)| !had.contains(number)).map(|(_, lane, _)| *lane).collect();
            world.is_sound(u32::try_from(before).unwrap());
            world.is_fair(&new);
        }
        for _ in 0..world.callers {
            world.turns.clear();
            world.look();
        }
        prop_assert_eq!(world.waiting.len(), 0);
        prop_assert_eq!(world.queue.inner().lanes.len(), 0);
    }
}
