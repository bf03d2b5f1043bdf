//! The executor of upstream's tutorial: answers with the command it was given, formatted as configured.

use botkube_plugin::prelude::*;

/// How the echoed command is shown.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Config {
    /// Options to format the echoed text.
    format_options: Vec<Format>,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
enum Format {
    Bold,
    Italic,
}

pub struct Echo;

impl Executor for Echo {
    type Config = Config;
    fn about(&self) -> About {
        about!().example("Run", "echo 'hello world'")
    }

    async fn execute(&self, call: Call<Config>) -> Result<Reply> {
        let marked = |text: String, format: &Format| match format {
            Format::Bold => format!("*{text}*"),
            Format::Italic => format!("_{text}_"),
        };
        Ok(Reply::code(call.config.format_options.iter().fold(call.command().to_owned(), marked)))
    }
}
