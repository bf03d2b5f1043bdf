//! Faults at the start of the process, around the handshake. They know nothing of calls.

use std::{
    env, fs,
    io::{self, Write},
    os::unix::{fs::symlink, net::UnixListener},
    path::PathBuf,
    process::{self, Command, ExitCode},
    thread,
};

use crate::{serve, wire};

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
    ("exits-when-connected-to", || {
        let _ = listen().accept();
        ExitCode::from(6)
    }),
    ("exits-amid-the-settings", || {
        if let Ok((mut connection, _)) = listen().accept() {
            let _ = connection.write_all(&[0, 0, 6, 4, 0]);
        }
        ExitCode::from(6)
    }),
    // Names what is no socket, or none of its own.
    ("listens-at-a-relative-path", || named("unix|plugin1")),
    ("listens-at-no-path", || named("unix|")),
    ("listens-at-a-file", || {
        let file = runtime_dir().join("plugin-file");
        let _ = fs::write(&file, "not a socket");
        named(&format!("unix|{}", file.display()))
    }),
    ("listens-at-a-pipe", || named("unix|/dev/null")),
    ("listens-at-a-directory", || named("unix|/")),
    ("listens-at-a-loop", || {
        let link = runtime_dir().join("plugin-loop");
        let _ = symlink(&link, &link);
        named(&format!("unix|{}", link.display()))
    }),
    ("listens-too-deep", || named(&format!("unix|/{}", "deep/".repeat(60)))),
    ("listens-with-control-characters", || named("unix|/tmp/\u{1b}[2J\u{7}plugin")),
    ("listens-at-no-port", || named("tcp|127.0.0.1:0")),
    ("listens-at-no-address", || named("tcp|nowhere")),
    ("listens-by-carrier-pigeon", || named("udp|127.0.0.1:9")),
    // What it prints and logs.
    ("prints-a-line-without-end", || {
        loop {
            print(&"x".repeat(1 << 20));
        }
    }),
    ("prints-no-text", || {
        let _ = io::stdout().write_all(b"1|3|unix|\xff\xfe\x00|grpc|\n");
        park()
    }),
    ("logs-endlessly", || {
        thread::spawn(|| {
            loop {
                log("and so on");
            }
        });
        serve()
    }),
    ("logs-a-line-without-end", || {
        thread::spawn(|| {
            loop {
                let _ = io::stderr().write_all(&[b'x'; 1 << 16]);
            }
        });
        serve()
    }),
    ("wire", || wire::relay("none")),
    ("wire-at-once", || wire::relay("at-once")),
    // Serves well, but neither Shutdown nor SIGTERM makes it leave.
    ("stays", || match serve() {
        ExitCode::SUCCESS => park(),
        never_served => never_served,
    }),
];

/// Says that it listens there, which it does not.
fn named(address: &str) -> ExitCode {
    print(&format!("1|3|{address}|grpc|\n"));
    park()
}

/// The directory that a host gives a plugin.
pub(crate) fn runtime_dir() -> PathBuf {
    env::var_os("TMPDIR").map_or_else(env::temp_dir, PathBuf::from)
}

pub(crate) fn listen() -> UnixListener {
    let path = runtime_dir().join(format!("plugin{}", process::id()));
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

pub(crate) fn park() -> ExitCode {
    loop {
        thread::park();
    }
}
