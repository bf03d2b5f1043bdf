//! The services every go-plugin plugin serves beside its own: health, controller, stdio, broker, reflection
//! (`contract-plugins §1.9`). They know nothing of the author's.

use std::{pin::Pin, sync::Arc};

use tokio::sync::mpsc;
use tokio_stream::{Stream, wrappers::ReceiverStream};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};
use tonic_health::pb::health_server::HealthServer;

use super::{ServeError, router::Router, stdio::Output};
use crate::proto::{
    ConnInfo, Empty, StdioData, grpc_broker_server as broker, grpc_controller_server as controller,
    grpc_stdio_server as stdio,
};

/// The name under which hosts ask for a plugin's health.
const HEALTH: &str = "plugin";

/// The names of reflection's own services.
const REFLECTION: [&str; 2] = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

pub(super) async fn add(
    router: &mut Router,
    descriptors: &[&'static [u8]],
    shutdown: &CancellationToken,
    output: Arc<Output>,
) -> Result<(), ServeError> {
    router.add(controller::GrpcControllerServer::new(Controller { shutdown: shutdown.clone() }));
    router.add(stdio::GrpcStdioServer::new(StdioService { output }));
    router.add(broker::GrpcBrokerServer::new(Broker { shutdown: shutdown.clone() }));

    let (reporter, _) = tonic_health::server::health_reporter();
    reporter.set_service_status(HEALTH, tonic_health::ServingStatus::Serving).await;
    router.add(HealthServer::new(tonic_health::server::HealthService::from_health_reporter(reporter)));

    // What is served and nothing else: descriptors may tell of more. Each version of reflection also lists the other.
    let served: Vec<&str> = router.names().chain(REFLECTION).collect();
    let reflection = |other: &'static [u8]| {
        let mut builder = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(other);
        for set in descriptors {
            builder = builder.register_encoded_file_descriptor_set(set);
        }
        served.iter().fold(builder, |builder, name| builder.with_service_name(*name))
    };
    let (v1, v1alpha) =
        (tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET, tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET);
    router.add(reflection(v1alpha).build_v1().map_err(ServeError::Reflection)?);
    router.add(reflection(v1).build_v1alpha().map_err(ServeError::Reflection)?);
    Ok(())
}

struct Controller {
    shutdown: CancellationToken,
}

#[tonic::async_trait]
impl controller::GrpcController for Controller {
    async fn shutdown(&self, _: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.shutdown.cancel();
        Ok(Response::new(Empty {}))
    }
}

struct StdioService {
    output: Arc<Output>,
}

#[tonic::async_trait]
impl stdio::GrpcStdio for StdioService {
    type StreamStdioStream = Pin<Box<dyn Stream<Item = Result<StdioData, Status>> + Send>>;

    async fn stream_stdio(&self, _: Request<()>) -> Result<Response<Self::StreamStdioStream>, Status> {
        let (sender, receiver) = mpsc::channel(1);
        let output = self.output.clone();
        tokio::spawn(async move {
            while let Ok(place) = sender.reserve().await {
                let next = tokio::select! {
                    next = output.next() => next,
                    () = sender.closed() => return,
                };
                let Some((channel, data)) = next else { return };
                place.send(Ok(StdioData { channel: channel.into(), data }));
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}

struct Broker {
    shutdown: CancellationToken,
}

#[tonic::async_trait]
impl broker::GrpcBroker for Broker {
    type StartStreamStream = Pin<Box<dyn Stream<Item = Result<ConnInfo, Status>> + Send>>;

    /// Accepted and silent: hosts open it once and only plugins with callbacks speak on it.
    async fn start_stream(
        &self,
        request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<Self::StartStreamStream>, Status> {
        let mut incoming = request.into_inner();
        let (sender, receiver) = mpsc::channel(1);
        let shutdown = self.shutdown.clone();
        tokio::spawn(async move {
            let _open = sender;
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = async { while let Ok(Some(_)) = incoming.message().await {} } => {}
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}
