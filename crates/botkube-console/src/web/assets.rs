//! The page's files, as built from `page/`. It knows no session.

use std::io::Write;

use aws_lc_rs::digest;
use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use flate2::{Compression, write::GzEncoder};

/// The page.
pub(crate) const PAGE: &str = include_str!("../../page/dist/index.html");
/// Its script.
pub(crate) const SCRIPT: &str = include_str!("../../page/dist/app.js");
/// Its style.
pub(crate) const STYLE: &str = include_str!("../../page/dist/app.css");

/// A file, as it is and compressed.
pub(super) struct Asset {
    kind: HeaderValue,
    plain: Bytes,
    gzipped: Bytes,
    tag: HeaderValue,
}

impl Asset {
    pub(super) fn new(kind: &'static str, content: &'static str) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let written = encoder.write_all(content.as_bytes()).and_then(|()| encoder.finish());
        let gzipped = written.expect("memory takes what is written").into();
        let digest = digest::digest(&digest::SHA256, content.as_bytes());
        let tag: String = digest.as_ref()[..12].iter().map(|byte| format!("{byte:02x}")).collect();
        let tag = format!("\"{tag}\"").parse().expect("hexadecimal digits are fine in a header");
        Self { kind: HeaderValue::from_static(kind), plain: Bytes::from_static(content.as_bytes()), gzipped, tag }
    }

    /// The answer to a request for it; with a tag a browser may keep it, and asks whether it is still the same.
    pub(super) fn answer(&self, asked: &HeaderMap, is_tagged: bool) -> Response {
        let mut answer = Response::new(Body::empty());
        let headers = answer.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        if is_tagged {
            headers.insert(header::ETAG, self.tag.clone());
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            let known = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|tags| tags.to_str().ok());
            let is_this = |tag: &str| tag.trim().trim_start_matches("W/").as_bytes() == self.tag.as_bytes();
            if known.flat_map(|tags| tags.split(',')).any(is_this) {
                *answer.status_mut() = StatusCode::NOT_MODIFIED;
                return answer;
            }
        }
        headers.insert(header::CONTENT_TYPE, self.kind.clone());
        let accepted = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|accepted| accepted.to_str().ok());
        let is_gzip = |accepted: &str| {
            let mut parts = accepted.split(';').map(str::trim);
            parts.next() == Some("gzip")
                && parts.all(|part| part.strip_prefix("q=").is_none_or(|q| q.parse() != Ok(0.0)))
        };
        let body = if accepted.flat_map(|accepted| accepted.split(',')).any(is_gzip) {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            self.gzipped.clone()
        } else {
            self.plain.clone()
        };
        *answer.body_mut() = Body::from(body);
        answer
    }
}
