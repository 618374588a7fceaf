//! GetObject and HeadObject: ranges, conditions, and what a missing key may tell.

use std::ops::Range;

use twinlock_gate::{
    Action, Attempt, AuthType, Callers, Cx, Effect, Fault, Needs, Operation, Permit,
};
use twinlock_objects::{EtagMatch, Object, ObjectInfo};
use twinlock_shapes::s3::{GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput};
use twinlock_wire::{body::Body, time::Millis};

use crate::{
    common::{access_denied, bucket_need, existing, invalid_argument, no_such_key, of_store},
    object::{
        FoundObject, checksums, existing_tags, find_object, quoted, refuse_customer_key,
        shown_version,
    },
};

/// Gives an object's bytes.
pub struct GetObject;
/// Gives what is known of an object, without its bytes.
pub struct HeadObject;

const READ: Action = Action::new("s3:GetObject", &["object"], &["s3:ExistingObjectTag/<key>"]);
const READ_VERSION: Action = Action::new(
    "s3:GetObjectVersion",
    &["object"],
    &["s3:ExistingObjectTag/<key>", "s3:versionid"],
);
const LIST: Action = Action::new("s3:ListBucket", &["bucket"], &[]);

/// What both ask for: the object or version; and whether the caller may know that a key is missing.
fn needs(
    found: &FoundObject,
    bucket: &str,
    key: &str,
    version: Option<&str>,
    expected_owner: Option<&str>,
) -> Result<Needs, Fault> {
    let held = existing(found.bucket.as_ref(), bucket, expected_owner)?;
    let action = if version.is_some() {
        &READ_VERSION
    } else {
        &READ
    };
    let need = crate::common::object_need(action, held, key).key_if("s3:VersionId", version);
    let need = existing_tags(need, found.object.as_ref().map(|o| &o.info));
    Ok(Needs::one(need).ask(bucket_need(&LIST, held)))
}

/// The object, or why there is none: whoever may not list the bucket is not told that a key is missing.
pub(crate) fn present<'f, O>(
    permit: &Permit<O>,
    found: &'f FoundObject,
    key: &str,
    version: Option<&str>,
    attempt: &Attempt,
) -> Result<&'f Object, Fault> {
    match &found.object {
        Some(object) if !object.info.delete_marker => Ok(object),
        _ if !permit.asked(0) => {
            let cx = attempt.cx()?;
            let bucket = found.bucket.as_ref().ok_or_else(access_denied)?;
            Err(cx.refusal(&bucket_need(&LIST, bucket)))
        }
        Some(object) if version.is_some() => Err(Fault::new(
            "MethodNotAllowed",
            405,
            "The specified method is not allowed against this resource.",
        )
        .header(http::HeaderName::from_static("x-amz-delete-marker"), "true")
        .header(
            http::HeaderName::from_static("x-amz-version-id"),
            &object.info.version_id,
        )),
        Some(object) => Err(no_such_key(key)
            .header(http::HeaderName::from_static("x-amz-delete-marker"), "true")
            .header(
                http::HeaderName::from_static("x-amz-version-id"),
                &object.info.version_id,
            )),
        None => match version {
            Some(version) => Err(Fault::new(
                "NoSuchVersion",
                404,
                "The specified version does not exist.",
            )
            .with("Key", key)
            .with("VersionId", version)),
            None => Err(no_such_key(key)),
        },
    }
}

/// The four conditions of RFC 9110, in its order: an ETag condition makes the date one beside it void.
fn conditions(
    info: &ObjectInfo,
    if_match: Option<&str>,
    if_none_match: Option<&str>,
    if_modified_since: Option<Millis>,
    if_unmodified_since: Option<Millis>,
) -> Result<(), Fault> {
    let failed = |condition: &str| {
        Fault::new(
            "PreconditionFailed",
            412,
            "At least one of the pre-conditions you specified did not hold",
        )
        .with("Condition", condition)
    };
    // Dates in headers have whole seconds.
    let modified = info.modified_ms / 1000;
    match (if_match, if_unmodified_since) {
        (Some(etags), _) if !EtagMatch::parse(etags).matches(&info.etag) => {
            return Err(failed("If-Match"));
        }
        (None, Some(at)) if modified > at.seconds() => return Err(failed("If-Unmodified-Since")),
        _ => {}
    }
    let unchanged = match (if_none_match, if_modified_since) {
        (Some(etags), _) => EtagMatch::parse(etags).matches(&info.etag),
        (None, Some(at)) => modified <= at.seconds(),
        (None, None) => false,
    };
    if unchanged {
        return Err(Fault::new("NotModified", 304, "Not Modified")
            .header(http::header::ETAG, &quoted(&info.etag)));
    }
    Ok(())
}

/// The bytes asked for; none: all of them. A header that is no single range of bytes is ignored, as S3 does.
fn range(header: Option<&str>, size: u64) -> Result<Option<Range<u64>>, Fault> {
    let Some(spec) = header.and_then(|h| h.trim().strip_prefix("bytes=")) else {
        return Ok(None);
    };
    let Some((first, last)) = spec.trim().split_once('-') else {
        return Ok(None);
    };
    if spec.contains(',') {
        return Ok(None);
    }
    let unsatisfiable = || {
        Fault::new(
            "InvalidRange",
            416,
            "The requested range is not satisfiable",
        )
        .with("RangeRequested", header.unwrap_or_default())
        .with("ActualObjectSize", size.to_string())
        .header(http::header::CONTENT_RANGE, &format!("bytes */{size}"))
    };
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let range = match (first.trim(), last.trim()) {
        ("", "") => return Ok(None),
        ("", suffix) => match number(suffix) {
            None => return Ok(None),
            Some(0) => return Err(unsatisfiable()),
            Some(n) => size.saturating_sub(n)..size,
        },
        (first, "") => match number(first) {
            None => return Ok(None),
            Some(first) => first..size,
        },
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(size),
            _ => return Ok(None),
        },
    };
    if range.start >= size {
        Err(unsatisfiable())
    } else {
        Ok(Some(range))
    }
}

/// A part's bytes, and how many parts there are.
type PartRange = (Range<u64>, Option<i32>);

/// The part that partNumber names.
fn part(info: &ObjectInfo, number: Option<i32>) -> Result<Option<PartRange>, Fault> {
    let Some(number) = number else {
        return Ok(None);
    };
    let range = u32::try_from(number)
        .ok()
        .and_then(|n| info.part_range(n))
        .ok_or_else(|| {
            Fault::new(
                "InvalidPartNumber",
                416,
                "The requested partnumber is not satisfiable",
            )
            .with("PartNumberRequested", number.to_string())
        })?;
    let count = i32::try_from(info.part_count).ok().filter(|n| *n > 0);
    Ok(Some((range, count)))
}

fn content_range(range: &Range<u64>, size: u64) -> String {
    format!(
        "bytes {}-{}/{size}",
        range.start,
        range.end.saturating_sub(1)
    )
}

fn length(range: &Range<u64>) -> Option<i64> {
    i64::try_from(range.end - range.start).ok()
}

/// Fills the members that describe the object, alike in both outputs.
macro_rules! describe {
    ($output:expr, $found:expr, $info:expr) => {
        $output.accept_ranges = Some("bytes".to_owned());
        $output.last_modified = Some(Millis($info.modified_ms));
        $output.etag = Some(quoted(&$info.etag));
        $output.version_id = $found
            .bucket
            .as_ref()
            .and_then(|b| shown_version(&b.bucket, $info));
        $output.cache_control.clone_from(&$info.meta.cache_control);
        $output
            .content_disposition
            .clone_from(&$info.meta.content_disposition);
        $output
            .content_encoding
            .clone_from(&$info.meta.content_encoding);
        $output
            .content_language
            .clone_from(&$info.meta.content_language);
        $output.content_type.clone_from(&$info.meta.content_type);
        $output.expires.clone_from(&$info.meta.expires);
        $output
            .website_redirect_location
            .clone_from(&$info.meta.website_redirect);
        $output.server_side_encryption.clone_from(&$info.meta.sse);
        $output.metadata.clone_from(&$info.meta.user);
        $output.storage_class = $info.meta.storage_class.clone().filter(|c| c != "STANDARD");
    };
}

/// What the two are to the pipeline: the same but for their names.
macro_rules! looks_at_an_object {
    ($name:ident($input:ty) -> $output:ty) => {
        impl Operation for $name {
            type Input = $input;
            type Output = $output;
            type Found = FoundObject;
            const NAME: &'static str = stringify!($name);
            const ACTIONS: &'static [Action] = &[READ, READ_VERSION, LIST];
            const CALLERS: Callers = Callers::OrAnonymous;

            fn needs(input: &$input, found: &FoundObject, _: &Cx<'_>) -> Result<Needs, Fault> {
                needs(
                    found,
                    &input.bucket,
                    &input.key,
                    input.version_id.as_deref(),
                    input.expected_bucket_owner.as_deref(),
                )
            }
        }
    };
}

looks_at_an_object!(GetObject(GetObjectInput) -> GetObjectOutput);
looks_at_an_object!(HeadObject(HeadObjectInput) -> HeadObjectOutput);

impl Effect for GetObject {
    async fn find(input: &GetObjectInput, cx: &Cx<'_>) -> Result<FoundObject, Fault> {
        find_object(&input.bucket, &input.key, input.version_id.as_deref(), cx).await
    }

    async fn run(
        permit: Permit<Self>,
        input: GetObjectInput,
        found: FoundObject,
        attempt: &Attempt,
    ) -> Result<GetObjectOutput, Fault> {
        refuse_customer_key(&input.sse_customer_algorithm, &input.sse_customer_key)?;
        let object = present(
            &permit,
            &found,
            &input.key,
            input.version_id.as_deref(),
            attempt,
        )?;
        let info = &object.info;
        conditions(
            info,
            input.if_match.as_deref(),
            input.if_none_match.as_deref(),
            input.if_modified_since,
            input.if_unmodified_since,
        )?;
        let mut output = GetObjectOutput::default();
        describe!(output, found, info);
        let anonymous = attempt.caller.request.auth_type == AuthType::None;
        override_headers(&input, &mut output, anonymous)?;
        let asked = match part(info, input.part_number)? {
            Some((range, count)) => {
                output.parts_count = count;
                Some(range)
            }
            None => range(input.range.as_deref(), info.size)?,
        };
        if asked.is_none() && input.checksum_mode.as_deref() == Some("ENABLED") {
            checksums!(output, info);
        }
        output.tag_count = i32::try_from(info.meta.tags.len()).ok().filter(|n| *n > 0);
        let whole = 0..info.size;
        let sent = asked.clone().unwrap_or(whole);
        // An empty object has no range to name.
        if let Some(range) = asked.as_ref().filter(|r| r.end > r.start) {
            output.content_range = Some(content_range(range, info.size));
        }
        output.content_length = length(&sent);
        let bytes = sent.end - sent.start;
        let stream = object.read(asked).map_err(|error| of_store(&error))?;
        use futures_util::TryStreamExt;
        output.body = Body::stream(stream.map_err(|error| of_store(&error)), Some(bytes));
        Ok(output)
    }
}

/// The response-* parameters, for signed requests only: an anonymous link must not change what a page says it is.
fn override_headers(
    input: &GetObjectInput,
    output: &mut GetObjectOutput,
    anonymous: bool,
) -> Result<(), Fault> {
    let pairs = [
        (&input.response_cache_control, &mut output.cache_control),
        (
            &input.response_content_disposition,
            &mut output.content_disposition,
        ),
        (
            &input.response_content_encoding,
            &mut output.content_encoding,
        ),
        (
            &input.response_content_language,
            &mut output.content_language,
        ),
        (&input.response_content_type, &mut output.content_type),
    ];
    for (asked, shown) in pairs {
        let Some(asked) = asked else { continue };
        if anonymous {
            return Err(Fault::new(
                "InvalidRequest",
                400,
                "Request specific response headers cannot be used for anonymous GET requests.",
            ));
        }
        if http::HeaderValue::from_str(asked).is_err() {
            return Err(invalid_argument(
                "Header value cannot be represented using ISO-8859-1.",
                "response-header",
                asked,
            ));
        }
        *shown = Some(asked.clone());
    }
    Ok(())
}

impl Effect for HeadObject {
    async fn find(input: &HeadObjectInput, cx: &Cx<'_>) -> Result<FoundObject, Fault> {
        find_object(&input.bucket, &input.key, input.version_id.as_deref(), cx).await
    }

    async fn run(
        permit: Permit<Self>,
        input: HeadObjectInput,
        found: FoundObject,
        attempt: &Attempt,
    ) -> Result<HeadObjectOutput, Fault> {
        refuse_customer_key(&input.sse_customer_algorithm, &input.sse_customer_key)?;
        let object = present(
            &permit,
            &found,
            &input.key,
            input.version_id.as_deref(),
            attempt,
        )?;
        let info = &object.info;
        conditions(
            info,
            input.if_match.as_deref(),
            input.if_none_match.as_deref(),
            input.if_modified_since,
            input.if_unmodified_since,
        )?;
        let mut output = HeadObjectOutput::default();
        describe!(output, found, info);
        if input.checksum_mode.as_deref() == Some("ENABLED") {
            checksums!(output, info);
        }
        let asked = match part(info, input.part_number)? {
            Some((range, count)) => {
                output.parts_count = count;
                Some(range)
            }
            None => range(input.range.as_deref(), info.size)?,
        };
        if let Some(range) = asked.as_ref().filter(|r| r.end > r.start) {
            output.content_range = Some(content_range(range, info.size));
        }
        output.content_length = length(&asked.unwrap_or(0..info.size));
        Ok(output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_as_s3_reads_them() {
        let of = |header: &str| range(Some(header), 10).map_err(|f| f.status);
        assert_eq!(of("bytes=0-4"), Ok(Some(0..5)));
        assert_eq!(of("bytes=5-"), Ok(Some(5..10)));
        assert_eq!(of("bytes=-3"), Ok(Some(7..10)));
        assert_eq!(of("bytes=-30"), Ok(Some(0..10)));
        assert_eq!(of("bytes=8-99"), Ok(Some(8..10)));
        assert_eq!(of("bytes=10-"), Err(416));
        assert_eq!(of("bytes=-0"), Err(416));
        for ignored in [
            "bytes=5-4",
            "bytes=a-b",
            "bytes=0-1,3-4",
            "lines=1-2",
            "bytes=-",
            "bytes=99999999999999999999-",
        ] {
            assert_eq!(of(ignored), Ok(None), "{ignored}");
        }
    }
}
