//! The request context: condition keys and where their values come from (`policy-evaluation` section 4), looked up lazily.

use std::borrow::Cow;

use twinlock_directory::{AccountId, Millis};
use twinlock_policy::{Context, PrincipalKind, Value};

use crate::{attempt::Cx, caller::AuthType, needs::Need, token::SessionOf};

/// The context of one need of one attempt.
pub(crate) struct RequestContext<'a> {
    pub(crate) cx: &'a Cx<'a>,
    pub(crate) need: &'a Need,
}

impl Context for RequestContext<'_> {
    /// `key` is lower-cased. Operations' own keys come first, global keys after; what is not listed is absent.
    fn get(&self, key: &str) -> Option<Value<'_>> {
        if let Some((_, fact)) = self.need.context.iter().find(|(k, _)| k == key) {
            return Some(fact.value());
        }
        // What a proof says of its bearer, and then what a session remembers of the proof it was made by.
        if let Some(fact) = self.need.proven.as_deref().and_then(|p| p.fact(key)) {
            return Some(fact.value());
        }
        if let Some(value) = self.claim(key) {
            return Some(value);
        }
        match key.split_once(':')? {
            ("aws", rest) => self.global(rest),
            ("iam", rest) => self.tag(rest.strip_prefix("resourcetag/")?, &self.need.resource_tags),
            ("s3", rest) if self.need.action.starts_with("s3:") => self.s3(rest),
            _ => None,
        }
    }
}

impl RequestContext<'_> {
    /// A claim that outlives the proof (`accounts.google.com:sub`); never one of AWS's own names.
    fn claim(&self, key: &str) -> Option<Value<'_>> {
        if self.need.proven.is_some() {
            return None;
        }
        let session = self.cx.caller.session.as_deref()?;
        let (_, values) = session.claims.iter().find(|(name, _)| name == key)?;
        Some(match values.as_slice() {
            [value] if !key.ends_with(":amr") => Value::One(Cow::Borrowed(value)),
            values => Value::Many(values.iter().map(|v| Cow::Borrowed(v.as_str())).collect()),
        })
    }

    fn tag<'t>(&self, key: &str, tags: &'t [(String, String)]) -> Option<Value<'t>> {
        tags.iter()
            .find(|(k, _)| k.eq_ignore_ascii_case(key) || k.to_lowercase() == key)
            .map(|(_, v)| Value::One(Cow::Borrowed(v.as_str())))
    }

    fn global(&self, key: &str) -> Option<Value<'_>> {
        let caller = self.cx.caller;
        let principal = &self.cx.standing.principal;
        let anonymous = principal.kind == PrincipalKind::Anonymous;
        let one = |v: String| Some(Value::One(Cow::Owned(v)));
        let text = |v: &'static str| Some(Value::One(Cow::Borrowed(v)));
        if let Some(proven) = self.need.proven.as_deref() {
            // The bearer of a proof has no account, no tags and no session here yet.
            match key {
                "federatedprovider" => return one(proven.provider().to_owned()),
                "userid"
                | "username"
                | "tokenissuetime"
                | "multifactorauthpresent"
                | "multifactorauthage"
                | "sourceidentity"
                | "assumedroot" => return None,
                _ if key.starts_with("principal") => return None,
                _ => {}
            }
        }
        if let Some(tag) = key.strip_prefix("principaltag/") {
            return self.tag(tag, &self.cx.standing.tags);
        }
        if let Some(tag) = key.strip_prefix("resourcetag/") {
            return self.tag(tag, &self.need.resource_tags);
        }
        let session = caller.session.as_deref();
        match key {
            "principalarn" if anonymous => None,
            // A session's PrincipalArn is its role's ARN, path and all, never the session's own.
            "principalarn" => match (&principal.kind, &principal.issuer) {
                (PrincipalKind::RoleSession, Some(issuer)) => {
                    Some(Value::One(Cow::Borrowed(&issuer.arn)))
                }
                _ => Some(Value::One(Cow::Borrowed(&principal.arn))),
            },
            "principalaccount" => Some(Value::One(Cow::Borrowed(
                principal.account.as_deref().unwrap_or("anonymous"),
            ))),
            "principaltype" => text(match principal.kind {
                PrincipalKind::Root => "Account",
                PrincipalKind::User => "User",
                PrincipalKind::RoleSession | PrincipalKind::WebIdentity | PrincipalKind::Saml => {
                    "AssumedRole"
                }
                PrincipalKind::FederatedUser => "FederatedUser",
                PrincipalKind::Service => "Service",
                PrincipalKind::Anonymous => "Anonymous",
            }),
            "userid" => Some(Value::One(Cow::Borrowed(&self.cx.standing.user_id))),
            "username" => self.cx.user_name().map(|n| Value::One(Cow::Borrowed(n))),
            "principalisawsservice" if !anonymous => text("false"),
            "viaawsservice" => text("false"),
            "federatedprovider" => session
                .and_then(|s| s.provider.as_deref())
                .map(|p| Value::One(Cow::Borrowed(p))),
            "assumedroot" => session
                .filter(|session| session.is_assumed_root())
                .and_then(|_| text("true")),
            "tokenissuetime" => session.and_then(|s| one(iso(s.issued))),
            "multifactorauthpresent" => session.map(|s| {
                Value::One(Cow::Borrowed(match (&s.of, s.mfa) {
                    (SessionOf::User { .. }, Some(_)) => "true",
                    _ => "false",
                }))
            }),
            "multifactorauthage" => match session {
                Some(s) if matches!(s.of, SessionOf::User { .. }) => s
                    .mfa
                    .and_then(|at| one((self.cx.now.saturating_sub(at) / 1000).to_string())),
                _ => None,
            },
            "sourceidentity" => session
                .and_then(|s| s.source_identity.as_deref())
                .map(|v| Value::One(Cow::Borrowed(v))),
            "sourceip" => caller.request.source_ip.and_then(|ip| one(ip.to_string())),
            "securetransport" => text(if caller.request.secure {
                "true"
            } else {
                "false"
            }),
            "useragent" => caller
                .request
                .user_agent
                .as_deref()
                .map(|v| Value::One(Cow::Borrowed(v))),
            "referer" => caller
                .request
                .referer
                .as_deref()
                .map(|v| Value::One(Cow::Borrowed(v))),
            "currenttime" => one(iso(self.cx.now)),
            "epochtime" => one((self.cx.now / 1000).to_string()),
            // IAM, STS and Organizations are global services of us-east-1, whatever region the signature names.
            "requestedregion" => match self.need.action.split_once(':') {
                Some(("iam" | "sts" | "organizations", _)) => text("us-east-1"),
                _ => Some(Value::One(Cow::Borrowed(&caller.request.region))),
            },
            "resourceaccount" => self.owner().and_then(|a| one(a.to_string())),
            "principalorgid" => self.organization_id(self.principal_account()),
            "principalorgpaths" => self.organization_paths(self.principal_account()),
            "resourceorgid" => self.organization_id(self.owner()),
            "resourceorgpaths" => self.organization_paths(self.owner()),
            _ => None,
        }
    }

    /// Whose the resource is: the caller's own where nobody says otherwise, as in a list of its users. Policies that keep an
    /// organization to its own resources compare it for every action, so that it must not be absent there.
    fn owner(&self) -> Option<AccountId> {
        self.need.owner.or(self.cx.caller.who.account())
    }

    /// The account of whoever is asked about: in a simulation not that of the caller.
    fn principal_account(&self) -> Option<AccountId> {
        self.cx.standing.principal.account.as_deref()?.parse().ok()
    }

    /// The id of the organization that an account is in.
    fn organization_id(&self, account: Option<AccountId>) -> Option<Value<'_>> {
        let place = self.cx.snapshot.organization_of(&account?)?;
        Some(Value::One(Cow::Borrowed(&place.organization.id)))
    }

    /// Where in its organization an account is: always one path, and yet a list.
    fn organization_paths(&self, account: Option<AccountId>) -> Option<Value<'_>> {
        let place = self.cx.snapshot.organization_of(&account?)?;
        let path = place.node.path(place.member.id.as_str());
        Some(Value::Many(vec![Cow::Owned(path)]))
    }

    fn s3(&self, key: &str) -> Option<Value<'_>> {
        let request = &self.cx.caller.request;
        let signed = request.auth_type != AuthType::None;
        match key {
            "resourceaccount" => self
                .need
                .owner
                .map(|a| Value::One(Cow::Owned(a.to_string()))),
            "authtype" => Some(Value::One(Cow::Borrowed(match request.auth_type {
                AuthType::Header => "REST-HEADER",
                AuthType::Query => "REST-QUERY-STRING",
                AuthType::Post => "POST",
                AuthType::None | AuthType::Console => return None,
            }))),
            "signatureversion" if signed => {
                Some(Value::One(Cow::Borrowed(request.signature_version)))
            }
            "signatureage" if signed => request
                .signed_at
                .map(|at| Value::One(Cow::Owned(self.cx.now.saturating_sub(at).to_string()))),
            "x-amz-content-sha256" => request
                .content_sha256
                .as_deref()
                .map(|v| Value::One(Cow::Borrowed(v))),
            _ => None,
        }
    }
}

/// An instant as AWS writes condition values: ISO 8601, UTC, milliseconds.
pub fn iso(at: Millis) -> String {
    let at = i64::try_from(at).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(at)
        .map(|t| format!("{t:.3}"))
        .unwrap_or_default()
}
