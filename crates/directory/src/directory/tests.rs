//! The directory keeps what it acknowledged, under concurrency, failing writes, restarts and kill -9.

use std::{
    io::{BufRead, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Instant,
};

use super::*;
use crate::{
    model::{ManagedPolicy, MfaDevice, PolicyVersion, name_key},
    secret::Secret,
    tests_support::{DEV, TempDir, access_key, account, dev, document, group, policy, role, user},
};

fn open(dir: &Path) -> Directory {
    Directory::open(dir, Options::default()).unwrap()
}

fn change(
    directory: &Directory,
    change: impl FnOnce(&Snapshot, &mut Batch),
) -> Result<u64, CommitError> {
    let turn = directory.turn();
    let mut batch = turn.batch();
    change(turn.head(), &mut batch);
    turn.commit(batch).wait()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

#[test]
fn a_change_is_published_when_it_is_durable_and_survives_a_drop() {
    let folder = TempDir::new();
    let directory = open(folder.path());
    assert_eq!(
        change(&directory, |_, batch| batch.put(account(DEV))),
        Ok(1)
    );
    assert_eq!(directory.published().revision(), 1);
    let mut john = user("John");
    john.access_keys
        .push(access_key("AKIAJOHN", "wJalrXUtnFEMI/K7MDENG"));
    assert_eq!(change(&directory, |_, batch| batch.put(john)), Ok(2));
    drop(directory);
    let directory = open(folder.path());
    let snapshot = directory.published();
    assert_eq!(snapshot.revision(), 2);
    assert!(
        snapshot
            .access_key("AKIAJOHN")
            .unwrap()
            .key
            .secret
            .matches("wJalrXUtnFEMI/K7MDENG")
    );
}

#[test]
fn no_file_of_the_data_directory_holds_a_secret_in_clear() {
    let folder = TempDir::new();
    let directory = open(folder.path());
    change(&directory, |_, batch| {
        let mut account = account(DEV);
        account
            .root
            .access_keys
            .push(access_key("AKIAROOT", "RootSecretInClear"));
        batch.put(account);
        let mut john = user("John");
        john.access_keys
            .push(access_key("AKIAJOHN", "UserSecretInClear"));
        batch.put(john);
        batch.put(MfaDevice {
            account: dev(),
            id: "AMFA1".into(),
            name: "phone".into(),
            path: "/".into(),
            created: 1,
            seed: Secret::new("SeedInClear").into(),
            tags: Vec::new(),
            enabled: None,
        });
    })
    .unwrap();
    directory
        .meta_put_sealed("token-key/1", b"TokenKeyInClear!")
        .unwrap()
        .wait()
        .unwrap();
    assert_eq!(
        directory
            .meta_get_sealed("token-key/1")
            .unwrap()
            .unwrap()
            .as_slice(),
        b"TokenKeyInClear!"
    );
    drop(directory);
    let data = std::fs::read(folder.path().join(DATA_FILE)).unwrap();
    let holds = |text: &[u8]| data.windows(text.len()).any(|window| window == text);
    assert!(holds(b"AKIAJOHN"));
    for secret in [
        &b"RootSecretInClear"[..],
        b"UserSecretInClear",
        b"SeedInClear",
        b"TokenKeyInClear!",
    ] {
        assert!(!holds(secret));
    }
    let directory = open(folder.path());
    assert_eq!(
        directory
            .meta_get_sealed("token-key/1")
            .unwrap()
            .unwrap()
            .as_slice(),
        b"TokenKeyInClear!"
    );
}

#[test]
fn another_master_key_or_none_is_told_clearly() {
    let folder = TempDir::new();
    let directory = open(folder.path());
    change(&directory, |_, batch| batch.put(account(DEV))).unwrap();
    drop(directory);
    let other = Options {
        master_key: Some(MasterKey::new([7; 32])),
        ..Options::default()
    };
    assert!(matches!(
        Directory::open(folder.path(), other),
        Err(OpenError::WrongMasterKey)
    ));
    std::fs::remove_file(folder.path().join(KEY_FILE)).unwrap();
    assert!(matches!(
        Directory::open(folder.path(), Options::default()),
        Err(OpenError::Key(SealError::KeyMissing(_)))
    ));
}

#[test]
fn a_data_directory_in_use_is_told_clearly() {
    let folder = TempDir::new();
    let _directory = open(folder.path());
    let error = Directory::open(folder.path(), Options::default()).unwrap_err();
    assert!(
        error.to_string().contains("in use by another process"),
        "{error}"
    );
}

/// 32 writers change one group and one policy at once, each from what it found.
#[test]
fn concurrent_changes_of_one_group_and_one_policy_lose_nothing() {
    const WRITERS: usize = 32;
    const CHANGES: usize = 10;
    let folder = TempDir::new();
    let directory = open(folder.path());
    change(&directory, |_, batch| {
        batch.put(account(DEV));
        batch.put(group("Developers"));
        batch.put(policy("Shared"));
    })
    .unwrap();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let directory = &directory;
            scope.spawn(move || {
                for n in 0..CHANGES {
                    let name = format!("w{writer}-{n}");
                    let revision = change(directory, |head, batch| {
                        let node = head.account(&dev()).unwrap();
                        let mut group = crate::Group::clone(node.group("developers").unwrap());
                        group.inline.insert(name.clone(), document());
                        batch.put(group);
                        let mut user = user(&name);
                        user.groups.insert("AGPADevelopers".into());
                        batch.put(user);
                        batch.put(next_version(node.policy("shared").unwrap()));
                    })
                    .unwrap();
                    // Acknowledged means visible to everybody.
                    let published = directory.published();
                    assert!(published.revision() >= revision);
                    assert!(
                        published
                            .account(&dev())
                            .unwrap()
                            .users
                            .contains_key(&name_key(&name))
                    );
                }
            });
        }
    });
    let check = |snapshot: &Snapshot| {
        let node = snapshot.account(&dev()).unwrap();
        let group = node.group("Developers").unwrap();
        assert_eq!(group.inline.len(), WRITERS * CHANGES);
        assert_eq!(node.member_count(&group.id), WRITERS * CHANGES);
        assert_eq!(
            node.policy("Shared").unwrap().next_version as usize,
            2 + WRITERS * CHANGES
        );
        assert_eq!(snapshot.revision() as usize, 1 + WRITERS * CHANGES);
    };
    check(&directory.published());
    drop(directory);
    check(&open(folder.path()).published());
}

fn next_version(policy: &Arc<ManagedPolicy>) -> ManagedPolicy {
    let mut policy = ManagedPolicy::clone(policy);
    let version = policy.next_version;
    policy.versions.insert(
        version,
        PolicyVersion {
            text: document(),
            created: 5,
        },
    );
    policy.default_version = version;
    policy.next_version += 1;
    while policy.versions.len() > 5 {
        policy.versions.pop_first();
    }
    policy
}

#[test]
fn a_failed_write_takes_back_head_and_tells_everyone_waiting() {
    let store = Memory::default();
    let directory = Directory::with_store(Box::new(store.clone()), Options::default()).unwrap();
    change(&directory, |_, batch| batch.put(account(DEV))).unwrap();
    store.set_failing(true);
    let waiting: Vec<Pending> = (0..20)
        .map(|n| {
            let turn = directory.turn();
            let mut batch = turn.batch();
            batch.put(user(&format!("u{n}")));
            turn.commit(batch)
        })
        .collect();
    for pending in waiting {
        let error = pending.wait().unwrap_err();
        assert!(
            matches!(error, CommitError::Store(_) | CommitError::Overtaken),
            "{error}"
        );
    }
    assert_eq!(directory.turn().head().revision(), 1);
    assert_eq!(directory.published().revision(), 1);
    store.set_failing(false);
    assert_eq!(
        change(&directory, |_, batch| batch.put(user("Later"))),
        Ok(2)
    );
    drop(directory);
    // The master key of a directory in memory is forgotten; the rows left in the store tell.
    let rows = { store }.load().unwrap().rows;
    assert_eq!(rows.len(), 2);
}

#[test]
fn a_refused_batch_changes_nothing_and_a_stale_one_is_refused() {
    let directory = Directory::in_memory(Options::default()).unwrap();
    change(&directory, |_, batch| batch.put(account(DEV))).unwrap();
    let twice = change(&directory, |_, batch| {
        batch.put(user("John"));
        let mut second = user("JOHN");
        second.id = "AIDAOther".into();
        batch.put(second);
    });
    assert!(matches!(
        twice,
        Err(CommitError::Integrity(IntegrityError::Duplicate { .. }))
    ));
    let stale = Batch::new(0);
    assert!(matches!(
        directory.turn().commit(stale).wait(),
        Err(CommitError::Integrity(IntegrityError::OtherRevision { .. }))
    ));
    assert_eq!(directory.turn().head().revision(), 1);
    assert_eq!(change(&directory, |_, _| {}), Ok(1));
}

#[test]
fn last_uses_and_the_time_survive_a_restart_and_go_with_their_key() {
    let folder = TempDir::new();
    let directory = open(folder.path());
    change(&directory, |_, batch| {
        batch.put(account(DEV));
        let mut john = user("John");
        john.access_keys.push(access_key("AKIAJOHN", "s"));
        batch.put(john);
    })
    .unwrap();
    directory
        .last_used()
        .touch("AKIAJOHN", 5000, "s3", "us-east-1");
    directory
        .last_used()
        .touch("AKIANOBODY", 5000, "s3", "us-east-1");
    assert_eq!(directory.last_used().get("AKIAJOHN").unwrap().when, 5000);
    directory.put_last_seen_time(7000).wait().unwrap();
    directory.put_last_seen_time(6000).wait().unwrap();
    block_on(directory.close()).unwrap();
    let directory = open(folder.path());
    assert_eq!(directory.last_seen_time(), 7000);
    assert_eq!(directory.last_used().get("AKIAJOHN").unwrap().service, "s3");
    assert_eq!(directory.last_used().get("AKIANOBODY"), None);
    change(&directory, |_, batch| batch.put(user("John"))).unwrap();
    block_on(directory.flush_last_used()).unwrap();
    drop(directory);
    assert_eq!(open(folder.path()).last_used().get("AKIAJOHN"), None);
}

#[test]
fn the_time_told_at_opening_is_durable_before_anything_else_is_and_never_goes_back() {
    let folder = TempDir::new();
    let at = |now| {
        let options = Options {
            now,
            ..Options::default()
        };
        Directory::open(folder.path(), options).unwrap()
    };
    // Dropped without a word: as after a kill right after the start.
    assert_eq!(at(7000).last_seen_time(), 7000);
    assert_eq!(open(folder.path()).last_seen_time(), 7000);
    assert_eq!(at(6000).last_seen_time(), 7000);
    assert_eq!(open(folder.path()).last_seen_time(), 7000);
}

#[test]
fn a_restart_keeps_the_identity_and_a_copy_or_a_restored_backup_does_not() {
    let copy = |from: &Path, to: &Path| {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    };
    let folder = TempDir::new();
    let data = folder.path().join("data");
    let directory = open(&data);
    assert!(directory.identity_is_new());
    let first = directory.identity().to_owned();
    drop(directory);
    for _ in 0..3 {
        let directory = open(&data);
        assert!(!directory.identity_is_new());
        assert_eq!(directory.identity(), first);
    }
    let backup = folder.path().join("backup");
    copy(&data, &backup);
    let copied = open(&backup);
    assert!(copied.identity_is_new());
    assert_ne!(copied.identity(), first);
    drop(copied);
    // Moved is not copied.
    let moved = folder.path().join("moved");
    std::fs::rename(&data, &moved).unwrap();
    assert_eq!(open(&moved).identity(), first);
    // Written back over itself: the same names and inodes, another state.
    let kept = folder.path().join("kept");
    copy(&moved, &kept);
    copy(&kept, &moved);
    assert_ne!(open(&moved).identity(), first);
}

#[test]
fn ten_thousand_users_are_loaded_quickly_and_no_policy_is_compiled() {
    let folder = TempDir::new();
    let directory = open(folder.path());
    change(&directory, |_, batch| {
        batch.put(account(DEV));
        batch.put(group("Developers"));
    })
    .unwrap();
    let mut rows: Vec<Row> = Vec::new();
    for n in 0..10_000 {
        let mut user = user(&format!("u{n}"));
        user.groups.insert("AGPADevelopers".into());
        user.attached
            .insert("arn:aws:iam::aws:policy/ReadOnlyAccess".into());
        user.access_keys
            .push(access_key(&format!("AKIA{n}"), "wJalrXUtnFEMI/K7MDENG"));
        rows.push(user.into());
        if n % 10 == 0 {
            rows.push(role(&format!("r{n}")).into());
        }
    }
    let start = Instant::now();
    let mut last = None;
    for part in rows.chunks(100) {
        let turn = directory.turn();
        let mut batch = turn.batch();
        part.iter().cloned().for_each(|row| batch.put(row));
        last = Some(turn.commit(batch));
    }
    last.unwrap().wait().unwrap();
    println!("written in {:?}", start.elapsed());
    drop(directory);
    let start = Instant::now();
    let directory = open(folder.path());
    let took = start.elapsed();
    println!("opened in {took:?}");
    assert_eq!(
        directory.published().account(&dev()).unwrap().users.size(),
        10_000
    );
    // The bound is for an unoptimised build on a busy machine; see the benchmarks for the real number.
    assert!(took.as_secs() < 5, "{took:?}");
}

/// Names the folder to the child process of the test below.
const CHILD: &str = "TWINLOCK_DIRECTORY_CRASH_CHILD";

/// Not a test by itself: what the killed process does. It acknowledges each user on its standard output.
#[test]
fn crash_child() {
    let Ok(dir) = std::env::var(CHILD) else {
        return;
    };
    let directory = open(Path::new(&dir));
    if directory.published().account(&dev()).is_none() {
        change(&directory, |_, batch| batch.put(account(DEV))).unwrap();
    }
    let first = directory.published().account(&dev()).unwrap().users.size();
    for n in first.. {
        change(&directory, |_, batch| batch.put(user(&format!("u{n}")))).unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "\nacknowledged u{n}")
            .and_then(|()| out.flush())
            .unwrap();
    }
}

#[test]
fn kill_9_loses_no_acknowledged_change_and_keeps_the_identity() {
    let folder = TempDir::new();
    let mut acknowledged: Vec<String> = Vec::new();
    let mut identity = None;
    for round in 0..4 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "directory::tests::crash_child",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(CHILD, folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let wanted = acknowledged.len() + 5 + 7 * round;
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        for line in lines.by_ref() {
            if let Some(name) = line.unwrap().strip_prefix("acknowledged ") {
                acknowledged.push(name.to_owned());
                if acknowledged.len() == wanted {
                    child.kill().unwrap();
                    break;
                }
            }
        }
        // What was still in the pipe was acknowledged too.
        acknowledged.extend(
            lines
                .map_while(Result::ok)
                .filter_map(|line| line.strip_prefix("acknowledged ").map(str::to_owned)),
        );
        child.wait().unwrap();
        let directory = open(folder.path());
        let snapshot = directory.published();
        let users = &snapshot.account(&dev()).unwrap().users;
        for name in &acknowledged {
            assert!(
                users.contains_key(name),
                "{name} was acknowledged and is lost"
            );
        }
        assert_eq!(
            identity.get_or_insert_with(|| directory.identity().to_owned()),
            directory.identity()
        );
    }
}
