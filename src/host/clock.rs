//! The clock, its time zone, and a comparison with the clock of a service.

use std::fs;
use std::path::Path;

use nanoserde::SerJson;

use super::{Surroundings, files};
use crate::elf::root::Root;
use crate::timestamp::Timestamp;

/// Services reject tokens if the clocks differ by more than this.
pub(crate) const TOLERANCE_S: u64 = 60;

/// The time on this machine.
#[derive(Clone, Debug, SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Clock {
    /// RFC 3339, in UTC.
    pub now: String,
    /// `Europe/Berlin`.
    pub time_zone: Option<String>,
    pub compared: Option<Compared>,
}

/// A comparison with the clock of a service.
#[derive(Clone, Debug, SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Compared {
    /// Without its secrets.
    pub url: String,
    /// How many seconds the service is ahead of this machine; null if unknown.
    pub ahead_s: Option<i64>,
    /// Why the time of the service is unknown.
    pub why: Option<String>,
}

/// The clock, with the time zone read below the root.
pub(crate) fn read(surroundings: &Surroundings, compared: Option<Compared>) -> Clock {
    Clock {
        now: surroundings.now.to_string(),
        time_zone: surroundings
            .environment
            .text("TZ")
            .or_else(|| zone_of_link(&surroundings.root))
            .or_else(|| files::line(&surroundings.root, "/etc/timezone")),
        compared,
    }
}

/// The zone from the target of /etc/localtime.
fn zone_of_link(root: &Root) -> Option<String> {
    let etc = root.resolve(Path::new("/etc")).ok()?;
    let link = fs::read_link(etc.join("localtime")).ok()?;
    let (_, zone) = link.to_str()?.split_once("zoneinfo/")?;
    Some(zone.to_owned())
}

/// How many seconds a Date header is ahead of `now`.
///
/// # Errors
/// When the header is missing or invalid.
pub(crate) fn ahead_s(date: Option<&str>, now: Timestamp) -> Result<i64, String> {
    let date = date.ok_or("the response has no Date header")?;
    let date = Timestamp::parse_http_date(date).ok_or("the response has an invalid Date header")?;
    Ok(date.0.saturating_sub(now.0))
}

/// `3s ahead of this machine`, `the same as on this machine`.
pub(crate) fn clock_difference(ahead_s: i64) -> String {
    let length =
        crate::quantity::format_duration(std::time::Duration::from_secs(ahead_s.unsigned_abs()));
    match ahead_s {
        0 => "the same as on this machine".into(),
        1.. => format!("{length} ahead of this machine"),
        _ => format!("{length} behind this machine"),
    }
}
