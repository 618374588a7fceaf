//! DPoP (RFC 9449): a caller shows with every request that it holds the key which its tokens were bound to.
//!
//! The one profile that AWS's sign-in uses: ES256, the public key in the proof's own header, for one method and one address.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::digest;
use serde::Deserialize;
use serde_json::{Value, json};
use twinlock_directory::Millis;

use super::jwks::{Algorithm, parse};

/// The longest proof, in characters.
const PROOF_CHARS_MAX: usize = 4096;
/// The longest id of a proof, in characters.
const ID_CHARS_MAX: usize = 256;
/// Bytes of a coordinate of P-256.
const COORDINATE_BYTES: usize = 32;
/// How long a proof is good for, and how far the clocks may differ.
pub const PROOF_MS: Millis = 5 * 60 * 1000;

/// A proof that was verified. That it is shown for the first time is for whoever keeps the ids to see to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The RFC 7638 thumbprint of the key, by SHA-256, in base64url.
    pub thumbprint: String,
    /// Its own id.
    pub id: String,
    /// Until when it would be taken, and its id must be remembered.
    pub until: Millis,
}

#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: String,
    jwk: Value,
}

#[derive(Deserialize)]
struct Claims {
    htm: String,
    htu: String,
    iat: u64,
    jti: String,
}

/// Verifies the proof in a `DPoP` header for a call of `method` on an address that is one of `urls`.
///
/// # Errors
/// Why it is not believed.
pub fn verify(
    proof: &str,
    method: &str,
    urls: &[String],
    now: Millis,
) -> Result<Proof, &'static str> {
    if proof.len() > PROOF_CHARS_MAX {
        return Err("the DPoP proof is too long");
    }
    let mut parts = proof.split('.');
    let (Some(header), Some(claims), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("the DPoP proof is no JWT");
    };
    let decoded = |part: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(part);
        bytes.map_err(|_| "the DPoP proof is no JWT")
    };
    let signed = proof.as_bytes().get(..header.len() + 1 + claims.len());
    let signed = signed.unwrap_or_default();
    let signature = decoded(signature)?;
    let header: Header = serde_json::from_slice(&decoded(header)?)
        .map_err(|_| "the DPoP proof lacks typ, alg or jwk")?;
    let claims: Claims = serde_json::from_slice(&decoded(claims)?)
        .map_err(|_| "the DPoP proof lacks htm, htu, iat or jti")?;
    if header.typ != "dpop+jwt" || header.alg != Algorithm::Es256.name() {
        return Err("the DPoP proof is not of type dpop+jwt and algorithm ES256");
    }
    if header.jwk.get("d").is_some() {
        return Err("the DPoP proof carries a private key");
    }
    let thumbprint = thumbprint(&header.jwk).ok_or("the DPoP proof's key is none of P-256")?;
    let keys = parse(json!({ "keys": [header.jwk] }).to_string().as_bytes())?;
    let verified = keys
        .iter()
        .any(|key| key.verifies(Algorithm::Es256, signed, &signature));
    if !verified {
        return Err("the DPoP proof's signature is not its key's");
    }
    if claims.htm != method {
        return Err("the DPoP proof is for another method");
    }
    let address = claims.htu.split(['?', '#']).next().unwrap_or_default();
    if !urls.iter().any(|url| url.eq_ignore_ascii_case(address)) {
        return Err("the DPoP proof is for another address");
    }
    let issued = claims.iat.saturating_mul(1000);
    if issued > now.saturating_add(PROOF_MS) || issued.saturating_add(PROOF_MS) < now {
        return Err("the DPoP proof is not of now");
    }
    if claims.jti.is_empty() || claims.jti.len() > ID_CHARS_MAX {
        return Err("the DPoP proof has no id of a reasonable length");
    }
    Ok(Proof {
        thumbprint,
        id: claims.jti,
        until: issued.saturating_add(PROOF_MS).saturating_add(1),
    })
}

/// RFC 7638, of the coordinates as they are, however they were written.
fn thumbprint(jwk: &Value) -> Option<String> {
    let coordinate = |name: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?).ok()?;
        (bytes.len() == COORDINATE_BYTES).then(|| URL_SAFE_NO_PAD.encode(bytes))
    };
    let is = |name: &str, value: &str| jwk.get(name).and_then(Value::as_str) == Some(value);
    if !is("kty", "EC") || !is("crv", "P-256") {
        return None;
    }
    let (x, y) = (coordinate("x")?, coordinate("y")?);
    let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    Some(URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, canonical.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::{super::keypair::KeyPair, *};

    const URL: &str = "https://signin.example.com/v1/token";
    const NOW: Millis = 1_800_000_000_000;

    fn signed(pair: &KeyPair, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(header), part(claims));
        let signature = URL_SAFE_NO_PAD.encode(pair.sign(text.as_bytes()).unwrap());
        format!("{text}.{signature}")
    }

    fn header(pair: &KeyPair) -> Value {
        let key = pair.jwk("x").unwrap();
        json!({ "typ": "dpop+jwt", "alg": "ES256",
            "jwk": { "kty": "EC", "crv": "P-256", "x": key["x"], "y": key["y"] } })
    }

    fn claims() -> Value {
        json!({ "htm": "POST", "htu": URL, "iat": NOW / 1000, "jti": "one" })
    }

    fn verified(proof: &str) -> Result<Proof, &'static str> {
        verify(proof, "POST", &[URL.to_owned()], NOW)
    }

    #[test]
    fn a_proof_is_of_its_key_its_address_and_now() {
        let pair = KeyPair::generate(Algorithm::Es256).unwrap();
        let good = verified(&signed(&pair, &header(&pair), &claims())).unwrap();
        assert_eq!((good.id.as_str(), good.until), ("one", NOW + PROOF_MS + 1));
        let again = verified(&signed(&pair, &header(&pair), &claims())).unwrap();
        assert_eq!(good.thumbprint, again.thumbprint);
        let other = KeyPair::generate(Algorithm::Es256).unwrap();
        let stranger = verified(&signed(&other, &header(&other), &claims())).unwrap();
        assert_ne!(good.thumbprint, stranger.thumbprint);
        for (name, value) in [
            ("htm", json!("GET")),
            ("htu", json!("https://signin.example.com/v1/other")),
            ("htu", json!("https://evil.example/v1/token")),
            ("iat", json!(NOW / 1000 - 301)),
            ("iat", json!(NOW / 1000 + 301)),
            ("iat", json!(u64::MAX)),
            ("iat", json!("soon")),
            ("jti", json!("")),
            ("jti", json!("x".repeat(257))),
        ] {
            let mut wrong = claims();
            wrong[name] = value.clone();
            let answer = verified(&signed(&pair, &header(&pair), &wrong));
            assert!(answer.is_err(), "{name} {value}");
        }
    }

    #[test]
    fn what_is_no_proof() {
        let pair = KeyPair::generate(Algorithm::Es256).unwrap();
        let other = KeyPair::generate(Algorithm::Es256).unwrap();
        // The key in the header is another's than the one that signed.
        assert!(verified(&signed(&other, &header(&pair), &claims())).is_err());
        for (name, value) in [
            ("typ", json!("JWT")),
            ("alg", json!("none")),
            ("alg", json!("HS256")),
            ("jwk", json!({ "kty": "oct", "k": "AAAA" })),
            ("jwk", Value::Null),
        ] {
            let mut wrong = header(&pair);
            wrong[name] = value.clone();
            assert!(
                verified(&signed(&pair, &wrong, &claims())).is_err(),
                "{name} {value}"
            );
        }
        let mut private = header(&pair);
        private["jwk"]["d"] = json!("AAAA");
        assert!(verified(&signed(&pair, &private, &claims())).is_err());
        let good = signed(&pair, &header(&pair), &claims());
        for wrong in [
            "",
            "a.b",
            "a.b.c.d",
            &good[..good.len() - 4],
            &format!("{good}.x"),
        ] {
            assert!(verified(wrong).is_err(), "{wrong}");
        }
        let (text, _) = good.rsplit_once('.').unwrap();
        assert!(verified(&format!("{text}.")).is_err());
    }
}
