//! Where plugins come from, and what is said when they come from nowhere.

use super::*;

/// Gives every plugin of the repository `corp` but one.
#[derive(Debug)]
struct Corp;

#[async_trait]
impl Fetcher for Corp {
    async fn fetch(&self, plugin: &PluginKey) -> Result<Fetched, String> {
        match plugin.name.as_str() {
            "lost" => Err("the index of `corp` has no `lost`".into()),
            name => {
                let program = format!("/cache/{name}").into();
                Ok(Fetched { program, dependencies: Some("/cache/deps".into()), version: "1.0.0".into() })
            }
        }
    }
}

fn catalogue() -> Catalogue {
    Catalogue {
        given: BTreeMap::from([("mine".into(), "./mine".into())]),
        embedded: Embedded {
            program: "/bin/botkube".into(),
            args: vec!["__plugin".into()],
            names: vec!["echo".into()],
        },
        repositories: BTreeSet::from(["corp".into()]),
        fetcher: Some(Arc::new(Corp)),
        ..Catalogue::default()
    }
}

fn key(key: &str) -> PluginRef {
    PluginRef::Key(key.parse().unwrap())
}

async fn obtained(plugin: PluginRef) -> Executable {
    catalogue().obtain(&plugin).await.unwrap()
}

#[track_caller]
fn refused(outcome: Result<Executable, String>, said: &[&str]) {
    let reason = outcome.unwrap_err();
    for part in said {
        assert!(reason.contains(part), "{part:?} is not in {reason:?}");
    }
}

#[tokio::test]
async fn a_given_executable_replaces_every_plugin_of_its_name() {
    for plugin in [key("corp/mine"), key("botkube/mine"), key("nobody/mine"), PluginRef::Named("mine".into())] {
        assert_eq!(obtained(plugin).await.program, PathBuf::from("./mine"));
    }
}

#[tokio::test]
async fn plugins_of_an_undefined_botkube_repository_come_with_the_agent() {
    let found = obtained(key("botkube/echo")).await;
    assert_eq!((found.program, found.args), ("/bin/botkube".into(), vec!["__plugin".into(), "echo".into()]));
}

#[tokio::test]
async fn plugins_of_a_defined_repository_are_fetched_with_their_dependencies() {
    let expected = Executable {
        program: "/cache/echo".into(),
        args: Vec::new(),
        dependencies: Some("/cache/deps".into()),
        version: Some("1.0.0".into()),
    };
    assert_eq!(obtained(key("corp/echo@1.0.0")).await, expected);
}

/// Gives every plugin as the newest build of it.
#[derive(Debug)]
struct Builds;

#[async_trait]
impl Fetcher for Builds {
    async fn fetch(&self, plugin: &PluginKey) -> Result<Fetched, String> {
        let program = format!("/builds/{}", plugin.name).into();
        Ok(Fetched { program, dependencies: None, version: "dev".into() })
    }
}

#[tokio::test]
async fn a_repository_with_a_fetcher_of_its_own_needs_no_definition_and_others_keep_theirs() {
    let fetchers = BTreeMap::from([("dev".to_owned(), Arc::new(Builds) as Arc<dyn Fetcher>)]);
    let catalogue = Catalogue { fetchers, ..catalogue() };
    for (plugin, expected) in [("dev/greet", "/builds/greet"), ("corp/greet", "/cache/greet")] {
        assert_eq!(catalogue.obtain(&key(plugin)).await.unwrap().program, PathBuf::from(expected));
    }
}

#[tokio::test]
async fn a_plugin_that_cannot_be_fetched_is_refused_in_the_fetchers_words() {
    refused(catalogue().obtain(&key("corp/lost")).await, &["the index of `corp` has no `lost`"]);
}

#[tokio::test]
async fn a_plugin_that_does_not_come_with_the_agent_is_refused_with_those_that_do() {
    refused(catalogue().obtain(&key("botkube/helm")).await, &["`helm`", "(echo do)", "--plugin helm=PATH"]);
}

#[tokio::test]
async fn a_repository_that_nobody_defines_is_refused_with_what_to_write() {
    let said = ["`nobody/helm@v1`", "plugins: {repositories: {nobody: {url: …}}}", "--plugin helm=PATH"];
    refused(catalogue().obtain(&key("nobody/helm@v1")).await, &said);
}

#[tokio::test]
async fn without_a_fetcher_a_plugin_of_a_repository_is_refused_with_the_way_out() {
    let catalogue = Catalogue { fetcher: None, ..catalogue() };
    refused(catalogue.obtain(&key("corp/helm")).await, &["repository `corp`", "--plugin helm=PATH"]);
}
