//! What stands on the screen of a terminal while commands run: a real terminal's bytes, read by a terminal emulator.

use std::{
    fs::File,
    io::{Read, Write},
    num::NonZero,
    panic,
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

use conformance::eventually;
use rexpect::process::{PtyProcess, WaitStatus};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::support::Machine;

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";
const TAB: &str = "\t";

/// A person at a terminal.
struct Person {
    agent: PtyProcess,
    keyboard: File,
    screen: Arc<Mutex<vt100::Parser>>,
}

impl Person {
    /// Somebody who started `botkube` with these arguments and variables, on a screen this large, and sees the first prompt.
    fn new(machine: &Machine, (rows, columns): (u16, u16), args: &[&str], variables: &[(&str, &str)]) -> Self {
        let agent = machine.botkube(args);
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("stty cols {columns} rows {rows} && exec \"$0\" \"$@\""));
        command.arg(agent.get_program()).args(agent.get_args()).env_clear().env("TERM", "xterm");
        command.envs(agent.get_envs().filter_map(|(key, value)| Some((key, value?)))).envs(variables.iter().copied());
        command.current_dir(agent.get_current_dir().unwrap());
        let agent = PtyProcess::new(command).unwrap();
        let keyboard = agent.get_file_handle().unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::new(cells(rows), cells(columns), 1000)));
        let (mut output, parser) = (agent.get_file_handle().unwrap(), screen.clone());
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                parser.lock().unwrap().process(&bytes[..read]);
            }
        });
        let person = Self { agent, keyboard, screen };
        person.sees("the prompt", |screen| screen.lines().any(|line| line.trim_end().ends_with('›')));
        person
    }

    fn types(&mut self, text: &str) {
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    fn says(&mut self, line: &str) {
        self.types(&format!("{line}\r"));
    }

    /// Waits until the screen is so.
    #[track_caller]
    fn sees(&self, what: &str, is_so: impl Fn(&str) -> bool) {
        let wait = || eventually(what, || is_so(&self.looks()));
        // What it looks like says more than that it does not look like this.
        let seen = panic::catch_unwind(panic::AssertUnwindSafe(wait));
        assert!(seen.is_ok(), "{what} is not on the screen:\n{}", self.looks());
    }

    /// The screen without what scrolled off it.
    fn looks(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    /// All of it, with what scrolled off.
    fn remembers(&self) -> String {
        let mut parser = self.screen.lock().unwrap();
        let screen = parser.screen_mut();
        let rows = usize::from(screen.size().0.get());
        screen.set_scrollback(usize::MAX);
        let mut pages = Vec::new();
        loop {
            let above = screen.scrollback();
            let new = if above == 0 { rows } else { above.min(rows) };
            pages.extend(screen.contents().lines().take(new).map(ToOwned::to_owned));
            if above == 0 {
                return pages.join("\n");
            }
            screen.set_scrollback(above.saturating_sub(rows));
        }
    }

    fn resizes(&self, rows: u16, columns: u16) {
        self.screen.lock().unwrap().screen_mut().set_size(cells(rows), cells(columns));
        tcsetwinsize(&self.keyboard, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    }

    fn leaves(mut self) {
        self.types(CTRL_D);
        assert!(matches!(self.agent.wait().unwrap(), WaitStatus::Exited(_, 0)));
    }
}

/// The misbehaving executor, as `mine`.
fn mine(machine: &Machine) -> String {
    format!("mine={}", machine.misbehaving("none"))
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}

/// How often a line is there.
fn count(screen: &str, line: &str) -> usize {
    screen.lines().filter(|other| other.trim_end() == line).count()
}

#[test]
fn a_message_that_changes_is_drawn_in_its_place_and_stays_when_it_ends() {
    let machine = Machine::new();
    let mut person = Person::new(&machine, (24, 80), &["--plugin", &mine(&machine)], &[]);
    person.says("mine stream updates 4 every 300");
    person.sees("how the command is doing", |screen| screen.contains("● c1"));
    person.sees("the end", |screen| screen.contains("✓ "));
    let all = person.remembers();
    assert_eq!((count(&all, "4 of 4"), count(&all, "3 of 4"), all.contains("●")), (1, 0, false), "{all}");
    person.leaves();
}

#[test]
fn while_a_command_runs_others_are_typed_and_answered_above_it() {
    let machine = Machine::new();
    let mut person = Person::new(&machine, (24, 80), &["--plugin", &mine(&machine)], &[]);
    person.says("mine stream 1000 every 200");
    person.sees("output", |screen| screen.contains("2 of 1000"));
    person.says("echo in between");
    person.sees("both", |screen| {
        let (answer, live) = (screen.rfind("\necho in between"), screen.rfind("● c1"));
        answer.is_some() && answer < live
    });
    person.says("list running");
    person.sees("the list", |screen| screen.contains("mine stream 1000 every 200") && screen.contains("c1"));
    person.says("cancel c1");
    person.sees("the end", |screen| screen.contains("■ cancelled") && !screen.contains('●'));
    person.leaves();
}

#[test]
fn ctrl_c_cancels_what_runs_and_leaves_no_second_copy_of_it() {
    let machine = Machine::new();
    let mut person = Person::new(&machine, (24, 80), &["--plugin", &mine(&machine)], &[]);
    person.says("mine stream 1000 every 50");
    person.sees("output", |screen| screen.contains("12 of 1000"));
    person.types(CTRL_C);
    person.sees("the end", |screen| screen.contains("■ cancelled"));
    let all = person.remembers();
    assert_eq!(count(&all, "1 of 1000"), 1, "{all}");
    person.says("echo on");
    person.sees("the next answer", |screen| count(screen, "echo on") == 1);
    person.leaves();
}

#[test]
fn output_taller_than_the_screen_shows_its_end_and_says_how_much_is_above() {
    let machine = Machine::new();
    let mut person = Person::new(&machine, (12, 80), &["--plugin", &mine(&machine)], &[]);
    person.says("mine stream 1000 every 20");
    person.sees("its end", |screen| screen.contains("lines above") && screen.contains("30 of 1000"));
    person.sees("the prompt below it", |screen| screen.trim_end().ends_with('›'));
    person.types(CTRL_C);
    person.sees("the end", |screen| screen.contains("■ cancelled"));
    assert_eq!(count(&person.remembers(), "1 of 1000"), 1);
    person.leaves();
}

#[test]
fn what_is_typed_survives_what_is_drawn_meanwhile() {
    let machine = Machine::new();
    let mut person = Person::new(&machine, (24, 80), &["--plugin", &mine(&machine)], &[]);
    person.says("mine stream 1000 every 50");
    for letter in "echo slowly typed".chars() {
        person.types(&letter.to_string());
        let seen = person.looks();
        person.sees("the screen change", |screen| screen != seen);
    }
    person.sees("the line", |screen| screen.contains("› echo slowly typed"));
    person.types("\r");
    person.sees("the answer", |screen| count(screen, "echo slowly typed") == 1);
    person.types(CTRL_C);
    person.sees("the end", |screen| screen.contains("■ cancelled"));
    person.leaves();
}

#[test]
fn a_list_of_completions_stays_readable_while_something_runs() {
    let machine = Machine::new();
    let mut person = Person::new(&machine, (30, 80), &["--plugin", &mine(&machine)], &[]);
    person.says("mine stream 1000 every 100");
    person.sees("output", |screen| screen.contains("2 of 1000"));
    person.types(&format!("list {TAB}{TAB}"));
    person.sees("the list", |screen| screen.contains("list executors") && screen.contains("list running"));
    person.sees("more output", |screen| screen.contains("9 of 1000") && screen.contains("list executors"));
    person.says("running");
    person.sees("the list", |screen| screen.contains("COMMAND"));
    person.types(CTRL_C);
    person.sees("the end", |screen| screen.contains("■ cancelled"));
    person.leaves();
}

#[test]
fn a_narrower_screen_gets_narrower_lines() {
    let machine = Machine::new();
    let mut person = Person::new(&machine, (24, 100), &["--plugin", &mine(&machine)], &[]);
    person.says("mine stream 1000 every 100");
    person.sees("output", |screen| screen.contains("2 of 1000"));
    person.resizes(24, 24);
    person.sees("what is running, cut to the screen", |screen| screen.contains("`mine stream 1000 every"));
    person.sees("more output", |screen| screen.contains("12 of 1000"));
    person.resizes(24, 100);
    person.types(CTRL_C);
    person.sees("the end", |screen| screen.contains("■ cancelled"));
    person.leaves();
}

#[test]
fn very_long_output_is_folded_and_all_of_it_is_paged() {
    let machine = Machine::new();
    let mut person = Person::new(&machine, (12, 80), &["--plugin", &mine(&machine)], &[("PAGER", "tail -n 2")]);
    person.says("mine stream 300 every 1");
    person.sees("the fold", |screen| screen.contains("… 250 more lines: /more"));
    assert_eq!(count(&person.remembers(), "300 of 300"), 0);
    person.says("/more");
    person.sees("the pager's end", |screen| count(screen, "300 of 300") == 1 && screen.trim_end().ends_with('›'));
    person.leaves();
    machine.is_tidy();
}

#[test]
fn told_to_end_it_does_not_wait_for_the_pager() {
    let machine = Machine::new();
    let pager = machine.script("pager", "#!/bin/sh\necho paged by $$.\nexec sleep 600\n");
    let variables = [("PAGER", &*format!("LESS=x {pager}"))];
    let mut person = Person::new(&machine, (12, 80), &["--plugin", &mine(&machine)], &variables);
    person.says("mine stream 300 every 1");
    person.sees("the fold", |screen| screen.contains("… 250 more lines: /more"));
    person.says("/more");
    person.sees("the pager", |screen| screen.contains("paged by "));
    let screen = person.looks();
    let pager = screen.split("paged by ").nth(1).and_then(|rest| rest.split('.').next()).unwrap();
    person.agent.set_kill_timeout(Some(20_000));
    let ended = person.agent.exit().unwrap();
    assert!(matches!(ended, WaitStatus::Exited(_, 0)), "{ended:?}");
    assert!(!std::path::Path::new(&format!("/proc/{pager}")).exists());
}

#[test]
fn controls_are_used_by_their_numbers() {
    let machine = Machine::new();
    let mut person = Person::new(&machine, (40, 100), &[], &[]);
    person.says("sys top");
    person.sees("the controls", |screen| screen.contains("[1] Refresh") && screen.contains("[2] Order"));
    person.says("/2 memory");
    person.sees("the order", |screen| screen.contains("memory*") && screen.contains("sys top --by memory"));
    person.says("/2 nothing");
    person.sees("why not", |screen| screen.contains("no option `nothing`"));
    person.says("/9");
    person.sees("why not", |screen| screen.contains("and no 9"));
    person.says("/3");
    person.sees("what to type", |screen| screen.contains("Type what to fill in"));
    person.leaves();
}

#[test]
fn the_terminal_has_words_of_its_own() {
    let machine = Machine::new();
    let mut person = Person::new(&machine, (60, 100), &[], &[]);
    person.says("/help");
    person.sees("what there is", |screen| screen.contains("/channel") && screen.contains("/17:1"));
    person.says("/chanel");
    person.sees("what may be meant", |screen| screen.contains("Did you mean `/channel`?"));
    person.says("/who");
    person.sees("who is here", |screen| screen.contains("ada, at this terminal"));
    person.says("echo to the log");
    person.sees("the answer", |screen| count(screen, "echo to the log") == 1);
    person.says("/logs");
    person.sees("the log", |screen| screen.contains("verb=\"echo\"") || screen.contains("botkube.log"));
    person.says("/1");
    person.sees("why not", |screen| screen.contains("No message here has anything to use."));
    person.says("/quit");
    assert!(matches!(person.agent.wait().unwrap(), WaitStatus::Exited(_, 0)));
}

#[test]
fn channels_are_changed_and_say_where_something_is_new() {
    let machine = Machine::new();
    let config = machine.file(
        "c.yaml",
        "communications: {main: {console: {channels: {dev: {name: dev}, ops: {name: ops}}}}}\nsettings: {clusterName: x}",
    );
    let mut person = Person::new(&machine, (30, 100), &["run", "--config", &config], &[]);
    person.sees("where one is", |screen| screen.trim_end().ends_with("dev ›"));
    person.says("/channel ops");
    person.sees("where one is", |screen| screen.trim_end().ends_with("ops ›"));
    person.says("ping");
    person.sees("the answer", |screen| screen.contains("pong"));
    person.says("/channel nowhere");
    person.sees("why not", |screen| screen.contains("no channel `nowhere`"));
    person.says("/channel");
    person.sees("the channels", |screen| screen.contains("ops  here"));
    person.leaves();
}

#[test]
fn what_a_plugin_writes_moves_nothing_and_keeps_its_colours() {
    let machine = Machine::new();
    let mut person = Person::new(&machine, (24, 80), &["--plugin", &mine(&machine)], &[]);
    person.says("mine stream escapes");
    person.sees("what it wrote", |screen| screen.contains("red title␛]0;mine␇") && screen.contains("end\n"));
    let mut parser = person.screen.lock().unwrap();
    let screen = parser.screen_mut();
    let has_colour = (0..screen.size().0.get()).any(|row| {
        screen.cell(row, 4).is_some_and(|cell| cell.contents() == "t" && cell.fgcolor() == vt100::Color::Idx(1))
    });
    drop(parser);
    assert!(has_colour);
    person.leaves();
}

#[test]
fn with_no_color_there_is_none() {
    let machine = Machine::new();
    let mut person = Person::new(&machine, (24, 80), &["--plugin", &mine(&machine)], &[("NO_COLOR", "1")]);
    person.says("mine stream escapes");
    person.says("sys info");
    person.sees("both", |screen| screen.contains("red title") && screen.contains("[1]"));
    let parser = person.screen.lock().unwrap();
    let screen = parser.screen();
    let (rows, columns) = screen.size();
    let row = |row| (0..columns.get()).map(move |column| (row, column));
    for (row, column) in (0..rows.get()).flat_map(row) {
        let cell = screen.cell(row, column).unwrap();
        assert!(cell.fgcolor() == vt100::Color::Default && !cell.bold(), "{}", cell.contents());
    }
    drop(parser);
    person.leaves();
}

#[test]
fn leaving_says_what_still_ran() {
    let machine = Machine::new();
    let mut person = Person::new(&machine, (24, 80), &["--plugin", &mine(&machine)], &[]);
    person.says("mine stream 1000 every 100");
    person.sees("output", |screen| screen.contains("2 of 1000"));
    person.types(CTRL_D);
    person.sees("that it is cancelled", |screen| screen.contains("c1 still runs, and is cancelled now"));
    assert!(matches!(person.agent.wait().unwrap(), WaitStatus::Exited(_, 0)));
    assert_eq!(count(&person.remembers(), "1 of 1000"), 1);
}
