//! The forms in which an index says where a file is (contract-plugins §6.9).
//! Must not know: how a file is fetched or unpacked.

use std::path::{Path, PathBuf};

use reqwest::Url;

use super::checksum::Checksum;

/// Where a file is, and what is done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) place: Place,
    /// What of an archive is meant: a folder or a file in it, with `*` and `?` for what may vary.
    pub(super) inside: Option<String>,
    pub(super) checksum: Option<Checksum>,
    /// How the file is packed, if it is.
    pub(super) packing: Option<Packing>,
}

impl Packing {
    /// What addresses call it.
    pub(super) fn name(self) -> &'static str {
        PACKINGS.iter().find(|(_, packing)| *packing == self).map_or("false", |(name, _)| name)
    }
}

/// Where bytes come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Web(Url),
    Local(PathBuf),
}

/// How files are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Tar,
    TarGz,
    Zip,
    /// One file.
    Gz,
}

/// The longer ending first.
const PACKINGS: &[(&str, Packing)] = &[
    ("tar.gz", Packing::TarGz),
    ("tgz", Packing::TarGz),
    ("tar", Packing::Tar),
    ("zip", Packing::Zip),
    ("gz", Packing::Gz),
];

/// Packings that upstream knows and this does not.
const FOREIGN: &[&str] = &["tar.bz2", "tbz2", "tar.xz", "txz", "tar.zst", "tzst", "bz2", "xz", "zst"];

/// Beginnings that upstream takes for a web address without its scheme, and fetches with other tools.
const SHORTHAND: &[&str] =
    &["github.com/", "gitlab.com/", "bitbucket.org/", "git@", "s3.amazonaws.com/", "www.googleapis.com/"];

impl Address {
    /// Reads an address. `base` is the folder of an index that lies on this machine; only there may an address be a file
    /// here, since otherwise a stranger's index could have any file of this machine run.
    ///
    /// # Errors
    /// Why it is none, and what to write.
    pub(super) fn parse(text: &str, base: Option<&Path>) -> Result<Self, String> {
        let text = match text.split_once("::") {
            Some((tool, rest)) if tool.chars().all(|c| c.is_ascii_alphanumeric()) => match tool {
                "http" | "https" | "file" => rest,
                _ => return Err(other_tool(&format!("{tool}::"))),
            },
            _ => text,
        };
        if let Some(shorthand) = SHORTHAND.iter().find(|start| text.starts_with(**start)) {
            return Err(format!(
                "it begins with `{shorthand}` and has no scheme; write an address beginning with https://"
            ));
        }
        let (path, query) = text.split_once('?').map_or((text, None), |(path, query)| (path, Some(query)));
        let (path, inside) = split(path);
        let said = Said::parse(query.unwrap_or_default());
        let packing = match &said.archive {
            Some(archive) if ["0", "f", "false"].contains(&archive.to_ascii_lowercase().as_str()) => None,
            Some(archive) => Some(packing(archive).ok_or_else(|| unknown_packing(archive))?),
            None => {
                let ends = |ending: &&&str| path.to_ascii_lowercase().ends_with(&format!(".{ending}"));
                if let Some(foreign) = FOREIGN.iter().find(ends) {
                    return Err(unknown_packing(foreign));
                }
                PACKINGS.iter().find(|(ending, _)| ends(&ending)).map(|(_, packing)| *packing)
            }
        };
        if let Some(inside) = &inside {
            if packing.is_none_or(|packing| packing == Packing::Gz) {
                return Err(format!("`//{inside}` is a place in an archive, and this is none; remove it"));
            }
            if inside.split('/').any(|part| part == "..") {
                return Err(format!("`//{inside}` leads out of the archive with `..`; remove that"));
            }
        }
        let rest = said.rest.map(|rest| format!("?{rest}")).unwrap_or_default();
        Ok(Self {
            place: Place::parse(&format!("{path}{rest}"), base)?,
            inside,
            checksum: said.checksum.map(|checksum| Checksum::parse(&checksum)).transpose()?,
            packing,
        })
    }
}

impl Place {
    /// Reads the address of bytes; for `base` see [`Address::parse`].
    pub(super) fn parse(text: &str, base: Option<&Path>) -> Result<Self, String> {
        let local = |path: &Path| match base {
            Some(base) => Ok(Self::Local(base.join(path))),
            None => {
                Err("it is a file on this machine, which only an index on this machine may name; write an address \
                         beginning with https://"
                    .into())
            }
        };
        match scheme(text) {
            Some("http" | "https") => match Url::parse(text) {
                Ok(url) if url.host_str().is_some_and(|host| !host.is_empty()) => Ok(Self::Web(url)),
                Ok(_) => Err("it names no host; write it as https://HOST/PATH".into()),
                Err(error) => Err(format!("it is no address ({error}); write it as https://HOST/PATH")),
            },
            Some("file") => match Url::parse(text).map(|url| url.to_file_path()) {
                Ok(Ok(path)) => local(&path),
                _ => Err("it is no address of a file; write it as file:///PATH".into()),
            },
            Some(other) => Err(other_tool(&format!("{other}:"))),
            None => local(Path::new(text)),
        }
    }

    /// The last part of it.
    pub(super) fn file_name(&self) -> String {
        let name = match self {
            Self::Web(url) => url.path_segments().and_then(|mut parts| parts.next_back()).map(str::to_owned),
            Self::Local(path) => path.file_name().map(|name| name.to_string_lossy().into_owned()),
        };
        name.unwrap_or_default()
    }

    /// The place without what nobody should read: credentials and the query.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Web(url) => shown(url),
            // A stranger's index may name it, and a terminal obeys control characters.
            Self::Local(path) => visible(&path.to_string_lossy()),
        }
    }
}

/// A text in which control characters are written out.
fn visible(text: &str) -> String {
    let written = |c: char| if c.is_control() { c.escape_debug().to_string() } else { c.into() };
    text.chars().map(written).collect()
}

/// An address without credentials and query.
pub(super) fn shown(url: &Url) -> String {
    let query = if url.query().is_some() { "?…" } else { "" };
    format!("{}{}{query}", url.origin().ascii_serialization(), url.path())
}

/// An address as people may see it, without credentials and query; also for a text that may be none.
#[must_use]
pub fn shown_text(text: &str) -> String {
    let (start, rest) = match text.find("://") {
        Some(at) => text.split_at(at + 3),
        None => ("", text),
    };
    let (path, query) = rest.split_once('?').map_or((rest, ""), |(path, _)| (path, "?…"));
    let host_end = path.find('/').unwrap_or(path.len());
    let path = path[..host_end].rfind('@').map_or(path, |at| &path[at + 1..]);
    let shown: String = format!("{start}{path}{query}").chars().take(300).collect();
    shown.escape_debug().to_string()
}

/// What a query says to us, and what is left of it for the server, untouched: signatures cover its spelling.
#[derive(Default)]
struct Said {
    checksum: Option<String>,
    archive: Option<String>,
    rest: Option<String>,
}

impl Said {
    fn parse(query: &str) -> Self {
        let mut said = Self::default();
        let mut rest = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            // The query's own decoding, so that `checksum=sha256%3A…` is understood.
            let decoded = Url::parse(&format!("x:?{pair}")).ok();
            let decoded = decoded.as_ref().and_then(|url| url.query_pairs().next());
            match decoded.as_ref().map(|(name, value)| (&**name, &**value)) {
                Some(("checksum", value)) => said.checksum = Some(value.to_owned()).filter(|value| !value.is_empty()),
                Some(("archive", value)) => said.archive = Some(value.to_owned()).filter(|value| !value.is_empty()),
                Some(("filename", _)) => {}
                _ => rest.push(pair),
            }
        }
        said.rest = Some(rest.join("&")).filter(|rest| !rest.is_empty());
        said
    }
}

/// The address of the archive, and what is meant in it.
fn split(path: &str) -> (&str, Option<String>) {
    let start = path.find("://").map_or(0, |at| at + 3);
    // `file:///path` has three slashes of its own, and a path may begin with two.
    let start = start + path[start..].len() - path[start..].trim_start_matches('/').len();
    match path[start..].find("//") {
        Some(at) => {
            let inside = path[start + at..].trim_matches('/');
            (&path[..start + at], Some(inside.to_owned()).filter(|inside| !inside.is_empty()))
        }
        None => (path, None),
    }
}

fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    is_scheme.then_some(scheme)
}

fn packing(name: &str) -> Option<Packing> {
    PACKINGS.iter().find(|(known, _)| *known == name).map(|(_, packing)| *packing)
}

fn unknown_packing(name: &str) -> String {
    let known: Vec<&str> = PACKINGS.iter().map(|(name, _)| *name).collect();
    let name: String = name.chars().take(40).collect();
    format!(
        "it is packed as `{}`, which is not understood here; pack it as one of {}",
        name.escape_debug(),
        known.join(", ")
    )
}

fn other_tool(start: &str) -> String {
    format!(
        "it begins with `{}`, which needs tools that the agent does not run; publish the file by https",
        start.escape_debug()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, place: &str, inside: Option<&str>, packing: Option<Packing>) {
        let address = Address::parse(text, Some(Path::new("/index"))).unwrap();
        let found = match &address.place {
            Place::Web(url) => url.as_str(),
            Place::Local(path) => path.to_str().unwrap(),
        };
        assert_eq!((found, address.inside.as_deref(), address.packing), (place, inside, packing));
    }

    #[track_caller]
    fn check_refused(text: &str, expected: &str) {
        let refused = Address::parse(text, None).unwrap_err();
        assert!(refused.contains(expected), "{refused}");
    }

    #[test]
    fn the_ending_of_the_path_tells_the_packing() {
        check("https://h/kubectl", "https://h/kubectl", None, None);
        check("https://h/a.tar.gz", "https://h/a.tar.gz", None, Some(Packing::TarGz));
        check("https://h/a.TGZ?sig=a%2Fb", "https://h/a.TGZ?sig=a%2Fb", None, Some(Packing::TarGz));
        check("https://h/a.zip", "https://h/a.zip", None, Some(Packing::Zip));
        check("https://h/a.tar", "https://h/a.tar", None, Some(Packing::Tar));
        check("https://h/a.gz", "https://h/a.gz", None, Some(Packing::Gz));
        check("https://h/p?f=a.zip", "https://h/p?f=a.zip", None, None);
    }

    #[test]
    fn the_query_may_say_otherwise_and_the_server_does_not_see_it() {
        check("https://h/a.zip?archive=false&x=1", "https://h/a.zip?x=1", None, None);
        check("https://h/download?archive=tar.gz", "https://h/download", None, Some(Packing::TarGz));
        check("https://h/a?filename=b&a=+%20", "https://h/a?a=+%20", None, None);
    }

    #[test]
    fn two_slashes_lead_into_the_archive() {
        let helm = "https://get.helm.sh/helm-v3.6.3-darwin-amd64.tar.gz";
        check(&format!("{helm}//darwin-amd64"), helm, Some("darwin-amd64"), Some(Packing::TarGz));
        check(
            "https://h/gh.zip//gh_2.20_linux/bin?x=1",
            "https://h/gh.zip?x=1",
            Some("gh_2.20_linux/bin"),
            Some(Packing::Zip),
        );
        check("/dir/a.zip//b", "/dir/a.zip", Some("b"), Some(Packing::Zip));
    }

    #[test]
    fn a_checksum_comes_with_the_address() {
        let hex = "0".repeat(64);
        for text in [format!("https://h/a?checksum={hex}"), format!("https://h/a?checksum=sha256%3A{hex}")] {
            let address = Address::parse(&text, None).unwrap();
            assert_eq!(address.checksum, Some(Checksum::parse(&hex).unwrap()));
            assert_eq!(address.place.shown(), "https://h/a");
        }
        check_refused("https://h/a?checksum=abc", "SHA-256");
    }

    #[test]
    fn files_on_this_machine_are_for_indexes_on_this_machine() {
        check("file:///a/b", "/a/b", None, None);
        check("b.tar.gz", "/index/b.tar.gz", None, Some(Packing::TarGz));
        check("./b", "/index/./b", None, None);
        for text in ["file:///etc/passwd", "/etc/passwd", "../x", "file::/etc/passwd", "plugin"] {
            check_refused(text, "only an index on this machine");
        }
    }

    #[test]
    fn what_needs_other_tools_is_refused() {
        check_refused("git::https://h/r.git", "`git::`");
        check_refused("s3::https://s3.amazonaws.com/b/k", "`s3::`");
        check_refused("hg::http://h/r", "`hg::`");
        check_refused("gcs::https://h/b", "`gcs::`");
        check_refused("ssh://h/r", "`ssh:`");
        check_refused("git@github.com:o/r.git", "`git@`");
        check_refused("github.com/o/r", "`github.com/`");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        check_refused("https://h/a.tar.xz", "packed as `tar.xz`");
        check_refused("https://h/a?archive=rar", "packed as `rar`");
        check_refused("https://h/a//b", "this is none");
        check_refused("https://h/a.zip//b/../../c", "`..`");
        check_refused("https://", "it is no address");
    }

    #[test]
    fn nobody_reads_credentials() {
        for text in ["https://user:secret@h:8443/p?token=secret", "https://user:secret@h:8443/p?secret"] {
            assert_eq!(Place::parse(text, None).unwrap().shown(), "https://h:8443/p?…");
            assert_eq!(shown_text(text), "https://h:8443/p?…");
        }
        assert_eq!(shown_text("user:secret@h/p"), "h/p");
    }

    #[test]
    fn an_address_does_nothing_to_a_terminal() {
        let file = Place::parse("a\u{1b}[31mü", Some(Path::new("/index"))).unwrap();
        assert_eq!(file.shown(), "/index/a\\u{1b}[31mü");
    }
}
