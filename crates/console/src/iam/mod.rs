//! The pages of IAM.
//!
//! | file | pages |
//! | --- | --- |
//! | `dashboard`, `recommendations` | counts, quotas, sign-in link, alias; what should be mended |
//! | `users`, `groups`, `roles`, `policies` | the lists, and a page for each entity |
//! | `providers`, `provider` | identity providers: the list, adding one; a provider's page |
//! | `create_user`, `create_role`, `federated` | the wizards; web identity and SAML in the second |
//! | `editor` | writing a policy: visual and JSON, checked while one types; then a review |
//! | `choices` | nothing: what the visual editor offers |
//! | `deletion` | what goes with whatever is ticked in a list, and the word to type |
//! | `holder` | what users, groups and roles have in common: policies, tags |
//! | `instance_profiles` | nothing: the profile that comes and goes with a role for EC2 |
//! | `last_accessed`, `credential_report` | what was last used; everybody's credentials |
//! | `access_keys`, `other_credentials` | keys, certificates, SSH keys and services' passwords of a user or of root |
//! | `mfa` | MFA devices of a user or of root |
//! | `pick` | nothing: tables to tick in, with a search, for the wizards |
//! | `revoke` | ending all sessions of a role |
//! | `settings` | the account's alias and password policy |
//! | `steps` | nothing: what a wizard of several changes made, and what was refused |

mod access_keys;
mod choices;
mod create_role;
mod create_user;
mod credential_report;
mod dashboard;
pub(crate) mod deletion;
pub(crate) mod editor;
mod federated;
mod groups;
pub(crate) mod holder;
mod instance_profiles;
mod last_accessed;
mod mfa;
mod other_credentials;
pub(crate) mod pick;
pub(crate) mod policies;
mod provider;
mod providers;
mod recommendations;
mod revoke;
pub(crate) mod roles;
mod settings;
mod steps;
mod users;

pub(crate) use editor::fields as editor_fields;
pub(crate) use editor::summary;
pub(crate) use holder::{document as shown, sent_tags, tag_fields, tags_form};
pub(crate) use recommendations::Verdicts;
pub(crate) use roles::principals;

use percent_encoding::percent_decode_str;

use crate::visit::{Page, Visit};

/// Items of a list on one page.
pub(crate) const PER_PAGE: usize = 50;
/// Items that a search or a picker looks at.
const MOST: usize = 20_000;
/// The largest page of AWS's listings.
const PAGE_ITEMS: i32 = 1000;

/// `/console/SLOT/iam/…`.
pub(crate) async fn page(visit: &Visit, rest: &[&str]) -> Page {
    match rest {
        [] | [""] => dashboard::page(visit).await,
        ["recommendations"] => dashboard::recommended(visit).await,
        ["groups"] => groups::list(visit).await,
        ["groups", "create"] => groups::create(visit).await,
        ["groups", name, rest @ ..] => groups::one(visit, name, rest).await,
        ["users"] => users::list(visit).await,
        ["users", "create"] => create_user::page(visit).await,
        ["users", name, rest @ ..] => users::one(visit, name, rest).await,
        ["roles"] => roles::list(visit).await,
        ["roles", "create"] => create_role::page(visit).await,
        ["roles", name, rest @ ..] => roles::one(visit, name, rest).await,
        ["policies"] => policies::list(visit).await,
        ["policies", "create"] => editor::create_policy(visit).await,
        ["policies", "validate"] if visit.request.is_post() => Ok(editor::validate(visit)),
        ["policies", "actions"] => Ok(choices::everywhere()),
        ["policies", "actions", service] => Ok(choices::of_service(visit, service)),
        ["policies", rest @ ..] => policies::one(visit, rest).await,
        ["identity-providers"] => providers::list(visit).await,
        ["identity-providers", "create"] => providers::create(visit).await,
        ["identity-providers", arn, rest @ ..] => provider::one(visit, arn, rest).await,
        ["credential-report", rest @ ..] => credential_report::page(visit, rest).await,
        ["credentials", "mfa", rest @ ..] => mfa::page(visit, None, rest).await,
        ["credentials"] => users::own(visit).await,
        ["credentials", action] if visit.request.is_post() => {
            users::own_action(visit, action).await
        }
        ["settings"] => settings::page(visit).await,
        ["pick"] => pick::page(visit),
        _ => Err(crate::not_found()),
    }
}

/// A policy document as IAM's answers have it, readable again.
fn decoded(document: &str) -> String {
    percent_decode_str(document)
        .decode_utf8_lossy()
        .into_owned()
}

/// A document, indented, if it is JSON; its elements keep their order, which reading it into a map would lose.
pub(crate) fn pretty(document: &str) -> String {
    if serde_json::from_str::<serde::de::IgnoredAny>(document).is_err() {
        return document.to_owned();
    }
    let mut out = String::with_capacity(document.len() * 2);
    let (mut depth, mut in_string, mut escaped) = (0, false, false);
    let mut chars = document.chars().peekable();
    while let Some(c) = chars.next() {
        if in_string {
            out.push(c);
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
            continue;
        }
        match c {
            ' ' | '\n' | '\r' | '\t' => {}
            '"' => {
                in_string = true;
                out.push(c);
            }
            '{' | '[' => {
                out.push(c);
                while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
                if let Some(end) = chars.next_if(|c| matches!(c, '}' | ']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth -= 1;
                line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c => out.push(c),
        }
    }
    out
}

fn line(out: &mut String, depth: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

/// Whether a search text occurs in any of these, without regard to case.
pub(crate) fn found(q: &str, texts: &[&str]) -> bool {
    let q = q.to_lowercase();
    q.is_empty() || texts.iter().any(|text| text.to_lowercase().contains(&q))
}

/// The items of the page asked for, which the address numbers as it likes.
pub(crate) fn sliced<T>(items: &[T], page: usize) -> &[T] {
    let from = page.saturating_sub(1).saturating_mul(PER_PAGE);
    let from = from.min(items.len());
    let to = (from + PER_PAGE).min(items.len());
    &items[from..to]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_far_beyond_the_last_is_empty() {
        let items: Vec<usize> = (0..PER_PAGE + 1).collect();
        assert_eq!(sliced(&items, 0).len(), PER_PAGE);
        assert_eq!(sliced(&items, 1).len(), PER_PAGE);
        assert_eq!(sliced(&items, 2), [PER_PAGE]);
        for page in [3, usize::MAX - 1, usize::MAX] {
            assert!(sliced(&items, page).is_empty(), "{page}");
        }
    }

    #[test]
    fn a_document_is_indented_and_keeps_its_order_and_its_strings() {
        let text =
            r#"{"Version":"2012-10-17","Id" : "a\\\" {b}","Statement":[ ],"B":{},"A":[1,true]}"#;
        let shown = pretty(text);
        assert_eq!(
            shown,
            "{\n  \"Version\": \"2012-10-17\",\n  \"Id\": \"a\\\\\\\" {b}\",\n  \"Statement\": [],\n  \"B\": {},\n  \"A\": [\n    1,\n    true\n  ]\n}"
        );
        assert_eq!(pretty(&shown), shown);
        assert_eq!(pretty("{ # no"), "{ # no");
    }
}
