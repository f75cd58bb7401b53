//! The frames of a range, in order, each once.

use std::collections::BTreeSet;

use super::error::{MOST_FRAMES, RangeError};
use super::part::{Order, Part, UNIT};
use crate::seq::frame::Frame;

/// Limit for the work: visited frames, with repeats, times what a visit costs.
const MOST_WORK: u64 = 100_000_000;
/// Limit for the bits of a set of frames: 64 MiB.
const MOST_BITS: u64 = 1 << 29;
/// Limit for the runs in each of which a frame is looked up.
const MOST_RUNS: usize = 16;

/// The frames of all parts. A frame that comes again is left out. `origin` is the frame from which
/// steps are counted, in millionths; without one they are counted from the first frame of each part.
///
/// # Errors
/// When there are too many; before memory is used for them.
pub(super) fn frames(parts: &[Part], origin: Option<i64>) -> Result<Vec<Frame>, RangeError> {
    let mut frames = Frames {
        list: Vec::new(),
        seen: Seen::new(parts, origin),
        work: 0,
    };
    for part in parts {
        frames.add(part, origin)?;
    }
    Ok(frames.list)
}

/// Equidistant frames, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    first: i64,
    /// Negative if they descend.
    step: i64,
    count: u64,
}

impl Run {
    /// Every `step` between the ends of a part, counted from `origin` or the first frame.
    fn new(part: &Part, step: i64, origin: Option<i64>) -> Run {
        let ahead = if part.first <= part.last { 1 } else { -1 };
        // A frame, or a range without a step, has no step to be counted.
        let origin = origin.filter(|_| part.step != UNIT);
        let skip = origin.map_or(0, |origin| ((origin - part.first) * ahead).rem_euclid(step));
        let rest = (part.last - part.first).unsigned_abs();
        let count = rest.checked_sub(skip.unsigned_abs());
        Run {
            first: part.first + skip * ahead,
            step: step * ahead,
            count: count.map_or(0, |rest| rest / step.unsigned_abs() + 1),
        }
    }

    fn has(&self, frame: i64) -> bool {
        let ahead = match self.step < 0 {
            true => self.first - frame,
            false => frame - self.first,
        };
        let step = self.step.unsigned_abs();
        u64::try_from(ahead).is_ok_and(|ahead| ahead % step == 0 && ahead / step < self.count)
    }
}

/// Whether each part is one run.
fn are_steps(parts: &[Part]) -> bool {
    parts.iter().all(|part| part.order == Order::Step)
}

struct Frames {
    list: Vec<Frame>,
    seen: Seen,
    work: u64,
}

impl Frames {
    fn add(&mut self, part: &Part, origin: Option<i64>) -> Result<(), RangeError> {
        match part.order {
            Order::Step => {
                let run = Run::new(part, part.step, origin);
                self.reserve(run.count)?;
                self.run(run, |_| true)
            }
            Order::Fill => {
                let run = Run::new(part, UNIT, None);
                check_count(run.count)?;
                let base = origin.unwrap_or(part.first);
                self.run(run, |frame| (frame - base) % part.step != 0)
            }
            Order::Stagger => {
                check_count(Run::new(part, UNIT, origin).count)?;
                // A step beyond the range has only the first frame.
                let most = (part.last - part.first).saturating_abs() / UNIT + 1;
                let steps = match origin {
                    None => most.min(part.step / UNIT),
                    Some(_) => part.step / UNIT,
                };
                for step in (1..=steps).rev() {
                    self.run(Run::new(part, step * UNIT, origin), |_| true)?;
                }
                Ok(())
            }
        }
    }

    /// Makes room for a run of which all frames may be new.
    fn reserve(&mut self, count: u64) -> Result<(), RangeError> {
        check_count(count.saturating_add(self.list.len() as u64))?;
        self.list.reserve(usize::try_from(count).unwrap_or(0));
        Ok(())
    }

    fn run(&mut self, run: Run, is_wanted: impl Fn(i64) -> bool) -> Result<(), RangeError> {
        self.work += (run.count + 1) * self.seen.cost();
        if self.work > MOST_WORK {
            return Err(RangeError::TooManyRepeats);
        }
        let mut frame = run.first;
        for _ in 0..run.count {
            if is_wanted(frame) && self.seen.insert(frame) {
                if self.list.len() == MOST_FRAMES {
                    return Err(RangeError::TooManyFrames);
                }
                self.list.extend(Frame::from_millionths(frame));
            }
            frame += run.step;
        }
        if let Seen::Runs(runs) = &mut self.seen {
            runs.push(run);
        }
        Ok(())
    }
}

fn check_count(count: u64) -> Result<(), RangeError> {
    match usize::try_from(count) {
        Ok(count) if count <= MOST_FRAMES => Ok(()),
        _ => Err(RangeError::TooManyFrames),
    }
}

/// The frames so far.
enum Seen {
    /// Frames cannot repeat.
    Distinct,
    /// A bit for each multiple of `unit` from `least`.
    Bits {
        least: i64,
        unit: i64,
        bits: Vec<u64>,
    },
    /// Few runs, which have all their frames.
    Runs(Vec<Run>),
    Set(BTreeSet<i64>),
}

impl Seen {
    fn new(parts: &[Part], origin: Option<i64>) -> Seen {
        if matches!(
            parts,
            [] | [Part {
                order: Order::Step | Order::Fill,
                ..
            }]
        ) {
            return Seen::Distinct;
        }
        let ends = || parts.iter().flat_map(|part| [part.first, part.last]);
        let (least, most) = (ends().min().unwrap_or(0), ends().max().unwrap_or(0));
        let unit = parts.iter().fold(0, |unit, part| {
            let step = match part.order {
                Order::Step if part.first == part.last => 0,
                Order::Step => part.step,
                Order::Stagger | Order::Fill => UNIT,
            };
            let offset = origin.map_or(0, |origin| origin - part.first);
            let unit = greatest_divisor(unit, step);
            greatest_divisor(greatest_divisor(unit, part.first - least), offset)
        });
        let unit = unit.max(1);
        let count = (most - least).unsigned_abs() / unit.unsigned_abs() + 1;
        match usize::try_from(count.div_ceil(64)) {
            Ok(words) if count <= MOST_BITS => Seen::Bits {
                least,
                unit,
                bits: vec![0; words],
            },
            _ if parts.len() <= MOST_RUNS && are_steps(parts) => Seen::Runs(Vec::new()),
            _ => Seen::Set(BTreeSet::new()),
        }
    }

    /// How much longer a visit takes than with bits.
    fn cost(&self) -> u64 {
        match self {
            Seen::Distinct | Seen::Bits { .. } => 1,
            Seen::Runs(_) | Seen::Set(_) => 5,
        }
    }

    /// Whether the frame is new.
    fn insert(&mut self, frame: i64) -> bool {
        match self {
            Seen::Distinct => true,
            Seen::Bits { least, unit, bits } => {
                let at = (frame - *least).unsigned_abs() / unit.unsigned_abs();
                let word = usize::try_from(at / 64)
                    .ok()
                    .and_then(|at| bits.get_mut(at));
                let bit = 1 << (at % 64);
                word.is_some_and(|word| {
                    let is_new = *word & bit == 0;
                    *word |= bit;
                    is_new
                })
            }
            Seen::Runs(runs) => !runs.iter().any(|run| run.has(frame)),
            Seen::Set(set) => set.insert(frame),
        }
    }
}

fn greatest_divisor(one: i64, other: i64) -> i64 {
    let (mut one, mut other) = (one.saturating_abs(), other.saturating_abs());
    while other != 0 {
        (one, other) = (other, one % other);
    }
    one
}
