//! Where an issuer's keys come from: a file that the operator names, or the issuer itself, whose keys are remembered.

use std::{
    collections::HashMap,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;
use tokio::io::AsyncReadExt;
use twinlock_directory::Millis;
use twinlock_wire::fault::Fault;

use super::{
    fetch::{self, FetchError, Reach},
    jwks::{self, Key},
    jwt::{Unverified, invalid},
};

/// How long fetched keys are taken without asking again.
const FRESH_MS: Millis = 3_600_000;
/// How long nothing is asked again, also for a key id that is not there: a stranger's tokens must not make us knock.
const PAUSE_MS: Millis = 30_000;
/// Issuers whose keys are remembered.
const ISSUERS_MAX: usize = 512;
/// The largest document that is read, in bytes.
pub(super) const DOCUMENT_BYTES_MAX: usize = 256 * 1024;

/// What the operator says of one issuer.
#[derive(Debug, Clone, Default)]
pub struct Configured {
    /// `https://…`, as tokens name it; a final slash may be missing.
    pub issuer: String,
    /// Its keys; nothing is fetched then.
    pub jwks_file: Option<PathBuf>,
    /// Where its keys are, `https://…`; no discovery document is asked for then.
    pub jwks_url: Option<String>,
    /// Certificates in PEM of the authorities that may vouch for its server, besides the system's.
    pub ca_file: Option<PathBuf>,
}

/// All issuers' keys.
#[derive(Debug, Default)]
pub struct Issuers {
    configured: Vec<Configured>,
    /// Keys by issuer and the fingerprints that they were fetched under: what one account vouches for is no other's.
    remembered: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Remembered>>>>,
}

/// One issuer's keys, locked while they are fetched, so that nobody asks twice at a time.
#[derive(Debug, Default)]
struct Remembered {
    keys: Arc<Vec<Key>>,
    fetched: Option<Millis>,
    tried: Option<Millis>,
    failed: Option<FetchError>,
}

impl Issuers {
    /// With what the operator says.
    pub fn new(configured: Vec<Configured>) -> Self {
        Self {
            configured,
            remembered: Mutex::default(),
        }
    }

    /// The keys with which `token` may be verified, whose issuer is `issuer`.
    ///
    /// # Errors
    /// `InvalidIdentityToken` or `IDPCommunicationError`: they cannot be had.
    pub async fn keys(
        &self,
        issuer: &str,
        token: &Unverified,
        thumbprints: &[String],
        now: Millis,
    ) -> Result<Arc<Vec<Key>>, Fault> {
        let bare = issuer.trim_end_matches('/');
        let known = self
            .configured
            .iter()
            .find(|known| known.issuer.trim_end_matches('/') == bare);
        if let Some(file) = known.and_then(|known| known.jwks_file.as_ref()) {
            let keys = from_file(file).await.map_err(|why| {
                tracing::warn!(issuer, file = %file.display(), why, "an issuer's key file cannot be read");
                unavailable()
            })?;
            return Ok(Arc::new(keys));
        }
        let entry = self.entry(issuer, thumbprints)?;
        let mut entry = entry.lock().await;
        let age = |at: Option<Millis>| at.map(|at| now.saturating_sub(at));
        let usable =
            age(entry.fetched).is_some_and(|age| age < FRESH_MS) && token.has_key(&entry.keys);
        let paused = age(entry.tried).is_some_and(|age| age < PAUSE_MS);
        if !usable && !paused {
            entry.tried = Some(now);
            let jwks_url = known.and_then(|known| known.jwks_url.as_deref());
            let reach = Reach {
                // An operator who names an issuer knows where it stands.
                private_too: known.is_some(),
                ca_file: known.and_then(|known| known.ca_file.as_deref()),
                // Accounts vouch for the issuer's server, and for no other that the operator names.
                thumbprints: if jwks_url.is_some() { &[] } else { thumbprints },
                wait: fetch::WAIT,
            };
            match fetched(issuer, jwks_url, &reach).await {
                Ok(keys) => {
                    entry.keys = Arc::new(keys);
                    entry.fetched = Some(now);
                    entry.failed = None;
                }
                Err(error) => {
                    tracing::warn!(issuer, %error, "an issuer's keys cannot be fetched");
                    entry.failed = Some(error);
                }
            }
        }
        match (&entry.failed, entry.fetched) {
            // Keys that are older than the last failure are as good as they were, for as long as they are fresh.
            (_, Some(at)) if now.saturating_sub(at) < FRESH_MS => Ok(entry.keys.clone()),
            (Some(FetchError::Unreachable(_)), _) => Err(Fault::new(
                "IDPCommunicationError",
                400,
                "The identity provider could not be reached to verify the incoming identity token.",
            )),
            (Some(FetchError::Unproven(_)), _) => Err(invalid(
                "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint",
            )),
            _ => Err(unavailable()),
        }
    }

    fn entry(
        &self,
        issuer: &str,
        thumbprints: &[String],
    ) -> Result<Arc<tokio::sync::Mutex<Remembered>>, Fault> {
        let mut remembered = self
            .remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let name = format!("{issuer} {}", thumbprints.join(" "));
        if remembered.len() >= ISSUERS_MAX && !remembered.contains_key(&name) {
            // Keys can be fetched again; whoever waits for some keeps them.
            remembered.clear();
        }
        Ok(remembered.entry(name).or_default().clone())
    }
}

fn unavailable() -> Fault {
    invalid(
        "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements",
    )
}

async fn from_file(file: &std::path::Path) -> Result<Vec<Key>, &'static str> {
    let open = tokio::fs::File::open(file)
        .await
        .map_err(|_| "it cannot be opened")?;
    let mut json = Vec::new();
    let limit = u64::try_from(DOCUMENT_BYTES_MAX).unwrap_or(u64::MAX);
    open.take(limit + 1)
        .read_to_end(&mut json)
        .await
        .map_err(|_| "it cannot be read")?;
    if json.len() > DOCUMENT_BYTES_MAX {
        return Err("it is too large");
    }
    jwks::parse(&json)
}

/// The discovery document must be the issuer's own; it alone says where the keys are, unless the operator does.
async fn fetched(
    issuer: &str,
    jwks_url: Option<&str>,
    reach: &Reach<'_>,
) -> Result<Vec<Key>, FetchError> {
    if let Some(address) = jwks_url {
        return jwks::parse(&fetch::get(address, reach).await?).map_err(FetchError::from);
    }
    let issuer = issuer.trim_end_matches('/');
    let discovery = format!("{issuer}/.well-known/openid-configuration");
    let document: Value = serde_json::from_slice(&fetch::get(&discovery, reach).await?)
        .map_err(|_| FetchError::from("the discovery document is no JSON"))?;
    let text = |name: &str| document.get(name).and_then(Value::as_str);
    if text("issuer").map(|own| own.trim_end_matches('/')) != Some(issuer) {
        return Err("the discovery document is another issuer's".into());
    }
    let address =
        text("jwks_uri").ok_or(FetchError::from("the discovery document has no jwks_uri"))?;
    jwks::parse(&fetch::get(address, reach).await?).map_err(FetchError::from)
}
