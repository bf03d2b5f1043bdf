//! What runs, and what it takes. Never shows a program's arguments: passwords are among them.

use std::{cmp::Reverse, ffi::OsStr, path::Path, time::Duration};

use botkube_plugin::Result;
use sysinfo::{
    MINIMUM_CPU_UPDATE_INTERVAL, Pid, Process, ProcessRefreshKind, ProcessesToUpdate, System, UpdateKind, Users,
};

use crate::{
    Facts, Order,
    table::{Column::*, size, table},
};

/// How long a look takes: use of the CPU is known between two points in time only, and longer is more exact.
const LOOK: Duration = MINIMUM_CPU_UPDATE_INTERVAL.saturating_mul(2);

/// All processes as they were at the last look.
pub(crate) struct Processes {
    system: System,
    users: Users,
}

impl Processes {
    /// Looks for the first time.
    pub(crate) async fn look() -> Result<Self> {
        let first = crate::read(|| {
            let mut processes = Self { system: System::new()?, users: Users::new_with_refreshed_list()? };
            processes.refresh();
            Ok(processes)
        });
        first.await?.again(LOOK).await
    }

    /// Looks again after a while; use of the CPU is that of the while.
    pub(crate) async fn again(mut self, after: Duration) -> Result<Self> {
        tokio::time::sleep(after).await;
        let refreshed = crate::read(|| {
            self.refresh();
            Ok(self)
        });
        refreshed.await
    }

    fn refresh(&mut self) {
        let once = UpdateKind::OnlyIfNotSet;
        let facts = ProcessRefreshKind::nothing().with_cpu().with_memory().with_user(once).with_exe(once);
        self.system.refresh_memory();
        self.system.refresh_cpu_usage();
        self.system.refresh_processes_specifics(ProcessesToUpdate::All, true, facts.without_tasks());
    }

    /// The machine in a line and the first processes whose name holds `name`, and what is missing.
    pub(crate) fn show(&self, order: Order, name: &str, rows: usize) -> Facts {
        let mut all: Vec<&Process> = self.system.processes().values().filter(|p| title(p).contains(name)).collect();
        // Most are idle: among equals, the largest come first.
        all.sort_by_key(|process| (Reverse(process.memory()), process.pid()));
        match order {
            Order::Memory => {}
            Order::Cpu => all.sort_by(|a, b| b.cpu_usage().total_cmp(&a.cpu_usage())),
            Order::Name => all.sort_by_cached_key(|process| title(process).to_lowercase()),
            Order::Pid => all.sort_by_key(|process| process.pid()),
        }
        let row = |process: &&Process| {
            let user = process.user_id().map(|id| match self.users.get_user_by_id(id) {
                Some(user) => user.name().to_owned(),
                None => id.to_string(),
            });
            let cpu = format!("{:.1}", process.cpu_usage());
            [process.pid().to_string(), user.unwrap_or("?".into()), cpu, size(process.memory()), title(process)]
        };
        let shown: Vec<_> = all.iter().take(rows).map(row).collect();
        let mut notes = vec![format!("{} of {} processes; CPU in percent of one core", shown.len(), all.len())];
        notes.extend(crate::confinement());
        if cfg!(target_os = "macos") {
            notes.push(
                "Unless the agent runs as root, macOS tells CPU and memory of its own user's processes only.".into(),
            );
        } else if self.system.process(Pid::from_u32(1)).is_none() {
            notes.push("The machine hides processes of other users: not even the first process is to be seen.".into());
        }
        let columns = [Right("PID"), Left("USER"), Right("CPU"), Right("MEMORY"), Left("PROGRAM")];
        (format!("{}\n\n{}", self.summary(), table(columns, shown)), notes)
    }

    fn summary(&self) -> String {
        let (busy, cores) = (self.system.global_cpu_usage(), self.system.cpus().len());
        let (used, memory) = (size(self.system.used_memory()), size(self.system.total_memory()));
        format!("CPU {busy:.0} % of {cores} cores · memory {used} of {memory}")
    }
}

/// A program's name.
fn title(process: &Process) -> String {
    let name = process.name().to_string_lossy();
    // Linux keeps 15 bytes of it; the rest is in the name of the file, where that may be seen.
    let file = process.exe().and_then(Path::file_name).map(OsStr::to_string_lossy);
    let whole = file.filter(|file| name.len() == 15 && file.starts_with(&*name));
    whole.unwrap_or(name).into_owned()
}
