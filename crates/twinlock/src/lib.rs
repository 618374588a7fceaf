//! The server as a library: configuration, start-up and the HTTP door; `main.rs` is its command line.
