//! How Rust types take their values from the tree and give them back.

use std::fmt;

use bytes::Bytes;

use crate::body::Body;
use crate::shape::{Kind, Structure, Value};
use crate::time::Millis;

/// A type that can be a member of a structure. An absent value gives the type's empty value: that a required member is
/// there was checked on the tree before.
pub trait Field: Sized + Default {
    /// Takes the value. A value of another kind gives the empty value; the protocol readers never make one.
    fn from_value(value: Value) -> Self;
    /// Gives the value back.
    fn into_value(self) -> Value;
}

/// A struct that stands for a structure of AWS's models. Made by [`crate::shape!`].
pub trait Shape: Sized + Default + fmt::Debug + Send + 'static {
    /// The structure as a kind, for members that hold one.
    const KIND: Kind = Kind::Structure(Self::schema);
    /// The table of its members.
    fn schema() -> &'static Structure;
    /// Takes every field, in the order of the table.
    fn from_members(members: &mut Members) -> Self;
    /// Gives every field, in the order of the table.
    fn into_members(self) -> Vec<Value>;
    /// Takes a structure's value; anything else gives the empty struct.
    fn from_value_tree(value: Value) -> Self {
        Self::from_members(&mut Members::of(value))
    }
}

/// The members of one structure, being taken in order.
#[derive(Debug)]
pub struct Members(std::vec::IntoIter<Value>);

impl Members {
    /// The members of a structure's value; none of anything else.
    fn of(value: Value) -> Members {
        let members = if let Value::Structure(members) = value {
            members
        } else {
            Vec::new()
        };
        Members(members.into_iter())
    }

    /// The next member, or an absent one after the last.
    fn next(&mut self) -> Value {
        self.0.next().unwrap_or_default()
    }

    /// Puts the next member into a field. Never inlined: a generated struct would otherwise carry, for each field, the code
    /// that drops all earlier ones should this one panic, which doubles the crate's release build.
    #[inline(never)]
    pub fn put<T: Field>(&mut self, field: &mut T) {
        *field = T::from_value(self.next());
    }
}

/// Adds a field's value to the members given so far and leaves the field empty. Never inlined, as [`Members::put`].
#[inline(never)]
pub fn give<T: Field>(members: &mut Vec<Value>, field: &mut T) {
    members.push(std::mem::take(field).into_value());
}

/// Whether what has this name, a parameter, header or member, must not be recorded. Generously: one too many left out costs
/// less than a password in a log, and AWS's models do not call codes and seeds sensitive.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [
        "authenticationcode",
        "credential",
        "customer-key",
        "password",
        "privatekey",
        "qrcode",
        "samlassertion",
        "secret",
        "seed",
        "signature",
        "token",
    ]
    .iter()
    .any(|word| name.contains(word))
}

/// Writes a struct for the log, its secret members as `***`.
///
/// # Errors
/// Only those of the formatter.
pub fn debug_fields(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    schema: &Structure,
    fields: &[&dyn fmt::Debug],
) -> fmt::Result {
    let mut out = f.debug_struct(name);
    for (member, field) in schema.members.iter().zip(fields) {
        if member.kind.is_sensitive() || is_secret(member.name) {
            out.field(member.name, &format_args!("***"));
        } else {
            out.field(member.name, *field);
        }
    }
    out.finish()
}

impl Field for String {
    fn from_value(value: Value) -> Self {
        if let Value::Text(text) = value {
            text
        } else {
            String::new()
        }
    }
    fn into_value(self) -> Value {
        Value::Text(self)
    }
}

impl Field for i32 {
    fn from_value(value: Value) -> Self {
        if let Value::Integer(n) = value {
            i32::try_from(n).unwrap_or_default()
        } else {
            0
        }
    }
    fn into_value(self) -> Value {
        Value::Integer(self.into())
    }
}

impl Field for i64 {
    fn from_value(value: Value) -> Self {
        if let Value::Integer(n) = value { n } else { 0 }
    }
    fn into_value(self) -> Value {
        Value::Integer(self)
    }
}

impl Field for f64 {
    fn from_value(value: Value) -> Self {
        if let Value::Double(n) = value { n } else { 0.0 }
    }
    fn into_value(self) -> Value {
        Value::Double(self)
    }
}

impl Field for bool {
    fn from_value(value: Value) -> Self {
        matches!(value, Value::Boolean(true))
    }
    fn into_value(self) -> Value {
        Value::Boolean(self)
    }
}

impl Field for Millis {
    fn from_value(value: Value) -> Self {
        if let Value::Time(at) = value {
            at
        } else {
            Millis(0)
        }
    }
    fn into_value(self) -> Value {
        Value::Time(self)
    }
}

impl Field for Bytes {
    fn from_value(value: Value) -> Self {
        if let Value::Blob(bytes) = value {
            bytes
        } else {
            Bytes::new()
        }
    }
    fn into_value(self) -> Value {
        Value::Blob(self)
    }
}

impl Field for Body {
    fn from_value(value: Value) -> Self {
        match value {
            Value::Stream(body) => body,
            Value::Blob(bytes) => bytes.into(),
            _ => Body::Empty,
        }
    }
    fn into_value(self) -> Value {
        Value::Stream(self)
    }
}

impl<T: Field> Field for Box<T> {
    fn from_value(value: Value) -> Self {
        Box::new(T::from_value(value))
    }
    fn into_value(self) -> Value {
        T::into_value(*self)
    }
}

impl<T: Field> Field for Option<T> {
    fn from_value(value: Value) -> Self {
        if value.is_absent() {
            None
        } else {
            Some(T::from_value(value))
        }
    }
    fn into_value(self) -> Value {
        self.map(T::into_value).unwrap_or_default()
    }
}

impl<T: Field> Field for Vec<T> {
    fn from_value(value: Value) -> Self {
        if let Value::List(items) = value {
            items.into_iter().map(T::from_value).collect()
        } else {
            Vec::new()
        }
    }
    fn into_value(self) -> Value {
        Value::List(self.into_iter().map(T::into_value).collect())
    }
}

impl<T: Field> Field for Vec<(String, T)> {
    fn from_value(value: Value) -> Self {
        if let Value::Map(entries) = value {
            entries
                .into_iter()
                .map(|(key, value)| (key, T::from_value(value)))
                .collect()
        } else {
            Vec::new()
        }
    }
    fn into_value(self) -> Value {
        Value::Map(
            self.into_iter()
                .map(|(key, value)| (key, value.into_value()))
                .collect(),
        )
    }
}
