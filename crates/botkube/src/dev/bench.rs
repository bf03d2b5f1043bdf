//! Where good builds lie: each in a file of its own, so that what is being built anew touches nothing that runs. It builds
//! nothing.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use botkube_agent::agent::{Fetched, Fetcher, RuntimeDir, runtime_dir};
use botkube_author::project::Built;
use botkube_config::model::PluginKey;
use tempfile::TempDir;

/// See the module. The files go with it.
#[derive(Debug)]
pub(crate) struct Bench {
    dir: TempDir,
    builds: AtomicU64,
    plugins: Mutex<BTreeMap<String, Lies>>,
    /// Where plugins that somebody else starts have their sockets.
    sockets: Mutex<BTreeMap<String, RuntimeDir>>,
}

/// The files of one plugin.
#[derive(Debug, Default)]
struct Lies {
    /// The number of the project it is of.
    project: usize,
    newest: PathBuf,
    /// The one of the process that serves, which is started again when it ends before a newer one has come to serve.
    serving: Option<PathBuf>,
    /// The tool's own file.
    origin: PathBuf,
}

impl Bench {
    pub(crate) fn new() -> io::Result<Self> {
        let dir = tempfile::Builder::new().prefix("botkube-dev-").tempdir()?;
        let (plugins, sockets) = <_>::default();
        Ok(Self { dir, builds: AtomicU64::new(0), plugins, sockets })
    }

    /// Keeps what was built of a project; it is what plugins are started from now. What was built of it before and is not any
    /// more was renamed or removed, and is forgotten. Gives the names of those that are others than before.
    pub(crate) fn put(&self, project: usize, built: &[Built]) -> io::Result<Vec<String>> {
        self.plugins().retain(|name, lies| lies.project != project || built.iter().any(|built| built.name == *name));
        let mut changed = Vec::new();
        for Built { name, program, .. } in built {
            let before = self.plugins().get(name).map(|lies| lies.newest.clone());
            if before.is_some_and(|before| is_same(&before, program).unwrap_or_default()) {
                continue;
            }
            changed.push(name.clone());
            let number = self.builds.fetch_add(1, Ordering::Relaxed);
            let newest = self.dir.path().join(format!("executor_{name}-{number}"));
            fs::copy(program, &newest)?;
            let mut plugins = self.plugins();
            let lies = plugins.entry(name.clone()).or_default();
            *lies = Lies { project, newest, origin: program.clone(), serving: lies.serving.take() };
            self.sweep(name, lies);
        }
        Ok(changed)
    }

    /// A process serves that came of this file.
    pub(super) fn serves(&self, name: &str, program: PathBuf) {
        if let Some(lies) = self.plugins().get_mut(name) {
            lies.serving = Some(program);
            self.sweep(name, lies);
        }
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.plugins().keys().cloned().collect()
    }

    /// The number of the project that has the plugin of this name.
    pub(super) fn project(&self, name: &str) -> Option<usize> {
        self.plugins().get(name).map(|lies| lies.project)
    }

    /// A directory in which a plugin that somebody else starts has its socket.
    pub(super) fn place(&self, name: &str) -> io::Result<PathBuf> {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(dir) = sockets.get(name) {
            return Ok(dir.path().to_owned());
        }
        let dir = runtime_dir()?;
        let path = dir.path().to_owned();
        sockets.insert(name.to_owned(), dir);
        Ok(path)
    }

    /// Where the tool leaves a plugin's program.
    pub(super) fn origin(&self, name: &str) -> Option<PathBuf> {
        self.plugins().get(name).map(|lies| lies.origin.clone())
    }

    /// Removes what nobody will start any more; what still runs does so without its file.
    fn sweep(&self, name: &str, lies: &Lies) {
        let Ok(entries) = fs::read_dir(self.dir.path()) else { return };
        let is_old = |path: &Path| *path != lies.newest && lies.serving.as_deref() != Some(path);
        for path in entries.flatten().map(|entry| entry.path()).filter(|path| is_old(path)) {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            if file.strip_prefix("executor_").and_then(|rest| rest.rsplit_once('-')).is_some_and(|(of, _)| of == name) {
                let _ = fs::remove_file(&path);
            }
        }
    }

    fn plugins(&self) -> MutexGuard<'_, BTreeMap<String, Lies>> {
        self.plugins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether two files hold the same.
fn is_same(one: &Path, other: &Path) -> io::Result<bool> {
    let size = |path| fs::metadata(path).map(|found| found.len());
    if size(one)? != size(other)? {
        return Ok(false);
    }
    let open = |path| File::open(path).map(|file| BufReader::with_capacity(1 << 16, file));
    let (mut one, mut other) = (open(one)?, open(other)?);
    loop {
        let (ours, theirs) = (one.fill_buf()?, other.fill_buf()?);
        let length = ours.len().min(theirs.len());
        if length == 0 || ours[..length] != theirs[..length] {
            return Ok(length == 0 && ours.len() == theirs.len());
        }
        one.consume(length);
        other.consume(length);
    }
}

#[async_trait]
impl Fetcher for Bench {
    async fn fetch(&self, plugin: &PluginKey) -> Result<Fetched, String> {
        let plugins = self.plugins();
        match plugins.get(&plugin.name) {
            Some(lies) => {
                let mut beside = lies.origin.clone().into_os_string();
                beside.push("_deps");
                let (dependencies, version) = (Some(beside.into()), "dev".to_owned());
                Ok(Fetched { program: lies.newest.clone(), dependencies, version, sha256: None })
            }
            None => {
                let known: Vec<&str> = plugins.keys().map(String::as_str).collect();
                Err(format!("no folder here has the plugin `{}`; there are: {}", plugin.name, known.join(", ")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use botkube_agent::agent::PluginKind;

    use super::*;

    fn built(dir: &Path, content: &str) -> Built {
        let program = dir.join("out");
        fs::write(&program, content).unwrap();
        Built { kind: PluginKind::Executor, name: "greet".into(), program }
    }

    async fn fetched(bench: &Bench) -> PathBuf {
        bench.fetch(&"dev/greet".parse().unwrap()).await.unwrap().program
    }

    #[tokio::test]
    async fn the_newest_build_is_started_and_the_one_that_serves_stays() {
        let (bench, dir) = (Bench::new().unwrap(), tempfile::tempdir().unwrap());
        bench.put(0, &[built(dir.path(), "one")]).unwrap();
        let one = fetched(&bench).await;
        bench.serves("greet", one.clone());
        for content in ["two", "three"] {
            bench.put(0, &[built(dir.path(), content)]).unwrap();
        }
        let three = fetched(&bench).await;
        assert_eq!(
            (fs::read_to_string(&one).unwrap(), fs::read_to_string(&three).unwrap()),
            ("one".into(), "three".into())
        );
        assert_eq!(fs::read_dir(bench.dir.path()).unwrap().count(), 2, "the second is gone");
        bench.serves("greet", three);
        assert!(!one.exists());
    }

    #[test]
    fn what_a_project_has_no_more_is_forgotten_and_what_another_has_stays() {
        let (bench, dir) = (Bench::new().unwrap(), tempfile::tempdir().unwrap());
        let named = |name: &str| Built { name: name.into(), ..built(dir.path(), "x") };
        bench.put(0, &[named("one"), named("two")]).unwrap();
        bench.put(1, &[named("three")]).unwrap();
        assert!(bench.put(0, &[named("one")]).unwrap().is_empty(), "nothing is new");
        assert_eq!((bench.names(), bench.project("three")), (vec!["one".into(), "three".into()], Some(1)));
    }

    #[tokio::test]
    async fn a_plugin_that_was_not_built_is_refused_by_name() {
        let (bench, dir) = (Bench::new().unwrap(), tempfile::tempdir().unwrap());
        bench.put(0, &[built(dir.path(), "x")]).unwrap();
        let error = bench.fetch(&"dev/other".parse().unwrap()).await.unwrap_err();
        assert!(error.contains("`other`") && error.contains("greet"), "{error}");
    }
}
