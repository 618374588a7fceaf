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

/// The members of a body's object as text, for a record of the call; empty for what is no object. What is no text stands there
/// as JSON.
pub fn members(body: &[u8]) -> Vec<(String, String)> {
    let Ok(Json::Object(members)) = serde_json::from_slice(body) else {
        return Vec::new();
    };
    let shown = |(name, held)| match held {
        Json::String(text) => (name, text),
        other => (name, other.to_string()),
    };
    members.into_iter().map(shown).collect()
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

#[cfg(test)]
#[allow(unreachable_pub, reason = "`shape!` makes public structs")]
mod tests {
    use super::*;
    use crate::shape::{Place, Structure, Text, m};

    static NAME: Kind = Kind::Text(Text::any().length(1, 5));
    static NAMES: Kind = Kind::list(&NAME);
    static AT: Kind = Kind::Time(None);
    static COUNT: Kind = Kind::Integer(1, 20);

    crate::shape! {
        /// What the tests read and write.
        #[derive(Clone)]
        pub struct Sample = Structure::new("Sample") {
            /// A name.
            name: String = m("Name", &NAME).required(),
            /// Names.
            names: Option<Vec<String>> = m("Names", &NAMES),
            /// A time.
            at: Option<Millis> = m("At", &AT),
            /// A number.
            count: Option<i32> = m("Count", &COUNT),
        }
    }

    #[test]
    fn reads_what_it_writes() {
        let text = br#"{"Name":"a","Names":["b","c"],"At":1512447230.123,"Count":2,"Unknown":[1],"Null":null}"#;
        let read: Sample = decode(text, Dialect::Organizations).expect("well-formed");
        assert_eq!(
            read.names.as_deref(),
            Some(&["b".to_owned(), "c".to_owned()][..])
        );
        assert_eq!(read.at, Some(Millis(1_512_447_230_123)));
        let written = answer(read);
        assert_eq!(
            &written[..],
            br#"{"At":1512447230.123,"Count":2,"Name":"a","Names":["b","c"]}"#
        );
        assert!(
            Sample::schema()
                .members
                .iter()
                .all(|member| member.place == Place::Body)
        );
    }

    #[test]
    fn what_is_wrong_is_told_as_organizations_does() {
        let fault = |text: &str| {
            decode::<Sample>(text.as_bytes(), Dialect::Organizations).expect_err("wrong")
        };
        assert_eq!(fault("").fields, [("Reason", "INPUT_REQUIRED".to_owned())]);
        assert_eq!(
            fault(r#"{"Name":"abcdef"}"#).message,
            "You provided a string parameter that is longer than allowed."
        );
        assert_eq!(
            fault(r#"{"Name":"a","Count":21}"#).code,
            "InvalidInputException"
        );
        for bad in [
            "[",
            "[]",
            "1",
            r#"{"Name":1}"#,
            r#"{"Name":"a","Count":"1"}"#,
            r#"{"Name":"a","Count":4294967296}"#,
        ] {
            assert_eq!(fault(bad).code, "SerializationException", "{bad}");
        }
        let deep = format!(
            r#"{{"Name":"a","Names":{}{}}}"#,
            "[".repeat(5000),
            "]".repeat(5000)
        );
        assert_eq!(fault(&deep).code, "SerializationException");
    }
}
