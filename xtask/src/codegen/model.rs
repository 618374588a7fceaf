//! AWS's published model of one service (`service-2.json`), as the generators read it.
//!
//! Order is kept everywhere as it stands in the file: members are written to XML in that order, and the same model must
//! give the same bytes of Rust. So maps are read into lists of pairs, not into hash maps.

use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

/// A JSON object in the order of its file.
#[derive(Debug, Clone)]
pub(crate) struct Ordered<T>(pub(crate) Vec<(String, T)>);

impl<T> Default for Ordered<T> {
    fn default() -> Self {
        Ordered(Vec::new())
    }
}

impl<T> Ordered<T> {
    /// The value of a name.
    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value)
    }

    /// Names and values in file order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Pairs<T> {
            type Value = Ordered<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered<T>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Ordered(pairs))
            }
        }
        deserializer.deserialize_map(Pairs(PhantomData))
    }
}

/// One service.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Model {
    pub(crate) metadata: Metadata,
    #[serde(default)]
    pub(crate) operations: Ordered<Operation>,
    #[serde(default)]
    pub(crate) shapes: Ordered<Shape>,
}

/// What a service calls itself and how it speaks.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Metadata {
    pub(crate) api_version: String,
    pub(crate) endpoint_prefix: String,
    /// `query`, `json`, `rest-xml`, `rest-json`, `ec2`, `smithy-rpc-v2-cbor`.
    pub(crate) protocol: String,
    /// Every protocol the service takes, the preferred one first.
    pub(crate) protocols: Vec<String>,
    /// Empty where it equals the endpoint prefix: see [`Metadata::signing`].
    pub(crate) signing_name: String,
    pub(crate) service_id: String,
    pub(crate) json_version: String,
    pub(crate) target_prefix: String,
    pub(crate) xml_namespace: Option<Namespace>,
}

impl Metadata {
    /// The service's name in a signature's scope.
    pub(crate) fn signing(&self) -> &str {
        if self.signing_name.is_empty() {
            &self.endpoint_prefix
        } else {
            &self.signing_name
        }
    }
}

/// An XML namespace: a text in `metadata`, an object at shapes and members.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "NamespaceForm")]
pub(crate) struct Namespace {
    pub(crate) uri: String,
    pub(crate) prefix: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum NamespaceForm {
    Text(String),
    Object { uri: String, prefix: Option<String> },
}

impl From<NamespaceForm> for Namespace {
    fn from(form: NamespaceForm) -> Self {
        match form {
            NamespaceForm::Text(uri) => Namespace { uri, prefix: None },
            NamespaceForm::Object { uri, prefix } => Namespace { uri, prefix },
        }
    }
}

/// One operation.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Operation {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) http: Http,
    pub(crate) input: Option<Reference>,
    pub(crate) output: Option<Reference>,
    #[serde(default)]
    pub(crate) errors: Vec<Reference>,
    /// `none` for operations that are called unsigned, such as `AssumeRoleWithSAML`.
    pub(crate) authtype: Option<String>,
    #[serde(default)]
    pub(crate) http_checksum_required: bool,
    pub(crate) http_checksum: Option<HttpChecksum>,
    #[serde(default)]
    pub(crate) deprecated: bool,
}

/// An operation's HTTP binding.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Http {
    pub(crate) method: String,
    /// Path with labels, and perhaps a literal query: `/{Bucket}/{Key+}?uploads`.
    pub(crate) request_uri: String,
    /// 0 where the model says nothing: 200.
    pub(crate) response_code: u16,
}

/// An operation's flexible checksums.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct HttpChecksum {
    pub(crate) request_algorithm_member: Option<String>,
    pub(crate) request_checksum_required: bool,
    pub(crate) request_validation_mode_member: Option<String>,
    pub(crate) response_algorithms: Vec<String>,
}

/// A use of a shape, as a member, list element, map key or value, input, output or error, with the traits of that use.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Reference {
    /// The shape's name in [`Model::shapes`].
    pub(crate) shape: String,
    /// `uri`, `querystring`, `header`, `headers`, `statusCode`; none means the body.
    pub(crate) location: Option<String>,
    /// The name on the wire where it is not the member's own.
    pub(crate) location_name: Option<String>,
    pub(crate) flattened: bool,
    pub(crate) xml_namespace: Option<Namespace>,
    pub(crate) xml_attribute: bool,
    pub(crate) streaming: bool,
    /// `iso8601`, `rfc822`, `unixTimestamp`.
    pub(crate) timestamp_format: Option<String>,
    pub(crate) r#box: bool,
    pub(crate) idempotency_token: bool,
    pub(crate) deprecated: bool,
    /// Of an output: the element around the result in the query protocol.
    pub(crate) result_wrapper: Option<String>,
    pub(crate) eventpayload: bool,
}

/// What a shape is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Structure,
    List,
    Map,
    String,
    Character,
    Integer,
    Long,
    Short,
    Byte,
    Bigdecimal,
    Biginteger,
    Float,
    Double,
    Boolean,
    Timestamp,
    Blob,
}

/// A shape with its traits; what does not apply to its kind is empty.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shape {
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    /// Of a structure, in file order.
    #[serde(default)]
    pub(crate) members: Ordered<Reference>,
    #[serde(default)]
    pub(crate) required: Vec<String>,
    /// Of a list.
    pub(crate) member: Option<Reference>,
    /// Of a map.
    pub(crate) key: Option<Reference>,
    /// Of a map.
    pub(crate) value: Option<Reference>,
    #[serde(rename = "enum", default)]
    pub(crate) choices: Vec<String>,
    /// Length of a string, list, map or blob; value of a number.
    pub(crate) min: Option<f64>,
    pub(crate) max: Option<f64>,
    pub(crate) pattern: Option<String>,
    #[serde(default)]
    pub(crate) flattened: bool,
    pub(crate) location_name: Option<String>,
    pub(crate) xml_namespace: Option<Namespace>,
    pub(crate) timestamp_format: Option<String>,
    /// Of a structure: the member that is the whole HTTP body.
    pub(crate) payload: Option<String>,
    #[serde(default)]
    pub(crate) streaming: bool,
    #[serde(default)]
    pub(crate) sensitive: bool,
    #[serde(default)]
    pub(crate) exception: bool,
    /// Of an exception: its code and status.
    pub(crate) error: Option<ErrorTrait>,
    #[serde(default)]
    pub(crate) r#box: bool,
    #[serde(default)]
    pub(crate) union: bool,
    #[serde(default)]
    pub(crate) eventstream: bool,
    #[serde(default)]
    pub(crate) event: bool,
    #[serde(default)]
    pub(crate) deprecated: bool,
}

impl Shape {
    /// A structure without members: what an operation takes or answers where its model says nothing.
    pub(crate) fn empty() -> Shape {
        Shape {
            kind: Kind::Structure,
            members: Ordered::default(),
            required: Vec::new(),
            member: None,
            key: None,
            value: None,
            choices: Vec::new(),
            min: None,
            max: None,
            pattern: None,
            flattened: false,
            location_name: None,
            xml_namespace: None,
            timestamp_format: None,
            payload: None,
            streaming: false,
            sensitive: false,
            exception: false,
            error: None,
            r#box: false,
            union: false,
            eventstream: false,
            event: false,
            deprecated: false,
        }
    }

    /// Whether a structure's member must be given.
    pub(crate) fn is_required(&self, member: &str) -> bool {
        self.required.iter().any(|name| name == member)
    }
}

/// How an exception is answered.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ErrorTrait {
    /// Empty where it is the shape's name.
    pub(crate) code: String,
    /// 0 where the model says nothing.
    pub(crate) http_status_code: u16,
    pub(crate) sender_fault: bool,
}

impl Model {
    /// Reads a model; the error names the file.
    pub(crate) fn load(path: &Path) -> Result<Model, String> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// A shape by name; the error says that the model contradicts itself.
    pub(crate) fn shape(&self, name: &str) -> Result<&Shape, String> {
        let found = self.shapes.get(name);
        found.ok_or_else(|| {
            format!(
                "{}: shape {name} is referred to but missing",
                self.metadata.service_id
            )
        })
    }
}
