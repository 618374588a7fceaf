use super::*;
use crate::{
    iam::users::DeleteUser,
    testing::{TestWorld, assert_denied, assert_refused, root},
};

const A: &str = "081278057606";
/// A key as `ssh-keygen` made it, what `ssh-keygen -l -E md5` says of it, and `ssh-keygen -e -m PKCS8` makes of it.
const LINE: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDQ3bc6H6lzvcKHPrNqnSX4+4wB71oiG9GxDJkYxK70wvXNVE7Mv4UB65U56GjI2gIamjbBQlWHstThnSUfabrSyzJxL1ztTqj139w4PbDfxaZvNZQULeYU3GNKABxKaRXY/FcnK9S25JLfWHVSChDx/CH/K1FKv8zQJJ0tb2jNu/2CK+JVVnM9lRZFK9laktxV/QIWgaXsap6MtQXQJ60nZPQWheL6d0u/zpPmeKlnV0oavm6UCqLpcMu7wqubODJ1mvlGXCPw5uO1+TlPIlCrh06/Mj4v9VNEucEI5LZOu0D4WPl/2Bf634eGjOJ3NeHB0jRnAZ61dmtKha10qYJ9 amy@laptop";
const FINGERPRINT: &str = "fd:93:2d:51:ae:ef:de:06:6a:b1:86:94:98:c0:44:78";
const PEM: &str = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA0N23Oh+pc73Chz6zap0l\n+PuMAe9aIhvRsQyZGMSu9ML1zVROzL+FAeuVOehoyNoCGpo2wUJVh7LU4Z0lH2m6\n0ssycS9c7U6o9d/cOD2w38WmbzWUFC3mFNxjSgAcSmkV2PxXJyvUtuSS31h1UgoQ\n8fwh/ytRSr/M0CSdLW9ozbv9giviVVZzPZUWRSvZWpLcVf0CFoGl7GqejLUF0Cet\nJ2T0FoXi+ndLv86T5nipZ1dKGr5ulAqi6XDLu8KrmzgydZr5Rlwj8Objtfk5TyJQ\nq4dOvzI+L/VTRLnBCOS2TrtA+Fj5f9gX+t+HhozidzXhwdI0ZwGetXZrSoWtdKmC\nfQIDAQAB\n-----END PUBLIC KEY-----";
const SHORT: &str = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC+lydozdauZJkCpRdAO6ZqelcqHPxkL+0FZI/9ZpWGU+jwO6sw0uf3OPCDUe/prDX9WqQH8xmc7BF5FbcfYeUh1Yxcv0D31KpbC3mi12vwjeUiZJKbBBgKUv1VlHBwtNNNToxRC5TPVa7gmiB7SMOoaMsdLzLCddqnJM1LJP53uQ== short";
const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEhiO5PpS+yZctDelMHYbj0iB3pXq6hIjMAHb2Ynh7FK other";

fn upload(body: &str) -> shapes::UploadSSHPublicKeyInput {
    shapes::UploadSSHPublicKeyInput {
        user_name: "Amy".into(),
        ssh_public_key_body: body.into(),
    }
}

fn get(id: &str, encoding: &str) -> shapes::GetSSHPublicKeyInput {
    shapes::GetSSHPublicKeyInput {
        user_name: "Amy".into(),
        ssh_public_key_id: id.into(),
        encoding: encoding.into(),
    }
}

fn update(id: &str, status: &str) -> shapes::UpdateSSHPublicKeyInput {
    shapes::UpdateSSHPublicKeyInput {
        user_name: "Amy".into(),
        ssh_public_key_id: id.into(),
        status: status.into(),
    }
}

fn delete(id: &str) -> shapes::DeleteSSHPublicKeyInput {
    shapes::DeleteSSHPublicKeyInput {
        user_name: "Amy".into(),
        ssh_public_key_id: id.into(),
    }
}

#[test]
fn a_key_is_kept_and_shown_in_both_encodings() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", "");
    let without_comment = LINE.rsplit_once(' ').expect("a comment").0;
    for (uploaded, as_line, as_pem) in [(LINE, LINE, PEM), (PEM, without_comment, PEM)] {
        let made = world
            .change::<UploadSSHPublicKey>(&root(A), upload(uploaded))
            .expect("kept")
            .ssh_public_key
            .expect("shown");
        assert!(made.ssh_public_key_id.starts_with("APKA"));
        assert_eq!(
            (made.fingerprint.as_str(), made.status.as_str()),
            (FINGERPRINT, "Active")
        );
        let id = made.ssh_public_key_id;
        let body = |encoding: &str| {
            let shown = world.read::<GetSSHPublicKey>(&root(A), get(&id, encoding));
            let key = shown.expect("shown").ssh_public_key.expect("a key");
            key.ssh_public_key_body.trim().to_owned()
        };
        assert_eq!(
            (body("SSH").as_str(), body("PEM").as_str()),
            (as_line, as_pem)
        );
        for again in [LINE, PEM] {
            let twice = world.change::<UploadSSHPublicKey>(&root(A), upload(again));
            assert_eq!(twice.expect_err("the same").code, "DuplicateSSHPublicKey");
        }
        world
            .change::<UpdateSSHPublicKey>(&root(A), update(&id, "Inactive"))
            .expect("set");
        let listed = world
            .read::<ListSSHPublicKeys>(
                &root(A),
                shapes::ListSSHPublicKeysInput {
                    user_name: Some("Amy".into()),
                    ..Default::default()
                },
            )
            .expect("listed");
        assert_eq!(listed.ssh_public_keys[0].status, "Inactive");
        let amy = shapes::DeleteUserInput {
            user_name: "Amy".into(),
        };
        assert_refused(
            world.change::<DeleteUser>(&root(A), amy),
            "DeleteConflict",
            "Cannot delete entity, must delete SSH public keys first.",
        );
        world
            .change::<DeleteSSHPublicKey>(&root(A), delete(&id))
            .expect("deleted");
        let gone = format!("The Public Key with id {id} cannot be found.");
        assert_refused(
            world.change::<DeleteSSHPublicKey>(&root(A), delete(&id)),
            "NoSuchEntity",
            &gone,
        );
        assert_refused(
            world.read::<GetSSHPublicKey>(&root(A), get(&id, "SSH")),
            "NoSuchEntity",
            &gone,
        );
        assert_refused(
            world.change::<UpdateSSHPublicKey>(&root(A), update(&id, "Active")),
            "NoSuchEntity",
            &gone,
        );
    }
}

#[test]
fn what_is_no_rsa_key_of_2048_bits_is_refused() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", "");
    let cut = &LINE[..LINE.len() - 100];
    for (body, code) in [
        (SHORT, "InvalidPublicKey"),
        (ED25519, "InvalidPublicKey"),
        ("ssh-rsa", "InvalidPublicKey"),
        ("ssh-rsa AAAA", "InvalidPublicKey"),
        (cut, "InvalidPublicKey"),
        (
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
            "InvalidPublicKey",
        ),
        ("my key", "UnrecognizedPublicKeyEncoding"),
    ] {
        let refused = world.change::<UploadSSHPublicKey>(&root(A), upload(body));
        assert_eq!(refused.expect_err(body).code, code, "{body}");
    }
}

#[test]
fn each_takes_its_permission_on_the_user() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", "");
    let bob = world.user(A, "Bob", "");
    let id = "APKA00000000000000000";
    assert_denied(
        world.change::<UploadSSHPublicKey>(&bob, upload(LINE)),
        "user Amy",
    );
    assert_denied(
        world.read::<GetSSHPublicKey>(&bob, get(id, "SSH")),
        "user Amy",
    );
    assert_denied(
        world.change::<UpdateSSHPublicKey>(&bob, update(id, "Active")),
        "user Amy",
    );
    assert_denied(
        world.change::<DeleteSSHPublicKey>(&bob, delete(id)),
        "user Amy",
    );
    let list = shapes::ListSSHPublicKeysInput {
        user_name: Some("Amy".into()),
        ..Default::default()
    };
    assert_denied(world.read::<ListSSHPublicKeys>(&bob, list), "user Amy");
}
