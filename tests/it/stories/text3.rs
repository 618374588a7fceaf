//! Text 3, whole: David (here John) updates the live application in Production from Development, by the CLI.

use serde_json::json;

use crate::terminal::Terminal;
use crate::world::{AccountIn, Caller, World, policy, trust};

const BUCKET: &str = "productionapp";
const ASSUME: &str = r#"aws sts assume-role --role-arn "arn:aws:iam::999999999999:role/UpdateApp" --role-session-name "David-ProdUpdate""#;

/// Reading and writing one bucket, as the tutorial has it.
const READ_WRITE_APP_BUCKET: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    { "Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*" },
    { "Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": "arn:aws:s3:::productionapp" },
    {
      "Effect": "Allow",
      "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
      "Resource": "arn:aws:s3:::productionapp/*"
    }
  ]
}"#;

/// The state at the end of the tutorial's second step.
pub(super) struct Tutorial {
    world: World,
    pub(super) production: AccountIn,
    pub(super) dev: AccountIn,
    pub(super) john: Caller,
    pub(super) sri: Caller,
}

pub(super) fn tutorial() -> Tutorial {
    let world = World::start("text3");
    let production = world.account("Production");
    let dev = world.account("Development");
    production.bucket(BUCKET);
    production.object(BUCKET, "index.html", "<h1>live</h1>");

    let admin = production.root().terminal();
    admin.file("policy.json", READ_WRITE_APP_BUCKET);
    admin.file("trust.json", &trust(json!(dev.arn("root"))).to_string());
    admin
        .types("aws iam create-policy --policy-name read-write-app-bucket --policy-document file://policy.json")
        .ok();
    admin.types("aws iam create-role --role-name UpdateApp --assume-role-policy-document file://trust.json").ok();
    admin
        .types("aws iam attach-role-policy --role-name UpdateApp --policy-arn arn:aws:iam::999999999999:policy/read-write-app-bucket")
        .ok();

    let john = dev.user("John");
    let sri = dev.user("Sri");
    dev.group("Developers", &["John"]);
    dev.group("Testers", &["Sri"]);
    let admin = dev.root().terminal();
    for (group, effect) in [("Developers", "Allow"), ("Testers", "Deny")] {
        let verb = effect.to_lowercase();
        let role = json!("arn:aws:iam::999999999999:role/UpdateApp");
        admin.file(
            "group.json",
            &policy(effect, json!("sts:AssumeRole"), role).to_string(),
        );
        // Both groups work freely in Development, so that it is the Deny that keeps testers out.
        admin
            .types(&format!(
                "aws iam attach-group-policy --group-name {group} --policy-arn arn:aws:iam::aws:policy/PowerUserAccess
                 aws iam put-group-policy --group-name {group} --policy-name {verb}-assume-S3-role-in-production \
                     --policy-document file://group.json"
            ))
            .ok();
    }
    Tutorial {
        world,
        production,
        dev,
        john,
        sri,
    }
}

/// Assumes the role as the tutorial does, and puts what it printed into the environment.
fn switch(terminal: &mut Terminal) {
    let credentials = terminal.types(ASSUME).json()["Credentials"].clone();
    for (variable, member) in [
        ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
        ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
        ("AWS_SESSION_TOKEN", "SessionToken"),
    ] {
        terminal.export(variable, credentials[member].as_str().expect("a string"));
    }
}

#[test]
fn text3_the_role_stands_as_the_tutorial_describes_it() {
    let Tutorial { production, .. } = tutorial();
    let admin = production.root().terminal();
    let role = admin.types("aws iam get-role --role-name UpdateApp").json();
    assert_eq!(
        role["Role"]["Arn"],
        "arn:aws:iam::999999999999:role/UpdateApp"
    );
    let trusted = &role["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"];
    assert_eq!(*trusted, "arn:aws:iam::111111111111:root");
    let policies = admin.types("aws iam list-policies --scope Local").json();
    assert_eq!(
        policies["Policies"][0]["PolicyName"],
        "read-write-app-bucket"
    );
    assert_eq!(policies["Policies"][0]["AttachmentCount"], 1);
    let attached = admin
        .types("aws iam list-attached-role-policies --role-name UpdateApp")
        .json();
    assert_eq!(
        attached["AttachedPolicies"][0]["PolicyName"],
        "read-write-app-bucket"
    );
}

#[test]
fn text3_a_developer_takes_the_role_and_reads_the_bucket() {
    let Tutorial { john, .. } = tutorial();
    let mut terminal = john.terminal();
    let printed = terminal.types(ASSUME).json();
    let credentials = printed["Credentials"].as_object().expect("an object");
    let members: Vec<&str> = credentials.keys().map(String::as_str).collect();
    assert_eq!(
        members,
        [
            "AccessKeyId",
            "Expiration",
            "SecretAccessKey",
            "SessionToken"
        ]
    );
    assert!(
        credentials["AccessKeyId"]
            .as_str()
            .expect("a string")
            .starts_with("ASIA")
    );
    let expiration = credentials["Expiration"].as_str().expect("a string");
    assert!(
        expiration.ends_with('Z') || expiration.ends_with("+00:00"),
        "{expiration}"
    );
    let arn = &printed["AssumedRoleUser"]["Arn"];
    assert_eq!(
        *arn,
        "arn:aws:sts::999999999999:assumed-role/UpdateApp/David-ProdUpdate"
    );

    switch(&mut terminal);
    let listing = terminal.types("aws s3 ls s3://productionapp").ok();
    assert!(listing.contains("index.html"), "{listing}");
    let identity = terminal.types("aws sts get-caller-identity").json();
    assert_eq!(identity["Arn"], *arn);
    assert_eq!(identity["Account"], "999999999999");
}

#[test]
fn text3_a_tester_is_explicitly_denied() {
    let Tutorial { sri, .. } = tutorial();
    let message = sri.terminal().types(ASSUME).denied();
    assert!(
        message.contains(
            "User: arn:aws:iam::111111111111:user/Sri is not authorized to perform: sts:AssumeRole on resource: \
             arn:aws:iam::999999999999:role/UpdateApp with an explicit deny in an identity-based policy"
        ),
        "{message}"
    );
    // The bucket itself is as far away as the role.
    sri.terminal()
        .types("aws s3 ls s3://productionapp")
        .denied();
}

#[test]
fn text3_testers_and_developers_both_work_freely_in_development() {
    let Tutorial { john, sri, .. } = tutorial();
    for (caller, bucket) in [(john, "sandbox-of-john"), (sri, "sandbox-of-sri")] {
        let terminal = caller.terminal();
        terminal.file("a.txt", "a");
        terminal
            .types(&format!(
                "aws s3 mb s3://{bucket} && aws s3 cp a.txt s3://{bucket}/a.txt"
            ))
            .ok();
        // Power users have no hand in IAM.
        terminal
            .types("aws iam create-user --user-name Eve")
            .denied();
    }
}

#[test]
fn text3_cp_sync_and_rm_work_in_the_role() {
    let Tutorial {
        production, john, ..
    } = tutorial();
    let mut terminal = john.terminal();
    switch(&mut terminal);
    terminal.file("site/index.html", "<h1>newer</h1>");
    terminal.file("site/css/main.css", "h1 { color: teal }");
    terminal
        .types("aws s3 cp s3://productionapp/index.html before.html")
        .ok();
    assert_eq!(terminal.read("before.html"), "<h1>live</h1>");
    let synced = terminal.types("aws s3 sync site s3://productionapp").ok();
    assert!(
        synced.contains("upload: site/css/main.css to s3://productionapp/css/main.css"),
        "{synced}"
    );
    assert_eq!(
        production.root().get(BUCKET, "index.html").ok()["Body"],
        "<h1>newer</h1>"
    );
    // Nothing has changed, so a second sync has nothing to say.
    assert_eq!(
        terminal.types("aws s3 sync site s3://productionapp").ok(),
        ""
    );
    terminal.types("aws s3 sync s3://productionapp copy").ok();
    assert_eq!(terminal.read("copy/css/main.css"), "h1 { color: teal }");
    terminal
        .types("aws s3 rm s3://productionapp/css/main.css")
        .ok();
    let listing = terminal
        .types("aws s3 ls --recursive s3://productionapp")
        .ok();
    assert!(
        listing.contains("index.html") && !listing.contains("main.css"),
        "{listing}"
    );
}

#[test]
fn text3_the_role_is_limited_to_its_one_bucket() {
    let Tutorial {
        production, john, ..
    } = tutorial();
    production.bucket("payroll");
    production.object("payroll", "salaries.csv", "secret");
    let mut terminal = john.terminal();
    switch(&mut terminal);
    // The list of all buckets is in the policy; their content is not.
    let buckets = terminal.types("aws s3 ls").ok();
    assert!(
        buckets.contains("payroll") && buckets.contains("productionapp"),
        "{buckets}"
    );
    terminal.types("aws s3 ls s3://payroll").denied();
    let failed = terminal.types("aws s3 cp s3://payroll/salaries.csv .");
    assert!(
        failed.status != Some(0) && failed.stderr.contains("403"),
        "{failed:?}"
    );
    terminal.types("aws s3 rb s3://productionapp").denied();
    terminal.types("aws iam list-users").denied();
}

#[test]
fn text3_his_own_rights_are_gone_in_the_role_and_back_after_it() {
    let Tutorial { john, .. } = tutorial();
    let mut terminal = john.terminal();
    terminal
        .types("aws s3 mb s3://sandbox-of-john && aws s3 ls s3://sandbox-of-john")
        .ok();
    terminal.types("aws s3 ls s3://productionapp").denied();

    switch(&mut terminal);
    terminal.types("aws s3 ls s3://productionapp").ok();
    terminal.types("aws s3 ls s3://sandbox-of-john").denied();
    terminal.types("aws s3 mb s3://another-of-john").denied();

    terminal.export("AWS_ACCESS_KEY_ID", &john.credentials.key_id);
    terminal.export("AWS_SECRET_ACCESS_KEY", &john.credentials.secret);
    terminal.unset("AWS_SESSION_TOKEN");
    terminal.types("aws s3 ls s3://sandbox-of-john").ok();
    terminal.types("aws s3 ls s3://productionapp").denied();
}

#[test]
fn text3_a_token_pasted_with_line_breaks_works() {
    let Tutorial { john, .. } = tutorial();
    let mut terminal = john.terminal();
    let credentials = terminal.types(ASSUME).json()["Credentials"].clone();
    let text = |name: &str| credentials[name].as_str().expect("a string").to_owned();
    terminal.unset("AWS_ACCESS_KEY_ID");
    terminal.unset("AWS_SECRET_ACCESS_KEY");
    // A narrow terminal shows the token over several lines; a shell joins lines that end in a backslash.
    let token = text("SessionToken");
    let letters: Vec<char> = token.chars().collect();
    let lines: Vec<String> = letters
        .chunks(92)
        .map(|line| line.iter().collect())
        .collect();
    assert!(lines.len() > 1, "{token}");
    let pasted = format!(
        "export AWS_ACCESS_KEY_ID={}\nexport AWS_SECRET_ACCESS_KEY={}\nexport AWS_SESSION_TOKEN={}\naws s3 ls s3://productionapp",
        text("AccessKeyId"),
        text("SecretAccessKey"),
        lines.join("\\\n")
    );
    assert!(terminal.types(&pasted).ok().contains("index.html"));
    // Out of a file it was saved in, with the line breaks taken out.
    terminal.file("token.txt", &lines.join("\n"));
    let joined = pasted.replace(&lines.join("\\\n"), "\"$(tr -d '\\n' < token.txt)\"");
    assert!(terminal.types(&joined).ok().contains("index.html"));
}

#[test]
fn text3_the_same_by_a_profile() {
    let Tutorial { john, sri, .. } = tutorial();
    for (caller, allowed) in [(john, true), (sri, false)] {
        let mut terminal = caller.terminal();
        terminal.unset("AWS_ACCESS_KEY_ID");
        terminal.unset("AWS_SECRET_ACCESS_KEY");
        terminal.configure(&format!(
            "[profile dev]\naws_access_key_id = {}\naws_secret_access_key = {}\n\n[profile production]\n\
             role_arn = arn:aws:iam::999999999999:role/UpdateApp\nsource_profile = dev\n",
            caller.credentials.key_id, caller.credentials.secret
        ));
        let listing = terminal.types("aws --profile production s3 ls s3://productionapp");
        if allowed {
            assert!(listing.ok().contains("index.html"));
        } else {
            let message = listing.denied();
            assert!(message.contains("explicit deny"), "{message}");
        }
        // The profile beside it is still himself.
        terminal
            .types("aws --profile dev sts get-caller-identity")
            .ok();
    }
}

#[test]
fn text3_a_role_of_his_own_account() {
    let Tutorial { dev, john, sri, .. } = tutorial();
    // By account trust: his own policy must allow it, and PowerUserAccess does.
    let deployer = dev.role("Deployer", json!(dev.arn("root")));
    assert!(
        john.assume(&deployer, "john")
            .arn()
            .ends_with(":assumed-role/Deployer/john")
    );
    let outsider = dev.user("Outsider");
    let message = outsider.try_assume(&deployer, "outsider").denied();
    assert!(
        message.ends_with("because no identity-based policy allows the sts:AssumeRole action"),
        "{message}"
    );
    // By trust that names one user: he needs no policy of his own, and nobody else comes in.
    let named = dev.role("OnlyOutsider", json!(dev.arn("user/Outsider")));
    outsider.assume(&named, "outsider");
    sri.try_assume(&named, "sri").denied();
    john.try_assume(&named, "john").denied();
}

#[test]
fn text3_an_account_that_does_not_exist_cannot_be_trusted() {
    let world = World::start_with("text3", "external_accounts = [\"210987654321\"]", "");
    let production = world.account("Production").root();
    let create = |name: &str, account: &str| {
        let trust = trust(json!(format!("arn:aws:iam::{account}:root")));
        let parameters = json!({ "RoleName": name, "AssumeRolePolicyDocument": trust.to_string() });
        production.call("iam", "create_role", parameters)
    };
    let refusal = create("Stranger", "222222222222").refused("MalformedPolicyDocument");
    assert_eq!(refusal.status, 400);
    assert!(
        refusal
            .message
            .starts_with("Invalid principal in policy: \"AWS\":\"arn:aws:iam::222222222222:root\""),
        "{}",
        refusal.message
    );
    // The tutorial's own example of an invalid account is a real one here; one elsewhere may be listed.
    create("Known", "111111111111").ok();
    create("Elsewhere", "210987654321").ok();
}

#[test]
fn text3_one_user_in_one_account_serves_both() {
    let Tutorial { world, john, .. } = tutorial();
    let session = john.assume("arn:aws:iam::999999999999:role/UpdateApp", "John");
    session.put(BUCKET, "note.txt", "from John").ok();
    let users = world
        .account("Production")
        .root()
        .call("iam", "list_users", json!({}))
        .ok();
    assert_eq!(users["Users"], json!([]));
}
