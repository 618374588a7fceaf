//! Values of conditions: numbers, instants, networks. Each is compared by what it means, never by its text (specification 3.3).

use std::cmp::Ordering;
use std::net::IpAddr;

/// Compares two decimals exactly; none when either is no number.
pub(crate) fn compare_numbers(left: &str, right: &str) -> Option<Ordering> {
    Some(Decimal::parse(left)?.compare(&Decimal::parse(right)?))
}

/// Whether the text is an integer or decimal.
pub(crate) fn is_number(text: &str) -> bool {
    Decimal::parse(text).is_some()
}

/// A decimal by its digits: binary floats would make long account ids equal.
struct Decimal<'t> {
    negative: bool,
    whole: &'t str,
    fraction: &'t str,
}

impl<'t> Decimal<'t> {
    fn parse(text: &'t str) -> Option<Decimal<'t>> {
        let (negative, digits) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (digits, ""),
        };
        if whole.is_empty()
            || !whole
                .bytes()
                .chain(fraction.bytes())
                .all(|byte| byte.is_ascii_digit())
        {
            return None;
        }
        let (whole, fraction) = (
            whole.trim_start_matches('0'),
            fraction.trim_end_matches('0'),
        );
        Some(Decimal {
            negative: negative && !(whole.is_empty() && fraction.is_empty()),
            whole,
            fraction,
        })
    }

    fn compare(&self, other: &Decimal<'_>) -> Ordering {
        let size = |left: &Decimal<'_>, right: &Decimal<'_>| {
            (left.whole.len(), left.whole, left.fraction).cmp(&(
                right.whole.len(),
                right.whole,
                right.fraction,
            ))
        };
        match (self.negative, other.negative) {
            (false, false) => size(self, other),
            (true, true) => size(other, self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

/// An instant in units of 10⁻¹⁸ seconds since 1970.
pub(crate) type Instant = i128;

const FRACTION_DIGITS: usize = 18;
const SECOND: Instant = 10i128.pow(FRACTION_DIGITS as u32);
/// Longest run of digits taken for epoch seconds: beyond it there is no date, and arithmetic stays far from its limits.
const EPOCH_DIGITS_MAX: usize = 15;

/// Reads ISO 8601 (`2024-05`, `2024-05-01`, `2024-05-01T10:00Z`, with seconds, fractions and offsets) or epoch seconds.
pub(crate) fn instant(text: &str) -> Option<Instant> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    if digits(whole).is_some() && whole.len() <= EPOCH_DIGITS_MAX && digits(fraction).is_some() {
        let seconds = Instant::from(digits(whole)?) * SECOND + fraction_of_second(fraction)?;
        return Some(if text.starts_with('-') {
            -seconds
        } else {
            seconds
        });
    }
    iso(text)
}

/// Only digits, at least one; longer runs than fit are cut, which only fractions reach.
fn digits(text: &str) -> Option<u64> {
    let valid = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    valid.then(|| text[..text.len().min(FRACTION_DIGITS)].parse().ok())?
}

fn fraction_of_second(text: &str) -> Option<Instant> {
    let used = text.len().min(FRACTION_DIGITS);
    let value = Instant::from(digits(text)?);
    Some(value * 10i128.pow((FRACTION_DIGITS - used) as u32))
}

fn field(text: &str, length: usize, range: std::ops::RangeInclusive<u64>) -> Option<u64> {
    digits(text).filter(|value| text.len() == length && range.contains(value))
}

fn iso(text: &str) -> Option<Instant> {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year = field(parts.next()?, 4, 0..=9999)?;
    let month = field(parts.next()?, 2, 1..=12)?;
    let day = match parts.next() {
        Some(day) => field(day, 2, 1..=days_in_month(year, month))?,
        None if time.is_none() => 1,
        None => return None,
    };
    if parts.next().is_some() {
        return None;
    }
    let midnight = days_from_epoch(year as i64, month as i64, day as i64) * 86_400;
    let Some(time) = time else {
        return Some(Instant::from(midnight) * SECOND);
    };
    let (clock, offset) = match time.find(['Z', 'z', '+', '-']) {
        Some(zone) => (&time[..zone], zone_offset(&time[zone..])?),
        None => (time, 0),
    };
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, fraction_of_second(fraction)?),
        None => (clock, 0),
    };
    let mut parts = clock.split(':');
    let hour = field(parts.next()?, 2, 0..=24)?;
    let minute = field(parts.next()?, 2, 0..=59)?;
    let second = match parts.next() {
        Some(second) => field(second, 2, 0..=60)?,
        None if fraction == 0 => 0,
        None => return None,
    };
    if parts.next().is_some() || (hour == 24 && (minute, second, fraction) != (0, 0, 0)) {
        return None;
    }
    let seconds = midnight + (hour * 3600 + minute * 60 + second) as i64 - offset;
    Some(Instant::from(seconds) * SECOND + fraction)
}

fn zone_offset(zone: &str) -> Option<i64> {
    let sign = match zone {
        "Z" | "z" => return Some(0),
        _ if zone.starts_with('+') => 1,
        _ if zone.starts_with('-') => -1,
        _ => return None,
    };
    let (hours, minutes) = match zone[1..].split_once(':') {
        Some((hours, minutes)) => (hours, minutes),
        None if zone.is_ascii() && zone.len() == 5 => zone[1..].split_at(2),
        None => (&zone[1..], "00"),
    };
    Some(sign * (field(hours, 2, 0..=23)? * 3600 + field(minutes, 2, 0..=59)? * 60) as i64)
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

/// Days since 1970-01-01 in the Gregorian calendar, counting years from March so that the leap day comes last.
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year
        - 719_468
}

/// A CIDR block or single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    pub(crate) fn parse(text: &str) -> Option<Network> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let bits_max = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            Some(bits) => {
                digits(bits).filter(|&value| bits.len() <= 3 && value <= u64::from(bits_max))? as u8
            }
            None => bits_max,
        };
        Some(Network { address, bits })
    }

    /// Whether the address lies inside; addresses of the other family never do.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.bits)).unwrap_or(0);
                u32::from(network) & mask == u32::from(address) & mask
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let mask = u128::MAX
                    .checked_shl(128 - u32::from(self.bits))
                    .unwrap_or(0);
                u128::from(network) & mask == u128::from(address) & mask
            }
            _ => false,
        }
    }

    pub(crate) fn is_ipv4(&self) -> bool {
        self.address.is_ipv4()
    }

    pub(crate) fn bits(&self) -> u8 {
        self.bits
    }

    pub(crate) fn is_private(&self) -> bool {
        matches!(self.address, IpAddr::V4(address) if address.is_private())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_by_value() {
        let rows = [
            ("5", "5.0", Some(Ordering::Equal)),
            ("9", "10", Some(Ordering::Less)),
            ("-9", "-10", Some(Ordering::Greater)),
            ("-0", "0.00", Some(Ordering::Equal)),
            ("0.5", "0.45", Some(Ordering::Greater)),
            ("007", "7", Some(Ordering::Equal)),
            (
                "9007199254740993",
                "9007199254740992",
                Some(Ordering::Greater),
            ),
            ("1", "x", None),
            ("", "1", None),
            ("1.", "1", None),
            (".5", "1", None),
            ("1e3", "1000", None),
        ];
        for (left, right, expected) in rows {
            assert_eq!(compare_numbers(left, right), expected, "{left} {right}");
        }
    }

    #[test]
    fn dates_compare_as_instants() {
        let equal = [
            ("2024-05-01", "2024-05-01T00:00:00Z"),
            ("2024-05-01T10:00Z", "2024-05-01T12:00:00+02:00"),
            ("2024-05-01T10:00:00.5Z", "2024-05-01T10:00:00.500Z"),
            ("1970-01-02", "86400"),
            ("2024-05", "2024-05-01"),
            ("1714557600", "2024-05-01T10:00:00Z"),
            ("1969-12-31T23:59:59Z", "-1"),
            ("2000-02-29T24:00:00Z", "2000-03-01"),
            ("2024-05-01T10:00:00-0130", "2024-05-01T11:30Z"),
        ];
        for (left, right) in equal {
            assert!(instant(left).is_some(), "{left}");
            assert_eq!(instant(left), instant(right), "{left} {right}");
        }
        assert!(instant("2024-05-01T10:00:00.123Z") < instant("2024-05-01T10:00:00.124Z"));
        for bad in [
            "",
            "yesterday",
            "2023-02-29",
            "2024-13-01",
            "2024-05-01T25:00Z",
            "2024-05-01T",
            "2024-05-01T10:00X",
            "99999999999999999999",
            "2024-5-1",
            "é-05-01",
            "2024-05-01T10:00+é1:0",
        ] {
            assert_eq!(instant(bad), None, "{bad}");
        }
    }

    #[test]
    fn networks() {
        let rows = [
            ("203.0.113.0/24", "203.0.113.9", true),
            ("203.0.113.77/24", "203.0.113.9", true),
            ("203.0.113.0/24", "203.0.114.9", false),
            ("203.0.113.9", "203.0.113.9", true),
            ("0.0.0.0/0", "198.51.100.1", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("::/0", "2001:db8::1", true),
            ("2001:DB8:0:0::/32", "2001:0db8::1", true),
            ("2001:db8::1", "2001:db8::2", false),
        ];
        for (network, address, expected) in rows {
            let address = address.parse().expect("address");
            assert_eq!(
                Network::parse(network).expect("network").contains(address),
                expected,
                "{network} {address}"
            );
        }
        for bad in [
            "",
            "1.2.3",
            "1.2.3.4/33",
            "::/129",
            "1.2.3.4/",
            "1.2.3.4/x",
            "1.2.3.4/-1",
        ] {
            assert_eq!(Network::parse(bad), None, "{bad}");
        }
    }
}
