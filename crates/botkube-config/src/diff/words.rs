//! How a value that is another is said, as far as it may be shown.
//! Must not know: what a key means.

use super::{Both, Change, Effect, Fate, Kind};
use crate::mask::MASK;
use crate::report::dotted;
use crate::tree::{Node, Value};

/// The most characters of a value that are shown.
const WIDTH: usize = 60;

impl Both<'_> {
    /// The key at the end of `path` came, went, or has another value.
    pub(super) fn value(&self, kind: Kind, path: &[&str], effect: Effect) -> Change {
        let (was, is) = (shown(self.before, path), shown(self.after, path));
        let what = match (self.fate(path), was, is) {
            (Fate::Came, _, None) => " is new".to_owned(),
            (Fate::Came, _, Some(is)) => format!(" is new: {is}"),
            (Fate::Went, ..) => " is gone".to_owned(),
            (Fate::Stayed, Some(was), Some(is)) if was != is => format!(": {was} → {is}"),
            (Fate::Stayed, ..) => " is another one".to_owned(),
        };
        Change { kind, path: dotted(path), effect, text: format!("`{}`{what}", dotted(path)) }
    }
}

/// A single value in a few words; `None`: it is none, or nobody may see it.
fn shown(tree: &Node, path: &[&str]) -> Option<String> {
    let (_, node) = tree.find(path)?;
    let text = match &node.value {
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::Text(text) if text == MASK => return None,
        Value::Text(text) => format!("{text:?}"),
        Value::List(items) if items.iter().all(|item| matches!(item.value, Value::Text(_))) => {
            node.value.to_json().to_string()
        }
        Value::Null | Value::Map(_) | Value::List(_) => return None,
    };
    Some(match text.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    })
}
