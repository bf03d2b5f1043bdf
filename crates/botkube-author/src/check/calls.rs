//! What a plugin answers: examples, nonsense, a lot, at once, to nobody. It knows no plugin's commands but those of its help.

use std::{sync::atomic::Ordering, time::Duration};

use botkube_proto::executor::ExecuteContext;
use bytes::Bytes;
use futures_util::future::join_all;
use tokio::time::{self, Instant};

use super::{
    Finding, Outcome, Verdict, help,
    subject::{Answered, Running, Subject, shown},
};

/// How many examples are run at most.
const MOST_EXAMPLES: usize = 20;
/// How many calls are made at once, half of what an agent allows.
const AT_ONCE: usize = 50;
/// How many bytes a big command has.
const BIG: usize = 1 << 20;
/// How many lines a call may print before that is too much for a log.
const MANY_LINES: usize = 100;
/// How many calls are given up, and after what time.
const GIVEN_UP: usize = 10;
const PATIENCE: Duration = Duration::from_millis(5);
/// How long nothing is printed once everything was.
const QUIET: Duration = Duration::from_millis(100);
/// How long calls may go on for nobody.
const UNHEARD: Duration = Duration::from_secs(2);
/// How long a plugin may take to say that it is well.
const HEALTH_DEADLINE: Duration = Duration::from_secs(5);

/// What is given as a configuration and is none.
const BROKEN: &[(&str, &[&str])] = &[
    ("no YAML", &["{a: [b, c"]),
    ("a text where keys belong", &["just a text"]),
    ("a list where keys belong", &["- 1\n- 2\n"]),
    ("a key that nobody knows", &["noSuchKey7f3a: {deep: [1, 2]}\n"]),
    ("no bytes", &[""]),
    ("no configuration at all", &[]),
];

pub(super) async fn examples(subject: &Subject) -> Verdict {
    let examples = help::examples(subject);
    if examples.is_empty() {
        return Verdict::skipped("its help offers none");
    }
    let mut verdict = Verdict::default();
    let mut running = None;
    let mut fine = 0;
    for example in examples.iter().take(MOST_EXAMPLES) {
        let process = match alive(subject, running).await {
            Ok(process) => process,
            Err(verdict) => return verdict,
        };
        match process.call(subject.request(example)).await {
            Answered::Answer(_) | Answered::GoesOn => fine += 1,
            Answered::Error(reason) if !reason.trim().is_empty() => {
                verdict = verdict.warning(
                    format!("an answer to the example `{}`", shown(example)),
                    format!("an error: {}", shown(&reason)),
                    "let an example work anywhere; where it needs a cluster or a configuration, test with that".into(),
                );
            }
            other => verdict.add(unanswered(&format!("the example `{}`", shown(example)), other)),
        }
        running = Some(process);
    }
    let unseen = examples.len().saturating_sub(MOST_EXAMPLES);
    verdict.note = format!("{fine} of {}", examples.len());
    if unseen > 0 {
        verdict.note += &format!(", {unseen} not tried");
    }
    verdict
}

pub(super) async fn unknown_command(subject: &Subject) -> Verdict {
    let mut verdict = Verdict::default();
    let mut running = None;
    for (what, command) in [("a command nobody knows", subject.any_command()), ("its bare name", subject.name.clone())]
    {
        let process = match alive(subject, running).await {
            Ok(process) => process,
            Err(verdict) => return verdict,
        };
        verdict.add(unanswered(what, process.call(subject.request(&command)).await));
        running = Some(process);
    }
    verdict
}

pub(super) async fn broken_configuration(subject: &Subject) -> Verdict {
    let mut verdict = Verdict::default();
    let mut running = None;
    for (what, configs) in BROKEN {
        let process = match alive(subject, running).await {
            Ok(process) => process,
            Err(verdict) => return verdict,
        };
        let configs = configs.iter().map(|yaml| Bytes::from_static(yaml.as_bytes())).collect();
        let answered = process.call(subject.request_with(&subject.any_command(), configs)).await;
        verdict.add(unanswered(&format!("a configuration that is {what}"), answered));
        running = Some(process);
    }
    verdict
}

pub(super) async fn concurrent(subject: &Subject) -> Verdict {
    let process = match alive(subject, None).await {
        Ok(process) => process,
        Err(verdict) => return verdict,
    };
    let began = Instant::now();
    let calls = (0..AT_ONCE).map(|n| process.call(subject.request(&format!("{} {n}", subject.any_command()))));
    let answers = join_all(calls).await;
    let mut verdict = Verdict::passed(format!("{AT_ONCE} in {:.0?}", began.elapsed()));
    let mut problems = answers.into_iter().filter_map(|answered| unanswered("calls at the same time", answered));
    if let Some(mut first) = problems.next() {
        first.seen = format!("{} of {AT_ONCE} were not; the first: {}", 1 + problems.count(), first.seen);
        verdict.add(Some(first));
    }
    verdict
}

pub(super) async fn big(subject: &Subject) -> Verdict {
    let process = match alive(subject, None).await {
        Ok(process) => process,
        Err(verdict) => return verdict,
    };
    let command = format!("{} {}", subject.name, "x".repeat(BIG));
    let answered = process.call(subject.request(&command)).await;
    let mut verdict = match &answered {
        Answered::Answer(size) => Verdict::passed(format!("with {size} bytes")),
        _ => Verdict::default(),
    };
    verdict.add(unanswered("a command of 1 MiB", answered));
    if verdict.findings.is_empty() {
        verdict.add(unwell(&process, "after a command of 1 MiB").await);
    }
    verdict
}

/// What it prints while it is called goes to the agent's log, and must not be mistaken for the protocol.
pub(super) async fn output(subject: &Subject) -> Verdict {
    let process = match alive(subject, None).await {
        Ok(process) => process,
        Err(verdict) => return verdict,
    };
    let commands = help::examples(subject).into_iter().take(1).chain([subject.any_command()]);
    let mut calls = 0;
    let mut verdict = Verdict::default();
    for command in commands {
        calls += 1;
        // Whether it is answered is another check's question; whether the connection holds is this one's.
        if let Answered::Broke(how) = process.call(subject.request(&command)).await {
            return Verdict::skipped(format!("a call broke: {how}"));
        }
    }
    verdict.add(unwell(&process, "after calls in which it printed").await);
    let lines = settled(&process).await;
    if lines > 0 {
        verdict.note = format!("{lines} line{} on standard output in {calls} calls", if lines == 1 { "" } else { "s" });
    }
    if lines > MANY_LINES * calls {
        verdict = verdict.warning(
            format!("at most {MANY_LINES} lines on standard output for a call"),
            format!("{lines} in {calls} calls"),
            "log what matters, to standard error; all of it is in the agent's log".into(),
        );
    }
    verdict
}

/// How many lines it printed, once no more come: they travel apart from answers.
async fn settled(process: &Running) -> usize {
    let (mut lines, began) = (0, Instant::now());
    let mut since = began;
    while since.elapsed() < QUIET && began.elapsed() < UNHEARD {
        time::sleep(PATIENCE).await;
        let now = process.printed.load(Ordering::Relaxed);
        if now != lines {
            (lines, since) = (now, Instant::now());
        }
    }
    lines
}

pub(super) async fn cancel(subject: &Subject) -> Verdict {
    let process = match alive(subject, None).await {
        Ok(process) => process,
        Err(verdict) => return verdict,
    };
    let command = help::examples(subject).into_iter().next().unwrap_or_else(|| subject.any_command());
    let given_up = (0..GIVEN_UP).map(|_| time::timeout(PATIENCE, process.call(subject.request(&command))));
    join_all(given_up).await;
    let mut verdict = Verdict::default();
    verdict.add(unanswered(
        "a call after others were cancelled",
        process.call(subject.request(&subject.any_command())).await,
    ));
    if verdict.findings.is_empty() {
        verdict.add(unwell(&process, "after calls were cancelled").await);
    }
    let until = Instant::now() + UNHEARD;
    loop {
        match process.stubborn().await {
            Some(calls) if calls > 0 && Instant::now() < until => time::sleep(PATIENCE).await,
            Some(calls) if calls > 0 => {
                return verdict.warning(
                    format!("cancelled calls to end within {UNHEARD:?}"),
                    format!("{calls} still ran; an agent starts such a plugin anew"),
                    "let loops and waits look at whether the call was cancelled".into(),
                );
            }
            _ => return verdict,
        }
    }
}

/// Go plugins of the original SDK look into what may be absent (`contract-plugins` B40); hosts other than this may leave it out.
pub(super) async fn absent_contexts(subject: &Subject) -> Verdict {
    let mut verdict = Verdict::default();
    let mut running = None;
    for (what, context) in [("no context", None), ("an empty context", Some(ExecuteContext::default()))] {
        let process = match alive(subject, running).await {
            Ok(process) => process,
            Err(verdict) => return verdict,
        };
        let mut request = subject.request(&subject.any_command());
        request.context = context;
        if let Some(finding) = unanswered(&format!("a call with {what}"), process.call(request).await) {
            let help = "look whether it is there; with the original Go SDK only the SDK can do that. This agent always sends it";
            verdict.findings.push(Finding { outcome: Outcome::Warning, help: help.into(), ..finding });
        }
        running = Some(process);
    }
    verdict
}

/// The process there was if it still is well, else another one.
async fn alive(subject: &Subject, process: Option<Running>) -> Result<Running, Verdict> {
    match process {
        Some(process) if !process.probe.plugin.connection().is_closed() => Ok(process),
        _ => subject.start().await.map_err(|reason| {
            Verdict::default().failed(
                "it starts as it did before".into(),
                reason,
                "let it keep nothing between runs that keeps it from starting".into(),
            )
        }),
    }
}

/// What is wrong when something is neither answered nor refused with a reason.
fn unanswered(what: &str, answered: Answered) -> Option<Finding> {
    let (seen, help) = match answered {
        Answered::Answer(_) | Answered::GoesOn => return None,
        Answered::Error(reason) if !reason.trim().is_empty() => return None,
        Answered::Error(_) => ("an error without a text".into(), "say in the error what is wrong and what to do"),
        Answered::Nonsense(problem) => {
            (format!("an answer that is no message: {problem}"), "make messages with the SDK")
        }
        Answered::Silent(deadline) => {
            (format!("nothing within {deadline:?}"), "answer, or give up in time and say why; never block all calls")
        }
        Answered::Broke(how) => (how, "return an error instead; nothing a person types may end the plugin"),
    };
    let expected = format!("an answer to {what}, or an error that says what is wrong");
    Some(Finding { outcome: Outcome::Failed, expected, seen: shown(&seen), help: help.to_owned() })
}

/// What is wrong when it does not say that it is well.
async fn unwell(process: &Running, when: &str) -> Option<Finding> {
    let error = process.probe.plugin.ping(HEALTH_DEADLINE).await.err()?;
    Some(Finding {
        outcome: Outcome::Failed,
        expected: format!("it is well {when}"),
        seen: error.to_string(),
        help: "keep the thread free that answers health checks".into(),
    })
}
