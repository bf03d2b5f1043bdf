//! `botkube plugin inspect`.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::args::Inspect;

pub(crate) fn run(_: Inspect) -> Result<ExitCode> {
    bail!("`botkube plugin inspect` is being written")
}
