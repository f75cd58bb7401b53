//! The summary of a run: on stderr, and as JSON with `--summary FILE`.

use std::fmt;
use std::time::Duration;

use nanoserde::SerJson;

use super::tally::Tally;
use crate::outline::{Field, JsonOutput, Shape};
use crate::quantity::{count, format_duration};

/// The fields of the summary.
pub(crate) const JSON: JsonOutput = JsonOutput {
    when: "In the file of --summary",
    shape: Shape::Object,
    fields: &[
        Field::number("done", "requests with a 2xx response"),
        Field::number("failed", "requests with another response, or not processed"),
        Field::number("unknown", "requests that may have been processed"),
        Field::number("skipped", "requests that an earlier run has done"),
        Field::number("invalid", "lines that are not requests"),
        Field::number("attempts", "requests that were sent, with retries"),
        Field::number("seconds", "time of the run"),
        Field::number("per_second", "requests per second"),
        Field::object(
            "ms",
            "milliseconds of a request, with retries, without waits for the rate",
        ),
        Field::number("ms.p50", "half of the requests").or_null(),
        Field::number("ms.p90", "90 %").or_null(),
        Field::number("ms.p99", "99 %").or_null(),
        Field::number("ms.max", "the longest").or_null(),
        Field::number("exit", "exit code"),
    ],
};

/// What a run has done.
#[derive(SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Summary {
    done: u64,
    failed: u64,
    unknown: u64,
    skipped: u64,
    invalid: u64,
    attempts: u64,
    seconds: f64,
    per_second: f64,
    ms: Percentiles,
    exit: u8,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Percentiles {
    p50: Option<f64>,
    p90: Option<f64>,
    p99: Option<f64>,
    max: Option<f64>,
}

impl Summary {
    pub(crate) fn new(tally: &Tally, time: Duration) -> Summary {
        let thousandths = |number: f64| (number * 1e3).round() / 1e3;
        let percentile = |percent| {
            let time = tally.times.percentile(percent)?;
            Some(thousandths(time.as_secs_f64() * 1e3))
        };
        let finished = tally.done + tally.failed + tally.unknown;
        let seconds = time.as_secs_f64();
        Summary {
            done: tally.done,
            failed: tally.failed,
            unknown: tally.unknown,
            skipped: tally.skipped,
            invalid: tally.invalid,
            attempts: tally.attempts,
            seconds: thousandths(seconds),
            per_second: match seconds > 0.0 {
                true => thousandths(finished as f64 / seconds),
                false => 0.0,
            },
            ms: Percentiles {
                p50: percentile(50),
                p90: percentile(90),
                p99: percentile(99),
                max: percentile(100),
            },
            exit: tally.exit().code(),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} done", self.done)?;
        for (number, what) in [
            (self.failed, "failed"),
            (self.unknown, "unknown"),
            (self.skipped, "done before"),
        ] {
            if number > 0 {
                write!(f, ", {number} {what}")?;
            }
        }
        if self.invalid > 0 {
            write!(f, ", {}", count(self.invalid, "invalid line"))?;
        }
        let time = Duration::try_from_secs_f64(self.seconds).unwrap_or_default();
        write!(f, " in {} ({:.1}/s", format_duration(time), self.per_second)?;
        if let (Some(p50), Some(p99)) = (self.ms.p50, self.ms.p99) {
            write!(f, "; half within {p50:.0} ms, 99 % within {p99:.0} ms")?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;
    use crate::json::Text;

    #[test]
    fn a_summary_is_text_and_json() {
        let mut tally = Tally {
            done: 2,
            failed: 1,
            skipped: 4,
            invalid: 1,
            attempts: 5,
            ..Tally::default()
        };
        for ms in [10, 20, 30] {
            tally.times.add(Duration::from_millis(ms));
        }
        tally.worsen(Exit::ServerError);
        let summary = Summary::new(&tally, Duration::from_secs(2));
        assert_eq!(
            summary.to_string(),
            "2 done, 1 failed, 4 done before, 1 invalid line in 2s (1.5/s; half within 20 ms, 99 % within 30 ms)"
        );
        let json = Text::parse(summary.serialize_json()).unwrap();
        let read: serde_json::Value = json.read().unwrap();
        assert_eq!((&read["attempts"], &read["exit"]), (&5.into(), &5.into()));
        assert_eq!(read["ms"]["max"], 30.0);
        let members = crate::json::members(&json).unwrap();
        let top = JSON.fields.iter().filter(|field| !field.path.contains('.'));
        let declared: Vec<&str> = top.map(|field| field.path).collect();
        let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, declared);
        let empty = Summary::new(&Tally::default(), Duration::ZERO);
        assert!(empty.serialize_json().contains(r#""p50":null"#));
    }
}
