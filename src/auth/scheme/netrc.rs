//! `netrc`: the entry for the service's host in `$NETRC`, else `~/.netrc`.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::rc::Rc;

use super::definition::{Definition, OptionForm, Scheme};
use crate::auth::context::{Context, Issued, TokenRequirement};
use crate::auth::preview::{NetrcUse, Preview};
use crate::auth::service::Service;
use crate::error::Error;
use crate::http::credential::{Credential, Placement};
use crate::http::netrc;
use crate::secret::Source;

pub(super) const DEFINITION: Definition = Definition {
    name: "netrc",
    option: Some(OptionForm {
        syntax: &["netrc", "netrc=bearer"],
        parse: |rest, _| match rest {
            None | Some("basic") => Ok(Rc::new(Netrc(NetrcUse::Password))),
            Some("bearer") => Ok(Rc::new(Netrc(NetrcUse::Bearer))),
            Some(_) => Err("write netrc or netrc=bearer".into()),
        },
    }),
    keys: &[],
    from_profile: |_, _| Ok(Rc::new(Netrc(NetrcUse::Password))),
};

#[derive(Debug)]
struct Netrc(NetrcUse);

impl Scheme for Netrc {
    fn issue(
        &self,
        service: &Service,
        _: &TokenRequirement,
        context: &Context,
    ) -> Result<Issued, Error> {
        let path = context.netrc.as_ref().ok_or_else(|| {
            Error::usage_hint(
                "no netrc file: neither NETRC nor HOME is set",
                "set NETRC to the path of the file",
            )
        })?;
        let source = Source::File(path.clone());
        let secret = source.read_until("netrc", context.deadline)?;
        let fail = |why: String| Error::Secret(source.failed(why));
        let text =
            std::str::from_utf8(secret.expose()).map_err(|_| fail("it is not UTF-8".into()))?;
        let host = &service.url.origin.host;
        let user = service.user.as_deref();
        let found = netrc::find(text, host, user).map_err(fail)?;
        let entry = found.ok_or_else(|| match user {
            Some(user) => fail(format!("it has no entry for user '{user}' on '{host}'")),
            None => fail(format!("it has no entry for '{host}'")),
        })?;
        let mut issued = match self.0 {
            NetrcUse::Password => {
                Issued::lasting(Credential::basic(&entry.user, &entry.password), None)
            }
            NetrcUse::Bearer => Issued::lasting(
                Placement::Bearer.credential(&entry.password),
                Some(entry.password),
            ),
        };
        issued.warnings.extend(permission_warning(path));
        Ok(issued)
    }

    fn preview(&self, _: &Service) -> Preview {
        Preview::Netrc(self.0)
    }
}

fn permission_warning(path: &Path) -> Option<String> {
    let mode = std::fs::metadata(path).map_or(0, |found| found.permissions().mode());
    let shown = path.display();
    (mode & 0o077 != 0).then(|| format!("other users can read {shown}; run chmod 600 {shown}"))
}
