//! `botkube plugin new`.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::args::New;

pub(crate) fn run(_: New) -> Result<ExitCode> {
    bail!("`botkube plugin new` is being written")
}
