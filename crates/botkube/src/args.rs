//! The command line.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use clap::{Parser, Subcommand, ValueEnum};

/// Chat-ops for Kubernetes whose abilities are plugins.
///
/// Without a verb: a demo on this machine, with the console in this terminal and the plugins that come with the agent. With
/// BOTKUBE_CONFIG_PATHS set, the same as `botkube run`.
#[derive(Debug, Parser)]
#[command(version, after_help = "Example: botkube --plugin ./executor_mine")]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,

    /// Use this executable for the plugin NAME, without any index; may repeat. NAME is otherwise taken from the file's name
    #[arg(long, global = true, value_name = "[NAME=]PATH", value_parser = GivenPlugin::parse)]
    pub(crate) plugin: Vec<GivenPlugin>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run the agent with a configuration
    #[command(after_help = "Example: botkube run --config botkube.yaml")]
    Run(Run),
    /// Run one command as if it were typed in a channel, and exit with 0 only if it succeeded
    #[command(after_help = "Example: botkube exec --config botkube.yaml --channel ops -- echo hello")]
    Exec(Exec),
    /// Look at a configuration without running anything
    #[command(subcommand)]
    Config(ConfigVerb),
    /// Look at a message as plugins write it
    #[command(subcommand)]
    Message(MessageVerb),
}

#[derive(Debug, Subcommand)]
pub(crate) enum MessageVerb {
    /// Show a message as a platform would; unknown keys and wrong values are said with their place
    #[command(after_help = "Example: botkube message render --as html message.json > message.html")]
    Render(Render),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Render {
    /// The platform
    #[arg(long, value_enum, default_value_t = Platform::Console)]
    pub(crate) platform: Platform,

    /// The message as JSON; - is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) file: PathBuf,

    /// How it is shown
    #[arg(long = "as", value_enum, value_name = "KIND", default_value_t = Shown::Json)]
    pub(crate) shown: Shown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Platform {
    /// The terminal and the browser
    Console,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shown {
    /// What the platform is sent: for the console, the entries a browser gets
    Json,
    /// As a person reads it where nothing can be clicked
    Text,
    /// A page that needs no other file
    Html,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigVerb {
    /// Say what is wrong, what differs from upstream, and what this version serves; the exit code is 2 when something is wrong
    #[command(
        after_help = "Example: botkube config validate botkube.yaml\n\nHelm values of upstream's chart are understood, too."
    )]
    Validate(Validate),
    /// Show what all files and variables come to, as YAML without secrets
    #[command(after_help = "Example: botkube config show --origins --config botkube.yaml")]
    Show(Show),
    /// Print the JSON Schema of a configuration, for editors
    #[command(after_help = "Example: botkube config schema > botkube.schema.json")]
    Schema(Schema),
}

/// The files of a configuration.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Files {
    /// A configuration file; may repeat or hold several separated by commas, later ones win, those named `_…` come last.
    /// Otherwise BOTKUBE_CONFIG_PATHS
    #[arg(long, short, value_name = "FILE", value_delimiter = ',')]
    pub(crate) config: Vec<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Validate {
    /// The files, as with --config
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) more: Files,

    /// Take unknown keys for warnings
    #[arg(long)]
    pub(crate) lenient: bool,

    /// How findings are printed: json is one array of {"severity", "path", "file", "line", "column", "variable", "message", "help"}
    #[arg(long, short, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    /// The files, as with --config
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) more: Files,

    /// Say of every key where it comes from
    #[arg(long)]
    pub(crate) origins: bool,

    /// How the configuration is printed: text is YAML; json with --origins is {"configuration": …, "origins": …}
    #[arg(long, short, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Schema {
    /// The schema is JSON either way; text is spread over lines
    #[arg(long, short, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
}

#[derive(Debug, Default, clap::Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) files: Files,

    /// Take unknown keys for warnings
    #[arg(long)]
    pub(crate) lenient: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Exec {
    /// Without any file: the demo
    #[command(flatten)]
    pub(crate) files: Files,

    /// Take unknown keys for warnings
    #[arg(long)]
    pub(crate) lenient: bool,

    /// The channel's alias, name or id, on any platform; may be left out when there is only one
    #[arg(long, value_name = "CHANNEL")]
    pub(crate) channel: Option<String>,

    /// How the answer is printed
    #[arg(long, short, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,

    /// The command; several words are joined by one blank
    #[arg(required = true, last = true, value_name = "WORDS")]
    pub(crate) words: Vec<OsString>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// As a person reads it
    Text,
    /// For programs; of an answer: {"status": …, "text": …, "messages": […]}
    Json,
}

/// A plugin's executable named on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GivenPlugin {
    pub(crate) name: String,
    pub(crate) path: PathBuf,
}

impl GivenPlugin {
    /// Reads `[NAME=]PATH`. Without a name, it is that of `executor_<name>_…` or `executor-<name>`, else the file's stem.
    fn parse(text: &str) -> Result<Self, String> {
        let named = text.split_once('=').filter(|(name, _)| !name.contains('/'));
        let (name, path) = match named {
            Some((name, path)) => (name.to_owned(), path),
            None => (name_of(Path::new(text)).unwrap_or_default(), text),
        };
        if path.is_empty() {
            return Err("the path is missing".into());
        }
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(format!("{name:?} cannot be the name of a plugin; write NAME=PATH"));
        }
        // A path without a slash is a path all the same, not something to look for in PATH.
        let path = std::path::absolute(path).map_err(|e| e.to_string())?;
        Ok(Self { name, path })
    }
}

fn name_of(path: &Path) -> Option<String> {
    let file = path.file_name()?.to_str()?;
    let name = match (file.strip_prefix("executor_"), file.strip_prefix("executor-")) {
        (Some(rest), _) => rest.split('_').next()?,
        (_, Some(rest)) => rest,
        _ => path.file_stem()?.to_str()?,
    };
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Args::command().debug_assert();
    }

    #[track_caller]
    fn check(text: &str, name: &str) {
        assert_eq!(GivenPlugin::parse(text).unwrap().name, name, "{text}");
    }

    #[test]
    fn a_plugins_name_comes_from_its_file() {
        check("./executor_mine_linux_amd64", "mine");
        check("./executor_mine", "mine");
        check("target/release/executor-mine", "mine");
        check("/x/mine.sh", "mine");
        check("kubectl=/x/my=file", "kubectl");
        check("/x=y/mine", "mine");
    }

    #[test]
    fn what_is_no_plugin_is_refused() {
        for text in ["", "=x", "a b=x", "mine="] {
            assert!(GivenPlugin::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_path_without_a_slash_is_not_looked_for_in_the_path() {
        assert!(GivenPlugin::parse("mine").unwrap().path.is_absolute());
    }
}
