//! The allocator: mimalloc, with freed memory overwritten as soon as the process holds a secret.
//! Libraries copy a password into their own buffers, which c47 cannot wipe otherwise. It is part of
//! the binary only, because mimalloc changes the process at its start, and the unit tests must not
//! be changed by that.
#![allow(unsafe_code)] // implements GlobalAlloc

use std::alloc::{GlobalAlloc, Layout};
use std::ptr;

use mimalloc::MiMalloc;

/// What the program allocates with.
pub(crate) struct Allocator;

// SAFETY: every block comes from mimalloc and goes back to it with the layout it was made with.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { MiMalloc.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { MiMalloc.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if c47::holds_secrets() {
            // SAFETY: the block belongs to the caller and has `size` bytes. The compiler cannot
            // remove the write, because it does not know what mimalloc does with the block.
            unsafe { ptr::write_bytes(block, 0, layout.size()) };
        }
        // SAFETY: the caller's promise.
        unsafe { MiMalloc.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        if !c47::holds_secrets() {
            // SAFETY: the caller's promise.
            return unsafe { MiMalloc.realloc(block, layout, new_size) };
        }
        // mimalloc would move the bytes and not overwrite the old ones.
        // SAFETY: the caller promises that `new_size` fits this alignment.
        let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        // SAFETY: both blocks are at least as long as the copied bytes, and do not overlap.
        unsafe {
            let new = self.alloc(new_layout);
            if !new.is_null() {
                ptr::copy_nonoverlapping(block, new, layout.size().min(new_size));
                self.dealloc(block, layout);
            }
            new
        }
    }
}
