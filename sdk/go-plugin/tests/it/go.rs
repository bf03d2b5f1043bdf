//! The same with programs built with the original library, of the version upstream uses and of the newest. It needs Go.
//! Must not know how the programs are built.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use go_plugin::{handshake::env as names, host::Launch};
use serde_json::Value;

use crate::support::{Running, no_process_left, nothing_left, peer, refused, start_with};

/// Each module is one version.
macro_rules! versions {
    ($($module:ident: $version:literal,)*) => {
        $(mod $module {
            mod plain {
                crate::exchange::exchange!(crate::go::plugin($version, false));
            }

            #[cfg(feature = "auto-mtls")]
            mod with_tls {
                crate::exchange::exchange!(crate::go::plugin($version, true));
            }

            #[tokio::test]
            async fn its_host_finds_nothing_wrong_with_our_plugin() {
                crate::go::host($version, &[]).await;
            }

            #[cfg(feature = "auto-mtls")]
            #[tokio::test]
            async fn its_host_finds_nothing_wrong_with_our_plugin_over_tls() {
                crate::go::host($version, &["-mtls"]).await;
            }

            #[tokio::test]
            async fn its_host_of_another_version_refuses_our_plugin() {
                crate::go::refuse($version).await;
            }

            #[tokio::test]
            async fn our_plugin_does_not_outlive_its_host_even_when_frozen() {
                crate::go::freeze($version).await;
            }

            #[tokio::test]
            async fn its_plugin_is_killed_when_frozen() {
                crate::life::a_frozen_plugin_is_killed_after_the_grace_time(crate::go::plugin($version, false).await).await;
            }

            #[tokio::test]
            async fn its_plugin_of_another_version_is_refused() {
                crate::go::of_another_version($version).await;
            }

            #[tokio::test]
            async fn its_plugin_asked_for_a_seventh_field_is_understood() {
                crate::go::with_a_seventh_field($version).await;
            }

            #[tokio::test]
            async fn its_plugin_started_by_hand_is_found_and_leaves_when_it_is_asked_to() {
                crate::attach::check(&crate::go::program(concat!("peer-plugin-", $version))).await;
            }

            #[tokio::test]
            async fn its_plugin_is_gone_when_dropped() {
                crate::life::a_dropped_plugin_is_gone(crate::go::plugin($version, false).await).await;
            }

            #[tokio::test]
            async fn its_plugin_is_gone_when_the_host_is_killed() {
                crate::orphans::check(&[], &crate::go::program(concat!("peer-plugin-", $version))).await;
            }
        })*
    };
}

versions! {
    of_1_4_10: "1.4.10",
    newest: "newest",
}

/// What a Go host tries with a plugin that it shuts down afterwards.
const SCENARIOS: [&str; 9] = ["handshake", "ping", "call", "many", "big", "error", "stdio", "reflection", "shutdown"];

/// A Go program; the first who asks builds them all, which takes a second when they are up to date.
fn program(name: &str) -> PathBuf {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/go");
        let programs = ["peer-plugin-1.4.10", "peer-host-1.4.10", "peer-plugin-newest", "peer-host-newest"];
        let built = Command::new(folder.join("build")).arg(folder.join("bin")).args(programs).output();
        match built {
            Ok(output) if output.status.success() => Ok(folder.join("bin")),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
            Err(error) => Err(format!("conformance/go/build cannot be run: {error}")),
        }
    });
    match built {
        Ok(folder) => folder.join(name),
        Err(reason) => panic!("the Go programs cannot be built; install Go or run with `-- --skip go::`\n{reason}"),
    }
}

async fn plugin(version: &str, tls: bool) -> Running {
    let program = program(&format!("peer-plugin-{version}"));
    start_with(Launch::new(program), |config| config.auto_mtls = tls).await
}

/// Lets a Go host try our plugin and returns what it reports.
fn report(version: &str, args: &[&str], dir: &Path) -> Vec<Value> {
    let output = Command::new(program(&format!("peer-host-{version}")))
        .arg(peer())
        .args(args)
        .env("TMPDIR", dir)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

async fn host(version: &str, args: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let reports = report(version, &[args, &SCENARIOS].concat(), dir.path());
    let failed: Vec<&Value> = reports.iter().filter(|report| report["ok"] != true).collect();
    assert!(failed.is_empty() && reports.len() == SCENARIOS.len(), "{failed:#?}");
    nothing_left(dir.path()).await;
}

async fn refuse(version: &str) {
    let dir = tempfile::tempdir().unwrap();
    let reports = report(version, &["version"], dir.path());
    let detail = reports[0]["detail"].as_str().unwrap_or_default();
    assert!(detail.contains("Plugin version: 7, Client versions: [8]"), "{reports:#?}");
    no_process_left(dir.path()).await;
}

/// What a Go host does with a frozen plugin is its own affair and only shown; the plugin must be gone in the end.
#[expect(clippy::print_stdout, reason = "it is shown with `-- --nocapture`")]
async fn freeze(version: &str) {
    let dir = tempfile::tempdir().unwrap();
    let reports = report(version, &["frozen"], dir.path());
    println!("go-plugin {version}: {reports:?}");
    assert_eq!(reports.len(), 1);
    no_process_left(dir.path()).await;
}

async fn with_a_seventh_field(version: &str) {
    let launch = Launch::new(program(&format!("peer-plugin-{version}"))).env(names::MULTIPLEX_GRPC, "false");
    let running = start_with(launch, |_| {}).await;
    assert_eq!(running.call("echo hello").await.unwrap(), b"hello");
    running.end().await;
}

async fn of_another_version(version: &str) {
    let launch = Launch::new(program(&format!("peer-plugin-{version}")));
    let error = refused(launch, |config| config.versions = vec![8, 9]).await.to_string();
    assert!(error.contains("speaks protocol version 7, this host [8, 9]"), "{error}");
}
