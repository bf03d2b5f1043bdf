//! The agent's own access to its cluster: where it is found, and what of it can be handed on. It knows nobody to
//! impersonate.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde::Deserialize;
use x509_parser::pem::parse_x509_pem;

use super::document::{self, Cluster, Document, Named, User};

/// Where Kubernetes puts a pod's token and its cluster's certificates.
const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Why the agent has no access that could be handed on.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAccess {
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
    #[error("the agent's {what} in {path} expired {ago} ago; give the agent a new one")]
    Expired { path: PathBuf, what: &'static str, ago: String },
    #[error(
        "`settings.saCredentialsPathPrefix` says that the agent's token lies in {path}, and it cannot be read: {reason}"
    )]
    NoToken { path: PathBuf, reason: String },
    #[error(
        "the agent has a service account and does not know its cluster: KUBERNETES_SERVICE_HOST and \
         KUBERNETES_SERVICE_PORT are not set; is it in a pod?"
    )]
    NoCluster,
}

/// Where the agent looks for its own access.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    /// `settings.kubeconfig`.
    pub(super) kubeconfig: Option<PathBuf>,
    /// `settings.saCredentialsPathPrefix`.
    pub(super) service_account_prefix: Option<PathBuf>,
}

/// The agent's own access to its cluster, and the files it was made of.
pub(super) struct Access {
    pub(super) cluster: Cluster,
    pub(super) user: User,
    /// Where it was found.
    path: PathBuf,
    read: Vec<Stamp>,
    /// When the token or the certificate ends.
    expires: Option<(SystemTime, &'static str)>,
}

/// A file as it was when it was read.
#[derive(PartialEq, Eq)]
struct Stamp {
    path: PathBuf,
    modified: Option<SystemTime>,
    length: u64,
    inode: u64,
}

impl Places {
    /// What the agent logs in with: the configured file, the configured service account, KUBECONFIG, the service account
    /// of a pod, `~/.kube/config` (`contract-host §7.2`, and what client-go looks for beyond it).
    pub(super) fn find(&self) -> Result<Access, NoAccess> {
        if let Some(path) = &self.kubeconfig {
            return Access::from_file(path);
        }
        if let Some(prefix) = &self.service_account_prefix {
            let beside = |suffix: &str| {
                let mut path = prefix.clone().into_os_string();
                path.push(suffix);
                PathBuf::from(path)
            };
            let token = beside("-token");
            return Access::in_cluster(&token, &beside("-ca.crt"))
                .map_err(|e| NoAccess::NoToken { path: token, reason: e.to_string() })?
                .ok_or(NoAccess::NoCluster);
        }
        // What comes first and is not there may come to be there.
        let mut absent = Vec::new();
        let mut is_there = |path: &PathBuf| {
            let stamp = Stamp::of(path);
            let exists = stamp.modified.is_some();
            if !exists {
                absent.push(stamp);
            }
            exists
        };
        let listed = env::var_os("KUBECONFIG").filter(|list| !list.is_empty());
        let mut found =
            listed.iter().flat_map(env::split_paths).find(&mut is_there).map(|path| Access::from_file(&path));
        let account = Path::new(SERVICE_ACCOUNT);
        if found.is_none() && is_there(&account.join("token")) {
            let access = Access::in_cluster(&account.join("token"), &account.join("ca.crt"));
            found = access.ok().flatten().map(Ok);
        }
        if found.is_none() {
            let own = env::home_dir().map(|home| home.join(".kube/config"));
            found = own.filter(|path| path.exists()).map(|path| Access::from_file(&path));
        }
        let mut access = found.ok_or(NoAccess::None)??;
        access.read.append(&mut absent);
        Ok(access)
    }
}

impl Access {
    /// Whether every file it was made of is as it was.
    pub(super) fn is_current(&self) -> bool {
        self.read.iter().all(|stamp| Stamp::of(&stamp.path) == *stamp)
    }

    /// That it can still be used.
    pub(super) fn not_expired(&self, now: SystemTime) -> Result<(), NoAccess> {
        match self.expires {
            Some((end, what)) => match now.duration_since(end) {
                Ok(ago) => Err(NoAccess::Expired { path: self.path.clone(), what, ago: roughly(ago) }),
                Err(_) => Ok(()),
            },
            None => Ok(()),
        }
    }

    fn from_file(path: &Path) -> Result<Self, NoAccess> {
        let mut read = vec![Stamp::of(path)];
        let path = path.to_owned();
        let unreadable = |path: &Path, e: &io::Error| NoAccess::Unreadable { path: path.into(), reason: e.to_string() };
        let text = fs::read_to_string(&path).map_err(|e| unreadable(&path, &e))?;
        let document: Document = serde_saphyr::from_str(&text)
            .map_err(|e| NoAccess::Broken { path: path.clone(), reason: document::error_without_contents(&e) })?;
        let dangling = |kind, name: &str| NoAccess::Dangling { path: path.clone(), kind, name: name.to_owned() };
        let current = &document.current_context;
        let context = find(&document.contexts, current).ok_or_else(|| dangling("context", current))?;
        let cluster = &context.context.cluster;
        let user = &context.context.user;
        let mut cluster =
            find(&document.clusters, cluster).ok_or_else(|| dangling("cluster", cluster))?.cluster.clone();
        let mut user = find(&document.users, user).ok_or_else(|| dangling("user", user))?.user.clone();
        // To put another in its place would give plugins what the agent's own access was narrowed from.
        if user.impersonate.is_some() || !user.impersonate_groups.is_empty() {
            return Err(NoAccess::Impersonates { path });
        }
        if let Some(what) = user.not_portable() {
            return Err(NoAccess::NotPortable { path, what });
        }
        // A plugin has no right to read the agent's files, and another working directory.
        let dir = path.parent().unwrap_or(Path::new("."));
        let mut bytes = |file: PathBuf| {
            let file = dir.join(file);
            read.push(Stamp::of(&file));
            fs::read(&file).map_err(|e| unreadable(&file, &e))
        };
        let mut inline = |file: &mut Option<PathBuf>, data: &mut Option<String>| match file.take() {
            Some(file) if data.is_none() => bytes(file).map(|bytes| *data = Some(STANDARD.encode(bytes))),
            _ => Ok(()),
        };
        inline(&mut cluster.certificate_authority, &mut cluster.certificate_authority_data)?;
        inline(&mut user.client_certificate, &mut user.client_certificate_data)?;
        inline(&mut user.client_key, &mut user.client_key_data)?;
        if let Some(file) = user.token_file.take() {
            user.token = Some(String::from_utf8_lossy(&bytes(file)?).trim().to_owned());
        }
        let expires = end_of(&user);
        Ok(Self { cluster, user, path, read, expires })
    }

    /// A pod's own access; `None` where there is no cluster to be in.
    fn in_cluster(token: &Path, authority: &Path) -> io::Result<Option<Self>> {
        let read = vec![Stamp::of(token), Stamp::of(authority)];
        let secret = fs::read_to_string(token)?;
        let (Ok(host), Ok(port)) = (env::var("KUBERNETES_SERVICE_HOST"), env::var("KUBERNETES_SERVICE_PORT")) else {
            return Ok(None);
        };
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        let cluster = Cluster {
            server: format!("https://{host}:{port}"),
            certificate_authority_data: fs::read(authority).ok().map(|pem| STANDARD.encode(pem)),
            ..Cluster::default()
        };
        let user = User { token: Some(secret.trim().to_owned()), ..User::default() };
        let expires = end_of(&user);
        Ok(Some(Self { cluster, user, path: token.into(), read, expires }))
    }
}

impl Stamp {
    /// A file that is not there has a stamp, too.
    fn of(path: &Path) -> Self {
        use std::os::unix::fs::MetadataExt;
        let meta = fs::metadata(path).ok();
        Self {
            path: path.into(),
            modified: meta.as_ref().and_then(|meta| meta.modified().ok()),
            length: meta.as_ref().map_or(0, fs::Metadata::len),
            inode: meta.as_ref().map_or(0, MetadataExt::ino),
        }
    }
}

/// When a login ends, if that can be read from it: tokens of service accounts and certificates say so.
fn end_of(user: &User) -> Option<(SystemTime, &'static str)> {
    #[derive(Deserialize)]
    struct Claims {
        exp: u64,
    }
    let since_epoch = |seconds: u64| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds));
    if let Some(token) = &user.token {
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
        let claims: Claims = serde_json::from_slice(&claims).ok()?;
        return Some((since_epoch(claims.exp)?, "token"));
    }
    let pem = STANDARD.decode(user.client_certificate_data.as_ref()?).ok()?;
    let (_, pem) = parse_x509_pem(&pem).ok()?;
    let end = pem.parse_x509().ok()?.validity().not_after.timestamp();
    Some((since_epoch(u64::try_from(end).ok()?)?, "client certificate"))
}

fn find<'a, T: Named>(all: &'a [T], name: &str) -> Option<&'a T> {
    all.iter().find(|one| one.name() == name)
}

/// A length of time as people say it.
fn roughly(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    match minutes {
        0 => "moments".to_owned(),
        1..120 => format!("{minutes} minutes"),
        120..2880 => format!("{} hours", minutes / 60),
        _ => format!("{} days", minutes / 60 / 24),
    }
}
