//! An organization within a snapshot: its tree, and what of its policies applies to an account.
//!
//! The tree is walked from an account up to the root when it is asked for. It is at most seven steps, each a look-up by id,
//! so nothing is kept ready that an attachment or a move would have to put right for thousands of accounts.

#[cfg(test)]
mod tests;

use std::sync::{Arc, LazyLock};

use rpds::RedBlackTreeMapSync;
use twinlock_policy::{Bindings, Level, Source};

use super::{IntegrityError, Snapshot};
use crate::model::{
    AccountId, AccountRequest, ControlPolicy, ControlType, Controls, Handshake, Kind, Member,
    Organization, OrganizationalUnit, Row, RowKey, StoredPolicy,
};

/// The most organizational units above one another.
pub const UNIT_DEPTH_MAX: usize = 5;

/// What is stored under a management account.
#[derive(Debug, Clone, Default)]
pub struct OrganizationNode {
    /// The organization; none if the account is no management account.
    pub organization: Option<Arc<Organization>>,
    /// Organizational units by id.
    pub units: RedBlackTreeMapSync<String, Arc<OrganizationalUnit>>,
    /// Its own policies by id.
    pub policies: RedBlackTreeMapSync<String, Arc<ControlPolicy>>,
    /// Accounts in it, the management account among them.
    pub members: RedBlackTreeMapSync<AccountId, Arc<Member>>,
    /// Handshakes by id; also of organizations that are gone.
    pub handshakes: RedBlackTreeMapSync<String, Arc<Handshake>>,
    /// Requests for accounts by id; also of organizations that are gone.
    pub requests: RedBlackTreeMapSync<String, Arc<AccountRequest>>,
}

/// An account's place in its organization.
#[derive(Debug, Clone, Copy)]
pub struct InOrganization<'a> {
    /// All of the organization.
    pub node: &'a Arc<OrganizationNode>,
    /// The organization itself.
    pub organization: &'a Arc<Organization>,
    /// The account's membership.
    pub member: &'a Arc<Member>,
}

/// What a policy can be attached to.
#[derive(Debug, Clone, Copy)]
pub enum Target<'a> {
    /// The root.
    Root(&'a Arc<Organization>),
    /// An organizational unit.
    Unit(&'a Arc<OrganizationalUnit>),
    /// An account.
    Account(&'a Arc<Member>),
}

impl<'a> Target<'a> {
    /// Its id: `r-…`, `ou-…` or the account's.
    pub fn id(&self) -> &'a str {
        match self {
            Target::Root(root) => &root.root_id,
            Target::Unit(unit) => &unit.id,
            Target::Account(member) => member.id.as_str(),
        }
    }

    /// What is attached to it.
    pub fn controls(&self) -> &'a Controls {
        match self {
            Target::Root(root) => &root.controls,
            Target::Unit(unit) => &unit.controls,
            Target::Account(member) => &member.controls,
        }
    }

    /// The id of the root or unit that it is in; none for the root.
    pub fn parent(&self) -> Option<&'a str> {
        match self {
            Target::Root(_) => None,
            Target::Unit(unit) => Some(&unit.parent),
            Target::Account(member) => Some(&member.parent),
        }
    }
}

impl InOrganization<'_> {
    /// Whether the account is the management account: no service or resource control policy limits it.
    pub fn is_management(&self) -> bool {
        self.member.id == self.organization.account
    }
}

impl OrganizationNode {
    /// Whether nothing is stored here.
    pub fn is_empty(&self) -> bool {
        self.organization.is_none()
            && self.units.is_empty()
            && self.policies.is_empty()
            && self.members.is_empty()
            && self.handshakes.is_empty()
            && self.requests.is_empty()
    }

    /// The root, unit or account of this id.
    pub fn target(&self, id: &str) -> Option<Target<'_>> {
        let organization = self.organization.as_ref()?;
        if id == organization.root_id {
            return Some(Target::Root(organization));
        }
        if let Some(unit) = self.units.get(id) {
            return Some(Target::Unit(unit));
        }
        self.members.get(&id.parse().ok()?).map(Target::Account)
    }

    /// The root or unit of this id.
    pub fn parent(&self, id: &str) -> Option<Target<'_>> {
        self.target(id)
            .filter(|target| !matches!(target, Target::Account(_)))
    }

    /// The target of this id and all that it is in, up to the root.
    pub fn upwards<'a>(&'a self, id: &str) -> impl Iterator<Item = Target<'a>> + use<'a> {
        std::iter::successors(self.target(id), |below| self.parent(below.parent()?))
            // INVARIANT: a unit's parent never changes and was there before it, so that there is no circle; the bound is for
            // damaged rows.
            .take(UNIT_DEPTH_MAX + 2)
    }

    /// From the root down to the target of this id: `o-…/r-…/ou-…/`, with a slash at the end. Of an account: the path of
    /// what it is in, as `aws:PrincipalOrgPaths` has it.
    pub fn path(&self, id: &str) -> String {
        let mut ids: Vec<&str> = self
            .upwards(id)
            .filter(|target| !matches!(target, Target::Account(_)))
            .map(|target| target.id())
            .collect();
        ids.extend(
            self.organization
                .as_ref()
                .map(|organization| organization.id.as_str()),
        );
        let mut path = String::new();
        for id in ids.into_iter().rev() {
            path.push_str(id);
            path.push('/');
        }
        path
    }

    /// The policies of one type on a target, if the type is enabled: first AWS's full access unless it is detached, then the
    /// organization's own by id.
    pub fn attached<'a>(
        &'a self,
        target: Target<'a>,
        control: ControlType,
    ) -> impl Iterator<Item = &'a ControlPolicy> + use<'a> {
        let organization = self
            .organization
            .as_ref()
            .filter(|organization| organization.enabled(control));
        let in_force =
            organization.and_then(|organization| organization.in_force(target.controls(), control));
        let full =
            organization.is_some() && in_force.is_none_or(|attached| !attached.without_full_access);
        let own = in_force.into_iter().flat_map(|attached| &attached.policies);
        full.then(|| full_access(control))
            .into_iter()
            .chain(own.filter_map(|id| self.policies.get(id).map(|policy| &**policy)))
    }

    /// What the policies of one type say of an account, level by level from the root down to it; none if the type is not
    /// enabled.
    pub fn levels(&self, account: &AccountId, control: ControlType) -> Option<Vec<Level<'_>>> {
        self.organization
            .as_ref()
            .filter(|organization| organization.enabled(control))?;
        let mut levels: Vec<Level<'_>> = self
            .upwards(account.as_str())
            .map(|target| Level {
                target: target.id(),
                policies: self
                    .attached(target, control)
                    .map(|policy| Source {
                        policy: policy.text.compiled(),
                        name: &policy.name,
                        arn: Some(&policy.arn),
                        attached_to: target.id(),
                    })
                    .collect(),
            })
            .collect();
        levels.reverse();
        Some(levels)
    }

    /// The policy of this id: one of its own, or one of AWS's.
    pub fn policy(&self, id: &str) -> Option<&ControlPolicy> {
        let aws = ControlType::ALL
            .into_iter()
            .find(|control| control.full_access_id() == id);
        match aws {
            Some(control) => Some(full_access(control)),
            None => self.policies.get(id).map(|policy| &**policy),
        }
    }

    /// Every root, unit and account that policies can be attached to.
    pub fn targets(&self) -> impl Iterator<Item = Target<'_>> {
        let root = self.organization.as_ref().map(Target::Root);
        root.into_iter()
            .chain(self.units.values().map(Target::Unit))
            .chain(self.members.values().map(Target::Account))
    }

    /// The row under this key.
    pub(super) fn row(&self, key: &RowKey) -> Option<Row> {
        let id = key.id.as_str();
        match key.kind {
            Kind::Organization => self
                .organization
                .clone()
                .filter(|row| row.id == id)
                .map(Row::Organization),
            Kind::OrganizationalUnit => self.units.get(id).cloned().map(Row::OrganizationalUnit),
            Kind::ControlPolicy => self.policies.get(id).cloned().map(Row::ControlPolicy),
            Kind::Member => self
                .members
                .get(&id.parse().ok()?)
                .cloned()
                .map(Row::Member),
            Kind::Handshake => self.handshakes.get(id).cloned().map(Row::Handshake),
            Kind::AccountRequest => self.requests.get(id).cloned().map(Row::AccountRequest),
            _ => None,
        }
    }

    /// Every row.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row> {
        let organization = self.organization.iter().cloned().map(Row::Organization);
        organization
            .chain(self.units.values().cloned().map(Row::OrganizationalUnit))
            .chain(self.policies.values().cloned().map(Row::ControlPolicy))
            .chain(self.members.values().cloned().map(Row::Member))
            .chain(self.handshakes.values().cloned().map(Row::Handshake))
            .chain(self.requests.values().cloned().map(Row::AccountRequest))
    }

    /// Stores a row of an organization's kinds.
    pub(super) fn put(&mut self, row: &Row) -> Result<(), IntegrityError> {
        match row {
            Row::Organization(row) => {
                if let Some(other) = self
                    .organization
                    .as_ref()
                    .filter(|known| known.id != row.id)
                {
                    return Err(IntegrityError::Duplicate {
                        what: "organization of the account",
                        value: other.id.clone(),
                    });
                }
                self.organization = Some(row.clone());
            }
            Row::OrganizationalUnit(row) => self.units.insert_mut(row.id.clone(), row.clone()),
            Row::ControlPolicy(row) => self.policies.insert_mut(row.id.clone(), row.clone()),
            Row::Member(row) => self.members.insert_mut(row.id, row.clone()),
            Row::Handshake(row) => self.handshakes.insert_mut(row.id.clone(), row.clone()),
            Row::AccountRequest(row) => self.requests.insert_mut(row.id.clone(), row.clone()),
            _ => {}
        }
        Ok(())
    }

    /// Takes a row away; whether it was there.
    pub(super) fn remove(&mut self, row: &Row) -> bool {
        match row {
            Row::Organization(row) => self
                .organization
                .take_if(|known| known.id == row.id)
                .is_some(),
            Row::OrganizationalUnit(row) => self.units.remove_mut(&row.id),
            Row::ControlPolicy(row) => self.policies.remove_mut(&row.id),
            Row::Member(row) => self.members.remove_mut(&row.id),
            Row::Handshake(row) => self.handshakes.remove_mut(&row.id),
            Row::AccountRequest(row) => self.requests.remove_mut(&row.id),
            _ => false,
        }
    }
}

impl Snapshot {
    /// The organization that an account is in, and its place there.
    pub fn organization_of(&self, account: &AccountId) -> Option<InOrganization<'_>> {
        let management = self.indexes.memberships.get(account)?;
        let node = &self.accounts.get(management)?.organization;
        Some(InOrganization {
            organization: node.organization.as_ref()?,
            member: node.members.get(account)?,
            node,
        })
    }

    /// The handshake of this id, of whatever organization.
    pub fn handshake(&self, id: &str) -> Option<&Arc<Handshake>> {
        let place = self.indexes.unique_ids.get(id)?;
        self.accounts
            .get(&place.account)?
            .organization
            .handshakes
            .get(id)
    }

    /// The handshakes that were sent to an account, by id.
    pub fn invitations(&self, account: &AccountId) -> impl Iterator<Item = &Arc<Handshake>> {
        self.indexes
            .invitations
            .get(account)
            .into_iter()
            .flat_map(|ids| ids.iter())
            .filter_map(|id| self.handshake(id))
    }
}

/// AWS's own policy of a type, which allows everything.
pub fn full_access(control: ControlType) -> &'static ControlPolicy {
    static SERVICE: LazyLock<ControlPolicy> = LazyLock::new(|| full(ControlType::Service));
    static RESOURCE: LazyLock<ControlPolicy> = LazyLock::new(|| full(ControlType::Resource));
    match control {
        ControlType::Service => &SERVICE,
        ControlType::Resource => &RESOURCE,
    }
}

fn full(control: ControlType) -> ControlPolicy {
    let (name, description, principal) = match control {
        ControlType::Service => ("FullAWSAccess", "Allows access to every operation", ""),
        ControlType::Resource => (
            "RCPFullAWSAccess",
            "Allows access to all resources",
            "\n      \"Principal\": \"*\",",
        ),
    };
    let id = control.full_access_id();
    let text = format!(
        "{{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {{\n      \"Effect\": \"Allow\",{principal}\n      \"Action\": \"*\",\n      \"Resource\": \"*\"\n    }}\n  ]\n}}"
    );
    ControlPolicy {
        // It belongs to nobody here.
        account: AccountId::from_digits([b'0'; 12]),
        id: id.to_owned(),
        arn: format!(
            "arn:aws:organizations::aws:policy/{}/{id}",
            control.in_arn()
        ),
        control,
        name: name.to_owned(),
        description: description.to_owned(),
        text: Arc::new(StoredPolicy::new(text, Bindings::new())),
        created: 0,
        updated: 0,
        tags: Vec::new(),
    }
}

/// What must hold of a stored row of an organization's kinds.
pub(super) fn check_put(
    next: &Snapshot,
    node: &OrganizationNode,
    key: &RowKey,
    old: Option<&Row>,
    new: &Row,
) -> Result<(), IntegrityError> {
    let dangling = |what, value: &str| {
        Err(IntegrityError::Dangling {
            row: key.clone(),
            what,
            value: value.to_owned(),
        })
    };
    let Some(organization) = &node.organization else {
        // Handshakes and requests may outlive their organization by a while.
        return match key.kind {
            Kind::Handshake | Kind::AccountRequest => Ok(()),
            _ => dangling("organization of", key.account.as_str()),
        };
    };
    let (parent, controls) = match new {
        Row::Organization(row) => {
            if !node.members.contains_key(&row.account) {
                return dangling("member", row.account.as_str());
            }
            (None, Some(&row.controls))
        }
        Row::OrganizationalUnit(row) => {
            if matches!(old, Some(Row::OrganizationalUnit(old)) if old.parent != row.parent) {
                return Err(IntegrityError::Inconsistent {
                    row: key.clone(),
                    why: "an organizational unit stays in its parent",
                });
            }
            (Some(&row.parent), Some(&row.controls))
        }
        Row::Member(row) => {
            if next.account(&row.id).is_none() {
                return dangling("account", row.id.as_str());
            }
            (Some(&row.parent), Some(&row.controls))
        }
        _ => (None, None),
    };
    if let Some(parent) = parent
        && node.parent(parent).is_none()
    {
        return dangling("parent", parent);
    }
    for control in ControlType::ALL {
        let attached = controls.and_then(|controls| organization.in_force(controls, control));
        for id in attached.iter().flat_map(|attached| &attached.policies) {
            if node
                .policies
                .get(id)
                .is_none_or(|policy| policy.control != control)
            {
                return dangling("control policy", id);
            }
        }
    }
    Ok(())
}

/// Whether nothing refers to a row of an organization's kinds that is being deleted; rows of other kinds are not looked at.
pub(super) fn check_deleted(
    node: &OrganizationNode,
    key: &RowKey,
    old: &Row,
) -> Result<(), IntegrityError> {
    let Some(organization) = &node.organization else {
        let left = matches!(old, Row::Organization(_))
            && !(node.units.is_empty() && node.policies.is_empty() && node.members.is_empty());
        return in_use(left, key, "something is left of the organization");
    };
    match old {
        Row::OrganizationalUnit(unit) => {
            let used = node
                .targets()
                .any(|target| target.parent() == Some(unit.id.as_str()));
            in_use(used, key, "the unit is not empty")
        }
        Row::ControlPolicy(policy) => {
            let used = node.targets().any(|target| {
                organization
                    .in_force(target.controls(), policy.control)
                    .is_some_and(|attached| attached.policies.contains(&policy.id))
            });
            in_use(used, key, "the policy is attached")
        }
        Row::Member(member) => in_use(
            member.id == organization.account,
            key,
            "the management account cannot leave its organization",
        ),
        _ => Ok(()),
    }
}

fn in_use(used: bool, key: &RowKey, why: &'static str) -> Result<(), IntegrityError> {
    if used {
        return Err(IntegrityError::InUse {
            row: key.clone(),
            why,
        });
    }
    Ok(())
}
