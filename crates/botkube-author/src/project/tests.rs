//! What folders are, what is built in them, and what asks for that.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    sync::{Mutex, PoisonError},
};

use botkube_plugin_host::index::PluginKind::{Executor, Source};
use tempfile::TempDir;

use super::{cargo::Program, *};

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = dir.path().join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    dir
}

async fn build(dir: &Path, command: Option<&str>) -> (Result<Vec<Built>, BuildError>, Vec<String>) {
    let said = Mutex::new(Vec::new());
    let say = |line: &str| said.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
    let built = Project::find(dir, command).unwrap().build(&say).await;
    (built, said.into_inner().unwrap())
}

/// What was built, by name and by its path in the folder.
fn shown(dir: &Path, built: &[Built]) -> Vec<String> {
    let dir = dir.canonicalize().unwrap();
    let shown =
        |one: &Built| format!("{} {} {}", one.kind, one.name, one.program.strip_prefix(&dir).unwrap().display());
    built.iter().map(shown).collect()
}

#[test]
fn a_folder_is_told_by_its_manifest_and_by_what_it_is_said_to_be() {
    let cargo = folder(&[("Cargo.toml", ""), ("go.mod", "")]);
    assert_eq!(*Project::find(cargo.path(), None).unwrap().language(), Language::Cargo);
    let go = folder(&[("go.mod", "")]);
    assert_eq!(*Project::find(go.path(), None).unwrap().language(), Language::Go);
    assert_eq!(*Project::find(go.path(), Some("make")).unwrap().language(), Language::Command("make".into()));
}

#[test]
fn a_folder_without_a_plugin_and_no_folder_are_told_apart() {
    let empty = folder(&[("file", "")]);
    let error = Project::find(empty.path(), None).unwrap_err();
    assert!(matches!(error, ProjectError::NoPlugin { .. }), "{error}");
    assert!(error.to_string().contains("neither Cargo.toml nor go.mod"), "{error}");
    for none in ["file", "missing"] {
        let error = Project::find(&empty.path().join(none), None).unwrap_err();
        assert!(matches!(error, ProjectError::Folder { .. }), "{error}");
    }
}

#[test]
fn a_programs_name_says_what_plugin_it_is() {
    let check = |program: &str, expected: Option<(PluginKind, &str)>| {
        assert_eq!(named(program), expected.map(|(kind, name)| (kind, name.to_owned())), "{program}");
    };
    check("executor-greet", Some((Executor, "greet")));
    check("executor_greet", Some((Executor, "greet")));
    check("executor_greet_linux_amd64", Some((Executor, "greet")));
    check("source-cm-watcher", Some((Source, "cm-watcher")));
    check("executor", None);
    check("executor-", None);
    check("greet", None);
}

#[test]
fn a_name_that_cannot_be_published_is_refused_with_one_that_can() {
    let error = checked(Executor, "two_Words".into(), "executor-two_Words").unwrap_err();
    assert!(error.to_string().ends_with("call the program executor-two-words"), "{error}");
    let error = checked(Executor, "1_".into(), "1_").unwrap_err();
    assert!(error.to_string().ends_with("call the program executor-mine"), "{error}");
}

#[test]
fn of_a_crates_programs_those_called_so_are_plugins_or_the_only_one() {
    let program = |package: &str, name: &str| Program { package: package.into(), name: name.into(), file: name.into() };
    let check = |programs: &[Program], expected: &[(PluginKind, &str)]| {
        let built = cargo::plugins(Path::new("/p"), programs.to_vec()).unwrap();
        let names: Vec<_> = built.iter().map(|one| (one.kind, one.name.as_str())).collect();
        assert_eq!(names, expected);
    };
    check(&[program("a", "greet")], &[(Executor, "greet")]);
    check(&[program("a", "executor-greet"), program("a", "tool")], &[(Executor, "greet")]);
    check(&[program("a", "source-x"), program("b", "executor-x")], &[(Source, "x"), (Executor, "x")]);
    let error = cargo::plugins(Path::new("/p"), vec![program("a", "x"), program("a", "y")]).unwrap_err();
    assert!(error.to_string().contains("of the programs x, y none is called executor-NAME"), "{error}");
    let error = cargo::plugins(Path::new("/p"), Vec::new()).unwrap_err();
    assert!(error.to_string().contains("has no program"), "{error}");
}

#[test]
fn of_a_modules_programs_those_called_so_are_plugins_or_the_only_one() {
    let check = |packages: &[&str], expected: &[(PluginKind, &str)]| {
        let packages: Vec<_> = packages.iter().map(ToString::to_string).collect();
        let mains = super::go::plugins(Path::new("/p"), &packages).unwrap();
        let names: Vec<_> = mains.iter().map(|main| (main.kind, main.name.as_str())).collect();
        assert_eq!(names, expected);
    };
    check(&["example.org/greet"], &[(Executor, "greet")]);
    check(&["example.org/executor-greet/v2"], &[(Executor, "greet")]);
    check(&["a.org/m/cmd/executor/x", "a.org/m/cmd/source/x", "a.org/m/hack"], &[(Executor, "x"), (Source, "x")]);
    let refused = |packages: &[&str]| {
        let packages: Vec<_> = packages.iter().map(ToString::to_string).collect();
        super::go::plugins(Path::new("/p"), &packages).unwrap_err()
    };
    assert!(matches!(refused(&["a.org/x", "a.org/y"]), BuildError::Nothing { .. }));
    assert!(matches!(refused(&[]), BuildError::Nothing { .. }));
    assert!(matches!(refused(&["a.org/executor-x", "a.org/cmd/executor/x"]), BuildError::Twice { .. }));
}

#[tokio::test]
async fn a_crate_is_built_where_it_says_and_what_the_compiler_says_is_said() {
    let manifest = "[package]\nname = \"greet\"\nedition = \"2024\"\n[workspace]\n";
    let config = "[build]\ntarget-dir = \"made\"\n";
    let dir = folder(&[
        ("Cargo.toml", manifest),
        (".cargo/config.toml", config),
        ("src/main.rs", "fn main() { let x = 1; }"),
        ("src/bin/source-tick.rs", "fn main() {}"),
    ]);
    let (built, said) = build(dir.path(), None).await;
    // Two programs, and one of them is called as a plugin.
    assert!(said.iter().any(|line| line == "warning: unused variable: `x`"), "{said:?}");
    match std::env::var_os("CARGO_TARGET_DIR") {
        // It comes before what the folder says, for Cargo too.
        Some(_) => assert_eq!((built.as_ref().unwrap().len(), built.unwrap()[0].name.as_str()), (1, "tick")),
        None => assert_eq!(shown(dir.path(), &built.unwrap()), ["source tick made/debug/source-tick"]),
    }

    fs::write(dir.path().join("src/main.rs"), "fn main() { nothing }").unwrap();
    let (built, _) = build(dir.path(), None).await;
    let Err(BuildError::Failed { output, code, .. }) = built else { panic!("{built:?}") };
    assert!(
        output.contains("error[E0425]: cannot find value `nothing` in this scope\n --> src/main.rs:1:13"),
        "{output}"
    );
    assert_eq!(code, "exit status: 101");
}

/// What needs Go to be there.
mod go {
    use super::*;

    #[tokio::test]
    async fn a_module_is_built_into_a_folder_that_version_control_ignores() {
        let dir = folder(&[
            ("go.mod", "module example.org/greet\n\ngo 1.21\n"),
            ("main.go", "package main\n\nfunc main() {}\n"),
        ]);
        let (built, said) = build(dir.path(), None).await;
        assert_eq!(shown(dir.path(), &built.unwrap()), ["executor greet .botkube/go/executor-greet"], "{said:?}");
        assert_eq!(fs::read_to_string(dir.path().join(".botkube/.gitignore")).unwrap(), "*\n");

        fs::write(dir.path().join("main.go"), "package main\n\nfunc main() { nothing() }\n").unwrap();
        let (built, _) = build(dir.path(), None).await;
        let Err(BuildError::Failed { output, .. }) = built else { panic!("{built:?}") };
        assert!(output.contains("./main.go:3:15: undefined: nothing"), "{output}");
    }
}

/// Makes an executable of this text in the shell's words.
fn makes(file: &str, text: &str) -> String {
    format!("mkdir -p $(dirname {file}) && echo '{text}' > {file} && chmod +x {file}")
}

#[tokio::test]
async fn what_a_command_leaves_is_found_and_what_lay_there_before_is_not() {
    let dir = folder(&[("bin/executor-old", "")]);
    fs::set_permissions(dir.path().join("bin/executor-old"), fs::Permissions::from_mode(0o755)).unwrap();
    let line = format!("{} && touch executor-notes.txt", makes("build/executor_new", "#!"));
    let (built, _) = build(dir.path(), Some(&line)).await;
    assert_eq!(shown(dir.path(), &built.unwrap()), ["executor new build/executor_new"]);
}

#[tokio::test]
async fn a_command_that_has_nothing_to_do_means_what_is_there() {
    let dir = folder(&[]);
    let (built, _) = build(dir.path(), Some(&makes("executor-x", "#!"))).await;
    assert_eq!(shown(dir.path(), &built.unwrap()), ["executor x executor-x"]);
    let (built, _) = build(dir.path(), Some("true")).await;
    assert_eq!(shown(dir.path(), &built.unwrap()), ["executor x executor-x"]);
}

#[tokio::test]
async fn programs_for_other_machines_and_archives_are_passed_over() {
    let dir = folder(&[]);
    let here = botkube_plugin_host::index::Platform::current();
    let mine = format!("plugin-dist/executor_x_{}_{}", here.os, here.architecture);
    let files = [mine.as_str(), "plugin-dist/executor_x_plan9_amd64", "plugin-dist/executor_x_linux_arm64.tar.gz"];
    let line = files.map(|file| makes(file, file)).join(" && ");
    let (built, _) = build(dir.path(), Some(&line)).await;
    assert_eq!(shown(dir.path(), &built.unwrap()), [format!("executor x {mine}")]);
}

#[tokio::test]
async fn two_programs_of_one_name_are_refused_unless_one_is_a_copy() {
    let dir = folder(&[]);
    let two = |second| format!("{} && {}", makes("executor-x", "one"), makes("bin/executor-x", second));
    let (built, _) = build(dir.path(), Some(&two("another"))).await;
    let error = built.unwrap_err();
    assert!(error.to_string().starts_with("executor x is there twice: "), "{error}");
    let (built, _) = build(dir.path(), Some(&two("one"))).await;
    assert_eq!(built.unwrap().len(), 1);
}

#[tokio::test]
async fn a_command_that_fails_or_leaves_nothing_is_an_error_with_its_words() {
    let dir = folder(&[]);
    let (built, said) = build(dir.path(), Some("echo why >&2; exit 4")).await;
    assert_eq!(
        built.unwrap_err().to_string(),
        "it does not build: `sh -c echo why >&2; exit 4` ended with exit status: 4\nwhy"
    );
    assert_eq!(said, ["why"]);
    let (built, _) = build(dir.path(), Some("true")).await;
    assert!(built.unwrap_err().to_string().contains("no executable file is called executor_NAME"));
}

#[tokio::test]
async fn a_missing_tool_is_named_with_the_command_that_installs_it() {
    let error = run(Command::new("no-such-tool"), "apt-get install it", &|_| {}, None).await.unwrap_err();
    assert_eq!(error.to_string(), "no-such-tool is missing; install it and put it into PATH: apt-get install it");
}

#[test]
fn sources_ask_for_a_build_and_what_tools_leave_does_not() {
    let dir = folder(&[("Cargo.toml", ""), ("made/CACHEDIR.TAG", "")]);
    let cargo = Project::find(dir.path(), None).unwrap();
    for path in ["src/main.rs", "Cargo.toml", "Cargo.lock", "text/help.md", ".cargo/config.toml", "src/target/mod.rs"] {
        assert!(cargo.concerns(Path::new(path)), "{path}");
        assert!(cargo.concerns(&cargo.dir().join(path)), "{path}");
    }
    for path in [
        "",
        "target/debug/x",
        "plugin-dist/x",
        ".git/index",
        ".botkube/go/x",
        "botkube.yaml",
        "src/main.rs~",
        "src/.main.rs.swp",
        "src/4913",
        "src/#main.rs#",
        "made/debug/x",
        "/elsewhere/src/main.rs",
    ] {
        assert!(!cargo.concerns(Path::new(path)), "{path}");
    }
    let own = Project::find(dir.path(), Some("make")).unwrap();
    for (path, concerns) in [("x.c", true), ("executor-x", false), ("bin/x", false), ("build/x.o", false)] {
        assert_eq!(own.concerns(Path::new(path)), concerns, "{path}");
    }
}
