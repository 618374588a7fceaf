//! Trust policies: who may assume a role, by which action, and what a provider's token must say.

use super::report::Report;
use super::subject::{Subject, View, has_wildcard};
use super::table;
use crate::arn::Arn;
use crate::document::{PrincipalEntry, PrincipalType, Text};
use crate::principal::is_account_id;

table! {
    ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL: Error, Guide, "Role trust policy syntax error notprincipal",
        "a trust policy has `NotPrincipal`";
    ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE: Error, Guide, "Role trust policy syntax error resource",
        "a trust policy has `Resource` or `NotResource`";
    ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL: Error, Guide, "Role trust policy unsupported wildcard in principal",
        "a trust policy allows everybody, `\"Principal\": \"*\"`, without any condition";
    INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY: Error, Guide, "Invalid federated principal syntax in role trust policy",
        "a provider under `Federated` is neither a domain nor the ARN of a SAML or OIDC provider";
    MISMATCHED_ACTION_FOR_PRINCIPAL: Error, Guide, "Mismatched action for principal",
        "a SAML provider without sts:AssumeRoleWithSAML, an OIDC provider without sts:AssumeRoleWithWebIdentity, or one of these with others only";
    MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY: Error, Guide, "Missing action for roles anywhere trust policy",
        "rolesanywhere.amazonaws.com without sts:AssumeRole, sts:SetSourceIdentity and sts:TagSession";
    MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL: SecurityWarning, Guide, "Missing condition key for oidc principal",
        "an OIDC provider is let in without a condition on its token";
    MISSING_GITHUB_REPO_CONDITION_KEY: SecurityWarning, Guide, "Missing github repo condition key",
        "GitHub's provider is let in without a condition on token.actions.githubusercontent.com:sub";
    SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED: Warning, Guide, "Specific github repo and branch recommended",
        "a wildcard in the value of token.actions.githubusercontent.com:sub";
    CONFIRM_AUDIENCE_CLAIM_TYPE: Suggestion, Guide, "Confirm audience claim type",
        "a qualifier with a provider's `:aud`, which most providers give one value";
    FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE: SecurityWarning, Later, "ForAnyValue with audience claim type",
        "`ForAnyValue` with a provider's `:aud`";
    REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY: Suggestion, Guide, "Redundant principal in role trust policy",
        "a session of a role beside the role itself";
}

const GITHUB: &str = "token.actions.githubusercontent.com";
const ROLES_ANYWHERE: &str = "rolesanywhere.amazonaws.com";

/// Who a principal of a trust policy is.
#[derive(Clone, Copy, PartialEq)]
enum Who {
    /// Somebody with credentials of AWS, or a service.
    Caller,
    Saml,
    Oidc,
}

/// The actions that assume a role, and who calls them.
const ACTIONS: [(&str, Who); 3] = [
    ("sts:AssumeRole", Who::Caller),
    ("sts:AssumeRoleWithSAML", Who::Saml),
    ("sts:AssumeRoleWithWebIdentity", Who::Oidc),
];

pub(super) fn statement(subject: &Subject<'_>, view: &View<'_>, report: &mut Report<'_>) {
    if !subject.is_trust() {
        return;
    }
    if let Some(element) = &view.statement.not_principal {
        let details = "A trust policy names whom it trusts, in Principal; NotPrincipal is refused.";
        report.add(
            &ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL,
            &element.span,
            details.to_owned(),
        );
    }
    let statement = view.statement;
    for list in [&statement.resource, &statement.not_resource]
        .into_iter()
        .flatten()
    {
        let details = "The role itself is the resource of its trust policy: remove Resource.";
        report.add(
            &ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE,
            &list.span,
            details.to_owned(),
        );
    }
    let Some(element) = &view.statement.principal else {
        return;
    };
    let star = element
        .entries
        .iter()
        .find(|entry| entry.kind == PrincipalType::Aws && entry.text.value == "*")
        .map(|entry| &entry.text.span)
        .or(element.star.then_some(&element.span));
    if let Some(span) = star
        && view.allows()
        && view.conditions.is_empty()
    {
        let details = "Everybody in every account could assume the role: name whom you trust.";
        report.add(
            &ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL,
            span,
            details.to_owned(),
        );
    }
    for entry in &element.entries {
        if entry.kind == PrincipalType::Federated && !entry.text.value.contains(['*', '?']) {
            federated(view, entry, report);
        }
    }
    mismatches(view, &element.entries, report);
    roles_anywhere(view, &element.entries, report);
    redundant(&element.entries, report);
    audiences(view, report);
}

/// Whether the principal is a provider, and of which kind; none if it is written wrongly.
fn provider(text: &str) -> Option<(Who, &str)> {
    if let Some(arn) = Arn::parse(text) {
        let is_iam = arn.service == "iam" && is_account_id(arn.account) && arn.region.is_empty();
        let kinds = [("saml-provider/", Who::Saml), ("oidc-provider/", Who::Oidc)];
        return kinds.into_iter().find_map(|(prefix, who)| {
            let name = arn.resource.strip_prefix(prefix)?;
            (is_iam && !name.is_empty()).then_some((who, name))
        });
    }
    let host = text.split('/').next().unwrap_or("");
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte);
    (host.contains('.') && text.bytes().all(good)).then_some((Who::Oidc, text))
}

fn federated(view: &View<'_>, entry: &PrincipalEntry, report: &mut Report<'_>) {
    let text = entry.text.value.as_str();
    let span = &entry.text.span;
    let Some((who, name)) = provider(text) else {
        let details = format!(
            "`{text}` is no provider: write its domain, or arn:aws:iam::ACCOUNT:oidc-provider/DOMAIN or arn:aws:iam::ACCOUNT:saml-provider/NAME."
        );
        report.add(
            &INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY,
            span,
            details,
        );
        return;
    };
    if who != Who::Oidc || !view.allows() {
        return;
    }
    let prefix = format!("{}:", name.to_ascii_lowercase());
    let has_own = |suffix: &str| {
        view.conditions.iter().any(|condition| {
            condition
                .key_lower
                .starts_with(&format!("{prefix}{suffix}"))
        })
    };
    if !has_own("") {
        let details = format!(
            "Every token of `{name}`, whoever got it and for whatever use, could assume the role: add conditions on {name}:aud and {name}:sub."
        );
        report.add(&MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL, span, details);
    }
    if name == GITHUB && !has_own("sub") {
        let details = format!(
            "Workflows of every repository on GitHub could assume the role: add a condition on {GITHUB}:sub with repository and branch."
        );
        report.add(&MISSING_GITHUB_REPO_CONDITION_KEY, span, details);
    }
}

/// Tells each action that none of the principals calls, and each principal that calls none of the actions.
fn mismatches(view: &View<'_>, entries: &[PrincipalEntry], report: &mut Report<'_>) {
    let Some(actions) = view.statement.action.as_ref().filter(|_| view.allows()) else {
        return;
    };
    let who = |entry: &PrincipalEntry| match entry.kind {
        PrincipalType::Federated => provider(&entry.text.value).map(|(who, _)| who),
        PrincipalType::Aws if entry.text.value == "*" => None,
        _ => Some(Who::Caller),
    };
    // Whoever is written wrongly, or is everybody, may be anybody.
    let Some(callers) = entries.iter().map(who).collect::<Option<Vec<Who>>>() else {
        return;
    };
    if callers.is_empty() {
        return;
    }
    let assuming = |text: &Text| {
        ACTIONS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(&text.value))
            .map(|(_, who)| *who)
    };
    for action in &actions.values {
        if assuming(action).is_some_and(|wanted| !callers.contains(&wanted)) {
            let names: Vec<&str> = entries
                .iter()
                .map(|entry| entry.text.value.as_str())
                .collect();
            let details = format!(
                "{} is not called by {}: SAML providers go with sts:AssumeRoleWithSAML, OIDC providers with sts:AssumeRoleWithWebIdentity, both under Federated, and everybody else with sts:AssumeRole.",
                action.value,
                names.join(", ")
            );
            report.add(&MISMATCHED_ACTION_FOR_PRINCIPAL, &action.span, details);
        }
    }
    for (entry, caller) in entries.iter().zip(callers) {
        let own = ACTIONS.iter().find(|(_, who)| *who == caller);
        let is_provider = caller != Who::Caller;
        if let Some((name, _)) = own
            && is_provider
            && !view.names_action(name)
            && actions
                .values
                .iter()
                .any(|action| assuming(action).is_some_and(|who| who != caller))
            && actions.values.iter().all(|action| {
                assuming(action).is_none_or(|who| entries.iter().len() > 1 && who != caller)
            })
        {
            let details = format!(
                "`{}` calls none of these actions: add {name}.",
                entry.text.value
            );
            report.add(&MISMATCHED_ACTION_FOR_PRINCIPAL, &entry.text.span, details);
        }
    }
}

fn roles_anywhere(view: &View<'_>, entries: &[PrincipalEntry], report: &mut Report<'_>) {
    let entry = entries
        .iter()
        .find(|entry| entry.kind == PrincipalType::Service && entry.text.value == ROLES_ANYWHERE);
    let Some(entry) = entry.filter(|_| view.allows() && !view.is_not_action) else {
        return;
    };
    let missing: Vec<&str> = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]
        .into_iter()
        .filter(|action| !view.names_action(action))
        .collect();
    if !missing.is_empty() {
        let details = format!(
            "IAM Roles Anywhere sets a source identity and session tags whenever it assumes a role: add {}.",
            missing.join(" and ")
        );
        report.add_all(
            &MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY,
            [view.actions_span(), &entry.text.span],
            details,
        );
    }
}

fn redundant(entries: &[PrincipalEntry], report: &mut Report<'_>) {
    // The role and its account of a role's or session's ARN; a session's has no path.
    fn role(text: &str) -> Option<(&str, &str, bool)> {
        let arn = Arn::parse(text)?;
        match (arn.service, arn.resource.split_once('/')?) {
            ("iam", ("role", name)) => Some((arn.account, name.rsplit('/').next()?, false)),
            ("sts" | "iam", ("assumed-role", rest)) => {
                Some((arn.account, rest.split('/').next()?, true))
            }
            _ => None,
        }
    }
    let roles: Vec<_> = entries
        .iter()
        .filter_map(|entry| Some((role(&entry.text.value)?, entry)))
        .collect();
    let whole: std::collections::HashMap<(&str, &str), &PrincipalEntry> = roles
        .iter()
        .filter(|((_, _, is_session), _)| !is_session)
        .map(|((account, name, _), entry)| ((*account, *name), *entry))
        .collect();
    for ((account, name, is_session), entry) in &roles {
        if let (true, Some(parent)) = (*is_session, whole.get(&(*account, *name))) {
            let details = format!(
                "`{}` names every session of the role, this one too: remove it.",
                parent.text.value
            );
            report.add_all(
                &REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY,
                [&entry.text.span, &parent.text.span],
                details,
            );
        }
    }
}

/// What a token must say: GitHub's subject, and every provider's audience.
fn audiences(view: &View<'_>, report: &mut Report<'_>) {
    let has_branch = view.has_key(&format!("{GITHUB}:ref"));
    for condition in &view.conditions {
        let key = condition.key_lower.as_str();
        if key.strip_suffix(":sub") == Some(GITHUB) && view.allows() && condition.is_like() {
            for text in &condition.entry.values.values {
                // With a condition on the branch, only a wildcard before the repository's end is too wide.
                let repository = text
                    .value
                    .splitn(3, ':')
                    .take(2)
                    .collect::<Vec<_>>()
                    .join(":");
                let looked_at = if has_branch { &repository } else { &text.value };
                if has_wildcard(looked_at) {
                    let details = format!(
                        "`{}` lets in workflows of more sources than one branch of one repository: write repo:OWNER/NAME:ref:refs/heads/BRANCH, or add a condition on {GITHUB}:ref.",
                        text.value
                    );
                    report.add(
                        &SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED,
                        &text.span,
                        details,
                    );
                }
            }
        }
        if key.ends_with(":aud") && condition.is_qualified() && !condition.is_null() {
            let span = &condition.entry.operator.span;
            let name = &condition.entry.key.value;
            let details = format!(
                "`{name}` says for whom the token was made, mostly one value: remove the qualifier, unless this provider gives several."
            );
            report.add(&CONFIRM_AUDIENCE_CLAIM_TYPE, span, details);
            if condition.operator.for_any {
                let details = format!(
                    "`{name}` has one value; with ForAnyValue a token for several audiences passes as well: remove `ForAnyValue:`."
                );
                report.add(&FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE, span, details);
            }
        }
    }
}
