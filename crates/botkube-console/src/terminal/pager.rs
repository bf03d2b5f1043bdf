//! Hands a long text to a program that pages it. It knows no channel.

use std::{
    env,
    fs::File,
    io::{self, Seek, Write},
    process::{Command, Stdio},
};

/// A text to page.
pub(super) enum Long {
    Text(String),
    File(File),
}

/// Pages a text with `$PAGER`, else `less`, else `more`, and returns when the person is done with it.
///
/// # Errors
///
/// When there is no such program, or no room for the text.
pub(super) fn page(long: Long) -> io::Result<()> {
    let mut file = match long {
        Long::File(file) => file,
        Long::Text(text) => {
            let mut file = tempfile::tempfile()?;
            file.write_all(text.as_bytes())?;
            file
        }
    };
    file.rewind()?;
    let wanted = env::var("PAGER").ok().filter(|pager| !pager.trim().is_empty());
    let pager = wanted.unwrap_or_else(|| "if command -v less >/dev/null; then less; else more; fi".to_owned());
    let status = Command::new("sh").arg("-c").arg(&pager).stdin(Stdio::from(file)).status()?;
    // 127: the shell found no such program.
    if status.code() == Some(127) {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("there is no program `{pager}`; set PAGER")));
    }
    Ok(())
}
