//! A half as somebody else can make it: commands for the aws CLI, quoted for the shell, and the link that switches.

use super::plan::{Kind, Plan, What};
use crate::http::encode;

/// The commands that make the role, its trust and its permissions.
pub(super) fn of_the_role(plan: &Plan) -> String {
    let role = sh(&plan.place.role);
    let mut lines = vec![format!(
        "aws iam create-role --role-name {role} --max-session-duration {} \\\n  --assume-role-policy-document {}",
        plan.place.hours * 3600,
        sh(&plan.trust())
    )];
    if let Some(permissions) = plan.permissions() {
        lines.push(format!(
            "aws iam put-role-policy --role-name {role} --policy-name {} \\\n  --policy-document {}",
            sh(&plan.permissions_name()),
            sh(&permissions)
        ));
    }
    if let What::Managed(arns) = &plan.what {
        for arn in arns {
            lines.push(format!(
                "aws iam attach-role-policy --role-name {role} --policy-arn {}",
                sh(arn)
            ));
        }
    }
    lines.join("\n")
}

/// The command that lets the others assume it; none where nothing is needed.
pub(super) fn of_those_who_come(plan: &Plan) -> Option<String> {
    let (name, document) = (sh(&plan.assume_name()), sh(&plan.assume()?));
    let who = sh(plan.who.short());
    let to = match plan.who.kind {
        Kind::User => format!("put-user-policy --user-name {who}"),
        Kind::Group => format!("put-group-policy --group-name {who}"),
        Kind::Role => format!("put-role-policy --role-name {who}"),
        Kind::Account => "create-policy".to_owned(),
    };
    Some(format!(
        "aws iam {to} --policy-name {name} \\\n  --policy-document {document}"
    ))
}

/// The command of those who come in. It names all that the CLI might lack: where the server is, and a region.
pub(super) fn of_coming_in(public_url: &str, region: &str, plan: &Plan) -> String {
    let mut command = format!(
        "aws sts assume-role --endpoint-url {} --region {} --role-arn {} --role-session-name my-session",
        sh(public_url.trim_end_matches('/')),
        sh(region),
        sh(&plan.role_arn()),
    );
    if let Some(id) = &plan.place.external_id {
        command.push_str(&format!(" --external-id {}", sh(id)));
    }
    if plan.place.mfa {
        command.push_str(" --serial-number MFA-DEVICE-ARN --token-code CODE");
    }
    command
}

/// The link that opens the filled form of Switch Role.
pub(super) fn switch_link(public_url: &str, plan: &Plan, account_name: &str) -> String {
    format!(
        "{}/switchrole?account={}&roleName={}&displayName={}",
        public_url.trim_end_matches('/'),
        plan.place.account,
        encode(&plan.place.role),
        encode(&format!("{} @ {account_name}", plan.place.role))
    )
}

/// A word for `sh`: as it is if nothing in it means anything, else between single quotes.
fn sh(word: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"@%+=:,./_-".contains(&b);
    if !word.is_empty() && word.bytes().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_gives_back_what_was_quoted() {
        for word in [
            "plain-1.2/x",
            "",
            "it's",
            "'; rm -rf / #",
            "$(id) `id` \\ \" !",
            "two\nlines",
            "ünï “quotes”",
            "~root",
            "*",
        ] {
            let said = std::process::Command::new("sh")
                .args(["-c", &format!("printf %s {}", sh(word))])
                .output()
                .expect("a shell");
            assert_eq!(String::from_utf8_lossy(&said.stdout), word);
        }
    }
}
