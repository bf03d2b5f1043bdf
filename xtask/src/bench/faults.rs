//! Our plugin host and upstream's plugin manager with the same plugin and the same faults, in turns in one run; it knows the
//! two `manager` programs by name, and leaves it to `conformance::faults` what is done and seen.

use std::{
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use conformance::faults::{EVERY, Fault, Seen, Sham, Trial, suffer};

use super::report::{self, median};
use crate::{setup, sh};

/// Health checks as often as upstream can, and as often as both do by default.
const INTERVALS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];

/// How often each fault is made.
pub(crate) struct Options {
    rounds: usize,
    /// Into docs/faults.md.
    write: bool,
}

/// The programs of a run.
struct Programs {
    /// Ours and upstream's, as far as it is the same every time.
    managers: [Vec<PathBuf>; 2],
    plugin: PathBuf,
}

/// One fault with one interval: what was seen of ours and of upstream's, by round.
struct Row {
    fault: Fault,
    interval: Duration,
    seen: [Vec<Seen>; 2],
}

impl Options {
    pub(crate) fn parse(args: &[&str]) -> Option<Self> {
        let mut options = Self { rounds: 3, write: false };
        for arg in args {
            match *arg {
                "--quick" => options.rounds = 1,
                "--write" => options.write = true,
                _ => return None,
            }
        }
        Some(options)
    }
}

pub(crate) fn run(root: &Path, options: &Options) -> Result<bool> {
    if let Err(reason) = setup::go(root) {
        bail!("nothing to compare with: {reason}");
    }
    let programs = build(root)?;
    let dir = sh::target_dir(root).join("bench/faults");
    fs::create_dir_all(&dir)?;
    let sham = Sham::new(&dir, &programs.plugin)?;
    let mut rows = Vec::new();
    for interval in INTERVALS {
        // A frozen plugin is found out by a health check and its deadline; upstream's looks have begun anywhere.
        let patience = 2 * interval + Duration::from_secs(15);
        for fault in Fault::ALL {
            let mut seen = [Vec::new(), Vec::new()];
            for round in 0..options.rounds {
                for which in [round % 2, 1 - round % 2] {
                    let [program, args @ ..] = &programs.managers[which][..] else { continue };
                    let mut manager = Command::new(program);
                    manager.args(args);
                    let side = ["ours", "upstream"][which];
                    // Spread over the time between two health checks.
                    let phase = interval.mul_f64((round as f64 + 0.5) / options.rounds as f64);
                    let figures = suffer(manager, &sham, Trial { fault, interval, phase, patience })
                        .with_context(|| format!("{side}, {fault}, every {interval:?}"))?;
                    println!("{fault}, checks every {interval:?}, {side}: {figures:?}");
                    seen[which].push(figures);
                }
            }
            rows.push(Row { fault, interval, seen });
        }
    }
    let report = markdown(options, &rows)?;
    println!("\n{report}");
    if options.write {
        report::write(&root.join("docs/faults.md"), &report)?;
    }
    Ok(true)
}

fn build(root: &Path) -> Result<Programs> {
    sh::run(&mut sh::command(root, "conformance/go/build conformance/go/bin executor upstream-manager"))?;
    for what in ["-p botkube", "-p conformance --example manager"] {
        sh::run(&mut sh::command(root, &format!("cargo build --release {what}")))?;
    }
    let (release, go) = (sh::target_dir(root).join("release"), root.join("conformance/go/bin"));
    Ok(Programs {
        managers: [vec![release.join("examples/manager"), release.join("botkube")], vec![go.join("upstream-manager")]],
        plugin: go.join("executor"),
    })
}

fn markdown(options: &Options, rows: &[Row]) -> Result<String> {
    let mut out = String::new();
    writeln!(
        out,
        "`cargo xtask bench faults` on {}: on {}. A call every {} ms, each fault {} with each interval; medians, with the least \
         and the greatest.\n",
        date()?,
        report::machine(),
        EVERY.as_millis(),
        if options.rounds == 1 { "once".to_owned() } else { format!("{} times", options.rounds) },
    )?;
    out.push_str("| the plugin is | health check | | outage | failed calls | calls without an end | slowest good answer | ends when told to |\n");
    out.push_str("|---|---|---|---|---|---|---|---|\n");
    for row in rows {
        for (side, seen) in ["ours", "upstream"].iter().zip(&row.seen) {
            let millis = |time: Duration| time.as_secs_f64() * 1e3;
            writeln!(
                out,
                "| {} | {} s | {side} | {} | {} | {} | {} ms | {} |",
                row.fault,
                row.interval.as_secs(),
                outage(seen),
                spread(seen.iter().map(|seen| seen.failed as f64)),
                spread(seen.iter().map(|seen| seen.hung as f64)),
                spread(seen.iter().map(|seen| millis(seen.slowest))),
                match seen.iter().filter(|seen| seen.stopped).count() {
                    n if n == seen.len() => "yes".to_owned(),
                    0 => "**no**".to_owned(),
                    n => format!("{n} of {} times", seen.len()),
                },
            )?;
        }
    }
    out.push_str("\nWhat the first that failed was told:\n\n| the plugin is | ours | upstream |\n|---|---|---|\n");
    for fault in Fault::ALL {
        let told = |which: usize| {
            let mut seen = rows.iter().filter(|row| row.fault == fault).flat_map(|row| &row.seen[which]);
            let error = seen.find_map(|seen| seen.first_error.as_deref());
            error.map_or("–".to_owned(), |error| {
                format!("`` {} ``", named(error).replace('|', "\\|").replace('\n', " "))
            })
        };
        writeln!(out, "| {fault} | {} | {} |", told(0), told(1))?;
    }
    Ok(out)
}

/// How long nobody was answered; some were never again.
fn outage(seen: &[Seen]) -> String {
    let ended: Vec<f64> = seen.iter().filter_map(|seen| seen.outage).map(|outage| outage.as_secs_f64() * 1e3).collect();
    let never = seen.len() - ended.len();
    let watched = seen.iter().map(|seen| seen.watched.as_secs()).min().unwrap_or_default();
    match (never, ended.len()) {
        (0, _) => format!("**{}** ms", spread(ended.into_iter())),
        (_, 0) => format!("**for ever** (watched for {watched} s)"),
        (never, _) => {
            format!("{} ms, and **for ever** {never} times (watched for {watched} s)", spread(ended.into_iter()))
        }
    }
}

/// The median, and what there was where it was not always the same.
fn spread(values: impl Iterator<Item = f64>) -> String {
    let values: Vec<f64> = values.map(f64::round).collect();
    let (least, greatest) =
        (values.iter().copied().fold(f64::INFINITY, f64::min), values.iter().copied().fold(0.0, f64::max));
    let middle = median(values.iter().copied());
    if least < greatest { format!("{middle:.0} [{least:.0}–{greatest:.0}]") } else { format!("{middle:.0}") }
}

/// Without the names of files that are others in every run.
fn named(error: &str) -> String {
    let words = error.split(' ').map(|word| if word.contains("/tmp/") { "…" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

fn date() -> Result<String> {
    let said = sh::output(Command::new("date").args(["-u", "+%Y-%m-%d"]))?;
    Ok(String::from_utf8_lossy(&said).trim().to_owned())
}
