//! A running agent goes on with another configuration when its files change, and on SIGHUP; one that cannot be used changes
//! nothing and is told of. It knows no key but those about itself.
//!
//! Reading order: here what is done about a change · `watched` when there is one · `telling` who is told.

mod telling;
mod watched;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::Arc,
    time::{Instant, SystemTime},
};

use botkube_agent::{
    agent::{Adopted, Proof, Trial},
    reload::{Outcome, Reloaded},
};
use botkube_config::{
    Loaded, Options,
    diff::{Change, diff},
};
use botkube_core::route::PluginRef;
use botkube_plugin_host::lock::Lock;
use tokio::{signal::unix::Signal, task::JoinSet};

use self::{telling::Telling, watched::Watched};
use crate::{args::GivenPlugin, locked::Locked, setup, talk::Served};

/// Where the agent's configuration comes from, and how it is taken.
pub(crate) struct Source {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) options: Options,
    /// Whether the lock is asked for, whatever the configuration says.
    pub(crate) locked: bool,
    /// Plugins given on the command line.
    pub(crate) given: Vec<GivenPlugin>,
    /// What counts, at first what the agent was started with.
    pub(crate) loaded: Loaded,
    /// What plugins of repositories have to be by that.
    pub(crate) lock: Option<Arc<Lock>>,
}

/// Everything a reload works with.
struct Follower {
    source: Source,
    environment: BTreeMap<String, String>,
    served: Served,
    telling: Telling,
    trials: JoinSet<(Tried, Proof)>,
    /// Why the newest files cannot be used, where they cannot.
    refused: Option<String>,
}

/// A trial under way.
struct Tried {
    plugin: PluginRef,
    former: PluginRef,
    at: SystemTime,
    began: Instant,
}

/// Why it is looked whether there is another configuration.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cause {
    Files,
    Signal,
}

/// What the files come to.
struct Next {
    loaded: Loaded,
    lock: Option<Arc<Lock>>,
}

/// Why the files cannot be used.
struct Unusable {
    /// In lines, each with its place.
    log: String,
    /// As it is drawn for people.
    drawn: String,
}

/// Has the agent follow its configuration until nothing is said any more.
pub(crate) async fn follow(source: Source, mut hangup: Option<Signal>, served: Served) {
    let mut watched = files_and_lock(&source);
    let mut telling = Telling::new(served.rooms.clone());
    telling.tells(source.loaded.config.config_watcher.report_channel.as_deref());
    let environment = setup::environment();
    let (trials, refused) = <_>::default();
    let mut follower = Follower { source, environment, served, telling, trials, refused };
    // What was written before it was watched.
    follower.look(Cause::Files).await;
    loop {
        let ending = follower.served.ending.clone();
        tokio::select! {
            () = ending.cancelled() => break,
            _ = hung_up(&mut hangup) => follower.look(Cause::Signal).await,
            _ = changed(&mut watched) => follower.look(Cause::Files).await,
            Some(Ok((tried, proof))) = follower.trials.join_next() => follower.tried(tried, proof).await,
        }
    }
}

/// The files, and the lock beside them, which counts as soon as it is asked for.
fn files_and_lock(source: &Source) -> Option<Watched> {
    let lock = source.files.first().map(|first| Lock::path(first));
    let watched = Watched::new(source.files.iter().cloned().chain(lock).collect());
    watched.inspect_err(|error| tracing::warn!(%error, "files are not watched; SIGHUP has them read")).ok()
}

async fn hung_up(hangup: &mut Option<Signal>) {
    let heard = match hangup {
        Some(hangup) => hangup.recv().await,
        None => None,
    };
    if heard.is_none() {
        std::future::pending().await
    }
}

async fn changed(watched: &mut Option<Watched>) {
    match watched {
        Some(watched) => watched.changed().await,
        None => std::future::pending().await,
    }
}

impl Follower {
    /// Goes on with what the files say by now.
    async fn look(&mut self, cause: Cause) {
        if cause == Cause::Files && !self.source.loaded.config.config_watcher.enabled {
            return;
        }
        let (at, began) = (SystemTime::now(), Instant::now());
        let next = match self.read().await {
            Ok(next) => next,
            Err(unusable) => return self.refuse(cause, at, began, unusable).await,
        };
        let mut changes: Vec<String> = diff(&self.source.loaded, &next.loaded).iter().map(Change::to_string).collect();
        if next.lock != self.source.lock {
            changes.push("the lock says something else".to_owned());
        }
        if changes.is_empty() && cause == Cause::Files {
            if self.refused.take().is_some() {
                tracing::info!("the configuration is what it was: nothing changed");
                self.telling.line("The configuration can be used again. It is what it was.").await;
                self.record(at, began, Outcome::Applied, changes, None);
            }
            return;
        }
        let channels = setup::console_channels(&next.loaded.config);
        let adopted = Adopted {
            config: next.loaded.config.clone(),
            shown: next.loaded.shown(),
            lock: next.lock.clone(),
            channels: channels.clone(),
        };
        let trials = match self.served.agent.adopt(adopted) {
            Ok(trials) => trials,
            Err(error) => return self.refuse(cause, at, began, Unusable::because(&error.to_string())).await,
        };
        let was_refused = self.refused.take().is_some();
        if let Some(rooms) = &self.served.rooms {
            rooms.arrange(setup::with_controls(channels));
        }
        self.warn(&next.loaded);
        (self.source.loaded, self.source.lock) = (next.loaded, next.lock);
        self.telling.tells(self.source.loaded.config.config_watcher.report_channel.as_deref());
        for change in &changes {
            tracing::info!("configuration: {change}");
        }
        tracing::info!(changes = changes.len(), took = ?began.elapsed(), "the configuration counts from now on");
        if was_refused {
            self.telling.words("The configuration can be used again, and counts.", &changes.join("\n")).await;
        }
        self.record(at, began, Outcome::Applied, changes, None);
        trials.into_iter().for_each(|trial| self.try_out(trial));
    }

    /// What the files and the lock come to, as they would when the agent is started.
    async fn read(&self) -> Result<Next, Unusable> {
        let Source { files, options, locked, given, .. } = &self.source;
        let (files, options, environment) = (files.clone(), *options, self.environment.clone());
        let (locked, given) = (*locked, given.clone());
        let reading = tokio::task::spawn_blocking(move || {
            let loaded = botkube_config::load(&files, environment, options).map_err(|rejected| Unusable {
                log: rejected.findings.iter().map(telling::in_a_line).collect::<Vec<_>>().join("\n"),
                drawn: rejected.to_string(),
            })?;
            let lock = Locked::of(&files, &loaded.config, locked, &given);
            let lock = lock.map_err(|error| Unusable::because(&error.to_string()))?.lock();
            if setup::console_channels(&loaded.config).is_empty() {
                return Err(Unusable::because(setup::NOTHING_TO_SERVE));
            }
            Ok(Next { loaded, lock })
        });
        reading.await.unwrap_or_else(|_| Err(Unusable::because("the agent made a mistake with it: see its log")))
    }

    /// Nothing changes; the same reason is told once, and whenever somebody asks.
    async fn refuse(&mut self, cause: Cause, at: SystemTime, began: Instant, unusable: Unusable) {
        let Unusable { log, drawn } = unusable;
        if cause == Cause::Files && self.refused.as_ref() == Some(&drawn) {
            return;
        }
        tracing::error!("the changed configuration cannot be used, what was there before goes on:\n{log}");
        let title = "The changed configuration cannot be used. What was there before goes on.";
        self.telling.words(title, &drawn).await;
        self.refused = Some(drawn);
        self.record(at, began, Outcome::Refused, Vec::new(), Some(log));
    }

    /// Says what is worth a look and was not before.
    fn warn(&self, loaded: &Loaded) {
        let known: Vec<String> = self.source.loaded.findings.iter().map(telling::in_a_line).collect();
        for finding in loaded.findings.iter().map(telling::in_a_line).filter(|finding| !known.contains(finding)) {
            tracing::warn!("{finding}");
        }
    }

    fn try_out(&mut self, trial: Trial) {
        let (at, began) = (SystemTime::now(), Instant::now());
        let tried = Tried { plugin: trial.plugin.clone(), former: trial.former.clone(), at, began };
        tracing::info!(plugin = %tried.plugin, former = %tried.former, "another version is tried; the former one answers");
        let agent = self.served.agent.clone();
        self.trials.spawn(async move { (tried, agent.prove(trial).await) });
    }

    async fn tried(&self, tried: Tried, proof: Proof) {
        let Tried { plugin, former, at, began } = tried;
        match proof {
            Proof::Serves => tracing::info!(%plugin, took = ?began.elapsed(), "another version of a plugin answers"),
            Proof::Dropped => {}
            Proof::RolledBack(reason) => {
                let said = format!("`{plugin}` does not take the place of `{former}`, which goes on: {reason}");
                tracing::error!("{said}");
                self.telling.line(&said).await;
                self.record(at, began, Outcome::RolledBack, Vec::new(), Some(said));
            }
        }
    }

    fn record(&self, at: SystemTime, began: Instant, outcome: Outcome, changes: Vec<String>, error: Option<String>) {
        let (took, files) = (began.elapsed(), self.source.files.clone());
        self.served.agent.reloaded(Reloaded { at, took, files, outcome, changes, error });
    }
}

impl Unusable {
    fn because(reason: &str) -> Self {
        Self { log: reason.to_owned(), drawn: reason.to_owned() }
    }
}
