//! What is made, and what is refused with nothing written.

use std::{os::unix::fs::PermissionsExt, time::Duration};

use tempfile::TempDir;

use super::*;

fn wanted(name: &str, language: Language) -> Wanted {
    Wanted { name: name.into(), language, author: None }
}

fn made(name: &str, language: Language) -> (TempDir, PathBuf) {
    let parent = tempfile::tempdir().unwrap();
    let path = executor(parent.path(), &wanted(name, language)).unwrap();
    (parent, path)
}

/// Every file in a folder, with its text.
fn files(dir: &Path) -> Vec<(PathBuf, String)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        match entry.is_dir() {
            true => all.extend(files(&entry)),
            false => all.push((entry.clone(), fs::read_to_string(&entry).unwrap())),
        }
    }
    all
}

#[track_caller]
fn refused(name: &str, reason: &str) {
    let parent = tempfile::tempdir().unwrap();
    let error = executor(parent.path(), &wanted(name, Language::Go)).unwrap_err();
    assert!(matches!(error, NewError::Name { .. }) && error.to_string().contains(reason), "{name:?}: {error}");
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0, "{name:?}");
}

#[test]
fn a_name_that_people_could_not_type_or_files_not_have_is_refused() {
    for name in ["", "two_words", "Greet", "gr eet", "../greet", "gréet"] {
        refused(name, "small letters, digits and `-`");
    }
    for name in ["1st", "-x", "x-"] {
        refused(name, "begins with a letter and ends with");
    }
    refused(&"x".repeat(LONGEST_NAME + 1), "has 41 letters, and may have 40");
}

#[test]
fn the_name_of_a_built_in_command_is_refused() {
    for verb in Builtin::verbs() {
        refused(verb, "is a command of the agent's own");
    }
}

#[test]
fn no_word_is_left_to_be_filled_in() {
    for language in [Language::Go, Language::Rust(Sdk::Release), Language::Rust(Sdk::own())] {
        let (_parent, path) = made("two-words", language);
        for (file, text) in files(&path) {
            let left = text.lines().find(|line| {
                line.split('@')
                    .skip(1)
                    .any(|word| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
            });
            assert_eq!(left, None, "{}", file.display());
        }
    }
}

#[test]
fn the_licence_names_the_author_and_the_year() {
    let parent = tempfile::tempdir().unwrap();
    let by = |author: &str| Wanted { author: Some(author.into()), ..wanted("greet", Language::Go) };
    let licence =
        |wanted: &Wanted| fs::read_to_string(executor(parent.path(), wanted).unwrap().join("LICENSE")).unwrap();
    let year = year(SystemTime::now());
    assert!(licence(&by("Ada")).contains(&format!("Copyright (c) {year} Ada\n")));
    fs::remove_dir_all(parent.path().join("greet")).unwrap();
    assert!(licence(&by(" ")).contains(&format!("Copyright (c) {year} The authors of greet\n")));
}

#[test]
fn the_year_begins_and_ends_with_its_days() {
    let check = |seconds, expected| assert_eq!(year(UNIX_EPOCH + Duration::from_secs(seconds)), expected, "{seconds}");
    check(0, 1970);
    check(951_782_400, 2000); // The 29th of February.
    check(1_798_761_599, 2026);
    check(1_798_761_600, 2027);
}

#[test]
fn a_released_executable_names_its_tag_and_one_built_from_sources_their_folder() {
    let (_parent, path) = made("greet", Language::Rust(Sdk::Release));
    let manifest = fs::read_to_string(path.join("Cargo.toml")).unwrap();
    let tag = format!("tag = \"v{}\" }}", env!("CARGO_PKG_VERSION"));
    assert!(
        manifest.lines().any(|line| line.starts_with("botkube-plugin = { git = ") && line.ends_with(&tag)),
        "{manifest}"
    );
    assert!(!path.join("Cargo.lock").exists(), "what is not here cannot be locked");

    let (_parent, path) = made("greet", Language::Rust(Sdk::own()));
    let manifest = fs::read_to_string(path.join("Cargo.toml")).unwrap();
    assert!(manifest.lines().any(|line| line.starts_with("botkube-plugin = { path = \"/")), "{manifest}");
}

#[test]
fn the_versions_of_crates_are_those_this_was_built_with_and_no_more() {
    let (_parent, path) = made("greet", Language::Rust(Sdk::own()));
    let lock = fs::read_to_string(path.join("Cargo.lock")).unwrap();
    let tonic = LOCK.split("\n\n").find(|package| package.contains("name = \"tonic\"")).unwrap();
    assert!(lock.contains(tonic.split("dependencies").next().unwrap()), "{lock}");
    assert!(!lock.contains("name = \"axum\""), "{lock}");
}

#[test]
fn the_sdk_is_found_by_its_crates_by_itself_and_by_its_clone() {
    let Sdk::Path(sdk) = Sdk::own() else { panic!("this is built from sources") };
    let crates = sdk.parent().unwrap();
    for folder in [&sdk, crates, crates.parent().unwrap()] {
        assert_eq!(Sdk::in_folder(folder).unwrap(), Sdk::Path(sdk.clone()), "{}", folder.display());
    }
    let error = Sdk::in_folder(&crates.join("botkube-api")).unwrap_err();
    assert!(error.to_string().contains("the crate botkube-plugin is not there"), "{error}");
}

#[test]
fn what_is_there_stays_as_it_is_unless_it_is_an_empty_folder() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("greet");
    fs::create_dir(&folder).unwrap();
    executor(parent.path(), &wanted("greet", Language::Go)).unwrap();
    let before = files(&folder);
    let error = executor(parent.path(), &wanted("greet", Language::Rust(Sdk::own()))).unwrap_err();
    assert!(matches!(error, NewError::Exists { .. }), "{error}");
    assert_eq!(files(&folder), before);
    assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1, "nothing is left beside it");
    assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o500, 0o500);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let parent = tempfile::tempdir().unwrap();
    let error = executor(&parent.path().join("missing"), &wanted("greet", Language::Go)).unwrap_err();
    assert!(error.to_string().contains("missing: "), "{error}");
}

#[test]
fn the_workflow_is_yaml_and_runs_on_tags() {
    for language in [Language::Go, Language::Rust(Sdk::Release)] {
        let (_parent, path) = made("greet", language);
        let text = fs::read_to_string(path.join(".github/workflows/release.yml")).unwrap();
        let workflow: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(workflow["on"]["push"]["tags"][0], "v*", "{text}");
        let steps = workflow["jobs"]["release"]["steps"].as_array().unwrap();
        assert!(steps.iter().all(|step| step["uses"].is_string() || step["run"].is_string()), "{text}");
    }
}
