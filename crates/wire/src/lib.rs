//! AWS on the wire: signatures, chunked bodies, protocols, error shapes.

pub mod body;
pub mod checksum;
pub mod chunked;
pub mod fault;
pub mod json;
pub mod post_form;
pub mod query;
pub mod rest;
pub mod shape;
pub mod signature;
pub mod sigv2;
pub mod sigv4;
pub mod time;
pub mod violations;
pub mod xml;
