//! Tags of virtual MFA devices.

use std::sync::Arc;

use twinlock_directory::{Batch, MfaDevice};
use twinlock_gate::{
    Action, Change, Cx, Fault, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;

use super::{
    common::{
        Cursor, REQUEST_TAG, TAG_KEYS, merge_tags, new_tags, remove_tags, shown_tags, tag_pairs,
    },
    mfa_devices::{device_need, existing_device, find_device},
};

pub(super) const TAG_DEVICE: Action =
    Action::new("iam:TagMFADevice", &["mfa"], &[REQUEST_TAG, TAG_KEYS]);

/// Puts tags on a device.
pub struct TagMFADevice;

impl Operation for TagMFADevice {
    type Input = shapes::TagMFADeviceInput;
    type Output = shapes::TagMFADeviceOutput;
    type Found = Option<Arc<MfaDevice>>;
    const NAME: &'static str = "TagMFADevice";
    const ACTIONS: &'static [Action] = &[TAG_DEVICE];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let need = device_need(&TAG_DEVICE, &input.serial_number, found.as_deref(), cx)?;
        Ok(Needs::one(need.request_tags(tag_pairs(&input.tags))))
    }
}

impl Change for TagMFADevice {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        find_device(cx, &input.serial_number)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut device = MfaDevice::clone(&*existing_device(found, &input.serial_number)?);
        let new = new_tags(&input.tags)?;
        merge_tags(cx, &mut device.tags, new, "TagsPerMFADevice")?;
        batch.put(device);
        Ok(shapes::TagMFADeviceOutput {})
    }
}

const UNTAG: Action = Action::new("iam:UntagMFADevice", &["mfa"], &[TAG_KEYS]);

/// Takes tags from a device.
pub struct UntagMFADevice;

impl Operation for UntagMFADevice {
    type Input = shapes::UntagMFADeviceInput;
    type Output = shapes::UntagMFADeviceOutput;
    type Found = Option<Arc<MfaDevice>>;
    const NAME: &'static str = "UntagMFADevice";
    const ACTIONS: &'static [Action] = &[UNTAG];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let mut need = device_need(&UNTAG, &input.serial_number, found.as_deref(), cx)?;
        if !input.tag_keys.is_empty() {
            need = need.keys(TAG_KEYS, input.tag_keys.clone());
        }
        Ok(Needs::one(need))
    }
}

impl Change for UntagMFADevice {
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
        let mut device = MfaDevice::clone(&*existing_device(found, &input.serial_number)?);
        remove_tags(&mut device.tags, &input.tag_keys);
        batch.put(device);
        Ok(shapes::UntagMFADeviceOutput {})
    }
}

const LIST_TAGS: Action = Action::new("iam:ListMFADeviceTags", &["mfa"], &[]);

/// Lists a device's tags by key.
pub struct ListMFADeviceTags;

impl Operation for ListMFADeviceTags {
    type Input = shapes::ListMFADeviceTagsInput;
    type Output = shapes::ListMFADeviceTagsOutput;
    type Found = Option<Arc<MfaDevice>>;
    const NAME: &'static str = "ListMFADeviceTags";
    const ACTIONS: &'static [Action] = &[LIST_TAGS];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let need = device_need(&LIST_TAGS, &input.serial_number, found.as_deref(), cx)?;
        Ok(Needs::one(need))
    }
}

impl Read for ListMFADeviceTags {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        find_device(cx, &input.serial_number)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        _: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let device = existing_device(found, &input.serial_number)?;
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        let page = cursor.page(shown_tags(&device.tags), |tag| tag.key.clone());
        Ok(shapes::ListMFADeviceTagsOutput {
            is_truncated: page.is_truncated(),
            tags: page.items,
            marker: page.marker,
        })
    }
}
