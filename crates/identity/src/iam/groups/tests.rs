use super::*;
use crate::{
    iam::users::GetUser,
    testing::{TestWorld, allow, assert_denied, assert_refused, root},
};

const A: &str = "081278057606";

fn add(group: &str, user: &str) -> shapes::AddUserToGroupInput {
    shapes::AddUserToGroupInput {
        group_name: group.into(),
        user_name: user.into(),
    }
}

fn create(name: &str) -> shapes::CreateGroupInput {
    shapes::CreateGroupInput {
        group_name: name.into(),
        path: None,
    }
}

fn get(name: &str) -> shapes::GetGroupInput {
    shapes::GetGroupInput {
        group_name: name.into(),
        ..Default::default()
    }
}

#[test]
fn a_group_is_made_filled_shown_emptied_and_deleted() {
    let world = TestWorld::new(&[A]);
    let made = world
        .change::<CreateGroup>(
            &root(A),
            shapes::CreateGroupInput {
                path: Some("/x/".into()),
                ..create("Developers")
            },
        )
        .expect("made")
        .group;
    assert_eq!(made.arn, "arn:aws:iam::081278057606:group/x/Developers");
    assert!(made.group_id.starts_with("AGPA"));
    for name in ["c", "A", "b"] {
        world.user(A, name, "");
        world
            .change::<AddUserToGroup>(&root(A), add("developers", name))
            .expect("added");
    }
    // Once more changes nothing.
    world
        .change::<AddUserToGroup>(&root(A), add("Developers", "b"))
        .expect("added");
    let page = world
        .read::<GetGroup>(
            &root(A),
            shapes::GetGroupInput {
                max_items: Some(2),
                ..get("Developers")
            },
        )
        .expect("shown");
    let names = |users: &[shapes::User]| {
        users
            .iter()
            .map(|u| u.user_name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&page.users), ["A", "b"]);
    assert_eq!(page.is_truncated, Some(true));
    let rest = world
        .read::<GetGroup>(
            &root(A),
            shapes::GetGroupInput {
                marker: page.marker,
                ..get("Developers")
            },
        )
        .expect("shown");
    assert_eq!(
        (names(&rest.users), rest.is_truncated),
        (vec!["c".to_owned()], Some(false))
    );
    let of_user = world
        .read::<ListGroupsForUser>(
            &root(A),
            shapes::ListGroupsForUserInput {
                user_name: "A".into(),
                ..Default::default()
            },
        )
        .expect("listed");
    assert_eq!(of_user.groups, [made]);
    for name in ["c", "A", "b", "b"] {
        let input = shapes::RemoveUserFromGroupInput {
            group_name: "Developers".into(),
            user_name: name.into(),
        };
        world
            .change::<RemoveUserFromGroup>(&root(A), input)
            .expect("removed");
    }
    let delete = || shapes::DeleteGroupInput {
        group_name: "Developers".into(),
    };
    world
        .change::<DeleteGroup>(&root(A), delete())
        .expect("deleted");
    assert_refused(
        world.change::<DeleteGroup>(&root(A), delete()),
        "NoSuchEntity",
        "The group with name Developers cannot be found.",
    );
}

#[test]
fn membership_counts_with_the_next_decision() {
    let world = TestWorld::new(&[A]);
    let amy = world.user(A, "Amy", "");
    world.group_with(A, "Readers", &allow("iam:GetUser", "*"));
    let read = || world.read::<GetUser>(&amy, shapes::GetUserInput::default());
    assert_denied(read(), "user Amy");
    world
        .change::<AddUserToGroup>(&root(A), add("Readers", "Amy"))
        .expect("added");
    read().expect("a reader");
    let rename = shapes::UpdateGroupInput {
        group_name: "Readers".into(),
        new_group_name: Some("Lookers".into()),
        new_path: Some("/x/".into()),
    };
    world
        .change::<UpdateGroup>(&root(A), rename)
        .expect("renamed");
    read().expect("still in it");
    let input = shapes::RemoveUserFromGroupInput {
        group_name: "Lookers".into(),
        user_name: "Amy".into(),
    };
    world
        .change::<RemoveUserFromGroup>(&root(A), input)
        .expect("removed");
    assert_denied(read(), "user Amy");
}

#[test]
fn clashes_absences_and_quotas_are_told() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", "");
    for number in 0..11 {
        world.group(A, &format!("g{number}"));
    }
    assert_refused(
        world.change::<CreateGroup>(&root(A), create("G0")),
        "EntityAlreadyExists",
        "Group with name G0 already exists.",
    );
    let rename = |to: &str| shapes::UpdateGroupInput {
        group_name: "g0".into(),
        new_group_name: Some(to.into()),
        new_path: None,
    };
    assert_refused(
        world.change::<UpdateGroup>(&root(A), rename("G1")),
        "EntityAlreadyExists",
        "Group with name G1 already exists.",
    );
    world
        .change::<UpdateGroup>(&root(A), rename("G0"))
        .expect("its own name");
    assert_refused(
        world.change::<AddUserToGroup>(&root(A), add("g0", "Eve")),
        "NoSuchEntity",
        "The user with name Eve cannot be found.",
    );
    assert_refused(
        world.change::<AddUserToGroup>(&root(A), add("absent", "Amy")),
        "NoSuchEntity",
        "The group with name absent cannot be found.",
    );
    for number in 0..10 {
        world
            .change::<AddUserToGroup>(&root(A), add(&format!("g{number}"), "Amy"))
            .expect("within the quota");
    }
    assert_refused(
        world.change::<AddUserToGroup>(&root(A), add("g10", "Amy")),
        "LimitExceeded",
        "Cannot exceed quota for GroupsPerUser: 10",
    );
    let listed = world
        .read::<ListGroups>(&root(A), shapes::ListGroupsInput::default())
        .expect("listed");
    assert_eq!(listed.groups.len(), 11);
}

#[test]
fn permissions_are_asked_on_the_group() {
    let world = TestWorld::new(&[A]);
    let policy = allow("iam:AddUserToGroup", "arn:aws:iam::081278057606:group/Open");
    let amy = world.user(A, "Amy", &policy);
    world.group(A, "Open");
    world.group(A, "Closed");
    world
        .change::<AddUserToGroup>(&amy, add("Open", "Amy"))
        .expect("allowed");
    assert_denied(
        world.change::<AddUserToGroup>(&amy, add("Closed", "Amy")),
        "group Closed",
    );
    assert_denied(
        world.change::<CreateGroup>(&amy, create("New")),
        "arn:aws:iam::081278057606:group/New",
    );
    assert_denied(world.read::<GetGroup>(&amy, get("Open")), "group Open");
    assert_denied(
        world.read::<ListGroups>(&amy, shapes::ListGroupsInput::default()),
        "arn:aws:iam::081278057606:group/",
    );
}
