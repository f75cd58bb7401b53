//! Turns the bytes of a terminal into keys. Sequences may arrive in pieces, and unknown ones are
//! dropped as a whole.

use super::event::{Input, Key, Wheel};

const ESCAPE: u8 = 0x1b;
/// The longest control sequence. Longer ones are dropped.
const MAX_SEQUENCE: usize = 64;
/// The largest paste, in bytes. The rest is dropped.
const MAX_PASTE: usize = 64 << 10;
const PASTE_END: &[u8] = b"\x1b[201~";

/// Decodes the bytes of a terminal.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    state: State,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Ground,
    /// After an escape character.
    Escape,
    /// After `ESC [`: parameters so far.
    Control(Vec<u8>),
    /// After `ESC O`.
    Single,
    /// In a character of several bytes: those so far, and their number.
    Character(Vec<u8>, usize),
    /// In pasted text.
    Paste(Vec<u8>),
}

impl Decoder {
    /// Decodes the next bytes.
    pub(super) fn feed(&mut self, bytes: &[u8], inputs: &mut Vec<Input>) {
        for byte in bytes {
            self.byte(*byte, inputs);
        }
    }

    /// Whether the last byte was an escape character, which is a key if nothing follows soon.
    pub(super) fn has_escape(&self) -> bool {
        matches!(self.state, State::Escape)
    }

    /// Nothing has followed an escape character.
    pub(super) fn flush(&mut self, inputs: &mut Vec<Input>) {
        if self.has_escape() {
            self.state = State::Ground;
            inputs.push(Input::Key(Key::Escape));
        }
    }

    fn byte(&mut self, byte: u8, inputs: &mut Vec<Input>) {
        match std::mem::take(&mut self.state) {
            State::Ground => self.ground(byte, inputs),
            State::Escape => match byte {
                b'[' => self.state = State::Control(Vec::new()),
                b'O' => self.state = State::Single,
                ESCAPE => {
                    inputs.push(Input::Key(Key::Escape));
                    self.state = State::Escape;
                }
                b' '..=b'~' => inputs.push(Input::Key(Key::Alt(byte.into()))),
                _ => {
                    inputs.push(Input::Key(Key::Escape));
                    self.ground(byte, inputs);
                }
            },
            State::Single => inputs.extend(named(byte).map(Input::Key)),
            State::Control(mut parameters) => match byte {
                b' '..=b'?' => {
                    if parameters.len() < MAX_SEQUENCE {
                        parameters.push(byte);
                    }
                    self.state = State::Control(parameters);
                }
                b'@'..=b'~' => self.control(&parameters, byte, inputs),
                // A control character or a byte of a character ends the sequence.
                _ => self.ground(byte, inputs),
            },
            State::Character(mut bytes, length) => match byte {
                0x80..=0xbf => {
                    bytes.push(byte);
                    match bytes.len() == length {
                        true => {
                            let text = std::str::from_utf8(&bytes).ok();
                            let c = text.and_then(|text| text.chars().next());
                            let key = c.filter(|c| !c.is_control()).map(Key::Char);
                            inputs.extend(key.map(Input::Key));
                        }
                        false => self.state = State::Character(bytes, length),
                    }
                }
                _ => self.ground(byte, inputs),
            },
            State::Paste(mut bytes) => {
                bytes.push(byte);
                if let Some(text) = bytes.strip_suffix(PASTE_END) {
                    let text = text.get(..MAX_PASTE).unwrap_or(text);
                    inputs.push(Input::Paste(pasted(text)));
                    return;
                }
                if bytes.len() > MAX_PASTE + PASTE_END.len() {
                    // The end must still be found.
                    bytes.remove(MAX_PASTE);
                }
                self.state = State::Paste(bytes);
            }
        }
    }

    fn ground(&mut self, byte: u8, inputs: &mut Vec<Input>) {
        let key = match byte {
            ESCAPE => {
                self.state = State::Escape;
                return;
            }
            0 => Key::Ctrl(' '),
            b'\t' => Key::Tab,
            b'\r' | b'\n' => Key::Enter,
            0x08 | 0x7f => Key::Backspace,
            0x01..=0x1a => Key::Ctrl(char::from(byte | 0x60)),
            0x1c..=0x1f => Key::Ctrl(char::from(byte | 0x40)),
            b' '..=b'~' => Key::Char(byte.into()),
            0xc2..=0xdf => return self.state = State::Character(vec![byte], 2),
            0xe0..=0xef => return self.state = State::Character(vec![byte], 3),
            0xf0..=0xf4 => return self.state = State::Character(vec![byte], 4),
            // Not the beginning of a character.
            0x80..=0xc1 | 0xf5..=0xff => return,
        };
        inputs.push(Input::Key(key));
    }

    /// A complete control sequence.
    fn control(&mut self, parameters: &[u8], last: u8, inputs: &mut Vec<Input>) {
        if let Some(mouse) = parameters.strip_prefix(b"<") {
            inputs.extend(mouse_input(&numbers(mouse), last));
            return;
        }
        let numbers = numbers(parameters);
        match (last, numbers.as_slice()) {
            (b'~', [200]) => self.state = State::Paste(Vec::new()),
            (b'~', [code, ..]) => inputs.extend(numbered(*code).map(Input::Key)),
            (b'R', [row, column]) => inputs.push(Input::CursorAt {
                column: column.saturating_sub(1),
                row: row.saturating_sub(1),
            }),
            (b'Z', _) => inputs.push(Input::Key(Key::BackTab)),
            _ => inputs.extend(named(last).map(Input::Key)),
        }
    }
}

/// The numbers of a sequence; 0 for what is not one.
fn numbers(parameters: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(parameters);
    let number = |text: &str| text.parse().unwrap_or(0);
    text.split(';').map(number).collect()
}

/// A key with a letter: `ESC [ A` and `ESC O A`, also with modifiers before the letter.
fn named(letter: u8) -> Option<Key> {
    match letter {
        b'A' => Some(Key::Up),
        b'B' => Some(Key::Down),
        b'C' => Some(Key::Right),
        b'D' => Some(Key::Left),
        b'H' => Some(Key::Home),
        b'F' => Some(Key::End),
        b'M' => Some(Key::Enter),
        _ => None,
    }
}

/// A key with a number: `ESC [ 5 ~`.
fn numbered(code: u16) -> Option<Key> {
    match code {
        1 | 7 => Some(Key::Home),
        3 => Some(Key::Delete),
        4 | 8 => Some(Key::End),
        5 => Some(Key::PageUp),
        6 => Some(Key::PageDown),
        _ => None,
    }
}

/// A mouse report: button, column and row, from 1, and `M` for a press.
fn mouse_input(numbers: &[u16], last: u8) -> Option<Input> {
    let [button, column, row] = *numbers else {
        return None;
    };
    match (button, last) {
        (0, b'M') => Some(Input::Click {
            column: column.saturating_sub(1),
            row: row.saturating_sub(1),
        }),
        (64, b'M') => Some(Input::Wheel(Wheel::Up)),
        (65, b'M') => Some(Input::Wheel(Wheel::Down)),
        _ => None,
    }
}

/// Pasted text: line feeds and tabs become spaces, other control characters are dropped.
fn pasted(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_end_matches(['\r', '\n']).chars();
    text.map(|c| match c {
        '\n' | '\r' | '\t' => ' ',
        c => c,
    })
    .filter(|c| !c.is_control())
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8]) -> Vec<Input> {
        let mut inputs = Vec::new();
        let mut decoder = Decoder::default();
        decoder.feed(bytes, &mut inputs);
        decoder.flush(&mut inputs);
        inputs
    }

    fn keys(bytes: &[u8]) -> Vec<Key> {
        let key = |input| match input {
            Input::Key(key) => key,
            other => panic!("{other:?}"),
        };
        decoded(bytes).into_iter().map(key).collect()
    }

    #[test]
    fn keys_of_common_terminals() {
        for (bytes, key) in [
            (&b"a"[..], Key::Char('a')),
            ("é".as_bytes(), Key::Char('é')),
            ("漢".as_bytes(), Key::Char('漢')),
            ("🚀".as_bytes(), Key::Char('🚀')),
            (b"\r", Key::Enter),
            (b"\t", Key::Tab),
            (b"\x1b[Z", Key::BackTab),
            (b"\x7f", Key::Backspace),
            (b"\0", Key::Ctrl(' ')),
            (b"\x01", Key::Ctrl('a')),
            (b"\x1a", Key::Ctrl('z')),
            (b"\x1f", Key::Ctrl('_')),
            (b"\x1b", Key::Escape),
            (b"\x1bx", Key::Alt('x')),
            (b"\x1b[A", Key::Up),
            (b"\x1bOB", Key::Down),
            (b"\x1b[1;5C", Key::Right),
            (b"\x1b[3~", Key::Delete),
            (b"\x1b[1~", Key::Home),
            (b"\x1b[F", Key::End),
            (b"\x1b[5~", Key::PageUp),
            (b"\x1b[6;2~", Key::PageDown),
        ] {
            assert_eq!(keys(bytes), [key], "{bytes:?}");
        }
    }

    #[test]
    fn mouse_cursor_and_paste() {
        assert_eq!(
            decoded(b"\x1b[<0;3;5M\x1b[<0;3;5m\x1b[<64;1;1M\x1b[<65;1;1M\x1b[12;40R"),
            [
                Input::Click { column: 2, row: 4 },
                Input::Wheel(Wheel::Up),
                Input::Wheel(Wheel::Down),
                Input::CursorAt {
                    column: 39,
                    row: 11
                },
            ]
        );
        assert_eq!(
            decoded(b"\x1b[200~a\x1b[A\nb\r\n\x1b[201~c"),
            [Input::Paste("a[A b".into()), Input::Key(Key::Char('c'))]
        );
        let long = [
            b"\x1b[200~",
            vec![b'x'; 3 * MAX_PASTE].as_slice(),
            PASTE_END,
        ]
        .concat();
        assert!(matches!(&decoded(&long)[..], [Input::Paste(text)] if text.len() == MAX_PASTE));
    }

    #[test]
    fn any_bytes_in_any_pieces_are_decoded_alike() {
        // Pseudorandom bytes (Numerical Recipes), with many escape characters.
        let mut state = 1_u32;
        let mut next = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 16
        };
        for _ in 0..2000 {
            let pool = b"\x1b\x1b[[;;<0129~MARZO\r\0a\x7f\x80\xc3\xa9\xe2\xf0\xff";
            let bytes: Vec<u8> = (0..next() % 40)
                .map(|_| pool[next() as usize % pool.len()])
                .collect();
            let mut pieces = Vec::new();
            let mut decoder = Decoder::default();
            for byte in &bytes {
                decoder.feed(&[*byte], &mut pieces);
            }
            decoder.flush(&mut pieces);
            assert_eq!(pieces, decoded(&bytes), "{bytes:?}");
        }
    }
}
