//! What people say and do reaches the agent, and its answers reach them. It knows no platform.

use botkube_api::message::{Button, Message, MessageType, Section};
use botkube_core::{
    control::{Control, Entered, controls, press},
    platform::LiveState,
    testing::words,
};
use tokio::time;

use super::{Check, Run, Stop, must, needs, told, with};
use crate::{
    agent::{DEADLINE, PLUGIN, Reply},
    gallery::{EXHIBITS, Show},
    stage::{ADA, BOB, Press, Seen, Stage},
};

pub(super) async fn what_is_said_reaches_the_plugin_as_it_was_said(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![]);
    let text = "kit say \"a  b\" --flag=<x> &amp; 日本";
    run.say(text).await?;
    run.asked(1).await?;
    let call = run.agent.calls().remove(0);
    must(call.typed.ends_with(text) && call.command == text, || format!("it is asked {:?}", call.typed))?;
    must(call.actor.id == ADA, || format!("{:?} is said to have said it", call.actor))?;
    must(call.interactive == run.conversation.interactive, || "it is told another kind of conversation".to_owned())?;
    run.until(ADA, "the answer is there", |seen| !with(seen, "done").is_empty()).await?;
    run.until(BOB, "everybody sees the answer", |seen| !with(seen, "done").is_empty()).await?;
    Ok(())
}

pub(super) async fn it_is_acknowledged_before_it_is_answered(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![Reply::Later(Box::new(Message::text("at last")))]);
    let acknowledged = time::timeout(DEADLINE / 4, run.say("kit 0")).await;
    acknowledged.map_err(|_| Stop::Broken("it is not acknowledged while the plugin works".to_owned()))??;
    run.asked(1).await?;
    run.agent.go_on();
    run.until(ADA, "the answer is there", |seen| !with(seen, "at last").is_empty()).await?;
    Ok(())
}

pub(super) async fn an_event_that_is_told_twice_is_run_once(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![Reply::Message(Box::new(Message::text("once")))]);
    run.say_as("a", "kit 0").await?;
    run.say_as("a", "kit 0").await?;
    run.say_as("b", "kit other").await?;
    run.until(ADA, "both answers are there", |seen| !with(seen, "once").is_empty() && !with(seen, "done").is_empty())
        .await?;
    // Only what was run can be asked.
    run.asked(2).await
}

pub(super) async fn a_used_control_is_what_upstream_makes_of_it(stage: &dyn Stage) -> Check {
    let shown = |verb: &str| {
        EXHIBITS.iter().find(|exhibit| exhibit.verb == verb).and_then(|exhibit| match exhibit.show {
            Show::Message(message) => Some(Reply::Message(Box::new(message()))),
            Show::Reply(_) => None,
        })
    };
    let verbs = ["buttons", "selects", "multiselect", "inputs"];
    let run = Run::new(stage, verbs.iter().filter_map(|verb| shown(verb)).collect());
    let mut used = 0;
    for number in 0..verbs.len() {
        let before = stage.seen_by(ADA).await;
        run.say_as(&format!("say-{number}"), &format!("{PLUGIN} {number}")).await?;
        let is_new = |seen: &&Seen| {
            seen.by.is_none() && seen.message.is_some() && !before.iter().any(|other| other.id == seen.id)
        };
        let has_ended =
            |seen: &[Seen]| seen.iter().any(|seen| is_new(&seen) && !matches!(seen.live, Some(LiveState::Running(_))));
        let seen = run.until(ADA, "the message is there", has_ended).await?;
        for seen in seen.iter().filter(is_new) {
            used += use_all(&run, seen).await?;
        }
    }
    needs(used > 0, "it has no controls")
}

/// Uses every control of a message and compares what the plugin is asked; how many there are.
async fn use_all(run: &Run<'_>, seen: &Seen) -> Result<usize, Stop> {
    let Some(message) = &seen.message else { return Ok(0) };
    let mut used = 0;
    for (id, control) in controls(message) {
        let values: Vec<String> = match control {
            Control::Button(button) if button.command.is_empty() => continue,
            Control::Button(_) => vec![],
            Control::Select(select) => {
                let options = select.option_groups.iter().flat_map(|group| &group.options);
                // One without options is asked for them while somebody types.
                vec![options.last().map_or("typed", |option| &option.value).to_owned()]
            }
            Control::MultiSelect(select) => select.options.iter().take(2).map(|option| option.value.clone()).collect(),
            Control::Input(_) => vec!["a \"b\"  c".to_owned()],
        };
        let expected = press(message, &id, &values, &Entered::default())
            .map_err(|error| Stop::Broken(format!("`{id}` cannot be used: {error}")))?
            .without_mention(&run.capabilities().bot_name);
        let before = run.agent.calls().len();
        let press = Press { message: seen.id.clone(), control: id, values, entered: Entered::default() };
        let event = format!("press-{}-{id}", seen.id);
        let pressed = run.stage.press(ADA, &event, &press).await;
        pressed.map_err(|told| Stop::Broken(format!("`{}` cannot be used: {told}", control.name())))?;
        run.asked(before + 1).await?;
        let call = run.agent.calls().remove(before);
        must(call.typed == expected.text, || {
            format!("`{}` asks {:?}, not {:?}", control.name(), call.typed, expected.text)
        })?;
        for (block, actions) in &expected.controls.values {
            for (action, held) in actions {
                // What Slack makes up for a block's id is not known to anybody.
                must(call.controls.value(None, action) == held.value(), || {
                    format!("the plugin is told {:?}, and not of {block:?} {action:?} {held:?}", call.controls)
                })?;
            }
        }
        used += 1;
    }
    Ok(used)
}

pub(super) async fn an_event_of_a_used_control_that_is_told_twice_is_run_once(stage: &dyn Stage) -> Check {
    let (run, press) = with_button(stage, Message::text("unused")).await?;
    for event in ["a", "a", "b"] {
        stage.press(ADA, event, &press).await.map_err(|told| Stop::Broken(format!("it cannot be used: {told}")))?;
    }
    // The first call showed the button.
    run.asked(3).await
}

pub(super) async fn a_command_can_be_cancelled_where_it_is_shown(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![Reply::Output("some output\n".into())]);
    run.say("kit 0").await?;
    let seen = run.until(ADA, "the output is there", |seen| !with(seen, "some output").is_empty()).await?;
    let shown = with(&seen, "some output")[0].clone();
    if run.capabilities().live {
        let cancelled = stage.cancel(ADA, &shown.id).await;
        cancelled.map_err(|told| Stop::Broken(format!("it cannot be cancelled: {told}")))?;
    } else {
        let is_shown = |seen: &[Seen]| words(&with(seen, "").iter().map(|seen| &*seen.text).collect::<String>());
        run.until(ADA, "there is a way to cancel it", |seen| is_shown(seen).contains("Cancel")).await?;
        run.say_as("cancel", "cancel c1").await?;
    }
    run.until(ADA, "it is shown to be cancelled", |seen| !with(seen, "Cancelled").is_empty()).await?;
    Ok(())
}

pub(super) async fn an_answer_may_take_the_place_of_the_message_whose_control_was_used(stage: &dyn Stage) -> Check {
    needs(stage.platform().capabilities().edits, "it cannot change messages")?;
    let (run, press) = with_button(stage, Message::text("replaced").replace_original()).await?;
    stage.press(ADA, "press", &press).await.map_err(|told| Stop::Broken(format!("it cannot be used: {told}")))?;
    let is_so = |seen: &[Seen]| {
        with(seen, "replaced").iter().any(|seen| seen.id == press.message) && with(seen, "a button").is_empty()
    };
    run.until(ADA, "the answer stands in the place of the message", is_so).await?;
    Ok(())
}

pub(super) async fn a_form_opens_for_the_person_who_asked(stage: &dyn Stage) -> Check {
    needs(stage.platform().capabilities().forms, "it has no forms")?;
    let (run, press) = with_button(stage, Message::text("a form").of_type(MessageType::Form)).await?;
    stage.press(ADA, "press", &press).await.map_err(|told| Stop::Broken(format!("it cannot be used: {told}")))?;
    run.until(ADA, "it is open", |seen| seen.iter().any(|seen| seen.is_form && seen.text.contains("a form"))).await?;
    let seen = stage.seen_by(BOB).await;
    must(with(&seen, "a form").is_empty(), || format!("bob sees {}", told(&seen)))
}

/// A message with a button that was asked for and is there, and what it is to use the button; it is answered with this message.
async fn with_button(stage: &dyn Stage, answer: Message) -> Result<(Run<'_>, Press), Stop> {
    needs(stage.platform().capabilities().buttons > 0, "it has no buttons")?;
    needs(stage.platform().capabilities().sections > 0, "it has no buttons")?;
    let button = Message::new().section(Section::new().header("a button").button(Button::command("Go", "kit 1")));
    let run = Run::new(stage, vec![Reply::Message(Box::new(button)), Reply::Message(Box::new(answer))]);
    run.say("kit 0").await?;
    let is_there =
        |seen: &[Seen]| with(seen, "a button").iter().any(|seen| !matches!(seen.live, Some(LiveState::Running(_))));
    let seen = run.until(ADA, "the button is there", is_there).await?;
    let shown = with(&seen, "a button")[0];
    let message = shown.message.as_ref().ok_or_else(|| Stop::Broken("the message has no controls".to_owned()))?;
    let (control, _) = *controls(message).first().ok_or(Stop::NotAsked("the button has no room there"))?;
    let press = Press { message: shown.id.clone(), control, values: vec![], entered: Entered::default() };
    Ok((run, press))
}
