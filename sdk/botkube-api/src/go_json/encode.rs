//! The writing half: compact JSON with Go's escapes and Go's numbers.
//! Must not know which type it writes.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::Formatter;

/// Encodes `value` byte for byte as Go would.
pub(crate) fn to_vec(value: &impl Serialize) -> Result<Vec<u8>, serde_json::Error> {
    let mut json = Vec::with_capacity(256);
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut json, GoFormatter))?;
    Ok(json)
}

struct GoFormatter;

impl Formatter for GoFormatter {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let bytes = fragment.as_bytes();
        let (mut written, mut at) = (0, 0);
        while let Some(offset) = bytes[at..].iter().position(|byte| matches!(byte, b'<' | b'>' | b'&' | 0xE2)) {
            at += offset;
            let (escape, length): (&[u8], _) = match bytes[at] {
                b'<' => (b"\\u003c", 1),
                b'>' => (b"\\u003e", 1),
                b'&' => (b"\\u0026", 1),
                _ if bytes[at..].starts_with("\u{2028}".as_bytes()) => (b"\\u2028", 3),
                _ if bytes[at..].starts_with("\u{2029}".as_bytes()) => (b"\\u2029", 3),
                _ => {
                    at += 1;
                    continue;
                }
            };
            writer.write_all(&bytes[written..at])?;
            writer.write_all(escape)?;
            at += length;
            written = at;
        }
        writer.write_all(&bytes[written..])
    }

    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        let size = value.abs();
        if size != 0.0 && !(1e-6..1e21).contains(&size) {
            let text = format!("{value:e}");
            let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
            let sign = if exponent.starts_with('-') { "" } else { "+" };
            return write!(writer, "{digits}e{sign}{exponent}");
        }
        write!(writer, "{value}")
    }
}
