//! The operations of IAM, STS, Organizations and of Twinlock's own service: one operation, one place, one table per service.
//!
//! | folder | its table |
//! | --- | --- |
//! | [`iam`] | [`iam::IAM`]: users, groups, roles, policies, keys, the account |
//! | [`sts`] | [`sts::STS`]: temporary credentials |
//! | [`organizations`] | [`organizations::ORGANIZATIONS`]: accounts under one roof, and what limits them |
//! | [`twinlock`] | [`twinlock::TWINLOCK`]: what AWS has no operation for: sessions ended before their time |
//!
//! Beside them: [`passwords`], the rules that passwords follow when they are set and when they are used; [`outbound`], an
//! account's own issuer of web identity tokens.
//!
//! An operation is a unit struct with its needs, its rules, its errors and its tests beside it; the table names it once. To
//! add one: write it in the file of its subject, list it in the table, and it is decoded, authorised, run and audited like
//! every other. Nothing here decides who may do what: an operation says what it needs, the gate authorises.

pub mod iam;
mod mfa;
pub mod organizations;
pub mod outbound;
pub mod passwords;
#[cfg(test)]
mod scale;
pub mod sign_in;
pub mod sts;
#[cfg(test)]
mod testing;
pub mod twinlock;
