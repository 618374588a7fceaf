//! Amazon Resource Names: six parts, split at the first five colons.

/// The six parts of an ARN. The last keeps its further colons and slashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, …
    pub partition: &'a str,
    /// `s3`, `iam`, …
    pub service: &'a str,
    /// Empty for global resources.
    pub region: &'a str,
    /// Account id; empty for S3 buckets and objects.
    pub account: &'a str,
    /// Everything after the fifth colon.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits an ARN; none when it has fewer than six parts or does not begin with `arn:`.
    pub fn parse(text: &'a str) -> Option<Arn<'a>> {
        let [scheme, partition, service, region, account, resource] = split(text)?;
        (scheme == "arn").then_some(Arn {
            partition,
            service,
            region,
            account,
            resource,
        })
    }
}

/// The six parts of a text, whatever they hold; none when there are fewer.
pub(crate) fn split(text: &str) -> Option<[&str; 6]> {
    let mut parts = text.splitn(6, ':');
    Some([
        parts.next()?,
        parts.next()?,
        parts.next()?,
        parts.next()?,
        parts.next()?,
        parts.next()?,
    ])
}

/// The text with each variable replaced by a star.
pub(crate) fn without_variables(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((_, behind)) = after.split_once('}') else {
            break;
        };
        plain.push_str(before);
        plain.push('*');
        rest = behind;
    }
    plain.push_str(rest);
    plain
}
