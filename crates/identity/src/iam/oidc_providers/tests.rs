//! Providers as Terraform keeps them, and as nobody may.

use twinlock_gate::Fault;
use twinlock_shapes::iam as shapes;

use super::*;
use crate::testing::{ALLOW_ALL, TestWorld, allow, assert_denied, assert_refused};

const A: &str = "111111111111";
const B: &str = "222222222222";
const ARN: &str = "arn:aws:iam::111111111111:oidc-provider/id.example.com:8443/realms/x";

fn create(url: &str) -> shapes::CreateOpenIDConnectProviderInput {
    shapes::CreateOpenIDConnectProviderInput {
        url: url.into(),
        client_id_list: Some(vec!["app".into(), "app".into()]),
        thumbprint_list: Some(vec!["AB".repeat(20)]),
        tags: Some(vec![shapes::Tag {
            key: "Team".into(),
            value: "Blue".into(),
        }]),
    }
}

fn get(
    w: &TestWorld,
    caller: &twinlock_gate::Caller,
) -> Result<shapes::GetOpenIDConnectProviderOutput, Fault> {
    w.read::<GetOpenIDConnectProvider>(
        caller,
        shapes::GetOpenIDConnectProviderInput {
            open_id_connect_provider_arn: ARN.into(),
        },
    )
}

#[test]
fn a_provider_is_kept_as_it_was_given_and_changed_in_part() {
    let w = TestWorld::new(&[A, B]);
    let bob = w.user(A, "Bob", ALLOW_ALL);
    let made = w
        .change::<CreateOpenIDConnectProvider>(&bob, create("HTTPS://ID.example.com:8443/realms/x"))
        .expect("created");
    assert_eq!(made.open_id_connect_provider_arn.as_deref(), Some(ARN));
    let shown = get(&w, &bob).expect("shown");
    assert_eq!(shown.url.as_deref(), Some("id.example.com:8443/realms/x"));
    assert_eq!(shown.client_id_list, ["app"]);
    assert_eq!(shown.thumbprint_list, ["ab".repeat(20)]);
    assert_eq!(shown.tags[0].key, "Team");
    assert_refused(
        w.change::<CreateOpenIDConnectProvider>(
            &bob,
            create("https://id.example.com:8443/realms/x"),
        ),
        "EntityAlreadyExists",
        "Provider with url https://id.example.com:8443/realms/x already exists.",
    );
    w.change::<AddClientIDToOpenIDConnectProvider>(
        &bob,
        shapes::AddClientIDToOpenIDConnectProviderInput {
            open_id_connect_provider_arn: ARN.into(),
            client_id: "other".into(),
        },
    )
    .expect("added");
    w.change::<RemoveClientIDFromOpenIDConnectProvider>(
        &bob,
        shapes::RemoveClientIDFromOpenIDConnectProviderInput {
            open_id_connect_provider_arn: ARN.into(),
            client_id: "app".into(),
        },
    )
    .expect("removed");
    w.change::<UpdateOpenIDConnectProviderThumbprint>(
        &bob,
        shapes::UpdateOpenIDConnectProviderThumbprintInput {
            open_id_connect_provider_arn: ARN.into(),
            thumbprint_list: vec![],
        },
    )
    .expect("replaced");
    w.change::<UntagOpenIDConnectProvider>(
        &bob,
        shapes::UntagOpenIDConnectProviderInput {
            open_id_connect_provider_arn: ARN.into(),
            tag_keys: vec!["team".into()],
        },
    )
    .expect("untagged");
    let shown = get(&w, &bob).expect("shown");
    assert_eq!(shown.client_id_list, ["other"]);
    assert!(shown.thumbprint_list.is_empty() && shown.tags.is_empty());
    let all = w
        .read::<ListOpenIDConnectProviders>(&bob, Default::default())
        .expect("listed");
    assert_eq!(
        all.open_id_connect_provider_list[0].arn.as_deref(),
        Some(ARN)
    );
    let delete = shapes::DeleteOpenIDConnectProviderInput {
        open_id_connect_provider_arn: ARN.into(),
    };
    for _ in 0..2 {
        w.change::<DeleteOpenIDConnectProvider>(&bob, delete.clone())
            .expect("gone, or gone before");
    }
    assert_refused(
        get(&w, &bob),
        "NoSuchEntity",
        &format!("OpenIDConnect Provider not found for arn {ARN}"),
    );
}

#[test]
fn a_provider_is_asked_for_by_its_own_arn_and_is_nobody_elses() {
    let w = TestWorld::new(&[A, B]);
    let bob = w.user(A, "Bob", ALLOW_ALL);
    w.change::<CreateOpenIDConnectProvider>(&bob, create("https://id.example.com:8443/realms/x"))
        .expect("created");
    let reader = w.user(A, "Reader", &allow("iam:GetOpenIDConnectProvider", ARN));
    get(&w, &reader).expect("its own");
    let other = w.user(
        A,
        "Other",
        &allow("iam:GetOpenIDConnectProvider", &format!("{ARN}/y")),
    );
    assert_denied(get(&w, &other), ARN);
    let stranger = w.user(B, "Stranger", ALLOW_ALL);
    let fault = get(&w, &stranger).expect_err("another account's");
    assert_eq!(fault.code, "AccessDenied");
}

#[test]
fn what_is_no_issuer_is_refused() {
    let w = TestWorld::new(&[A]);
    let bob = w.user(A, "Bob", ALLOW_ALL);
    for url in [
        "http://id.example.com",
        "id.example.com",
        "https://",
        "https:///path",
        "https://user@id.example.com",
        "https://id.example.com?x=1",
        "https://id.example.com/#a",
        "https://id.example.com:0",
        "https://id.example.com:http",
        "https://id.example.com/*",
        "https://[::1]/",
    ] {
        assert_refused(
            w.change::<CreateOpenIDConnectProvider>(&bob, create(url)),
            "ValidationError",
            "Invalid Open ID Connect Provider URL",
        );
    }
    let mut many = create("https://id.example.com");
    many.thumbprint_list = Some(vec!["ab".repeat(20); 6]);
    assert_refused(
        w.change::<CreateOpenIDConnectProvider>(&bob, many),
        "InvalidInput",
        "Thumbprint list must contain fewer than 5 entries.",
    );
    let mut clients = create("https://id.example.com");
    clients.client_id_list = Some((0..101).map(|n| n.to_string()).collect());
    assert_refused(
        w.change::<CreateOpenIDConnectProvider>(&bob, clients),
        "LimitExceeded",
        "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100",
    );
}
