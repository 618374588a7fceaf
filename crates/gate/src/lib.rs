//! The pipeline: Operation, Needs, Permit, authorise, dispatch, audit. The only maker of a Permit.
