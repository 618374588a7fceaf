use twinlock_gate::Fault;
use twinlock_shapes::iam::*;

use crate::{
    iam::{
        managed_policies::{CreatePolicy, DeletePolicy, GetPolicy, ListPolicies},
        policy_tags::{ListPolicyTags, TagPolicy, UntagPolicy},
        policy_versions::{
            CreatePolicyVersion, DeletePolicyVersion, GetPolicyVersion, ListPolicyVersions,
            SetDefaultPolicyVersion,
        },
    },
    testing::{ALLOW_ALL, TestWorld, allow, root},
};

const A: &str = "111111111111";
const B: &str = "222222222222";
const ARN: &str = "arn:aws:iam::111111111111:policy/app/Read";
const AWS: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

fn input() -> CreatePolicyInput {
    CreatePolicyInput {
        policy_name: "Read".into(),
        path: Some("/app/".into()),
        policy_document: ALLOW_ALL.into(),
        description: Some("reads".into()),
        tags: None,
    }
}

fn with_policy() -> TestWorld {
    let world = TestWorld::new(&[A, B]);
    world
        .change::<CreatePolicy>(&root(A), input())
        .expect("made");
    world
}

fn get(world: &TestWorld, arn: &str) -> Result<Policy, Fault> {
    let policy_arn = arn.to_owned();
    let answer = world.read::<GetPolicy>(&root(A), GetPolicyInput { policy_arn })?;
    Ok(answer.policy.expect("a policy"))
}

fn version(world: &TestWorld, text: &str, set_as_default: bool) -> Result<PolicyVersion, Fault> {
    let input = CreatePolicyVersionInput {
        policy_arn: ARN.into(),
        policy_document: text.into(),
        set_as_default: Some(set_as_default),
    };
    let answer = world.change::<CreatePolicyVersion>(&root(A), input)?;
    Ok(answer.policy_version.expect("a version"))
}

fn delete_version(world: &TestWorld, version: &str) -> Result<DeletePolicyVersionOutput, Fault> {
    let input = DeletePolicyVersionInput {
        policy_arn: ARN.into(),
        version_id: version.into(),
    };
    world.change::<DeletePolicyVersion>(&root(A), input)
}

fn told<T: std::fmt::Debug>(result: Result<T, Fault>) -> (String, u16, String) {
    let fault = result.expect_err("a fault");
    (fault.code.into_owned(), fault.status, fault.message)
}

#[test]
fn a_policy_is_made_and_read_each_in_its_shape() {
    let world = TestWorld::new(&[A]);
    let made = world
        .change::<CreatePolicy>(&root(A), input())
        .expect("made")
        .policy
        .expect("a policy");
    assert_eq!(made.arn.as_deref(), Some(ARN));
    assert_eq!(made.default_version_id.as_deref(), Some("v1"));
    assert_eq!(
        (made.attachment_count, made.is_attachable),
        (Some(0), Some(true))
    );
    assert_eq!((&made.description, &made.tags), (&None, &None));
    let read = get(&world, ARN).expect("found");
    assert_eq!(read.description.as_deref(), Some("reads"));
    assert_eq!(read.tags, Some(vec![]));
    let aws = get(&world, AWS).expect("AWS's own");
    assert_eq!(
        (aws.policy_name.as_deref(), aws.description),
        (Some("ReadOnlyAccess"), None)
    );
    assert!(aws.policy_id.expect("an id").starts_with("ANPA"));
}

#[test]
fn what_aws_refuses_of_a_policy() {
    let world = with_policy();
    let make = |input| told(world.change::<CreatePolicy>(&root(A), input));
    let again = CreatePolicyInput {
        policy_name: "READ".into(),
        ..input()
    };
    assert_eq!(
        make(again),
        (
            "EntityAlreadyExists".into(),
            409,
            "A policy called READ already exists. Duplicate names are not allowed.".into()
        )
    );
    let of = |text: String| CreatePolicyInput {
        policy_name: "Other".into(),
        policy_document: text,
        ..input()
    };
    let (code, status, message) = make(of(ALLOW_ALL.replace("2012", "2008")));
    assert_eq!((code.as_str(), status), ("MalformedPolicyDocument", 400));
    assert!(
        message.starts_with("Policy document must be version 2012-10-17 or greater."),
        "{message}"
    );
    let large = allow("s3:*", &format!("arn:aws:s3:::{}", "x".repeat(6144)));
    assert_eq!(
        make(of(large)),
        (
            "LimitExceeded".into(),
            409,
            "Cannot exceed quota for PolicySize: 6144".into()
        )
    );

    assert_eq!(
        told(get(&world, "no arn, but long enough")).2,
        "Invalid ARN:  Could not be parsed!"
    );
    let user = "arn:aws:iam::111111111111:user/Bob";
    assert_eq!(
        told(get(&world, user)),
        (
            "InvalidInput".into(),
            400,
            format!("ARN {user} is not valid.")
        )
    );
    for absent in [
        "arn:aws:iam::111111111111:policy/Read",
        "arn:aws:iam::aws:policy/Nothing",
    ] {
        assert_eq!(
            told(get(&world, absent)),
            (
                "NoSuchEntity".into(),
                404,
                format!("Policy {absent} was not found.")
            )
        );
    }
}

#[test]
fn versions_come_and_go_and_the_default_counts() {
    let world = with_policy();
    assert_eq!(
        version(&world, &allow("s3:*", "*"), true)
            .expect("v2")
            .version_id
            .as_deref(),
        Some("v2")
    );
    for _ in 3..=5 {
        version(&world, ALLOW_ALL, false).expect("room");
    }
    assert_eq!(
        told(version(&world, ALLOW_ALL, false)),
        (
            "LimitExceeded".into(),
            409,
            "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.".into()
        )
    );
    let list = |marker: Option<String>| {
        let input = ListPolicyVersionsInput {
            policy_arn: ARN.into(),
            max_items: Some(3),
            marker,
        };
        let page = world
            .read::<ListPolicyVersions>(&root(A), input)
            .expect("listed");
        let shown = |v: &PolicyVersion| {
            (
                v.version_id.clone().expect("an id"),
                v.is_default_version == Some(true),
            )
        };
        (
            page.versions.iter().map(shown).collect::<Vec<_>>(),
            page.marker,
        )
    };
    let (first, marker) = list(None);
    assert_eq!(
        first,
        [
            ("v5".to_owned(), false),
            ("v4".to_owned(), false),
            ("v3".to_owned(), false)
        ]
    );
    assert_eq!(
        list(marker).0,
        [("v2".to_owned(), true), ("v1".to_owned(), false)]
    );

    assert_eq!(
        told(delete_version(&world, "v2")).2,
        "Cannot delete the default version of a policy."
    );
    delete_version(&world, "v5").expect("deleted");
    assert_eq!(told(delete_version(&world, "v5")).0, "NoSuchEntity");
    // A number is not used again.
    assert_eq!(
        version(&world, ALLOW_ALL, false)
            .expect("v6")
            .version_id
            .as_deref(),
        Some("v6")
    );

    let set = |version: &str| {
        let input = SetDefaultPolicyVersionInput {
            policy_arn: ARN.into(),
            version_id: version.into(),
        };
        world.change::<SetDefaultPolicyVersion>(&root(A), input)
    };
    assert_eq!(
        told(set("v9")).2,
        format!("Policy {ARN} version v9 does not exist or is not attachable.")
    );
    set("v1").expect("set");
    assert_eq!(
        get(&world, ARN)
            .expect("found")
            .default_version_id
            .as_deref(),
        Some("v1")
    );

    let text = |arn: &str, version: &str| {
        let input = GetPolicyVersionInput {
            policy_arn: arn.into(),
            version_id: version.into(),
        };
        let answer = world.read::<GetPolicyVersion>(&root(A), input)?;
        Ok::<_, Fault>(
            answer
                .policy_version
                .and_then(|v| v.document)
                .expect("a document"),
        )
    };
    assert!(text(ARN, "v2").expect("v2").contains("%22s3%3A%2A%22"));
    let aws = get(&world, AWS)
        .expect("found")
        .default_version_id
        .expect("a version");
    assert!(
        text(AWS, &aws)
            .expect("AWS's")
            .starts_with("%7B%0A%20%20%20%20%22Version%22")
    );
    assert_eq!(told(text(AWS, "v99999")).0, "NoSuchEntity");
}

#[test]
fn a_policy_in_use_or_with_versions_stays_and_awss_own_always() {
    let world = with_policy();
    let delete = |arn: &str| {
        let policy_arn = arn.to_owned();
        world.change::<DeletePolicy>(&root(A), DeletePolicyInput { policy_arn })
    };
    version(&world, ALLOW_ALL, false).expect("v2");
    assert!(
        told(delete(ARN))
            .2
            .starts_with("This policy has more than one version.")
    );
    delete_version(&world, "v2").expect("deleted");
    world.user(A, "Bob", "");
    let bounded = |boundary: Option<String>| {
        let snapshot = world.world.directory.published();
        let node = snapshot.account(&A.parse().expect("id")).expect("account");
        let mut bob = (**node.user("Bob").expect("Bob")).clone();
        bob.boundary = boundary;
        world.put(bob);
    };
    bounded(Some(ARN.into()));
    assert_eq!(
        told(delete(ARN)),
        (
            "DeleteConflict".into(),
            409,
            "Cannot delete a policy attached to entities.".into()
        )
    );
    bounded(None);
    delete(ARN).expect("deleted");
    assert_eq!(told(delete(ARN)).0, "NoSuchEntity");
    assert_eq!(
        told(delete(AWS)),
        (
            "AccessDenied".into(),
            403,
            "Policy is outside your own account.".into()
        )
    );
}

#[test]
fn the_list_holds_both_kinds_by_scope_path_and_use() {
    let world = with_policy();
    world.user(A, "Bob", "");
    let snapshot = world.world.directory.published();
    let node = snapshot.account(&A.parse().expect("id")).expect("account");
    let mut bob = (**node.user("Bob").expect("Bob")).clone();
    bob.attached.insert(AWS.into());
    bob.boundary = Some(ARN.into());
    world.put(bob);
    let list = |input: ListPoliciesInput| {
        let mut names = Vec::new();
        let mut marker = None;
        loop {
            let page = ListPoliciesInput {
                marker,
                ..input.clone()
            };
            let page = world.read::<ListPolicies>(&root(A), page).expect("listed");
            names.extend(page.policies.into_iter().filter_map(|p| p.policy_name));
            marker = page.marker;
            if marker.is_none() {
                return names;
            }
        }
    };
    let of = |scope: &str| ListPoliciesInput {
        scope: Some(scope.into()),
        max_items: Some(700),
        ..Default::default()
    };
    let local = list(of("Local"));
    assert_eq!(local, ["Read"]);
    let all = list(of("All"));
    assert_eq!(all.len(), 1 + list(of("AWS")).len());
    assert!(all.len() > 1000 && all[0] == "Read");
    let only_attached = ListPoliciesInput {
        only_attached: Some(true),
        ..of("All")
    };
    assert_eq!(list(only_attached), ["ReadOnlyAccess"]);
    let boundaries = ListPoliciesInput {
        policy_usage_filter: Some("PermissionsBoundary".into()),
        ..of("All")
    };
    assert_eq!(list(boundaries), ["Read"]);
    let jobs = ListPoliciesInput {
        path_prefix: Some("/job-function/".into()),
        ..of("All")
    };
    assert!(list(jobs).contains(&"Billing".to_owned()));
}

#[test]
fn tags_of_policies() {
    let world = with_policy();
    let tag = |arn: &str| {
        let input = TagPolicyInput {
            policy_arn: arn.into(),
            tags: vec![Tag {
                key: "team".into(),
                value: "blue".into(),
            }],
        };
        world.change::<TagPolicy>(&root(A), input)
    };
    tag(ARN).expect("tagged");
    assert_eq!(told(tag(AWS)).0, "AccessDenied");
    let list = || {
        let input = ListPolicyTagsInput {
            policy_arn: ARN.into(),
            ..Default::default()
        };
        world
            .read::<ListPolicyTags>(&root(A), input)
            .expect("listed")
            .tags
            .len()
    };
    assert_eq!(list(), 1);
    // Whoever may only touch the blue team's policies may touch this one.
    let text = allow("iam:UntagPolicy", "*").replace(
        "\"Resource\"",
        r#""Condition":{"StringEquals":{"aws:ResourceTag/team":"blue"}},"Resource""#,
    );
    let blue = world.user(A, "blue", &text);
    let untag = || UntagPolicyInput {
        policy_arn: ARN.into(),
        tag_keys: vec!["team".into()],
    };
    world
        .change::<UntagPolicy>(&blue, untag())
        .expect("untagged");
    assert_eq!(list(), 0);
    assert_eq!(
        told(world.change::<UntagPolicy>(&blue, untag())).0,
        "AccessDenied"
    );
}

#[test]
fn another_accounts_policy_is_out_of_reach() {
    let world = with_policy();
    let policy_arn = ARN.to_owned();
    for caller in [root(B), world.user(B, "all", ALLOW_ALL)] {
        let policy_arn = policy_arn.clone();
        let refused = told(world.read::<GetPolicy>(&caller, GetPolicyInput { policy_arn }));
        assert_eq!(refused.0, "AccessDenied");
        assert!(
            refused.2.contains(&format!(
                "iam:GetPolicy on resource: policy {ARN} because no resource-based"
            )),
            "{}",
            refused.2
        );
    }
    let nobody = world.user(A, "nobody", "");
    let refused = told(world.change::<CreatePolicy>(&nobody, input()));
    assert!(
        refused
            .2
            .contains("iam:CreatePolicy on resource: policy Read because"),
        "{}",
        refused.2
    );
    let refused = told(world.read::<ListPolicies>(&nobody, ListPoliciesInput::default()));
    assert!(
        refused
            .2
            .contains("iam:ListPolicies on resource: policy path / because"),
        "{}",
        refused.2
    );
}
