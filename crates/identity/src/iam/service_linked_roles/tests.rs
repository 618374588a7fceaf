use super::*;
use crate::{
    iam::{attachments, inline_policies, role_settings},
    testing::{TestWorld, allow, assert_denied, assert_refused, refused, root},
};

const A: &str = "111111111111";

fn create(service: &str, suffix: Option<&str>) -> shapes::CreateServiceLinkedRoleInput {
    shapes::CreateServiceLinkedRoleInput {
        aws_service_name: service.into(),
        custom_suffix: suffix.map(Into::into),
        ..Default::default()
    }
}

fn made(world: &TestWorld, service: &str, suffix: Option<&str>) -> shapes::Role {
    world
        .change::<CreateServiceLinkedRole>(&root(A), create(service, suffix))
        .expect("made")
        .role
        .expect("a role")
}

#[test]
fn a_service_gets_its_role_once_by_its_own_name() {
    let world = TestWorld::new(&[A]);
    let role = made(&world, "ecs.amazonaws.com", None);
    assert_eq!(
        role.arn,
        "arn:aws:iam::111111111111:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
    );
    let trust = role.assume_role_policy_document.expect("a trust policy");
    assert!(trust.contains("ecs.amazonaws.com"), "{trust}");
    let attached = world
        .read::<attachments::ListAttachedRolePolicies>(
            &root(A),
            shapes::ListAttachedRolePoliciesInput {
                role_name: "AWSServiceRoleForECS".into(),
                ..Default::default()
            },
        )
        .expect("listed")
        .attached_policies;
    assert_eq!(
        attached[0].policy_arn.as_deref(),
        Some("arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy")
    );
    let again = |service, suffix| {
        world.change::<CreateServiceLinkedRole>(&root(A), create(service, suffix))
    };
    assert_refused(
        again("ecs.amazonaws.com", None),
        "InvalidInput",
        "Service role name AWSServiceRoleForECS has been taken in this account, please try a different suffix.",
    );
    assert_refused(
        again("ecs.amazonaws.com", Some("two")),
        "InvalidInput",
        "Custom suffix is not allowed for ecs.amazonaws.com",
    );
    assert_eq!(
        refused(again("teapot.amazonaws.com", None)).0,
        "InvalidInput"
    );
    made(&world, "autoscaling.amazonaws.com", None);
    let second = made(&world, "autoscaling.amazonaws.com", Some("two"));
    assert_eq!(second.role_name, "AWSServiceRoleForAutoScaling_two");
}

#[test]
fn nothing_of_it_can_be_changed_but_description_and_tags() {
    let world = TestWorld::new(&[A]);
    let name = made(&world, "ecs.amazonaws.com", None).role_name;
    let protected = format!(
        "Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS"
    );
    macro_rules! protected {
        ($operation:path, $input:ident { $($field:ident: $value:expr),* }) => {
            assert_refused(
                world.change::<$operation>(&root(A), shapes::$input {
                    role_name: name.clone(), $($field: $value.into(),)*
                }),
                "UnmodifiableEntity",
                &protected,
            )
        };
    }
    let document =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    let arn = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    protected!(
        inline_policies::PutRolePolicy,
        PutRolePolicyInput {
            policy_name: "p",
            policy_document: document
        }
    );
    protected!(
        attachments::AttachRolePolicy,
        AttachRolePolicyInput { policy_arn: arn }
    );
    protected!(
        attachments::DetachRolePolicy,
        DetachRolePolicyInput {
            policy_arn: "arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy"
        }
    );
    protected!(
        role_settings::PutRolePermissionsBoundary,
        PutRolePermissionsBoundaryInput {
            permissions_boundary: arn
        }
    );
    protected!(
        roles::UpdateAssumeRolePolicy,
        UpdateAssumeRolePolicyInput {
            policy_document: document
        }
    );
    protected!(roles::DeleteRole, DeleteRoleInput {});
    let tags = vec![shapes::Tag {
        key: "team".into(),
        value: "blue".into(),
    }];
    let role_name = name.clone();
    world
        .change::<role_settings::TagRole>(&root(A), shapes::TagRoleInput { role_name, tags })
        .expect("tagged");
}

#[test]
fn deleting_it_is_a_task_that_can_be_asked_about() {
    let world = TestWorld::new(&[A]);
    let name = made(&world, "ecs.amazonaws.com", None).role_name;
    world.role(A, "Mine", "{}", "");
    let delete = |name: &str| {
        world.change::<DeleteServiceLinkedRole>(
            &root(A),
            shapes::DeleteServiceLinkedRoleInput {
                role_name: name.into(),
            },
        )
    };
    assert_eq!(refused(delete("Mine")).0, "InvalidInput");
    let task = delete(&name).expect("deleted").deletion_task_id;
    let prefix = "task/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS/";
    assert!(
        task.starts_with(prefix) && task.len() == prefix.len() + 36,
        "{task}"
    );
    let status = |caller: &_, task: &str| {
        world.read::<GetServiceLinkedRoleDeletionStatus>(
            caller,
            shapes::GetServiceLinkedRoleDeletionStatusInput {
                deletion_task_id: task.into(),
            },
        )
    };
    assert_eq!(status(&root(A), &task).expect("known").status, "SUCCEEDED");
    assert_eq!(
        refused(status(&root(A), &format!("{prefix}no"))).0,
        "NoSuchEntity"
    );
    assert_eq!(refused(delete(&name)).0, "NoSuchEntity");

    // Asked on the role that the task is about.
    let arn =
        "arn:aws:iam::111111111111:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS";
    let asker = world.user(
        A,
        "asker",
        &allow("iam:GetServiceLinkedRoleDeletionStatus", arn),
    );
    status(&asker, &task).expect("may ask");
    let stranger = world.user(A, "stranger", "");
    assert_denied(status(&stranger, &task), arn);
}

#[test]
fn who_may_make_which() {
    let world = TestWorld::new(&[A]);
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:CreateServiceLinkedRole","Resource":"*",
        "Condition":{"StringLike":{"iam:AWSServiceName":"ecs.amazonaws.com"}}}}"#;
    let limited = world.user(A, "limited", policy);
    assert_denied(
        world.change::<CreateServiceLinkedRole>(&limited, create("rds.amazonaws.com", None)),
        "arn:aws:iam::111111111111:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS",
    );
    world
        .change::<CreateServiceLinkedRole>(&limited, create("ecs.amazonaws.com", None))
        .expect("made");
}
