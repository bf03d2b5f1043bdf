//! The trait an author implements for commands; it knows no wire format.

use std::future::Future;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{About, Call, Reply, Result, help, message::Message};

/// A plugin that answers commands.
///
/// One value serves every call, many at the same time, and outlives them: keep nothing of one call for another. Bound
/// configurations differ between calls, so they come with each.
pub trait Executor: Send + Sync + 'static {
    /// What a user may write under `config`, or [`NoConfig`].
    ///
    /// `Default` gives the values a user leaves out; doc comments become descriptions in the JSON schema.
    type Config: Default + Serialize + DeserializeOwned + JsonSchema + Send + Sync + 'static;

    /// Who the plugin is: usually [`about!`](crate::about) and examples.
    fn about(&self) -> About;

    /// Answers one command.
    ///
    /// # Errors
    ///
    /// Any error through `?`; the chat shows its text. A panic ends this call, not the plugin.
    fn execute(&self, call: Call<Self::Config>) -> impl Future<Output = Result<Reply>> + Send;

    /// Answers `<name> help`. By default the description and a button for each example.
    fn help(&self) -> Message {
        help::from(&self.about())
    }
}

/// The configuration of a plugin that has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NoConfig {}
