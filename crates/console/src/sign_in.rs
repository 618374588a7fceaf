//! Signing in and out: the account, the user or root, the password; several identities side by side in one browser.
//!
//! A wrong account, a wrong name and a wrong password get the same sentence after the same work, so that nobody learns which
//! of them exist.

mod pending;

use http::{Response, StatusCode};
use maud::{Markup, html};
use twinlock_directory::{AccountId, AccountNode, Millis};
use twinlock_gate::{Body, Fault, Happening};
use twinlock_identity::{
    iam::login_profiles::ChangePassword,
    sign_in::{Outcome, Person, person_id, sign_in},
};
use twinlock_shapes::iam::ChangePasswordInput;
use zeroize::Zeroizing;

pub(crate) use pending::Pending;

use crate::{
    Console,
    http::{Pairs, Request, encode, local_path, redirect, with_cookie},
    known_browsers::{KNOWN, KNOWN_MS, Standing},
    layout::{Service, outside, show},
    parts::{csrf, head, problem, when},
    sessions::{BROWSER, Entering, IDENTITIES_MAX, SIGN_IN_MS, SLOTS, SignIn},
    visit::{Page, Visit},
};

const INCORRECT: &str = "Your authentication information is incorrect. Please try again.";
/// The cookies outlive the sign-in a little, so that what ends it is always the server.
pub(crate) const COOKIE_SECONDS: u64 = SIGN_IN_MS / 1000 + 3600;
/// `why=` of an address that somebody comes to who has just signed out, and of one who finds the session over.
pub(crate) const OUT: &str = "out";
const OVER: &str = "over";

/// What the sign-in form holds.
#[derive(Debug, Default)]
struct Form {
    root: bool,
    account: String,
    user: String,
    next: String,
    error: Option<String>,
    /// Why the page is shown to somebody who did not ask for it.
    note: Option<&'static str>,
    /// Identities that are signed in with this browser, if one of them may do as well.
    others: Vec<(String, SignIn)>,
}

/// The address of the sign-in page that leads to `next` (a path below the identity's own) afterwards.
pub(crate) fn address(request: &Request, next: &str) -> String {
    let account = alias_of_host(request)
        .or_else(|| request.query.filled("account").filter(|_| next.is_empty()))
        .unwrap_or("");
    match (account, next) {
        ("", "") => "/signin".to_owned(),
        ("", next) => format!("/signin?next={}", encode(next)),
        (account, "") => format!("/signin?account={}", encode(account)),
        (account, next) => format!("/signin?account={}&next={}", encode(account), encode(next)),
    }
}

/// As [`address`], for somebody whose session is over: it says so, knows who it was as long as we do, and leads on to the page that was
/// asked for, or to the one that sent a form.
pub(crate) fn again(request: &Request, slot: &str, who: Option<&SignIn>) -> String {
    if slot.len() != 16 {
        return address(request, "");
    }
    let next = match request.is_post() {
        true => request.form_page(slot).unwrap_or_default().to_owned(),
        false => request.below(),
    };
    let mut address = format!("/signin?why={OVER}&next={}", encode(&next));
    match who {
        Some(who) if who.is_root() => address.push_str("&as=root"),
        Some(who) => {
            let (account, user) = (who.account, encode(&who.name));
            address.push_str(&format!("&account={account}&user={user}"));
        }
        None => {}
    }
    address
}

/// `ALIAS.signin.…`: the account that the host names.
fn alias_of_host(request: &Request) -> Option<&str> {
    let (alias, rest) = request.header("host").split_once('.')?;
    rest.starts_with("signin.").then_some(alias)
}

/// A form that cannot be believed.
pub(crate) fn refused(why: &str) -> Response<Body> {
    outside(
        StatusCode::FORBIDDEN,
        "Refused",
        html! { div.card { h1 { "Refused" } p { (why) } p { a.button href="/console" { "Console home" } } } },
    )
}

/// Which of the identities of this browser goes to `rest`?
pub(crate) fn choose(
    request: &Request,
    signed_in: &[(String, SignIn)],
    rest: &str,
) -> Response<Body> {
    let out = request.query.get("why") == OUT;
    let title = if out {
        "You are signed out"
    } else {
        "Choose an identity"
    };
    outside(
        StatusCode::OK,
        title,
        html! {
            div.card {
                h1 { (title) }
                p.about { @if out { "Still signed in with this browser:" } @else { "Several identities are signed in with this browser. Each tab keeps its own." } }
                (choices(signed_in, rest))
                p { a href={ "/signin?next=" (encode(if rest == "/" { "" } else { rest })) } { "Sign in with another identity" } }
            }
        },
    )
}

/// Identities of this browser, each with the page at `rest` below it.
fn choices(signed_in: &[(String, SignIn)], rest: &str) -> Markup {
    html! {
        ul.choices {
            @for (slot, sign_in) in signed_in {
                li { a href={ "/console/" (slot) (rest) } {
                    strong { (sign_in.name) } " @ " (sign_in.account)
                    @if let Some(role) = &sign_in.role { span.about { " as " (role.display_name) } }
                    div.about { "Since " (when(sign_in.started)) }
                } }
            }
        }
    }
}

impl Console {
    /// The sign-in page, and what it sends.
    pub(crate) async fn sign_in(&self, request: Request) -> Response<Body> {
        let prefilled = request
            .segments
            .get(1)
            .cloned()
            .filter(|alias| !alias.is_empty())
            .or_else(|| alias_of_host(&request).map(str::to_owned))
            .or_else(|| request.query.filled("account").map(str::to_owned))
            .unwrap_or_default();
        if !request.is_post() {
            let form = Form {
                root: request.query.get("as") == "root",
                account: prefilled,
                user: request.query.trimmed("user").to_owned(),
                next: request.query.get("next").to_owned(),
                error: None,
                note: match request.query.get("why") {
                    OUT => Some("You are signed out."),
                    OVER => Some(
                        "You are signed out, or your session has ended. Sign in again to go on where you were.",
                    ),
                    _ => None,
                },
                others: match request.query.get("why") {
                    OVER => self.sessions.of_browser(&request),
                    _ => Vec::new(),
                },
            };
            return sign_in_page(&form);
        }
        let sent = match request.strangers_form(&self.forms).await {
            Ok(sent) => sent,
            Err(fault) => return refused(&fault.message),
        };
        if sent.maybe("pending").is_some() {
            return self.try_code(&request, &sent).await;
        }
        self.try_sign_in(&request, &sent).await
    }

    async fn try_sign_in(&self, request: &Request, sent: &Pairs) -> Response<Body> {
        let mut form = Form {
            root: sent.get("as") == "root",
            account: sent.trimmed("account").to_owned(),
            user: sent.trimmed("user").to_owned(),
            next: sent.get("next").to_owned(),
            ..Form::default()
        };
        let now = self.world.clock.now();
        if !request.peer.secure && !request.peer.addr.is_loopback() {
            form.error = Some(
                "Passwords are taken over TLS only, unless this browser runs on the server itself. Ask whoever runs it to set tls_cert and tls_key, or a proxy in trusted_proxies."
                    .into(),
            );
            return sign_in_page(&form);
        }
        let typed = Typed {
            root: form.root,
            account: form.account.clone(),
            user: form.user.clone(),
            password: Zeroizing::new(sent.get("password").to_owned()),
            next: form.next.clone(),
        };
        let attempt = match self.attempt(request, &typed, now) {
            Ok(attempt) => attempt,
            Err(wait) => {
                form.error = Some(too_many("passwords", wait));
                return sign_in_page(&form);
            }
        };
        match self.outcome(&typed, None, &attempt).await {
            Ok(Outcome::Refused) => {
                self.login_event(
                    request,
                    &form.user,
                    None,
                    None,
                    Some("Failed authentication"),
                );
                form.error = Some(INCORRECT.into());
                sign_in_page(&form)
            }
            Ok(Outcome::CodeNeeded) => {
                self.right(request, &attempt);
                let key = (self.pending).put(typed.clone(), now, &*self.world.random);
                code_page(&key, &typed, None)
            }
            other => {
                self.right(request, &attempt);
                self.enter(request, &typed, other).await
            }
        }
    }

    /// Begins a try: counted as wrong until it is [`right`](Console::right).
    ///
    /// # Errors
    /// How long whoever it is has to wait, in milliseconds.
    fn attempt(&self, request: &Request, typed: &Typed, now: Millis) -> Result<Attempt, Millis> {
        let account = self.account(typed);
        let person = person_id(&self.world, account, typed.user());
        if let Some(person) = person {
            let cookie = request.cookie(KNOWN).unwrap_or_default();
            match self.known_browsers.begin(cookie, &person, now) {
                Standing::Known(browser) => return Ok(Attempt::Known { browser, person }),
                Standing::Waits(wait) => return Err(wait),
                Standing::Unknown => {}
            }
        }
        // One name for all ways of writing who is meant.
        let name = match account {
            _ if typed.root => format!("root/{}", typed.user),
            Some(account) => format!("{account}/{}", typed.user),
            None => format!("{}/{}", typed.account, typed.user),
        };
        let name = name.to_lowercase();
        match self.throttle.begin(&name, request.peer.addr, now) {
            Some(wait) => Err(wait),
            None => Ok(Attempt::Unknown { name }),
        }
    }

    fn right(&self, request: &Request, attempt: &Attempt) {
        match attempt {
            Attempt::Known { browser, .. } => self.known_browsers.right(browser),
            Attempt::Unknown { name } => self.throttle.right(name, request.peer.addr),
        }
    }

    /// The second step: a code of one of the person's devices.
    async fn try_code(&self, request: &Request, sent: &Pairs) -> Response<Body> {
        let now = self.world.clock.now();
        let key = sent.get("pending");
        let Some(typed) = self.pending.get(key, now) else {
            return sign_in_page(&Form {
                error: Some("The code came too late. Sign in again.".into()),
                ..Form::default()
            });
        };
        let attempt = match self.attempt(request, &typed, now) {
            Ok(attempt) => attempt,
            Err(wait) => return code_page(key, &typed, Some(&too_many("tries", wait))),
        };
        let code = Some(sent.trimmed("code"));
        match self.outcome(&typed, code, &attempt).await {
            Ok(Outcome::Refused | Outcome::CodeNeeded) => {
                self.login_event(
                    request,
                    &typed.user,
                    None,
                    None,
                    Some("Failed authentication"),
                );
                let why = "Your authentication code is incorrect, or has been used already.";
                code_page(key, &typed, Some(why))
            }
            other => {
                self.right(request, &attempt);
                self.pending.remove(key);
                self.enter(request, &typed, other).await
            }
        }
    }

    /// What was typed is worth, with a code or without.
    async fn outcome(
        &self,
        typed: &Typed,
        code: Option<&str>,
        attempt: &Attempt,
    ) -> Result<Outcome, Fault> {
        // If whoever hashes is gone there is nothing to wait for.
        let _ = self.passwords_ready.clone().wait_for(|ready| *ready).await;
        let (account, user) = (self.account(typed), typed.user());
        let counted = match attempt {
            Attempt::Known { person, .. } => Some(person.as_str()),
            Attempt::Unknown { .. } => None,
        };
        sign_in(&self.world, account, user, &typed.password, code, counted).await
    }

    /// The account that was typed, if there is one.
    fn account(&self, typed: &Typed) -> Option<AccountId> {
        let snapshot = self.world.directory.published();
        let node = if typed.root {
            snapshot.account_by_email(&typed.user)
        } else {
            account(&snapshot, &typed.account)
        };
        node.map(|node| node.account.id)
    }

    /// Lets a person in, or says why not yet.
    async fn enter(
        &self,
        request: &Request,
        typed: &Typed,
        outcome: Result<Outcome, Fault>,
    ) -> Response<Body> {
        let (person, must_change) = match outcome {
            Ok(Outcome::In(person)) => (person, false),
            Ok(Outcome::MustChange(person)) => (person, true),
            Ok(_) => {
                self.login_event(request, &typed.user, None, None, Some("Password expired"));
                return sign_in_page(&Form {
                    root: typed.root,
                    account: typed.account.clone(),
                    user: typed.user.clone(),
                    next: typed.next.clone(),
                    error: Some("Your password has expired. An administrator of your account has to set another one.".into()),
                    ..Form::default()
                });
            }
            Err(fault) => return refused(&fault.message),
        };
        match self.begin(request, &person, must_change).await {
            Ok((name, answer)) => {
                self.login_event(request, &name, Some(person.account), person.mfa, None);
                answer(local_path(&typed.next).unwrap_or("/"))
            }
            Err(fault) => refused(&fault.message),
        }
    }

    /// Begins the session of somebody who typed a password. Gives the person's name, and what makes the answer that leads to
    /// a path below the identity.
    async fn begin<'r>(
        &self,
        request: &'r Request,
        person: &Person,
        must_change: bool,
    ) -> Result<(String, impl FnOnce(&str) -> Response<Body> + use<'r>), Fault> {
        let name = match &person.user_id {
            Some(id) => {
                let snapshot = self.world.directory.published();
                let user = snapshot.user_by_id(id).ok_or_else(Fault::internal)?;
                user.name.clone()
            }
            None => "root".to_owned(),
        };
        let user_id = person.user_id.clone();
        let own = self
            .sessions
            .own_session(person.account, user_id, person.mfa);
        let (session, sealed) = own?;
        let entering = Entering {
            user_id: person.user_id.clone(),
            federated: None,
            name: name.clone(),
            session,
            sealed,
            must_change_password: must_change,
        };
        let id = person.user_id.as_deref();
        let id = id.unwrap_or_else(|| person.account.as_str());
        let before = request.cookie(KNOWN).unwrap_or_default();
        let (now, random) = (self.world.clock.now(), &*self.world.random);
        let known = self.known_browsers.remember(before, id, now, random);
        let answer = self.begin_as(request, entering).await?;
        Ok((name, move |next: &str| {
            let secure = request.peer.secure;
            with_cookie(answer(next), KNOWN, &known, KNOWN_MS / 1000, secure)
        }))
    }

    /// Begins an identity's session beside those that the browser has already. Gives what makes the answer that leads to a
    /// path below the identity.
    ///
    /// # Errors
    /// The store could not write.
    pub(crate) async fn begin_as<'r>(
        &self,
        request: &'r Request,
        who: Entering,
    ) -> Result<impl FnOnce(&str) -> Response<Body> + use<'r>, Fault> {
        let (slot, sign_in, secret) = self.sessions.begin(request, who);
        self.sessions.put(&slot, &sign_in).await?;
        self.sessions.make_room(&slot, &sign_in).await?;
        let mut all = vec![slot.clone()];
        for (other, _) in self.sessions.of_browser(request) {
            if all.len() < IDENTITIES_MAX {
                all.push(other);
            } else {
                self.sessions.end(&other).await?;
            }
        }
        let all = all.join(".");
        let secure = request.peer.secure;
        Ok(move |next: &str| {
            let answer = redirect(&format!("/console/{slot}{next}"));
            let answer = with_cookie(answer, BROWSER, &secret, COOKIE_SECONDS, secure);
            with_cookie(answer, SLOTS, &all, COOKIE_SECONDS, secure)
        })
    }

    fn login_event(
        &self,
        request: &Request,
        user: &str,
        account: Option<AccountId>,
        mfa: Option<Millis>,
        failure: Option<&str>,
    ) {
        let facts = request.facts(&self.world.settings.region);
        // A name that was not found is perhaps a password typed into the wrong field.
        let user = if failure.is_some() {
            "HIDDEN_DUE_TO_SECURITY_REASONS"
        } else {
            user
        };
        let used = if mfa.is_some() { "Yes" } else { "No" };
        self.world.console_happened(Happening {
            name: "ConsoleLogin",
            caller: None,
            account,
            facts: &facts,
            parameters: vec![
                ("userName".into(), user.into()),
                ("MFAUsed".into(), used.into()),
            ],
            failure: failure.map(str::to_owned),
        });
    }
}

/// Under which limit a try is counted.
#[derive(Debug)]
enum Attempt {
    /// That of a browser with which this person, by unique id, signed in before.
    Known { browser: String, person: String },
    /// Everybody's, under the name that was typed.
    Unknown { name: String },
}

fn too_many(what: &str, wait: Millis) -> String {
    let seconds = wait.div_ceil(1000);
    format!("Too many wrong {what}. Try again in {seconds} seconds.")
}

/// What was typed at the first step.
#[derive(Debug, Clone)]
struct Typed {
    root: bool,
    account: String,
    /// The user's name, or root's e-mail address.
    user: String,
    password: Zeroizing<String>,
    next: String,
}

impl Typed {
    /// The user's name; none: root.
    fn user(&self) -> Option<&str> {
        (!self.root).then_some(self.user.as_str())
    }
}

/// The account of this id or alias.
pub(crate) fn account<'s>(
    snapshot: &'s twinlock_directory::Snapshot,
    id_or_alias: &str,
) -> Option<&'s std::sync::Arc<AccountNode>> {
    match id_or_alias.parse::<AccountId>() {
        Ok(id) => snapshot.account(&id),
        Err(_) => snapshot.account_by_alias(id_or_alias),
    }
}

fn sign_in_page(form: &Form) -> Response<Body> {
    let other = sign_in_address(!form.root, &form.account, &form.next);
    // Where something is still to be typed.
    let first = match (form.root, &form.account, &form.user) {
        (false, account, _) if account.is_empty() => "account",
        (_, _, user) if user.is_empty() => "user",
        _ => "password",
    };
    let field = |label: &str, name: &str, kind: &str, value: &str, autocomplete: &str| {
        input(label, name, kind, value, autocomplete, name == first)
    };
    outside(
        StatusCode::OK,
        "Sign in",
        html! {
            div.card.sign-in {
                h1 { @if form.root { "Root user sign in" } @else { "IAM user sign in" } }
                @if let Some(error) = &form.error { p.flash.bad role="alert" { (error) } }
                @if let Some(note) = form.note { p.flash.note role="status" { (note) } }
                form method="post" action="/signin" {
                    input type="hidden" name="next" value=(form.next);
                    @if form.root {
                        input type="hidden" name="as" value="root";
                        (field("Root user email address", "user", "email", &form.user, "username"))
                    } @else {
                        (field("Account ID (12 digits) or account alias", "account", "text", &form.account, "organization"))
                        (field("IAM user name", "user", "text", &form.user, "username"))
                    }
                    (field("Password", "password", "password", "", "current-password"))
                    button.primary.wide type="submit" { "Sign in" }
                }
                p { a href=(other) { @if form.root { "Sign in as an IAM user" } @else { "Sign in using root user email" } } }
                @if !form.others.is_empty() {
                    h2.later { "Or go on as" }
                    (choices(&form.others, local_path(&form.next).unwrap_or("/")))
                }
            }
        },
    )
}

/// The sign-in page for root or for users, with what is known already.
fn sign_in_address(root: bool, account: &str, next: &str) -> String {
    let pairs = [
        ("as", if root { "root" } else { "" }),
        ("account", if root { "" } else { account }),
        ("next", next),
    ];
    let filled = pairs.iter().filter(|(_, value)| !value.is_empty());
    let filled: Vec<String> = filled
        .map(|(name, value)| format!("{name}={}", encode(value)))
        .collect();
    format!("/signin?{}", filled.join("&"))
}

/// The second step of a sign-in.
fn code_page(pending: &str, typed: &Typed, error: Option<&str>) -> Response<Body> {
    let other = sign_in_address(typed.root, &typed.account, &typed.next);
    outside(
        StatusCode::OK,
        "Multi-factor authentication",
        html! {
            div.card.sign-in {
                h1 { "Multi-factor authentication" }
                p.about { "Enter the code that your MFA device shows." }
                @if let Some(error) = error { p.flash.bad role="alert" { (error) } }
                form method="post" action="/signin" {
                    input type="hidden" name="pending" value=(pending);
                    div.field {
                        label for="code" { "MFA code" }
                        input type="text" id="code" name="code" inputmode="numeric" autocomplete="one-time-code" maxlength="6" required autofocus;
                    }
                    button.primary.wide type="submit" { "Submit" }
                }
                p { a href=(other) { "Cancel" } }
            }
        },
    )
}

/// `/console/SLOT/password`: the person's own password, changed through the operation like any other change. Whoever must choose
/// a new one comes from everywhere to here.
pub(crate) async fn password_page(visit: &Visit) -> Page {
    let mut fault = None;
    if visit.request.is_post() {
        let own = visit.own_caller()?;
        let again = visit.form.get("again") == visit.form.get("newPassword");
        let changed = if again {
            let input = ChangePasswordInput {
                old_password: visit.form.get("oldPassword").to_owned(),
                new_password: visit.form.get("newPassword").to_owned(),
            };
            visit
                .world
                .console_change::<ChangePassword>(&own, input)
                .await
                .map(drop)
        } else {
            Err(Fault::new(
                "ValidationError",
                400,
                "The two new passwords differ.",
            ))
        };
        match changed {
            Ok(()) => {
                let mut sign_in = visit.sign_in.clone();
                sign_in.must_change_password = false;
                visit.sessions.update(&visit.slot, &sign_in).await?;
                return Ok(visit.done("/", "Your password is changed."));
            }
            Err(error) => fault = Some(error),
        }
    }
    let field = |label: &str, name: &str, autocomplete: &str| {
        input(
            label,
            name,
            "password",
            "",
            autocomplete,
            name == "oldPassword",
        )
    };
    let main = html! {
        div.narrow {
            (head("Change password", if visit.sign_in.must_change_password { "You must choose a new password before you go on." } else { "" }, html! {}))
            @if let Some(fault) = &fault { (problem(visit, fault)) }
            form.panel method="post" {
                (csrf(visit))
                // For password managers, which want to know whose it is.
                input type="text" name="username" value=(visit.sign_in.name) autocomplete="username" hidden;
                (field("Old password", "oldPassword", "current-password"))
                (field("New password", "newPassword", "new-password"))
                (field("Retype new password", "again", "new-password"))
                button.primary type="submit" { "Confirm password change" }
            }
        }
    };
    Ok(show(visit, Service::Home, "Change password", main))
}

fn input(
    label: &str,
    name: &str,
    kind: &str,
    value: &str,
    autocomplete: &str,
    first: bool,
) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            input type=(kind) id=(name) name=(name) value=(value) autocomplete=(autocomplete) required spellcheck="false" autocapitalize="off" autofocus[first];
        }
    }
}
