//! A service's table: every operation it has, listed once, and how its protocol is decoded and encoded.
//!
//! Operations are typed until here and erased here: an [`Entry`] holds one function that decodes the input, goes the one way
//! through the pipeline and encodes the output.

use std::{future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Response};
use twinlock_wire::{
    body::Body,
    fault::{Fault, request_id_headers},
    json,
    query::{self, Form},
    rest::{self, OperationShape, RestRequest},
    shape::Shape,
    violations::Dialect,
};

use crate::{
    caller::Caller,
    operation::{Action, Callers, Change, Effect, Read},
    world::World,
};

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
/// An erased operation: decodes, goes the one way, encodes.
type Call<P> = fn(
    Arc<World>,
    Caller,
    <P as Protocol>::Request,
    <P as Protocol>::Answering,
) -> BoxFuture<Answer>;
/// What an erased operation answers.
pub type Answer = Result<Response<Body>, Fault>;

/// A protocol: what a request of it is made of, and what its answers need besides the output.
pub trait Protocol: 'static {
    /// A request of it, authenticated, body and all.
    type Request: Send + 'static;
    /// What an answer is written with.
    type Answering: Copy + Send + 'static;
}

/// The query protocol (IAM, STS).
#[derive(Debug)]
pub struct Query;

/// A request of the query protocol.
#[derive(Debug)]
pub struct QueryRequest {
    /// The parameters.
    pub form: Form,
    /// Whose words ValidationErrors have.
    pub dialect: Dialect,
}

impl Protocol for Query {
    type Request = QueryRequest;
    /// The namespace.
    type Answering = &'static str;
}

/// REST-XML (S3, S3 Control).
#[derive(Debug)]
pub struct RestXml;

impl Protocol for RestXml {
    type Request = RestRequest;
    type Answering = &'static OperationShape;
}

/// JSON 1.1 (Organizations).
#[derive(Debug)]
pub struct Json;

/// A request of JSON 1.1.
#[derive(Debug)]
pub struct JsonRequest {
    /// The body.
    pub body: Bytes,
    /// Whose words violations have.
    pub dialect: Dialect,
}

impl Protocol for Json {
    type Request = JsonRequest;
    type Answering = ();
}

/// An input that can be read from a request of `P`.
pub trait Decode<P: Protocol>: Sized {
    /// # Errors
    /// AWS's fault for malformed input.
    fn decode(request: P::Request) -> Result<Self, Fault>;
}

/// An output that can be written as an answer of `P`.
pub trait Encode<P: Protocol> {
    /// The answer to `operation`.
    fn encode(self, operation: &'static str, how: P::Answering, request_id: &str)
    -> Response<Body>;
}

impl<T: Shape> Decode<Query> for T {
    fn decode(request: QueryRequest) -> Result<Self, Fault> {
        query::decode(&request.form, request.dialect)
    }
}

impl<T: Shape> Encode<Query> for T {
    fn encode(
        self,
        operation: &'static str,
        namespace: &'static str,
        request_id: &str,
    ) -> Response<Body> {
        let bytes = query::answer(operation, namespace, self, request_id);
        let mut response = Response::new(Body::from(bytes));
        let headers = response.headers_mut();
        headers.insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("text/xml"),
        );
        request_id_headers(
            twinlock_wire::fault::Protocol::Query,
            request_id,
            "",
            headers,
        );
        response
    }
}

impl<T: Shape> Decode<RestXml> for T {
    fn decode(request: RestRequest) -> Result<Self, Fault> {
        rest::decode(request)
    }
}

impl<T: Shape> Encode<RestXml> for T {
    fn encode(
        self,
        _: &'static str,
        shape: &'static OperationShape,
        request_id: &str,
    ) -> Response<Body> {
        let mut response = rest::answer(shape, self);
        let headers = response.headers_mut();
        request_id_headers(
            twinlock_wire::fault::Protocol::RestXml,
            request_id,
            &host_id(request_id),
            headers,
        );
        response
    }
}

impl<T: Shape> Decode<Json> for T {
    fn decode(request: JsonRequest) -> Result<Self, Fault> {
        json::decode(&request.body, request.dialect)
    }
}

impl<T: Shape> Encode<Json> for T {
    fn encode(self, _: &'static str, (): (), request_id: &str) -> Response<Body> {
        let mut response = Response::new(Body::from(json::answer(self)));
        let headers = response.headers_mut();
        headers.insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/x-amz-json-1.1"),
        );
        request_id_headers(
            twinlock_wire::fault::Protocol::Json11,
            request_id,
            "",
            headers,
        );
        response
    }
}

/// S3's second request id: opaque; ours is the first one again, so that a log search for either finds the call.
pub(crate) fn host_id(request_id: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(format!("twinlock/{request_id}"))
}

/// What kind of operation an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only looks.
    Read,
    /// Alters the directory.
    Change,
    /// Moves data or waits.
    Effect,
}

/// One operation in a service's table.
pub struct Entry<P: Protocol> {
    /// AWS's name.
    pub name: &'static str,
    /// Read, change or effect.
    pub kind: Kind,
    /// Whether the audit event says that it only reads.
    pub read_only: bool,
    /// All actions it may ask for.
    pub actions: &'static [Action],
    /// Who may call at all.
    pub callers: Callers,
    call: Call<P>,
}

impl<P: Protocol> std::fmt::Debug for Entry<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {}", self.kind, self.name)
    }
}

impl<P: Protocol> Entry<P> {
    pub(crate) fn call(
        &self,
        world: Arc<World>,
        caller: Caller,
        request: P::Request,
        how: P::Answering,
    ) -> BoxFuture<Answer> {
        (self.call)(world, caller, request, how)
    }
}

/// The entry of a read.
pub const fn read<P: Protocol, O: Read>() -> Entry<P>
where
    O::Input: Decode<P>,
    O::Output: Encode<P>,
{
    Entry {
        name: O::NAME,
        kind: Kind::Read,
        read_only: true,
        actions: O::ACTIONS,
        callers: O::CALLERS,
        call: |world, caller, request, how| {
            Box::pin(async move {
                let input = <O::Input as Decode<P>>::decode(request)?;
                let output = world.read::<O>(&caller, &input)?;
                Ok(<O::Output as Encode<P>>::encode(
                    output,
                    O::NAME,
                    how,
                    &caller.request.request_id,
                ))
            })
        },
    }
}

/// The entry of a change.
pub const fn change<P: Protocol, O: Change>() -> Entry<P>
where
    O::Input: Decode<P>,
    O::Output: Encode<P>,
{
    Entry {
        name: O::NAME,
        kind: Kind::Change,
        read_only: false,
        actions: O::ACTIONS,
        callers: O::CALLERS,
        call: |world, caller, request, how| {
            Box::pin(async move {
                let input = <O::Input as Decode<P>>::decode(request)?;
                let output = world.change::<O>(&caller, &input).await?;
                Ok(<O::Output as Encode<P>>::encode(
                    output,
                    O::NAME,
                    how,
                    &caller.request.request_id,
                ))
            })
        },
    }
}

/// The entry of an effect.
pub const fn effect<P: Protocol, O: Effect>() -> Entry<P>
where
    O::Input: Decode<P>,
    O::Output: Encode<P>,
{
    Entry {
        name: O::NAME,
        kind: Kind::Effect,
        read_only: O::READS,
        actions: O::ACTIONS,
        callers: O::CALLERS,
        call: |world, caller, request, how| {
            Box::pin(async move {
                let input = <O::Input as Decode<P>>::decode(request)?;
                let output = world.effect::<O>(&caller, input).await?;
                Ok(<O::Output as Encode<P>>::encode(
                    output,
                    O::NAME,
                    how,
                    &caller.request.request_id,
                ))
            })
        },
    }
}

/// A service that speaks the query protocol.
#[derive(Debug)]
pub struct QueryService {
    /// The name it is signed for: `iam`.
    pub name: &'static str,
    /// `iam.amazonaws.com`.
    pub event_source: &'static str,
    /// The namespace of its answers.
    pub namespace: &'static str,
    /// The `Version` parameter.
    pub version: &'static str,
    /// Whose words ValidationErrors have.
    pub dialect: Dialect,
    /// What it does.
    pub entries: &'static [Entry<Query>],
    /// Whether AWS's service has an operation of this name.
    pub known: fn(&str) -> bool,
}

/// A service that speaks JSON 1.1.
#[derive(Debug)]
pub struct JsonService {
    /// The name it is signed for: `organizations`.
    pub name: &'static str,
    /// `organizations.amazonaws.com`.
    pub event_source: &'static str,
    /// What stands before the operation's name in `X-Amz-Target`: `AWSOrganizationsV20161128`.
    pub target_prefix: &'static str,
    /// Whose words violations have.
    pub dialect: Dialect,
    /// What it does.
    pub entries: &'static [Entry<Json>],
    /// Whether AWS's service has an operation of this name.
    pub known: fn(&str) -> bool,
}

/// A service that speaks REST-XML.
#[derive(Debug)]
pub struct RestService {
    /// The name it is signed for: `s3`.
    pub name: &'static str,
    /// `s3.amazonaws.com`.
    pub event_source: &'static str,
    /// What it does.
    pub entries: &'static [Entry<RestXml>],
    /// What the model says of AWS's operations, ours or not.
    pub operations: &'static [OperationShape],
}

/// All services of a server.
#[derive(Debug, Clone, Copy)]
pub struct Services {
    /// IAM, STS.
    pub query: &'static [&'static QueryService],
    /// Organizations.
    pub json: &'static [&'static JsonService],
    /// S3.
    pub s3: &'static RestService,
    /// S3 Control.
    pub s3_control: &'static RestService,
    /// The protocol in which a client speaks to a service of AWS's that is none of these; none: AWS has no such service
    /// either.
    pub known: fn(signing_name: &str, &HeaderMap) -> Option<twinlock_wire::fault::Protocol>,
}

impl Services {
    /// Every operation of every service, with the service's name.
    pub fn operations(
        &self,
    ) -> impl Iterator<Item = (&'static str, &'static str, Kind, &'static [Action])> {
        let query = self.query.iter().flat_map(|s| {
            s.entries
                .iter()
                .map(|e| (s.name, e.name, e.kind, e.actions))
        });
        let json = self.json.iter().flat_map(|s| {
            s.entries
                .iter()
                .map(|e| (s.name, e.name, e.kind, e.actions))
        });
        let s3 = self
            .s3
            .entries
            .iter()
            .map(|e| ("s3", e.name, e.kind, e.actions));
        let control = self
            .s3_control
            .entries
            .iter()
            .map(|e| ("s3-control", e.name, e.kind, e.actions));
        query.chain(json).chain(s3).chain(control)
    }
}
