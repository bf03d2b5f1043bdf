//! Kubeconfigs for plugins, made from the agent's own by impersonation (`contract-plugins §7`); it asks no cluster.

mod document;

use std::{
    env, fs, io,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use botkube_config::model::{Rbac, Subject};
use botkube_core::{
    conversation::{Actor, Conversation},
    port::{Credentials, CredentialsError, Kubeconfig},
    route::Route,
};

use document::{Cluster, Document, Named, User};

/// Who a plugin is when only its group is configured; upstream's name (`contract-plugins §7.3`).
const STATIC_USER: &str = "botkube-internal-static-user";
/// What cluster, context and user are called when the cluster has no name.
const UNNAMED: &str = "default";
/// Where a pod finds its token and its cluster's certificates.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Hands out the agent's own access, narrowed to a user and groups.
#[derive(Clone, Debug)]
pub struct Impersonating {
    kubeconfig: Option<PathBuf>,
    cluster_name: String,
}

/// Why no kubeconfig can be made.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(
        "the agent has no kubeconfig of its own: none of `settings.kubeconfig`, KUBECONFIG, the service account of a pod \
         and ~/.kube/config is there"
    )]
    None,
    #[error("the agent's kubeconfig {path} cannot be read: {reason}")]
    Unreadable { path: PathBuf, reason: String },
    #[error("the agent's kubeconfig {path} is not one: {reason}")]
    Broken { path: PathBuf, reason: String },
    #[error("the agent's kubeconfig {path} names the {kind} {name:?} and does not define it")]
    Dangling { path: PathBuf, kind: &'static str, name: String },
    #[error(
        "the agent's kubeconfig {path} logs in with {what}, which cannot be handed on; give the agent a token or a client \
         certificate"
    )]
    NotPortable { path: PathBuf, what: &'static str },
    #[error(
        "the agent's kubeconfig {path} impersonates somebody itself, and nobody can be impersonated on top of that; give \
         the agent a kubeconfig of its own user"
    )]
    Impersonates { path: PathBuf },
    #[error("`context.rbac` would be made of the channel's name, and this command came from no channel")]
    NoChannel,
    #[error("`context.rbac` names an empty user or group; without a name the plugin would have the agent's own rights")]
    Nobody,
}

/// The agent's own access to its cluster.
struct Access {
    cluster: Cluster,
    user: User,
}

impl Impersonating {
    /// Makes kubeconfigs from `kubeconfig` (`settings.kubeconfig`), or else from what is found where the agent runs.
    #[must_use]
    pub fn new(kubeconfig: Option<PathBuf>, cluster_name: String) -> Self {
        Self { kubeconfig, cluster_name }
    }

    fn make(&self, rbac: &Rbac, channel: &str) -> Result<Vec<u8>, Refusal> {
        let (user, groups) = subjects(rbac, channel)?;
        let mut access = self.own_access()?;
        access.user.impersonate = Some(user);
        access.user.impersonate_groups = groups;
        let name = if self.cluster_name.is_empty() { UNNAMED } else { &self.cluster_name };
        Ok(Document::of(name, access.cluster, access.user).to_yaml())
    }

    /// What the agent itself logs in with: the configured file, KUBECONFIG, the pod's service account, `~/.kube/config`.
    fn own_access(&self) -> Result<Access, Refusal> {
        if let Some(path) = &self.kubeconfig {
            return from_file(path);
        }
        let listed = env::var_os("KUBECONFIG").filter(|list| !list.is_empty());
        if let Some(path) = listed.iter().flat_map(env::split_paths).find(|path| path.exists()) {
            return from_file(&path);
        }
        if let Some(access) = in_cluster(Path::new(SERVICE_ACCOUNT)) {
            return Ok(access);
        }
        match env::home_dir().map(|home| home.join(".kube/config")).filter(|path| path.exists()) {
            Some(path) => from_file(&path),
            None => Err(Refusal::None),
        }
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
        // Made anew for each call, as upstream does: a token file may have changed.
        self.make(rbac, conversation.channel()).map(Kubeconfig).map_err(|refusal| CredentialsError(refusal.to_string()))
    }
}

/// Whom to impersonate. Never nobody: a kubeconfig that impersonates nobody has the agent's own rights (B54).
fn subjects(rbac: &Rbac, channel: &str) -> Result<(String, Vec<String>), Refusal> {
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
        Some(user) => Ok((user, groups)),
        None if groups.is_empty() => Err(Refusal::Nobody),
        None => Ok((STATIC_USER.to_owned(), groups)),
    }
}

fn from_file(path: &Path) -> Result<Access, Refusal> {
    let path = path.to_owned();
    let text =
        fs::read_to_string(&path).map_err(|e| Refusal::Unreadable { path: path.clone(), reason: e.to_string() })?;
    let document: Document = serde_saphyr::from_str(&text)
        .map_err(|e| Refusal::Broken { path: path.clone(), reason: document::error_without_contents(&e) })?;
    let dangling = |kind, name: &str| Refusal::Dangling { path: path.clone(), kind, name: name.to_owned() };
    let current = &document.current_context;
    let context = find(&document.contexts, current).ok_or_else(|| dangling("context", current))?;
    let cluster = &context.context.cluster;
    let user = &context.context.user;
    let mut access = Access {
        cluster: find(&document.clusters, cluster).ok_or_else(|| dangling("cluster", cluster))?.cluster.clone(),
        user: find(&document.users, user).ok_or_else(|| dangling("user", user))?.user.clone(),
    };
    // To put another in its place would give plugins what the agent's own access was narrowed from.
    if access.user.impersonate.is_some() || !access.user.impersonate_groups.is_empty() {
        return Err(Refusal::Impersonates { path });
    }
    if let Some(what) = access.user.not_portable() {
        return Err(Refusal::NotPortable { path, what });
    }
    // A plugin has no right to read the agent's files, and another working directory.
    let dir = path.parent().unwrap_or(Path::new("."));
    let inline = |file: &mut Option<PathBuf>, data: &mut Option<String>| match file.take() {
        Some(file) if data.is_none() => {
            let file = dir.join(file);
            let read = |e: io::Error| Refusal::Unreadable { path: file.clone(), reason: e.to_string() };
            *data = Some(STANDARD.encode(fs::read(&file).map_err(read)?));
            Ok(())
        }
        _ => Ok(()),
    };
    inline(&mut access.cluster.certificate_authority, &mut access.cluster.certificate_authority_data)?;
    inline(&mut access.user.client_certificate, &mut access.user.client_certificate_data)?;
    inline(&mut access.user.client_key, &mut access.user.client_key_data)?;
    if let Some(file) = access.user.token_file.take() {
        let file = dir.join(file);
        let token =
            fs::read_to_string(&file).map_err(|e| Refusal::Unreadable { path: file.clone(), reason: e.to_string() })?;
        access.user.token = Some(token.trim().to_owned());
    }
    Ok(access)
}

/// A pod's own access, where there is one.
fn in_cluster(service_account: &Path) -> Option<Access> {
    let host = env::var("KUBERNETES_SERVICE_HOST").ok()?;
    let port = env::var("KUBERNETES_SERVICE_PORT").ok()?;
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let token = fs::read_to_string(service_account.join("token")).ok()?;
    let authority = fs::read(service_account.join("ca.crt")).ok();
    Some(Access {
        cluster: Cluster {
            server: format!("https://{host}:{port}"),
            certificate_authority_data: authority.map(|pem| STANDARD.encode(pem)),
            ..Cluster::default()
        },
        user: User { token: Some(token.trim().to_owned()), ..User::default() },
    })
}

fn find<'a, T: Named>(all: &'a [T], name: &str) -> Option<&'a T> {
    all.iter().find(|one| one.name() == name)
}

#[cfg(test)]
mod tests;
