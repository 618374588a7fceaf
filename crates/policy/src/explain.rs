//! Why a decision is what it is: every policy looked at, the statements that matched, and of a near miss the first thing that did not.
//!
//! Built only when somebody asks, by matching again with the very matcher of [`crate::evaluate`]. Statements about other actions are
//! counted and not listed: in a large policy they are noise.

#[cfg(test)]
mod tests;
mod text;

use serde::Serialize;

use crate::compile::Policy;
use crate::decision::{Decision, PolicyKind};
use crate::document::{Effect, List, PrincipalElement, Statement};
use crate::evaluate::{Facts, always_allowed};
use crate::principal::Strength;
use crate::request::{Level, PolicySet, Request, Source, Value};
use crate::scan::{Asked, Mismatch, Part};

/// A decision with its reasons.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The decision.
    pub decision: Decision,
    /// ARN of the caller, name of the service, or `anonymous`.
    pub principal: String,
    /// The action asked for.
    pub action: String,
    /// The resource asked for.
    pub resource: String,
    /// Whether the resource belongs to the caller's account.
    pub same_account: bool,
    /// Said where a rule decides that no policy can change.
    pub rule: Option<&'static str>,
    /// The policies in the order in which a denial is named: SCP, RCP, endpoint, boundary, session, resource, identity.
    pub policies: Vec<Examined>,
}

/// What one policy said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Examined {
    /// The part it plays.
    pub kind: PolicyKind,
    /// Its name.
    pub name: String,
    /// Its ARN, when it is a managed one.
    pub arn: Option<String>,
    /// Whom or what it is attached to.
    pub attached_to: String,
    /// Why it does not count in this request; its statements are then not listed.
    pub not_applied: Option<&'static str>,
    /// What it says.
    pub says: Says,
    /// The statements that matched, and those that matched the action at least.
    pub statements: Vec<ExaminedStatement>,
    /// How many statements are about other actions.
    pub other_statements: usize,
}

/// What a policy says about the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Says {
    /// A Deny matches.
    Denies,
    /// An Allow matches and no Deny.
    Allows,
    /// Nothing matches.
    Nothing,
}

/// How one statement matched, or where it failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExaminedStatement {
    /// Position in the document, from 0.
    pub index: usize,
    /// Its Sid.
    pub sid: Option<String>,
    /// Its effect, when it is a valid one.
    pub effect: Option<Effect>,
    /// How strongly its principal names the caller, when it matched.
    pub strength: Option<Strength>,
    /// The first thing that did not match; none when all did.
    pub mismatch: Option<Missed>,
}

/// The first thing of a statement that did not match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Missed {
    /// `Effect`, `Resource`, `NotResource`, `Principal`, `NotPrincipal` or `Condition`.
    pub element: &'static str,
    /// The condition operator as written.
    pub operator: Option<String>,
    /// The condition key as written.
    pub key: Option<String>,
    /// What the policy wanted.
    pub wanted: Vec<String>,
    /// What the request had; none when it had nothing.
    pub had: Option<Vec<String>>,
}

/// Evaluates again and tells what each policy said.
pub fn explain(request: &Request<'_>, policies: &PolicySet<'_>) -> Explanation {
    let asked = Asked::new(request, policies.boundary.is_some());
    let facts = Facts::new(request, &asked, policies);
    let decision = crate::evaluate(request, policies);
    let mut examined = Vec::new();
    let mut all = |sources: &[Source<'_>],
                   part: Part,
                   kind: PolicyKind,
                   not_applied: Option<&'static str>| {
        examined.extend(
            sources
                .iter()
                .map(|source| examine(&asked, source, part, kind, not_applied)),
        );
    };
    let levels = |levels: &Option<Vec<Level<'_>>>,
                  applied: bool,
                  why: &'static str,
                  each: &mut dyn FnMut(&Level<'_>, Option<&'static str>)| {
        for level in levels.iter().flatten() {
            each(level, (!applied).then_some(why));
        }
    };
    let scp_why = "SCPs do not restrict this caller";
    levels(
        &policies.scps,
        facts.scps.is_some(),
        scp_why,
        &mut |level, why| all(&level.policies, Part::Scp, PolicyKind::Scp, why),
    );
    let rcp_why = "RCPs do not apply to this caller or resource";
    levels(
        &policies.rcps,
        facts.rcps.is_some(),
        rcp_why,
        &mut |level, why| all(&level.policies, Part::Rcp, PolicyKind::Rcp, why),
    );
    all(
        policies.endpoint.as_deref().unwrap_or_default(),
        Part::Endpoint,
        PolicyKind::Endpoint,
        None,
    );
    all(
        policies.boundary.as_deref().unwrap_or_default(),
        Part::Boundary,
        PolicyKind::Boundary,
        None,
    );
    all(
        policies.session.as_deref().unwrap_or_default(),
        Part::Session,
        PolicyKind::Session,
        None,
    );
    all(
        policies.resource.as_slice(),
        Part::Resource,
        facts.resource_kind(),
        None,
    );
    all(
        &policies.identity,
        Part::Identity,
        PolicyKind::Identity,
        None,
    );
    let rule = if always_allowed(&asked) {
        Some("every signed caller may do this, whatever its policies say")
    } else if facts.public_access_is_blocked() {
        Some(
            "RestrictPublicBuckets of S3 Block Public Access shuts other accounts out of a bucket with a public policy",
        )
    } else if decision
        .cause
        .as_ref()
        .is_some_and(|cause| cause.kind == PolicyKind::ServiceRule)
    {
        Some("roles may not be assumed by root accounts")
    } else {
        None
    };
    Explanation {
        decision,
        principal: if request.principal.arn.is_empty() {
            "anonymous".to_owned()
        } else {
            request.principal.arn.clone()
        },
        action: request.action.to_owned(),
        resource: request.resource.to_owned(),
        same_account: facts.same_account,
        rule,
        policies: examined,
    }
}

impl Explanation {
    /// Leaves out what a caller of another account may not know: the policies on the resource's side, and which of them denied.
    /// The one place where this is decided.
    #[must_use]
    pub fn redacted_for_caller(mut self) -> Explanation {
        if self.same_account {
            return self;
        }
        let on_resource_side = |kind: PolicyKind| {
            matches!(
                kind,
                PolicyKind::Resource
                    | PolicyKind::Trust
                    | PolicyKind::Rcp
                    | PolicyKind::PublicAccessBlock
            )
        };
        self.policies
            .retain(|policy| !on_resource_side(policy.kind));
        if let Some(cause) = &mut self.decision.cause
            && on_resource_side(cause.kind)
        {
            cause.policy_name = None;
            cause.policy_arn = None;
            cause.attached_to = None;
            cause.statement = None;
            cause.sid = None;
            self.rule = None;
        }
        self
    }
}

fn examine(
    asked: &Asked<'_>,
    source: &Source<'_>,
    part: Part,
    kind: PolicyKind,
    not_applied: Option<&'static str>,
) -> Examined {
    let mut examined = Examined {
        kind,
        name: source.name.to_owned(),
        arn: source.arn.map(str::to_owned),
        attached_to: source.attached_to.to_owned(),
        not_applied,
        says: Says::Nothing,
        statements: Vec::new(),
        other_statements: 0,
    };
    if not_applied.is_some() {
        return examined;
    }
    let written = source.policy.document().statements();
    for (index, (compiled, statement)) in source.policy.statements.iter().zip(written).enumerate() {
        let matched = compiled.matches(asked, part);
        match (matched, compiled.effect) {
            (Err(Mismatch::Action), _) => {
                examined.other_statements += 1;
                continue;
            }
            (Ok(_), Some(Effect::Deny)) => examined.says = Says::Denies,
            (Ok(_), Some(Effect::Allow)) if examined.says == Says::Nothing => {
                examined.says = Says::Allows
            }
            _ => {}
        }
        examined.statements.push(ExaminedStatement {
            index,
            sid: statement.sid.as_ref().map(|sid| sid.value.clone()),
            effect: compiled.effect,
            strength: matched.ok(),
            mismatch: matched
                .err()
                .map(|mismatch| missed(asked, source.policy, statement, mismatch)),
        });
    }
    examined
}

fn texts(list: &Option<List>) -> Vec<String> {
    list.iter()
        .flat_map(|list| &list.values)
        .map(|text| text.value.clone())
        .collect()
}

fn names(element: &PrincipalElement) -> Vec<String> {
    let star = element.star.then(|| "*".to_owned());
    star.into_iter()
        .chain(
            element
                .entries
                .iter()
                .map(|entry| format!("{}: {}", entry.key.value, entry.text.value)),
        )
        .collect()
}

fn missed(asked: &Asked<'_>, policy: &Policy, statement: &Statement, mismatch: Mismatch) -> Missed {
    let plain = |element: &'static str, wanted: Vec<String>, had: Option<&str>| Missed {
        element,
        operator: None,
        key: None,
        wanted,
        had: had.map(|had| vec![had.to_owned()]),
    };
    let caller = Some(asked.principal.arn.as_str()).filter(|arn| !arn.is_empty());
    match mismatch {
        Mismatch::Effect => plain("Effect", vec!["Allow".to_owned(), "Deny".to_owned()], None),
        Mismatch::Action => plain("Action", texts(&statement.action), Some(asked.action())),
        Mismatch::Resource if statement.resource.is_some() => {
            plain("Resource", texts(&statement.resource), Some(asked.resource))
        }
        Mismatch::Resource => plain(
            "NotResource",
            texts(&statement.not_resource),
            Some(asked.resource),
        ),
        Mismatch::Principal => match (&statement.principal, &statement.not_principal) {
            (None, Some(element)) => plain("NotPrincipal", names(element), caller),
            (element, _) => plain(
                "Principal",
                element.as_ref().map(names).unwrap_or_default(),
                caller,
            ),
        },
        Mismatch::ConditionMalformed => {
            let span = statement.condition_span.clone();
            let wanted = span
                .and_then(|span| policy.text().get(span))
                .unwrap_or("a readable condition")
                .to_owned();
            plain("Condition", vec![wanted], None)
        }
        Mismatch::Condition(position) => {
            let Some(entry) = statement.conditions.get(position) else {
                return plain("Condition", Vec::new(), None);
            };
            let had = asked
                .context
                .get(&entry.key.value.to_lowercase())
                .map(|value| match value {
                    Value::One(value) => vec![value.into_owned()],
                    Value::Many(values) => {
                        values.into_iter().map(|value| value.into_owned()).collect()
                    }
                });
            Missed {
                element: "Condition",
                operator: Some(entry.operator.value.clone()),
                key: Some(entry.key.value.clone()),
                wanted: entry
                    .values
                    .values
                    .iter()
                    .map(|text| text.value.clone())
                    .collect(),
                had,
            }
        }
    }
}
