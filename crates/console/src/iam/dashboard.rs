//! The dashboard: where users sign in, and how much of everything there is.

use maud::html;
use twinlock_identity::iam::account::{GetAccountSummary, ListAccountAliases};
use twinlock_shapes::iam as s;

use crate::{
    layout::{Service, show},
    parts::{copy, head, problem},
    visit::{Page, Visit},
};

const COUNTS: &[(&str, &str, &str)] = &[
    ("Groups", "User groups", "/iam/groups"),
    ("Users", "Users", "/iam/users"),
    ("Roles", "Roles", "/iam/roles"),
    ("Policies", "Policies", "/iam/policies"),
];

/// `/iam`.
#[allow(clippy::unnecessary_wraps, reason = "a page like all others")]
pub(crate) fn page(visit: &Visit) -> Page {
    let aliases = visit.read::<ListAccountAliases>(s::ListAccountAliasesInput::default());
    let summary = visit.read::<GetAccountSummary>(s::GetAccountSummaryInput::default());
    let account = visit.account();
    let alias = aliases
        .as_ref()
        .ok()
        .and_then(|out| out.account_aliases.first().cloned());
    let base = &visit.world.settings.public_url;
    let link = format!(
        "{base}/signin/{}",
        alias.as_deref().unwrap_or(account.as_str())
    );
    let main = html! {
        (head("IAM Dashboard", "", html! {}))
        @match &summary {
            Ok(out) => div.cards {
                @for (key, name, path) in COUNTS {
                    @if let Some((_, n)) = out.summary_map.iter().find(|(known, _)| known == key) {
                        a.card.count href=(visit.at(path)) { span.number { (n) } (name) }
                    }
                }
            },
            Err(fault) => (problem(visit, &fault.code, &fault.message)),
        }
        section.panel {
            h2 { "AWS Account" }
            dl.facts {
                dt { "Account ID" } dd { (copy(account.as_str())) }
                dt { "Account alias" }
                dd {
                    @match &aliases {
                        Ok(_) => { (alias.as_deref().unwrap_or("–")) " " a href=(visit.at("/iam/settings")) { "Edit" } },
                        Err(fault) => (fault.message),
                    }
                }
                dt { "Sign-in URL for IAM users in this account" } dd { (copy(&link)) }
            }
        }
        @if let Ok(out) = &summary {
            section.panel {
                h2 { "Quotas" }
                dl.facts {
                    @for (key, n) in &out.summary_map { @if key.ends_with("Quota") { dt { (key.trim_end_matches("Quota")) } dd { (n) } } }
                }
            }
        }
    };
    Ok(show(visit, Service::Iam, "IAM Dashboard", main))
}
