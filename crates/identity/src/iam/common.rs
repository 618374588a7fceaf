//! What IAM's operations have in common: AWS's texts for what is missing or too many, pages, tags, and the needs of an
//! operation on a user, group, role or policy.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use twinlock_directory::{AccountId, Group, Quotas, Role, Tag, User, managed, model, name_key};
use twinlock_gate::{Action, Cx, Fault, Need, Needs, Who};
use twinlock_shapes::iam as shapes;
use twinlock_wire::time::Millis;

// ---- faults ----

/// `NoSuchEntity` (404) with the sentence that clients match: `The user with name X cannot be found.` `kind` is AWS's word:
/// `user`, `group`, `role`.
pub(crate) fn no_such_entity(kind: &str, name: &str) -> Fault {
    no_such(format!("The {kind} with name {name} cannot be found."))
}

/// `NoSuchEntity` (404) with another sentence.
pub(crate) fn no_such(message: impl Into<String>) -> Fault {
    Fault::new("NoSuchEntity", 404, message)
}

/// `EntityAlreadyExists` (409): `Role with name X already exists.` `kind` is AWS's word with its capital.
pub(crate) fn entity_already_exists(kind: &str, name: &str) -> Fault {
    already_exists(format!("{kind} with name {name} already exists."))
}

/// `EntityAlreadyExists` (409) with another sentence.
pub(crate) fn already_exists(message: impl Into<String>) -> Fault {
    Fault::new("EntityAlreadyExists", 409, message)
}

/// `DeleteConflict` (409): `Cannot delete entity, must WHAT.`
pub(crate) fn delete_conflict(must: &str) -> Fault {
    Fault::new(
        "DeleteConflict",
        409,
        format!("Cannot delete entity, must {must}."),
    )
}

/// `LimitExceeded` (409): `Cannot exceed quota for QUOTA: n`; the quota's name as in [`Quotas::NAMES`].
pub(crate) fn limit_exceeded(quotas: &Quotas, quota: &str) -> Fault {
    Fault::new("LimitExceeded", 409, quotas.exceeded(quota))
}

/// Refuses if one more than `have` would exceed the quota.
///
/// # Errors
/// `LimitExceeded`.
pub(crate) fn room_for_one(cx: &Cx<'_>, have: usize, quota: &str) -> Result<(), Fault> {
    let quotas = cx.world.directory.quotas();
    let limit = quotas.get(quota).unwrap_or(0);
    if u64::try_from(have).unwrap_or(u64::MAX) < limit {
        Ok(())
    } else {
        Err(limit_exceeded(quotas, quota))
    }
}

/// `InvalidInput` (400).
pub(crate) fn invalid_input(message: impl Into<String>) -> Fault {
    Fault::new("InvalidInput", 400, message)
}

/// What an operation answers that leaves its user name out when the caller is no user and has none to be meant.
pub(crate) fn must_specify_user_name() -> Fault {
    Fault::validation("Must specify userName when calling with non-User credentials")
}

// ---- ARNs and needs ----

/// The reference's condition key for the tags a request brings.
pub(crate) const REQUEST_TAG: &str = "aws:RequestTag/${TagKey}";
/// The reference's condition key for the keys of those tags.
pub(crate) const TAG_KEYS: &str = "aws:TagKeys";
/// The reference's condition key for a boundary, the request's or the entity's.
pub(crate) const BOUNDARY: &str = "iam:PermissionsBoundary";

/// The ARN of a user, group, role or policy that may not exist: by its name and the path `/` if it does not.
pub(crate) fn arn_of(account: AccountId, kind: &str, name: &str) -> String {
    format!("arn:aws:iam::{account}:{kind}/{name}")
}

/// The need of `action` on a user of `account`, found or not; a denial says `user NAME`.
pub(crate) fn user_need(
    action: &Action,
    account: AccountId,
    name: &str,
    found: Option<&User>,
) -> Need {
    let arn = found.map_or_else(|| arn_of(account, "user", name), User::arn);
    let tags = found.map_or(&[][..], |user| &user.tags);
    entity_need(action, account, arn, tags).shown_as(format!("user {name}"))
}

/// The need of `action` on a group of `account`, found or not; a denial says `group NAME`.
pub(crate) fn group_need(
    action: &Action,
    account: AccountId,
    name: &str,
    found: Option<&Group>,
) -> Need {
    let arn = found.map_or_else(|| arn_of(account, "group", name), Group::arn);
    entity_need(action, account, arn, &[]).shown_as(format!("group {name}"))
}

/// The need of `action` on a role of `account`, found or not; a denial says `role NAME`.
pub(crate) fn role_need(
    action: &Action,
    account: AccountId,
    name: &str,
    found: Option<&Role>,
) -> Need {
    let arn = found.map_or_else(|| arn_of(account, "role", name), Role::arn);
    let tags = found.map_or(&[][..], |role| &role.tags);
    entity_need(action, account, arn, tags).shown_as(format!("role {name}"))
}

/// The need of `action` on the entity with this ARN and these tags; a denial prints the ARN.
pub(crate) fn entity_need(action: &Action, account: AccountId, arn: String, tags: &[Tag]) -> Need {
    Need::on(action, arn)
        .owned_by(account)
        .tagged(pairs_of(tags))
}

/// The need of an action that has no resource; a denial names `shown` instead of `*`, as AWS does for its lists
/// (`arn:aws:iam::A:user/`).
pub(crate) fn list_need(action: &Action, shown: String) -> Need {
    Need::anywhere(action).shown_as(shown)
}

fn pairs_of(tags: &[Tag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter()
        .map(|tag| (tag.key.as_str(), tag.value.as_str()))
}

// ---- pages ----

/// AWS's number of items on a page when the caller names none.
const PAGE_ITEMS_DEFAULT: usize = 100;

/// Where a listing goes on, and how far: made of Marker and MaxItems.
///
/// A marker holds the key of the last item shown, not a position, so that entries made or deleted between two pages neither
/// repeat nor hide others. It is opaque to clients; it grants nothing, so it is not sealed.
#[derive(Debug)]
pub(crate) struct Cursor {
    after: String,
    most: usize,
}

/// One page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page<T> {
    /// What stands on it.
    pub(crate) items: Vec<T>,
    /// Where the next page begins; none on the last one.
    pub(crate) marker: Option<String>,
}

impl Cursor {
    /// Reads the parameters; the API model has checked their ranges.
    ///
    /// # Errors
    /// `ValidationError` for a marker that no answer of ours carried.
    pub(crate) fn new(marker: Option<&str>, max_items: Option<i32>) -> Result<Cursor, Fault> {
        let after = match marker {
            None => String::new(),
            Some(text) => STANDARD
                .decode(text)
                .ok()
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .ok_or_else(|| Fault::validation("Invalid Marker."))?,
        };
        let most = max_items
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(PAGE_ITEMS_DEFAULT);
        Ok(Cursor { after, most })
    }

    /// The key of the last item shown, for listings that can begin in the middle (`names_after`); empty at the start.
    pub(crate) fn after(&self) -> &str {
        &self.after
    }

    /// Cuts a page from `items`, which are in the order of their keys; those up to [`Cursor::after`] are left out.
    pub(crate) fn page<T>(
        &self,
        items: impl IntoIterator<Item = T>,
        key: impl Fn(&T) -> String,
    ) -> Page<T> {
        let mut rest = items
            .into_iter()
            .skip_while(|item| !self.after.is_empty() && key(item) <= self.after)
            .peekable();
        let items: Vec<T> = rest.by_ref().take(self.most).collect();
        let marker = match (rest.peek(), items.last()) {
            (Some(_), Some(last)) => Some(STANDARD.encode(key(last))),
            _ => None,
        };
        Page { items, marker }
    }
}

impl<T> Page<T> {
    /// AWS's IsTruncated.
    pub(crate) fn is_truncated(&self) -> Option<bool> {
        Some(self.marker.is_some())
    }

    /// The same page of other things.
    pub(crate) fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            marker: self.marker,
        }
    }
}

/// In a listing of several kinds one after the other, whose keys begin with the kind's digit: after which name the listing goes
/// on within `kind`; nothing if it is past that kind.
pub(crate) fn after_within(after: &str, kind: char) -> Option<&str> {
    match after.chars().next() {
        Some(at) if at > kind => None,
        Some(at) if at == kind => after.get(1..),
        _ => Some(""),
    }
}

/// Whether `path` begins with a listing's PathPrefix; without one everything does.
pub(crate) fn in_path(path: &str, prefix: Option<&str>) -> bool {
    path.starts_with(prefix.unwrap_or("/"))
}

// ---- tags ----

/// The tags of a request, checked: no key twice (case does not count), none of AWS's own.
///
/// # Errors
/// `InvalidInput`.
pub(crate) fn new_tags(tags: &[shapes::Tag]) -> Result<Vec<Tag>, Fault> {
    let mut out: Vec<Tag> = Vec::with_capacity(tags.len());
    for tag in tags {
        if name_key(&tag.key).starts_with("aws:") {
            return Err(invalid_input(
                "Tag keys that begin with aws: are reserved for AWS.",
            ));
        }
        if out.iter().any(|known| same_key(&known.key, &tag.key)) {
            return Err(invalid_input(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
        out.push(Tag {
            key: tag.key.clone(),
            value: tag.value.clone(),
        });
    }
    Ok(out)
}

/// Puts `new` (checked by [`new_tags`]) onto `tags`: a key that is there, in whatever case, gets the new key and value.
///
/// # Errors
/// `LimitExceeded` if there would be more than `quota` allows; the quota's name as in [`Quotas::NAMES`].
pub(crate) fn merge_tags(
    cx: &Cx<'_>,
    tags: &mut Vec<Tag>,
    new: Vec<Tag>,
    quota: &str,
) -> Result<(), Fault> {
    for tag in new {
        match tags.iter_mut().find(|known| same_key(&known.key, &tag.key)) {
            Some(known) => *known = tag,
            None => tags.push(tag),
        }
    }
    let quotas = cx.world.directory.quotas();
    let limit = quotas.get(quota).unwrap_or(0);
    if u64::try_from(tags.len()).unwrap_or(u64::MAX) > limit {
        let sentence = "The number of tags has reached the maximum limit.";
        let message = format!("{sentence} It is {limit} ({quota}).");
        return Err(Fault::new("LimitExceeded", 409, message));
    }
    Ok(())
}

/// Takes the tags with these keys away; keys that are not there do not matter.
pub(crate) fn remove_tags(tags: &mut Vec<Tag>, keys: &[String]) {
    tags.retain(|tag| !keys.iter().any(|key| same_key(key, &tag.key)));
}

fn same_key(a: &str, b: &str) -> bool {
    a == b || a.to_lowercase() == b.to_lowercase()
}

/// A request's tags as a need takes them.
pub(crate) fn tag_pairs(tags: &[shapes::Tag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter()
        .map(|tag| (tag.key.as_str(), tag.value.as_str()))
}

/// The needs of making something with a request's tags: `make`, and `tag` on the same resource if there are any.
pub(crate) fn with_tags(make: Need, tag: &Action, tags: &[shapes::Tag]) -> Needs {
    let tag = (!tags.is_empty()).then(|| Need {
        owner: make.owner,
        shown: make.shown.clone(),
        ..Need::on(tag, make.resource.clone()).request_tags(tag_pairs(tags))
    });
    Needs::one(make.request_tags(tag_pairs(tags))).and_if(tag)
}

/// Tags as answers show them, sorted by key.
pub(crate) fn shown_tags(tags: &[Tag]) -> Vec<shapes::Tag> {
    let mut shown: Vec<shapes::Tag> = tags
        .iter()
        .map(|tag| shapes::Tag {
            key: tag.key.clone(),
            value: tag.value.clone(),
        })
        .collect();
    shown.sort_by(|a, b| a.key.cmp(&b.key));
    shown
}

/// Tags of an entity inside an answer, which has no element for none at all.
pub(crate) fn tags_if_any(tags: &[Tag]) -> Option<Vec<shapes::Tag>> {
    (!tags.is_empty()).then(|| shown_tags(tags))
}

// ---- ids ----

/// A random UUID (version 4).
pub(crate) fn uuid(cx: &Cx<'_>) -> String {
    let mut bytes = [0; 16];
    cx.world.random.fill(&mut bytes);
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}

// ---- boundaries ----

/// Checks that `arn` names a managed policy that can be a boundary in `account`: its own or one of AWS's.
///
/// # Errors
/// `ValidationError` for what is no policy's ARN, `NoSuchEntity` if there is no such policy.
pub(crate) fn check_boundary(cx: &Cx<'_>, account: AccountId, arn: &str) -> Result<(), Fault> {
    if !arn.starts_with("arn:aws:iam::") || !arn.contains(":policy/") {
        return Err(Fault::validation(format!(
            "Value ({arn}) for parameter PermissionsBoundary is invalid."
        )));
    }
    let usable = match cx.snapshot.customer_policy(arn) {
        Some(policy) => policy.account == account,
        None => managed::get(arn).is_some_and(|policy| policy.attachable),
    };
    if usable {
        Ok(())
    } else {
        Err(no_such(format!(
            "Scope ARN: {arn} does not exist or is not attachable."
        )))
    }
}

/// A boundary as answers show it.
pub(crate) fn shown_boundary(arn: Option<&String>) -> Option<shapes::AttachedPermissionsBoundary> {
    arn.map(|arn| shapes::AttachedPermissionsBoundary {
        permissions_boundary_type: Some("Policy".to_owned()),
        permissions_boundary_arn: Some(arn.clone()),
    })
}

// ---- answers ----

/// An instant as answers have it.
pub(crate) fn at(when: model::Millis) -> Millis {
    Millis(when)
}

/// The managed policies attached to something, as answers show them, in the order of names.
pub(crate) fn attached<'a>(
    arns: impl IntoIterator<Item = &'a String>,
) -> Vec<shapes::AttachedPolicy> {
    let mut shown: Vec<shapes::AttachedPolicy> = arns
        .into_iter()
        .map(|arn| shapes::AttachedPolicy {
            policy_name: Some(arn.rsplit('/').next().unwrap_or(arn).to_owned()),
            policy_arn: Some(arn.clone()),
        })
        .collect();
    shown.sort_by_cached_key(|policy| policy.policy_name.as_deref().map(name_key));
    shown
}

/// The groups of a user in the order of their names.
pub(crate) fn groups_of<'a>(cx: &Cx<'a>, user: &User) -> Vec<&'a Arc<Group>> {
    let ids = user.groups.iter();
    let mut groups: Vec<_> = ids.filter_map(|id| cx.snapshot.group_by_id(id)).collect();
    groups.sort_by_cached_key(|group| name_key(&group.name));
    groups
}

// ---- users ----

/// The user of this name in the caller's account.
pub(crate) fn find_user(cx: &Cx<'_>, name: &str) -> Option<Arc<User>> {
    cx.account().ok()?.user(name).cloned()
}

/// The group of this name in the caller's account.
pub(crate) fn find_group(cx: &Cx<'_>, name: &str) -> Option<Arc<Group>> {
    cx.account().ok()?.group(name).cloned()
}

/// The user that was looked for, to be changed and put back.
///
/// # Errors
/// `NoSuchEntity`.
pub(crate) fn existing_user(found: Option<Arc<User>>, name: &str) -> Result<User, Fault> {
    found
        .map(|user| User::clone(&user))
        .ok_or_else(|| no_such_entity("user", name))
}

/// The group that was looked for, to be changed and put back.
///
/// # Errors
/// `NoSuchEntity`.
pub(crate) fn existing_group(found: Option<Arc<Group>>, name: &str) -> Result<Group, Fault> {
    found
        .map(|group| Group::clone(&group))
        .ok_or_else(|| no_such_entity("group", name))
}

/// Whom an operation is about that lets the user name out: the caller itself then, if it is a user or root.
#[derive(Debug)]
pub enum Subject {
    /// A user by name, perhaps absent.
    User(String, Option<Arc<User>>),
    /// The calling root user.
    Root,
    /// No name was given, and the caller's credentials are no user's.
    Nobody,
}

impl Subject {
    /// The user named, or the caller.
    pub(crate) fn find(name: Option<&str>, cx: &Cx<'_>) -> Subject {
        match (name, &cx.caller.who, cx.user_name()) {
            (Some(name), ..) => Subject::User(name.to_owned(), find_user(cx, name)),
            (None, Who::Root(_), _) => Subject::Root,
            (None, _, Some(own)) => Subject::User(own.to_owned(), find_user(cx, own)),
            (None, _, None) => Subject::Nobody,
        }
    }

    /// The need of `action` on it.
    ///
    /// # Errors
    /// `ValidationError` if it is nobody.
    pub(crate) fn need(&self, action: &Action, cx: &Cx<'_>) -> Result<Need, Fault> {
        let account = cx.account_id()?;
        match self {
            Subject::User(name, found) => Ok(user_need(action, account, name, found.as_deref())),
            Subject::Root => Ok(Need::on(action, account.root_arn()).owned_by(account)),
            Subject::Nobody => Err(must_specify_user_name()),
        }
    }

    /// The user; none: root.
    ///
    /// # Errors
    /// `NoSuchEntity` for an absent user.
    pub(crate) fn user(self) -> Result<Option<Arc<User>>, Fault> {
        match self {
            Subject::User(name, None) => Err(no_such_entity("user", &name)),
            Subject::User(_, found) => Ok(found),
            Subject::Root => Ok(None),
            Subject::Nobody => Err(must_specify_user_name()),
        }
    }

    /// The user, where root is not possible.
    ///
    /// # Errors
    /// `NoSuchEntity` for an absent user, `ValidationError` for root.
    pub(crate) fn user_only(self) -> Result<Arc<User>, Fault> {
        self.user()?.ok_or_else(must_specify_user_name)
    }
}
