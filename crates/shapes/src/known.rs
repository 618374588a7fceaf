//! All services that AWS publishes, by name: so that a call which Twinlock does not serve is told apart from one that nobody
//! serves, and is refused in the protocol its client reads.
//!
//! The table is one text of names in the binary, read line by line when such a call comes in, which is seldom; nothing of
//! it is unpacked at start.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use twinlock_wire::fault::Protocol;

/// Written by `cargo xtask codegen`: a line a service, fields parted by tabs.
const SERVICES: &str = include_str!("known/services.txt");

/// A service of AWS's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownService {
    /// Its name in a signature's scope: `monitoring`. Several services may share one.
    pub signing_name: &'static str,
    /// The first label of its hosts: `monitoring`.
    pub endpoint_prefix: &'static str,
    /// The protocol that its newest clients prefer.
    pub protocol: Protocol,
    /// What stands before the operation's name in `X-Amz-Target`; empty where there is none.
    pub target_prefix: &'static str,
    /// What AWS calls it: `CloudWatch`.
    pub service_id: &'static str,
    /// The `Version` of its API.
    pub version: &'static str,
    operations: &'static str,
}

impl KnownService {
    /// The names of its operations; none for a REST service, whose operations are told by method and path.
    pub fn operations(&self) -> impl Iterator<Item = &'static str> {
        self.operations.split(' ').filter(|name| !name.is_empty())
    }

    fn read(line: &'static str) -> Option<KnownService> {
        let mut fields = line.split('\t');
        Some(KnownService {
            signing_name: fields.next()?,
            endpoint_prefix: fields.next()?,
            protocol: protocol_named(fields.next()?)?,
            target_prefix: fields.next()?,
            service_id: fields.next()?,
            version: fields.next()?,
            operations: fields.next()?,
        })
    }
}

/// Every service.
pub fn services() -> impl Iterator<Item = KnownService> {
    SERVICES.lines().filter_map(KnownService::read)
}

/// The services that sign under a name.
pub fn signing_as(name: &str) -> impl Iterator<Item = KnownService> {
    services().filter(move |service| service.signing_name == name)
}

/// The protocol of the first service that signs under a name, none if AWS has no such service.
pub fn protocol(signing_name: &str) -> Option<Protocol> {
    signing_as(signing_name)
        .next()
        .map(|service| service.protocol)
}

/// The protocol in which one request speaks: a service may take several (CloudWatch has three), and an older client chooses
/// an older one. None if AWS has no such service.
pub fn protocol_of(signing_name: &str, headers: &HeaderMap) -> Option<Protocol> {
    // The models know directory buckets and Object Lambda as S3; only the scope calls them otherwise.
    if twinlock_wire::sigv4::signs_as_s3(signing_name) {
        return Some(Protocol::RestXml);
    }
    let preferred = protocol(signing_name)?;
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    Some(if headers.contains_key("smithy-protocol") {
        Protocol::RpcV2Cbor
    } else if headers.contains_key("x-amz-target") {
        Protocol::Json11
    } else if content_type.starts_with("application/x-www-form-urlencoded")
        && preferred != Protocol::Ec2
    {
        Protocol::Query
    } else {
        preferred
    })
}

/// Whether a service has an operation of that name. None where the table cannot tell: no such service, or one whose
/// operations are told by method and path.
pub fn has_operation(signing_name: &str, operation: &str) -> Option<bool> {
    let mut answer = None;
    for service in signing_as(signing_name) {
        for name in service.operations() {
            if name == operation {
                return Some(true);
            }
            answer = Some(false);
        }
    }
    answer
}

fn protocol_named(name: &str) -> Option<Protocol> {
    Some(match name {
        "query" => Protocol::Query,
        "ec2" => Protocol::Ec2,
        "json" => Protocol::Json11,
        "rest-json" => Protocol::RestJson,
        "rest-xml" => Protocol::RestXml,
        "smithy-rpc-v2-cbor" => Protocol::RpcV2Cbor,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read_and_names_its_protocol() {
        let lines = SERVICES.lines().count();
        assert!(lines > 400);
        assert_eq!(services().count(), lines);
        assert!(services().all(|s| !s.signing_name.is_empty() && !s.version.is_empty()));
    }

    #[test]
    fn what_stories_call_is_known() {
        assert_eq!(protocol("cloudformation"), Some(Protocol::Query));
        assert_eq!(protocol("ec2"), Some(Protocol::Ec2));
        assert_eq!(protocol("lambda"), Some(Protocol::RestJson));
        assert_eq!(protocol("organizations"), Some(Protocol::Json11));
        assert_eq!(protocol("nosuchservice"), None);
        let none = HeaderMap::new();
        assert_eq!(protocol_of("s3express", &none), Some(Protocol::RestXml));
        assert_eq!(protocol_of("nosuchservice", &none), None);
        assert_eq!(has_operation("cloudformation", "CreateStack"), Some(true));
        assert_eq!(
            has_operation("cloudformation", "CreateNothing"),
            Some(false)
        );
        assert_eq!(has_operation("lambda", "Invoke"), None);
        assert_eq!(has_operation("iam", "CreateRole"), Some(true));
    }

    #[test]
    fn the_request_says_which_of_several_protocols_it_speaks() {
        let with = |name: &'static str, value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, http::HeaderValue::from_static(value));
            protocol_of("monitoring", &headers)
        };
        assert_eq!(
            with(
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8"
            ),
            Some(Protocol::Query)
        );
        assert_eq!(
            with(
                "x-amz-target",
                "GraniteServiceVersion20100801.PutMetricData"
            ),
            Some(Protocol::Json11)
        );
        assert_eq!(
            with("smithy-protocol", "rpc-v2-cbor"),
            Some(Protocol::RpcV2Cbor)
        );
    }
}
