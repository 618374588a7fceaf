//! How accounts come into an organization and leave it, and how organizations begin and end.

use super::*;

#[test]
fn an_invited_account_joins_by_its_own_will() {
    let world = world();
    let invite = |id: &str, kind: &str| {
        let input = org::InviteAccountToOrganizationInput {
            target: org::HandshakeParty {
                id: id.to_owned(),
                r#type: kind.to_owned(),
            },
            notes: Some("come".to_owned()),
            tags: None,
        };
        let answer =
            world.change::<handshakes::InviteAccountToOrganization>(&root(MANAGEMENT), input)?;
        Ok::<_, Fault>(answer.handshake.and_then(|shake| shake.id).expect("an id"))
    };
    let accept = |who: &Caller, id: &str| {
        let input = org::AcceptHandshakeInput {
            handshake_id: id.to_owned(),
        };
        world.change::<handshakes::AcceptHandshake>(who, input)
    };
    assert_eq!(
        reason(invite(MEMBER, "ACCOUNT")),
        "ALREADY_IN_AN_ORGANIZATION"
    );
    assert_eq!(
        reason(invite("999999999999", "ACCOUNT")),
        "TARGET_NOT_SUPPORTED"
    );
    assert_eq!(
        reason(invite("x@y.zz", "EMAIL")),
        "INVALID_EMAIL_ADDRESS_TARGET"
    );
    let id = invite("333333333333@example.com", "EMAIL").expect("invited");
    assert_eq!(
        code(invite(OUTSIDER, "ACCOUNT")),
        "DuplicateHandshakeException"
    );
    assert_eq!(
        code(accept(&root(MEMBER), &id)),
        "HandshakeNotFoundException"
    );
    let list = || {
        let input = org::ListHandshakesForAccountInput::default();
        let answer = world.read::<handshakes::ListHandshakesForAccount>(&root(OUTSIDER), input);
        answer.expect("listed").handshakes
    };
    assert_eq!(list().len(), 1);
    let weak = world.user(
        OUTSIDER,
        "weak",
        &allow("organizations:AcceptHandshake", "*"),
    );
    assert_eq!(
        code(accept(&weak, &id)),
        "AccessDeniedForDependencyException"
    );

    let decline = org::DeclineHandshakeInput {
        handshake_id: id.clone(),
    };
    world
        .change::<handshakes::DeclineHandshake>(&root(OUTSIDER), decline)
        .expect("declined");
    assert_eq!(
        code(accept(&root(OUTSIDER), &id)),
        "InvalidHandshakeTransitionException"
    );

    let id = invite(OUTSIDER, "ACCOUNT").expect("invited again");
    accept(&root(OUTSIDER), &id).expect("accepted");
    assert_eq!(
        code(accept(&root(OUTSIDER), &id)),
        "HandshakeAlreadyInStateException"
    );
    let snapshot = world.world.directory.published();
    let node = snapshot.account(&account(OUTSIDER)).expect("there");
    assert!(snapshot.organization_of(&account(OUTSIDER)).is_some());
    assert!(node.role("AWSServiceRoleForOrganizations").is_some());

    world
        .change::<organization::LeaveOrganization>(&root(OUTSIDER), Default::default())
        .expect("left");
    let leave =
        world.change::<organization::LeaveOrganization>(&root(MANAGEMENT), Default::default());
    assert_eq!(code(leave), "MasterCannotLeaveOrganizationException");
    let late = invite(OUTSIDER, "ACCOUNT").expect("invited a third time");
    world.world.clock.advance(15 * 24 * 60 * 60 * 1000);
    assert_eq!(
        code(accept(&root(OUTSIDER), &late)),
        "InvalidHandshakeTransitionException"
    );
    let expired = list()
        .into_iter()
        .find(|shake| shake.id.as_deref() == Some(&late));
    let state = expired.and_then(|shake| shake.state);
    assert_eq!(state.as_deref(), Some("EXPIRED"));
}

#[test]
fn all_features_come_when_everyone_has_agreed() {
    let world = TestWorld::new(&[MANAGEMENT, MEMBER]);
    let input = org::CreateOrganizationInput {
        feature_set: Some("CONSOLIDATED_BILLING".to_owned()),
    };
    world
        .change::<organization::CreateOrganization>(&root(MANAGEMENT), input.clone())
        .expect("made");
    let again = world.change::<organization::CreateOrganization>(&root(MANAGEMENT), input);
    assert_eq!(code(again), "AlreadyInOrganizationException");
    let invite = org::InviteAccountToOrganizationInput {
        target: org::HandshakeParty {
            id: MEMBER.to_owned(),
            r#type: "ACCOUNT".to_owned(),
        },
        notes: None,
        tags: None,
    };
    let accept = |who: &str, id: String| {
        let input = org::AcceptHandshakeInput { handshake_id: id };
        world.change::<handshakes::AcceptHandshake>(&root(who), input)
    };
    let invited = world
        .change::<handshakes::InviteAccountToOrganization>(&root(MANAGEMENT), invite)
        .expect("invited");
    accept(
        MEMBER,
        invited.handshake.and_then(|one| one.id).expect("an id"),
    )
    .expect("joined");
    assert_eq!(
        code(policy(&world, "A", SCP, DENY_IAM)),
        "PolicyTypeNotAvailableForOrganizationException"
    );
    let enable =
        || world.change::<handshakes::EnableAllFeatures>(&root(MANAGEMENT), Default::default());
    let whole = enable()
        .expect("begun")
        .handshake
        .and_then(|one| one.id)
        .expect("an id");
    assert_eq!(
        reason(enable()),
        "ORGANIZATION_IS_ALREADY_PENDING_ALL_FEATURES_MIGRATION"
    );
    assert_eq!(
        code(accept(MANAGEMENT, whole.clone())),
        "InvalidHandshakeTransitionException"
    );
    let input = org::ListHandshakesForAccountInput {
        filter: Some(org::HandshakeFilter {
            action_type: Some("APPROVE_ALL_FEATURES".to_owned()),
            parent_handshake_id: None,
        }),
        ..Default::default()
    };
    let asked = world
        .read::<handshakes::ListHandshakesForAccount>(&root(MEMBER), input)
        .expect("listed");
    accept(MEMBER, asked.handshakes[0].id.clone().expect("an id")).expect("agreed");
    accept(MANAGEMENT, whole).expect("enabled");
    policy(&world, "A", SCP, DENY_IAM).expect("policies can be used");
    assert_eq!(reason(enable()), "ORGANIZATION_ALREADY_HAS_ALL_FEATURES");
}

#[test]
fn an_organization_is_deleted_when_it_is_empty_and_made_anew() {
    let world = world();
    let delete =
        || world.change::<organization::DeleteOrganization>(&root(MANAGEMENT), Default::default());
    assert_eq!(code(delete()), "OrganizationNotEmptyException");
    let input = org::RemoveAccountFromOrganizationInput {
        account_id: MEMBER.to_owned(),
    };
    world
        .change::<accounts::RemoveAccountFromOrganization>(&root(MANAGEMENT), input)
        .expect("removed");
    delete().expect("deleted");
    assert_eq!(code(delete()), "AWSOrganizationsNotInUseException");
    let made = world
        .change::<organization::CreateOrganization>(&root(MANAGEMENT), Default::default())
        .expect("made anew");
    assert_eq!(
        made.organization.and_then(|one| one.feature_set).as_deref(),
        Some("ALL")
    );
    let weak = world.user(
        MEMBER,
        "weak",
        &allow("organizations:CreateOrganization", "*"),
    );
    let made = world.change::<organization::CreateOrganization>(&weak, Default::default());
    assert_eq!(code(made), "AccessDeniedForDependencyException");
}
