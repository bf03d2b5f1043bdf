//! Who may speak to the server at all: pages it served itself, on this machine. It knows no session.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

/// What the page may do: run its own script and style, and speak to where it came from.
pub(super) const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types lit-html";

/// What anything else may do.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";

/// The headers of every answer that does not set them itself.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
];

/// The names under which a browser on this machine reaches the server.
const NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// Why a request is not answered; `None` when it may be. A page of another site, even one whose name leads here, has another
/// host or origin.
pub(super) fn refusal(headers: &HeaderMap, port: u16, is_socket: bool) -> Option<String> {
    let hosts: Vec<&HeaderValue> = headers.get_all(header::HOST).iter().collect();
    let [host] = hosts[..] else { return Some(format!("the request names no host; use http://127.0.0.1:{port}/")) };
    let is_ours = |host: &str| {
        let (name, at) = host.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')).unwrap_or((host, "80"));
        NAMES.iter().any(|ours| name.eq_ignore_ascii_case(ours)) && at == port.to_string()
    };
    let Some(host) = host.to_str().ok().filter(|host| is_ours(host)) else {
        return Some(format!(
            "the console is reached as http://127.0.0.1:{port}/, http://localhost:{port}/ or http://[::1]:{port}/ alone, not \
             as {:?}",
            String::from_utf8_lossy(host.as_bytes())
        ));
    };
    let origins: Vec<&HeaderValue> = headers.get_all(header::ORIGIN).iter().collect();
    match origins[..] {
        [] if is_socket => Some("a socket is opened by the console's own page alone, which says its origin".into()),
        [] => None,
        [origin] if origin.as_bytes().eq_ignore_ascii_case(format!("http://{host}").as_bytes()) => None,
        _ => Some("a page of another origin may not speak to the console".into()),
    }
}

/// Adds what every answer has.
pub(super) fn protect(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(value);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(host: &str, origin: Option<&str>, is_socket: bool, is_answered: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        assert_eq!(refusal(&headers, 8080, is_socket).is_none(), is_answered, "{host} {origin:?}");
    }

    #[test]
    fn only_this_machine_names_the_host() {
        for host in ["127.0.0.1:8080", "localhost:8080", "[::1]:8080", "LOCALHOST:8080"] {
            check(host, None, false, true);
        }
        let others = ["evil.example:8080", "127.0.0.1", "localhost:8081", "localhost:08080", "127.0.0.1:8080:8080"];
        for host in others.into_iter().chain(["", ":8080", "[::1]", "0.0.0.0:8080", "localhost.:8080"]) {
            check(host, None, false, false);
        }
    }

    #[test]
    fn only_the_same_origin_speaks() {
        check("localhost:8080", Some("http://localhost:8080"), true, true);
        for origin in
            ["http://evil.example", "https://localhost:8080", "http://127.0.0.1:8080", "null", "http://localhost"]
        {
            check("localhost:8080", Some(origin), true, false);
            check("localhost:8080", Some(origin), false, false);
        }
    }

    #[test]
    fn a_socket_always_says_its_origin() {
        check("localhost:8080", None, true, false);
        check("localhost:8080", None, false, true);
    }

    #[test]
    fn a_request_names_one_host() {
        assert!(refusal(&HeaderMap::new(), 8080, false).is_some());
        let mut headers = HeaderMap::new();
        headers.append(header::HOST, "localhost:8080".parse().unwrap());
        headers.append(header::HOST, "localhost:8080".parse().unwrap());
        assert!(refusal(&headers, 8080, false).is_some());
    }
}
