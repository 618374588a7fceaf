//! What Terraform's AWS provider calls for those of its `aws_iam_*` resources that are no users, groups, roles or policies, by boto3.
//!
//! Each goes through the same life ([`lives`]); the calls are those that the provider's log shows, in its order.

use serde_json::{Value, json};

use super::terraform::{account, call, gone, refreshed};
use crate::world::{AccountIn, World, policy, trust};

type Calls<'a> = &'a [(&'a str, Value)];

/// A resource's life: it is not there, is created, refreshed, planned a second time without a difference, updated, which shows in
/// a refresh, and destroyed. `absent` is the read by which the provider sees that it is not there.
#[track_caller]
fn lives(
    account: &AccountIn,
    absent: (&str, Value),
    create: Calls,
    reads: Calls,
    update: Calls,
    destroy: Calls,
) {
    let run = |calls: Calls| {
        for (operation, parameters) in calls {
            call(account, "iam", operation, parameters);
        }
    };
    let is_gone = || gone(account, "iam", absent.0, &absent.1, "NoSuchEntity");
    is_gone();
    run(create);
    let first = refreshed(account, "iam", reads);
    run(update);
    let second = refreshed(account, "iam", reads);
    assert!(update.is_empty() || first != second, "{first:?}");
    run(destroy);
    is_gone();
}

/// The same of what a list shows, by which the provider tells whether it is there.
#[track_caller]
fn lives_in_list(account: &AccountIn, list: (&str, &str, Value), update: Calls, destroy: Calls) {
    let (operation, member, parameters) = list;
    let reads = [(operation, parameters)];
    let shown = || refreshed(account, "iam", &reads)[0][member].clone();
    let before = shown();
    assert_eq!(before.as_array().map(Vec::len), Some(1), "{before}");
    for (operation, parameters) in update {
        call(account, "iam", operation, parameters);
    }
    assert!(update.is_empty() || shown() != before, "{before}");
    for (operation, parameters) in destroy {
        call(account, "iam", operation, parameters);
    }
    assert_eq!(shown(), json!([]));
}

fn tags(key: &str) -> Value {
    json!([{ "Key": key, "Value": "1" }])
}

/// A certificate of nobody, and its key.
fn certificate(world: &World) -> (Value, Value) {
    let made = world.anonymous().call("saml", "pair", json!({})).ok();
    (made[0].clone(), made[1].clone())
}

#[test]
fn terraform_iam_instance_profile_and_service_linked_role() {
    let account = account();
    let service = json!({ "Service": "ec2.amazonaws.com" });
    let mut document = trust(json!("*"));
    document["Statement"][0]["Principal"] = service;
    account.role_trusting("Machine", &document);
    let name = json!({ "InstanceProfileName": "machine" });
    let with_role = json!({ "InstanceProfileName": "machine", "RoleName": "Machine" });
    lives(
        &account,
        ("get_instance_profile", name.clone()),
        &[
            (
                "create_instance_profile",
                json!({ "InstanceProfileName": "machine", "Path": "/", "Tags": tags("a") }),
            ),
            ("add_role_to_instance_profile", with_role.clone()),
        ],
        &[
            ("get_instance_profile", name.clone()),
            ("get_role", json!({ "RoleName": "Machine" })),
        ],
        &[
            (
                "untag_instance_profile",
                json!({ "InstanceProfileName": "machine", "TagKeys": ["a"] }),
            ),
            (
                "tag_instance_profile",
                json!({ "InstanceProfileName": "machine", "Tags": tags("b") }),
            ),
        ],
        &[
            ("remove_role_from_instance_profile", with_role),
            ("delete_instance_profile", name.clone()),
        ],
    );

    let role = json!({ "RoleName": "AWSServiceRoleForECS" });
    let with = |name: &str, value: Value| {
        let mut parameters = role.clone();
        parameters[name] = value;
        parameters
    };
    gone(&account, "iam", "get_role", &role, "NoSuchEntity");
    let create = json!({ "AWSServiceName": "ecs.amazonaws.com", "Description": "first" });
    call(&account, "iam", "create_service_linked_role", &create);
    // It makes the role before it tags it.
    call(&account, "iam", "tag_role", &with("Tags", tags("a")));
    let reads = [("get_role", role.clone())];
    let first = refreshed(&account, "iam", &reads);
    assert_eq!(
        first[0]["Role"]["Path"],
        "/aws-service-role/ecs.amazonaws.com/"
    );
    call(
        &account,
        "iam",
        "update_role",
        &with("Description", json!("second")),
    );
    assert_ne!(first, refreshed(&account, "iam", &reads));
    let task = call(&account, "iam", "delete_service_linked_role", &role)["DeletionTaskId"].clone();
    let status = json!({ "DeletionTaskId": task });
    let status = call(
        &account,
        "iam",
        "get_service_linked_role_deletion_status",
        &status,
    );
    assert_eq!(status["Status"], "SUCCEEDED");
    gone(&account, "iam", "get_role", &role, "NoSuchEntity");
}

#[test]
fn terraform_iam_passwords_and_settings_of_the_account() {
    let account = account();
    let none = json!({});
    lives(
        &account,
        ("get_account_password_policy", none.clone()),
        &[(
            "update_account_password_policy",
            json!({ "MinimumPasswordLength": 8, "RequireNumbers": true, "AllowUsersToChangePassword": true }),
        )],
        &[("get_account_password_policy", none.clone())],
        &[(
            "update_account_password_policy",
            json!({ "MinimumPasswordLength": 12, "MaxPasswordAge": 90, "HardExpiry": false }),
        )],
        &[("delete_account_password_policy", none.clone())],
    );
    account.user("u");
    let user = json!({ "UserName": "u" });
    lives(
        &account,
        ("get_login_profile", user.clone()),
        &[(
            "create_login_profile",
            json!({ "UserName": "u", "Password": "Terraform-made-1", "PasswordResetRequired": true }),
        )],
        &[("get_login_profile", user.clone())],
        &[],
        &[("delete_login_profile", user)],
    );

    let version = || {
        let summary = call(&account, "iam", "get_account_summary", &none);
        summary["SummaryMap"]["GlobalEndpointTokenVersion"].clone()
    };
    for wanted in [2, 1] {
        let setting = json!({ "GlobalEndpointTokenVersion": format!("v{wanted}Token") });
        call(
            &account,
            "iam",
            "set_security_token_service_preferences",
            &setting,
        );
        assert_eq!(version(), wanted);
    }
}

#[test]
fn terraform_iam_credentials_of_a_user() {
    let world = World::start("text3");
    let account = world.account("Production");
    let (body, key) = certificate(&world);
    account.iam("create_user", json!({ "UserName": "u" }));
    let of_user = |more: Value| {
        let mut parameters = more;
        parameters["UserName"] = json!("u");
        parameters
    };

    let made = call(&account, "iam", "create_access_key", &of_user(json!({})));
    let one = json!({ "AccessKeyId": made["AccessKey"]["AccessKeyId"] });
    let mut off = one.clone();
    off["Status"] = json!("Inactive");
    lives_in_list(
        &account,
        ("list_access_keys", "AccessKeyMetadata", of_user(json!({}))),
        &[("update_access_key", of_user(off))],
        &[("delete_access_key", of_user(one))],
    );

    let upload = of_user(json!({ "CertificateBody": body }));
    let made = call(&account, "iam", "upload_signing_certificate", &upload);
    let id = &made["Certificate"]["CertificateId"];
    lives_in_list(
        &account,
        (
            "list_signing_certificates",
            "Certificates",
            of_user(json!({})),
        ),
        &[(
            "update_signing_certificate",
            of_user(json!({ "CertificateId": id, "Status": "Inactive" })),
        )],
        &[(
            "delete_signing_certificate",
            of_user(json!({ "CertificateId": id })),
        )],
    );

    let create = of_user(json!({ "ServiceName": "codecommit.amazonaws.com" }));
    let made = call(
        &account,
        "iam",
        "create_service_specific_credential",
        &create,
    );
    let id = &made["ServiceSpecificCredential"]["ServiceSpecificCredentialId"];
    lives_in_list(
        &account,
        (
            "list_service_specific_credentials",
            "ServiceSpecificCredentials",
            create,
        ),
        &[(
            "update_service_specific_credential",
            of_user(json!({ "ServiceSpecificCredentialId": id, "Status": "Inactive" })),
        )],
        &[(
            "delete_service_specific_credential",
            of_user(json!({ "ServiceSpecificCredentialId": id })),
        )],
    );

    let ssh = world.anonymous().call("saml", "ssh_line", json!({})).ok();
    let upload = of_user(json!({ "SSHPublicKeyBody": ssh }));
    let made = call(&account, "iam", "upload_ssh_public_key", &upload);
    let id = &made["SSHPublicKey"]["SSHPublicKeyId"];
    let read = of_user(json!({ "SSHPublicKeyId": id, "Encoding": "SSH" }));
    let reads = [("get_ssh_public_key", read.clone())];
    let first = refreshed(&account, "iam", &reads);
    assert_eq!(first[0]["SSHPublicKey"]["SSHPublicKeyBody"], ssh);
    let off = of_user(json!({ "SSHPublicKeyId": id, "Status": "Inactive" }));
    call(&account, "iam", "update_ssh_public_key", &off);
    assert_ne!(first, refreshed(&account, "iam", &reads));
    let one = of_user(json!({ "SSHPublicKeyId": id }));
    call(&account, "iam", "delete_ssh_public_key", &one);
    gone(&account, "iam", "get_ssh_public_key", &read, "NoSuchEntity");

    let device = json!({ "VirtualMFADeviceName": "phone", "Path": "/", "Tags": tags("a") });
    let made = call(&account, "iam", "create_virtual_mfa_device", &device);
    let serial = json!({ "SerialNumber": made["VirtualMFADevice"]["SerialNumber"] });
    let listed = call(&account, "iam", "list_mfa_device_tags", &serial);
    assert_eq!(listed["Tags"], tags("a"));
    lives_in_list(
        &account,
        (
            "list_virtual_mfa_devices",
            "VirtualMFADevices",
            json!({ "AssignmentStatus": "Any" }),
        ),
        &[],
        &[("delete_virtual_mfa_device", serial)],
    );

    let name = json!({ "ServerCertificateName": "www" });
    lives(
        &account,
        ("get_server_certificate", name.clone()),
        &[(
            "upload_server_certificate",
            json!({ "ServerCertificateName": "www", "CertificateBody": body, "PrivateKey": key, "Path": "/", "Tags": tags("a") }),
        )],
        &[("get_server_certificate", name.clone())],
        &[(
            "tag_server_certificate",
            json!({ "ServerCertificateName": "www", "Tags": tags("b") }),
        )],
        &[("delete_server_certificate", name.clone())],
    );
}

#[test]
fn terraform_iam_identity_providers() {
    let world = World::start("text3");
    let account = world.account("Production");
    let arn = account.arn("oidc-provider/ci.example.com");
    let which = json!({ "OpenIDConnectProviderArn": arn });
    let with = |name: &str, value: Value| {
        let mut parameters = which.clone();
        parameters[name] = value;
        parameters
    };
    lives(
        &account,
        ("get_open_id_connect_provider", which.clone()),
        &[(
            "create_open_id_connect_provider",
            json!({ "Url": "https://ci.example.com", "ClientIDList": ["a"], "ThumbprintList": ["a".repeat(40)], "Tags": tags("a") }),
        )],
        &[("get_open_id_connect_provider", which.clone())],
        &[
            (
                "update_open_id_connect_provider_thumbprint",
                with("ThumbprintList", json!(["b".repeat(40)])),
            ),
            (
                "add_client_id_to_open_id_connect_provider",
                with("ClientID", json!("b")),
            ),
            (
                "remove_client_id_from_open_id_connect_provider",
                with("ClientID", json!("a")),
            ),
            ("tag_open_id_connect_provider", with("Tags", tags("b"))),
        ],
        &[("delete_open_id_connect_provider", which.clone())],
    );

    let metadata = |idp: &str| {
        let named = json!({ "idp": idp });
        world.anonymous().call("saml", "metadata", named).ok()
    };
    let which = json!({ "SAMLProviderArn": account.arn("saml-provider/corporate") });
    lives(
        &account,
        ("get_saml_provider", which.clone()),
        &[(
            "create_saml_provider",
            json!({ "Name": "corporate", "SAMLMetadataDocument": metadata("first"), "Tags": tags("a") }),
        )],
        &[("get_saml_provider", which.clone())],
        &[(
            "update_saml_provider",
            json!({ "SAMLProviderArn": which["SAMLProviderArn"], "SAMLMetadataDocument": metadata("second") }),
        )],
        &[("delete_saml_provider", which.clone())],
    );
}

/// The exclusive lists of a user, group and role, and one policy's attachments wherever they are.
#[test]
fn terraform_iam_policies_of_an_identity_and_of_nothing_else() {
    let account = account();
    account.iam("create_user", json!({ "UserName": "x" }));
    account.group("x", &[]);
    account.role("x", json!(account.id()));
    let document = policy("Allow", json!("s3:*"), json!("*")).to_string();
    let create = json!({ "PolicyName": "shared", "PolicyDocument": document });
    let arn = call(&account, "iam", "create_policy", &create)["Policy"]["Arn"].clone();
    let entities = || {
        let listed = refreshed(
            &account,
            "iam",
            &[("list_entities_for_policy", json!({ "PolicyArn": arn }))],
        );
        ["PolicyUsers", "PolicyGroups", "PolicyRoles"]
            .map(|kind| listed[0][kind].as_array().map_or(0, Vec::len))
    };
    assert_eq!(entities(), [0, 0, 0]);
    for kind in ["user", "group", "role"] {
        let member = format!("{}{}Name", kind[..1].to_uppercase(), &kind[1..]);
        let of = |more: Value| {
            let mut parameters = more;
            parameters[member.as_str()] = json!("x");
            parameters
        };
        let (attach, detach) = (
            format!("attach_{kind}_policy"),
            format!("detach_{kind}_policy"),
        );
        let attached = (format!("list_attached_{kind}_policies"), "AttachedPolicies");
        let inline = (format!("list_{kind}_policies"), "PolicyNames");
        for (list, member) in [&attached, &inline] {
            let listed = call(&account, "iam", list, &of(json!({})));
            assert_eq!(listed[*member], json!([]));
        }
        call(&account, "iam", &attach, &of(json!({ "PolicyArn": arn })));
        let one = of(json!({ "PolicyName": "own" }));
        let mut put = one.clone();
        put["PolicyDocument"] = json!(document);
        call(&account, "iam", &format!("put_{kind}_policy"), &put);
        // What is not in the exclusive list goes.
        lives_in_list(
            &account,
            (&inline.0, inline.1, of(json!({}))),
            &[],
            &[(&format!("delete_{kind}_policy"), one)],
        );
        let listed = call(&account, "iam", &attached.0, &of(json!({})));
        assert_eq!(listed["AttachedPolicies"][0]["PolicyArn"], arn);
        if kind != "role" {
            call(&account, "iam", &detach, &of(json!({ "PolicyArn": arn })));
        }
    }
    assert_eq!(entities(), [0, 0, 1]);
}

#[test]
fn terraform_iam_organizations_features() {
    let account = account();
    let none = json!({});
    gone(
        &account,
        "iam",
        "list_organizations_features",
        &none,
        "OrganizationNotFoundException",
    );
    let all = json!({ "FeatureSet": "ALL" });
    call(&account, "organizations", "create_organization", &all);
    let service = json!({ "ServicePrincipal": "iam.amazonaws.com" });
    call(
        &account,
        "organizations",
        "enable_aws_service_access",
        &service,
    );
    let enabled = || {
        let reads = [("list_organizations_features", none.clone())];
        refreshed(&account, "iam", &reads)[0]["EnabledFeatures"].clone()
    };
    assert_eq!(enabled(), json!([]));
    let features = ["RootCredentialsManagement", "RootSessions"];
    let switches = ["root_credentials_management", "root_sessions"];
    for (switch, known) in switches.iter().zip(1..) {
        call(
            &account,
            "iam",
            &format!("enable_organizations_{switch}"),
            &none,
        );
        assert_eq!(enabled(), json!(features[..known]));
    }
    for switch in switches {
        call(
            &account,
            "iam",
            &format!("disable_organizations_{switch}"),
            &none,
        );
    }
    assert_eq!(enabled(), json!([]));
}
