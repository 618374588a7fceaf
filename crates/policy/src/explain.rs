//! Why a decision is what it is: every policy looked at, the statements that matched, and of a near miss the first thing that did not.
//!
//! Built only when somebody asks, by matching again with the very matcher of [`crate::evaluate`]. Statements about other actions are
//! counted and not listed: in a large policy they are noise. [`advise`] adds the smallest change that would turn a denial into an Allow.
//!
//! An explanation knows both sides' policies. Whoever is not both sides gets it by way of [`Explanation::for_caller`] only.

mod edit;
mod message;
mod redact;
mod remedy;
mod sample;
#[cfg(test)]
mod tests;
mod text;
mod trial;

pub use edit::{Edit, Place, Remedy};

use serde::Serialize;

use crate::compile::Policy;
use crate::decision::{Decision, PolicyKind};
use crate::document::{Effect, List, PrincipalElement, Statement};
use crate::evaluate::Case;
use crate::principal::Strength;
use crate::question::Question;
use crate::request::{Level, PolicySet, Request, Source, Value};
use crate::statement::Mismatch;

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
    /// What AWS tells the denied caller.
    pub message: Option<String>,
    /// The caller's account; none for services, unsigned calls and token bearers.
    pub caller_account: Option<String>,
    /// The account that owns the resource.
    pub owner_account: Option<String>,
    /// The smallest change that would turn the denial into an Allow, where [`advise`] looked for it.
    pub remedy: Option<Remedy>,
    /// What is told to whom sees one side only; none once it was told.
    #[serde(skip)]
    alone: Option<redact::Alone>,
    #[serde(skip)]
    sentence: message::Sentence,
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
    /// The line of the document on which it begins, from 1.
    #[serde(skip)]
    pub line: usize,
    /// The statement as it is written.
    #[serde(skip)]
    pub text: String,
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

/// Explains, and looks for the smallest change that would turn a denial into an Allow. Costs some hundreds of decisions.
pub fn advise(request: &Request<'_>, policies: &PolicySet<'_>) -> Explanation {
    let mut explanation = explain(request, policies);
    explanation.remedy = remedy::remedy(request, policies, false);
    if let Some(alone) = &mut explanation.alone {
        alone.advise(request, policies);
    }
    explanation
}

/// Evaluates again and tells what each policy said.
pub fn explain(request: &Request<'_>, policies: &PolicySet<'_>) -> Explanation {
    let question = Question::new(request, policies);
    let case = Case::new(request, &question, policies);
    let decision = crate::evaluate(request, policies);
    let caller = &request.principal.arn;
    let sentence = message::Sentence::new(request, case.same_account);
    Explanation {
        message: sentence.of(&decision),
        sentence,
        principal: if caller.is_empty() {
            "anonymous".to_owned()
        } else {
            caller.clone()
        },
        action: request.action.to_owned(),
        resource: request.resource.to_owned(),
        same_account: case.same_account,
        rule: rule(&case, &decision),
        policies: examine_all(&case, &question, policies),
        caller_account: request.principal.account.clone(),
        owner_account: remedy::owner(request),
        remedy: None,
        alone: Some(redact::Alone::new(
            request,
            policies,
            question.resource_kind(),
        )),
        decision,
    }
}

/// The rule that decides where no policy can.
fn rule(case: &Case<'_, '_>, decision: &Decision) -> Option<&'static str> {
    if case.needs_no_permission() {
        Some("every signed caller may do this, whatever its policies say")
    } else if case.public_access_is_blocked() {
        Some(
            "RestrictPublicBuckets of S3 Block Public Access shuts other accounts out of a bucket with a public policy",
        )
    } else if decision.cause.as_ref()?.kind == PolicyKind::ServiceRule {
        Some("roles may not be assumed by root accounts")
    } else {
        None
    }
}

/// Every policy in the order in which a denial is named.
fn examine_all(
    case: &Case<'_, '_>,
    question: &Question<'_>,
    policies: &PolicySet<'_>,
) -> Vec<Examined> {
    fn listed<'s, 'a>(sources: &'s Option<Vec<Source<'a>>>) -> &'s [Source<'a>] {
        sources.as_deref().unwrap_or_default()
    }
    let mut examined = Vec::new();
    let mut add = |sources: &[Source<'_>], kind, not_applied| {
        let each = |source| examine(question, source, kind, not_applied);
        examined.extend(sources.iter().map(each));
    };
    let mut add_levels = |levels: &Option<Vec<Level<'_>>>, applied: &[Level<'_>], kind, why| {
        for level in levels.iter().flatten() {
            add(&level.policies, kind, applied.is_empty().then_some(why));
        }
    };
    add_levels(
        &policies.scps,
        case.scps,
        PolicyKind::Scp,
        "SCPs do not restrict this caller",
    );
    add_levels(
        &policies.rcps,
        case.rcps,
        PolicyKind::Rcp,
        "RCPs do not apply to this caller or resource",
    );
    add(listed(&policies.endpoint), PolicyKind::Endpoint, None);
    add(listed(&policies.boundary), PolicyKind::Boundary, None);
    add(listed(&policies.session), PolicyKind::Session, None);
    add(policies.resource.as_slice(), question.resource_kind(), None);
    add(&policies.identity, PolicyKind::Identity, None);
    examined
}

fn examine(
    question: &Question<'_>,
    source: &Source<'_>,
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
    for (index, (compiled, statement)) in source.policy.rules.iter().zip(written).enumerate() {
        let matched = compiled.matches(question, kind);
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
        let document = source.policy.text();
        examined.statements.push(ExaminedStatement {
            index,
            line: crate::json::position(document, statement.span.start).0,
            text: document
                .get(statement.span.clone())
                .unwrap_or_default()
                .to_owned(),
            sid: statement.sid.as_ref().map(|sid| sid.value.clone()),
            effect: compiled.effect,
            strength: matched.ok(),
            mismatch: matched
                .err()
                .map(|mismatch| missed(question, source.policy, statement, mismatch)),
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

fn missed(
    question: &Question<'_>,
    policy: &Policy,
    statement: &Statement,
    mismatch: Mismatch,
) -> Missed {
    let plain = |element: &'static str, wanted: Vec<String>, had: Option<&str>| Missed {
        element,
        operator: None,
        key: None,
        wanted,
        had: had.map(|had| vec![had.to_owned()]),
    };
    let caller = Some(question.principal.arn.as_str()).filter(|arn| !arn.is_empty());
    match mismatch {
        Mismatch::Effect => plain("Effect", vec!["Allow".to_owned(), "Deny".to_owned()], None),
        Mismatch::Action => plain(
            "Action",
            texts(&statement.action),
            Some(question.action_lower()),
        ),
        Mismatch::Resource if statement.resource.is_some() => plain(
            "Resource",
            texts(&statement.resource),
            Some(question.resource),
        ),
        Mismatch::Resource => plain(
            "NotResource",
            texts(&statement.not_resource),
            Some(question.resource),
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
            let had =
                question
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
