//! `botkube plugin serve`.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::args::Serve;

pub(crate) fn run(_: Serve) -> Result<ExitCode> {
    bail!("`botkube plugin serve` is being written")
}
