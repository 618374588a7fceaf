//! The mistakes that the five texts contain: each meets a precise error, never a silent pass. What the API cannot show
//! of them (a hint in a form, a one-click mend) is the console's.

use serde_json::json;

use crate::world::{World, policy, trust};

const ASSUME: &str = "sts:AssumeRole";

#[test]
fn t1_an_account_id_of_eleven_digits_is_refused() {
    let world = World::start("text1");
    let production = world.account("Production");
    for principal in ["11111111111", "arn:aws:iam::11111111111:root"] {
        let parameters = json!({ "RoleName": "R", "AssumeRolePolicyDocument": trust(json!(principal)).to_string() });
        let refusal = production
            .root()
            .call("iam", "create_role", parameters)
            .refused("MalformedPolicyDocument");
        let sentence = format!("Invalid principal in policy: \"AWS\":\"{principal}\"");
        assert!(
            refusal.message.starts_with(&sentence),
            "{}",
            refusal.message
        );
        assert!(
            refusal.message.contains("twelve digits") || refusal.message.contains("12"),
            "{}",
            refusal.message
        );
    }
    // The same in the ARN to assume.
    let john = world.account("Development").user("John");
    let refusal = john
        .try_assume(
            "arn:aws:iam::99999999999:role/S3ProductionAccessRole",
            "John",
        )
        .refused("ValidationError");
    assert_eq!(refusal.status, 400);
}

#[test]
fn t2_a_deny_put_on_the_wrong_group_denies_the_developer() {
    let world = World::start("text1");
    let production = world.account("Production");
    let dev = world.account("Development");
    let role = production.role("S3ProductionAccessRole", json!(dev.id()));
    let john = dev.user("John");
    dev.group("Developers", &["John"]);
    let assume = |effect| policy(effect, json!(ASSUME), json!(role));
    dev.put_policy(
        "group",
        "Developers",
        "allow-assume-S3-role-in-production",
        &assume("Allow"),
    );
    john.assume(&role, "John");
    // "To modify the testers user group: choose Developers" is what the text says.
    dev.put_policy(
        "group",
        "Developers",
        "deny-assume-S3-role-in-production",
        &assume("Deny"),
    );
    let message = john.try_assume(&role, "John").denied();
    assert!(
        message.ends_with("with an explicit deny in an identity-based policy"),
        "{message}"
    );
    // Where to look: the group has both.
    let names = dev.iam("list_group_policies", json!({ "GroupName": "Developers" }));
    let both = [
        "allow-assume-S3-role-in-production",
        "deny-assume-S3-role-in-production",
    ];
    assert_eq!(names["PolicyNames"], json!(both));
    dev.iam(
        "delete_group_policy",
        json!({ "GroupName": "Developers", "PolicyName": "deny-assume-S3-role-in-production" }),
    );
    john.assume(&role, "John");
}

#[test]
fn t3_a_policy_cannot_go_while_the_forgotten_role_has_it() {
    let world = World::start("text1");
    let production = world.account("Production");
    production.role(
        "S3ProductionAccessRole",
        json!(world.account("Development").id()),
    );
    let document = policy("Allow", json!("s3:ListAllMyBuckets"), json!("*")).to_string();
    let created = production.iam(
        "create_policy",
        json!({ "PolicyName": "S3ProductionAccessPolicy", "PolicyDocument": document }),
    );
    let arn = &created["Policy"]["Arn"];
    let attachment = json!({ "RoleName": "S3ProductionAccessRole", "PolicyArn": arn });
    production.iam("attach_role_policy", attachment.clone());
    let refusal = production
        .root()
        .call("iam", "delete_policy", json!({ "PolicyArn": arn }))
        .refused("DeleteConflict");
    assert_eq!(
        (refusal.status, refusal.message.as_str()),
        (409, "Cannot delete a policy attached to entities.")
    );
    let entities = production.iam("list_entities_for_policy", json!({ "PolicyArn": arn }));
    assert_eq!(
        entities["PolicyRoles"][0]["RoleName"],
        "S3ProductionAccessRole"
    );
    production.iam("detach_role_policy", attachment);
    production.iam("delete_policy", json!({ "PolicyArn": arn }));
    production
        .root()
        .call("iam", "get_policy", json!({ "PolicyArn": arn }))
        .refused("NoSuchEntity");
}

#[test]
fn t4_an_account_is_invalid_only_if_it_is_not_here() {
    let world = World::start("text3");
    let production = world.account("Production");
    production.role("UpdateApp", json!("111111111111"));
    let parameters = json!({ "RoleName": "R", "AssumeRolePolicyDocument": trust(json!("121212121212")).to_string() });
    let refusal = production
        .root()
        .call("iam", "create_role", parameters)
        .refused("MalformedPolicyDocument");
    assert!(
        refusal.message.contains("121212121212"),
        "{}",
        refusal.message
    );
    // A user that does not exist is as invalid as an account.
    let nobody = "arn:aws:iam::111111111111:user/Nobody";
    let parameters =
        json!({ "RoleName": "R", "AssumeRolePolicyDocument": trust(json!(nobody)).to_string() });
    let refusal = production
        .root()
        .call("iam", "create_role", parameters)
        .refused("MalformedPolicyDocument");
    let sentence = format!("Invalid principal in policy: \"AWS\":\"{nobody}\"");
    assert!(
        refusal.message.starts_with(&sentence),
        "{}",
        refusal.message
    );
}

#[test]
fn t5_comments_in_a_document_are_refused_wherever_it_is_written() {
    let world = World::start("text4");
    let dev = world.account("aws-nz-dev");
    dev.user("eve");
    let document = "{\n  \"Version\": \"2012-10-17\", # since 2012\n  \"Statement\": []\n}";
    let calls = [
        (
            "create_policy",
            json!({ "PolicyName": "P", "PolicyDocument": document }),
        ),
        (
            "put_user_policy",
            json!({ "UserName": "eve", "PolicyName": "P", "PolicyDocument": document }),
        ),
        (
            "create_role",
            json!({ "RoleName": "R", "AssumeRolePolicyDocument": document }),
        ),
    ];
    for (operation, parameters) in calls {
        let refusal = dev
            .root()
            .call("iam", operation, parameters)
            .refused("MalformedPolicyDocument");
        let message = refusal.message;
        assert!(
            message.contains("ine 2, column 28") && message.contains("no comments"),
            "{operation}: {message}"
        );
    }
    dev.bucket("commented");
    let parameters = json!({ "Bucket": "commented", "Policy": document });
    let refusal = dev
        .root()
        .call("s3", "put_bucket_policy", parameters)
        .refused("MalformedPolicy");
    assert!(
        refusal.message.starts_with("Policies must be valid JSON"),
        "{}",
        refusal.message
    );
}

#[test]
fn t9_an_external_id_in_a_permissions_policy_is_told_where_it_belongs_and_grants_nothing() {
    use twinlock_policy::validate::{PolicyType, validate};
    let world = World::start("text1");
    let production = world.account("Production");
    let mut document = policy("Allow", json!("s3:*"), json!("*"));
    document["Statement"]["Condition"] = json!({ "StringEquals": { "sts:ExternalId": "42" } });
    let findings = validate(document.to_string(), PolicyType::Identity, None);
    let told = findings
        .iter()
        .find(|finding| finding.issue_code == "EXTERNAL_ID_OF_CALLER")
        .unwrap_or_else(|| panic!("{findings:?}"));
    assert!(told.finding_details.contains("trust policy"), "{told:?}");
    // AWS takes it, and two of its own policies have it: the key is just never there.
    let john = production.user("John");
    production.put_policy("user", "John", "misplaced", &document);
    john.call("s3", "list_buckets", json!({})).denied();
}

#[test]
fn t12_one_statement_need_not_be_a_list() {
    let world = World::start("text1");
    let production = world.account("Production");
    let dev = world.account("Development");
    let mut document = trust(json!(dev.id()));
    document["Statement"] = document["Statement"][0].clone();
    let role = production.role_trusting("S3ProductionAccessRole", &document);
    let john = dev.user("John");
    // Object and string, list and list, object and list: all the same.
    let shapes = [
        json!({ "Effect": "Allow", "Action": ASSUME, "Resource": role }),
        json!([{ "Effect": "Allow", "Action": [ASSUME], "Resource": [role] }]),
        json!({ "Effect": "Allow", "Action": [ASSUME], "Resource": role }),
    ];
    for statement in shapes {
        let document = json!({ "Version": "2012-10-17", "Statement": statement });
        dev.put_policy("user", "John", "assume", &document);
        john.assume(&role, "John");
        // What was written is given back as it was written.
        let read = dev.iam(
            "get_user_policy",
            json!({ "UserName": "John", "PolicyName": "assume" }),
        );
        assert_eq!(read["PolicyDocument"], document);
    }
    let deny = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Deny", "Action": ASSUME, "Resource": role } });
    dev.put_policy("user", "John", "no", &deny);
    john.try_assume(&role, "John").denied();
}
