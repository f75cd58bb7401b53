//! Pages of a list: finds the request for the next page in a response, and the items in it.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::body::Body;
use super::graphql::{self, PagedQuery};
use super::head::Head;
use super::link_header;
use super::page_items::{Items, hint_about_items};
use super::page_settings::Parameter;
use super::request::Request;
use super::seen::Seen;
use super::settings::Settings;
use super::url::{Scheme, Url};
use crate::error::Error;
use crate::jq::{Filter, Output};
use crate::json;
use crate::redact::{self, Secrets};

/// How the next page is found.
pub(crate) enum Shape {
    /// By the Link header (RFC 8288).
    Link,
    /// By a filter, whose output is a URL, a path or null.
    Next(Filter),
    /// By a query parameter that counts up, until a page is empty.
    Number(Parameter),
    /// By a query parameter that takes the output of a filter, until that is null.
    Cursor(Parameter, Filter),
    /// By the cursor of a GraphQL connection.
    GraphQl(PagedQuery),
}

/// Whether the number of pages is limited by the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    Limited,
    Unlimited,
}

/// The pages of a list, one after another.
pub(crate) struct Pager {
    shape: Shape,
    items: Option<Filter>,
    bound: Bound,
    /// The first request; a query parameter in it changes with the pages.
    first: Request,
    /// Whether a client certificate is sent.
    has_certificate: bool,
    /// The number of the current page, counted from 1.
    number: u64,
    /// The value of the parameter that counts.
    count: u64,
    requested: Seen,
    /// The hash of the last page.
    last: Option<u64>,
}

/// A page.
pub(crate) struct Page<'a> {
    pub items: Items<'a>,
    /// Where the next page is; `None` after the last.
    pub next: Option<Next>,
}

impl Pager {
    /// The pages that begin with `request`, whose query gets the parameter of the first page.
    ///
    /// # Errors
    /// A usage error when the URL has the parameter, but without a number.
    pub(crate) fn new(
        shape: Shape,
        items: Option<Filter>,
        bound: Bound,
        request: &mut Request,
    ) -> Result<Pager, Error> {
        let mut count = 0;
        match &shape {
            Shape::Number(parameter) => {
                let given = request.url.query_value(&parameter.name);
                count = match given.as_deref().map(str::parse) {
                    None => parameter.start.unwrap_or(1),
                    Some(Ok(number)) => number,
                    Some(Err(_)) => {
                        let name = &parameter.name;
                        return Err(Error::usage(format!(
                            "--paginate: the query parameter '{name}' of the URL is not a number"
                        )));
                    }
                };
                request.url.set_query(&parameter.name, &count.to_string());
            }
            Shape::Cursor(parameter, _) => {
                let given = request.url.query_value(&parameter.name);
                if let (Some(start), None) = (parameter.start, given) {
                    request.url.set_query(&parameter.name, &start.to_string());
                }
            }
            Shape::Link | Shape::Next(_) | Shape::GraphQl(_) => {}
        }
        Ok(Pager {
            shape,
            items,
            bound,
            first: request.clone(),
            has_certificate: false,
            number: 1,
            count,
            requested: Seen::default(),
            last: None,
        })
    }

    /// Begins with the first request, complete with its credentials.
    pub(crate) fn begin(&mut self, request: &Request, settings: &Settings) {
        self.first = request.clone();
        self.has_certificate = settings.tls.client.is_some();
        self.requested.insert(fingerprint(request));
    }

    /// Whether only a Link header leads to the next page.
    pub(crate) fn needs_link(&self) -> bool {
        matches!(self.shape, Shape::Link)
    }

    /// Reads a page: `sent` is the request that it answers.
    ///
    /// # Errors
    /// When it is not the expected JSON, or the same as the page before.
    pub(crate) fn read<'a>(
        &mut self,
        sent: &Request,
        head: &Head,
        body: &'a [u8],
    ) -> Result<Page<'a>, Error> {
        let text = std::str::from_utf8(body).map_err(|_| self.wrong("it is not UTF-8"))?;
        if text.trim_ascii().is_empty() {
            // For example after 204.
            return Ok(Page {
                items: Items::Unchanged(Vec::new()),
                next: None,
            });
        }
        json::check(text).map_err(|why| self.wrong(format!("it is not JSON: {why}")))?;
        let (items, next) = match &self.shape {
            Shape::GraphQl(_) => self.graphql(sent, text)?,
            Shape::Link | Shape::Next(_) | Shape::Number(_) | Shape::Cursor(..) => {
                let items = self.items(text)?;
                let next = self.next(sent, head, text, &items)?;
                (items, next)
            }
        };
        Ok(Page { items, next })
    }

    fn wrong(&self, why: impl std::fmt::Display) -> Error {
        Error::malformed(format!("page {}", self.number), why)
    }

    /// The items: the outputs of the filter, the elements of an array, or the page itself.
    fn items<'a>(&self, text: &'a str) -> Result<Items<'a>, Error> {
        if let Some(filter) = &self.items {
            let outputs = filter.outputs("--items", text.as_bytes())?;
            return Ok(Items::Filtered(outputs));
        }
        match (json::elements(text), &self.shape) {
            (Some(elements), _) => Ok(Items::Unchanged(elements)),
            (None, Shape::Number(_)) => {
                let error = self.wrong("it is not an array, and only an empty page is the last");
                Err(error.with_hint(hint_about_items(text)))
            }
            (None, Shape::Link | Shape::Next(_) | Shape::Cursor(..) | Shape::GraphQl(_)) => {
                Ok(Items::Unchanged(vec![text.trim_ascii()]))
            }
        }
    }

    fn graphql<'a>(
        &self,
        sent: &Request,
        text: &'a str,
    ) -> Result<(Items<'a>, Option<Next>), Error> {
        let found = graphql::connection(text).map_err(|why| self.wrong(why))?;
        let items = match (&self.items, found.items) {
            (None, Some(items)) => Items::Unchanged(items),
            (Some(_), _) | (None, None) => self.items(text)?,
        };
        let Some(cursor) = found.next else {
            return Ok((items, None));
        };
        let Shape::GraphQl(query) = &self.shape else {
            return Ok((items, None));
        };
        let next = query.body_after(&sent.body, &cursor).map(Next::Body);
        Ok((items, next))
    }

    /// Where the next page is; `None` after the last.
    fn next(
        &mut self,
        sent: &Request,
        head: &Head,
        text: &str,
        items: &Items,
    ) -> Result<Option<Next>, Error> {
        let found = match &self.shape {
            Shape::Link => link_header::next(head),
            Shape::Next(filter) => self.value_of(filter, text)?,
            Shape::Cursor(parameter, filter) => {
                let cursor = self.value_of(filter, text)?;
                return Ok(cursor.map(|cursor| self.with_parameter(&parameter.name, &cursor)));
            }
            Shape::Number(parameter) => {
                let name = parameter.name.clone();
                return self.counted(&name, text, items);
            }
            Shape::GraphQl(_) => None,
        };
        let Some(target) = found else {
            return Ok(None);
        };
        match sent.url.join(&target) {
            Ok(url) => Ok(Some(Next::Url(url))),
            Err(why) => Err(self.wrong(format!("the address of the next page is invalid: {why}"))),
        }
    }

    fn with_parameter(&self, name: &str, value: &str) -> Next {
        let mut url = self.first.url.clone();
        url.set_query(name, value);
        Next::Parameter(url)
    }

    /// The page with the next number, until a page is empty.
    fn counted(&mut self, name: &str, text: &str, items: &Items) -> Result<Option<Next>, Error> {
        if items.is_empty() {
            return Ok(None);
        }
        let own = hash(text);
        if self.last.replace(own) == Some(own) && self.bound == Bound::Unlimited {
            let error = self.wrong("it is the same as the page before");
            return Err(error.with_hint(format!(
                "the service may not know the query parameter '{name}'; --max-pages N allows equal pages"
            )));
        }
        let next = self.count.checked_add(1);
        self.count = next.ok_or_else(|| self.wrong("its number is the largest"))?;
        Ok(Some(self.with_parameter(name, &self.count.to_string())))
    }

    /// The output of the filter for the next page; `None` if it is null, false or empty.
    fn value_of(&self, filter: &Filter, text: &str) -> Result<Option<String>, Error> {
        let outputs = filter.outputs("--next", text.as_bytes())?;
        let [output] = outputs.as_slice() else {
            return match outputs.is_empty() {
                true => Ok(None),
                false => Err(self.wrong("--next has more than one output")),
            };
        };
        match output.as_str() {
            Some("") => Ok(None),
            Some(text) => Ok(Some(text.to_owned())),
            None if !output.is_true() => Ok(None),
            None if is_number(output) && matches!(self.shape, Shape::Cursor(..)) => {
                Ok(Some(output.json().to_owned()))
            }
            None => Err(self.wrong("the output of --next is not a string")),
        }
    }

    /// The request for the next page, after the page that answers `sent`.
    ///
    /// # Errors
    /// When it was sent before, or would send credentials to another place.
    pub(crate) fn request(&mut self, sent: &Request, next: Next) -> Result<Request, Error> {
        let request = match next {
            Next::Body(body) => Request {
                body,
                ..sent.clone()
            },
            Next::Parameter(url) => Request {
                url,
                ..self.first.clone()
            },
            Next::Url(url) => self.moved(sent, url)?,
        };
        if self.requested.insert(fingerprint(&request)) {
            self.number += 1;
            return Ok(request);
        }
        let address = request.shown_url(Secrets::Hidden);
        Err(self.wrong(match &self.shape {
            Shape::GraphQl(_) => {
                format!("the cursor of the next page, at {address}, was already used")
            }
            Shape::Link | Shape::Next(_) | Shape::Number(_) | Shape::Cursor(..) => {
                format!("the next page, {address}, was already requested")
            }
        }))
    }

    /// A request for a URL that the server gave.
    fn moved(&self, sent: &Request, url: Url) -> Result<Request, Error> {
        let mut request = sent.clone();
        if !sent.keeps_credentials_at(&url) {
            let is_identified = self.first.carries_secret()
                || self.first.path_prefix.is_some()
                || self.has_certificate;
            let why = if is_identified {
                "credentials are sent only to the place of the first page"
            } else if request.body != Body::None {
                "the body is sent only to the origin of the first page"
            } else if sent.url.origin.scheme == Scheme::Https && url.origin.scheme == Scheme::Http {
                "it leads from https to http"
            } else {
                request.leave_origin();
                request.url = url;
                return Ok(request);
            };
            let shown = redact::url(&url.to_string());
            let error = self.wrong(format!("the next page, {shown}, is not requested: {why}"));
            return Err(error.with_hint(
                "--next FILTER can give a path, which belongs to the place of the page before",
            ));
        }
        request.move_to(url);
        Ok(request)
    }
}

/// Where the next page is.
pub(crate) enum Next {
    /// At a URL from the server.
    Url(Url),
    /// At the first URL with another parameter.
    Parameter(Url),
    /// At the same URL, with this body.
    Body(Body),
}

fn is_number(output: &Output) -> bool {
    output
        .json()
        .starts_with(|c: char| c == '-' || c.is_ascii_digit())
}

/// A hash of what distinguishes two requests.
fn fingerprint(request: &Request) -> u64 {
    let body: &[u8] = match &request.body {
        Body::Bytes { bytes, .. } => bytes,
        Body::None | Body::File { .. } | Body::Multipart(_) | Body::Gzip(_) => &[],
    };
    hash(&(request.url.to_string(), body))
}

fn hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
