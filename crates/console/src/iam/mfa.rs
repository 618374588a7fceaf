//! MFA devices: making one with its QR code, enabling it by two codes in a row, taking it away. For a user, and for root by
//! itself.

use base64::{Engine, engine::general_purpose::STANDARD};
use maud::{Markup, html};
use twinlock_gate::Fault;
use twinlock_identity::iam::mfa_devices::{
    CreateVirtualMFADevice, DeactivateMFADevice, DeleteVirtualMFADevice, EnableMFADevice,
    ListMFADevices,
};
use twinlock_shapes::iam as s;

use super::{
    access_keys::{self, Owner},
    other_credentials,
};
use crate::{
    http::encode,
    layout::{Service, show},
    parts::{copy, csrf, head, problem, text, when},
    visit::{Page, Visit},
};

/// How the root user names itself where an operation wants a user's name.
const ROOT: &str = "root";

/// Where the pages of a person's devices lie. Here and below `name` is a user's; none: the root user itself, which no name
/// stands for, as a user may be called `root`.
fn path(name: Option<&str>) -> String {
    match name {
        None => "/iam/credentials/mfa".to_owned(),
        Some(name) => format!("/iam/users/{}/mfa", encode(name)),
    }
}

/// Where the list of them is shown.
fn back(name: Option<&str>) -> String {
    match name {
        None => "/iam/credentials".to_owned(),
        Some(name) => format!("/iam/users/{}?tab=credentials", encode(name)),
    }
}

fn devices(visit: &Visit, name: Option<&str>) -> Result<Vec<s::MFADevice>, Fault> {
    let input = s::ListMFADevicesInput {
        user_name: name.map(str::to_owned),
        ..Default::default()
    };
    Ok(visit.read::<ListMFADevices>(input)?.mfa_devices)
}

/// The panel of the page with security credentials.
pub(crate) fn panel(visit: &Visit, name: Option<&str>) -> Markup {
    let at = visit.at(&path(name));
    let devices = devices(visit, name);
    html! {
        section.panel {
            div.head { h2 { "Multi-factor authentication (MFA)" } a.button href={ (at) "/assign" } { "Assign MFA device" } }
            @match &devices {
                Err(fault) => (problem(visit, fault)),
                Ok(devices) if devices.is_empty() => p { "No MFA device. With one, a stolen password alone opens nothing." },
                Ok(devices) => table {
                    thead { tr { th { "Device" } th { "Since" } th { "Actions" } } }
                    tbody { @for device in devices { tr {
                        td { (device.serial_number) }
                        td { (when(device.enable_date.0)) }
                        td.row-actions { form method="post" action={ (at) "/remove" } { (csrf(visit)) input type="hidden" name="serial" value=(device.serial_number); button.danger type="submit" { "Remove" } } }
                    } } }
                },
            }
        }
    }
}

/// The root user's own page.
#[allow(clippy::unnecessary_wraps, reason = "a page like all others")]
pub(crate) fn root(visit: &Visit) -> Page {
    let main = html! {
        (head("My security credentials", "Root user", html! {}))
        (panel(visit, None))
        (access_keys::panel(visit, Owner(None)))
        (other_credentials::panels(visit, Owner(None)))
    };
    Ok(show(visit, Service::Iam, "My security credentials", main))
}

/// `…/mfa/WHAT`.
pub(crate) async fn page(visit: &Visit, name: Option<&str>, rest: &[&str]) -> Page {
    let post = visit.request.is_post();
    match rest {
        ["assign"] if post => assign(visit, name).await,
        ["assign"] => Ok(show(
            visit,
            Service::Iam,
            "Assign MFA device",
            html! {
                div.narrow {
                    (head("Assign MFA device", "", html! {}))
                    form.panel method="post" {
                        (csrf(visit))
                        (text("Device name", "deviceName", name.unwrap_or(ROOT), "A name for the device, such as the telephone's", ""))
                        p.hint { "Any app for time-based codes does: the next page shows what to scan." }
                        div.actions { a.button href=(visit.at(&back(name))) { "Cancel" } button.primary type="submit" { "Next" } }
                    }
                }
            },
        )),
        ["enable"] if post => enable(visit, name).await,
        ["remove"] if post => {
            remove(visit, name, visit.field("serial")).await?;
            Ok(visit.done(&back(name), "The MFA device is removed."))
        }
        _ => Err(crate::not_found()),
    }
}

async fn assign(visit: &Visit, name: Option<&str>) -> Page {
    let input = s::CreateVirtualMFADeviceInput {
        virtual_mfa_device_name: visit.field("deviceName").to_owned(),
        ..Default::default()
    };
    let made = match visit.change::<CreateVirtualMFADevice>(input.clone()).await {
        Err(fault) if fault.code == "EntityAlreadyExists" => {
            // Left behind by somebody who began and went away: then it is nobody's, and can be deleted. One in use cannot.
            let device = format!(
                "arn:aws:iam::{}:mfa/{}",
                visit.account(),
                input.virtual_mfa_device_name
            );
            delete(visit, device).await.map_err(|_| fault)?;
            visit.change::<CreateVirtualMFADevice>(input).await?
        }
        made => made?,
    };
    let device = made.virtual_mfa_device;
    let seed = String::from_utf8_lossy(device.base32_string_seed.as_deref().unwrap_or_default())
        .into_owned();
    let picture = STANDARD.encode(device.qr_code_png.as_deref().unwrap_or_default());
    let main = html! {
        div.narrow {
            (head("Set up device", "", html! {}))
            form.panel method="post" action={ (visit.at(&path(name))) "/enable" } {
                (csrf(visit))
                input type="hidden" name="serial" value=(device.serial_number);
                p { "Scan this with the app, or type the key into it." }
                p { img.qr src={ "data:image/png;base64," (picture) } alt="QR code" width="220" height="220"; }
                details { summary { "Show secret key" } (copy(&seed)) }
                p { "Then type two codes that follow one another." }
                (text("MFA code 1", "code1", "", "", ""))
                (text("MFA code 2", "code2", "", "", ""))
                div.actions { a.button href=(visit.at(&back(name))) { "Cancel" } button.primary type="submit" { "Add MFA" } }
            }
        }
    };
    Ok(show(visit, Service::Iam, "Set up device", main))
}

async fn enable(visit: &Visit, name: Option<&str>) -> Page {
    let input = s::EnableMFADeviceInput {
        user_name: name.unwrap_or(ROOT).to_owned(),
        serial_number: visit.field("serial").to_owned(),
        authentication_code1: visit.field("code1").to_owned(),
        authentication_code2: visit.field("code2").to_owned(),
    };
    match visit.change::<EnableMFADevice>(input).await {
        Ok(_) => Ok(visit.done(
            &back(name),
            "The MFA device is assigned. The next sign-in asks for a code.",
        )),
        Err(fault) => {
            // A device that is nobody's would only take the name.
            let serial_number = visit.field("serial").to_owned();
            let _ = delete(visit, serial_number).await;
            Ok(visit.failed(&back(name), &fault))
        }
    }
}

async fn remove(visit: &Visit, name: Option<&str>, serial: &str) -> Result<(), Fault> {
    let serial_number = serial.to_owned();
    let input = s::DeactivateMFADeviceInput {
        user_name: name.map(str::to_owned),
        serial_number: serial_number.clone(),
    };
    visit.change::<DeactivateMFADevice>(input).await?;
    delete(visit, serial_number).await
}

/// Deletes a device that is nobody's.
async fn delete(visit: &Visit, serial_number: String) -> Result<(), Fault> {
    let input = s::DeleteVirtualMFADeviceInput { serial_number };
    visit
        .change::<DeleteVirtualMFADevice>(input)
        .await
        .map(drop)
}

/// The devices of a user.
pub(crate) fn serials(visit: &Visit, name: &str) -> Result<Vec<String>, Fault> {
    let devices = devices(visit, Some(name))?.into_iter();
    Ok(devices.map(|device| device.serial_number).collect())
}

/// Takes every device off a user that is to be deleted.
pub(crate) async fn deactivate_all(visit: &Visit, name: &str) -> Result<(), Fault> {
    for serial in serials(visit, name)? {
        remove(visit, Some(name), &serial).await?;
    }
    Ok(())
}
