//! How many lines of a plugin's are passed on in how much time. It sees no line, only its length.

use std::time::Duration;

use tokio::time::Instant;

/// How many seconds' worth of lines may come at once: a report of a crash is long.
const SAVED: u32 = 4;
/// A longer line counts as several, of this many bytes each.
const LINE: usize = 1 << 10;
/// How often it is said that lines are dropped.
const NOTICE: Duration = Duration::from_secs(1);

/// Lets so many lines pass.
#[derive(Debug)]
pub(super) struct Rate {
    per_second: u32,
    /// How many may still pass.
    left: u64,
    /// When that was found out.
    at: Instant,
    /// How many were dropped that nobody was told of.
    dropped: u64,
    told: Option<Instant>,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Pass,
    Drop,
    /// The same, and it is time to say that so many were dropped since this was said last, this one included.
    DropAndSay(u64),
}

impl Rate {
    /// At least one line a second.
    pub(super) fn new(per_second: u32) -> Self {
        let per_second = per_second.max(1);
        let left = u64::from(per_second) * u64::from(SAVED);
        Self { per_second, left, at: Instant::now(), dropped: 0, told: None }
    }

    pub(super) fn judge(&mut self, length: usize) -> Verdict {
        let most = u64::from(self.per_second) * u64::from(SAVED);
        let cost = (1 + (length / LINE) as u64).min(most);
        if self.left < cost {
            self.refill(most);
        }
        if let Some(left) = self.left.checked_sub(cost) {
            self.left = left;
            return Verdict::Pass;
        }
        self.dropped += 1;
        if self.told.is_some_and(|told| told.elapsed() < NOTICE) {
            return Verdict::Drop;
        }
        self.told = Some(Instant::now());
        Verdict::DropAndSay(self.take_dropped())
    }

    /// How many were dropped that nobody was told of.
    pub(super) fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    fn refill(&mut self, most: u64) {
        let elapsed = self.at.elapsed();
        let earned = elapsed.as_micros() * u128::from(self.per_second) / 1_000_000;
        // What is less than a line goes on to count.
        if earned > 0 {
            self.left = most.min(self.left.saturating_add(u64::try_from(earned).unwrap_or(u64::MAX)));
            self.at = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    fn passed(rate: &mut Rate, lines: usize, length: usize) -> usize {
        (0..lines).filter(|_| rate.judge(length) == Verdict::Pass).count()
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_passes_and_then_so_many_a_second() {
        let mut rate = Rate::new(100);
        assert_eq!(passed(&mut rate, 1_000, 10), 400);
        for _ in 0..10 {
            advance(Duration::from_secs(1)).await;
            assert_eq!(passed(&mut rate, 1_000, 10), 100);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_line_counts_as_several() {
        let mut rate = Rate::new(100);
        assert_eq!(passed(&mut rate, 1_000, 64 << 10), 400 / 65);
    }

    #[tokio::test(start_paused = true)]
    async fn every_dropped_line_is_told_of_once_and_that_at_most_once_a_second() {
        let mut rate = Rate::new(100);
        passed(&mut rate, 400, 0);
        assert_eq!(rate.judge(0), Verdict::DropAndSay(1));
        assert_eq!(passed(&mut rate, 50, 0), 0);
        advance(Duration::from_secs(1)).await;
        assert_eq!(passed(&mut rate, 100, 0), 100);
        assert_eq!(rate.judge(0), Verdict::DropAndSay(51));
        assert_eq!((rate.judge(0), rate.take_dropped(), rate.take_dropped()), (Verdict::Drop, 1, 0));
    }
}
