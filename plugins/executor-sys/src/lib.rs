//! Facts about the machine the agent runs on, and the example to read after echo: a typed configuration, commands as clap
//! structs, tables with controls, live output. How a fact is read is in the modules; this file does not know.

mod disk;
mod info;
mod ports;
mod processes;
mod table;

use std::time::Duration;

use botkube_plugin::{
    clap::{self, Parser, Subcommand, ValueEnum},
    config,
    message::{LabelInput, Select},
    prelude::*,
};
use futures_util::stream;

use processes::Processes;

/// A table, and what it does not tell and why.
type Facts = (String, Vec<String>);

/// The longest that reading facts may take: a file system that is not there any more never answers.
const PATIENCE: Duration = Duration::from_secs(10);

/// What users may write under `config`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Config {
    /// How many processes are shown.
    rows: usize,
    /// How long `sys watch` waits between two looks, such as `2s`; a second at least.
    interval: config::Duration,
    /// Which processes come first.
    order: Order,
}

/// Which processes come first.
#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema, ValueEnum)]
#[serde(rename_all = "camelCase")]
enum Order {
    Cpu,
    Memory,
    Name,
    Pid,
}

// What people type. The comments are the text of `sys --help`.
#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// The processes that use most of the machine
    Top(Top),
    /// The same again and again, in one message, until it is cancelled
    Watch {
        /// How long to wait between two looks
        #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
        seconds: Option<u64>,
        /// How often to look; without it there is no end
        #[arg(long, value_name = "NUMBER")]
        times: Option<usize>,
        #[command(flatten)]
        top: Top,
    },
    /// What the file systems hold, and have room for
    Disk,
    /// Who listens on which port
    Ports,
    /// The machine itself
    Info,
}

#[derive(clap::Args)]
struct Top {
    /// Which processes come first
    #[arg(long)]
    by: Option<Order>,
    /// Only those whose name holds this text
    #[arg(long, value_name = "TEXT", default_value = "")]
    name: String,
}

pub struct Sys;

impl Executor for Sys {
    type Config = Config;

    fn about(&self) -> About {
        about!()
            .example("Processes", "sys top")
            .example("File systems", "sys disk")
            .example("Ports", "sys ports")
            .example("This machine", "sys info")
    }

    async fn execute(&self, call: Call<Config>) -> Result<Reply> {
        let config = &call.config;
        match call.parse::<Args>()?.verb {
            Verb::Top(top) => {
                let order = top.by.unwrap_or(config.order);
                let facts = Processes::look().await?.show(order, &top.name, config.rows);
                Ok(page(facts, &top.command(order), top.controls(order)).into())
            }
            Verb::Watch { seconds, times, top } => {
                let order = top.by.unwrap_or(config.order);
                let wait = seconds.map_or(*config.interval, Duration::from_secs).max(Duration::from_secs(1));
                Ok(watch(order, top.name, config.rows, wait, times.unwrap_or(usize::MAX)))
            }
            Verb::Disk => plain("sys disk", disk::show).await,
            Verb::Ports => plain("sys ports", ports::show).await,
            Verb::Info => plain("sys info", info::show).await,
        }
    }
}

impl Top {
    /// The command that shows the same processes.
    fn command(&self, order: Order) -> String {
        let command = format!("sys top --by {}", order.word());
        if self.name.is_empty() { command } else { format!("{command} --name {:?}", self.name) }
    }

    /// The agent's own `--filter` only sees the rows that are shown; `--name` finds every process.
    fn controls(&self, order: Order) -> Section {
        let orders = Order::value_variants().iter().map(|order| order.word());
        let by = Select::new("Order", "sys top --by").group("By", orders).initial(order.word());
        let name = LabelInput::new("Name", format!("sys top --by {} --name=", order.word()));
        Section::new().select(by).input(name.placeholder("Part of a program's name").on_enter())
    }
}

/// One message that changes with every look. Nothing runs between two of them, and a cancelled stream is just dropped.
fn watch(order: Order, name: String, rows: usize, wait: Duration, times: usize) -> Reply {
    Reply::stream(stream::try_unfold((None, times), move |(earlier, left): (Option<Processes>, usize)| {
        let name = name.clone();
        async move {
            let Some(left) = left.checked_sub(1) else { return Ok(None) };
            let processes = match earlier {
                None => Processes::look().await?,
                Some(processes) => processes.again(wait).await?,
            };
            let look = Part::update(message(processes.show(order, &name, rows), Section::new()));
            Ok(Some((look, (Some(processes), left))))
        }
    }))
}

/// Facts, and what can be done next.
fn message((table, notes): Facts, controls: Section) -> Message {
    Message::code(table).section(notes.into_iter().fold(controls, Section::context))
}

/// Facts that can be read again; what a control brings takes the place of the message it is in.
fn page(facts: Facts, again: &str, controls: Section) -> Message {
    message(facts, controls.button(Button::command("Refresh", again))).replace_original()
}

/// A page of facts that are shown whole, so that the agent's own `--filter` is enough.
async fn plain(command: &str, facts: fn() -> Result<Facts>) -> Result<Reply> {
    let filter = LabelInput::new("Filter", format!("{command} --filter="));
    let controls = Section::new().input(filter.placeholder("Show only lines that contain this").on_enter());
    Ok(page(read(facts).await?, command, controls).into())
}

/// Reads facts on a thread of their own, since the one that answers calls must not wait for a slow machine.
async fn read<T: Send + 'static>(facts: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    match tokio::time::timeout(PATIENCE, tokio::task::spawn_blocking(facts)).await {
        Ok(done) => done?,
        Err(_) => Err(Error::for_user(format!(
            "The machine did not answer within {} seconds; a file system may be hanging.",
            PATIENCE.as_secs()
        ))),
    }
}

/// What is said where the agent sees a part of the machine only.
fn confinement() -> Option<String> {
    // The number of the machine's own namespace of processes, the same on every Linux.
    let machine = "pid:[4026531836]";
    let own = std::fs::read_link("/proc/self/ns/pid").ok()?;
    (own.as_os_str() != machine).then(|| "The agent runs in a container, which sees itself and not the machine.".into())
}

impl Order {
    fn word(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Name => "name",
            Self::Pid => "pid",
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self { rows: 15, interval: Duration::from_secs(2).into(), order: Order::Cpu }
    }
}
