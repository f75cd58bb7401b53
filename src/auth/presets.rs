//! The services that c47 knows by name: each a file in `presets/`, in a profile's own words, laid
//! under the keys of the profiles that name it. The build script lists the files.

// `ALL`: name and text of each preset, in alphabetical order.
include!(concat!(env!("OUT_DIR"), "/presets.rs"));

/// The text of a preset.
pub(crate) fn text(name: &str) -> Option<&'static str> {
    ALL.iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_preset() {
        let mut names: Vec<String> = std::fs::read_dir("src/auth/presets")
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
            .collect();
        names.sort();
        let built_in: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
        assert_eq!(built_in, names);
        let manual = std::fs::read_to_string("src/cli/config/manual.md").unwrap();
        for name in names {
            assert!(
                manual.contains(&format!("\n| `{name}` |")),
                "the manual lacks {name}"
            );
        }
        assert!(text("kitsu").unwrap().contains("[login]") && text("x").is_none());
    }
}
