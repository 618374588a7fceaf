//! Which services somebody may use, and when it last did: what shows which permissions nobody needs.
//!
//! On AWS a report takes minutes to make and hours to notice a call. Here it is made when it is fetched, of what the gate noted
//! with every attempt (`World::track`), so it is never behind; the job that AWS makes clients wait for is done at once.

mod granting;
pub(super) mod grants;
pub(super) mod jobs;
#[cfg(test)]
mod tests;

use std::{cmp::Reverse, collections::BTreeSet, sync::Arc};

use twinlock_directory::{AccountNode, Batch, Group, Role, Use, User};
use twinlock_gate::{
    Action, Change, Cx, Fault, Need, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;

pub use self::granting::ListPoliciesGrantingServiceAccess;
use self::{
    grants::{Service, granted, held},
    jobs::Job,
};
use super::{
    common::{Cursor, at, entity_need, invalid_input, no_such},
    managed_policies::Managed,
};

/// What a report is about.
#[derive(Debug)]
pub enum Reported {
    /// A user.
    User(Arc<User>),
    /// A user group.
    Group(Arc<Group>),
    /// A role.
    Role(Arc<Role>),
    /// A managed policy, by its ARN.
    Policy(String, Managed),
}

impl Reported {
    /// What has this ARN in the caller's account, or is one of AWS's policies.
    fn find(arn: &str, cx: &Cx<'_>) -> Option<Reported> {
        let node = cx.account().ok()?;
        let (account, path) = arn.strip_prefix("arn:aws:iam::")?.split_once(':')?;
        let (kind, name) = path.split_once('/')?;
        if kind == "policy" {
            return Managed::find(cx, arn).map(|policy| Reported::Policy(arn.to_owned(), policy));
        }
        if account != node.account.id.as_str() {
            return None;
        }
        let name = name.rsplit('/').next()?;
        let found = match kind {
            "user" => Reported::User(node.user(name)?.clone()),
            "group" => Reported::Group(node.group(name)?.clone()),
            "role" => Reported::Role(node.role(name)?.clone()),
            _ => return None,
        };
        (found.arn() == arn).then_some(found)
    }

    fn arn(&self) -> String {
        match self {
            Reported::User(user) => user.arn(),
            Reported::Group(group) => group.arn(),
            Reported::Role(role) => role.arn(),
            Reported::Policy(arn, _) => arn.clone(),
        }
    }
}

fn not_found(arn: &str) -> Fault {
    no_such(format!("ARN {arn} does not exist."))
}

/// The need of `action` on what has this ARN, found or not.
///
/// # Errors
/// `InvalidInput` for what is no ARN of IAM's.
fn need(action: &Action, arn: &str, found: Option<&Reported>, cx: &Cx<'_>) -> Result<Need, Fault> {
    let known = ["user", "group", "role", "policy"];
    let path = arn.strip_prefix("arn:aws:iam::");
    let path = path.and_then(|rest| rest.split_once(':')?.1.split_once('/'));
    if !path.is_some_and(|(kind, name)| known.contains(&kind) && !name.is_empty()) {
        return Err(invalid_input(format!("Invalid ARN: {arn}.")));
    }
    let tags = match found {
        Some(Reported::User(user)) => &user.tags,
        Some(Reported::Role(role)) => &role.tags,
        Some(Reported::Policy(_, policy)) => policy.tags(),
        Some(Reported::Group(_)) | None => &[][..],
    };
    Ok(entity_need(action, cx.account_id()?, arn.to_owned(), tags))
}

// ---- GenerateServiceLastAccessedDetails ----

const GENERATE: Action = Action::new(
    "iam:GenerateServiceLastAccessedDetails",
    &["user", "group", "role", "policy"],
    &[],
);

/// `iam:GenerateServiceLastAccessedDetails`: begins a report, which is complete at once.
#[derive(Debug)]
pub struct GenerateServiceLastAccessedDetails;

impl Operation for GenerateServiceLastAccessedDetails {
    type Input = shapes::GenerateServiceLastAccessedDetailsInput;
    type Output = shapes::GenerateServiceLastAccessedDetailsOutput;
    type Found = Option<Reported>;
    const NAME: &'static str = "GenerateServiceLastAccessedDetails";
    const ACTIONS: &'static [Action] = &[GENERATE];

    fn needs(input: &Self::Input, found: &Self::Found, cx: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(need(&GENERATE, &input.arn, found.as_ref(), cx)?))
    }
}

impl Change for GenerateServiceLastAccessedDetails {
    nothing_to_prepare!();

    fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        Reported::find(&input.arn, cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let reported = found.ok_or_else(|| not_found(&input.arn))?;
        let actions = input.granularity.as_deref() == Some("ACTION_LEVEL");
        let job = Job::keep(&reported.arn(), None, actions, cx, batch)?;
        Ok(shapes::GenerateServiceLastAccessedDetailsOutput { job_id: Some(job) })
    }
}

// ---- what a report consists of ----

/// A user or role that can have used what is reported.
struct Entity {
    arn: String,
    name: String,
    kind: &'static str,
    id: String,
    path: String,
}

impl Entity {
    fn user(user: &User) -> Entity {
        Entity {
            arn: user.arn(),
            name: user.name.clone(),
            kind: "USER",
            id: user.id.clone(),
            path: user.path.clone(),
        }
    }

    fn role(role: &Role) -> Entity {
        Entity {
            arn: role.arn(),
            name: role.name.clone(),
            kind: "ROLE",
            id: role.id.clone(),
            path: role.path.clone(),
        }
    }

    /// When it last tried a service (`s3`) or an action (`s3:GetObject`).
    fn last(&self, what: &str, cx: &Cx<'_>) -> Option<Use> {
        let id = format!("{}/{what}", self.id);
        cx.world.directory.last_used().get(&id)
    }
}

/// The user or role itself, a group's members, everybody who has a policy; each once.
fn entities(reported: &Reported, node: &AccountNode) -> Vec<Entity> {
    match reported {
        Reported::User(user) => vec![Entity::user(user)],
        Reported::Role(role) => vec![Entity::role(role)],
        Reported::Group(group) => node.members(&group.id).map(|u| Entity::user(u)).collect(),
        Reported::Policy(arn, _) => {
            let Some(used) = node.attachments(arn) else {
                return Vec::new();
            };
            let direct = used.users.iter().filter_map(|name| node.users.get(name));
            let groups = used.groups.iter().filter_map(|name| node.groups.get(name));
            let members = groups.flat_map(|group| node.members(&group.id));
            let mut seen = BTreeSet::new();
            let users = direct.chain(members).filter(|user| seen.insert(&user.id));
            let mut all: Vec<Entity> = users.map(|user| Entity::user(user)).collect();
            let roles = used.roles.iter().filter_map(|name| node.roles.get(name));
            all.extend(roles.map(|role| Entity::role(role)));
            all
        }
    }
}

/// The latest use of a service or action among `entities`, by whom, and how many used it at all.
fn latest<'e>(entities: &'e [Entity], what: &str, cx: &Cx<'_>) -> (Option<(&'e Entity, Use)>, i32) {
    let uses = entities.iter().filter_map(|e| Some((e, e.last(what, cx)?)));
    let mut count = 0;
    let last = uses
        .inspect(|_| count += 1)
        .max_by_key(|(_, last)| last.when);
    (last, count)
}

fn about_service(
    namespace: &str,
    service: &Service,
    entities: &[Entity],
    job: &Job,
    cx: &Cx<'_>,
) -> shapes::ServiceLastAccessed {
    // Nobody of the account ever used most services: one look instead of one for everybody.
    let account = cx
        .account_id()
        .map(|account| format!("{account}/{namespace}"));
    let used = account.is_ok_and(|id| cx.world.directory.last_used().get(&id).is_some());
    let entities = if used { entities } else { &[] };
    let (last, count) = latest(entities, namespace, cx);
    let action = |name: &&'static str| {
        let (last, _) = latest(entities, &format!("{namespace}:{name}"), cx);
        let (by, last) = last.unzip();
        shapes::TrackedActionLastAccessed {
            action_name: Some((*name).to_owned()),
            last_accessed_entity: by.map(|by| by.arn.clone()),
            last_accessed_time: last.as_ref().map(|last| at(last.when)),
            last_accessed_region: last.map(|last| last.region),
        }
    };
    let (by, last) = last.unzip();
    shapes::ServiceLastAccessed {
        service_name: service.name.to_owned(),
        last_authenticated: last.as_ref().map(|last| at(last.when)),
        service_namespace: namespace.to_owned(),
        last_authenticated_entity: by.map(|by| by.arn.clone()),
        last_authenticated_region: last.map(|last| last.region),
        total_authenticated_entities: Some(count),
        tracked_actions_last_accessed: match job.actions {
            true => service.actions.iter().map(action).collect(),
            false => Vec::new(),
        },
    }
}

/// Why a finished job has nothing to show: what it is about has been deleted since.
fn gone(job: &Job) -> shapes::ErrorDetails {
    shapes::ErrorDetails {
        message: format!("ARN {} does not exist any more.", job.about),
        code: "NoSuchEntity".to_owned(),
    }
}

/// A job that has failed, or is complete: it is never under way.
pub(super) fn status(failed: bool) -> String {
    if failed { "FAILED" } else { "COMPLETED" }.to_owned()
}

// ---- GetServiceLastAccessedDetails ----

const GET: Action = Action::new("iam:GetServiceLastAccessedDetails", &[], &[]);

/// `iam:GetServiceLastAccessedDetails`: every service that the policies grant, with its last use.
#[derive(Debug)]
pub struct GetServiceLastAccessedDetails;

impl Operation for GetServiceLastAccessedDetails {
    type Input = shapes::GetServiceLastAccessedDetailsInput;
    type Output = shapes::GetServiceLastAccessedDetailsOutput;
    type Found = ();
    const NAME: &'static str = "GetServiceLastAccessedDetails";
    const ACTIONS: &'static [Action] = &[GET];

    fn needs(_: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&GET)))
    }
}

impl Read for GetServiceLastAccessedDetails {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (): (),
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let job = Job::find(&input.job_id, "arn:", cx)?;
        let node = cx.account()?;
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        let reported = Reported::find(&job.about, cx);
        let (services, entities) = match &reported {
            Some(reported) => {
                let policies = held(reported, cx);
                let services = granted(policies.iter().map(|policy| &*policy.text));
                (services, entities(reported, node))
            }
            None => Default::default(),
        };
        let page = cursor.page(&services, |(namespace, _)| (**namespace).to_owned());
        let shown = |(namespace, service): &(&&'static str, &Service)| {
            about_service(namespace, service, &entities, &job, cx)
        };
        let level = if job.actions {
            "ACTION_LEVEL"
        } else {
            "SERVICE_LEVEL"
        };
        Ok(shapes::GetServiceLastAccessedDetailsOutput {
            job_status: status(reported.is_none()),
            job_type: Some(level.to_owned()),
            job_creation_date: at(job.asked),
            services_last_accessed: page.items.iter().map(shown).collect(),
            job_completion_date: at(job.asked),
            is_truncated: page.is_truncated(),
            marker: page.marker,
            error: reported.is_none().then(|| gone(&job)),
        })
    }
}

// ---- GetServiceLastAccessedDetailsWithEntities ----

const GET_WITH_ENTITIES: Action =
    Action::new("iam:GetServiceLastAccessedDetailsWithEntities", &[], &[]);

/// `iam:GetServiceLastAccessedDetailsWithEntities`: who can have used a service, whoever did so last first.
#[derive(Debug)]
pub struct GetServiceLastAccessedDetailsWithEntities;

impl Operation for GetServiceLastAccessedDetailsWithEntities {
    type Input = shapes::GetServiceLastAccessedDetailsWithEntitiesInput;
    type Output = shapes::GetServiceLastAccessedDetailsWithEntitiesOutput;
    type Found = ();
    const NAME: &'static str = "GetServiceLastAccessedDetailsWithEntities";
    const ACTIONS: &'static [Action] = &[GET_WITH_ENTITIES];

    fn needs(_: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&GET_WITH_ENTITIES)))
    }
}

impl Read for GetServiceLastAccessedDetailsWithEntities {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (): (),
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let job = Job::find(&input.job_id, "arn:", cx)?;
        let node = cx.account()?;
        let namespace = input.service_namespace.to_ascii_lowercase();
        let reported = Reported::find(&job.about, cx);
        let mut used: Vec<(Option<Use>, Entity)> = Vec::new();
        if let Some(reported) = &reported {
            let policies = held(reported, cx);
            if !granted(policies.iter().map(|policy| &*policy.text)).contains_key(&*namespace) {
                return Err(invalid_input(format!(
                    "The policies of {} do not grant the service {namespace}.",
                    job.about
                )));
            }
            let all = entities(reported, node).into_iter();
            used.extend(all.map(|entity| (entity.last(&namespace, cx), entity)));
        }
        let when = |last: &Option<Use>| last.as_ref().map_or(0, |last| last.when);
        used.sort_by_cached_key(|(last, entity)| (Reverse(when(last)), entity.arn.clone()));
        // The order of keys is that of the list: the later a use, the smaller its key.
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        let page = cursor.page(used, |(last, entity)| {
            format!("{:020}{}", u64::MAX - when(last), entity.arn)
        });
        let shown = |(last, entity): (Option<Use>, Entity)| shapes::EntityDetails {
            entity_info: shapes::EntityInfo {
                arn: entity.arn,
                name: entity.name,
                r#type: entity.kind.to_owned(),
                id: entity.id,
                path: Some(entity.path),
            },
            last_authenticated: last.map(|last| at(last.when)),
        };
        let page = page.map(shown);
        Ok(shapes::GetServiceLastAccessedDetailsWithEntitiesOutput {
            job_status: status(reported.is_none()),
            job_creation_date: at(job.asked),
            job_completion_date: at(job.asked),
            is_truncated: page.is_truncated(),
            entity_details_list: page.items,
            marker: page.marker,
            error: reported.is_none().then(|| gone(&job)),
        })
    }
}
