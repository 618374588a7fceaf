//! SSH public keys of users. They are kept and given back in either encoding; there is no Git repository here to reach.

use base64::{Engine, engine::general_purpose::STANDARD};
use md5::{Digest, Md5};
use pkcs1::RsaPublicKeyRef;
use twinlock_directory::{Batch, SshPublicKey, User, ids};
use twinlock_gate::{Change, Cx, Fault, Permit, Read, nothing_to_prepare};
use twinlock_shapes::iam as shapes;
use x509_cert::{
    der::{Decode, DecodePem, Encode, EncodePem, asn1::BitString, asn1::UintRef, pem::LineEnding},
    spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned},
};

use super::{
    about_user::{about_user, active, status, take_out},
    common::{Cursor, Subject, at, no_such, room_for_one},
};

const SSH_RSA: &[u8] = b"ssh-rsa";
/// The shortest key taken, in bits.
const BITS_MIN: usize = 2048;
/// rsaEncryption, of PKCS #1.
const RSA_OID: &str = "1.2.840.113549.1.1.1";

/// An RSA public key, however it was written.
#[derive(Debug, PartialEq, Eq)]
struct Key {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

fn invalid() -> Fault {
    Fault::new(
        "InvalidPublicKey",
        400,
        "The SSH public key is invalid: an RSA key of at least 2048 bits is needed.",
    )
}

fn unrecognised() -> Fault {
    Fault::new(
        "UnrecognizedPublicKeyEncoding",
        400,
        "The public key encoding format is unsupported or unrecognized: use OpenSSH's one line that begins with ssh-rsa, or PEM.",
    )
}

impl Key {
    /// Reads OpenSSH's line, or PEM.
    ///
    /// # Errors
    /// `UnrecognizedPublicKeyEncoding`, or `InvalidPublicKey` for what is no RSA key or a short one.
    fn parse(text: &str) -> Result<Key, Fault> {
        let text = text.trim();
        let key = if text.starts_with("-----BEGIN PUBLIC KEY-----") {
            let info = SubjectPublicKeyInfoOwned::from_pem(text).map_err(|_| invalid())?;
            if info.algorithm.oid.to_string() != RSA_OID {
                return Err(invalid());
            }
            Key::from_pkcs1(info.subject_public_key.raw_bytes())?
        } else if text.starts_with("ssh-") || text.starts_with("ecdsa-") {
            let blob = text.split_ascii_whitespace().nth(1).ok_or_else(invalid)?;
            let blob = STANDARD.decode(blob).map_err(|_| invalid())?;
            Key::from_ssh(&blob).ok_or_else(invalid)?
        } else {
            return Err(unrecognised());
        };
        let bits = key.modulus.len() * 8
            - key
                .modulus
                .first()
                .map_or(8, |b| b.leading_zeros() as usize);
        if bits < BITS_MIN {
            return Err(invalid());
        }
        Ok(key)
    }

    fn from_pkcs1(der: &[u8]) -> Result<Key, Fault> {
        let key = RsaPublicKeyRef::from_der(der).map_err(|_| invalid())?;
        Ok(Key {
            modulus: key.modulus.as_bytes().to_vec(),
            exponent: key.public_exponent.as_bytes().to_vec(),
        })
    }

    /// RFC 4253, 6.6: the name, the exponent, the modulus, each with its length before it.
    fn from_ssh(blob: &[u8]) -> Option<Key> {
        let (name, rest) = field(blob)?;
        let (exponent, rest) = field(rest)?;
        let (modulus, rest) = field(rest)?;
        (name == SSH_RSA && rest.is_empty()).then(|| Key {
            modulus: unsigned(modulus),
            exponent: unsigned(exponent),
        })
    }

    fn ssh_blob(&self) -> Vec<u8> {
        let mut blob = Vec::new();
        let mut put = |bytes: &[u8]| {
            blob.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(0).to_be_bytes());
            blob.extend_from_slice(bytes);
        };
        put(SSH_RSA);
        put(&signed(&self.exponent));
        put(&signed(&self.modulus));
        blob
    }

    fn ssh_line(&self) -> String {
        format!("ssh-rsa {}", STANDARD.encode(self.ssh_blob()))
    }

    fn pem(&self) -> Option<String> {
        let key = RsaPublicKeyRef {
            modulus: UintRef::new(&self.modulus).ok()?,
            public_exponent: UintRef::new(&self.exponent).ok()?,
        };
        let info = SubjectPublicKeyInfoOwned {
            algorithm: AlgorithmIdentifierOwned {
                oid: RSA_OID.parse().ok()?,
                parameters: Some(x509_cert::der::Any::null()),
            },
            subject_public_key: BitString::from_bytes(&key.to_der().ok()?).ok()?,
        };
        info.to_pem(LineEnding::LF).ok()
    }

    /// MD5 of the blob, as `ssh-keygen -l -E md5` shows it.
    fn fingerprint(&self) -> String {
        let pairs: Vec<String> = Md5::digest(self.ssh_blob())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        pairs.join(":")
    }
}

fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

/// Without the zeros in front.
fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes[zeros..].to_vec()
}

/// With a zero in front where the first bit would read as a sign.
fn signed(bytes: &[u8]) -> Vec<u8> {
    match bytes.first() {
        Some(first) if first & 0x80 != 0 => [&[0], bytes].concat(),
        _ => bytes.to_vec(),
    }
}

fn no_such_key(id: &str) -> Fault {
    no_such(format!("The Public Key with id {id} cannot be found."))
}

fn shown(key: &SshPublicKey, user: &User, body: String) -> shapes::SSHPublicKey {
    shapes::SSHPublicKey {
        user_name: user.name.clone(),
        ssh_public_key_id: key.id.clone(),
        fingerprint: key.fingerprint.clone(),
        ssh_public_key_body: body,
        status: status(key.active),
        upload_date: Some(at(key.uploaded)),
    }
}

// ---- UploadSSHPublicKey ----

about_user! {
    /// Keeps a key.
    UploadSSHPublicKey, "iam:UploadSSHPublicKey", UploadSSHPublicKeyInput -> UploadSSHPublicKeyOutput
}

impl Change for UploadSSHPublicKey {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Subject::find(Some(&input.user_name), cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut user = User::clone(&*found.user_only()?);
        let parsed = Key::parse(&input.ssh_public_key_body)?;
        let fingerprint = parsed.fingerprint();
        let keys = &user.other_credentials.ssh_public_keys;
        if keys.iter().any(|key| key.fingerprint == fingerprint) {
            return Err(Fault::new(
                "DuplicateSSHPublicKey",
                400,
                "The SSH public key is already associated with the specified IAM user.",
            ));
        }
        room_for_one(cx, keys.len(), "SSHPublicKeysPerUser")?;
        let key = SshPublicKey {
            id: ids::ssh_public_key_id(&*cx.world.random),
            body: input.ssh_public_key_body.trim().to_owned(),
            fingerprint,
            active: true,
            uploaded: cx.now,
        };
        let answer = shown(&key, &user, key.body.clone());
        user.other_credentials.ssh_public_keys.push(key);
        batch.put(user);
        Ok(shapes::UploadSSHPublicKeyOutput {
            ssh_public_key: Some(answer),
        })
    }
}

// ---- GetSSHPublicKey ----

about_user! {
    /// Shows a key in OpenSSH's encoding or in PEM.
    GetSSHPublicKey, "iam:GetSSHPublicKey", GetSSHPublicKeyInput -> GetSSHPublicKeyOutput
}

impl Read for GetSSHPublicKey {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Subject::find(Some(&input.user_name), cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        _: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let user = found.user_only()?;
        let id = &input.ssh_public_key_id;
        let keys = &user.other_credentials.ssh_public_keys;
        let key = keys.iter().find(|key| key.id == *id);
        let key = key.ok_or_else(|| no_such_key(id))?;
        let parsed = Key::parse(&key.body)?;
        let body = match (input.encoding.as_str(), key.body.starts_with("ssh-")) {
            // As it was uploaded, comment and all.
            ("SSH", true) | ("PEM", false) => key.body.clone(),
            ("SSH", false) => parsed.ssh_line(),
            ("PEM", true) => parsed.pem().ok_or_else(Fault::internal)?,
            _ => return Err(unrecognised()),
        };
        Ok(shapes::GetSSHPublicKeyOutput {
            ssh_public_key: Some(shown(key, &user, body)),
        })
    }
}

// ---- ListSSHPublicKeys ----

about_user! {
    /// Lists a user's keys without their bodies.
    ListSSHPublicKeys, "iam:ListSSHPublicKeys", ListSSHPublicKeysInput -> ListSSHPublicKeysOutput
}

impl Read for ListSSHPublicKeys {
    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Subject::find(input.user_name.as_deref(), cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        _: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        // Root has none, and is told so.
        let user = found.user()?;
        let mut keys: Vec<&SshPublicKey> = user
            .iter()
            .flat_map(|user| &user.other_credentials.ssh_public_keys)
            .collect();
        keys.sort_by(|a, b| a.id.cmp(&b.id));
        let page = cursor.page(keys, |key| key.id.clone());
        let page = page.map(|key| shapes::SSHPublicKeyMetadata {
            user_name: user
                .as_ref()
                .map(|user| user.name.clone())
                .unwrap_or_default(),
            ssh_public_key_id: key.id.clone(),
            status: status(key.active),
            upload_date: at(key.uploaded),
        });
        Ok(shapes::ListSSHPublicKeysOutput {
            is_truncated: page.is_truncated(),
            ssh_public_keys: page.items,
            marker: page.marker,
        })
    }
}

// ---- UpdateSSHPublicKey ----

about_user! {
    /// Makes a key usable or not.
    UpdateSSHPublicKey, "iam:UpdateSSHPublicKey", UpdateSSHPublicKeyInput -> UpdateSSHPublicKeyOutput
}

impl Change for UpdateSSHPublicKey {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Subject::find(Some(&input.user_name), cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let active = active(&input.status)?;
        let mut user = User::clone(&*found.user_only()?);
        let id = &input.ssh_public_key_id;
        let keys = &mut user.other_credentials.ssh_public_keys;
        let key = keys.iter_mut().find(|key| key.id == *id);
        key.ok_or_else(|| no_such_key(id))?.active = active;
        batch.put(user);
        Ok(shapes::UpdateSSHPublicKeyOutput {})
    }
}

// ---- DeleteSSHPublicKey ----

about_user! {
    /// Deletes a key.
    DeleteSSHPublicKey, "iam:DeleteSSHPublicKey", DeleteSSHPublicKeyInput -> DeleteSSHPublicKeyOutput
}

impl Change for DeleteSSHPublicKey {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Subject::find(Some(&input.user_name), cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        _: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let mut user = User::clone(&*found.user_only()?);
        let id = &input.ssh_public_key_id;
        let keys = &mut user.other_credentials.ssh_public_keys;
        take_out(keys, |key| key.id == *id, || no_such_key(id))?;
        batch.put(user);
        Ok(shapes::DeleteSSHPublicKeyOutput {})
    }
}

#[cfg(test)]
mod tests;
