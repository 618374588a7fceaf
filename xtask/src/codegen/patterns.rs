//! AWS's patterns are Java's; ours are those of the `regex` crate. This is the way from one to the other.

/// Patterns that need what `regex` lacks (looking ahead), and what means the same beside the length that the model also
/// demands.
const BY_HAND: &[(&str, &str)] = &[(
    "^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$",
    "[a-z0-9](?:-?[a-z0-9])+",
)];

/// Java's blanks, and those of ASCII. Without Unicode's tables for such classes the binary stays smaller.
const BLANKS: &str = r"\t\n\x0B\f\r ";

/// The same pattern for the `regex` crate, which is then anchored at both ends.
pub(crate) fn translate(aws: &str) -> String {
    if let Some((_, ours)) = BY_HAND.iter().find(|(known, _)| *known == aws) {
        return (*ours).to_owned();
    }
    let chars: Vec<char> = aws.chars().collect();
    let mut out = String::new();
    let mut in_class = false;
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        at += 1;
        let next = chars.get(at).copied();
        match c {
            '\\' => {
                at += 1;
                escape(next.unwrap_or('\\'), &chars, &mut at, in_class, &mut out);
            }
            '[' if in_class => out.push_str("\\["),
            '[' => {
                in_class = true;
                out.push('[');
            }
            ']' => {
                in_class = false;
                out.push(']');
            }
            // These are set operations in a class of ours when doubled, and plain characters in Java (but `&&`, which
            // no model uses).
            '&' | '~' if in_class => {
                out.push('\\');
                out.push(c);
            }
            '-' if in_class && next == Some('-') => out.push_str("\\-"),
            // A possessive quantifier only spares Java the way back; a linear engine never goes it.
            '+' if !in_class && out.ends_with(['+', '*', '?', '}']) && !out.ends_with("\\+") => {}
            _ => out.push(c),
        }
    }
    out
}

/// Writes what stands behind a backslash.
fn escape(c: char, chars: &[char], at: &mut usize, in_class: bool, out: &mut String) {
    let class = match c {
        'w' => "0-9A-Za-z_",
        'd' => "0-9",
        's' => BLANKS,
        // A class may stand inside a class with us.
        'W' => return out.push_str("[^0-9A-Za-z_]"),
        'D' => return out.push_str("[^0-9]"),
        'S' => return out.push_str(&format!("[^{BLANKS}]")),
        'u' => {
            unicode(chars, at, out);
            return;
        }
        // Properties mean the same here; punctuation may be escaped in both.
        _ => {
            out.push('\\');
            out.push(c);
            return;
        }
    };
    if in_class {
        out.push_str(class);
    } else {
        out.push('[');
        out.push_str(class);
        out.push(']');
    }
}

/// `\u002F`, and `\u10FFFF`, which the models use against Java's rule of four digits.
fn unicode(chars: &[char], at: &mut usize, out: &mut String) {
    let hex: String = chars
        .iter()
        .skip(*at)
        .take_while(|c| c.is_ascii_hexdigit())
        .take(6)
        .collect();
    let long = hex.len() == 6 && hex.starts_with("10");
    let five = hex.len() == 5 && hex.starts_with('1');
    let digits = if long {
        6
    } else if five {
        5
    } else {
        4
    };
    let hex: String = hex.chars().take(digits).collect();
    *at += hex.len();
    out.push_str(&format!("\\u{{{hex}}}"));
}

#[cfg(test)]
mod tests {
    use super::translate;

    #[test]
    fn javas_dialect_becomes_ours() {
        for (aws, ours) in [
            (r"[\w+=,.@-]+", "[0-9A-Za-z_+=,.@-]+"),
            (r"\d{12}", "[0-9]{12}"),
            (
                r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)",
                r"(\u{002F})|(\u{002F}[\u{0021}-\u{007E}]+\u{002F})",
            ),
            (r"[\u10000-\u10FFFF]+", r"[\u{10000}-\u{10FFFF}]+"),
            (r"[\p{L}\p{Z}_.:/=+\-@]*", r"[\p{L}\p{Z}_.:/=+\-@]*"),
            (r"a++", "a+"),
            (r"[\s\S]*", r"[\t\n\x0B\f\r [^\t\n\x0B\f\r ]]*"),
            (r"[[&]", r"[\[\&]"),
        ] {
            assert_eq!(translate(aws), ours);
        }
    }
}
