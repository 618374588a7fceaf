//! What is on the map, within its limits, and in which order.

use std::sync::Arc;

use twinlock_directory::{AccountId, Role, Snapshot};
use twinlock_gate::Fault;

use super::ask::Asker;
use crate::{access::may_read_role, s3, visit::Visit};

/// Roles on one map.
const ROLES_MAX: usize = 30;
/// Identities and providers on one map.
const PRINCIPALS_MAX: usize = 60;
/// Buckets that are asked about at each role.
const BUCKETS_MAX: usize = 60;

/// An account, or what stands in its place: the services, the providers, everybody.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub name: String,
    /// Twelve digits, or nothing.
    pub id: String,
}

impl Account {
    /// `of Acme 183438944504`.
    pub(super) fn words(&self) -> String {
        match (self.name.as_str(), self.id.as_str()) {
            (name, "") => format!("({name})"),
            ("", id) => format!("of account {id}"),
            (name, id) => format!("of {name} {id}"),
        }
    }
}

/// Somebody who comes in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Principal {
    /// Index of the account.
    pub of: usize,
    pub name: String,
    /// `User`, `Role`, `Service` …
    pub kind: &'static str,
    /// The page about it, for an identity of this account.
    pub link: Option<String>,
}

#[derive(Debug)]
pub(super) struct RoleBox {
    pub name: String,
    pub link: String,
    /// Whether the caller may ask what it can do.
    pub asked: bool,
}

#[derive(Debug)]
pub(super) struct Bucket {
    pub name: String,
    pub link: String,
    /// Whether it is another account's; which one is not for us to know.
    pub theirs: bool,
}

impl Bucket {
    pub(super) fn kind(&self) -> &'static str {
        if self.theirs {
            "Bucket of another account"
        } else {
            "Bucket"
        }
    }
}

/// An arrow into a role.
#[derive(Debug)]
pub(super) struct Way {
    pub principal: usize,
    pub role: usize,
    /// What is asked for at the door; empty: nothing.
    pub asks: String,
}

/// An arrow from a role to a bucket.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Open {
    pub role: usize,
    pub bucket: usize,
    pub lists: bool,
    pub reads: bool,
    pub writes: bool,
    /// Only some of its keys.
    pub part: bool,
}

impl Open {
    pub(super) fn words(&self) -> String {
        let verbs: Vec<&str> = [
            (self.lists, "lists"),
            (self.reads, "reads"),
            (self.writes, "writes"),
        ]
        .iter()
        .filter(|(does, _)| *does)
        .map(|(_, verb)| *verb)
        .collect();
        let part = if self.part { " a part of it" } else { "" };
        format!("{}{part}", verbs.join(", "))
    }
}

/// The map.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub accounts: Vec<Account>,
    pub principals: Vec<Principal>,
    pub roles: Vec<RoleBox>,
    pub buckets: Vec<Bucket>,
    pub ways: Vec<Way>,
    pub opens: Vec<Open>,
    pub roles_hidden: usize,
    pub roles_beyond: usize,
    pub beyond: usize,
    pub unasked: bool,
    pub no_buckets: bool,
}

impl Graph {
    /// Of the account acted in, as far as the caller may see it.
    pub(super) fn of(visit: &Visit, q: &str) -> Result<Graph, Fault> {
        let mut graph = Graph::default();
        let snapshot = visit.world.directory.published();
        let cx = &visit.world.standing_of(&visit.caller, &snapshot)?;
        let account = visit.account();
        let Some(node) = snapshot.account(&account) else {
            return Ok(graph);
        };
        let q = q.to_lowercase();
        let mut roles: Vec<&Arc<Role>> = Vec::new();
        for role in node.roles.values() {
            if !role.name.to_lowercase().contains(&q) {
                continue;
            }
            if !may_read_role(cx, &snapshot, &role.arn()) {
                graph.roles_hidden += 1;
            } else if roles.len() == ROLES_MAX {
                graph.roles_beyond += 1;
            } else {
                roles.push(role);
            }
        }
        let mut buckets = s3::bucket_names(visit);
        graph.beyond += buckets.len().saturating_sub(BUCKETS_MAX);
        buckets.truncate(BUCKETS_MAX);
        graph.no_buckets = buckets.is_empty() && !node_has_none(&snapshot, account);
        let mut asker = Asker::new(visit, cx, node);
        for role in &roles {
            asker.ways(&mut graph, role);
        }
        for (n, role) in roles.iter().enumerate() {
            asker.opens(&mut graph, n, role, &buckets);
        }
        graph.order();
        Ok(graph)
    }

    pub(super) fn account(&mut self, account: Account) -> usize {
        if let Some(n) = self.accounts.iter().position(|known| *known == account) {
            return n;
        }
        self.accounts.push(account);
        self.accounts.len() - 1
    }

    /// Another account, by its name if that may be known: asked once for each.
    pub(super) fn stranger(&mut self, visit: &Visit, account: AccountId) -> usize {
        let id = account.to_string();
        if let Some(n) = self.accounts.iter().position(|known| known.id == id) {
            return n;
        }
        let name = visit.account_name(account).unwrap_or_default();
        self.account(Account { name, id })
    }

    /// The principal's place; none: there are too many.
    pub(super) fn principal(&mut self, principal: Principal) -> Option<usize> {
        if let Some(n) = self.principals.iter().position(|known| *known == principal) {
            return Some(n);
        }
        if self.principals.len() == PRINCIPALS_MAX {
            self.beyond += 1;
            return None;
        }
        self.principals.push(principal);
        Some(self.principals.len() - 1)
    }

    /// The bucket's place; the first role that opens it leads to its page.
    pub(super) fn bucket(&mut self, bucket: Bucket) -> usize {
        let known = |known: &Bucket| known.name == bucket.name && known.theirs == bucket.theirs;
        if let Some(n) = self.buckets.iter().position(known) {
            return n;
        }
        self.buckets.push(bucket);
        self.buckets.len() - 1
    }

    /// Puts each column in the order of what it is joined to, so that few arrows cross; those who belong to one account stay
    /// together.
    fn order(&mut self) {
        let mean = |places: Vec<usize>, own: usize| {
            if places.is_empty() {
                return own * 1000;
            }
            places.iter().sum::<usize>() * 1000 / places.len()
        };
        let place = |principal: usize, ways: &[Way]| -> usize {
            let roles = ways.iter().filter(|way| way.principal == principal);
            mean(roles.map(|way| way.role).collect(), 0)
        };
        let mut by_account: Vec<(usize, usize)> = Vec::new();
        for n in 0..self.accounts.len() {
            let its = (0..self.principals.len()).filter(|p| self.principals[*p].of == n);
            by_account.push((mean(its.map(|p| place(p, &self.ways)).collect(), n), n));
        }
        by_account.sort_unstable();
        let to: Vec<usize> = inverse(by_account.iter().map(|(_, n)| *n));
        for principal in &mut self.principals {
            principal.of = to[principal.of];
        }
        permute(&mut self.accounts, &to);
        let mut order: Vec<(usize, usize, usize)> = (0..self.principals.len())
            .map(|p| (self.principals[p].of, place(p, &self.ways), p))
            .collect();
        order.sort_unstable();
        let to = inverse(order.iter().map(|(.., p)| *p));
        for way in &mut self.ways {
            way.principal = to[way.principal];
        }
        permute(&mut self.principals, &to);
        let mut order: Vec<(usize, usize)> = (0..self.buckets.len())
            .map(|b| {
                let roles = self.opens.iter().filter(|open| open.bucket == b);
                (mean(roles.map(|open| open.role).collect(), b), b)
            })
            .collect();
        order.sort_unstable();
        let to = inverse(order.iter().map(|(_, b)| *b));
        for open in &mut self.opens {
            open.bucket = to[open.bucket];
        }
        permute(&mut self.buckets, &to);
    }
}

/// Where each goes when these come in this order.
fn inverse(order: impl Iterator<Item = usize>) -> Vec<usize> {
    let order: Vec<usize> = order.collect();
    let mut to = vec![0; order.len()];
    for (place, n) in order.into_iter().enumerate() {
        to[n] = place;
    }
    to
}

fn permute<T>(items: &mut Vec<T>, to: &[usize]) {
    let mut moved: Vec<(usize, T)> = to.iter().copied().zip(items.drain(..)).collect();
    moved.sort_by_key(|(place, _)| *place);
    items.extend(moved.into_iter().map(|(_, item)| item));
}

fn node_has_none(snapshot: &Snapshot, account: AccountId) -> bool {
    snapshot.buckets_of(&account, "").next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_ordered_by_what_they_are_joined_to() {
        let account = |id: &str| Account {
            name: String::new(),
            id: id.into(),
        };
        let principal = |of, name: &str| Principal {
            of,
            name: name.into(),
            kind: "User",
            link: None,
        };
        let way = |principal, role| Way {
            principal,
            role,
            asks: String::new(),
        };
        let mut graph = Graph {
            accounts: vec![account("a"), account("b")],
            principals: vec![principal(0, "x"), principal(1, "y"), principal(0, "z")],
            ways: vec![way(0, 5), way(1, 0), way(2, 3)],
            ..Graph::default()
        };
        graph.order();
        let names: Vec<&str> = graph.principals.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["y", "z", "x"]);
        assert_eq!(graph.accounts[graph.principals[0].of].id, "b");
        let to: Vec<_> = graph
            .ways
            .iter()
            .map(|w| (names[w.principal], w.role))
            .collect();
        assert_eq!(to, [("x", 5), ("y", 0), ("z", 3)]);
    }
}
