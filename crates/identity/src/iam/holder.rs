//! What users, groups and roles have in common as holders of policies: the operations on attached and on inline policies come
//! in threes, those on tags and boundaries in twos, which differ in the name of one parameter and in these few facts.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use twinlock_directory::{AccountId, AccountNode, Group, Role, Row, StoredPolicy, User};
use twinlock_gate::{Action, Cx, Fault, Need};

use super::common::{group_need, no_such_entity, role_need, user_need};

/// A user, group or role.
pub(crate) trait Holder: Clone + Into<Row> + Send + Sync + Sized + 'static {
    /// AWS's word: `user`.
    const KIND: &'static str;
    /// The quota of attached managed policies.
    const ATTACHED: &'static str;
    /// The quota of the sum of the inline policies' sizes.
    const INLINE: &'static str;

    /// The one of this name; case does not count.
    fn of<'a>(node: &'a AccountNode, name: &str) -> Option<&'a Arc<Self>>;
    /// The need of an action on it, found or not.
    fn plain_need(action: &Action, account: AccountId, name: &str, found: Option<&Self>) -> Need;
    /// The name as written.
    fn name(&self) -> &str;
    /// ARN of the permissions boundary; groups have none.
    fn boundary(&self) -> Option<&str>;
    /// ARNs of the attached managed policies.
    fn attached(&self) -> &BTreeSet<String>;
    /// The same, to change.
    fn attached_mut(&mut self) -> &mut BTreeSet<String>;
    /// Inline policies by name.
    fn inline(&self) -> &BTreeMap<String, Arc<StoredPolicy>>;
    /// The same, to change.
    fn inline_mut(&mut self) -> &mut BTreeMap<String, Arc<StoredPolicy>>;
    /// Refuses changes to what belongs to a service.
    ///
    /// # Errors
    /// `UnmodifiableEntity`.
    fn changeable(&self) -> Result<(), Fault> {
        Ok(())
    }
}

/// Looks a holder up in the caller's account.
pub(crate) fn find<H: Holder>(cx: &Cx<'_>, name: &str) -> Option<Arc<H>> {
    H::of(cx.account().ok()?, name).cloned()
}

/// The need of `action` on a holder of the caller's account, with the boundary in force where AWS offers it as a condition key.
///
/// # Errors
/// AccessDenied for callers without an account.
pub(crate) fn need<H: Holder>(
    action: &Action,
    cx: &Cx<'_>,
    name: &str,
    found: Option<&Arc<H>>,
) -> Result<Need, Fault> {
    let found = found.map(Arc::as_ref);
    let need = H::plain_need(action, cx.account_id()?, name, found);
    if action.keys.contains(&"iam:PermissionsBoundary") {
        Ok(need.key_if("iam:PermissionsBoundary", found.and_then(H::boundary)))
    } else {
        Ok(need)
    }
}

/// What was found, or AWS's sentence that there is none.
///
/// # Errors
/// `NoSuchEntity`.
pub(crate) fn existing<H: Holder>(found: Option<Arc<H>>, name: &str) -> Result<Arc<H>, Fault> {
    found.ok_or_else(|| no_such_entity(H::KIND, name))
}

/// What was found, to be changed.
///
/// # Errors
/// `NoSuchEntity`, `UnmodifiableEntity`.
pub(crate) fn changeable<H: Holder>(found: Option<Arc<H>>, name: &str) -> Result<H, Fault> {
    let holder = existing(found, name)?;
    holder.changeable()?;
    Ok((*holder).clone())
}

macro_rules! policies {
    () => {
        fn name(&self) -> &str {
            &self.name
        }
        fn attached(&self) -> &BTreeSet<String> {
            &self.attached
        }
        fn attached_mut(&mut self) -> &mut BTreeSet<String> {
            &mut self.attached
        }
        fn inline(&self) -> &BTreeMap<String, Arc<StoredPolicy>> {
            &self.inline
        }
        fn inline_mut(&mut self) -> &mut BTreeMap<String, Arc<StoredPolicy>> {
            &mut self.inline
        }
    };
}

impl Holder for User {
    const KIND: &'static str = "user";
    const ATTACHED: &'static str = "PoliciesPerUser";
    const INLINE: &'static str = "UserPolicySize";

    fn of<'a>(node: &'a AccountNode, name: &str) -> Option<&'a Arc<Self>> {
        node.user(name)
    }
    fn plain_need(action: &Action, account: AccountId, name: &str, found: Option<&Self>) -> Need {
        user_need(action, account, name, found)
    }
    fn boundary(&self) -> Option<&str> {
        self.boundary.as_deref()
    }
    policies!();
}

impl Holder for Group {
    const KIND: &'static str = "group";
    const ATTACHED: &'static str = "PoliciesPerGroup";
    const INLINE: &'static str = "GroupPolicySize";

    fn of<'a>(node: &'a AccountNode, name: &str) -> Option<&'a Arc<Self>> {
        node.group(name)
    }
    fn plain_need(action: &Action, account: AccountId, name: &str, found: Option<&Self>) -> Need {
        group_need(action, account, name, found)
    }
    fn boundary(&self) -> Option<&str> {
        None
    }
    policies!();
}

impl Holder for Role {
    const KIND: &'static str = "role";
    const ATTACHED: &'static str = "PoliciesPerRole";
    const INLINE: &'static str = "RolePolicySize";

    fn of<'a>(node: &'a AccountNode, name: &str) -> Option<&'a Arc<Self>> {
        node.role(name)
    }
    fn plain_need(action: &Action, account: AccountId, name: &str, found: Option<&Self>) -> Need {
        role_need(action, account, name, found)
    }
    fn boundary(&self) -> Option<&str> {
        self.boundary.as_deref()
    }
    fn changeable(&self) -> Result<(), Fault> {
        if self.service_linked() {
            return Err(Fault::new(
                "UnmodifiableEntity",
                400,
                format!(
                    "Cannot perform the operation on the protected role '{}' - this role is only modifiable by AWS",
                    self.name
                ),
            ));
        }
        Ok(())
    }
    policies!();
}
