//! Which services the service control policies leave to an entity of the organization, and when an account there last tried
//! each: what shows which of them a policy may take away.
//!
//! As with the reports of one account (`last_accessed`), only the question is kept, and the report is made when it is fetched.
//! It looks at control policies and at nothing else, and never at the management account among others: they do not limit it.

use std::collections::BTreeMap;

use twinlock_directory::{AccountId, Batch, ControlPolicy, ControlType, Target, Use};
use twinlock_gate::{
    Action, Change, Cx, Fault, Need, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;

use super::{
    common::{Cursor, arn_of, at, entity_need, invalid_input, no_such},
    last_accessed::{
        grants::{Service, granted},
        jobs::Job,
        status,
    },
};
use crate::organizations::{
    Place,
    common::{Here, Reach, need, need_on},
    policies::POLICY_TYPE,
};

const POLICY_ID: &str = "iam:OrganizationsPolicyId";

const GENERATE: Action = Action::new(
    "iam:GenerateOrganizationsAccessReport",
    &["access-report"],
    &[POLICY_ID],
);
const LIST_ROOTS: Action = Action::new("organizations:ListRoots", &[], &[]);
const LIST_PARENTS: Action = Action::new(
    "organizations:ListParents",
    &["account", "organizationalunit"],
    &[],
);
const LIST_CHILDREN: Action = Action::new(
    "organizations:ListChildren",
    &["root", "organizationalunit"],
    &[],
);
const LIST_POLICIES: Action = Action::new(
    "organizations:ListPoliciesForTarget",
    &["account", "organizationalunit", "root"],
    &[POLICY_TYPE],
);
const LIST_TARGETS: Action = Action::new(
    "organizations:ListTargetsForPolicy",
    &["policy"],
    &[POLICY_TYPE],
);
const DESCRIBE_POLICY: Action =
    Action::new("organizations:DescribePolicy", &["policy"], &[POLICY_TYPE]);

/// `iam:GenerateOrganizationsAccessReport`: begins a report, which is complete at once. It tells what several operations of
/// Organizations tell, so AWS's reference asks for their actions, too: on the entity, and on the policies that are read.
#[derive(Debug)]
pub struct GenerateOrganizationsAccessReport;

impl Operation for GenerateOrganizationsAccessReport {
    type Input = shapes::GenerateOrganizationsAccessReportInput;
    type Output = shapes::GenerateOrganizationsAccessReportOutput;
    type Found = Place;
    const NAME: &'static str = "GenerateOrganizationsAccessReport";
    const ACTIONS: &'static [Action] = &[
        GENERATE,
        LIST_ROOTS,
        LIST_PARENTS,
        LIST_CHILDREN,
        LIST_POLICIES,
        LIST_TARGETS,
        DESCRIBE_POLICY,
    ];

    fn needs(input: &Self::Input, place: &Place, cx: &Cx<'_>) -> Result<Needs, Fault> {
        let account = cx.account_id()?;
        let arn = arn_of(account, "access-report", &input.entity_path);
        let own = entity_need(&GENERATE, account, arn, &[])
            .key_if(POLICY_ID, input.organizations_policy_id.as_deref());
        // A member account may not be let in by a delegation policy either: AWS takes the management account only.
        let on = |action: &Action, id: &str| need_on(action, id, Reach::Management, place, cx);
        let of_type = |need: Need| need.key(POLICY_TYPE, ControlType::Service.as_str());
        let entity = last_id(&input.entity_path);
        let mut needs = Needs::one(own).and(need(&LIST_ROOTS, "*", Reach::Management, place, cx));
        if !entity.starts_with("r-") {
            needs = needs.and(on(&LIST_PARENTS, entity));
        }
        if entity.starts_with("r-") || entity.starts_with("ou-") {
            needs = needs.and(on(&LIST_CHILDREN, entity));
        }
        needs = needs.and(of_type(on(&LIST_POLICIES, entity)));
        for policy in policies_read(input, place) {
            needs = needs
                .and(of_type(on(&LIST_TARGETS, policy)))
                .and(of_type(on(&DESCRIBE_POLICY, policy)));
        }
        Ok(needs)
    }
}

/// The ids of the policies that a report is made of: the one named, or those in force on the entity and above it.
fn policies_read<'p>(
    input: &'p shapes::GenerateOrganizationsAccessReportInput,
    place: &'p Place,
) -> Vec<&'p str> {
    if let Some(policy) = &input.organizations_policy_id {
        return vec![policy];
    }
    let here = place.here().ok();
    let levels = here
        .iter()
        .flat_map(|here| here.node.upwards(last_id(&input.entity_path)));
    let attached = levels.flat_map(|target| {
        let here = here.iter();
        here.flat_map(move |here| here.node.attached(target, ControlType::Service))
    });
    let mut ids: Vec<&str> = attached.map(|policy| policy.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        // Of what is not there `run` says so, to those who may ask at all.
        ids.push(ControlType::Service.full_access_id());
    }
    ids
}

impl Change for GenerateOrganizationsAccessReport {
    nothing_to_prepare!();

    fn find(_: &Self::Input, cx: &Cx<'_>) -> Place {
        Place::of(cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        place: Place,
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let policy = input.organizations_policy_id.as_deref();
        Report::of(&input.entity_path, policy, &place)?;
        let job = Job::keep(&input.entity_path, policy, false, cx, batch)?;
        Ok(shapes::GenerateOrganizationsAccessReportOutput { job_id: Some(job) })
    }
}

// ---- what a report consists of ----

/// The id at the end of a path.
fn last_id(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The path of a root, unit or account: `o-…/r-…/ou-…/123456789012`.
fn path_of(here: &Here, entity: &Target<'_>) -> String {
    let mut path = here.node.path(entity.id());
    match entity {
        Target::Account(_) => path.push_str(entity.id()),
        Target::Root(_) | Target::Unit(_) => path.truncate(path.len().saturating_sub(1)),
    }
    path
}

/// What a report is about, as it is now.
struct Report {
    /// The services that the policies leave.
    services: BTreeMap<&'static str, Service>,
    /// The accounts whose attempts count, and their paths.
    accounts: Vec<(AccountId, String)>,
}

impl Report {
    /// On the entity of this path and, if one is named, a policy.
    ///
    /// # Errors
    /// `NoSuchEntity` for either, and where there is no organization; `InvalidInput` if service control policies are not in use.
    fn of(path: &str, policy: Option<&str>, place: &Place) -> Result<Report, Fault> {
        let no_entity = || no_such(format!("The organization entity {path} cannot be found."));
        let here = place.here().map_err(|_| no_entity())?;
        let entity = here.node.target(last_id(path));
        let entity = entity.filter(|entity| here.is_management() && path_of(here, entity) == path);
        let entity = entity.ok_or_else(no_entity)?;
        if !here.organization.enabled(ControlType::Service) {
            return Err(invalid_input(
                "Service control policies are not enabled for the root of the organization.",
            ));
        }
        // Nothing limits the management account, whatever policy is named.
        let management = here.organization.account;
        if entity.id() == management.as_str() {
            let everything = here
                .node
                .policy(ControlType::Service.full_access_id())
                .map(|policy| policy.text.text());
            return Ok(Report {
                services: granted(everything),
                accounts: vec![(management, path.to_owned())],
            });
        }
        let policy = policy
            .map(|id| {
                let known = here.node.policy(id);
                known
                    .filter(|policy| policy.control == ControlType::Service)
                    .ok_or_else(|| no_such(format!("Policy {id} cannot be found.")))
            })
            .transpose()?;
        let services = match policy {
            Some(policy) => granted([policy.text.text()]),
            None => left_at(here, &entity),
        };
        let members = here.node.members.values();
        let counted = members
            .filter(|member| member.id != management)
            .filter(|member| counts(here, &entity, member.id.as_str(), policy));
        let accounts = counted
            .map(|member| (member.id, path_of(here, &Target::Account(member))))
            .collect();
        Ok(Report { services, accounts })
    }
}

/// The services that every level from the root down to the entity allows.
fn left_at(here: &Here, entity: &Target<'_>) -> BTreeMap<&'static str, Service> {
    let levels = here.node.upwards(entity.id()).map(|level| {
        let attached = here.node.attached(level, ControlType::Service);
        granted(attached.map(|policy| policy.text.text()))
    });
    let both = |mut left: BTreeMap<_, _>, level: BTreeMap<_, _>| {
        left.retain(|namespace, _| level.contains_key(namespace));
        left
    };
    levels.reduce(both).unwrap_or_default()
}

/// Whether an account is the entity or in it and, if a policy is asked about, has it from there: on the account itself or on a
/// unit above it, no further up than the entity.
fn counts(here: &Here, entity: &Target<'_>, account: &str, policy: Option<&ControlPolicy>) -> bool {
    let mut reached = false;
    let mut carried = policy.is_none();
    for level in here.node.upwards(account) {
        let mut attached = here.node.attached(level, ControlType::Service);
        carried |= attached.any(|on| policy.is_some_and(|policy| policy.id == on.id));
        if level.id() == entity.id() {
            reached = true;
            break;
        }
    }
    reached && carried
}

/// One service of a report.
struct Row<'r> {
    namespace: &'static str,
    name: &'static str,
    /// The latest attempt, and the path of the account that made it.
    last: Option<(Use, &'r str)>,
    /// How many accounts tried.
    accounts: i32,
}

impl Row<'_> {
    /// What the rows are sorted by, and where a page goes on. One that nobody tried was tried before all others.
    fn key(&self, sort_key: Option<&str>) -> String {
        let Row { namespace, .. } = self;
        let when = self.last.as_ref().map_or(0, |(last, _)| last.when);
        match sort_key {
            Some("SERVICE_NAMESPACE_DESCENDING") => {
                // Each letter in the place of its opposite, and an end that comes after them all.
                let opposite = namespace
                    .bytes()
                    .map(|b| char::from(b'~'.saturating_sub(b)));
                opposite.chain(['~']).collect()
            }
            Some("LAST_AUTHENTICATED_TIME_ASCENDING") => format!("{when:020}{namespace}"),
            Some("LAST_AUTHENTICATED_TIME_DESCENDING") => {
                format!("{:020}{namespace}", u64::MAX - when)
            }
            _ => (*namespace).to_owned(),
        }
    }

    fn shown(self) -> shapes::AccessDetail {
        let (last, path) = self.last.unzip();
        shapes::AccessDetail {
            service_name: self.name.to_owned(),
            service_namespace: self.namespace.to_owned(),
            last_authenticated_time: last.as_ref().map(|last| at(last.when)),
            region: last.map(|last| last.region),
            entity_path: path.map(str::to_owned),
            total_authenticated_entities: Some(self.accounts),
        }
    }
}

// ---- GetOrganizationsAccessReport ----

const GET: Action = Action::new("iam:GetOrganizationsAccessReport", &[], &[]);

/// `iam:GetOrganizationsAccessReport`: every service of the report, with the latest attempt.
#[derive(Debug)]
pub struct GetOrganizationsAccessReport;

impl Operation for GetOrganizationsAccessReport {
    type Input = shapes::GetOrganizationsAccessReportInput;
    type Output = shapes::GetOrganizationsAccessReportOutput;
    type Found = Place;
    const NAME: &'static str = "GetOrganizationsAccessReport";
    const ACTIONS: &'static [Action] = &[GET];

    fn needs(_: &Self::Input, _: &Place, _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&GET)))
    }
}

impl Read for GetOrganizationsAccessReport {
    fn find(_: &Self::Input, cx: &Cx<'_>) -> Place {
        Place::of(cx)
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        place: Place,
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let job = Job::find(&input.job_id, "o-", cx)?;
        let cursor = Cursor::new(input.marker.as_deref(), input.max_items)?;
        let mut output = shapes::GetOrganizationsAccessReportOutput {
            job_creation_date: at(job.asked),
            job_completion_date: Some(at(job.asked)),
            ..Default::default()
        };
        let report = match Report::of(&job.about, job.policy.as_deref(), &place) {
            Ok(report) => report,
            Err(fault) => {
                output.job_status = status(true);
                output.error_details = Some(shapes::ErrorDetails {
                    message: fault.message,
                    code: fault.code.into_owned(),
                });
                return Ok(output);
            }
        };
        let uses = cx.world.directory.last_used();
        let row = |(namespace, service): (&&'static str, &Service)| {
            let tried = report.accounts.iter().filter_map(|(account, path)| {
                Some((uses.get(&format!("{account}/{namespace}"))?, path.as_str()))
            });
            let mut accounts = 0;
            let last = tried
                .inspect(|_| accounts += 1)
                .max_by_key(|(last, _)| last.when);
            Row {
                namespace,
                name: service.name,
                last,
                accounts,
            }
        };
        let mut rows: Vec<Row<'_>> = report.services.iter().map(row).collect();
        let number = |n: usize| Some(i32::try_from(n).unwrap_or(i32::MAX));
        output.number_of_services_accessible = number(rows.len());
        output.number_of_services_not_accessed =
            number(rows.iter().filter(|row| row.last.is_none()).count());
        let key = |row: &Row<'_>| row.key(input.sort_key.as_deref());
        rows.sort_by_cached_key(key);
        let page = cursor.page(rows, key).map(Row::shown);
        output.job_status = status(false);
        output.is_truncated = page.is_truncated();
        output.access_details = page.items;
        output.marker = page.marker;
        Ok(output)
    }
}

#[cfg(test)]
mod tests;
