//! Rust names for AWS's names.

/// Runs of capitals that are several words, or one word where the capitals would split it.
const WORDS: &[(&str, &str)] = &[
    ("SSEKMS", "SseKms"),
    ("SSES3", "SseS3"),
    ("ETag", "Etag"),
    ("OpenIDConnect", "OpenIdConnect"),
    ("ARNs", "Arns"),
    ("ACLs", "Acls"),
    ("URLs", "Urls"),
    ("IDs", "Ids"),
    ("CRC64NVME", "Crc64nvme"),
    ("CRC32C", "Crc32c"),
    ("XXHASH", "Xxhash"),
];

/// Words that cannot be a field's name as they are. `self`, `super`, `crate` take no `r#`, and no model has them.
const KEYWORDS: &[&str] = &[
    "as", "async", "await", "box", "break", "const", "continue", "do", "dyn", "else", "enum",
    "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct",
    "trait", "true", "try", "type", "typeof", "union", "unsafe", "use", "where", "while", "yield",
];

/// A field's name: `SSHPublicKeyId` becomes `ssh_public_key_id`, `Type` becomes `r#type`.
pub(crate) fn field(name: &str) -> String {
    let snake = snake(name);
    if KEYWORDS.contains(&snake.as_str()) {
        format!("r#{snake}")
    } else {
        snake
    }
}

/// Snake case without regard to keywords, for modules and files.
pub(crate) fn snake(name: &str) -> String {
    let mut text = name.to_owned();
    for (from, to) in WORDS {
        text = text.replace(from, to);
    }
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::new();
    for (i, &c) in chars.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            if !out.ends_with('_') && !out.is_empty() {
                out.push('_');
            }
            continue;
        }
        let before = i.checked_sub(1).and_then(|at| chars.get(at)).copied();
        let after = chars.get(i + 1).copied();
        // A word begins at a capital after a small letter or digit, and at the last capital of a run: `SSHPublic`.
        let begins = c.is_ascii_uppercase()
            && before.is_some_and(|b| {
                b.is_ascii_lowercase()
                    || b.is_ascii_digit()
                    || (b.is_ascii_uppercase() && after.is_some_and(|a| a.is_ascii_lowercase()))
            });
        if begins && !out.ends_with('_') {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// A type's name: the shape's, with a capital first (`accessKeyIdType` becomes `AccessKeyIdType`).
pub(crate) fn type_name(shape: &str) -> String {
    let mut out = String::new();
    let mut capital = true;
    for c in shape.chars() {
        if !c.is_ascii_alphanumeric() {
            capital = true;
        } else if capital {
            out.push(c.to_ascii_uppercase());
            capital = false;
        } else {
            out.push(c);
        }
    }
    out
}

/// The name of an operation's input type.
pub(crate) fn input(operation: &str) -> String {
    format!("{}Input", type_name(operation))
}

/// The name of an operation's output type.
pub(crate) fn output(operation: &str) -> String {
    format!("{}Output", type_name(operation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_split_where_a_reader_would() {
        for (aws, ours) in [
            ("UserName", "user_name"),
            ("SSHPublicKeyId", "ssh_public_key_id"),
            ("OpenIDConnectProviderArn", "open_id_connect_provider_arn"),
            ("SSEKMSKeyId", "sse_kms_key_id"),
            ("ETag", "etag"),
            ("ContentMD5", "content_md5"),
            ("ChecksumCRC32C", "checksum_crc32c"),
            ("Type", "r#type"),
            ("ID", "id"),
            ("MFADevices", "mfa_devices"),
        ] {
            assert_eq!(field(aws), ours);
        }
        assert_eq!(type_name("accessKeyIdType"), "AccessKeyIdType");
    }
}
