//! X.509 certificates of users and of root. They are kept and given back; nothing here is signed with them.

use twinlock_directory::{Account, Batch, SigningCertificate, User, ids};
use twinlock_gate::{Change, Cx, Fault, Permit, Read, nothing_to_prepare};
use twinlock_shapes::iam as shapes;

use super::{
    about_user::{about_user, active, status},
    certificates::{parse, same},
    common::{Cursor, Subject, at, no_such, room_for_one},
};

/// How a root user is named, who has no name.
const ROOT_NAME: &str = "root";

/// Whose certificates an operation is about, to be changed and put back.
enum Owner {
    User(User),
    Root(Account),
}

impl Owner {
    fn of(found: Subject, cx: &Cx<'_>) -> Result<Owner, Fault> {
        Ok(match found.user()? {
            Some(user) => Owner::User(User::clone(&user)),
            None => Owner::Root(Account::clone(&cx.account()?.account)),
        })
    }

    fn name(&self) -> &str {
        match self {
            Owner::User(user) => &user.name,
            Owner::Root(_) => ROOT_NAME,
        }
    }

    fn certificates(&mut self) -> &mut Vec<SigningCertificate> {
        match self {
            Owner::User(user) => &mut user.other_credentials.signing_certificates,
            Owner::Root(account) => &mut account.root.signing_certificates,
        }
    }

    fn put(self, batch: &mut Batch) {
        match self {
            Owner::User(user) => batch.put(user),
            Owner::Root(account) => batch.put(account),
        }
    }
}

fn no_such_certificate(id: &str) -> Fault {
    no_such(format!("The Certificate with id {id} cannot be found."))
}

fn shown(certificate: &SigningCertificate, user_name: &str) -> shapes::SigningCertificate {
    shapes::SigningCertificate {
        user_name: user_name.to_owned(),
        certificate_id: certificate.id.clone(),
        certificate_body: certificate.body.clone(),
        status: status(certificate.active),
        upload_date: Some(at(certificate.uploaded)),
    }
}

// ---- UploadSigningCertificate ----

about_user! {
    /// Keeps a certificate, if it can be read, is valid and nobody in the account has it.
    UploadSigningCertificate, "iam:UploadSigningCertificate",
    UploadSigningCertificateInput -> UploadSigningCertificateOutput
}

impl Change for UploadSigningCertificate {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Subject::find(input.user_name.as_deref(), cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut owner = Owner::of(found, cx)?;
        parse(&input.certificate_body)?.valid_at(cx.now, "InvalidCertificate")?;
        let node = cx.account()?;
        let users = node.users.values();
        let mut known = users
            .flat_map(|user| &user.other_credentials.signing_certificates)
            .chain(&node.account.root.signing_certificates);
        if known.any(|known| same(&known.body, &input.certificate_body)) {
            return Err(Fault::new(
                "DuplicateCertificate",
                409,
                "The certificate is already associated with a user in this account.",
            ));
        }
        room_for_one(cx, owner.certificates().len(), "SigningCertificatesPerUser")?;
        let certificate = SigningCertificate {
            id: ids::signing_certificate_id(&*cx.world.random),
            body: input.certificate_body.clone(),
            active: true,
            uploaded: cx.now,
        };
        let answer = shown(&certificate, owner.name());
        owner.certificates().push(certificate);
        owner.put(batch);
        Ok(shapes::UploadSigningCertificateOutput {
            certificate: answer,
        })
    }
}

// ---- ListSigningCertificates ----

about_user! {
    /// Lists certificates, bodies and all.
    ListSigningCertificates, "iam:ListSigningCertificates",
    ListSigningCertificatesInput -> ListSigningCertificatesOutput
}

impl Read for ListSigningCertificates {
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
        let mut owner = Owner::of(found, cx)?;
        let name = owner.name().to_owned();
        owner.certificates().sort_by(|a, b| a.id.cmp(&b.id));
        let page = cursor.page(owner.certificates().iter(), |one| one.id.clone());
        let page = page.map(|certificate| shown(certificate, &name));
        Ok(shapes::ListSigningCertificatesOutput {
            is_truncated: page.is_truncated(),
            certificates: page.items,
            marker: page.marker,
        })
    }
}

// ---- UpdateSigningCertificate ----

about_user! {
    /// Makes a certificate usable or not.
    UpdateSigningCertificate, "iam:UpdateSigningCertificate",
    UpdateSigningCertificateInput -> UpdateSigningCertificateOutput
}

impl Change for UpdateSigningCertificate {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Subject::find(input.user_name.as_deref(), cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let active = active(&input.status)?;
        let mut owner = Owner::of(found, cx)?;
        let id = &input.certificate_id;
        let certificate = owner.certificates().iter_mut().find(|one| one.id == *id);
        certificate.ok_or_else(|| no_such_certificate(id))?.active = active;
        owner.put(batch);
        Ok(shapes::UpdateSigningCertificateOutput {})
    }
}

// ---- DeleteSigningCertificate ----

about_user! {
    /// Deletes a certificate.
    DeleteSigningCertificate, "iam:DeleteSigningCertificate",
    DeleteSigningCertificateInput -> DeleteSigningCertificateOutput
}

impl Change for DeleteSigningCertificate {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Subject::find(input.user_name.as_deref(), cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut owner = Owner::of(found, cx)?;
        let id = &input.certificate_id;
        let before = owner.certificates().len();
        owner.certificates().retain(|one| one.id != *id);
        if owner.certificates().len() == before {
            return Err(no_such_certificate(id));
        }
        owner.put(batch);
        Ok(shapes::DeleteSigningCertificateOutput {})
    }
}

#[cfg(test)]
mod tests;
