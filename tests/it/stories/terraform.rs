//! Terraform without Terraform: the calls that its AWS provider makes for each resource, in its order, by boto3.
//!
//! Each resource is created, refreshed, planned a second time without a difference, updated and destroyed; what the provider
//! takes for "not found" must be exactly that.

use serde_json::{Value, json};

use crate::world::{AccountIn, World, policy, trust};

pub(super) fn account() -> AccountIn {
    World::start("text3").account("Production")
}

/// A call as root.
pub(super) fn call(
    account: &AccountIn,
    service: &str,
    operation: &str,
    parameters: &Value,
) -> Value {
    account
        .root()
        .call(service, operation, parameters.clone())
        .ok()
}

pub(super) fn gone(
    account: &AccountIn,
    service: &str,
    operation: &str,
    parameters: &Value,
    code: &str,
) {
    account
        .root()
        .call(service, operation, parameters.clone())
        .refused(code);
}

/// Refreshes twice: the second plan must see what the first has seen.
pub(super) fn refreshed(account: &AccountIn, service: &str, reads: &[(&str, Value)]) -> Vec<Value> {
    let read = || -> Vec<Value> {
        let calls = reads
            .iter()
            .map(|(operation, parameters)| call(account, service, operation, parameters));
        calls.map(without_metadata).collect()
    };
    let first = read();
    assert_eq!(first, read(), "a second plan without a difference");
    first
}

fn without_metadata(mut answer: Value) -> Value {
    if let Some(members) = answer.as_object_mut() {
        members.remove("ResponseMetadata");
    }
    answer
}

#[test]
fn terraform_provider_start() {
    let account = account();
    let identity = call(&account, "sts", "get_caller_identity", &json!({}));
    assert_eq!(identity["Account"], "999999999999");
    // With skip_credentials_validation it falls back to these.
    let user = call(&account, "iam", "get_user", &json!({}));
    assert_eq!(user["User"]["Arn"], "arn:aws:iam::999999999999:root");
    assert_eq!(user["User"]["UserId"], "999999999999");
    assert!(user["User"].get("UserName").is_none(), "{user}");
    call(&account, "iam", "list_roles", &json!({ "MaxItems": 1 }));
}

#[test]
fn terraform_iam_role() {
    let account = account();
    let name = json!({ "RoleName": "app" });
    gone(&account, "iam", "get_role", &name, "NoSuchEntity");
    let document = trust(json!("arn:aws:iam::111111111111:root"));
    let created = call(
        &account,
        "iam",
        "create_role",
        &json!({
            "RoleName": "app",
            "Path": "/service/",
            "Description": "first",
            "MaxSessionDuration": 3600,
            "AssumeRolePolicyDocument": document.to_string(),
            "Tags": [{ "Key": "env", "Value": "prod" }],
        }),
    );
    assert!(
        created["Role"].get("MaxSessionDuration").is_none(),
        "{created}"
    );
    let reads = [
        ("get_role", name.clone()),
        ("list_role_policies", name.clone()),
        ("list_attached_role_policies", name.clone()),
    ];
    let seen = refreshed(&account, "iam", &reads);
    assert_eq!(seen[0]["Role"]["AssumeRolePolicyDocument"], document);
    assert_eq!(seen[0]["Role"]["MaxSessionDuration"], 3600);
    assert_eq!(seen[0]["Role"]["RoleLastUsed"], json!({}));
    assert_eq!(
        seen[0]["Role"]["Arn"],
        "arn:aws:iam::999999999999:role/service/app"
    );
    let other = trust(json!({ "AWS": "arn:aws:iam::111111111111:root" })["AWS"].clone());
    call(
        &account,
        "iam",
        "update_assume_role_policy",
        &json!({ "RoleName": "app", "PolicyDocument": other.to_string() }),
    );
    call(
        &account,
        "iam",
        "update_role",
        &json!({ "RoleName": "app", "MaxSessionDuration": 7200 }),
    );
    call(
        &account,
        "iam",
        "update_role_description",
        &json!({ "RoleName": "app", "Description": "second" }),
    );
    let boundary = json!({ "RoleName": "app", "PermissionsBoundary": "arn:aws:iam::aws:policy/PowerUserAccess" });
    call(&account, "iam", "put_role_permissions_boundary", &boundary);
    call(
        &account,
        "iam",
        "tag_role",
        &json!({ "RoleName": "app", "Tags": [{ "Key": "team", "Value": "x" }] }),
    );
    call(
        &account,
        "iam",
        "untag_role",
        &json!({ "RoleName": "app", "TagKeys": ["env"] }),
    );
    let role = &refreshed(&account, "iam", &reads)[0]["Role"].clone();
    assert_eq!(role["Description"], "second");
    assert_eq!(role["Tags"], json!([{ "Key": "team", "Value": "x" }]));
    assert_eq!(
        role["PermissionsBoundary"]["PermissionsBoundaryArn"],
        "arn:aws:iam::aws:policy/PowerUserAccess"
    );
    call(&account, "iam", "delete_role_permissions_boundary", &name);
    // A policy of its own, and an attached one.
    let inline = policy("Allow", json!("s3:*"), json!("*"));
    let put =
        json!({ "RoleName": "app", "PolicyName": "inline", "PolicyDocument": inline.to_string() });
    call(&account, "iam", "put_role_policy", &put);
    let one = json!({ "RoleName": "app", "PolicyName": "inline" });
    assert_eq!(
        refreshed(&account, "iam", &[("get_role_policy", one.clone())])[0]["PolicyDocument"],
        inline
    );
    let attachment =
        json!({ "RoleName": "app", "PolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess" });
    call(&account, "iam", "attach_role_policy", &attachment);
    let attached = call(&account, "iam", "list_attached_role_policies", &name);
    assert_eq!(
        attached["AttachedPolicies"][0]["PolicyName"],
        "ReadOnlyAccess"
    );
    gone(&account, "iam", "delete_role", &name, "DeleteConflict");
    call(&account, "iam", "detach_role_policy", &attachment);
    gone(
        &account,
        "iam",
        "detach_role_policy",
        &attachment,
        "NoSuchEntity",
    );
    call(&account, "iam", "delete_role_policy", &one);
    gone(&account, "iam", "get_role_policy", &one, "NoSuchEntity");
    call(&account, "iam", "list_instance_profiles_for_role", &name);
    call(&account, "iam", "delete_role", &name);
    gone(&account, "iam", "get_role", &name, "NoSuchEntity");
}

#[test]
fn terraform_iam_policy() {
    let account = account();
    let document = |action: &str| policy("Allow", json!(action), json!("*")).to_string();
    let create =
        json!({ "PolicyName": "p", "PolicyDocument": document("s3:Get*"), "Description": "d" });
    let arn = call(&account, "iam", "create_policy", &create)["Policy"]["Arn"].clone();
    gone(
        &account,
        "iam",
        "create_policy",
        &create,
        "EntityAlreadyExists",
    );
    let which = json!({ "PolicyArn": arn });
    let policy = &refreshed(&account, "iam", &[("get_policy", which.clone())])[0]["Policy"].clone();
    assert_eq!(policy["DefaultVersionId"], "v1");
    for version in 2..=6 {
        // At five the provider deletes the oldest first.
        let versions = call(&account, "iam", "list_policy_versions", &which)["Versions"].clone();
        let versions = versions.as_array().expect("a list");
        if versions.len() == 5 {
            let one_more = json!({ "PolicyArn": arn, "PolicyDocument": document("s3:*"), "SetAsDefault": true });
            gone(
                &account,
                "iam",
                "create_policy_version",
                &one_more,
                "LimitExceeded",
            );
            let oldest = json!({ "PolicyArn": arn, "VersionId": versions[4]["VersionId"] });
            call(&account, "iam", "delete_policy_version", &oldest);
        }
        let next = json!({ "PolicyArn": arn, "PolicyDocument": document("s3:Put*"), "SetAsDefault": true });
        let made = call(&account, "iam", "create_policy_version", &next);
        assert_eq!(made["PolicyVersion"]["VersionId"], format!("v{version}"));
    }
    let current = json!({ "PolicyArn": arn, "VersionId": "v6" });
    let seen = refreshed(
        &account,
        "iam",
        &[
            ("get_policy", which.clone()),
            ("get_policy_version", current.clone()),
        ],
    );
    assert_eq!(seen[0]["Policy"]["DefaultVersionId"], "v6");
    assert_eq!(
        seen[1]["PolicyVersion"]["Document"]["Statement"]["Action"],
        "s3:Put*"
    );
    gone(
        &account,
        "iam",
        "delete_policy_version",
        &current,
        "DeleteConflict",
    );
    let versions = call(&account, "iam", "list_policy_versions", &which)["Versions"].clone();
    for version in versions
        .as_array()
        .expect("a list")
        .iter()
        .filter(|version| version["IsDefaultVersion"] == false)
    {
        let one = json!({ "PolicyArn": arn, "VersionId": version["VersionId"] });
        call(&account, "iam", "delete_policy_version", &one);
    }
    call(&account, "iam", "delete_policy", &which);
    gone(&account, "iam", "get_policy", &which, "NoSuchEntity");
}

#[test]
fn terraform_iam_group_and_user() {
    let account = account();
    let group = json!({ "GroupName": "g" });
    call(
        &account,
        "iam",
        "create_group",
        &json!({ "GroupName": "g", "Path": "/a/" }),
    );
    let seen = refreshed(&account, "iam", &[("get_group", group.clone())]);
    assert_eq!(
        (&seen[0]["Group"]["Path"], &seen[0]["Users"]),
        (&json!("/a/"), &json!([]))
    );
    call(
        &account,
        "iam",
        "update_group",
        &json!({ "GroupName": "g", "NewPath": "/b/" }),
    );
    let document = policy("Allow", json!("s3:*"), json!("*"));
    let one = json!({ "GroupName": "g", "PolicyName": "p" });
    gone(&account, "iam", "get_group_policy", &one, "NoSuchEntity");
    let put =
        json!({ "GroupName": "g", "PolicyName": "p", "PolicyDocument": document.to_string() });
    call(&account, "iam", "put_group_policy", &put);
    assert_eq!(
        refreshed(&account, "iam", &[("get_group_policy", one.clone())])[0]["PolicyDocument"],
        document
    );

    let user = json!({ "UserName": "u" });
    gone(&account, "iam", "get_user", &user, "NoSuchEntity");
    let create = json!({ "UserName": "u", "Path": "/a/", "Tags": [{ "Key": "k", "Value": "v" }] });
    call(&account, "iam", "create_user", &create);
    let seen = refreshed(&account, "iam", &[("get_user", user.clone())]);
    assert_eq!(
        seen[0]["User"]["Tags"],
        json!([{ "Key": "k", "Value": "v" }])
    );
    call(
        &account,
        "iam",
        "update_user",
        &json!({ "UserName": "u", "NewPath": "/b/" }),
    );
    let boundary = json!({ "UserName": "u", "PermissionsBoundary": "arn:aws:iam::aws:policy/PowerUserAccess" });
    call(&account, "iam", "put_user_permissions_boundary", &boundary);
    call(
        &account,
        "iam",
        "untag_user",
        &json!({ "UserName": "u", "TagKeys": ["k"] }),
    );
    call(
        &account,
        "iam",
        "tag_user",
        &json!({ "UserName": "u", "Tags": [{ "Key": "l", "Value": "w" }] }),
    );
    let seen = refreshed(&account, "iam", &[("get_user", user.clone())])[0]["User"].clone();
    assert_eq!(
        (&seen["Path"], &seen["Tags"]),
        (&json!("/b/"), &json!([{ "Key": "l", "Value": "w" }]))
    );
    call(&account, "iam", "delete_user_permissions_boundary", &user);

    let membership = json!({ "GroupName": "g", "UserName": "u" });
    call(&account, "iam", "add_user_to_group", &membership);
    let groups = refreshed(&account, "iam", &[("list_groups_for_user", user.clone())]);
    assert_eq!(groups[0]["Groups"][0]["GroupName"], "g");

    let key = call(&account, "iam", "create_access_key", &user)["AccessKey"]["AccessKeyId"].clone();
    let off = json!({ "UserName": "u", "AccessKeyId": key, "Status": "Inactive" });
    call(&account, "iam", "update_access_key", &off);
    let keys = refreshed(&account, "iam", &[("list_access_keys", user.clone())]);
    assert_eq!(keys[0]["AccessKeyMetadata"][0]["Status"], "Inactive");

    gone(&account, "iam", "delete_user", &user, "DeleteConflict");
    call(
        &account,
        "iam",
        "delete_access_key",
        &json!({ "UserName": "u", "AccessKeyId": key }),
    );
    call(&account, "iam", "remove_user_from_group", &membership);
    gone(&account, "iam", "delete_group", &group, "DeleteConflict");
    call(&account, "iam", "delete_group_policy", &one);
    for (operation, which) in [("delete_user", &user), ("delete_group", &group)] {
        call(&account, "iam", operation, which);
    }
    gone(&account, "iam", "get_user", &user, "NoSuchEntity");
    gone(&account, "iam", "get_group", &group, "NoSuchEntity");
}

#[test]
fn terraform_iam_account_alias() {
    let account = account();
    // The example gives the account an alias; a second one replaces it.
    call(
        &account,
        "iam",
        "create_account_alias",
        &json!({ "AccountAlias": "another-name" }),
    );
    let seen = refreshed(&account, "iam", &[("list_account_aliases", json!({}))]);
    assert_eq!(seen[0]["AccountAliases"], json!(["another-name"]));
    call(
        &account,
        "iam",
        "delete_account_alias",
        &json!({ "AccountAlias": "another-name" }),
    );
    let seen = refreshed(&account, "iam", &[("list_account_aliases", json!({}))]);
    assert_eq!(seen[0]["AccountAliases"], json!([]));
}
