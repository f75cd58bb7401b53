//! The Huffman code of EXR files, for PIZ and DWA: 16-bit values with runs.

use crate::seq::image::source::Order;
use crate::sort::Sortable;

/// Values, and one more symbol for runs.
const SYMBOLS: u32 = (1 << 16) + 1;
/// The longest code in bits.
const MOST_BITS: usize = 58;
/// Codes up to this length are looked up at once.
const LOOKUP_BITS: u32 = 12;
/// The lengths from this on are runs of symbols without a code: 2 to 5.
const SHORT_RUN: u64 = 59;
/// A run of 6 or more.
const LONG_RUN: u64 = 63;

/// Receives a value and how often it occurs in a row. It returns false when that is too much.
pub(super) type Sink<'a> = &'a mut dyn FnMut(u16, u64) -> bool;

/// Reads bits, the highest first. Past the end they are zero.
struct Bits<'a> {
    rest: std::slice::Iter<'a, u8>,
    held: u128,
    count: u32,
    /// How many bits were taken.
    taken: u64,
}

impl<'a> Bits<'a> {
    fn new(data: &'a [u8]) -> Bits<'a> {
        Bits {
            rest: data.iter(),
            held: 0,
            count: 0,
            taken: 0,
        }
    }

    /// The next bits, at most 64.
    fn peek(&mut self, count: u32) -> u64 {
        while self.count < count {
            let next = self.rest.next().copied().unwrap_or(0);
            self.held = (self.held << 8) | u128::from(next);
            self.count += 8;
        }
        let bits = self.held >> (self.count - count);
        u64::try_from(bits & ((1 << count) - 1)).unwrap_or(0)
    }

    fn skip(&mut self, count: u32) {
        self.count = self.count.saturating_sub(count);
        self.held &= (1_u128 << self.count) - 1;
        self.taken += u64::from(count);
    }

    fn take(&mut self, count: u32) -> u64 {
        let bits = self.peek(count);
        self.skip(count);
        bits
    }
}

/// The codes of one block of data.
struct Codes {
    /// For each length the first code, and the position of its symbol in `symbols`.
    first: [u64; MOST_BITS + 1],
    position: [usize; MOST_BITS + 1],
    count: [u64; MOST_BITS + 1],
    /// Sorted by the length of their codes, then by value.
    symbols: Vec<u32>,
    /// Length and symbol for each beginning of a short code; the length is 0 for a longer code.
    lookup: Vec<(u8, u32)>,
}

impl Codes {
    /// Reads the lengths of the codes of the symbols from `least` to `most`.
    fn read(bits: &mut Bits, least: u32, most: u32) -> Result<Codes, &'static str> {
        let mut lengths: Vec<(u8, u32)> = Vec::new();
        let mut symbol = least;
        while symbol <= most {
            let length = bits.take(6);
            let skipped = match length {
                LONG_RUN => bits.take(8) + 6,
                SHORT_RUN.. => length - SHORT_RUN + 2,
                _ => 1,
            };
            if (1..SHORT_RUN).contains(&length) {
                lengths.push((u8::try_from(length).unwrap_or(0), symbol));
            }
            symbol = symbol.saturating_add(u32::try_from(skipped).unwrap_or(u32::MAX));
        }
        if symbol != most + 1 {
            return Err("invalid table of Huffman codes");
        }
        lengths.order();
        Codes::assign(&lengths)
    }

    /// Assigns the codes: long codes have small values.
    fn assign(lengths: &[(u8, u32)]) -> Result<Codes, &'static str> {
        let mut codes = Codes {
            first: [0; MOST_BITS + 1],
            position: [0; MOST_BITS + 1],
            count: [0; MOST_BITS + 1],
            symbols: lengths.iter().map(|(_, symbol)| *symbol).collect(),
            lookup: vec![(0, 0); 1 << LOOKUP_BITS],
        };
        for (length, _) in lengths {
            if let Some(count) = codes.count.get_mut(usize::from(*length)) {
                *count += 1;
            }
        }
        let mut next = 0;
        let tables = codes.first.iter_mut().zip(&codes.count);
        for (first, count) in tables.skip(1).rev() {
            *first = next;
            let end = next + *count;
            if end % 2 != 0 {
                return Err("invalid Huffman codes");
            }
            next = end / 2;
        }
        // Each sequence of bits is the beginning of a code.
        if next != 1 {
            return Err("invalid Huffman codes");
        }
        let mut position = 0;
        for (at, count) in codes.position.iter_mut().zip(&codes.count) {
            *at = position;
            position += usize::try_from(*count).unwrap_or(0);
        }
        codes.fill_lookup();
        Ok(codes)
    }

    fn fill_lookup(&mut self) {
        for bits in 0..1_u64 << LOOKUP_BITS {
            let found = (1..=LOOKUP_BITS).find_map(|length| {
                let symbol = self.symbol(length, bits >> (LOOKUP_BITS - length))?;
                Some((u8::try_from(length).ok()?, symbol))
            });
            let at = usize::try_from(bits).unwrap_or(0);
            if let (Some(entry), Some(found)) = (self.lookup.get_mut(at), found) {
                *entry = found;
            }
        }
    }

    /// The symbol whose code has this length and value.
    fn symbol(&self, length: u32, code: u64) -> Option<u32> {
        let length = usize::try_from(length).ok()?;
        let at = code.checked_sub(*self.first.get(length)?)?;
        if at >= *self.count.get(length)? {
            return None;
        }
        let at = self
            .position
            .get(length)?
            .checked_add(usize::try_from(at).ok()?)?;
        self.symbols.get(at).copied()
    }

    /// The next symbol.
    fn next(&self, bits: &mut Bits) -> Option<u32> {
        let start = usize::try_from(bits.peek(LOOKUP_BITS)).ok()?;
        let (length, symbol) = *self.lookup.get(start)?;
        if length > 0 {
            bits.skip(u32::from(length));
            return Some(symbol);
        }
        (LOOKUP_BITS + 1..=MOST_BITS as u32).find_map(|length| {
            let symbol = self.symbol(length, bits.peek(length))?;
            bits.skip(length);
            Some(symbol)
        })
    }
}

/// Decodes `expected` values.
pub(super) fn decode(data: &[u8], expected: u64, sink: Sink) -> Result<(), &'static str> {
    const ENDS: &str = "the Huffman data ends too early";
    let field = |at| Order::Little.u32(data, at).ok_or(ENDS);
    let (least, most, bit_count) = (field(0)?, field(4)?, u64::from(field(12)?));
    if least >= SYMBOLS || most >= SYMBOLS {
        return Err("invalid table of Huffman codes");
    }
    let table = data.get(20..).ok_or(ENDS)?;
    let mut bits = Bits::new(table);
    let codes = Codes::read(&mut bits, least, most)?;
    let table_bytes = usize::try_from(bits.taken.div_ceil(8)).unwrap_or(usize::MAX);
    let data = table.get(table_bytes..).ok_or(ENDS)?;
    if bit_count > 8 * data.len() as u64 {
        return Err(ENDS);
    }
    let mut bits = Bits::new(data);
    let (mut total, mut last) = (0_u64, None);
    while total < expected && bits.taken < bit_count {
        let symbol = codes.next(&mut bits).ok_or("invalid Huffman data")?;
        // The last symbol stands for a run of the value before.
        let times = if symbol == most { bits.take(8) } else { 1 };
        let value = match (symbol == most, last) {
            (true, Some(value)) if times > 0 => value,
            (true, _) => return Err("invalid Huffman data"),
            (false, _) => u16::try_from(symbol).map_err(|_| "invalid Huffman data")?,
        };
        last = Some(value);
        total += times;
        if total > expected || !sink(value, times) {
            return Err("more data than the image has");
        }
    }
    match (total == expected, bits.taken == bit_count) {
        (true, true) => Ok(()),
        (true, false) => Err("more data than the image has"),
        (false, _) => Err(ENDS),
    }
}
