//! Which file of an archive is the plugin or the dependency (contract-plugins §6.9, step 4, put right).
//! Must not know: how archives are unpacked.

use super::archive::Member;

/// What is looked for.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// Its names, the likeliest first.
    pub(super) names: Vec<String>,
    /// Whether the only program there is it, whatever its name.
    pub(super) any_program: bool,
}

/// The most files an error lists.
const LISTED: usize = 20;

/// Finds it among the files of an archive: in the folder `inside` or at the top, else below. `Err` tells why there is none
/// and what there is.
pub(super) fn pick<'a>(members: &'a [Member], inside: Option<&str>, wanted: &Wanted) -> Result<&'a Member, String> {
    let within = match inside {
        Some(inside) => match folder(members, inside)? {
            Folder::File(member) => return Ok(member),
            Folder::Files(files) => files,
        },
        None => members.iter().map(|member| (member.path.as_str(), member)).collect(),
    };
    let top: Vec<_> = within.iter().copied().filter(|(path, _)| !path.contains('/')).collect();
    for files in [&top, &within] {
        for name in &wanted.names {
            let named = files.iter().filter(|(path, _)| path.rsplit('/').next() == Some(name));
            if let Some(found) = only(named.map(|(_, member)| *member).collect())? {
                return Ok(found);
            }
        }
        if !wanted.any_program {
            continue;
        }
        let is_hidden = |path: &str| path.rsplit('/').next().is_some_and(|name| name.starts_with('.'));
        let programs = files.iter().filter(|(path, member)| member.nature.is_program() && !is_hidden(path));
        let programs: Vec<&Member> = programs.map(|(_, member)| *member).collect();
        let marked: Vec<&Member> = programs.iter().copied().filter(|member| member.marked).collect();
        if let Some(found) = only(if marked.is_empty() { programs } else { marked })? {
            return Ok(found);
        }
    }
    let kind = if wanted.any_program { " and no program" } else { "" };
    Err(format!(
        "it holds no file `{}`{kind}; it holds {}",
        wanted.names[0],
        list(within.iter().map(|(path, _)| *path))
    ))
}

/// What `inside` names.
enum Folder<'a> {
    File(&'a Member),
    /// With their paths from there.
    Files(Vec<(&'a str, &'a Member)>),
}

fn folder<'a>(members: &'a [Member], inside: &str) -> Result<Folder<'a>, String> {
    let patterns: Vec<&str> = inside.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let mut found: Option<&str> = None;
    let mut files = Vec::new();
    for member in members {
        // How much of the path the patterns cover, if they fit.
        let mut covered = 0;
        let mut parts = member.path.split('/');
        let fits = patterns.iter().all(|pattern| {
            parts.next().is_some_and(|part| {
                covered += part.len() + 1;
                like(pattern.as_bytes(), part.as_bytes())
            })
        });
        if !fits {
            continue;
        }
        let (start, rest) = (&member.path[..covered - 1], member.path.get(covered..));
        if found.is_some_and(|found| found != start) {
            return Err(format!(
                "`//{inside}` fits several of what it holds: {}",
                list([found.unwrap_or_default(), start])
            ));
        }
        found = Some(start);
        match rest {
            None => return Ok(Folder::File(member)),
            Some(rest) => files.push((rest, member)),
        }
    }
    if files.is_empty() {
        return Err(format!(
            "it holds no `{inside}`; it holds {}",
            list(members.iter().map(|member| member.path.as_str()))
        ));
    }
    Ok(Folder::Files(files))
}

/// Whether a name fits a pattern with `*` and `?`.
fn like(pattern: &[u8], name: &[u8]) -> bool {
    // Where to go on when what follows the last `*` does not fit.
    let (mut at, mut on, mut star) = (0, 0, None);
    while on < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at + 1, on));
                at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == name[on] => {
                at += 1;
                on += 1;
            }
            _ => match &mut star {
                Some((after, from)) => {
                    *from += 1;
                    (at, on) = (*after, *from);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// `None` for none, an error for several.
fn only(found: Vec<&Member>) -> Result<Option<&Member>, String> {
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => {
            let several = list(several.iter().map(|member| member.path.as_str()));
            Err(format!("several of its files may be meant: {several}; its address can name one with `//PATH`"))
        }
    }
}

fn list<'a>(paths: impl IntoIterator<Item = &'a str>) -> String {
    let paths: Vec<&str> = paths.into_iter().collect();
    let mut shown: Vec<String> = paths.iter().take(LISTED).map(|path| format!("`{}`", path.escape_debug())).collect();
    match paths.len() {
        0 => return "no files".into(),
        count if count > LISTED => shown.push(format!("and {} more", count - LISTED)),
        _ => {}
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::{super::executable::Nature, *};

    /// Paths, with `!` in front of programs and `+` in front of what is marked as executable.
    fn members(paths: &[&str]) -> Vec<Member> {
        let member = |path: &&str| Member {
            path: path.trim_start_matches(['!', '+']).into(),
            marked: path.contains('+'),
            nature: if path.contains('!') { Nature::Script } else { Nature::Other("a text") },
            stored: "".into(),
        };
        paths.iter().map(member).collect()
    }

    #[track_caller]
    fn check(paths: &[&str], inside: Option<&str>, any_program: bool, expected: Result<&str, &str>) {
        let wanted = Wanted { names: vec!["executor_v1_x".into(), "x".into()], any_program };
        match (pick(&members(paths), inside, &wanted), expected) {
            (Ok(member), Ok(expected)) => assert_eq!(member.path, expected),
            (Err(error), Err(expected)) => assert!(error.contains(expected), "{error}"),
            (found, expected) => panic!("{found:?} and not {expected:?}"),
        }
    }

    #[test]
    fn a_name_that_is_expected_counts_before_everything() {
        check(&["!a", "x", "executor_v1_x"], None, true, Ok("executor_v1_x"));
        check(&["!a", "x", "dir/executor_v1_x"], None, true, Ok("x"));
        check(&["README", "dir/x"], None, false, Ok("dir/x"));
    }

    #[test]
    fn the_only_program_is_the_plugin() {
        check(&["LICENSE", "!my.plugin", "!.hidden", "!sub/b"], None, true, Ok("my.plugin"));
        check(&["!install.sh", "!+plugin"], None, true, Ok("plugin"));
        check(&["README", "!bin/a"], None, true, Ok("bin/a"));
        check(&["LICENSE", "!a"], None, false, Err("it holds no file `executor_v1_x`; it holds `LICENSE`, `a`"));
    }

    #[test]
    fn none_and_several_are_said_with_what_there_is() {
        check(&["LICENSE"], None, true, Err("no program; it holds `LICENSE`"));
        check(&[], None, true, Err("it holds no files"));
        check(&["!a", "!b"], None, true, Err("several of its files may be meant: `a`, `b`"));
        check(&["1/x", "2/x"], None, false, Err("several of its files may be meant: `1/x`, `2/x`"));
    }

    #[test]
    fn a_place_in_the_archive_narrows_it() {
        let helm = ["linux-amd64/x", "linux-amd64/LICENSE", "other/x"];
        check(&helm, Some("linux-amd64"), false, Ok("linux-amd64/x"));
        check(&helm, Some("linux-amd64/LICENSE"), false, Ok("linux-amd64/LICENSE"));
        check(&helm, Some("lin*-amd6?"), false, Ok("linux-amd64/x"));
        check(&helm, Some("*"), false, Err("fits several"));
        check(&helm, Some("darwin"), false, Err("it holds no `darwin`; it holds `linux-amd64/x`"));
        check(&["a/b/bin/x"], Some("a/*/bin"), false, Ok("a/b/bin/x"));
    }
}
