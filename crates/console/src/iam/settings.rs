//! Account settings: the alias, and the policy for passwords.

use maud::{Markup, html};
use twinlock_gate::Fault;
use twinlock_identity::iam::{
    account::{CreateAccountAlias, DeleteAccountAlias, ListAccountAliases},
    password_policy::{
        DeleteAccountPasswordPolicy, GetAccountPasswordPolicy, UpdateAccountPasswordPolicy,
    },
};
use twinlock_shapes::iam as s;

use crate::{
    layout::{Service, show},
    parts::{csrf, head, problem, text},
    visit::{Page, Visit},
};

/// `/iam/settings`. What is refused is told on the page that asked.
pub(crate) async fn page(visit: &Visit) -> Page {
    // The dashboard has the same form for the alias.
    let back = match visit.field("back") {
        "dashboard" => "/iam",
        _ => "/iam/settings",
    };
    match asked(visit, back).await {
        Err(fault) if visit.request.is_post() => Ok(visit.failed(back, &fault)),
        answer => answer,
    }
}

async fn asked(visit: &Visit, back: &str) -> Page {
    let alias = visit
        .read::<ListAccountAliases>(s::ListAccountAliasesInput::default())?
        .account_aliases
        .into_iter()
        .next();
    if visit.request.is_post() && visit.form.ticked("passwords") {
        return set_passwords(visit).await;
    }
    if visit.request.is_post() {
        return match (visit.field("alias"), alias) {
            ("", Some(old)) => {
                visit
                    .change::<DeleteAccountAlias>(s::DeleteAccountAliasInput { account_alias: old })
                    .await?;
                Ok(visit.done(back, "The alias is removed."))
            }
            ("", None) => Ok(visit.done(back, "There is no alias.")),
            (new, _) => {
                visit
                    .change::<CreateAccountAlias>(s::CreateAccountAliasInput {
                        account_alias: new.to_owned(),
                    })
                    .await?;
                Ok(visit.done(back, format!("The account's alias is {new}.")))
            }
        };
    }
    let main = html! {
        (head("Account settings", "", html! {}))
        form.panel method="post" {
            (csrf(visit))
            h2 { "Account alias" }
            (text("Preferred alias", "alias", alias.as_deref().unwrap_or(""), "Stands for the account id in the sign-in URL. Lower-case letters, digits and single hyphens, 3 to 63 characters, unique on this server. Empty: none.", ""))
            button.primary type="submit" { "Save changes" }
        }
        (passwords(visit))
    };
    Ok(show(visit, Service::Iam, "Account settings", main))
}

const RULES: [(&str, &str); 5] = [
    (
        "upper",
        "Require at least one uppercase letter from the Latin alphabet (A-Z)",
    ),
    (
        "lower",
        "Require at least one lowercase letter from the Latin alphabet (a-z)",
    ),
    ("number", "Require at least one number"),
    ("symbol", "Require at least one nonalphanumeric character"),
    ("change", "Allow users to change their own password"),
];

fn passwords(visit: &Visit) -> Markup {
    let policy =
        match visit.read::<GetAccountPasswordPolicy>(s::GetAccountPasswordPolicyInput::default()) {
            Ok(out) => Ok(Some(out.password_policy)),
            Err(fault) if fault.code == "NoSuchEntity" => Ok(None),
            Err(fault) => Err(fault),
        };
    let policy = match policy {
        Ok(policy) => policy,
        Err(fault) => return problem(visit, &fault),
    };
    let own = policy.is_some();
    let policy = policy.unwrap_or_default();
    let on = [
        policy.require_uppercase_characters,
        policy.require_lowercase_characters,
        policy.require_numbers,
        policy.require_symbols,
        policy.allow_users_to_change_password,
    ];
    let number = |n: Option<i32>| n.map(|n| n.to_string()).unwrap_or_default();
    html! {
        form.panel method="post" {
            (csrf(visit))
            input type="hidden" name="passwords" value="1";
            h2 { "Password policy" @if !own { " (AWS's default)" } }
            (text("Minimum length", "length", &number(policy.minimum_password_length.or(Some(8))), "6 to 128", ""))
            @for ((name, label), on) in RULES.iter().zip(on) { label.check { input type="checkbox" name=(name) value="1" checked[on == Some(true)]; (label) } }
            (text("Password expiration, in days", "age", &number(policy.max_password_age), "Empty: passwords do not expire", ""))
            (text("Remember passwords", "reuse", &number(policy.password_reuse_prevention), "How many earlier ones may not be used again, 1 to 24; empty: any may", ""))
            label.check { input type="checkbox" name="hard" value="1" checked[policy.hard_expiry == Some(true)]; "Password expiration requires administrator reset" }
            div.actions { button.primary type="submit" { "Save changes" } @if own { button type="submit" name="delete" value="1" { "Use the default" } } }
        }
    }
}

async fn set_passwords(visit: &Visit) -> Page {
    if visit.form.ticked("delete") {
        visit
            .change::<DeleteAccountPasswordPolicy>(s::DeleteAccountPasswordPolicyInput::default())
            .await?;
        return Ok(visit.done("/iam/settings", "The default password policy is in force."));
    }
    let number = |name: &str| -> Result<Option<i32>, Fault> {
        visit
            .form
            .filled(name)
            .map(|text| {
                text.parse()
                    .map_err(|_| Fault::validation(format!("`{text}` is not a number.")))
            })
            .transpose()
    };
    let on = |name: &str| Some(visit.form.ticked(name));
    let input = s::UpdateAccountPasswordPolicyInput {
        minimum_password_length: number("length")?,
        require_uppercase_characters: on("upper"),
        require_lowercase_characters: on("lower"),
        require_numbers: on("number"),
        require_symbols: on("symbol"),
        allow_users_to_change_password: on("change"),
        max_password_age: number("age")?,
        password_reuse_prevention: number("reuse")?,
        hard_expiry: on("hard"),
    };
    visit.change::<UpdateAccountPasswordPolicy>(input).await?;
    Ok(visit.done("/iam/settings", "The password policy is saved."))
}
