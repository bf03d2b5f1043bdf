//! A running agent seen from outside: health and readiness, metrics, and the private socket of `botkube status`. It changes
//! nothing about the agent.
//!
//! Reading order: [`Inside`] what is served · `health`, `metrics`, [`status`] what is said · `serve`, [`socket`] how one gets
//! there · `process`, [`recent`] where some of it comes from.

mod health;
pub(crate) mod metrics;
mod process;
pub mod recent;
mod serve;
pub mod socket;
pub mod status;

use std::{
    collections::BTreeSet,
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use botkube_core::{
    builtin::Builtin,
    port::{self, PluginState},
};
use hyper::StatusCode;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

use self::{
    metrics::{Seen, classic},
    process::Usage,
    recent::Recent,
    serve::{Page, Pages},
    socket::Socket,
    status::{About, Document},
};
use crate::{agent::Agent, reload::Outcome};

/// What is served so that one sees inside.
#[derive(Debug)]
pub struct Inside {
    serving: JoinSet<()>,
    socket: Option<Socket>,
    health: Option<SocketAddr>,
    metrics: Option<SocketAddr>,
    stop: CancellationToken,
}

/// What there is to be seen, and where.
pub struct Sight {
    /// The agent.
    pub agent: Arc<Agent>,
    /// How far it is.
    pub stage: watch::Receiver<Stage>,
    /// Its version.
    pub version: &'static str,
    /// The files of its configuration, in the order in which they count.
    pub files: Vec<PathBuf>,
    /// What remembers the log's latest warnings and errors.
    pub recent: Recent,
    /// The ports; `None`: none is served.
    pub ports: Option<Ports>,
    /// The directories in which the private socket may lie, the best first.
    pub places: Vec<PathBuf>,
}

/// The ports of every interface on which something is served; 0 is any.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// `settings.healthPort`.
    pub health: u16,
    /// `settings.metricsPort`.
    pub metrics: u16,
}

/// How far an agent is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// It does not take commands yet.
    #[default]
    Starting,
    /// It takes commands.
    Ready,
    /// It takes no more commands, and ends when those under way have.
    Draining,
}

/// Why nothing can be seen of an agent.
#[derive(Debug, thiserror::Error)]
pub enum InsideError {
    /// A port cannot be used.
    #[error("{key}: the port {port} cannot be used; end what listens there, or set another one, as with {variable}")]
    Port {
        /// The key of the configuration.
        key: &'static str,
        /// The port.
        port: u16,
        /// The variable that sets the key.
        variable: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A plugin as it is now.
#[derive(Clone, Debug)]
pub(crate) struct Plugin {
    /// Its key, or its name where it has none.
    pub(crate) name: String,
    pub(crate) state: PluginState,
    pub(crate) usage: Option<Usage>,
}

/// What everything that is served looks at.
struct House {
    sight: Sight,
    started: SystemTime,
    addresses: OnceLock<(Option<SocketAddr>, Option<SocketAddr>)>,
}

/// The pages of `settings.healthPort`.
struct HealthPages(Arc<House>);

/// The pages of `settings.metricsPort`.
struct MetricsPages(Arc<House>);

impl Inside {
    /// Serves what there is to be seen. A private socket that cannot be opened is a warning in the log: an agent on a disk
    /// that cannot be written to is a good agent.
    ///
    /// # Errors
    ///
    /// When a port cannot be used.
    pub async fn start(sight: Sight) -> Result<Self, InsideError> {
        let ports = sight.ports;
        let health = match ports {
            Some(ports) => Some(listen("settings.healthPort", "BOTKUBE_SETTINGS_HEALTH__PORT", ports.health).await?),
            None => None,
        };
        let metrics = match ports {
            Some(ports) => Some(listen("settings.metricsPort", "BOTKUBE_SETTINGS_METRICS__PORT", ports.metrics).await?),
            None => None,
        };
        let socket = socket::open(&sight.places)
            .map_err(|reason| {
                tracing::warn!("`botkube status` will not find this agent: no socket can be opened: {reason}")
            })
            .ok();
        let house = Arc::new(House { sight, started: SystemTime::now(), addresses: OnceLock::new() });
        let (mut serving, stop) = (JoinSet::new(), CancellationToken::new());
        let addresses = (health.as_ref().map(|(_, at)| *at), metrics.as_ref().map(|(_, at)| *at));
        // It was made three lines above.
        let _ = house.addresses.set(addresses);
        if let Some((listener, address)) = health {
            tracing::info!(%address, "serving /healthz and /readyz");
            serving.spawn(serve::serve(listener, Arc::new(HealthPages(house.clone())), stop.clone()));
        }
        if let Some((listener, address)) = metrics {
            tracing::info!(%address, "serving /metrics");
            serving.spawn(serve::serve(listener, Arc::new(MetricsPages(house.clone())), stop.clone()));
        }
        let socket = socket.map(|(listener, socket)| {
            serving.spawn(socket::serve(listener, move || house.document(), stop.clone()));
            socket
        });
        Ok(Self { serving, socket, health: addresses.0, metrics: addresses.1, stop })
    }

    /// Where `/healthz` and `/readyz` are.
    #[must_use]
    pub fn health(&self) -> Option<SocketAddr> {
        self.health
    }

    /// Where `/metrics` is.
    #[must_use]
    pub fn metrics(&self) -> Option<SocketAddr> {
        self.metrics
    }

    /// Serves nothing any more; returns within a second or so, when the ports are free and the socket is gone.
    pub async fn stop(mut self) {
        self.stop.cancel();
        drop(self.socket.take());
        while self.serving.join_next().await.is_some() {}
    }
}

async fn listen(
    key: &'static str,
    variable: &'static str,
    port: u16,
) -> Result<(TcpListener, SocketAddr), InsideError> {
    serve::listen(port).await.map_err(|source| InsideError::Port { key, port, variable, source })
}

impl Stage {
    /// The word for it where programs read.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Draining => "draining",
        }
    }
}

impl House {
    fn stage(&self) -> Stage {
        *self.sight.stage.borrow()
    }

    /// Every plugin that has a place, sorted by key.
    fn plugins(&self) -> Vec<Plugin> {
        let all = self.sight.agent.dispatcher.snapshot().plugins.all().into_iter();
        all.map(|(plugin, state)| Plugin { name: plugin.to_string(), usage: state.pid.and_then(process::usage), state })
            .collect()
    }

    fn health(&self) -> Page {
        let (stage, snapshot) = (self.stage(), self.sight.agent.dispatcher.snapshot());
        let reloaded = self.sight.agent.last_reload();
        let health = health::health(stage, reloaded, &snapshot.config, |plugin| snapshot.plugins.state(plugin));
        Page {
            status: if stage == Stage::Starting { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK },
            kind: "application/json",
            text: serde_json::to_string(&health).expect("words and numbers are JSON"),
        }
    }

    /// A plugin that is down does not count: the agent answers for it, and for all others.
    fn ready(&self) -> Page {
        let stage = self.stage();
        let status = if stage == Stage::Ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        Page::text(status, format!("{}\n", stage.word()))
    }

    fn seen(&self) -> Seen {
        let Sight { agent, version, recent, .. } = &self.sight;
        let plugins = self.plugins();
        let mut known: BTreeSet<String> = plugins.iter().map(|plugin| plugin.name.clone()).collect();
        // Where a former version answers, the one that is asked for has no process.
        known.extend(agent.bound().iter().map(ToString::to_string));
        Seen {
            version,
            started: self.started,
            is_ready: self.stage() == Stage::Ready,
            plugins,
            commands: agent.tally().of(&known),
            underway: agent.dispatcher.underway().len(),
            reloads: Outcome::ALL.map(|outcome| {
                let (count, last) = agent.reloads_ended(outcome);
                (outcome, count, last)
            }),
            last_reload: agent.last_reload(),
            log: recent.counts(),
            process: process::own(),
        }
    }

    fn document(&self) -> String {
        let Sight { agent, version, files, recent, .. } = &self.sight;
        let (health, metrics) = self.addresses.get().copied().unwrap_or_default();
        let (snapshot, plugins) = (agent.dispatcher.snapshot(), self.plugins());
        let underway = agent.dispatcher.underway().into_iter();
        let all = snapshot.plugins.all();
        let names: Vec<&str> = Builtin::verbs().chain(all.iter().map(|(plugin, _)| plugin.name())).collect();
        let commands = underway.map(|underway| status::Command::of(underway, &names)).collect();
        let document = Document {
            schema: status::SCHEMA,
            agent: About {
                version: (*version).to_owned(),
                pid: std::process::id(),
                cluster: snapshot.config.settings.cluster_name.clone(),
                stage: self.stage().word().to_owned(),
                started: status::whole(self.started),
                uptime_seconds: status::seconds(self.started.elapsed().unwrap_or_default()),
                files: files.iter().map(|file| file.display().to_string()).collect(),
                health_address: health.map(|address| address.to_string()),
                metrics_address: metrics.map(|address| address.to_string()),
                memory_bytes: process::own().map(|own| own.usage.resident),
            },
            plugins: plugins.into_iter().map(Into::into).collect(),
            commands,
            reloads: agent.reloads().into_iter().map(Into::into).collect(),
            log: recent.latest().into_iter().map(Into::into).collect(),
        };
        serde_json::to_string(&document).expect("words and numbers are JSON")
    }
}

impl Pages for HealthPages {
    fn page(&self, path: &str, _: &str) -> Option<Page> {
        match path {
            "/healthz" => Some(self.0.health()),
            "/readyz" => Some(self.0.ready()),
            _ => None,
        }
    }

    fn places(&self) -> &'static str {
        "/healthz and /readyz"
    }
}

impl Pages for MetricsPages {
    fn page(&self, path: &str, accept: &str) -> Option<Page> {
        (path == "/metrics").then(|| {
            let open = metrics::open(self.0.seen());
            let (kind, text) = match classic::is_open_wanted(accept) {
                true => (classic::OPEN, open),
                false => (classic::CLASSIC, classic::classic(&open)),
            };
            Page { status: StatusCode::OK, kind, text }
        })
    }

    fn places(&self) -> &'static str {
        "/metrics"
    }
}

/// A plugin's state in a word for programs.
const fn word(status: port::PluginStatus) -> &'static str {
    match status {
        port::PluginStatus::Idle => "idle",
        port::PluginStatus::Fetching => "fetching",
        port::PluginStatus::Starting => "starting",
        port::PluginStatus::Running => "running",
        port::PluginStatus::BackingOff => "backingOff",
        port::PluginStatus::Deactivated => "deactivated",
        port::PluginStatus::Unavailable => "unavailable",
    }
}
