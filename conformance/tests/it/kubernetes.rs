//! What a plugin may do in a real cluster with the kubeconfig our agent makes for it: one plugin made with the original SDK
//! and client-go, and one of ours. Every test has a namespace of its own.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use conformance::{KubeServer, go_program, kube_server, pods_program, program};
use serde_json::{Value, json};

/// The plugins that are asked, each by another maker; what is said of one must be true of both.
const PLUGINS: [fn() -> PathBuf; 2] = [|| go_program("pods"), pods_program];

/// One question to an agent: who the plugin acts as, where, and from which kubeconfig of the agent's.
struct Question<'a> {
    /// The plugin's `context` as YAML.
    context: &'a str,
    /// The name of the channel the command is typed in.
    channel: &'a str,
    /// The agent's own kubeconfig; none: a file that is not there.
    own: Option<&'a str>,
    command: String,
}

impl Question<'_> {
    /// What `botkube exec` makes of it with this plugin: its status and its text, or all it said where there is no answer.
    fn asked_of(&self, plugin: PathBuf) -> (String, String) {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| dir.path().join(name);
        if let Some(own) = self.own {
            fs::write(file("own-kubeconfig"), own).unwrap();
        }
        let config = format!(
            "settings: {{clusterName: real, kubeconfig: {}}}\n\
             executors: {{tools: {{corp/pods: {{enabled: true, context: {}}}}}}}\n\
             communications: {{main: {{socketSlack: {{enabled: true, botToken: xoxb-1, appToken: xapp-1, channels: \
             {{ops: {{name: {}, bindings: {{executors: [tools]}}}}}}}}}}}}\n",
            file("own-kubeconfig").display(),
            self.context,
            self.channel,
        );
        fs::write(file("botkube.yaml"), config).unwrap();
        let output = Command::new(program("botkube"))
            .args(["exec", "-o", "json", "--config"])
            .arg(file("botkube.yaml"))
            .arg("--plugin")
            .arg(format!("pods={}", plugin.display()))
            .args(["--", &self.command])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", dir.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        match serde_json::from_slice::<Value>(&output.stdout) {
            Ok(answer) => (answer["status"].as_str().unwrap().to_owned(), answer["text"].as_str().unwrap().to_owned()),
            Err(_) => ("no answer".to_owned(), String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }
}

/// Asks both plugins as whoever `context` says, with the administrator's kubeconfig as the agent's own.
#[track_caller]
fn check(context: &str, command: &str, status: &str, said: &[&str]) {
    let own = Some(kube_server().kubeconfig.as_str());
    check_question(&Question { context, channel: "operations", own, command: command.into() }, status, said);
}

#[track_caller]
fn check_question(question: &Question<'_>, status: &str, said: &[&str]) {
    for plugin in PLUGINS {
        let plugin = plugin();
        let (was, text) = question.asked_of(plugin.clone());
        assert_eq!(was, status, "{}: {text}", plugin.display());
        for said in said {
            assert!(text.contains(said), "{}: {said:?} is not in {text:?}", plugin.display());
        }
    }
}

/// A namespace with pods that `reader` may read.
fn readable(namespace: &str, kind: &str, reader: &str) -> &'static KubeServer {
    let server = kube_server();
    server.namespace(namespace, &["web-1", "web-2"]);
    server.let_read_pods(namespace, kind, reader);
    server
}

#[test]
fn the_cluster_takes_the_plugin_for_the_user_and_the_groups_of_the_rule() {
    check(
        "{rbac: {user: {type: Static, prefix: 'p-', static: {value: ada}}, group: {type: Static, static: {values: [one, two]}}}}",
        "pods whoami",
        "succeeded",
        &["p-ada of one two"],
    );
}

#[test]
fn the_cluster_takes_the_plugin_for_upstreams_fixed_user_when_only_groups_are_given() {
    check(
        "{rbac: {group: {type: Static, static: {values: [botkube-plugins-default]}}}}",
        "pods whoami",
        "succeeded",
        &["botkube-internal-static-user of botkube-plugins-default"],
    );
}

#[test]
fn a_user_who_may_read_pods_gets_their_names() {
    readable("user-reads", "User", "reader");
    check(
        "{rbac: {user: {type: Static, static: {value: reader}}}}",
        "pods list user-reads",
        "succeeded",
        &["web-1\nweb-2"],
    );
}

#[test]
fn a_group_that_may_read_pods_gets_their_names() {
    readable("group-reads", "Group", "team-readers");
    check(
        "{rbac: {group: {type: Static, prefix: team-, static: {values: [others, readers]}}}}",
        "pods list group-reads",
        "succeeded",
        &["web-1\nweb-2"],
    );
}

#[test]
fn the_channels_name_is_the_user() {
    readable("channel-reads", "User", "from-operations");
    let context = "{rbac: {user: {type: ChannelName, prefix: from-}}}";
    check(context, "pods list channel-reads", "succeeded", &["web-1\nweb-2"]);
    let own = Some(kube_server().kubeconfig.as_str());
    let elsewhere = Question { context, channel: "random", own, command: "pods list channel-reads".into() };
    check_question(&elsewhere, "failed", &["\"from-random\"", "forbidden"]);
}

#[test]
fn the_channels_name_is_the_group() {
    readable("channel-group-reads", "Group", "operations");
    check("{rbac: {group: {type: ChannelName}}}", "pods list channel-group-reads", "succeeded", &["web-1\nweb-2"]);
}

#[test]
fn what_the_rule_does_not_allow_is_forbidden_by_the_cluster() {
    readable("narrow", "User", "narrow-reader");
    kube_server().namespace("not-narrow", &["hidden"]);
    let context = "{rbac: {user: {type: Static, static: {value: narrow-reader}}}}";
    for command in ["pods secrets narrow", "pods list not-narrow", "pods delete narrow web-1"] {
        check(context, command, "failed", &["\"narrow-reader\"", "forbidden"]);
    }
    check(context, "pods list narrow", "succeeded", &["web-1\nweb-2"]);
}

#[test]
fn a_user_without_a_role_may_nothing() {
    readable("nobody-reads", "User", "somebody-else");
    check(
        "{rbac: {user: {type: Static, static: {value: stranger}}}}",
        "pods list nobody-reads",
        "failed",
        &["\"stranger\"", "forbidden"],
    );
}

#[test]
fn without_a_rule_the_plugin_gets_no_kubeconfig_and_says_what_is_missing() {
    for context in ["{}", "{rbac: {}}"] {
        check(context, "pods list default", "failed", &["kubeconfig data is missing", "RBAC configuration"]);
    }
}

#[test]
fn a_rule_that_names_nobody_is_refused_before_the_plugin_is_asked() {
    for (context, said) in [
        ("{rbac: {user: {type: Static, static: {value: ''}}}}", "empty"),
        ("{rbac: {group: {type: Static, static: {values: []}}}}", "values"),
        ("{rbac: {user: {type: Everybody}}}", "Everybody"),
    ] {
        check(context, "pods whoami", "no answer", &["rbac", said, "botkube.yaml:2:"]);
    }
}

/// Asks with this as the agent's own kubeconfig.
#[track_caller]
fn check_own(own: Option<&str>, status: &str, said: &[&str]) {
    let context = "{rbac: {user: {type: Static, static: {value: reader}}}}";
    check_question(&Question { context, channel: "operations", own, command: "pods whoami".into() }, status, said);
}

#[test]
fn an_agent_without_its_kubeconfig_says_which_file_is_missing() {
    check_own(None, "refused", &["own-kubeconfig", "cannot be read", "No such file"]);
}

#[test]
fn an_agent_with_a_kubeconfig_that_is_none_says_where_and_shows_nothing_of_it() {
    let own = "apiVersion: v1\nusers: [{name: x, user: {token: s3cret}\nkind: Config\n";
    check_own(Some(own), "refused", &["own-kubeconfig", "line "]);
    let context = "{rbac: {user: {type: Static, static: {value: reader}}}}";
    let question = Question { context, channel: "operations", own: Some(own), command: "pods whoami".into() };
    let (_, text) = question.asked_of(go_program("pods"));
    assert!(!text.contains("s3cret"), "{text}");
}

#[test]
fn a_token_the_cluster_no_longer_takes_is_named_as_the_reason() {
    let server = kube_server();
    server.namespace("gone", &[]);
    let accounts = "/api/v1/namespaces/gone/serviceaccounts";
    server.create(accounts, &json!({ "metadata": { "name": "agent" } }));
    let request = json!({ "spec": { "expirationSeconds": 600 } });
    let token = server.create(&format!("{accounts}/agent/token"), &request);
    server.delete(&format!("{accounts}/agent"));
    let token = token["status"]["token"].as_str().unwrap();
    let own = server.kubeconfig_with(token);
    check_own(Some(&own), "failed", &["Unauthorized"]);
}

#[test]
fn an_agent_that_may_not_impersonate_gives_the_plugin_nothing_of_its_own() {
    let server = kube_server();
    server.namespace("agent-reads", &["web-1"]);
    let accounts = "/api/v1/namespaces/agent-reads/serviceaccounts";
    server.create(accounts, &json!({ "metadata": { "name": "agent" } }));
    server.let_read_pods("agent-reads", "User", "system:serviceaccount:agent-reads:agent");
    let token = server.create(&format!("{accounts}/agent/token"), &json!({ "spec": {} }));
    let own = server.kubeconfig_with(token["status"]["token"].as_str().unwrap());
    let question = Question {
        context: "{rbac: {user: {type: Static, static: {value: reader}}}}",
        channel: "operations",
        own: Some(&own),
        command: "pods list agent-reads".into(),
    };
    check_question(&question, "failed", &["system:serviceaccount:agent-reads:agent", "cannot impersonate"]);
}
