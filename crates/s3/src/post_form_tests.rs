//! A browser's form through the gate: signed here by hand, with an HMAC of the test's own.

use std::net::{IpAddr, Ipv4Addr};

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};
use twinlock_directory::{AccessKey, Secret, User};
use twinlock_gate::{Gate, Peer, Who, service::Services};
use twinlock_shapes::s3::GetObjectInput;
use twinlock_wire::body::Body;

use crate::{
    get_object::GetObject,
    testing::{PROD, START, TestWorld, code, root},
};

const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
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
            r#"{{"expiration":"{}","conditions":[{{"bucket":"shelf"}},["starts-with","$key","in/"],["content-length-range",1,8],{{"x-amz-algorithm":"AWS4-HMAC-SHA256"}},{{"x-amz-credential":"{credential}"}},{{"x-amz-date":"20140718T150000Z"}},["starts-with","$success_action_status",""],["starts-with","$Content-Type",""]]}}"#,
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
        let mut body = String::new();
        for (name, value) in fields {
            body += &format!(
                "--xx\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
        }
        body +=
            "--xx\r\nContent-Disposition: form-data; name=\"file\"; filename=\"C:\\a.txt\"\r\n\r\n";
        body + self.file + "\r\n--xx--\r\n"
    }
}

fn post(world: &TestWorld, form: &Form) -> (u16, String) {
    let services = Services {
        query: &[],
        json: &[],
        s3: &crate::S3,
        s3_control: &crate::S3_CONTROL,
        known: |_, _| None,
    };
    let gate = Gate::new(world.world.clone(), services);
    let request = http::Request::post("/shelf")
        .header("host", "localhost")
        .header("content-type", "multipart/form-data; boundary=xx")
        .body(())
        .expect("a request");
    let peer = Peer {
        addr: IpAddr::V4(Ipv4Addr::LOCALHOST),
        secure: false,
    };
    world.wait(async {
        let body = Body::from(form.body().into_bytes());
        let response = gate.handle(request.into_parts().0, body, peer).await;
        let status = response.status().as_u16();
        let text = response.into_body().collect(4096).await.expect("a body");
        (status, String::from_utf8_lossy(&text).into_owned())
    })
}

fn world(policy: &str) -> TestWorld {
    let world = TestWorld::with_bucket("shelf", PROD);
    let Who::User { id, .. } = world.user(PROD, "ana", policy).who else {
        panic!("a user");
    };
    let snapshot = world.world.directory.published();
    let row: User = (**snapshot.user_by_id(&id).expect("ana")).clone();
    let key = AccessKey {
        id: KEY_ID.into(),
        secret: Secret::new(SECRET),
        active: true,
        created: START,
    };
    world.put(User {
        access_keys: vec![key],
        ..row
    });
    world
}

#[test]
fn a_signed_form_is_a_put_and_nothing_less() {
    let world = world(WRITES);
    let read = || {
        let input = GetObjectInput {
            bucket: "shelf".into(),
            key: "in/a.txt".into(),
            ..Default::default()
        };
        world.effect::<GetObject>(&root(PROD), input)
    };
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
