//! The rules as they are written, and what browsers are told through the gate.

use super::*;
use crate::testing::{ALLOW_ALL, PROD, TestWorld, anonymous, code, root};

fn rule(origins: &[&str], methods: &[&str]) -> CORSRule {
    let texts = |texts: &[&str]| texts.iter().map(|t| (*t).to_owned()).collect();
    CORSRule {
        allowed_origins: texts(origins),
        allowed_methods: texts(methods),
        ..CORSRule::default()
    }
}

fn put(rules: Vec<CORSRule>) -> PutBucketCorsInput {
    let mut input = PutBucketCorsInput {
        bucket: "shelf".into(),
        ..Default::default()
    };
    input.cors_configuration.cors_rules = rules;
    input
}

fn get() -> GetBucketCorsInput {
    GetBucketCorsInput {
        bucket: "shelf".into(),
        ..Default::default()
    }
}

#[test]
fn rules_are_put_shown_and_deleted_by_whoever_may() {
    let world = TestWorld::with_bucket("shelf", PROD);
    let owner = root(PROD);
    let absent = "NoSuchCORSConfiguration 404";
    assert_eq!(code(world.read::<GetBucketCors>(&owner, get())), absent);
    let mut named = rule(&["https://*.example"], &["GET", "PUT"]);
    named.id = Some("one".into());
    named.max_age_seconds = Some(600);
    let bare = world.user(PROD, "bare", "");
    for (who, expected) in [
        (&anonymous(), "AccessDenied 403"),
        (&bare, "AccessDenied 403"),
        (&owner, "ok"),
    ] {
        let input = put(vec![named.clone()]);
        assert_eq!(code(world.change::<PutBucketCors>(who, input)), expected);
    }
    let shown = world.read::<GetBucketCors>(&owner, get()).expect("shown");
    assert_eq!(shown.cors_rules, [named]);
    let delete = || DeleteBucketCorsInput {
        bucket: "shelf".into(),
        ..Default::default()
    };
    let refused = world.change::<DeleteBucketCors>(&bare, delete());
    assert_eq!(code(refused), "AccessDenied 403");
    // Deleting is the right to put.
    let writer = ALLOW_ALL.replace("\"Action\":\"*\"", "\"Action\":\"s3:PutBucketCORS\"");
    let writer = world.user(PROD, "writer", &writer);
    assert_eq!(
        code(world.change::<DeleteBucketCors>(&writer, delete())),
        "ok"
    );
    assert_eq!(code(world.read::<GetBucketCors>(&owner, get())), absent);
}

#[test]
fn what_s3_would_not_take_is_refused() {
    let world = TestWorld::with_bucket("shelf", PROD);
    let owner = root(PROD);
    let with = |change: fn(&mut CORSRule)| {
        let mut rule = rule(&["*"], &["GET"]);
        change(&mut rule);
        vec![rule]
    };
    for (rules, expected) in [
        (Vec::new(), "MalformedXML 400"),
        (vec![rule(&["*"], &["GET"]); 101], "InvalidRequest 400"),
        (vec![rule(&["*"], &["PATCH"])], "InvalidRequest 400"),
        (vec![rule(&["*"], &["get"])], "InvalidRequest 400"),
        (vec![rule(&["http://*.*"], &["GET"])], "InvalidRequest 400"),
        (vec![rule(&[], &["GET"])], "MalformedXML 400"),
        (vec![rule(&["*"], &[])], "MalformedXML 400"),
        (
            with(|r| r.allowed_headers = vec!["x-*-*".into()]),
            "InvalidRequest 400",
        ),
        (
            with(|r| r.expose_headers = vec!["*".into()]),
            "InvalidRequest 400",
        ),
        (with(|r| r.max_age_seconds = Some(-1)), "MalformedXML 400"),
        (with(|r| r.id = Some("i".repeat(256))), "MalformedXML 400"),
        (
            with(|r| r.allowed_headers = vec!["h".repeat(64 * 1024)]),
            "MalformedXML 400",
        ),
    ] {
        assert_eq!(
            code(world.change::<PutBucketCors>(&owner, put(rules.clone()))),
            expected,
            "{rules:?}"
        );
    }
    assert_eq!(
        code(world.read::<GetBucketCors>(&owner, get())),
        "NoSuchCORSConfiguration 404"
    );
}

fn world() -> TestWorld {
    let world = TestWorld::with_bucket("shelf", PROD);
    let mut writes = rule(&["https://*.example"], &["PUT", "POST"]);
    writes.allowed_headers = vec!["x-amz-*".into(), "Content-Type".into()];
    writes.expose_headers = vec!["ETag".into()];
    writes.max_age_seconds = Some(600);
    let rules = vec![writes, rule(&["*"], &["GET"])];
    let input = put(rules);
    assert_eq!(
        code(world.change::<PutBucketCors>(&root(PROD), input)),
        "ok"
    );
    world
}

fn ask(world: &TestWorld, target: &str, headers: &[(&str, &str)]) -> http::Response<String> {
    let mut request = http::Request::options(target).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    world.send(request.body(Vec::new()).expect("a request"))
}

const METHOD: &str = "access-control-request-method";
const HEADERS: &str = "access-control-request-headers";

#[test]
fn a_preflight_is_answered_by_the_first_rule_that_fits() {
    let world = world();
    // The question may carry a signature in the query, which is not the question's own.
    let target = "/shelf/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00";
    let asked = [
        ("origin", "https://a.example"),
        (METHOD, "PUT"),
        (HEADERS, "X-Amz-Date, content-type"),
    ];
    let answer = ask(&world, target, &asked);
    assert_eq!(
        (answer.status().as_u16(), answer.body().as_str()),
        (200, "")
    );
    for (name, value) in [
        ("access-control-allow-origin", "https://a.example"),
        ("access-control-allow-credentials", "true"),
        ("access-control-allow-methods", "PUT, POST"),
        ("access-control-allow-headers", "x-amz-date, content-type"),
        ("access-control-expose-headers", "ETag"),
        ("access-control-max-age", "600"),
        (
            "vary",
            "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
        ),
    ] {
        assert_eq!(answer.headers()[name], value, "{name}");
    }
    let open = ask(&world, "/shelf", &[("origin", "null"), (METHOD, "GET")]);
    assert_eq!(open.headers()["access-control-allow-origin"], "*");
    assert!(
        !open
            .headers()
            .contains_key("access-control-allow-credentials")
    );
}

#[test]
fn a_preflight_that_no_rule_fits_is_refused() {
    let world = world();
    world.bucket("plain", PROD);
    let origin = ("origin", "https://a.example");
    let evil = ("origin", "https://a.example.evil");
    let many = "x-amz-a,".repeat(101);
    for (target, headers, status, text) in [
        (
            "/shelf/k",
            &[evil, (METHOD, "PUT")][..],
            403,
            "This CORS request is not allowed.",
        ),
        (
            "/shelf/k",
            &[origin, (METHOD, "DELETE")],
            403,
            "This CORS request is not allowed.",
        ),
        (
            "/shelf/k",
            &[origin, (METHOD, "PUT"), (HEADERS, "authorization")],
            403,
            "not allowed.",
        ),
        (
            "/shelf/k",
            &[origin, (METHOD, "PUT"), (HEADERS, &many)],
            403,
            "not allowed.",
        ),
        (
            "/plain/k",
            &[origin, (METHOD, "PUT")],
            403,
            "CORS is not enabled for this bucket.",
        ),
        (
            "/none/k",
            &[origin, (METHOD, "PUT")],
            403,
            "Bucket not found",
        ),
        ("/", &[origin, (METHOD, "PUT")], 403, "Bucket not found"),
        (
            "/shelf/k",
            &[(METHOD, "PUT")],
            400,
            "Origin request header needed.",
        ),
        (
            "/shelf/k",
            &[origin],
            400,
            "Access-Control-Request-Method: null",
        ),
        (
            "/plain",
            &[origin],
            403,
            "not enabled for this bucket.</Message><Method>OPTIONS</Method><ResourceType>BUCKET</ResourceType>",
        ),
        (
            "/shelf",
            &[origin, (METHOD, "DELETE")],
            403,
            "spec.</Message><Method>DELETE</Method><ResourceType>BUCKET</ResourceType>",
        ),
    ] {
        let answer = ask(&world, target, headers);
        assert_eq!(answer.status(), status, "{target} {headers:?}");
        assert!(answer.body().contains(text), "{}", answer.body());
        assert!(!answer.headers().contains_key("access-control-allow-origin"));
    }
}

#[test]
fn a_page_reads_answers_and_refusals_of_a_bucket_that_lets_it_and_gains_no_right() {
    let world = world();
    let get = |origin: Option<&str>| {
        let mut request = http::Request::get("/shelf/k").header("host", "localhost");
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        world.send(request.body(Vec::new()).expect("a request"))
    };
    let answer = get(Some("https://b.test"));
    assert_eq!(answer.status(), 403);
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    assert_eq!(answer.headers()["content-security-policy"], "sandbox");
    assert!(
        !get(None)
            .headers()
            .contains_key("access-control-allow-origin")
    );
    world.edit("shelf", |bucket| bucket.cors.truncate(1));
    let answer = get(Some("https://b.test"));
    assert!(!answer.headers().contains_key("access-control-allow-origin"));
}
