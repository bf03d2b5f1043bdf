//! A plugin for tests that says of itself what stands behind its own program, as JSON after a mark. It must not know what
//! anybody expects of it.

use std::{collections::HashMap, env, fs, io::Write, process::ExitCode};

use botkube_proto::{
    executor::{
        Dependency, ExecuteRequest, ExecuteResponse, HelpResponse, JsonSchema, MetadataResponse,
        executor_server::{Executor, ExecutorServer},
    },
    source::{
        self, ExternalRequestMetadata, ExternalRequestPayloadMetadata,
        source_server::{Source, SourceServer},
    },
};
use go_plugin::{handshake::Cookie, plugin::Plugin};
use serde::Deserialize;
use tonic::{Request, Response, Status};

const COOKIE: Cookie = Cookie { key: "BOTKUBE", value: "52ca7b74-28eb-4fac-ae79-31a9cbda2454" };
const PROTOCOL_VERSION: u32 = 3;

/// In two parts, so that it stands in no program.
const MARK: [&str; 2] = ["\n#sa", "id "];

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Said {
    version: String,
    description: String,
    schema: String,
    ref_url: String,
    payload: String,
    dependencies: HashMap<String, HashMap<String, String>>,
    /// Gets a line for each time it is asked.
    note: String,
    /// It ends instead of an answer.
    dies: bool,
}

fn main() -> ExitCode {
    let program = env::current_exe().and_then(fs::read).expect("a program can be read");
    let mark = MARK.concat().into_bytes();
    let at = program.windows(mark.len()).rposition(|bytes| bytes == mark).expect("a test wrote the mark");
    let said: Said = serde_json::from_slice(&program[at + mark.len()..]).expect("a test wrote JSON");
    let services = Plugin::new(COOKIE, PROTOCOL_VERSION).service(ExecutorServer::new(said.clone()));
    services.service(SourceServer::new(said)).descriptors(botkube_proto::DESCRIPTORS).serve()
}

impl Said {
    fn asked(&self) {
        if self.dies {
            panic!("it has no idea what it is");
        }
        if !self.note.is_empty() {
            let file = fs::OpenOptions::new().create(true).append(true).open(&self.note);
            file.and_then(|mut file| file.write_all(b"asked\n")).expect("a test named a file");
        }
    }
}

#[tonic::async_trait]
impl Executor for Said {
    async fn execute(&self, _: Request<ExecuteRequest>) -> Result<Response<ExecuteResponse>, Status> {
        Err(Status::unimplemented("it only says what it is"))
    }

    async fn metadata(&self, _: Request<()>) -> Result<Response<MetadataResponse>, Status> {
        self.asked();
        let said = self.clone();
        let dependencies = said.dependencies.into_iter().map(|(name, urls)| (name, Dependency { urls }));
        Ok(Response::new(MetadataResponse {
            version: said.version,
            description: said.description,
            json_schema: Some(JsonSchema { value: said.schema, ref_url: said.ref_url }),
            dependencies: dependencies.collect(),
            ..MetadataResponse::default()
        }))
    }

    async fn help(&self, _: Request<()>) -> Result<Response<HelpResponse>, Status> {
        Err(Status::unimplemented("it only says what it is"))
    }
}

#[tonic::async_trait]
impl Source for Said {
    type StreamStream = tokio_stream::Empty<Result<source::StreamResponse, Status>>;

    async fn stream(&self, _: Request<source::StreamRequest>) -> Result<Response<Self::StreamStream>, Status> {
        Err(Status::unimplemented("it only says what it is"))
    }

    async fn metadata(&self, _: Request<()>) -> Result<Response<source::MetadataResponse>, Status> {
        self.asked();
        let schema = |value: &str| source::JsonSchema { value: value.into(), ref_url: String::new() };
        let payload = ExternalRequestPayloadMetadata { json_schema: Some(schema(&self.payload)) };
        Ok(Response::new(source::MetadataResponse {
            version: self.version.clone(),
            description: self.description.clone(),
            json_schema: Some(schema(&self.schema)),
            external_request: Some(ExternalRequestMetadata { payload: Some(payload) }),
            ..source::MetadataResponse::default()
        }))
    }

    async fn handle_external_request(
        &self,
        _: Request<source::ExternalRequest>,
    ) -> Result<Response<source::ExternalRequestResponse>, Status> {
        Err(Status::unimplemented("it only says what it is"))
    }
}
