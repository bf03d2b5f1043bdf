//! Plugins that speak while they work.

use super::*;

/// What a plugin that says these pieces, and this at its end, makes of a command; without the end.
async fn live(text: &str, pieces: Vec<Piece>, end: Vec<Message>) -> Vec<answer::Content> {
    let dispatcher = dispatcher(Arc::new(Fake { answer: Some(Ok(end)), pieces, ..Fake::default() }));
    let mut answer = Arc::new(dispatcher).submit(incoming(text), CancellationToken::new());
    let mut contents = Vec::new();
    while let Some(part) = answer.next().await {
        contents.push(part.content);
    }
    assert_eq!(contents.pop(), Some(answer::Content::End(Status::Succeeded)));
    contents
}

fn output(text: &str, header: &str) -> answer::Content {
    answer::Content::Text { text: text.into(), header: Some(header.into()) }
}

#[tokio::test]
async fn what_a_plugin_says_while_it_works_comes_at_once_and_nothing_is_said_to_be_empty() {
    let pieces = vec![Piece::Text("a\n".into()), Piece::Progress("1 of 2".into()), Piece::Text("b".into())];
    let header = "`echo x` on `dev`";
    let expected = [output("a\n", header), answer::Content::Progress("1 of 2".into()), output("b", header)];
    assert_eq!(live("echo x", pieces, vec![]).await, expected);
}

#[tokio::test]
async fn an_update_takes_the_place_of_the_latest_message_and_output_is_none() {
    let message = |text: &str| Message::text(text);
    let pieces = vec![
        Piece::Update(message("1")),
        Piece::Update(message("2")),
        Piece::Text("t".into()),
        Piece::Update(message("3")),
    ];
    let contents = live("echo x", pieces, vec![]).await;
    let of = contents.iter().map(|content| match content {
        answer::Content::Update { of, .. } => Some(*of),
        _ => None,
    });
    assert_eq!(of.collect::<Vec<_>>(), [None, Some(1), None, None]);
}

#[tokio::test]
async fn a_filter_sees_whole_lines_however_the_output_is_cut() {
    let cut = ["we", "b 1\ndb\nwe", "b 2\n", "d", "b\nweb"];
    let pieces = cut.map(|text| Piece::Text(text.into())).to_vec();
    let header = "`echo x --filter=web` on `dev`";
    let expected = ["web 1\n", "web 2\n", "web"].map(|text| output(text, header));
    assert_eq!(live("echo x --filter=web", pieces, vec![]).await, expected);
}

#[tokio::test]
async fn long_output_that_was_shown_as_it_came_can_be_filtered_afterwards() {
    let pieces = (0..20).map(|number| Piece::Text(format!("line {number}\n"))).collect();
    let dispatcher = Arc::new(dispatcher(Arc::new(Fake { answer: Some(Ok(vec![])), pieces, ..Fake::default() })));
    let mut answer = dispatcher.submit(incoming("echo x"), CancellationToken::new());
    let mut inputs = Vec::new();
    while let Some(part) = answer.next().await {
        if let answer::Content::Message { message, .. } = part.content {
            inputs.extend(message.plaintext_inputs);
        }
    }
    let text = format!("{}\"line 7\"", inputs[0].command.replace("{{BotName}} ", ""));
    let filtered = Incoming { origin: Origin::PlainTextInput, ..incoming(&text) };
    let (messages, status) = collect(dispatcher.submit(filtered, CancellationToken::new())).await;
    assert_eq!((messages[0].0.base_body.code_block.as_str(), status), ("line 7", Status::Succeeded));
}
