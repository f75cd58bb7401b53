use super::*;

fn fault(text: &str) -> String {
    match Module::parse(text.as_bytes()) {
        Err(fault) => format!("{}: {}", fault.line, fault.why),
        Ok(_) => "none".to_owned(),
    }
}

fn known(text: &str, name: &str) -> Binding {
    Module::parse(text.as_bytes())
        .map(|module| module.binding(name))
        .unwrap()
}

fn text(value: &str) -> Binding {
    Binding::Known(Literal::Text(value.into()))
}

#[test]
fn syntax_errors_of_every_python_version_are_found() {
    for (source, why) in [
        ("requires = [\n'a',\n", "1: '[' was never closed"),
        ("x = (1]\n", "1: ']' does not match '(' in line 1"),
        ("x = 1)\n", "1: unmatched ')'"),
        ("name = 'a\nversion = '1'\n", "1: unterminated string"),
        ("a = 1\nb = '''x\n", "2: unterminated triple-quoted string"),
        ("def f()\n    pass\n", "2: unexpected indent"),
        ("def f():\npass\n", "1: expected an indented block"),
        ("def f():\n", "1: expected an indented block"),
        (
            "if x:\n    a = 1\n  b = 2\n",
            "3: unindent does not match any outer indentation level",
        ),
        ("  name = 'a'\n", "1: unexpected indent"),
        ("name =\n", "1: missing expression after '='"),
        ("name = 'a' b\n", "1: missing operator or comma"),
        ("= 1\n", "1: unexpected '='"),
        ("a = 1 $ 2\n", "1: invalid character '$'"),
        ("a = \u{201c}x\u{201d}\n", "1: invalid character U+201C"),
        ("a = 1 \\ 2\n", "1: unexpected character after a backslash"),
        ("a\0", "1: NUL byte"),
    ] {
        assert_eq!(fault(source), why, "{source}");
    }
    assert!(Module::parse(b"a = 1\nb = '\xff'\n").is_err_and(|fault| fault.line == 2));
}

#[test]
fn code_that_some_python_version_accepts_has_no_error() {
    for source in [
        "",
        "# only a comment\n\n   # another\n",
        "print 'python 2'\nexec code in x\n",
        "x = f\"{d[\"a\"]}\" + f'{x:{'('}}'\n",
        "x = [\n  'a',  # (\n  \"b's\",\n]\n",
        "def f(): return '\\''\nx = r'\\d'\nwith a as b: pass\n",
        "if x:\n\ty = 1\nelse:\n        z = 2\n",
        "x = 1 if y else 2\nx = 1if y else 2\nx: int = 3\nmatch x:\n    case Foo():\n        pass\n",
        "\"\"\"a\n  b\n\"\"\"\nx = 'a' 'b' \\\n  'c'\nfrom a import *\n",
        "# -*- coding: latin-1 -*-\nx = 'a\n",
        "\u{feff}name = 'a'\r\nversion = '1'\r\nrequires = [\r\n'b']\r\n",
        "@early()\ndef name():\n    return lambda: x != 1\nx = not y is None\nreturn_ = ...\n",
    ] {
        assert_eq!(fault(source), "none", "{source}");
    }
}

#[test]
fn literal_values_are_read() {
    assert_eq!(known("name = 'c47' # ours\n", "name"), text("c47"));
    assert_eq!(known("version = (\"1.\"\n  '0')\n", "version"), text("1.0"));
    assert_eq!(
        known("version='1'\ndescription = 'x' + version\n", "version"),
        text("1")
    );
    assert_eq!(
        known("def f():\n    name = 'b'\nname = 'a'\n", "name"),
        text("a")
    );
    assert_eq!(
        known("x = f(name='b')\nname = 'a'\nthis.name = 2\n", "name"),
        text("a")
    );
    assert_eq!(known("names = 'x'\n", "name"), Binding::Absent);
    let list = known(
        "requires = ['a-1', b, 'c' % d, *e, ('f'), 'g',]\n",
        "requires",
    );
    let item = |value: &str| Literal::Text(value.into());
    let unknown = Literal::Unknown;
    let expected = [
        item("a-1"),
        unknown.clone(),
        unknown.clone(),
        unknown,
        item("f"),
        item("g"),
    ];
    assert_eq!(list, Binding::Known(Literal::List(expected.to_vec())));
}

#[test]
fn computed_values_are_unknown() {
    for source in [
        "name = NAME\n",
        "@early()\ndef name():\n    return 'x'\n",
        "if x:\n    name = 'a'\n",
        "name = 'a'\nif x:\n    name = 'b'\n",
        "if x: name = 'b'\n",
        "name = 'a'\nname += 'b'\n",
        "a, name = f()\n",
        "name = x = 'a'\n",
        "for name in x: pass\n",
        "from x import name\n",
        "from x import *\n",
        "exec(open('x').read())\n",
        "name = 'a'\nglobals()['name'] = 'b'\n",
        "name = 'a'.upper()\n",
        "name = '\\x61'\n",
        "name = b'a'\n",
        "name = f'{x}'\n",
        "x = 1; name = 'a'\n",
        "name: str = 'a'\n",
    ] {
        assert_eq!(known(source, "name"), Binding::Unknown, "{source}");
    }
    for source in [
        "r = ['a']\nr.append(x)\n",
        "r = ['a']\nx = r\n",
        "r = ['a'] + b\n",
    ] {
        assert_eq!(known(source, "r"), Binding::Unknown, "{source}");
    }
}

#[test]
fn random_bytes_never_panic_or_hang() {
    const PIECES: [&[u8]; 30] = [
        b"name",
        b" = ",
        b"'",
        b"\"",
        b"'''",
        b"\"\"\"",
        b"\\",
        b"\n",
        b"\r\n",
        b"\r",
        b"    ",
        b"\t",
        b"(",
        b")",
        b"[",
        b"]",
        b"{",
        b"}",
        b":",
        b",",
        b"#",
        b"f\"",
        b"rb'",
        b"def f():",
        b"\xff",
        b"\0",
        "\u{201c}".as_bytes(),
        b"requires",
        b"import *",
        b";",
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    for _ in 0..20_000 {
        let pieces: Vec<&[u8]> = (0..random(24))
            .map(|_| PIECES[random(PIECES.len())])
            .collect();
        if let Ok(module) = Module::parse(&pieces.concat()) {
            for name in ["name", "requires", "f"] {
                module.binding(name);
            }
        }
    }
    // The largest size that is read: the time must be linear.
    for piece in PIECES {
        let bytes = piece.repeat((1 << 20) / piece.len());
        if let Ok(module) = Module::parse(&bytes) {
            module.binding("name");
        }
    }
}
