//! Services that may act in the organization (AWS: trusted access).
//!
//! Of the services here only IAM looks at it: root access can be managed centrally while `iam.amazonaws.com` is enabled.

use twinlock_directory::Organization;
use twinlock_gate::{Action, Fault, Needs};
use twinlock_shapes::organizations as shapes;
use twinlock_wire::time::Millis;

use super::{
    common::{Reach, need, operation, page},
    faults,
};

/// The condition key for the service named in a request.
pub(super) const SERVICE_PRINCIPAL: &str = "organizations:ServicePrincipal";
/// IAM, whose features for the organization end with its access.
pub(crate) const IAM: &str = "iam.amazonaws.com";
/// The most services that are enabled at once; AWS has fewer that know Organizations.
const SERVICES_MAX: usize = 200;

/// Refuses what cannot be a service.
pub(super) fn check_service(principal: &str) -> Result<(), Fault> {
    let name = principal.strip_suffix(".amazonaws.com").unwrap_or_default();
    let good =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '_');
    if name.is_empty() || name.starts_with('.') || !name.chars().all(good) {
        return Err(faults::invalid(
            "UNRECOGNIZED_SERVICE_PRINCIPAL",
            "You specified an unrecognized service principal.",
        ));
    }
    Ok(())
}

operation! {
    /// `organizations:EnableAWSServiceAccess`.
    change EnableAWSServiceAccess(shapes::EnableAWSServiceAccessInput) -> shapes::EnableAWSServiceAccessOutput,
    &[Action::new("organizations:EnableAWSServiceAccess", &[], &[SERVICE_PRINCIPAL])],
    |input, place, cx| Needs::one(
        need(EnableAWSServiceAccess::ACTION, "*", Reach::Management, place, cx)
            .key(SERVICE_PRINCIPAL, &input.service_principal),
    ),
    |_, input, place, cx, batch| {
        let here = place.here()?;
        check_service(&input.service_principal)?;
        let mut organization = Organization::clone(&here.organization);
        if organization.service_access.len() >= SERVICES_MAX {
            return Err(faults::invalid("UNRECOGNIZED_SERVICE_PRINCIPAL", "You specified an unrecognized service principal."));
        }
        organization.service_access.entry(input.service_principal.clone()).or_insert(cx.now);
        batch.put(organization);
        Ok(shapes::EnableAWSServiceAccessOutput::default())
    },
}

operation! {
    /// `organizations:DisableAWSServiceAccess`.
    change DisableAWSServiceAccess(shapes::DisableAWSServiceAccessInput) -> shapes::DisableAWSServiceAccessOutput,
    &[Action::new("organizations:DisableAWSServiceAccess", &[], &[SERVICE_PRINCIPAL])],
    |input, place, cx| Needs::one(
        need(DisableAWSServiceAccess::ACTION, "*", Reach::Management, place, cx)
            .key(SERVICE_PRINCIPAL, &input.service_principal),
    ),
    |_, input, place, _, batch| {
        let here = place.here()?;
        check_service(&input.service_principal)?;
        let mut organization = Organization::clone(&here.organization);
        organization.service_access.remove(&input.service_principal);
        if input.service_principal == IAM {
            organization.iam_features.clear();
        }
        batch.put(organization);
        Ok(shapes::DisableAWSServiceAccessOutput::default())
    },
}

operation! {
    /// `organizations:ListAWSServiceAccessForOrganization`.
    read ListAWSServiceAccessForOrganization(shapes::ListAWSServiceAccessForOrganizationInput) -> shapes::ListAWSServiceAccessForOrganizationOutput,
    &[Action::new("organizations:ListAWSServiceAccessForOrganization", &[], &[])],
    |_, place, cx| Needs::one(need(
        ListAWSServiceAccessForOrganization::ACTION, "*", Reach::Administrators, place, cx,
    )),
    |input, place, _| {
        let here = place.here()?;
        let page = page(
            &here.organization.service_access,
            |(service, _)| service.as_str(),
            input.next_token.as_deref(),
            input.max_results,
        )?;
        let shown = |(service, since): (&String, &u64)| shapes::EnabledServicePrincipal {
            service_principal: Some(service.clone()),
            date_enabled: Some(Millis(*since)),
        };
        Ok(shapes::ListAWSServiceAccessForOrganizationOutput {
            enabled_service_principals: page.items.into_iter().map(shown).collect(),
            next_token: page.next_token,
        })
    },
}
