use super::*;

/// A list with these matches, of 100 items, on four rows from the third on.
fn list(multi: Multi, numbers: &[u32]) -> State {
    let mut state = State::new("", multi, 2);
    state.set_rows(Rows { first: 2, count: 4 });
    update(&mut state, 1, numbers);
    state
}

fn update(state: &mut State, generation: u64, numbers: &[u32]) {
    let found = Found {
        generation,
        numbers: Arc::new(numbers.to_vec()),
        searched: 100,
    };
    state.update(100, Input::Ended, found);
}

fn press(state: &mut State, keys: &[Key]) -> Effect {
    let mut last = Effect::None;
    for key in keys {
        last = state.on(&Event::Key(*key));
    }
    last
}

fn shown(state: &State) -> Vec<u32> {
    state.shown().map(|(number, _)| number).collect()
}

#[test]
fn keys_move_within_the_matches() {
    let numbers: Vec<u32> = (10..20).collect();
    let mut list = list(Multi::One, &numbers);
    assert_eq!(
        (list.current(), shown(&list)),
        (Some(10), vec![10, 11, 12, 13])
    );
    press(&mut list, &[Key::Up]);
    assert_eq!(list.current(), Some(10));
    press(
        &mut list,
        &[Key::Tab, Key::Down, Key::Ctrl('n'), Key::Ctrl('n')],
    );
    assert_eq!(
        (list.current(), shown(&list)),
        (Some(14), vec![11, 12, 13, 14])
    );
    press(&mut list, &[Key::BackTab, Key::Ctrl('p')]);
    assert_eq!(
        (list.current(), shown(&list)),
        (Some(12), vec![11, 12, 13, 14])
    );
    press(&mut list, &[Key::PageDown]);
    assert_eq!(list.current(), Some(16));
    press(&mut list, &[Key::End]);
    assert_eq!(
        (list.current(), shown(&list)),
        (Some(19), vec![16, 17, 18, 19])
    );
    press(&mut list, &[Key::Home]);
    assert_eq!(list.current(), Some(10));
    assert_eq!(
        press(&mut list, &[Key::Down, Key::Enter]),
        Effect::Pick(vec![11])
    );
}

#[test]
fn marked_items_are_picked_in_the_order_of_the_input() {
    let mut list = list(Multi::Several, &[30, 10, 20]);
    let mark = Key::Ctrl(' ');
    assert_eq!(
        press(&mut list, &[mark, mark, Key::Enter]),
        Effect::Pick(vec![10, 30])
    );
    // All, then none.
    press(&mut list, &[Key::Ctrl('a')]);
    assert_eq!(list.marked.len(), 3);
    assert_eq!(
        press(&mut list, &[Key::Ctrl('a'), Key::Enter]),
        Effect::Pick(vec![20])
    );
    // Marked items stay marked while they do not match.
    press(&mut list, &[Key::Home, mark]);
    update(&mut list, 2, &[20]);
    assert_eq!(press(&mut list, &[Key::Enter]), Effect::Pick(vec![30]));

    let mut one = super::tests::list(Multi::One, &[1, 2]);
    assert_eq!(
        press(&mut one, &[mark, Key::Ctrl('a'), Key::Enter]),
        Effect::Pick(vec![1])
    );
}

#[test]
fn edits_search_and_other_keys_end() {
    let mut list = list(Multi::One, &[]);
    assert_eq!(press(&mut list, &[Key::Char('a')]), Effect::Search);
    assert_eq!(press(&mut list, &[Key::Left]), Effect::None);
    assert_eq!(list.on(&Event::Paste("b".into())), Effect::Search);
    assert_eq!(list.query.text(), "ba");
    assert_eq!(
        press(&mut list, &[Key::Backspace, Key::Backspace]),
        Effect::None
    );
    assert_eq!(press(&mut list, &[Key::Enter]), Effect::Pick(vec![]));
    for key in [Key::Escape, Key::Ctrl('c')] {
        assert_eq!(press(&mut list, &[key]), Effect::Cancel);
    }
    assert_eq!(press(&mut list, &[Key::Ctrl('z')]), Effect::Stop);
}

#[test]
fn mouse_highlights_and_picks() {
    let numbers: Vec<u32> = (0..10).collect();
    let mut list = list(Multi::One, &numbers);
    list.on(&Event::Wheel(Wheel::Down));
    assert_eq!(list.current(), Some(3));
    let click = |row| Event::Click { column: 5, row };
    for outside in [0, 1, 6, 99] {
        assert_eq!(list.on(&click(outside)), Effect::None);
        assert_eq!(list.current(), Some(3));
    }
    assert_eq!(list.on(&click(3)), Effect::None);
    assert_eq!(list.on(&click(3)), Effect::Pick(vec![1]));
}

#[test]
fn highlight_stays_on_its_item_while_more_are_read() {
    let mut list = list(Multi::One, &[5, 6]);
    press(&mut list, &[Key::Down]);
    update(&mut list, 1, &[1, 2, 5, 3, 6, 7]);
    assert_eq!(list.current(), Some(6));
    // Another query begins at the best match.
    update(&mut list, 2, &[9, 6]);
    assert_eq!(list.current(), Some(9));
    update(&mut list, 2, &[]);
    assert_eq!((list.current(), shown(&list)), (None, vec![]));
}

#[test]
fn columns_are_sorted_by_turns() {
    let mut list = list(Multi::One, &[1]);
    let mut orders = Vec::new();
    for _ in 0..5 {
        assert_eq!(press(&mut list, &[Key::Ctrl('s')]), Effect::Search);
        orders.push(list.order);
    }
    use Direction::{Ascending, Descending};
    let expected = [
        Order::Column(0, Ascending),
        Order::Column(0, Descending),
        Order::Column(1, Ascending),
        Order::Column(1, Descending),
        Order::Rank,
    ];
    assert_eq!(orders, expected);
    press(&mut list, &[Key::Alt('2'), Key::Alt('2')]);
    assert_eq!(list.order, Order::Column(1, Descending));
    assert_eq!(press(&mut list, &[Key::Alt('3')]), Effect::None);
}

#[test]
fn any_events_keep_the_list_in_order() {
    // Pseudorandom events (Numerical Recipes).
    let mut state = 1_u32;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state >> 16
    };
    let keys = [
        Key::Down,
        Key::Up,
        Key::PageDown,
        Key::PageUp,
        Key::Home,
        Key::End,
        Key::Ctrl(' '),
        Key::Ctrl('a'),
        Key::Char('x'),
        Key::Backspace,
        Key::Ctrl('s'),
        Key::Enter,
    ];
    let mut list = list(Multi::Several, &[]);
    for round in 0..5000 {
        match next() % 4 {
            0 => {
                let numbers: Vec<u32> = (0..next() % 12).collect();
                update(&mut list, round / 7, &numbers);
            }
            1 => {
                let count = (next() % 5) as u16;
                list.set_rows(Rows { first: 2, count });
            }
            2 => drop(list.on(&Event::Click {
                column: 0,
                row: (next() % 9) as u16,
            })),
            _ => drop(press(&mut list, &[keys[next() as usize % keys.len()]])),
        }
        assert_eq!(list.current().is_none(), list.matches().is_empty());
        let highlighted = list
            .shown()
            .filter(|(_, is_highlighted)| *is_highlighted)
            .count();
        let has_rows = list.rows.count > 0 && !list.matches().is_empty();
        assert_eq!(highlighted, usize::from(has_rows));
    }
}
