use twinlock_gate::Fault;
use twinlock_shapes::iam::*;

use crate::{
    iam::{instance_profiles, role_settings, roles},
    testing::{TestWorld, allow, root},
};

const PROD: &str = "111111111111";
const DEV: &str = "222222222222";

fn trust(principal: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":"sts:AssumeRole"}}}}"#
    )
}

fn create(name: &str, principal: &str) -> CreateRoleInput {
    CreateRoleInput {
        role_name: name.into(),
        assume_role_policy_document: trust(principal),
        ..Default::default()
    }
}

fn get(world: &TestWorld, name: &str) -> Result<Role, Fault> {
    let input = GetRoleInput {
        role_name: name.into(),
    };
    let answer = world.read::<roles::GetRole>(&root(PROD), input)?;
    Ok(answer.role)
}

fn told<T: std::fmt::Debug>(result: Result<T, Fault>) -> (String, u16, String) {
    let fault = result.expect_err("a fault");
    (fault.code.into_owned(), fault.status, fault.message)
}

#[test]
fn a_role_is_made_read_and_listed_each_in_its_shape() {
    let world = TestWorld::new(&[PROD, DEV]);
    let input = CreateRoleInput {
        path: Some("/apps/".into()),
        description: Some("for the app".into()),
        max_session_duration: Some(7200),
        tags: Some(vec![Tag {
            key: "team".into(),
            value: "blue".into(),
        }]),
        permissions_boundary: Some("arn:aws:iam::aws:policy/PowerUserAccess".into()),
        ..create("UpdateApp", DEV)
    };
    let made = world
        .change::<roles::CreateRole>(&root(PROD), input)
        .expect("made")
        .role;
    assert_eq!(made.arn, "arn:aws:iam::111111111111:role/apps/UpdateApp");
    assert!(made.role_id.starts_with("AROA"));
    assert_eq!(
        (made.max_session_duration, &made.role_last_used),
        (None, &None)
    );
    let document = made.assume_role_policy_document.expect("a document");
    assert!(
        document.contains("arn%3Aaws%3Aiam%3A%3A222222222222%3Aroot"),
        "{document}"
    );

    let read = get(&world, "updateapp").expect("found without regard to case");
    assert_eq!(read.max_session_duration, Some(7200));
    assert_eq!(read.role_last_used, Some(RoleLastUsed::default()));
    assert_eq!(read.description.as_deref(), Some("for the app"));
    assert!(read.tags.is_some() && read.permissions_boundary.is_some());
    world
        .world
        .directory
        .last_used()
        .touch(&read.role_id, 5000, "s3", "eu-west-1");
    let used = get(&world, "UpdateApp")
        .expect("found")
        .role_last_used
        .expect("used");
    assert_eq!(used.region.as_deref(), Some("eu-west-1"));
    assert_eq!(used.last_used_date.map(|at| at.0), Some(5000));

    let list = |prefix: &str| {
        let input = ListRolesInput {
            path_prefix: Some(prefix.into()),
            ..Default::default()
        };
        world
            .read::<roles::ListRoles>(&root(PROD), input)
            .expect("listed")
    };
    let listed = list("/apps/");
    assert_eq!(listed.is_truncated, Some(false));
    let role = &listed.roles[0];
    assert_eq!(role.max_session_duration, Some(7200));
    assert!(
        role.tags.is_none() && role.permissions_boundary.is_none() && role.role_last_used.is_none()
    );
    assert!(list("/other/").roles.is_empty());
}

#[test]
fn what_aws_refuses_of_a_new_role() {
    let world = TestWorld::new(&[PROD, DEV]);
    let make = |input| told(world.change::<roles::CreateRole>(&root(PROD), input));
    let of = |code: &str, status, message: &str| (code.to_owned(), status, message.to_owned());

    let (code, status, message) = make(create("r", "11111111111"));
    assert_eq!((code.as_str(), status), ("MalformedPolicyDocument", 400));
    assert!(
        message.starts_with(r#"Invalid principal in policy: "AWS":"11111111111""#),
        "{message}"
    );
    assert!(message.contains("twelve digits"), "{message}");
    let (_, _, message) = make(create("r", "333333333333"));
    assert!(message.contains("external_accounts"), "{message}");
    let (_, _, message) = make(create("r", "arn:aws:iam::222222222222:user/nobody"));
    assert!(
        message.starts_with("Invalid principal in policy"),
        "{message}"
    );

    let mut large = create("r", DEV);
    let sid = "x".repeat(2048);
    large.assume_role_policy_document =
        trust(DEV).replace("\"Effect\"", &format!("\"Sid\":\"{sid}\",\"Effect\""));
    assert_eq!(
        make(large),
        of(
            "LimitExceeded",
            409,
            "Cannot exceed quota for ACLSizePerRole: 2048"
        )
    );

    let bounded = CreateRoleInput {
        permissions_boundary: Some("arn:aws:iam::aws:policy/Nothing".into()),
        ..create("r", DEV)
    };
    assert_eq!(
        make(bounded),
        of(
            "NoSuchEntity",
            404,
            "Scope ARN: arn:aws:iam::aws:policy/Nothing does not exist or is not attachable."
        )
    );
    let linked = CreateRoleInput {
        path: Some("/aws-service-role/x.amazonaws.com/".into()),
        ..create("r", DEV)
    };
    assert_eq!(make(linked).0, "InvalidInput");

    world
        .change::<roles::CreateRole>(&root(PROD), create("App", DEV))
        .expect("made");
    assert_eq!(
        make(create("app", DEV)),
        of(
            "EntityAlreadyExists",
            409,
            "Role with name app already exists."
        )
    );
}

#[test]
fn principals_are_bound_and_named_as_they_are_now() {
    let world = TestWorld::new(&[PROD, DEV]);
    world.user(DEV, "ann", "");
    let ann = "arn:aws:iam::222222222222:user/ann";
    world
        .change::<roles::CreateRole>(&root(PROD), create("App", ann))
        .expect("made");
    let shown = || {
        get(&world, "App")
            .expect("found")
            .assume_role_policy_document
            .expect("text")
    };
    assert!(shown().contains("user%2Fann"));
    let snapshot = world.world.directory.published();
    let user = snapshot
        .account(&DEV.parse().expect("id"))
        .and_then(|n| n.user("ann"))
        .expect("ann");
    let turn = world.world.directory.turn();
    let mut batch = turn.batch();
    batch.delete_row(user.clone());
    turn.commit(batch).wait().expect("deleted");
    assert!(shown().contains(&user.id), "the raw id of who is gone");
    // Made again under the old name, Ann is somebody else.
    world.user(DEV, "ann", "");
    assert!(shown().contains(&user.id));
    let input = UpdateAssumeRolePolicyInput {
        role_name: "App".into(),
        policy_document: trust(ann),
    };
    world
        .change::<roles::UpdateAssumeRolePolicy>(&root(PROD), input)
        .expect("bound anew");
    assert!(shown().contains("user%2Fann"));
}

#[test]
fn a_role_is_changed_and_deleted() {
    let world = TestWorld::new(&[PROD]);
    world.role_session(PROD, "Full", "s");
    world
        .change::<roles::CreateRole>(&root(PROD), create("App", PROD))
        .expect("made");
    let update = UpdateRoleInput {
        role_name: "App".into(),
        description: Some("new".into()),
        max_session_duration: Some(43200),
    };
    world
        .change::<roles::UpdateRole>(&root(PROD), update)
        .expect("updated");
    let role = get(&world, "App").expect("found");
    assert_eq!(
        (role.description.as_deref(), role.max_session_duration),
        (Some("new"), Some(43200))
    );
    let describe = UpdateRoleDescriptionInput {
        role_name: "App".into(),
        description: "newer".into(),
    };
    let answer = world
        .change::<roles::UpdateRoleDescription>(&root(PROD), describe)
        .expect("described");
    assert_eq!(
        answer.role.expect("role").description.as_deref(),
        Some("newer")
    );

    let profiles = ListInstanceProfilesForRoleInput {
        role_name: "App".into(),
        ..Default::default()
    };
    let answer = world
        .read::<instance_profiles::ListInstanceProfilesForRole>(&root(PROD), profiles)
        .expect("listed");
    assert!(answer.instance_profiles.is_empty() && answer.is_truncated == Some(false));

    let delete = |name: &str| {
        let role_name = name.into();
        world.change::<roles::DeleteRole>(&root(PROD), DeleteRoleInput { role_name })
    };
    let (code, status, message) = told(delete("Full"));
    assert_eq!((code.as_str(), status), ("DeleteConflict", 409));
    assert_eq!(message, "Cannot delete entity, must delete policies first.");
    delete("App").expect("deleted");
    let gone = told(get(&world, "App"));
    assert_eq!(gone.2, "The role with name App cannot be found.");
    assert_eq!(told(delete("App")).0, "NoSuchEntity");
}

#[test]
fn tags_and_boundaries_of_roles() {
    let world = TestWorld::new(&[PROD]);
    world
        .change::<roles::CreateRole>(&root(PROD), create("App", PROD))
        .expect("made");
    let tag = |key: &str, value: &str| Tag {
        key: key.into(),
        value: value.into(),
    };
    let put = |tags| {
        let role_name = "App".into();
        world.change::<role_settings::TagRole>(&root(PROD), TagRoleInput { role_name, tags })
    };
    put(vec![tag("b", "1"), tag("a", "2")]).expect("tagged");
    put(vec![tag("B", "3")]).expect("tagged again");
    assert_eq!(
        told(put(vec![tag("c", ""), tag("C", "")])).0,
        "InvalidInput"
    );
    let many = (0..50).map(|i| tag(&format!("k{i}"), "")).collect();
    assert_eq!(
        told(put(many)).2,
        "The number of tags has reached the maximum limit. It is 50 (TagsPerRole)."
    );
    let untag = UntagRoleInput {
        role_name: "App".into(),
        tag_keys: vec!["a".into(), "none".into()],
    };
    world
        .change::<role_settings::UntagRole>(&root(PROD), untag)
        .expect("untagged");
    let list = ListRoleTagsInput {
        role_name: "App".into(),
        ..Default::default()
    };
    let listed = world
        .read::<role_settings::ListRoleTags>(&root(PROD), list)
        .expect("listed");
    assert_eq!(listed.tags, [tag("B", "3")]);

    let boundary = PutRolePermissionsBoundaryInput {
        role_name: "App".into(),
        permissions_boundary: "arn:aws:iam::aws:policy/ReadOnlyAccess".into(),
    };
    world
        .change::<role_settings::PutRolePermissionsBoundary>(&root(PROD), boundary)
        .expect("put");
    assert!(
        get(&world, "App")
            .expect("found")
            .permissions_boundary
            .is_some()
    );
    let boundary = PutRolePermissionsBoundaryInput {
        role_name: "App".into(),
        permissions_boundary: "not an arn at all...".into(),
    };
    let refused =
        told(world.change::<role_settings::PutRolePermissionsBoundary>(&root(PROD), boundary));
    assert_eq!(refused.0, "ValidationError");
    let delete = DeleteRolePermissionsBoundaryInput {
        role_name: "App".into(),
    };
    world
        .change::<role_settings::DeleteRolePermissionsBoundary>(&root(PROD), delete)
        .expect("deleted");
    assert!(
        get(&world, "App")
            .expect("found")
            .permissions_boundary
            .is_none()
    );
}

#[test]
fn a_services_role_is_left_to_the_service() {
    let world = TestWorld::new(&[PROD]);
    world.role_session(PROD, "AWSServiceRoleForX", "s");
    let snapshot = world.world.directory.published();
    let node = snapshot
        .account(&PROD.parse().expect("id"))
        .expect("account");
    let mut role = (**node.role("AWSServiceRoleForX").expect("role")).clone();
    role.path = "/aws-service-role/x.amazonaws.com/".into();
    world.put(role);
    let role_name = "AWSServiceRoleForX".to_owned();
    let refused =
        told(world.change::<roles::DeleteRole>(&root(PROD), DeleteRoleInput { role_name }));
    assert_eq!((refused.0.as_str(), refused.1), ("UnmodifiableEntity", 400));
    assert_eq!(
        refused.2,
        "Cannot perform the operation on the protected role 'AWSServiceRoleForX' - this role is only modifiable by AWS"
    );
    let describe = UpdateRoleDescriptionInput {
        role_name: "AWSServiceRoleForX".into(),
        description: "that much is allowed".into(),
    };
    world
        .change::<roles::UpdateRoleDescription>(&root(PROD), describe)
        .expect("described");
}

#[test]
fn who_may() {
    let world = TestWorld::new(&[PROD]);
    let bound = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"iam:CreateRole","Resource":"*",
            "Condition":{{"StringEquals":{{"iam:PermissionsBoundary":"{b}","aws:RequestTag/team":"blue"}},"ForAllValues:StringEquals":{{"aws:TagKeys":"team"}}}}}},
            {{"Effect":"Allow","Action":"iam:TagRole","Resource":"*"}}]}}"#,
        b = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    );
    let delegate = world.user(PROD, "delegate", &bound);
    let refused = told(world.change::<roles::CreateRole>(&delegate, create("App", PROD)));
    assert_eq!((refused.0.as_str(), refused.1), ("AccessDenied", 403));
    assert_eq!(
        refused.2,
        "User: arn:aws:iam::111111111111:user/delegate is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::111111111111:role/App because no identity-based policy allows the iam:CreateRole action"
    );
    let allowed = CreateRoleInput {
        permissions_boundary: Some("arn:aws:iam::aws:policy/ReadOnlyAccess".into()),
        tags: Some(vec![Tag {
            key: "team".into(),
            value: "blue".into(),
        }]),
        ..create("App", PROD)
    };
    world
        .change::<roles::CreateRole>(&delegate, allowed)
        .expect("made");

    // Who may not look learns nothing: the same answer whether the role is there or not.
    let stranger = world.user(
        PROD,
        "stranger",
        &allow("iam:GetRole", "arn:aws:iam::111111111111:role/Other"),
    );
    for name in ["App", "None"] {
        let role_name = name.to_owned();
        let refused = told(world.read::<roles::GetRole>(&stranger, GetRoleInput { role_name }));
        let expected = format!("on resource: role {name} because");
        assert!(
            refused.0 == "AccessDenied" && refused.2.contains(&expected),
            "{}",
            refused.2
        );
    }
    let role_name = "Other".to_owned();
    let absent = told(world.read::<roles::GetRole>(&stranger, GetRoleInput { role_name }));
    assert_eq!(absent.0, "NoSuchEntity");
    let refused = told(world.read::<roles::ListRoles>(&stranger, ListRolesInput::default()));
    assert!(
        refused
            .2
            .contains("iam:ListRoles on resource: arn:aws:iam::111111111111:role/ because"),
        "{}",
        refused.2
    );
}
