//! The text of a lock, both ways.

use proptest::prelude::*;

use super::*;

const SHA256: &str = "bfdeaeb08cffb6a36438bcd12dda25417e3cdd36f1e7e482a2849d539225288b";

fn file() -> LockedFile {
    LockedFile { url: "https://h/x.tar.gz".into(), sha256: SHA256.into(), program: SHA256.into() }
}

fn lock(key: &str, version: &str, dependencies: &[&str]) -> Lock {
    let dependencies = dependencies.iter().map(|name| ((*name).to_owned(), file())).collect();
    let files = LockedFiles { program: file(), dependencies };
    let platforms = BTreeMap::from([("linux/amd64".parse().unwrap(), files)]);
    let plugin = LockedPlugin { repository: "https://h/index.yaml".into(), version: version.into(), platforms };
    Lock { plugins: BTreeMap::from([((key.into(), PluginKind::Executor), plugin)]) }
}

/// The text is refused at this line, with this said.
#[track_caller]
fn check_refused(text: &str, line: u32, said: &str) {
    let error = Lock::parse(text).unwrap_err();
    assert_eq!(error.line, line, "{error}");
    assert!(error.to_string().contains(said), "{error}");
}

#[test]
fn a_lock_is_read_as_it_was_written() {
    for lock in
        [Lock::default(), lock("corp/echo", "v1.0.0", &[]), lock("corp/echo@1.10", "1.10", &["kubectl", "helm"])]
    {
        assert_eq!(Lock::parse(&lock.to_yaml()), Ok(lock));
    }
}

#[test]
fn the_text_says_what_it_is_and_reads_like_what_people_write() {
    let text = lock("corp/echo", "1.10", &["kubectl"]).to_yaml();
    assert!(text.starts_with("# The plugins of the configuration beside this file"), "{text}");
    let expected = format!(
        "  - key: corp/echo\n    kind: executor\n    repository: https://h/index.yaml\n    version: \"1.10\"\n    platforms:\n      \
         linux/amd64:\n        url: https://h/x.tar.gz\n        sha256: {SHA256}\n"
    );
    assert!(text.contains(&expected), "{text}");
}

#[test]
fn what_is_wrong_is_said_with_its_line() {
    let good = lock("corp/echo", "v1", &["kubectl"]).to_yaml();
    check_refused("plugins: [", 1, "no valid YAML");
    check_refused("[]", 1, "is a list and no map");
    check_refused("version: 2\nplugins: []\n", 1, "use an agent of the version that wrote it");
    check_refused("version: 1\nplugin: []\n", 2, "is `plugins` meant?");
    check_refused(&good.replace("kind: executor", "kind: plugin"), 6, "there are `executor` and `source`");
    check_refused(&good.replace("key: corp/echo", "key: echo"), 5, "is no plugin's key");
    check_refused(&good.replace("linux/amd64", "linux"), 11, "write one like `linux/amd64`");
    check_refused(&good.replacen(SHA256, "abc", 1), 12, "not the 64 digits of a SHA-256");
    check_refused(&good.replacen("program:", "programme:", 1), 13, "is `program` meant?");
    check_refused(&format!("{good}{}", good.split_once("plugins:\n").unwrap().1), 19, "is locked twice");
}

#[test]
fn a_lock_tells_what_it_lacks_for_a_platform() {
    let lock = lock("corp/echo", "v1", &[]);
    let (echo, other): (PluginKey, PluginKey) = ("corp/echo".parse().unwrap(), "corp/other".parse().unwrap());
    let wanted = [(PluginKind::Executor, &echo), (PluginKind::Source, &echo), (PluginKind::Executor, &other)];
    let lacks = lock.lacks(wanted, &"linux/amd64".parse().unwrap());
    let not = |key: &PluginKey| (key.to_string(), Difference::NotLocked);
    assert_eq!(lacks, [not(&echo), not(&other)]);
    let lacks = lock.lacks([wanted[0]], &"darwin/arm64".parse().unwrap());
    let said = format!("{}{}", lacks[0].1, lacks[0].1.accept(&lacks[0].0));
    assert!(
        said.contains("for linux/amd64 and not for darwin/arm64; `botkube lock --platform darwin/arm64`"),
        "{said}"
    );
}

proptest! {
    #[test]
    fn whatever_an_index_calls_things_is_read_back(version in any::<String>(), name in any::<String>(), url in any::<String>()) {
        prop_assume!(![&version, &name, &url].iter().any(|text| text.is_empty()));
        let mut lock = lock("corp/echo", &version, &[&name]);
        lock.plugins.values_mut().next().unwrap().repository = url;
        prop_assert_eq!(Lock::parse(&lock.to_yaml()), Ok(lock));
    }

    #[test]
    fn no_text_breaks_the_reader(text in "\\PC*") {
        if let Err(error) = Lock::parse(&text) {
            prop_assert!(error.line > 0);
        }
    }
}
