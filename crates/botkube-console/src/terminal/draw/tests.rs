//! Entries of every kind as lines, at several widths.

use botkube_api::message::{LabelInput, OptionItem};
use insta::assert_snapshot;

use super::*;
use crate::entry::{By, File};

/// One of everything.
fn gallery() -> Message {
    let first = Section::new()
        .header("Pods of *web*")
        .description("What runs, and <https://x.io/pods|where> it runs")
        .body_code("NAME   READY   STATUS\nweb-1  1/1     \u{1b}[32mRunning\u{1b}[0m")
        .field("Cluster", "demo")
        .field("Namespace", "`default`, which is a long one to wrap somewhere")
        .bullets("Next", ["look at the logs of the pod that restarted", "scale"]);
    let second = Section::new()
        .button(Button::command("Refresh", "pods").primary())
        .button(Button::command("Delete", "pods delete").danger())
        .button(Button::command("Describe", "pods describe").showing("pods describe web-1"))
        .button(Button::link("Manual", "https://x.io/manual"))
        .multi_select(MultiSelect::new("Columns", "pods show").options(["name", "ready"]).initial(["name"]))
        .select(Select::new("Order", "pods by").group("First the", ["cpu", "memory"]).initial("cpu"))
        .select(
            Select::new("Node", "pods on")
                .group("", (1..=30).map(|n| OptionItem::new(format!("n{n}"), format!("{n}")))),
        )
        .input(LabelInput::new("Name", "pods name=").placeholder("Part of a name").on_enter())
        .context("2 of 3 pods");
    Message::text("All is *well*.").section(first).section(second).input(LabelInput::new("Note", "pods note "))
}

#[track_caller]
fn painted(lines: &[Line], colours: bool) -> String {
    let lines: Vec<String> = lines.iter().map(|line| line.paint(colours).replace('\u{1b}', "␛")).collect();
    lines.join("\n")
}

fn message(message: &Message, width: usize, colours: bool) -> String {
    painted(&Paper { width, colours }.message(message, "17"), colours)
}

#[test]
fn a_message_on_a_wide_screen() {
    assert_snapshot!(message(&gallery(), 80, false), @"
    All is *well*.

    Pods of *web*
    What runs, and where (https://x.io/pods) it runs
      NAME   READY   STATUS
      web-1  1/1     Running
    Cluster    demo
    Namespace  `default`, which is a long one to wrap somewhere
    Next
    • look at the logs of the pod that restarted
    • scale
    ────────────────────────────────────────
    [1] Refresh   [2] Delete
    [3] Describe  pods describe web-1
    [4] Manual  https://x.io/manual
    [5] Columns  name* · ready
    [6] Order  cpu* · memory
    [7] Node  n1 · n2 · n3 · n4 · n5 · n6 · n7 · n8 · and 22 more
    [8] Name  Part of a name
    2 of 3 pods
    [9] Note
    message 17
    ");
}

#[test]
fn a_message_on_a_narrow_screen() {
    assert_snapshot!(message(&gallery(), 30, false), @"
    All is *well*.

    Pods of *web*
    What runs, and where
    (https://x.io/pods) it runs
      NAME   READY   STATUS
      web-1  1/1     Running
    Cluster    demo
    Namespace  `default`, which is
               a long one to wrap
               somewhere
    Next
    • look at the logs of the pod
      that restarted
    • scale
    ──────────────────────────────
    [1] Refresh   [2] Delete
    [3] Describe  pods describe
        web-1
    [4] Manual
        https://x.io/manual
    [5] Columns  name* · ready
    [6] Order  cpu* · memory
    [7] Node  n1 · n2 · n3 · n4 ·
        n5 · n6 · n7 · n8 · and 22
        more
    [8] Name  Part of a name
    2 of 3 pods
    [9] Note
    message 17
    ");
}

#[test]
fn a_message_in_colours() {
    assert_snapshot!(message(&gallery(), 80, true), @"
    All is ␛[1mwell␛[0m.

    ␛[1mPods of web␛[0m
    What runs, and ␛[4mwhere␛[0m (https://x.io/pods) it runs
      NAME   READY   STATUS
      web-1  1/1     ␛[38;5;2mRunning␛[0m
    ␛[1mCluster␛[0m    demo
    ␛[1mNamespace␛[0m  ␛[36mdefault␛[0m, which is a long one to wrap somewhere
    ␛[1mNext␛[0m
    ␛[2m• ␛[0mlook at the logs of the pod that restarted
    ␛[2m• ␛[0mscale
    ␛[2m────────────────────────────────────────␛[0m
    ␛[32m[1] ␛[0m␛[1mRefresh␛[0m   ␛[32m[2] ␛[0m␛[31mDelete␛[0m
    ␛[32m[3] ␛[0mDescribe␛[2m  pods describe web-1␛[0m
    ␛[32m[4] ␛[0mManual  https://x.io/manual
    ␛[32m[5] ␛[0m␛[1mColumns␛[0m␛[2m  ␛[0m␛[1mname*␛[0m␛[2m · ␛[0mready
    ␛[32m[6] ␛[0m␛[1mOrder␛[0m␛[2m  ␛[0m␛[1mcpu*␛[0m␛[2m · ␛[0mmemory
    ␛[32m[7] ␛[0m␛[1mNode␛[0m␛[2m  ␛[0mn1␛[2m · ␛[0mn2␛[2m · ␛[0mn3␛[2m · ␛[0mn4␛[2m · ␛[0mn5␛[2m · ␛[0mn6␛[2m · ␛[0mn7␛[2m · ␛[0mn8␛[2m · and 22 more␛[0m
    ␛[32m[8] ␛[0m␛[1mName␛[0m␛[2m  Part of a name␛[0m
    ␛[2m2 of 3 pods␛[0m
    ␛[32m[9] ␛[0m␛[1mNote␛[0m
    ␛[2mmessage 17␛[0m
    ");
}

#[test]
fn every_control_has_the_number_it_is_used_by() {
    for width in [20, 40, 200] {
        let (shown, controls) = (message(&gallery(), width, false), control::controls(&gallery()).len());
        for number in 1..=controls {
            assert!(shown.contains(&format!("[{number}] ")), "{number} at {width}");
        }
        assert!(!shown.contains(&format!("[{}]", controls + 1)));
    }
}

#[test]
fn output_alone_can_be_copied_as_it_is() {
    assert_eq!(message(&Message::code("a b\n  c d"), 20, true), "a b\n  c d");
}

#[test]
fn code_is_never_broken() {
    let code = "x".repeat(100);
    assert_eq!(message(&Message::code(&code), 20, false), code);
}

#[test]
fn all_options_are_listed_with_their_numbers() {
    let gallery = gallery();
    let controls = control::controls(&gallery);
    let paper = Paper { width: 80, colours: false };
    assert_eq!(painted(&paper.options(&controls[5].1), false), "Order\n    First the\n  1 cpu\n  2 memory");
    let lines = paper.options(&controls[6].1);
    assert_eq!((lines.len(), lines[30].paint(false)), (31, " 30 n30  30".to_owned()));
}

fn entry(message: Message) -> Entry {
    Entry {
        id: "17".into(),
        revision: 1,
        at: 0,
        by: By::default(),
        key: "k".into(),
        text: None,
        how: None,
        used: None,
        header: Some("`pods` on `demo`".into()),
        message: Some(message),
        live: None,
        file: None,
        only_for: None,
        answers: None,
    }
}

#[test]
fn an_answer_says_what_it_answers_and_whether_only_one_sees_it() {
    let paper = Paper { width: 80, colours: false };
    let shown = |entry: &Entry, header| painted(&paper.answer(entry, View { header, file: None }), false);
    let everybodys = entry(Message::code("x"));
    assert_eq!(shown(&everybodys, true), "`pods` on `demo`\nx");
    assert_eq!(shown(&everybodys, false), "x");
    let mine = Entry { only_for: Some("ada".into()), ..everybodys };
    assert_eq!(shown(&mine, true), "`pods` on `demo`  only you see this\nx");
    assert_eq!(shown(&mine, false), "only you see this\nx");
}

#[test]
fn a_file_is_shown_with_its_size_and_where_it_is() {
    let file = File { name: "output.txt".into(), size: 1_300_000, url: "/files/abc".into() };
    let entry = Entry { header: None, file: Some(file), ..entry(Message::new()) };
    let view = View { header: true, file: Some(Path::new("/tmp/abc")) };
    assert_eq!(
        painted(&Paper { width: 80, colours: false }.answer(&entry, view), false),
        "output.txt  1.2 MiB  /tmp/abc"
    );
}

#[test]
fn sizes_are_in_the_unit_in_which_they_are_short() {
    assert_eq!([0, 1023, 1024, 1536, 5 << 30].map(size), ["0 bytes", "1023 bytes", "1.0 KiB", "1.5 KiB", "5.0 GiB"]);
}

#[test]
fn what_others_say_has_their_name() {
    let by = By { id: "p".into(), name: "Ada\u{1b}[2J".into(), bot: false };
    let entry = Entry { by, text: Some("echo a\nb".into()), ..entry(Message::new()) };
    assert_eq!(painted(&Paper { width: 80, colours: false }.said(&entry), false), "Ada␛[2J › echo a\n  b");
}

#[track_caller]
fn check_state(state: State, expected: Option<&str>) {
    let doing = Doing { command: "c5".parse().unwrap(), since: 1_000, state };
    let line = super::state(&doing, 13_400);
    assert_eq!(line.map(|line| line.paint(false)).as_deref(), expected);
}

#[test]
fn how_a_command_is_doing_is_said_unless_it_went_well_at_once() {
    let ended = |status, took_ms| State::Ended { status, took_ms };
    check_state(State::Running(String::new()), Some("● c5 · 12 s"));
    check_state(State::Running("3 of 7".into()), Some("● c5 · 3 of 7 · 12 s"));
    check_state(ended(Status::Succeeded, 999), None);
    check_state(ended(Status::Succeeded, 1_234), Some("✓ 1.2 s"));
    check_state(ended(Status::Failed, 50), Some("✗ failed · 0.0 s"));
    check_state(ended(Status::TimedOut, 30_000), Some("✗ timed out · 30.0 s"));
    check_state(ended(Status::Cancelled, 3_100), Some("■ cancelled · 3.1 s"));
    // Its message says why.
    check_state(ended(Status::Refused, 3_100), None);
}

/// What stands for commands with so many lines each, in so many rows.
#[track_caller]
fn check_block(lines: &[usize], room: usize, expected: &str) {
    let running = |(command, count): (usize, &usize)| {
        let lines = (1..=*count).map(|line| Line::of(PLAIN, &format!("{command}-{line}"))).collect();
        (lines, Some(Line::of(PLAIN, &format!("state {command}"))))
    };
    let running: Vec<_> = lines.iter().enumerate().map(running).collect();
    let block = block(&running, 20, room);
    assert!(block.len() <= room, "{} rows in {room}", block.len());
    assert_eq!(painted(&block, false), expected);
}

#[test]
fn what_runs_stands_whole_where_there_is_room() {
    check_block(&[], 5, "");
    check_block(&[2, 1], 5, "0-1\n0-2\nstate 0\n1-1\nstate 1");
}

#[test]
fn of_what_is_too_tall_the_end_stands_with_how_much_is_above() {
    check_block(&[9], 4, "… 7 lines above\n0-8\n0-9\nstate 0");
    check_block(&[9, 9], 6, "… 8 lines above\n0-9\nstate 0\n… 8 lines above\n1-9\nstate 1");
    // What one does not need is for the others.
    check_block(&[1, 9], 6, "0-1\nstate 0\n… 7 lines above\n1-8\n1-9\nstate 1");
}

#[test]
fn with_no_room_for_all_that_runs_the_latest_stand_and_the_others_are_counted() {
    check_block(&[9, 9, 9], 3, "state 0\nstate 1\nstate 2");
    check_block(&[9, 9, 9], 2, "… 2 more run: `list…\nstate 2");
    check_block(&[9; 100], 1, "state 99");
}
