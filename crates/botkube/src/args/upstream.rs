//! The flags of upstream's index builder in the words of `botkube plugin index` (`contract-plugins §8.1`): Go takes one dash or
//! two, and a value behind a blank or an equals sign. It must not know what a flag does.

use std::ffi::OsString;

/// Upstream's flags, and ours; none for what needs none here.
const FLAGS: &[(&str, &str)] = &[
    ("binaries-path", ""),
    ("url-base-path", "--url-base"),
    ("output-path", "--output-path"),
    ("plugin-name-filter", "--plugin-name-filter"),
];

/// A flag of upstream's.
enum Flag<'a> {
    /// Our name, and the value if it stands in the same argument.
    Valued(&'static str, Option<&'a str>),
    /// Whether archives are published.
    Archive(&'a str),
}

/// The same arguments; for `plugin index` with upstream's flags as ours.
pub(crate) fn translated(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let args: Vec<OsString> = args.into_iter().collect();
    if !matches!(args.get(1..3), Some([plugin, index]) if plugin == "plugin" && index == "index") {
        return args;
    }
    let mut rest = args.into_iter();
    let mut translated: Vec<OsString> = rest.by_ref().take(3).collect();
    while let Some(arg) = rest.next() {
        if arg == "--" {
            translated.push(arg);
            translated.extend(rest);
            break;
        }
        match arg.to_str().and_then(flag) {
            None => translated.push(arg),
            Some(Flag::Archive(value)) => translated.push(format!("--use-archive={value}").into()),
            Some(Flag::Valued(ours, value)) => {
                let value = value.map(OsString::from).or_else(|| rest.next());
                translated.extend(Some(ours.into()).filter(|ours: &OsString| !ours.is_empty()));
                translated.extend(value);
            }
        }
    }
    translated
}

fn flag(arg: &str) -> Option<Flag<'_>> {
    let bare = arg.strip_prefix('-')?;
    let bare = bare.strip_prefix('-').unwrap_or(bare);
    let (name, value) = bare.split_once('=').map_or((bare, None), |(name, value)| (name, Some(value)));
    if name == "use-archive" {
        // As Go reads a bool; what is none is refused in our words.
        return Some(Flag::Archive(match value {
            None | Some("1" | "t" | "T" | "true" | "TRUE" | "True") => "true",
            Some("0" | "f" | "F" | "false" | "FALSE" | "False") => "false",
            Some(other) => other,
        }));
    }
    let (_, ours) = FLAGS.iter().find(|(theirs, _)| *theirs == name)?;
    Some(Flag::Valued(ours, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(given: &str, expected: &str) {
        let words = |text: &str| text.split_whitespace().map(OsString::from).collect::<Vec<_>>();
        assert_eq!(translated(words(given)), words(expected));
    }

    #[test]
    fn upstreams_flags_are_taken_with_one_dash_or_two() {
        for dashes in ["-", "--"] {
            check(
                &format!("botkube plugin index {dashes}binaries-path X {dashes}url-base-path=U {dashes}output-path F"),
                "botkube plugin index X --url-base U --output-path F",
            );
            check(
                &format!("botkube plugin index {dashes}plugin-name-filter=a|b {dashes}use-archive=F"),
                "botkube plugin index --plugin-name-filter a|b --use-archive=false",
            );
        }
        check("botkube plugin index -use-archive X", "botkube plugin index --use-archive=true X");
    }

    #[test]
    fn nothing_else_is_touched() {
        for same in [
            "botkube plugin serve -output-path x",
            "botkube",
            "botkube plugin index X --url-base U -h -- -output-path",
            "botkube exec -- plugin index -output-path x",
        ] {
            check(same, same);
        }
    }
}
