//! Block Public Access of the whole account, and its four switches, which buckets have too.

use maud::{Markup, html};
use twinlock_s3::public_access_block::account::{GetPublicAccessBlock, PutPublicAccessBlock};
use twinlock_shapes::s3control as s;

use super::problem;
use crate::{
    layout::{Service, show},
    parts::{csrf, head},
    visit::{Page, Visit},
};

/// The fields of the switches, and AWS's words for them, in the order of its model.
const SWITCHES: [(&str, &str); 4] = [
    (
        "acls",
        "Block public access granted through new access control lists (ACLs)",
    ),
    (
        "ignore",
        "Block public access granted through any access control lists (ACLs)",
    ),
    (
        "policy",
        "Block public access granted through new public bucket policies",
    ),
    (
        "restrict",
        "Block public and cross-account access through any public bucket policies",
    ),
];

/// The four boxes.
pub(super) fn switches(on: [Option<bool>; 4]) -> Markup {
    html! {
        @for ((name, about), on) in SWITCHES.iter().zip(on) {
            label.check { input type="checkbox" name=(name) value="1" checked[on == Some(true)]; (about) }
        }
    }
}

/// What the form with the four boxes says.
pub(super) fn switched(visit: &Visit) -> [Option<bool>; 4] {
    SWITCHES.map(|(name, _)| Some(visit.form.ticked(name)))
}

/// `/s3/-/block`.
pub(super) async fn page(visit: &Visit) -> Page {
    let account_id = visit.account().to_string();
    if visit.request.is_post() {
        let [acls, ignore, policy, restrict] = switched(visit);
        let public_access_block_configuration = s::PublicAccessBlockConfiguration {
            block_public_acls: acls,
            ignore_public_acls: ignore,
            block_public_policy: policy,
            restrict_public_buckets: restrict,
        };
        visit
            .change::<PutPublicAccessBlock>(s::PutPublicAccessBlockInput {
                account_id,
                public_access_block_configuration,
            })
            .await?;
        return Ok(visit.done(
            "/s3/-/block",
            "Block Public Access is saved for the account.",
        ));
    }
    let held = visit.read::<GetPublicAccessBlock>(s::GetPublicAccessBlockInput { account_id });
    let held = match held {
        Err(fault) if fault.code == "NoSuchPublicAccessBlockConfiguration" => {
            Ok(s::PublicAccessBlockConfiguration::default())
        }
        other => other.map(|out| out.public_access_block_configuration.unwrap_or_default()),
    };
    let main = html! {
        div.narrow {
            (head("Block Public Access settings for this account", "They hold for every bucket of the account, beside the bucket's own settings: what either blocks is blocked.", html! {}))
            @match &held {
                Err(fault) => (problem(visit, fault)),
                Ok(held) => form.panel method="post" {
                    (csrf(visit))
                    (switches([held.block_public_acls, held.ignore_public_acls, held.block_public_policy, held.restrict_public_buckets]))
                    button.primary type="submit" { "Save changes" }
                },
            }
        }
    };
    Ok(show(visit, Service::S3, "Block Public Access", main))
}
