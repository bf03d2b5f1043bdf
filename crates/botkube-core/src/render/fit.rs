//! A post within what a platform can show: what it cannot is put into words, what is too long goes on in further messages or
//! becomes a file. Pure; nothing is left out silently.

use botkube_api::message::{Message, MessageType, SectionStyle};

use super::{
    TextStyle,
    cut::fits,
    live,
    page::{Page, Pages},
    part::{Limits, Part, parts},
    text,
};
use crate::platform::{Audience, Capabilities, Post};

/// The name of the file that holds what is too long for messages.
const FILE: &str = "output.txt";

/// A piece of what a post becomes on a platform.
#[derive(Clone, Debug, PartialEq)]
pub enum Fitted {
    /// A message.
    Post(Box<Post>),
    /// What is too long for messages.
    File {
        /// What to call it.
        name: String,
        /// All of it.
        content: String,
    },
}

/// A post as a platform can show it: at least one message, and at most one file behind them.
///
/// The bot's name is put in. Controls that cannot be shown become what upstream makes of them on platforms without controls,
/// a text with the command to type; of a select with too many options the others do. What is too long goes on in further
/// sections and messages; where there may be no more messages and the platform takes files, the last one is followed by a
/// file with all of it, and has what was left of the controls. Without [`Capabilities::live`] the last message says how the
/// command is doing. Where a message cannot be for one person alone it is for everybody, as upstream does it.
///
/// Message `n` has the key of the post with `.n` behind it from the second on. Text that is cut is cut at line ends or blanks
/// where there are any, and never within what people see as one character.
#[must_use]
pub fn fit(post: Post, capabilities: &Capabilities) -> Vec<Fitted> {
    if let Some(fits) = at_once(&post, capabilities) {
        return vec![fits];
    }
    let limits = Limits::of(capabilities);
    let Post { message, header, live, .. } = &post;
    let mut content = message.clone();
    content.replace_bot_name(&capabilities.bot_name, None);
    // Beside too long a header nothing would have room.
    let (header, long_header) =
        header.clone().into_iter().partition::<Vec<_>, _>(|header| fits(header, limits.text.min(limits.message / 2)));
    let header = header.into_iter().next();
    let (shown_live, mut state) = match live {
        Some(live) if !capabilities.live => (None, live::in_words(live, message.is_empty() && header.is_none())),
        live => (live.clone(), Message::new()),
    };
    state.replace_bot_name(&capabilities.bot_name, None);
    let taken = header.as_deref().map_or(0, |header| header.chars().count());
    let mut all: Vec<Part> = long_header.iter().cloned().map(Part::Prose).collect();
    all.extend(parts(&content, &limits));
    let said = all.len();
    if !state.is_empty() {
        all.push(Part::Gap);
        all.extend(parts(&state, &limits));
        // Where all is one text, prose behind code takes a message of its own.
        if limits.sections == 0 && matches!(all[..said].last(), Some(Part::Code(_))) {
            let mut before = all.clone();
            before[said - 1..].rotate_left(1);
            let mut pages = Pages::new(&before, limits);
            pages.page(taken);
            if pages.is_done() {
                all = before;
            }
        }
    }

    let mut pages = Pages::new(&all, limits);
    let mut made: Vec<Page> = Vec::new();
    let mut file = None;
    loop {
        let taken = if made.is_empty() { taken } else { 0 };
        let before = pages.clone();
        let page = pages.page(taken);
        let is_last = capabilities.files && made.len() + 1 >= capabilities.messages;
        if is_last && !pages.is_done() {
            let state = &all[said..];
            let rest = before.rest();
            made.push(closing(&rest[..rest.len() - state.len().min(rest.len())], state, limits, taken));
            let lines = [post.header.clone().unwrap_or_default(), text(&content, TextStyle::default())];
            file = Some(Fitted::File { name: FILE.into(), content: lines.join("\n\n").trim_start().to_owned() + "\n" });
            break;
        }
        made.push(page);
        if pages.is_done() {
            break;
        }
    }

    let last = made.len() - 1;
    let audience = if capabilities.ephemeral { post.audience.clone() } else { Audience::Everyone };
    let fitted = made.into_iter().enumerate().map(|(number, page)| {
        Fitted::Post(Box::new(Post {
            key: if number == 0 { post.key.clone() } else { format!("{}.{}", post.key, number + 1) },
            message: page.message(&content, number == 0),
            header: header.clone().filter(|_| number == 0),
            live: shown_live.clone().filter(|_| number == last),
            audience: audience.clone(),
            anchor: post.anchor.clone(),
        }))
    });
    fitted.chain(file).collect()
}

/// A post of nothing but texts that fits as it is, as most do; nothing where that is not seen at a glance. Output that grows
/// comes this way many times a second.
fn at_once(post: &Post, capabilities: &Capabilities) -> Option<Fitted> {
    let Post { message, header, live, .. } = post;
    let Message { base_body, sections, plaintext_inputs, timestamp, .. } = message;
    // No text has more characters than bytes.
    let [code, plain] = [&base_body.code_block, &base_body.plaintext].map(String::len);
    let header = header.as_ref().map_or(0, String::len);
    let fits = sections.is_empty()
        && plaintext_inputs.is_empty()
        && timestamp.is_zero()
        && (capabilities.live || live.is_none())
        && code <= capabilities.code
        && plain.max(header) <= capabilities.text
        && header <= capabilities.message / 2
        && code + plain + header <= capabilities.message;
    if !fits {
        return None;
    }
    let mut post = post.clone();
    post.message.replace_bot_name(&capabilities.bot_name, None);
    // A name is longer than its placeholder, or not.
    let grew = post.message.base_body.code_block.len() > code || post.message.base_body.plaintext.len() > plain;
    if !capabilities.ephemeral {
        post.audience = Audience::Everyone;
    }
    (!grew).then(|| Fitted::Post(Box::new(post)))
}

/// The last message before a file: the beginning of what is left, that there is a file, and the controls of what is left, as
/// far as they have room; all of them are in the file as words.
fn closing(rest: &[Part], state: &[Part], limits: Limits, taken: usize) -> Page {
    let note = Part::Prose(format!("See `{FILE}` for all of it."));
    let controls = rest.iter().filter(|part| part.is_control() || matches!(part, Part::Section(..)));
    let texts: Vec<Part> = rest.iter().filter(|part| !part.is_control()).cloned().collect();
    if limits.sections == 0 {
        let all: Vec<Part> = [&note].into_iter().chain(state).chain([&Part::Gap]).chain(&texts).cloned().collect();
        return Pages::new(&all, limits).page(taken);
    }
    let section = Part::Section(SectionStyle::default(), String::new());
    let end: Vec<Part> = [&section, &note].into_iter().chain(state).chain(controls).cloned().collect();
    let end = Pages::new(&end, limits).page(taken);
    let message = limits.message.saturating_sub(end.length);
    let above = Limits {
        message,
        text: limits.text.min(message),
        code: limits.code.min(message),
        sections: limits.sections.saturating_sub(end.sections.len()),
        ..limits
    };
    let mut page = if message == 0 { Page::default() } else { Pages::new(&texts, above).page(0) };
    page.append(end);
    page
}

impl Page {
    /// The message, which is otherwise like the one it was a part of.
    fn message(self, whole: &Message, is_first: bool) -> Message {
        let kind = match &whole.kind {
            // Promises that it does not keep any more.
            MessageType::NonInteractiveEventSingleSection if self.sections.len() != 1 => MessageType::Default,
            MessageType::BaseBodyWithFilter if !self.sections.is_empty() => MessageType::Default,
            kind => kind.clone(),
        };
        Message {
            kind,
            base_body: self.top.body,
            timestamp: self.timestamp,
            sections: self.sections,
            plaintext_inputs: self.below,
            replace_original: whole.replace_original && is_first,
            ..whole.clone()
        }
    }
}

#[cfg(test)]
mod tests;
