//! The Rust side of `cargo xtask bench`: one way of asking for each start, driven line by line, exactly as the Go program of
//! the same name in conformance/go. It must not know who compares the figures with what.
//!
//! ```text
//! lanes host PLUGIN AGENT        our host, as the agent starts it, against an executor that echoes its command
//! lanes fresh PLUGIN AGENT       the same with other configurations in every call
//! lanes path CONFIG CHANNEL TEXT AGENT  from a line typed in a channel through the whole agent to the rendered answer
//! lanes floor-grpc               the Execute message over plain tonic: no go-plugin, no JSON
//! lanes spawn PLUGIN AGENT N     N starts of a plugin, each up to its first answer: prints {"p50_ms", "min_ms", "max_ms"}
//! lanes checked PLUGIN AGENT N   the same with the content of the plugin's file checked before each start
//! lanes fetch INDEX CACHE        fetches the plugin `echo` until it can be started; the time is whoever's who asks
//! lanes live PLUGIN AGENT        output that comes while a command runs: prints {"first_p50_us", "first_p99_us",
//!                                "streams_late_ms", "streams_cpu_us", "streams_pss_kib", "part_alone_us", "part_shown_us"}
//! lanes start CONFIG AGENT       starts every plugin that is bound, has each answer once, and stays: prints {"started_ms",
//!                                "answered_ms"}, and for each line `tree` the memory of this process and all below it
//! ```
//!
//! AGENT is the product's executable, which is also the launcher of plugins. The first four read these lines and answer each
//! with one line of JSON; CPU time is per call:
//!
//! ```text
//! warm N                N calls, not measured: {"calls"}
//! one N                 N calls one after another: {"p50_us", "p99_us", "cpu_self_us", "cpu_plugin_us"}
//! many CALLERS SECONDS  as many callers at once: the same and {"per_second"}
//! rss                   memory of the answering process: {"pss_kib", "anon_kib"}
//! quit                  the end, as is the end of the input
//! ```
#![allow(clippy::print_stdout, reason = "figures are its answer")]

mod ask;
mod live;
mod measure;

use std::{
    env,
    io::{self, BufRead},
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use botkube_plugin_host::store::sha256_of;
use serde_json::{Value, json};
use tokio::runtime;

use ask::Lane;
use measure::Samples;

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    if let ["answer", socket] = args[..] {
        // As a plugin of the SDK: everything on the main thread.
        return runtime::Builder::new_current_thread().enable_all().build()?.block_on(ask::answer(Path::new(socket)));
    }
    // As the agent.
    let runtime = runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let path = Path::new;
    runtime.block_on(async {
        match args[..] {
            ["host", plugin, agent] => drive(ask::host(path(plugin), path(agent), false).await?).await,
            ["fresh", plugin, agent] => drive(ask::host(path(plugin), path(agent), true).await?).await,
            ["path", config, channel, text, agent] => {
                drive(ask::path(path(config), channel, text, path(agent)).await?).await
            }
            ["start", config, agent] => start(path(config), path(agent)).await,
            ["live", plugin, agent] => {
                println!("{}", live::run(path(plugin), path(agent)).await?);
                Ok(())
            }
            ["floor-grpc"] => drive(ask::floor().await?).await,
            ["spawn", plugin, agent, n] => spawn(n.parse()?, || ask::host(path(plugin), path(agent), false)).await,
            ["checked", plugin, agent, n] => {
                let sha256 = sha256_of(path(plugin))?;
                spawn(n.parse()?, || ask::checked(path(plugin), &sha256, path(agent))).await
            }
            ["fetch", index, cache] => ask::fetch(index, path(cache)).await,
            _ => bail!("use one of the verbs that the header of this program's source names"),
        }
    })
}

async fn drive(lane: Lane) -> Result<()> {
    for line in io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let said = match words[..] {
            ["quit"] => break,
            ["warm", n] => {
                one(&lane, n.parse()?).await?;
                json!({ "calls": n })
            }
            ["one", n] => one(&lane, n.parse()?).await?,
            ["many", callers, seconds] => many(&lane, callers.parse()?, Duration::from_secs(seconds.parse()?)).await?,
            ["rss"] => measure::memory(lane.pid)?,
            _ => bail!("cannot do {line:?}: use warm N, one N, many CALLERS SECONDS, rss or quit"),
        };
        println!("{said}");
    }
    lane.close().await;
    Ok(())
}

/// The caller is a task of its own, as every command in the agent is.
async fn one(lane: &Lane, n: u64) -> Result<Value> {
    let (call, pid) = (lane.call.clone(), lane.pid);
    let work = tokio::spawn(async move {
        let before = measure::cpu(pid)?;
        let mut samples = Samples::default();
        for _ in 0..n {
            let began = Instant::now();
            call().await?;
            samples.push(began.elapsed());
        }
        figures(before, samples, pid)
    });
    work.await.context("the caller ended")?
}

async fn many(lane: &Lane, callers: usize, length: Duration) -> Result<Value> {
    let before = measure::cpu(lane.pid)?;
    let began = Instant::now();
    let working: Vec<_> = (0..callers)
        .map(|_| {
            let call = lane.call.clone();
            tokio::spawn(async move {
                let (mut samples, mut now) = (Samples::default(), Instant::now());
                while now - began < length {
                    call().await?;
                    let then = Instant::now();
                    samples.push(then - now);
                    now = then;
                }
                anyhow::Ok(samples)
            })
        })
        .collect();
    let mut all = Samples::default();
    for work in working {
        all.extend(work.await.context("a caller ended")??);
    }
    let per_second = all.len() as f64 / began.elapsed().as_secs_f64();
    let mut said = figures(before, all, lane.pid)?;
    said["per_second"] = per_second.into();
    Ok(said)
}

fn figures(before: [Duration; 2], mut samples: Samples, pid: u32) -> Result<Value> {
    let after = measure::cpu(pid)?;
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    let per_call = |i: usize| micros(after[i].saturating_sub(before[i])) / samples.len().max(1) as f64;
    let (own, plugin) = (per_call(0), per_call(1));
    Ok(json!({
        "p50_us": micros(samples.at(50.0)),
        "p99_us": micros(samples.at(99.0)),
        "cpu_self_us": own,
        "cpu_plugin_us": plugin,
    }))
}

async fn start(config: &Path, agent: &Path) -> Result<()> {
    let (agent, took) = ask::start(config, agent).await?;
    let [started, answered] = took.map(|took| took.as_secs_f64() * 1e3);
    println!("{}", json!({ "started_ms": started, "answered_ms": answered }));
    for line in io::stdin().lock().lines() {
        match line?.as_str() {
            "tree" => println!("{}", measure::tree()?),
            other => bail!("cannot do {other:?}: use tree"),
        }
    }
    agent.stop().await;
    Ok(())
}

/// Measures starts, after two that only fill the page cache.
async fn spawn<F: Future<Output = Result<Lane>>>(n: usize, start: impl Fn() -> F) -> Result<()> {
    let mut samples = Samples::default();
    for i in 0..n + 2 {
        let began = Instant::now();
        let lane = start().await?;
        if i >= 2 {
            samples.push(began.elapsed());
        }
        lane.close().await;
    }
    let mut millis = |percent| samples.at(percent).as_secs_f64() * 1e3;
    println!("{}", json!({ "p50_ms": millis(50.0), "min_ms": millis(0.0), "max_ms": millis(100.0) }));
    Ok(())
}
