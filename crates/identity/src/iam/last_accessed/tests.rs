use twinlock_gate::Caller;

use super::*;
use crate::{
    iam::users::ListUsers,
    testing::{ALLOW_ALL, TestWorld, allow, assert_denied, refused, root},
};

const A: &str = "081278057606";
const B: &str = "111122223333";

fn arn(rest: &str) -> String {
    format!("arn:aws:iam::{A}:{rest}")
}

fn ask(world: &TestWorld, by: &Caller, about: &str, granularity: &str) -> Result<String, Fault> {
    let input = shapes::GenerateServiceLastAccessedDetailsInput {
        arn: about.to_owned(),
        granularity: Some(granularity.to_owned()),
    };
    let made = world.change::<GenerateServiceLastAccessedDetails>(by, input)?;
    Ok(made.job_id.expect("an id"))
}

fn details(
    world: &TestWorld,
    by: &Caller,
    job: &str,
) -> Result<shapes::GetServiceLastAccessedDetailsOutput, Fault> {
    let input = shapes::GetServiceLastAccessedDetailsInput {
        job_id: job.to_owned(),
        ..Default::default()
    };
    world.read::<GetServiceLastAccessedDetails>(by, input)
}

fn who(world: &TestWorld, job: &str, service: &str) -> Result<Vec<(String, bool)>, Fault> {
    let input = shapes::GetServiceLastAccessedDetailsWithEntitiesInput {
        job_id: job.to_owned(),
        service_namespace: service.to_owned(),
        ..Default::default()
    };
    let told = world.read::<GetServiceLastAccessedDetailsWithEntities>(&root(A), input)?;
    let list = told.entity_details_list.into_iter();
    Ok(list
        .map(|one| (one.entity_info.name, one.last_authenticated.is_some()))
        .collect())
}

#[test]
fn an_attempt_shows_at_once_denied_or_not_and_for_nobody_else() {
    let world = TestWorld::new(&[A]);
    let document = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":["iam:ListUsers","iam:ListRoles","s3:GetObject","sts:*"],"Resource":"*"},
        {"Effect":"Deny","Action":"sts:*","Resource":"*"}]}"#;
    let amy = world.user(A, "Amy", document);
    world.user(A, "Bob", document);
    let job = ask(&world, &root(A), &arn("user/Amy"), "ACTION_LEVEL").expect("asked");
    let services = |job: &str| {
        let told = details(&world, &root(A), job).expect("told");
        assert_eq!((told.job_status.as_str(), told.error), ("COMPLETED", None));
        told.services_last_accessed
    };
    let before = services(&job);
    let names: Vec<&str> = before
        .iter()
        .map(|s| s.service_namespace.as_str())
        .collect();
    assert_eq!(names, ["iam", "s3"], "what is denied, nobody may use");
    assert!(before.iter().all(|service| {
        service.last_authenticated.is_none() && service.total_authenticated_entities == Some(0)
    }));

    world
        .read::<ListUsers>(&amy, Default::default())
        .expect("listed");
    let iam = &services(&job)[0];
    assert_eq!(iam.last_authenticated_entity, Some(arn("user/Amy")));
    assert_eq!(iam.last_authenticated_region.as_deref(), Some("us-east-1"));
    assert_eq!(iam.total_authenticated_entities, Some(1));
    let actions: Vec<(&str, bool)> = iam
        .tracked_actions_last_accessed
        .iter()
        .map(|one| {
            (
                one.action_name.as_deref().expect("a name"),
                one.last_accessed_time.is_some(),
            )
        })
        .collect();
    assert_eq!(actions, [("ListRoles", false), ("ListUsers", true)]);
    let bob = ask(&world, &root(A), &arn("user/Bob"), "SERVICE_LEVEL").expect("asked");
    assert!(services(&bob)[0].last_authenticated.is_none());
    assert!(services(&bob)[0].tracked_actions_last_accessed.is_empty());

    // A denied attempt counts as well.
    let cat = world.user(A, "Cat", r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:GetUser","Resource":"*"}}"#);
    assert!(world.read::<ListUsers>(&cat, Default::default()).is_err());
    let job = ask(&world, &root(A), &arn("user/Cat"), "SERVICE_LEVEL").expect("asked");
    assert!(services(&job)[0].last_authenticated.is_some());
}

#[test]
fn groups_and_policies_tell_who() {
    let world = TestWorld::new(&[A]);
    world.group_with(A, "Readers", &allow("iam:List*", "*"));
    let snapshot = world.world.directory.published();
    let node = snapshot.account(&A.parse().expect("an id"));
    let group = node
        .expect("there")
        .group("Readers")
        .expect("there")
        .clone();
    let amy = world.user(A, "Amy", "");
    world.user(A, "Bob", "");
    let managed = "arn:aws:iam::aws:policy/IAMReadOnlyAccess";
    for name in ["Amy", "Bob"] {
        let mut user = world.stored_user(A, name);
        user.groups.insert(group.id.clone());
        user.attached.insert(managed.to_owned());
        world.put(user);
    }
    let trust = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}}"#;
    let mut role = world.role(A, "Auditor", trust, "");
    role.attached.insert(managed.to_owned());
    world.put(role);
    world
        .read::<ListUsers>(&amy, Default::default())
        .expect("listed");

    let job = ask(&world, &root(A), &arn("group/Readers"), "SERVICE_LEVEL").expect("asked");
    let told = details(&world, &root(A), &job).expect("told");
    let iam = &told.services_last_accessed[0];
    assert_eq!(iam.last_authenticated_entity, Some(arn("user/Amy")));
    assert_eq!(iam.total_authenticated_entities, Some(1));
    let expected = [("Amy".to_owned(), true), ("Bob".to_owned(), false)];
    assert_eq!(who(&world, &job, "iam").expect("told"), expected);
    assert_eq!(refused(who(&world, &job, "s3")).0, "InvalidInput");
    let job = ask(&world, &root(A), managed, "SERVICE_LEVEL").expect("asked");
    let expected = [("Amy", true), ("Auditor", false), ("Bob", false)];
    let mut names = who(&world, &job, "iam").expect("told");
    assert_eq!(names[0].0, "Amy");
    names.sort();
    assert_eq!(names, expected.map(|(name, used)| (name.to_owned(), used)));

    let list = |namespaces: &[&str]| {
        let input = shapes::ListPoliciesGrantingServiceAccessInput {
            arn: arn("user/Amy"),
            service_namespaces: namespaces.iter().map(|&n| n.to_owned()).collect(),
            marker: None,
        };
        world.read::<ListPoliciesGrantingServiceAccess>(&root(A), input)
    };
    let entries = list(&["s3", "iam"])
        .expect("listed")
        .policies_granting_service_access;
    assert!(entries[0].policies.is_empty());
    let shown = |policy: &shapes::PolicyGrantingServiceAccess| {
        (
            policy.policy_name.clone(),
            policy.policy_type.clone(),
            policy.entity_name.clone(),
        )
    };
    let policies: Vec<_> = entries[1].policies.iter().map(shown).collect();
    assert_eq!(
        policies,
        [
            ("IAMReadOnlyAccess".to_owned(), "MANAGED".to_owned(), None),
            (
                "inline".to_owned(),
                "INLINE".to_owned(),
                Some("Readers".to_owned())
            ),
        ]
    );
    assert_eq!(refused(list(&["nothing"])).0, "InvalidInput");
}

#[test]
fn a_report_is_told_to_who_asked_for_it() {
    let world = TestWorld::new(&[A, B]);
    let amy = world.user(A, "Amy", ALLOW_ALL);
    let bob = world.user(A, "Bob", ALLOW_ALL);
    let job = ask(&world, &amy, &arn("user/Bob"), "SERVICE_LEVEL").expect("asked");
    details(&world, &amy, &job).expect("told");
    for other in [&bob, &root(A), &root(B)] {
        assert_eq!(refused(details(&world, other, &job)).0, "NoSuchEntity");
    }
    // What is gone is said to be gone.
    let turn = world.world.directory.turn();
    let mut batch = turn.batch();
    batch.delete_row(world.stored_user(A, "Bob"));
    turn.commit(batch).wait().expect("committed");
    let told = details(&world, &amy, &job).expect("told");
    assert_eq!(told.job_status, "FAILED");
    assert_eq!(told.error.expect("why").code, "NoSuchEntity");
    assert!(told.services_last_accessed.is_empty());
}

#[test]
fn every_question_has_its_permission() {
    let world = TestWorld::new(&[A, B]);
    let nobody = world.user(A, "Nobody", "");
    let about = arn("user/Nobody");
    assert_denied(ask(&world, &nobody, &about, "SERVICE_LEVEL"), &about);
    let one = world.user(
        A,
        "One",
        &allow("iam:GenerateServiceLastAccessedDetails", &about),
    );
    let job = ask(&world, &one, &about, "SERVICE_LEVEL").expect("its own");
    assert_denied(
        ask(&world, &one, &arn("user/One"), "SERVICE_LEVEL"),
        &arn("user/One"),
    );
    assert_denied(details(&world, &one, &job), "*");
    let input = shapes::GetServiceLastAccessedDetailsWithEntitiesInput {
        job_id: job,
        service_namespace: "iam".into(),
        ..Default::default()
    };
    assert_denied(
        world.read::<GetServiceLastAccessedDetailsWithEntities>(&one, input),
        "*",
    );
    let input = shapes::ListPoliciesGrantingServiceAccessInput {
        arn: about.clone(),
        service_namespaces: vec!["iam".into()],
        marker: None,
    };
    assert_denied(
        world.read::<ListPoliciesGrantingServiceAccess>(&one, input),
        &about,
    );
    // Nothing is said about other accounts, and nonsense is no ARN.
    for absent in [arn("user/Absent"), format!("arn:aws:iam::{B}:user/Bob")] {
        let answer = ask(&world, &root(A), &absent, "SERVICE_LEVEL");
        assert_eq!(refused(answer).0, "NoSuchEntity");
    }
    let answer = ask(
        &world,
        &root(A),
        "arn:aws:s3:::some-bucket",
        "SERVICE_LEVEL",
    );
    assert_eq!(refused(answer).0, "InvalidInput");
}
