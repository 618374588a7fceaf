use super::{Json, Kind, Limits, position, read};

fn parse(text: &str) -> Result<Json, super::ParseError> {
    read(text, Limits::DOCUMENT)
}

#[test]
fn reads_every_kind_with_its_place() {
    let json =
        parse(r#" {"a": [1, -2.5e3, true, null, "x\u00e9\n\ud83d\ude00"]} "#).expect("valid");
    let items = json.get("a").and_then(Json::items).expect("array");
    assert_eq!(items[0].kind, Kind::Number("1".into()));
    assert_eq!(items[1].kind, Kind::Number("-2.5e3".into()));
    assert_eq!(items[3].kind, Kind::Null);
    assert_eq!(items[4].as_str(), Some("x\u{e9}\n\u{1f600}"));
    assert_eq!(items[2].span, 19..23);
}

/// What people paste: text, line, column, pointer, and a word of message and hint.
#[test]
fn usual_mistakes_have_place_and_hint() {
    let rows: &[(&str, usize, usize, &str, &str, &str)] = &[
        ("{\n  # note\n}", 2, 3, "", "found `#`", "comments"),
        (
            "{\n  \"a\": 1, // note\n}",
            2,
            11,
            "",
            "found `/`",
            "comments",
        ),
        ("{\u{201c}a\u{201d}: 1}", 1, 2, "", "key", "typographic"),
        (
            "{\"a\": \u{201c}b\u{201d}}",
            1,
            7,
            "/a",
            "value",
            "typographic",
        ),
        ("{\"a\": 1,}", 1, 8, "", "comma", "trailing comma"),
        (
            "{\"a\": [\"b\",\n]}",
            1,
            11,
            "/a",
            "comma",
            "trailing comma",
        ),
        ("{\"a\": [1, 2}", 1, 12, "/a", "found `}`", "bracket"),
        (
            "{\"a\": {\"b\": 1}",
            1,
            15,
            "",
            "end of the text",
            "line 1, column 1 is never closed",
        ),
        (
            "{\"a\": 1 \"b\": 2}",
            1,
            9,
            "",
            "found `\"`",
            "comma missing",
        ),
        ("{\"a\": 1, \"a\": 2}", 1, 10, "", "twice", "merge"),
        ("{'a': 1}", 1, 2, "", "key", "double quotes"),
        ("{a: 1}", 1, 2, "", "key", "double quotes"),
        ("{\"a\": True}", 1, 7, "/a", "value", "lower case"),
        ("{\"a\": \"b\n\"}", 1, 7, "/a", "does not end", "closing"),
        ("{\"a\": 012345678901}", 1, 7, "/a", "number", "account id"),
        ("{\"a\": 1}}", 1, 9, "", "too many", "closed already"),
        ("{\"a\"\u{a0}: 1}", 1, 5, "", "expected", "invisible"),
        ("{\"a\": \"\\x\"}", 1, 8, "/a", "escape", "backslash"),
        ("%7B%22Version%22%3A", 1, 1, "", "found `%`", "URL-encoded"),
        (
            "Version: 2012-10-17",
            1,
            1,
            "",
            "found `V`",
            "begins with {",
        ),
        ("{\"a\" = 1}", 1, 6, "", "found `=`", "colon"),
        (
            "{\n\"a\": 1,\n\"a\": 2}",
            3,
            1,
            "",
            "first on line 2",
            "merge",
        ),
    ];
    for (text, line, column, pointer, message, hint) in rows {
        let error = parse(text).expect_err(text);
        assert_eq!(
            (error.line, error.column, error.pointer.as_str()),
            (*line, *column, *pointer),
            "{text}: {error}"
        );
        assert!(error.message.contains(message), "{text}: {error}");
        assert!(
            error.hint.as_deref().unwrap_or("").contains(hint),
            "{text}: {error}"
        );
    }
}

#[test]
fn limits_hold() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(
        parse(&deep)
            .expect_err("too deep")
            .message
            .contains("deeper")
    );
    let many = format!("[{}0]", "0,".repeat(200_000));
    assert!(
        parse(&many)
            .expect_err("too many")
            .message
            .contains("values")
    );
    assert!(
        parse(&" ".repeat(2 << 20))
            .expect_err("too long")
            .message
            .contains("bytes")
    );
    let keys: Vec<String> = (0..40_000).map(|key| format!("\"k{key}\":0")).collect();
    assert!(parse(&format!("{{{}}}", keys.join(","))).is_ok());
    assert!(parse(&format!("{{{},\"k7\":1}}", keys.join(","))).is_err());
}

#[test]
fn broken_texts_never_panic() {
    let text = r#"{"a":["\u00e9é😀",{"b":-1.5e+3}],"c":tru}"#;
    for (start, _) in text.char_indices() {
        for (end, _) in text.char_indices().filter(|&(end, _)| end >= start) {
            let _ = parse(&text[start..end]);
        }
    }
    for text in [
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "-",
        "1.",
        "1e",
        "\"\\",
        "\"\\u12",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
    assert_eq!(position("é\nab", 4), (2, 2));
}
