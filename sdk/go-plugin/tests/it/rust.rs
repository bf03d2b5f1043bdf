//! This crate's host with this crate's plugin. Must not know of Go.

mod plain {
    use crate::{exchange::exchange, support};

    exchange!(support::start(&support::peer()));
}

#[cfg(feature = "auto-mtls")]
mod with_tls {
    use go_plugin::host::Launch;

    use crate::{exchange::exchange, support};

    exchange!(support::start_with(Launch::new(support::peer()), |config| config.auto_mtls = true));
}

#[cfg(not(feature = "auto-mtls"))]
mod without_the_feature {
    use go_plugin::{handshake::env, host::Launch};

    use crate::support::{peer, refused};

    #[tokio::test]
    async fn a_plugin_asked_for_tls_names_the_feature_it_was_built_without() {
        let error = refused(Launch::new(peer()).env(env::CLIENT_CERT, "a certificate"), |_| {}).await;
        assert!(error.output.iter().any(|line| line.contains("`auto-mtls`")), "{:#?}", error.output);
    }

    #[tokio::test]
    async fn a_host_asked_for_tls_names_the_feature_it_was_built_without() {
        let error = refused(Launch::new(peer()), |config| config.auto_mtls = true).await.to_string();
        assert!(error.contains("`auto-mtls`"), "{error}");
    }
}
