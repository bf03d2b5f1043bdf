//! A plugin repository on this machine, asked as agents and others ask it.

use std::{
    collections::BTreeMap,
    fs,
    sync::{Arc, Mutex},
    time::Duration,
};

use botkube_author::{
    publish::Options,
    serve::{INDEX, Lock, ServeError, Server, Settings},
};
use botkube_config::{finding::Origin, model::Repository};
use botkube_plugin_host::{
    index::{Index, Platform, PluginKind},
    store::{Limits, RemoteIdentity, Store, StoreConfig},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use crate::support::{Folder, good, here, program};

struct Running {
    url: String,
    log: Arc<Mutex<Vec<String>>>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

struct Answer {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Running {
    async fn start(folder: &Folder, locks: Vec<Lock>) -> Self {
        Self::start_with(folder, locks, Options::new("")).await
    }

    async fn start_with(folder: &Folder, locks: Vec<Lock>, options: Options) -> Self {
        let (log, stop) = (Arc::default(), CancellationToken::new());
        let lines: Arc<Mutex<Vec<String>>> = Arc::clone(&log);
        let settings = Settings {
            dir: folder.path().to_owned(),
            port: 0,
            locks,
            options,
            log: Arc::new(move |line| lines.lock().unwrap().push(line.to_owned())),
        };
        let server = Server::bind(settings).await.unwrap();
        let url = server.url();
        let task = tokio::spawn(server.run(stop.clone()));
        Self { url, log, stop, task }
    }

    fn base(&self) -> &str {
        self.url.strip_suffix(INDEX).unwrap()
    }

    async fn ask(&self, method: &str, path: &str, headers: &str) -> Answer {
        let host = self.base().strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).await.unwrap();
        let request = format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.into(), value.into()));
        Answer { status, headers: headers.collect(), body: answer[end + 4..].to_vec() }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "").await
    }

    /// A plugin store that knows this as `corp`.
    fn store(&self, cache: &Folder, headers: &[(&str, &str)]) -> Store {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
        let repository = Repository { url: self.url.clone(), headers, origin: Origin::Default };
        Store::new(StoreConfig {
            lock: None,
            cache_dir: cache.path().to_owned(),
            repositories: BTreeMap::from([("corp".into(), repository)]),
            index_max_age: Duration::ZERO,
            remote: RemoteIdentity::default(),
            offline: false,
            limits: Limits { attempts: 1, ..Limits::default() },
        })
    }
}

#[tokio::test]
async fn the_index_is_as_the_folder_is_now() {
    let folder = Folder::with("executor", &good());
    let server = Running::start(&folder, vec![]).await;
    for path in ["/", INDEX, "/botkube.yaml"] {
        let answer = server.get(path).await;
        let index = Index::parse(std::str::from_utf8(&answer.body).unwrap()).unwrap();
        assert_eq!(index.entries[0].downloads[0].url, format!("{}/static/executor_said_{}", server.base(), here()));
    }
    folder.add(&format!("source_other_{}", here()), &program(&good()));
    let answer = server.get(INDEX).await;
    assert_eq!(Index::parse(std::str::from_utf8(&answer.body).unwrap()).unwrap().entries.len(), 2);
}

#[tokio::test]
async fn a_poll_starts_no_plugin_and_moves_no_bytes() {
    let notes = Folder::new();
    let mut said = good();
    said["note"] = json!(notes.path().join("asked"));
    let folder = Folder::with("executor", &said);
    let server = Running::start(&folder, vec![]).await;
    let etag = server.get(INDEX).await.headers["etag"].clone();
    let again = server.ask("GET", INDEX, &format!("if-none-match: \"x\", W/{etag}\r\n")).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(server.ask("GET", INDEX, "if-none-match: \"x\"\r\n").await.status, 200);
    assert_eq!(fs::read_to_string(notes.path().join("asked")).unwrap(), "asked\n");
}

#[tokio::test]
async fn files_come_whole_in_part_or_not_at_all_when_they_are_known() {
    let folder = Folder::new();
    folder.add("executor_x_aix_ppc64", b"0123456789");
    let server = Running::start(&folder, vec![]).await;
    let path = "/static/executor_x_aix_ppc64";
    let whole = server.get(path).await;
    assert_eq!((whole.status, whole.body.as_slice()), (200, &b"0123456789"[..]));
    let part = server.ask("GET", path, "range: bytes=2-4\r\n").await;
    assert_eq!((part.status, part.body.as_slice()), (206, &b"234"[..]));
    assert_eq!(part.headers["content-range"], "bytes 2-4/10");
    let other = server.ask("GET", path, "range: bytes=2-4\r\nif-range: \"other\"\r\n").await;
    assert_eq!((other.status, other.body.len()), (200, 10));
    assert_eq!(server.ask("GET", path, "range: bytes=20-\r\n").await.status, 416);
    let known = format!("if-none-match: {}\r\n", whole.headers["etag"]);
    assert_eq!(server.ask("GET", path, &known).await.status, 304);
    let head = server.ask("HEAD", path, "").await;
    assert_eq!((head.status, head.headers["content-length"].as_str(), head.body.len()), (200, "10", 0));
}

#[tokio::test]
async fn no_path_leads_out_of_the_folder() {
    let folder = Folder::new();
    fs::create_dir(folder.path().join("sub")).unwrap();
    let server = Running::start(&folder, vec![]).await;
    for path in [
        "/static/../../etc/passwd",
        "/static/..%2f..%2fetc%2fpasswd",
        "/static/%2fetc%2fpasswd",
        "/static/",
        "/static/sub",
        "/x",
    ] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_private_repository_lets_in_who_has_the_secret_and_writes_none_down() {
    let folder = Folder::with("executor", &good());
    let locks = vec![Lock::header("X-Token: secret one").unwrap(), Lock::user("ada:secret:two").unwrap()];
    let server = Running::start(&folder, locks).await;
    let token = "x-token: secret one\r\n";
    // ada:secret:two
    let user = "authorization: Basic YWRhOnNlY3JldDp0d28=\r\n";
    for (headers, status) in [
        (String::new(), 401),
        (token.into(), 401),
        (user.into(), 401),
        (format!("{user}x-token: secret\r\n"), 401),
        (format!("{token}{user}"), 200),
    ] {
        for path in [INDEX.to_owned(), format!("/static/executor_said_{}", here())] {
            let answer = server.ask("GET", &format!("{path}?secret"), &headers).await;
            assert_eq!(answer.status, status, "{path} {headers}");
            assert_eq!(answer.headers.contains_key("www-authenticate"), status == 401);
        }
    }
    let log = server.log.lock().unwrap().join("\n");
    assert_eq!(log.lines().count(), 10, "{log}");
    assert!(!log.contains("secret"), "{log}");
}

#[tokio::test]
async fn an_agent_installs_from_it_and_notices_what_was_changed() {
    let helpers = Folder::new();
    helpers.add("helper", b"#!/bin/sh\necho helper\n");
    let other = Running::start(&helpers, vec![]).await;
    let mut said = good();
    let platform = Platform::current().to_string();
    said["dependencies"] = json!({ "helper": { platform: format!("{}/static/helper", other.base()) } });
    let folder = Folder::with("executor", &said);
    let locks = vec![Lock::header("X-Token: one").unwrap()];
    let options = Options { checksum_dependencies: true, ..Options::new("") };
    let server = Running::start_with(&folder, locks, options).await;

    let (key, cache) = ("corp/said".parse().unwrap(), Folder::new());
    let refused = server.store(&cache, &[]).install(&key, PluginKind::Executor, &|_| {}).await.unwrap_err();
    assert!(refused.to_string().contains("401"), "{refused}");
    let store = server.store(&cache, &[("X-Token", "one")]);
    let installed = store.install(&key, PluginKind::Executor, &|_| {}).await.unwrap();
    assert!(installed.dependencies.join("helper").is_file());

    helpers.add("helper", b"#!/bin/sh\necho worse\n");
    let anew = Folder::new();
    let store = server.store(&anew, &[("X-Token", "one")]);
    let refused = store.install(&key, PluginKind::Executor, &|_| {}).await.unwrap_err().to_string();
    assert!(
        refused.contains("the dependency `helper`") && refused.contains("is not the file its index means"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_broken_folder_is_said_and_the_server_goes_on() {
    let folder = Folder::new();
    let server = Running::start(&folder, vec![]).await;
    let answer = server.get(INDEX).await;
    let said = String::from_utf8(answer.body).unwrap();
    assert_eq!(answer.status, 500);
    assert!(said.contains("holds no plugin"), "{said}");
    folder.add(&format!("executor_said_{}", here()), &program(&good()));
    assert_eq!(server.get(INDEX).await.status, 200);
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let folder = Folder::new();
    let server = Running::start(&folder, vec![]).await;
    let port = server.base().rsplit(':').next().unwrap().parse().unwrap();
    let settings = Settings {
        dir: folder.path().to_owned(),
        port,
        locks: vec![],
        options: Options::new(""),
        log: Arc::new(|_| {}),
    };
    let refused = Server::bind(settings).await.err().unwrap();
    assert!(matches!(refused, ServeError::Taken(taken) if taken == port), "{refused:?}");
}

#[tokio::test]
async fn it_stops_although_somebody_holds_a_connection() {
    let folder = Folder::new();
    let server = Running::start(&folder, vec![]).await;
    let _idle = TcpStream::connect(server.base().strip_prefix("http://").unwrap()).await.unwrap();
    assert_eq!(server.get("/x").await.status, 404);
    server.stop.cancel();
    tokio::time::timeout(Duration::from_secs(10), server.task).await.unwrap().unwrap();
}

#[test]
fn what_is_no_secret_is_refused() {
    for text in ["X-Token", ": x", "a b: c"] {
        assert!(matches!(Lock::header(text), Err(ServeError::Header(_))), "{text}");
    }
    assert!(!Lock::header("secret").unwrap_err().to_string().contains("secret"));
    for text in ["ada", ":x", ""] {
        assert!(matches!(Lock::user(text), Err(ServeError::User)), "{text}");
    }
}
