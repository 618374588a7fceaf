//! Virtual MFA devices, from the picture for the telephone to a role that asks for a code.

use serde_json::json;

use crate::terminal::Terminal;
use crate::world::{World, client_clock_millis, policy};

pub(super) const STEP: i64 = 30_000;

/// The code that a telephone with this seed shows at this time.
pub(super) fn code(terminal: &Terminal, seed: &str, millis: i64) -> String {
    terminal
        .types(&crate::world::python(
            "code.py",
            &[seed, &millis.to_string()],
        ))
        .ok()
        .trim()
        .to_owned()
}

#[test]
fn a_device_is_made_and_enabled_and_a_role_asks_for_its_code() {
    let world = World::start_still("text3");
    let production = world.account("Production");
    let dev = world.account("Development");
    let now = || i64::try_from(world.server().now()).expect("a time of our days");
    let ann = dev.user("Ann");
    // What AWS's guide lets users do for themselves.
    let own = json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Effect": "Allow", "Action": "iam:*VirtualMFADevice", "Resource": "arn:aws:iam::*:mfa/${aws:username}" },
            { "Effect": "Allow", "Action": ["iam:EnableMFADevice", "iam:ListMFADevices", "iam:ResyncMFADevice"], "Resource": "arn:aws:iam::*:user/${aws:username}" },
            { "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*" },
        ],
    });
    dev.put_policy("user", "Ann", "own", &own);
    let mut trust = crate::world::trust(json!(dev.id()));
    trust["Statement"][0]["Condition"] =
        json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } });
    let role = production.role_trusting("Careful", &trust);

    let shell = ann.terminal();
    let other = "aws iam create-virtual-mfa-device --virtual-mfa-device-name Bob --outfile qr.png --bootstrap-method QRCodePNG";
    shell.types(other).denied();
    let create = "aws iam create-virtual-mfa-device --virtual-mfa-device-name Ann --outfile";
    let device = shell
        .types(&format!("{create} qr.png --bootstrap-method QRCodePNG"))
        .json();
    let serial = dev.arn("mfa/Ann");
    assert_eq!(
        device,
        json!({ "VirtualMFADevice": { "SerialNumber": serial } })
    );
    let signature = shell.types("head -c 8 qr.png | od -An -tx1").ok();
    assert_eq!(signature.trim(), "89 50 4e 47 0d 0a 1a 0a");
    shell
        .types(&format!(
            "aws iam delete-virtual-mfa-device --serial-number {serial}"
        ))
        .ok();
    shell
        .types(&format!(
            "{create} seed.txt --bootstrap-method Base32StringSeed"
        ))
        .ok();
    let seed = shell.read("seed.txt");
    assert_eq!(seed.len(), 64, "{seed}");

    let code = |ahead: i64| code(&shell, &seed, now() + ahead * STEP);
    let enable = format!("aws iam enable-mfa-device --user-name Ann --serial-number {serial}");
    let twice = format!(
        "{enable} --authentication-code1 {0} --authentication-code2 {0}",
        code(0)
    );
    shell.types(&twice).refused("InvalidAuthenticationCode");
    let right = format!(
        "{enable} --authentication-code1 {} --authentication-code2 {}",
        code(-1),
        code(0)
    );
    shell.types(&right).ok();
    let listed = shell.types("aws iam list-mfa-devices").json();
    assert_eq!(listed["MFADevices"][0]["SerialNumber"], serial, "{listed}");

    let assume = format!("aws sts assume-role --role-arn {role} --role-session-name ann");
    shell.types(&assume).denied();
    let with = |code: &str| format!("{assume} --serial-number {serial} --token-code {code}");
    let message = shell.types(&with(&code(0))).denied();
    assert!(
        message.contains("MultiFactorAuthentication failed with invalid MFA one time pass code."),
        "spent by enabling: {message}"
    );
    world.advance(30_000);
    let fresh = code(0);
    shell.types(&with(&fresh)).json();
    shell.types(&with(&fresh)).denied();
    let foreign = with(&fresh).replace("mfa/Ann", "mfa/Nobody");
    let message = shell.types(&foreign).denied();
    assert!(
        message.contains("unable to validate MFA code.  Please verify your MFA serial number"),
        "{message}"
    );

    // A session with MFA needs no further code, and its age counts.
    world.advance(30_000);
    let session = shell
        .types(&format!(
            "aws sts get-session-token --serial-number {serial} --token-code {}",
            code(0)
        ))
        .json();
    let session = world.with(crate::boto::Credentials::from_answer(
        &session["Credentials"],
    ));
    session.try_assume(&role, "ann").ok();
    session.call("iam", "list_mfa_devices", json!({})).ok();
    trust["Statement"][0]["Condition"] =
        json!({ "NumericLessThan": { "aws:MultiFactorAuthAge": "60" } });
    production.iam(
        "update_assume_role_policy",
        json!({ "RoleName": "Careful", "PolicyDocument": trust.to_string() }),
    );
    session.try_assume(&role, "ann").ok();
    world.advance(60_000);
    session.try_assume(&role, "ann").denied();
}

#[test]
fn a_code_stays_spent_over_a_restart() {
    let world = World::start("text3");
    let dev = world.account("Development");
    dev.iam(
        "update_account_password_policy",
        json!({ "MinimumPasswordLength": 12, "MaxPasswordAge": 30 }),
    );
    let ann = dev.user("Ann");
    let made = dev.iam(
        "create_virtual_mfa_device",
        json!({ "VirtualMFADeviceName": "Ann" }),
    );
    let seed = made["VirtualMFADevice"]["Base32StringSeed"]
        .as_str()
        .expect("a seed")
        .to_owned();
    let serial = dev.arn("mfa/Ann");
    let shell = ann.terminal();
    let now = client_clock_millis();
    let code = |ahead: i64| code(&shell, &seed, now + ahead * STEP);
    dev.iam(
        "enable_mfa_device",
        json!({
            "UserName": "Ann",
            "SerialNumber": serial,
            "AuthenticationCode1": code(-1),
            "AuthenticationCode2": code(0),
        }),
    );
    // A code may be early by one: that of the next half minute.
    let proof = json!({ "SerialNumber": serial, "TokenCode": code(1) });
    ann.call("sts", "get_session_token", proof.clone()).ok();
    let refused = |message: String| {
        assert_eq!(
            message,
            "MultiFactorAuthentication failed with invalid MFA one time pass code. "
        );
    };
    refused(ann.call("sts", "get_session_token", proof.clone()).denied());
    world.server().kill();
    world.start_again();
    refused(ann.call("sts", "get_session_token", proof).denied());
    let devices = dev.iam("list_mfa_devices", json!({ "UserName": "Ann" }));
    assert_eq!(devices["MFADevices"][0]["SerialNumber"], serial);
    let rules = dev.iam("get_account_password_policy", json!({}));
    assert_eq!(rules["PasswordPolicy"]["MinimumPasswordLength"], 12);
    assert_eq!(rules["PasswordPolicy"]["ExpirePasswords"], true);
}

#[test]
fn a_user_goes_only_when_the_device_has_gone() {
    let world = World::start("text3");
    let dev = world.account("Development");
    let ann = dev.user("Ann");
    dev.put_policy(
        "user",
        "Ann",
        "all",
        &policy("Allow", json!("*"), json!("*")),
    );
    let made = ann
        .call(
            "iam",
            "create_virtual_mfa_device",
            json!({ "VirtualMFADeviceName": "Ann" }),
        )
        .ok();
    let seed = made["VirtualMFADevice"]["Base32StringSeed"].clone();
    let shell = ann.terminal();
    let now = client_clock_millis();
    let code = |ahead: i64| code(&shell, seed.as_str().expect("a seed"), now + ahead * STEP);
    let serial = dev.arn("mfa/Ann");
    let device = json!({
        "UserName": "Ann",
        "SerialNumber": serial,
        "AuthenticationCode1": code(-1),
        "AuthenticationCode2": code(0),
    });
    ann.call("iam", "enable_mfa_device", device).ok();
    // A user of another name is the same user, with the same device.
    dev.iam(
        "update_user",
        json!({ "UserName": "Ann", "NewUserName": "Anna" }),
    );
    let shown = dev.iam(
        "get_mfa_device",
        json!({ "UserName": "Anna", "SerialNumber": serial }),
    );
    assert_eq!(shown["UserName"], "Anna", "{shown}");
    for key in dev.iam("list_access_keys", json!({ "UserName": "Anna" }))["AccessKeyMetadata"]
        .as_array()
        .expect("a list")
    {
        let key = json!({ "UserName": "Anna", "AccessKeyId": key["AccessKeyId"] });
        dev.iam("delete_access_key", key);
    }
    dev.iam(
        "delete_user_policy",
        json!({ "UserName": "Anna", "PolicyName": "all" }),
    );
    let delete = || {
        dev.root()
            .call("iam", "delete_user", json!({ "UserName": "Anna" }))
    };
    let refusal = delete().refused("DeleteConflict");
    assert_eq!(
        refusal.message,
        "Cannot delete entity, must delete MFA device first."
    );
    dev.iam(
        "deactivate_mfa_device",
        json!({ "UserName": "Anna", "SerialNumber": serial }),
    );
    delete().ok();
    dev.iam(
        "delete_virtual_mfa_device",
        json!({ "SerialNumber": serial }),
    );
    let left = dev.iam("list_virtual_mfa_devices", json!({}));
    assert_eq!(left["VirtualMFADevices"], json!([]));
}
