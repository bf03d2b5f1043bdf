//! What the beginning of a file says it is, and whether this machine can run that.
//! Must not know: plugins.

use crate::index::Platform;

/// How much of a file's beginning is looked at.
pub(super) const HEAD: usize = 64;

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Nature {
    /// A program for a platform; `None` for the architecture: for several.
    Program { os: Family, architecture: Option<&'static str> },
    /// A script that names its interpreter.
    Script,
    /// Nothing that can be run, in words for people.
    Other(&'static str),
}

/// Operating systems whose programs look alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Elf,
    MachO,
    Windows,
}

impl Nature {
    pub(super) fn of(head: &[u8]) -> Self {
        match head {
            [] => Self::Other("an empty file"),
            [0x7f, b'E', b'L', b'F', ..] => Self::Program { os: Family::Elf, architecture: elf(head) },
            [0xcf, 0xfa, 0xed, 0xfe, kind, 0, 0, 1, ..] => Self::Program {
                os: Family::MachO,
                architecture: Some(match kind {
                    7 => "amd64",
                    12 => "arm64",
                    _ => "another processor",
                }),
            },
            [0xca, 0xfe, 0xba, 0xbe, ..] => Self::Program { os: Family::MachO, architecture: None },
            [b'M', b'Z', ..] => Self::Program { os: Family::Windows, architecture: None },
            [b'#', b'!', ..] => Self::Script,
            [0x1f, 0x8b, ..] => Self::Other(
                "a gzip file; its address has to end with `.tar.gz`, `.tgz` or `.gz`, or say `?archive=tar.gz`",
            ),
            [b'P', b'K', 3, 4, ..] => {
                Self::Other("a zip archive; its address has to end with `.zip`, or say `?archive=zip`")
            }
            _ if markup(head) => {
                Self::Other("an HTML page, perhaps for a login; open the address in a browser to see it")
            }
            _ if head.iter().all(|byte| *byte >= b' ' && *byte < 0x7f || byte.is_ascii_whitespace()) => {
                Self::Other("a text")
            }
            _ => Self::Other("no program"),
        }
    }

    /// Whether it is meant to be run, be it here or elsewhere.
    pub(super) fn is_program(&self) -> bool {
        !matches!(self, Self::Other(_))
    }

    /// Why it cannot be run on `here`.
    pub(super) fn runs_on(&self, here: &Platform) -> Result<(), String> {
        let this = if *here == Platform::current() { "this machine is" } else { "it is published as one for" };
        self.is_for(here).map_err(|what| match self {
            Self::Other(_) => what,
            _ => format!("{what}, and {this} {here}"),
        })
    }

    /// What it is, where that is nothing for a platform.
    pub(super) fn is_for(&self, platform: &Platform) -> Result<(), String> {
        let family = if platform.os == "darwin" { Family::MachO } else { Family::Elf };
        match self {
            Self::Script => Ok(()),
            Self::Program { os, architecture } if *os == family => match architecture {
                Some(architecture) if *architecture != platform.architecture => {
                    Err(format!("it is a program for {architecture}"))
                }
                _ => Ok(()),
            },
            Self::Program { os, .. } => {
                let other = match os {
                    Family::Elf => "Linux",
                    Family::MachO => "macOS",
                    Family::Windows => "Windows",
                };
                Err(format!("it is a program for {other}"))
            }
            Self::Other(what) => Err(format!("it is {what}")),
        }
    }
}

/// The architecture of an ELF file, in Go's words.
fn elf(head: &[u8]) -> Option<&'static str> {
    let [wide, little, low, high] = [head.get(4)?, head.get(5)?, head.get(18)?, head.get(19)?].map(|byte| *byte);
    let machine = if little == 1 { u16::from_le_bytes([low, high]) } else { u16::from_be_bytes([low, high]) };
    Some(match (machine, wide, little) {
        (3, ..) => "386",
        (40, ..) => "arm",
        (62, 2, _) => "amd64",
        (183, ..) => "arm64",
        (243, 2, _) => "riscv64",
        (22, 2, _) => "s390x",
        (21, _, 1) => "ppc64le",
        (21, ..) => "ppc64",
        (258, ..) => "loong64",
        _ => "another processor",
    })
}

fn markup(head: &[u8]) -> bool {
    let start = head.iter().position(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xef | 0xbb | 0xbf));
    start.is_some_and(|start| head[start] == b'<')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(head: &[u8], os: &str, architecture: &str, expected: Result<(), &str>) {
        let here = Platform { os: os.into(), architecture: architecture.into() };
        match (Nature::of(head).runs_on(&here), expected) {
            (Ok(()), Ok(())) => {}
            (Err(error), Err(expected)) => assert!(error.contains(expected), "{error}"),
            (found, expected) => panic!("{found:?} and not {expected:?}"),
        }
    }

    fn elf(machine: u16) -> Vec<u8> {
        let mut head = b"\x7fELF\x02\x01\x01".to_vec();
        head.resize(18, 0);
        head.extend(machine.to_le_bytes());
        head
    }

    #[test]
    fn programs_run_on_their_own_platform_only() {
        check(&elf(62), "linux", "amd64", Ok(()));
        check(&elf(183), "linux", "arm64", Ok(()));
        check(&elf(183), "linux", "amd64", Err("a program for arm64, and this machine is linux/amd64"));
        check(&elf(62), "darwin", "amd64", Err("a program for Linux"));
        check(b"\xcf\xfa\xed\xfe\x0c\0\0\x01", "darwin", "arm64", Ok(()));
        check(b"\xcf\xfa\xed\xfe\x07\0\0\x01", "darwin", "arm64", Err("a program for amd64"));
        check(b"\xca\xfe\xba\xbe", "darwin", "arm64", Ok(()));
        check(b"MZ\x90", "linux", "amd64", Err("a program for Windows"));
    }

    #[test]
    fn a_script_runs_anywhere() {
        check(b"#!/bin/sh\n", "linux", "amd64", Ok(()));
    }

    #[test]
    fn what_is_no_program_is_named() {
        for (head, expected) in [
            (&b"<!DOCTYPE html>"[..], "an HTML page"),
            (b"\n <html>", "an HTML page"),
            (b"", "an empty file"),
            (b"\x1f\x8b\x08", "a gzip file"),
            (b"PK\x03\x04", "a zip archive"),
            (b"Not Found", "a text"),
            (b"\x00\x01", "no program"),
        ] {
            check(head, "linux", "amd64", Err(expected));
        }
    }
}
