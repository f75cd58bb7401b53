//! Filters and inputs that are random, deep or endless cause no crash.

use crate::support::{Run, Scratch, binary, c47};

/// A run that ends by itself, with an exit code of jq.
#[track_caller]
fn survives(arguments: &[&str], input: impl Into<Vec<u8>>) -> i32 {
    let output = c47().arg("jq").args(arguments).stdin(input).run();
    assert!((0..=5).contains(&output.code), "{}", output.tell());
    output.code
}

#[test]
fn runaway_recursion_is_an_error() {
    for filter in [
        "def f: 1 + f; f",
        "def f: [f]; f",
        "def f(x): f(x | x) + 1; f(.)",
        "reduce range(3000000) as $i (null; [.])",
        "def f: {a: f}; f",
    ] {
        assert_eq!(survives(&["-n", filter], ""), 5, "{filter}");
    }
}

#[test]
fn runaway_recursion_is_an_error_with_a_small_address_space() {
    // A debug build needs 30 MB for itself.
    for kib in [50_000, 60_000, 100_000, 150_000] {
        let script = format!("ulimit -v {kib}; exec \"$0\" jq -n 'def f: 1 + f; f'");
        let run = Run::of("bash").args(["-c", &script]);
        let output = run.arg(binary()).run();
        assert_eq!(output.code, 5, "{kib}: {}", output.tell());
        assert!(output.stderr_text().contains("too deep"), "{kib}");
    }
}

#[test]
fn deep_input_is_an_error() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(
        survives(&["-c", "[.. | select(. == 1)]"], nested(10_000)),
        0
    );
    assert_eq!(survives(&["."], nested(10_001)), 2);
    assert_eq!(survives(&["."], "[".repeat(1_000_000)), 2);
    assert_eq!(survives(&["."], "{\"a\":".repeat(1_000_000)), 2);
    assert_eq!(survives(&["fromjson"], format!("{:?}", nested(20_000))), 5);
}

#[test]
fn deep_filters_are_errors() {
    let scratch = Scratch::new("jq-deep");
    for (open, close) in [
        ("[", "]"),
        ("(", ")"),
        ("{a:", "}"),
        ("-", ""),
        (". as [$a] | ", ""),
        ("if ", ""),
        ("def f: ", ""),
        ("try ", ""),
        ("1 + (", ")"),
        ("\"\\(", ")\""),
        (". as [", "$a] | 1"),
        ("label $a | ", "1"),
        ("f(", ")"),
        (".[", "]"),
        ("reduce ", ""),
        ("1 // ", "1"),
    ] {
        let filter = open.repeat(20_000) + "." + &close.repeat(20_000);
        let file = scratch.write("f.jq", filter);
        let code = survives(&["-n", "-f", file.to_str().unwrap()], "");
        assert!(code == 3 || code == 0, "{open}: {code}");
    }
    // Long is not deep.
    let long = ". | ".repeat(5_000) + "1";
    assert_eq!(survives(&["-n", &long], ""), 0);
    let sum = "1 + ".repeat(5_000) + "1";
    let code = survives(&["-n", &sum], "");
    assert!(code == 0 || code == 5);
}

/// A pseudo-random generator (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).unwrap()
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }
}

const PIECES: [&str; 60] = [
    ".",
    "..",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    "|",
    ",",
    ":",
    ";",
    "?",
    "//",
    "?//",
    "=",
    "|=",
    "+=",
    "==",
    "<",
    "+",
    "-",
    "*",
    "/",
    "%",
    " as ",
    "$a",
    "$__loc__",
    "def f:",
    "def f(g; $a):",
    "reduce",
    "foreach",
    "if",
    "then",
    "elif",
    "else",
    "end",
    "try",
    "catch",
    "label $a|",
    "break $a",
    "@base64",
    "@json \"",
    "\"",
    "\\(",
    "\\u00e9",
    "\\ud83d",
    "1",
    "1e9",
    "0.5",
    "-1",
    "nan",
    "infinite",
    "null",
    "empty",
    "error",
    "é",
    "#\n",
    "a",
    "[]",
];

#[test]
fn random_filters_and_inputs_cause_no_crash() {
    let mut random = Random(0x5eed);
    for _ in 0..150 {
        let filter: String = (0..=random.below(14)).map(|_| random.of(&PIECES)).collect();
        let input: String = (0..=random.below(10)).map(|_| random.of(&PIECES)).collect();
        survives(&["-c", "--", &filter], input);
    }
    for _ in 0..50 {
        let bytes: Vec<u8> = (0..random.below(40))
            .map(|_| random.below(256) as u8)
            .collect();
        survives(&["-c", "."], bytes);
    }
}

/// Arguments that number code and dates do not expect.
#[test]
fn extreme_arguments_cause_no_crash() {
    const VALUES: &str = "null, true, 0, -1, 1.5, 1e18, -1e18, 1e308, -1e308, 1e1000, nan, infinite, -infinite, \"\", \"a\", \
        \"é\u{1F600}\", [], [1], [[]], {}, {\"a\": 1}, [1e300, -1e300, 1e18, 99, 99, 99, 99, 999]";
    const UNARY: &str = "implode explode tojson fromjson tonumber tostring ascii_downcase utf8bytelength length gmtime localtime \
        mktime todate fromdate @base64d @base32d @uri @urid @csv @tsv @sh @html @json @text frexp modf logb significand \
        gamma lgamma tgamma lgamma_r exp10 abs sort unique keys add any all flatten min max transpose to_entries from_entries \
        reverse trim ltrim rtrim tostream splits(\"a\") combinations first last floor sqrt trunc nearbyint j0 y0";
    const BINARY: &str = "ltrimstr rtrimstr startswith endswith split join test match capture scan has contains inside in index \
        rindex indices flatten getpath delpaths strftime strptime strflocaltime bsearch nth error halt_error format splits limit_ range_";
    for name in UNARY.split_whitespace() {
        let filter = format!("[{VALUES}][] | try ({name}) catch .");
        survives(&["-n", &filter], "");
    }
    for name in BINARY.split_whitespace() {
        let call = match name {
            "limit_" => "[limit($x; 1, 2)], [skip($x; 1, 2)], nth($x; 1, 2)".to_owned(),
            "range_" => "[limit(3; range($x; .; $x))], .[$x:.], .[.:$x], .[$x], setpath([$x]; 1), (. * $x | length)".to_owned(),
            "halt_error" => continue,
            name => format!("{name}($x)"),
        };
        let filter = format!("[{VALUES}] as $all | $all[] as $x | $all[] | try ({call}) catch .");
        survives(&["-n", &filter], "");
    }
    for name in [
        "pow",
        "atan2",
        "ldexp",
        "scalb",
        "scalbln",
        "jn",
        "yn",
        "fmod",
        "drem",
        "nextafter",
        "fma",
    ] {
        let third = if name == "fma" { "; $x" } else { "" };
        let filter = format!(
            "[{VALUES}] as $all | $all[] as $x | $all[] as $y | try {name}($x; $y{third}) catch ."
        );
        survives(&["-n", &filter], "");
    }
    for operator in ["+", "-", "*", "/", "%", "<", "==", "//"] {
        // A string repeated very often is the filter's own memory.
        let filter = format!(
            "[{VALUES}] | map(select(. != 1e18 and . != 1e308)) as $all | $all[] as $x | $all[] | try (. {operator} $x | tojson | length) catch ."
        );
        survives(&["-n", &filter], "");
    }
}

#[test]
fn patterns_in_each_other_are_limited() {
    let nested = ". as [$a] ?// $a | ".repeat(60) + "1";
    let output = c47().args(["jq", "-n", &nested]).run().expect_code(3);
    assert!(output.stderr_text().contains("too many '?//'"));
}
