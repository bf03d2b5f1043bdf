//! What can be typed in a conversation, made from what is bound there; it knows no plugin but by name.

use botkube_api::message::{Button, Message, Section};

use super::{Desk, VERBS};

/// The help of the agent (`contract-host §2.9`), of this channel and with all its executors.
pub(super) fn help(desk: &Desk<'_>) -> Message {
    let cluster = &desk.config.settings.cluster_name;
    let flags = Section::new()
        .header("Everywhere")
        .description(
            "`--filter TEXT` shows only the lines that contain TEXT; `--cluster-name NAME` has only the agent of that cluster \
             answer. Behind `--` both belong to the executor.",
        )
        .body_code(format!("--cluster-name={cluster}"));
    Message::new().section(executors(desk)).section(commands()).section(flags)
}

fn executors(desk: &Desk<'_>) -> Section {
    let names = desk.bindings.names();
    if names.is_empty() {
        return Section::new().header("Executors").body_text(how_to_bind(desk));
    }
    let mut section = Section::new().header("Executors").description("What is bound in this channel:");
    for name in names {
        let help = format!("{name} help");
        let aliases = super::list::aliases_of(desk, name);
        let button = Button::command(&help, &help);
        section = section.button(match aliases.is_empty() {
            true => button,
            false => button.text(format!("{name}, also {aliases}")),
        });
    }
    section
}

fn commands() -> Section {
    let width = VERBS.iter().map(|verb| verb.typed.len()).max().unwrap_or(0);
    let line = |verb: &super::Verb| format!("{:width$}  {}", verb.typed, verb.about);
    let lines: Vec<String> = VERBS.iter().filter(|verb| !verb.typed.is_empty()).map(line).collect();
    Section::new()
        .header("The agent")
        .body_code(lines.join("\n"))
        .button(Button::command("Ping", "ping"))
        .button(Button::command("List sources", "list sources"))
        .button(Button::command("List executors", "list executors"))
}

/// What to do where no executor is bound.
pub(super) fn how_to_bind(desk: &Desk<'_>) -> String {
    let none = "No executor is bound in this channel.";
    let groups: Vec<String> = desk.config.executors.iter().map(|group| format!("`{}`", group.name)).collect();
    match groups.is_empty() {
        true => format!(
            "{none} Define a group under `executors` in the configuration, for example `tools: {{botkube/kubectl: {{enabled: \
             true}}}}`, and name it in the channel's `bindings.executors`."
        ),
        false => format!(
            "{none} Name a group in the channel's `bindings.executors` in the configuration; there is {}.",
            groups.join(", ")
        ),
    }
}
