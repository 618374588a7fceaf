//! Root access to member accounts, managed for the whole organization: which of IAM's two features for it are on.
//!
//! Both let sts:AssumeRoot reach into member accounts: `RootCredentialsManagement` for the tasks about the root user's
//! credentials there, `RootSessions` for those about resources that nobody else can open again.

use std::collections::BTreeSet;

use twinlock_directory::{Batch, Organization};
use twinlock_gate::{
    Action, Change, Cx, Fault, Need, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;

use crate::organizations::{Place, service_access::IAM};

/// The feature that manages the root user's credentials.
pub(crate) const ROOT_CREDENTIALS_MANAGEMENT: &str = "RootCredentialsManagement";
/// The feature that lets privileged tasks be done as root.
pub(crate) const ROOT_SESSIONS: &str = "RootSessions";

/// What a call does with the features.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Look,
    Enable(&'static str),
    Disable(&'static str),
}

/// The caller's organization with the features as they are wished, if the caller may manage them.
fn wished(place: &Place, wish: Wish) -> Result<Organization, Fault> {
    let fault = |code: &'static str, why: &str| {
        Fault::new(code, 400, format!("The request was rejected because {why}"))
    };
    let here = place.here().map_err(|_| {
        fault(
            "OrganizationNotFoundException",
            "no organization is associated with your account.",
        )
    })?;
    if !here.is_management() {
        if !here.member.delegated.contains_key(IAM) {
            return Err(fault(
                "AccountNotManagementOrDelegatedAdministratorException",
                "the account making the request is not the management account or delegated administrator account for centralized root access.",
            ));
        }
        if matches!(wish, Wish::Enable(_)) {
            return Err(fault(
                "CallerIsNotManagementAccountException",
                "the account making the request is not the management account for the organization.",
            ));
        }
    }
    if !here.organization.all_features {
        return Err(fault(
            "OrganizationNotInAllFeaturesModeException",
            "your organization does not have All features enabled.",
        ));
    }
    if !here.organization.service_access.contains_key(IAM) {
        return Err(fault(
            "ServiceAccessNotEnabledException",
            "trusted access is not enabled for IAM in Organizations.",
        ));
    }
    let mut organization = Organization::clone(&here.organization);
    match wish {
        Wish::Look => {}
        Wish::Enable(feature) => {
            organization.iam_features.insert(feature.to_owned());
        }
        Wish::Disable(feature) => {
            organization.iam_features.remove(feature);
        }
    }
    Ok(organization)
}

/// The organization's id and its features, as answers have them.
fn shown(organization: &Organization) -> (Option<String>, Vec<String>) {
    let features: &BTreeSet<String> = &organization.iam_features;
    let features = features.iter().cloned().collect();
    (Some(organization.id.clone()), features)
}

/// An operation that has no input and answers with the features.
macro_rules! features {
    ($(#[$doc:meta])* $name:ident($input:ident) -> $output:ident, $action:literal) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl Operation for $name {
            type Input = shapes::$input;
            type Output = shapes::$output;
            type Found = Place;
            const NAME: &'static str = stringify!($name);
            const ACTIONS: &'static [Action] = &[Action::new($action, &[], &[])];

            fn needs(_: &Self::Input, _: &Place, _: &Cx<'_>) -> Result<Needs, Fault> {
                Ok(Needs::one(Need::anywhere(&Self::ACTIONS[0])))
            }
        }
    };
    ($(#[$doc:meta])* $name:ident($input:ident) -> $output:ident, $action:literal, $wish:expr) => {
        features! { $(#[$doc])* $name($input) -> $output, $action }

        impl Change for $name {
            nothing_to_prepare!();

            fn find(_: &Self::Input, cx: &Cx<'_>) -> Place {
                Place::of(cx)
            }

            fn run(
                _: &Permit<Self>,
                _: &Self::Input,
                place: Place,
                (): &(),
                _: &Cx<'_>,
                batch: &mut Batch,
            ) -> Result<Self::Output, Fault> {
                let organization = wished(&place, $wish)?;
                let (organization_id, enabled_features) = shown(&organization);
                batch.put(organization);
                Ok(shapes::$output { organization_id, enabled_features })
            }
        }
    };
}

features! {
    /// `iam:EnableOrganizationsRootCredentialsManagement`.
    EnableOrganizationsRootCredentialsManagement(EnableOrganizationsRootCredentialsManagementInput)
        -> EnableOrganizationsRootCredentialsManagementOutput,
    "iam:EnableOrganizationsRootCredentialsManagement", Wish::Enable(ROOT_CREDENTIALS_MANAGEMENT)
}
features! {
    /// `iam:DisableOrganizationsRootCredentialsManagement`.
    DisableOrganizationsRootCredentialsManagement(DisableOrganizationsRootCredentialsManagementInput)
        -> DisableOrganizationsRootCredentialsManagementOutput,
    "iam:DisableOrganizationsRootCredentialsManagement", Wish::Disable(ROOT_CREDENTIALS_MANAGEMENT)
}
features! {
    /// `iam:EnableOrganizationsRootSessions`.
    EnableOrganizationsRootSessions(EnableOrganizationsRootSessionsInput) -> EnableOrganizationsRootSessionsOutput,
    "iam:EnableOrganizationsRootSessions", Wish::Enable(ROOT_SESSIONS)
}
features! {
    /// `iam:DisableOrganizationsRootSessions`.
    DisableOrganizationsRootSessions(DisableOrganizationsRootSessionsInput) -> DisableOrganizationsRootSessionsOutput,
    "iam:DisableOrganizationsRootSessions", Wish::Disable(ROOT_SESSIONS)
}
features! {
    /// `iam:ListOrganizationsFeatures`.
    ListOrganizationsFeatures(ListOrganizationsFeaturesInput) -> ListOrganizationsFeaturesOutput,
    "iam:ListOrganizationsFeatures"
}

impl Read for ListOrganizationsFeatures {
    fn find(_: &Self::Input, cx: &Cx<'_>) -> Place {
        Place::of(cx)
    }

    fn run(
        _: &Permit<Self>,
        _: &Self::Input,
        place: Place,
        _: &Cx<'_>,
    ) -> Result<Self::Output, Fault> {
        let (organization_id, enabled_features) = shown(&wished(&place, Wish::Look)?);
        Ok(shapes::ListOrganizationsFeaturesOutput {
            organization_id,
            enabled_features,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        organizations::{delegated_administrators as delegates, service_access as access},
        testing::{TestWorld, refused, root},
    };
    use twinlock_shapes::organizations as org;

    const MANAGEMENT: &str = "111111111111";
    const MEMBER: &str = "222222222222";

    fn enable(world: &TestWorld, account: &str) -> Result<Vec<String>, Fault> {
        let input = shapes::EnableOrganizationsRootSessionsInput::default();
        let answer = world.change::<EnableOrganizationsRootSessions>(&root(account), input)?;
        Ok(answer.enabled_features)
    }

    fn list(world: &TestWorld, account: &str) -> Result<Vec<String>, Fault> {
        let input = shapes::ListOrganizationsFeaturesInput::default();
        let answer = world.read::<ListOrganizationsFeatures>(&root(account), input)?;
        Ok(answer.enabled_features)
    }

    #[test]
    fn features_are_for_those_who_manage_root_access() {
        let world = TestWorld::new(&[MANAGEMENT, MEMBER, "333333333333"]);
        let code = |result| refused::<Vec<String>>(result).0;
        assert_eq!(
            code(enable(&world, MANAGEMENT)),
            "OrganizationNotFoundException"
        );
        world.organization(MANAGEMENT, &[MEMBER]);
        assert_eq!(
            code(enable(&world, MANAGEMENT)),
            "ServiceAccessNotEnabledException"
        );
        let not_theirs = "AccountNotManagementOrDelegatedAdministratorException";
        assert_eq!(code(enable(&world, MEMBER)), not_theirs);

        let service_principal = IAM.to_owned();
        let on = org::EnableAWSServiceAccessInput {
            service_principal: service_principal.clone(),
        };
        world
            .change::<access::EnableAWSServiceAccess>(&root(MANAGEMENT), on)
            .expect("enabled");
        assert_eq!(
            enable(&world, MANAGEMENT).expect("enabled"),
            [ROOT_SESSIONS]
        );
        assert_eq!(code(list(&world, MEMBER)), not_theirs);

        let register = org::RegisterDelegatedAdministratorInput {
            account_id: MEMBER.to_owned(),
            service_principal: service_principal.clone(),
        };
        world
            .change::<delegates::RegisterDelegatedAdministrator>(&root(MANAGEMENT), register)
            .expect("registered");
        assert_eq!(list(&world, MEMBER).expect("listed"), [ROOT_SESSIONS]);
        assert_eq!(
            code(enable(&world, MEMBER)),
            "CallerIsNotManagementAccountException"
        );

        // Without IAM's access to the organization nothing is left of it.
        let off = org::DisableAWSServiceAccessInput {
            service_principal: service_principal.clone(),
        };
        world
            .change::<access::DisableAWSServiceAccess>(&root(MANAGEMENT), off)
            .expect("disabled");
        assert_eq!(
            code(list(&world, MANAGEMENT)),
            "ServiceAccessNotEnabledException"
        );
        let on = org::EnableAWSServiceAccessInput { service_principal };
        world
            .change::<access::EnableAWSServiceAccess>(&root(MANAGEMENT), on)
            .expect("enabled");
        assert!(list(&world, MANAGEMENT).expect("listed").is_empty());
    }
}
