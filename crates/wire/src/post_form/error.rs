//! How a POST form fails, and S3's words for it.

use crate::{
    fault::{Fault, Protocol},
    signature::SignatureError,
};

/// A form that cannot be read, is not signed well, or is not what its policy allows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// The request is no `multipart/form-data` with a boundary.
    #[error("not multipart/form-data")]
    NotMultipart,
    /// The body is no well-formed multipart; what about it.
    #[error("the form is malformed: {0}")]
    Malformed(&'static str),
    /// Over [`super::FIELDS_BYTES_MAX`] or [`super::FIELDS_MAX`] before the file.
    #[error("too much before the file")]
    TooMuchBeforeFile,
    /// No field `file`.
    #[error("the form has no file")]
    FileMissing,
    /// A field that must be there is not, or empty, or comes after the file.
    #[error("the field `{0}` is missing")]
    FieldMissing(&'static str),
    /// A field occurs twice: nobody could say which one the policy was checked on.
    #[error("the field `{0}` is given more than once")]
    FieldRepeated(String),
    /// The policy is no policy; what about it.
    #[error("the policy is invalid: {0}")]
    PolicyInvalid(String),
    /// The policy's expiration has passed.
    #[error("the policy has expired")]
    PolicyExpired,
    /// A condition does not hold; as the policy wrote it.
    #[error("the condition {0} does not hold")]
    ConditionFailed(String),
    /// A field that no condition covers.
    #[error("no condition covers the field `{0}`")]
    FieldNotCovered(String),
    /// The file is larger than the policy allows.
    #[error("the file has more than {max} bytes")]
    FileTooLarge {
        /// Bytes.
        max: u64,
    },
    /// The file is smaller than the policy asks.
    #[error("the file has {size} bytes, not {min}")]
    FileTooSmall {
        /// Bytes.
        size: u64,
        /// Bytes.
        min: u64,
    },
    /// The signature.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl FormError {
    /// The error in S3's words.
    pub fn fault(&self) -> Fault {
        let denied = |rest: String| {
            Fault::new(
                "AccessDenied",
                403,
                format!("Invalid according to Policy: {rest}"),
            )
        };
        match self {
            FormError::NotMultipart => Fault::new(
                "PreconditionFailed",
                412,
                "At least one of the pre-conditions you specified did not hold",
            )
            .with(
                "Condition",
                "Bucket POST must be of the enclosure-type multipart/form-data",
            ),
            FormError::Malformed(_) => Fault::new(
                "MalformedPOSTRequest",
                400,
                "The body of your POST request is not well-formed multipart/form-data.",
            ),
            FormError::TooMuchBeforeFile => Fault::new(
                "MaxPostPreDataLengthExceededError",
                400,
                "Your POST request fields preceding the upload file were too large.",
            )
            .with(
                "MaxPostPreDataLengthBytes",
                super::FIELDS_BYTES_MAX.to_string(),
            ),
            FormError::FileMissing => Fault::new(
                "InvalidArgument",
                400,
                "POST requires exactly one file upload per request.",
            )
            .with("ArgumentName", "file")
            .with("ArgumentValue", "0"),
            FormError::FieldMissing(name) => Fault::new(
                "InvalidArgument",
                400,
                format!(
                    "Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the fields."
                ),
            )
            .with("ArgumentName", *name)
            .with("ArgumentValue", ""),
            FormError::FieldRepeated(name) => Fault::new(
                "InvalidArgument",
                400,
                "POST requires exactly one value per field.",
            )
            .with("ArgumentName", name.as_str()),
            FormError::PolicyInvalid(what) => Fault::new(
                "InvalidPolicyDocument",
                400,
                format!("Invalid Policy: {what}"),
            ),
            FormError::PolicyExpired => denied("Policy expired.".to_owned()),
            FormError::ConditionFailed(condition) => {
                denied(format!("Policy Condition failed: {condition}"))
            }
            FormError::FieldNotCovered(name) => denied(format!("Extra input fields: {name}")),
            FormError::FileTooLarge { max } => Fault::new(
                "EntityTooLarge",
                400,
                "Your proposed upload exceeds the maximum allowed size",
            )
            .with("MaxSizeAllowed", max.to_string()),
            FormError::FileTooSmall { size, min } => Fault::new(
                "EntityTooSmall",
                400,
                "Your proposed upload is smaller than the minimum allowed size",
            )
            .with("ProposedSize", size.to_string())
            .with("MinSizeAllowed", min.to_string()),
            FormError::Signature(error) => error.fault(Protocol::RestXml),
        }
    }
}

impl From<FormError> for Fault {
    fn from(error: FormError) -> Fault {
        error.fault()
    }
}
