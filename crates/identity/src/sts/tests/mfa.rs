//! MFA in sessions: whose device, which code, once, and what a session knows of it afterwards.

use std::sync::{Arc, Mutex};

use twinlock_directory::{
    DeviceOwner, EnabledDevice, MfaDevice,
    store::{Loaded, Memory, Store, StoreError, Write},
};

use super::*;

/// Gives a user or root of an account a device, and returns it.
fn device(world: &TestWorld, account: &str, name: &str, owner: DeviceOwner) -> MfaDevice {
    let device = MfaDevice {
        account: account.parse().expect("an id"),
        id: format!("AMFA{name}"),
        name: name.into(),
        path: "/".into(),
        created: START,
        seed: twinlock_directory::Secret::new("ABCDEFGH".repeat(8)).into(),
        tags: Vec::new(),
        enabled: Some(EnabledDevice {
            owner,
            since: START,
            drift: 0,
            last_step: 0,
        }),
    };
    world.put(device.clone());
    device
}

fn owner_of(caller: &Caller) -> DeviceOwner {
    crate::mfa::owner_of(caller).expect("somebody who can have devices")
}

fn with_code(device: &MfaDevice, code: &str) -> AssumeRoleInput {
    AssumeRoleInput {
        serial_number: Some(device.serial_number()),
        token_code: Some(code.into()),
        ..assume(UPDATE_APP)
    }
}

const BAD_CODE: &str = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
const BAD_DEVICE: &str = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.";

fn trusting_with_mfa(condition: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"{DEV}"}},"Action":"sts:AssumeRole","Condition":{condition}}}}}"#
    )
}

#[test]
fn a_role_that_asks_for_mfa_takes_each_code_once() {
    let w = world();
    let john = w.user(DEV, "John", ALLOW_ALL);
    let phone = device(&w, DEV, "John", owner_of(&john));
    let condition = r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"300"}}"#;
    w.role(PROD, "UpdateApp", &trusting_with_mfa(condition), ALLOW_ALL);
    let now = || w.world.clock.now();
    denied(w.effect::<AssumeRole>(&john, assume(UPDATE_APP)));
    let right = crate::mfa::code(&phone, now(), 0);
    let wrong = if right == "000000" {
        "000001"
    } else {
        "000000"
    };
    assert_eq!(
        denied(w.effect::<AssumeRole>(&john, with_code(&phone, wrong))),
        BAD_CODE
    );
    let made = w
        .effect::<AssumeRole>(&john, with_code(&phone, &right))
        .expect("assumed");
    assert_eq!(
        denied(w.effect::<AssumeRole>(&john, with_code(&phone, &right))),
        BAD_CODE
    );
    // A session of the role does not count as one with MFA: that is for the trust policy to ask.
    let session = as_session(&w, made.credentials.as_ref());
    assert_eq!(session.session.as_ref().expect("a session").mfa, None);
    w.world.clock.advance(30_000);
    let next = crate::mfa::code(&phone, now(), 0);
    w.effect::<AssumeRole>(&john, with_code(&phone, &next))
        .expect("the next code");
}

/// A store that gets on only while nobody holds the lock.
struct Stopped(Memory, Arc<Mutex<()>>);

impl Store for Stopped {
    fn load(&mut self) -> Result<Loaded, StoreError> {
        self.0.load()
    }

    fn commit(&mut self, write: &Write) -> Result<(), StoreError> {
        let _going = self.1.lock();
        self.0.commit(write)
    }

    fn durable_revision(&mut self) -> Result<u64, StoreError> {
        self.0.durable_revision()
    }

    fn close(&mut self) -> Result<(), StoreError> {
        self.0.close()
    }
}

/// While others write, there is always something that is not durable yet.
#[test]
fn a_code_is_spent_however_much_others_write() {
    let stopped = Arc::new(Mutex::new(()));
    let store = Stopped(Memory::default(), stopped.clone());
    let w = TestWorld::on(Box::new(store), &[PROD, DEV]);
    let john = w.user(DEV, "John", ALLOW_ALL);
    let phone = device(&w, DEV, "John", owner_of(&john));
    let condition = r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#;
    w.role(PROD, "UpdateApp", &trusting_with_mfa(condition), ALLOW_ALL);
    let code = crate::mfa::code(&phone, w.world.clock.now(), 0);
    let still = stopped.lock();
    let turn = w.world.directory.turn();
    let other = turn.head().account(&PROD.parse().expect("an id"));
    let other = other.expect("an account").account.clone();
    let mut batch = turn.batch();
    batch.put((*other).clone());
    drop(turn.commit(batch));
    let head = || w.world.directory.turn().head().revision();
    let before = head();
    std::thread::scope(|scope| {
        let call = scope.spawn(|| w.effect::<AssumeRole>(&john, with_code(&phone, &code)));
        while head() == before && !call.is_finished() {
            std::thread::yield_now();
        }
        drop(still);
        call.join().expect("it ends").expect("assumed");
    });
}

#[test]
fn a_code_is_spent_only_by_what_goes_well() {
    let w = world();
    let john = w.user(DEV, "John", ALLOW_ALL);
    let phone = device(&w, DEV, "John", owner_of(&john));
    let code = crate::mfa::code(&phone, w.world.clock.now(), 0);
    let message = denied(w.effect::<AssumeRole>(&john, with_code(&phone, &code)));
    assert!(
        message.contains("not authorized to perform: sts:AssumeRole"),
        "{message}"
    );
    w.role(PROD, "UpdateApp", &trusting(DEV), "");
    let too_long = AssumeRoleInput {
        duration_seconds: Some(43_200),
        ..with_code(&phone, &code)
    };
    let fault = w
        .effect::<AssumeRole>(&john, too_long)
        .expect_err("too long");
    assert_eq!(fault.code, "ValidationError");
    w.effect::<AssumeRole>(&john, with_code(&phone, &code))
        .expect("assumed");
}

#[test]
fn only_the_callers_own_device_proves_anything() {
    let w = world();
    w.role(PROD, "UpdateApp", &trusting(DEV), "");
    let john = w.user(DEV, "John", ALLOW_ALL);
    let jane = w.user(DEV, "Jane", ALLOW_ALL);
    let phone = device(&w, DEV, "Jane", owner_of(&jane));
    let roots = device(&w, DEV, "root", DeviceOwner::Root);
    let code = crate::mfa::code(&phone, w.world.clock.now(), 0);
    for device in [&phone, &roots] {
        assert_eq!(
            denied(w.effect::<AssumeRole>(&john, with_code(device, &code))),
            BAD_DEVICE
        );
    }
    let missing = AssumeRoleInput {
        serial_number: Some(format!("arn:aws:iam::{DEV}:mfa/nothing")),
        ..with_code(&phone, &code)
    };
    assert_eq!(denied(w.effect::<AssumeRole>(&john, missing)), BAD_DEVICE);
    // Half of a proof is none.
    for half in [
        AssumeRoleInput {
            token_code: None,
            ..with_code(&phone, &code)
        },
        AssumeRoleInput {
            serial_number: None,
            ..with_code(&phone, &code)
        },
    ] {
        let message = denied(w.effect::<AssumeRole>(&jane, half));
        assert!(message.contains("must provide both"), "{message}");
    }
    // A role has no devices, not even those of the user that assumed it.
    let made = w
        .effect::<AssumeRole>(&jane, with_code(&phone, &code))
        .expect("assumed");
    let session = as_session(&w, made.credentials.as_ref());
    assert_eq!(
        denied(w.effect::<AssumeRole>(&session, with_code(&phone, &code))),
        BAD_DEVICE
    );
}

#[test]
fn of_many_calls_with_one_code_at_the_same_time_one_goes_well() {
    let w = world();
    w.role(PROD, "UpdateApp", &trusting(DEV), "");
    let john = w.user(DEV, "John", ALLOW_ALL);
    let phone = device(&w, DEV, "John", owner_of(&john));
    let code = crate::mfa::code(&phone, w.world.clock.now(), 0);
    let went_well: usize = std::thread::scope(|scope| {
        let calls: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    w.effect::<AssumeRole>(&john, with_code(&phone, &code))
                        .is_ok()
                })
            })
            .collect();
        calls
            .into_iter()
            .map(|call| usize::from(call.join().expect("no panic")))
            .sum()
    });
    assert_eq!(went_well, 1);
}

#[test]
fn who_guesses_codes_has_to_wait() {
    let w = world();
    w.role(PROD, "UpdateApp", &trusting(DEV), "");
    let john = w.user(DEV, "John", ALLOW_ALL);
    let phone = device(&w, DEV, "John", owner_of(&john));
    let right = crate::mfa::code(&phone, w.world.clock.now(), 0);
    let wrong = if right == "000000" {
        "000001"
    } else {
        "000000"
    };
    for _ in 0..5 {
        assert_eq!(
            denied(w.effect::<AssumeRole>(&john, with_code(&phone, wrong))),
            BAD_CODE
        );
    }
    assert_eq!(
        denied(w.effect::<AssumeRole>(&john, with_code(&phone, &right))),
        BAD_CODE
    );
    w.world.clock.advance(1_000);
    w.effect::<AssumeRole>(&john, with_code(&phone, &right))
        .expect("after waiting");
}

#[test]
fn a_session_made_with_mfa_carries_it_and_its_age() {
    let w = world();
    let condition = r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"300"}}"#;
    w.role(PROD, "UpdateApp", &trusting_with_mfa(condition), "");
    let john = w.user(DEV, "John", ALLOW_ALL);
    let phone = device(&w, DEV, "John", owner_of(&john));
    let input = |code: &str| GetSessionTokenInput {
        serial_number: Some(phone.serial_number()),
        token_code: Some(code.into()),
        ..Default::default()
    };
    let code = crate::mfa::code(&phone, w.world.clock.now(), 0);
    let made = w
        .effect::<GetSessionToken>(&john, input(&code))
        .expect("a session");
    let fault = w
        .effect::<GetSessionToken>(&john, input(&code))
        .expect_err("twice");
    assert_eq!(
        (fault.code.as_ref(), fault.message.as_str()),
        ("AccessDenied", BAD_CODE)
    );
    let session = as_session(&w, made.credentials.as_ref());
    // It may call IAM, and assume the role that asks for MFA, as long as the proof is not too old.
    w.read::<GetUser>(
        &session,
        twinlock_shapes::iam::GetUserInput { user_name: None },
    )
    .expect("IAM, with MFA");
    w.effect::<AssumeRole>(&session, assume(UPDATE_APP))
        .expect("young");
    w.world.clock.advance(300_000);
    denied(w.effect::<AssumeRole>(&session, assume(UPDATE_APP)));
    // Root proves itself with its own device.
    let roots = device(&w, DEV, "root", DeviceOwner::Root);
    let of_root = |device: &MfaDevice| GetSessionTokenInput {
        serial_number: Some(device.serial_number()),
        token_code: Some(crate::mfa::code(device, w.world.clock.now(), 0)),
        ..Default::default()
    };
    let fault = w
        .effect::<GetSessionToken>(&root(DEV), of_root(&phone))
        .expect_err("not root's");
    assert_eq!(fault.message, BAD_DEVICE);
    let made = w
        .effect::<GetSessionToken>(&root(DEV), of_root(&roots))
        .expect("root's");
    let session = as_session(&w, made.credentials.as_ref());
    assert_eq!(
        session.session.expect("a session").mfa,
        Some(w.world.clock.now())
    );
}
