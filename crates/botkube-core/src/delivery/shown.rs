//! One answer as it stands in a conversation, and what is to be done next to show it as it is. Pure but for the file of long
//! output; it knows no platform and asks for nothing itself.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use botkube_api::message::{Message, MessageType};
use tokio::time::Instant;

use super::output::Output;
use crate::{
    answer::{Content, Part, Status},
    platform::{Anchor, Attachment, Audience, Capabilities, Live, LiveState, Post, Posted},
    render::{Fitted, fit},
    running::CommandId,
};

/// After how long a command that said nothing yet is shown to run.
pub(super) const SILENCE: Duration = Duration::from_millis(400);
/// How long output is gathered for a message where messages cannot be changed.
const GATHERED: Duration = Duration::from_secs(3);
/// How many messages one answer may have; what is beyond is counted.
const MOST_CARDS: usize = 200;

/// One answer as it stands.
pub(super) struct Shown {
    id: CommandId,
    /// What the keys of its messages begin with.
    key: String,
    person: String,
    anchor: Option<Anchor>,
    since: SystemTime,
    began: Instant,
    cards: Vec<Card>,
    progress: String,
    ended: Option<(Status, Duration)>,
    /// Messages that were too many.
    left_out: usize,
}

/// One message of it.
struct Card {
    /// The part that brought it.
    part: u32,
    content: Held,
    header: Option<String>,
    /// When there was something to show that is not.
    changed: Option<Instant>,
    standing: Vec<Standing>,
    /// How many pieces it had when it was looked at last.
    pieces: usize,
    /// Nothing more is tried.
    given_up: bool,
    /// Its file was shown.
    attached: bool,
}

enum Held {
    /// The command runs, and has said nothing yet.
    Nothing,
    Message(Box<Message>),
    Output(Output),
}

/// What of a message stands on the platform.
struct Standing {
    posted: Posted,
    /// `None` for what is to be replaced, whatever it is.
    post: Option<Post>,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Post {
        at: Place,
        post: Post,
    },
    Edit {
        at: Place,
        posted: Posted,
        post: Post,
    },
    Form {
        at: Place,
        anchor: Anchor,
        post: Post,
    },
    /// A file that is there already.
    Attach {
        at: Place,
        attachment: Attachment,
    },
    /// A file that is to be made.
    AttachText {
        at: Place,
        attachment: Attachment,
        content: String,
    },
}

/// The place of a post in an answer: which message, and which piece of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    card: usize,
    piece: usize,
}

impl Shown {
    pub(super) fn new(id: CommandId, key: String, person: String, anchor: Option<Anchor>) -> Self {
        let (since, began) = (SystemTime::now(), Instant::now());
        let (cards, progress, ended, left_out) = <_>::default();
        Self { id, key, person, anchor, since, began, cards, progress, ended, left_out }
    }

    /// Takes a part in. Never waits, and never holds more of it than can be shown.
    pub(super) fn absorb(&mut self, part: Part, capabilities: &Capabilities) {
        let now = Instant::now();
        match part.content {
            Content::Message { message, header } => self.add(part.number, Held::Message(message), header),
            Content::Update { of, message } => match self.cards.iter_mut().find(|card| card.part == of) {
                Some(card) => {
                    card.content = Held::Message(message);
                    card.change(now);
                }
                None => self.add(part.number, Held::Message(message), None),
            },
            Content::Text { text, header } => {
                let goes_on = |card: &&mut Card| {
                    matches!(card.content, Held::Output(_)) && (capabilities.edits || card.standing.is_empty())
                };
                if self.cards.last_mut().filter(goes_on).is_none() {
                    self.add(part.number, Held::Output(Output::new(capabilities.code)), header);
                }
                if let Some(card) = self.cards.last_mut()
                    && let Held::Output(output) = &mut card.content
                {
                    output.push(&text);
                    card.change(now);
                }
            }
            Content::Progress(text) => {
                self.progress = text;
                self.last(now);
            }
            Content::End(status) => {
                self.ended = Some((status, self.began.elapsed()));
                // Where the last message can no longer say so, one more does.
                if !capabilities.edits && self.cards.last().is_some_and(|card| !card.standing.is_empty()) {
                    self.add(0, Held::Nothing, None);
                }
                self.last(now);
            }
        }
    }

    /// The command ends without an end of its own.
    pub(super) fn cut(&mut self) {
        if self.ended.is_none() {
            self.ended = Some((Status::Cancelled, self.began.elapsed()));
            self.last(Instant::now());
        }
    }

    /// Whether nothing is left to be shown.
    pub(super) fn is_done(&self) -> bool {
        self.ended.is_some() && self.cards.iter().all(|card| card.changed.is_none() && card.file().is_none())
    }

    /// When there will be a step at the latest, if nothing else happens.
    pub(super) fn due(&self, capabilities: &Capabilities) -> Option<Instant> {
        let silent = (self.cards.is_empty() && self.ended.is_none()).then_some(self.began + SILENCE);
        let last = self.cards.len().checked_sub(1);
        let cards = self.cards.iter().enumerate().filter_map(|(at, card)| {
            let is_open = Some(at) == last && self.ended.is_none();
            card.due(is_open, capabilities)
        });
        let file = self.cards.iter().any(|card| card.file().is_some()) && self.ended.is_some();
        silent.into_iter().chain(cards).chain(file.then_some(self.began)).min()
    }

    /// What is to be done at this time.
    pub(super) fn step(&mut self, now: Instant, capabilities: &Capabilities) -> Option<Step> {
        if self.cards.is_empty() && self.ended.is_none() && now >= self.began + SILENCE {
            self.add(0, Held::Nothing, None);
        }
        for at in 0..self.cards.len() {
            let is_last = at + 1 == self.cards.len();
            let is_open = is_last && self.ended.is_none();
            if self.cards[at].due(is_open, capabilities).is_some_and(|due| due <= now) {
                match self.message(at, is_last, capabilities) {
                    Some(step) => return Some(step),
                    None => self.cards[at].changed = None,
                }
            }
            if (!is_last || self.ended.is_some())
                && let Some(file) = self.cards[at].file()
            {
                if capabilities.files {
                    let attachment = self.attachment(at, "output.txt", format!("{}/{at}.file", self.key), file);
                    return Some(Step::Attach { at: Place { card: at, piece: 0 }, attachment });
                }
                self.cards[at].attached = true;
            }
        }
        None
    }

    /// A step was done.
    pub(super) fn done(&mut self, step: &Step, posted: Option<Posted>) {
        match step {
            Step::Post { at, post } => {
                let posted = posted.unwrap_or_else(|| Posted(String::new()));
                self.cards[at.card].standing.push(Standing { posted, post: Some(post.clone()) });
            }
            Step::Edit { at, post, .. } => self.cards[at.card].standing[at.piece].post = Some(post.clone()),
            Step::Form { at, .. } => self.cards[at.card].changed = None,
            Step::Attach { at, .. } => self.cards[at.card].attached = true,
            Step::AttachText { at, .. } => {
                let standing = Standing { posted: Posted(String::new()), post: Some(self.post(at.card, None)) };
                self.cards[at.card].standing.push(standing);
            }
        }
        // What is left of it, or came meanwhile, waits behind the other answers: one that never stops changing must not keep
        // them from their turn.
        for card in &mut self.cards {
            card.changed = card.changed.map(|_| Instant::now());
        }
    }

    /// The message of a step is not there any more: it is posted anew.
    pub(super) fn gone(&mut self, step: &Step) {
        if let Step::Edit { at, .. } = step {
            self.cards[at.card].standing.truncate(at.piece);
            // The platform has seen the old key and would show nothing.
            self.key.push('+');
        }
    }

    /// A form cannot be opened: it is posted.
    pub(super) fn no_form(&mut self, step: &Step) {
        if let Step::Form { at, .. } = step
            && let Held::Message(message) = &mut self.cards[at.card].content
        {
            message.kind = MessageType::Default;
        }
    }

    /// Nothing more is tried for the message of a step.
    pub(super) fn give_up(&mut self, step: &Step) {
        let (Step::Post { at, .. }
        | Step::Edit { at, .. }
        | Step::Form { at, .. }
        | Step::Attach { at, .. }
        | Step::AttachText { at, .. }) = step;
        let card = &mut self.cards[at.card];
        (card.given_up, card.attached, card.changed) = (true, true, None);
    }

    fn add(&mut self, part: u32, content: Held, header: Option<String>) {
        let now = Instant::now();
        if let Some(card) = self.cards.last_mut().filter(|card| matches!(card.content, Held::Nothing)) {
            (card.part, card.content, card.header) = (part, content, header);
            return card.change(now);
        }
        if self.cards.len() >= MOST_CARDS {
            self.left_out += 1;
            let note = format!("… and {} more messages, which one answer cannot show.", self.left_out);
            if let Some(card) = self.cards.last_mut() {
                (card.part, card.content) = (part, Held::Message(Box::new(Message::text(note))));
                card.change(now);
            }
            return;
        }
        // The one before it no longer shows how the command is doing.
        self.last(now);
        self.cards.push(Card {
            part,
            content,
            header,
            changed: Some(now),
            standing: Vec::new(),
            pieces: 0,
            given_up: false,
            attached: false,
        });
    }

    /// The last message shows how the command is doing, which has changed.
    fn last(&mut self, now: Instant) {
        if let Some(card) = self.cards.last_mut() {
            card.change(now);
        }
    }

    /// The next step for a message; `None` when it stands as it is.
    fn message(&mut self, at: usize, is_last: bool, capabilities: &Capabilities) -> Option<Step> {
        let live = is_last.then(|| Live {
            command: self.id,
            since: self.since,
            state: match self.ended {
                Some((status, took)) => LiveState::Ended { status, took },
                None => LiveState::Running(self.progress.clone()),
            },
        });
        let post = self.post(at, live);
        let (kind, replaces) = (post.message.kind.clone(), post.message.replace_original);
        let fitted = fit(post, capabilities);
        self.cards[at].pieces = fitted.len();
        if let Some(anchor) = self.valid_anchor().cloned() {
            // A form is one window.
            if let (MessageType::Form, [Fitted::Post(post)]) = (kind, fitted.as_slice())
                && capabilities.forms
            {
                return Some(Step::Form { at: Place { card: at, piece: 0 }, anchor, post: (**post).clone() });
            }
            if let Some(original) = anchor.original
                && replaces
                && capabilities.edits
                && self.cards[at].standing.is_empty()
            {
                self.cards[at].standing.push(Standing { posted: original, post: None });
            }
        }
        let card = &self.cards[at];
        for (piece, fitted) in fitted.into_iter().enumerate() {
            let place = Place { card: at, piece };
            match (fitted, card.standing.get(piece)) {
                (Fitted::Post(post), None) => return Some(Step::Post { at: place, post: *post }),
                (Fitted::Post(post), Some(standing))
                    if capabilities.edits && standing.post.as_ref() != Some(&*post) =>
                {
                    return Some(Step::Edit { at: place, posted: standing.posted.clone(), post: *post });
                }
                (Fitted::File { name, content }, None) => {
                    let key = format!("{}/{at}.{piece}", self.key);
                    let attachment = self.attachment(at, &name, key, (PathBuf::new(), content.len() as u64));
                    return Some(Step::AttachText { at: place, attachment, content });
                }
                _ => {}
            }
        }
        None
    }

    fn post(&self, at: usize, live: Option<Live>) -> Post {
        let card = &self.cards[at];
        let message = match &card.content {
            Held::Nothing => Message::new(),
            Held::Message(message) => (**message).clone(),
            Held::Output(output) => Message::code(output.shown()),
        };
        let (audience, anchor) = (self.audience(at), self.valid_anchor().cloned());
        Post { key: format!("{}/{at}", self.key), message, header: card.header.clone(), live, audience, anchor }
    }

    fn attachment(&self, at: usize, name: &str, key: String, (path, size): (PathBuf, u64)) -> Attachment {
        let (audience, anchor) = (self.audience(at), self.valid_anchor().cloned());
        Attachment { key, name: name.to_owned(), path, size, audience, anchor }
    }

    /// Who may see a message, and the file that is a part of it.
    fn audience(&self, at: usize) -> Audience {
        match &self.cards[at].content {
            Held::Message(message) if message.only_visible_for_you => Audience::Person(self.person.clone()),
            _ => Audience::Everyone,
        }
    }

    fn valid_anchor(&self) -> Option<&Anchor> {
        self.anchor.as_ref().filter(|anchor| anchor.is_valid(SystemTime::now()))
    }
}

impl Card {
    fn change(&mut self, now: Instant) {
        if !self.given_up {
            self.changed.get_or_insert(now);
        }
    }

    /// When it is to be shown as it is now. Where a message cannot be changed, an open one waits for more.
    fn due(&self, is_open: bool, capabilities: &Capabilities) -> Option<Instant> {
        let changed = self.changed?;
        if capabilities.edits || !is_open {
            return Some(changed);
        }
        match self.content {
            Held::Output(_) if self.standing.is_empty() => Some(changed + GATHERED),
            _ if self.standing.len() < self.pieces.max(1) => Some(changed),
            _ => None,
        }
    }

    fn file(&self) -> Option<(PathBuf, u64)> {
        match &self.content {
            Held::Output(output) if !self.attached => output.file().map(|(path, size)| (path.to_owned(), size)),
            _ => None,
        }
    }
}
