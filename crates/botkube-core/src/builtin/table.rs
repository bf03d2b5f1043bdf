//! Lists as upstream lays them out (`contract-host §2.7`); it knows nothing of what is listed.

use unicode_width::UnicodeWidthStr;

/// The least a column is wide.
const LEAST: usize = 5;

/// Rows below a head, in columns one blank wider than their longest cell; the last column is as wide as it is.
pub(super) fn table<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let head = head.map(str::to_owned);
    let all = || std::iter::once(&head).chain(rows);
    let widths: [usize; N] =
        std::array::from_fn(|column| all().map(|row| row[column].width() + 1).max().unwrap_or(0).max(LEAST));
    let line = |row: &[String; N]| {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            line.push_str(cell);
            if column + 1 < N {
                line.extend(std::iter::repeat_n(' ', widths[column] - cell.width()));
            }
        }
        line
    };
    all().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_one_blank_wider_than_their_longest_cell_and_at_least_five() {
        let rows = [["a", "long cell", "x"], ["世界", "b", ""]].map(|row| row.map(str::to_owned));
        assert_eq!(table(["A", "B", "C"], &rows), "A    B         C\na    long cell x\n世界 b         ");
    }
}
