//! S3 in the console, click by click: uploading with metadata and tags, in parts and over a broken connection; editing, copying, moving
//! and sharing objects; versions; who may do what with a bucket. boto3 says what came of it.

use serde_json::{Value, json};

use crate::{
    browser::Browser,
    server::Directory,
    world::{AccountIn, World, policy},
};

const SHELF: &str = "the-shelf";

/// A world with a bucket, and its root user at a browser, on the bucket's page.
fn shelf() -> (World, AccountIn, Browser, String) {
    let world = World::start("text3");
    let dev = world.account("Development");
    dev.bucket(SHELF);
    let browser = Browser::open(&world);
    browser
        .signs_in_as_root("development@example.com", "Development-sample-1")
        .sees("Console Home");
    let home = browser.home();
    browser.goes(&format!("{home}/s3/{SHELF}"));
    (world, dev, browser, home)
}

fn keeps_versions(dev: &AccountIn) {
    let versioning = json!({ "Bucket": SHELF, "VersioningConfiguration": { "Status": "Enabled" } });
    dev.root()
        .call("s3", "put_bucket_versioning", versioning)
        .ok();
}

fn head(dev: &AccountIn, key: &str) -> Value {
    dev.root()
        .call("s3", "head_object", json!({ "Bucket": SHELF, "Key": key }))
        .ok()
}

fn keys(dev: &AccountIn) -> Vec<String> {
    let out = dev
        .root()
        .call("s3", "list_objects_v2", json!({ "Bucket": SHELF }))
        .ok();
    let contents = out["Contents"].as_array().cloned().unwrap_or_default();
    let key = |object: &Value| object["Key"].as_str().expect("a key").to_owned();
    contents.iter().map(key).collect()
}

/// The presigned URL that the page shows.
fn link(browser: &Browser) -> String {
    browser.clicks("Create presigned URL").sees("It expires at");
    let link = browser.runs(
        "return document.querySelector('.long code').textContent",
        json!([]),
    );
    link.as_str().expect("a URL").to_owned()
}

fn status(world: &World, url: &str) -> Value {
    world.http("url", json!({ "url": url }))["status"].clone()
}

#[test]
fn console_s3_an_object_is_uploaded_edited_copied_moved_and_deleted() {
    let (_world, dev, browser, home) = shelf();
    let directory = Directory::new("upload");
    let file = directory.path().join("notes.txt");
    std::fs::write(&file, "some words").expect("a file to upload");
    browser.clicks("Metadata and tags");
    browser
        .fills("Metadata key", "author")
        .fills("Metadata value", "John")
        .fills("Tag key", "team")
        .fills("Tag value", "blue & green");
    browser.uploads(&file).sees("10 B");
    let stored = head(&dev, "notes.txt");
    assert_eq!(stored["Metadata"], json!({ "author": "John" }));
    assert_eq!(stored["ContentType"], "text/plain");
    let tags = |key: &str| {
        let of = json!({ "Bucket": SHELF, "Key": key });
        dev.root().call("s3", "get_object_tagging", of).ok()["TagSet"].clone()
    };
    let blue = json!([{ "Key": "team", "Value": "blue & green" }]);
    assert_eq!(tags("notes.txt"), blue);

    // Metadata is edited by a copy, and what the form does not show stays.
    browser.clicks("notes.txt").clicks("Edit metadata");
    browser
        .fills("Content-Type", "text/markdown")
        .fills("Cache-Control", "max-age=60");
    browser.clicks("Save changes").sees("The metadata is saved");
    let stored = head(&dev, "notes.txt");
    assert_eq!(stored["ContentType"], "text/markdown");
    assert_eq!(stored["CacheControl"], "max-age=60");
    assert_eq!(stored["Metadata"], json!({ "author": "John" }));
    assert_eq!(tags("notes.txt"), blue);
    browser.clicks("Edit metadata").fills("Metadata key", "a b");
    browser
        .clicks("Save changes")
        .sees("cannot be the name of a header");

    // A folder, a copy into it, and a name that is taken there.
    browser.goes(&format!("{home}/s3/{SHELF}"));
    browser
        .clicks("Create folder")
        .fills("Folder name", "drafts")
        .clicks("Create folder");
    browser.sees("The folder drafts is created");
    for replaces in [false, true] {
        browser.goes(&format!("{home}/s3/{SHELF}/copy?key=notes.txt"));
        browser
            .fills("Destination folder", "drafts/")
            .clicks("Copy");
        if replaces {
            browser.sees("exists already");
            browser.clicks("Replace an object").clicks("Copy");
        }
        browser.sees("1 object copied");
    }
    assert_eq!(tags("drafts/notes.txt"), blue);
    browser.goes(&format!("{home}/s3/{SHELF}/copy?key=notes.txt"));
    browser.clicks("Copy").sees("is there already");

    browser.goes(&format!("{home}/s3/{SHELF}/object?key=notes.txt"));
    browser
        .clicks("Rename")
        .fills("New object name", "words.md")
        .clicks("Rename");
    browser.sees("1 object renamed");
    // A whole folder to another bucket.
    dev.bucket("the-other-shelf");
    browser.goes(&format!("{home}/s3/{SHELF}"));
    browser.clicks("Select drafts/").clicks("Move");
    browser
        .fills("Destination bucket", "the-other-shelf")
        .clicks("Move");
    browser.sees("2 objects moved");
    assert_eq!(keys(&dev), ["words.md"]);
    dev.root().get("the-other-shelf", "drafts/notes.txt").ok();
    // One press takes a thousand objects, also when each is named.
    browser.goes(&format!("{home}/s3/{SHELF}/copy?key=words.md"));
    browser.fills("Destination folder", "many/");
    browser.runs(
        "const form = document.querySelector('main form');\
         for (let n = 0; n < 1000; n++) { const key = document.createElement('input'); key.type = 'hidden'; key.name = 'key'; key.value = `k${n}`; form.append(key); }",
        json!([]),
    );
    browser.clicks("Copy").sees("more than 1000 objects");
    assert_eq!(keys(&dev), ["words.md"]);

    // What is deleted for ever takes the longer word.
    browser.goes(&format!("{home}/s3/{SHELF}"));
    browser.clicks("Select words.md").clicks("Delete");
    browser.sees("This cannot be undone");
    browser.runs(
        "if (!document.querySelector('[data-needs]').disabled) throw new Error('open')",
        json!([]),
    );
    browser
        .fills("To confirm", "permanently delete")
        .clicks("Delete objects");
    browser.sees("No objects");
    assert!(keys(&dev).is_empty());
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn console_s3_folders_are_dropped_whole_and_odd_keys_go_as_they_came() {
    let (_world, dev, browser, home) = shelf();
    let directory = Directory::new("upload");
    let tree = directory.path().join("tree");
    std::fs::create_dir_all(tree.join("a b/deep")).expect("folders");
    for file in ["empty", "a b/100%.txt", "a b/deep/ü.txt"] {
        let text = if file == "empty" { "" } else { "words" };
        std::fs::write(tree.join(file), text).expect("a file to upload");
    }
    let alone = directory.path().join("alone.txt");
    std::fs::write(&alone, "words").expect("a file to upload");
    browser.drops(".drop", &[&tree, &alone]);
    let dropped = [
        "alone.txt",
        "tree/a b/100%.txt",
        "tree/a b/deep/ü.txt",
        "tree/empty",
    ];
    browser.until("all that was dropped", || {
        (keys(&dev) == dropped).then_some(())
    });
    browser.sees("2 entries");

    // Browsers change line breaks in forms, and no key may be taken for another.
    for key in [
        "/",
        "//a",
        "../up",
        "new\nline",
        "new\r\nline",
        "q?a=1&b=2#c",
        "+ +",
    ] {
        dev.object(SHELF, key, "x");
    }
    browser.goes(&format!("{home}/s3/{SHELF}"));
    browser.clicks("Select new\nline").clicks("Copy");
    browser
        .fills("Destination folder", "copies/")
        .clicks("Copy")
        .sees("1 object copied");
    assert!(keys(&dev).contains(&"copies/new\nline".to_owned()));
    browser.goes(&format!("{home}/s3/{SHELF}"));
    browser.clicks("Select all").clicks("Delete");
    browser
        .fills("To confirm", "permanently delete")
        .clicks("Delete objects");
    browser.sees("12 deleted.").sees("No objects");
    assert!(keys(&dev).is_empty());
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn console_s3_a_broken_upload_is_resumed_and_a_cancelled_one_leaves_nothing() {
    let (_world, dev, browser, _) = shelf();
    let directory = Directory::new("upload");
    let file = directory.path().join("large.bin");
    std::fs::write(&file, vec![b'x'; 20 * 1024 * 1024]).expect("a file to upload");
    // The second part goes nowhere, as often as it is tried.
    browser.runs(
        "window.broken = true; const send = XMLHttpRequest.prototype.send; const open = XMLHttpRequest.prototype.open;\
         XMLHttpRequest.prototype.open = function (method, url) { this.to = url; return open.apply(this, arguments); };\
         XMLHttpRequest.prototype.send = function (body) {\
           if (window.broken && this.to.includes('part=2')) setTimeout(() => this.dispatchEvent(new Event('error')), 0);\
           else send.call(this, body);\
         };",
        json!([]),
    );
    let uploads = || {
        let out = dev
            .root()
            .call("s3", "list_multipart_uploads", json!({ "Bucket": SHELF }))
            .ok();
        out["Uploads"].as_array().map_or(0, Vec::len)
    };
    browser.uploads(&file).sees("The connection broke");
    assert_eq!(uploads(), 1);
    browser.clicks("Cancel large.bin");
    browser.does_not_see("large.bin");
    // The abort is on its way when the row has gone.
    browser.until("the upload's end", || (uploads() == 0).then_some(()));

    browser.uploads(&file).sees("The connection broke");
    browser.runs("window.broken = false", json!([]));
    browser.clicks("Resume").sees("20.0 MB");
    let stored = head(&dev, "large.bin");
    assert_eq!(stored["ContentLength"], 20 * 1024 * 1024);
    let etag = stored["ETag"].as_str().expect("an ETag");
    assert!(etag.ends_with("-3\""), "three parts: {etag}");
    assert_eq!(uploads(), 0);
}

#[test]
fn console_s3_a_presigned_url_gives_what_its_maker_may_get() {
    let (world, dev, browser, home) = shelf();
    dev.object(SHELF, "a folder/ü & co.txt", "some words");
    let share = format!("s3/{SHELF}/share?key=a%20folder/%C3%BC%20%26%20co.txt");
    browser.goes(&format!("{home}/{share}"));
    browser.fills("Time until the URL expires", "2");
    let url = link(&browser);
    assert!(url.contains("X-Amz-Expires=120"), "{url}");
    let answer = world.http("url", json!({ "url": url }));
    assert_eq!(answer["status"], 200, "{answer}");
    assert_eq!(answer["body"], "some words");
    // It opens this object and no other, and is of no use to write.
    let other = url.replace("co.txt", "co.tx");
    assert_eq!(status(&world, &other), 403);
    let longer = url.replace("X-Amz-Expires=120", "X-Amz-Expires=121");
    assert_eq!(status(&world, &longer), 403);
    browser.runs("document.querySelector('#number').max = ''", json!([]));
    browser
        .fills("Time until the URL expires", "721")
        .clicks("Create presigned URL")
        .sees("From 1 minute to 12 hours");

    // Who may not get the object is told so beforehand, and the link gives nothing either.
    dev.user("John");
    dev.iam(
        "create_login_profile",
        json!({ "UserName": "John", "Password": "John-sample-1" }),
    );
    let john = Browser::open(&world);
    john.signs_in(dev.id(), "John", "John-sample-1")
        .sees("Console Home");
    let johns = john.home();
    john.goes(&format!("{johns}/{share}"));
    john.sees("not authorized to perform: s3:GetObject")
        .sees("it will be refused");
    let url = link(&john);
    assert_eq!(status(&world, &url), 403);
    let gets = policy("Allow", json!("s3:GetObject"), json!("*"));
    dev.put_policy("user", "John", "gets", &gets);
    assert_eq!(status(&world, &url), 200);

    // A role's link ends with its sessions.
    dev.role("Reader", json!(format!("arn:aws:iam::{}:root", dev.id())));
    dev.put_policy("role", "Reader", "gets", &gets);
    let assumes = policy("Allow", json!("sts:AssumeRole"), json!("*"));
    dev.put_policy("user", "John", "gets", &assumes);
    john.goes(&format!(
        "{johns}/switchrole?account={}&roleName=Reader",
        dev.id()
    ));
    john.clicks("Switch Role").sees("In account");
    john.goes(&format!("{johns}/{share}"));
    john.does_not_see("it will be refused");
    // The role's session lasts an hour at most, whatever is asked for.
    john.runs(
        "document.querySelector('[name=unit]').value = 'hours'",
        json!([]),
    );
    let url = link(&john);
    let (_, rest) = url.split_once("X-Amz-Expires=").expect("an end");
    let seconds: u32 = rest
        .split('&')
        .next()
        .and_then(|n| n.parse().ok())
        .expect("seconds");
    assert!((3000..=3600).contains(&seconds), "{url}");
    assert_eq!(status(&world, &url), 200);
    let cut = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Deny", "Action": ["*"], "Resource": ["*"], "Condition": { "DateLessThan": { "aws:TokenIssueTime": "2999-01-01T00:00:00Z" } } }],
    });
    dev.put_policy("role", "Reader", "AWSRevokeOlderSessions", &cut);
    assert_eq!(status(&world, &url), 403);
    // One's own link goes on after signing out, as its page says.
    browser.goes(&format!("{home}/{share}"));
    browser.sees("signing out does not end it");
    let url = link(&browser);
    browser.clicks("@").clicks("Sign out").sees("Sign in");
    assert_eq!(status(&world, &url), 200);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn console_s3_versions_come_back_and_go_for_good() {
    let (_world, dev, browser, home) = shelf();
    keeps_versions(&dev);
    for words in ["first", "second"] {
        dev.object(SHELF, "notes.txt", words);
    }
    let reads = |words: &str| {
        let got = dev.root().get(SHELF, "notes.txt").ok();
        assert_eq!(got["Body"], words);
    };
    let versions = format!("{home}/s3/{SHELF}/object?key=notes.txt&tab=versions");
    browser.goes(&versions);
    browser.clicks("Make current").sees("is current again");
    reads("first");
    // A deleted object is hidden, and its marker can be taken away.
    browser.goes(&format!("{home}/s3/{SHELF}"));
    browser.clicks("Select notes.txt").clicks("Delete");
    browser.sees("a delete marker hides each object");
    browser
        .fills("To confirm", "delete")
        .clicks("Delete objects");
    browser.sees("No objects");
    browser.clicks("Show versions").sees("Delete marker");
    browser.goes(&versions);
    browser
        .clicks("Undo the deletion")
        .sees("the object is there again");
    reads("first");
    // All versions, for good.
    browser.goes(&format!("{home}/s3/{SHELF}?versions=1"));
    browser.clicks("Select all").clicks("Delete");
    browser
        .fills("To confirm", "permanently delete")
        .clicks("Delete versions");
    browser.sees("No versions");
    let left = dev
        .root()
        .call("s3", "list_object_versions", json!({ "Bucket": SHELF }))
        .ok();
    assert!(
        left["Versions"].is_null() && left["DeleteMarkers"].is_null(),
        "{left}"
    );
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn console_s3_lists_are_found_sorted_and_paged_and_folders_deleted() {
    let (_world, dev, browser, home) = shelf();
    for n in 0..105 {
        dev.object(SHELF, &format!("many/{n:03}.csv"), &"x".repeat(n));
    }
    dev.object(SHELF, "more/one.txt", "x");
    let first = || {
        let name = browser.runs(
            "return document.querySelector('tbody td a').textContent",
            json!([]),
        );
        name.as_str().expect("a name").to_owned()
    };
    browser.goes(&format!("{home}/s3/{SHELF}?prefix=many/"));
    browser.sees("105 entries").sees("Page 1 of 2");
    assert_eq!(first(), "000.csv");
    browser.clicks("Next").sees("Page 2 of 2").sees("104.csv");
    browser.clicks("Size").clicks("Size");
    assert_eq!(first(), "104.csv");
    browser.goes(&format!("{home}/s3/{SHELF}?prefix=many/&q=07"));
    browser
        .sees("10 entries")
        .sees("079.csv")
        .does_not_see("080.csv");
    // Both folders, a round for each.
    browser.goes(&format!("{home}/s3/{SHELF}"));
    browser.clicks("Select all").clicks("Delete");
    browser.sees("everything in it");
    browser
        .fills("To confirm", "permanently delete")
        .clicks("Delete objects");
    browser.sees("No objects");
    assert!(keys(&dev).is_empty());
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn console_s3_permissions_of_a_bucket_and_of_the_account() {
    let (world, dev, browser, home) = shelf();
    let reads = |operation: &str| {
        let of = json!({ "Bucket": SHELF });
        dev.root().call("s3", operation, of).ok()
    };
    browser.goes(&format!("{home}/s3/{SHELF}/cors"));
    browser
        .fills("CORS rules", "[{ \"AllowedMethods\": [\"GET\"] }]")
        .clicks("Save changes")
        .sees("missing field");
    browser.fills(
        "CORS rules",
        "[{ \"AllowedMethods\": [\"BREW\"], \"AllowedOrigins\": [\"*\"] }]",
    );
    browser
        .clicks("Save changes")
        .sees("Unsupported method is BREW");
    browser.fills("CORS rules", "[{ \"AllowedMethods\": [\"GET\"], \"AllowedOrigins\": [\"https://app.example.com\"], \"MaxAgeSeconds\": 60 }]");
    browser
        .clicks("Save changes")
        .sees("The CORS rules are saved");
    let rule = reads("get_bucket_cors")["CORSRules"][0].clone();
    assert_eq!(
        (&rule["AllowedOrigins"][0], &rule["MaxAgeSeconds"]),
        (&json!("https://app.example.com"), &json!(60))
    );
    browser.clicks("Bucket owner preferred").runs(
        "document.querySelector('form[action$=ownership] button').click()",
        json!([]),
    );
    browser.sees("Object Ownership is saved");
    let owned = reads("get_bucket_ownership_controls");
    assert_eq!(
        owned["OwnershipControls"]["Rules"][0]["ObjectOwnership"],
        "BucketOwnerPreferred"
    );
    browser.clicks("Block Public Access settings for this account");
    browser
        .clicks("Block public access granted through new public bucket policies")
        .clicks("Save changes")
        .sees("is saved for the account");
    // SDKs put the account before the host, which takes a name.
    let port = world
        .endpoint()
        .rsplit(':')
        .next()
        .unwrap_or_default()
        .to_owned();
    let of = json!({ "$endpoint": format!("http://localhost:{port}"), "AccountId": dev.id() });
    let account = dev
        .root()
        .call("s3control", "get_public_access_block", of)
        .ok();
    let held = &account["PublicAccessBlockConfiguration"];
    assert_eq!(
        (&held["BlockPublicPolicy"], &held["BlockPublicAcls"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
