//! What becomes of what is shown when the platform fails. It knows no platform.

use std::time::Duration;

use botkube_api::message::Message;
use botkube_core::{
    answer::Status,
    platform::{LiveState, PlatformError},
};
use tokio::time;

use super::{Check, Run, Stop, must, needs, post, with};
use crate::{
    agent::Reply,
    stage::{ADA, Seen, Stage, Trouble},
};

pub(super) async fn what_fails_is_said_to_fail_and_is_shown_when_tried_again(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![]);
    makes(stage, Trouble::Fails).await?;
    let message = post("k", Message::text("once"));
    let failed = run.platform.post(&run.conversation, &message).await;
    must(matches!(failed, Err(PlatformError::Failed(_))), || format!("what fails is said to be {failed:?}"))?;
    run.rest().await;
    run.post(&message).await?;
    run.until(ADA, "it is there once", |seen| with(seen, "once").len() == 1).await?;
    Ok(())
}

pub(super) async fn what_was_shown_although_the_answer_was_lost_is_shown_once(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![]);
    makes(stage, Trouble::AnswerLost).await?;
    let message = post("k", Message::text("once"));
    // Whether the platform finds out by itself that it was shown is its own affair.
    let _ = run.platform.post(&run.conversation, &message).await;
    run.rest().await;
    run.post(&message).await?;
    run.post(&post("end", Message::text("the end"))).await?;
    let seen = run.until(ADA, "what comes after it is there", |seen| !with(seen, "the end").is_empty()).await?;
    let times = with(&seen, "once").len();
    must(times == 1, || format!("it is there {times} times"))
}

pub(super) async fn an_edit_whose_answer_was_lost_can_be_made_again(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![]);
    needs(run.capabilities().edits, "it cannot change messages")?;
    let posted = run.post(&post("k", Message::text("before"))).await?;
    makes(stage, Trouble::AnswerLost).await?;
    let after = post("k", Message::text("after"));
    let _ = run.platform.edit(&run.conversation, &posted, &after).await;
    run.rest().await;
    run.edit(&posted, &after).await?;
    run.until(ADA, "it is there once", |seen| with(seen, "after").len() == 1).await?;
    Ok(())
}

pub(super) async fn it_says_for_how_long_it_wants_to_be_left_alone(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![]);
    // Real ones count in whole seconds.
    makes(stage, Trouble::Busy(Duration::from_secs(1))).await?;
    let message = post("k", Message::text("later"));
    let busy = run.platform.post(&run.conversation, &message).await;
    let Err(PlatformError::Wait(pause)) = busy else {
        return Err(Stop::Broken(format!("it says {busy:?}")));
    };
    must(pause <= Duration::from_secs(2), || format!("it asks to wait for {pause:?}, and not for a second"))?;
    time::sleep(pause).await;
    run.post(&message).await?;
    run.until(ADA, "it is there", |seen| with(seen, "later").len() == 1).await?;
    Ok(())
}

pub(super) async fn a_message_that_is_not_there_any_more_is_said_to_be_gone(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![]);
    needs(run.capabilities().edits, "it cannot change messages")?;
    let posted = run.post(&post("k", Message::text("before"))).await?;
    makes(stage, Trouble::Gone(posted.clone())).await?;
    let edited = run.platform.edit(&run.conversation, &posted, &post("k", Message::text("after"))).await;
    must(edited == Err(PlatformError::Gone), || format!("it says {edited:?}"))
}

pub(super) async fn an_answer_is_shown_although_its_place_has_expired(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![Reply::Later(Box::new(Message::text("at last")))]);
    run.say("kit 0").await?;
    run.asked(1).await?;
    makes(stage, Trouble::Expired).await?;
    run.agent.go_on();
    run.until(ADA, "the answer is there", |seen| !with(seen, "at last").is_empty()).await?;
    Ok(())
}

pub(super) async fn when_the_agent_stops_every_command_is_shown_to_have_ended(stage: &dyn Stage) -> Check {
    let run = Run::new(stage, vec![Reply::Output("some output\n".into())]);
    run.say("kit 0").await?;
    run.until(ADA, "the output is there", |seen| !with(seen, "some output").is_empty()).await?;
    run.agent.chat.stop().await;
    let is_so = |seen: &[Seen]| {
        let is_running = seen.iter().any(|seen| matches!(seen.live, Some(LiveState::Running(_))));
        let is_cancelled = |seen: &Seen| {
            matches!(seen.live, Some(LiveState::Ended { status: Status::Cancelled, .. }))
                || seen.text.to_lowercase().contains("cancelled")
        };
        !is_running && seen.iter().any(is_cancelled)
    };
    run.until(ADA, "the command is shown to have been cancelled", is_so).await?;
    Ok(())
}

async fn makes(stage: &dyn Stage, trouble: Trouble) -> Check {
    needs(stage.trouble(trouble).await, "it cannot happen there")
}
