//! What a run has done so far: numbers, and the distribution of the times.

use std::time::Duration;

use super::finished::Finished;
use super::journal::State;
use crate::exit::Exit;

/// Steps of a doubling: a percentile is at most a sixteenth too high.
const STEPS: usize = 16;
/// Microseconds up to about an hour.
const DOUBLINGS: usize = 32;

/// The number of requests for each outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub done: u64,
    pub failed: u64,
    /// Sent, and perhaps processed: the response did not come, or came from a gateway.
    pub unknown: u64,
    /// Done in an earlier run.
    pub skipped: u64,
    /// Lines that are not requests.
    pub invalid: u64,
    /// All requests that were sent, with retries.
    pub attempts: u64,
    pub times: Times,
    pub(crate) worst: Option<Exit>,
}

impl Tally {
    /// The exit code of the run: that of the worst request.
    pub(crate) fn exit(&self) -> Exit {
        self.worst.unwrap_or(Exit::Done)
    }

    /// Counts an exit code; the highest is the worst.
    pub(super) fn worsen(&mut self, exit: Exit) {
        if exit.code() > self.exit().code() {
            self.worst = Some(exit);
        }
    }

    /// Counts a request that a worker has finished.
    pub(super) fn count(&mut self, finished: &Finished) {
        self.attempts += u64::from(finished.attempts);
        let number = match finished.outcome.state() {
            Some(State::Done) => &mut self.done,
            Some(State::Failed) => &mut self.failed,
            Some(State::Unknown) => &mut self.unknown,
            Some(State::New) | None => return,
        };
        *number += 1;
        self.times.add(finished.time);
        self.worsen(finished.exit());
    }
}

/// A histogram of durations, in fixed memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    buckets: Vec<u64>,
    count: u64,
    longest: Duration,
}

impl Default for Times {
    fn default() -> Times {
        Times {
            buckets: vec![0; STEPS * DOUBLINGS],
            count: 0,
            longest: Duration::ZERO,
        }
    }
}

impl Times {
    pub(crate) fn add(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let last = self.buckets.len() - 1;
        if let Some(bucket) = self.buckets.get_mut(bucket_of(micros).min(last)) {
            *bucket += 1;
        }
        self.count += 1;
        self.longest = self.longest.max(time);
    }

    /// The time within which this share of the requests ended; `None` without a request.
    pub(crate) fn percentile(&self, percent: u64) -> Option<Duration> {
        if self.count == 0 {
            return None;
        }
        let wanted = (self.count * percent).div_ceil(100).max(1);
        let mut seen = 0;
        for (number, count) in self.buckets.iter().enumerate() {
            seen += count;
            // The last bucket has no end.
            if seen >= wanted && number + 1 < self.buckets.len() {
                return Some(Duration::from_micros(end_of(number)).min(self.longest));
            }
        }
        Some(self.longest)
    }
}

/// Below 2 × STEPS each number has its own bucket; above, each doubling has STEPS.
fn bucket_of(micros: u64) -> usize {
    let steps = STEPS as u64;
    let Some(doubling) = (micros / steps).checked_ilog2() else {
        return usize::try_from(micros).unwrap_or(0);
    };
    let step = (micros >> doubling) - steps;
    (doubling as usize + 1) * STEPS + usize::try_from(step).unwrap_or(0)
}

/// The largest number in a bucket.
fn end_of(bucket: usize) -> u64 {
    let (doubling, step) = (bucket / STEPS, (bucket % STEPS) as u64);
    match doubling {
        0 => step,
        _ => ((STEPS as u64 + step + 1) << (doubling - 1)) - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_in_the_bucket_that_ends_after_it() {
        let powers = (0..40).flat_map(|n| [(1 << n) - 1, 1 << n]);
        for micros in (0..5000).chain(powers) {
            let bucket = bucket_of(micros);
            assert!(end_of(bucket) >= micros, "{micros}");
            assert!(bucket == 0 || end_of(bucket - 1) < micros, "{micros}");
            assert!(end_of(bucket) - micros <= micros / 16 + 1, "{micros}");
        }
    }

    #[test]
    fn percentiles() {
        let mut times = Times::default();
        assert_eq!(times.percentile(50), None);
        for ms in 1..=1000 {
            times.add(Duration::from_millis(ms));
        }
        for (percent, ms) in [(50, 500), (90, 900), (99, 990), (100, 1000)] {
            let found = times.percentile(percent).unwrap().as_secs_f64() * 1000.0;
            let exact = f64::from(ms);
            assert!(
                (exact..=exact * 1.07).contains(&found),
                "{percent}: {found}"
            );
        }
        times.add(Duration::from_secs(10_000_000));
        assert_eq!(times.percentile(100), Some(Duration::from_secs(10_000_000)));
    }
}
