//! Answers of every kind on a platform that keeps what it was asked, fails on request, and takes its time.

use std::{
    sync::{Mutex, MutexGuard},
    time::SystemTime,
};

use async_trait::async_trait;
use botkube_api::message::Message;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{
    answer::{Content, Parts, Status},
    platform::{Audience, Capabilities, LiveState, Post},
};

/// What a platform was asked, each with the time since the beginning.
#[derive(Clone, Debug, PartialEq)]
enum Asked {
    Post(Post),
    Edit(String, Post),
    Attach(String, String),
    Form(Post),
}

struct Fake {
    capabilities: Capabilities,
    /// How long it takes for an operation.
    takes: Duration,
    asked: Mutex<Vec<(Duration, Asked)>>,
    /// What the next operations come to, the first of them last, if not well.
    fails: Mutex<Vec<Option<PlatformError>>>,
    began: Instant,
}

impl Fake {
    fn new(capabilities: Capabilities) -> Self {
        let (takes, asked, fails) = <_>::default();
        Self { capabilities, takes, asked, fails, began: Instant::now() }
    }

    async fn did(&self, asked: Asked) -> Result<Posted, PlatformError> {
        time::sleep(self.takes).await;
        let mut all = self.asked();
        all.push((self.began.elapsed(), asked));
        let number = all.len();
        drop(all);
        match self.fails.lock().unwrap().pop().flatten() {
            Some(error) => Err(error),
            None => Ok(Posted(number.to_string())),
        }
    }

    fn asked(&self) -> MutexGuard<'_, Vec<(Duration, Asked)>> {
        self.asked.lock().unwrap()
    }
}

#[async_trait]
impl Platform for Fake {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn post(&self, _: &Conversation, post: &Post) -> Result<Posted, PlatformError> {
        self.did(Asked::Post(post.clone())).await
    }

    async fn edit(&self, _: &Conversation, posted: &Posted, post: &Post) -> Result<(), PlatformError> {
        self.did(Asked::Edit(posted.0.clone(), post.clone())).await.map(|_| ())
    }

    async fn attach(&self, _: &Conversation, attachment: &Attachment) -> Result<Posted, PlatformError> {
        let content = std::fs::read_to_string(&attachment.path).unwrap();
        self.did(Asked::Attach(attachment.name.clone(), content)).await
    }

    async fn open_form(&self, _: &Conversation, _: &Anchor, form: &Post) -> Result<(), PlatformError> {
        self.did(Asked::Form(form.clone())).await.map(|_| ())
    }
}

/// Says something, a pause after each.
fn answer(said: Vec<(Content, Duration)>, status: Status) -> Answer {
    Answer::new("c1".parse().unwrap(), move |mut parts: Parts| async move {
        let cancel = CancellationToken::new();
        for (content, pause) in said {
            parts.say(content, &cancel).await;
            time::sleep(pause).await;
        }
        parts.end(status);
    })
}

fn anchor(original: Option<&str>) -> Anchor {
    Anchor { id: "a".into(), original: original.map(|id| Posted(id.into())), expires: None }
}

/// Shows these answers on this platform, and returns when all is shown.
async fn shown_on(fake: Fake, answers: Vec<(Answer, Option<Anchor>)>) -> Vec<(Duration, Asked)> {
    let (sender, jobs) = mpsc::channel(100);
    let fake = Arc::new(fake);
    for (number, (answer, anchor)) in answers.into_iter().enumerate() {
        let job = Job { answer, key: format!("k{number}"), person: "ada".into(), anchor };
        assert!(sender.try_send(job).is_ok());
    }
    drop(sender);
    Owner::new(fake.clone(), Conversation::default(), jobs).run(Duration::MAX / 4, |_| true).await;
    fake.asked().clone()
}

async fn shown(said: Vec<(Content, Duration)>, status: Status) -> Vec<(Duration, Asked)> {
    shown_on(Fake::new(Capabilities::everything()), vec![(answer(said, status), None)]).await
}

fn message(text: &str) -> Content {
    Content::Message { message: Box::new(Message::text(text)), header: Some("`x`".into()) }
}

fn output(text: &str) -> Content {
    Content::Text { text: text.into(), header: None }
}

/// The text of what was asked and how the command was said to do: running, ended, or nothing.
fn told(asked: &[(Duration, Asked)]) -> Vec<String> {
    let post = |verb: &str, post: &Post| {
        let body = &post.message.base_body;
        let state = match post.live.as_ref().map(|live| &live.state) {
            None => String::new(),
            Some(LiveState::Running(progress)) => format!(" (running {progress})"),
            Some(LiveState::Ended { status, .. }) => format!(" ({status:?})"),
        };
        format!("{verb} {}{}{state}", body.plaintext, body.code_block)
    };
    let one = |asked: &Asked| match asked {
        Asked::Post(it) => post("post", it),
        Asked::Edit(posted, it) => post(&format!("edit {posted}:"), it),
        Asked::Attach(name, content) => format!("attach {name} of {}", content.len()),
        Asked::Form(it) => post("form", it),
    };
    asked.iter().map(|(_, asked)| one(asked)).collect()
}

const NOW: Duration = Duration::ZERO;
const LONG: Duration = Duration::from_secs(2);

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_there_at_once_is_shown_once() {
    let asked = shown(vec![(message("hi"), NOW)], Status::Succeeded).await;
    assert_eq!(told(&asked), ["post hi (Succeeded)"]);
    let Asked::Post(post) = &asked[0].1 else { panic!() };
    assert_eq!((post.key.as_str(), post.header.as_deref(), &post.audience), ("k0/0", Some("`x`"), &Audience::Everyone));
}

#[tokio::test(start_paused = true)]
async fn a_command_that_says_nothing_is_shown_to_run_and_its_answer_takes_that_place() {
    let asked = shown(vec![(Content::Progress("1 of 2".into()), LONG), (message("hi"), NOW)], Status::Failed).await;
    assert_eq!(told(&asked), ["post  (running 1 of 2)", "edit 1: hi (Failed)"]);
    assert!(asked[0].0 <= Duration::from_millis(500), "{:?}", asked[0].0);
}

#[tokio::test(start_paused = true)]
async fn output_is_shown_as_soon_as_it_comes_and_grows_in_its_place() {
    let asked = shown(vec![(output("a\n"), LONG), (output("b\n"), LONG)], Status::Succeeded).await;
    assert_eq!(told(&asked), ["post a\n (running )", "edit 1: a\nb\n (running )", "edit 1: a\nb\n (Succeeded)"]);
    assert!(asked[0].0 < Duration::from_millis(10), "{:?}", asked[0].0);
}

#[tokio::test(start_paused = true)]
async fn only_the_last_message_says_how_the_command_is_doing() {
    let asked = shown(vec![(message("a"), LONG), (message("b"), NOW)], Status::Succeeded).await;
    assert_eq!(told(&asked), ["post a (running )", "edit 1: a", "post b (Succeeded)"]);
}

#[tokio::test(start_paused = true)]
async fn what_comes_faster_than_the_platform_goes_is_shown_together_at_its_pace() {
    let pace = Duration::from_secs(1);
    let fake = Fake::new(Capabilities { pace, ..Capabilities::everything() });
    let lines = (0..1000).map(|_| (output("x"), Duration::from_millis(10))).collect();
    let asked = shown_on(fake, vec![(answer(lines, Status::Succeeded), None)]).await;
    assert!((10..=13).contains(&asked.len()), "{}", asked.len());
    for pair in asked.windows(2) {
        assert!(pair[1].0 - pair[0].0 >= pace, "{:?}", told(&asked));
    }
    assert_eq!(told(&asked).last(), Some(&format!("edit 1: {} (Succeeded)", "x".repeat(1000))));
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_takes_its_time_does_not_hold_a_plugin() {
    let (sender, jobs) = mpsc::channel(1);
    let ended = Arc::new(Mutex::new(None));
    let (mark, began) = (ended.clone(), Instant::now());
    let answer = Answer::new("c1".parse().unwrap(), move |mut parts: Parts| async move {
        for _ in 0..100_000 {
            parts.say(output("line\n"), &CancellationToken::new()).await;
        }
        *mark.lock().unwrap() = Some(began.elapsed());
        parts.end(Status::Succeeded);
    });
    sender.send(Job { answer, key: "k".into(), person: String::new(), anchor: None }).await.unwrap();
    drop(sender);
    let capabilities = Capabilities { code: 10_000, ..Capabilities::everything() };
    let fake = Arc::new(Fake { takes: Duration::from_secs(20), ..Fake::new(capabilities) });
    Owner::new(fake.clone(), Conversation::default(), jobs).run(LONG, |_| true).await;
    assert!(ended.lock().unwrap().unwrap() < Duration::from_secs(1));
    let told = told(&fake.asked());
    assert_eq!(told.last().unwrap(), "attach output.txt of 500000");
    assert!(told[told.len() - 2].contains("bytes are left out here"), "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn an_update_takes_the_place_of_its_message() {
    let update = Content::Update { of: 1, message: Box::new(Message::text("b")) };
    let asked = shown(vec![(message("a"), LONG), (update, NOW)], Status::Succeeded).await;
    assert_eq!(told(&asked), ["post a (running )", "edit 1: b (Succeeded)"]);
}

#[tokio::test(start_paused = true)]
async fn where_messages_cannot_be_changed_nothing_is_and_the_end_is_said_all_the_same() {
    let fake = Fake::new(Capabilities { edits: false, ..Capabilities::everything() });
    let said = vec![(message("a"), LONG), (output("b"), LONG), (output("c"), 2 * LONG), (output("d"), NOW)];
    let asked = shown_on(fake, vec![(answer(said, Status::Failed), None)]).await;
    assert_eq!(told(&asked), ["post a (running )", "post bc (running )", "post d (Failed)"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_take_the_place_of_the_message_whose_control_was_used() {
    let replace = Content::Message { message: Box::new(Message::text("new").replace_original()), header: None };
    let answers = vec![(answer(vec![(replace, NOW)], Status::Succeeded), Some(anchor(Some("old"))))];
    let asked = shown_on(Fake::new(Capabilities::everything()), answers).await;
    assert_eq!(told(&asked), ["edit old: new (Succeeded)"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_for_one_person_is_shown_to_that_person() {
    let secret = Content::Message { message: Box::new(Message::text("s").only_visible_for_you()), header: None };
    let asked = shown(vec![(secret, NOW)], Status::Succeeded).await;
    assert!(matches!(&asked[0].1, Asked::Post(post) if post.audience == Audience::Person("ada".into())));
}

#[tokio::test(start_paused = true)]
async fn a_form_is_opened_while_its_anchor_lasts_and_posted_otherwise() {
    let form = |expires| {
        let message = Message::text("f").of_type(botkube_api::message::MessageType::Form);
        let content = Content::Message { message: Box::new(message), header: None };
        (answer(vec![(content, NOW)], Status::Succeeded), Some(Anchor { expires, ..anchor(None) }))
    };
    let asked =
        shown_on(Fake::new(Capabilities::everything()), vec![form(None), form(Some(SystemTime::UNIX_EPOCH))]).await;
    assert_eq!(told(&asked), ["form f", "post f (Succeeded)"]);
}

/// What is asked when the first operation fails like this.
async fn after(fail: PlatformError) -> Vec<(Duration, Asked)> {
    let fake = Fake { fails: Mutex::new(vec![Some(fail)]), ..Fake::new(Capabilities::everything()) };
    let said = vec![(message("a"), LONG), (message("b"), NOW)];
    shown_on(fake, vec![(answer(said, Status::Succeeded), None)]).await
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_asks_to_wait_is_left_alone_for_so_long() {
    let asked = after(PlatformError::Wait(Duration::from_secs(7))).await;
    assert_eq!(told(&asked), ["post a (running )", "post a", "post b (Succeeded)"]);
    assert!(asked[1].0 - asked[0].0 >= Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn what_failed_is_tried_again_with_the_same_key() {
    let asked = after(PlatformError::Failed("no route".into())).await;
    let keys: Vec<&str> = asked
        .iter()
        .map(|(_, asked)| match asked {
            Asked::Post(post) | Asked::Edit(_, post) => post.key.as_str(),
            _ => "",
        })
        .collect();
    assert_eq!(keys, ["k0/0", "k0/0", "k0/0", "k0/1"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_not_tried_again_and_the_rest_is_shown() {
    let asked = after(PlatformError::Refused("no".into())).await;
    assert_eq!(told(&asked), ["post a (running )", "post b (Succeeded)"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_not_there_any_more_is_shown_anew() {
    let fails = Mutex::new(vec![Some(PlatformError::Gone), None]);
    let fake = Fake { fails, ..Fake::new(Capabilities::everything()) };
    let said = vec![(output("a"), LONG), (output("b"), LONG), (output("c"), NOW)];
    let told = told(&shown_on(fake, vec![(answer(said, Status::Succeeded), None)]).await);
    assert_eq!(told, ["post a (running )", "edit 1: ab (running )", "post ab (running )", "edit 3: abc (Succeeded)"]);
}

#[tokio::test(start_paused = true)]
async fn two_answers_of_one_conversation_are_shown_side_by_side() {
    let slow = answer(vec![(message("slow"), LONG)], Status::Succeeded);
    let quick = answer(vec![(message("quick"), NOW)], Status::Succeeded);
    let asked = shown_on(Fake::new(Capabilities::everything()), vec![(slow, None), (quick, None)]).await;
    assert_eq!(told(&asked), ["post slow (running )", "post quick (Succeeded)", "edit 1: slow (Succeeded)"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_changes_all_the_time_does_not_keep_others_from_being_shown() {
    let pace = Duration::from_millis(100);
    let busy = (0..500).map(|_| (output("x"), Duration::from_millis(10))).collect();
    let late = Answer::new("c2".parse().unwrap(), move |mut parts: Parts| async move {
        time::sleep(Duration::from_secs(1)).await;
        parts.say(message("late"), &CancellationToken::new()).await;
        parts.end(Status::Succeeded);
    });
    let answers = vec![(answer(busy, Status::Succeeded), None), (late, None)];
    let asked = shown_on(Fake::new(Capabilities { pace, ..Capabilities::everything() }), answers).await;
    let is_late = |asked: &Asked| matches!(asked, Asked::Edit(_, post) | Asked::Post(post) if post.message.base_body.plaintext == "late");
    let (when, _) = asked.iter().find(|(_, asked)| is_late(asked)).unwrap();
    assert!(*when < Duration::from_millis(1500), "{when:?}");
}

/// A message that comes after it was shown that the command runs.
async fn after_silence(message: Message, original: Option<&str>) -> Vec<String> {
    let content = Content::Message { message: Box::new(message), header: None };
    let said = vec![(Content::Progress(String::new()), LONG), (content, NOW)];
    let answers = vec![(answer(said, Status::Succeeded), Some(anchor(original)))];
    told(&shown_on(Fake::new(Capabilities::everything()), answers).await)
}

#[tokio::test(start_paused = true)]
async fn what_everybody_saw_to_run_does_not_become_what_one_person_sees() {
    let told = after_silence(Message::text("s").only_visible_for_you(), None).await;
    assert_eq!(told, ["post  (running )", "edit 1:  (Succeeded)", "post s (Succeeded)"]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_still_takes_the_place_of_the_message_whose_control_was_used() {
    let told = after_silence(Message::text("new").replace_original(), Some("old")).await;
    assert_eq!(told, ["post  (running )", "edit 1:  (Succeeded)", "edit old: new (Succeeded)"]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_form_still_opens_and_only_once() {
    let form = Message::text("f").of_type(botkube_api::message::MessageType::Form);
    let told = after_silence(form, None).await;
    assert_eq!(told, ["post  (running )", "edit 1:  (Succeeded)", "form f"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_to_be_replaced_that_is_gone_is_posted_once() {
    let replace = Content::Message { message: Box::new(Message::text("new").replace_original()), header: None };
    let fake = Fake { fails: Mutex::new(vec![Some(PlatformError::Gone)]), ..Fake::new(Capabilities::everything()) };
    let answers = vec![(answer(vec![(replace, NOW)], Status::Succeeded), Some(anchor(Some("old"))))];
    assert_eq!(told(&shown_on(fake, answers).await), ["edit old: new (Succeeded)", "post new (Succeeded)"]);
}

#[tokio::test(start_paused = true)]
async fn what_may_stand_is_asked_for_as_it_was_and_changed_after_that() {
    let fake = Fake {
        fails: Mutex::new(vec![Some(PlatformError::Failed("no answer".into()))]),
        takes: Duration::from_secs(1),
        ..Fake::new(Capabilities::everything())
    };
    let said = vec![(output("a"), Duration::from_millis(10)), (output("b"), NOW)];
    let told = told(&shown_on(fake, vec![(answer(said, Status::Succeeded), None)]).await);
    assert_eq!(told, ["post a (running )", "post a (running )", "edit 2: ab (Succeeded)"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_is_not_changed_more_often_than_the_platform_likes_but_for_the_end() {
    let edits_every = Duration::from_secs(1);
    let fake = Fake::new(Capabilities { edits_every, ..Capabilities::everything() });
    let lines = (0..25).map(|_| (output("x"), Duration::from_millis(100))).collect();
    let quick = answer(vec![(message("quick"), NOW)], Status::Succeeded);
    let asked = shown_on(fake, vec![(answer(lines, Status::Succeeded), None), (quick, None)]).await;
    let times: Vec<u128> = asked.iter().map(|(time, _)| time.as_millis() / 100).collect();
    assert_eq!(times, [0, 0, 10, 20, 25], "{:?}", told(&asked));
}

#[tokio::test(start_paused = true)]
async fn an_update_that_needs_fewer_messages_leaves_nothing_behind() {
    let capabilities = Capabilities { code: 10, message: 10, ..Capabilities::everything() };
    let code = |text: &str| Box::new(Message::code(text));
    let said = vec![
        (Content::Message { message: code("123456789\nabcdefghi"), header: None }, LONG),
        (Content::Update { of: 1, message: code("123") }, NOW),
    ];
    let told = told(&shown_on(Fake::new(capabilities), vec![(answer(said, Status::Succeeded), None)]).await);
    assert_eq!(told[told.len() - 2..], ["edit 1: 123 (Succeeded)", "edit 2: …"], "{told:?}");
}

#[tokio::test(start_paused = true)]
async fn messages_that_are_too_many_are_counted() {
    let said = (0..300).map(|number| (message(&number.to_string()), NOW)).collect();
    let told = told(&shown(said, Status::Succeeded).await);
    assert_eq!(told.len(), 200);
    assert_eq!(told.last().unwrap(), "post … and 101 more messages, which one answer cannot show. (Succeeded)");
}

#[tokio::test(start_paused = true)]
async fn the_file_of_what_is_too_long_has_a_key_of_its_own() {
    let capabilities = Capabilities { code: 10, message: 100, messages: 2, ..Capabilities::everything() };
    let text = (0..100).map(|number| format!("line {number}\n")).collect::<String>();
    let long = Content::Message { message: Box::new(Message::code(&text)), header: None };
    let asked = shown_on(Fake::new(capabilities), vec![(answer(vec![(long, NOW)], Status::Succeeded), None)]).await;
    let keys: Vec<&str> = asked
        .iter()
        .map(|(_, asked)| match asked {
            Asked::Post(post) => post.key.as_str(),
            Asked::Attach(_, content) if content.contains("line 99") => "all of it",
            _ => "",
        })
        .collect();
    assert_eq!(keys, ["k0/0", "k0/0.2", "all of it"]);
}
