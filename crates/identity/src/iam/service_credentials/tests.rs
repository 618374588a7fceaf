use super::*;
use crate::{
    iam::users::DeleteUser,
    testing::{ALLOW_ALL, TestWorld, assert_denied, assert_refused, root},
};

const A: &str = "081278057606";

fn create(service: &str) -> shapes::CreateServiceSpecificCredentialInput {
    shapes::CreateServiceSpecificCredentialInput {
        user_name: "Amy".into(),
        service_name: service.into(),
        credential_age_days: None,
    }
}

fn made(world: &TestWorld, service: &str) -> shapes::ServiceSpecificCredential {
    let answer = world.change::<CreateServiceSpecificCredential>(&root(A), create(service));
    answer
        .expect("made")
        .service_specific_credential
        .expect("shown")
}

fn reset(id: &str) -> shapes::ResetServiceSpecificCredentialInput {
    shapes::ResetServiceSpecificCredentialInput {
        user_name: Some("Amy".into()),
        service_specific_credential_id: id.into(),
    }
}

fn update(id: &str, status: &str) -> shapes::UpdateServiceSpecificCredentialInput {
    shapes::UpdateServiceSpecificCredentialInput {
        user_name: Some("Amy".into()),
        service_specific_credential_id: id.into(),
        status: status.into(),
    }
}

fn delete(id: &str) -> shapes::DeleteServiceSpecificCredentialInput {
    shapes::DeleteServiceSpecificCredentialInput {
        user_name: Some("Amy".into()),
        service_specific_credential_id: id.into(),
    }
}

#[test]
fn two_credentials_for_each_service_are_made_reset_and_deleted() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", "");
    let first = made(&world, "codecommit.amazonaws.com");
    let second = made(&world, "codecommit.amazonaws.com");
    assert_eq!(
        first.service_user_name.as_deref(),
        Some("Amy-at-081278057606")
    );
    assert_eq!(
        second.service_user_name.as_deref(),
        Some("Amy+1-at-081278057606")
    );
    assert_ne!(first.service_password, second.service_password);
    let third = world
        .change::<CreateServiceSpecificCredential>(&root(A), create("codecommit.amazonaws.com"));
    assert_eq!(third.expect_err("two are the most").code, "LimitExceeded");
    let mut token = create("bedrock.amazonaws.com");
    token.credential_age_days = Some(30);
    let token = world
        .change::<CreateServiceSpecificCredential>(&root(A), token)
        .expect("made")
        .service_specific_credential
        .expect("shown");
    assert_eq!(
        (token.service_user_name, token.service_password),
        (None, None)
    );
    assert!(
        token
            .service_credential_secret
            .expect("a token")
            .starts_with("ABSK")
    );
    let end = token.expiration_date.expect("an end").0;
    assert_eq!(end, world.world.clock.now() + 30 * 86_400_000);
    let elsewhere =
        world.change::<CreateServiceSpecificCredential>(&root(A), create("s3.amazonaws.com"));
    let fault = elsewhere.expect_err("not S3");
    assert_eq!(
        (fault.code.as_ref(), fault.status),
        ("NotSupportedService", 404)
    );

    let id = &first.service_specific_credential_id;
    let again = world
        .change::<ResetServiceSpecificCredential>(&root(A), reset(id))
        .expect("reset")
        .service_specific_credential
        .expect("shown");
    assert_eq!(again.service_user_name, first.service_user_name);
    assert_ne!(again.service_password, first.service_password);
    world
        .change::<UpdateServiceSpecificCredential>(&root(A), update(id, "Inactive"))
        .expect("set");
    let list = |service: Option<&str>, all: bool| {
        let input = shapes::ListServiceSpecificCredentialsInput {
            user_name: (!all).then(|| "Amy".into()),
            service_name: service.map(str::to_owned),
            all_users: all.then_some(true),
            ..Default::default()
        };
        let answer = world.read::<ListServiceSpecificCredentials>(&root(A), input);
        answer.expect("listed").service_specific_credentials
    };
    assert_eq!((list(None, false).len(), list(None, true).len()), (3, 3));
    let of_git = list(Some("codecommit.amazonaws.com"), false);
    assert_eq!(of_git.len(), 2);
    assert!(of_git.iter().any(|one| one.status == "Inactive"));
    let amy = shapes::DeleteUserInput {
        user_name: "Amy".into(),
    };
    assert_refused(
        world.change::<DeleteUser>(&root(A), amy),
        "DeleteConflict",
        "Cannot delete entity, must delete service specific credentials first.",
    );
    world
        .change::<DeleteServiceSpecificCredential>(&root(A), delete(id))
        .expect("deleted");
    let gone = format!("No such credential {id} exists");
    assert_refused(
        world.change::<DeleteServiceSpecificCredential>(&root(A), delete(id)),
        "NoSuchEntity",
        &gone,
    );
    assert_refused(
        world.change::<ResetServiceSpecificCredential>(&root(A), reset(id)),
        "NoSuchEntity",
        &gone,
    );
    assert_eq!(
        made(&world, "codecommit.amazonaws.com").service_user_name,
        first.service_user_name,
        "its name is free again"
    );
}

#[test]
fn each_takes_its_permission_on_the_user() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", "");
    let bob = world.user(A, "Bob", "");
    let id = "ACCA00000000000000000";
    let on = "user Amy";
    assert_denied(
        world.change::<CreateServiceSpecificCredential>(&bob, create("codecommit.amazonaws.com")),
        on,
    );
    assert_denied(
        world.change::<ResetServiceSpecificCredential>(&bob, reset(id)),
        on,
    );
    assert_denied(
        world.change::<UpdateServiceSpecificCredential>(&bob, update(id, "Active")),
        on,
    );
    assert_denied(
        world.change::<DeleteServiceSpecificCredential>(&bob, delete(id)),
        on,
    );
    let all = || shapes::ListServiceSpecificCredentialsInput {
        all_users: Some(true),
        ..Default::default()
    };
    assert_denied(
        world.read::<ListServiceSpecificCredentials>(&bob, all()),
        "arn:aws:iam::081278057606:user/*",
    );
    let cat = world.user(A, "Cat", ALLOW_ALL);
    world
        .read::<ListServiceSpecificCredentials>(&cat, all())
        .expect("all users'");
}
