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
