//! Our plugin host with one executor that is called all the time. It must not know what is done to the executor meanwhile;
//! `conformance/upstream/cmd/manager` is the same around upstream's plugin manager.
//!
//! ```text
//! manager AGENT PLUGIN INTERVAL_MS EVERY_MS
//! ```
//!
//! AGENT is the product's executable, which is also the launcher of plugins. What is read and printed is what that program's
//! header says.
#![allow(clippy::print_stdout, reason = "what it sees is its answer")]

use std::{
    collections::BTreeMap,
    env, io,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use botkube_config::model::{AtThreshold, Plugins as Settings, RestartPolicy};
use botkube_core::{
    port::{PluginCall, Plugins},
    route::PluginRef,
};
use botkube_plugin_host::{catalogue::Catalogue, host::Host};
use go_plugin::host::Launcher;
use serde_json::json;
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval, sleep},
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What makes the agent's executable a launcher of plugins.
const LAUNCH: &str = "__launch";
/// How many restarts a plugin has: enough for whatever is done to it.
const THRESHOLD: u32 = 10;
/// How long calls that run may still take once nothing is called any more.
const REST: Duration = Duration::from_secs(1);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [agent, plugin, health, every] = &args[..] else {
        return Err("use AGENT PLUGIN INTERVAL_MS EVERY_MS".into());
    };
    let millis = |word: &String| word.parse().map(Duration::from_millis);
    let settings = Settings {
        health_check_interval: millis(health)?,
        restart_policy: RestartPolicy { at_threshold: AtThreshold::DeactivatePlugin, threshold: THRESHOLD },
        ..Settings::default()
    };
    let given = BTreeMap::from([("probe".to_owned(), Path::new(plugin).to_owned())]);
    let launcher = Launcher::new(Path::new(agent), [LAUNCH])?;
    let host = Arc::new(Host::new(Catalogue { given, ..Catalogue::default() }, Arc::new(launcher), settings)?);
    // The other program begins with a plugin that was started, too.
    call(&host, "probe hello").await.map_err(|error| format!("the plugin does not answer: {error}"))?;

    let (mut lines, mut begun) = (read(), 0);
    let mut ticks = interval(millis(every)?);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        let text = tokio::select! {
            _ = ticks.tick() => "probe hello".to_owned(),
            line = lines.recv() => match line.as_deref() {
                None => return Ok(()),
                Some("end") => break,
                Some(line) => line.strip_prefix("say ").ok_or(format!("cannot do {line:?}: use say TEXT or end"))?.to_owned(),
            },
        };
        begun += 1;
        let host = host.clone();
        tokio::spawn(async move {
            let began = now();
            let error = call(&host, &text).await.err();
            println!("{}", json!({ "began_us": began, "ended_us": now(), "error": error }));
        });
    }
    sleep(REST).await;
    println!("{}", json!({ "begun": begun }));
    host.stop().await;
    println!("{}", json!({ "stopped": true }));
    Ok(())
}

async fn call(host: &Host, text: &str) -> Result<(), String> {
    let plugin = PluginRef::Named("probe".into());
    let answer = host.execute(&plugin, PluginCall::new(text), &mut Vec::new()).await;
    answer.map(drop).map_err(|error| error.to_string())
}

/// The lines of standard input, which nobody can wait for but a thread of its own.
fn read() -> mpsc::Receiver<String> {
    let (sender, lines) = mpsc::channel(1);
    std::thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            if sender.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}
