//! What a file is to an operating system, without running it. It must not know plugins.

use std::{fs::File, io, path::Path};

use object::{Architecture, BinaryFormat, Object, ReadCache, elf::PT_INTERP, read::elf::ProgramHeader};
use serde::Serialize;

/// What a file is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Binary {
    /// `ELF`, `Mach-O`, `PE` or `script`; nothing for what is no program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<&'static str>,
    /// In Go's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<&'static str>,
    /// In Go's words; several are separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub architecture: Option<String>,
    /// `static`, or what has to be there for it; said of ELF alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub linking: Option<String>,
    /// What follows `#!`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<String>,
}

/// The first line of a script is no longer.
const LINE: usize = 256;

pub(super) fn look(path: &Path) -> io::Result<Binary> {
    let mut file = File::open(path)?;
    let mut head = [0; LINE];
    let read = io::Read::read(&mut file, &mut head)?;
    if let Some(rest) = head[..read].strip_prefix(b"#!") {
        let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let interpreter = Some(String::from_utf8_lossy(line).trim().to_owned());
        return Ok(Binary { format: Some("script"), interpreter, ..Binary::default() });
    }
    // A program for several processors, which `object` reads one by one.
    if head[..read].starts_with(&[0xca, 0xfe, 0xba, 0xbe]) && read > 8 && head[7] < 20 {
        return Ok(Binary { format: Some("Mach-O"), os: Some("darwin"), ..Binary::default() });
    }
    let cache = ReadCache::new(file);
    let Ok(object) = object::File::parse(&cache) else { return Ok(Binary::default()) };
    let architecture = Some(go_word(object.architecture()).to_owned());
    let (format, os) = match object.format() {
        BinaryFormat::Elf => ("ELF", "linux"),
        BinaryFormat::MachO => ("Mach-O", "darwin"),
        BinaryFormat::Pe | BinaryFormat::Coff => ("PE", "windows"),
        _ => return Ok(Binary::default()),
    };
    let loader = match &object {
        object::File::Elf64(elf) => Some(loader(elf.elf_program_headers(), elf.endian(), elf.data())),
        object::File::Elf32(elf) => Some(loader(elf.elf_program_headers(), elf.endian(), elf.data())),
        _ => None,
    };
    let linking = loader.map(|loader| match loader {
        Some(loader) => format!("dynamic, with {loader}"),
        None => "static".into(),
    });
    Ok(Binary { format: Some(format), os: Some(os), architecture, linking, interpreter: None })
}

/// The program that has to load it, if there is one.
fn loader<'a, H: ProgramHeader>(headers: &[H], endian: H::Endian, data: impl object::ReadRef<'a>) -> Option<String> {
    let header = headers.iter().find(|header| header.p_type(endian) == PT_INTERP)?;
    let name = header.data(endian, data).unwrap_or_default();
    Some(String::from_utf8_lossy(name).trim_end_matches('\0').to_owned())
}

fn go_word(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86_64 => "amd64",
        Architecture::Aarch64 => "arm64",
        Architecture::I386 => "386",
        Architecture::Arm => "arm",
        Architecture::Riscv64 => "riscv64",
        Architecture::S390x => "s390x",
        Architecture::PowerPc64 => "ppc64le",
        Architecture::LoongArch64 => "loong64",
        _ => "another processor",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look_at(content: &[u8]) -> Binary {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        look(file.path()).unwrap()
    }

    #[test]
    fn a_program_is_told_from_what_is_none() {
        let own = look(&std::env::current_exe().unwrap()).unwrap();
        assert_eq!(own.architecture.as_deref(), Some(&*botkube_plugin_host::index::Platform::current().architecture));
        assert_eq!(look_at(b"#!/bin/sh -e\nexit\n").interpreter.as_deref(), Some("/bin/sh -e"));
        for other in [&b""[..], b"text", b"\x7fELF", b"\xca\xfe"] {
            assert_eq!(look_at(other), Binary::default());
        }
    }
}
