//! Where a login link may lead: to pages of this console, as it calls them or as AWS's console calls them, and nowhere else.

use http::Uri;

use crate::http::{Request, local_path};

/// The hosts of AWS's console, of any region.
const AWS_CONSOLE: &str = "console.aws.amazon.com";
/// The slot of no identity, which the one that is about to sign in takes the place of.
const NOBODY: &str = "0000000000000000";
/// The parts of AWS's IAM console that have a page here.
const IAM_PAGES: &[&str] = &["users", "groups", "roles", "policies"];

/// The path below an identity that `text` stands for; none: it is no page of this console. An empty one is home.
pub(crate) fn destination(text: &str, request: &Request, public_url: &str) -> Option<String> {
    if text.is_empty() {
        return Some("/".into());
    }
    if text.starts_with('/') {
        return own_page(text);
    }
    // A fragment is no part of a URI here, and AWS's console keeps half of its places in it.
    let (address, fragment) = text.split_once('#').unwrap_or((text, ""));
    let uri: Uri = address.parse().ok()?;
    if !matches!(uri.scheme_str(), Some("https" | "http")) {
        return None;
    }
    let authority = uri.authority()?.as_str();
    let host = uri.host()?;
    let same = |other: &str| authority.eq_ignore_ascii_case(other);
    let public = public_url.split_once("://").map_or("", |(_, rest)| rest);
    if same(request.header("host")) || same(public) {
        let path = uri.path_and_query()?.as_str();
        return own_page(path);
    }
    let regional = host.strip_suffix(AWS_CONSOLE);
    let aws = regional.is_some_and(|region| region.is_empty() || region.ends_with('.'));
    (aws && uri.scheme_str() == Some("https") && authority == host)
        .then(|| aws_page(uri.path(), fragment))
}

/// A page of ours by its path: of the whole server, or of some identity, whose place the new one takes.
fn own_page(path: &str) -> Option<String> {
    let path = local_path(path)?;
    let (bare, query) = path.split_once('?').unwrap_or((path, ""));
    let segments: Vec<&str> = bare.trim_start_matches('/').split('/').collect();
    let below = match segments.as_slice() {
        [""] | ["console"] | ["console", ""] => String::new(),
        ["switchrole"] | ["signin", "switchrole"] => "switchrole".into(),
        ["console", slot, rest @ ..]
            if slot.len() == 16 && slot.bytes().all(|b| b.is_ascii_hexdigit()) =>
        {
            rest.join("/")
        }
        _ => return None,
    };
    let mark = if query.is_empty() { "" } else { "?" };
    local_path(&format!("/{below}{mark}{query}")).map(str::to_owned)
}

/// The address, as [`destination`] reads it, of a path below an identity that is not there yet.
pub(crate) fn link_to(below: &str) -> String {
    format!("/console/{NOBODY}{below}")
}

/// The page here for one of AWS's console; home, where there is none.
fn aws_page(path: &str, fragment: &str) -> String {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let page = match segments.as_slice() {
        ["s3", "buckets" | "object", bucket, ..] => format!("/s3/{bucket}"),
        ["s3", ..] => "/s3".into(),
        ["iam" | "iamv2", ..] => {
            let place: Vec<&str> = fragment.trim_matches(['/', '!']).split('/').collect();
            match place.as_slice() {
                [kind, "details", name, ..] if IAM_PAGES.contains(kind) => {
                    format!("/iam/{kind}/{}", name.split('?').next().unwrap_or(""))
                }
                [kind, ..] if IAM_PAGES.contains(&kind.split('?').next().unwrap_or("")) => {
                    format!("/iam/{}", kind.split('?').next().unwrap_or(""))
                }
                _ => "/iam".into(),
            }
        }
        _ => "/".into(),
    };
    local_path(&page).unwrap_or("/").to_owned()
}

#[cfg(test)]
mod tests {
    use http::Request as Wire;
    use twinlock_gate::{Body, Peer};

    use super::*;

    fn to(text: &str) -> Option<String> {
        let wire = Wire::get("/federation").header("host", "127.0.0.1:4566");
        let (parts, ()) = wire.body(()).unwrap().into_parts();
        let peer = Peer {
            addr: "127.0.0.1".parse().unwrap(),
            secure: false,
        };
        let request = Request::new(parts, Body::Empty, peer).unwrap();
        destination(text, &request, "https://iam.example.com")
    }

    #[test]
    fn pages_of_this_console_and_of_awss_are_gone_to() {
        for (text, page) in [
            ("", "/"),
            ("/console", "/"),
            ("/console/0123456789abcdef/iam/users?q=a", "/iam/users?q=a"),
            ("https://iam.example.com/console/", "/"),
            (
                "http://127.0.0.1:4566/switchrole?account=1",
                "/switchrole?account=1",
            ),
            ("https://console.aws.amazon.com/", "/"),
            (
                "https://console.aws.amazon.com/console/home?region=eu-west-1",
                "/",
            ),
            ("https://eu-west-1.console.aws.amazon.com/s3/home", "/s3"),
            (
                "https://s3.console.aws.amazon.com/s3/buckets/shelf?tab=objects",
                "/s3/shelf",
            ),
            (
                "https://console.aws.amazon.com/iam/home#/roles",
                "/iam/roles",
            ),
            (
                "https://us-east-1.console.aws.amazon.com/iam/home?region=us-east-1#/roles/details/UpdateApp?section=permissions",
                "/iam/roles/UpdateApp",
            ),
            ("https://console.aws.amazon.com/ec2/v2/home", "/"),
        ] {
            assert_eq!(to(text).as_deref(), Some(page), "{text}");
        }
    }

    #[test]
    fn a_link_to_a_page_leads_there() {
        for page in ["/", "/s3/shelf", "/iam/users?q=a"] {
            assert_eq!(to(&link_to(page)).as_deref(), Some(page));
        }
    }

    #[test]
    fn nowhere_else() {
        for text in [
            "https://evil.example/",
            "https://console.aws.amazon.com.evil.example/s3",
            "https://evilconsole.aws.amazon.com/s3",
            "https://console.aws.amazon.com@evil.example/",
            "https://evil.example@console.aws.amazon.com/",
            "https://console.aws.amazon.com:8443/",
            "http://console.aws.amazon.com/",
            "//evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "/bucket/page.html",
            "/console/0123456789abcdef/../../bucket/page.html",
            "https://iam.example.com/bucket/page.html",
            "https://iam.example.com:444/console",
            "console.aws.amazon.com",
        ] {
            assert_eq!(to(text), None, "{text}");
        }
    }
}
