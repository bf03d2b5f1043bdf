//! Work that a person waits for: with a line that says what is done, and an end when a signal asks for it. It must not know
//! what the work is.

use std::{env, future::Future, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail};
use go_plugin::host::{Launcher, Spawner};
use tokio_util::sync::CancellationToken;

use crate::{embedded, talk};

/// How long what is called off may take to remove what it made.
const TIDYING: Duration = Duration::from_secs(3);

/// Does it to its end, or until a signal comes.
pub(crate) fn work<T>(work: impl Future<Output = T>) -> Result<T> {
    match until_signal(work)? {
        Some(done) => Ok(done),
        None => bail!("stopped by a signal"),
    }
}

/// The same; `None` when a signal came first.
pub(crate) fn until_signal<T>(work: impl Future<Output = T>) -> Result<Option<T>> {
    let runtime = talk::runtime()?;
    let done = runtime.block_on(async {
        let stop = CancellationToken::new();
        talk::on_signal(&stop);
        tokio::select! {
            done = work => Some(done),
            () = stop.cancelled() => None,
        }
    });
    // Other threads may be writing files that nobody wants any more, or hang in a file that never ends.
    runtime.shutdown_timeout(TIDYING);
    Ok(done)
}

/// Starts plugins as the agent does, so that none outlives this process.
pub(crate) fn spawner() -> Result<Arc<dyn Spawner>> {
    let program = env::current_exe().context("cannot find this executable")?;
    Ok(Arc::new(Launcher::new(program, [embedded::LAUNCH]).context("cannot start the thread that starts plugins")?))
}
