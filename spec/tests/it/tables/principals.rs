//! What each form of a principal is worth for each kind of caller: 1.4 and 1.5, told by what the decision then asks for.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use twinlock_spec::{Case, Written};

use super::*;
use crate::engine::both;

const CALLERS: [PrincipalKind; 7] = [
    PrincipalKind::User,
    PrincipalKind::RoleSession,
    PrincipalKind::FederatedUser,
    PrincipalKind::Root,
    PrincipalKind::Service,
    PrincipalKind::WebIdentity,
    PrincipalKind::Anonymous,
];

fn document(statement: &Json) -> Written {
    Written::parse(&json!({"Version": "2012-10-17", "Statement": statement}).to_string()).unwrap()
}

/// The strength of a grant, as the decision shows it. A root user at home needs none, so that it is asked from another account, where
/// one is as good as another: `covers`.
fn strength(
    kind: PrincipalKind,
    principal: &Json,
    bindings: &BTreeMap<String, String>,
) -> &'static str {
    let mut caller = caller(kind);
    caller.unique_id = (kind == PrincipalKind::User).then(|| "AIDA1".to_owned());
    if let Some(issuer) = &mut caller.issuer {
        issuer.unique_id = Some("AIDA1".to_owned());
    }
    let grant = Written {
        bindings: bindings.clone(),
        ..document(
            &json!({"Effect": "Allow", "Principal": principal, "Action": "*", "Resource": "*"}),
        )
    };
    let all = document(&json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let silent = document(&json!([]));
    let allowed = |identity: &Written, limit: &Written, must_admit: bool, owner: &str| {
        both(&Case {
            resource_account: Some(owner.to_owned()),
            resource_policy: Some(grant.clone()),
            identity: vec![identity.clone()],
            boundary: (kind != PrincipalKind::Root).then(|| vec![limit.clone()]),
            session: (kind != PrincipalKind::Root).then(|| vec![limit.clone()]),
            must_admit,
            ..Case::of(
                caller.clone(),
                "kms:Decrypt",
                "arn:aws:kms:us-east-1::key/1",
            )
        })
        .outcome
            == Outcome::Allowed
    };
    if kind == PrincipalKind::Root {
        return if allowed(&silent, &silent, false, OTHER) {
            "covers"
        } else {
            "none"
        };
    }
    if allowed(&silent, &silent, false, ACCOUNT) {
        "direct"
    } else if allowed(&silent, &all, false, ACCOUNT) {
        "entity"
    } else if allowed(&all, &all, true, ACCOUNT) {
        "account"
    } else {
        "none"
    }
}

#[test]
fn section_1_4_principal_forms() {
    let none = ["none"; 7];
    let bound = |arn: &str, id: &str| BTreeMap::from([(arn.to_owned(), id.to_owned())]);
    let account = [
        "account", "account", "account", "covers", "none", "none", "none",
    ];
    let everybody = [
        "direct", "direct", "direct", "covers", "direct", "direct", "direct",
    ];
    let only = |at: usize, strength: &'static str| {
        let mut row = none;
        row[at] = strength;
        row
    };
    let user = ["direct", "none", "entity", "none", "none", "none", "none"];
    let rows: Vec<(Json, BTreeMap<String, String>, [&str; 7])> = vec![
        (json!("*"), BTreeMap::new(), everybody),
        (json!({"AWS": "*"}), BTreeMap::new(), everybody),
        (json!({"AWS": ACCOUNT}), BTreeMap::new(), account),
        (
            json!({"AWS": "arn:aws:iam::111111111111:root"}),
            BTreeMap::new(),
            account,
        ),
        (json!({"AWS": OTHER}), BTreeMap::new(), none),
        (json!({"AWS": USER}), BTreeMap::new(), user),
        (
            json!({"AWS": USER.replace("Ann", "ann")}),
            BTreeMap::new(),
            none,
        ),
        (json!({"AWS": USER}), bound(USER, "AIDA1"), user),
        (json!({"AWS": USER}), bound(USER, "AIDA0"), none),
        (json!({"AWS": ROLE}), BTreeMap::new(), only(1, "entity")),
        (
            json!({"AWS": ROLE.replace("/p/", "/")}),
            BTreeMap::new(),
            none,
        ),
        (json!({"AWS": ROLE}), bound(ROLE, "AROA0"), none),
        (json!({"AWS": SESSION}), BTreeMap::new(), only(1, "direct")),
        (json!({"AWS": format!("{SESSION}2")}), BTreeMap::new(), none),
        (
            json!({"AWS": FEDERATED}),
            BTreeMap::new(),
            only(2, "direct"),
        ),
        (
            json!({"Service": "lambda.amazonaws.com"}),
            BTreeMap::new(),
            only(4, "direct"),
        ),
        (
            json!({"Service": "s3.amazonaws.com"}),
            BTreeMap::new(),
            none,
        ),
        (
            json!({"Federated": "idp.example"}),
            BTreeMap::new(),
            only(5, "direct"),
        ),
        (json!({"Federated": "other.example"}), BTreeMap::new(), none),
        (
            json!({"CanonicalUser": "c0ffee"}),
            bound("c0ffee", ACCOUNT),
            account,
        ),
        (json!({"CanonicalUser": "c0ffee"}), BTreeMap::new(), none),
        (json!({"AWS": ["AIDA1", "AROA1"]}), BTreeMap::new(), none),
        (
            json!({"AWS": "arn:aws:iam::111111111111:user/*"}),
            BTreeMap::new(),
            none,
        ),
        (
            json!({"AWS": "arn:aws:iam::111111111111:group/Developers"}),
            BTreeMap::new(),
            none,
        ),
        (
            json!({"Service": "*", "Federated": "*", "CanonicalUser": "*"}),
            BTreeMap::new(),
            none,
        ),
        (json!({"aws": ACCOUNT}), BTreeMap::new(), none),
        // 1.5: the strongest of all counts.
        (
            json!({"AWS": [OTHER, ACCOUNT, USER, SESSION]}),
            BTreeMap::new(),
            [
                "direct", "direct", "entity", "covers", "none", "none", "none",
            ],
        ),
    ];
    for (principal, bindings, expected) in rows {
        let found = CALLERS.map(|kind| strength(kind, &principal, &bindings));
        assert_eq!(found, expected, "{principal} {bindings:?}");
    }
}

/// 1.5: over all statements, too; and for a Deny any strength is enough.
#[test]
fn section_1_5_strengths() {
    let to = |effect: &str, principal: &str| json!({"Effect": effect, "Principal": {"AWS": principal}, "Action": "*", "Resource": "*"});
    let decide = |statements: Json| {
        both(&Case {
            resource_account: Some(ACCOUNT.to_owned()),
            resource_policy: Some(document(&statements)),
            ..Case::of(caller(PrincipalKind::RoleSession), "s3:GetObject", OBJECT)
        })
        .outcome
    };
    assert_eq!(
        decide(json!([to("Allow", ACCOUNT)])),
        Outcome::ImplicitlyDenied
    );
    assert_eq!(
        decide(json!([to("Allow", ACCOUNT), to("Allow", ROLE)])),
        Outcome::Allowed
    );
    for weakest in [ACCOUNT, ROLE, SESSION] {
        let denied = json!([to("Allow", SESSION), to("Deny", weakest)]);
        assert_eq!(decide(denied), Outcome::ExplicitlyDenied, "{weakest}");
    }
    assert_eq!(
        decide(json!([to("Allow", SESSION), to("Deny", OTHER)])),
        Outcome::Allowed
    );
}
