//! Text as a terminal shows it: styled spans, measured in columns. Pure; it knows no message and no terminal.
//!
//! Nothing an author or user writes becomes an escape: colours are read from it and written anew, and everything else that a
//! terminal would obey is made visible.

use anstyle::{Ansi256Color, AnsiColor, Color, Effects, RgbColor, Style};
use botkube_core::render::harmless;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

pub(crate) const PLAIN: Style = Style::new();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const CODE: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Cyan)));
pub(crate) const GOOD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Green)));
pub(crate) const BAD: Style = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Red)));
const ITALIC: Style = Style::new().italic();
const LINK: Style = Style::new().underline();

/// How many columns a tab leads on to the next multiple of.
const TAB: usize = 8;

/// One line, in pieces of one style each; it holds nothing a terminal would obey.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    spans: Vec<(Style, String)>,
}

impl Line {
    /// A line of one style.
    pub(crate) fn of(style: Style, text: &str) -> Self {
        let mut line = Self::default();
        line.push(style, text);
        line
    }

    /// Adds a text, made harmless; its line ends become visible, too.
    pub(crate) fn push(&mut self, style: Style, text: &str) {
        let text = harmless(text).replace('\n', "␊").replace('\t', " ");
        self.add(style, &text);
    }

    /// Adds what another line holds.
    pub(crate) fn append(&mut self, other: &Self) {
        other.spans.iter().for_each(|(style, text)| self.add(*style, text));
    }

    pub(crate) fn width(&self) -> usize {
        self.spans.iter().map(|(_, text)| text.width()).sum()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The same behind this many blanks.
    pub(crate) fn indented(&self, columns: usize) -> Self {
        let mut line = Self::default();
        if !self.is_empty() {
            line.add(PLAIN, &" ".repeat(columns));
        }
        line.append(self);
        line
    }

    /// As a terminal gets it, without the line's end.
    pub(crate) fn paint(&self, colours: bool) -> String {
        let mut out = String::new();
        for (style, text) in &self.spans {
            if colours && *style != PLAIN {
                out += &format!("{style}{text}{style:#}");
            } else {
                out += text;
            }
        }
        out
    }

    /// The same in at most this many columns, with a mark where something is cut off.
    pub(crate) fn cropped(&self, width: usize) -> Self {
        if self.width() <= width {
            return self.clone();
        }
        let mut line = Self::default();
        let mut left = width.saturating_sub(1);
        'spans: for (style, text) in &self.spans {
            for grapheme in text.graphemes(true) {
                if grapheme.width() > left {
                    break 'spans;
                }
                left -= grapheme.width();
                line.add(*style, grapheme);
            }
        }
        if width > 0 {
            line.add(DIM, "…");
        }
        line
    }

    /// The same in lines of at most this many columns, broken at blanks; all but the first begin with `indent` blanks. A word
    /// that is longer stays whole: it may be an address.
    pub(crate) fn wrapped(&self, width: usize, indent: usize) -> Vec<Self> {
        let width = width.max(indent + 10);
        if self.width() <= width {
            return vec![self.clone()];
        }
        let mut lines = Vec::new();
        let mut line = Self::default();
        let mut used = 0;
        for word in self.words() {
            let columns = word.width();
            let is_blank = word.spans.iter().all(|(_, text)| text == " ");
            if used + columns > width && used > indent {
                lines.push(std::mem::take(&mut line));
                line.add(PLAIN, &" ".repeat(indent));
                used = indent;
                if is_blank {
                    continue;
                }
            }
            line.append(&word);
            used += columns;
        }
        if used > indent || lines.is_empty() {
            lines.push(line);
        }
        lines
    }

    /// Words and single blanks, one after the other.
    fn words(&self) -> Vec<Self> {
        let mut words: Vec<Self> = Vec::new();
        let mut is_open = false;
        for (style, text) in &self.spans {
            for piece in text.split_inclusive(' ').flat_map(|piece| match piece.strip_suffix(' ') {
                Some(word) => [word, " "],
                None => [piece, ""],
            }) {
                match (piece, words.last_mut()) {
                    ("", _) => {}
                    (" ", _) => {
                        words.push(Self { spans: vec![(*style, " ".to_owned())] });
                        is_open = false;
                    }
                    (piece, Some(word)) if is_open => word.add(*style, piece),
                    (piece, _) => {
                        words.push(Self { spans: vec![(*style, piece.to_owned())] });
                        is_open = true;
                    }
                }
            }
        }
        words
    }

    fn add(&mut self, style: Style, text: &str) {
        match self.spans.last_mut() {
            _ if text.is_empty() => {}
            Some((last, before)) if *last == style => before.push_str(text),
            _ => self.spans.push((style, text.to_owned())),
        }
    }
}

/// Output as it is, line by line, in the colours it asks for; they end with their line.
pub(crate) fn code(text: &str) -> Vec<Line> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    if text.is_empty() {
        return Vec::new();
    }
    text.split('\n').map(|line| coloured(line.strip_suffix('\r').unwrap_or(line))).collect()
}

fn coloured(text: &str) -> Line {
    let mut line = Line::default();
    let (mut style, mut rest, mut columns) = (PLAIN, text, 0);
    while !rest.is_empty() {
        if let Some((numbers, behind)) = colour(rest) {
            style = changed(style, numbers);
            rest = behind;
            continue;
        }
        // One character at least: an escape that is no colour is shown.
        let first = rest.chars().next().map_or(0, char::len_utf8);
        let end = rest[first..].find('\u{1b}').map_or(rest.len(), |at| first + at);
        for (place, piece) in rest[..end].split('\t').enumerate() {
            if place > 0 {
                let blanks = TAB - columns % TAB;
                line.add(style, &" ".repeat(blanks));
                columns += blanks;
            }
            line.push(style, piece);
            columns += piece.width();
        }
        rest = &rest[end..];
    }
    line
}

/// The numbers of the escape a text begins with, and what is behind it, if it sets colours.
fn colour(text: &str) -> Option<(&str, &str)> {
    const LONGEST: usize = 64;
    let rest = text.strip_prefix("\u{1b}[")?;
    let end = rest.find(|c: char| !matches!(c, '0'..='9' | ';' | ':')).filter(|end| *end <= LONGEST)?;
    Some((&rest[..end], rest[end..].strip_prefix('m')?))
}

/// A style with what these numbers say. What hides text or makes it blink is left out.
fn changed(mut style: Style, numbers: &str) -> Style {
    let mut numbers = numbers.split([';', ':']).map(|number| number.parse::<u8>().unwrap_or_default());
    let effect = |style: Style, effect: Effects, on| {
        let effects = style.get_effects();
        style.effects(if on { effects.insert(effect) } else { effects.remove(effect) })
    };
    while let Some(number) = numbers.next() {
        style = match number {
            0 => PLAIN,
            1 => effect(style, Effects::BOLD, true),
            2 => effect(style, Effects::DIMMED, true),
            3 => effect(style, Effects::ITALIC, true),
            4 => effect(style, Effects::UNDERLINE, true),
            7 => effect(style, Effects::INVERT, true),
            9 => effect(style, Effects::STRIKETHROUGH, true),
            22 => effect(style, Effects::BOLD | Effects::DIMMED, false),
            23 => effect(style, Effects::ITALIC, false),
            24 => effect(style, Effects::UNDERLINE, false),
            27 => effect(style, Effects::INVERT, false),
            29 => effect(style, Effects::STRIKETHROUGH, false),
            30..=37 => style.fg_color(Some(Ansi256Color(number - 30).into())),
            38 => style.fg_color(extended(&mut numbers)),
            39 => style.fg_color(None),
            40..=47 => style.bg_color(Some(Ansi256Color(number - 40).into())),
            48 => style.bg_color(extended(&mut numbers)),
            49 => style.bg_color(None),
            90..=97 => style.fg_color(Some(Ansi256Color(number - 82).into())),
            100..=107 => style.bg_color(Some(Ansi256Color(number - 92).into())),
            _ => style,
        };
    }
    style
}

fn extended(numbers: &mut impl Iterator<Item = u8>) -> Option<Color> {
    match numbers.next()? {
        5 => Some(Ansi256Color(numbers.next()?).into()),
        2 => Some(RgbColor(numbers.next()?, numbers.next()?, numbers.next()?).into()),
        _ => None,
    }
}

/// Prose, line by line: bold, italic, code and links as chat platforms write them. Without colours their marks stay, so that
/// nothing of what they say is lost.
pub(crate) fn prose(text: &str, style: Style, colours: bool) -> Vec<Line> {
    let text = text.trim_end_matches('\n');
    if text.is_empty() {
        return Vec::new();
    }
    let line = |text: &str| {
        let mut line = Line::default();
        marked(&mut line, text.strip_suffix('\r').unwrap_or(text), style, colours);
        line
    };
    text.split('\n').map(line).collect()
}

/// What a piece of marked text is, and what is behind it.
enum Mark<'a> {
    Code(&'a str),
    Bold(&'a str),
    Italic(&'a str),
    Link { text: &'a str, url: &'a str },
}

fn marked(line: &mut Line, text: &str, style: Style, colours: bool) {
    let (mut plain, mut at) = (0, 0);
    let mut before = ' ';
    while let Some(c) = text[at..].chars().next() {
        if let Some((mark, end)) = mark(&text[at..], before) {
            line.push(style, &text[plain..at]);
            let end = at + end;
            match mark {
                Mark::Link { text, url } => {
                    marked(line, text, if colours { merged(style, LINK) } else { style }, colours);
                    if text != url {
                        line.push(style, &format!(" ({url})"));
                    }
                }
                _ if !colours => line.push(style, &text[at..end]),
                Mark::Code(code) => line.push(merged(style, CODE), code),
                Mark::Bold(text) => marked(line, text, merged(style, BOLD), colours),
                Mark::Italic(text) => marked(line, text, merged(style, ITALIC), colours),
            }
            before = text[at..end].chars().next_back().unwrap_or(before);
            (plain, at) = (end, end);
        } else {
            before = c;
            at += c.len_utf8();
        }
    }
    line.push(style, &text[plain..]);
}

fn merged(style: Style, more: Style) -> Style {
    let colour = more.get_fg_color().or(style.get_fg_color());
    style.effects(style.get_effects() | more.get_effects()).fg_color(colour)
}

/// The mark a text begins with, and where it ends.
fn mark(text: &str, before: char) -> Option<(Mark<'_>, usize)> {
    // Farther away than this no mark is closed, so that a text full of open ones is read in good time.
    const FAR: usize = 2048;
    let first = text.chars().next().filter(|c| matches!(c, '`' | '*' | '_' | '<' | '['))?;
    let text = &text[..(0..=FAR.min(text.len())).rev().find(|at| text.is_char_boundary(*at))?];
    match first {
        '`' => {
            let inside = within(text, "`")?;
            Some((Mark::Code(inside), inside.len() + 2))
        }
        // Between letters or digits they are no marks: `some_file_name`, `2*3*4`.
        '*' | '_' if !before.is_alphanumeric() => {
            for (fence, bold) in [("**", true), ("__", true), ("*", true), ("_", false)] {
                if let Some(inside) = text.starts_with(fence).then(|| within(text, fence)).flatten() {
                    let mark = if bold { Mark::Bold(inside) } else { Mark::Italic(inside) };
                    return Some((mark, inside.len() + 2 * fence.len()));
                }
            }
            None
        }
        '<' => {
            let inside = &text[1..text.find('>')?];
            let (url, label) = inside.split_once('|').unwrap_or((inside, inside));
            is_address(url).then_some((Mark::Link { text: label, url }, inside.len() + 2))
        }
        '[' => {
            let middle = text.find("](")?;
            let end = middle + text[middle..].find(')')?;
            let (label, url) = (&text[1..middle], &text[middle + 2..end]);
            (is_address(url) && !label.contains('[')).then_some((Mark::Link { text: label, url }, end + 1))
        }
        _ => None,
    }
}

/// What is between two fences, if that is something which neither begins nor ends with a blank.
fn within<'a>(text: &'a str, fence: &str) -> Option<&'a str> {
    let rest = &text[fence.len()..];
    let end = rest.match_indices(fence).map(|(at, _)| at).find(|at| {
        let behind = rest[at + fence.len()..].chars().next();
        *at > 0 && (fence == "`" || !behind.is_some_and(|c| c.is_alphanumeric() || fence.contains(c)))
    })?;
    let inside = &rest[..end];
    let is_tight = !inside.starts_with(char::is_whitespace) && !inside.ends_with(char::is_whitespace);
    (is_tight || fence == "`").then_some(inside)
}

fn is_address(text: &str) -> bool {
    ["http://", "https://", "mailto:"].iter().any(|scheme| text.starts_with(scheme))
        && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests;
