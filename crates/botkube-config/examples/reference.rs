//! Prints docs/configuration.md as the declaration of all keys has it; `cargo xtask codegen` calls it.

use std::io::{self, Write};

fn main() -> io::Result<()> {
    io::stdout().lock().write_all(botkube_config::reference::markdown().as_bytes())
}
