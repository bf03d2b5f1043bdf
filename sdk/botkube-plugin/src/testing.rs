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

use std::{collections::VecDeque, sync::Arc};

use botkube_proto::executor::{
    Config, ExecuteContext, ExecuteRequest, IncomingWebhookContext, MessageContext, UserContext,
};

use crate::{
    Executor, Part, Reply, Result,
    message::Message,
    parts::{self, Said},
    serve::Adapter,
};

/// A plugin under test, with what the agent would say about each call.
pub struct Plugin<E: Executor> {
    adapter: Arc<Adapter<E>>,
    about: crate::About,
    context: ExecuteContext,
}

/// What a plugin under test says, as it comes. Dropping it cancels the command.
pub struct Parts {
    parts: parts::Parts,
    /// Messages of a reply that is no stream.
    messages: VecDeque<Message>,
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
        Self { about: executor.about(), adapter: Arc::new(Adapter::new(executor)), context }
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
        self.adapter.call(self.request(command, configs)).whole().await.map(Reply::from_iter)
    }

    /// Types a command as [`execute`](Self::execute) does, and gets what is said piece by piece, with the progress.
    ///
    /// ```
    /// # use botkube_plugin::{prelude::*, testing::Plugin};
    /// # struct Count;
    /// # impl Executor for Count {
    /// #     type Config = NoConfig;
    /// #     fn about(&self) -> About { about!().name("count") }
    /// #     async fn execute(&self, _: Call<NoConfig>) -> Result<Reply> {
    /// #         Ok(Reply::stream(tokio_stream::iter(["1\n", "2\n"].map(|line| Ok(Part::text(line))))))
    /// #     }
    /// # }
    /// # async fn test() {
    /// let mut parts = Plugin::new(Count).stream("count", &[]);
    /// assert_eq!(parts.next().await.unwrap().unwrap(), Part::text("1\n"));
    /// # }
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test());
    /// ```
    #[must_use]
    pub fn stream(&self, command: &str, configs: &[&str]) -> Parts {
        Parts { parts: self.adapter.call(self.request(command, configs)), messages: VecDeque::new() }
    }

    fn request(&self, command: &str, configs: &[&str]) -> ExecuteRequest {
        ExecuteRequest {
            command: command.to_owned(),
            configs: configs.iter().map(|yaml| Config { raw_yaml: yaml.as_bytes().to_vec().into() }).collect(),
            context: Some(self.context.clone()),
        }
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

impl Parts {
    /// The next part; `None` at the end, and after an error. Messages of a reply that is no stream come one by one.
    pub async fn next(&mut self) -> Option<Result<Part>> {
        loop {
            if let Some(message) = self.messages.pop_front() {
                return Some(Ok(Part::message(message)));
            }
            match self.parts.next().await? {
                Ok(Said::Part(part)) => return Some(Ok(part)),
                Ok(Said::Whole(messages)) => self.messages = messages.into(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
