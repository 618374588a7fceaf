//! MFA in calls that make sessions: a serial number and a code, checked against the caller's own devices.
//!
//! The code is looked at before the decision, since `aws:MultiFactorAuthPresent` is part of it, and spent after it, in the
//! writer's turn, where it is looked at again: of two calls with one code only one goes well.

use twinlock_directory::MfaDevice;
use twinlock_gate::{Attempt, Cx, Effect, Fault, Need, Permit};

use crate::mfa;

const INVALID: &str = "MultiFactorAuthentication failed with invalid MFA one time pass code. ";
const UNKNOWN: &str = "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.";
const INCOMPLETE: &str = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code. ";

/// What a call says of MFA, and what it is worth.
#[derive(Debug)]
pub(super) enum Mfa {
    /// Nothing.
    Absent,
    /// A right code, not spent yet.
    Proven(Code),
    /// Not that.
    Refused(&'static str),
}

/// A code that was right when it was looked at.
#[derive(Debug)]
pub(super) struct Code {
    serial_number: String,
    code: String,
}

impl Mfa {
    /// Looks at SerialNumber and TokenCode. Counts a wrong code.
    pub(super) fn find(serial_number: Option<&str>, code: Option<&str>, cx: &Cx<'_>) -> Mfa {
        let (serial_number, code) = match (serial_number, code) {
            (None, None) => return Mfa::Absent,
            (Some(serial_number), Some(code)) => (serial_number, code),
            _ => return Mfa::Refused(INCOMPLETE),
        };
        let Some(device) = own_device(serial_number, cx) else {
            return Mfa::Refused(UNKNOWN);
        };
        match mfa::check(cx.world.directory.attempts(), device, code, cx.now) {
            true => Mfa::Proven(Code {
                serial_number: serial_number.to_owned(),
                code: code.to_owned(),
            }),
            false => Mfa::Refused(INVALID),
        }
    }

    /// The need with the keys that say so, if the caller has proved itself in this very call.
    ///
    /// # Errors
    /// `AccessDenied` for a wrong code and for a device that is not the caller's.
    pub(super) fn known_to(&self, need: Need) -> Result<Need, Fault> {
        match self {
            Mfa::Absent => Ok(need),
            Mfa::Proven(_) => Ok(need
                .key("aws:MultiFactorAuthPresent", "true")
                .key("aws:MultiFactorAuthAge", "0")),
            Mfa::Refused(message) => Err(denied(message)),
        }
    }

    /// The same where no policy is asked.
    ///
    /// # Errors
    /// See [`known_to`](Mfa::known_to).
    pub(super) fn admitted(&self) -> Result<(), Fault> {
        match self {
            Mfa::Refused(message) => Err(denied(message)),
            Mfa::Absent | Mfa::Proven(_) => Ok(()),
        }
    }

    /// Spends the code, and waits until that is durable. Whether there was one.
    ///
    /// # Errors
    /// `AccessDenied` if another call has spent it, or a fault of the store.
    pub(super) async fn spend<O: Effect>(
        self,
        permit: Permit<O>,
        input: &O::Input,
        attempt: &Attempt,
    ) -> Result<bool, Fault> {
        let Mfa::Proven(proven) = self else {
            return Ok(false);
        };
        let account = attempt.cx()?.account_id()?;
        let owner = mfa::owner_of(&attempt.caller);
        let spent = attempt.commit::<O, ()>(permit, input, |head, batch| {
            let device = head
                .account(&account)
                .and_then(|node| node.mfa_device(&proven.serial_number))
                .filter(|device| owned(device, owner.as_ref()));
            let device = device.ok_or_else(|| denied(UNKNOWN))?;
            let spent = mfa::take(device, &proven.code, attempt.now);
            batch.put(spent.ok_or_else(|| denied(INVALID))?);
            Ok(())
        });
        spent.await.map(|()| true)
    }
}

fn denied(message: &str) -> Fault {
    Fault::new("AccessDenied", 403, message.to_owned())
}

fn owned(device: &MfaDevice, owner: Option<&twinlock_directory::DeviceOwner>) -> bool {
    let enabled = device.enabled.as_ref();
    enabled.is_some_and(|enabled| Some(&enabled.owner) == owner)
}

fn own_device<'c>(serial_number: &str, cx: &'c Cx<'_>) -> Option<&'c MfaDevice> {
    let owner = mfa::owner_of(cx.caller);
    let device = cx.account().ok()?.mfa_device(serial_number)?;
    owned(device, owner.as_ref()).then_some(&**device)
}
