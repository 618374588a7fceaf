//! Which condition keys a document refers to, in its conditions and in variables: what must be known to evaluate it.

use crate::document::{Document, List, Statement};

/// The keys of one statement, as written, in the order of the text; a key can stand there more than once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatementKeys {
    /// Of variables in `Resource` and `NotResource`: without their values it is not known which resources are meant.
    pub resource: Vec<String>,
    /// Of `Condition`, and of variables in its values.
    pub condition: Vec<String>,
}

/// The keys that a statement of `document` refers to.
pub fn context_keys(document: &Document, statement: &Statement) -> StatementKeys {
    let mut keys = StatementKeys::default();
    let of_variables = |list: &List, into: &mut Vec<String>| {
        if document.has_variables() {
            into.extend(list.values.iter().flat_map(|text| variables(&text.value)));
        }
    };
    for list in statement.resource.iter().chain(&statement.not_resource) {
        of_variables(list, &mut keys.resource);
    }
    for entry in &statement.conditions {
        keys.condition.push(entry.key.value.clone());
        of_variables(&entry.values, &mut keys.condition);
    }
    keys
}

/// The keys of the variables in a text, as written. `${*}`, `${?}` and `${$}` are no variables; an unclosed one is text.
fn variables(text: &str) -> Vec<String> {
    let mut keys = Vec::new();
    let mut rest = text;
    while let Some((_, inner)) = rest.split_once("${") {
        let Some((written, after)) = inner.split_once('}') else {
            break;
        };
        // A default value may hold a brace; what follows it is read again, and a key never begins there.
        let key = written.split_once(", '").map_or(written, |(key, _)| key);
        if !matches!(key, "*" | "?" | "$") {
            keys.push(key.to_owned());
        }
        rest = after;
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(version: &str) -> StatementKeys {
        let text = format!(
            r#"{{"Version":"{version}","Statement":{{"Effect":"Allow","Action":"s3:*",
                "Resource":["arn:aws:s3:::home/${{aws:username}}/${{*}}","arn:aws:s3:::x/${{aws:PrincipalTag/Team, 'none'}}"],
                "Condition":{{"StringEquals":{{"aws:PrincipalTag/Cost":"${{aws:ResourceTag/Cost}}","s3:prefix":["a","b"]}}}}}}}}"#
        );
        let document = Document::parse(&text).unwrap();
        context_keys(&document, &document.statements()[0])
    }

    #[test]
    fn keys_of_conditions_and_variables_as_written() {
        let keys = keys("2012-10-17");
        assert_eq!(keys.resource, ["aws:username", "aws:PrincipalTag/Team"]);
        assert_eq!(
            keys.condition,
            ["aws:PrincipalTag/Cost", "aws:ResourceTag/Cost", "s3:prefix"]
        );
    }

    #[test]
    fn the_older_version_has_no_variables() {
        let keys = keys("2008-10-17");
        assert!(keys.resource.is_empty());
        assert_eq!(keys.condition, ["aws:PrincipalTag/Cost", "s3:prefix"]);
    }
}
