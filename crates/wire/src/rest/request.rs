//! A request as the door hands it over: recognised, its path split into labels, its query decoded.

use http::{HeaderMap, Method};

use crate::body::Body;

/// A REST request.
#[derive(Debug, Default)]
pub struct RestRequest {
    /// HTTP method.
    pub method: Method,
    /// Parts of the path by the model's names, decoded: `Bucket`, `Key`, `resourceArn` ….
    pub labels: Vec<(String, String)>,
    /// Query parameters in order, decoded.
    pub query: Vec<(String, String)>,
    /// Headers as sent.
    pub headers: HeaderMap,
    /// The body: [`Body::Full`] unless the operation streams its input.
    pub body: Body,
}

impl RestRequest {
    /// The value of a label.
    pub fn label(&self, name: &str) -> Option<&str> {
        find(&self.labels, name)
    }

    /// The bucket's name.
    pub fn bucket(&self) -> Option<&str> {
        self.label("Bucket")
    }

    /// The object's key.
    pub fn key(&self) -> Option<&str> {
        self.label("Key")
    }

    /// The first value of a query parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        find(&self.query, name)
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(n, _)| n == name)
        .map(|(_, value)| value.as_str())
}
