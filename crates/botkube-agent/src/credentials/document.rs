//! The kubeconfig document, as far as the agent reads and writes it. Fields stand in the order of their keys, which is the
//! order upstream writes them in.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Document {
    #[serde(default)]
    pub(super) api_version: String,
    #[serde(default)]
    pub(super) clusters: Vec<NamedCluster>,
    #[serde(default)]
    pub(super) contexts: Vec<NamedContext>,
    #[serde(default, rename = "current-context")]
    pub(super) current_context: String,
    #[serde(default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) preferences: Preferences,
    #[serde(default)]
    pub(super) users: Vec<NamedUser>,
}

/// An entry of a list that is found by its name.
pub(super) trait Named {
    fn name(&self) -> &str;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct NamedCluster {
    pub(super) cluster: Cluster,
    pub(super) name: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct NamedContext {
    pub(super) context: Context,
    pub(super) name: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Context {
    pub(super) cluster: String,
    #[serde(default)]
    pub(super) namespace: String,
    pub(super) user: String,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(super) struct Preferences {}

#[derive(Clone, Serialize, Deserialize)]
pub(super) struct NamedUser {
    pub(super) name: String,
    #[serde(default)]
    pub(super) user: User,
}

/// Where a cluster is and how it is trusted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct Cluster {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) certificate_authority: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) certificate_authority_data: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) insecure_skip_tls_verify: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) proxy_url: Option<String>,
    pub(super) server: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tls_server_name: Option<String>,
}

/// How somebody logs in. It cannot be printed.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub(super) struct User {
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    pub(super) impersonate: Option<String>,
    #[serde(rename = "as-groups", skip_serializing_if = "Vec::is_empty")]
    pub(super) impersonate_groups: Vec<String>,
    #[serde(skip_serializing)]
    pub(super) auth_provider: Option<serde::de::IgnoredAny>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_certificate: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_certificate_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_key: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) client_key_data: Option<String>,
    #[serde(skip_serializing)]
    pub(super) exec: Option<serde::de::IgnoredAny>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) password: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
    #[serde(rename = "tokenFile", skip_serializing_if = "Option::is_none")]
    pub(super) token_file: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) username: Option<String>,
}

impl User {
    /// A way to log in that works only where the agent runs.
    pub(super) fn not_portable(&self) -> Option<&'static str> {
        match (&self.exec, &self.auth_provider) {
            (Some(_), _) => Some("an exec plugin"),
            (_, Some(_)) => Some("an auth provider"),
            _ => None,
        }
    }
}

impl std::fmt::Debug for NamedUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NamedUser").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Document {
    /// A kubeconfig in which everything has one name.
    pub(super) fn of(name: &str, cluster: Cluster, user: User) -> Self {
        let name = name.to_owned();
        let context = Context { cluster: name.clone(), namespace: "default".into(), user: name.clone() };
        Self {
            api_version: "v1".into(),
            clusters: vec![NamedCluster { cluster, name: name.clone() }],
            contexts: vec![NamedContext { context, name: name.clone() }],
            current_context: name.clone(),
            kind: "Config".into(),
            preferences: Preferences {},
            users: vec![NamedUser { name, user }],
        }
    }

    pub(super) fn to_yaml(&self) -> Vec<u8> {
        serde_saphyr::to_string(self).expect("strings and lists are always YAML").into_bytes()
    }
}

/// What is wrong with a document and where, without the line it stands on: that may hold a token.
pub(super) fn error_without_contents(error: &serde_saphyr::Error) -> String {
    match error.location() {
        Some(location) => format!("line {}, column {} cannot be understood", location.line(), location.column()),
        None => "it cannot be understood".to_owned(),
    }
}

macro_rules! named {
    ($($type:ty),*) => {$(
        impl Named for $type {
            fn name(&self) -> &str {
                &self.name
            }
        }
    )*};
}

named!(NamedCluster, NamedContext, NamedUser);
