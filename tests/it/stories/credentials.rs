//! What users hold besides keys and passwords: kept, given back and in the way of whoever deletes the user.

use serde_json::json;

use crate::world::World;

#[test]
fn what_a_user_holds_is_given_back_and_must_go_first() {
    let world = World::start("text3");
    let dev = world.account("Development");
    dev.user("Ann");
    let shell = dev.root().terminal();
    // The stock tools make the material, and the stock CLI uploads it.
    shell
        .types("ssh-keygen -q -t rsa -b 2048 -N '' -C ann@laptop -f key")
        .ok();
    let upload =
        "aws iam upload-ssh-public-key --user-name Ann --ssh-public-key-body file://key.pub";
    let key = shell.types(upload).json()["SSHPublicKey"].clone();
    let told = shell.types("ssh-keygen -l -E md5 -f key.pub").ok();
    let fingerprint = key["Fingerprint"].as_str().expect("a fingerprint");
    assert!(told.contains(&format!("MD5:{fingerprint}")), "{told}");
    let id = key["SSHPublicKeyId"].as_str().expect("an id");
    shell
        .types(&format!(
            "aws iam get-ssh-public-key --user-name Ann --ssh-public-key-id {id} --encoding PEM --query SSHPublicKey.SSHPublicKeyBody --output text > key.pem
             ssh-keygen -e -m PKCS8 -f key.pub > expected.pem
             diff -B key.pem expected.pem"
        ))
        .ok();
    shell
        .types("openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=ann -keyout private.pem -out cert.pem 2>/dev/null")
        .ok();
    let certificate = shell
        .types(
            "aws iam upload-signing-certificate --user-name Ann --certificate-body file://cert.pem",
        )
        .json();
    let certificate = certificate["Certificate"]["CertificateId"].clone();
    shell
        .types("aws iam upload-server-certificate --server-certificate-name site --certificate-body file://cert.pem --private-key file://private.pem")
        .ok();
    let other = "openssl genrsa -out other.pem 2048 2>/dev/null
         aws iam upload-server-certificate --server-certificate-name other --certificate-body file://cert.pem --private-key file://other.pem";
    shell.types(other).refused("KeyPairMismatch");
    let password = dev.iam(
        "create_service_specific_credential",
        json!({ "UserName": "Ann", "ServiceName": "codecommit.amazonaws.com" }),
    );
    let password = password["ServiceSpecificCredential"]["ServiceSpecificCredentialId"].clone();

    // All of it survives, also a new name.
    world.server().kill();
    world.start_again();
    dev.iam(
        "update_user",
        json!({ "UserName": "Ann", "NewUserName": "Anna" }),
    );
    let anna = json!({ "UserName": "Anna" });
    let one = |operation: &str, member: &str| {
        let listed = dev.iam(operation, anna.clone());
        assert_eq!(listed[member].as_array().map(Vec::len), Some(1), "{listed}");
    };
    one("list_ssh_public_keys", "SSHPublicKeys");
    one("list_signing_certificates", "Certificates");
    one(
        "list_service_specific_credentials",
        "ServiceSpecificCredentials",
    );
    let site = dev.iam(
        "get_server_certificate",
        json!({ "ServerCertificateName": "site" }),
    );
    let site = site["ServerCertificate"].to_string();
    assert!(
        site.contains("BEGIN CERTIFICATE") && !site.contains("PRIVATE"),
        "{site}"
    );

    let keys = dev.iam("list_access_keys", anna.clone());
    let access_key = keys["AccessKeyMetadata"][0]["AccessKeyId"].clone();
    let of_anna =
        |name: &str, value: &serde_json::Value| json!({ "UserName": "Anna", name: value });
    dev.iam("delete_access_key", of_anna("AccessKeyId", &access_key));
    let conflict = |what: &str| {
        let refusal = dev.root().call("iam", "delete_user", anna.clone());
        assert_eq!(
            refusal.refused("DeleteConflict").message,
            format!("Cannot delete entity, must delete {what} first.")
        );
    };
    conflict("signing certificates");
    dev.iam(
        "delete_signing_certificate",
        of_anna("CertificateId", &certificate),
    );
    conflict("SSH public keys");
    dev.iam(
        "delete_ssh_public_key",
        of_anna("SSHPublicKeyId", &key["SSHPublicKeyId"]),
    );
    conflict("service specific credentials");
    dev.iam(
        "delete_service_specific_credential",
        of_anna("ServiceSpecificCredentialId", &password),
    );
    dev.iam("delete_user", anna);
    dev.iam(
        "delete_server_certificate",
        json!({ "ServerCertificateName": "site" }),
    );
}
