//! The whole way of a request: recognise → authenticate → parse → (find → needs → authorise → run → commit) → audit → answer.
//!
//! The part in brackets is typed and lies in [`crate::world`]; this file is what all protocols share around it.

mod elsewhere;
mod rest;

use std::{net::IpAddr, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Method, Response, header, request::Parts};
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use twinlock_directory::Millis;
use twinlock_wire::{
    body::Body,
    fault::{Fault, Protocol, render},
    json,
    query::Form,
    shape,
    signature::Presented,
};

use crate::{
    attempt::Cx,
    audit::Event,
    authenticate::{self, Verified},
    caller::{AuthType, Caller, RequestFacts},
    cors::{self, Page},
    recognise::{self, Target},
    service::{JsonRequest, JsonService, QueryRequest, QueryService, Services, host_id},
    world::World,
};

/// The largest body of a request that is not an upload, in bytes.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// What the bodies of all signed calls at a time may take together, in bytes. Uploads are not among them: they stream.
const BODIES_BYTES_MAX: usize = 256 * 1024 * 1024;
/// What those of calls without a signature may take, as a part of that and beside it: strangers take nothing from those who sign.
const STRANGERS_SHARE: usize = 4;
/// Longest recorded value of a request parameter, in characters.
const RECORDED_CHARS_MAX: usize = 2048;

/// Where a request comes from, as the door knows it.
#[derive(Debug, Clone, Copy)]
pub struct Peer {
    /// The peer's address, or that which a trusted proxy gives.
    pub addr: IpAddr,
    /// Whether it came over TLS.
    pub secure: bool,
}

/// The pipeline behind the door.
#[derive(Debug, Clone)]
pub struct Gate {
    world: Arc<World>,
    services: Services,
    /// A permit for every byte of [`BODIES_BYTES_MAX`].
    memory: Arc<Semaphore>,
    /// The same for those without a signature.
    strangers: Arc<Semaphore>,
}

/// What is known of a call so far, for the audit event and the answer.
pub(crate) struct Call {
    protocol: Protocol,
    namespace: &'static str,
    service: &'static str,
    event_source: String,
    pub(crate) operation: String,
    pub(crate) counted: &'static str,
    read_only: bool,
    resource: String,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) access_key_id: Option<String>,
    pub(crate) caller: Option<Caller>,
    /// The memory that its body takes, given back when the call is over.
    held: Option<OwnedSemaphorePermit>,
}

impl Gate {
    /// A gate before `world`, with these services.
    pub fn new(world: Arc<World>, services: Services) -> Self {
        Self {
            world,
            services,
            memory: Arc::new(Semaphore::new(BODIES_BYTES_MAX)),
            strangers: Arc::new(Semaphore::new(BODIES_BYTES_MAX / STRANGERS_SHARE)),
        }
    }

    /// With another bound for the bodies of all calls at a time, in bytes.
    #[must_use]
    pub fn bodies_bytes_max(mut self, bytes: usize) -> Self {
        self.memory = Arc::new(Semaphore::new(bytes));
        self.strangers = Arc::new(Semaphore::new(bytes / STRANGERS_SHARE));
        self
    }

    /// What the gate stands before.
    pub fn world(&self) -> &Arc<World> {
        &self.world
    }

    /// Answers one request. Every answer carries a request id, and every request leaves an event.
    pub async fn handle(&self, parts: Parts, body: Body, peer: Peer) -> Response<Body> {
        let started = self.world.clock.now();
        let timer = tokio::time::Instant::now();
        let request_id = request_id();
        let head = parts.method == Method::HEAD;
        let facts = RequestFacts {
            request_id: request_id.clone(),
            source_ip: Some(peer.addr),
            user_agent: text_header(&parts, header::USER_AGENT),
            referer: text_header(&parts, header::REFERER),
            secure: peer.secure,
            ..RequestFacts::none(&self.world.settings.region)
        };
        let mut call = Call {
            protocol: Protocol::RestXml,
            namespace: "",
            service: "unknown",
            event_source: "unknown".into(),
            operation: "unknown".into(),
            counted: "unknown",
            read_only: false,
            resource: String::new(),
            parameters: Vec::new(),
            access_key_id: None,
            caller: None,
            held: None,
        };
        let event_facts = facts.clone();
        let page = Page::of(&parts, &self.world.settings.s3_domains);
        let answer = self.answer(parts, body, facts, &mut call).await;
        let (mut response, fault) = match answer {
            Ok(response) => (response, None),
            Err(fault) => {
                let host_id = if call.protocol == Protocol::RestXml {
                    host_id(&request_id)
                } else {
                    String::new()
                };
                let fault = in_protocol(fault, call.protocol);
                let response = render(
                    call.protocol,
                    call.namespace,
                    &fault,
                    &request_id,
                    &host_id,
                    &call.resource,
                    head,
                );
                (response.map(Body::from), Some(fault))
            }
        };
        let took_us = u64::try_from(timer.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.world.metrics.request(
            call.service,
            call.counted,
            response.status().as_u16(),
            took_us,
        );
        let of_s3 = call.service == self.services.s3.name && call.counted != cors::NAME;
        self.record(
            call,
            &event_facts,
            started,
            took_us,
            response.status().as_u16(),
            fault,
        );
        // A page that may read the answer may read a refusal too, or it could not say what went wrong.
        if let Some(page) = page.filter(|_| of_s3) {
            response.headers_mut().extend(page.may_read(&self.world));
        }
        guard_stored_bytes(response)
    }

    async fn answer(
        &self,
        mut parts: Parts,
        body: Body,
        mut facts: RequestFacts,
        call: &mut Call,
    ) -> Result<Response<Body>, Fault> {
        // A browser's question carries what it will send, a signature in the query perhaps, but is no such request itself.
        if parts.method == Method::OPTIONS {
            let s3 = self.services.s3;
            self.enter(call, Protocol::RestXml, s3.name, s3.event_source);
            call.operation = cors::NAME.to_owned();
            call.counted = cors::NAME;
            call.read_only = true;
            parts.uri.path().clone_into(&mut call.resource);
            return cors::preflight(&self.world, &parts, &facts.request_id);
        }
        // The words of an ill-formed signature depend on the service, which its scope would tell: guess by the path.
        if parts.uri.path() == "/" && parts.method == Method::POST {
            call.protocol = if parts.headers.contains_key("x-amz-target") {
                Protocol::Json11
            } else {
                Protocol::Query
            };
        }
        let presented = authenticate::claim(&parts, call.protocol)?;
        call.access_key_id = match &presented {
            Presented::V4(claim) => Some(claim.access_key_id.clone()),
            Presented::V2(claim) => Some(claim.access_key_id.clone()),
            Presented::Nothing => None,
        };
        match recognise::target(&parts, &presented, &self.world.settings.s3_domains) {
            Target::S3 => {
                self.enter(
                    call,
                    Protocol::RestXml,
                    self.services.s3.name,
                    self.services.s3.event_source,
                );
                facts.protocol = Protocol::RestXml;
                authenticate::plausible(&self.world, &presented, Protocol::RestXml)?;
                self.rest(self.services.s3, &mut parts, body, presented, facts, call)
                    .await
            }
            Target::S3Control => {
                self.enter(
                    call,
                    Protocol::RestXml,
                    "s3-control",
                    self.services.s3_control.event_source,
                );
                facts.protocol = Protocol::RestXml;
                authenticate::plausible(&self.world, &presented, Protocol::RestXml)?;
                self.rest(
                    self.services.s3_control,
                    &mut parts,
                    body,
                    presented,
                    facts,
                    call,
                )
                .await
            }
            Target::Signed(name) => match self.services.query.iter().find(|s| s.name == name) {
                Some(service) => {
                    self.enter(call, Protocol::Query, service.name, service.event_source);
                    call.namespace = service.namespace;
                    facts.protocol = Protocol::Query;
                    authenticate::plausible(&self.world, &presented, Protocol::Query)?;
                    let form = self.read_form(&parts, body, call).await?;
                    self.query(service, &parts, form, presented, facts, call)
                        .await
                }
                None if let Some(service) = self.services.json.iter().find(|s| s.name == name) => {
                    self.enter(call, Protocol::Json11, service.name, service.event_source);
                    facts.protocol = Protocol::Json11;
                    authenticate::plausible(&self.world, &presented, Protocol::Json11)?;
                    let body = self.collect(body, BODY_BYTES_MAX, call).await?;
                    self.json(service, &parts, body, presented, facts, call)
                        .await
                }
                None => {
                    self.not_ours(&name, &parts, body, presented, facts, call)
                        .await
                }
            },
            Target::UnsignedJson => {
                call.protocol = Protocol::Json11;
                Err(authenticate::missing(Protocol::Json11))
            }
            Target::UnsignedForm => {
                let form = self.read_form(&parts, body, call).await?;
                let version = form.0.get("Version").unwrap_or("");
                call.protocol = Protocol::Query;
                facts.protocol = Protocol::Query;
                let service = self
                    .services
                    .query
                    .iter()
                    .find(|s| s.version == version)
                    .copied();
                let Some(service) = service else {
                    return Err(authenticate::missing(Protocol::Query));
                };
                self.enter(call, Protocol::Query, service.name, service.event_source);
                call.namespace = service.namespace;
                self.query(service, &parts, form, presented, facts, call)
                    .await
            }
        }
    }

    fn enter(
        &self,
        call: &mut Call,
        protocol: Protocol,
        service: &'static str,
        event_source: &str,
    ) {
        call.protocol = protocol;
        call.service = service;
        call.event_source = event_source.to_owned();
    }

    async fn query(
        &self,
        service: &'static QueryService,
        parts: &Parts,
        (form, body_sha256): (Form, [u8; 32]),
        presented: Presented,
        facts: RequestFacts,
        call: &mut Call,
    ) -> Result<Response<Body>, Fault> {
        let action = form.get("Action").unwrap_or("").to_owned();
        call.operation = action.chars().take(128).collect();
        call.parameters = recorded(form.pairs().iter().map(|(n, v)| (n.as_str(), v.as_str())));
        let verified = authenticate::verify(
            &self.world,
            presented,
            parts,
            Some(&body_sha256),
            None,
            Protocol::Query,
            facts,
        )?;
        call.caller = Some(verified.caller.clone());
        let entry = service.entries.iter().find(|e| e.name == action);
        let entry = match entry {
            Some(entry) if form.get("Version").is_none_or(|v| v == service.version) => entry,
            None if (service.known)(&action) => {
                signed(&verified)?;
                return Err(Fault::not_implemented(&format!(
                    "{}:{action}",
                    service.name
                )));
            }
            _ => {
                signed(&verified)?;
                return Err(Fault::new(
                    "InvalidAction",
                    400,
                    format!(
                        "Could not find operation {} for version {}",
                        if action.is_empty() {
                            "NO_ACTION"
                        } else {
                            &action
                        },
                        form.get("Version").unwrap_or("NO_VERSION_SPECIFIED")
                    ),
                ));
            }
        };
        call.counted = entry.name;
        call.read_only = entry.read_only;
        self.touch(&verified.caller, service.name);
        let request = QueryRequest {
            form,
            dialect: service.dialect,
        };
        entry
            .call(
                self.world.clone(),
                verified.caller,
                request,
                service.namespace,
            )
            .await
    }

    async fn json(
        &self,
        service: &'static JsonService,
        parts: &Parts,
        body: Bytes,
        presented: Presented,
        facts: RequestFacts,
        call: &mut Call,
    ) -> Result<Response<Body>, Fault> {
        let target = text_header(parts, header::HeaderName::from_static("x-amz-target"));
        let target = target.unwrap_or_default();
        let operation = target
            .strip_prefix(service.target_prefix)
            .and_then(|rest| rest.strip_prefix('.'))
            .unwrap_or_default();
        call.operation = operation.chars().take(128).collect();
        let members = json::members(&body);
        call.parameters = recorded(members.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        let verified = authenticate::verify(
            &self.world,
            presented,
            parts,
            Some(&Sha256::digest(&body).into()),
            None,
            Protocol::Json11,
            facts,
        )?;
        call.caller = Some(verified.caller.clone());
        let Some(entry) = service.entries.iter().find(|e| e.name == operation) else {
            signed(&verified)?;
            if (service.known)(operation) {
                let what = format!("{}:{operation}", service.name);
                return Err(Fault::not_implemented(&what));
            }
            return Err(Fault::new("UnknownOperationException", 400, ""));
        };
        call.counted = entry.name;
        call.read_only = entry.read_only;
        self.touch(&verified.caller, service.name);
        let request = JsonRequest {
            body,
            dialect: service.dialect,
        };
        entry
            .call(self.world.clone(), verified.caller, request, ())
            .await
    }

    /// A form of the query protocol, from the query string or the body, with the body's hash.
    async fn read_form(
        &self,
        parts: &Parts,
        body: Body,
        call: &mut Call,
    ) -> Result<(Form, [u8; 32]), Fault> {
        let bytes = self.collect(body, BODY_BYTES_MAX, call).await?;
        let sha256 = Sha256::digest(&bytes).into();
        let form = if bytes.is_empty() {
            Form::parse(parts.uri.query().unwrap_or("").as_bytes())?
        } else {
            Form::parse(&bytes)?
        };
        Ok((form, sha256))
    }

    /// Reads a body to its end. However many callers send however much, they share what there is.
    async fn collect(&self, body: Body, bytes_max: usize, call: &mut Call) -> Result<Bytes, Fault> {
        let memory = match call.access_key_id {
            Some(_) => &self.memory,
            None => &self.strangers,
        };
        let held = &mut call.held;
        let count = |bytes: usize| {
            let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
            let permit = memory.clone().try_acquire_many_owned(bytes);
            let permit = permit.map_err(|_| {
                Fault::new(
                    "ServiceUnavailable",
                    503,
                    "Service is unable to handle request.",
                )
            })?;
            match held {
                Some(held) => held.merge(permit),
                None => *held = Some(permit),
            }
            Ok(())
        };
        body.collect_counted(bytes_max, count).await
    }

    /// Remembers when and where a key or role was last used.
    pub(crate) fn touch(&self, caller: &Caller, service: &str) {
        self.world.touch(caller, service);
    }

    fn record(
        &self,
        call: Call,
        facts: &RequestFacts,
        time: Millis,
        took_us: u64,
        status: u16,
        fault: Option<Fault>,
    ) {
        let mut event = Event {
            time,
            request_id: facts.request_id.clone(),
            event_source: call.event_source,
            event_name: call.operation,
            region: facts.region.clone(),
            source_ip: facts.source_ip.map(|ip| ip.to_string()),
            user_agent: facts.user_agent.clone(),
            caller_type: "Unknown",
            caller_arn: None,
            caller_account: None,
            principal_id: None,
            access_key_id: call.access_key_id,
            session_issued: None,
            source_identity: None,
            mfa_authenticated: false,
            auth: "none",
            request_parameters: call.parameters,
            read_only: call.read_only,
            status,
            error_code: fault.as_ref().map(|f| f.code.to_string()),
            error_message: fault.map(|f| f.message),
            took_us,
        };
        if let Some(caller) = &call.caller {
            let snapshot = self.world.directory.published();
            let known = Cx::new(caller, &snapshot, time, &self.world).ok();
            let arn = known.as_ref().map(|cx| cx.principal().arn.clone());
            let id = known.as_ref().map(|cx| cx.user_id().to_owned());
            event.caller(caller, arn, id);
            event.region.clone_from(&caller.request.region);
        }
        self.world.audit.record(event);
    }
}

/// Refuses anonymous callers where even the answer "there is no such operation" is for signed ones.
fn signed(verified: &Verified) -> Result<(), Fault> {
    match verified.caller.request.auth_type {
        AuthType::None if verified.caller.request.protocol == Protocol::Query => {
            Err(authenticate::missing(Protocol::Query))
        }
        AuthType::None => Err(Fault::new("AccessDenied", 403, "Access Denied")),
        _ => Ok(()),
    }
}

/// The JSON services name a denial otherwise, and answer 400.
fn in_protocol(mut fault: Fault, protocol: Protocol) -> Fault {
    if matches!(protocol, Protocol::Json11) && fault.code == "AccessDenied" {
        fault.code = "AccessDeniedException".into();
        fault.status = 400;
    }
    fault
}

/// Stored bytes must never act as a page of this origin: they are shown in a sandbox, as what they say they are.
fn guard_stored_bytes(mut response: Response<Body>) -> Response<Body> {
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("sandbox"),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

/// Parameters for the audit event: no secret, nothing endless.
fn recorded<'p>(pairs: impl Iterator<Item = (&'p str, &'p str)>) -> Vec<(String, String)> {
    pairs
        .filter(|(name, _)| !matches!(*name, "Action" | "Version"))
        .map(|(name, value)| {
            let value = if shape::is_secret(name) {
                "HIDDEN_DUE_TO_SECURITY_REASONS".to_owned()
            } else {
                value.chars().take(RECORDED_CHARS_MAX).collect()
            };
            (name.to_owned(), value)
        })
        .collect()
}

fn text_header(parts: &Parts, name: header::HeaderName) -> Option<String> {
    parts
        .headers
        .get(name)
        .and_then(|v| v.to_str().ok())
        .map(str::to_owned)
}

/// A random UUID, as AWS's request ids are.
pub fn request_id() -> String {
    let mut b = [0u8; 16];
    // Without randomness the id is all zeros: an id is for finding a call, not for keeping a secret.
    let _ = getrandom::fill(&mut b);
    b[6] = b[6] & 0x0f | 0x40;
    b[8] = b[8] & 0x3f | 0x80;
    let hex = hex::encode(b);
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}
