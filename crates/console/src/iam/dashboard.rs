//! The dashboard: what should be mended, how much of everything there is and may be, and where users sign in.

use maud::{Markup, html};
use twinlock_gate::Fault;
use twinlock_identity::iam::account::{GetAccountSummary, ListAccountAliases};
use twinlock_shapes::iam as s;

use super::recommendations;
use crate::{
    layout::{Service, show},
    parts::{copy, csrf, head, problem, text},
    visit::{Page, Visit},
};

const COUNTS: &[(&str, &str, &str)] = &[
    ("Groups", "User groups", "/iam/groups"),
    ("Users", "Users", "/iam/users"),
    ("Roles", "Roles", "/iam/roles"),
    ("Policies", "Policies", "/iam/policies"),
    ("Providers", "Identity providers", "/iam/identity-providers"),
];

/// How much of it one account may have: the summary's words, and people's.
const QUOTAS: &[(&str, &str)] = &[
    ("Groups", "User groups"),
    ("Users", "Users"),
    ("Roles", "Roles"),
    ("Policies", "Customer managed policies"),
    ("PolicyVersionsInUse", "Policy versions in use"),
    ("InstanceProfiles", "Instance profiles"),
    ("ServerCertificates", "Server certificates"),
];

/// How much of it each may have.
const LIMITS: &[(&str, &str)] = &[
    ("GroupsPerUser", "User groups of a user"),
    ("AccessKeysPerUser", "Access keys of a user"),
    (
        "SigningCertificatesPerUser",
        "Signing certificates of a user",
    ),
    ("AttachedPoliciesPerUser", "Managed policies of a user"),
    (
        "AttachedPoliciesPerGroup",
        "Managed policies of a user group",
    ),
    ("AttachedPoliciesPerRole", "Managed policies of a role"),
    ("VersionsPerPolicy", "Versions of a managed policy"),
    ("PolicySize", "Characters of a managed policy"),
    ("UserPolicySize", "Characters of a user's inline policies"),
    (
        "GroupPolicySize",
        "Characters of a user group's inline policies",
    ),
    ("RolePolicySize", "Characters of a role's inline policies"),
    ("AssumeRolePolicySize", "Characters of a trust policy"),
];

/// The summary's number of this name.
pub(crate) fn number(summary: &[(String, i32)], name: &str) -> Option<i32> {
    let found = summary.iter().find(|(known, _)| known == name);
    found.map(|(_, n)| *n)
}

/// An account of more users, groups, roles and policies gets the recommendations after the page: thousands are read for it.
const AT_ONCE_MAX: i32 = 1000;

fn is_large(summary: &[(String, i32)]) -> bool {
    let read = ["Users", "Groups", "Roles", "Policies"];
    let all = read.iter().filter_map(|name| number(summary, name));
    all.sum::<i32>() > AT_ONCE_MAX
}

/// Where the script puts the recommendations; without it they are a page of their own.
fn later(visit: &Visit) -> Markup {
    let path = visit.at("/iam/recommendations");
    html! {
        section.panel data-later=(path) {
            h2 { "Security recommendations" }
            p { a href=(path) { "Look at the whole account" } }
        }
    }
}

/// `/iam/recommendations`.
pub(crate) async fn recommended(visit: &Visit) -> Page {
    let summary = visit.read::<GetAccountSummary>(s::GetAccountSummaryInput::default())?;
    let numbers: Vec<_> = summary.summary_map.into_iter().collect();
    let panel = recommendations::panel(visit, &numbers).await;
    let main = html! { (head("Security recommendations", "", html! {})) (panel) };
    Ok(show(visit, Service::Iam, "Security recommendations", main))
}

/// `/iam`.
pub(crate) async fn page(visit: &Visit) -> Page {
    let summary = visit
        .read::<GetAccountSummary>(s::GetAccountSummaryInput::default())
        .map(|out| out.summary_map.into_iter().collect::<Vec<_>>());
    let numbers = summary.as_deref().unwrap_or_default();
    let recommended = if is_large(numbers) {
        later(visit)
    } else {
        recommendations::panel(visit, numbers).await
    };
    let main = html! {
        (head("IAM Dashboard", "", html! {}))
        @match &summary {
            Ok(summary) => div.cards.counts {
                @for (key, name, path) in COUNTS {
                    @if let Some(n) = number(summary, key) {
                        a.card.count href=(visit.at(path)) { span.number { (n) } (name) }
                    }
                }
            },
            Err(fault) => (problem(visit, fault)),
        }
        (recommended)
        (account(visit))
        @if let Ok(summary) = &summary { (quotas(summary)) }
    };
    Ok(show(visit, Service::Iam, "IAM Dashboard", main))
}

fn account(visit: &Visit) -> Markup {
    let alias: Result<Option<String>, Fault> = visit
        .read::<ListAccountAliases>(s::ListAccountAliasesInput::default())
        .map(|out| out.account_aliases.into_iter().next());
    let account = visit.account();
    let known = alias.as_ref().ok().and_then(|alias| alias.as_deref());
    let link = format!(
        "{}/signin/{}",
        visit.world.settings.public_url,
        known.unwrap_or(account.as_str())
    );
    html! {
        section.panel {
            h2 { "AWS Account" }
            dl.facts {
                dt { "Account ID" } dd { (copy(account.as_str())) }
                dt { "Account alias" }
                dd {
                    @match &alias {
                        Ok(alias) => { (alias.as_deref().unwrap_or("None")) },
                        Err(fault) => { (problem(visit, fault)) },
                    }
                }
                dt { "Sign-in URL for IAM users in this account" } dd { (copy(&link)) }
            }
            @if alias.is_ok() {
                details.edit {
                    summary { @if known.is_some() { "Edit account alias" } @else { "Create account alias" } }
                    form method="post" action=(visit.at("/iam/settings")) {
                        (csrf(visit))
                        input type="hidden" name="back" value="dashboard";
                        (text("Preferred alias", "alias", known.unwrap_or(""), "Stands for the account ID in the sign-in URL. Lower-case letters, digits and single hyphens, 3 to 63 characters. Empty: none.", ""))
                        button.primary type="submit" { "Save changes" }
                    }
                }
            }
        }
    }
}

fn quotas(summary: &[(String, i32)]) -> Markup {
    let pairs = QUOTAS.iter().filter_map(|(key, name)| {
        let quota = number(summary, &format!("{key}Quota"))?;
        Some((name, number(summary, key)?, quota))
    });
    let limits = LIMITS
        .iter()
        .filter_map(|(key, name)| Some((name, number(summary, &format!("{key}Quota"))?)));
    html! {
        section.panel {
            h2 { "Quotas" }
            table.quotas {
                thead { tr { th { "Resource" } th { "In use" } th { "Quota" } th { "Usage" } } }
                tbody { @for (name, n, quota) in pairs { tr {
                    td { (name) }
                    td.number { (n) }
                    td.number { (quota) }
                    td { progress max=(quota.max(1)) value=(n) aria-label={ (name) ": " (n) " of " (quota) } {} }
                } } }
            }
            details {
                summary { "Limits of each user, user group, role and policy" }
                dl.facts.spaced { @for (name, quota) in limits { dt { (name) } dd { (quota) } } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_large;

    #[test]
    fn a_large_account_gets_its_recommendations_after_the_page() {
        let of = |users, roles| {
            let numbers = [("Users", users), ("Roles", roles), ("UsersQuota", 5000)];
            is_large(&numbers.map(|(name, n)| (name.to_owned(), n)))
        };
        assert!(!of(500, 500));
        assert!(of(500, 501));
        assert!(!is_large(&[]));
    }
}
