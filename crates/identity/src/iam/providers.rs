//! What OpenID Connect and SAML providers have in common: they are named by ARN, carry tags, and come in the same operations.

use std::sync::Arc;

use twinlock_directory::{AccountId, OidcProvider, SamlProvider, Snapshot};
use twinlock_gate::{Action, Cx, Fault, Need};

use super::{
    common::{entity_need, no_such},
    tags::Tagged,
};

/// An identity provider of either kind.
pub(super) trait Provider: Tagged + Send + Sync + 'static {
    /// AWS's word in ARNs: `oidc-provider`.
    const KIND: &'static str;

    /// The one with this ARN, in whatever account.
    fn of<'s>(snapshot: &'s Snapshot, arn: &str) -> Option<&'s Arc<Self>>;
    /// AWS's sentence that there is none.
    fn missing(arn: &str) -> String;
    /// Its account.
    fn account(&self) -> AccountId;
}

impl Provider for OidcProvider {
    const KIND: &'static str = "oidc-provider";

    fn of<'s>(snapshot: &'s Snapshot, arn: &str) -> Option<&'s Arc<Self>> {
        snapshot.oidc_provider(arn)
    }

    fn missing(arn: &str) -> String {
        format!("OpenIDConnect Provider not found for arn {arn}")
    }

    fn account(&self) -> AccountId {
        self.account
    }
}

impl Provider for SamlProvider {
    const KIND: &'static str = "saml-provider";

    fn of<'s>(snapshot: &'s Snapshot, arn: &str) -> Option<&'s Arc<Self>> {
        snapshot.saml_provider(arn)
    }

    fn missing(arn: &str) -> String {
        format!("Manifest not found for arn {arn}")
    }

    fn account(&self) -> AccountId {
        self.account
    }
}

/// Looks a provider up by its ARN, in the caller's account only: nobody is to learn what another account trusts.
pub(super) fn find<P: Provider>(cx: &Cx<'_>, arn: &str) -> Option<Arc<P>> {
    let account = cx.account_id().ok()?;
    P::of(cx.snapshot, arn)
        .filter(|provider| provider.account() == account)
        .cloned()
}

/// The need of `action` on a provider, found or not.
///
/// # Errors
/// `ValidationError` for what is no ARN of a provider of this kind.
pub(super) fn need<P: Provider>(
    action: &Action,
    arn: &str,
    found: Option<&Arc<P>>,
) -> Result<Need, Fault> {
    let account = arn
        .strip_prefix("arn:aws:iam::")
        .and_then(|rest| rest.split_once(':'))
        .filter(|(_, resource)| {
            resource
                .strip_prefix(P::KIND)
                .and_then(|rest| rest.strip_prefix('/'))
                .is_some_and(|name| !name.is_empty())
        })
        .and_then(|(account, _)| account.parse().ok())
        .ok_or_else(|| Fault::validation(format!("Invalid ARN: {arn}")))?;
    let tags = found.map_or(&[][..], |provider| provider.tags());
    Ok(entity_need(action, account, arn.to_owned(), tags))
}

/// What was found.
///
/// # Errors
/// `NoSuchEntity`.
pub(super) fn existing<P: Provider>(found: Option<Arc<P>>, arn: &str) -> Result<Arc<P>, Fault> {
    found.ok_or_else(|| no_such(P::missing(arn)))
}

/// An operation on one provider, named by the field of its input that holds the ARN: its type, its need, how it looks the
/// provider up. What it does follows as an `impl Read` or `impl Change`.
macro_rules! of_provider {
    (
        $(#[$doc:meta])* $name:ident on $provider:ty, $action:literal, $keys:expr,
        $input:ident -> $output:ident, $arn:ident $(, |$i:ident, $n:ident| $more:expr)?
    ) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl Operation for $name {
            type Input = shapes::$input;
            type Output = shapes::$output;
            type Found = Option<Arc<$provider>>;
            const NAME: &'static str = stringify!($name);
            const ACTIONS: &'static [Action] = &[Action::new(
                $action,
                &[<$provider as Provider>::KIND],
                $keys,
            )];

            fn needs(input: &Self::Input, found: &Self::Found, _: &Cx<'_>) -> Result<Needs, Fault> {
                let need = providers::need(&Self::ACTIONS[0], &input.$arn, found.as_ref())?;
                $(let need = { let ($i, $n) = (input, need); $more };)?
                Ok(Needs::one(need))
            }
        }
    };
}

/// A change of one provider: `of_provider!`, and what becomes of it.
macro_rules! change_of_provider {
    (
        $(#[$doc:meta])* $name:ident on $provider:ty, $action:literal, $keys:expr,
        $input:ident -> $output:ident, $arn:ident $(, |$i:ident, $n:ident| $more:expr)?;
        |$in:ident, $p:ident, $cx:ident| $change:expr
    ) => {
        of_provider! {
            $(#[$doc])* $name on $provider, $action, $keys, $input -> $output, $arn
            $(, |$i, $n| $more)?
        }

        impl Change for $name {
            nothing_to_prepare!();

            fn find(input: &Self::Input, cx: &Cx<'_>) -> Self::Found {
                providers::find(cx, &input.$arn)
            }

            fn run(
                _: &Permit<Self>,
                input: &Self::Input,
                found: Self::Found,
                (): &(),
                cx: &Cx<'_>,
                batch: &mut Batch,
            ) -> Result<Self::Output, Fault> {
                let mut provider = (*providers::existing(found, &input.$arn)?).clone();
                let change: fn(&Self::Input, &mut $provider, &Cx<'_>) -> Result<Self::Output, Fault> =
                    |$in, $p, $cx| $change;
                let output = change(input, &mut provider, cx)?;
                batch.put(provider);
                Ok(output)
            }
        }
    };
}

pub(crate) use {change_of_provider, of_provider};
