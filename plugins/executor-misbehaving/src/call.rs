//! Faults in calls. They know nothing of how the process started.

use std::{
    fs, future,
    io::{self, Write},
    pin::Pin,
    process, thread,
    time::Duration,
};

use botkube_proto::{
    executor::{ExecuteRequest, ExecuteResponse, HelpResponse, MetadataResponse, executor_server::Executor},
    stream::{CallsResponse, Part, part::Content, stream_server},
};
use tokio::time;
use tokio_stream::Stream;
use tonic::{Code, Request, Response, Status};

use crate::{live, manners, start};

/// What a call comes to: the bytes of a message.
type Answer = Result<Vec<u8>, Status>;

/// A fault, given what follows the word that asks for it.
type Commit = fn(&str) -> Answer;

#[derive(Clone, Copy)]
pub(crate) struct Misbehaving;

/// The faults, by the word that asks for them.
const CALL: &[(&str, Commit)] = &[
    ("exit", |code| process::exit(code.parse().unwrap_or_default())),
    ("abort", |_| process::abort()),
    ("panic", |_| panic!("it was asked to")),
    // The only thread there is, so nothing else is answered either.
    ("freeze", |file| {
        note_id(file);
        loop {
            thread::park();
        }
    }),
    ("print-endlessly", |_| {
        let mut out = io::stdout().lock();
        while out.write_all(b"and so on\n").is_ok() {}
        Ok(Vec::new())
    }),
    ("print", |text| {
        let _ = writeln!(io::stdout(), "{text}").and_then(|()| writeln!(io::stderr(), "{text}"));
        code("printed")
    }),
    ("mib", |n| code(&"x".repeat(n.parse::<usize>().unwrap_or_default() << 20))),
    ("broken-json", |_| Ok(b"{\"baseBody\": {\"codeBlock\": \"cut off".to_vec())),
    ("wrong-type", |_| Ok(b"{\"sections\": [{\"header\": 7}]}".to_vec())),
    ("control-characters", |_| code("red\\u001b[31m bell\\u0007 end")),
    ("no-reason", |_| Err(Status::new(Code::Unknown, ""))),
    ("percent", |_| Err(Status::unknown("100% of %s and 50%25"))),
    // Deeper than any reader should follow.
    ("deep-json", |_| Ok("[".repeat(1 << 20).into_bytes())),
    ("deep-message", |_| Ok(format!("{{\"sections\":{}", "[{\"sections\":".repeat(1 << 16)).into_bytes())),
    ("directory", |_| code(&start::runtime_dir().display().to_string())),
    ("id", |_| code(&process::id().to_string())),
];

/// Says which process waits, so that a test knows when it does and can look for it afterwards.
pub(crate) fn note_id(file: &str) {
    // In one step: whoever finds the file finds the whole of it.
    let unfinished = format!("{file}.new");
    let written = fs::write(&unfinished, process::id().to_string()).and_then(|()| fs::rename(&unfinished, file));
    written.expect("the test named a file that can be written");
}

/// A message of one code block; `text` is JSON already.
pub(crate) fn code(text: &str) -> Answer {
    Ok(format!("{{\"baseBody\":{{\"codeBlock\":\"{text}\"}}}}").into_bytes())
}

/// `ledger FILE ID MILLIS`: writes down that it runs, and is answered with its id after so long.
async fn ledger(rest: &str) -> Answer {
    let [file, id, millis] = rest.split(' ').collect::<Vec<_>>()[..] else {
        return Err(Status::invalid_argument("say: ledger FILE ID MILLIS"));
    };
    let mut ledger = fs::OpenOptions::new().append(true).create(true).open(file)?;
    // In one write, so that lines of several processes do not mix.
    ledger.write_all(format!("{id}\n").as_bytes())?;
    time::sleep(Duration::from_millis(millis.parse().unwrap_or_default())).await;
    code(id)
}

/// Answers a command at once.
async fn answer(command: &str) -> Result<ExecuteResponse, Status> {
    let (_, rest) = command.split_once(' ').unwrap_or_default();
    let (word, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    if word == "hang" {
        note_id(rest);
        future::pending::<()>().await;
    }
    if word == "ledger" {
        return Ok(ExecuteResponse { message: ledger(rest).await?.into(), messages: Vec::new() });
    }
    let answer = match CALL.iter().find(|(name, _)| *name == word) {
        Some((_, commit)) => commit(rest)?,
        None => code("ok")?,
    };
    Ok(ExecuteResponse { message: answer.into(), messages: Vec::new() })
}

#[tonic::async_trait]
impl stream_server::Stream for Misbehaving {
    type ExecuteStream = Pin<Box<dyn Stream<Item = Result<Part, Status>> + Send>>;

    async fn execute(&self, request: Request<ExecuteRequest>) -> Result<Response<Self::ExecuteStream>, Status> {
        let request = request.into_inner();
        manners::err_in(&request).await?;
        let command = request.command;
        if let Some((_, how)) = command.split_once(" stream ") {
            return Ok(Response::new(Box::pin(live::parts(how))));
        }
        // As plugins of a later version may.
        let unknown = Part { content: None };
        let rest = Part { content: Some(Content::Rest(answer(&command).await?)) };
        Ok(Response::new(Box::pin(tokio_stream::iter([Ok(unknown), Ok(rest)]))))
    }

    async fn calls(&self, _: Request<()>) -> Result<Response<CallsResponse>, Status> {
        Ok(Response::new(CallsResponse { running: live::stubborn() }))
    }
}

#[tonic::async_trait]
impl Executor for Misbehaving {
    async fn execute(&self, request: Request<ExecuteRequest>) -> Result<Response<ExecuteResponse>, Status> {
        let request = request.into_inner();
        manners::err_in(&request).await?;
        Ok(Response::new(answer(&request.command).await?))
    }

    async fn metadata(&self, _: Request<()>) -> Result<Response<MetadataResponse>, Status> {
        manners::metadata().map(Response::new).ok_or_else(|| Status::unimplemented("it has none"))
    }

    /// Zero bytes, which are no message, from one without manners.
    async fn help(&self, _: Request<()>) -> Result<Response<HelpResponse>, Status> {
        Ok(Response::new(HelpResponse { help: manners::help().into() }))
    }
}
