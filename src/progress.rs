//! The progress line of a transfer, on stderr if that is a terminal. Forty lines instead of the crate
//! indicatif, which adds three more crates and 110 KiB.

use std::time::{Duration, Instant};

use crate::{escape, output, quantity};

/// The time between two updates.
const EVERY: Duration = Duration::from_millis(100);

/// The progress line. It is not shown if stderr is not a terminal.
pub(crate) struct Progress {
    started: Instant,
    /// Bytes that were transferred before, which do not count for the rate.
    first: u64,
    drawn: Option<Instant>,
}

impl Default for Progress {
    fn default() -> Progress {
        Progress::new()
    }
}

impl Progress {
    pub(crate) fn new() -> Progress {
        Progress {
            started: Instant::now(),
            first: 0,
            drawn: None,
        }
    }

    /// Restarts the line, with `have` bytes transferred before.
    pub(crate) fn begin(&mut self, have: u64) {
        self.clear();
        (self.started, self.first) = (Instant::now(), have);
    }

    /// Draws the line, if it is time for an update: `have` bytes of `whole`.
    pub(crate) fn show(&mut self, name: &str, have: u64, whole: Option<u64>) {
        let last = self.drawn.unwrap_or(self.started);
        if last.elapsed() < EVERY || !output::stderr_is_terminal() {
            return;
        }
        self.drawn = Some(Instant::now());
        let received = have.saturating_sub(self.first);
        output::redraw(&line(name, have, whole, received, self.started.elapsed()));
    }

    /// Draws a text in place of the line.
    pub(crate) fn text(&mut self, text: &str) {
        const MAX_WIDTH: usize = 79;
        if output::stderr_is_terminal() {
            self.drawn = Some(Instant::now());
            let line: String = escape::one_line(text).chars().take(MAX_WIDTH).collect();
            output::redraw(&line);
        }
    }

    /// Removes the line.
    pub(crate) fn clear(&mut self) {
        if self.drawn.take().is_some() {
            output::redraw("");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// `frame.exr  412.3 MiB of 1.0 GiB  40%  512.0 MiB/s  2s left`. The rate is `received` bytes in `time`.
fn line(name: &str, have: u64, whole: Option<u64>, received: u64, time: Duration) -> String {
    const MAX_NAME: usize = 24;
    let size = quantity::format_size;
    let mut line: String = escape::one_line(name).chars().take(MAX_NAME).collect();
    line.push_str(&format!("  {}", size(have)));
    let rate = received as f64 / time.as_secs_f64().max(0.001);
    if let Some(whole) = whole.filter(|whole| *whole > 0) {
        let percent = 100 * u128::from(have) / u128::from(whole);
        line.push_str(&format!(" of {}  {percent}%", size(whole)));
    }
    line.push_str(&format!("  {}/s", size(rate as u64)));
    if let Some(whole) = whole.filter(|_| rate >= 1.0) {
        let left = whole.saturating_sub(have) as f64 / rate;
        let left = Duration::from_secs(left.ceil() as u64);
        line.push_str(&format!("  {} left", quantity::format_duration(left)));
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_has_size_percentage_rate_and_time_left() {
        let second = Duration::from_secs(1);
        for (have, whole, came, expected) in [
            (
                3 << 20,
                Some(4 << 20),
                1 << 20,
                "3.0 MiB of 4.0 MiB  75%  1.0 MiB/s  1s left",
            ),
            (3 << 20, None, 3 << 20, "3.0 MiB  3.0 MiB/s"),
            (0, Some(10), 0, "0 B of 10 B  0%  0 B/s"),
            (0, Some(0), 0, "0 B  0 B/s"),
            (20, Some(10), 20, "20 B of 10 B  200%  20 B/s  0ms left"),
        ] {
            assert_eq!(
                line("x", have, whole, came, second),
                format!("x  {expected}")
            );
        }
        let long = line(
            &"x".repeat(100),
            u64::MAX,
            Some(u64::MAX),
            u64::MAX,
            Duration::ZERO,
        );
        assert!(long.chars().count() < 100 && !long.contains(&"x".repeat(25)));
        assert!(line("a\r\n\x1b[2J", 1, None, 1, second).starts_with("a\\r\\n"));
    }
}
