//! The handshake line as a table: `contract-plugins` Appendix A.1 and what a line may carry beyond it.

use proptest::prelude::*;

use super::*;

#[track_caller]
fn accepted(line: &str) -> Line {
    Line::parse(line, &[3]).unwrap_or_else(|e| panic!("{line:?}: {e}"))
}

#[track_caller]
fn refused(line: &str, because: &str) {
    let error = Line::parse(line, &[3]).expect_err(line).to_string();
    assert!(error.contains(because), "{line:?} was refused with {error:?}, which does not say {because:?}");
}

#[test]
fn six_fields_are_what_go_plugins_print() {
    let line = accepted("1|3|unix|/run/x/plugin1|grpc|");
    assert_eq!(line.address, Address::Unix("/run/x/plugin1".into()));
    assert_eq!((line.certificate, line.multiplex), (None, None));
}

#[test]
fn a_missing_certificate_field_is_fine() {
    accepted("1|3|unix|/run/x/plugin1|grpc");
}

#[test]
fn an_unsolicited_seventh_field_is_fine() {
    assert_eq!(accepted("1|3|unix|/run/x/plugin1|grpc||true").multiplex, Some(true));
}

#[test]
fn blanks_and_a_carriage_return_around_the_line_are_fine() {
    accepted("  1|3|unix|/run/x/plugin1|grpc|\r\n");
}

#[test]
fn tcp_addresses_are_accepted() {
    assert_eq!(accepted("1|3|tcp|127.0.0.1:10001|grpc|").address, Address::Tcp("127.0.0.1:10001".into()));
    accepted("1|3|tcp|localhost:10001|grpc|");
    accepted("1|3|tcp|[::1]:10001|grpc|");
}

#[test]
fn a_certificate_is_raw_standard_base64_of_der() {
    let der = vec![0x5a; 300];
    let text = STANDARD_NO_PAD.encode(&der);
    assert_eq!(accepted(&format!("1|3|unix|/s|grpc|{text}")).certificate, Some(der));
}

#[test]
fn a_short_sixth_field_is_no_certificate() {
    assert_eq!(accepted("1|3|unix|/s|grpc|true").certificate, None);
}

#[test]
fn each_broken_field_has_its_own_error() {
    refused("", "not a handshake");
    refused("starting up...", "starting up...");
    refused("1|3|unix", "not a handshake");
    refused("one|3|unix|/s|grpc|", "core protocol version, is not a number");
    refused("2|3|unix|/s|grpc|", "core protocol version 2, this host version 1");
    refused("1|three|unix|/s|grpc|", "plugin protocol version, is not a number");
    refused("1|2|unix|/s|grpc|", "protocol version 2, this host [3]");
    refused("1|3|foo|/s|grpc|", "unknown network \"foo\"");
    refused("1|3|unix||grpc|", "unix address is unusable");
    refused("1|3|tcp|localhost|grpc|", "tcp address is unusable");
    refused("1|3|unix|/s", "\"netrpc\", not grpc");
    refused("1|3|unix|/s|netrpc|", "\"netrpc\", not grpc");
    refused(&format!("1|3|unix|/s|grpc|{}", "*".repeat(60)), "not base64");
}

#[test]
fn a_long_first_line_is_quoted_only_in_part() {
    let Err(HandshakeError::Unrecognized { line }) = Line::parse(&"x".repeat(100_000), &[3]) else { panic!() };
    assert_eq!(line.len(), 200);
}

proptest! {
    #[test]
    fn what_a_plugin_prints_a_host_reads(version in 0u32..9, path in "/[a-z0-9/]{1,80}", cert in proptest::option::of(proptest::collection::vec(any::<u8>(), 60..900)), multiplex in any::<Option<bool>>()) {
        let line = Line { version, address: Address::Unix(path.into()), certificate: cert, multiplex };
        prop_assert_eq!(Line::parse(&line.to_string(), &[version]), Ok(line));
    }

    #[test]
    fn no_line_makes_the_parser_panic(line in ".{0,200}") {
        let _ = Line::parse(&line, &[3]);
    }
}
