//! X.509 certificates of users and of root. They are kept and given back; nothing here is signed with them.

use twinlock_directory::{Batch, SigningCertificate, ids};
use twinlock_gate::{Change, Cx, Fault, Permit, Read, nothing_to_prepare};
use twinlock_shapes::iam as shapes;

use super::{
    about_user::{Owner, about_user, active, status, take_out},
    certificates::{parse, same},
    common::{Cursor, Subject, at, no_such, room_for_one},
};

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
        room_for_one(
            cx,
            owner.signing_certificates().len(),
            "SigningCertificatesPerUser",
        )?;
        let certificate = SigningCertificate {
            id: ids::signing_certificate_id(&*cx.world.random),
            body: input.certificate_body.clone(),
            active: true,
            uploaded: cx.now,
        };
        let answer = shown(&certificate, owner.name());
        owner.signing_certificates().push(certificate);
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
        owner.signing_certificates().sort_by(|a, b| a.id.cmp(&b.id));
        let page = cursor.page(owner.signing_certificates().iter(), |one| one.id.clone());
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
        let certificate = owner
            .signing_certificates()
            .iter_mut()
            .find(|one| one.id == *id);
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
        let missing = || no_such_certificate(id);
        take_out(owner.signing_certificates(), |one| one.id == *id, missing)?;
        owner.put(batch);
        Ok(shapes::DeleteSigningCertificateOutput {})
    }
}

#[cfg(test)]
mod tests;
