//! hi
