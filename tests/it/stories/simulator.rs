//! The policy simulator answers as the gate does: the same questions are put to both, by the stock clients. Those of texts 2 to 5
//! stand in `simulator_texts.rs`.

use serde_json::{Value, json};

use crate::world::{AccountIn, Caller, World, policy, trust};

const BUCKET: &str = "sriprodbucketrandomnumber";

/// The simulator and the gate of some accounts.
pub(super) struct Both(pub(super) Vec<AccountIn>);

impl Both {
    /// What the simulator of the account says that owns the user or role.
    pub(super) fn simulated(
        &self,
        source: &str,
        action: &str,
        resource: &str,
        more: Value,
    ) -> Value {
        let owner = source.split(':').nth(4);
        let account = self.0.iter().find(|account| owner == Some(account.id()));
        let account = account.expect("an account of the walkthrough");
        let mut asked = json!({
            "PolicySourceArn": source,
            "ActionNames": [action],
            "ResourceArns": [resource],
        });
        for (name, value) in more.as_object().expect("parameters") {
            asked[name.as_str()] = value.clone();
        }
        let answer = account
            .root()
            .call("iam", "simulate_principal_policy", asked)
            .ok();
        answer["EvaluationResults"][0].clone()
    }

    /// Puts one question to both and returns the answer they agree on. `really` is the call itself.
    #[track_caller]
    pub(super) fn agree(
        &self,
        source: &str,
        action: &str,
        resource: &str,
        more: Value,
        really: (&Caller, &str, &str, Value),
    ) -> bool {
        let result = self.simulated(source, action, resource, more);
        let decision = result["EvalDecision"].as_str().expect("a decision");
        let (caller, service, operation, parameters) = really;
        let reply = caller.call(service, operation, parameters);
        let denied = reply.is_refused("AccessDenied");
        if !denied {
            reply.ok();
        }
        assert_eq!(
            decision == "allowed",
            !denied,
            "{source} {action} {resource}: {result}"
        );
        !denied
    }
}

pub(super) fn context(entries: &[(&str, &str)]) -> Value {
    let entries = entries.iter().map(|(key, value)| {
        json!({ "ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string" })
    });
    json!({ "ContextEntries": entries.collect::<Vec<_>>() })
}

#[test]
fn the_simulator_and_the_gate_agree_on_text_1_and_whatever_else_two_accounts_agree_on() {
    let world = World::start("text1");
    let both = Both(
        ["Production", "Development"]
            .map(|name| world.account(name))
            .to_vec(),
    );
    let [production, dev] = &both.0[..] else {
        panic!("two accounts");
    };
    production.bucket(BUCKET);
    production.object(BUCKET, "report.csv", "a,b\n");
    let (john, sri) = (dev.user("John"), dev.user("Sri"));
    dev.group("Developers", &["John"]);
    dev.group("Testers", &["Sri"]);

    // Text 1: developers may, testers may not, and the role does what its policy says.
    let role = production.role("S3ProductionAccessRole", json!(dev.id()));
    let objects = format!("arn:aws:s3:::{BUCKET}/*");
    let reads = policy(
        "Allow",
        json!(["s3:GetObject", "s3:DeleteObject"]),
        json!(objects),
    );
    production.put_policy("role", "S3ProductionAccessRole", "reads", &reads);
    for (group, effect) in [("Developers", "Allow"), ("Testers", "Deny")] {
        let document = policy(effect, json!("sts:AssumeRole"), json!(role));
        dev.put_policy("group", group, "assume", &document);
        let attached = "arn:aws:iam::aws:policy/PowerUserAccess";
        dev.iam(
            "attach_group_policy",
            json!({ "GroupName": group, "PolicyArn": attached }),
        );
    }
    let assume = |arn: &str| json!({ "RoleArn": arn, "RoleSessionName": "session" });
    let (john_arn, sri_arn) = (dev.arn("user/John"), dev.arn("user/Sri"));
    for (arn, caller, expected) in [(&john_arn, &john, true), (&sri_arn, &sri, false)] {
        let really = (caller, "sts", "assume_role", assume(&role));
        assert_eq!(
            both.agree(arn, "sts:AssumeRole", &role, json!({}), really),
            expected
        );
    }
    let denied = both.simulated(&sri_arn, "sts:AssumeRole", &role, json!({}));
    assert_eq!(denied["EvalDecision"], "explicitDeny");
    let statement = &denied["MatchedStatements"][0];
    assert_eq!(statement["SourcePolicyId"], "group_Testers_assume");

    let session = john.assume(&role, "session");
    let key = format!("arn:aws:s3:::{BUCKET}/report.csv");
    let object = json!({ "Bucket": BUCKET, "Key": "report.csv" });
    let in_role = |action: &str, operation: &'static str, parameters: Value| {
        let really = (&session, "s3", operation, parameters);
        both.agree(&role, action, &key, json!({}), really)
    };
    assert!(in_role("s3:GetObject", "get_object", object.clone()));
    assert!(!in_role(
        "s3:PutObject",
        "put_object",
        json!({ "Bucket": BUCKET, "Key": "report.csv", "Body": "x" })
    ));
    // His own rights do not reach the bucket, whatever PowerUserAccess says: the other lock has not turned.
    let owner = json!({ "ResourceOwner": production.arn("root") });
    assert!(!both.agree(
        &john_arn,
        "s3:GetObject",
        &key,
        owner,
        (&john, "s3", "get_object", object.clone())
    ));

    // What text 2 tells of: an external id, a user by name, a service.
    let mut by_id = trust(json!(dev.arn("root")));
    by_id["Statement"][0]["Condition"] = json!({ "StringEquals": { "sts:ExternalId": "12345" } });
    let external = production.role_trusting("External", &by_id);
    let named = production.role("ForJohn", json!(john_arn));
    let mut for_lambda = trust(json!("*"));
    for_lambda["Statement"][0]["Principal"] = json!({ "Service": "lambda.amazonaws.com" });
    let lambda = production.role_trusting("ForLambda", &for_lambda);
    dev.put_policy(
        "group",
        "Developers",
        "assume",
        &policy("Allow", json!("sts:AssumeRole"), json!("*")),
    );
    for (id, expected) in [(Some("12345"), true), (Some("54321"), false), (None, false)] {
        let mut parameters = assume(&external);
        let mut more = json!({});
        if let Some(id) = id {
            parameters["ExternalId"] = json!(id);
            more = context(&[("sts:ExternalId", id)]);
        }
        let really = (&john, "sts", "assume_role", parameters);
        assert_eq!(
            both.agree(&john_arn, "sts:AssumeRole", &external, more, really),
            expected
        );
    }
    for (arn, caller, role, expected) in [
        (&john_arn, &john, &named, true),
        (&sri_arn, &sri, &named, false),
        (&john_arn, &john, &lambda, false),
    ] {
        let really = (caller, "sts", "assume_role", assume(role));
        assert_eq!(
            both.agree(arn, "sts:AssumeRole", role, json!({}), really),
            expected
        );
    }

    // The bucket's own policy lets one user of another account in, from here only.
    let grant = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "AWS": john_arn },
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": objects,
            "Condition": { "IpAddress": { "aws:SourceIp": "127.0.0.0/8" } },
        }],
    });
    let put = json!({ "Bucket": BUCKET, "Policy": grant.to_string() });
    production.root().call("s3", "put_bucket_policy", put).ok();
    let mut more = context(&[("aws:SourceIp", "127.0.0.1")]);
    more["ResourcePolicy"] = json!(grant.to_string());
    more["ResourceOwner"] = json!(production.arn("root"));
    for (arn, caller, expected) in [(&john_arn, &john, true), (&sri_arn, &sri, false)] {
        let really = (caller, "s3", "get_object", object.clone());
        assert_eq!(
            both.agree(arn, "s3:GetObject", &key, more.clone(), really),
            expected
        );
    }
    more["ContextEntries"] = json!([]);
    let elsewhere = both.simulated(&john_arn, "s3:GetObject", &key, more.clone());
    assert_eq!(elsewhere["EvalDecision"], "implicitDeny");
    assert_eq!(elsewhere["MissingContextValues"], json!(["aws:SourceIp"]));
    let details = &elsewhere["EvalDecisionDetails"];
    assert_eq!(
        (&details["IAM Policy"], &details["Resource Policy"]),
        (&json!("allowed"), &json!("implicitDeny"))
    );

    // A boundary ends what PowerUserAccess gives.
    dev.iam(
        "put_user_permissions_boundary",
        json!({ "UserName": "John", "PermissionsBoundary": "arn:aws:iam::aws:policy/ReadOnlyAccess" }),
    );
    let bounded = json!({ "Bucket": "johnsbucketofdev" });
    let really = (&john, "s3", "create_bucket", bounded);
    assert!(!both.agree(
        &john_arn,
        "s3:CreateBucket",
        "arn:aws:s3:::johnsbucketofdev",
        json!({}),
        really
    ));
    let result = both.simulated(
        &john_arn,
        "s3:CreateBucket",
        "arn:aws:s3:::johnsbucketofdev",
        json!({}),
    );
    assert_eq!(
        result["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"],
        json!(false)
    );
}

#[test]
fn the_cli_simulates_and_lists_context_keys() {
    let world = World::start("text1");
    let dev = world.account("Development");
    dev.user("John");
    let terminal = dev.root().terminal();
    let mut document = policy(
        "Allow",
        json!("s3:GetObject"),
        json!("arn:aws:s3:::home/${aws:username}/*"),
    );
    document["Statement"]["Condition"] = json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } });
    terminal.file("policies.json", &json!([document.to_string()]).to_string());
    let keys = terminal
        .types(
            "aws iam get-context-keys-for-custom-policy --policy-input-list file://policies.json",
        )
        .json();
    assert_eq!(
        keys["ContextKeyNames"],
        json!(["aws:SourceIp", "aws:username"])
    );
    let result = terminal
        .types(
            "aws iam simulate-custom-policy --policy-input-list file://policies.json \
                 --caller-arn arn:aws:iam::111111111111:user/John \
                 --action-names s3:GetObject s3:PutObject --resource-arns arn:aws:s3:::home/John/notes \
                 --context-entries ContextKeyName=aws:SourceIp,ContextKeyValues=10.1.1.1,ContextKeyType=ip",
        )
        .json();
    let decisions: Vec<&Value> = result["EvaluationResults"]
        .as_array()
        .expect("results")
        .iter()
        .map(|result| &result["EvalDecision"])
        .collect();
    assert_eq!(decisions, ["allowed", "implicitDeny"]);
    let waiting = terminal
        .types(
            "aws iam simulate-principal-policy --policy-source-arn arn:aws:iam::111111111111:user/John \
                 --action-names ec2:RunInstances iam:CreateUser s3:ListAllMyBuckets --max-items 1",
        )
        .json();
    assert_eq!(
        waiting["EvaluationResults"].as_array().map(Vec::len),
        Some(1)
    );
}
