//! Which kind of policy a text is, where nobody says.

use super::{PolicyType, ResourceType};
use crate::arn::Arn;
use crate::document::{Document, Effect, List, PrincipalType};

/// A guess, and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guess {
    /// The kind of policy.
    pub policy_type: PolicyType,
    /// What it is attached to, for a resource policy of a kind that is known.
    pub resource_type: Option<ResourceType>,
    /// Why, to be put behind "taken for a … policy because".
    pub because: &'static str,
}

/// Guesses the kind of a policy by what only that kind has. An SCP looks like an identity policy, and is taken for one.
pub fn guess(document: &Document) -> Guess {
    let statements = document.statements();
    let is_named = |list: &List, test: fn(&str) -> bool| {
        !list.values.is_empty() && list.values.iter().all(|text| test(&text.value))
    };
    let names_somebody = statements
        .iter()
        .any(|statement| statement.principal.is_some() || statement.not_principal.is_some());
    let is_sts = |text: &str| {
        text.get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case("sts:"))
    };
    let has_resources = statements
        .iter()
        .any(|statement| statement.resource.is_some() || statement.not_resource.is_some());
    let is_about_roles = statements.iter().all(|statement| {
        let actions = statement.action.as_ref().or(statement.not_action.as_ref());
        actions.is_none_or(|list| is_named(list, is_sts))
    });
    let is_about_s3 = statements.iter().all(|statement| {
        let resources = statement
            .resource
            .as_ref()
            .or(statement.not_resource.as_ref());
        resources.is_some_and(|list| {
            is_named(list, |text| {
                Arn::parse(text).is_some_and(|arn| arn.service == "s3" && arn.account.is_empty())
            })
        })
    });
    let is_by_s3 = statements.iter().all(|statement| {
        let actions = statement.action.as_ref().or(statement.not_action.as_ref());
        actions.is_some_and(|list| is_named(list, |text| text.starts_with("s3:")))
    });
    let is_everybody_denied = statements.iter().all(|statement| {
        let everybody = statement.principal.as_ref().is_some_and(|element| {
            element.star
                || element
                    .entries
                    .iter()
                    .all(|entry| entry.kind == PrincipalType::Aws && entry.text.value == "*")
        });
        let everything = statement
            .resource
            .as_ref()
            .is_some_and(|list| list.values.iter().any(|text| text.value == "*"));
        everybody && everything && statement.effect == Some(Effect::Deny)
    });
    let (policy_type, resource_type, because) = if !names_somebody {
        (PolicyType::Identity, None, "no statement names a principal")
    } else if is_about_roles && !has_resources {
        (
            PolicyType::Resource,
            Some(ResourceType::AssumeRolePolicyDocument),
            "it names principals and actions of STS, and no resources",
        )
    } else if is_about_s3 && !statements.is_empty() {
        (
            PolicyType::Resource,
            Some(ResourceType::S3Bucket),
            "it names principals and buckets",
        )
    } else if is_everybody_denied && !statements.is_empty() {
        (
            PolicyType::ResourceControl,
            None,
            "it only denies, to everybody and on all resources",
        )
    } else if is_by_s3 && !statements.is_empty() {
        (
            PolicyType::Resource,
            Some(ResourceType::S3Bucket),
            "it names principals and actions of S3",
        )
    } else {
        (
            PolicyType::Resource,
            None,
            "it names principals and resources",
        )
    };
    Guess {
        policy_type,
        resource_type,
        because,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_guessed_by_what_only_they_have() {
        let rows = [
            (
                r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#,
                PolicyType::Identity,
                None,
            ),
            (
                r#"{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":["sts:AssumeRole","sts:TagSession"]}"#,
                PolicyType::Resource,
                Some(ResourceType::AssumeRolePolicyDocument),
            ),
            (
                r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}"#,
                PolicyType::Resource,
                Some(ResourceType::S3Bucket),
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}"#,
                PolicyType::ResourceControl,
                None,
            ),
            (
                r#"{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"arn:aws:sqs:eu-central-1:111122223333:q"}"#,
                PolicyType::Resource,
                None,
            ),
        ];
        for (statement, policy_type, resource_type) in rows {
            let text = format!(r#"{{"Statement":{statement}}}"#);
            let guess = guess(&Document::parse(&text).unwrap());
            assert_eq!(
                (guess.policy_type, guess.resource_type),
                (policy_type, resource_type),
                "{text}"
            );
        }
    }
}
