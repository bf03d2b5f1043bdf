//! Kubeconfigs of plugins, made from the agent's own. It must not know how they are made.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Rule, Verdict, check_random, check_vectors, ours, same, upstream};

const RULES: &[Rule] = &["D-17", "D-18", "D-19", "D-33", "D-34", "D-35", "D-36", "D-37"];

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Case {
    /// The agent's own kubeconfig.
    pub(super) own: Value,
    /// What lies beside it, by name.
    #[serde(default)]
    pub(super) files: BTreeMap<String, String>,
    pub(super) cluster: String,
    /// The plugin's `context`.
    pub(super) context: Value,
    pub(super) channel: String,
}

fn compare(case: &Case) -> Verdict {
    let theirs = upstream("kubeconfig", case).and_then(|theirs| document(theirs.as_str().unwrap_or_default()));
    let ours = ours::kubeconfig(case).and_then(|ours| document(&ours));
    let (rbac, user) = (&case.context["rbac"], &case.own["users"][0]["user"]);
    let has = |key: &str| !user[key].is_null();
    match (ours, theirs) {
        (Err(_), Err(_)) => Ok(vec![]),
        (Err(_), _) if names_nobody(rbac, &case.channel) => Ok(vec!["D-17"]),
        (Err(_), _) if has("as") || has("as-groups") => Ok(vec!["D-33"]),
        (Err(_), _) if has("exec") || has("auth-provider") => Ok(vec!["D-19"]),
        (Err(_), _) if dangling_user(&case.own) => Ok(vec!["D-35"]),
        // Upstream does not even start then.
        (Ok(Value::Null), Err(_)) => Ok(vec!["D-34"]),
        (Ok(ours), Err(_)) if given_twice(case) => same(ours, theirs_given_once(case)?, vec!["D-36"]),
        (Ok(_), Err(_)) if is_unusable(&case.own) => Ok(vec!["D-37"]),
        (Ok(ours), Ok(theirs)) if ours == theirs => Ok(vec![]),
        (Ok(ours), Ok(theirs @ Value::Object(_))) => same(ours, with_all_of_own(case, theirs), vec!["D-18"]),
        (ours, theirs) => Err(format!("  ours   {ours:?}\n  theirs {theirs:?}")),
    }
}

/// Whether the current context's user is not there.
fn dangling_user(own: &Value) -> bool {
    own["contexts"][0]["context"]["user"] != own["users"][0]["name"]
}

/// Whether client-go's own checks refuse the agent's kubeconfig, and so would any plugin's.
fn is_unusable(own: &Value) -> bool {
    let (cluster, user) = (&own["clusters"][0]["cluster"], &own["users"][0]["user"]);
    let has = |key: &str| !user[key].is_null() || !user[format!("{key}-data")].is_null();
    let no_base64 = |data: &Value| data.as_str().is_some_and(|data| STANDARD.decode(data).is_err());
    cluster["server"] == ""
        || cluster["proxy-url"].as_str().is_some_and(|url| url.starts_with(':'))
        || no_base64(&cluster["certificate-authority-data"])
        || has("client-certificate") != has("client-key")
        || has("token") && has("username")
        || user["token"].is_number()
}

/// The pairs of keys of a cluster and of a user that say the same, as data and as the name of a file.
const TWICE: &[(&str, &str)] = &[
    ("/clusters/0/cluster", "certificate-authority"),
    ("/users/0/user", "client-certificate"),
    ("/users/0/user", "client-key"),
];

fn given_twice(case: &Case) -> bool {
    let both = |(place, key): &(&str, &str)| {
        case.own.pointer(place).is_some_and(|of| !of[*key].is_null() && !of[format!("{key}-data")].is_null())
    };
    TWICE.iter().any(both)
}

/// What upstream answers when only the data is given.
fn theirs_given_once(case: &Case) -> Result<Value, String> {
    let mut asked = case.clone();
    for (place, key) in TWICE {
        if let Some(of) = asked.own.pointer_mut(place).and_then(Value::as_object_mut)
            && of.contains_key(&format!("{key}-data"))
        {
            of.remove(*key);
        }
    }
    let theirs = upstream("kubeconfig", &asked)?;
    Ok(with_all_of_own(&asked, document(theirs.as_str().unwrap_or_default())?))
}

/// Whether a subject of the rule is none: of another type, static and empty, or of a channel where there is none.
fn names_nobody(rbac: &Value, channel: &str) -> bool {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let nobody = |subject: &Value, names: Vec<String>| match text(&subject["type"]).as_str() {
        "" => false,
        "Static" => names.is_empty() || names.iter().any(String::is_empty),
        "ChannelName" => channel.is_empty(),
        _ => true,
    };
    let groups = rbac["group"]["static"]["values"].as_array().cloned().unwrap_or_default();
    nobody(&rbac["user"], vec![text(&rbac["user"]["static"]["value"])])
        || nobody(&rbac["group"], groups.iter().map(text).collect())
}

/// Upstream's kubeconfig with what it leaves out of the agent's own, and what it gives as files given as data.
fn with_all_of_own(case: &Case, mut theirs: Value) -> Value {
    let content = |file: &Value| case.files[file.as_str().unwrap_or_default()].clone();
    let own = &case.own["clusters"][0]["cluster"];
    let cluster = &mut theirs["clusters"][0]["cluster"];
    let user = &case.own["users"][0]["user"];
    let inline = |into: &mut Value, own: &Value, key: &str| {
        let data = format!("{key}-data");
        into.as_object_mut().unwrap().remove(key);
        if own[&data].is_null() && !own[key].is_null() {
            into[data] = STANDARD.encode(content(&own[key])).into();
        }
    };
    let keep = |into: &mut Value, own: &Value, keys: &[&str]| {
        for key in keys.iter().filter(|key| !own[**key].is_null()) {
            into[*key] = own[*key].clone();
        }
    };
    inline(cluster, own, "certificate-authority");
    keep(cluster, own, &["insecure-skip-tls-verify", "proxy-url", "tls-server-name"]);
    let made = &mut theirs["users"][0]["user"];
    inline(made, user, "client-certificate");
    inline(made, user, "client-key");
    keep(made, user, &["username", "password"]);
    made.as_object_mut().unwrap().remove("tokenFile");
    if !user["tokenFile"].is_null() {
        made["token"] = content(&user["tokenFile"]).trim().into();
    }
    theirs
}

/// The document, whatever its spelling; nothing for no text.
fn document(text: &str) -> Result<Value, String> {
    if text.is_empty() { Ok(Value::Null) } else { serde_saphyr::from_str(text).map_err(|error| error.to_string()) }
}

#[test]
fn vectors_become_the_same_kubeconfig() {
    check_vectors("kubeconfig", RULES, compare);
}

#[test]
fn random_rules_and_agents_become_the_same_kubeconfig() {
    check_random(cases(), compare);
}

fn cases() -> impl Strategy<Value = Case> {
    let name = || select(vec!["", "ada", "p-", "system:masters", "a b", "ö", "true", "1", "null", "a: b", "'"]);
    let kind = select(vec!["", "Static", "Static", "Static", "ChannelName", "ChannelName", "static", "Everybody"]);
    let user = (option::of(kind.clone()), option::of(name()), option::of(name()))
        .prop_map(|(kind, prefix, value)| subject(kind, prefix, value.map(|value| json!({ "value": value }))));
    let group = (option::of(kind), option::of(name()), option::of(vec(name(), 0..3)))
        .prop_map(|(kind, prefix, values)| subject(kind, prefix, values.map(|values| json!({ "values": values }))));
    let rbac = (option::of(user), option::of(group))
        .prop_map(|(user, group)| without_nulls(json!({ "user": user, "group": group })));
    (own(), name(), option::weighted(0.9, rbac), name()).prop_map(|(own, cluster, rbac, channel)| Case {
        own,
        files: FILES.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        cluster: cluster.to_owned(),
        context: without_nulls(json!({ "rbac": rbac })),
        channel: channel.to_owned(),
    })
}

const FILES: &[(&str, &str)] = &[("ca.pem", "CA\n"), ("cert.pem", "CERT"), ("key.pem", "KEY"), ("token", "t0ken\n")];

fn subject(kind: Option<&str>, prefix: Option<&str>, names: Option<Value>) -> Value {
    without_nulls(json!({ "type": kind, "prefix": prefix, "static": names }))
}

/// Kubeconfigs that somebody can log in with, and some that nobody can.
fn own() -> impl Strategy<Value = Value> {
    let authority = select(vec![
        json!({}),
        json!({ "certificate-authority-data": "Q0E=" }),
        json!({ "certificate-authority": "ca.pem" }),
        json!({ "certificate-authority": "ca.pem", "certificate-authority-data": "Q0E=" }),
        json!({ "certificate-authority": "missing.pem" }),
    ]);
    let more = select(vec![
        json!({}),
        json!({}),
        json!({ "tls-server-name": "kubernetes" }),
        json!({ "proxy-url": "http://proxy:3128" }),
        json!({ "insecure-skip-tls-verify": true }),
    ]);
    let user = select(vec![
        json!({}),
        json!({ "token": "s3cret" }),
        json!({ "token": "123" }),
        json!({ "tokenFile": "token" }),
        json!({ "token": "old", "tokenFile": "token" }),
        json!({ "tokenFile": "missing" }),
        json!({ "client-certificate-data": "Q0VSVA==", "client-key-data": "S0VZ" }),
        json!({ "client-certificate": "cert.pem", "client-key": "key.pem" }),
        json!({ "username": "ada", "password": "123" }),
        json!({ "as": "somebody", "token": "s3cret" }),
        json!({ "as-groups": ["some"], "as": "somebody", "token": "s3cret" }),
        json!({ "exec": { "apiVersion": "client.authentication.k8s.io/v1", "command": "login", "interactiveMode": "Never" } }),
        json!({ "auth-provider": { "name": "oidc" } }),
    ]);
    let server = select(vec!["https://10.0.0.1:6443", "https://[::1]:6443", "https://k/path"]);
    let names = select(vec![("x", "x"), ("x", "x"), ("x", "x"), ("x", "y"), ("y", "x"), ("", "x")]);
    (server, authority, more, user, names).prop_map(|(server, authority, more, user, (current, context))| {
        let mut cluster = json!({ "server": server });
        for (key, value) in authority.as_object().into_iter().chain(more.as_object()).flatten() {
            cluster[key] = value.clone();
        }
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": current,
            "contexts": [{ "name": context, "context": { "cluster": "c", "user": "u", "namespace": "n" } }],
            "clusters": [{ "name": "c", "cluster": cluster }],
            "users": [{ "name": "u", "user": user }],
        })
    })
}

fn without_nulls(mut value: Value) -> Value {
    value.as_object_mut().unwrap().retain(|_, child| !child.is_null());
    value
}
