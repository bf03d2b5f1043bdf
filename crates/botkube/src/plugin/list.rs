//! `botkube plugin list`.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::args::List;

pub(crate) fn run(_: List) -> Result<ExitCode> {
    bail!("`botkube plugin list` is being written")
}
