use std::sync::Arc;

use super::*;
use crate::pick::query::Words;
use crate::pick::store::Packed;

fn block(lines: &str) -> Block {
    Block::new(Packed::split(lines.as_bytes().to_vec(), b'\n'), None)
}

#[test]
fn items_that_come_later_and_another_query_are_searched() {
    let search = Arc::new(Search::new(Query::parse("b", Words::Fuzzy), 0));
    let runner = Arc::clone(&search);
    let thread = thread::spawn(move || runner.run(&|| {}));
    for number in 0..100 {
        assert_eq!(
            search.add(block(&format!("a{number}\nb{number}"))),
            Flow::Continue
        );
    }
    search.end(Input::Ended);
    let (items, input, found) = search.wait();
    assert_eq!(
        (items.count(), input, found.searched),
        (200, Input::Ended, 200)
    );
    // Shorter ones first, then in the order of the input.
    let expected: Vec<u32> = (0..100).map(|number| 2 * number + 1).collect();
    assert_eq!(*found.numbers, expected);

    let generation = search.set(Query::parse("a9$", Words::Fuzzy), Order::Rank);
    let (.., found) = search.wait();
    assert_eq!(
        (found.generation, found.numbers.as_slice()),
        (generation, &[18][..])
    );
    search.close();
    thread.join().unwrap();
    assert_eq!(search.add(block("c")), Flow::Stop);
}
