//! Identity providers of elsewhere: the list, adding one, deleting. A provider's own page is in `provider`.

use std::collections::HashMap;

use http::Response;
use maud::{Markup, html};
use twinlock_gate::{Body, Fault};
use twinlock_identity::iam::{
    oidc_providers::{
        CreateOpenIDConnectProvider, DeleteOpenIDConnectProvider, GetOpenIDConnectProvider,
        ListOpenIDConnectProviders,
    },
    saml_providers::{CreateSAMLProvider, DeleteSAMLProvider, ListSAMLProviders},
};
use twinlock_shapes::iam as s;

use super::{
    PER_PAGE, decoded,
    deletion::{self, Going, deleted, ticked},
    found,
    holder::{sent_tags, tag_fields},
    roles, sliced,
};
use crate::{
    http::encode,
    layout::{Service, show},
    listing::{FORM, Order, delete_button, page_number, pager, search},
    parts::{csrf, field, head, nothing, problem, text, when},
    visit::{Page, Visit},
};

const LIST: &str = "/iam/identity-providers";
const WORDS: (&str, &str) = ("identity provider", "identity providers");

/// How a provider vouches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// OpenID Connect.
    Oidc,
    /// SAML 2.0.
    Saml,
}

impl Kind {
    /// AWS's word in lists.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Kind::Oidc => "OpenID Connect",
            Kind::Saml => "SAML",
        }
    }
}

/// One provider of the account.
#[derive(Debug, Clone)]
pub(crate) struct Provider {
    pub(crate) kind: Kind,
    pub(crate) arn: String,
    pub(crate) created: Option<u64>,
}

impl Provider {
    /// From its ARN alone; none for what is no provider's.
    pub(crate) fn of(arn: &str) -> Option<Provider> {
        let kind = if arn.contains(":oidc-provider/") {
            Kind::Oidc
        } else if arn.contains(":saml-provider/") {
            Kind::Saml
        } else {
            return None;
        };
        Some(Provider {
            kind,
            arn: arn.to_owned(),
            created: None,
        })
    }

    /// What people call it: the issuer's URL without its scheme, or the SAML provider's name.
    pub(crate) fn name(&self) -> &str {
        self.arn
            .split_once("-provider/")
            .map_or(&self.arn, |(_, name)| name)
    }

    /// `/iam/identity-providers/ARN`.
    pub(crate) fn path(&self) -> String {
        format!("{LIST}/{}", encode(&self.arn))
    }
}

/// What an OpenID Connect provider's operation tells of it.
pub(crate) fn oidc(visit: &Visit, arn: &str) -> Result<s::GetOpenIDConnectProviderOutput, Fault> {
    visit.read::<GetOpenIDConnectProvider>(s::GetOpenIDConnectProviderInput {
        open_id_connect_provider_arn: arn.to_owned(),
    })
}

/// The account's OpenID Connect providers. Their list says no more than the ARN.
pub(crate) fn all_oidc(visit: &Visit) -> Result<Vec<Provider>, Fault> {
    let out =
        visit.read::<ListOpenIDConnectProviders>(s::ListOpenIDConnectProvidersInput::default())?;
    let arns = out.open_id_connect_provider_list.into_iter();
    Ok(arns.filter_map(|entry| Provider::of(&entry.arn?)).collect())
}

/// The account's SAML providers.
pub(crate) fn all_saml(visit: &Visit) -> Result<Vec<Provider>, Fault> {
    let out = visit.read::<ListSAMLProviders>(s::ListSAMLProvidersInput::default())?;
    let entries = out.saml_provider_list.into_iter();
    Ok(entries
        .filter_map(|entry| {
            let provider = Provider::of(&entry.arn?)?;
            Some(Provider {
                created: entry.create_date.map(|at| at.0),
                ..provider
            })
        })
        .collect())
}

/// `/iam/identity-providers`.
pub(crate) async fn list(visit: &Visit) -> Page {
    if visit.request.is_post() {
        return delete(visit).await;
    }
    let (q, kind) = (visit.query("q"), visit.query("type"));
    // Whoever may list one kind sees that kind, and why not the other.
    let mut refused = Vec::new();
    let mut providers = Vec::new();
    for (name, listed) in [("oidc", all_oidc(visit)), ("saml", all_saml(visit))] {
        match listed {
            Ok(some) if kind.is_empty() || kind == name => providers.extend(some),
            Ok(_) => {}
            Err(fault) => refused.push(fault),
        }
    }
    for provider in &mut providers {
        if provider.kind == Kind::Oidc {
            let told = oidc(visit, &provider.arn).ok();
            provider.created = told.and_then(|told| Some(told.create_date?.0));
        }
    }
    providers.retain(|provider| found(q, &[provider.name()]));
    let order = Order::of(visit);
    order.by("name", &mut providers, |p| p.name().to_lowercase());
    order.by("type", &mut providers, |p| p.kind.as_str());
    order.by("created", &mut providers, |p| p.created);
    let page = page_number(visit);
    let types = [
        ("", "All types"),
        ("oidc", "OpenID Connect"),
        ("saml", "SAML"),
    ];
    let main = html! {
        (head("Identity providers", "Whoever an identity provider vouches for can take on a role here, without a user of this account.", html! { @if !providers.is_empty() { (delete_button()) } a.button.primary href=(visit.at("/iam/identity-providers/create")) { "Add provider" } }))
        @for fault in &refused { (problem(visit, fault)) }
        (search(visit, "Find identity providers", &types))
        form #(FORM) method="post" autocomplete="off" action=(visit.at(LIST)) {
            (csrf(visit))
            @if providers.is_empty() { (nothing("No identity providers.")) } @else {
                table {
                    thead { tr { th.tick { input type="checkbox" data-all aria-label="Select all"; } (order.heading("name", "Provider")) (order.heading("type", "Type")) (order.heading("created", "Creation time")) } }
                    tbody { @for provider in sliced(&providers, page) { tr {
                        td.tick { input type="checkbox" name="name" value=(provider.arn) aria-label={ "Select " (provider.name()) }; }
                        td { a href=(visit.at(&provider.path())) { (provider.name()) } }
                        td { (provider.kind.as_str()) }
                        td { @if let Some(at) = provider.created { (when(at)) } @else { "–" } }
                    } } }
                }
            }
        }
        (pager(visit, page, PER_PAGE, providers.len()))
    };
    Ok(show(visit, Service::Iam, "Identity providers", main))
}

/// The names of the roles that trust each provider, by its ARN; the fault of whoever may not list roles.
fn trusted_by(visit: &Visit) -> Result<HashMap<String, Vec<String>>, Fault> {
    let mut by: HashMap<String, Vec<String>> = HashMap::new();
    for role in roles::every(visit)? {
        let trust = decoded(role.assume_role_policy_document.as_deref().unwrap_or(""));
        let Ok(document) = serde_json::from_str(&trust) else {
            continue;
        };
        roles::principals(&document, &mut |kind, value| {
            if kind == "Federated" {
                let names = by.entry(value.to_owned()).or_default();
                if names.last() != Some(&role.role_name) {
                    names.push(role.role_name.clone());
                }
            }
        });
    }
    Ok(by)
}

/// The names of the roles that trust a provider.
pub(crate) fn roles_trusting(visit: &Visit, arn: &str) -> Result<Vec<String>, Fault> {
    Ok(trusted_by(visit)?.remove(arn).unwrap_or_default())
}

async fn delete(visit: &Visit) -> Page {
    let arns = ticked(visit);
    let providers: Vec<Provider> = arns.iter().filter_map(|arn| Provider::of(arn)).collect();
    let word = match providers.as_slice() {
        [] => return Ok(visit.done(LIST, "Nothing was selected.")),
        [one] => one.name().to_owned(),
        _ => "delete".to_owned(),
    };
    if visit.field("confirm") != word {
        // Once for all of them, however many a form names.
        let by = trusted_by(visit).unwrap_or_default();
        let going = |provider: &Provider| {
            let mut going = Going::new(&provider.arn, provider.name());
            going.also("nobody takes on a role by it any more");
            let roles = by.get(&provider.arn).map_or(&[][..], Vec::as_slice);
            going.says(roles, "role names it and stays", "roles name it and stay");
            going
        };
        let all: Vec<Going> = providers.iter().map(going).collect();
        let service = Service::Iam;
        return Ok(deletion::confirm(
            visit,
            service,
            "identity provider",
            &all,
            &word,
            LIST,
        ));
    }
    for (n, provider) in providers.iter().enumerate() {
        if let Err(fault) = delete_one(visit, provider).await {
            let refused = Some((provider.name(), fault));
            return Ok(deleted(visit, LIST, WORDS, n, refused));
        }
    }
    Ok(deleted(visit, LIST, WORDS, providers.len(), None))
}

async fn delete_one(visit: &Visit, provider: &Provider) -> Result<(), Fault> {
    let arn = provider.arn.clone();
    match provider.kind {
        Kind::Oidc => visit
            .change::<DeleteOpenIDConnectProvider>(s::DeleteOpenIDConnectProviderInput {
                open_id_connect_provider_arn: arn,
            })
            .await
            .map(drop),
        Kind::Saml => visit
            .change::<DeleteSAMLProvider>(s::DeleteSAMLProviderInput {
                saml_provider_arn: arn,
            })
            .await
            .map(drop),
    }
}

/// `/iam/identity-providers/create`.
pub(crate) async fn create(visit: &Visit) -> Page {
    if !visit.request.is_post() {
        return Ok(form(visit, None));
    }
    match create_now(visit).await {
        Ok(page) => Ok(page),
        Err(fault) => Ok(form(visit, Some(&fault))),
    }
}

async fn create_now(visit: &Visit) -> Page {
    let tags = Some(sent_tags(visit)).filter(|tags| !tags.is_empty());
    let arn = if visit.field("providerType") == "saml" {
        visit
            .change::<CreateSAMLProvider>(s::CreateSAMLProviderInput {
                name: visit.field("providerName").to_owned(),
                saml_metadata_document: visit.field("metadata").to_owned(),
                tags,
                ..Default::default()
            })
            .await?
            .saml_provider_arn
    } else {
        visit
            .change::<CreateOpenIDConnectProvider>(s::CreateOpenIDConnectProviderInput {
                url: visit.field("url").to_owned(),
                client_id_list: visit.form.filled("audience").map(|id| vec![id.to_owned()]),
                thumbprint_list: Some(lines(visit.field("thumbprints")))
                    .filter(|all| !all.is_empty()),
                tags,
            })
            .await?
            .open_id_connect_provider_arn
    };
    let provider = Provider::of(&arn.unwrap_or_default()).ok_or_else(Fault::internal)?;
    Ok(visit.done(
        &provider.path(),
        format!(
            "The identity provider {} is added. Assign a role to it, so that its users get in.",
            provider.name()
        ),
    ))
}

/// The lines of a text with something in them.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

/// A field for a metadata document: pasted, or read from a file by the script.
pub(crate) fn metadata_field(value: &str) -> Markup {
    html! {
        div.field hidden data-scripted {
            label for="metadata-file" { "Metadata document" }
            input type="file" id="metadata-file" accept=".xml,application/xml,text/xml" data-reads="metadata";
        }
        (field("Metadata document as text", "metadata", html! { textarea.code.short id="metadata" name="metadata" spellcheck="false" rows="8" { (value) } }, "The XML document that the identity provider publishes: its name, its keys, its address", ""))
    }
}

fn form(visit: &Visit, fault: Option<&Fault>) -> Response<Body> {
    let saml = visit.field("providerType") == "saml";
    let main = html! {
        div.narrow {
            (head("Add an identity provider", "", html! {}))
            @if let Some(fault) = fault { (problem(visit, fault)) }
            form method="post" {
                (csrf(visit))
                fieldset.panel {
                    legend { "Provider type" }
                    div.tiles {
                        label { input type="radio" name="providerType" value="saml" checked[saml] data-shows="saml"; strong { "SAML" } span.about { "Trust a corporate directory, such as Active Directory Federation Services" } }
                        label { input type="radio" name="providerType" value="oidc" checked[!saml] data-shows="oidc"; strong { "OpenID Connect" } span.about { "Trust whoever signs tokens: a CI service, a cluster, a sign-in service" } }
                    }
                }
                section.panel data-when="oidc" hidden[saml] {
                    h2 { "OpenID Connect" }
                    (text("Provider URL", "url", visit.field("url"), "https://…, exactly as the tokens' issuer has it", ""))
                    (text("Audience", "audience", visit.field("audience"), "The client ID that the tokens are for, such as sts.amazonaws.com; more can be added later", ""))
                    (field("Thumbprints – Optional", "thumbprints", html! { textarea id="thumbprints" name="thumbprints" rows="2" spellcheck="false" { (visit.field("thumbprints")) } }, "One a line: the SHA-1 of a certificate of the provider's server in 40 hexadecimal digits", ""))
                }
                section.panel data-when="saml" hidden[!saml] {
                    h2 { "SAML" }
                    (text("Provider name", "providerName", visit.field("providerName"), "Letters, digits and . _ -, up to 128", ""))
                    (metadata_field(visit.field("metadata")))
                }
                noscript { p.hint { "Only the fields of the chosen type count." } }
                section.panel { h2 { "Tags – Optional" } (tag_fields(&sent_tags(visit))) }
                div.actions { a.button href=(visit.at(LIST)) { "Cancel" } button.primary type="submit" { "Add provider" } }
            }
        }
    };
    show(visit, Service::Iam, "Add an identity provider", main)
}
