//! Snapshots keep their indexes and refuse what breaks them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::*;
use crate::{
    batch::Batch,
    ids::{Random, SeededRandom},
    model::{
        BucketEncryption, BucketState, DeviceOwner, EnabledDevice, InstanceProfile, Row, Versioning,
    },
    secret::Secret,
    tests_support::{DEV, access_key, account, dev, group, policy, role, user},
};

fn empty() -> Snapshot {
    Snapshot::empty(BTreeSet::from(["210987654321".parse().unwrap()]))
}

fn apply(snapshot: &Snapshot, change: impl FnOnce(&mut Batch)) -> Result<Snapshot, IntegrityError> {
    let mut batch = Batch::new(snapshot.revision());
    change(&mut batch);
    snapshot.apply(&batch)
}

fn world() -> Snapshot {
    apply(&empty(), |batch| {
        let mut dev = account(DEV);
        dev.alias = Some("acme-dev".into());
        dev.email = "Dev@Example.com".into();
        dev.root.access_keys.push(access_key("AKIAROOT", "secret"));
        batch.put(dev);
        batch.put(group("Developers"));
        batch.put(policy("Read"));
        let mut john = user("John");
        john.groups.insert("AGPADevelopers".into());
        john.attached
            .insert("arn:aws:iam::111111111111:policy/Read".into());
        john.boundary = Some("arn:aws:iam::aws:policy/PowerUserAccess".into());
        john.access_keys.push(access_key("AKIAJOHN", "secret"));
        batch.put(john);
        batch.put(role("UpdateApp"));
    })
    .unwrap()
}

fn bucket(name: &str) -> Bucket {
    Bucket {
        name: name.to_owned(),
        id: format!("id-{name}"),
        account: dev(),
        region: "us-east-1".to_owned(),
        created: 4,
        policy: None,
        public_access_block: None,
        ownership: None,
        versioning: Versioning::Never,
        encryption: BucketEncryption::default(),
        tags: Vec::new(),
        state: BucketState::Active,
        cors: Vec::new(),
    }
}

fn john(snapshot: &Snapshot) -> User {
    User::clone(snapshot.account(&dev()).unwrap().user("john").unwrap())
}

/// Providers and bars come, are found, and go; a provider keeps the name by which policies know it.
#[test]
fn providers_and_bars_are_found_by_their_names() {
    use crate::{
        model::{Bar, Barred, assertion_bar},
        tests_support::{oidc_provider, saml_provider},
    };
    let snapshot = Snapshot::empty(Default::default());
    let mut batch = Batch::new(0);
    batch.put(account(DEV));
    batch.put(oidc_provider("id.example.com"));
    batch.put(saml_provider("Corp"));
    let bar = Bar {
        account: dev(),
        what: Barred::Assertion {
            digest: "ab".into(),
        },
        expires: 9,
    };
    batch.put(bar.clone());
    let snapshot = snapshot.apply(&batch).unwrap();
    let arn = oidc_provider("id.example.com").arn();
    assert!(snapshot.oidc_provider(&arn).is_some());
    assert!(
        snapshot
            .saml_provider(&saml_provider("Corp").arn())
            .is_some()
    );
    assert!(
        snapshot
            .saml_provider(&saml_provider("corp").arn())
            .is_none()
    );
    let node = snapshot.account(&dev()).unwrap();
    assert_eq!(**node.bar(&assertion_bar("ab")).unwrap(), bar);
    for row in snapshot.rows() {
        let key = row.key();
        assert_eq!(key.to_string().parse(), Ok(key.clone()));
        let json = row.encode().unwrap();
        assert_eq!(Row::decode(key.kind, &json).unwrap().key(), key);
    }

    let mut batch = Batch::new(snapshot.revision());
    let mut renamed = oidc_provider("id.example.com");
    renamed.url = "id.example.org".into();
    batch.put(renamed);
    assert!(snapshot.apply(&batch).is_err());

    let mut batch = Batch::new(snapshot.revision());
    batch.delete_row(bar);
    batch.delete_row(saml_provider("Corp"));
    let snapshot = snapshot.apply(&batch).unwrap();
    assert!(snapshot.account(&dev()).unwrap().bars.is_empty());
}

#[test]
fn everything_is_found_by_each_of_its_names() {
    let world = world();
    let node = world.account(&dev()).unwrap();
    assert_eq!(node.user("JOHN").unwrap().name, "John");
    assert_eq!(
        world.user_by_id("AIDAJohn").unwrap().arn(),
        "arn:aws:iam::111111111111:user/John"
    );
    assert!(world.role_by_id("AIDAJohn").is_none());
    assert_eq!(world.role_by_id("AROAUpdateApp").unwrap().name, "UpdateApp");
    let owner = world.access_key("AKIAJOHN").unwrap();
    assert_eq!(owner.user.unwrap().id, "AIDAJohn");
    assert!(owner.key.secret.matches("secret"));
    assert!(world.access_key("AKIAROOT").unwrap().user.is_none());
    assert!(world.account_by_alias("acme-dev").is_some());
    assert!(world.account_by_email("dev@example.COM").is_some());
    assert!(world.is_external(&"210987654321".parse().unwrap()));
    assert!(
        world
            .customer_policy("arn:aws:iam::111111111111:policy/Read")
            .is_some()
    );
    assert!(
        world
            .customer_policy("arn:aws:iam::111111111111:policy/read")
            .is_none()
    );
    assert!(
        world
            .customer_policy("arn:aws:iam::111111111111:policy/other/Read")
            .is_none()
    );
    let members: Vec<&str> = node
        .members("AGPADevelopers")
        .map(|user| user.name.as_str())
        .collect();
    assert_eq!(members, ["John"]);
    let read = node
        .attachments("arn:aws:iam::111111111111:policy/Read")
        .unwrap();
    assert_eq!((read.count(), read.boundary_count()), (1, 0));
    let power = node
        .attachments("arn:aws:iam::aws:policy/PowerUserAccess")
        .unwrap();
    assert_eq!((power.count(), power.boundary_count()), (0, 1));
}

#[test]
fn a_rename_keeps_the_unique_id_and_moves_every_index() {
    let world = world();
    let next = apply(&world, |batch| {
        let mut renamed = john(&world);
        renamed.name = "Jack".into();
        batch.put(renamed);
    })
    .unwrap();
    let node = next.account(&dev()).unwrap();
    assert!(node.user("John").is_none());
    assert_eq!(next.user_by_id("AIDAJohn").unwrap().name, "Jack");
    assert_eq!(
        next.access_key("AKIAJOHN").unwrap().user.unwrap().name,
        "Jack"
    );
    assert_eq!(node.members("AGPADevelopers").next().unwrap().name, "Jack");
    assert_same_as_rebuilt(&next);
    // The earlier snapshot is as it was.
    assert_eq!(world.user_by_id("AIDAJohn").unwrap().name, "John");
}

#[test]
fn two_entities_can_swap_names_in_one_batch() {
    let world = apply(&world(), |batch| batch.put(user("Sri"))).unwrap();
    let next = apply(&world, |batch| {
        let mut first = john(&world);
        let mut second = User::clone(world.user_by_id("AIDASri").unwrap());
        std::mem::swap(&mut first.name, &mut second.name);
        batch.put(first);
        batch.put(second);
    })
    .unwrap();
    assert_eq!(
        next.account(&dev()).unwrap().user("Sri").unwrap().id,
        "AIDAJohn"
    );
    assert_same_as_rebuilt(&next);
}

#[test]
fn the_last_change_of_a_row_in_a_batch_counts() {
    let world = world();
    let next = apply(&world, |batch| {
        batch.put(user("Brief"));
        batch.delete_row(user("Brief"));
        batch.delete_row(john(&world));
        batch.put(john(&world));
    })
    .unwrap();
    assert!(next.user_by_id("AIDABrief").is_none() && next.user_by_id("AIDAJohn").is_some());
    assert_same_as_rebuilt(&next);
}

#[test]
fn what_is_unique_stands_once() {
    let world = world();
    let duplicate = |change: &dyn Fn(&mut Batch)| match apply(&world, change) {
        Err(IntegrityError::Duplicate { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    let with_id = |mut user: User, id: &str| {
        user.id = id.to_owned();
        user
    };
    assert_eq!(
        duplicate(&|batch| batch.put(with_id(user("JOHN"), "AIDAOther"))),
        "user"
    );
    let mut other_role = role("updateapp");
    other_role.id = "AROAOther".into();
    assert_eq!(duplicate(&|batch| batch.put(other_role.clone())), "role");
    let mut stolen = user("Eve");
    stolen.access_keys.push(access_key("AKIAJOHN", "other"));
    assert_eq!(duplicate(&|batch| batch.put(stolen.clone())), "access key");
    let mut second = account("222222222222");
    second.alias = Some("acme-dev".into());
    assert_eq!(
        duplicate(&|batch| batch.put(second.clone())),
        "account alias"
    );
    second.alias = None;
    second.email = "dev@example.com".into();
    assert_eq!(
        duplicate(&|batch| batch.put(second.clone())),
        "e-mail address"
    );
    let with_bucket = apply(&world, |batch| batch.put(bucket("productionapp"))).unwrap();
    let mut second = bucket("productionapp");
    second.id = "another".into();
    assert!(matches!(
        apply(&with_bucket, |batch| batch.put(second)),
        Err(IntegrityError::Duplicate { what: "bucket", .. })
    ));
}

#[test]
fn nothing_dangles_and_nothing_in_use_goes() {
    let world = world();
    let mut lost = user("Lost");
    lost.groups.insert("AGPANone".into());
    let refused = apply(&world, |batch| batch.put(lost)).unwrap_err();
    assert!(matches!(
        refused,
        IntegrityError::Dangling { what: "group", .. }
    ));
    let mut attached = role("R");
    attached
        .attached
        .insert("arn:aws:iam::111111111111:policy/None".into());
    let refused = apply(&world, |batch| batch.put(attached)).unwrap_err();
    assert!(matches!(
        refused,
        IntegrityError::Dangling { what: "policy", .. }
    ));
    for in_use in [
        Row::from(group("Developers")),
        Row::from(policy("Read")),
        Row::from(account(DEV)),
    ] {
        let refused = apply(&world, |batch| batch.delete_row(in_use)).unwrap_err();
        assert!(matches!(refused, IntegrityError::InUse { .. }), "{refused}");
    }
    let refused = apply(&world, |batch| batch.delete_row(user("Nobody"))).unwrap_err();
    assert!(matches!(refused, IntegrityError::NoRow(_)));
    let mut foreign = user("Foreign");
    foreign.account = "222222222222".parse().unwrap();
    let refused = apply(&world, |batch| batch.put(foreign)).unwrap_err();
    assert!(matches!(refused, IntegrityError::NoAccount(_)));
    let mut renamed = policy("Read");
    renamed.name = "Reader".into();
    let refused = apply(&world, |batch| batch.put(renamed)).unwrap_err();
    assert!(matches!(
        refused,
        IntegrityError::InUse { .. } | IntegrityError::Dangling { .. }
    ));
}

#[test]
fn a_batch_belongs_to_one_revision_and_is_bounded() {
    let world = world();
    let stale = Batch::new(0);
    assert!(matches!(
        world.apply(&stale),
        Err(IntegrityError::OtherRevision { made: 0, head: 1 })
    ));
    let refused = apply(&world, |batch| {
        (0..=100).for_each(|n| batch.put(user(&format!("u{n}"))))
    })
    .unwrap_err();
    assert_eq!(refused, IntegrityError::TooLarge(101));
}

#[test]
fn listings_page_in_the_order_of_names() {
    let world = apply(&world(), |batch| {
        for name in ["b-2", "a-1", "c.3"] {
            batch.put(bucket(name));
        }
        batch.put(user("alice"));
        batch.put(user("Zoe"));
    })
    .unwrap();
    let names: Vec<&str> = world
        .buckets_of(&dev(), "a-1")
        .map(|bucket| bucket.name.as_str())
        .collect();
    assert_eq!(names, ["b-2", "c.3"]);
    let node = world.account(&dev()).unwrap();
    let names: Vec<&str> = names_after(&node.users, "Alice")
        .map(|user| user.name.as_str())
        .collect();
    assert_eq!(names, ["John", "Zoe"]);
    assert_eq!(names_after(&node.users, "").count(), 3);
}

/// Everything the indexes say, in an order that does not hang on how they came about.
fn dump(snapshot: &Snapshot) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for row in snapshot.rows() {
        all.insert(format!("row {}", row.key()), format!("{row:?}"));
    }
    let sorted = |lines: Vec<String>| lines.into_iter().collect::<BTreeSet<_>>();
    all.insert(
        "ids".into(),
        format!(
            "{:?}",
            sorted(
                snapshot
                    .indexes
                    .unique_ids
                    .iter()
                    .map(|e| format!("{e:?}"))
                    .collect()
            )
        ),
    );
    all.insert(
        "keys".into(),
        format!(
            "{:?}",
            sorted(
                snapshot
                    .indexes
                    .access_keys
                    .iter()
                    .map(|e| format!("{e:?}"))
                    .collect()
            )
        ),
    );
    all.insert(
        "aliases".into(),
        format!(
            "{:?}",
            sorted(
                snapshot
                    .indexes
                    .aliases
                    .iter()
                    .map(|e| format!("{e:?}"))
                    .collect()
            )
        ),
    );
    all.insert(
        "emails".into(),
        format!(
            "{:?}",
            sorted(
                snapshot
                    .indexes
                    .emails
                    .iter()
                    .map(|e| format!("{e:?}"))
                    .collect()
            )
        ),
    );
    for node in snapshot.accounts() {
        for (group, users) in node.members.iter() {
            all.insert(
                format!("members {group}"),
                format!("{:?}", users.iter().collect::<Vec<_>>()),
            );
        }
        for (arn, attached) in node.attachments.iter() {
            let sets = [
                &attached.users,
                &attached.groups,
                &attached.roles,
                &attached.boundary_users,
                &attached.boundary_roles,
            ];
            let sets: Vec<Vec<&String>> =
                sets.into_iter().map(|set| set.iter().collect()).collect();
            all.insert(format!("attached {arn}"), format!("{sets:?}"));
        }
        all.insert(
            "buckets".into(),
            format!("{:?}", node.bucket_names.iter().collect::<Vec<_>>()),
        );
    }
    all
}

fn assert_same_as_rebuilt(snapshot: &Snapshot) {
    let rebuilt = empty()
        .load(snapshot.revision(), snapshot.rows().collect())
        .unwrap();
    assert_eq!(dump(snapshot), dump(&rebuilt));
}

/// Random changes, allowed or not: after each, the indexes are those of a directory loaded from the same rows.
#[test]
fn any_history_leaves_the_indexes_of_its_last_state() {
    for seed in 0..8 {
        let random = SeededRandom::new(seed);
        let draw = |below: u8| {
            let mut byte = [0];
            random.fill(&mut byte);
            byte[0] % below
        };
        let mut snapshot = apply(&empty(), |batch| batch.put(account(DEV))).unwrap();
        let mut refused = 0;
        for _ in 0..300 {
            let mut batch = Batch::new(snapshot.revision());
            for _ in 0..=draw(3) {
                let name = format!("n{}", draw(5));
                let policy_arn = format!("arn:aws:iam::111111111111:policy/n{}", draw(5));
                let row = match draw(5) {
                    0 => {
                        let mut user = user(&name);
                        user.name = format!("N{}", draw(5));
                        for group in 0..draw(3) {
                            user.groups.insert(format!("AGPAn{group}"));
                        }
                        user.attached
                            .extend((draw(2) == 0).then(|| policy_arn.clone()));
                        user.boundary = (draw(3) == 0).then_some(policy_arn);
                        for key in 0..draw(3) {
                            user.access_keys
                                .push(access_key(&format!("AKIA{name}{key}"), "s"));
                        }
                        Row::from(user)
                    }
                    1 => {
                        let mut group = group(&name);
                        group.attached.extend((draw(2) == 0).then_some(policy_arn));
                        Row::from(group)
                    }
                    2 => {
                        let mut role = role(&name);
                        role.attached.insert(policy_arn);
                        Row::from(role)
                    }
                    3 => Row::from(policy(&name)),
                    _ => Row::from(bucket(&name)),
                };
                if draw(3) == 0 {
                    batch.delete_row(row);
                } else {
                    batch.put(row);
                }
            }
            match snapshot.apply(&batch) {
                Ok(next) => snapshot = next,
                Err(_) => refused += 1,
            }
            assert_same_as_rebuilt(&snapshot);
        }
        assert!(
            refused > 20 && snapshot.revision() > 50,
            "{refused} refused, {} made",
            snapshot.revision()
        );
    }
}

#[test]
fn an_update_shares_what_it_did_not_touch() {
    let world = world();
    let next = apply(&world, |batch| {
        let mut changed = john(&world);
        changed.path = "/staff/".into();
        batch.put(changed);
    })
    .unwrap();
    let (before, after) = (
        world.account(&dev()).unwrap(),
        next.account(&dev()).unwrap(),
    );
    assert!(Arc::ptr_eq(
        before.role("UpdateApp").unwrap(),
        after.role("UpdateApp").unwrap()
    ));
    assert!(before.roles.ptr_eq(&after.roles));
}

fn device(name: &str, owner: Option<DeviceOwner>) -> MfaDevice {
    MfaDevice {
        account: dev(),
        id: format!("AMFA{name}"),
        name: name.to_owned(),
        path: "/".to_owned(),
        created: 5,
        seed: Secret::new("ABCDEFGH").into(),
        tags: Vec::new(),
        enabled: owner.map(|owner| EnabledDevice {
            owner,
            since: 6,
            drift: 0,
            last_step: 7,
        }),
    }
}

#[test]
fn devices_are_found_by_their_owner_and_keep_the_owner_from_being_deleted() {
    let john = || DeviceOwner::User("AIDAJohn".into());
    let snapshot = apply(&world(), |batch| {
        batch.put(device("phone", Some(john())));
        batch.put(device("tablet", Some(john())));
        batch.put(device("root-phone", Some(DeviceOwner::Root)));
        batch.put(device("spare", None));
    })
    .unwrap();
    let of = |snapshot: &Snapshot, owner| {
        let node = snapshot.account(&dev()).unwrap();
        let names = node.devices_of(&owner).map(|device| device.name.clone());
        names.collect::<Vec<_>>()
    };
    assert_eq!(of(&snapshot, john()), ["phone", "tablet"]);
    assert_eq!(of(&snapshot, DeviceOwner::Root), ["root-phone"]);
    let node = snapshot.account(&dev()).unwrap();
    assert_eq!(
        (node.mfa_devices.size(), node.enabled_device_count()),
        (4, 3)
    );
    let serial = "arn:aws:iam::111111111111:mfa/phone";
    assert_eq!(node.mfa_device(serial).unwrap().name, "phone");
    assert!(
        node.mfa_device("arn:aws:iam::111111111111:mfa/Phone")
            .is_none(),
        "an ARN is compared as it stands"
    );
    assert!(matches!(
        apply(&snapshot, |batch| batch.delete_row(user("John"))),
        Err(IntegrityError::InUse { .. })
    ));
    let nobody = DeviceOwner::User("AIDANobody".into());
    assert!(matches!(
        apply(&snapshot, |batch| batch.put(device("odd", Some(nobody)))),
        Err(IntegrityError::Dangling { .. })
    ));
    // Given up and taken by somebody else, all in one batch.
    let moved = apply(&snapshot, |batch| {
        batch.put(device("phone", None));
        batch.put(device("tablet", Some(DeviceOwner::Root)));
        batch.delete_row(user("John"));
    })
    .unwrap();
    assert_eq!(of(&moved, john()), [""; 0]);
    assert_eq!(of(&moved, DeviceOwner::Root), ["root-phone", "tablet"]);
}

#[test]
fn a_role_stays_while_it_is_in_an_instance_profile() {
    let profile = |role: Option<&str>| InstanceProfile {
        account: dev(),
        id: "AIPAweb".into(),
        name: "Web".into(),
        path: "/".into(),
        created: 1,
        role: role.map(Into::into),
        tags: Vec::new(),
    };
    let start = apply(&Snapshot::empty(Default::default()), |batch| {
        batch.put(account(DEV));
        batch.put(role("Deploy"));
        batch.put(profile(Some("AROADeploy")));
    })
    .unwrap();
    let node = start.account(&dev()).unwrap();
    let names: Vec<_> = node
        .profiles_of_role("AROADeploy")
        .map(|p| &p.name)
        .collect();
    assert_eq!(names, ["Web"]);
    assert!(matches!(
        apply(&start, |batch| batch.delete_row(role("Deploy"))),
        Err(IntegrityError::InUse { .. })
    ));
    assert!(matches!(
        apply(&start, |batch| batch.put(profile(Some("AROAgone")))),
        Err(IntegrityError::Dangling { what: "role", .. })
    ));
    let emptied = apply(&start, |batch| {
        batch.put(profile(None));
        batch.delete_row(role("Deploy"));
    })
    .unwrap();
    assert_eq!(emptied.rows().count(), 2);
}
