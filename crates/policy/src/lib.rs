//! The IAM policy language: parse, validate, match, evaluate, explain. No I/O, no clock, no async.
//!
//! A document goes through three forms. Its text becomes a [`Document`], which keeps every element with its place in the text and
//! is liberal: whatever is valid JSON can be evaluated. [`write_rules`] says what AWS refuses when such a document is written,
//! [`validate`] what is wrong, dangerous or useless in it, and [`summary`] what it grants.
//! [`Policy`] is the compiled form, indexed by service and action, that [`evaluate`] matches a [`Request`] against.
//!
//! **Invariant:** there is one decision, [`evaluate`]. [`explain`] asks the same matcher again and only adds the reasons.
//!
//! ```
//! use twinlock_policy::{NoContext, Policy, PolicySet, Principal, PrincipalKind, Request, Source, evaluate, explain};
//!
//! let policy = Policy::parse(
//!     r#"{"Version": "2012-10-17",
//!         "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::reports/*"}]}"#,
//! )?;
//! let ann = Principal {
//!     kind: PrincipalKind::User,
//!     account: Some("111111111111".into()),
//!     arn: "arn:aws:iam::111111111111:user/Ann".into(),
//!     ..Principal::anonymous()
//! };
//! let request = Request {
//!     principal: &ann,
//!     action: "s3:PutObject",
//!     resource: "arn:aws:s3:::reports/may.csv",
//!     resource_account: Some("111111111111"),
//!     context: &NoContext,
//! };
//! let identity = vec![Source { policy: &policy, name: "Reports", arn: None, attached_to: "user Ann" }];
//! let policies = PolicySet { identity, ..PolicySet::default() };
//!
//! let decision = evaluate(&request, &policies);
//! assert!(!decision.allowed());
//! assert_eq!(decision.reason("s3:PutObject"), " because no identity-based policy allows the s3:PutObject action");
//! println!("{}", explain(&request, &policies));
//! # Ok::<(), twinlock_policy::ParseError>(())
//! ```

pub mod arn;
pub mod batch;
mod compile;
mod condition;
mod context_keys;
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
mod question;
mod regions;
mod request;
mod resource;
mod statement;
pub mod summary;
pub mod validate;
mod value;
pub mod write_rules;

pub use compile::{Bindings, Policy};
pub use condition::condition_operators;
pub use context_keys::{StatementKeys, context_keys};
pub use decision::{Cause, Decision, Outcome, PolicyKind};
pub use document::{Document, Effect, PrincipalSpan, Statement};
pub use evaluate::evaluate;
pub use explain::{
    Edit, Examined, ExaminedStatement, Explanation, Missed, Place, Remedy, Says, advise, explain,
};
pub use json::ParseError;
pub use principal::Strength;
pub use public::is_public;
pub use regions::is_region;
pub use request::{
    Context, Issuer, Level, NoContext, PolicySet, Principal, PrincipalKind, Request, ResourceRule,
    Source, Value,
};
