//! A program that answers every line with a line. It must not know what is asked.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::Value;

/// A running program that answers a line with a line of JSON. It is told to end by the end of its input.
pub struct Lines {
    process: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Lines {
    /// Starts it.
    ///
    /// # Panics
    ///
    /// When it cannot be started.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let answers = BufReader::new(process.stdout.take().expect("it was asked for"));
        Self { requests: process.stdin.take(), process, answers }
    }

    /// Asks with a line and waits for the answer.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn ask(&mut self, request: &str) -> Value {
        let requests = self.requests.as_mut().expect("it is taken only at the end");
        writeln!(requests, "{request}").unwrap_or_else(|error| panic!("{request}: {error}"));
        self.answer()
    }

    /// Waits for the next line.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn answer(&mut self) -> Value {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap_or_else(|error| panic!("{error}"));
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        drop(self.requests.take());
        let _ = self.process.wait();
    }
}
