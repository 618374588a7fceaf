//! Points in time as AWS's protocols write them.
//!
//! Query answers use ISO 8601 to the second, S3's bodies the same with `.000`, HTTP headers the form of RFC 7231, JSON
//! services epoch seconds. Requests may use any of them. Nothing here asks for the time of day: time is a parameter.

use std::fmt;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millis(pub u64);

const DAY_NAMES: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTH_NAMES: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const MILLIS_PER_DAY: u64 = 86_400_000;

/// Date and time of day in UTC.
struct Civil {
    year: u64,
    month: u64,
    day: u64,
    hour: u64,
    minute: u64,
    second: u64,
    milli: u64,
    weekday: &'static str,
}

impl Millis {
    /// `2017-12-05T04:13:50Z`: the query protocol's form; the milliseconds are cut off.
    pub fn iso(self) -> String {
        let c = self.civil();
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        )
    }

    /// `2017-12-05T04:13:50.123Z`.
    pub fn iso_millis(self) -> String {
        let c = self.civil();
        let head = self.iso();
        format!("{}.{:03}Z", head.trim_end_matches('Z'), c.milli)
    }

    /// `2017-12-05T04:13:50.000Z`: how S3 writes times in bodies; it knows whole seconds only.
    pub fn iso_s3(self) -> String {
        Millis(self.0 / 1000 * 1000).iso_millis()
    }

    /// `Tue, 05 Dec 2017 04:13:50 GMT`: the form of HTTP headers (RFC 7231).
    pub fn http_date(self) -> String {
        let c = self.civil();
        let month = MONTH_NAMES
            .get(c.month as usize - 1)
            .copied()
            .unwrap_or("Jan");
        format!(
            "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
            c.weekday, c.day, month, c.year, c.hour, c.minute, c.second
        )
    }

    /// `20171205T041350Z`: the form of SigV4.
    pub fn basic(self) -> String {
        self.iso()
            .chars()
            .filter(|c| !matches!(c, '-' | ':'))
            .collect()
    }

    /// Seconds since the epoch, cut off.
    pub fn seconds(self) -> u64 {
        self.0 / 1000
    }

    /// Reads any form AWS takes: ISO 8601 extended or basic (with fraction and offset), RFC 7231, epoch seconds with or
    /// without a fraction. None for anything else, and for times before 1970.
    pub fn parse(text: &str) -> Option<Millis> {
        let text = text.trim();
        if text.len() > 64 || !text.is_ascii() {
            return None;
        }
        if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return parse_epoch(text);
        }
        if text.as_bytes().first().is_some_and(u8::is_ascii_digit) {
            parse_iso(text)
        } else {
            parse_http(text)
        }
    }

    fn civil(self) -> Civil {
        let (days, rest) = (self.0 / MILLIS_PER_DAY, self.0 % MILLIS_PER_DAY);
        // Days are counted in eras of 400 years that begin on 1 March, so that the leap day comes last.
        let shifted = days + 719_468;
        let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        Civil {
            year: era * 400 + year_of_era + u64::from(month <= 2),
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
            hour: rest / 3_600_000,
            minute: rest / 60_000 % 60,
            second: rest / 1000 % 60,
            milli: rest % 1000,
            weekday: DAY_NAMES.get((days % 7) as usize).copied().unwrap_or("Thu"),
        }
    }
}

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.iso_millis())
    }
}

fn days_in_month(year: u64, month: u64) -> u64 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn from_civil(year: u64, month: u64, day: u64, hour: u64, minute: u64, second: u64) -> Option<u64> {
    if !(1970..=9999).contains(&year)
        || !(1..=12).contains(&month)
        || day < 1
        || day > days_in_month(year, month)
    {
        return None;
    }
    // A leap second is read as the second after it.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let y = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (y / 400, y % 400);
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    Some(((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000)
}

fn number(text: &str) -> Option<u64> {
    if text.is_empty() || text.len() > 18 || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// The first three digits of a fraction of a second.
fn fraction_millis(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let padded: String = text.chars().chain("000".chars()).take(3).collect();
    padded.parse().ok()
}

fn parse_epoch(text: &str) -> Option<Millis> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if whole.len() > 14 {
        return None;
    }
    Some(Millis(
        number(whole)?.checked_mul(1000)? + fraction_millis(fraction)?,
    ))
}

fn parse_iso(text: &str) -> Option<Millis> {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, time),
        None => (text, "00:00:00Z"),
    };
    let date: String = date.chars().filter(|c| *c != '-').collect();
    if date.len() != 8 {
        return None;
    }
    let (clock, offset_minutes) = split_offset(time)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let clock: String = clock.chars().filter(|c| *c != ':').collect();
    let (hour, minute, second) = match clock.len() {
        4 => (number(&clock[..2])?, number(&clock[2..])?, 0),
        6 => (
            number(&clock[..2])?,
            number(&clock[2..4])?,
            number(&clock[4..])?,
        ),
        _ => return None,
    };
    let millis = from_civil(
        number(&date[..4])?,
        number(&date[4..6])?,
        number(&date[6..])?,
        hour,
        minute,
        second,
    )?;
    let shifted = i64::try_from(millis)
        .ok()?
        .checked_sub(offset_minutes * 60_000)?;
    Some(Millis(
        u64::try_from(shifted).ok()? + fraction_millis(fraction)?,
    ))
}

/// Splits `04:13:50+02:00` into the clock and the offset from UTC in minutes. No offset means UTC.
fn split_offset(time: &str) -> Option<(&str, i64)> {
    if let Some(clock) = time.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = time.rfind(['+', '-']) else {
        return Some((time, 0));
    };
    let (clock, offset) = time.split_at(at);
    let digits: String = offset[1..].chars().filter(|c| *c != ':').collect();
    if digits.len() != 4 {
        return None;
    }
    let minutes = i64::try_from(number(&digits[..2])? * 60 + number(&digits[2..])?).ok()?;
    Some((
        clock,
        if offset.starts_with('-') {
            -minutes
        } else {
            minutes
        },
    ))
}

/// `Tue, 05 Dec 2017 04:13:50 GMT` and RFC 850's `Tuesday, 05-Dec-17 04:13:50 GMT`.
fn parse_http(text: &str) -> Option<Millis> {
    let (_, rest) = text.split_once(',')?;
    let words: Vec<&str> = rest.split([' ', '-']).filter(|w| !w.is_empty()).collect();
    let [day, month, year, clock, zone] = words.as_slice() else {
        return None;
    };
    if !matches!(*zone, "GMT" | "UTC" | "Z" | "+0000") {
        return None;
    }
    let month = MONTH_NAMES
        .iter()
        .position(|m| m.eq_ignore_ascii_case(month))? as u64
        + 1;
    let year = match (year.len(), number(year)?) {
        (2, y) if y < 70 => 2000 + y,
        (2, y) => 1900 + y,
        (_, y) => y,
    };
    let mut parts = clock.split(':');
    let (hour, minute, second) = (
        number(parts.next()?)?,
        number(parts.next()?)?,
        number(parts.next()?)?,
    );
    from_civil(year, month, number(day)?, hour, minute, second).map(Millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: Millis = Millis(1_512_447_230_123);

    #[test]
    fn writes_every_form() {
        assert_eq!(SAMPLE.iso(), "2017-12-05T04:13:50Z");
        assert_eq!(SAMPLE.iso_millis(), "2017-12-05T04:13:50.123Z");
        assert_eq!(SAMPLE.iso_s3(), "2017-12-05T04:13:50.000Z");
        assert_eq!(SAMPLE.http_date(), "Tue, 05 Dec 2017 04:13:50 GMT");
        assert_eq!(SAMPLE.basic(), "20171205T041350Z");
        assert_eq!(Millis(0).http_date(), "Thu, 01 Jan 1970 00:00:00 GMT");
        assert_eq!(Millis(951_782_400_000).iso(), "2000-02-29T00:00:00Z");
    }

    #[test]
    fn reads_every_form() {
        let second = Some(Millis(1_512_447_230_000));
        assert_eq!(Millis::parse("2017-12-05T04:13:50Z"), second);
        assert_eq!(Millis::parse("2017-12-05T06:13:50+02:00"), second);
        assert_eq!(Millis::parse("20171205T041350Z"), second);
        assert_eq!(Millis::parse("2017-12-05T04:13:50.123456Z"), Some(SAMPLE));
        assert_eq!(Millis::parse("Tue, 05 Dec 2017 04:13:50 GMT"), second);
        assert_eq!(Millis::parse("Tuesday, 05-Dec-17 04:13:50 GMT"), second);
        assert_eq!(Millis::parse("1512447230"), second);
        assert_eq!(Millis::parse("1512447230.123"), Some(SAMPLE));
        assert_eq!(Millis::parse("2017-12-05"), Some(Millis(1_512_432_000_000)));
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "x",
            "2017-13-05T04:13:50Z",
            "2017-02-29T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+01:00",
            "2017-12-05T25:00:00Z",
            "é",
            "99999999999999999999",
        ] {
            assert_eq!(Millis::parse(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_comes_back() {
        for day in 0..146_097 {
            let at = Millis(day * MILLIS_PER_DAY + 45_296_000);
            assert_eq!(Millis::parse(&at.iso()), Some(at));
        }
    }
}
