//! `aws login`: a person says yes in the browser, and a program on the same machine or another one has credentials of the console
//! session while that lasts. Played with botocore's own client, and on the recorded wire by a program that does not keep to the rules.

use std::io::{BufRead, BufReader, Read};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use twinlock_gate::proof::{jwks::Algorithm, keypair::KeyPair};

use crate::{
    boto::Credentials,
    browser::Browser,
    server::tool,
    world::{World, python},
};

const SAME: &str = "arn:aws:signin:::devtools/same-device";
const CROSS: &str = "arn:aws:signin:::devtools/cross-device";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const ALLOWED: &str = "arn:aws:iam::aws:policy/SignInLocalDevelopmentAccess";

/// A user of Development who may use `aws login`, list users and assume roles, and has a password.
fn john(world: &World) -> Browser {
    let dev = world.account("Development");
    dev.user("John");
    dev.iam(
        "create_login_profile",
        json!({ "UserName": "John", "Password": "John-sample-1" }),
    );
    dev.put_policy(
        "user",
        "John",
        "works",
        &crate::world::policy(
            "Allow",
            json!(["iam:ListUsers", "sts:AssumeRole"]),
            json!("*"),
        ),
    );
    dev.iam(
        "attach_user_policy",
        json!({ "UserName": "John", "PolicyArn": ALLOWED }),
    );
    let browser = Browser::open(world);
    browser
        .signs_in(dev.id(), "John", "John-sample-1")
        .sees("Console Home");
    browser
}

#[test]
fn aws_login_gives_the_cli_and_boto3_credentials_that_end_with_the_console_session() {
    let world = World::start("text3");
    let browser = john(&world);
    let mut terminal = world.terminal();
    let crt = tool("python").with_file_name("../crt");
    assert!(crt.exists(), "awscrt is missing: run `make test`");
    terminal.export("PYTHONPATH", crt.to_str().expect("a path of text"));
    terminal.configure("[profile login]\nlogin_session = arn:aws:iam::111111111111:user/John\n");
    let mut program = terminal.starts(&python("login.py", &["stale"]));
    let mut said = BufReader::new(program.stdout.take().expect("its output"));
    let mut url = String::new();
    said.read_line(&mut url).expect("an address to open");
    browser.visits(url.trim());
    browser
        .sees("aws login, on this machine")
        .sees("arn:aws:iam::111111111111:user/John");
    browser
        .clicks("Allow access")
        .sees("You can close this window");
    let mut session = String::new();
    said.read_to_string(&mut session).expect("a session");
    assert!(program.wait().expect("it ends").success());
    assert_eq!(session.trim(), "arn:aws:iam::111111111111:user/John");
    // What the program saved has run out already: whoever uses the profile refreshes it, the CLI as well as boto3.
    let who = terminal
        .types("aws --profile login sts get-caller-identity")
        .json();
    assert_eq!(who["Arn"], "arn:aws:iam::111111111111:user/John");
    // Its own rights, IAM and STS included, unlike a session of GetSessionToken's; no others.
    terminal.types("aws --profile login iam list-users").ok();
    terminal.types("aws --profile login s3 ls").denied();
    terminal
        .types("aws --profile login sts get-session-token")
        .denied();
    let boto = "import boto3; print(boto3.Session(profile_name='login').client('sts', region_name='us-east-1').get_caller_identity()['Arn'])";
    let said = terminal.types(&format!("python -c \"{boto}\"")).ok();
    assert_eq!(said.trim(), "arn:aws:iam::111111111111:user/John");
    // The person sees it, and ends it by signing out: what was given is worth nothing from then on.
    browser.goes("/console");
    let home = browser.home();
    browser.goes(&format!("{home}/sessions"));
    assert_eq!(
        browser.runs(
            "return document.querySelector('tbody td:nth-child(5)').innerText",
            json!([])
        ),
        "1"
    );
    browser.clicks("John @").clicks("Sign out").sees("Sign in");
    terminal
        .types("aws --profile login sts get-caller-identity")
        .refused("ExpiredToken");
}

/// A program that speaks the wire as it likes.
struct Program {
    world: World,
    key: KeyPair,
}

impl Program {
    fn new(world: &World) -> Program {
        Program {
            world: world.clone(),
            key: KeyPair::generate(Algorithm::Es256).expect("a key"),
        }
    }

    fn redirect(&self, client: &str) -> String {
        if client == SAME {
            // Nobody listens there: the story reads the code from the browser's address.
            "http://127.0.0.1:49999/oauth/callback".to_owned()
        } else {
            format!("{}/v1/sessions/confirmation", self.world.endpoint())
        }
    }

    fn authorize(&self, client: &str) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let redirect = self
            .redirect(client)
            .replace(':', "%3A")
            .replace('/', "%2F");
        format!(
            "/v1/authorize?response_type=code&client_id={client}&state=6a0b&code_challenge_method=SHA-256&scope=openid&redirect_uri={redirect}&code_challenge={challenge}"
        )
    }

    /// The code of a person who says yes to a program on another machine.
    fn code(&self, browser: &Browser, client: &str) -> String {
        browser.goes(&self.authorize(client));
        browser.clicks("Allow access");
        if client == CROSS {
            browser.sees("Authorization code");
            let text = browser.runs(
                "return document.querySelector('main [data-copy]').dataset.copy",
                json!([]),
            );
            let text = STANDARD
                .decode(text.as_str().expect("a code"))
                .expect("base64");
            let text = String::from_utf8(text).expect("text");
            let (state, code) = text.split_once("&code=").expect("state and code");
            assert_eq!(state, "state=6a0b");
            return code.to_owned();
        }
        let url = browser.lands_at("127.0.0.1:49999/oauth/callback");
        let (_, rest) = url.split_once("code=").expect("a code");
        rest.split('&').next().expect("a code").to_owned()
    }

    fn proof(&self, id: &str, address: &str, at: u64) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let jwk = self.key.jwk("x").expect("a key");
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256",
            "jwk": { "kty": "EC", "crv": "P-256", "x": jwk["x"], "y": jwk["y"] } });
        let claims = json!({ "htm": "POST", "htu": address, "iat": at / 1000, "jti": id });
        let text = format!("{}.{}", part(&header), part(&claims));
        let signature = URL_SAFE_NO_PAD.encode(self.key.sign(text.as_bytes()).expect("signed"));
        format!("{text}.{signature}")
    }

    fn fresh_proof(&self) -> String {
        let mut random = [0; 8];
        random.copy_from_slice(
            &Sha256::digest(
                KeyPair::generate(Algorithm::Es256)
                    .expect("randomness")
                    .pkcs8(),
            )[..8],
        );
        let id = format!("{random:?}");
        let address = format!("{}/v1/token", self.world.endpoint());
        self.proof(&id, &address, self.world.server().now())
    }

    fn sends(&self, body: &Value, proof: &str) -> Value {
        let mut headers = json!({ "Content-Type": "application/json" });
        if !proof.is_empty() {
            headers["DPoP"] = proof.into();
        }
        self.world.http(
            "url",
            json!({
                "url": format!("{}/v1/token", self.world.endpoint()), "method": "POST",
                "body": body.to_string(), "headers": headers,
            }),
        )
    }

    fn with_code(&self, client: &str, code: &str) -> Value {
        json!({
            "clientId": client, "grantType": "authorization_code", "code": code,
            "codeVerifier": VERIFIER, "redirectUri": self.redirect(client),
        })
    }

    fn redeems(&self, client: &str, code: &str) -> Value {
        self.sends(&self.with_code(client, code), &self.fresh_proof())
    }

    fn refreshes(&self, tokens: &Value) -> Value {
        let body = json!({ "clientId": CROSS, "grantType": "refresh_token", "refreshToken": tokens["refreshToken"] });
        self.sends(&body, &self.fresh_proof())
    }
}

#[track_caller]
fn tokens(answer: &Value) -> Value {
    assert_eq!(answer["status"], 200, "{answer}");
    serde_json::from_str(answer["body"].as_str().expect("a body")).expect("JSON")
}

#[track_caller]
fn refused(answer: &Value, status: u64, error: &str) {
    let body: Value = serde_json::from_str(answer["body"].as_str().expect("a body")).expect("JSON");
    assert!(
        answer["status"] == status && body["error"] == error,
        "{answer}"
    );
    let exception = answer["headers"]["x-amzn-errortype"].as_str();
    let expected = if status == 403 {
        "AccessDeniedException"
    } else {
        "ValidationException"
    };
    assert_eq!(exception, Some(expected), "{answer}");
}

fn keys(tokens: &Value) -> Credentials {
    let token = &tokens["accessToken"];
    let text = |name: &str| token[name].as_str().expect("credentials").to_owned();
    Credentials {
        key_id: text("accessKeyId"),
        secret: text("secretAccessKey"),
        token: Some(text("sessionToken")),
    }
}

#[test]
fn aws_login_codes_are_good_once_for_the_program_that_began() {
    let world = World::start_still("text3");
    let browser = john(&world);
    let program = Program::new(&world);
    // On the browser's own machine the code goes to the loopback address.
    let code = program.code(&browser, SAME);
    let given = tokens(&program.redeems(SAME, &code));
    assert_eq!(given["tokenType"], "aws_sigv4");
    assert_eq!(given["expiresIn"], 900);
    let holder = world.with(keys(&given));
    assert_eq!(holder.arn(), "arn:aws:iam::111111111111:user/John");
    let claims = given["idToken"]
        .as_str()
        .and_then(|token| token.split('.').nth(1))
        .expect("a JWT");
    let claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).expect("base64url")).expect("JSON");
    assert_eq!(claims["sub"], "arn:aws:iam::111111111111:user/John");
    // Used a second time, it ends what came of the first: nobody knows which of the two was the thief.
    refused(&program.redeems(SAME, &code), 403, "AUTHCODE_EXPIRED");
    holder
        .call("sts", "get_caller_identity", json!({}))
        .refused("ExpiredToken");
    let refresh = json!({ "clientId": SAME, "grantType": "refresh_token", "refreshToken": given["refreshToken"] });
    refused(
        &program.sends(&refresh, &program.fresh_proof()),
        403,
        "TOKEN_EXPIRED",
    );
    // On another machine the person carries it there.
    let code = program.code(&browser, CROSS);
    let good = program.with_code(CROSS, &code);
    let but = |name: &str, value: Value| {
        let mut body = good.clone();
        body[name] = value;
        program.sends(&body, &program.fresh_proof())
    };
    refused(
        &but("codeVerifier", json!("x".repeat(43))),
        400,
        "INVALID_REQUEST",
    );
    refused(&but("codeVerifier", Value::Null), 400, "INVALID_REQUEST");
    refused(&but("clientId", json!(SAME)), 400, "INVALID_REQUEST");
    refused(&but("clientId", json!("me")), 400, "INVALID_REQUEST");
    refused(
        &but(
            "redirectUri",
            json!("http://127.0.0.1:49999/oauth/callback"),
        ),
        400,
        "INVALID_REQUEST",
    );
    refused(&but("redirectUri", Value::Null), 400, "INVALID_REQUEST");
    refused(
        &but("grantType", json!("password")),
        400,
        "unsupported_grant_type",
    );
    refused(
        &but("code", json!(format!("{code}0"))),
        403,
        "AUTHCODE_EXPIRED",
    );
    refused(&but("code", json!("nonsense")), 403, "AUTHCODE_EXPIRED");
    refused(&but("code", Value::Null), 403, "AUTHCODE_EXPIRED");
    // Without a proof, with an old one, with one for another address.
    let now = world.server().now();
    let here = format!("{}/v1/token", world.endpoint());
    refused(&program.sends(&good, ""), 400, "INVALID_REQUEST");
    refused(
        &program.sends(&good, &program.proof("old", &here, now - 301_000)),
        400,
        "INVALID_REQUEST",
    );
    refused(
        &program.sends(
            &good,
            &program.proof("there", "https://evil.example/v1/token", now),
        ),
        400,
        "INVALID_REQUEST",
    );
    refused(&program.sends(&good, "a.b.c"), 400, "INVALID_REQUEST");
    // None of that used it up.
    let proof = program.proof("one", &here, now);
    let given = tokens(&program.sends(&good, &proof));
    world
        .with(keys(&given))
        .call("iam", "list_users", json!({}))
        .ok();
    // A proof is good once; a refresh token with the program's key only.
    let refresh = json!({ "clientId": CROSS, "grantType": "refresh_token", "refreshToken": given["refreshToken"] });
    refused(&program.sends(&refresh, &proof), 400, "INVALID_REQUEST");
    let again = tokens(&program.refreshes(&given));
    assert!(again.get("idToken").is_none());
    refused(
        &Program::new(&world).refreshes(&given),
        403,
        "TOKEN_EXPIRED",
    );
    let mut other = refresh.clone();
    other["clientId"] = SAME.into();
    refused(
        &program.sends(&other, &program.fresh_proof()),
        403,
        "TOKEN_EXPIRED",
    );
    // A code that nobody comes for.
    let late = program.code(&browser, CROSS);
    world.advance(5 * 60 * 1000);
    refused(&program.redeems(CROSS, &late), 403, "AUTHCODE_EXPIRED");
    // Credentials live a quarter of an hour; refreshing goes on until the sign-in ends.
    world.advance(11 * 60 * 1000);
    world
        .with(keys(&again))
        .call("sts", "get_caller_identity", json!({}))
        .refused("ExpiredToken");
    let third = tokens(&program.refreshes(&given));
    assert_eq!(
        world.with(keys(&third)).arn(),
        "arn:aws:iam::111111111111:user/John"
    );
    world.advance(12 * 60 * 60 * 1000);
    refused(&program.refreshes(&given), 403, "TOKEN_EXPIRED");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn aws_login_a_link_alone_gives_nothing_and_the_permission_is_asked() {
    let world = World::start_still("text3");
    let browser = john(&world);
    let dev = world.account("Development");
    let program = Program::new(&world);
    // Not the page, nor a form from elsewhere: only the button.
    browser.goes(&program.authorize(CROSS));
    browser.sees("aws login --remote, on another machine");
    let home = browser.home();
    let (_, query) = browser
        .path()
        .split_once('?')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .expect("a query");
    let status = browser.runs(
        "const x = new XMLHttpRequest(); x.open('POST', arguments[0], false); x.setRequestHeader('content-type', 'application/x-www-form-urlencoded'); x.send('decision=allow'); return x.status",
        json!([format!("{home}/authorize?{query}")]),
    );
    assert_eq!(status, 403);
    browser.clicks("Deny").sees("Nothing was given");
    // Nothing is asked of a person that could send a code anywhere else.
    let refusals = [
        program
            .authorize(SAME)
            .replace("127.0.0.1%3A49999", "evil.example%3A80"),
        program.authorize(SAME).replace("SHA-256", "plain"),
        program
            .authorize(SAME)
            .replace("&code_challenge=", "&code="),
        program.authorize(CROSS).replace("confirmation", "other"),
    ];
    for wrong in refusals {
        browser.goes(&wrong);
        browser.sees("This request cannot be authorised");
        browser.goes(&wrong.replace("/v1/authorize", &format!("{home}/authorize")));
        browser.does_not_see("Allow access");
    }
    // Without the permission the button says so, and asks for it at every refresh.
    let code = program.code(&browser, CROSS);
    let given = tokens(&program.redeems(CROSS, &code));
    dev.iam(
        "detach_user_policy",
        json!({ "UserName": "John", "PolicyArn": ALLOWED }),
    );
    browser.goes(&program.authorize(CROSS));
    browser
        .clicks("Allow access")
        .sees("is not authorized to perform: signin:AuthorizeOAuth2Access on resource: arn:aws:signin:us-east-1:111111111111:oauth2/public-client/remote");
    refused(&program.refreshes(&given), 403, "INSUFFICIENT_PERMISSIONS");
    dev.iam(
        "attach_user_policy",
        json!({ "UserName": "John", "PolicyArn": ALLOWED }),
    );
    tokens(&program.refreshes(&given));
    // Another password ends it.
    world.advance(1000);
    dev.iam(
        "update_login_profile",
        json!({ "UserName": "John", "Password": "John-sample-2" }),
    );
    refused(&program.refreshes(&given), 403, "USER_CREDENTIALS_CHANGED");
    // Root needs no permission, and whoever is not signed in signs in first.
    let root = Browser::open(&world);
    root.goes(&program.authorize(CROSS));
    root.clicks("Sign in using root user email");
    root.fills("Root user email address", "development@example.com")
        .fills("Password", "Development-sample-1")
        .clicks("Sign in");
    root.sees("arn:aws:iam::111111111111:root");
    let code = program.code(&root, CROSS);
    let given = tokens(&program.redeems(CROSS, &code));
    let holder = world.with(keys(&given));
    assert_eq!(holder.arn(), "arn:aws:iam::111111111111:root");
    holder.call("iam", "list_roles", json!({})).ok();
    // Ending the session elsewhere ends it too.
    root.goes("/console");
    let home = root.home();
    let other = Browser::open(&world);
    other
        .signs_in_as_root("development@example.com", "Development-sample-1")
        .sees("Console Home");
    let own = other.home();
    other.goes(&format!("{own}/sessions"));
    other.clicks("End").sees("The session has ended");
    root.goes(&format!("{home}/"));
    root.sees("Sign in");
    holder
        .call("iam", "list_roles", json!({}))
        .refused("ExpiredToken");
    refused(&program.refreshes(&given), 403, "TOKEN_EXPIRED");
}

#[test]
fn aws_login_as_a_role_that_was_switched_to() {
    let world = World::start_still("text3");
    let browser = john(&world);
    let production = world.account("Production");
    production.role("UpdateApp", json!("111111111111"));
    production.iam(
        "attach_role_policy",
        json!({ "RoleName": "UpdateApp", "PolicyArn": ALLOWED }),
    );
    let home = browser.home();
    browser.goes(&format!(
        "{home}/switchrole?account={}&roleName=UpdateApp",
        production.id()
    ));
    browser.clicks("Switch Role").sees("Console Home");
    let program = Program::new(&world);
    let code = program.code(&browser, CROSS);
    let given = tokens(&program.redeems(CROSS, &code));
    let holder = world.with(keys(&given));
    assert_eq!(
        holder.arn(),
        "arn:aws:sts::999999999999:assumed-role/UpdateApp/John"
    );
    holder.call("iam", "list_users", json!({})).denied();
    // Revoking the role's sessions reaches it: its issue time is that of the switch.
    production.put_policy(
        "role",
        "UpdateApp",
        "AWSRevokeOlderSessions",
        &json!({ "Version": "2012-10-17", "Statement": [{
            "Effect": "Deny", "Action": ["*"], "Resource": ["*"],
            "Condition": { "DateLessThan": { "aws:TokenIssueTime": "2099-01-01T00:00:00Z" } },
        }] }),
    );
    refused(&program.refreshes(&given), 403, "INSUFFICIENT_PERMISSIONS");
}
