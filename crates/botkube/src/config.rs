//! `botkube config`: a configuration looked at without running anything; it knows no single key.

use std::{
    io::{self, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use botkube_config::{
    Loaded, Options, Rejected,
    diff::Change,
    finding::{Finding, Severity},
};
use serde_json::json;

use crate::{
    USAGE,
    args::{ConfigVerb, Diff, Files, Output, Schema, Show, Validate},
    setup,
};

/// Does what the verb says; the exit code is 2 when the configuration cannot be used.
///
/// # Errors
///
/// When there is no configuration, or nobody to tell.
pub(crate) fn run(verb: ConfigVerb) -> Result<ExitCode> {
    match verb {
        ConfigVerb::Validate(validate) => self::validate(validate),
        ConfigVerb::Show(show) => self::show(show),
        ConfigVerb::Diff(diff) => self::diff(diff),
        ConfigVerb::Schema(schema) => self::schema(&schema),
    }
}

fn validate(validate: Validate) -> Result<ExitCode> {
    let files = named(validate.files, validate.more)?;
    let options = Options { lenient: validate.lenient, to_run: true, helm_values: true, ..Options::default() };
    let (findings, loaded) = match botkube_config::load(&files, setup::environment(), options) {
        Ok(loaded) => (loaded.findings.clone(), Some(loaded)),
        Err(Rejected { findings }) => (findings, None),
    };
    print(&match validate.output {
        Output::Json => serde_json::to_string(&findings).context("cannot write the findings as JSON")?,
        Output::Text => report(&findings, loaded.as_ref()),
    })?;
    Ok(if loaded.is_some() { ExitCode::SUCCESS } else { ExitCode::from(USAGE) })
}

fn show(show: Show) -> Result<ExitCode> {
    let files = named(show.files, show.more)?;
    let Some(loaded) = setup::configuration(Files { config: files }, Options::default())? else {
        bail!("no configuration");
    };
    print(&match (show.output, show.origins) {
        (Output::Text, false) => loaded.shown(),
        (Output::Text, true) => loaded.shown_with_origins(),
        (Output::Json, false) => loaded.shown_as_json().to_string(),
        (Output::Json, true) => {
            json!({"configuration": loaded.shown_as_json(), "origins": loaded.origins_as_json()}).to_string()
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// What a running agent would change if it were given the new files in place of the others.
fn diff(diff: Diff) -> Result<ExitCode> {
    let new = named(diff.files, diff.more)?;
    let options = Options { lenient: diff.lenient, to_run: true, ..Options::default() };
    let load = |files: &[PathBuf]| botkube_config::load(files, setup::environment(), options);
    let (before, after) = match (load(&botkube_config::in_order(diff.against)), load(&new)) {
        (Ok(before), Ok(after)) => (before, after),
        (before, after) => {
            let findings = [before, after].into_iter().filter_map(Result::err).flat_map(|rejected| rejected.findings);
            let findings: Vec<Finding> = findings.collect();
            print(&match diff.output {
                Output::Json => serde_json::to_string(&findings).context("cannot write the findings as JSON")?,
                Output::Text => report(&findings, None),
            })?;
            return Ok(ExitCode::from(USAGE));
        }
    };
    let changes = botkube_config::diff::diff(&before, &after);
    print(&match diff.output {
        Output::Json => serde_json::to_string(&changes).context("cannot write the changes as JSON")?,
        Output::Text if changes.is_empty() => "nothing would change".to_owned(),
        Output::Text => changes.iter().map(Change::to_string).collect::<Vec<_>>().join("\n"),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn schema(schema: &Schema) -> Result<ExitCode> {
    let json = botkube_config::reference::json_schema();
    print(&if schema.output == Output::Json { json.to_string() } else { format!("{json:#}") })?;
    Ok(ExitCode::SUCCESS)
}

/// The files given either way, or those of the environment.
fn named(files: Vec<PathBuf>, more: Files) -> Result<Vec<PathBuf>> {
    let config = files.into_iter().chain(more.config).collect();
    let files = setup::files(Files { config })?;
    if files.is_empty() {
        bail!("no configuration: name its files, for example `botkube config validate botkube.yaml`");
    }
    Ok(files)
}

/// Findings by what they mean for the reader, then what the configuration comes to; the last line is the sum.
fn report(findings: &[Finding], loaded: Option<&Loaded>) -> String {
    let mut text = String::new();
    let mut group = |title: &str, belongs: &dyn Fn(&Finding) -> bool| {
        let mut count = 0;
        for finding in findings.iter().filter(|finding| belongs(finding)) {
            if count == 0 {
                text.push_str(&format!("{title}\n\n"));
            }
            let number = finding.differs.map(|number| format!("D-{number} ")).unwrap_or_default();
            text.push_str(&format!("{number}{finding}\n\n"));
            count += 1;
        }
        count
    };
    let is_error = |finding: &Finding| finding.severity == Severity::Error;
    let errors = group("WRONG", &is_error);
    let differences = group("DIFFERS FROM UPSTREAM (docs/compatibility.md)", &|finding| {
        !is_error(finding) && finding.differs.is_some()
    });
    let others = group("WORTH A LOOK", &|finding| !is_error(finding) && finding.differs.is_none());
    if let Some(loaded) = loaded {
        let mut list = |title: &str, items: Vec<String>| {
            if !items.is_empty() {
                text.push_str(&format!("{title}\n\n"));
                items.iter().for_each(|item| text.push_str(&format!("  {item}\n")));
                text.push('\n');
            }
        };
        list("NOT YET SERVED BY THIS VERSION", loaded.unserved());
        list("RUNS NOW", loaded.served());
    }
    let count = |number: usize, what: &str| format!("{number} {what}{}", if number == 1 { "" } else { "s" });
    let verdict = if errors == 0 { "usable" } else { "cannot be used" };
    text.push_str(&format!("{verdict}: {}, {}", count(errors, "error"), count(differences + others, "warning")));
    text
}

fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", text.trim_end()).and_then(|()| out.flush()).context("cannot write to standard output")
}
