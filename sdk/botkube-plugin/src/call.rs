//! One command to answer, with everything the agent says about it.

use std::{fmt, sync::Arc};

use botkube_proto::executor::{ExecuteContext, ExecuteRequest, MessageContext, UserContext};

use crate::{Error, Kubeconfig, Part, Result, Run, parts::Signals, slack::SlackState};

/// One command to answer. More may be told about it in later versions, so all but the configuration are methods.
#[derive(Clone)]
#[non_exhaustive]
pub struct Call<C> {
    /// Every configuration bound where the command was typed, merged in binding order: later ones win.
    pub config: Arc<C>,
    plugin: Arc<str>,
    request: Arc<ExecuteRequest>,
    signals: Arc<Signals>,
}

/// Who typed the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct User<'a> {
    /// What mentions the user in an answer, such as `<@U123>`; empty where the platform has no mentions.
    pub mention: &'a str,
    /// The name people know; may be empty.
    pub display_name: &'a str,
}

/// The chat message that the command came with; all of it may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trigger<'a> {
    /// The message as it was typed.
    pub text: &'a str,
    /// A link to it.
    pub url: &'a str,
    /// The thread it stands in.
    pub parent_activity_id: &'a str,
}

impl<C> Call<C> {
    pub(crate) fn new(config: Arc<C>, plugin: Arc<str>, request: ExecuteRequest, signals: Arc<Signals>) -> Self {
        Self { config, plugin, request: Arc::new(request), signals }
    }

    /// The whole command; its first word is the plugin's name, or what the user calls it.
    #[must_use]
    pub fn command(&self) -> &str {
        &self.request.command
    }

    /// The command without its first word and the blanks around.
    #[must_use]
    pub fn arguments(&self) -> &str {
        let command = self.command().trim();
        command.split_once(char::is_whitespace).map(|(_, rest)| rest.trim()).unwrap_or_default()
    }

    /// The command's words, split as shells do: quotes group, and an unquoted `|`, `;`, `&`, `<` or `>` ends the command.
    ///
    /// # Errors
    ///
    /// When a quote is not closed; the text says where.
    pub fn words(&self) -> Result<Vec<String>> {
        Ok(crate::words::split(self.command())?.into_values())
    }

    /// The configurations as the user wrote them, YAML each, in binding order. [`Call::config`] is all of them merged.
    pub fn raw_configs(&self) -> impl Iterator<Item = &[u8]> {
        self.request.configs.iter().map(|config| &config.raw_yaml[..])
    }

    /// Who typed the command.
    #[must_use]
    pub fn user(&self) -> User<'_> {
        static NOBODY: UserContext = UserContext { mention: String::new(), display_name: String::new() };
        let user = self.message().and_then(|m| m.user.as_ref()).unwrap_or(&NOBODY);
        User { mention: &user.mention, display_name: &user.display_name }
    }

    /// The message that the command came with.
    #[must_use]
    pub fn trigger(&self) -> Trigger<'_> {
        match self.message() {
            Some(message) => {
                Trigger { text: &message.text, url: &message.url, parent_activity_id: &message.parent_activity_id }
            }
            None => Trigger { text: "", url: "", parent_activity_id: "" },
        }
    }

    /// Whether the place shows buttons and selects. Where it does not, they become text with the commands to type.
    #[must_use]
    pub fn is_interactive(&self) -> bool {
        self.context().is_some_and(|c| c.is_interactivity_supported)
    }

    /// What is chosen in the selects and inputs of the message whose element was used; empty when none was.
    ///
    /// # Errors
    ///
    /// When the agent sent something else.
    pub fn slack_state(&self) -> Result<SlackState> {
        match self.context().map(|c| &c.slack_state[..]) {
            None | Some([]) => Ok(SlackState::default()),
            Some(json) => Ok(SlackState::from_json(json)?),
        }
    }

    /// Where sources take events over HTTP: append `/` and the name of a source. Empty when the agent has no such port.
    #[must_use]
    pub fn webhook_base_url(&self) -> &str {
        self.context().and_then(|c| c.incoming_webhook.as_ref()).map(|w| w.base_source_url.as_str()).unwrap_or_default()
    }

    /// The kubeconfig with exactly the rights this call has, if the binding gives it any.
    #[must_use]
    pub fn optional_kubeconfig(&self) -> Option<Kubeconfig<'_>> {
        self.context().map(|c| &c.kube_config[..]).filter(|yaml| !yaml.is_empty()).map(Kubeconfig::new)
    }

    /// The kubeconfig with exactly the rights this call has.
    ///
    /// # Errors
    ///
    /// When the binding gives it none; the text tells the user how to change that.
    pub fn kubeconfig(&self) -> Result<Kubeconfig<'_>> {
        self.optional_kubeconfig().ok_or_else(|| Error::for_user(crate::kubeconfig::missing(&self.plugin)))
    }

    /// Shows how far the command is, in a few words: `call.progress("3 of 7 pods")`. It takes the place of what was said
    /// before, and costs next to nothing: of many in a row only the last is shown. Hosts that cannot show it do not get it.
    pub fn progress(&self, text: impl Into<String>) {
        self.signals.progress(Part::progress(text));
    }

    /// Waits until the command is cancelled; who waits for this has two seconds then to tidy up before everything of the
    /// call is dropped. A call that never asks is dropped at once.
    ///
    /// ```
    /// # use botkube_plugin::prelude::*;
    /// # async fn example(call: Call<NoConfig>) -> Result<Reply> {
    /// # async fn copy() -> Result<Reply> { Ok(Reply::skip()) }
    /// # async fn remove_what_was_copied() {}
    /// tokio::select! {
    ///     reply = copy() => reply,
    ///     () = call.cancelled() => {
    ///         remove_what_was_copied().await;
    ///         Ok(Reply::skip()) // nobody sees it
    ///     }
    /// }
    /// # }
    /// ```
    pub async fn cancelled(&self) {
        self.signals.cancelled().await;
    }

    /// Whether the command was cancelled, for code that looks now and then; it has the two seconds of [`Call::cancelled`].
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.signals.is_cancelled()
    }

    /// Runs a program, usually a dependency the agent fetched. As a reply its output is shown as it comes:
    /// `Ok(call.run("kubectl get pods").into())`.
    pub fn run(&self, command: impl Into<String>) -> Run {
        Run::new(command)
    }

    /// The command as a clap struct. Its first word, the plugin's name, takes the place of a program's name.
    ///
    /// # Errors
    ///
    /// What the user got wrong, in clap's words; for `--help`, an early answer with the help text.
    #[cfg(feature = "clap")]
    pub fn parse<T: clap::Parser>(&self) -> Result<T> {
        use clap::error::ErrorKind;

        let command = T::command().name(self.plugin.to_string());
        let matches = command.try_get_matches_from(self.words()?).map_err(|e| match e.kind() {
            ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Error::answer(crate::Reply::code(e.to_string())),
            _ => Error::for_user(e.to_string()),
        })?;
        T::from_arg_matches(&matches).map_err(|e| Error::for_user(e.to_string()))
    }

    fn context(&self) -> Option<&ExecuteContext> {
        self.request.context.as_ref()
    }

    fn message(&self) -> Option<&MessageContext> {
        self.context().and_then(|c| c.message.as_ref())
    }
}

/// The command and who asks; neither the configuration nor the kubeconfig, since tokens are in them.
impl<C> fmt::Debug for Call<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("command", &self.command()).field("user", &self.user()).finish_non_exhaustive()
    }
}
