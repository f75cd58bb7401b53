//! From a profile's keys to how its service is called.

use std::collections::BTreeMap;

use super::expand::expand;
use super::read::Reader;
use super::value::{Entry, Place, Table, Value};
use crate::auth::Profile;
use crate::auth::oauth;
use crate::auth::plan::{
    AnswerNames, Exchange, Fields, JwtOrder, Obtain, Scheme, Send, Share, SigningKey, Target,
    TokenPlan,
};
use crate::auth::template::Given;
use crate::error::Error;
use crate::http::url::Url;
use crate::jwt::Algorithm;
use crate::jwt::claim::Claim;

/// Builds a profile of its keys.
pub fn build(name: &str, table: &Table, place: Option<&Place>) -> Result<Profile, Error> {
    let reader = Reader {
        table,
        what: format!("profile {name}"),
        place,
    };
    let mut url = reader
        .url("url", None)?
        .ok_or_else(|| reader.missing("url", ""))?;
    let trimmed = url.path.trim_end_matches('/').to_owned();
    url.path = if trimmed.is_empty() {
        "/".into()
    } else {
        trimmed
    };
    if !url.is_below("/") {
        return Err(reader.wrong("url", "'..' stands in its path"));
    }
    let scheme = scheme(&reader, &url)?;
    let headers = reader.headers("headers")?;
    let user = reader.text("user")?;
    for (header, template) in &headers {
        for (value, _) in template.names() {
            if value != "user" || user.is_none() {
                let why = format!("{header}: there is no value for {{{value}}}");
                return Err(reader.wrong("headers", why));
            }
        }
    }
    if reader.table.contains_key("cert_key") && !reader.table.contains_key("cert") {
        return Err(reader.missing("cert", " beside 'cert_key'"));
    }
    Ok(Profile {
        name: name.to_owned(),
        scheme,
        url,
        user,
        headers,
        timeout: reader.duration("timeout")?,
        connect_timeout: reader.duration("connect_timeout")?,
        retry: reader.integer("retry")?,
        cacert: reader.path("cacert")?,
        cert: reader.path("cert")?,
        cert_key: reader.path("cert_key")?,
        proxy: reader.text("proxy")?,
        allow_plaintext: reader.switch("allow_plaintext"),
        dead_token_statuses: reader
            .statuses("dead_token_statuses")
            .unwrap_or_else(|| vec![401]),
        share: match reader.text("share")?.as_deref() {
            Some("node") => Share::Node,
            Some("none") => Share::None,
            _ => Share::User,
        },
    })
}

fn scheme(reader: &Reader, base: &Url) -> Result<Scheme, Error> {
    let named = |token: &str| -> Result<(String, _), Error> {
        Ok((reader.need("name")?, reader.need_secret(token)?))
    };
    let kind = match reader.text("auth")? {
        Some(kind) => kind,
        None => return Ok(Scheme::None),
    };
    Ok(match kind.as_str() {
        "basic" => Scheme::Basic {
            user: reader.need("user")?,
            password: reader.need_secret("password")?,
        },
        "digest" => Scheme::Digest {
            user: reader.need("user")?,
            password: reader.need_secret("password")?,
        },
        "netrc" => Scheme::Netrc,
        "bearer" => Scheme::Bearer(reader.need_secret("token")?),
        "header" => {
            let (name, value) = named("token")?;
            crate::http::auth::ensure_header_name(&name)
                .map_err(|why| reader.wrong("name", why))?;
            Scheme::Header { name, value }
        }
        "query" => {
            let (name, value) = named("token")?;
            Scheme::Query { name, value }
        }
        "jwt" => Scheme::Jwt(
            jwt(reader, Some("5m"))?.ok_or_else(|| reader.missing("key", " to sign with"))?,
        ),
        "login" => Scheme::Token(Box::new(login(reader, base)?)),
        "client_credentials" => Scheme::Token(Box::new(client_credentials(reader, base)?)),
        "jwt_bearer" => Scheme::Token(Box::new(jwt_bearer(reader, base)?)),
        "refresh_token" => Scheme::Token(Box::new(refresh_token(reader, base)?)),
        "device" => Scheme::Token(Box::new(device(reader, base)?)),
        _ => Scheme::None,
    })
}

/// The order for a minted token; `None` without a key.
fn jwt(reader: &Reader, default_ttl: Option<&str>) -> Result<Option<JwtOrder>, Error> {
    let key = match (reader.secret("service_account")?, reader.secret("key")?) {
        (Some(account), _) => SigningKey::ServiceAccount(account),
        (None, Some(key)) => SigningKey::Plain(key),
        (None, None) => return Ok(None),
    };
    let algorithm = reader
        .text("algorithm")?
        .map(|name| Algorithm::parse(&name).map_err(|why| reader.wrong("algorithm", why)))
        .transpose()?;
    let ttl = match reader.duration("ttl")? {
        Some(ttl) => ttl,
        None => crate::quantity::duration(default_ttl.unwrap_or("5m")).map_err(Error::usage)?,
    };
    if ttl.as_secs() == 0 || ttl.subsec_nanos() != 0 {
        return Err(reader.wrong("ttl", "a token lives whole seconds, one at least"));
    }
    Ok(Some(JwtOrder {
        key,
        algorithm,
        kid: reader.text("kid")?,
        claims: claims(reader)?,
        ttl,
    }))
}

fn claims(reader: &Reader) -> Result<Vec<Claim>, Error> {
    let Some(Entry {
        value: Value::Table(table),
        ..
    }) = reader.table.get("claims")
    else {
        return Ok(Vec::new());
    };
    let (user, client) = (reader.text("user")?, reader.text("client_id")?);
    let mut text = |text: &str| {
        let mut text = expand(text)?;
        for (name, value) in [("{user}", &user), ("{client_id}", &client)] {
            if text.contains(name) {
                let value = value
                    .as_deref()
                    .ok_or_else(|| format!("there is no value for {name}"))?;
                text = text.replace(name, value);
            }
        }
        Ok(text)
    };
    let mut claims = Vec::new();
    for (name, entry) in table {
        let value = entry
            .value
            .to_json(&mut text)
            .map_err(|why| reader.wrong("claims", format!("{name}: {why}")))?;
        claims.push(Claim::new(name, value));
    }
    Ok(claims)
}

/// What all kinds of gotten tokens have in common; its exchange is put in later.
fn token_plan(
    reader: &Reader,
    kind: &'static str,
    base: &Url,
    obtain: Obtain,
    jwt: Option<JwtOrder>,
) -> Result<TokenPlan, Error> {
    let mut texts = BTreeMap::new();
    for name in ["user", "client_id", "scope", "audience"] {
        if let Some(text) = reader.text(name)? {
            texts.insert(name.to_owned(), text);
        }
    }
    let mut secrets = BTreeMap::new();
    for name in ["password", "client_secret"] {
        if let Some(secret) = reader.secret(name)? {
            secrets.insert(name.to_owned(), secret);
        }
    }
    if let Some(own) = reader.below("secrets") {
        for name in own.table.keys() {
            secrets.insert(name.clone(), own.need_secret(name)?);
        }
    }
    let named = |name: &str| texts.get(name).cloned();
    let user = named("user")
        .or_else(|| named("client_id"))
        .or_else(|| match &jwt.as_ref()?.key {
            SigningKey::ServiceAccount(Given::From(source)) => Some(source.to_string()),
            _ => None,
        })
        .unwrap_or_default();
    let variant = ["scope", "audience"]
        .iter()
        .filter_map(|name| texts.get(*name).map(String::as_str))
        .collect::<Vec<_>>()
        .join("\n");
    let revoke = match (
        request(reader, "logout", base)?,
        reader.url("revoke_url", Some(base))?,
    ) {
        (Some(logout), _) => Some(logout),
        (None, Some(url)) => Some(oauth::revoke(url, client(reader)?)),
        (None, None) => None,
    };
    let plan = TokenPlan {
        kind,
        user,
        variant,
        texts,
        secrets,
        ttl: match jwt.is_some() {
            // It is the minted token's.
            true => None,
            false => reader.duration("ttl")?,
        },
        jwt,
        obtain,
        refresh: request(reader, "refresh", base)?,
        revoke,
        send: send(reader)?,
    };
    Ok(plan)
}

/// Ensures that every template of the plan will find its values.
fn ensure_values(reader: &Reader, plan: TokenPlan) -> Result<TokenPlan, Error> {
    for exchange in plan.exchanges() {
        for (name, optional) in exchange.templates().flat_map(|template| template.names()) {
            let known = plan.texts.contains_key(name)
                || plan.secrets.contains_key(name)
                || matches!(name, "refresh_token" | "token" | "device_code")
                || (name == "jwt" && plan.jwt.is_some())
                || (name == "client_basic"
                    && plan.texts.contains_key("client_id")
                    && plan.secrets.contains_key("client_secret"));
            if !known && !optional {
                let key = match name {
                    "jwt" => "key",
                    "client_basic" => "client_secret",
                    name => name,
                };
                return Err(reader.missing(key, &format!(" for its {}", plan.kind)));
            }
        }
    }
    Ok(plan)
}

fn login(reader: &Reader, base: &Url) -> Result<TokenPlan, Error> {
    let mut login = request(reader, "login", base)?
        .ok_or_else(|| reader.missing("login", ", a table with url and json or form"))?;
    // `{user}` may stand in the path: an installation's number.
    if let Target::Url(url) = &mut login.target {
        url.path = fill_path(reader, &url.path)?;
    }
    let plan = token_plan(
        reader,
        "login",
        base,
        Obtain::Exchange(Box::new(login)),
        jwt(reader, None)?,
    )?;
    ensure_values(reader, plan)
}

fn fill_path(reader: &Reader, path: &str) -> Result<String, Error> {
    // A URL's parser has percent-encoded the braces.
    const USER: &str = "%7Buser%7D";
    if !path.contains(USER) {
        return Ok(path.to_owned());
    }
    let user = reader.need("user")?;
    Ok(path.replace(USER, &crate::http::url::form_encode(&user)))
}

fn client_credentials(reader: &Reader, base: &Url) -> Result<TokenPlan, Error> {
    let url = token_url(reader, base)?;
    let client = client(reader)?;
    let jwt = match client {
        oauth::Client::PrivateKeyJwt => {
            let mut order = jwt(reader, Some("1m"))?
                .ok_or_else(|| reader.missing("key", " for private_key_jwt"))?;
            order.claims.extend(oauth::client_claims(
                &reader.need("client_id")?,
                &reader.text("audience")?.unwrap_or_else(|| url.to_string()),
            ));
            Some(order)
        }
        _ => None,
    };
    let exchange = oauth::client_credentials(url.clone(), client, &reader.templates("params")?);
    let obtain = Obtain::Exchange(Box::new(exchange));
    let mut plan = token_plan(reader, "client_credentials", base, obtain, jwt)?;
    plan.refresh
        .get_or_insert_with(|| oauth::refresh(url, client));
    ensure_values(reader, plan)
}

fn jwt_bearer(reader: &Reader, base: &Url) -> Result<TokenPlan, Error> {
    let mut order =
        jwt(reader, Some("1h"))?.ok_or_else(|| reader.missing("key", " or 'service_account'"))?;
    let is_account = matches!(order.key, SigningKey::ServiceAccount(_));
    let target = match reader.url("token_url", Some(base))? {
        Some(url) => Target::Url(url),
        None if is_account => Target::TokenUri,
        None => return Err(reader.missing("token_url", "")),
    };
    // Google reads the scope from the assertion, others from the form.
    let has_claim = |order: &JwtOrder, name: &str| order.claims.iter().any(|c| c.name == name);
    if let Some(scope) = reader.text("scope")?
        && !has_claim(&order, "scope")
    {
        order
            .claims
            .push(Claim::new("scope", crate::json::Text::string(&scope)));
    }
    if let (Target::Url(url), false) = (&target, is_account || has_claim(&order, "aud")) {
        let audience = reader.text("audience")?.unwrap_or_else(|| url.to_string());
        order
            .claims
            .push(Claim::new("aud", crate::json::Text::string(&audience)));
    }
    let exchange = oauth::jwt_bearer(target, &reader.templates("params")?);
    let obtain = Obtain::Exchange(Box::new(exchange));
    let plan = token_plan(reader, "jwt_bearer", base, obtain, Some(order))?;
    ensure_values(reader, plan)
}

fn refresh_token(reader: &Reader, base: &Url) -> Result<TokenPlan, Error> {
    let url = token_url(reader, base)?;
    let first = reader.need_secret("refresh_token")?;
    let client = client(reader)?;
    let refresh = oauth::refresh(url, client);
    let obtain = Obtain::Exchange(Box::new(refresh.clone()));
    let mut plan = token_plan(reader, "refresh_token", base, obtain, None)?;
    plan.secrets.insert("refresh_token".into(), first);
    plan.refresh = Some(refresh);
    ensure_values(reader, plan)
}

fn device(reader: &Reader, base: &Url) -> Result<TokenPlan, Error> {
    let url = token_url(reader, base)?;
    let device_url = reader
        .url("device_url", Some(base))?
        .ok_or_else(|| reader.missing("device_url", ""))?;
    reader.need("client_id")?;
    let client = client(reader)?;
    let obtain = Obtain::Device {
        code: Box::new(oauth::device_code(device_url, client)),
        poll: Box::new(oauth::device_poll(url.clone(), client)),
    };
    let mut plan = token_plan(reader, "device", base, obtain, None)?;
    plan.refresh = Some(oauth::refresh(url, client));
    ensure_values(reader, plan)
}

fn token_url(reader: &Reader, base: &Url) -> Result<Url, Error> {
    reader
        .url("token_url", Some(base))?
        .ok_or_else(|| reader.missing("token_url", ""))
}

fn client(reader: &Reader) -> Result<oauth::Client, Error> {
    let has_secret = reader.table.contains_key("client_secret");
    Ok(match reader.text("client_auth")?.as_deref() {
        Some("post") => oauth::Client::Post,
        Some("private_key_jwt") => oauth::Client::PrivateKeyJwt,
        Some("basic") => oauth::Client::Basic,
        Some(_) => oauth::Client::Public,
        None if has_secret => oauth::Client::Basic,
        None => oauth::Client::Public,
    })
}

fn send(reader: &Reader) -> Result<Send, Error> {
    let text = reader.text("send")?;
    match text.as_deref().map(|text| text.split_once(':').ok_or(text)) {
        None | Some(Err("bearer")) => Ok(Send::Bearer),
        Some(Ok(("header", name))) => {
            crate::http::auth::ensure_header_name(name).map_err(|why| reader.wrong("send", why))?;
            Ok(Send::Header(name.to_owned()))
        }
        Some(Ok(("query", name))) if !name.is_empty() => Ok(Send::Query(name.to_owned())),
        Some(_) => Err(reader.wrong("send", "write bearer, header:NAME or query:NAME")),
    }
}

/// The request that `login`, `refresh` or `logout` describes.
fn request(reader: &Reader, key: &str, base: &Url) -> Result<Option<Exchange>, Error> {
    let Some(request) = reader.below(key) else {
        return Ok(None);
    };
    let url = request
        .url("url", Some(base))?
        .ok_or_else(|| request.missing("url", ""))?;
    let (json, form) = (request.templates("json")?, request.templates("form")?);
    let fields = match (json.is_empty(), form.is_empty()) {
        (true, true) => Fields::None,
        (false, true) => Fields::Json(json),
        (true, false) => Fields::Form(form),
        (false, false) => return Err(request.wrong("form", "'json' stands beside it")),
    };
    let method = request.text("method")?.unwrap_or_else(|| "POST".into());
    if method.is_empty() || !method.bytes().all(|b| b.is_ascii_uppercase()) {
        return Err(request.wrong("method", "a method is a word in capitals"));
    }
    let usual = AnswerNames::default();
    let or = |name: &str, usual: String| request.text(name).map(|text| text.unwrap_or(usual));
    Ok(Some(Exchange {
        method,
        target: Target::Url(url),
        headers: request.headers("headers")?,
        query: request.templates("query")?,
        fields,
        answer: AnswerNames {
            token: or("token", usual.token)?,
            refresh_token: or("refresh_token", usual.refresh_token)?,
            expires_in: or("expires_in", usual.expires_in)?,
            expires_at: or("expires_at", usual.expires_at)?,
        },
    }))
}
