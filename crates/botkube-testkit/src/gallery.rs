//! A plugin that shows one of everything a plugin can answer, a verb each. Every control sends a command beginning with
//! `gallery used`, which is answered with exactly what came with it. It knows the SDK alone, as plugins do.

mod live;
mod messages;
#[cfg(test)]
mod tests;

use botkube_plugin::prelude::*;
use serde_json::json;

use messages as m;

/// The executor `gallery`.
pub struct Gallery;

/// What a verb shows.
pub struct Exhibit {
    /// The word behind `gallery`.
    pub verb: &'static str,
    /// What there is to see.
    pub about: &'static str,
    /// How it is answered.
    pub show: Show,
}

/// How a verb is answered.
#[derive(Clone, Copy)]
pub enum Show {
    /// With a message that stays where it is posted; `gallery all` shows it, too.
    Message(fn() -> Message),
    /// With something else. What follows the verb is given.
    Reply(fn(&str) -> Result<Reply>),
}

use Show::{Message as One, Reply as Other};

/// Everything there is to see, in the order of `gallery help`.
#[rustfmt::skip]
pub const EXHIBITS: &[Exhibit] = &[
    Exhibit { verb: "text", about: "Prose with the markup people use", show: One(m::text) },
    Exhibit { verb: "code", about: "A small table in fixed width", show: One(m::code) },
    Exhibit { verb: "both", about: "Prose and code in one body", show: One(m::both) },
    Exhibit { verb: "long", about: "Code of 500 lines", show: One(m::long) },
    Exhibit { verb: "wide", about: "Code of 300 columns", show: One(m::wide) },
    Exhibit { verb: "filter", about: "Output of a command, which can be filtered", show: One(m::filter) },
    Exhibit { verb: "unicode", about: "Wide, joined and combined characters, in both directions", show: One(m::unicode) },
    Exhibit { verb: "hostile", about: "Markup, scripts and escape sequences, to be shown and not obeyed", show: One(m::hostile) },
    Exhibit { verb: "section", about: "A section with everything that is no control", show: One(m::section) },
    Exhibit { verb: "sections", about: "Sections with and without a line between them", show: One(m::sections) },
    Exhibit { verb: "fields", about: "Short facts side by side", show: One(m::fields) },
    Exhibit { verb: "bullets", about: "Lists with a title each", show: One(m::bullets) },
    Exhibit { verb: "context", about: "Small print", show: One(m::context) },
    Exhibit { verb: "time", about: "A message with the time of what it tells", show: One(m::time) },
    Exhibit { verb: "buttons", about: "Buttons of every style, with every kind of description", show: One(m::buttons) },
    Exhibit { verb: "selects", about: "Selects: grouped, chosen at first, and searched", show: One(m::selects) },
    Exhibit { verb: "multiselect", about: "A select of many options", show: One(m::multi_select) },
    Exhibit { verb: "inputs", about: "Inputs that send on Enter, while typing, and never", show: One(m::inputs) },
    Exhibit { verb: "many", about: "More controls, options, fields and sections than platforms take", show: One(m::many) },
    Exhibit { verb: "event", about: "An event of one section, without controls", show: One(m::event) },
    Exhibit { verb: "card", about: "A text whose buttons come in a message of their own", show: One(m::card) },
    Exhibit { verb: "form", about: "A form, where there are forms", show: One(m::form) },
    Exhibit { verb: "ephemeral", about: "A message that only you see", show: One(m::ephemeral) },
    Exhibit { verb: "thread", about: "A message in the thread of the question", show: One(m::thread) },
    Exhibit { verb: "replace", about: "A message that takes the place of its original when its button is used", show: Other(m::replace) },
    Exhibit { verb: "user", about: "A message to the user named behind it", show: Other(m::user) },
    Exhibit { verb: "parent", about: "A message in the thread named behind it", show: Other(m::parent) },
    Exhibit { verb: "several", about: "Three messages", show: Other(m::several) },
    Exhibit { verb: "skip", about: "Nothing at all", show: Other(|_| Ok(Reply::skip())) },
    Exhibit { verb: "huge", about: "Text of 300,000 characters, which no chat takes as a message", show: Other(m::huge) },
    Exhibit { verb: "error", about: "An error", show: Other(m::error) },
    Exhibit { verb: "stream", about: "Five lines over two seconds", show: Other(live::stream) },
    Exhibit { verb: "live", about: "A message that changes in its place, with progress", show: Other(live::live) },
    Exhibit { verb: "endless", about: "A message that changes until it is cancelled", show: Other(live::endless) },
    Exhibit { verb: "fail", about: "Three lines and then an error", show: Other(live::fail) },
    Exhibit { verb: "all", about: "Every message that stays, one below the other", show: Other(live::all) },
];

impl Executor for Gallery {
    type Config = NoConfig;

    fn about(&self) -> About {
        let about = about!().name("gallery").example("Everything", "gallery all");
        about.example("Buttons", "gallery buttons")
    }

    async fn execute(&self, call: Call<NoConfig>) -> Result<Reply> {
        let (verb, rest) = call.arguments().split_once(' ').unwrap_or((call.arguments(), ""));
        if verb == "used" {
            return used(&call);
        }
        let Some(exhibit) = EXHIBITS.iter().find(|exhibit| exhibit.verb == verb) else {
            let verbs: Vec<_> = EXHIBITS.iter().map(|exhibit| exhibit.verb).collect();
            return Err(Error::for_user(format!("There is no {verb:?} in the gallery, but: {}.", verbs.join(", "))));
        };
        match exhibit.show {
            Show::Message(message) => Ok(message().into()),
            Show::Reply(reply) => reply(rest.trim()),
        }
    }

    fn help(&self) -> Message {
        let section = Section::new().header("Gallery").description("One of everything a plugin can answer");
        let button =
            |exhibit: &Exhibit| Button::command(exhibit.verb, format!("gallery {}", exhibit.verb)).text(exhibit.about);
        Message::new().section(EXHIBITS.iter().map(button).fold(section, Section::button))
    }
}

/// What a call is told, as JSON, so that tests can compare it.
fn used(call: &Call<NoConfig>) -> Result<Reply> {
    let told = json!({
        "command": call.command(),
        "text": call.trigger().text,
        "user": { "mention": call.user().mention, "displayName": call.user().display_name },
        "interactive": call.is_interactive(),
        "slackState": call.slack_state()?,
    });
    Ok(Message::code(serde_json::to_string_pretty(&told)?).into())
}
