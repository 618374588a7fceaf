use twinlock_gate::{Caller, Fault};
use twinlock_shapes::iam::*;

use crate::{
    iam::{attachments::*, managed_policies::CreatePolicy, policy_entities::ListEntitiesForPolicy},
    testing::{ALLOW_ALL, TestWorld, allow, root},
};

const A: &str = "111111111111";
const B: &str = "222222222222";
const BILLING: &str = "arn:aws:iam::aws:policy/job-function/Billing";
const READ: &str = "arn:aws:iam::aws:policy/ReadOnlyAccess";

fn attach(
    world: &TestWorld,
    who: &Caller,
    name: &str,
    arn: &str,
) -> Result<AttachUserPolicyOutput, Fault> {
    let input = AttachUserPolicyInput {
        user_name: name.into(),
        policy_arn: arn.into(),
    };
    world.change::<AttachUserPolicy>(who, input)
}

fn listed(world: &TestWorld, prefix: Option<&str>) -> Vec<String> {
    let input = ListAttachedUserPoliciesInput {
        user_name: "Bob".into(),
        path_prefix: prefix.map(str::to_owned),
        ..Default::default()
    };
    let page = world
        .read::<ListAttachedUserPolicies>(&root(A), input)
        .expect("listed");
    page.attached_policies
        .into_iter()
        .filter_map(|p| p.policy_name)
        .collect()
}

fn create(world: &TestWorld, account: &str, name: &str) -> String {
    let input = CreatePolicyInput {
        policy_name: name.into(),
        policy_document: ALLOW_ALL.into(),
        ..Default::default()
    };
    let made = world
        .change::<CreatePolicy>(&root(account), input)
        .expect("made");
    made.policy.and_then(|policy| policy.arn).expect("an ARN")
}

fn told<T: std::fmt::Debug>(result: Result<T, Fault>) -> (String, u16, String) {
    let fault = result.expect_err("a fault");
    (fault.code.into_owned(), fault.status, fault.message)
}

#[test]
fn policies_are_attached_once_listed_by_name_and_detached() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Bob", "");
    for arn in [READ, BILLING, READ] {
        attach(&world, &root(A), "bob", arn).expect("attached");
    }
    assert_eq!(listed(&world, None), ["Billing", "ReadOnlyAccess"]);
    assert_eq!(listed(&world, Some("/job-function/")), ["Billing"]);
    let detach = || {
        let input = DetachUserPolicyInput {
            user_name: "Bob".into(),
            policy_arn: BILLING.into(),
        };
        world.change::<DetachUserPolicy>(&root(A), input)
    };
    detach().expect("detached");
    assert_eq!(
        told(detach()),
        (
            "NoSuchEntity".into(),
            404,
            format!("Policy {BILLING} was not found.")
        )
    );
    assert_eq!(listed(&world, None), ["ReadOnlyAccess"]);
}

#[test]
fn what_cannot_be_attached() {
    let world = TestWorld::new(&[A, B]);
    world.user(A, "Bob", "");
    let foreign = create(&world, B, "Theirs");
    for arn in ["arn:aws:iam::aws:policy/Nothing", foreign.as_str()] {
        let refused = told(attach(&world, &root(A), "Bob", arn));
        let message = format!("Policy {arn} does not exist or is not attachable.");
        assert_eq!(refused, ("NoSuchEntity".into(), 404, message));
    }
    let service = twinlock_directory::managed::list()
        .iter()
        .find(|policy| !policy.attachable)
        .expect("one");
    assert_eq!(
        told(attach(&world, &root(A), "Bob", service.arn)).0,
        "PolicyNotAttachable"
    );
    assert_eq!(
        told(attach(&world, &root(A), "Bob", "certainly not an ARN")).2,
        "Invalid ARN:  Could not be parsed!"
    );
    assert_eq!(
        told(attach(&world, &root(A), "None", READ)).2,
        "The user with name None cannot be found."
    );
    for n in 0..10 {
        let arn = create(&world, A, &format!("p{n}"));
        attach(&world, &root(A), "Bob", &arn).expect("room");
    }
    let full = told(attach(&world, &root(A), "Bob", READ));
    assert_eq!(
        full,
        (
            "LimitExceeded".into(),
            409,
            "Cannot exceed quota for PoliciesPerUser: 10".into()
        )
    );
}

#[test]
fn a_delegate_may_attach_only_what_its_condition_names() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Bob", "");
    let text = allow("iam:AttachUserPolicy", "arn:aws:iam::111111111111:user/Bob").replace(
        "\"Resource\"",
        &format!(r#""Condition":{{"ArnEquals":{{"iam:PolicyARN":"{READ}"}}}},"Resource""#),
    );
    let delegate = world.user(A, "delegate", &text);
    attach(&world, &delegate, "Bob", READ).expect("attached");
    let refused = told(attach(
        &world,
        &delegate,
        "Bob",
        "arn:aws:iam::aws:policy/AdministratorAccess",
    ));
    assert_eq!(refused.0, "AccessDenied");
    assert!(
        refused
            .2
            .contains("iam:AttachUserPolicy on resource: user Bob because no identity-based"),
        "{}",
        refused.2
    );
    assert_eq!(
        told(attach(&world, &delegate, "delegate", READ)).0,
        "AccessDenied"
    );
}

#[test]
fn who_has_a_policy() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Bob", "");
    world.user(A, "Ann", "");
    world.group(A, "Developers");
    world.role_session(A, "App", "s");
    let arn = create(&world, A, "Shared");
    for name in ["Bob", "Ann"] {
        attach(&world, &root(A), name, &arn).expect("attached");
    }
    let group = AttachGroupPolicyInput {
        group_name: "Developers".into(),
        policy_arn: arn.clone(),
    };
    world
        .change::<AttachGroupPolicy>(&root(A), group)
        .expect("attached");
    let role = AttachRolePolicyInput {
        role_name: "App".into(),
        policy_arn: arn.clone(),
    };
    world
        .change::<AttachRolePolicy>(&root(A), role)
        .expect("attached");

    let list = |entity: Option<&str>, usage: Option<&str>, prefix: Option<&str>| {
        let mut names = Vec::new();
        let mut marker = None;
        loop {
            let input = ListEntitiesForPolicyInput {
                policy_arn: arn.clone(),
                entity_filter: entity.map(str::to_owned),
                policy_usage_filter: usage.map(str::to_owned),
                path_prefix: prefix.map(str::to_owned),
                max_items: Some(3),
                marker,
            };
            let page = world
                .read::<ListEntitiesForPolicy>(&root(A), input)
                .expect("listed");
            names.extend(page.policy_groups.into_iter().filter_map(|g| g.group_name));
            names.extend(page.policy_users.into_iter().filter_map(|u| u.user_name));
            names.extend(page.policy_roles.into_iter().filter_map(|r| r.role_name));
            marker = page.marker;
            if marker.is_none() {
                return names;
            }
        }
    };
    assert_eq!(list(None, None, None), ["Developers", "Ann", "Bob", "App"]);
    assert_eq!(list(Some("User"), None, None), ["Ann", "Bob"]);
    assert_eq!(list(Some("Role"), Some("PermissionsPolicy"), None), ["App"]);
    assert!(list(None, Some("PermissionsBoundary"), None).is_empty());
    assert!(list(None, None, Some("/team/")).is_empty());
    assert!(list(Some("AWSManagedPolicy"), None, None).is_empty());
}

#[test]
fn an_attached_policy_takes_effect_with_the_next_call() {
    let world = TestWorld::new(&[A]);
    let bob = world.user(A, "Bob", "");
    let list = || {
        let input = ListAttachedUserPoliciesInput {
            user_name: "Bob".into(),
            ..Default::default()
        };
        world.read::<ListAttachedUserPolicies>(&bob, input)
    };
    assert_eq!(told(list()).0, "AccessDenied");
    attach(&world, &root(A), "Bob", READ).expect("attached");
    assert_eq!(list().expect("allowed").attached_policies.len(), 1);
}
