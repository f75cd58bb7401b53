//! Values that the files must have: `width=2048,height=858,channels=RGBA,frames=1001-1100`.

use crate::seq::frame::Frame;
use crate::seq::image::fault::Kind;
use crate::seq::image::header::channel_list;
use crate::seq::range::{self, Syntax};

/// The keys.
pub(crate) const KEYS: [&str; 8] = [
    "frames",
    "format",
    "width",
    "height",
    "channels",
    "type",
    "compression",
    "data_window",
];

/// What the files must be like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Expected {
    pub frames: Option<Vec<Frame>>,
    /// Kinds of differences, and the values that are none.
    pub values: Vec<(Kind, String)>,
}

impl Expected {
    /// Reads `key=value` pairs with commas between them. A value may have commas.
    ///
    /// # Errors
    /// A message about the first pair that is wrong.
    pub(crate) fn parse(text: &str) -> Result<Expected, String> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for part in text.split(',') {
            match (part.split_once('='), pairs.last_mut()) {
                (Some((key, value)), _) => pairs.push((key.trim().to_owned(), value.to_owned())),
                (None, Some((_, value))) => {
                    value.push(',');
                    value.push_str(part);
                }
                (None, None) => return Err(format!("'{part}' is not KEY=VALUE")),
            }
        }
        let mut expected = Expected::default();
        let (mut width, mut height) = (String::new(), String::new());
        for (key, value) in pairs {
            let value = value.trim();
            match &*key {
                "frames" => expected.frames = Some(frames(value)?),
                "width" => width = number(&key, value)?,
                "height" => height = number(&key, value)?,
                "format" => expected.add(Kind::Format, value),
                "channels" => {
                    let names = value.split(',').map(|name| name.trim().as_bytes());
                    expected.add(Kind::Channels, &channel_list(names));
                }
                "type" => expected.add(Kind::Type, value),
                "compression" => expected.add(Kind::Compression, value),
                "data_window" => expected.add(Kind::DataWindow, value),
                _ => {
                    let keys = KEYS.join(", ");
                    return Err(format!("unknown key '{key}'; the keys are {keys}"));
                }
            }
        }
        if !width.is_empty() || !height.is_empty() {
            expected.add(Kind::Resolution, &format!("{width}x{height}"));
        }
        Ok(expected)
    }

    fn add(&mut self, kind: Kind, value: &str) {
        self.values.push((kind, value.to_owned()));
    }
}

fn frames(value: &str) -> Result<Vec<Frame>, String> {
    range::parse(value, Syntax::Fileseq).map_err(|error| format!("frames={value}: {error}"))
}

fn number(key: &str, value: &str) -> Result<String, String> {
    match value.parse::<u64>() {
        Ok(number) => Ok(number.to_string()),
        Err(_) => Err(format!("{key}={value}: not a whole number")),
    }
}
