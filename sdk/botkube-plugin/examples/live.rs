//! A plugin whose every answer comes while it works: the shapes of live output, each as short as it can be written. Tests run
//! it under hosts.

use std::{fs, time::Duration};

use botkube_plugin::prelude::*;
use tokio::time::sleep;
use tokio_stream::StreamExt;

struct Live;

impl Executor for Live {
    type Config = NoConfig;

    fn about(&self) -> About {
        about!().name("live").example("Five parts", "live parts").example("A program's output", "live run uptime")
    }

    async fn execute(&self, call: Call<NoConfig>) -> Result<Reply> {
        let (verb, rest) = call.arguments().split_once(' ').unwrap_or((call.arguments(), ""));
        match verb {
            "parts" => {
                let lines = (1..=5).map(|n| Ok(Part::text(format!("{n} of 5\n"))));
                Ok(Reply::stream(tokio_stream::iter(lines).throttle(Duration::from_millis(20))))
            }
            "watch" => {
                let states = ["pending", "running", "done"].map(|state| Ok(Part::update(Message::code(state))));
                Ok(Reply::stream(tokio_stream::iter(states).throttle(Duration::from_millis(20))))
            }
            "progress" => {
                for n in 1..=3 {
                    call.progress(format!("{n} of 3 pods"));
                    sleep(Duration::from_millis(20)).await;
                }
                Ok(Reply::code("all are well"))
            }
            "run" => Ok(call.run(rest).into()),
            // Says in a file that it began, and what became of it.
            "tidy" => {
                fs::write(rest, "begun")?;
                call.cancelled().await;
                sleep(Duration::from_millis(100)).await;
                fs::write(rest, "tidy")?;
                Ok(Reply::skip())
            }
            other => Err(Error::for_user(format!("I don't know how to {other:?}."))),
        }
    }
}

fn main() -> std::process::ExitCode {
    serve(Live)
}
