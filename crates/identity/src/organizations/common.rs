//! What the operations of Organizations share: the caller's place in an organization, who may call, how things are named,
//! pages, tags.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use twinlock_directory::{
    AccountId, ControlPolicy, ControlType, InOrganization, Member, Organization, OrganizationNode,
    Tag, Target,
};
use twinlock_gate::{Action, Cx, Fault, Need, ResourcePolicy};
use twinlock_policy::ResourceRule;
use twinlock_shapes::organizations as shapes;
use twinlock_wire::time::Millis;

use super::{faults, policies::POLICY_TYPE};

/// The most items on a page, and what a page has when the caller names no number.
const PAGE_ITEMS_MAX: usize = 20;
/// The most tags on a root, unit, account or policy.
const TAGS_MAX: usize = 50;
/// What stands for the organization's id in the ARN of something that a caller without an organization asks for.
const NO_ORGANIZATION: &str = "o-0000000000";

/// The caller's organization, and the caller's account in it.
#[derive(Debug)]
pub(crate) struct Here {
    pub(crate) node: Arc<OrganizationNode>,
    pub(crate) organization: Arc<Organization>,
    pub(crate) member: Arc<Member>,
}

/// Where the caller stands: in an organization or in none.
#[derive(Debug)]
pub struct Place(Option<Here>);

impl Place {
    /// The caller's place.
    pub(crate) fn of(cx: &Cx<'_>) -> Place {
        let account = cx.account_id().ok();
        let found = account.and_then(|account| cx.snapshot.organization_of(&account));
        Place(found.map(|found: InOrganization<'_>| Here {
            node: found.node.clone(),
            organization: found.organization.clone(),
            member: found.member.clone(),
        }))
    }

    /// The caller's organization.
    ///
    /// # Errors
    /// `AWSOrganizationsNotInUseException`.
    pub(crate) fn here(&self) -> Result<&Here, Fault> {
        self.0.as_ref().ok_or_else(faults::not_in_use)
    }

    /// Whether there is one.
    pub(crate) fn is_in_one(&self) -> bool {
        self.0.is_some()
    }

    /// `arn:aws:organizations::MANAGEMENT:KIND/ORGANIZATION/REST`, of whatever organization the caller is in.
    pub(crate) fn arn_of(&self, kind: &str, rest: &str, cx: &Cx<'_>) -> String {
        let management = self.0.as_ref().map(|here| here.organization.account);
        let management = management.or_else(|| cx.account_id().ok());
        let account = management.as_ref().map_or("", AccountId::as_str);
        let organization = self
            .0
            .as_ref()
            .map_or(NO_ORGANIZATION, |here| &here.organization.id);
        format!("arn:aws:organizations::{account}:{kind}/{organization}/{rest}")
    }

    /// The ARN of what has this id (`r-`, `ou-`, `p-`, `rp-`, twelve digits), whether it is there or not.
    pub(crate) fn arn(&self, id: &str, cx: &Cx<'_>) -> String {
        let of = |kind: &str| self.arn_of(kind, id, cx);
        if id.starts_with("r-") {
            return of("root");
        }
        if id.starts_with("ou-") {
            return of("ou");
        }
        if id.starts_with("rp-") {
            return of("resourcepolicy");
        }
        if id.starts_with("p-") {
            let known = self.0.as_ref().and_then(|here| here.node.policy(id));
            return match known {
                Some(policy) => policy.arn.clone(),
                None => self.arn_of("policy", &format!("service_control_policy/{id}"), cx),
            };
        }
        of("account")
    }

    /// The type of the policy of this id, as the condition key `organizations:PolicyType` has it.
    pub(crate) fn type_of(&self, policy: &str) -> Option<&'static str> {
        let here = self.0.as_ref()?;
        Some(here.node.policy(policy)?.control.as_str())
    }
}

/// Who may call an operation, if IAM policies allow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Every account.
    Everyone,
    /// The management account.
    Management,
    /// The management account, and those that its delegation policy admits.
    Delegable,
    /// These, and every delegated administrator of a service: what only reads.
    Administrators,
}

/// The need of `action` on `resource`. The organization belongs to its management account, so a member account needs its
/// delegation policy, as in every call across accounts, unless the operation is open to it.
pub(crate) fn need(
    action: &Action,
    resource: impl Into<String>,
    reach: Reach,
    place: &Place,
    cx: &Cx<'_>,
) -> Need {
    let need = Need::on(action, resource);
    let Some(here) = &place.0 else {
        // `run` says that there is no organization, once the caller may ask at all.
        return need;
    };
    let open = here.is_management()
        || reach == Reach::Everyone
        || reach == Reach::Administrators && !here.member.delegated.is_empty();
    if open {
        return match cx.account_id() {
            Ok(own) => need.owned_by(own),
            Err(_) => need,
        };
    }
    let delegation = match reach {
        Reach::Management => None,
        _ => here.organization.resource_policy.as_ref(),
    };
    let delegation = delegation.map(|policy| ResourcePolicy {
        policy: policy.text.compiled().clone(),
        name: "delegation policy of the organization".to_owned(),
    });
    need.owned_by(here.organization.account)
        .under(delegation, ResourceRule::Ordinary)
}

impl Here {
    /// Whether the caller's account is the management account.
    pub(crate) fn is_management(&self) -> bool {
        self.member.id == self.organization.account
    }

    /// The root or unit of this id.
    ///
    /// # Errors
    /// `ParentNotFoundException`.
    pub(crate) fn parent(&self, id: &str) -> Result<Target<'_>, Fault> {
        self.node.parent(id).ok_or_else(faults::no_parent)
    }

    /// The root, unit or account of this id.
    ///
    /// # Errors
    /// `TargetNotFoundException`.
    pub(crate) fn target(&self, id: &str) -> Result<Target<'_>, Fault> {
        self.node.target(id).ok_or_else(faults::no_target)
    }

    /// The policy of this id, AWS's own among them.
    ///
    /// # Errors
    /// `PolicyNotFoundException`.
    pub(crate) fn policy(&self, id: &str) -> Result<&ControlPolicy, Fault> {
        self.node.policy(id).ok_or_else(faults::no_policy)
    }

    /// A policy of the organization's own, to be changed.
    ///
    /// # Errors
    /// `PolicyNotFoundException`; `InvalidInputException` for AWS's.
    pub(crate) fn own_policy(&self, id: &str) -> Result<&Arc<ControlPolicy>, Fault> {
        self.policy(id)?;
        self.node.policies.get(id).ok_or_else(|| {
            faults::invalid(
                "IMMUTABLE_POLICY",
                "You specified a policy that is managed by AWS and can't be modified.",
            )
        })
    }

    /// The member account of this id.
    ///
    /// # Errors
    /// `AccountNotFoundException`.
    pub(crate) fn member(&self, id: &str) -> Result<&Arc<Member>, Fault> {
        id.parse()
            .ok()
            .and_then(|id: AccountId| self.node.members.get(&id))
            .ok_or_else(faults::no_account)
    }

    /// A type of policy that can be used here.
    ///
    /// # Errors
    /// `PolicyTypeNotAvailableForOrganizationException` for the types that are not enforced, and for all of them without all
    /// features.
    pub(crate) fn usable(&self, policy_type: &str) -> Result<ControlType, Fault> {
        ControlType::named(policy_type)
            .filter(|_| self.organization.all_features)
            .ok_or_else(|| faults::type_not_available(policy_type))
    }

    /// The name of a root, unit or account.
    pub(crate) fn name(&self, target: &Target<'_>, cx: &Cx<'_>) -> String {
        match target {
            Target::Root(_) => "Root".to_owned(),
            Target::Unit(unit) => unit.name.clone(),
            Target::Account(member) => cx
                .snapshot
                .account(&member.id)
                .map(|node| node.account.name.clone())
                .unwrap_or_default(),
        }
    }

    /// The ARN of a root, unit or account.
    pub(crate) fn arn(&self, target: &Target<'_>) -> String {
        match target {
            Target::Root(root) => root.root_arn(),
            Target::Unit(unit) => self.organization.unit_arn(&unit.id),
            Target::Account(member) => self.organization.account_arn(&member.id),
        }
    }
}

/// A member account as answers show it.
pub(crate) fn shown_account(here: &Here, member: &Member, cx: &Cx<'_>) -> shapes::Account {
    let id = member.id.as_str();
    let account = cx.snapshot.account(&member.id).map(|node| &node.account);
    let closed = account.is_some_and(|account| account.closed.is_some());
    shapes::Account {
        id: Some(id.to_owned()),
        arn: Some(here.organization.account_arn(&member.id)),
        email: account.and_then(|account| email(account)),
        name: account.map(|account| account.name.clone()),
        status: Some(if closed { "SUSPENDED" } else { "ACTIVE" }.to_owned()),
        state: Some(if closed { "CLOSED" } else { "ACTIVE" }.to_owned()),
        paths: vec![format!("{}{id}/", here.node.path(id))],
        joined_method: Some(joined_method(member).to_owned()),
        joined_timestamp: Some(Millis(member.joined)),
    }
}

/// The e-mail address of an account that has one.
pub(crate) fn email(account: &twinlock_directory::Account) -> Option<String> {
    (!account.email.is_empty()).then(|| account.email.clone())
}

/// How an account came into the organization, in AWS's word.
pub(crate) fn joined_method(member: &Member) -> &'static str {
    if member.created_here {
        "CREATED"
    } else {
        "INVITED"
    }
}

// ---- pages ----

/// One page of a listing, with the token of the next.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) next_token: Option<String>,
}

/// Cuts a page. `items` are in the order of their keys. The token holds the key of the last item shown, so that entries made
/// or deleted between two pages neither repeat nor hide others; it grants nothing, so it is not sealed.
///
/// # Errors
/// `InvalidInputException` for a token that no answer of ours carried.
pub(crate) fn page<T>(
    items: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> &str,
    next_token: Option<&str>,
    max_results: Option<i32>,
) -> Result<Page<T>, Fault> {
    let after = match next_token {
        None => None,
        Some(token) => Some(
            STANDARD
                .decode(token)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .ok_or_else(|| {
                    faults::invalid("INVALID_NEXT_TOKEN", "You provided an invalid NextToken.")
                })?,
        ),
    };
    let most = max_results
        .and_then(|n| usize::try_from(n).ok())
        .unwrap_or(PAGE_ITEMS_MAX);
    let mut rest = items
        .into_iter()
        .skip_while(|item| after.as_deref().is_some_and(|after| key(item) <= after))
        .peekable();
    let items: Vec<T> = rest.by_ref().take(most).collect();
    let next_token = match (rest.peek(), items.last()) {
        (Some(_), Some(last)) => Some(STANDARD.encode(key(last))),
        _ => None,
    };
    Ok(Page { items, next_token })
}

// ---- tags ----

/// Puts the tags of a request onto `tags`. Keys compare with their case.
///
/// # Errors
/// `InvalidInputException` for a key that stands twice or is AWS's own, `ConstraintViolationException` for too many.
pub(crate) fn put_tags(tags: &mut Vec<Tag>, given: &[shapes::Tag]) -> Result<(), Fault> {
    for (position, tag) in given.iter().enumerate() {
        if tag.key.to_ascii_lowercase().starts_with("aws:") {
            return Err(faults::invalid(
                "INVALID_SYSTEM_TAGS_PARAMETER",
                "You specified a tag key that is a system tag. You can't add, edit, or delete system tag keys because they're reserved for AWS use.",
            ));
        }
        if given[..position].iter().any(|known| known.key == tag.key) {
            return Err(faults::invalid(
                "DUPLICATE_TAG_KEY",
                "Tag keys must be unique among the tags attached to the same entity.",
            ));
        }
        match tags.iter_mut().find(|known| known.key == tag.key) {
            Some(known) => known.value.clone_from(&tag.value),
            None => tags.push(Tag {
                key: tag.key.clone(),
                value: tag.value.clone(),
            }),
        }
    }
    if tags.len() > TAGS_MAX {
        return Err(faults::constraint(
            "MAX_TAG_LIMIT_EXCEEDED",
            "You have exceeded the number of tags allowed on this resource.",
        ));
    }
    Ok(())
}

/// New tags of a request that makes something.
///
/// # Errors
/// See [`put_tags`].
pub(crate) fn new_tags(given: Option<&Vec<shapes::Tag>>) -> Result<Vec<Tag>, Fault> {
    let mut tags = Vec::new();
    put_tags(&mut tags, given.map(Vec::as_slice).unwrap_or_default())?;
    Ok(tags)
}

/// A request's tags as a need takes them.
pub(crate) fn tag_pairs(given: Option<&Vec<shapes::Tag>>) -> impl Iterator<Item = (&str, &str)> {
    given
        .into_iter()
        .flatten()
        .map(|tag| (tag.key.as_str(), tag.value.as_str()))
}

/// The tags of what has this id, for `aws:ResourceTag`; none for what is not there.
pub(crate) fn tags_of<'p>(place: &'p Place, id: &str) -> &'p [Tag] {
    let Some(here) = &place.0 else {
        return &[];
    };
    if let Some(policy) = here.node.policies.get(id) {
        return &policy.tags;
    }
    if let Some(policy) = &here.organization.resource_policy
        && policy.id == id
    {
        return &policy.tags;
    }
    match here.node.target(id) {
        Some(Target::Root(_)) => &here.organization.root_tags,
        Some(Target::Unit(unit)) => here
            .node
            .units
            .get(&unit.id)
            .map_or(&[], |unit| unit.tags.as_slice()),
        Some(Target::Account(member)) => here
            .node
            .members
            .get(&member.id)
            .map_or(&[], |member| member.tags.as_slice()),
        None => &[],
    }
}

/// The need of `action` on what has this id, with its tags.
pub(crate) fn need_on(action: &Action, id: &str, reach: Reach, place: &Place, cx: &Cx<'_>) -> Need {
    let tags = tags_of(place, id).iter();
    need(action, place.arn(id, cx), reach, place, cx)
        .tagged(tags.map(|tag| (tag.key.as_str(), tag.value.as_str())))
}

/// What a request that makes something asks for besides when it brings tags.
pub(crate) const TAG_RESOURCE: Action = Action::new(
    "organizations:TagResource",
    &["account", "organizationalunit", "policy", "resourcepolicy"],
    // The type is known of policies alone.
    &["aws:RequestTag/${TagKey}", "aws:TagKeys", POLICY_TYPE],
);

/// The need to tag what a request is about to make, on `resource`, whose id is not known yet; none without tags.
pub(crate) fn tag_need(
    tags: Option<&Vec<shapes::Tag>>,
    resource: String,
    reach: Reach,
    place: &Place,
    cx: &Cx<'_>,
) -> Option<Need> {
    tags.filter(|tags| !tags.is_empty())?;
    Some(need(&TAG_RESOURCE, resource, reach, place, cx).request_tags(tag_pairs(tags)))
}

/// Declares an operation of Organizations: what it needs and what it does, with the caller's [`Place`] as all that it finds.
macro_rules! operation {
    ($(#[$doc:meta])* read $name:ident($input:ty) -> $output:ty, $actions:expr, $needs:expr, $run:expr $(,)?) => {
        crate::organizations::common::operation!(@type $(#[$doc])* $name($input) -> $output, $actions, $needs);

        impl twinlock_gate::Read for $name {
            fn find(_: &Self::Input, cx: &twinlock_gate::Cx<'_>) -> crate::organizations::Place {
                crate::organizations::Place::of(cx)
            }

            fn run(
                _: &twinlock_gate::Permit<Self>,
                input: &Self::Input,
                place: crate::organizations::Place,
                cx: &twinlock_gate::Cx<'_>,
            ) -> Result<Self::Output, twinlock_gate::Fault> {
                let run: fn(
                    &$input,
                    &crate::organizations::Place,
                    &twinlock_gate::Cx<'_>,
                ) -> Result<$output, twinlock_gate::Fault> = $run;
                run(input, &place, cx)
            }
        }
    };
    ($(#[$doc:meta])* change $name:ident($input:ty) -> $output:ty, $actions:expr, $needs:expr, $run:expr $(,)?) => {
        crate::organizations::common::operation!(@type $(#[$doc])* $name($input) -> $output, $actions, $needs);

        impl twinlock_gate::Change for $name {
            twinlock_gate::nothing_to_prepare!();

            fn find(_: &Self::Input, cx: &twinlock_gate::Cx<'_>) -> crate::organizations::Place {
                crate::organizations::Place::of(cx)
            }

            fn run(
                permit: &twinlock_gate::Permit<Self>,
                input: &Self::Input,
                place: crate::organizations::Place,
                (): &(),
                cx: &twinlock_gate::Cx<'_>,
                batch: &mut twinlock_directory::Batch,
            ) -> Result<Self::Output, twinlock_gate::Fault> {
                let run: fn(
                    &twinlock_gate::Permit<$name>,
                    &$input,
                    &crate::organizations::Place,
                    &twinlock_gate::Cx<'_>,
                    &mut twinlock_directory::Batch,
                ) -> Result<$output, twinlock_gate::Fault> = $run;
                run(permit, input, &place, cx, batch)
            }
        }
    };
    (@type $(#[$doc:meta])* $name:ident($input:ty) -> $output:ty, $actions:expr, $needs:expr) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl $name {
            /// Its first action, which most have alone.
            const ACTION: &'static twinlock_gate::Action =
                &<Self as twinlock_gate::Operation>::ACTIONS[0];
        }

        impl twinlock_gate::Operation for $name {
            type Input = $input;
            type Output = $output;
            type Found = crate::organizations::Place;
            const NAME: &'static str = stringify!($name);
            const ACTIONS: &'static [twinlock_gate::Action] = $actions;

            fn needs(
                input: &Self::Input,
                place: &Self::Found,
                cx: &twinlock_gate::Cx<'_>,
            ) -> Result<twinlock_gate::Needs, twinlock_gate::Fault> {
                let needs: fn(
                    &$input,
                    &crate::organizations::Place,
                    &twinlock_gate::Cx<'_>,
                ) -> twinlock_gate::Needs = $needs;
                Ok(needs(input, place, cx))
            }
        }
    };
}
pub(crate) use operation;
