//! The settings of pages, from a profile or the command line.

use crate::error::Error;
use crate::jq::Filter;

/// Where the next page and the items are. Filters are texts: they are compiled when pages are
/// requested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PageSettings {
    /// A filter that gives the next page.
    pub next: Option<String>,
    pub parameter: Option<Parameter>,
    /// A filter that gives the items.
    pub items: Option<String>,
}

/// A query parameter that selects the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parameter {
    pub name: String,
    /// Its value for the first page.
    pub start: Option<u64>,
}

impl Parameter {
    /// Parses `page` or `page,start=0`.
    ///
    /// # Errors
    /// Describes the form.
    pub(crate) fn parse(text: &str) -> Result<Parameter, String> {
        let (name, start) = match text.rsplit_once(",start=") {
            None => (text, None),
            Some((name, start)) => (name, Some(start)),
        };
        let start = start.map(str::parse).transpose();
        match start {
            Ok(start) if !name.is_empty() && !name.contains([',', '=', '&']) => Ok(Parameter {
                name: name.to_owned(),
                start,
            }),
            Ok(_) | Err(_) => Err("it must be NAME or NAME,start=NUMBER".to_owned()),
        }
    }
}

impl PageSettings {
    /// These settings over those of a profile. Another way to the next page replaces that of the
    /// profile as a whole.
    pub(crate) fn over(self, beneath: PageSettings) -> PageSettings {
        let items = self.items.or(beneath.items);
        let way = match (&self.next, &self.parameter) {
            (None, None) => (beneath.next, beneath.parameter),
            (Some(_), _) | (None, Some(_)) => (self.next, self.parameter),
        };
        PageSettings {
            next: way.0,
            parameter: way.1,
            items,
        }
    }

    /// Checks the filters, which are compiled only for pages. A build without filters accepts any.
    ///
    /// # Errors
    /// A usage error about the first that does not compile.
    pub(crate) fn ensure_filters(&self) -> Result<(), Error> {
        let filters = [("pages: next", &self.next), ("pages: items", &self.items)];
        for (key, text) in filters {
            if let Some(text) = text
                && cfg!(feature = "jq")
            {
                Filter::compile(key, text)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameter_has_a_name_and_a_start() {
        let parsed =
            |text: &str| Parameter::parse(text).map(|parameter| (parameter.name, parameter.start));
        assert_eq!(parsed("page"), Ok(("page".into(), None)));
        assert_eq!(
            parsed("page[number],start=0"),
            Ok(("page[number]".into(), Some(0)))
        );
        for wrong in [
            "",
            ",start=1",
            "page,start=x",
            "page,start=",
            "page=1",
            "page,size=2",
        ] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn another_way_to_the_next_page_replaces_that_of_the_profile() {
        let profile = PageSettings {
            next: Some(".a".into()),
            parameter: Parameter::parse("page").ok(),
            items: Some(".i[]".into()),
        };
        let next = PageSettings {
            next: Some(".b".into()),
            ..PageSettings::default()
        };
        let merged = next.clone().over(profile.clone());
        assert_eq!(
            merged,
            PageSettings {
                items: profile.items.clone(),
                ..next
            }
        );
        assert_eq!(PageSettings::default().over(profile.clone()), profile);
    }
}
