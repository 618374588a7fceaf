use super::*;
use crate::{
    iam::simulation::context_keys::{
        GetContextKeysForCustomPolicy, GetContextKeysForPrincipalPolicy,
    },
    sts::AssumeRole,
    testing::{ALLOW_ALL, TestWorld, allow, assert_denied, refused, root},
};

const A: &str = "111111111111";
const B: &str = "222222222222";

fn ask(source: &str, action: &str, resource: &str) -> shapes::SimulatePrincipalPolicyInput {
    shapes::SimulatePrincipalPolicyInput {
        policy_source_arn: format!("arn:aws:iam::{A}:{source}"),
        action_names: vec![action.into()],
        resource_arns: Some(vec![resource.into()]),
        ..Default::default()
    }
}

fn told(
    world: &TestWorld,
    input: shapes::SimulatePrincipalPolicyInput,
) -> shapes::EvaluationResult {
    let answer = world
        .read::<SimulatePrincipalPolicy>(&root(A), input)
        .expect("simulated");
    assert_eq!(answer.evaluation_results.len(), 1);
    answer.evaluation_results.into_iter().next().expect("one")
}

fn custom(world: &TestWorld, input: shapes::SimulateCustomPolicyInput) -> shapes::EvaluationResult {
    let answer = world
        .read::<SimulateCustomPolicy>(&root(A), input)
        .expect("simulated");
    answer.evaluation_results.into_iter().next().expect("one")
}

fn entry(key: &str, value: &str) -> shapes::ContextEntry {
    shapes::ContextEntry {
        context_key_name: Some(key.into()),
        context_key_values: Some(vec![value.into()]),
        context_key_type: Some("string".into()),
    }
}

#[test]
fn a_users_own_policies_decide_and_the_statement_is_pointed_at() {
    let world = TestWorld::new(&[A]);
    let policy = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": \"s3:Get*\",\n      \"Resource\": \"*\"\n    }\n  ]\n}";
    world.user(A, "Ann", policy);
    let result = told(&world, ask("user/Ann", "s3:GetObject", "arn:aws:s3:::b/k"));
    assert_eq!(result.eval_decision, "allowed");
    assert_eq!(
        result.eval_resource_name.as_deref(),
        Some("arn:${Partition}:s3:::${BucketName}/${ObjectName}")
    );
    // The places as AWS recorded them of AdministratorAccess, which is laid out like this.
    let statement = &result.matched_statements[0];
    assert_eq!(
        statement.source_policy_id.as_deref(),
        Some("user_Ann_inline")
    );
    assert_eq!(statement.source_policy_type.as_deref(), Some("IAM Policy"));
    let at = |position: &Option<shapes::Position>| {
        let position = position.clone().expect("a position");
        (position.line, position.column)
    };
    assert_eq!(at(&statement.start_position), (Some(3), Some(17)));
    assert_eq!(at(&statement.end_position), (Some(8), Some(6)));
    let of_resource = &result.resource_specific_results.expect("by resource")[0];
    assert_eq!(of_resource.eval_resource_name, "arn:aws:s3:::b/k");
    assert_eq!(of_resource.eval_resource_decision, "allowed");

    let result = told(&world, ask("user/Ann", "s3:PutObject", "*"));
    assert_eq!(result.eval_decision, "implicitDeny");
    assert!(result.matched_statements.is_empty() && result.resource_specific_results.is_none());
}

#[test]
fn the_strictest_resource_decides_and_each_is_told_apart() {
    let world = TestWorld::new(&[A]);
    world.user(
        A,
        "Ann",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"},
            {"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::secret/*"}]}"#,
    );
    let mut input = ask("user/Ann", "s3:GetObject", "arn:aws:s3:::open/k");
    input.resource_arns = Some(vec![
        "arn:aws:s3:::open/k".into(),
        "arn:aws:s3:::secret/k".into(),
    ]);
    let result = told(&world, input);
    assert_eq!(result.eval_decision, "explicitDeny");
    assert_eq!(result.matched_statements.len(), 1);
    let decisions: Vec<_> = result
        .resource_specific_results
        .expect("by resource")
        .into_iter()
        .map(|result| result.eval_resource_decision)
        .collect();
    assert_eq!(decisions, ["allowed", "explicitDeny"]);
}

#[test]
fn groups_boundaries_and_exclusions_count() {
    let world = TestWorld::new(&[A]);
    world.group_with(A, "Readers", &allow("s3:GetObject", "*"));
    let result = told(&world, ask("group/Readers", "s3:GetObject", "*"));
    assert_eq!(
        result.matched_statements[0].source_policy_id.as_deref(),
        Some("group_Readers_inline")
    );
    world.user(A, "Ann", ALLOW_ALL);
    let mut input = ask("user/Ann", "s3:PutObject", "*");
    input.permissions_boundary_policy_input_list = Some(vec![allow("s3:Get*", "*")]);
    let result = told(&world, input);
    assert_eq!(result.eval_decision, "implicitDeny");
    let detail = result
        .permissions_boundary_decision_detail
        .expect("a boundary");
    assert_eq!(detail.allowed_by_permissions_boundary, Some(false));

    let mut input = ask("user/Ann", "s3:PutObject", "*");
    input.policy_exclusion_list = Some(vec![shapes::PolicyIdentifier {
        inline_policy_identifier: Some(shapes::InlinePolicyIdentifierType {
            policy_name: "inline".into(),
            attachment_type: "user".into(),
            attachment_name: "A*".into(),
        }),
        ..Default::default()
    }]);
    assert_eq!(told(&world, input.clone()).eval_decision, "implicitDeny");
    input.policy_input_list = Some(vec![allow("s3:PutObject", "*")]);
    let result = told(&world, input);
    assert_eq!(
        result.matched_statements[0].source_policy_id.as_deref(),
        Some("PolicyInputList.1")
    );
}

#[test]
fn context_is_given_and_what_lacks_is_named() {
    let world = TestWorld::new(&[A]);
    world.user(
        A,
        "Ann",
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*",
            "Resource":"arn:aws:s3:::home/${aws:username}/*",
            "Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},"Bool":{"aws:SecureTransport":"true"}}}}"#,
    );
    let input = ask("user/Ann", "s3:GetObject", "arn:aws:s3:::home/Ann/x");
    let result = told(&world, input.clone());
    assert_eq!(result.eval_decision, "implicitDeny");
    assert_eq!(
        result.missing_context_values,
        ["aws:SourceIp", "aws:SecureTransport"]
    );
    let mut given = input;
    given.context_entries = Some(vec![
        entry("aws:sourceip", "10.1.2.3"),
        entry("aws:SecureTransport", "true"),
    ]);
    let result = told(&world, given);
    assert_eq!(result.eval_decision, "allowed");
    assert!(result.missing_context_values.is_empty());
}

#[test]
fn both_locks_of_another_account_must_turn() {
    let world = TestWorld::new(&[A, B]);
    world.user(A, "Ann", &allow("s3:GetObject", "arn:aws:s3:::theirs/*"));
    let policy = |principal: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},
                "Action":"s3:*","Resource":"arn:aws:s3:::theirs/*"}}}}"#
        )
    };
    let with = |principal: &str| shapes::SimulatePrincipalPolicyInput {
        resource_policy: Some(policy(principal)),
        resource_owner: Some(format!("arn:aws:iam::{B}:root")),
        ..ask("user/Ann", "s3:GetObject", "arn:aws:s3:::theirs/k")
    };
    let result = told(&world, with(&format!("arn:aws:iam::{A}:user/Ann")));
    assert_eq!(result.eval_decision, "allowed");
    assert_eq!(result.matched_statements.len(), 2);
    let result = told(&world, with(&format!("arn:aws:iam::{A}:user/Bob")));
    assert_eq!(result.eval_decision, "implicitDeny");
    let details = [
        ("IAM Policy".to_owned(), "allowed".to_owned()),
        ("Resource Policy".to_owned(), "implicitDeny".to_owned()),
    ];
    assert_eq!(result.eval_decision_details, details);
}

#[test]
fn assuming_a_role_is_decided_as_the_gate_decides_it() {
    let world = TestWorld::new(&[A, B]);
    let trust = |principal: &str, id: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},
                "Action":"sts:AssumeRole","Condition":{{"StringEquals":{{"sts:ExternalId":"{id}"}}}}}}}}"#
        )
    };
    let cases = [
        ("Open", trust(A, "x"), "allowed"),
        ("OtherId", trust(A, "y"), "implicitDeny"),
        ("OtherPeople", trust(B, "x"), "implicitDeny"),
    ];
    let ann = world.user(A, "Ann", &allow("sts:AssumeRole", "*"));
    for (name, trust, expected) in &cases {
        for account in [A, B] {
            // Whom B trusts is another matter for B's own roles: only A's people are asked about.
            world.role(account, name, trust, "");
            let arn = format!("arn:aws:iam::{account}:role/{name}");
            let mut input = ask("user/Ann", "sts:AssumeRole", &arn);
            input.context_entries = Some(vec![entry("sts:ExternalId", "x")]);
            let result = told(&world, input.clone());
            assert_eq!(result.eval_decision, *expected, "{arn}");
            let asked = twinlock_shapes::sts::AssumeRoleInput {
                role_arn: arn.clone(),
                role_session_name: "session".into(),
                external_id: Some("x".into()),
                ..Default::default()
            };
            let assumed = world.effect::<AssumeRole>(&ann, asked).is_ok();
            assert_eq!(assumed, *expected == "allowed", "{arn}");
            // Another account's trust policy decides, and is not shown.
            input.context_entries = None;
            let result = told(&world, input);
            assert_eq!(result.eval_decision, "implicitDeny");
            assert_eq!(
                result.missing_context_values.is_empty(),
                account == B || *name == "OtherPeople"
            );
        }
    }
    // A role that is not there answers like one that trusts nobody.
    let absent = ask(
        "user/Ann",
        "sts:AssumeRole",
        &format!("arn:aws:iam::{B}:role/None"),
    );
    assert_eq!(told(&world, absent).eval_decision, "implicitDeny");
}

#[test]
fn nobody_is_let_in_by_his_own_policies_where_a_token_is_asked_for() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Ann", ALLOW_ALL);
    for (action, provider) in [
        (
            "sts:AssumeRoleWithWebIdentity",
            "oidc-provider/ci.example.com",
        ),
        ("sts:AssumeRoleWithSAML", "saml-provider/corporate"),
    ] {
        let name = action.replace(':', "-");
        let trust = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"Federated":"arn:aws:iam::{A}:{provider}"}},"Action":"{action}"}}}}"#
        );
        world.role(A, &name, &trust, "");
        let arn = format!("arn:aws:iam::{A}:role/{name}");
        let result = told(&world, ask("user/Ann", action, &arn));
        assert_eq!(result.eval_decision, "implicitDeny", "{action}");
    }
}

#[test]
fn whom_a_stranger_trusts_cannot_be_asked() {
    let world = TestWorld::new(&[A, B]);
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{B}:user/Bob"}},"Action":"sts:AssumeRole"}}}}"#
    );
    world.user(B, "Bob", "");
    world.role(B, "Door", &trust, "");
    world.role(A, "Door", &trust, "");
    let ask = |account: &str| shapes::SimulateCustomPolicyInput {
        policy_input_list: vec![ALLOW_ALL.into()],
        action_names: vec!["sts:AssumeRole".into()],
        resource_arns: Some(vec![format!("arn:aws:iam::{account}:role/Door")]),
        caller_arn: Some(format!("arn:aws:iam::{B}:user/Bob")),
        ..Default::default()
    };
    assert_eq!(custom(&world, ask(A)).eval_decision, "allowed");
    assert_eq!(custom(&world, ask(B)).eval_decision, "implicitDeny");
}

#[test]
fn an_organizations_policies_are_asked_level_by_level() {
    let world = TestWorld::new(&[A]);
    let level = |policy: String| shapes::OrderedOrganizationPolicyType {
        service_control_policy_input_list: Some(vec![policy]),
    };
    let input = |levels| shapes::SimulateCustomPolicyInput {
        policy_input_list: vec![ALLOW_ALL.into()],
        action_names: vec!["s3:GetObject".into()],
        ordered_organization_policy_input_list: Some(levels),
        ..Default::default()
    };
    for (second, allowed) in [("s3:*", true), ("iam:*", false)] {
        let levels = vec![level(ALLOW_ALL.into()), level(allow(second, "*"))];
        let result = custom(&world, input(levels));
        assert_eq!(result.eval_decision == "allowed", allowed);
        let detail = result.organizations_decision_detail.expect("a detail");
        assert_eq!(detail.allowed_by_organizations, Some(allowed));
    }
    assert!(
        custom(&world, input(vec![]))
            .organizations_decision_detail
            .is_none()
    );
}

#[test]
fn pages_cut_the_list_of_actions() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Ann", "");
    let mut input = ask("user/Ann", "s3:A", "*");
    input.action_names = vec!["s3:A".into(), "s3:B".into(), "s3:C".into()];
    input.max_items = Some(2);
    let page = |input| {
        world
            .read::<SimulatePrincipalPolicy>(&root(A), input)
            .expect("a page")
    };
    let first = page(input.clone());
    assert_eq!(
        (first.evaluation_results.len(), first.is_truncated),
        (2, Some(true))
    );
    input.marker = first.marker;
    let last = page(input);
    assert_eq!(last.evaluation_results[0].eval_action_name, "s3:C");
    assert_eq!(last.is_truncated, Some(false));
}

#[test]
fn what_cannot_be_asked_is_invalid_input() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Ann", "");
    let good = || ask("user/Ann", "s3:GetObject", "*");
    let cases: [(shapes::SimulatePrincipalPolicyInput, &str); 10] = [
        (ask("user/Eve", "s3:GetObject", "*"), "NoSuchEntity"),
        (ask("policy/Ann", "s3:GetObject", "*"), "InvalidInput"),
        (ask("user/Ann", "s3:Get*", "*"), "InvalidInput"),
        (ask("user/Ann", "GetObject", "*"), "InvalidInput"),
        (ask("user/Ann", "s3:GetObject", "bucket"), "InvalidInput"),
        (
            shapes::SimulatePrincipalPolicyInput {
                policy_input_list: Some(vec!["{}".into()]),
                ..good()
            },
            "InvalidInput",
        ),
        (
            shapes::SimulatePrincipalPolicyInput {
                permissions_boundary_policy_input_list: Some(vec![
                    ALLOW_ALL.into(),
                    ALLOW_ALL.into(),
                ]),
                ..good()
            },
            "InvalidInput",
        ),
        (
            shapes::SimulatePrincipalPolicyInput {
                caller_arn: Some(format!("arn:aws:sts::{A}:assumed-role/R/s")),
                ..good()
            },
            "InvalidInput",
        ),
        (
            shapes::SimulatePrincipalPolicyInput {
                resource_handling_option: Some("EC2-VPC-EBS".into()),
                ..good()
            },
            "InvalidInput",
        ),
        (
            shapes::SimulatePrincipalPolicyInput {
                context_entries: Some(vec![shapes::ContextEntry {
                    context_key_type: Some("numeric".into()),
                    ..entry("s3:max-keys", "ten")
                }]),
                ..good()
            },
            "InvalidInput",
        ),
    ];
    for (input, code) in cases {
        let shown = format!("{input:?}");
        let outcome = world.read::<SimulatePrincipalPolicy>(&root(A), input);
        assert_eq!(refused(outcome).0, code, "{shown}");
    }
}

#[test]
fn who_may_ask() {
    let world = TestWorld::new(&[A, B]);
    let arn = format!("arn:aws:iam::{A}:user/Ann");
    let ann = world.user(A, "Ann", &allow("iam:SimulatePrincipalPolicy", &arn));
    world.user(A, "Bob", "");
    world
        .read::<SimulatePrincipalPolicy>(&ann, ask("user/Ann", "s3:GetObject", "*"))
        .expect("her own");
    assert_denied(
        world.read::<SimulatePrincipalPolicy>(&ann, ask("user/Bob", "s3:GetObject", "*")),
        &format!("arn:aws:iam::{A}:user/Bob"),
    );
    // Another account's administrator does not learn who is here.
    let foreign = world.user(B, "admin", ALLOW_ALL);
    let outcome =
        world.read::<SimulatePrincipalPolicy>(&foreign, ask("user/Ann", "s3:GetObject", "*"));
    assert_eq!(refused(outcome).0, "NoSuchEntity");
}

#[test]
fn context_keys_of_policies() {
    let world = TestWorld::new(&[A]);
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*",
        "Resource":"arn:aws:s3:::${aws:username}","Condition":{"Bool":{"aws:SecureTransport":"true"}}}}"#;
    world.user(A, "Ann", policy);
    let input = shapes::GetContextKeysForCustomPolicyInput {
        policy_input_list: vec![policy.into()],
    };
    let names = world
        .read::<GetContextKeysForCustomPolicy>(&root(A), input)
        .expect("keys")
        .context_key_names;
    assert_eq!(names, ["aws:SecureTransport", "aws:username"]);
    let input = shapes::GetContextKeysForPrincipalPolicyInput {
        policy_source_arn: format!("arn:aws:iam::{A}:user/Ann"),
        policy_input_list: Some(vec![
            policy.replace("aws:SecureTransport", "aws:ViaAWSService"),
        ]),
    };
    let names = world
        .read::<GetContextKeysForPrincipalPolicy>(&root(A), input)
        .expect("keys")
        .context_key_names;
    assert_eq!(
        names,
        ["aws:SecureTransport", "aws:username", "aws:ViaAWSService"]
    );
}
