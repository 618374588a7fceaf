//! Which services and actions documents grant, by the policy summary and nothing else: boundaries, control policies, resource
//! and trust policies are left out, as in AWS's reports.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use twinlock_directory::{StoredPolicy, managed};
use twinlock_gate::Cx;
use twinlock_policy::{
    Document, facts,
    summary::{ServiceRow, summarise},
};

use super::Reported;
use crate::iam::{common::groups_of, holder::Holder, managed_policies::Managed};

/// The services that are here, so that their single actions are followed.
const FOLLOWED: [&str; 4] = ["iam", "organizations", "s3", "sts"];

/// What is granted of one service.
#[derive(Debug)]
pub(crate) struct Service {
    /// The name that people know.
    pub(crate) name: &'static str,
    /// Its granted actions, if they are followed.
    pub(crate) actions: BTreeSet<&'static str>,
}

/// The services that documents together grant, by prefix. What a document denies without condition on everything, none grants.
pub(crate) fn granted<'a>(
    texts: impl IntoIterator<Item = &'a str>,
) -> BTreeMap<&'static str, Service> {
    let mut services: BTreeMap<&'static str, Service> = BTreeMap::new();
    let mut denied = Vec::new();
    for text in texts {
        let Ok(document) = Document::parse(text) else {
            continue;
        };
        let summary = summarise(&document);
        for row in summary.allow {
            let service = services.entry(row.prefix).or_insert_with(|| Service {
                name: row.name,
                actions: BTreeSet::new(),
            });
            service.actions.extend(actions(&row));
        }
        denied.extend(summary.deny.into_iter().filter(|row| row.unconditional));
    }
    for row in denied {
        let everywhere = |resources: &[String]| resources.iter().any(|r| r == "*");
        if row.full_access && everywhere(&row.resources) {
            services.remove(row.prefix);
        } else if let Some(service) = services.get_mut(row.prefix) {
            let gone = row.actions.iter();
            for action in gone.filter(|a| a.unconditional && everywhere(&a.resources)) {
                service.actions.remove(action.name);
            }
            if FOLLOWED.contains(&row.prefix) && service.actions.is_empty() {
                services.remove(row.prefix);
            }
        }
    }
    services
}

fn actions(row: &ServiceRow) -> Vec<&'static str> {
    if !FOLLOWED.contains(&row.prefix) {
        return Vec::new();
    }
    if row.full_access {
        let service = facts::service(row.prefix);
        let all = service.map_or(&[][..], |service| &service.actions[..]);
        return all.iter().map(|action| action.name).collect();
    }
    row.actions.iter().map(|action| action.name).collect()
}

/// One policy of somebody.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    /// Its name.
    pub(crate) name: String,
    /// A managed policy's ARN.
    pub(crate) arn: Option<String>,
    /// Whose inline policy it is: `USER` and the name.
    pub(crate) owner: Option<(&'static str, String)>,
    /// The document.
    pub(crate) text: Arc<str>,
}

/// The policies of a user (with those of its groups), group or role, or the one policy itself.
pub(crate) fn held(reported: &Reported, cx: &Cx<'_>) -> Vec<Held> {
    match reported {
        Reported::User(user) => {
            let mut all = held_by("USER", &**user, cx);
            for group in groups_of(cx, user) {
                for policy in held_by("GROUP", &**group, cx) {
                    let known = |held: &Held| held.arn.is_some() && held.arn == policy.arn;
                    if !all.iter().any(known) {
                        all.push(policy);
                    }
                }
            }
            all
        }
        Reported::Group(group) => held_by("GROUP", &**group, cx),
        Reported::Role(role) => held_by("ROLE", &**role, cx),
        Reported::Policy(arn, _) => managed_policy(arn, cx).into_iter().collect(),
    }
}

fn held_by<H: Holder>(kind: &'static str, holder: &H, cx: &Cx<'_>) -> Vec<Held> {
    let own = |(name, policy): (&String, &Arc<StoredPolicy>)| Held {
        name: name.clone(),
        arn: None,
        owner: Some((kind, holder.name().to_owned())),
        text: policy.text().into(),
    };
    let attached = holder.attached().iter();
    attached
        .filter_map(|arn| managed_policy(arn, cx))
        .chain(holder.inline().iter().map(own))
        .collect()
}

fn managed_policy(arn: &str, cx: &Cx<'_>) -> Option<Held> {
    let text = match Managed::find(cx, arn)? {
        Managed::Customer(policy) => policy.default()?.text.text().into(),
        Managed::Aws(_) => managed::document(arn)?,
    };
    Some(Held {
        name: arn.rsplit('/').next().unwrap_or(arn).to_owned(),
        arn: Some(arn.to_owned()),
        owner: None,
        text,
    })
}
