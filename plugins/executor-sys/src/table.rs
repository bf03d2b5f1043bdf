//! Tables in fixed width, sizes and lengths of time as people read them. It does not know what they are of.

use std::time::Duration;

use unicode_width::UnicodeWidthStr;

/// A column: its title, and the side its cells lean to.
pub(crate) enum Column {
    Left(&'static str),
    Right(&'static str),
}

/// A line of titles and one for each row, two blanks between columns.
pub(crate) fn table<const N: usize>(columns: [Column; N], rows: Vec<[String; N]>) -> String {
    let titles = columns.each_ref().map(|(Column::Left(title) | Column::Right(title))| (*title).to_owned());
    // A program may put line ends and worse into its name.
    let clean = |cell: String| if cell.contains(char::is_control) { cell.replace(char::is_control, "?") } else { cell };
    let lines: Vec<[String; N]> = std::iter::once(titles).chain(rows).map(|row| row.map(clean)).collect();
    let widths: [usize; N] =
        std::array::from_fn(|column| lines.iter().map(|line| line[column].width()).max().unwrap_or_default());
    let line = |cells: &[String; N]| {
        let cells = cells.iter().zip(&columns).zip(widths).map(|((cell, column), width)| {
            let blanks = " ".repeat(width - cell.width());
            match column {
                Column::Left(_) => format!("{cell}{blanks}"),
                Column::Right(_) => format!("{blanks}{cell}"),
            }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Bytes in the unit in which they have up to four digits: `512 B`, `1.5 GiB`.
pub(crate) fn size(bytes: u64) -> String {
    let mut amount = bytes as f64;
    for unit in ["B", "KiB", "MiB", "GiB", "TiB"] {
        if amount < 1023.5 {
            return if unit == "B" || amount >= 99.95 {
                format!("{amount:.0} {unit}")
            } else {
                format!("{amount:.1} {unit}")
            };
        }
        amount /= 1024.0;
    }
    format!("{amount:.1} PiB")
}

/// A length of time in its two largest units: `3d 4h`, `12m 5s`.
pub(crate) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {}s", seconds % 60),
        (0, ..) => format!("{hours}h {minutes}m"),
        _ => format!("{days}d {hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_lean_to_the_side_of_their_column() {
        let rows = vec![["1".to_owned(), "世界".to_owned()], ["23".to_owned(), "a".to_owned()]];
        assert_eq!(table([Column::Right("N"), Column::Left("NAME")], rows), " N  NAME\n 1  世界\n23  a");
    }

    #[test]
    fn a_name_cannot_break_out_of_its_row() {
        let rows = vec![["a\nb\u{1b}[31m".to_owned()]];
        assert_eq!(table([Column::Left("NAME")], rows), "NAME\na?b?[31m");
    }

    #[test]
    fn sizes_have_up_to_four_digits() {
        let sizes = [0, 1023, 1024, 1536 << 10, 1023 << 20, 25 << 30, 3 << 50].map(size);
        assert_eq!(sizes, ["0 B", "1023 B", "1.0 KiB", "1.5 MiB", "1023 MiB", "25.0 GiB", "3.0 PiB"]);
    }

    #[test]
    fn lengths_of_time_have_two_units() {
        let spans = [5, 65, 3_725, 100_000].map(|seconds| span(Duration::from_secs(seconds)));
        assert_eq!(spans, ["5s", "1m 5s", "1h 2m", "1d 3h"]);
    }
}
