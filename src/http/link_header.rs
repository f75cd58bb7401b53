//! The Link header (RFC 8288): the target of the link to the next page.

use super::head::Head;

/// The first target with the relation `next`; `None` if no Link header has one.
pub(super) fn next(head: &Head) -> Option<String> {
    let links = head
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("link"));
    links
        .filter_map(|(_, value)| std::str::from_utf8(value).ok())
        .find_map(next_in)
}

/// The target in one header, which may have several links.
fn next_in(value: &str) -> Option<String> {
    let mut rest = value;
    loop {
        let (_, link) = rest.split_once('<')?;
        let (target, parameters) = link.split_once('>')?;
        let (is_next, after) = has_next(parameters);
        if is_next {
            return Some(target.trim().to_owned());
        }
        rest = after;
    }
}

/// Whether the parameters of a link name the relation `next` for this page, and the text after the
/// link.
fn has_next(parameters: &str) -> (bool, &str) {
    let (mut relation, mut is_of_this_page) = (None, true);
    let mut rest = parameters;
    loop {
        rest = rest.trim_start();
        let Some(after) = rest.strip_prefix(';') else {
            break;
        };
        let (name, value, after) = parameter(after);
        rest = after;
        // Only the first `rel` counts (RFC 8288 §3.3). A link with an anchor belongs to another page.
        if name.eq_ignore_ascii_case("rel") && relation.is_none() {
            relation = Some(value);
        } else if name.eq_ignore_ascii_case("anchor") {
            is_of_this_page = false;
        }
    }
    let is_next = relation.is_some_and(|relation| {
        relation
            .split_ascii_whitespace()
            .any(|word| word.eq_ignore_ascii_case("next"))
    });
    let after = rest.split_once(',').map_or("", |(_, after)| after);
    (is_next && is_of_this_page, after)
}

/// Name and value of a parameter, and the text after it. The value may be quoted.
fn parameter(text: &str) -> (&str, String, &str) {
    let end = text.find(['=', ';', ',']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let name = name.trim();
    let Some(value) = rest.strip_prefix('=') else {
        return (name, String::new(), rest);
    };
    let value = value.trim_start();
    let Some(quoted) = value.strip_prefix('"') else {
        let end = value.find([';', ',']).unwrap_or(value.len());
        let (value, rest) = value.split_at(end);
        return (name, value.trim().to_owned(), rest);
    };
    let mut content = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' => return (name, content, quoted.get(at + 1..).unwrap_or_default()),
            '\\' => content.extend(characters.next().map(|(_, escaped)| escaped)),
            c => content.push(c),
        }
    }
    (name, content, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_link_is_found() {
        for (headers, expected) in [
            ("Link: </x?page=2>; rel=\"next\"", Some("/x?page=2")),
            ("Link: </a>; rel=prev, </b>; rel=next", Some("/b")),
            (
                "link: </a,b;c>;rel=\"last NEXT\";title=\"x\"",
                Some("/a,b;c"),
            ),
            (
                "Link: </a>; title=\"<, \\\" rel=next\", </b> ; rel = \"next\"",
                Some("/b"),
            ),
            ("Link: </a>; rel=prev\r\nLink: </b>; rel=next", Some("/b")),
            ("Link: </a>; rel=prev; rel=next", None),
            ("Link: </a>; rel=next; anchor=\"#x\"", None),
            ("Link: </a>; rel=\"nextish\"", None),
            ("Link: </a>", None),
            ("Link: </a; rel=next", None),
            ("Link: rel=next", None),
            ("Link: </a>; rel=\"next", Some("/a")),
            ("X: y", None),
        ] {
            let head = format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\n");
            let head = Head::parse(head.as_bytes()).unwrap();
            assert_eq!(next(&head).as_deref(), expected, "{headers}");
        }
    }
}
