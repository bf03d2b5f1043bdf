//! What stands on the screen right above the prompt, and what is to scroll past it. It knows no channel and no editor.
//!
//! The prompt is drawn by rustyline, which draws nothing else twice. So whatever changes is drawn with the prompt, by the thread
//! that edits lines and at the moment at which it draws: [`Display::draw`] is what the terminal gets before it. Nobody else
//! writes, so that the place of the cursor is always known: it is where the prompt begins, right below the block.

use std::{
    fmt::Write as _,
    sync::{Mutex, MutexGuard, PoisonError, mpsc},
};

use super::ink::Line;

/// How much text may wait for the editor to draw, in bytes; of more, the oldest goes.
const WAITING: usize = 4 << 20;

/// What stands above the prompt.
pub(super) struct Display {
    state: Mutex<State>,
    /// Asks the editor to draw.
    wake: mpsc::SyncSender<()>,
    colours: bool,
}

#[derive(Default)]
struct State {
    /// Lines that scroll past the block, whole.
    finished: String,
    /// The block as it is to be.
    block: Vec<Line>,
    /// How wide the lines of the block are that stand on the screen.
    standing: Vec<usize>,
    /// How wide the screen was then.
    columns: usize,
    is_changed: bool,
    /// A line is being edited, so there is somebody who draws.
    is_open: bool,
    /// The line is being taken: the block goes, and what was typed stays in its place.
    is_closing: bool,
}

impl Display {
    /// An empty screen, and what its editor is woken by.
    pub(super) fn new(colours: bool) -> (Self, mpsc::Receiver<()>) {
        let (wake, woken) = mpsc::sync_channel(1);
        (Self { state: Mutex::default(), wake, colours }, woken)
    }

    /// Has lines scroll past the block.
    pub(super) fn scroll(&self, lines: &[Line]) {
        let mut state = self.state();
        for line in lines {
            state.finished += &line.paint(self.colours);
            state.finished.push('\n');
        }
        if state.finished.len() > WAITING {
            let begin = state.finished.len() - WAITING;
            let begin =
                state.finished.as_bytes()[begin..].iter().position(|b| *b == b'\n').map_or(begin, |at| begin + at + 1);
            state.finished.replace_range(..begin, "… too much came at once; what was before this is left out …\n");
        }
        self.changed(state);
    }

    /// Has this block stand above the prompt.
    pub(super) fn stand(&self, block: Vec<Line>) {
        let mut state = self.state();
        if state.block != block {
            state.block = block;
            self.changed(state);
        }
    }

    /// What the terminal gets before the prompt, with the cursor where the prompt begins and a screen this wide.
    pub(super) fn draw(&self, columns: usize) -> String {
        let mut state = self.state();
        if !state.is_changed && !state.is_closing {
            return String::new();
        }
        let above = state.above(columns, 0);
        let mut out = std::mem::take(&mut state.finished);
        // The block's lines are narrower than the screen; what scrolls by may be of any width.
        let is_narrow = out.is_empty();
        if !state.is_closing {
            state.standing = state.block.iter().map(Line::width).collect();
            for line in &state.block {
                let _ = writeln!(out, "{}", line.paint(self.colours));
            }
            state.columns = columns;
            state.is_changed = false;
        }
        over(&above, &out, is_narrow)
    }

    /// The line is being taken: the next [`draw`](Self::draw) takes the block away.
    pub(super) fn close(&self) {
        self.state().is_closing = true;
    }

    /// A new prompt begins, below everything.
    pub(super) fn open(&self) {
        let mut state = self.state();
        (state.is_open, state.is_closing, state.is_changed) = (true, false, true);
    }

    /// The line was taken; nothing is drawn until the next one is asked for.
    pub(super) fn shut(&self) {
        self.state().is_open = false;
    }

    /// What takes the block away together with the empty prompt below it, with the cursor on the line behind both.
    pub(super) fn take_away(&self, columns: usize) -> String {
        let mut state = self.state();
        if state.standing.is_empty() { String::new() } else { over(&state.above(columns, 1), "", true) }
    }

    /// Something else stands between the block and the cursor: it is left where it is, and drawn anew below.
    pub(super) fn displaced(&self) {
        let mut state = self.state();
        state.standing.clear();
        state.is_changed = true;
    }

    /// What nobody drew yet.
    pub(super) fn rest(&self) -> String {
        std::mem::take(&mut self.state().finished)
    }

    fn changed(&self, mut state: MutexGuard<'_, State>) {
        state.is_changed = true;
        if state.is_open {
            drop(state);
            // One is enough: whoever is woken draws everything.
            let _ = self.wake.try_send(());
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Moves up over the block, which is no more, and this many lines below it.
    fn above(&mut self, columns: usize, below: usize) -> String {
        // A terminal that became narrower has broken the lines.
        let rows = |width: &usize| if columns < self.columns { width.div_ceil(columns.max(1)).max(1) } else { 1 };
        let rows: usize = self.standing.iter().map(rows).sum();
        self.standing.clear();
        up(rows + below)
    }
}

/// Moves the cursor to the beginning of the line this many rows up.
pub(crate) fn up(rows: usize) -> String {
    if rows == 0 { String::new() } else { format!("\r\u{1b}[{rows}A") }
}

/// Writes lines in place of what stands from where `above` leads to. Those that all are narrower than the screen are written
/// over it, and the rest is erased behind them: some terminals keep what is erased from the first row on, and would keep a copy
/// of each state. Behind a line as wide as the screen nothing can be erased without its last character.
pub(crate) fn over(above: &str, lines: &str, is_narrow: bool) -> String {
    match (above, is_narrow) {
        ("", _) => lines.to_owned(),
        (_, true) => format!("{above}{}\u{1b}[J", lines.replace('\n', "\u{1b}[K\n")),
        (_, false) => format!("{above}\u{1b}[J{lines}"),
    }
}

#[cfg(test)]
mod tests;
