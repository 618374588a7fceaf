//! AWS's JSON 1.1 protocol (Organizations): an `X-Amz-Target` header, JSON in, JSON out, times as epoch seconds.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Number, Value as Json};

use crate::fault::Fault;
use crate::shape::{Kind, Shape, Structure, Value};
use crate::time::Millis;
use crate::violations::{Dialect, Violations};

/// Reads an operation's input and checks AWS's constraints. Unknown members are ignored; an empty body is `{}`.
///
/// # Errors
/// `SerializationException` (400) for what is no JSON of the right types, and the dialect's violations.
pub fn decode<T: Shape>(body: &[u8], dialect: Dialect) -> Result<T, Fault> {
    let json = if body.iter().all(u8::is_ascii_whitespace) {
        Json::Object(Map::new())
    } else {
        // serde_json bounds the depth itself.
        serde_json::from_slice(body).map_err(|_| unreadable())?
    };
    let members = structure(T::schema(), json)?;
    let mut violations = Violations::new(dialect);
    violations.check(T::schema(), &members);
    violations.into_result()?;
    Ok(T::from_value_tree(Value::Structure(members)))
}

/// Writes an operation's answer. One without output is an empty body, as AWS sends it.
pub fn answer<T: Shape>(output: T) -> Bytes {
    if T::schema().name.is_empty() {
        return Bytes::new();
    }
    Json::Object(object(T::schema(), output.into_members()))
        .to_string()
        .into()
}

fn unreadable() -> Fault {
    Fault::new(
        "SerializationException",
        400,
        "The request could not be read as JSON of this operation's types.",
    )
}

fn structure(schema: &Structure, json: Json) -> Result<Vec<Value>, Fault> {
    let Json::Object(mut object) = json else {
        return Err(unreadable());
    };
    let take = |m: &crate::shape::Member| match object.remove(m.wire) {
        None | Some(Json::Null) => Ok(Value::Absent),
        Some(held) => value(m.kind, held),
    };
    schema.members.iter().map(take).collect()
}

fn value(kind: &Kind, json: Json) -> Result<Value, Fault> {
    Ok(match (kind, json) {
        (Kind::Structure(schema), json) => Value::Structure(structure(schema(), json)?),
        (Kind::List { of, .. }, Json::Array(items)) => Value::List(
            items
                .into_iter()
                .map(|item| value(of, item))
                .collect::<Result<_, _>>()?,
        ),
        (Kind::Map { of, .. }, Json::Object(entries)) => Value::Map(
            entries
                .into_iter()
                .map(|(key, held)| Ok((key, value(of, held)?)))
                .collect::<Result<_, Fault>>()?,
        ),
        (Kind::Text(_), Json::String(text)) => Value::Text(text),
        (Kind::Integer(..), Json::Number(n)) => Value::Integer(
            n.as_i64()
                .filter(|n| i32::try_from(*n).is_ok())
                .ok_or_else(unreadable)?,
        ),
        (Kind::Long(..), Json::Number(n)) => Value::Integer(n.as_i64().ok_or_else(unreadable)?),
        (Kind::Double, Json::Number(n)) => Value::Double(n.as_f64().ok_or_else(unreadable)?),
        (Kind::Boolean, Json::Bool(yes)) => Value::Boolean(yes),
        (Kind::Time(_), Json::Number(n)) => {
            Value::Time(Millis::parse(&n.to_string()).ok_or_else(unreadable)?)
        }
        (Kind::Time(_), Json::String(text)) => {
            Value::Time(Millis::parse(&text).ok_or_else(unreadable)?)
        }
        (Kind::Blob | Kind::Stream, Json::String(text)) => {
            Value::Blob(STANDARD.decode(text).map_err(|_| unreadable())?.into())
        }
        _ => return Err(unreadable()),
    })
}

fn object(schema: &Structure, members: Vec<Value>) -> Map<String, Json> {
    let mut out = Map::new();
    for (member, held) in schema.members.iter().zip(members) {
        if !held.is_absent() {
            out.insert(member.wire.to_owned(), json(member.kind, held));
        }
    }
    out
}

fn json(kind: &Kind, held: Value) -> Json {
    match (kind, held) {
        (Kind::Structure(schema), Value::Structure(members)) => {
            Json::Object(object(schema(), members))
        }
        (Kind::List { of, .. }, Value::List(items)) => {
            Json::Array(items.into_iter().map(|item| json(of, item)).collect())
        }
        (Kind::Map { of, .. }, Value::Map(entries)) => Json::Object(
            entries
                .into_iter()
                .map(|(key, held)| (key, json(of, held)))
                .collect(),
        ),
        (_, Value::Text(text)) => Json::String(text),
        (_, Value::Integer(n)) => Json::Number(n.into()),
        (_, Value::Double(n)) => Number::from_f64(n).map_or(Json::Null, Json::Number),
        (_, Value::Boolean(yes)) => Json::Bool(yes),
        // Seconds with three decimals fit a double exactly enough for every year we can write.
        (_, Value::Time(at)) => {
            Number::from_f64(at.0 as f64 / 1000.0).map_or(Json::Null, Json::Number)
        }
        (_, Value::Blob(bytes)) => Json::String(STANDARD.encode(bytes)),
        _ => Json::Null,
    }
}
