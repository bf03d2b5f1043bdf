//! Checksums: how an index writes them, and what a file's is.
//! Must not know: which file, or where it comes from.

use std::{fmt, io::Read};

use aws_lc_rs::digest::{self, Context};

/// What a file's digest has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checksum {
    kind: Kind,
    hex: String,
}

/// A digest while it is made, and the SHA-256 beside it.
pub(super) struct Hasher {
    kind: Kind,
    context: Context,
    /// Unless the digest is one itself.
    sha256: Option<Context>,
}

/// What a file's digests are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digests {
    /// Of the type that was asked for.
    pub(super) wanted: Checksum,
    /// The digits.
    pub(super) sha256: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

const KINDS: &[Kind] = &[Kind::Sha1, Kind::Sha256, Kind::Sha384, Kind::Sha512];

impl Checksum {
    /// `type:digits`, or digits whose number tells the type (contract-plugins §6.9).
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (name, hex) = text.split_once(':').map_or((None, text), |(name, hex)| (Some(name), hex));
        let hex = hex.trim().to_ascii_lowercase();
        let digits = hex.len();
        let kind = match name.map(str::to_ascii_lowercase).as_deref() {
            Some("file") => {
                return Err(
                    "the checksum is in a file of its own, which is not read here; put its digits in its place".into(),
                );
            }
            Some(name) => KINDS.iter().find(|kind| kind.name() == name),
            None => KINDS.iter().find(|kind| kind.digits() == digits),
        };
        let Some(&kind) = kind else {
            let md5 = name.map_or(digits == 32, |name| name.eq_ignore_ascii_case("md5"));
            return Err(if md5 {
                "the checksum is an MD5, which proves nothing any more; use the SHA-256".into()
            } else {
                "the checksum is neither `sha256:` with its digits nor the digits of a SHA-256; use the SHA-256".into()
            });
        };
        if digits != kind.digits() || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let (name, wanted) = (kind.name(), kind.digits());
            return Err(format!("the checksum is not the {wanted} hexadecimal digits of a {name}; write it anew"));
        }
        Ok(Self { kind, hex })
    }

    /// Its digits, if it is a SHA-256.
    pub(super) fn sha256(&self) -> Option<String> {
        (self.kind == Kind::Sha256).then(|| self.hex.clone())
    }

    /// What makes the digest to compare with.
    pub(super) fn hasher(&self) -> Hasher {
        Hasher::new(self.kind)
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.name(), self.hex)
    }
}

impl Hasher {
    pub(super) fn sha256() -> Self {
        Self::new(Kind::Sha256)
    }

    fn new(kind: Kind) -> Self {
        let algorithm = match kind {
            Kind::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Kind::Sha256 => &digest::SHA256,
            Kind::Sha384 => &digest::SHA384,
            Kind::Sha512 => &digest::SHA512,
        };
        let sha256 = (kind != Kind::Sha256).then(|| Context::new(&digest::SHA256));
        Self { kind, context: Context::new(algorithm), sha256 }
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
        if let Some(sha256) = &mut self.sha256 {
            sha256.update(bytes);
        }
    }

    pub(super) fn finish(self) -> Digests {
        let hex = |context: Context| -> String {
            context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let wanted = Checksum { kind: self.kind, hex: hex(self.context) };
        Digests { sha256: self.sha256.map_or_else(|| wanted.hex.clone(), hex), wanted }
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    fn digits(self) -> usize {
        match self {
            Self::Sha1 => 40,
            Self::Sha256 => 64,
            Self::Sha384 => 96,
            Self::Sha512 => 128,
        }
    }
}

/// The SHA-256 of a text.
pub(super) fn sha256(text: &str) -> String {
    let mut hasher = Hasher::sha256();
    hasher.update(text.as_bytes());
    hasher.finish().sha256
}

/// The SHA-256 of all there is to read.
pub(super) fn sha256_of(mut reader: impl Read) -> std::io::Result<String> {
    let mut hasher = Hasher::sha256();
    let mut buffer = vec![0; 1 << 18];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(hasher.finish().sha256),
            read => hasher.update(&buffer[..read]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_digits_tells_the_type() {
        for (digits, kind) in [(40, "sha1"), (64, "sha256"), (96, "sha384"), (128, "sha512")] {
            let hex = "aB".repeat(digits / 2);
            let expected = format!("{kind}:{}", hex.to_lowercase());
            assert_eq!(Checksum::parse(&hex).unwrap().to_string(), expected);
            assert_eq!(Checksum::parse(&expected).unwrap().to_string(), expected);
        }
    }

    #[test]
    fn what_cannot_be_checked_is_refused() {
        let hex = "0".repeat(32);
        for (text, expected) in [
            (hex.as_str(), "MD5"),
            (&format!("md5:{hex}"), "MD5"),
            ("file:https://example.com/SHA256SUMS", "a file of its own"),
            ("sha256:00", "not the 64 hexadecimal digits of a sha256"),
            (&"g".repeat(64), "not the 64 hexadecimal digits"),
            ("crc32:00", "use the SHA-256"),
            ("äöü", "use the SHA-256"),
        ] {
            let refused = Checksum::parse(text).unwrap_err();
            assert!(refused.contains(expected), "{text}: {refused}");
        }
    }

    #[test]
    fn a_digest_is_the_one_everybody_computes() {
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(sha256("abc"), known);
        assert_eq!(sha256_of(&b"abc"[..]).unwrap(), known);
    }
}
