//! Whether an action of a bucket policy can meet a resource of its statement: S3 refuses a statement that names an object's
//! action and only the bucket, or a bucket's action and only its objects, because it would never apply to anything.
//!
//! Which kinds of resource an action works on is AWS's word, in the packed reference. Of an action with a wildcard nothing is said:
//! recordings of refusals name the action in full.

use crate::arn::without_variables;
use crate::facts;

/// Whether the S3 action `name` (without its service) works on one of `resources`; an action that is not known, or stands for
/// many, is taken to do so.
pub(crate) fn reaches<'r>(name: &str, mut resources: impl Iterator<Item = &'r str>) -> bool {
    if name.contains(['*', '?']) {
        return true;
    }
    let Some((s3, action)) = facts::service("s3").and_then(|s3| Some((s3, s3.action(name)?)))
    else {
        return true;
    };
    resources.any(|resource| {
        let plain = without_variables(resource);
        let met = |kind: &facts::ActionResource| {
            s3.resource(kind.name)
                .is_some_and(|known| known.overlaps(&plain))
        };
        action.resources.iter().any(met)
    })
}

/// What to do about an action that reaches none of its statement's resources.
pub(crate) fn hint(action: &str) -> String {
    let known = action
        .split_once(':')
        .and_then(|(service, name)| facts::action(service, name));
    let works_on = |kind| known.is_some_and(|action| action.works_on(kind));
    if works_on("object") {
        format!("`{action}` works on objects: add arn:aws:s3:::BUCKET/* to Resource.")
    } else if works_on("bucket") {
        format!(
            "`{action}` works on the bucket: add arn:aws:s3:::BUCKET, without a slash, to Resource."
        )
    } else {
        format!(
            "`{action}` works neither on a bucket nor on objects: grant it to the caller by an identity policy."
        )
    }
}
