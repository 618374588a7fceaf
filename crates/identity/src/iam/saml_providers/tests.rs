//! Providers as Terraform keeps them, and as nobody may.

use twinlock_gate::proof::testing::{PROVIDER, SamlIdp};

use super::*;
use crate::testing::{ALLOW_ALL, TestWorld, assert_denied, assert_refused};

const PROD: &str = "999999999999";

fn create(idp: &SamlIdp) -> shapes::CreateSAMLProviderInput {
    shapes::CreateSAMLProviderInput {
        name: "Corp".into(),
        saml_metadata_document: idp.metadata(),
        ..Default::default()
    }
}

#[test]
fn a_provider_is_made_shown_replaced_tagged_and_deleted() {
    let idp = SamlIdp::default();
    let w = TestWorld::new(&[PROD]);
    let bob = w.user(PROD, "Bob", ALLOW_ALL);
    let made = w
        .change::<CreateSAMLProvider>(&bob, create(&idp))
        .expect("created");
    assert_eq!(made.saml_provider_arn.as_deref(), Some(PROVIDER));
    assert_refused(
        w.change::<CreateSAMLProvider>(&bob, create(&idp)),
        "EntityAlreadyExists",
        "SAMLProvider with name Corp already exists.",
    );
    let get = || {
        w.read::<GetSAMLProvider>(
            &bob,
            shapes::GetSAMLProviderInput {
                saml_provider_arn: PROVIDER.into(),
            },
        )
    };
    let shown = get().expect("shown");
    assert_eq!(
        shown.saml_metadata_document.as_deref(),
        Some(idp.metadata().as_str())
    );
    assert_eq!(shown.saml_provider_uuid.map(|id| id.len()), Some(32));
    let other = SamlIdp::default();
    w.change::<UpdateSAMLProvider>(
        &bob,
        shapes::UpdateSAMLProviderInput {
            saml_provider_arn: PROVIDER.into(),
            saml_metadata_document: Some(other.metadata()),
            ..Default::default()
        },
    )
    .expect("replaced");
    w.change::<TagSAMLProvider>(
        &bob,
        shapes::TagSAMLProviderInput {
            saml_provider_arn: PROVIDER.into(),
            tags: vec![shapes::Tag {
                key: "Team".into(),
                value: "Blue".into(),
            }],
        },
    )
    .expect("tagged");
    let tags = w
        .read::<ListSAMLProviderTags>(
            &bob,
            shapes::ListSAMLProviderTagsInput {
                saml_provider_arn: PROVIDER.into(),
                ..Default::default()
            },
        )
        .expect("listed");
    assert_eq!(tags.tags[0].value, "Blue");
    let shown = get().expect("shown");
    assert_eq!(
        shown.saml_metadata_document.as_deref(),
        Some(other.metadata().as_str())
    );
    let listed = w
        .read::<ListSAMLProviders>(&bob, Default::default())
        .expect("listed");
    assert_eq!(listed.saml_provider_list[0].arn.as_deref(), Some(PROVIDER));
    let sri = w.user(PROD, "Sri", "");
    let delete = || shapes::DeleteSAMLProviderInput {
        saml_provider_arn: PROVIDER.into(),
    };
    assert_denied(w.change::<DeleteSAMLProvider>(&sri, delete()), PROVIDER);
    w.change::<DeleteSAMLProvider>(&bob, delete())
        .expect("gone");
    let sentence = format!("Manifest not found for arn {PROVIDER}");
    assert_refused(get(), "NoSuchEntity", &sentence);
    assert_refused(
        w.change::<DeleteSAMLProvider>(&bob, delete()),
        "NoSuchEntity",
        &sentence,
    );
}

#[test]
fn what_is_no_metadata_or_asks_for_decryption_is_refused() {
    let idp = SamlIdp::default();
    let w = TestWorld::new(&[PROD]);
    let bob = w.user(PROD, "Bob", ALLOW_ALL);
    let nonsense = shapes::CreateSAMLProviderInput {
        saml_metadata_document: "x".repeat(1000),
        ..create(&idp)
    };
    let fault = w
        .change::<CreateSAMLProvider>(&bob, nonsense)
        .expect_err("nonsense");
    assert_eq!(fault.code, "InvalidInput");
    assert!(fault.message.starts_with("Could not parse metadata: "));
    let encrypted = shapes::CreateSAMLProviderInput {
        assertion_encryption_mode: Some("Required".into()),
        ..create(&idp)
    };
    let fault = w
        .change::<CreateSAMLProvider>(&bob, encrypted)
        .expect_err("no key");
    assert!(fault.message.contains("does not decrypt"));
    let arn = shapes::GetSAMLProviderInput {
        saml_provider_arn: "arn:aws:iam::999999999999:role/Corp".into(),
    };
    let fault = w
        .read::<GetSAMLProvider>(&bob, arn)
        .expect_err("no provider's ARN");
    assert_eq!(fault.code, "ValidationError");
}
