//! What there is to say about a plugin as people read it. It must not know how it was found out.

use std::fmt::{self, Display, Formatter};

use super::{Inspection, Key, Shape};
use crate::asking::plain;

/// How wide the first column is.
const LABEL: usize = 15;

impl Display for Inspection {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(plugin) = &self.plugin {
            writeln!(f, "{} {} {}", plugin.kind, plain(&plugin.name), plain(&plugin.version))?;
            line(f, "description", plain(&plugin.description))?;
            if !plugin.documentation_url.is_empty() {
                line(f, "documentation", plain(&plugin.documentation_url))?;
            }
            line(f, "recommended", yes(plugin.recommended))?;
        }
        let file = &self.file;
        section(f, "File")?;
        line(f, "name", plain(&file.name))?;
        line(f, "size", bytes(file.size))?;
        line(f, "sha256", &file.sha256)?;
        if let Some(member) = &file.member {
            line(
                f,
                "program in it",
                format!("{} ({}, sha256 {})", plain(&member.path), bytes(member.size), member.sha256),
            )?;
        }
        let binary = &file.binary;
        let platform = [binary.os, binary.architecture.as_deref()].into_iter().flatten().collect::<Vec<_>>().join("/");
        let what = [binary.format, Some(platform.as_str()), binary.linking.as_deref(), binary.interpreter.as_deref()];
        let what: Vec<String> = what.into_iter().flatten().filter(|part| !part.is_empty()).map(plain).collect();
        line(f, "program", what.join(", "))?;
        if let Some(protocol) = &self.protocol {
            section(f, "Protocol")?;
            line(f, "version", protocol.version)?;
            line(f, "network", protocol.network)?;
            let services = protocol.services.as_ref().map(|all| all.iter().map(|name| plain(name)).collect::<Vec<_>>());
            line(f, "services", services.map_or("it does not say".into(), |all| all.join(", ")))?;
            line(f, "live answers", yes(protocol.live_answers))?;
            if let Some(auto_mtls) = protocol.auto_mtls {
                line(f, "AutoMTLS", yes(auto_mtls))?;
            }
        }
        if let Some(plugin) = &self.plugin {
            shape(f, "Configuration", &plugin.configuration)?;
            if let Some(payload) = &plugin.payload {
                shape(f, "Webhook's payload", payload)?;
            }
            section(f, "Dependencies")?;
            if plugin.dependencies.is_empty() {
                writeln!(f, "  none")?;
            }
            for (name, urls) in &plugin.dependencies {
                writeln!(f, "  {}", plain(name))?;
                for (platform, url) in urls {
                    writeln!(f, "    {:<LABEL$} {}", plain(platform), plain(url))?;
                }
            }
        }
        if let Some(index) = &self.index {
            section(f, &format!("Index of {}", plain(&index.repository)))?;
            line(f, "version", plain(&index.version))?;
            if let Some(url) = &index.url {
                line(f, "url", plain(url))?;
            }
            line(f, "checksum", index.checksum.as_deref().map_or("none".into(), plain))?;
            line(f, "platforms", plain(&index.platforms.join(", ")))?;
            if let Some(minimum) = &index.minimum_agent_version {
                line(f, "needs agent", plain(minimum))?;
            }
            line(f, "recommended", yes(index.recommended))?;
        }
        let problems = self.plugin.iter().flat_map(|plugin| &plugin.problems);
        for problem in problems {
            writeln!(f, "\nIt cannot be published: {problem}")?;
        }
        if let Some(why) = &self.not_run {
            writeln!(f, "\nIt was not run: {why}")?;
        }
        Ok(())
    }
}

fn section(f: &mut Formatter<'_>, name: &str) -> fmt::Result {
    writeln!(f, "\n{name}")
}

fn line(f: &mut Formatter<'_>, label: &str, value: impl Display) -> fmt::Result {
    writeln!(f, "  {label:<LABEL$} {value}")
}

fn shape(f: &mut Formatter<'_>, title: &str, shape: &Shape) -> fmt::Result {
    section(f, title)?;
    if !shape.ref_url.is_empty() {
        writeln!(f, "  its JSON schema is at {}", plain(&shape.ref_url))?;
    } else if shape.schema.is_none() {
        writeln!(f, "  it has no JSON schema")?;
    } else if shape.keys.is_empty() {
        writeln!(f, "  no keys")?;
    }
    let rows: Vec<[String; 4]> = shape.keys.iter().map(row).collect();
    let width = |column: usize, title: &str| {
        rows.iter().map(|row| row[column].chars().count()).chain([title.len()]).max().unwrap_or_default()
    };
    let (path, kind) = (width(0, "KEY"), width(1, "TYPE"));
    if !rows.is_empty() {
        writeln!(f, "  {:<path$}  {:<kind$}  DEFAULT", "KEY", "TYPE")?;
    }
    for (row, key) in rows.iter().zip(&shape.keys) {
        writeln!(f, "  {:<path$}  {:<kind$}  {}", row[0], row[1], row[2])?;
        for text in [&row[3], &plain(&key.description.split_whitespace().collect::<Vec<_>>().join(" "))] {
            if !text.is_empty() {
                writeln!(f, "      {text}")?;
            }
        }
    }
    Ok(())
}

/// Path, type, default, and what else there is.
fn row(key: &Key) -> [String; 4] {
    let values: Vec<String> = key.values.iter().map(|value| plain(&value.to_string())).collect();
    let values = if values.is_empty() { String::new() } else { format!("one of {}", values.join(", ")) };
    let kind = if key.kind.is_empty() { "any" } else { &key.kind };
    let default = match (&key.default, key.required) {
        (Some(default), _) => plain(&default.to_string()),
        (None, true) => "required".into(),
        (None, false) => "-".into(),
    };
    [plain(&key.path), plain(kind), default, values]
}

fn yes(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

fn bytes(bytes: u64) -> String {
    match bytes {
        0..=9_999 => format!("{bytes} bytes"),
        _ => format!("{:.1} MiB ({bytes} bytes)", bytes as f64 / f64::from(1 << 20)),
    }
}
