//! A program as an archive, the same bytes whenever it is packed. It knows no plugin.

use std::io;

use flate2::{Compression, GzBuilder};

/// Packs a program into a gzipped tar, under this name.
///
/// Nothing else goes in: upstream takes the first file whose name has no extension for the program (`contract-plugins §6.9`).
///
/// # Panics
/// When the name is not that of a file.
#[must_use]
pub fn archive(program: &[u8], name: &str) -> Vec<u8> {
    packed(program, name).expect("memory can be written, and the name is that of a file")
}

fn packed(program: &[u8], name: &str) -> io::Result<Vec<u8>> {
    let mut header = tar::Header::new_ustar();
    header.set_size(program.len() as u64);
    header.set_mode(0o755);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    let gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    let mut tar = tar::Builder::new(gzip);
    tar.append_data(&mut header, name, program)?;
    tar.into_inner()?.finish()
}
