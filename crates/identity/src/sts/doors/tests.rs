//! The list of roles that one may switch to, and AssumeRole itself, compared at random: 200 roles in 5 accounts, every kind of
//! principal and condition that people write, before people with keys, people at the console and sessions of roles.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Value as Json, json};
use twinlock_gate::{
    Caller,
    token::{Session, SessionOf},
};
use twinlock_shapes::{iam, organizations as org, sts::AssumeRoleInput};

use super::*;
use crate::{
    iam::{
        attachments::AttachGroupPolicy, groups::AddUserToGroup, groups::CreateGroup,
        inline_policies as inline, managed_policies::CreatePolicy, role_settings,
        roles::CreateRole, users::CreateUser,
    },
    organizations::{attachments::AttachPolicy, policies::CreatePolicy as CreateControl},
    sts::AssumeRole,
    testing::{START, TestWorld, allow, root},
};

const MANAGEMENT: &str = "111111111111";
const MEMBERS: [&str; 3] = ["222222222222", "333333333333", "444444444444"];
const OUTSIDER: &str = "081278057606";
const ACCOUNTS: [&str; 5] = [MANAGEMENT, MEMBERS[0], MEMBERS[1], MEMBERS[2], OUTSIDER];
const PEOPLE: [&str; 3] = ["John", "Sri", "Troy"];
/// Roles by which programs call, made before those that are asked about.
const BASES: [&str; 2] = ["Deploy", "Audit"];
const ROLES: usize = 200;
const HOUR_MS: u64 = 3_600_000;

/// A small generator: the same worlds in every run, and a seed to name one by.
struct Dice(u64);

impl Dice {
    fn of(seed: u64) -> Dice {
        Dice(0x9e37_79b9_7f4a_7c15 ^ (seed + 1).wrapping_mul(0x2545_f491_4f6c_dd1d))
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len() as u64) as usize].clone()
    }
}

/// Whom a trust policy names.
fn principal(dice: &mut Dice) -> Json {
    let account = dice.pick(&ACCOUNTS);
    let user = format!("arn:aws:iam::{account}:user/{}", dice.pick(&PEOPLE));
    let base = format!("arn:aws:iam::{account}:role/{}", dice.pick(&BASES));
    match dice.roll(9) {
        0 | 1 => json!({ "AWS": format!("arn:aws:iam::{account}:root") }),
        2 => json!({ "AWS": account }),
        3 => json!({ "AWS": user }),
        4 => json!({ "AWS": base }),
        5 => json!({ "AWS": [user, base] }),
        6 => {
            json!({ "AWS": [dice.pick(&ACCOUNTS), format!("arn:aws:iam::{}:root", dice.pick(&ACCOUNTS))] })
        }
        7 => json!("*"),
        _ => json!({ "AWS": user, "Service": "lambda.amazonaws.com" }),
    }
}

/// Conditions that open: on an Allow.
fn condition(dice: &mut Dice, organization: &str) -> Json {
    let all = [
        json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } }),
        json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" }, "NumericLessThan": { "aws:MultiFactorAuthAge": "3600" } }),
        json!({ "BoolIfExists": { "aws:MultiFactorAuthPresent": "true" } }),
        json!({ "BoolIfExists": { "aws:MultiFactorAuthPresent": "false" } }),
        json!({ "StringEquals": { "sts:ExternalId": "acme-17" } }),
        json!({ "StringEquals": { "STS:externalid": ["stuzio-4", "stuzio-5"] } }),
        json!({ "StringLike": { "sts:ExternalId": "acme-*" } }),
        json!({ "StringLike": { "sts:ExternalId": "${aws:username}-??" } }),
        json!({ "Null": { "sts:ExternalId": "false" } }),
        json!({ "StringNotEquals": { "sts:ExternalId": "acme-17" } }),
        json!({ "StringEqualsIfExists": { "sts:ExternalId": "acme-17" } }),
        json!({ "StringEquals": { "sts:ExternalId": "acme-17" }, "Bool": { "aws:MultiFactorAuthPresent": "true" } }),
        json!({ "StringEquals": { "sts:ExternalId": "two words" } }),
        json!({ "StringEquals": { "aws:PrincipalOrgID": organization } }),
        json!({ "StringEquals": { "aws:PrincipalOrgID": "o-somebodyelse" } }),
        json!({ "StringEquals": { "aws:PrincipalTag/team": "red" } }),
        json!({ "StringEquals": { "aws:PrincipalTag/team": "${aws:ResourceTag/team}" } }),
        json!({ "StringEquals": { "aws:PrincipalAccount": [MEMBERS[0], OUTSIDER] } }),
        json!({ "ArnLike": { "aws:PrincipalArn": "arn:aws:iam::*:user/J*" } }),
        json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } }),
        json!({ "NotIpAddress": { "aws:SourceIp": ["203.0.113.0/24"] } }),
        json!({ "StringEquals": { "sts:RoleSessionName": "${aws:username}" } }),
        json!({ "StringLike": { "sts:RoleSessionName": "J*" } }),
        json!({ "DateGreaterThan": { "aws:CurrentTime": "2014-01-01T00:00:00Z" } }),
        json!({ "StringEquals": { "aws:RequestTag/project": "x" } }),
        json!({ "Null": { "sts:SourceIdentity": "true" } }),
    ];
    dice.pick(&all)
}

/// Conditions that shut: on a Deny.
fn objection(dice: &mut Dice, organization: &str) -> Json {
    let all = [
        json!({ "BoolIfExists": { "aws:MultiFactorAuthPresent": "false" } }),
        json!({ "Bool": { "aws:MultiFactorAuthPresent": "false" } }),
        json!({ "StringNotEquals": { "sts:ExternalId": "acme-17" } }),
        json!({ "StringNotLike": { "sts:ExternalId": "acme-1?" } }),
        json!({ "Null": { "sts:ExternalId": "true" } }),
        json!({ "StringNotEquals": { "aws:PrincipalOrgID": organization } }),
        json!({ "StringEquals": { "aws:PrincipalTag/team": "blue" } }),
        json!({ "NotIpAddress": { "aws:SourceIp": "10.0.0.0/8" } }),
        json!({ "ArnEquals": { "aws:PrincipalArn": format!("arn:aws:iam::{}:user/Sri", MEMBERS[0]) } }),
        json!({ "StringNotLike": { "sts:RoleSessionName": "${aws:username}" } }),
    ];
    dice.pick(&all)
}

fn document(statements: &[Json]) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

fn trust(dice: &mut Dice, organization: &str) -> String {
    let mut statements = Vec::new();
    for _ in 0..=dice.roll(2) {
        let action = dice.pick(&[
            json!("sts:AssumeRole"),
            json!("sts:*"),
            json!(["sts:AssumeRole", "sts:TagSession"]),
            json!(["sts:AssumeRole", "sts:SetSourceIdentity"]),
            json!("sts:AssumeRoleWithSAML"),
        ]);
        let mut allow =
            json!({ "Effect": "Allow", "Principal": principal(dice), "Action": action });
        if dice.roll(3) > 0 || allow["Principal"] == "*" {
            allow["Condition"] = condition(dice, organization);
        }
        statements.push(allow);
    }
    if dice.roll(4) == 0 {
        statements.push(json!({
            "Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole",
            "Condition": objection(dice, organization),
        }));
    }
    document(&statements)
}

/// What a user, a group or a role of programs is allowed.
fn permissions(dice: &mut Dice, organization: &str) -> String {
    let resource = |dice: &mut Dice| {
        let account = dice.pick(&ACCOUNTS);
        dice.pick(&[
            json!("*"),
            json!("*"),
            json!("arn:aws:iam::*:role/*"),
            json!(format!("arn:aws:iam::{account}:role/*")),
            json!(["arn:aws:iam::*:role/R1*", "arn:aws:iam::*:role/team/*"]),
        ])
    };
    let mut statements = Vec::new();
    for _ in 0..=dice.roll(2) {
        let action = dice.pick(&[json!("sts:AssumeRole"), json!("sts:*"), json!("*")]);
        let mut allow = json!({ "Effect": "Allow", "Action": action, "Resource": resource(dice) });
        if dice.roll(4) == 0 {
            allow["Condition"] = dice.pick(&[
                json!({ "StringEquals": { "aws:ResourceTag/team": "red" } }),
                json!({ "StringEquals": { "iam:ResourceTag/team": ["red", "blue"] } }),
                json!({ "StringEquals": { "aws:ResourceAccount": MEMBERS } }),
                json!({ "StringEquals": { "aws:ResourceOrgID": organization } }),
                json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } }),
                json!({ "StringEquals": { "sts:ExternalId": "acme-17" } }),
            ]);
        }
        statements.push(allow);
    }
    if dice.roll(3) == 0 {
        let mut deny =
            json!({ "Effect": "Deny", "Action": "sts:AssumeRole", "Resource": resource(dice) });
        if deny["Resource"] == "*" || dice.roll(2) == 0 {
            deny["Condition"] = objection(dice, organization);
        }
        statements.push(deny);
    }
    document(&statements)
}

/// Somebody who may ask: as it is, and after a sign-in with MFA where there is such a thing.
struct Asker {
    name: String,
    session_name: String,
    caller: Caller,
    with_mfa: Option<Caller>,
}

struct Made {
    world: TestWorld,
    askers: Vec<Asker>,
    roles: Vec<Arc<Role>>,
}

fn tags(team: &str) -> Option<Vec<iam::Tag>> {
    (!team.is_empty()).then(|| {
        vec![iam::Tag {
            key: "team".into(),
            value: team.into(),
        }]
    })
}

fn make(seed: u64) -> Made {
    let dice = &mut Dice::of(seed);
    let world = TestWorld::new(&ACCOUNTS);
    world.organization(MANAGEMENT, &MEMBERS);
    let organization = {
        let snapshot = world.world.directory.published();
        let place = snapshot.organization_of(&MANAGEMENT.parse().expect("an id"));
        place.expect("an organization").organization.id.clone()
    };
    for account in ACCOUNTS {
        people(&world, dice, account, &organization);
    }
    controls(&world, dice, &organization);
    let mut names = Vec::new();
    for n in 0..ROLES {
        let account = ACCOUNTS[n % ACCOUNTS.len()];
        let name = format!("R{n}");
        let input = iam::CreateRoleInput {
            role_name: name.clone(),
            path: dice.pick(&[None, None, Some("/team/".to_owned())]),
            assume_role_policy_document: trust(dice, &organization),
            tags: tags(dice.pick(&["red", "blue", ""])),
            ..Default::default()
        };
        world
            .change::<CreateRole>(&root(account), input)
            .unwrap_or_else(|fault| panic!("seed {seed}, role {n}: {fault}"));
        names.push((account, name));
    }
    let snapshot = world.world.directory.published();
    let role = |account: &str, name: &str| {
        let node = snapshot.account(&account.parse().expect("an id"));
        node.expect("the account")
            .role(name)
            .expect("the role")
            .clone()
    };
    let roles = names.iter().map(|(account, name)| role(account, name));
    let roles = roles.collect();
    let mut askers = Vec::new();
    for account in ACCOUNTS {
        for name in PEOPLE {
            let user = world.stored_user(account, name);
            let mut facts = crate::testing::caller(twinlock_gate::Who::Anonymous).request;
            facts.source_ip = dice.pick(&[
                Some([10, 0, 0, 5].into()),
                Some([203, 0, 113, 9].into()),
                None,
            ]);
            let session = |mfa| {
                let of = SessionOf::User {
                    account: user.account,
                    user_id: Some(user.id.clone()),
                };
                let mut session = Session::new(of, START, START + 12 * HOUR_MS);
                session.mfa = mfa;
                Caller::in_session(session.into(), "ASIA", facts.clone())
            };
            let with_key = Caller {
                request: facts.clone(),
                ..crate::testing::caller(twinlock_gate::Who::User {
                    account: user.account,
                    id: user.id.clone(),
                })
            };
            // A key, a sign-in, one with MFA, and one with MFA two hours ago.
            let two_hours = START - 2 * HOUR_MS;
            let callers = [
                with_key,
                session(None),
                session(Some(START)),
                session(Some(two_hours)),
            ];
            for n in [dice.roll(2) as usize, 2 + dice.roll(2) as usize] {
                askers.push(Asker {
                    name: format!("{} of {account} ({n})", user.name),
                    session_name: user.name.clone(),
                    caller: callers[n].clone(),
                    with_mfa: Some(session(Some(START))),
                });
            }
        }
        let base = role(account, dice.pick(&BASES));
        let of = SessionOf::Role {
            account: base.account,
            role_id: base.id.clone(),
            name: "job".into(),
        };
        // What a session hands down the next role must admit, too.
        let mut session = Session::new(of, START, START + HOUR_MS);
        session.source_identity = dice.pick(&[None, Some("John".to_owned())]);
        if dice.roll(3) == 0 {
            session.tags = vec![("team".into(), "red".into())];
            session.transitive = vec!["team".into()];
        }
        askers.push(Asker {
            name: format!(
                "{} of {account}, {:?}, {:?}",
                base.name, session.source_identity, session.transitive
            ),
            session_name: "Job-17".into(),
            caller: Caller::in_session(
                session.into(),
                "ASIA",
                crate::testing::caller(twinlock_gate::Who::Anonymous).request,
            ),
            with_mfa: None,
        });
    }
    Made {
        world,
        askers,
        roles,
    }
}

/// Users, a group, boundaries, and the roles of programs.
fn people(world: &TestWorld, dice: &mut Dice, account: &str, organization: &str) {
    let owner = &root(account);
    let managed = |dice: &mut Dice, name: &str| {
        let input = iam::CreatePolicyInput {
            policy_name: name.to_owned(),
            policy_document: permissions(dice, organization),
            ..Default::default()
        };
        let made = world
            .change::<CreatePolicy>(owner, input)
            .expect("a policy");
        made.policy.and_then(|policy| policy.arn).expect("an arn")
    };
    let boundary = managed(dice, "Boundary");
    let of_group = managed(dice, "OfTheGroup");
    let group = iam::CreateGroupInput {
        group_name: "Developers".into(),
        ..Default::default()
    };
    world.change::<CreateGroup>(owner, group).expect("a group");
    world
        .change::<AttachGroupPolicy>(
            owner,
            iam::AttachGroupPolicyInput {
                group_name: "Developers".into(),
                policy_arn: of_group,
            },
        )
        .expect("attached");
    for name in PEOPLE {
        let bounded = dice.roll(4) == 0;
        let input = iam::CreateUserInput {
            user_name: name.into(),
            permissions_boundary: bounded.then(|| boundary.clone()),
            tags: tags(dice.pick(&["red", "blue", ""])),
            ..Default::default()
        };
        world.change::<CreateUser>(owner, input).expect("a user");
        if dice.roll(4) > 0 {
            let input = iam::PutUserPolicyInput {
                user_name: name.into(),
                policy_name: "own".into(),
                policy_document: permissions(dice, organization),
            };
            world
                .change::<inline::PutUserPolicy>(owner, input)
                .expect("a policy");
        }
        if dice.roll(2) == 0 {
            let input = iam::AddUserToGroupInput {
                group_name: "Developers".into(),
                user_name: name.into(),
            };
            world
                .change::<AddUserToGroup>(owner, input)
                .expect("a member");
        }
    }
    for name in BASES {
        let input = iam::CreateRoleInput {
            role_name: name.into(),
            assume_role_policy_document: document(&[json!({
                "Effect": "Allow", "Principal": { "AWS": account }, "Action": "sts:AssumeRole",
            })]),
            tags: tags(dice.pick(&["red", "blue", ""])),
            ..Default::default()
        };
        world.change::<CreateRole>(owner, input).expect("a role");
        let input = iam::PutRolePolicyInput {
            role_name: name.into(),
            policy_name: "own".into(),
            policy_document: permissions(dice, organization),
        };
        world
            .change::<inline::PutRolePolicy>(owner, input)
            .expect("a policy");
        if dice.roll(3) == 0 {
            let input = iam::PutRolePermissionsBoundaryInput {
                role_name: name.into(),
                permissions_boundary: boundary.clone(),
            };
            world
                .change::<role_settings::PutRolePermissionsBoundary>(owner, input)
                .expect("a boundary");
        }
    }
}

/// A service control policy on one member, a resource control policy on another.
fn controls(world: &TestWorld, dice: &mut Dice, organization: &str) {
    let owner = &root(MANAGEMENT);
    let objection = |dice: &mut Dice| objection(dice, organization);
    let scp = json!({ "Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*", "Condition": objection(dice) });
    let rcp = json!({ "Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*", "Condition": objection(dice) });
    for (kind, content, target) in [
        ("SERVICE_CONTROL_POLICY", scp, dice.pick(&MEMBERS)),
        ("RESOURCE_CONTROL_POLICY", rcp, dice.pick(&MEMBERS)),
    ] {
        let input = org::CreatePolicyInput {
            content: document(&[content]),
            description: String::new(),
            name: kind.to_owned(),
            r#type: kind.to_owned(),
            tags: None,
        };
        let made = world.change::<CreateControl>(owner, input).expect("made");
        let summary = made.policy.and_then(|policy| policy.policy_summary);
        let input = org::AttachPolicyInput {
            policy_id: summary.and_then(|summary| summary.id).expect("an id"),
            target_id: target.to_owned(),
        };
        world
            .change::<AttachPolicy>(owner, input)
            .expect("attached");
    }
}

impl Made {
    /// Whether AssumeRole itself goes through.
    fn assumes(&self, caller: &Caller, role: &Role, name: &str, id: Option<&str>) -> bool {
        let input = AssumeRoleInput {
            role_arn: role.arn(),
            role_session_name: name.to_owned(),
            external_id: id.map(str::to_owned),
            ..Default::default()
        };
        match self.world.effect::<AssumeRole>(caller, input) {
            Ok(_) => true,
            Err(fault) => {
                assert_eq!(fault.code, "AccessDenied", "{fault}");
                false
            }
        }
    }
}

/// External ids that people would send: those that the generator writes, and one that nobody has heard of.
const SENT: [&str; 9] = [
    "acme-17",
    "acme-18",
    "acme-99",
    "stuzio-4",
    "stuzio-5",
    "John-00",
    "Sri-00",
    "Troy-00",
    "unheard-of",
];

#[test]
fn the_list_of_roles_and_assume_role_always_agree() {
    let mut seen: HashMap<Option<Door>, usize> = HashMap::new();
    for seed in 0..2 {
        let made = make(seed);
        let snapshot = made.world.world.directory.published();
        for asker in &made.askers {
            let world = &made.world.world;
            let cx = world.standing_of(&asker.caller, &snapshot).expect("there");
            let doors = Doors::of(cx, &asker.session_name);
            for role in &made.roles {
                let door = doors.to(role);
                *seen.entry(door).or_default() += 1;
                let context = || {
                    let trust = role.trust.text();
                    format!(
                        "seed {seed}: {} at {}: {door:?}\n{trust}",
                        asker.name,
                        role.arn()
                    )
                };
                let go = |mfa: bool, ids: &[Option<&str>]| {
                    let caller = if mfa {
                        let Some(caller) = &asker.with_mfa else {
                            return false;
                        };
                        caller
                    } else {
                        &asker.caller
                    };
                    ids.iter()
                        .any(|id| made.assumes(caller, role, &asker.session_name, *id))
                };
                let sent = SENT.map(Some);
                let bare = [None];
                assert_eq!(go(false, &bare), door == Some(Door::OPEN), "{}", context());
                match door {
                    Some(Door::OPEN) => {}
                    Some(Door { mfa, external_id }) => {
                        let ids: &[Option<&str>] = if external_id { &sent } else { &bare };
                        assert!(go(mfa, ids), "opens as the list says: {}", context());
                        if external_id {
                            assert!(!go(true, &bare), "not by MFA alone: {}", context());
                        }
                        if external_id && mfa {
                            assert!(!go(false, &sent), "not without MFA: {}", context());
                        }
                    }
                    None => {
                        for mfa in [false, true] {
                            assert!(!go(mfa, &bare) && !go(mfa, &sent), "{}", context());
                        }
                    }
                }
            }
        }
    }
    // Each kind of door was met, or nothing was compared.
    println!("{seen:?}");
    for (mfa, external_id) in [(false, false), (true, false), (false, true), (true, true)] {
        let met = seen.get(&Some(Door { mfa, external_id }));
        assert!(
            met.is_some_and(|met| *met > 50),
            "{mfa} {external_id}: {seen:?}"
        );
    }
}

#[test]
fn root_users_find_no_door_however_open_it_is() {
    let world = TestWorld::new(&[MANAGEMENT, OUTSIDER]);
    let open = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"{OUTSIDER}"}},"Action":"sts:AssumeRole"}}}}"#
    );
    let role = world.role(MANAGEMENT, "Open", &open, "");
    let snapshot = world.world.directory.published();
    let to = |caller: &Caller| {
        let cx = world.world.standing_of(caller, &snapshot).expect("there");
        Doors::of(cx, "somebody").to(&role)
    };
    assert_eq!(to(&root(OUTSIDER)), None);
    assert_eq!(to(&root(MANAGEMENT)), None);
}

/// A list of all roles asks only those that speak of the caller. However they say it, none of them is overlooked.
#[test]
fn a_role_speaks_of_the_caller_in_many_ways() {
    let world = TestWorld::new(&[MANAGEMENT, OUTSIDER]);
    let john = world.user(
        OUTSIDER,
        "John",
        &allow("sts:AssumeRole", "arn:aws:iam::111111111111:role/*"),
    );
    let id = world.stored_user(OUTSIDER, "John").id;
    let snapshot = world.world.directory.published();
    let cx = world.world.standing_of(&john, &snapshot).expect("there");
    let doors = Doors::of(cx, "John");
    let made = std::cell::Cell::new(0);
    let trusts = |principal: &str| {
        made.set(made.get() + 1);
        let trust = format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole"}}}}"#
        );
        world.role(MANAGEMENT, &format!("Door{}", made.get()), &trust, "")
    };
    for principal in [
        r#"{"AWS":"081278057606"}"#,
        r#"{"AWS":"arn:aws:iam::081278057606:root"}"#,
        r#"{"AWS":["999999999999","arn:aws:iam::081278057606:user/John"]}"#,
        r#"{"AWS":"arn:aws:iam::\u0030\u0038\u0031278057606:root"}"#,
        r#"{"AWS":"\u0030812780576\u00306"}"#,
        r#"{"AWS":"*"}"#,
        r#""*""#,
        &format!(r#"{{"AWS":"{id}"}}"#),
    ] {
        let role = trusts(principal);
        let bound = principal.contains(":user/") || principal.contains(&id);
        assert!(doors.concerns(&role), "{principal}");
        // Names of users are bound to their ids when a policy is written, which was not done here.
        assert!(bound || doors.to(&role) == Some(Door::OPEN), "{principal}");
    }
    for principal in [
        r#"{"AWS":"111111111111"}"#,
        r#"{"AWS":"arn:aws:iam::333333333333:user/John"}"#,
        r#"{"Service":"lambda.amazonaws.com"}"#,
    ] {
        let role = trusts(principal);
        assert!(!doors.concerns(&role), "{principal}");
        assert_eq!(doors.to(&role), None, "{principal}");
    }
}
