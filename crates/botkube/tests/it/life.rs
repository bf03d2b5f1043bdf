//! The whole life of a plugin, from an empty folder to an agent that runs what was locked and nothing else. It knows what
//! people type and what they read.

use std::{fs, path::PathBuf, process::Command, rc::Rc};

use botkube_plugin_host::index::Platform;
use rustix::process::Signal;

use crate::{
    dev::Author,
    plugin_new::{author, made, target},
    publish::Serving,
    support::{Machine, check, contains},
};

/// What an author writes in a language.
struct Language {
    /// For `plugin new`.
    flags: &'static [&'static str],
    /// The file that is edited.
    source: &'static str,
    /// What makes an answer.
    format: &'static str,
    /// Code, the same that is wrong, and what the compiler says to it.
    broken: [&'static str; 3],
}

/// A plugin called `life`, and those who have to do with it.
struct Life {
    machine: Rc<Machine>,
    language: Language,
    project: PathBuf,
    /// The configuration of an agent that is to run it.
    config: String,
}

impl Life {
    /// A new project, far from any sources of ours.
    fn begins(language: Language) -> Self {
        let machine = Rc::new(Machine::new());
        let project = made(&machine, &[&["life"], language.flags].concat());
        let manifest = project.join("Cargo.toml");
        if let Ok(text) = fs::read_to_string(&manifest) {
            // This is about what is built and not how fast it is.
            fs::write(manifest, text + "\n[profile.release]\nopt-level = 0\n").unwrap();
        }
        Self { config: machine.path("botkube.yaml").display().to_string(), machine, language, project }
    }

    fn edit(&self, from: &str, to: &str) {
        let source = self.project.join(self.language.source);
        let text = fs::read_to_string(&source).unwrap();
        assert!(text.contains(from), "{from} is not in {text}");
        fs::write(source, text.replace(from, to)).unwrap();
    }

    /// `botkube` where compilers are found.
    fn tool(&self, args: &[&str]) -> Command {
        let mut command = author(&self.machine, args);
        command.env("CARGO_TARGET_DIR", target()).env("CARGO_INCREMENTAL", "0");
        command
    }

    /// A command that succeeds, and what it prints.
    #[track_caller]
    fn does(&self, args: &[&str]) -> String {
        let out = self.tool(args).output().unwrap();
        let (stdout, stderr) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
        assert!(out.status.success(), "{args:?}: {stdout}{stderr}");
        stdout.into_owned()
    }

    /// The author's loop: an edit is answered, what is broken is said while the last good version answers, and mended.
    fn is_developed(&self) {
        let format = self.language.format;
        let mut author = Author::of(&self.machine, self.tool(&["dev", "life"]));
        author.is_told(&["built life"]);
        assert_eq!(author.says("life Ada"), "Hello, Ada!\n");
        self.edit(format, &format.replace(", ", " to you, "));
        author.is_told(&["`life` is new"]);
        assert_eq!(author.says("life Ada"), "Hello to you, Ada!\n");
        let [right, wrong, said] = self.language.broken;
        self.edit(right, wrong);
        author.is_told(&["It does not build", said, "What was there before goes on"]);
        assert_eq!(author.says("life Ada"), "Hello to you, Ada!\n");
        self.edit(wrong, right);
        self.edit(" to you, ", " again, ");
        author.is_told_times(2, &["`life` is new"]);
        assert_eq!(author.says("life Ada"), "Hello again, Ada!\n");
        author.leaves();
    }

    fn is_built_and_indexed(&self) {
        contains(&self.does(&["plugin", "test", "life"]), &["0.1.0", "passed"]);
        let here = Platform::current().to_string();
        let said = self.does(&["plugin", "build", "life", "--platform", &here, "--archive", "tar.gz"]);
        contains(&said, &[&self.published(""), &self.published(".tar.gz")]);
        let dist = self.dist().display().to_string();
        let said = self.does(&["plugin", "index", &dist, "--url-base", "https://example.org/life"]);
        contains(&said, &[&format!("executor life 0.1.0: {here}")]);
        let index = fs::read_to_string(self.machine.path("plugins-index.yaml")).unwrap();
        contains(&index, &[&format!("https://example.org/life/{}", self.published(".tar.gz"))]);
    }

    fn dist(&self) -> PathBuf {
        self.project.join("plugin-dist")
    }

    fn published(&self, ending: &str) -> String {
        let Platform { os, architecture } = Platform::current();
        format!("executor_life_{os}_{architecture}{ending}")
    }

    fn is_served(&self) -> Serving {
        let dist = self.dist().display().to_string();
        Serving::start(self.machine.botkube(["plugin", "serve", &dist, "--header", "X-Token: secret"]))
    }

    /// An agent whose configuration has the plugin from there, and which requires a lock.
    fn is_configured(&self, url: &str, token: &str) {
        let cache = self.machine.path("cache").display().to_string();
        self.machine.file(
            "botkube.yaml",
            format!(
                "plugins: {{cacheDir: {cache}, indexMaxAge: 0s, requireLock: true, repositories: {{corp: {{url: \"{url}\", \
                 headers: {{X-Token: {token}}}}}}}}}\nexecutors: {{tools: {{corp/life: {{enabled: true, config: \
                 {{greeting: Ahoy}}}}}}}}\ncommunications: {{main: {{console: {{channels: {{here: {{bindings: \
                 {{executors: [tools]}}}}}}}}}}}}\n"
            ),
        );
    }

    /// A command is answered so, and this is said beside it.
    #[track_caller]
    fn answers(&self, status: &str, said: &[&str], beside: &[&str]) {
        let outcome = self.machine.run(["exec", "-o", "json", "--config", &self.config, "--", "life Ada"]);
        check(&outcome.json(), status, said);
        contains(&outcome.stderr, beside);
        assert!(!self.machine.path("it-ran").exists(), "what nobody checked was run");
    }

    /// Somebody writes into the agent's cache.
    fn cache_is_tampered_with(&self) {
        let cached = self.machine.path("cache/corp/executor_0.1.0_life");
        fs::remove_file(&cached).unwrap();
        self.machine.script("cache/corp/executor_0.1.0_life", "#!/bin/sh\ntouch \"$HOME/it-ran\"\n");
    }

    /// Somebody replaces the published file, under the same version.
    fn repository_is_tampered_with(&self) {
        let (dist, name) = (self.dist(), self.published(""));
        let mut program = fs::read(dist.join(&name)).unwrap();
        program.push(b'\n');
        fs::write(dist.join(&name), program).unwrap();
        let archive = dist.join(self.published(".tar.gz"));
        let tar = Command::new("tar").arg("-czf").arg(archive).arg("-C").arg(dist).arg(name).status().unwrap();
        assert!(tar.success());
    }
}

/// From nothing to a plugin that is refused after somebody changed it.
fn lives(language: Language) {
    let life = Life::begins(language);
    life.is_developed();
    life.is_built_and_indexed();

    let serving = life.is_served();
    life.is_configured(&serving.url, "guess");
    let stranger = life.machine.run(["lock", "--config", &life.config]);
    assert_eq!(stranger.code, 1, "{stranger:?}");
    contains(&stranger.stderr, &["401"]);
    life.is_configured(&serving.url, "secret");
    contains(&life.does(&["lock", "--config", &life.config]), &["added  corp/life  executor  0.1.0"]);
    let mut agent = Author::of(&life.machine, life.machine.botkube(["run", "--locked", "--config", &life.config]));
    assert_eq!(agent.says("life Ada"), "Ahoy again, Ada!\n");
    drop(agent);

    life.cache_is_tampered_with();
    life.answers("succeeded", &["Ahoy again, Ada!"], &["the file changed since it was checked"]);
    life.repository_is_tampered_with();
    life.answers("succeeded", &["Ahoy again, Ada!"], &[]);
    life.cache_is_tampered_with();
    let accept = "`botkube lock --update corp/life`";
    life.answers("refused", &["`corp/life`", "it was replaced", accept], &[]);
    let said = life.does(&["lock", "--config", &life.config, "--update", "corp/life"]);
    contains(&said, &["updated  corp/life"]);
    life.answers("succeeded", &["Ahoy again, Ada!"], &[]);
    life.cache_is_tampered_with();
    serving.stop(Signal::TERM);
    life.answers("refused", &["changed since it was checked, so it is not run", "no connection"], &[]);
}

mod foreign {
    use super::*;

    #[test]
    fn a_plugin_in_rust_goes_from_an_empty_folder_to_a_locked_agent() {
        lives(Language {
            flags: &[],
            source: "src/main.rs",
            format: "\"{}, {whom}!\"",
            broken: ["    serve(Life", "    nothing;\n    serve(Life", "cannot find value `nothing` in this scope"],
        });
    }
}

mod go {
    /// What is new needs modules that are no part of this repository.
    mod new {
        use super::super::*;

        #[test]
        fn a_plugin_in_go_goes_from_an_empty_folder_to_a_locked_agent() {
            lives(Language {
                flags: &["--lang", "go"],
                source: "main.go",
                format: "\"%s, %s!\"",
                broken: ["\texecutor.Serve(", "\tnothing()\n\texecutor.Serve(", "undefined: nothing"],
            });
        }
    }
}
