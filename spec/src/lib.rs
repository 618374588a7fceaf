//! A second evaluator, which decides the same question as `twinlock_policy::evaluate` and shares no rule with it.
//!
//! It is written from the rules in `docs/policy-evaluation.md`, whose section numbers stand beside each rule here, and not from the
//! engine. Where the engine is indexed and fast, this is slow and obvious: every statement of every document is looked at, every text is
//! taken apart again for every question. What the two have in common is the reading of a document ([`twinlock_policy::Document`]) and
//! the description of a caller. `tests/` asks both the same random questions; a difference is a bug of one of them.
//!
//! It can be made wrong on purpose, in one way at a time ([`Fault`]): so the tests show that they would notice.

mod action;
mod case;
mod condition;
mod decision;
mod fault;
mod instant;
mod principal;
mod public;
mod resource;
mod statement;
mod text;
mod trace;
mod value;

pub use case::{Case, LevelOf, Written, Wrong};
pub use decision::{Verdict, decide};
pub use fault::Fault;
pub use text::ContextValue;
pub use trace::{Form, Presence, Trace};
