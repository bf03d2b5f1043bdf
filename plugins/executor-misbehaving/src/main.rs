//! An executor that misbehaves on request, for tests of hosts: at its start by the name it was started under, in a call by
//! the command's second word. It must not know what a host does about it.
//!
//! Started as `executor_<fault>`, for example by a link of that name, it commits that fault of [`START`]; under any other
//! name it starts well. Of a call it commits the fault of `call` that is asked for, after the word `stream` one of `live`, and
//! answers `ok` to anything else; the faults of `wire` are between such a plugin and its host. Under a name of `manners` it is good but for one thing.

mod call;
mod live;
mod manners;
mod start;
mod wire;

use std::{env, path::Path, process::ExitCode};

use botkube_proto::{
    DESCRIPTORS, MAX_MESSAGE_SIZE, executor::executor_server::ExecutorServer, stream::stream_server::StreamServer,
};
use go_plugin::{handshake::Cookie, plugin::Plugin};

use call::Misbehaving;
use start::START;

const COOKIE: Cookie = Cookie { key: "BOTKUBE", value: "52ca7b74-28eb-4fac-ae79-31a9cbda2454" };
const PROTOCOL_VERSION: u32 = 3;

fn main() -> ExitCode {
    let started_as = env::args().next().unwrap_or_default();
    let fault = Path::new(&started_as).file_name().and_then(|name| name.to_str()?.strip_prefix("executor_"));
    manners::take_on(fault.unwrap_or_default());
    match START.iter().find(|(name, _)| Some(*name) == fault) {
        Some((_, commit)) => commit(),
        None => serve(),
    }
}

/// Serves like any plugin.
fn serve() -> ExitCode {
    let executor = ExecutorServer::new(Misbehaving).max_encoding_message_size(MAX_MESSAGE_SIZE);
    let executor = executor.max_decoding_message_size(MAX_MESSAGE_SIZE);
    let live = StreamServer::new(Misbehaving).max_encoding_message_size(MAX_MESSAGE_SIZE);
    let live = live.max_decoding_message_size(MAX_MESSAGE_SIZE);
    let plugin = Plugin::new(COOKIE, PROTOCOL_VERSION).service(executor).descriptors(DESCRIPTORS);
    let plugin = if manners::is("at-once") { plugin } else { plugin.service(live) };
    // The first of two services of a name is asked.
    let ended = if manners::is("ill") { plugin.service(manners::health()).serve() } else { plugin.serve() };
    if manners::is("ends-badly") { ExitCode::from(7) } else { ended }
}
