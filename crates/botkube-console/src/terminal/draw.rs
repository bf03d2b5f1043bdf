//! An entry of a channel as lines of a terminal. Pure; it knows neither cursor nor prompt.

use std::path::Path;

use anstyle::Style;
use botkube_api::message::{
    Body, Button, ButtonStyle, Divider, Message, MultiSelect, OptionItem, Section, Select, Timestamp,
};
use botkube_core::{
    answer::Status,
    control::{self, Control, ControlId},
};

use super::ink::{self, BAD, BOLD, DIM, GOOD, Line, PLAIN};
use crate::entry::{Doing, Entry, State};

/// How many options of a select are shown; `/N` lists all of them.
const OPTIONS: usize = 8;
/// How long a quick command may take; only of slower ones is said how long they took.
const QUICK: u64 = 1000;
/// How wide a line between sections is.
const DIVIDER: usize = 40;

/// Where lines are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paper {
    /// In columns.
    pub(crate) width: usize,
    pub(crate) colours: bool,
}

/// How an entry is shown.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct View<'a> {
    /// Whether the line that says what is answered is part of it.
    pub(crate) header: bool,
    /// Where its file is, if it has one.
    pub(crate) file: Option<&'a Path>,
}

impl Paper {
    /// What somebody else said.
    pub(crate) fn said(self, entry: &Entry) -> Vec<Line> {
        let name = if entry.by.name.is_empty() { "somebody" } else { &entry.by.name };
        let mut line = Line::of(BOLD, name);
        line.push(DIM, " › ");
        let mut lines = ink::code(entry.text.as_deref().unwrap_or_default()).into_iter();
        line.append(&lines.next().unwrap_or_default());
        std::iter::once(line).chain(lines.map(|line| line.indented(2))).collect()
    }

    /// A message or file of the agent's, without how its command is doing.
    pub(crate) fn answer(self, entry: &Entry, view: View<'_>) -> Vec<Line> {
        let mut out = Vec::new();
        let mut header = Line::default();
        if view.header {
            header.push(DIM, entry.header.as_deref().unwrap_or_default());
        }
        if entry.only_for.is_some() && entry.message.as_ref().is_some_and(|message| !message.is_empty()) {
            let text = if header.is_empty() { "only you see this" } else { "  only you see this" };
            header.push(DIM, text);
        }
        if !header.is_empty() {
            out.extend(header.wrapped(self.width, 2));
        }
        if let Some(message) = &entry.message {
            out.extend(self.message(message, &entry.id));
        }
        if let Some(file) = &entry.file {
            let mut line = Line::of(BOLD, &file.name);
            line.push(DIM, &format!("  {}", size(file.size)));
            if let Some(path) = view.file {
                line.push(PLAIN, &format!("  {}", path.display()));
            }
            out.push(line);
        }
        out
    }

    /// A message. Its controls are numbered as people read them; `id` is what older messages' controls are called by.
    pub(crate) fn message(self, message: &Message, id: &str) -> Vec<Line> {
        let mut message = message.clone();
        message.replace_bot_name("", None);
        let controls = control::controls(&message);
        let mut out = Drawing { paper: self, lines: Vec::new(), controls: &controls, next: 0 };
        out.body(&message.base_body, 0);
        for (place, section) in message.sections.iter().enumerate() {
            out.section(place, section);
        }
        while out.next < controls.len() {
            out.control();
        }
        if message.timestamp != Timestamp::default() {
            out.line(DIM, &message.timestamp.to_string());
        }
        if !controls.is_empty() {
            out.line(DIM, &format!("message {id}"));
        }
        out.lines
    }

    /// All options of a control, numbered.
    pub(crate) fn options(self, control: &Control<'_>) -> Vec<Line> {
        let mut lines = vec![Line::of(BOLD, control.name())];
        let mut last = "";
        for (number, (group, option)) in options(control).into_iter().enumerate() {
            if group != last {
                lines.push(Line::of(DIM, group).indented(4));
                last = group;
            }
            let number = number + 1;
            let mut line = Line::of(DIM, &format!("{number:>3} "));
            line.push(if is_chosen(control, option) { BOLD } else { PLAIN }, &option.name);
            if option.name != option.value {
                line.push(DIM, &format!("  {}", option.value));
            }
            lines.push(line);
        }
        lines
    }
}

/// All options of a control with the names of their groups, in the order in which they are numbered.
pub(crate) fn options<'a>(control: &Control<'a>) -> Vec<(&'a str, &'a OptionItem)> {
    match control {
        Control::Select(select) => {
            let groups = select.option_groups.iter();
            groups.flat_map(|group| group.options.iter().map(|option| (group.name.as_str(), option))).collect()
        }
        Control::MultiSelect(select) => select.options.iter().map(|option| ("", option)).collect(),
        Control::Button(_) | Control::Input(_) => Vec::new(),
    }
}

fn is_chosen(control: &Control<'_>, option: &OptionItem) -> bool {
    match control {
        Control::Select(Select { initial_option, .. }) => initial_option.as_ref() == Some(option),
        Control::MultiSelect(MultiSelect { initial_options, .. }) => initial_options.contains(option),
        Control::Button(_) | Control::Input(_) => false,
    }
}

/// How a command is doing; nothing for one that went well at once, and for one whose message says why it was not run.
pub(crate) fn state(doing: &Doing, now: u64) -> Option<Line> {
    match &doing.state {
        State::Running(progress) => {
            let mut line = Line::of(GOOD, "● ");
            line.push(PLAIN, &doing.command.to_string());
            if !progress.is_empty() {
                line.push(PLAIN, &format!(" · {progress}"));
            }
            line.push(DIM, &format!(" · {} s", now.saturating_sub(doing.since) / 1000));
            Some(line)
        }
        State::Ended { status, took_ms } => {
            let took = format!("{}.{} s", took_ms / 1000, took_ms % 1000 / 100);
            match status {
                Status::Succeeded if *took_ms < QUICK => None,
                Status::Refused => None,
                Status::Succeeded => Some(Line::of(DIM, &format!("✓ {took}"))),
                Status::Failed => Some(ended(BAD, "✗ failed", &took)),
                Status::TimedOut => Some(ended(BAD, "✗ timed out", &took)),
                Status::Cancelled => Some(ended(PLAIN, "■ cancelled", &took)),
            }
        }
    }
}

fn ended(style: Style, how: &str, took: &str) -> Line {
    let mut line = Line::of(style, how);
    line.push(DIM, &format!(" · {took}"));
    line
}

/// What runs, in at most this many rows: of each the end, with how much is above it, and how its command is doing.
pub(crate) fn block(running: &[(Vec<Line>, Option<Line>)], width: usize, room: usize) -> Vec<Line> {
    // Each needs a line of its own at least, and so does the note about the others.
    let most = if running.len() > room { room.saturating_sub(1).max(1) } else { room };
    let hidden = running.len().saturating_sub(most);
    let running = &running[hidden..];
    let mut out = Vec::new();
    if hidden > 0 && room > 1 {
        out.push(Line::of(DIM, &format!("… {hidden} more run: `list running`")));
    }
    let mut left = room.saturating_sub(out.len());
    let needs: Vec<usize> = running.iter().map(|(lines, state)| lines.len() + usize::from(state.is_some())).collect();
    // Those that need least get what they need, so that what they leave is for the others.
    let mut order: Vec<usize> = (0..running.len()).collect();
    order.sort_by_key(|place| needs[*place]);
    let mut shares = vec![0; running.len()];
    for (done, place) in order.into_iter().enumerate() {
        shares[place] = needs[place].min(left / (running.len() - done));
        left -= shares[place];
    }
    for ((lines, state), share) in running.iter().zip(shares) {
        let state = state.iter().take(share);
        let room = share - state.len();
        if lines.len() <= room {
            out.extend(lines.iter().cloned());
        } else if room > 0 {
            let above = lines.len() - (room - 1);
            out.push(Line::of(DIM, &format!("… {above} lines above")));
            out.extend(lines[above..].iter().cloned());
        }
        out.extend(state.cloned());
    }
    out.iter().map(|line| line.cropped(width)).collect()
}

/// A size as people read it.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["bytes", "KiB", "MiB", "GiB"];
    let unit = (0..UNITS.len()).rev().find(|unit| bytes >> (10 * unit) > 0).unwrap_or(0);
    match unit {
        0 => format!("{bytes} bytes"),
        _ => {
            let tenths = bytes.saturating_mul(10) >> (10 * unit);
            format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
        }
    }
}

/// A message on its way into lines.
struct Drawing<'a> {
    paper: Paper,
    lines: Vec<Line>,
    controls: &'a [(ControlId, Control<'a>)],
    /// The first control that is not shown yet.
    next: usize,
}

impl Drawing<'_> {
    fn section(&mut self, place: usize, section: &Section) {
        if !self.lines.is_empty() {
            let is_set_off = place > 0 && section.style.divider == Divider::Default;
            self.line(DIM, &if is_set_off { "─".repeat(DIVIDER.min(self.paper.width)) } else { String::new() });
        }
        self.prose(&section.header, BOLD, 0);
        self.prose(&section.description, PLAIN, 0);
        self.body(&section.body, 2);
        let keys = section.text_fields.iter().map(|field| Line::of(BOLD, &field.key));
        let widest = keys.clone().map(|key| key.width()).max().unwrap_or_default().min(self.paper.width / 2);
        for (mut key, field) in keys.zip(&section.text_fields) {
            key.push(PLAIN, &" ".repeat(2 + widest.saturating_sub(key.width())));
            let values = ink::prose(&field.value, PLAIN, self.paper.colours);
            key.append(&values.first().cloned().unwrap_or_default());
            self.lines.extend(key.wrapped(self.paper.width, widest + 2));
            for value in values.iter().skip(1) {
                self.lines.extend(value.indented(widest + 2).wrapped(self.paper.width, widest + 2));
            }
        }
        for list in &section.bullet_lists {
            self.prose(&list.title, BOLD, 0);
            for item in &list.items {
                for (place, text) in ink::prose(item, PLAIN, self.paper.colours).iter().enumerate() {
                    let mut line = Line::of(DIM, if place == 0 { "• " } else { "  " });
                    line.append(text);
                    self.lines.extend(line.wrapped(self.paper.width, 2));
                }
            }
        }
        self.buttons(section);
        let more = usize::from(section.multi_select.are_options_defined())
            + section.selects.items.len()
            + section.plaintext_inputs.len();
        for _ in 0..more {
            self.control();
        }
        for item in &section.context {
            self.prose(&item.text, DIM, 0);
        }
    }

    fn body(&mut self, body: &Body, indent: usize) {
        self.prose(&body.plaintext, PLAIN, 0);
        self.lines.extend(ink::code(&body.code_block).iter().map(|line| line.indented(indent)));
    }

    fn prose(&mut self, text: &str, style: Style, indent: usize) {
        for line in ink::prose(text, style, self.paper.colours) {
            self.lines.extend(line.wrapped(self.paper.width, indent));
        }
    }

    fn line(&mut self, style: Style, text: &str) {
        self.lines.push(Line::of(style, text));
    }

    /// Buttons that say more of themselves have a line each; the others share one.
    fn buttons(&mut self, section: &Section) {
        let mut row = Line::default();
        for button in &section.buttons {
            let number = self.number();
            let mut line = number;
            line.push(button_style(button), &button.name);
            let about = if button.url.is_empty() { &button.description } else { &button.url };
            if about.is_empty() {
                if !row.is_empty() && row.width() + 3 + line.width() > self.paper.width {
                    self.lines.push(std::mem::take(&mut row));
                }
                if !row.is_empty() {
                    row.push(PLAIN, "   ");
                }
                row.append(&line);
                continue;
            }
            if !row.is_empty() {
                self.lines.push(std::mem::take(&mut row));
            }
            line.push(if button.url.is_empty() { DIM } else { PLAIN }, &format!("  {about}"));
            self.lines.extend(line.wrapped(self.paper.width, 4));
        }
        if !row.is_empty() {
            self.lines.push(row);
        }
    }

    /// The next control, on lines of its own.
    fn control(&mut self) {
        let Some((_, control)) = self.controls.get(self.next) else { return };
        if let Control::MultiSelect(select) = control {
            self.body(&select.description, 2);
        }
        let mut line = self.number();
        line.push(BOLD, control.name());
        match control {
            Control::Input(input) if !input.placeholder.is_empty() => {
                line.push(DIM, &format!("  {}", input.placeholder))
            }
            Control::Input(_) | Control::Button(_) => {}
            Control::Select(_) | Control::MultiSelect(_) => {
                let all = options(control);
                for (place, (_, option)) in all.iter().take(OPTIONS).enumerate() {
                    line.push(DIM, if place == 0 { "  " } else { " · " });
                    match is_chosen(control, option) {
                        true => line.push(BOLD, &format!("{}*", option.name)),
                        false => line.push(PLAIN, &option.name),
                    }
                }
                if all.len() > OPTIONS {
                    line.push(DIM, &format!(" · and {} more", all.len() - OPTIONS));
                }
                if all.is_empty() {
                    line.push(DIM, "  a text");
                }
            }
        }
        self.lines.extend(line.wrapped(self.paper.width, 4));
    }

    /// The next control's number.
    fn number(&mut self) -> Line {
        self.next += 1;
        Line::of(GOOD, &format!("[{}] ", self.next))
    }
}

fn button_style(button: &Button) -> Style {
    match button.style {
        ButtonStyle::Primary => BOLD,
        ButtonStyle::Danger => BAD,
        _ => PLAIN,
    }
}

#[cfg(test)]
mod tests;
