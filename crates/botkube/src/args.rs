//! The command line.

pub(crate) mod upstream;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
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
    /// Build the plugins in folders, run them in a console, and swap them whenever a file changes
    #[command(after_help = "Example: botkube plugin new executor greet && botkube dev greet")]
    Dev(Dev),
    /// Make, check, build and publish plugins
    #[command(subcommand)]
    Plugin(PluginVerb),
    /// Write down which plugins a configuration means, with their checksums, into botkube.lock beside it
    #[command(
        after_help = "Example: botkube lock --config botkube.yaml\n         botkube lock --config botkube.yaml --update botkube/kubectl"
    )]
    Lock(Lock),
    /// Show a running agent from inside: its plugins, running commands, reloads and last errors
    #[command(after_help = "Example: botkube status\n         botkube status --output json")]
    Status(Status),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// The agent's private socket; found by itself where one agent of this user runs
    #[arg(long, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,

    /// How it is printed
    #[arg(long, short, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Dev {
    /// The folders of the plugins; the current one by default. The first may have a botkube.yaml, a whole configuration in
    /// which a plugin's key is dev/NAME
    #[arg(value_name = "DIR")]
    pub(crate) dirs: Vec<PathBuf>,

    /// Build with this command instead, which leaves one executable or more, called executor_… or executor-…; said by sh in
    /// the folder
    #[arg(long, value_name = "CMD")]
    pub(crate) build: Option<String>,

    /// Do not start the plugin: wait until somebody does, in a debugger or by hand, and have no deadlines
    #[arg(long)]
    pub(crate) attach: bool,

    /// Write what is typed, clicked and answered into this file, for `botkube plugin test --replay`
    #[arg(long, value_name = "FILE")]
    pub(crate) record: Option<PathBuf>,

    /// The port of the console in a browser; 0 is any. Without it any, where there is a terminal, and else none
    #[arg(long)]
    pub(crate) port: Option<u16>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PluginVerb {
    /// Make a small complete project that builds, has a test, and answers
    #[command(
        after_help = "Example: botkube plugin new executor greet\n         botkube plugin new executor greet --lang go"
    )]
    New(New),
    /// Build a plugin for every platform, the same bytes each time
    #[command(after_help = "Example: botkube plugin build --archive tar.gz")]
    Build(Build),
    /// Find out whether a plugin in any language behaves as the agent and people expect
    #[command(
        after_help = "Example: botkube plugin test plugin-dist/executor_greet_linux_amd64\n         botkube plugin test --replay session.yaml ."
    )]
    Test(Test),
    /// Write the index of a plugin repository from a folder of built plugins
    #[command(after_help = "Example: botkube plugin index plugin-dist --url-base https://example.org/v1.0.0")]
    Index(Index),
    /// Be a plugin repository on this machine, with an index made anew for every request
    #[command(after_help = "Example: botkube plugin serve plugin-dist --port 3010 --header 'X-Token: secret'")]
    Serve(Serve),
    /// Show what a plugin says about itself
    #[command(
        after_help = "Example: botkube plugin inspect ./executor_greet_linux_amd64\n         botkube plugin inspect --config botkube.yaml botkube/kubectl"
    )]
    Inspect(Inspect),
    /// List the plugins a configuration means, and what is here of them
    #[command(after_help = "Example: botkube plugin list --outdated --config botkube.yaml")]
    List(List),
    /// Pack every plugin a configuration needs into one archive, for an agent without a network
    #[command(after_help = "Example: botkube plugin bundle --config botkube.yaml plugins.tar.gz")]
    Bundle(Bundle),
}

#[derive(Debug, clap::Args)]
pub(crate) struct New {
    /// What the plugin does
    #[arg(value_enum)]
    pub(crate) kind: NewKind,

    /// Its name, the first word of its commands; also the name of the folder that is made
    pub(crate) name: String,

    /// The language
    #[arg(long, value_enum, default_value_t = Language::Rust)]
    pub(crate) lang: Language,

    /// The folder of the SDK's crates, instead of the one this executable was built from or its release
    #[arg(long, value_name = "PATH")]
    pub(crate) sdk: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NewKind {
    /// It answers commands
    Executor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// With botkube-plugin
    Rust,
    /// With the original SDK
    Go,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Build {
    /// The project's folder
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,

    /// Only for this platform; may repeat. Otherwise linux and darwin on amd64 and arm64
    #[arg(long, value_name = "OS/ARCH")]
    pub(crate) platform: Vec<String>,

    /// Pack each program into an archive, as upstream publishes them
    #[arg(long, value_enum, value_name = "FORM")]
    pub(crate) archive: Option<Archive>,

    /// Where the files go; DIR/plugin-dist by default
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// How the result is printed
    #[arg(long, short, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Archive {
    /// tar, gzipped
    #[value(name = "tar.gz")]
    TarGz,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Test {
    /// A plugin's executable, a project's folder, or the key of a plugin in a configuration
    #[arg(value_name = "FILE|DIR|KEY")]
    pub(crate) target: String,

    /// For a KEY, and for the configuration the plugin is run with
    #[command(flatten)]
    pub(crate) files: Files,

    /// Run a recorded session instead and compare the answers
    #[arg(long, value_name = "SESSION")]
    pub(crate) replay: Option<PathBuf>,

    /// Write the answers there are now into the session
    #[arg(long, requires = "replay")]
    pub(crate) update: bool,

    /// How the report is printed
    #[arg(long, short, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Index {
    /// The folder of the built files
    #[arg(value_name = "DIR", default_value = "./plugin-dist")]
    pub(crate) dir: PathBuf,

    /// What comes before a file's name in its address
    #[arg(long, alias = "url-base-path", env = "PLUGIN_DOWNLOAD_URL_BASE_PATH", value_name = "URL")]
    pub(crate) url_base: String,

    /// The file that is written; - is standard output
    #[arg(long, value_name = "FILE", default_value = "./plugins-index.yaml")]
    pub(crate) output_path: PathBuf,

    /// Only plugins whose name fits this regular expression
    #[arg(long, value_name = "REGEX")]
    pub(crate) plugin_name_filter: Option<String>,

    /// Whether archives are published and not the programs; by default whichever there are
    #[arg(long, value_name = "BOOL", num_args = 0..=1, default_missing_value = "true", require_equals = true)]
    pub(crate) use_archive: Option<bool>,

    /// Fetch every dependency, and publish its checksum, which agents then check
    #[arg(long)]
    pub(crate) checksum_dependencies: bool,

    /// The lowest version of an agent that may run these plugins
    #[arg(long, value_name = "VERSION")]
    pub(crate) minimum_agent_version: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// The folder of the built files
    #[arg(value_name = "DIR", default_value = "./plugin-dist")]
    pub(crate) dir: PathBuf,

    /// The port; 0 is any
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,

    /// Refuse requests without this header, as a private repository does
    #[arg(long, value_name = "NAME: VALUE")]
    pub(crate) header: Option<String>,

    /// Refuse requests without this name and password
    #[arg(long, value_name = "NAME:PASSWORD")]
    pub(crate) user: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Inspect {
    /// A plugin's executable or archive, its address, or the key of a plugin in a configuration
    #[arg(value_name = "FILE|URL|KEY")]
    pub(crate) target: String,

    /// For a KEY
    #[command(flatten)]
    pub(crate) files: Files,

    /// How it is printed
    #[arg(long, short, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    pub(crate) files: Files,

    /// Ask the repositories, and show only plugins of which there is a newer version
    #[arg(long)]
    pub(crate) outdated: bool,

    /// How the list is printed
    #[arg(long, short, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Bundle {
    #[command(flatten)]
    pub(crate) files: Files,

    /// The archive that is written
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// Only for this platform; may repeat. Otherwise the one this is
    #[arg(long, value_name = "OS/ARCH")]
    pub(crate) platform: Vec<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Lock {
    #[command(flatten)]
    pub(crate) files: Files,

    /// Take newer versions, of this plugin or of all; what is locked stays as it is otherwise
    #[arg(long, value_name = "KEY", num_args = 0..=1)]
    #[expect(clippy::option_option, reason = "absent, without a key, and with one")]
    pub(crate) update: Option<Option<String>>,

    /// Only for this platform; may repeat. Otherwise every platform the index has
    #[arg(long, value_name = "OS/ARCH")]
    pub(crate) platform: Vec<String>,

    /// How the result is printed
    #[arg(long, short, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
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
    /// Show what a running agent would do if its configuration became this one
    #[command(after_help = "Example: botkube config diff new.yaml --against botkube.yaml")]
    Diff(Diff),
    /// Print the JSON Schema of a configuration, for editors
    #[command(after_help = "Example: botkube config schema > botkube.schema.json")]
    Schema(Schema),
}

/// The files of a configuration.
#[derive(Clone, Debug, Default, clap::Args)]
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
pub(crate) struct Diff {
    /// The files of the new configuration, as with --config
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) more: Files,

    /// A file of the configuration there is; may repeat or hold several separated by commas
    #[arg(long, required = true, value_name = "FILE", value_delimiter = ',')]
    pub(crate) against: Vec<PathBuf>,

    /// Take unknown keys for warnings
    #[arg(long)]
    pub(crate) lenient: bool,

    /// How the difference is printed: json is one array
    #[arg(long, short, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Schema {
    /// The schema is JSON either way; text is spread over lines
    #[arg(long, short, value_enum, default_value_t = Output::Text)]
    pub(crate) output: Output,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    #[command(flatten)]
    pub(crate) files: Files,

    /// Take unknown keys for warnings
    #[arg(long)]
    pub(crate) lenient: bool,

    /// Start no plugin that is not exactly what botkube.lock says
    #[arg(long)]
    pub(crate) locked: bool,

    /// How long commands that run may take to end once the agent is told to; what still runs then is cut, and said so
    #[arg(long, value_name = "SECONDS", default_value = "20", value_parser = seconds)]
    pub(crate) grace: Duration,
}

impl Default for Run {
    fn default() -> Self {
        Self { files: Files::default(), lenient: false, locked: false, grace: Duration::from_secs(20) }
    }
}

/// Reads a number of seconds, also with a unit as in `20s`.
fn seconds(text: &str) -> Result<Duration, String> {
    let number = text.strip_suffix('s').unwrap_or(text);
    number.parse().map(Duration::from_secs).map_err(|_| format!("{text:?} is no number of seconds, such as 20"))
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
