//! Messages and capabilities made up at random, and what must be found again wherever such a message is shown. For tests; it
//! knows no platform.

use std::time::Duration;

use botkube_api::message::{
    Body, BulletList, Button, ButtonStyle, ContextItem, DispatchedAction, LabelInput, Message, MultiSelect,
    OptionGroup, OptionItem, Section, Select, SelectType, Selects, TextField, Timestamp,
};
use proptest::{collection::vec, option, prelude::*};

use crate::{
    control::{Control, Entered, controls, press},
    platform::{Audience, Capabilities, Post},
};

/// Any message that says something everywhere it can.
pub fn message() -> impl Strategy<Value = Message> {
    let timestamp =
        prop_oneof![Just(Timestamp::default()), Just("2024-11-05T10:00:00Z".parse().expect("it is a time"))];
    (body(), vec(section(), 0..4), vec(input(), 0..3), timestamp).prop_map(
        |(base_body, sections, plaintext_inputs, timestamp)| Message {
            base_body,
            sections,
            plaintext_inputs,
            timestamp,
            ..Message::default()
        },
    )
}

/// Any capabilities of a platform that can do something with a message, with limits that are reached soon.
pub fn capabilities() -> impl Strategy<Value = Capabilities> {
    let few = || prop_oneof![Just(0_usize), 1_usize..4, Just(usize::MAX)];
    let some = || prop_oneof![20_usize..300, Just(usize::MAX)];
    let name = prop_oneof![Just(String::new()), Just("@Bot".to_owned())];
    (
        (name, any::<[bool; 7]>(), few(), few(), few(), few()),
        (some(), some(), few(), few()),
        (some(), some(), some(), 1_usize..6),
    )
        .prop_map(
            |(
                (
                    bot_name,
                    [edits, ephemeral, threads, files, forms, live, multi_selects],
                    buttons,
                    selects,
                    options,
                    inputs,
                ),
                (label, value, sections, fields),
                (text, code, message, messages),
            )| Capabilities {
                bot_name,
                edits,
                ephemeral,
                threads,
                files,
                forms,
                // What cannot be changed cannot follow a command.
                live: live && edits,
                buttons,
                selects,
                multi_selects,
                options,
                inputs,
                label,
                value,
                sections,
                fields,
                text,
                code,
                // A platform on which not even a sentence has room is none.
                message: message.max(100),
                messages,
                pace: Duration::ZERO,
                edits_every: Duration::ZERO,
            },
        )
}

/// Every text in a message, found in its JSON so that no field can be forgotten here; keys of a fixed choice, ids and times
/// are no texts.
#[must_use]
pub fn texts(message: &Message) -> Vec<String> {
    fn find(value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::String(text) => found.push(text.clone()),
            serde_json::Value::Array(items) => items.iter().for_each(|item| find(item, found)),
            serde_json::Value::Object(members) => {
                let no_texts = ["timestamp", "descriptionStyle", "type", "style", "dispatchedAction", "id"];
                let of_people = members.iter().filter(|(key, _)| !no_texts.contains(&key.as_str()));
                of_people.for_each(|(_, member)| find(member, found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    find(&serde_json::to_value(message).expect("a message is JSON"), &mut found);
    found
}

/// Every command that can be sent by using a control of a message, apart from what is typed into it.
///
/// # Panics
///
/// When a control cannot be used with what it offers.
#[must_use]
pub fn commands(message: &Message) -> Vec<String> {
    let mut commands = Vec::new();
    for (id, control) in controls(message) {
        let values = match control {
            Control::Button(button) if button.command.is_empty() => continue,
            Control::Button(_) => vec![vec![]],
            Control::Select(select) => {
                let options = select.option_groups.iter().flat_map(|group| &group.options);
                options.chain(&select.initial_option).map(|option| vec![option.value.clone()]).collect()
            }
            Control::MultiSelect(_) => vec![vec![]],
            Control::Input(_) => vec![vec![String::new()]],
        };
        for values in values {
            let pressed = press(message, &id, &values, &Entered::default()).expect("what is offered can be used");
            // An input says where a text belongs.
            commands.push(pressed.text.trim_end_matches("\"\"").to_owned());
        }
    }
    commands
}

/// The first limit that a post passes, which a platform would refuse.
#[must_use]
pub fn passed(post: &Post, limits: &Capabilities) -> Option<String> {
    let too_long = |what: &str, text: &str, most: usize| {
        (text.chars().count() > most).then(|| format!("{what} has more than {most} characters: {text:?}"))
    };
    let too_many =
        |what: &str, count: usize, most: usize| (count > most).then(|| format!("{count} {what}, not {most}"));
    let message = &post.message;
    let mut found = vec![
        too_many("sections", message.sections.len(), limits.sections),
        too_long("prose", &message.base_body.plaintext, limits.text),
        too_long("code", &message.base_body.code_block, limits.code),
        post.header.as_ref().and_then(|header| too_long("the header", header, limits.text)),
        (post.live.is_some() && !limits.live).then(|| "live".to_owned()),
        (post.audience != Audience::Everyone && !limits.ephemeral).then(|| "ephemeral".to_owned()),
    ];
    let inputs: Vec<_> = message
        .sections
        .iter()
        .flat_map(|section| &section.plaintext_inputs)
        .chain(&message.plaintext_inputs)
        .collect();
    found.push(too_many("inputs", inputs.len(), limits.inputs));
    let mut read: Vec<String> = vec![message.base_body.plaintext.clone(), message.base_body.code_block.clone()];
    read.extend(post.header.clone());
    if !message.timestamp.is_zero() {
        read.push(message.timestamp.to_string());
    }
    for input in inputs {
        found.push(too_long("a label", &input.text, limits.label));
        found.push(too_long("a placeholder", &input.placeholder, limits.label));
        found.push(too_long("a command", &input.command, limits.value));
        read.extend([input.text.clone(), input.placeholder.clone()]);
    }
    for section in &message.sections {
        let multi = &section.multi_select;
        let is_multi = multi.are_options_defined();
        let lists: Vec<&String> =
            section.bullet_lists.iter().flat_map(|list| std::iter::once(&list.title).chain(&list.items)).collect();
        let list =
            lists.iter().filter(|text| !text.is_empty()).map(|text| text.as_str()).collect::<Vec<_>>().join("\n");
        found.extend([
            too_many("fields", section.text_fields.len(), limits.fields),
            too_many("buttons", section.buttons.len(), limits.buttons),
            too_many("selects", section.selects.items.len() + usize::from(is_multi), limits.selects),
            (is_multi && !limits.multi_selects).then(|| "multi-select".to_owned()),
            too_many("options", multi.options.len(), limits.options),
            too_long("a list", &list, limits.text),
            too_long("code", &section.body.code_block, limits.code),
            too_long("code", &multi.description.code_block, limits.code),
            too_long("a label", &multi.name, limits.label),
            too_long("a command", &multi.command, limits.value),
        ]);
        let texts = [&section.header, &section.description, &section.body.plaintext, &multi.description.plaintext];
        let texts: Vec<&String> = texts.into_iter().chain(section.context.iter().map(|item| &item.text)).collect();
        found.extend(texts.iter().map(|text| too_long("a text", text, limits.text)));
        read.extend(texts.into_iter().chain(lists).cloned());
        read.extend([&section.body.code_block, &multi.description.code_block, &multi.name].map(String::clone));
        for field in &section.text_fields {
            found.push(too_long("a field", &format!("{}{}", field.key, field.value), limits.text));
            read.extend([field.key.clone(), field.value.clone()]);
        }
        for button in &section.buttons {
            found.extend([
                too_long("a label", &button.name, limits.label),
                too_long("a command", &button.command, limits.value),
                too_long("an address", &button.url, limits.value),
                too_long("a text", &button.description, limits.text),
            ]);
            read.extend([button.name.clone(), button.description.clone()]);
        }
        let mut options: Vec<_> = multi.options.iter().chain(&multi.initial_options).collect();
        for select in &section.selects.items {
            let of_select = || select.option_groups.iter().flat_map(|group| &group.options);
            found.push(too_many("options", of_select().count(), limits.options));
            found.push(too_long("a label", &select.name, limits.label));
            found.push(too_long("a command", &select.command, limits.value));
            found.extend(select.option_groups.iter().map(|group| too_long("a label", &group.name, limits.label)));
            options.extend(of_select().chain(&select.initial_option));
            read.push(select.name.clone());
        }
        for option in options {
            found.push(too_long("a label", &option.name, limits.label));
            found.push(too_long("a value", &option.value, limits.value));
        }
    }
    found.push(too_long("the message", &read.concat(), limits.message));
    found.into_iter().flatten().next()
}

/// A text without what differs between two ways to break its lines: blanks, line ends, and the dots of lists.
#[must_use]
pub fn words(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace() && *c != '•').collect()
}

/// Any word; the digits keep those of one message apart.
fn word() -> impl Strategy<Value = String> {
    "[a-zäß日<&*]{1,8}[0-9]{4}"
}

/// A word or several lines of them.
fn prose() -> impl Strategy<Value = String> {
    prop_oneof![4 => word(), 1 => vec(word(), 2..40).prop_map(|words| words.join(" ")), 1 => lines()]
}

fn lines() -> impl Strategy<Value = String> {
    prop_oneof![
        vec(word(), 2..60).prop_map(|lines| lines.join("\n")),
        vec(prop_oneof![Just("👩‍👩‍👧"), Just("e\u{301}"), Just("x")], 1..200).prop_map(|clusters| clusters.concat()),
    ]
}

fn body() -> impl Strategy<Value = Body> {
    let code = prop_oneof![2 => Just(String::new()), 2 => word(), 1 => lines()];
    (prop_oneof![Just(String::new()), prose()], code).prop_map(|(plaintext, code_block)| Body { plaintext, code_block })
}

fn option() -> impl Strategy<Value = OptionItem> {
    prop_oneof![
        (word(), word()).prop_map(|(name, value)| OptionItem { name, value }),
        word().prop_map(OptionItem::from)
    ]
}

fn input() -> impl Strategy<Value = LabelInput> {
    (word(), word(), word(), any::<bool>()).prop_map(|(command, text, placeholder, is_bare)| LabelInput {
        command,
        text,
        placeholder: if is_bare { String::new() } else { placeholder },
        dispatched_action: DispatchedAction::OnEnterPressed,
    })
}

fn button() -> impl Strategy<Value = Button> {
    (word(), prose(), word(), word(), 0..3).prop_map(|(name, command, url, description, kind)| {
        let command = command.replace('\n', " ");
        let (command, url) = match kind {
            0 => (command, String::new()),
            1 => (String::new(), url),
            _ => (command, url),
        };
        let style = if kind == 0 { ButtonStyle::Primary } else { ButtonStyle::Default };
        Button { name, command, url, description, style, ..Button::default() }
    })
}

fn multi_select() -> impl Strategy<Value = MultiSelect> {
    let some = (word(), body(), word(), vec(option(), 1..4)).prop_map(|(name, description, command, options)| {
        MultiSelect { name, description, command, initial_options: options[..1].to_vec(), options }
    });
    prop_oneof![Just(MultiSelect::default()), some]
}

fn select() -> impl Strategy<Value = Select> {
    let groups = vec((prop_oneof![Just(String::new()), word()], vec(option(), 1..5)), 0..3);
    (word(), word(), groups, option::of(option()), any::<bool>()).prop_map(
        |(name, command, groups, initial, is_external)| {
            let option_groups: Vec<_> =
                groups.into_iter().map(|(name, options)| OptionGroup { name, options }).collect();
            let listed = option_groups.first().and_then(|group| group.options.first()).cloned();
            let initial_option = initial.or(listed);
            // With nothing to choose from it is no select.
            let is_external = is_external || initial_option.is_none();
            let kind = if is_external { SelectType::External } else { SelectType::Static };
            Select { kind, name, command, option_groups, initial_option }
        },
    )
}

fn section() -> impl Strategy<Value = Section> {
    let texts = (
        word(),
        prose(),
        body(),
        vec((word(), word()), 0..4),
        vec((word(), vec(prose(), 1..4)), 0..3),
        vec(word(), 0..3),
    );
    let controls = (vec(button(), 0..4), vec(input(), 0..2), multi_select(), vec(select(), 0..3), word());
    (texts, controls).prop_map(
        |((header, description, body, fields, lists, context), (buttons, inputs, multi_select, items, id))| Section {
            header,
            description,
            body,
            buttons,
            multi_select,
            selects: if items.is_empty() { Selects::default() } else { Selects { id, items } },
            plaintext_inputs: inputs,
            text_fields: fields.into_iter().map(|(key, value)| TextField { key, value }).collect(),
            bullet_lists: lists.into_iter().map(|(title, items)| BulletList { title, items }).collect(),
            context: context.into_iter().map(|text| ContextItem { text }).collect(),
            ..Section::default()
        },
    )
}
