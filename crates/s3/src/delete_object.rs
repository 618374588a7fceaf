//! DeleteObject, and DeleteObjects with a verdict for each key.

use twinlock_gate::{Action, Attempt, Callers, Cx, Effect, Fault, Need, Needs, Operation, Permit};
use twinlock_objects::{Condition, Delete, EtagMatch};
use twinlock_shapes::s3::{
    DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput, DeletedObject,
    Error,
};

use crate::{
    common::{FoundBucket, existing, find_bucket, no_such_bucket, object_need, of_store},
    object::versioning,
    sub_resource::malformed_xml,
};

const DELETE: Action = Action::new("s3:DeleteObject", &["object"], &[]);
const DELETE_VERSION: Action =
    Action::new("s3:DeleteObjectVersion", &["object"], &["s3:versionid"]);
const KEYS_MAX: usize = 1000;

fn need(found: &FoundBucket, key: &str, version: Option<&str>) -> Need {
    let action = if version.is_some() {
        &DELETE_VERSION
    } else {
        &DELETE
    };
    object_need(action, found, key).key_if("s3:VersionId", version)
}

/// Deletes an object, or one version of it.
pub struct DeleteObject;

impl Operation for DeleteObject {
    type Input = DeleteObjectInput;
    type Output = DeleteObjectOutput;
    type Found = Option<FoundBucket>;
    const NAME: &'static str = "DeleteObject";
    const ACTIONS: &'static [Action] = &[DELETE, DELETE_VERSION];
    const CALLERS: Callers = Callers::OrAnonymous;

    fn needs(input: &DeleteObjectInput, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        let found = existing(
            found.as_ref(),
            &input.bucket,
            input.expected_bucket_owner.as_deref(),
        )?;
        Ok(Needs::one(need(
            found,
            &input.key,
            input.version_id.as_deref(),
        )))
    }
}

impl Effect for DeleteObject {
    async fn find(input: &DeleteObjectInput, cx: &Cx<'_>) -> Result<Self::Found, Fault> {
        Ok(find_bucket(&input.bucket, cx))
    }

    async fn run(
        permit: Permit<Self>,
        input: DeleteObjectInput,
        found: Self::Found,
        attempt: &Attempt,
    ) -> Result<DeleteObjectOutput, Fault> {
        let (_, found) = attempt.renew(permit, &input, found).await?;
        let bucket = found.ok_or_else(|| no_such_bucket(&input.bucket))?.bucket;
        let delete = Delete {
            key: input.key,
            version: input.version_id.clone(),
            condition: Condition {
                if_match: input.if_match.as_deref().map(EtagMatch::parse),
                ..Condition::default()
            },
            owner: bucket.account.to_string(),
        };
        let now = attempt.world.clock.now();
        let deleted = match attempt
            .world
            .objects
            .delete(&bucket.id, delete, versioning(&bucket), now)
            .await
        {
            Ok(deleted) => deleted,
            // Deleting what is not there is done already.
            Err(twinlock_objects::Error::NoSuchKey | twinlock_objects::Error::NoSuchVersion) => {
                Default::default()
            }
            Err(error) => return Err(of_store(&error)),
        };
        let removed_marker = deleted
            .removed
            .as_ref()
            .is_some_and(|info| info.delete_marker);
        Ok(DeleteObjectOutput {
            delete_marker: (deleted.marker.is_some()
                || (input.version_id.is_some() && removed_marker))
                .then_some(true),
            version_id: deleted
                .marker
                .map(|info| info.version_id)
                .or(input.version_id),
            ..DeleteObjectOutput::default()
        })
    }
}

/// Deletes up to a thousand objects; each is authorised by itself.
pub struct DeleteObjects;

impl Operation for DeleteObjects {
    type Input = DeleteObjectsInput;
    type Output = DeleteObjectsOutput;
    type Found = Option<FoundBucket>;
    const NAME: &'static str = "DeleteObjects";
    const ACTIONS: &'static [Action] = &[DELETE, DELETE_VERSION];
    const CALLERS: Callers = Callers::OrAnonymous;

    fn needs(input: &DeleteObjectsInput, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        let found = existing(
            found.as_ref(),
            &input.bucket,
            input.expected_bucket_owner.as_deref(),
        )?;
        let objects = &input.delete.objects;
        if objects.is_empty() || objects.len() > KEYS_MAX {
            return Err(malformed_xml());
        }
        Ok(Needs::each(
            objects
                .iter()
                .map(|o| need(found, &o.key, o.version_id.as_deref())),
        ))
    }
}

impl Effect for DeleteObjects {
    async fn find(input: &DeleteObjectsInput, cx: &Cx<'_>) -> Result<Self::Found, Fault> {
        Ok(find_bucket(&input.bucket, cx))
    }

    async fn run(
        permit: Permit<Self>,
        input: DeleteObjectsInput,
        found: Self::Found,
        attempt: &Attempt,
    ) -> Result<DeleteObjectsOutput, Fault> {
        let (permit, found) = attempt.renew(permit, &input, found).await?;
        let bucket = found.ok_or_else(|| no_such_bucket(&input.bucket))?.bucket;
        let quiet = input.delete.quiet.unwrap_or(false);
        let mut output = DeleteObjectsOutput::default();
        let mut allowed = Vec::new();
        for (object, refusal) in input.delete.objects.into_iter().zip(permit.each()) {
            match refusal {
                None => allowed.push(object),
                Some(fault) => output.errors.push(Error {
                    key: Some(object.key),
                    version_id: object.version_id,
                    code: Some(fault.code.to_string()),
                    message: Some(fault.message.clone()),
                }),
            }
        }
        let deletes = allowed
            .iter()
            .map(|object| Delete {
                key: object.key.clone(),
                version: object.version_id.clone(),
                condition: Condition {
                    if_match: object.etag.as_deref().map(EtagMatch::parse),
                    ..Condition::default()
                },
                owner: bucket.account.to_string(),
            })
            .collect();
        let now = attempt.world.clock.now();
        let results = attempt
            .world
            .objects
            .delete_many(&bucket.id, deletes, versioning(&bucket), now)
            .await
            .map_err(|error| of_store(&error))?;
        for (object, result) in allowed.into_iter().zip(results) {
            use twinlock_objects::Error as Refused;
            let deleted = match result {
                Ok(deleted) => deleted,
                Err(Refused::NoSuchKey | Refused::NoSuchVersion) => Default::default(),
                Err(error) => {
                    let fault = of_store(&error);
                    output.errors.push(Error {
                        key: Some(object.key),
                        version_id: object.version_id,
                        code: Some(fault.code.into_owned()),
                        message: Some(fault.message),
                    });
                    continue;
                }
            };
            if !quiet {
                output.deleted.push(DeletedObject {
                    key: Some(object.key),
                    version_id: object.version_id,
                    delete_marker: deleted.marker.is_some().then_some(true),
                    delete_marker_version_id: deleted.marker.map(|info| info.version_id),
                });
            }
        }
        Ok(output)
    }
}
