//! A bucket's CORS rules: which pages of other origins a browser lets speak to it.
//!
//! They grant nothing. A browser asks before it sends a page's request, and shows the page an answer only if the bucket says
//! so; who may do what is for the signature and the policies, as for everybody else.

use serde::{Deserialize, Serialize};

/// One rule.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorsRule {
    /// The owner's name for it.
    #[serde(default)]
    pub id: Option<String>,
    /// Headers that a page may send; one `*` in each at most.
    #[serde(default)]
    pub allowed_headers: Vec<String>,
    /// `GET`, `PUT`, `HEAD`, `POST`, `DELETE`.
    pub allowed_methods: Vec<String>,
    /// Origins (`https://www.example.com`); one `*` in each at most.
    pub allowed_origins: Vec<String>,
    /// Headers of the answer that a page may read.
    #[serde(default)]
    pub expose_headers: Vec<String>,
    /// How long a browser may remember the answer, in seconds.
    #[serde(default)]
    pub max_age_s: Option<i32>,
}

impl CorsRule {
    /// Whether the rule covers a request of a page of `origin`, by `method`.
    pub fn admits(&self, origin: &str, method: &str) -> bool {
        self.allowed_methods.iter().any(|m| m == method)
            && self.allowed_origins.iter().any(|o| fits(o, origin))
    }

    /// Whether the rule lets a page send a header of this name.
    pub fn admits_header(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        self.allowed_headers
            .iter()
            .any(|allowed| fits(&allowed.to_ascii_lowercase(), &name))
    }

    /// Whether it is for every origin, which then need not be named, and is given no credentials.
    pub fn for_everyone(&self) -> bool {
        self.allowed_origins.iter().any(|origin| origin == "*")
    }
}

/// Whether `text` is `pattern`, where one `*` stands for anything.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((before, after)) => {
            text.len() >= before.len() + after.len()
                && text.starts_with(before)
                && text.ends_with(after)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_for_nothing_more() {
        for (pattern, text, fit) in [
            ("*", "https://a.example", true),
            ("https://*.example", "https://a.example", true),
            ("https://*.example", "https://a.example.evil", false),
            ("https://*.example", "http://a.example", false),
            ("https://a.example", "https://a.example", true),
            ("https://a.example", "https://a.example:8443", false),
            ("https://ab*ba", "https://aba", false),
            ("x-amz-*", "x-amz-", true),
        ] {
            assert_eq!(fits(pattern, text), fit, "{pattern} {text}");
        }
        let rule = CorsRule {
            allowed_headers: vec!["X-Amz-*".into(), "content-type".into()],
            allowed_methods: vec!["PUT".into()],
            allowed_origins: vec!["https://a.example".into()],
            ..CorsRule::default()
        };
        assert!(rule.admits_header("x-amz-date") && rule.admits_header("Content-Type"));
        assert!(!rule.admits_header("authorization"));
        assert!(rule.admits("https://a.example", "PUT"));
        assert!(!rule.admits("https://a.example", "GET"));
        assert!(!rule.for_everyone());
    }
}
