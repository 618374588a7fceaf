//! Settings of the whole account that change no decision: the version of the global endpoint's tokens, and properties.

use twinlock_directory::{Account, Batch};
use twinlock_gate::{
    Action, Change, Cx, Fault, Need, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;

use super::common::invalid_input;

/// Under which name the account's settings hold the version: `1` or `2`; none: 1.
const TOKEN_VERSION: &str = "global-endpoint-token-version";

/// The version that GetAccountSummary shows.
pub(super) fn token_version(account: &Account) -> i32 {
    match account.settings.get(TOKEN_VERSION).map(String::as_str) {
        Some("2") => 2,
        _ => 1,
    }
}

// ---- SetSecurityTokenServicePreferences ----

const SET_PREFERENCES: Action = Action::new("iam:SetSecurityTokenServicePreferences", &[], &[]);

/// `iam:SetSecurityTokenServicePreferences`. All tokens here are good in every region, so it is kept, shown and nothing more.
#[derive(Debug)]
pub struct SetSecurityTokenServicePreferences;

impl Operation for SetSecurityTokenServicePreferences {
    type Input = shapes::SetSecurityTokenServicePreferencesInput;
    type Output = shapes::SetSecurityTokenServicePreferencesOutput;
    type Found = ();
    const NAME: &'static str = "SetSecurityTokenServicePreferences";
    const ACTIONS: &'static [Action] = &[SET_PREFERENCES];

    fn needs(_: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&SET_PREFERENCES)))
    }
}

impl Change for SetSecurityTokenServicePreferences {
    nothing_to_prepare!();

    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (): (),
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let version = match input.global_endpoint_token_version.as_str() {
            "v2Token" => "2",
            _ => "1",
        };
        let mut account = Account::clone(&cx.account()?.account);
        account
            .settings
            .insert(TOKEN_VERSION.to_owned(), version.to_owned());
        batch.put(account);
        Ok(shapes::SetSecurityTokenServicePreferencesOutput {})
    }
}

// ---- GetAccountProperties ----

/// Of a question the namespaces told, of which there are none; of a change those of its properties.
const NAMESPACES: &str = "iam:AccountPropertyNamespaces";
const GET_PROPERTIES: Action = Action::new("iam:GetAccountProperties", &[], &[NAMESPACES]);

/// `iam:GetAccountProperties`. Properties set up features of AWS's console (Role Manager) that are not here: there are none.
#[derive(Debug)]
pub struct GetAccountProperties;

impl Operation for GetAccountProperties {
    type Input = shapes::GetAccountPropertiesInput;
    type Output = shapes::GetAccountPropertiesOutput;
    type Found = ();
    const NAME: &'static str = "GetAccountProperties";
    const ACTIONS: &'static [Action] = &[GET_PROPERTIES];

    fn needs(_: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&GET_PROPERTIES)))
    }
}

impl Read for GetAccountProperties {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(_: &Permit<Self>, _: &Self::Input, (): (), _: &Cx<'_>) -> Result<Self::Output, Fault> {
        Ok(shapes::GetAccountPropertiesOutput::default())
    }
}

// ---- PutAccountProperties ----

const PUT_PROPERTIES: Action = Action::new("iam:PutAccountProperties", &[], &[NAMESPACES]);

/// `iam:PutAccountProperties`: refused, since there is no property whose setting anything here would follow.
#[derive(Debug)]
pub struct PutAccountProperties;

impl Operation for PutAccountProperties {
    type Input = shapes::PutAccountPropertiesInput;
    type Output = shapes::PutAccountPropertiesOutput;
    type Found = ();
    const NAME: &'static str = "PutAccountProperties";
    const ACTIONS: &'static [Action] = &[PUT_PROPERTIES];

    fn needs(input: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        // A property's name is `Namespace/PropertyName`.
        let names = input.properties.iter();
        let namespaces = names.map(|(name, _)| name.split('/').next().unwrap_or(name).to_owned());
        let need = Need::anywhere(&PUT_PROPERTIES).keys(NAMESPACES, namespaces.collect());
        Ok(Needs::one(need))
    }
}

impl Change for PutAccountProperties {
    nothing_to_prepare!();

    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        input: &Self::Input,
        (): (),
        (): &(),
        _: &Cx<'_>,
        _: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let names: Vec<&str> = input.properties.iter().map(|(name, _)| &**name).collect();
        Err(invalid_input(format!(
            "There are no account properties here, so none can be set: {}.",
            names.join(", ")
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        iam::account::GetAccountSummary,
        testing::{TestWorld, allow, assert_denied, assert_refused, root},
    };

    const A: &str = "081278057606";

    #[test]
    fn the_token_version_is_kept_and_shown() {
        let world = TestWorld::new(&[A]);
        let shown = || {
            let summary = world.read::<GetAccountSummary>(&root(A), Default::default());
            let map = summary.expect("summed up").summary_map;
            let found = map
                .iter()
                .find(|(name, _)| name == "GlobalEndpointTokenVersion");
            found.map(|(_, version)| *version)
        };
        let input = |version: &str| shapes::SetSecurityTokenServicePreferencesInput {
            global_endpoint_token_version: version.into(),
        };
        assert_eq!(shown(), Some(1));
        let amy = world.user(
            A,
            "Amy",
            &allow("iam:SetSecurityTokenServicePreferences", "*"),
        );
        let bob = world.user(A, "Bob", "");
        assert_denied(
            world.change::<SetSecurityTokenServicePreferences>(&bob, input("v2Token")),
            "*",
        );
        assert_eq!(shown(), Some(1));
        for (version, number) in [("v2Token", 2), ("v1Token", 1)] {
            world
                .change::<SetSecurityTokenServicePreferences>(&amy, input(version))
                .expect("set");
            assert_eq!(shown(), Some(number));
        }
    }

    #[test]
    fn there_are_no_properties_and_whoever_sets_one_is_told() {
        let world = TestWorld::new(&[A]);
        let input = || shapes::PutAccountPropertiesInput {
            properties: vec![("RoleManager/Enabled".into(), "true".into())],
        };
        let bob = world.user(A, "Bob", "");
        assert_denied(world.change::<PutAccountProperties>(&bob, input()), "*");
        assert_denied(
            world.read::<GetAccountProperties>(&bob, Default::default()),
            "*",
        );
        assert_refused(
            world.change::<PutAccountProperties>(&root(A), input()),
            "InvalidInput",
            "There are no account properties here, so none can be set: RoleManager/Enabled.",
        );
        let read = world.read::<GetAccountProperties>(&root(A), Default::default());
        assert!(read.expect("read").properties.is_empty());
    }
}
