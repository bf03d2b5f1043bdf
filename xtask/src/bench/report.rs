//! The figures as a table, with the aims and whether they are met; it measures nothing.

use std::{fmt::Write, fs, path::Path, process::Command};

use anyhow::{Context, Result};

use super::{
    LANES, Measured, Options,
    agent::{PATHS, PLUGINS, Text},
    author::{CHECKED, FETCHED},
    lane::{Figures, Live},
};

/// Between these lines of a page the figures of the last run stand.
const BEGIN: &str = "<!-- figures: written by `cargo xtask bench` with `--write` -->";
const END: &str = "<!-- end of figures -->";

pub(super) fn markdown(options: &Options, measured: &Measured) -> Result<String> {
    let mut out = String::new();
    writeln!(
        out,
        "`cargo xtask bench{} --rounds {}` on {}. {} calls of one caller and {} s with {} callers for each lane and round, \
         in turns; others used at most {:.2} cores before a round{}.\n",
        if options.quick { " --quick" } else { "" },
        options.rounds,
        machine(),
        options.calls(),
        options.seconds(),
        super::CALLERS,
        measured.busiest,
        if measured.busiest > super::QUIET { " (**not quiet: take the ratios with care**)" } else { "" },
    )?;
    lanes(&mut out, measured)?;
    processes(&mut out, measured)?;
    paths(&mut out, measured)?;
    live(&mut out, measured)?;
    author(&mut out, measured)?;
    aims(&mut out, measured)?;
    Ok(out)
}

/// Replaces the block of the last run.
pub(super) fn write(file: &Path, report: &str) -> Result<()> {
    let name = file.display();
    let text = fs::read_to_string(file).with_context(|| name.to_string())?;
    let (before, rest) = text.split_once(BEGIN).with_context(|| format!("{name} has no line {BEGIN}"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("{name} has no line {END}"))?;
    fs::write(file, format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", report.trim_end()))?;
    println!("written to {name}");
    Ok(())
}

fn lanes(out: &mut String, measured: &Measured) -> Result<()> {
    out.push_str("| lane | p50 µs | p99 µs | CPU a call µs, asking + answering | 64 callers: answers/s | CPU a call µs | p50 : (c) | p99 : (c) | answers/s : (c) | CPU : (c) | p50 : (e) | CPU : (e) |\n");
    out.push_str("|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (i, (key, title, _)) in LANES.iter().enumerate() {
        let (one, many) = (&measured.one[i], &measured.many[i]);
        let [asking, answering] = [0, 1].map(|part| median(one.iter().map(|f| f.cpu_parts()[part])));
        writeln!(
            out,
            "| ({key}) {title} | {:.0} | {:.0} | {asking:.1} + {answering:.1} | {:.0} | {:.1} | {} | {} | {} | {} | {} | {} |",
            median(one.iter().map(|f| f.p50_us)),
            median(one.iter().map(|f| f.p99_us)),
            median(many.iter().map(|f| f.per_second)),
            median(many.iter().map(Figures::cpu)),
            spread(ratios(one, &measured.one[lane("c")], |f| f.p50_us), 2),
            spread(ratios(one, &measured.one[lane("c")], |f| f.p99_us), 2),
            spread(ratios(many, &measured.many[lane("c")], |f| f.per_second), 2),
            spread(ratios(many, &measured.many[lane("c")], Figures::cpu), 2),
            spread(ratios(one, &measured.one[lane("e")], |f| f.p50_us), 2),
            spread(ratios(many, &measured.many[lane("e")], Figures::cpu), 2),
        )?;
    }
    out.push_str("\nRatios are medians of the ratios of each round, with the least and the greatest.\n\n");
    Ok(())
}

fn processes(out: &mut String, measured: &Measured) -> Result<()> {
    out.push_str("| | ours | original | ratio |\n|---|---|---|---|\n");
    let mut row = |what: &str, [ours, theirs]: [f64; 2], digits: usize| {
        writeln!(out, "| {what} | {ours:.digits$} | {theirs:.digits$} | {:.2} |", ours / theirs)
    };
    let mib = |kib: f64| kib / 1024.0;
    row("spawn to first answer, ms", starts(measured), 1)?;
    row("PSS idle, MiB", measured.idle.each_ref().map(|m| mib(median(m.iter().map(|m| m.pss_kib)))), 2)?;
    row("– of it anonymous", measured.idle.each_ref().map(|m| mib(median(m.iter().map(|m| m.anon_kib)))), 2)?;
    row("PSS after 10,000 calls, MiB", measured.used.each_ref().map(|m| mib(median(m.iter().map(|m| m.pss_kib)))), 2)?;
    row("– of it anonymous", measured.used.each_ref().map(|m| mib(median(m.iter().map(|m| m.anon_kib)))), 2)?;
    row("plugin, stripped, MB", measured.size.map(|bytes| bytes as f64 / 1e6), 2)?;
    out.push('\n');
    Ok(())
}

/// The whole agent beside upstream's.
fn paths(out: &mut String, measured: &Measured) -> Result<()> {
    out.push_str("| from a typed line to its answer | ours p50 µs | p99 µs | upstream p50 µs | p99 µs | p50 ratio | p99 ratio | 64 callers: ours answers/s | upstream | ratio | CPU a call, ratio |\n");
    out.push_str("|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (i, (title, ..)) in PATHS.iter().enumerate() {
        let ([ours, theirs], [many, their_many]) = (&measured.agent.one[i], &measured.agent.many[i]);
        let mid = |figures: &[Figures], figure: fn(&Figures) -> f64| median(figures.iter().map(figure));
        writeln!(
            out,
            "| {title} | {:.0} | {:.0} | {:.0} | {:.0} | {} | {} | {:.0} | {:.0} | {} | {} |",
            mid(ours, |f| f.p50_us),
            mid(ours, |f| f.p99_us),
            mid(theirs, |f| f.p50_us),
            mid(theirs, |f| f.p99_us),
            spread(ratios(ours, theirs, |f| f.p50_us), 2),
            spread(ratios(ours, theirs, |f| f.p99_us), 2),
            mid(many, |f| f.per_second),
            mid(their_many, |f| f.per_second),
            spread(ratios(many, their_many, |f| f.per_second), 2),
            spread(ratios(many, their_many, Figures::cpu), 2),
        )?;
    }
    writeln!(out, "\n| {PLUGINS} cached plugins | ours | upstream | ratio |\n|---|---|---|---|")?;
    let starts = &measured.agent.starts;
    for (what, [ours, theirs]) in [
        ("all run, ms", starts.each_ref().map(|s| median(s.iter().map(|s| s.started_ms)))),
        ("each answered once, ms", starts.each_ref().map(|s| median(s.iter().map(|s| s.answered_ms)))),
        ("PSS of the tree, MiB", trees(measured).map(|kib| kib / 1024.0)),
    ] {
        writeln!(out, "| {what} | {ours:.1} | {theirs:.1} | {:.2} |", ours / theirs)?;
    }
    out.push('\n');
    Ok(())
}

/// Output that comes while commands run; upstream has none.
fn live(out: &mut String, measured: &Measured) -> Result<()> {
    let of = |figure: fn(&Live) -> f64| median(measured.live.iter().map(figure));
    out.push_str("| output while a command runs | |\n|---|---|\n");
    for (what, value, digits) in [
        ("from a line that is said to its first output on a platform, p50 µs", of(|l| l.first_p50_us), 0),
        ("– p99 µs", of(|l| l.first_p99_us), 0),
        ("64 streams of 100 lines, one every 20 ms: later than that, ms", of(|l| l.streams_late_ms), 1),
        ("– CPU of agent and plugin for a line, µs", of(|l| l.streams_cpu_us), 1),
        ("– PSS of both, MiB", of(|l| l.streams_pss_kib) / 1024.0, 1),
        ("a part, taken as in a pipe, µs", of(|l| l.part_alone_us), 2),
        ("a part, shown in a conversation, µs", of(|l| l.part_shown_us), 2),
        ("– the ratio of both", of(|l| l.part_shown_us / l.part_alone_us), 2),
    ] {
        writeln!(out, "| {what} | {value:.digits$} |")?;
    }
    if let Some(page) = measured.page {
        writeln!(
            out,
            "| from Enter in a browser to the visible answer of `echo`, median ms | {:.1} |",
            page.answer_ms
        )?;
        writeln!(
            out,
            "| from the load of the page to its first message, median ms | {:.1} |",
            page.first_message_after_load_ms
        )?;
    }
    out.push('\n');
    Ok(())
}

/// What authors and operators wait for; upstream has neither the loop nor the check.
fn author(out: &mut String, measured: &Measured) -> Result<()> {
    let author = &measured.author;
    let mid = |times: &[f64]| median(times.iter().copied());
    let [ours, curl] = &author.fetched;
    let [unchecked, checked, summed] = &author.checked;
    let mib = |bytes: u64| bytes >> 20;
    let more: Vec<f64> = checked.iter().zip(unchecked).map(|(checked, unchecked)| checked - unchecked).collect();
    let quotients =
        |ours: &[f64], theirs: &[f64]| ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect();
    out.push_str("| until it answers | |\n|---|---|\n");
    writeln!(
        out,
        "| from a saved file to the first answer of what was built of it, beyond the build, ms | {} |",
        spread(author.saved.clone(), 0)
    )?;
    writeln!(out, "| a plugin of {} MiB, fetched until it can be started, ms | {:.0} |", mib(FETCHED), mid(ours))?;
    writeln!(out, "| – to `curl` and `sha256sum` of the same file | {} |", spread(quotients(ours, curl), 2))?;
    writeln!(out, "| start of a plugin of {} MiB that nobody checks, ms | {:.1} |", mib(CHECKED), mid(unchecked))?;
    writeln!(out, "| – checked before, ms more for each MiB | {:.2} |", mid(&more) / mib(CHECKED) as f64)?;
    writeln!(out, "| – what is more to `sha256sum` of the same file | {} |\n", spread(quotients(&more, summed), 2))?;
    Ok(())
}

/// PSS of everything, in KiB.
fn trees(measured: &Measured) -> [f64; 2] {
    measured.agent.trees.each_ref().map(|trees| median(trees.iter().map(|m| m.pss_kib)))
}

fn aims(out: &mut String, measured: &Measured) -> Result<()> {
    let of = |all: &[Vec<Figures>], key: &str, to: &str, figure: fn(&Figures) -> f64| {
        median(ratios(&all[lane(key)], &all[lane(to)], figure).into_iter())
    };
    let quotient = |[ours, theirs]: [f64; 2]| ours / theirs;
    let pss = |of: &[Vec<super::Memory>; 2]| quotient(of.each_ref().map(|m| median(m.iter().map(|m| m.pss_kib))));
    let (one, many) = (&measured.one, &measured.many);
    let answered = measured.agent.starts.each_ref().map(|s| median(s.iter().map(|s| s.answered_ms)));
    let rows = [
        ("p50, (a) : (c)", of(one, "a", "c", |f| f.p50_us), "≤", 0.5),
        ("p99, (a) : (c)", of(one, "a", "c", |f| f.p99_us), "≤", 0.35),
        ("answers/s, (a) : (c)", of(many, "a", "c", |f| f.per_second), "≥", 2.5),
        ("spawn to first answer", quotient(starts(measured)), "≤", 0.25),
        ("PSS idle", pss(&measured.idle), "≤", 0.15),
        ("PSS after 10,000 calls", pss(&measured.used), "≤", 0.15),
        ("size", quotient(measured.size.map(|bytes| bytes as f64)), "≤", 0.1),
        ("p50, (a) : (e)", of(one, "a", "e", |f| f.p50_us), "≤", 1.5),
        ("CPU a call with 64 callers, (a) : (e)", of(many, "a", "e", Figures::cpu), "≤", 1.5),
        ("start of the agent's plugins", quotient(answered), "≤", 0.3),
        ("PSS of the agent's tree", quotient(trees(measured)), "≤", 0.15),
        ("saved file to new answer beyond the build, in ms", median(measured.author.saved.iter().copied()), "≤", 300.0),
        ("first output, p99 in ms", median(measured.live.iter().map(|l| l.first_p99_us)) / 1000.0, "≤", 500.0),
    ];
    let paths = PATHS.iter().enumerate().flat_map(|(i, (title, _, text))| {
        let (p50, per_second) = if matches!(text, Text::Short) { (0.5, 2.5) } else { (0.3, 5.0) };
        let [ours, theirs] = &measured.agent.one[i];
        let [many, their_many] = &measured.agent.many[i];
        let ratio = |ours: &[Figures], theirs: &[Figures], figure: fn(&Figures) -> f64| {
            median(ratios(ours, theirs, figure).into_iter())
        };
        [
            (format!("p50, {title}"), ratio(ours, theirs, |f| f.p50_us), "≤", p50),
            (format!("answers/s, {title}"), ratio(many, their_many, |f| f.per_second), "≥", per_second),
        ]
    });
    out.push_str("| aim | | measured | |\n|---|---|---|---|\n");
    let rows = rows.into_iter().map(|(what, value, relation, aim)| (what.to_owned(), value, relation, aim));
    for (what, value, relation, aim) in rows.chain(paths) {
        let met = if relation == "≤" { value <= aim } else { value >= aim };
        writeln!(out, "| {what} | {relation} {aim} | {value:.2} | {} |", if met { "met" } else { "**missed**" })?;
    }
    Ok(())
}

fn starts(measured: &Measured) -> [f64; 2] {
    measured.starts.each_ref().map(|starts| median(starts.iter().map(|s| s.p50_ms)))
}

/// The place of a lane.
fn lane(key: &str) -> usize {
    LANES.iter().position(|(known, ..)| *known == key).expect("the report names lanes there are")
}

/// Round by round.
fn ratios(ours: &[Figures], theirs: &[Figures], figure: impl Fn(&Figures) -> f64) -> Vec<f64> {
    ours.iter().zip(theirs).map(|(ours, theirs)| figure(ours) / figure(theirs)).collect()
}

/// The median with the least and the greatest.
fn spread(values: Vec<f64>, digits: usize) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let greatest = values.iter().copied().fold(0.0, f64::max);
    format!("**{:.digits$}** [{least:.digits$}–{greatest:.digits$}]", median(values.into_iter()))
}

/// Of an even number, the mean of the two in the middle; zero of none.
pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

/// What it was measured on.
pub(super) fn machine() -> String {
    let first = |file: &str, key: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
        line.split(':').nth(1).map(|value| value.trim().to_owned()).unwrap_or_default()
    };
    let said = |program: &str, arg: &str| {
        let out = Command::new(program).arg(arg).output().map(|out| out.stdout).unwrap_or_default();
        String::from_utf8_lossy(&out).trim().to_owned()
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = said("uname", "-r");
    format!(
        "{cores} cores ({}), Linux {kernel}, {}, {}",
        first("/proc/cpuinfo", "model name"),
        said("rustc", "-V"),
        said("go", "version")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        assert_eq!(median([4.0, 1.0, 3.0, 2.0].into_iter()), 2.5);
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), 2.0);
    }

    #[test]
    fn a_new_report_replaces_the_last_and_nothing_else() {
        let file = std::env::temp_dir().join(format!("xtask-report-{}", std::process::id()));
        fs::write(&file, format!("before\n{BEGIN}\nold\n{END}\nafter\n")).unwrap();
        write(&file, "new\n").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), format!("before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"));
        fs::remove_file(&file).unwrap();
    }
}
