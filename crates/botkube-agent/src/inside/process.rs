//! What processes use, as Linux tells it; other systems tell nothing here. It knows no plugin.

/// What a process uses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Usage {
    /// Its memory that is not swapped out, in bytes.
    pub(crate) resident: u64,
    /// The time that processors worked for it, in seconds; without that of its children.
    pub(crate) cpu: f64,
}

/// What this process uses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Own {
    pub(crate) usage: Usage,
    /// Its address space, in bytes.
    pub(crate) virtual_memory: u64,
    pub(crate) threads: u64,
    pub(crate) open_files: Option<u64>,
    /// How many files it may have open; `None`: any number.
    pub(crate) most_files: Option<u64>,
    /// When it began, in seconds since 1970.
    pub(crate) started: Option<f64>,
}

#[cfg(target_os = "linux")]
mod linux {
    use procfs::{
        ProcResult, boot_time_secs,
        process::{LimitValue, Process, Stat},
    };

    use super::{Own, Usage};

    pub(crate) fn usage(pid: u32) -> Option<Usage> {
        Process::new(pid.cast_signed()).and_then(|process| process.stat()).ok().map(|stat| of(&stat))
    }

    pub(crate) fn own() -> Option<Own> {
        read().ok()
    }

    fn read() -> ProcResult<Own> {
        let process = Process::myself()?;
        let stat = process.stat()?;
        let started = boot_time_secs().ok().map(|boot| boot as f64 + seconds(stat.starttime));
        let most_files = process.limits().ok().and_then(|limits| match limits.max_open_files.soft_limit {
            LimitValue::Value(most) => Some(most),
            LimitValue::Unlimited => None,
        });
        Ok(Own {
            usage: of(&stat),
            virtual_memory: stat.vsize,
            threads: stat.num_threads.max(0).cast_unsigned(),
            open_files: process.fd_count().ok().map(|count| count as u64),
            most_files,
            started,
        })
    }

    fn of(stat: &Stat) -> Usage {
        Usage { resident: stat.rss * procfs::page_size(), cpu: seconds(stat.utime + stat.stime) }
    }

    fn seconds(ticks: u64) -> f64 {
        ticks as f64 / procfs::ticks_per_second() as f64
    }
}

#[cfg(target_os = "linux")]
pub(crate) use linux::{own, usage};

/// What a process uses; nothing where there is none.
#[cfg(not(target_os = "linux"))]
pub(crate) fn usage(_: u32) -> Option<Usage> {
    None
}

/// What this process uses.
#[cfg(not(target_os = "linux"))]
pub(crate) fn own() -> Option<Own> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_memory_files_and_threads() {
        let own = own().unwrap();
        assert!(own.usage.resident > 100_000 && own.virtual_memory > own.usage.resident, "{own:?}");
        assert!(own.threads > 0 && own.open_files > Some(2), "{own:?}");
    }

    #[test]
    fn a_process_that_is_not_there_uses_nothing() {
        assert_eq!(usage(u32::MAX), None);
    }
}
