//! AssumeQueueRoleForUser and AssumeQueueRoleForRead of Deadline Cloud.

use super::answer::{Members, Obtained};
use super::call;
use super::endpoint::{self, endpoint_url};
use super::environment::Environment;
use super::keys::Keys;
use super::origin::{Origin, QueueRole};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::Settings;

const SERVICE: &str = "deadline";

/// Which role of the queue is assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    User,
    Read,
}

impl Access {
    /// The values of `queue_role`.
    pub(crate) const NAMES: [(&'static str, Access); 2] =
        [("user", Access::User), ("read", Access::Read)];
}

/// The role of the queue in DEADLINE_FARM_ID and DEADLINE_QUEUE_ID, assumed with `base`. Without these
/// variables it is `base`.
///
/// # Errors
/// If only one of them is set, or one is invalid.
pub(crate) fn origin(
    base: Origin,
    access: Access,
    environment: &Environment,
    region: &str,
) -> Result<Origin, Error> {
    let variables = ["DEADLINE_FARM_ID", "DEADLINE_QUEUE_ID"];
    let (farm, queue) = match variables.map(|name| environment.text(name)) {
        [None, None] => return Ok(base),
        [Some(farm), Some(queue)] => (farm, queue),
        [Some(_), None] => {
            return Err(Error::usage(
                "DEADLINE_FARM_ID is set, and DEADLINE_QUEUE_ID is not",
            ));
        }
        [None, Some(_)] => {
            return Err(Error::usage(
                "DEADLINE_QUEUE_ID is set, and DEADLINE_FARM_ID is not",
            ));
        }
    };
    for (name, id) in [("DEADLINE_FARM_ID", farm), ("DEADLINE_QUEUE_ID", queue)] {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if !id.bytes().all(is_plain) {
            return Err(Error::usage(format!("{name} is not an ID")));
        }
    }
    let role = match access {
        Access::User => "user-roles",
        Access::Read => "read-roles",
    };
    let given = environment.first(&["AWS_ENDPOINT_URL_DEADLINE", "AWS_ENDPOINT_URL"]);
    let ignored = environment.is_true("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    let url = given
        .filter(|_| !ignored)
        .unwrap_or_else(|| format!("https://management.{}", endpoint::host(SERVICE, region)));
    let mut url = endpoint_url(&url)?;
    let path = format!("/2023-10-12/farms/{farm}/queues/{queue}/{role}");
    url.path = format!("{}{path}", url.path.trim_end_matches('/'));
    Ok(Origin::QueueRole(Box::new(QueueRole {
        base,
        url,
        region: region.to_owned(),
    })))
}

/// Assumes the role.
///
/// # Errors
/// If the service does not respond.
pub(super) fn keys(
    role: &QueueRole,
    base: Keys,
    settings: &Settings,
    deadline: Deadline,
) -> Result<Obtained, Error> {
    let request = call::request("GET", role.url.clone());
    let request = call::signed(request, base, SERVICE, &role.region);
    let answer = call::service(request, settings, deadline)?;
    Ok(Obtained::of_json(&answer, Members::Within("credentials")))
}
