//! What stands above the prompt, and what is written to get it there.

use super::{
    super::ink::{Line, PLAIN},
    *,
};

const COLUMNS: usize = 40;

fn display() -> Display {
    let (display, _) = Display::new(false);
    display.open();
    display
}

fn lines(texts: &[&str]) -> Vec<Line> {
    texts.iter().map(|text| Line::of(PLAIN, text)).collect()
}

/// What is drawn before the prompt, with escapes made visible.
fn drawn(display: &Display, columns: usize) -> String {
    display.draw(columns).replace('\u{1b}', "␛").replace('\r', "␍")
}

#[test]
fn a_block_is_drawn_in_the_place_of_the_one_before() {
    let display = display();
    display.stand(lines(&["one", "two"]));
    assert_eq!(drawn(&display, COLUMNS), "one\ntwo\n");
    display.stand(lines(&["three"]));
    assert_eq!(drawn(&display, COLUMNS), "␍␛[2Athree␛[K\n␛[J");
    display.stand(vec![]);
    assert_eq!(drawn(&display, COLUMNS), "␍␛[1A␛[J");
}

#[test]
fn nothing_is_drawn_while_nothing_changes() {
    let display = display();
    display.stand(lines(&["one"]));
    drawn(&display, COLUMNS);
    display.stand(lines(&["one"]));
    assert_eq!(drawn(&display, COLUMNS), "");
}

#[test]
fn what_is_finished_scrolls_past_the_block() {
    let display = display();
    display.stand(lines(&["live"]));
    drawn(&display, COLUMNS);
    display.scroll(&lines(&["done"]));
    assert_eq!(drawn(&display, COLUMNS), "␍␛[1A␛[Jdone\nlive\n");
}

#[test]
fn a_line_that_is_taken_stands_in_the_place_of_the_block_which_comes_again_below_it() {
    let display = display();
    display.stand(lines(&["live"]));
    drawn(&display, COLUMNS);
    display.close();
    assert_eq!(drawn(&display, COLUMNS), "␍␛[1A␛[J");
    display.shut();
    display.open();
    assert_eq!(drawn(&display, COLUMNS), "live\n");
}

#[test]
fn with_something_else_in_between_the_block_is_drawn_anew() {
    let display = display();
    display.stand(lines(&["live"]));
    drawn(&display, COLUMNS);
    display.displaced();
    assert_eq!(drawn(&display, COLUMNS), "live\n");
}

#[test]
fn on_a_screen_that_became_narrower_broken_lines_count() {
    let display = display();
    display.stand(lines(&["123456789 123456789 12345", "x"]));
    drawn(&display, COLUMNS);
    display.stand(lines(&["y"]));
    assert_eq!(drawn(&display, 10), "␍␛[4Ay␛[K\n␛[J");
}

#[test]
fn an_empty_prompt_goes_together_with_its_block() {
    let display = display();
    assert_eq!(display.take_away(COLUMNS), "");
    display.stand(lines(&["live"]));
    drawn(&display, COLUMNS);
    assert_eq!(display.take_away(COLUMNS), "\r\u{1b}[2A\u{1b}[J");
}

#[test]
fn the_editor_is_woken_once_however_much_changes_and_only_while_it_edits() {
    let (display, woken) = Display::new(false);
    display.scroll(&lines(&["before"]));
    assert!(woken.try_recv().is_err());
    display.open();
    display.scroll(&lines(&["a"]));
    display.scroll(&lines(&["b"]));
    assert!(woken.try_recv().is_ok() && woken.try_recv().is_err());
    assert_eq!(drawn(&display, COLUMNS), "before\na\nb\n");
    display.shut();
    display.scroll(&lines(&["c"]));
    assert!(woken.try_recv().is_err());
}

#[test]
fn what_nobody_draws_is_bounded_and_says_what_is_missing() {
    let display = display();
    let line = "x".repeat(1000);
    for _ in 0..6000 {
        display.scroll(&lines(&[&line]));
    }
    let drawn = drawn(&display, COLUMNS);
    assert!(drawn.len() <= WAITING + 200, "{}", drawn.len());
    assert!(
        drawn.starts_with("… too much came at once")
            && drawn.lines().all(|line| line.len() == 1000 || line.starts_with('…'))
    );
}
