//! AWS on the wire: signatures, chunked bodies, protocols, error shapes.
