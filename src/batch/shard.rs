//! `--shard I/N`: the part of the input for one of N machines. Every machine decides by a stable hash
//! and needs no message from another.

use crate::crypto;

/// More machines than any farm has.
const MAX_SHARDS: u64 = 1_000_000;

/// One of `count` parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shard {
    /// From 1.
    index: u64,
    count: u64,
}

impl Shard {
    fn new(index: u64, count: u64) -> Option<Shard> {
        let is_valid = (1..=MAX_SHARDS).contains(&count) && (1..=count).contains(&index);
        is_valid.then_some(Shard { index, count })
    }

    /// The number of shards.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// Parses `3/8`.
    ///
    /// # Errors
    /// Describes the syntax.
    pub(crate) fn parse(text: &str) -> Result<Shard, String> {
        let number = |text: &str| text.parse::<u64>().ok().filter(|_| !text.starts_with('+'));
        text.split_once('/')
            .and_then(|(index, count)| Shard::new(number(index)?, number(count)?))
            .ok_or_else(|| format!("'{text}' is not a shard; use I/N with I from 1 to N, or auto"))
    }

    /// The shard of this task of a farm: a Slurm array, or a frame of an OpenCue layer. `variable`
    /// reads the environment.
    ///
    /// # Errors
    /// When this is no such task, or its variables contradict each other.
    pub(crate) fn of_task(variable: &dyn Fn(&str) -> Option<String>) -> Result<Shard, String> {
        let is_slurm = variable("SLURM_ARRAY_TASK_ID").is_some();
        let is_opencue = variable("CUE_RANGE").is_some();
        match (is_slurm, is_opencue) {
            (true, _) => slurm(variable),
            (false, true) => opencue(variable),
            (false, false) => Err(
                "--shard auto finds no task of a farm: neither SLURM_ARRAY_TASK_ID nor CUE_RANGE is set"
                    .into(),
            ),
        }
    }

    /// Whether this shard does the request with this id. The hash is the same on every machine and
    /// in every version.
    pub(crate) fn takes(self, id: &str) -> bool {
        let hash = crypto::sha256(id.as_bytes());
        let first = hash.first_chunk::<8>().copied().unwrap_or_default();
        u64::from_be_bytes(first) % self.count == self.index - 1
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

/// A whole array from 0 or 1, in steps of 1. Slurm describes only the tasks of this submission: a shard
/// that is submitted again alone would take itself for the whole array, and send everything again.
fn slurm(variable: &dyn Fn(&str) -> Option<String>) -> Result<Shard, String> {
    let number = |name: &str| {
        let text = variable(name).ok_or_else(|| format!("{name} is not set"))?;
        let number = text.trim().parse::<u64>();
        number.map_err(|_| format!("{name}={text} is not a number"))
    };
    let id = number("SLURM_ARRAY_TASK_ID")?;
    let first = number("SLURM_ARRAY_TASK_MIN")?;
    let last = number("SLURM_ARRAY_TASK_MAX")?;
    let count = number("SLURM_ARRAY_TASK_COUNT")?;
    let is_whole = first <= 1 && count > 1 && last.checked_sub(first) == count.checked_sub(1);
    Some(())
        .filter(|()| is_whole)
        .and_then(|()| Shard::new(id.checked_sub(first)?.checked_add(1)?, count))
        .ok_or_else(|| {
            format!(
                "--shard auto needs a whole Slurm array from 0 or 1, in steps of 1: this is task {id} of \
                 {count}, from {first} to {last}. Use --shard I/N, or requeue the task of the whole array"
            )
        })
}

/// A frame of the range of a layer, which is divided into chunks.
fn opencue(variable: &dyn Fn(&str) -> Option<String>) -> Result<Shard, String> {
    let range = variable("CUE_RANGE").unwrap_or_default();
    let frames =
        frames(&range).ok_or_else(|| format!("CUE_RANGE={range} is not a range of frames"))?;
    // CUE_FRAME is `0012-layer`.
    let frame = match (variable("CUE_IFRAME"), variable("CUE_FRAME")) {
        (Some(frame), _) => frame,
        (None, Some(frame)) => match frame.split_once('-') {
            Some((number, _)) => number.to_owned(),
            None => frame,
        },
        (None, None) => return Err("neither CUE_IFRAME nor CUE_FRAME is set".into()),
    };
    let number = frame.trim().parse::<i64>();
    let number = number.map_err(|_| format!("the frame '{frame}' is not a number"))?;
    let chunk = match variable("CUE_CHUNK").map(|text| text.trim().parse::<usize>()) {
        None => 1,
        Some(Ok(chunk @ 1..)) => chunk,
        Some(Ok(0) | Err(_)) => return Err("CUE_CHUNK is not a number of frames".into()),
    };
    let position = frames.iter().position(|&known| known == number);
    let position = position.ok_or_else(|| format!("frame {number} is not in CUE_RANGE={range}"))?;
    let tasks = frames.len().div_ceil(chunk);
    Shard::new((position / chunk + 1) as u64, tasks as u64)
        .ok_or_else(|| format!("CUE_RANGE={range} has too many frames"))
}

/// The frames of `1-10`, `1-9x2`, `10-1x-1` or `1,4-6`, without repetitions.
fn frames(range: &str) -> Option<Vec<i64>> {
    let mut frames = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for part in range.split(',') {
        let part = part.trim();
        let (span, step) = match part.split_once('x') {
            Some((span, step)) => (span, step.parse::<i64>().ok()?),
            None => (part, 0),
        };
        // The first character may be the sign of the first frame.
        let dash = span.char_indices().skip(1).find(|(_, c)| *c == '-');
        let (first, last) = match dash {
            Some((at, _)) => (span.get(..at)?, span.get(at + 1..)?),
            None => (span, span),
        };
        let (first, last) = (first.parse::<i64>().ok()?, last.parse::<i64>().ok()?);
        let step = match step {
            0 if first <= last => 1,
            0 => -1,
            step => step,
        };
        let is_inverse = (last.checked_sub(first)?).signum() * step.signum() < 0;
        if is_inverse || part.ends_with("x0") {
            return None;
        }
        let mut frame = first;
        while (step > 0 && frame <= last) || (step < 0 && frame >= last) {
            if seen.insert(frame) {
                frames.push(frame);
            }
            if frames.len() as u64 > MAX_SHARDS {
                return None;
            }
            frame = frame.checked_add(step)?;
        }
    }
    Some(frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_task(variables: &[(&str, &str)]) -> Result<String, String> {
        let read = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Shard::of_task(&read).map(|shard| shard.to_string())
    }

    #[test]
    fn shards_are_parsed() {
        assert_eq!(Shard::parse("3/8").unwrap().to_string(), "3/8");
        for wrong in [
            "",
            "3",
            "0/8",
            "9/8",
            "1/0",
            "-1/8",
            "+1/8",
            "1/8/2",
            "1/x",
            "1/9999999",
        ] {
            assert!(Shard::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_request_belongs_to_exactly_one_shard() {
        for count in [1, 2, 3, 7, 64] {
            let mut sizes = vec![0; count];
            for id in 0..2000 {
                let id = format!("shot-{id}");
                let takers: Vec<usize> = (1..=count)
                    .filter(|index| {
                        Shard::parse(&format!("{index}/{count}"))
                            .unwrap()
                            .takes(&id)
                    })
                    .collect();
                assert_eq!(takers.len(), 1, "{id} {count}");
                sizes[takers[0] - 1] += 1;
            }
            let fair = 2000 / count;
            assert!(sizes.iter().all(|size| size * 3 > fair), "{sizes:?}");
        }
        // The hash may never change: a run may go on with another version.
        let taken = |id| Shard::parse("2/4").unwrap().takes(id);
        assert_eq!(
            ["a", "b", "c", "d", ""].map(taken),
            [false, false, false, true, false]
        );
    }

    #[test]
    fn slurm_tasks_are_shards() {
        let slurm = |id, min, max, count| {
            of_task(&[
                ("SLURM_ARRAY_TASK_ID", id),
                ("SLURM_ARRAY_TASK_MIN", min),
                ("SLURM_ARRAY_TASK_MAX", max),
                ("SLURM_ARRAY_TASK_COUNT", count),
            ])
        };
        assert_eq!(slurm("0", "0", "9", "10"), Ok("1/10".into()));
        assert_eq!(slurm("10", "1", "10", "10"), Ok("10/10".into()));
        for (id, min, max, count) in [
            ("3", "3", "3", "1"),          // --array=3: a shard that is submitted again
            ("1", "1", "1", "1"),          // --array=1
            ("2", "2", "3", "2"),          // --array=2-3
            ("1", "1", "4", "3"),          // --array=1,2,4
            ("1005", "1001", "1009", "3"), // --array=1001-1009:4
            ("9", "1", "4", "4"),
            ("0", "1", "4", "4"),
        ] {
            let why = slurm(id, min, max, count).unwrap_err();
            assert!(why.contains("needs a whole Slurm array"), "{why}");
        }
        assert!(
            slurm("x", "1", "3", "3")
                .unwrap_err()
                .contains("SLURM_ARRAY_TASK_ID=x")
        );
        let alone = of_task(&[("SLURM_ARRAY_TASK_ID", "1")]);
        assert!(
            alone
                .unwrap_err()
                .contains("SLURM_ARRAY_TASK_MIN is not set")
        );
        assert!(of_task(&[]).unwrap_err().contains("no task of a farm"));
    }

    #[test]
    fn opencue_frames_are_shards() {
        let cue = |range, frame, chunk| {
            of_task(&[
                ("CUE_RANGE", range),
                ("CUE_IFRAME", frame),
                ("CUE_CHUNK", chunk),
            ])
        };
        assert_eq!(cue("1001-1010", "1003", "1"), Ok("3/10".into()));
        assert_eq!(cue("1-9x4", "5", "1"), Ok("2/3".into()));
        assert_eq!(cue("10-1", "9", "1"), Ok("2/10".into()));
        assert_eq!(cue("1,5,7-8", "7", "1"), Ok("3/4".into()));
        assert_eq!(cue("-2-2", "-1", "1"), Ok("2/5".into()));
        assert_eq!(cue("1-10", "5", "4"), Ok("2/3".into()));
        let by_name = of_task(&[("CUE_RANGE", "1-3"), ("CUE_FRAME", "0002-sim_layer")]);
        assert_eq!(by_name, Ok("2/3".into()));
        for (range, frame, chunk) in [
            ("1-3", "4", "1"),
            ("", "1", "1"),
            ("a-b", "1", "1"),
            ("1-3", "1", "0"),
            ("1-3x0", "1", "1"),
            ("1-3x-1", "1", "1"),
            ("1-99999999999", "1", "1"),
            ("1-9223372036854775807x9223372036854775807", "2", "1"),
        ] {
            assert!(cue(range, frame, chunk).is_err(), "{range} {frame} {chunk}");
        }
    }
}
