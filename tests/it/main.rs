//! Stories that read like scripts: real server, real clients.
