//! The rate that all workers share: `--rate 50/s`, and the pauses that servers ask for with
//! Retry-After.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The longest pause that a server may ask of all workers.
const MAX_PAUSE: Duration = Duration::from_secs(3600);
const MAX_RATE: u32 = 1_000_000;

/// A number of requests in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    /// The time from one request to the next.
    interval: Duration,
}

impl Rate {
    /// Parses `50/s`, `100/m` or `1000/h`; a number alone is per second.
    ///
    /// # Errors
    /// Describes the syntax.
    pub(crate) fn parse(text: &str) -> Result<Rate, String> {
        let wrong = || format!("'{text}' is not a rate; use 50/s, 100/m or 1000/h");
        let (number, per) = text.split_once('/').unwrap_or((text, "s"));
        let per = match per {
            "s" | "second" => Duration::from_secs(1),
            "m" | "min" | "minute" => Duration::from_secs(60),
            "h" | "hour" => Duration::from_secs(3600),
            _ => return Err(wrong()),
        };
        let number = number.parse::<u32>().map_err(|_| wrong())?;
        if !(1..=MAX_RATE).contains(&number) {
            return Err(wrong());
        }
        Ok(Rate {
            interval: per / number,
        })
    }
}

/// When requests may start. All times are passed in, so that it can be tested.
#[derive(Debug)]
struct Schedule {
    interval: Duration,
    /// When the next request may start, by the rate.
    next: Option<Instant>,
    /// Until when servers want no requests.
    paused_until: Option<Instant>,
}

impl Schedule {
    /// Reserves the next start. Time that was not used is not made up for, which would be a burst;
    /// only a delay shorter than one interval is, so that the rate is reached.
    fn reserve(&mut self, now: Instant) -> Instant {
        let due = match self.next {
            Some(next) if now.saturating_duration_since(next) < self.interval => next,
            Some(_) | None => now,
        };
        self.next = due.checked_add(self.interval);
        due
    }

    /// How long servers still want no requests.
    fn pause_left(&self, now: Instant) -> Option<Duration> {
        let left = self.paused_until?.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    fn pause(&mut self, now: Instant, wait: Duration) {
        let until = now.checked_add(wait.min(MAX_PAUSE));
        self.paused_until = self.paused_until.max(until);
    }
}

/// Lets workers start requests at the shared rate.
#[derive(Debug)]
pub(crate) struct Pace {
    schedule: Mutex<Schedule>,
    is_stopped: Mutex<bool>,
    changed: Condvar,
    /// The number of requests that wait for another attempt.
    retrying: AtomicUsize,
}

impl Default for Pace {
    /// As fast as possible.
    fn default() -> Pace {
        Pace::new(None)
    }
}

/// Whether a worker goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    Start,
    Stopped,
}

impl Pace {
    /// `None` is as fast as possible.
    pub(crate) fn new(rate: Option<Rate>) -> Pace {
        Pace {
            schedule: Mutex::new(Schedule {
                interval: rate.map_or(Duration::ZERO, |rate| rate.interval),
                next: None,
                paused_until: None,
            }),
            is_stopped: Mutex::new(false),
            changed: Condvar::new(),
            retrying: AtomicUsize::new(0),
        }
    }

    /// Waits until the next request may start, or the run is stopped.
    pub(crate) fn wait(&self) -> Turn {
        loop {
            let due = self.with(|schedule| schedule.reserve(Instant::now()));
            if self.sleep(due.saturating_duration_since(Instant::now())) == Turn::Stopped {
                return Turn::Stopped;
            }
            // The reserved start is given up, so that not all start together after the pause.
            let Some(left) = self.with(|schedule| schedule.pause_left(Instant::now())) else {
                return Turn::Start;
            };
            if self.sleep(left) == Turn::Stopped {
                return Turn::Stopped;
            }
        }
    }

    /// Waits for this time, or until the run is stopped.
    pub(crate) fn sleep(&self, wait: Duration) -> Turn {
        let is_stopped = self
            .is_stopped
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .changed
            .wait_timeout_while(is_stopped, wait, |is_stopped| !*is_stopped);
        match *waited.unwrap_or_else(PoisonError::into_inner).0 {
            true => Turn::Stopped,
            false => Turn::Start,
        }
    }

    /// Starts no request of any worker for this time.
    pub(crate) fn pause(&self, wait: Duration) {
        self.with(|schedule| schedule.pause(Instant::now(), wait));
    }

    /// Whether the run was stopped.
    pub(crate) fn is_stopped(&self) -> bool {
        *self
            .is_stopped
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts no more requests, and wakes those who wait.
    pub(crate) fn stop(&self) {
        *self
            .is_stopped
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Counts a request that waits for another attempt.
    pub(super) fn begin_retry(&self) {
        self.retrying.fetch_add(1, Ordering::Relaxed);
    }

    /// Its wait is over.
    pub(super) fn end_retry(&self) {
        self.retrying.fetch_sub(1, Ordering::Relaxed);
    }

    /// The number of requests that wait for another attempt.
    pub(crate) fn retrying(&self) -> usize {
        self.retrying.load(Ordering::Relaxed)
    }

    fn with<T>(&self, look: impl FnOnce(&mut Schedule) -> T) -> T {
        look(&mut self.schedule.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn rates_are_parsed() {
        for (text, milliseconds) in [
            ("50/s", 20),
            ("50", 20),
            ("100/m", 600),
            ("60/minute", 1000),
            ("3600/h", 1000),
        ] {
            let rate = Rate::parse(text).unwrap();
            assert_eq!(rate.interval, Duration::from_millis(milliseconds), "{text}");
        }
        for wrong in [
            "",
            "0/s",
            "-1/s",
            "1.5/s",
            "/s",
            "5/",
            "5/d",
            "9999999999",
            "1/s/s",
        ] {
            assert!(Rate::parse(wrong).is_err(), "{wrong}");
        }
    }

    fn schedule(per_second: u32) -> Schedule {
        Schedule {
            interval: SECOND / per_second,
            next: None,
            paused_until: None,
        }
    }

    #[test]
    fn requests_never_start_faster_than_the_rate() {
        let begin = Instant::now();
        let mut schedule = schedule(50);
        let mut state = 47_u32;
        let mut starts = Vec::new();
        let mut now = begin;
        // Workers that come at random times, sometimes after a long time.
        for _ in 0..5_000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let step = match state >> 24 {
                0 => 5000,
                other => u64::from(other) % 40,
            };
            now += Duration::from_millis(step);
            starts.push(schedule.reserve(now).max(now).duration_since(begin));
        }
        for (number, start) in starts.iter().enumerate() {
            let within = starts.iter().skip(number);
            let count = within.take_while(|other| **other < *start + SECOND).count();
            assert!(count <= 51, "{count} in the second after {start:?}");
        }
    }

    #[test]
    fn the_rate_is_reached_although_workers_come_late() {
        let begin = Instant::now();
        let mut schedule = schedule(50);
        let mut now = begin;
        let mut count = 0;
        while now < begin + 10 * SECOND {
            count += 1;
            // Each one comes 3 ms after it could start.
            now = schedule.reserve(now).max(now) + Duration::from_millis(3);
        }
        assert!((495..=501).contains(&count), "{count}");
    }

    #[test]
    fn a_pause_holds_for_everyone_and_is_never_shortened() {
        let begin = Instant::now();
        let mut schedule = schedule(1000);
        assert_eq!(schedule.pause_left(begin), None);
        schedule.pause(begin, 5 * SECOND);
        schedule.pause(begin, SECOND);
        assert_eq!(schedule.pause_left(begin + SECOND), Some(4 * SECOND));
        assert_eq!(schedule.pause_left(begin + 5 * SECOND), None);
        schedule.pause(begin, Duration::MAX);
        assert_eq!(schedule.pause_left(begin), Some(MAX_PAUSE));
    }

    #[test]
    fn without_a_rate_nothing_waits() {
        let pace = Pace::new(None);
        for _ in 0..1000 {
            assert_eq!(pace.wait(), Turn::Start);
        }
    }

    #[test]
    fn a_stop_wakes_those_who_wait() {
        let pace = Pace::new(Some(Rate::parse("1/h").unwrap()));
        assert_eq!(pace.wait(), Turn::Start);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| pace.wait());
            pace.stop();
            assert_eq!(waiting.join().unwrap(), Turn::Stopped);
        });
    }
}
