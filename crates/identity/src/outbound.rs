//! An account's own issuer of web identity tokens: its keys, and the two documents by which others verify what it signs.
//!
//! The issuer is kept with the account, its private keys sealed under the master key. Its address is
//! `PUBLIC_URL/web-identity/ACCOUNT/ID`; the door serves the documents below it to anybody.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use twinlock_directory::{Account, AccountId, Directory, ids};
use twinlock_gate::{
    Fault, World,
    proof::{jwks::Algorithm, keypair::KeyPair},
};

/// Under which name an account keeps it.
const SETTING: &str = "outbound-web-identity";
/// What the addresses of all issuers begin with, after the server's own.
pub const PATH: &str = "/web-identity/";
/// What tokens are signed by.
const ALGORITHMS: [Algorithm; 2] = [Algorithm::Rs256, Algorithm::Es384];

/// A key pair that was made before anybody knew whose it is.
pub type NewKey = KeyPair;

/// One key pair of each algorithm.
///
/// # Errors
/// No randomness.
pub fn new_keys() -> Result<Vec<NewKey>, Fault> {
    ALGORITHMS
        .into_iter()
        .map(|algorithm| KeyPair::generate(algorithm).map_err(|_| Fault::internal()))
        .collect()
}

/// The issuer of one account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Issuer {
    /// Random, and for ever the account's.
    id: String,
    /// Whether it signs, and publishes its keys.
    pub enabled: bool,
    keys: Vec<StoredKey>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct StoredKey {
    id: String,
    algorithm: String,
    /// The public key.
    jwk: Value,
    /// The private one: PKCS#8, sealed, in base64.
    sealed: String,
}

/// What a private key is sealed for; it opens nowhere else.
fn place(account: AccountId, key: &str) -> Vec<u8> {
    format!("{SETTING}/{account}/{key}").into_bytes()
}

impl Issuer {
    /// The account's, if it ever had one.
    pub fn of(account: &Account) -> Option<Issuer> {
        serde_json::from_str(account.settings.get(SETTING)?).ok()
    }

    /// A new one with these keys.
    ///
    /// # Errors
    /// The keys cannot be sealed.
    pub fn new(account: AccountId, keys: &[NewKey], world: &World) -> Result<Issuer, Fault> {
        let stored = |pair: &NewKey| -> Result<StoredKey, Fault> {
            let id = ids::provider_id(&*world.random);
            let sealed = world
                .directory
                .sealer()
                .seal(pair.pkcs8(), &place(account, &id))
                .map_err(|_| Fault::internal())?;
            Ok(StoredKey {
                jwk: pair.jwk(&id).map_err(|_| Fault::internal())?,
                algorithm: pair.algorithm().name().to_owned(),
                sealed: STANDARD.encode(sealed),
                id,
            })
        };
        Ok(Issuer {
            id: ids::provider_id(&*world.random),
            enabled: true,
            keys: keys.iter().map(stored).collect::<Result<_, _>>()?,
        })
    }

    /// Keeps it with the account.
    pub fn put_into(&self, account: &mut Account) {
        // INVARIANT: text and JSON always serialise.
        let text = serde_json::to_string(self).unwrap_or_default();
        account.settings.insert(SETTING.to_owned(), text);
    }

    /// `iss` of its tokens.
    pub fn url(&self, account: AccountId, world: &World) -> String {
        format!("{}{PATH}{account}/{}", world.settings.public_url, self.id)
    }

    /// A token of these claims.
    ///
    /// # Errors
    /// There is no key of this algorithm, or it does not open.
    pub(crate) fn sign(
        &self,
        account: AccountId,
        algorithm: &str,
        claims: &Value,
        world: &World,
    ) -> Result<String, Fault> {
        let key = self
            .keys
            .iter()
            .find(|key| key.algorithm == algorithm)
            .ok_or_else(Fault::internal)?;
        let named = Algorithm::named(algorithm).ok_or_else(Fault::internal)?;
        let sealed = STANDARD
            .decode(&key.sealed)
            .map_err(|_| Fault::internal())?;
        let pkcs8 = world
            .directory
            .sealer()
            .open(&sealed, &place(account, &key.id))
            .map_err(|_| Fault::internal())?;
        KeyPair::stored(named, pkcs8.to_vec())
            .token(&key.id, claims)
            .map_err(|_| Fault::internal())
    }
}

/// The public document at `path`, if it is one of an issuer that is switched on: its discovery document or its key set.
pub fn document(directory: &Directory, public_url: &str, path: &str) -> Option<Value> {
    let (account, rest) = path.strip_prefix(PATH)?.split_once('/')?;
    let (id, file) = rest.split_once('/')?;
    let account: AccountId = account.parse().ok()?;
    let snapshot = directory.published();
    let issuer = Issuer::of(&snapshot.account(&account)?.account)
        .filter(|issuer| issuer.enabled && issuer.id == id)?;
    let url = format!("{public_url}{PATH}{account}/{id}");
    match file {
        ".well-known/openid-configuration" => Some(json!({
            "issuer": url,
            "jwks_uri": format!("{url}/.well-known/jwks.json"),
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ALGORITHMS.map(Algorithm::name),
            "claims_supported": ["aud", "exp", "iat", "iss", "jti", "sub"],
        })),
        ".well-known/jwks.json" => {
            let keys: Vec<&Value> = issuer.keys.iter().map(|key| &key.jwk).collect();
            Some(json!({ "keys": keys }))
        }
        _ => None,
    }
}
