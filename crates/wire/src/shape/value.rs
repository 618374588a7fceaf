//! The tree between a message and a struct.

use bytes::Bytes;

use crate::body::Body;
use crate::time::Millis;

/// A value of any shape of AWS's models. Structures hold one value a member, in the order of their table.
#[derive(Debug, Default)]
pub enum Value {
    /// The member is not there.
    #[default]
    Absent,
    /// A string.
    Text(String),
    /// An integer or long.
    Integer(i64),
    /// A float or double.
    Double(f64),
    /// A truth value.
    Boolean(bool),
    /// A point in time.
    Time(Millis),
    /// Bytes at hand.
    Blob(Bytes),
    /// Bytes on their way.
    Stream(Body),
    /// A list.
    List(Vec<Value>),
    /// A map, in the order given.
    Map(Vec<(String, Value)>),
    /// A structure.
    Structure(Vec<Value>),
}

impl Value {
    /// Whether there is nothing.
    pub fn is_absent(&self) -> bool {
        matches!(self, Value::Absent)
    }
}
