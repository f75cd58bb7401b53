//! `--timing`: a bar chart of the time of each step, on stderr.

use std::time::Duration;

use crate::http::{ConnectionUse, Timing};
use crate::output;

const WIDTH: f64 = 40.0;

/// Draws one bar for each step, in order.
pub(super) fn draw(timing: &Timing) {
    let parts = [
        ("look-up", timing.resolve),
        ("connect", timing.connect),
        ("TLS", timing.tls),
        ("first byte", timing.first_byte),
        ("transfer", timing.transfer),
    ];
    if timing.connection == ConnectionUse::Reused {
        output::say("connection     reused");
    }
    let whole: Duration = parts.iter().filter_map(|(_, part)| *part).sum();
    for (name, part) in parts {
        if let Some(part) = part {
            output::say(line(name, part, whole));
        }
    }
    output::say(line("total", timing.started.elapsed(), Duration::ZERO));
}

fn line(name: &str, part: Duration, whole: Duration) -> String {
    let share = match whole.is_zero() {
        true => 0.0,
        false => part.as_secs_f64() / whole.as_secs_f64(),
    };
    let bar = "█".repeat((share * WIDTH).round() as usize);
    let text = format!("{name:<10} {:>9.1} ms  {bar}", part.as_secs_f64() * 1e3);
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bar_length_is_the_share_of_the_total() {
        let ms = Duration::from_millis;
        assert_eq!(
            line("TLS", ms(25), ms(100)),
            format!("TLS             25.0 ms  {}", "█".repeat(10))
        );
        assert_eq!(line("total", ms(1), ms(0)), "total            1.0 ms");
    }
}
