//! `botkube plugin bundle`.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::args::Bundle;

pub(crate) fn run(_: Bundle) -> Result<ExitCode> {
    bail!("`botkube plugin bundle` is being written")
}
