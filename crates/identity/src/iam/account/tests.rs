use super::*;
use crate::{
    iam::authorization_details::GetAccountAuthorizationDetails,
    testing::{ALLOW_ALL, TestWorld, assert_denied, assert_refused, root},
};

const A: &str = "081278057606";
const B: &str = "111122223333";

fn alias(name: &str) -> shapes::CreateAccountAliasInput {
    shapes::CreateAccountAliasInput {
        account_alias: name.into(),
    }
}

#[test]
fn an_account_has_one_alias_and_no_other_account_has_it() {
    let world = TestWorld::new(&[A, B]);
    let list = |who| {
        world
            .read::<ListAccountAliases>(&root(who), shapes::ListAccountAliasesInput::default())
            .expect("listed")
            .account_aliases
    };
    assert!(list(A).is_empty());
    world
        .change::<CreateAccountAlias>(&root(A), alias("first"))
        .expect("given");
    world
        .change::<CreateAccountAlias>(&root(A), alias("second"))
        .expect("replaced");
    assert_eq!(list(A), ["second"]);
    assert_refused(
        world.change::<CreateAccountAlias>(&root(B), alias("second")),
        "EntityAlreadyExists",
        "The account alias second already exists.",
    );
    world
        .change::<CreateAccountAlias>(&root(B), alias("first"))
        .expect("free again");
    let refused = world.change::<CreateAccountAlias>(&root(B), alias("123456789012"));
    assert_eq!(refused.expect_err("an id").code, "InvalidInput");
    let delete = |name: &str| shapes::DeleteAccountAliasInput {
        account_alias: name.into(),
    };
    assert_refused(
        world.change::<DeleteAccountAlias>(&root(A), delete("first")),
        "NoSuchEntity",
        "The account alias with name first cannot be found.",
    );
    world
        .change::<DeleteAccountAlias>(&root(A), delete("second"))
        .expect("deleted");
    assert!(list(A).is_empty());
    let amy = world.user(A, "Amy", "");
    assert_denied(world.change::<CreateAccountAlias>(&amy, alias("mine")), "*");
    assert_denied(
        world.read::<ListAccountAliases>(&amy, shapes::ListAccountAliasesInput::default()),
        "*",
    );
}

#[test]
fn the_summary_counts_and_names_every_quota() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", "");
    world.group(A, "Developers");
    world.role_session(A, "Tester", "amy");
    let summary = world
        .read::<GetAccountSummary>(&root(A), shapes::GetAccountSummaryInput::default())
        .expect("summed up")
        .summary_map;
    let get = |name: &str| summary.iter().find(|(n, _)| n == name).expect(name).1;
    assert_eq!((get("Users"), get("Groups"), get("Roles")), (1, 1, 1));
    assert_eq!(
        (get("UsersQuota"), get("AccessKeysPerUserQuota")),
        (5000, 2)
    );
    assert_eq!(
        (get("PolicySizeQuota"), get("AssumeRolePolicySizeQuota")),
        (6144, 2048)
    );
    assert_eq!(summary.len(), 34);
    let amy = world.user(A, "Bob", "");
    assert_denied(
        world.read::<GetAccountSummary>(&amy, shapes::GetAccountSummaryInput::default()),
        "*",
    );
}

#[test]
fn the_details_are_complete_and_come_in_pages() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", ALLOW_ALL);
    world.user(A, "Bob", "");
    world.group(A, "Developers");
    world.role_session(A, "Tester", "amy");
    let read = |input| {
        world
            .read::<GetAccountAuthorizationDetails>(&root(A), input)
            .expect("details")
    };
    let mut marker = None;
    let mut lines = Vec::new();
    loop {
        let page = read(shapes::GetAccountAuthorizationDetailsInput {
            marker,
            max_items: Some(1),
            ..Default::default()
        });
        lines.extend(
            page.user_detail_list
                .into_iter()
                .filter_map(|user| user.arn),
        );
        lines.extend(
            page.group_detail_list
                .into_iter()
                .filter_map(|group| group.arn),
        );
        lines.extend(
            page.role_detail_list
                .into_iter()
                .filter_map(|role| role.arn),
        );
        marker = page.marker;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(
        lines,
        [
            "arn:aws:iam::081278057606:user/Amy",
            "arn:aws:iam::081278057606:user/Bob",
            "arn:aws:iam::081278057606:group/Developers",
            "arn:aws:iam::081278057606:role/Tester",
        ]
    );
    let only = read(shapes::GetAccountAuthorizationDetailsInput {
        filter: Some(vec!["User".into()]),
        ..Default::default()
    });
    assert!(only.group_detail_list.is_empty() && only.role_detail_list.is_empty());
    let documents = only.user_detail_list[0]
        .user_policy_list
        .as_deref()
        .expect("inline");
    let document = documents[0].policy_document.as_deref().expect("a document");
    assert!(
        document.starts_with("%7B%22Version%22%3A%222012-10-17%22"),
        "{document}"
    );
}

#[test]
fn the_summary_counts_devices_and_certificates() {
    use twinlock_directory::{EnabledDevice, MfaDevice, Secret};

    let world = TestWorld::new(&[A]);
    let counted = || {
        let answer = world.read::<GetAccountSummary>(&root(A), Default::default());
        let summary = answer.expect("summed up").summary_map;
        let of = |name: &str| {
            let found = summary.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| *value)
        };
        ["MFADevices", "MFADevicesInUse", "AccountMFAEnabled"].map(|name| of(name).expect(name))
    };
    let device = |name: &str, owner: Option<DeviceOwner>| {
        world.put(MfaDevice {
            account: A.parse().expect("an id"),
            id: format!("AMFA{name}"),
            name: name.into(),
            path: "/".into(),
            created: 0,
            seed: Secret::new("ABCDEFGH").into(),
            tags: Vec::new(),
            enabled: owner.map(|owner| EnabledDevice {
                owner,
                since: 0,
                drift: 0,
                last_step: 0,
            }),
        });
    };
    assert_eq!(counted(), [0, 0, 0]);
    world.user(A, "Amy", "");
    device("spare", None);
    device(
        "amy",
        Some(DeviceOwner::User(world.stored_user(A, "Amy").id)),
    );
    assert_eq!(counted(), [2, 1, 0]);
    device("root", Some(DeviceOwner::Root));
    assert_eq!(counted(), [3, 2, 1]);
}
