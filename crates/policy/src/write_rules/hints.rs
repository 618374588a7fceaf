//! Hints for the mistakes people really make.

use crate::principal::is_account_id;

/// What may be meant by a principal that is invalid.
pub(super) fn principal(text: &str) -> Option<String> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if digits == text.len() && !is_account_id(text) {
        return Some(format!(
            "An account id has twelve digits; this one has {digits}."
        ));
    }
    if let Some(arn) = crate::arn::Arn::parse(text) {
        if !is_account_id(arn.account) && !arn.account.is_empty() {
            return Some(format!(
                "An account id has twelve digits; `{}` has {}.",
                arn.account,
                arn.account.len()
            ));
        }
        if text.contains(['*', '?']) {
            let hint = "Principals take no wildcards but a lone `*`: name the account and add a Condition with ArnLike on aws:PrincipalArn.";
            return Some(hint.to_owned());
        }
        if arn.resource.starts_with("group/") {
            return Some(
                "A user group cannot be a principal: name its users, or the account.".to_owned(),
            );
        }
        if arn.service != "iam" && arn.service != "sts" {
            let hint = format!(
                "An ARN of `{}` names a resource, not a caller: use Resource, or a condition on aws:SourceArn.",
                arn.service
            );
            return Some(hint);
        }
        if arn.service == "iam" && arn.resource.starts_with("assumed-role/") {
            return Some(
                "Sessions have ARNs of sts: arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION."
                    .to_owned(),
            );
        }
        if arn.service == "iam"
            && (arn.resource.starts_with("oidc-provider/")
                || arn.resource.starts_with("saml-provider/"))
        {
            return Some(
                "An identity provider stands under \"Federated\", not \"AWS\".".to_owned(),
            );
        }
        return None;
    }
    if text.ends_with(".amazonaws.com") || text.ends_with(".amazonaws.com.cn") {
        return Some("A service stands under \"Service\", not \"AWS\".".to_owned());
    }
    if text.starts_with("AIDA") || text.starts_with("AROA") {
        return Some(
            "This is the id of a user or role that was deleted: name one that exists.".to_owned(),
        );
    }
    if text.starts_with("arn:") {
        return Some("An ARN has six parts: arn:aws:iam::ACCOUNT:role/NAME.".to_owned());
    }
    None
}

/// What may be meant by a resource that is invalid.
pub(super) fn resource(text: &str) -> String {
    if text.starts_with("arn:") {
        return "An ARN has six parts: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE; REGION and ACCOUNT may be empty.".to_owned();
    }
    if let Some(path) = text.strip_prefix("s3://") {
        return format!("Write the URL as ARN: arn:aws:s3:::{path}.");
    }
    if text.contains(['*', '?', '/']) || text.is_empty() {
        return "Write an ARN, such as arn:aws:s3:::BUCKET/*, or a lone `*`.".to_owned();
    }
    format!("Write an ARN, such as arn:aws:s3:::{text}, or a lone `*`.")
}
