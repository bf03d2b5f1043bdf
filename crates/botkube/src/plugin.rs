//! `botkube plugin`: an author's verbs; each is a file of its own.

mod build;
mod bundle;
mod index;
mod inspect;
mod list;
mod new;
mod serve;
mod test;
pub(crate) mod working;

use std::process::ExitCode;

use anyhow::Result;

use crate::args::PluginVerb;

/// Does what the verb says.
///
/// # Errors
///
/// What keeps it from being done.
pub(crate) fn run(verb: PluginVerb) -> Result<ExitCode> {
    match verb {
        PluginVerb::New(new) => new::run(new),
        PluginVerb::Build(build) => build::run(build),
        PluginVerb::Test(test) => test::run(test),
        PluginVerb::Index(index) => index::run(index),
        PluginVerb::Serve(serve) => serve::run(serve),
        PluginVerb::Inspect(inspect) => inspect::run(inspect),
        PluginVerb::List(list) => list::run(list),
        PluginVerb::Bundle(bundle) => bundle::run(bundle),
    }
}
