//! What an explanation tells to whom.

use super::*;

const OPEN: &str = r#"{"Effect":"Allow","Principal":"*","Action":"*"}"#;
const SHUT: &str = r#"{"Sid":"Hidden","Effect":"Deny","Principal":"*","Action":"sts:*"}"#;
const OTHERS: &str = r#"{"Sid":"Hidden","Effect":"Allow","Principal":{"AWS":"333333333333"},"Action":"sts:*","Condition":{"StringEquals":{"sts:ExternalId":"hidden"}}}"#;
const MAY: &str = r#"{"Effect":"Allow","Action":"sts:*","Resource":"*"}"#;
const SCP: &str = r#"{"Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"Hidden","Effect":"Deny","Action":"sts:*","Resource":"*","Condition":{"StringEquals":{"sts:ExternalId":"hidden"}}}"#;

fn policy(statements: &str) -> Policy {
    Policy::parse(&format!(
        r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#
    ))
    .expect("policy")
}

struct Id(Option<&'static str>);

impl crate::request::Context for Id {
    fn get(&self, key: &str) -> Option<Value<'_>> {
        let id = self.0.filter(|_| key == "sts:externalid")?;
        Some(Value::One(id.into()))
    }
}

/// Ann of account 1 assumes a role of account 2; the trust policy is absent when there is no such role.
fn advice(identity: &str, trust: Option<&str>, scp: Option<&str>, context: &Id) -> Explanation {
    let (identity, trust, scp) = (policy(identity), trust.map(policy), scp.map(policy));
    let principal = user();
    let request = Request {
        principal: &principal,
        action: "sts:AssumeRole",
        resource: "arn:aws:iam::222222222222:role/Secret",
        resource_account: Some("222222222222"),
        context,
    };
    let set = PolicySet {
        identity: vec![source(&identity, "hers", "user Ann")],
        resource: trust
            .as_ref()
            .map(|trust| source(trust, "trust-hidden", "role Secret")),
        resource_rule: crate::ResourceRule::MustAdmit,
        scps: scp.as_ref().map(|scp| {
            vec![Level {
                target: "r-1",
                policies: vec![source(scp, "limits", "r-1")],
            }]
        }),
        ..PolicySet::default()
    };
    advise(&request, &set)
}

fn json(explanation: &Explanation) -> String {
    serde_json::to_string(explanation).expect("serialisable")
}

/// A caller of another account cannot tell a role that is not there from one that refuses, by whatever it refuses, nor read off her own
/// side's part what the role's side says.
#[test]
fn a_foreign_role_that_refuses_looks_like_none() {
    let none = Id(None);
    for identity in [MAY, ""] {
        let views: Vec<(String, String)> = [None, Some(SHUT), Some(OTHERS), Some("")]
            .into_iter()
            .map(|trust| {
                let full = advice(identity, trust, None, &none);
                assert_eq!(
                    json(&full).contains("idden"),
                    trust.is_some(),
                    "the full one tells"
                );
                let seen = full.for_caller(Some("111111111111"));
                assert!(!seen.decision.allowed());
                (json(&seen), seen.to_string())
            })
            .collect();
        assert!(views.iter().all(|view| *view == views[0]), "{views:#?}");
        assert!(!views[0].0.contains("idden"), "{}", views[0].0);
        assert!(views[0].0.contains("hers"));
    }
    // What is missing on her own side is told alike whether the role would let her in.
    let refused = advice("", Some(SHUT), None, &none).for_caller(Some("111111111111"));
    let open = advice("", Some(OPEN), None, &none).for_caller(Some("111111111111"));
    assert_eq!(json(&refused), json(&open));
    assert!(open.to_string().contains("To allow it: add "), "{open}");
    let ask = advice(MAY, Some(SHUT), None, &none).for_caller(Some("111111111111"));
    assert!(
        ask.to_string().contains("To allow it: account 222222222222 must allow it; what its policies say is not told here"),
        "{ask}"
    );
}

#[test]
fn the_owner_sees_its_own_side_only() {
    let none = Id(None);
    let seen = advice("", Some(SHUT), None, &none).for_caller(Some("222222222222"));
    let text = json(&seen);
    assert!(text.contains("Hidden") && !text.contains("hers"), "{text}");
    assert_eq!(seen.decision.outcome, crate::Outcome::ExplicitlyDenied);
    for identity in ["", MAY] {
        let seen = advice(identity, Some(OTHERS), None, &none).for_caller(Some("222222222222"));
        assert_eq!(
            seen.decision.cause.as_ref().map(|cause| cause.kind),
            Some(PolicyKind::Trust)
        );
    }
    let fine = advice("", Some(OPEN), None, &none).for_caller(Some("222222222222"));
    assert!(!json(&fine).contains("hers"));
    assert!(
        fine.to_string()
            .contains("account 111111111111 must allow it"),
        "{fine}"
    );
}

#[test]
fn strangers_see_nothing_and_one_view_is_no_way_to_another() {
    let none = Id(None);
    for viewer in [None, Some("333333333333")] {
        let seen = advice("", Some(SHUT), Some(SCP), &none).for_caller(viewer);
        let text = json(&seen);
        assert!(
            !text.contains("idden") && !text.contains("hers") && !text.contains("limits"),
            "{text}"
        );
        assert!(seen.policies.is_empty());
    }
    let twice = advice("", Some(SHUT), None, &none)
        .for_caller(Some("111111111111"))
        .for_caller(Some("222222222222"));
    assert!(twice.policies.is_empty());
    assert!(!json(&twice).contains("idden"));
}

/// A member sees that an SCP denies and which, and not what it says.
#[test]
fn members_do_not_read_their_organizations_policies() {
    let denied = Id(Some("hidden"));
    let full = advice(MAY, Some(OPEN), Some(SCP), &denied);
    assert!(
        full.to_string()
            .contains("To allow it: make the request without sts:externalid"),
        "{full}"
    );
    let seen = full.for_caller(Some("111111111111"));
    let text = json(&seen);
    assert!(
        text.contains("limits") && !text.contains("Hidden"),
        "{text}"
    );
    assert!(!text.contains("externalid"), "{text}");
    assert!(
        seen.to_string().contains("explicit deny in r-1, service control policy limits (the organization of account 111111111111), statement 2: who administers it"),
        "{seen}"
    );
}

/// Whose a bucket is stands in no ARN: a stranger to it is refused without learning that, too.
#[test]
fn a_foreign_bucket_does_not_tell_whose_it_is() {
    let may = policy(r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#);
    let principal = user();
    let request = Request {
        principal: &principal,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::theirs/key",
        resource_account: Some("222222222222"),
        context: &Id(None),
    };
    let set = PolicySet {
        identity: vec![source(&may, "hers", "user Ann")],
        ..PolicySet::default()
    };
    let seen = advise(&request, &set).for_caller(Some("111111111111"));
    assert!(!seen.decision.allowed());
    assert!(!json(&seen).contains("222222222222"), "{seen:#?}");
    assert!(
        seen.to_string().contains("the other side must allow it"),
        "{seen}"
    );
    let owners = advise(&request, &set).for_caller(Some("222222222222"));
    assert_eq!(owners.owner_account.as_deref(), Some("222222222222"));
}

#[test]
fn a_session_policy_is_named_once() {
    let all = policy(r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#);
    let lists = policy(r#"{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}"#);
    let principal = user();
    let request = Request {
        principal: &principal,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::b/k",
        resource_account: Some("111111111111"),
        context: &Id(None),
    };
    let set = PolicySet {
        identity: vec![source(&all, "hers", "user Ann")],
        session: Some(vec![source(&lists, "session policy", "session")]),
        ..PolicySet::default()
    };
    let text = advise(&request, &set).to_string();
    assert!(
        text.contains("to the session's policy (account 111111111111)"),
        "{text}"
    );
}
