//! What keys mean: one configuration in, the model or the findings out.
//! Must not know: several files; `crate::tests` has those.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::finding::{Origin, Report};
use crate::model::{Config, Subject};
use crate::source::Sources;
use crate::{Loaded, Options};

const TUTORIAL: &str = r#"
communications:
  default-group:
    socketSlack:
      enabled: true
      channels:
        default:
          name: random
          bindings:
            executors:
              - echo-team-a
              - echo-team-b
      botToken: xoxb-secret
      appToken: xapp-secret
executors:
  echo-team-a:
    botkube/echo:
      enabled: true
      config:
        formatOptions: ["italic"]
  echo-team-b:
    botkube/echo:
      enabled: true
      config:
        formatOptions: ["bold"]
"#;

/// What one file comes to, whatever is wrong with it.
fn loaded(yaml: &str) -> Loaded {
    let mut sources = Sources::default();
    let source = sources.add(Path::new("c.yaml"), yaml.into());
    let root = crate::tree::parse(&sources, source).map_err(|finding| finding.to_string()).unwrap();
    crate::assemble(sources, vec![root], BTreeMap::new(), Options::default())
}

/// The configuration as a few lines, then what is said about it.
fn decoded(yaml: &str) -> String {
    let Loaded { config, findings, .. } = loaded(yaml);
    let mut said = summary(&config);
    if !findings.is_empty() {
        let _ = write!(said, "{}", Report(&findings));
    }
    said
}

fn summary(config: &Config) -> String {
    let mut lines = String::new();
    for group in &config.communications {
        for platform in &group.platforms {
            let _ = writeln!(lines, "{}: {:?} {}", group.name, platform.kind, on(platform.enabled));
            for channel in &platform.channels {
                let (name, id) = (&channel.name, &channel.id);
                let Origin::File { line, column, .. } = channel.origin else { panic!("written in a file") };
                let origin = format!("{line}:{column}");
                let _ = writeln!(lines, "  {} {name:?} {id:?} {:?} at {origin}", channel.alias, channel.executors);
            }
        }
    }
    for group in &config.executors {
        let _ = writeln!(lines, "{} ({:?})", group.name, group.display_name);
        for plugin in &group.plugins {
            let _ = write!(lines, "  {} {}", plugin.key, on(plugin.enabled));
            plugin.config.iter().for_each(|config| lines.push_str(&format!(" {config}")));
            if let Some(rbac) = &plugin.rbac {
                let _ = write!(lines, " user {} group {}", subject(&rbac.user), subject(&rbac.group));
            }
            lines.push('\n');
        }
    }
    for alias in &config.aliases {
        let _ = writeln!(lines, "{} = {} ({:?})", alias.name, alias.command, alias.display_name);
    }
    lines
}

fn subject(subject: &Subject) -> String {
    match subject {
        Subject::None => "-".into(),
        Subject::Static { prefix, values } => format!("{prefix:?}+{values:?}"),
        Subject::ChannelName { prefix } => format!("{prefix:?}+channel"),
    }
}

fn on(enabled: bool) -> &'static str {
    if enabled { "on" } else { "off" }
}

macro_rules! check {
    ($yaml:expr, @$expected:literal) => {
        insta::assert_snapshot!(decoded(&$yaml), @$expected)
    };
}

/// One enabled plugin with this below its `context`.
fn with_context(context: &str) -> String {
    format!("executors:\n  g:\n    botkube/kubectl:\n      enabled: true\n      context:\n        {context}\n")
}

mod communications;
mod executors;
mod rbac;
mod rest;
