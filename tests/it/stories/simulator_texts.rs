//! What texts 2 to 5 let their people do, and what they keep from them, asked of the policy simulator and of the gate alike.

use serde_json::{Value, json};

use super::simulator::{Both, context};
use super::{mfa, text2, text3, text4, text5};
use crate::world::{AccountIn, Caller, World, policy};

/// Somebody who asks: the user or role that the simulator is told, and whoever has the keys.
struct Person<'a> {
    source: &'a str,
    caller: &'a Caller,
}

impl Person<'_> {
    /// May they assume the role? Both must say so, or both must not.
    #[track_caller]
    fn assumes(&self, both: &Both, role: &str) -> bool {
        let call = json!({ "RoleArn": role, "RoleSessionName": "session" });
        let really = (self.caller, "sts", "assume_role", call);
        both.agree(self.source, "sts:AssumeRole", role, json!({}), really)
    }

    /// May they do this with a bucket of this account, or with an object in it?
    #[track_caller]
    fn s3(&self, both: &Both, owner: &AccountIn, action: &str, on: &str, more: Value) -> bool {
        let (bucket, key) = on.split_once('/').unwrap_or((on, ""));
        let mut call = json!({ "Bucket": bucket });
        if !key.is_empty() {
            call["Key"] = json!(key);
        }
        for (name, value) in more.as_object().expect("parameters") {
            call[name.as_str()] = value.clone();
        }
        let operation = match action {
            "s3:ListBucket" => "list_objects_v2",
            "s3:GetBucketLocation" => "get_bucket_location",
            "s3:GetObject" => "get_object",
            "s3:PutObject" => "put_object",
            "s3:DeleteObject" => "delete_object",
            "s3:CreateBucket" => "create_bucket",
            "s3:PutBucketTagging" => "put_bucket_tagging",
            other => panic!("{other}"),
        };
        let owned = json!({ "ResourceOwner": owner.arn("root") });
        let arn = format!("arn:aws:s3:::{on}");
        let really = (self.caller, "s3", operation, call);
        both.agree(self.source, action, &arn, owned, really)
    }

    /// May they call this, which is about nothing but the account?
    #[track_caller]
    fn may(&self, both: &Both, action: &str, operation: &str, call: Value) -> bool {
        let (service, _) = action.split_once(':').expect("service:Action");
        let name = call["UserName"].as_str();
        let resource = match name {
            Some(name) => {
                let account = self.source.split(':').nth(4).expect("an account");
                format!("arn:aws:iam::{account}:user/{name}")
            }
            None => "*".to_owned(),
        };
        let really = (self.caller, service, operation, call);
        both.agree(self.source, action, &resource, json!({}), really)
    }
}

#[test]
fn simulated_text2_a_role_that_requires_mfa() {
    let world = World::start_still("text2");
    let condition = json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } });
    let text2::Provider {
        client,
        provider,
        dana,
    } = text2::provider_in(&world, &condition);
    let both = Both(vec![client, provider.clone()]);
    let arn = provider.arn("user/dana");
    let person = Person {
        source: &arn,
        caller: &dana,
    };
    assert!(!person.assumes(&both, text2::ROLE));

    let device = json!({ "VirtualMFADeviceName": "dana" });
    let device = provider.iam("create_virtual_mfa_device", device)["VirtualMFADevice"].clone();
    let (serial, seed) = (&device["SerialNumber"], &device["Base32StringSeed"]);
    let seed = seed.as_str().expect("a seed");
    let now = i64::try_from(world.server().now()).expect("a time of our days");
    let shell = world.terminal();
    let code = |ahead: i64| mfa::code(&shell, seed, now + ahead * mfa::STEP);
    let enable = json!({
        "UserName": "dana", "SerialNumber": serial,
        "AuthenticationCode1": code(-1), "AuthenticationCode2": code(0),
    });
    provider.iam("enable_mfa_device", enable);
    let call = json!({
        "RoleArn": text2::ROLE, "RoleSessionName": "session",
        "SerialNumber": serial, "TokenCode": code(1),
    });
    let with = context(&[("aws:MultiFactorAuthPresent", "true")]);
    let really = (&dana, "sts", "assume_role", call);
    assert!(both.agree(&arn, "sts:AssumeRole", text2::ROLE, with, really));
}

#[test]
fn simulated_text3_the_role_of_one_bucket() {
    let text3::Tutorial {
        production,
        dev,
        john,
        sri,
        ..
    } = text3::tutorial();
    production.bucket("payroll");
    let both = Both(vec![production.clone(), dev.clone()]);
    let update_app = production.arn("role/UpdateApp");
    let (of_john, of_sri) = (dev.arn("user/John"), dev.arn("user/Sri"));
    let [john, sri] =
        [(&of_john, &john), (&of_sri, &sri)].map(|(source, caller)| Person { source, caller });
    assert!(john.assumes(&both, &update_app));
    assert!(!sri.assumes(&both, &update_app));
    let asked = both.simulated(&of_sri, "sts:AssumeRole", &update_app, json!({}));
    assert_eq!(asked["EvalDecision"], "explicitDeny");

    // Power users at home, and nothing over there.
    for (person, bucket) in [(&john, "sandbox-of-john"), (&sri, "sandbox-of-sri")] {
        assert!(person.s3(&both, &dev, "s3:CreateBucket", bucket, json!({})));
        assert!(!person.s3(
            &both,
            &production,
            "s3:ListBucket",
            "productionapp",
            json!({})
        ));
        let eve = json!({ "UserName": "Eve" });
        assert!(!person.may(&both, "iam:CreateUser", "create_user", eve));
    }
    let session = john.caller.assume(&update_app, "David-ProdUpdate");
    let role = Person {
        source: &update_app,
        caller: &session,
    };
    let in_role =
        |action: &str, on: &str, more: Value| role.s3(&both, &production, action, on, more);
    assert!(in_role("s3:ListBucket", "productionapp", json!({})));
    assert!(in_role("s3:GetBucketLocation", "productionapp", json!({})));
    assert!(in_role(
        "s3:PutObject",
        "productionapp/new.html",
        json!({ "Body": "x" })
    ));
    assert!(in_role(
        "s3:GetObject",
        "productionapp/index.html",
        json!({})
    ));
    assert!(in_role(
        "s3:DeleteObject",
        "productionapp/new.html",
        json!({})
    ));
    assert!(!in_role("s3:ListBucket", "payroll", json!({})));
    assert!(!in_role(
        "s3:PutObject",
        "payroll/salaries.csv",
        json!({ "Body": "x" })
    ));
    assert!(!in_role("s3:CreateBucket", "another-of-john", json!({})));
    assert!(role.may(&both, "s3:ListAllMyBuckets", "list_buckets", json!({})));
    assert!(!role.may(&both, "iam:ListUsers", "list_users", json!({})));
}

#[test]
fn simulated_text4_nobody_at_home_and_admin_over_there() {
    let text4::Setup {
        login,
        dev,
        michael,
        terminal,
        ..
    } = text4::setup();
    terminal.types(text4::CREATE_ROLE).ok();
    text4::attach(&terminal);
    let both = Both(vec![login.clone(), dev.clone()]);
    let (of_michael, of_ann) = (login.arn("user/michael.ludvig"), login.arn("user/ann"));
    let ann = login.user("ann");
    let [michael, ann] = [(&of_michael, &michael), (&of_ann, &ann)]
        .map(|(source, caller)| Person { source, caller });
    // The project trusts the whole account; the account has permitted nobody yet.
    assert!(!michael.assumes(&both, text4::ADMIN));
    text4::put_group_policy(&terminal);
    assert!(michael.assumes(&both, text4::ADMIN));
    assert!(!ann.assumes(&both, text4::ADMIN));
    assert!(!michael.may(&both, "iam:ListUsers", "list_users", json!({})));
    let session = michael.caller.assume(text4::ADMIN, "michael");
    let admin = Person {
        source: text4::ADMIN,
        caller: &session,
    };
    let bot = json!({ "UserName": "build-bot" });
    assert!(admin.may(&both, "iam:CreateUser", "create_user", bot));
    assert!(admin.may(&both, "iam:ListUsers", "list_users", json!({})));
    assert!(admin.s3(
        &both,
        &dev,
        "s3:CreateBucket",
        "aws-nz-dev-assets",
        json!({})
    ));
    // The login account permits, and the project no longer does.
    let trust = crate::world::trust(json!(dev.id()));
    let update = json!({ "RoleName": "Admin", "PolicyDocument": trust.to_string() });
    dev.iam("update_assume_role_policy", update);
    assert!(!michael.assumes(&both, text4::ADMIN));
}

#[test]
fn simulated_text5_the_consultant_and_everybody_else() {
    let text5::Consultancy {
        world,
        stuzio,
        acme,
        troy,
    } = text5::consultancy(text5::BUCKET);
    let initech = world.account("Initech");
    let both = Both(vec![stuzio.clone(), acme.clone(), initech.clone()]);
    let (dave, owner, peter) = (
        acme.user("Dave"),
        stuzio.user("Owner"),
        initech.user("Peter"),
    );
    let everything = policy("Allow", json!("*"), json!("*"));
    initech.put_policy("user", "Peter", "everything", &everything);
    let assume = policy("Allow", json!("sts:AssumeRole"), json!(text5::ROLE));
    stuzio.put_policy("user", "Owner", "assume", &assume);
    let people = [
        (acme.arn("user/Troy"), &troy, true),
        // Trusted with his account, but without a policy of his own.
        (acme.arn("user/Dave"), &dave, false),
        // Allowed all that his account can allow, and trusted by nobody.
        (initech.arn("user/Peter"), &peter, false),
        // Of the role's own account, which the role does not trust.
        (stuzio.arn("user/Owner"), &owner, false),
    ];
    for (source, caller, expected) in &people {
        let person = Person { source, caller };
        assert_eq!(person.assumes(&both, text5::ROLE), *expected, "{source}");
        let plan = format!("{}/plan.txt", text5::BUCKET);
        assert!(!person.s3(&both, &stuzio, "s3:GetObject", &plan, json!({})));
    }
    let session = troy.assume(text5::ROLE, "Troy");
    let role = Person {
        source: text5::ROLE,
        caller: &session,
    };
    let in_role = |action: &str, key: &str, more: Value| {
        role.s3(
            &both,
            &stuzio,
            action,
            &format!("{}{key}", text5::BUCKET),
            more,
        )
    };
    let tags = json!({ "Tagging": { "TagSet": [{ "Key": "project", "Value": "x" }] } });
    assert!(in_role("s3:PutBucketTagging", "", tags));
    assert!(in_role("s3:ListBucket", "", json!({})));
    assert!(in_role("s3:GetObject", "/plan.txt", json!({})));
    assert!(in_role(
        "s3:PutObject",
        "/invoice.txt",
        json!({ "Body": "much" })
    ));
    assert!(role.may(&both, "s3:ListAllMyBuckets", "list_buckets", json!({})));
    assert!(!role.may(&both, "iam:ListUsers", "list_users", json!({})));
}
