//! A whole server in this process: first start, restart, generated secrets, what stays as it is.

use std::path::PathBuf;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;
use crate::config::{self, Overrides};

/// A data directory that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("twinlock-server-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Folder(path)
    }

    fn config(&self, toml: &str) -> Config {
        let overrides: Overrides = vec![
            ("listen", "127.0.0.1:0".to_owned()),
            ("data_dir", self.0.display().to_string()),
        ];
        Config::parse(toml, None, &overrides).unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn populated() -> StartOptions {
    StartOptions {
        populate: true,
        ..StartOptions::default()
    }
}

async fn get(running: &Running, path: &str) -> String {
    let mut stream = TcpStream::connect(running.addr).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_walkthrough_is_there_after_its_first_start_and_after_the_second() {
    let folder = Folder::new("text3");
    let config = folder.config(config::walkthrough(3).unwrap());
    let mut running = start(config.clone(), populated()).await.unwrap();
    running.passwords_ready().await;
    assert!(get(&running, "/healthz").await.contains("200 OK"));
    assert!(
        running
            .created
            .iter()
            .all(|new| new.generated_secret.is_none() && new.generated_password.is_none())
    );
    let snapshot = running.world().directory.published();
    let dev = snapshot.account(&"111111111111".parse().unwrap()).unwrap();
    let david = dev.user("david").unwrap();
    let group = snapshot.group_by_id(david.groups.first().unwrap()).unwrap();
    assert_eq!(group.name, "Developers");
    assert!(twinlock_directory::passwords::verify(
        "David-sample-1",
        &david.login.as_ref().unwrap().password_hash
    ));
    assert!(twinlock_directory::passwords::verify(
        "Development-sample-1",
        dev.account.root.password_hash.as_ref().unwrap()
    ));
    assert_eq!(
        snapshot.bucket("productionapp").unwrap().account.as_str(),
        "999999999999"
    );
    let (david_id, revision) = (david.id.clone(), snapshot.revision());
    assert!(
        running
            .world()
            .directory
            .meta_names("account-unfinished/")
            .is_empty()
    );
    assert!(running.stop().await.unwrap());

    let again = start(config, populated()).await.unwrap();
    let snapshot = again.world().directory.published();
    assert!(again.created.is_empty());
    assert_eq!(snapshot.revision(), revision, "a restart changed something");
    assert_eq!(
        snapshot
            .account(&"111111111111".parse().unwrap())
            .unwrap()
            .user("David")
            .unwrap()
            .id,
        david_id
    );
    again.stop().await.unwrap();
}

#[tokio::test]
async fn serving_creates_accounts_and_populating_is_asked_for() {
    let folder = Folder::new("bare");
    let running = start(
        folder.config(config::walkthrough(3).unwrap()),
        StartOptions::default(),
    )
    .await
    .unwrap();
    let snapshot = running.world().directory.published();
    assert_eq!(snapshot.accounts().count(), 2);
    assert!(
        snapshot
            .accounts()
            .all(|node| node.users.is_empty() && node.groups.is_empty())
    );
    assert!(snapshot.bucket("productionapp").is_none());
    running.stop().await.unwrap();
}

#[tokio::test]
async fn without_a_configuration_one_account_is_made_once() {
    let folder = Folder::new("none");
    let mut running = start(folder.config(""), StartOptions::default())
        .await
        .unwrap();
    running.passwords_ready().await;
    let [new] = &running.created[..] else {
        panic!("{:?}", running.created)
    };
    let (id, secret) = (new.id, new.generated_secret.clone().unwrap());
    let snapshot = running.world().directory.published();
    let owner = snapshot.access_key(&new.access_key_id).unwrap();
    assert!(owner.key.secret.matches(secret.expose()));
    let hash = snapshot
        .account(&id)
        .unwrap()
        .account
        .root
        .password_hash
        .clone()
        .unwrap();
    assert!(twinlock_directory::passwords::verify(
        new.generated_password.as_ref().unwrap().expose(),
        &hash
    ));
    running.stop().await.unwrap();
    let again = start(folder.config(""), StartOptions::default())
        .await
        .unwrap();
    assert!(again.created.is_empty());
    assert_eq!(again.world().directory.published().accounts().count(), 1);
    again.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_there_is_left_as_it_is() {
    let folder = Folder::new("left");
    let with = |name: &str, key: &str| {
        folder.config(&format!(
            "[[account]]\nid = \"111111111111\"\nname = \"{name}\"\nroot_access_key_id = \"{key}\"\nroot_secret_access_key = \"0123456789abcdef\"\n"
        ))
    };
    let first = start(with("One", "AKIAFIRSTFIRSTFIRST0"), StartOptions::default())
        .await
        .unwrap();
    first.stop().await.unwrap();
    let second = start(with("Two", "AKIASECONDSECOND0000"), StartOptions::default())
        .await
        .unwrap();
    let snapshot = second.world().directory.published();
    assert_eq!(snapshot.accounts().next().unwrap().account.name, "One");
    assert!(snapshot.access_key("AKIAFIRSTFIRSTFIRST0").is_some());
    assert!(snapshot.access_key("AKIASECONDSECOND0000").is_none());
    second.stop().await.unwrap();
}

/// Whoever can write the data can put the sealed secret of a key that is known to them under another's. The server starts, and
/// neither key is believed.
#[tokio::test]
async fn a_secret_moved_from_one_row_to_another_opens_nothing() {
    use twinlock_directory::store::{Embedded, Store, Write};
    let folder = Folder::new("moved");
    let config = folder.config(
        r#"[[account]]
id = "111111111111"
name = "One"
root_access_key_id = "AKIAONEONEONEONEONE0"
root_secret_access_key = "secret-of-account-one"
[[account]]
id = "222222222222"
name = "Two"
root_access_key_id = "AKIATWOTWOTWOTWOTWO0"
root_secret_access_key = "secret-of-account-two"
[[account]]
id = "333333333333"
name = "Three"
root_access_key_id = "AKIATHREETHREETHREE0"
root_secret_access_key = "secret-of-account-three"
"#,
    );
    let first = start(config.clone(), StartOptions::default())
        .await
        .unwrap();
    first.stop().await.unwrap();
    {
        let mut store = Embedded::open(&config.data_dir.join("directory.redb")).unwrap();
        let loaded = store.load().unwrap();
        let sealed = |name: &str| {
            let (key, json) = loaded
                .rows
                .iter()
                .find(|(_, json)| String::from_utf8_lossy(json).contains(name))
                .unwrap();
            let json = String::from_utf8(json.clone()).unwrap();
            let at = json.find("\"x1:").unwrap();
            let text = json[at..].split('"').nth(1).unwrap().to_owned();
            (key.clone(), json, text)
        };
        let (one, json, own) = sealed("AKIAONEONEONEONEONE0");
        let (_, _, others) = sealed("AKIATWOTWOTWOTWOTWO0");
        let write = Write {
            revision: loaded.revision,
            rows: vec![(one, Some(json.replace(&own, &others).into_bytes()))],
            asides: Vec::new(),
        };
        store.commit(&write).unwrap();
        store.close().unwrap();
    }
    let again = start(config, StartOptions::default()).await.unwrap();
    let shown = |id: &str, secret: &str| {
        let facts = twinlock_gate::RequestFacts::none("us-east-1");
        let shown = again.world().shown(id, secret, None, facts);
        shown.map(drop).map_err(|fault| fault.status)
    };
    for secret in ["secret-of-account-one", "secret-of-account-two", ""] {
        assert_eq!(shown("AKIAONEONEONEONEONE0", secret), Err(500), "{secret}");
    }
    assert_eq!(
        shown("AKIATHREETHREETHREE0", "secret-of-account-three"),
        Ok(())
    );
    again.stop().await.unwrap();
}

#[tokio::test]
async fn a_start_that_was_cut_off_is_completed_by_the_next() {
    let folder = Folder::new("cut");
    let config = folder.config(config::walkthrough(5).unwrap());
    {
        // As if the process had died after the mark and the account's row, before its users and passwords.
        let directory = Directory::open(&config.data_dir, Default::default()).unwrap();
        let objects = Objects::open(&config.data_dir, &Default::default()).unwrap();
        let (_, _) = accounts::create(&config, false, &directory, &objects, &SystemRandom, 1)
            .await
            .unwrap();
        directory.close().await.unwrap();
    }
    let mut running = start(config, populated()).await.unwrap();
    running.passwords_ready().await;
    let snapshot = running.world().directory.published();
    let acme = snapshot.account(&"183438944504".parse().unwrap()).unwrap();
    assert!(acme.user("Troy").unwrap().login.is_some());
    assert!(acme.account.root.password_hash.is_some());
    assert!(snapshot.bucket("com.stuzio.projectx").is_some());
    running.stop().await.unwrap();
}

#[tokio::test]
async fn the_configurations_password_of_root_counts_again_once_there_is_leave() {
    let folder = Folder::new("leave");
    let config = |password: &str| {
        folder.config(&format!(
            "[[account]]\nid = \"123456789012\"\nname = \"One\"\nroot_password = \"{password}\"\n"
        ))
    };
    let account = "123456789012".parse().unwrap();
    let right = |running: &Running, password: &str| {
        let snapshot = running.world().directory.published();
        let root = &snapshot.account(&account).unwrap().account.root;
        let hash = root.password_hash.as_ref();
        hash.is_some_and(|hash| twinlock_directory::passwords::verify(password, hash))
    };
    let started = async |password: &str| {
        let options = StartOptions::default();
        let mut running = start(config(password), options).await.unwrap();
        running.passwords_ready().await;
        running
    };
    let put = async |running: &Running, since: Option<u64>| {
        let pending = {
            let turn = running.world().directory.turn();
            let mut changed = (*turn.head().account(&account).unwrap().account).clone();
            changed.root.password_hash = None;
            changed.root.password_since = since;
            let mut batch = turn.batch();
            batch.put(changed);
            turn.commit(batch)
        };
        pending.await.unwrap();
    };
    let running = started("Correct-horse-7").await;
    assert!(right(&running, "Correct-horse-7"));
    // Taken away, it stays away …
    put(&running, None).await;
    running.stop().await.unwrap();
    let running = started("Correct-horse-7").await;
    assert!(!right(&running, "Correct-horse-7"));
    // … until there is leave to set one, and then once.
    put(&running, Some(1)).await;
    running.stop().await.unwrap();
    let running = started("Battery-staple-8").await;
    assert!(right(&running, "Battery-staple-8"));
    running.stop().await.unwrap();
    let running = started("Correct-horse-7").await;
    assert!(right(&running, "Battery-staple-8"));
    running.stop().await.unwrap();
}

#[tokio::test]
async fn a_taken_port_or_data_directory_is_said_plainly() {
    let (folder, other) = (Folder::new("taken"), Folder::new("taken-other"));
    let running = start(folder.config(""), StartOptions::default())
        .await
        .unwrap();
    let data = start(folder.config(""), StartOptions::default())
        .await
        .unwrap_err();
    assert!(!data.to_string().is_empty());
    let mut config = other.config("");
    config.listen = running.addr;
    let port = start(config, StartOptions::default())
        .await
        .unwrap_err()
        .to_string();
    assert!(port.contains("another server has the port"), "{port}");
    running.stop().await.unwrap();
}

#[tokio::test]
async fn time_goes_on_where_the_last_run_saw_it() {
    let folder = Folder::new("time");
    let manual = StartOptions {
        clock: Some(Clock::manual(9_000_000_000_000)),
        ..StartOptions::default()
    };
    let running = start(folder.config(""), manual).await.unwrap();
    running.world().clock.advance(5);
    running.stop().await.unwrap();
    let again = start(folder.config(""), StartOptions::default())
        .await
        .unwrap();
    assert!(again.world().clock.now() >= 9_000_000_000_005);
    again.stop().await.unwrap();
}

#[tokio::test]
async fn time_goes_on_also_if_the_last_run_was_killed_at_once() {
    let (folder, copy) = (Folder::new("killed"), Folder::new("killed-copy"));
    let manual = StartOptions {
        clock: Some(Clock::manual(9_000_000_000_000)),
        ..StartOptions::default()
    };
    let mut running = start(folder.config(""), manual).await.unwrap();
    running.passwords_ready().await;
    // What a kill would leave behind now: nothing was flushed, nothing closed.
    std::fs::create_dir_all(&copy.0).unwrap();
    for file in ["directory.redb", "master.key"] {
        std::fs::copy(folder.0.join(file), copy.0.join(file)).unwrap();
    }
    let again = start(copy.config(""), StartOptions::default())
        .await
        .unwrap();
    assert!(again.world().clock.now() >= 9_000_000_000_000);
    again.stop().await.unwrap();
    running.stop().await.unwrap();
}
