//! Which attached policies a simulation leaves out, to see what would be without them.

use twinlock_gate::Fault;
use twinlock_policy::{PolicySet, Source, pattern::Pattern};
use twinlock_shapes::iam as shapes;

use crate::iam::common::invalid_input;

/// What is left out. Nothing of it need be attached.
#[derive(Debug, Default)]
pub(super) struct Exclusions(Vec<Exclusion>);

#[derive(Debug)]
enum Exclusion {
    Inline,
    AwsManaged,
    CustomerManaged,
    Boundary,
    Scp,
    /// Resource control policies take no part in simulations.
    Nothing,
    Arn(Pattern),
    Named {
        policy: String,
        of: String,
        name: Pattern,
    },
}

/// A name with at most one `*`.
fn pattern(text: &str) -> Result<Pattern, Fault> {
    if text.matches('*').count() > 1 {
        return Err(invalid_input(format!(
            "Invalid policy identifier: {text} has more than one *."
        )));
    }
    Ok(Pattern::new(text))
}

impl Exclusions {
    /// # Errors
    /// `InvalidInput` for an identifier that names nothing, two things, or wildcards where none may be.
    pub(super) fn read(given: &[shapes::PolicyIdentifier]) -> Result<Self, Fault> {
        given
            .iter()
            .map(exclusion)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Takes what is excluded out of the set.
    pub(super) fn apply(&self, set: &mut PolicySet<'_>) {
        for exclusion in &self.0 {
            match exclusion {
                Exclusion::Boundary => set.boundary = None,
                Exclusion::Scp => set.scps = None,
                other => set.identity.retain(|source| !other.meets(source)),
            }
        }
    }
}

impl Exclusion {
    fn meets(&self, source: &Source<'_>) -> bool {
        match (self, source.arn) {
            (Self::Inline, arn) => arn.is_none(),
            (Self::AwsManaged, Some(arn)) => arn.starts_with("arn:aws:iam::aws:"),
            (Self::CustomerManaged, Some(arn)) => !arn.starts_with("arn:aws:iam::aws:"),
            (Self::Arn(pattern), Some(arn)) => pattern.matches(arn),
            (Self::Named { policy, of, name }, None) => {
                let holder = source.attached_to.split_once(' ');
                source.name == policy
                    && holder.is_some_and(|(kind, holder)| kind == of && name.matches(holder))
            }
            _ => false,
        }
    }
}

fn exclusion(given: &shapes::PolicyIdentifier) -> Result<Exclusion, Fault> {
    let one =
        "A policy identifier is exactly one of PolicyType, PolicyArn and InlinePolicyIdentifier.";
    match (
        &given.policy_type,
        &given.policy_arn,
        &given.inline_policy_identifier,
    ) {
        (Some(of), None, None) => Ok(match of.as_str() {
            "inline" => Exclusion::Inline,
            "aws-managed" => Exclusion::AwsManaged,
            "user-managed" => Exclusion::CustomerManaged,
            "permission-boundary" => Exclusion::Boundary,
            "scp" => Exclusion::Scp,
            _ => Exclusion::Nothing,
        }),
        (None, Some(arn), None) => {
            let before_name = arn.split_once(":policy/").map(|(before, _)| before);
            if before_name.is_none_or(|before| {
                before.contains(['*', '?']) || !before.starts_with("arn:aws:iam::")
            }) {
                return Err(invalid_input(format!("Invalid policy identifier: {arn}")));
            }
            pattern(arn).map(Exclusion::Arn)
        }
        (None, None, Some(inline)) => Ok(Exclusion::Named {
            policy: inline.policy_name.clone(),
            of: inline.attachment_type.clone(),
            name: pattern(&inline.attachment_name)?,
        }),
        _ => Err(invalid_input(one)),
    }
}
