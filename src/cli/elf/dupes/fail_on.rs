//! `--fail-on`: which duplicates are a failure.

use crate::elf::duplicates::Group;

/// What is a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FailOn {
    Version,
    Build,
}

impl FailOn {
    const ALL: [FailOn; 2] = [FailOn::Version, FailOn::Build];

    pub(super) fn named(name: &str) -> Option<FailOn> {
        FailOn::ALL.into_iter().find(|one| one.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            FailOn::Version => "version",
            FailOn::Build => "build",
        }
    }

    /// The names of all.
    pub(super) fn names() -> Vec<String> {
        FailOn::ALL.map(|one| one.name().to_owned()).to_vec()
    }

    /// Whether a group is a failure.
    pub(super) fn is_met(self, group: &Group) -> bool {
        match self {
            FailOn::Version => group.releases > 1,
            FailOn::Build => group.builds > 1,
        }
    }
}
