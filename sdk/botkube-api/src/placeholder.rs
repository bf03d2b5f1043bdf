//! The bot's name inside messages (contract-plugins §3.12): plugins write a placeholder, platforms put the name in.
//! Must not know any platform's way to mention a bot.

use std::fmt::Write;

use crate::message::{Body, Button, LabelInput, Message, OptionItem, Section};

/// What plugins write where the bot's name belongs.
pub const BOT_NAME: &str = "{{BotName}}";

impl Message {
    /// Puts `name` in the place of every [`BOT_NAME`] that people see or send.
    ///
    /// With an empty name one blank behind the placeholder goes too, so that `{{BotName}} echo hi` becomes `echo hi`.
    /// With a cluster, each button whose command had the placeholder also gets `--cluster-name="<cluster>" ` at its
    /// end. URLs, ids, user handles and thread ids stay as they are.
    ///
    /// Bullet lists are covered and the number of replacements has no limit, unlike in the original.
    pub fn replace_bot_name(&mut self, name: &str, cluster: Option<&str>) {
        let cluster = cluster.filter(|cluster| !cluster.is_empty());
        self.visit(&mut |place, text| {
            if !text.contains(BOT_NAME) {
                return;
            }
            *text = replaced(text, name);
            if let (Place::ButtonCommand, Some(cluster)) = (place, cluster) {
                text.push(' ');
                text.push_str(&cluster_flag(cluster));
            }
        });
    }

    fn visit(&mut self, change: &mut impl FnMut(Place, &mut String)) {
        self.base_body.visit(change);
        self.sections.iter_mut().for_each(|section| section.visit(change));
        self.plaintext_inputs.iter_mut().for_each(|input| input.visit(change));
    }
}

/// Which text a visitor is at.
#[derive(Clone, Copy)]
enum Place {
    ButtonCommand,
    Other,
}

impl Section {
    fn visit(&mut self, change: &mut impl FnMut(Place, &mut String)) {
        change(Place::Other, &mut self.header);
        change(Place::Other, &mut self.description);
        self.body.visit(change);
        self.buttons.iter_mut().for_each(|button| button.visit(change));
        change(Place::Other, &mut self.multi_select.name);
        change(Place::Other, &mut self.multi_select.command);
        self.multi_select.description.visit(change);
        let multi_options = self.multi_select.options.iter_mut().chain(&mut self.multi_select.initial_options);
        multi_options.for_each(|option| option.visit(change));
        for select in &mut self.selects.items {
            change(Place::Other, &mut select.name);
            change(Place::Other, &mut select.command);
            for group in &mut select.option_groups {
                change(Place::Other, &mut group.name);
                group.options.iter_mut().for_each(|option| option.visit(change));
            }
            select.initial_option.iter_mut().for_each(|option| option.visit(change));
        }
        self.plaintext_inputs.iter_mut().for_each(|input| input.visit(change));
        for field in &mut self.text_fields {
            change(Place::Other, &mut field.key);
            change(Place::Other, &mut field.value);
        }
        for list in &mut self.bullet_lists {
            change(Place::Other, &mut list.title);
            list.items.iter_mut().for_each(|item| change(Place::Other, item));
        }
        self.context.iter_mut().for_each(|item| change(Place::Other, &mut item.text));
    }
}

impl Body {
    fn visit(&mut self, change: &mut impl FnMut(Place, &mut String)) {
        change(Place::Other, &mut self.code_block);
        change(Place::Other, &mut self.plaintext);
    }
}

impl Button {
    fn visit(&mut self, change: &mut impl FnMut(Place, &mut String)) {
        change(Place::ButtonCommand, &mut self.command);
        change(Place::Other, &mut self.description);
        change(Place::Other, &mut self.name);
    }
}

impl OptionItem {
    fn visit(&mut self, change: &mut impl FnMut(Place, &mut String)) {
        change(Place::Other, &mut self.name);
        change(Place::Other, &mut self.value);
    }
}

impl LabelInput {
    fn visit(&mut self, change: &mut impl FnMut(Place, &mut String)) {
        change(Place::Other, &mut self.command);
        change(Place::Other, &mut self.text);
        change(Place::Other, &mut self.placeholder);
    }
}

/// A command line addressed to the bot.
pub(crate) fn addressed(command: impl AsRef<str>) -> String {
    format!("{BOT_NAME} {}", command.as_ref())
}

fn replaced(text: &str, name: &str) -> String {
    if !name.is_empty() {
        return text.replace(BOT_NAME, name);
    }
    let mut parts = text.split(BOT_NAME);
    let mut result = parts.next().unwrap_or_default().to_owned();
    parts.for_each(|part| result.push_str(part.strip_prefix(' ').unwrap_or(part)));
    result
}

/// The flag by which a control names its cluster, with the blank behind it.
pub(crate) fn cluster_flag(cluster: &str) -> String {
    format!("--cluster-name={} ", quoted(cluster))
}

/// A text in quotes as Go's `%q` writes it, which is how an input puts what was typed behind its command
/// (contract-plugins §3.6).
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    push_quoted(&mut quoted, text);
    quoted
}

/// Appends `text` in quotes as Go's `%q` does.
fn push_quoted(target: &mut String, text: &str) {
    target.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => target.extend(['\\', character]),
            '\x07' => target.push_str("\\a"),
            '\x08' => target.push_str("\\b"),
            '\x0C' => target.push_str("\\f"),
            '\n' => target.push_str("\\n"),
            '\r' => target.push_str("\\r"),
            '\t' => target.push_str("\\t"),
            '\x0B' => target.push_str("\\v"),
            hidden if hidden.is_control() || (hidden.is_whitespace() && hidden != ' ') => {
                let written = match hidden.is_ascii() {
                    true => write!(target, "\\x{:02x}", u32::from(hidden)),
                    false => write!(target, "\\u{:04x}", u32::from(hidden)),
                };
                written.expect("writing to a string cannot fail");
            }
            shown => target.push(shown),
        }
    }
    target.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &str, name: &str, after: &str) {
        let mut message = Message::text(before);
        message.replace_bot_name(name, Some("c\"1"));
        assert_eq!(message.base_body.plaintext, after, "{before:?} as {name:?}");
    }

    #[test]
    fn every_placeholder_becomes_the_name() {
        check("{{BotName}} a, {{BotName}}", "@Bk", "@Bk a, @Bk");
        check(&"{{BotName}}".repeat(150), "x", &"x".repeat(150));
        check("no name {{Bot", "@Bk", "no name {{Bot");
    }

    #[test]
    fn an_empty_name_takes_one_blank_with_it() {
        check("{{BotName}} echo hi", "", "echo hi");
        check("say {{BotName}}  x {{BotName}}", "", "say  x ");
    }

    #[test]
    fn only_buttons_that_name_the_bot_get_the_cluster() {
        let command = "{{BotName}} kubectl get po";
        let mut message =
            Message::new().input(LabelInput { command: command.into(), ..LabelInput::default() }).section(
                Section::new()
                    .button(Button { command: command.into(), ..Button::default() })
                    .button(Button { command: "kubectl".into(), ..Button::default() })
                    .select(crate::message::Select::new("", "kubectl get po")),
            );
        let mut nowhere = message.clone();
        message.replace_bot_name("@Bk", Some("c\"1"));
        nowhere.replace_bot_name("@Bk", Some(""));
        let section = &message.sections[0];
        assert_eq!(section.buttons[0].command, "@Bk kubectl get po --cluster-name=\"c\\\"1\" ");
        assert_eq!(section.buttons[1].command, "kubectl");
        assert_eq!(section.selects.items[0].command, "@Bk kubectl get po");
        assert_eq!(message.plaintext_inputs[0].command, "@Bk kubectl get po");
        assert_eq!(nowhere.sections[0].buttons[0].command, "@Bk kubectl get po");
    }

    #[test]
    fn ids_urls_and_handles_keep_the_placeholder_and_nothing_else_does() {
        let full = include_str!("message/full.json");
        let marked = serde_json::from_str(full).map(|value| mark(value, "")).unwrap();
        let mut message = Message::from_json(marked.to_string().as_bytes()).unwrap();
        message.replace_bot_name("@Bk", None);
        let left = String::from_utf8(message.to_json()).unwrap();
        assert_eq!(left.matches(BOT_NAME).count(), 4, "url, select id, user handle, parent activity: {left}");
    }

    /// Puts a placeholder into every text that is not one of a fixed set.
    fn mark(value: serde_json::Value, key: &str) -> serde_json::Value {
        const FIXED: [&str; 6] = ["type", "timestamp", "divider", "style", "descriptionStyle", "dispatchedAction"];
        match value {
            serde_json::Value::String(text) if !FIXED.contains(&key) => format!("{text} {BOT_NAME}").into(),
            serde_json::Value::Array(items) => items.into_iter().map(|item| mark(item, key)).collect(),
            serde_json::Value::Object(map) => {
                map.into_iter().map(|(key, value)| (key.clone(), mark(value, &key))).collect()
            }
            other => other,
        }
    }

    #[test]
    fn quoting_is_gos() {
        let mut quoted = String::new();
        push_quoted(&mut quoted, "a\\b\"\n\x01\u{85}\u{a0}é");
        assert_eq!(quoted, r#""a\\b\"\n\x01\u0085\u00a0é""#);
    }
}
