//! Dates as conditions compare them: as instants (section 3.3).

use crate::value::all_digits;

/// Time since 1970 in units of 10⁻¹⁸ seconds. Digits of a fraction beyond those do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(i128);

const SECOND: i128 = 1_000_000_000_000_000_000;
/// A longer number of seconds is no date.
const EPOCH_DIGITS_MAX: usize = 15;

/// `2024-05-01`, `2024-05`, `2024-05-01T10:00Z` with seconds, a fraction and an offset as ISO 8601 writes them, or seconds since 1970.
/// Without offset it is UTC.
pub(crate) fn instant(text: &str) -> Option<Instant> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, behind) = digits.split_once('.').unwrap_or((digits, "0"));
    if all_digits(whole) {
        let whole = Some(whole).filter(|whole| whole.len() <= EPOCH_DIGITS_MAX)?;
        let units = whole.parse::<i128>().ok()? * SECOND + fraction(behind)?;
        return Some(Instant(if negative { -units } else { units }));
    }
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let parts: Vec<&str> = date.split('-').collect();
    let (year, month, day) = match parts[..] {
        [year, month, day] => (year, month, day),
        [year, month] if time.is_none() => (year, month, "01"),
        _ => return None,
    };
    let (year, month, day) = (
        number(year, 4, 9999)?,
        number(month, 2, 12)?,
        number(day, 2, 31)?,
    );
    if month == 0 || day == 0 || day > days_of_month(year, month) {
        return None;
    }
    let midnight = i128::from(days_before(year, month, day) * 86_400) * SECOND;
    Some(Instant(midnight + time.map_or(Some(0), since_midnight)?))
}

/// The time of day in UTC.
fn since_midnight(time: &str) -> Option<i128> {
    let (clock, zone) = match time.find(['Z', '+', '-']) {
        Some(at) => time.split_at(at),
        None => (time, "Z"),
    };
    let offset = if zone == "Z" {
        0
    } else {
        let digits = zone[1..].replacen(':', "", usize::from(zone.len() == 6));
        let minutes = match digits.len() {
            2 => "00",
            4 => digits.get(2..)?,
            _ => return None,
        };
        let seconds = number(digits.get(..2)?, 2, 23)? * 3600 + number(minutes, 2, 59)? * 60;
        if zone.starts_with('-') {
            -seconds
        } else {
            seconds
        }
    };
    let (clock, behind) = match clock.split_once('.') {
        Some((clock, behind)) if clock.len() == 8 => (clock, behind),
        Some(_) => return None,
        None => (clock, "0"),
    };
    let fields: Vec<&str> = clock.split(':').collect();
    let (hour, minute, second) = match fields[..] {
        [hour, minute] => (hour, minute, "00"),
        [hour, minute, second] => (hour, minute, second),
        _ => return None,
    };
    let seconds =
        number(hour, 2, 23)? * 3600 + number(minute, 2, 59)? * 60 + number(second, 2, 59)?;
    Some(i128::from(seconds - offset) * SECOND + fraction(behind)?)
}

/// The digits behind the point, in units.
fn fraction(digits: &str) -> Option<i128> {
    all_digits(digits).then(|| format!("{digits:0<18}")[..18].parse().ok())?
}

fn number(text: &str, digits: usize, most: i64) -> Option<i64> {
    let number = Some(text)
        .filter(|text| text.len() == digits && all_digits(text))?
        .parse()
        .ok()?;
    (0..=most).contains(&number).then_some(number)
}

fn leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01, counted one year and one month at a time.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let days_of_year = |year| 365 + i64::from(leap(year));
    let years: i64 = if year >= 1970 {
        (1970..year).map(days_of_year).sum()
    } else {
        -(year..1970).map(days_of_year).sum::<i64>()
    };
    years
        + (1..month)
            .map(|month| days_of_month(year, month))
            .sum::<i64>()
        + day
        - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_instants() {
        let seconds = |text| instant(text).map(|Instant(units)| units / SECOND);
        assert_eq!(seconds("1970-01-01"), Some(0));
        assert_eq!(seconds("1969-12-31T23:59:59Z"), Some(-1));
        assert_eq!(seconds("2024-03-01T00:00:00+01:00"), Some(1_709_247_600));
        assert_eq!(seconds("2000-02-29T12:00Z"), Some(951_825_600));
        assert_eq!(seconds("1709247600"), Some(1_709_247_600));
        assert_eq!(seconds("2024-05-01T10:00"), seconds("2024-05-01T12:00+02"));
        assert_eq!(seconds("2024-05"), seconds("2024-05-01T02:00+0200"));
        assert!(instant("-1.5") < instant("-1"));
        for none in [
            "2023-02-29",
            "2024-5-1",
            "2024-05T10:00",
            "2024-05-01T24:00Z",
            "soon",
            "",
            "2024-05-01T10:00.5Z",
        ] {
            assert_eq!(instant(none), None, "{none}");
        }
        assert!(instant("2024-05-01T10:00:00.5Z") > instant("2024-05-01T10:00:00.45Z"));
        assert_eq!(
            instant("2024-05-01T10:00:00.50Z"),
            instant("2024-05-01T12:00:00.5+02:00")
        );
    }
}
