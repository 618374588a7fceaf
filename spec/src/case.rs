//! A case: one question and every document that applies to it, owned, and readable and writable as JSON, so that a case which once
//! told the two evaluators apart can be kept as a file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use twinlock_policy::{Document, Issuer, Principal, PrincipalKind};

use crate::text::ContextValue;

/// A policy document as it was written, and what its principals were bound to.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "WrittenJson", into = "WrittenJson")]
pub struct Written {
    /// The document.
    pub document: Document,
    /// The unique id that a principal ARN meant when the document was written; for a canonical id, its account.
    pub bindings: BTreeMap<String, String>,
}

/// Why a text is no case.
#[derive(Debug)]
pub struct Wrong(pub String);

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenJson {
    document: Json,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    bindings: BTreeMap<String, String>,
}

impl Written {
    /// A document without bindings.
    ///
    /// # Errors
    /// When the text is no policy document.
    pub fn parse(text: &str) -> Result<Written, Wrong> {
        let document = Document::parse(text).map_err(|error| Wrong(error.to_string()))?;
        Ok(Written {
            document,
            bindings: BTreeMap::new(),
        })
    }
}

impl TryFrom<WrittenJson> for Written {
    type Error = Wrong;

    fn try_from(json: WrittenJson) -> Result<Written, Wrong> {
        Ok(Written {
            bindings: json.bindings,
            ..Written::parse(&json.document.to_string())?
        })
    }
}

impl From<Written> for WrittenJson {
    fn from(written: Written) -> WrittenJson {
        let text = written.document.text();
        WrittenJson {
            document: serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.to_owned())),
            bindings: written.bindings,
        }
    }
}

/// The SCPs or RCPs of one root, organizational unit or account.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelOf {
    /// The documents attached there.
    pub policies: Vec<Written>,
}

/// One question with all documents that apply to it. Absent in JSON means: none, or no.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Who asks.
    #[serde(with = "caller")]
    pub principal: Principal,
    /// `service:Name`.
    pub action: String,
    /// ARN, or `*`.
    pub resource: String,
    /// Owner of the resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_account: Option<String>,
    /// The request context, by key in lower case.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub context: BTreeMap<String, ContextValue>,
    /// Identity policies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub identity: Vec<Written>,
    /// The resource's policy, or the role's trust policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_policy: Option<Written>,
    /// The resource's policy must itself admit the caller or its account (roles, KMS keys).
    #[serde(default, skip_serializing_if = "is_false")]
    pub must_admit: bool,
    /// The permissions boundary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<Vec<Written>>,
    /// The session policies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<Vec<Written>>,
    /// SCP levels, root first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scps: Option<Vec<LevelOf>>,
    /// RCP levels, root first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rcps: Option<Vec<LevelOf>>,
    /// The VPC endpoint's policies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<Vec<Written>>,
    /// The caller's account is the management account.
    #[serde(default, skip_serializing_if = "is_false")]
    pub principal_in_management_account: bool,
    /// The resource's account is the management account.
    #[serde(default, skip_serializing_if = "is_false")]
    pub resource_in_management_account: bool,
    /// RestrictPublicBuckets is on.
    #[serde(default, skip_serializing_if = "is_false")]
    pub restrict_public_buckets: bool,
    /// An ACL of S3 grants the action to the caller's account.
    #[serde(default, skip_serializing_if = "is_false")]
    pub acl_grant: bool,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde asks for"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Case {
    /// A question without any document.
    pub fn of(principal: Principal, action: &str, resource: &str) -> Case {
        Case {
            principal,
            action: action.to_owned(),
            resource: resource.to_owned(),
            resource_account: None,
            context: BTreeMap::new(),
            identity: Vec::new(),
            resource_policy: None,
            must_admit: false,
            boundary: None,
            session: None,
            scps: None,
            rcps: None,
            endpoint: None,
            principal_in_management_account: false,
            resource_in_management_account: false,
            restrict_public_buckets: false,
            acl_grant: false,
        }
    }
}

/// The caller as JSON.
mod caller {
    use super::{Deserialize, Issuer, Principal, PrincipalKind, Serialize};

    #[derive(Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Caller {
        kind: String,
        #[serde(default, skip_serializing_if = "String::is_empty")]
        arn: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        account: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unique_id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issuer: Option<(String, Option<String>)>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        provider: Option<String>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        service_linked: bool,
    }

    const KINDS: [PrincipalKind; 8] = [
        PrincipalKind::Root,
        PrincipalKind::User,
        PrincipalKind::RoleSession,
        PrincipalKind::FederatedUser,
        PrincipalKind::WebIdentity,
        PrincipalKind::Saml,
        PrincipalKind::Service,
        PrincipalKind::Anonymous,
    ];

    pub(super) fn serialize<S: serde::Serializer>(
        principal: &Principal,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let principal = principal.clone();
        Caller {
            kind: format!("{:?}", principal.kind),
            arn: principal.arn,
            account: principal.account,
            unique_id: principal.unique_id,
            issuer: principal
                .issuer
                .map(|issuer| (issuer.arn, issuer.unique_id)),
            provider: principal.provider,
            service_linked: principal.service_linked,
        }
        .serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Principal, D::Error> {
        let caller = Caller::deserialize(deserializer)?;
        let kind = KINDS
            .into_iter()
            .find(|kind| format!("{kind:?}") == caller.kind)
            .ok_or_else(|| serde::de::Error::custom(format!("no kind `{}`", caller.kind)))?;
        Ok(Principal {
            kind,
            account: caller.account,
            arn: caller.arn,
            unique_id: caller.unique_id,
            issuer: caller
                .issuer
                .map(|(arn, unique_id)| Issuer { arn, unique_id }),
            provider: caller.provider,
            service_linked: caller.service_linked,
        })
    }
}
