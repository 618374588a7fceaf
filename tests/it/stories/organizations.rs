//! An organization at work: what its policies deny is denied in every service at once, and what changes counts with the next call.

use serde_json::{Value, json};

use crate::boto::Credentials;
use crate::terminal::Terminal;
use crate::world::{AccountIn, World, policy};

/// A third account, which the organization of the first two does not own unless the configuration says so.
const OUTSIDE: &str = r#"
[[account]]
id = "333333333333"
name = "Outside"
email = "outside@example.com"
root_access_key_id = "AKIAOUTSIDEROOT00003"
root_secret_access_key = "sample/text3/outside-root/for/anybodyxxx"
"#;

const SCP: &str = "SERVICE_CONTROL_POLICY";
const RCP: &str = "RESOURCE_CONTROL_POLICY";

/// Production manages an organization in which Development is; Outside is in none.
struct Stage {
    world: World,
    production: AccountIn,
    dev: AccountIn,
    outside: AccountIn,
    /// The management account's root user.
    terminal: Terminal,
    root: String,
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

fn stage() -> Stage {
    let world = World::start_with("text3", "", OUTSIDE);
    let production = world.account("Production");
    let dev = world.account("Development");
    let terminal = production.root().terminal();
    terminal
        .types("aws organizations create-organization --feature-set ALL")
        .ok();
    let invited = terminal
        .types("aws organizations invite-account-to-organization --target Id=111111111111,Type=ACCOUNT --notes 'Join us'")
        .json();
    let id = text(&invited["Handshake"]["Id"]);
    dev.root()
        .terminal()
        .types(&format!(
            "aws organizations accept-handshake --handshake-id {id}"
        ))
        .ok();
    let roots = terminal.types("aws organizations list-roots").json();
    let root = text(&roots["Roots"][0]["Id"]);
    for kind in [SCP, RCP] {
        terminal
            .types(&format!(
                "aws organizations enable-policy-type --root-id {root} --policy-type {kind}"
            ))
            .ok();
    }
    Stage {
        outside: world.account("Outside"),
        production,
        dev,
        terminal,
        root,
        world,
    }
}

impl Stage {
    /// An organizational unit's id.
    #[track_caller]
    fn unit(&self, parent: &str, name: &str) -> String {
        let line = format!(
            "aws organizations create-organizational-unit --parent-id {parent} --name {name}"
        );
        text(&self.terminal.types(&line).json()["OrganizationalUnit"]["Id"])
    }

    /// A policy's id.
    #[track_caller]
    fn policy(&self, name: &str, kind: &str, document: &Value) -> String {
        self.terminal
            .file(&format!("{name}.json"), &document.to_string());
        let line = format!(
            "aws organizations create-policy --name {name} --description '' --type {kind} --content file://{name}.json"
        );
        text(&self.terminal.types(&line).json()["Policy"]["PolicySummary"]["Id"])
    }

    #[track_caller]
    fn attach(&self, policy: &str, target: &str) {
        self.terminal
            .types(&format!(
                "aws organizations attach-policy --policy-id {policy} --target-id {target}"
            ))
            .ok();
    }

    #[track_caller]
    fn detach(&self, policy: &str, target: &str) {
        self.terminal
            .types(&format!(
                "aws organizations detach-policy --policy-id {policy} --target-id {target}"
            ))
            .ok();
    }

    #[track_caller]
    fn move_dev(&self, from: &str, to: &str) {
        self.terminal
            .types(&format!(
                "aws organizations move-account --account-id 111111111111 --source-parent-id {from} --destination-parent-id {to}"
            ))
            .ok();
    }
}

#[test]
fn what_an_scp_denies_is_denied_in_iam_sts_and_s3_at_once() {
    let stage = stage();
    let workloads = stage.unit(&stage.root, "Workloads");
    let apps = stage.unit(&workloads, "Apps");
    stage.dev.bucket("apps");
    let door = stage.production.role("Door", json!(stage.dev.arn("root")));
    let ann = stage.dev.user("Ann");
    stage.dev.put_policy(
        "user",
        "Ann",
        "all",
        &policy("Allow", json!("*"), json!("*")),
    );
    let denied = json!(["iam:CreateUser", "s3:PutObject", "sts:AssumeRole"]);
    let denying = stage.policy("Freeze", SCP, &policy("Deny", denied, json!("*")));
    let user = |name: &str| ann.call("iam", "create_user", json!({ "UserName": name }));

    stage.attach(&denying, &workloads);
    user("before").ok();
    ann.put("apps", "a.txt", "a").ok();
    ann.try_assume(&door, "ann").ok();
    stage.move_dev(&stage.root, &apps);

    let described = stage
        .terminal
        .types(&format!(
            "aws organizations describe-policy --policy-id {denying}"
        ))
        .json();
    let arn = text(&described["Policy"]["PolicySummary"]["Arn"]);
    let reason = format!("with an explicit deny in a service control policy: {arn}");
    for message in [
        user("after").denied(),
        ann.put("apps", "b.txt", "b").denied(),
        ann.try_assume(&door, "ann").denied(),
        stage.dev.root().put("apps", "b.txt", "b").denied(),
    ] {
        assert!(message.contains(&reason), "{message}");
    }
    ann.get("apps", "a.txt").ok();
    // The management account is beyond every SCP.
    stage.attach(&denying, &stage.root);
    stage
        .production
        .iam("create_user", json!({ "UserName": "free" }));

    stage.detach(&denying, &stage.root);
    stage.move_dev(&apps, &stage.root);
    user("after").ok();
    ann.put("apps", "b.txt", "b").ok();
}

#[test]
fn without_full_access_on_one_level_only_what_every_level_allows_is_left() {
    let stage = stage();
    let workloads = stage.unit(&stage.root, "Workloads");
    stage.move_dev(&stage.root, &workloads);
    stage.dev.bucket("apps");
    let detach = format!(
        "aws organizations detach-policy --policy-id p-FullAWSAccess --target-id {workloads}"
    );
    let told = stage
        .terminal
        .types(&detach)
        .refused("ConstraintViolationException");
    assert!(
        told.contains("You cannot remove the last policy attached to the specified target."),
        "{told}"
    );
    let storage = stage.policy("OnlyS3", SCP, &policy("Allow", json!("s3:*"), json!("*")));
    stage.attach(&storage, &workloads);
    stage.terminal.types(&detach).ok();

    stage.dev.root().put("apps", "a.txt", "a").ok();
    let told = stage
        .dev
        .root()
        .terminal()
        .types("aws iam list-users")
        .denied();
    assert!(
        told.contains("because no service control policy allows the iam:ListUsers action"),
        "{told}"
    );
    // What the unit's policy allows, the account's level must allow, too.
    let nothing = stage.policy("Nothing", SCP, &policy("Allow", json!("iam:*"), json!("*")));
    stage.attach(&nothing, "111111111111");
    stage.detach("p-FullAWSAccess", "111111111111");
    stage.dev.root().put("apps", "b.txt", "b").denied();
    let on_unit = stage
        .terminal
        .types(&format!(
            "aws organizations list-policies-for-target --target-id {workloads} --filter {SCP}"
        ))
        .json();
    assert_eq!(
        on_unit["Policies"].as_array().map(Vec::len),
        Some(1),
        "{on_unit}"
    );
}

#[test]
fn which_services_a_unit_can_do_without_is_told() {
    let stage = stage();
    let apps = stage.unit(&stage.root, "Apps");
    stage.move_dev(&stage.root, &apps);
    stage.dev.bucket("apps");
    let told = stage
        .terminal
        .types("aws organizations describe-organization");
    let id = text(&told.json()["Organization"]["Id"]);
    let path = format!("{id}/{}/{apps}", stage.root);
    let storage = policy("Allow", json!(["s3:*", "ec2:*", "iam:*"]), json!("*"));
    let storage = stage.policy("Storage", SCP, &storage);
    stage.attach(&storage, &apps);
    stage.detach("p-FullAWSAccess", &apps);
    let generate = format!(
        "aws iam generate-organizations-access-report --entity-path {path} --query JobId --output text"
    );
    let job = stage.terminal.types(&generate).ok();
    let get = format!(
        "aws iam get-organizations-access-report --job-id {}",
        job.trim()
    );
    let report = stage.terminal.types(&get).json();
    assert_eq!(report["JobStatus"], "COMPLETED", "{report}");
    assert_eq!(report["NumberOfServicesNotAccessed"], 2, "{report}");
    let (ec2, s3) = (&report["AccessDetails"][0], &report["AccessDetails"][2]);
    assert_eq!(ec2["ServiceNamespace"], "ec2");
    assert_eq!(ec2["TotalAuthenticatedEntities"], 0);
    assert!(ec2.get("LastAuthenticatedTime").is_none(), "{report}");
    assert_eq!(s3["ServiceNamespace"], "s3");
    assert_eq!(s3["EntityPath"], format!("{path}/111111111111"));

    let refused = |account: &AccountIn, code: &str| {
        account.root().terminal().types(&generate).refused(code);
        account
            .root()
            .terminal()
            .types(&get)
            .refused("NoSuchEntity");
    };
    refused(&stage.dev, "AccessDenied");
    refused(&stage.outside, "NoSuchEntity");
}

#[test]
fn an_rcp_keeps_outsiders_out_of_what_a_bucket_policy_lets_them_in() {
    let stage = stage();
    stage.dev.bucket("shared");
    stage.dev.object("shared", "a.txt", "a");
    let open = json!({ "Bucket": "shared", "PublicAccessBlockConfiguration": {
        "BlockPublicAcls": false, "IgnorePublicAcls": false, "BlockPublicPolicy": false, "RestrictPublicBuckets": false,
    } });
    stage
        .dev
        .root()
        .call("s3", "put_public_access_block", open)
        .ok();
    let everyone = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::shared/*",
    }] });
    let put = json!({ "Bucket": "shared", "Policy": everyone.to_string() });
    stage.dev.root().call("s3", "put_bucket_policy", put).ok();
    let outsider = stage.outside.root();
    let get = || {
        (
            outsider.get("shared", "a.txt"),
            stage.world.anonymous().get("shared", "a.txt"),
        )
    };
    let (signed, unsigned) = get();
    signed.ok();
    unsigned.ok();

    let perimeter = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
        "Condition": { "StringNotEqualsIfExists": { "aws:PrincipalOrgID": "${aws:ResourceOrgID}" } },
    }] });
    let perimeter = stage.policy("Perimeter", RCP, &perimeter);
    stage.attach(&perimeter, &stage.root);
    let (signed, unsigned) = get();
    // Who is not of the organization is told nothing.
    assert_eq!(signed.denied(), "Access Denied");
    assert_eq!(unsigned.denied(), "Access Denied");
    stage.production.root().get("shared", "a.txt").ok();
    stage.dev.root().get("shared", "a.txt").ok();
    // RCPs do not protect the management account.
    stage.production.bucket("plain");
    stage.production.root().put("plain", "a.txt", "a").ok();
}

#[test]
fn conditions_know_the_organization_and_its_paths() {
    let stage = stage();
    let workloads = stage.unit(&stage.root, "Workloads");
    stage.production.bucket("org-only");
    stage.production.object("org-only", "a.txt", "a");
    let described = stage
        .terminal
        .types("aws organizations describe-organization")
        .json();
    let id = text(&described["Organization"]["Id"]);
    let within = |condition: Value| {
        let document = json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::org-only/*", "Condition": condition,
        }] });
        let put = json!({ "Bucket": "org-only", "Policy": document.to_string() });
        stage
            .production
            .root()
            .call("s3", "put_bucket_policy", put)
            .ok();
    };
    let dev = stage.dev.root();
    within(json!({ "StringEquals": { "aws:PrincipalOrgID": id } }));
    dev.get("org-only", "a.txt").ok();
    stage.outside.root().get("org-only", "a.txt").denied();
    stage.world.anonymous().get("org-only", "a.txt").denied();

    let path = format!("{id}/{}/{workloads}/*", stage.root);
    within(json!({
        "StringEquals": { "aws:PrincipalOrgID": id },
        "ForAnyValue:StringLike": { "aws:PrincipalOrgPaths": [path] },
    }));
    // Within the organization S3 says why.
    let told = dev.get("org-only", "a.txt").denied();
    assert!(
        told.contains("because no resource-based policy allows the s3:GetObject action"),
        "{told}"
    );
    stage.move_dev(&stage.root, &workloads);
    dev.get("org-only", "a.txt").ok();
}

#[test]
fn a_created_account_works_at_once_and_a_closed_one_is_dead_at_once() {
    let stage = stage();
    let created = stage
        .terminal
        .types("aws organizations create-account --email sandbox@example.com --account-name Sandbox --tags Key=env,Value=test")
        .json();
    let status = &created["CreateAccountStatus"];
    assert_eq!(status["State"], "IN_PROGRESS", "{created}");
    let done = stage
        .terminal
        .types(&format!(
            "aws organizations describe-create-account-status --create-account-request-id {}",
            text(&status["Id"])
        ))
        .json();
    assert_eq!(done["CreateAccountStatus"]["State"], "SUCCEEDED", "{done}");
    let id = text(&done["CreateAccountStatus"]["AccountId"]);
    let role = format!("arn:aws:iam::{id}:role/OrganizationAccountAccessRole");

    let ops = stage.production.user("ops");
    ops.try_assume(&role, "ops").denied();
    stage.production.put_policy(
        "user",
        "ops",
        "in",
        &policy("Allow", json!("sts:AssumeRole"), json!(role)),
    );
    let inside = ops.assume(&role, "ops");
    inside
        .call("s3", "create_bucket", json!({ "Bucket": "sandbox" }))
        .ok();
    inside.put("sandbox", "a.txt", "a").ok();
    let made = inside
        .call("iam", "create_user", json!({ "UserName": "first" }))
        .ok();
    assert_eq!(made["User"]["Arn"], format!("arn:aws:iam::{id}:user/first"));
    let key = inside
        .call("iam", "create_access_key", json!({ "UserName": "first" }))
        .ok();
    let first = stage
        .world
        .with(Credentials::from_answer(&key["AccessKey"]));
    first.arn();
    let share = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": { "AWS": "999999999999" }, "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::sandbox/*",
    }] });
    inside
        .call(
            "s3",
            "put_bucket_policy",
            json!({ "Bucket": "sandbox", "Policy": share.to_string() }),
        )
        .ok();
    stage.production.root().get("sandbox", "a.txt").ok();

    stage
        .terminal
        .types(&format!(
            "aws organizations close-account --account-id {id}"
        ))
        .ok();
    inside
        .call("iam", "list_users", json!({}))
        .refused("InvalidClientTokenId");
    first
        .call("sts", "get_caller_identity", json!({}))
        .refused("InvalidClientTokenId");
    inside.get("sandbox", "a.txt").refused("InvalidAccessKeyId");
    ops.try_assume(&role, "again").denied();
    stage.production.root().get("sandbox", "a.txt").denied();
    let shown = stage
        .terminal
        .types(&format!(
            "aws organizations describe-account --account-id {id}"
        ))
        .json();
    assert_eq!(shown["Account"]["Status"], "SUSPENDED", "{shown}");
}

#[test]
fn kill_9_keeps_the_organization_and_what_it_denies() {
    let stage = stage();
    let workloads = stage.unit(&stage.root, "Workloads");
    let denying = stage.policy(
        "NoUsers",
        SCP,
        &policy("Deny", json!("iam:CreateUser"), json!("*")),
    );
    stage.attach(&denying, &workloads);
    stage.move_dev(&stage.root, &workloads);
    let lists = [
        "aws organizations list-accounts",
        "aws organizations describe-organization",
        "aws organizations list-roots",
        "aws organizations list-handshakes-for-organization",
    ];
    let seen = || lists.map(|line| stage.terminal.types(line).json());
    let before = seen();
    stage.world.server().kill();
    stage.world.start_again();
    assert_eq!(before, seen());
    stage
        .dev
        .root()
        .call("iam", "create_user", json!({ "UserName": "x" }))
        .denied();
}

#[test]
fn a_configuration_makes_its_accounts_one_organization() {
    let world = World::start_with("text3", "organization = true", OUTSIDE);
    let production = world.account("Production").root();
    let accounts = json!({ "$member": "Accounts", "PaginationConfig": { "PageSize": 1 } });
    let seen = || {
        let listed = production
            .call("organizations", "every_list_accounts", accounts.clone())
            .ok();
        let ids = listed
            .as_array()
            .expect("a list")
            .iter()
            .map(|account| text(&account["Id"]));
        ids.collect::<Vec<_>>()
    };
    let all = ["111111111111", "333333333333", "999999999999"];
    assert_eq!(seen(), all);
    let organization = production
        .call("organizations", "describe_organization", json!({}))
        .ok();
    assert_eq!(
        organization["Organization"]["MasterAccountId"],
        "999999999999"
    );
    // Each has the role that Organizations has in every account, made once.
    let roles = || {
        let role = |name: &str| {
            let named = json!({ "RoleName": "AWSServiceRoleForOrganizations" });
            text(&world.account(name).iam("get_role", named)["Role"]["RoleId"])
        };
        ["Production", "Development", "Outside"].map(role)
    };
    let made = roles();
    // Who was let go stays away: the configuration only makes what is not there.
    let gone = json!({ "AccountId": "333333333333" });
    production
        .call("organizations", "remove_account_from_organization", gone)
        .ok();
    world.server().kill();
    world.start_again();
    assert_eq!(seen(), ["111111111111", "999999999999"]);
    assert_eq!(roles(), made);
}

#[test]
fn organizations_answers_in_its_own_protocol_whoever_asks() {
    let stage = stage();
    let refused =
        |caller: &crate::world::Caller, operation: &str, parameters: Value, code: &str| {
            let refusal = caller
                .call("organizations", operation, parameters)
                .refused(code);
            assert_eq!(refusal.status, 400, "{operation}: {refusal:?}");
            refusal.message
        };
    let member = stage.dev.root();
    let message = refused(&member, "list_accounts", json!({}), "AccessDeniedException");
    assert_eq!(
        message,
        "You don't have permissions to access this resource."
    );
    let outsider = stage.outside.root();
    refused(
        &outsider,
        "describe_organization",
        json!({}),
        "AWSOrganizationsNotInUseException",
    );
    let weak = stage.production.user("weak");
    let message = refused(&weak, "list_roots", json!({}), "AccessDeniedException");
    assert!(
        message.contains("is not authorized to perform: organizations:ListRoots on resource: *"),
        "{message}"
    );
    refused(
        &stage.production.root(),
        "describe_account",
        json!({ "AccountId": "1" }),
        "InvalidInputException",
    );
    let unknown = stage.world.with(Credentials {
        key_id: "AKIANOBODYHASTHISKEY".into(),
        secret: "x".into(),
        token: None,
    });
    refused(
        &unknown,
        "list_roots",
        json!({}),
        "UnrecognizedClientException",
    );
    let url = stage.world.endpoint().to_owned() + "/";
    let headers = json!({
        "X-Amz-Target": "AWSOrganizationsV20161128.ListRoots",
        "Content-Type": "application/x-amz-json-1.1",
    });
    let unsigned = json!({ "url": url, "method": "POST", "headers": headers, "body": "{}" });
    let answer = stage.world.http("url", unsigned);
    assert_eq!(answer["status"], 400, "{answer}");
    assert!(
        text(&answer["body"]).contains("MissingAuthenticationTokenException"),
        "{answer}"
    );
}
