//! Executors that are good but for one thing, which is what those who check plugins have to find. It knows nothing of the
//! handshake.
//!
//! Started under the name of one of [`ALL`], this program is called `mine`, says what it is, has a help, and errs in that one
//! thing.

use std::{
    process,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use botkube_proto::executor::{Dependency, ExecuteRequest, JsonSchema, MetadataResponse};
use futures_util::FutureExt;
use tokio::time;
use tonic::Status;
use tonic_health::{ServingStatus, server};

/// The one thing each of them has.
const ALL: &[&str] = &[
    "good",
    "stays",
    // In what it says of itself.
    "ill",
    "without-description",
    "odd-version",
    "broken-schema",
    "odd-dependency",
    "missing-dependency",
    "without-help",
    "help-is-no-message",
    "idle-button",
    "blank-help",
    "foreign-example",
    // In what it answers.
    "dying-example",
    "failing-example",
    "speechless-example",
    "dies-of-its-name",
    "dies-of-configurations",
    "dies-of-many",
    "dies-of-big",
    "prints-much",
    "dies-of-cancelling",
    "needs-context",
    "at-once",
    // In how it goes.
    "ends-badly",
];

/// How many calls are too many for one that dies of them.
const MANY: usize = 20;

static MANNER: OnceLock<&'static str> = OnceLock::new();
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Takes on the manners of this name, if there are such.
pub(crate) fn take_on(name: &str) {
    if let Some(known) = ALL.iter().find(|known| **known == name) {
        MANNER.get_or_init(|| known);
    }
}

pub(crate) fn is(name: &str) -> bool {
    MANNER.get() == Some(&name)
}

/// `None` for one that says nothing of itself.
pub(crate) fn metadata() -> Option<MetadataResponse> {
    MANNER.get()?;
    let schema = match is("broken-schema") {
        true => r#"{"type": "objekt"}"#,
        false => r#"{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}"#,
    };
    let address = |platform: &str| format!("https://example.org/tool_{platform}");
    let here = format!("{}/{}", go_os(), go_architecture());
    let url = if is("odd-dependency") { "git::https://example.org/tool".to_owned() } else { address("here") };
    let urls = if is("missing-dependency") { [("plan9/386".into(), address("there"))] } else { [(here, url)] };
    Some(MetadataResponse {
        version: if is("odd-version") { "the newest".into() } else { "1.2.3".into() },
        description: if is("without-description") { String::new() } else { "Is good but for one thing".into() },
        json_schema: Some(JsonSchema { value: schema.into(), ref_url: String::new() }),
        dependencies: [("tool".to_owned(), Dependency { urls: urls.into() })].into(),
        ..MetadataResponse::default()
    })
}

fn go_os() -> &'static str {
    if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS }
}

fn go_architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// The JSON of its help; zero bytes for one that has none.
pub(crate) fn help() -> Vec<u8> {
    if MANNER.get().is_none() || is("without-help") {
        return Vec::new();
    }
    if is("help-is-no-message") {
        return br#"{"sections": "none"}"#.into();
    }
    if is("blank-help") {
        return br#"{"baseBody": {"plaintext": " \n "}}"#.into();
    }
    let second = match () {
        () if is("foreign-example") => "yours hello",
        () if is("dying-example") => "mine exit 3",
        () if is("failing-example") => "mine fail",
        () if is("speechless-example") => "mine no-reason",
        () if is("idle-button") => "",
        () => "mine bye",
    };
    format!(
        r#"{{"sections": [{{"header": "Mine", "buttons": [
            {{"name": "First", "command": "{{{{BotName}}}} mine hello"}},
            {{"name": "Second", "command": "{second}"}}
        ]}}]}}"#
    )
    .into_bytes()
}

/// Errs in a call, if that is what it errs in; `Ok` where it does not.
pub(crate) async fn err_in(request: &ExecuteRequest) -> Result<(), Status> {
    let is_odd = |yaml: &[u8]| !yaml.is_empty() && !yaml.contains(&b':');
    let dies = match () {
        () if is("dies-of-its-name") => request.command == "mine",
        () if is("dies-of-configurations") => request.configs.iter().any(|config| is_odd(&config.raw_yaml)),
        () if is("dies-of-big") => request.command.len() > 1 << 16,
        () if is("needs-context") => request.context.is_none(),
        () => false,
    };
    if dies {
        process::exit(9);
    }
    if is("failing-example") && request.command == "mine fail" {
        return Err(Status::unknown("no cluster is known"));
    }
    if is("prints-much") {
        #[expect(clippy::print_stdout, reason = "that is its fault")]
        (0..1000).for_each(|line| println!("line {line}"));
    }
    if is("dies-of-many") || is("dies-of-cancelling") {
        let running = Running::begin();
        time::sleep(Duration::from_millis(20)).await;
        running.end();
    }
    Ok(())
}

/// The answer to whoever asks for its health.
pub(crate) fn health() -> tonic_health::pb::health_server::HealthServer<server::HealthService> {
    let (reporter, _) = server::health_reporter();
    // It waits for nobody: the reporter is nobody else's.
    let _ = reporter.set_service_status("plugin", ServingStatus::NotServing).now_or_never();
    tonic_health::pb::health_server::HealthServer::new(server::HealthService::from_health_reporter(reporter))
}

/// A call that is under way.
struct Running;

impl Running {
    fn begin() -> Self {
        if RUNNING.fetch_add(1, Ordering::Relaxed) >= MANY && is("dies-of-many") {
            process::exit(9);
        }
        Self
    }

    fn end(self) {
        RUNNING.fetch_sub(1, Ordering::Relaxed);
        std::mem::forget(self);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::Relaxed);
        if is("dies-of-cancelling") {
            process::exit(9);
        }
    }
}
