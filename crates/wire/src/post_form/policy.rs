//! The POST policy: until when, and which form.
//!
//! Every field of the form must be covered by a condition, or anyone who holds the signed form could add fields to it.
//! The bucket counts as a field, so that a policy without a condition on it opens no bucket at all.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{Fields, FormError};
use crate::signature::moment;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Equal,
    StartsWith,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    test: Test,
    /// Lower-case, without the dollar sign.
    field: String,
    value: String,
    /// As it is told when it fails.
    text: String,
}

/// A parsed POST policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Milliseconds since the epoch.
    pub expires_ms: u64,
    /// The file's least and greatest size in bytes (`content-length-range`); several ranges are intersected.
    pub length: Option<(u64, u64)>,
    conditions: Vec<Condition>,
}

impl Policy {
    /// Reads the form's `policy` field: JSON in base64.
    ///
    /// # Errors
    /// [`FormError::PolicyInvalid`].
    pub fn parse(base64: &str) -> Result<Policy, FormError> {
        let compact: String = base64
            .chars()
            .filter(|char| !char.is_ascii_whitespace())
            .collect();
        let json = STANDARD
            .decode(compact)
            .map_err(|_| invalid("Could not decode Base64."))?;
        let Ok(Value::Object(top)) = serde_json::from_slice(&json) else {
            return Err(invalid("Invalid JSON."));
        };
        if let Some(other) = top
            .keys()
            .find(|key| !matches!(key.as_str(), "expiration" | "conditions"))
        {
            return Err(invalid(format!("Unexpected: '{other}'.")));
        }
        let expires_ms = match top.get("expiration") {
            None => return Err(invalid("Policy missing expiration.")),
            Some(Value::String(text)) => moment::parse_iso(text),
            Some(_) => None,
        }
        .ok_or_else(|| invalid("Invalid 'expiration' value."))?;
        let conditions = match top.get("conditions") {
            None => return Err(invalid("Policy missing conditions.")),
            Some(Value::Array(conditions)) => conditions,
            Some(_) => return Err(invalid("Invalid 'conditions' value: must be a List.")),
        };
        let mut policy = Policy {
            expires_ms,
            length: None,
            conditions: Vec::new(),
        };
        for condition in conditions {
            policy.add(condition)?;
        }
        Ok(policy)
    }

    fn add(&mut self, condition: &Value) -> Result<(), FormError> {
        match condition {
            Value::Object(pairs) if !pairs.is_empty() => {
                for (field, value) in pairs {
                    self.string(Test::Equal, "eq", field, value)?;
                }
                Ok(())
            }
            Value::Array(pieces) => {
                let [Value::String(operator), first, second] = pieces.as_slice() else {
                    return Err(invalid(format!(
                        "Invalid Condition: wrong number of arguments: {condition}."
                    )));
                };
                match operator.to_ascii_lowercase().as_str() {
                    "content-length-range" => self.range(first, second),
                    "eq" => self.field(Test::Equal, "eq", first, second),
                    "starts-with" => self.field(Test::StartsWith, "starts-with", first, second),
                    _ => Err(invalid(format!(
                        "Invalid Condition: unknown operation '{operator}'."
                    ))),
                }
            }
            _ => Err(invalid(format!("Invalid Condition: {condition}."))),
        }
    }

    fn field(
        &mut self,
        test: Test,
        operator: &str,
        field: &Value,
        value: &Value,
    ) -> Result<(), FormError> {
        let field = field
            .as_str()
            .and_then(|field| field.strip_prefix('$'))
            .ok_or_else(|| {
                invalid(format!(
                    "Invalid {operator} condition: the field must begin with '$'."
                ))
            })?;
        self.string(test, operator, field, value)
    }

    fn string(
        &mut self,
        test: Test,
        operator: &str,
        field: &str,
        value: &Value,
    ) -> Result<(), FormError> {
        let Value::String(value) = value else {
            return Err(invalid(format!(
                "Invalid Simple-Condition: value of '{field}' must be a string."
            )));
        };
        let text = Value::from(vec![operator, &format!("${field}"), value]).to_string();
        self.conditions.push(Condition {
            test,
            field: field.to_ascii_lowercase(),
            value: value.clone(),
            text,
        });
        Ok(())
    }

    fn range(&mut self, least: &Value, greatest: &Value) -> Result<(), FormError> {
        // Numbers, or numbers in quotes: both are in use.
        let number = |value: &Value| {
            value
                .as_u64()
                .or_else(|| value.as_str().and_then(|text| text.parse().ok()))
                .ok_or_else(|| invalid("Invalid content-length-range: not a whole number."))
        };
        let (least, greatest) = (number(least)?, number(greatest)?);
        let (low, high) = self.length.unwrap_or((0, u64::MAX));
        self.length = Some((low.max(least), high.min(greatest)));
        Ok(())
    }

    /// Holds the form against the policy. `bucket` and `key` are those of the object as it would be written, `${filename}`
    /// replaced.
    ///
    /// # Errors
    /// `PolicyExpired`, `ConditionFailed` or `FieldNotCovered`.
    pub fn check(
        &self,
        fields: &Fields,
        bucket: &str,
        key: &str,
        now_ms: u64,
    ) -> Result<(), FormError> {
        if now_ms >= self.expires_ms {
            return Err(FormError::PolicyExpired);
        }
        for condition in &self.conditions {
            let value = match condition.field.as_str() {
                "bucket" => bucket,
                "key" => key,
                field => fields.get(field).unwrap_or_default(),
            };
            if !condition.holds(value) {
                return Err(FormError::ConditionFailed(condition.text.clone()));
            }
        }
        // A form may name the bucket as well; it must then be the one the request goes to.
        if let Some(given) = fields.get("bucket")
            && given != bucket
        {
            return Err(FormError::ConditionFailed(
                Value::from(vec!["eq", "$bucket", given]).to_string(),
            ));
        }
        let covered = |name: &str| {
            self.conditions
                .iter()
                .any(|condition| condition.field.eq_ignore_ascii_case(name))
        };
        if !covered("bucket") {
            return Err(FormError::FieldNotCovered("bucket".to_owned()));
        }
        let v4 = fields.get("x-amz-signature").is_some();
        for (name, _) in fields.iter() {
            let lower = name.to_ascii_lowercase();
            let exempt = matches!(lower.as_str(), "file" | "policy" | "x-amz-signature")
                || lower.starts_with("x-ignore-")
                || (!v4 && matches!(lower.as_str(), "awsaccesskeyid" | "signature"));
            if !exempt && !covered(&lower) {
                return Err(FormError::FieldNotCovered(name.to_owned()));
            }
        }
        Ok(())
    }
}

impl Condition {
    fn holds(&self, value: &str) -> bool {
        match self.test {
            Test::Equal => value == self.value,
            // A list of content types must be allowed in every element.
            Test::StartsWith if self.field == "content-type" => value
                .split(',')
                .all(|one| one.trim_start().starts_with(&self.value)),
            Test::StartsWith => value.starts_with(&self.value),
        }
    }
}

fn invalid(what: impl Into<String>) -> FormError {
    FormError::PolicyInvalid(what.into())
}
