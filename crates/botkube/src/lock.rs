//! `botkube lock`.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::args::Lock;

pub(crate) fn run(_: Lock) -> Result<ExitCode> {
    bail!("`botkube lock` is being written")
}
