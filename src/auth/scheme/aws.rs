//! `aws`: Signature Version 4, with keys from the sources of the AWS CLI or of c47.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::definition::{Definition, Lifetime, OptionForm, Scheme, SharedScheme, SigningOptions};
use crate::auth::aws::origin::{Origin, Scope as Sharing};
use crate::auth::aws::queue_role::{self, Access};
use crate::auth::aws::{self, Environment, KeySource, Keys, Mode, Resolved, Scope, Signer};
use crate::auth::context::{Context, Issued, Storage, TokenRequirement};
use crate::auth::plan::{Binding, Obtain, Refusals, TokenPlan};
use crate::auth::preview::{AwsSigning, Origin as SecretOrigin, Preview};
use crate::auth::secret_ref::SecretRef;
use crate::auth::service::{Service, Share};
use crate::auth::tokens;
use crate::config::key::{Kind, words};
use crate::config::read::Reader;
use crate::error::Error;
use crate::http::credential::{Credential, Placement};
use crate::http::signer::Signing;
use crate::http::url::Url;
use crate::quantity::format_duration;
use crate::secret::{Secret, Source};
use crate::timestamp::Timestamp;

const NAME: &str = "aws";

const QUEUE_ROLES: [&str; Access::NAMES.len()] = words(&Access::NAMES);

pub(super) const DEFINITION: Definition = Definition {
    name: NAME,
    option: Some(OptionForm {
        syntax: &["aws", "aws=PROFILE", "aws=KEYID:SOURCE"],
        parse: |rest, _| parse(rest),
    }),
    keys: &[&[
        ("aws_profile", Kind::Text),
        ("access_key", Kind::Text),
        ("secret_key", Kind::Secret),
        ("session_token", Kind::Secret),
        ("region", Kind::Text),
        ("service", Kind::Text),
        ("queue_role", Kind::Choice(&QUEUE_ROLES)),
    ]],
    from_profile: |reader, _| from_profile(reader),
};

/// How requests are signed.
#[derive(Clone, Debug, Default)]
struct Aws {
    /// The profile of the AWS CLI; `None` for the one in AWS_PROFILE, or the default one.
    profile: Option<String>,
    /// Keys from sources of c47, in place of those of the AWS CLI.
    own: Option<OwnKeys>,
    region: Option<String>,
    service: Option<String>,
    queue_role: Option<Access>,
    /// The validity of a presigned URL.
    presign: Option<Duration>,
}

#[derive(Clone, Debug)]
struct OwnKeys {
    access_key: String,
    secret_key: SecretRef,
    session_token: Option<SecretRef>,
}

fn parse(rest: Option<&str>) -> Result<SharedScheme, String> {
    let mut scheme = Aws::default();
    match rest.map(|rest| rest.split_once(':').ok_or(rest)) {
        None => {}
        Some(Err("")) => return Err("write aws, aws=PROFILE or aws=KEYID:SOURCE".into()),
        Some(Err(profile)) => scheme.profile = Some(profile.to_owned()),
        Some(Ok((id, source))) => {
            scheme.own = Some(OwnKeys {
                access_key: id.to_owned(),
                secret_key: SecretRef::Source(Source::parse(source)?),
                session_token: None,
            });
        }
    }
    Ok(Rc::new(scheme))
}

fn from_profile(reader: &Reader) -> Result<SharedScheme, Error> {
    let profile = reader.text("aws_profile")?;
    let own = match (reader.text("access_key")?, reader.secret("secret_key")?) {
        (None, None) => None,
        (Some(access_key), Some(secret_key)) => Some(OwnKeys {
            access_key,
            secret_key,
            session_token: reader.secret("session_token")?,
        }),
        (Some(_), None) => return Err(reader.missing("secret_key", " for access_key")),
        (None, Some(_)) => return Err(reader.missing("access_key", " for secret_key")),
    };
    if own.is_some() && profile.is_some() {
        return Err(reader.wrong("aws_profile", "cannot be used with 'access_key'"));
    }
    Ok(Rc::new(Aws {
        profile,
        own,
        region: reader.text("region")?,
        service: reader.text("service")?,
        queue_role: reader.choice("queue_role", &Access::NAMES)?,
        presign: None,
    }))
}

impl Scheme for Aws {
    fn issue(
        &self,
        service: &Service,
        want: &TokenRequirement,
        context: &Context,
    ) -> Result<Issued, Error> {
        let resolved = match &self.own {
            Some(own) => own.resolved(context)?,
            None => aws::resolve(&context.aws, self.profile.as_deref())?,
        };
        let scope = self.scope(service, resolved.region.as_deref())?;
        let origin = self.origin(resolved.origin, &scope, &context.aws)?;
        let mode = self
            .presign
            .map_or(Mode::Headers, |valid| Mode::Query(valid.as_secs()));
        let mut issued = match origin {
            Origin::Static(keys) => {
                let token = json_of(&keys);
                let expires = keys.expires;
                let signer = Signer::new(KeySource::Fixed(keys), scope, mode);
                issued(signer, token, expires)
            }
            origin => self.temporary(
                service,
                origin,
                &resolved.profile,
                (scope, mode),
                want,
                context,
            )?,
        };
        issued.warnings.extend(self.short_validity(issued.expires));
        Ok(issued)
    }

    fn preview(&self, service: &Service) -> Preview {
        let place = aws::of_host(&service.url.origin.host);
        let origin = |secret: &SecretRef| match secret {
            SecretRef::Source(source) => SecretOrigin::Source(source.clone()),
            SecretRef::Literal(_) => SecretOrigin::Hidden,
        };
        Preview::Aws(AwsSigning {
            region: self.region.clone().or(place.region),
            service: self.service.clone().or(place.service),
            keys: self
                .own
                .as_ref()
                .map(|own| (own.access_key.clone(), origin(&own.secret_key))),
            session_token: self
                .own
                .as_ref()
                .and_then(|own| own.session_token.as_ref())
                .map(origin),
        })
    }

    fn lifetime(&self) -> Lifetime {
        Lifetime::Cached
    }

    fn stored(&self, service: &Service, environment: &Environment) -> Option<(Service, TokenPlan)> {
        if self.own.is_some() && self.queue_role.is_none() {
            return None;
        }
        let resolved = aws::resolve(environment, self.profile.as_deref()).ok()?;
        let scope = self.scope(service, resolved.region.as_deref()).ok()?;
        let origin = self.origin(resolved.origin, &scope, environment).ok()?;
        match origin {
            Origin::Static(_) => None,
            origin => Some((
                owner(service, &origin).ok()?,
                plan(origin, &resolved.profile),
            )),
        }
    }

    fn with_signing(&self, options: &SigningOptions) -> Option<SharedScheme> {
        Some(Rc::new(Aws {
            region: options.region.clone().or_else(|| self.region.clone()),
            service: options.service.clone().or_else(|| self.service.clone()),
            presign: options.presign,
            ..self.clone()
        }))
    }
}

impl OwnKeys {
    fn resolved(&self, context: &Context) -> Result<Resolved, Error> {
        let secret = self
            .secret_key
            .read_text("Secret access key", context.deadline)?;
        let token = self.session_token.as_ref();
        let token = token.map(|token| token.read_text("Session token", context.deadline));
        let keys = Keys::new(&self.access_key, secret, token.transpose()?);
        Ok(Resolved {
            origin: Origin::Static(keys.map_err(Error::usage)?),
            region: aws::region(&context.aws),
            profile: String::new(),
        })
    }
}

impl Aws {
    /// The origin of the keys of requests: the role of a queue, if it is assumed.
    fn origin(
        &self,
        base: Origin,
        scope: &Scope,
        environment: &Environment,
    ) -> Result<Origin, Error> {
        match self.queue_role {
            Some(access) => queue_role::origin(base, access, environment, &scope.region),
            None => Ok(base),
        }
    }

    /// The region and the service, from the options, the host and the profile of AWS.
    fn scope(&self, of: &Service, region: Option<&str>) -> Result<Scope, Error> {
        let host = &of.url.origin.host;
        let place = aws::of_host(host);
        let service = self.service.clone().or(place.service).ok_or_else(|| {
            Error::usage_hint(
                format!("the AWS service of {host} is unknown"),
                "set it with --service NAME, such as s3, or with service in the profile",
            )
        })?;
        let known = self.region.clone().or(place.region);
        let known = known.or_else(|| region.map(str::to_owned));
        // The global endpoint of S3.
        let known = known.or_else(|| {
            host.ends_with("s3.amazonaws.com")
                .then(|| "us-east-1".into())
        });
        let region = known.ok_or_else(|| {
            Error::usage_hint(
                format!("the AWS region of {host} is unknown"),
                "set AWS_REGION, or use --region NAME, or region in the profile",
            )
        })?;
        for (what, text) in [("region", &region), ("service", &service)] {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            if text.is_empty() || !text.bytes().all(is_plain) {
                return Err(Error::usage(format!("'{text}' is not an AWS {what}")));
            }
        }
        Ok(Scope { region, service })
    }

    /// Temporary keys, from the cache or from their origin. The signer renews them.
    fn temporary(
        &self,
        service: &Service,
        origin: Origin,
        profile: &str,
        (scope, mode): (Scope, Mode),
        want: &TokenRequirement,
        context: &Context,
    ) -> Result<Issued, Error> {
        let owner = owner(service, &origin)?;
        let plan = plan(origin, profile);
        let obtained = tokens::get(&owner, &plan, want, context)?;
        let keys = keys_of(&obtained.stored.token)?;
        let (places, settings) = (context.places.clone(), context.settings.clone());
        let environment = context.aws.clone();
        let renew = move |deadline| {
            let context = Context {
                places: places.clone(),
                deadline,
                settings: settings.clone(),
                netrc: None,
                aws: environment.clone(),
                person: None,
            };
            let obtained = tokens::get(&owner, &plan, &TokenRequirement::default(), &context)?;
            keys_of(&obtained.stored.token)
        };
        let expires = keys.expires;
        let source = KeySource::Renewed {
            keys: Mutex::new(keys),
            renew: Box::new(renew),
        };
        let signer = Signer::new(source, scope, mode);
        Ok(Issued {
            storage: obtained.storage,
            warnings: obtained.warnings,
            ..issued(signer, obtained.stored.token, expires)
        })
    }

    /// A warning if a presigned URL expires with its keys, before the time that was asked for.
    fn short_validity(&self, expires: Option<Timestamp>) -> Option<String> {
        let left = expires?.0.saturating_sub(Timestamp::now().0);
        let left = Duration::from_secs(u64::try_from(left).unwrap_or(0));
        let is_short = self.presign.is_some_and(|wanted| wanted > left);
        is_short.then(|| {
            let left = format_duration(left);
            format!("the URL expires in {left}, with the temporary credentials")
        })
    }
}

fn issued(signer: Signer, token: Secret, expires: Option<Timestamp>) -> Issued {
    Issued {
        credential: Credential::Signed(Signing::new(Arc::new(signer))),
        token: Some(token),
        expires,
        storage: Storage::default(),
        warnings: Vec::new(),
    }
}

fn json_of(keys: &Keys) -> Secret {
    Secret::new(keys.to_json().as_str().as_bytes().to_vec())
}

fn keys_of(token: &Secret) -> Result<Keys, Error> {
    let json = serde_json::from_slice(token.expose());
    let keys = json.map_err(|_| "it is not JSON".to_owned());
    keys.and_then(|json| Keys::of_json(&json))
        .map_err(|why| Error::malformed("the stored AWS credentials", why))
}

/// The owner of the cached keys. They do not depend on the URL of the request.
fn owner(service: &Service, origin: &Origin) -> Result<Service, Error> {
    let (name, share) = match service.name.as_str() {
        "" => (NAME, Share::User),
        name => (name, service.share),
    };
    Ok(Service {
        name: name.to_owned(),
        named: service.named,
        url: Url::parse("https://amazonaws.com").map_err(Error::usage)?,
        user: None,
        share: match (origin.scope(), share) {
            (Sharing::None, _) | (_, Share::None) => Share::None,
            (Sharing::Node, _) | (_, Share::Node) => Share::Node,
            (Sharing::User, Share::User) => Share::User,
        },
    })
}

fn plan(origin: Origin, profile: &str) -> TokenPlan {
    let mut secrets = BTreeMap::new();
    // A person or a program needs more time than a request.
    if origin.asks() {
        secrets.insert("mfa_code".into(), SecretRef::Source(Source::Prompt));
    }
    if let Some(words) = origin.program() {
        let program = Source::Command(words.to_vec());
        secrets.insert("credential_process".into(), SecretRef::Source(program));
    }
    TokenPlan {
        kind: NAME,
        user: profile.to_owned(),
        variant: origin.identity(),
        texts: BTreeMap::new(),
        secrets,
        jwt: None,
        obtain: Obtain::Aws(Box::new(origin)),
        refresh: None,
        revoke: None,
        issuer: None,
        binding: Binding::default(),
        headers: Vec::new(),
        send: Placement::Header("authorization".into()),
        ttl: None,
        refusals: Refusals::Usual,
    }
}
