//! Shows answers in the conversations of a platform: in each one owner asks for one operation after the other, in order and
//! at the platform's pace, however fast the parts come and however slow the platform is. It knows no platform.
//!
//! What a plugin says never waits for the platform: each answer is kept as it is to be shown, which is bounded, and what
//! came meanwhile is shown together. Reading order: `shown` what one answer looks like and what is next for it · `output`
//! output that is too long to be shown · [`Owner`] who does it.

mod output;
mod shown;

use std::{collections::BTreeMap, io::Write, sync::Arc, time::Duration};

use futures_util::{
    FutureExt, StreamExt,
    future::BoxFuture,
    stream::{self, BoxStream, SelectAll},
};
use tempfile::NamedTempFile;
use tokio::{
    sync::mpsc,
    time::{self, Instant},
};

use self::shown::{Shown, Step};
use crate::{
    answer::{Answer, Part},
    conversation::Conversation,
    platform::{Anchor, Attachment, Audience, Platform, PlatformError, Posted},
};

/// How many parts are taken in before the platform gets its turn.
const AT_ONCE: usize = 256;
/// How many answers of a conversation are looked at; more wait with whoever sends them.
const MOST: usize = 100;
/// How long a platform may take for one operation.
const DEADLINE: Duration = Duration::from_secs(30);
/// How often an operation is tried that fails.
const TRIES: u32 = 5;
/// The longest a platform can ask to be left alone for.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// The pause after the first failure; it doubles.
const PAUSE: Duration = Duration::from_millis(250);

/// An answer to be shown.
pub(crate) struct Job {
    pub(crate) answer: Answer,
    /// Names the answer for ever.
    pub(crate) key: String,
    /// Who asked.
    pub(crate) person: String,
    pub(crate) anchor: Option<Anchor>,
}

/// Shows the answers of one conversation. There is one owner for each.
pub(crate) struct Owner {
    platform: Arc<dyn Platform>,
    conversation: Conversation,
    jobs: mpsc::Receiver<Job>,
    /// What is not shown to its end, the oldest first.
    answers: BTreeMap<u64, Shown>,
    parts: SelectAll<BoxStream<'static, (u64, Option<Part>)>>,
    next: u64,
    /// When the platform may be asked again.
    not_before: Instant,
    /// How long it took to find out what to ask for. As long again belongs to the parts that come, so that those who say a lot
    /// get it taken.
    thought: Duration,
    failures: u32,
}

/// An operation that is under way.
type Operation = BoxFuture<'static, Result<Option<Posted>, PlatformError>>;

impl Owner {
    pub(crate) fn new(platform: Arc<dyn Platform>, conversation: Conversation, jobs: mpsc::Receiver<Job>) -> Self {
        let (answers, parts, next) = (BTreeMap::new(), SelectAll::new(), 0);
        let (not_before, thought, failures) = (Instant::now(), Duration::ZERO, 0);
        Self { platform, conversation, jobs, answers, parts, next, not_before, thought, failures }
    }

    /// Shows what comes until nobody can send any more, or nothing came for this long and `is_over` says that nothing will.
    pub(crate) async fn run(mut self, idle: Duration, is_over: impl Fn(&mpsc::Receiver<Job>) -> bool) {
        let mut operation: Option<(u64, Step, Operation)> = None;
        let mut is_open = true;
        loop {
            for _ in 0..AT_ONCE {
                // Together with what is there already: an answer of one part and its end is shown once.
                match self.parts.next().now_or_never() {
                    Some(Some((id, part))) => self.absorb(id, part),
                    _ => break,
                }
            }
            if operation.is_none() && self.not_before <= Instant::now() {
                let began = std::time::Instant::now();
                operation = self.next_operation();
                self.thought = began.elapsed();
            }
            if operation.is_none() {
                self.answers.retain(|_, shown| !shown.is_done());
            }
            let is_idle = self.answers.is_empty();
            if !is_open && is_idle {
                return;
            }
            let wake = match (is_idle, &operation) {
                (true, _) => Instant::now() + idle,
                (false, None) => self.wake(),
                // Its end wakes.
                (false, Some(_)) => Instant::now() + 2 * DEADLINE,
            };
            let under_way = async {
                match &mut operation {
                    Some((_, _, operation)) => operation.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                result = under_way => {
                    if let Some((id, step, _)) = operation.take() {
                        self.settle(id, &step, result);
                    }
                }
                job = self.jobs.recv(), if is_open && self.answers.len() < MOST => match job {
                    Some(job) => self.take(job),
                    None => is_open = false,
                },
                Some((id, part)) = self.parts.next() => self.absorb(id, part),
                () = time::sleep_until(wake) => if is_idle && is_over(&self.jobs) {
                    return;
                },
            }
        }
    }

    fn take(&mut self, job: Job) {
        self.next += 1;
        let id = self.next;
        self.answers.insert(id, Shown::new(job.answer.id, job.key, job.person, job.anchor));
        let parts = stream::unfold(Some(job.answer), move |answer| async move {
            let mut answer = answer?;
            match answer.next().await {
                Some(part) => Some(((id, Some(part)), Some(answer))),
                // Whoever made the answer is gone with its runtime.
                None => Some(((id, None), None)),
            }
        });
        self.parts.push(parts.boxed());
    }

    fn absorb(&mut self, id: u64, part: Option<Part>) {
        let Some(shown) = self.answers.get_mut(&id) else { return };
        match part {
            Some(part) => shown.absorb(part, self.platform.capabilities()),
            None => shown.cut(),
        }
    }

    /// When to look again although nothing came.
    fn wake(&self) -> Instant {
        let capabilities = self.platform.capabilities();
        let due = self.answers.values().filter_map(|shown| shown.due(capabilities)).min();
        // There is always something that comes, or something due.
        due.unwrap_or_else(|| Instant::now() + DEADLINE).max(self.not_before)
    }

    /// The next operation: of the answer that waits longest for its turn.
    fn next_operation(&mut self) -> Option<(u64, Step, Operation)> {
        let (now, capabilities) = (Instant::now(), self.platform.capabilities());
        let mut due: Vec<(Instant, u64)> =
            self.answers.iter().filter_map(|(id, shown)| Some((shown.due(capabilities)?, *id))).collect();
        due.sort_unstable();
        for (_, id) in due.into_iter().take_while(|(due, _)| *due <= now) {
            if let Some(step) = self.answers.get_mut(&id).and_then(|shown| shown.step(now, capabilities)) {
                let operation = self.operation(&step);
                return Some((id, step, operation));
            }
        }
        None
    }

    fn operation(&self, step: &Step) -> Operation {
        let (platform, conversation, mut step) = (self.platform.clone(), self.conversation.clone(), step.clone());
        if let Step::Attach { attachment, .. } | Step::AttachText { attachment, .. } = &mut step
            && !platform.capabilities().ephemeral
        {
            attachment.audience = Audience::Everyone;
        }
        let asked = async move {
            match &step {
                Step::Post { post, .. } => platform.post(&conversation, post).await.map(Some),
                Step::Edit { posted, post, .. } => platform.edit(&conversation, posted, post).await.map(|()| None),
                Step::Form { anchor, post, .. } => platform.open_form(&conversation, anchor, post).await.map(|()| None),
                Step::Attach { attachment, .. } => platform.attach(&conversation, attachment).await.map(Some),
                Step::AttachText { attachment, content, .. } => {
                    let file = NamedTempFile::new().and_then(|mut file| {
                        file.write_all(content.as_bytes())?;
                        Ok(file)
                    });
                    let file = file.map_err(|error| PlatformError::Failed(error.to_string()))?;
                    let attachment = Attachment { path: file.path().to_owned(), ..attachment.clone() };
                    platform.attach(&conversation, &attachment).await.map(Some)
                }
            }
        };
        time::timeout(DEADLINE, asked)
            .map(|outcome| {
                outcome.unwrap_or_else(|_| Err(PlatformError::Failed(format!("no answer within {DEADLINE:?}"))))
            })
            .boxed()
    }

    /// Takes in what came of an operation.
    fn settle(&mut self, id: u64, step: &Step, result: Result<Option<Posted>, PlatformError>) {
        let pace = self.platform.capabilities().pace.max(self.thought);
        let Some(shown) = self.answers.get_mut(&id) else { return };
        let pause = match result {
            Ok(posted) => {
                shown.done(step, posted);
                self.failures = 0;
                pace
            }
            Err(PlatformError::Wait(pause)) => pause.min(LONGEST_WAIT),
            Err(PlatformError::Gone) if matches!(step, Step::Edit { .. }) => {
                shown.gone(step);
                pace
            }
            Err(_) if matches!(step, Step::Form { .. }) => {
                shown.no_form(step);
                pace
            }
            Err(error) => {
                shown.failed(step);
                self.failures += 1;
                if matches!(error, PlatformError::Refused(_)) || self.failures >= TRIES {
                    let channel = self.conversation.called();
                    tracing::error!(channel, "a part of an answer cannot be shown: {error}");
                    shown.give_up(step);
                    self.failures = 0;
                }
                PAUSE * 2_u32.saturating_pow(self.failures)
            }
        };
        self.not_before = Instant::now() + pause;
    }
}

#[cfg(test)]
mod tests;
