//! An identity provider's page: audiences and thumbprints of OpenID Connect, the metadata of SAML, tags, and the roles that trust it.

use maud::{Markup, html};
use twinlock_gate::Fault;
use twinlock_identity::iam::{
    oidc_providers::{
        AddClientIDToOpenIDConnectProvider, RemoveClientIDFromOpenIDConnectProvider,
        TagOpenIDConnectProvider, UntagOpenIDConnectProvider,
        UpdateOpenIDConnectProviderThumbprint,
    },
    saml_providers::{GetSAMLProvider, TagSAMLProvider, UntagSAMLProvider, UpdateSAMLProvider},
};
use twinlock_shapes::iam as s;

use super::{
    holder::{Holder, Kind as HolderKind, document, sent_tags, tags_form},
    providers::{Kind, Provider, lines, metadata_field, oidc, roles_trusting},
};
use crate::{
    http::{download, encode},
    layout::{Service, show},
    parts::{copy, csrf, field, head, nothing, problem, tabs, text, when},
    visit::{Page, Visit},
};

fn saml(visit: &Visit, arn: &str) -> Result<s::GetSAMLProviderOutput, Fault> {
    visit.read::<GetSAMLProvider>(s::GetSAMLProviderInput {
        saml_provider_arn: arn.to_owned(),
    })
}

/// `/iam/identity-providers/ARN…`.
pub(crate) async fn one(visit: &Visit, arn: &str, rest: &[&str]) -> Page {
    let provider = Provider::of(arn).ok_or_else(crate::not_found)?;
    match (provider.kind, rest) {
        (_, [action]) if visit.request.is_post() => act(visit, &provider, action).await,
        (Kind::Saml, ["metadata"]) => {
            let text = saml(visit, arn)?.saml_metadata_document.unwrap_or_default();
            let name = format!("{}-metadata.xml", provider.name());
            Ok(download("application/xml", &name, text))
        }
        (Kind::Oidc, []) => oidc_page(visit, &provider),
        (Kind::Saml, []) => saml_page(visit, &provider),
        _ => Err(crate::not_found()),
    }
}

fn oidc_page(visit: &Visit, provider: &Provider) -> Page {
    let told = oidc(visit, &provider.arn)?;
    let tab = match visit.query("tab") {
        known @ ("endpoint" | "roles" | "tags") => known,
        _ => "audiences",
    };
    let at = visit.at(&provider.path());
    let body = match tab {
        "endpoint" => html! {
            section.panel {
                h2 { "Endpoint verification" }
                p.hint { "Thumbprints name certificates of the provider's server. They are kept as on AWS; tokens are verified with the provider's published keys." }
                form method="post" action={ (at) "/thumbprints" } {
                    (csrf(visit))
                    (field("Thumbprints", "thumbprints", html! { textarea id="thumbprints" name="thumbprints" rows="5" spellcheck="false" { (told.thumbprint_list.join("\n")) } }, "One a line, at most five, 40 hexadecimal digits each", ""))
                    button.primary type="submit" { "Save changes" }
                }
            }
        },
        "roles" => trusting(visit, provider),
        "tags" => tags_form(visit, &format!("{}/tags", provider.path()), &told.tags),
        _ => audiences(visit, &at, &told.client_id_list),
    };
    let summary = html! {
        dt { "Provider URL" } dd { (copy(&format!("https://{}", told.url.as_deref().unwrap_or("")))) }
        @if let Some(created) = told.create_date { dt { "Creation time" } dd { (when(created.0)) } }
    };
    let names = [
        ("audiences", "Audiences"),
        ("endpoint", "Endpoint verification"),
        ("roles", "Roles"),
        ("tags", "Tags"),
    ];
    Ok(page(visit, provider, &summary, &names, tab, &body))
}

fn audiences(visit: &Visit, at: &str, audiences: &[String]) -> Markup {
    html! {
        h2 { "Audiences (" (audiences.len()) ")" }
        p.hint { "Client IDs that the provider's tokens may be for." }
        @if audiences.is_empty() { (nothing("No audience: no token of this provider is taken.")) } @else {
            table { thead { tr { th { "Audience" } th { "Actions" } } } tbody { @for audience in audiences { tr {
                td { (copy(audience)) }
                td.row-actions { form method="post" action={ (at) "/remove-audience" } { (csrf(visit)) input type="hidden" name="audience" value=(audience); button type="submit" aria-label={ "Remove " (audience) } { "Remove" } } }
            } } } }
        }
        form.panel method="post" action={ (at) "/add-audience" } {
            (csrf(visit))
            (text("New audience", "audience", "", "Such as sts.amazonaws.com", ""))
            button type="submit" { "Add audience" }
        }
    }
}

fn saml_page(visit: &Visit, provider: &Provider) -> Page {
    let told = saml(visit, &provider.arn)?;
    let metadata = told.saml_metadata_document.unwrap_or_default();
    let tab = match visit.query("tab") {
        known @ ("roles" | "tags") => known,
        _ => "metadata",
    };
    let at = visit.at(&provider.path());
    let body = match tab {
        "roles" => trusting(visit, provider),
        "tags" => tags_form(visit, &format!("{}/tags", provider.path()), &told.tags),
        _ => html! {
            div.head { h2 { "Metadata document" } a.button href={ (at) "/metadata" } download { "Download metadata" } }
            details.panel { summary { "Show the document" } (document(&metadata)) }
            form.panel method="post" action={ (at) "/replace-metadata" } {
                (csrf(visit))
                h2 { "Replace metadata document" }
                p.hint { "When the identity provider changes its keys. From then on only the new ones count." }
                (metadata_field(""))
                button.primary type="submit" { "Replace metadata" }
            }
        },
    };
    let now = visit.world.clock.now();
    let summary = html! {
        @if let Some(created) = told.create_date { dt { "Creation time" } dd { (when(created.0)) } }
        @if let Some(until) = told.valid_until {
            dt { "Valid until" }
            dd { (when(until.0)) " " @if until.0 < now { span.badge.closed { "Expired: nobody gets in by it" } } @else { span.badge.open { "Valid" } } }
        }
    };
    let names = [
        ("metadata", "Metadata document"),
        ("roles", "Roles"),
        ("tags", "Tags"),
    ];
    Ok(page(visit, provider, &summary, &names, tab, &body))
}

fn page(
    visit: &Visit,
    provider: &Provider,
    summary: &Markup,
    names: &[(&str, &str)],
    tab: &str,
    body: &Markup,
) -> http::Response<twinlock_gate::Body> {
    let main = html! {
        (head(provider.name(), "Identity provider", html! {
            a.button.primary href=(visit.at(&assign(provider))) { "Assign role" }
            form method="post" action=(visit.at("/iam/identity-providers")) { (csrf(visit)) input type="hidden" name="name" value=(provider.arn); button.danger type="submit" { "Delete" } }
        }))
        section.panel { h2 { "Summary" } dl.facts {
            dt { "Provider type" } dd { (provider.kind.as_str()) }
            dt { "ARN" } dd { (copy(&provider.arn)) }
            (summary)
        } }
        (tabs(&visit.at(&provider.path()), names, tab))
        (body)
    };
    show(visit, Service::Iam, provider.name(), main)
}

/// The role wizard with this provider chosen.
fn assign(provider: &Provider) -> String {
    let entity = match provider.kind {
        Kind::Oidc => "web",
        Kind::Saml => "saml",
    };
    format!(
        "/iam/roles/create?entity={entity}&provider={}",
        encode(&provider.arn)
    )
}

fn trusting(visit: &Visit, provider: &Provider) -> Markup {
    let names = match roles_trusting(visit, &provider.arn) {
        Ok(names) => names,
        Err(fault) => return problem(visit, &fault),
    };
    html! {
        h2 { "Roles that trust this provider (" (names.len()) ")" }
        @if names.is_empty() { (nothing("No role trusts it, so nobody gets in by it yet.")) } @else {
            table { thead { tr { th { "Role name" } } } tbody { @for name in &names { tr {
                td { a href={ (visit.at(&Holder::new(HolderKind::Role, name).path())) "?tab=trust" } { (name) } }
            } } } }
        }
    }
}

async fn act(visit: &Visit, provider: &Provider, action: &str) -> Page {
    let arn = provider.arn.clone();
    let path = provider.path();
    let audience = visit.field("audience").to_owned();
    match (provider.kind, action) {
        (Kind::Oidc, "add-audience") => {
            visit
                .change::<AddClientIDToOpenIDConnectProvider>(
                    s::AddClientIDToOpenIDConnectProviderInput {
                        open_id_connect_provider_arn: arn,
                        client_id: audience.clone(),
                    },
                )
                .await?;
            Ok(visit.done(&path, format!("The audience {audience} is added.")))
        }
        (Kind::Oidc, "remove-audience") => {
            visit
                .change::<RemoveClientIDFromOpenIDConnectProvider>(
                    s::RemoveClientIDFromOpenIDConnectProviderInput {
                        open_id_connect_provider_arn: arn,
                        client_id: audience.clone(),
                    },
                )
                .await?;
            Ok(visit.done(&path, format!("The audience {audience} is removed.")))
        }
        (Kind::Oidc, "thumbprints") => {
            visit
                .change::<UpdateOpenIDConnectProviderThumbprint>(
                    s::UpdateOpenIDConnectProviderThumbprintInput {
                        open_id_connect_provider_arn: arn,
                        thumbprint_list: lines(visit.field("thumbprints")),
                    },
                )
                .await?;
            Ok(visit.done(
                &format!("{path}?tab=endpoint"),
                "The thumbprints are saved.",
            ))
        }
        (Kind::Saml, "replace-metadata") => {
            visit
                .change::<UpdateSAMLProvider>(s::UpdateSAMLProviderInput {
                    saml_provider_arn: arn,
                    saml_metadata_document: Some(visit.field("metadata").to_owned()),
                    ..Default::default()
                })
                .await?;
            Ok(visit.done(&path, "The metadata document is replaced."))
        }
        (_, "tags") => {
            retag(visit, provider).await?;
            Ok(visit.done(&format!("{path}?tab=tags"), "The tags are saved."))
        }
        _ => Err(crate::not_found()),
    }
}

async fn retag(visit: &Visit, provider: &Provider) -> Result<(), Fault> {
    let arn = || provider.arn.clone();
    let now = match provider.kind {
        Kind::Oidc => oidc(visit, &provider.arn)?.tags,
        Kind::Saml => saml(visit, &provider.arn)?.tags,
    };
    let tags = sent_tags(visit);
    let gone = now.into_iter().map(|old| old.key);
    let tag_keys: Vec<String> = gone
        .filter(|key| !tags.iter().any(|new| new.key == *key))
        .collect();
    let (untag, tag) = (!tag_keys.is_empty(), !tags.is_empty());
    match provider.kind {
        Kind::Oidc => {
            if untag {
                let open_id_connect_provider_arn = arn();
                visit
                    .change::<UntagOpenIDConnectProvider>(s::UntagOpenIDConnectProviderInput {
                        open_id_connect_provider_arn,
                        tag_keys,
                    })
                    .await?;
            }
            if tag {
                let open_id_connect_provider_arn = arn();
                visit
                    .change::<TagOpenIDConnectProvider>(s::TagOpenIDConnectProviderInput {
                        open_id_connect_provider_arn,
                        tags,
                    })
                    .await?;
            }
        }
        Kind::Saml => {
            if untag {
                let saml_provider_arn = arn();
                visit
                    .change::<UntagSAMLProvider>(s::UntagSAMLProviderInput {
                        saml_provider_arn,
                        tag_keys,
                    })
                    .await?;
            }
            if tag {
                let saml_provider_arn = arn();
                visit
                    .change::<TagSAMLProvider>(s::TagSAMLProviderInput {
                        saml_provider_arn,
                        tags,
                    })
                    .await?;
            }
        }
    }
    Ok(())
}
