use super::*;
use crate::testing::{ALLOW_ALL, TestWorld, allow, assert_denied, assert_refused};

const A: &str = "081278057606";

#[test]
fn what_there_is_none_of_is_an_empty_list_for_those_who_may_ask() {
    let world = TestWorld::new(&[A]);
    let amy = world.user(A, "Amy", "");
    let bob = world.user(A, "Bob", ALLOW_ALL);
    macro_rules! ask {
        ($operation:ident, $input:ident) => {{
            let own = world
                .read::<$operation>(&bob, shapes::$input::default())
                .expect("own");
            assert_eq!(own.is_truncated, Some(false));
            let of = |name: &str| shapes::$input {
                user_name: Some(name.into()),
                ..Default::default()
            };
            world
                .read::<$operation>(&bob, of("Amy"))
                .expect("another's");
            assert_refused(
                world.read::<$operation>(&bob, of("Eve")),
                "NoSuchEntity",
                "The user with name Eve cannot be found.",
            );
            assert_denied(world.read::<$operation>(&amy, of("Bob")), "user Bob");
        }};
    }
    ask!(ListSSHPublicKeys, ListSSHPublicKeysInput);
    ask!(ListSigningCertificates, ListSigningCertificatesInput);
    ask!(
        ListServiceSpecificCredentials,
        ListServiceSpecificCredentialsInput
    );
}

#[test]
fn an_account_has_none_either() {
    let world = TestWorld::new(&[A]);
    let amy = world.user(A, "Amy", "");
    let bob = world.user(A, "Bob", ALLOW_ALL);
    macro_rules! ask {
        ($operation:ident, $input:ident, $shown:literal, $list:ident) => {{
            let none = world
                .read::<$operation>(&bob, shapes::$input::default())
                .expect("none");
            assert!(none.$list.is_empty());
            let denied = world.read::<$operation>(&amy, shapes::$input::default());
            assert_denied(denied, &format!("arn:aws:iam::{A}:{}", $shown));
        }};
        ($operation:ident, $input:ident, $shown:literal, $list:ident, paged) => {{
            ask!($operation, $input, $shown, $list);
            let page = world
                .read::<$operation>(&bob, shapes::$input::default())
                .expect("none");
            assert_eq!((page.is_truncated, page.marker), (Some(false), None));
            let foreign = shapes::$input {
                marker: Some("!".into()),
                ..Default::default()
            };
            assert_refused(
                world.read::<$operation>(&bob, foreign),
                "ValidationError",
                "Invalid Marker.",
            );
        }};
    }
    ask!(
        ListServerCertificates,
        ListServerCertificatesInput,
        "server-certificate/",
        server_certificate_metadata_list,
        paged
    );
}

#[test]
fn a_denial_names_the_path_asked_for() {
    let world = TestWorld::new(&[A]);
    let amy = world.user(A, "Amy", "");
    let under = |path: &str| shapes::ListServerCertificatesInput {
        path_prefix: Some(path.into()),
        ..Default::default()
    };
    assert_denied(
        world.read::<ListServerCertificates>(&amy, under("/theirs/")),
        "arn:aws:iam::081278057606:server-certificate/theirs/",
    );
    let bob = world.user(A, "Bob", &allow("iam:ListServerCertificates", "*"));
    world
        .read::<ListServerCertificates>(&bob, under("/theirs/"))
        .expect("allowed");
}
