//! Testing a plugin inside the test: the calls go through everything that stands between the wire and the author's code,
//! and no process is started.
//!
//! ```
//! # use botkube_plugin::prelude::*;
//! # struct Hello;
//! # impl Executor for Hello {
//! #     type Config = NoConfig;
//! #     fn about(&self) -> About { about!().name("hello") }
//! #     async fn execute(&self, call: Call<NoConfig>) -> Result<Reply> { Ok(Reply::code(call.user().display_name)) }
//! # }
//! # async fn test() {
//! use botkube_plugin::testing::Plugin;
//!
//! let reply = Plugin::new(Hello).user("<@U1>", "Ada").execute("hello", &[]).await;
//! assert_eq!(reply.unwrap(), Reply::code("Ada"));
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test());
//! ```

use botkube_proto::executor::{
    Config, ExecuteContext, ExecuteRequest, IncomingWebhookContext, MessageContext, UserContext,
};

use crate::{Executor, Reply, Result, message::Message, serve::Adapter};

/// A plugin under test, with what the agent would say about each call.
pub struct Plugin<E: Executor> {
    adapter: Adapter<E>,
    about: crate::About,
    context: ExecuteContext,
}

impl<E: Executor> Plugin<E> {
    /// Tests `executor`; calls come from nobody, with no kubeconfig, in a place without buttons.
    #[must_use]
    pub fn new(executor: E) -> Self {
        let context = ExecuteContext {
            message: Some(MessageContext::default()),
            incoming_webhook: Some(IncomingWebhookContext::default()),
            ..ExecuteContext::default()
        };
        Self { about: executor.about(), adapter: Adapter::new(executor), context }
    }

    /// Calls come from this user.
    #[must_use]
    pub fn user(mut self, mention: impl Into<String>, display_name: impl Into<String>) -> Self {
        let user = UserContext { mention: mention.into(), display_name: display_name.into() };
        self.context.message.get_or_insert_default().user = Some(user);
        self
    }

    /// Calls get this kubeconfig.
    #[must_use]
    pub fn kubeconfig(mut self, yaml: impl Into<Vec<u8>>) -> Self {
        self.context.kube_config = yaml.into().into();
        self
    }

    /// Calls come from a place that shows buttons and selects.
    #[must_use]
    pub fn interactive(mut self) -> Self {
        self.context.is_interactivity_supported = true;
        self
    }

    /// Calls carry this state of selects and inputs, as JSON.
    #[must_use]
    pub fn slack_state(mut self, json: impl Into<Vec<u8>>) -> Self {
        self.context.slack_state = json.into().into();
        self
    }

    /// Types a command, with the bound configurations in binding order. A streamed reply comes whole.
    ///
    /// # Errors
    ///
    /// What the chat would show.
    pub async fn execute(&self, command: &str, configs: &[&str]) -> Result<Reply> {
        let request = ExecuteRequest {
            command: command.to_owned(),
            configs: configs.iter().map(|yaml| Config { raw_yaml: yaml.as_bytes().to_vec().into() }).collect(),
            context: Some(self.context.clone()),
        };
        self.adapter.answer(request).await.map(Reply::from_iter)
    }

    /// The answer to `<name> help`.
    pub fn help(&self) -> Message {
        self.adapter.help_message()
    }

    /// The configuration's JSON schema, as it goes into the plugin index.
    #[must_use]
    pub fn schema(&self) -> serde_json::Value {
        let schema = self.adapter.metadata_response().json_schema.unwrap_or_default();
        serde_json::from_str(&schema.value).unwrap_or_default()
    }

    /// Runs every example of the plugin with these configurations.
    ///
    /// # Errors
    ///
    /// The first example that fails, or does not begin with the plugin's name.
    pub async fn check_examples(&self, configs: &[&str]) -> Result<()> {
        for example in &self.about.examples {
            let name = example.command.split_whitespace().next().unwrap_or_default();
            if name != self.about.name {
                let text = format!("the example {:?} does not begin with {:?}", example.command, self.about.name);
                return Err(crate::Error::for_user(text));
            }
            let _ = self
                .execute(&example.command, configs)
                .await
                .map_err(|e| crate::Error::for_user(format!("the example {:?} failed: {e}", example.command)))?;
        }
        Ok(())
    }
}
