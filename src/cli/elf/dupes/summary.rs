//! `--summary`: one line per library, without its copies.

use std::fmt;

use nanoserde::SerJson;

use super::{Report, builds, total};
use crate::escape::one_line;
use crate::quantity::count;
use crate::quantity::format_size;

#[derive(SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Summary {
    objects: usize,
    bytes_wasted: u64,
    duplicates: Vec<Duplicate>,
    meetings: Vec<Conflict>,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Duplicate {
    family: String,
    soname: Option<String>,
    versions: usize,
    copies: usize,
    builds: usize,
    bytes: u64,
    bytes_wasted: u64,
}

#[derive(SerJson)]
struct Conflict {
    family: String,
    libraries: usize,
    objects: usize,
}

impl Summary {
    pub(super) fn of(report: &Report) -> Summary {
        let duplicates = report.duplicates.iter().map(|duplicate| Duplicate {
            family: duplicate.family.clone(),
            soname: duplicate.soname.clone(),
            versions: duplicate.versions,
            copies: duplicate.copies.len(),
            builds: duplicate.builds,
            bytes: duplicate.bytes,
            bytes_wasted: duplicate.bytes_wasted,
        });
        let meetings = report.meetings.iter().map(|meeting| Conflict {
            family: meeting.family.clone(),
            libraries: meeting.libraries.len(),
            objects: meeting.objects.len(),
        });
        Summary {
            objects: report.objects,
            bytes_wasted: report.bytes_wasted,
            duplicates: duplicates.collect(),
            meetings: meetings.collect(),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for one in &self.duplicates {
            writeln!(
                f,
                "{}: {} copies, {}, {}",
                one_line(one.soname.as_ref().unwrap_or(&one.family)),
                one.copies,
                builds(one.versions, one.builds, one.copies),
                format_size(one.bytes)
            )?;
        }
        for meeting in &self.meetings {
            writeln!(
                f,
                "one process would load several versions of {}: {} in {}",
                one_line(&meeting.family),
                count(meeting.libraries, "build"),
                count(meeting.objects, "object")
            )?;
        }
        let (duplicates, meetings) = (self.duplicates.len(), self.meetings.len());
        f.write_str(&total(
            self.objects,
            duplicates,
            self.bytes_wasted,
            meetings,
        ))
    }
}
