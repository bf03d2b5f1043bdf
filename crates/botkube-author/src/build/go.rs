//! Go projects for other platforms: the Go command does it all, without a C compiler.

use std::path::{Path, PathBuf};

use botkube_plugin_host::index::Platform;
use tokio::process::Command;

use super::{Error, Missing};
use crate::{
    project::{
        BuildError, Built,
        go::{INSTALL, Main, mains},
        run,
    },
    tool::Line,
};

/// What decides about the bytes beside the sources and the compiler.
const DECIDING: &[&str] = &["GOAMD64", "GOARM64", "GOEXPERIMENT", "GCCGO", "GOFIPS140"];

pub(super) struct Builder {
    dir: PathBuf,
    mains: Vec<Main>,
    /// Where programs are before they are published.
    aside: PathBuf,
}

impl Builder {
    pub(super) async fn prepare(dir: &Path, aside: &Path) -> Result<Self, Error> {
        let mains = mains(dir, &|_| {}).await.map_err(|error| match error {
            BuildError::Tool { tool, install } => Error::Missing(vec![Missing { what: tool, install }]),
            error => Error::Ask(Box::new(error)),
        })?;
        Ok(Self { dir: dir.to_owned(), mains, aside: aside.to_owned() })
    }

    pub(super) async fn build(&self, platform: &Platform, said: Line<'_>) -> Result<Vec<Built>, BuildError> {
        let mut built = Vec::new();
        for Main { kind, name, package } in &self.mains {
            let program = self.aside.join(format!("{kind}_{name}"));
            let mut go = Command::new("go");
            go.args(["build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "-o"]).arg(&program);
            go.arg(package).current_dir(&self.dir);
            DECIDING.iter().for_each(|variable| _ = go.env_remove(variable));
            go.env("CGO_ENABLED", "0").env("GOOS", &platform.os).env("GOARCH", &platform.architecture);
            run(go, INSTALL, said, None).await?;
            built.push(Built { kind: *kind, name: name.clone(), program });
        }
        Ok(built)
    }
}
