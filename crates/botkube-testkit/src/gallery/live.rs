//! Answers of the gallery that come while the command runs.

use std::time::Duration;

use botkube_plugin::prelude::*;
use futures_util::{Stream, StreamExt, stream as streams};
use tokio::time::sleep;

use super::{EXHIBITS, Show};

/// Between two parts; five of them take two seconds.
const PACE: Duration = Duration::from_millis(400);

pub(super) fn stream(_: &str) -> Result<Reply> {
    Ok(Reply::stream(ticks(5).map(|n| Ok(Part::text(format!("{n} of 5\n"))))))
}

pub(super) fn live(_: &str) -> Result<Reply> {
    let parts = |n| streams::iter([Ok(Part::progress(format!("{n} of 5"))), Ok(Part::update(bar(n, 5)))]);
    Ok(Reply::stream(ticks(5).flat_map(parts)))
}

pub(super) fn endless(_: &str) -> Result<Reply> {
    Ok(Reply::stream(ticks(usize::MAX).map(|n| Ok(Part::update(bar(n % 5 + 1, 5))))))
}

pub(super) fn fail(_: &str) -> Result<Reply> {
    let error = streams::once(async { Err(Error::for_user("It broke after the third line, as asked for.")) });
    Ok(Reply::stream(ticks(3).map(|n| Ok(Part::text(format!("{n} of 5\n")))).chain(error)))
}

pub(super) fn all(_: &str) -> Result<Reply> {
    let messages = EXHIBITS.iter().filter_map(|exhibit| match exhibit.show {
        Show::Message(message) => Some(Ok(Part::message(message()))),
        Show::Reply(_) => None,
    });
    Ok(Reply::stream(streams::iter(messages)))
}

fn bar(done: usize, of: usize) -> Message {
    let section = Section::new().field("Done", done.to_string()).field("Of", of.to_string());
    Message::code(format!("[{}{}]", "#".repeat(done * 4), " ".repeat((of - done) * 4))).section(section)
}

/// Counts from one, the first at once.
fn ticks(count: usize) -> impl Stream<Item = usize> {
    streams::iter(1..=count).then(|n| async move {
        if n > 1 {
            sleep(PACE).await;
        }
        n
    })
}
