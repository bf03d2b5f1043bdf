//! What is shown, and what never is.
//! Must not know: single rules.

use proptest::prelude::*;

use crate::{Loaded, Options, Rejected, load};

/// Loads one file; what is returned still names it.
fn loaded(yaml: &str, variables: &[(&str, &str)]) -> Result<Loaded, Rejected> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yaml");
    std::fs::write(&file, yaml).unwrap();
    let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    load(&[file], variables, Options::default())
}

/// Everything that can be printed of a configuration.
fn everything(yaml: &str, variables: &[(&str, &str)]) -> String {
    match loaded(yaml, variables) {
        Ok(loaded) => {
            let findings: String = loaded.findings.iter().map(ToString::to_string).collect();
            let json = serde_json::to_string(&loaded.findings).unwrap();
            let shown = [loaded.shown(), loaded.shown_with_origins(), loaded.shown_as_json().to_string()].concat();
            format!("{loaded:?}{findings}{json}{shown}{}", loaded.origins_as_json())
        }
        Err(rejected) => format!("{rejected}{rejected:?}{}", serde_json::to_string(&rejected.findings).unwrap()),
    }
}

#[test]
fn what_is_shown_has_upstreams_names_and_no_secrets() {
    let yaml = "
plugins: {repositories: {r: {url: 'https://me:pw@host/x?key=abc', headers: {X: v1}}}, env: {'*': {A: v2}}}
executors: {g: {botkube/x: {config: {list: [{token: v3, count: 1}], apiKey: {a: v4}, url: 'https://u@h'}}}}
communications: {g: {webhook: {url: v5}, discord: {token: v6}}}
";
    let shown = loaded(yaml, &[]).unwrap().shown();
    let start: Vec<&str> = shown.lines().take(11).collect();
    assert_eq!(
        start,
        [
            "plugins:",
            "  repositories:",
            "    r:",
            "      url: \"https://*****@host/x?key=***\"",
            "      headers:",
            "        X: \"*** REDACTED ***\"",
            "  env:",
            "    \"*\":",
            "      A: \"*** REDACTED ***\"",
            "  cacheDir: \"/tmp\"",
            "  incomingWebhook:",
        ]
    );
    assert!(
        shown.contains("          - token: \"*** REDACTED ***\"\n            count: 1\n")
            && shown.contains("url: \"https://*@h\""),
        "{shown}"
    );
    for secret in ["pw@", "abc", "v1", "v2", "v3", "v4", "v5", "v6"] {
        assert!(!shown.contains(secret), "{secret} is in {shown}");
    }
}

#[test]
fn what_a_plugin_calls_a_secret_is_not_shown() {
    for config in [
        "{signingKey: s3}",
        "{clientKeyData: s3}",
        "{SMTP_PASS: s3}",
        "{dbpwd: s3}",
        "{passwd: s3}",
        "{sentryDSN: s3}",
        "{kubeConfig: s3}",
        "{credentials: {user: s3}}",
        "{env: [{name: API_TOKEN, value: s3}]}",
        "{env: [{Value: s3, Name: PGPASS}]}",
        r#"{file: "a\n-----BEGIN RSA PRIVATE KEY-----\ns3\n"}"#,
    ] {
        let shown = loaded(&format!("executors: {{g: {{botkube/x: {{config: {config}}}}}}}"), &[]).unwrap().shown();
        assert!(!shown.contains("s3") && shown.contains(crate::mask::MASK), "{shown}");
    }
}

#[test]
fn ordinary_words_of_a_plugin_are_shown() {
    let config = "{monkey: m1, env: [{name: LEVEL, value: l1}]}";
    let shown = loaded(&format!("executors: {{g: {{botkube/x: {{config: {config}}}}}}}"), &[]).unwrap().shown();
    assert!(shown.contains("monkey: m1") && shown.contains("value: l1"), "{shown}");
}

#[test]
fn an_origin_stands_on_every_line() {
    let yaml = "settings: {clusterName: x}";
    let shown = loaded(yaml, &[("BOTKUBE_SETTINGS_HEALTH__PORT", "1")]).unwrap().shown_with_origins();
    assert!(
        shown.contains("a.yaml:1:12\n")
            && shown.contains("healthPort: 1 # the variable BOTKUBE_SETTINGS_HEALTH__PORT\n")
    );
    assert!(shown.lines().all(|line| line.contains(" # ")), "{shown}");
    assert!(shown.contains("metricsPort: 2112 # default\n"), "{shown}");
}

/// Where a secret may be written; `@` stands for it.
const PLACES: [&str; 14] = [
    "communications: {g: {socketSlack: {enabled: ENABLED, botToken: @, appToken: x}}}",
    "communications: {g: {socketSlack: {enabled: ENABLED, appToken: @}}}",
    "communications: {g: {cloudSlack: {enabled: ENABLED, token: @}}}",
    "communications: {g: {mattermost: {enabled: ENABLED, token: @, url: '', team: ''}}}",
    "communications: {g: {discord: {token: @, enabled: ENABLED}}}",
    "communications: {g: {webhook: {url: @, enabled: ENABLED, nokey: 1}}}",
    "communications:\n  g:\n    elasticsearch:\n      enabled: ENABLED\n      password: @\n",
    "communications: {g: {pagerDuty: {integrationKey: @, enabled: ENABLED}}}",
    "communications: {g: {slack: {token: @, enabled: ENABLED}}}",
    "plugins: {repositories: {r: {url: '', headers: {Authorization: @}}}}",
    "plugins:\n  env:\n    '*':\n      A: @\n    wrong: {B: @}\n",
    "executors: {g: {a/b: {enabled: ENABLED, config: {deep: [{password: @}]}}, wrong/: {enabled: ENABLED}}}",
    "settings: {token: @}",
    "communications: {g: {discord: {token: [@], enabled: ENABLED}}}",
];

/// How a text may be written.
fn written(secret: &str, style: usize) -> String {
    match style {
        0 => secret.to_owned(),
        1 => format!("'{secret}'"),
        _ => format!("\"{secret}\""),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_secret_is_never_printed(
        secret in "[a-zA-Z0-9][a-zA-Z0-9+/=._-]{9,30}",
        place in 0..PLACES.len(),
        style in 0..3_usize,
        enabled in any::<bool>(),
        broken in any::<bool>(),
    ) {
        let rest = if broken { "\nsettings: [x\n" } else { "" };
        let yaml = PLACES[place].replace('@', &written(&secret, style)).replace("ENABLED", &enabled.to_string()) + rest;
        prop_assert!(!everything(&yaml, &[]).contains(&secret), "{}", everything(&yaml, &[]));
    }

    #[test]
    fn a_secret_of_several_lines_is_never_printed(
        first in "[a-zA-Z0-9]{10}",
        second in "[a-zA-Z0-9]{10}",
        broken in any::<bool>(),
    ) {
        let token = match broken {
            // The parser stops in the middle of it.
            true => format!("\n        {first}: a: {second}\n"),
            false => format!(" |\n        {first}\n        {second}\n"),
        };
        let said = everything(&format!("communications:\n  g:\n    discord:\n      enabled: true\n      token:{token}"), &[]);
        prop_assert!(!said.contains(&first) && !said.contains(&second), "{}", said);
    }

    #[test]
    fn a_secret_from_elsewhere_is_never_printed(secret in "[a-zA-Z0-9]{10}", enabled in any::<bool>()) {
        let yaml = format!("communications: {{g: {{discord: {{token: {{fromEnv: T}}, enabled: {enabled}, botID: 1}}}}}}");
        let said = everything(&yaml, &[("T", &secret), ("BOTKUBE_COMMUNICATIONS_G_WEBHOOK_URL", &secret)]);
        prop_assert!(!said.contains(&secret), "{}", said);
    }
}
