use std::sync::Arc;

use super::*;
use crate::pick::matcher::Matcher;
use crate::pick::query::{Query, Words};
use crate::pick::search::Found;
use crate::pick::store::{Block, Packed};
use crate::tui::event::{Event, Key};

/// The lines of a screen of this size; matched characters are in brackets.
fn screen(
    width: u16,
    height: u16,
    query: &str,
    lines: &[u8],
    change: impl FnOnce(&mut State),
) -> Vec<String> {
    screen_with((width, height), query, lines, &[], None, change)
}

fn screen_with(
    (width, height): (u16, u16),
    query: &str,
    lines: &[u8],
    columns: &[Column],
    preview: Option<&[u8]>,
    change: impl FnOnce(&mut State),
) -> Vec<String> {
    let mut items = Items::default();
    items
        .add(Block::new(Packed::split(lines.to_vec(), b'\n'), None))
        .unwrap();
    let mut state = State::new(query, Multi::Several, 0);
    let parsed = Query::parse(query, Words::Fuzzy);
    let mut matcher = Matcher::default();
    let numbers = (0..items.count())
        .filter(|number| {
            matcher
                .rank(&parsed, items.get(*number).unwrap().text)
                .is_some()
        })
        .collect();
    let found = Found {
        generation: 1,
        numbers: Arc::new(numbers),
        searched: items.count(),
    };
    state.update(items.count(), Input::Ended, found);
    let mut matched = |item: &[u8]| matcher.positions(&parsed, item);
    let mut parts = View {
        items: &items,
        columns,
        matched: &mut matched,
        preview,
        colour: Colour::Never,
    };
    change(&mut state);
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    state.set_rows(list_rows(*buffer.area(), &parts));
    let cursor = draw(&mut buffer, &state, &mut parts);
    assert_eq!(cursor.y, 0);
    lines_of(&buffer)
}

fn lines_of(buffer: &Buffer) -> Vec<String> {
    let area = buffer.area();
    let row = |y: u16| {
        let mut line = String::new();
        let mut x = 0;
        while let Some(cell) = buffer.cell((x, y)) {
            match cell.modifier.contains(Modifier::UNDERLINED) {
                true => line.push_str(&format!("[{}]", cell.symbol())),
                false => line.push_str(cell.symbol()),
            }
            x += u16::try_from(text::width(cell.symbol().as_bytes()))
                .unwrap()
                .max(1);
        }
        line.trim_end().to_owned()
    };
    (0..area.height).map(row).collect()
}

#[test]
fn query_status_and_matches() {
    let lines = screen(20, 6, "bd", b"abcd\nxyz\nbd\nb-d", |state| {
        state.on(&Event::Key(Key::Down));
        state.on(&Event::Key(Key::Ctrl(' ')));
    });
    assert_eq!(
        lines,
        [
            "> bd",
            "  3/4 (1 marked)",
            "  a[b]c[d]",
            " *[b][d]",
            "> [b]-[d]",
            ""
        ]
    );
}

#[test]
fn controls_are_shown_and_wide_characters_are_not_cut() {
    let items = "\u{1b}[2Jx\u{202e}\n漢字漢字漢字漢字漢字\na\tb\nx\u{301}".as_bytes();
    let lines = screen(19, 6, "", &[items, b"\xff"].concat(), |_| {});
    assert_eq!(
        lines[2..],
        [
            "> \\u{1b}[2Jx\\u{202e",
            "  漢字漢字漢字漢字",
            "  a     b",
            "  x\u{301}\\xff"
        ]
    );
}

#[test]
fn long_items_are_scrolled_to_the_match() {
    let item = format!("{}needle{}", "-".repeat(50), "=".repeat(50));
    let lines = screen(24, 3, "needle", item.as_bytes(), |_| {});
    assert_eq!(lines[2], "> …----------[n][e][e][d][l][e]=====");
}

#[test]
fn table_has_columns_with_titles() {
    let mut columns = ["name", "frames"].map(|title| Column {
        title: title.into(),
        width: 0,
    });
    let text = b"sh010\t24\nlong_name_of_a_shot\t1\nx\ty";
    let mut items = Items::default();
    items
        .add(Block::new(Packed::split(text.to_vec(), b'\n'), None))
        .unwrap();
    widths(&mut columns, &items, 12);
    assert_eq!(columns.each_ref().map(|column| column.width), [12, 6]);
    let lines = screen_with((30, 6), "s2", text, &columns, None, |state| {
        state.order = Order::Column(1, Direction::Descending);
    });
    assert_eq!(
        lines,
        [
            "> s2",
            "  1/3 by frames down",
            "  name          frames",
            "> [s]h010         [2]4",
            "",
            ""
        ]
    );
}

#[test]
fn preview_is_beside_or_below() {
    let output = Some(&b"one\r\ntwo\x1b[2J\nthree"[..]);
    let lines = screen_with((80, 4), "", b"a\nb\nc", &[], output, |_| {});
    assert_eq!(lines[2], format!("> a{}one", " ".repeat(38)));
    let lines = screen_with((20, 6), "", b"a\nb\nc", &[], output, |_| {});
    assert_eq!(lines[2..], ["> a", "  b", "one", "two\\u{1b}[2J"]);
}

#[test]
fn every_size_can_be_drawn() {
    let items = "漢字\n\u{1b}\u{301}\nabc\tdef\n".repeat(5);
    let columns = [Column {
        title: "漢".into(),
        width: 3,
    }];
    for width in 0..12 {
        for height in 0..8 {
            for columns in [&[][..], &columns] {
                let size = (width, height);
                screen_with(
                    size,
                    "a",
                    items.as_bytes(),
                    columns,
                    Some(b"a\tb"),
                    |state| {
                        state.on(&Event::Key(Key::Down));
                    },
                );
            }
        }
    }
}
