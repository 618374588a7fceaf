//! Encoded authorization messages: sealed for one account.

use twinlock_gate::{Action, Cx, Need, Needs, Operation, Permit, Read, authorization_message};
use twinlock_shapes::sts::{DecodeAuthorizationMessageInput, DecodeAuthorizationMessageOutput};

use super::*;
use crate::sts::DecodeAuthorizationMessage;

/// Stands for a service whose denials carry an encoded message.
struct Probe;

impl Operation for Probe {
    type Input = ();
    type Output = String;
    type Found = ();
    const NAME: &'static str = "GetCallerIdentity";
    const ACTIONS: &'static [Action] = &[Action::new("s3:ListAllMyBuckets", &[], &[])];

    fn needs((): &(), (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&Self::ACTIONS[0])))
    }
}

impl Read for Probe {
    fn find((): &(), _: &Cx<'_>) {}

    fn run(_: &Permit<Self>, (): &(), (): (), cx: &Cx<'_>) -> Result<String, Fault> {
        const TERMINATE: Action = Action::new("ec2:TerminateInstances", &[], &[]);
        let need = Need::on(
            &TERMINATE,
            "arn:aws:ec2:us-east-1:111111111111:instance/i-1",
        )
        .key("ec2:Region", "us-east-1");
        authorization_message::encode(&need, cx)
    }
}

fn decode(
    w: &TestWorld,
    caller: &Caller,
    message: &str,
) -> Result<DecodeAuthorizationMessageOutput, Fault> {
    let input = DecodeAuthorizationMessageInput {
        encoded_message: message.into(),
    };
    w.read::<DecodeAuthorizationMessage>(caller, input)
}

#[test]
fn a_denials_message_is_opaque_to_its_caller_and_opens_in_its_account() {
    let w = world();
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Sid":"Keep","Effect":"Deny","Action":"ec2:Terminate*","Resource":"*"},{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;
    let john = w.user(DEV, "John", policy);
    let message = w.read::<Probe>(&john, ()).expect("encoded");
    assert!(!message.contains("Keep") && !message.contains("ec2"));
    denied_to(decode(&w, &john, &message), "AccessDenied");
    let auditor = w.user(
        DEV,
        "Auditor",
        &allow("sts:DecodeAuthorizationMessage", "*"),
    );
    let decoded = decode(&w, &auditor, &message)
        .expect("decoded")
        .decoded_message;
    let told: serde_json::Value = serde_json::from_str(&decoded.expect("a message")).expect("JSON");
    assert_eq!(told["allowed"], false);
    assert_eq!(told["explicitDeny"], true);
    let statement = &told["matchedStatements"]["items"][0];
    assert_eq!(statement["statementId"], "Keep");
    assert_eq!(statement["effect"], "DENY");
    assert_eq!(statement["actions"]["items"][0]["value"], "ec2:Terminate*");
    assert_eq!(told["context"]["action"], "ec2:TerminateInstances");
    assert_eq!(
        told["context"]["principal"]["arn"],
        format!("arn:aws:iam::{DEV}:user/John")
    );
    let other = w.user(PROD, "Auditor", ALLOW_ALL);
    denied_to(
        decode(&w, &other, &message),
        "InvalidAuthorizationMessageException",
    );
    denied_to(
        decode(&w, &auditor, &message[1..]),
        "InvalidAuthorizationMessageException",
    );
}

fn denied_to(result: Result<DecodeAuthorizationMessageOutput, Fault>, code: &str) {
    assert_eq!(result.expect_err("refused").code, code);
}
