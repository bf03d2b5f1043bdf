//! Writes an answer as it comes, to a pipe or a script's output; it knows no platform. Conversations that people share have
//! [`chat`](crate::chat).

use botkube_api::message::Message;

use crate::answer::{Answer, Content, Status};

/// A place that shows messages.
pub trait Surface {
    /// Shows a message; `header` is the line upstream puts above it.
    fn show(&mut self, message: &Message, header: Option<&str>);

    /// Shows more of a command's output, right behind what it showed of it before.
    fn output(&mut self, text: &str, header: Option<&str>);

    /// Shows a message that takes the place of one shown before; `place` counts the messages [`show`](Self::show) was given for
    /// this answer, from 0.
    fn update(&mut self, _place: usize, message: &Message) {
        self.show(message, None);
    }

    /// Shows how far the command is, in place of what was said of that before.
    fn progress(&mut self, _text: &str) {}
}

/// Shows an answer to its end and says how it ended. Whoever makes the answer waits while the surface is slow.
pub async fn deliver(mut answer: Answer, surface: &mut impl Surface) -> Status {
    // The numbers of the parts that brought messages.
    let mut shown = Vec::new();
    while let Some(part) = answer.next().await {
        match part.content {
            Content::Message { message, header } => {
                shown.push(part.number);
                surface.show(&message, header.as_deref());
            }
            Content::Update { of, message } => match shown.iter().position(|number| *number == of) {
                Some(place) => surface.update(place, &message),
                None => {
                    shown.push(of);
                    surface.show(&message, None);
                }
            },
            Content::Text { text, header } => surface.output(&text, header.as_deref()),
            Content::Progress(text) => surface.progress(&text),
            Content::End(status) => return status,
        }
    }
    // Whoever made the answer is gone with its runtime.
    Status::Cancelled
}
