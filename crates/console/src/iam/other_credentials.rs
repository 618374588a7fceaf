//! What a person may hold besides a password and access keys: signing certificates, SSH public keys, passwords of single services.

use http::Response;
use maud::{Markup, html};
use twinlock_gate::{Body, Fault};
use twinlock_identity::iam::{
    service_credentials::{
        CreateServiceSpecificCredential, DeleteServiceSpecificCredential,
        ListServiceSpecificCredentials, UpdateServiceSpecificCredential,
    },
    signing_certificates::{
        DeleteSigningCertificate, ListSigningCertificates, UpdateSigningCertificate,
        UploadSigningCertificate,
    },
    ssh_public_keys::{
        DeleteSSHPublicKey, ListSSHPublicKeys, UpdateSSHPublicKey, UploadSSHPublicKey,
    },
};
use twinlock_shapes::iam as s;

use super::{
    access_keys::{Owner, actions, status},
    deletion::Going,
};
use crate::{
    layout::{Service, show},
    parts::{copy, csrf, field, head, problem, when},
    visit::{Page, Visit},
};

/// The services with passwords of their own.
const SERVICES: &[(&str, &str)] = &[
    ("codecommit.amazonaws.com", "AWS CodeCommit"),
    ("cassandra.amazonaws.com", "Amazon Keyspaces"),
    ("bedrock.amazonaws.com", "Amazon Bedrock"),
];

/// One of them, as all three are listed.
struct Row {
    id: String,
    about: String,
    status: String,
    since: Option<u64>,
}

/// The three kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Certificate,
    Ssh,
    Password,
}

impl Kind {
    const ALL: [Kind; 3] = [Kind::Ssh, Kind::Password, Kind::Certificate];

    /// Its word in addresses.
    fn word(self) -> &'static str {
        match self {
            Kind::Certificate => "certificate",
            Kind::Ssh => "ssh-key",
            Kind::Password => "service-password",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Kind::Certificate => "X.509 signing certificates",
            Kind::Ssh => "SSH public keys for AWS CodeCommit",
            Kind::Password => "Service-specific credentials",
        }
    }

    /// Root has certificates only.
    fn is_of(self, owner: Owner<'_>) -> bool {
        self == Kind::Certificate || owner.0.is_some()
    }

    fn list(self, visit: &Visit, owner: Owner<'_>) -> Result<Vec<Row>, Fault> {
        let user_name = owner.user_name();
        Ok(match self {
            Kind::Certificate => {
                let input = s::ListSigningCertificatesInput {
                    user_name,
                    ..Default::default()
                };
                let out = visit.read::<ListSigningCertificates>(input)?;
                let row = |found: s::SigningCertificate| Row {
                    id: found.certificate_id,
                    about: String::new(),
                    status: found.status,
                    since: found.upload_date.map(|at| at.0),
                };
                out.certificates.into_iter().map(row).collect()
            }
            Kind::Ssh => {
                let input = s::ListSSHPublicKeysInput {
                    user_name,
                    ..Default::default()
                };
                let out = visit.read::<ListSSHPublicKeys>(input)?;
                let row = |found: s::SSHPublicKeyMetadata| Row {
                    id: found.ssh_public_key_id,
                    about: String::new(),
                    status: found.status,
                    since: Some(found.upload_date.0),
                };
                out.ssh_public_keys.into_iter().map(row).collect()
            }
            Kind::Password => {
                let input = s::ListServiceSpecificCredentialsInput {
                    user_name,
                    ..Default::default()
                };
                let out = visit.read::<ListServiceSpecificCredentials>(input)?;
                let row = |found: s::ServiceSpecificCredentialMetadata| Row {
                    id: found.service_specific_credential_id,
                    about: format!(
                        "{} {}",
                        found.service_name,
                        found
                            .service_user_name
                            .or(found.service_credential_alias)
                            .unwrap_or_default()
                    ),
                    status: found.status,
                    since: Some(found.create_date.0),
                };
                out.service_specific_credentials
                    .into_iter()
                    .map(row)
                    .collect()
            }
        })
    }

    async fn set(
        self,
        visit: &Visit,
        owner: Owner<'_>,
        id: String,
        status: String,
    ) -> Result<(), Fault> {
        let user_name = owner.user_name();
        match self {
            Kind::Certificate => visit
                .change::<UpdateSigningCertificate>(s::UpdateSigningCertificateInput {
                    user_name,
                    certificate_id: id,
                    status,
                })
                .await
                .map(drop),
            Kind::Ssh => visit
                .change::<UpdateSSHPublicKey>(s::UpdateSSHPublicKeyInput {
                    user_name: user_name.unwrap_or_default(),
                    ssh_public_key_id: id,
                    status,
                })
                .await
                .map(drop),
            Kind::Password => visit
                .change::<UpdateServiceSpecificCredential>(
                    s::UpdateServiceSpecificCredentialInput {
                        user_name,
                        service_specific_credential_id: id,
                        status,
                    },
                )
                .await
                .map(drop),
        }
    }

    async fn delete(self, visit: &Visit, owner: Owner<'_>, id: String) -> Result<(), Fault> {
        let user_name = owner.user_name();
        match self {
            Kind::Certificate => visit
                .change::<DeleteSigningCertificate>(s::DeleteSigningCertificateInput {
                    user_name,
                    certificate_id: id,
                })
                .await
                .map(drop),
            Kind::Ssh => visit
                .change::<DeleteSSHPublicKey>(s::DeleteSSHPublicKeyInput {
                    user_name: user_name.unwrap_or_default(),
                    ssh_public_key_id: id,
                })
                .await
                .map(drop),
            Kind::Password => visit
                .change::<DeleteServiceSpecificCredential>(
                    s::DeleteServiceSpecificCredentialInput {
                        user_name,
                        service_specific_credential_id: id,
                    },
                )
                .await
                .map(drop),
        }
    }

    fn panel(self, visit: &Visit, owner: Owner<'_>) -> Markup {
        let path = visit.at(&owner.path());
        let rows = match self.list(visit, owner) {
            Ok(rows) => rows,
            Err(fault) => {
                return html! { section.panel { h2 { (self.title()) } (problem(visit, &fault)) } };
            }
        };
        html! {
            section.panel {
                h2 { (self.title()) " (" (rows.len()) ")" }
                @if !rows.is_empty() {
                    table { thead { tr { th { "ID" } th { "Status" } th { "Since" } th { "Actions" } } } tbody { @for row in &rows { tr {
                        td { (copy(&row.id)) @if !row.about.is_empty() { div.about { (row.about) } } }
                        td { (status(&row.status)) }
                        td { @if let Some(at) = row.since { (when(at)) } }
                        (actions(visit, &path, self.word(), &row.id, row.status == "Active"))
                    } } } }
                }
                details.edit { summary { (self.verb()) } form method="post" action={ (path) "/create-" (self.word()) } {
                    (csrf(visit)) (self.field()) button type="submit" { @if self == Kind::Password { "Generate" } @else { "Upload" } }
                } }
            }
        }
    }

    fn verb(self) -> &'static str {
        match self {
            Kind::Certificate => "Upload signing certificate",
            Kind::Ssh => "Upload SSH public key",
            Kind::Password => "Generate credentials",
        }
    }

    fn field(self) -> Markup {
        let id = self.word();
        let area = || html! { textarea id=(id) name="body" rows="4" spellcheck="false" {} };
        match self {
            Kind::Certificate => field(
                "Certificate",
                id,
                area(),
                "In PEM form, beginning with -----BEGIN CERTIFICATE-----",
                "",
            ),
            Kind::Ssh => field(
                "SSH public key",
                id,
                area(),
                "As in id_rsa.pub, beginning with ssh-rsa",
                "",
            ),
            Kind::Password => field(
                "Service",
                id,
                html! { select id=(id) name="body" { @for (value, name) in SERVICES { option value=(value) { (name) } } } },
                "",
                "",
            ),
        }
    }
}

/// The panels of the page with security credentials.
pub(crate) fn panels(visit: &Visit, owner: Owner<'_>) -> Markup {
    html! { @for kind in Kind::ALL { @if kind.is_of(owner) { (kind.panel(visit, owner)) } } }
}

/// Those of a user that go with it, as far as one may list them.
pub(crate) fn going(visit: &Visit, name: &str, going: &mut Going) {
    for kind in Kind::ALL {
        let rows = kind.list(visit, Owner(Some(name))).unwrap_or_default();
        let ids: Vec<String> = rows.into_iter().map(|row| row.id).collect();
        let (one, many) = match kind {
            Kind::Certificate => ("certificate is deleted", "certificates are deleted"),
            Kind::Ssh => ("SSH public key is deleted", "SSH public keys are deleted"),
            Kind::Password => (
                "service-specific credential is deleted",
                "service-specific credentials are deleted",
            ),
        };
        going.says(&ids, one, many);
    }
}

/// Deletes all of a user's, before the user can be. Whoever may not list them is told by DeleteUser if there are any.
pub(crate) async fn delete_all(visit: &Visit, name: &str) -> Result<(), Fault> {
    let owner = Owner(Some(name));
    for kind in Kind::ALL {
        for row in kind.list(visit, owner).unwrap_or_default() {
            kind.delete(visit, owner, row.id).await?;
        }
    }
    Ok(())
}

/// What was asked of one of them; none: it is about something else.
pub(crate) async fn act(visit: &Visit, owner: Owner<'_>, action: &str) -> Option<Page> {
    let kinds = Kind::ALL.into_iter();
    let id = visit.field("key").to_owned();
    for kind in kinds.filter(|kind| kind.is_of(owner)) {
        let word = kind.word();
        if action == format!("{word}-status") {
            let status = visit.field("status").to_owned();
            let text = format!("{id} is {}.", status.to_lowercase());
            let done = kind.set(visit, owner, id, status).await;
            return Some(done.map(|()| visit.done(&owner.back(), text)));
        }
        if action == format!("delete-{word}") {
            let text = format!("{id} is deleted.");
            let done = kind.delete(visit, owner, id).await;
            return Some(done.map(|()| visit.done(&owner.back(), text)));
        }
        if action == format!("create-{word}") {
            return Some(create(visit, owner, kind).await);
        }
    }
    None
}

async fn create(visit: &Visit, owner: Owner<'_>, kind: Kind) -> Page {
    let body = visit.form.get("body").replace("\r\n", "\n");
    let body = body.trim().to_owned();
    let text = match kind {
        Kind::Certificate => {
            visit
                .change::<UploadSigningCertificate>(s::UploadSigningCertificateInput {
                    user_name: owner.user_name(),
                    certificate_body: body,
                })
                .await?;
            "The certificate is uploaded."
        }
        Kind::Ssh => {
            visit
                .change::<UploadSSHPublicKey>(s::UploadSSHPublicKeyInput {
                    user_name: owner.user_name().unwrap_or_default(),
                    ssh_public_key_body: body,
                })
                .await?;
            "The key is uploaded."
        }
        Kind::Password => {
            let made = visit
                .change::<CreateServiceSpecificCredential>(
                    s::CreateServiceSpecificCredentialInput {
                        user_name: owner.user_name().unwrap_or_default(),
                        service_name: body,
                        credential_age_days: None,
                    },
                )
                .await?;
            let made = made.service_specific_credential.unwrap_or_default();
            return Ok(password_page(visit, owner, &made));
        }
    };
    Ok(visit.done(&owner.back(), text))
}

/// The one page that shows a service's password.
fn password_page(
    visit: &Visit,
    owner: Owner<'_>,
    made: &s::ServiceSpecificCredential,
) -> Response<Body> {
    let name = made.service_user_name.as_deref();
    let name = name.or(made.service_credential_alias.as_deref());
    let secret = made.service_password.as_deref();
    let secret = secret.or(made.service_credential_secret.as_deref());
    let main = html! {
        div.narrow {
            (head("Generate credentials", "", html! {}))
            p.flash.warn { "This is the only time that the password is shown. Keep it now." }
            section.panel {
                dl.facts {
                    dt { "Service" } dd { (made.service_name) }
                    dt { "User name" } dd { (copy(name.unwrap_or(""))) }
                    dt { "Password" } dd { (copy(secret.unwrap_or(""))) }
                }
                a.button.primary href=(visit.at(&owner.back())) { "Done" }
            }
        }
    };
    show(visit, Service::Iam, "Generate credentials", main)
}
