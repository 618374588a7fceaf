//! What the operations of Organizations answer and refuse, and that what they change decides every other call.

mod joining;
mod tree;

use twinlock_directory::{AccountId, full_access};
use twinlock_gate::{Caller, Fault};
use twinlock_shapes::{iam, organizations as org};

use super::{
    accounts, attachments, delegated_administrators as delegates, effective, handshakes,
    organization, policies, resource_policy, service_access, tags, transfers, units,
};
use crate::{
    iam::{roles::CreateRole, users::CreateUser},
    testing::{ALLOW_ALL, TestWorld, allow, refused, root},
};

const MANAGEMENT: &str = "111111111111";
const MEMBER: &str = "222222222222";
const OUTSIDER: &str = "333333333333";
const DENY_IAM: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iam:*","Resource":"*"}}"#;
const DENY_ROLES: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}}"#;
const SCP: &str = "SERVICE_CONTROL_POLICY";

fn world() -> TestWorld {
    let world = TestWorld::new(&[MANAGEMENT, MEMBER, OUTSIDER]);
    world.organization(MANAGEMENT, &[MEMBER]);
    world
}

fn account(id: &str) -> AccountId {
    id.parse().expect("an account id")
}

fn root_id(world: &TestWorld) -> String {
    let snapshot = world.world.directory.published();
    let place = snapshot
        .organization_of(&account(MANAGEMENT))
        .expect("an organization");
    place.organization.root_id.clone()
}

#[track_caller]
fn code<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
    refused(result).0
}

/// The code and the Reason beside it.
#[track_caller]
fn reason<T: std::fmt::Debug>(result: Result<T, Fault>) -> String {
    let fault = result.expect_err("must be refused");
    let reason = fault.fields.iter().find(|(name, _)| *name == "Reason");
    reason.map_or(fault.code.into_owned(), |(_, reason)| reason.clone())
}

fn policy(world: &TestWorld, name: &str, kind: &str, content: &str) -> Result<String, Fault> {
    let input = org::CreatePolicyInput {
        content: content.to_owned(),
        description: String::new(),
        name: name.to_owned(),
        r#type: kind.to_owned(),
        tags: None,
    };
    let answer = world.change::<policies::CreatePolicy>(&root(MANAGEMENT), input)?;
    let summary = answer.policy.and_then(|policy| policy.policy_summary);
    Ok(summary.and_then(|summary| summary.id).expect("an id"))
}

fn attach(world: &TestWorld, who: &Caller, policy: &str, target: &str) -> Result<(), Fault> {
    let input = org::AttachPolicyInput {
        policy_id: policy.to_owned(),
        target_id: target.to_owned(),
    };
    world
        .change::<attachments::AttachPolicy>(who, input)
        .map(drop)
}

fn detach(world: &TestWorld, policy: &str, target: &str) -> Result<(), Fault> {
    let input = org::DetachPolicyInput {
        policy_id: policy.to_owned(),
        target_id: target.to_owned(),
    };
    world
        .change::<attachments::DetachPolicy>(&root(MANAGEMENT), input)
        .map(drop)
}

fn unit(world: &TestWorld, parent: &str, name: &str) -> Result<String, Fault> {
    let input = org::CreateOrganizationalUnitInput {
        parent_id: parent.to_owned(),
        name: name.to_owned(),
        tags: None,
    };
    let answer = world.change::<units::CreateOrganizationalUnit>(&root(MANAGEMENT), input)?;
    Ok(answer
        .organizational_unit
        .and_then(|unit| unit.id)
        .expect("an id"))
}

fn move_account(world: &TestWorld, from: &str, to: &str) -> Result<(), Fault> {
    let input = org::MoveAccountInput {
        account_id: MEMBER.to_owned(),
        source_parent_id: from.to_owned(),
        destination_parent_id: to.to_owned(),
    };
    world
        .change::<accounts::MoveAccount>(&root(MANAGEMENT), input)
        .map(drop)
}

fn create_user(world: &TestWorld, who: &Caller, name: &str) -> Result<(), Fault> {
    let input = iam::CreateUserInput {
        user_name: name.to_owned(),
        ..Default::default()
    };
    world.change::<CreateUser>(who, input).map(drop)
}

#[test]
fn an_scp_limits_everyone_of_a_member_account_and_nobody_of_the_management_account() {
    let world = world();
    let root_id = root_id(&world);
    let unit_id = unit(&world, &root_id, "Workloads").expect("a unit");
    let denying = policy(&world, "NoIam", SCP, DENY_IAM).expect("a policy");
    attach(&world, &root(MANAGEMENT), &denying, &unit_id).expect("attached");
    let user = world.user(MEMBER, "admin", ALLOW_ALL);
    create_user(&world, &user, "a").expect("not in the unit yet");

    move_account(&world, &root_id, &unit_id).expect("moved");
    let snapshot = world.world.directory.published();
    let place = snapshot
        .organization_of(&account(MEMBER))
        .expect("a member");
    let arn = place
        .node
        .policies
        .get(&denying)
        .expect("there")
        .arn
        .clone();
    for who in [user.clone(), root(MEMBER)] {
        let (code, message) = refused(create_user(&world, &who, "b"));
        assert_eq!(code, "AccessDenied");
        let end = format!("with an explicit deny in a service control policy: {arn}");
        assert!(message.ends_with(&end), "{message}");
    }
    attach(&world, &root(MANAGEMENT), &denying, MANAGEMENT).expect("attached");
    create_user(&world, &root(MANAGEMENT), "c").expect("SCPs do not limit the management account");

    move_account(&world, &unit_id, &root_id).expect("moved back");
    create_user(&world, &user, "b").expect("allowed again, with the next request");
}

#[test]
fn every_level_must_allow() {
    let world = world();
    let root_id = root_id(&world);
    let unit_id = unit(&world, &root_id, "Workloads").expect("a unit");
    move_account(&world, &root_id, &unit_id).expect("moved");
    let reading = policy(&world, "OnlyS3", SCP, &allow("s3:*", "*")).expect("a policy");
    let last = detach(&world, "p-FullAWSAccess", &unit_id);
    assert_eq!(reason(last), "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED");
    attach(&world, &root(MANAGEMENT), &reading, &unit_id).expect("attached");
    create_user(&world, &root(MEMBER), "a").expect("full access is still there");
    detach(&world, "p-FullAWSAccess", &unit_id).expect("detached");
    let (_, message) = refused(create_user(&world, &root(MEMBER), "b"));
    let end = "because no service control policy allows the iam:CreateUser action";
    assert!(message.ends_with(end), "{message}");
    attach(&world, &root(MANAGEMENT), "p-FullAWSAccess", &unit_id).expect("attached again");
    create_user(&world, &root(MEMBER), "b").expect("allowed");

    // Disabling the type detaches all; enabling it again begins afresh.
    detach(&world, "p-FullAWSAccess", &unit_id).expect("detached");
    let input = org::DisablePolicyTypeInput {
        root_id: root_id.clone(),
        policy_type: SCP.to_owned(),
    };
    world
        .change::<policies::DisablePolicyType>(&root(MANAGEMENT), input)
        .expect("disabled");
    create_user(&world, &root(MEMBER), "c").expect("nothing limits it");
    assert_eq!(
        code(attach(&world, &root(MANAGEMENT), &reading, &unit_id)),
        "PolicyTypeNotEnabledException"
    );
    let enable = || {
        let input = org::EnablePolicyTypeInput {
            root_id: root_id.clone(),
            policy_type: SCP.to_owned(),
        };
        world.change::<policies::EnablePolicyType>(&root(MANAGEMENT), input)
    };
    enable().expect("enabled");
    create_user(&world, &root(MEMBER), "d").expect("full access is back");
    assert_eq!(code(enable()), "PolicyTypeAlreadyEnabledException");
    let input = org::DeletePolicyInput { policy_id: reading };
    world
        .change::<policies::DeletePolicy>(&root(MANAGEMENT), input)
        .expect("it is attached nowhere any more");
}

#[test]
fn an_rcp_keeps_outsiders_from_what_the_members_own() {
    let world = world();
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":["{OUTSIDER}","{MEMBER}"]}},"Action":"sts:AssumeRole"}}}}"#
    );
    let role = world.role(MEMBER, "Door", &trust, "");
    let outsider = world.user(OUTSIDER, "eve", ALLOW_ALL);
    let assume = |who: &Caller| {
        let input = twinlock_shapes::sts::AssumeRoleInput {
            role_arn: role.arn(),
            role_session_name: "session".to_owned(),
            ..Default::default()
        };
        world.effect::<crate::sts::AssumeRole>(who, input)
    };
    assume(&outsider).expect("the door is open");
    let content = DENY_ROLES.replace(
        r#""Resource":"*""#,
        r#""Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"${aws:ResourceOrgID}"}}"#,
    );
    let denying = policy(&world, "OursOnly", "RESOURCE_CONTROL_POLICY", &content).expect("an RCP");
    attach(&world, &root(MANAGEMENT), &denying, MEMBER).expect("attached");
    assert_eq!(code(assume(&outsider)), "AccessDenied");
    let insider = world.user(MEMBER, "ann", ALLOW_ALL);
    assume(&insider).expect("one of the organization");
    assert_eq!(
        reason(detach(&world, "p-RCPFullAWSAccess", MEMBER)),
        "NON_DETACHABLE_POLICY"
    );
}

#[test]
fn an_scp_keeps_members_to_what_the_organization_owns() {
    let world = world();
    let perimeter = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:ResourceOrgID":"${aws:PrincipalOrgID}"}}}}"#;
    let perimeter = policy(&world, "Perimeter", SCP, perimeter).expect("a policy");
    attach(&world, &root(MANAGEMENT), &perimeter, MEMBER).expect("attached");
    let ann = world.user(MEMBER, "ann", ALLOW_ALL);
    create_user(&world, &ann, "a").expect("at home");
    // A list names no resource; it is of the caller's own.
    world
        .read::<crate::iam::users::ListUsers>(&ann, Default::default())
        .expect("at home, too");
    let assume = |account: &str| {
        let trust = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"{MEMBER}"}},"Action":"sts:AssumeRole"}}}}"#
        );
        let input = twinlock_shapes::sts::AssumeRoleInput {
            role_arn: world.role(account, "Door", &trust, "").arn(),
            role_session_name: "session".to_owned(),
            ..Default::default()
        };
        world.effect::<crate::sts::AssumeRole>(&ann, input)
    };
    assume(MANAGEMENT).expect("within the organization");
    let (_, message) = refused(assume(OUTSIDER));
    assert!(
        message.contains("with an explicit deny in a service control policy"),
        "{message}"
    );
}

#[test]
fn only_who_speaks_for_the_organization_may_manage_it() {
    let world = world();
    let list = |who: &Caller| world.read::<accounts::ListAccounts>(who, Default::default());
    let describe =
        |who: &Caller| world.read::<organization::DescribeOrganization>(who, Default::default());
    assert_eq!(list(&root(MANAGEMENT)).expect("listed").accounts.len(), 2);
    assert_eq!(
        code(list(&root(OUTSIDER))),
        "AWSOrganizationsNotInUseException"
    );
    assert_eq!(
        code(describe(&root(OUTSIDER))),
        "AWSOrganizationsNotInUseException"
    );
    describe(&root(MEMBER)).expect("open to members");
    let (denied, message) = refused(list(&root(MEMBER)));
    assert_eq!(denied, "AccessDenied");
    assert_eq!(
        message,
        "You don't have permissions to access this resource."
    );
    let nobody = world.user(MANAGEMENT, "nobody", "");
    let (_, message) = refused(list(&nobody));
    assert!(message.contains("is not authorized to perform: organizations:ListAccounts"));

    // A delegated administrator reads, and changes nothing.
    let service_principal = "sso.amazonaws.com".to_owned();
    let register = || {
        let input = org::RegisterDelegatedAdministratorInput {
            account_id: MEMBER.to_owned(),
            service_principal: service_principal.clone(),
        };
        world.change::<delegates::RegisterDelegatedAdministrator>(&root(MANAGEMENT), input)
    };
    assert_eq!(reason(register()), "SERVICE_ACCESS_NOT_ENABLED");
    let enable = org::EnableAWSServiceAccessInput {
        service_principal: service_principal.clone(),
    };
    world
        .change::<service_access::EnableAWSServiceAccess>(&root(MANAGEMENT), enable)
        .expect("enabled");
    register().expect("registered");
    assert_eq!(code(register()), "AccountAlreadyRegisteredException");
    list(&root(MEMBER)).expect("may read now");
    let denying = policy(&world, "P", SCP, DENY_IAM).expect("a policy");
    assert_eq!(
        code(attach(&world, &root(MEMBER), &denying, MEMBER)),
        "AccessDenied"
    );
    let leave = world.change::<organization::LeaveOrganization>(&root(MEMBER), Default::default());
    assert_eq!(
        reason(leave),
        "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG"
    );
}

#[test]
fn a_delegation_policy_gives_what_it_says_and_nothing_else() {
    let world = world();
    let put = |content: String| {
        let input = org::PutResourcePolicyInput {
            content,
            tags: None,
        };
        world.change::<resource_policy::PutResourcePolicy>(&root(MANAGEMENT), input)
    };
    let text = |principal: &str, action: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":["{action}"],"Resource":"*"}}]}}"#
        )
    };
    let denying = policy(&world, "P", SCP, DENY_IAM).expect("a policy");
    assert_eq!(
        code(attach(&world, &root(MEMBER), &denying, MEMBER)),
        "AccessDenied"
    );
    for (principal, action, expected) in [
        (
            MEMBER,
            "organizations:CloseAccount",
            "UNSUPPORTED_ACTION_IN_RESOURCE_POLICY",
        ),
        (
            MEMBER,
            "organizations:*",
            "UNSUPPORTED_ACTION_IN_RESOURCE_POLICY",
        ),
        (
            MEMBER,
            "s3:GetObject",
            "UNSUPPORTED_ACTION_IN_RESOURCE_POLICY",
        ),
        ("*", "organizations:AttachPolicy", "INVALID_PRINCIPAL"),
        (
            "999999999999",
            "organizations:AttachPolicy",
            "INVALID_PRINCIPAL",
        ),
    ] {
        assert_eq!(
            reason(put(text(principal, action))),
            expected,
            "{principal} {action}"
        );
    }
    assert_eq!(reason(put("{".to_owned())), "INVALID_RESOURCE_POLICY_JSON");
    put(text(MEMBER, "organizations:AttachPolicy")).expect("put");
    attach(&world, &root(MEMBER), &denying, MEMBER).expect("delegated");
    let weak = world.user(MEMBER, "weak", "");
    assert_eq!(
        code(attach(&world, &weak, &denying, MEMBER)),
        "AccessDenied"
    );
    let list = world.read::<accounts::ListAccounts>(&root(MEMBER), Default::default());
    assert_eq!(code(list), "AccessDenied");
    let deleted =
        world.change::<resource_policy::DeleteResourcePolicy>(&root(MEMBER), Default::default());
    assert_eq!(code(deleted), "AccessDenied");
}

#[test]
fn an_account_is_made_whole_and_closed_at_once() {
    let world = world();
    let create = |email: &str| {
        let input = org::CreateAccountInput {
            email: email.to_owned(),
            account_name: "Sandbox".to_owned(),
            ..Default::default()
        };
        let answer = world
            .change::<accounts::CreateAccount>(&root(MANAGEMENT), input)
            .expect("begun");
        let status = answer.create_account_status.expect("a status");
        assert_eq!(status.state.as_deref(), Some("IN_PROGRESS"));
        assert_eq!(status.account_id, None);
        let input = org::DescribeCreateAccountStatusInput {
            create_account_request_id: status.id.expect("an id"),
        };
        let answer = world
            .read::<accounts::DescribeCreateAccountStatus>(&root(MANAGEMENT), input)
            .expect("described");
        answer.create_account_status.expect("a status")
    };
    let done = create("sandbox@example.com");
    assert_eq!(done.state.as_deref(), Some("SUCCEEDED"));
    let id = done.account_id.expect("an account");
    let again = create("SANDBOX@example.com");
    assert_eq!(
        again.failure_reason.as_deref(),
        Some("EMAIL_ALREADY_EXISTS")
    );

    let snapshot = world.world.directory.published();
    let node = snapshot.account(&account(&id)).expect("the account");
    let role = node
        .role("OrganizationAccountAccessRole")
        .expect("its role");
    assert!(node.account.root.access_keys.is_empty() && node.account.root.password_hash.is_none());
    assert!(
        node.role("AWSServiceRoleForOrganizations")
            .is_some_and(|role| role.service_linked())
    );
    let admin = world.user(MANAGEMENT, "admin", ALLOW_ALL);
    let input = twinlock_shapes::sts::AssumeRoleInput {
        role_arn: role.arn(),
        role_session_name: "ops".to_owned(),
        ..Default::default()
    };
    world
        .effect::<crate::sts::AssumeRole>(&admin, input.clone())
        .expect("the way in");
    let session = crate::testing::caller(twinlock_gate::Who::RoleSession {
        account: account(&id),
        role_id: role.id.clone(),
        name: "ops".to_owned(),
    });
    create_user(&world, &session, "first").expect("administrator there");

    let close = |id: &str| {
        let input = org::CloseAccountInput {
            account_id: id.to_owned(),
        };
        world.change::<accounts::CloseAccount>(&root(MANAGEMENT), input)
    };
    close(&id).expect("closed");
    assert_eq!(
        code(create_user(&world, &session, "second")),
        "InvalidClientTokenId"
    );
    assert_eq!(
        code(create_user(&world, &root(&id), "second")),
        "InvalidClientTokenId"
    );
    let assumed = world.effect::<crate::sts::AssumeRole>(&admin, input);
    assert_eq!(code(assumed), "AccessDenied");
    assert_eq!(code(close(&id)), "AccountAlreadyClosedException");
    assert_eq!(reason(close(MANAGEMENT)), "CANNOT_CLOSE_MANAGEMENT_ACCOUNT");
    assert_eq!(code(close(OUTSIDER)), "AccountNotFoundException");
    let input = org::DescribeAccountInput { account_id: id };
    let answer = world
        .read::<accounts::DescribeAccount>(&root(MANAGEMENT), input)
        .expect("described");
    let shown = answer.account.expect("an account");
    assert_eq!(shown.status.as_deref(), Some("SUSPENDED"));
}

#[test]
fn policies_are_checked_when_they_are_written() {
    let world = world();
    assert_eq!(
        code(policy(&world, "A", SCP, r#"{"Version":"2012-10-17"}"#)),
        "MalformedPolicyDocumentException"
    );
    assert_eq!(
        code(policy(&world, "A", "TAG_POLICY", "{}")),
        "PolicyTypeNotAvailableForOrganizationException"
    );
    for content in [
        DENY_ROLES.replace("Deny", "Allow"),
        DENY_ROLES.replace("sts:AssumeRole", "*"),
        DENY_ROLES.replace("sts:AssumeRole", "iam:*"),
        DENY_ROLES.replace("Action", "NotAction"),
        DENY_IAM.to_owned(),
    ] {
        let made = policy(&world, "A", "RESOURCE_CONTROL_POLICY", &content);
        assert_eq!(code(made), "MalformedPolicyDocumentException", "{content}");
    }
    let long = allow("s3:*", "*").replace("s3:*", &format!("s3:{}", "a".repeat(10_240)));
    assert_eq!(
        reason(policy(&world, "A", SCP, &long)),
        "POLICY_CONTENT_LIMIT_EXCEEDED"
    );
    let id = policy(&world, "A", SCP, DENY_IAM).expect("a policy");
    assert_eq!(
        code(policy(&world, "A", SCP, DENY_IAM)),
        "DuplicatePolicyException"
    );
    let change = |id: &str| {
        let input = org::UpdatePolicyInput {
            policy_id: id.to_owned(),
            content: Some(ALLOW_ALL.to_owned()),
            ..Default::default()
        };
        world.change::<policies::UpdatePolicy>(&root(MANAGEMENT), input)
    };
    change(&id).expect("changed");
    assert_eq!(reason(change("p-FullAWSAccess")), "IMMUTABLE_POLICY");
    assert_eq!(code(change("p-0000000000")), "PolicyNotFoundException");
    attach(&world, &root(MANAGEMENT), &id, MEMBER).expect("attached");
    assert_eq!(
        code(attach(&world, &root(MANAGEMENT), &id, MEMBER)),
        "DuplicatePolicyAttachmentException"
    );
    assert_eq!(
        code(attach(&world, &root(MANAGEMENT), &id, OUTSIDER)),
        "TargetNotFoundException"
    );
    let input = org::DeletePolicyInput {
        policy_id: id.clone(),
    };
    let deleted = world.change::<policies::DeletePolicy>(&root(MANAGEMENT), input);
    assert_eq!(code(deleted), "PolicyInUseException");
    for number in 0..8 {
        let one = policy(&world, &format!("N{number}"), SCP, DENY_IAM).expect("a policy");
        attach(&world, &root(MANAGEMENT), &one, MEMBER).expect("attached");
    }
    let one_more = policy(&world, "N9", SCP, DENY_IAM).expect("a policy");
    assert_eq!(
        reason(attach(&world, &root(MANAGEMENT), &one_more, MEMBER)),
        "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"
    );
    detach(&world, &id, MEMBER).expect("detached");
    assert_eq!(
        code(detach(&world, &id, MEMBER)),
        "PolicyNotAttachedException"
    );
    let input = org::ListTargetsForPolicyInput {
        policy_id: full_access(twinlock_directory::ControlType::Service)
            .id
            .clone(),
        ..Default::default()
    };
    let targets = world
        .read::<attachments::ListTargetsForPolicy>(&root(MANAGEMENT), input)
        .expect("listed");
    assert_eq!(targets.targets.len(), 3);
}

#[test]
fn what_cannot_be_says_why() {
    let world = world();
    let input = org::DescribeEffectivePolicyInput {
        policy_type: "TAG_POLICY".to_owned(),
        target_id: Some(MEMBER.to_owned()),
    };
    let answer = world.read::<effective::DescribeEffectivePolicy>(&root(MANAGEMENT), input);
    assert_eq!(code(answer), "EffectivePolicyNotFoundException");
    let input = org::DescribeResponsibilityTransferInput {
        id: "rt-12345678".to_owned(),
    };
    let answer = world.read::<transfers::DescribeResponsibilityTransfer>(&root(MANAGEMENT), input);
    assert_eq!(code(answer), "ResponsibilityTransferNotFoundException");
    let input = org::CreateGovCloudAccountInput {
        email: "gov@example.com".to_owned(),
        account_name: "Gov".to_owned(),
        ..Default::default()
    };
    let answer = world.change::<accounts::CreateGovCloudAccount>(&root(MANAGEMENT), input);
    assert_eq!(reason(answer), "MASTER_ACCOUNT_NOT_GOVCLOUD_ENABLED");
}

#[test]
fn nobody_makes_a_role_that_policies_do_not_limit() {
    let world = world();
    let denying = policy(&world, "NoIam", SCP, DENY_IAM).expect("a policy");
    attach(&world, &root(MANAGEMENT), &denying, MEMBER).expect("attached");
    let input = iam::CreateRoleInput {
        path: Some("/aws-service-role/x/".to_owned()),
        role_name: "Mine".to_owned(),
        assume_role_policy_document: DENY_ROLES.to_owned(),
        ..Default::default()
    };
    let made = world.change::<CreateRole>(&root(MEMBER), input);
    assert_eq!(code(made), "AccessDenied");
}
