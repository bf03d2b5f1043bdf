//! `botkube plugin build`.

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::args::Build;

pub(crate) fn run(_: Build) -> Result<ExitCode> {
    bail!("`botkube plugin build` is being written")
}
