use super::*;
use crate::testing::{TestWorld, allow, assert_denied, assert_refused, certificate, root};

const A: &str = "081278057606";
const ARN: &str = "arn:aws:iam::081278057606:server-certificate/web/site";

fn upload(name: &str, body: &str, key: &str) -> shapes::UploadServerCertificateInput {
    shapes::UploadServerCertificateInput {
        path: Some("/web/".into()),
        server_certificate_name: name.into(),
        certificate_body: body.into(),
        private_key: key.into(),
        certificate_chain: None,
        tags: None,
    }
}

fn get(name: &str) -> shapes::GetServerCertificateInput {
    shapes::GetServerCertificateInput {
        server_certificate_name: name.into(),
    }
}

fn delete(name: &str) -> shapes::DeleteServerCertificateInput {
    shapes::DeleteServerCertificateInput {
        server_certificate_name: name.into(),
    }
}

#[test]
fn a_certificate_is_kept_shown_without_its_key_renamed_and_deleted() {
    let world = TestWorld::new(&[A]);
    let (body, key) = certificate("example.com", 2030);
    let made = world
        .change::<UploadServerCertificate>(&root(A), upload("site", &body, &key))
        .expect("kept")
        .server_certificate_metadata
        .expect("shown");
    assert_eq!(made.arn, ARN);
    assert!(made.server_certificate_id.starts_with("ASCA"));
    assert_eq!(
        made.expiration.map(|at| at.0),
        Some(1_893_456_000_000),
        "2030-01-01"
    );
    assert_refused(
        world.change::<UploadServerCertificate>(&root(A), upload("Site", &body, &key)),
        "EntityAlreadyExists",
        "The Server Certificate with name Site already exists.",
    );
    let shown = world
        .read::<GetServerCertificate>(&root(A), get("site"))
        .expect("shown")
        .server_certificate;
    assert_eq!(shown.certificate_body, body.trim());
    assert_eq!(shown.certificate_chain, None);
    let list = |path: &str| {
        let input = shapes::ListServerCertificatesInput {
            path_prefix: Some(path.into()),
            ..Default::default()
        };
        let answer = world.read::<ListServerCertificates>(&root(A), input);
        answer
            .expect("listed")
            .server_certificate_metadata_list
            .len()
    };
    assert_eq!((list("/"), list("/web/"), list("/mail/")), (1, 1, 0));
    let rename = shapes::UpdateServerCertificateInput {
        server_certificate_name: "site".into(),
        new_path: Some("/".into()),
        new_server_certificate_name: Some("old-site".into()),
    };
    world
        .change::<UpdateServerCertificate>(&root(A), rename)
        .expect("renamed");
    let gone = "The Server Certificate with name site cannot be found.";
    assert_refused(
        world.read::<GetServerCertificate>(&root(A), get("site")),
        "NoSuchEntity",
        gone,
    );
    assert_refused(
        world.change::<DeleteServerCertificate>(&root(A), delete("site")),
        "NoSuchEntity",
        gone,
    );
    world
        .change::<DeleteServerCertificate>(&root(A), delete("old-site"))
        .expect("deleted");
    assert_eq!(list("/"), 0);
}

#[test]
fn the_key_must_be_the_certificates_and_the_chain_be_one() {
    let world = TestWorld::new(&[A]);
    let (body, key) = certificate("example.com", 2030);
    let (other, other_key) = certificate("example.org", 2030);
    let (expired, its_key) = certificate("example.com", 2014);
    let code = |body: &str, key: &str, chain: Option<&str>| {
        let input = shapes::UploadServerCertificateInput {
            certificate_chain: chain.map(str::to_owned),
            ..upload("site", body, key)
        };
        let refused = world.change::<UploadServerCertificate>(&root(A), input);
        refused.expect_err("refused").code.into_owned()
    };
    assert_eq!(code(&body, &other_key, None), "KeyPairMismatch");
    assert_eq!(code(&body, "no key", None), "MalformedCertificate");
    assert_eq!(code("no certificate", &key, None), "MalformedCertificate");
    assert_eq!(code(&expired, &its_key, None), "MalformedCertificate");
    assert_eq!(code(&body, &key, Some("no chain")), "MalformedCertificate");
    assert_eq!(code(&body, &key, Some(&other)), "MalformedCertificate");
    // It signs itself, so it is its own chain.
    let input = shapes::UploadServerCertificateInput {
        certificate_chain: Some(body.clone()),
        ..upload("site", &body, &key)
    };
    world
        .change::<UploadServerCertificate>(&root(A), input)
        .expect("kept");
}

#[test]
fn each_takes_its_permission_on_the_certificate() {
    let world = TestWorld::new(&[A]);
    let (body, key) = certificate("example.com", 2030);
    let bob = world.user(A, "Bob", "");
    assert_denied(
        world.change::<UploadServerCertificate>(&bob, upload("site", &body, &key)),
        ARN,
    );
    let cat = world.user(A, "Cat", &allow("iam:UploadServerCertificate", ARN));
    let tag = |key: &str, value: &str| shapes::Tag {
        key: key.into(),
        value: value.into(),
    };
    let tagged = shapes::UploadServerCertificateInput {
        tags: Some(vec![tag("Team", "Blue")]),
        ..upload("site", &body, &key)
    };
    assert_denied(
        world.change::<UploadServerCertificate>(&cat, tagged.clone()),
        ARN,
    );
    world
        .change::<UploadServerCertificate>(&cat, upload("site", &body, &key))
        .expect("allowed");
    assert_denied(world.read::<GetServerCertificate>(&cat, get("site")), ARN);
    assert_denied(
        world.change::<DeleteServerCertificate>(&cat, delete("site")),
        ARN,
    );
    assert_denied(
        world.read::<ListServerCertificates>(&cat, Default::default()),
        "arn:aws:iam::081278057606:server-certificate/",
    );
    let rename = |name: &str| shapes::UpdateServerCertificateInput {
        server_certificate_name: "site".into(),
        new_path: None,
        new_server_certificate_name: Some(name.into()),
    };
    // Both names count: what it was and what it becomes.
    let dan = world.user(A, "Dan", &allow("iam:UpdateServerCertificate", ARN));
    assert_denied(
        world.change::<UpdateServerCertificate>(&dan, rename("mine")),
        "arn:aws:iam::081278057606:server-certificate/web/mine",
    );
    let add = shapes::TagServerCertificateInput {
        server_certificate_name: "site".into(),
        tags: vec![tag("Team", "Blue"), tag("Floor", "2")],
    };
    assert_denied(world.change::<TagServerCertificate>(&cat, add.clone()), ARN);
    world
        .change::<TagServerCertificate>(&root(A), add)
        .expect("tagged");
    let take = shapes::UntagServerCertificateInput {
        server_certificate_name: "site".into(),
        tag_keys: vec!["floor".into()],
    };
    assert_denied(
        world.change::<UntagServerCertificate>(&cat, take.clone()),
        ARN,
    );
    world
        .change::<UntagServerCertificate>(&root(A), take)
        .expect("untagged");
    let tags = || shapes::ListServerCertificateTagsInput {
        server_certificate_name: "site".into(),
        ..Default::default()
    };
    assert_denied(world.read::<ListServerCertificateTags>(&cat, tags()), ARN);
    let left = world.read::<ListServerCertificateTags>(&root(A), tags());
    assert_eq!(left.expect("listed").tags, [tag("Team", "Blue")]);
}
