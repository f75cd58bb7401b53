//! How the help of a command is laid out: its usage, and its options in groups.

use super::{Command, Flag, Times};

/// How the help of a command with many options is laid out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// Its words, without the program's name: `jwt sign`.
    pub command: &'static str,
    /// What follows the command in its usage, where the names of its arguments do not say it.
    pub usage: &'static str,
    /// Each option is in one of them.
    pub groups: &'static [Group],
}

/// Options that belong together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Group {
    pub name: &'static str,
    /// The options that `-h` shows.
    pub daily: &'static [&'static str],
    /// Those that only the manual page shows.
    pub more: &'static [&'static str],
}

/// Commands that belong together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CommandGroup {
    pub name: &'static str,
    pub commands: &'static [&'static str],
}

impl Group {
    /// The group of all options where a command has no other.
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
    /// What follows its name in the usage: `[OPTIONS] FILE…`.
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

    /// Its options in their groups, in the order of the groups. Options that no group names are in
    /// the last one.
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

    /// Whether `-h` shows some of its options only.
    pub(crate) fn leaves_options_out(&self) -> bool {
        let groups = self.layout.map_or(&[][..], |layout| layout.groups);
        groups.iter().any(|group| !group.more.is_empty())
    }
}
