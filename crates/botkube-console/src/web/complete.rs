//! How what is typed may go on. It knows no plugin but by name.

use botkube_core::builtin::Builtin;

use super::wire::Completion;
use crate::rooms::Rooms;

/// How many are offered.
const MOST: usize = 50;

/// How a text may go on in a channel.
pub(super) fn completions(rooms: &Rooms, alias: &str, text: &str) -> Vec<Completion> {
    let Some(channel) = rooms.channels().find(|channel| channel.alias == alias) else { return Vec::new() };
    let Ok(chat) = rooms.chat() else { return Vec::new() };
    let dispatcher = chat.dispatcher();
    let completion = |text: String, about: &str| Completion { text, about: about.to_owned() };
    let mut all = Vec::new();
    for name in dispatcher.executors.bound_in(channel).names() {
        all.push(completion(name.to_owned(), "a plugin"));
        all.push(completion(format!("{name} help"), "what it can do"));
    }
    all.extend(Builtin::lines().map(|line| completion(line, "")));
    all.extend(dispatcher.config.aliases.iter().map(|alias| completion(alias.name.clone(), &alias.command)));
    all.retain(|completion| completion.text.starts_with(text.trim_start()));
    all.sort_by(|one, other| one.text.cmp(&other.text));
    all.dedup_by(|one, other| one.text == other.text);
    all.truncate(MOST);
    all
}
