//! The layout of the help of a command: its usage, and the groups of its options.

use super::{Command, Flag, Times};

/// The layout of the help of a command with many options.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// Its words without the name of the program: `jwt sign`.
    pub command: &'static str,
    /// The usage after the command; empty to use the names of its arguments.
    pub usage: &'static str,
    /// The groups of its options.
    pub groups: &'static [Group],
}

/// Options that belong together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    pub name: &'static str,
    /// The options that `-h` shows.
    pub daily: &'static [&'static str],
    /// The options that only the manual page shows.
    pub more: &'static [&'static str],
}

/// Commands that belong together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CommandGroup {
    pub name: &'static str,
    pub commands: &'static [&'static str],
}

impl Group {
    /// The only group of a command without a layout.
    const ALL: Group = Group {
        name: "Options",
        daily: &[],
        more: &[],
    };

    fn has(&self, option: &str) -> bool {
        self.daily.contains(&option) || self.more.contains(&option)
    }

    /// Whether `-h` shows this option.
    pub(crate) fn is_daily(&self, option: &str) -> bool {
        !self.more.contains(&option)
    }
}

impl Command {
    /// The usage after its name: `[OPTIONS] FILE…`.
    pub(crate) fn usage(&self) -> String {
        if let Some(layout) = self.layout.filter(|layout| !layout.usage.is_empty()) {
            return layout.usage.to_owned();
        }
        if !self.commands.is_empty() {
            return "COMMAND [OPTIONS] [ARGUMENTS]".to_owned();
        }
        let mut words = Vec::new();
        if self.options.iter().any(|option| option.long != "--help") {
            words.push("[OPTIONS]".to_owned());
        }
        words.extend(self.arguments.iter().map(|argument| {
            let name = argument.value.shown();
            match argument.times {
                Times::Once => name,
                Times::AtMostOnce => format!("[{name}]"),
                Times::Any => format!("[{name}…]"),
            }
        }));
        words.join(" ")
    }

    /// Its options in groups. Options that are in no group are added to the last one.
    pub(crate) fn grouped(&self) -> Vec<(Group, Vec<&Flag>)> {
        let groups = self.layout.map_or(&[][..], |layout| layout.groups);
        let Some(last) = groups.last() else {
            return vec![(Group::ALL, self.options.iter().collect())];
        };
        let in_none = |option: &Flag| !groups.iter().any(|group| group.has(&option.long));
        let options = |group: &Group| {
            let own = |option: &&Flag| {
                group.has(&option.long) || (group.name == last.name && in_none(option))
            };
            self.options.iter().filter(own).collect()
        };
        groups
            .iter()
            .map(|group| (*group, options(group)))
            .collect()
    }

    /// Whether `-h` does not show all of its options.
    pub(crate) fn leaves_options_out(&self) -> bool {
        let groups = self.layout.map_or(&[][..], |layout| layout.groups);
        groups.iter().any(|group| !group.more.is_empty())
    }
}
