//! What an author can rely on, called in process.

mod live;
#[cfg(feature = "clap")]
mod parse;

use std::sync::atomic::{AtomicU32, Ordering};

use botkube_plugin::{prelude::*, testing::Plugin};
use tokio_stream::StreamExt;

/// How this plugin is configured.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
struct Config {
    /// Where to look.
    place: Place,
    /// How often.
    times: u32,
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
struct Place {
    city: String,
    street: String,
}

impl Default for Config {
    fn default() -> Self {
        Self { place: Place { city: "Bern".into(), street: "Gasse".into() }, times: 1 }
    }
}

#[derive(Default)]
struct Probe {
    calls: AtomicU32,
}

impl Executor for Probe {
    type Config = Config;

    fn about(&self) -> About {
        about!().name("probe").example("Look", "probe config").dependency("kubectl", [("linux/amd64", "https://x/y")])
    }

    async fn execute(&self, call: Call<Config>) -> Result<Reply> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        match call.arguments() {
            "config" => Ok(Reply::code(serde_json::to_string(&*call.config)?)),
            "raw" => Ok(call.raw_configs().map(|raw| Message::text(String::from_utf8_lossy(raw))).collect()),
            "words 'a b' | c" => Ok(Reply::code(call.words()?.join(","))),
            "user" => Ok(Reply::code(format!("{:?} {}", call.user(), call.is_interactive()))),
            "kubeconfig" => Ok(Reply::code(String::from_utf8_lossy(call.kubeconfig()?.bytes()))),
            "state" => Ok(Reply::code(call.slack_state()?.value(None, "pick").unwrap_or("nothing"))),
            "cause" => Err(std::io::Error::other(std::fmt::Error))?,
            "early" => Err(Error::answer(Reply::code("early"))),
            "panic" => panic!("on purpose"),
            "late-panic" => Ok(Reply::stream(tokio_stream::iter(0..1).map(|_| panic!("late")))),
            "late-answer" => Ok(Reply::stream(tokio_stream::once(Err(Error::answer(Reply::code("late")))))),
            "debug" => Ok(Reply::code(format!("{call:?}"))),
            "boxed" => Err(Error::from_boxed("a box")),
            other => Err(Error::for_user(format!("what is {other:?}?"))),
        }
    }
}

async fn asked(arguments: &str, configs: &[&str]) -> Result<Reply> {
    Plugin::new(Probe::default()).execute(&format!("probe {arguments}"), configs).await
}

#[track_caller]
fn failed(outcome: Result<Reply>, text: &str) {
    assert_eq!(outcome.expect_err("it fails").to_string(), text);
}

#[tokio::test]
async fn what_a_user_leaves_out_of_a_nested_value_is_the_default_of_the_whole() {
    let reply = asked("config", &["place: {city: Basel}", "TIMES: '3'"]).await.unwrap();
    assert_eq!(reply, Reply::code(r#"{"place":{"city":"Basel","street":"Gasse"},"times":3}"#));
}

#[tokio::test]
async fn nothing_null_and_no_configuration_mean_the_defaults() {
    for configs in [&[][..], &[""], &["null"], &["null", ""]] {
        let reply = asked("config", configs).await.unwrap();
        assert_eq!(reply, Reply::code(r#"{"place":{"city":"Bern","street":"Gasse"},"times":1}"#), "{configs:?}");
    }
}

#[tokio::test]
async fn the_same_plugin_takes_another_configuration_with_every_call() {
    let plugin = Plugin::new(Probe::default());
    for times in [1, 2, 1, 3] {
        let reply = plugin.execute("probe config", &[&format!("times: {times}")]).await.unwrap();
        assert!(format!("{reply:?}").contains(&format!("times\\\":{times}")), "{reply:?}");
    }
}

#[tokio::test]
async fn configurations_are_also_there_as_they_were_written() {
    let reply = asked("raw", &["times: 1 # one", "{}"]).await.unwrap();
    assert_eq!(reply, Reply::message(Message::text("times: 1 # one")).more(Message::text("{}")));
}

#[tokio::test]
async fn a_configuration_that_makes_no_sense_names_the_key() {
    let error = asked("config", &["place: {city: [a, b]}"]).await.unwrap_err().to_string();
    assert!(error.contains("place.city"), "{error}");
}

#[tokio::test]
async fn words_end_at_an_unquoted_separator() {
    assert_eq!(asked("words 'a b' | c", &[]).await.unwrap(), Reply::code("probe,words,a b"));
}

#[tokio::test]
async fn the_call_knows_who_asks_and_where() {
    let plugin = Plugin::new(Probe::default()).user("<@U1>", "Ada").interactive();
    let reply = plugin.execute("probe user", &[]).await.unwrap();
    assert_eq!(reply, Reply::code(r#"User { mention: "<@U1>", display_name: "Ada" } true"#));
}

#[tokio::test]
async fn a_missing_kubeconfig_is_explained_to_the_user() {
    let error = asked("kubeconfig", &[]).await.unwrap_err().to_string();
    assert!(error.contains("RBAC configuration for probe"), "{error}");
    let plugin = Plugin::new(Probe::default()).kubeconfig("kind: Config");
    assert_eq!(plugin.execute("probe kubeconfig", &[]).await.unwrap(), Reply::code("kind: Config"));
}

#[tokio::test]
async fn what_is_chosen_in_a_select_can_be_read() {
    let state = r#"{"values":{"b1":{"pick":{"files":null,"selected_options":null,"selected_option":{"text":null,"value":"web-1"}}}}}"#;
    let plugin = Plugin::new(Probe::default()).slack_state(state);
    assert_eq!(plugin.execute("probe state", &[]).await.unwrap(), Reply::code("web-1"));
    assert_eq!(asked("state", &[]).await.unwrap(), Reply::code("nothing"));
}

#[tokio::test]
async fn errors_say_their_own_text_and_their_causes_once() {
    failed(asked("nonsense", &[]).await, "what is \"nonsense\"?");
    failed(asked("boxed", &[]).await, "a box");
    failed(asked("cause", &[]).await, "an error occurred when formatting an argument");
}

#[tokio::test]
async fn an_early_answer_counts_as_success() {
    assert_eq!(asked("early", &[]).await.unwrap(), Reply::code("early"));
    assert_eq!(asked("late-answer", &[]).await.unwrap(), Reply::code("late"));
}

#[tokio::test]
async fn a_panic_ends_the_call_and_not_the_plugin() {
    let plugin = Plugin::new(Probe::default());
    failed(plugin.execute("probe panic", &[]).await, "the plugin panicked: on purpose");
    failed(plugin.execute("probe late-panic", &[]).await, "the plugin panicked: late");
    assert!(plugin.execute("probe config", &[]).await.is_ok());
}

#[tokio::test]
async fn debug_output_of_a_call_holds_no_secret() {
    let plugin = Plugin::new(Probe::default()).kubeconfig("token: s3cret");
    let shown = format!("{:?}", plugin.execute("probe debug", &["place: {city: s3cret}"]).await.unwrap());
    assert!(shown.contains("probe debug") && !shown.contains("s3cret"), "{shown}");
}

#[test]
fn the_schema_has_the_doc_comments_and_the_defaults() {
    let schema = Plugin::new(Probe::default()).schema();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    assert_eq!(schema["description"], "How this plugin is configured.");
    assert_eq!(schema["properties"]["times"]["description"], "How often.");
    assert_eq!(schema["properties"]["times"]["default"], 1);
}

#[tokio::test]
async fn an_example_that_fails_is_named() {
    struct Bad;
    impl Executor for Bad {
        type Config = NoConfig;
        fn about(&self) -> About {
            about!().name("bad").example("Try", "bad luck")
        }
        async fn execute(&self, _: Call<NoConfig>) -> Result<Reply> {
            Err(Error::for_user("no"))
        }
    }
    let error = Plugin::new(Bad).check_examples(&[]).await.unwrap_err();
    assert_eq!(error.to_string(), "the example \"bad luck\" failed: no");
}
