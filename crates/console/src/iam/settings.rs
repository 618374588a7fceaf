//! Account settings: the alias.

use maud::html;
use twinlock_identity::iam::account::{CreateAccountAlias, DeleteAccountAlias, ListAccountAliases};
use twinlock_shapes::iam as s;

use crate::{
    layout::{Service, show},
    parts::{csrf, head, text},
    visit::{Page, Visit},
};

/// `/iam/settings`.
pub(crate) async fn page(visit: &Visit) -> Page {
    let alias = visit
        .read::<ListAccountAliases>(s::ListAccountAliasesInput::default())?
        .account_aliases
        .into_iter()
        .next();
    if visit.request.is_post() {
        return match (visit.field("alias"), alias) {
            ("", Some(old)) => {
                visit
                    .change::<DeleteAccountAlias>(s::DeleteAccountAliasInput { account_alias: old })
                    .await?;
                Ok(visit.done("/iam/settings", "The alias is removed."))
            }
            ("", None) => Ok(visit.done("/iam/settings", "There is no alias.")),
            (new, _) => {
                visit
                    .change::<CreateAccountAlias>(s::CreateAccountAliasInput {
                        account_alias: new.to_owned(),
                    })
                    .await?;
                Ok(visit.done("/iam/settings", format!("The account's alias is {new}.")))
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
    };
    Ok(show(visit, Service::Iam, "Account settings", main))
}
