//! Every operation is authorised by AWS's own actions, resource types and condition keys: compared with AWS's service
//! authorisation reference, never with a table of ours.

use std::collections::BTreeSet;

use twinlock::server::SERVICES;
use twinlock_policy::facts;

/// Operations of IAM and STS that AWS authorises by an action of another name, or by several. Everything else is
/// `service:OperationName`.
const OTHERWISE: &[(&str, &str)] = &[
    // No action is called so: AWS reads the template first, and no template is here.
    ("AcquireRole", "iam:GetRoleTemplateVersion"),
];

/// Actions that AWS's user guide names and the reference does not have.
const UNLISTED: &[&str] = &["iam:UpdateDelegationRequest"];

/// Actions that the reference lists, but on which it and AWS's own examples disagree about the resource.
const RESOURCES_OTHERWISE: &[(&str, &str)] = &[
    // The reference lists it on roles only; the guide asks it of GetFederationToken with tags, too.
    ("sts:TagSession", "federated-user"),
];

#[test]
fn every_action_resource_type_and_condition_key_is_in_awss_reference() {
    let mut wrong = Vec::new();
    let mut compared = 0;
    for (service, operation, _, actions) in SERVICES.operations() {
        if actions.is_empty() {
            wrong.push(format!("{service}:{operation} names no action"));
        }
        for action in actions {
            compared += 1;
            let (prefix, name) = action.name.split_once(':').expect("a prefix");
            // No permission exists for it; the table still names what the audit event shows.
            if action.name == "sts:GetSessionToken" {
                continue;
            }
            if UNLISTED.contains(&action.name) {
                assert!(
                    facts::action(prefix, name).is_none(),
                    "{} is listed now",
                    action.name
                );
                continue;
            }
            let Some(known) = facts::action(prefix, name) else {
                wrong.push(format!("{operation}: the reference has no {}", action.name));
                continue;
            };
            if known.name != name {
                wrong.push(format!(
                    "{operation}: {} is spelt {}",
                    action.name, known.name
                ));
            }
            for resource in action.resource_types {
                let excused = RESOURCES_OTHERWISE.contains(&(action.name, resource));
                if !known.works_on(resource) && !excused {
                    let has: Vec<_> = known.resources.iter().map(|r| r.name).collect();
                    wrong.push(format!(
                        "{operation}: {} does not work on {resource}, but on {has:?}",
                        action.name
                    ));
                }
            }
            if action.resource_types.is_empty() && known.resources.iter().any(|r| r.required) {
                wrong.push(format!(
                    "{operation}: {} has resource types in the reference",
                    action.name
                ));
            }
            for key in action.keys {
                if !known.knows_key(key) && !facts::is_global(key) {
                    wrong.push(format!(
                        "{operation}: {} has no condition key {key}",
                        action.name
                    ));
                }
            }
        }
    }
    assert!(compared > 12, "the tables are nearly empty: {compared}");
    assert!(
        wrong.is_empty(),
        "{} differences:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Condition keys of the reference that no request here can bring, by how they begin.
const NEVER_THERE: &[&str] = &[
    // Devices are virtual ones.
    "iam:FIDO-",
    "iam:RegisterSecurityKey",
    // There are no role templates, no delegation requests and no transfers of billing.
    "iam:RoleTemplateARN",
    "iam:DelegationRequestOwner",
    "organizations:TransferDirection",
    "organizations:TransferType",
    // An instance profile is no resource of the service that it hands a role to.
    "iam:AssociatedResourceArn",
    // No provider here says more of a role than its claims do.
    "sts:RoleAuthorizedByIdp",
];

/// Those that one operation cannot bring: what it makes hands no tags on.
const NEVER_THERE_IN: &[(&str, &str)] = &[("GetFederationToken", "sts:TransitiveTagKeys")];

#[test]
fn every_condition_key_of_iam_sts_and_organizations_can_be_asked_about() {
    let mut wrong = BTreeSet::new();
    for (service, operation, _, actions) in SERVICES.operations() {
        if !matches!(service, "iam" | "sts" | "organizations") {
            continue;
        }
        for action in actions {
            let (prefix, name) = action.name.split_once(':').expect("a prefix");
            let Some(known) = facts::action(prefix, name) else {
                continue;
            };
            let of_resources = known.resources.iter().flat_map(|r| &r.condition_keys);
            // A provider's claims and the tags of what is there are looked up when a policy asks.
            let expected = known
                .condition_keys
                .iter()
                .chain(of_resources)
                .filter(|key| {
                    [
                        "iam:",
                        "sts:",
                        "organizations:",
                        "aws:RequestTag/",
                        "aws:TagKeys",
                    ]
                    .iter()
                    .any(|start| key.starts_with(start))
                        && !key.starts_with("iam:ResourceTag/")
                        && !NEVER_THERE.iter().any(|start| key.starts_with(start))
                });
            for key in expected {
                let excused = NEVER_THERE_IN.contains(&(operation, key));
                if !excused && !action.keys.contains(key) {
                    wrong.insert(format!("{operation}: {} does not bring {key}", action.name));
                }
            }
        }
    }
    let wrong: Vec<_> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn an_operation_of_iam_sts_and_organizations_asks_for_the_action_of_its_own_name() {
    let wrong: Vec<String> = SERVICES
        .operations()
        .filter(|(service, ..)| matches!(*service, "iam" | "sts" | "organizations"))
        .filter(|(service, operation, _, actions)| {
            let own = format!("{service}:{operation}");
            let other = OTHERWISE
                .iter()
                .find(|(name, _)| name == operation)
                .map(|(_, action)| *action);
            !actions.iter().any(|a| a.name == other.unwrap_or(&own))
        })
        .map(|(service, operation, ..)| format!("{service}:{operation}"))
        .collect();
    assert!(wrong.is_empty(), "not asked for: {wrong:?}");
}

#[test]
fn no_operation_is_listed_twice() {
    let mut seen = BTreeSet::new();
    for (service, operation, ..) in SERVICES.operations() {
        assert!(
            seen.insert((service, operation)),
            "{service}:{operation} is listed twice"
        );
    }
}
