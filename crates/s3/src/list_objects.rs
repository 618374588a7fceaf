//! ListObjectsV2 and ListObjects.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use twinlock_gate::{Action, Attempt, Callers, Cx, Effect, Fault, Needs, Operation, Permit};
use twinlock_objects::{Error, ListPage, ListQuery, ObjectInfo};
use twinlock_shapes::s3::{
    CommonPrefix, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output,
    Object, Owner,
};
use twinlock_wire::time::Millis;

use crate::{
    common::{
        FoundBucket, bucket_need, existing, find_bucket, invalid_argument, no_such_bucket, of_store,
    },
    object::quoted,
};

const LIST: Action = Action::new(
    "s3:ListBucket",
    &["bucket"],
    &["s3:prefix", "s3:delimiter", "s3:max-keys"],
);
const KEYS_MAX: i32 = 1000;

/// What both versions ask for: the condition keys are there only when the request has the parameter.
fn needs(
    found: Option<&FoundBucket>,
    bucket: &str,
    expected_owner: Option<&str>,
    (prefix, delimiter, max_keys): (Option<&str>, Option<&str>, Option<i32>),
) -> Result<Needs, Fault> {
    let found = existing(found, bucket, expected_owner)?;
    Ok(Needs::one(
        bucket_need(&LIST, found)
            .key_if("s3:prefix", prefix)
            .key_if("s3:delimiter", delimiter)
            .key_if("s3:max-keys", max_keys.map(|n| n.to_string())),
    ))
}

/// How many keys at most: asked for or 1,000, never more.
pub(crate) fn limit(asked: Option<i32>, name: &str) -> Result<u32, Fault> {
    let asked = asked.unwrap_or(KEYS_MAX);
    u32::try_from(asked.min(KEYS_MAX)).map_err(|_| {
        invalid_argument(
            "Argument maxKeys must be an integer between 0 and 2147483647",
            name,
            &asked.to_string(),
        )
    })
}

/// Keys as they are, or percent-encoded when the client asked so (keys may hold what XML cannot).
pub(crate) struct Encoding(bool);

impl Encoding {
    pub(crate) fn of(asked: Option<&str>) -> Result<Self, Fault> {
        match asked {
            None | Some("") => Ok(Self(false)),
            Some("url") => Ok(Self(true)),
            Some(other) => Err(invalid_argument(
                "Invalid Encoding Method specified in Request",
                "encoding-type",
                other,
            )),
        }
    }

    pub(crate) fn name(&self) -> Option<String> {
        self.0.then(|| "url".to_owned())
    }

    pub(crate) fn key(&self, key: &str) -> String {
        if !self.0 {
            return key.to_owned();
        }
        let mut out = String::with_capacity(key.len());
        for b in key.bytes() {
            match b {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' | b'/' => {
                    out.push(char::from(b))
                }
                b' ' => out.push('+'),
                _ => {
                    out.push('%');
                    out.push_str(&hex::encode_upper([b]));
                }
            }
        }
        out
    }
}

async fn page(attempt: &Attempt, bucket_id: &str, query: ListQuery) -> Result<ListPage, Error> {
    attempt.world.objects.list(bucket_id, query).await
}

fn listed(info: ObjectInfo, encoding: &Encoding, owner: Option<&FoundBucket>) -> Object {
    Object {
        key: Some(encoding.key(&info.key)),
        last_modified: Some(Millis(info.modified_ms)),
        etag: Some(quoted(&info.etag)),
        checksum_algorithm: info
            .checksums
            .iter()
            .map(|c| c.algorithm.name().to_owned())
            .collect(),
        checksum_type: info.checksums.first().map(|c| c.kind.name().to_owned()),
        size: i64::try_from(info.size).ok(),
        storage_class: Some(
            info.meta
                .storage_class
                .unwrap_or_else(|| "STANDARD".to_owned()),
        ),
        owner: owner.map(|b| Owner {
            display_name: None,
            id: Some(b.owner_canonical_id.clone()),
        }),
        restore_status: None,
    }
}

fn prefixes(page: &ListPage, encoding: &Encoding) -> Vec<CommonPrefix> {
    page.common_prefixes
        .iter()
        .map(|p| CommonPrefix {
            prefix: Some(encoding.key(p)),
        })
        .collect()
}

/// Lists a bucket by pages.
pub struct ListObjectsV2;

impl Operation for ListObjectsV2 {
    type Input = ListObjectsV2Input;
    type Output = ListObjectsV2Output;
    type Found = Option<FoundBucket>;
    const NAME: &'static str = "ListObjectsV2";
    const ACTIONS: &'static [Action] = &[LIST];
    const CALLERS: Callers = Callers::OrAnonymous;

    fn needs(input: &ListObjectsV2Input, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        needs(
            found.as_ref(),
            &input.bucket,
            input.expected_bucket_owner.as_deref(),
            (
                input.prefix.as_deref(),
                input.delimiter.as_deref(),
                input.max_keys,
            ),
        )
    }
}

impl Effect for ListObjectsV2 {
    async fn find(input: &ListObjectsV2Input, cx: &Cx<'_>) -> Result<Self::Found, Fault> {
        Ok(find_bucket(&input.bucket, cx))
    }

    async fn run(
        _: Permit<Self>,
        input: ListObjectsV2Input,
        found: Self::Found,
        attempt: &Attempt,
    ) -> Result<ListObjectsV2Output, Fault> {
        let found = found.ok_or_else(|| no_such_bucket(&input.bucket))?;
        let encoding = Encoding::of(input.encoding_type.as_deref())?;
        let max_keys = limit(input.max_keys, "max-keys")?;
        let after = match &input.continuation_token {
            Some(token) => Some(read_token(token)?),
            None => input.start_after.clone(),
        };
        let query = ListQuery {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone().filter(|d| !d.is_empty()),
            after,
            max_keys,
        };
        let mut page = page(attempt, &found.bucket.id, query)
            .await
            .map_err(|error| of_store(&error))?;
        let owner = input.fetch_owner.unwrap_or(false).then_some(&found);
        let common_prefixes = prefixes(&page, &encoding);
        let contents: Vec<Object> = std::mem::take(&mut page.contents)
            .into_iter()
            .map(|info| listed(info, &encoding, owner))
            .collect();
        Ok(ListObjectsV2Output {
            is_truncated: Some(page.is_truncated),
            key_count: i32::try_from(contents.len() + common_prefixes.len()).ok(),
            contents,
            common_prefixes,
            name: Some(input.bucket),
            prefix: Some(encoding.key(input.prefix.as_deref().unwrap_or(""))),
            delimiter: input.delimiter.map(|d| encoding.key(&d)),
            max_keys: i32::try_from(max_keys).ok(),
            encoding_type: encoding.name(),
            continuation_token: input.continuation_token,
            next_continuation_token: page
                .next
                .filter(|_| page.is_truncated)
                .map(|next| URL_SAFE_NO_PAD.encode(next)),
            start_after: input.start_after.map(|s| encoding.key(&s)),
            ..ListObjectsV2Output::default()
        })
    }
}

fn read_token(token: &str) -> Result<String, Fault> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .ok_or_else(|| {
            invalid_argument(
                "The continuation token provided is incorrect",
                "continuation-token",
                token,
            )
        })
}

/// Lists a bucket, the first way S3 had.
pub struct ListObjects;

impl Operation for ListObjects {
    type Input = ListObjectsInput;
    type Output = ListObjectsOutput;
    type Found = Option<FoundBucket>;
    const NAME: &'static str = "ListObjects";
    const ACTIONS: &'static [Action] = &[LIST];
    const CALLERS: Callers = Callers::OrAnonymous;

    fn needs(input: &ListObjectsInput, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        needs(
            found.as_ref(),
            &input.bucket,
            input.expected_bucket_owner.as_deref(),
            (
                input.prefix.as_deref(),
                input.delimiter.as_deref(),
                input.max_keys,
            ),
        )
    }
}

impl Effect for ListObjects {
    async fn find(input: &ListObjectsInput, cx: &Cx<'_>) -> Result<Self::Found, Fault> {
        Ok(find_bucket(&input.bucket, cx))
    }

    async fn run(
        _: Permit<Self>,
        input: ListObjectsInput,
        found: Self::Found,
        attempt: &Attempt,
    ) -> Result<ListObjectsOutput, Fault> {
        let found = found.ok_or_else(|| no_such_bucket(&input.bucket))?;
        let encoding = Encoding::of(input.encoding_type.as_deref())?;
        let max_keys = limit(input.max_keys, "max-keys")?;
        let query = ListQuery {
            prefix: input.prefix.clone().unwrap_or_default(),
            delimiter: input.delimiter.clone().filter(|d| !d.is_empty()),
            after: input.marker.clone().filter(|m| !m.is_empty()),
            max_keys,
        };
        let mut page = page(attempt, &found.bucket.id, query)
            .await
            .map_err(|error| of_store(&error))?;
        let common_prefixes = prefixes(&page, &encoding);
        // Without a delimiter the last key is the marker, and S3 leaves it out.
        let next_marker = page
            .next
            .clone()
            .filter(|_| page.is_truncated && input.delimiter.is_some())
            .map(|next| encoding.key(&next));
        Ok(ListObjectsOutput {
            is_truncated: Some(page.is_truncated),
            marker: Some(encoding.key(input.marker.as_deref().unwrap_or(""))),
            next_marker,
            contents: std::mem::take(&mut page.contents)
                .into_iter()
                .map(|info| listed(info, &encoding, Some(&found)))
                .collect(),
            name: Some(input.bucket),
            prefix: Some(encoding.key(input.prefix.as_deref().unwrap_or(""))),
            delimiter: input.delimiter.map(|d| encoding.key(&d)),
            max_keys: i32::try_from(max_keys).ok(),
            common_prefixes,
            encoding_type: encoding.name(),
            ..ListObjectsOutput::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_encoded_as_s3_encodes_them() {
        let url = Encoding::of(Some("url")).expect("url");
        assert_eq!(url.key("a b/ü\u{1}+&"), "a+b/%C3%BC%01%2B%26");
        assert_eq!(Encoding::of(None).expect("none").key("a b"), "a b");
        assert!(Encoding::of(Some("base64")).is_err());
    }

    #[test]
    fn limits_and_tokens() {
        assert_eq!(limit(None, "max-keys").ok(), Some(1000));
        assert_eq!(limit(Some(5000), "max-keys").ok(), Some(1000));
        assert_eq!(limit(Some(0), "max-keys").ok(), Some(0));
        assert!(limit(Some(-1), "max-keys").is_err());
        assert_eq!(
            read_token(&URL_SAFE_NO_PAD.encode("a/b")).ok().as_deref(),
            Some("a/b")
        );
        assert!(read_token("%%%").is_err());
    }
}
