//! What is needed for which platform, and which folders a program does not tell of.

use super::*;

fn platform(os: &str, architecture: &str) -> Platform {
    Platform { os: os.into(), architecture: architecture.into() }
}

#[test]
fn a_platform_in_gos_words_is_a_target_in_rusts() {
    let check = |os, architecture, expected| assert_eq!(target(&platform(os, architecture)), expected);
    check("linux", "amd64", "x86_64-unknown-linux-musl");
    check("linux", "arm64", "aarch64-unknown-linux-musl");
    check("darwin", "amd64", "x86_64-apple-darwin");
    check("darwin", "arm64", "aarch64-apple-darwin");
}

#[test]
#[cfg(target_os = "linux")]
fn zig_is_needed_for_macos_and_for_c_code() {
    for (os, has_c, expected) in [
        ("linux", false, Linker::Rust),
        ("linux", true, Linker::Zig),
        ("darwin", false, Linker::Zig),
        ("darwin", true, Linker::Zig),
    ] {
        assert_eq!(linker(&platform(os, "amd64"), has_c), expected, "{os}, C: {has_c}");
    }
}

/// A project `/p/app` with a package that has these dependencies, by name and kind.
fn project(dependencies: &[(&str, Option<&str>)]) -> Metadata {
    let package = |name: &str, source: Option<&str>, dir: &str| {
        serde_json::json!({
            "id": name, "name": name, "version": "1.0.0", "source": source, "manifest_path": format!("{dir}/Cargo.toml"),
        })
    };
    let deps: Vec<_> = dependencies
        .iter()
        .map(|(name, kind)| serde_json::json!({ "pkg": name, "dep_kinds": [{ "kind": kind }] }))
        .collect();
    let mut packages = vec![package("app", None, "/p/app"), package("sdk", None, "/sdk/sdk")];
    packages.extend(dependencies.iter().map(|(name, _)| package(name, Some("registry"), "/home/.cargo/registry/src")));
    let metadata = serde_json::json!({
        "packages": packages,
        "resolve": { "nodes": [{ "id": "app", "deps": deps }] },
        "target_directory": "/p/app/target",
        "workspace_root": "/p/app",
        "workspace_members": ["app"],
    });
    serde_json::from_value(metadata).unwrap()
}

#[test]
fn c_code_is_told_by_the_crates_that_compile_it_and_tests_do_not_count() {
    assert!(project(&[("cc", Some("build"))]).has_c());
    assert!(project(&[("cmake", None)]).has_c());
    assert!(!project(&[("cc", Some("dev")), ("serde", None)]).has_c());
}

#[test]
fn every_folder_of_this_machine_has_another_name_in_a_program() {
    let compiler = Compiler { sysroot: "/toolchain".into(), host: String::new(), commit: "abc".into() };
    let renamed = project(&[]).renamed(&compiler, &["/home/.cargo".into()]);
    let called = |path: &str| {
        let last = renamed
            .iter()
            .rev()
            .find_map(|(from, to)| Some(Path::new(to).join(Path::new(path).strip_prefix(from).ok()?)));
        last.unwrap_or_else(|| panic!("{path} is told")).display().to_string()
    };
    assert_eq!(called("/p/app/src/main.rs"), "/project/src/main.rs");
    assert_eq!(called("/p/app/target/release/build/x/out"), "/target/release/build/x/out");
    assert_eq!(called("/sdk/sdk/src/lib.rs"), "/beside/sdk-1.0.0/src/lib.rs");
    assert_eq!(called("/home/.cargo/registry/x"), "/cargo/registry/x");
    assert_eq!(called("/toolchain/lib/rustlib/src/rust/library/core"), "/rustc/abc/library/core");
}
