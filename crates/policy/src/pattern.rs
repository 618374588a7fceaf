//! The two wildcards of the policy language.
