//! Who listens on which port. It does not know how that is shown in a chat.

use std::net::SocketAddr;

use botkube_plugin::Result;

use crate::{
    Facts,
    table::{Column::*, table},
};

/// A port that is listened on; in order of port, protocol and address.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Port {
    number: u16,
    protocol: &'static str,
    address: SocketAddr,
    /// Id and name, where the machine tells.
    process: Option<(u32, String)>,
}

/// All ports that are listened on, and what is not known of them.
pub(crate) fn show() -> Result<Facts> {
    let mut ports = listening()?;
    ports.sort();
    ports.dedup();
    let unknown = ports.iter().filter(|port| port.process.is_none()).count();
    let row = |port: Port| {
        let (pid, program) = port.process.map_or(("?".into(), "?".into()), |(pid, name)| (pid.to_string(), name));
        [port.number.to_string(), port.protocol.to_owned(), port.address.ip().to_string(), pid, program]
    };
    let columns = [Right("PORT"), Left("PROTOCOL"), Left("ADDRESS"), Right("PID"), Left("PROGRAM")];
    let mut notes: Vec<String> = crate::confinement().into_iter().collect();
    if unknown > 0 {
        notes.push(format!("Of {unknown} the process is not known: the agent may not look into those of other users."));
    }
    if cfg!(not(target_os = "linux")) {
        notes.push("Unless the agent runs as root, ports of other users' processes are missing.".into());
    }
    Ok((table(columns, ports.into_iter().map(row).collect()), notes))
}

#[cfg(target_os = "linux")]
fn listening() -> Result<Vec<Port>> {
    use procfs::{
        net::{TcpState, UdpState},
        process::FDTarget,
    };
    use std::collections::HashMap;

    let mut owners = HashMap::new();
    // Processes end while they are looked at, and those of others do not show what they have open.
    for process in procfs::process::all_processes()?.flatten() {
        let (Ok(open), Ok(stat)) = (process.fd(), process.stat()) else { continue };
        for file in open.flatten() {
            if let FDTarget::Socket(socket) = file.target {
                owners.insert(socket, (process.pid().cast_unsigned(), stat.comm.clone()));
            }
        }
    }
    // Without IPv6 its tables are not there.
    let tcp = procfs::net::tcp()?.into_iter().chain(procfs::net::tcp6().unwrap_or_default());
    let udp = procfs::net::udp()?.into_iter().chain(procfs::net::udp6().unwrap_or_default());
    let tcp = tcp.filter(|e| e.state == TcpState::Listen).map(|e| ("tcp", e.local_address, e.inode));
    // Datagrams have no listening; a socket that is bound and talks to nobody in particular is as good.
    let udp = udp.filter(|e| e.state == UdpState::Close).map(|e| ("udp", e.local_address, e.inode));
    let port = |(protocol, address, socket): (_, SocketAddr, _)| Port {
        number: address.port(),
        protocol,
        address,
        process: owners.get(&socket).cloned(),
    };
    Ok(tcp.chain(udp).map(port).collect())
}

#[cfg(not(target_os = "linux"))]
fn listening() -> Result<Vec<Port>> {
    use botkube_plugin::Error;
    use listeners::{Listener, Protocol, SocketState};

    let all = listeners::get_all().map_err(|error| Error::for_user(format!("cannot list the ports: {error}")))?;
    let listens = |l: &Listener| l.protocol == Protocol::UDP || l.state == SocketState::Listen;
    let port = |l: Listener| Port {
        number: l.socket.port(),
        protocol: if l.protocol == Protocol::TCP { "tcp" } else { "udp" },
        address: l.socket,
        process: Some((l.process.pid, l.process.name)),
    };
    Ok(all.into_iter().filter(listens).map(port).collect())
}
