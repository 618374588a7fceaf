//! What must not grow with an account: the work for a page of a listing, for a decision, for a change. It is counted, not
//! timed: the entities looked at, or what the thread allocates.

use std::{cell::Cell, sync::Arc};

use allocation_counter::measure;
use twinlock_directory::{
    Group, ManagedPolicy, PolicyVersion, Row, StoredPolicy, User, names_after,
};
use twinlock_gate::{Caller, Who};
use twinlock_shapes::iam as shapes;

use crate::{
    iam::{
        authorization_details::GetAccountAuthorizationDetails, common::Cursor, groups,
        managed_policies::ListPolicies, policy_entities::ListEntitiesForPolicy, users,
    },
    sts::doors::Doors,
    testing::{START, TestWorld, allow, caller, root},
};

const A: &str = "111111111111";
/// Enough that work which grows with it cannot be overlooked.
const USERS: usize = 3000;
const PAGE: i32 = 100;

fn crowd() -> TestWorld {
    let world = TestWorld::new(&[A]);
    for n in 0..USERS {
        world.user(A, &format!("user-{n:05}"), "");
    }
    world
}

#[test]
fn a_page_costs_what_stands_on_it_and_no_page_is_lost() {
    let world = crowd();
    let snapshot = world.world.directory.published();
    let node = snapshot.account(&A.parse().expect("id")).expect("there");
    let mut marker: Option<String> = None;
    let mut seen = 0;
    loop {
        let looked_at = Cell::new(0);
        let cursor = Cursor::new(marker.as_deref(), Some(PAGE)).expect("ours");
        let all = names_after(&node.users, cursor.after())
            .inspect(|_| looked_at.set(looked_at.get() + 1));
        let page = cursor.page(all, |user| user.name.to_lowercase());
        // One more than the page, to know whether there is another.
        assert!(
            looked_at.get() <= 101,
            "{} looked at for one page",
            looked_at.get()
        );
        let input = shapes::ListUsersInput {
            marker: marker.clone(),
            max_items: Some(PAGE),
            ..Default::default()
        };
        let told = world
            .read::<users::ListUsers>(&root(A), input)
            .expect("a page");
        let names = |users: &[shapes::User]| {
            users
                .iter()
                .map(|user| user.user_name.clone())
                .collect::<Vec<_>>()
        };
        let expected: Vec<String> = page.items.iter().map(|user| user.name.clone()).collect();
        assert_eq!(names(&told.users), expected);
        seen += told.users.len();
        marker = told.marker;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(seen, USERS);
}

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"}}"#;

/// So many of each kind, everyone with a policy, all users in a group, and all with the boundary `policy-0`.
fn company(users: usize, groups: usize, roles: usize, policies: usize) -> TestWorld {
    let world = TestWorld::new(&[A]);
    let account = A.parse().expect("an account id");
    let arn = |n: usize| format!("arn:aws:iam::{A}:policy/policy-{:05}", n % policies);
    let policy = |n| ManagedPolicy {
        account,
        id: format!("ANPA{n:08}"),
        name: format!("policy-{n:05}"),
        path: "/".into(),
        created: START,
        updated: START,
        description: None,
        tags: Vec::new(),
        default_version: 1,
        versions: [(1, version())].into(),
        next_version: 2,
    };
    fn version() -> PolicyVersion {
        let text = allow("iam:Get*", "*");
        PolicyVersion {
            text: Arc::new(StoredPolicy::new(text, Default::default())),
            created: START,
        }
    }
    world.put_all((0..policies).map(|n| Row::from(policy(n))));
    world.put_all((0..groups).map(|n| {
        Row::from(Group {
            account,
            id: format!("AGPA{n:08}"),
            name: format!("group-{n:05}"),
            path: "/".into(),
            created: START,
            inline: Default::default(),
            attached: [arn(n)].into(),
        })
    }));
    world.put_all((0..users).map(|n| Row::from(employee(n, n % groups, arn(0)))));
    let mut role = world.role(A, "first", TRUST, "");
    world.put_all((1..roles).map(|n| {
        role.id = format!("AROA{n:08}");
        role.name = format!("role-{n:05}");
        role.attached = [arn(n)].into();
        Row::from(role.clone())
    }));
    world
}

fn employee(n: usize, group: usize, boundary: String) -> User {
    User {
        account: A.parse().expect("an account id"),
        id: format!("AIDA{n:08}"),
        name: format!("user-{n:05}"),
        path: "/".into(),
        created: START,
        tags: Vec::new(),
        inline: Default::default(),
        attached: Default::default(),
        boundary: Some(boundary),
        groups: [format!("AGPA{group:08}")].into(),
        access_keys: Vec::new(),
        login: None,
        other_credentials: Default::default(),
    }
}

fn as_user(n: usize) -> Caller {
    caller(Who::User {
        account: A.parse().expect("an account id"),
        id: format!("AIDA{n:08}"),
    })
}

/// What a call allocates once the policies it meets are compiled.
fn allocated(mut call: impl FnMut()) -> u64 {
    call();
    measure(call).count_total
}

/// What each page allocates when all are followed to the end; `page` gives the next marker and how many stood there.
fn pages(mut page: impl FnMut(Option<String>) -> (Option<String>, usize)) -> (Vec<u64>, usize) {
    let (mut counts, mut seen) = (Vec::new(), 0);
    let mut marker = None;
    loop {
        let mut next = (None, 0);
        counts.push(allocated(|| next = page(marker.clone())));
        seen += next.1;
        marker = next.0;
        if marker.is_none() {
            return (counts, seen);
        }
    }
}

#[test]
fn in_an_account_of_seventeen_thousand_nothing_costs_more_than_in_a_small_one() {
    let (small, large) = (company(10, 1, 2, 1), company(10_000, 1000, 1000, 5000));
    decisions(&small, &large);
    changes(&small, &large);
    listings(&large);
}

/// Allowed by the policy of a group, and denied: the same work for anyone, anywhere.
fn decisions(small: &TestWorld, large: &TestWorld) {
    let get = |world: &TestWorld, who: usize| {
        allocated(|| {
            let input = shapes::GetUserInput {
                user_name: Some(format!("user-{who:05}")),
            };
            let told = world.read::<users::GetUser>(&as_user(who), input);
            assert!(told.is_ok(), "{told:?}");
        })
    };
    let denied = |world: &TestWorld, who: usize| {
        allocated(|| {
            let told = world.read::<groups::ListGroupsForUser>(
                &as_user(who),
                shapes::ListGroupsForUserInput {
                    user_name: format!("user-{who:05}"),
                    ..Default::default()
                },
            );
            assert!(told.is_err());
        })
    };
    let own_groups = |world: &TestWorld| {
        allocated(|| {
            let input = shapes::ListGroupsForUserInput {
                user_name: "user-00009".into(),
                ..Default::default()
            };
            let told = world.read::<groups::ListGroupsForUser>(&root(A), input);
            assert_eq!(told.expect("a list").groups.len(), 1);
        })
    };
    let all = |world| [get(world, 9), denied(world, 9), own_groups(world)];
    assert_eq!(all(small), all(large));
    assert_eq!(get(large, 9999), get(small, 9));
}

/// A change copies the paths to what it changes, which grow with the logarithm.
fn changes(small: &TestWorld, large: &TestWorld) {
    let put = |world: &TestWorld| {
        let policy = format!("arn:aws:iam::{A}:policy/policy-00000");
        let user = employee(99_999, 0, policy);
        measure(|| world.put(user)).count_total
    };
    let (few, many) = (put(small), put(large));
    assert!(
        many <= 5 * few,
        "{few} at ten users, {many} at ten thousand"
    );
}

#[test]
fn the_pages_of_a_large_group_cost_alike() {
    let world = company(3000, 1, 1, 1);
    let (counts, seen) = pages(|marker| {
        let input = shapes::GetGroupInput {
            group_name: "group-00000".into(),
            marker,
            max_items: Some(PAGE),
        };
        let told = world
            .read::<groups::GetGroup>(&root(A), input)
            .expect("a page");
        (told.marker, told.users.len())
    });
    assert_eq!((counts.len(), seen), (30, 3000));
    let (least, most) = (counts.iter().min(), counts.iter().max());
    let (least, most) = (least.expect("one"), most.expect("one"));
    assert!(*most <= least + 20, "{counts:?}");
}

/// Each page costs what stands on it: about the same from the first to the last full one.
fn listings(world: &TestWorld) {
    let even = |what: &str, (counts, seen): (Vec<u64>, usize), expected: usize| {
        assert_eq!(seen, expected, "{what}");
        let full = counts.get(..expected / 1000).expect("pages");
        let (least, most) = (full.iter().min(), full.iter().max());
        let (least, most) = (least.expect("one"), most.expect("one"));
        assert!(*most <= 2 * least, "{what}: {counts:?}");
    };
    let max_items = Some(1000);
    let details = pages(|marker| {
        let input = shapes::GetAccountAuthorizationDetailsInput {
            marker,
            max_items,
            filter: Some(vec!["User".into(), "LocalManagedPolicy".into()]),
        };
        let told = world
            .read::<GetAccountAuthorizationDetails>(&root(A), input)
            .expect("a page");
        let shown = told.user_detail_list.len() + told.policies.len();
        (told.marker, shown)
    });
    even("details", details, 15_001);
    let policies = pages(|marker| {
        let input = shapes::ListPoliciesInput {
            scope: Some("Local".into()),
            marker,
            max_items,
            ..Default::default()
        };
        let told = world.read::<ListPolicies>(&root(A), input).expect("a page");
        (told.marker, told.policies.len())
    });
    even("policies", policies, 5000);
    let entities = pages(|marker| {
        let input = shapes::ListEntitiesForPolicyInput {
            policy_arn: format!("arn:aws:iam::{A}:policy/policy-00000"),
            marker,
            max_items,
            ..Default::default()
        };
        let told = world
            .read::<ListEntitiesForPolicy>(&root(A), input)
            .expect("a page");
        let shown = told.policy_users.len() + told.policy_groups.len() + told.policy_roles.len();
        (told.marker, shown)
    });
    // All users, the one of `changes` too, and the group `group-00000`; the role `first` has none.
    even("entities", entities, 10_002);
}

/// The roles of a server that one may switch to: those of others cost a look at their text, and are not even compiled.
#[test]
fn roles_that_trust_others_cost_a_list_of_roles_nothing() {
    let world = company(1, 1, 3000, 1);
    let other = "222222222222";
    let trust = TRUST.replace(A, other);
    let mut role = world.role(A, "another", &trust, "");
    world.put_all((0..3000).map(|n| {
        role.id = format!("AROB{n:08}");
        role.name = format!("another-{n:05}");
        role.trust = Arc::new(StoredPolicy::new(trust.clone(), Default::default()));
        Row::from(role.clone())
    }));
    let caller = world.user(A, "John", &allow("sts:AssumeRole", "*"));
    let snapshot = world.world.directory.published();
    let cx = world.world.standing_of(&caller, &snapshot).expect("there");
    let doors = Doors::of(cx, "John");
    let node = snapshot.account(&A.parse().expect("id")).expect("there");
    let (mut ours, mut theirs) = (0, 0);
    for role in node.roles.values() {
        let cost = measure(|| _ = doors.to(role)).count_total;
        if role.name.starts_with("another") {
            theirs += 1;
            assert_eq!(cost, 0, "{}", role.name);
        } else {
            ours += 1;
            assert!(cost > 0);
        }
    }
    assert_eq!((ours, theirs), (3000, 3001));
}
