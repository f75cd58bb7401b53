//! Renews the credentials of a caller.

use std::cell::RefCell;
use std::rc::Rc;

use crate::auth::Issuer;
use crate::auth::scheme::Lifetime;
use crate::http::Caller;

/// Gets the warnings about a credential.
pub(super) type Tell = Box<dyn Fn(&[String])>;

/// A caller whose credentials `issuer` renews, if they can be renewed. `tell` gets the warnings.
pub(super) fn renewed_by(
    issuer: &Rc<RefCell<Issuer<'static>>>,
    caller: Caller<'static>,
    tell: Tell,
) -> Caller<'static> {
    let lifetime = issuer.borrow().lifetime();
    let issuer = Rc::clone(issuer);
    match lifetime {
        Lifetime::Lasting => caller,
        Lifetime::OneRequest | Lifetime::Cached => caller.renewing(Box::new(move |renewal| {
            let issued = issuer.borrow_mut().renew(renewal)?;
            Ok(issued.map(|issued| {
                tell(&issued.warnings);
                issued.credential
            }))
        })),
    }
}
