//! Reads the files of the AWS CLI: sections with keys and values, and values with keys of their own.

use std::collections::BTreeMap;

/// The largest file, in bytes.
pub(super) const MAX_BYTES: u64 = 1 << 20;

/// The longest key. Each nested key is stored with the key that contains it.
const MAX_KEY_BYTES: usize = 256;

/// The keys of a section. The keys within a value are `key.inner`.
pub(super) type Section = BTreeMap<String, String>;

/// Reads the sections of a file. Keys are in lower case.
///
/// # Errors
/// Names the first invalid line, without its text, which may be a secret.
pub(crate) fn parse(text: &str) -> Result<BTreeMap<String, Section>, String> {
    let mut sections: BTreeMap<String, Section> = BTreeMap::new();
    let mut current: Option<String> = None;
    let mut outer: Option<String> = None;
    for (at, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let wrong = |why: &str| format!("line {}: {why}", at + 1);
        let is_indented = line.starts_with([' ', '\t']);
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(rest) = line.strip_prefix('[') {
            let (name, _) = rest
                .split_once(']')
                .ok_or_else(|| wrong("the section has no ']'"))?;
            let name = words(name);
            sections.entry(name.clone()).or_default();
            (current, outer) = (Some(name), None);
            continue;
        }
        let section = current
            .as_ref()
            .and_then(|name| sections.get_mut(name))
            .ok_or_else(|| wrong("a key before the first section"))?;
        let pair = line.split_once('=');
        let pair = pair.map(|(key, value)| (key.trim().to_ascii_lowercase(), value.trim()));
        if pair
            .as_ref()
            .is_some_and(|(key, _)| key.len() > MAX_KEY_BYTES)
        {
            return Err(wrong("the key is too long"));
        }
        match (is_indented.then_some(outer.as_ref()).flatten(), pair) {
            (Some(outer), Some((key, value))) => {
                section.insert(format!("{outer}.{key}"), value.to_owned());
            }
            // The value continues.
            (Some(outer), None) => {
                let value = section.entry(outer.clone()).or_default();
                value.push('\n');
                value.push_str(line);
            }
            (None, Some((key, value))) => {
                section.insert(key.clone(), without_comment(value).to_owned());
                outer = Some(key);
            }
            (None, None) => return Err(wrong("neither a section nor KEY = VALUE")),
        }
    }
    Ok(sections)
}

/// A comment after a value begins with white space and `#` or `;`.
fn without_comment(value: &str) -> &str {
    let end = [" #", " ;", "\t#", "\t;"]
        .iter()
        .filter_map(|start| value.find(start))
        .min();
    value
        .get(..end.unwrap_or(value.len()))
        .unwrap_or(value)
        .trim_end()
}

/// The name of a section, with one space between its words and without quotes.
fn words(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    words.join(" ").replace(['"', '\''], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_keys_and_nested_keys_are_read() {
        let text = "\u{feff}# a comment\n[default]\nregion=eu-west-1\n\n\
            [profile  \"my farm\"] ; a comment\r\n  Role_ARN = arn:aws:iam::1:role/a=b # a comment\r\n\
            s3 =\n  max_queue = 5\n  ; a comment\n\taddressing_style = path\noutput = json\n\
            key = a#b\n[services local]\nsts =\n endpoint_url = http://127.0.0.1:1/x\n[default]\nx = 1\n";
        let sections = parse(text).unwrap();
        let value = |section: &str, key: &str| sections[section].get(key).map(String::as_str);
        assert_eq!(value("default", "region"), Some("eu-west-1"));
        assert_eq!(value("default", "x"), Some("1"));
        let farm = "profile my farm";
        assert_eq!(value(farm, "role_arn"), Some("arn:aws:iam::1:role/a=b"));
        assert_eq!(value(farm, "s3.addressing_style"), Some("path"));
        assert_eq!(value(farm, "s3.max_queue"), Some("5"));
        assert_eq!(value(farm, "output"), Some("json"));
        assert_eq!(value(farm, "key"), Some("a#b"));
        let url = value("services local", "sts.endpoint_url");
        assert_eq!(url, Some("http://127.0.0.1:1/x"));
    }

    /// Without a limit, half a megabyte of key in each of 60,000 nested keys.
    #[test]
    fn long_keys_do_not_multiply() {
        let nested: String = (0..60_000).map(|n| format!(" a{n}=b\n")).collect();
        let text = |length: usize| format!("[a]\n{}=\n{nested}", "k".repeat(length));
        assert_eq!(parse(&text(MAX_KEY_BYTES)).unwrap()["a"].len(), 60_001);
        let why = parse(&text(500_000)).unwrap_err();
        assert_eq!(why, "line 2: the key is too long");
    }

    #[test]
    fn invalid_lines_are_named_without_their_text() {
        for (text, line) in [
            ("a = hunter2", "line 1"),
            ("[a\nb = 1", "line 1"),
            ("[a]\nhunter2", "line 2"),
        ] {
            let why = parse(text).unwrap_err();
            assert!(why.starts_with(line) && !why.contains("hunter2"), "{why}");
        }
        assert_eq!(parse("").unwrap().len(), 0);
    }
}
