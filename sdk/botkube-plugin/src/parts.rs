//! One call under way: what the author's code says, as it comes, until it ends, panics or is given up. It knows no wire
//! format.

use std::{
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{runtime::Handle, task, time};
use tokio_util::sync::CancellationToken;

use crate::{
    Error, Part, Reply, Result,
    message::Message,
    reply::{Collector, Inner},
};

/// How long a call that was cancelled may tidy up, if it asked to be told.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

/// What a call says.
#[derive(Debug)]
pub(crate) enum Said {
    /// A piece of it.
    Part(Part),
    /// All of it, when the reply is no stream.
    Whole(Vec<Message>),
}

/// One call under way. Dropping it cancels the call.
pub(crate) struct Parts {
    /// `None` when it has come to its end.
    work: Option<Work>,
    signals: Arc<Signals>,
}

/// What goes between an author's code and whoever reads the parts, beside the reply.
#[derive(Default)]
pub(crate) struct Signals {
    cancelled: CancellationToken,
    /// The author's code wants to know when it is cancelled.
    minded: AtomicBool,
    progress: Mutex<Progress>,
}

/// The calls that have not ended, with those that were cancelled.
#[derive(Clone, Default)]
pub(crate) struct Calls(Arc<AtomicU32>);

/// The author's code, and that it is counted.
struct Work {
    stage: Stage,
    _counted: Counted,
}

enum Stage {
    Executing(Pin<Box<dyn Future<Output = Result<Reply>> + Send>>),
    Replied(Inner),
}

#[derive(Default)]
struct Progress {
    /// What was said last and has not been read.
    latest: Option<Part>,
    reader: Option<Waker>,
}

/// One call, until it is dropped.
struct Counted(Calls);

impl Parts {
    /// A call that `execute` works on.
    pub(crate) fn new(
        execute: impl Future<Output = Result<Reply>> + Send + 'static,
        signals: Arc<Signals>,
        calls: &Calls,
    ) -> Self {
        Self { work: Some(Work { stage: Stage::Executing(Box::pin(execute)), _counted: calls.count() }), signals }
    }

    /// A reply without the call before it.
    pub(crate) fn of(reply: Reply) -> Self {
        let work = Work { stage: Stage::Replied(reply.0), _counted: Calls::default().count() };
        Self { work: Some(work), signals: Arc::default() }
    }

    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Said>>> {
        let Some(work) = &mut self.work else { return Poll::Ready(None) };
        match work.poll_next(cx) {
            Poll::Ready(Some(Ok(said @ Said::Part(_)))) => Poll::Ready(Some(Ok(said))),
            Poll::Ready(last) => {
                self.work = None;
                Poll::Ready(last)
            }
            Poll::Pending => self.signals.poll_progress(cx).map(|part| Some(Ok(Said::Part(part)))),
        }
    }

    pub(crate) async fn next(&mut self) -> Option<Result<Said>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// All of it, for those who cannot take parts.
    pub(crate) async fn whole(mut self) -> Result<Vec<Message>> {
        let mut all = Collector::default();
        while let Some(said) = self.next().await {
            match said {
                Ok(Said::Part(part)) => all.take(part),
                Ok(Said::Whole(messages)) => messages.into_iter().map(Part::message).for_each(|part| all.take(part)),
                Err(error) => return Err(all.failed(error)),
            }
        }
        Ok(all.end())
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        let Some(mut work) = self.work.take() else { return };
        self.signals.cancelled.cancel();
        if self.signals.minded.load(Ordering::Relaxed)
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(time::timeout(GRACE, async move {
                while let Some(Ok(Said::Part(_))) = poll_fn(|cx| work.poll_next(cx)).await {
                    // It may have much to say, and there are others.
                    task::yield_now().await;
                }
            }));
        }
    }
}

impl Work {
    /// Nothing may be asked of it after anything but a part.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Said>>> {
        loop {
            let outcome = match &mut self.stage {
                Stage::Executing(call) => match caught(|| call.as_mut().poll(cx)) {
                    Poll::Ready(outcome) => outcome,
                    Poll::Pending => return Poll::Pending,
                },
                Stage::Replied(Inner::Messages(messages)) => {
                    return Poll::Ready(Some(Ok(Said::Whole(std::mem::take(messages)))));
                }
                Stage::Replied(Inner::Parts(parts)) => match caught(|| parts.as_mut().poll_next(cx).map(Ok)) {
                    Poll::Ready(Ok(Some(Ok(part)))) => return Poll::Ready(Some(Ok(Said::Part(part)))),
                    Poll::Ready(Ok(Some(Err(error))) | Err(error)) => Err(error),
                    Poll::Ready(Ok(None)) => return Poll::Ready(None),
                    Poll::Pending => return Poll::Pending,
                },
            };
            match outcome.or_else(Error::into_answer) {
                Ok(reply) => self.stage = Stage::Replied(reply.0),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }
}

/// Makes a panic the error of this call alone.
pub(crate) fn caught<T>(poll: impl FnOnce() -> Poll<Result<T>>) -> Poll<Result<T>> {
    // The call is dropped after a panic, and what it shares with others says itself whether it was poisoned.
    catch_unwind(AssertUnwindSafe(poll)).unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<&str>().map(ToString::to_string).or(panic.downcast_ref().cloned());
        let said = said.unwrap_or_else(|| "no message".into());
        Poll::Ready(Err(Error::for_user(format!("the plugin panicked: {said}"))))
    })
}

impl Signals {
    pub(crate) fn progress(&self, part: Part) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.latest = Some(part);
        let reader = progress.reader.take();
        drop(progress);
        if let Some(reader) = reader {
            reader.wake();
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.minded.store(true, Ordering::Relaxed);
        self.cancelled.is_cancelled()
    }

    pub(crate) async fn cancelled(&self) {
        self.minded.store(true, Ordering::Relaxed);
        self.cancelled.cancelled().await;
    }

    fn poll_progress(&self, cx: &Context<'_>) -> Poll<Part> {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        match progress.latest.take() {
            Some(part) => Poll::Ready(part),
            None => {
                progress.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }
}

impl Calls {
    pub(crate) fn running(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }

    fn count(&self) -> Counted {
        self.0.fetch_add(1, Ordering::Relaxed);
        Counted(self.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}
