//! One click of a signed-in person: who acts, for whom, and the only ways to the operations.

use std::sync::Arc;

use http::Response;
use twinlock_directory::AccountId;
use twinlock_gate::{Body, Caller, Change, Effect, Fault, Read, RequestFacts, Shape, World};
use twinlock_identity::organizations::accounts::DescribeAccount;
use twinlock_shapes::organizations::DescribeAccountInput;

use crate::{
    flash::{Flash, Flashes},
    history::History,
    http::{Pairs, Request, redirect},
    iam::Verdicts,
    sessions::{InRole, Sessions, SignIn, over},
};

/// What a page answers, or why it cannot.
pub(crate) type Page = Result<Response<Body>, Fault>;

/// One click of a signed-in person.
#[derive(Debug)]
pub(crate) struct Visit {
    /// Everything behind the console.
    pub world: Arc<World>,
    /// The rows of sign-ins.
    pub sessions: Sessions,
    /// What the next page is to say.
    pub flashes: Arc<Flashes>,
    /// What the dashboard found in policies.
    pub verdicts: Arc<Verdicts>,
    /// The identity's slot.
    pub slot: String,
    /// The sign-in.
    pub sign_in: SignIn,
    /// Whoever acts: the role switched to, or the person.
    pub caller: Caller,
    /// The request.
    pub request: Request,
    /// The form, for a POST: its token has been checked.
    pub form: Pairs,
    /// Other identities signed in with this browser.
    pub others: Vec<(String, SignIn)>,
}

impl Visit {
    /// `/console/SLOT` + `path`.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("/console/{}{path}", self.slot)
    }

    /// The account acted in.
    pub(crate) fn account(&self) -> AccountId {
        self.sign_in
            .role
            .as_ref()
            .map_or(self.sign_in.account, |role| role.account)
    }

    /// The name of an account, as far as whoever acts may know it: of the account acted in and of the person's own; of another of
    /// its organization if `organizations:DescribeAccount` is allowed. What a stranger is called is nobody's business, whatever
    /// number one types.
    pub(crate) fn account_name(&self, account: AccountId) -> Option<String> {
        let snapshot = self.world.directory.published();
        if account == self.account() || account == self.sign_in.account {
            return Some(snapshot.account(&account)?.account.name.clone());
        }
        let organization = |id| Some(snapshot.organization_of(id)?.organization.id.clone());
        if organization(&account)? != organization(&self.account())? {
            return None;
        }
        let input = DescribeAccountInput {
            account_id: account.to_string(),
        };
        self.read::<DescribeAccount>(input).ok()?.account?.name
    }

    /// The role switched to.
    pub(crate) fn role(&self) -> Option<&InRole> {
        self.sign_in.role.as_ref()
    }

    /// What a query parameter of the address says, trimmed.
    pub(crate) fn query(&self, name: &str) -> &str {
        self.request.query.trimmed(name)
    }

    /// What a field of the form says, trimmed.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.form.trimmed(name)
    }

    /// The request's body, for an upload.
    pub(crate) fn take_body(&self) -> Body {
        self.request.take_body()
    }

    /// What policies and the audit may know of this request.
    pub(crate) fn facts(&self) -> RequestFacts {
        self.request.facts(&self.world.settings.region)
    }

    /// The person's own caller, without the role: it authorises every switch.
    ///
    /// # Errors
    /// The sign-in is over.
    pub(crate) fn own_caller(&self) -> Result<Caller, Fault> {
        self.sessions
            .own_caller(&self.sign_in, self.facts())
            .map_err(|_| over())
    }

    /// Reads as whoever acts.
    ///
    /// # Errors
    /// The denial, or the operation's fault.
    pub(crate) fn read<O: Read>(&self, input: O::Input) -> Result<O::Output, Fault>
    where
        O::Input: Shape,
    {
        self.world.console_read::<O>(&self.caller, input)
    }

    /// Changes as whoever acts.
    ///
    /// # Errors
    /// The denial, or the operation's fault.
    pub(crate) async fn change<O: Change>(&self, input: O::Input) -> Result<O::Output, Fault>
    where
        O::Input: Shape,
    {
        self.world.console_change::<O>(&self.caller, input).await
    }

    /// Moves data as whoever acts.
    ///
    /// # Errors
    /// The denial, or the operation's fault.
    pub(crate) async fn effect<O: Effect>(&self, input: O::Input) -> Result<O::Output, Fault>
    where
        O::Input: Shape,
    {
        self.world.console_effect::<O>(&self.caller, input).await
    }

    /// The switch-role history of this identity.
    pub(crate) fn history(&self) -> History {
        let sign_in = &self.sign_in;
        let user = sign_in.federated.as_deref().or(sign_in.user_id.as_deref());
        History::of(&self.world, self.sign_in.account, user)
    }

    /// Goes to `path` of this identity, whose page then says `text`.
    pub(crate) fn done(&self, path: &str, text: impl Into<String>) -> Response<Body> {
        self.flashes.put(&self.slot, Flash::done(text));
        redirect(&self.at(path))
    }

    /// Goes to `path` of this identity, whose page then shows why something failed.
    pub(crate) fn failed(&self, path: &str, fault: &Fault) -> Response<Body> {
        self.flashes.put(&self.slot, Flash::failed(fault));
        redirect(&self.at(path))
    }
}

/// Follows the markers of a listing to its end, at most `most` items.
///
/// # Errors
/// The first page's fault.
pub(crate) fn all_pages<O, T>(
    visit: &Visit,
    most: usize,
    mut input: impl FnMut(Option<String>) -> O::Input,
    mut page: impl FnMut(O::Output) -> (Vec<T>, Option<String>),
) -> Result<Vec<T>, Fault>
where
    O: Read,
    O::Input: Shape,
{
    let mut all = Vec::new();
    let mut marker = None;
    loop {
        let (items, next) = page(visit.read::<O>(input(marker))?);
        all.extend(items);
        match next {
            Some(next) if all.len() < most => marker = Some(next),
            _ => return Ok(all),
        }
    }
}
