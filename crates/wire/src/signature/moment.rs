//! The date forms that signatures use, to and from milliseconds since the epoch.

use jiff::{
    Timestamp,
    civil::{Date, DateTime, Time},
    tz::Offset,
};

/// Reads `YYYYMMDD'T'HHMMSS'Z'`; nothing else, not even a fraction of a second.
pub(crate) fn parse_basic(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    if bytes.len() != 16 || bytes[8] != b'T' || bytes[15] != b'Z' {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<i16> {
        bytes[from..to].iter().try_fold(0i16, |sum, byte| {
            byte.is_ascii_digit()
                .then(|| sum * 10 + i16::from(byte - b'0'))
        })
    };
    let small = |from: usize| number(from, from + 2).and_then(|n| i8::try_from(n).ok());
    let date = Date::new(number(0, 4)?, small(4)?, small(6)?).ok()?;
    let time = Time::new(small(9)?, small(11)?, small(13)?, 0).ok()?;
    let stamp = Offset::UTC
        .to_timestamp(DateTime::from_parts(date, time))
        .ok()?;
    u64::try_from(stamp.as_millisecond()).ok()
}

/// Reads an HTTP date (`Tue, 27 Mar 2007 19:36:42 +0000`, `… GMT`) or the basic form.
pub(crate) fn parse_http(text: &str) -> Option<u64> {
    parse_basic(text).or_else(|| {
        let stamp = jiff::fmt::rfc2822::DateTimeParser::new()
            .relaxed_weekday(true)
            .parse_timestamp(text)
            .ok()?;
        u64::try_from(stamp.as_millisecond()).ok()
    })
}

/// Reads the ISO 8601 forms of POST policies: `2007-12-01T12:00:00.000Z`.
pub(crate) fn parse_iso(text: &str) -> Option<u64> {
    let stamp: Timestamp = text.parse().ok()?;
    u64::try_from(stamp.as_millisecond()).ok()
}

fn print(ms: u64, form: &str) -> String {
    i64::try_from(ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .map(|stamp| stamp.strftime(form).to_string())
        .unwrap_or_default()
}

/// `20150830T123600Z`.
pub(crate) fn basic(ms: u64) -> String {
    print(ms, "%Y%m%dT%H%M%SZ")
}

/// `2015-08-30T12:36:00Z`.
pub(crate) fn iso(ms: u64) -> String {
    print(ms, "%Y-%m-%dT%H:%M:%SZ")
}

/// `Sun, 30 Aug 2015 12:36:00 GMT`.
pub(crate) fn http(ms: u64) -> String {
    print(ms, "%a, %d %b %Y %H:%M:%S GMT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_names_the_same_moment() {
        let ms = 1_440_938_160_000;
        assert_eq!(parse_basic("20150830T123600Z"), Some(ms));
        assert_eq!(parse_http("Sun, 30 Aug 2015 12:36:00 GMT"), Some(ms));
        assert_eq!(parse_http("Sun, 30 Aug 2015 12:36:00 +0000"), Some(ms));
        assert_eq!(parse_iso("2015-08-30T12:36:00.000Z"), Some(ms));
        assert_eq!(basic(ms), "20150830T123600Z");
        assert_eq!(iso(ms), "2015-08-30T12:36:00Z");
        assert_eq!(http(ms), "Sun, 30 Aug 2015 12:36:00 GMT");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "20150830T123600",
            "20150830t123600Z",
            "20151330T123600Z",
            "20150230T123600Z",
            "20150830T246000Z",
            "+0150830T123600Z",
            "20150830T123600Zé",
            "2015é830T12360Z",
        ] {
            assert_eq!(parse_basic(text), None, "{text}");
        }
    }
}
