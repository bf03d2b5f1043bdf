//! Kubeconfigs for plugins, made from the agent's own by impersonation (`contract-plugins §7`); it asks no cluster.

mod access;
mod document;

use std::{
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use async_trait::async_trait;
use botkube_config::model::{Rbac, Settings, Subject};
use botkube_core::{
    conversation::{Actor, Conversation},
    port::{Credentials, CredentialsError, Kubeconfig},
    route::Route,
};

use access::{Access, NoAccess, Places};
use document::Document;

/// Who a plugin is when only its group is configured; upstream's name (`contract-plugins §7.3`).
const STATIC_USER: &str = "botkube-internal-static-user";
/// What cluster, context and user are called when the cluster has no name.
const UNNAMED: &str = "default";
/// How many kubeconfigs are kept; one for each user and groups that plugins act as.
const KEPT: usize = 64;

/// Hands out the agent's own access, narrowed to a user and groups.
///
/// What it hands out holds the agent's own token: a plugin that leaves the impersonation out has all rights of the agent.
/// So this protects against mistakes and not against malice.
pub struct Impersonating {
    places: Places,
    cluster_name: String,
    made: Mutex<Option<Made>>,
}

/// What was made of an access, as long as nothing about it changes.
struct Made {
    access: Access,
    kubeconfigs: Vec<(Whom, Kubeconfig)>,
}

/// Whom a plugin acts as.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Whom {
    user: String,
    groups: Vec<String>,
}

/// Why no kubeconfig can be made.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("{0}")]
    NoAccess(#[from] NoAccess),
    #[error("`context.rbac` would be made of the channel's name, and this command came from no channel")]
    NoChannel,
    #[error("`context.rbac` names an empty user or group; without a name the plugin would have the agent's own rights")]
    Nobody,
}

impl Impersonating {
    /// Makes kubeconfigs from what `settings` name, or else from what is found where the agent runs.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        let places = Places {
            kubeconfig: settings.kubeconfig.clone(),
            service_account_prefix: settings.service_account_prefix.clone(),
        };
        Self { places, cluster_name: settings.cluster_name.clone(), made: Mutex::default() }
    }

    fn make(&self, rbac: &Rbac, channel: &str) -> Result<Kubeconfig, Refusal> {
        let whom = Whom::of(rbac, channel)?;
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        // Upstream reads everything anew for each command, since tokens in files change; looking whether they did is enough.
        let current = match made.take().filter(|made| made.access.is_current()) {
            Some(current) => current,
            None => Made { access: self.places.find()?, kubeconfigs: Vec::new() },
        };
        let current = made.insert(current);
        current.access.not_expired(SystemTime::now())?;
        if let Some((_, kubeconfig)) = current.kubeconfigs.iter().find(|(known, _)| *known == whom) {
            return Ok(kubeconfig.clone());
        }
        let kubeconfig = self.write(&current.access, &whom);
        if current.kubeconfigs.len() == KEPT {
            current.kubeconfigs.remove(0);
        }
        current.kubeconfigs.push((whom, kubeconfig.clone()));
        Ok(kubeconfig)
    }

    fn write(&self, access: &Access, whom: &Whom) -> Kubeconfig {
        let mut user = access.user.clone();
        user.impersonate = Some(whom.user.clone());
        user.impersonate_groups = whom.groups.clone();
        let name = if self.cluster_name.is_empty() { UNNAMED } else { &self.cluster_name };
        Kubeconfig(Document::of(name, access.cluster.clone(), user).to_yaml())
    }
}

#[async_trait]
impl Credentials for Impersonating {
    async fn for_call(
        &self,
        _: &Actor,
        conversation: &Conversation,
        route: &Route,
    ) -> Result<Kubeconfig, CredentialsError> {
        let Some(rbac) = &route.rbac else { return Ok(Kubeconfig::default()) };
        self.make(rbac, conversation.channel()).map_err(|refusal| CredentialsError(refusal.to_string()))
    }
}

impl Whom {
    /// Never nobody: a kubeconfig that impersonates nobody has the agent's own rights (B54).
    fn of(rbac: &Rbac, channel: &str) -> Result<Self, Refusal> {
        let named = |subject: &Subject| {
            let names = match subject {
                Subject::None => Vec::new(),
                Subject::Static { prefix, values } => values.iter().map(|value| format!("{prefix}{value}")).collect(),
                Subject::ChannelName { .. } if channel.is_empty() => return Err(Refusal::NoChannel),
                Subject::ChannelName { prefix } => vec![format!("{prefix}{channel}")],
            };
            if names.iter().any(String::is_empty) { Err(Refusal::Nobody) } else { Ok(names) }
        };
        let groups = named(&rbac.group)?;
        match named(&rbac.user)?.into_iter().next() {
            Some(user) => Ok(Self { user, groups }),
            None if groups.is_empty() => Err(Refusal::Nobody),
            None => Ok(Self { user: STATIC_USER.to_owned(), groups }),
        }
    }
}

#[cfg(test)]
mod tests;
