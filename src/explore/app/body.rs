//! The body of a response. It is prepared by the thread that makes the call.

use std::sync::Arc;

use super::super::tree::{Refused, Tree};
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
        let text = String::from_utf8(bytes);
        let null = || Tree::of("null".into());
        let (content, tree, json) = match text {
            Ok(text) if text.is_empty() => (Content::Empty, null()?, "null".into()),
            // It is checked once: it may have many megabytes.
            Ok(text) => match Tree::of(text.trim_ascii().into()) {
                Ok(tree) => (Content::Json, tree.clone(), tree.text().clone()),
                Err(Refused::TooLarge(why)) => return Err(why),
                Err(Refused::Invalid(_)) => {
                    let lines: Vec<Text> = text.lines().map(Text::string).collect();
                    let lines = Tree::of(Text::array(&lines).as_str().into())?;
                    (Content::Text, lines, Text::string(&text).as_str().into())
                }
            },
            Err(_) => (Content::Binary, null()?, "null".into()),
        };
        Ok(Body {
            content,
            tree,
            json,
            bytes: length,
        })
    }
}
