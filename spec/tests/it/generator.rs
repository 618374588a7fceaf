//! Random cases that nearly match: everything in a document is bent from what the request has, so that most statements miss by
//! little or not at all.

mod callers;
mod conditions;
mod statements;

use twinlock_policy::PrincipalKind;
use twinlock_spec::{Case, ContextValue, LevelOf, Written};

use crate::random::Random;
use statements::{Kind, document, everything};

pub(crate) use conditions::operators;

pub(crate) const ACCOUNTS: [&str; 3] = ["111111111111", "222222222222", "333333333333"];

/// The case of a seed.
pub(crate) fn case(seed: u64) -> Case {
    let random = &mut Random::new(seed);
    let principal = callers::caller(random);
    let home = principal
        .account
        .clone()
        .unwrap_or_else(|| ACCOUNTS[0].to_owned());
    let owner = if random.percent(60) {
        home.as_str()
    } else {
        *random.pick(&ACCOUNTS)
    }
    .to_owned();
    let (action, resource, must_admit) = question(random, principal.kind, &owner);
    let mut case = Case::of(principal, &action, &resource);
    case.must_admit = must_admit;
    // An ARN that names its account needs no owner beside it; without either, the resource is the caller's own.
    let named = resource.contains(&format!(":{owner}:"));
    case.resource_account = (!random.percent(if named { 50 } else { 5 })).then_some(owner);
    case.context = conditions::context(random, &case.principal);
    documents(random, &mut case);
    case
}

fn question(random: &mut Random, kind: PrincipalKind, owner: &str) -> (String, String, bool) {
    let role = format!("arn:aws:iam::{owner}:role/UpdateApp");
    let key = format!("arn:aws:kms:us-east-1:{owner}:key/1234");
    let s3 = |resource: &str| format!("arn:aws:s3:::{resource}");
    let (action, resource, must_admit) = match kind {
        PrincipalKind::WebIdentity if random.percent(80) => {
            ("sts:AssumeRoleWithWebIdentity", role, true)
        }
        PrincipalKind::Saml if random.percent(80) => ("sts:AssumeRoleWithSAML", role, true),
        _ => match random.below(100) {
            0..24 => ("s3:GetObject", s3("reports/team/may.csv"), false),
            24..38 => ("s3:PutObject", s3("reports/Ann/June 1.csv"), false),
            38..44 => ("s3:PutBucketPolicy", s3("reports"), false),
            44..48 => ("s3:ListAllMyBuckets", s3("*"), false),
            48..66 => ("sts:AssumeRole", role, true),
            66..69 => ("sts:TagSession", role, true),
            69..77 => ("kms:Decrypt", key, true),
            77..81 => (
                "sqs:SendMessage",
                format!("arn:aws:sqs:us-east-1:{owner}:jobs"),
                false,
            ),
            81..85 => (
                "logs:PutLogEvents",
                format!("arn:aws:logs:us-east-1:{owner}:log-group:jobs:stream:a"),
                false,
            ),
            85..91 => (
                "iam:GetUser",
                format!("arn:aws:iam::{owner}:user/team/Bob"),
                false,
            ),
            91..98 => ("ec2:DescribeRegions", "*".to_owned(), false),
            98 => ("sts:GetCallerIdentity", "*".to_owned(), false),
            _ => ("sts:GetSessionToken", "*".to_owned(), false),
        },
    };
    let action = if random.percent(5) {
        action.to_uppercase().replacen("S3", "s3", 1)
    } else {
        action.to_owned()
    };
    (action, resource, must_admit)
}

fn documents(random: &mut Random, case: &mut Case) {
    let session_chance = match case.principal.kind {
        PrincipalKind::FederatedUser => 75,
        PrincipalKind::RoleSession => 35,
        _ => 5,
    };
    let identity = random.weighted(&[(10, 0), (60, 1), (30, 2)]).to_owned();
    case.identity = (0..identity)
        .map(|_| document(random, case, Kind::Identity))
        .collect();
    let resource = if case.must_admit { 90 } else { 60 };
    if random.percent(resource) {
        case.resource_policy = Some(document(random, case, Kind::Resource));
    }
    if random.percent(30) {
        case.boundary = Some(limits(random, case, Kind::Boundary));
    }
    if random.percent(session_chance) {
        case.session = Some(limits(random, case, Kind::Session));
    }
    if random.percent(30) {
        case.scps = Some(levels(random, case, Kind::Scp));
    }
    if random.percent(20) {
        case.rcps = Some(levels(random, case, Kind::Rcp));
    }
    if random.percent(12) {
        case.endpoint = Some(limits(random, case, Kind::Endpoint));
    }
    case.principal_in_management_account = random.percent(12);
    case.resource_in_management_account = random.percent(12);
    case.restrict_public_buckets = case.action.starts_with("s3:") && random.percent(15);
    case.acl_grant = case.action.starts_with("s3:") && random.percent(6);
}

/// Documents that cap what others grant: more often than not, they let everything pass.
fn limits(random: &mut Random, case: &Case, kind: Kind) -> Vec<Written> {
    let mut documents: Vec<Written> = (0..random.below(2))
        .map(|_| document(random, case, kind))
        .collect();
    if documents.is_empty() || random.percent(60) {
        documents.push(if random.percent(65) {
            everything(kind)
        } else {
            document(random, case, kind)
        });
    }
    documents
}

fn levels(random: &mut Random, case: &Case, kind: Kind) -> Vec<LevelOf> {
    let level = |random: &mut Random| LevelOf {
        policies: if random.percent(4) {
            Vec::new()
        } else {
            limits(random, case, kind)
        },
    };
    (0..random.below(4)).map(|_| level(random)).collect()
}

/// A text, bent.
pub(crate) fn bent(random: &mut Random, text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    if characters.is_empty() {
        return random.pick(&["", "*", "?", "x"]).to_string();
    }
    let at = random.below(characters.len());
    let (before, after): (String, String) = (
        characters[..at].iter().collect(),
        characters[at + 1..].iter().collect(),
    );
    match random.below(12) {
        0 => format!("{before}{after}"),
        1 => format!("{before}x{after}"),
        2 | 3 => format!("{before}?{after}"),
        4 | 5 => format!("{before}*{after}"),
        6 | 7 => format!("{before}*"),
        8 => format!("*{}{after}", characters[at]),
        9 => text.to_uppercase(),
        10 => text.to_lowercase(),
        _ => format!("{text}?"),
    }
}

/// A text with a star for a stretch of it, which may hold colons.
pub(crate) fn starred(random: &mut Random, text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let from = random.below(characters.len());
    let to = from + random.below(characters.len() - from);
    let (before, after): (String, String) = (
        characters[..from].iter().collect(),
        characters[to..].iter().collect(),
    );
    format!("{before}*{after}")
}

/// The value that a key has, if it is one.
pub(crate) fn single<'c>(case: &'c Case, key: &str) -> Option<&'c str> {
    match case.context.get(key)? {
        ContextValue::One(value) => Some(value),
        ContextValue::Many(_) => None,
    }
}
