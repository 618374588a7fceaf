//! The explanation as a text for people.

use std::fmt;

use super::{Edit, Examined, ExaminedStatement, Explanation, Missed, Place, Remedy, Says};
use crate::decision::{Outcome, PolicyKind};
use crate::document::Effect;
use crate::principal::Strength;

/// More values than this of one statement are cut in the text; the serialised form has all.
const VALUES_SHOWN: usize = 3;

impl PolicyKind {
    /// What AWS calls this kind of policy.
    pub fn name(self) -> &'static str {
        match self {
            PolicyKind::Identity => "identity-based policy",
            PolicyKind::Resource => "resource-based policy",
            PolicyKind::Trust => "role trust policy",
            PolicyKind::Boundary => "permissions boundary",
            PolicyKind::Session => "session policy",
            PolicyKind::Scp => "service control policy",
            PolicyKind::Rcp => "resource control policy",
            PolicyKind::Endpoint => "VPC endpoint policy",
            PolicyKind::PublicAccessBlock => "S3 Block Public Access",
            PolicyKind::ServiceRule => "rule of the service",
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.decision.outcome {
            Outcome::Allowed => "Allowed",
            Outcome::ExplicitlyDenied => "Denied (explicitly)",
            Outcome::ImplicitlyDenied => "Denied (nothing allows it)",
        };
        writeln!(
            f,
            "{verdict}: {} performs {} on {}",
            self.principal, self.action, self.resource
        )?;
        if let Some(cause) = &self.decision.cause {
            match (cause.explicit, &cause.policy_name, &cause.attached_to) {
                (true, Some(name), Some(attached_to)) if !attached_to.is_empty() => {
                    writeln!(
                        f,
                        "Cause: explicit deny in {attached_to}, {} {name}",
                        cause.kind.name()
                    )?;
                }
                (true, Some(name), _) => {
                    writeln!(f, "Cause: explicit deny in {} {name}", cause.kind.name())?
                }
                (true, None, _) => writeln!(f, "Cause: explicit deny by {}", cause.kind.name())?,
                (false, _, Some(level)) => {
                    writeln!(f, "Cause: no {} of {level} allows it", cause.kind.name())?
                }
                (false, _, None) => writeln!(f, "Cause: no {} allows it", cause.kind.name())?,
            }
        }
        if let Some(rule) = self.rule {
            writeln!(f, "Rule: {rule}")?;
        }
        if let Some(message) = &self.message {
            writeln!(f, "AWS says: {message}")?;
        }
        self.policies
            .iter()
            .try_for_each(|policy| write!(f, "{policy}"))?;
        match &self.remedy {
            Some(remedy) => write!(f, "{remedy}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(instead) = self.instead {
            return writeln!(f, "To allow it: {instead}");
        }
        match self.edits.as_slice() {
            [] => Ok(()),
            [one] => writeln!(f, "To allow it: {one}"),
            several => {
                writeln!(f, "To allow it, all of these:")?;
                let mut numbered = several.iter().enumerate();
                numbered.try_for_each(|(index, edit)| writeln!(f, "  {}. {edit}", index + 1))
            }
        }
    }
}

impl fmt::Display for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Edit::Request { key, values, .. } => match values {
                Some(values) => write!(f, "make the request with {key} {}", Values(values)),
                None => write!(f, "make the request without {key}"),
            },
            Edit::Value {
                place,
                statement,
                operator,
                key,
                value,
                ..
            } => write!(
                f,
                "add `{value}` to {operator} {key} in statement {} of {place}",
                statement + 1
            ),
            Edit::Principal {
                place,
                statement,
                principal,
                ..
            } => write!(
                f,
                "add the principal `{principal}` to statement {} of {place}",
                statement + 1
            ),
            Edit::Statement { place, statement } => write!(f, "add {statement} to {place}"),
            Edit::Lift {
                place,
                statement,
                sid,
            } => {
                write!(f, "explicit deny in {place}, statement {}", statement + 1)?;
                if let Some(sid) = sid.as_deref().filter(|sid| !sid.is_empty()) {
                    write!(f, " `{sid}`")?;
                }
                f.write_str(": who administers it must remove or narrow it")
            }
            Edit::Ask {
                account: Some(account),
            } => write!(
                f,
                "account {account} must allow it; what its policies say is not told here"
            ),
            Edit::Ask { account: None } => {
                f.write_str("the other side must allow it; what its policies say is not told here")
            }
        }
    }
}

/// `group Developers, inline policy deny-assume-role (account 111111111111)`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match (self.kind, &self.arn) {
            (PolicyKind::Identity, Some(_)) => "managed policy",
            (PolicyKind::Identity, None) if self.name.is_some() => "inline policy",
            (PolicyKind::Identity, None) => "an identity-based policy",
            (kind, _) => kind.name(),
        };
        // A session policy is called so, and is the session's.
        if self.kind == PolicyKind::Session && self.name.as_deref() == Some(kind) {
            f.write_str("the session's policy")?;
            return match &self.account {
                Some(account) => write!(f, " (account {account})"),
                None => Ok(()),
            };
        }
        match (self.attached_to.is_empty(), &self.name) {
            (false, Some(name)) if !name.is_empty() && *name != self.attached_to => {
                write!(f, "{}, {kind} {name}", self.attached_to)?;
            }
            (false, _) => write!(f, "{}, {kind}", self.attached_to)?,
            (true, Some(name)) => write!(f, "{kind} {name}")?,
            (true, None) => f.write_str(kind)?,
        }
        match (&self.account, self.kind) {
            (Some(account), PolicyKind::Scp | PolicyKind::Rcp) => {
                write!(f, " (the organization of account {account})")
            }
            (Some(account), _) => write!(f, " (account {account})"),
            (None, _) => Ok(()),
        }
    }
}

impl fmt::Display for Examined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let says = match (self.not_applied, self.says) {
            (Some(why), _) => why,
            (None, Says::Denies) => "denies",
            (None, Says::Allows) => "allows",
            (None, Says::Nothing) => "says nothing",
        };
        write!(f, "- {} {}", self.kind.name(), self.name)?;
        if !self.attached_to.is_empty() {
            write!(f, " ({})", self.attached_to)?;
        }
        writeln!(f, ": {says}")?;
        self.statements
            .iter()
            .try_for_each(|statement| write!(f, "{statement}"))?;
        match self.other_statements {
            0 => Ok(()),
            1 => writeln!(f, "    1 statement is about other actions"),
            count => writeln!(f, "    {count} statements are about other actions"),
        }
    }
}

impl fmt::Display for ExaminedStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let effect = match self.effect {
            Some(Effect::Allow) => "Allow",
            Some(Effect::Deny) => "Deny",
            None => "no effect",
        };
        write!(f, "    statement {}", self.index + 1)?;
        if let Some(sid) = self.sid.as_deref().filter(|sid| !sid.is_empty()) {
            write!(f, " `{sid}`")?;
        }
        write!(f, " ({effect}) ")?;
        match (&self.mismatch, self.strength) {
            (Some(missed), _) => writeln!(f, "does not match: {missed}"),
            (None, Some(Strength::Account)) => writeln!(f, "matches, by the caller's account"),
            (None, Some(Strength::Entity)) => {
                writeln!(f, "matches, by the identity behind the session")
            }
            (None, _) => writeln!(f, "matches"),
        }
    }
}

impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.operator, &self.key) {
            (Some(operator), Some(key)) => write!(
                f,
                "{operator} {key} wants {}, the request has ",
                Values(&self.wanted)
            )?,
            _ => write!(
                f,
                "{} is {}, the request has ",
                self.element,
                Values(&self.wanted)
            )?,
        }
        match &self.had {
            Some(had) => write!(f, "{}", Values(had)),
            None => f.write_str("none"),
        }
    }
}

struct Values<'v>(&'v [String]);

impl fmt::Display for Values<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("nothing");
        }
        for (index, value) in self.0.iter().take(VALUES_SHOWN).enumerate() {
            write!(f, "{}`{value}`", if index > 0 { " or " } else { "" })?;
        }
        match self.0.len().saturating_sub(VALUES_SHOWN) {
            0 => Ok(()),
            more => write!(f, " or {more} more"),
        }
    }
}
