//! `botkube plugin build`: the same bytes on every run and from every directory, which run where they are for.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    plugin_new::{author, made_in, target},
    support::{Machine, contains},
};

/// A folder with these files.
fn folder(machine: &Machine, name: &str, files: &[(&str, &str)]) -> PathBuf {
    let dir = machine.path(name);
    for (file, text) in files {
        let file = dir.join(file);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    dir
}

/// Builds for this platform, in the folder itself, and tells the files.
#[track_caller]
fn built(machine: &Machine, dir: &Path, platform: &str) -> Vec<Value> {
    let mut build = author(machine, &["plugin", "build", "--archive", "tar.gz", "-o", "json", "--platform", platform]);
    let out = build.current_dir(dir).output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{said}");
    contains(&said, &[&format!("{platform}: building"), &format!("{platform}: built in")]);
    serde_json::from_slice(&out.stdout).unwrap()
}

/// The names and checksums of files.
fn sums(files: &[Value]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let name = |file: &Value| text(&file["file"]).rsplit('/').next().unwrap().to_owned();
    files.iter().map(|file| (name(file), text(&file["sha256"]))).collect()
}

/// Builds the same files in two folders, and in one of them twice: the same bytes come, and tell of no folder.
#[track_caller]
fn same_bytes_everywhere(machine: &Machine, files: &[(&str, &str)]) {
    let one = folder(machine, "one", files);
    let first = built(machine, &one, "linux/amd64");
    let names: Vec<_> = sums(&first).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["executor_greet_linux_amd64", "executor_greet_linux_amd64.tar.gz"]);
    let other = folder(machine, "another/and/a/longer/one", files);
    assert_eq!(sums(&built(machine, &other, "linux/amd64")), sums(&first), "in another folder");
    for made in ["target", "plugin-dist"] {
        let _ = fs::remove_dir_all(one.join(made));
    }
    assert_eq!(sums(&built(machine, &one, "linux/amd64")), sums(&first), "once more");

    let program = fs::read(one.join("plugin-dist/executor_greet_linux_amd64")).unwrap();
    let holds = |text: &str| program.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    let here = machine.path("");
    for told in [here.to_str().unwrap(), env!("CARGO_MANIFEST_DIR"), "/lib64/ld-linux", "/lib/ld-musl"] {
        assert!(!holds(told), "{told} is in the program");
    }
}

/// Programs for platforms that are not this one. They need more than Rust and Go alone.
mod foreign {
    use super::*;

    #[test]
    fn the_same_bytes_come_of_a_crate_wherever_it_is_and_whenever_it_is_built() {
        let machine = Machine::new();
        let beside = folder(
            &machine,
            "beside",
            &[
                ("Cargo.toml", "[package]\nname = \"beside\"\nversion = \"1.0.0\"\nedition = \"2024\"\n"),
                ("src/lib.rs", "pub fn whole(text: &str) -> u8 { text.parse().expect(file!()) }\n"),
            ],
        );
        let manifest = format!(
            "[package]\nname = \"executor-greet\"\nedition = \"2024\"\n[dependencies]\nbeside = {{ path = {:?} }}\n[workspace]\n",
            beside.display().to_string()
        );
        let script = "fn main() {\n    let out = std::env::var(\"OUT_DIR\").unwrap();\n    \
                      std::fs::write(format!(\"{out}/made.rs\"), \"pub fn made() -> &'static str { file!() }\").unwrap();\n}\n";
        let main = "include!(concat!(env!(\"OUT_DIR\"), \"/made.rs\"));\nfn main() {\n    \
                    println!(\"{} {} {}\", made(), file!(), beside::whole(\"1\"));\n    \
                    std::env::args().collect::<Vec<_>>().remove(7);\n}\n";
        same_bytes_everywhere(&machine, &[("Cargo.toml", &manifest), ("build.rs", script), ("src/main.rs", main)]);
    }

    #[test]
    fn a_plugin_for_another_processor_answers_there() {
        let machine = Machine::new();
        // A folder's name is among what decides whether crates are built again: it is the same the next time.
        let place = target().join("emulated");
        let _ = fs::remove_dir_all(&place);
        fs::create_dir_all(&place).unwrap();
        let project = made_in(&machine, &place, &["greet"]);
        let manifest = fs::read_to_string(project.join("Cargo.toml")).unwrap();
        // This is about where it runs and not how fast.
        fs::write(project.join("Cargo.toml"), manifest + "\n[profile.release]\nopt-level = 0\n").unwrap();
        let mut build = author(&machine, &["plugin", "build", "greet", "--platform", "linux/arm64"]);
        let out = build.current_dir(&place).env("CARGO_TARGET_DIR", target()).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        contains(&String::from_utf8_lossy(&out.stdout), &["FILE", "SIZE", "SHA256", "executor_greet_linux_arm64 "]);
        let program = project.join("plugin-dist/executor_greet_linux_arm64");
        let emulated =
            machine.script("emulated", format!("#!/bin/sh\nexec qemu-aarch64-static {}\n", program.display()));
        let outcome = machine.run(["exec", "--plugin", &format!("greet={emulated}"), "--", "greet", "everybody"]);
        assert_eq!((outcome.code, outcome.stdout.trim()), (0, "Hello, everybody!"), "{outcome:?}");
    }

    #[test]
    fn what_does_not_build_is_said_in_the_compilers_words_and_nothing_is_published() {
        let machine = Machine::new();
        let dir = folder(
            &machine,
            "x",
            &[
                ("Cargo.toml", "[package]\nname = \"executor-x\"\nedition = \"2024\"\n[workspace]\n"),
                ("src/main.rs", "fn main() { nothing }\n"),
            ],
        );
        let out = author(&machine, &["plugin", "build", "x", "--platform", "linux/amd64"]).output().unwrap();
        assert_eq!(out.status.code(), Some(1));
        contains(
            &String::from_utf8_lossy(&out.stderr),
            &[
                "linux/amd64: it does not build",
                "error[E0425]: cannot find value `nothing` in this scope\n --> src/main.rs:1:13",
            ],
        );
        assert_eq!(fs::read_dir(dir.join("plugin-dist")).unwrap().count(), 0);
    }
}

mod go {
    use super::*;

    #[test]
    fn two_plugins_of_one_name_are_refused() {
        let machine = Machine::new();
        let main = "package main\n\nfunc main() {}\n";
        let files =
            [("cmd/executor/x/main.go", main), ("cmd/executor-x/main.go", main), ("go.mod", "module m\n\ngo 1.21\n")];
        folder(&machine, "x", &files);
        let out = author(&machine, &["plugin", "build", "x"]).output().unwrap();
        assert_eq!(out.status.code(), Some(2));
        contains(
            &String::from_utf8_lossy(&out.stderr),
            &["executor x is there twice: ", "m/cmd/executor-x", "m/cmd/executor/x"],
        );
    }

    #[test]
    fn the_same_bytes_come_of_a_module_wherever_it_is_and_whenever_it_is_built() {
        let machine = Machine::new();
        let main = "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n\t\"runtime\"\n)\n\nfunc main() {\n\t\
                    _, file, _, _ := runtime.Caller(0)\n\tfmt.Println(file, os.Args)\n}\n";
        same_bytes_everywhere(&machine, &[("go.mod", "module executor-greet\n\ngo 1.21\n"), ("main.go", main)]);
    }
}

/// A machine whose Rust has nothing but the compiler for itself.
fn bare() -> Machine {
    let machine = Machine::new();
    folder(&machine, "x", &[("Cargo.toml", "")]);
    let metadata =
        r#"{"packages":[],"resolve":null,"target_directory":"/x/target","workspace_root":"/x","workspace_members":[]}"#;
    fs::create_dir(machine.path("bin")).unwrap();
    machine.script("bin/cargo", format!("#!/bin/sh\necho '{metadata}'\n"));
    machine.script(
        "bin/rustc",
        "#!/bin/sh\ncase $1 in --print) echo /nowhere;; *) echo 'host: x86_64-unknown-linux-gnu';; esac\n",
    );
    machine
}

#[test]
fn all_that_must_be_installed_is_named_before_anything_is_built() {
    let machine = bare();
    let mut build = machine.botkube(["plugin", "build", "x"]);
    let out = build.env("PATH", machine.path("bin")).output().unwrap();
    assert_eq!(out.status.code(), Some(2));
    contains(
        &String::from_utf8_lossy(&out.stderr),
        &[
            "nothing was built",
            "rustup target add x86_64-unknown-linux-musl aarch64-unknown-linux-musl x86_64-apple-darwin aarch64-apple-darwin",
            "pip install ziglang cargo-zigbuild",
        ],
    );
    assert!(!machine.path("x/plugin-dist").exists());
}

#[test]
fn for_linux_alone_no_zig_is_asked_for() {
    let machine = bare();
    let mut build = machine.botkube(["plugin", "build", "x", "--platform", "linux/arm64"]);
    let out = build.env("PATH", machine.path("bin")).output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    contains(&said, &["rustup target add aarch64-unknown-linux-musl\n"]);
    assert!(!said.contains("zig"), "{said}");
}

#[test]
fn what_cannot_be_built_at_all_is_said() {
    let machine = Machine::new();
    folder(&machine, "empty", &[]);
    fs::create_dir(machine.path("empty")).unwrap();
    let check = |args: &[&str], reason: &str| {
        let outcome = machine.run([&["plugin", "build"], args].concat());
        assert_eq!(outcome.code, 2, "{outcome:?}");
        contains(&outcome.stderr, &[reason]);
    };
    check(&["--platform", "linux/x86_64"], "those are linux/amd64, linux/arm64, darwin/amd64, darwin/arm64");
    check(&["missing"], "missing: cannot be opened as a folder");
    check(&["empty"], "empty: there is no plugin in it");
}
