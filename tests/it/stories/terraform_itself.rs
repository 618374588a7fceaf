//! Terraform itself, with HashiCorp's AWS provider, over two accounts: apply, a second plan without a difference, update, destroy;
//! every resource and every data source that it has of IAM and Organizations.
//!
//! It runs where `terraform` is installed and the provider lies in a local mirror, since the tests reach no network; elsewhere
//! it says that it did not. What the provider calls is also replayed without it, in the other files named `terraform…`.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::server::{project, tool};
use crate::terminal::Terminal;
use crate::world::World;

/// The files of `tests/it/terraform`.
const FILES: &[&str] = &[
    "main.tf",
    "mfa.tf",
    "password_policy.tf",
    "identity_providers.tf",
    "credentials.tf",
    "exclusive.tf",
    "sts_preferences.tf",
    "data_sources.tf",
    "organizations.tf",
    "organizations_delegation.tf",
];

/// The folder that Terraform can take as a mirror, if there is one: among those where it looks by itself, the one that is named
/// by TWINLOCK_TERRAFORM_MIRROR, and whatever stands right below `/opt`.
fn mirror() -> Option<PathBuf> {
    let named = std::env::var_os("TWINLOCK_TERRAFORM_MIRROR").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let of_home = home.iter().flat_map(|home| {
        [".terraform.d/plugins", ".local/share/terraform/plugins"].map(|folder| home.join(folder))
    });
    let usual = [
        "/usr/local/share/terraform/plugins",
        "/usr/share/terraform/plugins",
    ];
    let added = std::fs::read_dir("/opt").into_iter().flatten().flatten();
    named
        .into_iter()
        .chain(of_home)
        .chain(usual.map(PathBuf::from))
        .chain(added.map(|entry| entry.path()))
        .find(|folder| folder.join("registry.terraform.io/hashicorp/aws").is_dir())
}

/// A working directory with the configuration, variables and certificates; none where Terraform cannot run.
fn workplace(world: &World) -> Option<Terminal> {
    let mut terminal = world.terminal();
    let Some(mirror) = mirror() else {
        eprintln!("NOT RUN: no local mirror of terraform-provider-aws (TWINLOCK_TERRAFORM_MIRROR)");
        return None;
    };
    if terminal
        .types("command -v terraform openssl ssh-keygen")
        .status
        != Some(0)
    {
        eprintln!("NOT RUN: terraform, openssl or ssh-keygen is not installed");
        return None;
    }
    for file in FILES {
        let path = project().join("tests/it/terraform").join(file);
        let text = std::fs::read_to_string(path).expect("the configuration is there");
        terminal.file(file, &text);
    }
    terminal.file("mirror.tfrc", &installation(&mirror));
    let keys = |account: &str| {
        let root = world.account(account).root().credentials;
        json!({ "key": root.key_id, "secret": root.secret })
    };
    let variables = json!({ "production": keys("Production"), "development": keys("Development") });
    terminal.file("accounts.auto.tfvars.json", &variables.to_string());
    terminal.export("TF_CLI_CONFIG_FILE", "mirror.tfrc");
    // No look-up of newer versions.
    terminal.export("CHECKPOINT_DISABLE", "1");
    terminal
        .types(
            "openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=www.example.com \
                 -keyout key.pem -out certificate.pem
             openssl rsa -in key.pem -traditional -out key.pem
             ssh-keygen -q -t rsa -b 2048 -N '' -C john -f ssh",
        )
        .ok();
    Some(terminal)
}

fn installation(mirror: &Path) -> String {
    format!(
        "provider_installation {{\n  filesystem_mirror {{ path = {} }}\n}}\n",
        json!(mirror.display().to_string())
    )
}

/// Every resource and data source of IAM and Organizations that the provider has stands in the configuration.
fn nothing_of_the_provider_is_left_out(terminal: &Terminal) {
    let listed = "import json, sys
schemas = next(iter(json.load(sys.stdin)['provider_schemas'].values()))
kinds = {'resource': 'resource_schemas', 'data': 'data_source_schemas'}
print(json.dumps([[kind, name] for kind, key in kinds.items() for name in schemas[key]]))";
    terminal.file("listed.py", listed);
    let python = tool("python");
    let all = terminal
        .types(&format!(
            "terraform providers schema -json | '{}' listed.py",
            python.display()
        ))
        .json();
    let written: String = FILES.iter().map(|file| terminal.read(file)).collect();
    let ours = |name: &str| name.starts_with("aws_iam_") || name.starts_with("aws_organizations_");
    let mut known = 0;
    for entry in all.as_array().expect("a list") {
        let (kind, name) = (entry[0].as_str(), entry[1].as_str());
        let (kind, name) = (kind.expect("a kind"), name.expect("a name"));
        if ours(name) {
            known += 1;
            let block = format!("\n{kind} \"{name}\" ");
            assert!(written.contains(&block), "the files have no {kind} {name}");
        }
    }
    assert!(known > 60, "the provider has only {known}");
}

#[test]
fn terraform_applies_plans_without_difference_updates_and_destroys() {
    let world = World::start("text3");
    let Some(terminal) = workplace(&world) else {
        return;
    };
    terminal.types("terraform init -no-color").ok();
    nothing_of_the_provider_is_left_out(&terminal);
    for revision in [1, 2] {
        terminal
            .types(&format!(
                "terraform apply -no-color -auto-approve -var revision={revision}"
            ))
            .ok();
        let told = terminal.types("terraform output -json").json();
        assert_eq!(told["john_may"]["value"], true);
        for output in ["read_back", "organization_read_back"] {
            let read = told[output]["value"].as_object().expect("an object");
            assert!(read.len() > 10, "{output}: {read:?}");
            let wrong: Vec<_> = read.iter().filter(|(_, same)| **same != true).collect();
            assert!(wrong.is_empty(), "{output}: {wrong:?}");
        }
        // 2 would mean a difference.
        terminal
            .types(&format!(
                "terraform plan -no-color -detailed-exitcode -var revision={revision}"
            ))
            .ok();
    }
    terminal
        .types("terraform destroy -no-color -auto-approve -var revision=2")
        .ok();
    for account in ["Production", "Development"] {
        let account = world.account(account);
        for (operation, list) in [
            ("list_users", "Users"),
            ("list_groups", "Groups"),
            ("list_instance_profiles", "InstanceProfiles"),
        ] {
            assert_eq!(account.iam(operation, json!({}))[list], json!([]));
        }
        let policies = account.iam("list_policies", json!({ "Scope": "Local" }));
        assert_eq!(policies["Policies"], json!([]));
    }
}
