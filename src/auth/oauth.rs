//! The requests of OAuth 2.0: RFC 6749 §4.1.3, §4.4 and §6, RFC 7523 §2, RFC 8628, RFC 8693, RFC 7009.

use super::plan::{Exchange, Fields, ResponseNames, Revocation, Target};
use super::template::Template;
use crate::http::url::Url;
use crate::json::Text;
use crate::jwt::claim::Claim;

/// How the client authenticates at the token endpoint (RFC 6749 §2.3, RFC 7523 §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Client {
    /// It sends only its client_id.
    Public,
    Basic,
    Post,
    PrivateKeyJwt,
}

impl Client {
    /// The values of `client_auth`, for both the schema and the reader.
    pub(crate) const NAMES: [(&'static str, Client); 4] = [
        ("basic", Client::Basic),
        ("post", Client::Post),
        ("private_key_jwt", Client::PrivateKeyJwt),
        ("none", Client::Public),
    ];
}

fn post(target: Target, fields: Vec<(String, Template)>) -> Exchange {
    Exchange {
        method: "POST".into(),
        target,
        headers: Vec::new(),
        query: Vec::new(),
        fields: Fields::Form(fields),
        answer: ResponseNames::default(),
    }
}

fn fields(pairs: &[(&str, &str)]) -> Vec<(String, Template)> {
    pairs
        .iter()
        .map(|(name, text)| ((*name).to_owned(), Template::parse(text)))
        .collect()
}

fn authenticated(mut exchange: Exchange, client: Client) -> Exchange {
    let own = match client {
        Client::Public => fields(&[("client_id", "{client_id?}")]),
        Client::Post => fields(&[
            ("client_id", "{client_id}"),
            ("client_secret", "{client_secret}"),
        ]),
        Client::PrivateKeyJwt => fields(&[
            ("client_id", "{client_id}"),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", "{jwt}"),
        ]),
        Client::Basic => {
            let basic = Template::parse("Basic {client_basic}");
            exchange.headers.push(("Authorization".into(), basic));
            Vec::new()
        }
    };
    if let Fields::Form(fields) = &mut exchange.fields {
        fields.extend(own);
    }
    exchange
}

/// RFC 6749 §4.4.2.
pub(crate) fn client_credentials(
    url: Url,
    client: Client,
    params: &[(String, Template)],
) -> Exchange {
    let mut form = fields(&[
        ("grant_type", "client_credentials"),
        ("scope", "{scope?}"),
        ("audience", "{audience?}"),
    ]);
    form.extend_from_slice(params);
    authenticated(post(Target::Url(url), form), client)
}

/// RFC 7523 §2.1.
pub(crate) fn jwt_bearer(target: Target, params: &[(String, Template)]) -> Exchange {
    let mut form = fields(&[
        ("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"),
        ("assertion", "{jwt}"),
        ("scope", "{scope?}"),
    ]);
    form.extend_from_slice(params);
    post(target, form)
}

/// RFC 6749 §6.
pub(crate) fn refresh(url: Url, client: Client) -> Exchange {
    let form = fields(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", "{refresh_token}"),
        ("scope", "{scope?}"),
    ]);
    authenticated(post(Target::Url(url), form), client)
}

/// RFC 6749 §6, for the scope that the person has granted, which can be less than requested.
pub(crate) fn renewal(target: Target, client: Client) -> Exchange {
    let form = fields(&[
        ("grant_type", "refresh_token"),
        ("refresh_token", "{refresh_token}"),
        ("resource", "{resource?}"),
    ]);
    authenticated(post(target, form), client)
}

/// RFC 6749 §4.1.3, RFC 7636 §4.5, RFC 8707 §2.2.
pub(crate) fn authorization_code(target: Target, client: Client) -> Exchange {
    let form = fields(&[
        ("grant_type", "authorization_code"),
        ("code", "{code}"),
        ("redirect_uri", "{redirect_uri}"),
        ("code_verifier", "{code_verifier}"),
        ("resource", "{resource?}"),
    ]);
    authenticated(post(target, form), client)
}

/// RFC 8693 §2.1.
pub(crate) fn token_exchange(
    target: Target,
    client: Client,
    params: &[(String, Template)],
) -> Exchange {
    let mut form = fields(&[
        (
            "grant_type",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ),
        ("subject_token", "{subject_token}"),
        ("subject_token_type", "{subject_token_type}"),
        ("actor_token", "{actor_token?}"),
        ("actor_token_type", "{actor_token_type?}"),
        ("requested_token_type", "{requested_token_type?}"),
        ("resource", "{resource?}"),
        ("audience", "{audience?}"),
        ("scope", "{scope?}"),
    ]);
    form.extend_from_slice(params);
    authenticated(post(target, form), client)
}

/// RFC 8628 §3.1, with the audience and resource that some services need.
pub(crate) fn device_code(target: Target, client: Client) -> Exchange {
    let form = fields(&[
        ("scope", "{scope?}"),
        ("audience", "{audience?}"),
        ("resource", "{resource?}"),
    ]);
    authenticated(post(target, form), client)
}

/// RFC 8628 §3.4.
pub(crate) fn device_poll(target: Target, client: Client) -> Exchange {
    let form = fields(&[
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", "{device_code}"),
    ]);
    authenticated(post(target, form), client)
}

/// RFC 7009 §2.1.
pub(crate) fn revoke(target: Target, client: Client) -> Revocation {
    let form = fields(&[
        ("token", "{token}"),
        ("token_type_hint", "{token_type_hint?}"),
    ]);
    Revocation::EachToken(authenticated(post(target, form), client))
}

/// The claims of a client assertion (RFC 7523 §3).
pub(crate) fn client_claims(client_id: &str, audience: &str) -> Vec<Claim> {
    vec![
        Claim::new("iss", Text::string(client_id)),
        Claim::new("sub", Text::string(client_id)),
        Claim::new("aud", Text::string(audience)),
    ]
}
