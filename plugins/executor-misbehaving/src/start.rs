//! Faults at the start of the process, around the handshake. They know nothing of calls.

use std::{
    env,
    io::{self, Write},
    os::unix::net::UnixListener,
    path::PathBuf,
    process::{self, Command, ExitCode},
    thread,
};

use crate::serve;

/// A fault: it ends the process, or never returns.
type Commit = fn() -> ExitCode;

/// The faults, by the name that asks for them.
pub(crate) const START: &[(&str, Commit)] = &[
    ("dies-before-handshake", || {
        log("no licence, no service");
        ExitCode::from(3)
    }),
    ("dies-in-handshake", || {
        print("1|3|unix|/tmp/plug");
        ExitCode::from(4)
    }),
    ("dies-after-handshake", || {
        let _socket = listen();
        ExitCode::from(5)
    }),
    ("kills-itself", || {
        process::abort();
    }),
    ("prints-garbage", || {
        print("Hello! I am starting.\n");
        park()
    }),
    ("prints-endlessly", || {
        loop {
            print("and so on ");
        }
    }),
    ("says-nothing", || park()),
    // Its child must not outlive it either.
    ("says-nothing-and-has-a-child", || {
        let child = Command::new("sleep").arg("1000").spawn();
        log(&format!("child {}", child.map_or(0, |child| child.id())));
        park()
    }),
    ("speaks-netrpc", || {
        print("1|3|unix|/tmp/plugin1|netrpc|\n");
        park()
    }),
    ("speaks-an-older-version", || {
        print("1|2|unix|/tmp/plugin1|grpc|\n");
        park()
    }),
    ("speaks-another-core", || {
        print("2|3|unix|/tmp/plugin1|grpc|\n");
        park()
    }),
    ("listens-nowhere", || {
        print("1|3|unix|/nowhere/plugin1|grpc|\n");
        park()
    }),
    ("accepts-and-says-nothing", || {
        let mut held = Vec::new();
        for connection in listen().incoming() {
            held.push(connection);
        }
        park()
    }),
    ("speaks-http-1", || {
        for mut connection in listen().incoming().flatten() {
            let _ = connection.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
        }
        park()
    }),
    // Serves well, but neither Shutdown nor SIGTERM makes it leave.
    ("stays", || match serve() {
        ExitCode::SUCCESS => park(),
        never_served => never_served,
    }),
];

fn listen() -> UnixListener {
    let dir = env::var_os("TMPDIR").map_or_else(env::temp_dir, PathBuf::from);
    let path = dir.join(format!("plugin{}", process::id()));
    let socket = UnixListener::bind(&path).expect("a plugin is given a directory for its socket");
    print(&format!("1|3|unix|{}|grpc|\n", path.display()));
    socket
}

/// Where nobody reads any more there is nothing left to do.
fn print(text: &str) {
    let mut out = io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        process::exit(1);
    }
}

fn log(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

fn park() -> ExitCode {
    loop {
        thread::park();
    }
}
