//! A whole configuration of v1.14, its chart's values, and the keys of versions before it.
//! Must not know: single rules.

use std::time::{Duration, Instant};

use super::*;

const WHOLE: &str = include_str!("v1_14.yaml");

fn load_text(text: &str, options: Options) -> Result<Loaded, Rejected> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yaml");
    std::fs::write(&file, text).unwrap();
    load(&[file], [], options)
}

/// What is said, one line for each finding.
fn said(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| format!("{}: {}", finding.severity, finding.path)).collect()
}

#[test]
fn a_whole_configuration_is_understood_and_only_what_the_chart_adds_is_said() {
    let loaded = load_text(WHOLE, Options { to_run: true, ..Options::default() }).unwrap();
    assert_eq!(
        said(&loaded.findings),
        [
            "warning: executors.tools.botkubeExtra/helm@v1.14.0.displayName",
            "warning: plugins.incomingWebhook.targetPort",
            "warning: settings.persistentConfig.startup.configMap.annotations",
            "warning: settings.persistentConfig.runtime.configMap.annotations",
        ]
    );
    assert_eq!(loaded.config.communications[0].platforms.len(), 8);
}

#[test]
fn what_is_not_served_yet_is_named() {
    let loaded = load_text(WHOLE, Options::default()).unwrap();
    assert_eq!(
        loaded.unserved(),
        [
            "socketSlack in default-group",
            "mattermost in default-group",
            "discord in default-group",
            "webhook in default-group",
            "elasticsearch in default-group",
            "pagerDuty in default-group",
            "sources.k8s-err",
            "actions.describe",
            "plugins.incomingWebhook",
            "settings.upgradeNotifier",
            "settings.systemConfigMap",
            "settings.persistentConfig",
        ]
    );
    assert!(load_text("settings: {upgradeNotifier: false}", Options::default()).unwrap().unserved().is_empty());
}

#[test]
fn what_is_shown_is_understood_again() {
    let shown = load_text(WHOLE, Options::default()).unwrap().shown();
    // Tokens of Slack are told from others by how they begin.
    let again = load_text(&shown.replace("enabled: true", "enabled: false"), Options::default()).unwrap();
    assert_eq!(said(&again.findings), [""; 0]);
    assert_eq!(again.shown(), shown.replace("enabled: true", "enabled: false"));
}

#[test]
fn a_large_configuration_loads_in_a_moment() {
    let groups: String = (0..60)
        .map(|number| format!("  g{number}:\n    botkube/kubectl:\n      enabled: true\n      config:\n        a: [1, 2]\n        b: {{c: d}}\n        e: f\n"))
        .collect();
    let text = format!("{}{groups}", WHOLE.split_once("aliases:\n").unwrap().0);
    assert!(text.lines().count() > 500);
    let start = Instant::now();
    load_text(&text, Options::default()).unwrap();
    // A few milliseconds with optimisations; the bound holds without them, on a busy machine.
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn keys_of_older_versions_are_said_and_do_not_stop_the_agent() {
    #[track_caller]
    fn check(yaml: &str, expected: &[&str]) {
        let loaded = load_text(yaml, Options::default()).unwrap_or_else(|rejected| panic!("{rejected}"));
        assert_eq!(said(&loaded.findings), expected, "{yaml}");
    }
    check("resources: [{name: v1/pods}]\nrecommendations: true", &["warning: resources", "warning: recommendations"]);
    check(
        "settings: {allowkubectl: true, kubectl: {enabled: true}, configWatcher: true, lifecycleServer: {port: 1}}",
        &[
            "warning: settings.allowkubectl",
            "warning: settings.kubectl",
            "warning: settings.configWatcher",
            "warning: settings.lifecycleServer",
        ],
    );
    check("settings: {clustername: x}", &[]);
    check("communications: {slack: {channel: c, token: t, notiftype: short}}", &["warning: communications.slack"]);
    check(
        "communications: {g: {teams: {appID: x}, mattermost: {notification: {type: short}}, elasticsearch: {index: {name: x}}}}",
        &[
            "warning: communications.g.teams",
            "warning: communications.g.mattermost.notification",
            "warning: communications.g.elasticsearch.index",
        ],
    );
    check(
        "communications: {g: {slack: {enabled: true, token: x, notification: {type: short}, channels: {a: {name: b, notification: {type: long}}}}}}",
        &[
            "warning: communications.g.slack",
            "warning: communications.g.slack.notification",
            "warning: communications.g.slack.channels.a.notification.type",
        ],
    );
    check(
        "executors: {g: {kubectl: {enabled: true, namespaces: {include: [a]}, commands: {verbs: [get]}}}}\nsources: {g: {kubernetes: {enabled: true}}}",
        &[
            "warning: executors.g.kubectl",
            "warning: executors.g.kubectl.namespaces",
            "warning: executors.g.kubectl.commands",
            "warning: sources.g.kubernetes",
        ],
    );
    check("communications: {g: {cloudTeams: {channels: {a: {}}}}}", &["warning: communications.g.cloudTeams.channels"]);
    check("analytics: {disable: false}", &["warning: analytics"]);
}

const VALUES: &str = "
image: {registry: ghcr.io, tag: v1.14.0}
replicaCount: 1
resources: {limits: {cpu: 1}}
extraEnv:
  - {name: BOTKUBE_SETTINGS_CLUSTER__NAME, value: from-values}
  - {name: BOTKUBE_COMMUNICATIONS_G_DISCORD_TOKEN, valueFrom: {secretKeyRef: {name: s, key: k}}}
  - {name: LOG_LEVEL_EXECUTOR_BOTKUBE_HELM, value: debug}
rbac: {create: true, staticGroupName: x}
communications: {g: {discord: {enabled: true, botID: x, channels: {c: {id: '1'}}}}}
";

#[test]
fn values_of_the_chart_are_a_configuration_among_other_keys() {
    let options = Options { to_run: true, helm_values: true, ..Options::default() };
    let loaded = load_text(VALUES, options).unwrap_or_else(|rejected| panic!("{rejected}"));
    assert_eq!(
        said(&loaded.findings),
        [
            "warning: image",
            "warning: extraEnv[1]",
            "warning: rbac.staticGroupName",
            "warning: communications.g.discord",
        ]
    );
    assert_eq!(loaded.config.settings.cluster_name, "from-values");
}

#[test]
fn platforms_that_the_chart_finds_in_a_secret_are_not_missed() {
    let options = Options { to_run: true, helm_values: true, ..Options::default() };
    assert!(load_text("existingCommunicationsSecretName: s", options).is_ok());
    assert!(load_text("existingCommunicationsSecretName: ''", options).is_err());
}

#[test]
fn values_of_the_chart_are_no_configuration_to_run_with() {
    let rejected = load_text(VALUES, Options::default()).unwrap_err();
    assert!(said(&rejected.findings).contains(&"error: image".to_owned()));
}
