//! Reads lines, or texts that end with a NUL, from a pipe or a file.

use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::search::Flow;
use super::store::{Block, Packed};

/// The size of a block.
const BLOCK: usize = 256 << 10;
/// The longest line.
const MAX_LINE: usize = 16 << 20;
/// How long lines are kept back while the writer of a pipe is slow.
const EVERY: Duration = Duration::from_millis(20);

/// Reads lines that end with `separator` and hands them on in blocks.
///
/// # Errors
/// When the input cannot be read, or a line is longer than 16 MiB.
pub(crate) fn lines(
    input: BorrowedFd,
    separator: u8,
    add: &mut dyn FnMut(Block) -> Flow,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    let mut handed_on = Instant::now();
    loop {
        if bytes.capacity() - bytes.len() < BLOCK / 4 {
            bytes.reserve(BLOCK);
        }
        let is_ended = match rustix::io::read(input, rustix::buffer::spare_capacity(&mut bytes)) {
            Ok(count) => count == 0,
            Err(rustix::io::Errno::INTR) => continue,
            Err(rustix::io::Errno::AGAIN) => {
                wait(input, None);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        if is_ended {
            add(Block::new(Packed::split(bytes, separator), None));
            return Ok(());
        }
        if bytes.len() < BLOCK {
            let left = EVERY.saturating_sub(handed_on.elapsed());
            if wait(input, Some(left)) {
                continue;
            }
        }
        let Some(last) = memchr::memrchr(separator, &bytes) else {
            if bytes.len() > MAX_LINE {
                return Err(io::Error::other("a line is longer than 16 MiB"));
            }
            continue;
        };
        let mut rest = Vec::with_capacity(BLOCK + BLOCK / 4);
        rest.extend_from_slice(bytes.get(last + 1..).unwrap_or_default());
        bytes.truncate(last + 1);
        let block = std::mem::replace(&mut bytes, rest);
        handed_on = Instant::now();
        if add(Block::new(Packed::split(block, separator), None)) == Flow::Stop {
            return Ok(());
        }
    }
}

/// Waits for input; false after `limit`.
fn wait(input: BorrowedFd, limit: Option<Duration>) -> bool {
    let mut polled = [PollFd::from_borrowed_fd(input, PollFlags::IN)];
    let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
    // An error shows when the input is read.
    !matches!(poll(&mut polled, limit.as_ref()), Ok(0))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::fd::AsFd;

    use super::*;
    use crate::pick::store::Items;

    #[test]
    fn lines_survive_blocks_and_slow_writers() {
        let (reader, mut writer) = io::pipe().unwrap();
        let lines_written: Vec<String> = (0..200_000)
            .map(|n| format!("line {n} {}", "x".repeat(n % 13)))
            .collect();
        let text = lines_written.join("\n");
        let thread = std::thread::spawn(move || {
            let (first, rest) = text.as_bytes().split_at(7);
            writer.write_all(first).unwrap();
            std::thread::sleep(EVERY * 2);
            writer.write_all(rest).unwrap();
        });
        let mut items = Items::new(0);
        lines(reader.as_fd(), b'\n', &mut |block| {
            items.add(block).unwrap();
            Flow::Continue
        })
        .unwrap();
        thread.join().unwrap();
        assert_eq!(items.count() as usize, lines_written.len());
        for (number, line) in (0_u32..).zip(&lines_written) {
            assert_eq!(items.get(number).unwrap().text, line.as_bytes());
        }
    }
}
