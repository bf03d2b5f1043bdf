//! How what the agent shows is seen. It knows no platform.

use std::{io::Write, time::Duration};

use botkube_api::message::{Button, Message, Section, Select};
use botkube_core::{
    answer::Status,
    conversation::Conversation,
    platform::{Attachment, Audience, LiveState, Post},
    testing::words,
};
use tempfile::NamedTempFile;

use super::{Check, Run, Stop, live, must, needs, post, readable, told, with};
use crate::{
    gallery::{EXHIBITS, Show},
    stage::{ADA, BOB, Seen, Stage},
};

/// A limit above which a platform has none.
const LIMIT: usize = 100_000;

pub(super) async fn everything_in_a_message_can_be_read(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![]);
    for exhibit in EXHIBITS {
        let Show::Message(message) = exhibit.show else { continue };
        // What a terminal would obey is made visible in another form.
        if exhibit.verb == "hostile" {
            continue;
        }
        let mut message = message();
        message.replace_bot_name(&run.capabilities().bot_name, None);
        let before = stage.seen_by(ADA).await.len();
        run.show(exhibit.verb, message.clone()).await?;
        let all =
            |seen: &[Seen]| words(&seen[before.min(seen.len())..].iter().map(|seen| &*seen.text).collect::<String>());
        let is_missing = |seen: &[Seen]| {
            let all = all(seen);
            readable(&message).into_iter().find(|text| !all.contains(&words(text)))
        };
        run.until(ADA, &format!("all of `gallery {}` can be read", exhibit.verb), |seen| is_missing(seen).is_none())
            .await?;
    }
    Ok(())
}

pub(super) async fn code_is_shown_as_it_is(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![]);
    let code = "<b>&lt;</b> *x* _y_ `z` ~q~ [a](b)\n  two  blanks\n\n@here <!channel> 日本 👩‍👩‍👧";
    run.post(&post("k", Message::code(code))).await?;
    run.until(ADA, "code is there, with its blanks and line ends", |seen| with(seen, code).len() == 1).await?;
    Ok(())
}

pub(super) async fn messages_stand_in_the_order_they_came(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![]);
    for number in 0..5 {
        run.post(&post(&format!("k{number}"), Message::text(format!("number {number}")))).await?;
    }
    let in_order = |seen: &[Seen]| {
        let numbers: Vec<_> = with(seen, "number ").into_iter().map(|seen| seen.text.clone()).collect();
        numbers.len() == 5 && numbers.is_sorted()
    };
    run.until(ADA, "five messages stand in their order", in_order).await?;
    Ok(())
}

pub(super) async fn a_key_is_shown_once(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![]);
    let first = run.post(&post("k", Message::text("only once"))).await?;
    let again = run.post(&post("k", Message::text("only once"))).await?;
    must(first == again, || format!("the same key is {first:?} and then {again:?}"))?;
    run.post(&post("k2", Message::text("the end"))).await?;
    let seen = run.until(ADA, "what comes after it is there", |seen| !with(seen, "the end").is_empty()).await?;
    let times = with(&seen, "only once").len();
    must(times == 1, || format!("it is there {times} times"))
}

pub(super) async fn what_is_within_the_limits_is_taken(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![]);
    let limits = run.capabilities().clone();
    let room = |limit: usize| limit.min(limits.message).min(LIMIT);
    run.post(&post("code", Message::code("c".repeat(room(limits.code))))).await?;
    run.post(&post("text", Message::text("t".repeat(room(limits.text))))).await?;
    if limits.sections == 0 {
        return Ok(());
    }
    let few = |limit: usize| limit.min(20);
    let label = limits.label.min(limits.message / 64).min(LIMIT);
    // The bot's name comes before the command.
    let value = limits.value.saturating_sub(limits.bot_name.chars().count() + 10).min(1_000);
    let name = |number: usize| format!("{number}{}", "n".repeat(label.saturating_sub(3)));
    let mut section = Section::new();
    for number in 0..few(limits.buttons) {
        section = section.button(Button::command(name(number), format!("kit {number} {}", "v".repeat(value))));
    }
    for number in 0..few(limits.fields) {
        section = section.field(format!("field {number}"), "value");
    }
    if limits.selects > 0 {
        let options = (0..limits.options.min(200)).map(|number| (name(number), format!("value-{number}")));
        section = section.select(Select::new(name(0), "kit select").group("", options.collect::<Vec<_>>()));
    }
    run.show("controls", Message::new().section(section)).await?;
    let sections = (0..few(limits.sections)).map(|number| Section::new().header(format!("head {number}")));
    run.show("sections", sections.fold(Message::new(), Message::section)).await
}

pub(super) async fn an_edit_takes_the_place_of_its_message(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![]);
    needs(run.capabilities().edits, "it cannot change messages")?;
    let posted = run.post(&post("a", Message::text("before"))).await?;
    run.post(&post("b", Message::text("below"))).await?;
    run.edit(&posted, &post("a", Message::text("after"))).await?;
    let is_so = |seen: &[Seen]| {
        let place = |text: &str| seen.iter().position(|seen| seen.by.is_none() && seen.text.contains(text));
        place("before").is_none() && place("after").is_some() && place("after") < place("below")
    };
    run.until(ADA, "the message is another, in the same place", is_so).await?;
    Ok(())
}

pub(super) async fn an_edit_can_be_made_again(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![]);
    needs(run.capabilities().edits, "it cannot change messages")?;
    let posted = run.post(&post("a", Message::text("zero"))).await?;
    for text in ["one", "one", "two"] {
        run.edit(&posted, &post("a", Message::text(text))).await?;
    }
    run.until(ADA, "the last edit counts", |seen| with(seen, "two").len() == 1 && with(seen, "one").is_empty()).await?;
    Ok(())
}

pub(super) async fn how_a_command_is_doing_is_shown(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![]);
    needs(run.capabilities().live, "it does not show by itself how a command is doing")?;
    let running = LiveState::Running("3 of 7".into());
    let message = |state| Post { live: live(state), ..post("a", Message::text("output")) };
    let posted = run.post(&message(running.clone())).await?;
    let shows =
        |seen: &[Seen], state: &LiveState| with(seen, "output").iter().any(|seen| seen.live.as_ref() == Some(state));
    run.until(ADA, "it is shown to run", |seen| shows(seen, &running)).await?;
    needs(run.capabilities().edits, "it cannot change messages")?;
    let ended = LiveState::Ended { status: Status::Failed, took: Duration::from_secs(3) };
    run.edit(&posted, &message(ended.clone())).await?;
    run.until(ADA, "it is shown to have ended", |seen| shows(seen, &ended)).await?;
    Ok(())
}

pub(super) async fn a_file_is_shown_with_its_name_and_all_of_it(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![]);
    needs(run.capabilities().files, "it takes no files")?;
    let content = "line\n".repeat(20_000).into_bytes();
    attach(&run, "k", &content, Audience::Everyone).await?;
    let is_so = |seen: &Seen| seen.text.contains("output.txt") && seen.file.as_ref() == Some(&content);
    // The file it was made of is not there any more.
    run.until(ADA, "the file is there, with all of it", |seen| seen.iter().any(is_so)).await?;
    Ok(())
}

pub(super) async fn a_file_is_shown_once(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![]);
    needs(run.capabilities().files, "it takes no files")?;
    attach(&run, "k", b"content", Audience::Everyone).await?;
    attach(&run, "k", b"content", Audience::Everyone).await?;
    run.post(&post("end", Message::text("the end"))).await?;
    let seen = run.until(ADA, "what comes after it is there", |seen| !with(seen, "the end").is_empty()).await?;
    let times = seen.iter().filter(|seen| seen.file.is_some()).count();
    must(times == 1, || format!("it is there {times} times"))
}

pub(super) async fn what_is_for_one_person_is_seen_by_that_person_alone(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![]);
    needs(run.capabilities().ephemeral, "everybody sees everything there")?;
    let ada = || Audience::Person(ADA.to_owned());
    run.post(&Post { audience: ada(), ..post("a", Message::text("a secret")) }).await?;
    if run.capabilities().files {
        attach(&run, "f", b"a secret file", ada()).await?;
    }
    run.post(&post("b", Message::text("the end"))).await?;
    run.until(ADA, "ada sees it", |seen| !with(seen, "a secret").is_empty()).await?;
    let seen = run.until(BOB, "bob sees what comes after it", |seen| !with(seen, "the end").is_empty()).await?;
    must(with(&seen, "a secret").is_empty() && seen.iter().all(|seen| seen.file.is_none()), || {
        format!("bob sees {}", told(&seen))
    })
}

pub(super) async fn an_unknown_conversation_is_an_error(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![]);
    let nowhere = Conversation { alias: "nowhere".into(), id: "nowhere".into(), ..Conversation::default() };
    let posted = run.platform.post(&nowhere, &post("k", Message::text("lost"))).await;
    must(posted.is_err(), || format!("it says it was shown: {posted:?}"))
}

async fn attach(run: &Run<'_>, key: &str, content: &[u8], audience: Audience) -> Check {
    let broken = |error: std::io::Error| Stop::Broken(format!("no file can be made for the check: {error}"));
    let mut file = NamedTempFile::new().map_err(broken)?;
    file.write_all(content).map_err(broken)?;
    let attachment = Attachment {
        key: key.to_owned(),
        name: "output.txt".to_owned(),
        path: file.path().to_owned(),
        size: content.len() as u64,
        audience,
        anchor: None,
    };
    let attached = run.platform.attach(&run.conversation, &attachment).await;
    run.rest().await;
    attached.map_err(|error| Stop::Broken(format!("a file is not shown: {error}")))?;
    Ok(())
}
