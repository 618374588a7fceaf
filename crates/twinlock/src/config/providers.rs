//! `[[oidc_provider]]`: where the keys of an issuer are, for a machine that cannot or should not fetch them from the internet.

use std::path::PathBuf;

use twinlock_gate::proof::issuers::Configured;

use super::read::{Reader, Section};

const KEYS: [&str; 4] = ["issuer", "jwks_file", "jwks_url", "ca_file"];

/// Reads every `[[oidc_provider]]`; `place` makes a path of a text.
pub(super) fn oidc(
    section: Section<'_, '_>,
    reader: &mut Reader<'_>,
    place: &impl Fn(&str) -> Result<PathBuf, String>,
) -> Vec<Configured> {
    let mut all: Vec<Configured> = Vec::new();
    for table in section.tables("oidc_provider", reader) {
        table.only(&KEYS, reader);
        let jwks_file = table.parsed("jwks_file", reader, place);
        let jwks_url = table.parsed("jwks_url", reader, address);
        let ca_file = table.parsed("ca_file", reader, place);
        let Some(issuer) = table.required("issuer", reader, issuer) else {
            continue;
        };
        if all.iter().any(|known| known.issuer == issuer) {
            let message = format!("the issuer `{issuer}` is there twice");
            reader.problem(table.place("issuer"), message);
        }
        if jwks_file.is_some() && ca_file.is_some() {
            reader.problem(
                table.place("ca_file"),
                "with a `jwks_file` nothing is fetched, so `ca_file` has no use",
            );
        }
        if jwks_file.is_some() && jwks_url.is_some() {
            reader.problem(
                table.place("jwks_url"),
                "the keys are in the `jwks_file` already: give one of the two",
            );
        }
        all.push(Configured {
            issuer,
            jwks_file,
            jwks_url,
            ca_file,
        });
    }
    all
}

fn address(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").unwrap_or_default();
    if host.is_empty() || host.starts_with('/') || text.contains([' ', '@', '#']) {
        return Err(format!(
            "`{text}` is no address of a key set: it is like https://id.example.com/jwks.json"
        ));
    }
    Ok(text.to_owned())
}

fn issuer(text: &str) -> Result<String, String> {
    let host = text.strip_prefix("https://").unwrap_or_default();
    if host.is_empty() || host.starts_with('/') || text.contains(['?', '#', ' ']) {
        return Err(format!(
            "`{text}` is no issuer: it is the `iss` of its tokens, as in https://id.example.com/realms/acme"
        ));
    }
    Ok(text.to_owned())
}
