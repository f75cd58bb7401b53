//! The terminal of this process, /dev/tty: raw mode, events, and an area that is drawn.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::{Position, Rect};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::fs::OFlags;
use rustix::termios::tcgetwinsize;

use super::decode::Decoder;
use super::event::{Event, Input};
use super::screen;
use crate::interrupt::screen::{News, RawMode};

/// The device.
const DEVICE: &str = "/dev/tty";
/// How long an escape character may be the beginning of a sequence. ssh can split sequences.
const ESCAPE_TIME: Duration = Duration::from_millis(50);
/// How long the end waits for the position of the cursor, which would else be typed into the shell.
const CURSOR_TIME: Duration = Duration::from_millis(200);
/// How long the end waits for a terminal that takes no output.
const STALLED_TIME: Duration = Duration::from_secs(1);
/// The size of a terminal that does not know it.
const DEFAULT_SIZE: (u16, u16) = (80, 24);

/// Bracketed paste, and the mouse with SGR coordinates.
const START: &str = "\x1b[?2004h\x1b[?1000h\x1b[?1006h";
/// The alternate screen.
const START_FULL: &str = "\x1b[?1049h\x1b[2J\x1b[H";
const ASK_CURSOR: &str = "\x1b[6n";
/// A CAN ends a sequence that is not complete. Then: colours, mouse, paste, line breaks, cursor.
macro_rules! reset {
    ($last:literal) => {
        concat!(
            "\x18\x1b[0m\x1b[?1006l\x1b[?1000l\x1b[?2004l\x1b[?7h\x1b[?2026l",
            $last,
            "\x1b[?25h"
        )
        .as_bytes()
    };
}
/// The cursor is in the first row of the area, which is erased.
const RESET_INLINE: &[u8] = reset!("\r\x1b[J");
const RESET_FULL: &[u8] = reset!("\x1b[?1049l");

/// The area that is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    /// The whole terminal. What it showed before comes back at the end.
    Full,
    /// Rows from the row of the cursor on. The cursor must be drawn in the first row.
    Inline(Height),
}

/// The height of an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Height {
    Rows(u16),
    Percent(u16),
}

impl Height {
    /// The number of rows on a terminal: at least 1, at most all.
    fn rows(self, terminal: u16) -> u16 {
        let rows = match self {
            Height::Rows(rows) => rows,
            Height::Percent(percent) => {
                let rows = u32::from(terminal) * u32::from(percent) / 100;
                u16::try_from(rows).unwrap_or(u16::MAX)
            }
        };
        rows.clamp(1, terminal.max(1))
    }
}

/// Wakes the loop of a terminal from another thread.
#[derive(Clone, Debug)]
pub(crate) struct Waker(Arc<OwnedFd>);

impl Waker {
    /// The loop gets [`Event::Woken`]. Several calls before that are one event.
    pub(crate) fn wake(&self) {
        // It fails only if 2^64 calls were not seen.
        let _ = rustix::io::write(&self.0, &1_u64.to_ne_bytes());
    }
}

/// The position of the area on the terminal, for the mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Known(u16),
    Asked,
}

/// A terminal that is drawn on. It is restored when this is dropped, and by signals and panics.
pub(crate) struct Terminal {
    // Dropped first: it writes to the device.
    raw: RawMode,
    device: File,
    waker: Waker,
    area: Area,
    decoder: Decoder,
    inputs: VecDeque<Input>,
    /// What the terminal shows.
    shown: Buffer,
    cursor: Position,
    origin: Origin,
    is_woken: bool,
}

impl Terminal {
    /// Opens the terminal of this process.
    ///
    /// # Errors
    /// When it has none, as in cron jobs.
    pub(crate) fn open(area: Area) -> io::Result<Terminal> {
        let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
        let device = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(i32::try_from(flags.bits()).unwrap_or(0))
            .open(DEVICE)?;
        let waker = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        let reset = match area {
            Area::Full => RESET_FULL,
            Area::Inline(_) => RESET_INLINE,
        };
        let mut terminal = Terminal {
            raw: RawMode::new(device.as_fd(), waker.as_fd(), reset)?,
            device,
            waker: Waker(Arc::new(waker)),
            area,
            decoder: Decoder::default(),
            inputs: VecDeque::new(),
            shown: Buffer::empty(Rect::ZERO),
            cursor: Position::ORIGIN,
            origin: Origin::Known(0),
            is_woken: false,
        };
        terminal.start()?;
        Ok(terminal)
    }

    /// For other threads.
    pub(crate) fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// The size of the area.
    pub(crate) fn size(&self) -> Rect {
        *self.shown.area()
    }

    /// Makes room for the area, with nothing on it.
    fn start(&mut self) -> io::Result<()> {
        let (columns, rows) = tcgetwinsize(&self.device)
            .map(|size| (size.ws_col, size.ws_row))
            .ok()
            .filter(|(columns, rows)| *columns > 0 && *rows > 0)
            .unwrap_or(DEFAULT_SIZE);
        let (text, rows) = match self.area {
            Area::Full => (format!("{START}{START_FULL}"), rows),
            Area::Inline(height) => {
                let rows = height.rows(rows);
                let further = rows - 1;
                let feeds = "\n".repeat(further.into());
                let up = match further {
                    0 => String::new(),
                    _ => format!("\x1b[{further}A"),
                };
                self.origin = Origin::Asked;
                (format!("{START}\r\x1b[J{feeds}{up}{ASK_CURSOR}"), rows)
            }
        };
        self.shown = Buffer::empty(Rect::new(0, 0, columns, rows));
        self.cursor = Position::ORIGIN;
        self.write(text.as_bytes())
    }

    /// Draws the area: `paint` gets an empty buffer and returns the position of the cursor.
    ///
    /// # Errors
    /// When the terminal is closed.
    pub(crate) fn draw(
        &mut self,
        paint: &mut dyn FnMut(&mut Buffer) -> Position,
    ) -> io::Result<()> {
        let mut next = Buffer::empty(*self.shown.area());
        let to = paint(&mut next);
        let to = Position::new(
            to.x.min(next.area().width.saturating_sub(1)),
            to.y.min(next.area().height.saturating_sub(1)),
        );
        let frame = screen::frame(&self.shown, &next, self.cursor, to);
        self.write(frame.as_bytes())?;
        (self.shown, self.cursor) = (next, to);
        Ok(())
    }

    /// Waits for an event, at most until `until`; `None` is that time.
    ///
    /// # Errors
    /// When the terminal is closed.
    pub(crate) fn event(&mut self, until: Option<Instant>) -> io::Result<Option<Event>> {
        loop {
            match self.raw.news() {
                News::None => {}
                News::Stop => return self.stop().map(Some),
                News::Redraw => {
                    self.raw.enter()?;
                    self.start()?;
                    return Ok(Some(Event::Redraw));
                }
            }
            while let Some(input) = self.inputs.pop_front() {
                if let Some(event) = self.event_of(input) {
                    return Ok(Some(event));
                }
            }
            if std::mem::take(&mut self.is_woken) {
                return Ok(Some(Event::Woken));
            }
            if !self.wait(until)? {
                return Ok(None);
            }
        }
    }

    /// Stops the process as Ctrl-Z does in a shell, and draws nothing until it is continued.
    ///
    /// # Errors
    /// When the terminal is closed in the meantime.
    pub(crate) fn stop(&mut self) -> io::Result<Event> {
        self.settle();
        self.raw.stop();
        self.raw.enter()?;
        self.start()?;
        Ok(Event::Redraw)
    }

    /// The event of an input in the area.
    fn event_of(&mut self, input: Input) -> Option<Event> {
        match input {
            Input::Key(key) => Some(Event::Key(key)),
            Input::Paste(text) => Some(Event::Paste(text)),
            Input::Wheel(wheel) => Some(Event::Wheel(wheel)),
            Input::CursorAt { row, .. } => {
                if self.origin == Origin::Asked {
                    self.origin = Origin::Known(row.saturating_sub(self.cursor.y));
                }
                None
            }
            Input::Click { column, row } => match self.origin {
                Origin::Known(first) => {
                    let row = row.checked_sub(first)?;
                    let is_inside = row < self.shown.area().height;
                    is_inside.then_some(Event::Click { column, row })
                }
                Origin::Asked => None,
            },
        }
    }

    /// Waits for input or a waker; false at `until`.
    fn wait(&mut self, until: Option<Instant>) -> io::Result<bool> {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        let time = match self.decoder.has_escape() {
            true => Some(left.map_or(ESCAPE_TIME, |left| left.min(ESCAPE_TIME))),
            false => left,
        };
        let time = time.and_then(|time| Timespec::try_from(time).ok());
        let mut polled = [
            PollFd::new(&self.device, PollFlags::IN),
            PollFd::new(&self.waker.0, PollFlags::IN),
        ];
        match poll(&mut polled, time.as_ref()) {
            Ok(0) if self.decoder.has_escape() => {
                let mut inputs = Vec::new();
                self.decoder.flush(&mut inputs);
                self.inputs.extend(inputs);
                return Ok(true);
            }
            Ok(0) => return Ok(false),
            Err(rustix::io::Errno::INTR) => return Ok(true),
            Err(error) => return Err(error.into()),
            Ok(_) => {}
        }
        let [device, waker] = polled.map(|polled| !polled.revents().is_empty());
        if waker {
            let _ = rustix::io::read(&self.waker.0, &mut [0; 8]);
            self.is_woken = true;
        }
        if device {
            self.read()?;
        }
        Ok(true)
    }

    fn read(&mut self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        match self.device.read(&mut buffer) {
            Ok(0) => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "it was closed",
            )),
            Ok(count) => {
                let mut inputs = Vec::new();
                self.decoder
                    .feed(buffer.get(..count).unwrap_or_default(), &mut inputs);
                self.inputs.extend(inputs);
                Ok(())
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(()),
                _ => Err(error),
            },
        }
    }

    /// Waits for the position of the cursor, if it was asked for, so that it is not typed into the shell.
    fn settle(&mut self) {
        let until = Instant::now() + CURSOR_TIME;
        while self.origin == Origin::Asked && matches!(self.wait(Some(until)), Ok(true)) {
            while let Some(input) = self.inputs.pop_front() {
                self.event_of(input);
            }
        }
    }

    /// Writes all bytes. A terminal that is stalled is waited for.
    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.device.write(bytes) {
                Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let mut polled = [PollFd::new(&self.device, PollFlags::OUT)];
                    match poll(&mut polled, None) {
                        Ok(_) | Err(rustix::io::Errno::INTR) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.settle();
        // What restores the terminal is written without waiting.
        let mut polled = [PollFd::new(&self.device, PollFlags::OUT)];
        let _ = poll(&mut polled, Timespec::try_from(STALLED_TIME).ok().as_ref());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn height_is_within_the_terminal() {
        assert_eq!(Height::Percent(40).rows(24), 9);
        assert_eq!(Height::Percent(1).rows(24), 1);
        assert_eq!(Height::Rows(50).rows(24), 24);
        assert_eq!(Height::Rows(0).rows(0), 1);
    }
}
