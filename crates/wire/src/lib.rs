//! AWS on the wire: signatures, chunked bodies, protocols, error shapes.

pub mod checksum;
pub mod chunked;
pub mod post_form;
pub mod signature;
pub mod sigv2;
pub mod sigv4;
