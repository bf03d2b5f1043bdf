//! The harness of `cargo xtask chaos`: people talk to a real agent while faults are committed, and what must hold is watched.
//! It must not know how the agent was built.
//!
//! ```text
//! chaos AGENT PLUGIN FOLDER SEED SECONDS
//! ```
//!
//! PLUGIN is `executor-misbehaving`; the agent's log goes to FOLDER. Each fault is said when it is committed, and each thing
//! that does not hold as a line that begins with `broken: `, with which the program ends and fails.
//!
//! Reading order: `world` the agent and its machine · `repository` where its plugins come from · `people` who ask, and the
//! judge · `faults` what is done, and when.
#![allow(clippy::print_stdout, reason = "what it sees is its answer")]

mod faults;
mod people;
mod repository;
mod world;

use std::{
    env, fs,
    os::fd::AsRawFd,
    path::Path,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use fastrand::Rng;
use tokio::{
    signal,
    sync::mpsc,
    task::JoinSet,
    time::{sleep, timeout},
};

use faults::{Culprit, Schedule};
use people::{Judge, Person, answers};
use repository::Repository;
use world::{CHANNELS, DEADLINE, PLUGINS, Sample, World};

/// People who talk all the time.
const PEOPLE: usize = 6;
/// How long they talk before anything is done.
const WARM: Duration = Duration::from_secs(8);
/// How soon after the faults every plugin answers.
const HEALTHY: Duration = Duration::from_secs(5);
/// How long what was used may take to be given back: threads that wait for work do so for 10 s.
const GIVEN_BACK: Duration = Duration::from_secs(25);
/// How long the agent may take to end.
const END: Duration = Duration::from_secs(25);
const LOOK: Duration = Duration::from_millis(100);

/// How much more than before the agent may use after the faults.
const MORE_MEMORY_KIB: u64 = 24 << 10;
const MORE_DESCRIPTORS: usize = 8;
const MORE_THREADS: u64 = 4;
/// Both versions of each plugin, with what is known of them.
const MORE_FILES: usize = 3 * PLUGINS.len();

#[tokio::main]
async fn main() -> Result<ExitCode> {
    let args: Vec<String> = env::args().skip(1).collect();
    let [agent, plugin, folder, seed, seconds] = &args[..] else {
        bail!("use AGENT PLUGIN FOLDER SEED SECONDS");
    };
    let (seed, length) = (seed.parse().context("SEED")?, Duration::from_secs(seconds.parse().context("SECONDS")?));
    let folder = Path::new(folder);
    let broken = tokio::select! {
        broken = run(Path::new(agent), Path::new(plugin), folder, seed, length) => broken?,
        // The agent is in a group of its own and goes with what is dropped here.
        _ = signal::ctrl_c() => bail!("interrupted"),
    };
    broken.iter().for_each(|what| println!("broken: {what}"));
    Ok(if broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All that did not hold.
async fn run(agent: &Path, plugin: &Path, folder: &Path, seed: u64, length: Duration) -> Result<Vec<String>> {
    let repository = Repository::serve(plugin, &PLUGINS).await?;
    let log = folder.join(format!("agent-{seed}.log"));
    let mut world = World::start(agent, repository.url(), &log).await?;
    if world.disk.is_none() {
        println!("the disk is never filled: nothing can be mounted here, not even with `unshare -Urm`");
    }
    let judge = Judge::new(world.ledger());
    let mut people = Vec::new();
    for number in 0..=PEOPLE {
        let link = if number == 0 { world.link().await? } else { world.other_link().await? };
        people.push(Person::arrive(format!("p{number}"), &link, judge.clone()).await?);
    }
    let mut operator = people.pop().context("there are people")?;
    for plugin in PLUGINS {
        let started = answers(&mut operator, plugin, Duration::from_secs(30)).await?;
        started.with_context(|| format!("{plugin} does not answer before anything is done to it"))?;
    }

    let mut people = talk(people, seed, WARM).await?;
    for plugin in PLUGINS {
        operator.ask(CHANNELS[0], format!("restart executor {plugin}")).await?;
    }
    let before = settled(&world, None).await?;
    println!("before: {before:?}");

    let began = Instant::now();
    let (orders, heard) = mpsc::channel(1);
    let operating = tokio::spawn(operate(operator, heard));
    let talking = tokio::spawn(talk(people, seed.wrapping_add(1), length + HEALTHY));
    let mut culprit = Culprit::new(&world, &repository, orders);
    let mut schedule = Schedule::new(seed);
    'faults: while began.elapsed() < length {
        let (wait, fault) = schedule.next();
        let at = Instant::now() + wait;
        while Instant::now() < at {
            culprit.undo(false)?;
            if !judge.all_broken().is_empty() || began.elapsed() >= length {
                break 'faults;
            }
            sleep(LOOK.min(at.saturating_duration_since(Instant::now()))).await;
        }
        println!("{:>7.1} s  {fault}", began.elapsed().as_secs_f64());
        culprit.commit(fault)?;
    }
    culprit.undo(true)?;
    println!("{:>7.1} s  the faults stop", began.elapsed().as_secs_f64());
    drop(culprit);
    let mut operator = operating.await??;
    if !judge.all_broken().is_empty() {
        println!("{}", judge.summary());
        return Ok(judge.all_broken());
    }
    let stopped = Instant::now();
    for plugin in PLUGINS {
        let left = HEALTHY.saturating_sub(stopped.elapsed());
        match answers(&mut operator, plugin, left.max(LOOK)).await? {
            Some(_) => println!("{plugin} answers {:.2} s after the faults", stopped.elapsed().as_secs_f64()),
            None => judge.broken(format!("{plugin} does not answer {HEALTHY:?} after the faults")),
        }
    }
    people = talking.await??;
    people.push(operator);
    let after = settled(&world, Some(before)).await?;
    println!("after:  {after:?}");
    more(before, after).into_iter().for_each(|what| judge.broken(what));
    drop(people);

    let tmp = world.inside().join("tmp");
    // Seen through the agent, its disk goes with it.
    let holder = world.disk.as_ref().map(|_| fs::File::open(&tmp)).transpose()?;
    let (status, left) = world.end(END).await?;
    if !status.success() {
        judge.broken(format!("the agent ended with {status}"));
    }
    if !left.is_empty() {
        judge.broken(format!("the agent left processes behind: {left:?}"));
    }
    let tmp = holder.as_ref().map_or(tmp, |open| format!("/proc/self/fd/{}", open.as_raw_fd()).into());
    let files = fs::read_dir(tmp)?.map(|entry| Ok(entry?.file_name())).collect::<Result<Vec<_>>>()?;
    if !files.is_empty() {
        judge.broken(format!("the agent left temporary files behind: {files:?}"));
    }
    judge.audit()?;
    println!("{}", judge.summary());
    Ok(judge.all_broken())
}

/// Has people talk for so long.
async fn talk(people: Vec<Person>, seed: u64, length: Duration) -> Result<Vec<Person>> {
    let stop = Instant::now() + length;
    let mut talking = JoinSet::new();
    for (number, mut person) in people.into_iter().enumerate() {
        let rng = Rng::with_seed(seed.wrapping_mul(1000).wrapping_add(number as u64));
        talking.spawn(async move { person.talk(rng, stop).await.map(|()| person) });
    }
    let mut people = Vec::new();
    while let Some(person) = talking.join_next().await {
        people.push(person??);
    }
    Ok(people)
}

/// Says what is ordered, one thing after the other.
async fn operate(mut operator: Person, mut orders: mpsc::Receiver<String>) -> Result<Person> {
    loop {
        match timeout(LOOK, orders.recv()).await {
            Ok(None) => return Ok(operator),
            Ok(Some(text)) => drop(operator.ask(CHANNELS[0], text).await?),
            Err(_) => operator.rest(LOOK / 10).await?,
        }
    }
}

/// What the agent uses once it has given back what it needs no more.
async fn settled(world: &World, before: Option<Sample>) -> Result<Sample> {
    // The last command may have been given up, and its plugin has its time to take notice.
    sleep(DEADLINE / 2).await;
    let deadline = Instant::now() + GIVEN_BACK;
    loop {
        let now = world.sample()?;
        let is_flat = before.is_some_and(|before| more(before, now).is_empty());
        if is_flat || Instant::now() > deadline {
            return Ok(now);
        }
        // Before the faults there is nothing to compare with but a moment later.
        if before.is_none() {
            sleep(DEADLINE).await;
            let later = world.sample()?;
            if later.threads >= now.threads && later.descriptors >= now.descriptors {
                return Ok(later);
            }
        }
        sleep(LOOK).await;
    }
}

/// What is used more than it may be.
fn more(before: Sample, after: Sample) -> Vec<String> {
    let rows = [
        ("KiB of memory", before.memory_kib, after.memory_kib, MORE_MEMORY_KIB),
        ("descriptors", before.descriptors as u64, after.descriptors as u64, MORE_DESCRIPTORS as u64),
        ("threads", before.threads, after.threads, MORE_THREADS),
        ("processes", before.processes as u64, after.processes as u64, 0),
        (
            "files in the cache and the folder for temporary ones",
            before.files as u64,
            after.files as u64,
            MORE_FILES as u64,
        ),
    ];
    let grown = rows.into_iter().filter(|(_, before, after, allowed)| *after > before + allowed);
    grown
        .map(|(what, before, after, _)| format!("the agent has {after} {what}, and had {before} before the faults"))
        .collect()
}
