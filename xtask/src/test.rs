//! The test command: every check a change must pass, cheap ones first, each timed and counted; a failure stops none of the
//! others. It knows the checks' commands and nothing of what they check.

use std::{
    collections::BTreeSet,
    env,
    ffi::OsString,
    fs, io,
    ops::AddAssign,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow, ensure};

use crate::{chaos, codegen, fuzz, setup, sh, tidy};

/// How long each fuzz target runs.
const FUZZ_SECONDS: u64 = 20;

/// The crates strangers build, each for itself.
const SDK: &str = "-p botkube-api -p botkube-proto -p go-plugin -p botkube-plugin";

/// What the crates of the SDK are built with beside their defaults; `kube` is too heavy for more than a check.
const FEATURES: &[&str] = &["-p go-plugin --features auto-mtls", "-p botkube-plugin --features auto-mtls,clap"];

/// The version of Kubernetes's API that `kube` is built for where no plugin names one with a feature of k8s-openapi.
const KUBERNETES: (&str, &str) = ("K8S_OPENAPI_ENABLED_VERSION", "1.33");

/// The browser's side of the console. What is built of it is committed, so that a build needs no Node.
pub(crate) const PAGE: &str = "crates/botkube-console/page";

/// How many bytes the page may have, gzipped.
const LARGEST_PAGE: u64 = 40 << 10;

/// Builds the Kubernetes API server that tests talk to, outside of the work tree, and prints where.
const API_SERVER: &str = "conformance/kube-test-server/build";

/// A step's name and what it does and counts.
type Step = (&'static str, fn(&Path, &mut Tally));

const STEPS: &[Step] = &[
    ("format", format),
    ("tidy", |root, tally| tally.check(tidy::run(root))),
    ("generated code", |root, tally| tally.check(codegen::run(root, true))),
    ("page", page),
    ("Go programs", go_programs),
    ("test vectors", vectors),
    ("lint", lint),
    ("API server", api_server),
    ("tests", tests),
    ("page in a browser", browser),
    ("chaos", chaos),
    ("tests with more features", more_tests),
    ("documentation", documentation),
    ("macOS", macos),
    ("fuzzing", fuzzing),
];

/// How many checks and tests went which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    passed: u32,
    failed: u32,
    skipped: u32,
    /// Of what was skipped: what this machine cannot do.
    lacking: u32,
}

/// Runs every step; whether all of them passed. Where `CI` is `true`, nothing may be left out for want of a tool.
pub(crate) fn run(root: &Path) -> Result<bool> {
    let began = Instant::now();
    let strict = env::var("CI").is_ok_and(|ci| ci == "true");
    let mut total = Tally::default();
    let mut lines = Vec::new();
    for (name, step) in STEPS {
        println!("\n=== {name}");
        let (began, mut tally) = (Instant::now(), Tally::default());
        step(root, &mut tally);
        let line = summary(name, tally, began.elapsed());
        println!("--- {line}");
        lines.push(line);
        total += tally;
    }
    println!("\n=== after {:.0?}", Duration::from_secs(began.elapsed().as_secs()));
    lines.iter().for_each(|line| println!("{line}"));
    let left_out = strict && total.lacking > 0;
    if left_out {
        println!("Something was skipped for want of a tool, which CI=true does not allow.");
    }
    println!("{} passed, {} failed, {} skipped", total.passed, total.failed, total.skipped);
    Ok(total.failed == 0 && !left_out)
}

fn format(root: &Path, tally: &mut Tally) {
    tally.command(root, "cargo fmt --all --check");
    tally.command(root, "cargo fmt --manifest-path fuzz/Cargo.toml --check");
}

/// The page's own checks, and that what is committed is what its sources make.
fn page(root: &Path, tally: &mut Tally) {
    if !tally.tool(setup::node(root)) {
        return;
    }
    let dir = root.join(PAGE);
    tally.command(&dir, "npm ci --no-audit --no-fund");
    tally.command(&dir, "npm run check");
    tally.tests(&dir, "npm test");
    let fresh = sh::target_dir(root).join("page");
    let build = format!("npm run build -- --emptyOutDir --outDir {}", fresh.display());
    tally.check(sh::run(&mut sh::command(&dir, &build)).and_then(|()| same(&dir.join("dist"), &fresh)));
    tally.check(small(&dir.join("dist")));
}

/// Whether two folders hold the same files.
fn same(committed: &Path, fresh: &Path) -> Result<()> {
    let names = |dir: &Path| -> Result<BTreeSet<OsString>> {
        Ok(fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>()?)
    };
    let all: BTreeSet<_> = names(committed)?.union(&names(fresh)?).cloned().collect();
    for name in all {
        let [ours, theirs] = [committed, fresh].map(|dir| fs::read(dir.join(&name)).ok());
        ensure!(ours == theirs, "{PAGE}/dist/{} is out of date; run `npm run build` in {PAGE}", name.display());
    }
    Ok(())
}

/// Whether the page is as light as it is meant to be.
fn small(dist: &Path) -> Result<()> {
    let files = fs::read_dir(dist)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    let mut size = 0;
    for file in files {
        size += sh::output(Command::new("gzip").args(["-9", "-c"]).arg(file))?.len() as u64;
    }
    println!("the page has {size} bytes, gzipped; it may have {LARGEST_PAGE}");
    ensure!(size <= LARGEST_PAGE, "{PAGE}/dist has {size} bytes, gzipped, and may have {LARGEST_PAGE}");
    Ok(())
}

/// The page in a real browser, talking to the real agent.
fn browser(root: &Path, tally: &mut Tally) {
    if tally.tool(setup::node(root)) && tally.tool(setup::chromium(root)) {
        let dir = root.join(PAGE);
        if !dir.join("node_modules").is_dir() {
            tally.command(&dir, "npm ci --no-audit --no-fund");
        }
        tally.command(root, "cargo build -p botkube -p botkube-testkit");
        tally.tests(&dir, "npm run e2e");
    }
}

/// The programs made with the original SDK and with upstream's packages, without which half of the tests have nobody to talk
/// to.
fn go_programs(root: &Path, tally: &mut Tally) {
    if !tally.tool(setup::go(root)) {
        return;
    }
    tally.command(root, "conformance/go/build");
    let gofmt = sh::output(&mut sh::command(&root.join("conformance"), "gofmt -l go upstream kube-test-server"));
    tally.check(gofmt.and_then(|files| {
        ensure!(files.is_empty(), "not as gofmt would have it:\n{}", String::from_utf8_lossy(&files));
        Ok(())
    }));
    for module in ["go", "upstream"] {
        tally.command(&root.join("conformance").join(module), "go vet ./...");
    }
    begin_api_server(root);
}

/// Kubernetes takes minutes to build where it was never built: it does so while other steps run. What goes wrong is seen
/// in the step that waits for it.
fn begin_api_server(root: &Path) {
    println!("building the Kubernetes API server in the background, if it is not there yet");
    let _ = sh::command(root, API_SERVER).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
}

/// A real API server for the tests; waits for whoever builds it already.
fn api_server(root: &Path, tally: &mut Tally) {
    if tally.tool(setup::go(root)) {
        tally.command(root, API_SERVER);
    }
}

/// The vectors are what the original code says today.
fn vectors(root: &Path, tally: &mut Tally) {
    if !tally.tool(setup::go(root)) {
        return;
    }
    let compare = |kind: &str| -> Result<()> {
        let file = format!("conformance/vectors/{kind}.json");
        let fresh = sh::output(Command::new(root.join("conformance/go/bin/vectors")).args(["-kind", kind]))?;
        ensure!(
            fresh == fs::read(root.join(&file))?,
            "{file} is out of date; run `conformance/go/bin/vectors -kind {kind} > {file}`"
        );
        Ok(())
    };
    match fs::read_dir(root.join("conformance/vectors")) {
        Err(error) => tally.check(Err::<(), _>(error)),
        Ok(files) => {
            // The folders among them hold questions only.
            for file in files.flatten().filter(|file| file.path().is_file()) {
                tally.check(compare(&file.path().file_stem().unwrap_or_default().to_string_lossy()));
            }
        }
    }
}

fn lint(root: &Path, tally: &mut Tally) {
    if !tally.tool(setup::compiler(root)) {
        return;
    }
    tally.command(root, "cargo clippy --workspace --all-targets -- -D warnings");
    let all = "cargo clippy -p go-plugin -p botkube-plugin -p conformance -p xtask --all-features --all-targets -- \
               -D warnings";
    tally.check(sh::run(sh::command(root, all).env(KUBERNETES.0, KUBERNETES.1)));
    tally.command(root, "cargo clippy --manifest-path fuzz/Cargo.toml --all-targets -- -D warnings");
    for end in ["host", "plugin"] {
        tally.command(root, &format!("cargo check -p go-plugin --no-default-features --features {end}"));
    }
    tally.check(no_ring(root));
}

/// One provider of cryptography is enough, also with everything an author can switch on.
fn no_ring(root: &Path) -> Result<()> {
    let problems = tidy::banned_in(root, "-p botkube-plugin --all-features")?;
    ensure!(problems.is_empty(), "{}", problems.join("\n"));
    Ok(())
}

fn tests(root: &Path, tally: &mut Tally) {
    let (mut line, mut skipped) = ("cargo test --workspace --no-fail-fast".to_owned(), String::new());
    // Tests that talk to Go programs live in modules called `go`, and all of conformance's do; those among them that build a
    // new plugin in modules called `new`, in `go`; those that build for other platforms and run what comes of it in modules
    // called `foreign`; those that read metrics as Prometheus does in modules called `prometheus`.
    if !tally.tool(setup::go(root)) {
        line.push_str(" --exclude conformance");
        skipped.push_str(" --skip go::");
    } else if !tally.tool(setup::go_modules(root)) {
        skipped.push_str(" --skip go::new::");
    }
    if !tally.tool(setup::foreign(root)) {
        skipped.push_str(" --skip foreign::");
    }
    if !tally.tool(setup::prometheus(root)) {
        skipped.push_str(" --skip prometheus::");
    }
    tally.tests(root, &format!("{line} --{skipped}"));
}

/// An agent while everything around it fails, twice, and once with a bug that must be caught. Only where processes can be
/// looked at as on Linux.
fn chaos(root: &Path, tally: &mut Tally) {
    if !tally.tool(setup::linux()) {
        return;
    }
    match (chaos::Programs::build(root, false), chaos::fresh()) {
        (Ok(programs), Ok(fresh)) => {
            for seed in [chaos::SEED, fresh] {
                tally.check(programs.run(seed, chaos::MINUTES, false));
            }
        }
        (programs, seed) => tally.check(programs.map(drop).and(seed.map(drop))),
    }
    let planted = chaos::Programs::build(root, true);
    tally.check(planted.and_then(|programs| programs.run(chaos::SEED, chaos::MINUTES, true)));
}

fn more_tests(root: &Path, tally: &mut Tally) {
    if !tally.tool(setup::compiler(root)) {
        return;
    }
    let skip = if setup::go(root).is_ok() { "" } else { " -- --skip go::" };
    for features in FEATURES {
        tally.tests(root, &format!("cargo test {features} --no-fail-fast{skip}"));
    }
}

fn documentation(root: &Path, tally: &mut Tally) {
    let mut doc = sh::command(root, &format!("cargo doc --no-deps {SDK} --all-features"));
    tally.check(sh::run(doc.env("RUSTDOCFLAGS", "-D warnings").env(KUBERNETES.0, KUBERNETES.1)));
}

/// Everything is at least compiled for the other system, but for its C code: nothing is linked here, so that the compiler
/// of that may be one that does nothing.
fn macos(root: &Path, tally: &mut Tally) {
    for target in ["x86_64-apple-darwin", "aarch64-apple-darwin"] {
        if tally.tool(setup::target(root, target)) {
            for what in ["", SDK] {
                let mut check = sh::command(root, &format!("cargo check --target {target} {what}"));
                for tool in ["CC", "AR"] {
                    check.env(format!("{tool}_{}", target.replace('-', "_")), "true");
                }
                tally.check(sh::run(&mut check));
            }
        }
    }
}

fn fuzzing(root: &Path, tally: &mut Tally) {
    if tally.tool(setup::compiler(root)) {
        match fuzz::run(root, FUZZ_SECONDS) {
            Ok(targets) => targets.into_iter().for_each(|outcome| tally.check(outcome)),
            Err(error) => tally.check(Err::<(), _>(error)),
        }
    }
}

impl Tally {
    /// Counts one check of our own; its reason is said if it failed.
    pub(crate) fn check<T>(&mut self, outcome: Result<T, impl Into<anyhow::Error>>) {
        match outcome {
            Ok(_) => self.passed += 1,
            Err(error) => {
                println!("failed: {:#}", error.into());
                self.failed += 1;
            }
        }
    }

    /// Runs a command and counts it as one check.
    pub(crate) fn command(&mut self, root: &Path, line: &str) {
        self.check(sh::run(&mut sh::command(root, line)));
    }

    /// Runs `cargo test`, or a runner of the page's tests, and counts the tests.
    pub(crate) fn tests(&mut self, root: &Path, line: &str) {
        let mut counted = Self::default();
        let outcome =
            sh::watch(&mut sh::command(root, line), |text| counted += Self::of_line(text).unwrap_or_default());
        // What failed may be no test: code that does not compile, a test process that died.
        if !matches!(outcome, Ok(true)) && counted.failed == 0 {
            counted.check(outcome.and_then(|_| Err::<(), _>(anyhow!("{line} failed"))));
        }
        *self += counted;
    }

    /// Whether a tool is there; if not, counts as skipped what needs it.
    pub(crate) fn tool(&mut self, found: Result<(), String>) -> bool {
        if let Err(reason) = &found {
            println!("skipped: {reason}");
            self.skipped += 1;
            self.lacking += 1;
        }
        found.is_ok()
    }

    pub(crate) fn is_good(self) -> bool {
        self.failed == 0
    }

    /// What one line of a test program's output counts: `test result: ok. 5 passed; 0 failed; 1 ignored; …`, or Vitest's
    /// `Tests  1 failed | 5 passed (6)`.
    fn of_line(line: &str) -> Option<Self> {
        if let Some(counts) = plain(line).trim().strip_prefix("Tests  ") {
            let count = |word: &str| {
                let mut parts = counts.split(['|', '(']);
                parts.find_map(|part| part.trim().strip_suffix(word)?.trim().parse().ok()).unwrap_or_default()
            };
            let (passed, failed, skipped) = (count("passed"), count("failed"), count("skipped"));
            return Some(Self { passed, failed, skipped, lacking: 0 });
        }
        let counts = line.strip_prefix("test result: ")?.split_once(". ")?.1;
        let count = |word: &str| {
            let part = counts.split("; ").find_map(|part| part.strip_suffix(word))?;
            part.trim().parse().ok()
        };
        Some(Self { passed: count("passed")?, failed: count("failed")?, skipped: count("ignored")?, lacking: 0 })
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.lacking += other.lacking;
    }
}

/// A line without colours.
fn plain(line: &str) -> String {
    let mut parts = line.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or("", |(_, rest)| rest))
}

fn summary(name: &str, tally: Tally, took: Duration) -> String {
    let verdict = if tally.failed > 0 { "FAILED" } else { "ok" };
    let Tally { passed, failed, skipped, .. } = tally;
    format!("{verdict:<7}{name:<26}{:>5} s  {passed} passed, {failed} failed, {skipped} skipped", took.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_programs_result_is_counted() {
        let line = "test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 3 filtered out; finished in 0.10s";
        assert_eq!(Tally::of_line(line), Some(Tally { passed: 12, failed: 2, skipped: 1, lacking: 0 }));
    }

    #[test]
    fn the_result_of_the_pages_tests_is_counted_in_any_colour() {
        let line =
            "\x1b[2m      Tests \x1b[22m \x1b[1m\x1b[31m2 failed\x1b[39m\x1b[22m | \x1b[32m12 passed\x1b[39m (14)";
        assert_eq!(Tally::of_line(line), Some(Tally { passed: 12, failed: 2, skipped: 0, lacking: 0 }));
    }

    #[test]
    fn other_output_counts_nothing() {
        for line in ["test it_works ... ok", "running 3 tests", "test result: strange", ""] {
            assert_eq!(Tally::of_line(line), None, "{line}");
        }
    }
}
