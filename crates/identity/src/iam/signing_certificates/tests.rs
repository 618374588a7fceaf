use super::*;
use crate::{
    iam::users::{DeleteUser, UpdateUser},
    testing::{TestWorld, assert_denied, assert_refused, certificate, root},
};

const A: &str = "081278057606";

fn upload(user: Option<&str>, body: &str) -> shapes::UploadSigningCertificateInput {
    shapes::UploadSigningCertificateInput {
        user_name: user.map(str::to_owned),
        certificate_body: body.into(),
    }
}

fn list(user: Option<&str>) -> shapes::ListSigningCertificatesInput {
    shapes::ListSigningCertificatesInput {
        user_name: user.map(str::to_owned),
        ..Default::default()
    }
}

#[test]
fn a_certificate_is_kept_switched_off_and_deleted() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", "");
    let (body, _) = certificate("amy", 2030);
    let made = world
        .change::<UploadSigningCertificate>(&root(A), upload(Some("Amy"), &body))
        .expect("kept")
        .certificate;
    assert_eq!(
        (made.user_name.as_str(), made.status.as_str()),
        ("Amy", "Active")
    );
    assert_eq!(made.certificate_body, body);
    let set = |status: &str| shapes::UpdateSigningCertificateInput {
        user_name: Some("Amy".into()),
        certificate_id: made.certificate_id.clone(),
        status: status.into(),
    };
    world
        .change::<UpdateSigningCertificate>(&root(A), set("Inactive"))
        .expect("set");
    let expired = world.change::<UpdateSigningCertificate>(&root(A), set("Expired"));
    assert_eq!(expired.expect_err("nobody can").code, "ValidationError");
    // Another name, the same user and certificate.
    let rename = shapes::UpdateUserInput {
        user_name: "Amy".into(),
        new_user_name: Some("Ann".into()),
        new_path: None,
    };
    world
        .change::<UpdateUser>(&root(A), rename)
        .expect("renamed");
    let listed = world
        .read::<ListSigningCertificates>(&root(A), list(Some("Ann")))
        .expect("listed")
        .certificates;
    assert_eq!(
        (listed[0].user_name.as_str(), listed[0].status.as_str()),
        ("Ann", "Inactive")
    );
    let ann = || shapes::DeleteUserInput {
        user_name: "Ann".into(),
    };
    assert_refused(
        world.change::<DeleteUser>(&root(A), ann()),
        "DeleteConflict",
        "Cannot delete entity, must delete signing certificates first.",
    );
    let delete = || shapes::DeleteSigningCertificateInput {
        user_name: Some("Ann".into()),
        certificate_id: made.certificate_id.clone(),
    };
    world
        .change::<DeleteSigningCertificate>(&root(A), delete())
        .expect("deleted");
    assert_refused(
        world.change::<DeleteSigningCertificate>(&root(A), delete()),
        "NoSuchEntity",
        &format!(
            "The Certificate with id {} cannot be found.",
            made.certificate_id
        ),
    );
    world
        .change::<DeleteUser>(&root(A), ann())
        .expect("nothing left");
}

#[test]
fn what_is_no_valid_new_certificate_is_refused() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", "");
    let code = |user, body: &str| {
        let refused = world.change::<UploadSigningCertificate>(&root(A), upload(user, body));
        refused.expect_err("refused").code.into_owned()
    };
    assert_eq!(code(Some("Amy"), "no certificate"), "MalformedCertificate");
    let (expired, _) = certificate("amy", 2014);
    assert_eq!(code(Some("Amy"), &expired), "InvalidCertificate");
    assert_eq!(code(Some("Eve"), &expired), "NoSuchEntity");
    let (body, _) = certificate("amy", 2030);
    world
        .change::<UploadSigningCertificate>(&root(A), upload(None, &body))
        .expect("root's own");
    let other_lines = body.replace('\n', "\r\n");
    assert_eq!(code(Some("Amy"), &other_lines), "DuplicateCertificate");
    for n in 0..2 {
        let (body, _) = certificate(&format!("amy{n}"), 2030);
        world
            .change::<UploadSigningCertificate>(&root(A), upload(Some("Amy"), &body))
            .expect("kept");
    }
    let (third, _) = certificate("amy3", 2030);
    assert_eq!(code(Some("Amy"), &third), "LimitExceeded");
    let own = world.read::<ListSigningCertificates>(&root(A), list(None));
    assert_eq!(own.expect("listed").certificates.len(), 1);
}

#[test]
fn each_takes_its_permission_on_the_user() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", "");
    let bob = world.user(A, "Bob", "");
    let id = "A".repeat(32);
    assert_denied(
        world.change::<UploadSigningCertificate>(&bob, upload(Some("Amy"), "x")),
        "user Amy",
    );
    assert_denied(
        world.read::<ListSigningCertificates>(&bob, list(Some("Amy"))),
        "user Amy",
    );
    let update = shapes::UpdateSigningCertificateInput {
        user_name: Some("Amy".into()),
        certificate_id: id.clone(),
        status: "Active".into(),
    };
    assert_denied(
        world.change::<UpdateSigningCertificate>(&bob, update),
        "user Amy",
    );
    let delete = shapes::DeleteSigningCertificateInput {
        user_name: Some("Amy".into()),
        certificate_id: id,
    };
    assert_denied(
        world.change::<DeleteSigningCertificate>(&bob, delete),
        "user Amy",
    );
}
