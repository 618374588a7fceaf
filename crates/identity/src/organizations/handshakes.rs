//! Handshakes: an account invited to join, and members asked to agree to all features.
//!
//! | action | made by | sent to | when accepted |
//! | --- | --- | --- | --- |
//! | `INVITE` | InviteAccountToOrganization | an account outside | it joins, in the root |
//! | `ENABLE_ALL_FEATURES` | EnableAllFeatures | the management account itself | policies can be used |
//! | `APPROVE_ALL_FEATURES` | EnableAllFeatures | each member that was invited once | it has agreed |

use twinlock_directory::{AccountId, Handshake, Organization, ids};
use twinlock_gate::{Action, Cx, Fault, Need, Needs};
use twinlock_shapes::organizations as shapes;
use twinlock_wire::time::Millis;

use super::{
    common::{
        Here, Place, Reach, TAG_RESOURCE, email, need, new_tags, operation, page, tag_need,
        tag_pairs,
    },
    faults, joining, organization,
};

const INVITE: &str = "INVITE";
const ENABLE: &str = "ENABLE_ALL_FEATURES";
const APPROVE: &str = "APPROVE_ALL_FEATURES";

const DAY_MILLIS: u64 = 24 * 60 * 60 * 1000;
/// How long an invitation stands.
const INVITATION_MILLIS: u64 = 15 * DAY_MILLIS;
/// How long members have to agree to all features.
const FEATURES_MILLIS: u64 = 90 * DAY_MILLIS;
/// Invitations that stand at once.
const INVITATIONS_MAX: usize = 100;
/// The most members that can be asked at once to agree to all features: each is a row of one change.
const ASKED_MAX: usize = 80;

/// Where the handshake stands now: an open one ends by itself.
fn state<'h>(handshake: &'h Handshake, cx: &Cx<'_>) -> &'h str {
    if is_pending(&handshake.state) && handshake.expires <= cx.now {
        "EXPIRED"
    } else {
        &handshake.state
    }
}

fn is_pending(state: &str) -> bool {
    matches!(state, "REQUESTED" | "OPEN")
}

fn arn(handshake: &Handshake) -> String {
    format!(
        "arn:aws:organizations::{}:handshake/{}/{}/{}",
        handshake.account,
        handshake.organization,
        handshake.action.to_ascii_lowercase(),
        handshake.id
    )
}

fn party(id: impl Into<String>, kind: &str) -> shapes::HandshakeParty {
    shapes::HandshakeParty {
        id: id.into(),
        r#type: kind.to_owned(),
    }
}

/// What kind of party an invitation names: an e-mail address or an account.
fn party_kind(id: &str) -> &'static str {
    if id.contains('@') { "EMAIL" } else { "ACCOUNT" }
}

fn resource(kind: &str, value: impl Into<String>) -> shapes::HandshakeResource {
    shapes::HandshakeResource {
        value: Some(value.into()),
        r#type: Some(kind.to_owned()),
        resources: Vec::new(),
    }
}

fn shown(handshake: &Handshake, cx: &Cx<'_>) -> shapes::Handshake {
    let management = cx.snapshot.account(&handshake.account);
    let organization = management.and_then(|node| node.organization.organization.as_ref());
    let mut parties = vec![party(&handshake.organization, "ORGANIZATION")];
    let mut inner = Vec::new();
    if handshake.action == INVITE {
        if let Some(node) = management {
            inner.extend(email(&node.account).map(|email| resource("MASTER_EMAIL", email)));
            inner.push(resource("MASTER_NAME", &node.account.name));
        }
        if let Some(organization) = organization {
            let set = organization::feature_set(organization);
            inner.push(resource("ORGANIZATION_FEATURE_SET", set));
        }
    }
    let mut resources = vec![shapes::HandshakeResource {
        resources: inner,
        ..resource("ORGANIZATION", &handshake.organization)
    }];
    if let Some(to) = &handshake.party {
        parties.push(party(to, party_kind(to)));
        resources.push(resource(party_kind(to), to));
    }
    resources.extend(handshake.notes.iter().map(|notes| resource("NOTES", notes)));
    shapes::Handshake {
        id: Some(handshake.id.clone()),
        arn: Some(arn(handshake)),
        parties,
        state: Some(state(handshake, cx).to_owned()),
        requested_timestamp: Some(Millis(handshake.requested)),
        expiration_timestamp: Some(Millis(handshake.expires)),
        action: Some(handshake.action.clone()),
        resources,
    }
}

/// The handshake of this id, if the caller's account is a party of it.
fn find<'c>(id: &str, place: &Place, cx: &'c Cx<'_>) -> Option<&'c Handshake> {
    let own = cx.account_id().ok()?;
    let handshake = cx.snapshot.handshake(id)?;
    let current = cx
        .snapshot
        .account(&handshake.account)?
        .organization
        .organization
        .as_ref()
        .is_some_and(|organization| organization.id == handshake.organization);
    let of_ours = place
        .here()
        .is_ok_and(|here| here.organization.account == handshake.account);
    let party = handshake.target == Some(own) || of_ours;
    (current && party).then(|| &**handshake)
}

/// The need of `action` on a handshake. Either party answers for itself, so its own policies decide.
fn handshake_need(action: &Action, id: &str, reach: Reach, place: &Place, cx: &Cx<'_>) -> Need {
    let absent = || place.arn_of("handshake", &format!("invite/{id}"), cx);
    let arn = find(id, place, cx).map_or_else(absent, arn);
    need(action, arn, reach, place, cx)
}

/// A handshake that still stands, in the form that it ends in.
fn ended(handshake: &Handshake, as_state: &'static str, cx: &Cx<'_>) -> Result<Handshake, Fault> {
    let now = state(handshake, cx);
    if now == as_state {
        return Err(faults::exception(
            "HandshakeAlreadyInStateException",
            "The specified handshake is already in the requested state.",
        ));
    }
    if !is_pending(now) {
        return Err(faults::exception(
            "InvalidHandshakeTransitionException",
            "You can't perform the operation on the handshake in its current state.",
        ));
    }
    Ok(Handshake {
        state: as_state.to_owned(),
        ..handshake.clone()
    })
}

/// Handshakes of this organization that still stand.
fn pending<'h>(
    here: &'h Here,
    action: &'h str,
    cx: &'h Cx<'_>,
) -> impl Iterator<Item = &'h Handshake> {
    here.node
        .handshakes
        .values()
        .map(|handshake| &**handshake)
        .filter(move |one| {
            one.organization == here.organization.id
                && one.action == action
                && is_pending(state(one, cx))
        })
}

/// The account that an invitation means.
fn invited(target: &shapes::HandshakeParty, cx: &Cx<'_>) -> Result<AccountId, Fault> {
    match target.r#type.as_str() {
        "EMAIL" => cx
            .snapshot
            .account_by_email(&target.id)
            .map(|node| node.account.id)
            .ok_or_else(|| {
                faults::invalid(
                    "INVALID_EMAIL_ADDRESS_TARGET",
                    "You specified an invalid email address for the invited account owner. No account here has it.",
                )
            }),
        "ACCOUNT" => target
            .id
            .parse()
            .ok()
            .filter(|id| cx.snapshot.account(id).is_some())
            .ok_or_else(|| {
                faults::invalid(
                    "TARGET_NOT_SUPPORTED",
                    "You can't perform the specified operation on that target entity. There is no such account here.",
                )
            }),
        _ => Err(faults::invalid(
            "INVALID_PARTY_TYPE_TARGET",
            "You specified the wrong type of entity (account, organization, or email) as a party.",
        )),
    }
}

operation! {
    /// `organizations:InviteAccountToOrganization`.
    change InviteAccountToOrganization(shapes::InviteAccountToOrganizationInput) -> shapes::InviteAccountToOrganizationOutput,
    &[Action::new("organizations:InviteAccountToOrganization", &["account"], &["aws:RequestTag/${TagKey}", "aws:TagKeys"]), TAG_RESOURCE],
    |input, place, cx| {
        let id = if input.target.r#type == "ACCOUNT" { input.target.id.as_str() } else { "*" };
        let tags = tag_need(input.tags.as_ref(), place.arn(id, cx), Reach::Management, place, cx);
        let need = need(InviteAccountToOrganization::ACTION, place.arn(id, cx), Reach::Management, place, cx);
        Needs::one(need.request_tags(tag_pairs(input.tags.as_ref()))).and_if(tags)
    },
    |_, input, place, cx, batch| {
        let here = place.here()?;
        let target = invited(&input.target, cx)?;
        if here.node.members.contains_key(&target) {
            return Err(faults::handshake_constraint(
                "ALREADY_IN_AN_ORGANIZATION",
                "The handshake request is invalid because the invited account is already a member of an organization.",
            ));
        }
        if pending(here, ENABLE, cx).next().is_some() {
            return Err(faults::handshake_constraint(
                "INVITE_DISABLED_DURING_ENABLE_ALL_FEATURES",
                "You can't issue new invitations to join an organization while it's in the process of enabling all features.",
            ));
        }
        if pending(here, INVITE, cx).any(|handshake| handshake.target == Some(target)) {
            return Err(faults::exception(
                "DuplicateHandshakeException",
                "A handshake with the same action and target already exists.",
            ));
        }
        let standing = pending(here, INVITE, cx).count();
        let quota = cx.world.directory.quotas().accounts_per_organization;
        if standing >= INVITATIONS_MAX {
            return Err(faults::handshake_constraint(
                "HANDSHAKE_RATE_LIMIT_EXCEEDED",
                "You attempted to exceed the number of handshakes that you can send in one day.",
            ));
        }
        if u64::try_from(here.node.members.size() + standing).unwrap_or(u64::MAX) >= quota {
            return Err(faults::handshake_constraint(
                "ACCOUNT_NUMBER_LIMIT_EXCEEDED",
                "You have exceeded the allowed number of AWS accounts.",
            ));
        }
        joining::forget_old(&here.node, cx, batch);
        let handshake = Handshake {
            account: here.organization.account,
            id: ids::handshake_id(&*cx.world.random),
            organization: here.organization.id.clone(),
            action: INVITE.to_owned(),
            state: "OPEN".to_owned(),
            requested: cx.now,
            expires: cx.now.saturating_add(INVITATION_MILLIS),
            party: Some(input.target.id.clone()),
            target: Some(target),
            notes: input.notes.clone(),
            tags: new_tags(input.tags.as_ref())?,
        };
        let answer = shown(&handshake, cx);
        batch.put(handshake);
        Ok(shapes::InviteAccountToOrganizationOutput { handshake: Some(answer) })
    },
}

operation! {
    /// `organizations:EnableAllFeatures`: every member that was invited once is asked, and the management account decides last.
    change EnableAllFeatures(shapes::EnableAllFeaturesInput) -> shapes::EnableAllFeaturesOutput,
    &[Action::new("organizations:EnableAllFeatures", &[], &[])],
    |_, place, cx| Needs::one(need(EnableAllFeatures::ACTION, "*", Reach::Management, place, cx)),
    |_, _, place, cx, batch| {
        let here = place.here()?;
        if here.organization.all_features {
            return Err(faults::handshake_constraint(
                "ORGANIZATION_ALREADY_HAS_ALL_FEATURES",
                "The handshake request is invalid because the organization has already enabled all features.",
            ));
        }
        if pending(here, ENABLE, cx).next().is_some() {
            return Err(faults::handshake_constraint(
                "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION",
                "The handshake request is invalid because the organization has already started the process to enable all features.",
            ));
        }
        let management = here.organization.account;
        let asked: Vec<AccountId> = here
            .node
            .members
            .values()
            .filter(|member| !member.created_here && member.id != management)
            .map(|member| member.id)
            .collect();
        if asked.len() > ASKED_MAX {
            return Err(faults::constraint(
                "ALL_FEATURES_MIGRATION_ORGANIZATION_SIZE_LIMIT_EXCEEDED",
                format!("Your organization has more than {ASKED_MAX} accounts that would have to agree."),
            ));
        }
        let handshake = |action: &str, target: AccountId, party: Option<String>| Handshake {
            account: management,
            id: ids::handshake_id(&*cx.world.random),
            organization: here.organization.id.clone(),
            action: action.to_owned(),
            state: "REQUESTED".to_owned(),
            requested: cx.now,
            expires: cx.now.saturating_add(FEATURES_MILLIS),
            party,
            target: Some(target),
            notes: None,
            tags: Vec::new(),
        };
        for member in asked {
            batch.put(handshake(APPROVE, member, Some(member.to_string())));
        }
        let whole = handshake(ENABLE, management, None);
        let answer = shown(&whole, cx);
        batch.put(whole);
        Ok(shapes::EnableAllFeaturesOutput { handshake: Some(answer) })
    },
}

operation! {
    /// `organizations:AcceptHandshake`, by the account that it was sent to.
    change AcceptHandshake(shapes::AcceptHandshakeInput) -> shapes::AcceptHandshakeOutput,
    &[
        Action::new("organizations:AcceptHandshake", &["handshake"], &[]),
        joining::CREATE_SERVICE_LINKED_ROLE,
    ],
    |input, place, cx| {
        Needs::one(handshake_need(AcceptHandshake::ACTION, &input.handshake_id, Reach::Everyone, place, cx))
            .ask(joining::service_role_need(cx))
    },
    |permit, input, place, cx, batch| {
        let account = cx.account_id()?;
        let found = find(&input.handshake_id, place, cx).filter(|found| found.target == Some(account));
        let found = found.ok_or_else(faults::no_handshake)?;
        let accepted = ended(found, "ACCEPTED", cx)?;
        match found.action.as_str() {
            INVITE => join(found, account, place, permit.asked(0), cx, batch)?,
            ENABLE => {
                let here = place.here()?;
                if pending(here, APPROVE, cx).next().is_some() {
                    return Err(faults::exception(
                        "InvalidHandshakeTransitionException",
                        "You can't perform the operation on the handshake in its current state. Not all invited accounts have agreed yet.",
                    ));
                }
                batch.put(Organization { all_features: true, ..Organization::clone(&here.organization) });
            }
            _ => {}
        }
        let answer = shown(&accepted, cx);
        batch.put(accepted);
        Ok(shapes::AcceptHandshakeOutput { handshake: Some(answer) })
    },
}

/// Makes the account a member.
fn join(
    invitation: &Handshake,
    account: AccountId,
    place: &Place,
    role_allowed: bool,
    cx: &Cx<'_>,
    batch: &mut twinlock_directory::Batch,
) -> Result<(), Fault> {
    if place.is_in_one() {
        return Err(faults::handshake_constraint(
            "ALREADY_IN_AN_ORGANIZATION",
            "The handshake request is invalid because the invited account is already a member of an organization.",
        ));
    }
    organization::service_role_allowed(role_allowed)?;
    let organization = cx
        .snapshot
        .account(&invitation.account)
        .and_then(|node| node.organization.organization.as_ref())
        .ok_or_else(faults::no_handshake)?;
    joining::put_service_role(account, cx, batch);
    let tags = invitation.tags.clone();
    batch.put(joining::member(organization, account, false, tags, cx.now));
    Ok(())
}

operation! {
    /// `organizations:DeclineHandshake`, by the account that it was sent to.
    change DeclineHandshake(shapes::DeclineHandshakeInput) -> shapes::DeclineHandshakeOutput,
    &[Action::new("organizations:DeclineHandshake", &["handshake"], &[])],
    |input, place, cx| Needs::one(handshake_need(
        DeclineHandshake::ACTION, &input.handshake_id, Reach::Everyone, place, cx,
    )),
    |_, input, place, cx, batch| {
        let account = cx.account_id()?;
        let found = find(&input.handshake_id, place, cx).filter(|found| found.target == Some(account));
        let declined = ended(found.ok_or_else(faults::no_handshake)?, "DECLINED", cx)?;
        let answer = shown(&declined, cx);
        batch.put(declined);
        Ok(shapes::DeclineHandshakeOutput { handshake: Some(answer) })
    },
}

operation! {
    /// `organizations:CancelHandshake`, by the organization that it came from.
    change CancelHandshake(shapes::CancelHandshakeInput) -> shapes::CancelHandshakeOutput,
    &[Action::new("organizations:CancelHandshake", &["handshake"], &[])],
    |input, place, cx| {
        // An account that is invited has no organization to cancel for; a member account does not speak for its own.
        let reach = if place.is_in_one() { Reach::Management } else { Reach::Everyone };
        Needs::one(handshake_need(CancelHandshake::ACTION, &input.handshake_id, reach, place, cx))
    },
    |_, input, place, cx, batch| {
        let own = cx.account_id()?;
        let found = find(&input.handshake_id, place, cx).filter(|found| found.account == own);
        let canceled = ended(found.ok_or_else(faults::no_handshake)?, "CANCELED", cx)?;
        if canceled.action == ENABLE {
            let here = place.here()?;
            for approval in pending(here, APPROVE, cx).take(ASKED_MAX) {
                batch.put(ended(approval, "CANCELED", cx)?);
            }
        }
        let answer = shown(&canceled, cx);
        batch.put(canceled);
        Ok(shapes::CancelHandshakeOutput { handshake: Some(answer) })
    },
}

operation! {
    /// `organizations:DescribeHandshake`, by either party.
    read DescribeHandshake(shapes::DescribeHandshakeInput) -> shapes::DescribeHandshakeOutput,
    &[Action::new("organizations:DescribeHandshake", &["handshake"], &[])],
    |input, place, cx| Needs::one(handshake_need(
        DescribeHandshake::ACTION, &input.handshake_id, Reach::Everyone, place, cx,
    )),
    |input, place, cx| {
        let own = cx.account_id()?;
        // Of the organization's own accounts, the management account alone sees what was sent to others.
        let party = |found: &&Handshake| found.target == Some(own) || found.account == own;
        let found = find(&input.handshake_id, place, cx).filter(party);
        let answer = shown(found.ok_or_else(faults::no_handshake)?, cx);
        Ok(shapes::DescribeHandshakeOutput { handshake: Some(answer) })
    },
}

/// Whether a listing's filter lets the handshake through.
fn passes(handshake: &Handshake, filter: Option<&shapes::HandshakeFilter>) -> bool {
    let wanted = filter.and_then(|filter| filter.action_type.as_deref());
    wanted.is_none_or(|action| handshake.action == action)
}

operation! {
    /// `organizations:ListHandshakesForAccount`: those sent to the caller's account.
    read ListHandshakesForAccount(shapes::ListHandshakesForAccountInput) -> shapes::ListHandshakesForAccountOutput,
    &[Action::new("organizations:ListHandshakesForAccount", &[], &[])],
    |_, place, cx| Needs::one(need(ListHandshakesForAccount::ACTION, "*", Reach::Everyone, place, cx)),
    |input, place, cx| {
        let own = cx.account_id()?;
        let page = page(
            cx.snapshot
                .invitations(&own)
                .filter_map(|one| find(&one.id, place, cx))
                .filter(|one| passes(one, input.filter.as_ref())),
            |one| one.id.as_str(),
            input.next_token.as_deref(),
            input.max_results,
        )?;
        Ok(shapes::ListHandshakesForAccountOutput {
            handshakes: page.items.into_iter().map(|one| shown(one, cx)).collect(),
            next_token: page.next_token,
        })
    },
}

operation! {
    /// `organizations:ListHandshakesForOrganization`: those that came from it.
    read ListHandshakesForOrganization(shapes::ListHandshakesForOrganizationInput) -> shapes::ListHandshakesForOrganizationOutput,
    &[Action::new("organizations:ListHandshakesForOrganization", &[], &[])],
    |_, place, cx| Needs::one(need(ListHandshakesForOrganization::ACTION, "*", Reach::Administrators, place, cx)),
    |input, place, cx| {
        let here = place.here()?;
        let of_ours = here.node.handshakes.values().filter(|one| one.organization == here.organization.id);
        let page = page(
            of_ours.filter(|one| passes(one, input.filter.as_ref())),
            |one| one.id.as_str(),
            input.next_token.as_deref(),
            input.max_results,
        )?;
        Ok(shapes::ListHandshakesForOrganizationOutput {
            handshakes: page.items.into_iter().map(|one| shown(one, cx)).collect(),
            next_token: page.next_token,
        })
    },
}
