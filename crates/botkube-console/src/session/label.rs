//! What people call the controls of a message, and back. It knows no session.

use std::collections::HashMap;

use botkube_api::message::Message;
use botkube_core::control::{self, ControlId};

/// All controls of a message by what they are called: the section's header and the label, and which of those called so.
pub(super) fn labels(message: &Message) -> Vec<(String, ControlId)> {
    let mut times: HashMap<String, usize> = HashMap::new();
    let controls = control::controls(message).into_iter();
    let labels = controls.map(|(id, control)| {
        let place = id.to_string();
        let section = place[1..].split('.').next().and_then(|number| number.parse::<usize>().ok());
        let header = section.and_then(|section| message.sections.get(section)).map(|section| section.header.trim());
        let label = control.name().trim();
        let label = match header {
            Some(header) if !header.is_empty() => format!("{header} / {label}"),
            _ => label.to_owned(),
        };
        let count = times.entry(label.clone()).or_default();
        *count += 1;
        (if *count > 1 { format!("{label} #{count}") } else { label }, id)
    });
    labels.collect()
}

#[cfg(test)]
mod tests {
    use botkube_api::message::{Button, Section};

    use super::*;

    #[test]
    fn controls_are_called_by_what_people_see() {
        let button = |name: &str| Button { name: name.into(), command: "x".into(), ..Button::default() };
        let section = |header: &str| {
            let buttons = vec![button("Again"), button("Again")];
            Section { header: header.into(), buttons, ..Section::default() }
        };
        let message = Message { sections: vec![section("Pods"), section("")], ..Message::default() };
        let labels: Vec<String> = labels(&message).into_iter().map(|(label, id)| format!("{label}={id}")).collect();
        assert_eq!(labels, ["Pods / Again=b0.0", "Pods / Again #2=b0.1", "Again=b1.0", "Again #2=b1.1"]);
    }
}
