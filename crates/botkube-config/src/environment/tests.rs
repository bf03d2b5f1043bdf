//! Which variable is which key.
//! Must not know: what becomes of the values.

use std::path::Path;

use super::*;

/// The path that a variable changes in this configuration, or what is said about it.
fn changed(yaml: &str, name: &str, value: &str) -> String {
    let mut sources = Sources::default();
    let source = sources.add(Path::new("c.yaml"), yaml.into());
    let mut root = crate::tree::parse(&sources, source).unwrap();
    let mut findings = Findings::default();
    let variables = BTreeMap::from([(name.to_owned(), value.to_owned())]);
    overlay(&mut root, &variables, &mut sources, &mut findings, &mut Vec::new());
    if let Some(finding) = findings.drawn(&sources).first() {
        return format!("{}: {}", finding.message, finding.help.as_deref().unwrap_or_default());
    }
    let mut found = Vec::new();
    written(&sources, &root, &mut Vec::new(), &mut found);
    found.join(" ")
}

/// The paths of what variables wrote.
fn written(sources: &Sources, node: &Node, path: &mut Vec<String>, found: &mut Vec<String>) {
    for entry in node.entries() {
        path.push(entry.key.clone());
        let by_variable = |place| matches!(sources.written(place), crate::finding::Origin::Variable { .. });
        if by_variable(entry.node.place) && !matches!(entry.node.value, Value::Map(_)) {
            found.push(path.join("."));
        }
        written(sources, &entry.node, path, found);
        path.pop();
    }
}

const CONFIG: &str = "
communications: {default-group: {}, a_b: {}, Ops Team: {}}
executors: {tools: {botkube/helm@v1.0: {config: {defaultNamespace: x}}}}
sources: {k8s-err: {}}
";

#[track_caller]
fn check(name: &str, expected: &str) {
    assert_eq!(changed(CONFIG, name, "1"), expected, "{name}");
}

#[test]
fn names_mean_what_they_mean_upstream() {
    check("BOTKUBE_SETTINGS_KUBECONFIG", "settings.kubeconfig");
    check("BOTKUBE_SETTINGS_CLUSTER__NAME", "settings.clusterName");
    check("BOTKUBE_SETTINGS_METRICS__PORT", "settings.metricsPort");
    check(
        "BOTKUBE_COMMUNICATIONS_DEFAULT-GROUP_SOCKET__SLACK_APP__TOKEN",
        "communications.default-group.socketSlack.appToken",
    );
    check("BOTKUBE_PLUGINS_REPOSITORIES_BOTKUBE_URL", "plugins.repositories.botkube.url");
    check("BOTKUBE_PLUGINS_INCOMING__WEBHOOK_IN__CLUSTER__BASE__U__R__L", "plugins.incomingWebhook.inClusterBaseURL");
}

#[test]
fn names_that_upstream_cannot_reach_are_found_among_those_there_are() {
    check(
        "BOTKUBE_COMMUNICATIONS_DEFAULT_GROUP_SOCKETSLACK_BOTTOKEN",
        "communications.default-group.socketSlack.botToken",
    );
    check("BOTKUBE_COMMUNICATIONS_A_B_DISCORD_BOT__ID", "communications.a_b.discord.botID");
    check("BOTKUBE_COMMUNICATIONS_OPS_TEAM_CONSOLE_ENABLED", "communications.Ops Team.console.enabled");
    check("BOTKUBE_EXECUTORS_TOOLS_BOTKUBE_HELM_V1_0_ENABLED", "executors.tools.botkube/helm@v1.0.enabled");
    check(
        "BOTKUBE_EXECUTORS_TOOLS_BOTKUBE_HELM_V1_0_CONFIG_DEFAULT__NAMESPACE",
        "executors.tools.botkube/helm@v1.0.config.defaultNamespace",
    );
}

#[test]
fn a_secret_may_be_elsewhere() {
    check("BOTKUBE_COMMUNICATIONS_A_B_DISCORD_TOKEN_FROM__FILE", "communications.a_b.discord.token.fromFile");
}

#[test]
fn a_name_that_matches_nothing_is_said_with_the_nearest() {
    check(
        "BOTKUBE_SETTINGS_CLUSTER_NAME",
        "the variable `BOTKUBE_SETTINGS_CLUSTER_NAME` names no key of the configuration; it is ignored: did you mean `BOTKUBE_SETTINGS_CLUSTER__NAME`?",
    );
    assert!(changed(CONFIG, "BOTKUBE_EXECUTORS_TOOLS_OTHER_ENABLED", "1").contains("names no key"));
    assert!(changed(CONFIG, "BOTKUBE_NONSENSE", "1").contains("`__` begins a new word"));
}

#[test]
fn a_name_that_means_two_keys_is_said() {
    let said = changed("sources: {a-b: {}, a.b: {}}", "BOTKUBE_SOURCES_A_B_DISPLAY__NAME", "1");
    assert_eq!(
        said,
        "the variable `BOTKUBE_SOURCES_A_B_DISPLAY__NAME` could mean `sources.a-b.displayName` or `sources.a.b.displayName`; it is ignored: write the value in a file instead"
    );
}

#[test]
fn what_kubernetes_sets_for_services_is_not_spoken_of() {
    for (name, value) in [
        ("BOTKUBE_PORT", "tcp://10.0.0.1:2115"),
        ("BOTKUBE_PORT_2115_TCP_ADDR", "10.0.0.1"),
        ("BOTKUBE_SERVICE_HOST", "10.0.0.1"),
        ("BOTKUBE_SERVICE_PORT_METRICS", "2112"),
        ("BOTKUBE_DEMO_SERVICE_HOST", "10.0.0.1"),
        ("BOTKUBE_DEMO_PORT_80_UDP_PROTO", "udp"),
        ("BOTKUBE_DEMO_PORT", "tcp://10.0.0.1:80"),
        ("BOTKUBE_CONFIG_PATHS", "/config/a.yaml"),
        ("PATH", "/bin"),
    ] {
        assert_eq!(changed(CONFIG, name, value), "", "{name}");
    }
}

#[test]
fn a_variable_that_holds_a_secret_is_no_key() {
    let yaml = "communications: {g: {discord: {token: {fromEnv: BOTKUBE_MY_TOKEN}}}}";
    assert_eq!(changed(yaml, "BOTKUBE_MY_TOKEN", "s3cret"), "");
}
