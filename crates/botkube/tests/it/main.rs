//! The command line as a person or a script meets it: the real binary, real plugins, nothing of its inside.
//!
//! Reading order: `support` a machine of its own for every test · `exec` statuses, exit codes, outputs · `channels`
//! where a command is run · `commands` what can be typed · `bindings` which plugin answers with which
//! configurations · `config` configurations looked at · `message` a message looked at · `bad_plugins`, `bad_input`
//! what goes wrong and what is said · `processes` what is left behind, `shutdown` how an agent ends, `inside` what is
//! seen of one that runs · `supervision`
//! what is done about plugins that fail, `given_up` what people read of it, `streaming` answers that come piece by
//! piece, `swap` plugins that are replaced or started by somebody else (all three through the plugin host, where
//! the command line shows too little) · `piped`, `terminal`, `live_terminal` the ways to talk · `plugin_new`,
//! `dev`, `plugin_test`, `plugin_build`, `publish` an author's way · `reload` configurations that change under a running agent · `supply` locks, bundles and lists of plugins ·
//! `life` all of it in a row.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bad_input;
mod bad_plugins;
mod bindings;
mod channels;
mod commands;
mod config;
mod dev;
mod exec;
mod given_up;
mod inside;
mod life;
mod live_terminal;
mod message;
mod piped;
mod plugin_build;
mod plugin_new;
mod plugin_test;
mod processes;
mod publish;
mod reload;
mod shutdown;
mod streaming;
mod supervision;
mod supply;
mod support;
mod swap;
mod terminal;
