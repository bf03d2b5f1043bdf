//! HashiCorp's [go-plugin] protocol: a host starts a plugin as a child process and the two speak gRPC over a local socket.
//!
//! Both ends are here, each behind a feature of its name, and both work with Go peers from go-plugin 1.4 on:
//!
//! * [`plugin`]: serve your gRPC services to a host. Start at [`plugin::Plugin`].
//! * [`host`]: start a plugin or wait for one, talk to it, stop it. Start at [`host::Plugin`].
//! * [`handshake`] and [`hclog`]: the two text formats between them, as values.
//!
//! The feature `auto-mtls` adds one-time certificates on both ends; it is the only part that needs a C compiler.
//!
//! What the crate does not do: `net/rpc` plugins, Windows, and connections through the broker. A broker stream is accepted
//! and stays silent, which is all that plugins without callbacks need.
//!
//! [go-plugin]: https://github.com/hashicorp/go-plugin
#![cfg(unix)]
#![deny(missing_docs)]

pub mod handshake;
pub mod hclog;
#[cfg(feature = "host")]
pub mod host;
#[cfg(feature = "plugin")]
pub mod plugin;
#[cfg(feature = "auto-mtls")]
mod tls;

/// The services every plugin serves beside its own.
mod proto {
    #![allow(missing_docs, unreachable_pub, dead_code, clippy::all)]
    include!("generated/plugin.rs");

    #[cfg(feature = "plugin")]
    pub(crate) const DESCRIPTORS: &[u8] = include_bytes!("generated/descriptors.bin");
}

/// The largest list of headers either end accepts, in bytes: Go's default. An error's text travels in a header, and a
/// plugin may put the whole output of a failed command there.
const MAX_HEADER_LIST_SIZE: u32 = 16 << 20;

/// How much may be under way on one HTTP/2 stream before the reader has to ask for more, in bytes.
const STREAM_WINDOW: u32 = 1 << 20;

/// The same for a connection: as much as the protocol allows, for here it must be the streams that wait. Answers that nobody
/// reads for a while would use up anything smaller, and then a plugin could not even say that it is well.
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;
