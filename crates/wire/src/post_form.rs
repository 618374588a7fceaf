//! S3's POST object: a browser form (`multipart/form-data`) that carries its own signature and policy.
//!
//! The way through: [`read`] takes the fields before the file, bounded, and leaves the file as a stream;
//! [`Fields::present`] says who claims to have signed; [`Fields::verify_v4`] or [`Fields::verify_v2`] proves it over the
//! policy's text; [`Policy::parse`] and [`Policy::check`] hold the form against the policy, field by field; and
//! [`FileStream::limit`] holds the file against its `content-length-range`. Only the file's end says that all held.

use http::Uri;

mod error;
mod multipart;
mod policy;
#[cfg(test)]
mod tests;

pub use error::FormError;
pub use multipart::{FileStream, FormFile, PostForm, read};
pub use policy::Policy;

use crate::{
    signature::{Mismatch, Presented, SignatureError, access_key_id, moment, session_token},
    sigv2,
    sigv4::{self, ALGORITHM, PayloadHash, SigningKey, Source, same_signature},
};

/// All that may come before the file, in bytes: fields and their headers. AWS's own limit.
pub const FIELDS_BYTES_MAX: usize = 20 * 1024;
/// How many fields may come before the file.
pub const FIELDS_MAX: usize = 256;

/// The form's fields before the file, in order. Names are compared without regard to case and occur once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// A field's value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// All fields in the order of the form, names as written.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Appends a field.
    ///
    /// # Errors
    /// [`FormError::FieldRepeated`], or `TooMuchBeforeFile` for too many.
    pub fn push(&mut self, name: String, value: String) -> Result<(), FormError> {
        if self.get(&name).is_some() {
            return Err(FormError::FieldRepeated(name));
        }
        if self.0.len() >= FIELDS_MAX {
            return Err(FormError::TooMuchBeforeFile);
        }
        self.0.push((name, value));
        Ok(())
    }

    /// The object's key: the field `key`, with `${filename}` replaced by the file's name without its folders.
    ///
    /// # Errors
    /// [`FormError::FieldMissing`] when there is no key, or an empty one.
    pub fn key(&self, file_name: Option<&str>) -> Result<String, FormError> {
        let name = file_name.unwrap_or_default();
        // Old browsers send the whole path of the user's machine.
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
        match self.get("key").map(|key| key.replace("${filename}", name)) {
            Some(key) if !key.is_empty() => Ok(key),
            _ => Err(FormError::FieldMissing("key")),
        }
    }

    /// Who claims to have signed the form; nobody, if it has neither policy nor signature.
    ///
    /// # Errors
    /// Fields missing or ill-formed, or signatures of both versions.
    pub fn present(&self) -> Result<Presented, FormError> {
        const V4: [&str; 4] = [
            "x-amz-algorithm",
            "x-amz-credential",
            "x-amz-date",
            "x-amz-signature",
        ];
        let v4 = V4.iter().any(|name| self.get(name).is_some());
        let v2 = self.get("AWSAccessKeyId").is_some() || self.get("signature").is_some();
        if v4 && v2 {
            return Err(SignatureError::SeveralMechanisms.into());
        }
        if !v4 && !v2 {
            return match self.get("policy") {
                None => Ok(Presented::Nothing),
                Some(_) => Err(FormError::FieldMissing("AWSAccessKeyId")),
            };
        }
        self.required("policy")?;
        let token = self
            .get("x-amz-security-token")
            .map(session_token)
            .transpose()?;
        if v2 {
            let id = access_key_id(self.required("AWSAccessKeyId")?)
                .ok_or_else(|| SignatureError::MalformedComponent("AWSAccessKeyId".to_owned()))?;
            return Ok(Presented::V2(Box::new(sigv2::Claim {
                source: Source::Form,
                access_key_id: id,
                signature: self.required("signature")?.to_owned(),
                timestamp_ms: None,
                expires_s: None,
                session_token: token,
            })));
        }
        let algorithm = self.required("x-amz-algorithm")?;
        if algorithm != ALGORITHM {
            let given = algorithm.chars().take(64).collect();
            return Err(SignatureError::UnsupportedAlgorithm(given).into());
        }
        let scope = sigv4::scope(self.required("x-amz-credential")?, true)?;
        let date = self.required("x-amz-date")?;
        let timestamp_ms = moment::parse_basic(date)
            .ok_or_else(|| SignatureError::DateMalformed(date.chars().take(64).collect()))?;
        if date.get(..8) != Some(scope.date.as_str()) {
            return Err(SignatureError::DateMismatch {
                scope: scope.date,
                timestamp: date.to_owned(),
            }
            .into());
        }
        let claim = sigv4::Claim {
            source: Source::Form,
            access_key_id: scope.access_key_id,
            date: scope.date,
            region: scope.region,
            service: scope.service,
            signed_headers: Vec::new(),
            signature: self.required("x-amz-signature")?.to_owned(),
            timestamp_ms,
            expires_seconds: None,
            session_token: token,
            payload: PayloadHash::Unsigned,
        };
        claim.expect_service("s3")?;
        Ok(Presented::V4(Box::new(claim)))
    }

    /// Verifies a version 4 claim of this form: the signature is over the policy's base64 text.
    ///
    /// # Errors
    /// [`SignatureError::Mismatch`].
    pub fn verify_v4(&self, claim: &sigv4::Claim, key: &SigningKey) -> Result<(), FormError> {
        let policy = self.required("policy")?;
        if same_signature(&key.sign(policy.as_bytes()), &claim.signature) {
            return Ok(());
        }
        Err(mismatch(&claim.access_key_id, policy, &claim.signature))
    }

    /// Verifies a version 2 claim of this form.
    ///
    /// # Errors
    /// [`SignatureError::Mismatch`].
    pub fn verify_v2(
        &self,
        claim: &sigv2::Claim,
        secret_access_key: &str,
    ) -> Result<(), FormError> {
        let policy = self.required("policy")?;
        if sigv2::same_signature(secret_access_key, policy.as_bytes(), &claim.signature) {
            return Ok(());
        }
        Err(mismatch(&claim.access_key_id, policy, &claim.signature))
    }

    /// Where a browser is sent after success (`success_action_redirect`, or the old `redirect`), if it is an http address.
    pub fn redirect(&self) -> Option<Uri> {
        let given = self
            .get("success_action_redirect")
            .or_else(|| self.get("redirect"))?;
        let uri: Uri = given.parse().ok()?;
        let web = matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some();
        web.then_some(uri)
    }

    fn required(&self, name: &'static str) -> Result<&str, FormError> {
        self.get(name)
            .filter(|value| !value.is_empty())
            .ok_or(FormError::FieldMissing(name))
    }
}

fn mismatch(access_key_id: &str, policy: &str, signature: &str) -> FormError {
    FormError::Signature(SignatureError::Mismatch(Box::new(Mismatch {
        access_key_id: access_key_id.to_owned(),
        string_to_sign: policy.to_owned(),
        canonical_request: String::new(),
        signature_provided: signature.to_owned(),
    })))
}
