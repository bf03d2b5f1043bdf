//! What becomes of parts where they cannot come one by one.

use super::*;
use crate::Error;

fn streamed(parts: Vec<Result<Part>>) -> Reply {
    Reply::stream(tokio_stream::iter(parts))
}

#[tokio::test]
async fn text_of_a_stream_becomes_one_message() {
    let reply = streamed(vec![Ok(Part::text("a\n")), Ok(Part::text("b\n"))]);
    assert_eq!(reply.collect().await.unwrap(), [Message::code("a\nb\n").with_filter()]);
}

#[test]
fn progress_is_said_in_a_few_words() {
    assert_eq!(Part::progress(format!("x{}", "ä".repeat(5000))).0, Piece::Progress(format!("x{}", "ä".repeat(511))));
}

#[tokio::test]
async fn messages_of_a_stream_keep_their_place() {
    let reply = streamed(vec![Ok(Part::text("a")), Ok(Part::message(Message::text("m"))), Ok(Part::text("b"))]);
    let expected = [Message::code("a"), Message::text("m"), Message::code("b")];
    assert_eq!(reply.collect().await.unwrap(), expected);
}

#[tokio::test]
async fn an_error_in_a_stream_comes_after_the_text_before_it() {
    let reply = streamed(vec![Ok(Part::text("3 of 7\n")), Err(Error::for_user("disk full"))]);
    assert_eq!(reply.collect().await.unwrap_err().to_string(), "3 of 7\ndisk full");
}

#[tokio::test]
async fn an_answer_of_several_messages_is_not_filterable_since_hosts_would_drop_all_but_one() {
    let messages = Reply::code("a").more(Message::text("b")).collect().await.unwrap();
    assert_eq!(messages, [Message::code("a"), Message::text("b")]);
}

#[tokio::test]
async fn messages_beyond_what_hosts_show_are_counted() {
    let messages = (0..20).map(|i| Message::text(i.to_string())).collect::<Reply>().collect().await.unwrap();
    assert_eq!(messages.len(), 16);
    assert!(messages[15].base_body.plaintext.contains("5 more messages"));
}

#[tokio::test]
async fn an_update_takes_the_place_of_the_message_right_before_it() {
    let [a, b, c] = ["a", "b", "c"].map(Message::text);
    let parts = [Part::update(a), Part::text("-"), Part::update(b), Part::progress("1 of 2"), Part::update(c)];
    let reply = streamed(parts.map(Ok).into());
    assert_eq!(reply.collect().await.unwrap(), [Message::text("a"), Message::code("-"), Message::text("c")]);
}

#[tokio::test]
async fn an_early_answer_in_a_stream_comes_after_what_was_said() {
    let reply = streamed(vec![Ok(Part::text("a")), Err(Error::answer(Message::text("b")))]);
    assert_eq!(reply.collect().await.unwrap(), [Message::code("a"), Message::text("b")]);
}

#[tokio::test]
async fn text_beyond_what_is_kept_is_counted() {
    let mebibyte = "ä".repeat(1 << 19);
    let parts = (0..66).map(move |_| Ok(Part::text(mebibyte.clone())));
    let messages = Reply::stream(tokio_stream::iter(parts)).collect().await.unwrap();
    let text = &messages[0].base_body.code_block;
    assert!(text.ends_with("\n… and 2097152 more bytes, which one answer cannot hold\n"), "{}", text.len());
}

#[tokio::test]
async fn messages_of_a_stream_beyond_what_hosts_show_are_counted() {
    let parts = (0..20).flat_map(|i| [Part::message(Message::text(i.to_string())), Part::update(Message::text("u"))]);
    let messages = streamed(parts.map(Ok).collect()).collect().await.unwrap();
    assert_eq!((messages.len(), messages[14].base_body.plaintext.as_str()), (16, "u"));
    assert!(messages[15].base_body.plaintext.contains("5 more messages"));
}
