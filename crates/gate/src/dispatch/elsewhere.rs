//! Services of AWS's that Twinlock lacks: a caller is authenticated, and told so in the service's own protocol.

use http::{Response, header, request::Parts};
use sha2::{Digest, Sha256};
use twinlock_wire::{
    body::Body,
    fault::{Fault, Protocol},
    query::Form,
    signature::Presented,
    sigv4::signs_as_s3,
};

use super::{BODY_BYTES_MAX, Call, Gate, text_header};
use crate::{authenticate, caller::RequestFacts};

impl Gate {
    /// Refuses, after authentication.
    pub(super) async fn not_ours(
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
            Some(self.collect(body, BODY_BYTES_MAX, call).await?)
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
}
