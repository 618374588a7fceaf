//! The policy editor: Visual and JSON in step, with conditions; what Visual cannot show, which stays as it is; what is wrong, counted;
//! and the policies that a boundary's field suggests.

use serde_json::{Value, json};

use crate::{browser::Browser, world::World};

/// The document as the editor's text has it.
fn written(browser: &Browser) -> Value {
    let text = browser.runs(
        "return document.getElementById('document').value",
        json!([]),
    );
    serde_json::from_str(text.as_str().expect("a text")).expect("JSON")
}

#[test]
fn console_visual_and_json_are_in_step_and_what_visual_cannot_show_stays() {
    let world = World::start("text3");
    let production = world.account("Production");
    production.bucket("productionapp");
    let root = Browser::open(&world);
    root.signs_in_as_root("production@example.com", "Production-sample-1")
        .sees("Console Home");
    let home = root.home();
    root.goes(&format!("{home}/iam/policies/create"));

    // Errors keep from going on; the other findings do not.
    root.pastes(r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObjekt","Resource":"*"}}"#)
        .sees("Errors: 1 · Security warnings: 0 · Warnings: 0");
    let shut = "return document.querySelector('[data-review]').disabled";
    assert_eq!(root.runs(shut, json!([])), true);
    root.pastes(r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:PassRole","Resource":"*"}}"#)
        .sees("Errors: 0 · Security warnings: 1");
    assert_eq!(root.runs(shut, json!([])), false);
    // A text that could not be written again as it is gets no visual side.
    root.pastes(r#"{"Version":"2012-10-17","Statement":[],"Statement":[]}"#)
        .clicks("Visual")
        .sees("would not write again as it is");

    let odd = json!({ "Effect": "Deny", "NotAction": "iam:*", "Resource": "*" });
    let document = json!({ "Version": "2012-10-17", "Id": "kept", "Statement": [
        { "Sid": "Files", "Effect": "Allow", "Action": ["s3:Get*", "s3:PutObject"], "Resource": "arn:aws:s3:::productionapp/*",
          "Condition": {
              "Bool": { "aws:SecureTransport": true },
              "StringLike": { "s3:prefix": ["a", "b"], "aws:PrincipalTag/team": "ops" },
          } },
        odd,
    ] });
    root.clicks("JSON")
        .pastes(&document.to_string())
        .clicks("Visual");
    root.sees("Statement 1: Files")
        .sees("This statement has elements that only the JSON editor shows. It stays as it is.")
        .sees("Write (1 of ");
    // What was not touched is written as it was, true without quotes and all.
    root.clicks("Remove of condition 3 of statement 1");
    root.fills("Values of condition 2 of statement 1", "ops\ndev");
    root.clicks("MFA required")
        .clicks("Add condition to statement 1");
    root.fills("Key of condition 4 of statement 1", "aws:SourceIp");
    // The key's type chooses the operator.
    assert_eq!(
        root.reads("Operator of condition 4 of statement 1"),
        "IpAddress"
    );
    root.fills("Values of condition 4 of statement 1", "10.0.0.0/8")
        .clicks("If exists of condition 4 of statement 1");
    // Keys are suggested of the service, and the forms of ARNs that the actions work on.
    let offered = root.runs(
        "const keys = [...document.querySelectorAll('#keys-of-1 option')].map((key) => key.value);\
         return ['s3:prefix', 'aws:SourceVpc', 'ec2:Region'].map((key) => keys.includes(key))",
        json!([]),
    );
    assert_eq!(offered, json!([true, true, false]));
    root.clicks("Add object");
    let expected = json!({ "Version": "2012-10-17", "Id": "kept", "Statement": [
        { "Sid": "Files", "Effect": "Allow", "Action": ["s3:Get*", "s3:PutObject"],
          "Resource": ["arn:aws:s3:::productionapp/*", "arn:aws:s3:::*/*"],
          "Condition": {
              "Bool": { "aws:SecureTransport": true, "aws:MultiFactorAuthPresent": "true" },
              "StringLike": { "aws:PrincipalTag/team": ["ops", "dev"] },
              "IpAddressIfExists": { "aws:SourceIp": "10.0.0.0/8" },
          } },
        odd,
    ] });
    assert_eq!(written(&root), expected);
    root.clicks("Review policy").sees("Summary");
    root.fills("Name", "Guarded")
        .clicks("Create policy")
        .sees("The policy Guarded is created");
    let arn = production.arn("policy/Guarded");
    let kept = production.iam(
        "get_policy_version",
        json!({ "PolicyArn": arn, "VersionId": "v1" }),
    );
    assert_eq!(kept["PolicyVersion"]["Document"], expected);

    // The account's own policies are suggested for a boundary.
    production.iam("create_user", json!({ "UserName": "Ann" }));
    root.goes(&format!("{home}/iam/users/Ann"));
    let suggested = root.runs(
        "return [...document.getElementById('boundary').list.options].map((option) => option.value)",
        json!([]),
    );
    assert_eq!(suggested, json!([arn]));
    root.fills("Policy ARN", &arn)
        .clicks("Save boundary")
        .sees("The boundary is saved");
    assert_eq!(root.complaints(), Vec::<String>::new());
}
