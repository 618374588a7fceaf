//! Whether a statement applies to the question (sections 1 to 3 together).

use twinlock_policy::document::List;
use twinlock_policy::{Effect, PolicyKind, Statement};

use crate::principal::{Strength, let_off, strength};
use crate::resource::{Fit, fit};
use crate::text::Look;
use crate::{Fault, Written, action, condition};

/// How strongly a document's statements with this effect apply; `None` when no statement does.
pub(crate) fn strongest(
    look: &Look<'_>,
    kind: PolicyKind,
    written: &Written,
    effect: Effect,
) -> Strength {
    let statements: Vec<&Statement> = written
        .document
        .statements()
        .iter()
        .filter(|statement| statement.effect == Some(effect))
        .collect();
    let skipped = usize::from(effect == Effect::Deny && look.wrong(Fault::DenySkipped));
    statements[..statements.len().saturating_sub(skipped)]
        .iter()
        .map(|statement| applies(look, kind, written, statement, effect))
        .max()
        .unwrap_or(Strength::None)
}

fn applies(
    look: &Look<'_>,
    kind: PolicyKind,
    written: &Written,
    statement: &Statement,
    effect: Effect,
) -> Strength {
    let deny = effect == Effect::Deny;
    // Section 1.1. `${…}` is ordinary text in documents of 2008.
    let variables = written.document.version() == Some("2012-10-17")
        || look.wrong(Fault::VariablesInEveryVersion);

    let action = statement.action.as_ref();
    let action = action.map(|entries| action::covered(look, entries));
    let not_action = statement.not_action.as_ref();
    let not_action = not_action
        .map(|entries| action::covered(look, entries) == look.wrong(Fault::NotActionAsAction));
    let resource = statement.resource.as_ref();
    let resource = resource.map(|entries| fit(look, kind, variables, entries).contains(&Fit::Yes));
    let not_resource = statement.not_resource.as_ref();
    let not_resource =
        not_resource.map(|entries| excepts_not(look, kind, variables, entries, deny));
    // Without any there is nothing that it speaks of.
    let actions = together(deny, action, not_action).unwrap_or(false);
    // The role is the resource of its trust policy. Elsewhere one is missing, which helps nobody.
    let resources =
        together(deny, resource, not_resource).unwrap_or(kind == PolicyKind::Trust || deny);
    if !actions || !resources {
        return Strength::None;
    }
    let strength = principals(look, kind, written, statement, deny);
    if strength == Strength::None {
        return Strength::None;
    }
    // A condition that cannot be read never helps to allow, and does not take a Deny away.
    if statement.condition_malformed {
        return if deny { strength } else { Strength::None };
    }
    // Section 3.1: all must hold; none at all is true.
    let hold = statement
        .conditions
        .iter()
        .all(|entry| condition::holds(look, variables, entry));
    if hold { strength } else { Strength::None }
}

/// Section 1.1: exactly one of an element and its negation. Of a statement that has both, an Allow needs both to match and a Deny
/// either.
fn together(deny: bool, one: Option<bool>, negation: Option<bool>) -> Option<bool> {
    match (one, negation) {
        (Some(one), Some(negation)) if deny => Some(one || negation),
        (Some(one), Some(negation)) => Some(one && negation),
        (one, negation) => one.or(negation),
    }
}

/// Section 2.2, point 5.
fn excepts_not(
    look: &Look<'_>,
    kind: PolicyKind,
    variables: bool,
    entries: &List,
    deny: bool,
) -> bool {
    let fits = fit(look, kind, variables, entries);
    if look.wrong(Fault::NotResourceAsResource) {
        return fits.contains(&Fit::Yes);
    }
    !fits.contains(&Fit::Yes) && (deny || !fits.contains(&Fit::Unresolved))
}

fn principals(
    look: &Look<'_>,
    kind: PolicyKind,
    written: &Written,
    statement: &Statement,
    deny: bool,
) -> Strength {
    // Section 1.1: what is attached to the caller names no principals, and an RCP may say `*` only. Should one be named there all the
    // same, an Allow is for nobody else, and a Deny for everybody still.
    let by_principal = matches!(
        kind,
        PolicyKind::Resource | PolicyKind::Trust | PolicyKind::Endpoint
    );
    if deny && !by_principal {
        return Strength::Direct;
    }
    let named = statement
        .principal
        .as_ref()
        .map_or(Strength::None, |element| strength(look, written, element));
    match (&statement.principal, &statement.not_principal) {
        // Section 1.1: without Principal, a statement speaks of nobody, neither for Allow nor for Deny.
        (None, None) if by_principal => Strength::None,
        (None, None) => Strength::Direct,
        (_, None) => named,
        // Section 2.3: with Allow it is not supported any more.
        (_, Some(_)) if !deny => Strength::None,
        (_, Some(element)) if let_off(look, written, element) => named,
        (_, Some(_)) => Strength::Direct,
    }
}
