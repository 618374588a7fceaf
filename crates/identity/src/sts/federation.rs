//! What AssumeRoleWithWebIdentity and AssumeRoleWithSAML have in common: a role, a bearer whom a provider vouched for, and what
//! the proof asks for. No caller's policies take part: the role's trust policy alone decides, about the bearer.

use std::sync::Arc;

use twinlock_directory::{Millis, Role};
use twinlock_gate::{
    Action, Cx, Fault, Need, Needs, ResourcePolicy,
    proof::{Proven, jwt::invalid},
    token::{Session, SessionOf},
};
use twinlock_policy::ResourceRule;
use twinlock_shapes::sts::{AssumedRoleUser, Credentials, PolicyDescriptorType, Tag};

use super::{
    assume_role::Named,
    session::{issue, session_policies, session_tags},
};

/// Session life when neither call nor proof says anything, in seconds.
pub(super) const DEFAULT_SECONDS: u64 = 3600;

/// What a proof asks for beside the role.
pub(super) struct Wishes<'a> {
    pub(super) session_name: &'a str,
    pub(super) source_identity: Option<&'a str>,
    pub(super) tags: &'a [(String, String)],
    pub(super) transitive: &'a [String],
}

impl Wishes<'_> {
    /// The proof's provider signed it, but it must still keep to what STS's own parameters keep to.
    ///
    /// # Errors
    /// `InvalidIdentityToken`.
    pub(super) fn check(&self) -> Result<(), Fault> {
        if let Some(identity) = self.source_identity {
            let good = (2..=64).contains(&identity.len())
                && identity
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b));
            if !good {
                return Err(invalid("The source identity of the token is malformed"));
            }
        }
        let plain = |text: &str| {
            text.chars()
                .all(|c| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c))
        };
        for (key, value) in self.tags {
            let good = (1..=128).contains(&key.chars().count())
                && value.chars().count() <= 256
                && plain(key)
                && plain(value);
            if !good {
                return Err(invalid("The session tags of the token are malformed"));
            }
        }
        for key in self.transitive {
            if !self.tags.iter().any(|(k, _)| k.eq_ignore_ascii_case(key)) {
                return Err(invalid(
                    "A transitive tag key of the token is not among its session tags",
                ));
            }
        }
        Ok(())
    }
}

/// The role's account must be named by its ARN, whether the role is there or not.
///
/// # Errors
/// `ValidationError`.
pub(super) fn is_role(found: &Named, arn: &str) -> Result<(), Fault> {
    match found.account {
        Some(_) => Ok(()),
        None => Err(Fault::validation(format!("{arn} is invalid"))),
    }
}

/// The needs of the bearer: `actions` are the assuming itself, sts:TagSession and sts:SetSourceIdentity.
pub(super) fn needs(
    [assume, tag, set_identity]: [&'static Action; 3],
    role_arn: &str,
    found: &Named,
    proven: &Arc<Proven>,
    wishes: &Wishes<'_>,
) -> Needs {
    let need = |action: &Action| {
        let trust = found.role.as_ref().map(|role| ResourcePolicy {
            policy: role.trust.compiled().clone(),
            name: format!("trust policy of role {}", role.name),
        });
        let tags = wishes.tags.iter().map(|(k, v)| (k.as_str(), v.as_str()));
        let mut need = Need::on(action, role_arn)
            .under(trust, ResourceRule::MustAdmit)
            .borne_by(proven.clone())
            .key("sts:RoleSessionName", wishes.session_name)
            .key_if("sts:SourceIdentity", wishes.source_identity)
            .request_tags(tags);
        if !wishes.transitive.is_empty() {
            need = need.keys("sts:TransitiveTagKeys", wishes.transitive.to_vec());
        }
        if let Some(role) = &found.role {
            need = need.tagged(role.tags.iter().map(|t| (t.key.as_str(), t.value.as_str())));
        }
        match found.account {
            Some(account) => need.owned_by(account),
            None => need,
        }
    };
    Needs::one(need(assume))
        .and_if((!wishes.tags.is_empty()).then(|| need(tag)))
        .and_if(wishes.source_identity.is_some().then(|| need(set_identity)))
}

/// What the caller asks of the session besides.
pub(super) struct Asked<'a> {
    pub(super) policy: Option<&'a str>,
    pub(super) policy_arns: Option<&'a [PolicyDescriptorType]>,
    /// In seconds; at most the role's.
    pub(super) seconds: u64,
    /// When the provider's own session ends.
    pub(super) ends: Option<Millis>,
}

/// What both answers hold.
pub(super) struct Made {
    pub(super) credentials: Credentials,
    pub(super) user: AssumedRoleUser,
    pub(super) packed: Option<i32>,
}

/// Makes the session.
///
/// # Errors
/// `ValidationError`, `MalformedPolicyDocument`, `PackedPolicyTooLarge`, `ExpiredTokenException`.
pub(super) fn session(
    role: &Role,
    proven: &Proven,
    wishes: &Wishes<'_>,
    asked: &Asked<'_>,
    cx: &Cx<'_>,
) -> Result<Made, Fault> {
    if asked.seconds > u64::from(role.max_session_seconds) {
        return Err(Fault::validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    let tags: Vec<Tag> = wishes
        .tags
        .iter()
        .map(|(key, value)| Tag {
            key: key.clone(),
            value: value.clone(),
        })
        .collect();
    let tags = session_tags(&tags)?;
    let (policies, policy_arns) =
        session_policies(asked.policy, asked.policy_arns, role.account, cx)?;
    let packs = !policies.is_empty() || !policy_arns.is_empty() || !tags.is_empty();
    let expires = cx.now + asked.seconds * 1000;
    let expires = asked.ends.map_or(expires, |ends| ends.min(expires));
    if expires <= cx.now {
        return Err(Fault::new(
            "ExpiredTokenException",
            400,
            "The session with the identity provider has ended",
        ));
    }
    let of = SessionOf::Role {
        account: role.account,
        role_id: role.id.clone(),
        name: wishes.session_name.to_owned(),
    };
    let made = Session {
        source_identity: wishes.source_identity.map(str::to_owned),
        tags,
        transitive: wishes.transitive.to_vec(),
        policies,
        policy_arns,
        provider: Some(proven.provider().to_owned()),
        claims: proven.lasting(),
        ..Session::new(of, cx.now, expires)
    };
    let (credentials, percent) = issue(&made, cx)?;
    Ok(Made {
        credentials,
        user: AssumedRoleUser {
            assumed_role_id: format!("{}:{}", role.id, wishes.session_name),
            arn: format!(
                "arn:aws:sts::{}:assumed-role/{}/{}",
                role.account, role.name, wishes.session_name
            ),
        },
        packed: packs.then_some(percent),
    })
}
