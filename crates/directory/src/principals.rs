//! Principals of trust policies and bucket policies: bound to unique ids when a policy is written, named again when it is read.
//!
//! AWS keeps the unique id (`AIDA…`, `AROA…`) of a user or role that a policy names, so that somebody made anew under the
//! same name is not let in, and a renamed one stays in. Whoever reads the policy sees the ARN as it is now, or the raw id of
//! someone who is gone. The text itself is kept as it was written; only these strings are exchanged on the way out.

use std::ops::Range;

use twinlock_policy::{
    Bindings, Document,
    arn::Arn,
    write_rules::{WriteError, invalid_principal},
};

use crate::{
    model::{AccountId, StoredPolicy},
    snapshot::Snapshot,
};

/// Looks up every principal that `document` names, and gives the unique ids of its users and roles (and the account ids of
/// its canonical users) by the text they are written with. Accounts elsewhere are taken at their word. `writer`: the account
/// whose policy it is; what others' users and roles are really called is not told to it.
///
/// # Errors
/// The first principal that does not exist, in AWS's sentence with a hint after it.
pub fn bind(
    snapshot: &Snapshot,
    document: &Document,
    writer: AccountId,
) -> Result<Bindings, WriteError> {
    let mut bindings = Bindings::new();
    for principal in document.aws_principals() {
        match resolve(snapshot, &principal.text, writer)? {
            Resolved::Entity(id) => {
                bindings.insert(principal.text, id);
            }
            Resolved::Account | Resolved::AsWritten => {}
        }
    }
    for provider in document.federated_principals() {
        if !is_provider(snapshot, &provider.text) {
            return Err(WriteError {
                sentence: format!(
                    "Invalid principal in policy: \"Federated\":\"{}\"",
                    provider.text
                ),
                hint: "Create the identity provider first, and name it by its ARN.".to_owned(),
            });
        }
    }
    for user in document.canonical_users() {
        match snapshot.account_by_canonical_id(&user.text) {
            Some(account) => {
                bindings.insert(user.text, account.account.id.to_string());
            }
            None => {
                return Err(WriteError {
                    sentence: format!(
                        "Invalid principal in policy: \"CanonicalUser\":\"{}\"",
                        user.text
                    ),
                    hint: "No account here has this canonical id; ListBuckets shows one's own."
                        .to_owned(),
                });
            }
        }
    }
    Ok(bindings)
}

/// The policy as AWS shows it: the text as written, with the principals as they are called now. A user or role that is
/// gone stands there with its unique id; an account always with its root ARN.
pub fn show(snapshot: &Snapshot, policy: &StoredPolicy) -> String {
    let text = policy.text();
    // The compiled policy has the document parsed already; an unreadable text stands for itself.
    let compiled = policy.compiled();
    if compiled.text() != text {
        return text.to_owned();
    }
    let mut exchanges: Vec<(Range<usize>, String)> = compiled
        .document()
        .aws_principals()
        .into_iter()
        .filter_map(|principal| {
            let now = current(snapshot, policy.bindings(), &principal.text)?;
            (now != principal.text).then_some((principal.span, now))
        })
        .collect();
    exchanges.sort_by_key(|(span, _)| span.start);
    let mut shown = String::with_capacity(text.len());
    let mut at = 0;
    for (span, now) in exchanges {
        // INVARIANT: spans come from this text and do not overlap.
        shown.push_str(text.get(at..span.start).unwrap_or_default());
        // A path may hold quotes and backslashes.
        shown.push_str(&serde_json::Value::from(now).to_string());
        at = span.end;
    }
    shown.push_str(text.get(at..).unwrap_or_default());
    shown
}

/// What a principal is called now; none: as it is written.
fn current(snapshot: &Snapshot, bindings: &Bindings, written: &str) -> Option<String> {
    if let Some(id) = bindings.get(written) {
        let session = session_name(written);
        return match (snapshot.by_unique_id(id), session) {
            // A role keeps its name.
            (Some(_), Some(_)) => None,
            (Some(entity), None) => Some(entity.arn()),
            (None, Some(session)) => Some(format!("{id}:{session}")),
            (None, None) => Some(id.clone()),
        };
    }
    let account: AccountId = written.parse().ok()?;
    Some(account.root_arn())
}

/// The session's name in the ARN of a role's session.
fn session_name(written: &str) -> Option<&str> {
    let arn = Arn::parse(written).filter(|arn| arn.service == "sts")?;
    let (_, session) = arn
        .resource
        .strip_prefix("assumed-role/")?
        .split_once('/')?;
    Some(session)
}

/// Providers that AWS knows by name, without an entity in any account.
pub const WELL_KNOWN_PROVIDERS: [&str; 4] = [
    "accounts.google.com",
    "cognito-identity.amazonaws.com",
    "graph.facebook.com",
    "www.amazon.com",
];

/// Whether `written` is an identity provider that a policy may name: one that exists, or one that everybody knows. Who
/// exists in an account elsewhere cannot be known here.
fn is_provider(snapshot: &Snapshot, written: &str) -> bool {
    let elsewhere = || {
        let arn = Arn::parse(written)?;
        let known_form = arn.resource.starts_with("oidc-provider/")
            || arn.resource.starts_with("saml-provider/");
        let plain = arn.partition == "aws" && arn.service == "iam" && arn.region.is_empty();
        let account = arn.account.parse().ok()?;
        Some(known_form && plain && snapshot.is_external(&account))
    };
    WELL_KNOWN_PROVIDERS.contains(&written)
        || snapshot.oidc_provider(written).is_some()
        || snapshot.saml_provider(written).is_some()
        || elsewhere().unwrap_or(false)
}

enum Resolved {
    /// The account, by its id or root ARN.
    Account,
    /// A user or role of this unique id, or a session of the role.
    Entity(String),
    /// Nothing to bind: everyone, a federated session, or someone of an account elsewhere.
    AsWritten,
}

fn resolve(snapshot: &Snapshot, written: &str, writer: AccountId) -> Result<Resolved, WriteError> {
    if written == "*" {
        return Ok(Resolved::AsWritten);
    }
    if let Ok(id) = written.parse::<AccountId>() {
        return account(snapshot, &id, written).map(|_| Resolved::Account);
    }
    let invalid = || invalid_principal(written);
    let arn = Arn::parse(written).ok_or_else(invalid)?;
    if arn.partition != "aws" || !arn.region.is_empty() || written.contains(['*', '?']) {
        return Err(invalid());
    }
    let id: AccountId = arn.account.parse().map_err(|_| invalid())?;
    let here = account(snapshot, &id, written)?;
    let (kind, path_and_name) = match arn.resource.split_once('/') {
        Some(parts) => parts,
        None if arn.service == "iam" && arn.resource == "root" => return Ok(Resolved::Account),
        None => return Err(invalid()),
    };
    if path_and_name.is_empty() {
        return Err(invalid());
    }
    let known_form = matches!(
        (arn.service, kind),
        ("iam", "user" | "role") | ("sts", "assumed-role" | "federated-user")
    );
    if !known_form {
        return Err(invalid());
    }
    // Who exists in an account elsewhere cannot be known here.
    let Some(node) = here else {
        return Ok(Resolved::AsWritten);
    };
    let name = path_and_name.rsplit('/').next().unwrap_or_default();
    // Lookups do not mind case; a principal is compared as it stands, path and all.
    let found = match kind {
        "user" => node.user(name).map(|user| (user.arn(), user.id.clone())),
        "role" => node.role(name).map(|role| (role.arn(), role.id.clone())),
        "assumed-role" => {
            let (name, session) = path_and_name.split_once('/').ok_or_else(invalid)?;
            let role = node.role(name).filter(|role| role.name == name);
            let role = role.filter(|_| !session.is_empty() && !session.contains('/'));
            return role
                .map(|role| Resolved::Entity(role.id.clone()))
                .ok_or_else(invalid);
        }
        _ => return Ok(Resolved::AsWritten),
    };
    match found {
        Some((arn, id)) if arn == written => Ok(Resolved::Entity(id)),
        Some((arn, _)) if id == writer => Err(WriteError {
            hint: format!("There is {arn}: mind the path and the case of the name."),
            ..invalid()
        }),
        Some(_) | None => Err(invalid()),
    }
}

/// The account if it is here, nothing if it is one elsewhere that policies may name.
fn account<'s>(
    snapshot: &'s Snapshot,
    id: &AccountId,
    written: &str,
) -> Result<Option<&'s crate::AccountNode>, WriteError> {
    match snapshot.account(id) {
        Some(node) => Ok(Some(node)),
        None if snapshot.is_external(id) => Ok(None),
        None => Err(WriteError {
            hint: format!(
                "There is no account {id} here. If it is one elsewhere, add it to external_accounts in the configuration."
            ),
            ..invalid_principal(written)
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{
        batch::Batch,
        tests_support::{DEV, account, oidc_provider, role, saml_provider, user},
    };

    const ELSEWHERE: &str = "999999999999";

    fn snapshot() -> Snapshot {
        let mut batch = Batch::new(0);
        batch.put(account(DEV));
        batch.put(user("ann"));
        batch.put(role("Deploy"));
        Snapshot::empty([ELSEWHERE.parse().unwrap()].into())
            .apply(&batch)
            .unwrap()
    }

    fn policy(principal: &str) -> String {
        format!(
            r#"{{ "Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":{principal}}},"Action":"sts:AssumeRole"}} }}"#
        )
    }

    fn bound(snapshot: &Snapshot, text: &str) -> Result<Bindings, WriteError> {
        bind(
            snapshot,
            &Document::parse(text).unwrap(),
            DEV.parse().unwrap(),
        )
    }

    #[test]
    fn who_exists_is_bound_and_who_does_not_is_refused() {
        let snapshot = snapshot();
        let rows: &[(&str, Result<usize, &str>)] = &[
            ("*", Ok(0)),
            (DEV, Ok(0)),
            ("arn:aws:iam::111111111111:root", Ok(0)),
            (ELSEWHERE, Ok(0)),
            ("arn:aws:iam::999999999999:role/any/thing", Ok(0)),
            ("arn:aws:iam::111111111111:user/ann", Ok(1)),
            ("arn:aws:iam::111111111111:role/Deploy", Ok(1)),
            ("arn:aws:sts::111111111111:assumed-role/Deploy/s1", Ok(1)),
            ("arn:aws:sts::111111111111:federated-user/bob", Ok(0)),
            ("arn:aws:sts::111111111111:assumed-role/Gone/s1", Err("")),
            (
                "arn:aws:iam::111111111111:user/Ann",
                Err("case of the name"),
            ),
            ("arn:aws:iam::111111111111:user/x/ann", Err("mind the path")),
            ("arn:aws:iam::111111111111:user/bob", Err("Create it first")),
            ("arn:aws:iam::111111111111:user/*", Err("wildcards")),
            ("arn:aws-cn:iam::111111111111:user/ann", Err("")),
            ("222222222222", Err("external_accounts")),
            ("arn:aws:iam::222222222222:root", Err("external_accounts")),
            ("11111111111", Err("twelve digits; this one has 11")),
            ("AROADeploy", Err("deleted")),
            ("AROADeploy:s1", Err("deleted")),
        ];
        for (principal, expected) in rows {
            let got = bound(&snapshot, &policy(&format!("\"{principal}\"")));
            match (got, expected) {
                (Ok(bindings), Ok(count)) => assert_eq!(bindings.len(), *count, "{principal}"),
                (Err(error), Err(hint)) => {
                    assert!(error.hint.contains(hint), "{principal}: {error}");
                    let sentence = format!("Invalid principal in policy: \"AWS\":\"{principal}\"");
                    assert_eq!(error.sentence, sentence);
                }
                (got, expected) => panic!("{principal}: {got:?}, not {expected:?}"),
            }
        }
    }

    #[test]
    fn what_users_and_roles_are_really_called_is_told_to_their_own_account_only() {
        let text = policy(r#""arn:aws:iam::111111111111:user/x/ANN""#);
        let hint = |writer: &str| {
            let document = Document::parse(&text).unwrap();
            let bound = bind(&snapshot(), &document, writer.parse().unwrap());
            bound.unwrap_err().hint
        };
        assert!(hint(DEV).contains("There is arn:aws:iam::111111111111:user/ann"));
        assert!(!hint("222222222222").contains("There is"));
    }

    #[test]
    fn a_policy_is_shown_as_written_but_for_principals_that_moved() {
        let before = snapshot();
        let text = policy(
            r#"["arn:aws:iam::111111111111:user\/ann", "111111111111", "arn:aws:iam::111111111111:role/Deploy", "arn:aws:sts::111111111111:assumed-role/Deploy/s1"]"#,
        );
        let stored = StoredPolicy::new(&text, bound(&before, &text).unwrap());
        let expected = text.replace("\"111111111111\"", "\"arn:aws:iam::111111111111:root\"");
        assert_eq!(show(&before, &stored), expected);

        // Ann gets another name and path, and the role is made anew.
        let mut batch = Batch::new(before.revision());
        let mut ann = user("ann");
        ann.name = "anna".into();
        ann.path = "/\"team\"/".into();
        batch.put(ann);
        let mut again = role("Deploy");
        batch.delete_row(again.clone());
        again.id = "AROAagain".into();
        batch.put(again);
        let after = Arc::new(before.apply(&batch).unwrap());
        let expected = policy(
            r#"["arn:aws:iam::111111111111:user/\"team\"/anna", "arn:aws:iam::111111111111:root", "AROADeploy", "AROADeploy:s1"]"#,
        );
        assert_eq!(show(&after, &stored), expected);
    }

    #[test]
    fn a_federated_principal_is_a_provider_that_exists_or_that_everybody_knows() {
        let before = snapshot();
        let mut batch = Batch::new(before.revision());
        batch.put(oidc_provider("id.example.com/realm"));
        batch.put(saml_provider("Corp"));
        let snapshot = before.apply(&batch).unwrap();
        for (provider, good) in [
            (
                "arn:aws:iam::111111111111:oidc-provider/id.example.com/realm",
                true,
            ),
            (
                "arn:aws:iam::111111111111:oidc-provider/id.example.com",
                false,
            ),
            ("arn:aws:iam::111111111111:saml-provider/Corp", true),
            ("arn:aws:iam::111111111111:saml-provider/corp", false),
            ("arn:aws:iam::999999999999:saml-provider/Any", true),
            ("arn:aws:iam::222222222222:saml-provider/Corp", false),
            ("accounts.google.com", true),
            ("id.example.com/realm", false),
        ] {
            let text = policy(&format!("\"{provider}\"")).replace("AWS", "Federated");
            let bound = bound(&snapshot, &text);
            assert_eq!(bound.is_ok(), good, "{provider}");
            if let Err(error) = bound {
                let sentence = format!("Invalid principal in policy: \"Federated\":\"{provider}\"");
                assert_eq!(error.sentence, sentence);
            }
        }
    }

    #[test]
    fn a_canonical_user_is_bound_to_its_account() {
        let snapshot = snapshot();
        let id = account(DEV).canonical_id;
        let of = |id: &str| {
            policy("\"*\"").replace(r#""AWS":"*""#, &format!(r#""CanonicalUser":"{id}""#))
        };
        let bindings = bound(&snapshot, &of(&id)).unwrap();
        assert_eq!(bindings.get(&id).map(String::as_str), Some(DEV));
        assert!(bound(&snapshot, &of("abc")).is_err());
    }
}
