//! A command's output as far as it can be shown: its beginning and its end, and all of it in a file once that is not everything.
//! It knows no platform.

use std::{
    io::{self, Write},
    path::Path,
};

use tempfile::NamedTempFile;

/// Output in fixed width that grows.
#[derive(Debug)]
pub(super) struct Output {
    /// All of it, or its beginning once it is too long.
    head: String,
    /// Its end, once it is too long; its line may be cut.
    tail: String,
    /// How many bytes can be shown.
    room: usize,
    size: u64,
    /// All of it, once it is too long.
    file: Option<io::Result<NamedTempFile>>,
}

impl Output {
    /// Output of which so many bytes can be shown.
    pub(super) fn new(room: usize) -> Self {
        Self { head: String::new(), tail: String::new(), room: room.max(ROOM_FOR_NOTE * 2), size: 0, file: None }
    }

    pub(super) fn push(&mut self, text: &str) {
        self.size += text.len() as u64;
        match &mut self.file {
            None if self.head.len() + text.len() <= self.room => self.head.push_str(text),
            None => {
                let mut file = NamedTempFile::new();
                write(&mut file, &self.head);
                write(&mut file, text);
                self.file = Some(file);
                // What is beyond its half of the room is the beginning of the end.
                self.head.push_str(text);
                let end = floor(&self.head, self.half());
                self.tail = self.head.split_off(end);
                self.cut();
            }
            Some(file) => {
                write(file, text);
                self.tail.push_str(text);
                // Not with every piece: that would copy the end for each line.
                if self.tail.len() > 2 * self.half() {
                    self.cut();
                }
            }
        }
    }

    /// What can be shown of it, and what is said of the rest.
    pub(super) fn shown(&self) -> String {
        if self.file.is_none() {
            return self.head.clone();
        }
        let tail = &self.tail[ceiling(&self.tail, self.tail.len().saturating_sub(self.half()))..];
        let left_out = self.size - (self.head.len() + tail.len()) as u64;
        let whole = match &self.file {
            Some(Err(error)) => format!("and cannot be kept: {error}"),
            _ => "the whole is in the file below".to_owned(),
        };
        format!("{}\n… {left_out} bytes are left out here; {whole} …\n{tail}", self.head.trim_end_matches('\n'))
    }

    /// The file with all of it and its size, if what can be shown is not everything.
    pub(super) fn file(&self) -> Option<(&Path, u64)> {
        match &self.file {
            Some(Ok(file)) => Some((file.path(), self.size)),
            _ => None,
        }
    }

    fn half(&self) -> usize {
        (self.room - ROOM_FOR_NOTE) / 2
    }

    fn cut(&mut self) {
        let begin = ceiling(&self.tail, self.tail.len().saturating_sub(self.half()));
        self.tail.drain(..begin);
    }
}

/// How many bytes the note about what is left out may have.
const ROOM_FOR_NOTE: usize = 200;

/// Writes on; after an error there is no file.
fn write(file: &mut io::Result<NamedTempFile>, text: &str) {
    if let Ok(open) = file
        && let Err(error) = open.write_all(text.as_bytes())
    {
        *file = Err(error);
    }
}

fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

fn ceiling(text: &str, at: usize) -> usize {
    (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn short_output_is_shown_as_it_is_and_needs_no_file() {
        let mut output = Output::new(1000);
        ["a\n", "b", "\n"].into_iter().for_each(|text| output.push(text));
        assert_eq!((output.shown().as_str(), output.file()), ("a\nb\n", None));
    }

    #[test]
    fn of_long_output_the_beginning_and_the_end_are_shown_and_the_file_holds_all() {
        let mut output = Output::new(1000);
        let lines: Vec<String> = (0..10_000).map(|number| format!("line {number}\n")).collect();
        lines.iter().for_each(|line| output.push(line));
        let shown = output.shown();
        assert!(shown.starts_with("line 0\nline 1\n") && shown.ends_with("line 9999\n"), "{shown}");
        assert!(shown.contains("bytes are left out here; the whole is in the file below"), "{shown}");
        let (path, size) = output.file().unwrap();
        assert_eq!((fs::read_to_string(path).unwrap(), size), (lines.concat(), lines.concat().len() as u64));
    }

    proptest! {
        #[test]
        fn what_is_shown_has_its_bound_however_the_output_comes(
            texts in prop::collection::vec("[a-zé\n☃]{0,300}", 0..40),
        ) {
            let mut output = Output::new(600);
            for text in &texts {
                output.push(text);
                prop_assert!(output.shown().len() <= 600);
            }
            let whole = texts.concat();
            match output.file() {
                None => prop_assert_eq!(output.shown(), whole),
                Some((path, _)) => prop_assert_eq!(fs::read_to_string(path).unwrap(), whole),
            }
        }
    }
}
