//! What Botkube's agent and its plugins tell each other, as plain values: no I/O, no async, no wire format but JSON text.
//!
//! Reading order: [`message`] (what a plugin answers), [`placeholder`] (how the bot's name gets into it),
//! [`config`] (how configurations become one typed value), [`words`] (how a command line is taken apart),
//! [`slack`] and [`metadata`] (the two small documents that travel beside them).
//!
//! ```
//! use botkube_api::message::{Button, Message, Section};
//!
//! let message = Message::text("Two pods are failing").section(
//!     Section::new().header("Pods").button(Button::command("Show", "kubectl get pods").bold("All pods").primary()),
//! );
//! assert_eq!(Message::from_json(&message.to_json()).unwrap(), message);
//! ```

#![deny(missing_docs)]

pub mod config;
pub mod message;
pub mod metadata;
pub mod placeholder;
pub mod slack;
pub mod words;

mod go_json;
mod nearest;
mod path;
