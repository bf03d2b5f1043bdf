//! What is said and used in the console is recorded, and played again with the same answers. The plugin is a fake one.

use std::{sync::Arc, time::Duration};

use botkube_config::model::Config;
use botkube_console::{
    entry::Entry,
    rooms::{Change, Person, Rooms, Used},
    session::{Recorder, ReplayError, Session, replay},
    store::InMemory,
};
use botkube_core::{
    answer::Status,
    chat::{Accepted, Chat},
    conversation::Conversation,
    dispatch::{Dispatcher, Snapshot},
    policy::AllowBound,
    route::Executors,
};
use serde_json::json;
use tokio::time;

use crate::agent::Fake;

/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(20);

/// Channels with an agent, and a person.
struct Place {
    rooms: Arc<Rooms>,
    _chat: Arc<Chat>,
    ada: Person,
}

impl Place {
    fn new() -> Self {
        let plugin = Arc::new(Fake::default());
        let config = Arc::new(Config::default());
        let executors = Executors::new(&config, vec!["do".into()]);
        let snapshot = Snapshot::new(config, executors, Arc::new(AllowBound), plugin.clone(), plugin);
        let channel = |alias: &str| Conversation { alias: alias.into(), interactive: true, ..Conversation::default() };
        let rooms = Rooms::new(vec![channel("ops"), channel("dev")], Arc::new(InMemory::default()));
        let chat = Chat::new(Arc::new(Dispatcher::new(snapshot)), rooms.clone());
        rooms.answered_by(&chat);
        Self { rooms, _chat: chat, ada: Person { id: "ada".into(), name: "ada".into() } }
    }

    /// Says something, and waits for the first entry in which its command has ended.
    async fn say(&self, channel: &str, text: &str) -> Arc<Entry> {
        let (_, mut watch) = self.rooms.overhear(channel).unwrap();
        let accepted = self.rooms.say(channel, &self.ada, text, text).unwrap();
        Self::end(accepted, &mut watch).await
    }

    async fn press(&self, channel: &str, entry: &str, control: &str, values: &[&str]) -> Arc<Entry> {
        let (_, mut watch) = self.rooms.overhear(channel).unwrap();
        let values = values.iter().map(ToString::to_string).collect();
        let used = Used { entry: entry.into(), control: control.parse().unwrap(), values, entered: <_>::default() };
        let accepted = self.rooms.press(channel, &self.ada, &format!("{entry}{control}"), &used).unwrap();
        Self::end(accepted, &mut watch).await
    }

    async fn end(accepted: Accepted, watch: &mut botkube_console::rooms::Watch) -> Arc<Entry> {
        let Accepted::Running(command) = accepted else { panic!("{accepted:?}") };
        let wait = async {
            loop {
                if let Change::Entry(entry) | Change::Grown { entry, .. } = watch.next().await.unwrap()
                    && entry.live.as_ref().is_some_and(|live| live.command == command)
                    && !entry.is_running()
                {
                    return entry;
                }
            }
        };
        time::timeout(DEADLINE, wait).await.expect("it ends")
    }
}

async fn recorded(place: &Place, talk: impl AsyncFnOnce()) -> Session {
    let recorder = Recorder::start(&place.rooms, None).unwrap();
    talk().await;
    // Listening is a task of its own.
    time::timeout(DEADLINE, recorder.settled()).await.expect("it hears everything");
    recorder.finish().unwrap()
}

async fn played(session: &Session) -> Session {
    replay(session, &Place::new().rooms, DEADLINE).await.unwrap()
}

#[tokio::test]
async fn what_was_said_is_written_down_with_its_answers_and_played_again() {
    let place = Place::new();
    let session = recorded(&place, async || {
        place.say("ops", "do hello").await;
        place.say("dev", "do secret").await;
        place.say("ops", "no-such-executor").await;
    })
    .await;
    let said: Vec<_> =
        session.steps.iter().map(|step| (step.channel.as_str(), step.said.as_deref().unwrap())).collect();
    assert_eq!(said, [("ops", "do hello"), ("dev", "do secret"), ("ops", "no-such-executor")]);
    assert_eq!(serde_json::to_value(&session.steps[0].answers).unwrap(), json!([{"code": "do hello"}]));
    assert_eq!(session.steps[0].status, Some(Status::Succeeded));
    assert_eq!(
        serde_json::to_value(&session.steps[1].answers).unwrap(),
        json!([{"code": "for you", "onlyForYou": true}])
    );
    assert_eq!(session.steps[2].status, Some(Status::Refused));
    assert_eq!(played(&session).await, session);
}

#[tokio::test]
async fn what_was_said_before_is_not_in_it() {
    let place = Place::new();
    place.say("ops", "do before").await;
    let session = recorded(&place, async || {
        place.say("ops", "do after").await;
    })
    .await;
    assert_eq!(session.steps.iter().map(|step| step.said.as_deref()).collect::<Vec<_>>(), [Some("do after")]);
}

#[tokio::test]
async fn controls_are_written_down_by_their_labels_and_used_again() {
    let place = Place::new();
    let session = recorded(&place, async || {
        let controls = place.say("ops", "do controls").await;
        place.press("ops", &controls.id, "s0.0", &["worker"]).await;
        place.press("ops", &controls.id, "i0.0", &["some name"]).await;
        place.press("ops", &controls.id, "b0.0", &[]).await;
    })
    .await;
    let pressed: Vec<_> = session.steps[1..].iter().map(|step| step.pressed.clone().unwrap()).collect();
    let uses: Vec<_> = pressed.iter().map(|press| (press.step, press.answer, press.control.as_str())).collect();
    assert_eq!(uses, [(1, 1, "Which"), (1, 1, "Name"), (1, 1, "Press")]);
    assert_eq!(pressed[0].values, ["worker"]);
    let answer = |step: usize| serde_json::to_value(&session.steps[step].answers).unwrap();
    assert_eq!(answer(1), json!([{"code": "do chosen worker"}]));
    assert_eq!(answer(2), json!([{"code": "do named \"some name\""}]));
    // The last took the place of the first answer, which is kept as it was.
    assert_eq!(answer(3), json!([{"code": "replaced", "replaces": true}]));
    assert_eq!(answer(0)[0]["message"]["sections"][0]["buttons"][0]["name"], "Press");
    assert_eq!(played(&session).await, session);
}

#[tokio::test]
async fn output_that_comes_in_pieces_is_compared_as_it_was_in_the_end() {
    let place = Place::new();
    let session = recorded(&place, async || {
        place.say("ops", "do flood 500").await;
    })
    .await;
    let code = session.steps[0].answers[0].code.as_ref().unwrap();
    assert!(code.starts_with("line 0\n") && code.trim_end().ends_with("line 499"), "{code}");
    assert_eq!(played(&session).await, session);
}

#[tokio::test]
async fn a_command_that_was_cancelled_is_cancelled_again() {
    let place = Place::new();
    let session = recorded(&place, async || {
        let (_, mut watch) = place.rooms.overhear("ops").unwrap();
        let accepted = place.rooms.say("ops", &place.ada, "k", "do stream").unwrap();
        let Accepted::Running(command) = accepted else { panic!("{accepted:?}") };
        // Before it runs there is nothing to cancel.
        while !matches!(watch.next().await.unwrap(), Change::Entry(entry) if entry.is_running()) {}
        place.rooms.cancel("ops", &place.ada, command).unwrap();
        Place::end(accepted, &mut watch).await;
    })
    .await;
    assert_eq!(session.steps[0].status, Some(Status::Cancelled));
    assert_eq!(session.differences(&played(&session).await).unwrap(), []);
}

#[tokio::test]
async fn another_answer_is_found() {
    let place = Place::new();
    let mut session = recorded(&place, async || {
        place.say("ops", "do hello").await;
        place.say("ops", "do bye").await;
    })
    .await;
    session.steps[1].answers[0].code = Some("do stay".into());
    let differences = session.differences(&played(&session).await).unwrap();
    assert_eq!(differences.iter().map(|it| it.step).collect::<Vec<_>>(), [2]);
    assert!(differences[0].diff.contains("do stay") && differences[0].diff.contains("do bye"), "{differences:?}");
}

#[track_caller]
fn is_refused(outcome: Result<Session, ReplayError>, because: &str) {
    let error = outcome.unwrap_err().to_string();
    assert!(error.contains(because), "{error}");
}

#[tokio::test]
async fn a_session_that_cannot_be_played_says_at_which_step_and_why() {
    let rooms = |session: &str| (Session::parse(session).unwrap(), Place::new());
    let play = async |session: &str, deadline: Duration| {
        let (session, place) = rooms(session);
        replay(&session, &place.rooms, deadline).await
    };
    is_refused(play("steps: [{channel: nowhere, said: x}]", DEADLINE).await, "step 1: there is no channel \"nowhere\"");
    let controls = "{channel: ops, said: do controls}";
    let press = |control: &str| format!("steps: [{controls}, {{channel: ops, pressed: {control}}}]");
    is_refused(
        play(&press("{step: 1, answer: 1, control: Push}"), DEADLINE).await,
        "step 2: the answer of step 1 has no control `Push` any more; it has: `Press`, `Which`, `Name`",
    );
    is_refused(play(&press("{step: 1, answer: 4, control: Press}"), DEADLINE).await, "step 1 has 1 answers now");
    let late = Duration::from_millis(700);
    is_refused(
        play("steps: [{channel: ops, said: do wait}]", late).await,
        "step 1 (ops: do wait) has not ended within 700ms",
    );
}

#[tokio::test]
async fn a_session_is_played_in_the_name_of_whoever_spoke() {
    let place = Place::new();
    let session = recorded(&place, async || {
        place.say("ops", "do one").await;
        place.say("ops", "do two").await;
    })
    .await;
    let by = |session: &Session| session.steps.iter().map(|step| step.by.clone()).collect::<Vec<_>>();
    assert_eq!(by(&session), [Some("ada".to_owned()), None], "it is said where it changes");
    let now = Place::new();
    replay(&session, &now.rooms, DEADLINE).await.unwrap();
    let (entries, _) = now.rooms.overhear("ops").unwrap();
    let people = entries.iter().filter(|entry| !entry.by.bot).map(|entry| entry.by.name.as_str());
    assert_eq!(people.collect::<Vec<_>>(), ["ada", "ada"]);
}

#[tokio::test]
async fn the_file_is_there_from_the_beginning_and_grows_with_each_answer() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("session.yaml");
    let place = Place::new();
    let recorder = Recorder::start(&place.rooms, Some(file.clone())).unwrap();
    let read = || Session::parse(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(read().steps, []);
    place.say("ops", "do hello").await;
    let written = async {
        while read().steps.is_empty() {
            time::sleep(Duration::from_millis(10)).await;
        }
    };
    time::timeout(DEADLINE, written).await.expect("it is written");
    assert_eq!(read(), recorder.finish().unwrap());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_said_at_once() {
    assert!(Recorder::start(&Place::new().rooms, Some("/nowhere/session.yaml".into())).is_err());
}
