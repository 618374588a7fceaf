//! What the packed reference must hold, and that every part of it unpacks.

use super::*;

#[test]
fn every_block_and_every_service_unpacks() {
    for block in 0..REFERENCE.blocks() {
        assert!(REFERENCE.block(block).is_some(), "block {block}");
    }
    assert!(REFERENCE.block(REFERENCE.blocks()).is_none());
    assert!(services().len() > 400);
    assert!(services().is_sorted_by(|a, b| a.prefix < b.prefix));
    let mut actions = 0;
    for summary in services() {
        let known = service(summary.prefix).unwrap();
        assert_eq!(known.prefix, summary.prefix);
        let lower = |action: &Action| action.name.to_ascii_lowercase();
        assert!(
            known.actions.is_sorted_by(|a, b| lower(a) < lower(b)),
            "{}",
            known.prefix
        );
        actions += known.actions.len();
        for action in &known.actions {
            assert!(
                action
                    .resources
                    .iter()
                    .all(|resource| known.resource(resource.name).is_some())
            );
        }
    }
    assert!(actions > 20_000);
}

#[test]
fn actions_come_with_level_resources_keys_and_dependents() {
    let create_user = action("IAM", "createuser").unwrap();
    assert_eq!(
        (create_user.name, create_user.level),
        ("CreateUser", AccessLevel::Write)
    );
    assert!(create_user.works_on("user") && create_user.resources[0].required);
    assert!(create_user.knows_key("iam:PermissionsBoundary"));
    assert!(create_user.knows_key("aws:RequestTag/cost-center"));
    assert!(!create_user.knows_key("iam:PassedToService"));
    let attach = action("iam", "AttachRolePolicy").unwrap();
    assert_eq!(attach.level, AccessLevel::PermissionsManagement);
    assert_eq!(
        action("s3", "PutBucketTagging").unwrap().level,
        AccessLevel::Tagging
    );
    assert_eq!(action("s3", "ListAllMyBuckets").unwrap().resources, []);
    assert!(action("lambda", "InvokeAsync").unwrap().deprecated);
    assert!(!action("lambda", "InvokeFunction").unwrap().deprecated);
    assert!(action("ec2", "EnableImageDeprecation").is_some_and(|action| !action.deprecated));
    assert!(action("s3", "NoSuchAction").is_none() && action("nosuch", "Get").is_none());
    assert!(
        action("lambda", "CreateFunction")
            .unwrap()
            .dependent_actions()
            .contains("iam:PassRole")
    );
}

#[test]
fn wildcards_in_action_names_stand_for_their_actions() {
    let lambda = service("lambda").unwrap();
    let named = |pattern: &str| {
        lambda
            .actions_matching(pattern)
            .map(|action| action.name)
            .collect::<Vec<_>>()
    };
    assert!(named("get*").contains(&"GetFunction"));
    assert!(named("Get*").iter().all(|name| name.starts_with("Get")));
    assert_eq!(named("*").len(), lambda.actions.len());
    assert_eq!(named("InvokeAsyn?"), ["InvokeAsync"]);
    assert_eq!(named("invokeasync"), ["InvokeAsync"]);
    assert_eq!(named("é*"), [""; 0]);
    assert_eq!(named("Nothing*"), [""; 0]);
}

#[test]
fn condition_keys_are_found_with_their_placeholders_filled_in() {
    let kind = |key: &str| condition_key(key).map(|key| (key.value, key.many));
    assert_eq!(kind("aws:SourceIp"), Some((KeyType::IpAddress, false)));
    assert_eq!(kind("AWS:sourceip"), Some((KeyType::IpAddress, false)));
    assert_eq!(
        kind("aws:PrincipalTag/team"),
        Some((KeyType::String, false))
    );
    assert_eq!(kind("aws:PrincipalTag/"), None);
    assert_eq!(kind("aws:TagKeys"), Some((KeyType::String, true)));
    assert_eq!(kind("s3:prefix"), Some((KeyType::String, false)));
    assert_eq!(
        kind("s3:RequestObjectTag/stage"),
        Some((KeyType::String, false))
    );
    assert_eq!(kind("sts:ExternalId"), Some((KeyType::String, false)));
    assert_eq!(kind("saml:aud"), Some((KeyType::String, false)));
    assert_eq!(
        kind("codebuild:environment.environmentVariables/PATH.value").map(|(value, _)| value),
        Some(KeyType::String)
    );
    assert_eq!(kind("s3:nonsense"), None);
    assert!(is_global("aws:MultiFactorAuthPresent") && !is_global("sts:ExternalId"));
    assert!(global_condition_keys().len() > 50);
}

#[test]
fn resource_patterns_are_told_apart() {
    let s3 = service("s3").unwrap();
    let (bucket, object) = (
        s3.resource("bucket").unwrap(),
        s3.resource("object").unwrap(),
    );
    assert!(
        bucket.overlaps("arn:aws:s3:::productionapp")
            && !object.overlaps("arn:aws:s3:::productionapp")
    );
    assert!(
        object.overlaps("arn:aws:s3:::productionapp/*")
            && !bucket.overlaps("arn:aws:s3:::productionapp/*")
    );
    assert!(bucket.overlaps("*") && object.overlaps("arn:aws:s3:::prod*"));
    let role = service("iam").unwrap().resource("role").unwrap();
    assert!(role.overlaps("arn:aws:iam::999999999999:role/UpdateApp"));
    assert!(!role.overlaps("arn:aws:iam::999999999999:user/UpdateApp"));
    assert!(
        overlaps("a*c", "*bc")
            && overlaps("", "")
            && overlaps("", "*")
            && !overlaps("a?", "a")
            && !overlaps("ab*", "ac*")
    );
}

#[test]
fn keys_of_a_resource_type_are_keys_of_the_actions_on_it() {
    let iam = service("iam").unwrap();
    let get_role = iam.action("GetRole").unwrap();
    assert!(
        iam.knows_key(get_role, "aws:ResourceTag/team")
            && !get_role.knows_key("aws:ResourceTag/team")
    );
    assert!(!iam.knows_key(get_role, "iam:PassedToService"));
    let sts = service("sts").unwrap();
    let info = sts.action("GetAccessKeyInfo").unwrap();
    assert!(!sts.knows_key(info, "aws:ResourceTag/team"));
}

#[test]
fn arns_are_found_by_their_third_field() {
    let names = |namespace: &str| {
        resources_of_namespace(namespace)
            .iter()
            .map(|resource| resource.name)
            .collect::<Vec<_>>()
    };
    assert!(names("catalog").contains(&"Portfolio"));
    assert!(names("iam").contains(&"role"));
    assert!(
        names("s3").contains(&"object")
            && names("servicecatalog")
                .iter()
                .all(|name| *name != "Portfolio")
    );
    assert!(names("nosuch").is_empty());
    assert!(
        is_namespace("catalog")
            && is_namespace("s3")
            && !is_namespace("S3")
            && !is_namespace("nosuch")
    );
    let bucket = service("s3").unwrap().resource("bucket").unwrap();
    assert!(
        bucket.overlaps_last_field("productionapp")
            && !bucket.overlaps_last_field("productionapp/x")
    );
    let log_group = service("logs").unwrap().resource("log-group").unwrap();
    assert!(log_group.overlaps_last_field("log-group:/aws/lambda/x:*"));
}

#[test]
fn long_patterns_cost_no_more_than_their_product() {
    let many = "*a".repeat(1_000);
    assert!(!overlaps(&many, &"b".repeat(2_000)));
}
