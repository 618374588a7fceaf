//! The federation endpoint, as AWS's: temporary credentials become a sign-in token, and a sign-in token signs a browser in.
//!
//! `/federation?Action=getSigninToken` is called by programs (aws-vault, granted and their like), which show their credentials
//! whole: key id, secret and token. They are checked where every credential is ([`World::shown`]), and the secret is forgotten. The sign-in
//! token is the session, sealed; it is good for fifteen minutes and one sign-in.
//!
//! `/federation?Action=login` is a link. Whoever follows it is signed in as somebody else's choice, which is what it is for;
//! what makes that harmless is that the new identity stands beside those that the browser has, with an address of its own, and its
//! name in the bar. It leads to pages of this console only.

mod destination;

use std::sync::Arc;

use http::{HeaderValue, Method, Response, StatusCode};
use maud::html;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use twinlock_directory::{Bar, Barred, Millis, model::assertion_bar};
use twinlock_gate::{
    Body, Caller, Fault, Happening, World,
    token::{Session, SessionOf},
};

use crate::{
    Console,
    http::{Pairs, Request, answer, encode, json, redirect},
    layout::outside,
    sessions::{Entering, SIGN_IN_MS, Sealed},
};
pub(crate) use destination::{destination, link_to};

/// How long a sign-in token is good for, as at AWS.
const SIGNIN_TOKEN_MS: Millis = 15 * 60 * 1000;
/// The shortest console session that may be asked for, in seconds; the longest is a sign-in's.
const SESSION_SECONDS_MIN: Millis = 900;
/// The associated data of sealed sign-in tokens, so that none is taken for anything else that is sealed.
const PLACE: &[u8] = b"console/signin-token";
/// The longest JSON of credentials, in bytes: a session token of 4096 characters and what belongs to it, twice over.
const SESSION_JSON_BYTES_MAX: usize = 10_000;

/// The credentials that a program shows.
#[derive(Deserialize)]
struct Shown {
    #[serde(rename = "sessionId")]
    id: String,
    #[serde(rename = "sessionKey")]
    key: String,
    #[serde(rename = "sessionToken")]
    token: String,
}

/// What a sign-in token holds.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SigninToken {
    access_key_id: String,
    token: String,
    /// When it is good for nothing any more.
    until: Millis,
    /// How long the console's session is to last, in milliseconds; none: as long as the credentials.
    lasts: Option<Millis>,
    /// Tells two tokens of the same credentials and instant apart.
    nonce: String,
}

/// Why a program gets no token. AWS's sentence stands first.
fn invalid(why: &str) -> String {
    format!("Invalid credentials parameter: {why}\n")
}

impl Console {
    /// `/federation`.
    pub(crate) async fn federation(&self, request: Request) -> Response<Body> {
        if request.method == Method::HEAD {
            // Whoever only looks at a link must not use it up.
            return plain(StatusCode::METHOD_NOT_ALLOWED, "use GET or POST\n");
        }
        let mut sent = request.query.clone();
        if request.is_post() {
            match request.strangers_form(&self.forms).await {
                Ok(form) => sent.extend(&form),
                Err(fault) => return plain(StatusCode::BAD_REQUEST, fault.message),
            }
        }
        match sent.get("Action") {
            "getSigninToken" => self.signin_token(&request, &sent),
            // A form of another site brings no cookies along, and would lose the identities that are signed in.
            "login" if request.is_post() => redirect(&login_link(&sent)),
            "login" => self.login(&request, &sent).await,
            _ => plain(
                StatusCode::BAD_REQUEST,
                "Invalid Action parameter: use getSigninToken or login\n",
            ),
        }
    }

    fn signin_token(&self, request: &Request, sent: &Pairs) -> Response<Body> {
        if !request.peer.secure && !request.peer.addr.is_loopback() {
            let why =
                "secret keys are taken over TLS only, unless they come from the server itself";
            return plain(StatusCode::BAD_REQUEST, invalid(why));
        }
        let text = sent.get("Session");
        let shown = (text.len() <= SESSION_JSON_BYTES_MAX)
            .then(|| serde_json::from_str::<Shown>(text).ok())
            .flatten();
        let Some(shown) = shown else {
            let why = "Session must be JSON with sessionId, sessionKey and sessionToken";
            return plain(StatusCode::BAD_REQUEST, invalid(why));
        };
        let now = self.world.clock.now();
        let address = request.peer.addr;
        let counted = format!("federation/{}", shown.id);
        if let Some(wait) = self.throttle.begin(&counted, address, now) {
            let seconds = wait.div_ceil(1000);
            let why = format!("Too many wrong credentials. Try again in {seconds} seconds.\n");
            let mut answer = plain(StatusCode::TOO_MANY_REQUESTS, why);
            if let Ok(value) = HeaderValue::from_str(&seconds.to_string()) {
                answer.headers_mut().insert("retry-after", value);
            }
            return answer;
        }
        let facts = request.facts(&self.world.settings.region);
        let known = self
            .world
            .shown(&shown.id, &shown.key, Some(&shown.token), facts.clone());
        let happened = |caller: Option<&Caller>, failure: Option<String>| {
            self.world.console_happened(Happening {
                name: "GetSigninToken",
                caller,
                account: None,
                facts: &facts,
                parameters: vec![
                    ("accessKeyId".into(), shown.id.chars().take(128).collect()),
                    (
                        "sessionDuration".into(),
                        sent.get("SessionDuration").chars().take(16).collect(),
                    ),
                ],
                failure,
            });
        };
        let caller = match known {
            Ok(caller) => caller,
            Err(fault) => {
                happened(None, Some(fault.message.clone()));
                return plain(StatusCode::BAD_REQUEST, invalid(&fault.message));
            }
        };
        self.throttle.right(&counted, address);
        let asked = sent.filled("SessionDuration");
        match suits(&caller, asked).and_then(|lasts| {
            let sealed = Sealed {
                access_key_id: shown.id.clone(),
                token: shown.token.clone(),
            };
            self.new_signin_token(sealed, lasts)
                .ok_or("no token could be sealed")
        }) {
            Ok(token) => {
                happened(Some(&caller), None);
                json(&serde_json::json!({ "SigninToken": token }))
            }
            Err(why) => {
                happened(Some(&caller), Some(why.to_owned()));
                plain(StatusCode::BAD_REQUEST, invalid(why))
            }
        }
    }

    /// A token that signs in as the holder of these credentials; none: it cannot be sealed.
    pub(crate) fn new_signin_token(&self, of: Sealed, lasts: Option<Millis>) -> Option<String> {
        let token = SigninToken {
            access_key_id: of.access_key_id,
            token: of.token,
            until: self.world.clock.now() + SIGNIN_TOKEN_MS,
            lasts,
            nonce: self.sessions.random_hex(16),
        };
        let clear = serde_json::to_vec(&token).ok()?;
        self.world.tokens.seal_text(&clear, PLACE)
    }

    /// `Action=login`: the browser is signed in, and led to its destination.
    async fn login(&self, request: &Request, sent: &Pairs) -> Response<Body> {
        let public_url = &self.world.settings.public_url;
        let Some(next) = destination(sent.trimmed("Destination"), request, public_url) else {
            return refused(
                "The destination of your login link is not a page of this console. Please contact your administrator.",
            );
        };
        let issuer = sent.trimmed("Issuer");
        match self.redeem(request, sent.get("SigninToken"), issuer).await {
            Ok(entering) => match self.begin_as(request, entering).await {
                Ok(answer) => answer(&next),
                Err(fault) => refused(&fault.message),
            },
            Err(why) => refused(&why),
        }
    }

    /// Whoever a sign-in token lets in, once.
    async fn redeem(
        &self,
        request: &Request,
        sealed: &str,
        issuer: &str,
    ) -> Result<Entering, String> {
        const INVALID: &str =
            "The credentials in your login link were invalid. Please contact your administrator.";
        let now = self.world.clock.now();
        let token = self
            .world
            .tokens
            .open_text(sealed, PLACE)
            .and_then(|clear| serde_json::from_slice::<SigninToken>(&clear).ok())
            .ok_or(INVALID)?;
        let facts = request.facts(&self.world.settings.region);
        let held = Sealed {
            access_key_id: token.access_key_id.clone(),
            token: token.token.clone(),
        };
        let caller = self.sessions.caller(&held, facts.clone());
        let caller = caller.map_err(|_| "Your login link has expired.".to_owned())?;
        let refusal = if token.until <= now {
            Some(
                "Your login link has expired. Please sign in through your program or your administrator again.",
            )
        } else if !first_use(&self.world, &caller, sealed, token.until).await? {
            Some(
                "Your login link has been used already. Please sign in through your program or your administrator again.",
            )
        } else {
            None
        };
        let known = match refusal {
            Some(why) => Err(why.to_owned()),
            None => (self.world.standing(&caller)).map_err(|_| INVALID.to_owned()),
        };
        self.world.console_happened(Happening {
            name: "ConsoleLogin",
            caller: Some(&caller),
            account: caller.who.account(),
            facts: &facts,
            parameters: vec![
                ("via".into(), "federation".into()),
                ("issuer".into(), issuer.chars().take(256).collect()),
            ],
            failure: known.as_ref().err().cloned(),
        });
        let (arn, user_id) = known?;
        let (session, sealed) = self.lasting(&caller, held, token.lasts)?;
        Ok(Entering {
            user_id: None,
            federated: Some(user_id),
            name: name(&arn),
            session,
            sealed,
            must_change_password: false,
        })
    }

    /// The session of the console: the credentials' own, or one of another length that ends with them if they are revoked.
    fn lasting(
        &self,
        caller: &Caller,
        held: Sealed,
        lasts: Option<Millis>,
    ) -> Result<(Arc<Session>, Sealed), String> {
        let own = caller.session.clone();
        let own = own.ok_or_else(|| Fault::internal().message)?;
        match lasts {
            None => Ok((own, held)),
            Some(lasts) => {
                let now = self.world.clock.now();
                let session = own.continued(&held.access_key_id, now + lasts);
                let sealed = self
                    .sessions
                    .seal(&session)
                    .map_err(|fault| fault.message)?;
                Ok((session.into(), sealed))
            }
        }
    }
}

/// Whether AWS lets these credentials into the console, and for how long: milliseconds, if a length was asked for.
fn suits(caller: &Caller, asked: Option<&str>) -> Result<Option<Millis>, &'static str> {
    let session = caller.session.as_deref();
    let of = session.map(|session| &session.of);
    let Some(of @ (SessionOf::Role { .. } | SessionOf::Federated { .. })) = of else {
        return Err("use the credentials of AssumeRole or GetFederationToken, not those of a user");
    };
    let Some(asked) = asked else {
        return Ok(None);
    };
    let seconds = asked
        .parse()
        .ok()
        .filter(|seconds: &Millis| (SESSION_SECONDS_MIN..=SIGN_IN_MS / 1000).contains(seconds));
    let seconds = seconds.ok_or("SessionDuration must be a number of seconds from 900 to 43200")?;
    if matches!(of, SessionOf::Federated { .. }) {
        return Err(
            "SessionDuration is for the credentials of a role; those of GetFederationToken have their own",
        );
    }
    if session.is_some_and(|session| session.chained) {
        return Err("SessionDuration is not for roles assumed by role chaining; leave it out");
    }
    Ok(Some(seconds * 1000))
}

/// Notes durably that a token has been used; false: it had been already.
async fn first_use(
    world: &World,
    caller: &Caller,
    token: &str,
    until: Millis,
) -> Result<bool, String> {
    let account = caller.who.account();
    let account = account.ok_or_else(|| Fault::internal().message)?;
    let digest = hex::encode(Sha256::digest(token.as_bytes()));
    let id = assertion_bar(&digest);
    let used = world.settle(|head, batch| {
        let node = head.account(&account).ok_or_else(Fault::internal)?;
        let first = node.bar(&id).is_none();
        if first {
            batch.put(Bar {
                account,
                what: Barred::Assertion {
                    digest: digest.clone(),
                },
                expires: until,
            });
        }
        Ok(first)
    });
    used.await.map_err(|fault| fault.message)
}

/// What the bar calls a temporary session: `ROLE/SESSION`, or the federated user's name.
fn name(arn: &str) -> String {
    let resource = arn.rsplit(':').next().unwrap_or(arn);
    let (_, name) = resource.split_once('/').unwrap_or(("", resource));
    name.to_owned()
}

/// The link of a login that came as a form.
fn login_link(sent: &Pairs) -> String {
    let mut link = "/federation?Action=login".to_owned();
    for name in ["Issuer", "Destination", "SigninToken"] {
        link.push_str(&format!("&{name}={}", encode(sent.get(name))));
    }
    link
}

/// For programs.
fn plain(status: StatusCode, text: impl Into<String>) -> Response<Body> {
    answer(status, "text/plain; charset=utf-8", text.into())
}

/// For people.
pub(crate) fn refused(why: &str) -> Response<Body> {
    let main = html! { div.card { h1 { "Sign-in failed" } p { (why) } p { a.button href="/console" { "Console home" } } } };
    outside(StatusCode::BAD_REQUEST, "Sign-in failed", main)
}
