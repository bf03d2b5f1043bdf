//! The `communications` section: groups, platforms, channels and their bindings.
//! Must not know: what is below `executors`, but for the names of the groups.

use std::collections::BTreeSet;

use super::{boolean, section, text};
use crate::finding::Severity;
use crate::model::{Channel, CommunicationGroup, PlatformConfig, PlatformKind};
use crate::nearest::nearest;
use crate::read::{Field, Map, Reader};

const PLATFORMS: [PlatformKind; 9] = [
    PlatformKind::SocketSlack,
    PlatformKind::CloudSlack,
    PlatformKind::Mattermost,
    PlatformKind::Discord,
    PlatformKind::CloudTeams,
    PlatformKind::Console,
    PlatformKind::Webhook,
    PlatformKind::Elasticsearch,
    PlatformKind::PagerDuty,
];

/// Slack's older section, from before Socket Mode.
const OLD_SLACK: &str = "slack";

/// Decodes all groups. `executors` are the names a binding may use.
pub(super) fn decode(groups: &Map<'_>, executors: &BTreeSet<&str>, reader: &mut Reader<'_>) -> Vec<CommunicationGroup> {
    groups
        .fields()
        .map(|group| CommunicationGroup { name: group.key.into(), platforms: platforms(&group, executors, reader) })
        .collect()
}

fn platforms(group: &Field<'_>, executors: &BTreeSet<&str>, reader: &mut Reader<'_>) -> Vec<PlatformConfig> {
    let map = group.map(reader);
    let mut platforms = Vec::new();
    for kind in PLATFORMS {
        let key = kind.key();
        // `console:` with nothing below it is a console; for the others nothing is nothing.
        let field = if kind == PlatformKind::Console { map.present(key) } else { map.get(key) };
        if let Some(field) = field {
            platforms.push(platform(&field, kind, executors, reader));
        }
    }
    if let Some(field) = map.get(OLD_SLACK) {
        let used = !platforms.iter().any(|platform| platform.kind == PlatformKind::SocketSlack);
        old_slack(group, &field, used, reader);
        if used {
            platforms.push(platform(&field, PlatformKind::SocketSlack, executors, reader));
        }
    }
    platforms
}

fn old_slack(group: &Field<'_>, field: &Field<'_>, used: bool, reader: &mut Reader<'_>) {
    let (message, help) = if used {
        let today = format!(
            "today it is written like this, and needs an app token of its own beside the bot token:\n\
             communications:\n  {}:\n    socketSlack:\n      enabled: true\n      botToken: xoxb-…\n      \
             appToken: xapp-…\n      channels: …",
            group.key
        );
        ("`slack` is an older spelling, understood as `socketSlack`", today)
    } else {
        ("`slack` is ignored, since `socketSlack` stands beside it", "remove the older `slack` section".into())
    };
    reader.about_key(Severity::Warning, field, message, help);
}

fn platform(
    field: &Field<'_>,
    kind: PlatformKind,
    executors: &BTreeSet<&str>,
    reader: &mut Reader<'_>,
) -> PlatformConfig {
    let map = field.map(reader);
    let enabled = boolean(&map, "enabled", reader).unwrap_or(kind == PlatformKind::Console);
    let holders = match kind {
        kind if kind.is_sink() => Vec::new(),
        PlatformKind::CloudTeams => {
            let teams = map.get("teams").map(|teams| teams.items()).unwrap_or_default();
            teams.iter().map(|team| team.map(reader)).collect()
        }
        _ => vec![map],
    };
    let mut channels = Vec::new();
    for holder in holders {
        for channel in section(&holder, "channels", reader).fields() {
            channels.push(self::channel(&channel, kind, executors, reader));
        }
    }
    PlatformConfig { kind, enabled, channels }
}

fn channel(field: &Field<'_>, kind: PlatformKind, executors: &BTreeSet<&str>, reader: &mut Reader<'_>) -> Channel {
    let map = field.map(reader);
    let id_key = if kind == PlatformKind::CloudSlack { "channelID" } else { "id" };
    let mut named = |key| text(&map, key, reader).map(|name| normal(kind, &name)).filter(|name| !name.is_empty());
    let (name, id) = (named("name"), named(id_key));
    let mut bound = Vec::new();
    if let Some(list) = section(&map, "bindings", reader).get("executors") {
        for (group, item) in list.texts(reader) {
            if !executors.contains(group.as_str()) {
                unknown_group(&group, &item, executors, reader);
            }
            bound.push(group);
        }
    }
    Channel { alias: field.key.into(), name, id, executors: bound, sources: Vec::new(), origin: reader.origin(field) }
}

/// People write `#ops`; Slack and Discord want `ops` (contract-host §1.4.1).
fn normal(kind: PlatformKind, name: &str) -> String {
    match kind {
        PlatformKind::SocketSlack | PlatformKind::CloudSlack | PlatformKind::Discord => {
            name.trim().trim_start_matches('#').trim_start().into()
        }
        _ => name.into(),
    }
}

fn unknown_group(group: &str, item: &Field<'_>, executors: &BTreeSet<&str>, reader: &mut Reader<'_>) {
    let help = match nearest(group, executors.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if executors.is_empty() => format!("there are no groups yet; define it:\nexecutors:\n  {group}: …"),
        None => {
            let known: Vec<_> = executors.iter().map(|name| format!("`{name}`")).collect();
            format!("define it under `executors`, or bind one of {}", known.join(", "))
        }
    };
    reader.error(item, format!("there is no group `{group}` under `executors`"), help);
}
