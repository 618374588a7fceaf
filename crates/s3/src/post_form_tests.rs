//! A browser's form through the gate: signed here by hand, with an HMAC of the test's own.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use twinlock_shapes::s3::{GetObjectInput, GetObjectOutput, GetObjectTaggingInput};
use twinlock_wire::sigv2;

use crate::{
    get_object::GetObject,
    object_tagging::GetObjectTagging,
    testing::{KEY_ID, PROD, SECRET, TestWorld, code, root},
};

const WRITES: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::shelf/in/*"}}"#;

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0u8; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |with: u8| block.map(|b| b ^ with);
    let inner = Sha256::new()
        .chain_update(pad(0x36))
        .chain_update(text)
        .finalize();
    Sha256::new()
        .chain_update(pad(0x5c))
        .chain_update(inner)
        .finalize()
        .to_vec()
}

/// What a form says beside its file.
struct Form {
    secret: &'static str,
    key: &'static str,
    expires: &'static str,
    more: Vec<(&'static str, &'static str)>,
    file: &'static str,
}

fn form() -> Form {
    Form {
        secret: SECRET,
        key: "in/${filename}",
        expires: "2014-07-18T16:00:00Z",
        more: Vec::new(),
        file: "hello",
    }
}

impl Form {
    fn body(&self) -> String {
        let credential = format!("{KEY_ID}/20140718/us-east-1/s3/aws4_request");
        let policy = format!(
            r#"{{"expiration":"{}","conditions":[{{"bucket":"shelf"}},["starts-with","$key","in/"],["content-length-range",1,8],{{"x-amz-algorithm":"AWS4-HMAC-SHA256"}},{{"x-amz-credential":"{credential}"}},{{"x-amz-date":"20140718T150000Z"}},["starts-with","$success_action_status",""],["starts-with","$Content-Type",""],["starts-with","$tagging",""],["starts-with","$success_action_redirect",""],["starts-with","$x-amz-server-side-encryption-customer-algorithm",""],["starts-with","$x-amz-object-lock-mode",""],["starts-with","$x-amz-grant-read",""],["starts-with","$x-amz-meta-colour",""]]}}"#,
            self.expires
        );
        let policy = STANDARD.encode(policy);
        let mut key = format!("AWS4{}", self.secret).into_bytes();
        for part in ["20140718", "us-east-1", "s3", "aws4_request"] {
            key = hmac(&key, part.as_bytes());
        }
        let signature = hex::encode(hmac(&key, policy.as_bytes()));
        let mut fields = vec![
            ("key", self.key),
            ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
            ("x-amz-credential", &credential),
            ("x-amz-date", "20140718T150000Z"),
            ("policy", &policy),
            ("x-amz-signature", &signature),
        ];
        fields.extend(&self.more);
        written(&fields, self.file)
    }
}

/// A form as a browser writes it.
fn written(fields: &[(&str, &str)], file: &str) -> String {
    let mut body = String::new();
    for (name, value) in fields {
        body +=
            &format!("--xx\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    body += "--xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"C:\\a.txt\"\r\n\r\n";
    body + file + "\r\n--xx--\r\n"
}

fn send(world: &TestWorld, body: String) -> http::Response<String> {
    let request = http::Request::post("/shelf")
        .header("host", "localhost")
        .header("content-type", "multipart/form-data; boundary=xx");
    world.send(request.body(body.into_bytes()).expect("a request"))
}

fn post(world: &TestWorld, form: &Form) -> (u16, String) {
    let answer = send(world, form.body());
    (answer.status().as_u16(), answer.into_body())
}

fn world(policy: &str) -> TestWorld {
    let world = TestWorld::with_bucket("shelf", PROD);
    let ana = world.user(PROD, "ana", policy);
    world.give_key(&ana);
    world
}

fn read(world: &TestWorld, key: &str) -> Result<GetObjectOutput, twinlock_gate::Fault> {
    let input = GetObjectInput {
        bucket: "shelf".into(),
        key: key.into(),
        ..Default::default()
    };
    world.effect::<GetObject>(&root(PROD), input)
}

#[test]
fn a_signed_form_is_a_put_and_nothing_less() {
    let world = world(WRITES);
    let read = || read(&world, "in/a.txt");
    let refused = [
        (
            Form {
                secret: "wrong",
                ..form()
            },
            403,
            "SignatureDoesNotMatch",
        ),
        (
            Form {
                key: "out/a",
                ..form()
            },
            403,
            "Policy Condition failed",
        ),
        (
            Form {
                expires: "2014-07-18T14:59:59Z",
                ..form()
            },
            403,
            "Policy expired",
        ),
        (
            Form {
                more: vec![("x-amz-meta-a", "b")],
                ..form()
            },
            403,
            "Extra input fields",
        ),
        (
            Form {
                file: "far too long",
                ..form()
            },
            400,
            "EntityTooLarge",
        ),
        (Form { file: "", ..form() }, 400, "EntityTooSmall"),
    ];
    for (form, status, text) in refused {
        let (told, body) = post(&world, &form);
        assert!(
            told == status && body.contains(text),
            "{text}: {told} {body}"
        );
        assert_eq!(code(read()), "NoSuchKey 404", "{text}");
    }
    assert_eq!(post(&world, &form()), (204, String::new()));
    let more = vec![
        ("success_action_status", "201"),
        ("Content-Type", "text/plain"),
    ];
    let (status, body) = post(&world, &Form { more, ..form() });
    assert_eq!(status, 201, "{body}");
    assert!(body.contains("<Key>in/a.txt</Key>"), "{body}");
    assert_eq!(
        read().expect("there").content_type.as_deref(),
        Some("text/plain")
    );
}

#[test]
fn the_signer_must_be_allowed_to_put() {
    let (status, body) = post(&world(""), &form());
    assert!(
        status == 403 && body.contains("s3:PutObject"),
        "{status} {body}"
    );
}

const REDIRECT: (&str, &str) = ("success_action_redirect", "https://a.example/done?x=1");

/// Fields that the policy does not name are left out here: every form of these tests carries what it must.
fn with(more: Vec<(&'static str, &'static str)>) -> Form {
    Form { more, ..form() }
}

#[test]
fn after_success_a_browser_is_sent_on_or_told() {
    let world = world(WRITES);
    let sent = send(&world, with(vec![REDIRECT]).body());
    assert_eq!(sent.status(), 303, "{}", sent.body());
    let to = sent.headers()["location"].to_str().expect("text");
    let start = "https://a.example/done?x=1&bucket=shelf&key=in%2Fa.txt&etag=%22";
    assert!(to.starts_with(start), "{to}");
    // The redirect counts before the status; another address than of the web counts for nothing.
    let both = with(vec![REDIRECT, ("success_action_status", "201")]);
    assert_eq!(send(&world, both.body()).status(), 303);
    let odd = vec![("success_action_redirect", "http:nowhere")];
    assert_eq!(send(&world, with(odd).body()).status(), 204);
    for (asked, status) in [
        ("200", 200),
        ("201", 201),
        ("204", 204),
        ("500", 204),
        ("", 204),
    ] {
        let form = with(vec![("success_action_status", asked)]);
        assert_eq!(send(&world, form.body()).status(), status, "{asked}");
    }
    // A refused form is sent nowhere.
    let refused = Form {
        key: "out/a",
        ..with(vec![REDIRECT])
    };
    assert_eq!(send(&world, refused.body()).status(), 403);
}

#[test]
fn a_forms_tags_are_kept_and_need_their_own_right() {
    let tags = "<Tagging><TagSet><Tag><Key>team &amp; a</Key><Value>red=1</Value></Tag></TagSet></Tagging>";
    let (status, body) = post(&world(WRITES), &with(vec![("tagging", tags)]));
    assert!(
        status == 403 && body.contains("s3:PutObjectTagging"),
        "{status} {body}"
    );
    let world = world(
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:PutObject","s3:PutObjectTagging"],"Resource":"arn:aws:s3:::shelf/in/*","Condition":{"StringEquals":{"s3:RequestObjectTag/team & a":"red=1"}}}}"#,
    );
    assert_eq!(post(&world, &with(vec![("tagging", tags)])).0, 204);
    let input = GetObjectTaggingInput {
        bucket: "shelf".into(),
        key: "in/a.txt".into(),
        ..Default::default()
    };
    let kept = world.effect::<GetObjectTagging>(&root(PROD), input);
    let kept = kept.expect("tags").tag_set;
    assert_eq!(
        (kept[0].key.as_str(), kept[0].value.as_str(), kept.len()),
        ("team & a", "red=1", 1)
    );
    for malformed in [
        "a=b",
        "<Tagging/>",
        "<TagSet></TagSet>",
        "<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>",
    ] {
        let (status, body) = post(&world, &with(vec![("tagging", malformed)]));
        assert!(status == 400 && body.contains("MalformedXML"), "{body}");
    }
}

/// Else the file would lie there without what its sender believes it has.
#[test]
fn what_a_put_refuses_a_form_does_not_do_without() {
    let world = world(WRITES);
    for (name, value, refusal) in [
        (
            "x-amz-server-side-encryption-customer-algorithm",
            "AES256",
            "NotImplemented",
        ),
        ("x-amz-object-lock-mode", "GOVERNANCE", "<Code>"),
        ("x-amz-grant-read", "id=1", "AccessControlListNotSupported"),
    ] {
        let (status, body) = post(&world, &with(vec![(name, value)]));
        assert!(
            status != 204 && body.contains(refusal),
            "{name}: {status} {body}"
        );
    }
    read(&world, "in/a.txt").expect_err("nothing was put");
    let kept = with(vec![("x-amz-meta-colour", "red")]);
    assert_eq!(post(&world, &kept).0, 204);
    let metadata = read(&world, "in/a.txt").expect("the object").metadata;
    assert_eq!(metadata, [("colour".to_owned(), "red".to_owned())]);
}

#[test]
fn a_form_of_version_2_is_a_put_and_nothing_less() {
    let world = world(WRITES);
    let signer = sigv2::Signer {
        access_key_id: KEY_ID,
        secret_access_key: SECRET,
        session_token: None,
        host_bucket: None,
    };
    let policy = |bucket: &str| {
        STANDARD.encode(format!(
            r#"{{"expiration":"2014-07-18T16:00:00Z","conditions":[{{"bucket":"{bucket}"}},["starts-with","$key","in/"]]}}"#
        ))
    };
    let send = |policy: &str, signature: &str, key: &str, more: &[(&str, &str)]| {
        let mut fields = vec![
            ("key", key),
            ("AWSAccessKeyId", KEY_ID),
            ("policy", policy),
            ("signature", signature),
        ];
        fields.extend(more);
        let answer = send(&world, written(&fields, "hello"));
        (answer.status().as_u16(), answer.into_body())
    };
    let good = policy("shelf");
    let signature = signer.sign_policy(&good);
    let elsewhere = policy("other");
    let of_elsewhere = signer.sign_policy(&elsewhere);
    for (policy, signature, key, more, text) in [
        (&good, "AAAA", "in/a", &[][..], "SignatureDoesNotMatch"),
        (
            &elsewhere,
            signature.as_str(),
            "in/a",
            &[],
            "SignatureDoesNotMatch",
        ),
        (
            &elsewhere,
            &of_elsewhere,
            "in/a",
            &[],
            "Policy Condition failed",
        ),
        (&good, &signature, "out/a", &[], "Policy Condition failed"),
        (
            &good,
            &signature,
            "in/a",
            &[("acl", "private")],
            "Extra input fields",
        ),
        (
            &good,
            &signature,
            "in/a",
            &[("x-amz-algorithm", "AWS4-HMAC-SHA256")],
            "Error",
        ),
    ] {
        let (status, body) = send(policy, signature, key, more);
        assert!(
            status >= 400 && body.contains(text),
            "{text}: {status} {body}"
        );
        assert_eq!(code(read(&world, "in/a")), "NoSuchKey 404", "{text}");
    }
    assert_eq!(send(&good, &signature, "in/a", &[]).0, 204);
    assert_eq!(code(read(&world, "in/a")), "ok");
}

#[test]
fn an_unsigned_form_is_an_anonymous_put() {
    let world = TestWorld::with_bucket("shelf", PROD);
    let fields = [("key", "in/a"), ("success_action_status", "201")];
    let send = |fields: &[(&str, &str)]| send(&world, written(fields, "hello"));
    assert_eq!(send(&fields).status(), 403);
    world.edit("shelf", |bucket| {
        bucket.public_access_block = None;
        let open = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::shelf/in/*"}}"#;
        let policy = twinlock_directory::StoredPolicy::new(open, Default::default());
        bucket.policy = Some(std::sync::Arc::new(policy));
    });
    assert_eq!(send(&fields).status(), 201);
    assert_eq!(send(&[("key", "out/a")]).status(), 403);
    // A policy that nobody signed is no anonymous form, and tags need what the public was not given.
    let policy = STANDARD.encode(r#"{"expiration":"2014-07-18T16:00:00Z","conditions":[]}"#);
    assert_eq!(send(&[("key", "in/b"), ("policy", &policy)]).status(), 400);
    let tags = "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>";
    assert_eq!(send(&[("key", "in/b"), ("tagging", tags)]).status(), 403);
    assert_eq!(code(read(&world, "in/b")), "NoSuchKey 404");
}
