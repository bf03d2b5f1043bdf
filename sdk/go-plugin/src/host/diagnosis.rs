//! Why a file cannot be run, found out before it is tried, so that the reason can be said in words.

use std::{fs, io::Read, path::Path};

use rustix::fs::{Access, access};

/// What is wrong with `program`, and what to do; `None` when nothing is to be seen.
pub(super) fn unusable(program: &Path) -> Option<String> {
    let metadata = match fs::metadata(program) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Some("there is no such file; check the path".into());
        }
        Err(error) => return Some(format!("it cannot be looked at: {error}")),
    };
    if metadata.is_dir() {
        return Some("it is a directory; name the executable inside it".into());
    }
    if access(program, Access::EXEC_OK).is_err() {
        return Some("it is not executable; run `chmod +x` on it".into());
    }
    let mut head = Vec::new();
    fs::File::open(program).ok()?.take(64).read_to_end(&mut head).ok()?;
    wrong_format(&head)
}

fn wrong_format(head: &[u8]) -> Option<String> {
    let here = format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH);
    let built_for = match head {
        [] => return Some("it is empty".into()),
        [0x7f, b'E', b'L', b'F', class, data, ..] if head.len() >= 20 => {
            let machine = [head[18], head[19]];
            let machine = if *data == 2 { u16::from_be_bytes(machine) } else { u16::from_le_bytes(machine) };
            let arch = match (machine, class) {
                (3, _) => "x86",
                (40, _) => "arm",
                (62, _) => "x86_64",
                (183, _) => "aarch64",
                (243, _) => "riscv64",
                _ => "another machine",
            };
            format!("linux/{arch}")
        }
        [0xcf, 0xfa, 0xed, 0xfe, 7, ..] => "macos/x86_64".into(),
        [0xcf, 0xfa, 0xed, 0xfe, 12, ..] => "macos/aarch64".into(),
        [0xca, 0xfe, 0xba, 0xbe, ..] if cfg!(target_os = "macos") => return None,
        [0xca, 0xfe, 0xba, 0xbe, ..] => "macos".into(),
        [b'M', b'Z', ..] => "windows".into(),
        [b'#', b'!', ..] => return None,
        _ => return Some("it is neither a program for this system nor a script with a `#!` line".into()),
    };
    (built_for != here).then(|| {
        format!("it was built for {built_for} and this machine is {here}; build or download it for this machine")
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn check(head: &[u8], mode: u32, because: &str) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plugin");
        fs::write(&path, head).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let finding = unusable(&path).unwrap_or_default();
        assert!(finding.contains(because) && finding.is_empty() == because.is_empty(), "{finding:?}, not {because:?}");
    }

    fn elf(machine: u8) -> Vec<u8> {
        let mut head = b"\x7fELF\x02\x01\x01".to_vec();
        head.resize(64, 0);
        head[18] = machine;
        head
    }

    #[test]
    fn every_unusable_file_is_told_from_the_others() {
        assert!(unusable(Path::new("/nowhere/at/all")).unwrap().contains("no such file"));
        assert!(unusable(Path::new("/tmp")).unwrap().contains("is a directory"));
        check(b"#!/bin/sh\n", 0o644, "not executable");
        check(b"", 0o755, "is empty");
        check(b"hello", 0o755, "neither a program");
        check(&elf(8), 0o755, "built for linux/another machine");
        check(b"MZ\x90", 0o755, "built for windows");
        check(
            b"\xcf\xfa\xed\xfe\x0c\0\0\x01",
            0o755,
            if cfg!(all(target_os = "macos", target_arch = "aarch64")) { "" } else { "built for macos/aarch64" },
        );
    }

    #[test]
    fn scripts_and_programs_for_this_machine_are_tried() {
        check(b"#!/bin/sh\n", 0o755, "");
        assert_eq!(unusable(&std::env::current_exe().unwrap()), None);
    }
}
