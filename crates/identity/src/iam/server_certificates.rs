//! Certificates for HTTPS with their private keys. They are checked, kept and, but for the key, given back; none is served.

use std::sync::Arc;

use twinlock_directory::{Batch, Secret, ServerCertificate, ids, name_key, names_after};
use twinlock_gate::{
    Action, Change, Cx, Fault, Need, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;

use super::{
    certificates::{check_chain, check_key, parse},
    common::{
        Cursor, REQUEST_TAG, TAG_KEYS, arn_of, at, entity_already_exists, entity_need, in_path,
        list_need, merge_tags, new_tags, no_such, room_for_one, shown_tags, tags_if_any, with_tags,
    },
    tags::tag_operations,
};

const KIND: &str = "server-certificate";

type Found = Option<Arc<ServerCertificate>>;

fn find(cx: &Cx<'_>, name: &str) -> Found {
    cx.account().ok()?.server_certificate(name).cloned()
}

fn existing(found: Found, name: &str) -> Result<Arc<ServerCertificate>, Fault> {
    found.ok_or_else(|| {
        no_such(format!(
            "The Server Certificate with name {name} cannot be found."
        ))
    })
}

fn need(action: &Action, name: &str, found: &Found, cx: &Cx<'_>) -> Result<Need, Fault> {
    let account = cx.account_id()?;
    let certificate = found.as_deref();
    let arn = certificate.map_or_else(|| arn_of(account, KIND, name), ServerCertificate::arn);
    let tags = certificate.map_or(&[][..], |certificate| &certificate.tags);
    Ok(entity_need(action, account, arn, tags))
}

fn arn_at(path: &str, name: &str, cx: &Cx<'_>) -> Result<String, Fault> {
    Ok(format!(
        "arn:aws:iam::{}:{KIND}{path}{name}",
        cx.account_id()?
    ))
}

fn metadata(certificate: &ServerCertificate) -> shapes::ServerCertificateMetadata {
    shapes::ServerCertificateMetadata {
        path: certificate.path.clone(),
        server_certificate_name: certificate.name.clone(),
        server_certificate_id: certificate.id.clone(),
        arn: certificate.arn(),
        upload_date: Some(at(certificate.uploaded)),
        expiration: Some(at(certificate.expires)),
    }
}

/// An operation on one certificate by its name.
macro_rules! on_certificate {
    ($(#[$doc:meta])* $name:ident, $action:expr, $input:ident -> $output:ident) => {
        $(#[$doc])*
        pub struct $name;

        impl Operation for $name {
            type Input = shapes::$input;
            type Output = shapes::$output;
            type Found = Found;
            const NAME: &'static str = stringify!($name);
            const ACTIONS: &'static [Action] = &[$action];

            fn needs(input: &Self::Input, found: &Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
                let name = &input.server_certificate_name;
                Ok(Needs::one(need(&Self::ACTIONS[0], name, found, cx)?))
            }
        }
    };
}

const fn plain(name: &'static str) -> Action {
    Action::new(name, &[KIND], &[])
}

// ---- UploadServerCertificate ----

const UPLOAD: Action = Action::new(
    "iam:UploadServerCertificate",
    &[KIND],
    &[REQUEST_TAG, TAG_KEYS],
);

/// Keeps a certificate and its key, if they belong together and the chain is one.
pub struct UploadServerCertificate;

impl Operation for UploadServerCertificate {
    type Input = shapes::UploadServerCertificateInput;
    type Output = shapes::UploadServerCertificateOutput;
    type Found = Found;
    const NAME: &'static str = "UploadServerCertificate";
    const ACTIONS: &'static [Action] = &[UPLOAD, TagServerCertificate::ACTIONS[0]];

    fn needs(input: &Self::Input, _: &Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let path = input.path.as_deref().unwrap_or("/");
        let arn = arn_at(path, &input.server_certificate_name, cx)?;
        let account = cx.account_id()?;
        let tags = input.tags.as_deref().unwrap_or_default();
        let need = entity_need(&UPLOAD, account, arn, &[]);
        Ok(with_tags(need, &Self::ACTIONS[1], tags))
    }
}

impl Change for UploadServerCertificate {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Found {
        find(cx, &input.server_certificate_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let node = cx.account()?;
        if found.is_some() {
            let name = &input.server_certificate_name;
            return Err(entity_already_exists("The Server Certificate", name));
        }
        let parsed = parse(&input.certificate_body)?;
        parsed.valid_at(cx.now, "MalformedCertificate")?;
        check_key(&parsed, &input.private_key)?;
        if let Some(chain) = &input.certificate_chain {
            check_chain(&parsed, chain)?;
        }
        let mut tags = Vec::new();
        let new = new_tags(input.tags.as_deref().unwrap_or_default())?;
        merge_tags(cx, &mut tags, new, "TagsPerServerCertificate")?;
        let have = node.server_certificates.size();
        room_for_one(cx, have, "ServerCertificatesPerAccount")?;
        let certificate = ServerCertificate {
            account: node.account.id,
            id: ids::certificate_id(&*cx.world.random),
            name: input.server_certificate_name.clone(),
            path: input.path.clone().unwrap_or_else(|| "/".to_owned()),
            body: input.certificate_body.trim().to_owned(),
            chain: input
                .certificate_chain
                .as_deref()
                .map(|chain| chain.trim().to_owned()),
            private_key: Secret::new(input.private_key.as_str()).into(),
            uploaded: cx.now,
            expires: parsed.expires,
            tags,
        };
        let answer = shapes::UploadServerCertificateOutput {
            server_certificate_metadata: Some(metadata(&certificate)),
            tags: shown_tags(&certificate.tags),
        };
        batch.put(certificate);
        Ok(answer)
    }
}

// ---- GetServerCertificate ----

on_certificate! {
    /// Shows a certificate and its chain, never its key.
    GetServerCertificate, plain("iam:GetServerCertificate"),
    GetServerCertificateInput -> GetServerCertificateOutput
}

impl Read for GetServerCertificate {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Found {
        find(cx, &input.server_certificate_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Found,
        _: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let certificate = existing(found, &input.server_certificate_name)?;
        Ok(shapes::GetServerCertificateOutput {
            server_certificate: shapes::ServerCertificate {
                server_certificate_metadata: metadata(&certificate),
                certificate_body: certificate.body.clone(),
                certificate_chain: certificate.chain.clone(),
                tags: tags_if_any(&certificate.tags),
            },
        })
    }
}

// ---- ListServerCertificates ----

const LIST: Action = Action::new("iam:ListServerCertificates", &[], &[]);

/// Lists certificates by name, those of a path only if asked so.
pub struct ListServerCertificates;

impl Operation for ListServerCertificates {
    type Input = shapes::ListServerCertificatesInput;
    type Output = shapes::ListServerCertificatesOutput;
    type Found = ();
    const NAME: &'static str = "ListServerCertificates";
    const ACTIONS: &'static [Action] = &[LIST];

    fn needs(input: &Self::Input, (): &(), cx: &Cx<'_>) -> Result<Needs, Fault> {
        let shown = arn_at(input.path_prefix.as_deref().unwrap_or("/"), "", cx)?;
        Ok(Needs::one(list_need(&LIST, shown)))
    }
}

impl Read for ListServerCertificates {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (): (),
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        let certificates = names_after(&cx.account()?.server_certificates, cursor.after())
            .filter(|certificate| in_path(&certificate.path, input.path_prefix.as_deref()));
        let page = cursor.page(certificates, |certificate| name_key(&certificate.name));
        let page = page.map(|certificate| metadata(certificate));
        Ok(shapes::ListServerCertificatesOutput {
            is_truncated: page.is_truncated(),
            server_certificate_metadata_list: page.items,
            marker: page.marker,
        })
    }
}

// ---- UpdateServerCertificate ----

const UPDATE: Action = plain("iam:UpdateServerCertificate");

/// Gives a certificate another name, path or both; takes the permission on what it was and on what it becomes.
pub struct UpdateServerCertificate;

impl Operation for UpdateServerCertificate {
    type Input = shapes::UpdateServerCertificateInput;
    type Output = shapes::UpdateServerCertificateOutput;
    type Found = Found;
    const NAME: &'static str = "UpdateServerCertificate";
    const ACTIONS: &'static [Action] = &[UPDATE];

    fn needs(input: &Self::Input, found: &Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let old = input.server_certificate_name.as_str();
        let source = need(&UPDATE, old, found, cx)?;
        if input.new_path.is_none() && input.new_server_certificate_name.is_none() {
            return Ok(Needs::one(source));
        }
        let (old_path, old_name) = found.as_ref().map_or(("/", old), |certificate| {
            (certificate.path.as_str(), certificate.name.as_str())
        });
        let path = input.new_path.as_deref().unwrap_or(old_path);
        let name = input.new_server_certificate_name.as_deref();
        let tags = found
            .as_ref()
            .map_or(&[][..], |certificate| &certificate.tags);
        let arn = arn_at(path, name.unwrap_or(old_name), cx)?;
        let target = entity_need(&UPDATE, cx.account_id()?, arn, tags);
        Ok(Needs::all([source, target]))
    }
}

impl Change for UpdateServerCertificate {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Found {
        find(cx, &input.server_certificate_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let found = existing(found, &input.server_certificate_name)?;
        let mut certificate = ServerCertificate::clone(&found);
        if let Some(name) = &input.new_server_certificate_name {
            if find(cx, name).is_some_and(|other| other.id != certificate.id) {
                return Err(entity_already_exists("The Server Certificate", name));
            }
            certificate.name.clone_from(name);
        }
        if let Some(path) = &input.new_path {
            certificate.path.clone_from(path);
        }
        batch.put(certificate);
        Ok(shapes::UpdateServerCertificateOutput {})
    }
}

// ---- DeleteServerCertificate ----

on_certificate! {
    /// Deletes a certificate and its key.
    DeleteServerCertificate, plain("iam:DeleteServerCertificate"),
    DeleteServerCertificateInput -> DeleteServerCertificateOutput
}

impl Change for DeleteServerCertificate {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Found {
        find(cx, &input.server_certificate_name)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Found,
        (): &(),
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        batch.delete_row(existing(found, &input.server_certificate_name)?);
        Ok(shapes::DeleteServerCertificateOutput {})
    }
}

// ---- tags ----

tag_operations! {
    ServerCertificate, "server-certificate", server_certificate_name, find, need, existing;
    /// Puts tags on a certificate.
    TagServerCertificate, TagServerCertificateInput -> TagServerCertificateOutput;
    /// Takes tags from a certificate.
    UntagServerCertificate, UntagServerCertificateInput -> UntagServerCertificateOutput;
    /// Lists a certificate's tags by key.
    ListServerCertificateTags, ListServerCertificateTagsInput -> ListServerCertificateTagsOutput;
}

#[cfg(test)]
mod tests;
