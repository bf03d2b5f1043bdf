//! What file systems hold. It does not know how they are shown in a chat.

use std::{collections::HashSet, path::Path};

use botkube_plugin::Result;
use sysinfo::{Disk, DiskRefreshKind, Disks};

use crate::{
    Facts,
    table::{Column::*, size, table},
};

/// All file systems on devices, and what is not among them.
pub(crate) fn show() -> Result<Facts> {
    let disks = Disks::new_with_refreshed_list_specifics(DiskRefreshKind::nothing())?;
    let mut disks: Vec<&Disk> = disks.iter().collect();
    disks.sort_by_key(|disk| disk.mount_point().as_os_str().len());
    // Containers mount single files and folders of one device many times.
    let mut seen = HashSet::new();
    disks.retain(|disk| seen.insert(disk.name()));
    let columns =
        [Left("MOUNTED ON"), Right("SIZE"), Right("USED"), Right("FREE"), Right("FULL"), Left("TYPE"), Left("DEVICE")];
    let mut notes = vec!["Each device once; file systems in memory and on the network are left out.".to_owned()];
    notes.extend(crate::confinement());
    Ok((table(columns, disks.into_iter().filter_map(row).collect()), notes))
}

/// `None` for file systems that hold nothing, such as the kernel's own.
fn row(disk: &Disk) -> Option<[String; 7]> {
    let text = |path: &Path| path.display().to_string();
    let [total, used, free, full] = match rustix::fs::statvfs(disk.mount_point()) {
        Ok(found) if found.f_blocks == 0 => return None,
        Ok(found) => {
            let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
            let (used, free) = (bytes(found.f_blocks.saturating_sub(found.f_bfree)), bytes(found.f_bavail));
            // Of what users can have: what is kept for root is neither used nor free.
            let full = used as f64 * 100.0 / used.saturating_add(free).max(1) as f64;
            [size(bytes(found.f_blocks)), size(used), size(free), format!("{full:.0} %")]
        }
        Err(error) => [error.to_string(), "?".into(), "?".into(), "?".into()],
    };
    let (kind, device) = (text(disk.file_system().as_ref()), text(disk.name().as_ref()));
    Some([text(disk.mount_point()), total, used, free, full, kind, device])
}
