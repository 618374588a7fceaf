//! A decision, drawn as the gates that a request goes through, in the order in which people meet them.

use maud::{Markup, html};
use twinlock_policy::{
    Cause, Effect, Examined, ExaminedStatement, Explanation, Outcome, PolicyKind, Says,
};

use crate::{
    http::encode,
    iam::{policies, pretty},
    s3,
    visit::Visit,
};

/// One gate: its name, the policies that guard it, and what it is about.
struct Gate {
    name: &'static str,
    kinds: &'static [PolicyKind],
    about: &'static str,
}

const GATES: &[Gate] = &[
    Gate {
        name: "Organization",
        kinds: &[PolicyKind::Scp, PolicyKind::Rcp, PolicyKind::Endpoint],
        about: "What the organization lets its accounts do, and have done to them",
    },
    Gate {
        name: "Trust or resource policy",
        kinds: &[
            PolicyKind::Trust,
            PolicyKind::Resource,
            PolicyKind::PublicAccessBlock,
        ],
        about: "Whom the role or the bucket itself lets in",
    },
    Gate {
        name: "Permissions",
        kinds: &[PolicyKind::Identity],
        about: "What the user, its groups or the role are allowed",
    },
    Gate {
        name: "Boundary",
        kinds: &[PolicyKind::Boundary],
        about: "The most that the identity can be allowed",
    },
    Gate {
        name: "Session",
        kinds: &[PolicyKind::Session],
        about: "What the session was cut down to when it was made",
    },
];

/// How a gate stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Closed,
    /// It says nothing, and need not.
    Unneeded,
    /// There is none.
    NotAsked,
    /// It is another account's, and not shown.
    Theirs,
}

impl State {
    fn class(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Closed => "closed",
            State::Unneeded | State::NotAsked => "idle",
            State::Theirs => "theirs",
        }
    }

    fn words(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Closed => "closed",
            State::Unneeded => "not needed",
            State::NotAsked => "not asked",
            State::Theirs => "the other account's",
        }
    }
}

impl Gate {
    fn policies<'e>(&'e self, explanation: &'e Explanation) -> impl Iterator<Item = &'e Examined> {
        explanation
            .policies
            .iter()
            .filter(|policy| self.kinds.contains(&policy.kind))
    }

    fn state(&self, explanation: &Explanation) -> State {
        let cause = explanation.decision.cause.as_ref();
        if cause.is_some_and(|cause| self.kinds.contains(&cause.kind)) {
            return State::Closed;
        }
        let of_the_resource = self.kinds.contains(&PolicyKind::Trust);
        let applied = || {
            self.policies(explanation)
                .filter(|policy| policy.not_applied.is_none())
        };
        if applied().any(|policy| policy.says == Says::Denies) {
            return State::Closed;
        }
        if applied().next().is_none() {
            let other = explanation.caller_account != explanation.owner_account;
            return match (of_the_resource, other, explanation.decision.allowed()) {
                // It let the request in, or it is not told.
                (true, true, true) => State::Open,
                (true, true, false) => State::Theirs,
                _ if self.kinds.contains(&PolicyKind::Identity)
                    && !explanation.decision.allowed() =>
                {
                    State::Closed
                }
                _ => State::NotAsked,
            };
        }
        if applied().any(|policy| policy.says == Says::Allows) {
            return State::Open;
        }
        // Nothing speaks of it. Resource control policies only ever forbid.
        if applied().all(|policy| policy.kind == PolicyKind::Rcp) {
            return State::Open;
        }
        let ordinary = of_the_resource && applied().all(|policy| policy.kind != PolicyKind::Trust);
        if explanation.decision.allowed() || (ordinary && explanation.same_account) {
            State::Unneeded
        } else {
            State::Closed
        }
    }
}

/// The whole answer.
pub(super) fn drawn(visit: &Visit, explanation: &Explanation, statements: bool) -> Markup {
    let allowed = explanation.decision.allowed();
    let cause = explanation.decision.cause.as_ref();
    html! {
        section.panel.verdict.allowed[allowed].denied[!allowed] aria-label="Answer" {
            h2 { @match explanation.decision.outcome {
                Outcome::Allowed => { (mark(State::Open)) "Allowed" },
                Outcome::ExplicitlyDenied => { (mark(State::Closed)) "Denied explicitly" },
                Outcome::ImplicitlyDenied => { (mark(State::Closed)) "Denied: nothing allows it" },
            } }
            p.question { code { (explanation.principal) } " performs " code { (explanation.action) } " on " code { (explanation.resource) } }
            @if let Some(cause) = cause {
                (told(cause, statements))
            }
            @if let Some(rule) = explanation.rule { p { (rule) } }
        }
        (row(explanation))
        @if statements {
            @if let Some(remedy) = &explanation.remedy { section.panel.remedy { h2 { "What would change it" } p.lines { (remedy.to_string().trim()) } } }
            section.behind aria-label="Behind the gates" {
                @for gate in GATES { (behind(visit, gate, explanation)) }
            }
        } @else {
            p.hint { "With iam:SimulatePrincipalPolicy on this identity you would see the policies behind each gate." }
        }
    }
}

/// All gates in a row.
pub(super) fn row(explanation: &Explanation) -> Markup {
    html! {
        ol.gates {
            @for gate in GATES {
                @let state = gate.state(explanation);
                li class=(state.class()) { (mark(state)) strong { (gate.name) } span.about { (state.words()) } }
            }
        }
    }
}

/// What decided, in a sentence.
fn told(cause: &Cause, statements: bool) -> Markup {
    let name = cause.policy_name.as_ref().filter(|_| statements);
    // A bucket policy is called by its bucket, a trust policy by its role.
    let by_resource = matches!(cause.kind, PolicyKind::Resource | PolicyKind::Trust);
    let to = cause.attached_to.as_ref();
    let to = to.filter(|to| statements && !to.is_empty() && !by_resource);
    html! {
        p {
            @match (cause.explicit, name) {
                (true, Some(name)) if by_resource => { "Explicit deny in the " strong { (name) } }
                (true, Some(name)) => { "Explicit deny in the " (cause.kind.name()) " " strong { (name) } }
                (true, None) => { "Explicit deny in a " (cause.kind.name()) }
                (false, Some(name)) if by_resource => { "The " strong { (name) } " does not allow it" }
                (false, _) => { "No " (cause.kind.name()) " allows it" }
            }
            @if let (true, Some(to)) = (cause.explicit, to) { ", attached to " (to) }
            "."
        }
    }
}

/// A gate's sign: a leaf that stands open, is shut, or is not there.
fn mark(state: State) -> Markup {
    html! {
        svg class={ "mark " (state.class()) } viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" {
            circle cx="12" cy="12" r="11" {}
            @match state {
                State::Open => path d="M7 12.5 l3.4 3.4 L17 9" {},
                State::Closed => path d="M8 8 l8 8 M16 8 l-8 8" {},
                State::Unneeded | State::NotAsked => path d="M8 12 h8" {},
                State::Theirs => path d="M12 7.5 v6 M12 16.4 v.1" {},
            }
        }
    }
}

/// What is behind a gate: its policies, and their statements with their places.
fn behind(visit: &Visit, gate: &Gate, explanation: &Explanation) -> Markup {
    let policies: Vec<&Examined> = gate.policies(explanation).collect();
    let state = gate.state(explanation);
    let theirs = gate.kinds.contains(&PolicyKind::Trust)
        && explanation.caller_account != explanation.owner_account;
    html! {
        details.gate class=(state.class()) open[state == State::Closed && !policies.is_empty()] {
            summary {
                (mark(state)) strong { (gate.name) } " "
                span.about { (match policies.len() { 0 if theirs => "not shown here".to_owned(), 0 => "no policy".to_owned(), 1 => "1 policy".to_owned(), n => format!("{n} policies") }) }
            }
            p.about { (gate.about) "." }
            @if theirs && policies.is_empty() {
                p { @match &explanation.owner_account {
                    Some(owner) => { "The resource belongs to account " (owner) ": what its policies say is shown there." }
                    None => "The resource belongs to another account: what its policies say is shown there.",
                } }
            }
            @for policy in policies { (examined(visit, policy)) }
        }
    }
}

fn examined(visit: &Visit, policy: &Examined) -> Markup {
    let (class, says) = match policy.says {
        _ if policy.not_applied.is_some() => ("", "does not count"),
        Says::Denies => ("closed", "denies"),
        Says::Allows => ("open", "allows"),
        Says::Nothing => ("", "says nothing of it"),
    };
    html! {
        article.examined {
            header {
                h3 { @match page_of(visit, policy) { Some(page) => a href=(page) { (policy.name) }, None => (policy.name) } }
                span.about { (policy.kind.name()) @if !policy.attached_to.is_empty() && policy.kind != PolicyKind::Resource { " · " (policy.attached_to) } }
                span class={ "badge " (class) } { (says) }
            }
            @if let Some(why) = policy.not_applied { p.about { (why) } }
            @for statement in &policy.statements { (one(statement)) }
            @if policy.other_statements > 0 {
                p.about { @if !policy.statements.is_empty() { "And " } (policy.other_statements) @if policy.other_statements == 1 { " statement" } @else { " statements" } " about other actions." }
            }
        }
    }
}

fn one(statement: &ExaminedStatement) -> Markup {
    let effect = statement.effect.map(|effect| match effect {
        Effect::Allow => "Allow",
        Effect::Deny => "Deny",
    });
    html! {
        div.statement.hit[statement.mismatch.is_none()] {
            p {
                strong { "Statement " (statement.index + 1) } @if let Some(sid) = &statement.sid { " " code { (sid) } }
                " " span.about { "line " (statement.line) @if let Some(effect) = effect { " · " (effect) } }
                @match &statement.mismatch {
                    None => ": matches",
                    Some(missed) => { ": " (missed.element) " does not match"
                        @if let Some(key) = &missed.key { " (" (missed.operator.as_deref().unwrap_or("")) " " code { (key) } ")" }
                        ". It wants " (missed.wanted.join(", ")) @match &missed.had { Some(had) => { "; the request has " (had.join(", ")) }, None => "; the request has none" } "." },
                }
            }
            details.text { summary { "The statement" } pre tabindex="0" aria-label={ "Statement " (statement.index + 1) } { code { (pretty(&statement.text)) } } }
        }
    }
}

/// The console's page of a policy.
fn page_of(visit: &Visit, policy: &Examined) -> Option<String> {
    if let Some(arn) = &policy.arn {
        return arn
            .starts_with("arn:aws:iam:")
            .then(|| visit.at(&policies::path(arn)));
    }
    if policy.kind == PolicyKind::Trust {
        let role = policy.attached_to.rsplit('/').next()?;
        return Some(visit.at(&format!("/iam/roles/{}?tab=trust", encode(role))));
    }
    if policy.kind == PolicyKind::Resource {
        let bucket = policy.attached_to.strip_prefix("arn:aws:s3:::")?;
        let bucket = bucket.split('/').next()?;
        return Some(visit.at(&format!("{}?tab=permissions", s3::path(bucket))));
    }
    let (kind, name) = policy.attached_to.split_once(' ')?;
    let folder = match kind {
        "user" => "users",
        "group" => "groups",
        "role" => "roles",
        _ => return None,
    };
    Some(visit.at(&format!("/iam/{folder}/{}", encode(name))))
}

#[cfg(test)]
mod tests {
    use twinlock_policy::{
        Level, NoContext, Policy, PolicySet, Principal, PrincipalKind, Request, ResourceRule,
        Source, explain,
    };

    use super::*;

    const ALL: &str = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
    const NONE: &str = r#"{"Effect":"Allow","Action":"ec2:*","Resource":"*"}"#;
    const DENY: &str = r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#;
    const DENY_ALL: &str = r#"{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}"#;
    const OURS: &str =
        r#"{"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"}"#;
    const OTHERS: &str =
        r#"{"Effect":"Allow","Principal":{"AWS":"333333333333"},"Action":"sts:AssumeRole"}"#;

    fn policy(statement: &str) -> Policy {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#);
        Policy::parse(&text).expect("a policy")
    }

    fn source(policy: &Policy) -> Source<'_> {
        Source {
            policy,
            name: "it",
            arn: None,
            attached_to: "",
        }
    }

    fn one(policy: &Option<Policy>) -> Option<Vec<Source<'_>>> {
        policy.as_ref().map(|policy| vec![source(policy)])
    }

    fn level(policy: &Option<Policy>) -> Option<Vec<Level<'_>>> {
        let policies = one(policy)?;
        let target = "r-1";
        Some(vec![Level { target, policies }])
    }

    /// The gates of Ann of account 1, with what is put at them.
    #[derive(Default)]
    struct Put {
        scp: Option<&'static str>,
        rcp: Option<&'static str>,
        boundary: Option<&'static str>,
        session: Option<&'static str>,
        trust: Option<&'static str>,
        bucket: Option<&'static str>,
        identity: Option<&'static str>,
        role_of: Option<&'static str>,
    }

    impl Put {
        /// Whether it is allowed, and how the five gates stand.
        fn states(&self) -> (bool, [State; 5]) {
            let made = |text: Option<&'static str>| text.map(policy);
            let (scp, rcp) = (made(self.scp), made(self.rcp));
            let (boundary, session) = (made(self.boundary), made(self.session));
            let resource = made(self.trust.or(self.bucket));
            let identity = made(self.identity.or(Some(ALL)));
            let principal = Principal {
                kind: PrincipalKind::User,
                account: Some("111111111111".into()),
                arn: "arn:aws:iam::111111111111:user/Ann".into(),
                ..Principal::anonymous()
            };
            let owner = self.role_of.unwrap_or("111111111111");
            let role = format!("arn:aws:iam::{owner}:role/R");
            let assumes = self.role_of.is_some();
            let request = Request {
                principal: &principal,
                action: if assumes {
                    "sts:AssumeRole"
                } else {
                    "s3:GetObject"
                },
                resource: if assumes { &role } else { "arn:aws:s3:::b/k" },
                resource_account: Some(owner),
                context: &NoContext,
            };
            let set = PolicySet {
                identity: one(&identity).unwrap_or_default(),
                resource: resource.as_ref().map(source),
                resource_rule: if assumes {
                    ResourceRule::MustAdmit
                } else {
                    ResourceRule::Ordinary
                },
                scps: level(&scp),
                rcps: level(&rcp),
                boundary: one(&boundary),
                session: one(&session),
                ..PolicySet::default()
            };
            let explanation = explain(&request, &set).for_caller(Some("111111111111"));
            let states = [0, 1, 2, 3, 4].map(|n: usize| GATES[n].state(&explanation));
            (explanation.decision.allowed(), states)
        }
    }

    #[test]
    fn each_kind_of_denial_closes_its_own_gate() {
        use State::{Closed, NotAsked, Open, Theirs, Unneeded};
        let (mine, theirs) = (Some("111111111111"), Some("222222222222"));
        let put = Put::default;
        for (what, put, allowed, states) in [
            (
                "nothing",
                put(),
                true,
                [NotAsked, NotAsked, Open, NotAsked, NotAsked],
            ),
            (
                "no policy",
                Put {
                    identity: Some(NONE),
                    ..put()
                },
                false,
                [NotAsked, NotAsked, Closed, NotAsked, NotAsked],
            ),
            (
                "SCP",
                Put {
                    scp: Some(DENY),
                    ..put()
                },
                false,
                [Closed, NotAsked, Open, NotAsked, NotAsked],
            ),
            (
                "an SCP that is silent",
                Put {
                    scp: Some(NONE),
                    ..put()
                },
                false,
                [Closed, NotAsked, Open, NotAsked, NotAsked],
            ),
            (
                "RCP",
                Put {
                    rcp: Some(DENY_ALL),
                    ..put()
                },
                false,
                [Closed, NotAsked, Open, NotAsked, NotAsked],
            ),
            (
                "boundary",
                Put {
                    boundary: Some(NONE),
                    ..put()
                },
                false,
                [NotAsked, NotAsked, Open, Closed, NotAsked],
            ),
            (
                "a boundary that denies",
                Put {
                    boundary: Some(DENY),
                    ..put()
                },
                false,
                [NotAsked, NotAsked, Open, Closed, NotAsked],
            ),
            (
                "session policy",
                Put {
                    session: Some(NONE),
                    ..put()
                },
                false,
                [NotAsked, NotAsked, Open, NotAsked, Closed],
            ),
            (
                "bucket policy",
                Put {
                    bucket: Some(DENY_ALL),
                    ..put()
                },
                false,
                [NotAsked, Closed, Open, NotAsked, NotAsked],
            ),
            (
                "trust",
                Put {
                    trust: Some(OTHERS),
                    role_of: mine,
                    ..put()
                },
                false,
                [NotAsked, Closed, Open, NotAsked, NotAsked],
            ),
            (
                "trusted",
                Put {
                    trust: Some(OURS),
                    role_of: mine,
                    ..put()
                },
                true,
                [NotAsked, Open, Open, NotAsked, NotAsked],
            ),
            // Of another account's trust it is told that it shuts one out, and by what nobody is told; nor anything at all to
            // those who would not get so far.
            (
                "their trust",
                Put {
                    trust: Some(OTHERS),
                    role_of: theirs,
                    ..put()
                },
                false,
                [NotAsked, Closed, Open, NotAsked, NotAsked],
            ),
            (
                "no such role",
                Put {
                    role_of: theirs,
                    ..put()
                },
                false,
                [NotAsked, Closed, Open, NotAsked, NotAsked],
            ),
            (
                "trusted there",
                Put {
                    trust: Some(OURS),
                    role_of: theirs,
                    ..put()
                },
                true,
                [NotAsked, Open, Open, NotAsked, NotAsked],
            ),
            (
                "both shut",
                Put {
                    trust: Some(OTHERS),
                    identity: Some(NONE),
                    role_of: theirs,
                    ..put()
                },
                false,
                [NotAsked, Theirs, Closed, NotAsked, NotAsked],
            ),
            (
                "a silent bucket policy",
                Put {
                    bucket: Some(
                        r#"{"Effect":"Allow","Principal":"*","Action":"ec2:*","Resource":"*"}"#,
                    ),
                    ..put()
                },
                true,
                [NotAsked, Unneeded, Open, NotAsked, NotAsked],
            ),
        ] {
            assert_eq!(put.states(), (allowed, states), "{what}");
        }
    }
}
