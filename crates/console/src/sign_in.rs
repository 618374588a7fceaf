//! Signing in and out: the account, the user or root, the password; several identities side by side in one browser.
//!
//! A wrong account, a wrong name and a wrong password get the same sentence after the same work, so that nobody learns which
//! of them exist.

use http::{Response, StatusCode};
use maud::{Markup, html};
use twinlock_directory::{AccountId, AccountNode, Millis, passwords};
use twinlock_gate::{Body, Fault, Happening};

use crate::{
    Console,
    http::{Pairs, Request, encode, local_path, redirect, with_cookie},
    layout::{Service, outside, show},
    parts::{csrf, head, when},
    sessions::{BROWSER, IDENTITIES_MAX, SIGN_IN_MS, SLOTS, SignIn, slots},
    visit::{Page, Visit},
};

const INCORRECT: &str = "Your authentication information is incorrect. Please try again.";
/// The cookies outlive the sign-in a little, so that what ends it is always the server.
const COOKIE_SECONDS: u64 = SIGN_IN_MS / 1000 + 3600;

/// What the sign-in form holds.
#[derive(Debug, Default)]
struct Form {
    root: bool,
    account: String,
    user: String,
    next: String,
    error: Option<String>,
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
pub(crate) fn choose(signed_in: &[(String, SignIn)], rest: &str) -> Response<Body> {
    outside(
        StatusCode::OK,
        "Choose an identity",
        html! {
            div.card {
                h1 { "Choose an identity" }
                p.about { "Several identities are signed in with this browser. Each tab keeps its own." }
                ul.choices {
                    @for (slot, sign_in) in signed_in {
                        li { a href={ "/console/" (slot) (rest) } {
                            strong { (sign_in.name) } " @ " (sign_in.account)
                            @if let Some(role) = &sign_in.role { span.about { " as " (role.display_name) } }
                        } }
                    }
                }
                p { a href={ "/signin?next=" (encode(if rest == "/" { "" } else { rest })) } { "Sign in with another identity" } }
            }
        },
    )
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
            };
            return sign_in_page(&form);
        }
        let sent = match request.form().await {
            Ok(sent) => sent,
            Err(fault) => return refused(&fault.message),
        };
        self.try_sign_in(&request, &sent).await
    }

    async fn try_sign_in(&self, request: &Request, sent: &Pairs) -> Response<Body> {
        let mut form = Form {
            root: sent.get("as") == "root",
            account: sent.trimmed("account").to_owned(),
            user: sent.trimmed("user").to_owned(),
            next: sent.get("next").to_owned(),
            error: None,
        };
        let identity = format!("{}/{}", form.account, form.user).to_lowercase();
        let from = request.peer.addr.to_string();
        let now = self.world.clock.now();
        if let Some(wait) = self.throttle.wait(&identity, &from, now) {
            let seconds = wait.div_ceil(1000);
            form.error = Some(format!(
                "Too many wrong passwords. Try again in {seconds} seconds."
            ));
            return sign_in_page(&form);
        }
        if !request.peer.secure && !request.peer.addr.is_loopback() {
            form.error = Some(
                "Passwords are taken over TLS only, unless this browser runs on the server itself. Ask whoever runs it to set tls_cert and tls_key, or a proxy in trusted_proxies."
                    .into(),
            );
            return sign_in_page(&form);
        }
        let Some(person) = self.person(&form, sent.get("password")).await else {
            self.throttle.wrong(&identity, &from, now);
            self.login_event(request, &form, None, Some("Failed authentication"));
            form.error = Some(INCORRECT.into());
            return sign_in_page(&form);
        };
        self.throttle.right(&identity, &from);
        match self.begin(request, &person, None).await {
            Ok(slot_cookies) => {
                self.login_event(request, &form, Some(person.account), None);
                let next = local_path(&form.next).unwrap_or("/");
                slot_cookies(next)
            }
            Err(fault) => refused(&fault.message),
        }
    }

    /// Whoever the form and the password name; none if anything of it is wrong.
    async fn person(&self, form: &Form, password: &str) -> Option<Person> {
        // If whoever hashes is gone there is nothing to wait for.
        let _ = self.passwords_ready.clone().wait_for(|ready| *ready).await;
        let snapshot = self.world.directory.published();
        let account = if form.root {
            snapshot.account_by_email(&form.user)
        } else {
            account(&snapshot, &form.account)
        };
        let found = account.and_then(|node| {
            if form.root {
                let hash = node.account.root.password_hash.clone()?;
                return Some((Person::root(node), hash));
            }
            let user = node.user(&form.user)?;
            let hash = user.login.as_ref()?.password_hash.clone();
            let person = Person {
                account: node.account.id,
                user_id: Some(user.id.clone()),
                name: user.name.clone(),
            };
            Some((person, hash))
        });
        let password = zeroize::Zeroizing::new(password.to_owned());
        let (person, hash) = found.unzip();
        // Slow by design: on a thread that may block.
        let right = tokio::task::spawn_blocking(move || match hash {
            Some(hash) => passwords::verify(&password, &hash),
            None => passwords::verify_nobody(&password),
        })
        .await
        .unwrap_or(false);
        person.filter(|_| right)
    }

    /// Begins the identity's session. What it gives makes the answer that leads to a path below the identity.
    async fn begin<'r>(
        &self,
        request: &'r Request,
        person: &Person,
        mfa: Option<Millis>,
    ) -> Result<impl FnOnce(&str) -> Response<Body> + use<'r>, Fault> {
        let (slot, sign_in, secret) = self.sessions.begin(
            request,
            person.account,
            person.user_id.clone(),
            &person.name,
            mfa,
        )?;
        self.sessions.put(&slot, &sign_in).await?;
        let used = person
            .user_id
            .clone()
            .unwrap_or_else(|| person.account.to_string());
        let region = &self.world.settings.region;
        self.world
            .directory
            .last_used()
            .touch(&used, self.world.clock.now(), "signin", region);
        let mut all = vec![slot.as_str()];
        all.extend(slots(request));
        all.truncate(IDENTITIES_MAX);
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
        form: &Form,
        account: Option<AccountId>,
        failure: Option<&str>,
    ) {
        let facts = request.facts(&self.world.settings.region);
        // A name that was not found is perhaps a password typed into the wrong field.
        let user = match (failure, form.root) {
            (None, true) => "root".to_owned(),
            (None, false) => form.user.clone(),
            (Some(_), _) => "HIDDEN_DUE_TO_SECURITY_REASONS".to_owned(),
        };
        self.world.console_happened(Happening {
            name: "ConsoleLogin",
            caller: None,
            account,
            facts: &facts,
            parameters: vec![("userName".into(), user), ("MFAUsed".into(), "No".into())],
            failure: failure.map(str::to_owned),
        });
    }
}

/// Whoever a password has proved.
#[derive(Debug)]
struct Person {
    account: AccountId,
    /// None: the root user.
    user_id: Option<String>,
    name: String,
}

impl Person {
    fn root(node: &AccountNode) -> Person {
        Person {
            account: node.account.id,
            user_id: None,
            name: "root".into(),
        }
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
    let other = format!(
        "/signin?{}next={}",
        if form.root { "" } else { "as=root&" },
        encode(&form.next)
    );
    outside(
        StatusCode::OK,
        "Sign in",
        html! {
            div.card.sign-in {
                h1 { @if form.root { "Root user sign in" } @else { "IAM user sign in" } }
                @if let Some(error) = &form.error { p.flash.bad role="alert" { (error) } }
                form method="post" action="/signin" {
                    input type="hidden" name="next" value=(form.next);
                    @if form.root {
                        input type="hidden" name="as" value="root";
                        (input("Root user email address", "user", "email", &form.user, "username"))
                    } @else {
                        (input("Account ID (12 digits) or account alias", "account", "text", &form.account, "organization"))
                        (input("IAM user name", "user", "text", &form.user, "username"))
                    }
                    (input("Password", "password", "password", "", "current-password"))
                    button.primary.wide type="submit" { "Sign in" }
                }
                p { a href=(other) { @if form.root { "Sign in as an IAM user" } @else { "Sign in using root user email" } } }
            }
        },
    )
}

fn input(label: &str, name: &str, kind: &str, value: &str, autocomplete: &str) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            input type=(kind) id=(name) name=(name) value=(value) autocomplete=(autocomplete) required spellcheck="false" autocapitalize="off";
        }
    }
}

/// Ends this identity's session in this browser.
pub(crate) async fn sign_out(visit: &Visit) -> Page {
    visit.sessions.end(&visit.slot).await?;
    let caller = visit.own_caller().ok();
    visit.world.console_happened(Happening {
        name: "Logout",
        caller: caller.as_ref(),
        account: Some(visit.sign_in.account),
        facts: &visit.facts(),
        parameters: Vec::new(),
        failure: None,
    });
    let left: Vec<&str> = slots(&visit.request)
        .into_iter()
        .filter(|slot| *slot != visit.slot)
        .collect();
    let to = if visit.others.is_empty() {
        format!("/signin?account={}", visit.sign_in.account)
    } else {
        "/console".to_owned()
    };
    Ok(with_cookie(
        redirect(&to),
        SLOTS,
        &left.join("."),
        COOKIE_SECONDS,
        visit.request.peer.secure,
    ))
}

/// Where this identity is signed in, and ending any of it.
pub(crate) async fn sessions_page(visit: &Visit) -> Page {
    if visit.request.is_post() {
        let slot = visit.field("slot");
        let own = visit.sessions.of_identity(&visit.sign_in);
        if own.iter().any(|(known, _)| known == slot) {
            visit.sessions.end(slot).await?;
            return Ok(visit.done("/sessions", "The session has ended."));
        }
    }
    let all = visit.sessions.of_identity(&visit.sign_in);
    Ok(show(
        visit,
        Service::Home,
        "Your sessions",
        html! {
            (head("Your sessions", "Where you are signed in. Ending a session takes effect with its next click.", html! {}))
            table {
                thead { tr { th { "Signed in" } th { "From" } th { "Browser" } th { "Role" } th { "Ends" } th {} } }
                tbody {
                    @for (slot, session) in &all {
                        tr {
                            td { (when(session.started)) }
                            td { (session.address) }
                            td.clip { (session.agent) }
                            td { @if let Some(role) = &session.role { (role.display_name) } @else { "–" } }
                            td { (when(session.expires)) }
                            td {
                                @if *slot == visit.slot { "this one" } @else {
                                    form method="post" { (csrf(visit)) input type="hidden" name="slot" value=(slot); button type="submit" { "End" } }
                                }
                            }
                        }
                    }
                }
            }
        },
    ))
}
