//! Local time, by the C library: it knows TZ and the time zones of the machine.
#![allow(unsafe_code)] // localtime_r and mktime

use std::ffi::CStr;
use std::mem;

use super::calendar::Time;

/// A local time, with its distance from UTC in seconds and the name of its zone.
pub(super) struct Local {
    pub time: Time,
    pub offset: i64,
    pub zone: String,
}

/// The local time of seconds since 1970.
pub(super) fn local(seconds: i64) -> Option<Local> {
    // SAFETY: localtime_r writes to the structure that it gets. tm_zone is null or a C string of the
    // C library, which lives until the process ends.
    unsafe {
        let mut tm: libc::tm = mem::zeroed();
        if libc::localtime_r(&seconds, &raw mut tm).is_null() {
            return None;
        }
        let zone = match tm.tm_zone.is_null() {
            true => String::new(),
            false => CStr::from_ptr(tm.tm_zone).to_string_lossy().into_owned(),
        };
        Some(Local {
            time: from_tm(&tm),
            offset: tm.tm_gmtoff,
            zone,
        })
    }
}

/// The seconds since 1970 of a local time.
pub(super) fn seconds(time: &Time) -> Option<i64> {
    let int = |value: i64| libc::c_int::try_from(value).ok();
    // SAFETY: mktime reads and writes the structure that it gets.
    unsafe {
        let mut tm: libc::tm = mem::zeroed();
        tm.tm_year = int(time.year - 1900)?;
        tm.tm_mon = int(time.month)?;
        tm.tm_mday = int(time.day)?;
        tm.tm_hour = int(time.hour)?;
        tm.tm_min = int(time.minute)?;
        tm.tm_sec = int(time.second)?;
        tm.tm_isdst = -1;
        match libc::mktime(&raw mut tm) {
            -1 => None,
            seconds => Some(seconds),
        }
    }
}

fn from_tm(tm: &libc::tm) -> Time {
    Time {
        year: i64::from(tm.tm_year) + 1900,
        month: tm.tm_mon.into(),
        day: tm.tm_mday.into(),
        hour: tm.tm_hour.into(),
        minute: tm.tm_min.into(),
        second: tm.tm_sec.into(),
        weekday: tm.tm_wday.into(),
        yearday: tm.tm_yday.into(),
    }
}
