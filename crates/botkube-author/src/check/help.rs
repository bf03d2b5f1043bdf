//! What a plugin shows people: its help, on every platform there is. It runs none of it.

use botkube_api::message::Message;
use botkube_core::{
    control::{self, Control},
    platform::{Audience, Capabilities, Post},
    render::{self, Fitted},
};

use super::{
    Verdict,
    subject::{Subject, shown as in_a_line},
};

/// The help, where there is one that can be read.
fn known(subject: &Subject) -> Option<Message> {
    let help = subject.said.as_ref().ok()?.help.as_ref().ok()?;
    let mut message = Message::from_json(help).ok()?;
    message.replace_bot_name("", None);
    (!message.is_empty()).then_some(message)
}

/// The commands its help offers, in their order, each once.
pub(super) fn examples(subject: &Subject) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let Some(message) = known(subject) else { return commands };
    for button in message.sections.iter().flat_map(|section| &section.buttons) {
        let command = button.command.trim();
        if !command.is_empty() && !commands.iter().any(|known| known == command) {
            commands.push(command.to_owned());
        }
    }
    commands
}

pub(super) async fn help(subject: &Subject) -> Verdict {
    let expected = || "a message that says what the plugin can do, with a button for each example".to_owned();
    let help = match subject.said.as_ref().map(|said| &said.help) {
        Ok(Ok(help)) => help,
        Ok(Err(reason)) => {
            return Verdict::default().failed(expected(), in_a_line(reason), "answer `Help` with a message".into());
        }
        Err(reason) => return Verdict::skipped(reason.clone()),
    };
    let write_one = || "write one: it is what people get who type the plugin's name and `help`".to_owned();
    if help.is_empty() {
        return Verdict::default().warning(expected(), "nothing at all".into(), write_one());
    }
    match (Message::from_json(help), Message::from_json_strict(help)) {
        (Err(error), _) => Verdict::default().failed(
            expected(),
            error.to_string(),
            "make the message with the SDK; `botkube message render` shows one and what is wrong with it".into(),
        ),
        (Ok(message), _) if message.is_empty() => {
            Verdict::default().warning(expected(), "an empty message".into(), write_one())
        }
        (Ok(_), Err(error)) => Verdict::default().warning(
            "a message with nothing in it that is unknown".into(),
            error.to_string(),
            "correct the key; the agent leaves out what it does not know".into(),
        ),
        (Ok(_), Ok(_)) => Verdict::default(),
    }
}

pub(super) async fn shown(subject: &Subject) -> Verdict {
    let Some(message) = known(subject) else { return Verdict::skipped("there is no help to show") };
    let mut verdict = Verdict::default();
    for (id, control) in control::controls(&message) {
        let is_link = matches!(control, Control::Button(button) if !button.url.is_empty());
        let is_idle = match control {
            Control::Button(button) => button.command.trim().is_empty() && !is_link,
            Control::MultiSelect(select) => select.command.trim().is_empty(),
            Control::Select(select) => select.command.trim().is_empty(),
            Control::Input(input) => input.command.trim().is_empty(),
        };
        if is_idle {
            verdict = verdict.failed(
                "a command or an address behind every button, select and input".into(),
                format!("`{}` ({id}) stands for nothing", in_a_line(control.name())),
                "give it a command that begins with the plugin's name".into(),
            );
        }
    }
    let floor = ("a platform of text alone".to_owned(), floor());
    for (name, capabilities) in subject.options.platforms.iter().chain([&floor]) {
        let post = Post {
            key: String::new(),
            message: message.clone(),
            header: None,
            live: None,
            audience: Audience::Everyone,
            anchor: None,
        };
        let fitted = render::fit(post, capabilities);
        let is_file = |fitted: &Fitted| matches!(fitted, Fitted::File { .. });
        let is_blank = |fitted: &Fitted| match fitted {
            Fitted::Post(post) => render::text(&post.message, render::TextStyle::default()).trim().is_empty(),
            Fitted::File { content, .. } => content.trim().is_empty(),
        };
        if fitted.iter().all(is_blank) {
            verdict = verdict.failed(
                "something to read on every platform".into(),
                format!("nothing is to be seen on {name}"),
                "give the help a text besides blanks".into(),
            );
        } else if fitted.iter().any(is_file) {
            verdict = verdict.warning(
                format!("a help that {name} shows in {} messages at most", capabilities.messages),
                "it is so long that people get it as a file".into(),
                "say the most important things, and link to the rest".into(),
            );
        }
    }
    verdict
}

pub(super) async fn commands(subject: &Subject) -> Verdict {
    let Some(message) = known(subject) else { return Verdict::skipped("there is no help") };
    let mut verdict = Verdict::default();
    let mut count = 0;
    for (_, control) in control::controls(&message) {
        let command = match control {
            Control::Button(button) => &button.command,
            Control::MultiSelect(select) => &select.command,
            Control::Select(select) => &select.command,
            Control::Input(input) => &input.command,
        };
        let first = command.split_whitespace().next();
        count += usize::from(first.is_some());
        if first.is_some_and(|first| first != subject.name) {
            verdict = verdict.failed(
                format!("commands that begin with `{}`, the name the plugin is called by", subject.name),
                format!("`{}` runs `{}`", in_a_line(control.name()), in_a_line(command.trim())),
                "begin it with the plugin's name; or, where the file was renamed, give it the plugin's own name again"
                    .into(),
            );
        }
    }
    if count == 0 { Verdict::skipped("the help offers none") } else { verdict }
}

/// Less than any platform there is: text, in messages as short as they come.
fn floor() -> Capabilities {
    Capabilities { text: 2000, code: 1900, message: 2000, messages: 10, ..Capabilities::text_only() }
}
