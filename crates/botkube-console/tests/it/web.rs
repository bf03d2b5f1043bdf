//! The console in a browser, over real sockets: who may speak to it, what is answered, and what browsers see.

use std::collections::BTreeSet;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{self, Message as Frame};

use crate::agent::{Agent, Browser, request};

fn code(entry: &Value) -> &str {
    entry["message"]["baseBody"]["codeBlock"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_link_becomes_a_session_once() {
    let agent = Agent::start().await;
    let link = agent.web.link();
    let path = &link[link.find("/?").unwrap()..];
    let first = agent.get(path, &[]).await;
    assert_eq!((first.status, first.header("location")), (303, Some("/")));
    let cookie = first.header("set-cookie").unwrap();
    assert!(cookie.starts_with(&format!("botkube-{}=", agent.port())), "{cookie}");
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let again = agent.get(path, &[]).await;
    assert_eq!((again.status, again.header("set-cookie")), (403, None));
    assert!(again.text().contains("used before"), "{}", again.text());
}

#[tokio::test]
async fn who_only_looks_whether_a_link_leads_somewhere_does_not_use_it_up() {
    let agent = Agent::start().await;
    let link = agent.web.link();
    let path = &link[link.find("/?").unwrap()..];
    let looked = request(agent.port(), "HEAD", path, &[]).await;
    assert_eq!((looked.status, looked.header("allow"), looked.header("set-cookie")), (405, Some("GET"), None));
    assert_eq!(agent.get(path, &[]).await.status, 303);
}

#[tokio::test]
async fn links_hold_nothing_that_ends_with_the_agent() {
    let agent = Agent::start().await;
    let links = agent.web.links();
    assert!(links.link().is_some_and(|link| link.contains("/?key=")));
    agent.end().await;
    assert_eq!(links.link(), None);
}

#[tokio::test]
async fn a_used_link_still_leads_who_has_a_session_to_the_page() {
    let agent = Agent::start().await;
    let browser = agent.browser().await;
    let answer = browser.get("/?key=used").await;
    assert_eq!((answer.status, answer.header("location"), answer.header("set-cookie")), (303, Some("/"), None));
}

#[tokio::test]
async fn the_page_is_for_who_has_a_session_and_runs_only_its_own_script() {
    let agent = Agent::start().await;
    assert_eq!(agent.get("/", &[]).await.status, 403);
    let page = agent.browser().await.get("/").await;
    assert_eq!((page.status, page.header("cache-control")), (200, Some("no-store")));
    let policy = page.header("content-security-policy").unwrap();
    for rule in
        ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "require-trusted-types-for 'script'"]
    {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(page.text().contains("/app.js"));
}

#[tokio::test]
async fn every_answer_is_protected() {
    let agent = Agent::start().await;
    for path in ["/", "/app.js", "/app.css", "/files/x", "/ws", "/nothing", "/?key=x"] {
        let answer = agent.get(path, &[]).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert!(answer.header("content-security-policy").unwrap().contains("frame-ancestors 'none'"), "{path}");
    }
}

#[tokio::test]
async fn assets_are_compressed_and_asked_for_again_only_when_changed() {
    let agent = Agent::start().await;
    for (path, kind) in [("/app.js", "text/javascript; charset=utf-8"), ("/app.css", "text/css; charset=utf-8")] {
        let plain = agent.get(path, &[]).await;
        assert_eq!((plain.status, plain.header("content-type")), (200, Some(kind)));
        let zipped = agent.get(path, &[("accept-encoding", "br, gzip;q=0.5")]).await;
        assert_eq!(zipped.header("content-encoding"), Some("gzip"));
        assert_eq!(&zipped.body[..2], [0x1f, 0x8b]);
        assert_eq!(agent.get(path, &[("accept-encoding", "gzip;q=0")]).await.header("content-encoding"), None);
        let known = agent.get(path, &[("if-none-match", plain.header("etag").unwrap())]).await;
        assert_eq!((known.status, known.body.len()), (304, 0));
    }
}

#[tokio::test]
async fn another_name_for_this_machine_is_refused_on_every_path() {
    let agent = Agent::start().await;
    for path in ["/", "/app.js", "/files/x", "/ws", "/nothing"] {
        let answer = agent.get(path, &[("host", "evil.example")]).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.text().contains("http://127.0.0.1:"), "{}", answer.text());
    }
}

#[tokio::test]
async fn only_reading_is_answered() {
    let agent = Agent::start().await;
    assert_eq!(request(agent.port(), "POST", "/", &[("content-length", "0")]).await.status, 405);
}

/// What a socket with these headers is answered.
async fn refused(browser: &Browser, headers: &[(&str, &str)]) -> u16 {
    match browser.socket(headers).await {
        Err(tungstenite::Error::Http(answer)) => answer.status().as_u16(),
        other => panic!("not refused: {:?}", other.is_ok()),
    }
}

#[tokio::test]
async fn a_socket_of_another_site_is_refused() {
    let agent = Agent::start().await;
    let browser = agent.browser().await;
    assert_eq!(refused(&browser, &[("origin", "http://evil.example"), ("cookie", &browser.cookie)]).await, 403);
    assert_eq!(refused(&browser, &[("cookie", &browser.cookie)]).await, 403);
}

#[tokio::test]
async fn a_socket_without_a_session_or_with_a_forged_one_is_refused() {
    let agent = Agent::start().await;
    let browser = agent.browser().await;
    let origin = format!("http://127.0.0.1:{}", agent.port());
    assert_eq!(refused(&browser, &[("origin", &origin)]).await, 403);
    let forged = format!("botkube-{}={}", agent.port(), "A".repeat(43));
    assert_eq!(refused(&browser, &[("origin", &origin), ("cookie", &forged)]).await, 403);
}

#[tokio::test]
async fn what_is_said_is_accepted_and_answered() {
    let agent = Agent::start().await;
    let mut window = agent.window().await;
    let welcome = window.frame("welcome").await;
    assert_eq!((&welcome["cluster"], &welcome["person"]["name"]), (&json!("demo"), &json!("")));
    assert_eq!(welcome["channels"][0], json!({"alias": "ops", "name": "ops", "executors": [], "notifications": true}));
    window.say("k1", "do hello").await;
    window.answer("k1").await.unwrap();
    let entry = window.ended("do hello").await;
    assert_eq!(entry["live"]["state"]["ended"]["status"], "succeeded");
    assert_eq!(entry["by"], json!({"id": "", "name": "Botkube", "bot": true}));
    assert_eq!(entry["header"], "`do hello` on `not-configured`");
    assert!(entry.get("key").is_none() && entry.get("text").is_none());
}

#[tokio::test]
async fn the_same_key_is_accepted_again_and_run_once() {
    let agent = Agent::start().await;
    let browser = agent.browser().await;
    let mut window = browser.window(json!({})).await;
    window.say("k1", "do hello").await;
    window.answer("k1").await.unwrap();
    // As after a lost connection.
    let mut again = browser.window(json!({})).await;
    again.say("k1", "do hello").await;
    again.answer("k1").await.unwrap();
    again.say("k2", "do other").await;
    again.ended("do other").await;
    assert_eq!(agent.calls(), 2);
}

#[tokio::test]
async fn two_persons_may_use_the_same_key() {
    let agent = Agent::start().await;
    let (mut one, mut other) = (agent.window().await, agent.window().await);
    one.say("k", "do one").await;
    one.ended("do one").await;
    other.say("k", "do other").await;
    other.ended("do other").await;
}

#[tokio::test]
async fn two_windows_see_the_same() {
    let agent = Agent::start().await;
    let (mut one, mut other) = (agent.window().await, agent.window().await);
    one.say("k1", "do hello").await;
    assert_eq!(one.ended("do hello").await, other.ended("do hello").await);
}

#[tokio::test]
async fn only_the_person_sees_what_is_for_the_person() {
    let agent = Agent::start().await;
    let (mut one, mut other) = (agent.window().await, agent.window().await);
    one.say("k1", "do secret").await;
    let entry = one.entry(|entry| code(entry) == "for you").await;
    assert!(entry["onlyFor"].as_str().unwrap().starts_with("p-"));
    one.say("k2", "do last").await;
    loop {
        let frame = other.next().await;
        let entries = frame["entries"].as_array().cloned().unwrap_or_default();
        assert!(!entries.iter().any(|entry| code(entry) == "for you"));
        if entries.iter().any(|entry| code(entry) == "do last") {
            break;
        }
    }
}

#[tokio::test]
async fn a_person_has_a_name_that_all_windows_know() {
    let agent = Agent::start().await;
    let browser = agent.browser().await;
    let (mut one, mut other) = (browser.window(json!({})).await, browser.window(json!({})).await);
    assert_eq!(other.frame("welcome").await["person"]["name"], "");
    one.send(json!({"type": "name", "name": " Ada "})).await;
    assert_eq!(other.frame("welcome").await["person"]["name"], "Ada");
    other.say("k1", "do hello").await;
    assert_eq!(one.entry(|entry| entry["text"] == "do hello").await["by"]["name"], "Ada");
    one.send(json!({"type": "name", "name": "A\u{1b}[2Jda"})).await;
    assert!(one.frame("problem").await["reason"].as_str().unwrap().contains("cannot be seen"));
}

#[tokio::test]
async fn a_frame_that_cannot_be_understood_is_answered_and_the_connection_stays() {
    let agent = Agent::start().await;
    let mut window = agent.window().await;
    let big = json!({"type": "say", "channel": "ops", "text": "x".repeat(2 << 20)}).to_string();
    let frames = [
        (Frame::text("{"), "not understood"),
        (Frame::text("null"), "not understood"),
        (Frame::text(r#"{"type":"shout"}"#), "unknown variant `shout`"),
        (Frame::binary(vec![0, 159, 146]), "binary"),
        (Frame::text(big), "may have 1048576"),
    ];
    for (frame, reason) in frames {
        window.socket.send(frame).await.unwrap();
        let problem = window.frame("problem").await;
        assert!(problem["reason"].as_str().unwrap().contains(reason), "{problem}");
    }
    window.say("k1", "do hello").await;
    window.ended("do hello").await;
    assert_eq!(agent.calls(), 1);
}

#[tokio::test]
async fn a_frame_far_too_big_ends_the_connection_with_why() {
    let agent = Agent::start().await;
    let (mut sink, mut stream) = agent.window().await.socket.split();
    // As a browser does, which hears while it speaks.
    tokio::spawn(async move { sink.send(Frame::text("x".repeat(5 << 20))).await });
    let mut is_problem = false;
    while let Some(Ok(frame)) = stream.next().await {
        match frame {
            Frame::Text(text) => is_problem |= text.contains("more than 4194304 bytes"),
            Frame::Close(close) => {
                assert_eq!(u16::from(close.unwrap().code), 1009);
                assert!(is_problem);
                return;
            }
            _ => {}
        }
    }
    panic!("no reason was given");
}

#[tokio::test]
async fn a_keyed_frame_that_is_refused_says_why() {
    let agent = Agent::start().await;
    let mut window = agent.window().await;
    let long = "line\n".repeat(100_000);
    let press = json!({"type": "press", "key": "k", "channel": "ops", "entry": "99", "control": "b0.0"});
    let frames = [
        (json!({"type": "say", "key": "k", "channel": "none", "text": "do x"}), "there are: ops, dev"),
        (json!({"type": "say", "key": "k", "channel": "ops", "text": " \n"}), "nothing was said"),
        (json!({"type": "say", "key": "k", "channel": "ops", "text": long}), "500000 bytes"),
        (json!({"type": "say", "key": "k", "channel": "ops"}), "missing field `text`"),
        (press, "not there any more"),
        (json!({"type": "cancel", "key": "k", "channel": "ops", "command": "c99"}), "does not run here"),
        (json!({"type": "cancel", "key": "k", "channel": "ops", "command": "99"}), "not understood"),
    ];
    for (frame, reason) in frames {
        window.send(frame).await;
        let said = window.answer("k").await.unwrap_err();
        assert!(said.contains(reason), "{said}");
    }
    assert_eq!(agent.calls(), 0);
}

#[tokio::test]
async fn ten_thousand_lines_are_one_command() {
    let agent = Agent::start().await;
    let mut window = agent.window().await;
    window.say("k1", &format!("do size {}", "line\n".repeat(10_000))).await;
    window.answer("k1").await.unwrap();
    window.entry(|entry| entry["answers"] == "1").await;
    assert_eq!(agent.calls(), 1);
}

#[tokio::test]
async fn a_control_is_used_with_what_all_controls_hold() {
    let agent = Agent::start().await;
    let mut window = agent.window().await;
    window.say("k1", "do controls").await;
    let entry = window.entry(|entry| entry["message"]["sections"].is_array()).await;
    let (id, control) = (&entry["id"], "s0.0");
    window
        .send(
            json!({"type": "press", "key": "k2", "channel": "ops", "entry": id, "control": control, "values": ["web"],
            "entered": {"i0.0": ["x"]}}),
        )
        .await;
    window.answer("k2").await.unwrap();
    assert_eq!(
        window.entry(|entry| entry["text"].is_string() && entry["how"] != "typed").await["how"],
        "selectValueChange"
    );
    window.ended("do chosen web").await;
}

#[tokio::test]
async fn a_button_that_is_not_there_any_more_runs_nothing() {
    let agent = Agent::start().await;
    let mut window = agent.window().await;
    window.say("k1", "do controls").await;
    let entry = window.entry(|entry| entry["message"]["sections"].is_array()).await;
    let press =
        |key: &str| json!({"type": "press", "key": key, "channel": "ops", "entry": entry["id"], "control": "b0.0"});
    window.send(press("k2")).await;
    window.answer("k2").await.unwrap();
    window.entry(|now| now["id"] == entry["id"] && code(now) == "replaced").await;
    window.send(press("k3")).await;
    let reason = window.answer("k3").await.unwrap_err();
    assert!(reason.contains("no control `b0.0`"), "{reason}");
    assert_eq!(agent.calls(), 2);
}

#[tokio::test]
async fn a_form_that_is_sent_twice_is_run_once() {
    let agent = Agent::start().await;
    let mut window = agent.window().await;
    window.say("k1", "do controls").await;
    let entry = window.entry(|entry| entry["message"]["sections"].is_array()).await;
    for _ in 0..2 {
        window
            .send(json!({"type": "press", "key": "k2", "channel": "ops", "entry": entry["id"], "control": "i0.0",
                "values": ["Ada"]}))
            .await;
        window.answer("k2").await.unwrap();
    }
    window.say("k3", "do last").await;
    window.ended("do last").await;
    assert_eq!(agent.calls(), 3);
}

#[tokio::test]
async fn options_are_found_by_what_is_typed() {
    let agent = Agent::start().await;
    let mut window = agent.window().await;
    window.say("k1", "do controls").await;
    let entry = window.entry(|entry| entry["message"]["sections"].is_array()).await;
    let ask = |id: u64, control: &str| json!({"type": "options", "id": id, "channel": "ops", "entry": entry["id"], "control": control, "query": "WO"});
    window.send(ask(7, "s0.0")).await;
    let options = window.frame("options").await;
    assert_eq!((&options["id"], &options["groups"][0]["options"][0]["value"]), (&json!(7), &json!("worker")));
    window.send(ask(8, "s9.0")).await;
    assert!(window.frame("options").await["reason"].as_str().unwrap().contains("no select"));
}

#[tokio::test]
async fn what_is_typed_can_be_completed() {
    let agent = Agent::start().await;
    let mut window = agent.window().await;
    window.send(json!({"type": "complete", "id": 3, "channel": "ops", "text": "do"})).await;
    let completions = window.frame("completions").await;
    assert_eq!((&completions["id"], &completions["items"][0]["text"]), (&json!(3), &json!("do")));
}

#[tokio::test]
async fn a_command_is_cancelled_once() {
    let agent = Agent::start().await;
    let mut window = agent.window().await;
    window.say("k1", "do wait").await;
    let entry = window.entry(|entry| entry["live"]["state"]["running"].is_string()).await;
    let cancel = json!({"type": "cancel", "key": "k2", "channel": "ops", "command": entry["live"]["command"]});
    for _ in 0..2 {
        window.send(cancel.clone()).await;
        window.answer("k2").await.unwrap();
    }
    window.say("k3", "do last").await;
    let ended = window.entry(|now| now["id"] == entry["id"]).await;
    assert_eq!(ended["live"]["state"]["ended"]["status"], "cancelled");
}

#[tokio::test]
async fn a_command_of_an_earlier_run_of_the_agent_is_not_mistaken_for_one_of_this() {
    let agent = Agent::start().await;
    let mut window = agent.window().await;
    window.say("k1", "do wait").await;
    let entry = window.entry(|entry| entry["live"]["state"]["running"].is_string()).await;
    let command = &entry["live"]["command"];
    window.send(json!({"type": "cancel", "key": "k2", "channel": "ops", "command": command, "agent": "earlier"})).await;
    assert!(window.answer("k2").await.is_err());
}

#[tokio::test]
async fn who_comes_back_gets_what_is_new_and_nothing_else() {
    let agent = Agent::start().await;
    let browser = agent.browser().await;
    let mut window = browser.window(json!({})).await;
    window.say("k1", "do one").await;
    let seen = window.ended("do one").await["revision"].clone();
    window.say("k2", "do two").await;
    let new = window.ended("do two").await["id"].clone();
    let mut back = browser.window(json!({"ops": seen})).await;
    loop {
        let frame = back.frame("entries").await;
        if frame["channel"] == "ops" {
            assert_eq!(frame["reset"], false);
            let ids: Vec<&Value> = frame["entries"].as_array().unwrap().iter().map(|entry| &entry["id"]).collect();
            assert_eq!(ids, [&json!("3"), &new]);
            break;
        }
    }
}

#[tokio::test]
async fn who_has_seen_another_history_begins_anew() {
    let agent = Agent::start().await;
    let browser = agent.browser().await;
    let mut window = browser.window(json!({})).await;
    window.say("k1", "do one").await;
    let revision = window.ended("do one").await["revision"].as_u64().unwrap();
    for seen in [revision + 1000, 3] {
        let mut back = browser.window(json!({"ops": seen})).await;
        let entries = loop {
            let frame = back.frame("entries").await;
            if frame["channel"] == "ops" {
                break frame;
            }
        };
        assert_eq!(entries["reset"], true, "{seen}");
        assert_eq!(entries["entries"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test]
async fn output_grows_by_what_is_new() {
    let agent = Agent::start().await;
    let mut window = agent.window().await;
    window.say("k1", "do flood 5000").await;
    let mut shown = String::new();
    let mut revision = 0;
    loop {
        let frame = window.next().await;
        if frame["type"] == "grown" {
            // What a page builds on is the latest it was told.
            assert_eq!((&frame["id"], frame["revision"].as_u64()), (&json!("2"), Some(revision + 1)));
            shown += frame["text"].as_str().unwrap();
            revision += 1;
        }
        for entry in frame["entries"].as_array().into_iter().flatten() {
            revision = revision.max(entry["revision"].as_u64().unwrap());
            if entry["answers"] == "1" && entry["file"].is_null() {
                if entry["id"] == "2" {
                    code(entry).clone_into(&mut shown);
                }
                // The end comes below the output, with a way to filter it.
                if !entry["live"]["state"]["ended"].is_null() {
                    let lines: Vec<String> = (0..5000).map(|line| format!("line {line}")).collect();
                    assert!(shown.lines().eq(lines));
                    return;
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_reads_nothing_holds_up_nobody_and_sees_the_end() {
    let agent = Agent::start().await;
    let (mut slow, mut quick) = (agent.window().await, agent.window().await);
    for number in 0..8 {
        quick.say(&format!("k{number}"), "do flood 20000").await;
    }
    let ended = |entry: &Value| !entry["live"]["state"]["ended"].is_null();
    for _ in 0..8 {
        quick.entry(ended).await;
    }
    // Of each the end, however little of what was before.
    let mut seen = BTreeSet::new();
    while seen.len() < 8 {
        seen.insert(slow.entry(ended).await["id"].to_string());
    }
}

#[tokio::test]
async fn a_file_is_for_who_sees_its_entry() {
    let agent = Agent::start().await;
    let browser = agent.browser().await;
    let mut window = browser.window(json!({})).await;
    window.say("k1", "do flood 200000").await;
    let entry = window.entry(|entry| entry["file"].is_object()).await;
    let url = entry["file"]["url"].as_str().unwrap();
    let file = browser.get(url).await;
    assert_eq!(file.status, 200);
    assert_eq!(file.body.len() as u64, entry["file"]["size"].as_u64().unwrap());
    assert!(file.header("content-disposition").unwrap().starts_with("attachment; filename=\"output.txt\""));
    assert_eq!(file.header("content-type"), Some("application/octet-stream"));
    assert_eq!(agent.get(url, &[]).await.status, 403);
    assert_eq!(browser.get("/files/..%2fconsole.redb").await.status, 404);
    assert_eq!(browser.get("/files/guessed").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_so_many_windows_can_be_open() {
    let agent = Agent::start().await;
    let browser = agent.browser().await;
    let mut open = Vec::new();
    for _ in 0..botkube_console::web::WINDOWS {
        let mut window = browser.window(json!({})).await;
        window.frame("welcome").await;
        open.push(window);
    }
    let origin = format!("http://127.0.0.1:{}", agent.port());
    let mut more = browser.socket(&[("origin", &origin), ("cookie", &browser.cookie)]).await.unwrap();
    assert_eq!(more.close().await, (1013, "64 windows are open, and no more can be; close some".into()));
}

#[tokio::test]
async fn when_the_agent_ends_windows_are_told() {
    let agent = Agent::start().await;
    let mut window = agent.window().await;
    window.say("k1", "do wait").await;
    window.entry(|entry| entry["live"]["state"]["running"].is_string()).await;
    agent.end().await;
    assert_eq!(window.close().await, (1001, "the agent ends".into()));
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let agent = Agent::start().await;
    let store = std::sync::Arc::new(botkube_console::store::InMemory::default());
    let rooms = botkube_console::rooms::Rooms::new(Vec::new(), store);
    let completer = botkube_console::completion::Completer::new(crate::console().dispatcher);
    let stop = tokio_util::sync::CancellationToken::new();
    let error = botkube_console::web::Web::start(rooms, completer, agent.port(), "demo", stop).await.err().unwrap();
    assert!(error.to_string().contains(&format!("127.0.0.1:{}", agent.port())), "{error}");
}
