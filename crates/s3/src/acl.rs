//! Access control lists. None is ever stored: reading one shows the owner's full control, writing one is refused while the
//! bucket's owner enforces ownership, as S3 does, and beyond the owner's own full control otherwise.

use twinlock_gate::{
    Action, Attempt, Callers, Change, Cx, Effect, Fault, Need, Needs, Operation, Permit,
    nothing_to_prepare,
};
use twinlock_shapes::s3::{
    AccessControlPolicy, GetBucketAclInput, GetBucketAclOutput, GetObjectAclInput,
    GetObjectAclOutput, Grant, Grantee, Owner, PutBucketAclInput, PutBucketAclOutput,
    PutObjectAclInput, PutObjectAclOutput,
};

use crate::{
    common::{FoundBucket, bucket_need, existing, find_bucket, no_such_bucket, object_need},
    get_object::present,
    object::{FoundObject, existing_tags, find_object},
    sub_resource::{bucket_operation, bucket_read, malformed_xml},
};

const LIST: Action = Action::new("s3:ListBucket", &["bucket"], &[]);

bucket_operation! {
    /// Shows the bucket's list: the owner's full control.
    GetBucketAcl(GetBucketAclInput) -> GetBucketAclOutput,
    Action::new("s3:GetBucketAcl", &["bucket"], &[])
}

bucket_read!(GetBucketAcl, |found, _, _| {
    let (owner, grants) = full_control(found);
    Ok(GetBucketAclOutput {
        owner: Some(owner),
        grants,
    })
});

fn full_control(found: &FoundBucket) -> (Owner, Vec<Grant>) {
    let id = Some(found.owner_canonical_id.clone());
    let owner = Owner {
        display_name: None,
        id: id.clone(),
    };
    let grant = Grant {
        grantee: Some(Grantee {
            id,
            r#type: "CanonicalUser".to_owned(),
            ..Grantee::default()
        }),
        permission: Some("FULL_CONTROL".to_owned()),
    };
    (owner, vec![grant])
}

/// What a request asks an ACL to be.
struct Asked<'i> {
    canned: Option<&'i str>,
    list: Option<&'i AccessControlPolicy>,
    /// The x-amz-grant-… headers: condition key and value.
    headers: [(&'static str, Option<&'i str>); 5],
}

/// Both inputs say it in members of the same names.
macro_rules! asked {
    ($input:expr) => {
        Asked {
            canned: $input.acl.as_deref(),
            list: $input.access_control_policy.as_ref(),
            headers: [
                (
                    "s3:x-amz-grant-full-control",
                    $input.grant_full_control.as_deref(),
                ),
                ("s3:x-amz-grant-read", $input.grant_read.as_deref()),
                ("s3:x-amz-grant-read-acp", $input.grant_read_acp.as_deref()),
                ("s3:x-amz-grant-write", $input.grant_write.as_deref()),
                (
                    "s3:x-amz-grant-write-acp",
                    $input.grant_write_acp.as_deref(),
                ),
            ],
        }
    };
}

const GRANT_KEYS: &[&str] = &[
    "s3:x-amz-acl",
    "s3:x-amz-grant-full-control",
    "s3:x-amz-grant-read",
    "s3:x-amz-grant-read-acp",
    "s3:x-amz-grant-write",
    "s3:x-amz-grant-write-acp",
];
const GRANT_KEYS_OF_OBJECTS: &[&str] = &[
    "s3:ExistingObjectTag/<key>",
    "s3:x-amz-acl",
    "s3:x-amz-grant-full-control",
    "s3:x-amz-grant-read",
    "s3:x-amz-grant-read-acp",
    "s3:x-amz-grant-write",
    "s3:x-amz-grant-write-acp",
];
const GRANT_KEYS_OF_VERSIONS: &[&str] = &[
    "s3:ExistingObjectTag/<key>",
    "s3:versionid",
    "s3:x-amz-acl",
    "s3:x-amz-grant-full-control",
    "s3:x-amz-grant-read",
    "s3:x-amz-grant-read-acp",
    "s3:x-amz-grant-write",
    "s3:x-amz-grant-write-acp",
];

impl Asked<'_> {
    fn keys(&self, need: Need) -> Need {
        let need = need.key_if("s3:x-amz-acl", self.canned);
        self.headers
            .iter()
            .fold(need, |need, (key, value)| need.key_if(key, *value))
    }

    /// Whether it comes to the owner's full control and nothing else.
    fn is_full_control_of(&self, owner: &str) -> bool {
        if self.headers.iter().any(|(_, value)| value.is_some()) {
            return false;
        }
        match (self.canned, self.list) {
            (Some(canned), _) => canned == "bucket-owner-full-control",
            (None, Some(list)) => list.grants.as_deref().is_some_and(|grants| {
                !grants.is_empty()
                    && grants.iter().all(|grant| {
                        grant.permission.as_deref() == Some("FULL_CONTROL")
                            && grant
                                .grantee
                                .as_ref()
                                .is_some_and(|to| to.id.as_deref() == Some(owner))
                    })
            }),
            (None, None) => false,
        }
    }

    /// Whether it lets in everybody, or everybody who has signed.
    fn is_public(&self) -> bool {
        const GROUPS: [&str; 2] = [
            "http://acs.amazonaws.com/groups/global/AllUsers",
            "http://acs.amazonaws.com/groups/global/AuthenticatedUsers",
        ];
        let canned = matches!(
            self.canned,
            Some("public-read" | "public-read-write" | "authenticated-read")
        );
        let headers = self
            .headers
            .iter()
            .filter_map(|(_, value)| *value)
            .any(|value| GROUPS.iter().any(|group| value.contains(group)));
        let grants = self.list.and_then(|list| list.grants.as_deref());
        let listed = grants.unwrap_or_default().iter().any(|grant| {
            let uri = grant.grantee.as_ref().and_then(|to| to.uri.as_deref());
            uri.is_some_and(|uri| GROUPS.contains(&uri))
        });
        canned || headers || listed
    }

    /// Whether S3 takes it, and Twinlock can.
    fn check(
        &self,
        found: &FoundBucket,
        action: &str,
        resource: &str,
        cx: &Cx<'_>,
    ) -> Result<(), Fault> {
        if self.canned.is_none()
            && self.list.is_none()
            && self.headers.iter().all(|(_, value)| value.is_none())
        {
            return Err(malformed_xml());
        }
        let owners = self.is_full_control_of(&found.owner_canonical_id);
        if found.bucket.ownership.as_deref() == Some("BucketOwnerEnforced") {
            return if owners {
                Ok(())
            } else {
                Err(Fault::new(
                    "AccessControlListNotSupported",
                    400,
                    "The bucket does not allow ACLs",
                ))
            };
        }
        if self.is_public() && found.public_access_block.block_public_acls {
            let own = cx.caller.who.account() == Some(found.bucket.account);
            let message = if own {
                let who = &cx.principal().arn;
                format!(
                    "User: {who} is not authorized to perform: {action} on resource: \"{resource}\" because public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access"
                )
            } else {
                "Access Denied".to_owned()
            };
            return Err(Fault::new("AccessDenied", 403, message));
        }
        if owners || self.canned == Some("private") {
            return Ok(());
        }
        Err(Fault::not_implemented(
            "ACLs that grant to anybody but the owner of the bucket",
        ))
    }
}

/// Takes an ACL that says what holds anyway.
pub struct PutBucketAcl;

impl Operation for PutBucketAcl {
    type Input = PutBucketAclInput;
    type Output = PutBucketAclOutput;
    type Found = Option<FoundBucket>;
    const NAME: &'static str = "PutBucketAcl";
    const ACTIONS: &'static [Action] = &[Action::new("s3:PutBucketAcl", &["bucket"], GRANT_KEYS)];
    const CALLERS: Callers = Callers::Signed;

    fn needs(input: &PutBucketAclInput, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        let owner = input.expected_bucket_owner.as_deref();
        let found = existing(found.as_ref(), &input.bucket, owner)?;
        let need = bucket_need(&Self::ACTIONS[0], found);
        Ok(Needs::one(asked!(input).keys(need)))
    }
}

impl Change for PutBucketAcl {
    nothing_to_prepare!();

    fn find(input: &PutBucketAclInput, cx: &Cx<'_>) -> Self::Found {
        find_bucket(&input.bucket, cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &PutBucketAclInput,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        _: &mut twinlock_directory::Batch,
    ) -> Result<PutBucketAclOutput, Fault> {
        let found = found.ok_or_else(|| no_such_bucket(&input.bucket))?;
        asked!(input).check(&found, "s3:PutBucketAcl", &found.bucket.arn(), cx)?;
        Ok(PutBucketAclOutput::default())
    }
}

/// The need on the object or its version, and the question whether the caller may know that a key is missing.
fn object_needs(
    actions: &[Action],
    found: &FoundObject,
    (bucket, key, version): (&str, &str, Option<&str>),
    expected_owner: Option<&str>,
    more: impl FnOnce(Need) -> Need,
) -> Result<Needs, Fault> {
    let held = existing(found.bucket.as_ref(), bucket, expected_owner)?;
    let action = &actions[usize::from(version.is_some())];
    let need = object_need(action, held, key).key_if("s3:VersionId", version);
    let need = existing_tags(need, found.object.as_ref().map(|object| &object.info));
    Ok(Needs::one(more(need)).ask(bucket_need(&LIST, held)))
}

/// Shows an object's list: the owner's full control.
pub struct GetObjectAcl;

impl Operation for GetObjectAcl {
    type Input = GetObjectAclInput;
    type Output = GetObjectAclOutput;
    type Found = FoundObject;
    const NAME: &'static str = "GetObjectAcl";
    const ACTIONS: &'static [Action] = &[
        Action::new(
            "s3:GetObjectAcl",
            &["object"],
            &["s3:ExistingObjectTag/<key>"],
        ),
        Action::new(
            "s3:GetObjectVersionAcl",
            &["object"],
            &["s3:ExistingObjectTag/<key>", "s3:versionid"],
        ),
        LIST,
    ];
    const CALLERS: Callers = Callers::OrAnonymous;

    fn needs(input: &GetObjectAclInput, found: &FoundObject, _: &Cx<'_>) -> Result<Needs, Fault> {
        let of = (&*input.bucket, &*input.key, input.version_id.as_deref());
        let owner = input.expected_bucket_owner.as_deref();
        object_needs(Self::ACTIONS, found, of, owner, |need| need)
    }
}

impl Effect for GetObjectAcl {
    async fn find(input: &GetObjectAclInput, cx: &Cx<'_>) -> Result<FoundObject, Fault> {
        find_object(&input.bucket, &input.key, input.version_id.as_deref(), cx).await
    }

    async fn run(
        permit: Permit<Self>,
        input: GetObjectAclInput,
        found: FoundObject,
        attempt: &Attempt,
    ) -> Result<GetObjectAclOutput, Fault> {
        let version = input.version_id.as_deref();
        present(&permit, &found, &input.key, version, attempt)?;
        let bucket = found.bucket.ok_or_else(|| no_such_bucket(&input.bucket))?;
        let (owner, grants) = full_control(&bucket);
        Ok(GetObjectAclOutput {
            owner: Some(owner),
            grants,
            request_charged: None,
        })
    }
}

/// Takes an ACL that says what holds anyway.
pub struct PutObjectAcl;

impl Operation for PutObjectAcl {
    type Input = PutObjectAclInput;
    type Output = PutObjectAclOutput;
    type Found = FoundObject;
    const NAME: &'static str = "PutObjectAcl";
    const ACTIONS: &'static [Action] = &[
        Action::new("s3:PutObjectAcl", &["object"], GRANT_KEYS_OF_OBJECTS),
        Action::new(
            "s3:PutObjectVersionAcl",
            &["object"],
            GRANT_KEYS_OF_VERSIONS,
        ),
        LIST,
    ];
    const CALLERS: Callers = Callers::OrAnonymous;

    fn needs(input: &PutObjectAclInput, found: &FoundObject, _: &Cx<'_>) -> Result<Needs, Fault> {
        let of = (&*input.bucket, &*input.key, input.version_id.as_deref());
        let owner = input.expected_bucket_owner.as_deref();
        object_needs(Self::ACTIONS, found, of, owner, |need| {
            asked!(input).keys(need)
        })
    }
}

impl Effect for PutObjectAcl {
    async fn find(input: &PutObjectAclInput, cx: &Cx<'_>) -> Result<FoundObject, Fault> {
        find_object(&input.bucket, &input.key, input.version_id.as_deref(), cx).await
    }

    async fn run(
        permit: Permit<Self>,
        input: PutObjectAclInput,
        found: FoundObject,
        attempt: &Attempt,
    ) -> Result<PutObjectAclOutput, Fault> {
        let version = input.version_id.as_deref();
        present(&permit, &found, &input.key, version, attempt)?;
        let bucket = found.bucket.ok_or_else(|| no_such_bucket(&input.bucket))?;
        let action = Self::ACTIONS[usize::from(version.is_some())].name;
        let resource = format!("{}/{}", bucket.bucket.arn(), input.key);
        asked!(input).check(&bucket, action, &resource, &attempt.cx()?)?;
        Ok(PutObjectAclOutput::default())
    }
}

#[cfg(test)]
mod tests;
