//! `/v1/token`: a program shows a code, or a refresh token, and that it holds its key; it gets credentials.
//!
//! AWS's service `signin` in REST-JSON, without a signature. Its own errors are `ValidationException` (400), `AccessDeniedException` (403)
//! and `TooManyRequestsError` (429); SDKs read the member `error`.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock, PoisonError},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderValue, Response, StatusCode};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use twinlock_directory::Millis;
use twinlock_gate::{
    Body, Caller, Fault, Happening,
    proof::{
        dpop::{self, Proof},
        jwks::Algorithm,
        keypair::KeyPair,
    },
    token::Credentials,
};
use twinlock_identity::sign_in::oauth2::{self as operations, CreateOAuth2Token, PublicClient};

use super::grants::{Grant, Worthless, slot_of};
use crate::{
    Console,
    http::{Request, answer},
    sessions::SignIn,
};

/// Where programs come for credentials.
pub(crate) const TOKEN: &str = "/v1/token";
/// The largest body, in bytes: what the model allows in all members.
const BODY_BYTES_MAX: usize = 16 * 1024;
/// Characters of a PKCE verifier.
const VERIFIER_CHARS: std::ops::RangeInclusive<usize> = 43..=128;
/// Keys whose proofs are remembered at a time; only who has a good code or refresh token adds to them.
const KEYS_MAX: usize = 10_000;
/// Proofs of one key remembered at a time: nobody can take the room of all others with one login.
const PROOFS_MAX: usize = 64;

/// What a program sends.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sent {
    client_id: String,
    grant_type: String,
    code: Option<String>,
    code_verifier: Option<String>,
    redirect_uri: Option<String>,
    refresh_token: Option<String>,
}

/// Proofs that have been shown, by key and hashed id, until nobody would take them any more.
#[derive(Debug, Default)]
pub(crate) struct Proofs(Mutex<HashMap<String, Shown>>);

type Shown = HashMap<[u8; 32], Millis>;

/// Why a good proof is not taken.
#[derive(Debug, PartialEq, Eq)]
enum NotFirst {
    /// It was shown before.
    Again,
    /// There is no room to remember it.
    TooMany,
}

impl Proofs {
    /// Notes a proof.
    fn first(&self, proof: &Proof, now: Millis) -> Result<(), NotFirst> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KEYS_MAX && !all.contains_key(&proof.thumbprint) {
            all.retain(|_, shown| shown.values().any(|until| *until > now));
            if all.len() >= KEYS_MAX {
                return Err(NotFirst::TooMany);
            }
        }
        let shown = all.entry(proof.thumbprint.clone()).or_default();
        shown.retain(|_, until| *until > now);
        let id: [u8; 32] = Sha256::digest(&proof.id).into();
        if shown.contains_key(&id) {
            return Err(NotFirst::Again);
        }
        if shown.len() >= PROOFS_MAX {
            return Err(NotFirst::TooMany);
        }
        shown.insert(id, proof.until);
        Ok(())
    }
}

/// Why a program gets nothing: the exception, its `error`, its message.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    exception: &'static str,
    error: &'static str,
    message: String,
}

impl Refusal {
    fn denied(error: &'static str, message: impl Into<String>) -> Refusal {
        Refusal {
            status: StatusCode::FORBIDDEN,
            exception: "AccessDeniedException",
            error,
            message: message.into(),
        }
    }

    fn invalid(message: impl Into<String>) -> Refusal {
        Refusal {
            status: StatusCode::BAD_REQUEST,
            exception: "ValidationException",
            error: "INVALID_REQUEST",
            message: message.into(),
        }
    }
}

fn over() -> Refusal {
    Refusal::denied("TOKEN_EXPIRED", "The console session has ended.")
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Refusal {
        match fault.status {
            500.. => Refusal {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                exception: "InternalServerException",
                error: "server_error",
                message: fault.message,
            },
            _ if fault.code == "AccessDenied" => {
                Refusal::denied("INSUFFICIENT_PERMISSIONS", fault.message)
            }
            // The session, or whoever it is of, is gone.
            _ => Refusal::denied("TOKEN_EXPIRED", fault.message),
        }
    }
}

impl From<Worthless> for Refusal {
    fn from(_: Worthless) -> Refusal {
        Refusal::denied(
            "AUTHCODE_EXPIRED",
            "The authorization code is not valid, has expired, or has been used.",
        )
    }
}

impl Console {
    /// `/v1/token`.
    pub(crate) async fn token(&self, request: Request) -> Response<Body> {
        let answered = self.exchange(&request).await;
        let (status, body, exception) = match answered {
            Ok(body) => (StatusCode::OK, body, None),
            Err(refusal) => {
                let body = json!({ "error": refusal.error, "message": refusal.message });
                (refusal.status, body, Some(refusal.exception))
            }
        };
        let mut answer = answer(status, "application/json", body.to_string());
        if let Some(exception) = exception {
            answer
                .headers_mut()
                .insert("x-amzn-errortype", HeaderValue::from_static(exception));
        }
        if let Ok(id) = HeaderValue::from_str(&twinlock_gate::request_id()) {
            answer.headers_mut().insert("x-amzn-requestid", id);
        }
        answer
    }

    async fn exchange(&self, request: &Request) -> Result<serde_json::Value, Refusal> {
        let now = self.world.clock.now();
        let urls: Vec<String> = request
            .own_addresses(&self.world.settings.public_url)
            .iter()
            .map(|url| format!("{url}{TOKEN}"))
            .collect();
        let body = request.take_body().collect(BODY_BYTES_MAX).await;
        let body = body.map_err(|fault| Refusal::invalid(fault.message))?;
        let sent: Sent = serde_json::from_slice(&body)
            .map_err(|_| Refusal::invalid("The body must be JSON with clientId and grantType."))?;
        let client = PublicClient::of_id(&sent.client_id)
            .ok_or_else(|| Refusal::invalid("clientId is none of AWS's developer tools."))?;
        let proof = match request.header("dpop") {
            "" => Err("the DPoP header is missing"),
            proof => dpop::verify(proof, "POST", &urls, now),
        };
        let proof = proof.map_err(Refusal::invalid)?;
        match sent.grant_type.as_str() {
            "authorization_code" => self.redeem_code(request, client, &sent, &proof).await,
            "refresh_token" => self.refresh(request, client, &sent, &proof),
            _ => Err(Refusal {
                error: "unsupported_grant_type",
                ..Refusal::invalid("grantType must be authorization_code or refresh_token.")
            }),
        }
    }

    fn shown_once(&self, proof: &Proof) -> Result<(), Refusal> {
        let first = self.proofs.first(proof, self.world.clock.now());
        first.map_err(|why| match why {
            NotFirst::Again => Refusal::invalid("the DPoP proof has been shown before"),
            NotFirst::TooMany => Refusal {
                status: StatusCode::TOO_MANY_REQUESTS,
                exception: "TooManyRequestsError",
                error: "rate_exceeded",
                message: "Too many requests were made by this program within a few minutes.".into(),
            },
        })
    }

    async fn redeem_code(
        &self,
        request: &Request,
        client: PublicClient,
        sent: &Sent,
        proof: &Proof,
    ) -> Result<serde_json::Value, Refusal> {
        let code = sent.code.as_deref().unwrap_or_default();
        let (id, grant) = match self.grants.of_code(&self.world, code) {
            Ok(found) => found,
            Err(why) => {
                if why == Worthless::Reused {
                    // Somebody has it who should not: whatever came of it ends.
                    self.grants.end_of_code(&self.world, code).await?;
                }
                return Err(why.into());
            }
        };
        if grant.client != client.id() {
            return Err(Refusal::invalid("The code was given to another client."));
        }
        if sent.redirect_uri.as_deref() != Some(&grant.redirect_uri) {
            return Err(Refusal::invalid(
                "redirectUri is not the one of the authorization.",
            ));
        }
        let verifier = sent.code_verifier.as_deref().unwrap_or_default();
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
        let fits: bool = challenge
            .as_bytes()
            .ct_eq(grant.challenge.as_bytes())
            .into();
        if !VERIFIER_CHARS.contains(&verifier.len()) || !fits {
            return Err(Refusal::invalid(
                "codeVerifier does not fit the code_challenge.",
            ));
        }
        self.shown_once(proof)?;
        let (credentials, caller) = self.credentials(request, client, &id, &grant)?;
        let redeemed = self
            .grants
            .redeem(&self.world, &id, &proof.thumbprint)
            .await;
        let refresh = match redeemed {
            Ok(refresh) => refresh,
            Err(Ok(why)) => {
                if why == Worthless::Reused {
                    self.grants.end_of_code(&self.world, code).await?;
                }
                return Err(why.into());
            }
            Err(Err(fault)) => return Err(fault.into()),
        };
        if self.sessions.living(slot_of(&id)).is_none() {
            // Signed out between the look and the write: whoever ended it may have seen a code and no credentials yet.
            self.grants.end_of_code(&self.world, code).await?;
            return Err(over());
        }
        let mut body = self.body(&credentials, &refresh);
        body["idToken"] = self.id_token(client, &caller)?.into();
        Ok(body)
    }

    fn refresh(
        &self,
        request: &Request,
        client: PublicClient,
        sent: &Sent,
        proof: &Proof,
    ) -> Result<serde_json::Value, Refusal> {
        let refresh = sent.refresh_token.as_deref().unwrap_or_default();
        let expired = || {
            Refusal::denied(
                "TOKEN_EXPIRED",
                "The refresh token is not valid, or its session has ended.",
            )
        };
        let (id, grant) = self
            .grants
            .of_refresh(&self.world, refresh, &proof.thumbprint)
            .filter(|(_, grant)| grant.client == client.id())
            .ok_or_else(expired)?;
        self.shown_once(proof)?;
        let (credentials, _) = self.credentials(request, client, &id, &grant)?;
        Ok(self.body(&credentials, refresh))
    }

    /// Credentials of whoever said yes, if that session lives and may still give them.
    fn credentials(
        &self,
        request: &Request,
        client: PublicClient,
        id: &str,
        grant: &Grant,
    ) -> Result<(Credentials, Caller), Refusal> {
        let sign_in = self.sessions.living(slot_of(id)).ok_or_else(over)?;
        let facts = request.facts(&self.world.settings.region);
        let caller = self
            .sessions
            .caller(&grant.acting, facts.clone())
            .map_err(|_| over())?;
        let made = if self.password_changed(&sign_in, grant.made) {
            Err(Refusal::denied(
                "USER_CREDENTIALS_CHANGED",
                "The password was changed after this login.",
            ))
        } else {
            let input = operations::Grant {
                client,
                id: id.to_owned(),
            };
            (self.world.read::<CreateOAuth2Token>(&caller, &input)).map_err(Refusal::from)
        };
        self.world.console_happened(Happening {
            name: "CreateOAuth2Token",
            caller: Some(&caller),
            account: Some(grant.account),
            facts: &facts,
            parameters: vec![("clientId".into(), client.id().into())],
            failure: made.as_ref().err().map(|refusal| refusal.message.clone()),
        });
        Ok((made?, caller))
    }

    /// Whether the user who signed in has another password since then, or none any more.
    fn password_changed(&self, sign_in: &SignIn, since: Millis) -> bool {
        let Some(id) = &sign_in.user_id else {
            return false;
        };
        let snapshot = self.world.directory.published();
        let login = snapshot.user_by_id(id).and_then(|user| user.login.as_ref());
        login.is_none_or(|login| login.changed > since)
    }

    fn body(&self, credentials: &Credentials, refresh: &str) -> serde_json::Value {
        let now = self.world.clock.now();
        json!({
            "accessToken": {
                "accessKeyId": credentials.access_key_id,
                "secretAccessKey": credentials.secret_access_key.as_str(),
                "sessionToken": credentials.session_token,
            },
            "tokenType": "aws_sigv4",
            "expiresIn": (credentials.expires.saturating_sub(now) / 1000).max(1),
            "refreshToken": refresh,
        })
    }

    /// Who it is, for the program. It comes from us over the program's own connection; the signature is a formality.
    fn id_token(&self, client: PublicClient, caller: &Caller) -> Result<String, Refusal> {
        static KEY: OnceLock<Option<KeyPair>> = OnceLock::new();
        let key = KEY.get_or_init(|| KeyPair::generate(Algorithm::Es384).ok());
        let (arn, _) = self.world.standing(caller)?;
        let now = self.world.clock.now() / 1000;
        let claims = json!({
            "iss": self.world.settings.public_url, "aud": client.id(), "sub": arn, "iat": now, "exp": now + 900,
        });
        let token = key
            .as_ref()
            .and_then(|key| key.token("signin", &claims).ok());
        token.ok_or_else(|| Fault::internal().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_shown_once_and_forgotten_when_it_is_old() {
        let proofs = Proofs::default();
        let proof = |id: &str, key: &str| Proof {
            thumbprint: key.into(),
            id: id.into(),
            until: 1000,
        };
        assert_eq!(proofs.first(&proof("a", "k"), 0), Ok(()));
        assert_eq!(proofs.first(&proof("a", "k"), 999), Err(NotFirst::Again));
        assert_eq!(proofs.first(&proof("a", "l"), 0), Ok(()), "of another key");
        assert_eq!(proofs.first(&proof("b", "k"), 0), Ok(()));
        let late = proofs.first(&proof("a", "k"), 1000);
        assert_eq!(late, Ok(()), "nobody takes the first now");
    }

    #[test]
    fn one_key_does_not_take_the_room_of_others() {
        let proofs = Proofs::default();
        let proof = |id: usize, key: usize| Proof {
            thumbprint: key.to_string(),
            id: id.to_string(),
            until: 1000,
        };
        for id in 0..PROOFS_MAX {
            assert_eq!(proofs.first(&proof(id, 0), 0), Ok(()));
        }
        assert_eq!(
            proofs.first(&proof(PROOFS_MAX, 0), 0),
            Err(NotFirst::TooMany)
        );
        assert_eq!(proofs.first(&proof(0, 0), 0), Err(NotFirst::Again));
        for key in 1..KEYS_MAX {
            assert_eq!(proofs.first(&proof(0, key), 0), Ok(()));
        }
        assert_eq!(proofs.first(&proof(0, KEYS_MAX), 0), Err(NotFirst::TooMany));
        assert_eq!(
            proofs.first(&proof(0, KEYS_MAX), 1000),
            Ok(()),
            "all others are over"
        );
    }
}
