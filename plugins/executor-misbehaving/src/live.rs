//! Live answers, good and bad ones. They know nothing of calls that are answered at once.

use std::{
    process,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use botkube_proto::stream::{Part, part::Content};
use tokio::{sync::mpsc, time};
use tokio_stream::{Stream, StreamExt, wrappers::ReceiverStream};
use tonic::Status;

use crate::call::{code, note_id};

/// How many calls go on although they were cancelled.
static STUBBORN: AtomicU32 = AtomicU32::new(0);

/// Long enough for what was said before to be under way.
const MOMENT: Duration = Duration::from_millis(50);

/// What comes next.
enum Next {
    Part(Content),
    Fails(Status),
    Panics,
}

/// Where the next goes; an error means that nobody wants it.
struct Say(mpsc::Sender<Next>);

pub(crate) fn stubborn() -> u32 {
    STUBBORN.load(Ordering::Relaxed)
}

/// The parts of a live answer: `how` says which.
pub(crate) fn parts(how: &str) -> impl Stream<Item = Result<Part, Status>> + Send + 'static {
    let (sender, parts) = mpsc::channel(1);
    let how = how.to_owned();
    tokio::spawn(async move { commit(&how, &Say(sender)).await });
    ReceiverStream::new(parts).map(|next| match next {
        Next::Part(content) => Ok(Part { content: Some(content) }),
        Next::Fails(status) => Err(status),
        Next::Panics => panic!("it was asked to"),
    })
}

async fn commit(how: &str, say: &Say) -> Option<()> {
    let words: Vec<&str> = how.split(' ').collect();
    let number = |text: &str| text.parse::<u64>().unwrap_or_default();
    let pause = |text: &str| time::sleep(Duration::from_millis(number(text)));
    match words[..] {
        [n, "every", millis] => {
            for i in 1..=number(n) {
                say.text(format!("{i} of {n}\n")).await?;
                pause(millis).await;
            }
        }
        ["updates", n, "every", millis] => {
            for i in 1..=number(n) {
                say.content(Content::Update(code(&format!("{i} of {n}")).unwrap_or_default().into())).await?;
                pause(millis).await;
            }
        }
        ["progress", n] => {
            for i in 1..=number(n) {
                say.content(Content::Progress(format!("{i} of {n}"))).await?;
            }
        }
        ["long-progress"] => say.content(Content::Progress(format!("x{}", "ä".repeat(1 << 20)))).await?,
        ["endless"] => loop {
            say.text("and so on\n".into()).await?;
        },
        ["mib", n] => {
            for _ in 0..number(n) {
                say.text("x".repeat(1 << 20)).await?;
            }
        }
        ["fails"] => {
            say.text("3 of 7\n".into()).await?;
            say.next(Next::Fails(Status::unknown("disk full"))).await?;
        }
        ["panics"] => {
            say.text("3 of 7\n".into()).await?;
            time::sleep(MOMENT).await;
            say.next(Next::Panics).await?;
        }
        ["exits", code] => {
            say.text("3 of 7\n".into()).await?;
            time::sleep(MOMENT).await;
            process::exit(code.parse().unwrap_or_default());
        }
        // It is well, and goes on for nobody.
        ["ignores-cancel", file] => {
            STUBBORN.fetch_add(1, Ordering::Relaxed);
            note_id(file);
            say.0.closed().await;
            std::future::pending::<()>().await;
        }
        ["escapes"] => say.text("red\x1b[31m title\x1b]0;mine\x07 \u{9b}2J bell\x07 \u{202e}end\n".into()).await?,
        ["not-utf8"] => {
            say.content(Content::Message(b"{\"baseBody\":{\"codeBlock\":\"a\xff\xfeb\"}}"[..].into())).await?;
        }
        ["broken-json"] => {
            say.content(Content::Message(b"{\"baseBody\": {\"codeBlock\": \"cut off"[..].into())).await?
        }
        _ => say.text(format!("I don't know how to stream {how:?}\n")).await?,
    }
    Some(())
}

impl Say {
    async fn text(&self, text: String) -> Option<()> {
        self.content(Content::Text(text)).await
    }

    async fn content(&self, content: Content) -> Option<()> {
        self.next(Next::Part(content)).await
    }

    async fn next(&self, next: Next) -> Option<()> {
        self.0.send(next).await.ok()
    }
}
