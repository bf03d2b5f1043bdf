//! The same with programs built with the original library, of the version upstream uses and of the newest. It needs Go.
//! Must not know how the programs are built.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

use go_plugin::host::{Config, Launch, StartReason};
use serde_json::Value;

use crate::{
    life,
    support::{self, Running, peer, refused, sockets},
};

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

            #[test]
            fn its_host_finds_nothing_wrong_with_our_plugin() {
                crate::go::host($version, &[]);
            }

            #[cfg(feature = "auto-mtls")]
            #[test]
            fn its_host_finds_nothing_wrong_with_our_plugin_over_tls() {
                crate::go::host($version, &["-mtls"]);
            }

            #[test]
            fn our_plugin_does_not_outlive_its_host_even_when_frozen() {
                crate::go::freeze($version);
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
