//! `aws login`: a program on a person's machine gets credentials of the person's console session, without a key ever being made.
//!
//! OAuth 2.0 as AWS's sign-in speaks it: an authorisation code with PKCE, tokens bound to the program's key by DPoP.
//!
//! | file | its part |
//! | --- | --- |
//! | `authorize` | `/v1/authorize`: what the program asks; the page on which the person says yes |
//! | `token` | `/v1/token`: a code, or a refresh token, becomes credentials |
//! | `grants` | what persons have said yes to, until their sessions end |
//!
//! A link gives nothing: the person sees who asks for what, and presses a button. A code is good once, for five minutes, with
//! the verifier of the program that began; a refresh token is good with that program's key only. Credentials live fifteen minutes at
//! most, and end, as everything here does, with the console session that they come from.

mod authorize;
mod grants;
mod token;

use http::{Method, request::Parts};

pub(crate) use authorize::page;
pub(crate) use grants::{Grants, end_all, of_slot, sweep};
pub(crate) use token::{Proofs, TOKEN};

/// Where programs send the browser.
pub(crate) const AUTHORIZE: &str = "/v1/authorize";

/// Whether a request is for one of these, if it carries no signature and is not for a host of S3's. No bucket has a name as short as
/// `v1`.
pub(crate) fn takes(parts: &Parts) -> bool {
    let query = parts.uri.query().unwrap_or("");
    match parts.uri.path() {
        AUTHORIZE => {
            parts.method == Method::GET
                && query.split('&').any(|pair| pair.starts_with("client_id="))
        }
        TOKEN => parts.method == Method::POST && query.is_empty(),
        _ => false,
    }
}
