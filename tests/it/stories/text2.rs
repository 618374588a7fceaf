//! Text 2: what a trusted entity may do, and under which conditions it is let in.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::server::binary;
use crate::world::{AccountIn, Caller, World, policy, trust};

/// The text's policy for Lambda developers, with or without the right to update code.
fn lambda_developer(may_update: bool) -> Value {
    let mut actions = vec![
        "lambda:Get*",
        "lambda:List*",
        "lambda:InvokeAsync",
        "lambda:InvokeFunction",
        "lambda:PublishVersion",
    ];
    if may_update {
        actions.push("lambda:UpdateFunctionCode");
    }
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "DeveloperLambdaFunction",
            "Action": actions,
            "Effect": "Allow",
            "Resource": "*",
        }],
    })
}

/// Runs `twinlock policy eval --batch` on these lines: its exit status and its answers.
fn batch(lines: &[String]) -> (Option<i32>, Vec<Value>) {
    let mut child = Command::new(binary())
        .args(["policy", "eval", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the binary can be started");
    let mut input = child.stdin.take().expect("stdin is piped");
    input
        .write_all((lines.join("\n") + "\n").as_bytes())
        .expect("it reads its input");
    drop(input);
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8(output.stdout).expect("it prints JSON");
    let answers = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("it prints JSON"));
    (output.status.code(), answers.collect())
}

fn question(id: &str, action: &str, document: &Value) -> String {
    json!({
        "id": id,
        "principal": "arn:aws:sts::222222222222:assumed-role/LambdaDeveloper/dana",
        "action": action,
        "resource": "arn:aws:lambda:us-east-1:222222222222:function:orders",
        "resourceAccount": "222222222222",
        "context": {},
        "identityPolicies": [{ "name": "DeveloperLambda", "document": document }],
        "resourcePolicy": null,
        "permissionBoundaries": [],
        "sessionPolicies": [],
        "vpcEndpointPolicies": [],
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
    })
    .to_string()
}

#[test]
fn text2_the_lambda_policy_lets_developers_trigger_and_update_but_not_create_or_delete() {
    let allowed = [
        "lambda:GetFunction",
        "lambda:ListFunctions",
        "lambda:ListTags",
        "lambda:InvokeAsync",
        "lambda:InvokeFunction",
        "lambda:PublishVersion",
    ];
    let update = ["lambda:UpdateFunctionCode"];
    let denied = [
        "lambda:CreateFunction",
        "lambda:DeleteFunction",
        "lambda:UpdateFunctionConfiguration",
        "iam:ListUsers",
    ];
    for may_update in [true, false] {
        let document = lambda_developer(may_update);
        let actions = || allowed.iter().chain(&update).chain(&denied);
        let lines: Vec<String> = actions()
            .map(|action| question(action, action, &document))
            .collect();
        let (status, answers) = batch(&lines);
        assert_eq!((status, answers.len()), (Some(0), lines.len()));
        for action in actions() {
            let answer = answers
                .iter()
                .find(|answer| answer["id"] == *action)
                .expect("an answer for every line");
            let expected = allowed.contains(action) || may_update && update.contains(action);
            let decision = if expected {
                "Allowed"
            } else {
                "ImplicitlyDenied"
            };
            assert_eq!(
                answer["decision"], decision,
                "{action}, update {may_update}"
            );
        }
    }
}

#[test]
fn text2_a_malformed_line_does_not_stop_the_batch() {
    let good = question("good", "lambda:GetFunction", &lambda_developer(true));
    let (status, answers) = batch(&["{".into(), r#"{"id":"half"}"#.into(), good]);
    assert_eq!(status, Some(1));
    assert_eq!(answers.len(), 3);
    assert!(answers[0]["error"].is_string() && answers[1]["error"].is_string());
    assert_eq!(answers[1]["id"], "half");
    assert_eq!(answers[2]["decision"], "Allowed");
}

pub(super) struct Provider {
    pub(super) client: AccountIn,
    pub(super) provider: AccountIn,
    pub(super) dana: Caller,
}

pub(super) const ROLE: &str = "arn:aws:iam::222222222222:role/LambdaDeveloper";

/// A client whose role trusts the provider under `condition`.
fn provider(condition: &Value) -> Provider {
    provider_in(&World::start("text2"), condition)
}

pub(super) fn provider_in(world: &World, condition: &Value) -> Provider {
    let client = world.account("Client");
    let provider = world.account("Provider");
    let mut document = trust(json!(provider.arn("root")));
    document["Statement"][0]["Condition"] = condition.clone();
    assert_eq!(client.role_trusting("LambdaDeveloper", &document), ROLE);
    let dana = provider.user("dana");
    provider.put_policy(
        "user",
        "dana",
        "assume",
        &policy("Allow", json!("sts:AssumeRole"), json!(ROLE)),
    );
    Provider {
        client,
        provider,
        dana,
    }
}

#[test]
fn text2_an_external_id_must_be_there_and_right() {
    let Provider { dana, .. } =
        provider(&json!({ "StringEquals": { "sts:ExternalId": "Client-42" } }));
    let with = |id: &str| {
        dana.assume_with(json!({ "RoleArn": ROLE, "RoleSessionName": "dana", "ExternalId": id }))
    };
    let message = dana.try_assume(ROLE, "dana").denied();
    assert!(
        message.ends_with(&format!("sts:AssumeRole on resource: {ROLE}")),
        "{message}"
    );
    with("client-42").denied();
    with("Client-42").ok();
    // By a profile, as a third party would keep it.
    let terminal = dana.terminal();
    terminal.configure(&format!(
        "[profile dana]\naws_access_key_id = {}\naws_secret_access_key = {}\n\n\
         [profile client]\nrole_arn = {ROLE}\nsource_profile = dana\nexternal_id = Client-42\n\n\
         [profile stranger]\nrole_arn = {ROLE}\nsource_profile = dana\nexternal_id = Client-43\n",
        dana.credentials.key_id, dana.credentials.secret
    ));
    let plain =
        "unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY; aws sts get-caller-identity --profile";
    terminal.types(&format!("{plain} client")).ok();
    terminal.types(&format!("{plain} stranger")).denied();
    // An id outside its alphabet is told as such.
    with("no spaces allowed").refused("ValidationError");
}

#[test]
fn text2_a_role_that_requires_mfa_refuses_who_signed_in_without() {
    let condition = json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } });
    let Provider { dana, .. } = provider(&condition);
    dana.try_assume(ROLE, "dana").denied();
    // Nor does a code count that nobody has checked.
    let refusal = dana
        .assume_with(json!({
            "RoleArn": ROLE,
            "RoleSessionName": "dana",
            "SerialNumber": "arn:aws:iam::333333333333:mfa/dana",
            "TokenCode": "123456",
        }))
        .refused("AccessDenied");
    assert!(
        refusal.message.contains("unable to validate MFA code"),
        "{}",
        refusal.message
    );
    let session = dana
        .call("sts", "get_session_token", json!({}))
        .credentials();
    let refusal = dana
        .call(
            "sts",
            "get_session_token",
            json!({ "SerialNumber": "arn:aws:iam::333333333333:mfa/dana", "TokenCode": "123456" }),
        )
        .refused("AccessDenied");
    assert!(
        refusal.message.contains("unable to validate MFA code"),
        "{}",
        refusal.message
    );
    drop(session);
}

#[test]
fn text2_the_eleventh_managed_policy_is_refused() {
    let Provider { client, .. } = provider(&json!({}));
    let document = lambda_developer(true).to_string();
    let attach = |number: usize| {
        let parameters =
            json!({ "PolicyName": format!("Policy{number}"), "PolicyDocument": document });
        let arn = client.iam("create_policy", parameters)["Policy"]["Arn"].clone();
        client.root().call(
            "iam",
            "attach_role_policy",
            json!({ "RoleName": "LambdaDeveloper", "PolicyArn": arn }),
        )
    };
    for number in 1..=10 {
        attach(number).ok();
    }
    let refusal = attach(11).refused("LimitExceeded");
    assert_eq!(
        (refusal.status, refusal.message.as_str()),
        (409, "Cannot exceed quota for PoliciesPerRole: 10")
    );
    // To attach one again that is attached already is no eleventh.
    let parameters =
        json!({ "RoleName": "LambdaDeveloper", "PolicyArn": client.arn("policy/Policy1") });
    client.iam("attach_role_policy", parameters);
}

#[test]
fn text2_a_role_has_description_and_tags() {
    let Provider {
        client, provider, ..
    } = provider(&json!({}));
    let parameters = json!({
        "RoleName": "Finance",
        "Description": "For the provider's accountants",
        "AssumeRolePolicyDocument": trust(json!(provider.id())).to_string(),
        "Tags": [{ "Key": "duty", "Value": "billing" }],
    });
    client.iam("create_role", parameters);
    let role = client.iam("get_role", json!({ "RoleName": "Finance" }));
    assert_eq!(
        role["Role"]["Description"],
        "For the provider's accountants"
    );
    assert_eq!(
        role["Role"]["Tags"],
        json!([{ "Key": "duty", "Value": "billing" }])
    );
    // One role a duty: each with its own policies.
    let names = client.iam("list_roles", json!({}));
    let names: Vec<&Value> = names["Roles"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|role| &role["RoleName"])
        .collect();
    assert_eq!(names, ["Finance", "LambdaDeveloper"]);
}

#[test]
fn text2_a_service_can_be_trusted_and_no_user_gets_in_by_it() {
    let Provider {
        client,
        provider,
        dana,
    } = provider(&json!({}));
    let mut document = trust(json!("*"));
    document["Statement"][0]["Principal"] = json!({ "Service": "lambda.amazonaws.com" });
    let role = client.role_trusting("OrdersFunction", &document);
    provider.put_policy(
        "user",
        "dana",
        "assume",
        &policy("Allow", json!("sts:AssumeRole"), json!("*")),
    );
    dana.try_assume(&role, "dana").denied();
    // Trusting everybody, spelt out, is what AWS takes it for.
    let open = client.role("Open", json!("*"));
    dana.assume(&open, "dana");
}
