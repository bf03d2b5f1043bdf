//! What goes over the wire of a live answer.

use botkube_proto::executor::ExecuteContext;
use tokio_stream::StreamExt;

use super::*;
use crate::{About, NoConfig, Reply};

/// Answers with this many bytes of text, in one part.
struct Long(usize);

impl Executor for Long {
    type Config = NoConfig;

    fn about(&self) -> About {
        crate::about!().name("long")
    }

    async fn execute(&self, _: Call<NoConfig>) -> Result<Reply> {
        Ok(Reply::stream(tokio_stream::once(Ok(Part::text("ä".repeat(self.0 / 2))))))
    }
}

/// The sizes of the pieces of a text of this many bytes.
async fn sizes(size: usize) -> Vec<usize> {
    let request = ExecuteRequest { context: Some(ExecuteContext::default()), ..ExecuteRequest::default() };
    let wire = Wire { parts: Arc::new(Adapter::new(Long(size))).call(request), long: None };
    let size = |part: Result<stream::Part, Status>| match part.unwrap().content {
        Some(Content::Text(text)) => text.len(),
        other => panic!("{other:?}"),
    };
    wire.map(size).collect().await
}

#[tokio::test]
async fn long_text_is_cut_into_pieces_of_a_mebibyte_at_most() {
    assert_eq!(sizes(1 << 20).await, [1 << 20]);
    assert_eq!(sizes((2 << 20) + 4).await, [1 << 20, 1 << 20, 4]);
}
