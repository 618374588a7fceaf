//! Hints for the mistakes people really make; validation gives the same ones.

use crate::facts;
use crate::principal::is_account_id;
use crate::validate::nearest;

/// What may be meant by a principal that is invalid.
pub(crate) fn principal(text: &str) -> Option<String> {
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

/// What may be meant by an action that is invalid.
pub(crate) fn action(text: &str) -> String {
    if text.starts_with("arn:") {
        "An ARN stands under Resource, or under Principal if it names a caller.".to_owned()
    } else if text.contains(',') {
        format!("`{text}` is one string: write a list, [\"…\", \"…\"].")
    } else if text.contains(char::is_whitespace) {
        format!("`{text}` holds white space: an action has none.")
    } else if !text.contains(':') {
        format!("`{text}` has no service before a colon, as in s3:GetObject.")
    } else {
        format!("`{text}` is no action: a service, a colon and a name, as in s3:GetObject.")
    }
}

/// What may be meant by an action that its service has not.
pub(crate) fn unknown_action(service: &str, name: &str) -> String {
    let known = facts::service(service)
        .into_iter()
        .flat_map(|service| service.actions.iter().map(|action| action.name));
    let meant = nearest(name, known).map_or_else(String::new, |near| {
        format!(" Did you mean `{service}:{near}`?")
    });
    format!("There is no action `{service}:{name}`.{meant}")
}

/// What may be meant by a resource that is invalid.
pub(crate) fn resource(text: &str) -> String {
    if text
        .split_once(':')
        .is_some_and(|(service, name)| facts::action(service, name).is_some())
    {
        return format!("`{text}` is an action: it stands under Action.");
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return "An account stands under Principal; a resource is written as ARN, or as a lone `*`.".to_owned();
    }
    if text.ends_with(".amazonaws.com") {
        return "A service stands under Principal, as {\"Service\": …}.".to_owned();
    }
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
