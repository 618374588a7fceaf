use super::*;
use crate::testing::{ALLOW_ALL, TestWorld, allow, assert_denied, assert_refused, refused, root};

const A: &str = "111111111111";
const B: &str = "222222222222";

fn create(world: &TestWorld, name: &str) -> shapes::InstanceProfile {
    let input = shapes::CreateInstanceProfileInput {
        instance_profile_name: name.into(),
        ..Default::default()
    };
    world
        .change::<CreateInstanceProfile>(&root(A), input)
        .expect("made")
        .instance_profile
}

fn adding(profile: &str, role: &str) -> shapes::AddRoleToInstanceProfileInput {
    shapes::AddRoleToInstanceProfileInput {
        instance_profile_name: profile.into(),
        role_name: role.into(),
    }
}

fn removing(profile: &str, role: &str) -> shapes::RemoveRoleFromInstanceProfileInput {
    shapes::RemoveRoleFromInstanceProfileInput {
        instance_profile_name: profile.into(),
        role_name: role.into(),
    }
}

fn get(world: &TestWorld, name: &str) -> Result<shapes::InstanceProfile, Fault> {
    let instance_profile_name = name.to_owned();
    world
        .read::<GetInstanceProfile>(
            &root(A),
            shapes::GetInstanceProfileInput {
                instance_profile_name,
            },
        )
        .map(|answer| answer.instance_profile)
}

fn delete(world: &TestWorld, name: &str) -> Result<shapes::DeleteInstanceProfileOutput, Fault> {
    let instance_profile_name = name.to_owned();
    world.change::<DeleteInstanceProfile>(
        &root(A),
        shapes::DeleteInstanceProfileInput {
            instance_profile_name,
        },
    )
}

#[test]
fn a_profile_lives_from_create_to_delete() {
    let world = TestWorld::new(&[A]);
    world.role(A, "Web", "{}", "");
    let made = create(&world, "web");
    assert_eq!(made.arn, "arn:aws:iam::111111111111:instance-profile/web");
    assert!(made.instance_profile_id.starts_with("AIPA") && made.roles.is_empty());
    let again = shapes::CreateInstanceProfileInput {
        instance_profile_name: "WEB".into(),
        ..Default::default()
    };
    assert_refused(
        world.change::<CreateInstanceProfile>(&root(A), again),
        "EntityAlreadyExists",
        "Instance Profile WEB already exists.",
    );

    world
        .change::<AddRoleToInstanceProfile>(&root(A), adding("web", "Web"))
        .expect("added");
    let got = get(&world, "web").expect("there");
    assert_eq!(got.roles[0].role_name, "Web");
    let of_role = world
        .read::<ListInstanceProfilesForRole>(
            &root(A),
            shapes::ListInstanceProfilesForRoleInput {
                role_name: "Web".into(),
                ..Default::default()
            },
        )
        .expect("listed");
    assert_eq!(of_role.instance_profiles[0].instance_profile_name, "web");

    // A profile holds one role, and neither goes while the other is in it.
    world.role(A, "Other", "{}", "");
    assert_refused(
        world.change::<AddRoleToInstanceProfile>(&root(A), adding("web", "Other")),
        "LimitExceeded",
        "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
    );
    let conflict = "Cannot delete entity, must remove roles from instance profile first.";
    assert_refused(delete(&world, "web"), "DeleteConflict", conflict);
    let delete_role = || shapes::DeleteRoleInput {
        role_name: "Web".into(),
    };
    assert_refused(
        world.change::<roles::DeleteRole>(&root(A), delete_role()),
        "DeleteConflict",
        conflict,
    );

    assert_eq!(
        refused(world.change::<RemoveRoleFromInstanceProfile>(&root(A), removing("web", "Other")))
            .0,
        "NoSuchEntity"
    );
    world
        .change::<RemoveRoleFromInstanceProfile>(&root(A), removing("web", "Web"))
        .expect("removed");
    world
        .change::<roles::DeleteRole>(&root(A), delete_role())
        .expect("deleted");
    delete(&world, "web").expect("deleted");
    assert_refused(
        get(&world, "web"),
        "NoSuchEntity",
        "Instance Profile web cannot be found.",
    );
}

#[test]
fn lists_go_by_name_path_and_page() {
    let world = TestWorld::new(&[A]);
    for (name, path) in [("b", "/x/"), ("A", "/"), ("c", "/x/")] {
        let input = shapes::CreateInstanceProfileInput {
            instance_profile_name: name.into(),
            path: Some(path.into()),
            ..Default::default()
        };
        world
            .change::<CreateInstanceProfile>(&root(A), input)
            .expect("made");
    }
    let mut marker = None;
    let mut seen = Vec::new();
    loop {
        let input = shapes::ListInstanceProfilesInput {
            max_items: Some(1),
            marker,
            ..Default::default()
        };
        let page = world
            .read::<ListInstanceProfiles>(&root(A), input)
            .expect("a page");
        seen.extend(
            page.instance_profiles
                .into_iter()
                .map(|p| p.instance_profile_name),
        );
        marker = page.marker;
        if marker.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["A", "b", "c"]);
    let input = shapes::ListInstanceProfilesInput {
        path_prefix: Some("/x/".into()),
        ..Default::default()
    };
    let under = world
        .read::<ListInstanceProfiles>(&root(A), input)
        .expect("listed");
    assert_eq!(under.instance_profiles.len(), 2);
}

#[test]
fn tags_come_and_go_and_are_conditions() {
    let world = TestWorld::new(&[A]);
    create(&world, "web");
    let tag = |input: &[(&str, &str)]| shapes::TagInstanceProfileInput {
        instance_profile_name: "web".into(),
        tags: input
            .iter()
            .map(|(key, value)| shapes::Tag {
                key: (*key).into(),
                value: (*value).into(),
            })
            .collect(),
    };
    world
        .change::<TagInstanceProfile>(&root(A), tag(&[("team", "blue"), ("env", "dev")]))
        .expect("tagged");
    let list = || shapes::ListInstanceProfileTagsInput {
        instance_profile_name: "web".into(),
        ..Default::default()
    };
    let tags = world
        .read::<ListInstanceProfileTags>(&root(A), list())
        .expect("tags")
        .tags;
    assert_eq!((tags.len(), tags[0].key.as_str()), (2, "env"));
    let blue = world.user(
        A,
        "blue",
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*",
            "Condition":{"StringEquals":{"aws:ResourceTag/team":"blue"}}}}"#,
    );
    let untag = || shapes::UntagInstanceProfileInput {
        instance_profile_name: "web".into(),
        tag_keys: vec!["team".into()],
    };
    world
        .change::<UntagInstanceProfile>(&blue, untag())
        .expect("its own");
    assert_denied(
        world.change::<UntagInstanceProfile>(&blue, untag()),
        "instance profile web",
    );
}

#[test]
fn handing_a_role_over_needs_pass_role_on_that_role() {
    let world = TestWorld::new(&[A, B]);
    create(&world, "web");
    world.role(A, "Web", "{}", "");
    let add = "iam:AddRoleToInstanceProfile";
    let only_adds = world.user(A, "adder", &allow(add, "*"));
    let outcome = world.change::<AddRoleToInstanceProfile>(&only_adds, adding("web", "Web"));
    assert_eq!(
        refused(outcome).1,
        "User: arn:aws:iam::111111111111:user/adder is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111111111111:role/Web because no identity-based policy allows the iam:PassRole action"
    );
    let passes = |name: &str, service: &str| {
        let policy = format!(
            r#"{{"Version":"2012-10-17","Statement":[
                {{"Effect":"Allow","Action":"{add}","Resource":"arn:aws:iam::{A}:instance-profile/web"}},
                {{"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::{A}:role/Web",
                  "Condition":{{"StringEquals":{{"iam:PassedToService":"{service}"}}}}}}]}}"#
        );
        world.user(A, name, &policy)
    };
    let lambda = passes("lambda", "lambda.amazonaws.com");
    assert_denied(
        world.change::<AddRoleToInstanceProfile>(&lambda, adding("web", "Web")),
        "arn:aws:iam::111111111111:role/Web",
    );
    let ec2 = passes("ec2", "ec2.amazonaws.com");
    world
        .change::<AddRoleToInstanceProfile>(&ec2, adding("web", "Web"))
        .expect("may pass it to EC2");

    // Another account's administrator finds nothing of it.
    let stranger = world.user(B, "admin", ALLOW_ALL);
    let outcome = world.change::<AddRoleToInstanceProfile>(&stranger, adding("web", "Web"));
    assert_eq!(refused(outcome).0, "NoSuchEntity");
}
