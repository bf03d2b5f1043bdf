//! From a request's path to the service it is for; it counts the calls under way and knows no service by name but those
//! that never end by themselves.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use http::{Request, Response};
use tokio::sync::Notify;
use tonic::{Status, body::Body, server::NamedService};
use tower_service::Service;

type Answer = Pin<Box<dyn Future<Output = Response<Body>> + Send>>;
type Handler = Box<dyn Fn(Request<Body>) -> Answer + Send + Sync>;

/// The services of one plugin.
#[derive(Default)]
pub(super) struct Router {
    services: Vec<(&'static str, Handler)>,
    calls: Arc<Calls>,
}

/// How many calls of the author's services are under way.
#[derive(Default)]
pub(super) struct Calls {
    running: AtomicUsize,
    ended: Notify,
}

impl Router {
    pub(super) fn add<S>(&mut self, service: S)
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send,
    {
        let handler: Handler = Box::new(move |request| {
            let mut service = service.clone();
            Box::pin(async move {
                let ready = poll_fn(|cx| service.poll_ready(cx)).await;
                match ready {
                    Ok(()) => match service.call(request).await {
                        Ok(response) => response,
                        Err(never) => match never {},
                    },
                    Err(never) => match never {},
                }
            })
        });
        self.services.push((S::NAME, handler));
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.services.iter().map(|(name, _)| *name)
    }

    /// Answers a request; a path that leads nowhere is answered as gRPC has it.
    pub(super) async fn route(&self, request: Request<Body>) -> Response<Body> {
        let name = request.uri().path().trim_start_matches('/').split('/').next().unwrap_or_default();
        let Some((name, handler)) = self.services.iter().find(|(known, _)| *known == name) else {
            return Status::unimplemented(format!("unknown service {name}")).into_http();
        };
        // Streams of the protocol itself live as long as the connection: nobody waits for their end.
        let counted = !name.starts_with("plugin.") && !name.starts_with("grpc.");
        let _running = counted.then(|| self.calls.start());
        handler(request).await
    }

    pub(super) fn calls(&self) -> Arc<Calls> {
        self.calls.clone()
    }
}

impl Calls {
    fn start(self: &Arc<Self>) -> Running {
        self.running.fetch_add(1, Ordering::Relaxed);
        Running(self.clone())
    }

    /// Waits until no call is under way.
    pub(super) async fn none(&self) {
        loop {
            let ended = self.ended.notified();
            if self.running.load(Ordering::Acquire) == 0 {
                return;
            }
            ended.await;
        }
    }
}

struct Running(Arc<Calls>);

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.running.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.ended.notify_waiters();
        }
    }
}
