//! Configurations that are taken, and the words with which others are refused.

use super::*;

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, Some(Path::new("twinlock.toml")), &Overrides::new())
        .map_err(|e| e.to_string())
}

/// The complaint about `text`, which must be refused.
fn complaint(text: &str) -> String {
    match parse(text) {
        Ok(_) => panic!("taken: {text}"),
        Err(message) => message,
    }
}

#[test]
fn nothing_is_a_configuration() {
    let config = parse("").unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:4566");
    assert_eq!(config.data_dir, Path::new("twinlock-data"));
    assert_eq!(config.endpoint(4566), "http://127.0.0.1:4566");
}

#[test]
fn an_unknown_key_names_the_nearest_one_with_its_place() {
    let message = complaint(
        "region = \"eu-west-1\"\n\n[[account]]\nid = \"111111111111\"\nroot_pasword = \"secret-word\"\n",
    );
    assert!(
        message.starts_with(
            "twinlock.toml:5:1: unknown key `root_pasword`: did you mean `root_password`?"
        ),
        "{message}"
    );
    assert!(message.contains(" 5 | root_pasword"), "{message}");
    assert!(
        !message.contains("secret-word"),
        "a secret is shown: {message}"
    );
    assert!(complaint("s3-domains = []").contains("did you mean `s3_domains`?"));
    assert!(complaint("[[acount]]\nid = \"1\"").contains("did you mean `account`?"));
    assert!(complaint("colour = 1").contains("known here: data_dir"));
}

#[test]
fn an_id_written_as_a_number_is_refused_with_the_reason() {
    let message = complaint("[[account]]\nid = 111111111111");
    assert_eq!(
        message,
        "twinlock.toml:2:6: `id` is written as a number: quote it, \"111111111111\"; a leading zero counts\n 2 | id = 111111111111\n   |      ^^^^^^^^^^^^"
    );
    let leading_zero = complaint("[[account]]\nid = 081278057606");
    assert!(
        leading_zero.contains("twinlock.toml:2:")
            && leading_zero.contains("quote it, \"081278057606\""),
        "{leading_zero}"
    );
    assert!(complaint("external_accounts = [210987654321]").contains("quote it"));
}

#[test]
fn ids_of_eleven_digits_or_with_letters_are_refused() {
    assert!(
        complaint("[[account]]\nid = \"99999999999\"")
            .contains("exactly twelve digits, this has 11")
    );
    assert!(
        complaint("[[account]]\nid = \"99999999999x\"").contains("twelve digits and nothing else")
    );
    assert!(complaint("[[account]]\nname = \"Production\"").contains("`id` is missing here"));
}

#[test]
fn bad_values_are_refused_each_with_its_words() {
    for (text, words) in [
        ("listen = \"example.com:80\"", "no address to listen on"),
        (
            "listen = 4566",
            "`listen` must be a string in quotes, this is of type integer",
        ),
        ("organization = \"yes\"", "must be true or false"),
        ("s3_domains = \"s3.localhost\"", "must be a list of strings"),
        ("s3_domains = [\"127.0.0.1\"]", "no domain name"),
        ("public_url = \"aws.example.com\"", "no URL of a server"),
        ("trusted_proxies = [\"10.0.0.0/64\"]", "no network"),
        ("log = \"twinlock=loud\"", "no log filter"),
        ("region = \"US East\"", "no region"),
        ("tls_cert = \"a.pem\"", "tls_cert needs tls_key"),
        ("[account]\nid = \"111111111111\"", "under [[account]]"),
        ("listen = \"127.0.0.1:4566", "twinlock.toml:1:"),
    ] {
        let message = complaint(text);
        assert!(message.contains(words), "{text}\n{message}");
    }
}

#[test]
fn bad_accounts_are_refused_each_with_its_words() {
    for (line, words) in [
        ("alias = \"Acme\"", "no account alias"),
        ("alias = \"a--b\"", "no account alias"),
        (
            "alias = \"123456789012\"",
            "twelve digits are an account id",
        ),
        ("email = \"nobody\"", "no e-mail address"),
        ("root_password = \"short\"", "8 to 128 characters"),
        ("root_access_key_id = \"AKIA\"", "16 to 128 letters"),
        (
            "root_access_key_id = \"AKIA-DEVELOPMENTROOT0\"",
            "16 to 128 letters",
        ),
        (
            "root_access_key_id = \"ASIADEVELOPMENTROOT0\"",
            "temporary credentials",
        ),
        (
            "root_access_key_id = \"AKIADEVELOPMENTROOT0\"",
            "needs `root_secret_access_key` beside it",
        ),
        (
            "root_secret_access_key = \"with space in the middle\"",
            "visible ASCII",
        ),
        (
            "[[account.user]]\nname = \"John\"\ngroups = [\"Developers\"]",
            "no [[account.group]] named `Developers`",
        ),
        ("[[account.user]]\nname = \"John Doe\"", "no name of a user"),
        (
            "[[account.group]]\nname = \"D\"\npolicies = [\"arn:aws:iam::aws:policy/PowerUser\"]",
            "no managed policy `PowerUser`",
        ),
        (
            "[[account.bucket]]\nname = \"Production\"",
            "no bucket name",
        ),
        (
            "[[account.group]]\nname = \"D\"\n[[account.group.inline_policy]]\nname = \"p\"\ndocument = \"{}\"",
            "twinlock.toml:8:",
        ),
    ] {
        let message = complaint(&format!(
            "# a line\n[[account]]\nid = \"111111111111\"\n{line}\n"
        ));
        assert!(message.contains(words), "{line}\n{message}");
    }
}

#[test]
fn nothing_may_be_there_twice() {
    let two = |first: &str, second: &str| {
        complaint(&format!(
            "[[account]]\nid = \"111111111111\"\nname = \"One\"\n{first}\n[[account]]\nid = \"222222222222\"\nname = \"Two\"\n{second}\n"
        ))
    };
    let keys = |id: &str| {
        format!("root_access_key_id = \"{id}\"\nroot_secret_access_key = \"0123456789abcdef\"")
    };
    assert!(two("alias = \"acme\"", "alias = \"acme\"").contains("alias `acme` is there twice"));
    assert!(
        two("email = \"a@b\"", "email = \"A@b\"")
            .contains("twice: for account `One` and for account `Two`")
    );
    assert!(
        two(&keys("AKIADEVELOPMENTROOT0"), &keys("AKIADEVELOPMENTROOT0")).contains("access key id")
    );
    let ids = complaint("[[account]]\nid = \"111111111111\"\n[[account]]\nid = \"111111111111\"\n");
    assert!(
        ids.contains("account id `111111111111` is there twice"),
        "{ids}"
    );
    let external =
        complaint("external_accounts = [\"111111111111\"]\n[[account]]\nid = \"111111111111\"\n");
    assert!(
        external.contains("also listed in external_accounts"),
        "{external}"
    );
}

#[test]
fn every_problem_is_shown_not_only_the_first() {
    let message = complaint("colour = 1\nlisten = 1\n");
    assert!(
        message.contains("twinlock.toml:1:1") && message.contains("twinlock.toml:2:10"),
        "{message}"
    );
}

#[test]
fn sample_credentials_stay_on_loopback() {
    let listen = |address: &str| {
        let overrides = vec![("listen", address.to_owned())];
        Config::parse(EXAMPLE, None, &overrides).map_err(|e| e.to_string())
    };
    for address in [
        "127.0.0.1:0",
        "[::1]:4566",
        "localhost:4566",
        "127.9.9.9:80",
    ] {
        listen(address).unwrap_or_else(|e| panic!("{address}: {e}"));
    }
    for address in ["0.0.0.0:4566", "192.0.2.1:4566", "[::]:4566"] {
        let message = listen(address).unwrap_err();
        assert!(message.contains("known to everyone"), "{message}");
    }
}

#[test]
fn passwords_beyond_loopback_need_tls() {
    let account = "[[account]]\nid = \"111111111111\"\nroot_password = \"a-good-long-one\"\n";
    let open = format!("listen = \"0.0.0.0:4566\"\n{account}");
    assert!(complaint(&open).contains("passwords would cross the net in clear on 0.0.0.0:4566"));
    parse(&format!(
        "tls_cert = \"c.pem\"\ntls_key = \"k.pem\"\n{open}"
    ))
    .unwrap();
    parse(&format!(
        "trusted_proxies = [\"10.0.0.7\"]\npublic_url = \"https://aws.example.com/\"\n{open}"
    ))
    .unwrap();
    parse("listen = \"0.0.0.0:4566\"\n[[account]]\nid = \"111111111111\"\n").unwrap();
}

#[test]
fn flags_are_laid_over_the_file() {
    let overrides = vec![
        ("listen", "127.0.0.1:0".to_owned()),
        ("s3_domains", "s3.example.com, s3.localhost".to_owned()),
        ("external_accounts", "081278057606".to_owned()),
    ];
    let config = Config::parse("listen = \"127.0.0.1:9000\"", None, &overrides).unwrap();
    assert_eq!(config.listen.port(), 0);
    assert_eq!(config.s3_domains, ["s3.example.com", "s3.localhost"]);
    assert_eq!(config.external_accounts[0].as_str(), "081278057606");
    let wrong = Config::parse("", None, &vec![("listen", "4566".to_owned())])
        .unwrap_err()
        .to_string();
    assert!(
        wrong.starts_with("--listen (TWINLOCK_LISTEN): `4566`"),
        "{wrong}"
    );
}

#[test]
fn paths_of_a_file_are_relative_to_its_folder() {
    let config = Config::parse(
        "data_dir = \"data\"",
        Some(Path::new("/etc/twinlock/twinlock.toml")),
        &Overrides::new(),
    );
    assert_eq!(config.unwrap().data_dir, Path::new("/etc/twinlock/data"));
}

#[test]
fn a_profile_needs_a_source_that_exists() {
    let profile = |source: &str| {
        format!(
            "[[account]]\nid = \"111111111111\"\nname = \"Development\"\n[[account.user]]\nname = \"David\"\n[[profile]]\nname = \"up\"\nrole_arn = \"arn:aws:iam::999999999999:role/UpdateApp\"\nsource_profile = \"{source}\"\n"
        )
    };
    parse(&profile("Development")).unwrap();
    parse(&profile("development/david")).unwrap();
    assert!(complaint(&profile("Development/Sri")).contains("to be its source_profile"));
    assert!(complaint(&profile("up")).contains("to be its source_profile"));
    assert!(
        complaint(&profile("Development").replace("role/UpdateApp", "user/UpdateApp"))
            .contains("no ARN of a role")
    );
}

#[test]
fn an_issuers_keys_are_in_a_file_or_fetched_and_each_issuer_is_named_once() {
    let config = parse(
        "[[oidc_provider]]\nissuer = \"https://id.example.com/realms/acme\"\njwks_file = \"jwks.json\"\n\n[[oidc_provider]]\nissuer = \"https://id.example.com\"\nca_file = \"ca.pem\"\n",
    )
    .unwrap();
    let [file, fetched] = config.oidc_providers.as_slice() else {
        panic!("{:?}", config.oidc_providers);
    };
    assert_eq!(file.issuer, "https://id.example.com/realms/acme");
    assert_eq!(file.jwks_file.as_deref(), Some(Path::new("jwks.json")));
    assert_eq!(fetched.ca_file.as_deref(), Some(Path::new("ca.pem")));
    assert!(complaint("[[oidc_provider]]\njwks_file = \"x\"").contains("`issuer` is missing here"));
    assert!(complaint("[[oidc_provider]]\nissuer = \"http://x\"").contains("is no issuer"));
    assert!(
        complaint("[[oidc_provider]]\nissuer = \"https://x\"\njwks_fle = \"y\"")
            .contains("did you mean `jwks_file`?")
    );
    let twice =
        "[[oidc_provider]]\nissuer = \"https://x\"\n[[oidc_provider]]\nissuer = \"https://x\"";
    assert!(complaint(twice).contains("twice"));
    let of = |more: &str| format!("[[oidc_provider]]\nissuer = \"https://x\"\n{more}");
    let told = parse(&of(
        "jwks_url = \"https://10.0.0.9:8443/keys\"\nca_file = \"ca.pem\"",
    ))
    .unwrap();
    let url = told.oidc_providers[0].jwks_url.as_deref();
    assert_eq!(url, Some("https://10.0.0.9:8443/keys"));
    for wrong in [
        "http://10.0.0.9/keys",
        "https://",
        "https:///keys",
        "https://a@b/keys",
        "keys.json",
    ] {
        let complaint = complaint(&of(&format!("jwks_url = \"{wrong}\"")));
        assert!(complaint.contains("no address of a key set"), "{complaint}");
    }
    let both = of("jwks_url = \"https://y/keys\"\njwks_file = \"y\"");
    assert!(complaint(&both).contains("one of the two"));
}

#[test]
fn quotas_are_set_by_the_names_of_awss_messages() {
    let config = parse("[quotas]\nUsersPerAccount = 10_000\nPoliciesPerRole = 20").unwrap();
    assert_eq!(config.quotas.users_per_account, 10_000);
    assert_eq!(config.quotas.policies_per_role, 20);
    assert_eq!(config.quotas.groups_per_account, 300);
    assert!(complaint("[quotas]\nUsersPerAcount = 1").contains("did you mean `UsersPerAccount`?"));
    assert!(complaint("[quotas]\nUsersPerAccount = \"many\"").contains("whole number"));
    assert!(complaint("quotas = 5").contains("[quotas]"));
}
