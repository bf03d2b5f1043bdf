//! What can be done to the agent and what is around it, and a schedule of that, which is all in its seed. It must not know
//! what is expected of the agent.

use std::{
    fmt, fs,
    io::Write,
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::Result;
use fastrand::Rng;
use rustix::process::Signal;
use tokio::sync::mpsc;

use crate::{
    repository::Repository,
    world::{PLUGINS, World, send},
};

/// How many failures a plugin may have until somebody starts it anew, so that the pauses between its starts stay below 5 s.
const ROW: u32 = 2;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    Killed(&'static str),
    /// Stopped as by a debugger; it goes on after that time, if it is still there.
    Frozen(&'static str, Duration),
    /// A command makes it panic.
    Panicking(&'static str),
    /// Its file in the cache is replaced by another, or cut in half, and its process is killed.
    Corrupted(&'static str, bool),
    /// Another version is published, and somebody has it started.
    Replaced(&'static str),
    /// Somebody has it started again.
    Restarted(&'static str),
    /// The agent's disk is full for that long.
    Filled(Duration),
    /// The repository hangs up on everybody for that long.
    CutOff(Duration),
    /// The configuration becomes another good one: in place, or as a new file.
    Rewritten(bool),
    /// The configuration is wrong in one of three ways for that long.
    Spoilt(u8, Duration),
}

/// Faults, one after the other, and how long to wait before each.
pub(crate) struct Schedule {
    rng: Rng,
    /// How many failures each plugin has had in a row, by its place.
    rows: [u32; PLUGINS.len()],
}

/// Who commits faults and takes them back.
pub(crate) struct Culprit<'a> {
    pub(crate) world: &'a World,
    pub(crate) repository: &'a Repository,
    /// Takes what somebody is to say.
    pub(crate) operator: mpsc::Sender<String>,
    /// Which good configuration there is.
    number: u64,
    undone: Vec<(Instant, Undo)>,
}

/// What ends a fault.
#[derive(Clone, Copy, Debug)]
enum Undo {
    Thaw(u32),
    Empty,
    Reconnect,
    Mend,
}

impl Schedule {
    pub(crate) fn new(seed: u64) -> Self {
        Self { rng: Rng::with_seed(seed), rows: <_>::default() }
    }

    pub(crate) fn next(&mut self) -> (Duration, Fault) {
        let rng = &mut self.rng;
        let wait = Duration::from_millis(rng.u64(300..2000));
        let which = rng.usize(..PLUGINS.len());
        let plugin = PLUGINS[which];
        let mut hold = |from: u64, to: u64| Duration::from_millis(rng.u64(from..to));
        let (short, long) = (hold(500, 2000), hold(500, 5000));
        let fault = match rng.u32(..100) {
            0..20 => Fault::Killed(plugin),
            20..32 => Fault::Frozen(plugin, long),
            32..40 => Fault::Panicking(plugin),
            40..52 => Fault::Corrupted(plugin, rng.bool()),
            52..62 => Fault::Replaced(plugin),
            62..66 => Fault::Restarted(plugin),
            66..74 => Fault::Filled(short),
            74..82 => Fault::CutOff(long),
            82..92 => Fault::Rewritten(rng.bool()),
            _ => Fault::Spoilt(rng.u8(..3), long),
        };
        let fails = match fault {
            Fault::Killed(_) | Fault::Frozen(..) | Fault::Panicking(_) | Fault::Corrupted(..) => which..which + 1,
            Fault::Filled(_) => 0..PLUGINS.len(),
            _ => 0..0,
        };
        if let Some(too_often) = fails.clone().find(|which| self.rows[*which] >= ROW) {
            self.rows[too_often] = 0;
            return (wait, Fault::Restarted(PLUGINS[too_often]));
        }
        self.rows[fails].iter_mut().for_each(|row| *row += 1);
        if let Fault::Replaced(_) | Fault::Restarted(_) = fault {
            self.rows[which] = 0;
        }
        (wait, fault)
    }
}

impl<'a> Culprit<'a> {
    pub(crate) fn new(world: &'a World, repository: &'a Repository, operator: mpsc::Sender<String>) -> Self {
        Self { world, repository, operator, number: 0, undone: Vec::new() }
    }

    /// Commits a fault; what cannot be done at the moment, such as killing what does not run, is left out.
    pub(crate) fn commit(&mut self, fault: Fault) -> Result<()> {
        match fault {
            Fault::Killed(plugin) => self.kill(plugin),
            Fault::Frozen(plugin, hold) => {
                if let Some(pid) = self.world.plugin(plugin)
                    && send(pid, Signal::STOP).is_ok()
                {
                    self.later(hold, Undo::Thaw(pid));
                }
            }
            Fault::Panicking(plugin) => self.say(format!("{plugin} panic")),
            Fault::Corrupted(plugin, cut) => {
                for file in self.cached(plugin) {
                    let whole = fs::read(&file).unwrap_or_default();
                    let bytes = if cut { &whole[..whole.len() / 2] } else { b"#!/bin/sh\nexit 0\n" };
                    // Another file in its place: what runs cannot be written to. On a full disk there is no room for it.
                    let other = file.with_extension("chaos");
                    let written = fs::write(&other, bytes).and_then(|()| {
                        fs::set_permissions(&other, fs::metadata(&file)?.permissions())?;
                        fs::rename(&other, &file)
                    });
                    if written.is_err() {
                        let _ = fs::remove_file(&other);
                    }
                }
                self.kill(plugin);
            }
            Fault::Replaced(plugin) => {
                self.repository.publish_other(plugin);
                self.say(format!("restart executor {plugin}"));
            }
            Fault::Restarted(plugin) => self.say(format!("restart executor {plugin}")),
            Fault::Filled(hold) => {
                if self.world.disk.is_some() {
                    let mut file = fs::File::create(self.filling())?;
                    while file.write_all(&[0; 4096]).is_ok() {}
                    self.later(hold, Undo::Empty);
                }
            }
            Fault::CutOff(hold) => {
                self.repository.cut(true);
                self.later(hold, Undo::Reconnect);
            }
            Fault::Rewritten(in_place) => {
                self.number += 1;
                self.write(self.world.configuration(self.number).as_bytes(), in_place)?;
            }
            Fault::Spoilt(how, hold) => {
                let good = self.world.configuration(self.number);
                let bad = match how {
                    0 => b"executors: [".to_vec(),
                    1 => good.replace("callTimeout: ", "callTimeout: never").into_bytes(),
                    _ => vec![0xff, 0xfe, 0, 1],
                };
                self.write(&bad, false)?;
                self.later(hold, Undo::Mend);
            }
        }
        Ok(())
    }

    /// Takes back what is to be taken back by now; all of it, `at_once`.
    pub(crate) fn undo(&mut self, at_once: bool) -> Result<()> {
        let now = Instant::now();
        let (due, later) = self.undone.drain(..).partition(|(at, _)| at_once || *at <= now);
        self.undone = later;
        let due: Vec<(Instant, Undo)> = due;
        for (_, undo) in due {
            match undo {
                Undo::Thaw(pid) => drop(send(pid, Signal::CONT)),
                Undo::Empty => drop(fs::remove_file(self.filling())),
                Undo::Reconnect => self.repository.cut(false),
                Undo::Mend => self.write(self.world.configuration(self.number).as_bytes(), false)?,
            }
        }
        Ok(())
    }

    fn kill(&self, plugin: &str) {
        if let Some(pid) = self.world.plugin(plugin) {
            let _ = send(pid, Signal::KILL);
        }
    }

    /// Somebody says it, unless they still say something else.
    fn say(&self, text: String) {
        let _ = self.operator.try_send(text);
    }

    fn later(&mut self, hold: Duration, undo: Undo) {
        self.undone.push((Instant::now() + hold, undo));
    }

    fn filling(&self) -> PathBuf {
        self.world.inside().join("filling")
    }

    /// The files that a plugin is started from.
    fn cached(&self, plugin: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.world.inside().join("cache/chaos")).into_iter().flatten().flatten();
        let ending = format!("_{plugin}");
        entries
            .map(|entry| entry.path())
            .filter(|path| path.is_file() && path.to_string_lossy().ends_with(&ending))
            .collect()
    }

    fn write(&self, bytes: &[u8], in_place: bool) -> Result<()> {
        let path = self.world.config();
        if in_place {
            return Ok(fs::write(path, bytes)?);
        }
        let other = path.with_extension("new");
        fs::write(&other, bytes)?;
        Ok(fs::rename(other, path)?)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Killed(plugin) => write!(f, "{plugin} is killed"),
            Self::Frozen(plugin, hold) => write!(f, "{plugin} is frozen for {hold:?}"),
            Self::Panicking(plugin) => write!(f, "{plugin} panics"),
            Self::Corrupted(plugin, true) => write!(f, "the file of {plugin} is cut in half, and it is killed"),
            Self::Corrupted(plugin, false) => write!(f, "the file of {plugin} becomes another, and it is killed"),
            Self::Replaced(plugin) => write!(f, "{plugin} has another version"),
            Self::Restarted(plugin) => write!(f, "{plugin} is started again"),
            Self::Filled(hold) => write!(f, "the disk is full for {hold:?}"),
            Self::CutOff(hold) => write!(f, "the repository is cut off for {hold:?}"),
            Self::Rewritten(true) => write!(f, "the configuration is rewritten in place"),
            Self::Rewritten(false) => write!(f, "the configuration is replaced"),
            Self::Spoilt(how, hold) => write!(f, "the configuration is wrong (way {how}) for {hold:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_the_whole_schedule() {
        let of = |seed| {
            let mut schedule = Schedule::new(seed);
            (0..100).map(|_| schedule.next()).collect::<Vec<_>>()
        };
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
    }

    #[test]
    fn no_plugin_fails_more_often_in_a_row_than_its_pauses_allow() {
        let mut schedule = Schedule::new(1);
        let mut row = 0;
        for _ in 0..10_000 {
            match schedule.next().1 {
                Fault::Killed("one")
                | Fault::Frozen("one", _)
                | Fault::Panicking("one")
                | Fault::Corrupted("one", _)
                | Fault::Filled(_) => row += 1,
                Fault::Replaced("one") | Fault::Restarted("one") => row = 0,
                _ => {}
            }
            assert!(row <= ROW);
        }
    }
}
