//! Operations on one sub-resource of a bucket: all look the bucket up, ask one action on it and read or change its row.
//!
//! The two macros write out what does not differ between them, so that an operation says only its action and what it does.

/// The `Operation` of one action on the bucket that `input.bucket` names.
macro_rules! bucket_operation {
    ($(#[$about:meta])* $name:ident($input:ty) -> $output:ty, $action:expr) => {
        $(#[$about])*
        pub struct $name;

        impl twinlock_gate::Operation for $name {
            type Input = $input;
            type Output = $output;
            type Found = Option<$crate::common::FoundBucket>;
            const NAME: &'static str = stringify!($name);
            const ACTIONS: &'static [twinlock_gate::Action] = &[$action];
            const CALLERS: twinlock_gate::Callers =
                $crate::sub_resource::callers(stringify!($name));

            fn needs(
                input: &$input,
                found: &Self::Found,
                _: &twinlock_gate::Cx<'_>,
            ) -> Result<twinlock_gate::Needs, twinlock_gate::Fault> {
                let owner = input.expected_bucket_owner.as_deref();
                let found = $crate::common::existing(found.as_ref(), &input.bucket, owner)?;
                let need = $crate::common::bucket_need(&Self::ACTIONS[0], found);
                Ok(twinlock_gate::Needs::one(need))
            }
        }
    };
}

/// The `Read` of an operation on a bucket: `|found, input, cx| answer`.
macro_rules! bucket_read {
    ($name:ident, $run:expr) => {
        impl twinlock_gate::Read for $name {
            fn find(
                input: &Self::Input,
                cx: &twinlock_gate::Cx<'_>,
            ) -> Option<$crate::common::FoundBucket> {
                $crate::common::find_bucket(&input.bucket, cx)
            }

            fn run(
                _: &twinlock_gate::Permit<Self>,
                input: &Self::Input,
                found: Option<$crate::common::FoundBucket>,
                cx: &twinlock_gate::Cx<'_>,
            ) -> Result<Self::Output, twinlock_gate::Fault> {
                let found = found.ok_or_else(|| $crate::common::no_such_bucket(&input.bucket))?;
                $crate::sub_resource::reads::<Self>(&found, input, cx, $run)
            }
        }
    };
}

/// The `Change` of an operation on a bucket: `|row, input, found, cx| answer`; the row is stored if the answer is no fault.
macro_rules! bucket_change {
    ($name:ident, $run:expr) => {
        impl twinlock_gate::Change for $name {
            twinlock_gate::nothing_to_prepare!();

            fn find(
                input: &Self::Input,
                cx: &twinlock_gate::Cx<'_>,
            ) -> Option<$crate::common::FoundBucket> {
                $crate::common::find_bucket(&input.bucket, cx)
            }

            fn run(
                _: &twinlock_gate::Permit<Self>,
                input: &Self::Input,
                found: Option<$crate::common::FoundBucket>,
                (): &(),
                cx: &twinlock_gate::Cx<'_>,
                batch: &mut twinlock_directory::Batch,
            ) -> Result<Self::Output, twinlock_gate::Fault> {
                let found = found.ok_or_else(|| $crate::common::no_such_bucket(&input.bucket))?;
                $crate::sub_resource::changes::<Self>(&found, input, cx, batch, $run)
            }
        }
    };
}

pub(crate) use {bucket_change, bucket_operation, bucket_read};

use twinlock_directory::{Batch, Bucket};
use twinlock_gate::{Callers, Cx, Fault, Operation};

use crate::common::FoundBucket;

/// The public reads what a bucket policy shows it. It changes no bucket, whatever a policy says: AWS's documents disagree about
/// single operations, and this grants less.
pub(crate) const fn callers(operation: &str) -> Callers {
    match operation.as_bytes() {
        [b'G', b'e', b't', ..] | [b'L', b'i', b's', b't', ..] => Callers::OrAnonymous,
        _ => Callers::Signed,
    }
}

/// Gives a closure of [`bucket_read`] its types.
pub(crate) fn reads<O: Operation>(
    found: &FoundBucket,
    input: &O::Input,
    cx: &Cx<'_>,
    run: impl FnOnce(&FoundBucket, &O::Input, &Cx<'_>) -> Result<O::Output, Fault>,
) -> Result<O::Output, Fault> {
    run(found, input, cx)
}

/// Gives a closure of [`bucket_change`] its types and the row to change, and stores it.
pub(crate) fn changes<O: Operation>(
    found: &FoundBucket,
    input: &O::Input,
    cx: &Cx<'_>,
    batch: &mut Batch,
    run: impl FnOnce(&mut Bucket, &O::Input, &FoundBucket, &Cx<'_>) -> Result<O::Output, Fault>,
) -> Result<O::Output, Fault> {
    let mut row = (*found.bucket).clone();
    let output = run(&mut row, input, found, cx)?;
    batch.put(row);
    Ok(output)
}

/// What S3 answers of a sub-resource that was never set.
pub(crate) fn absent(found: &FoundBucket, code: &'static str, message: &'static str) -> Fault {
    Fault::new(code, 404, message).with("BucketName", &found.bucket.name)
}

/// `MalformedXML`.
pub(crate) fn malformed_xml() -> Fault {
    Fault::new(
        "MalformedXML",
        400,
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
}
