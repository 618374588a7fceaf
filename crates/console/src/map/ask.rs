//! The questions that make the map: whom a role lets in, and what it opens, asked of the one evaluator.
//!
//! Identities of this account are asked about themselves: both locks are known. Of another account only our own lock is known, so
//! that its arrow means "the role lets them in, if their account does". Conditions that a caller can meet (MFA, an external id)
//! are tried; what is left is shown as "under conditions".

use std::collections::HashMap;

use serde_json::Value;
use twinlock_directory::{AccountId, AccountNode, Role, Snapshot};
use twinlock_gate::{Action, Cx, Need, Simulation};
use twinlock_identity::sts::doors;
use twinlock_policy::{PolicyKind, explain};

use super::graph::{Account, Bucket, Graph, Open, Principal, RoleBox, Way};
use crate::{
    access::may_ask_about,
    http::encode,
    iam::{editor::each_text, principals},
    s3,
    visit::Visit,
};

/// Identities of this account that are asked about at each role.
const ASKED_MAX: usize = 100;
/// So many buckets, all of them, in which a role may do the same are drawn as one.
const TOGETHER_MIN: usize = 4;
/// Buckets of other accounts that are asked about at each role.
const THEIRS_MAX: usize = 20;
/// Keys of a bucket that are tried, beside the whole of it.
const KEYS_MAX: usize = 8;

const ASSUME: Action = Action::new("sts:AssumeRole", &["role"], &[]);
const LIST: Action = Action::new("s3:ListBucket", &["bucket"], &[]);
const GET: Action = Action::new("s3:GetObject", &["object"], &[]);
const PUT: Action = Action::new("s3:PutObject", &["object"], &[]);
const DELETE: Action = Action::new("s3:DeleteObject", &["object"], &[]);

/// An identity of this account.
struct Identity<'a> {
    kind: &'static str,
    name: String,
    link: String,
    simulation: Simulation<'a>,
}

/// Whoever asks, on one snapshot.
pub(super) struct Asker<'a> {
    visit: &'a Visit,
    cx: &'a Cx<'a>,
    node: &'a AccountNode,
    /// By ARN: whether one may ask about it.
    asked: HashMap<String, bool>,
    /// Once they are needed.
    own: Option<Vec<Identity<'a>>>,
}

impl<'a> Asker<'a> {
    pub(super) fn new(visit: &'a Visit, cx: &'a Cx<'a>, node: &'a AccountNode) -> Self {
        Asker {
            visit,
            cx,
            node,
            asked: HashMap::new(),
            own: None,
        }
    }

    fn may_ask(&mut self, arn: &str) -> bool {
        if let Some(known) = self.asked.get(arn) {
            return *known;
        }
        let may = may_ask_about(self.cx, self.cx.snapshot, arn);
        self.asked.insert(arn.to_owned(), may);
        may
    }

    /// Whom a role lets in.
    pub(super) fn ways(&mut self, graph: &mut Graph, role: &Role) {
        let n = graph.roles.len();
        let asked = self.may_ask(&role.arn());
        graph.roles.push(RoleBox {
            name: role.name.clone(),
            link: self.visit.at(&format!("/iam/roles/{}", encode(&role.name))),
            asked,
        });
        let mut named: Vec<(String, String)> = Vec::new();
        if let Ok(document) = serde_json::from_str::<Value>(role.trust.text()) {
            principals(&document, &mut |kind, value| {
                named.push((kind.to_owned(), value.to_owned()));
            });
        }
        named.sort();
        named.dedup();
        let door = Door::of(role, self.cx.snapshot);
        let own = self.node.account.id.to_string();
        let everybody = named
            .iter()
            .any(|(kind, value)| kind == "*" || value == "*");
        let ours = everybody
            || named.iter().any(|(_, value)| {
                *value == own || value.starts_with(&format!("arn:aws:iam::{own}:"))
            });
        if ours {
            self.own_ways(graph, n, &door);
        }
        for (kind, value) in &named {
            if let Some((principal, asks)) = self.stranger(graph, &door, kind, value, &own)
                && let Some(principal) = graph.principal(principal)
            {
                graph.ways.push(Way {
                    principal,
                    role: n,
                    asks,
                });
            }
        }
    }

    /// Users and roles of this account that come in: both locks are asked.
    fn own_ways(&mut self, graph: &mut Graph, n: usize, door: &Door) {
        if self.own.is_none() {
            let own = self.identities(graph);
            self.own = Some(own);
        }
        for identity in self.own.iter().flatten() {
            let Some(asks) = door.opens(|need| identity.simulation.allows(need)) else {
                continue;
            };
            let of = graph.account(Account {
                name: self.node.account.name.clone(),
                id: self.node.account.id.to_string(),
            });
            let principal = Principal {
                of,
                name: identity.name.clone(),
                kind: identity.kind,
                link: Some(identity.link.clone()),
            };
            if let Some(principal) = graph.principal(principal) {
                graph.ways.push(Way {
                    principal,
                    role: n,
                    asks: asks.to_owned(),
                });
            }
        }
    }

    /// The identities of this account that one may ask about, as many as a map takes.
    fn identities(&mut self, graph: &mut Graph) -> Vec<Identity<'a>> {
        let (cx, node) = (self.cx, self.node);
        let mut found = Vec::new();
        let mut asked = 0;
        let mut may = |asker: &mut Self, arn: &dyn Fn() -> String| {
            asked += 1;
            if asked > ASKED_MAX {
                graph.beyond += 1;
                return false;
            }
            let may = asker.may_ask(&arn());
            graph.unasked |= !may;
            may
        };
        for user in node.users.values() {
            if may(self, &|| user.arn()) {
                found.push(Identity {
                    kind: "User",
                    name: user.name.clone(),
                    link: self.visit.at(&format!("/iam/users/{}", encode(&user.name))),
                    simulation: Simulation::of_user(cx, user),
                });
            }
        }
        for role in node.roles.values() {
            if may(self, &|| role.arn()) {
                found.push(Identity {
                    kind: "Role",
                    name: role.name.clone(),
                    link: self.visit.at(&format!("/iam/roles/{}", encode(&role.name))),
                    simulation: Simulation::of_role(cx, role),
                });
            }
        }
        found
    }

    /// Somebody named by the trust policy who is not of this account, and what is asked of them; none: the role does not let
    /// them in, whatever its trust policy names.
    fn stranger(
        &self,
        graph: &mut Graph,
        door: &Door,
        kind: &str,
        value: &str,
        own: &str,
    ) -> Option<(Principal, String)> {
        let mut somebody = |group: &str, name: &str, kind| {
            let of = graph.account(Account {
                name: group.to_owned(),
                id: String::new(),
            });
            Principal {
                of,
                name: name.to_owned(),
                kind,
                link: None,
            }
        };
        match kind {
            "Service" => return Some((somebody("AWS services", value, "Service"), String::new())),
            "Federated" => {
                let name = value
                    .rsplit_once("-provider/")
                    .map_or(value, |(_, name)| name);
                let principal = somebody("Identity providers", name, "Provider");
                return Some((principal, "its token".to_owned()));
            }
            _ => {}
        }
        if kind == "*" || value == "*" {
            // Whoever it is, of any account: what the conditions leave cannot be drawn one by one.
            let principal = somebody("Any account", "Anybody", "Everybody");
            return Some((principal, "the trust policy's conditions".to_owned()));
        }
        // A deleted identity leaves its unique id: nobody comes in by it.
        let id = value.split(':').nth(4).unwrap_or(value);
        let account: AccountId = id.parse().ok()?;
        if id == own {
            return None;
        }
        let resource = value.splitn(6, ':').nth(5).unwrap_or("root");
        let (arn, name, kind) = match resource.split_once('/') {
            Some(("user", path)) => (value.to_owned(), path, "User"),
            Some(("role", path)) => (value.to_owned(), path, "Role"),
            Some(("assumed-role", path)) => (value.to_owned(), path, "Session"),
            _ => (
                format!("arn:aws:iam::{id}:user/whoever"),
                "Whomever it allows",
                "Account",
            ),
        };
        let known = self.cx.snapshot.account(&account);
        // The trust is in whoever had the name when it was written.
        let unique_id = known.and_then(|node| {
            let name = arn.rsplit('/').next()?;
            let user = node.user(name).filter(|user| user.arn() == arn);
            let role = node.role(name).filter(|role| role.arn() == arn);
            user.map(|user| user.id.as_str())
                .or(role.map(|role| role.id.as_str()))
        });
        let simulation = Simulation::of_stranger(self.cx, id, &arn, unique_id);
        let ours = door.opens(|need| self.our_lock_opens(&simulation, need));
        // A Deny, or conditions on an address or a tag, of which nothing is known here.
        let asks = ours.unwrap_or("further conditions").to_owned();
        let of = graph.stranger(self.visit, account);
        let name = name.rsplit('/').next().unwrap_or(name).to_owned();
        let principal = Principal {
            of,
            name,
            kind,
            link: None,
        };
        Some((principal, asks))
    }

    /// Whether it is for the other account alone now.
    fn our_lock_opens(&self, simulation: &Simulation<'_>, need: &Need) -> bool {
        let account = self.node.account.id.to_string();
        let seen = simulation.ask(need, |request, policies| {
            explain(request, policies).for_caller(Some(&account))
        });
        let theirs =
            |cause: &twinlock_policy::Cause| cause.kind == PolicyKind::Identity && !cause.explicit;
        seen.decision.allowed() || seen.decision.cause.as_ref().is_some_and(theirs)
    }

    /// What a role opens: of the account's own buckets, and of those of other accounts that its policies name.
    pub(super) fn opens(&mut self, graph: &mut Graph, n: usize, role: &Role, buckets: &[String]) {
        if !graph.roles[n].asked {
            graph.unasked = true;
            return;
        }
        let simulation = Simulation::of_role(self.cx, role);
        let open = |bucket: &String, theirs| {
            let open = self.opened(&simulation, n, bucket, theirs)?;
            Some((bucket.clone(), open))
        };
        let ours = buckets.iter().filter_map(|name| open(name, false));
        let mut found: Vec<(String, Open)> = ours.collect();
        // Who may do the same in all of them is drawn with one arrow.
        let alike = found.windows(2).all(|pair| pair[0].1 == pair[1].1);
        if alike && found.len() == buckets.len() && found.len() >= TOGETHER_MIN {
            let bucket = graph.bucket(Bucket {
                name: format!("All {} buckets", found.len()),
                link: self.visit.at("/s3"),
                theirs: false,
            });
            found.truncate(1);
            let all = found.into_iter().map(|(_, open)| Open { bucket, ..open });
            graph.opens.extend(all);
        } else {
            for (name, open) in found {
                let bucket = graph.bucket(Bucket {
                    link: self.visit.at(&s3::path(&name)),
                    name,
                    theirs: false,
                });
                graph.opens.push(Open { bucket, ..open });
            }
        }
        let theirs = self.named(&simulation);
        for (name, open) in theirs.iter().filter_map(|name| open(name, true)) {
            let bucket = graph.bucket(Bucket {
                link: self.why(role, &open, &name),
                name,
                theirs: true,
            });
            graph.opens.push(Open { bucket, ..open });
        }
    }

    /// What the role may do in a bucket; none: nothing.
    fn opened(
        &self,
        simulation: &Simulation<'_>,
        role: usize,
        bucket: &str,
        theirs: bool,
    ) -> Option<Open> {
        let snapshot = self.cx.snapshot;
        let arn = format!("arn:aws:s3:::{bucket}");
        let may = |action: &Action, resource: String| {
            let need = twinlock_s3::common::asked(Need::on(action, resource), snapshot);
            simulation.allows(&need)
        };
        // Which keys the policy of another's bucket speaks of is not to be told by what is drawn.
        let probe = twinlock_s3::common::asked(Need::on(&GET, format!("{arn}/*")), snapshot);
        let keys = simulation.ask(&probe, |_, set| {
            let all = set.sources().map(|source| source.policy.text());
            let identity = set.identity.iter().map(|source| source.policy.text());
            let texts: Vec<&str> = if theirs {
                identity.collect()
            } else {
                all.collect()
            };
            let keys = texts.into_iter().flat_map(|text| keys(text, bucket));
            keys.take(KEYS_MAX).collect::<Vec<_>>()
        });
        let over = |action: &Action| {
            let whole = may(action, format!("{arn}/*"));
            let part = !whole && keys.iter().any(|key| may(action, format!("{arn}/{key}")));
            (whole || part, part)
        };
        let (reads, reads_part) = over(&GET);
        let (puts, puts_part) = over(&PUT);
        let (deletes, deletes_part) = over(&DELETE);
        let lists = may(&LIST, arn.clone());
        (lists || reads || puts || deletes).then_some(Open {
            role,
            bucket: 0,
            lists,
            reads,
            writes: puts || deletes,
            part: reads_part || puts_part || deletes_part,
        })
    }

    /// Buckets of other accounts that the role's own policies name. Names of buckets are no secret of theirs to whoever may read
    /// those policies, and whether one opens is what the access page answers, too. What another account's bucket policy says of the
    /// role besides, or whose a bucket is, nobody here could find out: it is not looked for.
    fn named(&self, simulation: &Simulation<'_>) -> Vec<String> {
        let snapshot = self.cx.snapshot;
        let own = self.node.account.id;
        let mut names: Vec<String> = simulation.ask(&Need::on(&LIST, "*"), |_, set| {
            let texts = set.identity.iter().map(|source| source.policy.text());
            texts.flat_map(bucket_names).collect()
        });
        names.sort_unstable();
        names.dedup();
        names.retain(|name| {
            let bucket = snapshot.bucket(name);
            bucket.is_some_and(|bucket| bucket.account != own)
        });
        names.truncate(THEIRS_MAX);
        names
    }

    /// The access page, about the role and the bucket.
    fn why(&self, role: &Role, open: &Open, bucket: &str) -> String {
        let (action, rest) = match open {
            Open { lists: true, .. } => ("s3:ListBucket", ""),
            Open { reads: true, .. } => ("s3:GetObject", "/*"),
            _ => ("s3:PutObject", "/*"),
        };
        self.visit.at(&format!(
            "/access?principal={}&action={action}&resource={}",
            encode(&role.arn()),
            encode(&format!("arn:aws:s3:::{bucket}{rest}"))
        ))
    }
}

/// The question of AssumeRole at one role, with what a caller can bring.
struct Door {
    bare: Need,
    ids: Vec<String>,
}

impl Door {
    fn of(role: &Role, snapshot: &Snapshot) -> Door {
        Door {
            bare: doors::asked(Need::on(&ASSUME, role.arn()), snapshot),
            ids: doors::external_ids(role.trust.text()),
        }
    }

    /// What the door asks for; none: it stays shut.
    fn opens(&self, allowed: impl Fn(&Need) -> bool) -> Option<&'static str> {
        let mfa = |need: Need| {
            need.key("aws:MultiFactorAuthPresent", "true")
                .key("aws:MultiFactorAuthAge", "0")
        };
        let id = |id: &String| self.bare.clone().key("sts:ExternalId", id);
        if allowed(&self.bare) {
            Some("")
        } else if allowed(&mfa(self.bare.clone())) {
            Some("MFA")
        } else if self.ids.iter().any(|known| allowed(&id(known))) {
            Some("external ID")
        } else {
            let both = self.ids.iter().any(|known| allowed(&mfa(id(known))));
            both.then_some("MFA and external ID")
        }
    }
}

/// What a policy's ARNs of S3 say behind `arn:aws:s3:::`.
fn named_in_s3(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Ok(document) = serde_json::from_str(text) {
        each_text(&document, &mut |text| {
            found.extend(text.strip_prefix("arn:aws:s3:::").map(str::to_owned));
        });
    }
    found
}

/// Keys of the bucket that a policy speaks of, wildcards filled in, to ask whether any of them is open.
fn keys(text: &str, bucket: &str) -> Vec<String> {
    let key = |named: String| {
        let (of, key) = named.split_once('/')?;
        (of == bucket || of.contains('*')).then(|| key.replace(['*', '?'], "x"))
    };
    let keys = named_in_s3(text).into_iter().filter_map(key);
    keys.filter(|key| !key.is_empty()).collect()
}

/// Buckets whose name a policy has in full.
fn bucket_names(text: &str) -> Vec<String> {
    let name = |named: String| named.split('/').next().map(str::to_owned);
    let names = named_in_s3(text).into_iter().filter_map(name);
    names
        .filter(|name| !name.is_empty() && !name.contains(['*', '?', '$']))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_those_that_a_policy_names_in_full() {
        let text = r#"{"Resource":["arn:aws:s3:::logs","arn:aws:s3:::in/x/*","arn:aws:s3:::a*","arn:aws:s3:::*/b?","arn:aws:s3:::${aws:username}"]}"#;
        assert_eq!(bucket_names(text), ["logs", "in"]);
    }

    #[test]
    fn keys_are_taken_from_what_policies_say_of_the_bucket() {
        let text = r#"{"Resource":["arn:aws:s3:::logs","arn:aws:s3:::logs/in/*","arn:aws:s3:::other/a","arn:aws:s3:::*/b?","arn:aws:s3:::logs/\"c\""]}"#;
        assert_eq!(keys(text, "logs"), ["in/x", "bx", "\"c\""]);
    }
}
