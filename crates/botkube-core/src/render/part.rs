//! A message taken apart into parts in reading order, each of which a platform can show by itself; what it cannot show has
//! become words here. It knows nothing of how many parts make a message.

use botkube_api::message::{
    Body, Button, LabelInput, Message, MultiSelect, OptionGroup, OptionItem, Section, SectionStyle, Select, SelectType,
    TextField, Timestamp,
};

use super::{
    cut::{Kind, fits},
    words::{self, Line, List},
};
use crate::platform::Capabilities;

/// The smallest thing that is moved, or cut where it is a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Part {
    /// A section begins: how it is set off, and the block of its drop-downs.
    Section(SectionStyle, String),
    Header(String),
    Description(String),
    Prose(String),
    Code(String),
    Field(TextField),
    /// A list begins; its title may be empty.
    List(String),
    Item(String),
    Button(Button),
    MultiSelect(MultiSelect),
    Select(Select),
    Input(LabelInput),
    Context(String),
    /// An input below all sections.
    Below(LabelInput),
    Timestamp(Timestamp),
    /// A blank line, where all is one text.
    Gap,
}

/// What a platform can show of one message, without contradictions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) buttons: usize,
    pub(super) selects: usize,
    pub(super) multi_selects: bool,
    pub(super) options: usize,
    pub(super) inputs: usize,
    pub(super) label: usize,
    pub(super) value: usize,
    pub(super) sections: usize,
    pub(super) fields: usize,
    pub(super) text: usize,
    pub(super) code: usize,
    pub(super) message: usize,
}

/// The message in reading order.
pub(super) fn parts(message: &Message, limits: &Limits) -> Vec<Part> {
    let mut parts = Parts { parts: Vec::new(), limits, inputs: 0 };
    if limits.sections == 0 {
        parts.one_text(message);
    } else {
        parts.body(&message.base_body);
        message.sections.iter().for_each(|section| parts.section(section));
        parts.below(message);
    }
    parts.parts
}

impl Limits {
    pub(super) fn of(capabilities: &Capabilities) -> Self {
        let message = capabilities.message.max(1);
        Self {
            buttons: capabilities.buttons,
            selects: capabilities.selects,
            multi_selects: capabilities.multi_selects,
            options: capabilities.options,
            inputs: capabilities.inputs,
            label: capabilities.label,
            value: capabilities.value,
            sections: capabilities.sections,
            fields: capabilities.fields,
            text: capabilities.text.clamp(1, message),
            code: capabilities.code.clamp(1, message),
            message,
        }
    }

    /// Whether something of so many characters that cannot be cut may be part of a message, beside a header.
    fn has_room(&self, length: usize) -> bool {
        length <= self.message / 2
    }
}

impl Part {
    /// How many characters of a message's room it takes: those of what is read without opening anything.
    pub(super) fn length(&self) -> usize {
        let count = |texts: &[&str]| texts.iter().map(|text| text.chars().count()).sum();
        match self {
            Self::Section(..) | Self::Gap => 0,
            Self::Header(text)
            | Self::Description(text)
            | Self::Prose(text)
            | Self::Code(text)
            | Self::List(text)
            | Self::Item(text)
            | Self::Context(text) => count(&[text]),
            Self::Field(field) => count(&[&field.key, &field.value]),
            Self::Button(button) => count(&[&button.name, &button.description]),
            Self::MultiSelect(select) => {
                count(&[&select.name, &select.description.plaintext, &select.description.code_block])
            }
            Self::Select(select) => count(&[&select.name]),
            Self::Input(input) | Self::Below(input) => count(&[&input.text, &input.placeholder]),
            Self::Timestamp(timestamp) => count(&[&timestamp.to_string()]),
        }
    }

    /// Whether it is for using and not for reading.
    pub(super) fn is_control(&self) -> bool {
        matches!(self, Self::Button(_) | Self::MultiSelect(_) | Self::Select(_) | Self::Input(_) | Self::Below(_))
    }

    /// Whether it stands below all sections.
    pub(super) fn is_below(&self) -> bool {
        matches!(self, Self::Below(_) | Self::Timestamp(_))
    }

    /// The same with another text, where it has one that can be cut.
    pub(super) fn with_text(&self, text: &str) -> Self {
        let text = text.to_owned();
        match self {
            Self::Header(_) => Self::Header(text),
            Self::Description(_) => Self::Description(text),
            Self::Prose(_) => Self::Prose(text),
            Self::Code(_) => Self::Code(text),
            Self::List(_) => Self::List(text),
            Self::Item(_) => Self::Item(text),
            Self::Context(_) => Self::Context(text),
            other => other.clone(),
        }
    }

    /// The text and what it is, where it is one that can be cut.
    pub(super) fn as_text(&self) -> Option<(&str, Kind)> {
        match self {
            Self::Code(text) => Some((text, Kind::Code)),
            Self::Header(text)
            | Self::Description(text)
            | Self::Prose(text)
            | Self::List(text)
            | Self::Item(text)
            | Self::Context(text) => Some((text, Kind::Prose)),
            _ => None,
        }
    }
}

struct Parts<'l> {
    parts: Vec<Part>,
    limits: &'l Limits,
    /// How many inputs there are already.
    inputs: usize,
}

impl Parts<'_> {
    /// All of it as text, which stays in lines that are kept whole where they can be.
    fn one_text(&mut self, message: &Message) {
        for line in words::lines(message) {
            self.parts.push(match line {
                Line::Gap => Part::Gap,
                Line::Code(text) => Part::Code(text.to_owned()),
                Line::Prose { indent, text } => Part::Prose(" ".repeat(indent) + &text),
            });
        }
    }

    fn body(&mut self, body: &Body) {
        self.text(Part::Prose, &body.plaintext);
        self.text(Part::Code, &body.code_block);
    }

    fn text(&mut self, part: impl Fn(String) -> Part, text: &str) {
        if !text.is_empty() {
            self.parts.push(part(text.to_owned()));
        }
    }

    /// What is shown as it is comes behind what is put into words, so that both stay in one section.
    fn section(&mut self, section: &Section) {
        self.parts.push(Part::Section(section.style.clone(), section.selects.id.clone()));
        self.text(Part::Header, &section.header);
        self.text(Part::Description, &section.description);
        self.body(&section.body);
        let (fields, long): (Vec<_>, Vec<_>) =
            section.text_fields.iter().cloned().partition(|field| self.limits.shows_field(field));
        self.parts.extend(fields.into_iter().map(Part::Field));
        self.list(List { title: String::new(), items: long.iter().map(words::field).collect() });
        for list in &section.bullet_lists {
            self.list(List { title: list.title.clone(), items: list.items.clone() });
        }
        let (buttons, worded): (Vec<_>, Vec<_>) =
            section.buttons.iter().cloned().partition(|button| self.limits.shows_button(button));
        self.list(List { title: String::new(), items: worded.iter().map(words::button).collect() });
        let multi_select = self.multi_select(&section.multi_select);
        let selects: Vec<_> = section.selects.items.iter().filter_map(|select| self.select(select)).collect();
        let (inputs, worded) = self.inputs(&section.plaintext_inputs);
        self.list(worded);
        self.parts.extend(buttons.into_iter().map(Part::Button));
        self.parts.extend(multi_select.map(Part::MultiSelect));
        self.parts.extend(selects.into_iter().map(Part::Select));
        self.parts.extend(inputs.into_iter().map(Part::Input));
        section.context.iter().for_each(|item| self.text(Part::Context, &item.text));
    }

    fn below(&mut self, message: &Message) {
        let (inputs, worded) = self.inputs(&message.plaintext_inputs);
        if !worded.items.is_empty() {
            self.parts.push(Part::Section(SectionStyle::default(), String::new()));
            self.list(worded);
        }
        self.parts.extend(inputs.into_iter().map(Part::Below));
        if !message.timestamp.is_zero() {
            let part = Part::Timestamp(message.timestamp);
            self.parts.push(match self.limits.has_room(part.length()) {
                true => part,
                false => Part::Context(message.timestamp.to_string()),
            });
        }
    }

    fn list(&mut self, list: List) {
        if !list.title.is_empty() || !list.items.is_empty() {
            self.parts.push(Part::List(list.title));
            self.parts.extend(list.items.into_iter().filter(|item| !item.is_empty()).map(Part::Item));
        }
    }

    /// The inputs that are shown, and the others in words.
    fn inputs(&mut self, inputs: &[LabelInput]) -> (Vec<LabelInput>, List) {
        let (mut shown, mut worded) = (Vec::new(), List::default());
        for input in inputs {
            if self.inputs < self.limits.inputs && self.limits.shows_input(input) {
                self.inputs += 1;
                shown.push(input.clone());
            } else {
                worded.items.push(words::input(input));
            }
        }
        (shown, worded)
    }

    /// What is shown of a select; the options that are not are put into words.
    fn select(&mut self, select: &Select) -> Option<Select> {
        let mut room = self.limits.options;
        let mut groups = Groups::default();
        for group in &select.option_groups {
            let is_named = fits(&group.name, self.limits.label);
            groups.add(group, is_named, |option| is_named && self.limits.shows_option(option) && take(&mut room));
        }
        let is_listed = |option: &OptionItem| groups.shown.iter().any(|group| group.options.contains(option));
        let is_worded = |option: &OptionItem| groups.left.iter().any(|group| group.options.contains(option));
        let initial = select.initial_option.as_ref();
        let shown_initial =
            initial.filter(|option| is_listed(option) || (!is_worded(option) && self.limits.shows_option(option)));
        let shown =
            Select { option_groups: groups.shown.clone(), initial_option: shown_initial.cloned(), ..select.clone() };
        let left = Select { option_groups: groups.left.clone(), ..select.clone() };
        let is_external = select.kind == SelectType::External;
        let is_shown = self.limits.selects > 0
            && fits(&select.name, self.limits.label)
            && fits(&select.command, self.limits.value)
            && self.limits.has_room(Part::Select(shown.clone()).length())
            && (is_external
                || shown.initial_option.is_some()
                || shown.option_groups.iter().any(|group| !group.options.is_empty()));
        let (shown, left) = if is_shown { (Some(shown), left) } else { (None, select.clone()) };
        let is_initial_left = initial.is_some() && shown.as_ref().is_some_and(|shown| shown.initial_option.is_none());
        if shown.is_none() || !left.option_groups.is_empty() || is_initial_left {
            // What the drop-down shows as chosen need not be said again.
            let initial_option = left.initial_option.clone().filter(|_| shown.is_none() || is_initial_left);
            words::select(&Select { initial_option, ..left }).into_iter().for_each(|list| self.list(list));
        }
        shown
    }

    /// As for selects.
    fn multi_select(&mut self, select: &MultiSelect) -> Option<MultiSelect> {
        if !words::is_said(select) {
            return None;
        }
        let mut room = self.limits.options;
        let (options, left): (Vec<_>, Vec<_>) =
            select.options.iter().cloned().partition(|option| self.limits.shows_option(option) && take(&mut room));
        let is_shown = |option: &OptionItem| match select.options.contains(option) {
            true => options.contains(option),
            false => self.limits.shows_option(option),
        };
        let (initial, left_initial): (Vec<_>, Vec<_>) = select.initial_options.iter().cloned().partition(is_shown);
        let shown = MultiSelect { options, initial_options: initial, ..select.clone() };
        let description = &select.description;
        let is_shown = self.limits.multi_selects
            && self.limits.selects > 0
            && fits(&select.name, self.limits.label)
            && fits(&select.command, self.limits.value)
            && fits(&description.plaintext, self.limits.text)
            && fits(&description.code_block, self.limits.code)
            && self.limits.has_room(Part::MultiSelect(shown.clone()).length())
            && !shown.options.is_empty();
        if !is_shown {
            self.body(description);
            self.list(words::multi_select(select));
            return None;
        }
        if !left.is_empty() || !left_initial.is_empty() {
            let left = MultiSelect { options: left, initial_options: left_initial, ..select.clone() };
            self.list(words::multi_select(&left));
        }
        Some(shown)
    }
}

impl Limits {
    fn shows_button(&self, button: &Button) -> bool {
        self.buttons > 0
            && fits(&button.name, self.label)
            && fits(&button.command, self.value)
            && fits(&button.url, self.value)
            && fits(&button.description, self.text)
            && self.has_room(Part::Button(button.clone()).length())
    }

    fn shows_input(&self, input: &LabelInput) -> bool {
        fits(&input.text, self.label)
            && fits(&input.placeholder, self.label)
            && fits(&input.command, self.value)
            && self.has_room(Part::Input(input.clone()).length())
    }

    fn shows_option(&self, option: &OptionItem) -> bool {
        fits(&option.name, self.label) && fits(&option.value, self.value)
    }

    fn shows_field(&self, field: &TextField) -> bool {
        let length = Part::Field(field.clone()).length();
        self.fields > 0 && length <= self.text && self.has_room(length)
    }
}

/// Options in their groups: those that are shown, and those that are not.
#[derive(Default)]
struct Groups {
    shown: Vec<OptionGroup>,
    left: Vec<OptionGroup>,
}

impl Groups {
    fn add(&mut self, group: &OptionGroup, is_named: bool, is_shown: impl FnMut(&OptionItem) -> bool) {
        let (shown, left): (Vec<_>, Vec<_>) = group.options.iter().cloned().partition(is_shown);
        let is_empty = group.options.is_empty();
        let group = |options| OptionGroup { name: group.name.clone(), options };
        if !shown.is_empty() || (is_empty && is_named) {
            self.shown.push(group(shown));
        }
        if !left.is_empty() || (is_empty && !is_named) {
            self.left.push(group(left));
        }
    }
}

/// Takes one of what is left.
fn take(room: &mut usize) -> bool {
    let is_there = *room > 0;
    *room = room.saturating_sub(1);
    is_there
}
