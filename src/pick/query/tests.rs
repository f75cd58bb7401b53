use super::*;

/// The query as text: groups in brackets, with the kind of each term.
fn parsed(text: &str, words: Words) -> String {
    let term = |term: &Term| {
        let kind = match term.kind {
            Kind::Fuzzy => "~",
            Kind::Exact => "=",
            Kind::Prefix => "^",
            Kind::Suffix => "$",
            Kind::Whole => "^$",
        };
        let sense = match term.sense {
            Sense::Wanted => "",
            Sense::Excluded => "!",
        };
        let case = match term.case {
            Case::Ignored => "",
            Case::Sensitive => "/case",
        };
        let accents = match term.accents {
            Accents::Ignored => "",
            Accents::Distinguished => "/accents",
        };
        let chars: String = term.chars.iter().collect();
        format!("{sense}{kind}{chars}{case}{accents}")
    };
    let group = |group: &Vec<Term>| {
        let terms: Vec<String> = group.iter().map(term).collect();
        format!("[{}]", terms.join(" "))
    };
    let query = Query::parse(text, words);
    query.groups.iter().map(group).collect()
}

#[test]
fn syntax_of_fzf() {
    for (text, expected) in [
        ("", ""),
        ("  ", ""),
        ("abc  de", "[~abc][~de]"),
        ("'abc", "[=abc]"),
        ("^abc", "[^abc]"),
        ("abc$", "[$abc]"),
        ("^abc$", "[^$abc]"),
        ("!abc", "[!=abc]"),
        ("!^abc", "[!^abc]"),
        ("!abc$", "[!$abc]"),
        ("!'abc", "[!~abc]"),
        ("a | b c", "[~a ~b][~c]"),
        ("a | b | !c", "[~a ~b !=c]"),
        ("| a", "[~|][~a]"),
        ("a | | b", "[~a ~|][~b]"),
        ("a |", "[~a]"),
        ("a\\ b", "[~a b]"),
        ("\\ a", "[~ a]"),
        ("a\\b", "[~a\\b]"),
        ("ABC", "[~ABC/case]"),
        ("äb", "[~äb/accents]"),
        ("! ^ ' $", "[~$]"),
        ("!$", ""),
        ("^$", ""),
        ("É", "[~É/case/accents]"),
    ] {
        assert_eq!(parsed(text, Words::Fuzzy), expected, "{text:?}");
    }
    assert_eq!(parsed("abc 'de ^f", Words::Exact), "[=abc][~de][^f]");
}

#[test]
fn every_text_is_a_query() {
    // Pseudorandom characters (Numerical Recipes).
    let mut state = 1_u32;
    let mut next = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) as usize
    };
    let pool: Vec<char> = "ab ||!^'$\\ É漢".chars().collect();
    for _ in 0..5000 {
        let text: String = (0..next() % 16)
            .map(|_| pool[next() % pool.len()])
            .collect();
        for words in [Words::Fuzzy, Words::Exact] {
            let query = Query::parse(&text, words);
            for group in &query.groups {
                assert!(!group.is_empty(), "{text:?}");
                assert!(group.iter().all(|term| !term.chars.is_empty()), "{text:?}");
            }
        }
    }
}
