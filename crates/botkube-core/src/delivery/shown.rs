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
    /// What was left out last, since messages were too many, was output; more of it counts as the same.
    leaves_output_out: bool,
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
    /// The platform was asked for something: what stands may be more than is known.
    begun: bool,
    /// A piece that may stand although its post failed; the platform knows its key.
    doubt: Option<(usize, Post)>,
    /// When something of it was shown last.
    shown: Option<Instant>,
    /// It was opened as a form, which nobody can change any more.
    opened: bool,
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
    /// So many messages were too many.
    LeftOut(usize),
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
        let (cards, progress, ended, leaves_output_out) = <_>::default();
        Self { id, key, person, anchor, since, began, cards, progress, ended, leaves_output_out }
    }

    /// Takes a part in. Never waits, and never holds more of it than can be shown.
    pub(super) fn absorb(&mut self, part: Part, capabilities: &Capabilities) {
        let now = Instant::now();
        match part.content {
            Content::Message { message, header } => {
                self.add(part.number, Held::Message(message), header, capabilities);
            }
            Content::Update { of, message } => {
                // Who sees a message that stands cannot be changed.
                let same = |card: &&mut Card| card.part == of && (!card.begun || card.is_as_private_as(&message));
                match self.cards.iter_mut().find(same) {
                    Some(card) => {
                        card.content = Held::Message(message);
                        card.change(now);
                    }
                    None => self.add(part.number, Held::Message(message), None, capabilities),
                }
            }
            Content::Text { text, header } => {
                let goes_on =
                    |card: &&mut Card| matches!(card.content, Held::Output(_)) && (capabilities.edits || !card.begun);
                if self.cards.last_mut().filter(goes_on).is_none() {
                    let output = Held::Output(Output::new(capabilities.code));
                    self.add(part.number, output, header, capabilities);
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
                self.states(now);
            }
            Content::End(status) => {
                self.ended = Some((status, self.began.elapsed()));
                // Where the last message can no longer say so, one more does.
                if !capabilities.edits && self.cards.last().is_some_and(|card| card.begun) {
                    self.add(0, Held::Nothing, None, capabilities);
                }
                self.states(now);
            }
        }
    }

    /// The command ends without an end of its own.
    pub(super) fn cut(&mut self) {
        if self.ended.is_none() {
            self.ended = Some((Status::Cancelled, self.began.elapsed()));
            self.states(Instant::now());
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
        let cards = self
            .cards
            .iter()
            .enumerate()
            .filter_map(|(at, card)| card.due(Some(at) == last, self.ended.is_some(), capabilities));
        let file = self.cards.iter().any(|card| card.file().is_some()) && self.ended.is_some();
        silent.into_iter().chain(cards).chain(file.then_some(self.began)).min()
    }

    /// What is to be done at this time.
    pub(super) fn step(&mut self, now: Instant, capabilities: &Capabilities) -> Option<Step> {
        if self.cards.is_empty() && self.ended.is_none() && now >= self.began + SILENCE {
            self.add(0, Held::Nothing, None, capabilities);
        }
        for at in 0..self.cards.len() {
            let is_last = at + 1 == self.cards.len();
            let due = self.cards[at].due(is_last, self.ended.is_some(), capabilities);
            if due.is_some_and(|due| due <= now) {
                match self.message(at, is_last, capabilities) {
                    Some(step) => {
                        self.cards[at].begun = true;
                        return Some(step);
                    }
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
        let now = Instant::now();
        let card = &mut self.cards[step.at().card];
        (card.doubt, card.shown) = (None, Some(now));
        match step {
            Step::Post { at, post } => {
                let posted = posted.unwrap_or_else(|| Posted(String::new()));
                self.cards[at.card].standing.push(Standing { posted, post: Some(post.clone()) });
            }
            Step::Edit { at, post, .. } => self.cards[at.card].standing[at.piece].post = Some(post.clone()),
            Step::Form { .. } => card.opened = true,
            Step::Attach { at, .. } => self.cards[at.card].attached = true,
            Step::AttachText { at, .. } => {
                let standing = Standing { posted: Posted(String::new()), post: Some(self.post(at.card, None)) };
                self.cards[at.card].standing.push(standing);
            }
        }
        // What is left of it, or came meanwhile, waits behind the other answers: one that never stops changing must not keep
        // them from their turn.
        for card in &mut self.cards {
            card.changed = card.changed.map(|_| now);
        }
    }

    /// The message that a step was to change is not there any more: it is posted anew.
    pub(super) fn gone(&mut self, step: &Step) {
        if let Step::Edit { at, posted, .. } = step {
            self.cards[at.card].standing.truncate(at.piece);
            if let Some(anchor) = self.anchor.as_mut().filter(|anchor| anchor.original.as_ref() == Some(posted)) {
                anchor.original = None;
            }
            // The platform has seen the old key and would show nothing.
            self.key.push('+');
        }
    }

    /// A step failed; what it was to show may be there all the same.
    pub(super) fn failed(&mut self, step: &Step) {
        if let Step::Post { at, post } = step {
            self.cards[at.card].doubt = Some((at.piece, post.clone()));
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
        let card = &mut self.cards[step.at().card];
        (card.given_up, card.attached, card.changed) = (true, true, None);
    }

    fn add(&mut self, part: u32, content: Held, header: Option<String>, capabilities: &Capabilities) {
        let now = Instant::now();
        let takes_over = self.can_take_over(&content, capabilities);
        if let Some(card) =
            self.cards.last_mut().filter(|card| matches!(card.content, Held::Nothing) && takes_over(card))
        {
            (card.part, card.content, card.header) = (part, content, header);
            return card.change(now);
        }
        let is_output = matches!(content, Held::Output(_));
        if self.cards.len() + 1 >= MOST_CARDS {
            let counts = !(is_output && self.leaves_output_out);
            self.leaves_output_out = is_output;
            if let Some(Card { content: Held::LeftOut(count), .. }) = self.cards.last_mut() {
                *count += usize::from(counts);
                return self.states(now);
            }
        }
        let content = if self.cards.len() + 1 >= MOST_CARDS { Held::LeftOut(1) } else { content };
        // The one before it no longer shows how the command is doing.
        self.states(now);
        let (standing, doubt, shown, pieces) = <_>::default();
        let (begun, opened, given_up, attached) = <_>::default();
        let changed = Some(now);
        self.cards.push(Card {
            part,
            content,
            header,
            changed,
            standing,
            begun,
            doubt,
            shown,
            opened,
            pieces,
            given_up,
            attached,
        });
    }

    /// Which message that says nothing yet may become this one: one that stands was shown to everybody, and where it is.
    fn can_take_over(&self, content: &Held, capabilities: &Capabilities) -> impl Fn(&Card) -> bool + use<> {
        let needs_its_own = match content {
            Held::Message(message) => {
                let anchor = self.valid_anchor();
                let replaces = message.replace_original && capabilities.edits;
                (message.only_visible_for_you && capabilities.ephemeral)
                    || (replaces && anchor.is_some_and(|anchor| anchor.original.is_some()))
                    || (message.kind == MessageType::Form && capabilities.forms && anchor.is_some())
            }
            _ => false,
        };
        move |card| !(card.begun && needs_its_own)
    }

    /// What shows how the command is doing has changed: the last message, and one that says nothing else.
    fn states(&mut self, now: Instant) {
        let last = self.cards.len().saturating_sub(1);
        for (at, card) in self.cards.iter_mut().enumerate() {
            if at == last || matches!(card.content, Held::Nothing) {
                card.change(now);
            }
        }
    }

    /// The next step for a message; `None` when it stands as it is.
    fn message(&mut self, at: usize, is_last: bool, capabilities: &Capabilities) -> Option<Step> {
        let card = &self.cards[at];
        if card.opened {
            return None;
        }
        let anchor = self.valid_anchor().cloned();
        let (is_form, replaces) = match &card.content {
            Held::Message(message) => {
                (message.kind == MessageType::Form && capabilities.forms && anchor.is_some(), message.replace_original)
            }
            _ => (false, false),
        };
        // To open a form is its command's end.
        let live = (is_last && !is_form || matches!(card.content, Held::Nothing)).then(|| Live {
            command: self.id,
            since: self.since,
            state: match self.ended {
                Some((status, took)) => LiveState::Ended { status, took },
                None => LiveState::Running(self.progress.clone()),
            },
        });
        let fitted = fit(self.post(at, live), capabilities);
        if let Some(anchor) = anchor {
            // A form is one window.
            if let [Fitted::Post(post)] = fitted.as_slice()
                && is_form
            {
                return Some(Step::Form { at: Place { card: at, piece: 0 }, anchor, post: (**post).clone() });
            }
            let card = &mut self.cards[at];
            if let Some(original) = anchor.original
                && replaces
                && capabilities.edits
                && !card.begun
            {
                card.standing.push(Standing { posted: original, post: None });
            }
        }
        let card = &mut self.cards[at];
        card.pieces = fitted.len();
        for (piece, fitted) in fitted.into_iter().enumerate() {
            let place = Place { card: at, piece };
            match (fitted, card.standing.get(piece)) {
                (Fitted::Post(post), None) => {
                    // The platform goes by the key: what may stand is asked for as it was, and changed after that.
                    let doubtful = card.doubt.clone().filter(|(doubtful, _)| *doubtful == piece);
                    return Some(Step::Post { at: place, post: doubtful.map_or(*post, |(_, post)| post) });
                }
                (Fitted::Post(post), Some(standing))
                    if capabilities.edits && standing.post.as_ref() != Some(&*post) =>
                {
                    return Some(Step::Edit { at: place, posted: standing.posted.clone(), post: *post });
                }
                (Fitted::File { name, content }, None) => {
                    let key = format!("{}/{at}.{piece}.file", self.key);
                    let attachment = self.attachment(at, &name, key, (PathBuf::new(), content.len() as u64));
                    return Some(Step::AttachText { at: place, attachment, content });
                }
                _ => {}
            }
        }
        // What it has no use for any more says nothing any more.
        let card = &self.cards[at];
        let unused = card.standing.iter().enumerate().skip(card.pieces).filter(|_| capabilities.edits);
        unused.filter(|(_, standing)| !standing.posted.0.is_empty()).find_map(|(piece, standing)| {
            let was = standing.post.as_ref()?;
            let post = Post { message: Message::text("…"), header: None, live: None, ..was.clone() };
            let at = Place { card: at, piece };
            (post != *was).then(|| Step::Edit { at, posted: standing.posted.clone(), post })
        })
    }

    fn post(&self, at: usize, live: Option<Live>) -> Post {
        let card = &self.cards[at];
        let message = match &card.content {
            Held::Nothing => Message::new(),
            Held::Message(message) => (**message).clone(),
            Held::Output(output) => Message::code(output.shown()),
            Held::LeftOut(count) => {
                Message::text(format!("… and {count} more messages, which one answer cannot show."))
            }
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

impl Step {
    fn at(&self) -> Place {
        match self {
            Self::Post { at, .. }
            | Self::Edit { at, .. }
            | Self::Form { at, .. }
            | Self::Attach { at, .. }
            | Self::AttachText { at, .. } => *at,
        }
    }
}

impl Card {
    fn change(&mut self, now: Instant) {
        if !self.given_up {
            self.changed.get_or_insert(now);
        }
    }

    /// When it is to be shown as it is now. Where a message cannot be changed, the last one waits for more while the command
    /// runs; where it can, not more often than the platform likes, but for the end.
    fn due(&self, is_last: bool, is_over: bool, capabilities: &Capabilities) -> Option<Instant> {
        let changed = self.changed?;
        let is_open = is_last && !is_over;
        let is_whole = self.begun && self.standing.len() >= self.pieces.max(1);
        match (&self.content, capabilities.edits) {
            (_, true) if is_whole && is_open => {
                Some(self.shown.map_or(changed, |shown| changed.max(shown + capabilities.edits_every)))
            }
            (_, true) => Some(changed),
            (_, false) if !is_open => Some(changed),
            (Held::LeftOut(_), false) => None,
            (Held::Output(_), false) if !self.begun => Some(changed + GATHERED),
            (_, false) => (!is_whole).then_some(changed),
        }
    }

    /// Whether everybody who sees it may see this message, and the other way round.
    fn is_as_private_as(&self, message: &Message) -> bool {
        let Held::Message(own) = &self.content else { return !message.only_visible_for_you };
        own.only_visible_for_you == message.only_visible_for_you
    }

    fn file(&self) -> Option<(PathBuf, u64)> {
        match &self.content {
            Held::Output(output) if !self.attached => output.file().map(|(path, size)| (path.to_owned(), size)),
            _ => None,
        }
    }
}
