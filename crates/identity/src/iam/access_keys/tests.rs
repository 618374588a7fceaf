use super::*;
use crate::testing::{TestWorld, allow, assert_denied, assert_refused, root};

const A: &str = "081278057606";
const B: &str = "111122223333";

fn create(name: Option<&str>) -> shapes::CreateAccessKeyInput {
    shapes::CreateAccessKeyInput {
        user_name: name.map(str::to_owned),
    }
}

fn update(id: &str, status: &str) -> shapes::UpdateAccessKeyInput {
    shapes::UpdateAccessKeyInput {
        user_name: Some("Amy".into()),
        access_key_id: id.into(),
        status: status.into(),
    }
}

fn used(id: &str) -> shapes::GetAccessKeyLastUsedInput {
    shapes::GetAccessKeyLastUsedInput {
        access_key_id: id.into(),
    }
}

fn list(name: Option<&str>) -> shapes::ListAccessKeysInput {
    shapes::ListAccessKeysInput {
        user_name: name.map(str::to_owned),
        ..Default::default()
    }
}

#[test]
fn a_key_is_made_listed_stopped_and_deleted() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", "");
    let key = world
        .change::<CreateAccessKey>(&root(A), create(Some("Amy")))
        .expect("made")
        .access_key;
    assert!(key.access_key_id.starts_with("AKIA"));
    assert_eq!(
        (key.secret_access_key.len(), key.status.as_str()),
        (40, "Active")
    );
    world.world.clock.advance(1000);
    let second = world
        .change::<CreateAccessKey>(&root(A), create(Some("Amy")))
        .expect("made");
    assert_refused(
        world.change::<CreateAccessKey>(&root(A), create(Some("Amy"))),
        "LimitExceeded",
        "Cannot exceed quota for AccessKeysPerUser: 2",
    );
    let id = key.access_key_id.as_str();
    world
        .change::<UpdateAccessKey>(&root(A), update(id, "Inactive"))
        .expect("stopped");
    let mut first = list(Some("Amy"));
    first.max_items = Some(1);
    let page = world
        .read::<ListAccessKeys>(&root(A), first)
        .expect("listed");
    let shown = &page.access_key_metadata[0];
    assert_eq!(shown.access_key_id.as_deref(), Some(id));
    assert_eq!(shown.status.as_deref(), Some("Inactive"));
    let mut next = list(Some("Amy"));
    next.marker = page.marker;
    let page = world
        .read::<ListAccessKeys>(&root(A), next)
        .expect("listed");
    assert_eq!(page.access_key_metadata.len(), 1);
    assert_eq!(
        page.access_key_metadata[0].access_key_id.as_ref(),
        Some(&second.access_key.access_key_id)
    );
    let delete = || shapes::DeleteAccessKeyInput {
        user_name: Some("Amy".into()),
        access_key_id: id.into(),
    };
    world
        .change::<DeleteAccessKey>(&root(A), delete())
        .expect("deleted");
    let gone = format!("The Access Key with id {id} cannot be found.");
    assert_refused(
        world.change::<DeleteAccessKey>(&root(A), delete()),
        "NoSuchEntity",
        &gone,
    );
    assert_refused(
        world.change::<UpdateAccessKey>(&root(A), update(id, "Active")),
        "NoSuchEntity",
        &gone,
    );
    assert!(world.world.directory.published().access_key(id).is_none());
}

#[test]
fn without_a_name_the_keys_are_the_callers() {
    let world = TestWorld::new(&[A]);
    let made = world
        .change::<CreateAccessKey>(&root(A), create(None))
        .expect("root's")
        .access_key;
    assert_eq!(made.user_name, "root");
    let listed = world
        .read::<ListAccessKeys>(&root(A), list(None))
        .expect("root's");
    assert_eq!(listed.access_key_metadata.len(), 1);
    let last = world
        .read::<GetAccessKeyLastUsed>(&root(A), used(&made.access_key_id))
        .expect("never");
    let last = last.access_key_last_used.expect("there");
    assert_eq!(
        (last.service_name.as_str(), last.region.as_str()),
        ("N/A", "N/A")
    );
    let own = allow(
        "iam:*AccessKey*",
        "arn:aws:iam::081278057606:user/${aws:username}",
    );
    let amy = world.user(A, "Amy", &own);
    world.user(A, "Bob", "");
    let made = world
        .change::<CreateAccessKey>(&amy, create(None))
        .expect("own")
        .access_key;
    assert_eq!(made.user_name, "Amy");
    assert_denied(
        world.change::<CreateAccessKey>(&amy, create(Some("Bob"))),
        "user Bob",
    );
    assert_denied(
        world.read::<ListAccessKeys>(&amy, list(Some("Bob"))),
        "user Bob",
    );
    let session = world.role_session(A, "Tester", "amy");
    assert_refused(
        world.change::<CreateAccessKey>(&session, create(None)),
        "ValidationError",
        "Must specify userName when calling with non-User credentials",
    );
}

#[test]
fn last_use_is_told_within_the_account_only() {
    let world = TestWorld::new(&[A, B]);
    world.user(A, "Amy", "");
    let key = world
        .change::<CreateAccessKey>(&root(A), create(Some("Amy")))
        .expect("made");
    let id = key.access_key.access_key_id;
    world
        .world
        .directory
        .last_used()
        .touch(&id, 1_500_000_000_000, "sts", "eu-west-1");
    let answer = world
        .read::<GetAccessKeyLastUsed>(&root(A), used(&id))
        .expect("used");
    assert_eq!(answer.user_name.as_deref(), Some("Amy"));
    let last = answer.access_key_last_used.expect("there");
    assert_eq!(last.last_used_date, Some(at(1_500_000_000_000)));
    assert_eq!(
        (last.service_name.as_str(), last.region.as_str()),
        ("sts", "eu-west-1")
    );
    let uses = world.world.directory.last_used();
    uses.touch(&id, 1_600_000_000_000, "s3", "eu-west-1");
    let answer = world
        .read::<GetAccessKeyLastUsed>(&root(A), used(&id))
        .expect("used");
    let last = answer.access_key_last_used.expect("there");
    assert_eq!(
        (last.service_name.as_str(), last.region.as_str()),
        ("s3", "N/A")
    );
    assert_refused(
        world.read::<GetAccessKeyLastUsed>(&root(B), used(&id)),
        "AccessDenied",
        &format!(
            "User: arn:aws:iam::{B}:root is not authorized to perform iam:GetAccessKeyLastUsed on resource: access key {id}"
        ),
    );
    let own = allow(
        "iam:GetAccessKeyLastUsed",
        "arn:aws:iam::081278057606:user/Bob",
    );
    let bob = world.user(A, "Bob", &own);
    assert_denied(
        world.read::<GetAccessKeyLastUsed>(&bob, used(&id)),
        "user Amy",
    );
    assert_denied(
        world.read::<GetAccessKeyLastUsed>(&bob, used("AKIAABSENTABSENTABSE")),
        "arn:aws:iam::081278057606:user/*",
    );
}
