use twinlock_gate::Caller;
use twinlock_shapes::organizations as org;

use super::*;
use crate::{
    iam::users::ListUsers,
    organizations::{accounts, attachments, policies, units},
    sts::GetCallerIdentity,
    testing::{ALLOW_ALL, TestWorld, refused, root},
};

const MANAGEMENT: &str = "111111111111";
const DEV: &str = "222222222222";
const PROD: &str = "333333333333";
const SCP: &str = "SERVICE_CONTROL_POLICY";

/// Dev stands in the root, Prod in the unit `apps`.
struct Stage {
    world: TestWorld,
    root_path: String,
    unit: String,
}

fn stage() -> Stage {
    let world = TestWorld::new(&[MANAGEMENT, DEV, PROD]);
    world.organization(MANAGEMENT, &[DEV, PROD]);
    let snapshot = world.world.directory.published();
    let place = snapshot.organization_of(&MANAGEMENT.parse().expect("an id"));
    let organization = place.expect("an organization").organization.clone();
    let input = org::CreateOrganizationalUnitInput {
        parent_id: organization.root_id.clone(),
        name: "apps".to_owned(),
        tags: None,
    };
    let made = world.change::<units::CreateOrganizationalUnit>(&root(MANAGEMENT), input);
    let unit = made.expect("made").organizational_unit.expect("a unit");
    let unit = unit.id.expect("an id");
    let input = org::MoveAccountInput {
        account_id: PROD.to_owned(),
        source_parent_id: organization.root_id.clone(),
        destination_parent_id: unit.clone(),
    };
    world
        .change::<accounts::MoveAccount>(&root(MANAGEMENT), input)
        .expect("moved");
    Stage {
        world,
        root_path: format!("{}/{}", organization.id, organization.root_id),
        unit,
    }
}

impl Stage {
    fn policy(&self, name: &str, content: &str) -> String {
        let input = org::CreatePolicyInput {
            content: content.to_owned(),
            description: String::new(),
            name: name.to_owned(),
            r#type: SCP.to_owned(),
            tags: None,
        };
        let made = self
            .world
            .change::<policies::CreatePolicy>(&root(MANAGEMENT), input);
        let summary = made.expect("made").policy.expect("a policy").policy_summary;
        summary.expect("a summary").id.expect("an id")
    }

    fn attach(&self, policy_id: &str, target_id: &str) {
        let input = org::AttachPolicyInput {
            policy_id: policy_id.to_owned(),
            target_id: target_id.to_owned(),
        };
        self.world
            .change::<attachments::AttachPolicy>(&root(MANAGEMENT), input)
            .expect("attached");
    }

    fn detach(&self, policy_id: &str, target_id: &str) {
        let input = org::DetachPolicyInput {
            policy_id: policy_id.to_owned(),
            target_id: target_id.to_owned(),
        };
        self.world
            .change::<attachments::DetachPolicy>(&root(MANAGEMENT), input)
            .expect("detached");
    }

    fn ask(&self, by: &Caller, path: &str, policy: Option<&str>) -> Result<String, Fault> {
        let input = shapes::GenerateOrganizationsAccessReportInput {
            entity_path: path.to_owned(),
            organizations_policy_id: policy.map(str::to_owned),
        };
        let made = self
            .world
            .change::<GenerateOrganizationsAccessReport>(by, input)?;
        Ok(made.job_id.expect("an id"))
    }

    fn fetch(
        &self,
        job: &str,
        sort_key: Option<&str>,
    ) -> shapes::GetOrganizationsAccessReportOutput {
        let input = shapes::GetOrganizationsAccessReportInput {
            job_id: job.to_owned(),
            max_items: Some(1000),
            sort_key: sort_key.map(str::to_owned),
            ..Default::default()
        };
        self.world
            .read::<GetOrganizationsAccessReport>(&root(MANAGEMENT), input)
            .expect("told")
    }

    fn report(
        &self,
        path: &str,
        policy: Option<&str>,
    ) -> shapes::GetOrganizationsAccessReportOutput {
        let job = self.ask(&root(MANAGEMENT), path, policy).expect("asked");
        let report = self.fetch(&job, None);
        assert_eq!(report.job_status, "COMPLETED");
        report
    }

    fn unit_path(&self) -> String {
        format!("{}/{}", self.root_path, self.unit)
    }

    fn lists_users(&self, account: &str) {
        let name = format!("Amy{account}");
        let amy = self.world.user(account, &name, ALLOW_ALL);
        let _ = self.world.read::<ListUsers>(&amy, Default::default());
    }
}

fn service(
    report: &shapes::GetOrganizationsAccessReportOutput,
    namespace: &str,
) -> Option<(Option<String>, i32)> {
    let mut services = report.access_details.iter();
    let found = services.find(|one| one.service_namespace == namespace)?;
    assert_eq!(
        found.last_authenticated_time.is_some(),
        found.region.is_some()
    );
    assert_eq!(
        found.last_authenticated_time.is_some(),
        found.entity_path.is_some()
    );
    let count = found.total_authenticated_entities.expect("a number");
    Some((found.entity_path.clone(), count))
}

#[test]
fn each_entity_has_the_services_its_policies_leave_and_the_attempts_of_its_accounts() {
    let stage = stage();
    let (root_path, unit_path) = (stage.root_path.clone(), stage.unit_path());
    let dev_path = format!("{root_path}/{DEV}");
    let prod_path = format!("{unit_path}/{PROD}");
    for account in [MANAGEMENT, DEV, PROD] {
        stage.lists_users(account);
    }
    let everything = stage.report(&root_path, None);
    let all = everything.number_of_services_accessible.expect("a number");
    assert!(all > 100, "only {all} services");
    assert_eq!(everything.number_of_services_not_accessed, Some(all - 1));
    let (last, accounts) = service(&everything, "iam").expect("iam");
    assert!(last == Some(dev_path.clone()) || last == Some(prod_path.clone()));
    assert_eq!(accounts, 2, "the management account does not count");
    assert_eq!(service(&everything, "s3"), Some((None, 0)));

    let only = |path: &str| service(&stage.report(path, None), "iam");
    let by = |path: &String| Some((Some(path.clone()), 1));
    assert_eq!(only(&unit_path), by(&prod_path));
    assert_eq!(only(&dev_path), by(&dev_path));
    let own = format!("{root_path}/{MANAGEMENT}");
    assert_eq!(only(&own), by(&own));

    // What a level denies or does not allow, nobody below has; the management account has everything.
    let no_s3 =
        r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}"#;
    let no_s3 = stage.policy("no-s3", no_s3);
    stage.attach(&no_s3, &stage.unit);
    let few = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["iam:*","s3:*"],"Resource":"*"}}"#;
    let few = stage.policy("few", few);
    stage.attach(&few, PROD);
    stage.detach("p-FullAWSAccess", PROD);
    let prod = stage.report(&prod_path, None);
    let names: Vec<&str> = prod
        .access_details
        .iter()
        .map(|one| one.service_namespace.as_str())
        .collect();
    assert_eq!(names, ["iam"]);
    assert_eq!(prod.number_of_services_accessible, Some(1));
    assert_eq!(prod.number_of_services_not_accessed, Some(0));
    assert_eq!(service(&stage.report(&unit_path, None), "s3"), None);
    assert!(service(&stage.report(&root_path, None), "s3").is_some());

    // Of one policy: what it allows, and the accounts that have it from here.
    let of = |path: &str| service(&stage.report(path, Some(&few)), "iam");
    assert_eq!(of(&root_path), by(&prod_path));
    assert_eq!(of(&prod_path), by(&prod_path));
    assert_eq!(of(&dev_path), Some((None, 0)));
    let full = stage.report(&unit_path, Some("p-FullAWSAccess"));
    assert_eq!(service(&full, "iam"), by(&prod_path));
    let managed = stage.report(&own, Some(&few));
    assert_eq!(managed.number_of_services_accessible, Some(all));
}

#[test]
fn a_report_is_sorted_and_comes_in_pages() {
    let stage = stage();
    stage.lists_users(DEV);
    stage.world.world.clock.advance(1000);
    let cat = stage.world.user(PROD, "Cat", ALLOW_ALL);
    let _ = stage
        .world
        .read::<GetCallerIdentity>(&cat, Default::default());
    let path = stage.root_path.clone();
    let job = stage.ask(&root(MANAGEMENT), &path, None).expect("asked");
    let names = |sort_key: &str| -> Vec<String> {
        let report = stage.fetch(&job, Some(sort_key));
        let services = report.access_details.into_iter();
        services.map(|one| one.service_namespace).collect()
    };
    let up = names("SERVICE_NAMESPACE_ASCENDING");
    assert!(up.is_sorted());
    let mut down = names("SERVICE_NAMESPACE_DESCENDING");
    down.reverse();
    assert_eq!(up, down);
    assert_eq!(
        names("LAST_AUTHENTICATED_TIME_DESCENDING")[..2],
        ["sts", "iam"]
    );
    let late = names("LAST_AUTHENTICATED_TIME_ASCENDING");
    assert_eq!(late[late.len() - 2..], ["iam", "sts"]);

    for sort_key in [
        "SERVICE_NAMESPACE_ASCENDING",
        "SERVICE_NAMESPACE_DESCENDING",
        "LAST_AUTHENTICATED_TIME_ASCENDING",
        "LAST_AUTHENTICATED_TIME_DESCENDING",
    ] {
        let (mut found, mut marker) = (Vec::new(), None);
        loop {
            let input = shapes::GetOrganizationsAccessReportInput {
                job_id: job.clone(),
                max_items: Some(7),
                marker: marker.take(),
                sort_key: Some(sort_key.to_owned()),
            };
            let page = stage
                .world
                .read::<GetOrganizationsAccessReport>(&root(MANAGEMENT), input)
                .expect("a page");
            let services = page.access_details.into_iter();
            found.extend(services.map(|one| one.service_namespace));
            marker = page.marker;
            assert_eq!(page.is_truncated, Some(marker.is_some()));
            if marker.is_none() {
                break;
            }
        }
        assert_eq!(found, names(sort_key), "{sort_key}");
    }
}

#[test]
fn it_is_for_the_management_account_and_for_those_who_may_see_its_organization() {
    let stage = stage();
    let path = stage.unit_path();
    let (code, sentence) = refused(stage.ask(&root(DEV), &path, None));
    assert_eq!(code, "AccessDenied", "{sentence}");

    let actions = [
        "iam:GenerateOrganizationsAccessReport",
        "organizations:DescribePolicy",
        "organizations:ListChildren",
        "organizations:ListParents",
        "organizations:ListPoliciesForTarget",
        "organizations:ListRoots",
        "organizations:ListTargetsForPolicy",
    ];
    let policy = |actions: &[&str]| {
        let actions = actions.join(r#"",""#);
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":["{actions}"],"Resource":"*"}}}}"#
        )
    };
    let amy = stage.world.user(MANAGEMENT, "Amy", &policy(&actions));
    stage.ask(&amy, &path, None).expect("asked");
    for missing in actions {
        let rest: Vec<&str> = actions.into_iter().filter(|a| *a != missing).collect();
        let name = missing.replace(':', "-");
        let bob = stage.world.user(MANAGEMENT, &name, &policy(&rest));
        let (code, sentence) = refused(stage.ask(&bob, &path, None));
        assert_eq!(code, "AccessDenied", "{sentence}");
        assert!(
            sentence.contains(&format!("perform: {missing} on")),
            "{sentence}"
        );
    }
    let one = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"organizations:*","Resource":"*"},
        {"Effect":"Allow","Action":"iam:GenerateOrganizationsAccessReport","Resource":"*",
         "Condition":{"StringEquals":{"iam:OrganizationsPolicyId":"p-FullAWSAccess"}}}]}"#;
    let cat = stage.world.user(MANAGEMENT, "Cat", one);
    stage
        .ask(&cat, &path, Some("p-FullAWSAccess"))
        .expect("asked");
    assert_eq!(refused(stage.ask(&cat, &path, None)).0, "AccessDenied");

    // Nobody fetches another's report.
    let job = stage.ask(&amy, &path, None).expect("asked");
    let input = shapes::GetOrganizationsAccessReportInput {
        job_id: job,
        ..Default::default()
    };
    let fetched = stage
        .world
        .read::<GetOrganizationsAccessReport>(&root(MANAGEMENT), input);
    assert_eq!(refused(fetched).0, "NoSuchEntity");
}

#[test]
fn what_is_not_there_is_refused_and_what_goes_away_fails_the_job() {
    let stage = stage();
    let (by, path) = (root(MANAGEMENT), stage.unit_path());
    let code = |path: &str, policy: Option<&str>| refused(stage.ask(&by, path, policy)).0;
    let elsewhere = format!("{}/{PROD}", stage.root_path);
    for wrong in [
        "o-abcdefghij/r-abcd",
        &elsewhere,
        &format!("{path}/"),
        &format!("{path}/444444444444"),
    ] {
        assert_eq!(code(wrong, None), "NoSuchEntity", "{wrong}");
    }
    assert_eq!(code(&path, Some("p-aaaaaaaa")), "NoSuchEntity");
    assert_eq!(code(&path, Some("p-RCPFullAWSAccess")), "NoSuchEntity");
    let alone = TestWorld::new(&[MANAGEMENT]);
    let input = shapes::GenerateOrganizationsAccessReportInput {
        entity_path: path.clone(),
        organizations_policy_id: None,
    };
    let asked = alone.change::<GenerateOrganizationsAccessReport>(&by, input);
    assert_eq!(refused(asked).0, "NoSuchEntity");

    let job = stage.ask(&by, &path, None).expect("asked");
    let input = org::DisablePolicyTypeInput {
        root_id: last_id(&stage.root_path).to_owned(),
        policy_type: SCP.to_owned(),
    };
    stage
        .world
        .change::<policies::DisablePolicyType>(&by, input)
        .expect("disabled");
    assert_eq!(code(&path, None), "InvalidInput");
    let report = stage.fetch(&job, None);
    assert_eq!(report.job_status, "FAILED");
    assert_eq!(report.error_details.expect("why").code, "InvalidInput");
    assert!(report.access_details.is_empty());
}
