//! Takes the place of the stack unwinder in the release.
//!
//! A panic of the release aborts, after the panic hook of c47 has printed its line. But the standard
//! library's own hook, which prints a backtrace, would still be in the binary with all it calls: the
//! unwinder, and the parsers of debug information (together 230 KiB). With the functions below the
//! compiler sees that a backtrace has no frames, and removes it. The release has no unwind tables
//! (scripts/release.ld), so there would be no frames to find.
//!
//! The linker reports a function of the unwinder that is missing here: then it would find two of another.
#![cfg(panic = "abort")]
#![allow(unsafe_code, non_snake_case)] // the names are those of C functions

use std::ffi::{c_int, c_void};

/// The code of the unwinder for "end of stack".
const END_OF_STACK: c_int = 5;

/// Would call `_visit` for each frame.
// SAFETY: nothing else defines this symbol in the release, as the linker checks. The function has the
// signature that callers expect, uses no argument, and returns one of the codes they expect.
#[unsafe(no_mangle)]
extern "C" fn _Unwind_Backtrace(_visit: *const c_void, _argument: *mut c_void) -> c_int {
    END_OF_STACK
}

/// Functions that are called only while a stack is unwound, which never happens.
macro_rules! never_called {
    ($($name:ident)*) => { $(
        // SAFETY: nothing else defines this symbol in the release. The function does not return.
        #[unsafe(no_mangle)]
        extern "C" fn $name() -> ! {
            std::process::abort()
        }
    )* };
}

never_called! {
    _Unwind_DeleteException
    _Unwind_FindEnclosingFunction
    _Unwind_GetCFA
    _Unwind_GetDataRelBase
    _Unwind_GetGR
    _Unwind_GetIP
    _Unwind_GetIPInfo
    _Unwind_GetLanguageSpecificData
    _Unwind_GetRegionStart
    _Unwind_GetTextRelBase
    _Unwind_RaiseException
    _Unwind_Resume
    _Unwind_SetGR
    _Unwind_SetIP
}
