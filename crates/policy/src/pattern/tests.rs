use super::*;

/// Specification 2.2, point 3.
#[test]
fn wildcards() {
    let rows = [
        ("*", "", true),
        ("", "", true),
        ("", "a", false),
        ("a*", "a", true),
        ("a*c", "abbc", true),
        ("a*c", "abbcd", false),
        ("*a*", "bab", true),
        ("a?c", "aéc", true),
        ("a?c", "ac", false),
        ("???", "日本語", true),
        ("a*b*c", "axbxbxc", true),
        ("a*?b", "ab", false),
        ("a*?b", "axb", true),
        ("*ab?", "abxabc", true),
        ("a*\n*", "a\nb", true),
        ("b*", "b\nc", true),
        ("**", "x", true),
        ("*x*x", "x", false),
        ("(a.c)[", "(a.c)[", true),
        ("A", "a", false),
        ("a*ba", "aba", true),
        ("aba*ba", "aba", false),
    ];
    for (pattern, text, expected) in rows {
        assert_eq!(
            Pattern::new(pattern).matches(text),
            expected,
            "{pattern} on {text}"
        );
    }
}

#[test]
fn agrees_with_the_obvious_definition() {
    fn obvious(pattern: &[char], text: &[char]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some(('*', rest)), _) => (0..=text.len()).any(|skip| obvious(rest, &text[skip..])),
            (Some(('?', pattern)), Some((_, text))) => obvious(pattern, text),
            (Some((wanted, pattern)), Some((found, text))) => {
                wanted == found && obvious(pattern, text)
            }
            _ => false,
        }
    }
    let words = |letters: &[char], length: u32| -> Vec<Vec<char>> {
        let count = letters.len();
        (0..count.pow(length))
            .map(|mut word| {
                (0..length)
                    .map(|_| {
                        let letter = letters[word % count];
                        word /= count;
                        letter
                    })
                    .collect()
            })
            .collect()
    };
    for pattern_length in 0..=5 {
        for pattern in words(&['a', 'é', '*', '?'], pattern_length) {
            let compiled = Pattern::new(&pattern.iter().collect::<String>());
            for text_length in 0..=4 {
                for text in words(&['a', 'é'], text_length) {
                    let whole: String = text.iter().collect();
                    assert_eq!(
                        compiled.matches(&whole),
                        obvious(&pattern, &text),
                        "{pattern:?} on {whole}"
                    );
                }
            }
        }
    }
}

/// A matcher that tries again would not end before the sun does.
#[test]
fn adversarial_patterns_cost_little() {
    let text = "a".repeat(8_000);
    for pattern in [
        "a*".repeat(3_000) + "b",
        "*a".repeat(3_000) + "b*",
        "*a?".repeat(2_000) + "b",
        "?*".repeat(3_000) + "b",
    ] {
        assert!(!Pattern::new(&pattern).matches(&text));
    }
    assert!(!Pattern::new(&format!("*{}b*", "a?".repeat(1_000))).matches(&text));
}

#[test]
fn folding() {
    for (left, right) in [('ς', 'Σ'), ('K', 'k'), ('É', 'é'), ('A', 'a')] {
        assert_eq!(fold(left), fold(right));
    }
    assert_ne!(fold('ı'), fold('i'));
    assert_ne!(fold('ß'), fold('s'));
}

/// Specification 3.5.
#[test]
fn variables_are_read() {
    let reading = Reading {
        wildcards: true,
        variables: true,
    };
    let variable = |key: &str, default: Option<&str>| {
        Step::Variable(Variable {
            key_lower: key.into(),
            default: default.map(Into::into),
        })
    };
    assert_eq!(
        steps("a${aws:Username}", reading),
        [Step::Literal("a".into()), variable("aws:username", None)]
    );
    assert_eq!(steps("${k, 'd}e'}", reading), [variable("k", Some("d}e"))]);
    assert_eq!(steps("${k, ''}", reading), [variable("k", Some(""))]);
    assert_eq!(
        steps("${*}${?}${$}", reading),
        [Step::Literal("*?$".into())]
    );
    assert_eq!(steps("${a", reading), [Step::Literal("${a".into())]);
    assert_eq!(
        steps("${a}${b, 'c'}", reading),
        [variable("a", None), variable("b", Some("c"))]
    );
    let plain = Reading {
        wildcards: true,
        variables: false,
    };
    assert_eq!(steps("${a}", plain), [Step::Literal("${a}".into())]);
    assert_eq!(
        steps("${*}", plain),
        [
            Step::Literal("${".into()),
            Step::Run,
            Step::Literal("}".into())
        ]
    );
}
