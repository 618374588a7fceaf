//! The catalogue of AWS-managed policies, from moto's `aws_managed_policies.py`.
//!
//! That file is one Python string holding a JSON object by policy name. Documents are written in the element order that
//! AWS uses (the source sorts them by letter) and without white space; the reader lays them out again. Index lines: name,
//! path, default version's number, creation and update in milliseconds since the epoch, place.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::pack::Packer;

/// The order in which AWS writes the elements of a policy and of a statement; others follow by letter.
const ELEMENTS: [&str; 12] = [
    "Version",
    "Id",
    "Statement",
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

pub(super) fn build(moto: &Path) -> Result<Vec<u8>, String> {
    let path = moto.join("moto/iam/aws_managed_policies.py");
    let source = super::read(&path)?;
    let json = python_string(&source).map_err(|error| format!("{}: {error}", path.display()))?;
    let policies: BTreeMap<String, Value> =
        serde_json::from_str(json).map_err(|error| format!("{}: {error}", path.display()))?;
    let mut by_lower_name: Vec<_> = policies
        .iter()
        .map(|(name, policy)| (name.to_ascii_lowercase(), name, policy))
        .collect();
    by_lower_name.sort_by(|a, b| a.0.cmp(&b.0));
    let mut packer = Packer::new();
    let mut index = String::new();
    for (_, name, policy) in by_lower_name {
        let line = line(name, policy, &mut packer)
            .ok_or_else(|| format!("{name}: not the expected fields"))?;
        index.push_str(&line);
    }
    packer.finish(index)
}

fn line(name: &str, policy: &Value, packer: &mut Packer) -> Option<String> {
    let text = |field: &str| policy.get(field)?.as_str();
    let version: u32 = text("DefaultVersionId")?.strip_prefix('v')?.parse().ok()?;
    let mut document = String::new();
    compact(policy.get("Document")?, &mut document);
    let place = packer.add(&document);
    let created = millis(text("CreateDate")?)?;
    let updated = millis(text("UpdateDate")?)?;
    Some(format!(
        "{name}\t{}\t{version}\t{created}\t{updated}\t{place}\n",
        text("Path")?
    ))
}

/// What stands between the triple quotes. No escape occurs in it so far; one would need reading, so it is refused.
fn python_string(source: &str) -> Result<&str, String> {
    let inner = source
        .split_once("\"\"\"")
        .and_then(|(_, rest)| rest.rsplit_once("\"\"\""));
    let (inner, _) = inner.ok_or("no triple-quoted string")?;
    if inner.contains('\\') {
        return Err("the string has escapes, which are not read".into());
    }
    Ok(inner)
}

/// Writes JSON without white space, the elements in AWS's order.
fn compact(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            let rank = |name: &str| {
                ELEMENTS
                    .iter()
                    .position(|known| *known == name)
                    .unwrap_or(ELEMENTS.len())
            };
            let mut names: Vec<&String> = members.keys().collect();
            names.sort_by_key(|name| (rank(name), name.as_str()));
            out.push('{');
            for (at, name) in names.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                compact(&members[name], out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                compact(item, out);
            }
            out.push(']');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

/// Milliseconds since the epoch of `2015-02-06T18:39:46+00:00`; other offsets do not occur and give `None`.
fn millis(text: &str) -> Option<i64> {
    let text = text
        .strip_suffix("+00:00")
        .or_else(|| text.strip_suffix('Z'))?;
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    // Days from 1970-01-01: years start in March here, so that a leap day comes last.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days =
        year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_become_milliseconds() {
        assert_eq!(millis("1970-01-01T00:00:00+00:00"), Some(0));
        assert_eq!(millis("2015-02-06T18:39:46+00:00"), Some(1_423_247_986_000));
        assert_eq!(millis("2024-02-29T00:00:00Z"), Some(1_709_164_800_000));
        assert_eq!(millis("2024-02-29T00:00:00+01:00"), None);
    }

    #[test]
    fn documents_take_the_usual_order_and_no_space() {
        let document: Value = serde_json::from_str(
            r#"{"Statement": [{"Action": "*", "Effect": "Allow", "Resource": "*", "Sid": "All"}], "Version": "2012-10-17"}"#,
        )
        .unwrap();
        let mut out = String::new();
        compact(&document, &mut out);
        assert_eq!(
            out,
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"All","Effect":"Allow","Action":"*","Resource":"*"}]}"#
        );
    }

    #[test]
    fn an_escape_in_the_source_is_refused() {
        assert_eq!(python_string("x = \"\"\"{}\"\"\""), Ok("{}"));
        assert!(python_string("x = \"\"\"\\n\"\"\"").is_err());
        assert!(python_string("x = 1").is_err());
    }
}
