//! What comes with being in an organization: the membership, and the role that the service has in every account of it.

use std::sync::Arc;

use twinlock_directory::{
    AccountId, Batch, Member, Millis, Organization, OrganizationNode, Random, Role, Snapshot,
    StoredPolicy, Tag, ids,
};
use twinlock_gate::{Action, Cx, Need};
use twinlock_shapes::iam::CreateServiceLinkedRoleInput;

use crate::iam::service_linked_roles;

/// What Organizations calls itself.
pub(super) const SERVICE: &str = "organizations.amazonaws.com";
/// Its role in every account of an organization.
pub(super) const SERVICE_ROLE: &str = "AWSServiceRoleForOrganizations";
/// What is needed to have the role made.
pub(super) const CREATE_SERVICE_LINKED_ROLE: Action = Action::new(
    "iam:CreateServiceLinkedRole",
    &["role"],
    &["iam:AWSServiceName"],
);

/// The need to have the service's role made in the caller's account.
pub(super) fn service_role_need(cx: &Cx<'_>) -> Need {
    let account = cx.account_id().ok();
    let account = account.as_ref().map_or("", AccountId::as_str);
    let arn = format!("arn:aws:iam::{account}:role/aws-service-role/{SERVICE}/{SERVICE_ROLE}");
    let need = Need::on(&CREATE_SERVICE_LINKED_ROLE, arn).key("iam:AWSServiceName", SERVICE);
    match cx.account_id() {
        Ok(own) => need.owned_by(own),
        Err(_) => need,
    }
}

/// The service's role for an account that is about to be in an organization; none if it has it.
pub fn service_role(
    account: AccountId,
    snapshot: &Snapshot,
    random: &dyn Random,
    now: Millis,
) -> Option<Role> {
    let node = snapshot.account(&account);
    if node.is_some_and(|node| node.role(SERVICE_ROLE).is_some()) {
        return None;
    }
    let asked = CreateServiceLinkedRoleInput {
        aws_service_name: SERVICE.to_owned(),
        ..CreateServiceLinkedRoleInput::default()
    };
    service_linked_roles::role(&asked, account, random, now)
}

/// Puts the service's role into an account that has none.
pub(super) fn put_service_role(account: AccountId, cx: &Cx<'_>, batch: &mut Batch) {
    if let Some(role) = service_role(account, cx.snapshot, &*cx.world.random, cx.now) {
        batch.put(role);
    }
}

/// The role by which the management account reaches into an account that the organization made.
pub(super) fn access_role(
    account: AccountId,
    management: AccountId,
    name: &str,
    cx: &Cx<'_>,
) -> Role {
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"{}"}},"Action":"sts:AssumeRole"}}]}}"#,
        management.root_arn()
    );
    Role {
        account,
        id: ids::role_id(&*cx.world.random),
        name: name.to_owned(),
        path: "/".to_owned(),
        created: cx.now,
        description: None,
        max_session_seconds: 3600,
        trust: Arc::new(StoredPolicy::new(trust, Default::default())),
        inline: Default::default(),
        attached: ["arn:aws:iam::aws:policy/AdministratorAccess".to_owned()].into(),
        boundary: None,
        tags: Vec::new(),
    }
}

/// A membership in the root of an organization.
pub(super) fn member(
    organization: &Organization,
    account: AccountId,
    created_here: bool,
    tags: Vec<Tag>,
    now: u64,
) -> Member {
    Member {
        account: organization.account,
        id: account,
        parent: organization.root_id.clone(),
        joined: now,
        created_here,
        controls: Default::default(),
        tags,
        delegated: Default::default(),
    }
}

/// How long finished handshakes and account requests can be asked for, in milliseconds.
const KEPT_MILLIS: u64 = 90 * 24 * 60 * 60 * 1000;
/// How many of the old ones go with each new one: more than come, so that they cannot pile up.
const FORGOTTEN_MAX: usize = 10;

/// Takes away handshakes and account requests that nobody can see any more: old ones, and those of organizations that are gone.
pub(super) fn forget_old(node: &OrganizationNode, cx: &Cx<'_>, batch: &mut Batch) {
    let current = node
        .organization
        .as_ref()
        .map(|organization| &organization.id);
    let old = |organization: &String, ended: u64| {
        Some(organization) != current || ended.saturating_add(KEPT_MILLIS) < cx.now
    };
    for handshake in node
        .handshakes
        .values()
        .filter(|one| old(&one.organization, one.expires))
        .take(FORGOTTEN_MAX)
    {
        batch.delete_row(handshake.clone());
    }
    for request in node
        .requests
        .values()
        .filter(|one| old(&one.organization, one.completed))
        .take(FORGOTTEN_MAX)
    {
        batch.delete_row(request.clone());
    }
}
