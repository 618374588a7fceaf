//! Single values from text, the same for the file, the flags and the environment.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use twinlock_directory::AccountId;

use super::LogFormat;

pub(super) fn items<T>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(parse)
        .collect()
}

pub(super) fn account_id(text: &str) -> Result<AccountId, String> {
    text.parse().map_err(|_| match text.len() {
        12 => format!("`{text}` is no account id: an id has twelve digits and nothing else"),
        n => format!(
            "`{text}` is no account id: an id has exactly twelve digits, this has {n} characters"
        ),
    })
}

pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() {
        Err("a path cannot be empty".to_owned())
    } else {
        Ok(PathBuf::from(text))
    }
}

/// `ADDRESS:PORT`. The name localhost is taken as 127.0.0.1; other names are refused, because a name that resolves to
/// another address tomorrow must not open the server to the world.
pub(super) fn listen(text: &str) -> Result<SocketAddr, String> {
    if let Some(port) = text.strip_prefix("localhost:")
        && let Ok(port) = port.parse()
    {
        return Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    }
    text.parse().map_err(|_| {
        format!("`{text}` is no address to listen on: write an IP address and a port, \"127.0.0.1:4566\" or \"0.0.0.0:4566\"")
    })
}

pub(super) fn domain(text: &str) -> Result<String, String> {
    let lower = text.trim_matches('.').to_ascii_lowercase();
    let label = |l: &str| {
        !l.is_empty() && l.len() <= 63 && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if lower.split('.').all(label) && lower.parse::<std::net::IpAddr>().is_err() {
        Ok(lower)
    } else {
        Err(format!(
            "`{text}` is no domain name like \"s3.localhost\", without port or scheme"
        ))
    }
}

pub(super) fn region(text: &str) -> Result<String, String> {
    let good = !text.is_empty()
        && text.len() <= 63
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if good {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is no region like \"us-east-1\""))
    }
}

pub(super) fn public_url(text: &str) -> Result<String, String> {
    let trimmed = text.trim_end_matches('/');
    let host = trimmed
        .strip_prefix("https://")
        .or_else(|| trimmed.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']) => {
            Ok(trimmed.to_owned())
        }
        _ => Err(format!(
            "`{text}` is no URL of a server: write \"https://aws.example.com\", without a path"
        )),
    }
}

pub(super) fn log(text: &str) -> Result<String, String> {
    match text.parse::<tracing_subscriber::EnvFilter>() {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!(
            "`{text}` is no log filter like \"info\" or \"warn,twinlock=debug\": {error}"
        )),
    }
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("`{text}` is no log format: text or json")),
    }
}
