//! The two operations of AWS Sign-In behind `aws login`: a signed-in person authorises a program, and the program gets short-lived
//! credentials of that person, again and again while the sign-in lasts.
//!
//! Both are called by the console, which holds the person's session and speaks OAuth 2 with the program. They are allowed by the
//! actions that AWS's managed policy SignInLocalDevelopmentAccess allows; the root user needs none.

use twinlock_directory::{AccountId, Millis};
use twinlock_gate::{
    Action, Cx, Fault, Need, Needs, Operation, Permit, Read,
    token::{Credentials, IssueError, Session},
};

/// How long the credentials of a program live, as at AWS.
const CREDENTIALS_MS: Millis = 15 * 60 * 1000;
const RESOURCES: &[&str] = &[
    "oauth2-public-client-localhost",
    "oauth2-public-client-remote",
];

/// The programs that a person can authorise: AWS's own, on the browser's machine or on another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum PublicClient {
    /// `aws login`: it listens on the loopback address of the browser's machine.
    SameDevice,
    /// `aws login --remote`: the person carries the code there.
    CrossDevice,
}

impl PublicClient {
    /// The program of this client id.
    pub fn of_id(id: &str) -> Option<Self> {
        [Self::SameDevice, Self::CrossDevice]
            .into_iter()
            .find(|client| client.id() == id)
    }

    /// Its client id.
    pub fn id(self) -> &'static str {
        match self {
            Self::SameDevice => "arn:aws:signin:::devtools/same-device",
            Self::CrossDevice => "arn:aws:signin:::devtools/cross-device",
        }
    }

    fn need(self, action: &Action, cx: &Cx<'_>) -> Result<Need, Fault> {
        let account: AccountId = cx.account_id()?;
        let region = &cx.caller.request.region;
        let client = match self {
            Self::SameDevice => "localhost",
            Self::CrossDevice => "remote",
        };
        let arn = format!("arn:aws:signin:{region}:{account}:oauth2/public-client/{client}");
        Ok(Need::on(action, arn).owned_by(account))
    }
}

/// Lets a program act as the caller.
pub struct AuthorizeOAuth2Access;

impl Operation for AuthorizeOAuth2Access {
    type Input = PublicClient;
    type Output = ();
    type Found = ();
    const NAME: &'static str = "AuthorizeOAuth2Access";
    const ACTIONS: &'static [Action] =
        &[Action::new("signin:AuthorizeOAuth2Access", RESOURCES, &[])];

    fn needs(client: &PublicClient, (): &(), cx: &Cx<'_>) -> Result<Needs, Fault> {
        let [authorize] = Self::ACTIONS else {
            return Err(Fault::internal());
        };
        Ok(Needs::one(client.need(authorize, cx)?))
    }
}

impl Read for AuthorizeOAuth2Access {
    fn find(_: &PublicClient, _: &Cx<'_>) {}

    fn run(_: &Permit<Self>, _: &PublicClient, (): (), _: &Cx<'_>) -> Result<(), Fault> {
        Ok(())
    }
}

/// Gives a program credentials of the caller, who has a session.
pub struct CreateOAuth2Token;

/// For which program, and by which authorisation.
#[derive(Debug)]
pub struct Grant {
    /// The program.
    pub client: PublicClient,
    /// The id of the person's authorisation, with whose end the credentials end.
    pub id: String,
}

impl Operation for CreateOAuth2Token {
    type Input = Grant;
    type Output = Credentials;
    type Found = ();
    const NAME: &'static str = "CreateOAuth2Token";
    const ACTIONS: &'static [Action] = &[Action::new("signin:CreateOAuth2Token", RESOURCES, &[])];

    fn needs(grant: &Grant, (): &(), cx: &Cx<'_>) -> Result<Needs, Fault> {
        let [create] = Self::ACTIONS else {
            return Err(Fault::internal());
        };
        Ok(Needs::one(grant.client.need(create, cx)?))
    }
}

impl Read for CreateOAuth2Token {
    fn find(_: &Grant, _: &Cx<'_>) {}

    fn run(_: &Permit<Self>, grant: &Grant, (): (), cx: &Cx<'_>) -> Result<Credentials, Fault> {
        let held = cx.caller.session.as_deref();
        let held = held.ok_or_else(Fault::internal)?;
        let expires = held.expires.min(cx.now + CREDENTIALS_MS);
        let mut made = Session {
            signed_in: true,
            ..held.continued(&cx.caller.access_key_id, expires)
        };
        made.parents.push(grant.id.clone());
        let issued = cx.world.tokens.issue(&made);
        let (credentials, _) = issued.map_err(|error| match error {
            IssueError::TooLarge(percent) => Fault::new(
                "PackedPolicyTooLarge",
                400,
                format!("The session takes {percent}% of allotted space; it cannot be given to a program."),
            ),
            IssueError::Internal => Fault::internal(),
        })?;
        Ok(credentials)
    }
}
