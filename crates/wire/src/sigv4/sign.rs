//! Signing, for our own commands and for tests.

use http::{HeaderName, HeaderValue, Uri, request::Parts};
use sha2::{Digest as _, Sha256};

use super::{
    ALGORITHM, Claim, PayloadHash, SigningKey, Source, TERMINATOR, canonical, signs_as_s3,
};
use crate::signature::{moment, percent};

/// What to say of the body when signing.
#[derive(Debug, Clone, Copy)]
pub enum Payload<'a> {
    /// The body itself.
    Bytes(&'a [u8]),
    /// What to declare.
    Declared(PayloadHash),
}

/// Credentials and the scope to sign for.
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    /// The access key id.
    pub access_key_id: &'a str,
    /// Its secret.
    pub secret_access_key: &'a str,
    /// The token of temporary credentials.
    pub session_token: Option<&'a str>,
    /// `us-east-1` …
    pub region: &'a str,
    /// `iam`, `s3` …
    pub service: &'a str,
}

impl std::fmt::Debug for Signer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.access_key_id)
    }
}

/// Headers that proxies and HTTP libraries change; signing them would break requests.
const NEVER_SIGNED: &[&str] = &[
    "authorization",
    "connection",
    "expect",
    "transfer-encoding",
    "user-agent",
    "x-amzn-trace-id",
];

impl Signer<'_> {
    /// Signs in the Authorization header: adds `host` (from the target's authority, if there is none), `x-amz-date`,
    /// the token, for S3 `x-amz-content-sha256`, and `authorization`. All headers are signed but those that travel badly.
    /// The claim is what the request now says; a chunked body goes on from its signature.
    ///
    /// # Errors
    /// When a value cannot be a header's.
    pub fn sign(
        &self,
        parts: &mut Parts,
        payload: Payload<'_>,
        now_ms: u64,
    ) -> Result<Claim, http::Error> {
        let s3 = signs_as_s3(self.service);
        add_host(parts)?;
        put(parts, "x-amz-date", &moment::basic(now_ms))?;
        if let Some(token) = self.session_token {
            put(parts, "x-amz-security-token", token)?;
        }
        let (declared, text) = resolve(payload);
        if s3 {
            put(parts, "x-amz-content-sha256", &text)?;
        }
        let mut names: Vec<String> = parts
            .headers
            .keys()
            .map(|name| name.as_str().to_owned())
            .filter(|name| !NEVER_SIGNED.contains(&name.as_str()))
            .collect();
        names.sort_unstable();
        let mut claim = self.claim(Source::Header, names, now_ms, None, declared);
        claim.signature = self.signature(&claim, parts, &text);
        let header = format!(
            "{ALGORITHM} Credential={}/{}, SignedHeaders={}, Signature={}",
            self.access_key_id,
            claim.scope(),
            claim.signed_headers.join(";"),
            claim.signature
        );
        put(parts, "authorization", &header)?;
        Ok(claim)
    }

    /// Presigns: the signature goes into the query, valid for `expires_seconds`. Signed are `host` and all `x-amz-*`,
    /// `content-type` and `content-md5` headers that are there, which whoever uses the address must then send.
    ///
    /// # Errors
    /// When the result is no address.
    pub fn presign(
        &self,
        parts: &mut Parts,
        expires_seconds: u64,
        now_ms: u64,
    ) -> Result<Claim, http::Error> {
        add_host(parts)?;
        let mut names: Vec<String> = parts
            .headers
            .keys()
            .map(|name| name.as_str().to_owned())
            .filter(|name| {
                name.starts_with("x-amz-")
                    || matches!(name.as_str(), "host" | "content-type" | "content-md5")
            })
            .collect();
        names.sort_unstable();
        let (payload, text) = if signs_as_s3(self.service) {
            (PayloadHash::Unsigned, "UNSIGNED-PAYLOAD".to_owned())
        } else {
            (PayloadHash::OfBody, hex::encode(Sha256::digest(b"")))
        };
        let mut claim = self.claim(Source::Query, names, now_ms, Some(expires_seconds), payload);
        let credential = format!("{}/{}", self.access_key_id, claim.scope());
        let (date, expires) = (moment::basic(now_ms), expires_seconds.to_string());
        let signed = claim.signed_headers.join(";");
        let mut query = parts.uri.query().unwrap_or_default().to_owned();
        let own = [
            ("X-Amz-Algorithm", Some(ALGORITHM)),
            ("X-Amz-Credential", Some(credential.as_str())),
            ("X-Amz-Date", Some(date.as_str())),
            ("X-Amz-Expires", Some(expires.as_str())),
            ("X-Amz-Security-Token", self.session_token),
            ("X-Amz-SignedHeaders", Some(signed.as_str())),
        ];
        for (name, value) in own {
            if let Some(value) = value {
                add_pair(&mut query, name, value);
            }
        }
        set_query(parts, &query)?;
        claim.signature = self.signature(&claim, parts, &text);
        add_pair(&mut query, "X-Amz-Signature", &claim.signature);
        set_query(parts, &query)?;
        Ok(claim)
    }

    /// The signing key of a claim's day.
    pub fn key(&self, claim: &Claim) -> SigningKey {
        SigningKey::derive(
            self.secret_access_key,
            &claim.date,
            self.region,
            self.service,
        )
    }

    /// The `X-Amz-Credential` of a POST form signed at `now_ms`.
    pub fn credential(&self, now_ms: u64) -> String {
        let date = moment::basic(now_ms);
        format!(
            "{}/{}/{}/{}/{TERMINATOR}",
            self.access_key_id,
            date.get(..8).unwrap_or_default(),
            self.region,
            self.service
        )
    }

    /// The `x-amz-signature` of a POST form signed at `now_ms` over its policy, JSON in base64.
    pub fn sign_policy(&self, policy_base64: &str, now_ms: u64) -> String {
        let date = moment::basic(now_ms);
        let day = date.get(..8).unwrap_or_default();
        let key = SigningKey::derive(self.secret_access_key, day, self.region, self.service);
        hex::encode(key.sign(policy_base64.as_bytes()))
    }

    fn claim(
        &self,
        source: Source,
        signed_headers: Vec<String>,
        now_ms: u64,
        expires_seconds: Option<u64>,
        payload: PayloadHash,
    ) -> Claim {
        Claim {
            source,
            access_key_id: self.access_key_id.to_owned(),
            date: moment::basic(now_ms)
                .get(..8)
                .unwrap_or_default()
                .to_owned(),
            region: self.region.to_owned(),
            service: self.service.to_owned(),
            signed_headers,
            signature: String::new(),
            timestamp_ms: now_ms,
            expires_seconds,
            session_token: self.session_token.map(str::to_owned),
            payload,
        }
    }

    fn signature(&self, claim: &Claim, parts: &Parts, payload: &str) -> String {
        let canonical = canonical::request(parts, claim, payload);
        let text = canonical::string_to_sign(claim, &canonical);
        hex::encode(self.key(claim).sign(text.as_bytes()))
    }
}

fn resolve(payload: Payload<'_>) -> (PayloadHash, String) {
    match payload {
        Payload::Bytes(bytes) => {
            let hash: [u8; 32] = Sha256::digest(bytes).into();
            (PayloadHash::Sha256(hash), hex::encode(hash))
        }
        Payload::Declared(declared) => {
            let text = declared
                .declared()
                .unwrap_or_else(|| hex::encode(Sha256::digest(b"")));
            (declared, text)
        }
    }
}

pub(crate) fn put(parts: &mut Parts, name: &'static str, value: &str) -> Result<(), http::Error> {
    parts
        .headers
        .insert(HeaderName::from_static(name), HeaderValue::from_str(value)?);
    Ok(())
}

fn add_host(parts: &mut Parts) -> Result<(), http::Error> {
    if let (false, Some(host)) = (
        parts.headers.contains_key("host"),
        parts.uri.authority().map(ToString::to_string),
    ) {
        put(parts, "host", &host)?;
    }
    Ok(())
}

pub(crate) fn add_pair(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(name);
    query.push('=');
    query.push_str(&percent::encode(value.as_bytes(), false));
}

pub(crate) fn set_query(parts: &mut Parts, query: &str) -> Result<(), http::Error> {
    let mut target = parts.uri.clone().into_parts();
    target.path_and_query = Some(format!("{}?{query}", parts.uri.path()).parse()?);
    parts.uri = Uri::from_parts(target)?;
    Ok(())
}
