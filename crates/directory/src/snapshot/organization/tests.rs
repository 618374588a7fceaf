use std::collections::BTreeMap;

use super::*;
use crate::{
    batch::Batch,
    model::{Attached, ControlState},
    tests_support::account,
};

const MANAGEMENT: &str = "111111111111";
const MEMBER: &str = "222222222222";
const DENY: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}"#;

fn id(text: &str) -> AccountId {
    text.parse().unwrap()
}

fn organization() -> Organization {
    Organization {
        account: id(MANAGEMENT),
        id: "o-1".into(),
        root_id: "r-1".into(),
        created: 1,
        all_features: true,
        types: BTreeMap::from([(
            ControlType::Service,
            ControlState {
                enabled: true,
                period: 1,
            },
        )]),
        controls: Controls::new(),
        root_tags: Vec::new(),
        service_access: BTreeMap::new(),
        resource_policy: None,
        iam_features: Default::default(),
    }
}

fn unit(name: &str, parent: &str) -> OrganizationalUnit {
    OrganizationalUnit {
        account: id(MANAGEMENT),
        id: name.into(),
        parent: parent.into(),
        name: name.into(),
        created: 1,
        controls: Controls::new(),
        tags: Vec::new(),
    }
}

fn member(account: &str, parent: &str) -> Member {
    Member {
        account: id(MANAGEMENT),
        id: id(account),
        parent: parent.into(),
        joined: 1,
        created_here: false,
        controls: Controls::new(),
        tags: Vec::new(),
        delegated: BTreeMap::new(),
    }
}

fn policy(name: &str) -> ControlPolicy {
    ControlPolicy {
        account: id(MANAGEMENT),
        id: name.into(),
        arn: organization().policy_arn(ControlType::Service, name),
        control: ControlType::Service,
        name: name.into(),
        description: String::new(),
        text: Arc::new(StoredPolicy::new(DENY, Bindings::new())),
        created: 1,
        updated: 1,
        tags: Vec::new(),
    }
}

fn with(policies: &[&str], without_full_access: bool, period: u32) -> Controls {
    let attached = Attached {
        period,
        policies: policies.iter().map(|&id| id.to_owned()).collect(),
        without_full_access,
    };
    Controls::from([(ControlType::Service, attached)])
}

/// Root over `ou-1` over `ou-2` over the member; the management account in the root.
fn snapshot() -> Snapshot {
    change(&Snapshot::empty(Default::default()), |batch| {
        batch.put(account(MANAGEMENT));
        batch.put(account(MEMBER));
        batch.put(organization());
        batch.put(member(MANAGEMENT, "r-1"));
        batch.put(unit("ou-1", "r-1"));
        batch.put(unit("ou-2", "ou-1"));
        batch.put(member(MEMBER, "ou-2"));
        batch.put(policy("p-deny"));
    })
    .unwrap()
}

fn change(snapshot: &Snapshot, fill: impl FnOnce(&mut Batch)) -> Result<Snapshot, IntegrityError> {
    let mut batch = Batch::new(snapshot.revision());
    fill(&mut batch);
    snapshot.apply(&batch)
}

/// Each level's target with the names of its policies.
fn levels(snapshot: &Snapshot, account: &str) -> Vec<String> {
    let account = id(account);
    let found = snapshot.organization_of(&account).unwrap();
    let levels = found.node.levels(&account, ControlType::Service).unwrap();
    let names = |level: &Level<'_>| {
        let names: Vec<&str> = level.policies.iter().map(|source| source.name).collect();
        format!("{} {}", level.target, names.join("+"))
    };
    levels.iter().map(names).collect()
}

#[test]
fn an_account_has_a_level_for_everything_it_is_in() {
    let snapshot = snapshot();
    assert_eq!(
        levels(&snapshot, MEMBER),
        [
            "r-1 FullAWSAccess",
            "ou-1 FullAWSAccess",
            "ou-2 FullAWSAccess",
            "222222222222 FullAWSAccess"
        ]
    );
    assert_eq!(
        levels(&snapshot, MANAGEMENT),
        ["r-1 FullAWSAccess", "111111111111 FullAWSAccess"]
    );
    let found = snapshot.organization_of(&id(MEMBER)).unwrap();
    assert_eq!(found.node.path(MEMBER), "o-1/r-1/ou-1/ou-2/");
    assert_eq!(found.node.path("ou-1"), "o-1/r-1/ou-1/");
    assert!(!found.is_management());
    assert!(
        snapshot
            .organization_of(&id(MANAGEMENT))
            .unwrap()
            .is_management()
    );
    assert!(snapshot.organization_of(&id("333333333333")).is_none());
    // A type that is not enabled limits nothing.
    assert!(
        found
            .node
            .levels(&id(MEMBER), ControlType::Resource)
            .is_none()
    );
}

#[test]
fn what_is_attached_counts_until_the_type_is_disabled() {
    let before = snapshot();
    let attached = change(&before, |batch| {
        let mut one = unit("ou-1", "r-1");
        one.controls = with(&["p-deny"], true, 1);
        batch.put(one);
    })
    .unwrap();
    assert_eq!(levels(&attached, MEMBER)[1], "ou-1 p-deny");
    let in_use = change(&attached, |batch| batch.delete_row(policy("p-deny")));
    assert!(
        matches!(in_use, Err(IntegrityError::InUse { .. })),
        "{in_use:?}"
    );

    let again = change(&attached, |batch| {
        let mut organization = organization();
        organization.types.insert(
            ControlType::Service,
            ControlState {
                enabled: true,
                period: 2,
            },
        );
        batch.put(organization);
    })
    .unwrap();
    assert_eq!(levels(&again, MEMBER)[1], "ou-1 FullAWSAccess");
    assert!(change(&again, |batch| batch.delete_row(policy("p-deny"))).is_ok());
}

#[test]
fn a_move_and_a_departure_are_seen_at_once() {
    let before = snapshot();
    let moved = change(&before, |batch| batch.put(member(MEMBER, "r-1"))).unwrap();
    assert_eq!(levels(&moved, MEMBER).len(), 2);
    let left = change(&moved, |batch| batch.delete_row(member(MEMBER, "r-1"))).unwrap();
    assert!(left.organization_of(&id(MEMBER)).is_none());
    // The snapshot before sees nothing of it.
    assert_eq!(levels(&before, MEMBER).len(), 4);
}

#[test]
fn what_does_not_hold_together_is_refused() {
    let whole = snapshot();
    type Fill = fn(&mut Batch);
    let rows: [(&str, Fill); 9] = [
        ("an unknown parent", |b| b.put(member(MEMBER, "ou-9"))),
        ("an account as parent", |b| b.put(unit("ou-3", MEMBER))),
        ("an unknown account", |b| {
            b.put(member("333333333333", "r-1"))
        }),
        ("another parent", |b| b.put(unit("ou-2", "r-1"))),
        ("an unknown policy", |b| {
            let mut one = unit("ou-1", "r-1");
            one.controls = with(&["p-none"], false, 1);
            b.put(one);
        }),
        ("a unit in use", |b| b.delete_row(unit("ou-1", "r-1"))),
        ("the management account", |b| {
            b.delete_row(member(MANAGEMENT, "r-1"))
        }),
        ("an organization in use", |b| b.delete_row(organization())),
        ("a second organization", |b| {
            let mut other = organization();
            other.id = "o-2".into();
            b.put(other);
        }),
    ];
    for (what, fill) in rows {
        assert!(change(&whole, fill).is_err(), "{what}");
    }
    let account_gone = change(&whole, |b| b.delete_row(account(MEMBER)));
    assert!(account_gone.is_err());
    // One account is in one organization.
    let twice = change(&whole, |b| {
        let mut other = organization();
        other.account = id(MEMBER);
        other.id = "o-2".into();
        b.put(other);
        let mut own = member(MEMBER, "r-1");
        own.account = id(MEMBER);
        b.put(own);
    });
    assert!(
        matches!(twice, Err(IntegrityError::Duplicate { .. })),
        "{twice:?}"
    );
}

#[test]
fn an_organization_goes_with_all_that_is_left_of_it() {
    let whole = snapshot();
    let gone = change(&whole, |b| {
        b.delete_row(member(MEMBER, "ou-2"));
        b.delete_row(unit("ou-2", "ou-1"));
        b.delete_row(unit("ou-1", "r-1"));
        b.delete_row(policy("p-deny"));
        b.delete_row(member(MANAGEMENT, "r-1"));
        b.delete_row(organization());
    })
    .unwrap();
    assert!(gone.organization_of(&id(MANAGEMENT)).is_none());
    assert!(gone.account(&id(MANAGEMENT)).unwrap().is_empty());
}

#[test]
fn rows_come_back_as_they_were() {
    let snapshot = snapshot();
    let rows: Vec<Row> = snapshot
        .rows()
        .map(|row| Row::decode(row.key().kind, &row.encode().unwrap()).unwrap())
        .collect();
    let loaded = Snapshot::empty(Default::default()).load(7, rows).unwrap();
    assert_eq!(levels(&loaded, MEMBER), levels(&snapshot, MEMBER));
}

#[test]
fn aws_full_access_is_read_as_it_stands() {
    for control in ControlType::ALL {
        let policy = full_access(control);
        assert_eq!(policy.text.compiled().text(), policy.text.text());
        assert_eq!(policy.id, control.full_access_id());
    }
}
