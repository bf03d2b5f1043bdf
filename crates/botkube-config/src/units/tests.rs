//! What texts mean as durations and sizes.
//! Must not know: where such texts are configured.

use super::*;

#[test]
fn durations_are_written_as_in_go() {
    #[track_caller]
    fn check(text: &str, expected: Option<Duration>) {
        assert_eq!(duration(text), expected, "{text}");
    }
    check("5m", Some(Duration::from_secs(300)));
    check("1h30m", Some(Duration::from_secs(5400)));
    check("1.5s", Some(Duration::from_millis(1500)));
    check(".5s", Some(Duration::from_millis(500)));
    check("1.s", Some(Duration::from_secs(1)));
    check("100ms", Some(Duration::from_millis(100)));
    check("2µs3ns", Some(Duration::from_nanos(2003)));
    check("0", Some(Duration::ZERO));
    for wrong in ["", "5", "m", ".s", "-5m", "5 m", "5d", "five", "1h30", "9999999999999999999h"] {
        check(wrong, None);
    }
}

#[test]
fn sizes_are_written_as_in_kubernetes_or_with_a_b() {
    #[track_caller]
    fn check(text: &str, expected: Option<u64>) {
        assert_eq!(bytes(text), expected, "{text}");
    }
    check("1000", Some(1000));
    check("64Mi", Some(64 << 20));
    check("64MiB", Some(64 << 20));
    check("10MB", Some(10_000_000));
    check("10 MB", Some(10_000_000));
    check("2k", Some(2000));
    for wrong in ["", "Mi", "64m", "-1", "1.5Gi", "10 XB", "99999999999999999999", "9999999999Ti"] {
        check(wrong, None);
    }
}

#[test]
fn what_is_shown_can_be_read_again() {
    #[track_caller]
    fn check(text: &str) {
        assert_eq!(go_duration(duration(text).unwrap()), text);
    }
    ["1h30m", "10s", "1s500ms", "3ns", "0s"].into_iter().for_each(check);
    for (size, text) in [(64 << 20, "64Mi"), (10_000_000, "10000000"), (0, "0"), (3 << 10, "3Ki")] {
        assert_eq!((binary_size(size).as_str(), bytes(text)), (text, Some(size)));
    }
}
