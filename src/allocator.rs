//! The allocator: mimalloc, which overwrites what is freed from the moment the process holds a
//! secret. Libraries copy a password into buffers of their own while it is sent; wiping each copy
//! where it is made would mean to own all of them. Part of the binary only: mimalloc changes the
//! process at its start, and the tests' process is not to be changed.
#![allow(unsafe_code)] // an allocator is one

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
            // SAFETY: the block is the caller's, `size` bytes long; mimalloc, which the compiler
            // cannot look into, gets it next, so that the write is not left out.
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
        // mimalloc would move the bytes and leave the old ones behind.
        // SAFETY: the caller promises that `new_size` fits this alignment.
        let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        // SAFETY: both blocks are at least as long as what is copied, and are not the same.
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
