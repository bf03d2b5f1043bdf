//! What authors and operators wait for beside the work itself: until what was saved answers, until a large plugin is fetched,
//! until a large file is checked before it runs. It knows the agent's command line and the `lanes` program.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};

use super::{Options, Programs, lane, with};

/// The plugin that is fetched, and the one that is checked, in bytes.
pub(super) const FETCHED: u64 = 50 << 20;
pub(super) const CHECKED: u64 = 256 << 20;

/// What is said to the plugin whose source is saved, and what its two versions answer.
const SAID: &str = "echo hello";
const ANSWERS: [&str; 2] = ["echo hello", "ok"];

/// How long a new version may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Until what is left of the version before is over.
const PAUSE: Duration = Duration::from_millis(200);

/// All in milliseconds, by round.
#[derive(Default)]
pub(super) struct Measured {
    /// From before a file is saved to the first answer of what was built of it, without the time of the build.
    pub(super) saved: Vec<f64>,
    /// A plugin of [`FETCHED`] bytes: by the agent's store until it can be started, and by `curl` with `sha256sum`.
    pub(super) fetched: [Vec<f64>; 2],
    /// The start of a plugin of [`CHECKED`] bytes without and with the check, and `sha256sum` of it.
    pub(super) checked: [Vec<f64>; 3],
}

/// A process that does not outlive the measurement.
struct Running(Child);

/// Measures all three, one after the other.
pub(super) fn measure(dir: &Path, programs: &Programs, options: &Options, quiet: impl Fn() -> f64) -> Result<Measured> {
    let dir = dir.join("author");
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir)?;
    println!("from a saved file to its answer");
    quiet();
    let saved = saved(&dir, programs, if options.quick { 5 } else { 21 })?;
    let mut measured = Measured { saved, ..Measured::default() };
    println!("a large plugin, fetched and checked");
    fetched(&dir, programs, if options.quick { 3 } else { 9 }, &quiet, &mut measured)?;
    checked(&dir, programs, if options.quick { 3 } else { 7 }, &quiet, &mut measured)?;
    // Nobody needs files this large any more.
    fs::remove_dir_all(&dir)?;
    Ok(measured)
}

/// Saves one version after the other, and asks until the new one answers.
fn saved(dir: &Path, programs: &Programs, rounds: usize) -> Result<Vec<f64>> {
    let (folder, times, log) = (dir.join("mine"), dir.join("times"), dir.join("dev.log"));
    fs::create_dir(&folder)?;
    let save = |version: usize| fs::copy([&programs.ours, &programs.streams][version], folder.join("source"));
    save(0)?;
    let build = format!(
        "date +%s%N >'{0}' && cp source executor_echo && chmod +x executor_echo && date +%s%N >>'{0}'",
        times.display()
    );
    let mut command = with(&programs.agent, &["dev".as_ref(), &folder, "--build".as_ref(), build.as_ref()]);
    // What is kept between talks is kept here.
    command.env("HOME", dir).env_remove("XDG_STATE_HOME").stdin(Stdio::piped()).stderr(File::create(&log)?);
    let (mut dev, mut answers) = Running::start(command)?;
    let mut input = dev.0.stdin.take().context("it was asked for")?;
    let mut answer = || -> Result<String> {
        writeln!(input, "{SAID}")?;
        let mut line = String::new();
        answers.read_line(&mut line)?;
        ensure!(!line.is_empty(), "`botkube dev` ended: see {}", log.display());
        Ok(line.trim_end().to_owned())
    };
    let mut beyond = Vec::new();
    for round in 0..=rounds {
        thread::sleep(PAUSE);
        let before = answer()?;
        ensure!(before == ANSWERS[round % 2], "{before:?} instead of {:?}: see {}", ANSWERS[round % 2], log.display());
        let version = (round + 1) % 2;
        let began = Instant::now();
        save(version)?;
        while answer()? != ANSWERS[version] {
            ensure!(began.elapsed() < PATIENCE, "what was saved does not answer: see {}", log.display());
            thread::sleep(Duration::from_millis(1));
        }
        let whole = began.elapsed();
        // The first fills the page cache.
        if round > 0 {
            beyond.push(millis(whole) - built(&times)?);
        }
    }
    // It leaves nothing behind when its input ends.
    drop(input);
    dev.0.wait()?;
    Ok(beyond)
}

/// How long the last build took, in milliseconds, as it wrote down itself.
fn built(times: &Path) -> Result<f64> {
    let text = fs::read_to_string(times)?;
    let nanos = text.lines().map(str::parse).collect::<Result<Vec<u64>, _>>().with_context(|| text.clone())?;
    let [began, ended] = nanos[..] else { anyhow::bail!("{text:?} is no begin and end of a build") };
    Ok((ended - began) as f64 / 1e6)
}

/// Fetches from a repository on this machine into an empty cache, in turns with `curl`.
fn fetched(
    dir: &Path,
    programs: &Programs,
    rounds: usize,
    quiet: impl Fn() -> f64,
    measured: &mut Measured,
) -> Result<()> {
    let (repository, cache, target) = (dir.join("repository"), dir.join("cache"), dir.join("curled"));
    fs::create_dir(&repository)?;
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let name = format!("executor_echo_linux_{architecture}");
    enlarge(&programs.ours, &repository.join(&name), FETCHED)?;
    let mut serve =
        with(&programs.agent, &["plugin".as_ref(), "serve".as_ref(), &repository, "--port".as_ref(), "0".as_ref()]);
    serve.stderr(File::create(dir.join("serve.log"))?);
    let (_serving, mut said) = Running::start(serve)?;
    let mut index = String::new();
    said.read_line(&mut index)?;
    let index = index.trim_end();
    let (base, _) = index.rsplit_once('/').context("`botkube plugin serve` did not say where its index is")?;
    let file = format!("{base}/static/{name}");
    for round in 0..=rounds {
        quiet();
        for which in [round % 2, 1 - round % 2] {
            let _ = fs::remove_dir_all(&cache);
            let _ = fs::remove_file(&target);
            let command = if which == 0 {
                with(&programs.rust, &["fetch".as_ref(), index.as_ref(), &cache])
            } else {
                let line = r#"curl -sSf -o "$1" "$2" && sha256sum "$1""#;
                with("sh".as_ref(), &["-c".as_ref(), line.as_ref(), "sh".as_ref(), &target, file.as_ref()])
            };
            let took = timed(command)?;
            // The first of each makes the index and fills the page cache.
            if round > 0 {
                measured.fetched[which].push(took);
            }
        }
    }
    Ok(())
}

/// Starts a large plugin without and with the check, and has `sha256sum` read it, in turns.
fn checked(
    dir: &Path,
    programs: &Programs,
    rounds: usize,
    quiet: impl Fn() -> f64,
    measured: &mut Measured,
) -> Result<()> {
    let large = dir.join("large");
    enlarge(&programs.ours, &large, CHECKED)?;
    for round in 0..rounds {
        quiet();
        for which in [round % 3, (round + 1) % 3, (round + 2) % 3] {
            let took = match which {
                2 => timed(with("sha256sum".as_ref(), &[&large]))?,
                _ => lane::starts(&mut programs.rust(["spawn", "checked"][which], &large), 1)?.p50_ms,
            };
            measured.checked[which].push(took);
        }
    }
    Ok(())
}

/// A program of this size: behind what is executed it is repeated, so that no byte of the file is missing on the disk.
fn enlarge(program: &Path, into: &Path, size: u64) -> Result<()> {
    let bytes = fs::read(program)?;
    let mut file = File::create(into)?;
    let mut left = size;
    while left > 0 {
        left -= std::io::copy(&mut bytes.as_slice().take(left), &mut file)?;
    }
    file.set_permissions(fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// How long a process takes from its start to its end, in milliseconds.
fn timed(mut command: Command) -> Result<f64> {
    let began = Instant::now();
    let ended = command.stdout(Stdio::null()).status().with_context(|| format!("cannot run {command:?}"))?;
    let took = began.elapsed();
    ensure!(ended.success(), "{command:?} ended with {ended}; its reason is above");
    Ok(millis(took))
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

impl Running {
    fn start(mut command: Command) -> Result<(Self, BufReader<ChildStdout>)> {
        let child = command.stdout(Stdio::piped()).spawn();
        let mut running = Self(child.with_context(|| format!("cannot start {command:?}"))?);
        let said = running.0.stdout.take().context("it was asked for")?;
        Ok((running, BufReader::new(said)))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
