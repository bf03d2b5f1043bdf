//! HTTP/2 frames as bytes, read and written by hand (RFC 9113 §4, RFC 7541 §6.2.2). It judges none of them.

use std::io::{self, Read};

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RESET: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PUSH: u8 = 5;
pub(crate) const PING: u8 = 6;
pub(crate) const GO_AWAY: u8 = 7;
pub(crate) const WINDOW: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const UNKNOWN: u8 = 0xfa;

pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// What comes before the host's first frame.
pub(crate) const PREFACE: usize = 24;

const HEAD: usize = 9;

/// The largest frame that either end may send without being told otherwise.
pub(crate) const LARGEST: usize = 16 << 10;

/// A frame with the length it has.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("no frame here is that large");
    [&head(length, kind, flags, stream), payload].concat()
}

/// The beginning of a frame that says it has this length.
pub(crate) fn head(length: u32, kind: u8, flags: u8, stream: u32) -> [u8; HEAD] {
    let ([_, a, b, c], [d, e, f, g]) = (length.to_be_bytes(), stream.to_be_bytes());
    [a, b, c, kind, flags, d, e, f, g]
}

/// The next frame as it came, or that there is no more.
pub(crate) fn read(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut frame = vec![0; HEAD];
    from.read_exact(&mut frame)?;
    let length = u32::from_be_bytes([0, frame[0], frame[1], frame[2]]);
    frame.resize(HEAD + length as usize, 0);
    from.read_exact(&mut frame[HEAD..])?;
    Ok(frame)
}

pub(crate) fn is_data(frame: &[u8]) -> bool {
    frame[3] == DATA
}

pub(crate) fn stream(frame: &[u8]) -> u32 {
    u32::from_be_bytes([frame[5], frame[6], frame[7], frame[8]])
}

pub(crate) fn payload(frame: &[u8]) -> &[u8] {
    &frame[HEAD..]
}

/// One header that no table keeps.
pub(crate) fn header(name: &str, value: &[u8]) -> Vec<u8> {
    [&[0], &length(name.len())[..], name.as_bytes(), &length(value.len()), value].concat()
}

/// One that both ends keep in their tables, from then on as [`KEPT`].
pub(crate) fn kept_header(name: &str, value: &[u8]) -> Vec<u8> {
    [&[0x40], &length(name.len())[..], name.as_bytes(), &length(value.len()), value].concat()
}

/// The header that was kept last.
pub(crate) const KEPT: u8 = 0x80 | 62;

/// A number of seven bits, and more bytes where it does not fit.
fn length(number: usize) -> Vec<u8> {
    let Some(mut rest) = number.checked_sub(127) else { return vec![number.to_le_bytes()[0]] };
    let mut bytes = vec![127];
    while rest >= 128 {
        bytes.push(0x80 | rest.to_le_bytes()[0]);
        rest >>= 7;
    }
    bytes.push(rest.to_le_bytes()[0]);
    bytes
}
