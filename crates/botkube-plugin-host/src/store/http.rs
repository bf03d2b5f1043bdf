//! Bytes from the web: with deadlines, bounds and another try, and with headers that go to one origin only.
//! Must not know: what is fetched, or where it goes.

use std::{
    future::Future,
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime},
};

use backon::{ExponentialBuilder, Retryable};
use reqwest::{
    Client, Response, StatusCode, Url,
    header::{ETAG, HeaderMap, LAST_MODIFIED, LOCATION, RETRY_AFTER},
    redirect::Policy,
};
use rustls::ClientConfig;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::time::timeout;

use super::{Limits, address::shown};

/// Fetches.
pub(super) struct Http {
    limits: Limits,
    client: OnceLock<Client>,
}

/// What is asked for.
pub(super) struct Request<'a> {
    pub(super) url: &'a Url,
    /// Sent wherever the request is led.
    pub(super) headers: HeaderMap,
    /// Sent to this address's origin only.
    pub(super) confidential: Option<(&'a Url, &'a HeaderMap)>,
    /// The most bytes there may be.
    pub(super) limit: u64,
}

/// What is there; its bytes are still to come.
pub(super) struct Answer {
    /// How many bytes there will be, if that is known.
    pub(super) length: Option<u64>,
    response: Response,
    stall: Duration,
    limit: u64,
    received: u64,
}

/// Why something was not fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) why: String,
    /// Whether another try may help, and how long the other side wants to be left alone before.
    pub(super) again: Option<Duration>,
}

/// The longest another side may have us wait before another try.
const MAX_WAIT: Duration = Duration::from_secs(30);

impl Http {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, client: OnceLock::new() }
    }

    /// Asks, and follows where the answer leads. `None`: it is not modified.
    pub(super) async fn open(&self, request: &Request<'_>) -> Result<Option<Answer>, Failure> {
        let client = self.client()?;
        let mut url = request.url.clone();
        for _ in 0..=self.limits.redirects {
            let mut headers = request.headers.clone();
            if let Some((home, confidential)) = request.confidential
                && home.origin() == url.origin()
            {
                headers.extend(confidential.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            let sent = timeout(self.limits.stall, client.get(url.clone()).headers(headers).send()).await;
            let response = sent.map_err(|_| stalled(self.limits.stall))?.map_err(broken)?;
            let status = response.status();
            if status == StatusCode::NOT_MODIFIED {
                return Ok(None);
            }
            if status.is_success() {
                let length = response.content_length();
                if let Some(length) = length.filter(|length| *length > request.limit) {
                    return Err(Failure::last(format!(
                        "it has {length} bytes, and at most {} are taken",
                        request.limit
                    )));
                }
                let (stall, limit) = (self.limits.stall, request.limit);
                return Ok(Some(Answer { length, response, stall, limit, received: 0 }));
            }
            if !status.is_redirection() {
                return Err(refused(&response));
            }
            url = led_to(&url, &response)?;
        }
        Err(Failure::last(format!(
            "it leads on more than {} times; the last time to {}",
            self.limits.redirects,
            shown(&url)
        )))
    }

    /// Does something as often as [`Limits::attempts`] allows, waiting longer each time.
    pub(super) async fn retrying<T, F, E>(
        &self,
        attempt: impl FnMut() -> F,
        failure: impl Fn(&E) -> Option<Failure>,
        again: impl FnMut(&E, Duration),
    ) -> Result<T, E>
    where
        F: Future<Output = Result<T, E>>,
    {
        let pauses = ExponentialBuilder::default()
            .with_min_delay(self.limits.pause)
            .with_max_delay(MAX_WAIT)
            .with_max_times(self.limits.attempts.saturating_sub(1))
            .with_jitter();
        attempt
            .retry(pauses)
            .when(|error| failure(error).is_some_and(|failure| failure.again.is_some()))
            .adjust(|error, pause| {
                pause.map(|pause| pause.max(failure(error).and_then(|f| f.again).unwrap_or_default()))
            })
            .notify(again)
            .await
    }

    /// Made when it is first needed: it reads the certificates of this machine.
    fn client(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let tls = tls().map_err(|error| {
            Failure::last(format!("no HTTPS on this machine: {}; install its CA certificates", deepest(&error)))
        })?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .user_agent(concat!("botkube/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.limits.connect)
            // They are followed by hand, so that what is confidential stays at home.
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .build()
            .map_err(|error| Failure::last(format!("no HTTP on this machine: {}", deepest(&error))))?;
        Ok(self.client.get_or_init(|| client))
    }
}

impl Answer {
    /// A header that tells one state of a file from another.
    pub(super) fn validators(&self) -> (Option<String>, Option<String>) {
        let text = |name| self.response.headers().get(name).and_then(|value| value.to_str().ok()).map(Into::into);
        (text(ETAG), text(LAST_MODIFIED))
    }

    /// The next bytes; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, Failure> {
        let chunk =
            timeout(self.stall, self.response.chunk()).await.map_err(|_| stalled(self.stall))?.map_err(broken)?;
        self.received += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        if self.received > self.limit {
            return Err(Failure::last(format!("it has more than {} bytes", self.limit)));
        }
        Ok(chunk)
    }
}

impl Failure {
    /// One after which another try is of no use.
    pub(super) fn last(why: String) -> Self {
        Self { why, again: None }
    }

    /// One that may pass.
    pub(super) fn passing(why: String) -> Self {
        Self { why, again: Some(Duration::ZERO) }
    }
}

/// Trusts whom this machine trusts.
fn tls() -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    Ok(builder.with_safe_default_protocol_versions()?.with_platform_verifier()?.with_no_client_auth())
}

/// Where a redirection leads; never from https to http, and never off the web.
fn led_to(from: &Url, response: &Response) -> Result<Url, Failure> {
    let status = response.status();
    let location = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    let Some(location) = location else {
        return Err(Failure::last(format!("the server answered {status} and no place to go on")));
    };
    let to = from.join(location).map_err(|_| Failure::last("the server leads to what is no address".into()))?;
    if !matches!(to.scheme(), "http" | "https") {
        return Err(Failure::last(format!("the server leads to `{}:`, and only https is followed", to.scheme())));
    }
    if from.scheme() == "https" && to.scheme() == "http" {
        return Err(Failure::last(format!(
            "the server leads from https to {}, which anybody could change",
            shown(&to)
        )));
    }
    Ok(to)
}

fn refused(response: &Response) -> Failure {
    let status = response.status();
    let help = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => "; check the repository's `headers`",
        StatusCode::NOT_FOUND | StatusCode::GONE => "; check the address",
        _ => "",
    };
    let passes =
        status.is_server_error() || [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT].contains(&status);
    let wait = response.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok()?.trim().parse().ok());
    let wait = Duration::from_secs(wait.unwrap_or(0)).min(MAX_WAIT);
    Failure { why: format!("the server answered {status}{help}"), again: passes.then_some(wait) }
}

fn stalled(stall: Duration) -> Failure {
    Failure::passing(format!("nothing came for {stall:?}"))
}

fn broken(error: reqwest::Error) -> Failure {
    // It would show credentials that are in the address.
    let error = error.without_url();
    let reason = deepest(&error);
    if error.is_builder() {
        return Failure::last(format!("it cannot be asked for: {reason}"));
    }
    let what = match () {
        () if error.is_connect() || error.is_timeout() => "no connection",
        () if error.is_body() || error.is_decode() => "it broke off",
        () => "the connection failed",
    };
    Failure::passing(format!("{what}: {reason}"))
}

/// The text of what lies at the bottom of an error.
fn deepest(error: &dyn std::error::Error) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(from: &str, location: &str, expected: Result<&str, &str>) {
        let response = http::Response::builder().status(302).header("location", location).body("").unwrap();
        match (led_to(&Url::parse(from).unwrap(), &response.into()), expected) {
            (Ok(to), Ok(expected)) => assert_eq!(to.as_str(), expected),
            (Err(failure), Err(expected)) => assert!(failure.why.contains(expected), "{}", failure.why),
            (found, expected) => panic!("{found:?} and not {expected:?}"),
        }
    }

    #[test]
    fn nobody_is_led_from_https_to_http() {
        check("https://a/b", "https://c/d", Ok("https://c/d"));
        check("https://a/b", "/d", Ok("https://a/d"));
        check("http://a/b", "https://c/d", Ok("https://c/d"));
        check("https://a/b", "http://a/d?hush", Err("leads from https to http://a/d?…, which anybody could change"));
    }

    #[test]
    fn a_server_is_left_alone_as_long_as_it_asks_for_but_not_for_hours() {
        for (after, expected) in [("2", 2), ("7200", 30), ("soon", 0)] {
            let response = http::Response::builder().status(429).header("retry-after", after).body("").unwrap();
            assert_eq!(refused(&response.into()).again, Some(Duration::from_secs(expected)), "{after}");
        }
    }
}
