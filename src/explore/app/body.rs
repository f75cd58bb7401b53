//! The body of a response. It is prepared by the thread that makes the call.

use std::sync::Arc;

use super::super::result::of_body;
use super::super::tree::Tree;
use crate::json::Text;

/// A body.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    pub content: Content,
    /// Its JSON, or its lines as an array.
    pub tree: Tree,
    /// The value that the next calls use.
    pub json: Arc<str>,
    pub bytes: usize,
}

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Json,
    Text,
    Binary,
    Empty,
}

impl Body {
    /// Reads a body.
    ///
    /// # Errors
    /// When it has too many values.
    pub(crate) fn of(bytes: Vec<u8>) -> Result<Body, String> {
        let length = bytes.len();
        let json = of_body(&bytes);
        let text = String::from_utf8(bytes);
        let (content, tree) = match &text {
            Ok(text) if text.is_empty() => (Content::Empty, Tree::of("null".into())?),
            Ok(text) if crate::json::check(text).is_ok() => {
                (Content::Json, Tree::of(json.clone())?)
            }
            Ok(text) => {
                let lines: Vec<Text> = text.lines().map(Text::string).collect();
                let lines = Text::array(&lines);
                (Content::Text, Tree::of(lines.as_str().into())?)
            }
            Err(_) => (Content::Binary, Tree::of("null".into())?),
        };
        Ok(Body {
            content,
            tree,
            json,
            bytes: length,
        })
    }
}
