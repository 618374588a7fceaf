//! Which service a request is for, told from its signature's scope, its host and its path; and which bucket its host names.

use http::{Method, header, request::Parts};
use twinlock_wire::signature::{Presented, percent_decode as decode};

/// The service asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A service by the name in the signature's scope, other than S3.
    Signed(String),
    /// S3.
    S3,
    /// S3 Control.
    S3Control,
    /// An unsigned form: STS's proof-carrying operations, or a forgotten signature.
    UnsignedForm,
    /// An unsigned call of a JSON service: a forgotten signature.
    UnsignedJson,
}

/// The version segment that every path of S3 Control begins with.
const S3_CONTROL: &str = "/v20180820/";

pub(crate) fn target(parts: &Parts, presented: &Presented, s3_domains: &[String]) -> Target {
    match presented {
        Presented::V4(claim) if claim.service == "s3" => {
            if is_control(parts, s3_domains) {
                Target::S3Control
            } else {
                Target::S3
            }
        }
        Presented::V4(claim) => Target::Signed(claim.service.clone()),
        Presented::V2(_) => Target::S3,
        Presented::Nothing => {
            let form = parts
                .headers
                .get(header::CONTENT_TYPE)
                .and_then(|v| v.to_str().ok())
                .is_some_and(|v| v.starts_with("application/x-www-form-urlencoded"));
            if parts.method == Method::POST
                && parts.uri.path() == "/"
                && parts.headers.contains_key("x-amz-target")
            {
                return Target::UnsignedJson;
            }
            let query = parts.uri.query().unwrap_or("");
            let action = query.split('&').any(|p| p.starts_with("Action="))
                && query.split('&').any(|p| p.starts_with("Version="));
            if parts.uri.path() == "/" && (form && parts.method == Method::POST || action) {
                Target::UnsignedForm
            } else {
                Target::S3
            }
        }
    }
}

/// S3 Control is told by its paths, but not on a bucket's host, where such a path is a key: or whoever has a key of his choosing
/// presigned would have an operation presigned. Its own hosts begin with the account that the call is for.
fn is_control(parts: &Parts, s3_domains: &[String]) -> bool {
    let account = parts.headers.get("x-amz-account-id");
    parts.uri.path().starts_with(S3_CONTROL)
        && host_bucket(parts, s3_domains)
            .is_none_or(|label| account.is_some_and(|id| id.as_bytes() == label.as_bytes()))
}

/// The bucket that the host names in virtual-host style: `BUCKET.<domain>`, the longest domain counts.
pub(crate) fn host_bucket(parts: &Parts, domains: &[String]) -> Option<String> {
    let host = parts
        .headers
        .get(header::HOST)
        .and_then(|v| v.to_str().ok())
        .or_else(|| parts.uri.host())?;
    let host = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|b| b.is_ascii_digit()) {
            name
        } else {
            host
        }
    });
    let host = host.to_ascii_lowercase();
    domains
        .iter()
        .filter_map(|domain| {
            let bucket = host.strip_suffix(domain.as_str())?.strip_suffix('.')?;
            (!bucket.is_empty()).then(|| (domain.len(), bucket.to_owned()))
        })
        .max()
        .map(|(_, bucket)| bucket)
}

/// Bucket and key of an S3 path, decoded. The path is split before it is decoded, so that an encoded slash stays in the key.
///
/// None: the path is no valid percent-encoded UTF-8.
pub(crate) fn bucket_and_key(
    path: &str,
    host_bucket: Option<String>,
) -> Option<(Option<String>, Option<String>)> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let (bucket, key) = match host_bucket {
        Some(bucket) => (Some(bucket), path),
        None => match path.split_once('/') {
            Some((bucket, key)) => (Some(decode(bucket)?), key),
            None => (Some(decode(path)?), ""),
        },
    };
    let key = decode(key)?;
    Some((
        bucket.filter(|b| !b.is_empty()),
        (!key.is_empty()).then_some(key),
    ))
}

/// The query in order, decoded; a plus is a space there. None: malformed.
pub(crate) fn query(parts: &Parts) -> Option<Vec<(String, String)>> {
    let query = parts.uri.query().unwrap_or("");
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((
                decode(&name.replace('+', " "))?,
                decode(&value.replace('+', " "))?,
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(uri: &str, host: &str) -> Parts {
        http::Request::builder()
            .uri(uri)
            .header("host", host)
            .body(())
            .expect("a request")
            .into_parts()
            .0
    }

    #[test]
    fn the_longest_domain_counts_and_ports_do_not() {
        let domains = ["localhost".to_owned(), "s3.localhost".to_owned()];
        let bucket = |host| host_bucket(&parts("/", host), &domains);
        assert_eq!(
            bucket("com.stuzio.projectx.s3.localhost:4566").as_deref(),
            Some("com.stuzio.projectx")
        );
        assert_eq!(bucket("s3.localhost").as_deref(), Some("s3"));
        assert_eq!(bucket("127.0.0.1:4566"), None);
        assert_eq!(bucket("evils3.localhost").as_deref(), Some("evils3"));
    }

    #[test]
    fn a_key_is_no_operation_of_s3_control() {
        let domains = ["s3.localhost".to_owned()];
        let path = "/v20180820/configuration/publicAccessBlock";
        let control = |host, account: Option<&'static str>| {
            let mut parts = parts(path, host);
            if let Some(account) = account {
                let value = http::HeaderValue::from_static(account);
                parts.headers.insert("x-amz-account-id", value);
            }
            is_control(&parts, &domains)
        };
        assert!(control("127.0.0.1:4566", None));
        assert!(control("s3.localhost", Some("111111111111")));
        assert!(control("111111111111.s3.localhost", Some("111111111111")));
        assert!(!control("shelf.s3.localhost", None));
        assert!(!control("shelf.s3.localhost", Some("111111111111")));
        assert!(!control("111111111111.s3.localhost", None));
        let elsewhere = parts("/v20180820x/k", "127.0.0.1");
        assert!(!is_control(&elsewhere, &domains));
    }

    #[test]
    fn an_encoded_slash_stays_in_the_key() {
        let found = bucket_and_key("/b/a%2Fb/../c%20d+e", None).expect("decodes");
        assert_eq!(found, (Some("b".into()), Some("a/b/../c d+e".into())));
        assert_eq!(bucket_and_key("/", None), Some((None, None)));
        assert_eq!(bucket_and_key("/b/", None), Some((Some("b".into()), None)));
        assert_eq!(
            bucket_and_key("/k", Some("b".into())),
            Some((Some("b".into()), Some("k".into())))
        );
        assert_eq!(bucket_and_key("/b/%zz", None), None);
        assert_eq!(bucket_and_key("/b/%ff", None), None);
    }
}
