//! What a simulation asks, read and checked: actions, resources, documents, context.

use std::{borrow::Cow, sync::Arc};

use twinlock_directory::AccountId;
use twinlock_gate::{Cx, Fault, needs::Fact};
use twinlock_policy::{Policy, arn::Arn, facts, write_rules};
use twinlock_shapes::iam as shapes;

use super::exclusions::Exclusions;
use crate::iam::common::invalid_input;

/// The most (action, resource) pairs in one simulation.
const PAIRS_MAX: usize = 10_000;

/// The two operations' parameters, as they have them in common.
pub(super) struct Asked<'i> {
    pub(super) policies: &'i [String],
    pub(super) boundaries: Option<&'i [String]>,
    /// The organization's levels; none: those in force.
    pub(super) organization: Option<&'i [shapes::OrderedOrganizationPolicyType]>,
    pub(super) actions: &'i [String],
    pub(super) resources: Option<&'i [String]>,
    pub(super) resource_policy: Option<&'i str>,
    pub(super) resource_owner: Option<&'i str>,
    pub(super) context: &'i [shapes::ContextEntry],
    pub(super) handling: Option<&'i str>,
    pub(super) caller_arn: Option<&'i str>,
}

/// A document that came with the question, under the name by which results refer to it.
pub(super) struct Given {
    pub(super) name: String,
    pub(super) policy: Policy,
}

/// What is asked.
pub(super) struct Questions<'i> {
    pub(super) actions: &'i [String],
    /// ARNs, or one `*`.
    pub(super) resources: Vec<&'i str>,
    /// Further identity policies.
    pub(super) policies: Vec<Given>,
    /// The boundary in the place of the one in force.
    pub(super) boundary: Option<Vec<Given>>,
    /// The organization's levels in the place of those in force.
    pub(super) organization: Option<Vec<Vec<Given>>>,
    pub(super) resource_policy: Option<Arc<Policy>>,
    pub(super) owner: Option<AccountId>,
    pub(super) context: Vec<(Cow<'static, str>, Fact)>,
    pub(super) exclusions: Exclusions,
    /// The account of the simulated caller, where an ARN names it.
    pub(super) caller_account: Option<AccountId>,
}

impl<'i> Questions<'i> {
    /// # Errors
    /// `InvalidInput` for whatever cannot be asked.
    pub(super) fn read(
        asked: Asked<'i>,
        exclusions: Exclusions,
        cx: &Cx<'_>,
    ) -> Result<Self, Fault> {
        for action in asked.actions {
            check_action(action)?;
        }
        let resources = resources(asked.resources)?;
        if asked.actions.len().saturating_mul(resources.len()) > PAIRS_MAX {
            return Err(invalid_input(format!(
                "A simulation covers at most {PAIRS_MAX} combinations of actions and resources."
            )));
        }
        check_handling(asked.handling, &resources)?;
        let boundary = match asked.boundaries {
            None | Some([]) => None,
            Some([_]) => Some(identity_policies(
                asked.boundaries.unwrap_or_default(),
                "PermissionsBoundaryPolicyInputList",
            )?),
            Some(_) => {
                return Err(invalid_input(
                    "Only one permissions boundary policy can be simulated.",
                ));
            }
        };
        let resource_policy = asked
            .resource_policy
            .map(|text| match Policy::parse(text) {
                Ok(policy) => Ok(Arc::new(policy)),
                Err(error) => Err(malformed("ResourcePolicy", &error)),
            })
            .transpose()?;
        if resource_policy.is_some() && asked.caller_arn.is_none() {
            return Err(invalid_input(
                "CallerArn is required when a ResourcePolicy is included.",
            ));
        }
        Ok(Self {
            actions: asked.actions,
            resources,
            policies: identity_policies(asked.policies, "PolicyInputList")?,
            boundary,
            organization: asked.organization.map(levels).transpose()?,
            resource_policy,
            owner: owner(asked.resource_owner)?,
            context: context(asked.context)?,
            exclusions,
            caller_account: match asked.caller_arn.and_then(Arn::parse) {
                Some(arn) => arn.account.parse().ok(),
                None => Some(cx.account_id()?),
            },
        })
    }
}

fn malformed(which: &str, error: &dyn std::fmt::Display) -> Fault {
    invalid_input(format!("{which}: {error}"))
}

fn check_action(action: &str) -> Result<(), Fault> {
    let named = action.split_once(':').is_some_and(|(service, name)| {
        !service.is_empty() && !name.is_empty() && !action.contains(['*', '?', ' '])
    });
    if named {
        Ok(())
    } else {
        Err(invalid_input(format!(
            "Invalid Action Name: {action}. An action is a service and a name, such as iam:CreateUser, without wildcards."
        )))
    }
}

fn resources(given: Option<&[String]>) -> Result<Vec<&str>, Fault> {
    let given = given.unwrap_or_default();
    for arn in given {
        if arn != "*" && Arn::parse(arn).is_none() {
            return Err(invalid_input(format!("Invalid Resource Arn: {arn}")));
        }
    }
    Ok(match given {
        [] => vec!["*"],
        given => given.iter().map(String::as_str).collect(),
    })
}

fn owner(given: Option<&str>) -> Result<Option<AccountId>, Fault> {
    let Some(text) = given else {
        return Ok(None);
    };
    let account = text
        .strip_prefix("arn:aws:iam::")
        .and_then(|rest| rest.strip_suffix(":root"))
        .and_then(|id| id.parse().ok());
    account.map(Some).ok_or_else(|| {
        invalid_input(format!(
            "Invalid Resource Owner: {text}. It is an account's ARN, such as arn:aws:iam::123456789012:root."
        ))
    })
}

fn identity_policies(texts: &[String], list: &str) -> Result<Vec<Given>, Fault> {
    let policies = texts.iter().enumerate().map(|(position, text)| {
        let name = format!("{list}.{}", position + 1);
        write_rules::check_inline(text).map_err(|error| malformed(&name, &error))?;
        let policy = Policy::parse(text).map_err(|error| malformed(&name, &error))?;
        Ok(Given { name, policy })
    });
    policies.collect()
}

fn levels(given: &[shapes::OrderedOrganizationPolicyType]) -> Result<Vec<Vec<Given>>, Fault> {
    let levels = given.iter().enumerate().map(|(level, policies)| {
        let texts = policies
            .service_control_policy_input_list
            .as_deref()
            .unwrap_or_default();
        let texts = texts.iter().enumerate().map(|(position, text)| {
            let name = format!(
                "OrderedOrganizationPolicyInputList.{}.{}",
                level + 1,
                position + 1
            );
            let policy = Policy::parse(text).map_err(|error| malformed(&name, &error))?;
            Ok(Given { name, policy })
        });
        texts.collect()
    });
    levels.collect()
}

/// Condition keys with their values. A key that AWS documents as multivalued is one, whatever type was given.
fn context(given: &[shapes::ContextEntry]) -> Result<Vec<(Cow<'static, str>, Fact)>, Fault> {
    let entries = given.iter().map(|entry| {
        let name = entry
            .context_key_name
            .as_deref()
            .ok_or_else(|| invalid_input("A context entry needs a ContextKeyName."))?;
        let of = entry.context_key_type.as_deref().unwrap_or("string");
        let values = entry.context_key_values.clone().unwrap_or_default();
        if let Some(wrong) = values.iter().find(|value| !fits(value, of)) {
            return Err(invalid_input(format!(
                "Invalid Context Value: {wrong} is not a {of} value for {name}."
            )));
        }
        let documented = facts::condition_key(name).is_some_and(|key| key.many);
        let key = Cow::Owned(name.to_lowercase());
        let [one] = &values[..] else {
            return Ok((key, Fact::Many(values)));
        };
        Ok(if documented || of.ends_with("List") {
            (key, Fact::Many(values))
        } else {
            (key, Fact::One(one.clone()))
        })
    });
    entries.collect()
}

/// Whether a value is of the type that was given for it.
fn fits(value: &str, of: &str) -> bool {
    match of.trim_end_matches("List") {
        "numeric" => value.parse::<f64>().is_ok_and(f64::is_finite),
        "boolean" => value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"),
        "ip" => {
            let address = value.split_once('/').map_or(value, |(address, _)| address);
            address.parse::<std::net::IpAddr>().is_ok()
        }
        "binary" => {
            use base64::{Engine, engine::general_purpose::STANDARD};
            STANDARD.decode(value).is_ok()
        }
        "date" => value
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_digit()),
        _ => true,
    }
}

/// The kinds of EC2's resources that a scenario must name.
const SCENARIOS: &[(&str, &[&str])] = &[
    (
        "EC2-Classic-InstanceStore",
        &["instance", "image", "security-group"],
    ),
    (
        "EC2-Classic-EBS",
        &["instance", "image", "security-group", "volume"],
    ),
    (
        "EC2-VPC-InstanceStore",
        &["instance", "image", "security-group", "network-interface"],
    ),
    (
        "EC2-VPC-InstanceStore-Subnet",
        &[
            "instance",
            "image",
            "security-group",
            "network-interface",
            "subnet",
        ],
    ),
    (
        "EC2-VPC-EBS",
        &[
            "instance",
            "image",
            "security-group",
            "network-interface",
            "volume",
        ],
    ),
    (
        "EC2-VPC-EBS-Subnet",
        &[
            "instance",
            "image",
            "security-group",
            "network-interface",
            "subnet",
            "volume",
        ],
    ),
];

/// A scenario changes no decision: it asks that the resources of EC2 which it consists of are all there.
fn check_handling(option: Option<&str>, resources: &[&str]) -> Result<(), Fault> {
    let Some(option) = option else {
        return Ok(());
    };
    let Some((_, needed)) = SCENARIOS.iter().find(|(name, _)| *name == option) else {
        return Err(invalid_input(format!(
            "Invalid Resource Handling Option: {option}"
        )));
    };
    let there = |kind: &str| {
        resources.iter().any(|arn| {
            Arn::parse(arn).is_some_and(|arn| {
                arn.service == "ec2" && arn.resource.split('/').next() == Some(kind)
            })
        })
    };
    match needed.iter().find(|kind| !there(kind)) {
        Some(missing) => Err(invalid_input(format!(
            "Resource Handling Option {option} needs a resource of type {missing}."
        ))),
        None => Ok(()),
    }
}
