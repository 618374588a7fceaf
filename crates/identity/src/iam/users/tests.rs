use super::*;
use crate::{
    iam::{
        groups::{AddUserToGroup, DeleteGroup},
        user_tags::{
            DeleteUserPermissionsBoundary, ListUserTags, PutUserPermissionsBoundary, TagUser,
            UntagUser,
        },
    },
    testing::{ALLOW_ALL, START, TestWorld, allow, assert_denied, assert_refused, root},
};

const A: &str = "081278057606";
const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

fn tag(key: &str, value: &str) -> shapes::Tag {
    shapes::Tag {
        key: key.into(),
        value: value.into(),
    }
}

fn create(name: &str) -> shapes::CreateUserInput {
    shapes::CreateUserInput {
        user_name: name.into(),
        ..Default::default()
    }
}

fn get(name: Option<&str>) -> shapes::GetUserInput {
    shapes::GetUserInput {
        user_name: name.map(str::to_owned),
    }
}

#[test]
fn a_user_is_made_shown_and_deleted() {
    let world = TestWorld::new(&[A]);
    let made = world
        .change::<CreateUser>(
            &root(A),
            shapes::CreateUserInput {
                path: Some("/team/".into()),
                tags: Some(vec![tag("b", "2"), tag("a", "1")]),
                permissions_boundary: Some(ADMINISTRATOR.into()),
                ..create("David")
            },
        )
        .expect("made")
        .user
        .expect("a user");
    assert_eq!(made.arn, "arn:aws:iam::081278057606:user/team/David");
    assert!(made.user_id.starts_with("AIDA"));
    assert_eq!(made.create_date.0, START);
    let shown = world
        .read::<GetUser>(&root(A), get(Some("david")))
        .expect("case does not count")
        .user;
    assert_eq!(shown.user_name.as_deref(), Some("David"));
    assert_eq!(shown.tags, Some(vec![tag("a", "1"), tag("b", "2")]));
    assert_eq!(
        shown
            .permissions_boundary
            .and_then(|b| b.permissions_boundary_arn),
        Some(ADMINISTRATOR.to_owned())
    );
    let listed = world
        .read::<ListUsers>(&root(A), shapes::ListUsersInput::default())
        .expect("listed");
    assert_eq!(listed.is_truncated, Some(false));
    assert!(listed.users[0].tags.is_none() && listed.users[0].permissions_boundary.is_none());
    let delete = || shapes::DeleteUserInput {
        user_name: "David".into(),
    };
    world
        .change::<DeleteUser>(&root(A), delete())
        .expect("deleted");
    assert_refused(
        world.change::<DeleteUser>(&root(A), delete()),
        "NoSuchEntity",
        "The user with name David cannot be found.",
    );
}

#[test]
fn without_a_name_one_gets_oneself() {
    let world = TestWorld::new(&[A]);
    let shown = world
        .read::<GetUser>(&root(A), get(None))
        .expect("root")
        .user;
    assert_eq!(shown.arn, "arn:aws:iam::081278057606:root");
    assert_eq!(shown.user_id, A);
    assert_eq!((shown.user_name, shown.path), (None, None));
    let own = allow(
        "iam:GetUser",
        "arn:aws:iam::081278057606:user/${aws:username}",
    );
    let amy = world.user(A, "Amy", &own);
    world.user(A, "Bob", "");
    let shown = world
        .read::<GetUser>(&amy, get(None))
        .expect("herself")
        .user;
    assert_eq!(shown.user_name.as_deref(), Some("Amy"));
    assert_denied(world.read::<GetUser>(&amy, get(Some("Bob"))), "user Bob");
    let session = world.role_session(A, "Tester", "amy");
    assert_refused(
        world.read::<GetUser>(&session, get(None)),
        "ValidationError",
        "Must specify userName when calling with non-User credentials",
    );
    world
        .read::<GetUser>(&session, get(Some("Amy")))
        .expect("by name");
}

#[test]
fn a_stranger_learns_nothing_of_who_exists() {
    let world = TestWorld::new(&[A]);
    let amy = world.user(A, "Amy", "");
    world.user(A, "Bob", "");
    assert_denied(world.read::<GetUser>(&amy, get(Some("Bob"))), "user Bob");
    assert_denied(world.read::<GetUser>(&amy, get(Some("Eve"))), "user Eve");
    assert_denied(
        world.change::<CreateUser>(&amy, create("Bob")),
        "arn:aws:iam::081278057606:user/Bob",
    );
    assert_denied(
        world.read::<ListUsers>(&amy, shapes::ListUsersInput::default()),
        "arn:aws:iam::081278057606:user/",
    );
}

#[test]
fn creating_with_tags_takes_the_permission_to_tag() {
    let world = TestWorld::new(&[A]);
    let policy = allow("iam:CreateUser", "arn:aws:iam::081278057606:user/team/*");
    let amy = world.user(A, "Amy", &policy);
    let input = |tags| shapes::CreateUserInput {
        path: Some("/team/".into()),
        tags,
        ..create("Bob")
    };
    assert_denied(
        world.change::<CreateUser>(&amy, input(Some(vec![tag("k", "v")]))),
        "arn:aws:iam::081278057606:user/team/Bob",
    );
    assert_denied(
        world.change::<CreateUser>(&amy, create("Bob")),
        "arn:aws:iam::081278057606:user/Bob",
    );
    world
        .change::<CreateUser>(&amy, input(None))
        .expect("without tags");
}

#[test]
fn a_boundary_can_be_demanded_of_those_who_make_users() {
    let world = TestWorld::new(&[A]);
    let policy = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":["iam:CreateUser","iam:DeleteUserPermissionsBoundary"],"Resource":"*",
            "Condition":{{"StringEquals":{{"iam:PermissionsBoundary":"{ADMINISTRATOR}"}}}}}}}}"#
    );
    let amy = world.user(A, "Amy", &policy);
    assert_denied(
        world.change::<CreateUser>(&amy, create("Bob")),
        "arn:aws:iam::081278057606:user/Bob",
    );
    let bounded = shapes::CreateUserInput {
        permissions_boundary: Some(ADMINISTRATOR.into()),
        ..create("Bob")
    };
    world.change::<CreateUser>(&amy, bounded).expect("bounded");
    let remove = |name: &str| shapes::DeleteUserPermissionsBoundaryInput {
        user_name: name.into(),
    };
    assert_denied(
        world.change::<DeleteUserPermissionsBoundary>(&amy, remove("Amy")),
        "user Amy",
    );
    world
        .change::<DeleteUserPermissionsBoundary>(&amy, remove("Bob"))
        .expect("the boundary it has is the key");
}

#[test]
fn names_are_unique_without_regard_to_case() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", "");
    world.user(A, "Bob", "");
    assert_refused(
        world.change::<CreateUser>(&root(A), create("AMY")),
        "EntityAlreadyExists",
        "User with name AMY already exists.",
    );
    let rename = |from: &str, to: &str| shapes::UpdateUserInput {
        user_name: from.into(),
        new_user_name: Some(to.into()),
        new_path: None,
    };
    assert_refused(
        world.change::<UpdateUser>(&root(A), rename("Bob", "amy")),
        "EntityAlreadyExists",
        "User with name amy already exists.",
    );
    world
        .change::<UpdateUser>(&root(A), rename("Bob", "BOB"))
        .expect("its own name");
    assert_refused(
        world.change::<UpdateUser>(&root(A), rename("Eve", "Eva")),
        "NoSuchEntity",
        "The user with name Eve cannot be found.",
    );
}

#[test]
fn renaming_takes_both_names_and_keeps_who_it_is() {
    let world = TestWorld::new(&[A]);
    let amy = world.user(
        A,
        "Amy",
        &allow("iam:UpdateUser", "arn:aws:iam::081278057606:user/Bob"),
    );
    let bob = world.user(A, "Bob", ALLOW_ALL);
    let rename = || shapes::UpdateUserInput {
        user_name: "Bob".into(),
        new_user_name: Some("Admin".into()),
        new_path: Some("/x/".into()),
    };
    assert_denied(world.change::<UpdateUser>(&amy, rename()), "user Admin");
    world
        .change::<UpdateUser>(&root(A), rename())
        .expect("renamed");
    let shown = world
        .read::<GetUser>(&bob, get(None))
        .expect("still who he was")
        .user;
    assert_eq!(shown.arn, "arn:aws:iam::081278057606:user/x/Admin");
}

#[test]
fn what_is_left_keeps_a_user_from_deletion() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", ALLOW_ALL);
    world.group(A, "Developers");
    let delete = || shapes::DeleteUserInput {
        user_name: "Amy".into(),
    };
    assert_refused(
        world.change::<DeleteUser>(&root(A), delete()),
        "DeleteConflict",
        "Cannot delete entity, must delete policies first.",
    );
    world
        .change::<AddUserToGroup>(
            &root(A),
            shapes::AddUserToGroupInput {
                group_name: "Developers".into(),
                user_name: "Amy".into(),
            },
        )
        .expect("added");
    let conflict = "Cannot delete entity, must remove users from group first.";
    assert_refused(
        world.change::<DeleteUser>(&root(A), delete()),
        "DeleteConflict",
        conflict,
    );
    assert_refused(
        world.change::<DeleteGroup>(
            &root(A),
            shapes::DeleteGroupInput {
                group_name: "Developers".into(),
            },
        ),
        "DeleteConflict",
        conflict,
    );
}

#[test]
fn lists_go_in_pages_and_by_path() {
    let world = TestWorld::new(&[A]);
    for (path, name) in [
        ("/", "a"),
        ("/x/", "B"),
        ("/x/", "c"),
        ("/y/", "d"),
        ("/x/", "E"),
    ] {
        let input = shapes::CreateUserInput {
            path: Some(path.into()),
            ..create(name)
        };
        world.change::<CreateUser>(&root(A), input).expect("made");
    }
    let mut marker = None;
    let mut seen = Vec::new();
    loop {
        let page = world
            .read::<ListUsers>(
                &root(A),
                shapes::ListUsersInput {
                    path_prefix: Some("/x/".into()),
                    marker,
                    max_items: Some(1),
                },
            )
            .expect("a page");
        assert_eq!(page.is_truncated, Some(page.marker.is_some()));
        seen.extend(page.users.into_iter().map(|user| user.user_name));
        marker = page.marker;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["B", "c", "E"]);
    assert_refused(
        world.read::<ListUsers>(
            &root(A),
            shapes::ListUsersInput {
                marker: Some("!".into()),
                ..Default::default()
            },
        ),
        "ValidationError",
        "Invalid Marker.",
    );
}

#[test]
fn tags_have_rules() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", "");
    let put = |tags: Vec<shapes::Tag>| {
        let input = shapes::TagUserInput {
            user_name: "Amy".into(),
            tags,
        };
        world.change::<TagUser>(&root(A), input)
    };
    let list = || {
        let input = shapes::ListUserTagsInput {
            user_name: "Amy".into(),
            ..Default::default()
        };
        world
            .read::<ListUserTags>(&root(A), input)
            .expect("tags")
            .tags
    };
    put(vec![tag("Department", "Sales"), tag("Cost", "1")]).expect("tagged");
    put(vec![tag("department", "Law")]).expect("replaced");
    assert_eq!(list(), [tag("Cost", "1"), tag("department", "Law")]);
    assert_refused(
        put(vec![tag("k", "1"), tag("K", "2")]),
        "InvalidInput",
        "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    );
    assert_eq!(
        put(vec![tag("AWS:x", "1")]).expect_err("reserved").code,
        "InvalidInput"
    );
    let many = |from: u32| {
        (from..from + 25)
            .map(|i| tag(&format!("k{i}"), ""))
            .collect()
    };
    put(many(0)).expect("27");
    assert_refused(
        put(many(100)),
        "LimitExceeded",
        "The number of tags has reached the maximum limit. It is 50 (TagsPerUser).",
    );
    let mut keys: Vec<String> = (0..25).map(|i| format!("K{i}")).collect();
    keys.push("absent".into());
    let input = shapes::UntagUserInput {
        user_name: "Amy".into(),
        tag_keys: keys,
    };
    world
        .change::<UntagUser>(&root(A), input)
        .expect("untagged");
    assert_eq!(list().len(), 2);
}

#[test]
fn tags_of_user_and_request_decide() {
    let world = TestWorld::new(&[A]);
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:TagUser","Resource":"*","Condition":{
        "StringEquals":{"iam:ResourceTag/team":"${aws:PrincipalTag/team}","aws:RequestTag/stage":"test"},
        "ForAllValues:StringEquals":{"aws:TagKeys":["stage"]}}}}"#;
    let amy = world.user(A, "Amy", policy);
    world.user(A, "Bob", "");
    let put = |caller: &twinlock_gate::Caller, who: &str, tags| {
        let input = shapes::TagUserInput {
            user_name: who.into(),
            tags,
        };
        world.change::<TagUser>(caller, input)
    };
    let stage = |value: &str| vec![tag("stage", value)];
    assert_denied(
        put(&amy, "Bob", stage("test")),
        "arn:aws:iam::081278057606:user/Bob",
    );
    for who in ["Amy", "Bob"] {
        put(&root(A), who, vec![tag("Team", "Blue")]).expect("tagged");
    }
    put(&amy, "Bob", stage("test")).expect("one team");
    assert_denied(
        put(&amy, "Bob", stage("prod")),
        "arn:aws:iam::081278057606:user/Bob",
    );
    let two = vec![tag("stage", "test"), tag("other", "x")];
    assert_denied(put(&amy, "Bob", two), "arn:aws:iam::081278057606:user/Bob");
}

#[test]
fn a_boundary_must_be_a_policy_that_exists() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", "");
    let put = |arn: &str| {
        let input = shapes::PutUserPermissionsBoundaryInput {
            user_name: "Amy".into(),
            permissions_boundary: arn.into(),
        };
        world.change::<PutUserPermissionsBoundary>(&root(A), input)
    };
    assert_refused(
        put("arn:aws:s3:::bucket-of-someone"),
        "ValidationError",
        "Value (arn:aws:s3:::bucket-of-someone) for parameter PermissionsBoundary is invalid.",
    );
    assert_refused(
        put("arn:aws:iam::081278057606:policy/absent"),
        "NoSuchEntity",
        "Scope ARN: arn:aws:iam::081278057606:policy/absent does not exist or is not attachable.",
    );
    put(ADMINISTRATOR).expect("set");
}
