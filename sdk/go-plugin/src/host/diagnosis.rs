//! Why a file cannot be run, in words: what is plain before it is tried, and what explains that it failed.

use std::{fs, io::Read, path::Path};

use rustix::fs::{Access, access};

/// Why it makes no sense to try `program`, and what to do; `None` when it does.
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
    // Also because to open one of these would wait for its other end.
    if !metadata.is_file() {
        return Some("it is not a regular file; name the executable".into());
    }
    if access(program, Access::EXEC_OK).is_err() {
        return Some("it is not executable; run `chmod +x` on it".into());
    }
    None
}

/// What its format says about why `program` could not be run. Only a system that failed to run it knows that it cannot: it
/// may have emulators.
pub(super) fn explanation(program: &Path) -> Option<String> {
    let mut head = Vec::new();
    fs::File::open(program).ok()?.take(64).read_to_end(&mut head).ok()?;
    wrong_format(&head)
}

/// The machines whose numbers are known below.
const LISTED: &[&str] = &["x86", "arm", "x86_64", "aarch64", "riscv64"];

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
                // A machine nobody listed: certainly not this one, if this one is listed.
                _ if LISTED.contains(&std::env::consts::ARCH) => "another machine",
                _ => return None,
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

    #[test]
    fn what_makes_no_sense_to_try_is_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        let check = |path: &Path, because: &str| {
            let finding = unusable(path).unwrap_or_default();
            assert!(finding.contains(because), "{finding:?}, not {because:?}");
        };
        check(&dir.path().join("nothing"), "no such file");
        check(dir.path(), "is a directory");
        let socket = dir.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        check(&socket, "not a regular file");
        let text = dir.path().join("text");
        fs::write(&text, "").unwrap();
        check(&text, "not executable");
        fs::set_permissions(&text, fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(unusable(&text), None);
    }

    #[track_caller]
    fn explained(head: &[u8], because: &str) {
        let explanation = wrong_format(head).unwrap_or_default();
        assert!(explanation.contains(because) && explanation.is_empty() == because.is_empty(), "{explanation:?}");
    }

    fn elf(machine: u8) -> Vec<u8> {
        let mut head = b"\x7fELF\x02\x01\x01".to_vec();
        head.resize(64, 0);
        head[18] = machine;
        head
    }

    #[test]
    fn a_file_that_could_not_be_run_is_explained_by_its_format() {
        explained(b"", "is empty");
        explained(b"hello", "neither a program");
        explained(b"MZ\x90", "built for windows");
        explained(&elf(3), "built for linux/x86 ");
        explained(&elf(22), "built for linux/another machine");
        explained(b"\xca\xfe\xba\xbe\0\0\0\x02", if cfg!(target_os = "macos") { "" } else { "built for macos" });
    }

    #[test]
    fn nothing_is_made_up_about_scripts_and_programs_for_this_machine() {
        explained(b"#!/bin/sh\n", "");
        assert_eq!(explanation(&std::env::current_exe().unwrap()), None);
    }
}
