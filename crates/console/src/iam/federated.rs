//! Web identity and SAML in the role wizard: its fields, and the trust policies that AWS's own wizard would write.

use maud::{Markup, html};
use serde_json::{Map, Value, json};

use super::providers::{Provider, all_oidc, all_saml, oidc};
use crate::{
    parts::{field, problem, text},
    visit::Visit,
};

/// The attribute that says that an assertion is for AWS's sign-in.
const SAML_SIGN_IN: &str = "https://signin.aws.amazon.com/saml";
/// GitHub's issuer: without a condition on who asks, everybody who has a repository there would get in.
const GITHUB: &str = "token.actions.githubusercontent.com";
/// Rows for conditions.
const CONDITIONS: usize = 3;
const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringLike",
    "StringNotEquals",
    "StringNotLike",
    "ForAnyValue:StringEquals",
    "ForAnyValue:StringLike",
    "Bool",
    "DateLessThan",
    "IpAddress",
];
/// Attributes of assertions that AWS's wizard offers.
const SAML_KEYS: &[&str] = &[
    "SAML:aud",
    "SAML:iss",
    "SAML:sub",
    "SAML:sub_type",
    "SAML:namequalifier",
    "SAML:doc",
];

/// Fields of these two kinds.
pub(crate) const FIELDS: &[&str] = &[
    "provider",
    "audience",
    "gitOrganization",
    "gitRepository",
    "gitBranch",
    "samlProvider",
    "samlAccess",
    "samlAttribute",
    "samlValue",
    "conditionKey",
    "conditionOperator",
    "conditionValue",
];

/// Beside which field the form is wrong, and why.
type Wrong = (&'static str, String);

/// Action, principal and conditions of a trust policy.
type Trust = (&'static str, Value, Map<String, Value>);

/// Adds `operator: { key: value }`; several values of one key become a list.
fn demand(conditions: &mut Map<String, Value>, operator: &str, key: String, value: String) {
    let keys = conditions.entry(operator).or_insert_with(|| json!({}));
    let Some(keys) = keys.as_object_mut() else {
        return;
    };
    match keys.get_mut(&key) {
        None => drop(keys.insert(key, json!(value))),
        Some(Value::Array(values)) => values.push(json!(value)),
        Some(one) => *one = json!([one.take(), value]),
    }
}

/// The rows for further conditions. A key without a prefix is one of the provider's.
fn further(visit: &Visit, prefix: &str, conditions: &mut Map<String, Value>) -> Result<(), Wrong> {
    let operators = visit.form.all("conditionOperator");
    let rows = visit.form.all("conditionKey").zip(operators);
    for ((key, operator), value) in rows.zip(visit.form.all("conditionValue")) {
        let (key, value) = (key.trim(), value.trim());
        if key.is_empty() && value.is_empty() {
            continue;
        }
        if key.is_empty() || value.is_empty() || !OPERATORS.contains(&operator) {
            return Err((
                "condition",
                "A condition needs a key, an operator and a value.".into(),
            ));
        }
        let key = if key.contains(':') {
            key.to_owned()
        } else {
            format!("{prefix}:{key}")
        };
        demand(conditions, operator, key, value.to_owned());
    }
    Ok(())
}

/// The trust of *Web identity*.
pub(crate) fn web_identity(visit: &Visit) -> Result<Trust, Wrong> {
    let Some(provider) = Provider::of(visit.field("provider")) else {
        return Err(("provider", "Choose an identity provider.".into()));
    };
    let audience = visit.field("audience");
    if audience.is_empty() {
        return Err((
            "audience",
            "Choose the audience: the client ID that the tokens are for.".into(),
        ));
    }
    if let Ok(known) = oidc(visit, &provider.arn)
        && !known.client_id_list.iter().any(|id| id == audience)
    {
        let text = format!(
            "{audience} is no audience of {}. Choose one of its own, or add it on the provider's page.",
            provider.name()
        );
        return Err(("audience", text));
    }
    // Keys name the issuer, with its path.
    let issuer = provider.name();
    let mut conditions = Map::new();
    demand(
        &mut conditions,
        "StringEquals",
        format!("{issuer}:aud"),
        audience.to_owned(),
    );
    if issuer == GITHUB {
        let subject = github_subject(visit)?;
        demand(
            &mut conditions,
            "StringLike",
            format!("{issuer}:sub"),
            subject,
        );
    }
    further(visit, issuer, &mut conditions)?;
    Ok((
        "sts:AssumeRoleWithWebIdentity",
        json!({ "Federated": provider.arn }),
        conditions,
    ))
}

/// Who of GitHub may ask: AWS's wizard insists on an organization.
fn github_subject(visit: &Visit) -> Result<String, Wrong> {
    let organization = visit.field("gitOrganization");
    let wild = |text: &str| text.contains(['*', '?', '/', ':']);
    if organization.is_empty() || wild(organization) {
        return Err((
            "gitOrganization",
            "Enter the GitHub organization or user, as it is written at GitHub: without it every repository there would get in.".into(),
        ));
    }
    let or_all = |text: &str| {
        if text.is_empty() {
            "*".to_owned()
        } else {
            text.to_owned()
        }
    };
    let repository = or_all(visit.field("gitRepository"));
    Ok(match visit.field("gitBranch") {
        "" | "*" => format!("repo:{organization}/{repository}:*"),
        branch => format!("repo:{organization}/{repository}:ref:refs/heads/{branch}"),
    })
}

/// The trust of *SAML 2.0 federation*.
pub(crate) fn saml(visit: &Visit) -> Result<Trust, Wrong> {
    let Some(provider) = Provider::of(visit.field("samlProvider")) else {
        return Err(("samlProvider", "Choose a SAML provider.".into()));
    };
    let mut conditions = Map::new();
    let (attribute, value) = if visit.field("samlAccess") == "programmatic" {
        let value = visit.field("samlValue");
        let attribute = visit.field("samlAttribute");
        if value.is_empty() || !SAML_KEYS.contains(&attribute) {
            return Err((
                "samlValue",
                "Enter what the attribute of the assertion must be.".into(),
            ));
        }
        (attribute, value)
    } else {
        ("SAML:aud", SAML_SIGN_IN)
    };
    demand(
        &mut conditions,
        "StringEquals",
        attribute.to_owned(),
        value.to_owned(),
    );
    further(visit, "SAML", &mut conditions)?;
    Ok((
        "sts:AssumeRoleWithSAML",
        json!({ "Federated": provider.arn }),
        conditions,
    ))
}

/// A choice of providers; where they may not be listed, a field for the ARN.
fn choose(
    visit: &Visit,
    name: &str,
    label: &str,
    listed: &Result<Vec<Provider>, twinlock_gate::Fault>,
    error: &str,
) -> Markup {
    // The page of a provider leads here with its ARN.
    let chosen = visit
        .form
        .filled(name)
        .unwrap_or_else(|| visit.query("provider"));
    let create = html! { p.hint { a href=(visit.at("/iam/identity-providers/create")) target="_blank" rel="noopener" { "Add an identity provider" } " in another tab, then reload this page." } };
    match listed {
        Err(fault) => html! {
            (problem(visit, fault))
            (text(label, name, chosen, "The ARN of the provider, as you may not list them", error))
        },
        Ok(providers) => html! {
            (field(label, name, html! {
                select id=(name) name=(name) data-narrows=[(name == "provider").then_some("audience")] {
                    option value="" { @if providers.is_empty() { "There is none yet" } @else { "Choose a provider" } }
                    @for provider in providers { option value=(provider.arn) selected[provider.arn == chosen] { (provider.name()) } }
                }
            }, "", error))
            (create)
        },
    }
}

fn audience_field(
    visit: &Visit,
    listed: &Result<Vec<Provider>, twinlock_gate::Fault>,
    error: &str,
) -> Markup {
    let chosen = visit.field("audience");
    let known: Vec<(&Provider, Vec<String>)> = listed
        .iter()
        .flatten()
        .filter_map(|provider| Some((provider, oidc(visit, &provider.arn).ok()?.client_id_list)))
        .collect();
    if known.is_empty() {
        return text(
            "Audience",
            "audience",
            chosen,
            "The client ID that the tokens are for",
            error,
        );
    }
    field(
        "Audience",
        "audience",
        html! {
            select id="audience" name="audience" {
                option value="" { "Choose an audience" }
                @for (provider, audiences) in &known {
                    optgroup label=(provider.name()) data-of=(provider.arn) {
                        @for audience in audiences { option value=(audience) selected[audience == chosen] { (audience) } }
                    }
                }
            }
        },
        "The client ID that the tokens are for, one of the provider's",
        error,
    )
}

/// The wizard's fields for both kinds. `wrong` gives what is wrong with a field.
pub(crate) fn sections<'e>(
    visit: &Visit,
    entity: &str,
    wrong: &impl Fn(&str) -> &'e str,
) -> Markup {
    let oidc_providers = all_oidc(visit);
    let saml_providers = all_saml(visit);
    let programmatic = visit.field("samlAccess") == "programmatic";
    let github = |provider: &str| provider.ends_with(GITHUB);
    let has_github = oidc_providers
        .iter()
        .flatten()
        .any(|provider| github(&provider.arn));
    html! {
        section.panel data-when="web" hidden[entity != "web"] {
            h2 { "Web identity" }
            (choose(visit, "provider", "Identity provider", &oidc_providers, wrong("provider")))
            (audience_field(visit, &oidc_providers, wrong("audience")))
            @if has_github {
                fieldset data-only=(GITHUB) {
                    legend { "GitHub Actions" }
                    p.hint { "For the provider " (GITHUB) ": who of GitHub gets in." }
                    (text("GitHub organization", "gitOrganization", visit.field("gitOrganization"), "", wrong("gitOrganization")))
                    (text("GitHub repository – Optional", "gitRepository", visit.field("gitRepository"), "Empty: every repository of the organization", ""))
                    (text("GitHub branch – Optional", "gitBranch", visit.field("gitBranch"), "Empty: every branch, tag and environment", ""))
                }
            }
        }
        section.panel data-when="saml" hidden[entity != "saml"] {
            h2 { "SAML 2.0 federation" }
            (choose(visit, "samlProvider", "SAML 2.0–based provider", &saml_providers, wrong("samlProvider")))
            fieldset {
                legend { "Access to be allowed" }
                label.check { input type="radio" name="samlAccess" value="programmatic" checked[programmatic]; "Allow programmatic access only" }
                label.check { input type="radio" name="samlAccess" value="console" checked[!programmatic]; span { "Allow programmatic and AWS Management Console access " span.about { "(SAML:aud is " (SAML_SIGN_IN) ")" } } }
            }
            fieldset {
                legend { "Attribute, for programmatic access only" }
                div.pair {
                    select name="samlAttribute" aria-label="Attribute" { @for key in SAML_KEYS { option selected[visit.field("samlAttribute") == *key] { (key) } } }
                    input type="text" name="samlValue" value=(visit.field("samlValue")) aria-label="Value" placeholder="Value" autocomplete="off" spellcheck="false";
                }
                @if !wrong("samlValue").is_empty() { p.error role="alert" { (wrong("samlValue")) } }
            }
        }
        section.panel data-when="web saml" hidden[entity != "web" && entity != "saml"] {
            h2 { "Conditions – Optional" }
            p.hint { "All of them must be met. A key without a prefix, such as sub, is one of the provider's." }
            @if !wrong("condition").is_empty() { p.error role="alert" { (wrong("condition")) } }
            (condition_rows(visit))
        }
    }
}

fn condition_rows(visit: &Visit) -> Markup {
    let operators = visit.form.all("conditionOperator");
    let rows = visit.form.all("conditionKey").zip(operators);
    let mut rows: Vec<((&str, &str), &str)> = rows.zip(visit.form.all("conditionValue")).collect();
    rows.resize(rows.len().max(CONDITIONS), (("", ""), ""));
    html! {
        @for (n, ((key, operator), value)) in rows.iter().enumerate() {
            div.pair {
                input type="text" name="conditionKey" value=(key) aria-label={ "Key of condition " (n + 1) } placeholder="Key, such as sub" autocomplete="off" spellcheck="false";
                select name="conditionOperator" aria-label={ "Operator of condition " (n + 1) } { @for known in OPERATORS { option selected[known == operator] { (known) } } }
                input type="text" name="conditionValue" value=(value) aria-label={ "Value of condition " (n + 1) } placeholder="Value" autocomplete="off" spellcheck="false";
            }
        }
    }
}
