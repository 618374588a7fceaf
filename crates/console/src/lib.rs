//! The web console: what a person sees and clicks, rendered on the server.
//!
//! It calls the same operations as the API, typed, through the same pipeline, with the signed-in person as the caller: there is
//! no back door, and no secret key in the browser.
//!
//! | module | what it is for |
//! | --- | --- |
//! | `http`, `visit` | a browser's request and our answers; one click of a signed-in person |
//! | `sessions`, `sign_in`, `your_sessions` | who is signed in, in which browser; signing in; the list of it, and signing out |
//! | `throttle`, `known_browsers` | whoever guesses at passwords waits, and nobody waits for others' guesses in a browser of one's own |
//! | `federation`, `saml` | signing in with temporary credentials, and through an identity provider |
//! | `oauth2` | `aws login`: programs that get credentials of a console session |
//! | `switch_role`, `all_roles`, `history` | acting as a role, here or in another account; the roles one may switch to, and those switched to before |
//! | `layout`, `parts`, `listing`, `assets` | the frame of every page, its pieces, its lists, its style and script |
//! | `home`, `iam`, `organizations`, `s3`, `access` | the pages |
//! | `delegate`, `map` | the wizard that lets somebody of one account into another; who gets in where, drawn |
//!
//! **Invariant:** nothing here decides who may do what. A page that shows a button asks the operation when it is pressed.

mod access;
mod all_roles;
mod assets;
mod delegate;
mod federation;
mod flash;
mod history;
mod home;
mod http;
mod iam;
mod known_browsers;
mod layout;
mod listing;
mod map;
mod oauth2;
mod organizations;
mod parts;
mod s3;
mod saml;
mod sessions;
mod sign_in;
mod switch_role;
mod throttle;
mod visit;
mod your_sessions;

use std::sync::Arc;

use tokio::sync::{Semaphore, watch};

use ::http::{Method, Response, StatusCode, request::Parts};
use twinlock_gate::{Body, Caller, Fault, Peer, World};

use crate::{
    flash::Flashes,
    http::{Pairs, Request, answer, redirect},
    iam::Verdicts,
    known_browsers::KnownBrowsers,
    layout::Service,
    sessions::Sessions,
    throttle::Throttle,
    visit::{Page, Visit},
};

/// The console before a world.
#[derive(Debug)]
pub struct Console {
    world: Arc<World>,
    sessions: Sessions,
    flashes: Arc<Flashes>,
    verdicts: Arc<Verdicts>,
    throttle: Throttle,
    known_browsers: KnownBrowsers,
    pending: sign_in::Pending,
    grants: oauth2::Grants,
    proofs: oauth2::Proofs,
    /// A permit for every byte of [`STRANGERS_FORMS_BYTES_MAX`].
    forms: Semaphore,
    /// True once the passwords of a first start are hashed: until then a sign-in waits.
    passwords_ready: watch::Receiver<bool>,
}

/// What the forms of people who have not signed in may take together, in bytes.
const STRANGERS_FORMS_BYTES_MAX: usize = 64 * 1024 * 1024;
/// First segments of paths that are the console's, if the request carries no signature and is not for a host of S3's.
const PATHS: &[&str] = &["console", "signin", "switchrole"];
/// Where AWS has the metadata that identity providers are set up with.
const SAML_METADATA: &str = "/static/saml-metadata.xml";
/// How programs and other sites' forms are written.
const FORM: &str = "application/x-www-form-urlencoded";

impl Console {
    /// A console before `world`. `passwords_ready` turns true once the passwords of a first start are hashed.
    pub fn new(world: Arc<World>, passwords_ready: watch::Receiver<bool>) -> Console {
        Console {
            sessions: Sessions::new(world.clone()),
            flashes: Arc::default(),
            verdicts: Arc::default(),
            throttle: Throttle::default(),
            known_browsers: KnownBrowsers::load(&world),
            pending: sign_in::Pending::default(),
            grants: oauth2::Grants::default(),
            proofs: oauth2::Proofs::default(),
            forms: Semaphore::new(STRANGERS_FORMS_BYTES_MAX),
            passwords_ready,
            world,
        }
    }

    /// Whether a request is the console's, if it carries no signature and is not for a host of S3's.
    ///
    /// Buckets may have such names. Of a bucket called `federation` only those requests are lost to the console that look like
    /// a sign-in's and like none of S3's.
    pub fn takes(parts: &Parts) -> bool {
        let path = parts.uri.path();
        let query = parts.uri.query().unwrap_or("");
        let form = || {
            let content_type = parts.headers.get(::http::header::CONTENT_TYPE);
            parts.method == Method::POST
                && content_type.is_some_and(|value| value.as_bytes().starts_with(FORM.as_bytes()))
        };
        match path {
            "/saml" => form(),
            SAML_METADATA => parts.method != Method::POST && query.is_empty(),
            "/federation" => query.split('&').any(|pair| pair.starts_with("Action=")) || form(),
            _ => {
                let first = path.trim_start_matches('/').split('/').next();
                oauth2::takes(parts) || first.is_some_and(|first| PATHS.contains(&first))
            }
        }
    }

    /// Removes what has ended by itself; for the server to call now and then.
    pub fn sweep(&self) {
        self.sessions.sweep();
    }

    /// Answers a browser.
    pub async fn handle(&self, parts: Parts, body: Body, peer: Peer) -> Response<Body> {
        if !matches!(parts.method, Method::GET | Method::HEAD | Method::POST) {
            return answer(
                StatusCode::METHOD_NOT_ALLOWED,
                "text/plain; charset=utf-8",
                "use GET or POST\n",
            );
        }
        let head = parts.method == Method::HEAD;
        let Some(request) = Request::new(parts, body, peer) else {
            return answer(
                StatusCode::BAD_REQUEST,
                "text/plain; charset=utf-8",
                "malformed path\n",
            );
        };
        let response = self.route(request).await;
        if head {
            response.map(|_| Body::Empty)
        } else {
            response
        }
    }

    async fn route(&self, request: Request) -> Response<Body> {
        // Programs, other sites' forms and links from anywhere come to these: what they carry is what is believed.
        match request.path.as_str() {
            oauth2::AUTHORIZE => return self.authorize(&request),
            oauth2::TOKEN => return self.token(request).await,
            "/federation" => return self.federation(request).await,
            "/saml" => return self.saml(request).await,
            SAML_METADATA => return self.saml_metadata(),
            _ => {}
        }
        if request.is_post() && !request.same_origin() {
            return sign_in::refused("This form was not sent by a page of this console.");
        }
        let segments: Vec<&str> = request.segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["console", "assets", _, name] => assets::serve(name),
            ["console"] | ["console", ""] => self.front(&request),
            ["signin", "switchrole"] | ["switchrole"] => self.switch_link(&request),
            ["signin"] | ["signin", ""] | ["signin", _] => self.sign_in(request).await,
            ["console", slot, ..] => {
                let slot = (*slot).to_owned();
                self.signed_in(slot, request).await
            }
            _ => answer(
                StatusCode::NOT_FOUND,
                "text/plain; charset=utf-8",
                "no such page\n",
            ),
        }
    }

    /// `/switchrole?account=…&roleName=…`: the filled form of whoever is signed in, after a sign-in if nobody is.
    fn switch_link(&self, request: &Request) -> Response<Body> {
        let signed_in = self.sessions.of_browser(request);
        let rest = format!("/switchrole?{}", request.raw_query);
        match signed_in.as_slice() {
            [] => redirect(&sign_in::address(request, &rest)),
            [(slot, _)] => redirect(&format!("/console/{slot}{rest}")),
            several => sign_in::choose(request, several, &rest),
        }
    }

    async fn signed_in(&self, slot: String, request: Request) -> Response<Body> {
        let Some(sign_in) = self.sessions.find(&request, &slot) else {
            let ended = self.sessions.ended(&request, &slot);
            if ended
                .as_ref()
                .is_some_and(|ended| ended.federated.is_some())
            {
                return layout::lost_for_good("Your session has ended.", &maud::html! {});
            }
            return redirect(&sign_in::again(&request, &slot, ended.as_ref()));
        };
        let form = if request.is_post() && !s3::streams(&request) {
            match request.form().await {
                Ok(form) => form,
                Err(fault) => return sign_in::refused(&fault.message),
            }
        } else {
            Pairs::default()
        };
        if request.is_post() && !proven(&request, &form, &sign_in.csrf) {
            return sign_in::refused(
                "This form is not from a page of this session: go back, reload the page and try again.",
            );
        }
        let facts = request.facts(&self.world.settings.region);
        let snapshot = self.world.directory.published();
        let stands = |caller: &Caller| self.world.standing_of(caller, &snapshot).is_ok();
        let own = self.sessions.own_caller(&sign_in, facts.clone());
        let Some(own) = own.ok().filter(stands) else {
            // Revoked, begun with a password that is another by now, of a user who is gone; or made under keys that are no
            // longer there, in a restored copy of the data.
            let _ = self.sessions.end(&slot).await;
            if sign_in.federated.is_some() {
                return layout::lost_for_good("Your session has ended.", &maud::html! {});
            }
            return redirect(&sign_in::again(&request, &slot, Some(&sign_in)));
        };
        let acting = self.sessions.acting_caller(&sign_in, facts);
        let acting = acting.ok().filter(stands);
        let lost = acting.is_none();
        let caller = acting.unwrap_or(own);
        let others = self.sessions.of_browser(&request);
        let visit = Visit {
            world: self.world.clone(),
            sessions: self.sessions.clone(),
            flashes: self.flashes.clone(),
            verdicts: self.verdicts.clone(),
            others: others.into_iter().filter(|(s, _)| *s != slot).collect(),
            slot,
            sign_in,
            caller,
            request,
            form,
        };
        if lost
            && !matches!(
                visit.request.segments.get(2).map(String::as_str),
                Some("switchback" | "signout" | "switchrole")
            )
        {
            return layout::session_lost(&visit, "The session of the role has ended.");
        }
        pages(self, visit).await
    }
}

/// Whether a POST carries the session's token, in the form or in the header that our script sends.
fn proven(request: &Request, form: &Pairs, csrf: &str) -> bool {
    use subtle::ConstantTimeEq;
    let sent = match form.get("csrf") {
        "" => request.header("x-csrf"),
        sent => sent,
    };
    sent.as_bytes().ct_eq(csrf.as_bytes()).into()
}

/// Every page of a signed-in person.
async fn pages(console: &Console, visit: Visit) -> Response<Body> {
    let segments: Vec<String> = visit.request.segments[2..].to_vec();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    if visit.sign_in.must_change_password
        && !matches!(segments.as_slice(), ["password"] | ["signout"])
    {
        return redirect(&visit.at("/password"));
    }
    if let Some(revoked) = switch_role::revoked(&visit, &segments) {
        return revoked;
    }
    let (service, page): (Service, Page) = match segments.as_slice() {
        [] | [""] => (Service::Home, home::page(&visit)),
        ["password"] if visit.sign_in.federated.is_none() => {
            (Service::Home, sign_in::password_page(&visit).await)
        }
        ["sessions", ..] => (Service::Home, your_sessions::page(&visit).await),
        ["signout"] if visit.request.is_post() => {
            (Service::Home, your_sessions::sign_out(&visit).await)
        }
        ["switchrole"] => (Service::Home, switch_role::page(&visit).await),
        ["switchback"] if visit.request.is_post() => {
            (Service::Home, switch_role::back(&visit).await)
        }
        ["authorize"] => (Service::Home, oauth2::page(console, &visit).await),
        ["history"] => (Service::Home, switch_role::history(&visit).await),
        ["roles"] => (Service::Home, all_roles::page(&visit)),
        ["access"] => (Service::Iam, access::page(&visit)),
        ["access", "delegate"] => (Service::Iam, delegate::page(&visit).await),
        ["access", "map"] => (Service::Iam, map::page(&visit)),
        ["iam", rest @ ..] => (Service::Iam, iam::page(&visit, rest).await),
        ["organizations", rest @ ..] => (
            Service::Organizations,
            organizations::page(&visit, rest).await,
        ),
        ["s3", rest @ ..] => (Service::S3, s3::page(&visit, rest).await),
        _ => (Service::Home, Err(not_found())),
    };
    page.unwrap_or_else(|fault| refused(&visit, service, &fault))
}

/// Why a page could not be shown; or, of a form, the page that sent it with the reason above: what was typed, the script puts back.
fn refused(visit: &Visit, service: Service, fault: &Fault) -> Response<Body> {
    let form = visit.request.is_post() && visit.request.header("x-csrf").is_empty();
    match visit.request.form_page(&visit.slot).filter(|_| form) {
        Some(page) => visit.failed(page, fault),
        None => layout::fault_page(visit, service, fault),
    }
}

/// There is no such page.
fn not_found() -> Fault {
    Fault::new("NotFound", 404, "There is no such page.")
}
