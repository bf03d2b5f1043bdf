//! How a command is doing, in words, for platforms that do not show it by themselves. It knows no clock: what runs is said to
//! run since a time.

use std::time::Duration;

use botkube_api::message::{Button, Message, Section, Timestamp};

use crate::{
    answer::Status,
    platform::{Live, LiveState},
};

/// Of a plain success that took less, nothing is said: the answer says it.
const AT_ONCE: Duration = Duration::from_secs(1);

/// What to put below the answer: for a running command since when it runs, how far it is and a button that cancels it, for
/// one that ended how and after how long. Nothing of a plain success in less than a second, unless there `is_nothing` else.
pub(super) fn in_words(live: &Live, is_nothing: bool) -> Message {
    let section = Section::new().without_divider();
    let section = match &live.state {
        LiveState::Running(progress) => {
            let since = Timestamp::from(live.since).to_string();
            let since = format!("{} UTC", since.get(11..19).unwrap_or(&since));
            let said = match progress.as_str() {
                "" => format!("running since {since}"),
                progress => format!("running since {since}: {progress}"),
            };
            section.button(Button::command("Cancel", format!("cancel {}", live.command)).danger()).context(said)
        }
        LiveState::Ended { status: Status::Succeeded, took } if *took < AT_ONCE && !is_nothing => {
            return Message::new();
        }
        LiveState::Ended { status, took } => {
            let took = lasted(*took);
            section.context(match status {
                Status::Succeeded => format!("done in {took}"),
                Status::Failed => format!("failed after {took}"),
                Status::Refused => "not run".to_owned(),
                Status::Cancelled => format!("cancelled after {took}"),
                Status::TimedOut => format!("timed out after {took}"),
            })
        }
    };
    Message::new().section(section)
}

fn lasted(took: Duration) -> String {
    match took.as_secs() {
        0..10 => format!("{:.1}s", took.as_secs_f64()),
        seconds @ 10..60 => format!("{seconds}s"),
        seconds @ 60..3600 => format!("{}m{}s", seconds / 60, seconds % 60),
        seconds => format!("{}h{}m", seconds / 3600, seconds / 60 % 60),
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;
    use crate::render::{TextStyle, text};

    #[track_caller]
    fn check(state: LiveState, expected: &str) {
        let live = Live {
            command: "c5".parse().unwrap(),
            since: SystemTime::UNIX_EPOCH + Duration::from_millis(3_723_400),
            state,
        };
        assert_eq!(text(&in_words(&live, false), TextStyle::default()), expected);
    }

    fn ended(status: Status, millis: u64) -> LiveState {
        LiveState::Ended { status, took: Duration::from_millis(millis) }
    }

    #[test]
    fn what_runs_is_said_to_run_with_the_command_that_cancels_it() {
        check(LiveState::Running(String::new()), "  [Cancel] cancel c5\nrunning since 01:02:03 UTC");
        check(LiveState::Running("3 of 7".into()), "  [Cancel] cancel c5\nrunning since 01:02:03 UTC: 3 of 7");
    }

    #[test]
    fn what_ended_is_one_line() {
        check(ended(Status::Succeeded, 1_200), "done in 1.2s");
        check(ended(Status::Failed, 42), "failed after 0.0s");
        check(ended(Status::Cancelled, 59_999), "cancelled after 59s");
        check(ended(Status::TimedOut, 300_000), "timed out after 5m0s");
        check(ended(Status::Succeeded, 7_260_000), "done in 2h1m");
        check(ended(Status::Refused, 1), "not run");
    }

    #[test]
    fn of_a_plain_success_at_once_nothing_is_said() {
        check(ended(Status::Succeeded, 999), "");
    }
}
