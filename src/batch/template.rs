//! METHOD URL ITEM… with `{field}`, which each row or object fills in. A value is encoded for the
//! place where it stands, so that it never changes the shape of the request.

use super::fields::Fields;
use super::json_pattern::JsonPattern;
use super::pattern::Pattern;
use super::record::{Content, Record};
use crate::http::body;
use crate::http::item::{Item, Value};
use crate::http::url::{form_encode, percent_decode};

/// How the fields of the body are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Json,
    Form,
}

/// A request with places for values.
#[derive(Debug)]
pub(crate) struct Template {
    method: Option<String>,
    /// Scheme, host and port, without places.
    authority: String,
    /// The segments of the path, each after a slash.
    path: Vec<Pattern>,
    query: Vec<QueryPart>,
    headers: Vec<(String, Pattern)>,
    parameters: Vec<(String, Pattern)>,
    body: BodyPattern,
}

/// A part of the query in the URL, between ampersands.
#[derive(Debug)]
enum QueryPart {
    Fixed(String),
    Value { name: String, value: Pattern },
}

#[derive(Debug)]
enum BodyPattern {
    Json(Vec<(String, JsonValue)>),
    Form(Vec<(String, Pattern)>),
}

#[derive(Debug)]
enum JsonValue {
    /// `key=value`: a string.
    Text(Pattern),
    /// `key:=json`.
    Json(JsonPattern),
}

impl Template {
    /// Compiles a template. A field may stand in a segment of the path, in a value of the query, a
    /// header or the body, but not in a name, the host or the method.
    ///
    /// # Errors
    /// When a field stands somewhere else.
    pub(crate) fn parse(
        method: Option<&str>,
        url: &str,
        items: Vec<Item>,
        encoding: Encoding,
    ) -> Result<Template, String> {
        let url = url.split('#').next().unwrap_or("");
        let host_at = url.find("://").map_or(0, |at| at + 3);
        let rest = url.get(host_at..).unwrap_or("");
        let end = host_at + rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, tail) = url.split_at(end);
        let (path, query) = match tail.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (tail, None),
        };
        let segments = path.split('/').skip(1);
        let parts = query.into_iter().flat_map(|query| query.split('&'));
        let mut template = Template {
            method: method
                .map(|method| fixed(method, "the method"))
                .transpose()?,
            authority: fixed(authority, "the host")?,
            path: segments.map(Pattern::parse).collect::<Result<_, _>>()?,
            query: parts.map(query_part).collect::<Result<_, _>>()?,
            headers: Vec::new(),
            parameters: Vec::new(),
            body: match encoding {
                Encoding::Json => BodyPattern::Json(Vec::new()),
                Encoding::Form => BodyPattern::Form(Vec::new()),
            },
        };
        for item in items {
            template.add(item)?;
        }
        Ok(template)
    }

    fn add(&mut self, item: Item) -> Result<(), String> {
        match item {
            Item::Header { name, value } => {
                self.headers.push((name, Pattern::parse(&literal(value)?)?));
            }
            Item::Query { name, value } => {
                let name = fixed(&name, "the name of a query parameter")?;
                self.parameters
                    .push((name, Pattern::parse(&literal(value)?)?));
            }
            Item::Field { name, value } => {
                let name = fixed(&name, "the name of a body field")?;
                let value = Pattern::parse(&literal(value)?)?;
                match &mut self.body {
                    BodyPattern::Json(members) => members.push((name, JsonValue::Text(value))),
                    BodyPattern::Form(members) => members.push((name, value)),
                }
            }
            Item::Json { name, value } => {
                let name = fixed(&name, "the name of a body field")?;
                let BodyPattern::Json(members) = &mut self.body else {
                    return Err(format!(
                        "'{name}:=' is a JSON value; a form supports only key=value"
                    ));
                };
                let value = JsonPattern::parse(&literal(value)?)
                    .map_err(|why| format!("'{name}:=' is not valid JSON: {why}"))?;
                members.push((name, JsonValue::Json(value)));
            }
            Item::NoHeader { name } => {
                return Err(format!("'{name}:' cannot remove a header of a template"));
            }
            Item::File { name, .. } => {
                return Err(format!("'{name}@' cannot upload a file in a template"));
            }
        }
        Ok(())
    }

    /// Checks that all fields are among these names, such as the columns of a table.
    ///
    /// # Errors
    /// Names the first that is not.
    pub(crate) fn ensure_fields(&self, names: &[String]) -> Result<(), String> {
        let missing = self
            .fields()
            .find(|field| !names.iter().any(|name| name == field));
        match missing {
            Some(field) => Err(format!("there is no column '{field}'")),
            None => Ok(()),
        }
    }

    fn fields(&self) -> impl Iterator<Item = &str> {
        let query = self.query.iter().filter_map(|part| match part {
            QueryPart::Value { value, .. } => Some(value),
            QueryPart::Fixed(_) => None,
        });
        let pairs = self.headers.iter().chain(&self.parameters);
        let (texts, jsons): (Vec<&Pattern>, Vec<&JsonPattern>) = match &self.body {
            BodyPattern::Form(members) => {
                (members.iter().map(|(_, value)| value).collect(), Vec::new())
            }
            BodyPattern::Json(members) => {
                let mut texts = Vec::new();
                let mut jsons = Vec::new();
                for (_, value) in members {
                    match value {
                        JsonValue::Text(pattern) => texts.push(pattern),
                        JsonValue::Json(pattern) => jsons.push(pattern),
                    }
                }
                (texts, jsons)
            }
        };
        self.path
            .iter()
            .chain(query)
            .chain(pairs.map(|(_, value)| value))
            .chain(texts)
            .flat_map(Pattern::fields)
            .chain(jsons.into_iter().flat_map(JsonPattern::fields))
    }

    /// The request with these values. Its id is the field `id`, if there is one.
    ///
    /// # Errors
    /// When a field is missing, or its value cannot stand in its place.
    pub(crate) fn fill(&self, line: u64, fields: &Fields) -> Result<Record, String> {
        let text = |pattern: &Pattern| pattern.fill(fields, str::to_owned);
        let texts = |pairs: &[(String, Pattern)]| {
            pairs
                .iter()
                .map(|(name, value)| Ok((name.clone(), text(value)?)))
                .collect::<Result<Vec<_>, String>>()
        };
        let content = match &self.body {
            BodyPattern::Form(members) if !members.is_empty() => Content::Form(texts(members)?),
            BodyPattern::Json(members) if !members.is_empty() => {
                let mut values = Vec::with_capacity(members.len());
                for (name, value) in members {
                    let value = match value {
                        JsonValue::Text(pattern) => crate::json::Text::string(&text(pattern)?),
                        JsonValue::Json(pattern) => pattern.fill(fields)?,
                    };
                    values.push((name.clone(), value));
                }
                Content::Json(body::json_text(&values)?)
            }
            BodyPattern::Form(_) | BodyPattern::Json(_) => Content::None,
        };
        let id = match fields.get("id") {
            Ok(value) => Some(value.text().map_err(|why| format!("field 'id': {why}"))?),
            Err(_) => None,
        };
        let record = Record {
            line,
            id,
            method: self.method.clone(),
            url: self.url(fields)?,
            headers: texts(&self.headers)?,
            query: texts(&self.parameters)?,
            content,
        };
        record.ensure_valid()?;
        Ok(record)
    }

    fn url(&self, fields: &Fields) -> Result<String, String> {
        let mut url = self.authority.clone();
        for segment in &self.path {
            url.push('/');
            url.push_str(&path_segment(segment, fields)?);
        }
        for (number, part) in self.query.iter().enumerate() {
            url.push(if number == 0 { '?' } else { '&' });
            match part {
                QueryPart::Fixed(text) => url.push_str(text),
                QueryPart::Value { name, value } => {
                    url.push_str(name);
                    url.push('=');
                    url.push_str(&value.fill(fields, form_encode)?);
                }
            }
        }
        Ok(url)
    }
}

/// A segment of the path. Servers decode it, some even before they split the path, so a value may not
/// be empty or climb.
fn path_segment(segment: &Pattern, fields: &Fields) -> Result<String, String> {
    let filled = segment.fill(fields, form_encode)?;
    let Some(field) = segment.fields().next() else {
        return Ok(filled);
    };
    let refuse = |why: &str| Err(format!("field '{field}' in the path: {why}"));
    let decoded = percent_decode(&filled);
    if decoded.is_empty() {
        return refuse("it is empty");
    }
    if decoded.iter().any(u8::is_ascii_control) {
        return refuse("it contains a control character");
    }
    let climbs = decoded
        .split(|byte| matches!(byte, b'/' | b'\\'))
        .any(|part| matches!(part, b"." | b"..") || part.starts_with(b"..;"));
    match climbs {
        true => refuse("it contains '.' or '..' as a part of the path"),
        false => Ok(filled),
    }
}

fn query_part(text: &str) -> Result<QueryPart, String> {
    match text.split_once('=') {
        Some((name, value)) => {
            let name = fixed(name, "the name of a query parameter")?;
            let value = Pattern::parse(value)?;
            let has_field = value.fields().next().is_some();
            Ok(match has_field {
                true => QueryPart::Value { name, value },
                false => QueryPart::Fixed(format!("{name}={}", value.literal())),
            })
        }
        None => fixed(text, "the name of a query parameter").map(QueryPart::Fixed),
    }
}

/// A text without a field.
fn fixed(text: &str, place: &str) -> Result<String, String> {
    let pattern = Pattern::parse(text)?;
    match pattern.fields().next() {
        Some(field) => Err(format!("the field '{{{field}}}' cannot be in {place}")),
        None => Ok(pattern.literal()),
    }
}

fn literal(value: Value) -> Result<String, String> {
    match value {
        Value::Literal(text) => Ok(text),
        Value::File(path) => Err(format!("'@{path}' cannot be read in a template")),
    }
}

#[cfg(test)]
mod tests;
