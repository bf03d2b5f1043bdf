//! Files, variables and defaults over each other, and what is said when one of them is odd.
//! Must not know: rules about values that fit.

use super::*;

#[track_caller]
fn check_with(files: &[&str], variables: &[(&str, &str)], lenient: bool, expected: &str) {
    let names = ["a.yaml", "b.yaml"];
    let files: Vec<_> = names.iter().zip(files).map(|(name, text)| (*name, text.as_bytes())).collect();
    let said = with(&files, variables, Options { lenient, ..Options::default() });
    assert_eq!(said, expected);
}

#[test]
fn a_byte_order_mark_is_no_part_of_a_file() {
    assert_eq!(loaded(&[("a.yaml", b"\xef\xbb\xbfsettings: {clusterName: one}")]), "cluster one");
}

#[test]
fn a_variable_wins_over_every_file() {
    let files = ["settings: {clusterName: one}", "settings: {clusterName: two}"];
    check_with(&files, &[("BOTKUBE_SETTINGS_CLUSTER__NAME", "three")], false, "cluster three");
}

/// What a file says of the address of a webhook.
fn address(said: &str) -> String {
    format!(
        "communications: {{g: {{webhook: {{enabled: true, url: {said}, bindings: {{sources: [s]}}}}}}}}\nsources: {{s: {{}}}}"
    )
}

#[test]
fn a_later_layer_says_anew_where_a_secret_is_found() {
    let one = "settings: {clusterName: one}";
    let (file, variable) = (address("{fromFile: nowhere}"), address("{fromEnv: B}"));
    check_with(&[&file, &variable], &[("B", "x")], false, "cluster not-configured");
    check_with(
        &[&variable, &file, one],
        &[("B", "x"), ("BOTKUBE_COMMUNICATIONS_G_WEBHOOK_URL_FROM__ENV", "B")],
        false,
        "cluster not-configured",
    );
    check_with(
        &[&file, one],
        &[("B", "x"), ("BOTKUBE_COMMUNICATIONS_G_WEBHOOK_URL_FROM__ENV", "B")],
        false,
        "cluster one",
    );
}

#[test]
fn one_layer_says_only_once_where_a_secret_is_found() {
    check_with(
        &[&address("{fromEnv: B}"), &address("{fromFile: a, fromEnv: B}")],
        &[("B", "x")],
        false,
        "error: `communications.g.webhook.url` needs a text, or the one place where it is found
 --> b.yaml:1:66
  |
1 | communications: {g: {webhook: {enabled: true, url: {fromFile: a, fromEnv: B}, bindings: {sources: [s]}}}}
  |                                                                  ^
  = key: communications.g.webhook.url
  = help: write one of them: `{fromFile: PATH}` or `{fromEnv: NAME}`",
    );
}

#[test]
fn a_broken_value_names_the_variable() {
    check_with(
        &[],
        &[("BOTKUBE_PLUGINS_CALL__TIMEOUT", "soon")],
        false,
        "error: `plugins.callTimeout` needs a duration above zero, found the text `soon`
 --> the variable BOTKUBE_PLUGINS_CALL__TIMEOUT
  = key: plugins.callTimeout
  = help: write a number and a unit, such as `30s`, `5m` or `1h30m`",
    );
}

#[test]
fn null_over_a_value_brings_the_default_back() {
    check_with(&["settings: {clusterName: one}", "settings: {clusterName: }"], &[], false, "cluster not-configured");
}

#[test]
fn null_over_a_map_changes_nothing_and_is_said() {
    check_with(
        &["settings: {clusterName: one}", "settings:\n"],
        &[],
        false,
        "cluster one
warning: `settings` is `null` here and keeps the keys it has from before
 --> b.yaml:1:9
  |
1 | settings:
  |         ^
  = key: settings
  = help: remove the line, or write the keys that are to change",
    );
}

#[test]
fn letter_case_does_not_keep_a_later_file_from_winning() {
    check_with(&["settings: {clusterName: one}", "Settings: {clustername: two}"], &[], false, "cluster two");
}

#[test]
fn the_exact_spelling_wins_over_another_in_the_same_map() {
    let said = with(&[("a.yaml", b"settings: {clustername: one, clusterName: two}")], &[], Options::default());
    assert!(said.starts_with("cluster two"), "{said}");
    assert!(said.contains("`clustername` is ignored, since `clusterName` stands beside it"), "{said}");
}

/// What is said of one unknown key: the message, and the help.
#[track_caller]
fn unknown(yaml: &str, message: &str, help: &str) {
    let said = with(&[("a.yaml", yaml.as_bytes())], &[], Options::default());
    assert!(said.starts_with(&format!("error: {message}\n")), "{said}");
    assert!(said.contains(&format!("= help: {help}")), "{said}");
    let lenient = with(&[("a.yaml", yaml.as_bytes())], &[], Options { lenient: true, ..Options::default() });
    assert!(lenient.starts_with("cluster"), "{lenient}");
    assert!(lenient.contains(&format!("warning: {message}; it is ignored")), "{lenient}");
}

#[test]
fn unknown_keys_are_refused_with_what_was_meant_and_lenient_ignores_them() {
    unknown("setings: {}", "there is no key `setings` at the top level", "did you mean `settings`?");
    unknown("settings: {log: {levl: info}}", "there is no key `levl` under `settings.log`", "did you mean `level`?");
    unknown(
        "communications: {g: {socketSlak: {}}}",
        "there is no key `socketSlak` under `communications.g`",
        "did you mean `socketSlack`?",
    );
    unknown(
        "communications: {g: {console: {channels: {a: {binding: {}}}}}}",
        "there is no key `binding` under `communications.g.console.channels.a`",
        "did you mean `bindings`?",
    );
    unknown(
        "communications: {g: {cloudTeams: {teams: [{ids: x}]}}}",
        "there is no key `ids` under `communications.g.cloudTeams.teams[0]`",
        "did you mean `id`?",
    );
    unknown(
        "executors: {g: {botkube/helm: {defaultNamespace: x}}}",
        "there is no key `defaultNamespace` under `executors.g.botkube/helm`",
        "settings of a plugin stand below its `config`",
    );
    unknown("clusterName: x", "there is no key `clusterName` at the top level", "there is `settings.clusterName`;");
    unknown(
        "communications: {g: {webhook: {bindings: {executors: []}}}}",
        "there is no key `executors` under `communications.g.webhook.bindings`",
        "there is `executors`;",
    );
    unknown(
        "settings: {log: {zzz: 1}}",
        "there is no key `zzz` under `settings.log`",
        "there are `level`, `formatter`",
    );
}

/// What a value becomes, or the complaint about it.
#[track_caller]
fn weak(path: &[&str], value: &str, expected: &str) {
    let yaml = path.iter().rev().fold(value.to_owned(), |inner, key| format!("{{{key}: {inner}}}"));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yaml");
    std::fs::write(&file, &yaml).unwrap();
    let became = match load(&[file], [], Options::default()) {
        Ok(loaded) => path.iter().fold(&loaded.shown_as_json(), |json, key| &json[*key]).to_string(),
        Err(rejected) => rejected.findings[0].message.clone(),
    };
    assert_eq!(became, expected, "{yaml}");
}

#[test]
fn values_are_converted_where_their_meaning_is_clear() {
    let flag = ["settings", "upgradeNotifier"];
    for yes in ["true", "\"true\"", "1", "\"1\"", "t"] {
        weak(&flag, yes, "true");
    }
    for no in ["false", "\"False\"", "0", "''"] {
        weak(&flag, no, "false");
    }
    weak(&flag, "yes", "`settings.upgradeNotifier` needs a boolean, found the text `yes`");
    weak(&["settings", "clusterName"], "7", "\"7\"");
    weak(&["settings", "clusterName"], "1.5", "\"1.5\"");
    weak(&["settings", "clusterName"], "true", "`settings.clusterName` needs a text, found the boolean `true`");
    weak(&["settings", "healthPort"], "\"2200\"", "2200");
    weak(&["settings", "healthPort"], "''", "2114");
    weak(
        &["plugins", "incomingWebhook", "port"],
        "0",
        "`plugins.incomingWebhook.port` needs a whole number from 1 to 65535, found the number `0`",
    );
    weak(
        &["settings", "healthPort"],
        "70000",
        "`settings.healthPort` needs a whole number from 0 to 65535, found the number `70000`",
    );
    weak(&["settings", "log", "level"], "WARNING", "\"warning\"");
    weak(&["settings", "log", "formatter"], "''", "\"text\"");
    weak(&["plugins", "healthCheckInterval"], "90s", "\"1m30s\"");
    weak(
        &["plugins", "healthCheckInterval"],
        "0s",
        "`plugins.healthCheckInterval` needs a duration above zero, found the text `0s`",
    );
    weak(&["plugins", "indexMaxAge"], "0s", "\"0s\"");
    weak(&["plugins", "restartPolicy", "type"], "restartagent", "\"RestartAgent\"");
    weak(
        &["plugins", "restartPolicy", "type"],
        "Never",
        "`plugins.restartPolicy.type` needs one of `DeactivatePlugin`, `RestartAgent`, found the text `Never`",
    );
    weak(&["sources", "g", "botkube/x", "context", "rbac", "group", "static", "values"], "'a,b'", "[\"a,b\"]");
    weak(&["actions", "a", "bindings", "sources"], "''", "[]");
    weak(&["communications", "g", "cloudTeams", "teams"], "{id: x}", "[{\"id\":\"x\"}]");
}

#[test]
fn secrets_may_be_in_files_and_variables() {
    use secrecy::ExposeSecret;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key"), "from a file\n").unwrap();
    let file = folder.path().join("a.yaml");
    let yaml = "plugins: {repositories: {r: {url: x, headers: {A: {fromFile: key}, B: {fromEnv: KEY}, C: plain}}}}";
    std::fs::write(&file, yaml).unwrap();
    let loaded = load(&[file], [("KEY".to_owned(), "from a variable".to_owned())], Options::default()).unwrap();
    let headers = &loaded.config.plugins.repositories["r"].headers;
    let values: Vec<_> = headers.values().map(|value| value.expose_secret().to_owned()).collect();
    assert_eq!(values, ["from a file", "from a variable", "plain"]);
}

#[test]
fn secrets_that_are_not_there_are_said_with_their_place() {
    #[track_caller]
    fn check(secret: &str, message: &str) {
        let yaml = format!("plugins: {{env: {{'*': {{A: {secret}}}}}}}");
        let said = with(&[("a.yaml", yaml.as_bytes())], &[], Options::default());
        assert!(said.starts_with("error: ") && said.contains(message), "{said}");
        assert!(said.contains("--> a.yaml:1:") && said.contains("key: plugins.env.*.A"), "{said}");
    }
    check("{fromEnv: NOT_SET}", "the variable `NOT_SET` is not set");
    check("{fromFile: nowhere}", "cannot read the secret in nowhere: No such file");
    check("{fromFile: .}", "it is not a file");
    check("{fromfiles: x}", "there is no key `fromfiles`");
    check("{fromEnv: A, fromFile: B}", "or the one place where it is found");
    check("[a]", "`plugins.env.*.A` needs a text, found a list");
}

#[test]
fn every_key_has_an_origin() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.yaml");
    std::fs::write(&file, "settings:\n  clusterName: one\nexecutors:\n  g:\n    botkube/x: {enabled: false}\n")
        .unwrap();
    let variable = ("BOTKUBE_EXECUTORS_G_BOTKUBE_X_ENABLED".to_owned(), "true".to_owned());
    let loaded = load(std::slice::from_ref(&file), [variable.clone()], Options::default()).unwrap();
    assert!(loaded.config.executors[0].plugins[0].enabled);
    let origin = |path: &[&str]| loaded.origins.of(path);
    assert_eq!(origin(&["settings", "clusterName"]), Some(Origin::File { file: file.clone(), line: 2, column: 3 }));
    assert_eq!(origin(&["executors", "g", "botkube/x"]), Some(Origin::File { file, line: 5, column: 5 }));
    assert_eq!(origin(&["executors", "g", "botkube/x", "enabled"]), Some(Origin::Variable { name: variable.0 }));
    assert_eq!(origin(&["settings", "log", "level"]), Some(Origin::Default));
    assert_eq!(origin(&["settings", "nothing"]), None);
}

#[test]
fn nothing_to_listen_to_is_an_error_only_where_an_agent_is_to_run() {
    let files: [(&str, &[u8]); 1] = [("a.yaml", b"communications: {}")];
    assert_eq!(with(&files, &[], Options::default()), "cluster not-configured");
    let said = with(&files, &[], Options { to_run: true, ..Options::default() });
    assert!(said.starts_with("error: nothing to serve") && said.contains("a.yaml:1:1"), "{said}");
}
