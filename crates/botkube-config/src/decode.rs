//! From keys to the model: the top level and the small sections.
//! Must not know: files and YAML; it reads through `read` only.

mod communications;
mod executors;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::finding::Severity;
use crate::model::{Alias, Config, Plugins, Repository, Settings};
use crate::read::{Field, Map, Reader};
use crate::tree::{Node, Value};
use crate::units;

/// Decodes a whole configuration. Keys nobody asks for are not looked at.
pub(crate) fn config(root: &Node, reader: &mut Reader<'_>) -> Config {
    let root = Field::root(root).map(reader);
    let executors = section(&root, "executors", reader);
    let groups = executors.fields().map(|group| group.key).collect();
    Config {
        sources: Vec::new(),
        actions: Vec::new(),
        communications: communications::decode(&section(&root, "communications", reader), &groups, reader),
        executors: executors::decode(&executors, reader),
        aliases: aliases(&section(&root, "aliases", reader), reader),
        settings: settings(&section(&root, "settings", reader), reader),
        plugins: plugins(&section(&root, "plugins", reader), reader),
    }
}

fn aliases(section: &Map<'_>, reader: &mut Reader<'_>) -> Vec<Alias> {
    let mut aliases = Vec::new();
    for field in section.fields() {
        let before = reader.findings_count();
        let map = field.map(reader);
        let command = text(&map, "command", reader);
        let display_name = text(&map, "displayName", reader);
        match command.filter(|command| !command.trim().is_empty()) {
            Some(command) => {
                let origin = reader.origin(&field);
                aliases.push(Alias { name: field.key.into(), command, display_name, origin });
            }
            None if reader.findings_count() == before => reader.about_key(
                Severity::Error,
                &field,
                format!("the alias `{}` stands for no command", field.key),
                format!("say what it stands for, for example:\n{}:\n  command: kubectl", field.key),
            ),
            None => {}
        }
    }
    aliases
}

fn settings(section: &Map<'_>, reader: &mut Reader<'_>) -> Settings {
    let default = Settings::default();
    Settings {
        cluster_name: text(section, "clusterName", reader).unwrap_or(default.cluster_name),
        kubeconfig: text(section, "kubeconfig", reader).filter(|path| !path.is_empty()).map(PathBuf::from),
        ..default
    }
}

fn plugins(section: &Map<'_>, reader: &mut Reader<'_>) -> Plugins {
    let default = Plugins::default();
    let call_timeout = section.get("callTimeout").and_then(|field| {
        let help = "write a number and a unit, such as `30s`, `5m` or `1h30m`";
        field.parsed(reader, "a duration above zero", help, |value| match value {
            Value::Text(text) => units::duration(text).filter(|duration| *duration > Duration::ZERO),
            _ => None,
        })
    });
    let max_answer_size = section.get("maxAnswerSize").and_then(|field| {
        let help = "write a whole number of bytes, or one with a unit, such as `64Mi` or `10MB`";
        field.parsed(reader, "a size above zero", help, |value| match value {
            Value::Number(number) => number.as_u64().filter(|size| *size > 0),
            Value::Text(text) => units::bytes(text).filter(|size| *size > 0),
            _ => None,
        })
    });
    let mut repositories = BTreeMap::new();
    for field in self::section(section, "repositories", reader).fields() {
        let url = text(&field.map(reader), "url", reader).unwrap_or_default();
        let repository = Repository { url, headers: BTreeMap::new(), origin: reader.origin(&field) };
        repositories.insert(field.key.to_owned(), repository);
    }
    Plugins {
        call_timeout: call_timeout.unwrap_or(default.call_timeout),
        max_answer_size: max_answer_size.unwrap_or(default.max_answer_size),
        repositories,
        ..default
    }
}

/// The keys below `name`; none if it is not there.
fn section<'t>(map: &Map<'t>, name: &str, reader: &mut Reader<'_>) -> Map<'t> {
    map.get(name).map(|field| field.map(reader)).unwrap_or_default()
}

/// The text under `name`.
fn text(map: &Map<'_>, name: &str, reader: &mut Reader<'_>) -> Option<String> {
    map.get(name).and_then(|field| field.text(reader))
}

/// The boolean under `name`.
fn boolean(map: &Map<'_>, name: &str, reader: &mut Reader<'_>) -> Option<bool> {
    map.get(name).and_then(|field| field.boolean(reader))
}

#[cfg(test)]
mod tests;
