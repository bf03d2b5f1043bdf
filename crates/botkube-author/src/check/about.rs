//! What a plugin says of itself: name, metadata, schema, dependencies. It asks the plugin nothing more.

use std::{collections::BTreeSet, path::Path};

use botkube_api::metadata::Metadata;
use botkube_core::builtin::Builtin;
use botkube_plugin_host::{
    index::{Platform, PluginKind},
    store,
};

use super::{
    Verdict,
    subject::{Subject, shown},
};
use crate::{artifact::Artifact, schema};

/// The plugin's name is not in its metadata, but in its file's name and in keys.
pub(super) async fn name(subject: &Subject) -> Verdict {
    judged(&subject.name, subject.kind)
}

fn judged(name: &str, kind: PluginKind) -> Verdict {
    let mut verdict = Verdict::default();
    let expected = "small letters, digits and `-`, beginning and ending with a letter or digit".to_owned();
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_fine =
        name.starts_with(is_plain) && name.ends_with(is_plain) && name.chars().all(|c| is_plain(c) || c == '-');
    if !is_fine {
        let help = format!("rename the program, for example to {kind}_{}_linux_amd64", plain(name));
        // An index takes the name from a file's, whose parts `_` divides (`contract-plugins §8.2`).
        let splits =
            name.is_empty() || name.contains(|c: char| c == '_' || c == '/' || c.is_whitespace() || c.is_control());
        let seen = format!("{name:?}");
        verdict = if splits { verdict.failed(expected, seen, help) } else { verdict.warning(expected, seen, help) };
    }
    let hides = Builtin::lines().any(|line| line.split(' ').next() == Some(name));
    if kind == PluginKind::Executor && hides {
        verdict = verdict.warning(
            "a name that is no command of the agent's".into(),
            format!("`{name}` is one, which nobody can use any more where this plugin is bound"),
            "rename the program".into(),
        );
    }
    verdict
}

/// A name like this one that can be used.
fn plain(name: &str) -> String {
    let mapped = name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    let mapped = mapped.collect::<String>();
    let name = mapped.trim_matches('-');
    if name.is_empty() { "mine".into() } else { name.into() }
}

pub(super) async fn metadata(subject: &Subject) -> Verdict {
    let expected = || "a description, a version, and a schema in one place at most, as indexes need them".to_owned();
    let metadata = match known(subject) {
        Ok(metadata) => metadata,
        Err(reason) => return Verdict::default().failed(expected(), reason, "answer `Metadata`".into()),
    };
    let mut verdict = Verdict::passed(format!("version {}", shown(&metadata.version)));
    if let Err(error) = metadata.validate() {
        // What is about dependencies has a check of its own.
        let own = error.problems.iter().map(ToString::to_string).filter(|problem| !problem.starts_with("dependency"));
        for problem in own {
            let (seen, help) = problem.split_once("; ").unwrap_or((&problem, "fill it in"));
            verdict = verdict.failed(expected(), seen.to_owned(), help.to_owned());
        }
    }
    let version = &metadata.version;
    if !version.is_empty() && semver::Version::parse(version.strip_prefix('v').unwrap_or(version)).is_err() {
        verdict = verdict.warning(
            "a version of three numbers, such as 1.2.3 or v1.2.3, so that it is known which is newer".into(),
            format!("{:?}", shown(version)),
            "use semantic versions".into(),
        );
    }
    verdict
}

pub(super) async fn schema(subject: &Subject) -> Verdict {
    let Ok(metadata) = known(subject) else { return Verdict::skipped("it does not say what it is") };
    let mut verdict = Verdict::default();
    let schemas = [("", Some(&metadata.json_schema)), ("of external requests: ", metadata.external_request.as_ref())];
    let mut notes = Vec::new();
    for (of, schema) in schemas.into_iter().filter_map(|(of, schema)| Some((of, schema?))) {
        match (schema.value.as_str(), schema.ref_url.as_str()) {
            ("", "") => notes.push(format!("{of}none")),
            ("", url) => notes.push(format!("{of}at {}, which is not fetched", shown(url))),
            (text, _) => match schema::check(text) {
                Ok(checked) => {
                    notes.push(format!("{of}{}", checked.draft));
                    for warning in checked.warnings {
                        verdict = verdict.warning(
                            "a JSON schema that needs no network".into(),
                            format!("{of}{}", shown(&warning)),
                            "put what it refers to into it".into(),
                        );
                    }
                }
                Err(reason) => {
                    verdict = verdict.failed(
                        "a JSON schema that is valid in the draft its `$schema` names, and needs no network".into(),
                        format!("{of}{}", shown(&reason.to_string())),
                        "check it with a validator of that draft; most SDKs can make it from the configuration's type"
                            .into(),
                    );
                }
            },
        }
    }
    verdict.note = notes.join(", ");
    let is_absent = verdict.findings.is_empty() && notes.iter().all(|note| note.ends_with("none"));
    if is_absent { Verdict::skipped("it gives none; its configuration can have no mistakes found") } else { verdict }
}

pub(super) async fn dependencies(subject: &Subject) -> Verdict {
    let Ok(metadata) = known(subject) else { return Verdict::skipped("it does not say what it is") };
    if metadata.dependencies.is_empty() {
        return Verdict::skipped("it has none");
    }
    let mut verdict = Verdict::default();
    let platforms = platforms(&subject.program);
    for (name, urls) in &metadata.dependencies {
        for platform in platforms.iter().filter(|platform| !urls.contains_key(&platform.to_string())) {
            verdict = verdict.failed(
                "an address for each platform the plugin is built for".into(),
                format!("`{name}` has none for {platform}"),
                format!("add one for {platform} to the metadata, or do not publish the plugin for it"),
            );
        }
        for (platform, url) in urls {
            if let Err(reason) = store::check_address(url) {
                verdict = verdict.failed(
                    "an address from which the agent can fetch it".into(),
                    format!("`{name}` for {platform}: {}", shown(&reason)),
                    "give an https address; for a file in an archive, with `//` and its name behind it".into(),
                );
            }
        }
    }
    verdict
}

fn known(subject: &Subject) -> Result<&Metadata, String> {
    subject.said.as_ref().map_err(Clone::clone)?.metadata.as_ref().map_err(|reason| shown(reason))
}

/// This one, and those of the files that were built beside the program.
fn platforms(program: &Path) -> BTreeSet<Platform> {
    let mut platforms = BTreeSet::from([Platform::current()]);
    if let Ok(own) = Artifact::parse(program) {
        let entries = program.parent().and_then(|dir| std::fs::read_dir(dir).ok()).into_iter().flatten().flatten();
        let built = entries.filter_map(|entry| Artifact::parse(&entry.path()).ok());
        let built = built.filter(|other| (other.kind, &other.name) == (own.kind, &own.name));
        platforms.extend(built.map(|other| other.platform));
    }
    platforms
}

#[cfg(test)]
mod tests {
    use super::{super::Outcome, *};

    #[track_caller]
    fn check(name: &str, outcome: Option<Outcome>) {
        let found = judged(name, PluginKind::Executor).findings;
        assert_eq!(found.iter().map(|finding| finding.outcome).max(), outcome, "{name}: {found:?}");
    }

    #[test]
    fn a_name_is_judged_by_whether_it_can_be_typed_and_published() {
        for fine in ["echo", "cm-watcher", "k8s", "7z"] {
            check(fine, None);
        }
        for odd in ["Echo", "-x", "x-", "écho", "x.y"] {
            check(odd, Some(Outcome::Warning));
        }
        for unusable in ["two_words", "", "a b", "a/b"] {
            check(unusable, Some(Outcome::Failed));
        }
    }

    #[test]
    fn a_name_that_hides_a_command_of_the_agents_is_found() {
        check("help", Some(Outcome::Warning));
        assert!(judged("help", PluginKind::Source).findings.is_empty());
    }

    #[test]
    fn a_name_that_can_be_used_is_proposed() {
        for (name, better) in [("two_words", "two-words"), ("Écho!", "cho"), ("", "mine")] {
            assert_eq!(plain(name), better);
        }
    }
}
