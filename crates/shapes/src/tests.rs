use twinlock_wire::query::{Form, answer, decode};
use twinlock_wire::time::Millis;
use twinlock_wire::violations::Dialect;

use crate::{iam, organizations, sts};

fn form(text: &str) -> Form {
    Form::parse(text.as_bytes()).expect("a form")
}

#[test]
fn a_form_becomes_an_input() {
    let text = "Action=CreateRole&Version=2010-05-08&RoleName=Deploy&Path=%2Fci%2F&AssumeRolePolicyDocument=%7B%7D\
                &MaxSessionDuration=7200&Tags.member.1.Key=team&Tags.member.1.Value=a+b&Tags.member.2.Key=x&Tags.member.2.Value=";
    let role: iam::CreateRoleInput = decode(&form(text), Dialect::Iam).expect("an input");
    assert_eq!(role.role_name, "Deploy");
    assert_eq!(role.path.as_deref(), Some("/ci/"));
    assert_eq!(role.max_session_duration, Some(7200));
    assert_eq!(role.permissions_boundary, None);
    let tags = role.tags.expect("tags");
    assert_eq!(
        (tags[0].key.as_str(), tags[0].value.as_str()),
        ("team", "a b")
    );
    assert_eq!(tags[1].value, "");
}

#[test]
fn violations_are_told_in_the_services_words() {
    let bad = |text: &str| {
        decode::<iam::UpdateAccessKeyInput>(&form(text), Dialect::Iam)
            .expect_err("a fault")
            .message
    };
    assert_eq!(
        bad("AccessKeyId=AKIAIOSFODNN7EXAMPLE&Status=active"),
        "1 validation error detected: Value at 'status' failed to satisfy constraint: Member must satisfy enum value set: \
         [Active, Inactive, Expired]"
    );
    assert_eq!(
        bad("AccessKeyId=AKIA&Status=Active"),
        "1 validation error detected: Value at 'accessKeyId' failed to satisfy constraint: Member must have length greater \
         than or equal to 16"
    );
    let role = "RoleArn=arn:aws:iam::123456789012:role/x&RoleSessionName=a%20b";
    let fault = decode::<sts::AssumeRoleInput>(&form(role), Dialect::Sts).expect_err("a fault");
    assert_eq!(
        fault.message,
        "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: [\\w+=,.@-]*"
    );
}

#[test]
fn several_violations_are_told_at_once_and_characters_alone() {
    let create = |text: &str| {
        decode::<iam::CreateUserInput>(&form(text), Dialect::Iam)
            .expect_err("a fault")
            .message
    };
    assert_eq!(
        create("UserName=a%2Fb"),
        "The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-"
    );
    assert_eq!(
        create("Tags.member.1.Value=x"),
        "2 validation errors detected: Value at 'userName' failed to satisfy constraint: Member must not be null; \
         Value at 'tags.1.member.key' failed to satisfy constraint: Member must not be null"
    );
    let fault =
        decode::<sts::AssumeRoleInput>(&form("RoleArn="), Dialect::Sts).expect_err("a fault");
    assert_eq!(
        fault.message,
        "3 validation errors detected: Value '' at 'roleArn' failed to satisfy constraint: Member must satisfy regular \
         expression pattern: [\\u0009\\u000A\\u000D\\u0020-\\u007E\\u0085\\u00A0-\\uD7FF\\uE000-\\uFFFD\\u10000-\\u10FFFF]+; \
         Value '' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20; \
         Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null"
    );
}

#[test]
fn an_output_becomes_an_answer() {
    let user = iam::User {
        path: "/".into(),
        user_name: "ada".into(),
        user_id: "AIDAEXAMPLE".into(),
        arn: "arn:aws:iam::123456789012:user/ada".into(),
        create_date: Millis(1_512_447_230_123),
        ..iam::User::default()
    };
    let out = iam::ListUsersOutput {
        users: vec![user],
        is_truncated: Some(false),
        marker: None,
    };
    assert_eq!(
        String::from_utf8_lossy(&answer("ListUsers", iam::NAMESPACE, out, "R")),
        "<ListUsersResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><ListUsersResult><Users><member><Path>/</Path>\
         <UserName>ada</UserName><UserId>AIDAEXAMPLE</UserId><Arn>arn:aws:iam::123456789012:user/ada</Arn>\
         <CreateDate>2017-12-05T04:13:50Z</CreateDate></member></Users><IsTruncated>false</IsTruncated></ListUsersResult>\
         <ResponseMetadata><RequestId>R</RequestId></ResponseMetadata></ListUsersResponse>"
    );
    assert_eq!(
        String::from_utf8_lossy(&answer(
            "DeleteUser",
            "n",
            iam::DeleteUserOutput::default(),
            "R"
        )),
        "<DeleteUserResponse xmlns=\"n\"><ResponseMetadata><RequestId>R</RequestId></ResponseMetadata></DeleteUserResponse>"
    );
}

#[test]
fn tables_of_operations_are_sorted_and_whole() {
    for operations in [iam::OPERATIONS, sts::OPERATIONS, organizations::OPERATIONS] {
        assert!(operations.is_sorted());
    }
    assert!(iam::has_operation("SimulatePrincipalPolicy") && !iam::has_operation("Simulate"));
    assert_eq!(
        sts::UNSIGNED,
        ["AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"]
    );
    assert!(iam::ERRORS.contains(&("NoSuchEntity", 404)));
}

/// AWS's models do not call codes and seeds sensitive.
#[test]
fn no_secret_shows_in_what_is_recorded_of_an_input() {
    let input = iam::EnableMFADeviceInput {
        user_name: "ann".into(),
        authentication_code1: "271828".into(),
        authentication_code2: "314159".into(),
        ..Default::default()
    };
    let shown = format!("{input:?}");
    assert!(shown.contains("ann"));
    assert!(!shown.contains("271828") && !shown.contains("314159"));
    let input = sts::AssumeRoleInput {
        token_code: Some("271828".into()),
        ..Default::default()
    };
    assert!(!format!("{input:?}").contains("271828"));
}
