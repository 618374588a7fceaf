//! What a program asks for, and the page on which a person says yes to it.

use http::{HeaderValue, Response, StatusCode, header};
use maud::html;
use twinlock_gate::{Body, Fault, Happening};
use twinlock_identity::sign_in::oauth2::{AuthorizeOAuth2Access, PublicClient};

use crate::{
    Console,
    http::{CONTENT_SECURITY_POLICY, Pairs, Request, encode, redirect},
    layout::{Service, outside, show},
    parts::{copy, csrf, head, problem},
    sign_in,
    visit::{Page, Visit},
};

/// Characters of a SHA-256 in base64url without padding.
const CHALLENGE_CHARS: usize = 43;
/// The longest state of a program's own that it gets back, in characters.
const STATE_CHARS_MAX: usize = 512;
/// Where AWS's programs on the browser's machine wait for a code.
const CALLBACK: &str = "/oauth/callback";
/// Where the browser is sent for a program on another machine. It is only a name here: the code is shown at once.
const CONFIRMATION: &str = "/v1/sessions/confirmation";

/// What a program asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) client: PublicClient,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: String,
    state: String,
}

impl Asked {
    /// What the query of `/v1/authorize` asks for. `own`: the addresses that this server has.
    ///
    /// # Errors
    /// Why it cannot be granted to anybody.
    fn read(query: &Pairs, own: &[String]) -> Result<Asked, &'static str> {
        let client = PublicClient::of_id(query.get("client_id"))
            .ok_or("client_id is none of AWS's developer tools")?;
        if query.get("response_type") != "code" {
            return Err("response_type must be code");
        }
        if !query.get("scope").split(' ').any(|scope| scope == "openid") {
            return Err("scope must be openid");
        }
        // The CLI writes it as SHA-256; the standard's own name is S256. Plain challenges protect nobody.
        if !matches!(query.get("code_challenge_method"), "SHA-256" | "S256") {
            return Err("code_challenge_method must be SHA-256");
        }
        let challenge = query.get("code_challenge");
        let good = challenge.len() == CHALLENGE_CHARS
            && challenge
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        if !good {
            return Err("code_challenge must be a SHA-256 in base64url without padding");
        }
        let state = query.get("state");
        if state.is_empty() || state.len() > STATE_CHARS_MAX {
            return Err("state is missing or too long");
        }
        let redirect_uri = query.get("redirect_uri");
        let fits = match client {
            PublicClient::SameDevice => loopback(redirect_uri).is_some(),
            PublicClient::CrossDevice => own
                .iter()
                .any(|url| redirect_uri == format!("{url}{CONFIRMATION}")),
        };
        if !fits {
            return Err("redirect_uri is not one that this client may have");
        }
        Ok(Asked {
            client,
            redirect_uri: redirect_uri.to_owned(),
            challenge: challenge.to_owned(),
            state: state.to_owned(),
        })
    }

    /// The address of a program that waits on this machine, with an answer for it.
    fn answered(&self, name: &str, value: &str) -> String {
        format!(
            "{}?{name}={}&state={}",
            self.redirect_uri,
            encode(value),
            encode(&self.state)
        )
    }
}

/// The origin of a program's address on the browser's own machine: nothing else may be sent a code, so that it never
/// crosses a network.
fn loopback(uri: &str) -> Option<String> {
    let rest = uri.strip_prefix("http://")?.strip_suffix(CALLBACK)?;
    let (host, port) = rest.split_once(':')?;
    let port_number: u16 = port.parse().ok()?;
    let plain = port_number > 0 && port.bytes().all(|b| b.is_ascii_digit());
    (matches!(host, "127.0.0.1" | "localhost") && plain).then(|| format!("http://{rest}"))
}

impl Console {
    /// `/v1/authorize`: to the page of whoever is signed in, after a sign-in if nobody is.
    pub(crate) fn authorize(&self, request: &Request) -> Response<Body> {
        let own = request.own_addresses(&self.world.settings.public_url);
        if let Err(why) = Asked::read(&request.query, &own) {
            let main = html! { div.card { h1 { "This request cannot be authorised" } p { (why) "." } p { "Nothing was given to any program." } } };
            return outside(StatusCode::BAD_REQUEST, "Not authorised", main);
        }
        let rest = format!("/authorize?{}", request.raw_query);
        match self.sessions.of_browser(request).as_slice() {
            [] => redirect(&sign_in::address(request, &rest)),
            [(slot, _)] => redirect(&format!("/console/{slot}{rest}")),
            several => sign_in::choose(request, several, &rest),
        }
    }
}

/// `/console/SLOT/authorize`: who asks for what, and the button.
pub(crate) async fn page(console: &Console, visit: &Visit) -> Page {
    let own = visit
        .request
        .own_addresses(&visit.world.settings.public_url);
    let asked = Asked::read(&visit.request.query, &own)
        .map_err(|why| Fault::new("ValidationException", 400, why))?;
    if !visit.request.is_post() {
        return Ok(consent(visit, &asked, None));
    }
    if visit.form.get("decision") != "allow" {
        return Ok(match asked.client {
            PublicClient::SameDevice => redirect(&asked.answered("error", "access_denied")),
            PublicClient::CrossDevice => visit.done("/", "Nothing was given to any program."),
        });
    }
    let allowed = visit
        .world
        .read::<AuthorizeOAuth2Access>(&visit.caller, &asked.client);
    visit.world.console_happened(Happening {
        name: "AuthorizeOAuth2Access",
        caller: Some(&visit.caller),
        account: Some(visit.account()),
        facts: &visit.facts(),
        parameters: vec![("clientId".into(), asked.client.id().into())],
        failure: allowed.as_ref().err().map(|fault| fault.message.clone()),
    });
    if let Err(fault) = allowed {
        return Ok(consent(visit, &asked, Some(&fault)));
    }
    let acting = visit
        .role()
        .map_or(&visit.sign_in.own, |role| &role.session);
    let code = console.grants.begin(
        &visit.world,
        &visit.slot,
        asked.clone(),
        acting.clone(),
        visit.account(),
    );
    let code = code.await?;
    Ok(match asked.client {
        PublicClient::SameDevice => redirect(&asked.answered("code", &code)),
        PublicClient::CrossDevice => carried(visit, &asked, &code),
    })
}

fn consent(visit: &Visit, asked: &Asked, fault: Option<&Fault>) -> Response<Body> {
    let arn = visit
        .world
        .standing(&visit.caller)
        .map_or_else(|fault| fault.message, |(arn, _)| arn);
    let here = asked.client == PublicClient::SameDevice;
    let main = html! {
        div.narrow {
            (head("Sign in to a program", "The AWS CLI asks for credentials of this session.", html! {}))
            @if let Some(fault) = fault { (problem(visit, fault)) }
            section.panel {
                dl.facts {
                    dt { "Program" } dd { @if here { "aws login, on this machine" } @else { "aws login --remote, on another machine" } }
                    dt { "Will act as" } dd { (copy(&arn)) }
                    dt { "Until" } dd { "this session ends, or you sign out" }
                    @if here { dt { "Waits at" } dd { (asked.redirect_uri) } }
                }
                p { "It will be able to do everything that you can do here." }
                p.flash.note {
                    @if here { "Allow this only if you have just started it yourself." }
                    @else { "You will get a code to paste there. Allow this only if you have just started it yourself, and give the code to nobody: whoever asks you for it wants your permissions." }
                }
                form method="post" action=(visit.at(&format!("/authorize?{}", visit.request.raw_query))) {
                    (csrf(visit))
                    div.actions {
                        button type="submit" name="decision" value="deny" { "Deny" }
                        button.primary type="submit" name="decision" value="allow" { "Allow access" }
                    }
                }
                p.hint { "Not who you want to be? Switch the role first, or " a href={ "/signin?next=" (encode(&format!("/authorize?{}", visit.request.raw_query))) } { "sign in with another identity" } "." }
            }
        }
    };
    let mut page = show(visit, Service::Home, "Sign in to a program", main);
    if let Some(origin) = loopback(&asked.redirect_uri) {
        // A browser holds form-action against the redirect after the form, too.
        let policy = CONTENT_SECURITY_POLICY.replace(
            "form-action 'self'",
            &format!("form-action 'self' {origin}"),
        );
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            page.headers_mut()
                .insert(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
    page
}

/// The code for a program elsewhere, in the form that it takes.
fn carried(visit: &Visit, asked: &Asked, code: &str) -> Response<Body> {
    use base64::Engine;
    let text = format!("state={}&code={}", encode(&asked.state), encode(code));
    let text = base64::engine::general_purpose::STANDARD.encode(text);
    let main = html! {
        div.narrow {
            (head("Authorization code", "Paste it where you started aws login --remote. It is good once, for five minutes.", html! {}))
            section.panel { p.long { (copy(&text)) } }
        }
    };
    show(visit, Service::Home, "Authorization code", main)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(change: &[(&str, &str)]) -> Result<Asked, &'static str> {
        let mut pairs = vec![
            ("client_id", PublicClient::SameDevice.id()),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", "6a0b"),
            ("code_challenge_method", "SHA-256"),
            (
                "code_challenge",
                "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            ),
            ("redirect_uri", "http://127.0.0.1:49152/oauth/callback"),
        ];
        for (name, value) in change {
            pairs.retain(|(known, _)| known != name);
            pairs.push((name, value));
        }
        let query: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        let query = Pairs::parse(query.join("&").as_bytes());
        Asked::read(&query, &["https://iam.example.com".to_owned()])
    }

    #[test]
    fn what_awss_programs_ask_for() {
        assert!(asked(&[]).is_ok());
        assert!(asked(&[("redirect_uri", "http://localhost:1/oauth/callback")]).is_ok());
        let remote = [
            ("client_id", PublicClient::CrossDevice.id()),
            (
                "redirect_uri",
                "https://iam.example.com/v1/sessions/confirmation",
            ),
        ];
        assert!(asked(&remote).is_ok());
        let answer = asked(&[]).unwrap().answered("code", "a.b");
        assert_eq!(
            answer,
            "http://127.0.0.1:49152/oauth/callback?code=a.b&state=6a0b"
        );
    }

    #[test]
    fn what_nobody_is_asked_about() {
        for change in [
            ("client_id", "arn:aws:signin:::devtools/other"),
            ("client_id", ""),
            ("response_type", "token"),
            ("scope", "profile"),
            ("state", ""),
            ("code_challenge_method", "plain"),
            ("code_challenge_method", ""),
            ("code_challenge", ""),
            ("code_challenge", "short"),
            (
                "code_challenge",
                "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw+cM",
            ),
            ("redirect_uri", ""),
            ("redirect_uri", "https://evil.example/oauth/callback"),
            ("redirect_uri", "http://evil.example:80/oauth/callback"),
            (
                "redirect_uri",
                "http://127.0.0.1.evil.example:80/oauth/callback",
            ),
            (
                "redirect_uri",
                "http://127.0.0.1:80@evil.example:80/oauth/callback",
            ),
            ("redirect_uri", "http://127.0.0.1/oauth/callback"),
            ("redirect_uri", "http://127.0.0.1:0/oauth/callback"),
            ("redirect_uri", "http://127.0.0.1:+80/oauth/callback"),
            ("redirect_uri", "http://127.0.0.1:99999/oauth/callback"),
            (
                "redirect_uri",
                "http://127.0.0.1:80/other?x=/oauth/callback",
            ),
            ("redirect_uri", "http://127.0.0.1:80/oauth/callback?x=y"),
            (
                "redirect_uri",
                "https://iam.example.com/v1/sessions/confirmation",
            ),
        ] {
            assert!(asked(&[change]).is_err(), "{change:?}");
        }
        let remote = ("client_id", PublicClient::CrossDevice.id());
        for elsewhere in [
            "http://127.0.0.1:49152/oauth/callback",
            "https://evil.example/v1/sessions/confirmation",
        ] {
            assert!(asked(&[remote, ("redirect_uri", elsewhere)]).is_err());
        }
    }
}
