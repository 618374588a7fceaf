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
            let written: String = pattern.iter().collect();
            let (compiled, steps) = (Pattern::new(&written), steps(&written, Reading::PLAIN));
            for text_length in 0..=4 {
                for text in words(&['a', 'é'], text_length) {
                    let whole: String = text.iter().collect();
                    let expected = obvious(&pattern, &text);
                    assert_eq!(compiled.matches(&whole), expected, "{written} on {whole}");
                    let at_once = at_once::covers(&steps, &[], &whole);
                    assert_eq!(at_once, expected, "{written} on {whole}, at once");
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
    // Step by step each of these would take seconds, and a policy has room for it ten times.
    let text = "a".repeat(60_000);
    for _ in 0..10 {
        assert!(!Pattern::new(&format!("*{}b*", "a?".repeat(3_000))).matches(&text));
    }
}

/// On patterns that fill several machine words.
#[test]
fn both_ways_of_matching_agree() {
    let letters = ['a', 'b', 'é', '日'];
    let mut state = 1_u64;
    let mut random = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    };
    let mut covered = 0;
    for _ in 0..400 {
        let length = 60 + random(200);
        let text: String = (0..length).map(|_| letters[random(4) as usize]).collect();
        let mut pattern = String::new();
        let mut values: Vec<Cow<'_, str>> = Vec::new();
        for character in text.chars() {
            match random(40) {
                0 => pattern.push('*'),
                1 => pattern.push('?'),
                2 => {
                    pattern.push_str("${k}");
                    values.push(character.to_string().into());
                }
                3 if length % 3 == 0 => pattern.push('b'),
                _ => pattern.push(character),
            }
        }
        let reading = Reading {
            wildcards: true,
            variables: true,
        };
        let steps = steps(&pattern, reading);
        let walked = walk(&steps, &values, &text);
        covered += usize::from(walked);
        assert_eq!(at_once::covers(&steps, &values, &text), walked, "{pattern}");
    }
    assert!((100..300).contains(&covered), "{covered}");
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
