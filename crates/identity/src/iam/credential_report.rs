//! The credential report: every user of the account with the state of its password, keys, devices and certificates, as CSV.
//!
//! AWS compiles it in the background and keeps it for four hours. Here it is compiled when it is fetched, so that it is never
//! behind; `GeneratedTime` says that moment. Asking for it once is needed all the same, as every client does.

use std::{borrow::Cow, fmt::Write};

use twinlock_directory::{
    AccessKey, Account, AccountNode, Batch, DeviceOwner, LoginProfile, Millis, SigningCertificate,
    User,
};
use twinlock_gate::{
    Action, Change, Cx, Fault, Need, Needs, Operation, Permit, Read, nothing_to_prepare,
};
use twinlock_shapes::iam as shapes;

use super::common::at;
use crate::passwords;

/// Under which name the account's settings remember that a report was asked for.
const SETTING: &str = "credential-report";
/// AWS's columns, in AWS's order.
const COLUMNS: [&str; 22] = [
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    "access_key_1_active",
    "access_key_1_last_rotated",
    "access_key_1_last_used_date",
    "access_key_1_last_used_region",
    "access_key_1_last_used_service",
    "access_key_2_active",
    "access_key_2_last_rotated",
    "access_key_2_last_used_date",
    "access_key_2_last_used_region",
    "access_key_2_last_used_service",
    "cert_1_active",
    "cert_1_last_rotated",
    "cert_2_active",
    "cert_2_last_rotated",
];
/// How many keys, and how many certificates, have columns.
const COLUMNS_OF_EACH: usize = 2;
const NONE: &str = "N/A";
const NEVER: &str = "no_information";
const NOT_FOR_ROOT: &str = "not_supported";

/// One field of the report. Most are one of a few words.
type Field = Cow<'static, str>;

// ---- GenerateCredentialReport ----

const GENERATE: Action = Action::new("iam:GenerateCredentialReport", &[], &[]);

/// `iam:GenerateCredentialReport`. It is complete at once.
#[derive(Debug)]
pub struct GenerateCredentialReport;

impl Operation for GenerateCredentialReport {
    type Input = shapes::GenerateCredentialReportInput;
    type Output = shapes::GenerateCredentialReportOutput;
    type Found = ();
    const NAME: &'static str = "GenerateCredentialReport";
    const ACTIONS: &'static [Action] = &[GENERATE];

    fn needs(_: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&GENERATE)))
    }
}

impl Change for GenerateCredentialReport {
    nothing_to_prepare!();

    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(
        _: &Permit<Self>,
        _: &Self::Input,
        (): (),
        (): &(),
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<Self::Output, Fault> {
        let node = cx.account()?;
        if !node.account.settings.contains_key(SETTING) {
            let mut account = Account::clone(&node.account);
            account
                .settings
                .insert(SETTING.to_owned(), cx.now.to_string());
            batch.put(account);
        }
        Ok(shapes::GenerateCredentialReportOutput {
            state: Some("COMPLETE".to_owned()),
            description: None,
        })
    }
}

// ---- GetCredentialReport ----

const GET: Action = Action::new("iam:GetCredentialReport", &[], &[]);

/// `iam:GetCredentialReport`: the report as of now, once one has been asked for.
#[derive(Debug)]
pub struct GetCredentialReport;

impl Operation for GetCredentialReport {
    type Input = shapes::GetCredentialReportInput;
    type Output = shapes::GetCredentialReportOutput;
    type Found = ();
    const NAME: &'static str = "GetCredentialReport";
    const ACTIONS: &'static [Action] = &[GET];

    fn needs(_: &Self::Input, (): &(), _: &Cx<'_>) -> Result<Needs, Fault> {
        Ok(Needs::one(Need::anywhere(&GET)))
    }
}

impl Read for GetCredentialReport {
    fn find(_: &Self::Input, _: &Cx<'_>) {}

    fn run(_: &Permit<Self>, _: &Self::Input, (): (), cx: &Cx<'_>) -> Result<Self::Output, Fault> {
        let node = cx.account()?;
        if !node.account.settings.contains_key(SETTING) {
            return Err(Fault::new(
                "ReportNotPresent",
                410,
                "There is no credential report for this account. Generate one with GenerateCredentialReport.",
            ));
        }
        Ok(shapes::GetCredentialReportOutput {
            content: Some(report(node, cx).into()),
            report_format: Some("text/csv".to_owned()),
            generated_time: Some(at(cx.now)),
        })
    }
}

/// The whole text: the columns' names, root, then the users in the order of their names.
fn report(node: &AccountNode, cx: &Cx<'_>) -> String {
    let mut text = COLUMNS.join(",");
    let root = root_row(node, cx);
    let users = node.users.values().map(|user| user_row(user, node, cx));
    for row in std::iter::once(root).chain(users) {
        text.push('\n');
        for (number, field) in row.iter().enumerate() {
            if number > 0 {
                text.push(',');
            }
            // Names of users may have commas; nothing here can have a quotation mark or a line's end.
            if field.contains(',') {
                let _ = write!(text, "\"{field}\"");
            } else {
                text.push_str(field);
            }
        }
    }
    text
}

fn root_row(node: &AccountNode, cx: &Cx<'_>) -> Vec<Field> {
    let account = &node.account;
    let root = &account.root;
    let mut row = vec![
        "<root_account>".into(),
        account.id.root_arn().into(),
        instant(account.created),
        yes_or_no(root.password_hash.is_some()),
        password_last_used(root.password_hash.is_some(), account.id.as_str(), cx),
        NOT_FOR_ROOT.into(),
        NOT_FOR_ROOT.into(),
        yes_or_no(node.devices_of(&DeviceOwner::Root).next().is_some()),
    ];
    row.extend(keys(&root.access_keys, cx));
    row.extend(certificates(&root.signing_certificates));
    row
}

fn user_row(user: &User, node: &AccountNode, cx: &Cx<'_>) -> Vec<Field> {
    let login = user.login.as_ref();
    let next = |login: &LoginProfile| passwords::expires(login, &node.account);
    let device = DeviceOwner::User(user.id.clone());
    let mut row = vec![
        user.name.clone().into(),
        user.arn().into(),
        instant(user.created),
        yes_or_no(login.is_some()),
        password_last_used(login.is_some(), &user.id, cx),
        login.map_or_else(|| NONE.into(), |login| instant(login.changed)),
        login.and_then(next).map_or_else(|| NONE.into(), instant),
        yes_or_no(node.devices_of(&device).next().is_some()),
    ];
    row.extend(keys(&user.access_keys, cx));
    row.extend(certificates(&user.other_credentials.signing_certificates));
    row
}

fn password_last_used(has_password: bool, id: &str, cx: &Cx<'_>) -> Field {
    match cx.world.directory.last_used().get(id) {
        _ if !has_password => NONE.into(),
        Some(last) => instant(last.when),
        None => NEVER.into(),
    }
}

/// Five columns for each of the two keys.
fn keys(keys: &[AccessKey], cx: &Cx<'_>) -> Vec<Field> {
    let mut fields = Vec::new();
    for number in 0..COLUMNS_OF_EACH {
        let key = keys.get(number);
        let last = key.and_then(|key| cx.world.directory.last_used().get(&key.id));
        fields.push(yes_or_no(key.is_some_and(|key| key.active)));
        fields.push(key.map_or_else(|| NONE.into(), |key| instant(key.created)));
        match last {
            // As in GetAccessKeyLastUsed, S3 has no region.
            Some(last) => fields.extend([
                instant(last.when),
                match last.service.as_str() {
                    "s3" => NONE.into(),
                    _ => last.region.into(),
                },
                last.service.into(),
            ]),
            None => fields.extend([NONE, NONE, NONE].map(Field::from)),
        }
    }
    fields
}

/// Two columns for each of the two certificates.
fn certificates(certificates: &[SigningCertificate]) -> Vec<Field> {
    let mut fields = Vec::new();
    for number in 0..COLUMNS_OF_EACH {
        let certificate = certificates.get(number);
        fields.push(yes_or_no(certificate.is_some_and(|held| held.active)));
        fields.push(certificate.map_or_else(|| NONE.into(), |held| instant(held.uploaded)));
    }
    fields
}

fn yes_or_no(yes: bool) -> Field {
    if yes { "true".into() } else { "false".into() }
}

/// As the report writes an instant: `2026-01-31T12:00:00+00:00`.
fn instant(when: Millis) -> Field {
    at(when).iso().replace('Z', "+00:00").into()
}

#[cfg(test)]
mod tests {
    use twinlock_directory::Secret;

    use super::*;
    use crate::testing::{ALLOW_ALL, TestWorld, allow, assert_denied, refused, root};

    const A: &str = "081278057606";

    #[test]
    fn there_is_a_report_once_it_has_been_asked_for_and_it_is_never_behind() {
        let world = TestWorld::new(&[A]);
        let get = || world.read::<GetCredentialReport>(&root(A), Default::default());
        let fault = get().expect_err("nobody asked yet");
        assert_eq!((&*fault.code, fault.status), ("ReportNotPresent", 410));
        let made = world.change::<GenerateCredentialReport>(&root(A), Default::default());
        assert_eq!(made.expect("made").state.as_deref(), Some("COMPLETE"));

        world.user(A, "a,b", "");
        world.user(A, "Amy", ALLOW_ALL);
        let mut amy = world.stored_user(A, "Amy");
        amy.login = Some(LoginProfile {
            password_hash: "-".into(),
            created: 1000,
            changed: 2000,
            reset_required: false,
            sign_ins_since: 0,
            earlier_hashes: Vec::new(),
        });
        for (id, active) in [("AKIAONE", true), ("AKIATWO", false)] {
            amy.access_keys.push(AccessKey {
                id: id.into(),
                secret: Secret::new("-").into(),
                active,
                created: 3000,
            });
        }
        amy.other_credentials
            .signing_certificates
            .push(SigningCertificate {
                id: "C".into(),
                body: "-".into(),
                active: true,
                uploaded: 4000,
            });
        world.put(amy);
        let uses = world.world.directory.last_used();
        uses.touch("AKIAONE", 5000, "s3", "eu-west-1");
        uses.touch("AKIATWO", 6000, "sts", "eu-west-1");

        let report = get().expect("a report");
        assert_eq!(report.report_format.as_deref(), Some("text/csv"));
        let text = String::from_utf8(report.content.expect("content").to_vec()).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[0].starts_with("user,arn,user_creation_time,password_enabled,"));
        assert!(
            lines[0]
                .ends_with(",cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated")
        );
        assert!(lines[1].starts_with("<root_account>,arn:aws:iam::081278057606:root,"));
        assert!(lines[1].contains(",false,N/A,not_supported,not_supported,false,false,N/A,"));
        assert!(lines[2].starts_with("\"a,b\",\"arn:aws:iam::081278057606:user/a,b\","));
        let day = |second: u32| format!("1970-01-01T00:00:0{second}+00:00");
        let expected = [
            "true",
            "no_information",
            &day(2),
            "N/A",
            "false",
            "true",
            &day(3),
            &day(5),
            "N/A",
            "s3",
            "false",
            &day(3),
            &day(6),
            "eu-west-1",
            "sts",
            "true",
            &day(4),
            "false",
            "N/A",
        ];
        let amy: Vec<&str> = lines[3].split(',').skip(3).collect();
        assert_eq!(amy, expected);
    }

    #[test]
    fn asking_for_and_fetching_it_are_two_permissions() {
        let world = TestWorld::new(&[A]);
        let asks = world.user(A, "Asks", &allow("iam:GenerateCredentialReport", "*"));
        let gets = world.user(A, "Gets", &allow("iam:GetCredentialReport", "*"));
        assert_denied(
            world.change::<GenerateCredentialReport>(&gets, Default::default()),
            "*",
        );
        let fetched = world.read::<GetCredentialReport>(&gets, Default::default());
        assert_eq!(refused(fetched).0, "ReportNotPresent");
        world
            .change::<GenerateCredentialReport>(&asks, Default::default())
            .expect("asked for");
        assert_denied(
            world.read::<GetCredentialReport>(&asks, Default::default()),
            "*",
        );
        world
            .read::<GetCredentialReport>(&gets, Default::default())
            .expect("fetched");
    }
}
