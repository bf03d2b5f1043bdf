//! What a plugin takes: time to start, and memory. It judges by what people notice.

use tokio::time::Instant;

use super::{Verdict, subject::Subject};

/// How often it is started.
const STARTS: usize = 5;

pub(super) async fn start_up(subject: &Subject) -> Verdict {
    let mut times = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        let began = Instant::now();
        match subject.start().await {
            Ok(running) => {
                times.push(began.elapsed());
                running.end().await;
            }
            Err(reason) => {
                return Verdict::default().failed(
                    format!("{STARTS} starts in a row"),
                    format!("start {} failed: {reason}", times.len() + 1),
                    "let it keep nothing between runs that keeps it from starting".into(),
                );
            }
        }
    }
    times.sort_unstable();
    let median = times[STARTS / 2];
    let verdict = Verdict::passed(format!("{median:.0?}, the median of {STARTS}"));
    match subject.options.slow_start {
        most if median > most => verdict.warning(
            format!("a start within {most:?}"),
            format!("{median:.0?}"),
            "do what takes long at the first call, or in the background; people wait for a plugin that crashed".into(),
        ),
        _ => verdict,
    }
}

pub(super) async fn memory(subject: &Subject) -> Verdict {
    let running = match subject.start().await {
        Ok(running) => running,
        Err(reason) => return Verdict::skipped(format!("it does not start: {reason}")),
    };
    if subject.kind == botkube_plugin_host::index::PluginKind::Executor {
        running.call(subject.request(&subject.any_command())).await;
    }
    let used = used(running.probe.id());
    running.end().await;
    let Some((bytes, of)) = used else { return Verdict::skipped("it cannot be measured on this system") };
    let verdict = Verdict::passed(format!("{:.1} MiB {of}", mib(bytes)));
    match subject.options.large {
        most if bytes > most => verdict.warning(
            format!("at most {:.0} MiB at rest", mib(most)),
            format!("{:.1} MiB {of}", mib(bytes)),
            "load less at the start; an agent runs many plugins".into(),
        ),
        _ => verdict,
    }
}

#[expect(clippy::cast_precision_loss, reason = "it is rounded for people")]
fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// What a process has of the memory, and how that was counted: what it shares is divided by those it shares it with, where
/// the system says that.
#[cfg(target_os = "linux")]
fn used(id: u32) -> Option<(u64, &'static str)> {
    let process = procfs::process::Process::new(id.cast_signed()).ok()?;
    let rollup = process.smaps_rollup().ok().and_then(|maps| {
        let map = maps.memory_map_rollup.into_iter().next()?;
        map.extension.map.get("Pss").copied()
    });
    if let Some(bytes) = rollup {
        return Some((bytes, "(PSS)"));
    }
    let pages = process.statm().ok()?.resident;
    Some((pages * procfs::page_size(), "(RSS)"))
}

#[cfg(not(target_os = "linux"))]
fn used(_: u32) -> Option<(u64, &'static str)> {
    None
}
