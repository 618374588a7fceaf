//! What the tests of this crate share: a folder that goes away, and small entities.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    ids::{Random, SystemRandom},
    model::{
        AccessKey, Account, AccountId, Group, ManagedPolicy, OidcProvider, PolicyVersion, Role,
        RootCredentials, SamlProvider, StoredPolicy, User,
    },
    secret::Secret,
};

/// A folder of its own for one test.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new() -> TempDir {
        let mut bytes = [0; 8];
        SystemRandom.fill(&mut bytes);
        let path = std::env::temp_dir().join(format!("twinlock-directory-{}", hex::encode(bytes)));
        std::fs::create_dir_all(&path).unwrap();
        TempDir(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) const DEV: &str = "111111111111";

pub(crate) fn dev() -> AccountId {
    DEV.parse().unwrap()
}

pub(crate) fn oidc_provider(url: &str) -> OidcProvider {
    OidcProvider {
        account: dev(),
        id: format!("id of {url}"),
        url: url.into(),
        created: 1,
        client_ids: vec!["app".into()],
        thumbprints: Vec::new(),
        tags: Vec::new(),
    }
}

pub(crate) fn saml_provider(name: &str) -> SamlProvider {
    SamlProvider {
        account: dev(),
        id: format!("id of {name}"),
        name: name.into(),
        created: 1,
        valid_until: 2,
        metadata: String::new(),
        entity_id: "urn:idp".into(),
        certificates: Vec::new(),
        tags: Vec::new(),
    }
}

pub(crate) fn account(id: &str) -> Account {
    Account {
        id: id.parse().unwrap(),
        name: format!("account {id}"),
        alias: None,
        email: String::new(),
        created: 1,
        root: RootCredentials::default(),
        canonical_id: id.repeat(5) + "abcd",
        public_access_block: None,
        closed: None,
        settings: BTreeMap::new(),
    }
}

pub(crate) fn user(name: &str) -> User {
    User {
        account: dev(),
        id: format!("AIDA{name}"),
        name: name.to_owned(),
        path: "/".to_owned(),
        created: 2,
        tags: Vec::new(),
        inline: BTreeMap::new(),
        attached: Default::default(),
        boundary: None,
        groups: Default::default(),
        access_keys: Vec::new(),
        login: None,
        other_credentials: Default::default(),
    }
}

pub(crate) fn access_key(id: &str, secret: &str) -> AccessKey {
    AccessKey {
        id: id.to_owned(),
        secret: Secret::new(secret).into(),
        active: true,
        created: 3,
    }
}

pub(crate) fn group(name: &str) -> Group {
    Group {
        account: dev(),
        id: format!("AGPA{name}"),
        name: name.to_owned(),
        path: "/".to_owned(),
        created: 2,
        inline: BTreeMap::new(),
        attached: Default::default(),
    }
}

pub(crate) fn document() -> Arc<StoredPolicy> {
    let text =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;
    Arc::new(StoredPolicy::new(text, Default::default()))
}

pub(crate) fn role(name: &str) -> Role {
    Role {
        account: dev(),
        id: format!("AROA{name}"),
        name: name.to_owned(),
        path: "/".to_owned(),
        created: 2,
        description: None,
        max_session_seconds: 3600,
        trust: document(),
        inline: BTreeMap::new(),
        attached: Default::default(),
        boundary: None,
        tags: Vec::new(),
    }
}

pub(crate) fn policy(name: &str) -> ManagedPolicy {
    let version = PolicyVersion {
        text: document(),
        created: 2,
    };
    ManagedPolicy {
        account: dev(),
        id: format!("ANPA{name}"),
        name: name.to_owned(),
        path: "/".to_owned(),
        created: 2,
        updated: 2,
        description: None,
        tags: Vec::new(),
        default_version: 1,
        versions: BTreeMap::from([(1, version)]),
        next_version: 2,
    }
}
