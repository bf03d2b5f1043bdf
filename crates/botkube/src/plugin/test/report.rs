//! A report on a plugin as people read it. It knows no check.

use anstyle::{AnsiColor, Style};
use botkube_author::check::{Check, Outcome, Report};
use botkube_core::render::harmless;

/// How wide the column of ids is.
const ID: usize = 22;

/// One line for each check, below it what is not as it should be, and the sum.
pub(super) fn text(report: &Report, colours: bool) -> String {
    let paint = |style: Style, text: &str| match colours {
        true => format!("{style}{text}{style:#}"),
        false => text.to_owned(),
    };
    let Report { plugin, kind, program, checks, took_ms, .. } = report;
    let title = paint(Style::new().bold(), &harmless(&format!("{kind} {plugin}")));
    let mut text = format!("{title}  {}\n\n", harmless(&program.display().to_string()));
    for Check { id, title, outcome, note, findings } in checks {
        let (mark, style) = look(*outcome);
        let note = match note.as_str() {
            "" => String::new(),
            note => paint(Style::new().dimmed(), &format!(" ({})", harmless(note))),
        };
        text += &format!("{} {id:ID$} {title}{note}\n", paint(style, mark));
        for finding in findings {
            let said = [("expected", &finding.expected), ("seen", &finding.seen), ("to do", &finding.help)];
            for (what, said) in said {
                let said = harmless(said).replace('\n', " ");
                let said = if what == "seen" { paint(look(finding.outcome).1, &said) } else { said };
                text += &format!("    {what:9} {said}\n");
            }
            text.push('\n');
        }
    }
    let count = |wanted: Outcome| checks.iter().filter(|check| check.outcome == wanted).count();
    let sums = [(Outcome::Failed, "failed"), (Outcome::Warning, "warned of"), (Outcome::Skipped, "skipped")];
    let sums = sums.into_iter().filter(|(outcome, _)| count(*outcome) > 0).map(|(outcome, word)| {
        let text = format!(", {} {word}", count(outcome));
        if outcome == Outcome::Skipped { text } else { paint(look(outcome).1, &text) }
    });
    let seconds = std::time::Duration::from_millis(*took_ms).as_secs_f32();
    text += &format!("\n{} passed{} in {seconds:.1} s\n", count(Outcome::Passed), sums.collect::<String>());
    text
}

fn look(outcome: Outcome) -> (&'static str, Style) {
    let colour = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
    match outcome {
        Outcome::Passed => ("✓", colour(AnsiColor::Green)),
        Outcome::Warning => ("!", colour(AnsiColor::Yellow)),
        Outcome::Failed => ("✗", colour(AnsiColor::Red)),
        Outcome::Skipped => ("-", Style::new().dimmed()),
    }
}
