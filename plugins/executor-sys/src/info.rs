//! The machine itself. It does not know how that is shown in a chat.

use std::time::Duration;

use botkube_plugin::Result;
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, RefreshKind, System};

use crate::{
    Facts,
    table::{Column::*, size, span, table},
};

/// A line for every fact, and what they are not about. A fact that the machine does not tell says why.
pub(crate) fn show() -> Result<Facts> {
    let wanted =
        RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing()).with_memory(MemoryRefreshKind::everything());
    let system = System::new_with_specifics(wanted)?;
    let cpu = system.cpus().first().map_or("", |cpu| cpu.brand()).trim().to_owned();
    let of = |used, total| format!("{} of {} used", size(used), size(total));
    let mut rows = vec![
        ("Host", told(System::host_name())),
        ("System", told(System::long_os_version())),
        ("Kernel", told(System::kernel_long_version())),
        ("Up for", told(System::uptime().map(|seconds| span(Duration::from_secs(seconds))))),
        ("Load", told(System::load_average().map(|l| format!("{:.2} {:.2} {:.2}", l.one, l.five, l.fifteen)))),
        ("CPUs", format!("{} × {} ({})", system.cpus().len(), cpu, System::cpu_arch())),
        ("Memory", of(system.used_memory(), system.total_memory())),
        ("Swap", of(system.used_swap(), system.total_swap())),
    ];
    if let Some(limit) = system.cgroup_limits().filter(|limit| limit.total_memory < system.total_memory()) {
        rows.push(("Limit", of(limit.total_memory.saturating_sub(limit.free_memory), limit.total_memory)));
    }
    let rows = rows.into_iter().map(|(fact, value)| [fact.to_owned(), value]).collect();
    Ok((table([Left("FACT"), Left("VALUE")], rows), crate::confinement().into_iter().collect()))
}

fn told(fact: Result<String, sysinfo::Error>) -> String {
    fact.unwrap_or_else(|error| format!("not known: {error}"))
}
