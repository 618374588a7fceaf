//! Conditions on networks: addresses, VPCs and their endpoints.

use super::conditions::INVALID_CONDITION_DATA_TYPE;
use super::report::Report;
use super::subject::{Condition, View, has_wildcard};
use super::{Check, table};
use crate::value::Network;

table! {
    PRIVATE_IP_ADDRESS: Error, Guide, "Private IP address",
        "`IpAddress` on aws:SourceIp with private addresses only, which AWS never sees there";
    PRIVATE_NOT_IP_ADDRESS: Error, Guide, "Private NotIpAddress",
        "`NotIpAddress` on aws:SourceIp with private addresses only";
    PRIVATE_IP_ADDRESS_SUBSET: Suggestion, Guide, "Private IP address subset",
        "`IpAddress` on aws:SourceIp with private and public addresses";
    PRIVATE_NOT_IP_ADDRESS_SUBSET: Suggestion, Guide, "Private NotIpAddress subset",
        "`NotIpAddress` on aws:SourceIp with private and public addresses";
    TYPE_MISMATCH_IP_RANGE: Warning, Guide, "Type mismatch IP range",
        "a value under `IpAddress` or `NotIpAddress` is no address and no range";
    IMPROVE_IP_RANGE: Suggestion, Guide, "Improve IP range",
        "a range has bits behind its mask, which are not looked at";
    INVALID_VPC_FORMAT: Error, Guide, "Invalid vpc format",
        "a value of aws:SourceVpc is not `vpc-` with 8 or 17 letters and digits";
    INVALID_VPCE_FORMAT: Error, Guide, "Invalid vpce format",
        "a value of aws:SourceVpce is not `vpce-` with 8 or 17 letters and digits";
    MISSING_PAIRED_CONDITION_KEYS: SecurityWarning, Guide, "Missing paired condition keys",
        "aws:VpcSourceIp without aws:SourceVpc: private addresses are not unique";
}

pub(super) fn statement(view: &View<'_>, report: &mut Report<'_>) {
    for condition in &view.conditions {
        match condition.base.as_str() {
            "ipaddress" | "notipaddress" => addresses(condition, report),
            _ => {}
        }
        match condition.key_lower.as_str() {
            "aws:sourcevpc" => identifiers(condition, "vpc-", &INVALID_VPC_FORMAT, report),
            "aws:sourcevpce" => identifiers(condition, "vpce-", &INVALID_VPCE_FORMAT, report),
            "aws:vpcsourceip" if !view.has_key("aws:sourcevpc") => {
                let details =
                    "Every VPC can have these private addresses: add a condition on aws:SourceVpc.";
                report.add(
                    &MISSING_PAIRED_CONDITION_KEYS,
                    &condition.entry.key.span,
                    details.to_owned(),
                );
            }
            _ => {}
        }
    }
}

fn addresses(condition: &Condition<'_>, report: &mut Report<'_>) {
    let operator = &condition.entry.operator.value;
    let (mut private, mut public) = (Vec::new(), 0);
    for text in &condition.entry.values.values {
        let Some(network) = Network::parse(&text.value) else {
            if !text.value.contains("${") {
                let details = format!(
                    "{operator} compares with an address or a range such as 203.0.113.0/24, not with `{}`.",
                    text.value
                );
                report.add(&TYPE_MISMATCH_IP_RANGE, &text.span, details);
            }
            let details = format!(
                "A policy with `{}` under {operator} is refused.",
                text.value
            );
            report.add(&INVALID_CONDITION_DATA_TYPE, &text.span, details);
            continue;
        };
        if let Some(canonical) = network.without_host_bits() {
            let details = format!("The bits behind the mask are not looked at: write {canonical}.");
            report.add(&IMPROVE_IP_RANGE, &text.span, details);
        }
        if network.is_all_private() {
            private.push(&text.span);
        } else {
            public += 1;
        }
    }
    if condition.key_lower != "aws:sourceip" || private.is_empty() {
        return;
    }
    let advice = "aws:SourceIp is the public address of a request, aws:VpcSourceIp the private one behind a VPC endpoint.";
    let (check, details): (&'static Check, &str) = match (condition.is_negated(), public) {
        (false, 0) => (
            &PRIVATE_IP_ADDRESS,
            "AWS never sees these private addresses, so the condition never holds there.",
        ),
        (true, 0) => (
            &PRIVATE_NOT_IP_ADDRESS,
            "AWS never sees these private addresses, so the condition always holds there.",
        ),
        (false, _) => (
            &PRIVATE_IP_ADDRESS_SUBSET,
            "AWS never sees these private addresses beside the public ones.",
        ),
        (true, _) => (
            &PRIVATE_NOT_IP_ADDRESS_SUBSET,
            "AWS never sees these private addresses, so excepting them has no effect there.",
        ),
    };
    report.add_all(check, private, format!("{details} {advice}"));
}

fn identifiers(
    condition: &Condition<'_>,
    prefix: &str,
    check: &'static Check,
    report: &mut Report<'_>,
) {
    for text in &condition.entry.values.values {
        let value = text.value.as_str();
        if condition.is_null() || has_wildcard(value) || value.contains("${") {
            continue;
        }
        let good = value.strip_prefix(prefix).is_some_and(|id| {
            matches!(id.len(), 8 | 17) && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
        });
        if !good {
            let details = format!(
                "`{value}` is no identifier of this kind: `{prefix}` and 8 or 17 letters and digits."
            );
            report.add(check, &text.span, details);
        }
    }
}
