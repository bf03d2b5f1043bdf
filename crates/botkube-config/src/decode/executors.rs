//! The `executors` section: groups, plugin keys, and whom a plugin acts as.
//! Must not know: who binds a group.

use super::{boolean, section, text};
use crate::finding::Severity;
use crate::model::{InvalidPluginKey, PluginBinding, PluginGroup, PluginKey, Rbac, Subject};
use crate::read::{Field, Map, Reader};
use crate::tree::Value;

/// Where a plugin comes from when an older key does not say.
const DEFAULT_REPOSITORY: &str = "botkube";

/// Which of the two subjects is read.
#[derive(Clone, Copy)]
enum Role {
    User,
    Group,
}

/// Decodes all groups.
pub(super) fn decode(groups: &Map<'_>, reader: &mut Reader<'_>) -> Vec<PluginGroup> {
    let mut decoded = Vec::new();
    for group in groups.fields() {
        let map = group.map(reader);
        let display_name = text(&map, "displayName", reader);
        let plugins = map.fields().filter(|field| !field.key.eq_ignore_ascii_case("displayName"));
        let plugins = plugins.filter_map(|plugin| self::plugin(&plugin, reader)).collect();
        decoded.push(PluginGroup { name: group.key.into(), display_name, plugins });
    }
    decoded
}

fn plugin(field: &Field<'_>, reader: &mut Reader<'_>) -> Option<PluginBinding> {
    let map = field.map(reader);
    let enabled = boolean(&map, "enabled", reader).unwrap_or(false);
    let config = map.get("config").map(|config| config.value().to_json());
    let rbac = rbac(&map, reader);
    let key = key(field, enabled, reader)?;
    Some(PluginBinding { key, enabled, config, rbac, host_flags: true, origin: reader.origin(field) })
}

fn key(field: &Field<'_>, enabled: bool, reader: &mut Reader<'_>) -> Option<PluginKey> {
    let error = match field.key.parse::<PluginKey>() {
        Ok(key) => return Some(key),
        Err(error) => error,
    };
    if error == InvalidPluginKey::NoRepository
        && let Ok(key) = format!("{DEFAULT_REPOSITORY}/{}", field.key).parse::<PluginKey>()
    {
        let message = format!("the plugin key `{}` names no repository, understood as `{key}`", field.key);
        reader.about_key(Severity::Warning, field, message, format!("today it is written like this:\n{key}:"));
        return Some(key);
    }
    // Upstream does not look at keys of disabled plugins, so they must not keep an agent from starting.
    let severity = if enabled { Severity::Error } else { Severity::Warning };
    let message = format!("`{}` is not a plugin key: {error}", field.key);
    reader.about_key(
        severity,
        field,
        message,
        "write `repository/name` or `repository/name@version`, such as `botkube/kubectl`",
    );
    None
}

fn rbac(plugin: &Map<'_>, reader: &mut Reader<'_>) -> Option<Rbac> {
    let context = section(plugin, "context", reader);
    let current = context.get("rbac");
    let map = current.as_ref().map(|rbac| rbac.map(reader)).unwrap_or_default();
    let mut subject = |role: Role| match (map.get(role.key()), context.get(role.key())) {
        (new, Some(old)) if current.is_some() => {
            let message = format!("`context.{}` is ignored, since `context.rbac` stands beside it", role.key());
            reader.about_key(Severity::Warning, &old, message, "remove the older key");
            new.map(|field| self::subject(&field, role, reader))
        }
        (Some(new), _) => Some(self::subject(&new, role, reader)),
        (None, Some(old)) => Some(old_subject(&old, role, reader)),
        (None, None) => None,
    };
    let user = subject(Role::User).unwrap_or(Subject::None);
    let group = subject(Role::Group).unwrap_or(Subject::None);
    (user != Subject::None || group != Subject::None).then_some(Rbac { user, group })
}

fn subject(field: &Field<'_>, role: Role, reader: &mut Reader<'_>) -> Subject {
    let map = field.map(reader);
    let prefix = text(&map, "prefix", reader).unwrap_or_default();
    let kind = map.get("type");
    match kind.as_ref().and_then(|kind| kind.text(reader)).unwrap_or_default().as_str() {
        "" => {
            if let Some(ignored) = map.get("static") {
                let message = format!("`static` is ignored without a `type`: the plugin acts as no {}", role.key());
                reader.about_key(Severity::Warning, &ignored, message, "write `type: Static` beside it");
            }
            Subject::None
        }
        "Static" => Subject::Static { prefix, values: static_values(field, &map, role, reader) },
        "ChannelName" => Subject::ChannelName { prefix },
        other => {
            let message = format!("there is no subject of type `{other}`");
            let help =
                "write `Static` for names given here, or `ChannelName` for the name of the channel, in this spelling";
            reader.error(kind.as_ref().unwrap_or(field), message, help);
            Subject::None
        }
    }
}

/// `static.value` of a user, `static.values` of groups; the other's spelling is taken too.
fn static_values(field: &Field<'_>, subject: &Map<'_>, role: Role, reader: &mut Reader<'_>) -> Vec<String> {
    let map = section(subject, "static", reader);
    let (right, other) = match role {
        Role::User => ("value", "values"),
        Role::Group => ("values", "value"),
    };
    let written = map.get(right).or_else(|| map.get(other));
    // A name may hold a comma, so a single one is not taken apart.
    let items = written.as_ref().map(Field::items).unwrap_or_default();
    let values = items.iter().filter_map(|name| name.text(reader)).collect();
    named(written.as_ref().unwrap_or(field), values, role, reader)
}

/// `values` as they are, after complaining if a plugin cannot act as them.
fn named(at: &Field<'_>, values: Vec<String>, role: Role, reader: &mut Reader<'_>) -> Vec<String> {
    if values.is_empty() || values.iter().any(String::is_empty) {
        reader.error(at, format!("the {} to act as is empty", role.key()), role.today("", &["NAME".into()]));
    } else if matches!(role, Role::User) && values.len() > 1 {
        reader.error(at, "a plugin acts as one user, found several", role.today("", &values[..1]));
    }
    values
}

/// The form in which older tutorials have it: `context.user`, without `rbac`.
fn old_subject(field: &Field<'_>, role: Role, reader: &mut Reader<'_>) -> Subject {
    let subject = match field.value() {
        Value::Map(_) => subject(field, role, reader),
        _ => {
            let values = field.items().iter().filter_map(|name| name.text(reader)).collect();
            Subject::Static { prefix: String::new(), values: named(field, values, role, reader) }
        }
    };
    let today = match &subject {
        Subject::None => return subject,
        Subject::Static { prefix, values } => role.today(prefix, values),
        Subject::ChannelName { prefix } => role.spelled("ChannelName", prefix, ""),
    };
    let key = role.key();
    let message = format!("`context.{key}` is an older spelling, understood as `context.rbac.{key}`");
    reader.about_key(Severity::Warning, field, message, format!("today {today}"));
    subject
}

impl Role {
    fn key(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
        }
    }

    /// How a static subject is written.
    fn today(self, prefix: &str, values: &[String]) -> String {
        let quoted: Vec<_> = values.iter().map(|value| scalar(value)).collect();
        let names = match self {
            Self::User => format!("value: {}", quoted.first().map_or("NAME", String::as_str)),
            Self::Group => format!("values: [{}]", quoted.join(", ")),
        };
        self.spelled("Static", prefix, &format!("\n      static:\n        {names}"))
    }

    fn spelled(self, kind: &str, prefix: &str, rest: &str) -> String {
        let prefix = if prefix.is_empty() { String::new() } else { format!("\n      prefix: {}", scalar(prefix)) };
        let key = self.key();
        format!("it is written like this:\ncontext:\n  rbac:\n    {key}:\n      type: {kind}{prefix}{rest}")
    }
}

/// `text` as YAML has it, quoted where it could be taken for something else.
fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':' | '@');
    let safe = text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(plain) && !text.ends_with(':');
    if safe && !matches!(text, "true" | "false" | "null") { text.into() } else { format!("{text:?}") }
}
