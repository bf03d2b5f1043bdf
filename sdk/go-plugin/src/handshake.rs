//! The cookie, the environment and the line with which a plugin says where it listens; no I/O.

use std::{fmt, path::PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

/// The version of the handshake itself, the line's first field.
pub const CORE_PROTOCOL_VERSION: u32 = 1;

/// The environment variables of the protocol.
pub mod env {
    /// Versions the host offers, separated by commas.
    pub const PROTOCOL_VERSIONS: &str = "PLUGIN_PROTOCOL_VERSIONS";
    /// The lowest TCP port a plugin may use; unused by plugins that listen on Unix sockets.
    pub const MIN_PORT: &str = "PLUGIN_MIN_PORT";
    /// The highest TCP port a plugin may use.
    pub const MAX_PORT: &str = "PLUGIN_MAX_PORT";
    /// Where a plugin makes its socket instead of in the directory for temporary files.
    pub const UNIX_SOCKET_DIR: &str = "PLUGIN_UNIX_SOCKET_DIR";
    /// The host's one-time certificate in PEM: asks for AutoMTLS.
    pub const CLIENT_CERT: &str = "PLUGIN_CLIENT_CERT";
    /// Asks for a seventh field in the line, and with a true value for a multiplexed broker.
    pub const MULTIPLEX_GRPC: &str = "PLUGIN_MULTIPLEX_GRPC";
}

/// The environment variable by which a plugin knows that a host, not a person, started it.
///
/// It protects nobody: it is there so that a person who runs the file by hand is told what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// The variable's name.
    pub key: &'static str,
    /// The one value it must have.
    pub value: &'static str,
}

/// Where a plugin listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A Unix socket.
    Unix(PathBuf),
    /// A host, as name or number, and a port; local by the protocol's intent though nothing says so.
    Tcp(String),
}

/// The line a plugin prints first: `CORE|VERSION|NETWORK|ADDRESS|grpc|CERTIFICATE`.
///
/// ```
/// use go_plugin::handshake::{Address, Line};
///
/// let line = Line::parse("1|3|unix|/tmp/plugin1042127018|grpc|", &[3]).unwrap();
/// assert_eq!(line.address, Address::Unix("/tmp/plugin1042127018".into()));
/// assert_eq!(line.to_string(), "1|3|unix|/tmp/plugin1042127018|grpc|");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line {
    /// The application protocol's version, one of those the host offered.
    pub version: u32,
    /// Where the plugin listens.
    pub address: Address,
    /// The plugin's certificate as DER; present exactly when it serves TLS.
    pub certificate: Option<Vec<u8>>,
    /// The seventh field: whether the plugin multiplexes broker connections. Only printed when the host asked.
    pub multiplex: Option<bool>,
}

/// Why a first line is not a handshake this host can go on with.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeError {
    /// Not a handshake line at all: something else was printed first.
    #[error(
        "the first line on standard output is not a handshake: {line:?}; is this a plugin, built for this machine, and \
         does it print nothing before it serves?"
    )]
    Unrecognized {
        /// What was printed, at most its first 200 characters.
        line: String,
    },
    /// The first field is not a number.
    #[error("the handshake's first field, the core protocol version, is not a number: {found:?}")]
    CoreVersionSyntax {
        /// The field.
        found: String,
    },
    /// Another handshake than ours.
    #[error(
        "the plugin speaks core protocol version {plugin}, this host version {CORE_PROTOCOL_VERSION}; the plugin or the \
         host must be rebuilt with a library of the other's age"
    )]
    CoreVersion {
        /// The plugin's version.
        plugin: u32,
    },
    /// The second field is not a number.
    #[error("the handshake's second field, the plugin protocol version, is not a number: {found:?}")]
    VersionSyntax {
        /// The field.
        found: String,
    },
    /// A plugin for another version of the application's protocol.
    #[error(
        "the plugin speaks protocol version {plugin}, this host {offered:?}; use a release of the plugin for this host"
    )]
    Version {
        /// The plugin's version.
        plugin: u32,
        /// The versions the host offered.
        offered: Vec<u32>,
    },
    /// Neither `unix` nor `tcp`.
    #[error("the plugin listens on the unknown network {found:?}; known are unix and tcp")]
    Network {
        /// The field.
        found: String,
    },
    /// An address that cannot be one.
    #[error("the plugin's {network} address is unusable: {found:?}")]
    Address {
        /// `unix` or `tcp`.
        network: &'static str,
        /// The field.
        found: String,
    },
    /// A plugin that speaks `net/rpc`, or says nothing, which means the same.
    #[error("the plugin speaks {found:?}, not grpc; it was built for another kind of host")]
    Transport {
        /// The field, `netrpc` when absent.
        found: String,
    },
    /// The sixth field is no certificate.
    #[error("the handshake's certificate is not base64: {reason}")]
    Certificate {
        /// What the decoder said.
        reason: String,
    },
}

/// A sixth field up to this length is no certificate but noise; Go's host draws the same line.
const SHORTEST_CERTIFICATE: usize = 50;

impl Line {
    /// Reads the line as leniently as Go's hosts do: five, six or seven fields, surrounded by blanks.
    ///
    /// # Errors
    ///
    /// In the order in which Go's host checks (`contract-plugins §1.5`); every field that is needed has an error of its own.
    pub fn parse(line: &str, offered: &[u32]) -> Result<Self, HandshakeError> {
        let line = line.trim();
        let fields: Vec<&str> = line.split('|').collect();
        let [core, version, network, address, ..] = fields[..] else {
            return Err(HandshakeError::Unrecognized { line: line.chars().take(200).collect() });
        };
        let core: u32 = core.parse().map_err(|_| HandshakeError::CoreVersionSyntax { found: core.to_owned() })?;
        if core != CORE_PROTOCOL_VERSION {
            return Err(HandshakeError::CoreVersion { plugin: core });
        }
        let version: u32 = version.parse().map_err(|_| HandshakeError::VersionSyntax { found: version.to_owned() })?;
        if !offered.contains(&version) {
            return Err(HandshakeError::Version { plugin: version, offered: offered.to_vec() });
        }
        let address = parse_address(network, address)?;
        let transport = fields.get(4).copied().filter(|f| !f.is_empty()).unwrap_or("netrpc");
        if transport != "grpc" {
            return Err(HandshakeError::Transport { found: transport.to_owned() });
        }
        let certificate = match fields.get(5) {
            Some(text) if text.len() > SHORTEST_CERTIFICATE => Some(
                STANDARD_NO_PAD
                    .decode(text.trim_end_matches('='))
                    .map_err(|e| HandshakeError::Certificate { reason: e.to_string() })?,
            ),
            _ => None,
        };
        let multiplex = fields.get(6).and_then(|f| f.parse().ok());
        Ok(Self { version, address, certificate, multiplex })
    }

    /// The address in a line, whether or not this host can go on with the rest of it.
    #[cfg(feature = "host")]
    pub(crate) fn address_in(line: &str) -> Option<Address> {
        let mut fields = line.trim().split('|').skip(2);
        parse_address(fields.next()?, fields.next()?).ok()
    }
}

fn parse_address(network: &str, address: &str) -> Result<Address, HandshakeError> {
    match network {
        "unix" if !address.is_empty() && !address.contains('\0') => Ok(Address::Unix(address.into())),
        "unix" => Err(HandshakeError::Address { network: "unix", found: address.to_owned() }),
        "tcp" => match address.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => {
                Ok(Address::Tcp(address.to_owned()))
            }
            _ => Err(HandshakeError::Address { network: "tcp", found: address.to_owned() }),
        },
        other => Err(HandshakeError::Network { found: other.to_owned() }),
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let certificate = self.certificate.as_deref().map(|der| STANDARD_NO_PAD.encode(der)).unwrap_or_default();
        write!(f, "{CORE_PROTOCOL_VERSION}|{}|{}|grpc|{certificate}", self.version, self.address)?;
        match self.multiplex {
            Some(multiplex) => write!(f, "|{multiplex}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix|{}", path.display()),
            Self::Tcp(address) => write!(f, "tcp|{address}"),
        }
    }
}

#[cfg(test)]
mod tests;
