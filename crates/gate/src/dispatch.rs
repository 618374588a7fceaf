//! The whole way of a request: recognise → authenticate → parse → (find → needs → authorise → run → commit) → audit → answer.
//!
//! The part in brackets is typed and lies in [`crate::world`]; this file is what all protocols share around it.

use std::{net::IpAddr, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Method, Response, header, request::Parts};
use sha2::{Digest, Sha256};
use twinlock_directory::Millis;
use twinlock_wire::{
    body::Body,
    checksum::Promises,
    chunked::Check,
    fault::{Fault, Protocol, render},
    json,
    query::Form,
    rest::{OperationShape, RestRequest, Route, match_template},
    signature::{Presented, hoist_query_headers},
    sigv4::signs_as_s3,
};

use crate::{
    attempt::Cx,
    audit::{Event, secret_parameter},
    authenticate::{self, Verified},
    caller::{AuthType, Caller, RequestFacts},
    cors::{self, Page},
    recognise::{self, Target},
    service::{
        JsonRequest, JsonService, Kind, QueryRequest, QueryService, RestService, Services, host_id,
    },
    world::World,
};

/// The largest body of a request that is not an upload, in bytes.
const BODY_BYTES_MAX: usize = 1024 * 1024;
/// The largest XML body of S3 (DeleteObjects with a thousand long keys), in bytes.
const S3_DOCUMENT_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The operation whose checksum headers speak of the object that it makes, and not of the body that it sends.
const COMPLETE: &str = "CompleteMultipartUpload";
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
}

impl Gate {
    /// A gate before `world`, with these services.
    pub fn new(world: Arc<World>, services: Services) -> Self {
        Self { world, services }
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
                    let form = read_form(&parts, body).await?;
                    self.query(service, &parts, form, presented, facts, call)
                        .await
                }
                None if let Some(service) = self.services.json.iter().find(|s| s.name == name) => {
                    self.enter(call, Protocol::Json11, service.name, service.event_source);
                    facts.protocol = Protocol::Json11;
                    authenticate::plausible(&self.world, &presented, Protocol::Json11)?;
                    let body = body.collect(BODY_BYTES_MAX).await?;
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
                let form = read_form(&parts, body).await?;
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
        call.read_only = entry.kind == Kind::Read;
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
        call.read_only = entry.kind == Kind::Read;
        self.touch(&verified.caller, service.name);
        let request = JsonRequest {
            body,
            dialect: service.dialect,
        };
        entry
            .call(self.world.clone(), verified.caller, request, ())
            .await
    }

    async fn rest(
        &self,
        service: &'static RestService,
        parts: &mut Parts,
        body: Body,
        presented: Presented,
        facts: RequestFacts,
        call: &mut Call,
    ) -> Result<Response<Body>, Fault> {
        let control = std::ptr::eq(service, self.services.s3_control);
        let host_bucket = if control {
            None
        } else {
            recognise::host_bucket(parts, &self.world.settings.s3_domains)
        };
        if !control && crate::post_form::is_form(parts, &presented) {
            call.resource = parts.uri.path().to_owned();
            let place = recognise::bucket_and_key(parts.uri.path(), host_bucket.clone());
            if let Some((Some(bucket), None)) = place {
                return self
                    .post_form(service, parts, body, bucket, facts, call)
                    .await;
            }
        }
        let from_query = matches!(&presented, Presented::V4(c) if c.source == twinlock_wire::sigv4::Source::Query)
            || matches!(&presented, Presented::V2(c) if c.source == twinlock_wire::sigv4::Source::Query);
        let verified = authenticate::verify(
            &self.world,
            presented,
            parts,
            None,
            host_bucket.as_deref(),
            Protocol::RestXml,
            facts,
        )?;
        call.caller = Some(verified.caller.clone());
        if from_query {
            hoist_query_headers(parts).map_err(|error| error.fault(Protocol::RestXml))?;
        }
        let uri_malformed = || Fault::new("InvalidURI", 400, "Couldn't parse the specified URI.");
        let query = recognise::query(parts).ok_or_else(uri_malformed)?;
        let path = recognise::decode(parts.uri.path()).ok_or_else(uri_malformed)?;
        call.resource.clone_from(&path);
        let (shape, labels) = if control {
            control_route(service, parts, &path)?
        } else {
            let (bucket, key) = recognise::bucket_and_key(parts.uri.path(), host_bucket)
                .ok_or_else(uri_malformed)?;
            let template = match (&bucket, &key) {
                (None, _) => "/",
                (Some(_), None) => "/{Bucket}",
                (Some(_), Some(_)) => "/{Bucket}/{Key+}",
            };
            let route = Route::new(service.operations);
            let shape = route.find(&parts.method, template, &query, &parts.headers)?;
            let labels = [("Bucket", bucket), ("Key", key)];
            (
                shape,
                labels
                    .into_iter()
                    .filter_map(|(n, v)| Some((n.to_owned(), v?)))
                    .collect::<Vec<_>>(),
            )
        };
        call.operation = shape.name.to_owned();
        call.parameters = recorded(
            labels
                .iter()
                .chain(&query)
                .map(|(n, v)| (n.as_str(), v.as_str())),
        );
        let Some(entry) = service.entries.iter().find(|e| e.name == shape.name) else {
            signed(&verified)?;
            return Err(Fault::not_implemented(&format!(
                "{}:{}",
                service.name, shape.name
            )));
        };
        call.counted = entry.name;
        call.read_only =
            entry.kind == Kind::Read || matches!(parts.method, Method::GET | Method::HEAD);
        let body = checked_body(parts, body, &verified, shape).await?;
        self.touch(&verified.caller, "s3");
        let request = RestRequest {
            method: parts.method.clone(),
            labels,
            query,
            headers: std::mem::take(&mut parts.headers),
            body,
        };
        entry
            .call(self.world.clone(), verified.caller, request, shape)
            .await
    }

    /// A service of AWS's that Twinlock lacks: authenticated, then told so in its own protocol.
    async fn not_ours(
        &self,
        name: &str,
        parts: &Parts,
        body: Body,
        presented: Presented,
        facts: RequestFacts,
        call: &mut Call,
    ) -> Result<Response<Body>, Fault> {
        call.event_source = format!("{name}.amazonaws.com");
        let protocol = (self.services.known)(name, &parts.headers);
        call.protocol = protocol.unwrap_or(Protocol::Query);
        let protocol_told = call.protocol;
        let mut facts = facts;
        facts.protocol = protocol_told;
        authenticate::plausible(&self.world, &presented, protocol_told)?;
        // An upload by S3's rules may be endless, and its signature does not need it: it is left unread.
        let bytes = if signs_as_s3(name) {
            None
        } else {
            Some(body.collect(BODY_BYTES_MAX).await?)
        };
        let body_sha256: Option<[u8; 32]> = bytes.as_ref().map(|b| Sha256::digest(b).into());
        let verified = authenticate::verify(
            &self.world,
            presented,
            parts,
            body_sha256.as_ref(),
            None,
            protocol_told,
            facts,
        )?;
        call.caller = Some(verified.caller);
        let target = text_header(parts, header::HeaderName::from_static("x-amz-target"));
        let action = match (&target, Form::parse(bytes.as_deref().unwrap_or_default())) {
            (Some(target), _) => target.rsplit('.').next().map(str::to_owned),
            (None, Ok(form)) => form.get("Action").map(str::to_owned),
            _ => None,
        };
        call.operation = action
            .clone()
            .unwrap_or_else(|| format!("{} {}", parts.method, parts.uri.path()));
        match protocol {
            Some(_) => Err(Fault::not_implemented(&format!(
                "{name}:{}",
                call.operation
            ))),
            None => Err(Fault::new(
                "InvalidAction",
                400,
                format!("The service {name} does not exist."),
            )),
        }
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

/// The parts of a path, by the model's names.
type Labels = Vec<(String, String)>;

/// S3 Control's operations are told apart by their paths.
fn control_route(
    service: &'static RestService,
    parts: &Parts,
    path: &str,
) -> Result<(&'static OperationShape, Labels), Fault> {
    service
        .operations
        .iter()
        .filter(|shape| shape.method == parts.method.as_str())
        .find_map(|shape| Some((shape, match_template(shape.uri, path)?)))
        .ok_or_else(|| Fault::new("InvalidURI", 400, "Couldn't parse the specified URI."))
}

/// A form of the query protocol, from the query string and the body, with the body's hash.
async fn read_form(parts: &Parts, body: Body) -> Result<(Form, [u8; 32]), Fault> {
    let bytes = body.collect(BODY_BYTES_MAX).await?;
    let sha256 = Sha256::digest(&bytes).into();
    let form = if bytes.is_empty() {
        Form::parse(parts.uri.query().unwrap_or("").as_bytes())?
    } else {
        Form::parse(&bytes)?
    };
    Ok((form, sha256))
}

/// Lays what the request promised of its body (hash, chunk signatures, length, checksums) over its bytes. A document is read
/// to its end here; an upload is believed by its operation when it has ended.
async fn checked_body(
    parts: &mut Parts,
    body: Body,
    verified: &Verified,
    shape: &OperationShape,
) -> Result<Body, Fault> {
    let promises = if shape.name == COMPLETE {
        Promises::content_md5_only(&parts.headers)?
    } else {
        Promises::from_headers(&parts.headers)?
    };
    // What follows the body is what the object keeps, whether or not the client names it a second time.
    if let (Some(trailer), None) = (promises.trailer, promises.declared) {
        let name = HeaderValue::from_static(trailer.name());
        parts.headers.insert("x-amz-sdk-checksum-algorithm", name);
    }
    let claim = verified.chain.as_ref().map(|(claim, key)| (claim, key));
    let (body, _) = Check::new(&parts.headers, claim, promises, &[])?.over(body);
    if shape.streaming_input {
        return Ok(body);
    }
    let bytes: Bytes = body.collect(S3_DOCUMENT_BYTES_MAX).await?;
    Ok(Body::from(bytes))
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
            let value = if secret_parameter(name) {
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
