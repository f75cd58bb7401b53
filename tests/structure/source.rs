//! A simple parser of Rust: paths, functions, tests, comments and literals.

/// A source file.
pub struct Source {
    /// Relative to the root of the project.
    pub path: String,
    /// Its text with comments and literals blanked. Line numbers are unchanged.
    pub code: String,
    /// The same without unit tests.
    pub tested: String,
    /// The number of lines without unit tests.
    pub lines: usize,
}

impl Source {
    pub fn new(path: &str, text: &str) -> Source {
        let code = without_literals(text);
        let (tested, in_tests) = without_tests(&code);
        Source {
            path: path.to_owned(),
            lines: text.lines().count() - in_tests,
            tested,
            code,
        }
    }

    /// `src/http/url.rs` is `http::url`, `src/http/mod.rs` is `http`.
    pub fn module(&self) -> Vec<String> {
        let path = self.path.trim_start_matches("src/");
        let path = path.trim_end_matches(".rs");
        let path = path.trim_end_matches("/mod");
        path.split('/').map(str::to_owned).collect()
    }

    /// Its paths. A `use` with braces is several paths.
    pub fn paths(&self) -> Vec<Vec<String>> {
        let tokens = tokens(&self.tested);
        let mut paths = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            let begins = is_word(tokens[at]) && (at == 0 || tokens[at - 1] != "::");
            if begins && tokens.get(at + 1) == Some(&"::") {
                at = read_path(&tokens, at, &[], &mut paths);
            } else {
                at += 1;
            }
        }
        paths
    }
}

/// Adds the path at `at`, after the prefix `before`, to `paths`. Returns its end.
fn read_path(tokens: &[&str], at: usize, before: &[String], paths: &mut Vec<Vec<String>>) -> usize {
    let mut path = before.to_vec();
    let mut at = at;
    loop {
        match tokens.get(at).copied() {
            Some("{") => {
                at += 1;
                while let Some(&token) = tokens.get(at).filter(|token| **token != "}") {
                    at = match token {
                        "," => at + 1,
                        _ => read_path(tokens, at, &path, paths).max(at + 1),
                    };
                }
                return at + 1;
            }
            Some("*") => {}
            Some(word) if is_word(word) => path.push(word.to_owned()),
            _ => break,
        }
        at += 1;
        if tokens.get(at) != Some(&"::") {
            break;
        }
        at += 1;
    }
    if path.last().is_some_and(|last| last == "self") && path.len() > 1 {
        path.pop();
    }
    if tokens.get(at) == Some(&"as") {
        path.push("as".to_owned());
        at += 2;
    }
    paths.push(path);
    at
}

pub fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphanumeric() || c == '_')
}

/// The tokens of code: words, `::`, and every other character.
pub fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if is_word(rest) {
            let end = |c: char| !(c.is_alphanumeric() || c == '_');
            rest.find(end).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

/// The length of a comment or literal at the start of `rest`.
fn skipped(rest: &str) -> Option<usize> {
    let after = |mark: &str, end: &str| {
        let inside = rest.get(mark.len()..)?;
        Some(inside.find(end).map_or(rest.len(), |at| mark.len() + at))
    };
    if rest.starts_with("//") {
        return after("//", "\n");
    }
    if rest.starts_with("/*") {
        return after("/*", "*/").map(|end| end + 2);
    }
    let raw = rest.trim_start_matches(['b', 'c']);
    if let Some(hashes) = raw.strip_prefix('r') {
        let quote = hashes.trim_start_matches('#');
        if quote.starts_with('"') {
            let end = format!("\"{}", &hashes[..hashes.len() - quote.len()]);
            let mark = rest.len() - quote.len() + 1;
            let length = rest[mark..].find(&end).map(|at| mark + at + end.len());
            return Some(length.unwrap_or(rest.len()));
        }
    }
    let quote = rest.chars().next()?;
    if quote == '\'' {
        // A lifetime has no closing quotation mark.
        let mut chars = rest.char_indices().skip(1);
        let (_, first) = chars.next()?;
        let (end, second) = chars.next()?;
        if first != '\\' {
            return (second == '\'').then_some(end + 1);
        }
    } else if quote != '"' {
        return None;
    }
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        if c == quote && !escaped {
            return Some(at + 1);
        }
        escaped = c == '\\' && !escaped;
    }
    Some(rest.len())
}

/// Blanks comments and literals, but keeps line breaks.
fn without_literals(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        // `br"…"` starts a literal, the `r` in `for"…"` does not.
        let in_word = code.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let length = match skipped(rest) {
            Some(length) if !(in_word && first.is_alphabetic()) => {
                let lines = rest[..length].matches('\n').count();
                code.push(' ');
                code.push_str(&"\n".repeat(lines));
                length
            }
            _ => {
                code.push(first);
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    code
}

/// Blanks the items after `#[cfg(test)]`, and counts their lines.
fn without_tests(code: &str) -> (String, usize) {
    const MARK: &str = "#[cfg(test)]";
    let mut kept = String::with_capacity(code.len());
    let mut blanked = 0;
    let mut rest = code;
    while let Some(at) = rest.find(MARK) {
        kept.push_str(&rest[..at]);
        let end = at + MARK.len() + item_end(&rest[at + MARK.len()..]);
        let lines = rest[at..end].matches('\n').count();
        kept.push_str(&"\n".repeat(lines));
        blanked += lines + 1;
        rest = &rest[end..];
    }
    kept.push_str(rest);
    (kept, blanked)
}

/// The end of the item at the start of `code`: a semicolon, or the brace that closes its body.
fn item_end(code: &str) -> usize {
    const KINDS: [&str; 8] = [
        "use", "mod", "fn", "impl", "struct", "enum", "const", "static",
    ];
    let start: String = code.chars().take(80).collect();
    let kind = tokens(&start)
        .into_iter()
        .find(|token| KINDS.contains(token));
    let is_use = kind == Some("use");
    let mut depth = 0;
    for (at, c) in code.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth -= 1;
                if depth == 0 && c == '}' && !is_use {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    code.len()
}

/// Each function's name and its number of lines, from `fn` to the closing brace.
pub fn functions(code: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let begins = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let name = tokens(code[at + 3..].lines().next().unwrap_or_default());
        if let Some(name) = name.first().filter(|name| begins && is_word(name)) {
            let end = at + item_end(&code[at..]);
            found.push(((*name).to_owned(), code[at..end].lines().count()));
        }
    }
    found
}
