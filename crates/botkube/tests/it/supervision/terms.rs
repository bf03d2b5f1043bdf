//! Plugins whose configuration changes while they run: who is replaced, who is forgotten, which limits count at once; and
//! what a plugin's state says.

use super::*;

/// The same, and this variable for every plugin.
fn with_variable(name: &str, value: &str) -> Settings {
    let variables = BTreeMap::from([(name.to_owned(), value.to_owned().into())]);
    Settings { env: vec![PluginEnv { plugin: None, variables }], ..Settings::default() }
}

/// Has calls of one lane go on until what they say is as it should be; none may fail.
async fn until_id(kept: &Kept, is_expected: impl Fn(u32) -> bool) -> u32 {
    let began = Instant::now();
    loop {
        let id = kept.id().await;
        if is_expected(id) {
            return id;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{id} goes on answering");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_environment_replaces_a_plugin_and_no_call_fails() {
    let kept = Kept::started(with_variable("REGION", "eu"));
    let before = kept.id().await;
    kept.reconfigure(with_variable("REGION", "us"));
    let after = until_id(&kept, |id| id != before).await;
    let environment = fs::read(format!("/proc/{after}/environ")).unwrap();
    assert!(environment.split(|byte| *byte == 0).any(|variable| variable == b"REGION=us"));
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_process_that_freezes_is_killed_and_the_call_in_it_ends() {
    let kept = Kept::started(attentive());
    let frozen = kept.id().await;
    let hanging = kept.hanging();
    kept.host.replace(&named("mine"));
    until_id(&kept, |id| id != frozen).await;
    kill("STOP", frozen);
    let answer = hanging.await.unwrap().unwrap_err().to_string();
    contains(&answer, &["it was replaced", "no answer to a health check", "was killed"]);
    eventually("it is gone", || !is_alive(frozen));
    kept.host.stop().await;
}

/// Whether a call with this deadline outlives `plugins.callTimeout` of 100 ms in a process that is replaced.
async fn outlives(deadline: Option<Instant>) -> bool {
    let timeout = Duration::from_millis(100);
    let kept = Kept::started(Settings { call_timeout: timeout, ..Settings::default() });
    let before = kept.id().await;
    let file = kept.machine.path("pid");
    let call = PluginCall { deadline, ..PluginCall::new(format!("mine hang {}", file.display())) };
    let host = kept.host.clone();
    let call = tokio::spawn(async move { host.execute(&named("mine"), call, &mut Vec::new()).await });
    eventually("the call has begun", || file.exists());
    kept.host.replace(&named("mine"));
    until_id(&kept, |id| id != before).await;
    // More than that and the grace of a process that is stopped, of 2 s.
    let over = Instant::now() + Duration::from_secs(5);
    eventually("it had its time", || Instant::now() > over || call.is_finished());
    let outlives = !call.is_finished();
    kept.host.stop().await;
    outlives
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_process_works_on_until_the_last_of_its_calls_is_given_up() {
    assert!(!outlives(None).await);
    assert!(outlives(Some(Instant::now() + Duration::from_secs(60))).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variable_that_no_plugin_can_have_changes_nothing() {
    let kept = Kept::started(Settings::default());
    let before = kept.id().await;
    let refused = kept.host.reconfigure(kept.catalogue.clone(), with_variable("TMPDIR", "/mine")).unwrap_err();
    contains(&refused.to_string(), &["TMPDIR", "plugins.env"]);
    assert_eq!((kept.id().await, kept.state("mine").candidate), (before, false));
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_count_at_once_and_in_the_process_there_is() {
    let narrow = Settings { max_concurrent_calls: 1, max_answer_size: 1 << 20, ..Settings::default() };
    let kept = Kept::started(narrow);
    let refused = kept.ask("mine mib 2").await.unwrap_err();
    assert!(matches!(refused, PluginError::TooLarge { .. }), "{refused:?}");
    let process = kept.id().await;
    let hanging = kept.hanging();
    let waiting = kept.asking("mine mib 2");
    eventually("it waits", || kept.state("mine").waiting == 1);

    kept.reconfigure(Settings { max_concurrent_calls: 2, max_answer_size: 8 << 20, ..Settings::default() });
    assert_eq!(waiting.await.unwrap().unwrap().len(), 2 << 20);
    assert_eq!((kept.id().await, hanging.is_finished()), (process, false));
    hanging.abort();
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shorter_health_interval_counts_at_once() {
    let kept = Kept::started(Settings { health_check_interval: Duration::from_secs(3600), ..Settings::default() });
    let frozen = kept.id().await;
    kill("STOP", frozen);
    kept.reconfigure(attentive());
    eventually("it was replaced", || !is_alive(frozen));
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deactivated_plugin_begins_anew_under_another_restart_policy() {
    let kept = Kept::started(policy(AtThreshold::DeactivatePlugin, 0));
    kept.ask("mine exit 7").await.unwrap_err();
    eventually("it is given up", || kept.state("mine").status == PluginStatus::Deactivated);
    kept.reconfigure(policy(AtThreshold::DeactivatePlugin, 3));
    kept.id().await;
    assert_eq!(kept.state("mine").threshold, 3);
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_is_forgotten_ends_with_the_last_call_in_it() {
    let kept = Kept::started(Settings::default());
    let process = kept.id().await;
    let hanging = kept.hanging();
    kept.host.forget(&named("mine"));
    assert!(!kept.host.all().iter().any(|(plugin, _)| *plugin == named("mine")));
    // One that was on its way joins those in it.
    assert_eq!(kept.id().await, process);
    hanging.abort();
    eventually("it is gone", || !is_alive(process));
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_is_needed_again_before_it_is_gone_goes_on() {
    let kept = Kept::started(Settings::default());
    let process = kept.id().await;
    let hanging = kept.hanging();
    kept.host.forget(&named("mine"));
    kept.host.start([named("mine")]);
    hanging.abort();
    let _ = hanging.await;
    assert_eq!(kept.id().await, process);
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_call_to_a_forgotten_plugin_is_answered_and_leaves_no_process() {
    let kept = Kept::started(Settings::default());
    let process = kept.id().await;
    kept.host.forget(&named("mine"));
    eventually("it is gone", || !is_alive(process));
    let late = kept.id().await;
    eventually("that of the late call is gone too", || !is_alive(late));
    assert!(!kept.host.all().iter().any(|(plugin, _)| *plugin == named("mine")));
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_is_ready_when_it_serves_or_it_is_said_why_not() {
    let kept = Kept::lazy(Settings::default());
    kept.host.ready(&named("mine")).await.unwrap();
    assert_eq!(kept.state("mine").status, PluginStatus::Running);
    contains(&kept.host.ready(&named("bad")).await.unwrap_err(), &["`bad`", "/nowhere/bad", "no such file"]);
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_says_that_it_is_ill_is_not_ready() {
    let kept = Kept::lazy(Settings::default());
    let given = BTreeMap::from([("ill".to_owned(), kept.machine.misbehaving("ill").into())]);
    kept.host.reconfigure(Catalogue { given, ..Catalogue::default() }, Settings::default()).unwrap();
    contains(&kept.host.ready(&named("ill")).await.unwrap_err(), &["`ill`", "not well"]);
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_says_that_it_is_ill_is_replaced_like_one_that_says_nothing() {
    let kept = Kept::lazy(attentive());
    let given = BTreeMap::from([("ill".to_owned(), kept.machine.misbehaving("ill").into())]);
    kept.host.reconfigure(Catalogue { given, ..Catalogue::default() }, attentive()).unwrap();
    kept.host.start([named("ill")]);
    eventually("it was started again", || kept.state("ill").restarts > 0);
    contains(&kept.state("ill").failure.unwrap().reason, &["`ill`", "not serving", "was killed"]);
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_a_channel_with_all_it_may_have_wait_and_those_of_others_do_not() {
    let kept = Kept::started(Settings { max_concurrent_calls_per_channel: 1, ..Settings::default() });
    let hanging = kept.hanging();
    let waiting = kept.asking("mine id");
    eventually("it waits", || kept.state("mine").waiting == 1);
    let call = PluginCall { lane: "elsewhere".into(), ..PluginCall::new("mine id") };
    kept.host.execute(&named("mine"), call, &mut Vec::new()).await.unwrap();
    assert!(!waiting.is_finished());
    hanging.abort();
    waiting.await.unwrap().unwrap();
    kept.host.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_says_which_process_serves_what_it_works_on_and_what_failed_last() {
    let kept = Kept::started(Settings::default());
    kept.ask("mine exit 7").await.unwrap_err();
    let process = kept.id().await;
    let hanging = kept.hanging();
    let state = kept.state("mine");
    assert_eq!((state.generation, state.pid, state.running, state.waiting), (2, Some(process), 1, 0));
    let failure = state.failure.unwrap();
    contains(&failure.reason, &["`mine`", "exit code 7"]);
    assert!(state.since.unwrap() >= failure.at && !state.candidate);
    hanging.abort();
    kept.host.stop().await;
}
