//! Buffers that a thread keeps from file to file. The kernel clears each page of a new one, which takes
//! longer than reading a small table into it.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// Limit for the number of buffers that a thread keeps.
const MOST_BUFFERS: usize = 4;
/// Limit for the size of each.
const MOST_BYTES: usize = 256 << 10;

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// A buffer with any contents, which the thread keeps when it is dropped.
#[derive(Debug)]
pub(super) struct Kept(Vec<u8>);

impl Kept {
    /// A buffer that the thread has kept, or an empty one.
    pub(super) fn take() -> Kept {
        let spare = SPARE.try_with(|spare| spare.borrow_mut().pop());
        Kept(spare.ok().flatten().unwrap_or_default())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if self.0.capacity() == 0 || self.0.capacity() > MOST_BYTES {
            return;
        }
        let bytes = std::mem::take(&mut self.0);
        // At the end of a thread nothing is kept any more.
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < MOST_BUFFERS {
                spare.push(bytes);
            }
        });
    }
}

impl Deref for Kept {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Kept {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffer_is_kept_unless_it_is_large() {
        let mut small = Kept::take();
        small.resize(1000, 7);
        let at = small.as_ptr();
        drop(small);
        let again = Kept::take();
        assert_eq!((again.as_ptr(), again.len()), (at, 1000));
        let mut large = Kept::take();
        large.resize(MOST_BYTES + 1, 0);
        drop(large);
        assert_eq!(Kept::take().len(), 0);
    }
}
