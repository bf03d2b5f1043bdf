//! How people are told of a configuration that cannot be used: in a channel of the console that was named for it. The log is
//! not its business.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use botkube_api::message::{Message, Section};
use botkube_config::finding::Finding;
use botkube_console::rooms::Rooms;
use botkube_core::platform::{Audience, Platform, Post};

/// The most of a text that is shown, in lines; the first mistake is to be mended first.
const LINES: usize = 60;

/// Tells in one channel, or nobody.
pub(super) struct Telling {
    rooms: Option<Arc<Rooms>>,
    channel: Option<String>,
}

impl Telling {
    pub(super) fn new(rooms: Option<Arc<Rooms>>) -> Self {
        Self { rooms, channel: None }
    }

    /// The channel of this alias is told from now on.
    pub(super) fn tells(&mut self, alias: Option<&str>) {
        self.channel = alias.map(str::to_owned);
    }

    pub(super) async fn line(&self, text: &str) {
        self.post(Message::text(text)).await;
    }

    /// A line, and what is meant by it.
    pub(super) async fn words(&self, title: &str, words: &str) {
        if words.is_empty() {
            return self.line(title).await;
        }
        let lines: Vec<&str> = words.trim_end().lines().collect();
        let mut shown = lines[..lines.len().min(LINES)].join("\n");
        if lines.len() > LINES {
            shown.push_str(&format!("\n… {} more lines: see the log", lines.len() - LINES));
        }
        self.post(Message::new().section(Section::new().header(title).body_code(shown))).await;
    }

    async fn post(&self, message: Message) {
        let (Some(rooms), Some(alias)) = (&self.rooms, &self.channel) else { return };
        let channels = rooms.channels();
        let Some(channel) = channels.iter().find(|channel| channel.alias == *alias) else {
            return tracing::warn!(
                channel = alias,
                "configWatcher.reportChannel is no channel of the console now; nobody is told there"
            );
        };
        // What was told before this agent was started is kept under its own key.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let key = format!("reload/{now}");
        let post = Post { key, message, header: None, live: None, audience: Audience::Everyone, anchor: None };
        if let Err(error) = rooms.post(channel, &post).await {
            tracing::warn!(channel = alias, %error, "what became of the configuration was not shown");
        }
    }
}

/// A finding in one line, as logs have it.
pub(super) fn in_a_line(finding: &Finding) -> String {
    let place = finding.origin.as_ref().map(|origin| format!("{origin}: ")).unwrap_or_default();
    let help = finding.help.as_deref().and_then(|help| help.lines().next());
    let help = help.map(|help| format!(" ({})", help.trim_end_matches(':'))).unwrap_or_default();
    format!("{place}{}{help}", finding.message)
}
