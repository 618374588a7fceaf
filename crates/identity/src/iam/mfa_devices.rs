//! Virtual MFA devices: made, shown once with their seed, enabled for a user or for root, synchronised, taken away.
//!
//! A root user enables a device by naming itself `root`; where a user is called so, the name means that user.

use std::sync::Arc;

use twinlock_directory::{Batch, DeviceOwner, MfaDevice, ids, name_key, names_after};
use twinlock_gate::{
    Action, Change, Cx, Fault, Need, Needs, Operation, Permit, Read, Who, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;
use twinlock_wire::{
    shape,
    shape::{Kind, Shape, Structure, Text, m},
    time::Millis,
};

use super::{
    common::{
        Cursor, REQUEST_TAG, Subject, TAG_KEYS, already_exists, arn_of, at, entity_need, find_user,
        list_need, merge_tags, new_tags, no_such, room_for_one, tags_if_any, with_tags,
    },
    mfa_tags::TagMFADevice,
    qr_code,
    users::{UserOrRoot, listed, on_user, root_user},
};
use crate::mfa::{self, ENABLE_STEPS, RESYNC_STEPS};

/// How a root user names itself where the API wants a user's name.
const ROOT_NAME: &str = "root";

/// The model's limit on SerialNumber, which leaves a device of a longer one unreachable; names have none of their own.
const SERIAL_NUMBER_CHARS_MAX: usize = 256;

/// The device with this SerialNumber in the caller's account.
pub(super) fn find_device(cx: &Cx<'_>, serial_number: &str) -> Option<Arc<MfaDevice>> {
    cx.account().ok()?.mfa_device(serial_number).cloned()
}

/// The device that was looked for.
///
/// # Errors
/// `NoSuchEntity`.
pub(super) fn existing_device(
    found: Option<Arc<MfaDevice>>,
    serial_number: &str,
) -> Result<Arc<MfaDevice>, Fault> {
    found.ok_or_else(|| {
        no_such(format!(
            "VirtualMFADevice with serial number {serial_number} doesn't exist."
        ))
    })
}

/// The need of `action` on the device with this SerialNumber, found or not.
pub(super) fn device_need(
    action: &Action,
    serial_number: &str,
    found: Option<&MfaDevice>,
    cx: &Cx<'_>,
) -> Result<Need, Fault> {
    let account = cx.account_id()?;
    let own = format!("arn:aws:iam::{account}:mfa/");
    // Whatever is no SerialNumber of the account's is asked for as one that does not exist.
    let arn = match serial_number.starts_with(&own) {
        true => serial_number.to_owned(),
        false => arn_of(
            account,
            "mfa",
            serial_number.rsplit('/').next().unwrap_or_default(),
        ),
    };
    let tags = found.map_or(&[][..], |device| &device.tags);
    Ok(entity_need(action, account, arn, tags))
}

/// A user's, or root's, device.
#[derive(Debug)]
pub struct Found {
    subject: Subject,
    device: Option<Arc<MfaDevice>>,
}

impl Found {
    fn find(user_name: Option<&str>, serial_number: &str, cx: &Cx<'_>) -> Found {
        let root = matches!(cx.caller.who, Who::Root(_));
        let subject = match user_name {
            Some(ROOT_NAME) if root && find_user(cx, ROOT_NAME).is_none() => Subject::Root,
            name => Subject::find(name, cx),
        };
        Found {
            subject,
            device: find_device(cx, serial_number),
        }
    }

    /// Whose device it is to be, or is, and the device.
    ///
    /// # Errors
    /// `NoSuchEntity` for an absent user or device.
    fn both(self, serial_number: &str) -> Result<(DeviceOwner, Arc<MfaDevice>), Fault> {
        let owner = match self.subject.user()? {
            Some(user) => DeviceOwner::User(user.id.clone()),
            None => DeviceOwner::Root,
        };
        Ok((owner, existing_device(self.device, serial_number)?))
    }

    /// The device, which must be the user's.
    ///
    /// # Errors
    /// `NoSuchEntity`.
    fn own(self, serial_number: &str) -> Result<(DeviceOwner, Arc<MfaDevice>), Fault> {
        let (owner, device) = self.both(serial_number)?;
        match device
            .enabled
            .as_ref()
            .is_some_and(|enabled| enabled.owner == owner)
        {
            true => Ok((owner, device)),
            false => Err(no_such("MFA Device invalid for user.")),
        }
    }
}

fn invalid_code() -> Fault {
    Fault::new(
        "InvalidAuthenticationCode",
        403,
        "Authentication code for device is not valid.",
    )
}

/// The device as two codes in a row make it, if they do and their sender need not wait.
///
/// # Errors
/// `InvalidAuthenticationCode`.
fn synchronised(
    device: &MfaDevice,
    owner: DeviceOwner,
    codes: [&str; 2],
    reach: i64,
    cx: &Cx<'_>,
) -> Result<MfaDevice, Fault> {
    let attempts = cx.world.directory.attempts();
    if !attempts.begin(&device.id, cx.now) {
        return Err(invalid_code());
    }
    let synchronised = mfa::synchronise(device, owner, codes, reach, cx.now);
    let synchronised = synchronised.ok_or_else(invalid_code)?;
    attempts.succeeded(&device.id);
    Ok(synchronised)
}

// ---- CreateVirtualMFADevice ----

const CREATE: Action = Action::new(
    "iam:CreateVirtualMFADevice",
    &["mfa"],
    &[REQUEST_TAG, TAG_KEYS],
);

/// Makes a device that is nobody's yet. Its seed is shown now, as text and as a picture, and never again.
pub struct CreateVirtualMFADevice;

impl Operation for CreateVirtualMFADevice {
    type Input = shapes::CreateVirtualMFADeviceInput;
    type Output = shapes::CreateVirtualMFADeviceOutput;
    type Found = ();
    const NAME: &'static str = "CreateVirtualMFADevice";
    const ACTIONS: &'static [Action] = &[CREATE, TagMFADevice::ACTIONS[0]];

    fn needs(input: &Self::Input, (): &(), cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        let path = input.path.as_deref().unwrap_or("/");
        let arn = format!(
            "arn:aws:iam::{account}:mfa{path}{}",
            input.virtual_mfa_device_name
        );
        let tags = input.tags.as_deref().unwrap_or_default();
        let need = entity_need(&CREATE, account, arn, &[]);
        Ok(with_tags(need, &Self::ACTIONS[1], tags))
    }
}

impl Change for CreateVirtualMFADevice {
    nothing_to_prepare!();

    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (): (),
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let node = cx.account()?;
        let name = &input.virtual_mfa_device_name;
        if node.mfa_devices.contains_key(&name_key(name)) {
            return Err(already_exists(
                "MFADevice entity at the same path and name already exists.",
            ));
        }
        let mut tags = Vec::new();
        let new = new_tags(input.tags.as_deref().unwrap_or_default())?;
        merge_tags(cx, &mut tags, new, "TagsPerMFADevice")?;
        room_for_one(cx, node.mfa_devices.size(), "VirtualMFADevicesPerAccount")?;
        let seed = ids::mfa_seed(&*cx.world.random);
        let device = MfaDevice {
            account: node.account.id,
            id: ids::mfa_device_id(&*cx.world.random),
            name: name.clone(),
            path: input.path.clone().unwrap_or_else(|| "/".to_owned()),
            created: cx.now,
            seed: seed.clone().into(),
            tags,
            enabled: None,
        };
        if device.serial_number().len() > SERIAL_NUMBER_CHARS_MAX {
            return Err(Fault::validation(format!(
                "1 validation error detected: Value at 'virtualMFADeviceName' failed to satisfy constraint: the serial number would be longer than {SERIAL_NUMBER_CHARS_MAX} characters"
            )));
        }
        let account = node.account.alias.as_deref();
        let account = account.unwrap_or(node.account.id.as_str());
        let seed = seed.expose();
        // Names hold no character that a URI's path would have to escape, but for + and @, which are read as they stand.
        let uri = format!("otpauth://totp/{name}@{account}?secret={seed}");
        let answer = shapes::VirtualMFADevice {
            serial_number: device.serial_number(),
            base32_string_seed: Some(seed.to_owned().into()),
            qr_code_png: Some(qr_code::png(&uri).ok_or_else(Fault::internal)?.into()),
            user: None,
            enable_date: None,
            tags: tags_if_any(&device.tags),
        };
        batch.put(device);
        Ok(shapes::CreateVirtualMFADeviceOutput {
            virtual_mfa_device: answer,
        })
    }
}

// ---- EnableMFADevice ----

const ENABLE: Action = on_user("iam:EnableMFADevice");

/// Gives a device to a user, or root its own, by two codes in a row.
pub struct EnableMFADevice;

impl Operation for EnableMFADevice {
    type Input = shapes::EnableMFADeviceInput;
    type Output = shapes::EnableMFADeviceOutput;
    type Found = Found;
    const NAME: &'static str = "EnableMFADevice";
    const ACTIONS: &'static [Action] = &[ENABLE];

    fn needs(_: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(found.subject.need(&ENABLE, cx)?))
    }
}

impl Change for EnableMFADevice {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Found::find(Some(&input.user_name), &input.serial_number, cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let (owner, device) = found.both(&input.serial_number)?;
        if device.enabled.is_some() {
            return Err(already_exists(format!(
                "MFADevice with serial number {} is already in use.",
                input.serial_number
            )));
        }
        let have = cx.account()?.devices_of(&owner).count();
        room_for_one(cx, have, "MFADevicesPerUser")?;
        let codes = [
            input.authentication_code1.as_str(),
            input.authentication_code2.as_str(),
        ];
        batch.put(synchronised(&device, owner, codes, ENABLE_STEPS, cx)?);
        Ok(shapes::EnableMFADeviceOutput {})
    }
}

// ---- ResyncMFADevice ----

const RESYNC: Action = on_user("iam:ResyncMFADevice");

/// Learns from two codes in a row how far a device's clock is off by now.
pub struct ResyncMFADevice;

impl Operation for ResyncMFADevice {
    type Input = shapes::ResyncMFADeviceInput;
    type Output = shapes::ResyncMFADeviceOutput;
    type Found = Found;
    const NAME: &'static str = "ResyncMFADevice";
    const ACTIONS: &'static [Action] = &[RESYNC];

    fn needs(_: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(found.subject.need(&RESYNC, cx)?))
    }
}

impl Change for ResyncMFADevice {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Found::find(Some(&input.user_name), &input.serial_number, cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let (owner, device) = found.own(&input.serial_number)?;
        let codes = [
            input.authentication_code1.as_str(),
            input.authentication_code2.as_str(),
        ];
        batch.put(synchronised(&device, owner, codes, RESYNC_STEPS, cx)?);
        Ok(shapes::ResyncMFADeviceOutput {})
    }
}

// ---- DeactivateMFADevice ----

const DEACTIVATE: Action = on_user("iam:DeactivateMFADevice");

/// Takes a device from whom it was enabled for; it is then nobody's, and can be deleted.
pub struct DeactivateMFADevice;

impl Operation for DeactivateMFADevice {
    type Input = shapes::DeactivateMFADeviceInput;
    type Output = shapes::DeactivateMFADeviceOutput;
    type Found = Found;
    const NAME: &'static str = "DeactivateMFADevice";
    const ACTIONS: &'static [Action] = &[DEACTIVATE];

    fn needs(_: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(found.subject.need(&DEACTIVATE, cx)?))
    }
}

impl Change for DeactivateMFADevice {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Found::find(input.user_name.as_deref(), &input.serial_number, cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let (_, device) = found.own(&input.serial_number)?;
        batch.put(MfaDevice {
            enabled: None,
            ..MfaDevice::clone(&device)
        });
        Ok(shapes::DeactivateMFADeviceOutput {})
    }
}

// ---- DeleteVirtualMFADevice ----

const DELETE: Action = Action::new("iam:DeleteVirtualMFADevice", &["mfa"], &[]);

/// Deletes a device that is nobody's.
pub struct DeleteVirtualMFADevice;

impl Operation for DeleteVirtualMFADevice {
    type Input = shapes::DeleteVirtualMFADeviceInput;
    type Output = shapes::DeleteVirtualMFADeviceOutput;
    type Found = Option<Arc<MfaDevice>>;
    const NAME: &'static str = "DeleteVirtualMFADevice";
    const ACTIONS: &'static [Action] = &[DELETE];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let need = device_need(&DELETE, &input.serial_number, found.as_deref(), cx)?;
        Ok(Needs::one(need))
    }
}

impl Change for DeleteVirtualMFADevice {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        find_device(cx, &input.serial_number)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let device = existing_device(found, &input.serial_number)?;
        if device.enabled.is_some() {
            return Err(Fault::new(
                "DeleteConflict",
                409,
                "MFA VirtualDevice in use. Must deactivate first.",
            ));
        }
        batch.delete_row(device);
        Ok(shapes::DeleteVirtualMFADeviceOutput {})
    }
}

// ---- ListMFADevices ----

const LIST: Action = on_user("iam:ListMFADevices");

/// Lists the devices that are enabled for a user, or for the caller.
pub struct ListMFADevices;

impl Operation for ListMFADevices {
    type Input = shapes::ListMFADevicesInput;
    type Output = shapes::ListMFADevicesOutput;
    type Found = Subject;
    const NAME: &'static str = "ListMFADevices";
    const ACTIONS: &'static [Action] = &[LIST];

    fn needs(_: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(found.need(&LIST, cx)?))
    }
}

impl Read for ListMFADevices {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Subject::find(input.user_name.as_deref(), cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        let (owner, user_name) = match found.user()? {
            Some(user) => (DeviceOwner::User(user.id.clone()), user.name.clone()),
            None => (DeviceOwner::Root, ROOT_NAME.to_owned()),
        };
        let devices = cx.account()?.devices_of(&owner);
        let page = cursor.page(devices, |device| name_key(&device.name));
        let page = page.map(|device| shapes::MFADevice {
            user_name: user_name.clone(),
            serial_number: device.serial_number(),
            enable_date: at(device.enabled.as_ref().map_or(0, |enabled| enabled.since)),
        });
        Ok(shapes::ListMFADevicesOutput {
            is_truncated: page.is_truncated(),
            mfa_devices: page.items,
            marker: page.marker,
        })
    }
}

// ---- GetMFADevice ----

const GET: Action = on_user("iam:GetMFADevice");

/// Shows a device that is enabled for a user, or for the caller.
pub struct GetMFADevice;

impl Operation for GetMFADevice {
    type Input = shapes::GetMFADeviceInput;
    type Output = shapes::GetMFADeviceOutput;
    type Found = Found;
    const NAME: &'static str = "GetMFADevice";
    const ACTIONS: &'static [Action] = &[GET];

    fn needs(_: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(found.subject.need(&GET, cx)?))
    }
}

impl Read for GetMFADevice {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Found::find(input.user_name.as_deref(), &input.serial_number, cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let (owner, device) = found.own(&input.serial_number)?;
        let user_name = match &owner {
            DeviceOwner::User(id) => cx.snapshot.user_by_id(id).map(|user| user.name.clone()),
            DeviceOwner::Root => Some(ROOT_NAME.to_owned()),
        };
        Ok(shapes::GetMFADeviceOutput {
            user_name,
            serial_number: device.serial_number(),
            enable_date: device.enabled.as_ref().map(|enabled| at(enabled.since)),
            // Certifications are those of hardware.
            certifications: Vec::new(),
        })
    }
}

// ---- ListVirtualMFADevices ----

const LIST_VIRTUAL: Action = Action::new("iam:ListVirtualMFADevices", &[], &[]);

/// Lists the account's devices, those of somebody, those of nobody, or all.
pub struct ListVirtualMFADevices;

static TEXT: Kind = Kind::Text(Text::any());
static TIME: Kind = Kind::Time(None);
static FLAG: Kind = Kind::Boolean;
static USER: Kind = <UserOrRoot as Shape>::KIND;
static DEVICE: Kind = <ListedDevice as Shape>::KIND;
static DEVICES: Kind = Kind::list(&DEVICE);

shape! {
    /// A device as the list shows it: without its seed, and with its user, who can be root.
    #[derive(Clone, PartialEq)]
    pub struct ListedDevice = Structure::new("VirtualMFADevice") {
        /// The ARN.
        serial_number: String = m("SerialNumber", &TEXT),
        /// Whose it is.
        user: Option<UserOrRoot> = m("User", &USER),
        /// Since when.
        enable_date: Option<Millis> = m("EnableDate", &TIME),
    }
}

shape! {
    /// What `ListVirtualMFADevices` answers.
    #[derive(Clone, PartialEq)]
    pub struct ListVirtualMFADevicesOutput = Structure::new("ListVirtualMFADevicesResponse") {
        /// The devices by name.
        virtual_mfa_devices: Vec<ListedDevice> = m("VirtualMFADevices", &DEVICES).required(),
        /// Whether there are more.
        is_truncated: Option<bool> = m("IsTruncated", &FLAG),
        /// Where the next page begins.
        marker: Option<String> = m("Marker", &TEXT),
    }
}

impl Operation for ListVirtualMFADevices {
    type Input = shapes::ListVirtualMFADevicesInput;
    type Output = ListVirtualMFADevicesOutput;
    type Found = ();
    const NAME: &'static str = "ListVirtualMFADevices";
    const ACTIONS: &'static [Action] = &[LIST_VIRTUAL];

    fn needs(_: &Self::Input, (): &(), cx: &Cx<'_>) -> Result<Needs, Fault> {
        let shown = arn_of(cx.account_id()?, "mfa", "");
        Ok(Needs::one(list_need(&LIST_VIRTUAL, shown)))
    }
}

impl Read for ListVirtualMFADevices {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (): (),
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        let devices = names_after(&cx.account()?.mfa_devices, cursor.after()).filter(|device| {
            match input.assignment_status.as_deref() {
                Some("Assigned") => device.enabled.is_some(),
                Some("Unassigned") => device.enabled.is_none(),
                _ => true,
            }
        });
        let page = cursor.page(devices, |device| name_key(&device.name));
        let page = page.map(|device| shown(device, cx));
        Ok(ListVirtualMFADevicesOutput {
            is_truncated: page.is_truncated(),
            virtual_mfa_devices: page.items,
            marker: page.marker,
        })
    }
}

fn shown(device: &MfaDevice, cx: &Cx<'_>) -> ListedDevice {
    let enabled = device.enabled.as_ref();
    ListedDevice {
        serial_number: device.serial_number(),
        user: enabled.and_then(|enabled| match &enabled.owner {
            DeviceOwner::User(id) => {
                let user = cx.snapshot.user_by_id(id)?;
                Some(listed(user, cx).into())
            }
            DeviceOwner::Root => Some(root_user(&cx.account().ok()?.account, cx)),
        }),
        enable_date: enabled.map(|enabled| at(enabled.since)),
    }
}

#[cfg(test)]
mod tests;
