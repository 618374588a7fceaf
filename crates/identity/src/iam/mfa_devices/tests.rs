use super::*;
use crate::{
    iam::{
        mfa_tags::{ListMFADeviceTags, TagMFADevice, UntagMFADevice},
        users::DeleteUser,
    },
    testing::{TestWorld, allow, assert_denied, assert_refused, caller, root},
};

const A: &str = "081278057606";
const B: &str = "111111111111";
const PHONE: &str = "arn:aws:iam::081278057606:mfa/phone";
const BAD_CODE: &str = "Authentication code for device is not valid.";

fn create(name: &str) -> shapes::CreateVirtualMFADeviceInput {
    shapes::CreateVirtualMFADeviceInput {
        virtual_mfa_device_name: name.into(),
        ..Default::default()
    }
}

fn stored(world: &TestWorld, serial_number: &str) -> MfaDevice {
    let snapshot = world.world.directory.published();
    let node = snapshot.account(&A.parse().expect("an id")).expect("there");
    MfaDevice::clone(node.mfa_device(serial_number).expect("the device"))
}

fn enable(world: &TestWorld, user: &str, serial_number: &str) -> shapes::EnableMFADeviceInput {
    let device = stored(world, serial_number);
    let now = world.world.clock.now();
    shapes::EnableMFADeviceInput {
        user_name: user.into(),
        serial_number: serial_number.into(),
        authentication_code1: mfa::code(&device, now, -1),
        authentication_code2: mfa::code(&device, now, 0),
    }
}

fn made(world: &TestWorld, name: &str) -> String {
    let answer = world.change::<CreateVirtualMFADevice>(&root(A), create(name));
    answer.expect("made").virtual_mfa_device.serial_number
}

fn of(user: &str, serial_number: &str) -> shapes::DeactivateMFADeviceInput {
    shapes::DeactivateMFADeviceInput {
        user_name: Some(user.into()),
        serial_number: serial_number.into(),
    }
}

fn delete(serial_number: &str) -> shapes::DeleteVirtualMFADeviceInput {
    shapes::DeleteVirtualMFADeviceInput {
        serial_number: serial_number.into(),
    }
}

#[test]
fn a_device_shows_its_seed_once() {
    let world = TestWorld::new(&[A]);
    let answer = world
        .change::<CreateVirtualMFADevice>(&root(A), create("phone"))
        .expect("made")
        .virtual_mfa_device;
    assert_eq!(answer.serial_number, PHONE);
    let seed = answer.base32_string_seed.expect("a seed");
    assert_eq!(seed.len(), 64);
    let kept = stored(&world, PHONE).seed.open().expect("a seed");
    assert_eq!(&seed[..], kept.expose().as_bytes());
    let picture = answer.qr_code_png.expect("a picture");
    assert!(picture.starts_with(b"\x89PNG\r\n\x1a\n"));
    for again in ["phone", "Phone"] {
        assert_refused(
            world.change::<CreateVirtualMFADevice>(&root(A), create(again)),
            "EntityAlreadyExists",
            "MFADevice entity at the same path and name already exists.",
        );
    }
    let long = world.change::<CreateVirtualMFADevice>(&root(A), create(&"x".repeat(300)));
    assert_eq!(long.expect_err("too long").code, "ValidationError");
    let listed = world
        .read::<ListVirtualMFADevices>(&root(A), Default::default())
        .expect("listed");
    let expected = ListedDevice {
        serial_number: PHONE.into(),
        ..Default::default()
    };
    assert_eq!(listed.virtual_mfa_devices, [expected], "no seed, no user");
}

#[test]
fn a_device_is_enabled_by_two_codes_in_a_row_and_given_up_again() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", "");
    world.user(A, "Bob", "");
    let serial = made(&world, "phone");
    let right = enable(&world, "Amy", &serial);
    let swapped = shapes::EnableMFADeviceInput {
        authentication_code1: right.authentication_code2.clone(),
        authentication_code2: right.authentication_code1.clone(),
        ..right.clone()
    };
    assert_refused(
        world.change::<EnableMFADevice>(&root(A), swapped),
        "InvalidAuthenticationCode",
        BAD_CODE,
    );
    let unknown = |user: &str, serial: &str| shapes::EnableMFADeviceInput {
        user_name: user.into(),
        serial_number: serial.into(),
        ..right.clone()
    };
    assert_refused(
        world.change::<EnableMFADevice>(&root(A), unknown("Eve", &serial)),
        "NoSuchEntity",
        "The user with name Eve cannot be found.",
    );
    assert_refused(
        world
            .change::<EnableMFADevice>(&root(A), unknown("Amy", "arn:aws:iam::081278057606:mfa/x")),
        "NoSuchEntity",
        "VirtualMFADevice with serial number arn:aws:iam::081278057606:mfa/x doesn't exist.",
    );
    world
        .change::<EnableMFADevice>(&root(A), right.clone())
        .expect("enabled");
    let again = world.change::<EnableMFADevice>(&root(A), enable(&world, "Bob", &serial));
    assert_eq!(again.expect_err("in use").code, "EntityAlreadyExists");
    let listed = |user: &str| {
        let input = shapes::ListMFADevicesInput {
            user_name: Some(user.into()),
            ..Default::default()
        };
        let answer = world.read::<ListMFADevices>(&root(A), input);
        answer.expect("listed").mfa_devices
    };
    let device = &listed("Amy")[0];
    assert_eq!(
        (device.user_name.as_str(), device.serial_number.as_str()),
        ("Amy", PHONE)
    );
    assert_eq!(device.enable_date.0, world.world.clock.now());
    assert!(listed("Bob").is_empty());
    let get = |user: &str| {
        let input = shapes::GetMFADeviceInput {
            user_name: Some(user.into()),
            serial_number: PHONE.into(),
        };
        world.read::<GetMFADevice>(&root(A), input)
    };
    assert_eq!(get("Amy").expect("shown").user_name.as_deref(), Some("Amy"));
    let not_his = "MFA Device invalid for user.";
    assert_refused(get("Bob"), "NoSuchEntity", not_his);
    let assigned = |status: &str| {
        let input = shapes::ListVirtualMFADevicesInput {
            assignment_status: Some(status.into()),
            ..Default::default()
        };
        let answer = world.read::<ListVirtualMFADevices>(&root(A), input);
        answer.expect("listed").virtual_mfa_devices
    };
    made(&world, "spare");
    assert_eq!(
        (
            assigned("Assigned").len(),
            assigned("Unassigned").len(),
            assigned("Any").len()
        ),
        (1, 1, 2)
    );
    let user = assigned("Assigned")[0].user.clone().expect("its user");
    assert_eq!(user.arn, "arn:aws:iam::081278057606:user/Amy");

    assert_refused(
        world.change::<DeleteVirtualMFADevice>(&root(A), delete(PHONE)),
        "DeleteConflict",
        "MFA VirtualDevice in use. Must deactivate first.",
    );
    let amy = || shapes::DeleteUserInput {
        user_name: "Amy".into(),
    };
    assert_refused(
        world.change::<DeleteUser>(&root(A), amy()),
        "DeleteConflict",
        "Cannot delete entity, must delete MFA device first.",
    );
    assert_refused(
        world.change::<DeactivateMFADevice>(&root(A), of("Bob", PHONE)),
        "NoSuchEntity",
        not_his,
    );
    world
        .change::<DeactivateMFADevice>(&root(A), of("Amy", PHONE))
        .expect("given up");
    assert!(listed("Amy").is_empty());
    world
        .change::<DeleteUser>(&root(A), amy())
        .expect("nothing is left");
    world
        .change::<DeleteVirtualMFADevice>(&root(A), delete(PHONE))
        .expect("deleted");
    assert_refused(
        world.change::<DeleteVirtualMFADevice>(&root(A), delete(PHONE)),
        "NoSuchEntity",
        &format!("VirtualMFADevice with serial number {PHONE} doesn't exist."),
    );
}

#[test]
fn root_enables_its_own_by_calling_itself_root_and_nobody_else_can() {
    let world = TestWorld::new(&[A]);
    let serial = made(&world, "root-account-mfa-device");
    let bob = world.user(A, "Bob", crate::testing::ALLOW_ALL);
    let input = enable(&world, "root", &serial);
    assert_refused(
        world.change::<EnableMFADevice>(&bob, input.clone()),
        "NoSuchEntity",
        "The user with name root cannot be found.",
    );
    world
        .change::<EnableMFADevice>(&root(A), input)
        .expect("enabled");
    let own = world
        .read::<ListMFADevices>(&root(A), Default::default())
        .expect("listed");
    assert_eq!(own.mfa_devices[0].user_name, "root");
    let listed = world
        .read::<ListVirtualMFADevices>(&bob, Default::default())
        .expect("listed");
    let user = listed.virtual_mfa_devices[0].user.clone().expect("root");
    assert_eq!(
        (user.arn.as_str(), user.user_name),
        ("arn:aws:iam::081278057606:root", None)
    );
    let theirs = world.change::<DeactivateMFADevice>(&bob, of("root", &serial));
    assert_eq!(theirs.expect_err("not theirs").code, "NoSuchEntity");
    let own = shapes::DeactivateMFADeviceInput {
        user_name: None,
        serial_number: serial,
    };
    world
        .change::<DeactivateMFADevice>(&root(A), own)
        .expect("given up");
}

#[test]
fn eight_devices_are_the_most_and_a_clock_that_runs_off_is_set_again() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", "");
    for n in 0..9 {
        let serial = made(&world, &format!("phone{n}"));
        let result = world.change::<EnableMFADevice>(&root(A), enable(&world, "Amy", &serial));
        match n {
            0..8 => drop(result.expect("enabled")),
            _ => assert_refused(
                result,
                "LimitExceeded",
                "Cannot exceed quota for MFADevicesPerUser: 8",
            ),
        }
    }
    let serial = "arn:aws:iam::081278057606:mfa/phone0";
    world.world.clock.advance(86_400_000);
    let now = world.world.clock.now();
    let device = stored(&world, serial);
    let resync = |first: i64, second: i64| shapes::ResyncMFADeviceInput {
        user_name: "Amy".into(),
        serial_number: serial.into(),
        authentication_code1: mfa::code(&device, now, first),
        authentication_code2: mfa::code(&device, now, second),
    };
    assert_refused(
        world.change::<ResyncMFADevice>(&root(A), resync(40, 42)),
        "InvalidAuthenticationCode",
        BAD_CODE,
    );
    world
        .change::<ResyncMFADevice>(&root(A), resync(40, 41))
        .expect("set again");
    let enabled = stored(&world, serial).enabled.expect("still enabled");
    assert_eq!(enabled.drift, 41);
    assert_refused(
        world.change::<ResyncMFADevice>(&root(A), resync(40, 41)),
        "InvalidAuthenticationCode",
        BAD_CODE,
    );
}

#[test]
fn guessing_two_codes_is_slowed_down() {
    let world = TestWorld::new(&[A]);
    world.user(A, "Amy", "");
    let serial = made(&world, "phone");
    let right = enable(&world, "Amy", &serial);
    let wrong = shapes::EnableMFADeviceInput {
        authentication_code1: right.authentication_code2.clone(),
        ..right.clone()
    };
    for _ in 0..5 {
        let result = world.change::<EnableMFADevice>(&root(A), wrong.clone());
        assert_refused(result, "InvalidAuthenticationCode", BAD_CODE);
    }
    assert_refused(
        world.change::<EnableMFADevice>(&root(A), right.clone()),
        "InvalidAuthenticationCode",
        BAD_CODE,
    );
    world.world.clock.advance(1_000);
    world
        .change::<EnableMFADevice>(&root(A), right)
        .expect("after waiting");
}

#[test]
fn each_takes_its_permission_on_its_own_resource() {
    let world = TestWorld::new(&[A, B]);
    world.user(A, "Amy", "");
    let serial = made(&world, "phone");
    let bob = world.user(A, "Bob", "");
    let on_amy = "user Amy";
    let input = enable(&world, "Amy", &serial);
    assert_denied(
        world.change::<CreateVirtualMFADevice>(&bob, create("tablet")),
        "arn:aws:iam::081278057606:mfa/tablet",
    );
    assert_denied(world.change::<EnableMFADevice>(&bob, input.clone()), on_amy);
    let resync = shapes::ResyncMFADeviceInput {
        user_name: "Amy".into(),
        serial_number: PHONE.into(),
        authentication_code1: "123456".into(),
        authentication_code2: "123457".into(),
    };
    assert_denied(world.change::<ResyncMFADevice>(&bob, resync), on_amy);
    assert_denied(
        world.change::<DeactivateMFADevice>(&bob, of("Amy", PHONE)),
        on_amy,
    );
    assert_denied(
        world.change::<DeleteVirtualMFADevice>(&bob, delete(PHONE)),
        PHONE,
    );
    // Nothing is told of a device of another account, and it is not reached.
    let other = world.user(B, "Bob", crate::testing::ALLOW_ALL);
    let deleted = world.change::<DeleteVirtualMFADevice>(&other, delete(PHONE));
    assert_eq!(deleted.expect_err("elsewhere").code, "NoSuchEntity");
    let list = shapes::ListMFADevicesInput {
        user_name: Some("Amy".into()),
        ..Default::default()
    };
    assert_denied(world.read::<ListMFADevices>(&bob, list), on_amy);
    let get = shapes::GetMFADeviceInput {
        user_name: Some("Amy".into()),
        serial_number: PHONE.into(),
    };
    assert_denied(world.read::<GetMFADevice>(&bob, get), on_amy);
    assert_denied(
        world.read::<ListVirtualMFADevices>(&bob, Default::default()),
        "arn:aws:iam::081278057606:mfa/",
    );
    // The usual self-service policy: one's own device, under one's own name.
    let own = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"iam:CreateVirtualMFADevice","Resource":"arn:aws:iam::*:mfa/*"},
        {"Effect":"Allow","Action":["iam:EnableMFADevice","iam:ListMFADevices"],"Resource":"arn:aws:iam::*:user/${aws:username}"}]}"#;
    let cat = world.user(A, "Cat", own);
    world
        .change::<CreateVirtualMFADevice>(&cat, create("Cat"))
        .expect("made");
    let input = enable(&world, "Cat", "arn:aws:iam::081278057606:mfa/Cat");
    world
        .change::<EnableMFADevice>(&cat, input)
        .expect("enabled");
    let mine = world.read::<ListMFADevices>(&cat, Default::default());
    assert_eq!(mine.expect("listed").mfa_devices.len(), 1);
    assert_denied(
        world.change::<EnableMFADevice>(&cat, enable(&world, "Amy", &serial)),
        on_amy,
    );
    // Whoever is no user must say whom it means.
    let session = world.role_session(A, "Ops", "s");
    let nobody = world.read::<ListMFADevices>(&session, Default::default());
    assert_eq!(nobody.expect_err("whose?").code, "ValidationError");
    assert!(matches!(
        caller(session.who.clone()).who,
        Who::RoleSession { .. }
    ));
}

#[test]
fn devices_carry_tags() {
    let world = TestWorld::new(&[A]);
    let tag = |key: &str, value: &str| shapes::Tag {
        key: key.into(),
        value: value.into(),
    };
    let mut input = create("phone");
    input.tags = Some(vec![tag("Team", "Blue")]);
    let both = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iam:CreateVirtualMFADevice","iam:TagMFADevice"],"Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/Team":"Blue"}}}}"#;
    let only = world.user(A, "Only", &allow("iam:CreateVirtualMFADevice", "*"));
    assert_denied(
        world.change::<CreateVirtualMFADevice>(&only, input.clone()),
        PHONE,
    );
    let bob = world.user(A, "Bob", both);
    let made = world
        .change::<CreateVirtualMFADevice>(&bob, input)
        .expect("made");
    assert_eq!(
        made.virtual_mfa_device.tags,
        Some(vec![tag("Team", "Blue")])
    );
    let change = shapes::TagMFADeviceInput {
        serial_number: PHONE.into(),
        tags: vec![tag("team", "Red"), tag("Floor", "2")],
    };
    assert_denied(world.change::<TagMFADevice>(&bob, change.clone()), PHONE);
    world
        .change::<TagMFADevice>(&root(A), change)
        .expect("tagged");
    let list = || shapes::ListMFADeviceTagsInput {
        serial_number: PHONE.into(),
        ..Default::default()
    };
    let tags = world
        .read::<ListMFADeviceTags>(&root(A), list())
        .expect("listed");
    assert_eq!(tags.tags.len(), 2);
    assert_denied(world.read::<ListMFADeviceTags>(&bob, list()), PHONE);
    let untag = shapes::UntagMFADeviceInput {
        serial_number: PHONE.into(),
        tag_keys: vec!["TEAM".into()],
    };
    assert_denied(world.change::<UntagMFADevice>(&bob, untag.clone()), PHONE);
    world
        .change::<UntagMFADevice>(&root(A), untag)
        .expect("untagged");
    let tags = world
        .read::<ListMFADeviceTags>(&root(A), list())
        .expect("listed");
    assert_eq!(tags.tags, [tag("Floor", "2")]);
}
