//! The command line as jq has it: `-rc`, options with two values, and values up to the end.

/// The letters of options without a value.
const SWITCHES: &str = "nrjacCMSesR";

/// Options with a name and a value.
const PAIRS: [&str; 4] = ["--arg", "--argjson", "--slurpfile", "--rawfile"];

/// The words of a command line. For `jq`, each of jq's ways to write options is in the way of c47.
pub(in crate::cli) fn rewritten<'a>(words: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut words = words.peekable();
    if words.peek() != Some(&"jq") {
        return words.map(str::to_owned).collect();
    }
    let mut out: Vec<String> = words.next().into_iter().map(str::to_owned).collect();
    // The option for the values that follow `--args` or `--jsonargs`.
    let mut values: Option<&str> = None;
    let mut has_filter = false;
    while let Some(word) = words.next() {
        match word {
            "--" => {
                if values.is_none() {
                    out.push(word.to_owned());
                }
                for word in words.by_ref() {
                    positional(&mut out, word, values, &mut has_filter);
                }
            }
            "--args" | "--jsonargs" => values = Some(word),
            "-f" | "--from-file" => {
                has_filter = true;
                out.push(word.to_owned());
                out.extend(words.next().map(str::to_owned));
            }
            "--indent" | "-L" => {
                out.push(word.to_owned());
                out.extend(words.next().map(str::to_owned));
            }
            _ if PAIRS.contains(&word) => {
                out.push(word.to_owned());
                let name = words.next();
                match (name, name.is_some_and(|name| name.contains('='))) {
                    (Some(name), false) => {
                        let value = words.next();
                        out.extend(
                            value
                                .map(|value| format!("{name}={value}"))
                                .or(Some(name.to_owned())),
                        );
                    }
                    (name, _) => out.extend(name.map(str::to_owned)),
                }
            }
            _ if is_cluster(word) => {
                let letters = word.chars().skip(1);
                out.extend(letters.map(|letter| format!("-{letter}")));
            }
            _ if is_negative(word) && values.is_some() => {
                out.push(format!("{}={word}", values.unwrap_or_default()));
            }
            _ if word.starts_with('-') && word != "-" => {
                has_filter |= word.starts_with("--from-file=");
                out.push(word.to_owned());
            }
            _ => positional(&mut out, word, values, &mut has_filter),
        }
    }
    if let (Some(option), false) = (values, has_filter) {
        out.push(option.to_owned()); // without a value, which is an error
    }
    keep_order(&mut out);
    out
}

/// With both `--args` and `--jsonargs`, texts become JSON strings, so that one option has all values
/// in the order of the command line.
fn keep_order(words: &mut [String]) {
    let options = words.iter().position(|word| word == "--");
    let options = options.unwrap_or(words.len());
    let words = words.get_mut(..options).unwrap_or_default();
    if !words.iter().any(|word| word.starts_with("--jsonargs=")) {
        return;
    }
    for word in words {
        if let Some(text) = word.strip_prefix("--args=") {
            *word = format!("--jsonargs={}", serde_json::Value::from(text));
        }
    }
}

fn positional(out: &mut Vec<String>, word: &str, values: Option<&str>, has_filter: &mut bool) {
    match values {
        Some(option) if *has_filter => out.push(format!("{option}={word}")),
        Some(_) | None => out.push(word.to_owned()),
    }
    *has_filter = true;
}

/// Whether a word is a number below 0, which is no option.
fn is_negative(word: &str) -> bool {
    let digits = word.strip_prefix('-');
    digits.is_some_and(|digits| digits.starts_with(|c: char| c.is_ascii_digit()))
}

/// Whether a word is several letters of options: `-rc`. The last may be `f`, which has a value.
fn is_cluster(word: &str) -> bool {
    match word.strip_prefix('-') {
        Some(letters) => {
            letters.len() > 1 && letters.chars().all(|letter| SWITCHES.contains(letter))
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewrite(line: &str) -> String {
        let words = rewritten(["jq"].into_iter().chain(line.split(' ')));
        words[1..].join(" ")
    }

    #[test]
    fn clusters_pairs_and_values_are_rewritten() {
        assert_eq!(rewrite("-rc . f"), "-r -c . f");
        assert_eq!(rewrite("-n --arg a b $a"), "-n --arg a=b $a");
        assert_eq!(rewrite("--arg a=b --indent 3 ."), "--arg a=b --indent 3 .");
        assert_eq!(rewrite(". --args a -n b"), ". --args=a -n --args=b");
        assert_eq!(rewrite("--jsonargs . 1"), ". --jsonargs=1");
        assert_eq!(rewrite("-f x --args a"), "-f x --args=a");
        assert_eq!(rewrite("--tab -x -"), "--tab -x -");
        assert_eq!(
            rewrite(". --args a --jsonargs 1 --args b"),
            ". --jsonargs=\"a\" --jsonargs=1 --jsonargs=\"b\""
        );
        assert_eq!(rewrite(". --jsonargs -1"), ". --jsonargs=-1");
    }
}
