//! Plugins that attack their host over the real wire, with real processes: what the person reads, that others are answered,
//! and that nothing is left. It knows the host from outside.

mod load;
mod neighbours;
mod start;
mod wire;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use botkube_config::model::Plugins as Settings;
use botkube_core::{
    port::{PluginCall, PluginError, Plugins},
    route::PluginRef,
};
use botkube_plugin_host::{catalogue::Catalogue, host::Host};
use conformance::eventually;
use go_plugin::host::Direct;
use tempfile::TempDir;
use tokio::time;

/// By when every command has its answer: two health intervals, the kill ladder, and a busy machine.
const ANSWERED: Duration = Duration::from_secs(20);
/// When a person's command is given up that has no other end, as the corridor does it with a deadline of its own.
const GIVEN_UP: Duration = Duration::from_secs(8);

/// How a command ended.
#[derive(Debug)]
enum Ending {
    Answered(String),
    Failed(String),
    /// With its deadline, which the corridor puts into words.
    GivenUp,
}

/// A host with the plugin `bad`, which commits a fault, and `good`, which does not.
struct World {
    dir: TempDir,
    host: Arc<Host>,
}

impl World {
    /// `bad` is the misbehaving executor under the name of this fault.
    fn new(fault: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let misbehaving = |name: &str| {
            let path = dir.path().join(format!("executor_{name}"));
            symlink(conformance::program("executor-misbehaving"), &path).unwrap();
            path
        };
        let given = BTreeMap::from([("bad".to_owned(), misbehaving(fault)), ("good".to_owned(), misbehaving("good"))]);
        let settings = Settings { health_check_interval: Duration::from_secs(1), ..Settings::default() };
        let catalogue = Catalogue { given, ..Catalogue::default() };
        Self { dir, host: Arc::new(Host::new(catalogue, Arc::new(Direct), settings).unwrap()) }
    }

    async fn ask(&self, command: &str) -> Result<String, PluginError> {
        ask(&self.host, command).await
    }

    /// The ending of a command that somebody waits for.
    async fn ending(&self, command: &str) -> Ending {
        match time::timeout(GIVEN_UP, self.ask(command)).await {
            Ok(Ok(answer)) => Ending::Answered(answer),
            Ok(Err(error)) => Ending::Failed(error.to_string()),
            Err(_) => Ending::GivenUp,
        }
    }

    /// Stops the host, and makes sure that nothing is left of `bad`, whose own directory was this one.
    async fn stop(self, runtime_dir: &Path) {
        time::timeout(ANSWERED, self.host.stop()).await.expect("the host stops");
        eventually("its processes are gone", || processes_with(runtime_dir).is_empty());
        assert!(!runtime_dir.exists(), "{} is left", runtime_dir.display());
        drop(self.dir);
    }
}

async fn ask(host: &Host, command: &str) -> Result<String, PluginError> {
    let name = command.split(' ').next().unwrap_or_default();
    let mut pieces = Vec::new();
    let rest = host.execute(&PluginRef::Named(name.to_owned()), PluginCall::new(command), &mut pieces).await?;
    let text = |message: &botkube_api::message::Message| {
        format!("{}{}", message.base_body.code_block, message.base_body.plaintext)
    };
    Ok(pieces.iter().map(|piece| format!("{piece:?}")).chain(rest.iter().map(text)).collect())
}

/// The processes that were given this directory.
fn processes_with(runtime_dir: &Path) -> Vec<PathBuf> {
    let mine = runtime_dir.as_os_str().as_encoded_bytes();
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let has_it = |process: &PathBuf| {
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        environment.windows(mine.len()).any(|window| window == mine)
    };
    processes.filter(has_it).collect()
}
