//! Commands that are under way: listed, cancelled, bounded, cut, and under the snapshot they began with.

use super::*;

/// A command that goes on until it is cancelled; it is under way.
fn hanging(dispatcher: &Arc<Dispatcher>, text: &str, calls: &Fake) -> Answer {
    let before = calls.calls.lock().unwrap().len();
    let mut answer = dispatcher.submit(incoming(text), CancellationToken::new());
    assert_eq!(answer.next().now_or_never(), None, "the plugin does not answer");
    assert_eq!(calls.calls.lock().unwrap().len(), before + 1);
    answer
}

#[tokio::test]
async fn a_running_command_is_listed_and_whoever_cancels_it_is_named_to_all() {
    let plugins = Arc::new(Fake::default());
    let dispatcher = Arc::new(dispatcher(plugins.clone()));
    let answer = hanging(&dispatcher, "echo  on", &plugins);
    let (listed, _) = say(&dispatcher, incoming("list running")).await;
    let id = answer.id.to_string();
    let rows: Vec<Vec<&str>> = codes(&listed)[0].lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows, [vec!["ID", "AGE", "ACTOR", "CHANNEL", "COMMAND"], vec![&id, "0s", "Ada", "ops", "echo", "on"]]);

    check(say(&dispatcher, incoming(&format!("Cancel {}", id.to_uppercase()))).await, Status::Succeeded, &id);
    check(collect(answer).await, Status::Cancelled, "Cancelled by Ada.");
    check(say(&dispatcher, incoming("list running")).await, Status::Succeeded, "No other command is running.");
    check(say(&dispatcher, incoming(&format!("cancel {id}"))).await, Status::Refused, "is running");
}

#[tokio::test]
async fn from_another_channel_a_command_is_neither_cancelled_nor_shown_whole() {
    let plugins = Arc::new(Fake::default());
    let dispatcher = Arc::new(dispatcher(plugins.clone()));
    let answer = hanging(&dispatcher, "echo s3cret", &plugins);
    let elsewhere = |text: &str| {
        let mut incoming = incoming(text);
        incoming.conversation.display_name = "dev".into();
        incoming
    };
    let (listed, _) = say(&dispatcher, elsewhere("list running")).await;
    assert!(codes(&listed)[0].ends_with("ops     echo …"), "{listed:?}");
    let cancel = format!("cancel {}", answer.id);
    check(say(&dispatcher, elsewhere(&cancel)).await, Status::Refused, "was started in `ops`");
}

#[tokio::test]
async fn beyond_the_most_commands_plugins_are_refused_and_the_agent_still_answers() {
    let plugins = Arc::new(Fake::default());
    let dispatcher = Arc::new(dispatcher(plugins.clone()));
    let mut answers = Vec::new();
    for _ in 0..MOST {
        answers.push(hanging(&dispatcher, "echo x", &plugins));
    }
    check(say(&dispatcher, incoming("echo x")).await, Status::Refused, "1000 commands are running");
    check(say(&dispatcher, incoming(&format!("cancel {}", answers[0].id))).await, Status::Succeeded, "cancelled");
    check(collect(answers.remove(0)).await, Status::Cancelled, "Cancelled by Ada");
    answers.push(hanging(&dispatcher, "echo x", &plugins));
}

#[test]
fn the_log_holds_no_words_that_may_be_secret() {
    let dispatcher = dispatcher(answering(Ok(Vec::new())));
    let conversation = incoming("").conversation;
    let snapshot = dispatcher.snapshot();
    let bindings = snapshot.executors.bound_in(&conversation);
    let noted = |text: &str| {
        let command = Command::parse(text, &[], |_| true).unwrap();
        let mut trail = Trail::new("c1".parse().unwrap(), Instant::now(), Arc::new(incoming(text)), Arc::new(|_| {}));
        trail.note(&command, bindings.route(command.name()).as_ref());
        (trail.verb.clone(), trail.plugin.as_ref().map(ToString::to_string))
    };
    let some = |key: &str| Some(key.to_owned());
    assert_eq!(noted("kubectl get secret"), ("kubectl".into(), some("botkube/kubectl")));
    assert_eq!(noted("echo hunter2"), ("echo".into(), some("botkube/echo")));
    assert_eq!(noted("hunter two").0, "");
    assert_eq!(noted("list running"), ("list running".into(), None));
}

#[tokio::test]
async fn another_snapshot_ends_no_command_and_counts_for_the_next() {
    let plugins = Arc::new(Fake::default());
    let dispatcher = Arc::new(dispatcher(plugins.clone()));
    let running = hanging(&dispatcher, "echo x", &plugins);
    let mut snapshot = Snapshot::clone(&dispatcher.snapshot());
    let mut config = Config::clone(&snapshot.config);
    config.settings.cluster_name = "prod".into();
    config.executors.clear();
    snapshot.executors = Executors::new(&config, Vec::new());
    snapshot.config = Arc::new(config);
    dispatcher.adopt(snapshot);
    let (refused, status) = say(&dispatcher, incoming("echo x")).await;
    assert_eq!((refused[0].1.as_deref(), status), (Some("`echo x` on `prod`"), Status::Refused));
    check(say(&dispatcher, incoming(&format!("cancel {}", running.id))).await, Status::Succeeded, "cancelled");
    check(collect(running).await, Status::Cancelled, "Cancelled by Ada");
}

#[tokio::test]
async fn what_was_said_before_a_channel_had_other_groups_is_answered_with_those_of_the_snapshot() {
    let plugins = answering(Ok(Vec::new()));
    let said = incoming("echo x");
    let channel = Conversation { executors: vec!["new".into()], ..said.conversation.clone() };
    let dispatcher = changed(dispatcher(plugins), |snapshot| {
        let mut config = Config::clone(&snapshot.config);
        config.executors.iter_mut().for_each(|group| group.name = "new".into());
        snapshot.executors = Executors::new(&config, Vec::new()).with_channels(&[channel]);
    });
    assert_eq!(say(&Arc::new(dispatcher), said).await.1, Status::Succeeded);
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_stops_takes_nothing_new_and_cuts_what_has_not_ended_in_time() {
    let plugins = Arc::new(Fake::default());
    let dispatcher = Arc::new(dispatcher(plugins.clone()));
    let running = hanging(&dispatcher, "echo x", &plugins);
    let drained = tokio::spawn({
        let dispatcher = dispatcher.clone();
        async move { (dispatcher.drain(Duration::from_secs(20)).await, Instant::now()) }
    });
    let began = Instant::now();
    let collected = tokio::spawn(collect(running));
    tokio::task::yield_now().await;
    check(
        say(&dispatcher, incoming("echo y")).await,
        Status::Refused,
        "The agent is stopping; nothing of this was run",
    );
    check(say(&dispatcher, incoming("ping")).await, Status::Succeeded, "pong");
    check(collected.await.unwrap(), Status::Cancelled, "Cut off: the agent was stopped");
    let (cut, at) = drained.await.unwrap();
    assert_eq!((cut, at.duration_since(began).as_secs()), (1, 20));
}
