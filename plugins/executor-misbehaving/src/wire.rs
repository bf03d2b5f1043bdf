//! Faults on the wire: stands between the host and a plugin that is well, passes on what either says, and when a command asks
//! for it says something of its own to the host. It knows frames, and no gRPC but what [`attack`] makes by hand.
//!
//! Started as `executor_wire`, it starts itself a second time as the plugin that is well; as `executor_wire-at-once` as one that
//! has no live answers, like upstream's. The command `mine wire ATTACK` never
//! arrives there: its stream is the attack's.

mod attack;
mod frame;

use std::{
    env,
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::{net::UnixStream, process::CommandExt},
    process::{self, Command, ExitCode, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use crate::start::{listen, park};
use attack::ATTACKS;

/// What asks for an attack, in the bytes of a call.
const ASKED: &[u8] = b" wire ";

/// The way to the host, on the stream of the call that asked for an attack.
#[derive(Clone)]
struct Wire {
    host: Arc<Mutex<UnixStream>>,
    stream: u32,
    /// What the host says is not read any more.
    deaf: Arc<AtomicBool>,
}

/// Passes on frames between the host and the plugin of this name until either is gone.
pub(crate) fn relay(name: &str) -> ExitCode {
    relayed(name).unwrap_or_else(|error| panic!("the relay cannot go on: {error}"))
}

fn relayed(name: &str) -> io::Result<ExitCode> {
    let mut well = Command::new(env::current_exe()?).arg0(format!("executor_{name}")).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    let printed = well.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
    BufReader::new(printed).read_line(&mut line)?;
    let plugin = UnixStream::connect(line.split('|').nth(3).unwrap_or_default())?;
    let (host, _) = listen().accept()?;

    let deaf = Arc::new(AtomicBool::new(false));
    let wire = Wire { host: Arc::new(Mutex::new(host.try_clone()?)), stream: 0, deaf };
    let (from_host, to_plugin, there) = (host, plugin.try_clone()?, wire.clone());
    thread::spawn(move || {
        let _ = from_host_to_plugin(from_host, to_plugin, &there);
    });
    let mut plugin = BufReader::new(plugin);
    while let Ok(frame) = frame::read(&mut plugin) {
        if wire.send(&frame).is_err() {
            break;
        }
    }
    // The plugin was told to leave, and the host waits for this process.
    let ended = well.wait()?;
    Ok(if ended.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn from_host_to_plugin(host: UnixStream, mut plugin: UnixStream, wire: &Wire) -> io::Result<()> {
    let mut host = BufReader::new(host);
    let mut preface = [0; frame::PREFACE];
    host.read_exact(&mut preface)?;
    plugin.write_all(&preface)?;
    let mut attacked = 0;
    loop {
        let frame = frame::read(&mut host)?;
        let stream = frame::stream(&frame);
        match asked(&frame) {
            Some(attack) => {
                attacked = stream;
                let wire = Wire { stream, ..wire.clone() };
                // It ends when the host does not listen any more.
                thread::spawn(move || {
                    let _ = attack(&wire);
                });
            }
            // The plugin would answer a call that has no command.
            None if stream == attacked && stream != 0 => {}
            None => plugin.write_all(&frame)?,
        }
        if wire.deaf.load(Ordering::Relaxed) {
            park();
        }
    }
}

/// The attack that a frame asks for.
fn asked(frame: &[u8]) -> Option<attack::Attack> {
    if !frame::is_data(frame) {
        return None;
    }
    let call = frame::payload(frame);
    let at = call.windows(ASKED.len()).position(|window| window == ASKED)? + ASKED.len();
    let is_of_a_name = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    let end = call[at..].iter().position(|byte| !is_of_a_name(byte)).map_or(call.len(), |length| at + length);
    let known = ATTACKS.iter().find(|(known, _)| known.as_bytes() == &call[at..end]);
    let Some((_, attack)) = known else {
        let _ = writeln!(io::stderr(), "no attack is called {:?}", String::from_utf8_lossy(&call[at..end]));
        process::exit(7);
    };
    Some(*attack)
}

impl Wire {
    /// Says this, and nothing of the plugin's in its midst.
    fn send(&self, bytes: &[u8]) -> io::Result<()> {
        self.host.lock().unwrap_or_else(PoisonError::into_inner).write_all(bytes)
    }

    /// Ends the process, once what was said is under way.
    fn exit(&self) -> ! {
        process::exit(6);
    }
}
