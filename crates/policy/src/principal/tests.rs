use super::*;
use crate::Document;
use crate::request::Issuer;

const ROLE: &str = "arn:aws:iam::111111111111:role/team/App";
const SESSION: &str = "arn:aws:sts::111111111111:assumed-role/App/s1";
const USER: &str = "arn:aws:iam::111111111111:user/team/Ann";
const FEDERATED: &str = "arn:aws:sts::111111111111:federated-user/Bob";

fn signed(kind: PrincipalKind, arn: &str, issuer: Option<&str>) -> Principal {
    let issuer = issuer.map(|arn| Issuer {
        arn: arn.into(),
        unique_id: Some("AROA1".into()),
    });
    Principal {
        kind,
        account: Some("111111111111".into()),
        arn: arn.into(),
        unique_id: Some("AIDA1".into()),
        issuer,
        provider: None,
        service_linked: false,
    }
}

fn strength(principal: &str, caller: &Principal, bindings: &Bindings) -> Strength {
    let text =
        format!(r#"{{"Statement":{{"Effect":"Allow","Action":"*","Principal":{principal}}}}}"#);
    let document = Document::parse(&text).expect("document");
    let element = document.statements()[0]
        .principal
        .as_ref()
        .expect("principal");
    Principals::compile(element, bindings).strength(caller)
}

/// Specification 1.4, a row each.
#[test]
fn section_1_4_principal_forms() {
    use Strength::{Account, Direct, Entity, None as No};
    let root = signed(PrincipalKind::Root, "arn:aws:iam::111111111111:root", None);
    let user = signed(PrincipalKind::User, USER, None);
    let session = signed(PrincipalKind::RoleSession, SESSION, Some(ROLE));
    let bare_session = signed(PrincipalKind::RoleSession, SESSION, None);
    let federated = signed(PrincipalKind::FederatedUser, FEDERATED, Some(USER));
    let service = Principal::service("lambda.amazonaws.com");
    let nobody = Principal::anonymous();
    let bearer = Principal {
        kind: PrincipalKind::WebIdentity,
        provider: Some("arn:aws:iam::111111111111:oidc-provider/x.org".into()),
        ..Principal::anonymous()
    };
    let callers = [
        &root,
        &user,
        &session,
        &bare_session,
        &federated,
        &service,
        &bearer,
        &nobody,
    ];
    let rows: &[(&str, [Strength; 8])] = &[
        (r#""*""#, [Direct; 8]),
        (r#"{"AWS":"*"}"#, [Direct; 8]),
        (r#"{"AWS":["*"]}"#, [Direct; 8]),
        (
            r#"{"AWS":"111111111111"}"#,
            [Account, Account, Account, Account, Account, No, No, No],
        ),
        (
            r#"{"AWS":111111111111}"#,
            [Account, Account, Account, Account, Account, No, No, No],
        ),
        (
            r#"{"AWS":"arn:aws:iam::111111111111:root"}"#,
            [Account, Account, Account, Account, Account, No, No, No],
        ),
        (r#"{"AWS":"222222222222"}"#, [No; 8]),
        (r#"{"AWS":"11111111111"}"#, [No; 8]),
        (
            r#"{"AWS":"arn:aws:iam::111111111111:user/team/Ann"}"#,
            [No, Direct, No, No, Entity, No, No, No],
        ),
        (
            r#"{"AWS":"arn:aws:iam::111111111111:user/team/ann"}"#,
            [No; 8],
        ),
        (r#"{"AWS":"arn:aws:iam::111111111111:user/Ann"}"#, [No; 8]),
        (
            r#"{"AWS":"arn:aws:iam::111111111111:role/team/App"}"#,
            [No, No, Entity, Entity, No, No, No, No],
        ),
        (
            r#"{"AWS":"arn:aws:iam::111111111111:role/App"}"#,
            [No, No, No, Entity, No, No, No, No],
        ),
        (
            r#"{"AWS":"arn:aws:sts::111111111111:assumed-role/App/s1"}"#,
            [No, No, Direct, Direct, No, No, No, No],
        ),
        (
            r#"{"AWS":"arn:aws:sts::111111111111:assumed-role/App/s2"}"#,
            [No; 8],
        ),
        (
            r#"{"AWS":"arn:aws:sts::111111111111:assumed-role/App/*"}"#,
            [No; 8],
        ),
        (
            r#"{"AWS":"arn:aws:sts::111111111111:federated-user/Bob"}"#,
            [No, No, No, No, Direct, No, No, No],
        ),
        (
            r#"{"Service":"lambda.amazonaws.com"}"#,
            [No, No, No, No, No, Direct, No, No],
        ),
        (r#"{"Service":"s3.amazonaws.com"}"#, [No; 8]),
        (
            r#"{"Federated":"arn:aws:iam::111111111111:oidc-provider/x.org"}"#,
            [No, No, No, No, No, No, Direct, No],
        ),
        (r#"{"AWS":"AIDA1"}"#, [No; 8]),
        (r#"{"AWS":"AROA1"}"#, [No; 8]),
        (r#"{"AWS":"arn:aws:iam::111111111111:user/*"}"#, [No; 8]),
        (r#"{"AWS":"arn:aws:iam::111111111111:group/G"}"#, [No; 8]),
        (
            r#"{"CanonicalUser":"c1"}"#,
            [Account, Account, Account, Account, Account, No, No, No],
        ),
        (r#"{"CanonicalUser":"c2"}"#, [No; 8]),
        (r#"{"Other":"*"}"#, [No; 8]),
        (r#""111111111111""#, [No; 8]),
        (r#"null"#, [No; 8]),
        (
            r#"{"AWS":["222222222222","111111111111"],"Service":"lambda.amazonaws.com"}"#,
            [Account, Account, Account, Account, Account, Direct, No, No],
        ),
    ];
    let bindings = Bindings::from([("c1".to_owned(), "111111111111".to_owned())]);
    for (principal, expected) in rows {
        for (caller, expected) in callers.iter().zip(expected) {
            assert_eq!(
                strength(principal, caller, &bindings),
                *expected,
                "{principal} and {caller:?}"
            );
        }
    }
}

/// A user or role deleted and made anew is another one.
#[test]
fn section_1_4_bound_principals_match_by_id() {
    let user = signed(PrincipalKind::User, USER, None);
    let session = signed(PrincipalKind::RoleSession, SESSION, Some(ROLE));
    for (arn, caller, good) in [
        (USER, &user, "AIDA1"),
        (ROLE, &session, "AROA1"),
        (SESSION, &session, "AROA1"),
    ] {
        let principal = format!(r#"{{"AWS":"{arn}"}}"#);
        let bound = |id: &str| Bindings::from([(arn.to_owned(), id.to_owned())]);
        assert_ne!(strength(&principal, caller, &bound(good)), Strength::None);
        assert_eq!(
            strength(&principal, caller, &bound("AXXX9")),
            Strength::None
        );
    }
    let renamed = Principal {
        arn: "arn:aws:iam::111111111111:user/Anna".into(),
        ..user
    };
    let bound = Bindings::from([(USER.to_owned(), "AIDA1".to_owned())]);
    assert_eq!(
        strength(&format!(r#"{{"AWS":"{USER}"}}"#), &renamed, &bound),
        Strength::Direct
    );
}
