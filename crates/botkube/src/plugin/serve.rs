//! `botkube plugin serve`: a plugin repository on this machine until a signal comes.

use std::{
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context, Result};
use botkube_author::{
    publish::Options,
    serve::{Lock, Server, Settings},
};
use tokio_util::sync::CancellationToken;

use super::working;
use crate::{args::Serve, complain, talk};

pub(crate) fn run(serve: Serve) -> Result<ExitCode> {
    let header = serve.header.as_deref().map(Lock::header).transpose()?;
    let user = serve.user.as_deref().map(Lock::user).transpose()?;
    let settings = Settings {
        dir: serve.dir,
        port: serve.port,
        locks: header.into_iter().chain(user).collect(),
        options: Options { spawner: working::spawner()?, ..Options::new("") },
        log: Arc::new(complain),
    };
    let runtime = talk::runtime()?;
    runtime.block_on(async {
        let stop = CancellationToken::new();
        talk::on_signal(&stop);
        let server = Server::bind(settings).await?;
        let mut out = io::stdout().lock();
        writeln!(out, "{}", server.url()).and_then(|()| out.flush()).context("cannot say where the index is")?;
        drop(out);
        server.run(stop).await;
        anyhow::Ok(ExitCode::SUCCESS)
    })
}
