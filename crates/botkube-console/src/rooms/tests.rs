//! What a person sees of a channel, whatever happens in it.

use botkube_api::message::{Button, Section};
use botkube_core::{
    control::Entered,
    platform::{Live, LiveState},
};

use super::*;
use crate::store::{InMemory, Session, disk::Disk};

fn ops() -> Conversation {
    Conversation { alias: "ops".into(), ..Conversation::default() }
}

fn rooms() -> Arc<Rooms> {
    Rooms::new(vec![ops()], Arc::new(InMemory::default()))
}

fn post(key: &str, message: Message) -> Post {
    Post { key: key.into(), message, header: None, live: None, audience: Audience::Everyone, anchor: None }
}

fn running(post: Post) -> Post {
    let state = LiveState::Running("1 of 2".into());
    let live = Live { command: "c1".parse().unwrap(), since: SystemTime::now(), state };
    Post { live: Some(live), ..post }
}

fn codes(entries: &[Arc<Entry>]) -> Vec<&str> {
    entries.iter().map(|entry| entry.message.as_ref().unwrap().base_body.code_block.as_str()).collect()
}

#[tokio::test]
async fn who_looks_sees_what_was_shown_and_then_what_happens() {
    let rooms = rooms();
    let first = rooms.post(&ops(), &post("a", Message::code("a"))).await.unwrap();
    let (entries, mut watch) = rooms.watch("ops", "ada", 0).unwrap();
    assert_eq!(codes(&entries), ["a"]);
    rooms.post(&ops(), &post("b", Message::code("b"))).await.unwrap();
    assert!(matches!(watch.next().await, Some(Change::Entry(entry)) if entry.id == "2"));
    let before = rooms.revision("ops").unwrap();
    rooms.edit(&ops(), &first, &post("a", Message::code("c"))).await.unwrap();
    let (entries, _) = rooms.watch("ops", "ada", before).unwrap();
    assert_eq!(codes(&entries), ["c"]);
}

#[tokio::test]
async fn the_same_key_is_shown_once() {
    let rooms = rooms();
    let first = rooms.post(&ops(), &post("a", Message::code("a"))).await;
    assert_eq!(rooms.post(&ops(), &post("a", Message::code("a"))).await, first);
    assert_eq!(rooms.watch("ops", "ada", 0).unwrap().0.len(), 1);
}

#[tokio::test]
async fn output_that_grows_is_told_by_what_is_new_of_it() {
    let rooms = rooms();
    let posted = rooms.post(&ops(), &running(post("a", Message::code("a\n")))).await.unwrap();
    let (entries, mut watch) = rooms.watch("ops", "ada", 0).unwrap();
    let live = running(post("a", Message::code("a\nb\n")));
    let since = Live {
        since: std::time::UNIX_EPOCH + std::time::Duration::from_millis(entries[0].live.as_ref().unwrap().since),
        ..live.live.clone().unwrap()
    };
    rooms.edit(&ops(), &posted, &Post { live: Some(since), ..live }).await.unwrap();
    assert!(matches!(watch.next().await, Some(Change::Grown { text, .. }) if text == "b\n"));
    rooms.edit(&ops(), &posted, &post("a", Message::code("a\nb\n"))).await.unwrap();
    assert!(matches!(watch.next().await, Some(Change::Entry(_))), "its state is no growth");
}

#[tokio::test]
async fn what_is_for_one_person_is_seen_by_that_person_alone() {
    let rooms = rooms();
    let (_, mut bob) = rooms.watch("ops", "bob", 0).unwrap();
    let secret = Post { audience: Audience::Person("ada".into()), ..post("a", Message::code("secret")) };
    rooms.post(&ops(), &secret).await.unwrap();
    rooms.post(&ops(), &post("b", Message::code("open"))).await.unwrap();
    assert_eq!(codes(&rooms.watch("ops", "ada", 0).unwrap().0), ["secret", "open"]);
    assert_eq!(codes(&rooms.watch("ops", "bob", 0).unwrap().0), ["open"]);
    assert!(matches!(bob.next().await, Some(Change::Entry(entry)) if entry.id == "2"));
    let (entry, control) = ("1".to_owned(), "b0.0".parse().unwrap());
    let used = Used { entry, control, values: vec![], entered: Entered::default() };
    let person = Person { id: "bob".into(), name: String::new() };
    assert_eq!(rooms.press("ops", &person, "k", &used), Err(Refused::NoMessage));
}

#[tokio::test]
async fn a_channel_keeps_its_newest_entries_and_one_that_is_gone_cannot_be_changed() {
    let rooms = rooms();
    let first = rooms.post(&ops(), &post("0", Message::code("0"))).await.unwrap();
    for number in 1..=KEPT {
        rooms.post(&ops(), &post(&number.to_string(), Message::code("x"))).await.unwrap();
    }
    assert_eq!(rooms.watch("ops", "ada", 0).unwrap().0.len(), KEPT);
    assert_eq!(rooms.edit(&ops(), &first, &post("0", Message::code("y"))).await, Err(PlatformError::Gone));
}

#[tokio::test]
async fn who_is_too_slow_is_told_to_look_again() {
    let rooms = rooms();
    let (_, mut watch) = rooms.watch("ops", "ada", 0).unwrap();
    for number in 0..=WAITING {
        rooms.post(&ops(), &post(&number.to_string(), Message::code("x"))).await.unwrap();
    }
    assert_eq!(watch.next().await, Some(Change::Missed));
}

#[tokio::test]
async fn what_ran_when_the_agent_ended_has_ended() {
    let dir = tempfile::tempdir().unwrap();
    let rooms = Rooms::new(vec![ops()], Arc::new(Disk::open(dir.path()).unwrap()));
    rooms.post(&ops(), &running(post("a", Message::code("a")))).await.unwrap();
    drop(rooms);
    let rooms = Rooms::new(vec![ops()], Arc::new(Disk::open(dir.path()).unwrap()));
    let (entries, _) = rooms.watch("ops", "ada", 0).unwrap();
    assert!(matches!(&entries[0].live, Some(Doing { state: State::Ended { status: Status::Cancelled, .. }, .. })));
    let note = entries[1].message.as_ref().unwrap();
    assert!(note.base_body.plaintext.contains("it is not run again"), "{note:?}");
    // Entries go on where they were.
    assert_eq!(rooms.post(&ops(), &post("b", Message::code("b"))).await, Ok(Posted("3".into())));
}

#[tokio::test]
async fn a_channel_that_comes_back_has_what_was_said_in_it_and_what_ended_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let rooms = Rooms::new(vec![ops()], Arc::new(Disk::open(dir.path()).unwrap()));
    let posted = rooms.post(&ops(), &running(post("a", Message::code("a")))).await.unwrap();
    let (_, mut watch) = rooms.watch("ops", "ada", 0).unwrap();
    rooms.arrange(vec![Conversation { alias: "dev".into(), ..Conversation::default() }]);
    assert_eq!(watch.next().await, None);
    assert!(rooms.watch("ops", "ada", 0).is_err());
    rooms.edit(&ops(), &posted, &post("a", Message::code("b"))).await.unwrap();
    rooms.arrange(vec![ops()]);
    assert_eq!(codes(&rooms.watch("ops", "ada", 0).unwrap().0), ["b"]);
    assert_eq!(rooms.post(&ops(), &post("c", Message::code("c"))).await, Ok(Posted("2".into())));
}

/// A store that an agent left, which was killed.
struct Left(Vec<Entry>);

impl Store for Left {
    fn load(&self, _: &str) -> Vec<Entry> {
        self.0.clone()
    }

    fn keep(&self, _: &str, _: &Arc<Entry>) {}

    fn forget(&self, _: &str, _: &Entry) {}

    fn settle(&self) -> bool {
        true
    }

    fn keep_file(&self, _: &Attachment) -> std::io::Result<String> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    fn file(&self, _: &str) -> Option<PathBuf> {
        None
    }

    fn sessions(&self) -> Vec<Session> {
        Vec::new()
    }

    fn keep_session(&self, _: &Session) {}

    fn forget_session(&self, _: &str) {}
}

/// What a person typed at this time, in milliseconds since 1970.
fn typed(kept: &mut Kept, at: u64) -> Entry {
    let entry = kept.new_entry(By { id: "ada".into(), ..By::default() }, &format!("ada/{at}"));
    Entry { at, revision: kept.resumed + at, text: Some("ping".into()), how: Some(Origin::Typed), ..entry }
}

#[test]
fn only_what_was_said_right_before_the_end_may_have_lost_its_answer() {
    let mut kept = Kept::default();
    let left = [1000, 60_000, 64_000].map(|at| typed(&mut kept, at)).to_vec();
    let rooms = Rooms::new(vec![ops()], Arc::new(Left(left)));
    let (entries, _) = rooms.watch("ops", "ada", 0).unwrap();
    let answered: Vec<_> = entries.iter().filter_map(|entry| entry.answers.as_deref()).collect();
    assert_eq!(answered, ["2", "3"]);
}

#[test]
fn what_was_told_and_not_kept_before_a_kill_is_told_anew() {
    let mut kept = Kept::new(Vec::new());
    let entry = Entry { text: None, ..typed(&mut kept, 1) };
    let last = entry.revision;
    let rooms = Rooms::new(vec![ops()], Arc::new(Left(vec![entry])));
    let is_known = |revision| rooms.knows("ops", revision).unwrap();
    assert_eq!((is_known(last), is_known(last + 9)), (true, false));
    let seen = |after| rooms.watch("ops", "ada", after).unwrap().0.len();
    assert_eq!((seen(last), seen(last + 9)), (0, 1));
    assert!(is_known(rooms.revision("ops").unwrap()));
}

#[tokio::test]
async fn what_cannot_be_done_is_said_with_what_can() {
    let rooms = rooms();
    let ada = Person { id: "ada".into(), name: "Ada".into() };
    let error = rooms.say("dev", &ada, "k", "ping").unwrap_err();
    assert_eq!(error.to_string(), "there is no channel \"dev\"; there are: ops");
    assert_eq!(rooms.say("ops", &ada, "k", "ping"), Err(Refused::NotReady));
    let command = "c9".parse().unwrap();
    assert_eq!(rooms.cancel("ops", &ada, command), Err(Refused::NotReady));
}

#[tokio::test]
async fn options_are_those_that_contain_what_was_typed() {
    let rooms = rooms();
    let option = |name: &str| OptionItem::new(name, name.to_lowercase());
    let mut section = Section::new().button(Button::command("b", "b"));
    section.selects.items.push(botkube_api::message::Select {
        name: "Resource".into(),
        option_groups: vec![OptionGroup { name: "Pods".into(), options: ["Web", "DB"].map(option).to_vec() }],
        ..Default::default()
    });
    rooms.post(&ops(), &post("a", Message::new().section(section))).await.unwrap();
    let ada = Person::default();
    let found = rooms.options("ops", &ada, "1", &"s0.0".parse().unwrap(), "WE").unwrap();
    assert_eq!(found[0].options, [option("Web")]);
    assert_eq!(rooms.options("ops", &ada, "1", &"s0.0".parse().unwrap(), "none").unwrap(), []);
    assert!(matches!(rooms.options("ops", &ada, "1", &"b0.0".parse().unwrap(), ""), Err(Refused::Control(_))));
}
