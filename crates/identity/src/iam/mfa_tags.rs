//! Tags of virtual MFA devices.

use twinlock_directory::MfaDevice;

use super::{
    mfa_devices::{device_need, existing_device, find_device},
    tags::tag_operations,
};

tag_operations! {
    MfaDevice, "mfa", serial_number, find_device,
    |action, serial_number, found, cx| device_need(action, serial_number, found.as_deref(), cx),
    existing_device;
    /// Puts tags on a device.
    TagMFADevice, TagMFADeviceInput -> TagMFADeviceOutput;
    /// Takes tags from a device.
    UntagMFADevice, UntagMFADeviceInput -> UntagMFADeviceOutput;
    /// Lists a device's tags by key.
    ListMFADeviceTags, ListMFADeviceTagsInput -> ListMFADeviceTagsOutput;
}
