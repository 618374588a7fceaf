use super::*;
use crate::{
    put_object::PutObject,
    testing::{ALLOW_ALL, DEV, PROD, TestWorld, anonymous, code, root},
};
use twinlock_shapes::s3::PutObjectInput;

fn world() -> TestWorld {
    let world = TestWorld::with_bucket("shelf", PROD);
    let input = PutObjectInput {
        bucket: "shelf".into(),
        key: "book".into(),
        ..Default::default()
    };
    world.effect::<PutObject>(&root(PROD), input).unwrap();
    world
}

fn bucket_acl() -> PutBucketAclInput {
    PutBucketAclInput {
        bucket: "shelf".into(),
        ..Default::default()
    }
}

fn canned(acl: &str) -> PutBucketAclInput {
    PutBucketAclInput {
        acl: Some(acl.into()),
        ..bucket_acl()
    }
}

fn listed(id: &str) -> PutBucketAclInput {
    let grant = Grant {
        grantee: Some(Grantee {
            id: Some(id.into()),
            r#type: "CanonicalUser".into(),
            ..Default::default()
        }),
        permission: Some("FULL_CONTROL".into()),
    };
    PutBucketAclInput {
        access_control_policy: Some(AccessControlPolicy {
            grants: Some(vec![grant]),
            owner: None,
        }),
        ..bucket_acl()
    }
}

fn object_acl(key: &str, acl: &str) -> PutObjectAclInput {
    PutObjectAclInput {
        bucket: "shelf".into(),
        key: key.into(),
        acl: Some(acl.into()),
        ..Default::default()
    }
}

fn get(key: &str) -> GetObjectAclInput {
    GetObjectAclInput {
        bucket: "shelf".into(),
        key: key.into(),
        ..Default::default()
    }
}

fn get_bucket() -> GetBucketAclInput {
    GetBucketAclInput {
        bucket: "shelf".into(),
        ..Default::default()
    }
}

#[test]
fn the_owner_has_full_control_by_its_canonical_id() {
    let world = world();
    let snapshot = world.world.directory.published();
    let node = snapshot.account(&crate::testing::account(PROD)).unwrap();
    let of_bucket = world
        .read::<GetBucketAcl>(&root(PROD), get_bucket())
        .unwrap();
    let of_object = world
        .effect::<GetObjectAcl>(&root(PROD), get("book"))
        .unwrap();
    for (owner, grants) in [
        (of_bucket.owner, of_bucket.grants),
        (of_object.owner, of_object.grants),
    ] {
        let id = Some(node.account.canonical_id.clone());
        assert_eq!(owner.unwrap().id, id);
        assert_eq!(grants.len(), 1);
        assert_eq!(grants[0].permission.as_deref(), Some("FULL_CONTROL"));
        assert_eq!(grants[0].grantee.as_ref().unwrap().id, id);
    }
}

#[test]
fn enforced_ownership_takes_nothing_but_the_owners_full_control() {
    let world = world();
    let owner = root(PROD);
    let id = world
        .read::<GetBucketAcl>(&owner, get_bucket())
        .unwrap()
        .owner
        .unwrap()
        .id
        .unwrap();
    let refused = "AccessControlListNotSupported 400";
    for (input, expected) in [
        (canned("private"), refused),
        (canned("public-read"), refused),
        (listed("somebody"), refused),
        (listed(&id), "ok"),
        (bucket_acl(), "MalformedXML 400"),
        (
            PutBucketAclInput {
                grant_read: Some(format!("id={id}")),
                ..bucket_acl()
            },
            refused,
        ),
    ] {
        assert_eq!(code(world.change::<PutBucketAcl>(&owner, input)), expected);
    }
    for (acl, expected) in [
        ("bucket-owner-full-control", "ok"),
        ("private", refused),
        ("public-read", refused),
    ] {
        let input = object_acl("book", acl);
        assert_eq!(code(world.effect::<PutObjectAcl>(&owner, input)), expected);
    }
}

#[test]
fn without_enforcement_public_acls_are_blocked_and_the_owners_own_is_taken() {
    let world = world();
    let owner = root(PROD);
    world.edit("shelf", |row| row.ownership = Some("ObjectWriter".into()));
    let fault = world
        .change::<PutBucketAcl>(&owner, canned("public-read"))
        .unwrap_err();
    assert_eq!(
        fault.message,
        format!(
            "User: arn:aws:iam::{PROD}:root is not authorized to perform: s3:PutBucketAcl on resource: \"arn:aws:s3:::shelf\" because public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access"
        )
    );
    assert_eq!(
        code(world.change::<PutBucketAcl>(&owner, canned("private"))),
        "ok"
    );
    world.edit("shelf", |row| row.public_access_block = None);
    assert_eq!(
        code(world.change::<PutBucketAcl>(&owner, canned("public-read"))),
        "NotImplemented 501"
    );
}

#[test]
fn who_may_read_and_write_lists() {
    let world = world();
    let guest = world.user(DEV, "guest", ALLOW_ALL);
    let bare = world.user(PROD, "bare", "");
    for caller in [&guest, &bare, &anonymous()] {
        let denied = "AccessDenied 403";
        assert_eq!(
            code(world.read::<GetBucketAcl>(caller, get_bucket())),
            denied
        );
        assert_eq!(
            code(world.effect::<GetObjectAcl>(caller, get("book"))),
            denied
        );
        assert_eq!(
            code(world.change::<PutBucketAcl>(caller, canned("private"))),
            denied
        );
        let input = object_acl("book", "private");
        assert_eq!(code(world.effect::<PutObjectAcl>(caller, input)), denied);
    }
    // The canned ACL asked for is a condition key.
    let private_only = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:PutBucketAcl","Resource":"*","Condition":{"StringEquals":{"s3:x-amz-acl":"private"}}}}"#;
    let careful = world.user(PROD, "careful", private_only);
    assert_eq!(
        code(world.change::<PutBucketAcl>(&careful, canned("public-read"))),
        "AccessDenied 403"
    );
    assert_eq!(
        code(world.change::<PutBucketAcl>(&careful, canned("private"))),
        "AccessControlListNotSupported 400"
    );
}

#[test]
fn whoever_may_not_list_is_not_told_that_a_key_is_missing() {
    let world = world();
    let reader = world.user(
        PROD,
        "reader",
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*Object*","Resource":"*"}}"#,
    );
    for (caller, expected) in [
        (&root(PROD), "NoSuchKey 404"),
        (&reader, "AccessDenied 403"),
    ] {
        assert_eq!(
            code(world.effect::<GetObjectAcl>(caller, get("gone"))),
            expected
        );
        let input = object_acl("gone", "private");
        assert_eq!(code(world.effect::<PutObjectAcl>(caller, input)), expected);
    }
}
