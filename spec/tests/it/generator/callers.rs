//! Random callers, and principals that name them or nearly.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use twinlock_policy::{Issuer, Principal, PrincipalKind};

use super::ACCOUNTS;
use crate::random::Random;

const PROVIDERS: [&str; 3] = [
    "arn:aws:iam::111111111111:oidc-provider/token.example.com",
    "arn:aws:iam::222222222222:saml-provider/Staff",
    "accounts.example.com",
];
const SERVICES: [&str; 2] = ["lambda.amazonaws.com", "s3.amazonaws.com"];
const USERS: [&str; 3] = ["Ann", "ann", "team/Bob"];
const ROLES: [&str; 3] = [
    "App",
    "path/App",
    "aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
];

pub(super) fn caller(random: &mut Random) -> Principal {
    let account = *random.weighted(&[(60, ACCOUNTS[0]), (30, ACCOUNTS[1]), (10, ACCOUNTS[2])]);
    let of = |kind, arn: String| Principal {
        kind,
        account: Some(account.to_owned()),
        arn,
        ..Principal::anonymous()
    };
    let user = *random.pick(&USERS);
    let user_arn = format!("arn:aws:iam::{account}:user/{user}");
    match random.below(100) {
        0..28 => Principal {
            unique_id: Some(id_of(&user_arn, 0)),
            ..of(PrincipalKind::User, user_arn)
        },
        28..60 => {
            let role = *random.weighted(&[(40, ROLES[0]), (40, ROLES[1]), (20, ROLES[2])]);
            let name = role.rsplit('/').next().unwrap_or(role);
            let role_arn = format!("arn:aws:iam::{account}:role/{role}");
            let session = random.pick(&["s1", "Ann"]);
            let arn = if random.percent(5) {
                role_arn.clone()
            } else {
                format!("arn:aws:sts::{account}:assumed-role/{name}/{session}")
            };
            let issuer = Issuer {
                unique_id: (!random.percent(5)).then(|| id_of(&role_arn, 0)),
                arn: role_arn,
            };
            Principal {
                service_linked: role.starts_with("aws-service-role/"),
                issuer: (!random.percent(10)).then_some(issuer),
                ..of(PrincipalKind::RoleSession, arn)
            }
        }
        60..72 => Principal {
            issuer: Some(Issuer {
                unique_id: Some(id_of(&user_arn, 0)),
                arn: user_arn,
            }),
            ..of(
                PrincipalKind::FederatedUser,
                format!("arn:aws:sts::{account}:federated-user/fed"),
            )
        },
        72..80 => of(PrincipalKind::Root, format!("arn:aws:iam::{account}:root")),
        80..86 => Principal::service(random.pick::<&str>(&SERVICES)),
        86..90 => bearer(PrincipalKind::WebIdentity, random.pick::<&str>(&PROVIDERS)),
        90..92 => bearer(PrincipalKind::Saml, random.pick::<&str>(&PROVIDERS)),
        _ => Principal::anonymous(),
    }
}

fn bearer(kind: PrincipalKind, provider: &str) -> Principal {
    Principal {
        kind,
        arn: provider.to_owned(),
        provider: Some(provider.to_owned()),
        ..Principal::anonymous()
    }
}

/// The unique id of an identity; those who had the ARN before it had other ids.
fn id_of(arn: &str, before: usize) -> String {
    let prefix = if arn.contains(":user/") {
        "AIDA"
    } else {
        "AROA"
    };
    format!(
        "{prefix}{:010}{before}",
        arn.bytes().map(u64::from).sum::<u64>()
    )
}

/// What `Principal` or `NotPrincipal` says: the caller itself in one of its forms, more often than not.
pub(super) fn element(
    random: &mut Random,
    caller: &Principal,
    bindings: &mut BTreeMap<String, String>,
) -> Json {
    if random.percent(10) {
        return json!("*");
    }
    let mut map: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for _ in 0..*random.weighted(&[(70, 1), (22, 2), (8, 3)]) {
        let (kind, text) = one(random, caller, bindings);
        map.entry(kind).or_default().push(text);
    }
    let one_or_many = |random: &mut Random, texts: Vec<String>| match &texts[..] {
        [one] if random.percent(60) => json!(one),
        _ => json!(texts),
    };
    let map: BTreeMap<&str, Json> = map
        .into_iter()
        .map(|(kind, texts)| (kind, one_or_many(random, texts)))
        .collect();
    json!(map)
}

fn one(
    random: &mut Random,
    caller: &Principal,
    bindings: &mut BTreeMap<String, String>,
) -> (&'static str, String) {
    let own = caller.account.as_deref().unwrap_or(ACCOUNTS[0]);
    let account = if random.percent(80) {
        own
    } else {
        *random.pick(&ACCOUNTS)
    };
    let issuer = caller.issuer.as_ref().map(|issuer| issuer.arn.clone());
    match random.below(100) {
        // The caller itself, by its most direct name.
        0..26 => match caller.kind {
            PrincipalKind::Service => ("Service", caller.arn.clone()),
            PrincipalKind::WebIdentity | PrincipalKind::Saml => ("Federated", caller.arn.clone()),
            PrincipalKind::Anonymous => ("AWS", "*".to_owned()),
            _ => ("AWS", bound(random, bindings, caller.arn.clone())),
        },
        // What is behind it.
        26..44 => match issuer {
            Some(arn) => ("AWS", bound(random, bindings, arn)),
            None if caller.kind == PrincipalKind::RoleSession => {
                let name = caller.arn.split('/').nth(1).unwrap_or("App");
                let path = random.pick(&["", "path/"]);
                ("AWS", format!("arn:aws:iam::{account}:role/{path}{name}"))
            }
            None => ("AWS", format!("arn:aws:iam::{account}:root")),
        },
        44..54 => ("AWS", format!("arn:aws:iam::{account}:root")),
        54..64 => ("AWS", account.to_owned()),
        64..68 => ("AWS", "*".to_owned()),
        68..72 => {
            let arn = format!("arn:aws:iam::{account}:user/{}", random.pick(&USERS));
            ("AWS", bound(random, bindings, arn))
        }
        72..76 => {
            let arn = format!("arn:aws:iam::{account}:role/{}", random.pick(&ROLES));
            ("AWS", bound(random, bindings, arn))
        }
        76..79 => (
            "AWS",
            format!(
                "arn:aws:sts::{account}:assumed-role/{}/{}",
                random.pick(&["App", "app", "path/App"]),
                random.pick(&["s1", "Ann", "*"])
            ),
        ),
        79..81 => ("AWS", format!("arn:aws:sts::{account}:federated-user/fed")),
        81..84 => ("Service", random.pick(&SERVICES).to_string()),
        84..87 => ("Federated", random.pick(&PROVIDERS).to_string()),
        87..93 => {
            let canonical = format!("canonical-of-{account}");
            if random.percent(80) {
                bindings.insert(canonical.clone(), account.to_owned());
            }
            ("CanonicalUser", canonical)
        }
        93..95 => (
            "AWS",
            caller
                .unique_id
                .clone()
                .or_else(|| caller.issuer.as_ref()?.unique_id.clone())
                .unwrap_or_else(|| "AROA00000000000".to_owned()),
        ),
        95 => ("AWS", format!("arn:aws:iam::{account}:user/*")),
        96 => ("AWS", format!("arn:aws:iam::{account}:role/A?p")),
        97 if random.percent(50) => (
            "AWS",
            random
                .pick(&[
                    "arn:aws-cn:iam::",
                    "arn:aws:iam:us-east-1:",
                    "arn:aws:iam::0",
                ])
                .to_string()
                + account
                + ":root",
        ),
        97 => ("AWS", format!("arn:aws:iam::{account}:group/Developers")),
        98 => ("aws", account.to_owned()),
        _ => (
            random.pick::<&str>(&["Service", "Federated", "CanonicalUser"]),
            "*".to_owned(),
        ),
    }
}

/// An ARN as it was bound when it was written: not at all, to who has it now, or to who had it before.
fn bound(random: &mut Random, bindings: &mut BTreeMap<String, String>, arn: String) -> String {
    if (arn.contains(":user/") || arn.contains(":role/")) && random.percent(45) {
        bindings.insert(arn.clone(), id_of(&arn, usize::from(random.percent(40))));
    }
    arn
}
