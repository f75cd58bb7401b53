//! Characters as the matcher sees them: their class, case, and the base letter of a Latin letter.

/// The class of a character. Matches at the boundary of a word are better than in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd)]
pub(super) enum Class {
    White,
    /// Punctuation.
    NonWord,
    /// `/ , : ; |`
    Delimiter,
    Lower,
    Upper,
    /// A letter without case.
    Letter,
    Number,
}

/// The class of each ASCII character.
const ASCII: [Class; 128] = {
    let mut classes = [Class::NonWord; 128];
    let mut at = 0;
    while at < 128 {
        #[allow(clippy::indexing_slicing)] // checked by the compiler, in a constant
        {
            classes[at] = match at as u8 {
                b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r' => Class::White,
                b'/' | b',' | b':' | b';' | b'|' => Class::Delimiter,
                b'a'..=b'z' => Class::Lower,
                b'A'..=b'Z' => Class::Upper,
                b'0'..=b'9' => Class::Number,
                _ => Class::NonWord,
            };
        }
        at += 1;
    }
    classes
};

/// The class of a character.
pub(super) fn class(c: char) -> Class {
    match ASCII.get(c as usize) {
        Some(class) => *class,
        None if c.is_lowercase() => Class::Lower,
        None if c.is_uppercase() => Class::Upper,
        None if c.is_numeric() => Class::Number,
        None if c.is_alphabetic() => Class::Letter,
        None if c.is_whitespace() => Class::White,
        None => Class::NonWord,
    }
}

/// The lower-case character, if it is a single one.
pub(super) fn lower(c: char) -> char {
    match c.is_ascii() {
        true => c.to_ascii_lowercase(),
        false => c.to_lowercase().next().unwrap_or(c),
    }
}

/// The base letters of the characters from U+00C0 to U+02AF; a dot for those without one.
const LATIN: &str = "\
    AAAAAA.CEEEEIIII.NOOOOO.OUUUUY.saaaaaa.ceeeeiiii.nooooo.ouuuuy.y.a.a.a.c.c.c.c.d.d.e.e.e\
    .e.e.g.g.g.g.h.h.i.i.i.iIi...j.k..l.l.l.l.l.n.n.n....o.o.o...r.r.r.s.s.s.s.t.t.t.u.u.u.u\
    .u.u.w.yY.z.z.zsbB.b..O.cDD.d.E.E.fG...I.kl.MNnO.o...p.....t.tT.u.V.y.z.................\
    ......a.i.o.u........e.......g.g.k.o....j....g...n.......a.a.e.e.i.i.o.o.r.r.u.u.s.t...h\
    Nd...z.a.e.....o...ylntj..ACcLTsz..BUVEeJjQqRrYyaa.bocdde..eeeejggG..hh.i.Illl.mmmnnNo..\
    .rrrrrrrRRs....ttu.vvwyYzz.....c.BeGHjkLq.............h.";

/// The same from U+1E00 to U+1EFF.
const LATIN_ADDITIONAL: &str = "\
    .a.b.b.b...d.d.d.d.d.....e.e...f.g.h.h.h.h.h.i...k.k.k.l...l.l.m.m.m.n.n.n.n.........p.p\
    .r.r...r.s.s.......t.t.t.t.u.u.u.....v.v.w.w.w.w.w.x.x.y.z.z.zhtwyas.....a.aAaAaAaAaAaAa\
    AaAaAaAa.e.e.eEeEeEeEeEe.i.i.o.oOoOoOoOoOoOoOoOoOoOo.u.uUuUuUuUuUu.y.y.y.y......";

/// The base letter of a Latin letter: `a` for `\u{e4}`. Other characters stay as they are.
pub(super) fn base(c: char) -> char {
    let (table, first) = match u32::from(c) {
        code @ 0xc0..=0x2af => (LATIN, code - 0xc0),
        code @ 0x1e00..=0x1eff => (LATIN_ADDITIONAL, code - 0x1e00),
        _ => return c,
    };
    let letter = usize::try_from(first)
        .ok()
        .and_then(|at| table.as_bytes().get(at));
    letter
        .filter(|letter| **letter != b'.')
        .map_or(c, |letter| char::from(*letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_case_and_base_letters() {
        assert_eq!(class('/'), Class::Delimiter);
        assert_eq!(
            (class('a'), class('É'), class('漢')),
            (Class::Lower, Class::Upper, Class::Letter)
        );
        assert_eq!(
            (class('\u{a0}'), class('٣'), class('-')),
            (Class::White, Class::Number, Class::NonWord)
        );
        assert_eq!((lower('É'), lower('A'), lower('İ')), ('é', 'a', 'i'));
        assert_eq!(
            (base('é'), base('Ø'), base('ế'), base('漢'), base('x')),
            ('e', 'O', 'e', '漢', 'x')
        );
        assert_eq!((LATIN.len(), LATIN_ADDITIONAL.len()), (0x2b0 - 0xc0, 0x100));
    }
}
