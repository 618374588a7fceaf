//! The same policies in two languages: as IAM documents, and as Cedar policies, one for each statement.

use std::{fmt::Write as _, str::FromStr};

use cedar_policy::{
    Authorizer, Context, Decision, Entities, EntityUid, PolicySet as CedarPolicies,
};
use twinlock_policy::{
    Context as _, Policy, PolicySet, Principal, PrincipalKind, Request, Source, Value, evaluate,
};

/// A statement: its action, the bucket whose objects it is about, and the network it is for.
#[derive(Clone)]
pub struct Statement {
    pub action: String,
    pub bucket: String,
    pub network: String,
}

/// What is asked, of every case: GetObject on an object of this bucket, from inside this network.
pub const ACTION: &str = "s3:GetObject";
pub const BUCKET: &str = "productionapp";
pub const NETWORK: &str = "10.0.0.0/8";
const OBJECT: &str = "arn:aws:s3:::productionapp/index.html";
const ADDRESS: &str = "10.1.2.3";

impl Statement {
    /// The one that allows what is asked.
    pub fn matching() -> Statement {
        Statement {
            action: ACTION.to_owned(),
            bucket: BUCKET.to_owned(),
            network: NETWORK.to_owned(),
        }
    }
}

struct FromAddress;

impl twinlock_policy::Context for FromAddress {
    fn get(&self, key: &str) -> Option<Value<'_>> {
        (key == "aws:sourceip").then(|| Value::One(ADDRESS.into()))
    }
}

/// Twinlock, made ready.
pub struct Twinlock {
    policies: Vec<Policy>,
    john: Principal,
}

impl Twinlock {
    pub fn new(documents: &[Vec<Statement>]) -> Twinlock {
        let document = |statements: &Vec<Statement>| {
            let mut text = String::from(r#"{"Version":"2012-10-17","Statement":["#);
            for (index, statement) in statements.iter().enumerate() {
                let comma = if index == 0 { "" } else { "," };
                let Statement {
                    action,
                    bucket,
                    network,
                } = statement;
                // Writing to a String does not fail.
                let _ = write!(
                    text,
                    r#"{comma}{{"Effect":"Allow","Action":"{action}","Resource":"arn:aws:s3:::{bucket}/*","Condition":{{"IpAddress":{{"aws:SourceIp":"{network}"}}}}}}"#
                );
            }
            text.push_str("]}");
            Policy::parse(&text).expect("the bench's own document parses")
        };
        Twinlock {
            policies: documents.iter().map(document).collect(),
            john: Principal {
                kind: PrincipalKind::User,
                account: Some("111111111111".into()),
                arn: "arn:aws:iam::111111111111:user/John".into(),
                ..Principal::anonymous()
            },
        }
    }

    /// Calls `with` with the question: does it allow?
    pub fn ask<T>(&self, with: impl FnOnce(&dyn Fn() -> bool) -> T) -> T {
        self.ask_some(0..self.policies.len(), with)
    }

    /// The same of some of the policies only.
    pub fn ask_some<T>(
        &self,
        range: std::ops::Range<usize>,
        with: impl FnOnce(&dyn Fn() -> bool) -> T,
    ) -> T {
        assert!(FromAddress.get("aws:sourceip").is_some());
        let request = Request {
            principal: &self.john,
            action: ACTION,
            resource: OBJECT,
            resource_account: Some("111111111111"),
            context: &FromAddress,
        };
        let source = |policy| Source {
            policy,
            name: "policy",
            arn: None,
            attached_to: "user John",
        };
        let set = PolicySet {
            identity: self.policies[range].iter().map(source).collect(),
            ..PolicySet::default()
        };
        with(&|| evaluate(std::hint::black_box(&request), &set).allowed())
    }
}

/// Cedar, made ready.
pub struct Cedar {
    policies: CedarPolicies,
    request: cedar_policy::Request,
    entities: Entities,
    authorizer: Authorizer,
}

impl Cedar {
    pub fn new(documents: &[Vec<Statement>]) -> Cedar {
        let mut text = String::new();
        for Statement {
            action,
            bucket,
            network,
        } in documents.iter().flatten()
        {
            let _ = write!(
                text,
                r#"permit (principal == User::"John", action == Action::"{action}", resource)
                   when {{ context.resource like "arn:aws:s3:::{bucket}/*" && context.sourceIp.isInRange(ip("{network}")) }};"#
            );
        }
        let uid = |text: &str| EntityUid::from_str(text).expect("the bench's own entity parses");
        let context = Context::from_json_str(
            &format!(
                r#"{{"resource":"{OBJECT}","sourceIp":{{"__extn":{{"fn":"ip","arg":"{ADDRESS}"}}}}}}"#
            ),
            None,
        );
        let request = cedar_policy::Request::new(
            uid(r#"User::"John""#),
            uid(&format!(r#"Action::"{ACTION}""#)),
            uid(&format!(r#"Object::"{OBJECT}""#)),
            context.expect("the bench's own context parses"),
            None,
        );
        Cedar {
            policies: text.parse().expect("the bench's own policies parse"),
            request: request.expect("a request"),
            entities: Entities::empty(),
            authorizer: Authorizer::new(),
        }
    }

    pub fn allows(&self) -> bool {
        let answer = self.authorizer.is_authorized(
            std::hint::black_box(&self.request),
            &self.policies,
            &self.entities,
        );
        answer.decision() == Decision::Allow
    }
}
