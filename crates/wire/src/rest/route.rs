//! What the model says of an operation's HTTP request, and which operation a request means.

use http::{HeaderMap, Method};

use crate::fault::Fault;

/// One operation of a service's model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OperationShape {
    /// Its name.
    pub name: &'static str,
    /// HTTP method.
    pub method: &'static str,
    /// Path template: `/{Bucket}/{Key+}`.
    pub uri: &'static str,
    /// Query parameters the request must carry: name and value (an empty value: any).
    pub literals: &'static [(&'static str, &'static str)],
    /// Query parameters that are members.
    pub query: &'static [&'static str],
    /// Query parameters that are required members, such as `uploadId`.
    pub required_query: &'static [&'static str],
    /// Headers that are required members and tell the operation apart, such as `x-amz-copy-source`.
    pub required_headers: &'static [&'static str],
    /// Status of a successful answer.
    pub status: u16,
    /// The request's body is handed on as a stream.
    pub streaming_input: bool,
    /// The answer's body is a stream.
    pub streaming_output: bool,
    /// The request must carry `Content-MD5` or a checksum of S3's.
    pub checksum_required: bool,
    /// AWS keeps it for old clients; another operation has the same request.
    pub deprecated: bool,
}

/// Finds operations among a service's.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    operations: &'static [OperationShape],
}

/// Literals that choose a variant of a request, not a sub-resource.
const VARIANTS: &[&str] = &["list-type", "select-type"];

impl Route {
    /// Routes to these operations.
    pub const fn new(operations: &'static [OperationShape]) -> Route {
        Route { operations }
    }

    /// The operation of that name.
    pub fn by_name(&self, name: &str) -> Option<&'static OperationShape> {
        self.operations.iter().find(|o| o.name == name)
    }

    /// The operation that a request means, by its path `template` (already told apart: S3's root, bucket or object).
    ///
    /// As S3 does it: every sub-resource in the query must belong to the operation, the most specific one wins. `x-id` is a
    /// note of the SDKs for log readers and is ignored.
    ///
    /// # Errors
    /// `InvalidArgument` for two sub-resources at once, `MethodNotAllowed` for a sub-resource without this method,
    /// `NotImplemented` when there is nothing alike.
    pub fn find(
        &self,
        method: &Method,
        template: &str,
        query: &[(String, String)],
        headers: &HeaderMap,
    ) -> Result<&'static OperationShape, Fault> {
        let named = |name: &str| {
            query
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, v)| v.as_str())
        };
        let present = self.subresources_in(query);
        if let [first, second, ..] = present.as_slice() {
            return Err(Fault::new(
                "InvalidArgument",
                400,
                format!("Conflicting query string parameters: {first}, {second}"),
            )
            .with("ArgumentName", "ResourceType")
            .with("ArgumentValue", *first));
        }
        let fits = |o: &&'static OperationShape| {
            o.method == method.as_str()
                && o.uri == template
                && o.literals
                    .iter()
                    .all(|(n, v)| named(n).is_some_and(|given| v.is_empty() || given == *v))
                && o.required_query.iter().all(|n| named(n).is_some())
                && o.required_headers.iter().all(|n| headers.contains_key(*n))
                && present
                    .iter()
                    .all(|p| o.literals.iter().any(|(n, _)| n == p))
        };
        let weight = |o: &&'static OperationShape| {
            (
                o.literals.len() + o.required_query.len() + o.required_headers.len(),
                !o.deprecated,
            )
        };
        // Of two that weigh the same the first in the model counts: `max_by_key` keeps the last, so they come reversed.
        let candidates = self.operations.iter().rev().filter(fits);
        if let Some(found) = candidates.max_by_key(weight) {
            return match strange_parameter(found, query) {
                Some(fault) => Err(fault),
                None => Ok(found),
            };
        }
        let elsewhere = self.operations.iter().any(|o| {
            o.uri == template
                && present
                    .iter()
                    .all(|p| o.literals.iter().any(|(n, _)| n == p))
        });
        if elsewhere {
            let kind = present
                .first()
                .map_or("OBJECT", |p| *p)
                .to_ascii_uppercase();
            return Err(Fault::new(
                "MethodNotAllowed",
                405,
                "The specified method is not allowed against this resource.",
            )
            .with("Method", method.as_str())
            .with("ResourceType", kind));
        }
        Err(Fault::new(
            "NotImplemented",
            501,
            "A header or query you provided implies functionality that is not implemented.",
        ))
    }

    /// The sub-resources that a query names, each once.
    fn subresources_in(&self, query: &[(String, String)]) -> Vec<&'static str> {
        let mut found: Vec<&'static str> = Vec::new();
        for (name, _) in query {
            let literal = self
                .operations
                .iter()
                .flat_map(|o| o.literals)
                .map(|(n, _)| *n)
                .find(|n| n == name);
            if let Some(literal) = literal.filter(|n| !VARIANTS.contains(n) && !found.contains(n)) {
                found.push(literal);
            }
        }
        found
    }
}

/// Parameters that make a request mean something else: where the operation does not know them, doing it without them would
/// do what nobody asked for, such as storing a part of an upload as the whole object.
fn strange_parameter(operation: &OperationShape, query: &[(String, String)]) -> Option<Fault> {
    let strange = |name: &&str| {
        query.iter().any(|(known, _)| known == name) && !operation.query.contains(name)
    };
    let name = ["versionId", "uploadId", "partNumber"]
        .into_iter()
        .find(strange)?;
    let what = if name == "versionId" {
        "version-id"
    } else {
        name
    };
    let fault = Fault::new(
        "InvalidArgument",
        400,
        format!("This operation does not accept a {what}."),
    );
    Some(fault.with("ArgumentName", name))
}

/// Matches a decoded path against a template and gives its labels. `{Name+}` takes the rest, slashes included.
pub fn match_template(template: &str, path: &str) -> Option<Vec<(String, String)>> {
    let mut labels = Vec::new();
    let mut rest = path;
    let mut parts = template.strip_prefix('/')?.split('/').peekable();
    while let Some(part) = parts.next() {
        rest = rest.strip_prefix('/')?;
        let label = part.strip_prefix('{').and_then(|p| p.strip_suffix('}'));
        match label {
            Some(name) if name.ends_with('+') => {
                if rest.is_empty() {
                    return None;
                }
                labels.push((name.trim_end_matches('+').to_owned(), rest.to_owned()));
                return parts.peek().is_none().then_some(labels);
            }
            _ => {
                let end = rest.find('/').unwrap_or(rest.len());
                let (segment, after) = rest.split_at(end);
                match label {
                    Some(name) if !segment.is_empty() => {
                        labels.push((name.to_owned(), segment.to_owned()))
                    }
                    None if segment == part => {}
                    _ => return None,
                }
                rest = after;
            }
        }
    }
    rest.is_empty().then_some(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_give_labels() {
        let label = |t, p| match_template(t, p);
        assert_eq!(label("/", "/"), Some(vec![]));
        assert_eq!(
            label(
                "/v20180820/tags/{resourceArn+}",
                "/v20180820/tags/arn:aws:s3:::b/x"
            ),
            Some(vec![(
                "resourceArn".to_owned(),
                "arn:aws:s3:::b/x".to_owned()
            )])
        );
        assert_eq!(
            label("/v/{Name}/policy", "/v/a/policy"),
            Some(vec![("Name".to_owned(), "a".to_owned())])
        );
        assert_eq!(label("/v/{Name}/policy", "/v//policy"), None);
        assert_eq!(label("/v/{Name}", "/v/a/b"), None);
        assert_eq!(label("/v/{Rest+}", "/v/"), None);
    }
}
