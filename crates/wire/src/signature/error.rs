//! Every way in which a signature fails, and the words AWS has for it in each protocol.
//!
//! The variants hold facts; the words are found late, because the service is often known only after the parse. Texts
//! are what AWS's services print, so that clients that match on them keep working.

use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::{CLOCK_SKEW_MS_MAX, moment};
use crate::fault::{Fault, Protocol};

/// What was computed for a request whose signature differs. It holds no secret: the caller could compute all of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mismatch {
    /// The access key id that the request names.
    pub access_key_id: String,
    /// The string whose HMAC the signature should be.
    pub string_to_sign: String,
    /// SigV4's canonical request; empty for SigV2 and POST forms.
    pub canonical_request: String,
    /// The signature that the request carries.
    pub signature_provided: String,
}

/// A signature that cannot be read, or is not good.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A header or query parameter that must be single is there twice (or, for `x-amz-*`, in header and query).
    #[error("`{0}` is given more than once")]
    Duplicate(&'static str),
    /// Longer than the limits allow.
    #[error("`{0}` is too long")]
    TooLong(&'static str),
    /// Not printable text.
    #[error("`{0}` is not printable text")]
    NotText(&'static str),
    /// A signature in the header and one in the query, or of two versions.
    #[error("more than one signature is given")]
    SeveralMechanisms,
    /// An Authorization header of another scheme.
    #[error("the authorization scheme is not supported")]
    UnsupportedAuthorization,
    /// An `AWS4-` algorithm other than HMAC-SHA256.
    #[error("the algorithm `{0}` is not supported")]
    UnsupportedAlgorithm(String),
    /// Components of the Authorization header are absent.
    #[error("the authorization header lacks {}", missing.join(", "))]
    Incomplete {
        /// Which of Credential, SignedHeaders, Signature and X-Amz-Date.
        missing: Vec<&'static str>,
        /// The header as it came; told only as a hash.
        authorization: String,
    },
    /// A component of the Authorization header is no `Name=value`, unknown, or ill-formed.
    #[error("the authorization component `{0}` is malformed")]
    MalformedComponent(String),
    /// Query parameters of a presigned request are absent.
    #[error("presigned request lacks {}", .0.join(", "))]
    MissingParameters(Vec<&'static str>),
    /// Query parameters of a version 2 presigned request are absent.
    #[error("presigned request lacks {}", .0.join(", "))]
    MissingV2Parameters(Vec<&'static str>),
    /// `Expires` of a version 2 presigned request is no number of seconds since the epoch.
    #[error("Expires `{0}` is not a time")]
    ExpiresInvalidV2(String),
    /// The credential is not `ID/DATE/REGION/SERVICE/aws4_request`.
    #[error("the credential `{given}` is malformed")]
    MalformedCredential {
        /// As it came.
        given: String,
        /// Whether it came in the query.
        query: bool,
    },
    /// The credential's last element is not `aws4_request`.
    #[error("the credential ends in `{given}`")]
    WrongTerminator {
        /// As it came.
        given: String,
        /// Whether it came in the query.
        query: bool,
    },
    /// The scope names another service than the one that is asked.
    #[error("the scope names `{given}`, not `{expected}`")]
    WrongService {
        /// The scope's service.
        given: String,
        /// The service asked.
        expected: String,
    },
    /// X-Amz-Expires is no number.
    #[error("X-Amz-Expires is not a number")]
    ExpiresNotANumber,
    /// X-Amz-Expires is below zero.
    #[error("X-Amz-Expires is negative")]
    ExpiresNegative,
    /// X-Amz-Expires is over seven days.
    #[error("X-Amz-Expires is over 604800")]
    ExpiresTooLong,
    /// Neither X-Amz-Date nor Date.
    #[error("no date")]
    DateMissing,
    /// The date is in no known form.
    #[error("the date `{0}` is malformed")]
    DateMalformed(String),
    /// The scope's day is not the day of the request's time.
    #[error("the scope's date `{scope}` is not the day of `{timestamp}`")]
    DateMismatch {
        /// Eight digits.
        scope: String,
        /// The request's time in basic form.
        timestamp: String,
    },
    /// The `host` header is not among the signed ones (or absent).
    #[error("host is not signed")]
    HostNotSigned,
    /// Headers that must be signed are not.
    #[error("not signed: {}", .0.join(", "))]
    HeadersNotSigned(Vec<String>),
    /// S3 without `x-amz-content-sha256`.
    #[error("x-amz-content-sha256 is missing")]
    PayloadHashMissing,
    /// `x-amz-content-sha256` has a value that means nothing.
    #[error("x-amz-content-sha256 `{0}` is not valid")]
    PayloadHashInvalid(String),
    /// The body's hash is not the declared one.
    #[error("the body does not have the declared hash")]
    PayloadMismatch {
        /// In hexadecimal, as declared.
        declared: String,
        /// In hexadecimal, as found.
        computed: String,
    },
    /// The request's clock is over 15 minutes from ours.
    #[error("request time `{request_ms}` is too far from `{now_ms}`")]
    Skewed {
        /// Milliseconds since the epoch.
        request_ms: u64,
        /// Milliseconds since the epoch.
        now_ms: u64,
    },
    /// A presigned request after its end.
    #[error("request has expired")]
    Expired {
        /// When it ended, milliseconds since the epoch.
        expires_ms: u64,
        /// X-Amz-Expires; SigV2 has none.
        seconds: Option<u64>,
        /// Milliseconds since the epoch.
        now_ms: u64,
    },
    /// A presigned request from the future.
    #[error("request is not valid yet")]
    NotYetValid {
        /// Milliseconds since the epoch.
        request_ms: u64,
        /// Milliseconds since the epoch.
        now_ms: u64,
    },
    /// No signature, where one is needed.
    #[error("the request is not signed")]
    Missing,
    /// Nobody has this access key id, or it is inactive, or it came without its token.
    #[error("nobody has the access key id `{0}`")]
    UnknownKey(String),
    /// The session has ended.
    #[error("the session token has expired")]
    TokenExpired,
    /// The session token cannot be one of ours.
    #[error("the session token is malformed")]
    TokenMalformed,
    /// A SigV2 signature covers too little: the named query parameter is none that version 2 signs.
    #[error("`{0}` cannot be used with signature version 2")]
    NotCoveredByV2(String),
    /// The signature is not the one computed.
    #[error("the signature does not match")]
    Mismatch(Box<Mismatch>),
}

const MISMATCH_S3: &str = "The request signature we calculated does not match the signature you provided. Check your key and signing method.";
const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

impl SignatureError {
    /// The error in the words of a service's protocol.
    pub fn fault(&self, protocol: Protocol) -> Fault {
        match protocol {
            Protocol::RestXml => self.s3(),
            Protocol::Query | Protocol::Ec2 => self.query(),
            Protocol::Json11 | Protocol::RestJson | Protocol::RpcV2Cbor => {
                let mut fault = self.query();
                if protocol != Protocol::RestJson {
                    fault.status = 400;
                }
                fault.code = match fault.code.as_ref() {
                    "IncompleteSignature" => "IncompleteSignatureException",
                    "MissingAuthenticationToken" => "MissingAuthenticationTokenException",
                    "InvalidClientTokenId" => "UnrecognizedClientException",
                    "ExpiredToken" => "ExpiredTokenException",
                    _ => "InvalidSignatureException",
                }
                .into();
                fault
            }
        }
    }

    fn s3(&self) -> Fault {
        use SignatureError::{
            DateMalformed, DateMismatch, DateMissing, Duplicate, Expired, ExpiresInvalidV2,
            ExpiresNegative, ExpiresNotANumber, ExpiresTooLong, HeadersNotSigned, HostNotSigned,
            Incomplete, MalformedComponent, MalformedCredential, Mismatch, Missing,
            MissingParameters, MissingV2Parameters, NotCoveredByV2, NotText, NotYetValid,
            PayloadHashInvalid, PayloadHashMissing, PayloadMismatch, SeveralMechanisms, Skewed,
            TokenExpired, TokenMalformed, TooLong, UnknownKey, UnsupportedAlgorithm,
            UnsupportedAuthorization, WrongService, WrongTerminator,
        };
        let header = |rest: &str| {
            Fault::new(
                "AuthorizationHeaderMalformed",
                400,
                format!("The authorization header is malformed; {rest}"),
            )
        };
        let query =
            |text: &str| Fault::new("AuthorizationQueryParametersError", 400, text.to_owned());
        let argument = |name: &str, text: &str| {
            Fault::new("InvalidArgument", 400, text.to_owned()).with("ArgumentName", name)
        };
        match self {
            Duplicate(name) => argument(
                name,
                &format!("{name} is given more than once; it must be given once."),
            ),
            TooLong(name) => argument(name, &format!("The value of {name} is too long.")),
            NotText(name) => argument(name, &format!("The value of {name} is not printable text.")),
            SeveralMechanisms => argument(
                "Authorization",
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified",
            ),
            UnsupportedAuthorization => argument("Authorization", "Unsupported Authorization Type"),
            UnsupportedAlgorithm(given) => {
                query("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"")
                    .with("AlgorithmProvided", given.as_str())
            }
            Incomplete { .. } => header(
                "the authorization header requires three components: Credential, SignedHeaders, and Signature.",
            ),
            MalformedComponent(given) => {
                header(&format!("the authorization component \"{given}\" is malformed."))
            }
            MissingParameters(_) => query(
                "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.",
            ),
            MissingV2Parameters(_) => Fault::new(
                "AccessDenied",
                403,
                "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
            ),
            ExpiresInvalidV2(given) => Fault::new(
                "AccessDenied",
                403,
                format!("Invalid date (should be seconds since epoch): {given}"),
            ),
            MalformedCredential { query: in_query, .. } => {
                const SHAPE: &str = "the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".";
                if *in_query {
                    query(&format!("Error parsing the X-Amz-Credential parameter; {SHAPE}"))
                } else {
                    header(SHAPE)
                }
            }
            WrongTerminator { given, query: in_query } => {
                let text =
                    format!("incorrect terminal \"{given}\". This endpoint uses \"aws4_request\".");
                if *in_query {
                    query(&format!("Error parsing the X-Amz-Credential parameter; {text}"))
                } else {
                    header(&text)
                }
            }
            WrongService { given, expected } => header(&format!(
                "incorrect service \"{given}\". This endpoint belongs to \"{expected}\"."
            )),
            ExpiresNotANumber => query("X-Amz-Expires should be a number"),
            ExpiresNegative => query("X-Amz-Expires must be non-negative"),
            ExpiresTooLong => query(
                "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds",
            ),
            DateMissing | DateMalformed(_) => Fault::new(
                "AccessDenied",
                403,
                "AWS authentication requires a valid Date or x-amz-date header",
            ),
            DateMismatch { scope, timestamp } => header(&format!(
                "Invalid credential date \"{scope}\". This date is not the same as X-Amz-Date: \"{}\".",
                timestamp.get(..8).unwrap_or_default()
            )),
            HostNotSigned => not_signed("host".to_owned()),
            HeadersNotSigned(names) => not_signed(names.join(", ")),
            PayloadHashMissing => Fault::new(
                "InvalidRequest",
                400,
                "Missing required header for this request: x-amz-content-sha256",
            ),
            PayloadHashInvalid(given) => argument(
                "x-amz-content-sha256",
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, or a valid sha256 value.",
            )
            .with("ArgumentValue", given.as_str()),
            PayloadMismatch { declared, computed } => Fault::new(
                "XAmzContentSHA256Mismatch",
                400,
                "The provided 'x-amz-content-sha256' header does not match what was computed.",
            )
            .with("ClientComputedContentSHA256", declared.as_str())
            .with("S3ComputedContentSHA256", computed.as_str()),
            Skewed { request_ms, now_ms } => Fault::new(
                "RequestTimeTooSkewed",
                403,
                "The difference between the request time and the current time is too large.",
            )
            .with("RequestTime", moment::basic(*request_ms))
            .with("ServerTime", moment::iso(*now_ms))
            .with(
                "MaxAllowedSkewMilliseconds",
                CLOCK_SKEW_MS_MAX.to_string(),
            ),
            Expired { expires_ms, seconds, now_ms } => {
                let mut answer = Fault::new("AccessDenied", 403, "Request has expired");
                if let Some(seconds) = seconds {
                    answer = answer.with("X-Amz-Expires", seconds.to_string());
                }
                answer
                    .with("Expires", moment::iso(*expires_ms))
                    .with("ServerTime", moment::iso(*now_ms))
            }
            NotYetValid { now_ms, .. } => {
                Fault::new("AccessDenied", 403, "Request is not valid yet")
                    .with("ServerTime", moment::iso(*now_ms))
            }
            Missing => Fault::new("AccessDenied", 403, "Access Denied"),
            UnknownKey(id) => Fault::new(
                "InvalidAccessKeyId",
                403,
                "The AWS Access Key Id you provided does not exist in our records.",
            )
            .with("AWSAccessKeyId", id.as_str()),
            TokenExpired => Fault::new("ExpiredToken", 400, "The provided token has expired."),
            TokenMalformed => Fault::new(
                "InvalidToken",
                400,
                "The provided token is malformed or otherwise invalid.",
            ),
            NotCoveredByV2(name) => Fault::new(
                "InvalidRequest",
                400,
                format!("The parameter {name} is not supported with signature version 2. Please use AWS4-HMAC-SHA256."),
            ),
            Mismatch(found) => {
                let mut answer = Fault::new("SignatureDoesNotMatch", 403, MISMATCH_S3)
                    .with("AWSAccessKeyId", found.access_key_id.as_str())
                    .with("StringToSign", found.string_to_sign.as_str())
                    .with("SignatureProvided", found.signature_provided.as_str())
                    .with("StringToSignBytes", spaced_hex(&found.string_to_sign));
                if !found.canonical_request.is_empty() {
                    answer = answer
                        .with("CanonicalRequest", found.canonical_request.as_str())
                        .with("CanonicalRequestBytes", spaced_hex(&found.canonical_request));
                }
                answer
            }
        }
    }

    fn query(&self) -> Fault {
        use SignatureError::{
            DateMalformed, DateMismatch, DateMissing, Duplicate, Expired, ExpiresInvalidV2,
            ExpiresNegative, ExpiresNotANumber, ExpiresTooLong, HeadersNotSigned, HostNotSigned,
            Incomplete, MalformedComponent, MalformedCredential, Mismatch, Missing,
            MissingParameters, MissingV2Parameters, NotCoveredByV2, NotText, NotYetValid,
            PayloadHashInvalid, PayloadHashMissing, PayloadMismatch, SeveralMechanisms, Skewed,
            TokenExpired, TokenMalformed, TooLong, UnknownKey, UnsupportedAlgorithm,
            UnsupportedAuthorization, WrongService, WrongTerminator,
        };
        let incomplete = |text: String| Fault::new("IncompleteSignature", 400, text);
        let wrong = |text: String| Fault::new("SignatureDoesNotMatch", 403, text);
        match self {
            Duplicate(name) => incomplete(format!("'{name}' must be given once.")),
            TooLong(name) => incomplete(format!("'{name}' is too long.")),
            NotText(name) => incomplete(format!("'{name}' is not printable text.")),
            SeveralMechanisms => incomplete(
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter or the Authorization header should be specified.".to_owned(),
            ),
            UnsupportedAuthorization => Fault::new(
                "IncompleteSignature",
                400,
                "Unsupported Authorization Type".to_owned(),
            ),
            UnsupportedAlgorithm(given) => {
                incomplete(format!("Unsupported AWS 'algorithm': '{given}'."))
            }
            Incomplete { missing, authorization } => {
                let mut text = String::new();
                for name in missing {
                    text.push_str(&if *name == "X-Amz-Date" {
                        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ".to_owned()
                    } else {
                        format!("Authorization header requires '{name}' parameter. ")
                    });
                }
                let hash = base64::engine::general_purpose::STANDARD
                    .encode(Sha256::digest(authorization.as_bytes()));
                incomplete(format!(
                    "{text}(Hashed with SHA-256 and encoded with Base64) Authorization={hash}"
                ))
            }
            MalformedComponent(given) => incomplete(format!(
                "Invalid key=value pair (missing equal-sign) in Authorization header: '{given}'."
            )),
            MissingParameters(names) => incomplete(
                names
                    .iter()
                    .map(|name| format!("AWS query-string parameters must include '{name}'. "))
                    .collect::<String>()
                    + "Re-examine the query-string parameters.",
            ),
            MalformedCredential { given, .. } => incomplete(format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{given}'."
            )),
            WrongTerminator { given, .. } => wrong(format!(
                "Credential should be scoped with a valid terminator: 'aws4_request', not '{given}'."
            )),
            WrongService { expected, .. } => wrong(format!(
                "Credential should be scoped to correct service: '{expected}'."
            )),
            ExpiresNotANumber | ExpiresNegative | ExpiresTooLong => incomplete(
                "X-Amz-Expires must be a number of seconds from 0 to 604800.".to_owned(),
            ),
            DateMissing => incomplete(
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.".to_owned(),
            ),
            DateMalformed(given) => incomplete(format!(
                "Date must be in ISO-8601 'basic format'. Got '{given}'. See http://en.wikipedia.org/wiki/ISO_8601"
            )),
            DateMismatch { scope, timestamp } => wrong(format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{scope}' != '{}', from '{timestamp}'.",
                timestamp.get(..8).unwrap_or_default()
            )),
            HostNotSigned => wrong(
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.".to_owned(),
            ),
            HeadersNotSigned(names) => wrong(format!(
                "'{}' must be a 'SignedHeader' in the AWS Authorization.",
                names.join("', '")
            )),
            PayloadHashMissing | PayloadHashInvalid(_) => incomplete(
                "The value of x-amz-content-sha256 is not valid for this service.".to_owned(),
            ),
            // A body that was changed on the way: these services hash the body themselves, so that to them it is a mismatch.
            PayloadMismatch { .. } | Mismatch(_) => wrong(MISMATCH.to_owned()),
            Skewed { request_ms, now_ms } | NotYetValid { request_ms, now_ms } => {
                let (request, now) = (moment::basic(*request_ms), moment::basic(*now_ms));
                if request_ms < now_ms {
                    let edge = moment::basic(now_ms.saturating_sub(CLOCK_SKEW_MS_MAX));
                    wrong(format!(
                        "Signature expired: {request} is now earlier than {edge} ({now} - 15 min.)"
                    ))
                } else {
                    let edge = moment::basic(now_ms.saturating_add(CLOCK_SKEW_MS_MAX));
                    wrong(format!(
                        "Signature not yet current: {request} is still later than {edge} ({now} + 15 min.)"
                    ))
                }
            }
            Expired { expires_ms, now_ms, .. } => wrong(format!(
                "Signature expired: {} is now earlier than {}",
                moment::basic(*expires_ms),
                moment::basic(*now_ms)
            )),
            Missing => Fault::new(
                "MissingAuthenticationToken",
                403,
                "Request is missing Authentication Token",
            ),
            TokenExpired => Fault::new(
                "ExpiredToken",
                403,
                "The security token included in the request is expired",
            ),
            UnknownKey(_) | TokenMalformed => Fault::new(
                "InvalidClientTokenId",
                403,
                "The security token included in the request is invalid.",
            ),
            NotCoveredByV2(_) | MissingV2Parameters(_) | ExpiresInvalidV2(_) => incomplete("Signature version 2 is not supported.".to_owned()),
        }
    }
}

fn not_signed(names: String) -> Fault {
    Fault::new(
        "AccessDenied",
        403,
        "There were headers present in the request which were not signed",
    )
    .with("HeadersNotSigned", names)
}

/// S3 prints the bytes beside the text, so that an invisible character shows.
fn spaced_hex(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 3);
    for (at, byte) in text.bytes().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        out.push_str(&hex::encode([byte]));
    }
    out
}
