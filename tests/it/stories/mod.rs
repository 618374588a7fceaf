//! One file per walkthrough, then one per promise that runs through all of them.
//!
//! Each test starts a server of its own and tells one thing that somebody does, in the order in which they do it.

mod aws_login;
mod bucket_policies;
mod command_line;
mod console_access;
mod console_accessible;
mod console_delegate;
mod console_federation;
mod console_guard;
mod console_iam_pages;
mod console_organizations;
mod console_passwords;
mod console_s3;
mod console_saml;
mod console_sign_in;
mod console_text1;
mod console_text2;
mod console_text3;
mod console_text4;
mod credentials;
mod durability;
mod federation;
mod mfa;
mod model;
mod objects;
mod oidc_issuers;
mod organizations;
mod pipeline;
mod readme;
mod reports;
mod revocations;
mod saml;
mod sessions;
mod simulator;
mod terraform;
mod terraform_itself;
mod terraform_organizations;
mod terraform_s3;
mod text1;
mod text2;
mod text3;
mod text4;
mod text5;
mod time;
mod traps;
