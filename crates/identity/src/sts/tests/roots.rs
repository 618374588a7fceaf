//! AssumeRoot: who reaches a member's root user, and for what.

use twinlock_directory::{AccessKey, Account, Organization, Secret};
use twinlock_gate::{Change, Read};
use twinlock_shapes::{
    iam as shapes,
    sts::{AssumeRootInput, AssumeRootOutput},
};

use super::*;
use crate::{
    iam::{
        access_keys::{CreateAccessKey, DeleteAccessKey, ListAccessKeys},
        account::GetAccountSummary,
        login_profiles::{CreateLoginProfile, DeleteLoginProfile, GetLoginProfile},
        mfa_devices::{DeactivateMFADevice, ListMFADevices},
        signing_certificates::{DeleteSigningCertificate, ListSigningCertificates},
        users::{CreateUser, ListUsers},
    },
    sts::AssumeRoot,
};

const TASKS: [&str; 5] = [
    "IAMAuditRootUserCredentials",
    "IAMCreateRootUserPassword",
    "IAMDeleteRootUserCredentials",
    "S3UnlockBucketPolicy",
    "SQSUnlockQueuePolicy",
];

fn arn(task: &str) -> String {
    format!("arn:aws:iam::aws:policy/root-task/{task}")
}

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

fn switch_on(w: &TestWorld, features: &[&str]) {
    let snapshot = w.world.directory.published();
    let place = snapshot
        .organization_of(&PROD.parse().expect("an id"))
        .expect("an organization");
    let mut organization: Organization = (**place.organization).clone();
    organization.iam_features = features.iter().map(|&feature| feature.into()).collect();
    w.put(organization);
}

fn code(result: Result<AssumeRootOutput, Fault>) -> String {
    result.expect_err("must be refused").code.into_owned()
}

#[test]
fn the_management_account_reaches_a_members_root_user_for_one_task() {
    let w = world();
    w.organization(PROD, &[DEV]);
    let admin = w.user(PROD, "Admin", ALLOW_ALL);
    let task = arn("S3UnlockBucketPolicy");
    assert_eq!(
        code(ask(&w, &admin, DEV, &task)),
        "AccessDenied",
        "it is off"
    );
    switch_on(&w, &["RootSessions"]);
    let made = ask(&w, &admin, DEV, &task).expect("assumed");
    let root = as_session(&w, made.credentials.as_ref());
    assert_eq!(
        who_am_i(&w, &root).expect("alive"),
        format!("arn:aws:iam::{DEV}:root")
    );
    let held = root.session.as_ref().expect("a session");
    assert_eq!(held.expires, START + 900_000);
    let member = w.user(DEV, "Member", ALLOW_ALL);
    let stranger = w.user(PROD, "Stranger", "");
    assert_eq!(code(ask(&w, &member, PROD, &task)), "AccessDenied");
    assert_eq!(code(ask(&w, &admin, PROD, &task)), "AccessDenied");
    assert_eq!(code(ask(&w, &stranger, DEV, &task)), "AccessDenied");
    let admin_policy = "arn:aws:iam::aws:policy/AdministratorAccess";
    assert_eq!(code(ask(&w, &admin, DEV, admin_policy)), "ValidationError");
    assert_eq!(code(ask(&w, &admin, "nobody", &task)), "ValidationError");
}

#[test]
fn each_feature_opens_its_own_tasks() {
    let w = world();
    w.organization(PROD, &[DEV]);
    let admin = w.user(PROD, "Admin", ALLOW_ALL);
    for (feature, begins) in [
        ("RootCredentialsManagement", &["IAM"][..]),
        ("RootSessions", &["S3", "SQS"]),
    ] {
        switch_on(&w, &[feature]);
        for task in TASKS {
            let open = begins.iter().any(|begin| task.starts_with(begin));
            let assumed = ask(&w, &admin, DEV, &arn(task)).is_ok();
            assert_eq!(assumed, open, "{task} by {feature}");
        }
    }
}

/// A session for the task, and a root user of DEV with a password, an access key.
fn on_task(task: &str) -> (TestWorld, Caller) {
    let w = world();
    w.organization(PROD, &[DEV]);
    switch_on(&w, &["RootSessions", "RootCredentialsManagement"]);
    let snapshot = w.world.directory.published();
    let node = snapshot.account(&DEV.parse().expect("an id"));
    let mut account = Account::clone(&node.expect("the account").account);
    account.root.password_hash = Some("-".into());
    account.root.access_keys = vec![AccessKey {
        id: "AKIAROOTROOTROOTROOT".into(),
        secret: Secret::new("secret").into(),
        active: true,
        created: START,
    }];
    w.put(account);
    let admin = w.user(PROD, "Admin", ALLOW_ALL);
    let made = ask(&w, &admin, DEV, &arn(task)).expect("assumed");
    let root = as_session(&w, made.credentials.as_ref());
    (w, root)
}

/// Which of IAM's operations the policies admit, whatever they then answer.
fn admitted(task: &str) -> Vec<&'static str> {
    fn read<O: Read>(task: &str, input: O::Input) -> Option<&'static str>
    where
        O::Output: std::fmt::Debug,
    {
        let (w, root) = on_task(task);
        let answer = w.read::<O>(&root, input);
        (!answer.is_err_and(|fault| fault.code == "AccessDenied")).then_some(O::NAME)
    }
    fn change<O: Change>(task: &str, input: O::Input) -> Option<&'static str>
    where
        O::Output: std::fmt::Debug,
    {
        let (w, root) = on_task(task);
        let answer = w.change::<O>(&root, input);
        (!answer.is_err_and(|fault| fault.code == "AccessDenied")).then_some(O::NAME)
    }
    let no_key = || shapes::DeleteAccessKeyInput {
        access_key_id: "AKIANOBODYNOBODYNOBO".into(),
        ..Default::default()
    };
    let of_a_user = shapes::ListAccessKeysInput {
        user_name: Some("Jane".into()),
        ..Default::default()
    };
    [
        read::<ListAccessKeys>(task, Default::default()),
        read::<ListSigningCertificates>(task, Default::default()),
        read::<ListMFADevices>(task, Default::default()),
        read::<GetLoginProfile>(task, Default::default()),
        read::<GetUser>(task, Default::default()),
        read::<GetAccountSummary>(task, Default::default()),
        change::<CreateLoginProfile>(task, Default::default()),
        change::<DeleteLoginProfile>(task, Default::default()),
        change::<DeleteAccessKey>(task, no_key()),
        change::<DeleteSigningCertificate>(task, Default::default()),
        change::<DeactivateMFADevice>(task, Default::default()),
        // No task's.
        read::<ListUsers>(task, Default::default()),
        read::<ListAccessKeys>(task, of_a_user).map(|_| "another user's keys"),
        change::<CreateAccessKey>(task, Default::default()),
        change::<CreateUser>(task, Default::default()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn each_task_is_all_that_the_root_user_may_do() {
    assert_eq!(
        admitted("IAMAuditRootUserCredentials"),
        [
            "ListAccessKeys",
            "ListSigningCertificates",
            "ListMFADevices",
            "GetLoginProfile",
            "GetUser",
            "GetAccountSummary"
        ]
    );
    assert_eq!(
        admitted("IAMCreateRootUserPassword"),
        ["GetLoginProfile", "CreateLoginProfile"]
    );
    assert_eq!(
        admitted("IAMDeleteRootUserCredentials"),
        [
            "ListAccessKeys",
            "ListSigningCertificates",
            "ListMFADevices",
            "GetLoginProfile",
            "GetUser",
            "DeleteLoginProfile",
            "DeleteAccessKey",
            "DeleteSigningCertificate",
            "DeactivateMFADevice"
        ]
    );
    assert!(admitted("S3UnlockBucketPolicy").is_empty());
    assert!(admitted("SQSUnlockQueuePolicy").is_empty());
}

#[test]
fn the_root_users_password_is_taken_away_and_leave_is_given_to_set_another() {
    let (w, deleting) = on_task("IAMDeleteRootUserCredentials");
    let stored = || {
        let snapshot = w.world.directory.published();
        let node = snapshot.account(&DEV.parse().expect("an id"));
        node.expect("the account").account.root.clone()
    };
    let get = |caller: &Caller| w.read::<GetLoginProfile>(caller, Default::default());
    let signed_in = Caller::in_session(
        std::sync::Arc::new(twinlock_gate::token::Session {
            signed_in: true,
            ..twinlock_gate::token::Session::new(
                twinlock_gate::token::SessionOf::User {
                    account: DEV.parse().expect("an id"),
                    user_id: None,
                },
                START,
                START + 43_200_000,
            )
        }),
        "ASIAROOTROOTROOTROOT",
        RequestFacts::none("us-east-1"),
    );
    who_am_i(&w, &signed_in).expect("signed in by the password");
    let profile = get(&deleting).expect("one").login_profile;
    assert_eq!(
        (profile.user_name.as_str(), profile.create_date.0),
        ("root", START)
    );
    // A root user as such must name somebody.
    get(&root(DEV)).expect_err("no session of AssumeRoot");
    w.change::<DeleteLoginProfile>(&root(DEV), Default::default())
        .expect_err("no session of AssumeRoot");

    w.change::<DeleteLoginProfile>(&deleting, Default::default())
        .expect("taken away");
    assert!(stored().password_hash.is_none() && !stored().awaits_password());
    who_am_i(&w, &signed_in).expect_err("signed out");
    assert_eq!(get(&deleting).expect_err("none").code, "NoSuchEntity");
    let again = w.change::<DeleteLoginProfile>(&deleting, Default::default());
    assert_eq!(again.expect_err("none").code, "NoSuchEntity");

    w.world.clock.advance(1000);
    let admin = w.user(PROD, "Other", ALLOW_ALL);
    let made = ask(&w, &admin, DEV, &arn("IAMCreateRootUserPassword")).expect("assumed");
    let creating = as_session(&w, made.credentials.as_ref());
    let create = |password: Option<&str>| {
        let input = shapes::CreateLoginProfileInput {
            password: password.map(str::to_owned),
            ..Default::default()
        };
        w.change::<CreateLoginProfile>(&creating, input)
    };
    // Whoever may do the task must not become root by it.
    let known = create(Some("Correct-horse-7")).expect_err("a password");
    assert_eq!(known.code, "ValidationError");
    create(None).expect("leave");
    assert!(stored().password_hash.is_none() && stored().awaits_password());
    assert_eq!(create(None).expect_err("twice").code, "EntityAlreadyExists");
    let since = get(&creating).expect("one").login_profile.create_date.0;
    assert_eq!(since, START + 1000);
    // What was signed in by the old password stays out when there is another.
    let snapshot = w.world.directory.published();
    let node = snapshot.account(&DEV.parse().expect("an id"));
    let mut account = Account::clone(&node.expect("the account").account);
    account.root.password_hash = Some("-".into());
    w.put(account);
    who_am_i(&w, &signed_in).expect_err("signed out for good");
}
