//! Pickers: tables to tick in, with a search. Of many only the first are on the page, so that it stays small in an account of
//! thousands: the script asks for those that match as one types, and what is ticked stays. Without the script a button does it.

use std::collections::HashSet;

use http::Response;
use maud::{Markup, html};
use twinlock_gate::{Body, Fault};
use twinlock_shapes::iam as s;

use super::{
    found, groups,
    holder::{Holder, Kind},
    policies::{self, kind_of},
    users,
};
use crate::{
    http::{encode, page as fragment},
    parts::{nothing, when},
    visit::{Page, Visit},
};

/// Rows of one picker, beside the ticked ones.
const ROWS_MAX: usize = 100;

/// The `go` of a form that is shown again, with what its picker finds.
pub(crate) const AGAIN: &str = "find";

/// What is picked from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shelf<'s> {
    /// Managed policies, without those that somebody has already.
    Policies(Option<&'s Holder>),
    /// Users, without the members of this group.
    Users(Option<&'s str>),
    /// User groups.
    Groups,
}

/// One thing to tick.
struct Item {
    /// What the form sends.
    value: String,
    name: String,
    /// What the other cells say of it.
    more: More,
}

/// The cells beside the name, made for those rows only that are shown.
enum More {
    Policy,
    Created(u64),
    Nothing,
}

impl Shelf<'_> {
    /// Its word in addresses and in the names of its fields.
    fn word(self) -> &'static str {
        match self {
            Shelf::Policies(_) => "policy",
            Shelf::Users(_) => "user",
            Shelf::Groups => "group",
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Shelf::Policies(_) => "policies",
            Shelf::Users(_) => "users",
            Shelf::Groups => "user groups",
        }
    }

    /// Where the script asks.
    fn address(self, visit: &Visit) -> String {
        let of = match self {
            Shelf::Users(Some(group)) => format!("&group={}", encode(group)),
            Shelf::Policies(Some(holder)) => {
                format!("&{}={}", holder.kind.word(), encode(&holder.name))
            }
            _ => String::new(),
        };
        visit.at(&format!("/iam/pick?shelf={}{of}", self.word()))
    }

    /// All that match, in order.
    fn matching(self, visit: &Visit, q: &str, kind: &str) -> Result<Vec<Item>, Fault> {
        Ok(match self {
            Shelf::Policies(holder) => {
                let has = match holder {
                    None => Vec::new(),
                    Some(holder) => holder.attached(visit)?,
                };
                let lacks =
                    |arn: Option<&str>| !has.iter().any(|(_, had)| Some(had.as_str()) == arn);
                let all = policies::every(visit, kind)?.into_iter();
                all.filter(|p| found(q, &[p.policy_name.as_deref().unwrap_or("")]))
                    .filter(|p| lacks(p.arn.as_deref()))
                    .map(policy)
                    .collect()
            }
            Shelf::Users(group) => {
                let members: HashSet<String> = match group {
                    None => HashSet::new(),
                    Some(group) => groups::members(visit, group)?,
                };
                let all = users::every(visit)?.into_iter();
                all.filter(|u| found(q, &[&u.user_name]) && !members.contains(&u.user_id))
                    .map(|u| named(u.user_name, u.create_date.0))
                    .collect()
            }
            Shelf::Groups => {
                let all = groups::every(visit)?.into_iter();
                all.filter(|g| found(q, &[&g.group_name]))
                    .map(|g| named(g.group_name, g.create_date.0))
                    .collect()
            }
        })
    }

    /// The picker, in a form. `chosen`: what is ticked. `again`: the form's `go` that shows it again.
    pub(crate) fn picker(
        self,
        visit: &Visit,
        chosen: &[&str],
        again: &str,
    ) -> Result<Markup, Fault> {
        let word = self.word();
        let (find, kind) = (format!("find-{word}"), format!("kind-{word}"));
        let (q, asked) = (visit.field(&find), visit.field(&kind));
        let label = format!("Search {}", self.plural());
        Ok(html! {
            div.picker-of data-picker=(self.address(visit)) {
                div.search.filter {
                    input type="search" name=(find) value=(q) placeholder=(label) aria-label=(label);
                    @if matches!(self, Shelf::Policies(_)) {
                        select name=(kind) aria-label="Filter by type" { @for (value, name) in policies::TYPES { option value=(value) selected[value == asked] { (name) } } }
                    }
                    button type="submit" name="go" value=(again) { "Search" }
                }
                (self.rows(visit, q, asked, chosen)?)
            }
        })
    }

    fn rows(self, visit: &Visit, q: &str, kind: &str, chosen: &[&str]) -> Result<Markup, Fault> {
        let mut items = self.matching(visit, q, kind)?;
        let total = items.len();
        // Whoever types a whole name gets it first, though a hundred others hold it.
        let q = q.to_lowercase();
        items.sort_by_cached_key(|item| {
            let name = item.name.to_lowercase();
            match name.strip_prefix(&q) {
                Some("") => 0,
                Some(_) => 1,
                None => 2,
            }
        });
        // What is ticked stands first, whether it is searched for or not.
        let mut first: Vec<Item> = Vec::new();
        for value in chosen {
            first.push(match items.iter().position(|item| item.value == *value) {
                Some(at) => items.remove(at),
                None => self.unlisted(value),
            });
        }
        let more = items.len().saturating_sub(ROWS_MAX);
        items.truncate(ROWS_MAX);
        Ok(html! {
            div.scroll { table {
                thead { tr {
                    th.tick { input type="checkbox" data-all aria-label={ "Select all " (self.plural()) }; }
                    @match self {
                        Shelf::Policies(_) => { th { "Policy name" } th { "Type" } th { "Description" } },
                        Shelf::Users(_) => { th { "User name" } th { "Created" } },
                        Shelf::Groups => { th { "Group name" } th { "Created" } },
                    }
                } }
                tbody {
                    @for item in &first { (self.row(visit, item, true)) }
                    @for item in &items { (self.row(visit, item, false)) }
                }
            } }
            div.more {
                @if total == 0 && first.is_empty() { (nothing(&format!("No {}.", self.plural()))) }
                @if more > 0 { p.hint { "And " (more) " more: search for them." } }
            }
        })
    }

    fn row(self, visit: &Visit, item: &Item, checked: bool) -> Markup {
        let id = format!("pick-{}-{}", self.word(), item.value);
        html! {
            tr {
                td.tick { input type="checkbox" id=(id) name=(self.word()) value=(item.value) checked[checked] aria-label={ "Select " (item.name) }; }
                td { label for=(id) { (item.name) } }
                @match &item.more {
                    More::Policy => { td { (kind_of(&item.value)) } td.about { (policies::description(visit, &item.value)) } },
                    More::Created(at) => td { (when(*at)) },
                    More::Nothing => td {},
                }
            }
        }
    }

    /// Something ticked that the list does not have now.
    fn unlisted(self, value: &str) -> Item {
        let (name, more) = match self {
            Shelf::Policies(_) => (policies::name_of(value), More::Policy),
            _ => (value, More::Nothing),
        };
        Item {
            value: value.to_owned(),
            name: name.to_owned(),
            more,
        }
    }
}

fn policy(policy: s::Policy) -> Item {
    Item {
        value: policy.arn.unwrap_or_default(),
        name: policy.policy_name.unwrap_or_default(),
        more: More::Policy,
    }
}

fn named(name: String, created: u64) -> Item {
    Item {
        value: name.clone(),
        name,
        more: More::Created(created),
    }
}

/// `/iam/pick?shelf=…&find=…`: the rows alone, for the script.
pub(crate) fn page(visit: &Visit) -> Page {
    let named = |kind: &str| Some(visit.query(kind)).filter(|name| !name.is_empty());
    let group = named("group");
    let holder = Kind::ALL
        .into_iter()
        .find_map(|kind| Some(Holder::new(kind, named(kind.word())?)));
    let shelf = match visit.query("shelf") {
        "policy" => Shelf::Policies(holder.as_ref()),
        "user" => Shelf::Users(group),
        "group" => Shelf::Groups,
        _ => return Err(crate::not_found()),
    };
    let rows = shelf.rows(visit, visit.query("find"), visit.query("kind"), &[])?;
    let answer: Response<Body> = fragment(http::StatusCode::OK, rows);
    Ok(answer)
}
