//! Work that a person waits for: with a line that says what is done, and an end when a signal asks for it. It must not know
//! what the work is.

use std::{env, future::Future, sync::Arc};

use anyhow::{Context, Result, bail};
use go_plugin::host::{Launcher, Spawner};
use tokio_util::sync::CancellationToken;

use crate::{embedded, talk};

/// Does it to its end, or until a signal comes.
pub(crate) fn work<T>(work: impl Future<Output = T>) -> Result<T> {
    let runtime = talk::runtime()?;
    let done = runtime.block_on(async {
        let stop = CancellationToken::new();
        talk::on_signal(&stop);
        tokio::select! {
            done = work => Some(done),
            () = stop.cancelled() => None,
        }
    });
    // What is left of it may be writing a file nobody wants any more.
    runtime.shutdown_background();
    match done {
        Some(done) => Ok(done),
        None => bail!("stopped by a signal"),
    }
}

/// Starts plugins as the agent does, so that none outlives this process.
pub(crate) fn spawner() -> Result<Arc<dyn Spawner>> {
    let program = env::current_exe().context("cannot find this executable")?;
    Ok(Arc::new(Launcher::new(program, [embedded::LAUNCH]).context("cannot start the thread that starts plugins")?))
}
