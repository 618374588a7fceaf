//! Who cleans up permissions: the credential report, and what was last used; at once, and still there after a restart.

use serde_json::json;

use crate::world::{World, policy};

const REPORTS: &str = r#"
    set -e
    aws iam generate-credential-report --query State --output text
    aws iam get-credential-report --query Content --output text | base64 -d | grep -v '^<root_account>' | cut -d, -f 1,4,9,11-13
    for arn in "$USER_ARN" "$ROLE_ARN"; do
        job=$(aws iam generate-service-last-accessed-details --arn "$arn" --granularity ACTION_LEVEL --query JobId --output text)
        aws iam get-service-last-accessed-details --job-id "$job" --output text --query \
            'ServicesLastAccessed[].[ServiceNamespace, LastAuthenticatedEntity, join(`","`, TrackedActionsLastAccessed[?LastAccessedTime].ActionName)]'
    done
    aws iam list-policies-granting-service-access --arn "$ROLE_ARN" --service-namespaces s3 iam --output text --query \
        'PoliciesGrantingServiceAccess[].[ServiceNamespace, length(Policies)]'
"#;

#[test]
fn what_was_used_is_told_at_once_and_after_a_restart() {
    let world = World::start("text3");
    let production = world.account("Production");
    production
        .root()
        .terminal()
        .types("aws iam get-credential-report")
        .refused("ReportNotPresent");
    production.bucket("ops");
    production.object("ops", "a.txt", "a");
    let ann = production.user("Ann");
    let role = production.role("Reader", json!(production.id()));
    let allow = |action: &str| policy("Allow", json!(action), json!("*"));
    production.put_policy("role", "Reader", "read", &allow("s3:Get*"));
    production.put_policy("user", "Ann", "assume", &allow("sts:Assume*"));
    ann.assume(&role, "ann").get("ops", "a.txt").ok();

    let told = || {
        let mut terminal = production.root().terminal();
        terminal.export("USER_ARN", &production.arn("user/Ann"));
        terminal.export("ROLE_ARN", &role);
        terminal.types(REPORTS).ok()
    };
    let before = told();
    let lines: Vec<&str> = before.lines().collect();
    assert_eq!(lines[0], "COMPLETE");
    assert!(lines[1].starts_with("user,password_enabled,access_key_1_active,"));
    assert!(lines[2].starts_with("Ann,false,true,"), "{before}");
    assert!(lines[2].ends_with(",us-east-1,sts"), "{before}");
    let by_user = format!("sts\t{}\tAssumeRole", production.arn("user/Ann"));
    let by_role = format!("s3\t{role}\tGetObject");
    assert_eq!(lines[3..], [by_user.as_str(), &by_role, "s3\t1", "iam\t0"]);

    assert!(world.server().stop(), "SIGTERM ends it with status 0");
    world.start_again();
    assert_eq!(told(), before);
}
