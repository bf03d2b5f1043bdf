//! A text cut in two where it hurts least; it knows no message.

use unicode_segmentation::GraphemeCursor;

/// What a text is, which says where it may be cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// At line ends, else at blanks.
    Prose,
    /// At line ends alone.
    Code,
}

/// Whether a text has at most so many characters; does not read further than that.
pub(super) fn fits(text: &str, room: usize) -> bool {
    text.len() <= room || text.chars().nth(room).is_none()
}

/// How many bytes of a text to take so that it has at most `room` characters (at least one), and where the rest begins: the
/// line end or the blank between the two belongs to neither.
///
/// What people see as one character stays whole, unless it is longer than the room.
pub(super) fn cut(text: &str, room: usize, kind: Kind) -> (usize, usize) {
    let room = room.max(1);
    let Some((end, next)) = text.char_indices().nth(room) else { return (text.len(), text.len()) };
    let window = &text[..end];
    if next == '\n' {
        return (end, end + 1);
    }
    let line = window.rfind('\n').filter(|at| *at > 0);
    // A line or two of prose and then nothing for a screenful would look torn.
    let line = line.filter(|at| kind == Kind::Code || *at >= end / 2);
    if let Some(at) = line {
        return (at, at + 1);
    }
    let blank = || match next {
        ' ' => Some(end),
        _ => window.rfind(' ').filter(|at| *at > 0),
    };
    if kind == Kind::Prose
        && let Some(at) = blank()
    {
        return (at, at + 1);
    }
    let mut cursor = GraphemeCursor::new(end, text.len(), true);
    let end = match cursor.is_boundary(text, 0) {
        Ok(true) => end,
        _ => cursor.prev_boundary(text, 0).ok().flatten().filter(|at| *at > 0).unwrap_or(end),
    };
    (end, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, room: usize, kind: Kind, first: &str, rest: &str) {
        let (end, start) = cut(text, room, kind);
        assert_eq!((&text[..end], &text[start..]), (first, rest));
    }

    #[test]
    fn what_fits_stays_whole() {
        check("日本", 2, Kind::Prose, "日本", "");
        assert!(fits("日本", 2) && !fits("日本", 1));
    }

    #[test]
    fn code_is_cut_at_the_last_line_end() {
        check("one\ntwo\nthree", 9, Kind::Code, "one\ntwo", "three");
        check("one\ntwo\nthree", 7, Kind::Code, "one\ntwo", "three");
        check("a b c d", 3, Kind::Code, "a b", " c d");
    }

    #[test]
    fn prose_is_cut_at_a_line_end_that_is_not_far_off_or_else_at_a_blank() {
        check("one two\nthree four", 10, Kind::Prose, "one two", "three four");
        check("a\none two three", 12, Kind::Prose, "a\none two", "three");
        check("one two", 3, Kind::Prose, "one", "two");
    }

    #[test]
    fn what_is_seen_as_one_character_stays_whole() {
        check("ab👩‍👩‍👧cd", 4, Kind::Prose, "ab", "👩‍👩‍👧cd");
        check("ae\u{301}b", 2, Kind::Code, "a", "e\u{301}b");
    }

    #[test]
    fn what_is_seen_as_one_character_and_longer_than_the_room_is_cut_between_characters() {
        check("👩‍👩‍👧", 2, Kind::Prose, "👩\u{200d}", "👩\u{200d}👧");
    }

    #[test]
    fn something_is_always_taken() {
        check("ab", 0, Kind::Prose, "a", "b");
        check("\n\nab", 1, Kind::Code, "\n", "ab");
    }
}
