//! What services rule beside the policies (specification 5, 5.6, 5.7). A server knows these from its own state; a batch has only ARNs.

use crate::arn::Arn;
use crate::facts::{self, AccessLevel};
use crate::principal::is_account_id;
use crate::request::{PrincipalKind, Request, ResourceRule};

/// The resource that the service itself asks with: ListAllMyBuckets has none, and S3 asks it of all buckets (2.2, point 6).
pub(super) fn asked_with<'r>(action: &str, resource: &'r str) -> &'r str {
    if resource == "*" && action.eq_ignore_ascii_case("s3:ListAllMyBuckets") {
        "arn:aws:s3:::*"
    } else {
        resource
    }
}

/// A role's trust policy and a KMS key's policy must admit the caller themselves.
pub(super) fn resource_rule(action: &str, resource: &str) -> ResourceRule {
    const ASSUMING: [&str; 5] = [
        "assumerole",
        "assumerolewithsaml",
        "assumerolewithwebidentity",
        "setsourceidentity",
        "tagsession",
    ];
    let action = action.to_ascii_lowercase();
    let (service, name) = action.split_once(':').unwrap_or((&action, ""));
    let on = |service: &str, kind: &str| {
        Arn::parse(resource)
            .is_some_and(|arn| arn.service == service && arn.resource.starts_with(kind))
    };
    let assumes = service == "sts" && ASSUMING.contains(&name) && on("iam", "role/");
    if assumes || (service == "kms" && on("kms", "key/")) {
        ResourceRule::MustAdmit
    } else {
        ResourceRule::Ordinary
    }
}

/// The root user of the bucket's account may always see, replace and delete the bucket's policy, so that it cannot be locked out.
pub(super) fn is_above_the_bucket_policy(request: &Request<'_>) -> bool {
    let policy_itself = [
        "s3:GetBucketPolicy",
        "s3:PutBucketPolicy",
        "s3:DeleteBucketPolicy",
    ]
    .into_iter()
    .any(|action| request.action.eq_ignore_ascii_case(action));
    policy_itself
        && request.principal.kind == PrincipalKind::Root
        && request.resource_account == request.principal.account.as_deref()
}

/// What IAM refuses to everybody: changing policies that AWS keeps, and roles that AWS or a service keeps.
pub(super) fn is_unmodifiable(action: &str, resource: &str) -> bool {
    let Some(arn) = Arn::parse(resource).filter(|arn| arn.service == "iam") else {
        return false;
    };
    let Some((_, name)) = action
        .split_once(':')
        .filter(|(service, _)| service.eq_ignore_ascii_case("iam"))
    else {
        return false;
    };
    if arn.resource.starts_with("policy/") {
        return !is_account_id(arn.account) && changes(name, "policy");
    }
    if arn.resource.starts_with("role/aws-reserved/") {
        return changes(name, "role");
    }
    // A service's linked role is described and tagged by its account, and made and deleted by calls of their own; its trust and
    // permissions stay, and so does the role.
    arn.resource.starts_with("role/aws-service-role/")
        && changes(name, "role")
        && (manages_permissions(name)
            || ["createrole", "deleterole"].contains(&&*name.to_ascii_lowercase()))
}

/// Whether the action of IAM changes something of the kind.
fn changes(name: &str, kind: &str) -> bool {
    facts::action("iam", name).is_some_and(|action| {
        !matches!(action.level, AccessLevel::List | AccessLevel::Read) && action.works_on(kind)
    })
}

fn manages_permissions(name: &str) -> bool {
    facts::action("iam", name)
        .is_some_and(|action| action.level == AccessLevel::PermissionsManagement)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn section_5_6_what_nobody_changes() {
        let aws = "arn:aws:iam::aws:policy/AdministratorAccess";
        let own = "arn:aws:iam::111111111111:policy/Mine";
        let linked = "arn:aws:iam::111111111111:role/aws-service-role/x.amazonaws.com/App";
        let reserved = "arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/App";
        let role = "arn:aws:iam::111111111111:role/App";
        let rows = [
            ("iam:CreatePolicyVersion", aws, true),
            ("iam:DeletePolicyVersion", aws, true),
            ("IAM:setDefaultPolicyVersion", aws, true),
            ("iam:TagPolicy", aws, true),
            ("iam:UntagPolicy", aws, true),
            ("iam:DeletePolicy", aws, true),
            ("iam:GetPolicy", aws, false),
            ("iam:ListEntitiesForPolicy", aws, false),
            ("iam:CreatePolicyVersion", own, false),
            ("iam:AttachRolePolicy", linked, true),
            ("iam:PutRolePolicy", linked, true),
            ("iam:PutRolePermissionsBoundary", linked, true),
            ("iam:UpdateAssumeRolePolicy", linked, true),
            ("iam:DeleteRole", linked, true),
            ("iam:CreateServiceLinkedRole", linked, false),
            ("iam:DeleteServiceLinkedRole", linked, false),
            ("iam:TagRole", linked, false),
            ("iam:UpdateRole", linked, false),
            ("iam:GetRole", linked, false),
            ("iam:PassRole", linked, false),
            ("iam:TagRole", reserved, true),
            ("iam:UpdateRole", reserved, true),
            ("iam:GetRole", reserved, false),
            ("iam:PutRolePolicy", role, false),
            ("sts:AssumeRole", reserved, false),
        ];
        for (action, resource, expected) in rows {
            assert_eq!(
                is_unmodifiable(action, resource),
                expected,
                "{action} {resource}"
            );
        }
    }
}
