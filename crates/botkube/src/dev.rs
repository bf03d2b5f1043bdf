//! `botkube dev`.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::args::Dev;

pub(crate) fn run(_: Dev) -> Result<ExitCode> {
    bail!("`botkube dev` is being written")
}
