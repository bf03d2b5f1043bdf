//! What callers see of an owner and its fetcher, under a clock that jumps to the next thing to happen. No process is started.

use std::collections::BTreeSet;

use async_trait::async_trait;
use botkube_config::model::{PluginKey, Plugins as Settings};
use botkube_core::port::Plugins;
use go_plugin::host::Direct;

use crate::{
    catalogue::{Catalogue, Fetched, Fetcher},
    host::Host,
};

use super::*;

/// A repository that needs this long to say that it is away.
#[derive(Debug)]
struct Away {
    after: Duration,
}

#[async_trait]
impl Fetcher for Away {
    async fn fetch(&self, _: &PluginKey) -> Result<Fetched, String> {
        time::sleep(self.after).await;
        Err("the repository `corp` is away".into())
    }
}

#[tokio::test(start_paused = true)]
async fn a_fetch_is_waited_for_as_long_as_the_store_gives_it() {
    let repositories = BTreeSet::from(["corp".to_owned()]);
    let away = Arc::new(Away { after: Duration::from_secs(59 * 60) });
    let catalogue = Catalogue { repositories, fetcher: Some(away), ..Catalogue::default() };
    let host = Host::new(catalogue, Arc::new(Direct), Settings::default()).unwrap();
    let plugin = PluginRef::Key("corp/mine".parse().unwrap());
    let refused = host.help(&plugin).await.unwrap_err();
    assert_eq!(refused.to_string(), "the repository `corp` is away");
    host.stop().await;
}
