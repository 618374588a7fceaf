//! A web identity token (a JSON Web Token, RFC 7519): taken apart without belief, then believed or refused.
//!
//! Nothing in the token chooses how it is verified but its key id and one of five algorithms; keys in the header itself
//! (`jwk`, `jku`, `x5u`) are not looked at.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use twinlock_directory::Millis;
use twinlock_policy::PrincipalKind;
use twinlock_wire::fault::Fault;

use super::{
    Proven,
    jwks::{Algorithm, Key},
};
use crate::needs::Fact;

/// How far the issuer's clock may differ, in seconds: AWS takes a token for five minutes after its end.
const SKEW_SECONDS: f64 = 300.0;
/// The claim that carries session tags.
const TAGS: &str = "https://aws.amazon.com/tags";
/// The claim that carries a source identity.
const SOURCE_IDENTITY: &str = "https://aws.amazon.com/source_identity";
/// Claims of GitHub's workflows that AWS offers as condition keys, for the providers of that name only.
const GITHUB: &str = "token.actions.githubusercontent.com";
const GITHUB_CLAIMS: [&str; 10] = [
    "actor",
    "actor_id",
    "enterprise_id",
    "environment",
    "job_workflow_ref",
    "ref",
    "repository",
    "repository_id",
    "repository_owner",
    "workflow",
];

/// A token that nobody has vouched for yet.
#[derive(Debug)]
pub struct Unverified {
    algorithm: Algorithm,
    key_id: Option<String>,
    claims: Map<String, Value>,
    signed: String,
    signature: Vec<u8>,
}

/// What a token says, once its issuer's signature was verified and its times hold.
#[derive(Debug)]
pub struct WebIdentity {
    /// For the need.
    pub proven: Arc<Proven>,
    /// `sub`.
    pub subject: String,
    /// The audience that counted: `azp` if there is one, else of `aud` that which the provider lists.
    pub audience: String,
    /// `iss`.
    pub issuer: String,
    /// The source identity that it asks for.
    pub source_identity: Option<String>,
    /// The session tags that it asks for.
    pub tags: Vec<(String, String)>,
    /// The keys of those that are to be handed down.
    pub transitive: Vec<String>,
}

/// `InvalidIdentityToken` (400).
pub fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidIdentityToken", 400, message)
}

fn no_token() -> Fault {
    invalid(
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
    )
}

impl Unverified {
    /// Takes `token` apart.
    ///
    /// # Errors
    /// `InvalidIdentityToken`: it is no signed token of an algorithm that is taken.
    pub fn parse(token: &str) -> Result<Self, Fault> {
        let (signed, signature) = token.rsplit_once('.').ok_or_else(no_token)?;
        let (header, payload) = signed.split_once('.').ok_or_else(no_token)?;
        if payload.contains('.') {
            return Err(no_token());
        }
        let object = |part: &str| -> Option<Map<String, Value>> {
            let json = URL_SAFE_NO_PAD.decode(part).ok()?;
            match serde_json::from_slice(&json).ok()? {
                Value::Object(map) => Some(map),
                _ => None,
            }
        };
        let header = object(header).ok_or_else(no_token)?;
        let claims = object(payload).ok_or_else(no_token)?;
        let name = header.get("alg").and_then(Value::as_str).unwrap_or("none");
        let algorithm = Algorithm::named(name).ok_or_else(|| {
            invalid(format!(
                "The token is signed by `{name}`; RS256, RS384, RS512, ES256 and ES384 are taken"
            ))
        })?;
        // What must be understood (RFC 7515, 4.1.11) is not.
        if header.contains_key("crit") {
            return Err(no_token());
        }
        Ok(Self {
            algorithm,
            key_id: match header.get("kid") {
                None => None,
                Some(Value::String(id)) => Some(id.clone()),
                Some(_) => return Err(no_token()),
            },
            signature: URL_SAFE_NO_PAD.decode(signature).map_err(|_| no_token())?,
            claims,
            signed: signed.to_owned(),
        })
    }

    /// `iss`, not believed yet.
    ///
    /// # Errors
    /// `InvalidIdentityToken`: there is none.
    pub fn issuer(&self) -> Result<&str, Fault> {
        self.text("iss")
    }

    /// `kid`, by which the issuer's keys are looked through.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// Whether one of `keys` may have signed this.
    pub fn has_key(&self, keys: &[Key]) -> bool {
        keys.iter()
            .any(|key| key.fits(self.key_id(), self.algorithm))
    }

    fn text(&self, claim: &str) -> Result<&str, Fault> {
        match self.claims.get(claim) {
            Some(Value::String(text)) if !text.is_empty() => Ok(text),
            _ => Err(invalid(format!("Missing a required claim: {claim}"))),
        }
    }

    fn seconds(&self, claim: &str) -> Option<f64> {
        self.claims.get(claim).and_then(Value::as_f64)
    }

    /// Believes the token or not. `provider`: as a `Federated` principal names it; `prefix`: the issuer without `https://`, which
    /// condition keys begin with; `client_ids`: the audiences that the provider lists, none for one that lists none by nature.
    ///
    /// # Errors
    /// `InvalidIdentityToken`, `ExpiredTokenException`.
    pub fn verify(
        self,
        keys: &[Key],
        provider: &str,
        prefix: &str,
        client_ids: Option<&[String]>,
        now: Millis,
    ) -> Result<WebIdentity, Fault> {
        // A key id that stands twice in a set is tried with both; without a key id all that fit are.
        let good = keys
            .iter()
            .filter(|key| key.fits(self.key_id(), self.algorithm))
            .any(|key| key.verifies(self.algorithm, self.signed.as_bytes(), &self.signature));
        if !good {
            return Err(invalid(
                "The token's signature is not by a key of its identity provider",
            ));
        }
        self.in_time(now)?;
        let (audience, original) = self.audience(client_ids)?;
        let subject = self.text("sub")?.to_owned();
        let (tags, transitive) = self.tags()?;
        let mut proven = Proven::new(PrincipalKind::WebIdentity, provider);
        let mut one = |claim: &str, value: &str, lasting| {
            proven.key(
                format!("{prefix}:{claim}"),
                Fact::One(value.to_owned()),
                lasting,
            );
        };
        one("aud", &audience, true);
        one("sub", &subject, true);
        if let Some(original) = &original {
            one("oaud", original, true);
        }
        for claim in ["azp", "email"] {
            // Some issuers write the truth value as a text.
            let verified = match self.claims.get("email_verified") {
                None => true,
                Some(Value::Bool(verified)) => *verified,
                Some(other) => other.as_str() == Some("true"),
            };
            if let Some(Value::String(text)) = self.claims.get(claim)
                && (claim != "email" || verified)
            {
                one(claim, text, false);
            }
        }
        if prefix == GITHUB || prefix.starts_with(&format!("{GITHUB}/")) {
            for claim in GITHUB_CLAIMS {
                match self.claims.get(claim) {
                    Some(Value::String(text)) => one(claim, text, false),
                    Some(Value::Number(number)) => one(claim, &number.to_string(), false),
                    _ => {}
                }
            }
        }
        let methods = texts(self.claims.get("amr"));
        if !methods.is_empty() {
            proven.key(format!("{prefix}:amr"), Fact::Many(methods), true);
        }
        Ok(WebIdentity {
            proven: Arc::new(proven),
            subject,
            audience,
            issuer: self.issuer()?.to_owned(),
            source_identity: match self.claims.get(SOURCE_IDENTITY) {
                None => None,
                Some(Value::String(text)) => Some(text.clone()),
                Some(_) => return Err(invalid("The source identity of the token is no text")),
            },
            tags,
            transitive,
        })
    }

    #[allow(
        clippy::cast_precision_loss,
        reason = "an instant in seconds is far below 2^53"
    )]
    fn in_time(&self, now: Millis) -> Result<(), Fault> {
        let now = (now / 1000) as f64;
        let missing = |claim: &str| invalid(format!("Missing a required claim: {claim}"));
        let expires = self.seconds("exp").ok_or_else(|| missing("exp"))?;
        let issued = self.seconds("iat").ok_or_else(|| missing("iat"))?;
        if now > expires + SKEW_SECONDS {
            return Err(Fault::new(
                "ExpiredTokenException",
                400,
                format!(
                    "Token expired: current date/time {now:.0} must be before the expiration date/time {expires:.0}"
                ),
            ));
        }
        let begins = match self.claims.get("nbf") {
            None => issued,
            Some(_) => self.seconds("nbf").ok_or_else(|| missing("nbf"))?,
        };
        if begins.max(issued) > now + SKEW_SECONDS {
            return Err(invalid("The token is not valid yet"));
        }
        Ok(())
    }

    /// The audience that counts, and the `aud` beside an `azp`.
    fn audience(&self, client_ids: Option<&[String]>) -> Result<(String, Option<String>), Fault> {
        let listed = |audience: &String| client_ids.is_none_or(|ids| ids.contains(audience));
        let audiences = texts(self.claims.get("aud"));
        if audiences.is_empty() {
            return Err(invalid("Missing a required claim: aud"));
        }
        let incorrect = || invalid("Incorrect token audience");
        let named = audiences
            .iter()
            .find(|a| listed(a))
            .ok_or_else(incorrect)?
            .clone();
        match self.claims.get("azp") {
            None => Ok((named, None)),
            // Both must be known here: a token that our client got for somebody else's service is none for us.
            Some(Value::String(party)) if listed(party) => Ok((party.clone(), Some(named))),
            Some(_) => Err(incorrect()),
        }
    }

    /// `principal_tags` holds a list of one text under each key.
    #[allow(
        clippy::type_complexity,
        reason = "tags, and the keys of the transitive ones"
    )]
    fn tags(&self) -> Result<(Vec<(String, String)>, Vec<String>), Fault> {
        let malformed = || invalid("The session tags of the token are malformed");
        let Some(claim) = self.claims.get(TAGS) else {
            return Ok(Default::default());
        };
        let claim = claim.as_object().ok_or_else(malformed)?;
        let mut tags = Vec::new();
        if let Some(given) = claim.get("principal_tags") {
            for (key, value) in given.as_object().ok_or_else(malformed)? {
                let value = match value {
                    Value::String(text) => text,
                    Value::Array(list) => match list.as_slice() {
                        [Value::String(text)] => text,
                        _ => return Err(malformed()),
                    },
                    _ => return Err(malformed()),
                };
                tags.push((key.clone(), value.clone()));
            }
        }
        let transitive = match claim.get("transitive_tag_keys") {
            None => Vec::new(),
            Some(keys) => texts(Some(keys)),
        };
        Ok((tags, transitive))
    }
}

/// A text, or all of a list of texts; nothing else.
fn texts(claim: Option<&Value>) -> Vec<String> {
    match claim {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(list)) => list
            .iter()
            .filter_map(|item| item.as_str().map(str::to_owned))
            .collect(),
        _ => Vec::new(),
    }
}
