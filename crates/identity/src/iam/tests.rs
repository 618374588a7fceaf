//! The table against AWS's own references.

use std::collections::BTreeSet;

use twinlock_policy::facts;

use super::{IAM, shapes};

/// Keys that the reference has and no request here can carry: role templates are AWS's Role Manager's, which Twinlock lacks;
/// the resource that a role is passed for is one of EC2's or of another service that is not here; MFA devices are virtual ones.
const ABSENT_KEYS: &[&str] = &[
    "iam:RoleTemplateARN",
    "iam:AssociatedResourceArn",
    "iam:FIDO-certification",
    "iam:FIDO-FIPS-140-2-certification",
    "iam:FIDO-FIPS-140-3-certification",
    "iam:RegisterSecurityKey",
];

/// An action that AWS's user guide names and the reference does not have.
const UNLISTED: &str = "iam:UpdateDelegationRequest";

#[test]
fn every_entry_is_an_operation_of_awss_and_listed_once() {
    let mut seen = BTreeSet::new();
    for entry in IAM.entries {
        assert!(shapes::has_operation(entry.name), "{}", entry.name);
        assert!(seen.insert(entry.name), "{} stands twice", entry.name);
    }
}

#[test]
fn actions_resource_types_and_keys_are_those_of_the_authorisation_reference() {
    for entry in IAM.entries {
        assert!(!entry.actions.is_empty(), "{}", entry.name);
        for action in entry.actions.iter().filter(|one| one.name != UNLISTED) {
            let (service, name) = action.name.split_once(':').expect("service:Action");
            let fact = facts::action(service, name)
                .unwrap_or_else(|| panic!("{} is no action", action.name));
            assert_eq!(fact.name, name, "case counts in messages");
            for resource in action.resource_types {
                assert!(fact.works_on(resource), "{}: {resource}", action.name);
            }
            for resource in fact.resources.iter().filter(|r| r.required) {
                assert!(
                    action.resource_types.contains(&resource.name),
                    "{} needs {}",
                    action.name,
                    resource.name
                );
            }
            for key in action.keys {
                assert!(fact.knows_key(key), "{}: {key}", action.name);
            }
            let keys = fact.condition_keys.iter();
            for key in keys.filter(|key| !ABSENT_KEYS.contains(key)) {
                assert!(action.keys.contains(key), "{} lacks {key}", action.name);
            }
        }
    }
}
