//! The clock, its time zone, and how it compares with a service's.

use std::fs;
use std::path::Path;

use nanoserde::SerJson;

use super::{Surroundings, files};
use crate::elf::root::Root;
use crate::timestamp::Timestamp;

/// Further off than this, tokens are refused.
pub(crate) const TOLERANCE_S: u64 = 60;

/// What time it is here.
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

/// A service's clock beside ours.
#[derive(Clone, Debug, SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Compared {
    /// Without its secrets.
    pub url: String,
    /// How many seconds the service is ahead of this machine; null where it could not be asked.
    pub ahead_s: Option<i64>,
    /// Why it could not be asked, or said no time.
    pub why: Option<String>,
}

/// Reads it below the root; the time is the one given.
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

/// /etc/localtime leads to the zone's file.
fn zone_of_link(root: &Root) -> Option<String> {
    let etc = root.resolve(Path::new("/etc")).ok()?;
    let link = fs::read_link(etc.join("localtime")).ok()?;
    let (_, zone) = link.to_str()?.split_once("zoneinfo/")?;
    Some(zone.to_owned())
}

/// How far a Date header is ahead of the clock.
///
/// # Errors
/// When it is no date, in words.
pub(crate) fn ahead_s(date: Option<&str>, now: Timestamp) -> Result<i64, String> {
    let date = date.ok_or("its answer has no Date")?;
    let date = Timestamp::parse_http_date(date).ok_or("the Date of its answer is no date")?;
    Ok(date.0.saturating_sub(now.0))
}

/// `3s ahead of this machine's`, `as this machine's`.
pub(crate) fn say_ahead(ahead_s: i64) -> String {
    let length =
        crate::quantity::say_duration(std::time::Duration::from_secs(ahead_s.unsigned_abs()));
    match ahead_s {
        0 => "as this machine's".into(),
        1.. => format!("{length} ahead of this machine's"),
        _ => format!("{length} behind this machine's"),
    }
}
