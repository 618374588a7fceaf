//! AssumeRoot: who reaches a member's root user, and for what.

use twinlock_directory::Organization;
use twinlock_shapes::{
    iam::ListUsersInput,
    sts::{AssumeRootInput, AssumeRootOutput},
};

use super::*;
use crate::{iam::users::ListUsers, sts::AssumeRoot};

const TASK: &str = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials";

fn ask(
    w: &TestWorld,
    caller: &Caller,
    target: &str,
    task: &str,
) -> Result<AssumeRootOutput, Fault> {
    let input = AssumeRootInput {
        target_principal: target.into(),
        task_policy_arn: PolicyDescriptorType {
            arn: Some(task.into()),
        },
        ..Default::default()
    };
    w.read::<AssumeRoot>(caller, input)
}

#[test]
fn the_management_account_reaches_a_members_root_user_for_one_task() {
    let w = world();
    w.organization(PROD, &[DEV]);
    let admin = w.user(PROD, "Admin", ALLOW_ALL);
    let code = |result: Result<AssumeRootOutput, Fault>| {
        result.expect_err("must be refused").code.into_owned()
    };
    assert_eq!(
        code(ask(&w, &admin, DEV, TASK)),
        "AccessDenied",
        "the feature is off"
    );
    let snapshot = w.world.directory.published();
    let place = snapshot
        .organization_of(&PROD.parse().expect("an id"))
        .expect("an organization");
    let mut organization: Organization = (**place.organization).clone();
    organization.iam_features.insert("RootSessions".into());
    w.put(organization);
    let made = ask(&w, &admin, DEV, TASK).expect("assumed");
    let root = as_session(&w, made.credentials.as_ref());
    assert_eq!(
        who_am_i(&w, &root).expect("alive"),
        format!("arn:aws:iam::{DEV}:root")
    );
    let held = root.session.as_ref().expect("a session");
    assert_eq!(held.expires, START + 900_000);
    // The task's policy is all it may do, root or not.
    w.read::<ListUsers>(&root, ListUsersInput::default())
        .expect_err("no part of the task");
    let member = w.user(DEV, "Member", ALLOW_ALL);
    let stranger = w.user(PROD, "Stranger", "");
    assert_eq!(code(ask(&w, &member, PROD, TASK)), "AccessDenied");
    assert_eq!(code(ask(&w, &admin, PROD, TASK)), "AccessDenied");
    assert_eq!(code(ask(&w, &stranger, DEV, TASK)), "AccessDenied");
    let admin_policy = "arn:aws:iam::aws:policy/AdministratorAccess";
    assert_eq!(code(ask(&w, &admin, DEV, admin_policy)), "ValidationError");
    assert_eq!(code(ask(&w, &admin, "nobody", TASK)), "ValidationError");
}
