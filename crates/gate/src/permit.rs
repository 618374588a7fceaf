//! The proof that an operation was authorised, and the one function that makes it.

use std::marker::PhantomData;

use twinlock_wire::fault::Fault;

use crate::{
    attempt::Cx,
    denial::Denial,
    needs::{Need, Needs},
    operation::{Callers, Operation},
};

/// The proof that all needs of one call of `O` were allowed, on one revision of the directory.
///
/// INVARIANT: made only by [`authorise`] below; its fields are private, it is neither `Clone` nor `Default`, and it is
/// bound to its operation. Forging, swapping or omitting one does not compile:
///
/// ```compile_fail,E0451
/// # use twinlock_gate::Permit;
/// fn forge<O>() -> Permit<O> {
///     Permit { revision: 1, asked: vec![], each: vec![], of: std::marker::PhantomData }
/// }
/// ```
/// ```compile_fail,E0277
/// # use twinlock_gate::Permit;
/// fn copy<O>(permit: &Permit<O>) -> Permit<O> {
///     <Permit<O> as Clone>::clone(permit)
/// }
/// ```
/// ```compile_fail,E0277
/// # use twinlock_gate::Permit;
/// fn made_from_nothing<O>() -> Permit<O> {
///     Default::default()
/// }
/// ```
/// ```compile_fail,E0308
/// # use twinlock_gate::{Cx, Fault, Permit, Read};
/// fn swap<A: Read, B: Read>(of_another: &Permit<A>, input: &B::Input, found: B::Found, cx: &Cx<'_>) -> Result<B::Output, Fault> {
///     B::run(of_another, input, found, cx)
/// }
/// ```
/// ```compile_fail,E0061
/// # use twinlock_gate::{Cx, Fault, Read};
/// fn omit<B: Read>(input: &B::Input, found: B::Found, cx: &Cx<'_>) -> Result<B::Output, Fault> {
///     B::run(input, found, cx)
/// }
/// ```
/// With the permit of its own operation it compiles, so the failures above are the permit's doing:
/// ```
/// # use twinlock_gate::{Cx, Fault, Permit, Read};
/// fn run<B: Read>(own: &Permit<B>, input: &B::Input, found: B::Found, cx: &Cx<'_>) -> Result<B::Output, Fault> {
///     B::run(own, input, found, cx)
/// }
/// ```
#[derive(Debug)]
pub struct Permit<O> {
    revision: u64,
    asked: Vec<bool>,
    each: Vec<Option<Fault>>,
    of: PhantomData<fn() -> O>,
}

impl<O> Permit<O> {
    /// The revision of the snapshot that was authorised on.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The answer to the `i`th [`Needs::ask`]; a question that was not asked is answered no.
    pub fn asked(&self, i: usize) -> bool {
        self.asked.get(i).copied().unwrap_or(false)
    }

    /// The verdicts on [`Needs::each`], in order: none where it is allowed, else what the caller is told.
    pub fn each(&self) -> &[Option<Fault>] {
        &self.each
    }
}

/// Asks the evaluator for every need of `O`'s call. Deny by default: no needs at all is a denial.
///
/// # Errors
/// The first need that was not allowed, with the decision.
pub(crate) fn authorise<O: Operation>(
    needs: &Needs,
    cx: &Cx<'_>,
) -> Result<Permit<O>, Box<Denial>> {
    if needs.all.is_empty() && needs.each.is_empty() && needs.nothing.is_none() {
        return Err(Box::new(Denial::no_rule(O::NAME)));
    }
    // A proof speaks for its bearer where an operation takes proofs, and nowhere else.
    let mut every = needs.all.iter().chain(&needs.each).chain(&needs.ask);
    if O::CALLERS != Callers::Unsigned && every.any(|need| need.proven.is_some()) {
        return Err(Box::new(Denial::no_rule(O::NAME)));
    }
    debug_assert!(
        needs
            .all
            .iter()
            .chain(&needs.each)
            .chain(&needs.ask)
            .all(|n| O::ACTIONS.iter().any(|a| a.name == n.action)),
        "{} asks for an action that its table does not name",
        O::NAME
    );
    for need in &needs.all {
        let decision = cx.decide(need);
        if !decision.allowed() {
            return Err(Box::new(Denial::of(need, decision, cx)));
        }
    }
    let verdict = |need: &Need| cx.decide(need).allowed();
    let refusal = |need: &Need| {
        let decision = cx.decide(need);
        (!decision.allowed()).then(|| Denial::of(need, decision, cx).fault())
    };
    Ok(Permit {
        revision: cx.snapshot.revision(),
        asked: needs.ask.iter().map(verdict).collect(),
        each: needs.each.iter().map(refusal).collect(),
        of: PhantomData,
    })
}
