//! Names with placeholders: condition keys (`aws:RequestTag/${TagKey}`) and ARNs (`arn:${Partition}:s3:::${BucketName}`).
//!
//! Also the question whether two patterns with wildcards can mean the same text, which a validator asks of a statement's
//! resource and an action's resource types. It is answered by a table over both patterns, so its cost is the product of
//! their lengths whatever they contain.

/// One step of a pattern.
#[derive(Clone, Copy, PartialEq)]
enum Step {
    Byte(u8),
    One,
    /// Any text without the given byte (0: any text at all).
    Many(u8),
}

/// Whether two patterns, in which `*` stands for any text and `?` for any one character, have a text in common.
pub fn overlaps(a: &str, b: &str) -> bool {
    steps_overlap(&wildcards(a), &wildcards(b))
}

/// Whether the ARN form of a resource type and a policy's resource pattern have an ARN in common.
pub(super) fn arn_overlaps(template: &str, pattern: &str) -> bool {
    steps_overlap(&arn_steps(template), &wildcards(pattern))
}

/// Whether the last fields of the ARN form and of an ARN have a text in common.
pub(super) fn last_field_overlaps(template: &str, pattern: &str) -> bool {
    let start = template.match_indices(':').nth(4);
    start.is_some_and(|(colon, _)| {
        // Five colons stand in for the fields before: placeholders may hold colons only behind the fifth.
        let template = format!(":::::{}", &template[colon + 1..]);
        steps_overlap(
            &arn_steps(&template),
            &wildcards(&format!(":::::{pattern}")),
        )
    })
}

/// Whether `key` is the documented key `template`, in any case, each placeholder standing for at least one character.
pub(super) fn key_matches(template: &str, key: &str) -> bool {
    let Some((before, after)) = placeholder(template) else {
        return template.eq_ignore_ascii_case(key);
    };
    let Some(start) = key.get(..before.len()) else {
        return false;
    };
    if !start.eq_ignore_ascii_case(before) {
        return false;
    }
    let rest = &key[before.len()..];
    if after.is_empty() {
        return !rest.is_empty();
    }
    // Few templates have text after the placeholder, and none is long: every split is tried.
    rest.char_indices()
        .skip(1)
        .any(|(at, _)| key_matches(after, &rest[at..]))
}

/// What stands before and after the first placeholder. AWS writes them in three ways.
fn placeholder(template: &str) -> Option<(&str, &str)> {
    for (open, close) in [("${", "}"), ("<", ">")] {
        if let Some((before, rest)) = template.split_once(open)
            && let Some((_, after)) = rest.split_once(close)
        {
            return Some((before, after));
        }
    }
    template
        .ends_with("/tag-key")
        .then(|| (&template[..template.len() - "tag-key".len()], ""))
}

fn wildcards(pattern: &str) -> Vec<Step> {
    let step = |byte| match byte {
        b'*' => Step::Many(0),
        b'?' => Step::One,
        byte => Step::Byte(byte),
    };
    pattern.bytes().map(step).collect()
}

/// A placeholder within the first five fields of an ARN holds no colon; a bucket's name holds no slash, which is what tells
/// a bucket from an object; any other can hold anything (log groups and parameters have slashes and colons).
fn arn_steps(template: &str) -> Vec<Step> {
    let mut steps = Vec::with_capacity(template.len());
    let mut rest = template;
    let mut colons = 0;
    while let Some((before, after)) = rest.split_once("${") {
        colons += before.matches(':').count();
        steps.extend(wildcards(before));
        let Some((name, after)) = after.split_once('}') else {
            return steps;
        };
        let never = if colons < 5 {
            b':'
        } else if name == "BucketName" {
            b'/'
        } else {
            0
        };
        steps.push(Step::Many(never));
        rest = after;
    }
    steps.extend(wildcards(rest));
    steps
}

/// `row[j]`: whether what is left of `a` and `b[j..]` have a text in common. Filled from the ends backwards.
fn steps_overlap(a: &[Step], b: &[Step]) -> bool {
    let mut below = vec![false; b.len() + 1];
    for i in (0..=a.len()).rev() {
        let mut row = vec![false; b.len() + 1];
        for j in (0..=b.len()).rev() {
            row[j] = match (a.get(i), b.get(j)) {
                (None, None) => true,
                (Some(Step::Many(_)), None) => below[j],
                (None, Some(Step::Many(_))) => row[j + 1],
                (Some(Step::Many(_)), Some(Step::Many(_))) => below[j] || row[j + 1],
                (Some(Step::Many(never)), Some(step)) => {
                    below[j] || (takes(*never, *step) && row[j + 1])
                }
                (Some(step), Some(Step::Many(never))) => {
                    row[j + 1] || (takes(*never, *step) && below[j])
                }
                (Some(x), Some(y)) => {
                    (x == y || *x == Step::One || *y == Step::One) && below[j + 1]
                }
                _ => false,
            };
        }
        below = row;
    }
    below[0]
}

/// Whether a run that never holds the byte `never` can hold this single step.
fn takes(never: u8, step: Step) -> bool {
    never == 0 || step != Step::Byte(never)
}
