//! How many calls are in a process, and whether more may begin, as one thing: so that no call begins in a process that was
//! found empty and is on its way out. It knows no process.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

/// Is set in the number of calls when no more of them may begin.
const SHUT: usize = 1 << (usize::BITS - 1);

/// See the module. It is open at first.
#[derive(Default)]
pub(crate) struct Gate {
    calls: AtomicUsize,
    /// Wakes whoever waits for the last of them; there is one such at most.
    emptied: Notify,
}

impl Gate {
    /// Lets a call in, unless it is shut.
    #[must_use]
    pub(crate) fn enter(&self) -> bool {
        let one_more = |calls: usize| (calls & SHUT == 0).then_some(calls + 1);
        self.calls.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_more).is_ok()
    }

    /// A call that had been let in is over.
    pub(crate) fn leave(&self) {
        if self.calls.fetch_sub(1, Ordering::SeqCst) & !SHUT == 1 {
            self.emptied.notify_one();
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.calls.load(Ordering::SeqCst) & SHUT == 0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.calls.load(Ordering::SeqCst) & !SHUT == 0
    }

    /// Lets nobody in any more, whoever is in.
    pub(crate) fn shut(&self) {
        self.calls.fetch_or(SHUT, Ordering::SeqCst);
    }

    /// Waits until no call is in, and shuts it in the same moment. It must not be shut before.
    pub(crate) async fn shut_when_empty(&self) {
        while self.calls.compare_exchange(0, SHUT, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            self.emptied.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn an_empty_gate_shuts_at_once_and_lets_nobody_in() {
        let gate = Gate::default();
        gate.shut_when_empty().await;
        assert!(!gate.enter() && !gate.is_open() && gate.is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_gate_shuts_only_when_the_last_has_left() {
        let gate = Gate::default();
        assert!(gate.enter() && gate.enter());
        gate.leave();
        assert!(timeout(Duration::from_secs(60), gate.shut_when_empty()).await.is_err());
        assert!(gate.is_open() && gate.enter());
        gate.leave();
        gate.leave();
        gate.shut_when_empty().await;
        assert!(!gate.enter());
    }

    #[test]
    fn one_that_was_shut_before_is_left_in_peace() {
        let gate = Gate::default();
        assert!(gate.enter());
        gate.shut();
        assert!(!gate.enter() && !gate.is_empty());
        gate.leave();
        assert!(gate.is_empty());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 3)]
    async fn nobody_is_in_a_gate_that_was_shut_when_empty_however_many_come_and_go() {
        for _ in 0..100 {
            let gate = Arc::new(Gate::default());
            let callers: Vec<_> = (0..2)
                .map(|_| {
                    let gate = gate.clone();
                    tokio::spawn(async move {
                        while gate.enter() {
                            assert!(gate.is_open(), "it was shut while somebody was in");
                            gate.leave();
                            tokio::task::yield_now().await;
                        }
                    })
                })
                .collect();
            gate.shut_when_empty().await;
            assert!(gate.is_empty());
            for caller in callers {
                caller.await.unwrap();
            }
        }
    }
}
