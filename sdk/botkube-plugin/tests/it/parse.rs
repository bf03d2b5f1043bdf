//! Commands as clap structs.

use botkube_plugin::{clap, prelude::*, testing::Plugin};

/// Lists things.
#[derive(clap::Parser, Debug)]
struct Args {
    /// Where to look.
    #[arg(long, short)]
    namespace: Option<String>,
    names: Vec<String>,
}

struct List;

impl Executor for List {
    type Config = NoConfig;

    fn about(&self) -> About {
        about!().name("list")
    }

    async fn execute(&self, call: Call<NoConfig>) -> Result<Reply> {
        Ok(Reply::code(format!("{:?}", call.parse::<Args>()?)))
    }
}

async fn typed(command: &str) -> Result<Reply> {
    Plugin::new(List).execute(command, &[]).await
}

#[tokio::test]
async fn a_command_becomes_the_struct() {
    let reply = typed("list -n 'my ns' a b").await.unwrap();
    assert_eq!(reply, Reply::code(r#"Args { namespace: Some("my ns"), names: ["a", "b"] }"#));
}

#[tokio::test]
async fn what_is_wrong_is_said_in_claps_words() {
    let error = typed("list --bogus").await.unwrap_err().to_string();
    assert!(error.contains("unexpected argument '--bogus'") && error.contains("Usage: list"), "{error}");
}

#[tokio::test]
async fn help_is_an_answer() {
    let reply = typed("list --help").await.unwrap();
    let text = format!("{reply:?}");
    assert!(text.contains("Lists things") && text.contains("Where to look"), "{text}");
}
