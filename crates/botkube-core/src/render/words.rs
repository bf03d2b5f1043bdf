//! What stands in for a control where it cannot be shown: its label and what to type or open. It knows no limits.

use std::borrow::Cow;

use botkube_api::message::{Body, Button, LabelInput, Message, MultiSelect, OptionItem, Section, Select, TextField};

/// A line of a message as text, or several that belong together.
pub(super) enum Line<'a> {
    /// A blank line, where there is something before it.
    Gap,
    /// Prose; what belongs to its first line is indented deeper.
    Prose { indent: usize, text: Cow<'a, str> },
    /// Code, as it is.
    Code(&'a str),
}

/// Lines under one that says what they are about, which may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct List {
    pub(super) title: String,
    pub(super) items: Vec<String>,
}

/// The whole message.
pub(super) fn lines(message: &Message) -> Vec<Line<'_>> {
    let mut lines = Lines::default();
    lines.body(&message.base_body);
    message.sections.iter().for_each(|section| lines.section(section));
    message.plaintext_inputs.iter().for_each(|input| lines.item(self::input(input)));
    if !message.timestamp.is_zero() {
        lines.prose(0, message.timestamp.to_string());
    }
    lines.0
}

/// What a button runs, opens and is about.
pub(super) fn button(button: &Button) -> String {
    let Button { name, command, url, description, .. } = button;
    let mut targets: Vec<&str> =
        [command, url].into_iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    if description != command && description != url && !description.is_empty() {
        targets.push(description);
    }
    labelled(name, &targets.join(" - "))
}

/// Where to put what one would type into an input.
pub(super) fn input(input: &LabelInput) -> String {
    let LabelInput { command, text, placeholder, .. } = input;
    let hint = if placeholder.is_empty() { String::new() } else { format!(" - {placeholder}") };
    labelled(text, &format!("{command}\"TEXT\"{hint}"))
}

/// The whole command of each option. The first list is of the select itself, the others of its named groups.
pub(super) fn select(select: &Select) -> Vec<List> {
    let item = |option: &OptionItem| {
        let chosen = select.initial_option.as_ref() == Some(option);
        described(option, format!("{} {}", select.command, option.value), chosen)
    };
    let title = labelled(&select.name, &format!("{} VALUE", select.command));
    let mut lists = vec![List { title, items: Vec::new() }];
    for group in &select.option_groups {
        let items = group.options.iter().map(item);
        match group.name.as_str() {
            "" if lists.len() == 1 => lists[0].items.extend(items),
            name => lists.push(List { title: name.to_owned(), items: items.collect() }),
        }
    }
    let listed = |option: &&OptionItem| select.option_groups.iter().any(|group| group.options.contains(option));
    lists[0].items.extend(select.initial_option.iter().filter(|option| !listed(option)).map(item));
    lists
}

/// The values to put together.
pub(super) fn multi_select(select: &MultiSelect) -> List {
    let chosen = |option: &OptionItem| select.initial_options.contains(option);
    let unlisted = select.initial_options.iter().filter(|option| !select.options.contains(option));
    let items =
        select.options.iter().chain(unlisted).map(|option| described(option, option.value.clone(), chosen(option)));
    List { title: labelled(&select.name, &format!("{} VALUE,VALUE", select.command)), items: items.collect() }
}

/// Whether there is anything of a multi-select to tell.
pub(super) fn is_said(select: &MultiSelect) -> bool {
    *select != MultiSelect::default()
}

/// A short fact; empty when it is.
pub(super) fn field(field: &TextField) -> String {
    match (field.key.as_str(), field.value.as_str()) {
        ("", value) => value.to_owned(),
        (key, "") => format!("{key}:"),
        (key, value) => format!("{key}: {value}"),
    }
}

/// An item of a list.
pub(super) fn bullet(item: &str) -> String {
    format!("• {item}")
}

fn labelled(name: &str, rest: &str) -> String {
    match (name, rest) {
        ("", rest) => rest.to_owned(),
        (name, "") => format!("[{name}]"),
        (name, rest) => format!("[{name}] {rest}"),
    }
}

fn described(option: &OptionItem, rest: String, is_chosen: bool) -> String {
    let chosen = if is_chosen { " (chosen)" } else { "" };
    match option.name.as_str() {
        "" => rest + chosen,
        name if name == option.value => rest + chosen,
        name => format!("{name}: {rest}{chosen}"),
    }
}

#[derive(Default)]
struct Lines<'a>(Vec<Line<'a>>);

impl<'a> Lines<'a> {
    fn section(&mut self, section: &'a Section) {
        if !self.0.is_empty() {
            self.0.push(Line::Gap);
        }
        self.prose(0, section.header.as_str());
        self.prose(0, section.description.as_str());
        self.body(&section.body);
        section.text_fields.iter().for_each(|field| self.item(self::field(field)));
        for list in &section.bullet_lists {
            self.prose(0, list.title.as_str());
            list.items.iter().for_each(|item| self.item(bullet(item)));
        }
        section.buttons.iter().for_each(|button| self.item(self::button(button)));
        self.multi_select(&section.multi_select);
        for select in &section.selects.items {
            for (number, list) in self::select(select).into_iter().enumerate() {
                self.list(if number == 0 { 2 } else { 4 }, list);
            }
        }
        section.plaintext_inputs.iter().for_each(|input| self.item(self::input(input)));
        section.context.iter().for_each(|item| self.prose(0, item.text.as_str()));
    }

    fn body(&mut self, body: &'a Body) {
        self.prose(0, body.plaintext.as_str());
        if !body.code_block.is_empty() {
            self.0.push(Line::Code(&body.code_block));
        }
    }

    fn multi_select(&mut self, select: &'a MultiSelect) {
        if is_said(select) {
            self.body(&select.description);
            self.list(2, self::multi_select(select));
        }
    }

    fn list(&mut self, indent: usize, list: List) {
        self.prose(indent, list.title);
        list.items.into_iter().for_each(|item| self.prose(indent + 2, item));
    }

    fn item(&mut self, text: String) {
        self.prose(2, text);
    }

    fn prose(&mut self, indent: usize, text: impl Into<Cow<'a, str>>) {
        let text = text.into();
        if !text.is_empty() {
            self.0.push(Line::Prose { indent, text });
        }
    }
}
