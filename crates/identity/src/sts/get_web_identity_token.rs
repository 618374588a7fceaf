//! GetWebIdentityToken: a signed statement of who calls, for services elsewhere that trust the account's issuer.

use serde_json::{Map, Value, json};
use twinlock_directory::{Account, ids};
use twinlock_gate::{Action, Cx, Fault, Need, Needs, Operation, Permit, Read};
use twinlock_policy::{PrincipalKind, is_region};
use twinlock_shapes::sts::{GetWebIdentityTokenInput, GetWebIdentityTokenOutput};
use twinlock_wire::time::Millis;

use super::session::session_tags;
use crate::outbound::Issuer;

const DEFAULT_SECONDS: u64 = 300;
/// The namespace of what AWS says beside the standard claims.
const NAMESPACE: &str = "https://sts.amazonaws.com/";
/// A token of more characters is refused: whoever takes it must get it into a header.
const TOKEN_CHARS_MAX: usize = 8192;

/// Signs a token about the caller.
pub struct GetWebIdentityToken;

const GET: &Action = &GetWebIdentityToken::ACTIONS[0];
const TAG: &Action = &GetWebIdentityToken::ACTIONS[1];

impl Operation for GetWebIdentityToken {
    type Input = GetWebIdentityTokenInput;
    type Output = GetWebIdentityTokenOutput;
    type Found = Option<(Account, Issuer)>;
    const NAME: &'static str = "GetWebIdentityToken";
    const ACTIONS: &'static [Action] = &[
        Action::new(
            "sts:GetWebIdentityToken",
            &[],
            &[
                "sts:IdentityTokenAudience",
                "sts:SigningAlgorithm",
                "sts:DurationSeconds",
                "aws:RequestTag/${TagKey}",
                "aws:TagKeys",
            ],
        ),
        Action::new(
            "sts:TagGetWebIdentityToken",
            &[],
            &["aws:RequestTag/${TagKey}", "aws:TagKeys"],
        ),
    ];

    fn needs(input: &Self::Input, _: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
        if !matches!(input.signing_algorithm.as_str(), "RS256" | "ES384") {
            return Err(Fault::validation(format!(
                "1 validation error detected: Value '{}' at 'signingAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [RS256, ES384]",
                input.signing_algorithm
            )));
        }
        let tags = input.tags.as_deref().unwrap_or_default();
        let need = |action: &Action| {
            Need::anywhere(action)
                .request_tags(tags.iter().map(|t| (t.key.as_str(), t.value.as_str())))
        };
        let get = need(GET)
            .keys("sts:IdentityTokenAudience", input.audience.clone())
            .key("sts:SigningAlgorithm", input.signing_algorithm.as_str())
            .key("sts:DurationSeconds", seconds(input).to_string());
        Ok(Needs::one(get).and_if((!tags.is_empty()).then(|| need(TAG))))
    }
}

fn seconds(input: &GetWebIdentityTokenInput) -> u64 {
    input
        .duration_seconds
        .and_then(|seconds| u64::try_from(seconds).ok())
        .unwrap_or(DEFAULT_SECONDS)
}

/// The Region that the token was asked for in: the one that the caller signed for, which policies saw as
/// `aws:RequestedRegion`. A signature vouches for who chose that word, not for what it says, and the account signs this: a
/// name that no Region has is not repeated, the server's own stands there instead.
fn source_region<'a>(cx: &'a Cx<'_>) -> &'a str {
    let asked = &cx.caller.request.region;
    if is_region(asked) {
        asked
    } else {
        &cx.world.settings.region
    }
}

impl Read for GetWebIdentityToken {
    fn find(_: &Self::Input, cx: &Cx<'_>) -> Self::Found {
        let account = (*cx.account().ok()?.account).clone();
        let issuer = Issuer::of(&account).filter(|issuer| issuer.enabled)?;
        Some((account, issuer))
    }

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        found: Self::Found,
        cx: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let (account, issuer) = found.ok_or_else(|| {
            Fault::new(
                "OutboundWebIdentityFederationDisabledException",
                403,
                "Outbound web identity federation is not enabled for this account: call iam:EnableOutboundWebIdentityFederation first.",
            )
        })?;
        let expires = cx.now + seconds(input) * 1000;
        // A statement about a session must not outlive it.
        if cx
            .caller
            .session
            .as_deref()
            .is_some_and(|session| session.expires < expires)
        {
            return Err(Fault::new(
                "SessionDurationEscalationException",
                403,
                "The requested token duration would extend the session beyond its original expiration time.",
            ));
        }
        let tags = session_tags(input.tags.as_deref().unwrap_or_default())?;
        let object = |pairs: &[(String, String)]| -> Map<String, Value> {
            pairs.iter().map(|(k, v)| (k.clone(), json!(v))).collect()
        };
        let mut own =
            json!({ "aws_account": account.id.as_str(), "source_region": source_region(cx) });
        if !cx.principal_tags().is_empty() {
            own["principal_tags"] = Value::Object(object(cx.principal_tags()));
        }
        if !tags.is_empty() {
            own["request_tags"] = Value::Object(object(&tags));
        }
        if let Some(place) = cx.snapshot.organization_of(&account.id) {
            own["org_id"] = json!(place.organization.id);
            own["ou_path"] = json!(place.node.path(account.id.as_str()));
        }
        // A session's subject is its role: the session's own name is whatever its maker chose.
        let principal = cx.principal();
        let subject = match (&principal.kind, &principal.issuer) {
            (PrincipalKind::RoleSession, Some(role)) => &role.arn,
            _ => &principal.arn,
        };
        let audience = match input.audience.as_slice() {
            [one] => json!(one),
            many => json!(many),
        };
        let claims = json!({
            "iss": issuer.url(account.id, cx.world), "sub": subject, "aud": audience,
            "iat": cx.now / 1000, "exp": expires / 1000,
            "jti": ids::provider_id(&*cx.world.random), NAMESPACE: own,
        });
        let token = issuer.sign(account.id, &input.signing_algorithm, &claims, cx.world)?;
        if token.len() > TOKEN_CHARS_MAX {
            return Err(Fault::new(
                "JWTPayloadSizeExceededException",
                400,
                "The requested token payload size exceeds the maximum allowed size.",
            ));
        }
        Ok(GetWebIdentityTokenOutput {
            web_identity_token: Some(token),
            expiration: Some(Millis(expires / 1000 * 1000)),
        })
    }
}
