//! Makes what is committed and can be made: Rust code from the `.proto` files, and the reference of all configuration keys;
//! knows nothing of what messages and keys mean.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use prost::Message;

use crate::sh;

/// One crate's contracts.
struct Target {
    /// Where the `.proto` files lie.
    proto: &'static str,
    files: &'static [&'static str],
    /// Where the code goes.
    out: &'static str,
}

/// What the encoded descriptors are called, which lie beside the code for gRPC reflection.
const DESCRIPTORS: &str = "descriptors.bin";

const TARGETS: &[Target] = &[
    Target {
        proto: "sdk/botkube-proto/proto",
        files: &["executor.proto", "source.proto", "stream.proto"],
        out: "sdk/botkube-proto/src/generated",
    },
    Target { proto: "sdk/go-plugin/proto", files: &["plugin.proto"], out: "sdk/go-plugin/src/generated" },
    Target { proto: "sdk/go-plugin/proto", files: &["interop.proto"], out: "sdk/go-plugin/examples/peer" },
];

/// Messages whose fields may hold tokens: a `Debug` of them is written by hand, and shows none.
const SECRETS: [&str; 4] = ["executor.Config", "executor.ExecuteContext", "source.Config", "source.StreamContext"];

/// The reference of all configuration keys, and what prints it.
const REFERENCE: &str = "docs/configuration.md";
const PRINT_REFERENCE: &str = "cargo run --quiet --locked -p botkube-config --example reference";

/// Writes the code, or with `check` fails when what is committed differs from what would be written.
pub(crate) fn run(root: &Path, check: bool) -> Result<()> {
    let mut stale = Vec::new();
    for target in TARGETS {
        let scratch = sh::target_dir(root).join("codegen");
        let _ = fs::remove_dir_all(&scratch);
        fs::create_dir_all(&scratch)?;
        generate(root, target, &scratch)?;
        let out = root.join(target.out);
        fs::create_dir_all(&out)?;
        for entry in fs::read_dir(&scratch)? {
            let made = entry?.path();
            let committed = out.join(made.file_name().expect("a directory entry has a name"));
            if fs::read(&committed).ok() == Some(fs::read(&made)?) {
                continue;
            }
            stale.push(committed.strip_prefix(root).unwrap_or(&committed).display().to_string());
            if !check {
                fs::copy(&made, &committed)?;
            }
        }
    }
    let made = sh::output(&mut sh::command(root, PRINT_REFERENCE))?;
    if fs::read(root.join(REFERENCE)).ok().as_ref() != Some(&made) {
        stale.push(REFERENCE.into());
        if !check {
            fs::write(root.join(REFERENCE), made)?;
        }
    }
    ensure!(!check || stale.is_empty(), "out of date, run `cargo xtask codegen`: {}", stale.join(", "));
    Ok(())
}

fn generate(root: &Path, target: &Target, out: &Path) -> Result<()> {
    let dir = root.join(target.proto);
    let mut compiler = protox::Compiler::new([&dir])?;
    compiler.include_source_info(true).include_imports(true);
    compiler.open_files(target.files).with_context(|| format!("compiling {}", target.proto))?;
    let set = compiler.file_descriptor_set();
    let mut plain = set.clone();
    for file in &mut plain.file {
        file.source_code_info = None;
    }
    fs::write(out.join(DESCRIPTORS), plain.encode_to_vec())?;
    tonic_prost_build::configure()
        .build_transport(false)
        .bytes(".")
        .skip_debug(SECRETS)
        .out_dir(out)
        .compile_fds(set)
        .context("generating code")?;
    Ok(())
}
