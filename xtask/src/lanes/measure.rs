//! Reads clocks, memory and percentiles; it knows nothing of what is measured.

use std::{fs, process, time::Duration};

use anyhow::{Context, Result};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Value, json};

/// Durations of single calls.
#[derive(Default)]
pub(crate) struct Samples(Vec<Duration>);

impl Samples {
    pub(crate) fn push(&mut self, sample: Duration) {
        self.0.push(sample);
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The nearest-rank percentile, from 0 to 100; zero without samples.
    pub(crate) fn at(&mut self, percent: f64) -> Duration {
        self.0.sort_unstable();
        let rank = (percent / 100.0 * self.0.len() as f64).ceil() as usize;
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }
}

/// The CPU time taken so far by this process and by another.
pub(crate) fn cpu(other: u32) -> Result<[Duration; 2]> {
    let own = clock_gettime(ClockId::ProcessCPUTime);
    let own = Duration::new(u64::try_from(own.tv_sec)?, u32::try_from(own.tv_nsec)?);
    // The clock of another process cannot be named through a safe interface; the kernel's file has the same nanoseconds,
    // for each thread that is still there, which are all: neither Go nor our plugins end threads while they serve.
    let mut nanos = 0;
    for thread in fs::read_dir(format!("/proc/{other}/task")).context("the answering process")? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanos += text.split(' ').next().unwrap_or_default().parse::<u64>().context("schedstat")?;
    }
    Ok([own, Duration::from_nanos(nanos)])
}

/// What a process occupies; PSS counts a page shared with others in parts.
pub(crate) fn memory(pid: u32) -> Result<Value> {
    let [pss, anonymous] = occupied(pid)?;
    Ok(json!({ "pss_kib": pss, "anon_kib": anonymous }))
}

/// What this process and all below it occupy.
pub(crate) fn tree() -> Result<Value> {
    let mut sum = [0, 0];
    let mut left = vec![process::id()];
    while let Some(pid) = left.pop() {
        occupied(pid)?.into_iter().zip(&mut sum).for_each(|(part, sum)| *sum += part);
        left.extend(children(pid)?);
    }
    Ok(json!({ "pss_kib": sum[0], "anon_kib": sum[1] }))
}

/// The one child of this process.
pub(crate) fn child() -> Result<u32> {
    children(process::id())?.first().copied().context("this process has no child")
}

fn occupied(pid: u32) -> Result<[u64; 2]> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let kib = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default();
        line.split_whitespace().next().and_then(|n| n.parse::<u64>().ok()).unwrap_or_default()
    };
    Ok([kib("Pss:"), kib("Anonymous:")])
}

fn children(of: u32) -> Result<Vec<u32>> {
    let mut children = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        // A process may end while this is read.
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name, in brackets, may hold anything; after it come the state and the parent.
        if stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok()) == Some(of) {
            children.push(pid);
        }
    }
    Ok(children)
}
