//! What a fresh machine lacks: finds each tool or installs it, and says so; it knows nothing of what the tools are for.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::sh;

/// The oldest Go that reads the modules of conformance/go and can fetch a newer toolchain if one of them asks for it.
const OLDEST_GO: (u32, u32) = (1, 21);

/// A system whose processes can be looked at as on Linux.
pub(crate) fn linux() -> Result<(), String> {
    let found = cfg!(target_os = "linux").then_some(());
    found.ok_or_else(|| "the agent's processes are looked at through /proc, which only Linux has".to_owned())
}

/// Go, or why it cannot be had.
pub(crate) fn go(root: &Path) -> Result<(), String> {
    if !sh::works(root, "go version") {
        install(root, "golang-go", "Go")?;
    }
    // Asked for outside of the module, so that no other toolchain is fetched to answer.
    let said = sh::output(Command::new("go").arg("version").env("GOTOOLCHAIN", "local")).map_err(|e| e.to_string())?;
    let said = String::from_utf8_lossy(&said).into_owned();
    let version = said.split_whitespace().find_map(|word| word.strip_prefix("go1.")).unwrap_or_default();
    let minor = version.split(|c: char| !c.is_ascii_digit()).next().and_then(|n| n.parse().ok()).unwrap_or(0);
    if (1, minor) < OLDEST_GO {
        return Err(format!("{} is too old; install Go 1.{} or newer and put it into PATH", said.trim(), OLDEST_GO.1));
    }
    Ok(())
}

/// The Go modules that a new plugin in Go is built and tested with, or why they cannot be had.
pub(crate) fn go_modules(root: &Path) -> Result<(), String> {
    go(root)?;
    fetch_go_modules(root)
        .map_err(|e| format!("no Go modules for a new plugin; make the proxy that GOPROXY names reachable: {e:#}"))
}

fn fetch_go_modules(root: &Path) -> anyhow::Result<()> {
    let (scaffold, project) = (root.join("crates/botkube-author/scaffold/go"), sh::target_dir(root).join("go-modules"));
    fs::create_dir_all(&project)?;
    for (template, file) in [
        ("go.mod.txt", "go.mod"),
        ("go.sum.txt", "go.sum"),
        ("main.go.txt", "main.go"),
        ("executor_test.go.txt", "executor_test.go"),
        ("config.schema.json", "config.schema.json"),
    ] {
        fs::write(project.join(file), fs::read_to_string(scaffold.join(template))?.replace("@NAME@", "x"))?;
    }
    // This fetches what is imported, and not all that the list of modules has.
    sh::output(&mut sh::command(&project, "go list -deps -test ./...")).map(drop)
}

/// The oldest Node that the page's tools run on.
const OLDEST_NODE: (u32, u32) = (20, 19);

/// Node and npm, or why they cannot be had.
pub(crate) fn node(root: &Path) -> Result<(), String> {
    if !sh::works(root, "node --version") || !sh::works(root, "npm --version") {
        install(root, "nodejs", "Node")?;
        install(root, "npm", "npm")?;
    }
    let said = sh::output(Command::new("node").arg("--version")).map_err(|e| e.to_string())?;
    let said = String::from_utf8_lossy(&said).trim().to_owned();
    let mut numbers = said.trim_start_matches('v').split('.').map(|number| number.parse().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let (major, minor) = OLDEST_NODE;
    match version >= OLDEST_NODE {
        true => Ok(()),
        false => Err(format!("Node {said} is too old; install Node {major}.{minor} or newer and put it into PATH")),
    }
}

/// A browser that can be driven, or why it cannot be had; CHROMIUM may name another.
pub(crate) fn chromium(root: &Path) -> Result<(), String> {
    if std::env::var_os("CHROMIUM").is_some() || sh::works(root, "chromium --version") {
        return Ok(());
    }
    install(root, "chromium", "Chromium")
}

/// What fetches files for everybody, or why it cannot be had.
pub(crate) fn curl(root: &Path) -> Result<(), String> {
    if sh::works(root, "curl --version") {
        return Ok(());
    }
    install(root, "curl", "curl")
}

/// A compiler for C and C++, or why it cannot be had.
pub(crate) fn compiler(root: &Path) -> Result<(), String> {
    if sh::works(root, "cc --version") && sh::works(root, "c++ --version") {
        return Ok(());
    }
    install(root, "build-essential", "a C compiler")
}

/// The standard library for another target, or why it cannot be had.
pub(crate) fn target(root: &Path, name: &str) -> Result<(), String> {
    let installed = sh::output(&mut sh::command(root, "rustup target list --installed")).unwrap_or_default();
    if String::from_utf8_lossy(&installed).lines().any(|line| line == name) {
        return Ok(());
    }
    println!("setting up: the standard library for {name}");
    sh::run(&mut sh::command(root, &format!("rustup target add {name}")))
        .map_err(|e| format!("no standard library for {name}: {e}"))
}

/// What it takes to build a plugin for another Linux and to run it here, or why it cannot be had.
pub(crate) fn foreign(root: &Path) -> Result<(), String> {
    target(root, "x86_64-unknown-linux-musl")?;
    target(root, "aarch64-unknown-linux-musl")?;
    if sh::works(root, "qemu-aarch64-static --version") {
        return Ok(());
    }
    install(root, "qemu-user-static", "qemu-aarch64-static, which runs programs for another processor,")
}

/// zig and cargo-zigbuild, which build for macOS: the folder of their programs, among what is built, or why they cannot be had.
pub(crate) fn zig(root: &Path) -> Result<PathBuf, String> {
    let place = sh::target_dir(root).join("zig");
    let programs = place.join("bin");
    if !programs.join("cargo-zigbuild").is_file() {
        println!("setting up: zig and cargo-zigbuild");
        sh::run(Command::new("python3").args(["-m", "venv"]).arg(&place))
            .and_then(|()| sh::run(Command::new(programs.join("pip")).args(["install", "ziglang", "cargo-zigbuild"])))
            .map_err(|e| format!("no zig (on Debian: apt-get install python3-venv): {e}"))?;
    }
    Ok(programs)
}

/// Prometheus's own parsers, among what is built, where their tests find them; or why they cannot be had.
pub(crate) fn prometheus(root: &Path) -> Result<(), String> {
    let place = sh::target_dir(root).join("prometheus");
    let programs = place.join("bin");
    let is_there = |python: &Path| sh::output(Command::new(python).args(["-c", "import prometheus_client"])).is_ok();
    if is_there(&programs.join("python")) {
        return Ok(());
    }
    println!("setting up: prometheus_client");
    sh::run(Command::new("python3").args(["-m", "venv"]).arg(&place))
        .and_then(|()| sh::run(Command::new(programs.join("pip")).args(["install", "prometheus_client"])))
        .map_err(|e| format!("no parser of metrics (on Debian: apt-get install python3-venv): {e}"))
}

/// Installs a package of the system's, where this user may and apt is how.
fn install(root: &Path, package: &str, what: &str) -> Result<(), String> {
    let by_hand = format!("{what} is missing; install it and put it into PATH (on Debian: apt-get install {package})");
    let is_root = sh::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim_ascii() == b"0");
    if !is_root || !sh::works(root, "apt-get --version") {
        return Err(by_hand);
    }
    println!("setting up: {what} is missing, installing {package}");
    let apt = |line: &str| sh::run(sh::command(root, line).env("DEBIAN_FRONTEND", "noninteractive"));
    let _ = apt("apt-get update -q");
    apt(&format!("apt-get install -y -q {package}")).map_err(|e| format!("{by_hand}: {e}"))
}
