//! What Terraform's AWS provider calls for its `aws_organizations_*` resources, by boto3.

use serde_json::{Value, json};

use super::terraform::{account, call, gone, refreshed};
use crate::world::AccountIn;

const SERVICE: &str = "organizations";

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// The resource aws_organizations_organization, created: the root's id.
fn organization(account: &AccountIn) -> String {
    gone(
        account,
        SERVICE,
        "describe_organization",
        &json!({}),
        "AWSOrganizationsNotInUseException",
    );
    call(
        account,
        SERVICE,
        "create_organization",
        &json!({ "FeatureSet": "ALL" }),
    );
    let service = json!({ "ServicePrincipal": "sso.amazonaws.com" });
    call(account, SERVICE, "enable_aws_service_access", &service);
    let roots = call(account, SERVICE, "list_roots", &json!({}));
    let root = text(&roots["Roots"][0]["Id"]);
    let kind = json!({ "RootId": root, "PolicyType": "SERVICE_CONTROL_POLICY" });
    call(account, SERVICE, "enable_policy_type", &kind);
    root
}

#[test]
fn terraform_organizations_organization() {
    let account = account();
    let root = organization(&account);
    let reads = [
        ("describe_organization", json!({})),
        ("list_accounts", json!({})),
        ("list_roots", json!({})),
        ("list_aws_service_access_for_organization", json!({})),
    ];
    let seen = refreshed(&account, SERVICE, &reads);
    assert_eq!(seen[0]["Organization"]["FeatureSet"], "ALL");
    assert_eq!(seen[1]["Accounts"][0]["Id"], "999999999999");
    assert_eq!(seen[1]["Accounts"][0]["Status"], "ACTIVE");
    let types = json!([{ "Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED" }]);
    assert_eq!(seen[2]["Roots"][0]["PolicyTypes"], types);
    assert_eq!(
        seen[3]["EnabledServicePrincipals"][0]["ServicePrincipal"],
        "sso.amazonaws.com"
    );
    let kind = json!({ "RootId": root, "PolicyType": "SERVICE_CONTROL_POLICY" });
    gone(
        &account,
        SERVICE,
        "enable_policy_type",
        &kind,
        "PolicyTypeAlreadyEnabledException",
    );
    call(&account, SERVICE, "disable_policy_type", &kind);
    let roots = call(&account, SERVICE, "list_roots", &json!({}));
    assert_eq!(roots["Roots"][0]["PolicyTypes"], json!([]));
    call(
        &account,
        SERVICE,
        "disable_aws_service_access",
        &json!({ "ServicePrincipal": "sso.amazonaws.com" }),
    );
    call(&account, SERVICE, "delete_organization", &json!({}));
    gone(
        &account,
        SERVICE,
        "describe_organization",
        &json!({}),
        "AWSOrganizationsNotInUseException",
    );
}

#[test]
fn terraform_organizations_units_and_accounts() {
    let account = account();
    let root = organization(&account);
    let tags = json!([{ "Key": "env", "Value": "test" }]);
    let unit = json!({ "Name": "Workloads", "ParentId": root, "Tags": tags });
    let unit = call(&account, SERVICE, "create_organizational_unit", &unit);
    let unit = text(&unit["OrganizationalUnit"]["Id"]);
    let which = json!({ "OrganizationalUnitId": unit });
    let reads = [
        ("describe_organizational_unit", which.clone()),
        ("list_parents", json!({ "ChildId": unit })),
        ("list_accounts_for_parent", json!({ "ParentId": unit })),
        ("list_tags_for_resource", json!({ "ResourceId": unit })),
    ];
    let seen = refreshed(&account, SERVICE, &reads);
    assert_eq!(seen[1]["Parents"], json!([{ "Id": root, "Type": "ROOT" }]));
    assert_eq!(seen[2]["Accounts"], json!([]));
    assert_eq!(seen[3]["Tags"], tags);
    let renamed = json!({ "OrganizationalUnitId": unit, "Name": "Work" });
    call(&account, SERVICE, "update_organizational_unit", &renamed);
    let seen = refreshed(&account, SERVICE, &reads);
    assert_eq!(seen[0]["OrganizationalUnit"]["Name"], "Work");

    let create = json!({ "AccountName": "Sandbox", "Email": "sandbox@example.com", "IamUserAccessToBilling": "ALLOW", "Tags": tags });
    let status = call(&account, SERVICE, "create_account", &create)["CreateAccountStatus"].clone();
    let status = json!({ "CreateAccountRequestId": status["Id"] });
    let status = call(&account, SERVICE, "describe_create_account_status", &status);
    assert_eq!(
        status["CreateAccountStatus"]["State"], "SUCCEEDED",
        "{status}"
    );
    let id = text(&status["CreateAccountStatus"]["AccountId"]);
    let moved = json!({ "AccountId": id, "SourceParentId": root, "DestinationParentId": unit });
    call(&account, SERVICE, "move_account", &moved);
    let reads = [
        ("describe_account", json!({ "AccountId": id })),
        ("list_parents", json!({ "ChildId": id })),
        ("list_tags_for_resource", json!({ "ResourceId": id })),
    ];
    let seen = refreshed(&account, SERVICE, &reads);
    assert_eq!(seen[0]["Account"]["Email"], "sandbox@example.com");
    assert_eq!(seen[0]["Account"]["JoinedMethod"], "CREATED");
    assert_eq!(seen[1]["Parents"][0]["Id"], unit);
    assert_eq!(seen[2]["Tags"], tags);
    let other = json!([{ "Key": "owner", "Value": "ann" }]);
    call(
        &account,
        SERVICE,
        "tag_resource",
        &json!({ "ResourceId": id, "Tags": other }),
    );
    call(
        &account,
        SERVICE,
        "untag_resource",
        &json!({ "ResourceId": id, "TagKeys": ["env"] }),
    );
    assert_eq!(refreshed(&account, SERVICE, &reads)[2]["Tags"], other);

    gone(
        &account,
        SERVICE,
        "delete_organizational_unit",
        &which,
        "OrganizationalUnitNotEmptyException",
    );
    call(
        &account,
        SERVICE,
        "remove_account_from_organization",
        &json!({ "AccountId": id }),
    );
    gone(
        &account,
        SERVICE,
        "describe_account",
        &json!({ "AccountId": id }),
        "AccountNotFoundException",
    );
    call(&account, SERVICE, "delete_organizational_unit", &which);
    gone(
        &account,
        SERVICE,
        "describe_organizational_unit",
        &which,
        "OrganizationalUnitNotFoundException",
    );
    call(&account, SERVICE, "delete_organization", &json!({}));
}

#[test]
fn terraform_organizations_policy_and_attachment() {
    let account = account();
    let root = organization(&account);
    let content = |effect: &str| {
        json!({ "Version": "2012-10-17", "Statement": [{ "Effect": effect, "Action": "s3:*", "Resource": "*" }] })
            .to_string()
    };
    let create = json!({ "Name": "guard", "Description": "first", "Type": "SERVICE_CONTROL_POLICY", "Content": content("Deny") });
    let made = call(&account, SERVICE, "create_policy", &create);
    let id = text(&made["Policy"]["PolicySummary"]["Id"]);
    gone(
        &account,
        SERVICE,
        "create_policy",
        &create,
        "DuplicatePolicyException",
    );
    let which = json!({ "PolicyId": id });
    let reads = [
        ("describe_policy", which.clone()),
        ("list_tags_for_resource", json!({ "ResourceId": id })),
    ];
    let seen = refreshed(&account, SERVICE, &reads);
    assert_eq!(seen[0]["Policy"]["Content"], content("Deny"));
    assert_eq!(seen[0]["Policy"]["PolicySummary"]["AwsManaged"], false);
    assert_eq!(seen[1]["Tags"], json!([]));
    let update = json!({ "PolicyId": id, "Name": "guard2", "Description": "second", "Content": content("Allow") });
    call(&account, SERVICE, "update_policy", &update);
    let seen = refreshed(&account, SERVICE, &reads);
    assert_eq!(seen[0]["Policy"]["PolicySummary"]["Description"], "second");

    let attachment = json!({ "PolicyId": id, "TargetId": root });
    call(&account, SERVICE, "attach_policy", &attachment);
    let targets = refreshed(
        &account,
        SERVICE,
        &[("list_targets_for_policy", which.clone())],
    );
    assert_eq!(targets[0]["Targets"][0]["TargetId"], root);
    assert_eq!(targets[0]["Targets"][0]["Type"], "ROOT");
    gone(
        &account,
        SERVICE,
        "delete_policy",
        &which,
        "PolicyInUseException",
    );
    call(&account, SERVICE, "detach_policy", &attachment);
    gone(
        &account,
        SERVICE,
        "detach_policy",
        &attachment,
        "PolicyNotAttachedException",
    );
    let targets = call(&account, SERVICE, "list_targets_for_policy", &which);
    assert_eq!(targets["Targets"], json!([]));
    let nowhere = json!({ "PolicyId": id, "TargetId": "ou-none-00000000" });
    gone(
        &account,
        SERVICE,
        "attach_policy",
        &nowhere,
        "TargetNotFoundException",
    );
    call(&account, SERVICE, "delete_policy", &which);
    gone(
        &account,
        SERVICE,
        "describe_policy",
        &which,
        "PolicyNotFoundException",
    );
    let filter = json!({ "Filter": "SERVICE_CONTROL_POLICY" });
    let left = call(&account, SERVICE, "list_policies", &filter);
    assert_eq!(left["Policies"][0]["Id"], "p-FullAWSAccess", "{left}");
    assert_eq!(left["Policies"].as_array().map(Vec::len), Some(1));
}

#[test]
fn terraform_organizations_delegation() {
    let account = account();
    organization(&account);
    let create = json!({ "AccountName": "Audit", "Email": "audit@example.com" });
    let status = call(&account, SERVICE, "create_account", &create)["CreateAccountStatus"].clone();
    let status = json!({ "CreateAccountRequestId": status["Id"] });
    let status = call(&account, SERVICE, "describe_create_account_status", &status);
    let id = text(&status["CreateAccountStatus"]["AccountId"]);
    let both = json!({ "AccountId": id, "ServicePrincipal": "sso.amazonaws.com" });
    call(&account, SERVICE, "register_delegated_administrator", &both);
    let list = json!({ "ServicePrincipal": "sso.amazonaws.com" });
    let seen = refreshed(
        &account,
        SERVICE,
        &[("list_delegated_administrators", list)],
    );
    assert_eq!(seen[0]["DelegatedAdministrators"][0]["Id"], id);
    call(
        &account,
        SERVICE,
        "deregister_delegated_administrator",
        &both,
    );
    gone(
        &account,
        SERVICE,
        "deregister_delegated_administrator",
        &both,
        "AccountNotRegisteredException",
    );

    let document = json!({ "Version": "2012-10-17", "Statement": [{
        "Sid": "Read", "Effect": "Allow", "Principal": { "AWS": format!("arn:aws:iam::{id}:root") },
        "Action": ["organizations:ListAccounts"], "Resource": "*",
    }] });
    gone(
        &account,
        SERVICE,
        "describe_resource_policy",
        &json!({}),
        "ResourcePolicyNotFoundException",
    );
    call(
        &account,
        SERVICE,
        "put_resource_policy",
        &json!({ "Content": document.to_string() }),
    );
    let seen = refreshed(
        &account,
        SERVICE,
        &[("describe_resource_policy", json!({}))],
    );
    assert_eq!(seen[0]["ResourcePolicy"]["Content"], document.to_string());
    call(&account, SERVICE, "delete_resource_policy", &json!({}));
    gone(
        &account,
        SERVICE,
        "describe_resource_policy",
        &json!({}),
        "ResourcePolicyNotFoundException",
    );
}
