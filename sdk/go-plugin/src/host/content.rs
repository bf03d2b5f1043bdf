//! Whether a program is still the file that somebody checked, and how that very file is executed and no other one that came
//! under its name since. It knows nothing of plugins.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use aws_lc_rs::digest::{Context, SHA256};
use rustix::io::{FdFlags, fcntl_setfd};

/// How much is read at once: large enough that reading costs nothing beside hashing.
const CHUNK: usize = 1 << 18;

/// A program that has been found to be the file that was checked.
#[derive(Debug)]
pub(super) struct Checked {
    file: File,
    program: PathBuf,
}

/// The program is another one than the one that was checked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Changed {
    pub(super) program: PathBuf,
}

impl Checked {
    /// Opens the program and hashes what was opened. `sha256` are hexadecimal digits.
    ///
    /// # Errors
    ///
    /// [`Changed`] inside when the digest is another one; else what the operating system says.
    pub(super) fn open(program: &Path, sha256: &str) -> io::Result<Self> {
        let mut file = File::open(program)?;
        if !digest(&mut file)?.eq_ignore_ascii_case(sha256) {
            return Err(io::Error::other(Changed { program: program.to_owned() }));
        }
        // Its child is to have the descriptor: the interpreter of a script reads the file by it. What else is started at this
        // moment may get it too, and can do nothing with it that it could not do by the file's name.
        fcntl_setfd(&file, FdFlags::empty())?;
        Ok(Self { file, program: program.to_owned() })
    }

    /// What to execute while this value lives. On Linux it leads to the very file that was hashed; elsewhere it is the file's
    /// name, and there is a moment in which another file can come under it.
    pub(super) fn executable(&self) -> PathBuf {
        #[cfg(target_os = "linux")]
        {
            use std::os::fd::AsRawFd;
            // A child has the descriptors of its parent under the same numbers.
            let descriptor = PathBuf::from(format!("/proc/self/fd/{}", self.file.as_raw_fd()));
            if descriptor.symlink_metadata().is_ok() {
                return descriptor;
            }
        }
        self.program.clone()
    }
}

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not the file that was checked: its content changed since", self.program.display())
    }
}

impl std::error::Error for Changed {}

/// The SHA-256 of all there is to read, in hexadecimal digits.
fn digest(from: &mut impl Read) -> io::Result<String> {
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; CHUNK];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()),
            Ok(read) => context.update(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, process::Command};

    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn what_was_hashed_is_executed_even_if_the_name_means_another_file_by_then() {
        let dir = tempfile::tempdir().unwrap();
        let (program, other) = (dir.path().join("program"), dir.path().join("other"));
        // Written by another process: what this one has open for writing cannot be executed.
        for (path, text) in [(&program, "checked"), (&other, "another")] {
            let write = format!("printf '#!/bin/sh\necho {text}\n' > {0}; chmod 755 {0}", path.display());
            assert!(Command::new("sh").args(["-c", &write]).status().unwrap().success());
        }
        let sha256 = digest(&mut File::open(&program).unwrap()).unwrap();
        let checked = Checked::open(&program, &sha256).unwrap();
        fs::rename(&other, &program).unwrap();
        let output = Command::new(checked.executable()).output().unwrap();
        assert_eq!(output.stdout, b"checked\n");
    }
}
