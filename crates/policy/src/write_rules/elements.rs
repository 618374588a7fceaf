//! The rules on the elements of each statement, in the order AWS checks them.

use std::collections::HashSet;
use std::ops::Range;

use super::{Target, WriteError, at, hints, reach, refuse};
use crate::arn::Arn;
use crate::condition::{OperatorName, boolean};
use crate::document::{
    ConditionEntry, Document, Effect, List, PrincipalElement, PrincipalType, Statement, Text,
};
use crate::facts;
use crate::principal::is_account_id;
use crate::regions;
use crate::value;

type Checked = Result<(), WriteError>;

pub(super) struct Checker<'c> {
    pub(super) text: &'c str,
    pub(super) target: Target<'c>,
    pub(super) document: &'c Document,
}

impl Checker<'_> {
    pub(super) fn run(&self) -> Checked {
        if let Some(id) = self.document.id_text()
            && matches!(self.target, Target::Session | Target::Scp | Target::Rcp)
        {
            return self.refuse(
                "Syntax errors in policy.",
                &id.span,
                "Id is an element of resource-based policies.",
            );
        }
        let mut sids = HashSet::new();
        for statement in self.document.statements() {
            if let Some(sid) = &statement.sid {
                self.sid(sid)?;
                if !sid.value.is_empty() && !sids.insert(sid.value.as_str()) {
                    let hint = format!("`{}` stands twice.", sid.value);
                    return self.refuse(
                        "Statement IDs (SID) in a single policy must be unique.",
                        &sid.span,
                        &hint,
                    );
                }
            }
            self.principals(statement)?;
            self.actions(statement)?;
            self.resources(statement)?;
            self.reach(statement)?;
            for condition in &statement.conditions {
                self.condition(condition)?;
            }
        }
        Ok(())
    }

    fn refuse(&self, sentence: impl Into<String>, span: &Range<usize>, hint: &str) -> Checked {
        Err(refuse(
            sentence,
            format!("{}: {hint}", at(self.text, span.start)),
        ))
    }

    fn is_bucket(&self) -> bool {
        matches!(self.target, Target::Bucket(_))
    }

    fn sid(&self, sid: &Text) -> Checked {
        let good = |character: char| {
            character.is_ascii_alphanumeric()
                || (!self.target.is_iam() && matches!(character, ' ' | '-' | '_'))
        };
        if sid.value.chars().all(good) {
            return Ok(());
        }
        let sentence = "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*";
        self.refuse(
            sentence,
            &sid.span,
            &format!("`{}` has other characters.", sid.value),
        )
    }

    fn principals(&self, statement: &Statement) -> Checked {
        let written = statement
            .principal
            .as_ref()
            .or(statement.not_principal.as_ref());
        if !self.target.has_principal() {
            let Some(element) = written else {
                return Ok(());
            };
            let hint = "A policy of this kind applies to whom it is attached to: remove Principal, or put the statement into a resource-based policy.";
            return self.refuse(
                "Policy document should not specify a principal.",
                &element.span,
                hint,
            );
        }
        let Some(element) = written else {
            let sentence = match self.target {
                Target::Trust => "AssumeRole policy must contain principals",
                _ => "Missing required field Principal",
            };
            return self.refuse(
                sentence,
                &statement.span,
                "This statement names nobody: add a Principal.",
            );
        };
        if statement.principal.is_some() && statement.not_principal.is_some() {
            return self.refuse(
                "Syntax errors in policy.",
                &element.span,
                "Principal and NotPrincipal exclude each other.",
            );
        }
        if let Some(element) = &statement.not_principal {
            if self.target == Target::Trust || self.target == Target::Rcp {
                let hint = "Name whom you mean in Principal, with conditions.";
                return self.refuse("Has prohibited field NotPrincipal", &element.span, hint);
            }
            if statement.effect == Some(Effect::Allow) {
                let hint = "NotPrincipal with Allow would let in everybody else, also unsigned: name whom you mean in Principal.";
                return self.refuse(
                    "Allow with NotPrincipal is not allowed.",
                    &element.span,
                    hint,
                );
            }
        }
        if self.target == Target::Rcp && !is_everyone(element) {
            return self.refuse(
                "Syntax errors in policy.",
                &element.span,
                "An RCP says \"Principal\": \"*\" and narrows by conditions.",
            );
        }
        self.principal_entries(element)
    }

    fn principal_entries(&self, element: &PrincipalElement) -> Checked {
        if !element.star && element.entries.is_empty() {
            return self.refuse(
                "Invalid principal in policy",
                &element.span,
                "It names nobody.",
            );
        }
        for entry in &element.entries {
            let text = entry.text.value.as_str();
            let (good, hint) = match entry.kind {
                PrincipalType::Aws => (is_aws_principal(text), hints::principal(text)),
                PrincipalType::Service => {
                    let good = text.contains('.') && !text.contains(['*', ':', '/', ' ']);
                    (
                        good,
                        Some("A service is named like lambda.amazonaws.com.".to_owned()),
                    )
                }
                PrincipalType::Federated => (
                    !text.is_empty() && !text.contains('*'),
                    Some("Name one identity provider.".to_owned()),
                ),
                PrincipalType::CanonicalUser => {
                    let good = self.is_bucket()
                        && text.len() == 64
                        && text.bytes().all(|byte| byte.is_ascii_hexdigit());
                    (good, Some("A canonical user id has 64 hexadecimal digits, and stands in bucket policies only.".to_owned()))
                }
                PrincipalType::Unknown => (false, None),
            };
            if !good {
                let sentence = format!(
                    "Invalid principal in policy: \"{}\":\"{text}\"",
                    entry.key.value
                );
                let hint = hint.unwrap_or_else(|| {
                    "Name an account, a user, a role or a session by its ARN.".to_owned()
                });
                return self.refuse(sentence, &entry.text.span, &hint);
            }
        }
        Ok(())
    }

    fn actions(&self, statement: &Statement) -> Checked {
        let list = match (&statement.action, &statement.not_action) {
            (Some(list), None) | (None, Some(list)) => list,
            (Some(_), Some(list)) => {
                return self.refuse(
                    "Syntax errors in policy.",
                    &list.span,
                    "Action and NotAction exclude each other.",
                );
            }
            (None, None) => {
                return self.refuse(
                    "Policy statement must contain actions.",
                    &statement.span,
                    "Add Action.",
                );
            }
        };
        if list.values.is_empty() {
            return self.refuse(
                "Policy statement must contain actions.",
                &list.span,
                "The list is empty.",
            );
        }
        list.values
            .iter()
            .try_for_each(|action| self.action(action))
    }

    fn action(&self, action: &Text) -> Checked {
        let text = action.value.as_str();
        if text == "*" {
            if self.target == Target::Trust {
                let sentence = "AssumeRole policy may only specify STS AssumeRole actions.";
                return self.refuse(sentence, &action.span, "Write sts:AssumeRole.");
            }
            return Ok(());
        }
        let Some((service, name)) = text.split_once(':') else {
            let sentence = match self.target {
                Target::Bucket(_) => "Policy has invalid action",
                _ => "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            };
            return self.refuse(sentence, &action.span, &hints::action(text));
        };
        let good = |part: &str, also: &[char]| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|found| found.is_ascii_alphanumeric() || also.contains(&found))
        };
        if !good(service, &['-']) || !good(name, &['*', '?', '-', '_']) {
            let sentence = match self.target {
                Target::Bucket(_) => "Policy has invalid action".to_owned(),
                _ if service.contains('*') => format!("Vendor {service} is not valid"),
                _ => "Syntax errors in policy.".to_owned(),
            };
            return self.refuse(sentence, &action.span, &hints::action(text));
        }
        if self.target == Target::Trust && !service.eq_ignore_ascii_case("sts") {
            let sentence = "AssumeRole policy may only specify STS AssumeRole actions.";
            let hint = format!(
                "`{text}` belongs into a permissions policy of the role; the trust policy only says who may assume it."
            );
            return self.refuse(sentence, &action.span, &hint);
        }
        if self.is_bucket() && !service.eq_ignore_ascii_case("s3") {
            return self.refuse(
                "Policy has invalid action",
                &action.span,
                &format!("A bucket policy takes actions of s3, not `{text}`."),
            );
        }
        if self.is_bucket() && !name.contains(['*', '?']) && facts::action(service, name).is_none()
        {
            return self.refuse(
                "Policy has invalid action",
                &action.span,
                &hints::unknown_action("s3", name),
            );
        }
        Ok(())
    }

    fn resources(&self, statement: &Statement) -> Checked {
        let list = match (&statement.resource, &statement.not_resource) {
            (Some(list), None) | (None, Some(list)) => Some(list),
            (Some(_), Some(list)) => {
                return self.refuse(
                    "Syntax errors in policy.",
                    &list.span,
                    "Resource and NotResource exclude each other.",
                );
            }
            (None, None) => None,
        };
        if self.target == Target::Trust {
            let Some(list) = list else { return Ok(()) };
            let field = if statement.resource.is_some() {
                "Resource"
            } else {
                "NotResource"
            };
            let hint = "A trust policy has none: the role itself is the resource.";
            return self.refuse(format!("Has prohibited field {field}"), &list.span, hint);
        }
        let sentence = if self.is_bucket() {
            "Missing required field Resource"
        } else {
            "Policy statement must contain resources."
        };
        match list {
            None => self.refuse(sentence, &statement.span, "Add Resource."),
            Some(list) if list.values.is_empty() => {
                self.refuse(sentence, &list.span, "The list is empty.")
            }
            Some(list) => self.resource_entries(list),
        }
    }

    fn resource_entries(&self, list: &List) -> Checked {
        for resource in &list.values {
            let text = resource.value.as_str();
            if let Target::Bucket(bucket) = self.target {
                self.bucket_resource(resource, bucket)?;
                continue;
            }
            if text == "*" {
                continue;
            }
            let Some(arn) = Arn::parse(text) else {
                // AWS takes shortened ARNs that end in a star.
                if text.starts_with("arn:") && text.ends_with('*') {
                    continue;
                }
                if text.starts_with("arn:") {
                    let sentence = "The policy failed legacy parsing";
                    return self.refuse(sentence, &resource.span, &hints::resource(text));
                }
                let sentence = format!("Resource {text} must be in ARN format or \"*\".");
                return self.refuse(sentence, &resource.span, &hints::resource(text));
            };
            if !regions::is_partition(arn.partition) && !arn.partition.contains('*') {
                let sentence = format!(
                    "Partition \"{}\" is not valid for resource \"{text}\".",
                    arn.partition
                );
                return self.refuse(sentence, &resource.span, "The partition is aws.");
            }
            let account_good = arn.account.is_empty()
                || is_account_id(arn.account)
                || arn.account == "aws"
                || arn.account.contains(['*', '?', '$']);
            if !account_good {
                let hint = format!(
                    "An account id has twelve digits; `{}` has {}.",
                    arn.account,
                    arn.account.len()
                );
                return self.refuse("Syntax errors in policy.", &resource.span, &hint);
            }
        }
        Ok(())
    }

    fn bucket_resource(&self, resource: &Text, bucket: &str) -> Checked {
        let text = resource.value.as_str();
        let named = match Arn::parse(text) {
            _ if text == "*" => {
                return self.refuse(
                    "Policy has invalid resource",
                    &resource.span,
                    &format!(
                        "A bucket policy names its bucket: write arn:aws:s3:::{bucket} and arn:aws:s3:::{bucket}/*."
                    ),
                );
            }
            Some(arn) if arn.service == "s3" && arn.region.is_empty() && arn.account.is_empty() => {
                arn.resource.split('/').next().unwrap_or("")
            }
            _ => {
                return self.refuse(
                    "Policy has invalid resource",
                    &resource.span,
                    &hints::resource(text),
                );
            }
        };
        if crate::pattern::Pattern::new(named).matches(bucket) {
            return Ok(());
        }
        let hint = if named.eq_ignore_ascii_case(bucket) {
            format!("Bucket names are in lower case: `{bucket}`.")
        } else {
            format!("The policy is for bucket `{bucket}`, but this names `{named}`.")
        };
        self.refuse("Policy has invalid resource", &resource.span, &hint)
    }

    /// In a bucket policy each action meets one of the statement's resources.
    fn reach(&self, statement: &Statement) -> Checked {
        let (true, Some(actions), Some(resources)) =
            (self.is_bucket(), &statement.action, &statement.resource)
        else {
            return Ok(());
        };
        for action in &actions.values {
            let name = action.value.split_once(':').map_or("*", |(_, name)| name);
            if !reach::reaches(name, resources.values.iter().map(|r| r.value.as_str())) {
                return self.refuse(
                    "Action does not apply to any resource(s) in statement",
                    &action.span,
                    &reach::hint(&action.value),
                );
            }
        }
        Ok(())
    }

    fn condition(&self, entry: &ConditionEntry) -> Checked {
        let operator = OperatorName::parse(&entry.operator.value);
        if !operator.is_known() {
            let sentence = match self.target {
                Target::Bucket(_) => format!("Invalid Condition type : {}", entry.operator.value),
                _ => "Syntax errors in policy.".to_owned(),
            };
            let hint = format!("`{}` is no condition operator.", entry.operator.value);
            return self.refuse(sentence, &entry.operator.span, &hint);
        }
        let key = entry.key.value.as_str();
        let prefixed = key
            .split_once(':')
            .is_some_and(|(service, name)| !service.is_empty() && !name.is_empty());
        if !prefixed {
            let sentence = match self.target {
                Target::Bucket(_) => "Policy has an invalid condition key",
                _ => "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
            };
            return self.refuse(
                sentence,
                &entry.key.span,
                &format!("`{key}` is no condition key, such as aws:SourceIp."),
            );
        }
        entry
            .values
            .values
            .iter()
            .try_for_each(|value| self.condition_value(&operator, value))
    }

    fn condition_value(&self, operator: &OperatorName, value: &Text) -> Checked {
        let text = value.value.as_str();
        let (good, wanted) = match operator.base.as_str() {
            base if base.starts_with("Numeric") => (value::is_number(text), "a number"),
            base if base.starts_with("Date") => (
                value::instant(text).is_some(),
                "a date such as 2026-01-31T00:00:00Z",
            ),
            "Bool" | "Null" => (
                boolean(text).is_some() || text.contains("${"),
                "true or false",
            ),
            "IpAddress" | "NotIpAddress" => (
                value::Network::parse(text).is_some(),
                "an address or CIDR range such as 203.0.113.0/24",
            ),
            _ => (true, ""),
        };
        if good {
            return Ok(());
        }
        let sentence = if self.is_bucket() {
            "Invalid policy syntax."
        } else {
            "Syntax errors in policy."
        };
        self.refuse(
            sentence,
            &value.span,
            &format!("expected {wanted}, found `{text}`."),
        )
    }
}

fn is_everyone(element: &PrincipalElement) -> bool {
    let lone = element.entries.len() == 1;
    element.star
        || (lone
            && element
                .entries
                .iter()
                .all(|entry| entry.kind == PrincipalType::Aws && entry.text.value == "*"))
}

/// Whether the text is `*`, an account, or the ARN of somebody who calls.
pub(crate) fn is_aws_principal(text: &str) -> bool {
    if text == "*" || is_account_id(text) {
        return true;
    }
    let Some(arn) =
        Arn::parse(text).filter(|arn| is_account_id(arn.account) && arn.region.is_empty())
    else {
        return false;
    };
    let (kind, name) = arn.resource.split_once('/').unwrap_or((arn.resource, ""));
    let named = !name.is_empty() && !name.contains(['*', '?']);
    match (arn.service, kind) {
        ("iam", "root") => arn.resource == "root",
        ("iam", "user" | "role") => named,
        ("sts", "assumed-role") => {
            named
                && name
                    .split_once('/')
                    .is_some_and(|(_, session)| !session.is_empty())
        }
        ("sts", "federated-user") => named,
        _ => false,
    }
}
