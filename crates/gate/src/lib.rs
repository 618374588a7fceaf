//! The pipeline: every request, of every service and of the console too, goes one way.
//!
//! `door → recognise → authenticate → parse → find → needs → authorise → Permit → run → commit → audit → answer`
//!
//! | module | its part of the way |
//! | --- | --- |
//! | [`dispatch`](Gate) | the whole way around the typed middle, for all protocols |
//! | `recognise` | which service, which bucket |
//! | `authenticate` | signature → [`Caller`]; the bars beside the policies |
//! | [`operation`] | what an operation is: [`Operation`], [`Read`], [`Change`], [`Effect`] |
//! | [`needs`] | what must be allowed |
//! | `permit` | **the only maker of a [`Permit`]** |
//! | `attempt`, `caller`, `context` | what one attempt sees: one snapshot, one caller, one instant |
//! | `cors` | what browsers are told of pages of other origins |
//! | [`proof`] | web identity tokens and SAML assertions: the federated principals they prove |
//! | `presign` | links that a signed-in person hands on |
//! | `post_form` | S3's POST form, which becomes a PutObject |
//! | `denial` | what a denied caller is told |
//! | [`authorization_message`] | the same in full, sealed for the account |
//! | `simulation` | what would be decided for somebody who does not call |
//! | [`token`] | temporary credentials |
//! | [`service`] | tables of operations |
//! | `typed` | calls by a person in the console, which no wire carries |
//! | `world`, `clock`, [`audit`], [`metrics`] | what outlives a call |

mod attempt;
pub mod audit;
mod authenticate;
pub mod authorization_message;
mod caller;
mod clock;
mod context;
mod cors;
mod denial;
mod dispatch;
pub mod metrics;
pub mod needs;
pub mod operation;
mod permit;
mod post_form;
mod presign;
pub mod proof;
mod recognise;
pub mod service;
mod simulation;
pub mod token;
mod typed;
mod world;

pub use attempt::{Attempt, Cx};
pub use caller::{AuthType, Caller, RequestFacts, Who};
pub use clock::Clock;
pub use context::iso;
pub use denial::Denial;
pub use dispatch::{Gate, Peer, request_id};
pub use needs::{Need, Needs, Nothing, ResourcePolicy};
pub use operation::{Action, Callers, Change, Effect, Operation, Read, Sessions};
pub use permit::Permit;
pub use presign::{LINK_SECONDS_MAX, Link};
pub use simulation::Simulation;
pub use twinlock_wire::fault::Fault;
pub use twinlock_wire::{body::Body, shape::Shape, time};
pub use typed::Happening;
pub use world::{Settings, World};
