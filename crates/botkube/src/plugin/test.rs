//! `botkube plugin test`.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::args::Test;

pub(crate) fn run(_: Test) -> Result<ExitCode> {
    bail!("`botkube plugin test` is being written")
}
