//! How a command went, before it is shown; it knows no way there.

use std::time::Duration;

use botkube_api::message::{Button, Message, Section};

use crate::{
    answer::{self, Status},
    command::Command,
    filter,
    port::PluginError,
    running::{Canceller, Ticket},
};

/// What to show, and how the command ended.
pub(super) struct Outcome {
    pub(super) status: Status,
    pub(super) messages: Vec<Message>,
    /// The line upstream puts above answers.
    pub(super) header: Option<String>,
}

impl Outcome {
    pub(super) fn of(answered: Result<Vec<Message>, PluginError>) -> Self {
        match answered {
            Ok(messages) => Self::succeeded(answer::shown(messages)),
            Err(PluginError::Unknown(reason)) => Self::refused(reason),
            Err(error) => Self::said(Status::Failed, error.to_string()),
        }
    }

    pub(super) fn succeeded(messages: Vec<Message>) -> Self {
        Self { status: Status::Succeeded, messages, header: None }
    }

    pub(super) fn refused(reason: String) -> Self {
        Self::said(Status::Refused, reason)
    }

    /// Nothing is said: another agent answers.
    pub(super) fn silent() -> Self {
        Self { status: Status::Refused, messages: Vec::new(), header: None }
    }

    pub(super) fn cancelled(ticket: Option<&Ticket>) -> Self {
        let text = match ticket.and_then(Ticket::cancelled_by) {
            Some(Canceller::Person(who)) => format!("Cancelled by {who}."),
            Some(Canceller::Agent) => {
                "Cut off: the agent was stopped before this command ended. Some of it may have been done; it is not run again."
                    .into()
            }
            None => "Cancelled.".into(),
        };
        Self::said(Status::Cancelled, text)
    }

    /// `is_own`: the limit is that of the group which binds the plugin.
    pub(super) fn timed_out(limit: Duration, is_own: bool) -> Self {
        let key = if is_own { "`timeout` of the group of executors" } else { "plugins.callTimeout" };
        Self::said(Status::TimedOut, format!("No answer within {limit:?} ({key}); the command was cancelled."))
    }

    /// The answer an input was to filter is no longer there, and nothing is run twice unasked.
    pub(super) fn gone(command: &Command) -> Self {
        let minutes = filter::AGE.as_secs() / 60;
        let section = Section::new()
            .body_text(format!(
                "The output is not there any more to be filtered: the latest is kept for {minutes} minutes. The command was \
                 not run again."
            ))
            .button(Button::command("Run it again", &command.text));
        Self { status: Status::Refused, messages: vec![Message::new().section(section)], header: None }
    }

    pub(super) fn said(status: Status, text: impl Into<String>) -> Self {
        Self { status, messages: vec![Message::code(text)], header: None }
    }

    /// With what `--filter` leaves of a good answer.
    pub(super) fn filtered(mut self, command: &Command) -> Self {
        if let Some(value) = command.filter().filter(|_| self.status == Status::Succeeded && !self.messages.is_empty())
            && !filter::apply(&mut self.messages, value)
        {
            self.messages.push(answer::empty());
        }
        self
    }

    /// With an input below each long output, to filter what was kept of it; below all of them where they were shown before.
    pub(super) fn offering(mut self, command: &Command, shown_before: bool) -> Self {
        if shown_before {
            self.messages.push(Message::new().input(filter::input(command)));
            return self;
        }
        for message in self.messages.iter_mut().filter(|message| filter::is_long(message)) {
            message.plaintext_inputs.push(filter::input(command));
        }
        self
    }
}
