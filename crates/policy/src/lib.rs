//! The IAM policy language: parse, validate, match, evaluate, explain. No I/O, no clock, no async.
//!
//! A document goes through three forms. Its text becomes a [`Document`], which keeps every element with its place in the text and
//! is liberal: whatever is valid JSON can be evaluated. [`write_rules`] says what AWS refuses when such a document is written.
//! [`Policy`] is the compiled form, indexed by service and action, that [`evaluate`] matches a [`Request`] against.
//!
//! **Invariant:** there is one decision, [`evaluate`]. [`explain`] asks the same matcher again and only adds the reasons.

pub mod arn;
pub mod batch;
mod compile;
mod condition;
mod decision;
pub mod document;
mod evaluate;
mod explain;
pub mod facts;
pub mod json;
mod parse;
pub mod pattern;
mod principal;
mod public;
mod request;
mod scan;
pub mod summary;
mod value;
pub mod write_rules;

pub use compile::{Bindings, Policy};
pub use decision::{Cause, Decision, Outcome, PolicyKind};
pub use document::{Document, Effect, PrincipalSpan, Statement};
pub use evaluate::evaluate;
pub use explain::{Examined, ExaminedStatement, Explanation, Missed, Says, explain};
pub use json::ParseError;
pub use principal::Strength;
pub use public::is_public;
pub use request::{
    Context, Issuer, Level, NoContext, PolicySet, Principal, PrincipalKind, Request, ResourceRule,
    Source, Value,
};
