//! Builds as long as somebody saves: each is of what was saved last, and comes to its end. It starts no plugin.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use botkube_author::project::{BuildError, Built, Project};
use tokio::{
    sync::mpsc,
    task::{AbortHandle, JoinSet},
    time,
};

use super::changes::{Changes, Save, Saved};

/// How often a build is begun again since something changed meanwhile, until it is let go on to its end: what changes may be
/// something that it writes itself.
const AGAIN: u32 = 5;
/// A build that takes longer than this may hang: it is begun again however often it was.
const LONG: Duration = Duration::from_secs(60);
/// How late what a build wrote last may be seen.
const LATE: Duration = Duration::from_millis(250);

/// A build that came to its end.
pub(super) struct Done {
    pub(super) project: usize,
    pub(super) built: Result<Vec<Built>, BuildError>,
    /// When what was built was saved.
    pub(super) saved: Instant,
    pub(super) took: Duration,
    /// What changed in each of the builds before, which were not let go on to their end.
    pub(super) restless: Option<PathBuf>,
}

/// One builder for each project; they end with it.
pub(super) struct Builds {
    pub(super) done: mpsc::Receiver<Done>,
    _tasks: JoinSet<()>,
}

impl Builds {
    pub(super) fn start(projects: &[Project], changes: &Changes) -> Self {
        let (sender, done) = mpsc::channel(1);
        let mut tasks = JoinSet::new();
        for (number, project) in projects.iter().cloned().enumerate() {
            let (mut saved, done) = (changes.project(number), sender.clone());
            let _: AbortHandle = tasks.spawn(async move {
                // What the first build wrote last may not have been told yet.
                let (mut ended, mut was_restless) = (Instant::now(), false);
                loop {
                    let since = edit(&mut saved, ended, was_restless).await;
                    let outcome =
                        build(number, &project, since, &mut saved, &|line| tracing::debug!("{line}"), &|| ()).await;
                    (ended, was_restless) = (Instant::now(), outcome.restless.is_some());
                    if done.send(outcome).await.is_err() {
                        return;
                    }
                }
            });
        }
        Self { done, _tasks: tasks }
    }
}

/// Waits for what asks for a new build: also the same text, unless a build that ended then wrote it. Of one that was restless
/// nothing counts.
pub(super) async fn edit(saved: &mut Saved, ended: Instant, was_restless: bool) -> Instant {
    loop {
        let Save { at, is_same, .. } = saved.next().await;
        if at > ended + LATE || !(is_same || was_restless) {
            return at;
        }
    }
}

/// Builds what was saved `since`, and begins anew where something is edited meanwhile, which is said with `begins`.
pub(super) async fn build(
    number: usize,
    project: &Project,
    mut since: Instant,
    saved: &mut Saved,
    said: &(dyn Fn(&str) + Send + Sync),
    begins: &(dyn Fn() + Send + Sync),
) -> Done {
    let mut again = 0;
    let mut edited = None;
    loop {
        begins();
        let began = Instant::now();
        let build = project.build(said);
        tokio::pin!(build);
        let mut is_long = false;
        let built = loop {
            tokio::select! {
                built = &mut build => break Some(built),
                // What is being built is old already; dropping it ends the tools.
                save = saved.next(), if again < AGAIN || is_long => if !save.is_same {
                    (since, edited) = (save.at, save.path);
                    break None;
                },
                () = time::sleep_until((began + LONG).into()), if !is_long => is_long = true,
            }
        };
        if let Some(built) = built {
            let restless = edited.filter(|_| again >= AGAIN);
            return Done { project: number, built, saved: since, took: began.elapsed(), restless };
        }
        again += 1;
    }
}
