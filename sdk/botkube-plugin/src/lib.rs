//! Write a Botkube plugin in Rust.
//!
//! A plugin is a program that Botkube's agent starts and asks. An *executor* answers commands typed in a chat. This is one,
//! whole:
//!
//! ```no_run
//! use botkube_plugin::prelude::*;
//!
//! /// How a greeting is worded.
//! #[derive(Default, Serialize, Deserialize, JsonSchema)]
//! #[serde(rename_all = "camelCase", default)]
//! struct Config {
//!     /// What comes before the name.
//!     greeting: String,
//! }
//!
//! struct Hello;
//!
//! impl Executor for Hello {
//!     type Config = Config; // merged from every bound configuration; its JSON schema goes into the plugin index
//!
//!     fn about(&self) -> About {
//!         about!().example("Greet the world", "hello world") // becomes a help button and a smoke test
//!     }
//!
//!     async fn execute(&self, call: Call<Config>) -> Result<Reply> {
//!         Ok(Reply::code(format!("{} {}", call.config.greeting, call.arguments())))
//!     }
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     serve(Hello) // handshake, health, output, signals, runtime: all in here
//! }
//!
//! # async fn test() {
//! let reply = botkube_plugin::testing::Plugin::new(Hello).execute("hello world", &["greeting: Ahoy"]).await;
//! assert_eq!(reply.unwrap(), Reply::code("Ahoy world"));
//! # }
//! ```
//!
//! Where to read on: [`Executor`] is the trait, [`Call`] what it is asked, [`Reply`] what it answers, [`message`] how
//! answers are built from sections, buttons and selects, [`testing`] how it is tested without a process.
//!
//! The crate speaks the protocol of Botkube 1.14: its plugins also run under the original agent.
#![deny(missing_docs)]

mod about;
mod call;
mod error;
mod executor;
mod help;
mod kubeconfig;
mod parts;
mod reply;
mod run;
mod serve;
pub mod testing;

pub use botkube_api::{config, message, slack, words};

pub use about::{About, Dependency, Example};
pub use call::{Call, Trigger, User};
pub use error::{Error, Result};
pub use executor::{Executor, NoConfig};
pub use kubeconfig::{Kubeconfig, KubeconfigFile};
pub use reply::{Part, Reply};
pub use run::{DEPENDENCY_DIR, Output, Run, RunError};
pub use serve::{Serve, serve};

#[cfg(feature = "clap")]
#[doc(no_inline)]
pub use clap;
#[cfg(feature = "kube")]
#[doc(no_inline)]
pub use kube;

/// All that a plugin usually needs: `use botkube_plugin::prelude::*`.
pub mod prelude {
    pub use crate::message::{Button, Message, Section};
    pub use crate::{About, Call, Error, Executor, NoConfig, Part, Reply, Result, about, serve};
    #[doc(no_inline)]
    pub use schemars::JsonSchema;
    #[doc(no_inline)]
    pub use serde::{Deserialize, Serialize};
}
