//! The classic text format, for those who do not read OpenMetrics: the same numbers under the same names. It knows no metric.

/// What a format is called where it is sent, and where it is asked for.
pub(crate) const OPEN: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
/// The same for the classic one.
pub(crate) const CLASSIC: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Whether OpenMetrics is among what a request takes, and not as what it takes least.
pub(crate) fn is_open_wanted(accept: &str) -> bool {
    accept.split(',').any(|choice| {
        let mut words = choice.split(';').map(str::trim);
        let is_open = words.next().is_some_and(|kind| kind.eq_ignore_ascii_case("application/openmetrics-text"));
        let is_refused = words.any(|word| {
            let quality = word.strip_prefix("q=").and_then(|quality| quality.parse::<f32>().ok());
            quality.is_some_and(|quality| quality <= 0.0)
        });
        is_open && !is_refused
    })
}

/// OpenMetrics in the classic format: there a type is that of a sample's whole name, and units and infos are unknown.
pub(crate) fn classic(open: &str) -> String {
    let mut classic = String::with_capacity(open.len());
    let mut lines = open.lines().peekable();
    while let Some(line) = lines.next() {
        // The type comes after the help and is needed for both.
        let kind = |line: &str| {
            line.strip_prefix("# TYPE ").and_then(|rest| rest.rsplit_once(' ')).map(|(_, kind)| kind.to_owned())
        };
        let of = kind(line).or_else(|| lines.peek().and_then(|next| kind(next)));
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some(what @ ("HELP" | "TYPE")), Some(name), Some(rest)) => {
                let (ending, kind) = match of.as_deref() {
                    Some("counter") => ("_total", "counter"),
                    Some("info") => ("_info", "gauge"),
                    Some("unknown") => ("", "untyped"),
                    Some(kind) => ("", kind),
                    None => ("", "untyped"),
                };
                let rest = if what == "TYPE" { kind } else { rest };
                classic.push_str(&format!("# {what} {name}{ending} {rest}\n"));
            }
            (Some("#"), ..) => {}
            _ => {
                classic.push_str(line);
                classic.push('\n');
            }
        }
    }
    classic
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_those_of_whole_names_and_units_are_left_out() {
        let open = "# HELP a Help of a.\n# TYPE a counter\na_total{x=\"# y\"} 1\n# HELP b_seconds B.\n# TYPE b_seconds gauge\n\
                    # UNIT b_seconds seconds\nb_seconds 2.0\n# HELP c C.\n# TYPE c info\nc_info{v=\"1\"} 1\n# EOF\n";
        let expected = "# HELP a_total Help of a.\n# TYPE a_total counter\na_total{x=\"# y\"} 1\n# HELP b_seconds B.\n\
                        # TYPE b_seconds gauge\nb_seconds 2.0\n# HELP c_info C.\n# TYPE c_info gauge\nc_info{v=\"1\"} 1\n";
        assert_eq!(classic(open), expected);
    }

    #[test]
    fn open_metrics_are_for_who_asks_for_them() {
        for (accept, expected) in [
            ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1", true),
            ("Application/OpenMetrics-Text", true),
            ("text/plain;version=0.0.4", false),
            ("*/*", false),
            ("", false),
            ("application/openmetrics-text;q=0, text/plain", false),
        ] {
            assert_eq!(is_open_wanted(accept), expected, "{accept:?}");
        }
    }
}
