//! Signing in through a SAML identity provider: the response that it has the browser post to `/saml`.
//!
//! Verifying it, and deciding whether its subject may have a role, is AssumeRoleWithSAML's, which is called here as by any client.
//! What comes of it goes the way of all temporary credentials, as a sign-in token to `/federation`; by a redirect, because the form
//! of another site brings none of the browser's cookies along.

use http::{Response, StatusCode};
use maud::html;
use twinlock_directory::AccountId;
use twinlock_gate::{Body, Caller, Fault, Happening, Who, proof::saml};
use twinlock_identity::sts::AssumeRoleWithSAML;
use twinlock_shapes::sts::AssumeRoleWithSAMLInput;

use crate::{
    Console,
    federation::{destination, refused},
    http::{Pairs, Request, answer, encode, redirect},
    layout::outside,
    sessions::Sealed,
};

/// Providers of one response that are asked whether it is theirs: so many accounts may one person choose from.
const PROVIDERS_MAX: usize = 100;
/// Seconds of a session when the response says nothing.
const DEFAULT_SECONDS: u32 = 3600;
/// AWS's own name as a service provider.
const ENTITY_ID: &str = "urn:amazon:webservices";

/// A role that the response lets its subject into, by a provider that vouched for it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Offer {
    role: String,
    provider: String,
    account: AccountId,
    /// The account's name and the role's, for people.
    account_name: String,
    role_name: String,
    /// How long the session may last, in seconds.
    seconds: u32,
}

impl Console {
    /// `/saml`.
    pub(crate) async fn saml(&self, request: Request) -> Response<Body> {
        let sent = match request.strangers_form(&self.forms).await {
            Ok(sent) => sent,
            Err(fault) => return refused(&fault.message),
        };
        let offers = match self.offers(sent.get("SAMLResponse")) {
            Ok(offers) => offers,
            Err(fault) => {
                self.login_failed(&request, &fault);
                return refused(&format!("{} (Error code: {})", fault.message, fault.code));
            }
        };
        let chosen = match (sent.filled("role"), offers.as_slice()) {
            (Some(role), _) => offers.iter().find(|offer| offer.role == role),
            (None, [only]) => Some(only),
            (None, _) => return choice(&offers, &sent),
        };
        let Some(chosen) = chosen else {
            return choice(&offers, &sent);
        };
        match self.assume(&request, &sent, chosen).await {
            Ok(link) => redirect(&link),
            Err(fault) => {
                self.login_failed(&request, &fault);
                refused(&format!("{} (Error code: {})", fault.message, fault.code))
            }
        }
    }

    /// The roles that the response's subject may choose from: those that a provider of the role's own account vouches for.
    fn offers(&self, encoded: &str) -> Result<Vec<Offer>, Fault> {
        let snapshot = self.world.directory.published();
        let now = self.world.clock.now();
        let own = [format!("{}/saml", self.world.settings.public_url)];
        let mut offers: Vec<Offer> = Vec::new();
        let mut first_fault = None;
        for arn in saml::providers_named(encoded, PROVIDERS_MAX)? {
            let Some(provider) = snapshot.saml_provider(&arn) else {
                continue;
            };
            let assertion = match saml::verify(encoded, provider, &own, now) {
                Ok(assertion) => assertion,
                Err(fault) => {
                    first_fault.get_or_insert(fault);
                    continue;
                }
            };
            let account = provider.account;
            let node = snapshot.account(&account);
            let account_name = node.map_or("", |node| node.account.name.as_str());
            for (role, by) in assertion.roles() {
                let prefix = format!("arn:aws:iam::{account}:role/");
                let Some(role_name) = role.strip_prefix(&prefix).filter(|_| by == arn) else {
                    continue;
                };
                let most = node
                    .and_then(|node| node.role(role_name.rsplit('/').next()?))
                    .map_or(DEFAULT_SECONDS, |role| role.max_session_seconds);
                let offer = Offer {
                    role: role.to_owned(),
                    provider: arn.clone(),
                    account,
                    account_name: account_name.to_owned(),
                    role_name: role_name.to_owned(),
                    seconds: assertion
                        .session_seconds
                        .unwrap_or(DEFAULT_SECONDS)
                        .min(most),
                };
                if !offers.contains(&offer) {
                    offers.push(offer);
                }
            }
        }
        if offers.is_empty() {
            let none = || {
                Fault::new(
                    "InvalidIdentityToken",
                    400,
                    "Your request included an invalid SAML response: no provider of this server vouches for it.",
                )
            };
            return Err(first_fault.unwrap_or_else(none));
        }
        Ok(offers)
    }

    /// Assumes the role and gives the link that signs the browser in.
    async fn assume(
        &self,
        request: &Request,
        sent: &Pairs,
        offer: &Offer,
    ) -> Result<String, Fault> {
        let bearer = Caller {
            who: Who::Anonymous,
            access_key_id: String::new(),
            session: None,
            request: request.facts(&self.world.settings.region),
        };
        let input = AssumeRoleWithSAMLInput {
            role_arn: offer.role.clone(),
            principal_arn: offer.provider.clone(),
            saml_assertion: sent.get("SAMLResponse").to_owned(),
            duration_seconds: i32::try_from(offer.seconds).ok(),
            ..AssumeRoleWithSAMLInput::default()
        };
        let assumed = self
            .world
            .console_change::<AssumeRoleWithSAML>(&bearer, input);
        let credentials = assumed.await?.credentials.ok_or_else(Fault::internal)?;
        let sealed = Sealed {
            access_key_id: credentials.access_key_id,
            token: credentials.session_token,
        };
        let token = self.new_signin_token(sealed, None);
        let token = token.ok_or_else(Fault::internal)?;
        // Providers send what they like as RelayState; what is no page here is home.
        let public_url = &self.world.settings.public_url;
        let next = destination(sent.trimmed("RelayState"), request, public_url);
        let issuer = offer.provider.rsplit('/').next().unwrap_or_default();
        Ok(format!(
            "/federation?Action=login&Issuer={}&Destination={}&SigninToken={token}",
            encode(issuer),
            encode(&crate::federation::link_to(next.as_deref().unwrap_or("/"))),
        ))
    }

    fn login_failed(&self, request: &Request, fault: &Fault) {
        self.world.console_happened(Happening {
            name: "ConsoleLogin",
            caller: None,
            account: None,
            facts: &request.facts(&self.world.settings.region),
            parameters: vec![("via".into(), "SAML".into())],
            failure: Some(fault.message.clone()),
        });
    }

    /// What identity providers are told about this console as a service provider, in SAML's own form.
    pub(crate) fn saml_metadata(&self) -> Response<Body> {
        let place = html! { (self.world.settings.public_url) "/saml" }.into_string();
        let document = format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="{ENTITY_ID}">
  <md:SPSSODescriptor WantAssertionsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>
    <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:transient</md:NameIDFormat>
    <md:AssertionConsumerService index="1" isDefault="true" Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="{place}"/>
  </md:SPSSODescriptor>
</md:EntityDescriptor>
"#
        );
        answer(StatusCode::OK, "application/samlmetadata+xml", document)
    }
}

/// Which of several roles? The response goes along, and is redeemed with the choice.
fn choice(offers: &[Offer], sent: &Pairs) -> Response<Body> {
    let mut accounts: Vec<AccountId> = offers.iter().map(|offer| offer.account).collect();
    accounts.dedup();
    outside(
        StatusCode::OK,
        "Select a role",
        html! {
            div.card.sign-in {
                h1 { "Select a role" }
                p.about { "Your identity provider lets you into several roles. Within one session you have the permissions of one." }
                form method="post" action="/saml" {
                    input type="hidden" name="SAMLResponse" value=(sent.get("SAMLResponse"));
                    input type="hidden" name="RelayState" value=(sent.get("RelayState"));
                    @for account in &accounts {
                        @let of: Vec<&Offer> = offers.iter().filter(|offer| offer.account == *account).collect();
                        fieldset {
                            legend { "Account: " (of.first().map_or("", |offer| offer.account_name.as_str())) " (" (account) ")" }
                            @for offer in of {
                                label.choice { input type="radio" name="role" value=(offer.role) required; " " (offer.role_name) }
                            }
                        }
                    }
                    button.primary.wide type="submit" { "Sign in" }
                }
            }
        },
    )
}
