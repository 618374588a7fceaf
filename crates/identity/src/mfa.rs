//! Codes of virtual MFA devices (TOTP, RFC 6238: SHA-1, six digits, thirty seconds), and when one is taken.
//!
//! A code is taken once: with the step it belongs to, all codes up to it are spent ([`EnabledDevice::last_step`]). That is
//! written before the call that it proves is answered, so it holds over a restart and between calls at the same time.
//! Whoever guesses has to wait ([`Attempts`](twinlock_directory::Attempts)).

use totp_rs::{Builder, Secret, Totp};
use twinlock_directory::{Attempts, DeviceOwner, EnabledDevice, MfaDevice, Millis};
use twinlock_gate::{Caller, Who};

const STEP_SECONDS: u64 = 30;
/// How many steps a code may be early or late, beside the drift that is known of its device.
const TOLERANCE_STEPS: i64 = 1;
/// How far a device's clock may be off when it is enabled: five minutes either way.
pub(crate) const ENABLE_STEPS: i64 = 10;
/// How far it may be off when it is synchronised again: an hour either way.
pub(crate) const RESYNC_STEPS: i64 = 120;

/// Whose devices the caller proves itself with: a user's, also in a session of its own, or root's. Nobody else has any.
pub(crate) fn owner_of(caller: &Caller) -> Option<DeviceOwner> {
    match &caller.who {
        Who::User { id, .. } => Some(DeviceOwner::User(id.clone())),
        Who::Root(_) => Some(DeviceOwner::Root),
        _ => None,
    }
}

fn totp(device: &MfaDevice) -> Option<Totp> {
    let secret = Secret::try_from_base32(device.seed.open()?.expose()).ok()?;
    // Not too short (40 bytes), so nothing that `build` would refuse.
    Builder::new()
        .with_step_duration(STEP_SECONDS)
        .with_secret(secret)
        .build()
        .ok()
}

fn step_at(now: Millis) -> i64 {
    i64::try_from(now / 1000 / STEP_SECONDS).unwrap_or(i64::MAX)
}

/// Whether `code` is the code of `step`. Takes the same time wherever they differ.
fn is_code(totp: &Totp, step: i64, code: &str) -> bool {
    let Ok(step) = u64::try_from(step) else {
        return false;
    };
    let right = totp.generate(step * STEP_SECONDS).to_string();
    subtle::ConstantTimeEq::ct_eq(right.as_bytes(), code.as_bytes()).into()
}

/// The enabled device with `code` spent; none if the code is wrong, not of this moment, or spent already. Counts nothing:
/// see [`check`].
pub(crate) fn take(device: &MfaDevice, code: &str, now: Millis) -> Option<MfaDevice> {
    let enabled = device.enabled.as_ref()?;
    let totp = totp(device)?;
    let middle = step_at(now) + enabled.drift;
    // All are compared, whichever is right.
    let matching: Vec<i64> = (middle - TOLERANCE_STEPS..=middle + TOLERANCE_STEPS)
        .filter(|step| is_code(&totp, *step, code))
        .collect();
    let step = matching
        .into_iter()
        .find(|step| *step > enabled.last_step)?;
    Some(MfaDevice {
        enabled: Some(EnabledDevice {
            last_step: step,
            ..enabled.clone()
        }),
        ..device.clone()
    })
}

/// Whether `code` is right for the device at this moment, asked by a caller who might be guessing.
pub(crate) fn check(attempts: &Attempts, device: &MfaDevice, code: &str, now: Millis) -> bool {
    if !attempts.begin(&device.id, now) || take(device, code, now).is_none() {
        return false;
    }
    attempts.succeeded(&device.id);
    true
}

/// The device as its owner's, with its drift as two codes in a row show it; none if they are not two codes in a row,
/// `reach` steps around this moment at most, or if one of them is spent.
pub(crate) fn synchronise(
    device: &MfaDevice,
    owner: DeviceOwner,
    codes: [&str; 2],
    reach: i64,
    now: Millis,
) -> Option<MfaDevice> {
    let totp = totp(device)?;
    let here = step_at(now);
    let spent = device.enabled.as_ref().map(|enabled| enabled.last_step);
    // The pair nearest to this moment. Its second code is the one that stands on the device now, or stood there a moment ago.
    let step = (0..=reach)
        .flat_map(|away| [here - away, here + away])
        .filter(|step| spent.is_none_or(|spent| *step > spent))
        .find(|step| is_code(&totp, *step, codes[0]) && is_code(&totp, *step + 1, codes[1]))?;
    // Within the tolerance it is no drift: typing two codes takes a while.
    let drift = match step + 1 - here {
        off if off.abs() <= TOLERANCE_STEPS => 0,
        off => off,
    };
    let since = device.enabled.as_ref().map_or(now, |enabled| enabled.since);
    Some(MfaDevice {
        enabled: Some(EnabledDevice {
            owner,
            since,
            drift,
            last_step: step + 1,
        }),
        ..device.clone()
    })
}

/// The code of the device `ahead` steps from now, as a telephone would show it.
#[cfg(test)]
pub(crate) fn code(device: &MfaDevice, now: Millis, ahead: i64) -> String {
    let step = u64::try_from(step_at(now) + ahead).expect("a step");
    let totp = totp(device).expect("a seed");
    totp.generate(step * STEP_SECONDS).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_405_695_600_000;

    fn device(seed: &str) -> MfaDevice {
        MfaDevice {
            account: "111111111111".parse().expect("an id"),
            id: "AMFA1".into(),
            name: "phone".into(),
            path: "/".into(),
            created: 0,
            seed: twinlock_directory::Secret::new(seed).into(),
            tags: Vec::new(),
            enabled: None,
        }
    }

    fn enabled() -> MfaDevice {
        let device = device(&"ABCDEFGH".repeat(8));
        let codes = [code(&device, NOW, -1), code(&device, NOW, 0)];
        synchronise(
            &device,
            DeviceOwner::Root,
            [&codes[0], &codes[1]],
            ENABLE_STEPS,
            NOW,
        )
        .expect("two codes in a row")
    }

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B, cut to six digits; the seed is "12345678901234567890".
        let device = device("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        for (seconds, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(code(&device, seconds * 1000, 0), expected);
        }
    }

    #[test]
    fn a_code_is_taken_once_and_none_before_it_afterwards() {
        let device = enabled();
        assert!(
            take(&device, &code(&device, NOW, 0), NOW).is_none(),
            "spent by enabling"
        );
        let next = NOW + 30_000;
        let right = code(&device, next, 0);
        let after = take(&device, &right, next).expect("the next one");
        assert!(take(&after, &right, next).is_none());
        assert!(take(&after, &right, next + 30_000).is_none());
        // One step early or late is all right, two are not.
        let late = NOW + 10 * 30_000;
        for (ahead, taken) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            assert_eq!(
                take(&after, &code(&after, late, ahead), late).is_some(),
                taken,
                "{ahead}"
            );
        }
        let early = take(&after, &code(&after, late, 1), late).expect("early");
        assert!(
            take(&early, &code(&early, late, 0), late).is_none(),
            "before one that was taken"
        );
        for wrong in ["", "12345", "1234567", "abcdef"] {
            assert!(take(&after, wrong, late).is_none());
        }
    }

    #[test]
    fn two_codes_in_a_row_show_the_drift() {
        let device = enabled();
        let later = NOW + 3_600_000;
        // The telephone is ten minutes ahead.
        let codes = [code(&device, later, 20), code(&device, later, 21)];
        let pair = [codes[0].as_str(), codes[1].as_str()];
        let sync = |codes, reach| synchronise(&device, DeviceOwner::Root, codes, reach, later);
        assert!(sync(pair, ENABLE_STEPS).is_none(), "too far for enabling");
        assert!(
            sync([pair[1], pair[0]], RESYNC_STEPS).is_none(),
            "the wrong way round"
        );
        assert!(
            sync([pair[0], pair[0]], RESYNC_STEPS).is_none(),
            "the same twice"
        );
        let synchronised = sync(pair, RESYNC_STEPS).expect("two in a row");
        let then = later + 30_000;
        assert!(take(&synchronised, &code(&synchronised, then, 21), then).is_some());
        assert!(take(&synchronised, &code(&synchronised, then, 0), then).is_none());
        assert!(
            synchronise(&synchronised, DeviceOwner::Root, pair, RESYNC_STEPS, then).is_none(),
            "these two are spent"
        );
        // A clock far off is not found at all.
        let far = [code(&device, later, 500), code(&device, later, 501)];
        assert!(sync([&far[0], &far[1]], RESYNC_STEPS).is_none());
    }

    #[test]
    fn who_guesses_has_to_wait_also_with_the_right_code() {
        let attempts = Attempts::default();
        let device = enabled();
        let now = NOW + 60_000;
        let right = code(&device, now, 0);
        let wrong = if right == "000000" {
            "000001"
        } else {
            "000000"
        };
        for _ in 0..5 {
            assert!(!check(&attempts, &device, wrong, now));
        }
        assert!(!check(&attempts, &device, &right, now));
        assert!(check(&attempts, &device, &right, now + 1_000));
        assert!(
            check(&attempts, &device, &right, now + 1_000),
            "a success forgives"
        );
    }
}
