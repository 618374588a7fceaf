//! The REST-XML services: S3 and S3 Control.
//!
//! For each: the operations with their HTTP requests, a struct for what each takes and answers, nested structs, and the
//! kinds of their members. `wire::rest` reads and writes messages by these tables.

mod structs;

use std::fmt::Write as _;

use super::model::{Model, Operation};
use super::names;
use structs::{Needed, Side, structure};

/// A service, and where its model says other than AWS does.
pub(crate) struct Service {
    /// Module under `crates/shapes/src`, and the model's file name.
    pub(crate) module: &'static str,
    namespace: &'static str,
    /// Operations that get structs; empty for all. The others are known by name and request alone.
    typed: &'static [&'static str],
    /// The root element of an operation's answer, where it is not the output's name.
    roots: &'static [(&'static str, &'static str)],
    /// Operations whose answer is their only member, as root element.
    unwrapped: &'static [&'static str],
    /// Success statuses that the model lacks.
    statuses: &'static [(&'static str, u16)],
    /// Enumerations whose other words AWS refuses with a code of the operation's own, or takes.
    open_enums: &'static [&'static str],
    /// Lists of outputs that AWS leaves out where they are empty, although they have an element of their own.
    optional_lists: &'static [&'static str],
}

impl Service {
    fn root(&self, operation: &str) -> String {
        let found = self.roots.iter().find(|(name, _)| *name == operation);
        found.map_or_else(
            || format!("{operation}Result"),
            |(_, root)| (*root).to_owned(),
        )
    }
}

/// All services of this protocol.
pub(crate) const SERVICES: &[Service] = &[
    Service {
        module: "s3",
        namespace: "http://s3.amazonaws.com/doc/2006-03-01/",
        typed: &[],
        roots: &[
            ("CreateMultipartUpload", "InitiateMultipartUploadResult"),
            ("DeleteObjects", "DeleteResult"),
            (
                "GetBucketAccelerateConfiguration",
                "AccelerateConfiguration",
            ),
            ("GetBucketAcl", "AccessControlPolicy"),
            ("GetBucketCors", "CORSConfiguration"),
            ("GetBucketLifecycle", "LifecycleConfiguration"),
            ("GetBucketLifecycleConfiguration", "LifecycleConfiguration"),
            ("GetBucketLocation", "LocationConstraint"),
            ("GetBucketLogging", "BucketLoggingStatus"),
            ("GetBucketNotification", "NotificationConfiguration"),
            (
                "GetBucketNotificationConfiguration",
                "NotificationConfiguration",
            ),
            ("GetBucketRequestPayment", "RequestPaymentConfiguration"),
            ("GetBucketTagging", "Tagging"),
            ("GetBucketVersioning", "VersioningConfiguration"),
            ("GetBucketWebsite", "WebsiteConfiguration"),
            ("GetObjectAcl", "AccessControlPolicy"),
            ("GetObjectAttributes", "GetObjectAttributesResponse"),
            ("GetObjectTagging", "Tagging"),
            (
                "ListBucketAnalyticsConfigurations",
                "ListBucketAnalyticsConfigurationResult",
            ),
            (
                "ListBucketIntelligentTieringConfigurations",
                "ListBucketIntelligentTieringConfigurationsOutput",
            ),
            (
                "ListBucketInventoryConfigurations",
                "ListInventoryConfigurationsResult",
            ),
            (
                "ListBucketMetricsConfigurations",
                "ListMetricsConfigurationsResult",
            ),
            ("ListBuckets", "ListAllMyBucketsResult"),
            ("ListDirectoryBuckets", "ListAllMyDirectoryBucketsResult"),
            ("ListObjectVersions", "ListVersionsResult"),
            ("ListObjects", "ListBucketResult"),
            ("ListObjectsV2", "ListBucketResult"),
        ],
        unwrapped: &["GetBucketLocation"],
        statuses: &[("PutBucketPolicy", 204), ("PutBucketTagging", 204)],
        open_enums: &["BucketLocationConstraint", "Event"],
        optional_lists: &["RoutingRules"],
    },
    Service {
        module: "s3control",
        namespace: "http://awss3control.amazonaws.com/doc/2018-08-20/",
        typed: &[
            "DeletePublicAccessBlock",
            "GetPublicAccessBlock",
            "ListTagsForResource",
            "PutPublicAccessBlock",
            "TagResource",
            "UntagResource",
        ],
        roots: &[],
        unwrapped: &[],
        statuses: &[],
        open_enums: &[],
        optional_lists: &[],
    },
];

/// The files of one service, by path under `crates/shapes/src`.
pub(crate) fn generate(service: &Service, model: &Model) -> Result<Vec<(String, String)>, String> {
    let mut needed = Needed::default();
    let mut inputs = head("What operations take", OF_OPERATIONS);
    let mut outputs = head("What operations answer", OF_OPERATIONS);
    let mut operations = operations_head(service);
    let mut bindings = String::new();
    for (index, (name, operation)) in model.operations.iter().enumerate() {
        operations.push_str(&operation_row(service, model, operation)?);
        if !service.typed.is_empty() && !service.typed.contains(&name) {
            continue;
        }
        let (input, output) = (names::input(name), names::output(name));
        let shape = operation.input.as_ref().map(|r| r.shape.as_str());
        let shape = shape
            .map(|s| Ok::<_, String>((s, model.shape(s)?)))
            .transpose()?;
        let text = structure(
            service,
            model,
            &mut needed,
            Side::Input,
            (&input, name),
            shape,
        )?;
        inputs.push_str(&text);
        inputs.push('\n');
        let shape = operation.output.as_ref().map(|r| r.shape.as_str());
        let shape = shape
            .map(|s| Ok::<_, String>((s, model.shape(s)?)))
            .transpose()?;
        let text = structure(
            service,
            model,
            &mut needed,
            Side::Output,
            (&output, name),
            shape,
        )?;
        outputs.push_str(&text);
        outputs.push('\n');
        let _ = writeln!(bindings, "bind!({index}, {input}, {output});");
    }
    operations.push_str("];\n\n");
    operations.push_str(BIND);
    operations.push_str(&bindings);
    let file = |name: &str, text: String| (format!("{}/{name}.rs", service.module), text);
    Ok(vec![
        file("operations", operations),
        file("inputs", inputs),
        file("outputs", outputs),
        file(
            "types",
            needed.types(&head("Structures within inputs and outputs", OF_NESTED)),
        ),
        file("kinds", needed.kinds(&head("Kinds of members", OF_KINDS))),
    ])
}

/// What generated files import from their service's module.
const OF_NESTED: &str = "Body, Bytes, Millis, NAMESPACE, Structure, kinds::*, m, shape";
const OF_OPERATIONS: &str =
    "Body, Bytes, Millis, NAMESPACE, Structure, kinds::*, m, shape, types::*";
const OF_KINDS: &str = "Kind, Shape, Text, TimeFormat";
const GENERATED: &str = "Generated by `cargo xtask codegen`; do not edit.";

fn head(title: &str, uses: &str) -> String {
    format!(
        "//! {title}. {GENERATED}\n\n\
         #[allow(unused_imports, reason = \"one head for every generated file\")]\n\
         use super::{{{uses}}};\n\n"
    )
}

fn operations_head(service: &Service) -> String {
    format!(
        "//! Operations and their HTTP requests. {GENERATED}\n\n\
         use twinlock_wire::rest::{{OperationShape, RestInput, RestOutput}};\n\n\
         use super::inputs::*;\nuse super::outputs::*;\n\n\
         /// The namespace of the service's XML.\n\
         pub const NAMESPACE: &str = {:?};\n\n\
         /// Every operation of the model, by name.\n\
         pub static OPERATIONS: &[OperationShape] = &[\n",
        service.namespace
    )
}

/// Says in Rust which operation a pair of structs belongs to.
const BIND: &str = "\
macro_rules! bind {
    ($index:literal, $input:ident, $output:ident) => {
        impl RestInput for $input {
            type Output = $output;
            fn operation() -> &'static OperationShape {
                &OPERATIONS[$index]
            }
        }
        impl RestOutput for $output {
            fn operation() -> &'static OperationShape {
                &OPERATIONS[$index]
            }
        }
    };
}
";

fn operation_row(
    service: &Service,
    model: &Model,
    operation: &Operation,
) -> Result<String, String> {
    let uri = operation.http.request_uri.as_str();
    let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
    let literals: Vec<(&str, &str)> = query
        .split('&')
        .filter(|part| !part.is_empty())
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .collect();
    let mut query = Vec::new();
    let mut required_query = Vec::new();
    let mut required_headers = Vec::new();
    let mut streaming_input = false;
    if let Some(input) = &operation.input {
        let shape = model.shape(&input.shape)?;
        for (name, member) in shape.members.iter() {
            let wire = member.location_name.as_deref().unwrap_or(name);
            let required = shape.is_required(name);
            match member.location.as_deref() {
                Some("querystring") => {
                    query.push(wire);
                    if required {
                        required_query.push(wire);
                    }
                }
                // Other required headers do not tell operations apart: that they are missing is the operation's to say.
                Some("header") if required && wire == "x-amz-copy-source" => {
                    required_headers.push(wire);
                }
                _ => {}
            }
            streaming_input |= member.streaming || model.shape(&member.shape)?.streaming;
        }
    }
    let mut streaming_output = false;
    if let Some(output) = &operation.output {
        for (_, member) in model.shape(&output.shape)?.members.iter() {
            streaming_output |= member.streaming || model.shape(&member.shape)?.streaming;
        }
    }
    let known = service
        .statuses
        .iter()
        .find(|(name, _)| *name == operation.name);
    let status = match (known, operation.http.response_code) {
        (Some((_, status)), _) => *status,
        (None, 0) => 200,
        (None, status) => status,
    };
    let checksum = operation.http_checksum.as_ref();
    let checksum_required = operation.http_checksum_required
        || checksum.is_some_and(|checksum| checksum.request_checksum_required);
    Ok(format!(
        "    OperationShape {{ name: {:?}, method: {:?}, uri: {path:?}, literals: &{literals:?}, query: &{query:?}, \
         required_query: &{required_query:?}, required_headers: &{required_headers:?}, status: {status}, \
         streaming_input: {streaming_input}, streaming_output: {streaming_output}, \
         checksum_required: {checksum_required}, deprecated: {} }},\n",
        operation.name, operation.http.method, operation.deprecated
    ))
}
