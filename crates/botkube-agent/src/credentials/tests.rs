//! Kubeconfigs made from files: what is in them, and when none is made.

use std::{fs, path::PathBuf};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};

use super::*;

const OWN: &str = "
apiVersion: v1
kind: Config
current-context: dev
clusters:
- {name: c1, cluster: {server: 'https://10.0.0.1:6443', certificate-authority-data: Q0E=}}
- {name: other, cluster: {server: 'https://other'}}
contexts:
- {name: dev, context: {cluster: c1, user: admin, namespace: kube-system}}
users:
- {name: admin, user: {token: s3cret}}
- {name: exec, user: {exec: {command: aws}}}
";

fn static_subject(values: &[&str]) -> Subject {
    Subject::Static { prefix: String::new(), values: values.iter().map(ToString::to_string).collect() }
}

fn agent(kubeconfig: PathBuf) -> Impersonating {
    Impersonating::new(&Settings { cluster_name: "dev-1".into(), kubeconfig: Some(kubeconfig), ..Settings::default() })
}

fn make(own: &str, rbac: &Rbac, channel: &str) -> Result<String, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config");
    fs::write(&path, own).unwrap();
    fs::write(dir.path().join("ca.crt"), "CA").unwrap();
    let made = agent(path).make(rbac, channel);
    made.map(|yaml| String::from_utf8(yaml.0).unwrap()).map_err(|refusal| refusal.to_string())
}

fn both(user: Subject, group: Subject) -> Rbac {
    Rbac { user, group }
}

#[track_caller]
fn refused(own: &str, rbac: &Rbac, channel: &str, because: &str) {
    let reason = make(own, rbac, channel).unwrap_err();
    assert!(reason.contains(because), "{reason:?} does not say {because:?}");
}

#[test]
fn the_document_is_upstreams_with_sorted_keys_and_impersonation() {
    let rbac = both(static_subject(&["reader"]), static_subject(&["a", "b"]));
    assert_eq!(
        make(OWN, &rbac, "").unwrap(),
        "\
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: Q0E=
    server: https://10.0.0.1:6443
  name: dev-1
contexts:
- context:
    cluster: dev-1
    namespace: default
    user: dev-1
  name: dev-1
current-context: dev-1
kind: Config
preferences: {}
users:
- name: dev-1
  user:
    as: reader
    as-groups:
    - a
    - b
    token: s3cret
"
    );
}

#[test]
fn a_group_alone_is_impersonated_by_upstreams_static_user() {
    let yaml = make(OWN, &both(Subject::None, static_subject(&["g"])), "").unwrap();
    assert!(yaml.contains("as: botkube-internal-static-user\n") && yaml.contains("- g\n"), "{yaml}");
}

#[test]
fn a_channel_name_gets_its_prefix() {
    let subject = Subject::ChannelName { prefix: "team-".into() };
    let yaml = make(OWN, &both(subject, Subject::None), "ops").unwrap();
    assert!(yaml.contains("as: team-ops\n"), "{yaml}");
}

#[test]
fn certificates_in_files_are_handed_on_as_data() {
    let own = OWN.replace("certificate-authority-data: Q0E=", "certificate-authority: ca.crt");
    let yaml = make(&own, &both(static_subject(&["u"]), Subject::None), "").unwrap();
    assert!(yaml.contains("certificate-authority-data: Q0E=\n"), "{yaml}");
}

#[test]
fn without_anybody_to_impersonate_nothing_is_made() {
    refused(OWN, &both(Subject::None, Subject::None), "ops", "empty user or group");
    refused(OWN, &both(static_subject(&[""]), Subject::None), "ops", "empty user or group");
    refused(OWN, &both(Subject::ChannelName { prefix: String::new() }, Subject::None), "", "from no channel");
}

#[test]
fn what_cannot_be_handed_on_is_refused_with_the_reason() {
    let rbac = both(static_subject(&["u"]), Subject::None);
    refused(&OWN.replace("user: admin", "user: exec"), &rbac, "", "an exec plugin");
    refused(&OWN.replace("user: admin", "user: nobody"), &rbac, "", "names the user \"nobody\"");
    refused(&OWN.replace("current-context: dev", "current-context: prod"), &rbac, "", "names the context \"prod\"");
    refused(&OWN.replace("token: s3cret", "token: s3cret, as: limited"), &rbac, "", "impersonates somebody itself");
    refused(&OWN.replace("Q0E=", "Q0E=, token: [s3cret"), &rbac, "", "is not one: line ");
}

#[test]
fn a_broken_kubeconfig_is_not_shown() {
    let reason = make("users: [{user: {token: s3cret}", &both(static_subject(&["u"]), Subject::None), "").unwrap_err();
    assert!(!reason.contains("s3cret"), "{reason}");
}

#[test]
fn a_changed_kubeconfig_counts_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config");
    let agent = agent(path.clone());
    let rbac = both(static_subject(&["u"]), Subject::None);
    for token in ["one", "another"] {
        fs::write(&path, OWN.replace("s3cret", token)).unwrap();
        let made = String::from_utf8(agent.make(&rbac, "").unwrap().0).unwrap();
        assert!(made.contains(&format!("token: {token}\n")), "{made}");
    }
}

#[test]
fn everybody_has_a_kubeconfig_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config");
    fs::write(&path, OWN).unwrap();
    let agent = agent(path);
    for channel in ["a", "b", "a"] {
        let rbac = both(Subject::ChannelName { prefix: String::new() }, Subject::None);
        let made = String::from_utf8(agent.make(&rbac, channel).unwrap().0).unwrap();
        assert!(made.contains(&format!("as: {channel}\n")), "{made}");
    }
}

#[test]
fn an_expired_token_is_refused_before_a_plugin_meets_it() {
    let claims = |exp: u64| format!("x.{}.y", URL_SAFE_NO_PAD.encode(format!("{{\"exp\":{exp}}}")));
    let rbac = both(static_subject(&["u"]), Subject::None);
    refused(&OWN.replace("s3cret", &claims(1_700_000_000)), &rbac, "", "token in ");
    assert!(make(&OWN.replace("s3cret", &claims(9_700_000_000)), &rbac, "").is_ok());
}

#[test]
fn an_expired_certificate_is_refused_before_a_plugin_meets_it() {
    let certificate = |end: i32| {
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.not_after = rcgen::date_time_ymd(end, 1, 1);
        let key = rcgen::KeyPair::generate().unwrap();
        STANDARD.encode(params.self_signed(&key).unwrap().pem())
    };
    let rbac = both(static_subject(&["u"]), Subject::None);
    let own = |end| OWN.replace("token: s3cret", &format!("client-certificate-data: {}", certificate(end)));
    refused(&own(2020), &rbac, "", "client certificate in ");
    assert!(make(&own(2999), &rbac, "").is_ok());
}

#[test]
fn a_configured_service_account_that_is_not_there_is_named() {
    let agent = Impersonating::new(&Settings {
        service_account_prefix: Some("/does/not/exist/sa".into()),
        ..Settings::default()
    });
    let refusal = agent.make(&both(static_subject(&["u"]), Subject::None), "").err().unwrap().to_string();
    assert!(refusal.contains("/does/not/exist/sa-token"), "{refusal}");
}
