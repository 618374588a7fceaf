use twinlock_shapes::iam::*;

use crate::{
    iam::inline_policies::*,
    testing::{ALLOW_ALL, TestWorld, allow, root},
};

const A: &str = "111111111111";

fn put(name: &str, policy: &str, text: &str) -> PutUserPolicyInput {
    PutUserPolicyInput {
        user_name: name.into(),
        policy_name: policy.into(),
        policy_document: text.into(),
    }
}

#[test]
fn an_inline_policy_is_kept_verbatim_listed_replaced_and_deleted() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Bob", "");
    let text = "{ \"Version\": \"2012-10-17\",\n \"Statement\": {\"Effect\":\"Allow\",\"Action\":\"s3:Get*\",\"Resource\":\"arn:aws:s3:::a+b/%3A\"} }";
    for policy in ["p2", "p1", "p3"] {
        world
            .change::<PutUserPolicy>(&root(A), put("bob", policy, text))
            .expect("put");
    }
    let get = GetUserPolicyInput {
        user_name: "bob".into(),
        policy_name: "p1".into(),
    };
    let got = world.read::<GetUserPolicy>(&root(A), get).expect("got");
    assert_eq!(
        (got.user_name.as_str(), got.policy_name.as_str()),
        ("Bob", "p1")
    );
    assert!(
        got.policy_document.starts_with("%7B%20%22Version%22"),
        "{}",
        got.policy_document
    );
    assert!(
        got.policy_document.contains("a%2Bb%2F%253A"),
        "{}",
        got.policy_document
    );

    let list = |marker: Option<String>| {
        let input = ListUserPoliciesInput {
            user_name: "Bob".into(),
            max_items: Some(2),
            marker,
        };
        world
            .read::<ListUserPolicies>(&root(A), input)
            .expect("listed")
    };
    let first = list(None);
    assert_eq!(
        (first.policy_names, first.is_truncated),
        (vec!["p1".to_owned(), "p2".to_owned()], Some(true))
    );
    let second = list(first.marker);
    assert_eq!(
        (second.policy_names, second.is_truncated),
        (vec!["p3".to_owned()], Some(false))
    );

    let delete = |policy: &str| {
        let input = DeleteUserPolicyInput {
            user_name: "Bob".into(),
            policy_name: policy.into(),
        };
        world.change::<DeleteUserPolicy>(&root(A), input)
    };
    delete("p1").expect("deleted");
    let gone = delete("p1").expect_err("gone");
    assert_eq!(
        (&*gone.code, &*gone.message),
        (
            "NoSuchEntity",
            "The user policy with name p1 cannot be found."
        )
    );
}

#[test]
fn the_sum_of_sizes_is_bounded_white_space_not_counted() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Bob", "");
    let filled = |bytes: usize| {
        allow(
            "s3:GetObject",
            &format!("arn:aws:s3:::{}", "x".repeat(bytes)),
        )
    };
    let spaces = format!("{}{}", " ".repeat(4000), filled(900));
    world
        .change::<PutUserPolicy>(&root(A), put("Bob", "one", &spaces))
        .expect("put");
    let fault = world
        .change::<PutUserPolicy>(&root(A), put("Bob", "two", &filled(1200)))
        .expect_err("too much");
    assert_eq!((&*fault.code, fault.status), ("LimitExceeded", 409));
    assert_eq!(
        fault.message,
        "Maximum policy size of 2048 bytes exceeded for user Bob"
    );
    world
        .change::<PutUserPolicy>(&root(A), put("Bob", "one", &filled(1200)))
        .expect("in the place of the first");
}

#[test]
fn what_is_malformed_or_missing_is_refused() {
    let world = TestWorld::new(&[A]);
    world.group(A, "Developers");
    let put = |group: &str, text: &str| {
        let input = PutGroupPolicyInput {
            group_name: group.into(),
            policy_name: "p".into(),
            policy_document: text.into(),
        };
        world.change::<PutGroupPolicy>(&root(A), input)
    };
    let fault = put("Developers", "{\"Version\":").expect_err("no JSON");
    assert_eq!(
        (&*fault.code, fault.status),
        ("MalformedPolicyDocument", 400)
    );
    let fault = put("None", ALLOW_ALL).expect_err("no group");
    assert_eq!(
        (&*fault.code, &*fault.message),
        ("NoSuchEntity", "The group with name None cannot be found.")
    );
    // An inline policy may be of the older version of the language.
    put("Developers", &ALLOW_ALL.replace("2012", "2008")).expect("put");
    let get = GetGroupPolicyInput {
        group_name: "Developers".into(),
        policy_name: "q".into(),
    };
    let fault = world
        .read::<GetGroupPolicy>(&root(A), get)
        .expect_err("no policy");
    assert_eq!(
        fault.message,
        "The group policy with name q cannot be found."
    );
}

#[test]
fn a_policy_takes_effect_with_the_next_call() {
    let world = TestWorld::new(&[A]);
    world.group(A, "Developers");
    let bob = world.user(
        A,
        "Bob",
        &allow("iam:PutUserPolicy", "arn:aws:iam::111111111111:user/Bob"),
    );
    let list = || {
        let input = ListGroupPoliciesInput {
            group_name: "Developers".into(),
            ..Default::default()
        };
        world.read::<ListGroupPolicies>(&bob, input)
    };
    let fault = list().expect_err("denied");
    assert!(
        fault.message.contains(
            "iam:ListGroupPolicies on resource: group Developers because no identity-based"
        ),
        "{}",
        fault.message
    );
    world
        .change::<PutUserPolicy>(&bob, put("Bob", "more", &allow("iam:List*", "*")))
        .expect("put");
    assert!(list().expect("allowed").policy_names.is_empty());
}

#[test]
fn a_roles_own_boundary_is_a_condition_of_its_policies() {
    let world = TestWorld::new(&[A]);
    world.role_session(A, "Free", "s");
    let policy = allow("iam:PutRolePolicy", "*").replace(
        "\"Resource\"",
        r#""Condition":{"StringEquals":{"iam:PermissionsBoundary":"arn:aws:iam::aws:policy/ReadOnlyAccess"}},"Resource""#,
    );
    let delegate = world.user(A, "delegate", &policy);
    let put = || PutRolePolicyInput {
        role_name: "Free".into(),
        policy_name: "p".into(),
        policy_document: ALLOW_ALL.into(),
    };
    assert_eq!(
        &*world
            .change::<PutRolePolicy>(&delegate, put())
            .expect_err("unbounded")
            .code,
        "AccessDenied"
    );
    let snapshot = world.world.directory.published();
    let node = snapshot.account(&A.parse().expect("id")).expect("account");
    let mut role = (**node.role("Free").expect("role")).clone();
    role.boundary = Some("arn:aws:iam::aws:policy/ReadOnlyAccess".into());
    world.put(role);
    world
        .change::<PutRolePolicy>(&delegate, put())
        .expect("bounded");
}
