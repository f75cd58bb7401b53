//! The service and the region in a host name, by the rules of the endpoints of botocore.

use crate::error::Error;
use crate::http::url::Url;

/// The suffixes of the hosts of AWS.
const SUFFIXES: [&str; 9] = [
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".api.aws",
    ".on.aws",
    ".api.amazonwebservices.com.cn",
    ".api.amazonwebservices.eu",
    ".c2s.ic.gov",
    ".sc2s.sgov.gov",
];

/// Services that sign with another name than the one in their host name.
const SIGNING_NAMES: &[(&str, &str)] = &[
    ("agreement-marketplace", "aws-marketplace"),
    ("appconfigdata", "appconfig"),
    ("appstream2", "appstream"),
    ("aps-workspaces", "aps"),
    ("bedrock-agent", "bedrock"),
    ("bedrock-agent-runtime", "bedrock"),
    ("bedrock-agentcore-control", "bedrock-agentcore"),
    ("bedrock-data-automation", "bedrock"),
    ("bedrock-data-automation-runtime", "bedrock"),
    ("bedrock-runtime", "bedrock"),
    ("cassandra-streams", "cassandra"),
    ("cloudhsmv2", "cloudhsm"),
    ("contact-lens", "connect"),
    ("data-ats.iot", "iotdata"),
    ("data.iot", "iotdata"),
    ("data.jobs.iot", "iot-jobs-data"),
    ("ddb", "dynamodb"),
    ("email", "ses"),
    ("forecastquery", "forecast"),
    ("identity-chime", "chime"),
    ("ivsrealtime", "ivs"),
    ("lambda-url", "lambda"),
    ("mail-manager", "ses"),
    ("marketplace", "aws-marketplace"),
    ("media-pipelines-chime", "chime"),
    ("meetings-chime", "chime"),
    ("memory-db", "memorydb"),
    ("messaging-chime", "chime"),
    ("migrationhub-config", "mgh"),
    ("models-v2-lex", "lex"),
    ("oidc", "sso-oauth"),
    ("participant.connect", "execute-api"),
    ("partnercentral-prm", "partnercentral"),
    ("personalize-events", "personalize"),
    ("personalize-runtime", "personalize"),
    ("pinpoint", "mobiletargeting"),
    ("portal.sso", "awsssoportal"),
    ("runtime-v2-lex", "lex"),
    ("s3-accelerate", "s3"),
    ("s3-accesspoint", "s3"),
    ("s3-control", "s3"),
    ("servicecatalog-appregistry", "servicecatalog"),
    ("sms-voice.pinpoint", "sms-voice"),
    ("transcribestreaming", "transcribe"),
    ("voice-chime", "chime"),
];

/// Services with one endpoint for the world, which signs with this region.
const GLOBAL: &[(&str, &str)] = &[
    ("budgets", "us-east-1"),
    ("ce", "us-east-1"),
    ("chime", "us-east-1"),
    ("cloudfront", "us-east-1"),
    ("globalaccelerator", "us-west-2"),
    ("iam", "us-east-1"),
    ("importexport", "us-east-1"),
    ("networkmanager", "us-west-2"),
    ("organizations", "us-east-1"),
    ("route53", "us-east-1"),
    ("savingsplans", "us-east-1"),
    ("shield", "us-east-1"),
    ("sts", "us-east-1"),
    ("waf", "us-east-1"),
];

/// What a host name says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub service: Option<String>,
    pub region: Option<String>,
}

/// The service and the region of a host; nothing for a host that is not of AWS.
pub(crate) fn of_host(host: &str) -> Place {
    let host = host.trim_end_matches('.');
    let rest = SUFFIXES.iter().find_map(|suffix| host.strip_suffix(suffix));
    let Some(rest) = rest else {
        return Place::default();
    };
    let labels: Vec<&str> = rest
        .split('.')
        .filter(|label| !matches!(*label, "dualstack" | "fips" | "vpce" | ""))
        .collect();
    let (labels, region) = match labels.as_slice() {
        [before @ .., region] if is_region(region) => (before.to_vec(), Some(*region)),
        // es and aoss have the region before the service.
        [before @ .., region, service] if is_region(region) && !service.starts_with("s3") => {
            let labels = before.iter().chain([service]).copied().collect();
            (labels, Some(*region))
        }
        all => (all.to_vec(), None),
    };
    let Some(last) = labels.last() else {
        return Place::default();
    };
    // s3-us-west-2 is an old form of s3.us-west-2.
    let (last, region) = match last.strip_prefix("s3-") {
        Some(old) if is_region(old) => ("s3", region.or(Some(old))),
        Some(_) | None => (last.strip_suffix("-fips").unwrap_or(last), region),
    };
    let service = signing_name(last, &labels);
    let global = GLOBAL.iter().find(|(name, _)| *name == service);
    Place {
        region: region
            .or(global.map(|(_, region)| *region))
            .map(str::to_owned),
        service: Some(service),
    }
}

/// The name in the signature, of the service with these labels.
fn signing_name(last: &str, labels: &[&str]) -> String {
    let count = labels.len();
    let with = |more: usize| {
        let from = count.saturating_sub(1 + more);
        let before = labels
            .get(from..count.saturating_sub(1))
            .unwrap_or_default();
        [before, &[last]].concat().join(".")
    };
    // The longest name first.
    let names = [with(2), with(1), with(0)];
    let known = names.iter().find_map(|name| {
        let mut table = SIGNING_NAMES.iter();
        table.find(|(known, _)| known == name)
    });
    known.map_or(last, |(_, signing)| signing).to_owned()
}

/// Whether a label is a region: `us-east-1`, `us-gov-west-1`, `eusc-de-east-1`.
fn is_region(label: &str) -> bool {
    let parts: Vec<&str> = label.split('-').collect();
    let is_word = |part: &&str| part.len() >= 2 && part.bytes().all(|b| b.is_ascii_lowercase());
    match parts.as_slice() {
        [words @ .., number] => {
            (2..=3).contains(&words.len())
                && words.iter().all(is_word)
                && (1..=2).contains(&number.len())
                && number.bytes().all(|b| b.is_ascii_digit())
        }
        [] => false,
    }
}

/// The host of a service in a region.
pub(super) fn host(service: &str, region: &str) -> String {
    let suffix = match region.split('-').next().unwrap_or_default() {
        "cn" => "amazonaws.com.cn",
        "eusc" => "amazonaws.eu",
        _ if region.starts_with("us-iso-") => "c2s.ic.gov",
        _ if region.starts_with("us-isob-") => "sc2s.sgov.gov",
        _ => "amazonaws.com",
    };
    format!("{service}.{region}.{suffix}")
}

/// The URL of an endpoint. Plain http is refused later, unless it is on this machine.
pub(super) fn endpoint_url(text: &str) -> Result<Url, Error> {
    Url::parse(text.trim_end_matches('/'))
        .map_err(|why| Error::usage(format!("invalid endpoint URL: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_say_service_and_region() {
        for (host, service, region) in [
            ("s3.eu-west-1.amazonaws.com", "s3", "eu-west-1"),
            ("shots.s3.eu-west-1.amazonaws.com", "s3", "eu-west-1"),
            ("a.b.c.s3.eu-west-1.amazonaws.com", "s3", "eu-west-1"),
            (
                "shots.s3.dualstack.us-west-2.amazonaws.com",
                "s3",
                "us-west-2",
            ),
            ("s3-fips.us-gov-west-1.amazonaws.com", "s3", "us-gov-west-1"),
            (
                "s3-fips.dualstack.us-east-1.amazonaws.com",
                "s3",
                "us-east-1",
            ),
            ("s3-us-west-2.amazonaws.com", "s3", "us-west-2"),
            ("shots.s3-us-west-2.amazonaws.com", "s3", "us-west-2"),
            ("s3.cn-north-1.amazonaws.com.cn", "s3", "cn-north-1"),
            ("s3.eusc-de-east-1.amazonaws.eu", "s3", "eusc-de-east-1"),
            ("shots.s3.amazonaws.com", "s3", ""),
            ("shots.s3-accelerate.amazonaws.com", "s3", ""),
            ("shots.s3-accelerate.dualstack.amazonaws.com", "s3", ""),
            ("1234.s3-control.us-east-1.amazonaws.com", "s3", "us-east-1"),
            (
                "x-1234.s3-accesspoint.us-east-1.amazonaws.com",
                "s3",
                "us-east-1",
            ),
            (
                "x.op-1.s3-outposts.us-east-1.amazonaws.com",
                "s3-outposts",
                "us-east-1",
            ),
            (
                "shots.vpce-1a.s3.us-east-1.vpce.amazonaws.com",
                "s3",
                "us-east-1",
            ),
            (
                "x1y2.execute-api.ap-southeast-2.amazonaws.com",
                "execute-api",
                "ap-southeast-2",
            ),
            ("x1y2.lambda-url.us-east-1.on.aws", "lambda", "us-east-1"),
            ("search-x.us-east-1.es.amazonaws.com", "es", "us-east-1"),
            ("x1.us-east-1.aoss.amazonaws.com", "aoss", "us-east-1"),
            (
                "management.deadline.us-west-2.amazonaws.com",
                "deadline",
                "us-west-2",
            ),
            (
                "scheduling.deadline.us-west-2.api.aws",
                "deadline",
                "us-west-2",
            ),
            ("lambda.us-east-1.api.aws", "lambda", "us-east-1"),
            ("lambda-fips.us-east-1.amazonaws.com", "lambda", "us-east-1"),
            ("sqs.us-east-1.amazonaws.com", "sqs", "us-east-1"),
            ("api.ecr.us-east-1.amazonaws.com", "ecr", "us-east-1"),
            (
                "runtime.sagemaker.us-east-1.amazonaws.com",
                "sagemaker",
                "us-east-1",
            ),
            (
                "streams.dynamodb.us-east-1.amazonaws.com",
                "dynamodb",
                "us-east-1",
            ),
            ("1234.ddb.us-east-1.amazonaws.com", "dynamodb", "us-east-1"),
            ("email.us-east-1.amazonaws.com", "ses", "us-east-1"),
            (
                "bedrock-runtime.us-east-1.amazonaws.com",
                "bedrock",
                "us-east-1",
            ),
            ("x-ats.iot.us-east-1.amazonaws.com", "iot", "us-east-1"),
            (
                "data-ats.iot.us-east-1.amazonaws.com",
                "iotdata",
                "us-east-1",
            ),
            (
                "entitlement.marketplace.us-east-1.amazonaws.com",
                "aws-marketplace",
                "us-east-1",
            ),
            ("sts.amazonaws.com", "sts", "us-east-1"),
            ("sts.eu-north-1.amazonaws.com", "sts", "eu-north-1"),
            ("iam.amazonaws.com", "iam", "us-east-1"),
            (
                "globalaccelerator.amazonaws.com",
                "globalaccelerator",
                "us-west-2",
            ),
            ("amazonaws.com", "", ""),
            ("s3.eu-west-1.amazonaws.com.evil.lan", "", ""),
            ("minio.lan", "", ""),
            ("127.0.0.1", "", ""),
        ] {
            let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            let expected = Place {
                service: given(service),
                region: given(region),
            };
            assert_eq!(of_host(host), expected, "{host}");
        }
    }

    #[test]
    fn hosts_have_the_suffix_of_their_partition() {
        assert_eq!(host("sts", "us-east-1"), "sts.us-east-1.amazonaws.com");
        assert_eq!(host("sts", "cn-north-1"), "sts.cn-north-1.amazonaws.com.cn");
    }
}
