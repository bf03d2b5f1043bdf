//! One connection of a host's: the bytes, TLS when asked for, HTTP/2; it knows no service.

use std::{convert::Infallible, env, sync::Arc};

use http::Request;
use hyper::{body::Incoming, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::UnixStream,
};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;

use super::router::Router;
use crate::{CONNECTION_WINDOW, MAX_HEADER_LIST_SIZE, STREAM_WINDOW, handshake::env as names};

/// Whether connections are encrypted, and with what.
#[derive(Clone)]
pub(super) enum Tls {
    Off,
    #[cfg(feature = "auto-mtls")]
    On(crate::tls::Server),
}

/// Why the TLS a host asked for cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    #[cfg(not(feature = "auto-mtls"))]
    #[error(
        "the host asks for AutoMTLS ({}), and this plugin was built without it; build it with the feature `auto-mtls` \
         of go-plugin or of the SDK above it",
        names::CLIENT_CERT
    )]
    Missing,
    #[cfg(feature = "auto-mtls")]
    #[error("cannot use the certificate in {}", names::CLIENT_CERT)]
    Certificate(#[source] crate::tls::Error),
}

impl Tls {
    /// What the environment asks for.
    pub(super) fn from_env() -> Result<Self, TlsError> {
        match env::var(names::CLIENT_CERT) {
            Err(_) => Ok(Self::Off),
            Ok(pem) if pem.is_empty() => Ok(Self::Off),
            #[cfg(not(feature = "auto-mtls"))]
            Ok(_) => Err(TlsError::Missing),
            #[cfg(feature = "auto-mtls")]
            Ok(pem) => crate::tls::Server::for_client(&pem).map(Self::On).map_err(TlsError::Certificate),
        }
    }

    /// Our certificate as DER, for the handshake.
    pub(super) fn certificate(&self) -> Option<Vec<u8>> {
        match self {
            Self::Off => None,
            #[cfg(feature = "auto-mtls")]
            Self::On(server) => Some(server.certificate().to_vec()),
        }
    }
}

/// Serves one connection to its end; when `closing`, takes no more requests and ends after those it has.
pub(super) async fn serve(stream: UnixStream, router: Arc<Router>, tls: Tls, closing: CancellationToken) {
    match tls {
        Tls::Off => speak(stream, router, closing).await,
        #[cfg(feature = "auto-mtls")]
        Tls::On(server) => match server.accept(stream).await {
            Ok(stream) => speak(stream, router, closing).await,
            Err(error) => tracing::warn!(%error, "a host's TLS handshake failed"),
        },
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Arc<Router>,
    closing: CancellationToken,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        async move { Ok::<_, Infallible>(router.route(request.map(Body::new)).await) }
    });
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.max_concurrent_streams(None)
        // A host may give up many calls while an author's code holds the thread; it is no attacker.
        .max_pending_accept_reset_streams(usize::MAX)
        .max_header_list_size(MAX_HEADER_LIST_SIZE)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = closing.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}
