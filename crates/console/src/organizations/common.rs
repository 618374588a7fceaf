//! Reading an organization: itself, its root, what is in what; and asking before something is gone.

use http::Response;
use maud::{Markup, html};
use twinlock_gate::{Body, Fault};
use twinlock_identity::organizations::{
    accounts::ListAccounts,
    organization::DescribeOrganization,
    policies::ListRoots,
    units::{
        DescribeOrganizationalUnit, ListAccountsForParent, ListOrganizationalUnitsForParent,
        ListParents,
    },
};
use twinlock_shapes::organizations as s;

use crate::{
    layout::{Service, show},
    parts::{csrf, head},
    visit::{Visit, all_pages},
};

/// Accounts, units and policies that a page looks at.
pub(super) const MOST: usize = 5_000;
/// Units of a tree that are looked into.
const UNITS_MAX: usize = 1_000;
/// AWS's deepest nesting, with the root.
const DEPTH_MAX: usize = 6;
/// The code for an account that is in no organization.
const NOT_IN_USE: &str = "AWSOrganizationsNotInUseException";

/// A page of Organizations.
pub(super) fn shown(visit: &Visit, title: &str, main: Markup) -> Response<Body> {
    show(visit, Service::Organizations, title, main)
}

/// The organization of the account; none: it is in none.
pub(super) fn organization(visit: &Visit) -> Result<Option<s::Organization>, Fault> {
    match visit.read::<DescribeOrganization>(s::DescribeOrganizationInput::default()) {
        Ok(out) => Ok(out.organization),
        Err(fault) if fault.code == NOT_IN_USE => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// The organization's root.
pub(super) fn root(visit: &Visit) -> Result<s::Root, Fault> {
    let out = visit.read::<ListRoots>(s::ListRootsInput::default())?;
    out.roots.into_iter().next().ok_or_else(Fault::internal)
}

/// All accounts.
pub(super) fn accounts(visit: &Visit) -> Result<Vec<s::Account>, Fault> {
    all_pages::<ListAccounts, _>(
        visit,
        MOST,
        |next_token| s::ListAccountsInput {
            next_token,
            max_results: None,
        },
        |out| (out.accounts, out.next_token),
    )
}

/// The organizational units right below a parent.
pub(super) fn units_in(visit: &Visit, parent: &str) -> Result<Vec<s::OrganizationalUnit>, Fault> {
    all_pages::<ListOrganizationalUnitsForParent, _>(
        visit,
        MOST,
        |next_token| s::ListOrganizationalUnitsForParentInput {
            parent_id: parent.to_owned(),
            next_token,
            max_results: None,
        },
        |out| (out.organizational_units, out.next_token),
    )
}

/// The accounts right below a parent.
pub(super) fn accounts_in(visit: &Visit, parent: &str) -> Result<Vec<s::Account>, Fault> {
    all_pages::<ListAccountsForParent, _>(
        visit,
        MOST,
        |next_token| s::ListAccountsForParentInput {
            parent_id: parent.to_owned(),
            next_token,
            max_results: None,
        },
        |out| (out.accounts, out.next_token),
    )
}

/// A unit by its id.
pub(super) fn unit(visit: &Visit, id: &str) -> Result<s::OrganizationalUnit, Fault> {
    let input = s::DescribeOrganizationalUnitInput {
        organizational_unit_id: id.to_owned(),
    };
    let out = visit.read::<DescribeOrganizationalUnit>(input)?;
    out.organizational_unit.ok_or_else(Fault::internal)
}

/// What a unit or account is in.
pub(super) fn parent(visit: &Visit, child: &str) -> Result<String, Fault> {
    let out = visit.read::<ListParents>(s::ListParentsInput {
        child_id: child.to_owned(),
        ..Default::default()
    })?;
    let first = out.parents.into_iter().next();
    first
        .and_then(|parent| parent.id)
        .ok_or_else(Fault::internal)
}

/// Whether the id is a root's.
pub(super) fn is_root(id: &str) -> bool {
    id.starts_with("r-")
}

/// The name of a root or unit.
pub(super) fn name_of(visit: &Visit, id: &str) -> Result<String, Fault> {
    if is_root(id) {
        return Ok("Root".to_owned());
    }
    Ok(unit(visit, id)?.name.unwrap_or_default())
}

/// From the root down to what the child is in: ids and names.
pub(super) fn way(visit: &Visit, child: &str) -> Result<Vec<(String, String)>, Fault> {
    let mut way = Vec::new();
    let mut id = child.to_owned();
    while !is_root(&id) && way.len() < DEPTH_MAX {
        id = parent(visit, &id)?;
        way.push((id.clone(), name_of(visit, &id)?));
    }
    way.reverse();
    Ok(way)
}

/// `/organizations/units/ID`.
pub(super) fn unit_path(id: &str) -> String {
    format!("/organizations/units/{}", crate::http::encode(id))
}

/// `/organizations/accounts/ID`.
pub(super) fn account_path(id: &str) -> String {
    format!("/organizations/accounts/{}", crate::http::encode(id))
}

/// A root or unit with what is in it.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) units: Vec<Node>,
    pub(super) accounts: Vec<s::Account>,
}

impl Node {
    /// Everything below the root. `with_accounts`: also the accounts.
    pub(super) fn all(visit: &Visit, with_accounts: bool) -> Result<Node, Fault> {
        let root = root(visit)?;
        let mut left = UNITS_MAX;
        Node::read(
            visit,
            root.id.unwrap_or_default(),
            "Root".to_owned(),
            with_accounts,
            &mut left,
        )
    }

    fn read(
        visit: &Visit,
        id: String,
        name: String,
        with_accounts: bool,
        left: &mut usize,
    ) -> Result<Node, Fault> {
        let accounts = if with_accounts {
            accounts_in(visit, &id)?
        } else {
            Vec::new()
        };
        let mut units = Vec::new();
        for unit in units_in(visit, &id)? {
            if *left == 0 {
                break;
            }
            *left -= 1;
            let (id, name) = (unit.id.unwrap_or_default(), unit.name.unwrap_or_default());
            units.push(Node::read(visit, id, name, with_accounts, left)?);
        }
        Ok(Node {
            id,
            name,
            units,
            accounts,
        })
    }

    /// Root and units from the top, each with its depth.
    pub(super) fn flat(&self) -> Vec<(usize, &Node)> {
        let mut all = Vec::new();
        self.gather(0, &mut all);
        all
    }

    fn gather<'n>(&'n self, depth: usize, all: &mut Vec<(usize, &'n Node)>) {
        all.push((depth, self));
        for unit in &self.units {
            unit.gather(depth + 1, all);
        }
    }
}

/// The badge for an account's status.
pub(super) fn status(account: &s::Account) -> Markup {
    match account.status.as_deref() {
        Some("ACTIVE") => html! { span.badge.open { "Active" } },
        Some("SUSPENDED") => html! { span.badge.closed { "Suspended" } },
        Some("PENDING_CLOSURE") => html! { span.badge.closed { "Pending closure" } },
        _ => html! {},
    }
}

/// A question before something is gone: it is done when the word has been typed.
pub(super) struct Question<'q> {
    pub(super) title: &'q str,
    pub(super) word: &'q str,
    pub(super) what: Markup,
    /// Hidden fields that come back with the answer.
    pub(super) keeps: &'q [(&'q str, &'q str)],
    /// Where the answer is sent.
    pub(super) action: &'q str,
    pub(super) back: &'q str,
    pub(super) button: &'q str,
}

impl Question<'_> {
    /// Whether the form that came has the word.
    pub(super) fn answered(&self, visit: &Visit) -> bool {
        visit.field("confirm") == self.word
    }

    /// The page that asks.
    pub(super) fn ask(&self, visit: &Visit) -> Response<Body> {
        let main = html! {
            div.narrow {
                (head(self.title, "", html! {}))
                form.panel method="post" action=(visit.at(self.action)) {
                    (csrf(visit))
                    @for (name, value) in self.keeps { input type="hidden" name=(name) value=(value); }
                    (self.what)
                    label for="confirm" { "To confirm, type " strong { (self.word) } }
                    input type="text" id="confirm" name="confirm" data-word=(self.word) autocomplete="off";
                    div.actions {
                        a.button href=(visit.at(self.back)) { "Cancel" }
                        button.danger type="submit" data-needs { (self.button) }
                    }
                }
            }
        };
        shown(visit, self.title, main)
    }
}
