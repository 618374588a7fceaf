//! What would be decided for somebody who does not call: the policy simulator's way to the one evaluator.
//!
//! It is the same question as the pipeline's own, with the same policies from the same snapshot. Only the context differs: of a
//! request that nobody made there is no address, no session and no encryption, so those keys are absent unless they are given.

use std::sync::Arc;

use twinlock_directory::{Group, Role, User};
use twinlock_policy::{
    Context, Issuer, Policy, PolicySet, Principal, PrincipalKind, Request, Value, evaluate,
};

use crate::{
    attempt::Cx,
    caller::{Attached, Standing, push_group},
    context::RequestContext,
    needs::Need,
};

/// The name of the session in which a role is simulated.
const SESSION: &str = "simulation";

/// Somebody as they would be if they called.
#[derive(Debug)]
pub struct Simulation<'a> {
    cx: Cx<'a>,
}

impl<'a> Simulation<'a> {
    /// A user, with its policies and those of its groups.
    pub fn of_user(cx: &Cx<'a>, user: &User) -> Self {
        Self::standing(cx, Standing::user(cx.snapshot, user))
    }

    /// A session of a role.
    pub fn of_role(cx: &Cx<'a>, role: &Role) -> Self {
        Self::standing(cx, Standing::role(cx.snapshot, role, SESSION, None))
    }

    /// A member of a user group, about whom nothing else is known.
    pub fn of_group(cx: &Cx<'a>, group: &Group) -> Self {
        let mut standing = Standing::bare(
            Principal {
                kind: PrincipalKind::User,
                account: Some(group.account.to_string()),
                arn: group.arn(),
                ..Principal::anonymous()
            },
            String::new(),
        );
        push_group(&mut standing.identity, cx.snapshot, group);
        Self::standing(cx, standing)
    }

    /// A user of the caller's own account without a name and without policies.
    pub fn of_nobody(cx: &Cx<'a>) -> Self {
        let principal = Principal {
            kind: PrincipalKind::User,
            account: cx.caller.who.account().map(|account| account.to_string()),
            ..Principal::anonymous()
        };
        Self::standing(cx, Standing::bare(principal, String::new()))
    }

    /// The user or role with this ARN and, if it is here, this unique id: nothing else is told of it, and it has no policies.
    pub fn of_stranger(cx: &Cx<'a>, account: &str, arn: &str, unique_id: Option<&str>) -> Self {
        let role = arn.split_once(":role/").map(|(_, path)| path);
        let name = role.and_then(|path| path.rsplit('/').next());
        let unique_id = unique_id.map(str::to_owned);
        let principal = match name {
            Some(name) => Principal {
                kind: PrincipalKind::RoleSession,
                account: Some(account.to_owned()),
                arn: format!("arn:aws:sts::{account}:assumed-role/{name}/{SESSION}"),
                issuer: Some(Issuer {
                    arn: arn.to_owned(),
                    unique_id,
                }),
                ..Principal::anonymous()
            },
            None => Principal {
                kind: PrincipalKind::User,
                account: Some(account.to_owned()),
                arn: arn.to_owned(),
                unique_id,
                ..Principal::anonymous()
            },
        };
        Self::standing(cx, Standing::bare(principal, String::new()))
    }

    /// The policies and boundary of `self`, in the hands of `caller`.
    #[must_use]
    pub fn called_by(self, caller: Simulation<'a>) -> Self {
        let policies = self.cx.standing;
        let mut simulation = caller;
        simulation.cx.standing.identity = policies.identity;
        simulation.cx.standing.boundary = policies.boundary;
        simulation
    }

    /// The same with one more identity policy, which is to be written.
    #[must_use]
    pub fn holding(mut self, policy: Arc<Policy>, name: &str) -> Self {
        self.cx.standing.identity.push(Attached {
            policy,
            name: name.to_owned(),
            arn: None,
            to: String::new(),
        });
        self
    }

    /// Whether the evaluator would allow it.
    pub fn allows(&self, need: &Need) -> bool {
        self.ask(need, evaluate).allowed()
    }

    fn standing(cx: &Cx<'a>, standing: Standing) -> Self {
        Self {
            cx: Cx {
                caller: cx.caller,
                snapshot: cx.snapshot,
                now: cx.now,
                world: cx.world,
                standing,
            },
        }
    }

    /// Who would call.
    pub fn principal(&self) -> &Principal {
        self.cx.principal()
    }

    /// Puts the question with all policies that would apply; `f` may ask the evaluator, of these policies or of others.
    pub fn ask<T>(&self, need: &Need, f: impl FnOnce(&Request<'_>, &PolicySet<'_>) -> T) -> T {
        let context = Imagined(RequestContext { cx: &self.cx, need });
        self.cx.ask_in(need, &context, f)
    }
}

/// The context of a request that nobody made: what the principal, the resource and the clock say, and what was given.
struct Imagined<'a>(RequestContext<'a>);

impl Context for Imagined<'_> {
    fn get(&self, key: &str) -> Option<Value<'_>> {
        let given = self.0.need.context.iter().any(|(known, _)| known == key);
        let known = match key.split_once(':') {
            Some(("aws", rest)) => {
                rest.starts_with("principal")
                    || rest.starts_with("resource")
                    || matches!(rest, "userid" | "username" | "currenttime" | "epochtime")
            }
            Some((_, rest)) => rest.starts_with("resource"),
            None => false,
        };
        (given || known).then(|| self.0.get(key)).flatten()
    }
}
