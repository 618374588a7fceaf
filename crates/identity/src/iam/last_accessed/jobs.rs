//! The reports that were asked for. A report is made of what is known when it is fetched, so only the question is kept.

use serde::{Deserialize, Serialize};
use twinlock_directory::{Account, Batch, Millis};
use twinlock_gate::{Cx, Fault, Who};

use crate::iam::common::{no_such, uuid};

/// Under which name the account's settings hold the jobs, as JSON.
const SETTING: &str = "access-report-jobs";
/// How many jobs an account remembers; beyond that the oldest goes.
const KEPT_MAX: usize = 500;

/// One question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Job {
    /// The id that the answer to the question named.
    pub(crate) id: String,
    /// An entity's or policy's ARN, or the path of an organization's entity.
    pub(crate) about: String,
    /// The control policy, where the question named one.
    #[serde(default)]
    pub(crate) policy: Option<String>,
    /// Whether single actions are to be listed.
    #[serde(default)]
    pub(crate) actions: bool,
    /// The unique id of who asked; nobody else is answered.
    by: String,
    /// When it was asked.
    pub(crate) asked: Millis,
}

impl Job {
    /// Keeps a question; returns its id.
    ///
    /// # Errors
    /// AccessDenied for callers without an account.
    pub(crate) fn keep(
        about: &str,
        policy: Option<&str>,
        actions: bool,
        cx: &Cx<'_>,
        batch: &mut Batch,
    ) -> Result<String, Fault> {
        let mut account = Account::clone(&cx.account()?.account);
        let mut jobs = kept(&account);
        let job = Job {
            id: uuid(cx),
            about: about.to_owned(),
            policy: policy.map(str::to_owned),
            actions,
            by: asker(cx)?,
            asked: cx.now,
        };
        let id = job.id.clone();
        jobs.push(job);
        let surplus = jobs.len().saturating_sub(KEPT_MAX);
        let text = serde_json::to_string(&jobs[surplus..])
            .map_err(|_| Fault::new("ServiceFailure", 500, "The job could not be kept."))?;
        account.settings.insert(SETTING.to_owned(), text);
        batch.put(account);
        Ok(id)
    }

    /// The caller's own question of this id, about what begins so.
    ///
    /// # Errors
    /// `NoSuchEntity`, also for the jobs of others.
    pub(crate) fn find(id: &str, about: &str, cx: &Cx<'_>) -> Result<Job, Fault> {
        let by = asker(cx)?;
        let mut jobs = kept(&cx.account()?.account).into_iter();
        jobs.find(|job| job.id == id && job.by == by && job.about.starts_with(about))
            .ok_or_else(|| no_such(format!("The job with ID {id} cannot be found.")))
    }
}

fn kept(account: &Account) -> Vec<Job> {
    account
        .settings
        .get(SETTING)
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

/// A user and a role are the same in all their sessions.
fn asker(cx: &Cx<'_>) -> Result<String, Fault> {
    Ok(match &cx.caller.who {
        Who::User { id, .. } => id.clone(),
        Who::RoleSession { role_id, .. } => role_id.clone(),
        Who::Root(account) => account.to_string(),
        Who::Anonymous | Who::FederatedUser { .. } => {
            format!("{}/{}", cx.account_id()?, cx.user_id())
        }
    })
}
