//! People with assertions: the provider says which roles they may have, the role's trust policy whom it believes.

use twinlock_directory::{Role, StoredPolicy};
use twinlock_gate::{
    Caller, Who,
    proof::testing::{ENTITY, PROVIDER, ROLE, SamlIdp, encoded},
};
use twinlock_shapes::iam::CreateSAMLProviderInput;

use super::*;
use crate::{
    iam::saml_providers::CreateSAMLProvider,
    testing::{ALLOW_ALL, TestWorld, assert_refused, caller, root},
};

const PROD: &str = "999999999999";
const DEV: &str = "111111111111";
const AT: &str = "2014-07-18T15:00:00Z";
const ENDS: &str = "2014-07-18T15:05:00Z";

fn trusting(provider: &str, actions: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"Federated":"{provider}"}},"Action":[{actions}],"Condition":{{"StringEquals":{{"SAML:aud":"https://signin.aws.amazon.com/saml","saml:sub":"jane"}}}}}}}}"#
    )
}

fn world(idp: &SamlIdp) -> TestWorld {
    let w = TestWorld::new(&[PROD, DEV]);
    for account in [PROD, DEV] {
        let input = CreateSAMLProviderInput {
            name: "Corp".into(),
            saml_metadata_document: idp.metadata(),
            ..Default::default()
        };
        w.change::<CreateSAMLProvider>(&root(account), input)
            .expect("created");
    }
    w
}

fn input(idp: &SamlIdp, id: &str) -> AssumeRoleWithSAMLInput {
    let assertion = idp.signed(&idp.assertion(id, AT, ENDS));
    AssumeRoleWithSAMLInput {
        role_arn: ROLE.into(),
        principal_arn: PROVIDER.into(),
        saml_assertion: encoded(&idp.response(&assertion)),
        ..Default::default()
    }
}

fn anonymous() -> Caller {
    caller(Who::Anonymous)
}

#[test]
fn an_assertion_is_redeemed_once() {
    let idp = SamlIdp::default();
    let w = world(&idp);
    w.role(
        PROD,
        "UpdateApp",
        &trusting(PROVIDER, r#""sts:AssumeRoleWithSAML""#),
        ALLOW_ALL,
    );
    let made = w
        .change::<AssumeRoleWithSAML>(&anonymous(), input(&idp, "a1"))
        .expect("assumed");
    assert_eq!(made.issuer.as_deref(), Some(ENTITY));
    assert_eq!(made.subject.as_deref(), Some("jane"));
    assert_eq!(made.subject_type.as_deref(), Some("persistent"));
    assert_eq!(
        made.audience.as_deref(),
        Some("https://signin.aws.amazon.com/saml")
    );
    // base64(SHA-1(issuer + account + "/Corp")), computed by openssl.
    assert_eq!(
        made.name_qualifier.as_deref(),
        Some("oRPRKG01i22oGHbPvytm731B4VM=")
    );
    let user = made.assumed_role_user.expect("a user");
    assert_eq!(
        user.arn,
        "arn:aws:sts::999999999999:assumed-role/UpdateApp/jane@example.com"
    );
    assert_refused(
        w.change::<AssumeRoleWithSAML>(&anonymous(), input(&idp, "a1")),
        "InvalidIdentityToken",
        "The assertion has been redeemed already",
    );
    w.change::<AssumeRoleWithSAML>(&anonymous(), input(&idp, "a2"))
        .expect("another assertion");
}

#[test]
fn a_refused_assertion_can_still_be_redeemed() {
    let idp = SamlIdp::default();
    let w = world(&idp);
    let trust = trusting(PROVIDER, r#""sts:AssumeRole""#);
    let role = w.role(PROD, "UpdateApp", &trust, ALLOW_ALL);
    assert_refused(
        w.change::<AssumeRoleWithSAML>(&anonymous(), input(&idp, "a1")),
        "AccessDenied",
        "Not authorized to perform sts:AssumeRoleWithSAML",
    );
    let trust = trusting(PROVIDER, r#""sts:AssumeRoleWithSAML""#);
    w.put(Role {
        trust: StoredPolicy::new(trust, Default::default()).into(),
        ..role
    });
    w.change::<AssumeRoleWithSAML>(&anonymous(), input(&idp, "a1"))
        .expect("assumed");
}

#[test]
fn provider_role_and_assertion_must_belong_together() {
    let idp = SamlIdp::default();
    let w = world(&idp);
    let other = "arn:aws:iam::111111111111:saml-provider/Corp";
    w.role(
        PROD,
        "UpdateApp",
        &trusting(other, r#""sts:AssumeRoleWithSAML""#),
        ALLOW_ALL,
    );
    w.role(
        PROD,
        "Admin",
        &trusting(PROVIDER, r#""sts:AssumeRoleWithSAML""#),
        ALLOW_ALL,
    );
    // The trust policy names another provider.
    assert_refused(
        w.change::<AssumeRoleWithSAML>(&anonymous(), input(&idp, "a1")),
        "AccessDenied",
        "Not authorized to perform sts:AssumeRoleWithSAML",
    );
    // The assertion names another role.
    let admin = AssumeRoleWithSAMLInput {
        role_arn: "arn:aws:iam::999999999999:role/Admin".into(),
        ..input(&idp, "a1")
    };
    assert_refused(
        w.change::<AssumeRoleWithSAML>(&anonymous(), admin),
        "AccessDenied",
        "Not authorized to perform sts:AssumeRoleWithSAML",
    );
    // A provider of another account, and one that is not there.
    for provider in [other, "arn:aws:iam::999999999999:saml-provider/None"] {
        let foreign = AssumeRoleWithSAMLInput {
            principal_arn: provider.into(),
            ..input(&idp, "a1")
        };
        assert_refused(
            w.change::<AssumeRoleWithSAML>(&anonymous(), foreign),
            "InvalidIdentityToken",
            "Specified provider doesn't exist",
        );
    }
    // Another key than the provider's.
    let forged = input(&SamlIdp::default(), "a1");
    let fault = w
        .change::<AssumeRoleWithSAML>(&anonymous(), forged)
        .expect_err("forged");
    assert_eq!(fault.code, "InvalidIdentityToken");
}
