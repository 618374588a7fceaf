//! From a signature to a caller. The one place where a credential is looked up and a signature verified.
//!
//! In this order: the claim's form and clock (needs no secret), the key, the session token, the signature, expiry. So a stranger
//! makes us do little, and an expired session is called expired only when it was ours.

use http::request::Parts;
use subtle::ConstantTimeEq;
use twinlock_directory::{Millis, Secret, StoredSecret};
use twinlock_wire::{
    fault::{Fault, Protocol},
    post_form::Fields,
    signature::{Presented, SignatureError, present},
    sigv2, sigv4,
};
use zeroize::Zeroizing;

use crate::{
    attempt::Cx,
    caller::{AuthType, Caller, RequestFacts, Who},
    operation::{Callers, Operation, Sessions},
    token::SessionOf,
    world::World,
};

/// A caller whose signature has been verified, with what reading the body still needs.
#[derive(Debug)]
pub(crate) struct Verified {
    pub(crate) caller: Caller,
    /// The claim and key that chunk signatures start from; version 4 only.
    pub(crate) chain: Option<(sigv4::Claim, sigv4::SigningKey)>,
}

/// Reads the signature without believing it.
pub(crate) fn claim(parts: &Parts, protocol: Protocol) -> Result<Presented, Fault> {
    present(parts).map_err(|error| error.fault(protocol))
}

/// Checks what costs next to nothing: the clock, and that the key and its token are ours. Only afterwards is a body read, so
/// that a stranger cannot make the server hold a megabyte.
pub(crate) fn plausible(
    world: &World,
    presented: &Presented,
    protocol: Protocol,
) -> Result<(), Fault> {
    let now = world.clock.now();
    let (checked, access_key_id, token) = match presented {
        Presented::Nothing => return Ok(()),
        Presented::V4(claim) => (
            sigv4::check_time(claim, now),
            &claim.access_key_id,
            &claim.session_token,
        ),
        Presented::V2(claim) => (
            sigv2::check_time(claim, now),
            &claim.access_key_id,
            &claim.session_token,
        ),
    };
    checked.map_err(|error| error.fault(protocol))?;
    find(world, access_key_id, token.as_deref(), protocol).map(drop)
}

/// Verifies the signature and says who calls. `body_sha256`: the hash of a body that has been read; none for S3's streams.
pub(crate) fn verify(
    world: &World,
    presented: Presented,
    parts: &Parts,
    body_sha256: Option<&[u8; 32]>,
    host_bucket: Option<&str>,
    protocol: Protocol,
    mut request: RequestFacts,
) -> Result<Verified, Fault> {
    match presented {
        Presented::Nothing => Ok(Verified {
            caller: Caller {
                who: Who::Anonymous,
                access_key_id: String::new(),
                session: None,
                request,
            },
            chain: None,
        }),
        Presented::V4(claim) => {
            let (mut caller, secret) = credentials(
                world,
                &claim.access_key_id,
                claim.session_token.as_deref(),
                protocol,
            )?;
            let key = world
                .signing_keys
                .get(&secret, &claim.date, &claim.region, &claim.service);
            sigv4::verify(&claim, &key, parts, body_sha256)
                .map_err(|error| error.fault(protocol))?;
            alive(&caller, world.clock.now(), protocol)?;
            request.auth_type = match claim.source {
                sigv4::Source::Header => AuthType::Header,
                sigv4::Source::Query => AuthType::Query,
                sigv4::Source::Form => AuthType::Post,
            };
            request.signature_version = sigv4::ALGORITHM;
            request.signed_at = Some(claim.timestamp_ms);
            request.region.clone_from(&claim.region);
            request.content_sha256 = claim.payload.declared();
            caller.request = request;
            Ok(Verified {
                caller,
                chain: Some((*claim, key)),
            })
        }
        Presented::V2(claim) => {
            let (mut caller, secret) = credentials(
                world,
                &claim.access_key_id,
                claim.session_token.as_deref(),
                protocol,
            )?;
            sigv2::verify(&claim, &secret, parts, host_bucket)
                .map_err(|error| error.fault(protocol))?;
            alive(&caller, world.clock.now(), protocol)?;
            request.auth_type = match claim.source {
                sigv4::Source::Header => AuthType::Header,
                sigv4::Source::Query => AuthType::Query,
                sigv4::Source::Form => AuthType::Post,
            };
            request.signature_version = "AWS";
            request.signed_at = claim.timestamp_ms;
            caller.request = request;
            Ok(Verified {
                caller,
                chain: None,
            })
        }
    }
}

/// Verifies a POST form's signature, which is over the policy that it carries, and says who signed it.
pub(crate) fn verify_form(
    world: &World,
    presented: Presented,
    fields: &Fields,
    mut request: RequestFacts,
) -> Result<Caller, Fault> {
    let mut caller = match presented {
        Presented::Nothing => {
            return Ok(Caller {
                who: Who::Anonymous,
                access_key_id: String::new(),
                session: None,
                request,
            });
        }
        Presented::V4(claim) => {
            let token = claim.session_token.as_deref();
            let (caller, secret) =
                credentials(world, &claim.access_key_id, token, Protocol::RestXml)?;
            let key = world
                .signing_keys
                .get(&secret, &claim.date, &claim.region, &claim.service);
            fields.verify_v4(&claim, &key)?;
            request.signature_version = sigv4::ALGORITHM;
            request.signed_at = Some(claim.timestamp_ms);
            request.region.clone_from(&claim.region);
            caller
        }
        Presented::V2(claim) => {
            let token = claim.session_token.as_deref();
            let (caller, secret) =
                credentials(world, &claim.access_key_id, token, Protocol::RestXml)?;
            fields.verify_v2(&claim, &secret)?;
            request.signature_version = "AWS";
            caller
        }
    };
    alive(&caller, world.clock.now(), Protocol::RestXml)?;
    request.auth_type = AuthType::Post;
    caller.request = request;
    Ok(caller)
}

/// The identity and the secret behind an access key id and, for a temporary one, its token.
pub(crate) fn credentials(
    world: &World,
    access_key_id: &str,
    token: Option<&str>,
    protocol: Protocol,
) -> Result<(Caller, Zeroizing<String>), Fault> {
    let (caller, secret) = find(world, access_key_id, token, protocol)?;
    // A row that is damaged is ours to mend, and lets nobody in meanwhile.
    let secret = secret.open().ok_or_else(Fault::internal)?;
    Ok((caller, secret.into_text()))
}

/// The same with the secret as it is kept: whoever only asks whether there is such a key need not open it.
fn find(
    world: &World,
    access_key_id: &str,
    token: Option<&str>,
    protocol: Protocol,
) -> Result<(Caller, StoredSecret), Fault> {
    if access_key_id.starts_with("ASIA") {
        let Some(token) = token else {
            return Err(unknown_key(access_key_id, protocol));
        };
        let opened = world
            .tokens
            .open(access_key_id, token)
            .ok_or_else(|| invalid_token(protocol))?;
        let facts = RequestFacts::none(&world.settings.region);
        let caller = Caller::in_session(opened.session.clone(), access_key_id, facts);
        let secret = Secret::new(opened.secret.as_str());
        return Ok((caller, secret.into()));
    }
    let snapshot = world.directory.published();
    let owner = snapshot
        .access_key(access_key_id)
        .ok_or_else(|| unknown_key(access_key_id, protocol))?;
    if token.is_some() {
        // A long-term key has no token; one that comes with it was made up.
        return Err(invalid_token(protocol));
    }
    if !owner.key.active {
        return Err(unknown_key(access_key_id, protocol));
    }
    let account = owner.account.account.id;
    let who = match owner.user {
        Some(user) => Who::User {
            account,
            id: user.id.clone(),
        },
        None => Who::Root(account),
    };
    Ok((
        Caller {
            who,
            access_key_id: access_key_id.to_owned(),
            session: None,
            request: RequestFacts::none(&world.settings.region),
        },
        owner.key.secret.clone(),
    ))
}

impl World {
    /// Whose credentials these are, shown as a whole rather than by a signature: what the federation endpoint is given. The secret
    /// is compared in constant time, and kept nowhere.
    ///
    /// # Errors
    /// They are nobody's, expired, revoked, or their identity is gone.
    pub fn shown(
        &self,
        access_key_id: &str,
        secret: &str,
        token: Option<&str>,
        request: RequestFacts,
    ) -> Result<Caller, Fault> {
        let protocol = request.protocol;
        let (mut caller, own) = credentials(self, access_key_id, token, protocol)?;
        if !bool::from(own.as_bytes().ct_eq(secret.as_bytes())) {
            return Err(unknown_key(access_key_id, protocol));
        }
        caller.request = request;
        self.standing(&caller)?;
        Ok(caller)
    }

    /// The ARN and `aws:userid` of a caller, if its credentials are still worth anything.
    ///
    /// # Errors
    /// They have expired or were revoked, or the identity is gone.
    pub fn standing(&self, caller: &Caller) -> Result<(String, String), Fault> {
        let now = self.clock.now();
        alive(caller, now, caller.request.protocol)?;
        let snapshot = self.directory.published();
        let cx = Cx::new(caller, &snapshot, now, self)?;
        Ok((cx.principal().arn.clone(), cx.user_id().to_owned()))
    }
}

fn alive(caller: &Caller, now: Millis, protocol: Protocol) -> Result<(), Fault> {
    match &caller.session {
        Some(session) if session.expires <= now => Err(expired(protocol)),
        _ => Ok(()),
    }
}

/// AWS's bars beside the policies (`policy-evaluation` 5.3, "may not call"): they hold for administrators too.
pub(crate) fn admit<O: Operation>(caller: &Caller) -> Result<(), Fault> {
    match (O::CALLERS, &caller.who) {
        (Callers::Signed, Who::Anonymous) => return Err(missing(caller.request.protocol)),
        (Callers::OrAnonymous | Callers::Unsigned, Who::Anonymous) => return Ok(()),
        _ => {}
    }
    let Some(session) = caller.session.as_deref() else {
        return Ok(());
    };
    // A person who signed in at the console holds a session of itself as well, but one with the person's own rights.
    let in_console = caller.request.auth_type == AuthType::Console;
    let service = O::ACTIONS
        .first()
        .map_or("", |a| a.name.split(':').next().unwrap_or(""));
    let refused = match (O::SESSIONS, &session.of) {
        (Sessions::Any, _) | (_, SessionOf::Role { .. })
            if O::SESSIONS != Sessions::LongTermOnly =>
        {
            false
        }
        (Sessions::LongTermOnly, _) => {
            return Err(Fault::new(
                "AccessDenied",
                403,
                format!("Cannot call {} with session credentials", O::NAME),
            ));
        }
        (Sessions::NotFederated, SessionOf::User { .. }) => false,
        (Sessions::NotFederated, _) => true,
        (_, SessionOf::User { .. }) if in_console || session.signed_in => false,
        // A root user for one task: the task's policy is its only bar.
        (_, SessionOf::User { .. }) if session.is_assumed_root() => false,
        (_, SessionOf::User { .. }) => match service {
            "iam" | "twinlock" => session.mfa.is_none(),
            "sts" => true,
            _ => false,
        },
        // As on AWS, the bar to IAM is one of the API, not of console sessions.
        (_, SessionOf::Federated { .. }) => match service {
            "iam" => !in_console,
            "sts" | "twinlock" => true,
            _ => false,
        },
        _ => false,
    };
    if refused {
        let message = match service {
            "iam" => "The security token included in the request is invalid".to_owned(),
            _ => format!("Cannot call {} with session credentials", O::NAME),
        };
        let code = if service == "iam" {
            "InvalidClientTokenId"
        } else {
            "AccessDenied"
        };
        return Err(Fault::new(code, 403, message));
    }
    Ok(())
}

/// A signed-only operation was called without a signature.
pub(crate) fn missing(protocol: Protocol) -> Fault {
    SignatureError::Missing.fault(protocol)
}

fn unknown_key(access_key_id: &str, protocol: Protocol) -> Fault {
    SignatureError::UnknownKey(access_key_id.to_owned()).fault(protocol)
}

fn invalid_token(protocol: Protocol) -> Fault {
    SignatureError::TokenMalformed.fault(protocol)
}

/// The session is over.
pub(crate) fn expired(protocol: Protocol) -> Fault {
    SignatureError::TokenExpired.fault(protocol)
}

/// The identity behind valid credentials is gone.
pub(crate) fn gone(caller: &Caller) -> Fault {
    unknown_key(&caller.access_key_id, caller.request.protocol)
}
