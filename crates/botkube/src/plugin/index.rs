//! `botkube plugin index`.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::args::Index;

pub(crate) fn run(_: Index) -> Result<ExitCode> {
    bail!("`botkube plugin index` is being written")
}
