//! How a plugin comes up: by hand, for the agent, encrypted. It knows no command.

use std::{process::Stdio, sync::Arc, time::Duration};

use go_plugin::host::Direct;
use tokio::{process::Command, time};

use super::{
    Verdict, end,
    subject::{Subject, shown},
};

/// How long a plugin that was run by hand may take to say so.
const BY_HAND_DEADLINE: Duration = Duration::from_secs(5);
/// As the agent asks for it.
const HEALTH_DEADLINE: Duration = Duration::from_secs(5);

pub(super) async fn handshake(subject: &Subject) -> Verdict {
    match &subject.said {
        Err(reason) => Verdict::default().failed(
            "a line such as `1|3|unix|/path/of/a/socket|grpc|` first on standard output, and a gRPC server behind it"
                .into(),
            reason.clone(),
            "serve with an SDK, and print nothing before it serves; log to standard error".into(),
        ),
        Ok(said) if !said.is_at_home => Verdict::default().failed(
            "a unix socket in the directory that the variable TMPDIR names, which nobody else can enter".into(),
            "it listens on TCP or somewhere else, where others on the machine can call it".into(),
            "make the socket in TMPDIR".into(),
        ),
        Ok(said) => Verdict::passed(if said.is_live { "gives live answers" } else { "" }),
    }
}

/// Without the agent's cookie, as a person runs it.
pub(super) async fn by_hand(subject: &Subject) -> Verdict {
    let expected = || "a word on what it is, and an exit code that is not 0".to_owned();
    let help = || "check the cookie BOTKUBE first, and print that the program is a plugin for Botkube".to_owned();
    let dir = match tempfile::tempdir() {
        Ok(dir) => dir,
        Err(error) => return Verdict::skipped(format!("no directory can be made: {error}")),
    };
    let mut command = Command::new(&subject.program);
    command.env_clear().env("TMPDIR", dir.path()).env("HOME", dir.path());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0).kill_on_drop(true);
    let child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Verdict::skipped(format!("it cannot be run: {error}")),
    };
    let group = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
    let ended = time::timeout(BY_HAND_DEADLINE, child.wait_with_output()).await;
    if let (Err(_), Some(group)) = (&ended, group) {
        // Also what it started.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
    end::sweep(dir.path());
    match ended {
        Err(_) => Verdict::default().failed(expected(), format!("it still ran after {BY_HAND_DEADLINE:?}"), help()),
        Ok(Err(error)) => Verdict::skipped(format!("nobody knows how it ended: {error}")),
        Ok(Ok(output)) => {
            let is_silent = output.stdout.trim_ascii().is_empty() && output.stderr.trim_ascii().is_empty();
            match (output.status.success(), is_silent) {
                (true, _) => Verdict::default().failed(expected(), "it ended with the exit code 0".into(), help()),
                (false, true) => Verdict::default().failed(expected(), "it printed nothing".into(), help()),
                (false, false) => Verdict::default(),
            }
        }
    }
}

pub(super) async fn auto_mtls(subject: &Subject) -> Verdict {
    let outcome = match subject.start_with(true, Arc::new(Direct)).await {
        Ok(running) => {
            let healthy = running.probe.plugin.ping(HEALTH_DEADLINE).await.map_err(|error| error.to_string());
            running.end().await;
            healthy
        }
        Err(reason) => Err(reason),
    };
    match outcome {
        Ok(()) => Verdict::default(),
        // It knows what it was asked for, and refuses: nobody will talk in the clear who did not mean to.
        Err(reason) if reason.contains("it ended before it printed its handshake") && reason.contains("TLS") => {
            Verdict::skipped("it says that it was built without TLS, for which the agent does not ask")
        }
        Err(reason) => Verdict::default().warning(
            "TLS with the certificate of the handshake, where the variable PLUGIN_CLIENT_CERT asks for it".into(),
            shown(&reason),
            "nothing, as long as no host asks for it; the agent does not. With our SDK it needs the feature `auto-mtls`"
                .into(),
        ),
    }
}

pub(super) async fn health(subject: &Subject) -> Verdict {
    let outcome = match subject.start().await {
        Ok(running) => running.probe.plugin.ping(HEALTH_DEADLINE).await.map_err(|error| error.to_string()),
        Err(reason) => Err(reason),
    };
    match outcome {
        Ok(()) => Verdict::default(),
        Err(reason) => Verdict::default().failed(
            "`SERVING` from grpc.health.v1.Health for the service `plugin`; the agent restarts who does not say so"
                .into(),
            reason,
            "register the health service, which SDKs do by themselves".into(),
        ),
    }
}
