//! Who gains access: the identities of the account that would come in once both halves are written, by the one evaluator.
//!
//! The policies that are there are asked together with those that are to be written. Only identities that the caller may ask
//! about (`iam:SimulatePrincipalPolicy`) are told; those of another account are that account's business.

use std::sync::Arc;

use twinlock_directory::{AccountNode, Group, Snapshot};
use twinlock_gate::{Action, Cx, Fault, Need, ResourcePolicy, Simulation};
use twinlock_policy::{Explanation, Policy, ResourceRule, explain};

use super::plan::{Kind, Plan};
use crate::{access::may_ask_about, visit::Visit};

/// Identities of one account that are asked about.
const ASKED_MAX: usize = 2000;
const ASSUME: Action = Action::new("sts:AssumeRole", &["role"], &[]);

/// One identity that is concerned.
#[derive(Debug)]
pub(super) struct Person {
    /// `user` or `role`.
    pub kind: &'static str,
    pub name: String,
    /// Whom the wizard means.
    pub meant: bool,
    /// None: comes in. Else why not, all the same.
    pub refused: Option<String>,
}

/// Who gains.
#[derive(Debug, Default)]
pub(super) struct Gains {
    /// Those who are meant, and whoever else comes in.
    pub people: Vec<Person>,
    /// Identities that the caller may not ask about.
    pub hidden: usize,
    /// Identities beyond the limit.
    pub unasked: usize,
}

impl Gains {
    /// Of the plan, whose people are of the caller's own account.
    pub(super) fn of(visit: &Visit, plan: &Plan) -> Result<Gains, Fault> {
        let mut gains = Gains::default();
        let snapshot = visit.world.directory.published();
        let cx = visit.world.standing_of(&visit.caller, &snapshot)?;
        let Some(node) = snapshot.account(&plan.who.account) else {
            return Ok(gains);
        };
        let (trust, added) = match (parsed(&plan.trust()), plan.assume()) {
            (Some(trust), None) => (trust, None),
            (Some(trust), Some(text)) => (trust, parsed(&text)),
            _ => return Err(Fault::internal()),
        };
        let question = Question {
            cx: &cx,
            need: need(plan, trust),
            added,
            name: plan.assume_name(),
            account: visit.account().to_string(),
        };
        let mut asked = 0;
        for user in node.users.values() {
            let meant = match plan.who.kind {
                Kind::User => user.name.eq_ignore_ascii_case(plan.who.short()),
                Kind::Group => {
                    group(node, plan).is_some_and(|group| user.groups.contains(&group.id))
                }
                Kind::Role | Kind::Account => false,
            };
            let simulation = Simulation::of_user(&cx, user);
            gains.ask(
                &question,
                &snapshot,
                &mut asked,
                simulation,
                ("user", &user.name, user.arn(), meant),
            );
        }
        for role in node.roles.values() {
            // The role itself is not there yet; one of its name in its account stops the wizard.
            let meant =
                plan.who.kind == Kind::Role && role.name.eq_ignore_ascii_case(plan.who.short());
            let simulation = Simulation::of_role(&cx, role);
            gains.ask(
                &question,
                &snapshot,
                &mut asked,
                simulation,
                ("role", &role.name, role.arn(), meant),
            );
        }
        gains.people.sort_by_key(|person| !person.meant);
        Ok(gains)
    }

    fn ask(
        &mut self,
        question: &Question<'_>,
        snapshot: &Snapshot,
        asked: &mut usize,
        simulation: Simulation<'_>,
        (kind, name, arn, meant): (&'static str, &str, String, bool),
    ) {
        if *asked >= ASKED_MAX {
            self.unasked += 1;
            return;
        }
        *asked += 1;
        if !may_ask_about(question.cx, snapshot, &arn) {
            self.hidden += 1;
            return;
        }
        let simulation = match &question.added {
            Some(policy) if meant => simulation.holding(policy.clone(), &question.name),
            _ => simulation,
        };
        let explanation = question.put(&simulation);
        let comes_in = explanation.decision.allowed();
        if comes_in || meant {
            self.people.push(Person {
                kind,
                name: name.to_owned(),
                meant,
                refused: (!comes_in).then(|| why(&explanation)),
            });
        }
    }
}

/// The question of AssumeRole on a role that is not there yet.
struct Question<'a> {
    cx: &'a Cx<'a>,
    need: Need,
    added: Option<Arc<Policy>>,
    name: String,
    account: String,
}

impl Question<'_> {
    fn put(&self, simulation: &Simulation<'_>) -> Explanation {
        let told = Some(self.account.as_str());
        simulation.ask(&self.need, |request, policies| {
            explain(request, policies).for_caller(told)
        })
    }
}

fn parsed(text: &str) -> Option<Arc<Policy>> {
    Policy::parse(text).ok().map(Arc::new)
}

fn group<'s>(node: &'s AccountNode, plan: &Plan) -> Option<&'s Arc<Group>> {
    node.group(plan.who.short())
}

/// With the external id and the MFA that the role will ask for.
fn need(plan: &Plan, trust: Arc<Policy>) -> Need {
    let policy = ResourcePolicy {
        policy: trust,
        name: format!("trust policy of role {}", plan.place.role),
    };
    let need = Need::on(&ASSUME, plan.role_arn())
        .under(Some(policy), ResourceRule::MustAdmit)
        .owned_by(plan.place.account)
        .key_if("sts:ExternalId", plan.place.external_id.as_deref());
    if plan.place.mfa {
        need.key("aws:MultiFactorAuthPresent", "true")
            .key("aws:MultiFactorAuthAge", "0")
    } else {
        need
    }
}

/// Why somebody who is meant would be refused.
fn why(explanation: &Explanation) -> String {
    let Some(cause) = &explanation.decision.cause else {
        return "a rule that no policy changes".to_owned();
    };
    let mut text = if cause.explicit {
        format!("explicit deny in {}", cause.kind.name())
    } else {
        format!("no {} allows it", cause.kind.name())
    };
    for part in [&cause.policy_name, &cause.attached_to]
        .into_iter()
        .flatten()
    {
        text = format!("{text}, {part}");
    }
    text
}
