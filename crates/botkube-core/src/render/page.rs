//! Parts put together again to messages within the limits, in order. It knows no post and no file.

use botkube_api::message::{BulletList, ContextItem, Divider, LabelInput, Section, SectionStyle, Timestamp};

use super::{
    cut::{Kind, cut, fits},
    part::{Limits, Part},
};

/// What one message holds.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// What stands above all sections: only its body is used.
    pub(super) top: Section,
    pub(super) sections: Vec<Section>,
    pub(super) below: Vec<LabelInput>,
    pub(super) timestamp: Timestamp,
    /// How many characters it has.
    pub(super) length: usize,
    /// How far the last section is, as in [`order`].
    order: u8,
    /// How many characters the lists of the last section have, which platforms show as one text.
    lists: usize,
    /// Whether the next item begins a list.
    is_new_list: bool,
    /// Whether a blank line comes before the next prose.
    is_gap: bool,
}

/// Takes parts off a row and makes messages of them.
#[derive(Clone)]
pub(super) struct Pages<'a> {
    parts: &'a [Part],
    limits: Limits,
    /// How much of the first part is gone already, in bytes.
    offset: usize,
    /// The section that begins with the next part.
    begins: Option<&'a SectionStyle>,
    /// The block of the section's drop-downs.
    selects: &'a str,
}

impl<'a> Pages<'a> {
    pub(super) fn new(parts: &'a [Part], limits: Limits) -> Self {
        Self { parts, limits, offset: 0, begins: None, selects: "" }
    }

    /// Whether nothing is left.
    pub(super) fn is_done(&self) -> bool {
        self.parts.is_empty()
    }

    /// What is left.
    pub(super) fn rest(&self) -> Vec<Part> {
        let mut rest = self.parts.to_vec();
        if let Some(first) = rest.first_mut()
            && let Some((text, _)) = first.as_text()
        {
            *first = first.with_text(&text[self.offset..]);
        }
        let begins = self.begins.map(|style| Part::Section(style.clone(), self.selects.to_owned()));
        begins.into_iter().chain(rest).collect()
    }

    /// As much as fits into a message of which so many characters are taken; something always does, unless there is no room
    /// at all.
    pub(super) fn page(&mut self, taken: usize) -> Page {
        let mut page = Page { length: taken, ..Page::default() };
        let mut is_fresh = true;
        while let Some((part, rest)) = self.parts.split_first() {
            match part {
                Part::Section(style, selects) => (self.begins, self.selects) = (Some(style), selects),
                Part::Gap => page.is_gap = !page.top.body.plaintext.is_empty(),
                _ => match self.put(&mut page, part, is_fresh) {
                    Some(0) => (self.offset, is_fresh) = (0, false),
                    Some(offset) => {
                        (self.offset, is_fresh) = (offset, false);
                        continue;
                    }
                    None => break,
                },
            }
            self.parts = rest;
        }
        page
    }

    /// Puts a part on the page, or the beginning of it: where the page is, else into a new section. Says where what is left of
    /// it begins, which is 0 for nothing; `None` when there is no room.
    fn put(&mut self, page: &mut Page, part: &Part, is_fresh: bool) -> Option<usize> {
        let takes = self.begins.is_none() && page.takes(part, &self.limits);
        let here = if takes || part.is_below() { self.share(page, part, page.occupied(part), is_fresh) } else { None };
        let opens = || (!part.is_below() && page.sections.len() < self.limits.sections).then_some(());
        let share = here.or_else(|| opens().and_then(|()| self.share(page, part, 0, is_fresh)));
        let (end, next) = share?;
        if here.is_none() {
            page.open(self.begins.take().cloned().unwrap_or(SectionStyle { divider: Divider::None }));
        }
        match part.as_text() {
            Some((text, _)) => page.add(part.with_text(&text[self.offset..end]), self.selects),
            None => page.add(part.clone(), self.selects),
        }
        Some(next)
    }

    /// How much of a part is to be put where so many characters are taken of what its text may have: where it ends, and where
    /// what is left begins, in bytes.
    fn share(&self, page: &Page, part: &Part, occupied: usize, is_fresh: bool) -> Option<(usize, usize)> {
        let left = self.limits.message.saturating_sub(page.length);
        let Some((text, kind)) = part.as_text() else { return (part.length() <= left).then_some((0, 0)) };
        let full = if kind == Kind::Code { self.limits.code } else { self.limits.text };
        // Line ends between texts that become one count too.
        let joint = if occupied == 0 { 0 } else { 1 + usize::from(page.is_gap) };
        let room = full.saturating_sub(occupied + joint).min(left.saturating_sub(joint));
        let rest = &text[self.offset..];
        if fits(rest, room) {
            return Some((text.len(), 0));
        }
        let is_line = self.limits.sections == 0 && kind == Kind::Prose;
        let is_kept_whole = is_line || !matches!(part, Part::Prose(_) | Part::Code(_));
        // Not for a line or two at the end of a message.
        let would_tear = (is_kept_whole && fits(rest, full)) || room < full / 4;
        if (would_tear && !is_fresh) || room == 0 {
            return None;
        }
        let (end, next) = cut(rest, room, kind);
        // Nor within a line or a word that may have more room elsewhere.
        if end == next && room < full && !is_fresh {
            return None;
        }
        Some((self.offset + end, if next < rest.len() { self.offset + next } else { 0 }))
    }
}

impl Page {
    /// Adds what comes below another page; its text above its sections is empty.
    pub(super) fn append(&mut self, other: Self) {
        self.sections.extend(other.sections);
        self.below.extend(other.below);
    }

    /// Whether a part can come next without a new section.
    fn takes(&self, part: &Part, limits: &Limits) -> bool {
        let Some(section) = self.sections.last() else {
            return matches!(part, Part::Prose(_) | Part::Code(_)) && self.top.body.code_block.is_empty();
        };
        let order = order(part);
        if order != self.order && !matches!(part, Part::Select(_)) {
            return order > self.order;
        }
        match part {
            Part::Field(_) => section.text_fields.len() < limits.fields,
            Part::Button(_) => section.buttons.len() < limits.buttons,
            Part::Select(_) => {
                let is_multi = section.multi_select.are_options_defined();
                order >= self.order && section.selects.items.len() + usize::from(is_multi) < limits.selects
            }
            Part::List(_) | Part::Item(_) | Part::Input(_) | Part::Context(_) => true,
            _ => false,
        }
    }

    /// How many characters are taken where a part would be put without a new section.
    fn occupied(&self, part: &Part) -> usize {
        match part {
            Part::Prose(_) => self.top.body.plaintext.chars().count(),
            Part::List(_) | Part::Item(_) => self.lists,
            _ => 0,
        }
    }

    fn open(&mut self, style: SectionStyle) {
        self.sections.push(Section { style, ..Section::default() });
        (self.order, self.lists, self.is_new_list, self.is_gap) = <_>::default();
    }

    fn add(&mut self, part: Part, selects: &str) {
        let length = part.length();
        self.length += length;
        if !part.is_below() {
            self.order = order(&part);
        }
        let section = self.sections.last_mut().unwrap_or(&mut self.top);
        match part {
            Part::Section(..) | Part::Gap => {}
            Part::Header(text) => section.header = text,
            Part::Description(text) => section.description = text,
            Part::Prose(text) => {
                let prose = &mut section.body.plaintext;
                if !prose.is_empty() {
                    let joint = if self.is_gap { "\n\n" } else { "\n" };
                    prose.push_str(joint);
                    self.length += joint.len();
                }
                prose.push_str(&text);
                self.is_gap = false;
            }
            Part::Code(text) => section.body.code_block = text,
            Part::Field(field) => section.text_fields.push(field),
            Part::List(title) => {
                self.is_new_list = title.is_empty();
                if !title.is_empty() {
                    section.bullet_lists.push(BulletList { title, items: Vec::new() });
                    self.lists += length + 1;
                }
            }
            Part::Item(item) => {
                if self.is_new_list || section.bullet_lists.is_empty() {
                    section.bullet_lists.push(BulletList::default());
                }
                self.is_new_list = false;
                if let Some(list) = section.bullet_lists.last_mut() {
                    list.items.push(item);
                }
                self.lists += length + 1;
            }
            Part::Button(button) => section.buttons.push(button),
            Part::MultiSelect(select) => section.multi_select = select,
            Part::Select(select) => {
                selects.clone_into(&mut section.selects.id);
                section.selects.items.push(select);
            }
            Part::Input(input) => section.plaintext_inputs.push(input),
            Part::Context(text) => section.context.push(ContextItem { text }),
            Part::Below(input) => self.below.push(input),
            Part::Timestamp(timestamp) => self.timestamp = timestamp,
        }
    }
}

/// Where a part stands in a section; a section cannot go back.
fn order(part: &Part) -> u8 {
    match part {
        Part::Section(..) | Part::Gap => 0,
        Part::Header(_) => 1,
        Part::Description(_) => 2,
        Part::Prose(_) => 3,
        Part::Code(_) => 4,
        Part::Field(_) => 5,
        Part::List(_) | Part::Item(_) => 6,
        Part::Button(_) => 7,
        Part::MultiSelect(_) => 8,
        Part::Select(_) => 9,
        Part::Input(_) => 10,
        Part::Context(_) => 11,
        Part::Below(_) | Part::Timestamp(_) => 12,
    }
}
