//! Archives and addresses: the shapes that repositories publish, and those that are refused.

use std::{fs, io::Write};

use flate2::{Compression, write::GzEncoder};

use crate::{
    server::Reply,
    support::{PROGRAM, World, entry, entry_with, tar_gz, zip},
};

/// A plugin whose address ends so, and what is behind it.
async fn world(address: &str, archive: Vec<u8>) -> World {
    let world = World::new(&[]).await;
    let path = address.split(['?']).next().unwrap();
    let path = path.find("//").map_or(path, |at| &path[..at]);
    world.server.set(path, [Reply::Good(archive)]);
    world.publish(&[entry("echo", "v1.0.0", &world.at(address))]);
    world
}

async fn check(address: &str, archive: Vec<u8>) {
    let world = world(address, archive).await;
    let installed = world.install("corp/echo").await.unwrap();
    assert_eq!(fs::read(&installed.program).unwrap(), PROGRAM);
    assert_eq!(world.unfinished(), Vec::<String>::new());
}

async fn check_refused(address: &str, archive: Vec<u8>, expected: &[&str]) {
    let world = world(address, archive).await;
    world.check_refused(world.install("corp/echo").await, expected);
}

fn special(kind: tar::EntryType) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(0);
    header.set_path("echo").unwrap();
    header.set_link_name("/etc/passwd").unwrap();
    header.set_cksum();
    tar.append(&header, &[][..]).unwrap();
    tar.into_inner().unwrap().finish().unwrap()
}

#[tokio::test]
async fn a_tar_with_the_plugin_on_top_is_unpacked() {
    let readme: (&str, &[u8]) = ("README.md", b"read me");
    check("/echo.tar.gz", tar_gz(&[readme, ("executor_v1.0.0_echo", PROGRAM)])).await;
    check("/echo.tgz", tar_gz(&[readme, ("LICENSE", b"text"), ("my.echo", PROGRAM)])).await;
    check("/echo.tar.gz", tar_gz(&[("./echo", PROGRAM)])).await;
}

#[tokio::test]
async fn a_zip_is_unpacked() {
    check("/echo.zip", zip(&[("README.md", b"read me"), ("echo", PROGRAM)])).await;
}

#[tokio::test]
async fn one_packed_file_is_unpacked() {
    let mut gz = GzEncoder::new(Vec::new(), Compression::fast());
    gz.write_all(PROGRAM).unwrap();
    check("/echo.gz", gz.finish().unwrap()).await;
}

#[tokio::test]
async fn the_query_says_how_a_file_is_packed() {
    check("/download?archive=tar.gz", tar_gz(&[("echo", PROGRAM)])).await;
    check("/echo.zip?archive=false", PROGRAM.to_vec()).await;
}

#[tokio::test]
async fn dependencies_come_out_of_their_archives() {
    let world = World::new(&[]).await;
    world.server.set("/echo", [Reply::Good(PROGRAM.to_vec())]);
    world
        .server
        .set("/helm.tar.gz", [Reply::Good(tar_gz(&[("linux-amd64/helm", b"#!helm"), ("linux-amd64/LICENSE", b"#!")]))]);
    world.server.set("/gh.zip", [Reply::Good(zip(&[("gh_2/bin/gh", b"#!gh"), ("gh_2/LICENSE", b"text")]))]);
    world.server.set("/flux.tar.gz", [Reply::Good(tar_gz(&[("flux", b"#!flux")]))]);
    world.server.set("/kubectl", [Reply::Good(b"#!kubectl".to_vec())]);
    let addresses =
        ["/helm.tar.gz//linux-amd64", "/gh.zip//gh_*/bin", "/flux.tar.gz", "/kubectl"].map(|path| world.at(path));
    let names = ["helm", "gh", "flux", "kubectl"];
    let dependencies: Vec<_> = names.into_iter().zip(addresses.iter().map(String::as_str)).collect();
    world.publish(&[entry_with("echo", "v1.0.0", &world.at("/echo"), &dependencies)]);
    let folder = world.install("corp/echo").await.unwrap().dependencies;
    for name in names {
        assert_eq!(fs::read_to_string(folder.join(name)).unwrap(), format!("#!{name}"));
    }
}

#[tokio::test]
async fn a_dependency_has_the_name_of_its_key() {
    let world = World::new(&[]).await;
    world.server.set("/echo", [Reply::Good(PROGRAM.to_vec())]);
    world.server.set("/tool.zip", [Reply::Good(zip(&[("other", PROGRAM)]))]);
    world.publish(&[entry_with("echo", "v1.0.0", &world.at("/echo"), &[("tool", &world.at("/tool.zip"))])]);
    world.check_refused(
        world.install("corp/echo").await,
        &["the dependency `tool` of the executor `corp/echo` v1.0.0", "it holds no file `tool`; it holds `other`"],
    );
}

#[tokio::test]
async fn an_archive_without_a_plugin_is_refused_with_what_it_holds() {
    check_refused("/echo.tar.gz", tar_gz(&[("README.md", b"text")]), &["no program; it holds `README.md`"]).await;
    check_refused(
        "/echo.zip",
        zip(&[("a", PROGRAM), ("b", PROGRAM)]),
        &["several of its files may be meant: `a`, `b`"],
    )
    .await;
}

#[tokio::test]
async fn names_that_lead_out_of_an_archive_are_refused() {
    for path in ["../echo", "/echo", "a/../../echo"] {
        let said = format!("its file `{path}` leads out of the archive");
        check_refused("/echo.tar.gz", tar_gz(&[(path, PROGRAM)]), &[&said]).await;
    }
    check_refused("/echo.zip", zip(&[("../echo", PROGRAM)]), &["`../echo` leads out"]).await;
}

#[tokio::test]
async fn links_and_devices_in_an_archive_are_refused() {
    for kind in [tar::EntryType::Symlink, tar::EntryType::Link] {
        check_refused("/echo.tar.gz", special(kind), &["its `echo` is a link"]).await;
    }
    for kind in [tar::EntryType::Char, tar::EntryType::Fifo] {
        check_refused("/echo.tar.gz", special(kind), &["its `echo` is a device"]).await;
    }
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.add_symlink("echo", "/etc/passwd", zip::write::SimpleFileOptions::default()).unwrap();
    check_refused("/echo.zip", writer.finish().unwrap().into_inner(), &["its `echo` is a link"]).await;
}

#[tokio::test]
async fn an_archive_that_unfolds_to_too_much_is_refused() {
    let bomb: Vec<u8> = [PROGRAM, &vec![0; 1 << 20]].concat();
    for (address, archive) in [("/echo.tar.gz", tar_gz(&[("echo", &bomb)])), ("/echo.zip", zip(&[("echo", &bomb)]))] {
        let mut world = world(address, archive).await;
        world.config.limits.unpacked_size = 1 << 20;
        world.check_refused(world.install("corp/echo").await, &["unpacked it has more than 1048576 bytes"]);
    }
}

#[tokio::test]
async fn an_archive_of_too_many_files_is_refused() {
    let mut world = world("/echo.tar.gz", tar_gz(&[("a", b""), ("b", b""), ("echo", PROGRAM)])).await;
    world.config.limits.unpacked_entries = 2;
    world.check_refused(world.install("corp/echo").await, &["it holds more files than"]);
}

#[tokio::test]
async fn a_name_as_long_as_a_book_is_refused() {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = tar::Header::new_gnu();
    let name = vec![b'x'; 8 << 20];
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(name.len() as u64);
    header.set_cksum();
    tar.append(&header, name.as_slice()).unwrap();
    let archive = tar.into_inner().unwrap().finish().unwrap();
    check_refused("/echo.tar.gz", archive, &["its headers are too large"]).await;
}

#[tokio::test]
async fn a_damaged_archive_is_refused() {
    let whole = tar_gz(&[("echo", PROGRAM)]);
    check_refused("/echo.tar.gz", whole[..whole.len() - 4].to_vec(), &["it is cut off or damaged"]).await;
    check_refused("/echo.tar.gz", b"<html>".to_vec(), &["it is cut off or damaged"]).await;
    let whole = zip(&[("echo", PROGRAM)]);
    check_refused("/echo.zip", whole[..whole.len() / 2].to_vec(), &["it is cut off or damaged"]).await;
}

#[tokio::test]
async fn addresses_for_other_tools_are_refused() {
    for (address, said) in [
        ("git::https://example.com/echo.git", "`git::`, which needs tools that the agent does not run"),
        ("s3::https://s3.amazonaws.com/bucket/echo", "`s3::`"),
        ("github.com/example/echo", "`github.com/`"),
        ("/etc/passwd", "only an index on this machine may name"),
        ("file:///etc/passwd", "only an index on this machine may name"),
    ] {
        let world = World::new(&[entry("echo", "v1.0.0", address)]).await;
        world.check_refused(world.install("corp/echo").await, &["the executor `corp/echo` v1.0.0", address, said]);
    }
}
