//! The items: millions of them, in few large blocks of memory, while more are read.

use std::sync::Arc;

/// The most bytes of all items together.
pub(crate) const MAX_BYTES: u64 = 4 << 30;

/// Texts in one piece of memory.
#[derive(Debug, Default)]
pub(crate) struct Packed {
    bytes: Vec<u8>,
    /// Where each text ends.
    ends: Vec<u32>,
    /// The number of bytes between two texts.
    gap: usize,
}

impl Packed {
    /// The lines of a text, without `separator` at their ends. The last line may lack it. The text is
    /// shorter than 4 GiB.
    pub(crate) fn split(bytes: Vec<u8>, separator: u8) -> Packed {
        let mut ends = Vec::with_capacity(bytes.len() / 32);
        let mut end = |at: usize| ends.extend(u32::try_from(at).ok());
        memchr::memchr_iter(separator, &bytes).for_each(&mut end);
        if bytes.last().is_some_and(|last| *last != separator) {
            end(bytes.len());
        }
        Packed {
            bytes,
            ends,
            gap: 1,
        }
    }

    /// Adds a text. One that would make the memory larger than 4 GiB is dropped.
    pub(crate) fn push(&mut self, text: &[u8]) {
        if let Ok(end) = u32::try_from(self.bytes.len() + text.len()) {
            self.bytes.extend_from_slice(text);
            self.ends.push(end);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The number of bytes.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The text at a position; empty if there is none.
    pub(crate) fn get(&self, at: usize) -> &[u8] {
        let end = |at: usize| {
            let end = self.ends.get(at).copied()?;
            usize::try_from(end).ok()
        };
        let start = match at.checked_sub(1) {
            None => Some(0),
            Some(before) => end(before).map(|end| end + self.gap),
        };
        let range = start.zip(end(at));
        range
            .and_then(|(start, end)| self.bytes.get(start..end))
            .unwrap_or_default()
    }
}

/// Items that were read together.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// What is shown and matched.
    pub texts: Packed,
    /// The JSON of each item, if the input is JSON.
    pub values: Option<Packed>,
    /// The number of items at the beginning that are a header.
    skipped: usize,
    /// The number of items in the blocks before.
    first: u32,
}

impl Block {
    pub(crate) fn new(texts: Packed, values: Option<Packed>) -> Block {
        Block {
            texts,
            values,
            skipped: 0,
            first: 0,
        }
    }

    /// The number of items.
    pub(crate) fn len(&self) -> usize {
        self.texts.len().saturating_sub(self.skipped)
    }

    /// The items with their numbers.
    pub(crate) fn items(&self) -> impl Iterator<Item = (u32, &[u8])> {
        let items = (self.skipped..self.texts.len()).map(|at| self.texts.get(at));
        (self.first..).zip(items)
    }
}

/// An item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item<'a> {
    /// What is shown.
    pub text: &'a [u8],
    /// Its JSON, if the input is JSON.
    pub value: Option<&'a [u8]>,
}

/// All items so far. A copy shares their memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Items {
    blocks: Vec<Arc<Block>>,
    count: u32,
    bytes: u64,
    header: Vec<Vec<u8>>,
    header_lines: usize,
}

/// More items than fit into memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

impl Items {
    /// No items. The first `header_lines` that are added become the header.
    pub(crate) fn new(header_lines: usize) -> Items {
        Items {
            header_lines,
            ..Items::default()
        }
    }

    /// Adds items.
    ///
    /// # Errors
    /// When they are too many or too large.
    pub(crate) fn add(&mut self, mut block: Block) -> Result<(), TooLarge> {
        while self.header.len() < self.header_lines && block.len() > 0 {
            self.header.push(block.texts.get(block.skipped).to_owned());
            block.skipped += 1;
        }
        let size = block.texts.size() + block.values.as_ref().map_or(0, Packed::size);
        let bytes = self
            .bytes
            .saturating_add(u64::try_from(size).unwrap_or(u64::MAX));
        let count = u32::try_from(block.len()).ok();
        let count = count.and_then(|count| self.count.checked_add(count));
        block.first = self.count;
        match count.filter(|_| bytes <= MAX_BYTES) {
            Some(count) => (self.count, self.bytes) = (count, bytes),
            None => return Err(TooLarge),
        }
        if block.len() > 0 {
            self.blocks.push(Arc::new(block));
        }
        Ok(())
    }

    /// The number of items.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    pub(crate) fn header(&self) -> &[Vec<u8>] {
        &self.header
    }

    pub(crate) fn blocks(&self) -> &[Arc<Block>] {
        &self.blocks
    }

    /// The item with a number.
    pub(crate) fn get(&self, number: u32) -> Option<Item<'_>> {
        let after = self.blocks.partition_point(|block| block.first <= number);
        let block = self.blocks.get(after.checked_sub(1)?)?;
        let at = usize::try_from(number - block.first).ok()? + block.skipped;
        (at < block.texts.len()).then(|| Item {
            text: block.texts.get(at),
            value: block.values.as_ref().map(|values| values.get(at)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pseudorandom numbers (Numerical Recipes).
    fn random(mut state: u32) -> impl FnMut() -> usize {
        move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) as usize
        }
    }

    #[test]
    fn items_are_the_lines_of_the_input_in_any_blocks() {
        let mut next = random(1);
        for round in 0..300 {
            let lines: Vec<Vec<u8>> = (0..next() % 50)
                .map(|_| (0..next() % 5).map(|_| b'a' + (next() % 3) as u8).collect())
                .collect();
            let header_lines = round % 4;
            let mut items = Items::new(header_lines);
            let mut rest = lines.as_slice();
            while !rest.is_empty() {
                let (some, others) = rest.split_at(1 + next() % rest.len());
                rest = others;
                let mut bytes = some.join(&b'\n');
                bytes.push(b'\n');
                items
                    .add(Block::new(Packed::split(bytes, b'\n'), None))
                    .unwrap();
            }
            let (header, rest) = lines.split_at(header_lines.min(lines.len()));
            assert_eq!(items.header(), header);
            assert_eq!(items.count() as usize, rest.len());
            for (number, line) in (0_u32..).zip(rest) {
                assert_eq!(items.get(number).unwrap().text, line);
            }
            assert_eq!(items.get(items.count()), None);
            let all: Vec<(u32, &[u8])> = items
                .blocks()
                .iter()
                .flat_map(|block| block.items())
                .collect();
            assert!(
                all.iter()
                    .zip(0_u32..)
                    .all(|(item, number)| item.0 == number)
            );
            assert!(all.iter().zip(rest).all(|(item, line)| item.1 == line));
        }
    }

    #[test]
    fn last_line_may_lack_its_end() {
        let packed = Packed::split(b"a\n\nb".to_vec(), b'\n');
        let all: Vec<&[u8]> = (0..packed.len()).map(|at| packed.get(at)).collect();
        assert_eq!(all, [&b"a"[..], b"", b"b"]);
        assert_eq!(
            (packed.get(3), Packed::split(Vec::new(), 0).len()),
            (&b""[..], 0)
        );
    }

    #[test]
    fn values_belong_to_their_texts() {
        let (mut texts, mut values) = (Packed::default(), Packed::default());
        for (text, value) in [("a", "1"), ("", "{}"), ("b", "[2]")] {
            texts.push(text.as_bytes());
            values.push(value.as_bytes());
        }
        let mut items = Items::new(1);
        items.add(Block::new(texts, Some(values))).unwrap();
        let item = items.get(1).unwrap();
        assert_eq!((item.text, item.value), (&b"b"[..], Some(&b"[2]"[..])));
    }
}
