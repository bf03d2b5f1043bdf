//! The whole agent beside upstream's own packages: one configuration and one plugin cache for each side, commands through
//! the whole path, and a start of eight plugins. It knows the two `lanes` programs and nothing of how they ask.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use super::{
    CALLERS, Options, Programs, WARM,
    lane::{Figures, Lane, Memory, Starting},
    with,
};

/// A row of the report: what is sent, the channel it is sent in, and how large it is.
pub(super) const PATHS: &[(&str, &str, Text)] = &[
    ("`echo hello`", "plain", Text::Short),
    ("1 KiB of short words", "plain", Text::Words),
    ("one word of 1 KiB", "plain", Text::Word),
    ("`echo hello`, with a kubeconfig", "rbac", Text::Short),
    ("1 KiB of short words, with a kubeconfig", "rbac", Text::Words),
];

/// How many plugins are started at once.
pub(super) const PLUGINS: usize = 8;

/// Bytes of a long command.
const LONG: usize = 1024;

#[derive(Clone, Copy)]
pub(super) enum Text {
    Short,
    Words,
    Word,
}

/// Ours and upstream's, by round.
#[derive(Default)]
pub(super) struct Measured {
    /// By the rows of [`PATHS`].
    pub(super) one: Vec<[Vec<Figures>; 2]>,
    pub(super) many: Vec<[Vec<Figures>; 2]>,
    pub(super) starts: [Vec<Starting>; 2],
    pub(super) trees: [Vec<Memory>; 2],
}

/// Measures both sides in turns.
pub(super) fn measure(dir: &Path, programs: &Programs, options: &Options, quiet: impl Fn() -> f64) -> Result<Measured> {
    // Ours keeps no file that it did not fetch itself, so it gets a repository, and the cache is filled by the first start.
    let sides =
        [lay_out(&dir.join("ours"), &programs.ours, true)?, lay_out(&dir.join("theirs"), &programs.theirs, false)?];
    let lanes = |verb: &str, which: usize, rest: &[&str]| {
        let mut command = with(if which == 0 { &programs.rust } else { &programs.go_agent }, &[verb.as_ref()]);
        command.arg(sides[which].join(format!("{verb}.yaml"))).args(rest);
        if which == 0 {
            command.arg(&programs.agent);
        }
        command
    };
    let mut measured = Measured::default();
    for round in 0..if options.quick { 3 } else { 12 } {
        quiet();
        for which in [round % 2, 1 - round % 2] {
            let (figures, tree) = started(lanes("start", which, &[]))?;
            // The first only fills the page cache.
            if round > 0 {
                measured.starts[which].push(figures);
                measured.trees[which].push(tree);
            }
        }
    }
    for (title, channel, text) in PATHS {
        let text = text.text();
        let mut both = [0, 1].map(|which| Lane::start("path", lanes("path", which, &[channel, &text])));
        let (mut one, mut many) = (<[Vec<Figures>; 2]>::default(), <[Vec<Figures>; 2]>::default());
        println!("the path of {title}");
        for round in 0..options.rounds as usize {
            quiet();
            for which in [round % 2, 1 - round % 2] {
                let lane = both[which].as_mut().map_err(|error| anyhow::anyhow!("{error:#}"))?;
                if round == 0 {
                    lane.warm(WARM)?;
                }
                one[which].push(lane.one(options.calls() / 2)?);
                many[which].push(lane.many(CALLERS, options.seconds())?);
            }
        }
        measured.one.push(one);
        measured.many.push(many);
    }
    Ok(measured)
}

impl Text {
    fn text(self) -> String {
        let mut text = match self {
            Self::Short => return "echo hello".to_owned(),
            Self::Words => format!("echo hello{}", " hello".repeat(LONG / 6)),
            Self::Word => format!("echo {}", "x".repeat(LONG)),
        };
        text.truncate(LONG);
        text
    }
}

/// One start, and the memory of the whole tree two seconds after.
fn started(command: Command) -> Result<(Starting, Memory)> {
    let (mut lane, starting) = Lane::starting(command)?;
    std::thread::sleep(std::time::Duration::from_secs(2));
    Ok((starting, lane.tree()?))
}

/// A folder with a plugin cache and the two configurations. The plugins are in the cache, or in a repository beside it.
fn lay_out(dir: &Path, plugin: &Path, repository: bool) -> Result<PathBuf> {
    let _ = fs::remove_dir_all(dir);
    let cache = dir.join("cache");
    fs::create_dir_all(cache.join("bench"))?;
    let names: Vec<String> = (1..=PLUGINS).map(|n| format!("p{n}")).collect();
    let mut index = "entries:\n".to_owned();
    for name in names.iter().map(String::as_str).chain(["echo"]) {
        index += &format!(
            "- {{name: {name}, type: executor, description: x, version: v1.0.0, urls: [{{url: \"{url}\", \
             platform: {{os: linux, architecture: {}}}}}]}}\n",
            if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" },
            url = if repository { plugin.display().to_string() } else { "http://127.0.0.1:1/x".to_owned() },
        );
        if !repository {
            fs::copy(plugin, cache.join(format!("bench/executor_v1.0.0_{name}")))
                .context("cannot fill the plugin cache")?;
        }
    }
    let kept = cache.join("bench.yaml");
    let offered = dir.join("plugins-index.yaml");
    fs::write(if repository { &offered } else { &kept }, index)?;
    let url = if repository { offered.display().to_string() } else { "http://127.0.0.1:1/never-asked".to_owned() };
    let kubeconfig = format!(
        "{{apiVersion: v1, kind: Config, current-context: c, clusters: [{{name: c, cluster: {{server: \
         'https://127.0.0.1:6443', certificate-authority-data: {}}}}}], contexts: [{{name: c, context: {{cluster: c, user: \
         u}}}}], users: [{{name: u, user: {{token: {}}}}}]}}\n",
        "Y2Nj".repeat(366),
        "t".repeat(1000)
    );
    fs::write(dir.join("kubeconfig"), kubeconfig)?;
    let bound = |names: &[String], rbac: &str| -> String {
        names
            .iter()
            .map(|name| {
                let note = "x".repeat(155);
                format!("    bench/{name}: {{enabled: true, config: {{formatOptions: [], note: {note}}}{rbac}}}\n")
            })
            .collect()
    };
    let rbac = ", context: {rbac: {group: {type: Static, static: {values: [botkube-plugins-default]}}}}";
    let echo = ["echo".to_owned()];
    let write = |file: &str, groups: &[(&str, String)]| {
        let channels: String = groups
            .iter()
            .map(|(name, _)| format!("        {name}: {{name: {name}, bindings: {{executors: [{name}]}}}}\n"))
            .collect();
        let executors: String = groups.iter().map(|(name, bound)| format!("  {name}:\n{bound}")).collect();
        let text = format!(
            "communications:\n  default-group:\n    mattermost:\n      enabled: true\n      url: http://127.0.0.1:1\n      \
             token: t\n      team: t\n      botName: Botkube\n      channels:\n{channels}executors:\n{executors}settings: \
             {{clusterName: bench, kubeconfig: {0}/kubeconfig, log: {{level: error}}}}\nplugins:\n  cacheDir: {0}/cache\n  repositories: {{bench: \
             {{url: '{url}'}}}}\n  restartPolicy: {{type: DeactivatePlugin, threshold: 10}}\n  \
             healthCheckInterval: 10s\n",
            dir.display()
        );
        fs::write(dir.join(file), text)
    };
    write("path.yaml", &[("plain", bound(&echo, "")), ("rbac", bound(&echo, rbac))])?;
    write("start.yaml", &[("eight", bound(&names, ""))])?;
    Ok(dir.to_owned())
}
