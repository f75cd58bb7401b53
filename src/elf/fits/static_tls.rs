//! TLS at a fixed distance from the thread pointer (initial-exec). It must be in a block whose size
//! is fixed when the process starts: the TLS of the program and its libraries, and a surplus.
//!
//! Source: U. Drepper, "ELF Handling For Thread-Local Storage"; glibc's manual, "Dynamic Linking
//! Tunables", for the surplus.

use super::known::Tls;

/// How much glibc reserves for libraries that are opened later, unless GLIBC_TUNABLES says otherwise.
const SURPLUS_BYTES: u64 = 1664;
/// The alignment of the thread control block.
const LEAST_ALIGN: u64 = 64;

/// The static block of a process.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    used: u64,
    total: u64,
    align: u64,
}

impl Block {
    /// The block of a process that starts with these objects.
    pub(super) fn of(initial: impl Iterator<Item = Tls>) -> Block {
        let (mut used, mut align) = (0_u64, LEAST_ALIGN);
        for tls in initial {
            let own = tls.align.max(1);
            let first = tls.first_byte();
            let end = used.saturating_add(tls.size).saturating_sub(first);
            used = up_to(end, own).saturating_add(first);
            align = align.max(own);
        }
        Block {
            used,
            total: up_to(used.saturating_add(SURPLUS_BYTES), align),
            align,
        }
    }

    /// How many bytes are free.
    pub(super) fn free(&self) -> u64 {
        self.total.saturating_sub(self.used)
    }

    /// Takes the place for an object. False if there is not enough.
    pub(super) fn take(&mut self, tls: Tls) -> bool {
        let own = tls.align.max(1);
        let needed = tls.size.saturating_add(tls.offset(own));
        let Some(rest) = self.free().checked_sub(needed) else {
            return false;
        };
        if own > self.align {
            return false;
        }
        let whole = (rest + tls.offset(own)) / own * own;
        self.used = self
            .total
            .saturating_sub(whole)
            .saturating_sub(tls.offset(own));
        true
    }
}

fn up_to(bytes: u64, align: u64) -> u64 {
    bytes.checked_next_multiple_of(align).unwrap_or(u64::MAX)
}

impl Tls {
    /// The distance of its start from a multiple of its alignment.
    fn offset(self, align: u64) -> u64 {
        self.address % align
    }

    fn first_byte(self) -> u64 {
        let align = self.align.max(1);
        (align - self.offset(align)) % align
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surplus_is_rounded_up_and_used_up() {
        let tls = |size, align| Tls {
            size,
            align,
            address: 0x4000,
        };
        // libc.so.6 of glibc 2.36 has 0x90 bytes, so there are 1712 instead of 1664.
        let block = Block::of([tls(0x90, 8)].into_iter());
        assert_eq!(block.free(), 1712);
        let mut used = block;
        assert!(used.take(tls(1700, 1)));
        assert!(!used.take(tls(100, 1)));
        assert!(!block.clone().take(tls(1720, 1)));
        assert!(!block.clone().take(tls(16, 4096)));
        assert!(!block.clone().take(tls(u64::MAX, 8)));
        let empty = Block::of(std::iter::empty());
        assert_eq!(empty.free(), 1664);
    }
}
